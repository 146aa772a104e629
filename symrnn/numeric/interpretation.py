"""What an interpreter finds: one matrix for each name and step, found by name or by label, whatever the sizes.

`Machine` (in `machine`) fills an `Interpretation`; `operations` has a row for every node.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import sympy as sp

from symrnn.algebra.nodes import (
    Adjoint,
    Block,
    Immediate,
    Name,
    Node,
    Parameter,
    Signal,
    Tangent,
    operands_of,
    substitute,
)

Matrix = tuple[tuple[Any, ...], ...]
"""Rows of scalars."""
Address = tuple[Any, tuple[int, ...]]
"""A name at concrete indices, whatever sizes its shape is written in."""
Sizes = Mapping[Any, int]
"""Numbers for the size symbols, by symbol or by its name."""
Values = Mapping[Name, Any]
"""Numbers, nested sequences or arrays for names at concrete indices."""
Missing = Callable[[Name, int, int], Matrix]
"""What a name that is neither assigned nor given stands for, from the name, its rows and its columns."""

# --- Addresses ---------------------------------------------------------------------------------------------


def head(node: Node) -> Hashable:
    """What a name is when its indices and sizes are forgotten."""
    if isinstance(node, Signal | Parameter):
        return (type(node).__name__, node.name)
    if isinstance(node, Adjoint | Tangent):
        return (type(node).__name__, head(node.of))
    if isinstance(node, Immediate | Block):
        kind = node.kind if isinstance(node, Block) else ""
        return (type(node).__name__, kind, head(node.of), head(node.wrt))
    return (type(node).__name__, *(head(part) for part in operands_of(node)))


def indices_of(node: Node) -> tuple[sp.Expr, ...]:
    """Every index that stands in a name, in reading order."""
    if isinstance(node, Signal):
        return node.indices
    if isinstance(node, Adjoint | Tangent):
        return indices_of(node.of)
    parts = (node.of, node.wrt) if isinstance(node, Immediate | Block) else operands_of(node)
    return tuple(index for part in parts for index in indices_of(part))


def label(name: Node) -> str:
    """How results call a name: `h[3]`, `W_h`; a gradient is `∂L/∂h[3]`.

    >>> label(Signal("h", (2, 1), 3)), label(Adjoint(Parameter("W_h", (2, 2))))
    ('h[3]', '∂L/∂W_h')
    """
    if isinstance(name, Adjoint):
        return f"∂L/∂{label(name.of)}"
    if isinstance(name, Signal):
        return name.name + "".join(f"[{index}]" for index in name.indices)
    return name.name if isinstance(name, Parameter) else str(name)


def placed(name: Name, env: Mapping[Any, int]) -> Name:
    """The name at the indices that `env` has numbers for."""
    return substitute(name, {symbol: sp.Integer(step) for symbol, step in env.items()})


# --- Results -----------------------------------------------------------------------------------------------

Entry = tuple[Name, Mapping[Any, int], Any]
"""A target as its equation writes it, the steps it stood at, and its matrix."""


class Interpretation(Mapping[Name, Any]):
    """From names to matrices (tuples of rows), found by name, whatever the sizes are written in, or by label.

    A view turns tuples of rows into another kind of matrix when one is asked for.
    """

    def __init__(
        self,
        entries: Mapping[Address, Entry],
        summands: Mapping[Name, Mapping[int, Any]],
        view: Callable[[Matrix], Any] | None = None,
    ) -> None:
        self._entries = entries
        self._summands = summands
        self._view = view

    def __getitem__(self, name: Name | str) -> Any:
        address = self._found(name) if isinstance(name, str) else _address_of(name)
        if address is None or address not in self._entries:
            raise KeyError(name)
        return self._seen(self._entries[address][2])

    def __iter__(self) -> Iterator[Name]:
        return (placed(name, steps) for name, steps, _ in self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def _seen(self, matrix: Matrix) -> Any:
        return matrix if self._view is None else self._view(matrix)

    def _found(self, text: str) -> Address | None:
        return self._labels.get(text) or next(
            (address for address, name in zip(self._entries, self, strict=True) if str(name) == text), None
        )

    @cached_property
    def _labels(self) -> Mapping[str, Address]:
        return {_label_at(name, address[1]): address for address, (name, _, _) in self._entries.items()}

    @cached_property
    def contributions(self) -> Mapping[Name, Mapping[int, Any]]:
        """Of every quantity that is a sum over steps its summands: losses ℓ_t, shares of a gradient."""
        return {
            name: {step: self._seen(matrix) for step, matrix in summands.items()}
            for name, summands in self._summands.items()
        }

    @cached_property
    def gradients(self) -> Interpretation:
        """The adjoints alone, each under its own quantity: `gradients["h[3]"]` is ∂L/∂h_3."""
        entries = {
            (place[1], indices): (name.of, steps, matrix)
            for (place, indices), (name, steps, matrix) in self._entries.items()
            if isinstance(name, Adjoint)
        }
        summands = {name.of: found for name, found in self._summands.items() if isinstance(name, Adjoint)}
        return Interpretation(entries, summands, self._view)

    def viewed(self, view: Callable[[Matrix], Any]) -> Interpretation:
        """The same with matrices of another kind, made when they are asked for: `viewed(sympy.Matrix)`."""
        return Interpretation(self._entries, self._summands, view)

    def scalars(self) -> Iterator[Any]:
        """Every scalar, contributions included, in the order `with_scalars` takes them."""
        matrices = [matrix for _, _, matrix in self._entries.values()]
        matrices += [matrix for summands in self._summands.values() for matrix in summands.values()]
        return (entry for matrix in matrices for row in matrix for entry in row)

    def with_scalars(self, scalars: Iterable[Any]) -> Interpretation:
        """The same names with other scalars."""
        following = iter(scalars)

        def refilled(matrix: Matrix) -> Matrix:
            return each(lambda _: next(following), matrix)

        entries = {key: (name, steps, refilled(matrix)) for key, (name, steps, matrix) in self._entries.items()}
        summands = {
            name: {step: refilled(matrix) for step, matrix in found.items()} for name, found in self._summands.items()
        }
        return Interpretation(entries, summands, self._view)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{label(name)}: {_shown(value)}" for name, value in self.items()) + "}"


def _label_at(name: Node, indices: tuple[int, ...]) -> str:
    # Without placing the name first: that is a substitution each.
    if isinstance(name, Adjoint):
        return f"∂L/∂{_label_at(name.of, indices)}"
    if isinstance(name, Signal):
        return name.name + "".join(f"[{index}]" for index in indices)
    return label(name)


def _address_of(name: Name) -> Address | None:
    indices = indices_of(name)
    return (head(name), tuple(map(int, indices))) if all(index.is_Integer for index in indices) else None


def each(change: Callable[[Any], Any], matrix: Matrix) -> Matrix:
    """The matrix with every entry changed."""
    return tuple(tuple(map(change, row)) for row in matrix)


def _shown(value: Any) -> str:
    if not isinstance(value, tuple):
        return str(value)
    rows = [", ".join(map(str, row)) for row in value]
    return rows[0] if len(value) == len(value[0]) == 1 else "[" + "; ".join(rows) + "]"
