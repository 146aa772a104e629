"""When each line runs: in which walk over the steps, before its loop, in it, after it, or between two walks.

Reads a swept `Draft`; returns `Phase`s. A phase walks over the steps in spans, one way; in every span what comes before
the loop runs over all its steps at once, then the loop step by step, then what comes after. What no step needs runs once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from symrnn.algebra.nodes import Name, names_in
from symrnn.numeric.lines import Draft, Line, components
from symrnn.numeric.places import Key, key_of, lag_of, time_of

BEFORE, LOOP, AFTER, ONCE = range(4)
Position = tuple[int, int]
"""(which phase, which part of it)."""
START: Position = (-1, ONCE)


@dataclass
class Phase:
    """One walk over the steps (`step` 1 or −1): lines before, in and after its loop, and lines that run once behind it."""

    step: int = 1
    before: list[Line] = field(default_factory=list)
    loop: list[Line] = field(default_factory=list)
    after: list[Line] = field(default_factory=list)
    once: list[Line] = field(default_factory=list)

    def part(self, number: int) -> list[Line]:
        """The lines of a part."""
        return (self.before, self.loop, self.after, self.once)[number]

    @property
    def walks(self) -> bool:
        """Whether there is anything to do at every step."""
        return bool(self.before or self.loop or self.after)


@dataclass(frozen=True)
class Plan:
    """Every line in its place: `setup` runs first of all, then the phases in order."""

    draft: Draft
    setup: tuple[Line, ...]
    phases: tuple[Phase, ...]
    positions: Mapping[int, Position]

    def position(self, line: Line) -> Position:
        """Where a line runs."""
        return self.positions[id(line)]


def planned(draft: Draft) -> Plan:
    """The lines of a draft in an order that works, as few walks over the steps as possible.

    >>> from symrnn.cells import rnn
    >>> from symrnn.calculus.rewriting import expose
    >>> from symrnn.numeric.lines import drafted
    >>> from symrnn.numeric.sweeps import swept
    >>> plan = planned(swept(drafted([expose(rnn())], lambda line: True)))
    >>> [len(plan.phases[0].part(part)) for part in (BEFORE, LOOP, AFTER, ONCE)]
    [1, 3, 0, 0]
    """
    return _Planner(draft).plan()


class _Planner:
    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.positions: dict[int, Position] = {}
        self.steps: list[int] = []
        self.writers: dict[Key, list[Line]] = {}
        for line in draft.lines:
            self.writers.setdefault(line.key, []).append(line)
        self.initials = {carry.target: carry.initial for carry in draft.carries}

    def plan(self) -> Plan:
        units = self._units()
        for unit in units:
            self._place(unit)
        for unit in reversed(units):
            if len(unit) == 1 and self.positions[id(unit[0])][1] in (BEFORE, AFTER):
                self._sink(unit[0])
        return self._collected(units)

    # --- units: loops and single lines, those that are read first ---

    def _units(self) -> list[list[Line]]:
        lines = {id(line): line for line in self.draft.lines}
        edges: dict[Key, list[Key]] = {key: [] for key in lines}
        for key, line in lines.items():
            for name in self._reads(line):
                edges[key] += [id(writer) for writer in self._writers(name) if writer is not line or self._recurs(line, name)]
        order = {key: position for position, key in enumerate(lines)}
        return [[lines[key] for key in sorted(part, key=order.__getitem__)] for part in components(edges)]  # type: ignore[index]  # ids

    def _reads(self, line: Line) -> Iterable[Name]:
        yield from line.reads
        if line.target in self.initials:
            yield from names_in(self.initials[line.target])

    def _recurs(self, line: Line, name: Name) -> bool:
        return bool(line.step) and lag_of(name, self.draft.index) is not None

    def _writers(self, name: Name) -> list[Line]:
        """The lines a name's value comes from: of h_T the line of h_t, unless h_T has one of its own."""
        return self.writers.get(name) or self.writers.get(key_of(name), [])

    # --- as early as can be ---

    def _place(self, unit: list[Line]) -> None:
        line = unit[0]
        recurs = len(unit) > 1 or any(line in self._writers(name) for name in self._reads(line) if line.step)
        if recurs:
            self._place_loop(unit)
        elif line.step or line.is_sum:
            self.positions[id(line)] = max((self._available(name, line) for name in self._reads(line)), default=(0, BEFORE))
            self._phase(self.positions[id(line)][0])
        else:
            self.positions[id(line)] = max((self._done(name) for name in line.reads), default=START)

    def _place_loop(self, unit: list[Line]) -> None:
        own = {id(line) for line in unit}
        outside = [w for line in unit for name in self._reads(line) for w in self._writers(name) if id(w) not in own]
        number = max([len(self.steps), *(self.positions[id(w)][0] + 1 for w in outside)])
        self._phase(number)
        self.steps[number] = unit[0].step
        for line in unit:
            self.positions[id(line)] = (number, LOOP)

    def _phase(self, number: int) -> None:
        while len(self.steps) <= number:
            self.steps.append(1)

    def _done(self, name: Name) -> Position:
        """Where all of a name's steps are known."""
        return max(((self.positions[id(w)][0], ONCE) for w in self._writers(name)), default=START)

    def _available(self, name: Name, reader: Line) -> Position:
        """The first place where a line over whole spans may read a name."""
        lag = lag_of(name, self.draft.index)
        places = [(0, BEFORE)]
        for writer in self._writers(name):
            phase, part = self.positions[id(writer)]
            if part == ONCE or lag is None or lag * self._step_of(phase) > 0:
                places.append((phase + 1, BEFORE))
            else:
                places.append((phase, AFTER if part == LOOP else part))
        return max(places)

    def _step_of(self, phase: int) -> int:
        return self.steps[phase] if phase < len(self.steps) else 1

    # --- as late as they are wanted ---

    def _sink(self, line: Line) -> None:
        """A line that only later walks read runs in the first of them, on spans that are still in the cache."""
        if line.is_sum:
            return
        places = [self._wanted(reader, line) for reader in self.draft.lines if self._reads_key(reader, line)]
        if not places or None in places:
            return
        place = min(place for place in places if place is not None)
        if place > self.positions[id(line)] and self._may_run(line, place):
            self.positions[id(line)] = place

    def _reads_key(self, reader: Line, line: Line) -> bool:
        return any(line in self._writers(name) for name in self._reads(reader))

    def _wanted(self, reader: Line, line: Line) -> Position | None:
        names = [name for name in self._reads(reader) if line in self._writers(name)]
        if not (reader.step or reader.is_sum) or any(lag_of(name, self.draft.index) != 0 for name in names):
            return None
        phase, part = self.positions[id(reader)]
        return phase, BEFORE if part == LOOP else part

    def _may_run(self, line: Line, place: Position) -> bool:
        step = self.steps[place[0]]
        for name in line.reads:
            for writer in self._writers(name):
                if self.positions[id(writer)][0] == place[0]:
                    lag = lag_of(name, self.draft.index)
                    if lag is None or lag * step > 0 or (self.positions[id(writer)][1] == LOOP and place[1] == BEFORE):
                        return False
        return True

    # --- the result ---

    def _collected(self, units: list[list[Line]]) -> Plan:
        phases = [Phase(step) for step in self.steps]
        setup: list[Line] = []
        for unit in units:
            number, part = self.positions[id(unit[0])]
            target = setup if number < 0 else phases[number].part(part)
            target += self._ordered(unit) if part == LOOP else unit
        for phase in phases:
            for part in (phase.before, phase.after):
                part[:] = self._ordered(part)
        return Plan(self.draft, tuple(setup), tuple(phases), self.positions)

    def _ordered(self, lines: list[Line]) -> list[Line]:
        """Lines of one step, each after what it reads in that step, and after all that read what it overwrites."""
        order = {id(line): position for position, line in enumerate(self.draft.lines)}
        lines = sorted(lines, key=lambda line: order[id(line)])
        own = {line.key: line for line in lines if line.step}
        edges: dict[Key, list[Key]] = {id(line): [] for line in lines}
        carried = {key_of(carry.target) for carry in self.draft.carries}
        for line in lines:
            for name in line.reads:
                writer = own.get(key_of(name)) if time_of(name) is not None else None
                if writer is None or writer is line:
                    continue
                if lag_of(name, self.draft.index) == 0:
                    edges[id(line)].append(id(writer))
                elif key_of(name) in carried:
                    edges[id(writer)].append(id(line))
        found = {id(line): line for line in lines}
        return [found[key] for part in components(edges) for key in part]  # type: ignore[index]  # ids
