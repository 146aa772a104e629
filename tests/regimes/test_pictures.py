"""The figure of a regime: what is drawn is what was measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from symrnn.cli.group import main
from symrnn.errors import SymrnnError
from symrnn.models.files import load, loads
from symrnn.plots import figure
from symrnn.regimes.pictures import gates_of, regime_panels
from symrnn.regimes.remedies import born
from symrnn.regimes.trajectories import follow
from symrnn.regimes.verdicts import regime


class TestPanels:
    """One model, several models."""

    @pytest.mark.parametrize("source", ["example:linear", "example:readout", "example:lstm"])
    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_one_model(self, source: str, language: str) -> None:
        """Four panels, labelled."""
        model = load(source)
        made = figure(regime_panels([model], [regime(model)], language))
        assert len([axes for axes in made.axes if axes.get_xlabel()]) == 4

    def test_the_proved_bound_lies_above_the_measured_norm(self) -> None:
        """At every lag of the figure."""
        text = "[cell]\nkind = 'rnn'\n[sequence]\nsteps = 20\n[parameters]\nW_h = [[0.3, 0.2], [0.1, -0.4]]\nb = 0.1\n"
        model = loads(text)
        made = figure(regime_panels([model], [regime(model)]))
        lines = {line.get_label(): line.get_ydata() for line in made.axes[1].lines}
        assert np.all(np.asarray(lines["proved bound $C r^k$"]) >= np.asarray(lines["measured"]) - 1e-12)

    def test_ticks_say_what_they_are(self) -> None:
        """Over less than a few decades they are no powers of ten rounded to the same one."""
        made = figure(regime_panels([load("example:linear")]))
        made.canvas.draw()
        ticks = [text.get_text() for text in made.axes[1].get_yticklabels()]
        assert len(set(ticks)) == len(ticks)

    def test_several_models_share_one_plot(self) -> None:
        """A line each, names made different."""
        models = [born("rnn", 4, 2, 30), born("rnn", 4, 2, 30, seed=1), born("lstm", 4, 2, 30)]
        (panel,) = regime_panels(models)
        made = figure(panel)
        assert [text.get_text() for text in made.axes[0].get_legend().get_texts()] == ["rnn", "rnn (2)", "lstm"]

    def test_gates_are_what_a_sigmoid_keeps(self) -> None:
        """Values within 0..1 at every step."""
        gates = gates_of(follow(born("gru", 4, 2, 30)))
        assert list(gates) == ["$z_t$", "$r_t$"]
        assert all(values.shape == (30, 4) and (values > 0).all() and (values < 1).all() for values in gates.values())

    def test_an_explosion_past_float64_is_drawn_as_far_as_it_goes(self) -> None:
        """A ReLU network at gain 20."""
        model = born("rnn", 8, 2, 400, activation="relu")
        wild = replace(model, values={k: 20 * v if k.name == "W_h" else v for k, v in model.values.items()})
        assert len(regime_panels([wild])) == 4

    def test_symbols_cannot_be_drawn(self) -> None:
        """In three parts."""
        text = "[cell]\nkind = 'rnn'\n[sequence]\nsteps = 2\n[parameters]\nW_h = 'w'\nb = 0\n"
        with pytest.raises(SymrnnError, match="numbers"):
            regime_panels([loads(text)])


def test_the_command_writes_it(tmp_path: Path) -> None:
    """Beside the text; a false suffix is refused."""
    plot = tmp_path / "out.svg"
    done = CliRunner().invoke(main, ["regime", "example:linear", "--plot", str(plot)])
    assert done.exit_code == 0 and b"made with symrnn" in plot.read_bytes()[:400]
    assert CliRunner().invoke(main, ["regime", "example:linear", "--plot", "out.gif"]).exit_code == 2


BATCH = """[cell]
kind = "rnn"
[sequence]
x = [[[1.0], [9.0]], [[1.0], [0.0]], [[1.0], [5.0]]]
[parameters]
W_h = [[0.5]]
W_x = [[1.0]]
b = [0.0]
"""


def test_the_example_that_is_judged_is_drawn(tmp_path: Path) -> None:
    """Of a batch each example has a figure of its own; one that is not there is refused."""
    (tmp_path / "batch.toml").write_text(BATCH, encoding="utf-8")

    def drawn(example: int) -> tuple[int, bytes]:
        plot = tmp_path / f"{example}.svg"
        arguments = ["regime", str(tmp_path / "batch.toml"), "--example", str(example), "--plot", str(plot)]
        done = CliRunner().invoke(main, arguments)
        return done.exit_code, plot.read_bytes() if plot.exists() else b""

    first, second = drawn(0), drawn(1)
    assert first[0] == second[0] == 0
    assert first[1] != second[1]
    assert drawn(2) == (2, b"")
