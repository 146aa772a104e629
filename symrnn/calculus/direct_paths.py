"""Direct paths: how a state hands part of itself on while every nonlinear function of earlier states is held.

Reads a Program; returns the `Frozen` one, in which those functions are given, and each state's `DirectPath`
if it has one. Promises to say what is left out, and which parameters must vanish for nothing to be lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from symrnn.algebra.nodes import (
    Block,
    Name,
    Node,
    Parameter,
    Signal,
    is_zero,
    names_in,
    operands_of,
    subexpressions,
)
from symrnn.algebra.programs import Equation, Program, family
from symrnn.algebra.substitution import replace_nodes, without
from symrnn.calculus.jacobians import jacobian
from symrnn.calculus.recurrences import (
    LINEAR,
    MULTILINEAR,
    Moves,
    core_of,
    from_earlier,
    is_identity,
    moves_of,
    obstacle,
    reached,
    reads_moving,
    settled,
)
from symrnn.calculus.rewriting import without_argument_names


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
    """`step` is ∂s_t/∂s_{t-1} along the state's direct path; `left_out` is what it holds fixed.

    Without the parameters `exact_without` nothing is lost by it.
    """

    state: Signal
    step: Node
    frozen: Frozen
    left_out: tuple[Node, ...]
    exact_without: tuple[Parameter, ...]


def frozen(program: Program) -> Frozen:
    """The Program with every nonlinear function of an earlier state as an input.

    >>> from symrnn.cells import lstm
    >>> [str(name) for name in frozen(lstm()).given]
    ['f_t', 'i_t', 'o_t', 'c̃_t']
    """
    core = core_of(program)
    states = {family(state) for state in core.states}
    moving: set[Name] = set()
    moves = from_earlier(core, moving)
    given: dict[Signal, Node] = {}
    named: dict[Signal, Node] = {}
    kept: list[Equation] = []
    # Of the whole cell: what no state reads still has its name.
    taken = {name.name for e in program for name in (e.target, *e.reads) if isinstance(name, Signal | Parameter)}

    for equation in core:
        target = equation.target
        inner = family(target) not in states and isinstance(target, Signal)
        if inner and obstacle(equation.expression, moves) is not None:
            given[target] = equation.expression
            continue
        parts = tuple(_functions(equation.expression, moves))
        names: dict[Node, Node] = {}
        for part in parts:
            name = Signal(next(letter for letter in _letters() if letter not in taken), part.shape, core.steps.index)
            taken.add(name.name)
            names[part], named[name] = name, part
        expression = replace_nodes(equation.expression, names)
        if any(moves(name) for name in names_in(expression)):
            moving.add(target)
        kept.append(replace(equation, expression=expression))
    reads = {family(name) for equation in kept for name in equation.reads}
    inputs = (*core.inputs, *(name for name in (*given, *named) if family(name) in reads))
    return Frozen(replace(core, equations=tuple(kept), inputs=inputs), given, named)


def with_named_functions(program: Program) -> Program:
    """The Program in which every nonlinear function of an earlier state has a name, as what a direct path holds.

    >>> from symrnn.algebra.reading.roles import parse_cell
    >>> print(with_named_functions(parse_cell("h_t = a h_{t-1} + w tanh(h_{t-1})")))
    g_t = tanh(h_{t-1})
    h_t = a h_{t-1} + w g_t
    """
    names = {part: name for name, part in frozen(program).named.items()}
    equations: list[Equation] = []
    for equation in program:
        expression = replace_nodes(equation.expression, names)
        read = {part: name for part, name in names.items() if name in names_in(expression)}
        known = {other.target for other in equations}
        equations += [Equation(name, part, domain=equation.domain) for part, name in read.items() if name not in known]
        equations.append(replace(equation, expression=expression))
    return replace(program, equations=tuple(equations)) if names else program


def _letters() -> Iterator[str]:
    yield from ("g", "q", "r", "s", "u", "v")
    yield from (f"g_{number}" for number in range(1, 1000))


def _functions(node: Node, moves: Moves) -> Iterator[Node]:
    """The largest parts that are functions of something moving: tanh(W h_{t-1}), not the sum it stands in."""
    if isinstance(node, Name) or not reads_moving(node, moves):
        return
    if isinstance(node, LINEAR + MULTILINEAR) or is_identity(node):
        for operand in operands_of(node):
            yield from _functions(operand, moves)
    else:
        yield node


def direct_paths_of(program: Program) -> tuple[DirectPath, ...]:
    """The states that hand part of themselves on directly: `f_t ⊙ c_{t-1}`, `(1 - z_t) ⊙ h_{t-1}`.

    >>> from symrnn.cells import lstm
    >>> [(path.state, path.step) for path in direct_paths_of(lstm())]
    [(c_t, diag(f_t))]
    """
    ice = frozen(program)
    core = core_of(program)
    index = core.steps.index
    states = {family(state) for state in core.states}
    found: list[DirectPath] = []
    for block in jacobian(ice.program).blocks:
        target = block.target
        if not (isinstance(target, Block) and isinstance(target.of, Signal)):
            continue
        state, step = target.of, settled(without_argument_names(block.expression, ice.program))
        own = target.wrt == state.at(index - 1) and not is_zero(step)
        if own and not any(family(name) in states or isinstance(name, Block) for name in names_in(step)):
            found.append(DirectPath(state, step, ice, _left_out(ice, state), _exact_without(core, block)))
    return tuple(found)


def _left_out(ice: Frozen, state: Signal) -> tuple[Node, ...]:
    """What the state reads that moves with earlier states and is held fixed along the direct path."""
    equation = ice.program.definitions[state]
    others = [ice.named.get(name, name) for name in equation.reads if name in ice.given or name in ice.named]
    states = {family(name) for name in ice.program.states} - {family(state)}
    return tuple(others) + tuple(name for name in equation.reads if family(name) in states)


def _exact_without(core: Program, block: Equation) -> tuple[Parameter, ...]:
    """A smallest set of recurrent parameters without which no other path is left, if there is one."""
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
    moves = moves_of(core)
    return any(
        parameter in node.operands and any(reads_moving(other, moves) for other in node.operands)
        for equation in core
        for node in subexpressions(equation.expression)
        if isinstance(node, MULTILINEAR)
    )


def _is_exact(core: Program, block: Equation, gone: list[Parameter]) -> bool:
    """Whether without those parameters the state moves with itself alone, and linearly."""
    target = block.target
    assert isinstance(target, Block) and isinstance(target.of, Signal)
    rest = without(core, gone)
    row = {
        e.target
        for e in jacobian(rest).blocks
        if isinstance(e.target, Block) and e.target.of == target.of and not is_zero(settled(e.expression))
    }
    moves = moves_of(rest)
    return row == {target} and all(
        obstacle(equation.expression, moves) is None for equation in reached(rest, [target.of])
    )
