"""Class lists: a name a line, or CSV with headings: name, or first name and surname, perhaps a number (姓名, 学号)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from symrnn.errors import InputError
from symrnn.worksheets.submissions import clean

MOST_STUDENTS = 5_000
MOST_LETTERS = 200
HEADS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "name": ("name", "full name", "student", "student name", "names", "姓名", "学生", "学生姓名", "名字"),
        "first": ("first name", "firstname", "first", "given name", "forename", "vorname", "prénom", "名"),
        "last": ("last name", "lastname", "last", "surname", "family name", "family", "nachname", "familienname", "姓"),
        "id": (
            "id", "student id", "studentid", "student number", "student no", "number", "id number", "matriculation",
            "matriculation number", "matrikelnummer", "matrikelnr", "matrikel", "registration number", "roll number",
            "学号", "学生号", "编号",
        ),
        "other": ("email", "e mail", "email address", "mail", "group", "course", "class", "section", "邮箱", "班级"),
    }
)  # fmt: skip
"""What columns are called; those of the last row say nothing about whose sheet it is."""
_WRITE = "a first line such as name,id or first name,surname,id; or one name a line"


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
    >>> [str(student) for student in read_roster("First name,Surname,Student number\\nAda,Lovelace,7")]
    ['Ada Lovelace (7)']
    """
    rows = _rows(clean(text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")), file)
    if not rows or len(rows) > MOST_STUDENTS + 1:
        raise InputError(file, found="no names, or more than 5,000", write="one name a line, or CSV with name,id")
    at = _columns(rows, file)
    first = 1 if _heads(rows[0]) else 0
    students = []
    for number, row in enumerate(rows[first:], start=first + 1):
        name = _name(*(row[place] if len(row) > place else "" for place in at.names))
        if not name or len(name) > MOST_LETTERS:
            raise InputError(f"line {number}", found=f"{file}: no name of at most 200 letters", write="a name")
        students.append(Student(name, row[at.id] if at.id is not None and len(row) > at.id else ""))
    if not students:
        raise InputError(file, found="headings and no names", write=_WRITE)
    if len(set(students)) < len(students):
        raise InputError(file, found="a student who stands there twice", write="each student once, or with an id")
    return tuple(students)


@dataclass(frozen=True)
class _Columns:
    """Where the parts of names stand, in the order they are said, and the number."""

    names: tuple[int, ...]
    id: int | None


def _heads(row: Sequence[str]) -> dict[str, int]:
    """The columns of a first line by what they are; empty where it has no headings."""
    found: dict[str, int] = {}
    for place, cell in enumerate(row):
        head = " ".join(re.sub(r"[_.\-:#]", " ", cell.lower()).split())
        kind = next((kind for kind, names in HEADS.items() if head in names), None)
        if kind is not None:
            found.setdefault(kind, place)
    return found


def _columns(rows: Sequence[Sequence[str]], file: str) -> _Columns:
    heads = _heads(rows[0])
    if heads:
        # "Vorname, Name" and "Name, Surname": what is called name is the part that is missing.
        first, last = heads.get("first"), heads.get("last")
        whole = heads.get("name") if first is None or last is None else None
        names = tuple(place for place in (first, whole, last) if place is not None)
        if not names:
            raise InputError(", ".join(rows[0])[:200], found=f"{file}: headings without a name", write=_WRITE)
        return _Columns(names, heads.get("id"))
    wide = max(map(len, rows))
    if wide == 1:
        return _Columns((0,), None)
    second = [row[1] for row in rows if len(row) > 1]
    has_numbers = [bool(re.search(r"\d|@", cell)) for cell in second]
    if wide > 2 or not all(has_numbers):
        said = "columns without headings that are known" if wide > 2 or any(has_numbers[1:]) else "two columns of words"
        raise InputError(", ".join(rows[0])[:200], found=f"{file}: {said}", write=_WRITE)
    return _Columns((0,), 1)


def _name(*parts: str) -> str:
    """The parts of a name as they are said; in Chinese the family's first, without a space."""
    said = [part for part in parts if part]
    if len(said) == 2 and all("\u4e00" <= part[0] <= "\u9fff" for part in said):
        return said[1] + said[0]
    return " ".join(said)


def _rows(text: str, file: str) -> list[list[str]]:
    """The rows with anything in them, by the delimiter of the first."""
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    except csv.Error as error:
        raise InputError(file, found=f"no CSV: {error}", write="one name a line, or CSV with name,id") from None
    return [row for row in rows if any(row)]
