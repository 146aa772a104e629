"""Bounds that stay bounds in floating point: what is computed, widened by what rounding can have changed.

Singular values by LAPACK are off by at most p(n)·2⁻⁵²·‖A‖ with a slowly growing p; ten times n is on the safe side
(Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3 and 18). Perron roots are bounded by
Collatz and Wielandt's quotients, which hold for every positive vector, exact eigenvector or not.
"""

from __future__ import annotations

import math

import numpy as np
import sympy as sp
from numpy.typing import NDArray

Array = NDArray[np.float64]
UNIT = 2.0**-52


def rounding(matrix: Array) -> float:
    """How far a computed singular value may be off: 10 n 2⁻⁵² ‖A‖_F."""
    return float(10 * max(matrix.shape) * UNIT * np.linalg.norm(matrix)) if matrix.size else 0.0


def above(exact: sp.Expr) -> float:
    """A number of at least this value: itself where float64 has it, else the next one up.

    >>> above(sp.Rational(1, 2)), above(sp.Rational(1, 3)) > 1 / 3
    (0.5, True)
    """
    value = float(exact)
    return value if exact.is_Rational and sp.Rational(value) == exact else math.nextafter(value, math.inf)


def below(exact: sp.Expr) -> float:
    """A number of at most this value."""
    value = float(exact)
    return value if exact.is_Rational and sp.Rational(value) == exact else math.nextafter(value, 0.0)


def norm_above(matrix: Array, error: float = 0.0) -> float:
    """σ₁(A), rounded up; `error` bounds ‖E‖ where the matrix given is A + E.

    >>> 3.0 <= norm_above(np.diag([3.0, 1.0])) < 3.0 + 1e-13
    True
    """
    largest = np.linalg.svd(matrix, compute_uv=False)[0] if matrix.size > 1 else abs(float(matrix.reshape(-1)[0]))
    return float(largest + rounding(matrix) * (matrix.size > 1) + error)


def smallest_below(matrix: Array) -> float:
    """σ_min(A) of a square matrix, rounded down, at least 0."""
    if matrix.size == 1:
        return abs(float(matrix.reshape(-1)[0]))
    return max(0.0, float(np.linalg.svd(matrix, compute_uv=False)[-1] - rounding(matrix)))


def rows_above(matrix: Array) -> float:
    """‖A‖_∞, rounded up; the 1-norm is that of the transpose."""
    return float(np.abs(matrix).sum(axis=1).max() * (1 + matrix.shape[1] * UNIT))


def volume_below(matrix: Array) -> float:
    """|det A|^{1/n}, rounded down; 0 where the matrix is singular to working precision.

    >>> abs(volume_below(np.diag([4.0, 1.0])) - 2.0) < 1e-12
    True
    """
    least = smallest_below(matrix)
    spoiled = rounding(matrix) / least if least > 0 else math.inf
    if spoiled > 0.5:
        return 0.0
    _, log_det = np.linalg.slogdet(matrix)
    # Every singular value of A + E is within the factor 1 ± ‖E‖/σ_min of one of A.
    return float(math.exp(log_det / len(matrix)) * (1 - spoiled) * (1 - 1e-14))


def perron(matrix: Array, sweeps: int = 200) -> tuple[Array, Array]:
    """Positive vectors close to the right and left Perron vectors of a nonnegative matrix."""
    n = len(matrix)
    # A little of everything makes the vectors positive where the matrix is reducible.
    lifted = matrix + (1e-9 * max(float(matrix.max()), 1e-300)) / n
    return _perron(lifted, sweeps), _perron(lifted.T, sweeps)


def _perron(matrix: Array, sweeps: int) -> Array:
    v = np.ones(len(matrix))
    # The mean of powers converges where the powers alone would alternate.
    shifted = matrix + np.eye(len(matrix)) * float(matrix.sum(axis=1).mean())
    for _ in range(sweeps):
        new = shifted @ v
        new /= new.max()
        if np.abs(new - v).max() < 1e-13:
            break
        v = new
    return np.maximum(v, 1e-12)


def radius_above(matrix: Array, vector: Array) -> float:
    """max_i (M v)_i / v_i ≥ ρ(M) for a nonnegative M and any positive v (Collatz 1942, Wielandt 1950), rounded up.

    >>> m = np.array([[0.0, 2.0], [0.5, 0.0]])
    >>> 1.0 <= radius_above(m, perron(m)[0]) < 1.001
    True
    """
    return float(((matrix @ vector) / vector).max() * (1 + (2 * len(matrix) + 4) * UNIT))
