"""Law 3: the step Jacobian times a direction is the tangent, for one step and for the product over steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import random_programs
from hypothesis import assume, given
from law_checks import Setting, check_gradient_sum, check_jacobian, sized
from named_cells import CELLS
from running import few

from symrnn.algebra.programs import Program
from symrnn.algebra.reading.roles import parse_cell
from symrnn.calculus.jacobians import jacobian
from symrnn.calculus.rewriting import expose


@few
@given(random_programs.settings())
def test_random_programs(setting: Setting) -> None:
    """J_t v = ṡ_t and J_T … J_1 v = ṡ_T, in companion form where a state is read two steps back."""
    check_jacobian(setting)


@pytest.mark.parametrize(("label", "make"), CELLS.items(), ids=list(CELLS))
def test_named_cells(label: str, make: Callable[[], Program]) -> None:
    """The same for every named cell and variant."""
    check_jacobian(Setting(sized(make(), n=2, m=1), 3))


def with_every_state_an_output(program: Program) -> Program:
    """The Program with a cotangent for every state at every step."""
    return replace(program, outputs=program.states, finals=())


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize(("label", "make"), CELLS.items(), ids=list(CELLS))
def test_the_sum_over_later_losses(label: str, make: Callable[[], Program], steps: int) -> None:
    """∂L/∂s_t = Eᵀ Σ_τ (J_τ … J_{t+1})ᵀ ∂⁺L/∂s_τ, the totals h̄_t and c̄_t."""
    program = with_every_state_an_output(make())
    check_gradient_sum(Setting(sized(expose(program), n=2, m=1), steps))


@few
@given(random_programs.settings(guards=False))
def test_the_sum_over_later_losses_of_random_programs(setting: Setting) -> None:
    """The same with states that move each other within the step, and with states read two steps back."""
    assume(setting.program.loss is None)
    program = with_every_state_an_output(expose(setting.program))
    check_gradient_sum(replace(setting, program=program))


def test_a_state_read_two_steps_back() -> None:
    """In companion form the sum is h̄_t, and nothing else."""
    cell = parse_cell("h_t = tanh(A h_{t-1} + B h_{t-2})")
    assert str(jacobian(cell).gradient_sum()).startswith("h̄_t = ")
    check_gradient_sum(Setting(sized(expose(cell), n=2), 4))
