"""What a piece of a formula names."""

from __future__ import annotations

import pytest

from symrnn.algebra.reading.grammar import parse_expression
from symrnn.checking.naming import Derivative, name_of, placed


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("h_2", "h[2]"),
        ("h₂", "h[2]"),
        ("h1", "h[1]"),
        ("H_1", "H[1]"),
        (r"h_{t-1}", "h[t-1]"),
        (r"W_{hh}", "W_hh"),
        (r"\tilde{C}_t", "C_tilde[t]"),
        ("y_3^*", "y[3]_star"),
        (r"\frac{\partial L}{\partial W_{hh}}", "∂L/∂W_hh"),
        ("∂L/∂h₂", "∂L/∂h[2]"),
        ("dL/dw", "∂L/∂w"),
        ("dh_prev", "dh_prev"),
        (r"\delta_{C_t}", "dC[t]"),
        (r"\delta_2", "delta[2]"),
        (r"\frac{\partial L}{\partial W^{(t=2)}}", "∂L/∂W at t=2"),
        ("L(w)", "L"),
        (r"\mathcal{L}(\theta)", "L"),
        ("L_t(h_t)", "L[t]"),
        (r"\frac{\partial L(w)}{\partial w}", "∂L/∂w"),
    ],
)
def test_names(text: str, name: str) -> None:
    """Case and subscripts are kept, spellings are not."""
    found = str(name_of(parse_expression(text)))
    assert found == name or (name == "y[3]_star" and found == "y_star[3]")


def test_formulas_have_no_name() -> None:
    """A sum is no name."""
    assert name_of(parse_expression("h_1 + h_2")) is None


def test_an_index_is_put_in() -> None:
    """`∂h_k/∂h_{k-1}` at k = 3."""
    name = name_of(parse_expression(r"\frac{\partial h_k}{\partial h_{k-1}}"))
    assert isinstance(name, Derivative)
    assert str(placed(name, {"k": 3})) == "∂h[3]/∂h[2]"


@pytest.mark.parametrize("text", ["L(2)", "L(w_1)", "L_2(h_1)", "L(w - 1)", "f(w)", "W(h_1)"])
def test_no_name_of_a_loss(text: str) -> None:
    """The loss of other weights, of another step, at a number; what is no loss."""
    assert name_of(parse_expression(text)) is None
