"""Random networks of infinite size: q*, χ₁, correlation length, the line between order and chaos, exponents.

Means over N(0, 1) by quadrature; for erf and ReLU in closed form. Weights are N(0, σ_w²/N), biases N(0, σ_b²).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symrnn.errors import InputError

Array = NDArray[np.float64]
Mean = Callable[[float], float]


@dataclass(frozen=True)
class Kernel:
    """E f(√q z)² and E f'(√q z)² as functions of q, z ~ N(0, 1)."""

    square: Mean
    slope_square: Mean


_REACH, _NODES = 12.0, 4001


def gaussian_mean(function: Callable[[Array], Array]) -> float:
    """E f(z) over z ~ N(0, 1), by the trapezoidal rule, which converges geometrically for analytic f.

    >>> abs(gaussian_mean(np.square) - 1.0) < 1e-12
    True
    """
    z = np.linspace(-_REACH, _REACH, _NODES)
    weights = np.exp(-0.5 * z * z)
    return float((function(z) * weights).sum() / weights.sum())


def _numeric(f: Callable[[Array], Array], slope: Callable[[Array], Array]) -> Kernel:
    return Kernel(
        lambda q: gaussian_mean(lambda z: f(math.sqrt(q) * z) ** 2),
        lambda q: gaussian_mean(lambda z: slope(math.sqrt(q) * z) ** 2),
    )


KERNELS: Mapping[str, Kernel] = MappingProxyType(
    {
        "tanh": _numeric(np.tanh, lambda x: 1.0 / np.cosh(np.clip(x, -300, 300)) ** 2),
        # Williams 1997; Saad and Solla 1995.
        "erf": Kernel(
            lambda q: 2 / math.pi * math.asin(2 * q / (1 + 2 * q)), lambda q: 4 / math.pi / math.sqrt(1 + 4 * q)
        ),
        "relu": Kernel(lambda q: q / 2, lambda q: 0.5),
        "identity": Kernel(lambda q: q, lambda q: 1.0),
    }
)
"""What is known of each activation at infinite size."""


def kernel(activation: str) -> Kernel:
    """The means of an activation.

    >>> abs(kernel("erf").square(0.3) - 0.24471458707824623) < 1e-12
    True
    """
    if activation not in KERNELS:
        raise InputError(activation, found="no mean field for it", write="one of: " + ", ".join(KERNELS))
    return KERNELS[activation]


@dataclass(frozen=True)
class MeanField:
    """A point of the phase diagram.

    Attributes:
        q: the variance q* of a pre-activation; infinite where it runs away.
        chi: χ₁ = σ_w² E f'(√q* z)²: perturbations grow where it is above 1.
        length: correlation length −1/log χ₁ of perturbations; infinite at the critical line.
        phase: "ordered", "critical" or "chaotic".
    """

    q: float
    chi: float

    @property
    def length(self) -> float:
        """ξ = 1/|log χ₁|."""
        return math.inf if self.chi == 1.0 else 1.0 / abs(math.log(self.chi)) if self.chi > 0 else 0.0

    @property
    def phase(self) -> str:
        """By χ₁ against 1."""
        return "critical" if abs(self.chi - 1) < 1e-6 else "ordered" if self.chi < 1 else "chaotic"


def mean_field(activation: str, weight_variance: float, bias_variance: float) -> MeanField:
    """q* = σ_w² E f(√q* z)² + σ_b², and χ₁ there.

    >>> mean_field("tanh", 1.760954639607, 0.05).phase
    'critical'

    Reference: B. Poole et al., NeurIPS 2016; S. Schoenholz et al., ICLR 2017.
    """
    row = kernel(activation)
    q = _fixed_variance(row, weight_variance, bias_variance)
    return MeanField(q, math.inf if math.isinf(q) else weight_variance * row.slope_square(q))


def _fixed_variance(row: Kernel, weight: float, bias: float) -> float:
    from scipy.optimize import brentq

    def gap(q: float) -> float:
        return weight * row.square(q) + bias - q

    low = bias if bias > 0 else 1e-12
    if bias == 0 and gap(low) <= 0:
        return 0.0
    high = max(1.0, 2 * low)
    while gap(high) > 0:
        high *= 2
        if high > 1e12:
            return math.inf
    return float(brentq(gap, low, high, xtol=1e-16, rtol=1e-14)) if gap(low) > 0 else low


def critical_weight_variance(activation: str, bias_variance: float) -> float:
    """The σ_w² with χ₁ = 1 for a given σ_b²: the line between order and chaos.

    >>> round(critical_weight_variance("tanh", 0.05), 9)
    1.76095464
    """
    from scipy.optimize import brentq

    def gap(weight: float) -> float:
        return mean_field(activation, weight, bias_variance).chi - 1

    if activation == "relu":
        # χ₁ = σ_w²/2 whatever q is; with biases q* is infinite there, and the slope's mean is the same.
        return 2.0
    if bias_variance == 0:
        return 1.0 / kernel(activation).slope_square(0.0)
    return float(brentq(gap, 0.1, 50.0, xtol=1e-13, rtol=1e-14))


def phase_diagram(activation: str, weight_variances: Any, bias_variances: Any) -> Array:
    """χ₁ on a grid, (biases, weights)."""
    rows = [[mean_field(activation, float(w), float(b)).chi for w in weight_variances] for b in bias_variances]
    return np.array(rows)


# --- the autonomous map x' = J tanh(x), J_ij ~ N(0, g²/N) -------------------------------------------------------------


def tanh_map_variance(gain: float) -> float:
    """q = g² E tanh(√q z)², 0 for g ≤ 1."""
    return _fixed_variance(kernel("tanh"), gain * gain, 0.0) if gain > 1 else 0.0


def tanh_map_exponent(gain: float) -> float:
    """λ₁ = log(g √(E sech⁴(√q z))) of x' = J tanh(x) for N → ∞.

    >>> round(tanh_map_exponent(2.0), 9)
    0.15472423

    Reference: L. Molgedey, J. Schuchhardt, H. G. Schuster, Physical Review Letters 69 (1992).
    """
    q = tanh_map_variance(gain)
    return math.log(gain) + 0.5 * math.log(kernel("tanh").slope_square(q))


def tanh_map_mean_exponent(gain: float) -> float:
    """Mean of all exponents: log g − 1/2 + E log sech²(√q z), from E log|det J|/N → log g − 1/2."""
    q = tanh_map_variance(gain)
    return math.log(gain) - 0.5 + gaussian_mean(lambda z: -2 * np.log(np.cosh(math.sqrt(q) * z)))


def newman_exponents(size: int, variance: float = 1.0) -> Array:
    """Exponents of products of N×N matrices of N(0, variance) entries, exact: ½(log(2 variance) + ψ((N−i+1)/2)).

    >>> abs(newman_exponents(1)[0] + 0.5 * (np.euler_gamma + math.log(2))) < 1e-14
    np.True_

    Reference: C. M. Newman, Communications in Mathematical Physics 103 (1986).
    """
    from scipy.special import digamma

    order = np.arange(size, 0, -1)
    return np.asarray(0.5 * (math.log(2 * variance) + digamma(order / 2)))
