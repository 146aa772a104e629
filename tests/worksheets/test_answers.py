"""Submissions in every form, and what cannot be read."""

from __future__ import annotations

import contextlib
import json
import re

import pytest
from worksheet_models import class_of

from symrnn.errors import InputError
from symrnn.worksheets.answers import Unreadable, read_answer, readings_of
from symrnn.worksheets.exports.notebooks import to_nbgrader
from symrnn.worksheets.pages import Looks, sheet_document
from symrnn.worksheets.submissions import clean, decoded, read_submissions
from symrnn.worksheets.words import ENGLISH


def filled(page: str) -> str:
    """A Markdown sheet with 7 in every line and a word behind every letter."""
    page = re.sub(r"\\text\{\.+\}( \\tag)", r"7\1", page)
    return re.sub(r"(?:\\?\.){10,}", "vanishes", page)


class TestForms:
    """One sheet, filled in four ways."""

    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_markdown_and_notebook(self, language: str) -> None:
        """Every line and letter of the sheet is found."""
        sheet = class_of("tanh").sheet(1)
        looks = Looks(language=language)
        book = json.loads(to_nbgrader(sheet, looks))
        for cell in book["cells"]:
            cell["source"] = filled("".join(cell["source"]))
        for text in (filled(sheet_document(sheet, looks).to_markdown()), json.dumps(book)):
            (found,) = read_submissions(text, "x")
            assert found.sheet == sheet.id
            assert set(found.answers) == {question.id for question in sheet.questions}
            assert {a for line, a in found.answers.items() if line.isdigit()} == {"7"}

    def test_words_keep_their_colons(self) -> None:
        """The first one ends the question."""
        (found,) = read_submissions("# Worksheet 1-001\n\n(b) Why? Because: |w| < 1.", "x")
        assert found.answers == {"b": "Because: |w| < 1."}

    def test_an_empty_sheet_says_nothing(self) -> None:
        """Dots are no answers."""
        page = sheet_document(class_of("tanh").sheet(1), Looks()).to_markdown()
        assert not any(read_submissions(page, "x")[0].answers.values())

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_csv(self, delimiter: str) -> None:
        """With the delimiters that spreadsheets write, and a byte order mark."""
        rows = [["sheet", "student", "line", "answer"], ["1-001", "Ada", "1", "1/2"], ["1-002", "", "1", ""]]
        text = "\ufeff" + "\r\n".join(delimiter.join(row) for row in rows)
        assert [(s.sheet, dict(s.answers), s.student) for s in read_submissions(text, "x")] == [
            ("1-001", {"1": "1/2"}, "Ada")
        ]

    def test_a_line_answered_twice_is_said(self) -> None:
        """The first counts."""
        for text in (
            "sheet,line,answer\n1-001,1,1/2\n1-001,1,3/4",
            '{"1-001": {"1": "1/2", "1": "3/4"}}',
        ):
            (found,) = read_submissions(text, "x")
            assert found.answers == {"1": "1/2"}
            assert found.remarks == (("mark line twice", "1"),)

    def test_two_submissions_of_one_sheet(self) -> None:
        """Both are found, so that the second can be listed."""
        text = '[{"sheet": "1-001", "answers": {"1": 1}}, {"sheet": "1-001", "answers": {"1": 2}}]'
        assert [dict(one.answers) for one in read_submissions(text, "x")] == [{"1": "1"}, {"1": "2"}]

    def test_a_quotation_mark_that_is_never_closed(self) -> None:
        """Swallows nobody else's answers."""
        text = 'sheet,line,answer\n1-001,1,"1/2\n1-002,1,3/4\n1-003,1,5'
        assert [dict(one.answers) for one in read_submissions(text, "x")] == [{"1": "1/2"}, {"1": "3/4"}, {"1": "5"}]

    def test_a_cell_without_end(self) -> None:
        """Beyond what the reader of CSV takes: the others are read."""
        text = 'sheet,line,answer\n1-001,1,"' + "1" * 200_000 + '"\n1-002,1,3/4'
        found = read_submissions(text, "x")
        assert found[-1].answers == {"1": "3/4"}
        assert len(found[0].answers["1"]) <= 20_000

    def test_what_spreadsheets_write_first(self) -> None:
        """`sep=;`."""
        assert read_submissions("sep=;\nsheet;line;answer\n1-001;1;1/2", "x")[0].answers == {"1": "1/2"}

    @pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030"])
    def test_codecs(self, codec: str) -> None:
        """Those that spreadsheets in China and elsewhere write."""
        text = "sheet,student,line,answer\n1-001,李伟,1,１／２\n"
        (found,) = read_submissions(decoded(text.encode(codec), "x"), "x")
        assert (found.student, found.answers) == ("李伟", {"1": "１／２"})

    @pytest.mark.parametrize(
        "data",
        [b"PK\x03\x04rest", b"%PDF-1.7", b"\x89PNG\r\n", b"a\0b", b"\xff\xfea", bytes(range(128, 256)), b"{\\rtf1"],
    )
    def test_what_is_no_text(self, data: bytes) -> None:
        """Named where it is known."""
        with pytest.raises(InputError):
            decoded(data, "x")

    @pytest.mark.parametrize(
        "text",
        ["# 1-001\n" + "$$" * 300_000, "# 1-001\n" + "$$h=1\\tag{1}" * 50_000, "# " + "a-" * 300_000, "(" * 300_000],
    )
    @pytest.mark.timeout(10)
    def test_long_pages_take_no_time(self, text: str) -> None:
        """One pass, whatever stands there."""
        with contextlib.suppress(InputError):
            read_submissions(text, "x")

    def test_signs_that_steer(self) -> None:
        """Terminals, directions and broken pairs: none of them gets into a name or an answer."""
        text = '{"1-001": {"b": "\\u001b[31mred\\u202e\\ud800\\u0000"}}'
        (found,) = read_submissions(text, "x")
        assert found.answers == {"b": "[31mred?"}
        assert clean("\u2066a\nb\tc") == "a\nb\tc"

    def test_one_bad_entry(self) -> None:
        """Of JSON: it says so, and the others are read."""
        for text in ('{"1-001": {"1": 1}, "1-002": 5}', '[{"sheet": "1-001", "answers": {"1": 1}}, 7]'):
            good, bad = read_submissions(text, "x.json")
            assert dict(good.answers) == {"1": "1"}
            assert bad.problem == ("mark no answers",)

    def test_latin_1(self) -> None:
        """Named, with the byte and its line; never read as Chinese."""
        with pytest.raises(InputError) as found:
            decoded("sheet,student,line,answer\n1-001,Müller,1,1/2\n".encode("latin-1"), "x.csv")
        assert "Latin-1 or Windows-1252 (byte FC in line 2)" in found.value.found

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("1-001,Ada,1,h[1],1,1/2\n1-001,Ada,2,h[2],1,3/4\n", "without its first line"),
            ("sheet;line;result\n1-001;1;1/2\n", "no column answer; the first line is 'sheet;line;result'"),
        ],
    )
    def test_csv_without_its_columns(self, text: str, said: str) -> None:
        """What is missing is said."""
        with pytest.raises(InputError) as found:
            read_submissions(text, "x.csv")
        assert said in found.value.found

    @pytest.mark.parametrize(
        ("name", "instead"),
        [
            ("1-001.tex", "notebook"),
            ("1-001.docx", "notebook"),
            ("1-001.xlsx", "CSV UTF-8"),
            ("1-001.html", "the sheet as Markdown"),
        ],
    )
    def test_other_formats(self, name: str, instead: str) -> None:
        """Text in them is no sheet; what to hand in is said."""
        with pytest.raises(InputError) as found:
            read_submissions("# Worksheet 1-001\n\n(1) 1/2", name)
        assert instead in found.value.write

    @pytest.mark.parametrize(
        "text",
        [
            "<!DOCTYPE html>",
            "[" * 100_000,
            '{"a":' * 9_000,
            '{"1": ' + "9" * 9_000 + "}",
            "",
            "hello",
            "{",
            "[1",
            '{"1-001": 3}',
            '{"cells": 3}',
            "sheet,answer\n\0",
        ],
    )
    def test_broken(self, text: str) -> None:
        """An error of ours, never another."""
        with pytest.raises(InputError):
            read_submissions(text, "x")


