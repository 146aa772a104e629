"""Derivatives of a softmax without a cell."""

from __future__ import annotations

import pytest

import symrnn as sr


def last(text: str) -> str:
    """The verdict of the last link."""
    return sr.check(text).findings[-1].verdict.value


@pytest.mark.parametrize(
    "told",
    [
        r"$p = \mathrm{softmax}(z)$.",
        r"$p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}$.",
        r"$p_i = \frac{\exp(z_i)}{\sum_k \exp(z_k)}$.",
    ],
)
@pytest.mark.parametrize(
    ("formula", "verdict"),
    [
        (r"\frac{\partial p_1}{\partial z_2} = -p_1 p_2", "right"),
        (r"\frac{\partial p_1}{\partial z_2} = p_1 p_2", "wrong"),
        (r"\frac{\partial p_1}{\partial z_1} = p_1 (1 - p_1)", "right"),
        (r"\frac{\partial p_2}{\partial z_2} = p_2 (1 - p_1)", "wrong"),
        (r"\frac{\partial p_i}{\partial z_j} = p_i (\delta_{ij} - p_j)", "right"),
        (r"\frac{\partial p_i}{\partial z_j} = p_j (\delta_{ij} - p_j)", "wrong"),
        (r"\frac{\partial p_i}{\partial z_j} = -p_i p_j", "right"),
        (r"\frac{\partial p_i}{\partial z_i} = p_i - p_i^2", "right"),
        (r"\frac{\partial p_i}{\partial z_i} = -p_i^2", "wrong"),
    ],
)
def test_entries(told: str, formula: str, verdict: str) -> None:
    """Each pair of entries; of two letters without δ, two that differ."""
    assert last(f"{told}\n\n${formula}$") == verdict


def test_nothing_is_told() -> None:
    """Of a p that nobody says anything of, nothing is decided."""
    assert last(r"$\frac{\partial p_1}{\partial z_2} = p_1 p_2$") == "undecided"
