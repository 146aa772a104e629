"""What does a Lyapunov spectrum cost, against the bare matrix product and QR of the same sizes, and against peers?

The bare loop is one GEMM and one QR a step (NumPy's, which forms Q); ours multiplies by reflectors instead. Peers
(`pip install lyapynov pynamicalsys`) are timed on the same maps where they are installed. Seconds are those of the
processor, on one core and one BLAS thread.

    python benchmarks/lyapunov.py [--quick] [--format table|json] [--clock cpu|wall]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from timing import CLOCKS, interleaved, one_thread, progress

from symrnn.numeric.chains import Chain, FloatArray, Row, Term
from symrnn.regimes.lyapunov import spectrum

SEED = 2026


@dataclass(frozen=True)
class Case:
    """Two ways to the same exponents."""

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


def tanh_network(size: int, steps: int, gain: float = 1.5) -> tuple[Chain, FloatArray]:
    """J_t = diag(1 − h_t²) W along a trajectory, as a chain and as full matrices."""
    rng = np.random.default_rng(SEED)
    weights = gain * rng.normal(size=(size, size)) / np.sqrt(size)
    h, slopes = rng.normal(size=size), np.empty((steps, size))
    for t in range(steps):
        h = np.tanh(weights @ h)
        slopes[t] = 1 - h * h
    chain = Chain([("h", size)], [Row("h'", size, (Term("h", slopes, weights),))], {"h": "h'"}, steps)
    return chain, weights


def bare(jacobians: FloatArray, columns: int) -> FloatArray:
    """GEMM and QR at every step, and the logarithms: the textbook's loop."""
    size = jacobians.shape[1]
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(size, columns)))[0]
    total = np.zeros(columns)
    for jacobian in jacobians:
        basis, upper = np.linalg.qr(jacobian @ basis)
        total += np.log(np.abs(np.diagonal(upper)))
    return np.asarray(total / len(jacobians))


def cases(quick: bool) -> Iterator[Case]:
    """The sizes of the promise; a tenth of the steps with --quick."""
    steps = 100 if quick else 1000
    for size in (64, 256):
        chain, _ = tanh_network(size, steps)
        dense = chain.dense()
        yield Case(
            f"all of {size} exponents against GEMM and QR",
            steps,
            partial(spectrum, chain, size),
            partial(bare, dense, size),
            1.0,
        )
    chain, _ = tanh_network(512, steps)
    dense = chain.dense()
    yield Case(
        "10 of 512 exponents against GEMM and QR of 10 columns",
        steps,
        lambda: spectrum(chain, 10),
        lambda: bare(dense, 10),
        1.0,
    )
    yield from peers(2_000 if quick else 20_000)


def henon_step(u: FloatArray, t: float = 0.0) -> FloatArray:
    """The Hénon map."""
    return np.array([1 - 1.4 * u[0] ** 2 + u[1], 0.3 * u[0]])


def henon_jacobian(u: FloatArray, t: float = 0.0) -> FloatArray:
    """Its derivative."""
    return np.array([[-2.8 * u[0], 1.0], [0.3, 0.0]])


def _ours_on_henon(steps: int) -> object:
    u, jacobians = np.array([0.1, 0.1]), np.empty((steps, 2, 2))
    for t in range(steps):
        jacobians[t] = henon_jacobian(u)
        u = henon_step(u)
    return spectrum(jacobians, 2)


def peers(steps: int) -> Iterator[Case]:
    """Packages that compute Lyapunov spectra of maps: on 64 tanh units, and on the Hénon map."""
    size, short = 64, max(100, steps // 20)
    chain, weights = tanh_network(size, short)
    ours = partial(spectrum, chain, size)
    if find_spec("lyapynov"):
        import lyapynov

        def theirs() -> Any:
            system = lyapynov.DiscreteDS(np.array([0.1, 0.1]), 0, henon_step, henon_jacobian)
            return lyapynov.LCE(system, 2, 0, steps, False)

        yield Case("Hénon's map against lyapynov", steps, partial(_ours_on_henon, steps), theirs, 1.0)

        def network() -> Any:
            system = lyapynov.DiscreteDS(
                np.full(size, 0.1),
                0,
                lambda h, t: np.tanh(weights @ h),
                lambda h, t: (1 - np.tanh(weights @ h) ** 2)[:, None] * weights,
            )
            return lyapynov.LCE(system, size, 0, short, False)

        yield Case("64 tanh units against lyapynov", short, ours, network, 1.0)
    if find_spec("pynamicalsys"):
        yield Case("64 tanh units against pynamicalsys (numba)", short, ours, _compiled(weights, short), 1.0)


def _compiled(weights: FloatArray, steps: int) -> Callable[[], Any]:
    """The same network in pynamicalsys, whose loops numba compiles; compiling is its set-up and not counted."""
    from numba import njit
    from pynamicalsys import DiscreteDynamicalSystem

    size = len(weights)

    @njit
    def step(u: Any, parameters: Any) -> Any:
        return np.tanh(weights @ u)

    @njit
    def jacobian(u: Any, parameters: Any, *mapping: Any) -> Any:
        return (1 - np.tanh(weights @ u) ** 2).reshape(size, 1) * weights

    system = DiscreteDynamicalSystem(mapping=step, jacobian=jacobian, system_dimension=size, number_of_parameters=1)
    start = np.full(size, 0.1)
    return lambda: system.lyapunov(start, steps, parameters=[0.0], method="QR_HH")


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--format", choices=["table", "json"], default="table")
    parser.add_argument("--clock", choices=list(CLOCKS), default="cpu")
    arguments = parser.parse_args()
    answers = []
    with one_thread():
        for case in cases(arguments.quick):
            progress(case.question)
            taken = interleaved(
                {"ours": case.ours, "reference": case.reference},
                seconds=3.0,
                rounds=(3, 50),
                clock=arguments.clock,
            )
            ours, reference = taken["ours"].median, taken["reference"].median
            answers.append(
                Answer(case.question, case.steps, 1e3 * ours, 1e3 * reference, ours / reference, case.target)
            )
    if arguments.format == "json":
        print(json.dumps([asdict(answer) for answer in answers], ensure_ascii=False, indent=2))
        return
    print(f"{'question':<56} {'steps':>6} {'ours ms':>9} {'other ms':>9} {'ratio':>6} {'target':>6}")
    for a in answers:
        target = "" if a.target is None else f"{a.target:.2f}"
        print(f"{a.question:<56} {a.steps:>6} {a.ours_ms:>9.1f} {a.reference_ms:>9.1f} {a.ratio:>6.2f} {target:>6}")


if __name__ == "__main__":
    main()
