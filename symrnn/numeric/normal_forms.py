"""Expressions in the form array code wants: products taken from the right, a column at a time.

`normal` keeps the meaning. Matrices act on columns one after another, `diag(v) x` is `v ⊙ x`, an outer product acts by
an inner one, `W [h; x]` falls apart into a product of each part, so that what does not recur can leave the loop.
"""

from __future__ import annotations

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import (
    Add,
    Concat,
    Diag,
    DiagonalOf,
    Eye,
    MatMul,
    Name,
    Node,
    Number,
    Parameter,
    Scale,
    Selector,
    Transpose,
    add,
    hadamard,
    inner,
    operands_of,
    scale,
    transpose,
)
from symrnn.numeric.places import is_static


def normal(node: Node) -> Node:
    """The same value, products taken from the right.

    >>> from symrnn.algebra.nodes import Parameter, Signal, n, t
    >>> h, W = Signal("h", (n, 1), t), Parameter("W", (n, n))
    >>> normal(MatMul(N.Diag(h), W, h))
    h_t ⊙ (W h_t)
    """
    if isinstance(node, Name) or not operands_of(node):
        return node
    if isinstance(node, Transpose):
        return _transposed(normal(node.operands[0]))
    parts = tuple(normal(part) for part in operands_of(node))
    if isinstance(node, MatMul):
        return _product(parts)
    if isinstance(node, N.Hadamard):
        return hadamard(*parts)
    if isinstance(node, Add):
        return add(*parts)
    if isinstance(node, Scale):
        return scale(*parts)
    return node.with_operands(parts)


def _transposed(node: Node) -> Node:
    turned = transpose(node)
    return turned if isinstance(turned, Transpose) or turned == node else normal(turned)


def _product(factors: tuple[Node, ...]) -> Node:
    flat = [part for factor in factors for part in (operands_of(factor) if isinstance(factor, MatMul) else (factor,))]
    flat = [factor for factor in flat if not isinstance(factor, Eye)] or flat[:1]
    *front, last = flat
    if last.shape[1] == 1:
        for factor in reversed(front):
            last = act(factor, last)
        return last
    if flat[0].shape[0] == 1:
        return _transposed(_product(tuple(normal(transpose(factor)) for factor in reversed(flat))))
    column = next((position for position, factor in enumerate(flat) if factor.shape[1] == 1), None)
    if column is None:
        return flat[0] if len(flat) == 1 else MatMul(*flat)
    # Somewhere the product is one number wide: an outer product of what stands left and right of there.
    left = _product(tuple(flat[: column + 1]))
    right = _product(tuple(normal(transpose(factor)) for factor in reversed(flat[column + 1 :])))
    return outer(left, right)


def outer(left: Node, right: Node) -> Node:
    """u vᵀ, numbers in front."""
    number, left = _number(left)
    second, right = _number(right)
    return scale(Number(number * second), MatMul(left, Transpose(right)))


def _number(node: Node) -> tuple[sp.Expr, Node]:
    if isinstance(node, Scale) and isinstance(node.operands[0], Number):
        return node.operands[0].value, node.operands[1]
    return sp.S.One, node


def act(matrix: Node, column: Node) -> Node:
    """A matrix on a column."""
    number, column = _number(column)
    if number != 1:
        return scale(Number(number), act(matrix, column))
    if column.is_scalar_shaped:
        return scale(column, matrix) if not matrix.is_scalar_shaped else hadamard(matrix, column)
    if isinstance(matrix, Diag):
        return hadamard(matrix.operands[0], column)
    if isinstance(matrix, Parameter) and matrix.structure == "diagonal":
        return hadamard(DiagonalOf(matrix), column)
    if matrix.shape[0] == 1:
        return inner(normal(transpose(matrix)), column)
    return _act_by_structure(matrix, column)


def _act_by_structure(matrix: Node, column: Node) -> Node:
    if isinstance(matrix, Scale):
        return scale(matrix.operands[0], act(matrix.operands[1], column))
    if isinstance(matrix, Add) and not is_static(matrix):
        return add(*(act(part, column) for part in matrix.operands))
    if isinstance(matrix, MatMul) and not is_static(matrix):
        return _product((*matrix.operands, column))
    if isinstance(column, Concat) and is_static(matrix):
        return add(*_by_parts(matrix, column))
    return MatMul(matrix, column)


def _by_parts(matrix: Node, column: Concat) -> list[Node]:
    """W [h; x] = W₁ h + W₂ x, with W₁ and W₂ the columns that meet each part."""
    offset: sp.Expr = sp.S.Zero
    terms = []
    for part in column.operands:
        chosen = MatMul(matrix, Transpose(Selector(part.shape[0], offset, column.shape[0])))
        terms.append(act(chosen, part))
        offset += part.shape[0]
    return terms


def terms_of(node: Node) -> tuple[Node, ...]:
    """The summands of a sum; of anything else itself."""
    return node.operands if isinstance(node, Add) else (node,)
