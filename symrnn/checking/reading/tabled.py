"""Rows of tables as equalities, where the head says clearly what stands in them.

Reads rows with their heads; returns lines of claims. A column of steps makes `h_t` above and 0.46 below `h_3 = 0.46`; a
column of values makes `h_1 | 0.5*1 + 0 | 0.5` the chain it stands for. Every other table states nothing here.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

from symrnn.algebra.reading.syntax import (
    Call,
    Num,
    Quotient,
    Symbol,
    Syntax,
    Terms,
    Times,
    Transposed,
    walk,
    without_brackets,
)
from symrnn.checking.claims import Cell, Claim, Format, Kind, Line, Link, Row, Side, figure_of

_STEPS = re.compile(r"(?:time\s*)?-?steps?(?:\s*t)?|time|时间步|时刻|步|步数|第几步|t", re.IGNORECASE)
_VALUES = re.compile(
    r"values?|results?|numerical values?|numbers?|=|≈|数值|值|结果|计算结果|取值|numeric(?:al)?(?: result)?",
    re.IGNORECASE,
)
_FORMULAS = re.compile(
    r"expressions?|formulas?|formulae|calculations?|computations?|workings?|how|算式|计算|计算过程|公式|表达式|过程|equation",
    re.IGNORECASE,
)
_QUANTITIES = re.compile(
    r"quantit(?:y|ies)|symbols?|names?|variables?|what|gates?|terms?|gradients?|derivatives?|量|符号|变量|名称|门|梯度|导数|项|物理量",
    re.IGNORECASE,
)
_LETTERS = frozenset("tnT")
_COUNTS = frozenset(Symbol(letter) for letter in "ijklm")
_MOST_STEPS = 10_000


def with_tables(lines: Sequence[Line], rows: Sequence[Row]) -> list[Line]:
    """The lines with those that tables stand for; `rows` are in the order of the text.

    A cell that holds a chain itself is a part of its row's: `| δ_1 | w δ_2 = 0.7 · 0.2 | 0.14 |`.
    """
    chains = {line.place.offset: line for line in lines if len(line.claims) == 1 and _is_chain(line.claims[0])}
    starts, taken, made = sorted(chains), set[int](), list[Line]()
    symbols = {
        piece for line in lines for link in line.links for piece in walk(link.right) if isinstance(piece, Symbol)
    }
    for head, below in _tables(rows):
        for row in below:
            held = {}
            for number, cell in enumerate(row.cells):
                at = bisect_left(starts, cell.place.offset)
                if cell.tree is None and at < len(starts) and starts[at] < cell.place.offset + cell.place.length:
                    held[number] = chains[starts[at]]
            given = tuple(_weights(row, head, symbols))
            inside = {number: line.claims[0] for number, line in held.items()}
            if claims := given or tuple(_claims(row, head, len(below) == 1, inside)):
                made.append(Line(claims, _text(row), row.place, _format(row), row.headings, ""))
                inner = {id(link) for claim in claims for link in claim.links}
                taken |= {line.place.offset for line in held.values() if id(line.links[0]) in inner}
    kept = (line for line in lines if line.place.offset not in taken or line is not chains.get(line.place.offset))
    return sorted([*kept, *made], key=lambda line: line.place)


def _is_chain(claim: Claim) -> bool:
    """Whether a claim is one chain of equalities."""
    joined = all(one.after is two.before for one, two in pairwise(claim.links))
    return claim.kind == Kind.EQUATION and joined and all(link.relation in ("=", "≈") for link in claim.links)


def _tables(rows: Sequence[Row]) -> Iterator[tuple[Row, list[Row]]]:
    """Every head with the rows below it."""
    head: Row | None = None
    below: list[Row] = []
    for row in rows:
        if head is not None and row.titles == tuple(cell.text for cell in head.cells):
            below.append(row)
            continue
        if head is not None:
            yield head, below
        head, below = row, []
    if head is not None:
        yield head, below


def _text(row: Row) -> str:
    return " | ".join(cell.text for cell in row.cells)[:500]


def _format(row: Row) -> Format:
    return Format.LATEX if any("\\" in cell.text for cell in row.cells) else Format.PLAIN


def _claims(row: Row, head: Row, only: bool, held: Mapping[int, Claim]) -> Iterator[Claim]:
    if len(row.cells) != len(head.cells):
        return
    if only and all(map(_is_named, head.cells)) and all(map(_is_figure, row.cells)):
        # `| W_h | b |` above `| 0.5 | 0.1 |`: what is given.
        pairs = zip(head.cells, row.cells, strict=True)
        yield from (_claim([_side(title, title.tree), _side(cell, cell.tree)]) for title, cell in pairs)  # type: ignore[arg-type]  # both have a tree
        return
    if (letter := _letter(head.cells[0])) is not None:
        yield from _down(row, head, letter)
        yield from _across(row, head, letter)
    elif chain := _chain(row, head, held):
        yield _claim(chain, tuple(link for claim in held.values() for link in claim.links))


def _weights(row: Row, head: Row, symbols: AbstractSet[Symbol]) -> Iterator[Claim]:
    """`| f | 0.6 | 0.2 |` below `| gate | w | u |`: w_f and u_f, where the text's formulas have them; or w below f."""
    corner, label = _bare(head.cells[0].text), row.cells[0]
    if len(row.cells) != len(head.cells) or (corner and not _QUANTITIES.fullmatch(corner)):
        return
    cells = row.cells[1:]
    titles = [title.tree for title in head.cells[1:] if isinstance(title.tree, Symbol) and _is_plain(title)]
    if len(titles) < len(cells) or not all(map(_is_figure, cells)) or not _is_plain(label):
        return
    assert isinstance(label.tree, Symbol)
    for names in (
        [replace(title, below=(label.tree,)) for title in titles],
        [replace(label.tree, below=(title,)) for title in titles],
    ):
        if not symbols.isdisjoint(names):
            sides = zip(names, head.cells[1:], cells, strict=True)
            yield from (
                _claim([_side(title, name), _side(cell, cell.tree)]) for name, title, cell in sides if cell.tree
            )
            return


