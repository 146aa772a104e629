"""What the renderers share: mathematics and sentences of a document set in a format, its equations numbered.

A `Setter` is the table of a renderer: a format for the mathematics, and small functions for what stands around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy as sp

from symrnn.algebra.breaking import DEEPEST, Breaker, Run, filled
from symrnn.algebra.layout import Printer
from symrnn.algebra.nodes import Name, Node
from symrnn.algebra.programs import Range, family
from symrnn.algebra.spelling import ATOM, TEXT, Format, Piece
from symrnn.algebra.widths import WIDTHS
from symrnn.documents.document import Blank, Claim, Document, Formula, Norm, Table
from symrnn.documents.languages import sentence
from symrnn.documents.spelled import in_words, number_text

RELATIONS: Mapping[str, str] = {
    "=": "equals",
    "≈": "about",
    "≤": "at most",
    "<": "less",
    "⇒": "implies",
    "≠": "unequal",
    "≥": "at least",
}
"""A relation to the sign of a format."""

SIGNS = re.compile("(∂⁺L/∂|∂L/∂|∂⁺|∂|δ)")
"""Mathematics in a sentence's own words, which each format sets as such."""
_NAME = re.compile(r"((?<![A-Za-z0-9_α-ω])[A-Za-zα-ω]_(?:[A-Za-z0-9](?![A-Za-z0-9_])|\{[a-z0-9+-]{1,5}\}))")
"""A name with an index, in text of any language: Chinese has no spaces around it."""
_PIECES = {"-": "tight minus", "+": "tight plus"}

ROOM = 400
"""Tenths of an em that a table may be wide, on paper as on a screen."""
BETWEEN = 18
"""Tenths of an em between two columns of a table."""
_SILENT = ("given", "closed form")
"""Reasons that go without saying."""


@dataclass(frozen=True)
class Line:
    """One line of a claim's right-hand side, and how wide it is in tenths of an em."""

    text: str
    width: int


