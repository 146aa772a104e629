"""Variants of a cell: the same values at corresponding parameters, and gradients that go over into each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
import sympy as sp
from fractions_evaluator import Evaluator, Values
from law_checks import sized
from named_cells import CELLS

from symrnn.algebra.nodes import Adjoint, Parameter, m, n, substitute
from symrnn.algebra.programs import Equation, Program
from symrnn.algebra.reading.roles import parse_cell
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.variants import VARIANTS, Variant, variant
from symrnn.cells import gru, lstm, rnn
from symrnn.errors import InputError
from symrnn.models.losses import with_loss

STEPS = 2


def evaluated(program: Program, known: Values) -> Values:
    """Forward and backward."""
    return Evaluator(known, steps=STEPS).run(program).run(adjoint(program)).values


def mapped(lines: Iterable[Equation], values: Values) -> Values:
    """The left sides of a map's lines."""
    evaluate = Evaluator(values, steps=STEPS)
    return {line.target: evaluate(line.expression) for line in lines}


def parameters_of(program: Program, values: Values) -> Values:
    """The parameters among the values."""
    return {name: values[name] for name in program.parameters}


def made(make: Callable[[], Program], name: str) -> Variant:
    """A variant of a cell with a loss, and its map, at numbers for the sizes."""
    found = variant(with_loss(make(), "squared_error", "every_step"), name)
    sizes = {n: sp.Integer(2), m: sp.Integer(3)}

    def lines(equations: Iterable[Equation]) -> tuple[Equation, ...]:
        return tuple(Equation(substitute(one.target, sizes), substitute(one.expression, sizes)) for one in equations)

    maps = {field: lines(getattr(found, field)) for field in MAPS}
    return replace(found, original=sized(found.original, m=3), program=sized(found.program, m=3), **maps)


MAPS = ("parameters", "inverse", "gradients", "original_gradients")
each_cell = pytest.mark.parametrize(("label", "make"), CELLS.items(), ids=list(CELLS))
each_variant = pytest.mark.parametrize("name", VARIANTS)


@each_cell
@each_variant
def test_forward_and_gradients_go_over(name: str, label: str, make: Callable[[], Program]) -> None:
    """From drawn parameters of the variant to the original's: values agree, gradients map both ways."""
    found = made(make, name)
    theirs = evaluated(found.program, {})
    ours = evaluated(found.original, mapped(found.parameters, parameters_of(found.program, theirs)))
    for quantity in ours.keys() & theirs.keys():
        assert ours[quantity] == theirs[quantity], quantity
    for target, value in mapped(found.gradients, ours).items():
        assert theirs[target] == value, target
    for target, value in mapped(found.original_gradients, theirs).items():
        assert ours[target] == value, target


@each_cell
@each_variant
def test_the_inverse_gives_the_same_cell(name: str, label: str, make: Callable[[], Program]) -> None:
    """From drawn parameters of the original to the variant's and back to the same."""
    found = made(make, name)
    ours = evaluated(found.original, {})
    there = mapped(found.inverse, ours)
    kept = {one: ours[one] for one in found.program.parameters if one in ours}
    theirs = evaluated(found.program, {**kept, **there})
    assert theirs[found.program.loss] == ours[found.original.loss]  # type: ignore[index]  # there is a loss
    for target, value in mapped(found.parameters, {**ours, **there}).items():
        assert ours[target] == value


def test_every_new_parameter_stands_in_the_map() -> None:
    """Nothing is left out on either side."""
    for cell in (rnn(), lstm(), gru()):
        for name in VARIANTS:
            found = variant(cell, name)
            new = set(found.program.parameters) - set(cell.parameters)
            gone = set(cell.parameters) - set(found.program.parameters)
            assert {line.target for line in found.inverse} == new
            assert {line.target for line in found.parameters} == gone
            assert {line.target for line in found.gradients} == {Adjoint(one) for one in new}
            assert {line.target for line in found.original_gradients} == {Adjoint(one) for one in gone}


@pytest.mark.parametrize(
    ("cell", "name", "text"),
    [
        (rnn(), "split_biases", "h_t = tanh(W_h h_{t-1} + b_Wh + W_x x_t + b_Wx)"),
        (rnn(), "concatenated", "h_t = tanh(W_hx [h_{t-1}; x_t] + b)"),
        (gru(), "concatenated", "W_{h,hx} [r_t ⊙ h_{t-1}; x_t]"),
        (gru("pytorch"), "split_biases", "tanh(W_h x_t + b_h + r_t ⊙ (U_h h_{t-1} + b_Uh))"),
        (rnn(bias=False), "split_biases", "h_t = tanh(W_h h_{t-1} + W_x x_t)"),
        (parse_cell("h_t = tanh(A h_{t-1} + B x_t + A c); c: n"), "concatenated", "A h_{t-1} + B x_t + A c"),
        (
            parse_cell("h_t = A h_{t-1} + B x_t + b; b_A: n; y_t = b_A + h_t"),
            "split_biases",
            "A h_{t-1} + b_{A2} + B x_t + b_B",
        ),
    ],
)
def test_what_is_written(cell: Program, name: str, text: str) -> None:
    """A bias of one product only, a shared matrix and a taken name are seen."""
    assert text in str(variant(cell, name).program)


def test_a_cell_that_has_nothing_to_change_stays() -> None:
    """And its map is empty."""
    found = variant(rnn(bias=False), "split_biases")
    assert (found.program, found.parameters) == (found.original, ())


def test_an_unknown_variant() -> None:
    """The error lists what there is."""
    with pytest.raises(InputError, match="split_biases, concatenated"):
        variant(rnn(), "stacked")


def test_parameters_stay_parameters() -> None:
    """In the order they are read."""
    assert [str(one) for one in variant(lstm(), "concatenated").program.parameters][:2] == ["W_{f,hx}", "b_f"]
    assert all(isinstance(one, Parameter) for one in variant(lstm(), "concatenated").program.parameters)
