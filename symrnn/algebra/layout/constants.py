"""Numbers, ones, and matrices that pick."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.layout.printer import Printer, negated
from symrnn.algebra.nodes import Operation
from symrnn.algebra.spelling import JUXTAPOSED, SCRIPTED, Piece


def decimal(p: Printer, node: N.Decimal, parts: Sequence[Piece]) -> Piece:
    """0.4621, 1.2·10⁻⁵."""
    mantissa, _, exponent = node.text.removeprefix("-").partition("e")
    piece = Piece(p.form.number(mantissa), numeric=True)
    if exponent:
        ten = p.form.power(p.form.number("10"), p.scalar(sp.Integer(int(exponent)), True).text)
        piece = Piece(p.row([piece.text, p.signs["times"], ten]), JUXTAPOSED, numeric=True)
    return negated(p, piece) if node.text.startswith("-") else piece


def number(p: Printer, node: N.Number, parts: Sequence[Piece]) -> Piece:
    """A number."""
    return p.scalar(node.value)


def ones(p: Printer, node: N.Ones, parts: Sequence[Piece]) -> Piece:
    """1 in every entry."""
    return bold_ones(p, node) if p.style.bold_ones else Piece(p.signs["one"], numeric=True)


def bold_ones(p: Printer, node: N.Ones) -> Piece:
    """𝟏, or 𝟏ᵀ."""
    if node.shape[0] == 1 and node.shape[1] != 1:
        return Piece(p.form.power(p.signs["bold one"], p.signs["transposed"]), SCRIPTED)
    return Piece(p.signs["bold one"])


def selector(p: Printer, node: N.Selector, parts: Sequence[Piece]) -> Piece:
    """E_{1:n}: the rows 1 to n."""
    rows, offset, _ = node.args
    first, last = sp.expand(offset + 1), sp.expand(offset + rows)
    bounds = p.row([p.index(first), p.signs["colon"], p.index(last)])
    return Piece(p.form.scripts(p.form.letter("E", False), bounds, ""))


def commutation(p: Printer, node: N.Commutation, parts: Sequence[Piece]) -> Piece:
    """K_{n,m}."""
    sizes = p.joined("tight comma", [p.index(size) for size in node.args])
    return Piece(p.form.scripts(p.form.letter("K", False), sizes, ""))


def embedding(p: Printer, node: N.Embedding, parts: Sequence[Piece]) -> Piece:
    """E_n."""
    return Piece(p.form.scripts(p.form.letter("E", False), p.index(node.args[0]), ""))


def with_bold_ones(p: Printer, node: Operation, parts: Sequence[Piece]) -> Sequence[Piece]:
    """The parts, where a vector of ones among them stands in bold."""
    factors = node.operands
    if N.Ones not in map(type, factors):
        return parts
    pairs = zip(factors, parts, strict=True)
    return [bold_ones(p, factor) if isinstance(factor, N.Ones) else part for factor, part in pairs]
