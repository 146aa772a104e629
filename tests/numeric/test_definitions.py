"""Quantities by their definition: they agree with the calculus, and disagree with a wrong rule."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import symrnn as sr
from symrnn.algebra import nodes as N
from symrnn.algebra.programs import Equation, Program
from symrnn.calculus.rewriting import expose
from symrnn.calculus.rules import RULES
from symrnn.numeric.definitions import Definitions

CELLS = {
    "rnn": sr.cells.rnn(),
    "linear": sr.cells.rnn(activation="identity"),
    "relu": sr.cells.rnn(activation="relu"),
    "lstm": sr.cells.lstm(),
    "gru": sr.cells.gru(),
    "keras": sr.cells.gru(variant="keras"),
    "generic": sr.parse_cell("h_t = phi(A h_{t-1} + B x_t)"),
    "scalar": sr.parse_cell("alpha: scalar\nh_t = alpha h_{t-1} + (1 - alpha) x_t"),
}
each_cell = pytest.mark.parametrize("name", CELLS)
with_or_without = pytest.mark.parametrize("loss", [False, True])


def program(name: str, loss: bool) -> Program:
    """A cell, alone or with a loss of which nothing is known."""
    return sr.with_generic_loss(CELLS[name]) if loss else CELLS[name]


def disagreements(judge: Definitions, equations: Iterator[Equation] | Program) -> list[str]:
    """Where an equation's two sides differ."""
    return [
        f"{equation} at {at}"
        for equation in equations
        for at in judge.places(equation.domain)
        if not judge.agree(equation.target, equation.expression, at)
    ]


@each_cell
@with_or_without
class TestTheCalculusAgrees:
    """At every step, the first and the last included."""

    def test_adjoints(self, name: str, loss: bool) -> None:
        """Every recurrence and every parameter's gradient."""
        cell = program(name, loss)
        assert disagreements(Definitions(cell), sr.adjoint(expose(cell))) == []

    def test_jacobians(self, name: str, loss: bool) -> None:
        """Every block, and the product over three steps."""
        step = sr.jacobian(program(name, loss))
        judge = Definitions(program(name, loss))
        assert disagreements(judge, iter(step)) == []
        product = step.product()
        assert all(judge.agree(product.target, product.expression, {N.t: at}) for at in (0, 1, 3))


@each_cell
@with_or_without
def test_gradients_are_not_nothing(name: str, loss: bool) -> None:
    """Or every comparison above would be 0 = 0."""
    cell = program(name, loss)
    judge = Definitions(cell)
    for quantity in (*cell.states, *cell.parameters):
        found = judge.value(N.Adjoint(quantity), {N.t: 1})
        assert any(abs(entry) for row in found for entry in row) or name == "relu", quantity


@pytest.mark.parametrize("name", ["linear", "relu", "scalar"])
def test_rational_cells_are_judged_by_fractions(name: str) -> None:
    """Kinked lines and products: nothing is rounded."""
    assert Definitions(CELLS[name]).certificate == "exact"
    assert Definitions(CELLS["rnn"]).certificate == "points"


@pytest.mark.parametrize("row", [N.MatMul, N.Hadamard, N.Apply])
@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_a_planted_wrong_row_is_found(name: str, row: type[N.Operation]) -> None:
    """A rule that forgets its first operand."""
    right = RULES[row]

    def wrong(node: N.Operation, answer: N.Node) -> tuple[object, ...]:
        maps = right(node, answer)
        return (maps[0] and maps[0].then(maps[0]) if hasattr(maps[0], "then") else None, *maps[1:])

    cell = CELLS[name]
    back = sr.adjoint(expose(cell), rules={**RULES, row: lambda node, answer: (None, *right(node, answer)[1:])})
    assert disagreements(Definitions(cell), back)


def test_the_immediate_partial_is_not_the_total() -> None:
    """∂⁺L/∂h_1 holds every later step fixed; at the last step the two are one."""
    judge = Definitions(program("rnn", True))
    state = N.Signal("h", (N.n, 1), N.t)
    immediate, total = N.Immediate(N.Signal("L", (1, 1)), state), N.Adjoint(state)
    assert not judge.agree(immediate, total, {N.t: 1})
    assert judge.agree(immediate, total, {N.t: 3})


def test_given_values_are_used() -> None:
    """A model's own numbers instead of drawn ones."""
    cell = CELLS["scalar"]
    weight = next(p for p in cell.parameters if p.name == "alpha")
    judge = Definitions(cell, values={weight: 0.5})
    assert judge.value(weight)[0][0].value == 0.5


def test_the_order_of_asking_changes_nothing() -> None:
    """Numbers are drawn from the names."""
    one, other = Definitions(CELLS["rnn"], seed=3), Definitions(CELLS["rnn"], seed=3)
    W, b = (next(p for p in CELLS["rnn"].parameters if p.name == name) for name in ("W_h", "b"))
    assert (one.value(W), one.value(b)) == tuple(reversed((other.value(b), other.value(W))))
    assert one.value(W) != Definitions(CELLS["rnn"], seed=4).value(W)


def test_a_target_without_a_step_is_a_distribution_too() -> None:
    """∂L/∂o = p - y holds for shares only."""
    cell = sr.parse_cell("h_t = W h_{t-1} + U x_t; o_t = V h_t; L = -yᵀ log softmax(o_T)")
    judge = Definitions(cell)
    target = next(name for name in cell.given if name.name == "y")
    assert sum(row[0] for row in judge.value(target)) == 1
