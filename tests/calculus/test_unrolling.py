"""Unrolling: steps written out by substitution alone, each still named, linear in T."""

from __future__ import annotations

import time
from typing import Any

import pytest
import sympy as sp
from two_directions import BACKWARD, bidirectional

from symrnn.algebra.nodes import Eye, Guarded, Parameter, Product, Signal, Sum, T, Zeros, n, t
from symrnn.algebra.programs import STEPS, Equation, Program, Range
from symrnn.algebra.reading.roles import parse_cell
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.jacobians import jacobian
from symrnn.calculus.rewriting import expose
from symrnn.calculus.tangents import tangent
from symrnn.calculus.unrolling import MOST_STEPS, steps_of, unroll, written_out
from symrnn.cells import lstm, rnn
from symrnn.errors import InputError, TimeError
from symrnn.models.losses import with_loss

h, W = Signal("h", (n, 1), t), Parameter("W", (n, n))


def lines(program: Program) -> list[str]:
    """The equations as printed."""
    return [str(equation) for equation in program]


class TestForward:
    """A cell written out."""

    def test_each_step_is_named(self) -> None:
        """h_2 reads h_1, it does not hold its expression."""
        assert lines(unroll(rnn(), 3)) == [
            "h_1 = tanh(W_h h_0 + W_x x_1 + b)",
            "h_2 = tanh(W_h h_1 + W_x x_2 + b)",
            "h_3 = tanh(W_h h_2 + W_x x_3 + b)",
        ]

    def test_step_by_step_not_line_by_line(self) -> None:
        """All of step 1 before step 2."""
        targets = [str(equation.target) for equation in unroll(lstm(), 2)]
        assert targets == [f"{name}_{step}" for step in (1, 2) for name in ("f", "i", "o", "c̃", "c", "h")]

    def test_declarations_are_written_out_too(self) -> None:
        """x_1, x_2; h_0 stays; c_T is c_2."""
        two = unroll(lstm(), 2)
        assert [str(name) for name in two.inputs] == ["x_1", "x_2"]
        assert [str(name) for name in two.outputs] == ["h_1", "h_2"]
        assert [str(name) for name in (*two.initials, *two.finals)] == ["h_0", "c_0", "c_2"]
        assert all(not equation.domain for equation in two)

    def test_a_loss_at_the_last_step(self) -> None:
        """h_T is h_2."""
        assert lines(unroll(with_loss(rnn()), 2))[-1] == "L = 1/2 ‖h_2 - y‖²"

    def test_a_loss_at_every_step(self) -> None:
        """Σ_{t=1}^{T} is a sum of names; the mean divides by the number of steps."""
        assert lines(unroll(with_loss(rnn(), at="every_step"), 3))[-1] == "L = L_1 + L_2 + L_3"
        assert lines(unroll(with_loss(rnn(), at="every_step", reduce="mean"), 3))[-1] == "L = 1/3 (L_1 + L_2 + L_3)"

    def test_one_step(self) -> None:
        """T = 1."""
        assert lines(unroll(with_loss(rnn(), at="every_step"), 1))[-1] == "L = L_1"

    def test_a_backward_recurrence_is_walked_backward(self) -> None:
        """g_T first."""
        targets = [str(equation.target) for equation in unroll(bidirectional(), 2)]
        assert targets == ["h_1", "h_2", "g_2", "g_1", "y_1", "y_2"]
        assert lines(unroll(bidirectional(), 2))[2] == "g_2 = tanh(V g_3 + U x_2)"

    def test_other_indices_stay(self) -> None:
        """Steps are written out, examples are not: a sum over them stays one node."""
        j = sp.Symbol("j", integer=True)
        loss = Signal("L", (1, 1))
        step = Signal("l", (1, 1), t, j)
        state = Signal("h", (n, 1), t, j)
        program = Program(
            "batch",
            (
                Equation(state, W @ state.at(t - 1, j), domain=(STEPS, Range(j, sp.S.One, sp.Integer(2)))),
                Equation(step, state.T @ state, domain=(STEPS, Range(j, sp.S.One, sp.Integer(2)))),
                Equation(loss, Sum(Sum(step, j, 1, 2), t, 1, T)),
            ),
            parameters=(W,),
            states=(state,),
            initials=(state.at(0, j),),
            outputs=(state,),
            loss=loss,
        )
        two = unroll(program, 2)
        assert lines(two)[-1] == "L = Σ_{j=1}^{2} l_{1,j} + Σ_{j=1}^{2} l_{2,j}"
        assert [str(e.target) for e in two][:2] == ["h_{1,j}", "l_{1,j}"]


