"""Expressions as lists of scalar operations: recorded once by the interpreter, then computed for every draw.

Reads nodes; the domain `_Recorder` makes `Machine` write down what it would compute. A search for numbers evaluates
some hundred expressions a draw, and walking their trees would cost several times what the arithmetic does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp

from symrnn.algebra.activations import Activation
from symrnn.algebra.nodes import Name, Node
from symrnn.checking.functions import applied
from symrnn.checking.numbers import Number, Scalar, add, power, sharp, times
from symrnn.numeric.machine import Machine
from symrnn.numeric.scalars import Domain

Entries = tuple[tuple[Number, ...], ...]
"""A matrix of numbers."""
Operation = tuple[Any, ...]
"""("given", number), ("read", key, row, column), or a word and the places of its operands."""


class _Recorder(Domain):
    """Entries are places in a list of operations; equal operations have one place."""

    zero = 0
    one = 1

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self._places: dict[Operation, int] = {}
        self.place(("given", Fraction(0)))
        self.place(("given", Fraction(1)))

    def place(self, operation: Operation) -> int:
        found = self._places.setdefault(operation, len(self.operations))
        if found == len(self.operations):
            self.operations.append(operation)
        return found

    def value(self, given: Any) -> int:
        return self.place(("given", Fraction(given)))

    def add(self, terms: Sequence[int]) -> int:
        kept = [term for term in terms if term != self.zero]
        return (kept[0] if kept else self.zero) if len(kept) < 2 else self.place(("add", *kept))

    def mul(self, factors: Sequence[int]) -> int:
        if self.zero in factors:
            return self.zero
        kept = [factor for factor in factors if factor != self.one]
        return (kept[0] if kept else self.one) if len(kept) < 2 else self.place(("mul", *kept))

    def power(self, base: int, exponent: sp.Expr) -> int:
        return self.place(("power", base, Fraction(int(exponent.p), int(exponent.q))))

    def activate(self, row: Activation, x: int) -> int:
        return self.place(("activate", x, row.name))


class Recording:
    """What expressions of one model come to, for any table of given values."""

    def __init__(self, machine: Callable[[Domain], Machine], key_of: Callable[[Name], str]) -> None:
        self._recorder = _Recorder()
        self._key_of = key_of
        self._machine = machine(self._recorder).branch(self._missing, {})
        self._known: dict[Node, tuple[tuple[int, ...], ...]] = {}

    def _missing(self, name: Name, rows: int, cols: int) -> Any:
        key = self._key_of(name)
        return tuple(tuple(self._recorder.place(("read", key, i, j)) for j in range(cols)) for i in range(rows))

    def reader(self, table: Mapping[str, Entries]) -> Callable[[Node], Entries]:
        """What evaluates nodes with the values of a table, each name read when it is first met; values are sharp."""
        known: dict[int, Scalar] = {}
        operations = self._recorder.operations

        def computed(place: int) -> Scalar:
            found = known.get(place)
            if found is None:
                word, *rest = operations[place]
                found = known[place] = COMPUTED[word](computed, table, rest)
            return found

        def value(node: Node) -> Entries:
            return tuple(tuple(sharp(computed(place)) for place in row) for row in self._places(node))

        return value

    def _places(self, node: Node) -> tuple[tuple[int, ...], ...]:
        found = self._known.get(node)
        if found is None:
            found = self._known[node] = self._machine.value(node)
        return found


Computed = Callable[[int], Scalar]
Table = Mapping[str, Entries]


def _read(computed: Computed, table: Table, rest: Sequence[Any]) -> Scalar:
    key, i, j = rest
    return table[key][i][j].value


def _sum(computed: Computed, table: Table, rest: Sequence[int]) -> Scalar:
    found = computed(rest[0])
    for place in rest[1:]:
        found = add(found, computed(place))
    return found


def _product(computed: Computed, table: Table, rest: Sequence[int]) -> Scalar:
    found = computed(rest[0])
    for place in rest[1:]:
        found = times(found, computed(place))
    return found


def _power(computed: Computed, table: Table, rest: Sequence[Any]) -> Scalar:
    return power(sharp(computed(rest[0])), sharp(rest[1])).value


def _activate(computed: Computed, table: Table, rest: Sequence[Any]) -> Scalar:
    return _activated(rest[1], computed(rest[0]))


@lru_cache(maxsize=4096)
def _activated(name: str, x: Scalar) -> Scalar:
    # The same few logarithms are met in every draw.
    return applied(name)(sharp(x)).value


COMPUTED: Mapping[str, Callable[[Computed, Table, Sequence[Any]], Scalar]] = {
    "given": lambda computed, table, rest: rest[0],
    "read": _read,
    "add": _sum,
    "mul": _product,
    "power": _power,
    "activate": _activate,
}
"""A row for each word."""
