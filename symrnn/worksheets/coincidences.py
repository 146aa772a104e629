"""Wrong answers that coincide: whatever the numbers, or by the luck of these.

Reads lines with their wrong equations, and tables of values of no special kind: what is equal in all of them is equal
by structure. Everything else that is equal for a variant's own numbers is luck, and a variant can be without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from symrnn.algebra.nodes import Adjoint, Node, Parameter, names_in
from symrnn.checking.numbers import MP, real
from symrnn.worksheets.numbers import is_exact
from symrnn.worksheets.solving import Line, Rows, Solver, key_of, nice, same

SLIPS = frozenset({"R24", "A05"})
"""Rows that are slips of one line: nobody makes them at every line."""
MOST_WAYS = 2
"""So many ways of one mistake in one line are carried through a sheet."""
APART = Fraction(2, 1000)
"""Relative: closer than this, four digits may not show that two numbers differ."""

Table = Mapping[str, Rows]


def apart(left: Rows, right: Rows, rounded: bool) -> bool:
    """Whether two answers differ: at all, or so much that four digits show it."""
    if not rounded or (len(left), len(left[0])) != (len(right), len(right[0])):
        return not same(left, right)
    pairs = [
        (real(a.value), real(b.value)) for x, y in zip(left, right, strict=True) for a, b in zip(x, y, strict=True)
    ]
    return any(abs(a - b) * APART.denominator > APART.numerator * abs(b) for a, b in pairs)


@dataclass(frozen=True)
class Habit:
    """One mistake made at every line it fits: the lines it changes, and their wrong equations."""

    row: str
    replaced: Mapping[str, Node]


@dataclass(frozen=True)
class Luck:
    """What a variant's numbers make equal in one line, and other numbers would not."""

    key: str
    hidden: tuple[str, ...]
    """Mistakes that give the right answer."""
    pairs: tuple[tuple[str, str], ...]
    """Different mistakes that give one wrong answer."""


