"""What kind of recurrence a Program is: affine in its states, or affine along its direct paths only.

Reads a Program; returns `Affine`, the recurrence as s_t = A s_{t-1} + d_t of the stacked state s, or why there is no
such A; and `Frozen`, the Program in which every nonlinear function of an earlier state is given instead of computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import sympy as sp

from symrnn.algebra.nodes import (
    Add,
    Apply,
    Block,
    BlockMatrix,
    Concat,
    Diag,
    DiagonalOf,
    Guarded,
    Hadamard,
    Inner,
    MatMul,
    Name,
    Node,
    Operation,
    Parameter,
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
    matmul,
    names_in,
    operands_of,
    power,
    scale,
    subexpressions,
    total,
    transpose,
    zeros,
)
from symrnn.algebra.nodes import Power as PowerNode
from symrnn.algebra.programs import Equation, Program, Reason, family, lag_of
from symrnn.algebra.substitution import replace_nodes, without
from symrnn.calculus.jacobians import Jacobian, jacobian
from symrnn.errors import NotYetError

Moves = Callable[[Name], bool]
"""Whether a name depends on a state of an earlier step."""


@dataclass(frozen=True)
class Affine:
    """s_t = A s_{t-1} + d_t: `step` is A and `drive` d_t, both at the symbolic step; s stacks `jacobian.sources`."""

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
    moves = _moves(core)
    for equation in core:
        culprit = _obstacle(equation.expression, moves)
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
    wanted, waiting = set(program.states), list(program.states)
    while waiting:
        equation = program.definitions.get(waiting.pop())
        for name in equation.reads if equation else ():
            lag = lag_of(name, index)
            if lag and name not in program.definitions and family(name) in _computed(program) - states:
                raise NotYetError(
                    str(equation), found=f"{name} is computed at an earlier step and is no state", write="it as a state"
                )
            if name not in wanted:
                wanted.add(name)
                waiting.append(name)
    equations = tuple(equation for equation in program if equation.target in wanted)
    if any(equation.time is not None and equation.time.step < 0 for equation in equations):
        raise NotYetError(program.name, found="a recurrence that runs backward", write="one that runs forward")
    return replace(program, equations=equations, outputs=program.states, finals=(), loss=None)


def _computed(program: Program) -> set[object]:
    return {family(equation.target) for equation in program}


def _moves(program: Program) -> Moves:
    """Which names depend on a state of an earlier step, by following the equations once."""
    index, states = program.steps.index, {family(state) for state in program.states}
    moving: set[Name] = set()

    def moves(name: Name) -> bool:
        return name in moving or (family(name) in states and lag_of(name, index) != 0)

    for equation in program:
        if any(moves(name) for name in equation.reads):
            moving.add(equation.target)
    return moves


def _reads_moving(node: Node, moves: Moves) -> bool:
    return any(moves(name) for name in names_in(node))


_LINEAR = (Add, Transpose, Diag, DiagonalOf, Concat, Vec, Sum, Guarded, BlockMatrix)
_MULTILINEAR = (Hadamard, MatMul, Scale, Inner)


def _obstacle(node: Node, moves: Moves) -> Node | None:
    """The first part that is not affine in the names that move; None if the whole is."""
    if isinstance(node, Name) or not _reads_moving(node, moves):
        return None
    operands = operands_of(node)
    if isinstance(node, _MULTILINEAR) and sum(_reads_moving(operand, moves) for operand in operands) > 1:
        return node
    if not isinstance(node, _LINEAR + _MULTILINEAR) and not _is_identity(node):
        return node
    return next((found for operand in operands if (found := _obstacle(operand, moves)) is not None), None)


def _is_identity(node: Node) -> bool:
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
    if _is_identity(node):
        return operands[0]
    if isinstance(node, PowerNode):
        return power(operands[0], node.exponent)
    if isinstance(node, Sum):
        return total(operands[0], *node.range)
    if isinstance(node, _LINEAR) and all(is_zero(operand) for operand in operands):
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
        values[block.target] = settled(replace_nodes(block.expression, values))
    return replace_nodes(step.matrix, values)


# --- direct paths ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Frozen:
    """A Program whose nonlinear functions of earlier states are given, and what each stands for.

    `given` were signals before, `named` are parts of an equation that had no name.
    """

    program: Program
    given: dict[Signal, Node]
    named: dict[Signal, Node]


@dataclass(frozen=True)
class DirectPath:
    """∂s_t/∂s_{t-1} along the state's direct path: `step`; what is left out; and when nothing is lost by it."""

    state: Signal
    step: Node
    frozen: Frozen
    left_out: tuple[Name, ...]
    exact_without: tuple[Parameter, ...]


