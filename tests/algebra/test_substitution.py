"""Parts of expressions and Programs replaced: the order of what stays is kept, and what vanishes goes."""

from __future__ import annotations

import pytest
import sympy as sp

from symrnn.algebra.nodes import (
    Apply,
    Concat,
    Diag,
    Inner,
    MatMul,
    Node,
    Number,
    Opaque,
    Parameter,
    Power,
    Signal,
    Sum,
    T,
    Transpose,
    Zeros,
    m,
    n,
    t,
)
from symrnn.algebra.substitution import replace_nodes, without
from symrnn.cells import gru, lstm, rnn

h, g, x = Signal("h", (n, 1), t), Signal("g", (n, 1), t), Signal("x", (m, 1), t)
W, V = Parameter("W", (n, n)), Parameter("V", (n, n))


class TestReplaceNodes:
    """Subexpressions by others, outermost first."""

    def test_outermost_first(self) -> None:
        """What is inside a replaced part is not looked at."""
        assert replace_nodes(Apply("tanh", W @ h), {Apply("tanh", W @ h): g, W @ h: V @ h}) == g

    def test_the_replacement_is_not_replaced_again(self) -> None:
        """h and g may be exchanged."""
        assert replace_nodes(h - g, {h: g, g: h}) == g - h

    def test_order_is_kept(self) -> None:
        """Nothing moves."""
        assert str(replace_nodes(W @ h + g + V @ h, {g: x.T @ x * h})) == "W h_t + (x_tᵀ x_t) h_t + V h_t"

    def test_nothing_to_replace_returns_the_node_itself(self) -> None:
        """Identity, not a copy."""
        node = W @ h + g
        assert replace_nodes(node, {}) is node
        assert replace_nodes(node, {x: x}) is node

    def test_indices_and_bounds_stay(self) -> None:
        """A sum of another body is a sum over the same steps."""
        assert replace_nodes(Sum(W @ h, t, 1, T), {h: g}) == Sum(W @ g, t, 1, T)
        assert replace_nodes(Power(h, 3), {h: g}) == Power(g, 3)

    def test_names_are_not_looked_into(self) -> None:
        """The value L_t of an unknown loss keeps its name; its arguments change."""
        loss = Signal("L", (1, 1), t)
        assert replace_nodes(Opaque(loss, h), {h: g}) == Opaque(loss, g)

    @pytest.mark.parametrize(
        ("node", "expected"),
        [
            (W @ h + V @ g, V @ g),
            (MatMul(W, h), Zeros(n, 1)),
            (h * g, Zeros(n, 1)),
            (2 * h, Zeros(n, 1)),
            (Inner(h, g), Number(0)),
            (Diag(h) @ W, Zeros(n, n)),
            (Transpose(h) @ g, Number(0)),
            (Sum(W @ h, t, 1, T), Zeros(n, 1)),
            (Concat(h, g), Concat(Zeros(n, 1), g)),
        ],
        ids=str,
    )
    def test_zero_goes(self, node: Node, expected: Node) -> None:
        """W 0 + x = x."""
        assert replace_nodes(node, {h: Zeros(n, 1)}) == expected


class TestWithout:
    """Parameters or inputs set to zero and every term that vanishes with them."""

    def test_no_bias(self) -> None:
        """The declarations follow."""
        (equation,) = rnn(bias=False)
        assert str(equation) == "h_t = tanh(W_h h_{t-1} + W_x x_t)"
        assert [name.name for name in rnn(bias=False).parameters] == ["W_h", "W_x"]

    def test_no_input(self) -> None:
        """W_x goes with x."""
        free = without(rnn(), rnn().inputs)
        assert str(free["h_t"]) == "h_t = tanh(W_h h_{t-1} + b)"
        assert (free.inputs, [name.name for name in free.parameters]) == ((), ["W_h", "b"])

    def test_a_bias_inside_a_product(self) -> None:
        """r_t ⊙ (U_h h_{t-1} + b_Uh) without its bias is r_t ⊙ (U_h h_{t-1})."""
        assert str(gru("pytorch", bias=False)["h̃_t"]) == "h̃_t = tanh(W_h x_t + r_t ⊙ (U_h h_{t-1}))"

    def test_every_gate(self) -> None:
        """Four biases of the LSTM."""
        assert not [name for name in lstm(bias=False).parameters if name.name.startswith("b")]
        assert len(lstm(bias=False)) == len(lstm())

    def test_what_is_not_there_changes_nothing(self) -> None:
        """The same equations."""
        assert without(rnn(), (Parameter("Q", (n, n)),)).equations == rnn().equations

    def test_sizes_may_be_numbers(self) -> None:
        """Of a sized Program too."""
        sized = rnn().with_sizes(n=2, m=1)
        assert str(without(sized, sized.inputs)["h_t"]) == "h_t = tanh(W_h h_{t-1} + b)"
        assert without(sized, sized.inputs)["h_t"].target.shape == (sp.Integer(2), 1)
