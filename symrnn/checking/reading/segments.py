"""Lexemes to segments: the stretches of a block between breaks, put together again where a formula goes on.

Reads lexemes; returns segments that hold a relation. A formula ends at prose, at `\\\\`, at ⇒, at a comma behind which
another begins; it goes on over a line that begins with a relation or an operator.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from symrnn.checking.reading.lexemes import Lexeme

_BREAKS = frozenset({"row", "break", "semicolon", "stop", "gap", "colon", "comma", "prose", "cjk", "block", "newline"})
_SOFT = frozenset({"row", "gap", "newline", "comma"})
_INFIX = frozenset("+-*·⋅•∙×÷/∕⁄⊙∘○⨀⊗@")
_INFIX_COMMANDS = re.compile(r"\\(?:cdot|times|odot|circ|ast|div|otimes|bullet)$")
_SYSTEMS = frozenset({"cases", "dcases", "rcases", "array"})
_SIZES = frozenset(
    f"\\{word}{side}" for word in ("left", "right", "big", "Big", "bigg", "Bigg") for side in ("", "l", "r")
)
_DEEP = 100
"""Brackets beyond this depth are left to the parser, which refuses them."""


@dataclass(frozen=True)
class Problem:
    """A stretch that could mean two things, and why it is not read."""

    start: int
    end: int
    reason: str


@dataclass
class Segment:
    """Lexemes without a break between them; `glue` are the breaks before, `place` the index of the first lexeme."""

    lexemes: list[Lexeme]
    place: int
    glue: frozenset[str]
    after: str = ""
    listed: list[list[Lexeme]] = field(default_factory=list)
    named: list[list[Lexeme]] = field(default_factory=list)

    @property
    def relations(self) -> list[int]:
        """Where the relations outside brackets stand."""
        found: list[int] = []
        depth = 0
        for place, lexeme in enumerate(self.lexemes):
            kind = lexeme.kind
            if kind == "relation":
                if not depth:
                    found.append(place)
            elif kind == "open":
                depth += 1
            elif kind == "close" and depth:
                depth -= 1
        return found


class Segments:
    """Cuts one block; every lexeme is looked at a bounded number of times."""

    def __init__(self, text: str, latex: bool) -> None:
        self.text = text
        self.latex = latex
        self.lexemes: list[Lexeme] = []
        self.problems: list[Problem] = []
        self.tables = 0

    def cut(self, lexemes: list[Lexeme]) -> list[Segment]:
        """The segments that hold a relation, in order; `problems` are the stretches that could mean two things."""
        self.lexemes = self._opened(lexemes) if self.latex else lexemes
        joined = [segment for segment in self._joined(self._segments()) if self._holds_relation(segment)]
        return [part for segment in joined for part in _at_arrows(segment)]

    def sign(self, lexeme: Lexeme) -> str:
        """What is written."""
        return self.text[lexeme.start : lexeme.end]

    def is_spaced(self, lexeme: Lexeme) -> bool:
        """Whether spaces stand on both sides."""
        around = self.text[max(0, lexeme.start - 1) : lexeme.start] + self.text[lexeme.end : lexeme.end + 1]
        return len(around) == 2 and around.isspace()

    def is_number_of_equation(self, lexemes: Sequence[Lexeme]) -> bool:
        """`(7)`."""
        kinds = [lexeme.kind for lexeme in lexemes]
        return kinds in (["open", "number", "close"], ["open", "word", "close"]) and self.sign(lexemes[0]) == "("

    def problem(self, segment: Segment, reason: str) -> Problem:
        """A segment that is not read."""
        return Problem(segment.lexemes[0].start, segment.lexemes[-1].end, reason)

    def _opened(self, lexemes: list[Lexeme]) -> list[Lexeme]:
        """The lexemes with a break for a brace that stands before a system of equations, and for the system's ends."""
        partners = _partners(lexemes)
        made: list[Lexeme] = []
        depth = 0
        ends: set[int] = set()
        for place, lexeme in enumerate(lexemes):
            if lexeme.kind == "open":
                lone = place not in partners and self.sign(lexeme) == "\\{"
                system = lexeme.word in _SYSTEMS and depth == 0 and (not made or made[-1].kind in _BREAKS)
                if system and place in partners:
                    ends.add(partners[place])
                if lone or (system and place in partners):
                    made.append(lexeme._replace(kind="row"))
                    continue
                depth += 1
            elif lexeme.kind == "close":
                if place in ends:
                    made.append(lexeme._replace(kind="row"))
                    continue
                depth = max(0, depth - 1)
            made.append(lexeme)
        return made

    def _holds_relation(self, segment: Segment) -> bool:
        """Whether a relation stands outside brackets; brackets around the whole are taken off."""
        if segment.relations:
            return True
        if not any(lexeme.kind == "relation" for lexeme in segment.lexemes):
            return False
        depth = 0
        for lexeme in segment.lexemes:
            depth += (lexeme.kind == "open") - (lexeme.kind == "close")
        if depth > 0:
            self.problems.append(self.problem(segment, "a bracket that is never closed"))
        else:
            first, last = self._within_brackets(segment.lexemes)
            if first:
                segment.lexemes, segment.place = segment.lexemes[first:last], segment.place + first
                return bool(segment.relations)
        return False

    def _within_brackets(self, lexemes: list[Lexeme]) -> tuple[int, int]:
        """From where to where what stands in brackets around the whole reaches: `\\left( a = b \\right)`."""
        partners = _partners(lexemes)
        first, last = 0, len(lexemes)
        for _ in range(_DEEP):
            at = first + (self.sign(lexemes[first]) in _SIZES)
            if at >= last or lexemes[at].word or partners.get(at) != last - 1:
                break
            end = last - 1 - (self.sign(lexemes[last - 2]) in _SIZES)
            if end <= at + 1:
                break
            first, last = at + 1, end
        return first, last

    # --- segments ---

    def _segments(self) -> list[Segment]:
        """The lexemes between breaks."""
        segments: list[Segment] = []
        current: list[Lexeme] = []
        first = 0
        glue: set[str] = set()
        opened: list[int] = []

        def close(kind: str, upto: int | None = None) -> None:
            nonlocal current, glue, first
            kept = current if upto is None else current[:upto]
            rest = [] if upto is None else current[upto + 1 :]
            if kept:
                segments.append(Segment(kept, first, frozenset(glue), kind))
                glue = set()
            glue.add("paren" if rest or upto is not None else kind)
            if rest:
                segments.extend(_apart(rest, first + (upto or 0) + 1, frozenset(glue), kind))
                glue = {kind}
            elif upto is not None:
                glue.add(kind)
            current = []
            opened.clear()
            self.tables = 0

        for place, lexeme in enumerate(self.lexemes):
            if not current:
                first = place
            if self.latex and not opened and self._is_passed(lexeme, place, current):
                continue
            if lexeme.kind == "close" and (not opened or self._is_aside(current, opened)):
                close("paren", opened[0] if opened else None)
            elif self._is_break(lexeme, place, current, opened):
                close(lexeme.kind, opened[0] if opened else None)
            else:
                if lexeme.kind == "open":
                    opened.append(len(current))
                    self.tables += bool(lexeme.word)
                elif lexeme.kind == "close":
                    self.tables -= bool(current[opened.pop()].word)
                current.append(lexeme)
        close("end", opened[0] if opened and not self.latex else None)
        return segments

    def _is_break(self, lexeme: Lexeme, place: int, current: list[Lexeme], opened: list[int]) -> bool:
        kind = lexeme.kind
        if opened and (self.tables or len(opened) > _DEEP):  # a matrix ends where it is closed
            return False
        if kind in ("other", "ampersand", "bar") and not self.latex:
            return kind != "bar" or self.is_spaced(lexeme)
        if kind not in _BREAKS:
            return False
        if kind == "newline":
            return not self._goes_on(place, bool(opened)) if not self.latex else not opened
        if not opened:
            return True
        if kind == "cjk" or (kind in ("prose", "block") and not self.latex):
            return all(self.sign(current[at]) in "([" for at in opened)
        return False

    def _is_passed(self, lexeme: Lexeme, place: int, current: list[Lexeme]) -> bool:
        """In LaTeX & and a line end say nothing, unless a finished equality stands before and another behind."""
        if lexeme.kind == "ampersand":
            return True
        if lexeme.kind != "newline":
            return False
        finished = bool(current) and current[-1].kind in ("number", "close")
        if not finished or not any(one.kind == "relation" for one in current):
            return True
        at = place + 1
        if at >= len(self.lexemes) or self.lexemes[at].kind not in ("word", "command"):
            return True
        while at < len(self.lexemes) and self.lexemes[at].kind not in ("newline", "row", "relation"):
            at += 1
        return at >= len(self.lexemes) or self.lexemes[at].kind != "relation"

    def _is_aside(self, current: list[Lexeme], opened: list[int]) -> bool:
        """Whether a relation stands in brackets of its own: `h_2 = 0.75 (t = 2)`."""
        first = opened[0]
        if len(opened) > 1 or self.sign(current[first]) != "(":
            return False
        alone = first == 0 or self.text[current[first].start - 1].isspace()
        return alone and bool(Segment(current[first + 1 :], 0, frozenset()).relations)

    def _goes_on(self, place: int, inside: bool) -> bool:
        """Whether a formula in a bracket goes on behind a line end; outside one, `_joined` decides."""
        after = self.lexemes[place + 1] if place + 1 < len(self.lexemes) else None
        before = self.lexemes[place - 1] if place else None
        if not inside or after is None or before is None:
            return False
        return (
            self._is_infix(before) or before.kind in ("open", "comma") or self._is_infix(after) or after.kind == "close"
        )

    def _is_infix(self, lexeme: Lexeme) -> bool:
        if lexeme.kind != "operator":
            return False
        sign = self.sign(lexeme)
        return sign in _INFIX or _INFIX_COMMANDS.match(sign) is not None

    # --- joining ---

    def _joined(self, segments: list[Segment]) -> list[Segment]:
        """Segments put together again where a formula goes on, or where commas make a list."""
        made: list[Segment] = []
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
            elif segment.relations and "comma" in segment.glue and segment.glue <= _SOFT:
                while made and not made[-1].relations and self._is_name(made[-1]):
                    segment.named.insert(0, made.pop().lexemes)
                made.append(segment)
            else:
                made.append(segment)
        return made

    def _continues(self, before: Segment, segment: Segment) -> bool:
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
        return self.sign(first) not in "-−" or not segment.relations or self._is_aligned(segment)

    def _is_aligned(self, segment: Segment) -> bool:
        """Whether & stands before the segment's first sign."""
        place = segment.place - 1
        while place > 0 and self.lexemes[place].kind == "gap":
            place -= 1
        return place >= 0 and self.lexemes[place].kind == "ampersand"

    def _drop_bullet(self, segment: Segment, made: list[Segment]) -> None:
        """A dash or star that begins a plain line is a bullet, unless a number follows it."""
        if self.latex or not segment.glue <= {"newline"} or len(segment.lexemes) < 2:
            return
        first, second = segment.lexemes[0], segment.lexemes[1]
        at_line = segment.place == 0 or "newline" in segment.glue
        if not at_line or self.sign(first) not in ("-", "*", "•") or second.start == first.end:
            return
        if not segment.relations:
            return
        if second.kind != "number" or self.sign(first) == "•":
            del segment.lexemes[0]
        elif self.sign(first) == "-" and made and made[-1].relations:
            self.problems.append(self.problem(segment, "a dash that may be a minus sign or a bullet"))
            segment.lexemes.clear()

    def _is_listed(self, before: Segment, segment: Segment) -> bool:
        """`x = 1, 2`, `x, y = 1, 2`: parts of a list. Two equalities with a comma between are two statements."""
        if segment.relations or not before.relations or self.is_number_of_equation(segment.lexemes):
            return False
        return segment.lexemes[0].kind != "break"

    def _is_name(self, segment: Segment) -> bool:
        """Whether nothing but a name stands there, at the start of what is written."""
        kinds = {lexeme.kind for lexeme in segment.lexemes}
        bare = kinds <= {"word", "script", "maths", "command", "open", "close", "number", "operator"}
        signs = {self.sign(lexeme) for lexeme in segment.lexemes if lexeme.kind in ("operator", "open")}
        begins = segment.lexemes[0].kind in ("word", "maths", "command")
        return bare and begins and signs <= {"_", "{", "^"} and not segment.glue & {"prose", "cjk"}


