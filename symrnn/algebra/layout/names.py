"""Names with their time and accents, and quotients of differentials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.layout.printer import FACTOR, Frame, Printer
from symrnn.algebra.nodes import Name, Node
from symrnn.algebra.spelling import ATOM, DERIVATIVE, SCRIPTED, Letter, Piece, is_greek, is_word, read_name

GAP = "......"


def _letter(p: Printer, letter: Letter, script: bool, accents: Iterable[str] = (), bold: bool = False) -> str:
    text = p.form.word(letter.base) if script and is_word(letter) else p.form.letter(letter.base, script)
    if bold:
        text = p.form.bold(text)
    wide = len(letter.base) > 1 and not is_greek(letter.base, script)
    for accent in (*letter.accents, *accents):
        text = p.form.accent(accent, text, wide)
    if letter.below:
        text = p.form.scripts(text, p.joined("tight comma", [_letter(p, part, True) for part in letter.below]), "")
    return text


def spelled(
    p: Printer,
    name: str,
    indices: Sequence[sp.Expr],
    accents: tuple[str, ...] = (),
    bold: bool = False,
    renamed: bool = True,
) -> Piece:
    """A name with its indices and accents; sizes and steps are not `renamed` by a notation."""
    key = (name, bool(indices), accents, bold, renamed)
    frame = p.frames.get(key)
    if frame is None:
        frame = p.frames[key] = _frame(p, *key)
    base, below, marks, above = frame
    places = p.joined("tight comma", [p.index(index) for index in indices]) if indices else ""
    time = p.style.time if indices else ""
    if time == "subscript":
        below = (*below, places)
    elif time in _TIME_FENCES and time != "bracket":
        above = (*above, p.form.fence(_TIME_FENCES[time][0], places, _TIME_FENCES[time][1], False))
    raised = p.row([marks, p.joined("tight comma", above)]) if above else marks
    text = p.form.scripts(base, p.joined("tight comma", below), raised)
    if time == "bracket":
        text = p.row([text, p.form.fence("[", places, "]", False)])
    return Piece(text, SCRIPTED if raised else ATOM)


_TIME_FENCES = {"superscript": "()", "angle": "⟨⟩", "bracket": "[]"}


def _frame(p: Printer, name: str, timed: bool, accents: tuple[str, ...], bold: bool, renamed: bool) -> Frame:
    letter, below, above = read_name(p.style.names.get(name, name) if renamed else name)
    base = _letter(p, letter, False, accents, bold)
    upper = [_letter(p, part, True) for part in above]
    if timed and p.style.time == "subscript":
        upper = [_above(p, part) for part in below if not is_word(part)] + upper
        below = tuple(part for part in below if is_word(part))
    marks = p.row([p.signs[mark] for mark in letter.marks])
    return Frame(base, tuple(_letter(p, part, True) for part in below), marks, tuple(upper))


def _above(p: Printer, part: Letter) -> str:
    text = _letter(p, part, True)
    return p.form.fence("(", text, ")", False) if part.base.isdigit() else text


def _is_bold(p: Printer, node: Node) -> bool:
    return p.style.bold and not node.is_scalar_shaped


def name(p: Printer, node: N.Signal | N.Parameter, parts: Sequence[Piece]) -> Piece:
    """A signal or a parameter."""
    return _named(p, node)


def gap(p: Printer, node: N.Gap, parts: Sequence[Piece]) -> Piece:
    """Room for what is left out."""
    return Piece(p.form.word(GAP), ATOM)


def _named(p: Printer, node: N.Signal | N.Parameter, accents: tuple[str, ...] = ()) -> Piece:
    return spelled(p, node.name, _indices(node), accents, _is_bold(p, node))


def _indices(node: Node) -> tuple[sp.Expr, ...]:
    return node.indices if isinstance(node, N.Signal) else ()


def _accented(p: Printer, node: Name) -> Piece | None:
    """A name under its own accents, or None where it is a quotient of differentials."""
    accents: list[str] = []
    while isinstance(node, N.Adjoint | N.Tangent):
        accents.append("bar" if isinstance(node, N.Adjoint) else "dot")
        node = node.of
    return _named(p, node, tuple(reversed(accents))) if isinstance(node, N.Signal | N.Parameter) else None


def adjoint(p: Printer, node: N.Adjoint, parts: Sequence[Piece]) -> Piece:
    """h̄_t, ∂L/∂h_t, ∇_{h_t} L, or δ_t."""
    of = node.of
    if isinstance(of, N.Signal) and of.name in p.style.adjoints:
        return spelled(p, p.style.adjoints[of.name], of.indices, (), _is_bold(p, of))
    if p.style.adjoint == "overbar" and not isinstance(of, N.Parameter):
        piece = _accented(p, node)
        if piece is not None:
            return piece
    loss = spelled(p, p.style.loss, ()).text
    if p.style.adjoint == "nabla":
        slope = p.form.scripts(p.signs["nabla"], _side(p, of), "")
        return Piece(p.row([slope, p.signs["thin"], loss]), DERIVATIVE)
    return _quotient(p, "partial", loss, _side(p, of))


def tangent(p: Printer, node: N.Tangent, parts: Sequence[Piece]) -> Piece:
    """ẋ, or d(…) of what has no accent."""
    piece = _accented(p, node)
    return piece or Piece(p.row([p.form.letter("d", False), p.fenced(p.of(node.of))]))


def _quotient(p: Printer, sign: str, over: str, under: str) -> Piece:
    return p.form.derivative(p.row([p.signs[sign], over]), p.row([p.signs["partial"], under]))


def immediate(p: Printer, node: N.Immediate, parts: Sequence[Piece]) -> Piece:
    """∂⁺L/∂h_t."""
    return _quotient(p, "partial+", _side(p, node.of), _side(p, node.wrt))


def block(p: Printer, node: N.Block, parts: Sequence[Piece]) -> Piece:
    """∂y/∂x."""
    sign = "partial+" if node.kind == "immediate" else "partial"
    piece = _quotient(p, sign, _side(p, node.of), _side(p, node.wrt))
    if node.kind in ("total", "direct"):
        return Piece(p.form.scripts(p.fenced(piece), p.signs[node.kind], ""), SCRIPTED, piece.tall)
    return piece


def _side(p: Printer, node: Node) -> str:
    """What stands above or below the bar of a derivative: a stacked state as a tuple."""
    return _tuple(p, node) if isinstance(node, N.Concat | N.BlockMatrix) else p.fit(p.of(node), FACTOR).text


def _tuple(p: Printer, node: N.Concat | N.BlockMatrix) -> str:
    return p.form.fence("(", p.joined("comma", [p.of(part).text for part in node.operands]), ")", False)
