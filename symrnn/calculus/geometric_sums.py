"""The states of an affine recurrence in closed form: powers of A, geometric sums where the drive is constant.

Reads an `Affine` recurrence s_t = A s_{t-1} + d_t; returns claims about h_T. Promises a case for every A:
where I − A has no inverse (w = 1), another value stands.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from symrnn.algebra.nodes import Add as AddNode
from symrnn.algebra.nodes import (
    Concat,
    Diag,
    Eye,
    Hadamard,
    Node,
    Number,
    Parameter,
    Scale,
    Selector,
    Signal,
    Sum,
    add,
    hadamard,
    is_zero,
    mat_power,
    matmul,
    negate,
    ones,
    power,
    scale,
    substitute,
    zeros,
)
from symrnn.algebra.programs import Reason
from symrnn.calculus.identities import Assumption, Case, ClosedForm, Permission, constant_over, held
from symrnn.calculus.jacobians import product_index
from symrnn.calculus.maps import diagonal_of
from symrnn.calculus.recurrences import Affine, signals_in


def states_of(
    found: Affine, fixed: tuple[Signal, ...], assumptions: tuple[Assumption, ...], may: Permission
) -> Iterator[ClosedForm]:
    """h_T = A^T h_0 + Σ_{k=1}^{T} A^{T−k} d_k, and the geometric sum where d_k = d."""
    steps, sources = found.program.steps, found.jacobian.sources
    drive = substitute(found.drive, held(fixed))
    count = steps.hi - steps.lo + 1
    start = _stacked([substitute(source, {steps.index: steps.lo}) for source in sources])
    home = acted(found.step, count, start)
    index = product_index(found.program)
    moved = substitute(drive, {steps.index: index})
    addend = acted(found.step, steps.hi - index, moved)
    driven = zeros(start.shape) if is_zero(drive) else Sum(addend, index, steps.lo, steps.hi)
    reason = Reason("linear recurrence", (found.step, drive))
    yield from _picked(found, (Case(add(home, driven)),), assumptions, reason)
    free = signals_in(drive, steps.index)
    if is_zero(drive) or (drive.has(steps.index) and not may(free)):
        return
    same = substitute(drive, held(free))
    if not same.has(steps.index):
        cases = _geometric(found.step, same, start, home, count, index)
        reason = Reason("geometric sum", (found.step, same))
        yield from _picked(found, cases, (*assumptions, *constant_over(free)), reason)


def _stacked(parts: list[Signal]) -> Node:
    return parts[0] if len(parts) == 1 else Concat(*parts)


def _picked(
    found: Affine, cases: tuple[Case, ...], assumptions: tuple[Assumption, ...], reason: Reason
) -> Iterator[ClosedForm]:
    """The claim about each state, picked out of the stack."""
    steps, sources = found.program.steps, found.jacobian.sources
    offset: sp.Expr = sp.S.Zero
    height = sp.Add(*(source.shape[0] for source in sources))
    for state in found.jacobian.states:
        own = cases
        if len(sources) > 1:
            pick = Selector(state.shape[0], offset, height)
            own = tuple(Case(matmul(pick, case.value), case.condition) for case in cases)
        yield ClosedForm(state.at(steps.hi), own, assumptions, reason, (), found.program)
        offset = offset + state.shape[0]


def _geometric(step: Node, drive: Node, start: Node, home: Node, count: sp.Expr, index: sp.Symbol) -> tuple[Case, ...]:
    """A^T s_0 + (I − A)⁻¹ (I − A^T) d, and what stands instead where I − A has no inverse."""
    repeated = add(start, scale(Number(count), drive))
    if isinstance(step, Eye) or step == Number(1):
        return (Case(repeated),)
    weight = _scalar_weight(step)
    if weight is not None:
        gap, all_but = _complement(weight), add(Number(1), negate(mat_power(weight, count)))
        if (reduced := _divided(drive, gap)) is not None:
            return (Case(add(home, scale(all_but, reduced))),)
        if drive.is_scalar_shaped:
            driven = hadamard(drive, all_but, power(gap, -1))
        else:
            driven = scale(hadamard(all_but, power(gap, -1)), drive)
        if isinstance(weight, Number):
            return (Case(add(home, driven)),)
        apart = Assumption("not one", weight, "≠", Number(1))
        return Case(add(home, driven), apart), Case(repeated, Assumption("one", weight, "=", Number(1)))
    weights = _entrywise_weights(step)
    always = Sum(acted(step, index, drive), index, 0, count - 1)
    if weights is not None:
        one = ones(weights.shape)
        gap, all_but = _complement(weights), add(one, negate(power(weights, count)))
        if (reduced := _divided(drive, gap)) is not None:
            return (Case(add(home, hadamard(all_but, reduced))),)
        driven = hadamard(drive, all_but, power(gap, -1))
        return Case(add(home, driven), Assumption("no entry one", weights, "≠", one)), Case(add(home, always))
    identity = Eye(step.shape[0])
    gap = add(identity, negate(step))
    driven = matmul(mat_power(gap, -1), add(identity, negate(mat_power(step, count))), drive)
    return Case(add(home, driven), Assumption("invertible", gap, "is invertible")), Case(add(home, always))


def _scalar_weight(step: Node) -> Node | None:
    """w where the step matrix is w or w I."""
    if step.is_scalar_shaped:
        return step
    return step.operands[0] if isinstance(step, Scale) and isinstance(step.operands[1], Eye) else None


def _entrywise_weights(step: Node) -> Node | None:
    """a where the step matrix is diag(a)."""
    if not is_entrywise(step):
        return None
    return diagonal_of(step)


def _complement(weight: Node) -> Node:
    """1 − w; of 1 − α it is α. Of a column it is taken entry by entry."""
    one = Number(1) if weight.is_scalar_shaped else ones(weight.shape)
    if isinstance(weight, AddNode) and weight.operands[0] == one:
        return negate(add(*weight.operands[1:]))
    return add(one, negate(weight))


def _divided(drive: Node, divisor: Node) -> Node | None:
    """The rest of α u when it is divided by α."""
    if isinstance(drive, Scale) and drive.operands[0] == divisor:
        return drive.operands[1]
    if isinstance(drive, Hadamard) and divisor in drive.operands:
        rest = list(drive.operands)
        rest.remove(divisor)
        return hadamard(*rest)
    return None


def is_entrywise(step: Node) -> bool:
    """Whether the step matrix is diagonal by its form: αI, diag(a), a diagonal parameter."""
    if isinstance(step, Scale):
        return is_entrywise(step.operands[1])
    return isinstance(step, Eye | Diag) or (isinstance(step, Parameter) and step.structure == "diagonal")


def acted(step: Node, exponent: sp.Expr, operand: Node) -> Node:
    """A^k x in its plainest form: αᵏ x for αI, aᵏ ⊙ x for diag(a).

    >>> from symrnn.algebra.nodes import T, n, t
    >>> acted(Diag(Signal("f", (n, 1))), T - t, Signal("x", (n, 1)))
    f^{T-t} ⊙ x
    """
    weight = _scalar_weight(step)
    if weight is not None and not step.is_scalar_shaped:
        return scale(mat_power(weight, exponent), operand)
    weights = _entrywise_weights(step)
    if weights is not None and weight is None and operand.shape[1] == 1:
        return hadamard(power(weights, exponent), operand)
    return matmul(mat_power(step, exponent), operand)