def _at_arrows(segment: Segment) -> list[Segment]:
    """`h_1 = 0.5 → h_2 = 0.25` is two statements; an arrow within one, `g → 0`, is a relation."""
    if not any(lexeme.word == "→" for lexeme in segment.lexemes):
        return [segment]
    relations = segment.relations
    arrows = [at for at in relations if segment.lexemes[at].word == "→"]
    if not arrows or len(relations) - len(arrows) < 2:
        return [segment]
    edges = [-1, *arrows, len(segment.lexemes)]
    spans = [(first + 1, last) for first, last in pairwise(edges)]
    if not all(any(first <= at < last for at in relations) for first, last in spans):
        return [segment]
    glue = frozenset({"break"})
    parts = [Segment(segment.lexemes[first:last], segment.place + first, glue, "break") for first, last in spans]
    parts[0].glue, parts[0].named = segment.glue, segment.named
    parts[-1].after, parts[-1].listed = segment.after, segment.listed
    return parts


def _apart(lexemes: list[Lexeme], first: int, glue: frozenset[str], after: str) -> list[Segment]:
    """What stood in brackets, apart at its commas: `(m = 128, n = 256)`."""
    parts: list[Segment] = []
    depth = begin = 0
    for place, lexeme in enumerate(lexemes):
        depth += (lexeme.kind == "open") - (lexeme.kind == "close")
        if depth == 0 and lexeme.kind in ("comma", "semicolon"):
            if place > begin:
                parts.append(Segment(lexemes[begin:place], first + begin, glue, lexeme.kind))
            glue, begin = frozenset({lexeme.kind}), place + 1
    return [*parts, Segment(lexemes[begin:], first + begin, glue, after)] if begin < len(lexemes) else parts


def _partners(lexemes: Sequence[Lexeme]) -> dict[int, int]:
    """Where each bracket that is closed is closed."""
    partners: dict[int, int] = {}
    opened: list[int] = []
    for place, lexeme in enumerate(lexemes):
        if lexeme.kind == "open":
            opened.append(place)
        elif lexeme.kind == "close" and opened:
            partners[opened.pop()] = place
    return partners
