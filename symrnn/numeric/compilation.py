"""Programs compiled to NumPy: `compile_forward`, `compile_gradients`, `compile_tangent`.

Reads a Program; returns a `Compiled`, a function of arrays whose source can be read (`print(compiled.source)`). The
text that is executed is made by `generation` (fast, for columns) or by `textbook` (for every node) from trees and from
names that passed the identifier rule; no text of a user gets into it.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sympy.core.symbol import Str

from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import Immediate, Name, Opaque, Parameter, Tangent
from symrnn.algebra.programs import Program, family, sizes_of
from symrnn.algebra.substitution import replace_nodes
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.rewriting import expose
from symrnn.calculus.tangents import tangent
from symrnn.errors import InputError, NotYetError
from symrnn.numeric.calls import Argument, Plan, Planner, argument_of, checked
from symrnn.numeric.generation import Generator
from symrnn.numeric.kernels import rooms
from symrnn.numeric.storage import given_key, key_of, local
from symrnn.numeric.textbook import Textbook

Array = NDArray[Any]
MOST_PLANS = 64
"""Shapes of calls that are remembered."""


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
        kind = np.dtype(dtype)
        arrays = {key: checked(key, value, kind) for key, value in given.items()}
        plan = self._plan(arrays, steps, layout)
        placed = arrays | {key: place(arrays.get(key), kind) for key, place in plan.placing.items()}
        room = rooms(self.function, plan.inner, kind)
        found = self.function(plan.steps, plan.inner, plan.sizes, plan.shapes, placed, self.functions, kind, room)
        return Arrays(found, self.below, plan.steps, plan.batch, layout, self.matrices)

    def _plan(self, arrays: Mapping[str, Array], steps: int | None, layout: str) -> Plan:
        """What the shapes say; calls with the same shapes share it."""
        signature = (steps, layout, *((key, array.shape) for key, array in arrays.items()))
        plan = self._plans.get(signature)
        if plan is None:
            shapes = {key: array.shape for key, array in arrays.items()}
            plan = Planner(self.arguments, shapes, steps, layout).plan(self.size_names)
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            self._plans[signature] = plan
        return plan

    @cached_property
    def _plans(self) -> dict[Any, Plan]:
        return {}

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
        return {key: argument_of(key, name, program) for key, name in found.items()}

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """Array functions of the activations, by name."""
        return {name: lookup(name).array_function() for name in self.activations}

    @cached_property
    def size_names(self) -> tuple[str, ...]:
        """What its sizes are called."""
        return tuple(symbol.name for symbol in sizes_of(self.program))


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
