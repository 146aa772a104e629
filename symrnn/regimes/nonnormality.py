"""Transient growth: what a matrix does before its eigenvalues have their way.

max_k ‖J^k‖, the Kreiss constant (of power-bounded J only), Henrici's departure from normality, pseudospectra.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symrnn.errors import InputError
from symrnn.regimes.spectra import spectral_radius, square

Array = NDArray[np.float64]
MOST_POWERS = 100_000


def henrici_departure(matrix: ArrayLike, relative: bool = False) -> float:
    """√(‖A‖_F² − Σ|λ_i|²): the Frobenius norm of the strict upper part of a Schur form; 0 for normal matrices.

    >>> round(henrici_departure(0.5 * np.eye(10) + np.eye(10, k=1)), 9)
    3.0

    Reference: P. Henrici, Numerische Mathematik 4 (1962).
    """
    from scipy.linalg import schur

    a = square(matrix)
    triangular, _ = schur(a, output="complex")
    departure = float(np.linalg.norm(np.triu(triangular, 1)))
    return departure / float(np.linalg.norm(a)) if relative else departure


def largest_power(matrix: ArrayLike) -> tuple[float, int]:
    """max_k ‖A^k‖₂ and the k where it is reached, for ρ(A) < 1.

    The search ends where no later power can be larger: ‖A^{j+k}‖ ≤ ‖A^j‖ ‖A^k‖.

    >>> largest_power([[0.0, 3.0], [0.0, 0.0]])
    (3.0, 1)
    """
    a = square(matrix)
    if spectral_radius(a) >= 1:
        raise InputError("max_k ‖A^k‖", found="ρ(A) ≥ 1: the powers need not stay bounded", write="ρ(A) < 1")
    best, at, power = 1.0, 0, np.eye(len(a))
    for k in range(1, MOST_POWERS):
        power = power @ a
        norm = float(np.linalg.norm(power, 2))
        if norm > best:
            best, at = norm, k
        # Once a power is below 1 and the powers up to it are known, every later one is at most best · norm.
        if norm < 1.0:
            break
    return best, at


def kreiss_constant(matrix: ArrayLike) -> float:
    """sup_{|z|>1} (|z| − 1) ‖(zI − A)⁻¹‖, of a power-bounded A: K ≤ max_k ‖A^k‖ ≤ e n K.

    >>> round(kreiss_constant([[0.0, 10.0], [0.0, 0.0]]), 9)
    2.6

    Reference: H.-O. Kreiss, BIT 2 (1962); L. N. Trefethen and M. Embree, Spectra and Pseudospectra (2005), section 18.
    """
    from scipy.optimize import minimize

    a = square(matrix)
    if spectral_radius(a) >= 1:
        raise InputError(
            "the Kreiss constant", found="ρ(A) ≥ 1: defined for power-bounded matrices alone", write="ρ(A) < 1"
        )
    identity = np.eye(len(a))

    def height(log_excess: float, angle: float) -> float:
        excess = math.exp(log_excess)
        z = (1.0 + excess) * complex(math.cos(angle), math.sin(angle))
        least = float(np.linalg.svd(z * identity - a, compute_uv=False)[-1])
        return excess / least if least > 0 else math.inf

    # At infinity the quotient is 1. The matrix is real: half a turn is enough.
    grid = [
        (height(log_excess, angle), log_excess, angle)
        for log_excess in np.linspace(-14.0, 6.0, 41)
        for angle in np.linspace(0.0, math.pi, 25 if len(a) <= 32 else 9)
    ]
    best = max(1.0, max(grid)[0])
    for _, log_excess, angle in sorted(grid, reverse=True)[:4]:
        found = minimize(
            lambda p: -height(p[0], p[1]),
            (log_excess, angle),
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 400},
        )
        best = max(best, -float(found.fun))
    return best


def resolvent_norms(matrix: ArrayLike, points: ArrayLike) -> Array:
    """σ_min(zI − A) at each z: the ε whose pseudospectrum has z on its boundary.

    >>> resolvent_norms([[0.0]], [2.0, 1j]).tolist()
    [2.0, 1.0]
    """
    from scipy.linalg import schur

    a = square(matrix)
    triangular, _ = schur(a, output="complex")
    z = np.asarray(points, dtype=np.complex128)
    identity = np.eye(len(a))
    least = [np.linalg.svd(w * identity - triangular, compute_uv=False)[-1] for w in z.ravel()]
    return np.asarray(least, dtype=np.float64).reshape(z.shape)


def pseudospectral_radius(matrix: ArrayLike, epsilon: float) -> float:
    """max |z| with σ_min(zI − A) ≤ ε: how large an eigenvalue becomes when the matrix is off by ε.

    >>> round(pseudospectral_radius([[0.0, 1.0], [0.0, 0.0]], 0.01), 12) == round(math.sqrt(0.0001 + 0.01), 12)
    True
    """
    from scipy.optimize import brentq, minimize_scalar

    a = square(matrix)
    if epsilon <= 0:
        return spectral_radius(a)
    identity = np.eye(len(a))
    reach = float(np.linalg.norm(a, 2)) + 2 * epsilon

    def distance(r: float, angle: float) -> float:
        z = r * complex(math.cos(angle), math.sin(angle))
        return float(np.linalg.svd(z * identity - a, compute_uv=False)[-1]) - epsilon

    def radius(angle: float) -> float:
        """The outermost crossing along a ray, looked for from outside."""
        outer = reach
        for inner in np.linspace(reach, 0.0, 65)[1:]:
            if distance(inner, angle) <= 0:
                return float(brentq(distance, inner, outer, args=(angle,), xtol=1e-15, rtol=1e-14))
            outer = inner
        return 0.0

    angles = [*np.linspace(0.0, math.pi, 25), *np.abs(np.angle(np.linalg.eigvals(a)))]
    radii = sorted(((radius(angle), angle) for angle in angles), reverse=True)
    best = radii[0][0]
    for _, angle in radii[:3]:
        found = minimize_scalar(
            lambda x: -radius(x), bounds=(angle - 0.15, angle + 0.15), method="bounded", options={"xatol": 1e-10}
        )
        best = max(best, -float(found.fun))
    return best


def growth_of_powers(matrix: ArrayLike, powers: int) -> Array:
    """ln ‖A^k‖₂ for k = 0..powers, without under- or overflow.

    >>> abs(growth_of_powers([[0.5]], 2000)[-1] - 2000 * math.log(0.5)) < 1e-9
    np.True_
    """
    a = square(matrix)
    logs, scale, power = [0.0], 0.0, np.eye(len(a))
    for _ in range(powers):
        power = a @ power
        norm = float(np.linalg.norm(power, 2))
        if norm == 0.0:
            return np.array(logs + [-math.inf] * (powers + 1 - len(logs)))
        power /= norm
        scale += math.log(norm)
        logs.append(scale)
    return np.array(logs)
