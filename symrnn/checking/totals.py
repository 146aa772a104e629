"""Changes of a whole right side: its sign, the steps of a sum, the factors of a product over time."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Adjoint, Block, Node, Parameter, Signal
from symrnn.algebra.nodes.verbs import add, matmul, negate, scale, transpose
from symrnn.checking.changes import shares
from symrnn.checking.patterns import Change, Setting, ones_like, places, step_of, swapped, tanh_slope

# --- changes of the whole -------------------------------------------------------------------------------------------


def _signs(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    yield "R24", negate(node)


def _sums(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """A parameter's gradient, a term for each step in order."""
    if not setting.is_share_sum or not isinstance(node, N.Add):
        return
    terms = node.operands
    yield "R01", terms[-1]
    yield "R21", terms[0]
    yield "R02", add(*terms[1:])
    for count in range(2, len(terms)):
        yield "R33", add(*terms[-count:])
    for row in ("R03", "R04", "R28"):
        changed = [next((new for found, new in _share_changes(term, setting) if found == row), term) for term in terms]
        yield row, add(*changed)
    yield "R18", scale(N.Number(sp.Rational(1, len(terms))), node)
    if node.shape == (1, 1):
        yield "R17", matmul(*terms)
        yield from _counted_twice(setting)
    parameter = setting.target.of
    if isinstance(parameter, Parameter) and parameter.name.startswith("b") and setting.states:
        state = setting.states[0]
        if node.shape == (1, 1):
            shares = [matmul(term, state.at(sp.Integer(step))) for step, term in enumerate(terms)]
            yield "R31", add(*shares)


def _counted_twice(setting: Setting) -> Iterator[tuple[str, Node]]:
    """Σ ∂L/∂h_t ∂h_t/∂W with the total derivative of h_t, for the one state of a simple cell."""
    parameter = setting.target.of if isinstance(setting.target, Adjoint) else None
    if isinstance(parameter, Parameter) and len(setting.states) == 1:
        states = [setting.states[0].at(sp.Integer(step)) for step in range(1, setting.steps + 1)]
        yield "R19", add(*(matmul(Adjoint(state), Block(state, parameter, "total")) for state in states))


def _share_changes(term: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    held = (
        term.operands[-1].operands[0]
        if isinstance(term, N.MatMul) and isinstance(term.operands[-1], N.Transpose)
        else None
    )
    if isinstance(term, N.MatMul) and isinstance(held, Signal):
        yield from shares(term, held, setting)


def _slopes_dropped(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """Every activation's derivative but the last step's left out."""
    found = [
        (sub, step_of(y)) for sub, _ in places(node) if (y := tanh_slope(sub)) is not None and step_of(y) is not None
    ]
    if len(found) < 2:
        return
    last = max(step for _, step in found if step is not None)
    changed = {sub: ones_like(sub) for sub, step in found if step != last}
    yield "R22", swapped(node, changed)


def _jacobian_products(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """`∂h_3/∂h_1` is a product of blocks."""
    blocks = [part for part in N.operands_of(node) if isinstance(part, N.Block)]
    if not isinstance(node, N.MatMul | N.Hadamard) or len(blocks) < 2 or len(blocks) != len(node.operands):
        return
    yield "R16", add(*blocks)
    for at in (0, len(blocks) - 1):
        rest = [*blocks[:at], *blocks[at + 1 :]]
        yield from _bounds(matmul(*rest) if len(rest) > 1 else rest[0])
    early = blocks[-1].wrt
    if isinstance(early, Signal) and early.time >= 1:
        yield from _bounds(matmul(*blocks, N.Block(early, early.at(early.time - 1), "step")))


def _bounds(product: Node) -> Iterator[tuple[str, Node]]:
    """A step too many or too few: of a linear cell a power off by one."""
    yield "R32", product
    yield "R15", product


def _carried_gates(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """`∂c_3/∂c_1` along the cell state is a product of forget gates."""
    if isinstance(setting.target, N.Block) and isinstance(node, N.Hadamard):
        gates = [part.operands[0] if isinstance(part, N.Diag) else part for part in node.operands]
        if all(isinstance(gate, Signal) and gate.name == "f" for gate in gates):
            yield "L16", add(*node.operands)


def _products(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """The sum of the products of corresponding entries where the product entry by entry is meant."""
    if isinstance(node, N.Hadamard) and node.shape[1] == 1 and node.shape[0] != 1 and len(node.operands) == 2:
        yield "R29", matmul(transpose(node.operands[0]), node.operands[1])


def _roles(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """z for 1 − z everywhere, and the other way round."""
    gates = {name for name in N.names_in(node) if isinstance(name, Signal) and name.name == "z"}
    if gates and not isinstance(setting.target, Adjoint):
        rest: dict[Node, Node] = {}
        for gate in gates:
            other = add(ones_like(gate), negate(gate))
            rest |= {gate: other, other: gate}
        yield "G01", swapped(node, rest)


WHOLE: tuple[Change, ...] = (
    _signs, _sums, _slopes_dropped, _jacobian_products, _carried_gates, _products, _roles,
)  # fmt: skip
"""Changes of the whole right side."""
