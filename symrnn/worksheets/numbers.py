"""Numbers for hand calculation: the pools they are drawn from, how many digits they cost, and how they are written.

The pools hold no 0 and no ±1 for weights; every number is a fraction with a small denominator.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction
from functools import lru_cache
from math import ceil
from types import MappingProxyType
from typing import Any

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import BlockMatrix, Decimal, Node
from symrnn.checking.numbers import MP, Number, real, sharp
from symrnn.worksheets.solving import Rows, same

SIGNIFICANT = 4
"""Significant digits of answers that are rounded."""
CARRIED = 6
"""The same of numbers that are computed with: what is put into a formula, and tables of values."""
SMALLEST = -5
"""Powers of ten up to which a number is written as 9.537·10⁻⁷."""
LEAST_COMMON = 2520
"""Fractions k of logarithms have a denominator that divides this: any up to 10."""
MOST_LOGARITHM = 10


def _pool(text: str) -> tuple[Fraction, ...]:
    return tuple(Fraction(sign) * Fraction(word) for word in text.split() for sign in (1, -1))


SMALL_WEIGHTS = _pool("1/2 1/4 3/4")
LARGE_WEIGHTS = _pool("3/2 2 5/4")
WEIGHTS = (*SMALL_WEIGHTS, *LARGE_WEIGHTS)
NEUTRAL_WEIGHTS = (Fraction(-1),)
"""Of absolute value 1. With 1 itself a weight that was forgotten would not be missed."""
GATED_WEIGHTS = (*WEIGHTS, *_pool("5/2 3"))
"""Where biases hold logarithms, weights of the arguments are no part of any product; there are many of them."""
INPUTS = _pool("1/2 2 3 3/2 5 5/2")
SMALL_INPUTS = _pool("1/2 1/4 3/4 1/8 3/8 5/8 5/4")
BIASES = _pool("1/2 1/4 3/4 3/2 1")
STATES = _pool("1/2 1/4 3/4")
TARGETS = _pool("1/2 1 3/2 2 1/4 3/4")
KINKED_TARGETS = (*TARGETS, *_pool("5/4 5/2 3 5"))
"""Where the other numbers must keep a kinked function on, so that there are few of them."""
SMALL_BIASES = _pool("1/4 1/2 3/4 1")
MIDDLE_INPUTS = _pool("1/2 3/2 2 5/4")
FAR_TARGETS = _pool("2 5/2 3")
"""Where answers of a cell with gates are rounded: its gates stay open, and the error is large enough for what is left
of it after two steps of small slopes to have four digits."""
ERRORS = _pool("1/4 3/4 3/8 3/2")
"""Where the target follows from the error. At 1/2, half an error is its square."""
DECIMAL_WEIGHTS = _pool("0.2 0.3 0.4 0.5 0.6 0.7 0.8")
"""For answers that are rounded anyway."""
LEAST_BENT, MOST_BENT = 0.25, 2.5
"""Between these the argument of a rounded tanh is neither its value nor so far out that every slope is 0."""
SCALES = (Fraction(2), Fraction(1, 2), Fraction(-2), Fraction(-1, 2))
"""Input weights where the inputs are solved for."""


def _signed(*rows: tuple[str, str]) -> tuple[tuple[Fraction, Fraction], ...]:
    return tuple((sign * Fraction(times), Fraction(k)) for times, k in rows for sign in (1, -1))


STATES_AT: Mapping[str, tuple[tuple[Fraction, Fraction], ...]] = MappingProxyType(
    {
        # 3/5, 4/5, 1/3, 3/4, 1/4 and their opposites, and 1/2: at -1/2, h(1 - h) is -(1 - h²) by chance.
        "tanh": (
            *_signed(("1", "2"), ("1", "3"), ("1/2", "2"), ("1/2", "7"), ("1/2", "5/3")),
            (Fraction(1, 2), Fraction(3)),
        ),
        # 2/3, 3/4, 4/5, 3/5 and what they leave of 1
        "sigmoid": _signed(("1", "2"), ("1", "3"), ("1", "4"), ("1", "3/2")),
        # States of cells with gates: products of many of them stay short when all are so many quarters.
        "gated tanh": (*_signed(("1/2", "7"), ("1/2", "5/3")), (Fraction(1, 2), Fraction(3))),
        "gated sigmoid": _signed(("1", "3"), ("1", "7"), ("1", "5/3")),
        # Whole k, so that every probability is a small fraction.
        "softmax": tuple((Fraction(1), Fraction(k)) for k in (2, 3, 4, 5, 6)),
    }
)
"""(q, k) of arguments q ln k at which a function is a fraction with a small denominator."""


def largest_slope(activations: Collection[str]) -> Fraction:
    """sup|f'| of the steepest of some activations, the bound of a step's factor beside |w|.

    >>> largest_slope(["sigmoid"]), largest_slope(["tanh"])
    (Fraction(1, 4), Fraction(1, 1))
    """
    bounds = [lookup(name).bound for name in activations]
    if not all(bound.is_Rational for bound in bounds):
        # Beyond the largest slope there is.
        return Fraction(max(ceil(bound) for bound in bounds))
    return Fraction(str(max(bounds)))


def cost(value: Any) -> int:
    """How many digits a number takes: as a decimal if it ends, else as a fraction; the shorter of the two.

    >>> cost(Fraction(-1, 8)), cost(Fraction(7, 3))
    (2, 2)
    """
    if not isinstance(value, Fraction):
        return 0
    over, under = len(str(abs(value.numerator))), len(str(value.denominator))
    fraction = over + under if value.denominator > 1 else over
    return min(fraction, _decimal_digits(value) or fraction)


def _decimal_digits(value: Fraction) -> int:
    for places in range(13):
        scaled = value * 10**places
        if scaled.denominator == 1:
            return max(1, len(str(abs(scaled.numerator))))
    return 0


def literal(rows: Rows, rounded: bool = False, digits: int = SIGNIFICANT) -> Node:
    """A matrix of numbers as a node that prints; what is rounded, to so many significant digits."""
    entries = [_literal(entry.value, rounded, digits) for row in rows for entry in row]
    return entries[0] if len(entries) == 1 else BlockMatrix(len(rows[0]), *entries)


def _literal(value: Any, rounded: bool, digits: int) -> Node:
    if isinstance(value, Fraction) and (not rounded or cost(value) <= SIGNIFICANT):
        return N.Number(_rational(value))
    logarithm = None if rounded or isinstance(value, Fraction) else _logarithm(value)
    if logarithm is not None:
        times, k = logarithm
        return N.Number(_rational(times) * sp.log(_rational(k)))
    return Decimal.shown(significant(value, digits))


def as_printed(rows: Rows, rounded: bool, digits: int = CARRIED) -> Rows:
    """The numbers that a reader of the sheet has: what is rounded, as the decimal that stands there.

    >>> from symrnn.checking.numbers import sharp
    >>> [float(as_printed(((sharp(one),),), True)[0][0].value) for one in (Fraction(1, 4), Fraction(1000, 2999))]
    [0.25, 0.333444]
    """
    return tuple(tuple(_as_printed(entry, rounded, digits) for entry in row) for row in rows)


def _as_printed(entry: Number, rounded: bool, digits: int) -> Number:
    return sharp(Fraction(significant(entry.value, digits))) if _is_cut(entry.value, rounded) else entry


def _is_cut(value: Any, rounded: bool) -> bool:
    """Whether a number is written with fewer digits than it has."""
    if isinstance(value, Fraction):
        return rounded and cost(value) > SIGNIFICANT
    return rounded or _logarithm(value) is None


def is_written_alike(found: Rows, right: Rows, rounded: bool) -> bool:
    """Whether what was found is written as the right answer is: the same number, or the same digits of it."""
    pairs = zip((e for row in found for e in row), (e for row in right for e in row), strict=True)
    return all(
        significant(a.value) == significant(b.value) if _is_cut(b.value, rounded) else same(((a,),), ((b,),))
        for a, b in pairs
    )


def _rational(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)


def plain(rows: Rows, rounded: bool = False) -> str:
    """The same as text that is read back: `-1/8`, `[1/2, 3/4]`, `[[1, 2], [3, 4]]`.

    >>> from symrnn.checking.numbers import sharp
    >>> plain(((sharp(Fraction(-1, 8)),),)), plain(((sharp(-MP.log(3) / 2),),))
    ('-1/8', '-ln(3)/2')
    """
    texts = [[_text(entry.value, rounded) for entry in row] for row in rows]
    if len(texts) == 1 and len(texts[0]) == 1:
        return texts[0][0]
    if len(texts[0]) == 1:
        return _list(row[0] for row in texts)
    return _list(_list(row) for row in texts)


def _list(parts: Any) -> str:
    return "[" + ", ".join(parts) + "]"


def _text(value: Any, rounded: bool) -> str:
    if isinstance(value, Fraction):
        return significant(value) if rounded else str(value)
    logarithm = None if rounded else _logarithm(value)
    if logarithm is None:
        return significant(value)
    share, inside = logarithm
    below = "" if share.denominator == 1 else f"/{share.denominator}"
    return f"{'-' if share < 0 else ''}ln({inside}){below}"


@lru_cache(maxsize=4096)
def _logarithm(value: Any) -> tuple[Fraction, Fraction] | None:
    """q and k, more than 1, of a number q ln k; with q = ±1 or ±1/2."""
    if abs(value) > MOST_LOGARITHM:
        return None
    for q in (Fraction(1), Fraction(1, 2)):
        power = MP.exp(abs(value) / real(q))
        k = Fraction(int(MP.nint(power * LEAST_COMMON)), LEAST_COMMON)
        if k > 1 and abs(power - real(k)) < MP.mpf(10) ** -30:
            return (q if value > 0 else -q), k
    return None


def is_exact(rows: Rows) -> bool:
    """Whether a matrix is written without rounding: fractions, and logarithms of fractions.

    >>> from symrnn.checking.numbers import sharp
    >>> is_exact(((sharp(Fraction(1, 3)),),)), is_exact(((sharp(MP.log(2)),),)), is_exact(((sharp(MP.pi),),))
    (True, True, False)
    """
    return all(isinstance(e.value, Fraction) or _logarithm(e.value) is not None for row in rows for e in row)


def significant(value: Any, digits: int = SIGNIFICANT) -> str:
    """A number with so many significant digits.

    >>> significant(Fraction(1, 3)), significant(Fraction(-1, 8)), significant(Fraction(1, 2**20))
    ('0.3333', '-0.1250', '9.537e-7')
    """
    if value == 0:
        return "0"
    text = str(MP.nstr(real(value), digits, strip_zeros=False, min_fixed=SMALLEST, max_fixed=12))
    return text.removesuffix(".").replace("e-0", "e-")
