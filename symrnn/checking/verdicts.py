"""What a link can be found to be, and what is reported of it.

A verdict is about one `=` or `≈`. *Could not read*, *could not decide* and *wrong* are three answers, never one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """From fine to wrong."""

    GIVEN = "given"
    """A definition, or a value that nothing determines."""
    RIGHT = "right"
    """Equal."""
    ROUNDED = "rounded"
    """True to the digits shown, or off by what carried rounding explains."""
    LAST_DIGIT = "last_digit"
    """Off by at most one unit of the last digit."""
    NOTATION = "notation"
    """A run-on equality: the numbers are meant right, the equality as written is false."""
    UNDECIDED = "undecided"
    """Read, and not decided: something it needs is not known."""
    UNREAD = "unread"
    """Not read."""
    FOLLOWS = "follows"
    """Right, given an earlier wrong line."""
    LUCKY = "lucky"
    """The value is right, the displayed equality is false; or true at these numbers, false as a formula."""
    UNDEFINED = "undefined"
    """A division by zero, the logarithm of nothing."""
    WRONG = "wrong"
    """Not equal."""


FINE = frozenset({Verdict.GIVEN, Verdict.RIGHT, Verdict.ROUNDED, Verdict.LAST_DIGIT})
FINDINGS = frozenset({Verdict.WRONG, Verdict.FOLLOWS, Verdict.LUCKY, Verdict.UNDEFINED})
"""What makes `symrnn check` return 1 unless `--fail-on` says otherwise."""
ORDER = tuple(Verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of a line: that of its worst link.

    >>> worst([Verdict.RIGHT, Verdict.FOLLOWS, Verdict.ROUNDED]).value
    'follows'
    """
    return max(verdicts, key=ORDER.index)


@dataclass(frozen=True)
class Reason:
    """Why: a message in English with places for what it speaks of; translated where it is shown."""

    message: str
    about: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return self.message.format(*self.about)


@dataclass(frozen=True)
class Diagnosis:
    """A mistake that reproduces what is written: its row's id, and the line as it should be."""

    id: str
    sentence: str
    wrong: str
    right: str
    corrected: str = ""
    name: str = ""


@dataclass(frozen=True)
class Place:
    """Where a link stands: file, line and column from 1, how long it is, and the line's text."""

    line: int
    column: int
    length: int
    text: str
    file: str | None = None


@dataclass(frozen=True)
class Piece:
    """The smallest factor or summand of a wrong link that differs, and how: another, missing, or too much."""

    place: Place
    text: str
    reason: Reason


@dataclass(frozen=True)
class Finding:
    """One link and what was found."""

    place: Place
    text: str
    verdict: Verdict
    reason: Reason | None = None
    written: str = ""
    expected: str | None = None
    follows_from: int | None = None
    mistakes: tuple[Diagnosis, ...] = ()
    piece: Piece | None = None
    chain: int = 0


@dataclass(frozen=True)
class Unread:
    """A line, or a piece of one, that could not be read, and why."""

    place: Place
    text: str
    reason: str


@dataclass(frozen=True)
class Report:
    """Everything found in one text."""

    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()
    model: str = ""
    source: str = ""
    file: str | None = None
    notes: tuple[Reason, ...] = field(default=())

    @property
    def first_wrong(self) -> int | None:
        """The index of the first link that is wrong, or None."""
        return next((k for k, found in enumerate(self.findings) if found.verdict == Verdict.WRONG), None)

    @property
    def tally(self) -> dict[str, int]:
        """How often each verdict was found; `unread` counts the pieces that could not be read."""
        counts = Counter(found.verdict.value for found in self.findings)
        tally = {verdict.value: counts[verdict.value] for verdict in Verdict if counts[verdict.value]}
        if self.unread:
            tally["unread"] = tally.get("unread", 0) + len(self.unread)
        return {"links": len(self.findings), **tally}

    def __str__(self) -> str:
        """`27 links, 24 right, 1 wrong (line 14), 2 follow from it`."""
        tally = self.tally
        right = sum(tally.get(verdict.value, 0) for verdict in (Verdict.RIGHT, Verdict.ROUNDED, Verdict.LAST_DIGIT))
        parts = [f"{len(self.findings)} links", f"{right} right"]
        if self.first_wrong is not None:
            line = self.findings[self.first_wrong].place.line
            parts.append(f"{tally['wrong']} wrong (the first in line {line})")
        words = {"follows": "follow", "lucky": "lucky", "undefined": "undefined", "undecided": "undecided"}
        parts += [f"{tally[key]} {word}" for key, word in words.items() if key in tally]
        return ", ".join([*parts, *([f"{len(self.unread)} unread"] if self.unread else [])])

    def has(self, verdicts: Iterable[Verdict]) -> bool:
        """Whether any link has one of these verdicts."""
        wanted = set(verdicts)
        return any(found.verdict in wanted for found in self.findings) or (
            Verdict.UNREAD in wanted and bool(self.unread)
        )
