"""The range of a Σ or ∏ however it is written: `t=1` and `T`, `1 ≤ t ≤ T`, `t ≥ i > k`, `k ≤ t`.

Reads what stands below and above; returns it as `index = first` below and the last one above.
"""

from __future__ import annotations

from fractions import Fraction

from symrnn.algebra.reading.syntax import Chain, Num, Symbol, Syntax, Terms

_TURNED = {"≥": "≤", ">": "<"}


def ranged(kind: str, below: Syntax | None, above: Syntax | None) -> tuple[Syntax | None, Syntax | None]:
    """What stands below and above, inequalities as the first and the last index; products keep their direction.

    A range without a beginning begins with step 1.
    """
    if not isinstance(below, Chain) or above is not None:
        return below, above
    relations, sides = below.relations, below.sides
    falls = all(relation in _TURNED for relation in relations)
    if falls:
        relations, sides = tuple(_TURNED[relation] for relation in reversed(relations)), sides[::-1]
    if not set(relations) <= {"≤", "<"}:
        return below, above
    match sides:
        case (low, Symbol(below=(), above=()) as index, high):
            first, last = _moved(low, relations[0] == "<", 1), _moved(high, relations[1] == "<", -1)
        case (Symbol(below=(), above=()) as index, high) if not falls:
            first, last = Num(Fraction(1), "1", start=below.start, end=below.end), _moved(high, relations[0] == "<", -1)
        case _:
            return below, above
    if falls and kind == "prod":
        first, last = last, first
    return Chain((index, first), ("=",), start=below.start, end=below.end), last


def _moved(bound: Syntax, is_strict: bool, by: int) -> Syntax:
    """A bound, or its neighbour where the inequality is strict."""
    if not is_strict:
        return bound
    if isinstance(bound, Num) and bound.value.denominator == 1:
        return Num(bound.value + by, str(bound.value + by), start=bound.start, end=bound.end)
    one = Num(Fraction(1), "1", start=bound.start, end=bound.end)
    terms = bound.terms if isinstance(bound, Terms) else ((1, bound),)
    return Terms((*terms, (by, one)), start=bound.start, end=bound.end)
