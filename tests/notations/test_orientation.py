"""Rows for columns and denominators for numerators: every equation, evaluated both ways, exactly."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import random_programs
import sympy as sp
from fractions_evaluator import Evaluator, Matrix, dot, draw, slopes_of, transposed
from hypothesis import given
from law_checks import Setting, sized
from named_cells import CELLS, all_programs
from running import few

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Adjoint, Block, Name, Node, Parameter, Signal, T, n, t
from symrnn.algebra.programs import Equation, Program
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.closed_forms import closed_forms_of
from symrnn.calculus.identities import ClosedForm
from symrnn.calculus.jacobians import jacobian
from symrnn.calculus.rewriting import expose
from symrnn.calculus.unrolling import unroll
from symrnn.cells import gru, lstm, rnn
from symrnn.models.losses import with_loss
from symrnn.notations.orientation import Orientation

ROWS, DENOMINATOR, BOTH = Orientation(rows=True), Orientation(denominator=True), Orientation(True, True)
each_orientation = pytest.mark.parametrize("way", [ROWS, DENOMINATOR, BOTH], ids=["rows", "denominator", "both"])
each_program = pytest.mark.parametrize(("label", "make"), all_programs(), ids=[label for label, _ in all_programs()])
SIZES = {"n": 2, "m": 3, "p": 2}


def turned(way: Orientation, name: Name, value: Matrix) -> Matrix:
    """The value a name has in an orientation."""
    return transposed(value) if way.turns(name) else value


def check_values(setting: Setting, way: Orientation) -> None:
    """Every quantity and every gradient of the rewritten Programs is the transpose of the original's."""
    program = setting.program
    back = adjoint(program)
    here = setting.evaluator().run(program).run(back)
    there = setting.evaluator({way.stored(name): turned(way, name, value) for name, value in here.leaves.items()})
    there.run(way.rewrite(program)).run(way.rewrite(back))
    for name, value in here.values.items():
        assert there.values[way.stored(name)] == turned(way, name, value), name


@each_program
def test_named_cells_hold_with_rows(label: str, make: Callable[[], Program]) -> None:
    """Forward and backward, with transposed weights."""
    check_values(Setting(sized(make(), **SIZES), 2), ROWS)


@few
@given(random_programs.settings())
def test_random_programs_hold_with_rows(setting: Setting) -> None:
    """Every operation."""
    check_values(setting, ROWS)


@few
@given(random_programs.settings())
def test_what_comes_back_is_worth_the_same(setting: Setting) -> None:
    """There and back: the same values, though (xᵀ W)ᵀ may have become Wᵀ x."""
    back = adjoint(setting.program)
    before = setting.evaluator().run(setting.program).run(back).values
    after = setting.evaluator()
    for program in (setting.program, back):
        after.run(ROWS.rewrite(ROWS.rewrite(program)))
    assert after.values == before


@each_program
def test_named_cells_come_back(label: str, make: Callable[[], Program]) -> None:
    """Rewriting twice gives the very same Program, and the same adjoint."""
    for program in (make(), adjoint(make())):
        assert ROWS.rewrite(ROWS.rewrite(program)) == program


@pytest.mark.parametrize("make", [rnn, lstm, gru], ids=["rnn", "lstm", "gru"])
def test_unrolling_and_rewriting_commute(make: Callable[[], Program]) -> None:
    """Rows unrolled are the unrolled in rows."""
    program = adjoint(with_loss(make(), readout=True))
    assert unroll(ROWS.rewrite(program), 2) == ROWS.rewrite(unroll(program, 2))


def test_a_row_gradient_is_the_derivative_of_the_row_program() -> None:
    """∂L/∂W of the row Program against its own forward pass over dual numbers."""
    program = sized(with_loss(rnn(), "softmax_cross_entropy", readout=True), **SIZES)
    forward, back = ROWS.rewrite(program), ROWS.rewrite(adjoint(program))
    for parameter in forward.parameters:
        direction = draw(N.Tangent(parameter), 5)
        moved = Evaluator(steps=3, directions={parameter: direction}).run(forward)
        plain = Evaluator(steps=3).run(forward).run(back)
        slope = slopes_of(moved.values[program.loss])[0][0]  # type: ignore[index]  # there is a loss
        assert slope == dot(plain.values[Adjoint(parameter)], direction)


# --- Jacobians ------------------------------------------------------------------------------------------------------


def jacobian_lines(program: Program) -> list[Equation]:
    """The blocks, the whole step matrix by its blocks, and its product over the steps."""
    found = jacobian(program)
    lines = [*found.blocks, found.product(T, t)]
    matrix = found.matrix
    return [*lines, Equation(found.name, matrix)] if isinstance(matrix, N.BlockMatrix) else lines


def evaluated(setting: Setting, lines: list[Equation], known: dict[Name, Matrix]) -> dict[Name, Matrix]:
    """The left sides at every step, single blocks first; the product at t = 1."""
    *single, product = sorted(lines, key=lambda line: isinstance(line.expression, N.Product))
    evaluator = setting.evaluator(known)
    for step in range(1, setting.steps + 1):
        evaluator.index[t] = sp.Integer(step)
        for line in single:
            evaluator.values[evaluator.placed(line.target)] = evaluator(line.expression)
    evaluator.index[t] = sp.Integer(1)
    evaluator.values[evaluator.placed(product.target)] = evaluator(product.expression)
    return evaluator.values


