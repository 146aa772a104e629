"""What is given on a sheet: the cell's equations in a sentence, its numbers in tables, and how numbers come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy as sp

from symrnn.algebra.nodes import (
    Apply,
    BlockMatrix,
    Decimal,
    Name,
    Node,
    Number,
    Transpose,
    operands_of,
    subexpressions,
)
from symrnn.documents.document import Formula, Relation, Table, Words
from symrnn.models.model import Model
from symrnn.numeric.evaluation import placed_values
from symrnn.worksheets.solving import key_of
from symrnn.worksheets.variants import Recipe


def cell_words(model: Model) -> Iterator[Words]:
    """The equations of the cell and of the loss, and the last step."""
    program = model.sized
    equations = [e for e in program if e.target != program.loss]
    yield Words("ws cell", (tuple(Formula(e.target, "=", e.expression) for e in equations),))
    if program.loss is not None:
        loss = program[str(program.loss)]
        yield Words("ws loss", (Formula(loss.target, "=", loss.expression),))
    yield Words("ws last", (Formula(Number(program.steps.hi), "=", Number(sp.Integer(model.steps))),))


def given_blocks(model: Model, recipe: Recipe) -> tuple[Any, ...]:
    """The given numbers: parameters and initial states in one table, what moves with time in another."""
    fixed: list[tuple[Node, Any]] = []
    moving: list[tuple[Node, Any]] = []
    index = model.program.steps.index
    for name, value in model.values.items():
        named = name.xreplace({model.program.steps.hi: sp.Integer(model.steps)})
        (moving if name.has(index) else fixed).append((named, value))
    blocks: list[Any] = [Table(tuple(n for n, _ in fixed), (tuple(_node(v) for _, v in fixed),))]
    if moving:
        rows = [(sp.Integer(step + 1), *(_node(value[step]) for _, value in moving)) for step in range(model.steps)]
        blocks.append(Table((Number(index), *(name for name, _ in moving)), tuple(rows)))
    return tuple(blocks)


def given_nodes(model: Model) -> dict[str, Node]:
    """Every given number by its key, as it was given: ln 2 stays ln 2."""
    return {key_of(name): _node(value) for name, value in placed_values(model)}


def as_numbers(node: Node) -> Node:
    """The formula without transposes of numbers, which change nothing."""
    if isinstance(node, Name):
        return node
    parts = [as_numbers(part) for part in operands_of(node)]
    if isinstance(node, Transpose) and node.shape == (1, 1):
        return parts[0]
    made: Node = node.with_operands(parts) if parts else node
    return made


def equals(value: Node) -> Relation:
    """≈ before what was rounded, = before what is exact."""
    return "≈" if any(isinstance(piece, Decimal) for piece in subexpressions(value)) else "="


def how_they_come_out(recipe: Recipe) -> Words:
    """How the numbers of a sheet come out, with the rules of the activations it has."""
    return Words(MODES[recipe.mode], (tuple(_rules(recipe)),) if recipe.mode == "logarithms" else ())


def _rules(recipe: Recipe) -> Iterator[Formula | Words]:
    k = sp.Symbol("k", positive=True)
    for name in sorted(recipe.activations & RULES.keys(), reverse=True):
        for argument, value in RULES[name](k):
            yield Formula(Apply(name, Number(argument)), "=", Number(value))
    if recipe.has_softmax:
        yield Words("ws rule softmax", (Number(sp.log(k)), Number(k)))


MODES: Mapping[str, str] = MappingProxyType(
    {"exact": "ws exact", "logarithms": "ws logarithms", "rounded": "ws rounded"}
)
"""How numbers come out, and the key of the sentence that says it."""
RULES: Mapping[str, Callable[[sp.Symbol], tuple[tuple[sp.Expr, sp.Expr], ...]]] = MappingProxyType(
    {
        "tanh": lambda k: ((sp.log(k), (k**2 - 1) / (k**2 + 1)), (sp.log(k) / 2, (k - 1) / (k + 1))),
        "sigmoid": lambda k: ((sp.log(k), k / (k + 1)),),
    }
)
"""Arguments at which an activation is a fraction, and that fraction."""


def _node(value: Any) -> Node:
    array = np.asarray(value, dtype=object)
    entries = [Number(sp.sympify(entry, strict=True)) for entry in array.flat]
    return entries[0] if len(entries) == 1 else BlockMatrix(array.shape[1] if array.ndim == 2 else 1, *entries)
