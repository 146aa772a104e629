"""Class lists: a name for each line, or a CSV file with a column `name` and perhaps `id` (姓名, 学号)."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from symrnn.errors import InputError
from symrnn.worksheets.submissions import clean

MOST_STUDENTS = 5_000
MOST_LETTERS = 200
NAMES = ("name", "student", "姓名", "学生")
IDS = ("id", "student id", "student number", "number", "学号")
"""What columns are called."""


@dataclass(frozen=True)
class Student:
    """Whose sheet it is."""

    name: str
    id: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.id})" if self.id else self.name


def read_roster(text: str, file: str = "<roster>") -> tuple[Student, ...]:
    """The students of a class list, in its order.

    >>> [str(student) for student in read_roster("name,id\\nAda,7\\nEmmy,8")]
    ['Ada (7)', 'Emmy (8)']
    >>> [str(student) for student in read_roster("Ada\\nEmmy\\n")]
    ['Ada', 'Emmy']
    >>> [str(student) for student in read_roster("学号;姓名\\n7;李伟")]
    ['李伟 (7)']
    """
    rows = _rows(clean(text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")), file)
    if not rows or len(rows) > MOST_STUDENTS + 1:
        raise InputError(file, found="no names, or more than 5,000", write="one name a line, or CSV with name,id")
    heads = [cell.lower() for cell in rows[0]]
    at_name = next((heads.index(head) for head in NAMES if head in heads), None)
    named = at_name is not None
    at_name = at_name or 0
    at_id = next((heads.index(head) for head in IDS if head in heads), None if named or len(rows[0]) < 2 else 1)
    students = []
    for number, row in enumerate(rows[1:] if named else rows, start=2 if named else 1):
        name = row[at_name] if len(row) > at_name else ""
        if not name or len(name) > MOST_LETTERS:
            raise InputError(f"line {number}", found=f"{file}: no name of at most 200 letters", write="a name")
        students.append(Student(name, row[at_id] if at_id is not None and len(row) > at_id else ""))
    if len(set(students)) < len(students):
        raise InputError(file, found="a student who stands there twice", write="each student once, or with an id")
    return tuple(students)


def _rows(text: str, file: str) -> list[list[str]]:
    """The rows with anything in them, by the delimiter of the first."""
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    except csv.Error as error:
        raise InputError(file, found=f"no CSV: {error}", write="one name a line, or CSV with name,id") from None
    return [row for row in rows if any(row)]
