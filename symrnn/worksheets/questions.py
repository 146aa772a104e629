"""What a sheet asks: a quantity with its equation and answer, a formula, a choice, or words; a part for each task.

Data only. `answer` is a matrix of numbers, a formula's tree, the text of a choice, or the rubric's key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from symrnn.algebra.nodes import Node
from symrnn.algebra.programs import GIVEN, Reason
from symrnn.models.model import Model
from symrnn.worksheets.solving import Line, Rows
from symrnn.worksheets.variants import Recipe

Kind = Literal["number", "formula", "choice", "words"]
Needs = Literal["numbers", "equations", "nothing"]


@dataclass(frozen=True)
class Question:
    """One thing to answer. `id` is what stands in parentheses: a number for a line, a letter for anything else."""

    id: str
    key: str
    kind: Kind
    answer: Any
    points: int
    lhs: Node | None = None
    formula: Node | None = None
    line: Line | None = None
    """The equation that a wrong answer before is carried on by, and what single mistakes make of it."""
    prompt: tuple[str, tuple[Any, ...]] = ("", ())
    """The key of the sentence around the blank, and what it speaks of; the id and the blank are put in."""
    options: tuple[str, ...] = ()
    remark: tuple[str, tuple[Any, ...]] = ("", ())
    """What the key adds: the model answer of a question in words, or why a number is what it is."""
    rounded: bool = False
    """Whether the answer is rounded to four significant digits."""
    reason: Reason = GIVEN
    """Why the line holds, for the key."""
    gapped: Node | None = None
    """The right side with a gap for the answer, where only a piece is asked."""
    wrong: tuple[tuple[str, Rows], ...] = ()
    """(mistake, what it gives), where there is no line."""
    carried: Callable[[Mapping[str, Rows]], Rows] | None = None
    """What follows from answers before, where no equation of nodes says it."""

    @property
    def is_count(self) -> bool:
        """Whether a number of steps is asked, for which there is no equation."""
        return self.kind == "number" and self.line is None and self.carried is not None


@dataclass(frozen=True)
class Drawn:
    """A model's structure with the numbers of one variant, and what every line comes to."""

    recipe: Recipe
    model: Model
    values: dict[str, Rows]
    attempt: int
    """Which draw was kept."""


@dataclass(frozen=True)
class Part:
    """The questions of one task, under its heading."""

    task: str
    heading: str
    intro: tuple[Any, ...]
    """Words and tables before the questions."""
    questions: tuple[Question, ...]
    drawn: Drawn
    shown: tuple[Any, ...] = ()
    """Claims that are printed as they are: a calculation with a planted mistake."""
    needs: Needs = "nothing"
    """What a sheet gives of the model for it."""
    values: dict[str, Rows] = field(default_factory=dict)
    """Every value the part's answers are computed from, by key: what carried-forward answers are held against."""
