"""Derivatives within one step: of one equation, and of a state with respect to a parameter, earlier steps held fixed.

Reads a Program and the table of rules; returns equations whose targets are blocks: `∂h_t/∂a_t` (kind "local") and
`∂⁺h_t/∂vec(W_h)` (kind "immediate").
"""

from __future__ import annotations

from collections.abc import Iterator

from symrnn.algebra.nodes import (
    Adjoint,
    Block,
    Concat,
    Immediate,
    Name,
    Node,
    Number,
    Opaque,
    Parameter,
    Signal,
    Sum,
    Vec,
    add,
    gathered,
    guard,
    matmul,
    transpose,
)
from symrnn.algebra.programs import Equation, Program, Range, Reason, family, lag_of
from symrnn.calculus.adjoints import LOSS
from symrnn.calculus.jacobians import Jacobian, distributed, paths_of
from symrnn.calculus.rewriting import expose
from symrnn.calculus.rules import RULES, Rules


def local_jacobians(program: Program, rules: Rules = RULES) -> Iterator[Equation]:
    """∂y/∂x of every equation of a step, for every signal it reads: `∂h_t/∂a_t = diag(1 − h_t²)`.

    >>> from symrnn.cells import rnn
    >>> for equation in local_jacobians(rnn()):
    ...     print(equation)
    ∂a_t/∂h_{t-1} = W_h
    ∂a_t/∂x_t = W_x
    ∂h_t/∂a_t = diag(1 - h_t²)
    """
    for equation in expose(program):
        if equation.time is None or equation.target.shape[1] != 1 or isinstance(equation.expression, Opaque):
            continue
        for name, matrix in paths_of(equation, rules).items():
            if isinstance(name, Signal) and name.shape[1] == 1:
                target = Block(equation.target, name, "local")
                yield Equation(target, matrix, Reason("local", (equation.target, name)), equation.domain)


def immediate_partials(program: Program, rules: Rules = RULES) -> Iterator[Equation]:
    """`∂⁺s_t/∂vec(W)` of every state and parameter: every path within the step, every read of earlier steps held fixed.

    >>> from symrnn.cells import rnn
    >>> for equation in immediate_partials(rnn()):
    ...     print(equation)
    ∂⁺h_t/∂vec(W_h) = diag(1 - h_t²) (h_{t-1}ᵀ ⊗ I)
    ∂⁺h_t/∂vec(W_x) = diag(1 - h_t²) (x_tᵀ ⊗ I)
    ∂⁺h_t/∂b = diag(1 - h_t²)
    """
    forward = expose(program)
    states = {family(state) for state in forward.states}
    known: dict[Name, dict[Parameter, Node]] = {}
    for equation in forward:
        if equation.time is None or equation.target.shape[1] != 1:
            continue
        found: dict[Parameter, list[Node]] = {}
        for name, matrix in paths_of(equation, rules, (Signal, Parameter)).items():
            if isinstance(name, Parameter) and name.structure == "full":
                found.setdefault(name, []).append(matrix)
            elif isinstance(name, Signal) and lag_of(name, forward.steps.index) == 0:
                for parameter, inner in known.get(name, {}).items():
                    here = _partial(name, parameter) if family(name) in states else inner
                    found.setdefault(parameter, []).append(distributed(matrix, here))
        known[equation.target] = {parameter: gathered(terms) for parameter, terms in found.items()}
        if family(equation.target) in states:
            for parameter, matrix in known[equation.target].items():
                target = _partial(equation.target, parameter)
                yield Equation(target, matrix, Reason("immediate", (equation.target, parameter)), equation.domain)


def _partial(of: Node, parameter: Parameter) -> Block:
    return Block(of, parameter if parameter.shape[1] == 1 else Vec(parameter), "immediate")


