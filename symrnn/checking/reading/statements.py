"""Lexemes to statements: which stretches of a block are equalities, and where their sides stand.

Reads the lexemes of a block; returns chains of sides as places, not yet parsed. A formula ends at prose, at `\\\\`, at
⇒, at a comma behind which another begins; it goes on over a line that begins with a relation or an operator.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from symrnn.checking.reading.lexemes import (
    BINDING_WORDS,
    CONDITIONS_OF,
    FOREIGN_OF,
    MEASURES,
    Lexeme,
    lexemes_in,
)
from symrnn.checking.reading.regions import Region

EQUALITIES = frozenset({"=", "≈", "≡", "←", "+=", "-=", "*=", "/="})
_BREAKS = frozenset({"row", "break", "semicolon", "stop", "gap", "colon", "comma", "prose", "cjk", "block", "newline"})
_SOFT = frozenset({"row", "gap", "newline", "comma"})
_INFIX = frozenset("+-*·⋅•∙×÷/∕⁄⊙∘○⨀⊗@")
_SYSTEMS = frozenset({"cases", "dcases", "rcases", "array"})
_INFIX_COMMANDS = re.compile(r"\\(?:cdot|times|odot|circ|ast|div|otimes|bullet)$")
_SAID = re.compile(r"\\[A-Za-z]+\*?|[{}$`*]")


@dataclass(frozen=True)
class Stretch:
    """One side: its place, its text with breaks blanked; `parts` where commas stand in it; `label` where it is words."""

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


@dataclass(frozen=True)
class Problem:
    """A stretch that could mean two things, and why it is not read."""

    start: int
    end: int
    reason: str


@dataclass
class _Segment:
    """Lexemes without a break between them; `glue` are the breaks before, `place` the index of the first lexeme."""

    lexemes: list[Lexeme]
    place: int
    glue: frozenset[str]
    after: str = ""
    listed: list[list[Lexeme]] = field(default_factory=list)

    @property
    def relations(self) -> list[int]:
        """Where the relations outside brackets stand."""
        found: list[int] = []
        depth = 0
        for place, lexeme in enumerate(self.lexemes):
            depth = max(0, depth + (lexeme.kind == "open") - (lexeme.kind == "close"))
            if depth == 0 and lexeme.kind == "relation":
                found.append(place)
        return found


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
        self.lexemes: list[Lexeme] = []
        self.problems: list[Problem] = []

    def statements(self, lexemes: list[Lexeme]) -> tuple[list[Statement], list[Problem]]:
        """The statements in order."""
        self.lexemes = self._opened(lexemes) if self.latex else lexemes
        joined = self._joined(self._segments())
        made = [one for segment in joined if self._holds_relation(segment) and (one := self._statement(segment))]
        return made, self.problems

    def _opened(self, lexemes: list[Lexeme]) -> list[Lexeme]:
        """The lexemes without a brace that only stands before a system of equations, and without the system's ends."""
        open_: list[int] = []
        dropped: set[int] = set()
        for place, lexeme in enumerate(lexemes):
            if lexeme.kind == "open":
                open_.append(place)
            elif lexeme.kind == "close" and open_:
                first = open_.pop()
                system = lexeme.word in _SYSTEMS and lexemes[first].word == lexeme.word and not open_
                if system and (first == 0 or lexemes[first - 1].kind in _BREAKS or first - 1 in dropped):
                    dropped |= {first, place}
        dropped |= {place for place in open_ if self._sign(lexemes[place]) == "\\{"}
        if dropped and open_ and not {place for place in open_ if place not in dropped}:
            kept = [lexeme for place, lexeme in enumerate(lexemes) if place not in set(open_)]
            return self._opened(kept)
        return [lexeme._replace(kind="row") if place in dropped else lexeme for place, lexeme in enumerate(lexemes)]

    def _holds_relation(self, segment: _Segment) -> bool:
        """Whether a relation stands outside brackets; brackets around the whole are taken off."""
        if segment.relations:
            return True
        if not any(lexeme.kind == "relation" for lexeme in segment.lexemes):
            return False
        depth = 0
        rises: list[int] = []
        for place, lexeme in enumerate(segment.lexemes):
            depth += (lexeme.kind == "open") - (lexeme.kind == "close")
            if depth == 0:
                rises.append(place)
        last = len(segment.lexemes) - 1
        if depth > 0:
            self.problems.append(self._problem(segment, "a bracket that is never closed"))
        elif rises == [last] and self._sign(segment.lexemes[0]) == "(":
            segment.lexemes, segment.place = segment.lexemes[1:-1], segment.place + 1
            return bool(segment.relations)
        return False

    # --- segments ---

    def _segments(self) -> list[_Segment]:
        """The lexemes between breaks."""
        segments: list[_Segment] = []
        current: list[Lexeme] = []
        first = 0
        glue: set[str] = set()
        opened: list[int] = []

        def close(kind: str, upto: int | None = None) -> None:
            nonlocal current, glue, first
            kept = current if upto is None else current[:upto]
            rest = [] if upto is None else current[upto + 1 :]
            if kept:
                segments.append(_Segment(kept, first, frozenset(glue), kind))
                glue = set()
            glue.add("paren" if rest or upto is not None else kind)
            if rest:
                segments.append(_Segment(rest, first + (upto or 0) + 1, frozenset(glue), kind))
                glue = {kind}
            elif upto is not None:
                glue.add(kind)
            current = []
            opened.clear()

        for place, lexeme in enumerate(self.lexemes):
            if not current:
                first = place
            if lexeme.kind == "ampersand" and self.latex and not opened:
                continue
            if lexeme.kind == "close" and not opened:
                close("paren")
            elif self._is_break(lexeme, place, current, opened):
                close(lexeme.kind, opened[0] if opened else None)
            else:
                if lexeme.kind == "open":
                    opened.append(len(current))
                elif lexeme.kind == "close":
                    opened.pop()
                current.append(lexeme)
        close("end", opened[0] if opened and not self.latex else None)
        return segments

    def _is_break(self, lexeme: Lexeme, place: int, current: list[Lexeme], opened: list[int]) -> bool:
        kind = lexeme.kind
        if any(current[at].word for at in opened):  # a matrix ends where it is closed
            return False
        if kind in ("other", "ampersand", "bar") and not self.latex:
            return kind != "bar" or self._is_spaced(lexeme)
        if kind not in _BREAKS:
            return False
        if kind == "newline":
            return not self.latex and not self._goes_on(place, bool(opened))
        if not opened:
            return True
        if kind == "cjk" or (kind in ("prose", "block") and not self.latex):
            return all(self._sign(current[at]) in "([" for at in opened)
        return False

    def _goes_on(self, place: int, inside: bool) -> bool:
        """Whether a formula in a bracket goes on behind a line end; outside one, `_joined` decides."""
        after = self.lexemes[place + 1] if place + 1 < len(self.lexemes) else None
        before = self.lexemes[place - 1] if place else None
        if not inside or after is None or before is None:
            return False
        return (
            self._is_infix(before) or before.kind in ("open", "comma") or self._is_infix(after) or after.kind == "close"
        )

    def _is_spaced(self, lexeme: Lexeme) -> bool:
        around = self.text[max(0, lexeme.start - 1) : lexeme.start] + self.text[lexeme.end : lexeme.end + 1]
        return len(around) == 2 and around.isspace()

    def _sign(self, lexeme: Lexeme) -> str:
        return self.text[lexeme.start : lexeme.end]

    def _is_infix(self, lexeme: Lexeme) -> bool:
        if lexeme.kind != "operator":
            return False
        sign = self._sign(lexeme)
        return sign in _INFIX or _INFIX_COMMANDS.match(sign) is not None

    # --- joining ---

    def _joined(self, segments: list[_Segment]) -> list[_Segment]:
        """Segments put together again where a formula goes on, or where commas make a list."""
        made: list[_Segment] = []
        for segment in segments:
            self._drop_bullet(segment, made)
            if not segment.lexemes:
                continue
            before = made[-1] if made else None
            if before and segment.glue <= _SOFT and self._continues(before, segment):
                blank = Lexeme("blank", before.lexemes[-1].end, segment.lexemes[0].start)
                before.lexemes += [blank, *segment.lexemes]
                before.after = segment.after
            elif before and segment.glue <= _SOFT and "comma" in segment.glue and self._is_listed(before, segment):
                before.listed.append(segment.lexemes)
                before.after = segment.after
            else:
                made.append(segment)
        return made

    def _continues(self, before: _Segment, segment: _Segment) -> bool:
        first, last = segment.lexemes[0], before.lexemes[-1]
        if before.listed:
            return False
        if first.kind == "relation":
            return True
        if "comma" in segment.glue:
            return False
        if last.kind == "relation" or (self._is_infix(last) and before.relations):
            return True
        if not self._is_infix(first) or not before.relations:
            return False
        return self._sign(first) not in "-−" or not segment.relations or self._is_aligned(segment)

    def _is_aligned(self, segment: _Segment) -> bool:
        """Whether & stands before the segment's first sign."""
        place = segment.place - 1
        while place > 0 and self.lexemes[place].kind == "gap":
            place -= 1
        return place >= 0 and self.lexemes[place].kind == "ampersand"

    def _drop_bullet(self, segment: _Segment, made: list[_Segment]) -> None:
        """A dash or star that begins a plain line is a bullet, unless a number follows it."""
        if self.latex or not segment.glue <= {"newline"} or len(segment.lexemes) < 2:
            return
        first, second = segment.lexemes[0], segment.lexemes[1]
        at_line = segment.place == 0 or "newline" in segment.glue
        if not at_line or self._sign(first) not in ("-", "*", "•") or second.start == first.end:
            return
        if not segment.relations:
            return
        if second.kind != "number" or self._sign(first) == "•":
            del segment.lexemes[0]
        elif self._sign(first) == "-" and made and made[-1].relations:
            self.problems.append(self._problem(segment, "a dash that may be a minus sign or a bullet"))
            segment.lexemes.clear()

    def _problem(self, segment: _Segment, reason: str) -> Problem:
        return Problem(segment.lexemes[0].start, segment.lexemes[-1].end, reason)

    def _is_listed(self, before: _Segment, segment: _Segment) -> bool:
        """`x = 1, 2`, `x, y = 1, 2`: parts of a list. Two equalities with a comma between are two statements."""
        if segment.relations:
            return not before.relations and (self.latex or self._is_name(before))
        if not before.relations or self._is_number_of_equation(segment.lexemes):
            return False
        return segment.lexemes[0].kind != "break"

    def _is_name(self, segment: _Segment) -> bool:
        """Whether nothing but a name stands there, at the start of what is written."""
        kinds = {lexeme.kind for lexeme in segment.lexemes}
        return kinds <= {"word", "script", "maths"} and not segment.glue & {"prose", "cjk", "comma"}

    def _is_number_of_equation(self, lexemes: list[Lexeme]) -> bool:
        """`(7)`."""
        kinds = [lexeme.kind for lexeme in lexemes]
        return kinds in (["open", "number", "close"], ["open", "word", "close"])

    # --- statements ---

    def _statement(self, segment: _Segment) -> Statement | None:
        latex = self.latex or any(lexeme.kind in ("maths", "command") for lexeme in segment.lexemes)
        segment.lexemes = self._expanded(segment)
        relations = segment.relations
        edges = [-1, *relations, len(segment.lexemes)]
        sides = [segment.lexemes[first + 1 : last] for first, last in zip(edges, edges[1:], strict=False)]
        sides[-1] = self._without_tail(sides[-1], segment)
        signs = [segment.lexemes[place] for place in relations]
        if not sides[-1] and signs[-1].word not in EQUALITIES:  # `h → and so on`
            sides, signs = sides[:-1], signs[:-1]
        if not signs or not any(sides):
            return None
        stretches: list[Stretch | None] = [self._stretch(side, signs, at) for at, side in enumerate(sides)]
        if segment.listed:
            stretches[-1] = self._list([sides[-1], *segment.listed])
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

    def _expanded(self, segment: _Segment) -> list[Lexeme]:
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

    def _without_tail(self, side: list[Lexeme], segment: _Segment) -> list[Lexeme]:
        """The last side without a dash before prose and without the number of the equation."""
        prose = segment.after in ("prose", "cjk", "block", "paren", "other")
        if prose and not self.latex and len(side) > 1 and self._sign(side[-1]) == "-" and self._is_spaced(side[-1]):
            side = side[:-1]
        if len(side) > 3 and self._is_number_of_equation(side[-3:]) and side[-2].kind == "number":
            symbolic = any(lexeme.kind in ("word", "maths", "command") for lexeme in side[:-3])
            if symbolic and self.text[side[-3].start - 1].isspace() and self._sign(side[-2]).isdigit():
                side = side[:-3]
        return side

    # --- labels ---

    def _first(self, segment: _Segment, side: list[Lexeme], sign: Lexeme, stretch: Stretch | None) -> Stretch | None:
        """The first side; words where only words name it: "forget gate = 0.5", "the derivative of h = 0.2"."""
        place = segment.place
        before = self.lexemes[place - 1] if place else None
        if before is None or before.kind not in ("prose", "cjk") or (side and not self._is_of(before, side)):
            return stretch
        first = place - 1
        while first and self.lexemes[first - 1].kind in ("prose", "cjk", "word", "maths", "script", "code"):
            first -= 1
        words = self.lexemes[first:place]
        while words and words[0].kind == "prose" and self._sign(words[0]).lower() in BINDING_WORDS:
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
        said = self._sign(before)
        if before.kind == "cjk":
            return said.endswith(FOREIGN_OF)
        word = said.lower()
        own = self._sign(side[0])[:1] in "d∂δΔ∇" or "partial" in self.text[side[0].start : side[0].end]
        return word in CONDITIONS_OF or (word in MEASURES and not own)


_WEIGHT = re.compile(r"[0-9^_\\(\[+*/·×⊙√∑∏∂σΣδ-]")


def is_mathematical(statement: Statement, text: str) -> bool:
    """Whether a statement that cannot be read is to be listed: in prose only an equality with a number or a sign is."""
    if not statement.prose:
        return True
    if not any(relation.word in EQUALITIES for relation in statement.relations):
        return False
    return any(stretch is not None and _WEIGHT.search(stretch.text) for stretch in statement.sides)
