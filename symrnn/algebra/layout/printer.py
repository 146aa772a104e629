"""One call of printing: what was printed so far, what needs parentheses, and pieces put together.

Linear in the size of the tree, shared parts printed once, no recursion over depth; a node class without a rule raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.layout.style import Style
from symrnn.algebra.nodes import Node, Operation
from symrnn.algebra.spelling import (
    ATOM,
    BIG,
    DERIVATIVE,
    FRACTION,
    HADAMARD,
    JUXTAPOSED,
    KRONECKER,
    SCRIPTED,
    SIGNED,
    SUM,
    Format,
    Piece,
)

# What may stand bare, by place; the rest gets parentheses.
TERM = ~(SUM | SIGNED)
FACTOR = FRACTION | SCRIPTED | ATOM
ENTRYWISE = FACTOR | DERIVATIVE
BODY = TERM
UNDER_NUMBER = FACTOR | BIG | HADAMARD | JUXTAPOSED | KRONECKER
UNDER_SCALAR = FACTOR | BIG | JUXTAPOSED


class Frame(NamedTuple):
    """A name ready to take its indices: the letter, and what stands below and above it already."""

    base: str
    below: tuple[str, ...]
    marks: str
    above: tuple[str, ...]


Rule: TypeAlias = Callable[["Printer", Any, Sequence[Piece]], Piece]
"""A printer, a node and the pieces of its operands, to the piece of the node."""
RULES: dict[type[Node], Rule] = {}
"""THE table: one rule for each node class, for every format; `rules` fills it, so that rules may use the Printer."""
SCALARS: dict[str, Callable[[Printer, sp.Expr, bool], Piece]] = {}
"""How numbers and sizes look; `scalars` fills it."""


class Printer:
    """One call's work: the format, the style, and what was printed so far.

    Pieces are remembered by the identity of their nodes, which must outlive the Printer.
    """

    def __init__(self, form: Format, style: Style) -> None:
        self.form = form
        self.style = style
        self.signs = form.signs
        self.row = form.row
        self.done: dict[int, Piece] = {}
        self.scalars: dict[tuple[sp.Expr, bool], Piece] = {}
        self.frames: dict[tuple[str, bool, tuple[str, ...], bool, bool], Frame] = {}

    def of(self, node: Node) -> Piece:
        """The piece of a node, its operands first: an explicit stack, so depth costs no recursion."""
        done = self.done
        stack = [(node, _operands(node))]
        while stack:
            current, operands = stack[-1]
            height = len(stack)
            for operand in operands:
                if id(operand) not in done:
                    below = _operands(operand)
                    if below:
                        stack.append((operand, below))
                    else:
                        done[id(operand)] = _rule_for(operand)(self, operand, ())
            if len(stack) == height:
                stack.pop()
                if id(current) not in done:
                    parts = [done[id(operand)] for operand in operands]
                    done[id(current)] = _rule_for(current)(self, current, parts)
        return done[id(node)]

    def fit(self, piece: Piece, allowed: int) -> Piece:
        """A piece, in parentheses unless its kind is allowed bare where it will stand."""
        return piece if piece.kind & allowed else Piece(self.fenced(piece), ATOM, piece.tall)

    def fenced(self, piece: Piece) -> str:
        """(x)."""
        return self.form.fence("(", piece.text, ")", piece.tall)

    def joined(self, sign: str, texts: Sequence[str]) -> str:
        """x sign y sign …"""
        if len(texts) == 1:
            return texts[0]
        between = self.signs[sign]
        parts: list[str] = []
        for text in texts:
            parts.append(between)
            parts.append(text)
        return self.row(parts[1:])

    def index(self, value: sp.Expr) -> str:
        """An index or size, set tight: t-1."""
        return self.scalar(value, True).text

    def scalar(self, value: sp.Expr, tight: bool = False) -> Piece:
        """A number or an expression of sizes and indices."""
        key = (value, tight)
        piece = self.scalars.get(key)
        if piece is None:
            piece = self.scalars[key] = SCALARS["scalar"](self, value, tight)
        return piece


def _operands(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Operation):
        return node.operands
    return (node.of, node.wrt) if isinstance(node, N.Immediate | N.Block) else ()


def _rule_for(node: Node) -> Rule:
    try:
        return RULES[type(node)]
    except KeyError:
        raise NotImplementedError(
            f"{type(node).__name__} has no printing rule: a fault of symrnn; layout/rules.py needs a row for it"
        ) from None


# --- pieces together ---------------------------------------------------------------------------------------


def negated(p: Printer, piece: Piece) -> Piece:
    """−x."""
    return Piece(p.row([p.signs["negative"], piece.text]), SIGNED, piece.tall, False, piece)


def summed(p: Printer, pieces: Sequence[Piece], tight: str = "") -> Piece:
    """x + y − …: signs stand between."""
    plus, minus = p.signs[tight + "plus"], p.signs[tight + "minus"]
    first = p.fit(pieces[0], TERM | SIGNED)
    parts = [first.text]
    for piece in pieces[1:]:
        parts.append(plus if piece.unsigned is None else minus)
        parts.append(p.fit(piece.unsigned or piece, TERM).text)
    return Piece(p.row(parts), SUM, is_tall(pieces), first.numeric)


def juxtaposed(p: Printer, parts: Sequence[Piece], space: str = "space") -> Piece:
    """A B …: side by side, with a dot before a digit."""
    row: list[str] = []
    for part in parts:
        row.append(p.signs["times" if part.numeric else space])
        row.append(part.text)
    return Piece(p.row(row[1:]), JUXTAPOSED, is_tall(parts), parts[0].numeric)


def fitted_factors(p: Printer, parts: Sequence[Piece], allowed: int) -> list[Piece]:
    """The factors, each in parentheses where it needs them; a big operator may stand bare as the last."""
    last = len(parts) - 1
    return [p.fit(part, allowed | BIG if i == last else allowed) for i, part in enumerate(parts)]


def is_tall(parts: Iterable[Piece]) -> bool:
    """Whether one of the pieces is."""
    return any([part.tall for part in parts])


def is_row(node: Node) -> bool:
    """Whether the node is a row vector."""
    return bool(node.shape[0] == 1 and node.shape[1] != 1)
