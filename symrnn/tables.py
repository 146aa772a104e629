"""Model files as tables: TOML read with exact decimals, and errors that name file, line and key.

Reads text; returns plain tables in which every decimal is an exact rational from the token on. Knows nothing of
cells.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from symrnn.errors import InputError, Place, UnsafeInputError

MOST_CHARACTERS = 2_000_000
MOST_DIGITS = 200
MOST_EXPONENT = 400


@dataclass(frozen=True)
class BadNumber:
    """A number no model can hold, kept until its key is known."""

    text: str
    why: str


@dataclass(frozen=True)
class Document:
    """A parsed model file: its text, its name, and its tables."""

    text: str
    file: str | None
    tables: Mapping[str, Any]

    def table(self, name: str) -> dict[str, Any]:
        """A table, empty where there is none."""
        return dict(self.tables.get(name, {}))

    def place(self, path: tuple[str, ...]) -> Place:
        """Where a key stands, `("parameters", "W_h")`; the table's header, or the start, where it is not found."""
        offset, length = _find(self.text, path)
        return Place(self.text, offset, length, self.file)

    def error(self, path: tuple[str, ...], found: str, write: str) -> InputError:
        """The error about a key: file, line and the key marked."""
        return InputError(".".join(path), found=f"{'.'.join(path)}: {found}", write=write, place=self.place(path))


SINGLE_QUOTES = "text with backslashes in single quotes, which keep them: equations = ''' … '''"


def read_tables(text: str, file: str | None = None) -> Document:
    """TOML text as tables.

    >>> read_tables("[parameters]\\nW_h = 0.1").tables["parameters"]["W_h"]
    1/10
    """
    if len(text) > MOST_CHARACTERS:
        raise UnsafeInputError(
            f"{len(text):,} characters",
            found=f"a model file of more than {MOST_CHARACTERS:,} characters",
            write='a shorter one; large arrays can be drawn: W_h = {init = "pytorch", seed = 1}',
        )
    try:
        tables = tomllib.loads(text, parse_float=_decimal)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(text, file, str(error)) from None
    except (ValueError, RecursionError) as error:
        raise UnsafeInputError(
            file or "<text>", found=f"no TOML that can be read: {str(error)[:100]}", write="shorter numbers and lists"
        ) from None
    return Document(text, file, tables)


def _decimal(text: str) -> Any:
    cleaned = text.replace("_", "")
    if cleaned.lstrip("+-") in ("nan", "inf"):
        return BadNumber(text, "not a finite number")
    mantissa, _, exponent = cleaned.lower().partition("e")
    digits = sum(character.isdigit() for character in mantissa)
    if digits > MOST_DIGITS or len(exponent) > 5 or abs(int(exponent or 0)) > MOST_EXPONENT:
        return BadNumber(text, f"more than {MOST_DIGITS} digits or an exponent beyond ±{MOST_EXPONENT}")
    return sp.Rational(cleaned)


def _syntax_error(text: str, file: str | None, message: str) -> InputError:
    spot = re.search(r"at line (\d+), column (\d+)", message)
    lines = text.split("\n")
    line, column = (int(spot[1]), int(spot[2])) if spot else (len(lines), len(lines[-1]) + 1)
    offset = min(sum(len(row) + 1 for row in lines[: line - 1]) + column - 1, max(len(text) - 1, 0))
    reason = re.sub(r" \(at .*\)", "", message)
    backslash = "Unescaped" in reason or "escape" in reason
    return InputError(
        "",
        found=f"no TOML: {reason}",
        write=SINGLE_QUOTES if backslash else 'lines such as  W_h = 0.5  or  W_h = "1/3"',
        place=Place(text, offset, 1, file),
    )


_HEADER = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?")


def _find(text: str, path: tuple[str, ...]) -> tuple[int, int]:
    """Offset and length of a key, by walking the lines: TOML readers do not tell places."""
    table, key = (path[0], path[-1]) if len(path) > 1 else (path[0] if path else "", "")
    current, offset, best = "", 0, (0, 1)
    for line in text.split("\n"):
        header = _HEADER.match(line)
        if header:
            current = header[1].strip().strip('"')
            if current == table or current.startswith(table + "."):
                best = (offset + line.index("["), len(line.strip()))
        entry = re.match(rf"\s*(\"?{re.escape(key)}\"?)\s*=", line) if key else None
        if entry and (current == table or not current):
            return offset + entry.start(1), len(entry[1])
        if not header and not key and re.match(rf"\s*{re.escape(table)}\s*=", line):
            return offset + line.index(table), len(table)
        offset += len(line) + 1
    return best


def check_keys(document: Document, table: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise for a key that is not known, with the nearest one that is."""
    known = tuple(known)
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"{near[0]} (did you mean that?), or one of: " if near else "one of: "
            path = (table, key) if table else (key,)
            raise document.error(path, "no such key", hint + ", ".join(known))
