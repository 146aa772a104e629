"""Tasks with numbers of their own, which are no model's: their lines, a draw that serves, the questions made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from symrnn.algebra.nodes import Node, Number, Parameter, Signal
from symrnn.errors import LimitError
from symrnn.worksheets.drawing import Draws
from symrnn.worksheets.kinds.ground import Ground
from symrnn.worksheets.questions import Question
from symrnn.worksheets.solving import Line, Rows, key_of
from symrnn.worksheets.views import apart

MOST_DRAWS = 200
NONE: Mapping[str, Any] = MappingProxyType({})

Wrong = Mapping[str, "Node | tuple[Node, ...]"]


@dataclass(frozen=True)
class OwnNumbers:
    """What is given, the lines that are asked with what they come to, and what a task's text speaks of."""

    lines: tuple[Line, ...]
    values: Mapping[str, Rows]
    about: Any = None


def own_line(target: Parameter | Signal, right: Node, wrong: Wrong) -> Line:
    """A quantity with its formula, and what mistakes make of it: one formula or several for each row of the table."""
    pairs = ((row, node) for row, made in wrong.items() for node in (made if isinstance(made, tuple) else (made,)))
    return Line(key_of(target), target, right, tuple(pairs))


def drawn_numbers(
    ground: Ground, name: str, made: Callable[[Draws], tuple[Sequence[Line], Mapping[str, Rows], Any]]
) -> OwnNumbers:
    """The first draw in which no mistake gives the right answer.

    Raises:
        LimitError: there was none.
    """
    for attempt in range(MOST_DRAWS):
        lines, given, about = made(ground.draws(f"{name} {attempt}"))
        values = dict(given)
        for line in lines:
            found = ground.solver.value(line.expression, values)
            assert found is not None, line.key
            values[line.key] = found
        if all(_shows(ground, line, values) for line in lines):
            return OwnNumbers(tuple(lines), values, about)
    raise LimitError(name, found=f"no numbers in {MOST_DRAWS} draws in which every mistake shows", write="another seed")


def _shows(ground: Ground, line: Line, values: Mapping[str, Rows]) -> bool:
    found = (ground.solver.value(node, values) for _, node in line.wrong)
    return all(wrong is None or apart(wrong, values[line.key], False) for wrong in found)


def own_questions(ground: Ground, numbers: OwnNumbers, remarks: Mapping[str, Any] = NONE) -> tuple[Question, ...]:
    """A question for each line; what the key adds to some of them."""
    return tuple(
        Question(
            ground.number(), line.key, "number", numbers.values[line.key], ground.task.points,
            lhs=line.target, formula=None if isinstance(line.expression, Number) else line.expression, line=line,
            remark=remarks.get(line.key, ("", ())),
        )
        for line in numbers.lines
    )  # fmt: skip


def given_of(names: Iterable[Parameter], values: Iterable[Rows]) -> dict[str, Rows]:
    """What is given, by key."""
    return {key_of(name): rows for name, rows in zip(names, values, strict=True)}
