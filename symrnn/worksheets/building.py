"""The parts of a sheet: a row of `BUILDERS` for each kind of task turns it, a model and drawn numbers into questions.

Reads a `Ground` (what a part may need); returns a `Part`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import sympy as sp

from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import Block, BlockMatrix, Decimal, Node, Number, Parameter, diag, matmul, n, t
from symrnn.algebra.programs import GIVEN
from symrnn.checking.mutations import Setting, mutated
from symrnn.checking.numbers import sharp
from symrnn.documents.document import Claim, Formula, Table, Words
from symrnn.errors import InputError
from symrnn.models.model import Model
from symrnn.worksheets.drawing import Draws
from symrnn.worksheets.numbers import literal
from symrnn.worksheets.questions import Part, Question
from symrnn.worksheets.solving import Line, Rows, Solver
from symrnn.worksheets.stating import as_numbers, given_blocks
from symrnn.worksheets.tasks import Task, asked_lines
from symrnn.worksheets.variants import Recipe

VERDICTS = ("vanishes", "explodes", "neither")
PLANTED = (
    "R05",
    "R06",
    "R07",
    "R09",
    "R10",
    "R11",
    "R12",
    "R13",
    "R14",
    "R24",
    "F02",
    "F03",
    "F06",
    "L03",
    "L07",
    "L08",
)
"""Mistakes that are planted in a calculation: changes of one line that a reader can see."""


@dataclass
class Ground:
    """What the parts of one sheet stand on. Ids of lines count through the sheet, so do letters."""

    task: Task
    recipe: Recipe
    model: Model
    values: Mapping[str, Rows]
    draws: Callable[[str], Draws]
    has_forward: bool
    lines: int = 0
    letters: int = 0

    def number(self) -> str:
        """The next line's number."""
        self.lines += 1
        return str(self.lines)

    def letter(self) -> str:
        """The next letter."""
        self.letters += 1
        return chr(ord("a") + self.letters - 1)

    @property
    def solver(self) -> Solver:
        """The model's lines."""
        return self.recipe.solver


def build(ground: Ground) -> Part:
    """The part of a task; a teacher's title and text stand before symrnn's own."""
    part = BUILDERS[ground.task.kind](ground)
    own = tuple(Words("ws text", (words,)) for words in (ground.task.title, ground.task.text) if words)
    if own:
        part = replace(part, intro=(*own, *part.intro))
    return replace(part, task=ground.task.name)


def fits(task: Task, model: Model) -> bool:
    """Whether a task can be made from a model."""
    return task.kind != "regime" or is_scalar_cell(model)


def is_scalar_cell(model: Model) -> bool:
    """Whether it is h_t = f(W_h h_{t-1} + …) with numbers for states."""
    names = {p.name for p in model.program.parameters}
    simple = "W_h" in names and not any(name.startswith("U_") for name in names)
    return simple and len(model.program.states) == 1 and model.sizes.get("n", 1) == 1


# --- lines --------------------------------------------------------------------------------------------------------


def _lines(ground: Ground) -> Part:
    wanted = {line.key for line in ground.recipe.asked}
    asked = [line for line in asked_lines(ground.task, ground.solver) if line.key in wanted]
    backward = any(line.key.startswith("dL/d") for line in asked)
    forward = any(not line.key.startswith("dL/d") for line in asked)
    heading = "ws bptt" if backward else "ws forward"
    intro: list[Any] = []
    if not ground.task.text:
        intro.append(Words("ws ask forward" if forward else "ws ask bptt"))
    if backward and not ground.has_forward:
        intro += [Words("ws forward given"), _forward_table(ground)]
    questions = tuple(_asked(ground, line) for line in asked)
    return Part("", heading, tuple(intro), questions, values=dict(ground.values))


def _asked(ground: Ground, line: Line) -> Question:
    return Question(
        ground.number(), line.key, "number", ground.values[line.key], ground.task.points,
        lhs=line.target, formula=line.expression, line=line,
    )  # fmt: skip


def _forward_table(ground: Ground) -> Table:
    lines = ground.solver.forward
    shown = [(line.target, literal(ground.values[line.key], ground.recipe.rounded)) for line in lines]
    return Table(tuple(target for target, _ in shown), (tuple(value for _, value in shown),))


# --- the regime ---------------------------------------------------------------------------------------------------


