"""Remedies: figures that are known, changes that change what they say, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from symrnn.cli.group import main
from symrnn.errors import InputError
from symrnn.models.files import load, loads
from symrnn.models.weights.live import from_pytorch
from symrnn.regimes.remedies import (
    REMEDIES,
    born,
    clip_by_norm,
    clip_by_value,
    measure,
    measure_clipping,
    measure_remedies,
    norms_against_lag,
    overall_norm,
    parameter_gradients,
)


class TestFigures:
    """Measured elsewhere: nn.RNN and nn.LSTM at default initialisation, H = 128, one input, 400 steps, five seeds."""

    @pytest.mark.parametrize(("kind", "rate", "tolerance"), [("rnn", 0.604, 0.03), ("lstm", 0.6432, 0.02)])
    def test_rates_at_default_initialisation(self, kind: str, rate: float, tolerance: float) -> None:
        """e^{λ_1} of the full state."""
        found = np.mean([measure(born(kind, 128, 1, 400, seed=seed)).rate for seed in range(5)])
        assert abs(found - rate) < tolerance

    def test_an_lstm_over_100_steps_vanishes_as_it_is_born(self) -> None:
        """A real nn.LSTM: about 0.64 per step, below 10⁻¹⁵ in all; a forget bias of 3 keeps it."""
        torch.manual_seed(0)
        model = from_pytorch(torch.nn.LSTM(10, 20))
        (outcome,) = measure_remedies(model, ["forget bias 3"])
        assert abs(outcome.before.rate - 0.64) < 0.03 and outcome.before.log10_norm < -15
        assert outcome.after.rate > 0.97 and outcome.after.log10_norm > -1

    def test_the_newborn_is_distributed_as_pytorchs(self) -> None:
        """Means and variances of every parameter; two biases are added."""
        model = born("lstm", 200, 50)
        torch.manual_seed(1)
        theirs = from_pytorch(torch.nn.LSTM(50, 200))
        for name in ("W_f", "U_c", "b_o"):
            assert np.isclose(model.value(name).std(), theirs.value(name).std(), rtol=0.1)

    def test_pascanus_algorithm(self) -> None:
        """g = (3, 4), threshold 1: norm 1, the direction kept; at the threshold nothing changes."""
        assert overall_norm(clip_by_norm({"g": np.array([3.0, 4.0])}, 1.0)) == pytest.approx(1.0, abs=1e-12)
        assert clip_by_norm({"g": np.array([0.6, 0.8])}, 1.0)["g"].tolist() == pytest.approx([0.6, 0.8])
        assert clip_by_value({"g": np.array([3.0, -0.5])}, 1.0)["g"].tolist() == [1.0, -0.5]

    @pytest.mark.parametrize("scale", [1e-300, 1e300])
    def test_norms_beyond_squares(self, scale: float) -> None:
        """Scaled first."""
        assert overall_norm({"g": scale * np.array([3.0, 4.0])}) == pytest.approx(5 * scale)


class TestChanges:
    """Each remedy changes what it says."""

    def test_which_can_be_tried(self) -> None:
        """No forget bias without a forget gate; no other cell for a gated one."""
        assert {each.name for each in measure_remedies(born("rnn", 4, 2, 30))} == {
            "orthogonal", "xavier", "he", "identity relu", "relu", "leaky relu", "elu", "lstm", "gru",
        }  # fmt: skip
        assert {"forget bias 1", "forget bias 3", "chrono"} <= {
            e.name for e in measure_remedies(born("lstm", 4, 2, 30))
        }

    def test_activations_but_not_gates(self) -> None:
        """tanh goes, σ stays; the typed equations too."""
        changed = REMEDIES["relu"].change(born("lstm", 3, 2))
        text = str(changed.cell)
        assert "tanh" not in text and "ReLU(c_t)" in text and "σ(" in text

    def test_orthogonal_matrices_are(self) -> None:
        """UᵀU = I for every gate; inputs and biases untouched."""
        model = born("gru", 5, 2)
        changed = REMEDIES["orthogonal"].change(model)
        for name in ("U_z", "U_r", "U_h"):
            assert np.allclose(changed.value(name).T @ changed.value(name), np.eye(5))
        assert np.array_equal(changed.value("W_z"), model.value("W_z"))

    def test_inputs_are_normalised_only_where_they_are_not(self) -> None:
        """Mean 0, variance 1 over the steps."""
        model = born("rnn", 4, 2, 50)
        assert not REMEDIES["normalised inputs"].fits(model)
        (x,) = model.program.inputs
        moved = replace(model, values={**model.values, x: 3 + 5 * model.values[x]})
        assert REMEDIES["normalised inputs"].fits(moved)
        series = REMEDIES["normalised inputs"].change(moved).value("x")
        assert np.allclose(series.mean(axis=0), 0) and np.allclose(series.std(axis=0), 1)

    def test_clipping_against_pytorch(self) -> None:
        """The gradient of Σ h_T, its norm, and clip_grad_value_."""
        torch.manual_seed(0)
        net = torch.nn.RNN(3, 4).double()
        x = np.random.default_rng(0).normal(size=(6, 3))
        net(torch.tensor(x)[:, None])[0][-1].sum().backward()
        model = from_pytorch(net, inputs=x)
        ours = parameter_gradients(model)
        assert np.allclose(ours["W_h"], net.weight_hh_l0.grad) and np.allclose(ours["b"], net.bias_ih_l0.grad)
        clipped = measure_clipping(model, 0.1, "value")
        assert clipped.after < clipped.before and clipped.cosine < 1 and 0 < clipped.changed <= 1

    def test_norms_against_lag(self) -> None:
        """0 at lag 0, the whole product at the last."""
        model = born("rnn", 4, 2, 30)
        logs = norms_against_lag(model)[-1]
        assert logs[0] == pytest.approx(0, abs=1e-12)
        assert logs[-1] / np.log(10) == pytest.approx(measure(model).log10_norm)

    def test_an_explosion_past_float64_is_measured_as_far_as_it_goes(self) -> None:
        """ReLU at gain 20 over 400 steps."""
        model = born("rnn", 8, 2, 400)
        wild = replace(model, values={k: 20 * v if k.name == "W_h" else v for k, v in model.values.items()})
        (outcome,) = measure_remedies(wild, ["relu"])
        assert outcome.after.rate > 2 and outcome.after.steps < 400

    def test_what_cannot_be_measured(self) -> None:
        """Symbols, unknown names, thresholds below 0."""
        text = "[cell]\nkind = 'rnn'\n[sequence]\nsteps = 2\n[parameters]\nW_h = 'w'\nb = 0\n"
        with pytest.raises(InputError, match="symbols"):
            measure_remedies(loads(text))
        with pytest.raises(InputError, match="no such remedy"):
            measure_remedies(load("example:linear"), ["prayer"])
        with pytest.raises(InputError, match="threshold above 0"):
            measure_clipping(load("example:linear"), -1.0)


class TestCommand:
    """`symrnn remedies`."""

    def test_json(self) -> None:
        """Stable keys, nothing that is no JSON."""
        done = CliRunner().invoke(main, ["remedies", "rnn", "--format", "json", "--remedy", "relu", "--clip-norm", "1"])
        content = json.loads(done.output)
        assert content["remedies"][0]["name"] == "relu" and content["clipping"][0]["rule"] == "norm"

    def test_text_in_both_languages_and_a_figure(self, tmp_path: Path) -> None:
        """A file of ours."""
        plot = tmp_path / "out.svg"
        arguments = ["remedies", "example:lstm", "--remedy", "forget bias 3", "--plot", str(plot)]
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0 and "forget bias 3" in done.output and b"made with symrnn" in plot.read_bytes()[:400]
        assert "遗忘门偏置取 3" in CliRunner().invoke(main, [*arguments, "--lang", "zh"]).output

    @pytest.mark.parametrize(
        "arguments", [["gru", "--remedy", "none"], ["h_t = A h_{t-1}"], ["rnn", "--plot", "a.gif"]]
    )
    def test_usage(self, arguments: list[str]) -> None:
        """Exit code 2."""
        assert CliRunner().invoke(main, ["remedies", *arguments]).exit_code == 2
