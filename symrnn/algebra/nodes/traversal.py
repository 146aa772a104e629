"""Walking through an expression, and putting one thing in another's place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sympy as sp

from symrnn.algebra.nodes.base import Node
from symrnn.algebra.nodes.names import Name
from symrnn.algebra.nodes.operations import (
    Add,
    Diag,
    DiagonalOf,
    Guarded,
    Hadamard,
    Inner,
    Kronecker,
    MatMul,
    MatPower,
    Operation,
    Power,
    Product,
    Scale,
    SquaredNorm,
    Sum,
    Transpose,
    Vec,
)
from symrnn.algebra.nodes.verbs import add, guard, is_zero, mat_power, power, scale, zeros


def operands_of(node: Node) -> tuple[Node, ...]:
    """The operands of an operation; none of a name or constant."""
    return node.operands if isinstance(node, Operation) else ()


def subexpressions(node: Node) -> Iterator[Node]:
    """The node and everything below it, stopping at names, parents before their operands."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(operands_of(current)))


def names_in(node: Node) -> tuple[Name, ...]:
    """The names read, each once, in reading order."""
    return tuple(dict.fromkeys(part for part in subexpressions(node) if isinstance(part, Name)))


def substitute(node: Node, values: dict[Any, Any]) -> Node:
    """Names, sizes or indices replaced; shapes and guards follow.

    >>> from symrnn.algebra.nodes import Signal, T, n, t
    >>> substitute(Signal("h", (n, 1), t - 1), {t: sp.Integer(3), n: sp.Integer(2)}).shape
    (2, 1)
    """
    return _substitute(node, values, {})


def _substitute(node: Any, values: dict[Any, Any], memo: dict[Any, Any]) -> Any:
    if node in values:
        return values[node]
    if not isinstance(node, Node):
        return node.xreplace(values) if isinstance(node, sp.Expr) else node
    if node not in memo:
        bound = {key: value for key, value in values.items() if key != node.args[1]} if _binds(node) else values
        args = [_substitute(arg, bound, memo if bound is values else {}) for arg in node.args]
        changed = any(new is not old for new, old in zip(args, node.args, strict=True))
        memo[node] = rebuild(node, args) if changed else node
    return memo[node]


def _binds(node: Node) -> bool:
    return isinstance(node, Sum | Product)


def rebuild(node: Node, args: Iterable[Any]) -> Node:
    """The node with other arguments; a guard that is decided by them goes, and so does what becomes zero."""
    args = tuple(args)
    if isinstance(node, Guarded):
        return guard(*args)
    if isinstance(node, Add):
        return add(*args)
    if isinstance(node, Scale):
        return scale(*args)
    if isinstance(node, Power | MatPower) and args[1] != node.args[1]:
        return (power if isinstance(node, Power) else mat_power)(*args)
    made = node.func(*args)
    return zeros(made.shape) if isinstance(made, _LINEAR) and any(is_zero(part) for part in made.operands) else made


_LINEAR = (MatMul, Hadamard, Transpose, Diag, DiagonalOf, Vec, Kronecker, Inner, SquaredNorm, Sum)
"""Operations that are zero where an operand is."""
