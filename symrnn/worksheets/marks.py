"""Marks: what is true of an answer, its points, and a class's together. Data only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from symrnn.algebra.nodes import Node
from symrnn.worksheets.questions import Question
from symrnn.worksheets.sheets import Sheet
from symrnn.worksheets.words import word


class Verdict(Enum):
    """What is true of an answer."""

    RIGHT = "right"
    FOLLOWS = "follows"
    METHOD = "method"
    WRONG = "wrong"
    EMPTY = "empty"
    UNREAD = "unread"
    RUBRIC = "rubric"


FULL = frozenset({Verdict.RIGHT, Verdict.FOLLOWS})


@dataclass(frozen=True)
class Mark:
    """One answer's verdict, its points, and the mistakes that give exactly what was written."""

    question: Question
    written: str
    verdict: Verdict
    points: Fraction
    expected: str
    mistakes: tuple[str, ...] = ()
    problem: tuple[str, ...] = ()
    """Why nothing was read: the key of a sentence, and what it speaks of."""
    own: Node | None = None
    """What follows from the student's own values, where that differs from the right value."""

    @property
    def is_empty(self) -> bool:
        """Whether there is no answer; of one in words too."""
        return self.verdict is Verdict.EMPTY or (self.verdict is Verdict.RUBRIC and not self.written)


@dataclass(frozen=True)
class Marked:
    """A sheet's marks."""

    sheet: Sheet
    student: str
    marks: tuple[Mark, ...]
    source: str = ""

    @property
    def points(self) -> Fraction:
        """What was reached, without what a person marks."""
        return sum((mark.points for mark in self.marks), Fraction(0))

    @property
    def worth(self) -> int:
        """What could be reached, without what a person marks."""
        return sum(mark.question.points for mark in self.marks if mark.question.kind != "words")

    @property
    def by_hand(self) -> int:
        """The points of questions in words, which a person gives."""
        return sum(mark.question.points for mark in self.marks if mark.question.kind == "words")

    @property
    def is_blank(self) -> bool:
        """Whether nothing was answered."""
        return all(mark.is_empty for mark in self.marks)


@dataclass(frozen=True)
class Remark:
    """What is to be said about a file: the key of a sentence, and what it speaks of."""

    source: str
    key: str
    about: tuple[str, ...] = ()

    def text(self, language: str) -> str:
        """The sentence, with the file before it."""
        return f"{self.source}: {word(self.key, language, *self.about)}"


@dataclass(frozen=True)
class Results:
    """A class's marks, what could not be marked, what was odd, and who handed in nothing."""

    marked: tuple[Marked, ...]
    broken: tuple[Remark, ...] = ()
    remarks: tuple[Remark, ...] = ()
    blank: tuple[str, ...] = ()
    """The ids of sheets that came back without any answer."""
    missing: tuple[tuple[str, str], ...] = ()
    """(id, student) of those from whom there is no answer."""

    @property
    def is_clean(self) -> bool:
        """Whether everything that came back was marked, and nothing about it was odd."""
        return not self.broken and not self.remarks

    def mistakes(self) -> Counter[str]:
        """In how many sheets each mistake was found; an answer that several mistakes give counts for each."""
        found: Counter[str] = Counter()
        for sheet in self.marked:
            found.update({row for mark in sheet.marks for row in mark.mistakes})
        return found


def points_text(points: Fraction) -> str:
    """Points as a decimal; halves and thirds of points are the smallest there are.

    >>> points_text(Fraction(5, 2)), points_text(Fraction(3))
    ('2.5', '3')
    """
    return f"{float(points):.2f}".rstrip("0").rstrip(".")
