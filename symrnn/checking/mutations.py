"""A model's equation as someone in error would have it: each row of the table as a change of the expression tree.

Reads the right expression of a quantity at a step, sums written out; yields wrong expressions with the ids of their
rows. The same changes serve diagnosis (does one give exactly what is written?) and tests (plant one, and see it found).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from symrnn.algebra.nodes import Node
from symrnn.checking.changes import CHANGES
from symrnn.checking.patterns import Change, places
from symrnn.checking.patterns import Setting as Setting
from symrnn.checking.totals import WHOLE
from symrnn.errors import SymrnnError


def mutated(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """Every wrong expression a single mistake makes of a right one, with the row it is."""
    for sub, rebuilt in places(node):
        for change in CHANGES:
            for row, new in _tried(change, sub, setting):
                found = _rebuilt(rebuilt, new)
                if found is not None and found != node:
                    yield row, found
    for change in WHOLE:
        yield from _tried(change, node, setting)


def _tried(change: Change, node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    found = change(node, setting)
    while True:
        try:
            yield next(found)
        except StopIteration:
            return
        except SymrnnError:
            return


def _rebuilt(rebuilt: Callable[[Node], Node], new: Node) -> Node | None:
    try:
        return rebuilt(new)
    except SymrnnError:
        return None
