"""Theorems on J_t = A diag(d_t) B with bounded slopes: which condition proves vanishing, which exploding, with C and r.

Each check reads a `Sandwich` and returns an `Evidence`. Every bound holds for every k: a step contracts (or expands)
by itself, in one norm for all steps. Figures are rounded to the safe side (`margins`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symrnn.regimes.evidence import EVERY, Bound, Evidence, Scope, Theorem
from symrnn.regimes.forms import Sandwich, weight_name
from symrnn.regimes.margins import UNIT, above, below, norm_above, rows_above, smallest_below, volume_below
from symrnn.regimes.scalings import Scaling, best_scaling
from symrnn.regimes.statements import Quantity, Statement
from symrnn.regimes.theorems import (
    EXPANSION,
    INFINITY_NORM,
    NOT_EXPLODING,
    NOT_VANISHING,
    ONE_NORM,
    SCALED,
    SIGMA,
    SIZES,
    TEXTBOOK,
    VOLUME,
)

Array = NDArray[np.float64]

SMALL = 32
"""Sizes up to which the best scaling is sought even where σ₁ already decides."""
WORTH = 3.0
"""The σ₁ of a larger matrix up to which a scaling is sought at all."""


@dataclass(frozen=True)
class Checked:
    """A sandwich with what every check needs: M = diag(high) B (or A diag(high)), its best scaling if sought."""

    sandwich: Sandwich
    scope: Scope
    exact: sp.Expr | None

    @property
    def outer(self) -> float:
        """What ‖A‖ adds to the constant where A and B both stand: the factors regroup as (diag B A)^k."""
        form = self.sandwich
        if form.left is None or form.right is None:
            return 1.0
        return norm_above(form.left) * norm_above(form.high[:, None] * form.right)

    @property
    def upper(self) -> Array:
        """The matrix whose norm bounds a step."""
        form = self.sandwich
        if form.left is None:
            return form.matrix(form.high)
        if form.right is None:
            return form.left * form.high
        return form.high[:, None] * (form.right @ form.left)

    @property
    def lower(self) -> Array:
        """A diag(low) B: no step expands less, where slopes have one sign each."""
        return self.sandwich.matrix(self.sandwich.low)

    def bound(self, rate: float, constant: float) -> Bound:
        """C r^k; regrouping k steps as k − 1 costs ‖A‖ ‖diag B‖ / r."""
        form = self.sandwich
        if form.left is not None and form.right is not None:
            constant = max(1.0, constant * self.outer / max(rate, 1e-300))
        return Bound(constant, rate)


def evidence_of(sandwich: Sandwich, scope: Scope = EVERY, exact: sp.Expr | None = None) -> list[Evidence]:
    """Every theorem of this module, checked; the sharpest that holds first.

    Args:
        sandwich: the form of the step.
        scope: for which inputs and states its slopes are bounded.
        exact: |w| as an exact number, for a scalar cell with exact numbers and sup|f'|, inf|f'| exact.
    """
    checked = Checked(sandwich, scope, exact)
    found = [each for check in CHECKS for each in check(checked)]
    order = {"vanishing": 0, "exploding": 0, "not exploding": 1, "not vanishing": 1, "": 2, "marginal": 0}
    return sorted(found, key=lambda each: (order[each.implies], not each.holds))


def _slope_factor(sandwich: Sandwich, kind: str) -> tuple[Quantity, ...]:
    ends = sandwich.high if kind == "sup_slope" else sandwich.low
    names = sandwich.activations
    if not names and np.array_equal(ends, np.ones_like(ends)):
        return ()
    return (Quantity(kind, names[0] if len(names) == 1 else "f"),)


def _statement(checked: Checked, kind: str, relation: str, slope: str = "sup_slope") -> Statement:
    form = checked.sandwich
    if form.size == 1 and kind in ("sigma_max", "sigma_min", "volume"):
        kind = "size"
    return Statement((Quantity(kind, weight_name(form)), *_slope_factor(form, slope)), relation)


def _upper(theorem: Theorem, kind: str, value: float, constant: float, checked: Checked) -> Evidence:
    exact = checked.exact if checked.sandwich.size == 1 else None
    holds = value < 1 if exact is None else bool(exact < 1)
    return Evidence(
        theorem,
        _statement(checked, kind, "<"),
        holds,
        value,
        checked.scope,
        exact=exact,
        bound=checked.bound(value, constant) if holds else None,
    )


def _sigma(checked: Checked) -> Iterator[Evidence]:
    value = above(checked.exact) if checked.exact is not None else _norm(checked)
    yield _upper(SIGMA, "sigma_max", value, 1.0, checked)
    least = bool(checked.exact == 1) if checked.exact is not None else value <= 1
    if least and not value < 1:
        statement = _statement(checked, "sigma_max", "≤")
        yield Evidence(
            NOT_EXPLODING, statement, True, value, checked.scope, exact=checked.exact, bound=checked.bound(1.0, 1.0)
        )


def _norm(checked: Checked) -> float:
    """σ₁ of the matrix that bounds a step; for numbers times a power of two nothing is rounded."""
    value = norm_above(checked.upper)
    rounded = checked.sandwich.size == 1 and math.frexp(float(checked.sandwich.high[0]))[0] not in (0.0, 0.5)
    return value * (1 + 4 * UNIT) if rounded else value


def _scaled(checked: Checked) -> Iterator[Evidence]:
    matrix = checked.upper
    n = len(matrix)
    if n == 1 or not np.isfinite(matrix).all():
        return
    # No scaling can do better than ρ, and a large matrix is scaled only where that can change the answer.
    radius = float(np.abs(np.linalg.eigvals(matrix)).max())
    sigma = norm_above(matrix)
    if radius >= 1 or (n > SMALL and not 1 <= sigma <= WORTH):
        return
    scaling = best_scaling(matrix, effort=60 if n <= SMALL else 6)
    yield _upper(SCALED, "scaled", scaling.norm, scaling.condition, checked)
    yield from _sizes(checked, matrix, scaling)


def _sizes(checked: Checked, matrix: Array, scaling: Scaling) -> Iterator[Evidence]:
    """ρ(|M|): Perron's own scaling gives a spectral norm of exactly that, so it is never better than the best."""
    from symrnn.regimes.margins import perron, radius_above

    right, left = perron(np.abs(matrix))
    value = max(radius_above(np.abs(matrix), right), radius_above(np.abs(matrix).T, left))
    condition = math.sqrt(float(right.max() / right.min()) * float(left.max() / left.min())) * (1 + 1e-14)
    yield _upper(SIZES, "radius_of_sizes", value, condition, checked)


