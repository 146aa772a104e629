"""Programs compiled to NumPy: `compile_forward`, `compile_gradients`, `compile_tangent`.

Reads a Program; returns a `Compiled`, a function of arrays whose source can be read (`print(compiled.source)`). The
text that is executed is made by `generation` (fast, for columns) or by `textbook` (for every node) from trees and from
names that passed the identifier rule; no text of a user gets into it.
"""

from __future__ import annotations

import linecache
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import sympy as sp
from numpy.typing import DTypeLike, NDArray
from sympy.core.symbol import Str

from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import Immediate, Name, Opaque, Parameter, Signal, Tangent
from symrnn.algebra.programs import Program, family, signal_of, sizes_of
from symrnn.algebra.substitution import replace_nodes
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.rewriting import expose
from symrnn.calculus.tangents import tangent
from symrnn.errors import InputError, NotYetError, ShapeError, TimeError
from symrnn.numeric.generation import Generator
from symrnn.numeric.kernels import rooms
from symrnn.numeric.storage import given_key, key_of, local
from symrnn.numeric.textbook import Textbook

Array = NDArray[Any]


@dataclass(frozen=True)
class Arrays:
    """What a compiled Program computed, by the variable's name: `h`, `d_h` for ∂L/∂h, `d_W_h`.

    What stands at every step is (T, rows) or, with a batch, (T, B, rows), for t = 1..T (columns: (T, rows, B));
    `at(name, t)` gives any step, 0 among them. Parameters' gradients have their parameter's shape and are
    summed over the batch. Those of `matrices` are (T, [B,] rows, columns) in either layout.
    """

    columns: Mapping[str, Array]
    below: Mapping[str, int]
    steps: int
    batch: int | None
    layout: str = "rows"
    matrices: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> Array:
        array = self.columns[name]
        if name not in self.below:
            return array
        return self._outward(array[self.below[name] : self.below[name] + self.steps], name in self.matrices)

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def at(self, name: str, step: int) -> Array:
        """A quantity at one step: (rows,) or (B, rows), or as columns (rows, B)."""
        if f"{name}{step}" in self.columns:
            return self._outward(self.columns[f"{name}{step}"])
        return self._outward(self.columns[name][step - 1 + self.below[name]], name in self.matrices)

    def _outward(self, array: Array, is_matrix: bool = False) -> Array:
        if self.batch is None or (is_matrix and self.batch > 1):
            return array
        if is_matrix:
            return array[..., None, :, :]
        if self.batch == 1:
            # A batch of one was computed without its axis.
            return array[..., None] if self.layout == "columns" else array[..., None, :]
        return array if self.layout == "columns" else np.moveaxis(array, -1, -2)

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
    derivatives: tuple[Name, ...]
    matrices: frozenset[str] = frozenset()

    def __call__(
        self,
        given: Mapping[str, Any],
        steps: int | None = None,
        dtype: DTypeLike = np.float64,
        layout: Literal["rows", "columns"] = "rows",
    ) -> Arrays:
        """Run on arrays by neutral name: parameters, inputs (T, [B,] rows), initials `h0` ([B,] rows), targets.

        A given ∂⁺L/∂h is called `given_h`, a direction ḣ_0 `dot_h0`, Ẇ `dot_W`; what has no value is zero if it is an
        initial state, a cotangent or a direction, else missing. Shapes and finiteness are checked. With
        `layout="columns"` batches come last, (T, rows, B), as the code has them: nothing is copied.
        """
        return _Call(self, given, steps, np.dtype(dtype), layout).run()

    @cached_property
    def arguments(self) -> Mapping[str, Argument]:
        """Every array a call may be given, by key."""
        program = self.program
        given = (*program.inputs, *program.initials, *(n for n in program.given if not isinstance(n, Immediate)))
        found: dict[str, Name] = {}
        for name in (*program.parameters, *given, *self.derivatives):
            other = found.setdefault(given_key(name), name)
            if key_of(other) != key_of(name):
                raise InputError(
                    f"{other} and {name}", found=f"one array name for both, {given_key(name)}", write="other names"
                )
        return {key: _argument(key, name, program) for key, name in found.items()}

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """Array functions of the activations, by name."""
        return {name: lookup(name).array_function() for name in self.activations}

    @cached_property
    def size_names(self) -> tuple[str, ...]:
        """What its sizes are called."""
        return tuple(symbol.name for symbol in sizes_of(self.program))


@dataclass(frozen=True)
class Argument:
    """One array of a call: what is asked of its shape. `axes` are sizes by name, or numbers."""

    key: str
    name: Name
    axes: tuple[str | int, ...]
    is_parameter: bool
    is_timed: bool
    is_single: bool
    may_be_absent: bool
    is_column: bool


