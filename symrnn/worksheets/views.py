"""A table of values as a search looks at it: sharp, or rough where every answer is rounded to a few digits anyway.

Reads lines, nodes and the places of a recording; a view answers whether two answers would be told apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import inf
from typing import Any, Protocol

from symrnn.algebra.nodes import Node
from symrnn.checking.numbers import real
from symrnn.worksheets.recording import Doubles, Places, RoughReader, rough
from symrnn.worksheets.solving import Line, Rows, Solver, nice, same

APART = Fraction(2, 1000)
"""Relative: closer than this, four digits may not show that two numbers differ."""
NEAR = float(APART)
ROUGHLY = 1e-9
"""Relative: rough values this near are one value."""


class View(Protocol):
    """What a search asks of a table; a matrix is what the view has for one."""

    @property
    def table(self) -> Mapping[str, Any]:
        """The values known so far, by key."""
        ...

    def computed(self, line: Line) -> Any:
        """The value of a line whose forerunners are known; it is remembered."""
        ...

    def value(self, node: Node) -> Any:
        """What an equation comes to."""
        ...

    def at(self, places: Places) -> Any:
        """What is computed at places."""
        ...

    def scalars(self, rows: Any) -> Sequence[Any]:
        """The numbers of a matrix."""
        ...

    def distance(self, left: Any, right: Any) -> float:
        """How far a matrix is from another, relative to its entries; 0 where they are equal."""
        ...

    def apart(self, left: Any, right: Any, rounded: bool) -> bool:
        """Whether two answers differ in what is written of them."""
        ...


def apart(left: Rows, right: Rows, rounded: bool) -> bool:
    """Whether two answers differ: at all, or so much that four digits show it."""
    if not rounded or (len(left), len(left[0])) != (len(right), len(right[0])):
        return not same(left, right)
    pairs = [
        (real(a.value), real(b.value)) for x, y in zip(left, right, strict=True) for a, b in zip(x, y, strict=True)
    ]
    return any(abs(a - b) * APART.denominator > APART.numerator * abs(b) for a, b in pairs)


class Sharp:
    """Values as they are: fractions and numbers to 50 digits."""

    def __init__(self, solver: Solver, table: Mapping[str, Rows]) -> None:
        self.table = dict(table)
        self._reader = solver.sharp_reader(self.table)

    def computed(self, line: Line) -> Rows:
        """The value of a line whose forerunners are known; it is remembered."""
        if line.key not in self.table:
            self.table[line.key] = self.value(line.expression)
        return self.table[line.key]

    def value(self, node: Node) -> Rows:
        """What an equation comes to."""
        return nice(self._reader(node))

    def at(self, places: Places) -> Rows:
        """What is computed at places."""
        return nice(self._reader.entries(places))

    def scalars(self, rows: Rows) -> list[Any]:
        """The numbers of a matrix."""
        return [entry.value for row in rows for entry in row]

    def distance(self, left: Rows, right: Rows) -> float:
        """How far a matrix is from another, relative to its entries; 0 where they are equal."""
        return 0.0 if same(left, right) else _distance(rough(left), rough(right))

    def apart(self, left: Rows, right: Rows, rounded: bool) -> bool:
        """Whether two answers differ in what is written of them."""
        return apart(left, right, rounded)


class Rough:
    """Values as doubles."""

    def __init__(self, solver: Solver, table: Mapping[str, Rows]) -> None:
        self.table = {key: rough(rows) for key, rows in table.items()}
        self._reader = RoughReader(solver.recording, self.table)

    def computed(self, line: Line) -> Doubles:
        """The value of a line whose forerunners are known; it is remembered."""
        if line.key not in self.table:
            self.table[line.key] = self.value(line.expression)
        return self.table[line.key]

    def value(self, node: Node) -> Doubles:
        """What an equation comes to."""
        return self._reader(node)

    def at(self, places: Places) -> Doubles:
        """What is computed at places."""
        return self._reader.entries(places)

    def scalars(self, rows: Doubles) -> list[float]:
        """The numbers of a matrix."""
        return [entry for row in rows for entry in row]

    def distance(self, left: Doubles, right: Doubles) -> float:
        """How far a matrix is from another, relative to its entries; 0 where only the last digits of doubles differ."""
        found = _distance(left, right)
        return found if found > ROUGHLY else 0.0

    def apart(self, left: Doubles, right: Doubles, rounded: bool) -> bool:
        """Whether two answers differ so much that four digits show it."""
        return not _distance(left, right) <= NEAR


def _distance(left: Doubles, right: Doubles) -> float:
    if (len(left), len(left[0])) != (len(right), len(right[0])):
        return inf
    pairs = [(a, b) for x, y in zip(left, right, strict=True) for a, b in zip(x, y, strict=True)]
    return max(abs(a - b) / abs(b) if b else inf if a else 0.0 for a, b in pairs)
