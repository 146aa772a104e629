"""Programs compiled to NumPy: `compile_forward`, `compile_gradients`.

Reads a Program; returns a `Compiled`, a function of arrays whose source can be read (`print(compiled.source)`). The text
that is executed is made by `generation` from trees and from names that passed the identifier rule; no text of a user
gets into it.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import DTypeLike, NDArray

from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import Immediate, Name, Parameter, Signal
from symrnn.algebra.programs import Program, family, signal_of, sizes_of
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.rewriting import expose
from symrnn.errors import InputError, ShapeError, TimeError
from symrnn.numeric.generation import Generator, local

Array = NDArray[Any]


@dataclass(frozen=True)
class Arrays:
    """What a compiled Program computed, by the variable's name: `h`, `d_h` for ∂L/∂h, `d_W_h`.

    What stands at every step is (T, rows) or, with a batch, (T, B, rows), for t = 1..T; `at(name, t)` gives any step,
    0 among them. Parameters' gradients have their parameter's shape and are summed over the batch.
    """

    columns: Mapping[str, Array]
    below: Mapping[str, int]
    steps: int
    batch: int | None

    def __getitem__(self, name: str) -> Array:
        array = self.columns[name]
        if name not in self.below:
            return array
        return self._outward(array[self.below[name] : self.below[name] + self.steps])

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def at(self, name: str, step: int) -> Array:
        """A quantity at one step: (rows,) or (B, rows)."""
        return self._outward(self.columns[name][step - 1 + self.below[name]])

    def _outward(self, array: Array) -> Array:
        return array if self.batch is None else np.moveaxis(array, -1, -2)

    @property
    def loss(self) -> float:
        """L, summed over the batch."""
        return float(np.sum(self.columns["L"]))


@dataclass(frozen=True)
class Compiled:
    """A Program as array code. Call it with arrays by name; `source` is what runs."""

    program: Program
    source: str
    function: Callable[..., dict[str, Array]]
    activations: tuple[str, ...]
    below: Mapping[str, int]
    cotangents: tuple[Immediate, ...]

    def __call__(self, given: Mapping[str, Any], steps: int | None = None, dtype: DTypeLike = np.float64) -> Arrays:
        """Run on arrays by neutral name: parameters, inputs (T, [B,] rows), initials `h0` ([B,] rows), targets.

        A given ∂⁺L/∂h is called `given_h`; what has no value is zero if it is an initial state or a cotangent, else
        missing. Shapes and finiteness are checked.
        """
        return _Call(self, given, steps, np.dtype(dtype)).run()


@lru_cache(maxsize=64)
def compile_forward(program: Program) -> Compiled:
    """The forward Program as NumPy: all values for given parameters and inputs.

    >>> from symrnn.cells import rnn
    >>> run = compile_forward(rnn())
    >>> run({"W_h": [[0.5]], "W_x": [[1.0]], "b": [0.0], "x": [[0.0], [0.0]], "h0": [0.0]})["h"].tolist()
    [[0.0], [0.0]]
    """
    return _compiled(program, gradients=False, keep=True)


@lru_cache(maxsize=64)
def compile_gradients(program: Program, keep: bool = False) -> Compiled:
    """Values and all gradients in one function: forward loop, backward loop, weight gradients contracted once a chunk.

    With `keep` every intermediate adjoint is computed, not only those the gradients need.

    >>> from symrnn.cells import rnn
    >>> run = compile_gradients(rnn(activation="identity"))
    >>> given = {"W_h": [[0.5]], "W_x": [[0.5]], "b": [0], "x": [[1.0]] * 3, "given_h": [[0.0], [0.0], [-0.125]]}
    >>> run(given)["d_W_h"].tolist()
    [[-0.125]]
    """
    return _compiled(program, gradients=True, keep=keep)


def _compiled(program: Program, gradients: bool, keep: bool) -> Compiled:
    forward = expose(program)
    backward = adjoint(program) if gradients else None
    generator = Generator(forward, backward, keep)
    source = generator.write()
    name = f"<symrnn: {forward.name}, {'forward and gradients' if gradients else 'forward'}, {hash(program) & 0xFFFF:04x}>"
    space: dict[str, Any] = {"np": np}
    # Our own text, from trees and checked identifiers; linecache lets tracebacks and profilers show its lines.
    exec(compile(source, name, "exec"), space)
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    function = space["forward_and_gradients" if gradients else "forward"]
    below = {
        local(n): generator.spans[family(n)].below
        for p in generator.programs
        for e in p
        for n in (e.target,)
        if family(n) in generator.spans
    }
    cotangents = tuple(n for n in (backward.given if backward else ()) if isinstance(n, Immediate))
    return Compiled(
        forward, source, function, tuple(generator.functions), MappingProxyType(below), cotangents
    )


class _Call:
    """One call: sizes found, shapes checked, arrays brought into columns."""

    def __init__(self, compiled: Compiled, given: Mapping[str, Any], steps: int | None, dtype: np.dtype[Any]) -> None:
        self.compiled, self.program = compiled, compiled.program
        self.dtype = dtype
        self.given = {key: self._array(key, value) for key, value in given.items()}
        self.sizes: dict[sp.Expr, int] = {}
        self.batch: int | None = None
        self.steps = steps

    def _array(self, key: str, value: Any) -> Array:
        try:
            array = np.asarray(value, dtype=self.dtype)
        except (TypeError, ValueError):
            raise InputError(f"{key} = {value!r}"[:200], found="no array of numbers", write="numbers, row by row") from None
        if not np.isfinite(array).all():
            raise InputError(key, found="NaN or infinity among its numbers", write="finite numbers")
        return array

    def run(self) -> Arrays:
        """Call the compiled function."""
        known = self._known_names()
        unknown = set(self.given) - set(known)
        if unknown:
            raise InputError(", ".join(sorted(unknown)), found="no such quantity", write=", ".join(known))
        for key, name in known.items():
            self._learn(key, name)
        if self.steps is None or self.steps < 1:
            raise TimeError(f"T = {self.steps}", found="no positive number of steps", write="an input, or steps=3")
        arrays = {key: self._placed(key, name) for key, name in known.items()}
        shapes = {p.name: self.given[p.name].shape for p in self.program.parameters}
        functions = {name: lookup(name).array_function() for name in self.compiled.activations}
        sizes = {symbol.name: self.sizes[symbol] for symbol in sizes_of(self.program)}
        found = self.compiled.function(self.steps, self.batch, sizes, shapes, arrays, functions)
        return Arrays(found, self.compiled.below, self.steps, self.batch)

    def _known_names(self) -> dict[str, Name]:
        program = self.program
        names: dict[str, Name] = {p.name: p for p in program.parameters}
        names |= {name.name: name for name in program.inputs}
        names |= {f"{name.name}{name.time}": name for name in program.initials}
        names |= {local(name): name for name in program.given if not isinstance(name, Immediate)}
        return names | {local(name): name for name in self.compiled.cotangents}

    def _learn(self, key: str, name: Name) -> None:
        """Sizes, steps and batch from the arrays there are."""
        if key not in self.given:
            return
        array = self.given[key]
        axes = _axes(name.shape)
        if isinstance(name, Parameter):
            if array.ndim != len(axes):
                raise _shape_error(key, array, axes)
            self._tell(key, axes, array.shape)
            return
        timed = _is_timed(name, self.program)
        plain = max(len(axes), 1) + timed
        if array.ndim == plain - 1 and name.shape == (1, 1):
            # A number for each step: a column of one row.
            array = self.given[key] = array[..., None]
        if array.ndim not in (plain, plain + 1):
            raise _shape_error(key, array, (*(["T"] if timed else []), *axes))
        self._tell(key, axes or (sp.S.One,), array.shape[-1:])
        if timed:
            self._tell_steps(key, array.shape[0])
        if array.ndim == plain + 1:
            self._tell_batch(key, array.shape[-2])

    def _tell(self, key: str, axes: tuple[sp.Expr, ...], shape: tuple[int, ...]) -> None:
        for size, entries in zip(axes, shape, strict=True):
            wanted = int(size) if size.is_Integer else self.sizes.setdefault(size, entries)
            if wanted != entries:
                raise ShapeError(key, found=f"{entries} where {size} = {wanted}", write=f"arrays with one {size}")

    def _tell_steps(self, key: str, steps: int) -> None:
        if self.steps is not None and steps != self.steps:
            raise ShapeError(key, found=f"{steps} steps where T = {self.steps}", write=f"{self.steps} steps")
        self.steps = steps

    def _tell_batch(self, key: str, batch: int) -> None:
        if self.batch is not None and batch != self.batch:
            raise ShapeError(key, found=f"a batch of {batch} beside one of {self.batch}", write="one batch size")
        self.batch = batch

    def _placed(self, key: str, name: Name) -> Array:
        """An array in columns; absent initial values and cotangents are zero."""
        if key not in self.given:
            return self._zeros(key, name)
        array = self.given[key]
        if isinstance(name, Parameter):
            return array[:, None] if self.batch is not None and name.shape[1] == 1 and array.ndim == 1 else array
        if self.batch is None:
            return np.ascontiguousarray(array)
        if array.ndim < max(len(_axes(name.shape)), 1) + _is_timed(name, self.program) + 1:
            return np.ascontiguousarray(np.repeat(array[..., None], self.batch, axis=-1))
        return np.ascontiguousarray(np.moveaxis(array, -2, -1))

    def _zeros(self, key: str, name: Name) -> Array:
        if not (isinstance(name, Immediate) or name in self.program.initials):
            raise InputError(key, found=f"no value for {name}", write=f"{key} among the arrays")
        rows = int(name.shape[0].xreplace(self.sizes))
        shape = (rows,) if self.batch is None else (rows, self.batch)
        if _is_timed(name, self.program):
            shape = (self.steps or 0, *shape)
        return np.zeros(shape, self.dtype)


def _axes(shape: tuple[sp.Expr, sp.Expr]) -> tuple[sp.Expr, ...]:
    return () if shape == (1, 1) else (shape[0],) if shape[1] == 1 else shape


def _is_timed(name: Name, program: Program) -> bool:
    signal = name.wrt if isinstance(name, Immediate) else signal_of(name)
    return isinstance(signal, Signal) and bool(signal.indices) and signal.time.has(program.steps.index)


def _shape_error(key: str, array: Array, axes: tuple[Any, ...]) -> ShapeError:
    shape = ", ".join(map(str, axes)) or "a single number"
    return ShapeError(f"{key} with shape {array.shape}", found=f"{array.ndim} axes", write=f"shape ({shape})")
