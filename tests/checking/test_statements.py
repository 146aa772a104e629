"""A text's own model: where its numbers may stand, and what its words say."""

from __future__ import annotations

import symrnn as sr
from symrnn.algebra.reading.grammar import parse_expression
from symrnn.checking.statements import value_of

KEY = r"""
The cell: $h_t = \tanh(W_h h_{t-1} + W_x x_t + b)$. The loss: $L = \tfrac{1}{2} (h_T - y)^2$.

| $W_h$ | $W_x$ | $b$ | $h_0$ | $y$ |
| ---: | ---: | ---: | ---: | ---: |
| $\tfrac{1}{2}$ | $2$ | $1$ | $-\tfrac{3}{4}$ | $-2$ |

| $t$ | $x_t$ |
| ---: | ---: |
| $1$ | $\frac{\ln(3)}{2} - \tfrac{5}{16}$ |

$$ a_1 = W_h h_0 + W_x x_1 + b = \ln(3) $$
$$ h_1 = \tanh(a_1) = \tfrac{4}{5} $$
$$ \frac{\partial L}{\partial h_1} = h_1 - y = \tfrac{14}{5} $$
$$ \delta_1 = (1 - h_1^2) \frac{\partial L}{\partial h_1} = \tfrac{126}{125} $$
$$ \frac{\partial L}{\partial W_h} = \delta_1 h_0 = -\tfrac{189}{250} $$
"""


def test_a_worked_key_is_judged_by_its_own_tables() -> None:
    """Givens in tables, logarithms among them, and a name for the argument: all of it right; a slip is found."""
    report = sr.check(KEY)
    assert {f.verdict.value for f in report.findings} <= {"right", "given"}
    assert len([f for f in report.findings if f.verdict.value == "right"]) >= 10
    wrong = sr.check(KEY.replace(r"-\tfrac{189}{250}", r"\tfrac{189}{250}"))
    assert [f.text for f in wrong.findings if f.verdict.value == "wrong"] != []


def test_numbers_that_are_told() -> None:
    """Fractions with a sign, logarithms in sums; what is computed without one is no datum."""
    texts = ("-3/4", "2 ln(2) + 19/8", "0.5 * 2", "w + 1")
    assert [value_of(parse_expression(text)) for text in texts] == ["-(3/4)", "+(2)*ln(2)+((19))/((8))", None, None]


def test_scalars_in_words() -> None:
    """Without numbers capitals are matrices, unless the text says otherwise."""
    text = r"""
$$ h_t = \tanh(W h_{t-1} + U x_t) $$
$$ \frac{\partial h_t}{\partial h_{t-1}} = W (1 - h_t^2) $$
"""
    assert sr.check(text).findings[1].verdict.value != "right"
    for said in ("Consider a scalar RNN.", "考虑标量RNN。"):
        assert [f.verdict.value for f in sr.check(said + text).findings][1] == "right"