def frozen(program: Program) -> Frozen:
    """The Program with every nonlinear function of an earlier state as an input.

    >>> from symrnn.cells import lstm
    >>> [str(name) for name in frozen(lstm()).given]
    ['f_t', 'i_t', 'o_t', 'c̃_t']
    """
    core = core_of(program)
    states = {family(state) for state in core.states}
    index = core.steps.index
    moving: set[Name] = set()
    given: dict[Signal, Node] = {}
    named: dict[Signal, Node] = {}
    kept: list[Equation] = []
    taken = {name.name for e in core for name in (e.target, *e.reads) if isinstance(name, Signal | Parameter)}

    def moves(name: Name) -> bool:
        return name in moving or (family(name) in states and lag_of(name, index) != 0)

    for equation in core:
        target = equation.target
        if family(target) not in states and isinstance(target, Signal):
            if _obstacle(equation.expression, moves) is not None:
                given[target] = equation.expression
                continue
        parts = tuple(_functions(equation.expression, moves))
        names: dict[Node, Node] = {}
        for part in parts:
            name = Signal(next(letter for letter in _letters() if letter not in taken), part.shape, index)
            taken.add(name.name)
            names[part], named[name] = name, part
        expression = replace_nodes(equation.expression, names)
        if any(moves(name) for name in names_in(expression)):
            moving.add(target)
        kept.append(replace(equation, expression=expression))
    reads = {family(name) for equation in kept for name in equation.reads}
    inputs = (*core.inputs, *(name for name in (*given, *named) if family(name) in reads))
    return Frozen(replace(core, equations=tuple(kept), inputs=inputs), given, named)


def _letters() -> Iterator[str]:
    yield from ("g", "q", "r", "s", "u", "v")
    yield from (f"g_{number}" for number in range(1, 1000))


def _functions(node: Node, moves: Moves) -> Iterator[Node]:
    """The largest parts that are functions of something moving: tanh(W h_{t-1}), not the sum it stands in."""
    if isinstance(node, Name) or not _reads_moving(node, moves):
        return
    if isinstance(node, _LINEAR + _MULTILINEAR) or _is_identity(node):
        for operand in operands_of(node):
            yield from _functions(operand, moves)
    else:
        yield node


def direct_paths(program: Program) -> tuple[DirectPath, ...]:
    """The states that hand part of themselves on directly: `f_t ⊙ c_{t-1}`, `(1 - z_t) ⊙ h_{t-1}`.

    >>> from symrnn.cells import lstm
    >>> [(path.state, path.step) for path in direct_paths(lstm())]
    [(c_t, diag(f_t))]
    """
    ice = frozen(program)
    core = core_of(program)
    index = core.steps.index
    states = {family(state) for state in core.states}
    found: list[DirectPath] = []
    for block in jacobian(ice.program).blocks:
        target = block.target
        if not (isinstance(target, Block) and isinstance(target.of, Signal) and target.wrt == _before(target.of, index)):
            continue
        reads = names_in(block.expression)
        if is_zero(block.expression) or any(family(name) in states or isinstance(name, Block) for name in reads):
            continue
        left_out = _left_out(ice, target.of)
        found.append(DirectPath(target.of, block.expression, ice, left_out, _exact_without(core, block, left_out)))
    return tuple(found)


def _before(state: Signal, index: sp.Symbol) -> Signal:
    return state.at(index - 1)


def _left_out(ice: Frozen, state: Signal) -> tuple[Name, ...]:
    """What the state reads that moves with earlier states and is held fixed along the direct path."""
    equation = ice.program.definitions[state]
    others = [name for name in equation.reads if name in ice.given or name in ice.named]
    states = {family(name) for name in ice.program.states} - {family(state)}
    return tuple(others) + tuple(name for name in equation.reads if family(name) in states)


def _exact_without(core: Program, block: Equation, left_out: tuple[Name, ...]) -> tuple[Parameter, ...]:
    """A smallest set of recurrent parameters without which the direct path is the only one; empty if there is none."""
    kept = names_in(block.expression)
    needed = [name for name in core.parameters if name not in kept and _touches_state(core, name)]
    if not _is_exact(core, block, needed):
        return ()
    for name in tuple(needed):
        fewer = [other for other in needed if other != name]
        if _is_exact(core, block, fewer):
            needed = fewer
    return tuple(needed)


def _touches_state(core: Program, parameter: Parameter) -> bool:
    """Whether the parameter multiplies something that moves with an earlier state."""
    moves = _moves(core)
    return any(
        parameter in node.operands and any(_reads_moving(other, moves) for other in node.operands)
        for equation in core
        for node in subexpressions(equation.expression)
        if isinstance(node, _MULTILINEAR)
    )


def _is_exact(core: Program, block: Equation, gone: list[Parameter]) -> bool:
    target = block.target
    assert isinstance(target, Block)
    row = {
        e.target: e.expression
        for e in jacobian(without(core, gone)).blocks
        if isinstance(e.target, Block) and e.target.of == target.of and not is_zero(settled(e.expression))
    }
    return set(row) == {target} and settled(row[target]) == settled(block.expression)
