"""`regime(model)`: what carries the verdict, in words of two languages, as JSON, on the command line."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from random_maps import born

import symrnn as sr
from symrnn.cli import main
from symrnn.cli.regimes import fulfils
from symrnn.documents.renderers.verdicts import FORMATS, table_of
from symrnn.models.files import loads
from symrnn.regimes.evidence import Regime
from symrnn.regimes.memory import Curve, gradient_norms, saturation
from symrnn.regimes.sequences import with_input
from symrnn.regimes.trajectories import follow, held

INPUTS = [round(math.sin(3 * k), 3) for k in range(60)]
RNN = f"[cell]\nkind = 'rnn'\n[sequence]\nx = {INPUTS}\n[parameters]\n"


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and output of the command."""
    result = CliRunner().invoke(main, ["regime", *arguments])
    return result.exit_code, result.output


class TestVerdicts:
    """The carrying reason first."""

    def test_the_designs_example(self) -> None:
        """Regime(vanishing, because |w|·sup|f'| = 1/2 < 1)."""
        found = sr.regime(loads(RNN + "W_h = 0.5\nW_x = 1\nb = 0\n"))
        assert repr(found) == "Regime(vanishing, because |W_h|·sup|tanh'| = 1/2 < 1)"
        assert found.kind == "proved" and found.reason is not None and found.reason.bound is not None
        assert (found.reason.bound.constant, found.reason.bound.rate) == (1.0, 0.5)

    def test_born_lstm_vanishes_at_its_known_rate(self) -> None:
        """About 0.64 a step at default initialisation, measured; the cell path is told apart."""
        found = sr.regime(born("lstm", 128, 100))
        assert found.verdict in ("vanishing", "mixed") and found.kind == "measured"
        assert found.rate == pytest.approx(0.64, abs=0.02)
        assert found.measured["cell_path_rate"] == pytest.approx(0.5, abs=0.02)

    def test_a_forget_bias_of_three_keeps_more(self) -> None:
        """The rate rises towards σ(3) = 0.95."""
        before = born("lstm", 20, 100)
        after = loads(_text_of_lstm(forget=3.0))
        slow, fast = sr.regime(before).rate, sr.regime(after).rate
        assert slow is not None and fast is not None and fast > slow + 0.2

    def test_transient_growth_is_called_mixed(self) -> None:
        """[[0.5, 100], [0, 0.5]] grows to 100 first."""
        text = "[cell]\nkind = 'rnn'\nactivation = 'identity'\n[sequence]\nsteps = 60\n[parameters]\nb = 0\n"
        found = sr.regime(loads(text + "W_h = [[0.5, 100], [0, 0.5]]\n"))
        assert found.verdict == "mixed" and found.measured["largest_norm"] == pytest.approx(100, rel=0.05)

    def test_gradients_that_are_exactly_zero(self) -> None:
        """A dead ReLU."""
        text = "[cell]\nkind = 'rnn'\nactivation = 'relu'\n[sequence]\nsteps = 40\nx = [-1.0]\n[parameters]\n"
        found = sr.regime(loads(text + "W_h = 1.5\nW_x = 1\nb = 0\n"))
        assert found.verdict == "vanishing" and found.rate == 0.0 and found.half_life == 0.0

    def test_an_exploding_state_is_followed_as_far_as_floats_go(self) -> None:
        """ReLU of weight 3 for 5,000 steps."""
        text = "[cell]\nkind = 'rnn'\nactivation = 'relu'\n[sequence]\nsteps = 5000\nx = [1.0]\n[parameters]\n"
        found = sr.regime(loads(text + "W_h = 3\nW_x = 1\nb = 0\n"))
        assert found.verdict == "exploding" and found.rate == pytest.approx(3.0)

    def test_every_batch_example_has_its_own(self) -> None:
        """The example is chosen, not mixed."""
        model = loads(
            "[cell]\nkind = 'rnn'\n[sequence]\nx = [[[1], [0]], [[1], [0]], [[1], [0]], [[1], [0]]]\nsteps = 4\n"
            "[parameters]\nW_h = [[0.9]]\nW_x = [[2]]\nb = [0]\n"
        )
        assert sr.regime(model, example=0).rate != sr.regime(model, example=1).rate


