"""The array forms against mpmath at 50 digits, and their manners: types, `out`, limits, silence."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from symrnn.numeric import elementwise

ONE = mpmath.mpf(1)
TRUTHS: dict[str, Callable[[Any], Any]] = {
    "relu": lambda x: max(x, 0),
    "leaky_relu": lambda x: x if x > 0 else x * mpmath.mpf(0.01),
    "elu": lambda x: x if x > 0 else mpmath.expm1(x),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "hard_sigmoid": lambda x: min(max((x + 3) / 6, 0), ONE),
    "hard_tanh": lambda x: min(max(x, -ONE), ONE),
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "gelu": lambda x: x * mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
    "normal_cdf": lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
    "normal_pdf": lambda x: mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi),
    "step": lambda x: ONE if x > 0 else mpmath.mpf(0),
}
# ±36.5 … ±740: where the tails of Φ and of the exponential enter the subnormal numbers.
LANDMARKS = [s * v for v in (1e-300, 1e-20, 1.0, 30.0, 36.5, 37.9, 700.0, 714.0, 740.0, 1e4) for s in (1, -1)]
LIMITS = {
    "relu": (np.inf, 0),
    "leaky_relu": (np.inf, -np.inf),
    "elu": (np.inf, -1),
    "softplus": (np.inf, 0),
    "softsign": (1, -1),
    "hard_sigmoid": (1, 0),
    "hard_tanh": (1, -1),
    "silu": (np.inf, 0),
    "gelu": (np.inf, 0),
    "normal_cdf": (1, 0),
    "normal_pdf": (0, 0),
    "step": (1, 0),
}


def grid() -> np.ndarray[Any, Any]:
    """The landmarks, 0, and points near 0, near the lower kink of hard_sigmoid, and far out."""
    random = np.random.default_rng(2026)
    near_kink = -3 + 10.0 ** random.uniform(-12, 0, 20)
    return np.concatenate([LANDMARKS, [0.0], random.normal(size=60), random.uniform(-45, 45, 60), near_kink])


def test_every_form_is_tested() -> None:
    """A form without a truth beside it is not tested."""
    assert set(elementwise.__all__) == set(TRUTHS) == set(LIMITS)


@pytest.mark.parametrize("name", TRUTHS)
def test_relative_digits(name: str) -> None:
    """Wherever the result is a normal number, fifteen digits of it are right, and nothing warns."""
    xs = grid()
    with warnings.catch_warnings(), np.errstate(all="warn"), mpmath.workdps(50):
        warnings.simplefilter("error")
        values = getattr(elementwise, name)(xs)
        for x, value in zip(xs, values, strict=True):
            true = TRUTHS[name](mpmath.mpf(float(x)))
            if abs(true) < np.finfo(float).tiny:
                assert abs(value) <= np.finfo(float).tiny, x
            else:
                assert abs(mpmath.mpf(float(value)) - true) <= abs(true) * 2e-15, x


@pytest.mark.parametrize("name", TRUTHS)
def test_single_precision(name: str) -> None:
    """A float32 array gives a float32 array, right to its own six digits."""
    xs = np.array([-80, -10, -2.5, -1e-6, 0, 1e-6, 2.5, 10, 80], dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = getattr(elementwise, name)(xs)
    assert values.dtype == np.float32
    truths = [float(TRUTHS[name](mpmath.mpf(float(x)))) for x in xs]
    np.testing.assert_allclose(values, truths, rtol=1e-6, atol=1.2e-38)


@pytest.mark.parametrize("name", TRUTHS)
def test_limits(name: str) -> None:
    """At ±inf the limit, at NaN a NaN, and no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        above, below, missing = getattr(elementwise, name)(np.array([np.inf, -np.inf, np.nan]))
    assert (above, below) == LIMITS[name]
    assert np.isnan(missing)


@pytest.mark.parametrize("name", TRUTHS)
def test_out(name: str) -> None:
    """`out` is filled and handed back, and may be the input."""
    form = getattr(elementwise, name)
    xs = np.array([[-1.5, 0.25], [0.0, 4.0]])
    expected = form(xs)
    out = np.empty_like(xs)
    assert form(xs, out=out) is out
    np.testing.assert_array_equal(out, expected)
    assert form(xs, xs) is xs
    np.testing.assert_array_equal(xs, expected)


@pytest.mark.parametrize("name", TRUTHS)
def test_scalars_and_integers(name: str) -> None:
    """A number gives a number, whole numbers are read as float64, and an empty array stays empty."""
    form = getattr(elementwise, name)
    assert isinstance(form(0.5), np.float64)
    assert form([1, -2]).dtype == np.float64
    np.testing.assert_array_equal(form([1, -2]), form([1.0, -2.0]))
    assert form(np.empty((0, 3))).shape == (0, 3)


def test_parameters() -> None:
    """The slope and the scale can be said."""
    np.testing.assert_allclose(elementwise.leaky_relu([-2.0, 2.0], alpha=0.25), [-0.5, 2.0])
    np.testing.assert_allclose(elementwise.elu([-50.0, 2.0], alpha=0.25), [-0.25, 2.0])
    np.testing.assert_allclose(elementwise.hard_sigmoid([-2.0, 1.0, 9.0], alpha=0.2, beta=0.5), [0.1, 0.7, 1])