@dataclass(frozen=True)
class Setter:
    """A document's mathematics and words in one format.

    `inline` sets mathematics within a sentence, `escape` makes text harmless, `refer` points to an equation.
    """

    document: Document
    form: Format
    inline: Callable[[str, str], str]
    """(mathematics, the same as plain text)."""
    escape: Callable[[str], str]
    refer: Callable[[int], str]
    numbers: dict[Any, int] = field(default_factory=dict)
    """Families of names to the last equation that defined them; filled as the equations go by."""

    @cached_property
    def printers(self) -> tuple[Printer, Printer, Printer]:
        """The format's printer, that of widths, that of plain text."""
        style = self.document.style
        return Printer(self.form, style), Printer(WIDTHS, style), Printer(TEXT, style)

    @cached_property
    def breaker(self) -> Breaker:
        """Runs in the format, their widths, their plain text."""
        return Breaker((self.form, WIDTHS, TEXT), self.document.style)

    def sentence(self, key: str, about: tuple[Any, ...] = ()) -> str:
        """The words of a key, escaped, what they speak of set as mathematics."""
        return in_words(key, about, self.said, self.escape, self.document.language)

    def said(self, value: Any) -> str:
        """A thing a sentence speaks of."""
        if isinstance(value, Formula | Node):
            return self.inline(*(mathematics(printer, value) for printer in (self.printers[0], self.printers[2])))
        return "".join(self._word(part) for part in _NAME.split(str(value)))

    def _word(self, part: str) -> str:
        # Names in a convention's text, `h_{t-1}`, are set as names; everything else is text.
        found = _NAME.fullmatch(part)
        if found is None:
            return self.escape(part)
        base, script = (re.sub("[{}]", "", piece) for piece in part.split("_"))
        texts = []
        for printer in (self.printers[0], self.printers[2]):
            pieces = [_PIECES.get(sign) or sign for sign in script]
            row = [printer.signs[p] if len(p) > 1 else printer.form.letter(p, True) for p in pieces]
            texts.append(printer.form.scripts(printer.form.letter(base, False), printer.row(row), ""))
        return self.inline(texts[0], texts[1])

    def values(self, value: Any) -> tuple[str, str, str]:
        """A side of a claim in the format, as a width, as plain text."""
        math, width, text = (mathematics(printer, value) for printer in self.printers)
        return math, width, text

    def sign(self, relation: str) -> tuple[str, str, str]:
        """A relation in the format, as a width, as plain text."""
        math, width, text = (printer.signs[RELATIONS[relation]] for printer in self.printers)
        return math, width, text

    def runs(self, claim: Claim, deepest: int = DEEPEST) -> list[Run]:
        """The right-hand side in what a line must not break, a relation with what it belongs to; breaks there first."""
        found: list[Run] = []
        for relation, value in self.chain(claim):
            runs = self.breaker.runs(value, deepest) if isinstance(value, Node) else [Run(0, self.values(value))]
            opened = tuple(sign + text for sign, text in zip(self.sign(relation), runs[0].texts, strict=True))
            found += [Run(0, opened), *(Run(run.depth + 1, run.texts) for run in runs[1:])]
        return found

    def why(self, claim: Claim) -> str:
        """The reason, or nothing where it goes without saying; names point to the equations that define them."""
        reason = claim.reason
        if reason.key in _SILENT:
            return ""

        def say(value: Any) -> str:
            number = self.numbers.get(family(value)) if isinstance(value, Name) else None
            return self.said(value) + (self.refer(number) if number and reason.key.startswith("adjoint") else "")

        return in_words(reason.key, reason.about, say, self.escape, self.document.language)

    def where(self, claim: Claim) -> list[str]:
        """The conditions of a claim, then its range of steps."""
        return [*self.conditions(claim), *(self.inline(*self.steps(place)) for place in claim.domain[:1])]

    def steps(self, place: Range) -> tuple[str, str]:
        """t = 1, …, T in the format and as plain text; from the last to the first where it runs backward."""
        ends = (place.lo, place.hi) if place.step > 0 else (place.hi, place.lo)
        texts = []
        for printer in (self.printers[0], self.printers[2]):
            first, last = (printer.scalar(end).text for end in ends)
            dots = printer.signs["dots"] if printer.form is not TEXT else ", …, "
            texts.append(printer.row([printer.scalar(place.index).text, printer.signs["equals"], first, dots, last]))
        return texts[0], texts[1]

    def conditions(self, claim: Claim) -> list[str]:
        """What a claim assumes of its numbers."""
        return [self.sentence("where", (condition,)) for condition in claim.conditions]

    def notes(self, claim: Claim) -> str:
        """Where a claim holds and why, in one line."""
        return "; ".join(filter(None, [*self.where(claim), self.why(claim)]))

    def defines(self, claim: Claim, number: int) -> None:
        """From now on the name of a claim's left-hand side points to this equation."""
        if isinstance(claim.lhs, Name) and not claim.boundary and not claim.numeric:
            self.numbers[family(claim.lhs)] = number

    def lines(self, claim: Claim, room: int, indent: int) -> list[Line]:
        """The right-hand side, relation first, in lines of `room` tenths of an em."""
        links = [(self.sign(relation), self.values(value)) for relation, value in self.chain(claim)]
        width = sum(len(sign[1]) + len(value[1]) for sign, value in links)
        if width <= room:
            return [Line(self.form.row([part[0] for link in links for part in link]), width)]
        # Parentheses that hold a break cannot grow with what they hold, so inner breaks come last.
        for deepest in range(1, DEEPEST + 1):
            lines = self._filled(self.runs(claim, deepest), room, indent)
            if lines[0].width <= room and all(line.width <= room - indent for line in lines[1:]):
                break
        return lines

    def _filled(self, runs: Sequence[Run], room: int, indent: int) -> list[Line]:
        widths = [len(run.texts[1]) for run in runs]
        return [
            Line(self.form.row([runs[number].texts[0] for number in line]), sum(widths[number] for number in line))
            for line in filled(runs, widths, room, indent)
        ]

    def tables(self, table: Table, room: int = ROOM) -> list[Table]:
        """The table, or where it is wider than `room` tenths of an em several with its columns one after the other.

        Of several rows the first column, which says what a row is of, stands in each.
        """
        columns = list(zip(table.heads, *table.rows, strict=True))
        widths = [max(len(self.values(cell)[1]) for cell in column) + BETWEEN for column in columns]
        groups = in_columns(widths, room, len(table.rows) > 1)
        return [_of_columns([columns[at] for at in group]) for group in groups]

    def chain(self, claim: Claim) -> Iterator[tuple[str, Any]]:
        """The links of a claim: relation and value."""
        yield from ((claim.relation, claim.rhs), *claim.more)


