"""Decimal commas: `0,4621`, where the whole text makes certain that they are meant.

Reads a text; returns it with points in their place, of the same length. In any other text `1,5` stays two numbers, or
one that is refused.
"""

from __future__ import annotations

import re

_CERTAIN = re.compile(r"(?<![\d.,])(?:0,\d{3,9}|\d{1,4},\d{4,9})(?![\d,]|\.\d)")
"""No list of whole numbers, and no thousands: `0,462`, `1,1386`."""
_AGAINST = re.compile(r"\d\.\d|\d,\d+,\d|(?<![\d.,])[1-9]\d{0,2}(?:,\d{3})+(?!\d)\.")
_ANY = re.compile(r"(?<=\d),(?=\d)")


def with_points(text: str) -> str:
    """The text with decimal points for decimal commas, where it has two that can be nothing else and no point.

    >>> with_points("tanh(0,5) = 0,4621 und tanh(0,6) = 0,5370")
    'tanh(0.5) = 0.4621 und tanh(0.6) = 0.5370'
    >>> with_points("y = (0,1), z = 0,462")
    'y = (0,1), z = 0,462'
    """
    if len(_CERTAIN.findall(text)) < 2 or _AGAINST.search(text):
        return text
    return _ANY.sub(".", text)
