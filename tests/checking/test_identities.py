"""Identities of functions, tried at drawn numbers."""

from __future__ import annotations

import pytest

import symrnn as sr


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (r"$\tanh(\ln k) = (k^2 - 1)/(k^2 + 1)$", "right"),
        (r"$\sigma(\ln k) = \frac{k}{k + 1}$", "right"),
        (r"$\tanh'(x) = 1 - \tanh^2(x)$", "right"),
        (r"$\tanh'(x) = 1 + \tanh^2(x)$", "wrong"),
        # It may say what some function is.
        (r"$\sigma(\ln k) = \frac{k}{k + 2}$", "undecided"),
    ],
)
def test_identities(text: str, verdict: str) -> None:
    """With letters that stand for nothing else; logarithms are tried at positive numbers."""
    assert [finding.verdict.value for finding in sr.check(text).findings] == [verdict]
