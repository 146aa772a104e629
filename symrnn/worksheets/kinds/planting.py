"""A calculation with one planted mistake: which line it is in, and what should stand there."""

from __future__ import annotations

from dataclasses import replace

from symrnn.algebra.programs import GIVEN
from symrnn.documents.document import Claim, Words
from symrnn.errors import InputError
from symrnn.worksheets.kinds.ground import Ground
from symrnn.worksheets.numbers import literal
from symrnn.worksheets.questions import Part, Question
from symrnn.worksheets.stating import as_numbers, equals, given_blocks

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


def error_part(ground: Ground) -> Part:
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
        claims.append(Claim(each.target, formula, GIVEN, more=((equals(result), result),), numeric=True))
        ground.number()
    at = str(first + shown.index(line))
    right = ground.solver.solve(wrong, lines=(line,))[line.key]
    questions = (
        Question(
            ground.letter(), "which line", "choice", at, ground.task.points, prompt=("ws which line", ()),
            options=tuple(str(first + number) for number in range(len(shown))),
        ),
        Question(
            ground.letter(), "right value", "number", right, ground.task.points, prompt=("ws right value", ()),
            rounded=recipe.rounds(right),
        ),
    )  # fmt: skip
    intro = (*given_blocks(model, recipe), Words("ws ask error"))
    return Part("", "ws error", intro, questions, ground.drawn, shown=tuple(claims))
