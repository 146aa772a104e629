"""Whether two values agree: exactly, to the digits shown, to one unit of the last digit, or not.

Reads numbers with bounds and the digits a result is written with.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from fractions import Fraction

from symrnn.checking.digits import FLOAT_TOLERANCE, Digits, is_float_print
from symrnn.checking.matrices import Matrix, Misfit, Value
from symrnn.checking.numbers import MP, Number, Scalar, distance, gap, less, real, same, times

WIDER, LEAST = 1 + MP.mpf(10) ** -30, MP.mpf(10) ** -45
"""What was computed to 50 digits may be off by in the last ones: relative, and near 0."""


class Agreement(IntEnum):
    """How well, from best to worst."""

    EXACT = 0
    ROUNDED = 1
    LAST_DIGIT = 2
    NONE = 3


def agreement(value: Number, digits: Digits) -> Agreement:
    """How a computed value agrees with a number as written."""
    if same(value.value, digits.value):
        return Agreement.EXACT
    if needs_no_rounding(value, digits):
        return Agreement.NONE
    if is_float_print(digits.text):
        near = distance(value.value, digits.value)
        room = FLOAT_TOLERANCE * abs(digits.value)
        return Agreement.ROUNDED if not less(room, near) else _outside(value, digits)
    if _within(distance(value.value, digits.value), digits.half):
        return Agreement.ROUNDED
    return _outside(value, digits)


def needs_no_rounding(value: Number, digits: Digits) -> bool:
    """Whether a value has no more digits than are shown: then it is written as it is."""
    if not value.sharp or not isinstance(value.value, Fraction) or not 0 < digits.unit <= 1:
        return False
    return (value.value / digits.unit).denominator == 1


def _outside(value: Number, digits: Digits) -> Agreement:
    off = gap(value, digits.value)
    if _within(off, digits.half):
        return Agreement.ROUNDED
    return Agreement.LAST_DIGIT if digits.unit and _within(off, digits.unit) else Agreement.NONE


def _within(off: Scalar, room: Fraction) -> bool:
    """off ≤ room; a tie is rounded either way."""
    if isinstance(off, Fraction):
        return off <= room
    return bool(off <= real(room) * WIDER + LEAST)


def meeting(a: Number, b: Number) -> Agreement:
    """How two formulas' values agree, each with its bounds."""
    if same(a.value, b.value):
        return Agreement.EXACT
    # Derivatives are differences of runs: bounds that touch may miss each other by their last digits.
    apart = any(less(high, low) and not same(high, low) for high, low in ((a.high, b.low), (b.high, a.low)))
    if not apart:
        return Agreement.ROUNDED if not (a.sharp and b.sharp) else Agreement.NONE
    return Agreement.NONE


def values_meeting(a: Value, b: Value) -> Agreement:
    """The worst agreement among the entries; a number stands for a vector of equal entries."""
    return max(meeting(x, y) for x, y in _paired(a, b))


def values_agreeing(a: Value, digits: Digits | tuple[tuple[Digits, ...], ...]) -> Agreement | None:
    """The same against written numbers; None where the shapes say that one entry of several is meant."""
    if isinstance(digits, Digits):
        if isinstance(a, Number):
            return agreement(a, digits)
        found = [agreement(entry, digits) for entry in a.entries()]
        return max(found) if max(found) < Agreement.NONE else None
    if isinstance(a, Number):
        flat = [entry for row in digits for entry in row]
        return agreement(a, flat[0]) if len(flat) == 1 else None
    flat = [entry for row in digits for entry in row]
    entries = a.entries()
    column = len(digits) in (1, len(flat)) and 1 in a.shape
    fits = (len(digits), len(digits[0])) == a.shape or (column and len(flat) == len(entries))
    return max(map(agreement, entries, flat)) if fits else None


def _paired(a: Value, b: Value) -> Iterable[tuple[Number, Number]]:
    if isinstance(a, Number):
        return [(a, b)] if isinstance(b, Number) else [(a, entry) for entry in b.entries()]
    if isinstance(b, Number):
        return [(entry, b) for entry in a.entries()]
    if a.shape != b.shape and not (1 in a.shape and 1 in b.shape and len(a.entries()) == len(b.entries())):
        raise Misfit(f"{a.shape[0]}×{a.shape[1]} and {b.shape[0]}×{b.shape[1]}")
    return zip(a.entries(), b.entries(), strict=True)


def value_of(digits: Digits | tuple[tuple[Digits, ...], ...], sharp_: bool = False) -> Value:
    """Written numbers as a value with the room of half a unit."""

    def one(entry: Digits) -> Number:
        if sharp_ or not entry.unit:
            return Number(entry.value, entry.value, entry.value)
        return Number(entry.value, entry.value - entry.half, entry.value + entry.half)

    return one(digits) if isinstance(digits, Digits) else Matrix(tuple(tuple(map(one, row)) for row in digits))


def rounded_like(value: Value | None, digits: Digits | None) -> str | None:
    """The value with as many digits as were written (at least three that count), for "should be …"."""
    if not isinstance(value, Number):
        return None if value is None else _listed(value)
    if digits is None or not digits.unit:
        return plain(value.value)
    if digits.text.endswith("%"):
        return f"{decimal(times(value.value, Fraction(100)), _exponent(digits.unit * 100))}%"
    if isinstance(value.value, Fraction) and value.value.limit_denominator(10**6) == value.value:
        places = _places(value.value)
        if places is not None and places <= 10:
            return decimal(value.value, places)
    places = max(0, _exponent(digits.unit))
    if places > MOST_PLACES and abs(real(value.value)) < SMALL:
        shown = digits.text.lower().partition("e")[0].replace(".", "").lstrip("-0")
        return str(MP.nstr(real(value.value), max(3, len(shown)), strip_zeros=False))
    return decimal(value.value, places)


MOST_PLACES, SMALL = 9, 1e-5
"""A number with more decimals that is so small was written with a power of ten."""


def _listed(value: Matrix) -> str:
    """`[0.5, 1]`, and a matrix row by row."""
    rows = ["[" + ", ".join(plain(entry.value) for entry in row) + "]" for row in value.rows]
    flat = "[" + ", ".join(plain(entry.value) for entry in value.entries()) + "]"
    return flat if 1 in value.shape else "[" + ", ".join(rows) + "]"


def _exponent(unit: Fraction) -> int:
    return len(str(unit.denominator)) - 1


def _places(value: Fraction) -> int | None:
    for places in range(11):
        if (value * 10**places).denominator == 1:
            return places
    return None


def decimal(value: Scalar, places: int) -> str:
    """The value with this many decimals, ties away from zero."""
    scaled = real(value) * MP.mpf(10) ** places
    whole = int(MP.floor(abs(scaled) + MP.mpf(0.5)))
    digits = str(whole).rjust(places + 1, "0")
    sign = "-" if scaled < 0 and whole else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def plain(value: Scalar) -> str:
    """A value as people write it: a short decimal where it is one, else six significant digits."""
    if isinstance(value, Fraction):
        places = _places(value)
        if places is not None:
            return decimal(value, places)
    found = MP.nstr(real(value), 6, strip_zeros=False, min_fixed=-5, max_fixed=12)
    return str(found)
