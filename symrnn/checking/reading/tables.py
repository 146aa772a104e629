"""Rows of figures: the rows of a Markdown table, and lines of numbers in columns.

Reads a layout; returns rows with their cells' trees where a cell is one formula.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby

from symrnn.algebra.reading.syntax import Syntax
from symrnn.checking.claims import Cell, Row
from symrnn.checking.reading.blocks import Block, Layout
from symrnn.checking.reading.lexemes import Lexeme, lexemes_in
from symrnn.checking.reading.places import Places
from symrnn.checking.reading.regions import Region
from symrnn.checking.reading.sides import parse_side
from symrnn.errors import InputError

_NUMBER = r"[-+]?\d+(?:\.\d+)?%?"
_COLUMNS = re.compile(
    rf"[ \t]*(?P<label>[^\d\n=]{{0,40}}?)[ \t]*(?P<figures>{_NUMBER}(?:[ \t]+{_NUMBER}){{2,}})[ \t]*"
    r"(?:[←#|](?P<note>[^\n]*))?"
)
_FIGURE = re.compile(_NUMBER)
_ENDS = frozenset({"prose", "cjk", "other", "comma", "semicolon", "stop", "colon", "break", "block", "newline"})
_LONGEST = 400


class _Formulas:
    """Formulas of cells; what stands there again is not parsed again."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, bool], Syntax | None] = {}

    def parsed(self, text: str, latex: bool) -> Syntax | None:
        """The tree, or None where the text is no formula."""
        key = text, latex
        if key not in self.known:
            self.known[key] = _parsed(text, latex)
        return self.known[key]


def rows_in(layout: Layout, places: Places, regions: Sequence[Region]) -> list[Row]:
    """The rows of tables that hold a formula or a number, and their heads."""
    rows: list[Row] = []
    formulas = _Formulas()
    cells = [block for block in layout.blocks if block.kind == "cell"]
    for _, group in groupby(cells, key=lambda block: block.row):
        blocks = list(group)
        made = tuple(_cell(layout.clean, block, places, regions, formulas) for block in blocks)
        if blocks[0].head or any(cell.tree is not None for cell in made):
            place = places.spot(blocks[0].start, blocks[-1].end)
            rows.append(Row(made, blocks[0].titles, place, blocks[0].headings))
    return rows


def _cell(clean: str, block: Block, places: Places, regions: Sequence[Region], formulas: _Formulas) -> Cell:
    spot = places.spot(block.start, block.end)
    tree, alone = _formula(clean, block, regions, formulas)
    return Cell(places.text[block.start : block.end], tree, spot, alone)


def _formula(clean: str, block: Block, regions: Sequence[Region], formulas: _Formulas) -> tuple[Syntax | None, bool]:
    """The formula a cell begins with, if it holds no relation, and whether nothing else stands there.

    Of a cell in a table's head what stands before the relation.
    """
    if not 0 < block.end - block.start <= _LONGEST:
        return None, False
    kept: list[Lexeme] = []
    alone = True
    for lexeme in lexemes_in(clean, block.start, block.end, regions, False):
        if lexeme.kind == "relation":
            if not block.head:
                return None, False
            break
        if lexeme.kind in _ENDS:
            alone = False
            break
        kept.append(lexeme)
    if not kept:
        return None, False
    if kept[0].kind == "maths":
        region = regions[bisect_left(regions, kept[0].start, key=lambda region: region.start)]
        inside = clean[region.first : region.last]
        inside = inside.partition("=")[0] if block.head else inside
        return (formulas.parsed(inside, True) if len(kept) == 1 else None), alone
    latex = any(lexeme.kind == "command" for lexeme in kept)
    return formulas.parsed(clean[kept[0].start : kept[-1].end], latex), alone


def _parsed(text: str, latex: bool) -> Syntax | None:
    try:
        return parse_side(text, latex)
    except InputError:
        return None


def columns_in(layout: Layout, places: Places) -> Iterator[tuple[int, int, Row]]:
    """Plain lines of three and more numbers in columns: where they stand, and their rows."""
    for block in layout.blocks:
        if block.kind not in ("lines", "prose"):
            continue
        at = block.start
        while at < block.end:
            end = layout.clean.find("\n", at, block.end)
            end = block.end if end < 0 else end
            found = _COLUMNS.fullmatch(layout.clean, at, end) if end - at <= _LONGEST else None
            if found:
                yield at, end, _row(found, places, block)
            at = end + 1


def _row(found: re.Match[str], places: Places, block: Block) -> Row:
    spans = [found.span("label")] if found["label"] else []
    spans += [one.span() for one in _FIGURE.finditer(found.string, *found.span("figures"))]
    spans += [found.span("note")] if found["note"] else []
    cells = []
    for first, last in spans:
        text = found.string[first:last].strip()
        cells.append(Cell(places.text[first:last].strip(), _parsed(text, False), places.spot(first, last)))
    return Row(tuple(cells), (), places.spot(*found.span()), block.headings)
