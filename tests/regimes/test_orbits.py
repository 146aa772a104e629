"""Constant input: what an orbit settles on, and what that proves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from symrnn.models.files import loads
from symrnn.models.model import Model
from symrnn.regimes.orbits import settled
from symrnn.regimes.scalars import fixed_points, fold, orbit_exponent
from symrnn.regimes.trajectories import follow
from symrnn.regimes.verdicts import regime


def scalar(w: float, b: float = 0.0, h0: float = 0.5, steps: int = 300) -> Model:
    """h_t = tanh(w h_{t-1} + b)."""
    text = f"[cell]\nkind = 'rnn'\n[sequence]\nsteps = {steps}\nh0 = {h0}\n[parameters]\nW_h = {w}\nb = {b}\n"
    return loads(text)


class TestSettling:
    """Fixed points and cycles."""

    def test_fixed_point(self) -> None:
        """h = tanh(2h)."""
        cycle = settled(follow(scalar(2)))
        assert cycle is not None and cycle.period == 1
        assert cycle.rate == pytest.approx(fixed_points(2.0)[-1].slope, abs=1e-9)

    def test_cycle_of_two(self) -> None:
        """h = tanh(−2h) swings between ±h*."""
        cycle = settled(follow(scalar(-2)))
        assert cycle is not None and cycle.period == 2
        assert cycle.states[0, 0] == pytest.approx(-cycle.states[1, 0], abs=1e-9)

    def test_chaos_settles_on_nothing(self) -> None:
        """A random network of gain 3."""
        rows = (3 * np.random.default_rng(0).normal(size=(60, 60)) / math.sqrt(60)).round(6).tolist()
        start = np.random.default_rng(1).normal(size=60).round(3).tolist()
        text = f"[cell]\nkind = 'rnn'\n[sequence]\nsteps = 400\nh0 = {start}\n[parameters]\nW_h = {rows}\nb = 0\n"
        assert settled(follow(loads(text))) is None


class TestProofs:
    """A ball that is mapped inside itself, on which every step contracts."""

    @pytest.mark.parametrize("w", [1.2, 2.0, 5.0, -1.3, -3.0])
    def test_scalar(self, w: float) -> None:
        """|w| > 1 and undriven: vanishing from every start but 0, proved."""
        found = regime(scalar(w))
        assert (found.verdict, found.kind) == ("vanishing", "proved")
        assert found.reason is not None and found.reason.scope.key in ("box", "orbit")
        assert found.rate == pytest.approx(math.exp(orbit_exponent(w)), rel=1e-3)

    def test_trained_like_network(self) -> None:
        """ρ(W) = 1.7 and σ₁ near 6, saturated by its biases: vanishing all the same."""
        rng = np.random.default_rng(3)
        weights = rng.normal(size=(10, 10)) + 2.5 * np.triu(rng.normal(size=(10, 10)), 1)
        weights *= 1.7 / np.abs(np.linalg.eigvals(weights)).max()
        bias = (3 * rng.normal(size=10)).round(3).tolist()
        text = f"[cell]\nkind = 'rnn'\n[sequence]\nsteps = 50\n[parameters]\nW_h = {weights.tolist()}\nb = {bias}\n"
        found = regime(loads(text))
        assert found.kind == "proved" and found.verdict in ("vanishing", "mixed")

    def test_at_the_pitchfork_nothing_is_claimed(self) -> None:
        """w = 1, b = 0: h falls like 1/√t, slopes tend to 1; no exponential verdict is proved."""
        found = regime(scalar(1.0))
        assert not (found.kind == "proved" and found.verdict in ("vanishing", "exploding"))


class TestScalarForms:
    """Closed forms of h = tanh(w h + b)."""

    def test_fold(self) -> None:
        """Three fixed points inside |b| < b_c, one outside."""
        import sympy as sp

        edge = float(fold(sp.Integer(2)))
        assert len(fixed_points(2.0, 0.99 * edge)) == 3
        assert len(fixed_points(2.0, 1.01 * edge)) == 1

    @pytest.mark.parametrize("w", [-2.0, 0.0, 0.5, 0.999, 1.001, 1.5, 4.0])
    @pytest.mark.parametrize("b", [0.0, 0.2, -0.7])
    def test_fixed_points_are_fixed(self, w: float, b: float) -> None:
        """And they are all of them: a fine grid sees no more sign changes."""
        points = fixed_points(w, b)
        for point in points:
            assert math.tanh(w * point.value + b) == pytest.approx(point.value, abs=1e-13)
        grid = np.linspace(-1, 1, 4001) + 1e-7
        gaps = np.tanh(w * grid + b) - grid
        assert int((np.diff(np.sign(gaps)) != 0).sum()) <= len(points)
