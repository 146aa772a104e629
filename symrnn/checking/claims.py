"""What was read of a working: lines of claims, links between their sides, what could not be read; all with places.

Data only. Reads syntax trees; knows nothing of models and judges nothing. Promises: sides are trees of exact numbers
with the digits as written, and every place points into `Working.source`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from symrnn.algebra.reading.syntax import Group, Num, Raised, Syntax, Terms, Times


class Spot(NamedTuple):
    """Where a piece stands: `offset` and `length` in `Working.source`; line and column count from 1.

    In a notebook `cell` is the number of the cell, from 1, and line and column count within it.
    """

    offset: int
    length: int
    line: int
    column: int
    file: str = "<text>"
    cell: int | None = None

    def label(self) -> str:
        """`file:line:column`, as editors read it.

        >>> Spot(0, 1, 3, 7, "working.md").label()
        'working.md:3:7'
        """
        cell = "" if self.cell is None else f"cell {self.cell}:"
        return f"{self.file}:{cell}{self.line}:{self.column}"


class Kind(StrEnum):
    """What a chain does, from how it is written; whether it is true is for the judge."""

    EQUATION = "equation"
    """`a = b ≈ c`."""
    DEFINITION = "definition"
    """`f(x) = x`, `a := b`, `a ≡ b`."""
    UPDATE = "update"
    """`θ ← θ − α ∂L/∂θ`, also with =, `W += …`: before and after, no equality."""
    COMPARISON = "comparison"
    """`a < 1`, `W ∈ ℝ^n`, `g^n → 0`: no = or ≈ in it."""
    LIST = "list"
    """`x = 1, 2, 3` and `t = 1, …, T`: a side is a `Stack` of what stands between the commas."""


class Format(StrEnum):
    """How the letters of a line were read."""

    LATEX = "latex"
    PLAIN = "plain"


@dataclass(frozen=True)
class Figure:
    """A number as displayed: its exact value and the worth of one unit of its last digit shown.

    `decimals` are the digits behind the point (negative for `2.5 × 10^5`: −4), `digits` the significant digits shown.
    An integer or a plain fraction has a figure too; whether it may be rounded is for the judge.
    """

    value: Fraction
    unit: Fraction
    decimals: int
    digits: int
    percent: bool = False
    scientific: bool = False


@dataclass(frozen=True)
class Side:
    """One side of a chain: its tree, its text as written, and its place."""

    tree: Syntax
    text: str
    place: Spot

    @property
    def figure(self) -> Figure | None:
        """The digits as written, where the side is one number: `-0.0625`, `2.5 × 10^5`, `7%`."""
        return figure_of(self.tree)


RELATIONS = ("=", "≈", "≤", "≥", "<", ">", "≠", "∝", "∈", "→", "≡", "←", "+=", "-=", "*=", "/=")
"""The relations a link may have: ≡ stands for every sign of a definition (`:=`, `≜`, `≡`), ← for an update's."""


@dataclass(frozen=True)
class Link:
    """`before relation after`: one equality of a chain; `place` is the place of the relation."""

    before: Side
    relation: str
    after: Side
    place: Spot

    @property
    def left(self) -> Syntax:
        """The tree before the relation."""
        return self.before.tree

    @property
    def right(self) -> Syntax:
        """The tree after the relation."""
        return self.after.tree


@dataclass(frozen=True)
class Claim:
    """A chain `a = b ≈ c`, or one equality: its links in order.

    `continues`: the text begins with a relation and `links[0].before` is the last side of the claim before. `broken`:
    a side of the chain could not be read (it is in `Working.unread`), so two neighbouring links may not share a side.
    """

    links: tuple[Link, ...]
    kind: Kind
    place: Spot
    continues: bool = False
    broken: bool = False

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides, each once, in the order written."""
        sides: list[Side] = []
        for link in self.links:
            if not sides or sides[-1] is not link.before:
                sides.append(link.before)
            sides.append(link.after)
        return tuple(sides)


@dataclass(frozen=True)
class Line:
    """A formula, a plain line or a cell of a table that holds claims, in the order of the text.

    `lead` is the prose before it in its block (at most 200 characters), for readers who look for "if" or "where";
    `headings` are the headings it stands under, outermost first.
    """

    claims: tuple[Claim, ...]
    text: str
    place: Spot
    format: Format
    headings: tuple[str, ...] = ()
    lead: str = ""

    @property
    def section(self) -> str:
        """The nearest heading above, or nothing."""
        return self.headings[-1] if self.headings else ""

    @property
    def links(self) -> tuple[Link, ...]:
        """The links of all its claims."""
        return tuple(link for claim in self.claims for link in claim.links)

    @property
    def kind(self) -> Kind:
        """What its first claim is."""
        return self.claims[0].kind


@dataclass(frozen=True)
class Cell:
    """A cell of a row: its text, and its tree where it begins with a formula without a relation.

    `alone`: nothing stands beside the formula. In a table's head a relation may, `h_t = tanh(a_t)`; the tree is `h_t`.
    """

    text: str
    tree: Syntax | None
    place: Spot
    alone: bool = True


@dataclass(frozen=True)
class Row:
    """A row of a table or of figures in columns; `titles` are the cells of the table's head. Claims are in `lines`."""

    cells: tuple[Cell, ...]
    titles: tuple[str, ...]
    place: Spot
    headings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unread:
    """Mathematics with a relation that could not be read, or that was set aside, and why."""

    place: Spot
    text: str
    reason: str


