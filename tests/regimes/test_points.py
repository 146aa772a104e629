"""Sweep files and what is measured at a point."""

from __future__ import annotations

import numpy as np
import pytest

from symrnn.errors import SymrnnError
from symrnn.regimes.points import FIGURES, KEYS, check_row, measured, model_of, read_sweep


class TestFiles:
    """A grid from a table."""

    def test_points_are_numbered_with_the_last_key_fastest(self) -> None:
        """And `point` agrees with `points`."""
        sweep = read_sweep('[sweep]\nactivation = ["tanh", "relu"]\ngain = [0.5, 1.0, 2.0]\nseeds = 2\n')
        assert len(sweep) == 12 and sweep.swept == ("activation", "gain", "seed")
        assert [sweep.point(index) for index in range(12)] == [point for _, point in sweep.points()]
        assert sweep.point(1) == sweep.point(0) | {"seed": 1}

    def test_ranges(self) -> None:
        """Linear and logarithmic, to twelve digits; whole numbers stay whole."""
        sweep = read_sweep(
            '[sweep]\ngain = {from = 0.1, to = 0.3, count = 3}\nhidden = {from = 4, to = 64, count = 3, scale = "log"}'
        )
        assert sweep.values["gain"] == (0.1, 0.2, 0.3) and sweep.values["hidden"] == (4, 16, 64)

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("gain = []", "empty"),
            ("gain = [1, 1]", "twice"),
            ("gain = [-1]", "from 0"),
            ("hidden = 2.5", "whole"),
            ("hidden = 100000", "number"),
            ("steps = true", "number"),
            ("kind = 'rmn'", "one of: rnn"),
            ("activation = 'tanhh'", "tanh"),
            ("init = 'none'", "gaussian"),
            ("gain = {from = 1}", "count"),
            ("gain = {from = 0, to = 1, count = 3, scale = 'log'}", "reaches 0"),
            ("seeds = 0", "seeds"),
            ("seeds = 2\nseed = 1", "seeds"),
            ("gian = 1", "gain"),
            ("gain = nan", "number"),
            ("hidden = {from = 1, to = 4000, count = 4000}\nsteps = {from = 2, to = 4000, count = 3000}", "million"),
        ],
    )
    def test_what_cannot_be_swept(self, line: str, said: str) -> None:
        """An error that says what to write."""
        with pytest.raises(SymrnnError) as caught:
            read_sweep(f"[sweep]\n{line}\n")
        assert said in str(caught.value)

    def test_no_table(self) -> None:
        """A model file is no sweep."""
        with pytest.raises(SymrnnError, match=r"no such key|no table"):
            read_sweep("[cell]\nkind = 'rnn'\n")


class TestPoints:
    """Random models."""

    def sweep(self, line: str) -> dict[str, object]:
        """The first row of a sweep of small networks."""
        steps = "" if "steps" in line else "steps = 40\n"
        return measured(0, read_sweep(f"[sweep]\nhidden = 6\n{steps}{line}\n").point(0))

    @pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
    def test_every_cell(self, kind: str) -> None:
        """Figures that are numbers, no failure."""
        row = self.sweep(f"kind = '{kind}'")
        assert row["failed"] is None and row["rate"] == pytest.approx(np.exp(row["lyapunov"]))
        assert (row["spectral_radius"] is None) == (kind != "rnn")

    def test_a_row_has_every_column_in_order(self) -> None:
        """As the CSV has them."""
        assert list(self.sweep("gain = 1")) == ["index", *KEYS, *FIGURES]

    def test_gain_scales_the_recurrent_matrix_alone(self) -> None:
        """The same draw, doubled."""
        one, two = (model_of(read_sweep(f"[sweep]\nhidden = 6\ngain = {gain}").point(0)) for gain in (1, 2))
        assert np.allclose(two.value("W_h"), 2 * one.value("W_h"))
        assert np.array_equal(two.value("W_x"), one.value("W_x")) and np.array_equal(two.value("x"), one.value("x"))

    def test_gaussian_weights_follow_the_circular_law(self) -> None:
        """ρ → gain, σ_1 → 2 gain."""
        row = measured(0, read_sweep("[sweep]\nhidden = 400\nsteps = 3\ngain = 1.5").point(0))
        assert abs(row["spectral_radius"] / 1.5 - 1) < 0.1 and abs(row["sigma_1"] / 3 - 1) < 0.05

    def test_an_undriven_linear_network_has_log_of_the_spectral_radius(self) -> None:
        """λ_1 = ln ρ(W), whatever the start."""
        row = self.sweep("activation = 'identity'\ninput_std = 0\nstart_std = 1\nsteps = 2000\ngain = 0.9")
        assert row["lyapunov"] == pytest.approx(np.log(row["spectral_radius"]), abs=0.02)

    def test_a_point_that_fails_says_why(self) -> None:
        """And the sweep goes on."""
        row = self.sweep("activation = 'relu'\ngain = 1e200\nsteps = 400")
        assert row["lyapunov"] is None and row["failed"]

    def test_the_same_point_has_the_same_row(self) -> None:
        """Bit for bit."""
        assert self.sweep("kind = 'gru'") == self.sweep("kind = 'gru'")

    def test_rows_of_another_sweep_are_refused(self) -> None:
        """By their values."""
        sweep, other = (read_sweep(f"[sweep]\nhidden = 4\nsteps = 20\ngain = [0.5, {gain}]") for gain in (1, 2))
        row = measured(1, sweep.point(1))
        assert check_row(row, sweep) == 1
        for wrong in (row | {"index": 7}, {"index": True}, None, []):
            with pytest.raises(SymrnnError, match="another sweep"):
                check_row(wrong, sweep)
        with pytest.raises(SymrnnError, match="another sweep"):
            check_row(row, other)
