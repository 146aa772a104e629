"""Marking: the three students of the issue, and submissions that are broken."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from fractions import Fraction

import pytest
from worksheet_models import class_of

from symrnn.algebra.printing import to_latex, to_text
from symrnn.worksheets.feedback import chart, feedback_document, marks_csv, summary
from symrnn.worksheets.folders import Folder, Made, answer_text, key_json, read_key
from symrnn.worksheets.marking import Mark, Results, Verdict, mark_all, mark_sheet
from symrnn.worksheets.pages import Looks, blanked, sheet_document
from symrnn.worksheets.sheets import Sheet
from symrnn.worksheets.submissions import Submission, read_submissions


@pytest.fixture(scope="module")
def folder() -> Folder:
    """The folder of a two-step tanh network, one sheet."""
    made = class_of("tanh", seed=2026)
    return read_key(key_json([Made(made.sheet(1))], made, Looks()))


@pytest.fixture(scope="module")
def sheet(folder: Folder) -> Sheet:
    """Its one sheet."""
    return folder.sheet("2026-001")


def right(sheet: Sheet) -> dict[str, str]:
    """The key's answers by quantity."""
    return {question.key: answer_text(question, sheet) for question in sheet.questions}


def handed_in(sheet: Sheet, answers: dict[str, str]) -> Submission:
    """Answers by quantity as a submission by line."""
    ids = {question.key: question.id for question in sheet.questions}
    return Submission(sheet.id, {ids[key]: text for key, text in answers.items()}, "Ada")


def forgotten(sheet: Sheet) -> dict[str, str]:
    """tanh' forgotten at the last step, everything after computed from that."""
    found = right(sheet)
    number = {key: Fraction(text) for key, text in found.items() if key.startswith("dL/d") or key in ("h[1]", "h[2]")}
    w = Fraction(str(sheet.model.value("W_h").flat[0]))
    h0 = Fraction(str(sheet.model.value("h0").flat[0]))
    second = number["dL/dh[2]"]
    back = w * second
    first = back * (1 - number["h[1]"] ** 2)
    changed = {"dL/da[2]": second, "dL/dh[1]": back, "dL/da[1]": first}
    changed |= {"dL/dW_h": second * number["h[1]"] + first * h0, "dL/db": first + second}
    return found | {key: str(value) for key, value in changed.items()}


class TestStudents:
    """One right, one with a forgotten tanh', one who carries it on."""

    def test_right(self, folder: Folder, sheet: Sheet) -> None:
        """All points but those of the question in words."""
        marked = mark_sheet(folder, handed_in(sheet, right(sheet)))
        assert marked.points == marked.worth

    def test_one_mistake_costs_one_line(self, folder: Folder, sheet: Sheet) -> None:
        """The line with it is wrong and named; what follows has full points."""
        marks = {m.question.key: m for m in mark_sheet(folder, handed_in(sheet, forgotten(sheet))).marks}
        assert marks["dL/da[2]"].verdict is Verdict.WRONG
        assert "R23" in marks["dL/da[2]"].mistakes
        for key in ("dL/dh[1]", "dL/da[1]", "dL/dW_h", "dL/db"):
            assert marks[key].verdict is Verdict.FOLLOWS
            assert marks[key].points == marks[key].question.points

    def test_the_feedback_says_why(self, folder: Folder, sheet: Sheet) -> None:
        """In the words of the table, in both languages."""
        marked = mark_sheet(folder, handed_in(sheet, forgotten(sheet)))
        english, chinese = (feedback_document(marked, language).to_text() for language in ("en", "zh"))
        for said in ("its derivative is a factor", "carried on", "Look again at (7)", "It uses (4), (6)"):
            assert said in " ".join(english.split())
        assert "满分" in chinese

    def test_nothing_to_look_at(self, folder: Folder, sheet: Sheet) -> None:
        """Who has everything right is told so, and no line says more."""
        text = feedback_document(mark_sheet(folder, handed_in(sheet, right(sheet))), "en").to_text()
        assert "Well done" in text
        assert "The rule" not in text

    def test_what_would_have_had_the_points(self, folder: Folder, sheet: Sheet) -> None:
        """A wrong line after a wrong line: the right value, and the one that follows."""
        answers = forgotten(sheet) | {"dL/dh[1]": "17"}
        marks = {m.question.key: m for m in mark_sheet(folder, handed_in(sheet, answers)).marks}
        assert marks["dL/dh[1]"].own == forgotten(sheet)["dL/dh[1]"]
        assert marks["dL/dh[1]"].expected == right(sheet)["dL/dh[1]"]

    def test_a_mistake_on_top_of_a_carried_error_is_named(self, folder: Folder, sheet: Sheet) -> None:
        """The sign lost in a line that follows a wrong one."""
        answers = forgotten(sheet)
        answers["dL/dh[1]"] = str(-Fraction(answers["dL/dh[1]"]))
        marks = {m.question.key: m for m in mark_sheet(folder, handed_in(sheet, answers)).marks}
        assert "R24" in marks["dL/dh[1]"].mistakes


