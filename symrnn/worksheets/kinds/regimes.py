"""Vanishes, explodes or neither: of a scalar cell, of a matrix by its eigenvalues; where the bound stops holding."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import Block, BlockMatrix, Parameter, matmul
from symrnn.checking.mutations import Setting, mutated
from symrnn.documents.document import Words
from symrnn.errors import InputError
from symrnn.models.model import Model
from symrnn.worksheets.drawing import Draws
from symrnn.worksheets.kinds.ground import Ground, is_scalar_cell, scalar, shown
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


# --- eigenvalues --------------------------------------------------------------------------------------------------


def spectrum_part(ground: Ground) -> Part:
    """Eigenvalues and spectral radius of a matrix of its own, and what follows."""
    eigen, matrix = _matrix(ground.draws("spectrum"))
    radius = max(abs(value) for value in eigen)
    verdict = "vanishes" if radius < 1 else "explodes"
    entries = [shown(entry) for row in matrix for entry in row]
    found = {"lambda[1]": eigen[0], "lambda[2]": eigen[1], "rho": radius}
    written = {"lambda[1]": "lambda_1", "lambda[2]": "lambda_2", "rho": "rho"}
    names = {key: Parameter(name, (1, 1)) for key, name in written.items()}
    questions = [
        Question(ground.number(), key, "number", scalar(value), ground.task.points, lhs=names[key])
        for key, value in found.items()
    ]
    verdicts = ground.verdict(verdict, ("regime spectrum", (shown(radius),)))
    intro = (Words("ws ask spectrum", (BlockMatrix(2, *entries),)),)
    return Part("", "ws spectrum", intro, (*questions, *verdicts), ground.drawn)


def _matrix(draws: Draws) -> tuple[tuple[Fraction, Fraction], tuple[tuple[Fraction, ...], ...]]:
    """A matrix with two different rational eigenvalues: S diag(λ) S⁻¹ with a whole S of determinant 1."""
    halves = [Fraction(number, 2) for number in (-3, -1, 1, 3, 4, -4)] + [
        Fraction(3, 4),
        Fraction(-3, 4),
        Fraction(1, 4),
    ]
    while True:
        low, high = sorted((draws.choice(halves), draws.choice(halves)))
        p, q = draws.choice((1, 2, -1)), draws.choice((1, -1, 2))
        # S = [[1 + pq, p], [q, 1]], S⁻¹ = [[1, −p], [−q, 1 + pq]].
        s, d = 1 + p * q, high - low
        matrix = ((low * s - high * p * q, d * p * s), (-d * q, high * s - low * p * q))
        if d and abs(low) != abs(high) and all(entry != 0 for row in matrix for entry in row):
            return (low, high), matrix


# --- the threshold --------------------------------------------------------------------------------------------------


def threshold_part(ground: Ground) -> Part:
    """The absolute value of the weight at which |w| sup|f'| < 1 stops holding."""
    row = lookup(ground.draws("threshold").choice(("tanh", "sigmoid", "hard_sigmoid", "relu")))
    answer = scalar(Fraction(str(1 / row.bound)))
    name = Parameter("w_max", (1, 1))
    question = Question(ground.number(), "w_max", "number", answer, ground.task.points, lhs=name)
    intro = (Words("ws ask threshold", (row.name.replace("_", " "),)),)
    return Part("", "ws threshold", intro, (question,), ground.drawn)
