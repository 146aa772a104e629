"""How sheets look: headings, feet, rules, tables and digits, in every format."""

from __future__ import annotations

from fractions import Fraction

import pytest
from planted_sheets import false_lines, judged, text_of
from worksheet_models import TEXTS, class_of

from symrnn.checking.numbers import sharp
from symrnn.checking.verdicts import FINE
from symrnn.documents.document import Blank, Document, Table, Words
from symrnn.documents.renderers.html import to_book
from symrnn.documents.renderers.setting import ROOM
from symrnn.worksheets.answers import read_answer
from symrnn.worksheets.keys import asked
from symrnn.worksheets.numbers import CARRIED, as_printed, is_written_alike, literal, plain, significant
from symrnn.worksheets.pages import Looks, key_document, sheet_document
from symrnn.worksheets.solving import nice

TITLED = Looks(title="Week 3", course="Deep Learning", text="Good luck.")


def page(name: str, tasks: str = "", looks: Looks = TITLED) -> Document:
    """The first sheet of a model."""
    return sheet_document(class_of(name, tasks).sheet(1), looks)


class TestHeadings:
    """What stands above the first section."""

    def test_the_title_stands_in_the_heading(self) -> None:
        """Behind the id, by which a sheet that comes back is known."""
        assert page("linear").to_markdown().splitlines()[2] == "# Worksheet 1-001 – Week 3"

    def test_course_name_and_total_stand_above_what_is_given(self) -> None:
        """And not under its heading."""
        lines = page("linear").to_text().partition("1. Given")[0]
        for words in ("Deep Learning", "Name:", "Good luck.", "Together"):
            assert words in lines

    @pytest.mark.parametrize("blanks", [30, 60, 100])
    def test_the_total_is_of_what_is_blank(self, blanks: int) -> None:
        """Lines that are shown have no points: as marking counts."""
        sheet = class_of("linear").sheet(1)
        (total,) = [w for w in sheet_document(sheet, Looks(blanks=blanks)).above if w.key == "ws total"]
        assert total.about == (str(sum(question.points for question in asked(sheet, blanks))),)

    def test_every_printed_page_has_the_id(self) -> None:
        """At its foot, in LaTeX, typst and HTML; in a book of sheets each its own."""
        document = page("linear")
        assert r"\def\@oddfoot{\hfil 1-001" in document.to_latex()
        assert '@page p1 { @bottom-center { content: "1-001' in document.to_html()
        second = sheet_document(class_of("linear").sheet(2), TITLED)
        assert '@page p2 { @bottom-center { content: "1-002' in to_book([document, second])

    def test_room_is_left_where_working_is_asked(self) -> None:
        """On a sheet where everything is blank; not where a formula is shown."""
        assert all(claim.room for claim in page("linear").claims())
        for claim in page("linear", looks=Looks(blanks=30)).claims():
            assert bool(claim.room) == isinstance(claim.rhs, Blank)
        assert "--free" in page("linear").to_html()
        assert r"\\[" in page("linear").to_latex()


