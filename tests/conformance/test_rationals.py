"""Rational cells over ℚ: every value and gradient equals Fraction arithmetic done here, to the last digit.

The judge differentiates by dual numbers (a forward evaluation for each entry of each array), with cells written out in
plain Python; it takes nothing from the library.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, partial
from typing import Any

import numpy as np
import pytest
from dual_numbers import FUNCTIONS, Dual, slope_of, value_of

from symrnn.algebra.nodes import Name, Parameter
from symrnn.algebra.programs import Program
from symrnn.algebra.reading.roles import parse_cell
from symrnn.cells import gru, lstm, rnn
from symrnn.models.losses import with_loss
from symrnn.numeric.scalars import Rationals

from .evaluators import Task, interpreted, key_of

POINTS = 4
Vector = list[Any]
Function = Callable[[Any], Any]
F = FUNCTIONS | {"hard_sigmoid_onnx": lambda x: (FUNCTIONS["hard_tanh"](2 * x / 5) + 1) / 2}


# --- the cells over any numbers -------------------------------------------------------------------------------------


def _times(W: list[Vector], v: Vector) -> Vector:
    return [sum((w * x for w, x in zip(row, v, strict=True)), Fraction(0)) for row in W]


def _each(function: Callable[..., Any], *vectors: Vector) -> Vector:
    return [function(*entries) for entries in zip(*vectors, strict=True)]


def _sum(*vectors: Vector) -> Vector:
    return _each(lambda *terms: sum(terms, Fraction(0)), *vectors)


def _product(*vectors: Vector) -> Vector:
    return _each(lambda x, y: x * y, *vectors)


def _column(P: dict[str, Any], key: str) -> Vector:
    return [row[0] for row in P[key]]


def _affine(P: dict[str, Any], g: str, x: Vector, h: Vector) -> Vector:
    return _sum(_times(P[f"W_{g}"], x), _times(P[f"U_{g}"], h), _column(P, f"b_{g}"))


def _mixed(z: Vector, first: Vector, second: Vector) -> Vector:
    """z ⊙ first + (1 − z) ⊙ second."""
    return _each(lambda keep, one, other: keep * one + (1 - keep) * other, z, first, second)


def _rnn(f: str, P: dict[str, Any]) -> Iterator[Vector]:
    h = P["h_0"]
    for x in P["x"]:
        h = _each(F[f], _sum(_times(P["W_h"], h), _times(P["W_x"], x), _column(P, "b")))
        yield h


def _lstm(f: str, gate: str, P: dict[str, Any]) -> Iterator[Vector]:
    h, c = P["h_0"], P["c_0"]
    for x in P["x"]:
        i, forget, o = (_each(F[gate], _affine(P, g, x, h)) for g in "ifo")
        c = _sum(_product(forget, c), _product(i, _each(F[f], _affine(P, "c", x, h))))
        h = _product(o, _each(F[f], c))
        yield h


def _gru(variant: str, f: str, gate: str, P: dict[str, Any]) -> Iterator[Vector]:
    h = P["h_0"]
    for x in P["x"]:
        z, r = (_each(F[gate], _affine(P, g, x, h)) for g in "zr")
        if variant in ("pytorch", "keras"):
            inner = _product(r, _sum(_times(P["U_h"], h), _column(P, "b_Uh")))
            a = _sum(_times(P["W_h"], x), _column(P, "b_h"), inner)
        else:
            a = _affine(P, "h", x, _product(r, h))
        candidate = _each(F[f], a)
        h = _mixed(z, candidate, h) if variant == "chung2014" else _mixed(z, h, candidate)
        yield h


def _lag_two(P: dict[str, Any]) -> Iterator[Vector]:
    before, h = P["h_-1"], P["h_0"]
    for x in P["x"]:
        terms = _times(P["W_1"], h), _times(P["W_2"], before), _times(P["W_x"], x), _column(P, "b")
        before, h = h, _each(F["hard_tanh"], _sum(*terms))
        yield h


def _normalised(P: dict[str, Any]) -> Iterator[Vector]:
    h = P["h_0"]
    for x in P["x"]:
        a = _sum(_times(P["W_h"], h), _times(P["W_x"], x))
        whole = sum((y * y for y in a), Fraction(1))
        h = [y / whole for y in a]
        yield h


LAG_TWO = "h_t = hard_tanh(W_1 h_{t-1} + W_2 h_{t-2} + W_x x_t + b)\noutputs: h"
NORMALISED = """
a_t = W_h h_{t-1} + W_x x_t
s_t = 1 + ‖a_t‖²
h_t = a_t / s_t
outputs: h
"""


@dataclass(frozen=True)
class Cell:
    """A Program of ours and the same cell over any numbers."""

    make: Callable[[], Program]
    run: Callable[[dict[str, Any]], Iterator[Vector]] = field(compare=False)


def _cells() -> Iterator[tuple[str, Cell]]:
    for f in ("identity", "relu", "leaky_relu", "hard_tanh", "hard_sigmoid", "hard_sigmoid_onnx", "softsign"):
        yield f"rnn {f}", Cell(partial(rnn, f), partial(_rnn, f))
    for f, gate in (("hard_tanh", "hard_sigmoid"), ("identity", "hard_sigmoid_onnx"), ("relu", "relu")):
        yield f"lstm {f} {gate}", Cell(partial(lstm, f, gate), partial(_lstm, f, gate))
    for variant in ("chung2014", "cho2014", "pytorch", "keras"):
        make = partial(gru, variant, "hard_tanh", "hard_sigmoid")
        yield f"gru {variant}", Cell(make, partial(_gru, variant, "hard_tanh", "hard_sigmoid"))
    yield "lag two", Cell(partial(parse_cell, LAG_TWO), _lag_two)
    yield "normalised", Cell(partial(parse_cell, NORMALISED), _normalised)


CELLS = dict(_cells())


# --- the judge ------------------------------------------------------------------------------------------------------


def _loss(run: Callable[[dict[str, Any]], Iterator[Vector]], P: dict[str, Any]) -> tuple[list[Vector], Any]:
    """The states, and ½ Σ_t ‖h_t − y_t‖²."""
    states = list(run(P))
    residuals = [h - y for row, target in zip(states, P["y"], strict=True) for h, y in zip(row, target, strict=True)]
    return states, sum((one * one for one in residuals), Fraction(0)) / 2


def _derivative(run: Callable[..., Iterator[Vector]], P: dict[str, Any], key: str, place: tuple[int, ...]) -> Fraction:
    """∂L/∂ of one entry: its dual number has slope 1."""
    moved = dict(P)
    array = np.array(P[key], dtype=object)
    array[place] = Dual(array[place], Fraction(1))
    moved[key] = array.tolist()
    return slope_of(_loss(run, moved)[1])


@cache
def _program(cell: str) -> Program:
    return with_loss(CELLS[cell].make(), at="every_step")


def _drawn(program: Program, seed: str) -> dict[str, np.ndarray]:
    rng = random.Random(zlib.crc32(seed.encode()))
    steps = rng.randint(1, 3)
    symbols = {size for name in (*program.parameters, *program.inputs) for size in name.shape if size.is_Symbol}
    sizes = {size: rng.randint(1, 2) for size in sorted(symbols, key=str)}

    def draw(name: Name) -> np.ndarray:
        rows, cols = (int(size.xreplace(sizes)) for size in name.shape)
        stepwise = not isinstance(name, Parameter) and not name.time.is_Integer  # type: ignore[attr-defined]  # a signal
        shape = (rows, cols) if isinstance(name, Parameter) else (steps, 1, rows) if stepwise else (1, rows)
        numbers = [Fraction(rng.randint(-9, 9), rng.choice((4, 5, 6, 7))) for _ in range(int(np.prod(shape)))]
        return np.array(numbers, dtype=object).reshape(shape)

    names = (*program.parameters, *program.inputs, *program.initials, *program.given)
    return {key_of(name): draw(name) for name in names}


def _plain(program: Program, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Nested lists, the one example of the batch taken out."""
    parameters = {parameter.name for parameter in program.parameters}
    return {key: (array if key in parameters else array[..., 0, :]).tolist() for key, array in arrays.items()}


