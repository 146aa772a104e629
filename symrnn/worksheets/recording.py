"""Expressions as lists of scalar operations: recorded once by the interpreter, then computed for every draw.

Reads nodes; the domain `_Recorder` makes `Machine` write down what it would compute. A search for numbers evaluates
some hundred expressions a draw, and walking their trees would cost several times what the arithmetic does.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, reduce
from typing import Any

import sympy as sp

from symrnn.algebra.activations import Activation
from symrnn.algebra.nodes import Name, Node
from symrnn.checking.functions import applied
from symrnn.checking.numbers import MP, Number, Scalar, add, power, real, sharp, times
from symrnn.numeric.machine import Machine
from symrnn.numeric.scalars import Domain

Entries = tuple[tuple[Number, ...], ...]
"""A matrix of numbers."""
Places = tuple[tuple[int, ...], ...]
"""The same of places in a list of operations."""
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
        self._blank = machine(self._recorder)
        """Has met no name yet; what is met is remembered."""
        self._machine = self._blank.branch(self._missing, {})
        self._known: dict[Node, Places] = {}

    def _missing(self, name: Name, rows: int, cols: int) -> Places:
        key = self._key_of(name)
        return tuple(tuple(self._recorder.place(("read", key, i, j)) for j in range(cols)) for i in range(rows))

    def reader(self, table: Mapping[str, Entries]) -> Reader:
        """What evaluates nodes with the values of a table."""
        return Reader(self, table)

    @property
    def operations(self) -> Sequence[Operation]:
        """What has been written down so far."""
        return self._recorder.operations

    def places_of(self, node: Node) -> Places:
        """Where the entries of a node are computed."""
        found = self._known.get(node)
        if found is None:
            found = self._known[node] = self._machine.value(node)
        return found

    def chained(
        self, lines: Sequence[tuple[str, Node]], reads: Mapping[str, frozenset[str]], replaced: Mapping[str, Node]
    ) -> dict[str, Places]:
        """Where lines are computed when some are `replaced`, and all that reads them follows; only those that change.

        Args:
            lines: keys and right sides, in order.
            reads: the keys each right side reads.
            replaced: the right sides that are others.
        """
        changed: dict[str, Places] = {}

        def missing(name: Name, rows: int, cols: int) -> Places:
            return changed.get(self._key_of(name)) or self._missing(name, rows, cols)

        common = self._blank.branch(missing, {})
        for key, node in lines:
            if key in replaced:
                # A wrong equation may read what changes only later; the common machine would remember that.
                changed[key] = self._blank.branch(missing, {}).value(replaced[key])
            elif reads[key] & changed.keys():
                changed[key] = common.value(node)
        return changed


class Reader:
    """Evaluates nodes with the values of a table, each name read when it is first met; values are sharp."""

    def __init__(self, recording: Recording, table: Mapping[str, Entries]) -> None:
        self._recording = recording
        self._operations = recording.operations
        self._table = table
        self._computed: dict[int, Scalar] = {}

    def __call__(self, node: Node) -> Entries:
        return self.entries(self._recording.places_of(node))

    def entries(self, places: Places) -> Entries:
        """What is computed at places."""
        return tuple(tuple(sharp(self._at(place)) for place in row) for row in places)

    def _at(self, place: int) -> Scalar:
        found = self._computed.get(place)
        if found is None:
            word, *rest = self._operations[place]
            found = self._computed[place] = COMPUTED[word](self._at, self._table, rest)
        return found


Computed = Callable[[int], Scalar]
Table = Mapping[str, Entries]


def _read(computed: Computed, table: Table, rest: Sequence[Any]) -> Scalar:
    key, i, j = rest
    return table[key][i][j].value


def _sum(computed: Computed, table: Table, rest: Sequence[int]) -> Scalar:
    return reduce(add, map(computed, rest))


def _product(computed: Computed, table: Table, rest: Sequence[int]) -> Scalar:
    return reduce(times, map(computed, rest))


def _power(computed: Computed, table: Table, rest: Sequence[Any]) -> Scalar:
    return power(sharp(computed(rest[0])), sharp(rest[1])).value


@lru_cache(maxsize=4096)
def activated(name: str, x: Scalar) -> Scalar:
    """f(x) of the activation of that name; the same few logarithms are met in every draw."""
    return applied(name)(sharp(x)).value


COMPUTED: Mapping[str, Callable[[Computed, Table, Sequence[Any]], Scalar]] = {
    "given": lambda computed, table, rest: rest[0],
    "read": _read,
    "add": _sum,
    "mul": _product,
    "power": _power,
    "activate": lambda computed, table, rest: activated(rest[1], computed(rest[0])),
}
"""A row for each word."""


# --- roughly ----------------------------------------------------------------------------------------------------------

Doubles = tuple[tuple[float, ...], ...]
BITS = 80
"""Of an activation that becomes a double: more than one has."""


class RoughReader:
    """The same with doubles, many times faster, for answers of which four digits are written.

    They are only added, multiplied and raised to whole powers, and activations come from mpmath: so no platform's
    library decides which numbers are drawn.
    """

    def __init__(self, recording: Recording, table: Mapping[str, Doubles]) -> None:
        self._recording = recording
        self._operations = recording.operations
        self._table = table
        self._computed: dict[int, float] = {}

    def __call__(self, node: Node) -> Doubles:
        return self.entries(self._recording.places_of(node))

    def entries(self, places: Places) -> Doubles:
        """What is computed at places."""
        return tuple(tuple(self._at(place) for place in row) for row in places)

    def _at(self, place: int) -> float:
        found = self._computed.get(place)
        if found is None:
            found = self._computed[place] = self._compute(self._operations[place])
        return found

    def _compute(self, operation: Operation) -> float:
        match operation:
            case ("given", number):
                return float(number)
            case ("read", key, i, j):
                return self._table[key][i][j]
            case ("add", *terms):
                return reduce(operator.add, map(self._at, terms))
            case ("mul", *factors):
                return reduce(operator.mul, map(self._at, factors))
            case ("activate", x, name):
                return _roughly_activated(name, self._at(x))
            case ("power", base, exponent) if exponent.denominator == 1:
                return _whole_power(self._at(base), int(exponent))
            case ("power", base, exponent):
                return float(real(power(sharp(MP.mpf(self._at(base))), sharp(exponent)).value))
        raise ValueError(operation)


def _whole_power(base: float, exponent: int) -> float:
    found = reduce(operator.mul, [base] * abs(exponent), 1.0)
    return found if exponent >= 0 else 1 / found


def rough(entries: Entries) -> Doubles:
    """Numbers as doubles, correctly rounded."""
    return tuple(tuple(float(entry.value) for entry in row) for row in entries)


@lru_cache(maxsize=4096)
def _roughly_activated(name: str, x: float) -> float:
    with MP.workprec(BITS):
        return float(real(applied(name)(sharp(MP.mpf(x))).value))
