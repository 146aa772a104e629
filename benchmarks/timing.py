"""Times several ways of doing the same thing, side by side, on one thread.

A shared machine is never quiet: a contender measured in a lucky minute wins. So the contenders take turns,
the turn order rotates from round to round, and what is reported is the median over the rounds; noise then
hits all of them alike. Making a contender ready (`setup`) and its first call (`first`: compilation, page
faults, warm caches) are reported apart from the steady state (`median`), because people pay for them too.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from threadpoolctl import threadpool_limits

CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}


@dataclass(frozen=True)
class Timing:
    """Seconds, except `rounds`: how many turns the median is over."""

    setup: float
    first: float
    median: float
    least: float
    rounds: int


@contextmanager
def one_thread(core: int | None = None) -> Iterator[None]:
    """One core for the whole process and one BLAS thread inside it.

    Libraries with their own pools (XLA, OpenMP) size them by the cores they may use, so enter this before
    importing them. `core` defaults to the last one allowed; a system without affinity holds BLAS alone.
    """
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    if allowed:
        os.sched_setaffinity(0, {max(allowed) if core is None else core})
    try:
        with threadpool_limits(1):
            yield
    finally:
        if allowed:
            os.sched_setaffinity(0, allowed)


def clocked(call: Callable[[], object], clock: str = "wall") -> tuple[float, object]:
    """The seconds a call took, and what it returned."""
    now = CLOCKS[clock]
    start = now()
    result = call()
    return now() - start, result


def repeated(call: Callable[[], object], times: int) -> Callable[[], None]:
    """A call that makes the given one several times."""

    def several() -> None:
        for _ in range(times):
            call()

    return several


def interleaved(
    contenders: Mapping[str, Callable[[], object]],
    *,
    setups: Mapping[str, float] | None = None,
    seconds: float = 5.0,
    rounds: tuple[int, int] = (5, 200),
    turn: float = 0.005,
    clock: str = "wall",
) -> dict[str, Timing]:
    """One turn each per round, until `seconds` are spent; at least and at most `rounds` of them.

    A turn is as many calls as fill `turn` seconds, one at least, and counts as their mean: a call of half a
    millisecond right after somebody else's would be timed with somebody else's data in the caches.
    """
    first = {name: clocked(call, clock)[0] for name, call in contenders.items()}
    calls = {name: max(1, round(turn / clocked(call, clock)[0])) for name, call in contenders.items()}
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    order = list(contenders)
    stop = time.perf_counter() + seconds
    collecting = gc.isenabled()
    gc.disable()
    try:
        for done in range(rounds[1]):
            if done >= rounds[0] and time.perf_counter() > stop:
                break
            for name in order:
                taken[name].append(clocked(repeated(contenders[name], calls[name]), clock)[0] / calls[name])
            order.append(order.pop(0))
            gc.collect(0)
    finally:
        if collecting:
            gc.enable()
    return {
        name: Timing((setups or {}).get(name, 0.0), first[name], statistics.median(ts), min(ts), len(ts))
        for name, ts in taken.items()
    }


@dataclass(frozen=True)
class Case:
    """One size, its timings by contender, and how many steps a call covers (for the figure per step)."""

    title: str
    steps: int
    timings: Mapping[str, Timing]

    def as_dict(self) -> dict[str, object]:
        """For JSON: seconds throughout."""
        seconds = {name: asdict(timing) for name, timing in self.timings.items()}
        return {"case": self.title, "steps": self.steps, "seconds": seconds}


def table(case: Case) -> str:
    """A case as text, the fastest median first, and how many times slower each of the others is."""
    ranked = sorted(case.timings.items(), key=lambda item: item[1].median)
    best = ranked[0][1].median
    head = ("contender", "median ms", "µs/step", "× fastest", "least ms", "set-up ms", "first ms", "rounds")
    rows = [
        (
            name,
            f"{t.median * 1e3:.2f}",
            f"{t.median / case.steps * 1e6:.2f}",
            f"{t.median / best:.2f}",
            f"{t.least * 1e3:.2f}",
            f"{t.setup * 1e3:.1f}",
            f"{t.first * 1e3:.1f}",
            str(t.rounds),
        )
        for name, t in ranked
    ]
    return f"{case.title}\n{aligned([head, *rows])}\n"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns of text: the first to the left, the figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        [text.rjust(w) if k else text.ljust(w) for k, (text, w) in enumerate(zip(row, widths, strict=True))]
        for row in rows
    )
    return "\n".join("  ".join(line) for line in lines)


def as_json(cases: Sequence[Case], **context: object) -> str:
    """Every case as one JSON object."""
    return json.dumps({**context, "cases": [case.as_dict() for case in cases]}, indent=1)


def progress(text: str) -> None:
    """A line to the person waiting: standard error, only on a terminal, overwritten by the next one."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()
