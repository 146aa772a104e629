"""A model: a Program with sizes, steps and numbers. What `evaluate`, `derive` and later verbs share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symrnn.algebra.nodes import Immediate, Name, Parameter, Signal
from symrnn.algebra.programs import Program

Array = NDArray[Any]


@dataclass(frozen=True)
class Update:
    """The training step asked for: θ ← θ − rate · ∂L/∂θ, the gradient clipped or not."""

    rule: str
    rate: sp.Expr
    clip: str | None = None
    threshold: sp.Expr | None = None

    @property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        """The symbols left in it, by name."""
        return tuple(sorted(_free(self.rate) | _free(self.threshold), key=str))


@dataclass(frozen=True)
class Note:
    """A remark with placeholders and what fills them, so that any language can say it.

    >>> str(Note("Assumed: {0} steps.", ("100",)))
    'Assumed: 100 steps.'
    """

    message: str
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.message.format(*self.values)


@dataclass(frozen=True)
class Model:
    """A Program with numbers.

    `values` maps parameters, initial values (`h_0`), inputs, targets and cotangents to arrays: a column vector is
    1-D, a matrix 2-D, a scalar 0-D; what stands at every step has time as its outer axis, then the batch if there is
    one. Exact models hold SymPy numbers (dtype object), others float64. `bare` says that every size is 1 and was
    given by plain numbers, so results are shown as numbers. `notes` say what was assumed where a file left it open.
    """

    name: str
    cell: Program
    program: Program
    steps: int
    sizes: Mapping[str, int]
    values: Mapping[Name, Array]
    batch: int | None = None
    bare: bool = False
    update: Update | None = None
    notation: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    settings: Mapping[str, Model] = field(default_factory=lambda: MappingProxyType({}))
    source: str = ""
    notes: tuple[Note, ...] = ()
    text: str = ""
    """The model file as it was read."""

    @property
    def exact(self) -> bool:
        """Whether every number is exact: fractions, roots, logarithms or symbols, no binary floats."""
        return all(value.dtype == object for value in self.values.values())

    @cached_property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        """The symbols left among the values, by name."""
        found = {s for value in self.values.values() if value.dtype == object for v in value.flat for s in _free(v)}
        if self.update is not None:
            found |= set(self.update.symbols)
        return tuple(sorted(found, key=str))

    @cached_property
    def sized(self) -> Program:
        """The Program at the model's sizes."""
        return self.program.with_sizes(**self.sizes)

    def value(self, name: str) -> Array:
        """The array of a parameter, input, initial value or target by its neutral name (`W_h`, `x`, `h0`, `y`)."""
        for key, value in self.values.items():
            if label(key) == name:
                return value
        raise KeyError(name)


def _free(value: Any) -> set[Any]:
    return set(value.free_symbols) if isinstance(value, sp.Expr) else set()


def label(name: Name) -> str:
    """How model files and array code call a given quantity: `W_h`, `x`, `h0` for h_0, `h-1`, `y`, `d_h` for ∂⁺L/∂h.

    >>> from symrnn.algebra.nodes import Signal, n
    >>> label(Signal("h", (n, 1), 0))
    'h0'
    """
    if isinstance(name, Parameter):
        return name.name
    if isinstance(name, Signal):
        if name.indices and not name.time.free_symbols:
            return f"{name.name}{name.time}"
        return name.name
    if isinstance(name, Immediate):
        return f"d_{label(name.wrt) if not isinstance(name.wrt, Signal) else name.wrt.name}"
    return str(name)


def as_float(value: Array) -> NDArray[np.float64]:
    """The array in float64."""
    return np.asarray(value, dtype=np.float64) if value.dtype != object else value.astype(np.float64)
