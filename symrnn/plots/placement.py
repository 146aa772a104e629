"""Where the dots of an unrolled graph stand: a box for each step, levels upwards, states handed from box to box.

Lengths are in units of one label's circle and its surroundings; y points up.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from symrnn.plots.unrolled import Dot, Graph, Line

Point = tuple[float, float]
ACROSS, UP = 1.2, 1.2
"""Between neighbours in a level, and between levels."""
GAP = 1.15
"""Between boxes."""
MARGIN = 0.55


@dataclass(frozen=True)
class Port:
    """Where a state of an earlier step enters a box: (state, step of the reader, lag)."""

    name: str
    step: int
    lag: int


@dataclass(frozen=True)
class Box:
    """The frame of one step's cell."""

    step: int
    left: float
    right: float
    bottom: float
    top: float


class Placement:
    """Positions of dots, ports and boxes of a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.steps = [step for step in graph.columns if step is not None]
        last = self.steps[-1]
        self.inside = [dot for dot in graph.dots if dot.place[1] == last and dot.kind not in ("initial", "loss")]
        self.cell = [dot for dot in self.inside if dot.kind in ("signal", "state")]
        self.slots = self._slots()

    # --- within a step ---

    def _slots(self) -> dict[str, float]:
        """x within the box by name: readers above the middle of what they read, neighbours a unit apart."""
        last = self.steps[-1]
        reads: dict[str, list[str]] = defaultdict(list)
        for line in self.graph.lines:
            if line.target[1] == last and line.lag == 0:
                reads[line.target[0]].append(line.source[0])
        found: dict[str, float] = {}
        for level in range(max((dot.level for dot in self.inside), default=0) + 1):
            names = [dot.place[0] for dot in self.inside if dot.level == level and dot.kind != "input"]
            wanted = {}
            for place, name in enumerate(names):
                below = [found[one] for one in reads[name] if one in found]
                wanted[name] = sum(below) / len(below) if below else place * ACROSS
            found |= _spread(names, wanted)
        inputs = [dot.place[0] for dot in self.inside if dot.kind == "input"]
        middle = sum(found.values()) / max(len(found), 1)
        found |= _spread(inputs, dict.fromkeys(inputs, middle))
        least = min(found.values(), default=0.0)
        return {name: x - least for name, x in found.items()}

    @property
    def width(self) -> float:
        """Of a box, without its margins."""
        return max(self.slots.values(), default=0.0)

    @cached_property
    def lefts(self) -> dict[int, float]:
        """Where each shown step's first slot stands."""
        found, x = {}, 0.0
        for step in self.graph.columns:
            if step is None:
                x += GAP
                continue
            found[step] = x
            x += self.width + 3 * MARGIN + GAP
        return found

    def box(self, step: int) -> Box:
        """The frame around a step's cell."""
        levels = [dot.level for dot in self.cell]
        left = self.lefts[step]
        right = left + self.width + 2 * MARGIN
        return Box(step, left - MARGIN, right, min(levels) * UP - 0.78, max(levels) * UP + 0.62)

    def of(self, dot: Dot) -> Point:
        """Where a dot stands."""
        name, step = dot.place
        if dot.kind == "initial":
            port = self.port(Port(name, self.steps[0], self.steps[0] - step))
            return (self.lefts[self.steps[0]] - MARGIN - GAP * (self.steps[0] - step), port[1])
        if dot.kind == "loss":
            top = max(d.level for d in self.inside)
            return (self.lefts[self.steps[-1]] + self.slots[self._last_read()] + self._aside(), (top + 1) * UP)
        return (self.lefts[step] + self.slots[name], dot.level * UP)

    def _aside(self) -> float:
        """A total over steps stands between them, a last-step loss above its step."""
        sources = {line.source[1] for line in self._loss_lines()}
        return (self.lefts[min(sources)] - self.lefts[max(sources)]) / 2 if len(sources) > 1 else 0.0

    def _last_read(self) -> str:
        return self._loss_lines()[-1].source[0]

    def _loss_lines(self) -> list[Line]:
        return [line for line in self.graph.lines if line.target[1] > self.graph.steps]

    # --- between steps ---

    @cached_property
    def port_heights(self) -> dict[tuple[str, int], float]:
        """The height at which a state enters: at its only reader's level, else below the cell's first level."""
        readers: dict[tuple[str, int], set[int]] = defaultdict(set)
        last = self.steps[-1]
        for line in self.graph.lines:
            if line.lag > 0 and line.target[1] == last:
                readers[line.source[0], line.lag].add(self.graph.by_place[line.target].level)
        found: dict[tuple[str, int], float] = {}
        low = min(dot.level for dot in self.cell) * UP
        for key, levels in readers.items():
            height = next(iter(levels)) * UP if len(levels) == 1 and max(levels) * UP > low else low - 0.45
            if len(self.cell) == 1:
                height = low
            while any(abs(height - other) < 0.3 for other in found.values()):
                height -= 0.32
            found[key] = height
        return found

    def port(self, port: Port) -> Point:
        """Where it is on the frame."""
        return (self.lefts[port.step] - MARGIN, self.port_heights.get((port.name, port.lag), 0.0))

    def limits(self) -> tuple[Point, Point]:
        """The lower left and the upper right corner of everything."""
        points = [self.of(dot) for dot in self.graph.dots]
        xs = [x for x, _ in points] + [self.box(self.steps[-1]).right]
        box = self.box(self.steps[0])
        ys = [y for _, y in points] + [box.bottom + 0.25, box.top - 0.4]
        return (min(xs) - 0.6, min(ys) - 0.5), (max(xs) + 0.6, max(ys) + 0.6)


def _spread(names: list[str], wanted: dict[str, float]) -> dict[str, float]:
    """Positions near the wanted ones, at least a unit apart, their middle kept."""
    order = sorted(names, key=lambda name: wanted[name])
    found: dict[str, float] = {}
    last = None
    for name in order:
        x = wanted[name] if last is None else max(wanted[name], last + ACROSS)
        found[name] = last = x
    if order:
        shift = sum(found[name] - wanted[name] for name in order) / len(order)
        found = {name: x - shift for name, x in found.items()}
    return found
