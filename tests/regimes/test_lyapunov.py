"""Lyapunov spectra: exact systems, invariants, the order of the products, far beyond float64's range."""

from __future__ import annotations

import math

import numpy as np
import pytest
from random_maps import born, henon, tanh_map

from symrnn.numeric.chains import Chain
from symrnn.regimes.determinants import lstm_log_dets
from symrnn.regimes.lyapunov import agreement, batch_errors, mean_log_det, spectrum
from symrnn.regimes.meanfield import newman_exponents, tanh_map_exponent
from symrnn.regimes.trajectories import follow


def gaussians(size: int, steps: int, seed: int = 0) -> np.ndarray:
    """Independent matrices of N(0, 1) entries."""
    return np.random.default_rng(seed).normal(size=(steps, size, size))


class TestExact:
    """Systems whose exponents are known."""

    @pytest.mark.parametrize("size", [1, 2, 5, 12])
    def test_newman(self, size: int) -> None:
        """Products of Gaussian matrices, exact at every finite size; the error bar covers the rest."""
        found = spectrum(gaussians(size, 6000), size)
        exact = newman_exponents(size)
        assert np.abs(found.exponents - exact).max() < 5 * found.errors.max() + 2e-3

    def test_a_constant_jordan_block(self) -> None:
        """Both exponents are log ½, whatever stands above the diagonal."""
        found = spectrum(np.broadcast_to([[0.5, 30.0], [0.0, 0.5]], (3000, 2, 2)), discard=1000)
        assert found.exponents == pytest.approx([math.log(0.5)] * 2, abs=2e-3)

    def test_beyond_the_range_of_floats(self) -> None:
        """A thousandth a step over 5,000 steps is 1e-15000."""
        found = spectrum(np.full((5000, 1, 1), 1e-3))
        assert found.exponents[0] == pytest.approx(math.log(1e-3), rel=1e-12)

    def test_a_large_tanh_map(self) -> None:
        """λ₁ of the infinite network, within what 400 units differ from it."""
        found = spectrum(tanh_map(400, 1500, 2.0), 4)
        assert found.exponents[0] == pytest.approx(tanh_map_exponent(2.0), abs=0.02)


class TestInvariants:
    """What every spectrum must fulfil by itself."""

    @pytest.mark.parametrize("size", [2, 3, 9, 20])
    def test_sum_rule(self, size: int) -> None:
        """Σ λ_i = mean log |det J|, to rounding."""
        found = spectrum(gaussians(size, 400), size)
        assert found.is_full and found.sum_error is not None and found.sum_error < 1e-10

    def test_henon_contracts_areas_evenly(self) -> None:
        """λ₁ + λ₂ = log 0.3 at every step."""
        found = spectrum(henon(5000))
        assert float(found.exponents.sum()) == pytest.approx(math.log(0.3), abs=1e-10)

    def test_lstm_determinant_in_closed_form(self) -> None:
        """±det(diag(tanh c ⊙ o ⊙ (1 − o)) U_o) ∏ f, step by step, and the sum of all exponents."""
        trajectory = follow(born("lstm", 5, 300))
        logs = lstm_log_dets(trajectory)
        assert logs is not None
        assert logs == pytest.approx(np.linalg.slogdet(trajectory.chain.dense())[1], abs=1e-8)
        found = spectrum(trajectory.chain, 10, discard=0)
        assert float(found.exponents.sum()) == pytest.approx(logs.mean(), abs=1e-8)

    def test_leading_ones_are_those_of_the_full_spectrum(self) -> None:
        """A block of k columns, made orthonormal rarely, gives the first k of all."""
        chain = follow(born("lstm", 10, 1500)).chain
        some, every = spectrum(chain, 3), spectrum(chain, 20)
        allowed = 5 * np.hypot(some.errors, every.errors[:3]) + 0.01
        assert (np.abs(some.exponents - every.exponents[:3]) < allowed).all()

    def test_transposed_products_agree(self) -> None:
        """Forward and backward in time the growth is the same."""
        difference, allowed = agreement(Chain.from_dense(gaussians(4, 3000)), k=2)
        assert difference <= allowed

    def test_singular_jacobians_are_reported(self) -> None:
        """An exponent of −∞, and at how many steps."""
        found = spectrum(np.broadcast_to([[1.0, 0.0], [0.0, 0.0]], (50, 2, 2)))
        assert found.singular > 0 and found.exponents[0] == pytest.approx(0.0, abs=0.1)
        assert math.isinf(found.exponents[1])


class TestOrder:
    """J_T ⋯ J_1: later factors to the left."""

    STEPS = np.array([[[0.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [4.0, 0.0]]])

    def test_a_reversed_order_fails(self) -> None:
        """Three matrices in turn, whose product in one order grows and in the other is gone at once."""
        a, b, c = np.array([[[2.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [3.0, 0.0]], [[0.0, 1.0], [0.0, 0.0]]])
        right = np.array([a, b, c] * 100)
        forward = spectrum(right, 1).exponents[0]
        assert forward == pytest.approx(math.log(6) / 3, abs=1e-2)
        assert math.isinf(spectrum(right[::-1], 1).exponents[0])

    def test_the_full_state_is_not_its_h_block(self) -> None:
        """For an LSTM the h block's own product misses the cell path."""
        trajectory = follow(born("lstm", 8, 600))
        dense = trajectory.chain.dense()
        full, block = spectrum(dense, 1).exponents[0], spectrum(dense[:, :8, :8], 1).exponents[0]
        assert abs(full - block) > 0.05


class TestErrors:
    """Error bars by batch means."""

    def test_cover_the_truth(self) -> None:
        """Of 40 runs about two thirds lie within one bar, nearly all within three."""
        exact = newman_exponents(3)[0]
        runs = [spectrum(gaussians(3, 600, seed), 1, discard=20) for seed in range(40)]
        inside = [abs(run.exponents[0] - exact) < 3 * run.errors[0] for run in runs]
        assert sum(inside) >= 36

    def test_one_look_knows_nothing(self) -> None:
        """A single step has no spread."""
        assert math.isinf(batch_errors(np.ones((1, 1)), np.ones(1, dtype=np.int64))[0])

    def test_history_ends_at_the_exponents(self) -> None:
        """The convergence plot's last point is the result."""
        found = spectrum(gaussians(3, 500), 3)
        assert found.history[-1] == pytest.approx(found.exponents)

    def test_mean_log_det_of_a_simple_cell(self) -> None:
        """In closed form from slopes and det W."""
        chain = follow(born("rnn", 6, 50)).chain
        assert mean_log_det(chain)[0] == pytest.approx(np.linalg.slogdet(chain.dense())[1].mean(), abs=1e-10)
