"""Formulas about a cell whose loss nobody said."""

from __future__ import annotations

import pytest

import symrnn as sr


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (r"\frac{\partial L}{\partial h_2} = W_h^T ((1-h_3^2) \odot \frac{\partial L}{\partial h_3})", "right"),
        (r"\frac{\partial L}{\partial h_2} = W_h ((1-h_3^2) \odot \frac{\partial L}{\partial h_3})", "wrong"),
        (r"\frac{\partial L}{\partial h_3} = 2 h_3", "undecided"),
        (r"\frac{\partial L}{\partial b} = \sum_{t=1}^{T} \delta_t", "right"),
        (r"\frac{\partial L}{\partial b} = \sum_{t=2}^{T} \delta_t", "wrong"),
        (r"L = \frac12 \|h_T - y\|^2", "given"),
    ],
)
def test_what_some_loss_makes_true_is_not_false(text: str, verdict: str) -> None:
    """Right for a loss of the last step, false for all, or left to the loss."""
    report = sr.check(f"${text}$", model=sr.cells.rnn())
    assert [found.verdict.value for found in report.findings] == [verdict]
