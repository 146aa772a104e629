"""Scripts and functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.layout.printer import FACTOR, Printer, is_row, is_tall, negated
from symrnn.algebra.nodes import Node, Operation
from symrnn.algebra.spelling import ATOM, JUXTAPOSED, SCRIPTED, Piece


def transposed(p: Printer, body: Piece) -> str:
    """xᵀ."""
    return p.form.power(p.fit(body, ATOM).text, p.signs["transposed"])


def transpose(p: Printer, node: N.Transpose, parts: Sequence[Piece]) -> Piece:
    """Xᵀ."""
    return Piece(transposed(p, parts[0]), SCRIPTED, parts[0].tall)


def power(p: Printer, node: N.Power, parts: Sequence[Piece]) -> Piece:
    """x²."""
    if is_inverse(node):
        return p.form.fraction(p.scalar(sp.S.One), raised(p, node, parts[0], -node.exponent))
    return raised(p, node, parts[0], node.exponent)


def mat_power(p: Printer, node: N.MatPower, parts: Sequence[Piece]) -> Piece:
    """Wᵏ."""
    (body,) = parts
    return Piece(p.form.power(p.fit(body, ATOM).text, p.index(node.exponent)), SCRIPTED, body.tall)


def raised(p: Printer, node: N.Power, body: Piece, exponent: sp.Expr) -> Piece:
    """The base of a power, raised to an exponent."""
    base = node.operands[0]
    if exponent == 1:
        return body
    if not is_divisible(node):
        above = p.row([p.signs["entrywise"], p.index(exponent)])
        return Piece(p.form.scripts(p.fit(body, ATOM).text, "", above), SCRIPTED, body.tall)
    if exponent == sp.Rational(1, 2):
        return p.form.root(body)
    if isinstance(base, N.Apply) and exponent.is_Integer and _can_carry(base):
        head, inside = p.form.activation(base.activation), p.of(base.operands[0])
        return Piece(p.row([p.form.power(head, p.index(exponent)), p.fenced(inside)]), SCRIPTED, inside.tall)
    base_piece = p.fit(body, ATOM)
    return Piece(p.form.power(base_piece.text, p.index(exponent)), SCRIPTED, body.tall, base_piece.numeric)


def _can_carry(node: N.Apply) -> bool:
    return not node.activation.derivative_order and node.activation.name not in ("sqrt", "abs")


def apply(p: Printer, node: N.Apply, parts: Sequence[Piece]) -> Piece:
    """f(x)."""
    if node.activation.name == "sqrt":
        return p.form.root(parts[0])
    if node.activation.name == "abs" and not node.activation.derivative_order and p.form.name != "text":
        # In plain text two bars beside each other do not say which of them opens.
        return Piece(p.form.fence("|", parts[0].text, "|", parts[0].tall), ATOM, parts[0].tall)
    return Piece(p.row([p.form.activation(node.activation), p.fenced(parts[0])]), ATOM, parts[0].tall)


def called(function: str) -> Callable[[Printer, Any, Sequence[Piece]], Piece]:
    """The rule of a function: diag(x)."""

    def rule(p: Printer, node: Operation, parts: Sequence[Piece]) -> Piece:
        return Piece(p.row([p.form.function(function), p.fenced(parts[0])]), ATOM, parts[0].tall)

    return rule


_TWO = sp.Integer(2)


def squared_norm(p: Printer, node: N.SquaredNorm, parts: Sequence[Piece]) -> Piece:
    """‖x‖²."""
    (body,) = parts
    scalar = node.operands[0].is_scalar_shaped
    base = p.fit(body, ATOM).text if scalar else p.form.fence("‖", body.text, "‖", body.tall)
    return Piece(p.form.power(base, p.index(_TWO)), SCRIPTED, body.tall)


def cross_entropy(p: Printer, node: N.CrossEntropy, parts: Sequence[Piece]) -> Piece:
    """−yᵀ log softmax(o)."""
    target, logits = parts
    log, softmax = (p.form.function(name) for name in ("log", "softmax"))
    log_softmax = p.row([log, p.signs["space"], softmax, p.fenced(logits)])
    row = [transposed(p, target), p.signs["space"], log_softmax]
    if is_row(node.operands[0]):
        row = [p.fenced(Piece(log_softmax)), p.signs["space"], transposed(p, target)]
    return negated(p, Piece(p.row(row), JUXTAPOSED, target.tall or logits.tall))


def opaque(p: Printer, node: N.Opaque, parts: Sequence[Piece]) -> Piece:
    """L_t(h_t)."""
    tall = is_tall(parts)
    arguments = p.form.fence("(", p.joined("comma", [part.text for part in parts]), ")", tall)
    return Piece(p.row([p.fit(p.of(node.value), FACTOR).text, arguments]), ATOM, tall)


def is_inverse(node: Node) -> bool:
    """Whether the node is 1/x, set as a fraction."""
    return isinstance(node, N.Power) and bool(node.exponent.is_negative) and is_divisible(node)


def is_divisible(node: Node) -> bool:
    """Whether x/y is written for a quotient entry by entry: of vectors."""
    return node.shape[0] == 1 or node.shape[1] == 1
