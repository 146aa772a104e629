"""The blocks of a text: paragraphs, headings, rows of tables, displays, blocks of plain lines, each with its place.

Reads a text and its regions; returns pieces in order. Markdown's blocks are found by markdown-it, to which every region
is shown as a row of x, so that a bar or a dash within mathematics is no table and no list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from symrnn.checking.reading.macros import Macros
from symrnn.checking.reading.markup import cleaned, edited
from symrnn.checking.reading.places import Places
from symrnn.checking.reading.regions import Region

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_CELL = re.compile(r"(?<!\\)\|")
_BULLET = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+")
_SECTION = re.compile(r"\\(part|chapter|section|subsection|subsubsection|paragraph)\*?\{([^{}\n]*)\}")
_LEVELS = {"part": 0, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5}
_GAP = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True)
class Block:
    """A piece of the text: `kind` is "prose", "lines" (no markup), "maths" or "cell".

    `row` numbers the rows of tables, `titles` are the cells of the table's head, `head` says that this is one of them;
    `item`: a list's bullet stands before.
    """

    kind: str
    start: int
    end: int
    headings: tuple[str, ...] = ()
    row: int | None = None
    titles: tuple[str, ...] = ()
    item: bool = False
    head: bool = False


@dataclass(frozen=True)
class Layout:
    """The text with markup blanked out, place for place, and its blocks in order."""

    clean: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class _Found:
    """A block before its headings are known; a heading has a level and a title."""

    block: Block
    level: int = 9
    title: str = ""


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"maxNesting": 20}).enable("table")
    markdown.disable(["html_block", "reference", "code", "fence"])
    markdown.core.ruler.enableOnly(["normalize", "block"])
    return markdown


def markdown_blocks(places: Places, start: int, regions: tuple[Region, ...], macros: Macros) -> Layout:
    """The blocks of Markdown, which plain text is as well."""
    clean = cleaned(places.text, start, regions, True, macros)
    shown = _masked(places.text, regions)
    first = places.line_of(start)
    tokens = _parser().parse(shown[start:].replace("\0", " "))
    return Layout(clean, _with_headings([*_from_tokens(tokens, places, shown, first), *_from_regions(regions)]))


def tex_blocks(places: Places, text: str, start: int, regions: tuple[Region, ...], macros: Macros) -> Layout:
    """The blocks of a TeX file: paragraphs between empty lines, headings by their commands."""
    clean = cleaned(text, start, regions, False, macros)
    shown = _masked(text, regions)
    shown = edited(shown, [(one.start, one.end, "x" * (one.end - one.start)) for one in regions])
    found: list[_Found] = [*_from_regions(regions)]
    sections = {section.start(): section for section in _SECTION.finditer(shown, start)}
    body = shown.find("\\begin{document}", start)
    at = body if body >= 0 else start
    edges = sorted(
        {at, *(place for place in sections if place >= at), *(gap.end() for gap in _GAP.finditer(shown, at))}
    )
    for first, last in zip(edges, [*edges[1:], len(shown)], strict=True):
        section = sections.get(first)
        if section:
            title = Block("prose", section.start(2), section.end(2))
            found.append(_Found(title, _LEVELS[section[1]], section[2].strip()))
        found.append(_Found(Block("prose", section.end() if section else first, last)))
    return Layout(clean, _with_headings(found))


def _masked(text: str, regions: tuple[Region, ...]) -> str:
    """The text with x for every character of mathematics, and blank lines for blocks that are read on their own."""
    parts: list[str] = []
    at = 0
    for region in regions:
        filler = " " if region.kind in ("text", "program", "aside") else "x"
        parts += [text[at : region.start], re.sub(r"[^\n]", filler, text[region.start : region.end])]
        at = region.end
    return "".join([*parts, text[at:]])


def _from_regions(regions: tuple[Region, ...]) -> Iterator[_Found]:
    for region in regions:
        if region.kind in ("display", "text"):
            yield _Found(Block("maths" if region.kind == "display" else "lines", region.first, region.last))


def _from_tokens(tokens: list[Token], places: Places, shown: str, first: int) -> Iterator[_Found]:
    titles: tuple[str, ...] = ()
    rows = 0
    for place, token in enumerate(tokens):
        if token.map is None:
            continue
        lines = range(token.map[0] + first, token.map[1] + first)
        before = tokens[place - 1] if place else token
        if token.type == "inline" and before.type in ("paragraph_open", "heading_open") and lines:
            block = _leaf(token.content, lines, places, shown)
            if rest := _barred(block, shown):
                rows += 1
                yield from (_Found(Block("cell", *cell, row=rows)) for cell in rest)
            elif before.type == "heading_open":
                yield _Found(block, int(before.tag[1]), places.text[block.start : block.end].strip("# \n=-"))
            else:
                yield _Found(block)
        elif token.type == "tr_open" and lines:
            cells = list(_cells(shown, *places.span_of(lines[0])))
            rows += 1
            is_head = before.type == "thead_open"
            if is_head:
                titles = tuple(places.text[cell[0] : cell[1]].strip() for cell in cells)
            for cell in cells:
                yield _Found(Block("cell", *cell, row=rows, titles=() if is_head else titles, head=is_head))


def _barred(block: Block, shown: str) -> list[tuple[int, int]]:
    """The cells of a lone line between bars, which is a row of a table that has no head."""
    line = shown[block.start : block.end]
    if not (line.startswith("|") and line.rstrip().endswith("|") and line.count("|") > 2 and "\n" not in line):
        return []
    return list(_cells(shown, block.start, block.start + len(line.rstrip())))


def _leaf(content: str, lines: range, places: Places, shown: str) -> Block:
    """A paragraph or heading; its column is found in its first line, which markers of lists and quotes begin."""
    start, line_end = places.span_of(lines[0])
    head = content.split("\n", 1)[0]
    found = shown.find(head[:200], start, line_end)
    begin = start if found < 0 else found
    return Block("prose", begin, places.span_of(lines[-1])[1], item=bool(_BULLET.fullmatch(shown, start, begin)))


def _cells(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The cells of a table's row: what stands between the bars."""
    edges = [start - 1, *(found.start() for found in _CELL.finditer(text, start, end)), end]
    for before, after in pairwise(edges):
        inner = text[before + 1 : after]
        at_rim = before == start - 1 or after == end
        if inner.strip() or not at_rim:
            left = before + 1 + len(inner) - len(inner.lstrip())
            yield left, max(left, after - (len(inner) - len(inner.rstrip())))


def _with_headings(found: list[_Found]) -> tuple[Block, ...]:
    """Blocks in the order of the text, each with the headings above it."""
    above: list[tuple[int, str]] = []
    placed: list[Block] = []
    for one in sorted(found, key=lambda one: one.block.start):
        placed.append(replace(one.block, headings=tuple(title for _, title in above)) if above else one.block)
        if one.level < 9:
            above = [*((depth, title) for depth, title in above if depth < one.level), (one.level, one.title)]
    return tuple(placed)
