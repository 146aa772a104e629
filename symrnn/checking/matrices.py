"""Matrices of numbers with bounds: as small as hand calculations are.

Reads `Number`s; products are read by their shapes, as in `algebra`: a number scales, equal vectors meet entry by entry
under ⊙ and `*`, everything else is the matrix product.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from symrnn.checking.numbers import Number, TooLarge, product, total

MOST_ENTRIES = 400


class Misfit(Exception):
    """Shapes that do not go together."""


@dataclass(frozen=True)
class Matrix:
    """Rows of numbers; a vector is one column."""

    rows: tuple[tuple[Number, ...], ...]

    def __post_init__(self) -> None:
        if len(self.rows) * len(self.rows[0]) > MOST_ENTRIES:
            raise TooLarge(f"a matrix of more than {MOST_ENTRIES} entries")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.rows), len(self.rows[0])

    def entries(self) -> list[Number]:
        """Every entry, row by row."""
        return [entry for row in self.rows for entry in row]


Value = Number | Matrix


def scaled(value: Value, of: Callable[[Number], Number]) -> Value:
    """A function of every entry."""
    if isinstance(value, Number):
        return of(value)
    return Matrix(tuple(tuple(of(entry) for entry in row) for row in value.rows))


def joined(a: Value, b: Value, of: Callable[[Number, Number], Number]) -> Value:
    """Two values entry by entry; a number goes with every entry."""
    if isinstance(a, Number):
        return of(a, b) if isinstance(b, Number) else scaled(b, lambda entry: of(a, entry))
    if isinstance(b, Number):
        return scaled(a, lambda entry: of(entry, b))
    if a.shape != b.shape:
        raise Misfit(f"{a.shape[0]}×{a.shape[1]} and {b.shape[0]}×{b.shape[1]}")
    return Matrix(
        tuple(
            tuple(of(x, y) for x, y in zip(left, right, strict=True))
            for left, right in zip(a.rows, b.rows, strict=True)
        )
    )


def transposed(value: Value) -> Value:
    """Rows for columns."""
    return value if isinstance(value, Number) else Matrix(tuple(zip(*value.rows, strict=True)))


def multiplied(a: Value, b: Value, operator: str) -> Value:
    """The product that the shapes and the operator say."""
    if isinstance(a, Number) or isinstance(b, Number) or operator == "⊙":
        return joined(a, b, product)
    if operator == "⊗" and a.shape[1] == 1 and b.shape[1] == 1:
        return multiplied(a, transposed(b), "·")
    if a.shape[1] == b.shape[0]:
        found = tuple(tuple(_dot(row, column) for column in zip(*b.rows, strict=True)) for row in a.rows)
        return found[0][0] if len(found) == len(found[0]) == 1 else Matrix(found)
    if a.shape == b.shape:
        return joined(a, b, product)
    raise Misfit(f"{a.shape[0]}×{a.shape[1]} times {b.shape[0]}×{b.shape[1]}")


def _dot(row: tuple[Number, ...], column: tuple[Number, ...]) -> Number:
    found = product(row[0], column[0])
    for x, y in zip(row[1:], column[1:], strict=True):
        found = total(found, product(x, y))
    return found
