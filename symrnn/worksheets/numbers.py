"""Numbers for hand calculation: the pools they are drawn from, how many digits they cost, and how they are written.

The pools hold no 0 and no ±1 for weights; every number is a fraction with a small denominator.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp

from symrnn.algebra.nodes import BlockMatrix, Decimal, Node, Number
from symrnn.checking.numbers import MP, real
from symrnn.worksheets.solving import Rows

SIGNIFICANT = 4
"""Significant digits of answers that are rounded."""


def _pool(text: str) -> tuple[Fraction, ...]:
    return tuple(Fraction(sign) * Fraction(word) for word in text.split() for sign in (1, -1))


SMALL_WEIGHTS = _pool("1/2 1/4 3/4")
WEIGHTS = (*SMALL_WEIGHTS, *_pool("3/2 2 5/4"))
INPUTS = _pool("1/2 1 2 3 3/2")
BIASES = _pool("1/2 1/4 3/4 3/2")
STATES = _pool("1/2 1/4 3/4")
TARGETS = _pool("1/2 1 3/2 2 1/4 3/4")
DECIMAL_WEIGHTS = _pool("0.2 0.3 0.4 0.5 0.6 0.7 0.8")
"""For answers that are rounded anyway."""
SCALES = (Fraction(2), Fraction(1, 2), Fraction(-2), Fraction(-1, 2))
"""Input weights where the inputs are solved for."""

LOGARITHMS: tuple[tuple[Fraction, int, Fraction], ...] = tuple(
    (sign * half, k, sign * state)
    for half, k, state in (
        (Fraction(1), 2, Fraction(3, 5)),
        (Fraction(1), 3, Fraction(4, 5)),
        (Fraction(1, 2), 2, Fraction(1, 3)),
        (Fraction(1, 2), 3, Fraction(1, 2)),
        (Fraction(1, 2), 7, Fraction(3, 4)),
    )
    for sign in (1, -1)
)
"""(q, k, h) with tanh(q ln k) = h."""


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


def literal(rows: Rows, rounded: bool = False) -> Node:
    """A matrix of numbers as a node that prints."""
    entries = [_literal(entry.value, rounded) for row in rows for entry in row]
    return entries[0] if len(entries) == 1 else BlockMatrix(len(rows[0]), *entries)


def _literal(value: Any, rounded: bool) -> Node:
    if isinstance(value, Fraction) and (not rounded or cost(value) <= SIGNIFICANT):
        return Number(sp.Rational(value.numerator, value.denominator))
    logarithm = None if rounded or isinstance(value, Fraction) else _logarithm(value)
    if logarithm is not None:
        times, k = logarithm
        return Number(sp.Rational(times.numerator, times.denominator) * sp.log(k))
    return Decimal.shown(significant(value))


def plain(rows: Rows, rounded: bool = False) -> str:
    """The same as text that is read back: `-1/8`, `[1/2, 3/4]`, `[[1, 2], [3, 4]]`.

    >>> from symrnn.checking.numbers import sharp
    >>> plain(((sharp(Fraction(-1, 8)),),))
    '-1/8'
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
    return f"({logarithm[0]}) ln({logarithm[1]})" if logarithm[0] != 1 else f"ln({logarithm[1]})"


def _logarithm(value: Any) -> tuple[Fraction, int] | None:
    """q and k of a number that is q ln k of the table."""
    for times, k, _ in LOGARITHMS:
        if abs(real(value) - real(times) * MP.log(k)) < MP.mpf(10) ** -30:
            return times, k
    return None


def significant(value: Any) -> str:
    """A number with four significant digits.

    >>> significant(Fraction(1, 3)), significant(Fraction(-1, 8))
    ('0.3333', '-0.1250')
    """
    if value == 0:
        return "0"
    return str(MP.nstr(real(value), SIGNIFICANT, strip_zeros=False, min_fixed=-8, max_fixed=12)).removesuffix(".")
