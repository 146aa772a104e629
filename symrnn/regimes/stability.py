"""Schur and Cohn's conditions in Jury's form: all eigenvalues inside the unit circle, as inequalities in the entries.

For 2×2: |tr| < 1 + det and det < 1. For 3×3 with characteristic polynomial z³ + a z² + b z + c: 1 + a + b + c > 0,
1 − a + b − c > 0, |c| < 1, |b − a c| < 1 − c². For symbols they are solved for a chosen parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from symrnn.errors import InputError, LimitError

MOST = 3


def margins(trace: Any, second: Any, det: Any, n: int) -> tuple[Any, ...]:
    """What must be positive, from tr, the sum of principal 2×2 minors, and det; for n = 1, 2, 3.

    >>> margins(1, None, sp.Rational(1, 2), 2)
    (1/2, 5/2, 1/2, 3/2)
    """
    if n == 1:
        return 1 - det, 1 + det
    if n == 2:
        return 1 - trace + det, 1 + trace + det, 1 - det, 1 + det
    a, b, c = -trace, second, -det
    inner, outer = b - a * c, 1 - c * c
    return 1 + a + b + c, 1 - a + b - c, 1 - c, 1 + c, outer - inner, outer + inner


def is_stable(matrices: ArrayLike) -> NDArray[np.bool_]:
    """Whether ρ < 1, by Jury's inequalities alone, for arrays (…, n, n) with n ≤ 3.

    >>> is_stable([[[0.5, 1.0], [0.0, 0.5]], [[1.0, 1.0], [0.0, 0.5]]]).tolist()
    [True, False]
    """
    a = np.asarray(matrices, dtype=np.float64)
    n = a.shape[-1]
    if a.ndim < 2 or a.shape[-2] != n or not 1 <= n <= MOST:
        raise InputError(f"shape {a.shape}", found="no matrices up to 3×3", write="an array (…, 2, 2) or (…, 3, 3)")
    trace = np.trace(a, axis1=-2, axis2=-1)
    second = 0.5 * (trace**2 - np.trace(a @ a, axis1=-2, axis2=-1))
    conditions = margins(trace, second, _det(a), n)
    return np.asarray(np.logical_and.reduce([np.asarray(c) > 0 for c in conditions]))


def _det(a: NDArray[np.float64]) -> NDArray[np.float64]:
    """By the formula: LAPACK's pivots cost more than three products."""
    n = a.shape[-1]
    if n == 1:
        return np.asarray(a[..., 0, 0])
    if n == 2:
        return np.asarray(a[..., 0, 0] * a[..., 1, 1] - a[..., 0, 1] * a[..., 1, 0])
    crossed = np.cross(a[..., 1, :], a[..., 2, :])
    return np.asarray((a[..., 0, :] * crossed).sum(axis=-1))


def conditions(matrix: sp.Matrix) -> tuple[sp.Expr, ...]:
    """Expressions that are all positive exactly where ρ(A) < 1, for a symbolic matrix up to 3×3.

    >>> w = sp.Symbol("w", real=True)
    >>> conditions(sp.Matrix([[w]]))
    (1 - w, w + 1)
    """
    n = matrix.rows
    if matrix.rows != matrix.cols or n > MOST:
        raise LimitError(
            f"a symbolic matrix {matrix.rows}×{matrix.cols}",
            found="the conditions are for square matrices up to 3×3",
            write="a smaller one, or numbers",
        )
    trace, det = matrix.trace(), matrix.det()
    second = (trace**2 - (matrix * matrix).trace()) / 2
    found = margins(trace, sp.expand(second), sp.expand(det), n)
    return tuple(dict.fromkeys(sp.expand(each) for each in found))


def solved(conditions: Sequence[sp.Expr], symbol: sp.Symbol) -> sp.Set | None:
    """The real values of one symbol for which every expression is positive; None where other symbols keep it open.

    >>> w = sp.Symbol("w", real=True)
    >>> solved((1 - w, w + 1), w)
    Interval.open(-1, 1)
    """
    total: sp.Set = sp.S.Reals
    for condition in conditions:
        if condition.free_symbols - {symbol}:
            return None
        if condition.is_number:
            total = total if condition > 0 else sp.S.EmptySet
            continue
        total = total.intersect(sp.solve_univariate_inequality(condition > 0, symbol, relational=False))
    return total


def boundaries(conditions: Sequence[sp.Expr], symbol: sp.Symbol) -> tuple[sp.Expr, ...]:
    """The values of one symbol where some expression is zero: between them nothing changes.

    >>> w, v = sp.symbols("w v", real=True)
    >>> boundaries((1 - w * v,), w)
    (1/v,)
    """
    found: dict[sp.Expr, None] = {}
    for condition in conditions:
        if condition.has(symbol) and condition.is_polynomial(symbol) and sp.degree(condition, symbol) <= 2:
            found |= dict.fromkeys(sp.solve(condition, symbol))
    return tuple(found)