def _norms(checked: Checked) -> Iterator[Evidence]:
    matrix = checked.upper
    if len(matrix) == 1 or not np.isfinite(matrix).all():
        return
    constant = math.sqrt(len(matrix)) * (1 + 1e-15)
    yield _upper(ONE_NORM, "norm_one", rows_above(matrix.T), constant, checked)
    yield _upper(INFINITY_NORM, "norm_infinity", rows_above(matrix), constant, checked)


def _lower(checked: Checked) -> Iterator[Evidence]:
    form = checked.sandwich
    square = all(m is None or m.shape[0] == m.shape[1] for m in (form.left, form.right))
    if not square or not (form.low > 0).all():
        return
    exact = None
    if checked.exact is not None and np.array_equal(form.low, form.high):
        exact = checked.exact
    if form.size > 1:
        value = smallest_below(checked.lower) if form.left is None or form.right is None else _apart(form)
        yield _below(EXPANSION, "sigma_min", value, exact, checked)
    value = below(exact) if exact is not None else volume_below(checked.lower) * (1 - 4 * UNIT)
    if form.size == 1 and exact is None and math.frexp(float(form.low[0]))[0] == 0.5:
        value = volume_below(checked.lower)
    yield _below(VOLUME, "volume", value, exact, checked)
    if value == 1.0 or (form.size > 1 and value > 1 - 1e-12 and value <= 1 and norm_above(checked.upper) < 1 + 1e-9):
        statement = _statement(checked, "volume", "≥", "inf_slope")
        yield Evidence(
            NOT_VANISHING, statement, value >= 1, value, checked.scope, exact=exact, bound=Bound(1.0, 1.0, below=True)
        )


def _apart(form: Sandwich) -> float:
    assert form.left is not None and form.right is not None
    return smallest_below(form.left) * float(form.low.min()) * smallest_below(form.right)


def _below(theorem: Theorem, kind: str, value: float, exact: sp.Expr | None, checked: Checked) -> Evidence:
    holds = value > 1 if exact is None else bool(exact > 1)
    bound = Bound(1.0, value, below=True) if holds else None
    statement = _statement(checked, kind, ">", "inf_slope")
    return Evidence(theorem, statement, holds, value, checked.scope, exact=exact, bound=bound)


def _textbook(checked: Checked) -> Iterator[Evidence]:
    form = checked.sandwich
    if form.size == 1:
        return
    value = float(np.abs(np.linalg.eigvals(form.weights)).max() * form.high.max())
    yield Evidence(TEXTBOOK, _statement(checked, "radius", "<"), value < 1, value, checked.scope)


CHECKS: tuple[Callable[[Checked], Iterator[Evidence]], ...] = (_sigma, _scaled, _norms, _lower, _textbook)
"""Every check, the sharpest conditions for vanishing first."""


def carried(evidence: list[Evidence]) -> dict[str, Any]:
    """What the proofs together say: the implications that hold."""
    return {each.implies: each for each in reversed(evidence) if each.implies}
