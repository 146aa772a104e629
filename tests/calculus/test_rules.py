"""The rows as a lecturer would read them: what each operation does to a tangent, through the answer's name."""

from __future__ import annotations

import inspect
from types import MappingProxyType

import pytest

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Name, Node, Parameter, Signal, n, t
from symrnn.calculus import rules
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.jacobians import jacobian
from symrnn.calculus.rules import RULES
from symrnn.calculus.tangents import push, tangent
from symrnn.cells import lstm, rnn

h, g, x, y = (Signal(name, (n, 1), t) for name in "hgxy")
W, V = Parameter("W", (n, n)), Parameter("V", (n, n))
s = Parameter("s", (1, 1))
ANSWER = Signal("p", (n, 1), t)

TANGENTS: dict[str, tuple[Node, Name, str]] = {
    "sum": (h + g, ANSWER, "ḣ_t + ġ_t"),
    "⊙": (h * g, ANSWER, "g_t ⊙ ḣ_t + h_t ⊙ ġ_t"),
    "three factors": (N.Hadamard(h, g, x), ANSWER, "g_t ⊙ x_t ⊙ ḣ_t + h_t ⊙ x_t ⊙ ġ_t + h_t ⊙ g_t ⊙ ẋ_t"),
    "product": (W @ h, ANSWER, "Ẇ h_t + W ḣ_t"),
    "product of three": (W @ V @ h, ANSWER, "Ẇ V h_t + W V̇ h_t + W V ḣ_t"),
    "scalar": (s * h, ANSWER, "ṡ h_t + s ḣ_t"),
    "number": (2 * h, ANSWER, "2 ḣ_t"),
    "transpose": (h.T @ W, ANSWER, "ḣ_tᵀ W + h_tᵀ Ẇ"),
    "square": (h**2, ANSWER, "2 h_t ⊙ ḣ_t"),
    "cube": (h**3, ANSWER, "3 h_t² ⊙ ḣ_t"),
    "tanh through its output": (N.Apply("tanh", h), ANSWER, "(1 - p_t²) ⊙ ḣ_t"),
    "σ through its output": (N.Apply("sigmoid", h), ANSWER, "p_t ⊙ (1 - p_t) ⊙ ḣ_t"),
    "generic f": (N.Apply("f", h), ANSWER, "f'(h_t) ⊙ ḣ_t"),
    "f' of a generic f": (N.Apply("f'", h), ANSWER, "f''(h_t) ⊙ ḣ_t"),
    "diag": (N.Diag(h), ANSWER, "diag(ḣ_t)"),
    "norm": (N.SquaredNorm(h), Signal("L", (1, 1)), "2 h_tᵀ ḣ_t"),
    "inner product": (N.Inner(h, g), Signal("L", (1, 1)), "g_tᵀ ḣ_t + h_tᵀ ġ_t"),
    "softmax": (N.Softmax(h), ANSWER, "p_t ⊙ ḣ_t - (p_tᵀ ḣ_t) p_t"),
    "Σ": (N.Sum(h, t, 1, 3), ANSWER, "Σ_{t=1}^{3} ḣ_t"),
    "nothing to move": (N.Ones(n, 1) * N.Ones(n, 1), ANSWER, "0"),
}


@pytest.mark.parametrize("case", TANGENTS)
def test_what_a_row_does_to_a_tangent(case: str) -> None:
    """The row read forwards."""
    node, answer, expected = TANGENTS[case]
    assert str(push(node, answer)) == expected


def test_the_first_docstring_line_of_a_row_is_its_formula() -> None:
    """One table, read like a table."""
    rows = {row for row in RULES.values() if row.__name__ != "row"}
    assert all("˙" in (inspect.getdoc(row) or "").partition("\n")[0] or "ȯ" in (row.__doc__ or "") for row in rows)


def test_the_table_cannot_be_changed() -> None:
    """A wrong row is planted in another table."""
    with pytest.raises(TypeError):
        RULES[N.Add] = RULES[N.MatMul]  # type: ignore[index]  # that is the point


def test_every_mode_takes_the_table_as_an_argument() -> None:
    """f' dropped: in the adjoint, in the tangent and in the step Jacobian."""
    wrong = MappingProxyType({**RULES, N.Apply: lambda node, answer: (rules.same(node.shape),)})
    assert str(adjoint(rnn(), wrong)["ā_t"].expression) == "h̄_t"
    assert str(tangent(rnn(), wrong)["ḣ_t"].expression) == "ȧ_t"
    assert str(jacobian(rnn(), wrong)["h", "h"].expression) == "W_h"
    assert str(adjoint(rnn())["ā_t"].expression) == "(1 - h_t²) ⊙ h̄_t"


def test_an_operand_that_is_never_differentiated_is_left_out() -> None:
    """A row may say None for an operand: no share goes there, and the rest is as it was."""
    wrong = MappingProxyType({**RULES, N.Hadamard: lambda node, answer: (None, RULES[N.Hadamard](node, answer)[1])})
    back = {str(equation.target): str(equation.expression) for equation in adjoint(lstm(), wrong)}
    assert back["c̃̄_t"] == "i_t ⊙ c̄_t"
    assert back["∂L/∂W_i"] == "0"
