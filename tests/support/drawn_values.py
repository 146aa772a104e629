"""Small exact numbers for everything a Program wants to be given: where the interpreter is tested."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import sympy as sp

from symrnn.algebra.nodes import Immediate, Name, Parameter, Signal, substitute
from symrnn.algebra.programs import Program


def drawn(
    program: Program, steps: int, sizes: dict[str, int], seed: int = 0, denominator: int = 10
) -> dict[Name, list[list[Any]]]:
    """Fractions between −9/10 and 9/10 for parameters, inputs, initial values, and what else is given."""
    rng = random.Random(seed)
    numbers = {symbol: sp.Integer(sizes[symbol.name]) for symbol in _size_symbols(program) if symbol.name in sizes}

    def matrix(name: Name) -> list[list[Any]]:
        rows, cols = (int(size.xreplace(numbers)) for size in name.shape)
        return [
            [Fraction(rng.randint(1, 9) * rng.choice((-1, 1)), denominator) for _ in range(cols)] for _ in range(rows)
        ]

    return {name: matrix(name) for name in _wanted(program, steps)}


def _wanted(program: Program, steps: int) -> Iterator[Name]:
    index, last = program.steps.index, program.steps.hi
    declared = (*program.inputs, *(name for name in program.given if not isinstance(name, Parameter)))
    yield from program.parameters
    yield from program.initials
    for name in declared:
        for step in range(1, steps + 1) if name.has(index) else [steps]:
            yield substitute(name, {index: sp.Integer(step), last: sp.Integer(steps)})  # type: ignore[misc]


def _size_symbols(program: Program) -> set[Any]:
    names = (*program.parameters, *program.inputs, *program.initials, *program.given)
    return {symbol for name in names for size in name.shape for symbol in size.free_symbols}


def cotangents(backward: Program, steps: int, sizes: dict[str, int], seed: int = 1) -> dict[Name, list[list[Any]]]:
    """Drawn ∂⁺L/∂ of every output and final state that an adjoint Program asks for."""
    asked = tuple(name for name in backward.given if isinstance(name, Immediate))
    bare = Program.trusted(name="", equations=(), given=asked, steps=backward.steps)
    return drawn(bare, steps, sizes, seed)


def entry(matrix: Any, i: int = 0, j: int = 0) -> Any:
    """One entry."""
    return matrix[i][j]


def moved(values: dict[Name, Any], name: Name, i: int, j: int, by: Any) -> dict[Name, Any]:
    """The values with one entry moved."""
    changed = [list(row) for row in values[name]]
    changed[i][j] = changed[i][j] + by
    return {**values, name: changed}


def signal(name: str, rows: Any, *indices: Any) -> Signal:
    """A column signal."""
    return Signal(name, (rows, 1), *indices)
