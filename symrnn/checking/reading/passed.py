"""Relations in a formula that no statement holds: what would else be passed over in silence.

Reads a cleaned text and the stretches that were read; returns places. A relation below a sum or a name, in the argument
of a function or among the conditions of a brace states nothing and is none of them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from symrnn.checking.reading.macros import Macros
from symrnn.checking.reading.markup import relation_of

_SIGN = re.compile(r"[=≈≒≡]|\\(?:approx|simeq|equiv)(?![A-Za-z])|\\([A-Za-z]+)")
_LONE = re.compile(r"(?:[^\\A-Za-z0-9]|\\(?:approx|simeq|equiv)(?![A-Za-z])|\\[^A-Za-z])*")
"""Signs by themselves: "the sign $=$"."""
_EQUALITY = re.compile(r"[=≈≒]|\\approx")
_OPENERS = {")": "(", "]": "[", "}": "{"}
_REACH = 300
"""How far back an opening bracket is looked for."""


class Spans:
    """Stretches of a text, asked whether they hold a place."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        for start, end in sorted(spans):
            if self.ends and start <= self.ends[-1]:
                self.ends[-1] = max(self.ends[-1], end)
            else:
                self.starts.append(start)
                self.ends.append(end)

    def hold(self, place: int) -> bool:
        """Whether a place stands in one of them.

        >>> Spans([(0, 3), (2, 5)]).hold(4), Spans([(0, 3)]).hold(3)
        (True, False)
        """
        at = bisect_right(self.starts, place) - 1
        return at >= 0 and place < self.ends[at]


def relations_in(text: str, start: int, end: int, macros: Macros) -> Iterator[int]:
    """Where the relations of a formula stand that state something, its writer's own commands among them."""
    if _LONE.fullmatch(text, start, end):
        return
    for found in _SIGN.finditer(text, start, end):
        macro = macros.by_name.get(found[1]) if found[1] else None
        if found[1] and (macro is None or relation_of(macro.body) or not _EQUALITY.search(macro.body)):
            continue
        if not _is_inside(text, start, found.start()):
            yield found.start()


def _is_inside(text: str, start: int, place: int) -> bool:
    """Whether a place is in a script, in the argument of a function, or in a table."""
    open_: list[str] = []
    first = max(start, place - _REACH)
    for at in range(place - 1, first - 1, -1):
        char = text[at]
        if char in ")]}":
            open_.append(_OPENERS[char])
        elif char in "([{":
            if open_:
                open_.pop()
                continue
            before = text[max(start, at - 1) : at]
            if (before in "_^" and before) or (before.isalnum() and char != "{"):
                return True
    return "\\begin{cases}" in text[first:place] or "\\begin{dcases}" in text[first:place]