FORMULA = "# Worksheet 1-001 – Ada\n\n## 2. The forward pass\n\nCompute.\n\n{}\n\n## 3. Next\n\nMore.\n"
BLANK = "\\text{..........................}"


class TestWays:
    """Where and how students write into a sheet of Markdown."""

    @pytest.mark.parametrize(
        "page",
        [
            "$$\nh_1 = \\text{-1/8} \\tag{1}\n$$",
            "$$\nh_1 = -1/8 \\tag{1}\n$$",
            "$$ h_1 = -\\frac{1}{8} \\tag{1} $$",
            f"$$\nh_1 = {BLANK} -1/8 \\tag{{1}}\n$$",
            f"$$\nh_1 = {BLANK} \\tag{{1}} -1/8\n$$",
            "$$\nh_1 = \\text{....-1/8........} \\tag{1}\n$$",
            "$$\nh_1 = -1/8\n$$",
            "$$\n-1/8 \\tag{1}\n$$",
            f"$$\nh_1 = {BLANK} \\tag{{1}}\n$$\n\n-1/8",
            f"$$\nh_1 = {BLANK} \\tag{{1}}\n$$\n\nAnswer: **-1/8**",
            f"$$\nh_1 = {BLANK} \\tag{{1}}\n$$\n\n答：－１／８。",
            f"$$\nh_1 = {BLANK} \\tag{{1}}\n$$\n\n$h_1 = -0.125$",
            f"$$\nh_1 = {BLANK} \\tag{{1}}\n$$\n\n- (1) `-1/8`",
            f"$$\nh_1 = {BLANK} \\tag{{1}}\n$$\n\n1) -1/8",
            f"$$\nh_1 = {BLANK} \\tag{{1}}\n$$\n\n（1）h_1 = -1/8",
            "$$\n\\begin{aligned} h_1 &= 0.5 \\cdot (-0.5) + 0.125 \\\\ &= \\boxed{-0.125} \\end{aligned} \\tag{1}\n$$",
            "$$\r\nh_1 = W_h h_0 + b = 0.5 (-0.5) + 0.125 = -\\dfrac18 \\tag{1}\r\n$$",
            "$$\nh_1 ≈ −0.125 ✓ \\tag{1}\n$$",
            "$$\nh_1 = \\textcolor{red}{-1/8} \\text{ (exact)} \\tag{1}\n$$",
            "YOUR ANSWER HERE\n\n$$\nh_1 = ____ \\tag{1}\n$$\n\nYOUR ANSWER HERE\n-1/8",
        ],
    )
    def test_a_line(self, page: str) -> None:
        """Every way gives the same number."""
        (found,) = read_submissions(FORMULA.format(page) if "{" not in page else FORMULA.replace("{}", page), "x")
        assert found.sheet == "1-001"
        assert [[str(entry.value) for entry in row] for row in read_answer(found.answers["1"])] == [["-1/8"]]

    @pytest.mark.parametrize(
        ("page", "answer"),
        [
            ("(a) It … (vanishes / explodes / does neither): vanishes", "vanishes"),
            ("(a) It … (**vanishes** / explodes / does neither): ..........", "vanishes"),
            ("(a) It … (vanishes / explodes / does neither) vanishes", "vanishes"),
            ("**(a)** vanishes", "vanishes"),
            ("(a) The gradient … (vanishes / **does neither** / explodes)", "does neither"),
            ("（a）梯度……（消失 / 爆炸 / 两者都不）：消失", "消失"),
            ("(a) It …: ..........\n\nvanishes", "vanishes"),
            ("(a) What it should be: (-1/2) ln(3)", "(-1/2) ln(3)"),
            ("(a) Why? A factor (a / b) at each step", "A factor (a / b) at each step"),
        ],
    )
    def test_a_letter(self, page: str, answer: str) -> None:
        """In place of the dots, marked among the options, or below."""
        (found,) = read_submissions(FORMULA.replace("{}", page), "x")
        assert found.answers["a"].endswith(answer)
        assert "explodes" not in found.answers["a"]

    def test_words_go_over_lines(self) -> None:
        """Until the next letter or heading."""
        (found,) = read_submissions(
            FORMULA.replace("{}", "(b) Why? Each step\nmultiplies: |w| < 1.\n\nSo it goes.\n(c) Which: 3"), "x"
        )
        assert found.answers["b"] == "Each step\nmultiplies: |w| < 1.\n\nSo it goes."
        assert found.answers["c"] == "3"

    def test_formulas_without_their_number(self) -> None:
        """They are the missing ones where they are as many; working between lines is none."""
        lines = ["$$\nh_1 = 1 \\tag{1}\n$$", "$$\nh_2 = 2\n$$", "$$\nh_3 = 3 \\tag{3}\n$$"]
        (found,) = read_submissions(FORMULA.replace("{}", "\n\n".join(lines)), "x")
        assert found.answers == {"1": "1", "2": "2", "3": "3"}
        lines = ["$$\nh_1 = 1 \\tag{1}\n$$", "$$\n0.5 \\cdot 3 = 1.5\n$$", "$$\nh_2 = 2 \\tag{2}\n$$"]
        (found,) = read_submissions(FORMULA.replace("{}", "\n\n".join(lines)), "x")
        assert found.answers == {"1": "1", "2": "2"}

    def test_the_id_may_stand_in_the_name_of_the_file(self) -> None:
        """Platforms and students rename files."""
        (found,) = read_submissions("(1) 1/2", "in/Ada_2026-017.md")
        assert found.sheet == "2026-017"

    def test_a_blank_after_the_working_is_a_blank(self) -> None:
        """What the sheet prints before it is no answer."""
        page = f"$$\nh_1 = W_h h_0 + b = 0.5 + 0.25 = {BLANK} \\tag{{1}}\n$$"
        (found,) = read_submissions(FORMULA.replace("{}", page), "x")
        assert found.answers == {"1": ""}


