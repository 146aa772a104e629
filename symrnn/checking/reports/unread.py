"""Why a piece was not read, in words of any language: the reader's English sentences, each with its form.

The reader says its reasons in English, with what it found put in. Here the sentence's form is found again, so that a
catalogue can have it; what has no form stays English.
"""

from __future__ import annotations

import re
from functools import cache

from symrnn.languages import ENGLISH, translated

DOMAIN = "check"

FORMS: tuple[str, ...] = (
    "{0} without braces, which TeX reads as {1} and {2}",
    "nothing behind the sign",
    "nothing before {0}",
    "nothing after {0}",
    "{0} where a formula should stand",
    "{0} where the formula should end",
    "{0} where a script or argument should stand",
    "{0} where a step should stand: the step is t",
    "a bracket that is never closed",
    "a bracket {0} that is never closed",
    "a bracket {0} that was never opened",
    "a bracket {0} closed by {1}",
    "a bar {0} that is never closed",
    "{0} inside a bracket {1}",
    "brackets nested more than {0} deep",
    "a formula nested more than {0} deep",
    "a formula nested too deep",
    "no formula",
    "two numbers side by side",
    "the sign % between two numbers",
    "a sum with nothing behind it",
    "the function {0} without an argument",
    "a matrix whose rows differ in length",
    "a matrix between double bars",
    "a brace without a case",
    "an accent {0} over more than a name",
    "more than {0} accents on a letter",
    "a root of higher order",
    "a subscript on something that is no name",
    "a prime on something that is no name",
    "{0}, which may mean the step t{1}{2} or a difference",
    "an exponent beyond {0}",
    "a number of more than {0} digits",
    "a name of more than {0} letters",
    "a name with scripts longer than {0} characters",
    "a letter that no name here is made of: {0}",
    "a character that is no sign of mathematics here: {0}",
    "a tilde that stands alone",
    "the sign % between two numbers",
    "a backslash with nothing behind it",
    "the unknown command {0}",
    "the escaped sign {0} in a formula",
    "{0} without its argument in braces",
    "a text command without its word in braces",
    "a text command whose braces hold no word",
    "a text command whose braces hold more than words",
    "{0}, which hides what the text says",
    "a relation within a formula",
    "a relation that stands where none is read",
    "a line that goes on from nothing that was read",
    "a dash that may be a minus sign or a bullet",
    "more than {0} relations or commas in one formula",
    "more than {0} signs",
    "a line of {0} characters; {1} are read",
    "{0} characters where at most {1} are read",
    "a display that is never closed",
    "another file, which is not followed",
    "a block of {0}, which is a program",
    "a program",
    "front matter that is no TOML, so that no model is taken from it",
    "a {0} cell of a notebook",
)
"""Every sentence the reader says, the narrower before the wider."""
PARTS: tuple[str, ...] = ("the end of the line", "a bidirectional mark", "a control or invisible character, {0}")
"""What is put in and has words of its own."""


def unread_words(reason: str, language: str = ENGLISH) -> str:
    """Why a piece was not read.

    >>> unread_words("a bracket ( that is never closed", "zh")
    '括号 ( 没有闭合'
    """
    return reason if language == ENGLISH else said(reason, FORMS, language)


def said(text: str, forms: tuple[str, ...], language: str) -> str:
    """A sentence by the form it has, else as it is."""
    for form in forms:
        found = _pattern(form).fullmatch(text)
        if found is not None:
            inside = [said(part, PARTS, language) for part in found.groups()]
            return translated(form, language, DOMAIN).format(*inside)
    return text


@cache
def _pattern(form: str) -> re.Pattern[str]:
    return re.compile("(.*?)".join(map(re.escape, re.split(r"\{\d\}", form))), re.DOTALL)
