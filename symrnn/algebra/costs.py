"""What a step costs: additions and multiplications, activations evaluated, numbers stored as parameters."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symrnn.algebra.nodes import Add, Apply, Hadamard, MatMul, Node, Scale, Softmax, operands_of, subexpressions
from symrnn.algebra.programs import Program


@dataclass(frozen=True)
class Cost:
    """Numbers in the parameters, additions and multiplications a step, activations evaluated a step."""

    parameters: sp.Expr
    arithmetic: sp.Expr
    activations: sp.Expr


def cost_of(program: Program) -> Cost:
    """The cost of one step, in the size symbols.

    >>> from symrnn.cells import rnn
    >>> cost_of(rnn()).parameters
    n*(m + n + 1)
    """
    nodes = [node for e in program if e.domain for node in subexpressions(e.expression)]
    numbers = sp.Add(*(_entries(parameter) for parameter in program.parameters))
    return Cost(
        sp.factor(numbers),
        sp.factor(sp.Add(*(_arithmetic(node) for node in nodes))),
        sp.factor(sp.Add(*(_entries(node) for node in nodes if isinstance(node, Apply | Softmax)))),
    )


def _entries(node: Node) -> sp.Expr:
    return node.shape[0] * node.shape[1]


def _arithmetic(node: Node) -> sp.Expr:
    if isinstance(node, Add | Hadamard):
        return (len(node.operands) - 1) * _entries(node)
    if isinstance(node, Scale):
        return _entries(node)
    if isinstance(node, MatMul):
        return _products(operands_of(node))
    return sp.S.Zero


def _products(factors: tuple[Node, ...]) -> sp.Expr:
    """A chain multiplied from the right, as one multiplies a vector: an inner size of k takes 2k − 1 for each entry."""
    cost: sp.Expr = sp.S.Zero
    columns = factors[-1].shape[1]
    for left in reversed(factors[:-1]):
        cost += left.shape[0] * columns * (2 * left.shape[1] - 1)
    return cost