class TestDerived:
    """Adjoints and tangents are Programs and unroll like any other."""

    def test_an_adjoint_walks_down(self) -> None:
        """The last step has no share from beyond it."""
        assert lines(unroll(adjoint(rnn()), 2)) == [
            "h̄_2 = ∂⁺L/∂h_2",
            "ā_2 = (1 - h_2²) ⊙ h̄_2",
            "x̄_2 = W_xᵀ ā_2",
            "h̄_1 = ∂⁺L/∂h_1 + W_hᵀ ā_2",
            "ā_1 = (1 - h_1²) ⊙ h̄_1",
            "x̄_1 = W_xᵀ ā_1",
            "h̄_0 = W_hᵀ ā_1",
            "∂L/∂W_h = ā_1 h_0ᵀ + ā_2 h_1ᵀ",
            "∂L/∂W_x = ā_1 x_1ᵀ + ā_2 x_2ᵀ",
            "∂L/∂b = ā_1 + ā_2",
        ]

    def test_the_cotangent_of_a_last_step_loss_stands_at_the_last_step(self) -> None:
        """And nowhere else."""
        back = lines(unroll(adjoint(with_loss(rnn())), 2))
        assert back[0] == "h̄_2 = h_2 - y"
        assert back[3] == "h̄_1 = W_hᵀ ā_2"

    def test_a_tangent_walks_up(self) -> None:
        """With ḣ_0 given."""
        assert lines(unroll(tangent(rnn("identity")), 1)) == ["ḣ_1 = Ẇ_h h_0 + W_h ḣ_0 + Ẇ_x x_1 + W_x ẋ_1 + ḃ"]


class TestWrittenOut:
    """Sums and ordered products whose bounds are numbers."""

    def test_a_sum(self) -> None:
        """Term by term, upwards."""
        assert str(written_out(Sum(W @ h, t, 1, 3))) == "W h_1 + W h_2 + W h_3"

    def test_an_empty_sum_is_zero(self) -> None:
        """Of its body's shape."""
        assert written_out(Sum(h, t, 2, 1)) == Zeros(n, 1)

    def test_a_product_counts_down(self) -> None:
        """Later factors to the left."""
        factor = jacobian(rnn())["h", "h"].target
        assert str(written_out(Product(factor, t, 3, 1))) == "(∂h_3/∂h_2) (∂h_2/∂h_1) (∂h_1/∂h_0)"

    def test_an_empty_product_is_the_identity(self) -> None:
        """∏_{k=T}^{T+1} = I."""
        assert written_out(Product(W, t, 2, 3)) == Eye(n)

    def test_symbolic_bounds_stay(self) -> None:
        """With symbolic T a sum stays one node."""
        assert written_out(Sum(h, t, 1, T)) == Sum(h, t, 1, T)

    def test_guards_inside_are_decided(self) -> None:
        """Terms that do not exist are not there."""
        assert str(written_out(Sum(Guarded(W @ h, 2, t, 3), t, 1, 4))) == "W h_2 + W h_3"

    def test_sums_inside_sums(self) -> None:
        """Each over its own index."""
        k = sp.Symbol("k", integer=True)
        body = Sum(Signal("l", (1, 1), t, k), k, 1, 2)
        assert str(written_out(Sum(body, t, 1, 2))) == "l_{1,1} + l_{1,2} + l_{2,1} + l_{2,2}"


class TestSteps:
    """Numbers of steps that make sense."""

    @pytest.mark.parametrize("steps", [0, -1, 2.0, True, "3", None])
    def test_no_positive_whole_number(self, steps: Any) -> None:
        """Said as what it is."""
        with pytest.raises(TimeError) as caught:
            unroll(rnn(), steps)
        assert caught.value.wrote == f"T = {steps}"
        assert caught.value.write == "T = 1 or more"

    def test_more_than_can_be_written_out(self) -> None:
        """Refused before anything is built."""
        with pytest.raises(InputError) as caught:
            unroll(rnn(), MOST_STEPS + 1)
        assert "evaluate" in caught.value.write

    def test_the_order_of_a_range(self) -> None:
        """Up or down."""
        assert list(steps_of(Range(t, sp.Integer(2), sp.Integer(4)))) == [2, 3, 4]
        assert list(steps_of(Range(t, sp.Integer(2), sp.Integer(4), -1))) == [4, 3, 2]
        assert BACKWARD.step == -1

    def test_a_written_out_program_is_written_out(self) -> None:
        """Nothing is left to do."""
        once = unroll(rnn(), 2)
        assert unroll(once, 2).equations == once.equations

    def test_time_and_size_are_linear_in_the_number_of_steps(self) -> None:
        """2,000 steps of an adjoint in seconds; one nested expression would never end."""
        back = adjoint(rnn())
        start = time.perf_counter()
        long = unroll(back, 2_000)
        assert len(long) == 3 * 2_000 + 4
        assert time.perf_counter() - start < 20
        assert max(len(str(equation)) for equation in long.equations[:-3]) < 60


def test_two_steps_back_reach_before_the_first_step() -> None:
    """h_{-1} and h_0."""
    two = unroll(expose(parse_cell("h_t = tanh(A h_{t-1} + B h_{t-2})")), 2)
    assert lines(two) == [
        "a_1 = A h_0 + B h_{-1}",
        "h_1 = tanh(a_1)",
        "a_2 = A h_1 + B h_0",
        "h_2 = tanh(a_2)",
    ]
