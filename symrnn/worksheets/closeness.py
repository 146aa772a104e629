"""Whether what was written is a number: exactly, or to as many digits as are asked for.

One rule, whatever the number was computed from. A decimal that is not the number itself must have four significant
digits where answers are exact, three where they are rounded, the last of them right or off by one: rounded or cut off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from symrnn.checking.comparing import Agreement, agreement, meeting
from symrnn.checking.numbers import Number, real
from symrnn.worksheets.answers import Entries, Entry, each
from symrnn.worksheets.solving import Rows

ROUNDED_DIGITS = 3
"""So many significant digits at least, where answers are rounded."""
EXACT_DIGITS = 4
"""So many where they are exact: a decimal of so many digits is taken for the fraction."""


def agrees(value: Rows, written: Entries, rounded: bool) -> bool:
    """Whether numbers are what was written: exactly, or to the digits that are asked for."""
    return _fits(value, written) and all(_agrees(number, entry, rounded) for number, entry in _pairs(value, written))


def missing_digits(values: Iterable[Rows | None], written: Entries, rounded: bool) -> tuple[str, ...]:
    """What to say where the number is one of these but for its digits: the key of a sentence, and how many."""
    for value in values:
        if value is not None and _fits(value, written) and all(_rounds(*pair) for pair in _pairs(value, written)):
            return ("few rounded", "4") if rounded else ("few exact", str(EXACT_DIGITS))
    return ()


def misshapen(value: Rows, written: Entries) -> tuple[str, ...]:
    """What to say where the numbers are another matrix than asked: the key of a sentence, and both shapes."""
    if _fits(value, written):
        return ()
    if (len(value), len(value[0])) == (1, 1):
        return ("unread several",)
    return "wrong shape", _shape(value), _shape(written)


def _shape(rows: Sequence[Sequence[object]]) -> str:
    """`2 × 2`, or how many there are of a vector."""
    return str(len(rows)) if len(rows[0]) == 1 else f"{len(rows)} × {len(rows[0])}"


def as_rows(written: Entries, like: Rows) -> Rows:
    """What was written in the shape of the quantity, each number with the room its digits leave."""
    flat = [_with_room(entry) for entry in each(written)]
    if len(flat) != len(like) * len(like[0]):
        return like
    width = len(like[0])
    return tuple(tuple(flat[at : at + width]) for at in range(0, len(flat), width))


def _pairs(value: Rows, written: Entries) -> Iterable[tuple[Number, Entry]]:
    return zip((entry for row in value for entry in row), each(written), strict=True)


def _fits(value: Rows, written: Entries) -> bool:
    if len(list(each(written))) != len(value) * len(value[0]):
        return False
    return (len(written), len(written[0])) == (len(value), len(value[0])) or 1 in (len(value), len(value[0]))


def _agrees(number: Number, entry: Entry, rounded: bool) -> bool:
    # What is no fraction can only be written rounded.
    rounded = rounded or not isinstance(number.value, Fraction)
    if entry.digits is None:
        return meeting(number, entry.value) <= Agreement.ROUNDED or (
            (rounded or not number.sharp) and _near(number, entry.value)
        )
    found = agreement(number, entry.digits)
    if found == Agreement.EXACT:
        return True
    least = ROUNDED_DIGITS if rounded else EXACT_DIGITS
    return found <= Agreement.LAST_DIGIT and _significant(entry.digits.text) >= least


def _rounds(number: Number, entry: Entry) -> bool:
    """Whether the digits there are are right, however few."""
    if entry.digits is None:
        return _agrees(number, entry, False)
    found = agreement(number, entry.digits)
    return found <= Agreement.ROUNDED and (found == Agreement.EXACT or _significant(entry.digits.text) > 0)


def _near(number: Number, value: Number) -> bool:
    """Within a thousandth: rounded numbers are asked for in four digits."""
    return bool(abs(real(number.value) - real(value.value)) <= abs(real(number.value)) / 1000)


def _significant(text: str) -> int:
    return len(text.lower().partition("e")[0].replace(".", "").replace(",", "").lstrip("-0"))


def _with_room(entry: Entry) -> Number:
    if entry.digits is None or not entry.digits.unit:
        return entry.value
    short = _significant(entry.digits.text) < ROUNDED_DIGITS
    # A short decimal is a number of its own; a long one may have been rounded.
    half = Fraction(0) if short else entry.digits.half
    return Number(entry.digits.value, entry.digits.value - half, entry.digits.value + half)