class TestMemory:
    """Gradient norm against lag."""

    def test_memory_length(self) -> None:
        """0.5^k falls below 1 % at k = 7."""
        found = gradient_norms(
            follow(loads(RNN.replace("rnn'", "rnn'\nactivation = 'identity'") + "W_h = 0.5\nW_x = 1\nb = 0\n")).chain
        )
        assert found.memory_length() == 7
        assert found.median[20] == pytest.approx(20 * math.log(0.5))

    def test_band_holds_the_median(self) -> None:
        """Tenth and ninetieth percentile over end points."""
        curve = gradient_norms(follow(born("gru", 6, 300)).chain, lags=50)
        low, high = curve.band
        assert (low <= curve.median).all() and (curve.median <= high).all()

    def test_power_iteration_is_close(self) -> None:
        """Blocks of more than 24 rows are measured by iteration."""
        chain = follow(born("rnn", 40, 60)).chain
        logs = gradient_norms(chain, lags=40).logs[-1]
        product, exact = np.eye(40), [0.0]
        for step in chain.dense()[::-1][:40]:
            product = product @ step
            exact.append(math.log(np.linalg.norm(product, 2)))
        assert logs == pytest.approx(exact, abs=0.01)

    def test_never_below(self) -> None:
        """None, and no wrong number."""
        assert Curve(np.zeros((1, 9))).memory_length() is None

    def test_saturation_names_the_gate(self) -> None:
        """A forget bias of 8 closes f's slope."""
        found = {each.name: each for each in saturation(follow(loads(_text_of_lstm(forget=8.0))))}
        assert found["f"].saturated > 0.9 and found["i"].saturated < 0.5


class TestShown:
    """Text, LaTeX, HTML, JSON; English and Chinese."""

    FOUND = sr.regime(loads(RNN + "W_h = 0.5\nW_x = 1\nb = 0\n"))

    @pytest.mark.parametrize("language", ["en", "zh"])
    @pytest.mark.parametrize("form", ["text", "latex", "html"])
    def test_every_format_speaks_both(self, form: str, language: str) -> None:
        """And no message is left in the other language."""
        text = FORMATS[form](self.FOUND, language)
        assert ("梯度消失" in text) == (language == "zh")
        assert ("The gradient vanishes" in text) == (language == "en")

    @pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex, which a bare machine has not")
    @pytest.mark.parametrize("source", ["example:lstm", "lstm", "gru", "rnn", "h_t = tanh(w h_{t-1} + b)"])
    def test_latex_compiles(self, source: str, tmp_path: Path) -> None:
        """Every sign of the words and formulas is one that LaTeX has."""
        assert run(source, "-o", str(tmp_path / "a.tex"))[0] == 0
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"], cwd=tmp_path, capture_output=True
        )
        assert done.returncode == 0, done.stdout[-500:]

    def test_json_contract(self) -> None:
        """Keys other programs rely on; exact numbers as strings."""
        content = json.loads(FORMATS["json"](self.FOUND))
        assert {"verdict", "kind", "rate", "half_life", "reasons", "measured"} <= set(content)
        first = content["reasons"][0]
        assert {"name", "statement", "holds", "value", "source"} <= set(first)
        assert (first["value"], first["holds"]) == ("1/2", True)
        assert isinstance(content["measured"]["lyapunov"], list)

    def test_what_is_not_finite_is_null_with_a_reason(self) -> None:
        """JSON knows no infinity."""
        text = "[cell]\nkind = 'rnn'\nactivation = 'relu'\n[sequence]\nsteps = 40\nx = [-1.0]\n[parameters]\n"
        content = json.loads(FORMATS["json"](sr.regime(loads(text + "W_h = 1.5\nW_x = 1\nb = 0\n"))))
        measured = next(each for each in content["reasons"] if each["name"] == "lyapunov")
        assert measured["value"] is None and measured["value_reason"]

    def test_measurements_state_their_error(self) -> None:
        """± one standard error, in text and in JSON."""
        found = sr.regime(born("gru", 5, 60))
        assert " ± " in FORMATS["text"](found).splitlines()[2]
        assert json.loads(FORMATS["json"](found))["reasons"][0]["standard_error"] > 0

    def test_same_bytes(self) -> None:
        """Same model, same text."""
        again = sr.regime(loads(RNN + "W_h = 0.5\nW_x = 1\nb = 0\n"))
        assert FORMATS["json"](again) == FORMATS["json"](self.FOUND)

    def test_several_are_one_table(self) -> None:
        """A row each."""
        table = table_of([self.FOUND, self.FOUND])
        assert table.count("vanishing (proved)") == 2

    def test_undecided_has_no_rate_reasons(self) -> None:
        """And prints."""
        assert "Undecided" in FORMATS["text"](Regime("m", "undecided", "measured", ()))


