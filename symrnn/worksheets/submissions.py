"""What students hand in: CSV, JSON, the Markdown sheet or the notebook filled in.

Untrusted: sizes are bounded before anything is read, and characters that steer a terminal or a page are taken out. What
cannot be read raises `InputError`, and whoever gathers submissions goes on with the next.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

from symrnn.errors import InputError
from symrnn.worksheets.filled_sheets import read_page

MOST_WORDS = 20_000
"""Letters of one answer."""
MOST_ROWS = 500_000
MOST_NAME = 200
_FORMS = "answers.csv, JSON, the Markdown sheet or the notebook, filled in"
SUFFIXES = ("", ".csv", ".tsv", ".txt", ".json", ".md", ".markdown", ".ipynb")
"""Of files that are read; what stands in them decides which of these they are."""
_HEAD = "sheet,student,line,quantity,points,answer"
_ROW = re.compile(r"\n\"?'?[A-Za-z0-9-]+-\d{3,4}\"?[,;\t]")
_NOT_TEXT = (
    (b"PK\x03\x04", "a zip or an Office file"),
    (b"\xd0\xcf\x11\xe0", "an Office file"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"{\\rtf", "an RTF file"),
)
"""How files begin that are no text."""
_WEB = (
    "a web page, in which nothing is filled in",
    "the answers in answers.csv, in JSON, or in the sheet as Markdown or notebook",
)
_OWN = ("a spreadsheet's own file", "the file saved as “CSV UTF-8”")
_OTHERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {".html": _WEB, ".htm": _WEB, ".xlsx": _OWN, ".xls": _OWN, ".ods": _OWN, ".numbers": _OWN}
)
"""Files that are handed in though they are not read, and what to hand in instead."""
_DECIMAL = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")
_LINE = re.compile(r"[(（]?\s*(\d{1,4}|[A-Za-z]{1,2})(?:\.0+)?\s*[)）]?")
_ALONE = re.compile(rb"[\x80-\xff]")
_PAIR = re.compile(rb"[\x80-\xff]{2}")


@dataclass(frozen=True)
class Submission:
    """The answers of one sheet, by line; whose, where that is said; what was odd about them."""

    sheet: str
    answers: Mapping[str, str]
    student: str = ""
    source: str = ""
    remarks: tuple[tuple[str, ...], ...] = ()
    """Each the key of a sentence, and what it speaks of."""
    problem: tuple[str, ...] = ()
    """Why there are no answers, where that is so: the same."""
    quantities: Mapping[str, str] = field(default_factory=dict)
    """What a table says each line asks."""
    is_table: bool = False
    """Whether lines were named in a table: one that the sheet does not have is a mistake then."""


def decoded(data: bytes, source: str) -> str:
    """The text of a file: UTF-8, UTF-16 with its mark, or GB 18030, which Chinese spreadsheets write.

    >>> decoded("答案".encode("gbk"), "a.csv")
    '答案'
    """
    for start, what in _NOT_TEXT:
        if data.startswith(start):
            instead = f"{_FORMS}; a spreadsheet saved as “CSV UTF-8”" if "Office" in what else _FORMS
            raise InputError(source, found=what, write=instead)
    codecs = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    alone = _ALONE.search(data)
    if alone and b"\0" not in data and not _PAIR.search(data):
        # Chinese signs take two such bytes or more.
        line = data.count(b"\n", 0, alone.start()) + 1
        said = f"text in Latin-1 or Windows-1252 (byte {data[alone.start()]:02X} in line {line}), not UTF-8"
        raise InputError(source, found=said, write="the file saved as UTF-8; in a spreadsheet “CSV UTF-8”")
    for codec in codecs:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise InputError(source, found="no text", write=_FORMS)


def clean(text: str) -> str:
    """Text without what steers terminals or turns lines around: control and direction characters, broken pairs.

    >>> clean("a\\x1b[31m\\u202e b\\ud800")
    'a[31m b?'
    """
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(char for char in whole if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf"))


def read_submissions(text: str, source: str) -> tuple[Submission, ...]:
    """The submissions of one file; the content decides what it is, not its name.

    >>> read_submissions("sheet,line,answer\\n1-001,1,1/2", "a.csv")[0].answers
    {'1': '1/2'}
    >>> read_submissions('{"1-001": {"1": "1/2"}}', "a.json")[0].answers
    {'1': '1/2'}
    """
    suffix = PurePath(source).suffix.lower()
    if suffix not in SUFFIXES:
        found, write = _OTHERS.get(suffix, (f"a {suffix[:20]} file, which is not read", _FORMS))
        raise InputError(source, found=found, write=write)
    start = text.lstrip("\ufeff \t\r\n")
    if not start:
        raise InputError(source, found="an empty file", write=_FORMS)
    if start.startswith(("{", "[")):
        return tuple(_from_json(start, source))
    if start[:200].lower().startswith(("<!doctype html", "<html")):
        raise InputError(source, found=_WEB[0], write=_WEB[1])
    if start[:4].lower() == "sep=":
        # Spreadsheets say their delimiter so.
        start = start.partition("\n")[2]
    first = start.partition("\n")[0].lower()
    if _ROW.match("\n" + start):
        raise InputError(source, found="CSV without its first line, the names of the columns", write=_HEAD)
    if suffix in (".csv", ".tsv") or ("sheet" in first and "answer" in first and re.search("[,;\t]", first)):
        return _from_csv(start, source)
    return (_from_page(start, source),)


def _from_page(text: str, source: str) -> Submission:
    sheet, answers = read_page(clean(text), source)
    if not sheet:
        raise InputError(source, found="no sheet's id", write=_FORMS)
    return Submission(sheet, {line: answer[:MOST_WORDS] for line, answer in answers.items()}, "", source)


# --- CSV --------------------------------------------------------------------------------------------------------------


def _from_csv(text: str, source: str) -> tuple[Submission, ...]:
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    rows = _rows(clean(text.replace("\r\n", "\n").replace("\r", "\n")), delimiter)
    heads = [head.strip().lower() for head in rows[0]] if rows else []
    if len(rows) > MOST_ROWS or not {"sheet", "line", "answer"} <= set(heads):
        missing = [head for head in ("sheet", "line", "answer") if head not in heads]
        said = f"no column {', '.join(missing)}; the first line is {clean(text.partition(chr(10))[0])[:80]!r}"
        raise InputError(source, found=said if missing else f"more than {MOST_ROWS:,} rows", write=_HEAD)
    at = {head: heads.index(head) for head in heads}
    found: dict[str, _Filled] = {}
    for row in rows[1:]:
        cells = {head: row[place].strip() if place < len(row) else "" for head, place in at.items()}
        # What is typed beside the table stands under no name.
        beside = any(cell.strip() for place, cell in enumerate(row) if place >= len(heads) or not heads[place])
        found.setdefault(cells["sheet"], _Filled()).take(cells, beside, delimiter)
    # A row without a sheet or a sheet without any answer says nothing.
    return tuple(
        Submission(
            sheet, one.answers, one.student, source, tuple(one.remarks), quantities=one.quantities, is_table=True
        )
        for sheet, one in found.items()
        if sheet and (any(one.answers.values()) or one.remarks)
    )


@dataclass
class _Filled:
    """The rows of one sheet."""

    student: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    quantities: dict[str, str] = field(default_factory=dict)
    remarks: dict[tuple[str, ...], None] = field(default_factory=dict)

    def take(self, cells: Mapping[str, str], beside: bool, delimiter: str) -> None:
        """One row."""
        named = _LINE.fullmatch(cells["line"])
        line, answer = named[1] if named else cells["line"], cells["answer"][:MOST_WORDS]
        if delimiter == ";" and _DECIMAL.fullmatch(answer):
            # Where the comma is the decimal sign, spreadsheets part columns by semicolons.
            answer = answer.replace(",", ".")
        self.student = self.student or cells.get("student", "")[:MOST_NAME]
        if answer and self.answers.get(line, answer) not in ("", answer):
            self.remarks["mark line twice", line[:20]] = None
        elif answer or line not in self.answers:
            self.answers[line] = answer
            self.quantities[line] = cells.get("quantity", "")
        if beside and not answer:
            self.remarks["mark beside", line[:20]] = None


def _rows(text: str, delimiter: str) -> list[list[str]]:
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
        if not any(_ROW.search(cell) for row in rows for cell in row):
            return rows
    except csv.Error:
        pass
    # A quotation mark that is never closed, or a cell without end: each line for itself, so that the others are read.
    return [[cell.strip('"')[:MOST_WORDS] for cell in line.split(delimiter)] for line in text.split("\n") if line]


def _remarks(lines: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(("mark line twice", line[:20]) for line in dict.fromkeys(lines))


# --- JSON -------------------------------------------------------------------------------------------------------------


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it was written: a key may stand there twice."""


