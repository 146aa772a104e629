"""Which quantities stand one below the other, so that one product or one activation serves them all."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Adjoint, Name, Node, Parameter
from symrnn.algebra.programs import family, lag_of
from symrnn.numeric.loops import Family, Loop, Stack, activation_of, product_groups
from symrnn.numeric.storage import Variables, key_of, terms_of, unguarded

Stacks = dict[Family, tuple[Stack, int]]


def find_stacks(loops: Sequence[Loop], index: sp.Symbol, variables: Variables) -> Stacks:
    """Every stacked quantity with its stack and its position there."""
    stacks: Stacks = {}
    for loop in loops:
        if loop.step > 0:
            _forward_stacks(loop, index, variables, stacks)
        else:
            _backward_stacks(loop, index, variables, stacks)
    return stacks


def _forward_stacks(loop: Loop, index: sp.Symbol, variables: Variables, stacks: Stacks) -> None:
    consumers = {
        family(found[1]): (found[0], equation)
        for equation in loop.core
        if (found := activation_of(equation)) is not None and lag_of(found[1], index) == 0
    }
    for group in product_groups(loop.core):
        if len(group) < 2:
            continue
        ordered = sorted(group, key=lambda e: consumers.get(family(e.target), ("~", e))[0])
        _stack("pre", "products", [e.target for e in ordered], variables, stacks)
        outputs = [consumers[family(e.target)][1].target for e in ordered if family(e.target) in consumers]
        if len(outputs) == len(ordered) and len(set(outputs)) == len(outputs):
            _stack("gates", "activations", outputs, variables, stacks)


def _backward_stacks(loop: Loop, index: sp.Symbol, variables: Variables, stacks: Stacks) -> None:
    def forward_order(name: Name) -> int:
        of = name.of if isinstance(name, Adjoint) else name
        return stacks[family(of)][1] if family(of) in stacks else 0

    for equation in loop.core:
        groups: dict[int, list[Name]] = {}
        for term in terms_of(equation.expression):
            column = _transposed_product(term)
            if column is not None and key_of(column) in loop.families and key_of(column) not in stacks:
                groups.setdefault(lag_of(column, index) or 0, []).append(column)
        for columns in groups.values():
            unique = list(dict.fromkeys(columns))
            if len(unique) > 1 and len(unique) == len(columns) and len({c.shape for c in unique}) == 1:
                _stack("d_pre", "gradients", sorted(unique, key=forward_order), variables, stacks)


def _stack(name: str, kind: str, members: Sequence[Name], variables: Variables, stacks: Stacks) -> None:
    keys = tuple(key_of(member) for member in members)
    if not any(key in stacks for key in keys):
        stack = Stack(variables.fresh(name), keys, members[0].shape[0], kind)
        stacks.update({key: (stack, position) for position, key in enumerate(keys)})


def _transposed_product(term: Node) -> Name | None:
    body = unguarded(term)
    if isinstance(body, N.MatMul) and len(body.operands) == 2 and isinstance(body.operands[1], Name):
        matrix = body.operands[0]
        if isinstance(matrix, N.Transpose) and isinstance(matrix.operands[0], Parameter):
            return body.operands[1]
    return None
