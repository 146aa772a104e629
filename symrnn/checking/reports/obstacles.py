"""What kept a formula from being read or computed, in words: the sentences the readers and evaluators raise.

Reads an English sentence; returns it in another language where a pattern of the table fits, else as it is.
"""

from __future__ import annotations

import re
from functools import cache

from symrnn.languages import translated

DOMAIN = "check"
OBSTACLES: tuple[str, ...] = (
    "the end of the line where a formula should stand", "the end of the line where a script or argument should stand",
    "{0} where a formula should stand", "{0} where the formula should end",
    "{0} where a script or argument should stand",
    "{0} inside a bracket {1}", "nothing before {0}", "nothing after {0}", "nothing behind {0}",
    "a sum with nothing behind it", "two numbers side by side", "the unknown command {0}",
    "the escaped sign {0} in a formula", "a bracket {0} that was never opened", "a bracket {0} closed by {1}",
    "a bracket {0} that is never closed", "a bar {0} that is never closed", "a bracket < that is never closed",
    "a matrix whose rows differ in length", "a root of higher order", "the sign % between two numbers",
    "a tilde that stands alone", "a backslash with nothing behind it", "a letter that no name here is made of: {0}",
    "a character that is no sign of mathematics here: {0}", "{0} without its argument in braces",
    "a text command without its word in braces", "a text command whose braces hold no word",
    "a text command whose braces hold more than words", "a matrix between double bars",
    "a line that goes on from nothing that was read", "a display that is never closed",
    "a relation that stands where none is read", "another file, which is not followed",
    "a dash that may be a minus sign or a bullet", "a number too large to write down",
    "a subscript on something that is no name", "a prime on something that is no name",
    "an accent {0} over more than a name", "a brace without a case", "an exponent beyond {0}",
    "brackets nested more than {0} deep", "a formula nested more than {0} deep", "more than {0} signs",
    "the function {0} without an argument", "no formula",
    "a formula that cannot be computed", "a matrix where a number should stand",
    "a power of a matrix that is no whole number", "an ellipsis between neighbours", "an ellipsis",
    "an inner product of what do not go together", "bounds that are no numbers", "an extreme value over all {0}",
    "{0} of several arguments", "{0} with a subscript", "a formula with too many terms to compute",
    "a norm of a matrix that does not say which", "a number too large for this function",
    "eigenvalues that rounding may make real or complex", "the eigenvalues of a rounded matrix of more than two rows",
    "the singular values of a matrix that has not two rows and columns", "a determinant of more than {0} rows",
    "a matrix of more than {0} entries", "a sum of more than {0} terms",
    "the eigenvalues of a matrix of more than {0} rows", "a broken power of a number that is not positive",
    "a division by a number that may be zero", "a division by zero", "the inverse of a matrix that has none",
    "the logarithm of a number that is not positive", "the root of a negative number", "the bounds of the sum",
    "the last step of the sum", "a bound of the sum", "the step {0}", "what is counted by {0}",
    "{0}×{1} times {2}×{3}", "{0}×{1} and {2}×{3}",
)  # fmt: skip
"""In the order in which they are tried: what is more special stands first."""


def obstacle(english: str, language: str = "en") -> str:
    """The sentence in a language.

    >>> obstacle("the unknown command \\\\angle", "zh")
    '未知的命令 \\\\angle'
    """
    if language == "en":
        return english
    for message, pattern in _patterns():
        if (found := pattern.fullmatch(english)) is not None:
            return translated(message, language, DOMAIN).format(*found.groups())
    return translated(english, language, DOMAIN)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (message, re.compile("(.{1,200})".join(map(re.escape, re.split(r"\{\d\}", message))), re.DOTALL))
        for message in OBSTACLES
    )
