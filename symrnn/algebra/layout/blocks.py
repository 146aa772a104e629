"""Blocks, big operators and guards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.layout.printer import BODY, UNDER_SCALAR, Printer, is_tall, juxtaposed
from symrnn.algebra.spelling import ATOM, BIG, Piece


def concat(p: Printer, node: N.Concat, parts: Sequence[Piece]) -> Piece:
    """[x; y]."""
    tall = is_tall(parts)
    inside = p.joined(_STACKS[p.style.stack], [part.text for part in parts])
    return Piece(p.form.fence("[", inside, "]", tall), ATOM, tall)


_STACKS = {";": "semicolon", ",": "comma"}


def block_matrix(p: Printer, node: N.BlockMatrix, parts: Sequence[Piece]) -> Piece:
    """A grid of blocks; a row of row vectors as [x, y], a row of numbers as the matrix it is."""
    if node.shape[0] == 1 and not all(isinstance(block, N.Number) for block in node.operands):
        tall = is_tall(parts)
        return Piece(p.form.fence("[", p.joined("comma", [part.text for part in parts]), "]", tall), ATOM, tall)
    return Piece(p.form.grid([[p.of(block).text for block in row] for row in node.grid]), ATOM, True)


def big_operator(sign: str) -> Callable[[Printer, Any, Sequence[Piece]], Piece]:
    """The rule of Σ or ∏."""

    def rule(p: Printer, node: N.Sum | N.Product, parts: Sequence[Piece]) -> Piece:
        index, first, last = node.range
        below = p.joined("tight equals", [p.index(index), p.index(first)])
        head = p.form.big(p.signs[sign], below, p.index(last))
        return Piece(p.row([head, p.fit(parts[0], BODY).text]), BIG, True)

    return rule


def guarded(p: Printer, node: N.Guarded, parts: Sequence[Piece]) -> Piece:
    """[t = T] x, or x alone where the guard is only the boundary."""
    (body,) = parts
    lo, index, hi = node.bounds
    if is_boundary(node):
        return body
    if lo == hi:
        condition = p.joined("equals", [p.scalar(index).text, p.scalar(lo).text])
    elif lo == -sp.oo:
        condition = p.joined("at most", [p.scalar(index).text, p.scalar(hi).text])
    elif hi == sp.oo:
        condition = p.joined("at least", [p.scalar(index).text, p.scalar(lo).text])
    else:
        condition = p.joined("at most", [p.scalar(bound).text for bound in (lo, index, hi)])
    bracket = Piece(p.form.fence("[", condition, "]", False))
    return juxtaposed(p, [bracket, p.fit(body, UNDER_SCALAR)], "thin")


def is_boundary(node: N.Guarded) -> bool:
    """Whether a guard only says that nothing comes from outside the steps: t+k ≤ T, or 1 ≤ t-k.

    >>> a = N.Adjoint(N.Signal("a", (N.n, 1), N.t + 1))
    >>> is_boundary(N.Guarded(a, -sp.oo, N.t + 1, N.T)), is_boundary(N.Guarded(a, N.T, N.t, N.T))
    (True, False)
    """
    lo, index, hi = node.bounds
    above = hi == sp.oo or hi == N.T or (hi.is_Integer and not index.is_Symbol)
    below = lo == -sp.oo or lo == 0 or lo == 1
    return bool(above and below)