class TestReading:
    """What is written in other ways, not at all, or is no number."""

    @pytest.mark.parametrize(
        ("key", "text", "verdict"),
        [
            ("h[1]", "", Verdict.EMPTY),
            ("h[1]", "h_1", Verdict.UNREAD),
            ("h[1]", "9" * 600, Verdict.UNREAD),
            ("h[1]", "__import__('os')", Verdict.UNREAD),
            ("verdict", "It vanishes.", Verdict.RIGHT),
            ("verdict", "消失", Verdict.RIGHT),
            ("verdict", "The gradient is vanishing", Verdict.RIGHT),
            ("verdict", "it explodes", Verdict.WRONG),
            ("verdict", "it explodes or vanishes", Verdict.UNREAD),
            ("verdict", "yes", Verdict.UNREAD),
            ("why", "each step is below 1", Verdict.RUBRIC),
        ],
    )
    def test_verdicts(self, folder: Folder, sheet: Sheet, key: str, text: str, verdict: Verdict) -> None:
        """Read by the project's own reader, marked by a person where it is words."""
        marks = {m.question.key: m for m in mark_sheet(folder, handed_in(sheet, {key: text})).marks}
        assert marks[key].verdict is verdict

    def test_a_chain_counts_by_its_last_link(self, folder: Folder, sheet: Sheet) -> None:
        """`formula = numbers = result`; decimals that are exact are as good as fractions."""
        value = Fraction(right(sheet)["h[2]"])
        for text in (f"tanh(a_2) = {value}", str(float(value)), f"{value.numerator}/{value.denominator}"):
            marks = {m.question.key: m for m in mark_sheet(folder, handed_in(sheet, {"h[2]": text})).marks}
            assert marks["h[2]"].verdict is Verdict.RIGHT

    @pytest.mark.parametrize("name", ["tanh", "lstm"])
    @pytest.mark.parametrize(
        "text", ["10^400", "1/10^400", "e^(10^6)", "e^(10^9)", "exp(exp(exp(9)))", "1e400", "-" * 300 + "1", "(" * 300]
    )
    def test_numbers_of_any_size(self, name: str, text: str) -> None:
        """Wrong or unread in every line, and what is carried on from them too."""
        made = class_of(name, "forward,bptt")
        folder = read_key(key_json([Made(made.sheet(1))], made, Looks()))
        found = folder.sheet("1-001")
        results = mark_all(folder, [Submission(found.id, {question.id: text for question in found.questions})])
        assert len(results.marked) + len(results.broken) == 1
        assert not any(mark.verdict is Verdict.RIGHT for marked in results.marked for mark in marked.marks)


class TestMethod:
    """Marks for working that is right, whatever number was written behind it."""

    @staticmethod
    def verdict(folder: Folder, sheet: Sheet, text: str, **others: str) -> Mark:
        """The mark of the last state, answered so."""
        answers = right(sheet) | others | {"h[2]": text}
        return next(m for m in mark_sheet(folder, handed_in(sheet, answers)).marks if m.question.key == "h[2]")

    @pytest.mark.parametrize("text", ["tanh(a_2) = 17", "tanh({a}) = 17", r"\tanh(a_2) = \tanh({a}) = 17", "tanh(a_2)"])
    def test_half_of_the_points(self, folder: Folder, sheet: Sheet, text: str) -> None:
        """The formula, or the numbers put in, come to the right value; the result does not, or is missing."""
        mark = self.verdict(folder, sheet, text.replace("{a}", right(sheet)["a[2]"]))
        assert mark.verdict is Verdict.METHOD
        assert mark.points == Fraction(mark.question.points, 2)

    @pytest.mark.parametrize(
        "text", ["h_2 = 17", "{h} = 17", "tanh(a_1) = 17", "h_2", "L = 17", "17", "tanh(a_2) + 1 = 17"]
    )
    def test_none(self, folder: Folder, sheet: Sheet, text: str) -> None:
        """Its own name, the bare result, what comes after, another formula: no working that is right."""
        mark = self.verdict(folder, sheet, text.replace("{h}", right(sheet)["h[2]"]))
        assert mark.verdict in (Verdict.WRONG, Verdict.UNREAD)
        assert mark.points == 0

    def test_with_the_students_own_values(self, folder: Folder, sheet: Sheet) -> None:
        """The formula with a wrong value before it is right working all the same."""
        mark = self.verdict(folder, sheet, "tanh(a_2) = 17", **{"a[2]": "ln 5"})
        assert mark.verdict is Verdict.METHOD
        mark = self.verdict(folder, sheet, "tanh(ln 5) = 17", **{"a[2]": "ln 5"})
        assert mark.verdict is Verdict.METHOD

    def test_not_where_the_sheet_shows_the_working(self) -> None:
        """Of the last line that is worked only the result is asked."""
        made = class_of("linear")
        looks = next(
            looks
            for looks in (Looks(blanks=percent) for percent in range(5, 60, 5))
            if "result" in blanked(made.sheet(1), looks.blanks).values()
        )
        folder = read_key(key_json([Made(made.sheet(1))], made, looks))
        sheet = folder.sheet("1-001")
        id = next(id for id, stage in blanked(sheet, looks.blanks).items() if stage == "result")
        line = next(question for question in sheet.questions if question.id == id)
        answer = Submission(sheet.id, {id: f"{to_text(line.formula)} = 17"})
        mark = next(mark for mark in mark_sheet(folder, answer).marks if mark.question.id == id)
        assert mark.verdict is Verdict.WRONG

    def test_the_gradebook_has_halves(self, folder: Folder, sheet: Sheet) -> None:
        """One point's half in the CSV and in the summary."""
        results = Results((mark_sheet(folder, handed_in(sheet, right(sheet) | {"h[2]": "tanh(a_2) = 17"})),))
        assert ",method,0.5,1," in marks_csv(results)
        assert ".5/" in summary(results, "en")


