"""What students hand in: CSV, JSON, the Markdown sheet or notebook filled in; and what one answer's text says.

Untrusted: sizes are bounded before anything is read, mathematics is read by the project's own parser. A submission that
cannot be read raises `InputError`, and whoever gathers them goes on with the next.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from symrnn.algebra.reading.grammar import parse_expression
from symrnn.checking.arithmetic import Evaluator, NotMeant, Unknown
from symrnn.checking.digits import Digits, digits_of
from symrnn.checking.matrices import Misfit
from symrnn.checking.numbers import Number, TooLarge, Undefined
from symrnn.checking.page import Page, Scope
from symrnn.errors import InputError, SymrnnError

MOST_LETTERS = 500
"""Of one answer in mathematics; words may be longer."""
MOST_WORDS = 20_000
MOST_ROWS = 500_000
MOST_ENTRIES = 64


@dataclass(frozen=True)
class Submission:
    """The answers of one sheet, by line; whose, where that is said."""

    sheet: str
    answers: Mapping[str, str]
    student: str = ""
    source: str = ""


class Unreadable(Exception):
    """An answer that says no number; the message is for the student."""


@dataclass(frozen=True)
class Entry:
    """A number as answered, and its digits where it is written as one."""

    value: Number
    digits: Digits | None


# --- submissions ----------------------------------------------------------------------------------------------------


def read_submissions(text: str, source: str) -> tuple[Submission, ...]:
    """The submissions of one file; the content decides what it is, not its name.

    >>> read_submissions("sheet,line,answer\\n1-001,1,1/2", "a.csv")[0].answers
    {'1': '1/2'}
    >>> read_submissions('{"1-001": {"1": "1/2"}}', "a.json")[0].answers
    {'1': '1/2'}
    """
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith(("{", "[")):
        return _from_json(start, source)
    first = start.partition("\n")[0].lower()
    if "sheet" in first and "answer" in first and ("," in first or ";" in first or "\t" in first):
        return _from_csv(start, source)
    return (read_page(start, source),)


def _from_csv(text: str, source: str) -> tuple[Submission, ...]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise InputError(source, found=f"no CSV: {error}", write="the answers.csv filled in") from None
    heads = [head.strip().lower() for head in rows[0]]
    if len(rows) > MOST_ROWS or not {"sheet", "line", "answer"} <= set(heads):
        raise InputError(source, found="no columns sheet, line and answer", write="the answers.csv filled in")
    at = {head: heads.index(head) for head in heads}
    found: dict[str, dict[str, str]] = {}
    students: dict[str, str] = {}
    for row in rows[1:]:
        cells = {head: row[place].strip() if place < len(row) else "" for head, place in at.items()}
        answers = found.setdefault(cells["sheet"], {})
        if cells["answer"] or cells["line"] not in answers:
            answers[cells["line"]] = cells["answer"][:MOST_WORDS]
        students.setdefault(cells["sheet"], cells.get("student", "")[:200])
    # A row without a sheet or a sheet without any answer says nothing.
    return tuple(Submission(s, a, students[s], source) for s, a in found.items() if s and any(a.values()))


def _from_json(text: str, source: str) -> tuple[Submission, ...]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(source, found="no JSON", write='{"2026-001": {"1": "1/2"}}') from None
    if isinstance(content, dict) and "cells" in content:
        return (read_page("\n\n".join(_cells(content)), source),)
    if isinstance(content, dict) and isinstance(content.get("answers"), dict):
        content = [content]
    if isinstance(content, list):
        content = {str(one.get("sheet", "")): one.get("answers") for one in content if isinstance(one, dict)}
    found = []
    for sheet, answers in content.items() if isinstance(content, dict) else ():
        if not isinstance(answers, dict):
            raise InputError(source, found=f"no answers for {sheet[:40]}", write='{"2026-001": {"1": "1/2"}}')
        texts = {str(line): str(answer)[:MOST_WORDS] for line, answer in answers.items()}
        found.append(Submission(sheet, texts, "", source))
    return tuple(found)


def _cells(content: Mapping[str, Any]) -> Iterator[str]:
    cells = content["cells"] if isinstance(content["cells"], list) else []
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "markdown":
            text = cell.get("source", "")
            yield "".join(map(str, text)) if isinstance(text, list) else str(text)


_TITLE = re.compile(r"^#\s+\S.*?([A-Za-z0-9-]+-\d{3,4})\s*$", re.MULTILINE)
_LINE = re.compile(r"\$\$(.{1,4000}?)\\tag\{(\d{1,4})\}\s*\$\$", re.DOTALL)
_LETTER = re.compile(r"^[(（]([a-z]{1,2})[)）]\s*(.*)$", re.MULTILINE)
_TEXT = re.compile(r"\\text\{([^{}]*)\}")
_DOTS = re.compile(r"(?:\\?\.){4,}")


def read_page(text: str, source: str = "") -> Submission:
    """A Markdown sheet that was filled in: what stands behind the last = of each numbered line.

    >>> page = "# Worksheet 1-001\\n\\n$$\\nh_1 = \\\\text{-1/2} \\\\tag{1}\\n$$\\n"
    >>> read_page(page).answers
    {'1': '-1/2'}
    """
    title = _TITLE.search(text)
    if title is None:
        raise InputError(source, found="no sheet's id", write="the Markdown sheet, answers.csv or JSON, filled in")
    answers: dict[str, str] = {}
    for found in _LINE.finditer(text):
        line = _DOTS.sub("", _TEXT.sub(r"\1", found[1]))
        answers[found[2]] = re.split(r"=|\\approx\b|≈", line)[-1].strip()
    for found in _LETTER.finditer(text):
        answers[found[1]] = _DOTS.sub("", re.split(r"[:?：？]", found[2], maxsplit=1)[-1]).strip()[:MOST_WORDS]
    return Submission(title[1], answers, "", source)


# --- one answer -----------------------------------------------------------------------------------------------------


def read_answer(text: str) -> tuple[tuple[Entry, ...], ...]:
    """The numbers of an answer as rows: `-1/8`, `0.125`, `ln 2`, `[1/2, 3/4]`, `[[1, 2], [3, 4]]`, a chain's last link.

    >>> [[str(entry.value) for entry in row] for row in read_answer("[1/2, 3/4]")]
    [['1/2'], ['3/4']]
    """
    if len(text) > MOST_LETTERS:
        raise Unreadable("more than 500 characters")
    last = re.split(r"=|\\approx\b|≈", text)[-1].strip().strip("$").strip()
    rows = _rows(last)
    if sum(map(len, rows)) > MOST_ENTRIES:
        raise Unreadable("more than 64 numbers")
    return tuple(tuple(_entry(piece) for piece in row) for row in rows)


def _rows(text: str) -> list[list[str]]:
    inner = _inside(text)
    if inner is None:
        return [[text]]
    parts = _apart(inner, ";") if ";" in inner else _apart(inner, ",")
    nested = [_inside(part) for part in parts]
    if all(part is not None for part in nested):
        return [_apart(part or "", ",") for part in nested]
    return [_apart(part, ",") for part in parts]


def _inside(text: str) -> str | None:
    text = text.strip()
    return text[1:-1] if text[:1] == "[" and text[-1:] == "]" else None


def _apart(text: str, sign: str) -> list[str]:
    """The text between signs that stand in no bracket."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == sign and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [part.strip() for part in (*parts, text[start:])]


def _entry(text: str) -> Entry:
    try:
        tree = parse_expression(text)
        value = Evaluator(Scope(Page())).value(tree)
    except Unknown as found:
        raise Unreadable(f"a name where a number is asked: {found}") from None
    except (SymrnnError, NotMeant, TooLarge, Undefined, Misfit, ZeroDivisionError, RecursionError, OverflowError):
        raise Unreadable("no number") from None
    if not isinstance(value, Number):
        raise Unreadable("a vector where one number is asked")
    return Entry(value, digits_of(tree))
