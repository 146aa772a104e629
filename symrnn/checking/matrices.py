"""Matrices of numbers with bounds: as small as hand calculations are.

Reads `Number`s; products are read by their shapes, as in `algebra`: a number scales, equal vectors meet entry by entry
under ⊙ and `*`, everything else is the matrix product.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from symrnn.checking.numbers import Number, TooLarge, Undefined, inverse, less, negative, product, sharp, total
from symrnn.checking.reasons import NoValue

MOST_ENTRIES = 400


class Misfit(NoValue):
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
    if operator == "⊗":
        # Of two columns people mean δ hᵀ; of anything else the Kronecker product.
        return multiplied(a, transposed(b), "·") if a.shape[1] == b.shape[1] == 1 else kronecker(a, b)
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


# --- built of parts -------------------------------------------------------------------------------------------------


def as_matrix(value: Value) -> Matrix:
    """A number as a matrix with one entry."""
    return Matrix(((value,),)) if isinstance(value, Number) else value


def is_zero(value: Value) -> bool:
    """Whether every entry is 0."""
    return all(entry.value == 0 for entry in as_matrix(value).entries())


def as_plain(value: Matrix) -> Value:
    """A matrix with one entry as a number."""
    return value.rows[0][0] if value.shape == (1, 1) else value


def identity(size: int) -> Value:
    """I; the number 1 where the size is 1."""
    return as_plain(Matrix(tuple(tuple(sharp(int(i == j)) for j in range(size)) for i in range(size))))


def selected(size: int, first: int, last: int) -> Value:
    """E_{first:last}: these rows of I."""
    if not 1 <= first <= last <= size:
        raise Misfit(f"rows {first} to {last} of {size}")
    return as_plain(Matrix(tuple(tuple(sharp(int(i == j)) for j in range(size)) for i in range(first - 1, last))))


def spread(size: int) -> Value:
    """E_n with vec(diag(v)) = E_n v for v with n rows: n² × n."""
    kept = [(i, j, k) for j in range(size) for i in range(size) for k in range(size)]
    entries = [sharp(int(i == j == k)) for i, j, k in kept]
    return as_plain(Matrix(tuple(tuple(entries[at : at + size]) for at in range(0, len(entries), size))))


def diagonal(value: Value) -> Value:
    """diag(v) of a vector."""
    if isinstance(value, Number):
        return value
    if 1 not in value.shape:
        # diag(A) of a matrix is the vector of its diagonal.
        if value.shape[0] != value.shape[1]:
            raise Misfit(f"the diagonal of {value.shape[0]}×{value.shape[1]}")
        return Matrix(tuple((row[i],) for i, row in enumerate(value.rows)))
    entries = value.entries()
    return Matrix(tuple(tuple(e if i == j else sharp(0) for j in range(len(entries))) for i, e in enumerate(entries)))


def columns_of(value: Value) -> Value:
    """vec(A): the columns one below the other."""
    if isinstance(value, Number):
        return value
    return Matrix(tuple((entry,) for column in zip(*value.rows, strict=True) for entry in column))


def kronecker(a: Matrix, b: Matrix) -> Value:
    """A ⊗ B: a B for every entry a of A."""
    if len(a.entries()) * len(b.entries()) > MOST_ENTRIES:
        raise TooLarge(f"a matrix of more than {MOST_ENTRIES} entries")
    return as_plain(
        Matrix(tuple(tuple(product(x, y) for x in left for y in right) for left in a.rows for right in b.rows))
    )


def stacked(parts: list[Value]) -> Value:
    """`[h; x]`: columns one below the other; rows side by side."""
    matrices = [as_matrix(part) for part in parts]
    if all(m.shape[0] == 1 for m in matrices) and any(m.shape[1] > 1 for m in matrices):
        return Matrix((tuple(entry for m in matrices for entry in m.rows[0]),))
    if any(m.shape[1] != 1 for m in matrices):
        raise Misfit("a stack of what are no vectors")
    return as_plain(Matrix(tuple(row for m in matrices for row in m.rows)))


def blocked(rows: list[list[Value]]) -> Value:
    """A matrix of blocks; 0 stands for a block of zeros."""
    heights = [max(as_matrix(block).shape[0] for block in row) for row in rows]
    widths = [max(as_matrix(block).shape[1] for block in column) for column in zip(*rows, strict=True)]
    found: list[tuple[Number, ...]] = []
    for height, row in zip(heights, rows, strict=True):
        blocks = [_filled(block, height, width) for block, width in zip(row, widths, strict=True)]
        found += [tuple(entry for block in blocks for entry in block.rows[i]) for i in range(height)]
    return as_plain(Matrix(tuple(found)))


def _filled(block: Value, height: int, width: int) -> Matrix:
    if isinstance(block, Number) and (height, width) != (1, 1) and block.sharp and block.value == 0:
        return Matrix(tuple((block,) * width for _ in range(height)))
    matrix = as_matrix(block)
    if matrix.shape != (height, width):
        raise Misfit(f"a block {matrix.shape[0]}×{matrix.shape[1]} where {height}×{width} should stand")
    return matrix


def inverted(matrix: Matrix) -> Value:
    """A⁻¹, by elimination with the largest pivot."""
    size = matrix.shape[0]
    rows = [[*row, *(sharp(int(i == j)) for j in range(size))] for i, row in enumerate(matrix.rows)]
    for at in range(size):
        pivot = at
        for k in range(at + 1, size):
            pivot = k if less(abs(rows[pivot][at].value), abs(rows[k][at].value)) else pivot
        if rows[pivot][at].value == 0:
            raise Undefined("the inverse of a matrix that has none")
        rows[at], rows[pivot] = rows[pivot], rows[at]
        over = inverse(rows[at][at])
        rows[at] = [product(entry, over) for entry in rows[at]]
        for k in range(size):
            if k != at:
                by = negative(rows[k][at])
                rows[k] = [total(x, product(by, y)) for x, y in zip(rows[k], rows[at], strict=True)]
    return as_plain(Matrix(tuple(tuple(row[size:]) for row in rows)))
