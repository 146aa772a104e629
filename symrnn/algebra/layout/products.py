"""Sums and products."""

from __future__ import annotations

from collections.abc import Sequence

from symrnn.algebra import nodes as N
from symrnn.algebra.layout.constants import with_bold_ones
from symrnn.algebra.layout.functions import is_inverse, raised, transposed
from symrnn.algebra.layout.printer import (
    ENTRYWISE,
    FACTOR,
    UNDER_NUMBER,
    UNDER_SCALAR,
    Printer,
    fitted_factors,
    is_row,
    is_tall,
    juxtaposed,
    negated,
    summed,
)
from symrnn.algebra.nodes import Node
from symrnn.algebra.spelling import ATOM, BIG, DERIVATIVE, HADAMARD, KRONECKER, QUOTIENT, SCRIPTED, Piece


def add(p: Printer, node: N.Add, parts: Sequence[Piece]) -> Piece:
    """x + y."""
    pairs = zip(node.operands, parts, strict=True)
    return summed(p, [_bare_number(p, term) or part for term, part in pairs])


def _bare_number(p: Printer, node: N.Node) -> Piece | None:
    """A number beside a vector is that number in every entry: x + 1/2, as one types it."""
    if p.style.bold_ones or not isinstance(node, N.Scale) or not isinstance(node.operands[1], N.Ones):
        return None
    front = node.operands[0]
    return p.scalar(front.value) if isinstance(front, N.Number) and front.value.is_Rational else None


def hadamard(p: Printer, node: N.Hadamard, parts: Sequence[Piece]) -> Piece:
    """x ⊙ y, or x/y."""
    last = node.operands[-1]
    if is_division(node):
        over = _entrywise(p, node, parts[:-1])
        return p.form.fraction(over, raised(p, last, p.of(last.operands[0]), -last.exponent))
    return _entrywise(p, node, parts)


def _entrywise(p: Printer, node: N.Hadamard, parts: Sequence[Piece]) -> Piece:
    if len(parts) == 1:
        return parts[0]
    if node.is_scalar_shaped:
        return juxtaposed(p, fitted_factors(p, parts, FACTOR), "thin")
    parts = fitted_factors(p, parts, ENTRYWISE)
    text = p.joined(p.style.product, [part.text for part in parts])
    return Piece(text, HADAMARD, is_tall(parts), parts[0].numeric)


def is_division(node: Node) -> bool:
    """Whether a product is set as a stacked fraction: its last factor is a power with a negative exponent.

    >>> h = N.Signal("h", (N.n, 1), N.t)
    >>> is_division(h * N.Power(h, -1)), is_division(h * h)
    (True, False)
    """
    return isinstance(node, N.Hadamard) and len(node.operands) > 1 and is_inverse(node.operands[-1])


def matmul(p: Printer, node: N.MatMul, parts: Sequence[Piece]) -> Piece:
    """A B."""
    return juxtaposed(p, fitted_factors(p, with_bold_ones(p, node, parts), FACTOR))


def scale(p: Printer, node: N.Scale, parts: Sequence[Piece]) -> Piece:
    """α X."""
    scalar, body = parts
    front = node.operands[0]
    if not isinstance(front, N.Number):
        return juxtaposed(p, [p.fit(scalar, FACTOR), p.fit(body, UNDER_SCALAR)], "thin")
    number = scalar.unsigned or scalar
    if number.text == p.signs["one"] and scalar.unsigned:
        piece = p.fit(body, UNDER_NUMBER | QUOTIENT | DERIVATIVE)
    else:
        allowed = FACTOR | QUOTIENT if front.value.is_Rational else FACTOR
        space = "space" if front.value.is_Integer else "thin"
        piece = juxtaposed(p, [p.fit(number, allowed), p.fit(body, UNDER_NUMBER)], space)
    return negated(p, piece) if scalar.unsigned else piece


def kronecker(p: Printer, node: N.Kronecker, parts: Sequence[Piece]) -> Piece:
    """A ⊗ B."""
    parts = [p.fit(part, FACTOR) for part in with_bold_ones(p, node, parts)]
    return Piece(p.joined("kronecker", [part.text for part in parts]), KRONECKER, is_tall(parts))


def inner(p: Printer, node: N.Inner, parts: Sequence[Piece]) -> Piece:
    """xᵀ y, or ⟨A, X⟩."""
    left, right = parts
    if 1 in node.operands[0].shape:
        left, right = with_bold_ones(p, node, parts)
        if is_row(node.operands[0]):
            return juxtaposed(p, [p.fit(left, FACTOR), Piece(transposed(p, right), SCRIPTED, right.tall)])
        return juxtaposed(p, [Piece(transposed(p, left), SCRIPTED, left.tall), p.fit(right, FACTOR | BIG)])
    tall = left.tall or right.tall
    return Piece(p.form.fence("⟨", p.joined("comma", [left.text, right.text]), "⟩", tall), ATOM, tall)
