"""The functions a formula may apply: activations of the table, their derivatives, and a few plain ones.

Reads a word; returns what it does to a number with bounds. Nothing is evaluated that has no row here or in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import isqrt
from types import MappingProxyType
from typing import Any

from symrnn.algebra.activations import Activation, call, derivative, lookup
from symrnn.checking.numbers import MP, Number, Undefined, function, negative, sharp
from symrnn.errors import SymrnnError
from symrnn.numeric.perturbations import Differences


class NoFunction(Exception):
    """A word that names no function with a value."""


Apply = Callable[[Number], Number]


def _monotone(name: str) -> Apply:
    return lambda a: function(getattr(MP, name), a, True)


def _logarithm(a: Number) -> Number:
    if a.value <= 0:
        raise Undefined("the logarithm of a number that is not positive")
    return function(MP.log, a, True)


def square_root(a: Number) -> Number:
    """√a, exact where it is a fraction."""
    if a.value < 0:
        raise Undefined("the root of a negative number")
    if a.exact and a.sharp:
        over, under = _wholesquare_root(a.value.numerator), _wholesquare_root(a.value.denominator)
        if over is not None and under is not None:
            return sharp(Fraction(over, under))
    if a.low < 0:  # what was rounded may be zero, and no less
        a = Number(a.value, Fraction(0), a.high)
    return function(MP.sqrt, a, True)


def _wholesquare_root(number: int) -> int | None:
    root = isqrt(number)
    return root if root * root == number else None


def _absolute(a: Number) -> Number:
    return function(abs, a) if not a.exact else (negative(a) if a.value < 0 else a)


PLAIN: Mapping[str, Apply] = MappingProxyType(
    {
        "exp": _monotone("exp"),
        "ln": _logarithm,
        "log": _logarithm,
        "sqrt": square_root,
        "abs": _absolute,
        "sinh": _monotone("sinh"),
        "cosh": lambda a: function(MP.cosh, a),
        "sech": lambda a: function(MP.sech, a),
        "sec": lambda a: function(MP.sec, a),
        "tan": lambda a: function(MP.tan, a),
        "artanh": lambda a: function(MP.atanh, a, True),
        "atanh": lambda a: function(MP.atanh, a, True),
    }
)
"""Functions that are no activations."""

LETTERS = frozenset({"f", "g", "phi", "varphi", "psi"})
"""What stands for a function that the model or the text says."""
SPELLED = {"arctanh": "artanh", "sigma": "sigmoid", "relu": "relu", "id": "identity"}


def is_function(word: str) -> bool:
    """Whether a word names a function everywhere: tanh, sigmoid, ReLU; not a letter such as φ."""
    if word in ("max", "min", "diag", "vec", "softmax", "norm", "clip", "det", "tr", "trace", "Tr", *PLAIN):
        return True
    row = None if word.lower() in ("sigma", "f", "g", "linear", "phi") else _row(word)
    return row is not None and not row.generic


def _row(word: str) -> Any:
    try:
        return lookup(word)
    except (SymrnnError, ValueError):
        return None


def _drawn(row: Activation, primes: int) -> Apply:
    """A generic f, or its derivative, as the one definite function that the definitions take for it."""
    for _ in range(primes):
        row = derivative(row)
    line = Differences(MP.dps)
    return lambda a: function(lambda x: MP.mpf(line.activate(row, x)), a)


def applied(name: str, primes: int = 0) -> Apply:
    """The function of a name, or its derivative."""
    if not primes and name in PLAIN:
        return PLAIN[name]
    row = _row(name)
    if row is not None and row.generic:
        return _drawn(row, primes)
    if row is None or primes > 1:
        raise NoFunction(name)

    def slope(x: Any) -> Any:
        y = call(row.name, x)
        found = row.slope(x, y)
        return MP.mpf(found) if isinstance(found, int) else found

    def stays_exact(a: Number) -> Number | None:
        if row.name == "identity":
            return sharp(1) if primes else a
        if row.name == "relu" and a.exact:
            positive = a.value > 0
            return (sharp(1) if primes else a) if positive else sharp(0)
        return None

    form = slope if primes else (lambda x: call(row.name, x))
    return lambda a: stays_exact(a) or function(form, a, None if primes else True)
