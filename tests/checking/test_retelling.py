"""Students' formulas in the plain text of model files."""

from __future__ import annotations

import pytest

from symrnn.algebra.reading.grammar import parse_expression
from symrnn.checking.retelling import retold


@pytest.mark.parametrize(
    ("text", "here", "told"),
    [
        (r"\tanh(w h_{t-1} + u x_t + b)", "t", "tanh(w h[t-1] + u x[t] + b)"),
        (r"\tanh(w h_1 + u x_2 + b)", 2, "tanh(w h[t-1] + u x[t] + b)"),
        (r"\sigma(W_f [h_{k-1}, x_k] + b_f)", "k", "sigmoid(W_f [h[t-1]; x[t]] + b_f)"),
        (r"f_t \odot c_{t-1} + i_t \odot \tilde{c}_t", "t", "f[t] ⊙ c[t-1] + i[t] ⊙ c_tilde[t]"),
        (r"\frac{1}{2}(h_3 - y)^2", 3, "1/2 ((h[t] - y))^2"),
        (r"\frac{\partial L}{\partial h_t} w", "t", None),
        (r"h_{t-1}^{(2)}", "t", "h_2[t-1]"),
        (r"h_{t-1,k}", "t", None),
        (r"-\sum_i y_i^{(t)} \log p_i^{(t)}", "t", "- (y[t])ᵀ (log(p[t]))"),
        (r"\sum_{i=1}^{n} (p_{t,i} - y_{t,i})^2", "t", "‖(p[t] - y[t])‖^2"),
        (r"\sum_i y_i^{(t)} \log p_t", "t", None),
    ],
)
def test_at_the_generic_step(text: str, here: int | str, told: str | None) -> None:
    """Steps are told from the one the formula stands at; what is no cell's formula is not told."""
    assert retold(parse_expression(text), here) == told


def test_a_loss_of_the_last_step_and_of_all() -> None:
    """`last` names the step T; a sum over t keeps its own index."""
    assert retold(parse_expression("(h_3 - y_3)^2"), 3, "T") == "((h[T] - y[T]))^2"
    assert retold(parse_expression(r"\sum_{t=1}^{3} L_t"), 3, "T") == "Σ_{t=1}^{T} (L[t])"
    assert retold(parse_expression(r"\sum_{t=2}^{3} L_t"), 3, "T") is None
