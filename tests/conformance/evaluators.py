"""A Program with arrays for what it is given, run by the library's evaluators: one form of answer for all of them.

Arrays are keyed by neutral names: `W_h` (rows, columns); `x`, `y` and cotangents `d/d h` step by step (T, B, rows);
`h_0` and what stands at one step (B, rows). The answer has `h` as (T, B, rows), `L` as (B,), and gradients of the
shapes of what they belong to, those of parameters summed over the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from symrnn.algebra.nodes import Adjoint, Immediate, Name, Parameter, Signal
from symrnn.algebra.programs import Program
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.rewriting import expose
from symrnn.numeric.compilation import compile_gradients
from symrnn.numeric.exact import interpret
from symrnn.numeric.scalars import Domain, Reals

Arrays = Mapping[str, np.ndarray]
DIGITS = 30


def key_of(name: Name) -> str:
    """How the arrays call a name: `W_h`, `x`, `h_0`, `y`; a cotangent is `d/d h`, `d/d c` at the last step."""
    if isinstance(name, Immediate):
        return f"d/d {key_of(name.wrt)}"
    if not isinstance(name, Signal) or not name.indices or name.time.free_symbols:
        return name.name  # type: ignore[attr-defined]  # a signal or a parameter
    return f"{name.name}_{name.time}"


@dataclass(frozen=True)
class Found:
    """Values and gradients by key."""

    values: Arrays
    gradients: Arrays


@dataclass(frozen=True)
class Task:
    """A Program, and arrays for what it is given; cotangents that are not given are zero."""

    program: Program
    arrays: Arrays

    @cached_property
    def steps(self) -> int:
        """T."""
        return self.arrays[self.program.inputs[0].name].shape[0]

    @cached_property
    def batch(self) -> int:
        """B."""
        return self.arrays[self.program.inputs[0].name].shape[1]

    @cached_property
    def given(self) -> tuple[Name, ...]:
        """Every name that wants an array: what the Program declares, and the cotangents its adjoint reads."""
        program = self.program
        cotangents = [name for name in backward(program).given if isinstance(name, Immediate)]
        return (*program.parameters, *program.inputs, *program.initials, *program.given, *cotangents)

    @cached_property
    def sizes(self) -> dict[str, int]:
        """n, m and the like, read off the arrays."""
        found: dict[str, int] = {}
        for name in self.given:
            if key_of(name) in self.arrays:
                shape = self.arrays[key_of(name)].shape
                rows = shape if isinstance(name, Parameter) else shape[-1:]
                for size, number in zip(name.shape, rows, strict=False):
                    if size.is_Symbol and found.setdefault(str(size), number) != number:
                        raise ValueError(f"{name}: {size} is {number} and {found[str(size)]}")
        return found

    def array(self, name: Name) -> np.ndarray:
        """The array of a name; zero for a cotangent that was not given."""
        found = self.arrays.get(key_of(name))
        if found is None and isinstance(name, Immediate):
            rows = self.sizes[str(name.shape[0])]
            return np.zeros((self.steps, self.batch, rows) if _is_stepwise(name) else (self.batch, rows))
        assert found is not None, f"no array for {key_of(name)}"
        return found


def _is_stepwise(name: Name) -> bool:
    signal = name.wrt if isinstance(name, Immediate) else name
    return isinstance(signal, Signal) and bool(signal.indices) and str(signal.time) == "t"


@lru_cache(maxsize=256)
def forward(program: Program) -> Program:
    """The Program with a name for every activation's argument."""
    return expose(program)


@lru_cache(maxsize=256)
def backward(program: Program) -> Program:
    """Its adjoint, derived once."""
    return adjoint(program)


# --- the interpreter ------------------------------------------------------------------------------------------------


def interpreted(task: Task, domain: Domain | None = None) -> Found:
    """By `numeric.exact.interpret`, example by example, in 30 digits unless another domain is asked for."""
    examples = [_example(task, b, domain or Reals(DIGITS)) for b in range(task.batch)]
    dtype = float if domain is None else object
    values = {key: _stacked(task, key, [e.values[key] for e in examples], dtype) for key in examples[0].values}
    gradients = {key: _stacked(task, key, [e.gradients[key] for e in examples], dtype) for key in examples[0].gradients}
    return Found(values, gradients)


def _example(task: Task, b: int, domain: Domain) -> Found:
    programs = (forward(task.program), backward(task.program))
    found = interpret(programs, task.steps, task.sizes, dict(placed(task, b)), domain)
    return Found(dict(_gathered(task, found)), dict(_gathered(task, found.gradients)))


def placed(task: Task, b: int) -> Iterator[tuple[Name, Any]]:
    """The arrays of one example under names at concrete steps."""
    for name in task.given:
        array = task.array(name)
        if isinstance(name, Parameter):
            yield name, array
        elif _is_stepwise(name):
            yield from ((_at(name, step), array[step - 1, b]) for step in range(1, task.steps + 1))
        else:
            yield name, array[b]