@pytest.mark.parametrize("cell", CELLS)
def test_values_and_gradients_are_the_same_fractions(cell: str) -> None:
    """States, loss and the gradient of every entry of x, h_0, c_0 and the parameters: equality, not nearness."""
    program, run = _program(cell), CELLS[cell].run
    for point in range(POINTS):
        arrays = _drawn(program, f"{cell} {point}")
        found = interpreted(Task(program, arrays), Rationals())
        P = _plain(program, arrays)
        states, loss = _loss(run, P)
        assert found.values["h"][:, 0].tolist() == [list(map(value_of, row)) for row in states]
        assert found.values["L"].tolist() == [loss]
        for key in arrays.keys() - {"y"}:
            ours = _plain(program, {key: found.gradients[key]})[key]
            theirs = [_derivative(run, P, key, place) for place in np.ndindex(np.array(P[key], dtype=object).shape)]
            assert np.array(ours, dtype=object).ravel().tolist() == theirs, f"point {point}: ∂L/∂{key}"


@pytest.mark.parametrize(
    ("f", "kink"), [("relu", 0), ("leaky_relu", 0), ("hard_tanh", 1), ("hard_tanh", -1), ("hard_sigmoid", 3)]
)
def test_a_kink_met_exactly_has_the_slope_of_the_flatter_side(f: str, kink: int) -> None:
    """With a_1 at the kink: slope 0 for relu and the hard functions, 1/100 for leaky_relu, as in PyTorch."""
    one = np.array([[Fraction(1)]], dtype=object)
    arrays = {"W_h": one, "W_x": one, "b": 0 * one, "h_0": 0 * one, "x": kink * one[None], "d/d h": one[None]}
    found = interpreted(Task(rnn(f), arrays), Rationals())
    assert found.gradients["b"].tolist() == [[Fraction(1, 100) if f == "leaky_relu" else 0]]
