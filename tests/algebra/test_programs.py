"""Programs: single assignment, causality along each recurrence's own direction, declared names, fitting shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sympy as sp
from two_directions import BACKWARD

from symrnn.algebra.nodes import (
    Adjoint,
    Immediate,
    MatMul,
    Name,
    Node,
    Parameter,
    Scale,
    Signal,
    SquaredNorm,
    T,
    m,
    n,
    t,
)
from symrnn.algebra.programs import (
    STEPS,
    Equation,
    Program,
    Range,
    Reason,
    sizes_of,
    substitute_program,
)
from symrnn.calculus.adjoints import adjoint
from symrnn.cells import lstm, rnn
from symrnn.errors import InputError, ShapeError, SymrnnError, TimeError

h, g, x = Signal("h", (n, 1), t), Signal("g", (n, 1), t), Signal("x", (m, 1), t)
a = Signal("a", (n, 1), t)
W, V, U = Parameter("W", (n, n)), Parameter("V", (n, n)), Parameter("U", (n, m))
L = Signal("L", (1, 1))


def step(target: Name, value: Node, *ranges: Range) -> Equation:
    """An equation of every step."""
    return Equation(target, value, domain=ranges or (STEPS,))


def program(*equations: Equation, **fields: Any) -> Program:
    """A Program that declares x, W, V, U and h_0."""
    declared = {"inputs": (x,), "parameters": (W, V, U), "states": (h,), "initials": (h.at(0),)}
    return Program("sample", equations, **(declared | fields))  # type: ignore[arg-type]  # declarations


def refused(error: type[SymrnnError], found: str, *equations: Equation, **fields: Any) -> SymrnnError:
    """The error of a Program that is none, in its three parts."""
    with pytest.raises(error) as caught:
        program(*equations, **fields)
    assert found in caught.value.found
    assert caught.value.wrote
    assert caught.value.write
    return caught.value


RECURRENCE = step(h, W @ h.at(t - 1) + U @ x)


class TestSingleAssignment:
    """Each quantity has one equation; a closed form is a second claim, never a second equation."""

    def test_a_second_equation_is_refused_and_both_are_shown(self) -> None:
        """What you wrote: both lines."""
        error = refused(InputError, "h_t is assigned twice", RECURRENCE, step(h, V @ h.at(t - 1)))
        assert error.wrote == "h_t = W h_{t-1} + U x_t\nh_t = V h_{t-1}"

    def test_sides_have_one_shape(self) -> None:
        """An equation is checked when it is made."""
        with pytest.raises(ShapeError) as caught:
            Equation(h, U)
        assert caught.value.found == "the left side is (n, 1) and the right side (n, m)"


class TestDeclarations:
    """Everything read is assigned or declared."""

    def test_an_unknown_signal(self) -> None:
        """Neither assigned nor input, parameter, initial or given."""
        refused(InputError, "g_t is neither assigned nor declared", step(h, W @ g))

    def test_an_unknown_parameter(self) -> None:
        """Named with the equation it stands in."""
        error = refused(InputError, "W is neither assigned nor declared", RECURRENCE, parameters=(U,))
        assert error.wrote == "h_t = W h_{t-1} + U x_t"

    def test_given_names_may_be_read(self) -> None:
        """Forward values and cotangents are given to an adjoint."""
        given = Immediate(L, h)
        assert program(step(g, given * a), given=(a, given)).definitions[g].reads == (given, a)

    def test_an_initial_value_is_a_declaration(self) -> None:
        """h_0 may be read in an equation of its own."""
        assert program(RECURRENCE, Equation(L, SquaredNorm(h.at(0)))).definitions[L].reads == (h.at(0),)


class TestCausality:
    """Judged along the recurrence: forward cells read back, adjoints read ahead."""

    def test_a_forward_cell_may_not_read_ahead(self) -> None:
        """h_{t+1} is not known at step t; the error says what to read instead."""
        error = refused(TimeError, "h_{t+1} is not known yet at step t", step(h, W @ h.at(t + 1)))
        assert "forward" in error.found
        assert error.write == "h_{t-1}, or the value of this step, h_t"

    def test_a_backward_recurrence_may_not_read_back(self) -> None:
        """The same the other way round."""
        error = refused(TimeError, "g_{t-1} is not known yet", step(g, V @ g.at(t - 1), BACKWARD))
        assert "backward" in error.found
        assert error.write == "g_{t+1}, or the value of this step, g_t"

    def test_a_backward_recurrence_reads_ahead(self) -> None:
        """g_{t+1}, with g_{T+1} given."""
        assert program(step(g, V @ g.at(t + 1), BACKWARD), initials=(g.at(T + 1),))

    def test_an_adjoint_reads_ahead(self) -> None:
        """ā_{t+1} in h̄_t, walked from T down."""
        back = adjoint(rnn())
        assert Adjoint(a.at(t + 1)) in back["h̄_t"].reads
        assert back["h̄_t"].time == Range(t, sp.S.One, T, -1)

    def test_a_quantity_may_not_need_itself(self) -> None:
        """A cycle of one."""
        error = refused(TimeError, "h_t is needed in the step that computes it", step(h, W @ h))
        assert "h_{t-1}" in error.write

    def test_two_quantities_may_not_need_each_other(self) -> None:
        """A cycle within the step."""
        refused(TimeError, "cycle within the step", step(h, W @ g), step(g, V @ h))

    def test_order_within_the_step_matters(self) -> None:
        """g_t after h_t that reads it."""
        refused(TimeError, "g_t is needed", step(h, W @ g), step(g, V @ h.at(t - 1)))
        assert program(step(g, V @ h.at(t - 1)), step(h, W @ g))

    def test_what_comes_later_is_not_known(self) -> None:
        """A block reads the blocks before it, not those after."""
        later = step(g, V @ g.at(t + 1), BACKWARD)
        refused(TimeError, "computed only later", step(h, W @ g), later, initials=(h.at(0), g.at(T + 1)))

    def test_a_finished_recurrence_may_be_read_at_any_step(self) -> None:
        """y_t may read g_{t+1} and g_{t-1} of a recurrence that ran before."""
        assert program(
            step(g, V @ g.at(t + 1), BACKWARD),
            Equation(L, SquaredNorm(g.at(sp.Integer(1)))),
            step(h, W @ g.at(t - 1) + W @ g.at(t + 1)),
            initials=(g.at(T + 1), g.at(0)),
        )


class TestAccess:
    """Equations by target, by printed form, in order."""

    def test_by_target_and_by_text(self) -> None:
        """`program["h_t"]`."""
        assert program(RECURRENCE)["h_t"] is program(RECURRENCE)[h] or program(RECURRENCE)["h_t"] == RECURRENCE

    def test_an_unknown_target_lists_those_there_are(self) -> None:
        """Three parts again."""
        with pytest.raises(InputError) as caught:
            program(RECURRENCE)["q_t"]
        assert (caught.value.found, caught.value.write) == ("no such equation in sample", "one of: h_t")

    def test_iteration_and_length(self) -> None:
        """In the order written."""
        assert list(program(RECURRENCE)) == [RECURRENCE]
        assert len(program(RECURRENCE)) == 1

    def test_equality_ignores_notes_only(self) -> None:
        """Programs are values."""
        assert program(RECURRENCE) == program(RECURRENCE)
        assert program(RECURRENCE, notes=("a remark",)) == program(RECURRENCE)
        assert program(RECURRENCE, convention="another") != program(RECURRENCE)

    def test_reasons_are_keys_not_prose(self) -> None:
        """Words are added by documents."""
        assert RECURRENCE.reason == Reason("given")
        assert adjoint(rnn())["h̄_t"].reason.key == "adjoint"

    def test_programs_are_frozen(self) -> None:
        """Data is frozen and dumb."""
        with pytest.raises(AttributeError):
            program(RECURRENCE).name = "other"  # type: ignore[misc]  # that is the point


class TestSizes:
    """Numbers for size symbols, throughout."""

    def test_every_declaration_follows(self) -> None:
        """Equations, inputs, parameters, states, initials, outputs."""
        sized = lstm().with_sizes(n=2, m=3)
        names = (*sized.inputs, *sized.parameters, *sized.states, *sized.initials, *sized.outputs, *sized.finals)
        assert not any(name.free_symbols & {n, m} for name in names)
        assert all(not (e.target.free_symbols | e.expression.free_symbols) & {n, m} for e in sized)
        assert sized.parameters[0].shape == (2, 3)

    def test_sizes_in_the_order_they_are_met(self) -> None:
        """n before m for the simple cell."""
        assert [symbol.name for symbol in sizes_of(rnn())] == ["n", "m"]

    def test_an_unknown_size_lists_those_there_are(self) -> None:
        """k is none of them."""
        with pytest.raises(InputError) as caught:
            rnn().with_sizes(k=2)
        assert caught.value.write == "one of: n, m"

    @pytest.mark.parametrize("size", [0, -1])
    def test_a_size_is_positive(self, size: int) -> None:
        """No vector has 0 entries."""
        with pytest.raises(ShapeError):
            rnn().with_sizes(n=size)

    def test_substituting_the_last_step_moves_ranges_and_finals(self) -> None:
        """T = 3 in domains, in c_T, and in the Program's own steps."""
        three = substitute_program(lstm(), {T: sp.Integer(3)})
        assert three.steps == Range(t, sp.S.One, sp.Integer(3))
        assert {equation.time for equation in three} == {three.steps}
        assert [str(name) for name in three.finals] == ["c_3"]


