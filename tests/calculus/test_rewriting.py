"""Rewritings keep the meaning: exposing names the arguments of activations as textbooks do."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import pytest
import random_programs
from fractions_evaluator import Evaluator
from hypothesis import given
from law_checks import Setting, at_steps
from running import fewer
from samples import V, W, before, cell, h

from symrnn.algebra.nodes import Add, Apply, Hadamard, MatMul, Node, Parameter, Signal, n, t
from symrnn.algebra.programs import STEPS, Equation, Program
from symrnn.algebra.reading.roles import parse_cell
from symrnn.calculus.rewriting import PREACTIVATION, expose, fold_names
from symrnn.cells import gru, lstm, rnn


def lines(program: Program) -> list[str]:
    """The equations as printed."""
    return [str(equation) for equation in program]


class TestExpose:
    """`h_t = tanh(…)` becomes `a_t = …` and `h_t = tanh(a_t)`."""

    def test_simple_cell(self) -> None:
        """One argument, called a."""
        assert lines(expose(rnn())) == ["a_t = W_h h_{t-1} + W_x x_t + b", "h_t = tanh(a_t)"]

    def test_gates_are_told_apart_by_their_owner(self) -> None:
        """a^f, a^i, a^o and that of the candidate; tanh(c_t) has a name for its argument already."""
        exposed = lines(expose(lstm()))
        assert exposed[:2] == ["a^f_t = W_f x_t + U_f h_{t-1} + b_f", "f_t = σ(a^f_t)"]
        assert exposed[-1] == "h_t = o_t ⊙ tanh(c_t)"
        assert len(exposed) == len(lstm()) + 4

    @pytest.mark.parametrize("make", [rnn, lstm, gru, lambda: gru("pytorch")])
    def test_twice_is_once(self, make: Callable[[], Program]) -> None:
        """Nothing is left to name."""
        assert expose(expose(make())) == expose(make())

    NESTED: ClassVar[dict[str, Node]] = {
        "one inside the other": Apply("tanh", MatMul(W, Apply("sigmoid", MatMul(V, before)))),
        "three deep": Apply("tanh", MatMul(W, Apply("tanh", MatMul(V, Apply("tanh", MatMul(W, before)))))),
        "beside each other": Add(Apply("tanh", MatMul(W, before)), Apply("sigmoid", MatMul(V, before))),
        "equal": Hadamard(Apply("tanh", MatMul(W, before)), Apply("tanh", MatMul(W, before))),
    }

    @pytest.mark.parametrize("case", NESTED)
    def test_nested_twice_is_once(self, case: str) -> None:
        """The argument of an outer activation is written with the inner one's name."""
        once = expose(cell(self.NESTED[case]))
        assert expose(once) == once

    def test_nested_arguments_are_named_from_the_inside(self) -> None:
        """Each name before it is read, and every name is read."""
        assert lines(expose(cell(self.NESTED["one inside the other"]))) == [
            "a1_t = V h_{t-1}",
            "a2_t = W σ(a1_t)",
            "h_t = tanh(a2_t)",
        ]

    def test_equal_arguments_have_one_name(self) -> None:
        """tanh(W h) ⊙ tanh(W h)."""
        assert lines(expose(cell(self.NESTED["equal"]))) == ["a_t = W h_{t-1}", "h_t = tanh(a_t) ⊙ tanh(a_t)"]

    def test_two_arguments_are_numbered(self) -> None:
        """In reading order."""
        assert lines(expose(cell(self.NESTED["beside each other"])))[:2] == ["a1_t = W h_{t-1}", "a2_t = V h_{t-1}"]

    def test_a_cell_that_uses_the_letter_itself(self) -> None:
        """A state called a: another letter."""
        assert lines(expose(parse_cell("a_t = tanh(W a_{t-1} + x_t)"))) == [
            "net_t = W a_{t-1} + x_t",
            "a_t = tanh(net_t)",
        ]

    @pytest.mark.parametrize("taken", ["a1", "a2"])
    def test_a_cell_that_uses_the_numbered_name(self, taken: str) -> None:
        """Whatever name is taken, no quantity is assigned twice."""
        own = Signal(taken, (n, 1), t)
        program = Program(
            "clash",
            (Equation(own, self.NESTED["beside each other"], domain=(STEPS,)), Equation(h, 2 * own, domain=(STEPS,))),
            parameters=(W, V),
            states=(h,),
            initials=(h.at(0),),
            outputs=(h,),
        )
        targets = [str(equation.target) for equation in expose(program)]
        assert len(set(targets)) == len(targets) == 4

    def test_a_cell_that_uses_the_owners_name(self) -> None:
        """A signal called a_f beside a gate f."""
        gate, own = Signal("f", (n, 1), t), Signal("a_f", (n, 1), t)
        program = Program(
            "clash",
            (
                Equation(own, Apply("tanh", MatMul(V, before)), domain=(STEPS,)),
                Equation(gate, Apply("sigmoid", MatMul(W, before)), domain=(STEPS,)),
                Equation(h, gate * own, domain=(STEPS,)),
            ),
            parameters=(W, V),
            states=(h,),
            initials=(h.at(0),),
            outputs=(h,),
        )
        targets = [str(equation.target) for equation in expose(program)]
        assert len(set(targets)) == len(targets) == 5

    def test_what_needs_no_name_gets_none(self) -> None:
        """tanh of a name, of a ⊙ of names, of a number times a name."""
        for value in (Apply("tanh", before), Apply("tanh", before * before), Apply("tanh", 2 * before)):
            assert expose(cell(value)) == cell(value)

    def test_reasons_and_ranges(self) -> None:
        """The new equation says why it is there and holds where its owner holds."""
        named, owner = expose(rnn())
        assert named.reason == PREACTIVATION
        assert named.domain == owner.domain == (STEPS,)

    @fewer
    @given(random_programs.settings(longest=2))
    def test_the_meaning_stays(self, setting: Setting) -> None:
        """Every quantity of the Program has the same value after."""
        before_values = setting.evaluator().run(setting.program).values
        after = setting.evaluator().run(expose(setting.program)).values
        for equation in setting.program:
            for name in at_steps(equation.target, setting.steps):
                assert after[name] == before_values[name]

    @fewer
    @given(random_programs.settings(longest=2))
    def test_random_programs_twice_is_once(self, setting: Setting) -> None:
        """Idempotent on anything."""
        assert expose(expose(setting.program)) == expose(setting.program)


def test_fold_names() -> None:
    """A value that has a name is written by it, wherever it stands."""
    p, logits = Signal("p", (n, 1), t), Signal("o", (n, 1), t)
    value = Apply("tanh", logits)
    assert str(fold_names(W @ value - value, {value: p})) == "W p_t - p_t"
    assert fold_names(W @ logits, {value: p}) == W @ logits


def test_values_are_drawn_by_name() -> None:
    """The evaluator of these tests gives a name the same value in every Program."""
    name = Parameter("W", (2, 2))
    assert Evaluator().read(name) == Evaluator().read(name) != Evaluator(seed=1).read(name)
