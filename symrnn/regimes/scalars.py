"""The scalar cell h = tanh(w h + b) in closed form: fixed points, their slopes, folds and the pitchfork.

|w| < 1 contracts for every input. For w > 1 there are three fixed points where |b| < √(w(w−1)) − arcosh √w, and one
outside; at the ends of that interval two of them meet in a fold. At b = 0, w = 1 one becomes three: a pitchfork. At
w = −1 a cycle of period two is born.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import sympy as sp

from symrnn.errors import InputError


@dataclass(frozen=True)
class FixedPoint:
    """h* with h* = tanh(w h* + b), and the derivative w (1 − h*²) there: stable where it is below 1 in size."""

    value: float
    slope: float

    @property
    def is_stable(self) -> bool:
        """Whether orbits nearby come nearer."""
        return abs(self.slope) < 1


def fold(w: sp.Expr) -> sp.Expr:
    """b_c = √(w(w−1)) − arcosh √w: three fixed points for |b| < b_c, one beyond, for w > 1.

    >>> round(float(fold(sp.Integer(2))), 12)
    0.532839975354

    Reference: K. Doya, IEEE Trans. Neural Networks 1 (1993); from w (1 − h²) = 1.
    """
    return sp.sqrt(w * (w - 1)) - sp.acosh(sp.sqrt(w))


def fixed_points(w: float, b: float = 0.0) -> tuple[FixedPoint, ...]:
    """Every solution of h = tanh(w h + b), from low to high.

    >>> [round(point.value, 12) for point in fixed_points(2.0)]
    [-0.957504024077, 0.0, 0.957504024077]
    """
    from scipy.optimize import brentq

    if not (math.isfinite(w) and math.isfinite(b)):
        raise InputError(f"w = {w}, b = {b}", found="not finite", write="finite numbers")

    def gap(h: float) -> float:
        return math.tanh(w * h + b) - h

    # The gap has its extremes where w (1 − tanh²) = 1; between them it is monotone and crosses zero once at most.
    ends = [-1.0, 1.0]
    if w > 1:
        turn = math.acosh(math.sqrt(w))
        ends += [(turn - b) / w, (-turn - b) / w]
    if b == 0.0:
        ends.append(0.0)
    ends = sorted(min(max(end, -1.0), 1.0) for end in ends)
    roots = {end for end in ends if gap(end) == 0.0}
    for low, high in pairwise(ends):
        if gap(low) * gap(high) < 0:
            roots.add(float(brentq(gap, low, high, xtol=1e-16, rtol=4 * 2.0**-52)))
    if b == 0.0 and w > 1:
        roots |= {-root for root in roots if root > 0} | {abs(root) for root in roots if root < 0}
    return tuple(FixedPoint(root, w * (1 - root * root)) for root in _distinct(roots))


def _distinct(roots: set[float]) -> list[float]:
    found: list[float] = []
    for root in sorted(roots):
        if not found or root - found[-1] > 1e-14:
            found.append(root)
    return found


def orbit_exponent(w: float, b: float = 0.0, h0: float = 0.5, steps: int = 20_000) -> float:
    """λ = mean log |w (1 − h_t²)| along the undriven orbit from h_0.

    Orbits leave a repelling point, so ρ(J*) > 1 there decides nothing:

    >>> fixed_points(2.0)[1].slope, round(orbit_exponent(2.0), 2)
    (2.0, -1.79)
    """
    h, total = h0, 0.0
    for _ in range(200):
        h = math.tanh(w * h + b)
    for _ in range(steps):
        h = math.tanh(w * h + b)
        slope = abs(w * (1 - h * h))
        if slope == 0.0:
            return -math.inf
        total += math.log(slope)
    return total / steps
