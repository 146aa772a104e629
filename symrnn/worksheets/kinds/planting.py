"""A calculation with one planted mistake: which line it is in, and what should stand there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symrnn.algebra.nodes import Node
from symrnn.algebra.programs import GIVEN
from symrnn.checking.numbers import TooLarge, Undefined, real
from symrnn.documents.document import Claim, Words
from symrnn.errors import InputError, SymrnnError
from symrnn.worksheets.coincidences import Table, as_listed
from symrnn.worksheets.kinds.ground import Ground
from symrnn.worksheets.numbers import CARRIED, literal
from symrnn.worksheets.questions import Drawn, Part, Question
from symrnn.worksheets.solving import Line, Rows
from symrnn.worksheets.stating import as_numbers, cell_words, equals, given_blocks, how_they_come_out
from symrnn.worksheets.views import apart

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


SCALE_LIMIT = 1000
"""A calculation with numbers beyond it, or below its inverse, shows its mistake without being read."""


MOST_DRAWS = 10


def error_part(ground: Ground) -> Part:
    """A calculation of the same model with numbers of its own, in which one line follows a mistake."""
    shown = [line for line in ground.solver.lines if not line.key.startswith("dL/dx")]
    drawn, line, wrong = _calculation(ground, shown)
    recipe, model, values = ground.recipe, drawn.model, drawn.values
    claims, first = [], ground.lines + 1
    for each in shown:
        formula = as_numbers(each.expression)
        result = literal(wrong[each.key], recipe.rounded, CARRIED)
        claims.append(Claim(each.target, formula, GIVEN, more=((equals(result), result),), numeric=True))
        ground.number()
    right = values[line.key]
    questions = (
        Question(
            ground.letter(), "which line", "choice", str(first + shown.index(line)), ground.task.points,
            prompt=("ws which line", ()), options=tuple(str(first + number) for number in range(len(shown))),
        ),
        Question(
            ground.letter(), "right value", "number", right, ground.task.points, prompt=("ws right value", ()),
            rounded=recipe.rounds(right), wrong=tuple(_answers(line, drawn)),
        ),
    )  # fmt: skip
    intro = (*cell_words(model), *given_blocks(model, recipe), how_they_come_out(recipe), Words("ws ask error"))
    return Part("", "ws error", intro, questions, drawn, shown=tuple(claims))


def _calculation(ground: Ground, shown: Sequence[Line]) -> tuple[Drawn, Line, Table]:
    """Numbers, the line with the mistake, and what comes of it: the first that is good to read, else the first."""
    found: list[tuple[Drawn, Line, Table]] = []
    recipe = replace(ground.recipe, asked=())
    for count in range(MOST_DRAWS):
        model, values, kept = recipe.draw(lambda attempt, count=count: ground.draws(f"error {count} {attempt}"), set())  # type: ignore[misc]  # mypy does not infer the default
        drawn = replace(ground.drawn, model=model, values=values, attempt=kept)
        for line, wrong in _carried(ground, drawn, ground.draws("error").shuffled(list(_places(shown, drawn)))):
            found.append((drawn, line, wrong))
            if _is_readable(wrong, shown):
                return found[-1]
    if not found:
        raise InputError(f"--tasks {ground.task.name}", found="no line in which a mistake shows", write="another model")
    return found[0]


def _places(shown: Sequence[Line], drawn: Drawn) -> Iterator[tuple[Line, Node]]:
    """The lines, each with an equation of a mistake that shows in its number and reads nothing that comes later."""
    known = drawn.recipe.solver.givens(drawn.model)
    for line in drawn.recipe.solver.lines:
        right = drawn.values[line.key]
        for row, node in line.wrong if line in shown else ():
            found = drawn.recipe.solver.value(node, known) if row in PLANTED else None
            if found is not None and _shape(found) == _shape(right) and apart(found, right, drawn.recipe.rounds(right)):
                yield line, node
        known[line.key] = right


def _carried(ground: Ground, drawn: Drawn, places: Sequence[tuple[Line, Node]]) -> Iterator[tuple[Line, Table]]:
    """What every line comes to after a mistake, where all of them have a value."""
    given = ground.solver.givens(drawn.model)
    for line, node in places:
        try:
            yield line, ground.solver.solve(given, {line.key: node})
        except (SymrnnError, TooLarge, Undefined, ZeroDivisionError):
            continue


def _is_readable(wrong: Table, shown: Sequence[Line]) -> bool:
    """Whether no number is extreme, and none is 0: where ReLU is off, nothing can be seen."""
    sizes = (abs(real(entry.value)) for line in shown for row in wrong[line.key] for entry in row)
    return all(1 <= size * SCALE_LIMIT <= SCALE_LIMIT**2 for size in sizes)


def _answers(line: Line, drawn: Drawn) -> Iterator[tuple[str, Rows]]:
    """What mistakes make of the line that is to be mended, where it is not what is right there."""
    right = drawn.values[line.key]
    for row, node in line.wrong:
        found = drawn.recipe.solver.value(node, drawn.values)
        if found is not None and apart(as_listed(found, right), right, drawn.recipe.rounds(right)):
            yield row, found


def _shape(rows: Rows) -> tuple[int, int]:
    return len(rows), len(rows[0])
