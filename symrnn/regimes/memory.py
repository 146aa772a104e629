"""How far back the gradient reaches: ‖∂s_T/∂s_{T−k}‖ against the lag k, memory length, where gradients die.

Everything in the log domain: norms of products are carried as mantissa and exponent, so a curve goes on below 1e−308.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Node, Signal, subexpressions
from symrnn.calculus.rewriting import expose
from symrnn.models.drawing import source
from symrnn.numeric.chains import Chain
from symrnn.numeric.steppers import Stepper
from symrnn.regimes.trajectories import Trajectory

Array = NDArray[np.float64]
MOST_LAGS = 200
SUBSPACE, SWEEPS = 8, 5
SATURATED = 0.05
"""A unit counts as saturated where |f'| is below this share of sup |f'|."""


@dataclass(frozen=True, eq=False)
class Curve:
    """ln ‖∂of_T/∂wrt_{T−k}‖ for k = 0, 1, …: median, tenth and ninetieth percentile over end points T.

    >>> Curve(np.array([[0.0, -1.0, -6.0]])).memory_length(0.01)
    2
    """

    logs: Array

    @property
    def median(self) -> Array:
        """The middle end point at each lag."""
        return np.asarray(np.median(self.logs, axis=0))

    @property
    def band(self) -> tuple[Array, Array]:
        """The tenth and ninetieth percentile."""
        low, high = np.quantile(self.logs, (0.1, 0.9), axis=0, method="nearest")
        return np.asarray(low), np.asarray(high)

    @property
    def largest(self) -> float:
        """max_k ‖∂s_T/∂s_{T−k}‖ of the median: transient growth where it is above 1."""
        return float(np.exp(min(float(self.median.max()), 700.0)))

    def memory_length(self, share: float = 0.01) -> int | None:
        """The first lag from which the median stays below `share` of lag 0; None if it never does."""
        below = self.median < math.log(share) + self.median[0]
        if not below[-1]:
            return None
        return int(np.flatnonzero(~below)[-1]) + 1 if (~below).any() else 0


def gradient_norms(chain: Chain, state: str | None = None, lags: int | None = None, ends: int = 8) -> Curve:
    """The spectral norm of ∂s_T/∂s_{T−k} against k, of the full state or of one state's own block.

    Args:
        chain: step Jacobians.
        state: a state's name for its block, `h`; the full state unless given.
        lags: how many; T at most, 200 unless said.
        ends: how many end points T, spread over the later part of the trajectory.

    >>> halves = Chain.from_dense(np.full((50, 1, 1), 0.5))
    >>> gradient_norms(halves).memory_length(0.01)
    7
    """
    lags = min(lags or MOST_LAGS, chain.steps)
    count = max(1, min(ends, chain.steps - lags + 1)) if chain.size <= 64 else 1
    stops = np.unique(np.linspace(lags, chain.steps, count).astype(int))
    rows = chain.slices[state] if state else slice(0, chain.size)
    return Curve(np.array([_one_end(chain.window(stop - lags, stop), rows) for stop in stops]))


def _one_end(chain: Chain, rows: slice) -> Array:
    """Backward from the end: Pᵀ e_i for every row i, all lags on the way."""
    width = rows.stop - rows.start
    stepper = Stepper(chain.transpose(), width)
    stepper.value[:] = 0.0
    stepper.value[rows] = np.eye(width)
    logs, scale = np.zeros(chain.steps + 1), 0.0
    # Any start will do; one that is the same each time gives the same bytes.
    guess = np.linalg.qr(source(0, "subspace").normal((width, min(width, SUBSPACE))))[0]
    for lag in range(chain.steps):
        stepper.run(lag, lag + 1)
        largest = float(np.abs(stepper.value).max())
        if largest == 0.0 or not math.isfinite(largest):
            logs[lag + 1 :] = -math.inf if largest == 0.0 else math.inf
            break
        if not 1e-100 < largest < 1e100:
            stepper.value[:] /= largest
            scale += math.log(largest)
        norm, guess = _norm(stepper.value[rows], guess)
        logs[lag + 1] = scale + (math.log(norm) if norm > 0 else -math.inf)
    return logs


def _norm(block: Array, guess: Array) -> tuple[float, Array]:
    """σ₁, exactly for small blocks, else by iterating a subspace from the last lag's singular vectors."""
    if len(block) <= 24:
        return float(np.linalg.norm(block, 2)), guess
    basis = guess
    for _ in range(SWEEPS):
        basis, upper = np.linalg.qr(block.T @ (block @ basis))
        if not np.diagonal(upper).any():
            return float(np.linalg.norm(block, 2)), guess
    return float(np.linalg.norm(block @ basis, 2)), basis


