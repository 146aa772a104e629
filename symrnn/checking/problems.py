"""The problems of one text: `Q1`, `Exercise 2`, `例题 3`; each may be about a cell of its own.

Reads a working; returns its parts in order, each with the text that stands before the first problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from symrnn.checking.claims import Working

_MARK = re.compile(
    r"^[ \t>#*_\\{}]*+(?:(?:sub)*section\*?\{)?[ \t]*+"
    r"(?:(?:Q|Question|Problem|Exercise|Example|Task|Aufgabe)[ \t]*\.?[ \t]*(\d{1,2})(?![\d.]*\d)\b"
    r"|(?:例题?|习题|题目|问题|练习)[ \t]*([\d一二三四五六七八九十]{1,2}))",
    re.MULTILINE | re.IGNORECASE,
)
MOST_PROBLEMS = 40


@dataclass(frozen=True)
class Problem:
    """The lines of one problem; `said` is what may define its cell, with the text before the first problem."""

    working: Working
    said: Working


def problems_in(working: Working) -> tuple[Problem, ...]:
    """The problems of a working, or none where it has but one.

    >>> from symrnn.checking.reading.workings import read_working
    >>> text = "Q1. The cell is\\nh_t = tanh(w h_{t-1})\\n\\nQ2. Another one\\nh_1 = max(0, 2) = 2"
    >>> [len(problem.working.lines) for problem in problems_in(read_working(text))]
    [1, 1]
    """
    starts = list(_starts(working.source))
    if not 2 <= len(starts) <= MOST_PROBLEMS:
        return ()
    ends = [*starts[1:], len(working.source)]
    preface = _between(working, 0, starts[0])
    parts = [_between(working, first, last) for first, last in zip([0, *starts[1:]], ends, strict=True)]
    said = [parts[0], *(_joined(preface, part, working.source[: starts[0]]) for part in parts[1:])]
    return tuple(Problem(replace(part, source=working.source), own) for part, own in zip(parts, said, strict=True))


def _starts(source: str) -> Iterator[int]:
    """Where each problem begins; a number that comes again is no new one."""
    seen: set[str] = set()
    for found in _MARK.finditer(source):
        number = found[1] or found[2]
        if number not in seen:
            seen.add(number)
            yield found.start()


def _between(working: Working, first: int, last: int) -> Working:
    lines = tuple(line for line in working.lines if first <= line.place.offset < last)
    return replace(working, lines=lines, rows=(), source=working.source[first:last])


def _joined(preface: Working, part: Working, before: str) -> Working:
    return replace(part, lines=(*preface.lines, *part.lines), source=before + "\n" + part.source)
