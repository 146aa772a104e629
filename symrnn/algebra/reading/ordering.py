"""The lines of a cell in an order in which they can be computed.

Reads lines with the equations made of them; returns what is computed once before the first step, the step, and what is
computed once after the last. A cycle within the step is an error that points at the read that closes it.
"""

from __future__ import annotations

from collections.abc import Iterable

from symrnn.algebra.nodes import Name, Signal
from symrnn.algebra.programs import Equation, ordered
from symrnn.algebra.reading.census import Census, Line
from symrnn.algebra.reading.names import Reading
from symrnn.errors import TimeError

Pair = tuple[Line, Equation]


def in_order(census: Census, pairs: Iterable[Pair]) -> tuple[list[Pair], list[Pair], list[Pair]]:
    """The pairs before, within and after the step, each in the order of computing."""
    pairs = list(pairs)
    steps = [pair for pair in pairs if pair[0].is_step]
    once = [pair for pair in pairs if not pair[0].is_step]
    needed = _needed({name for _, equation in steps for name in equation.reads}, once)
    before = [pair for pair in once if pair[1].target in needed]
    after = [pair for pair in once if pair[1].target not in needed]
    return _sorted(census, before), _sorted(census, steps), _sorted(census, after)


def _needed(read: set[Name], once: list[Pair]) -> set[Name]:
    """What the steps read of what is computed once, and what that reads."""
    needed: set[Name] = set()
    while more := {one.target for _, one in once if one.target in read} - needed:
        needed |= more
        read = read | {name for _, one in once if one.target in more for name in one.reads}
    return needed


def _sorted(census: Census, pairs: list[Pair]) -> list[Pair]:
    by_target = {equation.target: (line, equation) for line, equation in pairs}
    if len(by_target) < len(pairs):
        _refuse_second(census, pairs)
    try:
        return [by_target[equation.target] for equation in ordered(equation for _, equation in pairs)]
    except TimeError:
        raise _cycle(census, pairs) from None


def _refuse_second(census: Census, pairs: list[Pair]) -> None:
    seen: set[Name] = set()
    for line, equation in pairs:
        if equation.target in seen:
            text = census.text(line.symbol)
            census.source.fail(line.symbol, f"a second equation for {text}", "one equation for each quantity")
        seen.add(equation.target)


def _cycle(census: Census, pairs: Iterable[Pair]) -> TimeError:
    """The error that points at the first read of what is not known yet."""
    waiting = {equation.target: (line, equation) for line, equation in pairs}
    while ready := [target for target, (_, one) in waiting.items() if not set(one.reads) & set(waiting)]:
        for target in ready:
            del waiting[target]
    lines = [line for line, _ in waiting.values()]
    reads = [read for read in census.reads if read.line in lines]
    read = next(read for read in reads if any(_is(read.reading, target) for target in waiting))
    text = census.text(read.symbol)
    found = " and ".join(map(str, waiting)) + " need each other" if len(waiting) > 1 else f"{text} needs itself"
    step = read.reading.step
    return TimeError(
        found=f"a cycle within the step: {found}" if step is not None else f"a cycle: {found}",
        write=f"{read.reading.name}_{{t-1}}, the value of the step before" if step is not None else "one of them given",
        place=census.source.place(read.symbol.start, read.symbol.end),
    )


def _is(reading: Reading, target: Name) -> bool:
    step = () if reading.step is None else (reading.step,)
    return isinstance(target, Signal) and (target.name, target.indices) == (reading.name, step)
