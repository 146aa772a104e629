"""Eigenvalues with the unit circle and the field of values, singular values, pseudospectra: panels of a matrix."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symrnn.errors import ShapeError
from symrnn.plots.panels import Panel
from symrnn.plots.style import BLACK, BLUE, DASHES, GREY, ORANGE, RED, SEQUENTIAL
from symrnn.plots.words import word

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]
LANCZOS_FROM = 200
EXACT_UP_TO = 20


def _square(matrix: ArrayLike) -> Real:
    array = np.asarray(matrix, dtype=np.float64)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or not array.size:
        raise ShapeError("matrix", found=f"shape {array.shape}", write="a square matrix")
    if not np.isfinite(array).all():
        raise ShapeError("matrix", found="entries that are not finite", write="finite numbers")
    return array


# --- eigenvalues ------------------------------------------------------------------------------------------------------


def eigenvalues(matrix: ArrayLike, name: str = "", language: str = "en") -> Panel:
    """The eigenvalues of a matrix in the plane, with the unit circle and the boundary of its field of values.

    >>> eigenvalues([[0.0, 1.0], [0.0, 0.0]]).alt
    'Eigenvalues: spectral radius 0, largest singular value 1.'
    """
    array = _square(matrix)
    values = np.linalg.eigvals(array)
    radius, largest = float(np.abs(values).max()), float(np.linalg.norm(array, 2))

    def draw(axes: Any) -> None:
        boundary = field_of_values(array)
        angle = np.linspace(0, 2 * np.pi, 361)
        axes.axhline(0, color=GREY, lw=0.4)
        axes.axvline(0, color=GREY, lw=0.4)
        axes.fill(boundary.real, boundary.imag, color=ORANGE, alpha=0.15, lw=0)
        axes.plot(boundary.real, boundary.imag, color=ORANGE, lw=1, label=word("field of values", language))
        axes.plot(np.cos(angle), np.sin(angle), color=BLACK, ls=DASHES[1], lw=0.9, label=word("unit circle", language))
        size = 5 if len(values) <= 20 else 3.5 if len(values) <= 100 else 2
        axes.plot(values.real, values.imag, "o", color=BLUE, ms=size, mew=0, label=word("points", language))
        axes.set_aspect("equal", adjustable="datalim")
        axes.margins(0.08)
        axes.set(xlabel=word("real", language), ylabel=word("imaginary", language))
        head = word("eigenvalues of", language, name) if name else word("eigenvalues", language)
        axes.set_title(f"{head}\n{word('radii', language, f'{radius:.3g}', f'{largest:.3g}')}", loc="left")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3, columnspacing=1, handletextpad=0.5)

    return Panel(
        draw, f"Eigenvalues: spectral radius {radius:.3g}, largest singular value {largest:.3g}.", language=language
    )


def field_of_values(matrix: ArrayLike, angles: int = 96) -> Complex:
    """The boundary of {x*Ax : ‖x‖ = 1}, by the largest eigenvector of the Hermitian part of e^{iθ}A at each angle.

    >>> disc = field_of_values([[0.0, 2.0], [0.0, 0.0]])
    >>> bool(np.allclose(np.abs(disc), 1.0))
    True

    Reference: C. R. Johnson, SIAM J. Numer. Anal. 15 (1978).
    """
    array = _square(matrix)
    half = [_support_point(array, angle) for angle in np.linspace(0, np.pi, angles // 2 + 1)]
    # A real matrix has a field of values that is symmetric about the real axis.
    return np.array([*np.conj(half[::-1]), *half])


def _support_point(matrix: Real, angle: float) -> complex:
    turned = np.exp(-1j * angle) * matrix
    x = _top_vector((turned + turned.conj().T) / 2)
    return complex(x.conj() @ matrix @ x / (x.conj() @ x))


def _top_vector(hermitian: Complex) -> Complex:
    """The eigenvector of the largest eigenvalue: by Lanczos where that pays and finds one (it finds none for 0)."""
    from scipy.linalg import eigh
    from scipy.sparse.linalg import ArpackError, eigsh

    size = len(hermitian)
    if size >= LANCZOS_FROM:
        with suppress(ArpackError):
            return np.asarray(eigsh(hermitian, k=1, which="LA", v0=np.ones(size, dtype=complex), tol=1e-6)[1][:, 0])
    return np.asarray(eigh(hermitian, subset_by_index=(size - 1, size - 1))[1][:, 0])


# --- singular values --------------------------------------------------------------------------------------------------


def singular_values(matrix: ArrayLike, name: str = "", language: str = "en") -> Panel:
    """σ_1 ≥ σ_2 ≥ … of a matrix, with the line at 1 below which a direction shrinks.

    >>> singular_values([[3.0, 0.0], [0.0, 0.5]]).alt
    'Singular values from 3 to 0.5; 1 of 2 are above 1.'
    """
    array = np.asarray(matrix, dtype=np.float64)
    values = np.linalg.svd(array, compute_uv=False)

    def draw(axes: Any) -> None:
        index = np.arange(1, len(values) + 1)
        positive = values > values[0] * 1e-17
        wide = bool(positive.any()) and values[0] > 100 * values[positive].min()
        shown = positive if wide else np.ones_like(positive)
        axes.axhline(1, color=BLACK, ls=DASHES[1], lw=0.9)
        marker = "o" if len(values) <= 60 else ""
        axes.plot(index[shown], values[shown], marker=marker, color=BLUE, ms=4, lw=1)
        if wide:
            axes.set_yscale("log")
        else:
            axes.set_ylim(bottom=0)
        axes.set(xlabel=word("index", language), ylabel=word("singular value", language), xlim=(0.5, len(values) + 0.5))
        axes.xaxis.get_major_locator().set_params(integer=True)
        head = word("singular values of", language, name) if name else word("singular values", language)
        axes.set_title(head, loc="left")

    above = int((values > 1).sum())
    alt = f"Singular values from {values[0]:.3g} to {values[-1]:.3g}; {above} of {len(values)} are above 1."
    return Panel(draw, alt, language=language)


# --- pseudospectra ----------------------------------------------------------------------------------------------------


def pseudospectra(matrix: ArrayLike, name: str = "", language: str = "en", points: int = 61) -> Panel:
    """Contours of the smallest singular value of zI − A: where eigenvalues move under perturbations of size ε.

    >>> pseudospectra([[0.0, 1.0], [0.0, 0.0]]).alt
    'Pseudospectra of a 2 × 2 matrix.'

    Reference: L. N. Trefethen, M. Embree, Spectra and Pseudospectra, 2005.
    """
    array = _square(matrix)

    def draw(axes: Any) -> None:
        values = np.linalg.eigvals(array)
        reach = 1.25 * max(1.0, float(np.abs(values).max()), float(np.abs(field_of_values(array, 16)).max()))
        x = np.linspace(-reach, reach, points)
        y = np.linspace(0, reach, (points + 1) // 2)
        level = np.log10(np.maximum(smallest_singular_values(array, x[None] + 1j * y[:, None]), 1e-17))
        both = np.concatenate([level[:0:-1], level])
        heights = np.arange(max(-4.0, np.floor(2 * np.median(level)) / 2 - 1), 0.01, 0.5)
        lines = axes.contour(
            x, np.concatenate([-y[:0:-1], y]), both, levels=heights, cmap=SEQUENTIAL, vmax=0.7, linewidths=0.9
        )
        bar = axes.figure.colorbar(lines, ax=axes, shrink=0.85, pad=0.02)
        bar.set_label(word("resolvent", language))
        bar.ax.tick_params(size=0)
        for line in bar.ax.collections:
            line.set_linewidth(4)
        angle = np.linspace(0, 2 * np.pi, 361)
        axes.plot(np.cos(angle), np.sin(angle), color=BLACK, ls=DASHES[1], lw=0.9)
        axes.plot(values.real, values.imag, "x", color=RED, ms=4, mew=1.1)
        axes.set_aspect("equal")
        axes.set(xlabel=word("real", language), ylabel=word("imaginary", language))
        axes.set_title(
            word("pseudospectra of", language, name) if name else word("pseudospectra", language), loc="left"
        )

    return Panel(draw, f"Pseudospectra of a {len(array)} × {len(array)} matrix.", language=language)


def smallest_singular_values(matrix: ArrayLike, points: ArrayLike) -> Real:
    """σ_min(zI − A) at every z: by singular values for small A, by inverse iteration on its Schur form for larger.

    >>> smallest_singular_values([[0.0, 1.0], [0.0, 0.0]], [2.0 + 0j]).round(6).tolist()
    [1.561553]
    """
    array, z = _square(matrix), np.asarray(points, dtype=np.complex128)
    if len(array) <= EXACT_UP_TO:
        shifted = z.reshape(-1, 1, 1) * np.eye(len(array)) - array
        return np.asarray(np.linalg.svd(shifted, compute_uv=False)[:, -1].reshape(z.shape))
    from scipy.linalg import schur

    upper = np.asarray(schur(array, output="complex")[0])
    return _inverse_iterated(upper, z.ravel()).reshape(z.shape)


def _inverse_iterated(upper: Complex, z: Complex, most: int = 60, tolerance: float = 1e-3) -> Real:
    """1/√μ for the largest μ of (R*R)⁻¹, R = zI − T, at all points at once."""
    size = len(upper)
    vectors = np.ones((size, len(z)), dtype=complex) + 0.01 * np.arange(size)[:, None]
    vectors /= np.linalg.norm(vectors, axis=0)
    found = np.zeros(len(z))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for _ in range(most):
            vectors = _solved_above(upper, z, _solved_below(upper, z, vectors))
            norms = np.linalg.norm(vectors, axis=0)
            singular = ~np.isfinite(norms) | (norms > 1e300)
            vectors = np.where(singular, 1.0, vectors / norms)
            new = np.where(singular, 0.0, 1 / np.sqrt(norms))
            settled = np.abs(new - found) <= tolerance * np.maximum(new, 1e-15)
            found = new
            if settled.all():
                break
    return found


def _solved_below(upper: Complex, z: Complex, right: Complex) -> Complex:
    """(zI − T)* y = right, row by row, at all points at once."""
    found = np.empty_like(right)
    for row in range(len(upper)):
        known = upper[:row, row].conj() @ found[:row]
        found[row] = (right[row] + known) / _away_from_zero(np.conj(z - upper[row, row]))
    return found


def _solved_above(upper: Complex, z: Complex, right: Complex) -> Complex:
    """(zI − T) y = right."""
    found = np.empty_like(right)
    for row in reversed(range(len(upper))):
        known = upper[row, row + 1 :] @ found[row + 1 :]
        found[row] = (right[row] + known) / _away_from_zero(z - upper[row, row])
    return found


def _away_from_zero(numbers: Complex) -> Complex:
    return np.where(np.abs(numbers) < 1e-30, 1e-30, numbers)
