"""What one call of compiled code is given: arrays checked, sizes read off their shapes, arrays brought into columns.

Reads `Argument`s and the shapes of a call; returns a `Plan`, which serves every call with these shapes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symrnn.algebra.nodes import Immediate, Name, Parameter, Signal, Tangent
from symrnn.algebra.programs import Program, signal_of
from symrnn.errors import InputError, ShapeError, TimeError

Array = NDArray[Any]
Shape = tuple[int, ...]
Placing = Callable[[Array | None, np.dtype[Any]], Array]
"""What brings an array, or nothing where it may be absent, into the form the code wants."""


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
    is_diagonal: bool

    @property
    def plain(self) -> int:
        """How many axes it has without a batch."""
        return max(len(self.axes), 1) + self.is_timed


def argument_of(key: str, name: Name, program: Program) -> Argument:
    """What is asked of the array of a name."""
    return Argument(
        key,
        name,
        axes=tuple(int(size) if size.is_Integer else str(size) for size in _axes(name.shape)),
        is_parameter=isinstance(name.of if isinstance(name, Tangent) else name, Parameter),
        is_timed=_is_timed(name, program),
        is_single=name.shape == (1, 1),
        may_be_absent=isinstance(name, Immediate | Tangent) or name in program.initials,
        is_column=name.shape[1] == 1,
        is_diagonal=isinstance(name, Parameter) and name.structure == "diagonal",
    )


def _axes(shape: tuple[sp.Expr, sp.Expr]) -> tuple[sp.Expr, ...]:
    return () if shape == (1, 1) else (shape[0],) if shape[1] == 1 else shape


def _is_timed(name: Name, program: Program) -> bool:
    signal = name.wrt if isinstance(name, Immediate) else signal_of(name)
    return isinstance(signal, Signal) and bool(signal.indices) and signal.time.has(program.steps.index)


def checked(key: str, value: Any, dtype: np.dtype[Any]) -> Array:
    """A value as an array of finite numbers, row after row in memory.

    >>> checked("W", [[1, 2]], np.dtype(float))
    array([[1., 2.]])
    """
    array = value if type(value) is np.ndarray and value.dtype == dtype else _as_array(key, value, dtype)
    if not array.flags.c_contiguous:
        array = np.ascontiguousarray(array)
    # One pass of BLAS without a new array; squares may overflow where the numbers are finite, so look again then.
    if not math.isfinite(np.vdot(array, array)) and not np.isfinite(array).all():
        raise InputError(key, found="NaN or infinity among its numbers", write="finite numbers")
    return array


def _as_array(key: str, value: Any, dtype: np.dtype[Any]) -> Array:
    try:
        return np.asarray(value, dtype=dtype)
    except (TypeError, ValueError):
        raise InputError(f"{key} = {value!r}"[:200], found="no array of numbers", write="numbers, row by row") from None


@dataclass(frozen=True)
class Plan:
    """What the shapes of a call say: T, the batch, the sizes, and how each array is placed.

    `inner` is the batch the code sees: a batch of one runs without its axis, so BLAS takes its matrix-vector path.
    """

    steps: int
    batch: int | None
    inner: int | None
    sizes: Mapping[str, int]
    shapes: Mapping[str, Shape]
    placing: Mapping[str, Placing]
    """What is to be done to those arrays that are not as the code wants them."""


class Planner:
    """Reads sizes, steps and batch off the shapes of a call."""

    def __init__(
        self, arguments: Mapping[str, Argument], shapes: Mapping[str, Shape], steps: int | None, layout: str
    ) -> None:
        if layout not in ("rows", "columns"):
            raise InputError(f"layout={layout!r}", found="no such layout", write='"rows" or "columns"')
        if unknown := shapes.keys() - arguments.keys():
            raise InputError(", ".join(sorted(unknown)), found="no such quantity", write=", ".join(arguments))
        self.arguments, self.shapes, self.layout = arguments, shapes, layout
        self.sizes: dict[str, int] = {}
        self.batch: int | None = None
        self.steps = steps

    def plan(self, size_names: tuple[str, ...]) -> Plan:
        """The plan, or an error that says which array does not fit."""
        for key, argument in self.arguments.items():
            if key in self.shapes:
                self._learn(argument, self.shapes[key])
        if self.steps is None or self.steps < 1:
            raise TimeError(f"T = {self.steps}", found="no positive number of steps", write="an input, or steps=3")
        inner = None if self.batch == 1 else self.batch
        return Plan(
            self.steps,
            self.batch,
            inner,
            {name: self.sizes[name] for name in size_names},
            {key: shape for key, shape in self.shapes.items() if self.arguments[key].is_parameter},
            {key: placing for key, a in self.arguments.items() if (placing := self._placing(a, inner)) is not None},
        )

    def _learn(self, argument: Argument, shape: Shape) -> None:
        """Sizes, steps and batch from an array there is."""
        key, axes, plain = argument.key, argument.axes, argument.plain
        if argument.is_parameter:
            if len(shape) != len(axes):
                raise _shape_error(key, shape, axes)
            self._tell(key, axes, shape)
            return
        if _is_bare(argument, shape):
            shape = (*shape, 1)
        if len(shape) not in (plain, plain + 1):
            raise _shape_error(key, shape, (*(["T"] if argument.is_timed else []), *axes))
        has_batch = len(shape) == plain + 1
        rows, batch = (-2, -1) if has_batch and self.layout == "columns" else (-1, -2)
        self._tell(key, axes or (1,), (shape[rows],))
        if argument.is_timed:
            self._tell_steps(key, shape[0])
        if has_batch:
            self._tell_batch(key, shape[batch])

    def _tell(self, key: str, axes: tuple[str | int, ...], shape: Shape) -> None:
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

    def _placing(self, argument: Argument, inner: int | None) -> Placing | None:
        """How an array gets into columns, None if it is; absent initial values, cotangents and directions are zero."""
        shape = self.shapes.get(argument.key)
        if shape is None:
            return self._zeros(argument, inner)
        if argument.is_parameter:
            if inner is not None and argument.is_column and len(shape) == 1:
                return lambda array, dtype: _there(array)[:, None]
            if argument.is_diagonal and len(shape) == 2:
                return lambda array, dtype: _diagonal(argument.key, _there(array))
            return None
        # A number for each step is a column of one row.
        is_bare = _is_bare(argument, shape)
        inward = self._inward((*shape, 1) if is_bare else shape, argument, inner)
        if is_bare:
            return lambda array, dtype: np.ascontiguousarray(_in(inward, _there(array)[..., None]))
        return None if inward is None else lambda array, dtype: np.ascontiguousarray(_in(inward, _there(array)))

    def _inward(self, shape: Shape, argument: Argument, inner: int | None) -> Callable[[Array], Array] | None:
        batch = self.batch
        if batch is None or (inner is None and len(shape) == argument.plain):
            return None
        if len(shape) == argument.plain:
            return lambda array: np.repeat(array[..., None], batch, axis=-1)
        if inner is None:
            return (lambda array: array[..., 0]) if self.layout == "columns" else (lambda array: array[..., 0, :])
        return None if self.layout == "columns" else lambda array: np.moveaxis(array, -2, -1)

    def _zeros(self, argument: Argument, inner: int | None) -> Placing:
        if not argument.may_be_absent:
            raise InputError(
                argument.key, found=f"no value for {argument.name}", write=f"{argument.key} among the arrays"
            )
        axes = [axis if isinstance(axis, int) else self.sizes[axis] for axis in argument.axes]
        if argument.is_parameter:
            shape = [*axes, 1] if inner is not None and argument.is_column else axes
        else:
            shape = [self.steps or 0] if argument.is_timed else []
            shape += [*(axes or [1]), *([] if inner is None else [inner])]
        return lambda array, dtype: np.zeros(shape, dtype)


def _in(inward: Callable[[Array], Array] | None, array: Array) -> Array:
    return array if inward is None else inward(array)


def _is_bare(argument: Argument, shape: Shape) -> bool:
    return argument.is_single and len(shape) == argument.plain - 1


def _diagonal(key: str, matrix: Array) -> Array:
    if np.count_nonzero(matrix) > np.count_nonzero(matrix.diagonal()):
        raise InputError(key, found="numbers beside the diagonal of a diagonal matrix", write="zeros there")
    return matrix


def _there(array: Array | None) -> Array:
    assert array is not None
    return array


def _shape_error(key: str, found: Shape, axes: tuple[Any, ...]) -> ShapeError:
    shape = ", ".join(map(str, axes)) or "a single number"
    return ShapeError(f"{key} with shape {found}", found=f"{len(found)} axes", write=f"shape ({shape})")
