"""Step Jacobians, one for each step, and their product over time.

Of a simple cell and of a GRU ∂h_t/∂h_{t-1}; of an LSTM over several steps the cell state's own path, ∂c_t/∂c_{t-1} =
diag(f_t), and of one step every block. A task may name others: `lines = ["dh/dc", "dh/dh"]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import sympy as sp

from symrnn.algebra.nodes import (
    Block,
    Diag,
    MatMul,
    Name,
    Node,
    Signal,
    matmul,
    names_in,
    substitute,
)
from symrnn.algebra.programs import Equation
from symrnn.calculus.jacobians import Jacobian, jacobian
from symrnn.checking.mutations import Setting, mutated
from symrnn.checking.patterns import places
from symrnn.documents.document import Formula, Words
from symrnn.errors import InputError
from symrnn.worksheets.kinds.ground import Ground
from symrnn.worksheets.kinds.lines import forward_given
from symrnn.worksheets.questions import Part
from symrnn.worksheets.solving import Line, Solver, key_of
from symrnn.worksheets.tasks import Task


def jacobian_lines(task: Task, solver: Solver) -> tuple[Line, ...]:
    """The blocks of every step, then the product over all steps of those whose two states are one."""
    return _lines(solver, task.lines)


def jacobian_part(ground: Ground) -> Part:
    """Each step's Jacobian, then the product, later steps to the left."""
    lines = jacobian_lines(ground.task, ground.solver)
    intro: list[object] = []
    if not ground.task.text:
        is_direct = any(isinstance(line.target, Block) and line.target.kind == "direct" for line in lines)
        count = ground.solver.model.steps
        intro.append(Words("ws ask jacobian" + ("" if count > 1 else " blocks" if len(lines) > 1 else " one")))
        before = tuple(Formula(state) for state in ground.solver.program.initials)
        if len(before) > 1 and not is_direct:
            intro.append(Words("ws ask jacobian states", (before,)))
        if is_direct:
            intro.append(Words("ws ask jacobian direct"))
    intro += forward_given(ground)
    questions = tuple(ground.asked(line, ground.values) for line in lines)
    return Part("", "ws jacobian", tuple(intro), questions, ground.drawn, values=dict(ground.values))


@lru_cache(maxsize=32)
def _lines(solver: Solver, wanted: tuple[str, ...]) -> tuple[Line, ...]:
    step = jacobian(solver.program)
    names = wanted or (() if solver.model.steps == 1 else (_usual(step),))
    chosen = [block for block in step if not names or _short(block) in names]
    # A block that another reads by its name is asked before it.
    read = {name for block in chosen for name in names_in(block.expression)}
    chosen = [block for block in step if block in chosen or block.target in read]
    if not chosen:
        known = ", ".join(dict.fromkeys(_short(block) for block in step))
        raise InputError(", ".join(wanted), found="no step Jacobian of the model", write=known)
    return tuple(_of_steps(solver, step, chosen))


def _of_steps(solver: Solver, step: Jacobian, chosen: list[Equation]) -> Iterator[Line]:
    last = solver.model.steps
    for block in chosen:
        of = block.target
        assert isinstance(of, Block) and isinstance(of.of, Signal) and isinstance(of.wrt, Signal)
        names = []
        for t in range(1, last + 1):
            at = {step.program.steps.index: sp.Integer(t)}
            target, expression = substitute(of, at), substitute(block.expression, at)
            names.append(target)
            yield Line(key_of(target), target, expression, tuple(_mistakes(solver, target, expression)))
        if of.of.name == of.wrt.name and last > 1:
            # With a second state this is one path of several, and is called so.
            kind = "step" if len(step.states) == 1 else "direct"
            product = Block(of.of.at(last), of.wrt.at(0), kind)
            factors = matmul(*reversed(names))
            yield Line(key_of(product), product, factors, tuple(_mistakes(solver, product, factors)))


def _mistakes(solver: Solver, target: Name, expression: Node) -> Iterator[tuple[str, Node]]:
    """What single mistakes make of it; of matrices also the order."""
    program = solver.program
    setting = Setting(target, solver.model.steps, program.parameters, program.inputs, program.states)
    found = dict.fromkeys(mutated(expression, setting))
    for piece, put in places(expression):
        if not isinstance(piece, MatMul) or piece.shape == (1, 1):
            continue
        parts = piece.operands
        if any(isinstance(part, Diag | Block) for part in parts):
            found[("R30", put(matmul(*reversed(parts))))] = None
    yield from found


def _usual(step: Jacobian) -> str:
    """The block that is multiplied over time: of an LSTM the cell state's."""
    name = "c" if any(state.name == "c" for state in step.states) else step.states[0].name
    return f"d{name}/d{name}"


def _short(block: Equation) -> str:
    """`dh/dc`: a block by its states' names."""
    target = block.target
    assert isinstance(target, Block) and isinstance(target.of, Signal) and isinstance(target.wrt, Signal)
    return f"d{target.of.name}/d{target.wrt.name}"