# --- where gradients die ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Saturation:
    """One activation of the cell along a trajectory: the mean of |f'| over its supremum, and shares of what is stuck.

    Attributes:
        name: the signal whose activation it is, `h`, `f`.
        mean_slope: mean |f'| / sup |f'| over steps and units.
        saturated: the share of (step, unit) pairs with |f'| below a twentieth of its supremum.
        units: the mean relative slope of each unit.
    """

    name: str
    mean_slope: float
    saturated: float
    units: tuple[float, ...]


def saturation(trajectory: Trajectory) -> tuple[Saturation, ...]:
    """How open every activation is along the trajectory, gate by gate.

    >>> from symrnn.models.files import load
    >>> from symrnn.regimes.trajectories import follow
    >>> [each.name for each in saturation(follow(load("example:lstm")))]
    ['f', 'i', 'o', 'c_tilde', 'tanh(c_t)']
    """
    found = []
    for equation in expose(trajectory.model.cell):
        for part in subexpressions(equation.expression):
            if isinstance(part, N.Apply) and not part.activation.generic and part.activation.bound != 0:
                series = _series(part, trajectory)
                if series is None:
                    continue
                argument, output = series
                with np.errstate(all="ignore"):
                    raw = np.asarray(part.activation.slope(argument, output), dtype=np.float64)
                slope = np.broadcast_to(np.abs(raw), output.shape)
                relative = slope / float(part.activation.bound)
                found.append(
                    Saturation(
                        _called(equation.target, part, equation.expression),
                        float(relative.mean()),
                        float((relative < SATURATED).mean()),
                        tuple(float(x) for x in relative.mean(axis=0)),
                    )
                )
    return tuple(found)


def _called(target: Node, part: Node, expression: Node) -> str:
    return target.name if part is expression and isinstance(target, Signal) else str(part)


def _series(part: N.Apply, trajectory: Trajectory) -> tuple[Array, Array] | None:
    """The argument's and the value's arrays (T, rows), where the argument is a signal of this step."""
    (argument,) = part.operands
    if not isinstance(argument, Signal) or argument.name not in trajectory.arrays:
        return None
    values = trajectory.signal(argument.name)
    return values, np.asarray(part.activation.array_function()(values), dtype=np.float64)


def cell_path(trajectory: Trajectory, gate: str = "f") -> Mapping[str, Any]:
    """∏_k f_k, the LSTM's direct path from c_t to c_T: rates and memory time −1/log f. Not the total derivative.

    >>> from symrnn.models.files import load
    >>> from symrnn.regimes.trajectories import follow
    >>> sorted(cell_path(follow(load("example:lstm"))))
    ['memory_time', 'rate', 'rates']
    """
    gates = trajectory.signal(gate)
    with np.errstate(divide="ignore"):
        logs = np.log(gates).mean(axis=0)
    mean = float(logs.mean())
    return {
        "rates": np.exp(logs),
        "rate": math.exp(mean),
        "memory_time": -1.0 / mean if mean < 0 else math.inf,
    }


def memory_time(forget: float) -> float:
    """−1/log f: steps in which the pure cell path falls to 1/e.

    >>> round(memory_time(1 / (1 + math.exp(-1))), 10)
    3.1922192845
    """
    return -1.0 / math.log(forget)


def penalty(chain: Chain, cotangent: Array) -> float:
    """Ω = Σ_k (‖∂E/∂x_{k+1} J_k‖/‖∂E/∂x_{k+1}‖ − 1)²: how far the gradient is from keeping its size step by step.

    >>> penalty(Chain.from_dense(np.full((10, 1, 1), 0.5)), np.ones(1))
    2.5

    Reference: R. Pascanu, T. Mikolov, Y. Bengio, ICML 2013, equation 9.
    """
    total, row = 0.0, np.asarray(cotangent, dtype=np.float64)
    for step in chain.dense()[::-1]:
        new = row @ step
        before, after = float(np.linalg.norm(row)), float(np.linalg.norm(new))
        total += (after / before - 1.0) ** 2
        if after == 0.0:
            break
        row = new / after
    return total
