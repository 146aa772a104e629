"""Chains `a = b = c`: one reading of σ, zeros of a model, what the parts of a sum stand for."""

from __future__ import annotations

from math import exp

import symrnn as sr
from tests.checking.test_judging import MODEL


def test_a_sigma_is_one_function_within_a_chain() -> None:
    """In a tanh cell `h_1 = σ(a) = 1/(1+e^-a)` is no luck: σ is tanh before and after, or it is wrong."""
    model = sr.loads(MODEL)
    right = sr.evaluate(model).values["h[1]"]
    assert isinstance(right, float)
    a = sr.evaluate(model).values["a[1]"]
    logistic = 1 / (1 + exp(-float(str(a))))
    for value, verdicts in ((right, {"right", "rounded"}), (logistic, {"wrong"})):
        assert sr.check(rf"$h_1 = \sigma({a}) = {value:.4f}$", model).findings[-1].verdict.value in verdicts


def test_a_sum_to_a_number_says_how_many_steps_there_are() -> None:
    """A named cell has no number of steps: `Σ_{t=1}^{3}` speaks of three."""
    for bounds in ("{t=1}^{3}", "{t=1}^{T}", "{t=1}^{5}"):
        (finding,) = sr.check(
            rf"$\frac{{\partial L}}{{\partial W_h}} = \sum_{bounds} \delta_t h_{{t-1}}^T$", sr.cells.rnn()
        ).findings
        assert finding.verdict.value == "right"


def test_zeros_of_a_short_model_may_be_left_out() -> None:
    """b = 0 over two steps: `h_1 = tanh(W_h h_0 + W_x x_1)` is no luck."""
    text = (
        '[cell]\nkind = "rnn"\nactivation = "tanh"\n[sequence]\nx = [0.3, 2]\n[parameters]\nW_h = 0.5\nW_x = 2\nb = 0\n'
    )
    for formula, verdict in (("W_h h_0 + W_x x_1", "right"), ("W_h h_0 + W_x x_1^2", "wrong")):
        (finding,) = sr.check(rf"$h_1 = \tanh({formula})$", sr.loads(text)).findings
        assert finding.verdict.value == verdict


def test_parts_of_a_sum_stand_for_what_they_came_from() -> None:
    """−0.24 is a product of given numbers, so the sum has no room for a slip in its last digit but one."""
    text = "a = 0.3\nb = 0.8\nc = 0.15\nd = 0.6\ne = 0.075\nf = 0.2\ng = a*b + c*d + e*f = 0.24 + 0.09 + 0.015 = 0.3"
    assert [sr.check(text + digits).findings[-1].verdict.value for digits in ("45", "5", "3")] == [
        "right",
        "rounded",
        "wrong",
    ]
