"""What the parts of one sheet stand on, and what several kinds of tasks ask alike.

Reads a `Drawn` (a model with a variant's numbers); gives the next number, the next letter, and common questions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from symrnn.algebra.nodes import Decimal, Node, Number
from symrnn.checking.numbers import sharp
from symrnn.models.model import Model
from symrnn.worksheets.drawing import Draws
from symrnn.worksheets.questions import Drawn, Question
from symrnn.worksheets.solving import Line, Rows, Solver
from symrnn.worksheets.tasks import Task
from symrnn.worksheets.variants import Recipe

VERDICTS = ("vanishes", "explodes", "neither")


@dataclass
class Ground:
    """What a part may need. Ids of lines count through the sheet, so do letters."""

    task: Task
    drawn: Drawn
    draws: Callable[[str], Draws]
    has_forward: bool
    lines: int = 0
    letters: int = 0

    @property
    def recipe(self) -> Recipe:
        """The structure and what is asked of it."""
        return self.drawn.recipe

    @property
    def model(self) -> Model:
        """The model with this variant's numbers."""
        return self.drawn.model

    @property
    def values(self) -> Mapping[str, Rows]:
        """What every line comes to."""
        return self.drawn.values

    @property
    def solver(self) -> Solver:
        """The model's lines."""
        return self.recipe.solver

    def number(self) -> str:
        """The next line's number."""
        self.lines += 1
        return str(self.lines)

    def letter(self) -> str:
        """The next letter; after z comes aa."""
        self.letters += 1
        before, last = divmod(self.letters - 1, 26)
        return (chr(ord("a") + before - 1) if before else "") + chr(ord("a") + last)

    def asked(self, line: Line, values: Mapping[str, Rows]) -> Question:
        """A quantity of the model with its equation."""
        return Question(
            self.number(), line.key, "number", values[line.key], self.task.points,
            lhs=line.target, formula=line.expression, line=line, rounded=self.recipe.rounded,
        )  # fmt: skip

    def verdict(self, verdict: str, reason: tuple[str, tuple[Any, ...]]) -> tuple[Question, Question]:
        """Vanishes, explodes or neither, and why."""
        points = self.task.points
        return (
            Question(self.letter(), "verdict", "choice", verdict, points, prompt=("ws verdict", ()), options=VERDICTS),
            Question(self.letter(), "why", "words", "rubric regime", points, prompt=("ws why", ()), remark=reason),
        )


def is_scalar_cell(model: Model) -> bool:
    """Whether it is h_t = f(W_h h_{t-1} + …) with numbers for states."""
    names = {p.name for p in model.program.parameters}
    # In a gated cell W_h is another matrix.
    simple = "W_h" in names and not any(name.startswith("U_") for name in names)
    return simple and len(model.program.states) == 1 and model.sizes.get("n", 1) == 1


def shown(value: Any) -> Node:
    """A number as a node."""
    return Number(sp.Rational(value.numerator, value.denominator)) if isinstance(value, Fraction) else Decimal(value)


def scalar(value: Any) -> Rows:
    """A number as the answer of a question."""
    return ((sharp(value),),)
