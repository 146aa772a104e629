"""Class lists: a name for each line, or a CSV file with a column `name` and perhaps `id`."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from symrnn.errors import InputError

MOST_STUDENTS = 5_000
MOST_LETTERS = 200


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
    """
    rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text.lstrip("\ufeff")))]
    rows = [row for row in rows if any(row)]
    if not rows or len(rows) > MOST_STUDENTS + 1:
        raise InputError(file, found="no names, or more than 5,000", write="one name a line, or CSV with name,id")
    heads = [cell.lower() for cell in rows[0]]
    named = "name" in heads
    at_name = heads.index("name") if named else 0
    at_id = heads.index("id") if "id" in heads else (None if named or len(rows[0]) < 2 else 1)
    students = []
    for number, row in enumerate(rows[1:] if named else rows, start=2 if named else 1):
        name = row[at_name] if len(row) > at_name else ""
        if not name or len(name) > MOST_LETTERS:
            raise InputError(f"line {number}", found=f"{file}: no name of at most 200 letters", write="a name")
        students.append(Student(name, row[at_id] if at_id is not None and len(row) > at_id else ""))
    if len(set(students)) < len(students):
        raise InputError(file, found="a student who stands there twice", write="each student once, or with an id")
    return tuple(students)
