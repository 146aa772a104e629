"""What of a recurrence must run step by step, and what can run over all steps at once.

Reads one block of equations that share a recurrence; returns a `Loop`: the equations before it (nothing in them depends
on an earlier step), its core, and those after it (no later step depends on them). Equations whose value is used once,
in the same step, are put into their user, so that the factors of a product can be gathered outside the loop.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from symrnn.algebra.nodes import Add, Apply, Hadamard, MatMul, Name, Node, Parameter, hadamard, names_in, operands_of
from symrnn.algebra.programs import Equation, family, lag_of
from symrnn.algebra.substitution import replace_nodes

Family = Hashable


@dataclass(frozen=True)
class Loop:
    """One recurrence: what runs before, step by step, and after, over all steps. `inlined` was put into its users."""

    before: tuple[Equation, ...]
    core: tuple[Equation, ...]
    after: tuple[Equation, ...]
    inlined: tuple[Equation, ...]
    index: sp.Symbol
    step: int

    @property
    def families(self) -> frozenset[Family]:
        """The quantities the core computes."""
        return frozenset(family(equation.target) for equation in self.core)


def loop_of(block: Sequence[Equation], keep: bool) -> Loop:
    """Split a block; with `keep` nothing is inlined, because every value is wanted."""
    time = block[0].time
    assert time is not None
    own = {family(equation.target): equation for equation in block}
    reads = {key: {family(name) for name in equation.reads if family(name) in own} for key, equation in own.items()}
    carried = {
        family(name)
        for equation in block
        for name in equation.reads
        if family(name) in own and lag_of(name, time.index) != 0
    }
    needs_past = _closure({key for key, e in own.items() if _reads_past(e, own, time.index)}, _reverse(reads))
    is_needed = _closure(carried, reads)
    core = needs_past & is_needed
    before = tuple(e for e in block if family(e.target) not in needs_past)
    after = tuple(e for e in block if family(e.target) in needs_past - core)
    chosen = [e for e in block if family(e.target) in core]
    inlined: list[Equation] = []
    if not keep:
        chosen, inlined = _inline(chosen, carried, after)
    return Loop(before, tuple(chosen), after, tuple(inlined), time.index, time.step)


def _reads_past(equation: Equation, own: dict[Family, Equation], index: sp.Symbol) -> bool:
    return any(family(name) in own and lag_of(name, index) != 0 for name in equation.reads)


def _reverse(reads: dict[Family, set[Family]]) -> dict[Family, set[Family]]:
    users: dict[Family, set[Family]] = {key: set() for key in reads}
    for key, found in reads.items():
        for name in found:
            users[name].add(key)
    return users


def _closure(start: set[Family], edges: dict[Family, set[Family]]) -> set[Family]:
    found, waiting = set(start), list(start)
    while waiting:
        for key in edges[waiting.pop()] - found:
            found.add(key)
            waiting.append(key)
    return found


def _inline(
    core: list[Equation], carried: set[Family], after: Iterable[Equation]
) -> tuple[list[Equation], list[Equation]]:
    """Entrywise products used once, in the same step and entrywise, go into their user."""
    inlined: list[Equation] = []
    read_after = {family(name) for equation in after for name in equation.reads}
    for equation in list(core):
        key = family(equation.target)
        users = [other for other in core if any(family(name) == key for name in other.reads)]
        single = len(users) == 1 and key not in carried and key not in read_after
        if single and isinstance(equation.expression, Hadamard) and _is_factor(users[0].expression, equation.target):
            position = core.index(users[0])
            whole = _flattened(replace_nodes(users[0].expression, {equation.target: equation.expression}))
            core[position] = replace(users[0], expression=whole)
            core.remove(equation)
            inlined.append(equation)
    return core, inlined


def _is_factor(node: Node, name: Name) -> bool:
    return isinstance(node, Hadamard) and sum(part == name for part in node.operands) == 1


def _flattened(node: Node) -> Node:
    return hadamard(*node.operands) if isinstance(node, Hadamard) else node


# --- what stands side by side ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stack:
    """Quantities of one size kept one below the other in one array, so that one call serves them all.

    `kind` says which: "products", "activations" or "gradients".
    """

    name: str
    members: tuple[Family, ...]
    rows: sp.Expr
    kind: str


def product_groups(core: Sequence[Equation]) -> list[list[Equation]]:
    """Equations `a_g = … + P_g v` with the same v: their products become one, P stacked."""
    groups: dict[Node, list[Equation]] = {}
    for equation in core:
        products = [term for term in _terms(equation.expression) if _is_parameter_product(term)]
        moving = [term for term in products if any(_reads_core(name, core) for name in names_in(term))]
        if len(moving) == 1:
            groups.setdefault(operands_of(moving[0])[1], []).append(equation)
    return [group for group in groups.values() if len({e.target.shape for e in group}) == 1]


def _terms(node: Node) -> tuple[Node, ...]:
    return node.operands if isinstance(node, Add) else (node,)


def _is_parameter_product(node: Node) -> bool:
    return isinstance(node, MatMul) and len(node.operands) == 2 and isinstance(node.operands[0], Parameter)


def _reads_core(name: Name, core: Sequence[Equation]) -> bool:
    return any(family(equation.target) == family(name) for equation in core)


def activation_of(equation: Equation) -> tuple[str, Name] | None:
    """`f` and `a` where the equation is `y = f(a)` of a name."""
    if isinstance(equation.expression, Apply) and isinstance(equation.expression.operands[0], Name):
        return equation.expression.activation.name, equation.expression.operands[0]
    return None
