"""Lexemes to statements: which stretches of a block are equalities, and where their sides stand.

Reads the lexemes of a block; returns chains of sides as places, not yet parsed. A formula ends at prose, at `\\\\`, at
⇒, at a comma behind which another begins; it goes on over a line that begins with a relation or an operator.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from symrnn.checking.reading.lexemes import Lexeme, lexemes_in
from symrnn.checking.reading.regions import Region
from symrnn.checking.reading.segments import Problem, Segment, Segments
from symrnn.checking.reading.words import BINDING_WORDS, CONDITIONS_OF, FOREIGN_OF, MEASURES, OWN_LETTERS

EQUALITIES = frozenset({"=", "≈", "≡", "←", "+=", "-=", "*=", "/="})
_LONGEST = 500
_PHRASE_ENDS = frozenset({
    "stop", "comma", "semicolon", "newline", "colon", "break", "other", "block", "relation", "row", "gap", "bar",
})  # fmt: skip
_LONGEST_PHRASE = 40
_SAID = re.compile(r"\\[A-Za-z]+\*?|[{}$`*]")


@dataclass(frozen=True)
class Stretch:
    """One side: its place, its text with breaks blanked; `parts` where commas stand in it, `label` if it is words."""

    start: int
    end: int
    text: str
    parts: tuple[Stretch, ...] = ()
    label: str = ""


@dataclass(frozen=True)
class Statement:
    """A chain: sides and the relations between them; the first side is None where the text begins with a relation."""

    sides: tuple[Stretch | None, ...]
    relations: tuple[Lexeme, ...]
    latex: bool
    start: int
    end: int
    prose: bool = False


def statements_in(
    text: str, start: int, end: int, regions: Sequence[Region] = (), latex: bool = False
) -> tuple[list[Statement], list[Problem]]:
    """The statements of a block, and what could not be told apart; inline mathematics in prose is a block of its own.

    >>> [len(one.sides) for one in statements_in("h = 0.2·0.9 = 0.18, so c = 1.", 0, 29)[0]]
    [3, 2]
    """
    return _Reader(text, regions, latex).statements(lexemes_in(text, start, end, regions, latex))


class _Reader:
    """Cuts one block; every lexeme is looked at a bounded number of times."""

    def __init__(self, text: str, regions: Sequence[Region], latex: bool) -> None:
        self.text = text
        self.regions = regions
        self.latex = latex
        self.segments = Segments(text, latex)
        self.problems = self.segments.problems
        self.lexemes: list[Lexeme] = []

    def statements(self, lexemes: list[Lexeme]) -> tuple[list[Statement], list[Problem]]:
        """The statements in order."""
        segments = self.segments.cut(lexemes)
        self.lexemes = self.segments.lexemes
        made = [one for segment in segments if (one := self._statement(segment))]
        return made, self.problems

    def _statement(self, segment: Segment) -> Statement | None:
        latex = self.latex or any(lexeme.kind in ("maths", "command") for lexeme in segment.lexemes)
        segment.lexemes = self._expanded(segment)
        relations = segment.relations
        if len(relations) > _LONGEST or len(segment.listed) > _LONGEST:
            many = f"more than {_LONGEST} relations or commas in one formula"
            self.problems.append(self.segments.problem(segment, many))
            return None
        edges = [-1, *relations, len(segment.lexemes)]
        sides = [segment.lexemes[first + 1 : last] for first, last in pairwise(edges)]
        sides[0] = self._without_number(sides[0])
        sides[-1] = self._without_tail(sides[-1], segment)
        signs = [segment.lexemes[place] for place in relations]
        if not sides[-1] and signs[-1].word not in EQUALITIES:  # `h → and so on`
            sides, signs = sides[:-1], signs[:-1]
        if not signs or not any(sides):
            return None
        stretches: list[Stretch | None] = [self._stretch(side, signs, at) for at, side in enumerate(sides)]
        if segment.listed:
            stretches[-1] = self._list([sides[-1], *segment.listed])
        if segment.named and sides[0]:
            stretches[0] = self._list([*segment.named, sides[0]])
        stretches[0] = self._first(segment, sides[0], signs[0], stretches[0])
        start = next(one.start for one in (*stretches, None) if one) if stretches[0] else signs[0].start
        last = stretches[-1]
        return Statement(
            tuple(stretches), tuple(signs), latex, start, last.end if last else signs[-1].end, not self.latex
        )

    def _stretch(self, side: list[Lexeme], signs: list[Lexeme], at: int) -> Stretch | None:
        if side:
            return Stretch(side[0].start, side[-1].end, self._written(side))
        if at == 0:
            return None
        place = signs[at - 1].end
        return Stretch(place, place, "")

    def _list(self, parts: list[list[Lexeme]]) -> Stretch:
        made = tuple(Stretch(part[0].start, part[-1].end, self._written(part)) for part in parts if part)
        return Stretch(made[0].start, made[-1].end, self.text[made[0].start : made[-1].end], made)

    def _written(self, lexemes: list[Lexeme]) -> str:
        """The text of lexemes, place for place, with breaks and the dollars of inline mathematics blanked."""
        start, end = lexemes[0].start, lexemes[-1].end
        parts: list[str] = []
        at = start
        for lexeme in lexemes:
            if lexeme.kind == "blank":
                parts += [self.text[at : lexeme.start], " " * (lexeme.end - lexeme.start)]
                at = lexeme.end
        parts.append(self.text[at:end])
        return "".join(parts).replace("\n", " ")

    def _expanded(self, segment: Segment) -> list[Lexeme]:
        """The lexemes with those inside inline mathematics and code, whose delimiters are blanked."""
        made: list[Lexeme] = []
        for lexeme in segment.lexemes:
            if lexeme.kind not in ("maths", "code"):
                made.append(lexeme)
                continue
            region = self.regions[bisect_left(self.regions, lexeme.start, key=lambda region: region.start)]
            inside = lexemes_in(self.text, region.first, region.last, (), lexeme.kind == "maths")
            made.append(Lexeme("blank", region.start, region.first))
            made += [one._replace(kind="word") if one.kind == "prose" else one for one in inside]
            made.append(Lexeme("blank", region.last, region.end))
        return made

    def _without_tail(self, side: list[Lexeme], segment: Segment) -> list[Lexeme]:
        """The last side without a dash before prose and without the number of the equation."""
        prose = segment.after in ("prose", "cjk", "block", "paren", "other") and not self.latex
        if prose and len(side) > 1 and self.segments.sign(side[-1]) == "-" and self.segments.is_spaced(side[-1]):
            side = side[:-1]
        return side[:-3] if self._is_numbered(side) else side

    def _without_number(self, side: list[Lexeme]) -> list[Lexeme]:
        """The first side without the `(1)` or `(a)` that counts lines; directly behind one, a factor would stand."""
        if len(side) < 4 or not self.segments.is_number_of_equation(side[:3]):
            return side
        counted = self.segments.sign(side[1])
        apart = side[3].start > side[2].end and side[3].kind not in ("operator", "open", "script")
        return side[3:] if apart and len(counted) < 3 and counted.isalnum() else side

    def _is_numbered(self, side: list[Lexeme]) -> bool:
        """Whether `(7)` behind a formula in names is its number; behind a number or an operator it is a factor."""
        if len(side) < 4 or not self.segments.is_number_of_equation(side[-3:]):
            return False
        symbolic = any(lexeme.kind in ("word", "maths", "command") for lexeme in side[:-3])
        if self.segments.sign(side[-2]).startswith("\\text"):  # `0.15 (\text{small})`
            return side[-4].kind != "operator"
        apart = self.text[side[-3].start - 1].isspace() and side[-4].kind not in ("operator", "number")
        return symbolic and apart and self.segments.sign(side[-2]).isdigit()

    # --- labels ---

    def _first(self, segment: Segment, side: list[Lexeme], sign: Lexeme, stretch: Stretch | None) -> Stretch | None:
        """The first side; words where only words name it: "forget gate = 0.5", "the derivative of h = 0.2"."""
        place = segment.place
        before = self.lexemes[place - 1] if place else None
        if before is None or before.kind not in ("prose", "cjk") or (side and not self._is_of(before, side)):
            return stretch
        first = place - 1
        while first and self.lexemes[first - 1].kind not in _PHRASE_ENDS and place - first < _LONGEST_PHRASE:
            first -= 1
        words = self.lexemes[first:place]
        while words and words[0].kind == "prose" and self.segments.sign(words[0]).lower() in BINDING_WORDS:
            words = words[1:]
        if not words:
            return stretch
        start, end = words[0].start, side[-1].end if side else words[-1].end
        said = " ".join(_SAID.sub(" ", self.text[start:end]).split())
        if not side and len(words) == 1 and re.fullmatch(r"[A-Za-z]+", said):
            return Stretch(start, end, self._written(words)) if not self.latex else Stretch(start, end, said, (), said)
        return Stretch(start, end, said, (), said or "?")

    def _is_of(self, before: Lexeme, side: list[Lexeme]) -> bool:
        """Whether the words before say that what follows is only a part of what is meant."""
        if not any(lexeme.kind in ("word", "maths", "command", "code") for lexeme in side):
            return False
        said = self.segments.sign(before)
        letter = self.segments.sign(side[0])
        if before.kind == "cjk":
            named = any(said.endswith(word) and letter in letters for word, letters in OWN_LETTERS.items())
            return said.endswith(FOREIGN_OF) and not named
        word = said.lower()
        if letter in OWN_LETTERS.get(word, ""):
            return False
        own = self.segments.sign(side[0])[:1] in "d∂δΔ∇" or "partial" in self.text[side[0].start : side[0].end]
        return word in CONDITIONS_OF or (word in MEASURES and not own)


_WEIGHT = re.compile(r"[0-9^_\\(\[+*/·×⊙√∑∏∂σΣδ-]")


def is_mathematical(statement: Statement, text: str) -> bool:
    """Whether a statement that cannot be read is to be listed: in prose only an equality with a number or a sign is."""
    if not statement.prose:
        return True
    if not any(relation.word in EQUALITIES for relation in statement.relations):
        return False
    return any(stretch is not None and _WEIGHT.search(stretch.text) for stretch in statement.sides)
