"""What kind of recurrence a Program is: affine in its states, or not.

Reads a Program; returns `Affine`, s_t = A s_{t-1} + d_t of the stacked state s, or the reason there is none.
Promises that A reads no state; the signals it does read it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import sympy as sp

from symrnn.algebra.nodes import (
    Add,
    Apply,
    BlockMatrix,
    Concat,
    Diag,
    DiagonalOf,
    Guarded,
    Hadamard,
    Inner,
    MatMul,
    MatPower,
    Name,
    Node,
    Operation,
    Scale,
    Signal,
    Sum,
    Transpose,
    Vec,
    add,
    diag,
    hadamard,
    inner,
    is_zero,
    mat_power,
    matmul,
    names_in,
    operands_of,
    power,
    scale,
    total,
    transpose,
    zeros,
)
from symrnn.algebra.nodes import Power as PowerNode
from symrnn.algebra.programs import Equation, Program, Reason, family, lag_of
from symrnn.algebra.substitution import replace_nodes
from symrnn.calculus.jacobians import Jacobian, jacobian
from symrnn.calculus.rewriting import without_argument_names
from symrnn.errors import NotYetError

Moves = Callable[[Name], bool]
"""Whether a name depends on a state of an earlier step."""


@dataclass(frozen=True)
class Affine:
    """s_t = A s_{t-1} + d_t: `step` is A, `drive` d_t, at the symbolic step; s stacks `jacobian.sources`."""

    program: Program
    jacobian: Jacobian
    step: Node
    drive: Node
    inner: tuple[Equation, ...]
    """Signals within the step that depend on the states, and are none."""

    @property
    def varying(self) -> tuple[Signal, ...]:
        """The signals A depends on: none when it is the same at every step."""
        return signals_in(self.step, self.program.steps.index)


def signals_in(node: Node, index: sp.Symbol) -> tuple[Signal, ...]:
    """The signals an expression reads at a step that moves."""
    return tuple(name for name in names_in(node) if isinstance(name, Signal) and name.has(index))


def affine(program: Program) -> Affine | Reason:
    """The recurrence as s_t = A s_{t-1} + d_t, or the reason there is no such form.

    >>> from symrnn.cells import rnn
    >>> found = affine(rnn(activation="identity"))
    >>> found.step, found.drive
    (W_h, W_x x_t + b)
    """
    core = core_of(program)
    moves = moves_of(core)
    for equation in core:
        culprit = obstacle(equation.expression, moves)
        if culprit is not None:
            return Reason("not affine", (equation.target, culprit))
    step = jacobian(core)
    resolved = _resolved(core, moves)
    index = core.steps.index
    drives: list[Node] = []
    for source in step.sources:
        target = source.at(source.time + 1)
        drives.append(_without_states(resolved[target], core) if target.time == index else zeros(target.shape))
    states = {family(state) for state in core.states}
    inner_equations = tuple(e for e in core if moves(e.target) and family(e.target) not in states)
    drive = drives[0] if len(drives) == 1 else Concat(*drives)
    return Affine(core, step, step_matrix(step), drive, inner_equations)


def core_of(program: Program) -> Program:
    """The equations the states need and no others: no readout, no loss.

    >>> from symrnn.cells import rnn
    >>> core_of(rnn()).loss is None
    True
    """
    index, states = program.steps.index, {family(state) for state in program.states}
    if not states:
        raise NotYetError(program.name, found="no state: nothing is read from a step before", write="a recurrent cell")
    for state in program.states:
        if len(state.indices) != 1:
            raise NotYetError(str(state), found="a state with more than a time index", write="one example, no batch")
    computed = {family(equation.target) for equation in program} - states
    equations = reached(program, program.states)
    for equation in equations:
        for name in equation.reads:
            if lag_of(name, index) and name not in program.definitions and family(name) in computed:
                raise NotYetError(
                    str(equation),
                    found=f"{name} is computed at an earlier step and is no state",
                    write="it as a state",
                )
    if any(equation.time is not None and equation.time.step < 0 for equation in equations):
        raise NotYetError(program.name, found="a recurrence that runs backward", write="one that runs forward")
    return replace(program, equations=equations, outputs=program.states, finals=(), loss=None)


def reached(program: Program, names: Iterable[Name]) -> tuple[Equation, ...]:
    """The equations that make the names within the step, in the Program's order.

    >>> from symrnn.cells import lstm
    >>> cell = lstm()
    >>> [str(equation.target) for equation in reached(cell, [cell.states[1]])]
    ['f_t', 'i_t', 'c̃_t', 'c_t']
    """
    waiting = list(names)
    wanted = set(waiting)
    while waiting:
        equation = program.definitions.get(waiting.pop())
        new = [name for name in equation.reads if name not in wanted] if equation else []
        wanted.update(new)
        waiting.extend(new)
    return tuple(equation for equation in program if equation.target in wanted)


def moves_of(program: Program) -> Moves:
    """Which names depend on a state of an earlier step, by following the equations once."""
    moving: set[Name] = set()
    moves = from_earlier(program, moving)
    for equation in program:
        if any(moves(name) for name in equation.reads):
            moving.add(equation.target)
    return moves


def from_earlier(program: Program, moving: set[Name]) -> Moves:
    """Whether a name is a state of an earlier step or among those known to move."""
    index, states = program.steps.index, {family(state) for state in program.states}

    def moves(name: Name) -> bool:
        return name in moving or (family(name) in states and lag_of(name, index) != 0)

    return moves


def reads_moving(node: Node, moves: Moves) -> bool:
    """Whether an expression reads a name that moves."""
    return any(moves(name) for name in names_in(node))


LINEAR: tuple[type[Node], ...] = (Add, Transpose, Diag, DiagonalOf, Concat, Vec, Sum, Guarded, BlockMatrix)
MULTILINEAR: tuple[type[Node], ...] = (Hadamard, MatMul, Scale, Inner)


def obstacle(node: Node, moves: Moves) -> Node | None:
    """The first part that is not affine in the names that move; None if the whole is."""
    if isinstance(node, Name) or not reads_moving(node, moves):
        return None
    operands = operands_of(node)
    if isinstance(node, MULTILINEAR) and sum(reads_moving(operand, moves) for operand in operands) > 1:
        return node
    if not isinstance(node, LINEAR + MULTILINEAR) and not is_identity(node):
        return node
    return next((found for operand in operands if (found := obstacle(operand, moves)) is not None), None)


def is_identity(node: Node) -> bool:
    """Whether the node is f(x) = x."""
    return isinstance(node, Apply) and node.activation.name == "identity"


def _resolved(program: Program, moves: Moves) -> dict[Name, Node]:
    """The right side of every moving signal in terms of earlier states and of what does not move."""
    resolved: dict[Name, Node] = {}
    for equation in program:
        resolved[equation.target] = replace_nodes(
            equation.expression, {name: value for name, value in resolved.items() if moves(name)}
        )
    return resolved


def _without_states(node: Node, program: Program) -> Node:
    states = {family(state) for state in program.states}
    gone: dict[Node, Node] = {name: zeros(name.shape) for name in names_in(node) if family(name) in states}
    return settled(replace_nodes(node, gone))


_VERBS: dict[type[Node], Callable[..., Node]] = {
    Add: add,
    Hadamard: hadamard,
    MatMul: matmul,
    Scale: scale,
    Transpose: transpose,
    Diag: diag,
    Inner: inner,
}


def settled(node: Node) -> Node:
    """The expression built anew by the verbs: zeros, ones and identities gone.

    >>> from symrnn.algebra.nodes import Parameter, Zeros, n
    >>> settled(Add(MatMul(Parameter("W", (n, n)), Zeros(n, 1)), Parameter("b", (n, 1))))
    b
    """
    if not isinstance(node, Operation):
        return node
    operands = tuple(settled(operand) for operand in node.operands)
    verb = _VERBS.get(type(node))
    if verb is not None:
        return verb(*operands)
    if is_identity(node):
        return operands[0]
    if isinstance(node, PowerNode):
        return power(operands[0], node.exponent)
    if isinstance(node, MatPower):
        return mat_power(operands[0], node.exponent)
    if isinstance(node, Sum):
        return total(operands[0], *node.range)
    if isinstance(node, LINEAR) and all(is_zero(operand) for operand in operands):
        return zeros(node.shape)
    return node.with_operands(operands)


def step_matrix(step: Jacobian) -> Node:
    """The step Jacobian with every block by its value.

    >>> from symrnn.calculus.jacobians import jacobian
    >>> from symrnn.cells import rnn
    >>> step_matrix(jacobian(rnn(activation="identity")))
    W_h
    """
    values: dict[Node, Node] = {}
    for block in step.blocks:
        plain = without_argument_names(block.expression, step.program)
        values[block.target] = settled(replace_nodes(plain, values))
    return replace_nodes(step.matrix, values)
