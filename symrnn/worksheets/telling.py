"""What wrong answers tell: of every question the wrong answers that known mistakes give, with those that give each.

Reads a `Sheet`'s parts; returns `Told`s, in the order of the questions, without mistakes that give the right answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from symrnn.algebra.nodes import Node
from symrnn.worksheets.habits import given_keys, habits_at
from symrnn.worksheets.questions import Drawn, Part, Question
from symrnn.worksheets.solving import Rows
from symrnn.worksheets.variants import Confusion, confusions
from symrnn.worksheets.views import apart


@dataclass(frozen=True)
class Told:
    """A wrong answer of a question (a number, or a formula) and the mistakes that give it."""

    question: Question
    answer: Rows | Node
    rows: tuple[str, ...]


def told(parts: Iterable[Part]) -> list[Told]:
    """Every question's wrong answers."""
    known: dict[int, list[Confusion]] = {}
    found: list[Told] = []
    for part in parts:
        if part.needs == "numbers" and id(part.drawn) not in known:
            known[id(part.drawn)] = confusions(part.drawn.recipe, part.drawn.values)
        found += _told(part, known.get(id(part.drawn), []))
    return found


def _told(part: Part, found: list[Confusion]) -> Iterator[Told]:
    drawn = part.drawn
    asked = {line.key for line in drawn.recipe.asked}
    for question in part.questions:
        if question.kind == "number" and part.needs == "numbers" and question.key in asked:
            single = [Told(question, each.answer, each.rows) for each in found if each.key == question.key]
            yield from single
            yield from _throughout(question, drawn, [each.answer for each in single])
        elif question.kind == "number":
            yield from _grouped(question, numbers_of(question, part))
        elif question.kind == "formula":
            # Reading formulas takes the reader of workings, which sheets of numbers do without.
            from symrnn.worksheets.formulas import FormulaPoints

            yield from (Told(question, node, rows) for node, rows in FormulaPoints.of(drawn.recipe).told(question))


def _throughout(question: Question, drawn: Drawn, known: Sequence[Any]) -> Iterator[Told]:
    """What mistakes give that are made at every place of a line and in every line before it that is not asked."""
    recipe = drawn.recipe
    assert question.line is not None
    asked = {line.key: drawn.values[line.key] for line in recipe.asked}
    given = given_keys(recipe.solver, recipe.asked)
    made = habits_at(recipe.solver, question.line, drawn.values, asked, given)
    for each in _grouped(question, made):
        if all(apart(each.answer, other, question.rounded) for other in known):
            yield each


def numbers_of(question: Question, part: Part) -> Iterator[tuple[str, Rows]]:
    """What each mistake makes of a question that is no line of the model."""
    yield from question.wrong
    if question.line is not None:
        for row, node in question.line.wrong:
            value = part.drawn.recipe.solver.value(node, part.values)
            if value is not None:
                yield row, value


def _grouped(question: Question, wrong: Iterable[tuple[str, Rows]]) -> Iterator[Told]:
    groups: list[tuple[Rows, list[str]]] = []
    for row, value in wrong:
        if not apart(value, question.answer, question.rounded):
            continue
        for other, rows in groups:
            if not apart(value, other, question.rounded):
                rows.append(row)
                break
        else:
            groups.append((value, [row]))
    yield from (Told(question, value, tuple(dict.fromkeys(rows))) for value, rows in groups)


def silent_rows(parts: Iterable[Part], seen: Any) -> list[str]:
    """Mistakes that never show in any line that is asked, beyond those that were seen elsewhere."""
    found: set[str] = set()
    for part in parts:
        if part.needs == "numbers":
            keys = {question.key for question in part.questions}
            found |= {row for key, row in part.drawn.recipe.silent if key in keys}
    return sorted(found - set(seen))