class TestClass:
    """All submissions together."""

    def test_broken_ones_are_listed_and_stop_nothing(self, folder: Folder, sheet: Sheet) -> None:
        """Unknown ids, second hand-ins."""
        good = handed_in(sheet, right(sheet))
        results = mark_all(folder, [Submission("9-999", {"1": "1"}), good, good], [("x.csv", "no CSV")])
        assert len(results.marked) == 1
        assert len(results.broken) == 3
        assert "9-999" in summary(results, "en")

    def test_the_summary_counts_mistakes(self, folder: Folder, sheet: Sheet) -> None:
        """And the CSV has a row for every answer."""
        results = Results((mark_sheet(folder, handed_in(sheet, forgotten(sheet))),))
        assert results.mistakes()["R23"] == 1
        assert marks_csv(results).count("\n") == 1 + len(sheet.questions)
        assert "R23" in summary(results, "zh")

    def test_no_cell_is_a_formula_of_a_spreadsheet(self, folder: Folder, sheet: Sheet) -> None:
        """Students' text is data."""
        results = Results((mark_sheet(folder, handed_in(sheet, {"why": "=1+1"})),))
        assert ",'=1+1," in marks_csv(results)

    @pytest.mark.parametrize("text", ["=cmd|' /c calc'!A1", "+1+cmd", "-cmd", "@SUM(1)", " =1", "＝1+1", "\t=1"])
    def test_every_way_to_begin_a_formula(self, folder: Folder, sheet: Sheet, text: str) -> None:
        """Also with a space before it and in full width."""
        results = Results((mark_sheet(folder, handed_in(sheet, {"why": text})),))
        row = next(row for row in csv.DictReader(io.StringIO(marks_csv(results))) if row["quantity"] == "why")
        assert row["answer"].startswith("'")

    def test_what_students_write_is_text_in_every_output(self, folder: Folder, sheet: Sheet) -> None:
        """Pages, sheets and LaTeX show it letter by letter."""
        answers = {"why": "<script>alert(1)</script> $x$ \\input{/etc/passwd} & # % _", "h[1]": "<b>1</b>"}
        document = feedback_document(mark_sheet(folder, handed_in(sheet, answers)), "en")
        assert "<script>" not in document.to_html().partition("</style>")[2]
        assert "\\input{/etc" not in document.to_latex()
        assert "<script>" not in document.to_markdown()

    def test_remarks_are_listed(self, folder: Folder, sheet: Sheet) -> None:
        """And the sheet is marked."""
        good = replace(handed_in(sheet, right(sheet)), remarks=("line 1 answered twice; the first was marked",))
        results = mark_all(folder, [good])
        assert len(results.marked) == 1
        assert "answered twice" in results.broken[0][1]

    def test_the_chart(self, folder: Folder, sheet: Sheet) -> None:
        """Names and counts; the same bytes again."""
        results = Results((mark_sheet(folder, handed_in(sheet, forgotten(sheet))),))
        assert chart(results, "en") == chart(results, "en")
        assert chart(results, "zh").startswith("<?xml")


class TestGaps:
    """A formula with a gap, filled in on the sheet itself."""

    @pytest.mark.parametrize("name", ["tanh", "lstm"])
    def test_the_piece_is_found_in_its_line(self, name: str) -> None:
        """Right as LaTeX and as plain text; empty where nothing was written."""
        made = class_of(name, "blanks")
        folder = read_key(key_json([Made(made.sheet(1))], made, Looks()))
        sheet = folder.sheet("1-001")
        page = sheet_document(sheet, Looks()).to_markdown()
        (empty,) = read_submissions(page, "x")
        assert {mark.verdict for mark in mark_sheet(folder, empty).marks} == {Verdict.EMPTY}
        for written in (lambda q: to_latex(q.answer, sheet.style), lambda q: answer_text(q, sheet)):
            filled = page
            for question in sheet.questions:
                gap = re.compile(r"\\text\{\.+\}(?=[^$]*\\tag\{" + question.id + r"\})")
                text = written(question).replace("\\", r"\\")
                filled = gap.sub(text, filled)
            (found,) = read_submissions(filled, "x")
            assert {mark.verdict for mark in mark_sheet(folder, found).marks} == {Verdict.RIGHT}
