"""Intervals: every sample lies inside, slopes are recognised, invariant boxes are not left."""

from __future__ import annotations

import numpy as np
import pytest
from random_models import FAMILIES, random_model

from symrnn.algebra.activations import ACTIVATIONS, lookup
from symrnn.regimes.boxes import Box, product
from symrnn.regimes.enclosures import apply_row
from symrnn.regimes.forms import Step
from symrnn.regimes.trajectories import follow

NUMERIC = [name for name, row in ACTIVATIONS.items() if row.numeric and name not in ("log", "sqrt")]


class TestActivations:
    """f of an interval."""

    @pytest.mark.parametrize("name", NUMERIC)
    @pytest.mark.parametrize("ends", [(-3.0, -1.0), (-0.5, 0.4), (0.2, 2.5), (-6.0, 6.0)])
    def test_samples_lie_inside(self, name: str, ends: tuple[float, float]) -> None:
        """At 200 points between the ends."""
        row = lookup(name)
        box = apply_row(row, Box.between([[ends[0]]], [[ends[1]]]))
        values = np.asarray(row.array_function()(np.linspace(*ends, 200)))
        assert box.lo[0, 0] <= values.min() and values.max() <= box.hi[0, 0]

    @pytest.mark.parametrize("name", NUMERIC)
    def test_infinite_intervals_give_the_range(self, name: str) -> None:
        """Nothing beyond the row's own range."""
        row = lookup(name)
        box = apply_row(row, Box.everything((1, 1)))
        assert float(row.range.inf) <= box.lo[0, 0] and box.hi[0, 0] <= float(row.range.sup)


class TestProducts:
    """Matrices of intervals."""

    @pytest.mark.parametrize("seed", range(5))
    def test_samples_lie_inside(self, seed: int) -> None:
        """By middle and radius."""
        rng = np.random.default_rng(seed)
        left, right = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
        spread = abs(rng.normal(size=(3, 4)))
        box = product(Box(left - spread, left + spread), Box.of(right))
        for _ in range(50):
            value = (left + spread * rng.uniform(-1, 1, size=(3, 4))) @ right
            assert (box.lo <= value).all() and (value <= box.hi).all()

    def test_zero_times_infinity_is_zero(self) -> None:
        """An input that is not read may be anything."""
        box = product(Box.of([[0.0, 1.0]]), Box.between([[-np.inf], [0.0]], [[np.inf], [1.0]]))
        assert box.lo[0, 0] <= 0.0 <= 1.0 <= box.hi[0, 0] < 2.0


@pytest.mark.parametrize("seed", range(3 * len(FAMILIES)))
def test_trajectories_stay_in_invariant_boxes(seed: int) -> None:
    """And their step Jacobians in the enclosure of the Jacobian."""
    _, model = random_model(seed)
    step = Step(model)
    inputs = step.given_inputs()
    boxes = step.invariant(inputs)
    if boxes is None:
        return
    trajectory = follow(model)
    for name, box in boxes.items():
        states = trajectory.signal(name)
        assert (box.lo[:, 0] <= states).all() and (states <= box.hi[:, 0]).all()
    entries = step.entries(step.enclosure(inputs, boxes))
    dense = trajectory.chain.dense()
    assert (entries.lo - 1e-12 <= dense).all() and (dense <= entries.hi + 1e-12).all()


@pytest.mark.parametrize(
    ("cell", "high"), [("tanh", 1.0), ("sigmoid", 0.25), ("softsign", 1.0), ("elu", 1.0), ("softplus", 1.0)]
)
def test_a_slope_is_bounded_by_its_own_supremum(cell: str, high: float) -> None:
    """σ' ≤ 1/4, not 1 as y and 1 − y by themselves would say."""
    from symrnn.models.files import loads

    text = f"[cell]\nkind = 'rnn'\nactivation = '{cell}'\n[sequence]\nx = [1, 2]\n[parameters]\nW_h = 1\nW_x = 1\nb = 0"
    step = Step(loads(text))
    form = step.sandwich(step.enclosure(None, None))
    assert form is not None and form.high[0] == pytest.approx(high, abs=1e-12)