def _regime(ground: Ground) -> Part:
    if not is_scalar_cell(ground.model):
        raise InputError(
            f"--tasks {ground.task.name}",
            found="a model that is no scalar simple cell",
            write="--tasks forward,bptt,spectrum",
        )
    line = product_line(ground.solver)
    values = ground.solver.solve(ground.values, lines=(line,))
    weight = values["W_h"][0][0].value
    bounded = bool(ground.recipe.activations)
    verdict = "vanishes" if abs(weight) < 1 else "neither" if abs(weight) == 1 else "explodes"
    reason: tuple[str, tuple[Any, ...]] = (
        ("regime bounded", (_number(weight),))
        if bounded
        else ("regime linear", (_number(weight), Words("less" if abs(weight) < 1 else "more")))
    )
    question = Question(
        ground.number(), line.key, "number", values[line.key], ground.task.points,
        lhs=line.target, formula=line.expression, line=line,
    )  # fmt: skip
    verdicts = _verdict(ground, verdict, reason)
    return Part("", "ws regime", (Words("ws ask regime"),), (question, *verdicts), values=values)


def _verdict(ground: Ground, verdict: str, reason: tuple[str, tuple[Any, ...]]) -> tuple[Question, Question]:
    points = ground.task.points
    return (
        Question(ground.letter(), "verdict", "choice", verdict, points, prompt=("ws verdict", ()), options=VERDICTS),
        Question(ground.letter(), "why", "words", "rubric regime", points, prompt=("ws why", ()), remark=reason),
    )


def product_line(solver: Solver) -> Line:
    """∂h_T/∂h_0 = ∏ ∂h_t/∂h_{t-1} of a scalar simple cell."""
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


def _number(value: Any) -> Node:
    return Number(sp.Rational(value.numerator, value.denominator)) if isinstance(value, Fraction) else Decimal(value)


# --- eigenvalues --------------------------------------------------------------------------------------------------


def _spectrum(ground: Ground) -> Part:
    draws = ground.draws("spectrum")
    eigen, matrix = _matrix(draws)
    radius = max(abs(value) for value in eigen)
    verdict = "vanishes" if radius < 1 else "explodes"
    entries = [_number(entry) for row in matrix for entry in row]
    found = {"lambda[1]": eigen[0], "lambda[2]": eigen[1], "rho": radius}
    written = {"lambda[1]": "lambda_1", "lambda[2]": "lambda_2", "rho": "rho"}
    names = {key: Parameter(name, (1, 1)) for key, name in written.items()}
    questions = [
        Question(ground.number(), key, "number", _scalar(value), ground.task.points, lhs=names[key])
        for key, value in found.items()
    ]
    verdicts = _verdict(ground, verdict, ("regime spectrum", (_number(radius),)))
    intro = (Words("ws ask spectrum", (BlockMatrix(2, *entries),)),)
    return Part("", "ws spectrum", intro, (*questions, *verdicts))


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


def _scalar(value: Fraction) -> Rows:
    return ((sharp(value),),)


# --- clipping and the threshold -------------------------------------------------------------------------------------

TRIPLES = ((3, 4, 5), (5, 12, 13), (8, 15, 17), (6, 8, 10))


def _clipping(ground: Ground) -> Part:
    draws = ground.draws("clipping")
    a, b, norm = draws.choice(TRIPLES)
    signs = [draws.choice((1, -1)) for _ in range(2)]
    gradient = [Fraction(sign * value, 2) for sign, value in zip(signs, draws.shuffled([a, b]), strict=True)]
    # Below the larger entry and the norm, above nothing: both kinds of clipping act, and differently.
    threshold = Fraction(norm, draws.choice((4, 5, 10)))
    by_value = [max(-threshold, min(threshold, entry)) for entry in gradient]
    by_norm = [entry * threshold / Fraction(norm, 2) for entry in gradient]
    names = {"g_value": by_value, "g_norm": by_norm}
    questions = tuple(
        Question(
            ground.number(), key, "number", tuple((sharp(entry),) for entry in answer), ground.task.points,
            lhs=Parameter(key, (2, 1)),
        )
        for key, answer in names.items()
    )  # fmt: skip
    intro = (Words("ws ask clipping", (BlockMatrix(1, *map(_number, gradient)), _number(threshold))),)
    return Part("", "ws clipping", intro, questions)


