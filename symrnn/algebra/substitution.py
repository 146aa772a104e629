"""Parts of expressions and Programs replaced: the order of what stays is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from symrnn.algebra.nodes import (
    Apply,
    Name,
    Node,
    Operation,
    Parameter,
    Signal,
    names_in,
    rebuild,
    subexpressions,
    zeros,
)
from symrnn.algebra.programs import Program, family


def replace_nodes(node: Node, changes: Mapping[Node, Node]) -> Node:
    """Subexpressions replaced, outermost first; the rest keeps its order.

    >>> from symrnn.algebra.nodes import Signal, n, t
    >>> h, a = Signal("h", (n, 1), t), Signal("a", (n, 1), t)
    >>> replace_nodes(h + a * a, {a * a: h})
    h_t + h_t
    """
    if not changes:
        return node
    if node in changes:
        return changes[node]
    if not isinstance(node, Operation):
        return node
    slots = [
        replace_nodes(arg, changes) if isinstance(arg, Node) and not isinstance(arg, Name) else changes.get(arg, arg)
        for arg in node.args
    ]
    return node if all(new is old for new, old in zip(slots, node.args, strict=True)) else rebuild(node, slots)


def without(program: Program, names: Iterable[Parameter | Signal]) -> Program:
    """The Program with parameters or inputs set to 0 and every term that vanishes with them gone.

    >>> from symrnn.algebra.reading.roles import parse_cell
    >>> cell = parse_cell("h_t = tanh(W_h h_{t-1} + W_x x_t + b)")
    >>> print(without(cell, cell.inputs))
    h_t = tanh(W_h h_{t-1} + b)
    """
    gone = {family(name) for name in names}
    equations = tuple(replace(e, expression=_with_zeros(e.expression, gone)) for e in program)
    reads = {family(name) for equation in equations for name in equation.reads}
    return replace(
        program,
        equations=equations,
        inputs=tuple(name for name in program.inputs if family(name) in reads),
        parameters=tuple(name for name in program.parameters if name in reads),
    )


def _with_zeros(node: Node, gone: set[object]) -> Node:
    changes: dict[Node, Node] = {name: zeros(name.shape) for name in names_in(node) if family(name) in gone}
    return replace_nodes(node, changes)


def without_identity(program: Program) -> Program:
    """The Program with every `identity(x)` written as x.

    >>> from symrnn.algebra.reading.roles import parse_cell
    >>> print(without_identity(parse_cell("h_t = identity(W_h h_{t-1} + b)")))
    h_t = W_h h_{t-1} + b
    """
    equations = tuple(replace(e, expression=_without_identity(e.expression)) for e in program)
    return program if equations == program.equations else replace(program, equations=equations)


def _without_identity(node: Node) -> Node:
    sites = (part for part in subexpressions(node) if isinstance(part, Apply) and part.activation.name == "identity")
    return replace_nodes(node, {site: _without_identity(site.operands[0]) for site in sites})


def with_literals(node: Node, literals: Mapping[Name, Node]) -> Node:
    """Names replaced by numbers and nothing computed: `W_h h_0` becomes `(1/2)·0`, as a hand would write it.

    >>> from symrnn.algebra.nodes import Number, Signal, n, t
    >>> h, x = Signal("h", (1, 1), t), Signal("x", (1, 1), t)
    >>> with_literals(h + 2 * x, {h: Number(0), x: Number(3)})
    0 + 2·3
    """
    if isinstance(node, Name):
        return literals.get(node, node)
    if not isinstance(node, Operation):
        return node
    operands = [with_literals(operand, literals) for operand in node.operands]
    return type(node).with_operands(node, operands) if operands != list(node.operands) else node