class TestWords:
    """Formulas within sentences, and names."""

    @pytest.mark.parametrize("name", sorted(TEXTS))
    def test_latex_has_no_codes_of_letters(self, name: str) -> None:
        """Every sign of a sheet and of a key can be set."""
        sheet = class_of(name).sheet(1)
        assert "U+" not in sheet_document(sheet, TITLED).to_latex()
        assert "U+" not in key_document(sheet, TITLED).to_latex()

    def test_a_chinese_name_on_an_english_sheet(self) -> None:
        """Has its letters; without one nothing but amsmath is needed."""
        assert "ctex" not in page("linear").to_latex()
        named = page("linear", looks=Looks(student="李明")).to_latex()
        assert "ctex" in named
        assert "For 李明." in named

    @pytest.mark.parametrize(
        ("name", "tanh", "sigma", "softmax"),
        [("tanh", 2, 0, 0), ("sigmoid", 0, 1, 0), ("lstm", 2, 1, 0), ("softmax", 0, 0, 1), ("tanh_softmax", 2, 0, 1)],
    )
    def test_the_rules_are_those_of_the_activations(self, name: str, tanh: int, sigma: int, softmax: int) -> None:
        """As formulas."""
        given = page(name).sections[0]
        (words,) = [b for b in given.blocks if isinstance(b, Words) and b.key == "ws logarithms"]
        line = next(text for text in page(name).to_latex().splitlines() if "comes out exactly" in text)
        assert (line.count(r"\tanh"), line.count(r"\sigma("), line.count("softmax")) == (tanh, sigma, softmax)
        assert len(words.about[0]) == tanh + sigma + softmax

    @pytest.mark.parametrize(
        ("name", "steps", "states"), [("tanh", 2, 0), ("lstm", 1, 1), ("gru", 1, 0), ("linear2", 2, 0)]
    )
    def test_what_is_asked_of_jacobians(self, name: str, steps: int, states: int) -> None:
        """A product only where there are several steps, what is held fixed only where there are two states."""
        keys = [block.key for block in page(name, "jacobian").sections[1].blocks if isinstance(block, Words)]
        assert ("ws ask jacobian" in keys) == (steps > 1)
        assert keys.count("ws ask jacobian states") == states

    def test_no_link_of_a_chain_stands_twice(self) -> None:
        """The Jacobian of a linear cell is a matrix that is given."""
        document = key_document(class_of("linear2", "jacobian").sheet(1), Looks())
        for claim in document.claims():
            values = [str(value) for _, value in ((claim.relation, claim.rhs), *claim.more)]
            assert len(values) == len(set(values))


class TestTables:
    """What is given, in tables no wider than a page."""

    @pytest.mark.parametrize("name", ["lstm", "gru", "lstm_softmax"])
    def test_a_wide_table_is_several(self, name: str) -> None:
        """With all columns in their order."""
        latex = page(name).to_latex()
        (given, *_) = [block for block in page(name).sections[0].blocks if isinstance(block, Table)]
        heads = [row.count("&") + 1 for row in latex.splitlines() if row.endswith(r"\\") and "W_" in row]
        assert latex.count(r"\begin{tabular}") > 2
        assert max(heads) * 20 < ROOM
        assert page(name).to_html().count("<table>") == latex.count(r"\begin{tabular}")
        assert sum(table.count("r") for table in _shapes(latex)) == len(given.heads) + 2


def _shapes(latex: str) -> list[str]:
    return [piece.split("}")[0] for piece in latex.split(r"\begin{tabular}{")[1:]]


class TestDigits:
    """Numbers that are rounded."""

    def test_small_numbers_have_a_power_of_ten(self) -> None:
        """And are read back."""
        rows = ((sharp(Fraction(-1, 2**20)),),)
        assert str(literal(rows, True)) == "-9.537·10^{-7}"
        for text in (plain(rows, True), r"-9.537 \cdot 10^{-7}", r"-9.537 \times 10^{-7}", "-9.537·10^-7"):
            ((found,),) = read_answer(text)
            assert found.value.value == Fraction("-9.537e-7"), text

    def test_no_zeros_before_the_digits(self) -> None:
        """More than four are hard to count."""
        assert significant(Fraction(12346, 10**8)) == "0.0001235"
        assert significant(Fraction(12346, 10**10)) == "1.235e-6"

    @pytest.mark.parametrize("tasks", ["forward", "bptt", "forward,bptt"])
    def test_who_computes_with_what_is_printed_is_right(self, tasks: str) -> None:
        """Of numbers with six digits an answer has four that are right."""
        sheet = class_of("tanh2", tasks).sheet(1)
        recipe = sheet.recipe
        lines = {line.key for line in recipe.solver.lines}
        printed = {key: as_printed(rows, True, CARRIED) if key in lines else rows for key, rows in sheet.values.items()}
        reader = recipe.solver.sharp_reader(printed)
        for line in recipe.asked:
            assert is_written_alike(nice(reader(line.expression)), sheet.values[line.key], True), line.key

    def test_the_key_is_right_as_it_stands(self) -> None:
        """Numbers that are put in have the digits that the result needs."""
        for seed in range(1, 6):
            sheet = class_of("tanh2", "bptt", seed).sheet(1)
            report = judged(sheet, text_of(sheet))
            assert not false_lines(report)
            assert all(found.verdict in FINE for found in report.findings)
