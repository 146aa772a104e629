"""Mistakes are named on an exact match only, all that match, with the corrected line."""

from __future__ import annotations

import math

import pytest

import symrnn as sr
from symrnn.checking.misconceptions import TABLE
from tests.checking.test_judging import MODEL, judged

GENERIC = MODEL.replace("W_x = 1.0", "W_x = 0.7").replace("y = 0", "y = 0.3").replace("W_y = 1.0", "W_y = 1.3")


def ids(text: str, model: str | None = None) -> list[str]:
    """The mistakes named at the first wrong link."""
    report = judged(text, model)
    assert report.first_wrong is not None
    return [mistake.id for mistake in report.findings[report.first_wrong].mistakes]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("1/2 × 0.125^2 = 0.0625", "A01"),
        ("1/2 × 0.125^2 = 0.015625", "A02"),
        ("1/2 × 0.125^2 = 0.078125", "A03"),
        ("1.1 × 1.2 × 1.3 = 1.617", "A04"),
        ("1.1 × 1.2 × 1.3 = 1.32", "A05"),
        ("(0.3 + 0.4)^2 = 0.25", "A09"),
        ("0.3 × 0.42 = 0.72", "A13"),
        ("2/5 × 3 = 15/2", "A18"),
        ("0.31 + 0.42 - 0.11 = 0.73", "A11"),
        ("-0.125 × 0.5 = 0.0625", "R24"),
        ("1 - 0.46^2 = 0.54", "R05"),
        ("1 - 0.46^2 = 1.2116", "R07"),
        ("tanh(0.85) = 0.7006", "A15"),
    ],
)
def test_slips(text: str, row: str) -> None:
    """Arithmetic alone."""
    assert row in ids(text)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (r"$\delta_2 = \delta_3 w_h (1 - h_2)$", "R05"),
        (r"$\delta_2 = \delta_3 w_h$", "R08"),
        (r"$\delta_2 = \delta_3 (1 - h_2^2)$", "R13"),
        (r"$\delta_2 = \delta_3 w_x (1 - h_2^2)$", "R14"),
        (r"$\delta_2 = \delta_3 w_h (1 - h_1^2)$", "R09"),
        (r"$\frac{\partial L}{\partial w_h} = \delta_3 h_2$", "R01"),
        (r"$\frac{\partial L}{\partial w_h} = \delta_3 h_3 + \delta_2 h_2 + \delta_1 h_1$", "R03"),
        (r"$\frac{\partial L}{\partial \hat{y}_3} = y - \hat{y}_3$", "R10"),
    ],
)
def test_rules(text: str, row: str) -> None:
    """Wrong rows of the calculus, on the line alone."""
    assert row in ids(text, GENERIC)


def test_no_match_names_nothing() -> None:
    """The expected value is said instead."""
    report = judged("0.31 × 0.27 = 0.9173")
    assert report.findings[0].mistakes == ()
    assert report.findings[0].expected == "0.0837"


def test_the_corrected_line() -> None:
    """What to write."""
    report = judged(r"$\frac{\partial L}{\partial w_h} = \delta_3 h_2$", GENERIC)
    mistake = report.findings[0].mistakes[0]
    assert mistake.corrected.startswith(r"\frac{\partial L}{\partial w_h} = ")


def test_every_row_is_whole() -> None:
    """Names, both formulas, one sentence."""
    for row in TABLE.values():
        assert all((row.id, row.name, row.wrong, row.right, row.sentence)), row.id
        assert row.wrong != row.right
        assert row.sentence.endswith(".")


def test_the_api() -> None:
    """`check` answers with findings whose mistakes are data."""
    report = sr.check("0.5 × 0.5 = 0.30")
    assert report.findings[0].verdict == "wrong"


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (r"$\frac{\partial L}{\partial W_h} = \sum_{t=1}^{T} \delta_t h_t^T$", "R03"),
        (r"$\delta_t = (1 - h_t) \odot \frac{\partial L}{\partial h_t}$", "R05"),
        (r"$\frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(1 + h_t^2) W_h$", "R07"),
    ],
)
def test_formulas_without_numbers(text: str, row: str) -> None:
    """Of a cell alone: the mistake that makes the formula at every drawn point."""
    report = sr.check(text, sr.cells.rnn())
    assert [mistake.id for mistake in report.findings[0].mistakes] == [row]
    assert "random numbers" in str(report.findings[0].reason)


def test_a_jacobian_with_the_transposed_weight() -> None:
    """Beside numbers: `diag(1 - h²) Wᵀ` where W should stand."""
    model = (
        '[cell]\nkind = "rnn"\nbias = false\n[sequence]\nx = [[0.5]]\nh0 = [0.2, -0.3]\n[parameters]\n'
        'W_h = [[0.7, -0.5], [-0.8, -0.4]]\nW_x = [[0.9], [0.3]]\n[loss]\nkind = "half_squared_error"\ny = [0.1, 0.2]\n'
    )
    h_1 = [math.tanh(0.7 * 0.2 + 0.5 * 0.3 + 0.45), math.tanh(-0.8 * 0.2 + 0.4 * 0.3 + 0.15)]
    weight = ((0.7, -0.8), (-0.5, -0.4))
    rows = [" & ".join(f"{(1 - h * h) * entry:.6f}" for entry in row) for h, row in zip(h_1, weight, strict=True)]
    claim = rf"\frac{{\partial h_1}}{{\partial h_0}} = \begin{{bmatrix}} {rows[0]} \\ {rows[1]} \end{{bmatrix}}"
    report = sr.check(f"$${claim}$$", sr.loads(model))
    assert "R27" in [mistake.id for mistake in report.findings[-1].mistakes]
