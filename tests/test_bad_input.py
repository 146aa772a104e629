"""Bad input at the command line: three parts, exit code 2, no traceback, no half-written file."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from symrnn.cli import main

TABLES = {
    "cell": 'kind = "rnn"',
    "sequence": "x = [1, 2]",
    "parameters": "W_h = 0.5\nW_x = 1\nb = 0",
    "loss": 'kind = "half_squared_error"\ny = 1',
}


def model(before: str = "", **tables: str) -> str:
    """A small model file with some of its tables replaced or added."""
    parts = [f"[{name}]\n{text}" for name, text in {**TABLES, **tables}.items()]
    return "\n".join([before, *parts]) + "\n"


CELLS = {
    "a typo": "h_t = tahn(W h_{t-1} + x_t)",
    "an open bracket": "h_t = tanh(W h_{t-1} + x_t",
    "nothing after =": "h_t = ",
    "nothing at all": "",
    "a future state": "h_t = tanh(W h_{t+1})",
    "a state of a step to come": "h_t = h_2 h_{t-1}",
    "a sum over the states before": "h_t = Σ_{k=1}^{t-1} h_k + x_t",
    "a sum over t in step t": "h_t = Σ_{t=1}^{T} x_t",
    "a cycle": "h_t = g_t\ng_t = h_t",
    "itself": "h_t = h_t + x_t",
    "two equations": "h_t = tanh(W h_{t-1})\nh_t = x_t",
    "shapes that differ": "h_t = W h_{t-1} + h_{t-1} W",
    "NaN": "h_t = nan h_{t-1}",
    "infinity": "h_t = Infinity h_{t-1}",
    "a sum in ASCII": "h_t = sum_{k=1}^{3} h_k",
    "a huge exponent": "h_t = 1e999999999 h_{t-1}",
    "a huge number": f"h_t = {'9' * 5000} h_{{t-1}}",
    "a tower": "h_t = h_{t-1}^{10^10^10}",
    "a state as exponent": "h_t = h_{t-1}^{h_{t-1}}",
    "deep brackets": f"h_t = {'(' * 500}h_{{t-1}}{')' * 500}",
    "deep calls": f"h_t = {'tanh(' * 300}h_{{t-1}}{')' * 300}",
    "many terms": "h_t = " + " + ".join(["h_{t-1}"] * 20_000),
    "Python": "h_t = __import__('os').system('x')",
    "an attribute": "h_t = h_{t-1}.__class__",
    "a control character": "h_t = h_{t-1} \x00",
    "an emoji": "h_t = 🙂 h_{t-1}",
    "a LaTeX file": "h_t = \\input{/etc/passwd} h_{t-1}",
    "an unknown LaTeX command": "h_t = \\unknown{h}_{t-1}",
    "the Kronecker product": "h_t = h_{t-1} ⊗ x_t",
    "a lag beyond bounds": "h_t = h_{t-1000}",
    "a division by zero": "h_t = h_{t-1}/0",
    "half a step": "h_t = h_{t-0.5}",
    "L beside the loss": "h_t = L h_{t-1} + x_t",
    "L_t without L": "h_t = tanh(w h_{t-1})\nL_t = h_t^2",
    "an unknown role": "alpha: scalr\nh_t = alpha h_{t-1}",
    "a declaration of nobody": "q: scalar\nh_t = a h_{t-1}",
    "run together": "h_t = W_hh_{t-1} + Wx_t",
}


@pytest.mark.parametrize("case", CELLS)
def test_of_a_typed_cell(case: str, tmp_path: Path) -> None:
    """Typed equations, in any of the ways they go wrong."""
    check(["derive", CELLS[case], "-o", str(tmp_path / "out.tex")], None)
    assert not list(tmp_path.iterdir())


MODELS = {
    "no TOML": "[",
    "no cell": "[sequence]\nx = [1]",
    "a cell that is text": 'cell = "rnn"',
    "a cell of no kind": "[cell]\nkind = 3",
    "an unknown key": model("foo = 1"),
    "an unknown parameter": model(parameters="W_h = 1\nW_x = 1\nb = 0\nW_q = 2"),
    "a missing parameter": model(parameters="W_h = 1\nW_x = 1"),
    "a wrong shape": model(parameters="W_h = [[1, 2]]\nW_x = 1\nb = 0"),
    "a ragged matrix": model(parameters="W_h = [[1, 2], [3]]\nW_x = 1\nb = 0"),
    "an unknown activation": model(cell='kind = "rnn"\nactivation = "tahn"'),
    "a size below zero": model(cell='kind = "rnn"\nhidden = -1'),
    "T = 0": model(sequence="x = []\nsteps = 0"),
    "T below zero": model(sequence="x = [1]\nsteps = -1"),
    "a huge T": model(sequence="x = [1]\nsteps = 99999999999"),
    "T in quotes": model(sequence='x = [1]\nsteps = "3"'),
    "NaN": model(sequence="x = [1, nan]"),
    "infinity": model(sequence="x = [inf]"),
    "a date": model(sequence="x = [2020-01-01]"),
    "a deep list": model(sequence=f"x = {'[' * 300}1{']' * 300}"),
    "a tower of exponentials": model(sequence='x = ["exp(exp(exp(100)))"]'),
    "a tower of powers": model(sequence='x = ["((10^1000)^1000)^1000"]'),
    "one over zero": model(sequence='x = ["1/0"]'),
    "NaN in a distribution": model(sequence="x = {normal = [0, nan]}\nsteps = 3"),
    "text in a distribution": model(sequence='x = {normal = ["a", 1]}\nsteps = 3'),
    "too large a deviation": model(sequence="x = {normal = [0, 1e350]}\nsteps = 2"),
    "a list as init": model(sequence="x = {init = [1]}\nsteps = 2"),
    "Python": model(parameters="W_h = \"__import__('os')\"\nW_x = 1\nb = 0"),
    "an unknown loss": model(loss='kind = "hinge"\ny = 1'),
    "a loss of a step that is none": model(loss='equations = "L = h_9"'),
    "no target": model(loss='kind = "half_squared_error"'),
    "a class that is none": model(loss='kind = "softmax_cross_entropy"\ny = 5'),
    "a rate below zero": model(update="rate = -1"),
    "a symbol as rate of decimals": model(update='rate = "eta"'),
    "an unknown rule": model(update='rule = "adam"'),
    "an assumption of nothing": model(assume='q = "positive"'),
    "an unknown assumption": model(parameters='W_h = "w"\nW_x = 1\nb = 0', assume='w = "possitive"'),
    "settings that are a number": model("setting = 3"),
    "a setting that is a number": model("setting = [3]"),
    "a notation that is a number": model("notation = 3"),
    "a name that is a list": model("name = [1]"),
    "a table of a setting that is a number": model("setting = [{parameters = 3}]"),
    "a setting's name that is a list": model('setting = [{name = ["a"]}]'),
}


@pytest.mark.parametrize("case", MODELS)
def test_of_a_model_file(case: str, tmp_path: Path) -> None:
    """The file, line and key are said too."""
    said = check(["evaluate", "-", "-o", str(tmp_path / "out.txt")], MODELS[case])
    assert "<standard input>:" in said or "<text>:" in said or case == "a symbol as rate of decimals"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ["derive", "rnn", "--of", ""],
        ["derive", "rnn", "--of", "h_0"],
        ["derive", "rnn", "--of", "h_{t+"],
        ["derive", "example:linear", "--of", "h_7"],
        ["derive", "h_t = x_t", "--variant", "cho2014"],
        ["derive", "LSTM"],
        ["derive", "/"],
        ["evaluate", "/no/such/file.toml"],
        ["evaluate", "h_t = h_{t-1}"],
        ["new", "h_t = h_{t+1}"],
        ["new", "foo"],
        ["new", "lstm", "-o", "/"],
    ],
    ids=" ".join,
)
def test_of_arguments(arguments: list[str]) -> None:
    """What is asked for does not exist."""
    check(arguments, None)


def check(arguments: list[str], text: str | None) -> str:
    """Run a command that must refuse; what it said."""
    found = CliRunner().invoke(main, arguments, input=text)
    assert found.exit_code == 2, found.output
    assert found.exception is None or isinstance(found.exception, SystemExit)
    assert "Traceback" not in found.output
    for part in ("You wrote:", "Found:", "Write:"):
        assert part in found.output, found.output
    return found.output


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no file without an end on this system")
@pytest.mark.parametrize(
    "arguments",
    [
        ("worksheet", "example:linear", "--sheet", "/dev/zero"),
        ("worksheet", "example:linear", "--roster", "/dev/zero"),
        ("sweep", "/dev/zero"),
    ],
)
def test_a_file_without_an_end_is_refused(arguments, tmp_path, monkeypatch):
    """No more is read than a file may hold."""
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(main, list(arguments))
    assert found.exit_code == 2, found.output
    assert "a file of more than" in found.output