class TestChains:
    """What an answer of several links may be taken for."""

    @pytest.mark.parametrize(
        ("text", "rounded", "values"),
        [
            ("121/72 ≈ 1.681", False, ["1681/1000", "121/72"]),
            (r"-\frac{11}{6} \approx -1.83", False, ["-183/100", "-11/6"]),
            ("11/27≈0.4", True, ["2/5", "11/27"]),
            ("121/72 = 1.681", False, ["1681/1000", "121/72"]),
            ("-11/6 ≈ -2", False, ["-2", "-11/6"]),
            ("121/72 (≈ 1.681)", False, ["1681/1000", "121/72"]),
            ("1.681 (= 121/72)", False, ["121/72"]),
            ("5/4 = 1", False, ["1"]),
            ("1/2 ≈ 0.7", False, ["7/10"]),
            ("0.5*0.3/7 ≈ 0.0214", False, ["107/5000", "3/140"]),
            ("0.5*0.3/7 ≈ 0.02", True, ["1/50"]),
            ("121/72 ≈ 1.6806 ≈ 1.681", False, ["1681/1000", "8403/5000", "121/72"]),
        ],
    )
    def test_roundings(self, text: str, rounded: bool, values: list[str]) -> None:
        """The last link, and those it is the rounding of."""
        assert [str(reading[0][0].value) for reading in readings_of(text, rounded)] == values

    def test_the_page_keeps_the_sign(self) -> None:
        """What was written as ≈ is not quoted as =."""
        (found,) = read_submissions(FORMULA.replace("{}", "$$\nh_1 = 5/3 \\approx 1.667 \\tag{1}\n$$"), "x")
        assert found.answers == {"1": "5/3 ≈ 1.667"}