def _is_plain(cell: Cell) -> bool:
    """Whether a cell is a letter and nothing else."""
    return cell.alone and isinstance(cell.tree, Symbol) and not (cell.tree.below or cell.tree.above)


# --- a column of steps, a row of steps ------------------------------------------------------------------------------


def _letter(title: Cell) -> str | None:
    """The letter that counts, where a column counts: `t`, `$n$`, `step`."""
    if isinstance(title.tree, Symbol) and title.tree == Symbol(title.tree.base) and title.tree.base in _LETTERS:
        return title.tree.base
    return "t" if _STEPS.fullmatch(_bare(title.text)) else None


def _down(row: Row, head: Row, letter: str) -> Iterator[Claim]:
    """`| t | h_t |` above `| 3 | 0.58 |`."""
    step = _step(row.cells[0])
    if step is None:
        return
    for title, cell in zip(head.cells[1:], row.cells[1:], strict=True):
        if claim := _stated(title, cell, letter, step):
            yield claim


def _across(row: Row, head: Row, letter: str) -> Iterator[Claim]:
    """`| t | 1 | 2 |` above `| h_t | 0.5 | 0.75 |`."""
    steps = [_step(title) for title in head.cells[1:]]
    if None in steps:
        return
    for step, cell in zip(steps, row.cells[1:], strict=True):
        if step is not None and (claim := _stated(row.cells[0], cell, letter, step)):
            yield claim


def _step(cell: Cell) -> int | None:
    tree = cell.tree
    if not cell.alone or not isinstance(tree, Num) or tree.value.denominator != 1 or "." in tree.text:
        return None
    return int(tree.value) if 0 <= tree.value <= _MOST_STEPS else None


def _stated(title: Cell, cell: Cell, letter: str, step: int) -> Claim | None:
    if title.tree is None or cell.tree is None or not (title.alone and cell.alone):
        return None
    tree = at_step(title.tree, letter, step)
    if tree == title.tree:
        return None
    return _claim([_side(title, tree), _side(cell, cell.tree)])


