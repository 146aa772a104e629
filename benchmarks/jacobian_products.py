"""What does the product of T step Jacobians cost, against T bare matrix products?

Every time is a median over repeats that take turns, with one BLAS thread; scaling and the norm at the end are
included in ours, and nothing but `np.matmul(…, out=…)` in the bare ones.

    python benchmarks/jacobian_products.py [--quick] [--format table|json]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_limits

from symrnn.numeric.chains import Chain, FloatArray, Row, Term
from symrnn.numeric.transport import full, pull, push

SEED = 2026


@dataclass(frozen=True)
class Case:
    """Two ways to the same number of steps: `reference` is what `ours` is divided by."""

    question: str
    steps: int
    ours: Callable[[], object]
    reference: Callable[[], object]
    target: float | None = None


@dataclass(frozen=True)
class Timing:
    """Milliseconds, and their ratio."""

    question: str
    steps: int
    ours_ms: float
    reference_ms: float
    ratio: float
    target: float | None


def rnn(size: int, steps: int, rng: np.random.Generator) -> Chain:
    """h' = diag(1 - h²) W h, near the edge between vanishing and exploding."""
    slope = 1.0 - np.tanh(0.5 * rng.normal(size=(steps, size))) ** 2
    weights = 1.2 * rng.normal(size=(size, size)) / np.sqrt(size)
    return Chain([("h", size)], [Row("h'", size, (Term("h", slope, weights),))], {"h": "h'"}, steps)


def lstm(size: int, steps: int, rng: np.random.Generator) -> Chain:
    """c' = Σ_g diag(·) U_g h + f∘c and h' = diag(·) U_o h + diag(o∘(1 - tanh² c)) c'."""

    def gate() -> FloatArray:
        return 1.0 / (1.0 + np.exp(-rng.normal(size=(steps, size))))

    def read() -> Term:
        return Term("h", gate(), rng.normal(size=(size, size)) / np.sqrt(size))

    cell = Row("c'", size, (read(), read(), read(), Term("c", gate())))
    hidden = Row("h'", size, (read(), Term("c'", gate())))
    return Chain([("h", size), ("c", size)], (cell, hidden), {"h": "h'", "c": "c'"}, steps)


def bare(size: int, columns: int | None, steps: int, rng: np.random.Generator) -> Callable[[], object]:
    """T products of one fixed matrix with a block (or, without columns, a vector), nothing else."""
    # An orthogonal matrix, so that the reference meets neither overflow nor subnormal numbers.
    matrix = np.linalg.qr(rng.normal(size=(size, size)))[0]
    block = np.eye(size)[:, : columns or 1]
    start = np.ascontiguousarray(block if columns else block[:, 0])
    buffers = (np.empty_like(start), np.empty_like(start))

    def run() -> FloatArray:
        here, there = buffers
        np.copyto(here, start)
        for _ in range(steps):
            np.matmul(matrix, here, out=there)
            here, there = there, here
        return here

    return run


def cases(quick: bool) -> Iterator[Case]:
    """Every comparison, with the ratio that it should stay below."""
    rng = np.random.default_rng(SEED)
    for size, target in ((64, 1.4), (128, 1.2), (256, 1.1)):
        steps = 100 if quick else 1000
        chain = rnn(size, steps, rng)
        question = f"RNN, H = {size}: full / bare H×H products"
        yield Case(question, steps, _full(chain), bare(size, size, steps, rng), target)
    for size in (64, 128):
        steps = 50 if quick else 500
        chain = lstm(size, steps, rng)
        question = f"LSTM, H = {size}: full / bare 2H×2H products"
        yield Case(question, steps, _full(chain), bare(2 * size, 2 * size, steps, rng), 1.0)
    for size in (64, 256):
        steps = 200 if quick else 2000
        chain, vector = rnn(size, steps, rng), rng.normal(size=size)
        vector_bare = bare(size, None, steps, rng)
        yield Case(
            f"RNN, H = {size}: push / bare products with a vector", steps, _push(chain, vector), vector_bare
        )
        yield Case(
            f"RNN, H = {size}: pull / bare products with a vector", steps, _pull(chain, vector), vector_bare
        )
    small = rnn(16, 1000, rng)
    yield Case(
        "RNN, H = 16: tree / loop", 1000, _full(small), lambda: full(small, method="loop").log_norm, 0.5
    )


def _full(chain: Chain) -> Callable[[], object]:
    return lambda: full(chain).log_norm


def _push(chain: Chain, vector: FloatArray) -> Callable[[], object]:
    return lambda: push(chain, vector).log_norm


def _pull(chain: Chain, vector: FloatArray) -> Callable[[], object]:
    return lambda: pull(chain, vector).log_norm


def measure(case: Case, repeats: int) -> Timing:
    """Medians of `repeats` runs of each way, taking turns after one run to warm up."""
    ways = (case.ours, case.reference)
    times: tuple[list[float], list[float]] = ([], [])
    for way in ways:
        way()
    for _ in range(repeats):
        for way, taken in zip(ways, times, strict=True):
            start = perf_counter()
            way()
            taken.append(1e3 * (perf_counter() - start))
    ours, reference = (median(taken) for taken in times)
    return Timing(case.question, case.steps, ours, reference, ours / reference, case.target)


def table(timings: list[Timing]) -> str:
    """The timings as text, one line each."""
    width = max(len(timing.question) for timing in timings)
    lines = [f"{'':{width}}  {'T':>5} {'ours ms':>9} {'other ms':>9} {'ratio':>6} {'target':>6}"]
    for t in timings:
        target = "" if t.target is None else f"{t.target:.2f}"
        numbers = f"{t.steps:5} {t.ours_ms:9.2f} {t.reference_ms:9.2f} {t.ratio:6.2f} {target:>6}"
        lines.append(f"{t.question:{width}}  {numbers}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure every case and print the table or the JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the steps, three repeats")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    options = parser.parse_args(arguments)
    with threadpool_limits(limits=1):
        timings = [measure(case, 3 if options.quick else 11) for case in cases(options.quick)]
    if options.format == "json":
        json.dump({"seed": SEED, "timings": [asdict(timing) for timing in timings]}, sys.stdout, indent=2)
        print()
    else:
        print(table(timings))


if __name__ == "__main__":
    main()