class TestNumbers:
    """One answer."""

    @pytest.mark.parametrize(
        ("text", "rows"),
        [
            ("-1/8", [["-1/8"]]),
            ("= 0.125", [["1/8"]]),
            ("$\\tfrac{1}{2}$", [["1/2"]]),
            ("[1, 2]", [["1"], ["2"]]),
            ("[1; 2]", [["1"], ["2"]]),
            ("[1, 2; 3, 4]", [["1", "2"], ["3", "4"]]),
            ("[[1, 2], [3, 4]]", [["1", "2"], ["3", "4"]]),
            ("(1, 2)^T", [["1"], ["2"]]),
            ("1; 2", [["1"], ["2"]]),
            ("［１，２］", [["1"], ["2"]]),
            ("[1 2; 3 4]", [["1", "2"], ["3", "4"]]),
            (r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", [["1"], ["2"]]),
            (r"\left[1, 2\right]", [["1"], ["2"]]),
            ("2×10⁻³", [["1/500"]]),
            ("约 0.25。", [["1/4"]]),
            ("0.25 (exact)", [["1/4"]]),
            ("'1/2", [["1/2"]]),
            ("0.3333...", [["3333/10000"]]),
            ("12 steps", [["12"]]),
            ("12步", [["12"]]),
            ("after 12 steps.", [["12"]]),
            ("N = 12 steps", [["12"]]),
        ],
    )
    def test_read(self, text: str, rows: list[list[str]]) -> None:
        """Numbers, vectors and matrices."""
        assert [[str(entry.value) for entry in row] for row in read_answer(text)] == rows

    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("", "unread none"),
            ("x", "unread name"),
            ("nan", "unread name"),
            ("[", "unread none"),
            ("1/0", "unread none"),
            ("9^9^9^9", "unread none"),
            ("[" * 200, "unread none"),
            ("[" + "1," * 200 + "1]", "unread many"),
            ("1" * 501, "unread long"),
            ("()", "unread none"),
            ("1,5", "unread comma"),
            ("1{,}5", "unread comma"),
            ("1 1/4", "unread beside"),
            ("1½", "unread beside"),
            ("1 000", "unread beside"),
            (r"1 \frac{1}{4}", "unread beside"),
            ("50%", "unread percent"),
            ("2-Jan", "unread date"),
            ("Jan-02", "unread date"),
            ("1/2/2026", "unread date"),
            ("2026-01-02", "unread date"),
            ("1月2日", "unread date"),
            ("02.Jan", "unread date"),
            ("1. Feb", "unread date"),
            ("Feb 1", "unread date"),
            ("1. Feb.", "unread date"),
            ("2 Jan", "unread date"),
            ("01.02.26", "unread date"),
            ("6,4e-6", "unread comma"),
            ("6,4 * 10^-6", "unread comma"),
            ("12 apples", "unread unit"),
            ("0.5米每秒", "unread unit"),
        ],
    )
    def test_unreadable(self, text: str, key: str) -> None:
        """Said so with the reason, never raised further, never read as another number."""
        with pytest.raises(Unreadable) as found:
            read_answer(text)
        assert found.value.key == key
        assert key in ENGLISH