@each_orientation
@pytest.mark.parametrize(("label", "make"), CELLS.items(), ids=list(CELLS))
def test_jacobians_and_their_products(label: str, make: Callable[[], Program], way: Orientation) -> None:
    """∂s_t/∂s_{t-1} and ∂s_T/∂s_t: transposed, and the product in the other order, in denominator layout."""
    setting = Setting(sized(expose(make()), n=2, m=1), 3)
    here = setting.evaluator().run(setting.program)
    values = here.values
    lines = jacobian_lines(setting.program)
    ours = evaluated(setting, lines, dict(values))
    known = {way.stored(name): turned(way, name, value) for name, value in values.items()}
    theirs = evaluated(setting, [way.rewrite(line) for line in lines], known)
    assert len(ours) > len(values)
    for name, value in ours.items():
        assert theirs[way.stored(name)] == turned(way, name, value), name


def test_a_row_times_its_jacobian_is_the_next_row() -> None:
    """dh_t = dh_{t-1} (∂h_t/∂h_{t-1}) in rows: the layout in which CS231n multiplies."""
    line = BOTH.rewrite(jacobian(rnn("identity")).blocks[0])
    assert str(line) == "∂h_t/∂h_{t-1} = W_h"
    assert str(BOTH.rewrite(jacobian(rnn()).blocks[0])) == "∂h_t/∂h_{t-1} = W_h diag(1 - h_t²)"


def test_products_in_denominator_layout_run_upwards() -> None:
    """∂h_T/∂h_t = (∂h_{t+1}/∂h_t) ⋯ (∂h_T/∂h_{T-1})."""
    line = DENOMINATOR.rewrite(jacobian(rnn()).product())
    assert str(line) == "∂h_T/∂h_t = ∏_{k=t+1}^{T} ∂h_k/∂h_{k-1}"
    assert isinstance(line.expression, N.Product)
    assert line.expression.step == 1
    assert DENOMINATOR.rewrite(line) == jacobian(rnn()).product()


@pytest.mark.parametrize(
    ("way", "text"),
    [
        (DENOMINATOR, "Σ_{τ=t}^{T} (∏_{k=t+1}^{τ} ∂h_k/∂h_{k-1}) (∂⁺L/∂h_τ)"),
        (ROWS, "Σ_{τ=t}^{T} (∂⁺L/∂h_τ) ∏_{k=τ}^{t+1} ∂h_k/∂h_{k-1}"),
        (BOTH, "Σ_{τ=t}^{T} (∂⁺L/∂h_τ) (∏_{k=t+1}^{τ} ∂h_k/∂h_{k-1})ᵀ"),
    ],
)
def test_the_sum_over_later_losses(way: Orientation, text: str) -> None:
    """Each layout multiplies on its own side."""
    assert str(way.rewrite(jacobian(rnn()).gradient_sum()).expression) == text


@each_orientation
@pytest.mark.parametrize("cell", [rnn("identity"), lstm(), gru(), rnn("identity", bias=False)])
def test_closed_forms_are_rewritten_and_back(cell: Program, way: Orientation) -> None:
    """Powers, geometric sums, direct paths."""
    forms = [form for form in closed_forms_of(with_loss(cell)) if isinstance(form, ClosedForm)]
    assert forms
    for equation in (Equation(form.of, case.value) for form in forms for case in form.cases):
        there = way.rewrite(equation)
        assert there.target.shape == there.expression.shape
        assert way.rewrite(there) == equation


# --- single nodes ---------------------------------------------------------------------------------------------------

h, x, a = Signal("h", (n, 1), t), Signal("x", (N.m, 1), t), Signal("a", (n, 1), t)
W, U = Parameter("W", (n, n)), Parameter("U", (n, N.m))


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (W @ h + U @ x, "h_t W + x_t U"),
        (W.T @ Adjoint(a), "ā_t Wᵀ"),
        (Adjoint(a) @ h.T, "h_tᵀ ā_t"),
        (N.MatMul(Parameter("V", (n, n + N.m)), N.Concat(h, x)), "[h_t, x_t] V"),
        (N.Softmax(W @ h), "softmax(h_t W)"),
        (N.Inner(h, a), "h_t a_tᵀ"),
        (N.Diag(h) @ W, "W diag(h_t)"),
        (N.SquaredNorm(h - a), "‖h_t - a_t‖²"),
        (N.MatPower(W, T - t) @ h, "h_t W^{T-t}"),
        (N.Number(2), "2"),
    ],
    ids=lambda value: str(value),
)
def test_nodes_in_rows(node: Node, text: str) -> None:
    """What a lecturer with row vectors would write."""
    assert str(ROWS.rewrite(node)) == text


def test_a_bare_jacobian_is_told_by_its_left_side() -> None:
    """diag(h) W alone may be a gradient; like ∂h/∂a it is a Jacobian and keeps its layout."""
    node, name = N.Diag(h) @ W, Block(h, a)
    assert str(ROWS.rewrite(node, like=name)) == "diag(h_t) Wᵀ"
    assert str(BOTH.rewrite(node, like=name)) == "W diag(h_t)"


def test_the_plain_orientation_changes_nothing() -> None:
    """Columns, numerator layout: the very same objects."""
    program = rnn()
    assert Orientation().rewrite(program) is program
