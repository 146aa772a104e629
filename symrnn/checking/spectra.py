"""What a matrix of a hand calculation is asked for: trace, determinant, spectral radius, norms.

Reads values with bounds; returns numbers with bounds. What has no closed form is computed for matrices that nobody
rounded, and for no others.
"""

from __future__ import annotations

from fractions import Fraction

from symrnn.checking.functions import applied, square_root
from symrnn.checking.matrices import Matrix, Misfit, Value, multiplied, transposed
from symrnn.checking.numbers import MP, Number, TooLarge, inverse, less, negative, product, real, sharp, total

WORDS = {"det": "det", "tr": "tr", "trace": "tr", "Tr": "tr", "rho": "rho"}
"""A function's word and what it asks of a matrix."""
MOST = 5
"""Rows of a matrix: larger determinants are not expanded, and larger spectra not computed."""
_absolute = applied("abs")


def answer(what: str, value: Value) -> Number:
    """`det`, `tr` or `rho` of a square matrix; a number is one with one entry."""
    matrix = Matrix(((value,),)) if isinstance(value, Number) else value
    if matrix.shape[0] != matrix.shape[1]:
        raise Misfit(f"{what} of a matrix {matrix.shape[0]}×{matrix.shape[1]}")
    return {"det": determinant, "tr": trace, "rho": radius}[what](matrix)


def trace(matrix: Matrix) -> Number:
    """Σ W_ii."""
    return _sum([row[i] for i, row in enumerate(matrix.rows)])


def determinant(matrix: Matrix) -> Number:
    """det W, along the first row.

    >>> rows = tuple(tuple(map(sharp, row)) for row in ((1, 2), (3, 4)))
    >>> str(determinant(Matrix(rows)))
    '-2'
    """
    rows = matrix.rows
    if len(rows) > MOST:
        raise TooLarge(f"a determinant of more than {MOST} rows")
    if len(rows) == 1:
        return rows[0][0]
    found = sharp(0)
    for j, entry in enumerate(rows[0]):
        minor = Matrix(tuple((*row[:j], *row[j + 1 :]) for row in rows[1:]))
        term = product(entry, determinant(minor))
        found = total(found, negative(term) if j % 2 else term)
    return found


def radius(matrix: Matrix) -> Number:
    """ρ(W) = max |λ_i|."""
    size = matrix.shape[0]
    entries = matrix.rows
    below = [entries[i][j] for i in range(size) for j in range(i)]
    above = [entries[i][j] for i in range(size) for j in range(i + 1, size)]
    if all(_is_nothing(entry) for entry in below) or all(_is_nothing(entry) for entry in above):
        return _greatest([_absolute(entries[i][i]) for i in range(size)])
    if size == 2:
        return _radius_of_two(entries[0][0], entries[0][1], entries[1][0], entries[1][1])
    if size > MOST:
        raise TooLarge(f"the eigenvalues of a matrix of more than {MOST} rows")
    if not all(entry.sharp for entry in matrix.entries()):
        raise TooLarge("the eigenvalues of a rounded matrix of more than two rows")
    values = MP.eig(_plain(matrix), left=False, right=False)
    return sharp(max(abs(value) for value in values))


def _radius_of_two(a: Number, b: Number, c: Number, d: Number) -> Number:
    """λ = (a + d)/2 ± √(((a − d)/2)² + bc)."""
    half = sharp(Fraction(1, 2))
    middle, apart = product(total(a, d), half), product(total(a, negative(d)), half)
    square = total(product(apart, apart), product(b, c))
    if not less(square.value, Fraction(0)):
        return total(_absolute(middle), square_root(square))
    if not less(square.high, Fraction(0)):
        raise TooLarge("eigenvalues that rounding may make real or complex")
    return square_root(total(product(a, d), negative(product(b, c))))


def norm(value: Value, kind: str) -> Number:
    """‖x‖ of a vector, ‖W‖_2, ‖W‖_F, ‖W‖_1, ‖W‖_∞ of a matrix; "" is the Euclidean norm of a vector."""
    if isinstance(value, Number):
        return _absolute(value)
    is_vector = 1 in value.shape
    if kind == "F" or (is_vector and kind in ("", "2")):
        return square_root(_sum([product(entry, entry) for entry in value.entries()]))
    if is_vector and kind in ("1", "infty"):
        sizes = [_absolute(entry) for entry in value.entries()]
        return _sum(sizes) if kind == "1" else _greatest(sizes)
    if kind == "2":
        return square_root(radius(_square(value)))
    if kind in ("1", "infty"):
        lines = zip(*value.rows, strict=True) if kind == "1" else value.rows
        return _greatest([_sum([_absolute(entry) for entry in line]) for line in lines])
    raise TooLarge("a norm of a matrix that does not say which")


def smallest_singular_value(value: Value) -> Number:
    """σ_min of a square matrix: |det W| / ‖W‖_2 of one with two rows."""
    matrix = Matrix(((value,),)) if isinstance(value, Number) else value
    if matrix.shape == (1, 1):
        return _absolute(matrix.rows[0][0])
    if matrix.shape != (2, 2):
        raise TooLarge("the singular values of a matrix that has not two rows and columns")
    return product(_absolute(determinant(matrix)), inverse(norm(matrix, "2")))


def _square(matrix: Matrix) -> Matrix:
    found = multiplied(transposed(matrix), matrix, "·")
    assert isinstance(found, Matrix)
    return found


def _sum(numbers: list[Number]) -> Number:
    found = numbers[0]
    for number in numbers[1:]:
        found = total(found, number)
    return found


def _greatest(numbers: list[Number]) -> Number:
    """The greatest, with bounds that are the greatest of the bounds."""
    found = numbers[0]
    for number in numbers[1:]:
        value, low, high = (
            b if less(a, b) else a
            for a, b in ((found.value, number.value), (found.low, number.low), (found.high, number.high))
        )
        found = sharp(value) if found.sharp and number.sharp else Number(value, low, high)
    return found


def _is_nothing(entry: Number) -> bool:
    return entry.sharp and entry.value == 0


def _plain(matrix: Matrix) -> object:
    return MP.matrix([[real(entry.value) for entry in row] for row in matrix.rows])
