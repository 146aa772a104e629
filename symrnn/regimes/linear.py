"""Linear cells are always decided: one constant step Jacobian J, so λ = log ρ(J), whatever the input.

ρ < 1 vanishes and ρ > 1 explodes; at ρ = 1 the largest Jordan block of an eigenvalue on the unit circle tells how fast
a polynomial grows. Exact numbers of small size are decided in the rationals, others with a margin for rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symrnn.regimes.evidence import EVERY, Bound, Evidence, Scope
from symrnn.regimes.margins import UNIT, above, below, norm_above
from symrnn.regimes.statements import Quantity, Statement
from symrnn.regimes.theorems import MARGINAL, STABLE, UNSTABLE

Array = NDArray[np.float64]
MOST_EXACT = 8
"""Sizes decided in the rationals: the characteristic polynomial is factored over ℚ."""


@dataclass(frozen=True)
class Position:
    """Where the eigenvalues lie: side −1, 0 or 1 for ρ <, =, > 1; `degree` of the growth at the circle."""

    side: int
    degree: int | None = None


def evidence_of(matrix: Array, exact: sp.Matrix | None, name: object, scope: Scope = EVERY) -> Evidence:
    """ρ(J) against 1, with C and r of ‖J^k‖ ≤ C r^k (≥ where it explodes).

    Args:
        matrix: J.
        exact: J in exact numbers, where there are some.
        name: what J is called.
        scope: where it is constant.

    >>> evidence_of(np.array([[3.0, -3.0], [3.0, -3.0]]), None, "W").theorem.name
    'linear stable'
    """
    n = len(matrix)
    radius = float(np.abs(np.linalg.eigvals(matrix)).max())
    position = _position(matrix, exact, radius)
    symbol = _exact_radius(exact)
    kind = "size" if n == 1 else "radius"
    left = (Quantity(kind, name),)
    if position.side < 0:
        bound = contraction(matrix, radius)
        value = min(radius, math.nextafter(1.0, 0.0))
        if symbol is not None:
            bound = Bound(1.0, above(symbol))
        return Evidence(STABLE, Statement(left, "<"), True, value, scope, exact=symbol, bound=bound)
    if position.side > 0:
        lower = _expansion(matrix, radius) if symbol is None else Bound(1.0, max(below(symbol), 1.0), below=True)
        return Evidence(UNSTABLE, Statement(left, ">"), True, radius, scope, exact=symbol, bound=lower)
    notes: tuple[tuple[str, tuple[Any, ...]], ...] = (
        () if position.degree is None else (("growth", (position.degree,)),)
    )
    rounded = exact is None or n > MOST_EXACT
    notes += (("within rounding", (_doubt(matrix, radius),)),) if rounded and n > 1 else ()
    return Evidence(
        MARGINAL, Statement(left, "="), True, 1.0, scope, exact=sp.Integer(1) if not rounded else None, notes=notes
    )


def _position(matrix: Array, exact: sp.Matrix | None, radius: float) -> Position:
    n = len(matrix)
    rational = _rational(matrix, exact) if n <= MOST_EXACT else None
    if rational is not None and (abs(radius - 1) < 1e-3 or exact is not None):
        return exact_position(rational)
    doubt = _doubt(matrix, radius)
    if radius < 1 - doubt:
        return Position(-1)
    if radius > 1 + doubt:
        return Position(1)
    return Position(0, _numeric_degree(matrix, doubt))


def _rational(matrix: Array, exact: sp.Matrix | None) -> sp.Matrix | None:
    """The numbers as fractions: exact ones as they are, binary floats as what they are."""
    if exact is not None:
        return exact if all(entry.is_Rational for entry in exact) else None
    return sp.Matrix([[sp.Rational(*Fraction(float(v)).as_integer_ratio()) for v in row] for row in matrix])


def _exact_radius(exact: sp.Matrix | None) -> sp.Expr | None:
    return sp.Abs(exact[0, 0]) if exact is not None and exact.shape == (1, 1) else None


def exact_position(matrix: sp.Matrix) -> Position:
    """Where the eigenvalues of a rational matrix lie, decided exactly.

    Irreducible factors of the characteristic polynomial have roots on the circle only if they are self-reciprocal;
    those are counted by Sturm in y = z + 1/z. The others are decided by Schur and Cohn's recursion.

    >>> exact_position(sp.Matrix([[1, 1], [0, 1]]))
    Position(side=0, degree=1)
    """
    from sympy.polys.matrices import DomainMatrix

    z = sp.Symbol("z")
    domain = DomainMatrix.from_Matrix(matrix).convert_to(sp.QQ)
    polynomial = sp.Poly.from_list([sp.QQ.to_sympy(c) for c in domain.charpoly()], z, domain=sp.QQ)
    _, factors = polynomial.factor_list()
    degree = -1
    for factor, power in factors:
        side = _side(factor)
        if side > 0:
            return Position(1)
        if side == 0:
            degree = max(degree, _largest_block(matrix, factor, power) - 1)
    return Position(-1) if degree < 0 else Position(0, degree)


def _side(factor: sp.Poly) -> int:
    """For an irreducible factor: 1 if a root lies outside, 0 if all lie on the circle, −1 if all lie inside."""
    coefficients = factor.all_coeffs()
    if len(coefficients) == 2:
        root = abs(coefficients[1] / coefficients[0])
        return int(bool(root > 1)) - int(bool(root < 1))
    reversed_ = coefficients[::-1]
    if coefficients == reversed_ or coefficients == [-c for c in reversed_]:
        return 0 if _on_circle(coefficients) else 1
    return -1 if is_schur(coefficients) else 1


def _on_circle(coefficients: list[sp.Expr]) -> bool:
    """Whether a self-reciprocal polynomial of even degree has all roots on the circle: z + 1/z real in [−2, 2]."""
    half = (len(coefficients) - 1) // 2
    y = sp.Symbol("y")
    # z^k + z^{-k} = 2 T_k(y/2)
    reduced = coefficients[half] + sum(coefficients[half - k] * 2 * sp.chebyshevt(k, y / 2) for k in range(1, half + 1))
    return bool(sp.Poly(sp.expand(reduced), y).count_roots(-2, 2) == half)


def is_schur(coefficients: list[sp.Expr]) -> bool:
    """Whether all roots of a_0 z^n + … + a_n lie inside the unit circle (Schur 1917, Cohn 1922), exactly.

    >>> is_schur([sp.Integer(1), sp.Rational(-1, 2)]), is_schur([sp.Integer(1), sp.Integer(-2)])
    (True, False)
    """
    a = list(coefficients)
    while len(a) > 1:
        if not abs(a[-1]) < abs(a[0]):
            return False
        a = [a[0] * a[k] - a[-1] * a[-1 - k] for k in range(len(a) - 1)]
    return True


def _largest_block(matrix: sp.Matrix, factor: sp.Poly, power: int) -> int:
    """The size of the largest Jordan block of the factor's roots: when rank p(J)^k stops falling."""
    if power == 1:
        return 1
    value = sp.zeros(*matrix.shape)
    for coefficient in factor.all_coeffs():
        value = value * matrix + coefficient * sp.eye(matrix.rows)
    current, rank = value, value.rank()
    for size in range(1, power + 1):
        current = current * value
        new = current.rank()
        if new == rank:
            return size
        rank = new
    return power


