"""Long work says how far it has come, and stops when the listener says so."""

from __future__ import annotations

import numpy as np
import pytest

from symrnn.cells import rnn
from symrnn.models.files import loads
from symrnn.numeric.compilation import compile_gradients
from symrnn.numeric.evaluation import evaluate
from symrnn.numeric.products import long_product
from symrnn.numeric.progress import report, reporting

MODEL = """
[cell]
kind = "rnn"
activation = "tanh"
[sequence]
steps = {0}
[parameters]
W_h = 0.5
b = 0.25
[loss]
kind = "half_squared_error"
y = 1
"""


class Stopped(Exception):
    """What a listener raises to stop the work."""


@pytest.mark.parametrize("digits", [None, 20])
def test_an_evaluation_tells_of_every_step_or_chunk(digits):
    seen = []
    with reporting(lambda done, total: seen.append((done, total))):
        evaluate(loads(MODEL.format(6)), digits=digits)
    assert {total for _, total in seen} <= {1, 6}
    assert (0, seen[0][1]) == seen[0] and (seen[-1][1],) * 2 == seen[-1]


def test_long_products_and_compiled_code_can_be_stopped():
    def stop(done: int, total: int) -> None:
        if done:
            raise Stopped

    given = {"W_h": np.eye(2), "W_x": np.eye(2), "b": np.zeros(2), "x": np.zeros((100_000, 2))}
    with reporting(stop):
        with pytest.raises(Stopped):
            long_product(loads(MODEL.format(5000)))
        with pytest.raises(Stopped):
            compile_gradients(rnn("identity"))(given)


def test_nobody_is_told_afterwards():
    seen = []
    with reporting(lambda done, total: seen.append(done)):
        report(1, 2)
    report(2, 2)
    assert seen == [1]