@dataclass(frozen=True)
class Working:
    """A person's text as claims. `set_aside` is what is no mathematics by its own word, such as a block of Python."""

    lines: tuple[Line, ...]
    unread: tuple[Unread, ...]
    front_matter: str | None
    source: str
    name: str = "<text>"
    rows: tuple[Row, ...] = ()
    set_aside: tuple[Unread, ...] = ()

    @property
    def links(self) -> tuple[Link, ...]:
        """The links of all lines, in the order of the text."""
        return tuple(link for line in self.lines for link in line.links)


def with_trees(working: Working, change: Callable[[Syntax], Syntax]) -> Working:
    """The working with every side's tree changed; sides that two links share stay one."""
    return replace(working, lines=tuple(_with_trees(line, change) for line in working.lines))


def _with_trees(line: Line, change: Callable[[Syntax], Syntax]) -> Line:
    sides: dict[int, Side] = {}

    def changed(side: Side) -> Side:
        return sides.setdefault(id(side), replace(side, tree=change(side.tree)))

    def linked(link: Link) -> Link:
        return replace(link, before=changed(link.before), after=changed(link.after))

    claims = (replace(claim, links=tuple(map(linked, claim.links))) for claim in line.claims)
    return replace(line, claims=tuple(claims))


def figure_of(tree: Syntax) -> Figure | None:
    """The digits of a displayed number, or None where the tree is no number that is written out.

    >>> from symrnn.algebra.reading.grammar import parse_expression
    >>> figure_of(parse_expression("-0.0625")).unit
    Fraction(1, 10000)
    >>> figure_of(parse_expression("2.5 × 10^5")).decimals
    -4
    """
    match tree:
        case Group(body=body):
            return figure_of(body)
        case Terms(terms=((sign, term),)):
            return _scaled(figure_of(term), Fraction(sign))
        case Num():
            return _figure(tree)
        case Times(
            factors=(Num() as mantissa, Raised(base=Num(value=ten), exponent=power)), operators=("×" | "·" | "*",)
        ):
            exponent = figure_of(power)
            if ten != 10 or exponent is None or exponent.value.denominator != 1 or abs(exponent.value) > 1000:
                return None
            return _scaled(_figure(mantissa), Fraction(10) ** int(exponent.value), int(exponent.value), scientific=True)
        case Raised(base=Num(value=ten), exponent=power) if ten == 10:
            exponent = figure_of(power)
            if exponent is None or exponent.value.denominator != 1 or abs(exponent.value) > 1000:
                return None
            shift = int(exponent.value)
            return Figure(Fraction(10) ** shift, Fraction(10) ** shift, -shift, 1, scientific=True)
    return None


def _figure(number: Num) -> Figure | None:
    text = number.text.replace(" ", "").lower()
    percent = text.endswith("%")
    mantissa, _, exponent = text.removesuffix("%").partition("e")
    if not mantissa or "/" in mantissa:
        return None
    shown = mantissa.partition(".")[2]
    decimals = len(shown) - int(exponent or 0) + 2 * percent
    digits = len(mantissa.replace(".", "").lstrip("0")) or 1
    return Figure(number.value, Fraction(10) ** -decimals, decimals, digits, percent, bool(exponent))


def _scaled(figure: Figure | None, by: Fraction, shift: int = 0, scientific: bool = False) -> Figure | None:
    if figure is None:
        return None
    return Figure(
        figure.value * by,
        figure.unit * abs(by),
        figure.decimals - shift,
        figure.digits,
        figure.percent,
        figure.scientific or scientific,
    )
