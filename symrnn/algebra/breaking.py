"""Where a long formula may break: before the signs of a sum or an entrywise product, inside parentheses too.

Reads a node, returns `Run`s: what a line must not break, printed in several formats at once. The rules stay those of
`layout`: a node is printed with marks in the place of its operands, and the marks are then replaced by their runs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from symrnn.algebra import nodes as N
from symrnn.algebra.layout import RULES, Printer, Style, is_division
from symrnn.algebra.nodes import Node
from symrnn.algebra.spelling import Format, Piece

_WRAPPERS = N.MatMul | N.Scale | N.Sum | N.Product | N.Diag | N.DiagonalOf | N.Guarded | N.Softmax | N.Vec
"""Operations that set their operands side by side, perhaps in parentheses, and nothing above or below them."""
DEEPEST = 6
_FIRST_MARK = 0xE000
_MARKS = re.compile("[\ue000-\uf8ff]")


class Run(NamedTuple):
    """What stands on one line: one text for each format, and how deep the break before it lies; 0 breaks first."""

    depth: int
    texts: tuple[str, ...]


class Breaker:
    """Runs of nodes in several formats at once, which agree on where a formula may break.

    >>> from symrnn.algebra.layout import NEUTRAL
    >>> from symrnn.algebra.spelling import TEXT
    >>> a, b, c = (N.Signal(name, (N.n, 1), N.t) for name in "abc")
    >>> [run.texts[0] for run in Breaker((TEXT,), NEUTRAL).runs(a * (b + c) + c)]
    ['a_t', ' ⊙ (b_t', ' + c_t)', ' + c_t']
    """

    def __init__(self, forms: Sequence[Format], style: Style) -> None:
        self.whole = [Printer(form, style) for form in forms]
        self.open = [Printer(replace(form, fence=form.open_fence or form.fence), style) for form in forms]

    def runs(self, node: Node, deepest: int = DEEPEST, depth: int = 0) -> list[Run]:
        """The runs of a node, in order; a single one where it does not break; 1 is `deepest` for its own signs only."""
        whole = [Run(depth, tuple(printer.of(node).text for printer in self.whole))]
        places = _places(node) if depth < deepest else ()
        inner = [self._inside(node, place, deepest, depth + 1) for place in places]
        if not _has_signs(node) and all(len(runs) == 1 for runs in inner):
            return whole
        columns = [_fragments(printer, node, places) for printer in self.open]
        if any(len(column) != len(places) + 1 for column in columns):
            return whole
        return self._joined(node, depth, inner, list(zip(*columns, strict=True)))

    def _inside(self, node: Node, place: int, deepest: int, depth: int) -> list[Run]:
        operand = node.operands[place]
        if isinstance(node, N.Add) and self.whole[0].of(operand).unsigned:
            pieces = [printer.of(operand).unsigned for printer in self.whole]
            return [Run(depth, tuple(piece.text for piece in pieces if piece))]
        return self.runs(operand, deepest, depth)

    def _joined(
        self, node: Node, depth: int, inner: Sequence[Sequence[Run]], fragments: Sequence[tuple[str, ...]]
    ) -> list[Run]:
        found = [Run(depth, fragments[0])]
        for number, (runs, after) in enumerate(zip(inner, fragments[1:], strict=True), start=1):
            found[-1] = _glued(found[-1], runs[0].texts)
            found += runs[1:]
            signs = self._signs(node, after) if number < len(inner) else None
            if signs is None:
                found[-1] = _glued(found[-1], after)
            else:
                found[-1] = _glued(found[-1], [text[:at] for text, at in zip(after, signs, strict=True)])
                found.append(Run(depth, tuple(text[at:] for text, at in zip(after, signs, strict=True))))
        return found

    def _signs(self, node: Node, between: Sequence[str]) -> list[int] | None:
        """Where, in what stands between two operands, the sign begins before which a line may break."""
        if not _has_signs(node):
            return None
        names = ("plus", "minus") if isinstance(node, N.Add) else (self.whole[0].style.product,)
        places = [
            max(text.find(printer.signs[name]) for name in names)
            for printer, text in zip(self.open, between, strict=True)
        ]
        return places if min(places) >= 0 else None


def _has_signs(node: Node) -> bool:
    return bool(_places(node)) and (
        isinstance(node, N.Add) or (isinstance(node, N.Hadamard) and not node.is_scalar_shaped)
    )


def _places(node: Node) -> Sequence[int]:
    """Which operands a line may break between or within."""
    if not isinstance(node, N.Add | N.Hadamard | _WRAPPERS) or is_division(node):
        return ()
    first = 1 if isinstance(node, N.Scale) and isinstance(node.operands[0], N.Number) else 0
    return range(first, len(node.operands))


def _fragments(printer: Printer, node: Node, places: Sequence[int]) -> list[str]:
    """What the format sets before, between and after the operands."""
    parts = [printer.of(operand) for operand in node.operands]
    for place in places:
        parts[place] = _marked(printer, parts[place], chr(_FIRST_MARK + place), isinstance(node, N.Add))
    return _MARKS.split(RULES[type(node)](printer, node, parts).text)


def _marked(printer: Printer, piece: Piece, mark: str, summed: bool) -> Piece:
    if not summed or piece.unsigned is None:
        return piece._replace(text=mark, unsigned=None)
    # A minus stands between the summands, so the mark takes the place of what follows it.
    text = printer.row([printer.signs["negative"], mark])
    return piece._replace(text=text, unsigned=piece.unsigned._replace(text=mark))


def _glued(run: Run, texts: Sequence[str]) -> Run:
    return Run(run.depth, tuple(head + tail for head, tail in zip(run.texts, texts, strict=True)))


def filled(runs: Sequence[Run], widths: Sequence[int], room: int, indent: int) -> list[list[int]]:
    """Which runs stand on which line of `room`; lines after the first are indented. Outer breaks come before inner.

    >>> runs = [Run(depth, ()) for depth in (0, 1, 1, 0)]
    >>> filled(runs, [30, 30, 30, 10], room=70, indent=5)
    [[0, 1], [2, 3]]
    """
    lines: list[list[int]] = [[]]
    used = 0

    def put(block: Sequence[int]) -> None:
        nonlocal used
        wide = sum(widths[number] for number in block)
        if used + wide > room and lines[-1]:
            lines.append([])
            used = indent
        if used + wide <= room or len(block) == 1:
            lines[-1] += block
            used += wide
            return
        outer = min(runs[number].depth for number in block[1:])
        for part in _parted(runs, block, outer):
            put(part)

    if runs:
        put(range(len(runs)))
    return lines


def _parted(runs: Sequence[Run], block: Sequence[int], depth: int) -> list[list[int]]:
    parts: list[list[int]] = []
    for number in block:
        if parts and runs[number].depth > depth:
            parts[-1].append(number)
        else:
            parts.append([number])
    return parts
