"""What a sheet asks: a quantity with its equation and answer, a choice, or words; grouped in parts, one for each task.

Data only. `answer` is a matrix of numbers, the text of a choice, or the rubric's key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from symrnn.algebra.nodes import Node
from symrnn.worksheets.solving import Line, Rows

Kind = Literal["number", "choice", "words"]


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
    prompt: tuple[str, tuple[Any, ...]] = ("", ())
    """The key of the sentence around the blank, and what it speaks of; the id and the blank are put in."""
    options: tuple[str, ...] = ()
    remark: tuple[str, tuple[Any, ...]] = ("", ())
    """What the key adds: the model answer of a question in words."""


@dataclass(frozen=True)
class Part:
    """The questions of one task, under its heading."""

    task: str
    heading: str
    intro: tuple[Any, ...]
    """Words and tables before the questions."""
    questions: tuple[Question, ...]
    shown: tuple[Any, ...] = ()
    """Claims that are printed as they are: a calculation with a planted mistake."""
    values: dict[str, Rows] = field(default_factory=dict)
    """Every value of the part's model, by key: what carried-forward answers are held against."""
