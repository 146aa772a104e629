"""Numbers and sentences as every renderer shows them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import sympy as sp

from symrnn.algebra.nodes import Number
from symrnn.algebra.printing import to_text
from symrnn.documents.document import Words
from symrnn.documents.languages import sentence

DIGITS = 6
COMMAS = {"zh": "、"}
"""What stands between the members of a list, where it is not a comma."""


def in_words(
    key: str,
    about: tuple[Any, ...],
    say: Callable[[Any], str],
    escape: Callable[[str], str] = str,
    language: str = "en",
) -> str:
    """The sentence of a key: its words escaped for the format, what it speaks of put in by `say`.

    >>> in_words("convention", ("Elman (1990)",), str)
    'Convention: Elman (1990).'
    """

    def piece(part: str) -> str:
        if not re.fullmatch(r"\{\d+\}", part):
            return escape(part)
        value = about[int(part[1:-1])]
        values = value if isinstance(value, tuple | list) else (value,)
        return COMMAS.get(language, ", ").join(
            in_words(each.key, each.about, say, escape, language) if isinstance(each, Words) else say(each)
            for each in values
        )

    return "".join(piece(part) for part in re.split(r"(\{\d+\})", sentence(key, language)))


def number_text(value: Any, digits: int = DIGITS) -> str:
    """A number as shown to people: exact ones as they are, others to a few significant digits.

    >>> number_text(Fraction(-1, 8)), number_text(0.4621171572600098), number_text("h")
    ('-1/8', '0.462117', 'h')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, sp.Expr) and not value.is_Rational:
        return to_text(Number(value))
    if isinstance(value, sp.Expr | Fraction | int):
        return str(value)
    if hasattr(value, "_mpf_"):
        return str(mpmath.nstr(value, digits))
    return f"{float(value):.{digits}g}"


def width(text: str) -> int:
    """How many columns a text takes in a terminal: combining marks none, wide characters two."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def padded(text: str, columns: int) -> str:
    """The text filled with spaces to a width."""
    return text + " " * max(0, columns - width(text))
