"""What a quantity comes to from the writer's own values: the model's equation, read with what stands on the page.

Reads a quantity and the page; returns the value with bounds, and the wrong links it hangs on. So a bare `L = 0.1007`
below a wrong `L_2` is told from a new mistake, and a value that carries rounding from one that is off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symrnn.algebra.nodes import Name, Node, names_in
from symrnn.checking.equations import Equations, equations_of
from symrnn.checking.matrices import Value
from symrnn.checking.page import Page
from symrnn.checking.truths import ModelTruths
from symrnn.numeric.interpretation import label

MOST_LEFT_OUT = 32
"""Quantities between a value and what stands on the page: more than a step of a gated cell has."""


@dataclass(frozen=True)
class Carried:
    """What a quantity comes to from the page: its value, the wrong links it hangs on, and all it was taken from."""

    value: Value
    taint: frozenset[int] = frozenset()
    links: frozenset[int] = frozenset()


def carried(node: Node, page: Page, truths: ModelTruths) -> Iterator[Carried]:
    """The values of a quantity by its equation, from the writer's values; none where nothing written goes into it.

    What the text leaves out on the way, such as an argument a_t, may be true, or come from the writer's values as well.
    """
    for left_out in (0, MOST_LEFT_OUT):
        found = _Carrier(page, equations_of(truths), left_out).by_equation(node)
        if found is not None:
            yield found


class _Carrier:
    """One quantity followed back to what stands on the page, over so many quantities that the text leaves out."""

    def __init__(self, page: Page, equations: Equations, left_out: int) -> None:
        self.page, self.equations, self.left_out = page, equations, left_out
        self._found: dict[str, Carried | None] = {}
        self._read = equations.reader(self._value)

    def by_equation(self, node: Node) -> Carried | None:
        """A quantity's equation, evaluated with what is written."""
        expression = self.equations.of(node)
        if expression is None:
            return None
        used = [one for one in map(self._written, names_in(expression)) if one is not None]
        value = self._read(expression) if used else None
        if value is None:
            return None
        none = frozenset[int]()
        return Carried(value, none.union(*(one.taint for one in used)), none.union(*(one.links for one in used)))

    def _value(self, name: Name) -> Value | None:
        written = self._written(name)
        return None if written is None else written.value

    def _written(self, name: Name) -> Carried | None:
        """What a name is on the page, or comes to from the page; None where nothing written goes into it."""
        key = label(name)
        record = self.page.quantities.get(key)
        if record is not None:
            return Carried(record.written, record.taint, frozenset({record.link}))
        if key not in self._found and len(self._found) < self.left_out:
            # None while it is looked for: no quantity goes into itself.
            self._found[key] = None
            self._found[key] = self.by_equation(name)
        return self._found.get(key)
