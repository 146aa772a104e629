"""The text being read: its piece, its limits, and the errors that point into it.

Reads a text; hands out places. Promises: what is too long is refused before anything looks at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn, Protocol

from symrnn.errors import GrammarError, Place, UnsafeInputError

_LATEX = re.compile(r"\\[A-Za-z(\[,;!]|\$")


@dataclass(frozen=True)
class Limits:
    """What is refused before evaluation."""

    characters: int = 20_000
    tokens: int = 5_000
    depth: int = 100
    name: int = 60
    accents: int = 3
    digits: int = 100
    exponent: int = 1_000
    equations: int = 200


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Token:
    """One sign: its kind, its one form, the accents on it, and its place; `spaced` if a space stands before it."""

    kind: str
    text: str
    start: int
    end: int
    spaced: bool = False
    accents: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text


class Piece(Protocol):
    """Anything with a place in the text."""

    @property
    def start(self) -> int:
        """The offset of its first character."""
        ...

    @property
    def end(self) -> int:
        """The offset behind its last character."""
        ...


@dataclass(frozen=True)
class Source:
    """The text, the piece of it that is read, and whether its letters stand one by one as in TeX.

    In a `working`, a person's own lines, more can be said than in a cell: percent, dots, cases, `x|_{t=2}`, `h1`.
    """

    text: str
    start: int
    end: int
    latex: bool
    file: str | None = None
    limits: Limits = LIMITS
    working: bool = False

    def place(self, start: int, end: int) -> Place:
        """The place of a piece."""
        return Place(self.text, start, max(1, end - start), self.file)

    def fail(self, piece: Piece, found: str, write: str) -> NoReturn:
        """Raise the error that points at a piece: it cannot be read."""
        raise GrammarError(found=found, write=write, place=self.place(piece.start, piece.end))

    def refuse(self, piece: Piece, found: str, write: str) -> NoReturn:
        """Raise the error that points at a piece: it is beyond the limits."""
        raise UnsafeInputError(found=found, write=write, place=self.place(piece.start, piece.end))


@contextmanager
def bounded_stack(source: Source) -> Iterator[None]:
    """Where the caller's own stack leaves too little room for a formula within the limits, it is refused as well."""
    try:
        yield
    except RecursionError:
        source.refuse(Token("", "", source.start, source.start), "a formula nested too deep", "names for its parts")


def source_of(
    text: str, latex: bool | None = None, file: str | None = None, span: tuple[int, int] | None = None,
    limits: Limits = LIMITS, working: bool = False,
) -> Source:  # fmt: skip
    """The piece of text that is read; refused where it is too long."""
    start, end = span or (0, len(text))
    if end - start > limits.characters:
        raise UnsafeInputError(
            found=f"{end - start:,} characters where at most {limits.characters:,} are read",
            write="a shorter text",
            place=Place(text[start : start + 60], 0, 1, file),
        )
    latex = bool(_LATEX.search(text, start, end)) if latex is None else latex
    return Source(text, start, end, latex, file, limits, working)
