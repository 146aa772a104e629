"""M_t = Σ_g diag(left_g) U_g diag(right_g): weight matrices added up once a step, and the calls to do it.

Reads the terms between one source and one row.  Returns operations: calls that take a step number and fill an
array made beforehand.  Promises: an operation allocates nothing and looks nothing up by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symrnn.numeric.chains import FloatArray, Term

__all__ = ["Operation", "added", "copied", "mixture", "multiplied", "room", "scaled_product", "weighted"]

Operation = Callable[[int], Any]


def copied(source: FloatArray, out: FloatArray) -> Operation:
    """out ← source."""
    return lambda t: np.copyto(out, source)


def added(first: FloatArray, second: FloatArray, out: FloatArray) -> Operation:
    """out ← first + second."""
    return lambda t: np.add(first, second, out)


def weighted(weight: FloatArray, source: FloatArray, out: FloatArray) -> Operation:
    """out ← weight[t] ∘ source, as broadcasting reads it."""
    return lambda t: np.multiply(source, weight[t], out)


def multiplied(matrix: FloatArray, source: FloatArray, out: FloatArray) -> Operation:
    """out ← matrix @ source, or matrix[t] @ source of a stack."""
    # dot skips the machinery of a generalised ufunc, and the method that of np.dot: a microsecond shows at small sizes.
    if matrix.ndim == 3:
        return lambda t: matrix[t].dot(source, out)
    dot = matrix.dot
    return lambda t: dot(source, out)


def scaled_product(weight: FloatArray, matrix: FloatArray, source: FloatArray, out: FloatArray) -> Operation:
    """out ← weight[t] ∘ (matrix @ source), in one operation because a call costs too."""
    dot, multiply = matrix.dot, np.multiply

    def operate(t: int) -> None:
        dot(source, out)
        multiply(out, weight[t], out)

    return operate


def room(terms: Sequence[Term], n_out: int, n_in: int) -> FloatArray:
    """An array for the mixture, in the memory order in which `mixture` fills it fastest."""
    return np.empty((n_in, n_out)).T if _kind(terms) == "right" else np.empty((n_out, n_in))


def mixture(terms: Sequence[Term], steps: int, out: FloatArray) -> list[Operation]:
    """out ← Σ_g diag(left_g) U_g diag(right_g), the identity for a U_g of None.

    Args:
        terms: one or more, at least one of them with a matrix.
        steps: T.
        out: (n_out, n_in).

    >>> terms = [Term("h", [[1.0], [2.0]], [[3.0]]), Term("h", [[5.0], [5.0]])]
    >>> total = np.zeros((1, 1))
    >>> for operation in mixture(terms, 2, total):
    ...     _ = operation(1)
    >>> total
    array([[11.]])
    """
    kind, matrices = _kind(terms), [term.matrix for term in terms if term.matrix is not None]
    if len(terms) == 1 and terms[0].is_constant:
        np.copyto(out, matrices[0])  # once and for all
        return []
    through = [term for term in terms if term.matrix is not None]
    if kind == "left":
        operations = _mixed(matrices, [term.left for term in through], out)
    elif kind == "right":
        # Weights on the columns are weights on the rows of the transposed matrix.
        operations = _mixed([matrix.T for matrix in matrices], [term.right for term in through], out.T)
    else:
        operations = _summed(through, steps, out)
    straight = [term for term in terms if term.matrix is None]
    return operations + [_weight_added(term.diagonal(), np.einsum("ii->i", out)) for term in straight]


def _kind(terms: Sequence[Term]) -> str:
    """Where all weights of several constant matrices stand: "left" or "right"; else "mixed"."""
    through = [term for term in terms if term.matrix is not None]
    if len(through) > 1 and not any(term.is_stacked for term in through):
        if all(term.right is None for term in through):
            return "left"
        if all(term.left is None for term in through):
            return "right"
    return "mixed"


def _mixed(matrices: list[FloatArray], weights: list[FloatArray | None], out: FloatArray) -> list[Operation]:
    """Σ_g diag(weight_g) U_g: row i is (weight_1i … weight_gi) @ U[i], so one batched product does it."""
    given = [weight for weight in weights if weight is not None]
    if not given:
        return [copied(np.sum(matrices, axis=0), out)]
    constants = np.stack(matrices, axis=1)
    columns = [np.ones_like(given[0]) if weight is None else weight for weight in weights]
    mixing = np.stack(columns, axis=2)[:, :, None, :]
    rows = out[:, None, :]
    return [lambda t: np.matmul(mixing[t], constants, out=rows)]


def _summed(terms: list[Term], steps: int, out: FloatArray) -> list[Operation]:
    """The same one term after the other, for matrices of every kind."""
    operations, part = _formed(terms[0], steps, out), np.empty_like(out)
    for term in terms[1:]:
        operations += [*_formed(term, steps, part), added(out, part, out)]
    return operations


def _formed(term: Term, steps: int, out: FloatArray) -> list[Operation]:
    assert term.matrix is not None
    stack = np.broadcast_to(term.matrix, (steps, *term.matrix.shape[-2:]))
    first = _taken(stack, out) if term.left is None else _rows_weighted(term.left, stack, out)
    return [first] if term.right is None else [first, weighted(term.right, out, out)]


def _taken(stack: FloatArray, out: FloatArray) -> Operation:
    return lambda t: np.copyto(out, stack[t])


def _rows_weighted(left: FloatArray, stack: FloatArray, out: FloatArray) -> Operation:
    return lambda t: np.multiply(stack[t], left[t][:, None], out=out)


def _weight_added(weight: FloatArray | None, out: FloatArray) -> Operation:
    return lambda t: np.add(out, 1.0 if weight is None else weight[t], out=out)
