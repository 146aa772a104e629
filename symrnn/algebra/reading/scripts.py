"""What stands above an operand: a power, a transpose, or a script of its name.

Reads an operand and the scripts behind it; returns the operand with them. A number above raises, T and ⊤ transpose;
anything else above a name stays with the name: whether it is a step is decided by whoever knows the names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from symrnn.algebra.reading.literals import literal_value
from symrnn.algebra.reading.precedence import made
from symrnn.algebra.reading.source import Source, Token
from symrnn.algebra.reading.syntax import Group, Raised, Symbol, Syntax, Transposed


class Script(NamedTuple):
    """What stands below or above, and where its braces end."""

    tree: Syntax
    end: int


_STEPS = frozenset({"t", "T", "k", "j", "i", "tau", "+", "-", ","})


def with_scripts(source: Source, base: Syntax, below: Sequence[Script], above: Sequence[Script]) -> Syntax:
    """The operand with what stands below and above it; of several powers the last is read first."""
    named = isinstance(base, Symbol)
    powers: list[Script] = []
    kept: list[Script] = []
    for script in above:
        (powers if not named or _is_operation(source, script.tree) else kept).append(script)
    if isinstance(base, Symbol):
        end = max([base.end, *(script.end for script in (*below, *kept))])
        if end - base.start > 3 * source.limits.name:
            long = f"a name with scripts longer than {3 * source.limits.name} characters"
            source.refuse(base.at(base.start, end), long, "a shorter name")
        scripts = tuple(script.tree for script in below), (*base.above, *(script.tree for script in kept))
        base = made(source, Symbol(base.base, base.accents, *scripts), base.start, end)
    while powers and _is_transposed(powers[0].tree):
        sign = powers.pop(0)
        letter = source.text[sign.tree.start : sign.tree.end] == "T"
        base = made(source, Transposed(base, letter), base.start, sign.end)
    if not powers:
        return base
    end = powers[-1].end
    exponent = powers.pop().tree
    while powers:
        exponent = raised(source, powers.pop().tree, exponent)
    return raised(source, base, exponent, end)


def raised(source: Source, base: Syntax, exponent: Syntax, end: int = 0) -> Syntax:
    """The power, if its exponent is not too large."""
    value = literal_value(source, exponent)
    if value is not None and abs(value) > source.limits.exponent:
        source.refuse(exponent, f"an exponent beyond {source.limits.exponent}", "a smaller one")
    return made(source, Raised(base, exponent), base.start, max(base.end, exponent.end, end))


def _is_operation(source: Source, script: Syntax) -> bool:
    return _is_transposed(script) or (not isinstance(script, Group) and literal_value(source, script) is not None)


def _is_transposed(script: Syntax) -> bool:
    return isinstance(script, Symbol) and script.base == "T" and not script.below


def is_index(tokens: Sequence[Token], at: int) -> bool:
    """Whether `[…]` directly behind a name is an index: it holds steps and numbers only, unlike in `W[h; x]`."""
    if tokens[at].text != "[" or tokens[at].kind != "open" or tokens[at].spaced or tokens[at + 1].kind == "close":
        return False
    for token in tokens[at + 1 :]:
        if token.kind == "close":
            return True
        if token.kind in ("open", "stop") or (token.kind != "number" and token.text not in _STEPS):
            return False
    return False
