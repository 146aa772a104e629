"""Vanishes, explodes or neither: ∂h_T/∂h_0 of a scalar cell, and what it does over more and more steps."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from symrnn.algebra.nodes import Block, matmul
from symrnn.checking.mutations import Setting, mutated
from symrnn.documents.document import Words
from symrnn.errors import InputError
from symrnn.models.model import Model
from symrnn.worksheets.kinds.ground import Ground, is_scalar_cell, shown
from symrnn.worksheets.numbers import largest_slope
from symrnn.worksheets.questions import Part, Question
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
    asked = ground.asked(line, ground.values)
    if ground.recipe.activations:
        intro, verdict = "ws ask regime bounded", _of_the_bound(ground, weight)
    else:
        intro, verdict = "ws ask regime", _of_the_weight(ground, weight)
    return Part("", "ws regime", (Words(intro),), (asked, *verdict), ground.drawn, values=dict(ground.values))


def _of_the_weight(ground: Ground, weight: Any) -> tuple[Question, Question]:
    """A linear recurrence multiplies by the weight: its absolute value decides."""
    size = abs(weight)
    verdict = "vanishes" if size < 1 else "neither" if size == 1 else "explodes"
    compared = Words("less" if size < 1 else "exactly" if size == 1 else "more")
    return ground.verdict(verdict, ("regime linear", (shown(weight), compared)))


def _of_the_bound(ground: Ground, weight: Any) -> tuple[Question, Question]:
    """With an activation |w| sup|f'| bounds the factor of a step: below 1 it decides, else nothing follows from it."""
    bound = abs(weight) * largest_slope(ground.recipe.activations)
    reason = ("regime bounded" if bound < 1 else "regime open", (shown(abs(weight)), shown(bound)))
    verdict, why = ground.verdict("vanishes" if bound < 1 else "open", reason)
    return replace(verdict, prompt=("ws verdict bound", ()), options=BOUNDED), why


BOUNDED = ("vanishes", "explodes", "open")
"""What may be answered; that it explodes never follows from a bound."""


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