NOT_REFUSED: dict[str, Callable[[], Program]] = {
    "h_0 is read and not declared": lambda: program(RECURRENCE, initials=()),
    "h_{-1} is read and not declared": lambda: program(step(h, W @ h.at(t - 2))),
    "a free t outside every range": lambda: program(RECURRENCE, Equation(L, SquaredNorm(h))),
    "h_{T+1}, which no step assigns": lambda: program(RECURRENCE, Equation(L, SquaredNorm(h.at(T + 1)))),
    "a loss without an equation": lambda: program(RECURRENCE, loss=L),
    "a loss that is no number": lambda: program(RECURRENCE, loss=h),
    "an output without an equation": lambda: program(RECURRENCE, outputs=(g,)),
    "an input that is assigned": lambda: program(RECURRENCE, inputs=(x, h)),
    "one name with two shapes": lambda: program(
        RECURRENCE, step(Signal("y", (m, 1), t), Scale(Parameter("s", (1, 1)), Signal("h", (m, 1), t))),
        parameters=(W, U, Parameter("s", (1, 1))),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_REFUSED)
def test_declarations_are_complete_and_mean_one_thing(case: str) -> None:
    """A Program promises that everything it reads is assigned or declared, before any number is asked for."""
    with pytest.raises(SymrnnError) as caught:
        NOT_REFUSED[case]()
    assert caught.value.found
    assert caught.value.write


def test_matmul_is_what_at_says() -> None:
    """The operators of nodes and the classes agree."""
    assert W @ h == MatMul(W, h)
