"""Hostile and odd texts: judged or left open, with and without a model, never a traceback, never hours."""

from __future__ import annotations

import random
import runpy
from pathlib import Path

import pytest

import symrnn as sr
from symrnn.errors import SymrnnError

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "checking.py"
TEXTS = {
    "a tower": "x = 9^{9^{9^9}}",
    "a factorial": "n = 99999999!",
    "brackets": "a = " + "(" * 10_000 + "1" + ")" * 10_000,
    "a long sum": "1 = " + "+".join(["1"] * 5_000),
    "sums of sums": r"$a = \sum_{i=1}^{999}\sum_{j=1}^{999} i j$",
    "a long product": "1/3" + "*1/7" * 800 + " = 2",
    "code": "x = __import__('os').system('ls')",
    "a file": r"$\input{/etc/passwd} = 1$",
    "a mark": "a \u202e= 1",
    "a zero byte": "a\x00 = 1",
    "exponentials": r"$e^{e^{e^{e^{9}}}} = 1$",
    "a huge number": "x = 1e400000000",
    "a far step": r"$h_{999999} = 3$",
    "many letters": r"$h_{t+k+j} = h_{t}h_kh_jh_ih_s$",
    "relations": "= = =",
    "a chain": " = ".join(["0.1+0.2"] * 300),
    "wrong lines": "\n\n".join(f"{i}*2 = {2 * i + 1}" for i in range(300)),
}
PIECES = [
    "h_1",
    "h_2",
    "=",
    "≈",
    "+",
    "-",
    "*",
    "(",
    ")",
    "^",
    "0.5",
    "2",
    "tanh",
    "\\sigma",
    "\\frac{1}{2}",
    "\\partial",
    "L",
    "/",
    "W_h",
    "[",
    "]",
    "\\sum_{t=1}^{T}",
    "\\prod",
    "$",
    ".",
    "...",
    "^T",
    "_t",
    "|",
    "‖",
    "y",
    "'",
    "∂",
    "1e5",
    "%",
    "\\delta_t",
    "∇",
    "…",
    ",",
    "\\begin{bmatrix}1&2\\end{bmatrix}",
]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("model", [None, "example:linear"])
def test_hostile_texts(text: str, model: str | None) -> None:
    """Refused in three parts, or a report."""
    try:
        report = sr.check(text, model)
    except SymrnnError as error:
        assert error.found
    else:
        assert len(report.findings) <= 400


def test_random_lines() -> None:
    """Whatever stands on a line."""
    rng = random.Random(5)
    model = sr.load("example:linear")
    for _ in range(150):
        text = " ".join(rng.choice(PIECES) for _ in range(rng.randint(3, 25)))
        report = sr.check(text, rng.choice((None, model)))
        assert report.tally["links"] == len(report.findings)


@pytest.mark.parametrize("slip", [None, 20])
def test_a_working_of_200_lines(slip: int | None) -> None:
    """The benchmark's: all is right, or the slip alone is wrong, and small gradients over many steps are no luck."""
    text, model = runpy.run_path(str(BENCHMARK))["working"](slip)
    tally = sr.check(text, model).tally
    assert tally["links"] == 400
    assert set(tally) - {"links", "follows"} == {"right", "rounded", *(["wrong"] if slip else [])}
    assert tally.get("wrong", 0) == bool(slip)


def test_the_same_text_gives_the_same_report() -> None:
    """Byte for byte."""
    text = "0.5 × 0.5 = 0.30\n\n" + TEXTS["wrong lines"]
    assert sr.check(text) == sr.check(text)
