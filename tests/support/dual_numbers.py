"""Dual numbers and elementwise functions over any field: the independent judge of derivatives.

`Dual(v, d)` is v + d ε with ε² = 0, so a forward evaluation over duals differentiates without any rule of the library.
Over fractions a transcendental function is replaced by a stand-in: any rational values, with the derivative that its
differential equation gives (tanh' = 1 − tanh², σ' = σ(1 − σ), exp' = exp). First-order identities that follow from
those equations alone then hold exactly, or are wrong exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath


class Dual:
    """v + d ε, with ε² = 0.

    >>> Dual(Fraction(3), Fraction(1)) ** 2
    9 + 6 ε
    """

    __slots__ = ("slope", "value")

    def __init__(self, value: Any, slope: Any = 0) -> None:
        self.value = value
        self.slope = slope

    def __add__(self, other: Any) -> Dual:
        other = dual(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slope)

    def __sub__(self, other: Any) -> Dual:
        return self + -dual(other)

    def __rsub__(self, other: Any) -> Dual:
        return -self + other

    def __mul__(self, other: Any) -> Dual:
        other = dual(other)
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Dual:
        other = dual(other)
        quotient = self.value / other.value
        return Dual(quotient, (self.slope - quotient * other.slope) / other.value)

    def __rtruediv__(self, other: Any) -> Dual:
        return dual(other) / self

    def __pow__(self, exponent: int) -> Dual:
        if exponent == 0:
            return Dual(self.value**0, 0 * self.slope)
        return Dual(self.value**exponent, exponent * self.value ** (exponent - 1) * self.slope)

    def __repr__(self) -> str:
        return f"{self.value} + {self.slope} ε"


def dual(number: Any) -> Dual:
    """A number as a dual without a slope."""
    return number if isinstance(number, Dual) else Dual(number, 0)


def value_of(number: Any) -> Any:
    """The number without its slope."""
    return number.value if isinstance(number, Dual) else number


def slope_of(number: Any) -> Any:
    """The slope; 0 of a plain number."""
    return number.slope if isinstance(number, Dual) else 0


Unary = Callable[[Any], Any]


def _smooth(stand_in: Unary, real: Unary, slope: Callable[[Any, Any], Any]) -> Unary:
    """A function from its rational stand-in, its real values, and its slope in terms of argument and value."""

    def function(x: Any) -> Any:
        if isinstance(x, Dual):
            y = function(x.value)
            return Dual(y, slope(x.value, y) * x.slope)
        return real(x) if isinstance(x, mpmath.mpf) else stand_in(Fraction(x))

    return function


def _piecewise(pick: Callable[[Any, Any], Any]) -> Unary:
    """A function that is one of several formulas, told by the value of the argument."""
    return lambda x: pick(value_of(x), x)


def _between(low: int, high: int) -> Unary:
    return _piecewise(lambda v, x: low + 0 * x if v <= low else high + 0 * x if v >= high else x)


def _ratio(x: Any) -> Any:
    return x / (1 + abs(x))


magnitude = _piecewise(lambda v, x: x if v > 0 else -x if v < 0 else 0 * x)
_exp = _smooth(lambda x: 1 + x + x * x, mpmath.exp, lambda x, y: y)

FUNCTIONS: dict[str, Unary] = {
    "identity": lambda x: x,
    "relu": _piecewise(lambda v, x: x if v > 0 else 0 * x),
    "leaky_relu": _piecewise(lambda v, x: x if v > 0 else x / 100),
    "hard_tanh": _between(-1, 1),
    "hard_sigmoid": lambda x: _between(0, 1)((x + 3) / 6),
    "softsign": lambda x: x / (1 + magnitude(x)),
    "abs": magnitude,
    "sign": _piecewise(lambda v, x: 0 * x + ((v > 0) - (v < 0))),
    "step": _piecewise(lambda v, x: 0 * x + int(v > 0)),
    "exp": _exp,
    "log": _smooth(lambda x: x * x - 1, mpmath.log, lambda x, y: 1 / x),
    "tanh": _smooth(_ratio, mpmath.tanh, lambda x, y: 1 - y * y),
    "sigmoid": _smooth(lambda x: (1 + _ratio(x)) / 2, lambda x: 1 / (1 + mpmath.exp(-x)), lambda x, y: y * (1 - y)),
    "sin": _smooth(lambda x: 2 * x / (1 + x * x), mpmath.sin, lambda x, y: FUNCTIONS["cos"](x)),
    "cos": _smooth(lambda x: (1 - x * x) / (1 + x * x), mpmath.cos, lambda x, y: -FUNCTIONS["sin"](x)),
    # Of a generic f nothing is known: any differentiable function serves.
    "f": lambda x: x**3 / 3 + x / 2,
    "f'": lambda x: (2 * x**2 + 1) / 2,
    "f''": lambda x: 2 * x,
}
"""f(x) by the neutral name of f, for fractions, mpmath numbers and duals of either."""


def softmax(column: list[Any]) -> list[Any]:
    """e^{x_i} / Σ_j e^{x_j}."""
    powers = [_exp(x) for x in column]
    whole = sum(powers[1:], powers[0])
    return [one / whole for one in powers]
