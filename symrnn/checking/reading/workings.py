"""The one entry to reading: a text or its bytes to a `Working`.

Reads Markdown, LaTeX files, notebooks and plain text; the content decides which. Promises: every statement with a
relation is a claim or is listed as unread with its place and reason; nothing is evaluated; linear time.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from symrnn.algebra.reading.signs import BIDIRECTIONAL
from symrnn.algebra.reading.syntax import Label
from symrnn.checking.claims import Claim, Format, Line, Link, Side, Spot, Unread, Working
from symrnn.checking.reading.blocks import Block, Layout, markdown_blocks, tex_blocks
from symrnn.checking.reading.commas import with_points
from symrnn.checking.reading.comments import with_values
from symrnn.checking.reading.kinds import kind_of
from symrnn.checking.reading.lexemes import RELATION_SIGNS
from symrnn.checking.reading.macros import Macros, macros_in
from symrnn.checking.reading.markup import Edit, edited, without_comments
from symrnn.checking.reading.passed import Spans, relations_in
from symrnn.checking.reading.places import Places
from symrnn.checking.reading.regions import Found, Region, fences_in, regions_in
from symrnn.checking.reading.sides import Sides
from symrnn.checking.reading.sources import text_of
from symrnn.checking.reading.statements import Statement, is_mathematical, statements_in
from symrnn.checking.reading.tabled import with_tables
from symrnn.checking.reading.tables import columns_in, rows_in
from symrnn.checking.reading.words import STOP_WORDS

LINE = 20_000
"""Longer lines are not read."""
_TEX = re.compile(
    r"^[ \t]*\\(?:documentclass|usepackage|begin\{document\}|(?:sub)*section\*?\{|chapter\*?\{|maketitle|input\{)",
    re.MULTILINE,
)
_RELATION = re.compile(r"[=≈＝]|\\approx")
_ANY_RELATION = re.compile(f"[{''.join(sorted(set(''.join(RELATION_SIGNS)) - set('+-*/:~')))}\\\\~]|->")
_SAID = re.compile(r"([^\W\d_]{2,40})[ \t]*(?:\$\$?|\\\()[ \t]*$")
_LINKING = frozenset(
    {"so", "thus", "hence", "therefore", "which", "gives", "get", "obtain", "yields", "得", "即", "故", "所以"}
)
"""Words after which a chain goes on, and that name nothing."""
_NOTHING = re.compile(r"(?:[\s$.,;&*>_|-]|\\[\[\](),\\])*")
_INPUT = re.compile(r"\\(?:input|include)\s*\{([^{}\n]{0,200})\}")
_MODEL = re.compile(r"^[ \t]*(?:model|cell|equations|parameters)[ \t]*:[^\n]*", re.MULTILINE)
"""What only the front matter of a model would say, in another language than TOML."""
_MATHML = re.compile(r"<math[ >]")
_HIDDEN = re.compile(f"[{''.join(map(chr, sorted(BIDIRECTIONAL)))}]")


def read_working(text: str | bytes, name: str = "<text>") -> Working:
    """The claims of a person's text, in order, with places; what cannot be read is listed, nothing is raised for it.

    Only a text that is too long or no text at all raises (`LimitError`, `InputError`).

    >>> working = read_working("so $h_2 = 0.5 \\\\cdot 0.5 + 0.5 = 0.75$")
    >>> [(link.before.text, link.relation, link.after.text) for link in working.links]
    [('h_2', '=', '0.5 \\\\cdot 0.5 + 0.5'), ('0.5 \\\\cdot 0.5 + 0.5', '=', '0.75')]
    """
    source = text_of(text, name)
    places = Places(with_points(source.text), name, source.cells)
    reader = _Reader(places, source.start)
    if source.front_matter is None and (key := _MODEL.search(source.text, 0, source.start)):
        reader.refuse(key.start(), key.end(), "front matter that is no TOML, so that no model is taken from it")
    working = reader.read(source.front_matter, source.set_aside)
    return replace(working, source=source.text)


def _is_tex(text: str) -> bool:
    """Whether a text is a LaTeX file, whatever its fenced blocks show."""
    at = 0
    for fence in fences_in(text):
        if _TEX.search(text, at, fence.start):
            return True
        at = fence.end
    return _TEX.search(text, at) is not None


@dataclass(frozen=True)
class _Piece:
    """A formula, or the statements on one plain line: what becomes a `Line`."""

    block: Block
    statements: tuple[Statement, ...]
    start: int
    end: int
    latex: bool


class _Reader:
    """Reads one text; gathers lines and what is unread."""

    def __init__(self, places: Places, start: int) -> None:
        self.places = places
        self.start = start
        self.clean = ""
        self.regions: tuple[Region, ...] = ()
        self.unread: list[Unread] = []
        self.aside: list[Unread] = []
        self.macros = Macros({})
        self.sides = Sides(places)
        self.last: tuple[int, Side | None] = (-1, None)

    def read(self, front_matter: str | None, cells: tuple[tuple[int, str], ...]) -> Working:
        """The working."""
        layout = self._layout()
        rows = rows_in(layout, self.places, self.regions)
        columns = list(columns_in(layout, self.places))
        rows += [row for _, _, row in columns]
        self.clean = edited(layout.clean, [(start, end, "") for start, end, _ in columns])
        pieces = [piece for block in layout.blocks for piece in self._pieces(block)]
        pieces.sort(key=lambda piece: piece.start)
        self._list_passed(pieces)
        lines = [line for piece in pieces if (line := self._line(piece))]
        rows.sort(key=lambda row: row.place)
        lines = with_tables(lines, rows)
        aside = [Unread(self._cell(number), "", f"a {kind} cell of a notebook") for number, kind in cells]
        return Working(
            tuple(lines),
            tuple(sorted(self.unread, key=lambda one: one.place)),
            front_matter,
            self.places.text,
            self.places.name,
            tuple(row for row in rows if any(cell.tree is not None for cell in row.cells)),
            (*aside, *self.aside),
        )

    def _cell(self, number: int) -> Spot:
        return Spot(0, 0, 1, 1, self.places.name, number)

    # --- layout ---

    def _layout(self) -> Layout:
        """The blocks; lines that are too long or hide what they say are blanked first."""
        text = self._guarded(self.places.text)
        tex = _is_tex(text)
        text = without_comments(text) if tex else text
        self.macros = macros_in(text)
        self.sides = Sides(self.places, self.macros)
        found = regions_in(text, self.start, tex)
        self.regions = found.regions
        self._list_regions(found, text, tex)
        places = Places(text if tex else with_values(text), self.places.name, self.places.cells)
        if tex:
            return tex_blocks(places, text, self.start, found.regions, self.macros)
        return markdown_blocks(places, self.start, found.regions, self.macros)

    def _guarded(self, text: str) -> str:
        edits: list[Edit] = []
        for line, start in enumerate(self.places.starts):
            end = self.places.span_of(line)[1]
            reason = None
            if end - start > LINE:
                reason = f"a line of {end - start:,} characters; {LINE:,} are read"
            elif _HIDDEN.search(text, start, end):
                reason = "a bidirectional mark, which hides what the text says"
            if reason is None:
                continue
            edits.append((start, end, ""))
            if start >= self.start and _RELATION.search(text, start, end):
                self.refuse(start, end, reason)
        return edited(text, edits) if edits else text

    def _list_regions(self, found: Found, text: str, tex: bool) -> None:
        for region in found.unclosed:
            self.refuse(region.start, region.end, "a display that is never closed")
        for region in found.regions:
            if region.kind == "program":
                what = f"a block of {region.word}, which is a program" if region.word else "a program"
                self.aside.append(Unread(self.places.spot(region.start, region.end), "", what))
        for start in () if tex else (found.start() for found in _MATHML.finditer(text, self.start)):
            end = text.find("</math>", start)
            self.refuse(start, end + 7 if end >= 0 else start + 5, "MathML")
        for command in _INPUT.finditer(text) if tex else ():
            self.refuse(command.start(), command.end(), "another file, which is not followed")

    def refuse(self, start: int, end: int, reason: str) -> None:
        """List a stretch that is not read."""
        self.unread.append(Unread(self.places.spot(start, end), self.places.text[start:end][:200].strip(), reason))

    # --- pieces ---

    def _pieces(self, block: Block) -> Iterator[_Piece]:
        """The statements of a block, in pieces: each formula one, each plain line one."""
        if not _ANY_RELATION.search(self.clean, block.start, block.end):
            return
        if block.kind == "maths":
            yield from self._formula(block, block.start, block.end)
            return
        if block.kind == "lines":
            yield from self._plain(block, block.start, block.end, ())
            return
        covered = list(self._plain(block, block.start, block.end, self.regions))
        yield from covered
        spans = [(one.start, one.end) for piece in covered for one in piece.statements]
        first = bisect_left(self.regions, block.start, key=lambda region: region.start)
        for region in self.regions[first:]:
            if region.start >= block.end:
                break
            while spans and spans[0][1] <= region.start:
                spans.pop(0)
            if spans and spans[0][0] <= region.start < spans[0][1]:
                continue
            if region.kind == "inline":
                yield from self._formula(block, region.first, region.last)
            elif region.kind == "code":
                yield from self._plain(block, region.first, region.last, ())

    def _formula(self, block: Block, start: int, end: int) -> Iterator[_Piece]:
        statements, problems = statements_in(self.clean, start, end, (), latex=True)
        for problem in problems:
            self.refuse(problem.start, problem.end, problem.reason)
        for _, group in groupby(statements, key=lambda one: self.places.line_of(one.start)):
            together = tuple(group)
            yield _Piece(block, together, together[0].start, together[-1].end, True)

    def _plain(self, block: Block, start: int, end: int, regions: tuple[Region, ...]) -> Iterator[_Piece]:
        statements, problems = statements_in(self.clean, start, end, regions)
        for problem in problems:
            self.refuse(problem.start, problem.end, problem.reason)
        for _, group in groupby(statements, key=lambda one: self.places.line_of(one.start)):
            together = tuple(group)
            if block.item and self._is_dashed(block, together[0]):
                self.refuse(together[0].start, together[-1].end, "a dash that may be a minus sign or a bullet")
                continue
            latex = any(one.latex for one in together)
            yield _Piece(block, together, together[0].start, together[-1].end, latex)

    def _is_dashed(self, block: Block, statement: Statement) -> bool:
        """Whether a list's item begins with a number right behind a line of plain mathematics: `- 0.3 = 0.2`."""
        line = self.places.line_of(block.start)
        if statement.start != block.start or not line or self.clean[block.start] not in "0123456789.(":
            return False
        before = self.clean[slice(*self.places.span_of(line - 1))].strip()
        return "=" in before and before[0] not in "-*+0123456789" and before[-1] not in ":："

    def _list_passed(self, pieces: list[_Piece]) -> None:
        """List the formulas in which a relation stands that no statement holds: nothing is passed over in silence."""
        spans = [(one.start, one.end) for piece in pieces for one in piece.statements]
        spans += [(one.place.offset, one.place.offset + one.place.length) for one in self.unread]
        covered = Spans(spans)
        for region in self.regions:
            if region.kind not in ("inline", "display"):
                continue
            for sign in relations_in(self.clean, region.first, region.last, self.macros):
                if not covered.hold(sign):
                    self.refuse(region.first, region.last, "a relation that stands where none is read")
                    break

    # --- lines ---

    def _line(self, piece: _Piece) -> Line | None:
        claims = tuple(claim for statement in piece.statements if (claim := self._claim(statement)))
        if not claims:
            return None
        start, end = piece.start, piece.end
        while start < end and self.places.text[start].isspace():
            start += 1
        first = max(piece.block.start, start - 250)
        lead = " ".join(self.clean[first:start].split()) if start > first else ""
        return Line(
            claims,
            self.places.text[start:end].rstrip(),
            self.places.spot(start, end),
            Format.LATEX if piece.latex else Format.PLAIN,
            piece.block.headings,
            lead[-200:],
        )

    def _claim(self, statement: Statement) -> Claim | None:
        """The links whose two sides could be read; what could not is listed."""
        continues = statement.sides[0] is None
        sides: list[Side | None] = [self._before(statement.start)] if continues else []
        failed: list[Unread] = []
        for stretch in statement.sides[1:] if continues else statement.sides:
            assert stretch is not None
            side = self.sides.read(stretch, statement.latex)
            failed += [side] if isinstance(side, Unread) else []
            sides.append(side if isinstance(side, Side) else None)
        if failed and not is_mathematical(statement, self.clean):
            return None
        if continues and sides[0] is None:
            sides[0] = self._said(statement.start)
        if continues and sides[0] is None and len(sides) == 2 and not failed:
            sign = statement.relations[0]
            self.refuse(sign.start, statement.end, "a line that goes on from nothing that was read")
        self.unread += failed
        self.last = (statement.end, sides[-1])
        links = tuple(
            Link(before, sign.word, after, self.places.spot(sign.start, sign.end))
            for (before, after), sign in zip(pairwise(sides), statement.relations, strict=True)
            if before is not None and after is not None
        )
        listed = any(stretch is not None and stretch.parts for stretch in statement.sides)
        kind = kind_of(
            [None if side is None else side.tree for side in sides], [sign.word for sign in statement.relations], listed
        )
        place = self.places.spot(statement.start, statement.end)
        goes_on = continues and sides[0] is not None and not isinstance(sides[0].tree, Label)
        return Claim(links, kind, place, goes_on, bool(failed)) if links else None

    def _said(self, start: int) -> Side | None:
        """`the sum $= 11.2$`: the word before a formula that begins with a relation, in the same line."""
        found = _SAID.search(self.clean, max(0, start - 60), start)
        if found is None or found[1].lower() in STOP_WORDS | _LINKING:
            return None
        first, last = found.span(1)
        text = self.places.text[first:last]
        return Side(Label(text, start=0, end=last - first), text, self.places.spot(first, last))

    def _before(self, start: int) -> Side | None:
        """The last side of the claim before, where nothing but layout stands between."""
        end, side = self.last
        if side is None or not 0 <= end <= start or start - end > 200:
            return None
        return side if _NOTHING.fullmatch(self.clean, end, start) else None