def at_step(tree: Syntax, letter: str, step: int) -> Any:
    """The formula with a step for the letter that counts.

    >>> from symrnn.algebra.reading.grammar import parse_expression
    >>> at_step(parse_expression("h_{t-1}"), "t", 3) == parse_expression("h_2")
    True
    """
    if isinstance(tree, Symbol) and tree == Symbol(letter):
        return Num(Fraction(step), str(step), start=tree.start, end=tree.end)
    if isinstance(tree, Transposed) and letter == "T":
        return tree
    changes = {name: _mapped(value, letter, step) for name, value in vars(tree).items() if name not in _PLACES}
    made = replace(tree, **{name: value for name, value in changes.items() if value is not getattr(tree, name)})
    return _folded(made) if made != tree else tree


_PLACES = ("start", "end", "depth")


def _mapped(value: Any, letter: str, step: int) -> Any:
    if isinstance(value, Syntax):
        return at_step(value, letter, step)
    if isinstance(value, tuple):
        mapped = tuple(_mapped(part, letter, step) for part in value)
        return value if mapped == value else mapped
    return value


def _folded(tree: Syntax) -> Syntax:
    """`3 - 1` as the step 2; sums of anything else stay."""
    if not isinstance(tree, Terms) or not all(isinstance(term, Num) and "." not in term.text for _, term in tree.terms):
        return tree
    value = sum((sign * term.value for sign, term in tree.terms if isinstance(term, Num)), Fraction(0))
    if value < 0 or value.denominator != 1:
        return tree
    return Num(value, str(value), start=tree.start, end=tree.end)


# --- quantities, formulas and values --------------------------------------------------------------------------------


def _chain(row: Row, head: Row, held: Mapping[int, Claim]) -> list[Side]:
    """`| quantity | formula | value |`: the sides in a row, or nothing."""
    kinds = [_kind(title) for title in head.cells]
    if kinds.count("value") != 1 or kinds.count("quantity") > 1 or None in kinds or kinds[-1] != "value":
        return []
    sides = list[Side]()
    for number, (kind, cell) in enumerate(zip(kinds, row.cells, strict=True)):
        if kind == "formula" and number in held:
            sides += held[number].sides
            continue
        if cell.tree is None or not cell.alone:
            if kind == "value":
                return []
            continue
        if (kind == "value" and figure_of(cell.tree) is None) or (kind == "quantity" and not _is_name(cell.tree)):
            return []
        sides.append(_side(cell, cell.tree))
    return sides if len(sides) > 1 else []


def _kind(title: Cell) -> str | None:
    said = _bare(title.text)
    for kind, words in (("value", _VALUES), ("formula", _FORMULAS), ("quantity", _QUANTITIES)):
        if words.fullmatch(said):
            return kind
    return None


def _is_named(title: Cell) -> bool:
    """Whether a head is nothing but a name, and no letter that counts."""
    if not title.alone or title.tree is None or _letter(title) is not None:
        return False
    return _is_name(title.tree) and not (isinstance(title.tree, Symbol) and title.tree in _COUNTS)


def _is_figure(cell: Cell) -> bool:
    """Whether a cell is a number, or what comes to one: `3 ln 2`."""
    if not cell.alone or cell.tree is None:
        return False
    called = {id(piece.function) for piece in walk(cell.tree) if isinstance(piece, Call)}
    return not any(isinstance(piece, Symbol) and id(piece) not in called for piece in walk(cell.tree))


def _is_name(tree: Syntax) -> bool:
    tree = without_brackets(tree)
    if isinstance(tree, Times):
        return False
    return isinstance(tree, Symbol | Quotient) and not any(isinstance(p, Num) and "." in p.text for p in walk(tree))


def _bare(text: str) -> str:
    return text.strip(" $*_`:：")


def _side(cell: Cell, tree: Syntax) -> Side:
    return Side(tree, cell.text, cell.place)


def _claim(sides: list[Side], known: Sequence[Link] = ()) -> Claim:
    """A chain of the sides; `known` are the links that were written between some of them."""
    written = {(id(link.before), id(link.after)): link for link in known}
    links = tuple(
        written.get((id(before), id(after)), Link(before, "=", after, after.place)) for before, after in pairwise(sides)
    )
    return Claim(links, Kind.EQUATION, sides[-1].place)