def _from_json(text: str, source: str) -> Iterator[Submission]:
    try:
        content = json.loads(text, object_pairs_hook=_Pairs)
    except json.JSONDecodeError as error:
        said = f"no JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise InputError(source, found=said, write='{"2026-001": {"1": "1/2"}}') from None
    except (ValueError, RecursionError):
        raise InputError(source, found="no JSON", write='{"2026-001": {"1": "1/2"}}') from None
    if isinstance(content, _Pairs) and any(key == "cells" for key, _ in content):
        yield _from_page("\n\n".join(_cells(content)), source)
        return
    found = [_submission(*one, source) for one in _sheets(content)]
    if not any(not one.problem for one in found):
        said = f"no answers for {found[0].sheet[:40]}" if found else "no answers"
        raise InputError(source, found=said, write='{"2026-001": {"1": "1/2"}}')
    yield from found


def _submission(sheet: str, student: str, answers: Any, source: str) -> Submission:
    """One entry; what is no object of answers says so, and the others are read."""
    sheet = clean(sheet)
    if not isinstance(answers, _Pairs):
        return Submission(sheet, {}, "", source, problem=("mark no answers",))
    texts: dict[str, str] = {}
    twice = []
    for line, answer in answers:
        if line in texts:
            twice.append(line)
        texts.setdefault(clean(line), _text(answer))
    return Submission(sheet, texts, clean(student)[:MOST_NAME], source, _remarks(twice), is_table=True)


def _sheets(content: Any) -> Iterator[tuple[str, str, Any]]:
    """Sheet, student and answers: of an object by sheets, of one submission, or of a list of submissions."""
    if isinstance(content, _Pairs) and "answers" not in dict(content):
        yield from ((sheet, "", answers) for sheet, answers in content)
        return
    for place, one in enumerate([content] if isinstance(content, _Pairs) else content, start=1):
        known = dict(one) if isinstance(one, _Pairs) else {}
        yield str(known.get("sheet", f"entry {place}")), str(known.get("student", "")), known.get("answers")


def _text(answer: Any) -> str:
    if answer is None or isinstance(answer, _Pairs):
        return ""
    return clean(answer if isinstance(answer, str) else str(answer)[:MOST_WORDS])[:MOST_WORDS]


def _cells(content: _Pairs) -> Iterator[str]:
    cells = dict(content)["cells"]
    for cell in cells if isinstance(cells, list) else []:
        known = dict(cell) if isinstance(cell, _Pairs) else {}
        if known.get("cell_type") in ("markdown", "raw"):
            text = known.get("source", "")
            yield "".join(map(str, text)) if isinstance(text, list) else str(text)
