"""The words of prose that decide where a formula ends, and what a formula's words mean for what is equal.

Tables, English and Chinese; the one question asked of them is whether a run of letters is prose or a name.
"""

from __future__ import annotations

import re

from symrnn.algebra.reading.signs import FUNCTION_WORDS, GREEK_NAMES, HAND_FUNCTIONS


def _words(*rows: str) -> frozenset[str]:
    return frozenset(word for row in rows for word in row.split())


STOP_WORDS = _words(
    "a an the is are was were be been being am and or but nor so then thus hence therefore where with for from of",
    "to in on at by as if when since because that this these those it its we us you he she they i our your their",
    "my has have had get gets got gives give yields yield let set suppose assume given take using use via per",
    "into onto than not no yes now next also only both each all any some which who what while until after before",
    "over under up down out off do does did go how why here there again still just very more most less same other",
    "such e.g i.e w.r.t etc vs eq fig find compute obtain see note means mean say implies show shows called equal",
    "equals whose will would can could should may might must about case step steps time",
)
"""Words that no formula is made of, unless they are two letters long and operators hold them: `it`, `do`."""
HELD_WORDS = frozenset({"Why", "why"})
"""Words that are matrices, from h to y, where an operator, a relation or a script stands beside them."""
BINDING_WORDS = _words(
    "a an the is are was were be and or but so then thus hence therefore where with from if when since because",
    "that this it we have has get gets gives give yields yield let set suppose assume given take using use now",
    "also which while implies obtain find compute see note equal equals at for in by",
)
"""Words behind which a formula begins anew, unlike "of": in "the derivative of h = …" h is not what is equal."""
CONDITIONS_OF = _words("of to w.r.t w.r.t. wrt respect over per on")
MEASURES = _words(
    "gradient gradients grad derivative derivatives deriv change update increment contribution norm difference",
    "error jacobian slope sensitivity share",
)
"""Words before a name that mean something else than the name: "gradient W_h = 0.3"."""
FOREIGN_OF = ("对", "关于", "对于", "相对于", "梯度", "导数", "偏导", "偏导数", "误差", "变化量", "范数", "增量", "的")
OWN_LETTERS = {
    "error": "eEεϵ", "误差": "eEεϵ", "gradient": "gG", "grad": "gG", "梯度": "gG", "jacobian": "J", "norm": "nN",
    "范数": "nN", "difference": "dD", "变化量": "dΔ", "增量": "dΔ", "导数": "d", "derivative": "d",
}  # fmt: skip
"""Letters that name the measure itself: "the error e = 0.2" says what e is."""
_ENGLISH_FUNCTIONS = _words(
    "linear identity normal sign norm inner max min vec abs step logistic diag cross_entropy swish tr",
)
_GRADIENT = re.compile(r"d[A-Z][A-Za-z]?$")
_NAMES = FUNCTION_WORDS | HAND_FUNCTIONS | GREEK_NAMES
_VOWELS = frozenset("aeiouyAEIOUY")


def is_prose(word: str, following: str) -> bool:
    """Whether a run of letters is a word of prose; `following` is the character behind it.

    >>> [is_prose(word, " ") for word in ("small", "Wh", "dWf", "tanh", "the", "Wxh")]
    [True, False, False, False, True, False]
    """
    if not (word.isascii() and word.isalpha()) or len(word) < 2 or (following and following in "_^([{'"):
        return False
    if word.lower() in STOP_WORDS or word in _ENGLISH_FUNCTIONS:
        return True
    if word in _NAMES or _GRADIENT.match(word) or len(word) == 2:
        return False
    return len(word) > 4 or word.isupper() or any(letter in _VOWELS for letter in word)
