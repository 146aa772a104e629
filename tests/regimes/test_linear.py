"""Linear cells are always decided, the margin included."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy as sp

from symrnn.models.files import loads
from symrnn.regimes import linear
from symrnn.regimes.linear import Position, contraction, exact_position
from symrnn.regimes.verdicts import regime

ROTATION = sp.Matrix([[0, -1], [1, 0]])


class TestExactPosition:
    """Eigenvalues against the unit circle, in the rationals."""

    @pytest.mark.parametrize(
        ("matrix", "position"),
        [
            (sp.Matrix([[sp.Rational(1, 2)]]), Position(-1)),
            (sp.Matrix([[-1]]), Position(0, 0)),
            (sp.Matrix([[1, 1], [0, 1]]), Position(0, 1)),
            (sp.Matrix([[1, 1, 0], [0, 1, 1], [0, 0, 1]]), Position(0, 2)),
            (ROTATION, Position(0, 0)),
            (sp.Matrix(sp.BlockMatrix([[ROTATION, sp.eye(2)], [sp.zeros(2), ROTATION]]).as_explicit()), Position(0, 1)),
            (
                sp.Matrix([[sp.Rational(3, 5), sp.Rational(-4, 5)], [sp.Rational(4, 5), sp.Rational(3, 5)]]),
                Position(0, 0),
            ),
            (sp.Matrix([[2, 0], [0, sp.Rational(1, 2)]]), Position(1)),
            # z² − 3z + 1 is its own reciprocal and has no root on the circle.
            (sp.Matrix([[3, -1], [1, 0]]), Position(1)),
            (sp.Matrix([[0, 1], [0, 0]]), Position(-1)),
            (sp.Matrix([[1 - sp.Rational(1, 10**30)]]), Position(-1)),
            (sp.Matrix([[1 + sp.Rational(1, 10**30)]]), Position(1)),
        ],
    )
    def test_known(self, matrix: sp.Matrix, position: Position) -> None:
        """Inside, on or outside, and how fast a polynomial grows."""
        assert exact_position(matrix) == position

    @pytest.mark.parametrize("seed", range(30))
    def test_against_eigenvalues(self, seed: int) -> None:
        """On random rational matrices of sizes 1 to 5."""
        rng = np.random.default_rng(seed)
        n = int(rng.integers(1, 6))
        entries = rng.integers(-9, 10, size=(n, n))
        scale = int(rng.integers(5, 25))
        radius = np.abs(np.linalg.eigvals(entries / scale)).max()
        found = exact_position(sp.Matrix(entries.tolist()) / scale)
        assert found.side == int(radius > 1 + 1e-9) - int(radius < 1 - 1e-9)


class TestModels:
    """Through `regime`."""

    def model(self, weights: str, activation: str = "identity", size: int = 2) -> object:
        """A linear cell of that matrix."""
        text = f"[cell]\nkind = 'rnn'\nactivation = '{activation}'\nhidden = {size}\n[sequence]\nsteps = 5\n"
        return regime(loads(text + f"[parameters]\nW_h = {weights}\nb = 0\n"))

    @pytest.mark.parametrize(
        ("weights", "verdict", "growth"),
        [
            ("[[1, 1], [0, 1]]", "marginal", 1),
            ("[[0, -1], [1, 0]]", "marginal", 0),
            ("[[0.5, 100], [0, 0.5]]", "mixed", None),
            ("[[3, -3], [3, -3]]", "mixed", None),
            ("[[1.01, 0], [0, 0.1]]", "exploding", None),
        ],
    )
    def test_verdicts(self, weights: str, verdict: str, growth: int | None) -> None:
        """Proved for every input."""
        found = self.model(weights)
        assert (found.verdict, found.kind, found.growth) == (verdict, "proved", growth)  # type: ignore[attr-defined]

    def test_orthogonal_floats_are_marginal_within_rounding(self) -> None:
        """And the verdict says that floats decided it."""
        found = self.model("{init = 'orthogonal', seed = 1}", size=32)
        assert found.verdict == "marginal"  # type: ignore[attr-defined]
        assert dict(found.reason.notes)["within rounding"][0] < 1e-10  # type: ignore[attr-defined]

    def test_two_lags_are_one_companion_matrix(self) -> None:
        """h_t = h_{t-1}/2 + h_{t-2}/2 has the root 1."""
        text = (
            "[cell]\nequations = 'h_t = w h_{t-1} + v h_{t-2}'\n[sequence]\nsteps = 9\n[parameters]\nw = 0.5\nv = 0.5\n"
        )
        assert regime(loads(text)).verdict == "marginal"


@pytest.mark.parametrize("seed", range(12))
def test_contraction_holds_for_every_power(seed: int) -> None:
    """‖J^k‖ ≤ C r^k, with r below 1, also far from normal."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 9))
    matrix = np.triu(rng.normal(size=(n, n))) if seed % 2 else rng.normal(size=(n, n))
    matrix *= rng.uniform(0.3, 0.99) / np.abs(np.linalg.eigvals(matrix)).max()
    bound = contraction(matrix, float(np.abs(np.linalg.eigvals(matrix)).max()))
    assert bound is not None and bound.rate < 1
    power = np.eye(n)
    for lag in range(80):
        assert math.log(np.linalg.norm(power, 2)) <= bound.log_at(lag) + 1e-9
        power = power @ matrix


def test_evidence_names_what_decides() -> None:
    """The theorem, its figure exact where the numbers are."""
    found = linear.evidence_of(np.array([[0.5]]), sp.Matrix([[sp.Rational(1, 2)]]), "w")
    assert found.statement.with_value(found.shown) == "|w| = 1/2 < 1"
