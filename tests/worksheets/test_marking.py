"""Marking: the three students of the issue, and submissions that are broken."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from fractions import Fraction
from math import floor, log10

import pytest
import sympy as sp
from worksheet_models import class_of

from symrnn.algebra.nodes import Number
from symrnn.algebra.printing import to_latex, to_text
from symrnn.worksheets.feedback import feedback_document
from symrnn.worksheets.folders import answers_csv
from symrnn.worksheets.gathering import mark_all
from symrnn.worksheets.keys import Folder, Made, answer_text, key_json, read_key
from symrnn.worksheets.marking import mark_sheet
from symrnn.worksheets.marks import Mark, Remark, Results, Verdict
from symrnn.worksheets.pages import Looks, blanked, sheet_document
from symrnn.worksheets.rosters import Student
from symrnn.worksheets.sheets import Sheet
from symrnn.worksheets.submissions import Submission, decoded, read_submissions
from symrnn.worksheets.summaries import chart, marks_csv, summary


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
        """Who has everything right is told so, and no line says more; not where something is empty or still unread."""
        answers = right(sheet)
        empty = feedback_document(mark_sheet(folder, handed_in(sheet, answers)), "en").to_text()
        full = mark_sheet(folder, handed_in(sheet, answers | {"why": "each step is below 1"}))
        text = " ".join(feedback_document(full, "en").to_text().split())
        assert "Everything is right" not in empty
        assert "Everything is right so far" in text
        assert "The rule" not in text
        assert full.by_hand == 2
        assert "a person gives up to 2 more" in text

    def test_what_would_have_had_the_points(self, folder: Folder, sheet: Sheet) -> None:
        """A wrong line after a wrong line: the right value, and the one that follows."""
        answers = forgotten(sheet) | {"dL/dh[1]": "17"}
        marks = {m.question.key: m for m in mark_sheet(folder, handed_in(sheet, answers)).marks}
        assert marks["dL/dh[1]"].own == Number(sp.Rational(forgotten(sheet)["dL/dh[1]"]))
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


@pytest.fixture(scope="module")
def third() -> tuple[Folder, Sheet, str]:
    """A sheet with an answer whose decimals do not end, as of L = 49/72."""
    for seed in range(1, 100):
        made = class_of("tanh", seed=seed)
        sheet = made.sheet(1)
        value = Fraction(right(sheet)["L"])
        if value.denominator % 9 == 0:
            return read_key(key_json([Made(sheet)], made, Looks())), sheet, "L"
    raise AssertionError("no such sheet")


class TestDigits:
    """Fractions, their roundings, and decimals alone, on a sheet whose numbers are exact."""

    @staticmethod
    def mark(third: tuple[Folder, Sheet, str], text: str, others: dict[str, str] | None = None) -> Mark:
        """The mark of the answer, written so; {f} is the fraction."""
        folder, sheet, key = third
        marks = mark_sheet(folder, handed_in(sheet, right(sheet) | (others or {}) | {key: text})).marks
        return next(mark for mark in marks if mark.question.key == key)

    def value(self, third: tuple[Folder, Sheet, str]) -> Fraction:
        """What it should be."""
        return Fraction(right(third[1])[third[2]])

    @pytest.mark.parametrize("sign", ["≈", "\\approx", "="])
    @pytest.mark.parametrize("digits", [2, 3, 6])
    def test_a_right_fraction_is_not_lost_by_its_rounding(
        self, third: tuple[Folder, Sheet, str], sign: str, digits: int
    ) -> None:
        """However few digits follow, rounded right."""
        value = self.value(third)
        assert self.mark(third, f"{value} {sign} {float(value):.{digits}f}").verdict is Verdict.RIGHT

    def test_a_wrong_rounding_counts(self, third: tuple[Folder, Sheet, str]) -> None:
        """The last link is the answer where it is another number."""
        value = self.value(third)
        assert self.mark(third, f"{value} ≈ {float(value) + 0.5:.3f}").verdict is not Verdict.RIGHT

    @pytest.mark.parametrize(
        ("digits", "cut", "factor", "verdict"),
        [
            (4, False, 1.0, Verdict.RIGHT),
            (4, True, 1.0, Verdict.RIGHT),
            (6, False, 1.0, Verdict.RIGHT),
            (3, False, 1.0, Verdict.WRONG),
            (4, False, 1.006, Verdict.WRONG),
        ],
    )
    def test_four_digits_rounded_or_cut_off(
        self, third: tuple[Folder, Sheet, str], digits: int, cut: bool, factor: float, verdict: Verdict
    ) -> None:
        """The same whether what came before was written as fractions or as decimals."""
        value = float(self.value(third)) * factor
        places = digits - 1 - floor(log10(value))
        text = f"{floor(value * 10**places) / 10**places if cut else value:.{places}f}"
        decimals = {key: f"{float(Fraction(each)):.5f}" for key, each in right(third[1]).items() if "/" in each[:9]
                    and "ln" not in each}  # fmt: skip
        assert self.mark(third, text).verdict is verdict
        assert self.mark(third, text, decimals).verdict is verdict

    def test_too_few_are_said(self, third: tuple[Folder, Sheet, str]) -> None:
        """Not that no known mistake gives the number."""
        folder, sheet, key = third
        value = self.value(third)
        answers = right(sheet) | {key: f"{float(value):.2g}"}
        text = " ".join(feedback_document(mark_sheet(folder, handed_in(sheet, answers)), "en").to_text().split())
        assert "write the fraction, or at least 4 significant digits" in text
        assert "No known mistake" not in text


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
        results = mark_all(
            folder, [Submission("9-999", {"1": "1"}), good, good], [Remark("x.csv", "ws text", ("no CSV",))]
        )
        assert len(results.marked) == 1
        assert len(results.broken) == 2
        assert len(results.remarks) == 1
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
        good = replace(handed_in(sheet, right(sheet)), remarks=(("mark line twice", "1"),))
        results = mark_all(folder, [good])
        assert len(results.marked) == 1
        assert "answered twice" in results.remarks[0].text("en")

    def test_the_chart(self, folder: Folder, sheet: Sheet) -> None:
        """Names and counts; the same bytes again."""
        results = Results((mark_sheet(folder, handed_in(sheet, forgotten(sheet))),))
        assert chart(results, "en") == chart(results, "en")
        assert chart(results, "zh").startswith("<?xml")


class TestDuplicates:
    """Several submissions for one sheet, names of others, and those of whom there is nothing."""

    @pytest.fixture(scope="class")
    @classmethod
    def three(cls) -> Folder:
        """Three students."""
        made = class_of("linear")
        names = (Student("Ada", "7"), Student("Emmy", "8"), Student("Mary", "9"))
        sheets = [Made(made.sheet(number), student) for number, student in enumerate(names, 1)]
        return read_key(key_json(sheets, made, Looks()))

    @pytest.mark.parametrize("first", [True, False])
    def test_an_empty_sheet_beats_nobody(self, three: Folder, first: bool) -> None:
        """Whichever comes first; it is set aside with a word."""
        sheet = three.sheet("1-001")
        filled = Submission(sheet.id, {"1": "1"}, "", "ada.md")
        empty = Submission(sheet.id, {"1": ""}, "", "blank.md")
        results = mark_all(three, [empty, filled] if first else [filled, empty])
        assert [marked.source for marked in results.marked] == ["ada.md"]
        assert [remark.text("en") for remark in results.remarks] == [
            "blank.md: 1-001: a sheet without any answer was set aside; the one from ada.md was marked"
        ]

    def test_untouched_sheets(self, three: Folder) -> None:
        """As they were handed out, gaps in formulas too: nothing was filled in."""
        made = class_of("tanh", "blanks")
        folder = read_key(key_json([Made(made.sheet(1))], made, Looks()))
        (page,) = read_submissions(sheet_document(folder.sheet("1-001"), Looks()).to_markdown(), "x")
        results = mark_all(folder, [page])
        assert not results.marked
        assert results.blank == ("1-001",)
        assert summary(results, "en").startswith("Nothing was filled in.")

    def test_many_files_with_one_fault(self, three: Folder) -> None:
        """Take one line."""
        broken = [Remark(f"{number}.html", "ws text", ("a .html file",)) for number in range(5)]
        assert "  0.html and 4 more: a .html file\n" in summary(mark_all(three, [], broken), "en")
        assert "  1.html: a .html file\n" in summary(mark_all(three, [], broken[:3]), "en")

    def test_who_handed_in_nothing(self, three: Folder) -> None:
        """By name, in both languages."""
        results = mark_all(three, [Submission("1-002", {"1": "1"}), Submission("1-003", {})])
        for language, said in (("en", "Nothing was handed in by:"), ("zh", "没有交的：")):
            assert f"{said}\n  1-001  Ada (7)\n  1-003  Mary (9)" in summary(results, language)

    @pytest.mark.parametrize(
        ("name", "warned"), [("Emmy", True), ("emmy (8)", True), ("Ada", False), ("", False), ("A. L.", False)]
    )
    def test_names_of_others(self, three: Folder, name: str, warned: bool) -> None:
        """The sheet is marked, with a warning."""
        results = mark_all(three, [Submission("1-001", {"1": "1"}, name, "x")])
        assert len(results.marked) == 1
        assert bool(results.remarks) is warned
        if warned:
            assert "whose sheet is 1-002; this one is that of Ada (7)" in results.remarks[0].text("en")


class TestFiles:
    """What spreadsheets make of the files."""

    def test_chinese_and_fractions(self, folder: Folder, sheet: Sheet) -> None:
        """UTF-8 with its mark, fractions as text, verdicts in the language of the class."""
        results = Results((replace(mark_sheet(folder, handed_in(sheet, right(sheet))), student="李伟"),))
        for language in ("en", "zh"):
            text = marks_csv(results, language)
            assert text.startswith("\ufeff")
            rows = list(csv.DictReader(io.StringIO(text)))
            fractions = [row for row in rows if "/" in row["answer"]]
            assert fractions
            assert all(row[column][0] in "'(" for row in fractions for column in ("answer", "expected"))
            words = {row["verdict"] for row in rows}
            assert words == ({"right", "empty"} if language == "en" else {"正确", "未答"})
            assert {row["expected"] for row in rows if row["line"] == "a"} == {
                "vanishes" if language == "en" else "消失"
            }

    def test_answers_are_read_back(self) -> None:
        """The byte order mark is no part of a column's name."""
        made = class_of("linear")
        text = answers_csv([Made(made.sheet(1), Student("李伟", "7"))], Looks())
        assert text.startswith("\ufeff")
        filled = text.replace(",h[1],1,", ",h[1],1,'1/2")
        (found,) = read_submissions(decoded(filled.encode("utf-8"), "x"), "x")
        assert (found.student, found.answers["1"]) == ("李伟 (7)", "'1/2")

    def test_points_that_a_person_gives(self, folder: Folder, sheet: Sheet) -> None:
        """In the summary; in the CSV a row without points."""
        results = Results((mark_sheet(folder, handed_in(sheet, right(sheet) | {"why": "because"})),))
        assert "a person gives up to 2 for the answers in words" in summary(results, "en")
        assert ",for a person,,2," in marks_csv(results)

    def test_the_chart_says_what_it_shows(self, folder: Folder, sheet: Sheet) -> None:
        """A title, and what is counted."""
        image = chart(Results((mark_sheet(folder, handed_in(sheet, forgotten(sheet))),)), "en")
        assert "<!-- Mistakes by how many sheets have them -->" in image
        assert "<!-- Sheets, of 1 marked -->" in image


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