class TestCommand:
    """`symrnn regime`."""

    def test_model(self) -> None:
        """The verdict sentence comes first."""
        code, output = run("example:linear")
        assert code == 0 and output.splitlines()[2].startswith("The gradient vanishes. Proof: |W_h| = 1/2 < 1")

    def test_cell(self) -> None:
        """Conditions as inequalities."""
        code, output = run("h_t = tanh(w h_{t-1} + x_t)", "--solve-for", "w")
        assert code == 0 and "|w| < 1" in output and "(-1, 1)" in output

    @pytest.mark.parametrize(
        ("requirement", "code"),
        [("not-vanishing", 1), ("vanishing", 0), ("proved", 0), ("exploding", 1), ("not-exploding", 0)],
    )
    def test_require(self, requirement: str, code: int) -> None:
        """1 where the demand is not met, 0 whatever the verdict otherwise."""
        assert run("example:linear", "--require", requirement)[0] == code

    def test_mixed_does_not_count_as_not_vanishing(self) -> None:
        """It vanishes in the end."""
        assert not fulfils("mixed", "proved", "not-vanishing")

    def test_several(self) -> None:
        """One table, one JSON object."""
        assert run("example:linear", "example:lstm")[1].count("\n") == 4
        code, output = run("example:linear", "example:lstm", "--format", "json")
        assert code == 0 and len(json.loads(output)["regimes"]) == 2

    def test_unknown_language_is_refused(self) -> None:
        """With the list of those there are."""
        assert run("example:linear", "--lang", "xx")[0] == 2

    def test_output_by_suffix(self, tmp_path: Path) -> None:
        """A whole LaTeX document, an HTML page."""
        for suffix, start in (("tex", "\\documentclass"), ("html", "<!doctype html>")):
            target = tmp_path / f"out.{suffix}"
            assert run("example:linear", "-o", str(target))[0] == 0
            assert target.read_text(encoding="utf-8").startswith(start)

    def test_plot(self, tmp_path: Path) -> None:
        """A figure beside the text; two models share one panel; the same bytes each time."""
        for sources in (("example:lstm",), ("example:lstm", "example:linear")):
            pictures = []
            for name in ("a.svg", "b.svg"):
                target = tmp_path / f"{len(sources)}{name}"
                assert run(*sources, "--plot", str(target))[0] == 0
                pictures.append(target.read_bytes())
            assert pictures[0] == pictures[1] and b"<svg" in pictures[0]

    def test_plot_of_a_cell_without_numbers_is_refused(self, tmp_path: Path) -> None:
        """There is nothing to draw."""
        assert run("rnn", "--plot", str(tmp_path / "a.svg"))[0] == 2

    def test_real_inputs(self, tmp_path: Path) -> None:
        """A file of numbers in place of what was given."""
        target = tmp_path / "x.csv"
        target.write_text("x\n" + "\n".join(["0.5"] * 30) + "\n", encoding="utf-8")
        code, output = run("example:linear", "--input", str(target), "--format", "json")
        assert code == 0 and json.loads(output)["measured"]["steps"] >= 25

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.csv", b"a,b\nc,d\n"),
            ("b.npy", b"\x93NUMPY\x01\x00garbage"),
            ("c.npz", b"PK\x03\x04x"),
            ("d.json", b"{}"),
        ],
    )
    def test_bad_inputs_are_errors(self, tmp_path: Path, name: str, content: bytes) -> None:
        """Never a traceback."""
        target = tmp_path / name
        target.write_bytes(content)
        code, output = run("example:linear", "--input", str(target))
        assert code == 2 and "Found" in output


class TestTrajectories:
    """Held on, cut, driven by others."""

    def test_held_repeats_a_constant_input(self) -> None:
        """The linear example over 50 steps."""
        assert follow(held(sr.load("example:linear"), 50)).steps == 50

    def test_a_moving_input_is_not_held(self) -> None:
        """That would be another model."""
        with pytest.raises(sr.errors.LimitError):
            held(loads(RNN + "W_h = 0.5\nW_x = 1\nb = 0\n"), 100)

    def test_other_inputs(self) -> None:
        """As many steps as there are rows."""
        assert follow(with_input(sr.load("example:linear"), np.ones((12, 1)))).steps == 12


def _text_of_lstm(forget: float) -> str:
    lines = ["[cell]\nkind = 'lstm'\nhidden = 20\ninput = 1\n[sequence]\nsteps = 100\nx = {normal = [0, 1], seed = 0}"]
    lines += ["[parameters]"]
    lines += [f"{letter}_{gate} = {{init = 'pytorch', seed = 0}}" for letter in "WU" for gate in "fioc"]
    lines += [f"b_{gate} = {{init = 'pytorch', seed = 0}}" for gate in "ioc"] + [f"b_f = {forget}"]
    return "\n".join(lines) + "\n"
