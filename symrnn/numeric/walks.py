"""Expressions evaluated over all steps at once: (T, r, c), with a batch (T, B, r, c).

A table has one row per node; axes that an expression does not move along stay of length 1 until the end. A guarded
expression counts only where its guard holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Name, Node, operands_of
from symrnn.errors import NotYetError
from symrnn.numeric import matrices
from symrnn.numeric.whole import is_log_softmax

Array = NDArray[Any]
Numbers = Mapping[sp.Symbol, int]


def over_steps(
    node: Node,
    read: Callable[[Name], Array],
    steps: int,
    numbers: Numbers = MappingProxyType({}),
    index: sp.Symbol = N.t,
) -> Array:
    """The expression at every step 1..T: (T, r, c), or (T, B, r, c) where `read` returns a batch.

    Args:
        node: any expression; the names in it are read, not looked into.
        read: a name's array (T, [B,] r, c); axes it does not move along may have length 1.
        steps: T.
        numbers: values of the size symbols and of T, where the expression needs them.
        index: the symbol that counts the steps.

    >>> h = N.Signal("h", (2, 1), N.t)
    >>> over_steps(N.diag(1 - h**2), lambda name: np.full((3, 2, 1), 0.5), 3)[2].tolist()
    [[0.75, 0.0], [0.0, 0.75]]
    """
    value = Walk(read, steps, numbers, index).dense(node)
    return np.broadcast_to(value, (steps, *value.shape[1:]))


@dataclass
class Walk:
    """Evaluates nodes by the table `OPERATIONS`.

    Attributes:
        read: a name's array ([T,] …, r, c).
        steps: T.
        numbers: values of size symbols and of T.
        index: the symbol that counts the steps.
    """

    read: Callable[[Name], Array]
    steps: int
    numbers: Numbers
    index: sp.Symbol

    def dense(self, node: Node) -> Array:
        """The array of an expression; its axes may have length 1 where nothing moves."""
        if isinstance(node, Name):
            return self.read(node)
        row = OPERATIONS.get(type(node))
        if row is None:
            raise NotYetError(str(node), found="no array rule over steps for it", write="symrnn evaluate --digits 15")
        return row(self, node)

    def number(self, expression: sp.Expr) -> sp.Expr:
        """An expression of sizes and T as a number."""
        return expression.xreplace(dict(self.numbers))

    def size(self, node: Node) -> tuple[int, int]:
        """(rows, columns)."""
        return int(self.number(node.shape[0])), int(self.number(node.shape[1]))

    def where(self, lo: sp.Expr, at: sp.Expr, hi: sp.Expr) -> NDArray[np.bool_]:
        """At which steps lo ≤ at ≤ hi, for ends t + k, T + k or numbers."""
        low, here, high = (self._along(bound) for bound in (lo, at, hi))
        return np.broadcast_to((low <= here) & (here <= high), (self.steps,))

    def _along(self, bound: sp.Expr) -> Array:
        offset = sp.expand(self.number(bound) - self.index)
        if offset.is_Integer:
            return np.arange(1, self.steps + 1) + int(offset)
        return np.array([float(self.number(bound))])


def _operands(w: Walk, node: Node) -> list[Array]:
    return [w.dense(part) for part in operands_of(node)]


def _folded(operation: Callable[[Array, Array], Array]) -> Callable[[Walk, Node], Array]:
    def rule(w: Walk, node: Node) -> Array:
        first, *rest = _operands(w, node)
        for operand in rest:
            first = operation(first, operand)
        return first

    return rule


def _called(function: Callable[..., Array]) -> Callable[[Walk, Node], Array]:
    return lambda w, node: function(*_operands(w, node))


def _filled(value: float) -> Callable[[Walk, Node], Array]:
    return lambda w, node: np.full((1, *w.size(node)), value)


def _selector(w: Walk, node: Node) -> Array:
    rows, offset, columns = (int(w.number(size)) for size in node.args)
    return np.eye(rows, columns, offset)[None]


def _product(w: Walk, node: Node) -> Array:
    """From the right; a diagonal matrix only scales, and is written out at the end if nothing else stood beside it."""
    *front, last = operands_of(node)
    value, is_diagonal = _factor(w, last)
    for factor in reversed(front):
        left, left_is_diagonal = _factor(w, factor)
        if left_is_diagonal:
            value = left * value
        elif is_diagonal:
            value, is_diagonal = left * value.swapaxes(-1, -2), False
        else:
            value = _times(left, value)
    return matrices.diagonal_matrix(value) if is_diagonal else value


def _factor(w: Walk, node: Node) -> tuple[Array, bool]:
    """A factor, a diagonal matrix as the column of its diagonal."""
    return (w.dense(operands_of(node)[0]), True) if isinstance(node, N.Diag) else (w.dense(node), False)


def _times(left: Array, right: Array) -> Array:
    """A B; one constant matrix and columns at every step are a single product."""
    if left.shape[-1] == 1 and right.shape[-2] == 1:
        return left * right
    if right.shape[-1] == 1 and left.size == left.shape[-1] * left.shape[-2]:
        matrix = left.reshape(left.shape[-2:])
        return np.asarray(right[..., 0] @ matrix.T)[..., None]
    return np.asarray(np.matmul(left, right))


def _power(w: Walk, node: Node) -> Array:
    assert isinstance(node, N.Power)
    base, exponent = w.dense(node.operands[0]), w.number(node.exponent)
    if exponent == 2:
        return np.square(base)
    return np.asarray(1.0 / base if exponent == -1 else base ** float(exponent))


def _apply(w: Walk, node: Node) -> Array:
    assert isinstance(node, N.Apply)
    if is_log_softmax(node):
        return matrices.log_softmax(w.dense(operands_of(node.operands[0])[0]))
    return np.asarray(node.activation.array_function()(w.dense(node.operands[0])))


def _block_matrix(w: Walk, node: Node) -> Array:
    assert isinstance(node, N.BlockMatrix)
    return matrices.block_matrix(*([w.dense(block) for block in row] for row in node.grid))


def _guarded(w: Walk, node: Node) -> Array:
    assert isinstance(node, N.Guarded)
    inside = w.where(*node.bounds)
    if not inside.any():
        return np.zeros((1, *w.size(node)))
    # Where the guard fails the body is made of zeros that stand for nothing: what it says there is put aside.
    with np.errstate(all="ignore"):
        body = w.dense(node.operands[0])
    return np.where(inside.reshape(-1, *[1] * (body.ndim - 1)), body, 0.0)


OPERATIONS: Mapping[type[Node], Callable[[Walk, Node], Array]] = MappingProxyType(
    {
        N.Number: lambda w, node: np.full((1, 1, 1), float(w.number(node.args[0]))),
        N.Zeros: _filled(0.0),
        N.Ones: _filled(1.0),
        N.Eye: lambda w, node: np.eye(w.size(node)[0])[None],
        N.Selector: _selector,
        N.Add: _folded(np.add),
        N.Hadamard: _folded(np.multiply),
        N.Scale: _folded(np.multiply),
        N.MatMul: _product,
        N.Transpose: _called(matrices.transposed),
        N.Power: _power,
        N.Apply: _apply,
        N.Diag: _called(matrices.diagonal_matrix),
        N.DiagonalOf: _called(matrices.diagonal_of),
        N.Vec: _called(matrices.vec),
        N.Kronecker: _called(matrices.kronecker),
        N.Inner: _called(matrices.inner),
        N.SquaredNorm: _called(matrices.squared_norm),
        N.Concat: lambda w, node: matrices.joined(_operands(w, node)),
        N.BlockMatrix: _block_matrix,
        N.Softmax: _called(matrices.softmax),
        N.CrossEntropy: _called(matrices.cross_entropy),
        N.Opaque: lambda w, node: w.read(node.value),
        N.Guarded: _guarded,
    }
)
"""One row per node: its array from the arrays of its operands."""
