"""Law 4: the adjoint's gradients are the derivative, found independently over dual numbers and by differences."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import random_programs
from hypothesis import given
from law_checks import Setting, check_differences, check_gradients, check_signals, check_tangents, sized
from named_cells import CELLS, SMOOTH, WITH_LOSS, all_programs
from running import few, fewer
from samples import PROGRAMS

from symrnn.algebra.nodes import Operation
from symrnn.algebra.programs import Program
from symrnn.cells import rnn

each_program = pytest.mark.parametrize(("label", "make"), all_programs(), ids=[label for label, _ in all_programs()])
SIZES = {"n": 2, "m": 1, "p": 2}


@few
@given(random_programs.settings())
def test_gradients_of_random_programs(setting: Setting) -> None:
    """∂L/∂ of every parameter, every x_t and every initial value at every lag, exactly."""
    check_gradients(setting)


@few
@given(random_programs.settings(longest=2))
def test_adjoints_of_random_programs(setting: Setting) -> None:
    """ȳ_t of every quantity at every step, t = 1 and t = T included, exactly."""
    check_signals(setting)


@few
@given(random_programs.settings())
def test_tangents_of_random_programs(setting: Setting) -> None:
    """ẏ_t of every quantity at every step, exactly."""
    check_tangents(setting)


@each_program
def test_gradients_of_named_cells(label: str, make: Callable[[], Program]) -> None:
    """The same for every named cell, variant and loss."""
    check_gradients(Setting(sized(make(), **SIZES), 2))


@each_program
def test_adjoints_of_named_cells(label: str, make: Callable[[], Program]) -> None:
    """Every adjoint of every step."""
    check_signals(Setting(sized(make(), **SIZES), 2))


@each_program
def test_tangents_of_named_cells(label: str, make: Callable[[], Program]) -> None:
    """Every tangent of every step."""
    check_tangents(Setting(sized(make(), **SIZES), 2))


@pytest.mark.parametrize("operation", PROGRAMS, ids=lambda one: one.__name__)
def test_gradients_through_every_operation(operation: type[Operation]) -> None:
    """A Program for every row of the table, for 1 and 3 steps."""
    for steps in (1, 3):
        check_gradients(Setting(sized(PROGRAMS[operation]()), steps))
        check_tangents(Setting(sized(PROGRAMS[operation]()), steps))


@pytest.mark.parametrize("label", SMOOTH)
def test_gradients_of_named_cells_are_differences_of_the_unrolled_cell(label: str) -> None:
    """Real tanh and σ: central differences at 60 digits of the Program written out over 2 steps."""
    check_differences(Setting(sized(CELLS[label](), **SIZES), 2))


@pytest.mark.parametrize("loss", WITH_LOSS)
def test_gradients_of_losses_are_differences(loss: str) -> None:
    """Real softmax and logarithm, for every kind of loss."""
    check_differences(Setting(sized(WITH_LOSS[loss](rnn()), **SIZES), 2))


@fewer
@given(random_programs.settings(longest=2, smooth=True))
def test_gradients_of_random_programs_are_differences(setting: Setting) -> None:
    """Random Programs with tanh, σ, sin, softmax and cross-entropy."""
    check_differences(setting)
