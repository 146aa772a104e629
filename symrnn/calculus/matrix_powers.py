"""Powers of a matrix with a symbolic exponent: its entries as SymPy expressions.

Reads exact matrices; promises entries that are right for every k = 0, 1, 2, …: defective and nilpotent
matrices included (0^k is [k = 0]), complex pairs in real form, and one case for each condition on symbols.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from symrnn.errors import InputError, NotYetError, ShapeError

# --- the entries --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PowerCase:
    """W^k = `entries` where `condition` holds; the cases exclude each other and leave nothing out."""

    condition: Boolean
    entries: sp.ImmutableDenseMatrix


def power_entries(matrix: sp.MatrixBase, exponent: Any) -> sp.ImmutableDenseMatrix:
    """W^k entry by entry for a symbolic k; where its form depends on symbols in W, a `Piecewise`.

    >>> k = sp.Symbol("k", integer=True, nonnegative=True)
    >>> power_entries(sp.Matrix([[2, 1], [0, 2]]), k)
    Matrix([
    [2**k, 2**(k - 1)*k],
    [   0,         2**k]])

    Reference: C. Moler, C. Van Loan, "Nineteen dubious ways to compute the exponential of a matrix,
    twenty-five years later", SIAM Review 45 (2003): the polynomial methods.
    """
    cases = power_cases(matrix, exponent)
    if len(cases) == 1:
        return cases[0].entries
    rows, cols = cases[0].entries.shape

    def entry(i: int, j: int) -> sp.Expr:
        if len({case.entries[i, j] for case in cases}) == 1:
            return cases[0].entries[i, j]
        branches = [(case.entries[i, j], case.condition) for case in cases[:-1]]
        return sp.Piecewise(*branches, (cases[-1].entries[i, j], True))

    return sp.ImmutableDenseMatrix(rows, cols, entry)


def power_cases(matrix: sp.MatrixBase, exponent: Any) -> tuple[PowerCase, ...]:
    """W^k by cases: one for numbers; for a symbolic 2×2 distinct, equal and vanishing eigenvalues apart.

    >>> w, k = sp.Symbol("w"), sp.Symbol("k", integer=True, nonnegative=True)
    >>> [case.condition for case in power_cases(sp.Matrix([[w, 1], [0, w]]), k)]
    [Ne(w, 0), Eq(w, 0)]
    """
    matrix = _exact(matrix)
    exponent = sp.sympify(exponent, strict=True)
    if exponent.is_Integer:
        return _always(matrix**exponent)
    if matrix.is_diagonal():
        return _always(sp.diag(*(_scalar_power(matrix[i, i], exponent) for i in range(matrix.rows))))
    if all(entry.is_Rational for entry in matrix):
        return _always(_rational_power(matrix, exponent))
    if matrix.rows == 2:
        return _two_by_two(matrix, exponent)
    raise NotYetError(
        str(matrix.tolist()),
        found=f"a {matrix.rows}×{matrix.cols} matrix with entries that are not rational numbers",
        write="rational numbers, a 2×2 matrix, or a diagonal one",
    )


def _always(entries: sp.MatrixBase) -> tuple[PowerCase, ...]:
    return (PowerCase(sp.true, sp.ImmutableDenseMatrix(entries)),)


def _exact(matrix: sp.MatrixBase) -> sp.ImmutableDenseMatrix:
    matrix = sp.ImmutableDenseMatrix(matrix)
    if matrix.rows != matrix.cols or not matrix.rows:
        raise ShapeError(str(matrix.tolist()), found=f"a matrix that is {matrix.shape}", write="a square matrix")
    if matrix.has(sp.Float):
        raise InputError(str(matrix.tolist()), found="a float", write="a fraction, 1/2 for 0.5")
    return matrix


def _scalar_power(base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
    return sp.KroneckerDelta(exponent, 0) if base.is_zero else base**exponent


# Over the rationals. By Cayley and Hamilton every entry of W^k is a combination of the basis sequences that
# belong to the factors of the characteristic polynomial; W⁰ … W^{n−1} fix the coefficients. No eigenvector is
# needed, so a defective matrix is no exception, and each sequence is rational at every k, so the system is.


@dataclass(frozen=True)
class _Sequence:
    """A basis sequence: its value at a number, and its expression in a symbolic k."""

    at: Callable[[int], sp.Expr]
    formula: Callable[[sp.Expr], sp.Expr]


def _rational_power(matrix: sp.ImmutableDenseMatrix, exponent: sp.Expr) -> sp.MatrixBase:
    size = matrix.rows
    basis = [sequence for factor in _factors_of(matrix) for sequence in _sequences(*factor)]
    system = sp.Matrix(size, size, lambda k, i: basis[i].at(int(k)))
    powers = [sp.eye(size)]
    for _ in range(size - 1):
        powers.append(powers[-1] * matrix)
    rows = sp.Matrix(size, size * size, lambda k, i: powers[int(k)][int(i)])
    coefficients = system.LUsolve(rows)
    formulas = [sequence.formula(exponent) for sequence in basis]

    def entry(i: int, j: int) -> sp.Expr:
        column = coefficients[:, int(i) * size + int(j)]
        return sp.Add(*(c * formula for c, formula in zip(column, formulas, strict=True)))

    return sp.Matrix(size, size, entry).applyfunc(_collected)


def _collected(entry: sp.Expr) -> sp.Expr:
    """One coefficient for each power of an irrational eigenvalue."""
    powers = [power for power in entry.atoms(sp.Pow) if power.base.is_Add and power.exp.free_symbols]
    return sp.collect(sp.expand(entry, power_exp=False, power_base=False), powers) if powers else entry


def _factors_of(matrix: sp.ImmutableDenseMatrix) -> list[tuple[sp.Poly, int]]:
    """The irreducible factors of the characteristic polynomial, at most quadratic, with multiplicities."""
    x = sp.Dummy("x")
    factors: list[tuple[sp.Poly, int]] = matrix.charpoly(x).factor_list()[1]
    for factor, _ in factors:
        if factor.degree() > 2:
            raise NotYetError(
                str(matrix.tolist()),
                found=f"eigenvalues that are roots of the irreducible {factor.as_expr()}",
                write="the power itself, W^k: its entries have no form in square roots",
            )
    return [(factor.monic(), multiplicity) for factor, multiplicity in factors]


def _sequences(factor: sp.Poly, multiplicity: int) -> list[_Sequence]:
    coefficients = factor.all_coeffs()
    if len(coefficients) == 2:
        return _sequences_of_root(-coefficients[1], multiplicity)
    return _sequences_of_pair(-coefficients[1] / 2, coefficients[2], multiplicity)


def _sequences_of_root(root: sp.Expr, multiplicity: int) -> list[_Sequence]:
    """C(k, j) λ^{k−j}; of λ = 0 it is [k = j]."""
    if root == 0:
        return [
            _Sequence(lambda k, j=j: sp.Integer(k == j), lambda k, j=j: sp.KroneckerDelta(k, j))  # type: ignore[misc]  # j is bound at once
            for j in range(multiplicity)
        ]
    return [
        _Sequence(
            lambda k, j=j: sp.binomial(k, j) * root ** max(k - j, 0),  # type: ignore[misc]  # j is bound at once
            lambda k, j=j: _choose(k, j) * root ** (k - j),  # type: ignore[misc]  # j is bound at once
        )
        for j in range(multiplicity)
    ]


def _choose(k: sp.Expr, j: int) -> sp.Expr:
    return sp.prod([k - i for i in range(j)]) / sp.factorial(j)


def _sequences_of_pair(middle: sp.Expr, product: sp.Expr, multiplicity: int) -> list[_Sequence]:
    """λ± = p ± √q: C(k, j) times (λ₊^{k−j} + λ₋^{k−j})/2 and (λ₊^{k−j} − λ₋^{k−j})/(2√q), both rational."""

    def walk(k: int, first: sp.Expr, second: sp.Expr) -> sp.Expr:
        for _ in range(k):
            first, second = second, 2 * middle * second - product * first
        return first

    even, odd = _pair_formulas(middle, product)
    found: list[_Sequence] = []
    for j in range(multiplicity):
        for start, formula in (((sp.S.One, middle), even), ((sp.S.Zero, sp.S.One), odd)):
            found.append(
                _Sequence(
                    lambda k, j=j, s=start: sp.binomial(k, j) * walk(max(k - j, 0), *s),  # type: ignore[misc]  # bound at once
                    lambda k, j=j, f=formula: _choose(k, j) * f(k - j),  # type: ignore[misc]  # bound at once
                )
            )
    return found


def _pair_formulas(
    middle: sp.Expr, product: sp.Expr
) -> tuple[Callable[[sp.Expr], sp.Expr], Callable[[sp.Expr], sp.Expr]]:
    quarter = middle**2 - product
    if quarter > 0:
        root = sp.sqrt(quarter)
        high, low = middle + root, middle - root
        return (lambda k: (high**k + low**k) / 2), (lambda k: (high**k - low**k) / (2 * root))
    height = sp.sqrt(-quarter)
    modulus, angle = sp.sqrt(product), sp.atan2(height, middle)
    return (lambda k: modulus**k * sp.cos(k * angle)), (lambda k: modulus**k * sp.sin(k * angle) / height)


# With symbols: 2×2. Two eigenvalues that differ, one that is double, or a double zero.


def _two_by_two(matrix: sp.ImmutableDenseMatrix, k: sp.Expr) -> tuple[PowerCase, ...]:
    triangular = matrix[0, 1].is_zero or matrix[1, 0].is_zero
    apart, double, forms = _triangular(matrix, k) if triangular else _full(matrix, k)
    together, some = sp.Not(_nonzero(apart)), _nonzero(double)
    conditions = (_nonzero(apart), sp.And(together, some), sp.And(together, sp.Not(some)))
    return tuple(
        PowerCase(condition, sp.ImmutableDenseMatrix(form()))
        for condition, form in zip(conditions, forms, strict=True)
        if condition != sp.false
    )


Forms = tuple[sp.Expr, sp.Expr, tuple[Callable[[], sp.MatrixBase], ...]]
"""What vanishes when the eigenvalues are equal and, then, when they are 0; W^k distinct, equal, both 0."""


def _triangular(matrix: sp.ImmutableDenseMatrix, k: sp.Expr) -> Forms:
    a, b, c, d = matrix

    def form(mixed: sp.Expr) -> sp.MatrixBase:
        return sp.Matrix([[a**k, b * mixed], [c * mixed, d**k]])

    forms = (
        lambda: form((a**k - d**k) / (a - d)),
        lambda: form(k * a ** (k - 1)),
        lambda: form(sp.KroneckerDelta(k, 1)),
    )
    return sp.expand(a - d), sp.expand(a), forms


def _full(matrix: sp.ImmutableDenseMatrix, k: sp.Expr) -> Forms:
    a, b, c, d = matrix
    discriminant, one = sp.expand((a - d) ** 2 + 4 * b * c), sp.eye(2)
    root = sp.sqrt(discriminant)
    high, low, mean = (a + d + root) / 2, (a + d - root) / 2, (a + d) / 2
    forms = (
        lambda: (high**k * (matrix - low * one) - low**k * (matrix - high * one)) / root,
        lambda: mean**k * one + k * mean ** (k - 1) * (matrix - mean * one),
        lambda: sp.KroneckerDelta(k, 0) * one + sp.KroneckerDelta(k, 1) * matrix,
    )
    return discriminant, sp.expand(a + d), forms


def _nonzero(expression: sp.Expr) -> Boolean:
    known = expression.is_zero
    if known is None and expression.is_number:
        known = _vanishes(expression)
    return sp.Ne(expression, 0) if known is None else sp.false if known else sp.true


def _vanishes(expression: sp.Expr) -> bool:
    if expression.is_number:
        return bool(expression.equals(0))
    return bool(expression.is_zero)
