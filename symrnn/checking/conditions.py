"""What a text assumes for a formula: `Assumes: x_t = x`, `where W_h = 1`, `assuming W = V diag(λ) V⁻¹`.

Reads a working; returns the conditions that stand by a line. A condition is no claim: it says for which inputs and
parameters the formulas around it are meant, and gives names such as x without a step, V and λ their meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from symrnn.algebra.reading.syntax import Symbol, Syntax, Times, Transposed
from symrnn.checking.claims import Claim, Kind, Line, Working
from symrnn.checking.naming import Name, name_of
from symrnn.checking.reading.workings import read_working

_ASSUMED = re.compile(
    r"(?:\b(?:assumes?|assuming|assumption|given that|for|provided(?: that)?)|假设|假定|前提|设)\s*[:：,，]?\s*"
    r"(?:\$[^$\n]*\$\s*(?:[,，、;；]|and|和|且)?\s*)*[$(\\\[\s]*$",
    re.IGNORECASE,
)
_WHERE = re.compile(r"(?:\b(?:where|if|when|case)|其中|若|当|如果)\s*[（(,，:：]?[$(\\\[\s]*$", re.IGNORECASE)
_AHEAD = re.compile(r"(?:\b(?:if|when|case)|若|当|如果)\W*$", re.IGNORECASE)
_BEHIND = re.compile(r"(?:\b(?:where|if|when)|其中|若|当)\s*\$([^$\n]{1,80})\$", re.IGNORECASE)
_ROW = re.compile(r"\\\\|\n|\\end\b")
NEAR = 400
"""So many characters before and behind a formula may say for what it holds."""


@dataclass(frozen=True)
class Condition:
    """`name relation value`: `x_t = x`, `W_h = 1`, `W_h ≠ 1`; `near` where it is said of one formula alone.

    Of `W E_{1:n}ᵀ = …` the value is that of the columns from 1 to n.
    """

    name: Name
    relation: str
    value: Syntax
    near: bool = False
    columns: tuple[Syntax, Syntax] | None = None

    @property
    def constant(self) -> bool:
        """Whether it says `x_t = x`: the same at every step."""
        other = name_of(self.value)
        return self.name.generic and isinstance(other, Name) and (other.whole, other.steps) == (self.name.whole, ())


class Conditions:
    """The conditions of a working, by the place of the line they belong to."""

    def __init__(self, working: Working) -> None:
        self._by_section: dict[tuple[str, ...], list[Condition]] = {}
        self._by_line: dict[int, list[Condition]] = {}
        self._said: set[int] = set()
        before: Line | None = None
        ahead: list[Condition] = []
        for line in working.lines:
            said = list(self._conditions_in(line, working.source))
            for condition in said:
                if not condition.near:
                    self._by_section.setdefault(line.headings, []).append(condition)
                elif _AHEAD.search(line.lead):
                    ahead.append(condition)
                elif len(line.claims) == 1 and before is not None and before.headings == line.headings:
                    self._by_line.setdefault(before.place.offset, []).append(condition)
            within = [one for one in said if one.near and len(line.claims) > 1]
            self._by_line.setdefault(line.place.offset, []).extend(within)
            if not said or within:
                before = line
                self._by_line.setdefault(line.place.offset, []).extend((*ahead, *_behind(line, working.source)))
                ahead.clear()

    def of(self, line: Line) -> tuple[Condition, ...]:
        """What is assumed for the formulas of a line: said of it alone, or in its section."""
        near = self._by_line.get(line.place.offset, ())
        return (*near, *self._by_section.get(line.headings, ()))

    def is_one(self, claim: Claim) -> bool:
        """Whether a claim is nothing but a condition."""
        return claim.place.offset in self._said

    def _conditions_in(self, line: Line, source: str) -> Iterator[Condition]:
        """The conditions of a line, told by the words before them."""
        for place, claim in enumerate(line.claims):
            lead = source[line.place.offset : claim.place.offset] if place else line.lead
            found = _said(claim, lead[-NEAR:].rstrip()) if place or len(line.claims) == 1 else None
            if found is not None:
                self._said.add(claim.place.offset)
                yield found


def _said(claim: Claim, lead: str) -> Condition | None:
    """The condition a claim is behind these words, or None."""
    assumed, where = bool(_ASSUMED.search(lead)), bool(_WHERE.search(lead))
    found = _condition(claim, where) if assumed or where else None
    if found is not None and (found.constant or (assumed and found.relation == "=") or where):
        return found
    return None


def _condition(claim: Claim, near: bool) -> Condition | None:
    if len(claim.links) != 1 or claim.kind not in (Kind.EQUATION, Kind.COMPARISON):
        return None
    link = claim.links[0]
    left, columns = _part(link.left)
    name = name_of(left)
    if not isinstance(name, Name) or link.relation not in ("=", "≠") or (columns and link.relation != "="):
        return None
    found = Condition(name, link.relation, link.right, near, columns)
    # A quantity of one step is computed, not assumed.
    return found if found.constant or not name.steps else None


def _part(tree: Syntax) -> tuple[Syntax, tuple[Syntax, Syntax] | None]:
    """`W E_{1:n}ᵀ`: W and which of its columns; anything else as it is."""
    match tree:
        case Times(factors=(whole, Transposed(body=Symbol(base="E", above=(), below=(first, last))))):
            return whole, (first, last)
    return tree, None


def _behind(line: Line, source: str) -> Iterator[Condition]:
    """`h_T = h_0 + T x \\text{where $w = 1$}`: said in words behind the formula, in the same row."""
    start = line.place.offset + line.place.length
    row = source[start : start + NEAR]
    end = _ROW.search(row)
    found = _BEHIND.search(row[: end.start()] if end else row)
    if found and "\\text" in row[: found.start()]:
        for inner in read_working(f"${found[1]}$").lines:
            condition = _condition(inner.claims[0], True)
            if condition is not None and len(inner.claims) == 1:
                yield condition
