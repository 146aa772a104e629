"""`Equation(target, expression, reason, domain)`: what holds, why, and at which indices.

Reads nodes; promises sides of one shape. A family is a signal at every step; equations that share a recurrence form a
block, and those of one step have an order in which they can be computed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

import sympy as sp

from symrnn.algebra.nodes import PRINTERS, Adjoint, Name, Node, Signal, T, Tangent, names_in, shape_text, t
from symrnn.errors import ShapeError, TimeError


@dataclass(frozen=True)
class Range:
    """`index = lo..hi`, walked upwards (`step` 1) or downwards (−1)."""

    index: sp.Symbol
    lo: sp.Expr
    hi: sp.Expr
    step: int = 1


STEPS = Range(t, sp.S.One, T)
"""t = 1..T, forward."""


@dataclass(frozen=True)
class Reason:
    """Why an equation holds: a message key and what it speaks of. Words are added by `documents`."""

    key: str
    about: tuple[Any, ...] = ()


GIVEN = Reason("given")


@dataclass(frozen=True)
class Equation:
    """`target = expression`, why, and where: for every index of `domain`, or once where that is empty."""

    target: Name
    expression: Node
    reason: Reason = GIVEN
    domain: tuple[Range, ...] = ()

    def __post_init__(self) -> None:
        if self.target.shape != self.expression.shape:
            left, right = shape_text(self.target.shape), shape_text(self.expression.shape)
            raise ShapeError(
                f"{self.target} = {self.expression}",
                found=f"the left side is {left} and the right side {right}",
                write="sides of one shape",
            )

    @property
    def time(self) -> Range | None:
        """The range over time, if the equation is a recurrence."""
        return self.domain[0] if self.domain else None

    @property
    def reads(self) -> tuple[Name, ...]:
        """The names on the right side, each once, in reading order."""
        return names_in(self.expression)

    def __str__(self) -> str:
        return f"{self.target} = {self.expression}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {PRINTERS['latex'](self.target)} = {PRINTERS['latex'](self.expression)}$"


# --- families: a signal at every step of a range ---------------------------------------------------------------------


def signal_of(name: Name) -> Signal | None:
    """The signal a name is about: of `h̄[t]` it is `h[t]`; None for a parameter or a block."""
    if isinstance(name, Signal):
        return name
    return signal_of(name.of) if isinstance(name, Adjoint | Tangent) else None


def family(name: Name) -> Any:
    """What a name is when its indices are forgotten: equal for `h[t]` and `h[t-1]`, unlike for `h[t]` and `h̄[t]`."""
    if isinstance(name, Adjoint | Tangent):
        return (type(name).__name__, family(name.of))
    return ("Signal", name.name) if isinstance(name, Signal) and name.indices else name


def lag_of(name: Name, index: sp.Symbol = t) -> int | None:
    """k when the name stands at `index + k`, else None."""
    signal = signal_of(name)
    if signal is None or not signal.indices:
        return None
    offset = sp.expand(signal.time - index)
    return int(offset) if offset.is_Integer else None


def shifted(name: Name, *indices: Any) -> Name:
    """The same name at other indices."""
    if isinstance(name, Adjoint | Tangent):
        return name.func(shifted(name.of, *indices))
    return name.at(*indices) if isinstance(name, Signal) else name


# --- blocks and order: what is computed together, and in which order -------------------------------------------------


def blocks_of(equations: Iterable[Equation]) -> Iterator[tuple[Equation, ...]]:
    """Neighbouring equations that share a recurrence form one block: one loop over its steps."""
    block: list[Equation] = []
    for equation in equations:
        if block and (equation.time is None or equation.time != block[-1].time):
            yield tuple(block)
            block = []
        block.append(equation)
    if block:
        yield tuple(block)


def ordered(equations: Iterable[Equation]) -> tuple[Equation, ...]:
    """The equations of one step, each after those it reads in the same step; the order written is kept where it can be.

    Raises `TimeError` when two need each other within the step.
    """
    waiting = dict(enumerate(equations))
    place = {equation.target: number for number, equation in waiting.items()}
    missing = {number: {place[name] for name in e.reads if name in place} for number, e in waiting.items()}
    readers: dict[int, list[int]] = defaultdict(list)
    for number, needed in missing.items():
        for other in needed:
            readers[other].append(number)
    ready = [number for number, needed in missing.items() if not needed]
    result: list[Equation] = []
    while ready:
        first = heappop(ready)
        result.append(waiting.pop(first))
        for number in readers[first]:
            missing[number].discard(first)
            if not missing[number]:
                heappush(ready, number)
    if waiting:
        raise _cycle(tuple(waiting.values()))
    return tuple(result)


def _cycle(equations: Sequence[Equation]) -> TimeError:
    names = ", ".join(str(equation.target) for equation in equations)
    return TimeError(
        "\n".join(map(str, equations)),
        found=f"a cycle within the step: {names} need each other before any of them is known",
        write="the value of the step before (such as h_{t-1}) in one of them",
    )