def _argument(key: str, name: Name, program: Program) -> Argument:
    return Argument(
        key,
        name,
        axes=tuple(int(size) if size.is_Integer else str(size) for size in _axes(name.shape)),
        is_parameter=isinstance(name.of if isinstance(name, Tangent) else name, Parameter),
        is_timed=_is_timed(name, program),
        is_single=name.shape == (1, 1),
        may_be_absent=isinstance(name, Immediate | Tangent) or name in program.initials,
        is_column=name.shape[1] == 1,
    )


@lru_cache(maxsize=64)
def compile_forward(program: Program) -> Compiled:
    """The forward Program as NumPy: all values for given parameters and inputs.

    >>> from symrnn.cells import rnn
    >>> run = compile_forward(rnn())
    >>> run({"W_h": [[0.5]], "W_x": [[1.0]], "b": [0.0], "x": [[0.0], [0.0]], "h0": [0.0]})["h"].tolist()
    [[0.0], [0.0]]
    """
    return _compiled(program, "forward")


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
    return _compiled(program, "forward_and_gradients", adjoint(program), keep)


@lru_cache(maxsize=64)
def compile_tangent(program: Program) -> Compiled:
    """Values and their tangents: ḣ_t along directions of parameters, inputs and initial states, batches of them too.

    With `dot_h0` alone it is the product J_T ⋯ J_1 ḣ_0 of step Jacobians with a vector.

    >>> from symrnn.cells import rnn
    >>> run = compile_tangent(rnn(activation="identity"))
    >>> given = {"W_h": [[0.5]], "W_x": [[0.5]], "b": [0], "x": [[1.0]] * 3, "dot_h0": [1.0]}
    >>> run(given)["dot_h"].tolist()
    [[0.5], [0.25], [0.125]]
    """
    return _compiled(program, "forward_and_tangents", _with_directions(tangent(program)))


def _with_directions(program: Program) -> Program:
    """A tangent Program whose directions Ẇ are parameters: like W the same at every step and for every example."""
    directions = {
        name: Parameter.trusted((Str(local(name)), *name.of.args[1:]), name.shape)
        for name in program.given
        if isinstance(name, Tangent) and isinstance(name.of, Parameter)
    }
    equations = tuple(replace(e, expression=replace_nodes(e.expression, directions)) for e in program)
    return replace(program, equations=equations, parameters=(*program.parameters, *directions.values()))


def _compiled(program: Program, purpose: str, second: Program | None = None, keep: bool = True) -> Compiled:
    forward = _without_unknown(expose(program))
    writer, source = _writer(forward, second, purpose, keep)
    name = f"<symrnn: {forward.name}, {purpose.replace('_', ' ')}, {hash(program) & 0xFFFF:04x}>"
    space: dict[str, Any] = {"np": np}
    # Our own text, from trees and checked identifiers; linecache lets tracebacks and profilers show its lines.
    exec(compile(source, name, "exec"), space)
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    below = {
        local(n): writer.spans[family(n)].below
        for p in writer.programs
        for e in p
        for n in (e.target,)
        if family(n) in writer.spans
    }
    return Compiled(
        forward,
        source,
        space[purpose],
        tuple(writer.functions),
        MappingProxyType(below),
        tuple(name for name in (second.given if second else ()) if isinstance(name, Immediate | Tangent)),
        writer.matrices,
    )


def _without_unknown(program: Program) -> Program:
    """Values of functions nothing is known of, `L_t = L_t(h_t)`, are given: there is nothing to compute."""
    equations = tuple(e for e in program if not (isinstance(e.expression, Opaque) and e.expression.value == e.target))
    return program if len(equations) == len(program) else replace(program, equations=equations)


def _writer(forward: Program, second: Program | None, purpose: str, keep: bool) -> tuple[Generator | Textbook, str]:
    """Who wrote the text, and the text: the fast code where it knows every node, else the textbook's."""
    try:
        generator = Generator(forward, second, keep, purpose)
        return generator, generator.write()
    except NotYetError:
        textbook = Textbook(forward, second, purpose)
        return textbook, textbook.write()


