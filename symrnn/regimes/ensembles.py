"""Random networks as they are born: default initialisations, what they are in the limit of large size, chrono biases.

U(−1/√H, 1/√H) has variance 1/(3H): `nn.RNN` is born with ρ → 1/√3 and σ₁ → 2/√3, `nn.LSTM` at rest with
ρ → ½ + ¼/√3, because its step Jacobian is f I + i o U_c there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from symrnn.models.drawing import drawn, source

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Law:
    """What a recurrent matrix of an initialisation is for H → ∞: σ of its entries times √H, ρ and σ₁."""

    spread: float
    radius: float
    norm: float


def _gaussian_like(spread: float) -> Law:
    """The circular law: ρ → spread, σ₁ → 2·spread (Girko; Bai and Yin)."""
    return Law(spread, spread, 2 * spread)


LAWS: Mapping[str, Law] = MappingProxyType(
    {
        "pytorch": _gaussian_like(1 / math.sqrt(3)),
        "xavier": _gaussian_like(1.0),
        "he": _gaussian_like(math.sqrt(2)),
        "orthogonal": Law(1.0, 1.0, 1.0),
        "identity": Law(0.0, 1.0, 1.0),
        "keras": Law(1.0, 1.0, 1.0),
    }
)
"""By initialisation; Keras draws recurrent matrices orthogonal."""


def gaussian(size: int, gain: float = 1.0, seed: int = 0, power: int = 1) -> Array:
    """W with entries N(0, gain²/N), or its power."""
    matrix = gain * source(seed, "W").normal((size, size)) / math.sqrt(size)
    return np.asarray(np.linalg.matrix_power(matrix, power))


def draws(init: str, size: int, count: int, first_seed: int = 0) -> Iterator[Array]:
    """Recurrent matrices (size, size) of an initialisation, one a seed.

    >>> [w.shape for w in draws("pytorch", 4, 2)]
    [(4, 4), (4, 4)]
    """
    kind = "orthogonal" if init == "keras" else init
    for seed in range(first_seed, first_seed + count):
        yield drawn({"init": kind, "seed": seed}, "W_h", (size, size), size)


def lstm_at_rest(weights: Array, forget_bias: float = 0.0) -> Array:
    """∂(h, c)/∂(h, c) at zero state and input: i = o = ½, f = σ(b_f), and h moves with o times c.

    >>> lstm_at_rest(np.zeros((1, 1))).tolist()
    [[0.0, 0.25], [0.0, 0.5]]
    """
    n = len(weights)
    forget = 1.0 / (1.0 + math.exp(-forget_bias))
    eye = np.eye(n)
    cell = np.hstack([0.5 * weights, forget * eye])
    return np.vstack([0.5 * cell, cell])


def chrono_biases(size: int, longest: int, seed: int = 0) -> Array:
    """b_f = log u with u uniform on (1, T_max − 1), so that 1/(1 − f) = 1 + u spans the memory wanted; b_i = −b_f.

    Reference: C. Tallec, Y. Ollivier, ICLR 2018.
    """
    return np.log(1 + (longest - 2) * source(seed, "b_f").uniform((size,)))


def forget_memory(bias: float) -> float:
    """1/(1 − f) = 1 + e^b for f = σ(b).

    >>> forget_memory(1.0)
    3.718281828459045
    """
    return 1.0 + math.exp(bias)
