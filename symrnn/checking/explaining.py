"""What is said of a wrong link besides its mistakes: the smallest part that differs, its place, and the right line.

Reads sides, a quantity's equation and how both are evaluated; returns a `Piece` that points into the source.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symrnn.algebra.nodes import Node, substitute
from symrnn.algebra.reading.syntax import Syntax
from symrnn.checking.claims import Line, Side
from symrnn.checking.differences import Comparison, Difference, said
from symrnn.checking.equations import Equations, equation_of
from symrnn.checking.ledger import Ledger
from symrnn.checking.matrices import Value
from symrnn.checking.mentions import letters_of
from symrnn.checking.naming import Derivative, Known
from symrnn.checking.verdicts import Piece, Place

LEVELS = 3
"""How deep a quantity's equation is written out to be compared."""
HERE = "here: {0}"


def difference_of(
    side: Side, node: Node, equations: Equations, written: Callable[[Syntax], Value | None]
) -> Difference | None:
    """The smallest part of a side that differs from a quantity's equation, at the level where most of it fits."""
    comparison = Comparison(written, lambda part: equations.value(part, None), side.text)
    best: Difference | None = None
    expression = equations.of(node)
    for _ in range(LEVELS):
        if expression is None:
            break
        found = comparison.difference(side.tree, expression)
        if found is not None and (best is None or found.left_over < best.left_over):
            best = found
        expression = equations.inlined(expression)
    return best


def piece_at(side: Side, found: Difference, line: Line, ledger: Ledger) -> Piece:
    """A part of a side as a place in the source."""
    start, text = found.start, side.text[found.start : found.end]
    above = side.text[:start].count("\n")
    column = side.place.column + start if not above else start - side.text.rfind("\n", 0, start)
    length = len(text.split("\n")[0])
    shown = ledger.source_line(side.place, line)
    if above and side.place.cell is None and side.place.line + above <= len(ledger.lines):
        shown = ledger.lines[side.place.line + above - 1].rstrip("\r")
    return Piece(Place(side.place.line + above, column, max(1, length), shown, side.place.file), text, found.reason)


def right_side(node: Node, equations: Equations, name: Known | None = None) -> str | None:
    """The equation of a quantity in text; of one that is said of every step, at the step its name stands at."""
    if name is not None:
        found = equation_of(node, equations.truths)
        if found is None:
            return None
        step = _step_of(name)
        moved = dict.fromkeys(found[1], step) if step is not None else {}
        return said(substitute(found[0].expression, moved) if moved else found[0].expression)
    expression = equations.of(node)
    return None if expression is None else said(expression)


def _step_of(name: Known) -> sp.Expr | None:
    """The step t − 1 of `∂L/∂h_{t-1}` as an expression; None where it is a number or there is none."""
    step = (name.wrt if isinstance(name, Derivative) else name).step
    letter = next(letters_of(step), "") if step is not None else ""
    if not isinstance(step, str) or not letter or not (more := step.removeprefix(letter) or "0").lstrip("+-").isdigit():
        return None
    return sp.Symbol(letter, integer=True) + int(more)
