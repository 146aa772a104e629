"""A sized Program run by compiled code and by the interpreter on the same numbers, a batch at a time.

`compared(…)` gives what the two say of every value, gradient or tangent, under the name of the quantity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp
from drawn_values import cotangents, drawn

from symrnn.algebra.nodes import Adjoint, Immediate, Name, Parameter, Signal, Tangent, substitute
from symrnn.algebra.programs import Program
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.rewriting import expose
from symrnn.calculus.tangents import tangent
from symrnn.numeric.compilation import Arrays, Compiled, compile_forward, compile_gradients, compile_tangent
from symrnn.numeric.exact import interpret
from symrnn.numeric.scalars import Reals
from symrnn.numeric.storage import local

DIGITS = 30
Pair = tuple[str, np.ndarray, np.ndarray]

COMPILE: dict[str, Callable[[Program], Compiled]] = {
    "forward": compile_forward,
    "gradients": compile_gradients,
    "every gradient": lambda program: compile_gradients(program, keep=True),
    "tangent": compile_tangent,
}


def compared(
    program: Program, steps: int, seed: int, batch: int | None, what: str, compiled: Compiled | None = None
) -> Iterator[Pair]:
    """(name, compiled, interpreted) of everything the compiled code returns."""
    run = compiled or COMPILE[what](program)
    second = {"forward": None, "tangent": tangent(program)}.get(what, adjoint(program))
    examples = [_values(program, second, steps, seed, example) for example in range(batch or 1)]
    with np.errstate(all="ignore"):
        arrays = run(_given(run, examples, steps, batch), steps=steps)
    programs = [expose(program), *([second] if second else [])]
    found = [interpret(programs, steps, {}, values, Reals(DIGITS)) for values in examples]
    for equation in (equation for each in programs for equation in each):
        target = equation.target
        for place in _places(target, program, steps):
            if (ours := _ours(arrays, target, place)) is not None:
                each = [_array(one[place]) for one in found]
                theirs = reduce(np.add, each) if _is_shared(target) else np.stack(each)
                yield str(place), ours, _shaped(theirs, ours, _time(place) is not None)


def _values(program: Program, second: Program | None, steps: int, seed: int, example: int) -> dict[Name, Any]:
    """Numbers for everything; parameters and their directions are those of the first example."""
    own = 100 * seed + example
    values = {**drawn(program, steps, {}, 100 * seed), **_signals(drawn(program, steps, {}, own))}
    if second is not None:
        values |= cotangents(second, steps, {}, own + 1)
        asked = tuple(name for name in second.given if isinstance(name, Tangent))
        bare = Program.trusted(name="", equations=(), given=asked, steps=second.steps)
        values |= {**drawn(bare, steps, {}, 100 * seed + 2), **_signals(drawn(bare, steps, {}, own + 2))}
    return {name: _as_structured(name, value) for name, value in values.items()}


def _as_structured(name: Name, matrix: Any) -> Any:
    """A diagonal matrix has nothing beside its diagonal."""
    inner = name.of if isinstance(name, Tangent) else name
    if not (isinstance(inner, Parameter) and inner.structure == "diagonal"):
        return matrix
    return [[entry if i == j else 0 for j, entry in enumerate(row)] for i, row in enumerate(matrix)]


def _signals(values: dict[Name, Any]) -> dict[Name, Any]:
    return {name: value for name, value in values.items() if not _is_constant(name)}


def _is_constant(name: Name) -> bool:
    return isinstance(name.of if isinstance(name, Tangent) else name, Parameter)


def _given(run: Compiled, examples: list[dict[Name, Any]], steps: int, batch: int | None) -> dict[str, np.ndarray]:
    """The same numbers as arrays."""
    given = {}
    for key, argument in run.arguments.items():
        name = argument.name
        if argument.is_parameter:
            given[key] = _array(examples[0][name]).reshape(np.shape(np.zeros([int(a) for a in argument.axes])))
            continue
        places = _places(name, run.program, steps) if argument.is_timed else [_at(name, run.program, steps, steps)]
        rows = np.stack([[_array(values[place])[:, 0] for values in examples] for place in places])
        rows = rows if batch else rows[:, 0]
        given[key] = rows if argument.is_timed else rows[0]
    return given


def _at(name: Name, program: Program, step: int, steps: int) -> Name:
    return substitute(name, {program.steps.index: sp.Integer(step), program.steps.hi: sp.Integer(steps)})  # type: ignore[return-value]  # a name


def _places(name: Name, program: Program, steps: int) -> list[Name]:
    count = steps if name.has(program.steps.index) else 1
    return [_at(name, program, step, steps) for step in range(1, count + 1)]


def _array(matrix: Any) -> np.ndarray:
    return np.array([[float(entry) for entry in row] for row in matrix])


def _is_shared(target: Name) -> bool:
    return isinstance(target, Adjoint) and isinstance(target.of, Parameter)


def _ours(arrays: Arrays, target: Name, place: Name) -> np.ndarray | None:
    """What compiled code found; None for what it does not keep."""
    key = local(target)
    time = _time(place)
    if time is not None:
        row = int(time) - 1 + arrays.below.get(key, 0)
        kept = f"{key}{time}" in arrays or (key in arrays and key in arrays.below and row >= 0)
        return np.asarray(arrays.at(key, int(time))) if kept else None
    return np.asarray(arrays[key]) if key in arrays else None


def _time(name: Name) -> Any:
    signal = name
    while isinstance(signal, Adjoint | Tangent | Immediate):
        signal = signal.wrt if isinstance(signal, Immediate) else signal.of
    return signal.time if isinstance(signal, Signal) and signal.indices else None


def _shaped(theirs: np.ndarray, ours: np.ndarray, has_steps: bool) -> np.ndarray:
    """(B, r, c) as the arrays have it: (B, r) at a step, examples last without steps."""
    if not has_steps and theirs.ndim == 3 and theirs.shape[2] == 1:
        theirs = theirs[..., 0].T
    return theirs.reshape(ours.shape) if theirs.size == ours.size else theirs
