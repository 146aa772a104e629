"""Submissions in every form, and what cannot be read."""

from __future__ import annotations

import json
import re

import pytest
from worksheet_models import class_of

from symrnn.errors import InputError
from symrnn.worksheets.answers import Unreadable, read_answer, read_submissions
from symrnn.worksheets.exports.notebooks import to_nbgrader
from symrnn.worksheets.pages import Looks, sheet_document


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

    @pytest.mark.parametrize("text", ["", "hello", "{", "[1", '{"1-001": 3}', '{"cells": 3}', "sheet,answer\n\0"])
    def test_broken(self, text: str) -> None:
        """An error of ours, never another."""
        with pytest.raises(InputError):
            read_submissions(text, "x")


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
        ],
    )
    def test_read(self, text: str, rows: list[list[str]]) -> None:
        """Numbers, vectors and matrices."""
        assert [[str(entry.value) for entry in row] for row in read_answer(text)] == rows

    @pytest.mark.parametrize("text", ["", "x", "[", "1/0", "9^9^9^9", "[" * 200, "[" + "1," * 200 + "1]", "()", "1,5"])
    def test_unreadable(self, text: str) -> None:
        """Said so, never raised further."""
        with pytest.raises(Unreadable):
            read_answer(text)
