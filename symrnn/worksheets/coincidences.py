"""Wrong answers that coincide: whatever the numbers, or by the luck of these.

Reads lines with their wrong equations, and tables of values of no special kind: what is equal in all of them is equal
by structure. Everything else that is equal for a variant's own numbers is luck, and a variant can be without it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import inf
from typing import Any

from symrnn.algebra.nodes import Adjoint, Node, Parameter, names_in
from symrnn.checking.numbers import MP
from symrnn.worksheets.numbers import is_exact
from symrnn.worksheets.recording import Places
from symrnn.worksheets.solving import NO_VALUE, Line, Rows, Solver, key_of
from symrnn.worksheets.views import NEAR, Rough, Sharp, View

SLIPS = frozenset({"R24", "A05"})
"""Rows that are slips of one line: nobody makes them at every line."""
MOST_WAYS = 2
"""So many ways of one mistake in one line are carried through a sheet."""

Table = Mapping[str, Rows]


@dataclass(frozen=True, eq=False)
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

    def view(self, values: Table) -> View:
        """The table of values as it is looked at here: roughly where answers are rounded."""
        return Rough(self._solver, values) if self._rounded else Sharp(self._solver, values)

    def _rounds(self, rows: Any) -> bool:
        """Whether an answer is written rounded: every one of a sheet, or one that is neither fraction nor logarithm."""
        return self._rounded or not is_exact(rows)

    # --- one line

    def wrong(self, line: Line, values: Table) -> Iterator[tuple[int, str, Rows]]:
        """What each mistake makes of a line, everything before it right: its place, its row and the answer."""
        return self._wrong(line, Sharp(self._solver, values))

    def _wrong(self, line: Line, view: View) -> Iterator[tuple[int, str, Any]]:
        for place, (row, node) in enumerate(line.wrong):
            found = tried(view, node)
            if found is not None:
                yield place, row, as_listed(found, view.table[line.key])

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

    def found(self, line: Line, view: View) -> Luck:
        """What a line's numbers make equal that need not be: mistakes with the right answer, or with each other.

        Where a mistake has the right answer, nobody needs to know what else is equal.
        """
        right, classes = view.table[line.key], self._classes[line.key]
        rounded = self._rounds(right)
        shown = [each for each in self._wrong(line, view) if not self.is_silent(line, each[0])]
        hidden = {place: row for place, row, wrong in shown if not view.apart(wrong, right, rounded)}
        if hidden:
            self._hidden.update((line, place) for place in hidden)
            return Luck(line.key, tuple(hidden.values()), ())
        pairs = tuple(
            (shown[one][1], shown[other][1])
            for one, other in _alike([rows for _, _, rows in shown], view, rounded)
            if shown[one][1] != shown[other][1] and classes[shown[one][0] + 1] != classes[shown[other][0] + 1]
        )
        return Luck(line.key, (), pairs)

    def hides(self, view: View) -> bool:
        """Whether one of the mistakes that gave the right answer before, in its line, does so again."""
        for (line, place), _ in self._hidden.most_common():
            wrong, right = tried(view, line.wrong[place][1]), view.table[line.key]
            if wrong is not None and not view.apart(as_listed(wrong, right), right, self._rounds(right)):
                self._hidden[line, place] += 1
                return True
        return False

    @cached_property
    def _hidden(self) -> Counter[tuple[Line, int]]:
        """How often each mistake of a line was seen to give the right answer."""
        return Counter()

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

    def ends(self, habit: Habit, view: View) -> dict[str, Any]:
        """What the final answers are when a habit is carried to the end; none where one cannot be computed."""
        try:
            return {key: view.at(places) for key, places in self._carried[habit].items()}
        except NO_VALUE:
            return {}

    @cached_property
    def _carried(self) -> dict[Habit, dict[str, Places]]:
        """Where each habit's final answers are computed: those it changes."""
        lines = [(line.key, line.expression) for line in self._solver.lines]
        reads = {line.key: frozenset(map(key_of, names_in(line.expression))) for line in self._solver.lines}
        found = {}
        for habit in self.habits:
            try:
                changed = self._solver.recording.chained(lines, reads, habit.replaced)
            except NO_VALUE:
                # A line of another shape fits into no other.
                changed = {}
            found[habit] = {line.key: changed[line.key] for line in self.finals if line.key in changed}
        return found

    @cached_property
    def _effects(self) -> dict[tuple[int, str], float]:
        """How far off a final answer is by a habit, at most, at generic values; 0 where it is always right."""
        found: dict[tuple[int, str], float] = {}
        for view in map(self.view, self._tables):
            for at, habit in enumerate(self.habits):
                for key, rows in self.ends(habit, view).items():
                    found[at, key] = max(found.get((at, key), 0.0), view.distance(rows, view.table[key]))
        return found

    @cached_property
    def _by_effect(self) -> list[int]:
        """The habits, those first that change some final answer least."""
        least = {
            at: min(filter(None, (self._effects.get((at, line.key)) for line in self.finals)), default=inf)
            for at in range(len(self.habits))
        }
        return sorted(least, key=lambda at: least[at])

    def forgiven(self, view: View) -> str | None:
        """A mistake that is made at every line and gives the right final answer, and need not; None where none does.

        Those that did so before are tried first: of most draws that fail the same few are to blame.
        """
        for at in sorted(self._by_effect, key=lambda at: -self._blamed[at]):
            for key, rows in self.ends(self.habits[at], view).items():
                right = view.table[key]
                if self._effects.get((at, key)) != 0 and not view.apart(rows, right, self._rounds(right)):
                    self._blamed[at] += 1
                    return self.habits[at].row
        return None

    @cached_property
    def _blamed(self) -> Counter[int]:
        """How often each habit was forgiven."""
        return Counter()


def tried(view: View, node: Node) -> Any:
    """What an equation comes to; a wrong one may divide by zero, not fit, or leave what can be computed: then None."""
    try:
        return view.value(node)
    except NO_VALUE:
        return None


def _alike(answers: Sequence[Any], view: View, rounded: bool) -> list[tuple[int, int]]:
    """Which answers are not apart, by their places: compared only where their first entries are near."""
    firsts = sorted((float(view.scalars(rows)[0]), at) for at, rows in enumerate(answers))
    found = list[tuple[int, int]]()
    for place, (first, at) in enumerate(firsts):
        room = 2 * NEAR * abs(first) + 1e-12
        for other, beside in firsts[place + 1 :]:
            if other - first > room:
                break
            if not view.apart(answers[min(at, beside)], answers[max(at, beside)], rounded):
                found.append((min(at, beside), max(at, beside)))
    return sorted(found)


def as_listed(rows: Any, like: Any) -> Any:
    """A row for a column, or the other way round, as what it is taken for: both are written as a list of numbers."""
    if (len(rows), len(rows[0])) == (len(like[0]), len(like)) and 1 in (len(like), len(like[0])):
        return tuple(zip(*rows, strict=True))
    return rows


def _signature(rows: Rows) -> tuple[Any, ...]:
    return tuple(
        entry.value if isinstance(entry.value, Fraction) else MP.nstr(entry.value, 30) for row in rows for entry in row
    )
