"""Values of any magnitude: a mantissa of moderate size and powers of two beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from symrnn.numeric.chains import FloatArray
from symrnn.numeric.scaling import IntArray, normalise

Norm = Literal["spectral", "frobenius"]


@dataclass(frozen=True, eq=False)
class Scaled:
    """mantissa · 2^exponent: a vector, columns of their own scales, or a matrix, of any magnitude.

    Attributes:
        mantissa: (N,), or (N, k) for columns or a matrix.
        exponent: one power of two; for columns (k,), one a column.
        norm: the norm of a matrix; vectors and columns are measured by the Euclidean one.
        history: log-norms of the partial products against lag 0..T, (T+1,) or (T+1, k), if asked for.

    >>> half = Scaled(np.array([3.0, 4.0]), np.array(-10_000))
    >>> print(f"{half.log10_norm:.9f}", half.direction)
    -3009.600986635 [0.6 0.8]
    """

    mantissa: FloatArray
    exponent: IntArray
    norm: Norm = "spectral"
    history: FloatArray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "exponent", np.asarray(self.exponent, dtype=np.int64))

    @cached_property
    def size(self) -> tuple[FloatArray, FloatArray, IntArray]:
        """A mantissa near 1, its norm or norms, and the exponents that belong to it."""
        if self.exponent.ndim:
            near, shift = normalise(self.mantissa)
        else:
            flat, shift = normalise(self.mantissa.ravel())
            near = flat.reshape(self.mantissa.shape)
        if self.exponent.ndim == 0 and self.norm == "spectral" and near.ndim == 2 and near.size:
            norms = np.asarray(_spectral_norm(near))
        else:
            norms = np.sqrt(np.sum(np.square(near), axis=0 if self.exponent.ndim else None))
        return near, norms, self.exponent + shift

    @property
    def log_norm(self) -> float | FloatArray:
        """ln ‖value‖, a float, or (k,) for columns; -inf where the product is exactly zero."""
        _, norms, exponent = self.size
        return _plain(log_of(norms, exponent, np.log))

    @property
    def log10_norm(self) -> float | FloatArray:
        """log₁₀ ‖value‖, the power of ten of the size."""
        _, norms, exponent = self.size
        return _plain(log_of(norms, exponent, np.log10))

    @property
    def direction(self) -> FloatArray:
        """value / ‖value‖; zeros where the value is zero."""
        near, norms, _ = self.size
        return near / np.where(norms == 0.0, 1.0, norms)

    @property
    def log_singular_values(self) -> FloatArray:
        """ln of the singular values, largest first; those 1e-16 below the largest are rounding noise."""
        near, _, exponent = self.aligned().size
        values = np.linalg.svd(near.reshape(len(near), -1), compute_uv=False)
        return log_of(values.astype(np.float64), exponent, np.log)

    def block(self, rows: slice = slice(None), columns: slice = slice(None)) -> Scaled:
        """A part of the value as a value of its own, without the history.

        >>> Scaled(np.eye(2), np.array(3)).block(slice(0, 1), slice(0, 1)).unscaled()
        array([[8.]])
        """
        if self.mantissa.ndim == 1:
            return Scaled(self.mantissa[rows], self.exponent, self.norm)
        exponent = self.exponent[columns] if self.exponent.ndim else self.exponent
        return Scaled(self.mantissa[rows, columns], exponent, self.norm)

    def unscaled(self) -> FloatArray:
        """The value itself; entries beyond float64 become 0 or inf, silently."""
        with np.errstate(over="ignore", under="ignore"):
            return np.ldexp(self.mantissa, _int(self.exponent))

    def aligned(self) -> Scaled:
        """The same with one exponent for all columns, that of the largest."""
        if self.exponent.ndim == 0:
            return self
        alive = self.mantissa.any(axis=0)
        common = np.asarray(self.exponent[alive].max() if alive.any() else 0, dtype=np.int64)
        shifts = np.where(alive, self.exponent - common, 0)
        return replace(self, mantissa=np.ldexp(self.mantissa, _int(shifts)), exponent=common)


def log_of(norms: FloatArray, exponent: IntArray, log: np.ufunc) -> FloatArray:
    """log(norm · 2^exponent), rounded once where the logarithm is near 0 and twice elsewhere."""
    mantissa, shift = np.frexp(norms)
    # In [√½, √2) the two summands never cancel: |log mantissa| is at most half of log 2.
    low = mantissa < np.sqrt(0.5)
    mantissa, whole = np.where(low, 2.0 * mantissa, mantissa), exponent + shift - low
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(norms == 0.0, 0, whole) * log(2.0) + log(mantissa))


def _spectral_norm(matrix: FloatArray) -> float:
    """‖A‖₂ = √λ_max(AᵀA): by power iteration if that proves itself soon, else by singular values.

    A long product has nearly rank 1.  With a Rayleigh quotient λ of residual r, an eigenvalue lies within r of
    λ; all others sum to at most rest = ‖A‖_F² - λ + r.  If rest < λ - r it is the largest, and right to
    r²/(λ - rest) (Kato and Temple).
    """
    squares = np.einsum("ij,ij->j", matrix, matrix)
    trace = float(squares.sum())
    # AᵀA is never formed: that would cost a product of two matrices.
    vector = matrix[:, np.argmax(squares)] @ matrix
    for _ in range(8):
        if not (size := float(np.linalg.norm(vector))):
            break
        vector = vector / size
        image = (matrix @ vector) @ matrix
        value = float(vector @ image)
        residual = float(np.linalg.norm(image - value * vector))
        rest = trace - value + residual
        if rest < value - residual and residual**2 <= 2.0**-53 * value * (value - rest):
            return float(np.sqrt(value))
        vector = image
    return float(np.linalg.norm(matrix, 2))


def _plain(values: FloatArray) -> float | FloatArray:
    return values if values.ndim else float(values)


def _int(exponent: IntArray) -> NDArray[np.intc]:
    """Exponents as the C int that ldexp takes; beyond ±4000 a float64 is 0 or inf anyway."""
    return np.clip(exponent, -4000, 4000).astype(np.intc)
