"""What do explicit SymPy entries of every gradient cost, and how many operations do they hold?

Each is a median of processor times, so that a busy machine does not count; deriving the adjoint Program is
included. `sympy.diff` is SymPy's own way to one gradient: the loss of the unrolled cell, differentiated.

    python benchmarks/entries.py [--quick] [--format table|json]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from statistics import median
from time import process_time
from typing import Any

import sympy as sp

from symrnn.algebra.programs import Program
from symrnn.cells import gru, lstm, rnn
from symrnn.models.losses import with_loss
from symrnn.numeric.entries import entries_of, expand_activations, gradient_entries, jacobian_entries, operations


@dataclass(frozen=True)
class Case:
    """One question; `limit` is the time in milliseconds it should stay under."""

    question: str
    run: Callable[[], Any]
    limit: float | None = None


@dataclass(frozen=True)
class Timing:
    """Milliseconds, and operations counted with sharing."""

    question: str
    ms: float
    operations: int
    limit: float | None


def gradients(program: Program, steps: int, **sizes: int) -> Callable[[], list[Any]]:
    return lambda: list(gradient_entries(program, steps, sizes).values())


def cases(quick: bool) -> Iterator[Case]:
    yield Case("rnn, scalar, T = 100, every gradient", gradients(rnn(), 100, n=1, m=1), 100)
    yield Case("lstm, scalar, T = 3, every gradient", gradients(lstm(), 3, n=1, m=1), 100)
    yield Case("lstm, scalar, T = 10, every gradient", gradients(lstm(), 10, n=1, m=1))
    yield Case("gru, scalar, T = 10, every gradient", gradients(gru(), 10, n=1, m=1))
    yield Case("lstm, n = 4, m = 3, T = 10, every gradient", gradients(lstm(), 10, n=4, m=3))
    scalar = {"n": 1, "m": 1}
    yield Case("lstm, scalar, T = 3, named steps", lambda: [*_named(lstm(), 3)])
    yield Case("lstm, n = 4, ∂s_10/∂s_0", lambda: [jacobian_entries(lstm(), 10, 0, {"n": 4, "m": 1})])
    plain = with_loss(rnn(bias=False))
    yield Case("rnn, T = 100, ∂L/∂W_h: 10 T - 1", lambda: [entries_of(plain, 100, scalar, of="L", wrt="W_h")])
    for steps in (1,) if quick else (1, 2):
        yield Case(f"lstm, scalar, T = {steps}, sympy.diff of one gradient", lambda steps=steps: _sympys_own(steps))


def _named(program: Program, steps: int) -> Iterator[Any]:
    yield from gradient_entries(program, steps, {"n": 1, "m": 1}, named_steps=True).values()


def _sympys_own(steps: int) -> list[Any]:
    loss = entries_of(with_loss(lstm()), steps, {"n": 1, "m": 1}, of="L")[0]
    return [expand_activations(loss).diff(sp.Symbol("U_f"))]


def timed(case: Case, repeats: int) -> Timing:
    """The median over repeats; SymPy's caches are emptied before each, as a first call would find them."""
    times = []
    found: list[Any] = []
    for _ in range(repeats):
        sp.core.cache.clear_cache()
        start = process_time()
        found = case.run()
        times.append(1000 * (process_time() - start))
    return Timing(case.question, median(times), operations(*found), case.limit)


def main() -> int:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one repeat, without the slowest case")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    options = parser.parse_args()
    timings = [timed(case, 1 if options.quick else 5) for case in cases(options.quick)]
    if options.format == "json":
        print(json.dumps([asdict(timing) for timing in timings], indent=2, ensure_ascii=False))
        return 0
    print(f"{'':<52}{'ms':>10}{'limit':>8}{'operations':>12}")
    for timing in timings:
        limit = f"{timing.limit:.0f}" if timing.limit else ""
        print(f"{timing.question:<52}{timing.ms:>10.1f}{limit:>8}{timing.operations:>12,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
