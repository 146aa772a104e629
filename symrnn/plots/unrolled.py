"""The unrolled graph of a Program: what is computed at which step, what reads what, and how much gradient flows back.

Reads a Program, or a Model for the numbers; returns a `Graph` of dots and lines without any geometry. What flows back
along a line is the share (∂v/∂u)ᵀ v̄ that one use sends to what it reads, from the same table as the adjoint.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symrnn.algebra.layout import NEUTRAL, Style
from symrnn.algebra.nodes import Adjoint, Name, Node, Number, Signal, add, is_zero
from symrnn.algebra.printing import to_latex
from symrnn.algebra.programs import Equation, Program, lag_of
from symrnn.calculus.adjoints import adjoint, pull
from symrnn.calculus.rules import RULES
from symrnn.errors import InputError
from symrnn.models.model import Model
from symrnn.numeric.compilation import compile_gradients
from symrnn.numeric.compiled import given_arrays
from symrnn.numeric.stepwise import Reader

Array = NDArray[np.float64]
Place = tuple[str, int]
"""A quantity and the step it stands at; the loss stands at step T + 1."""
MOST_COLUMNS = 8
HEAD, TAIL = 3, 3


@dataclass(frozen=True)
class Dot:
    """A quantity at a step: its label in LaTeX, its level within the step, and its numbers where there are some.

    A number is the quantity itself where it is one number, else its Euclidean norm.
    """

    place: Place
    label: str
    level: int
    kind: str
    is_number: bool = False
    value: float | None = None
    gradient: float | None = None


@dataclass(frozen=True)
class Line:
    """`target` reads `source`, `lag` steps before; `flow` is the norm of what flows back along it."""

    source: Place
    target: Place
    lag: int = 0
    flow: float | None = None


@dataclass(frozen=True)
class Graph:
    """Dots and lines of the steps that are shown, in order; None stands for steps left out."""

    name: str
    dots: tuple[Dot, ...]
    lines: tuple[Line, ...]
    columns: tuple[int | None, ...]
    steps: int
    assumed_loss: bool = False

    @cached_property
    def by_place(self) -> dict[Place, Dot]:
        """Dots by where they stand."""
        return {dot.place: dot for dot in self.dots}

    @property
    def has_numbers(self) -> bool:
        """Whether there is anything but structure."""
        return any(dot.value is not None for dot in self.dots)

    @property
    def largest_flow(self) -> float:
        """The largest magnitude on a line."""
        return max((line.flow for line in self.lines if line.flow is not None), default=0.0)


def shown_columns(steps: int, most: int = MOST_COLUMNS) -> tuple[int | None, ...]:
    """Which steps get a column: all of a few; of many the first and the last, with None for those between.

    >>> shown_columns(3), shown_columns(100)
    ((1, 2, 3), (1, 2, 3, None, 98, 99, 100))
    """
    if steps <= most:
        return tuple(range(1, steps + 1))
    return (*range(1, HEAD + 1), None, *range(steps - TAIL + 1, steps + 1))


def unrolled_graph(source: Program | Model, steps: int | None = None, style: Style = NEUTRAL) -> Graph:
    """The graph of a cell (structure alone, three steps unless said) or of a model (with its numbers).

    Of a model without a loss the gradient is that of the sum of h_T's components.

    >>> from symrnn.cells import rnn
    >>> [dot.label for dot in unrolled_graph(rnn(), 1).dots]
    ['x_1', 'h_0', 'h_1']
    """
    if isinstance(source, Program):
        return _Unrolling(source, steps or 3, style, None).graph(source)
    model = source
    numbers = None if model.symbols else _Numbers(model)
    return _Unrolling(model.program, model.steps, style, numbers).graph(model.cell, steps)


# --- the numbers ------------------------------------------------------------------------------------------------------


class _Reader(Reader):
    """Also reads what stands at no step, such as the target of a loss at the last step."""

    def __call__(self, name: Name) -> Array:
        if isinstance(name, Signal) and not name.indices and name.name in self.given:
            column = np.asarray(self.given[name.name], dtype=np.float64)
            if self.example is not None and column.ndim > 1:
                column = column[self.example]
            return column.reshape(1, -1, 1)
        return super().__call__(name)


class _Numbers:
    """Values, gradients and shares of a model's first example, in float64."""

    def __init__(self, model: Model) -> None:
        given: dict[str, Any] = dict(given_arrays(model))
        self.assumed = model.program.loss is None and not any(name.startswith("given_") for name in given)
        if self.assumed:
            given |= {f"given_{name.name}": _last_ones(model, name) for name in model.program.outputs}
        with np.errstate(over="ignore", invalid="ignore"):
            arrays = compile_gradients(model.program, keep=True)(given, steps=model.steps)
        self.reader = _Reader(model.program, arrays, given, None if model.batch is None else 0)
        self.shares = _shares(model.program)

    def value(self, name: Signal) -> Array:
        """A quantity at its step, as a column."""
        return np.asarray(self.reader(name)[0, :, 0])

    def gradient(self, name: Signal) -> Array | None:
        """∂L/∂(that quantity); None where nothing flows back to it."""
        try:
            return np.asarray(self.reader(Adjoint(name))[0, :, 0])
        except InputError:  # a quantity the adjoint leaves out (a constant, a target) has no array
            return None

    @cached_property
    def flows(self) -> dict[tuple[Name, Name], Array]:
        """What flows back over all steps, by (read, target): (T, rows)."""
        found: dict[tuple[Name, Name], Array] = {}
        for (read, target), share in self.shares.items():
            series = self.reader.over_steps(share)
            found[read, target] = np.asarray(series[..., 0], dtype=np.float64)
        return found


