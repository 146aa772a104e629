"""Errors in three parts: what you wrote, what was found, what to write instead.

Whose fault it is decides the class: the reader's text (`InputError` and its kin, exit code 2), a limit that keeps a
computation bounded (`LimitError`, 3), something this version does not do yet (`NotYetError`, 2) or that no version
will do (`NeverError`, 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any


@dataclass(frozen=True)
class Place:
    """Where a piece of text stands: the text itself, the offset and length of the piece, and the file if there is one.

    >>> Place("h_t = W h_{t+1}", 8, 7).caret()
    'h_t = W h_{t+1}\\n        ^^^^^^^'
    """

    text: str
    offset: int
    length: int = 1
    file: str | None = None

    @property
    def line(self) -> int:
        """The 1-based line of the offset."""
        return self.text.count("\n", 0, self.offset) + 1

    @property
    def column(self) -> int:
        """The 1-based column of the offset."""
        return self.offset - (self.text.rfind("\n", 0, self.offset) + 1) + 1

    def caret(self) -> str:
        """The line with carets under the piece; long lines are cut to a window around it."""
        lines = self.text.split("\n")
        source = lines[self.line - 1].replace("\t", " ")
        start = self.column - 1
        length = max(1, min(self.length, len(source) - start))
        if len(source) > 120:
            left = max(0, start - 50)
            source = source[left : left + 110]
            start -= left
            length = min(length, max(1, len(source) - start))
        return f"{source}\n{' ' * start}{'^' * length}"

    def label(self) -> str:
        """`file:line:column`, as editors read it."""
        return f"{self.file or '<text>'}:{self.line}:{self.column}"


class SymrnnError(Exception):
    """What you wrote, what was found, what to write instead.

    >>> raise SymrnnError("W_h x_t", found="W_h is (n, n) and x_t is (m, 1)", write="W_x x_t")
    Traceback (most recent call last):
        ...
    symrnn.errors.SymrnnError: You wrote:  W_h x_t
    Found:      W_h is (n, n) and x_t is (m, 1)
    Write:      W_x x_t
    """

    exit_code = 2

    def __init__(self, wrote: str = "", *, found: str, write: str, place: Place | None = None) -> None:
        self.wrote = wrote
        self.found = found
        self.write = write
        self.place = place
        super().__init__(wrote, found, write)

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is rebuilt from its arguments alone; these have names.
        return partial(type(self), found=self.found, write=self.write, place=self.place), (self.wrote,)

    def __str__(self) -> str:
        wrote = self.place.caret() if self.place else self.wrote
        head = [f"At {self.place.label()}"] if self.place else []
        parts = (("You wrote:", wrote), ("Found:", self.found), ("Write:", self.write))
        return "\n".join(head + [f"{label:<12}{_indent(text)}" for label, text in parts if text])


def _indent(text: str) -> str:
    return text.replace("\n", "\n" + " " * 12)


class InputError(SymrnnError):
    """The text, file or value given cannot be used as it stands."""


class GrammarError(InputError):
    """A line of mathematics that cannot be read; carries the place."""


class ShapeError(InputError):
    """Operands whose sizes do not fit: says both shapes."""


class TimeError(InputError):
    """A read against the direction of time, a cycle within a step, or a step that does not exist."""


class UnsafeInputError(InputError):
    """Input beyond the limits on characters, tokens, depth, subscripts or number size; refused before evaluation."""


class NotYetError(SymrnnError):
    """Asked for something that makes sense and this version does not do."""


class NeverError(SymrnnError):
    """Asked for something that cannot be done in any version, with the reason."""


class LimitError(SymrnnError):
    """A computation that would pass its budget; refused before it starts."""

    exit_code = 3


class CheckFailedError(SymrnnError):
    """Our own result failed its own check: a fault of symrnn, never shown as a result."""

    exit_code = 3
