"""The chain rule forwards, once, at a symbolic step t: how a direction in inputs and parameters moves every signal.

Reads a Program and the table of rules; returns a Program whose targets are `ẏ` for every target y, each right after
the equation it belongs to. Directions of inputs, parameters and initial values are given.
"""

from __future__ import annotations

from dataclasses import replace

from symrnn.algebra.nodes import Name, Node, Tangent, add, names_in, operands_of, zeros
from symrnn.algebra.programs import Equation, Program, Reason, family
from symrnn.calculus.rewriting import expose
from symrnn.calculus.rules import RULES, Rules


def tangent(program: Program, rules: Rules = RULES) -> Program:
    """ẏ = Σ over operands (∂f/∂x) ẋ: forward mode, along given directions of parameters, inputs and initial values.

    >>> from symrnn.cells import rnn
    >>> print(tangent(rnn())["ḣ_t"])
    ḣ_t = (1 - h_t²) ⊙ ȧ_t
    """
    forward = expose(program)
    frozen = {family(name) for name in forward.given} - {family(equation.target) for equation in forward}
    equations = tuple(
        Equation(
            Tangent(equation.target),
            push(equation.expression, equation.target, rules, frozen),
            Reason("tangent", (equation.target,)),
            equation.domain,
        )
        for equation in forward
    )
    assigned = {family(equation.target) for equation in equations}
    reads = dict.fromkeys(name for equation in equations for name in equation.reads)
    given = tuple(name for name in reads if family(name) not in assigned and name not in forward.parameters)
    initials = tuple(Tangent(name) for name in forward.initials)
    return Program(
        name=f"tangent of {forward.name}",
        equations=equations,
        parameters=forward.parameters,
        given=(*given, *initials),
        steps=replace(forward.steps),
        convention=forward.convention,
        citation=forward.citation,
    )


def push(node: Node, answer: Node, rules: Rules = RULES, frozen: frozenset[object] | set[object] = frozenset()) -> Node:
    """The tangent of an expression, in terms of the tangents of the names it reads."""
    if isinstance(node, Name):
        return zeros(node.shape) if family(node) in frozen else Tangent(node)
    operands = operands_of(node)
    if not operands or not names_in(node):
        return zeros(node.shape)
    terms = [zeros(node.shape)]
    for operand, local in zip(operands, rules[type(node)](node, answer), strict=True):
        if local is not None and names_in(operand):
            terms.append(local.apply(push(operand, operand, rules, frozen)))
    return add(*terms)
