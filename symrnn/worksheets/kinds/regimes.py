"""Vanishes, explodes or neither: ∂h_T/∂h_0 of a scalar cell, and what it does over more and more steps."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from symrnn.algebra.nodes import Block, matmul
from symrnn.checking.mutations import Setting, mutated
from symrnn.documents.document import Words
from symrnn.errors import InputError
from symrnn.models.model import Model
from symrnn.worksheets.kinds.ground import Ground, is_scalar_cell, shown
from symrnn.worksheets.questions import Part
from symrnn.worksheets.solving import Line, Solver
from symrnn.worksheets.tasks import Task


def product_lines(task: Task, solver: Solver) -> tuple[Line, ...]:
    """∂h_T/∂h_0, of a scalar simple cell."""
    if not is_scalar_cell(solver.model):
        raise InputError(
            f"--tasks {task.name}",
            found="a model that is no scalar simple cell",
            write="--tasks forward,bptt,spectrum",
        )
    return (product_line(solver),)


def fits_scalar_cell(task: Task, model: Model) -> bool:
    """Whether the regime of a model follows from one weight."""
    return is_scalar_cell(model)


def regime_part(ground: Ground) -> Part:
    """The product of Jacobians, what it does over many steps, and why."""
    (line,) = product_lines(ground.task, ground.solver)
    weight = ground.values["W_h"][0][0].value
    bounded = bool(ground.recipe.activations)
    verdict = "vanishes" if abs(weight) < 1 else "neither" if abs(weight) == 1 else "explodes"
    reason: tuple[str, tuple[Any, ...]] = (
        ("regime bounded", (shown(weight),))
        if bounded
        else ("regime linear", (shown(weight), Words("less" if abs(weight) < 1 else "more")))
    )
    questions = (ground.asked(line, ground.values), *ground.verdict(verdict, reason))
    return Part("", "ws regime", (Words("ws ask regime"),), questions, ground.drawn, values=dict(ground.values))


@lru_cache(maxsize=8)
def product_line(solver: Solver) -> Line:
    """∂h_T/∂h_0 = ∏ ∂h_t/∂h_{t-1} of a scalar simple cell, each factor written out."""
    state = solver.program.states[0]
    last = solver.model.steps
    steps = [solver.equation(Block(state.at(t), state.at(t - 1), "step")) for t in range(last, 0, -1)]
    target = Block(state.at(last), state.at(0), "step")
    expression = matmul(*steps) if len(steps) > 1 else steps[0]
    setting = Setting(target, last, solver.program.parameters, solver.program.inputs, solver.program.states)
    wrong = dict.fromkeys(mutated(expression, setting))
    if len(steps) > 1:
        total = steps[0]
        for step in steps[1:]:
            total = total + step
        wrong[("R16", total)] = None
    return Line(f"d{state.name}[{last}]/d{state.name}[0]", target, expression, tuple(wrong))
