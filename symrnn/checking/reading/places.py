"""Offsets to lines and columns, in a text whose lines were found once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from symrnn.checking.claims import Spot


@dataclass(frozen=True)
class Cells:
    """Where the cells of a notebook begin in its joined text: offsets and their numbers, in order."""

    starts: tuple[int, ...] = ()
    numbers: tuple[int, ...] = ()


class Places:
    """The lines of a text; every question costs a bisection."""

    def __init__(self, text: str, name: str, cells: Cells | None = None) -> None:
        self.text = text
        self.name = name
        self.cells = cells or Cells()
        self.starts: Sequence[int] = [0, *(place + 1 for place, char in enumerate(text) if char == "\n")]

    def line_of(self, offset: int) -> int:
        """The line an offset stands on, from 0."""
        return bisect_right(self.starts, offset) - 1

    def span_of(self, line: int) -> tuple[int, int]:
        """Where a line begins and ends, without its line end; beyond the last line, the end of the text."""
        if line >= len(self.starts):
            return len(self.text), len(self.text)
        end = self.starts[line + 1] - 1 if line + 1 < len(self.starts) else len(self.text)
        return self.starts[line], end

    def spot(self, start: int, end: int) -> Spot:
        """The place of a piece.

        >>> Places("a\\nb = c", "x.md").spot(4, 5).label()
        'x.md:2:3'
        """
        line = bisect_right(self.starts, start) - 1
        column = start - self.starts[line] + 1
        if not self.cells.starts:
            return Spot(start, end - start, line + 1, column, self.name)
        cell = max(0, bisect_right(self.cells.starts, start) - 1)
        first = self.line_of(self.cells.starts[cell])
        return Spot(start, end - start, line - first + 1, column, self.name, self.cells.numbers[cell])
