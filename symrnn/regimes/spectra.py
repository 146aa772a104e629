"""Spectra: eigenvalues, spectral radius, singular values, numerical radius and abscissa; closed forms at small size.

For numbers by LAPACK, for large matrices and few values by Lanczos and Arnoldi; for symbols by the characteristic
polynomial, its roots and the Jordan form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from symrnn.errors import InputError, LimitError

Array = NDArray[np.float64]
ITERATIVE_FROM = 1_500
"""Sizes from which σ₁ and ρ alone are found by iteration."""
MOST_SYMBOLIC = 4


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Everything the eigenvalues and singular values of one matrix say.

    `numerical_radius` is max |z| and `numerical_abscissa` max Re z over the field of values {x*Ax : ‖x‖ = 1}.
    """

    eigenvalues: NDArray[np.complex128]
    singular_values: Array
    numerical_radius: float
    numerical_abscissa: float

    @property
    def radius(self) -> float:
        """ρ(A)."""
        return float(np.abs(self.eigenvalues).max())

    @property
    def norm(self) -> float:
        """σ₁(A)."""
        return float(self.singular_values[0])


def spectrum_of(matrix: ArrayLike) -> Spectrum:
    """Eigenvalues (largest first), singular values, numerical radius and abscissa of a matrix of numbers.

    >>> found = spectrum_of([[3.0, -3.0], [3.0, -3.0]])
    >>> round(found.norm, 9), round(found.numerical_radius, 9), found.radius < 1e-7
    (6.0, 3.0, True)
    """
    a = square(matrix)
    values = np.linalg.eigvals(a)
    return Spectrum(
        values[np.argsort(-np.abs(values), kind="stable")].astype(np.complex128),
        np.asarray(np.linalg.svd(a, compute_uv=False)),
        numerical_radius(a),
        numerical_abscissa(a),
    )


def square(matrix: ArrayLike) -> Array:
    """The matrix as a finite float64 array, or an error that says what it is."""
    a = np.asarray(matrix, dtype=np.float64)
    if a.ndim != 2 or a.shape[0] != a.shape[1] or not a.size:
        raise InputError(f"a matrix of shape {a.shape}", found="not square", write="a matrix (n, n)")
    if not np.isfinite(a).all():
        raise InputError("a matrix", found="NaN or infinity among its numbers", write="finite numbers")
    return a


def spectral_radius(matrix: ArrayLike) -> float:
    """ρ(A) = max |λ|, by Arnoldi for large matrices.

    >>> spectral_radius([[0.0, 2.0], [0.5, 0.0]])
    1.0
    """
    a = square(matrix)
    if len(a) >= ITERATIVE_FROM:
        from scipy.sparse.linalg import ArpackNoConvergence, eigs

        try:
            start = np.ones(len(a)) / np.sqrt(len(a))
            return float(np.abs(eigs(a, k=6, v0=start, return_eigenvectors=False)).max())
        except ArpackNoConvergence:
            pass
    return float(np.abs(np.linalg.eigvals(a)).max())


def largest_singular_value(matrix: ArrayLike) -> float:
    """σ₁(A) = ‖A‖₂, by Lanczos for large matrices.

    >>> largest_singular_value([[3.0, 0.0], [0.0, 4.0]])
    4.0
    """
    a = square(matrix)
    if len(a) >= ITERATIVE_FROM:
        from scipy.sparse.linalg import svds

        return float(svds(a, k=1, v0=np.ones(len(a)), return_singular_vectors=False)[0])
    return float(np.linalg.svd(a, compute_uv=False)[0])


def numerical_abscissa(matrix: ArrayLike) -> float:
    """max Re x*Ax = λ_max((A + Aᵀ)/2): the growth at time 0 of the continuous-time system.

    >>> numerical_abscissa([[0.0, 2.0], [0.0, 0.0]])
    1.0
    """
    a = square(matrix)
    return float(np.linalg.eigvalsh(0.5 * (a + a.T))[-1])


def numerical_radius(matrix: ArrayLike, tolerance: float = 1e-10) -> float:
    """max |x*Ax| over unit x: max over θ of λ_max(Re(e^{iθ} A)), by a grid and golden sections around its best angles.

    >>> round(numerical_radius([[0.0, 2.0], [0.0, 0.0]]), 9)
    1.0
    """
    from scipy.linalg import eigvalsh
    from scipy.optimize import minimize_scalar

    a = square(matrix)
    n = len(a)

    def height(angle: float) -> float:
        turned = np.cos(angle) * 0.5 * (a + a.T) + 1j * np.sin(angle) * 0.5 * (a - a.T)
        return float(eigvalsh(turned, subset_by_index=(n - 1, n - 1))[0])

    # The field of values of a real matrix is symmetric about the real axis: half a turn is enough.
    angles = np.linspace(0.0, np.pi, 33 if n <= 64 else 13)
    heights = np.array([height(angle) for angle in angles])
    width = angles[1] - angles[0]
    best = float(heights.max())
    for k in np.argsort(-heights)[:3]:
        found = minimize_scalar(
            lambda angle: -height(angle),
            bounds=(angles[k] - width, angles[k] + width),
            method="bounded",
            options={"xatol": tolerance if n <= 64 else 1e-4},
        )
        best = max(best, -float(found.fun))
    return best


# --- symbols ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClosedForm:
    """A small symbolic matrix: characteristic polynomial, eigenvalues with multiplicities, singular values.

    `jordan` is (P, J) with A = P J P⁻¹, or None where it was not asked for.
    """

    polynomial: sp.Poly
    eigenvalues: tuple[tuple[sp.Expr, int], ...]
    singular_values: tuple[sp.Expr, ...]
    jordan: tuple[sp.Matrix, sp.Matrix] | None = None


def closed_form(matrix: sp.Matrix, jordan: bool = False) -> ClosedForm:
    """The spectrum of a symbolic matrix up to 4×4 in closed form.

    >>> w = sp.Symbol("w", real=True)
    >>> closed_form(sp.Matrix([[w, 1], [0, w]])).eigenvalues
    ((w, 2),)
    """
    if matrix.rows != matrix.cols or matrix.rows > MOST_SYMBOLIC:
        raise LimitError(
            f"a symbolic matrix {matrix.rows}×{matrix.cols}",
            found=f"closed forms are for square matrices up to {MOST_SYMBOLIC}×{MOST_SYMBOLIC}",
            write="a smaller one, or numbers",
        )
    z = sp.Symbol("lambda")
    values = matrix.eigenvals() if matrix.rows <= 3 else matrix.eigenvals(quartics=True)
    pairs = tuple(sorted(((sp.simplify(v), int(k)) for v, k in values.items()), key=lambda pair: str(pair[0])))
    singular: tuple[sp.Expr, ...] = ()
    if matrix.rows <= 2:
        gram = (matrix.T * matrix).eigenvals()
        singular = tuple(sp.sqrt(sp.simplify(v)) for v, k in gram.items() for _ in range(int(k)))
    return ClosedForm(matrix.charpoly(z), pairs, singular, matrix.jordan_form() if jordan else None)