class Coincidences:
    """What is equal by structure, and what a variant's numbers make equal beyond that."""

    def __init__(self, solver: Solver, asked: Sequence[Line], tables: Sequence[Table], rounded: bool) -> None:
        self._solver = solver
        self._asked = asked
        self._rounded = rounded
        self._tables = tables
        self._classes = {line.key: self._classes_of(line) for line in asked}

    def rounds(self, rows: Rows) -> bool:
        """Whether an answer is written rounded: every one of a sheet, or one that is neither fraction nor logarithm."""
        return self._rounded or not is_exact(rows)

    # --- one line

    def wrong(self, line: Line, values: Table) -> Iterator[tuple[int, str, Rows]]:
        """What each mistake makes of a line, everything before it right: its place, its row and the answer."""
        reader = self._solver.sharp_reader(values)
        for place, (row, node) in enumerate(line.wrong):
            found = tried(reader, node)
            if found is not None:
                yield place, row, _as_listed(found, values[line.key])

    def _classes_of(self, line: Line) -> tuple[int, ...]:
        """The right side and its wrong ones, each with the number of those that are always equal to it."""
        signatures: list[list[Any]] = [[] for _ in range(len(line.wrong) + 1)]
        for values in self._tables:
            found = {place: rows for place, _, rows in self.wrong(line, values)}
            signatures[0].append(_signature(values[line.key]))
            for place in range(len(line.wrong)):
                signatures[place + 1].append(_signature(found[place]) if place in found else None)
        numbers: dict[tuple[Any, ...], int] = {}
        return tuple(numbers.setdefault(tuple(each), len(numbers)) for each in signatures)

    @cached_property
    def silent(self) -> frozenset[tuple[str, str]]:
        """(line, mistake) that give the right number whatever the values."""
        return frozenset(
            (line.key, row)
            for line in self._asked
            for at, (row, _) in enumerate(line.wrong)
            if self.is_silent(line, at)
        )

    def is_silent(self, line: Line, place: int) -> bool:
        """Whether a wrong equation is equal to the right one whatever the values."""
        classes = self._classes[line.key]
        return classes[place + 1] == classes[0]

    def found(self, line: Line, values: Table) -> Luck:
        """What a line's numbers make equal that need not be: mistakes with the right answer, or with each other.

        Where a mistake has the right answer, nobody needs to know what else is equal.
        """
        right, classes = values[line.key], self._classes[line.key]
        rounded = self.rounds(right)
        shown = [each for each in self.wrong(line, values) if not self.is_silent(line, each[0])]
        hidden = tuple(row for _, row, wrong in shown if not apart(wrong, right, rounded))
        if hidden:
            return Luck(line.key, hidden, ())
        pairs = tuple(
            (shown[one][1], shown[other][1])
            for one, other in _alike([rows for _, _, rows in shown], rounded)
            if shown[one][1] != shown[other][1] and classes[shown[one][0] + 1] != classes[shown[other][0] + 1]
        )
        return Luck(line.key, hidden, pairs)

    # --- a mistake made at every line

    @cached_property
    def habits(self) -> tuple[Habit, ...]:
        """Every mistake that is a rule, made wherever it fits, in each of the ways it has."""
        found: dict[tuple[tuple[str, Node], ...], Habit] = {}
        lines = self._solver.lines
        rows = dict.fromkeys(row for line in lines for row, _ in line.wrong if row not in SLIPS)
        for row in rows:
            ways = {line.key: [node for name, node in line.wrong if name == row] for line in lines}
            for way in range(MOST_WAYS):
                replaced = {key: nodes[min(way, len(nodes) - 1)] for key, nodes in ways.items() if nodes}
                found.setdefault(tuple(replaced.items()), Habit(row, replaced))
        return tuple(found.values())

    @cached_property
    def finals(self) -> tuple[Line, ...]:
        """What is compared at the end: the gradients of parameters that are asked, or else the last line asked."""
        known = {line.key for line in self._solver.lines}
        asked = [line for line in self._asked if line.key in known]
        gradients = [
            line for line in asked if isinstance(line.target, Adjoint) and isinstance(line.target.of, Parameter)
        ]
        return tuple(gradients or asked[-1:])

    def ends(self, habit: Habit, values: Table) -> dict[str, Rows]:
        """What the final answers are when a habit is carried to the end; those that cannot be computed are left out."""
        table = dict(values)
        changed: set[str] = set()
        reader = self._solver.sharp_reader(table)
        for line, reads in self._chain:
            node = habit.replaced.get(line.key)
            if node is None and not reads & changed:
                continue
            # A wrong equation may read what has no value of its own yet; the common reader would remember that.
            rows = tried(reader if node is None else self._solver.sharp_reader(table), node or line.expression)
            if rows is None:
                return {}
            if not same(rows, table[line.key]):
                table[line.key] = rows
                changed.add(line.key)
        return {line.key: table[line.key] for line in self.finals}

    @cached_property
    def _chain(self) -> tuple[tuple[Line, frozenset[str]], ...]:
        """Every line with the keys it reads."""
        return tuple((line, frozenset(map(key_of, names_in(line.expression)))) for line in self._solver.lines)

    @cached_property
    def _blameless(self) -> frozenset[tuple[int, str]]:
        """(habit, final line) that come out right whatever the values."""
        every = None
        for values in self._tables:
            right = {
                (at, key)
                for at, habit in enumerate(self.habits)
                for key, rows in self.ends(habit, values).items()
                if same(rows, values[key])
            }
            every = right if every is None else every & right
        return frozenset(every or ())

    def forgiven(self, values: Table) -> str | None:
        """A mistake that is made at every line and gives the right final answer, and need not; None where none does.

        Those that did so before are tried first: of most draws that fail the same few are to blame.
        """
        for place, at in enumerate(self._order):
            for key, rows in self.ends(self.habits[at], values).items():
                if (at, key) not in self._blameless and not apart(rows, values[key], self.rounds(values[key])):
                    self._order.insert(0, self._order.pop(place))
                    return self.habits[at].row
        return None

    @cached_property
    def _order(self) -> list[int]:
        return list(range(len(self.habits)))


def tried(reader: Any, node: Node) -> Rows | None:
    """What an equation comes to; a wrong one may divide by zero, not fit, or leave what can be computed."""
    try:
        return nice(reader(node))
    except Exception:  # whatever a wrong formula runs into, it has no answer
        return None


def _alike(answers: Sequence[Rows], rounded: bool) -> list[tuple[int, int]]:
    """Which answers are not apart, by their places: compared only where their first entries are near."""
    firsts = sorted((float(real(rows[0][0].value)), at) for at, rows in enumerate(answers))
    found = list[tuple[int, int]]()
    for place, (first, at) in enumerate(firsts):
        room = 2 * float(APART) * abs(first) + 1e-12
        for other, beside in firsts[place + 1 :]:
            if other - first > room:
                break
            if not apart(answers[min(at, beside)], answers[max(at, beside)], rounded):
                found.append((min(at, beside), max(at, beside)))
    return sorted(found)


def _as_listed(rows: Rows, like: Rows) -> Rows:
    """A row for a column, or the other way round, as what it is taken for: both are written as a list of numbers."""
    if (len(rows), len(rows[0])) == (len(like[0]), len(like)) and 1 in (len(like), len(like[0])):
        return tuple(zip(*rows, strict=True))
    return rows


def _signature(rows: Rows) -> tuple[Any, ...]:
    return tuple(
        entry.value if isinstance(entry.value, Fraction) else MP.nstr(entry.value, 30) for row in rows for entry in row
    )