def gradient_from_partials(program: Program, parameter: Parameter) -> tuple[Node, Node] | None:
    """vec(∂L/∂W) and Σ_t (∂⁺s_t/∂vec(W))ᵀ ∂L/∂s_t, its two sides, for the state s that W enters first.

    None where W enters several states, one of them through another: then the shares are not apart.
    """
    forward = expose(program)
    if parameter.structure != "full":
        return None
    entered = [s for s in forward.states if _enters(forward, s, parameter)]
    if len(entered) != 1:
        return None
    (state,) = entered
    if not _enters_only(forward, state, parameter):
        return None
    gradient: Node = Adjoint(parameter)
    left = gradient if parameter.shape[1] == 1 else Vec(gradient)
    share = matmul(transpose(_partial(state, parameter)), Adjoint(state))
    return left, Sum(share, program.steps.index, program.steps.lo, program.steps.hi)


def _enters(forward: Program, state: Signal, parameter: Parameter) -> bool:
    """Whether a parameter reaches a state within the step without passing another state."""
    waiting, seen = [state], set()
    states = {family(each) for each in forward.states}
    while waiting:
        name = waiting.pop()
        equation = forward.definitions.get(name)
        if equation is None or name in seen:
            continue
        seen.add(name)
        if parameter in equation.reads:
            return True
        waiting += [
            read
            for read in equation.reads
            if isinstance(read, Signal) and lag_of(read, forward.steps.index) == 0 and family(read) not in states
        ]
    return False


def _enters_only(forward: Program, state: Signal, parameter: Parameter) -> bool:
    """Whether all that reads the parameter within a step goes into that state and nowhere else."""
    reached: set[object] = set()
    for equation in forward:
        if parameter in equation.reads or any(family(name) in reached for name in equation.reads):
            if family(equation.target) == family(state):
                continue
            if equation.time is None or any(family(equation.target) == family(s) for s in forward.states):
                return False
            reached.add(family(equation.target))
    ends = {family(name) for name in (*forward.outputs, *forward.finals)} | {family(n) for n in (forward.loss,) if n}
    read_on = {family(name) for equation in forward for name in equation.reads}
    return not reached & ends and reached <= read_on


def heard_beside(program: Program) -> tuple[Name, ...]:
    """Outputs and losses that hear of an earlier step beside the states: h_t = r_t ⊙ c_t with a gate r_t of c_{t-1}.

    Where there are any, a loss at step t + 1 reaches the states of step t by a way that is in no step Jacobian.

    >>> from symrnn.cells import lstm
    >>> heard_beside(lstm())
    ()
    """
    index, states = program.steps.index, {family(state) for state in program.states}
    moving: set[object] = set()
    for equation in program:
        earlier = any(family(name) in states and lag_of(name, index) for name in equation.reads)
        if family(equation.target) not in states and (
            earlier or any(family(name) in moving for name in equation.reads)
        ):
            moving.add(family(equation.target))
    ends = (*program.outputs, *((program.loss,) if program.loss else ()))
    return tuple(name for name in ends if family(name) in moving)


def gradient_recurrence(step: Jacobian) -> Equation | None:
    """∂L/∂s_t = ∂⁺L/∂s_t + (∂s_{t+1}/∂s_t)ᵀ ∂L/∂s_{t+1}: what step t adds itself, and what all later steps send back.

    None where a state is read more than one step back, or one state moves another within the step, as c_t moves h_t in
    the LSTM: there the totals follow the recurrences of `adjoint`.

    Source: Goodfellow et al. (2016), *Deep Learning*, eq. 10.20; Werbos (1990).
    """
    program = step.program
    if len(step.sources) > len(step.states) or any(paths for _, paths in step.within_step):
        return None
    index, last = program.steps.index, program.steps.hi
    state, following = _stacked(step), _stacked(step, index + 1)
    back = matmul(transpose(Block(following, state)), Adjoint(following))
    immediate = Immediate(program.loss or LOSS, state)
    total = add(immediate, guard(back, program.steps.lo, index + 1, last))
    reason = Reason("gradient recurrence", (Number(index), Number(index + 1)))
    steps = Range(index, program.steps.lo, last, -1)
    return Equation(Adjoint(state), total, reason, (steps,))


def _stacked(step: Jacobian, at: object | None = None) -> Node:
    states = [state if at is None else state.at(at) for state in step.states]
    return states[0] if len(states) == 1 else Concat(*states)