def _threshold(ground: Ground) -> Part:
    draws = ground.draws("threshold")
    row = lookup(draws.choice(("tanh", "sigmoid", "hard_sigmoid", "relu")))
    answer = 1 / sp.Rational(row.bound)
    name = Parameter("w_max", (1, 1))
    question = Question(
        ground.number(),
        "w_max",
        "number",
        _scalar(Fraction(int(answer.p), int(answer.q))),
        ground.task.points,
        lhs=name,
    )
    return Part("", "ws threshold", (Words("ws ask threshold", (row.name.replace("_", " "),)),), (question,))


# --- the planted mistake ----------------------------------------------------------------------------------------------


def _error(ground: Ground) -> Part:
    """A calculation of the same model with numbers of its own, in which one line follows a mistake."""
    draws = ground.draws("error")
    recipe = ground.recipe
    model, values, _ = replace(recipe, asked=()).draw(lambda attempt: ground.draws(f"error {attempt}"), set())
    shown = [line for line in ground.solver.lines if not line.key.startswith("dL/dx")]
    places = [
        (line, row, node)
        for line in shown
        for row, node in line.wrong
        if row in PLANTED and (found := ground.solver.value(node, values)) is not None and found != values[line.key]
    ]
    if not places:
        raise InputError(f"--tasks {ground.task.name}", found="no line in which a mistake shows", write="another model")
    line, _, node = draws.choice(places)
    wrong = ground.solver.solve(ground.solver.givens(model), {line.key: node})
    claims, first = [], ground.lines + 1
    for each in shown:
        formula = as_numbers(each.expression)
        result = literal(wrong[each.key], recipe.rounded)
        claims.append(Claim(each.target, formula, GIVEN, more=(("=", result),), numeric=True))
        ground.number()
    at = str(first + shown.index(line))
    right = ground.solver.solve(wrong, lines=(line,))[line.key]
    questions = (
        Question(
            ground.letter(), "which line", "choice", at, ground.task.points, prompt=("ws which line", ()),
            options=tuple(str(first + number) for number in range(len(shown))),
        ),
        Question(ground.letter(), "right value", "number", right, ground.task.points, prompt=("ws right value", ())),
    )  # fmt: skip
    intro = (*given_blocks(model, recipe), Words("ws ask error"))
    return Part("", "ws error", intro, questions, shown=tuple(claims))


# --- formulas and names -----------------------------------------------------------------------------------------------


def _formulas() -> tuple[tuple[str, Node], ...]:
    """(key of the name, formula)."""
    from symrnn.algebra.nodes import Ones, Signal, add, hadamard, negate, power, transpose

    h, i, f = (Signal(name, (n, 1), t) for name in ("h", "i", "f"))
    candidate = Signal("c_tilde", (n, 1), t)
    delta, after = (Signal("delta", (n, 1), at) for at in (t, t + 1))
    one, slope = Ones(n, 1), add(Ones(n, 1), negate(power(h, 2)))
    weight = Parameter("W_h", (n, n))
    return (
        ("match tanh", slope),
        ("match sigma", hadamard(f, add(one, negate(f)))),
        ("match delta", hadamard(slope, matmul(transpose(weight), after))),
        ("match share", matmul(delta, transpose(Signal("h", (n, 1), t - 1)))),
        ("match step", matmul(diag(slope), weight)),
        ("match carry", add(hadamard(f, Signal("c", (n, 1), t - 1)), hadamard(i, candidate))),
    )


def _match(ground: Ground) -> Part:
    draws = ground.draws("match")
    pairs = draws.shuffled(_formulas())
    names = draws.shuffled([key for key, _ in pairs])
    letters = tuple(chr(ord("A") + place) for place in range(len(names)))
    listed = tuple(Words("ws match name", (letter, Words(key))) for letter, key in zip(letters, names, strict=True))
    questions = tuple(
        Question(
            ground.letter(), key, "choice", letters[names.index(key)], ground.task.points,
            prompt=("ws match line", (Formula(formula),)), options=letters,
        )
        for key, formula in pairs
    )  # fmt: skip
    return Part("", "ws match", (Words("ws ask match"), *listed), questions)


BUILDERS: Mapping[str, Callable[[Ground], Part]] = MappingProxyType(
    {
        "lines": _lines,
        "regime": _regime,
        "spectrum": _spectrum,
        "clipping": _clipping,
        "threshold": _threshold,
        "error": _error,
        "match": _match,
    }
)
"""One row for each kind of task."""
