"""Numbers from a model file brought into the shapes its Program wants; sizes that were not said follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from symrnn.algebra.nodes import Name, Shape
from symrnn.errors import InputError
from symrnn.models.drawing import drawn
from symrnn.models.model import Array
from symrnn.models.values import exact_value
from symrnn.tables import BadNumber, Document

MOST_ENTRIES = 20_000_000
MOST_SIZE = 100_000
Path = tuple[str, ...]


def nested(document: Document, path: Path, value: Any, assume: Mapping[str, str]) -> Array:
    """A number, string or list of lists as an array of exact numbers; ragged lists and non-numbers are refused."""
    if isinstance(value, list):
        parts = [nested(document, path, part, assume) for part in value]
        if any(part.shape != parts[0].shape for part in parts):
            raise document.error(path, "rows of different lengths", "rows of one length")
        return np.array([part.tolist() for part in parts], dtype=object) if parts else np.empty((0,), dtype=object)
    result = np.empty((), dtype=object)
    result[()] = _number(document, path, value, assume)
    return result


def _number(document: Document, path: Path, value: Any, assume: Mapping[str, str]) -> sp.Expr:
    if isinstance(value, BadNumber):
        raise document.error(path, f"{value.text} is {value.why}", "a finite number such as 0.5")
    if isinstance(value, str):
        return exact_value(value, assume, document.place(path))
    if isinstance(value, int) and not isinstance(value, bool):
        if value.bit_length() > 700:
            raise document.error(path, "a number of more than 200 digits", "a shorter one")
        return sp.Integer(value)
    if isinstance(value, sp.Rational):
        return value
    raise document.error(path, f"{value!r} is no number", 'a number, an exact string such as "1/3", or a symbol "w"')


def axes(shape: Shape) -> tuple[sp.Expr, ...]:
    """The axes an array of that symbolic shape has: none for a scalar, one for a column, two for a matrix."""
    return () if shape == (1, 1) else (shape[0],) if shape[1] == 1 else shape


class Sizes:
    """The sizes found so far, each with the key that told it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.known: dict[sp.Expr, int] = {}
        self.told_by: dict[sp.Expr, Path] = {}

    def tell(self, size: sp.Expr, value: int, path: Path) -> None:
        """Record that a size is a number, or raise where another key said otherwise."""
        if size.is_Integer:
            if int(size) != value:
                raise self.document.error(path, f"{value} entries where {size} belong", f"{size} entries")
            return
        if not size.is_Symbol:
            return
        if not 1 <= value <= MOST_SIZE:
            raise self.document.error(path, f"a size of {value}", f"a size from 1 to {MOST_SIZE:,}")
        if self.known.setdefault(size, value) != value:
            other = ".".join(self.told_by[size])
            raise self.document.error(
                path, f"{size} = {value} here, but {other} says {size} = {self.known[size]}", "arrays whose sizes agree"
            )
        self.told_by.setdefault(size, path)

    def number(self, size: sp.Expr) -> int:
        """The number of a size; one that nothing told is 1."""
        return int(
            size.xreplace({key: sp.Integer(value) for key, value in self.known.items()}).subs(
                {symbol: 1 for symbol in size.free_symbols}
            )
        )

    def shape(self, shape: Shape) -> tuple[int, ...]:
        """The numeric shape of an array for a symbolic shape."""
        return tuple(self.number(size) for size in axes(shape))


def tell_parameter(sizes: Sizes, path: Path, name: Name, value: Array) -> Array:
    """Read the sizes off a parameter or initial value; a bare number tells nothing."""
    wanted = axes(name.shape)
    if value.ndim == 2 and len(wanted) == 1 and value.shape[1] == 1:
        value = value[:, 0]
    if value.ndim == len(wanted):
        for size, entries in zip(wanted, value.shape, strict=True):
            sizes.tell(size, entries, path)
    elif value.ndim:
        raise sizes.document.error(
            path, f"an array with {value.ndim} axes where {name} has {len(wanted)}", _example(name)
        )
    return value


def _example(name: Name) -> str:
    wanted = axes(name.shape)
    shape = " × ".join(map(str, wanted)) or "a single number"
    text = {0: "0.5", 1: "[0.5, 0.1]", 2: "[[0.5, 0.1], [0.2, 0.3]]"}[len(wanted)]
    return f"{shape}, such as {text}"


def fill(sizes: Sizes, path: Path, name: Name, value: Array) -> Array:
    """A bare number for a vector stands for every component, 0 for every entry of a matrix."""
    wanted = sizes.shape(name.shape)
    if value.shape == wanted:
        return value
    if value.ndim == 0:
        if len(wanted) == 2 and wanted != (1, 1) and value[()] != 0:
            told = "; ".join(f"{'.'.join(by)} says {size} = {sizes.known[size]}" for size, by in sizes.told_by.items())
            raise sizes.document.error(
                path,
                f"one number for a matrix of {wanted[0]} × {wanted[1]}" + (f" ({told})" if told else ""),
                f"the matrix, row by row: [[…], […]]; or `{name}: scalar` among typed equations, if it is a number",
            )
        return np.full(wanted, value[()], dtype=value.dtype)
    raise sizes.document.error(path, f"shape {value.shape} where {name} wants {wanted}", _example(name))


def draw(sizes: Sizes, path: Path, table: Mapping[str, Any], shape: tuple[int, ...], hidden: int) -> Array:
    """A drawn array, within the limit on entries."""
    if int(np.prod(shape, dtype=np.int64)) > MOST_ENTRIES:
        raise sizes.document.error(path, f"{shape} is more than {MOST_ENTRIES:,} entries", "smaller sizes")
    for value in table.values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, BadNumber):
                raise sizes.document.error(path, f"{part.text} is {part.why}", "a finite number such as 0.5")
    try:
        return drawn(table, path[-1], shape, hidden)
    except InputError as error:
        raise sizes.document.error(path, error.found, error.write) from None


def tell_sequence(sizes: Sizes, path: Path, name: Name, value: Array) -> None:
    """Read the size of one step off a sequence whose outer axis is time."""
    if value.ndim > 3 or value.ndim == 0:
        raise sizes.document.error(
            path, f"{value.ndim} axes", "one entry for each step: numbers, vectors, or a batch of vectors"
        )
    if value.ndim >= 2:
        sizes.tell(name.shape[0], value.shape[-1], path)


def as_sequence(sizes: Sizes, path: Path, name: Name, value: Array, steps: int) -> Array:
    """A sequence as an array (steps, [batch,] rows); one entry is held for all steps."""
    rows = sizes.number(name.shape[0])
    if value.ndim == 1:
        if rows != 1:
            raise sizes.document.error(
                path, f"a number for each step where {name} has {rows} components", "a list for each step: [[…], […]]"
            )
        value = value[:, None]
    if value.shape[0] == 1 and steps > 1:
        value = np.repeat(value, steps, axis=0)
    if value.shape[0] != steps:
        raise sizes.document.error(
            path, f"{value.shape[0]} entries for {steps} steps", f"{steps} entries, or one that is held for all steps"
        )
    return value if name.shape != (1, 1) else value[..., 0]
