"""The first worked example this project grew from: three steps of a linear scalar network, exact."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from symrnn.cells import rnn
from symrnn.models.losses import with_loss
from symrnn.numeric.exact import evaluate_exactly
from symrnn.numeric.scalars import Rationals

from .evaluators import Found, Task, backward, forward, interpreted

HALF = Fraction(1, 2)
PROGRAM = with_loss(rnn("identity"))


def _task() -> Task:
    scalar = lambda value: np.array([[value]], dtype=object)  # noqa: E731  one number as a matrix
    x = np.array([[[1]], [[1]], [[1]]], dtype=object)
    arrays = {"W_h": scalar(HALF), "W_x": scalar(HALF), "b": scalar(0), "x": x, "h_0": scalar(0), "y": scalar(1)}
    return Task(PROGRAM, arrays)


@pytest.fixture(scope="module")
def found() -> Found:
    """W_h = W_x = 1/2, b = 0, x = 1, h_0 = 0, y = 1, over the rationals."""
    return interpreted(_task(), Rationals())


def test_states_and_loss(found: Found) -> None:
    """h = 1/2, 3/4, 7/8 and L = 1/128."""
    assert found.values["h"].ravel().tolist() == [HALF, Fraction(3, 4), Fraction(7, 8)]
    assert found.values["L"].tolist() == [Fraction(1, 128)]


def test_state_gradients(found: Found) -> None:
    """∂L/∂h_3 … ∂L/∂h_0 = −1/8, −1/16, −1/32, −1/64."""
    assert found.gradients["h"].ravel().tolist()[::-1] == [Fraction(-1, 2**k) for k in (3, 4, 5)]
    assert found.gradients["h_0"].ravel().tolist() == [Fraction(-1, 64)]


def test_parameter_gradients(found: Found) -> None:
    """∂L/∂W_h = Σ δ_t h_{t-1}, ∂L/∂W_x = Σ δ_t x_t and ∂L/∂b = Σ δ_t, added up by hand."""
    h = [Fraction(0)]
    for _ in range(3):
        h.append(HALF * h[-1] + HALF)
    delta = [(h[3] - 1) * HALF**k for k in (2, 1, 0)]
    assert found.gradients["W_h"].tolist() == [[sum(d * before for d, before in zip(delta, h[:3], strict=True))]]
    assert found.gradients["W_x"].tolist() == [[sum(delta)]] == found.gradients["b"].tolist()
    assert [found.gradients[key][0, 0] for key in ("W_h", "W_x", "b")] == [
        Fraction(-1, 8), Fraction(-7, 32), Fraction(-7, 32)
    ]  # fmt: skip
    assert found.gradients["x"].ravel().tolist() == [d * HALF for d in delta]


def test_exact_evaluation_has_every_share() -> None:
    """`evaluate_exactly` finds only fractions, and the share of each step in ∂L/∂W_h: 0, −1/32, −3/32."""
    W_h, W_x, b = PROGRAM.parameters
    (x,), (start,), (y,) = PROGRAM.inputs, PROGRAM.initials, PROGRAM.given
    values = {W_h: HALF, W_x: HALF, b: 0, start: 0, y: 1} | {x.at(step): 1 for step in (1, 2, 3)}
    found = evaluate_exactly((forward(PROGRAM), backward(PROGRAM)), 3, {"n": 1, "m": 1}, values)
    assert found.exact and found.values["L"] == ((Fraction(1, 128),),)
    shares = found.gradients.contributions[W_h]
    assert {step: share[0][0] for step, share in shares.items()} == {1: 0, 2: Fraction(-1, 32), 3: Fraction(-3, 32)}
