"""What compiled code calls beside NumPy's own functions: products and sums over all steps of a chunk at once.

Arrays hold columns, time outermost: (T, rows, B), or (T, rows) for a batch of one, where BLAS then takes its
matrix-vector path. A parameter that is a column is (rows, 1) beside a batch and (rows,) without.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from symrnn.numeric.progress import watched

__all__ = [
    "at",
    "backwards",
    "both_ways",
    "chunks",
    "concatenated",
    "cross_entropy",
    "entries_sum",
    "flat",
    "forwards",
    "log_softmax",
    "near",
    "outer",
    "rooms",
    "single",
    "softmax",
    "spaces",
    "summed",
    "through",
    "watched",
    "widened",
]

Array = NDArray[Any]

CHUNK = 2**17
"""Numbers per array in a chunk of steps, 1 MB: whole-chunk operations stay in cache."""


def chunks(steps: int, numbers: int) -> list[slice]:
    """Spans of steps of about `CHUNK` numbers each, at least 64 steps for a batch of one.

    >>> chunks(5, 1)
    [slice(0, 5, None)]
    """
    size = min(steps, max(16, CHUNK // max(numbers, 1)))
    return [slice(start, min(start + size, steps)) for start in range(0, steps, size)]


def spaces(
    batch: int | None, dtype: DTypeLike
) -> tuple[Callable[..., Array], Callable[..., Array], Callable[..., Array]]:
    """Three functions that make arrays of columns: `empty(T, n)`, `zeros(n)` and `padded(T, below, beyond, n)`.

    A padded array has rows for steps before 1 and after T. Steps that do not exist meet zero gradients, so any finite
    number will do there for values: 0.5; for gradients it is 0.

    >>> empty, zeros, padded = spaces(None, float)
    >>> padded(1, 0, 1, 2)[1].tolist()
    [0.5, 0.5]
    """
    columns = () if batch is None else (batch,)

    def empty(*shape: int) -> Array:
        return np.empty((*shape, *columns), dtype)

    def zeros(*shape: int) -> Array:
        return np.zeros((*shape, *columns), dtype)

    def padded(steps: int, below: int, beyond: int, rows: int, fill: float = 0.5) -> Array:
        array = np.empty((steps + below + beyond, rows, *columns), dtype)
        array[:below] = fill
        array[steps + below :] = fill
        return array

    return empty, zeros, padded


_memory = threading.local()


def rooms(owner: object, batch: int | None, dtype: DTypeLike) -> Callable[..., Array]:
    """`room(n, …)`: scratch arrays of columns, the same memory again at the owner's next call in this thread.

    New memory costs a page fault every 4 KB, which at some sizes is a quarter of a run. One owner at a time keeps
    its rooms; they are of a chunk's size, however long the sequence is.

    >>> rooms("run", None, float)(2, 3) is rooms("run", None, float)(2, 3)
    True
    """
    if getattr(_memory, "owner", None) is not owner:
        _memory.owner, _memory.arrays = owner, []
    arrays: list[Array] = _memory.arrays
    columns, places = () if batch is None else (batch,), count()

    def room(*shape: int) -> Array:
        place, wanted = next(places), (*shape, *columns)
        if place == len(arrays):
            arrays.append(np.empty(0, dtype))
        if arrays[place].shape != wanted or arrays[place].dtype != dtype:
            arrays[place] = np.empty(wanted, dtype)
        return arrays[place]

    return room


def at(array: Array, span: slice, offset: int = 0) -> Array:
    """The rows of an array that stand `offset` beside those of a span."""
    return array[span.start + offset : span.stop + offset]


def near(array: Array, span: slice, offset: int = 0) -> Array:
    """The same of an array that holds one chunk only: its first row is the first step of the span."""
    return array[offset : span.stop - span.start + offset]


def both_ways(matrix: Array, vectors: bool) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """v ↦ M v and v ↦ Mᵀ v, writing into a given output; for vectors both read one contiguous copy of Mᵀ."""
    transposed = np.ascontiguousarray(matrix.T)
    return (transposed.T if vectors else np.ascontiguousarray(matrix)).dot, transposed.dot


def through(matrix: Array, columns: Array, out: Array | None = None) -> Array:
    """M x_t for every step, into `out` where one is given.

    >>> through(np.eye(2), np.ones((3, 2))).shape
    (3, 2)
    """
    if out is not None and not out.flags.c_contiguous:
        out[...] = through(matrix, columns)
        return out
    found: Array = np.dot(columns, matrix.T, out) if columns.ndim == 2 else np.matmul(matrix, columns, out)
    return found


def flat(columns: Array, memory: Array) -> Array:
    """(T, rows, B) as (rows, T·B), in `memory`: a sum over steps and batch is then one matrix product.

    >>> (flat(np.ones((3, 2)), np.ones(0)) @ flat(np.ones((3, 4)), np.ones(0)).T).tolist()
    [[3.0, 3.0, 3.0, 3.0], [3.0, 3.0, 3.0, 3.0]]
    """
    if columns.ndim == 2:
        return columns.T
    steps, rows, batch = columns.shape
    side = memory.reshape(-1)[: columns.size].reshape(rows, steps, batch)
    np.copyto(side, columns.swapaxes(0, 1))
    return side.reshape(rows, -1)


def summed(columns: Array) -> Array:
    """Σ_t u_t, over the batch too: (rows,)."""
    return np.asarray(columns.sum(axis=0) if columns.ndim == 2 else columns.sum(axis=(0, 2)))


def outer(left: Array, right: Array) -> Array:
    """u vᵀ of one step, summed over the batch."""
    return np.outer(left, right) if left.ndim == 1 else np.asarray(left @ right.T)


def single(column: Array) -> Array:
    """u of one step, summed over the batch: (rows,)."""
    return column if column.ndim == 1 else np.asarray(column.sum(axis=1))


def column_axis(array: Array, timed: bool) -> int:
    """Which axis the entries of a column run along."""
    return 1 if timed else 0


def entries_sum(array: Array, timed: bool) -> Array:
    """1ᵀ x of every column, as a (1,)-row."""
    return np.asarray(array.sum(axis=column_axis(array, timed), keepdims=True))


def softmax(array: Array, timed: bool) -> Array:
    """softmax(x) of every column."""
    from scipy.special import softmax as of_entries  # takes a third of what starting a command may take

    return np.asarray(of_entries(array, axis=column_axis(array, timed)))


def log_softmax(array: Array, timed: bool) -> Array:
    """log softmax(x) of every column."""
    from scipy.special import log_softmax as of_entries

    return np.asarray(of_entries(array, axis=column_axis(array, timed)))


def cross_entropy(target: Array, logits: Array, timed: bool) -> Array:
    """−yᵀ log softmax(o) of every column, as a (1,)-row."""
    axis = column_axis(logits, timed)
    return np.asarray(-(target * log_softmax(logits, timed)).sum(axis=axis, keepdims=True))


def concatenated(parts: tuple[Array, ...], timed: bool) -> Array:
    """[x; y; …] of every column."""
    return np.concatenate(parts, axis=1 if timed else 0)


def forwards(*columns: Array) -> Iterator[tuple[Array, ...]]:
    """The steps of several arrays together."""
    return zip(*columns, strict=True)


def backwards(*columns: Array) -> Iterator[tuple[Array, ...]]:
    """The steps of several arrays together, last step first."""
    return zip(*(column[::-1] for column in columns), strict=True)


def widened(array: Array, below: int, beyond: int) -> Array:
    """An array of steps 1..T with rows before and after: before 0, after any finite number, for what meets it is 0.

    >>> widened(np.ones((2, 1)), 1, 1)[:, 0].tolist()
    [0.0, 1.0, 1.0, 0.5]
    """
    wide = np.zeros((below + len(array) + beyond, *array.shape[1:]), array.dtype)
    wide[below : below + len(array)] = array
    wide[below + len(array) :] = 0.5
    return wide