def _last_ones(model: Model, name: Signal) -> Array:
    """The cotangent of L = Σ_i h_{T,i}."""
    rows = int(model.sized.outputs[model.program.outputs.index(name)].shape[0])
    series = np.zeros((model.steps, *(() if model.batch is None else (model.batch,)), rows))
    series[-1] = 1.0
    return series


def _shares(program: Program) -> dict[tuple[Name, Name], Node]:
    """What each equation sends to each signal it reads: (read, target) to an expression at the symbolic step."""
    known = set(adjoint(program).definitions)
    found: dict[tuple[Name, Name], Node] = {}
    received: dict[Name, list[Node]] = defaultdict(list)
    for equation in reversed(program.equations):
        target = equation.target
        cotangent: Node = Adjoint(target)
        if target == program.loss:
            cotangent = Number(1)
        elif cotangent not in known:
            if not received[target]:
                continue
            cotangent = add(*received[target])
        for read, share, _ in pull(equation.expression, cotangent, target, RULES):
            if isinstance(read, Signal) and not is_zero(share):
                received[read].append(share)
                found[read, target] = add(found[read, target], share) if (read, target) in found else share
    return found


# --- dots and lines ---------------------------------------------------------------------------------------------------


class _Unrolling:
    """Places every equation of a Program at the steps that are shown."""

    def __init__(self, program: Program, steps: int, style: Style, numbers: _Numbers | None) -> None:
        self.program, self.steps, self.style, self.numbers = program, steps, style, numbers
        self.timed = [e for e in program if isinstance(e.target, Signal) and e.target.indices]
        self.levels: dict[str, int] = {}
        for equation in self.timed:
            below = [self.levels[r.name] for r in equation.reads if self._is_same_step(r, equation)]
            self.levels[_name(equation.target)] = 1 + max(below, default=0)

    def _is_same_step(self, read: Name, equation: Equation) -> bool:
        """Also of what stands at the last step alone, such as ŷ_T."""
        if not (isinstance(read, Signal) and read.name in self.levels and isinstance(equation.target, Signal)):
            return False
        return bool(read.time == equation.target.time)

    def _stands_at(self, equation: Equation, step: int) -> bool:
        """Whether an equation has an instance at that step: all of them, or the last alone."""
        assert isinstance(equation.target, Signal)
        return bool(equation.domain) or self._fixed(equation.target) == step

    def _fixed(self, name: Signal) -> int | None:
        """The step a quantity stands at for good, such as T."""
        at = name.time.subs(self.program.steps.hi, self.steps)
        return int(at) if at.is_Integer else None

    def graph(self, cell: Program, most: int | None = None) -> Graph:
        """Dots first, then the lines between those that are shown."""
        columns = shown_columns(self.steps, MOST_COLUMNS if most is None else max(most, HEAD + TAIL))
        own = {_name(equation.target) for equation in cell if isinstance(equation.target, Signal)}
        shown = [step for step in columns if step is not None]
        dots = [dot for step in shown for dot in self._dots(step, own)]
        dots += [self._dot(self.program.loss, self.steps + 1, 0, "loss")] if self._has_total() else []
        lines = [line for step in shown for equation in self.timed for line in self._lines(equation, step)]
        lines += self._leaving(columns)
        lines += list(self._loss_lines(shown)) if self._has_total() else []
        initial = sorted({line.source for line in lines if line.source[1] < 1}, key=lambda place: -place[1])
        dots = dots[: len(self._inputs())] + [self._initial(place) for place in initial] + dots[len(self._inputs()) :]
        assumed = self.numbers is not None and self.numbers.assumed
        return Graph(self.program.name, tuple(dots), tuple(lines), columns, self.steps, assumed)

    def _has_total(self) -> bool:
        return isinstance(self.program.loss, Signal) and not self.program.loss.indices

    def _inputs(self) -> list[Signal]:
        return [name for name in self.program.inputs if name.indices]

    def _dots(self, step: int, own: set[str]) -> Iterator[Dot]:
        for name in self._inputs():
            yield self._dot(name, step, 0, "input")
        states = {state.name for state in self.program.states}
        for equation in self.timed:
            if not self._stands_at(equation, step):
                continue
            of = _name(equation.target)
            kind = "state" if of in states else "signal" if of in own else "above"
            yield self._dot(equation.target, step, self.levels[of], kind)

    def _dot(self, name: Any, step: int, level: int, kind: str) -> Dot:
        at = name if kind == "loss" else name.at(step, *name.indices[1:])
        dot = Dot((name.name, step), to_latex(at, self.style), level, kind)
        if self.numbers is None:
            return dot
        value = self.numbers.value(at)
        gradient = np.ones(1) if kind == "loss" else self.numbers.gradient(at)
        return replace(
            dot, is_number=value.size == 1, value=_shown(value), gradient=None if gradient is None else _shown(gradient)
        )

    def _initial(self, place: Place) -> Dot:
        known = (*self.program.states, *self._inputs())
        name = next(name for name in known if name.name == place[0])
        return self._dot(name, place[1], self.levels.get(place[0], 0), "initial")

    def _lines(self, equation: Equation, step: int) -> Iterator[Line]:
        if not self._stands_at(equation, step):
            return
        for read in equation.reads:
            if not (isinstance(read, Signal) and read.indices and self._is_drawn(read)):
                continue
            lag, fixed = lag_of(read), self._fixed(read)
            at = fixed if fixed is not None and not equation.domain else None if lag is None else step + lag
            if at is not None:
                flow = self._flow(read, equation.target, step)
                yield Line((read.name, at), (_name(equation.target), step), step - at, flow)

    def _is_drawn(self, read: Signal) -> bool:
        return read.name in self.levels or read.name in {name.name for name in self._inputs()}

    def _loss_lines(self, shown: list[int]) -> Iterator[Line]:
        """From what the total reads: h_T, or every L_t of a sum."""
        (equation,) = [e for e in self.program if e.target == self.program.loss]
        target = (_name(equation.target), self.steps + 1)
        for read in equation.reads:
            if not (isinstance(read, Signal) and read.indices and read.name in self.levels):
                continue
            for step in shown:
                if self._fixed(read) not in (None, step):
                    continue
                yield Line((read.name, step), target, 0, self._flow(read, equation.target, step))

    def _leaving(self, columns: tuple[int | None, ...]) -> list[Line]:
        """What the first step that is left out reads of those shown before it."""
        gap = next((place for place, step in enumerate(columns) if step is None), 0)
        last = columns[gap - 1]
        if not gap or last is None:
            return []
        found = [line for equation in self.timed for line in self._lines(equation, last + 1)]
        return [line for line in found if line.source[1] == last]

    def _flow(self, read: Name, target: Name, step: int) -> float | None:
        if self.numbers is None:
            return None
        series = self.numbers.flows.get((read, target))
        return None if series is None else float(np.linalg.norm(series[step - 1]))


def _name(target: Name) -> str:
    return target.name if isinstance(target, Signal) else str(target)


def _shown(column: Array) -> float:
    return float(column[0]) if column.size == 1 else float(np.linalg.norm(column))
