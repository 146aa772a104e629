"""Written names: read by the bounded grammar, kept as plain ASCII, given to a Program's own names.

Reads a name as a textbook writes it (`W_{hf}`, `C̃`, `U^f`); returns it in canonical ASCII (`W_hf`, `C_tilde`, `U^f`).
Promises: nothing but letters, digits, accents and scripts comes through, so no written name is ever raw LaTeX.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from symrnn.algebra.reading.grammar import parse_expression
from symrnn.algebra.reading.names import word_of
from symrnn.algebra.reading.syntax import Group, Num, Symbol, Syntax
from symrnn.algebra.spelling import read_name
from symrnn.errors import InputError, SymrnnError

MOST_CHARACTERS = 60
EXAMPLES = 'a name such as "W_{hf}", "C̃", "\\\\tilde{C}" or "U^f"'

SIGNATURES: Mapping[str, frozenset[str]] = {
    "lstm": frozenset({"f", "i", "o", "c_tilde", "c", "h"}),
    "gru": frozenset({"z", "r", "h_tilde", "h"}),
    "rnn": frozenset({"W_h", "W_x", "h"}),
}
"""By which of its names a cell is known, whatever was added to it or taken from it."""


def kind_of(names: Iterable[str]) -> str | None:
    """The kind of cell that has these names; None for a cell of its own.

    >>> kind_of(["h", "W_h", "W_x", "x", "b", "W_y"]), kind_of(["h", "A", "x"])
    ('rnn', None)
    """
    known = set(names)
    joined = {"h", "W_hx"} <= known
    return next((kind for kind, own in SIGNATURES.items() if own <= known), "rnn" if joined else None)


def written_name(text: str) -> str:
    """A written name in canonical ASCII: accents as words, scripts behind `_` and `^`.

    >>> written_name("W_{hf}"), written_name("C̃"), written_name("U^f"), written_name("δ^{a_h}")
    ('W_hf', 'C_tilde', 'U^f', 'delta^{a_h}')
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError(text[:MOST_CHARACTERS], found=f"a name of {len(text)} characters", write="a shorter one")
    if "%" in text:
        raise InputError(text, found="% begins a comment, no name", write=EXAMPLES)
    try:
        tree = parse_expression(text)
    except SymrnnError as error:
        raise InputError(text, found=error.found, write=EXAMPLES) from None
    if not isinstance(tree, Symbol):
        raise InputError(text, found="no single name", write=EXAMPLES)
    below = "".join(f"_{_script(text, part)}" for part in tree.below)
    above = "".join(f"^{_script(text, part)}" for part in tree.above)
    return "_".join((tree.base, *tree.accents)) + below + above


def _script(text: str, tree: Syntax) -> str:
    inside = tree.body if isinstance(tree, Group) else tree
    word = word_of(inside)
    if word is None or word in ("t", "T"):
        raise InputError(text, found="a script that is a step or a formula, no part of a name", write=EXAMPLES)
    if isinstance(inside, Num):
        return str(inside.value)
    return f"{{{word}}}" if "_" in word else word


def read_as(written: str) -> str:
    """A written name as the grammar reads it back, where scripts above and below are one.

    >>> read_as("U^f"), read_as("C_tilde")
    ('U_f', 'C_tilde')
    """
    return written.replace("^", "_").replace("{", "").replace("}", "")


def argument_name(argument: str, owner: str) -> str:
    """The name of an activation's argument, `a_c_tilde`, once its owner is written otherwise: `a_g`.

    >>> argument_name("a_c_tilde", "g"), argument_name("a_f", "f")
    ('a_g', 'a_f')
    """
    head, _, _ = argument.partition("_")
    return f"{head}_{read_as(owner)}"


def with_base(written: str, base: str) -> str:
    """The same scripts on another letter: δ_f for a_f.

    >>> with_base("a_f", "delta"), with_base("a", "delta"), with_base("a^f", "delta")
    ('delta_f', 'delta', 'delta^f')
    """
    letter = read_name(written).letter
    stem = "_".join((letter.base, *letter.accents, *letter.marks))
    return re.sub(rf"^{re.escape(stem)}", base, written, count=1)


def check_distinct(names: Mapping[str, str]) -> dict[str, str]:
    """What is written to what it means; raises where one written name would mean two things.

    >>> check_distinct({"U_f": "W_hf", "W_f": "W_xf"})
    {'W_hf': 'U_f', 'W_xf': 'W_f'}
    """
    found: dict[str, str] = {}
    for canonical, written in names.items():
        other = found.setdefault(read_as(written), canonical)
        if other != canonical:
            raise InputError(
                f"{other} and {canonical} as {written}",
                found=f"two quantities, {other} and {canonical}, written alike",
                write="a name of its own for each",
            )
    return found
