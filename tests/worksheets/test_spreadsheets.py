"""What spreadsheets make of sheets' ids and of answers: cells that stay text, and dates that are told from numbers."""

from __future__ import annotations

import csv
import io

import pytest
from worksheet_models import class_of

from symrnn.worksheets.folders import answers_csv
from symrnn.worksheets.gathering import mark_all
from symrnn.worksheets.keys import Folder, Made, key_json, read_key
from symrnn.worksheets.marks import Results, Verdict
from symrnn.worksheets.pages import Looks
from symrnn.worksheets.rosters import Student
from symrnn.worksheets.spreadsheets import DATE, safe
from symrnn.worksheets.submissions import decoded, read_submissions
from symrnn.worksheets.summaries import marks_csv

HEAD = "sheet,student,line,quantity,points,answer"


@pytest.fixture(scope="module")
def folder() -> Folder:
    """Two sheets of a linear cell: (1) h[1], (2) h[2], (3) L."""
    made = class_of("linear", "forward")
    return read_key(key_json([Made(made.sheet(number)) for number in (1, 2)], made, Looks()))


def handed_in(folder: Folder, text: str, name: str = "x.csv") -> Results:
    """What becomes of a file."""
    return mark_all(folder, read_submissions(text, name))


def right(folder: Folder, line: str) -> str:
    """The answer to a line of the first sheet."""
    return dict(folder.entries["1-001"].answers)[line]


def said(results: Results) -> str:
    """Everything that is to be looked at."""
    return "\n".join(remark.text("en") for remark in (*results.broken, *results.remarks))


class TestDates:
    """What 1/2 looks like after a spreadsheet."""

    @pytest.mark.parametrize(
        "text",
        [
            "1-Feb", "2-Jan", "Jan 2", "Jan-26", "02.Jan", "2. Jan", "1. Feb.", "Feb 1, 2026", "1 February 2026",
            "2026-01-02", "2026/1/2", "2026-01-02 00:00:00", "2026-01-02T00:00:00", "1/2/2026", "01/02/26", "1.2.2026",
            "02.01.", "1月2日", "2026年1月2日", "2026年1月", "1月", "2-janv.", "1 févr.", "1-août",
            "2 de enero de 2026", "2-ene", "2-gen", "1. Mrz", "3. Mai", "2nd Jan 2026",
        ],
    )  # fmt: skip
    def test_a_date(self, text: str) -> None:
        """In the languages that spreadsheets are used in."""
        assert DATE.fullmatch(text)
        assert safe(text) == "'" + text

    @pytest.mark.parametrize(
        "text", ["1/2", "-3/4", "0.5", "ln(2)", "121/72", "12", "1/2 + 1/3", "marks", "0.125 - 1", "2 steps"]
    )
    def test_no_date(self, text: str) -> None:
        """Numbers and words."""
        assert not DATE.fullmatch(text)

    @pytest.mark.parametrize(
        ("text", "reason"), [("2-Jan", "made a date"), ("2026-01-02", "made a date"), ("46024", "the day")]
    )
    def test_a_date_is_never_wrong(self, folder: Folder, text: str, reason: str) -> None:
        """It could not be read, and why is said."""
        results = handed_in(folder, f"{HEAD}\n1-001,,1,h[1],1,{text}\n")
        mark = results.marked[0].marks[0]
        assert mark.verdict is Verdict.UNREAD
        assert reason in {"unread date": "made a date", "unread day": "the day"}[mark.problem[0]]


class TestIds:
    """The ids of sheets."""

    def test_they_are_text_in_what_is_written(self, folder: Folder) -> None:
        """In both files, and read back."""
        made = class_of("linear", "forward")
        text = answers_csv([Made(made.sheet(1), Student("Ada", "7"))], Looks())
        assert {row[0] for row in csv.reader(io.StringIO(text))} == {"\ufeffsheet", "'1-001"}
        results = handed_in(folder, decoded(text.replace(",h[1],1,", f",h[1],1,{right(folder, '1')}").encode(), "x"))
        assert results.marked[0].marks[0].verdict is Verdict.RIGHT
        assert "\n'1-001," in marks_csv(results)

    @pytest.mark.parametrize(
        "id", ["1-001", "'1-001", "1–001", "1-1", "Sheet 1-001", " 1-001 ", "１－００１", "1-001.md"]
    )
    def test_however_they_are_written(self, folder: Folder, id: str) -> None:
        """With another dash, without its zeros, with a word before it."""
        results = handed_in(folder, f"{HEAD}\n{id},,1,h[1],1,1/2\n")
        assert [one.sheet.id for one in results.marked] == ["1-001"]
        assert not said(results)

    @pytest.mark.parametrize("id", ["1-Jan", "2001-01-01", "Jan-26", "46024"])
    def test_a_date(self, folder: Folder, id: str) -> None:
        """Listed, with what to write."""
        text = said(handed_in(folder, f"{HEAD}\n{id},,1,h[1],1,1/2\n"))
        assert f"{id}: a spreadsheet has made a date of the sheet's id" in text
        assert "'1-001" in text


class TestTables:
    """What a table that comes back may look like."""

    def test_decimal_commas(self, folder: Folder) -> None:
        """Where columns are parted by semicolons, as spreadsheets write both."""
        for sign, verdict in ((";", Verdict.WRONG), ("\t", Verdict.UNREAD)):
            rows = [HEAD.split(","), ["1-001", "", "1", "h[1]", "1", "17,25"]]
            (marked,) = handed_in(folder, "\n".join(sign.join(row) for row in rows)).marked
            assert marked.marks[0].verdict is verdict

    def test_more_columns_blank_lines_and_windows(self, folder: Folder) -> None:
        """They change nothing."""
        rows = (f"A,1-001,,1.0,h[1],1,{right(folder, '1')},?", "A,1-001,,(2),h[2],1,3,", "", ",,,,,,,", "")
        text = "\r\n".join((f"\ufeffgroup,{HEAD},note", *rows))
        results = handed_in(folder, decoded(text.encode("utf-16"), "x"))
        assert [mark.written for mark in results.marked[0].marks[:2]] == [right(folder, "1"), "3"]
        assert not said(results)

    def test_an_answer_in_another_cell(self, folder: Folder) -> None:
        """Beside the table, in place of the quantity, in a line that is not there."""
        rows = ("1-001,,1,h[1],1,,1/2", "1-001,,2,3/4,1,", "1-001,,9,h[9],1,5", "1-001,,3,h[3],1,7")
        text = said(handed_in(folder, "\n".join((HEAD, *rows))))
        assert "1-001: in line 1 something stands beside the table" in text
        assert "1-001: line 2 stands beside 3/4, and asks for h[2]" in text
        assert "1-001: there is no line 9" in text
        assert "line 3" not in text

    def test_nothing_but_cells_beside(self, folder: Folder) -> None:
        """A blank sheet, and said why."""
        results = handed_in(folder, f"{HEAD}\n1-001,,1,h[1],1,,1/2")
        assert results.blank == ("1-001",)
        assert "beside the table" in said(results)

    def test_rows_that_were_sorted_apart(self, folder: Folder) -> None:
        """Lines beside the names of others."""
        rows = ("1-001,,2,h[1],1,1/2", "1-001,,1,h[2],1,3/4")
        assert said(handed_in(folder, "\n".join((HEAD, *rows)))).count("rows or cells were moved") == 2
