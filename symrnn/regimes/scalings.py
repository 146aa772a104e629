"""The best diagonal scaling: min over positive diagonal S of σ₁(S M S⁻¹), a convex problem in log S.

A step Jacobian diag(d) M with |d| ≤ 1 obeys ‖S diag(d) M S⁻¹‖ ≤ σ₁(S M S⁻¹), because diagonals commute; with any
other S the argument breaks, and the infimum would be ρ(M): a false proof. The price is C = κ(S).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symrnn.regimes.margins import UNIT, norm_above, perron

Array = NDArray[np.float64]
WIDEST = 1e8
"""The largest κ(S) that is tried."""


@dataclass(frozen=True)
class Scaling:
    """S = diag(s), σ₁(S M S⁻¹) rounded up, and κ(S)."""

    diagonal: Array
    norm: float

    @property
    def condition(self) -> float:
        """κ(S) = max s / min s, rounded up."""
        return float(self.diagonal.max() / self.diagonal.min() * (1 + 4 * UNIT))


def best_scaling(matrix: Array, effort: int = 60) -> Scaling:
    """min_S σ₁(S M S⁻¹) over positive diagonal S.

    The derivative of log σ₁ by log s_i is u_i² − v_i², of the singular vectors; σ₁ is smoothed by Schatten norms of
    growing order. The start is the better of I and Perron's S = diag(√(u/v)), which already gives ρ(|M|).

    Args:
        matrix: M, (n, n).
        effort: evaluations for each order.

    A chain in which each unit feeds the next:

    >>> chain = 0.5 * np.eye(3) + 2.0 * np.eye(3, k=1)
    >>> norm_above(chain) > 2.0, best_scaling(chain).norm < 0.6
    (True, True)

    Reference: R. Sezginer and M. Overton, IEEE Trans. Automatic Control 35 (1990), for the convexity.
    """
    from scipy.optimize import minimize

    n = len(matrix)
    candidates = [np.zeros(n), _perron_logs(matrix)]
    start = min(candidates, key=lambda logs: _scaled_norm(matrix, logs))
    best = start
    limit = np.log(WIDEST) / 2
    point = np.clip(start, -limit, limit)
    for order in (4, 32, 256) if effort > 20 else (32,):
        found = minimize(
            _smoothed,
            point,
            args=(matrix, order),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-limit, limit)] * n,
            options={"maxfun": effort},
        )
        point = found.x
        best = min((best, point), key=lambda logs: _scaled_norm(matrix, logs))
    return scaled(matrix, np.exp(best - best.max()))


def scaled(matrix: Array, diagonal: Array) -> Scaling:
    """σ₁(S M S⁻¹) for a given S, rounded up."""
    inner = diagonal[:, None] * matrix / diagonal[None, :]
    # Each entry carries the rounding of a product and a quotient.
    return Scaling(diagonal, norm_above(inner, error=3 * UNIT * float(np.linalg.norm(inner))))


def _perron_logs(matrix: Array) -> Array:
    right, left = perron(np.abs(matrix))
    logs = 0.5 * (np.log(left) - np.log(right))
    limit = np.log(WIDEST) / 2
    return np.clip(logs - 0.5 * (logs.max() + logs.min()), -limit, limit)


def _scaled_norm(matrix: Array, logs: Array) -> float:
    return float(np.linalg.svd(_inner(matrix, logs), compute_uv=False)[0])


def _inner(matrix: Array, logs: Array) -> Array:
    return np.asarray(np.exp(logs)[:, None] * matrix * np.exp(-logs)[None, :])


def _smoothed(logs: Array, matrix: Array, order: int) -> tuple[float, Array]:
    """log of the Schatten norm of that order, and its gradient."""
    left, values, right = np.linalg.svd(_inner(matrix, logs))
    if values[0] == 0.0:
        return -np.inf, np.zeros_like(logs)
    weights = (values / values[0]) ** order
    total = weights.sum()
    gradient = (left**2 - right.T**2) @ (weights / total)
    return float(np.log(values[0]) + np.log(total) / order), gradient
