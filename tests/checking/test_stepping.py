"""Steps that are written as arguments, `h(t)`."""

from __future__ import annotations

import pytest

import symrnn as sr
from symrnn.checking.naming import name_of
from symrnn.checking.reading.workings import read_working
from symrnn.checking.stepping import with_steps

CELL = (
    "$h(t) = \\tanh(w h(t-1) + u x(t))$, $h(0) = 0$, $x(1)=0.5$, $x(2) = 0.25$, $w=0.4$, $u=1$,"
    " $L = \\frac12 (h(2) - 1)^2$\n\n"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$\\frac{\\partial L}{\\partial h(1)} = w (1-h(2)^2) (h(2) - 1)$", "right"),
        ("$\\frac{\\partial L}{\\partial h(t-1)} = w (1-h^2(t)) \\frac{\\partial L}{\\partial h(t)}$", "right"),
        ("$\\frac{\\partial L}{\\partial h(t-1)} = w (1-h(t)) \\frac{\\partial L}{\\partial h(t)}$", "wrong"),
        ("$\\frac{\\partial L}{\\partial w} = \\sum_t \\delta(t) h(t-1)$", "right"),
        ("$\\frac{\\partial L}{\\partial w} = \\sum_t \\delta(t) h(t)$", "wrong"),
        ("dL/dh(1) = dL/dh(2) * w (1-h(2)^2)", "right"),
    ],
)
def test_formulas_of_such_a_text_are_judged(text: str, expected: str) -> None:
    """The model is recognised, powers and transposes behind the step or before it belong to the whole."""
    assert sr.check(CELL + text).findings[-1].verdict.value == expected


def test_without_a_moved_step_a_bracket_is_a_factor() -> None:
    """`w(t)` and `h (3)` alone say nothing of time, and a weight never does."""
    for text in ("$q = a(2) + b(t)$", "$w(t+1) = w(t) - 0.1 g$", "$f(t) = \\tanh(t)$"):
        working = read_working(text)
        assert with_steps(working) is working


def test_accents_and_transposes_go_along() -> None:
    """`\\hat{y}(t)`, `h(t-1)^T`."""
    working = with_steps(read_working("$\\hat{y}(t) = V h(t)$, $q = h(t-1)^\\top$"))
    assert str(name_of(working.links[0].left)) == "y_hat[t]"
    assert str(name_of(working.links[1].right.body)) == "h[t-1]"
