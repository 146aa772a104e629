"""Operations on stacks of matrices (…, r, c): what array code calls where a quantity is more than a column.

Axes in front (steps, examples) broadcast as NumPy broadcasts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symrnn.numeric.progress import watched as watched

Array = NDArray[Any]


def transposed(matrix: Array) -> Array:
    """Aᵀ of every matrix."""
    return matrix.swapaxes(-1, -2)


def diagonal_matrix(column: Array) -> Array:
    """diag(v) of every column.

    >>> diagonal_matrix(np.array([[1.0], [2.0]])).tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """
    matrix = np.zeros((*column.shape[:-1], column.shape[-2]), column.dtype)
    np.einsum("...ii->...i", matrix)[...] = column[..., 0]
    return matrix


def diagonal_of(matrix: Array) -> Array:
    """The diagonal of every matrix, as a column."""
    return np.asarray(np.einsum("...ii->...i", matrix)[..., None])


def vec(matrix: Array) -> Array:
    """The columns of every matrix one below the other.

    >>> vec(np.array([[1.0, 2.0], [3.0, 4.0]]))[:, 0].tolist()
    [1.0, 3.0, 2.0, 4.0]
    """
    columns = transposed(matrix)
    return columns.reshape(*columns.shape[:-2], -1, 1)


def kronecker(left: Array, right: Array) -> Array:
    """A ⊗ B of every pair."""
    blocks = left[..., :, None, :, None] * right[..., None, :, None, :]
    *lead, rows, inner_rows, columns, inner_columns = blocks.shape
    return blocks.reshape(*lead, rows * inner_rows, columns * inner_columns)


def inner(left: Array, right: Array) -> Array:
    """⟨A, B⟩ of every pair, (…, 1, 1)."""
    return np.asarray((left * right).sum(axis=(-2, -1), keepdims=True))


def squared_norm(matrix: Array) -> Array:
    """‖A‖² of every matrix, (…, 1, 1)."""
    return np.asarray(np.square(matrix).sum(axis=(-2, -1), keepdims=True))


def joined(parts: Sequence[Array], axis: int = -2) -> Array:
    """Matrices one below the other (axis −2) or side by side (−1).

    >>> joined([np.ones((1, 1)), np.zeros((2, 1, 1))]).shape
    (2, 2, 1)
    """
    lead = np.broadcast_shapes(*(part.shape[:-2] for part in parts))
    return np.concatenate([np.broadcast_to(part, (*lead, *part.shape[-2:])) for part in parts], axis=axis)


def block_matrix(*rows: Sequence[Array]) -> Array:
    """A matrix of blocks, row by row."""
    return joined([joined(row, -1) for row in rows])


def softmax(column: Array) -> Array:
    """softmax(x) of every column."""
    from scipy.special import softmax as of_entries

    return np.asarray(of_entries(column, axis=-2))


def log_softmax(column: Array) -> Array:
    """log softmax(x) of every column."""
    from scipy.special import log_softmax as of_entries

    return np.asarray(of_entries(column, axis=-2))


def cross_entropy(target: Array, logits: Array) -> Array:
    """−yᵀ log softmax(o) of every pair of columns, (…, 1, 1)."""
    return np.asarray(-(target * log_softmax(logits)).sum(axis=-2, keepdims=True))


def selector(rows: int, offset: int, total: int) -> Array:
    """[0 I 0]: the matrix that picks `rows` rows from `offset` on."""
    return np.eye(rows, total, offset)


def embedding(size: int) -> Array:
    """The n² × n matrix E with vec(diag(v)) = E v."""
    places = np.zeros((size * size, size))
    places[np.arange(size) * (size + 1), np.arange(size)] = 1.0
    return places


def commutation(rows: int, columns: int) -> Array:
    """K with K vec(A) = vec(Aᵀ) for A of rows × columns.

    >>> (commutation(2, 3) @ vec(np.arange(6.0).reshape(2, 3)))[:, 0].tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    """
    places = np.arange(rows * columns).reshape(columns, rows).T.ravel()
    return np.eye(rows * columns)[places]


def added(rows: int, columns: int, matrices: Iterable[Array]) -> Array:
    """Σ of matrices; a sum of none is zero."""
    total = np.zeros((rows, columns))
    for matrix in matrices:
        total = total + matrix
    return total


def multiplied(size: int, matrices: Iterable[Array]) -> Array:
    """The ordered product of matrices, the first leftmost; a product of none is I."""
    total = np.eye(size)
    for matrix in matrices:
        total = total @ matrix
    return total


# --- what a run is given, and what it gives ---------------------------------------------------------------------------


def as_matrix(parameter: Array) -> Array:
    """A parameter as a matrix: a vector is a column, a number 1×1."""
    return parameter.reshape(-1, 1) if parameter.ndim < 2 else parameter


def as_columns(array: Array, steps: int | None, batch: int | None, before: int = 0, after: int = 0) -> Array:
    """(T, r, B) or (T, r) as (T, [B,] r, 1), with rows of zeros for steps before 1 and after T; one step: T is None.

    >>> as_columns(np.ones((2, 3)), 2, None, 1)[:, 0, 0].tolist()
    [0.0, 1.0, 1.0]
    """
    if array.ndim == (steps is not None):  # numbers
        array = array[..., None]
    inward = array[..., None] if batch is None else np.moveaxis(array, -1, -2)[..., None]
    if steps is None or not (before or after):
        return inward
    wide = np.zeros((before + len(inward) + after, *inward.shape[1:]), inward.dtype)
    wide[before : before + len(inward)] = inward
    return wide


def as_series(array: Array, batch: int | None) -> Array:
    """(…, [B,] r, 1) as (…, r, B) or (…, r); what is no column stays as it is."""
    if array.shape[-1] != 1:
        return array
    return array[..., 0] if batch is None else np.moveaxis(array[..., 0], -1, -2)


def as_given(gradient: Array, shape: tuple[int, ...], batch: int | None) -> Array:
    """A gradient summed over the batch, in the shape its parameter has."""
    if batch is not None:
        gradient = gradient.sum(axis=0) if gradient.ndim == 3 else batch * gradient
    return gradient.reshape(shape)
