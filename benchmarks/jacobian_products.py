"""What does the product of T step Jacobians cost, against T bare matrix products?

Ours includes the scaling and the logarithm of the norm at the end; the bare products are nothing but
`np.matmul(…, out=…)`.  Seconds are those of the processor, on one core and one BLAS thread.

    python benchmarks/jacobian_products.py [--quick] [--format table|json] [--clock cpu|wall]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import numpy as np
from timing import CLOCKS, aligned, interleaved, one_thread, progress

from symrnn.numeric.chains import Chain, FloatArray, Row, Term
from symrnn.numeric.transport import full, pull, push

SEED = 2026


@dataclass(frozen=True)
class Case:
    """Two ways through the same number of steps, and how many times the reference ours may take."""

    question: str
    steps: int
    ours: Callable[[], object]
    reference: Callable[[], object]
    target: float | None = None


@dataclass(frozen=True)
class Answer:
    """Median milliseconds, and their ratio."""

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
    for size, steps, target in ((64, 1000, 1.4), (128, 500, 1.2), (256, 250, 1.1)):
        steps = steps // 10 if quick else steps
        chain = rnn(size, steps, rng)
        question = f"RNN, H = {size}: full / bare H×H products"
        yield Case(question, steps, _full(chain), bare(size, size, steps, rng), target)
    for size, steps in ((64, 500), (128, 200)):
        steps = steps // 10 if quick else steps
        chain = lstm(size, steps, rng)
        question = f"LSTM, H = {size}: full / bare 2H×2H products"
        yield Case(question, steps, _full(chain), bare(2 * size, 2 * size, steps, rng), 1.0)
    for size in (64, 256):
        steps = 100 if quick else 1000
        chain, vector = rnn(size, steps, rng), rng.normal(size=size)
        once = bare(size, None, steps, rng)
        yield Case(f"RNN, H = {size}: push / bare products with a vector", steps, _push(chain, vector), once)
        yield Case(f"RNN, H = {size}: pull / bare products with a vector", steps, _pull(chain, vector), once)
    small = rnn(16, 1000, rng)
    yield Case("RNN, H = 16: tree / loop", 1000, _full(small), lambda: full(small, method="loop").log_norm, 0.5)


def _full(chain: Chain) -> Callable[[], object]:
    return lambda: full(chain).log_norm


def _push(chain: Chain, vector: FloatArray) -> Callable[[], object]:
    return lambda: push(chain, vector).log_norm


def _pull(chain: Chain, vector: FloatArray) -> Callable[[], object]:
    return lambda: pull(chain, vector).log_norm


def answer(case: Case, seconds: float, clock: str) -> Answer:
    """The two ways taking turns for some seconds."""
    progress(case.question)
    taken = interleaved({"ours": case.ours, "reference": case.reference}, seconds=seconds, clock=clock)
    ours, reference = 1e3 * taken["ours"].median, 1e3 * taken["reference"].median
    return Answer(case.question, case.steps, ours, reference, ours / reference, case.target)


def table(answers: list[Answer]) -> str:
    """The answers as text, one line each."""
    rows = [("", "T", "ours ms", "other ms", "ratio", "at most")]
    for a in answers:
        target = "" if a.target is None else f"{a.target:.2f}"
        rows.append((a.question, f"{a.steps}", f"{a.ours_ms:.2f}", f"{a.reference_ms:.2f}", f"{a.ratio:.2f}", target))
    return aligned(rows)


def main() -> None:
    """Measure every case and print the table or one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the steps and of the time")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--clock", choices=sorted(CLOCKS), default="cpu")
    options = parser.parse_args()
    with one_thread():
        answers = [answer(case, 0.5 if options.quick else 8.0, options.clock) for case in cases(options.quick)]
    progress("")
    if options.format == "json":
        print(json.dumps({"seed": SEED, "clock": options.clock, "answers": list(map(asdict, answers))}, indent=1))
    else:
        print(table(answers))


if __name__ == "__main__":
    main()
