"""NumPy forms of the activations that are not plain ufuncs.

Reads an array of float32 or float64 (anything else becomes float64), returns an array of the same type, or
fills `out` (which may be the input itself). Promises: no warning, no overflow, limits at ±inf, NaN kept, and
as many relative digits as the type has, however large or small the input.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "elu",
    "gelu",
    "hard_sigmoid",
    "hard_tanh",
    "leaky_relu",
    "normal_cdf",
    "normal_pdf",
    "relu",
    "silu",
    "softplus",
    "softsign",
    "step",
]


class Elementwise(Protocol):
    """The shape of every function here: `f(x, out=None)`, some with a parameter by name."""

    def __call__(self, x: ArrayLike, out: NDArray[Any] | None = None, **parameters: float) -> Any: ...


def _elementwise(form: Callable[..., Any]) -> Elementwise:
    """Give a formula on float arrays the signature `f(x, out=None)` of a ufunc."""

    @wraps(form)
    def apply(x: ArrayLike, out: NDArray[Any] | None = None, **parameters: float) -> Any:
        operand = np.asarray(x)
        if operand.dtype.kind != "f":
            operand = operand.astype(np.float64)
        # Underflow to zero is the right answer of every formula below, whatever the caller's errstate.
        with np.errstate(under="ignore"):
            value = np.asarray(form(operand, **parameters)).astype(operand.dtype, copy=False)
        if out is None:
            return value[()]
        np.copyto(out, value)
        return out

    return apply


@_elementwise
def relu(x: NDArray[Any]) -> Any:
    """relu(x) = max(0, x).

    >>> relu([-2.0, 3.0]).tolist()
    [0.0, 3.0]
    """
    return np.maximum(x, 0)


@_elementwise
def leaky_relu(x: NDArray[Any], alpha: float = 0.01) -> Any:
    """leaky_relu(x) = x for x > 0, αx elsewhere.

    >>> leaky_relu([-2.0, 3.0], alpha=0.5).tolist()
    [-1.0, 3.0]
    """
    return np.where(x > 0, x, alpha * x)


@_elementwise
def elu(x: NDArray[Any], alpha: float = 1.0) -> Any:
    """elu(x) = x for x > 0, α(eˣ - 1) elsewhere; through expm1, which keeps the digits near 0.

    >>> elu([-1e-20, 3.0]).tolist()
    [-1e-20, 3.0]
    """
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


@_elementwise
def softplus(x: NDArray[Any]) -> Any:
    """softplus(x) = ln(1 + eˣ) = max(0, x) + ln(1 + e^(-|x|)).

    >>> softplus([-700.0, 0.0, 1e4]).round(4).tolist()
    [0.0, 0.6931, 10000.0]
    """
    # np.logaddexp(x, 0) is the same, but warns on NaN.
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


@_elementwise
def softsign(x: NDArray[Any]) -> Any:
    """softsign(x) = x / (1 + |x|).

    >>> softsign([-3.0, 0.0, 1.0]).tolist()
    [-0.75, 0.0, 0.5]
    """
    # The largest float stands for infinity, where the quotient would be inf/inf.
    largest = np.finfo(x.dtype).max
    bounded = np.clip(x, -largest, largest)
    return bounded / (1 + np.abs(bounded))


@_elementwise
def hard_sigmoid(x: NDArray[Any], alpha: float = 1 / 6, beta: float = 1 / 2) -> Any:
    """hard_sigmoid(x) = clip(αx + β, 0, 1), with PyTorch's and Keras 3's α = 1/6, β = 1/2.

    >>> hard_sigmoid([-4.0, 0.0, 4.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    # α(x + β/α): the sum is exact near the lower kink, where αx + β would cancel.
    return np.clip(alpha * (x + beta / alpha), 0, 1)


@_elementwise
def hard_tanh(x: NDArray[Any]) -> Any:
    """hard_tanh(x) = clip(x, -1, 1).

    >>> hard_tanh([-4.0, 0.5, 4.0]).tolist()
    [-1.0, 0.5, 1.0]
    """
    return np.clip(x, -1, 1)


@_elementwise
def silu(x: NDArray[Any]) -> Any:
    """silu(x) = x σ(x) = x / (1 + e⁻ˣ).

    >>> silu([-800.0, 0.0, 800.0]).tolist()
    [-0.0, 0.0, 800.0]
    """
    # e^(-|x|) in two halves: for x < 0 it may be subnormal where x e^x still has all its digits.
    half = np.exp(-np.abs(x) / 2)
    # Below -2000 every float type has silu(x) = 0; the clip avoids -inf · 0.
    tail = np.clip(x, -2000, 0) * half * half
    return np.where(x < 0, tail, x) / (1 + half * half)


@_elementwise
def gelu(x: NDArray[Any]) -> Any:
    """gelu(x) = x Φ(x), Φ the standard normal distribution function (the exact form, not the tanh fit).

    >>> gelu([-1.0, 0.0, 1.0]).round(6).tolist()
    [-0.158655, 0.0, 0.841345]
    """
    # Φ(-100) = 0 in every float type, and -inf · 0 is avoided.
    bounded = np.maximum(x, -100).astype(np.float64)
    return bounded * normal_cdf(bounded)


@_elementwise
def normal_cdf(x: NDArray[Any]) -> Any:
    """Φ(x) = (1 + erf(x/√2)) / 2; for x < 0 as e^(-x²/2) erfcx(-x/√2) / 2, to keep the tail's digits.

    >>> f"{normal_cdf(-30.0):.12e}"
    '4.906713927148e-198'
    """
    scaled = np.asarray(x, dtype=np.float64) / np.sqrt(2)
    from scipy import special

    tail = _exp_minus_half_square(x) * special.erfcx(np.maximum(-scaled, 0)) / 2
    return np.where(x < 0, tail, (1 + special.erf(scaled)) / 2)


@_elementwise
def normal_pdf(x: NDArray[Any]) -> Any:
    """φ(x) = e^(-x²/2) / √(2π).

    >>> float(normal_pdf(0.0))
    0.3989422804014327
    """
    return _exp_minus_half_square(x) / np.sqrt(2 * np.pi)


@_elementwise
def step(x: NDArray[Any]) -> Any:
    """step(x) = 1 for x > 0, 0 elsewhere; step(0) = 0.

    >>> step([-2.0, 0.0, 3.0]).tolist()
    [0.0, 0.0, 1.0]
    """
    return np.heaviside(x, 0)


def _exp_minus_half_square(x: NDArray[Any]) -> NDArray[np.float64]:
    """e^(-x²/2), free of the rounding of x², which exp would magnify x²/2 times.

    x = h + r with h a multiple of 1/16, so that h² is exact, and x² = h² + r(x + h).
    """
    bounded = np.clip(np.asarray(x, dtype=np.float64), -40, 40)
    head = np.round(bounded * 16) / 16
    return np.exp(-(head * head) / 2) * np.exp(-(bounded - head) * (bounded + head) / 2)