def in_columns(widths: Sequence[int], room: int, repeats: bool) -> list[list[int]]:
    """Which columns stand beside each other, so that none are wider than the room; with `repeats` the first in each.

    >>> in_columns([2, 4, 4, 4], 10, repeats=True)
    [[0, 1, 2], [0, 3]]
    """
    first = [0] if repeats else []
    groups = [list(first)]
    for at in range(len(first), len(widths)):
        if len(groups[-1]) > len(first) and sum(widths[each] for each in (*groups[-1], at)) > room:
            groups.append(list(first))
        groups[-1].append(at)
    return groups


def _of_columns(columns: Sequence[tuple[Any, ...]]) -> Table:
    heads, *rows = zip(*columns, strict=True)
    return Table(heads, tuple(rows))


def numbered(document: Document) -> Iterator[tuple[int, Claim]]:
    """The claims with their numbers, from 1."""
    return enumerate(document.claims(), start=1)


def title(document: Document) -> str:
    """The heading of a document, in its language; what it is about stands behind it."""
    heading = sentence(document.heading, document.language).format(document.title)
    return f"{heading} – {document.subject}" if document.subject else heading


# --- values of every kind -------------------------------------------------------------------------------------


def mathematics(p: Printer, value: Any) -> str:
    """A node, a number, a list of numbers or of rows, a norm or a formula, as a printer sets it."""
    if isinstance(value, Formula):
        return _formula(p, value)
    if isinstance(value, Blank):
        return p.form.word("." * value.width)
    if isinstance(value, Norm):
        piece = p.of(value.of)
        return p.form.fence("‖", piece.text, "‖", piece.tall)
    if isinstance(value, list | tuple):
        rows = [part if isinstance(part, list | tuple) else (part,) for part in value]
        return p.form.grid([[mathematics(p, entry) for entry in row] for row in rows])
    if isinstance(value, Node):
        return p.of(value).text
    return _number(p, value).text


def _formula(p: Printer, formula: Formula) -> str:
    left = p.of(formula.left).text
    if not formula.relation:
        return left
    sign = RELATIONS.get(formula.relation)
    between = p.signs[sign] if sign else p.form.word(f" {formula.relation} ")
    return p.row([left, between, *([p.of(formula.right).text] if formula.right is not None else [])])


def _number(p: Printer, value: Any) -> Piece:
    if isinstance(value, str):
        return Piece(p.signs["sum"] if value == "Σ" else p.form.word(value) if value else "")
    if isinstance(value, sp.Expr):
        return p.scalar(value)
    if isinstance(value, Fraction | int):
        return p.scalar(sp.Rational(value))
    return _decimal(p, number_text(value))


def _decimal(p: Printer, text: str) -> Piece:
    mantissa, exponent, power = text.lstrip("-").partition("e")
    if not mantissa[:1].isdigit():
        return Piece(p.form.word(text))
    body = p.form.number(mantissa)
    if exponent:
        above = p.scalar(sp.Integer(power), True).text
        body = p.row([body, p.signs["times"], p.form.power(p.form.number("10"), above)])
    return Piece(p.row([p.signs["negative"], body]) if text.startswith("-") else body, ATOM)
