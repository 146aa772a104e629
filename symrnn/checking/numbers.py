"""Numbers that know how far rounding may have moved them: an exact or 50-digit value, and the bounds around it.

Reads fractions; computes with intervals. Only what was rounded before is wide; given data and integers are sharp. Sizes
are bounded before each step: what could not be written down in a few thousand digits is refused, not computed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath

from symrnn.checking.reasons import NoValue

MP = mpmath.ctx_mp.MPContext()
"""A context of our own, so that nobody's precision is changed."""
MP.dps = 50

Scalar = Fraction | Any
"""A fraction, or an mpmath number."""

MOST_BITS = 4_000
MOST_POWER = 200_000
NOISE = MP.mpf(10) ** -22
SLACK = MP.mpf(10) ** -18
"""Relative: what derivatives taken as differences may be off by, far below what anyone writes."""


class Undefined(NoValue):
    """A division by zero, the logarithm of nothing, the root of a negative number."""


class TooLarge(NoValue):
    """A number beyond what is computed."""


@dataclass(frozen=True, slots=True)
class Number:
    """A value, and the bounds between which the unrounded value lies. Sharp when they coincide."""

    value: Scalar
    low: Scalar
    high: Scalar

    @property
    def sharp(self) -> bool:
        """Whether nothing in it was rounded."""
        return self.low is self.value and self.high is self.value

    @property
    def exact(self) -> bool:
        """Whether the value is a fraction, not a number to 50 digits."""
        return isinstance(self.value, Fraction)

    def widened(self, radius: Scalar) -> Number:
        """The same value with `radius` more room on both sides."""
        return Number(self.value, add(self.low, -radius), add(self.high, radius)) if radius else self

    def __str__(self) -> str:
        return str(self.value if self.exact else MP.nstr(self.value, 12))


def sharp(value: Scalar | int) -> Number:
    """A number that nobody rounded.

    >>> sharp(Fraction(1, 2)).sharp
    True
    """
    value = Fraction(value) if isinstance(value, int) else value
    return Number(value, value, value)


def about(value: Scalar, radius: Scalar) -> Number:
    """A number within `radius` of a value."""
    return sharp(value).widened(radius)


def real(value: Scalar) -> Any:
    """The value with 50 digits."""
    return MP.mpf(value.numerator) / value.denominator if isinstance(value, Fraction) else MP.mpf(value)


def add(a: Scalar, b: Scalar) -> Scalar:
    """a + b, exact where both are."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return _bounded(a + b)
    return real(a) + real(b)


def times(a: Scalar, b: Scalar) -> Scalar:
    """a · b, exact where both are."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return _bounded(a * b)
    return real(a) * real(b)


def _bounded(value: Fraction) -> Scalar:
    long = max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS
    return real(value) if long else value


def less(a: Scalar, b: Scalar) -> bool:
    """a < b."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a < b
    return bool(real(a) < real(b))


def _least(values: list[Scalar]) -> Scalar:
    found = values[0]
    for value in values[1:]:
        found = value if less(value, found) else found
    return found


def _greatest(values: list[Scalar]) -> Scalar:
    found = values[0]
    for value in values[1:]:
        found = value if less(found, value) else found
    return found


# --- operations -----------------------------------------------------------------------------------------------------


def total(a: Number, b: Number) -> Number:
    """a + b."""
    value = add(a.value, b.value)
    if a.sharp and b.sharp:
        return sharp(value)
    return Number(value, add(a.low, b.low), add(a.high, b.high))


def negative(a: Number) -> Number:
    """−a."""
    value = -a.value
    return sharp(value) if a.sharp else Number(value, -a.high, -a.low)


def product(a: Number, b: Number) -> Number:
    """a · b."""
    value = times(a.value, b.value)
    if a.sharp and b.sharp:
        return sharp(value)
    corners = [times(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    return Number(value, _least(corners), _greatest(corners))


def inverse(a: Number) -> Number:
    """1 / a. Where the bounds enclose zero, nothing bounds the result but the value itself is kept."""
    if a.value == 0:
        raise Undefined("a division by zero")
    value = _over(a.value)
    if a.sharp:
        return sharp(value)
    if not less(0 * a.low, times(a.low, a.high)):
        raise Undefined("a division by a number that may be zero")
    return Number(value, _over(a.high), _over(a.low))


def _over(value: Scalar) -> Scalar:
    return 1 / value if isinstance(value, Fraction) else MP.mpf(1) / value


def power(a: Number, b: Number) -> Number:
    """a^b."""
    exponent = b.value
    if isinstance(exponent, Fraction) and exponent.denominator == 1 and b.sharp:
        return _whole_power(a, int(exponent))
    if not less(Fraction(0), a.low):
        if a.sharp and a.value == 0 and less(Fraction(0), exponent):
            return sharp(0)
        raise Undefined("a broken power of a number that is not positive")
    return function(MP.exp, product(b, function(MP.log, a)), True)


def _whole_power(a: Number, exponent: int) -> Number:
    if exponent < 0:
        return inverse(_whole_power(a, -exponent))
    if exponent > MOST_POWER:
        raise TooLarge(f"an exponent beyond {MOST_POWER:,}")
    value = _raised(a.value, exponent)
    if a.sharp:
        return sharp(value)
    ends = [_raised(a.low, exponent), _raised(a.high, exponent)]
    if exponent % 2 == 0 and exponent and less(times(a.low, a.high), Fraction(0)):
        ends.append(Fraction(0))
    return Number(value, _least(ends), _greatest(ends))


def _raised(value: Scalar, exponent: int) -> Scalar:
    if isinstance(value, Fraction):
        bits = max(value.numerator.bit_length(), value.denominator.bit_length(), 1)
        if bits * exponent <= MOST_BITS:
            return value**exponent
    return real(value) ** exponent


def function(of: Callable[[Any], Any], a: Number, rising: bool | None = None) -> Number:
    """f(a); `rising` says that f grows (True) or falls (False); None: three points, and what lies between."""
    _refuse_large(a)
    value = of(real(a.value))
    if a.sharp:
        return sharp(value)
    ends = [of(real(a.low)), of(real(a.high)), value]
    if rising is None and less(a.low, Fraction(0)) and less(Fraction(0), a.high):
        ends.append(of(MP.mpf(0)))
    return Number(value, _least(ends), _greatest(ends))


def _refuse_large(a: Number) -> None:
    if abs(real(a.value)) > 10**9 or abs(real(a.low)) > 10**9 or abs(real(a.high)) > 10**9:
        raise TooLarge("a number too large for this function")


def hull(a: Number, b: Number) -> Number:
    """The value of a, with bounds around both."""
    return Number(a.value, _least([a.low, b.low]), _greatest([a.high, b.high]))


def distance(a: Scalar, b: Scalar) -> Scalar:
    """|a − b|."""
    return abs(add(a, -b))


def gap(a: Number, value: Scalar) -> Scalar:
    """How far a value lies outside the bounds of a; 0 inside them."""
    if less(value, a.low):
        return distance(a.low, value)
    if less(a.high, value):
        return distance(a.high, value)
    return Fraction(0)


def same(a: Scalar, b: Scalar) -> bool:
    """Whether two values are equal: as fractions, or to the precision numbers have here."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a == b
    x, y = real(a), real(b)
    if not x or not y:
        # A derivative that is 0 comes out of differences of runs as what is left of 50 digits.
        return bool(abs(x - y) <= NOISE)
    return bool(abs(x - y) <= SLACK * max(abs(x), abs(y)))