def _at(name: Name, step: int) -> Name:
    if isinstance(name, Immediate):
        return Immediate(name.of, _at(name.wrt, step))
    assert isinstance(name, Signal)
    return name.at(step)


def _gathered(task: Task, found: Mapping[Name, Any]) -> Iterator[tuple[str, np.ndarray]]:
    steps: dict[str, dict[int, Any]] = {}
    for name, matrix in found.items():
        if isinstance(name, Adjoint):
            continue
        array = np.array(matrix, dtype=object)
        if isinstance(name, Signal) and name.indices and int(name.time) >= 1:
            steps.setdefault(name.name, {})[int(name.time)] = array[:, 0]
        else:
            yield key_of(name), array if isinstance(name, Parameter) else array[:, 0]
    for name, by_step in steps.items():
        stacked = [by_step[step] for step in sorted(by_step)]
        yield f"{name}_t" if name == "L" else name, np.array(stacked)


def _stacked(task: Task, key: str, parts: list[np.ndarray], dtype: type) -> np.ndarray:
    if key in _parameter_keys(task.program):
        return sum(parts[1:], parts[0]).astype(dtype)
    array = np.stack(parts, axis=-2).astype(dtype)
    return array[..., 0] if key == "L" and array.ndim == 2 else array


@lru_cache(maxsize=256)
def _parameter_keys(program: Program) -> frozenset[str]:
    return frozenset(parameter.name for parameter in program.parameters)


# --- the compiled code ----------------------------------------------------------------------------------------------


def compiled(task: Task) -> Found:
    """By `numeric.compilation`, the batch at once; with a batch of one, without a batch axis."""
    run = compile_gradients(task.program, keep=True)
    alone = task.batch == 1
    found = run({_argument(name): _handed(task, name, alone) for name in task.given}, task.steps)
    signals = [name for name in forward(task.program).definitions if isinstance(name, Signal) and name.indices]
    names = [name.name for name in signals if name.name != "L"]
    values = {name: _batched(found[name], alone) for name in names if name in found}
    gradients = {
        name: _batched(found[f"d_{name}"], alone)
        for name in (*names, *(name.name for name in task.program.inputs))
        if f"d_{name}" in found
    }
    for name in task.program.parameters:
        if f"d_{name.name}" in found:
            gradients[key_of(name)] = found[f"d_{name.name}"].reshape(task.array(name).shape)
    for name in task.program.initials:
        if f"d_{name.name}" in found:
            gradients[key_of(name)] = _batched(found.at(f"d_{name.name}", int(name.time)), alone)
    return Found(values | ({"L": found["L"].reshape(task.batch)} if "L" in found else {}), gradients)


def _argument(name: Name) -> str:
    """What compiled code calls what it is given: `h0` for the initial value h_0, `given_h` for a cotangent."""
    if isinstance(name, Immediate):
        return f"given_{_argument(name.wrt)}"
    assert isinstance(name, Signal | Parameter)
    initial = isinstance(name, Signal) and name.indices and name.time.is_Integer
    return f"{name.name}{name.time}" if initial else name.name


def _handed(task: Task, name: Name, alone: bool) -> np.ndarray:
    """An array as compiled code takes it: columns and numbers as parameters without their axes of one."""
    array = task.array(name)
    if isinstance(name, Parameter):
        return array.reshape([size for size, said in zip(array.shape, name.shape, strict=True) if said != 1])
    return array[..., 0, :] if alone else array


def _batched(column: np.ndarray, alone: bool) -> np.ndarray:
    return column[..., None, :] if alone else column


EVALUATORS: dict[str, Callable[[Task], Found]] = {"interpreted": interpreted, "compiled": compiled}
"""Every evaluator of the library, by name."""


# --- comparing ------------------------------------------------------------------------------------------------------


def assert_close(ours: Any, theirs: Any, bound: float, what: str = "") -> None:
    """max|a − b| ≤ bound · max(1, max|b|), and the same shape."""
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    assert ours.shape == theirs.shape, f"{what}: shapes {ours.shape} and {theirs.shape}"
    most = bound * max(1.0, float(np.max(np.abs(theirs), initial=0.0)))
    apart = float(np.max(np.abs(ours - theirs), initial=0.0))
    assert apart <= most, f"{what}: {apart:.3g} apart, where {most:.3g} is allowed"


def zeros_where_missing(found: Arrays, keys: Iterable[str], like: Arrays) -> dict[str, np.ndarray]:
    """The gradients of the keys; zero where the adjoint leaves one out because it is zero throughout."""
    return {key: found[key] if key in found else np.zeros_like(like[key]) for key in keys}