def _doubt(matrix: Array, radius: float) -> float:
    """How far a computed spectral radius near 1 may be off: 100 times rounding over the eigenvalues' conditions."""
    from scipy.linalg import eig

    values, left, right = eig(matrix, left=True)
    near = np.abs(values) > radius - 1e-6
    overlaps = np.abs(np.einsum("ij,ij->j", left.conj(), right))[near]
    backward = 100 * UNIT * float(np.linalg.norm(matrix))
    worst = float(overlaps.min()) if overlaps.size else 1.0
    # A Jordan block of size p moves its eigenvalues by backward^{1/p}; overlap ~ 0 is its sign.
    return min(backward / max(worst, 1e-300), math.sqrt(backward)) + backward


def _numeric_degree(matrix: Array, doubt: float) -> int | None:
    """0 where the powers stay bounded as far as can be seen, else None: floats do not tell a Jordan block."""
    power = matrix.copy()
    for _ in range(14):
        power = power @ power
        if not np.isfinite(power).all() or np.linalg.norm(power) > 1e3 * max(1.0, float(np.linalg.norm(matrix))):
            return None
    return 0


def contraction(matrix: Array, radius: float) -> Bound | None:
    """C and r with ‖J^k‖ ≤ C r^k for every k, r a little above ρ(J): from P = Σ (J/r)^{kᵀ} (J/r)^k, C = √κ(P).

    The inequality ‖L J L⁻¹‖ ≤ r is checked in the factor P = LᵀL itself, with a margin for rounding.

    >>> bound = contraction(np.array([[3.0, -3.0], [3.0, -3.0]]), 0.0)
    >>> bound.rate < 1 and bound.constant >= 6 / bound.rate
    True
    """
    if len(matrix) == 1:
        return Bound(1.0, abs(float(matrix[0, 0])))
    plain = norm_above(matrix)
    found = Bound(1.0, plain) if plain < 1 else None
    for share in (0.02, 0.1, 0.3, 0.6, 0.9):
        rate = radius + share * (1 - radius)
        bound = _weighted(matrix, rate)
        if bound is not None:
            if bound.constant < 1e6:
                return bound if found is None or bound.rate < found.rate else found
            found = found or bound
    return found


def _weighted(matrix: Array, rate: float) -> Bound | None:
    """The bound in the norm of P for a given r, or None where rounding spoils it."""
    power, total = matrix / rate, np.eye(len(matrix))
    for _ in range(40):
        step = power.T @ total @ power
        total = total + step
        if not np.isfinite(total).all():
            return None
        if np.linalg.norm(step) <= 1e-17 * np.linalg.norm(total):
            break
        power = power @ power
    try:
        factor = np.linalg.cholesky(total).T
    except np.linalg.LinAlgError:
        return None
    values = np.linalg.svd(factor, compute_uv=False)
    condition = float(values[0] / values[-1])
    inner = np.linalg.solve(factor.T, (factor @ matrix).T).T
    value = norm_above(inner, error=20 * len(matrix) * UNIT * condition * float(np.linalg.norm(inner)))
    # The norm of P contracts by at most `value`, which is at most r but for rounding.
    return Bound(condition * (1 + 1e-9), max(value, 1e-300)) if value < 1 else None


def _expansion(matrix: Array, radius: float) -> Bound:
    """‖J^k‖ ≥ ρ(J)^k, with ρ rounded down."""
    doubt = _doubt(matrix, radius) if len(matrix) > 1 else 0.0
    return Bound(1.0, max(radius - doubt, 1.0), below=True)