class _Call:
    """One call: sizes found, shapes checked, arrays brought into columns."""

    def __init__(
        self, compiled: Compiled, given: Mapping[str, Any], steps: int | None, dtype: np.dtype[Any], layout: str
    ) -> None:
        if layout not in ("rows", "columns"):
            raise InputError(f"layout={layout!r}", found="no such layout", write='"rows" or "columns"')
        self.compiled, self.dtype, self.layout = compiled, dtype, layout
        self.given = {key: self._array(key, value) for key, value in given.items()}
        self.sizes: dict[str, int] = {}
        self.batch: int | None = None
        self.steps = steps

    def _array(self, key: str, value: Any) -> Array:
        try:
            array = np.asarray(value, dtype=self.dtype)
        except (TypeError, ValueError):
            raise InputError(
                f"{key} = {value!r}"[:200], found="no array of numbers", write="numbers, row by row"
            ) from None
        # One pass of BLAS without a new array; squares may overflow where the numbers are finite, so look again then.
        if not math.isfinite(np.vdot(array, array)) and not np.isfinite(array).all():
            raise InputError(key, found="NaN or infinity among its numbers", write="finite numbers")
        return array

    def run(self) -> Arrays:
        """Call the compiled function."""
        known = self.compiled.arguments
        unknown = self.given.keys() - known.keys()
        if unknown:
            raise InputError(", ".join(sorted(unknown)), found="no such quantity", write=", ".join(known))
        for key, argument in known.items():
            if key in self.given:
                self._learn(argument)
        if self.steps is None or self.steps < 1:
            raise TimeError(f"T = {self.steps}", found="no positive number of steps", write="an input, or steps=3")
        # A batch of one runs without its axis: BLAS then takes its matrix-vector path.
        self.inner = None if self.batch == 1 else self.batch
        arrays = {key: self._placed(argument) for key, argument in known.items()}
        shapes = {key: self.given[key].shape for key in known.keys() & self.given.keys() if known[key].is_parameter}
        sizes = {name: self.sizes[name] for name in self.compiled.size_names}
        compiled = self.compiled
        room = rooms(compiled.function, self.inner, self.dtype)
        found = compiled.function(self.steps, self.inner, sizes, shapes, arrays, compiled.functions, self.dtype, room)
        return Arrays(found, compiled.below, self.steps, self.batch, self.layout, compiled.matrices)

    def _learn(self, argument: Argument) -> None:
        """Sizes, steps and batch from an array there is."""
        key, axes = argument.key, argument.axes
        array = self.given[key]
        if argument.is_parameter:
            if array.ndim != len(axes):
                raise _shape_error(key, array, axes)
            self._tell(key, axes, array.shape)
            return
        plain = max(len(axes), 1) + argument.is_timed
        if array.ndim == plain - 1 and argument.is_single:
            # A number for each step: a column of one row.
            array = self.given[key] = array[..., None]
        if array.ndim not in (plain, plain + 1):
            raise _shape_error(key, array, (*(["T"] if argument.is_timed else []), *axes))
        has_batch = array.ndim == plain + 1
        rows, batch = (-2, -1) if has_batch and self.layout == "columns" else (-1, -2)
        self._tell(key, axes or (1,), (array.shape[rows],))
        if argument.is_timed:
            self._tell_steps(key, array.shape[0])
        if has_batch:
            self._tell_batch(key, array.shape[batch])

    def _tell(self, key: str, axes: tuple[str | int, ...], shape: tuple[int, ...]) -> None:
        for size, entries in zip(axes, shape, strict=True):
            wanted = size if isinstance(size, int) else self.sizes.setdefault(size, entries)
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

    def _placed(self, argument: Argument) -> Array:
        """An array in columns; absent initial values and cotangents are zero."""
        array = self.given.get(argument.key)
        if array is None:
            return self._zeros(argument)
        if argument.is_parameter:
            return array[:, None] if self.inner is not None and argument.is_column and array.ndim == 1 else array
        if self.batch is None:
            return np.ascontiguousarray(array)
        if array.ndim < max(len(argument.axes), 1) + argument.is_timed + 1:
            return np.ascontiguousarray(
                array if self.inner is None else np.repeat(array[..., None], self.batch, axis=-1)
            )
        if self.inner is None:
            return np.ascontiguousarray(array[..., 0] if self.layout == "columns" else array[..., 0, :])
        return np.ascontiguousarray(array if self.layout == "columns" else np.moveaxis(array, -2, -1))

    def _zeros(self, argument: Argument) -> Array:
        if not argument.may_be_absent:
            raise InputError(
                argument.key, found=f"no value for {argument.name}", write=f"{argument.key} among the arrays"
            )
        axes = [axis if isinstance(axis, int) else self.sizes[axis] for axis in argument.axes]
        if argument.is_parameter:
            return np.zeros((*axes, 1) if self.inner is not None and argument.is_column else axes, self.dtype)
        shape = [*(axes or [1]), *([] if self.inner is None else [self.inner])]
        return np.zeros((self.steps or 0, *shape) if argument.is_timed else shape, self.dtype)


def _axes(shape: tuple[sp.Expr, sp.Expr]) -> tuple[sp.Expr, ...]:
    return () if shape == (1, 1) else (shape[0],) if shape[1] == 1 else shape


def _is_timed(name: Name, program: Program) -> bool:
    signal = name.wrt if isinstance(name, Immediate) else signal_of(name)
    return isinstance(signal, Signal) and bool(signal.indices) and signal.time.has(program.steps.index)


def _shape_error(key: str, array: Array, axes: tuple[Any, ...]) -> ShapeError:
    shape = ", ".join(map(str, axes)) or "a single number"
    return ShapeError(f"{key} with shape {array.shape}", found=f"{array.ndim} axes", write=f"shape ({shape})")
