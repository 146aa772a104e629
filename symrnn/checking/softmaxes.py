"""Derivatives of a softmax that a text tells apart from any cell: `p = softmax(z)`, so ∂p_1/∂z_2 = −p_1 p_2.

Reads two syntax trees and which name is the softmax of which; says whether they agree where z is drawn, for every pair
of entries: of `∂p_i/∂z_j` without δ_ij for two that differ, as people say so beside it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from symrnn.algebra.reading.syntax import Big, Call, Chain, Group, Quotient, Raised, Symbol, Syntax, rebuilt, walk
from symrnn.checking.arithmetic import NotMeant, Unknown
from symrnn.checking.claims import Working
from symrnn.checking.matrices import Misfit
from symrnn.checking.mentions import free_letters
from symrnn.checking.naming import Derivative, Known, Name, name_of
from symrnn.checking.numbers import MP, Number, TooLarge, Undefined, function, inverse, negative, product, sharp, total
from symrnn.checking.outcomes import Outcome, compared
from symrnn.checking.page import NoTruths, Page, Reading
from symrnn.checking.supposing import SEEDS
from symrnn.checking.ways import Way, value_of

ENTRIES = 3
PARTS = 16


def softmaxes_in(working: Working) -> Mapping[str, str]:
    """`p = softmax(z)`, `p_i = e^{z_i} / Σ_j e^{z_j}`: the names of both, where none of them has a step."""
    found: dict[str, str] = {}
    for link in working.links:
        head, body = name_of(link.left), link.right
        if not isinstance(head, Name):
            continue
        match body:
            case Call(function=Symbol(base="softmax"), arguments=(Symbol() as argument,)) if not head.steps:
                of = name_of(argument)
            case Quotient(over=over, under=Big(kind="sum", body=under)) if head.step in ("i", "j", "k"):
                of, other = _exponent(over), _exponent(under)
                of = of if of is not None and other is not None and of.whole == other.whole else None
            case _:
                continue
        if isinstance(of, Name) and of.steps == head.steps:
            found[head.whole] = of.whole
    return found


def _exponent(tree: Syntax) -> Name | None:
    """The z_i of e^{z_i}."""
    match tree:
        case Raised(base=Symbol(base="e"), exponent=Symbol() as inner):
            pass
        case Call(function=Symbol(base="exp"), arguments=(Symbol() as inner,)):
            pass
        case _:
            return None
    name = name_of(inner)
    return name if isinstance(name, Name) else None


def derivative_of_softmax(left: Syntax, right: Syntax, told: Mapping[str, str]) -> Outcome:
    """Whether a formula for `∂p_i/∂z_j` holds; None where it is none, or holds something else."""
    name = name_of(left)
    if not isinstance(name, Derivative) or told.get(name.of.whole) != name.wrt.whole:
        return Outcome(None)
    if not (
        isinstance(name.of, Name) and isinstance(name.wrt, Name) and len(name.of.steps) == len(name.wrt.steps) == 1
    ):
        return Outcome(None)
    spelled = [_with_brackets(tree) for tree in (left, right)]
    letters = sorted(free_letters(left))
    apart = not any(isinstance(piece, Group) and piece.bracket == "[" for piece in walk(spelled[1]))
    try:
        for seed in SEEDS:
            entries = Entries(seed, name.of.whole, name.wrt.whole)
            for bound in _places(letters, apart):
                values = [value_of(tree, Page(entries), bound, Way()) for tree in spelled]
                outcome = compared(values[0], values[1])
                if outcome is not None:
                    return outcome
    except (Unknown, NotMeant, TooLarge, Misfit, Undefined):
        return Outcome(None)
    return Outcome(True)


def _places(letters: Sequence[str], apart: bool) -> Iterator[dict[str, int]]:
    places: list[dict[str, int]] = [{}]
    for letter in letters:
        places = [{**one, letter: k} for one in places for k in range(1, ENTRIES + 1)]
    yield from (one for one in places if not apart or len(set(one.values())) == len(one))


def _with_brackets(tree: Syntax) -> Syntax:
    """The tree with every δ_ij made [i = j]."""
    match tree:
        case Symbol(base="delta", below=(Symbol(base=pair),), above=()) if len(pair) == 2 and set(pair) <= set("ijkl"):
            equal = Chain((Symbol(pair[0]), Symbol(pair[1])), ("=",))
            return Group(equal, "[", start=tree.start, end=tree.end)
    return rebuilt(tree, _with_brackets)


@dataclass(frozen=True)
class _Drawn:
    z: tuple[Number, ...]
    p: tuple[Number, ...]


class Entries(NoTruths):
    """The entries of p and z, and the derivatives between them, at a drawn z."""

    def __init__(self, seed: int, of: str, wrt: str) -> None:
        self.seed, self.of, self.wrt = seed, of, wrt

    @cached_property
    def _drawn(self) -> _Drawn:
        rng = random.Random(f"{self.seed}:{self.wrt}")
        z = tuple(sharp(Fraction(rng.randint(-PARTS, PARTS), PARTS)) for _ in range(ENTRIES))
        powers = [function(MP.exp, one, True) for one in z]
        weight = sharp(0)
        for one in powers:
            weight = total(weight, one)
        return _Drawn(z, tuple(product(one, inverse(weight)) for one in powers))

    def readings(self, name: Known) -> Sequence[Reading]:
        """An entry, or ∂p_i/∂z_j = p_i ([i = j] − p_j)."""
        value: Number | None = None
        if isinstance(name, Derivative):
            i, j = self._at(name.of.step), self._at(name.wrt.step)
            if (name.of.whole, name.wrt.whole) == (self.of, self.wrt) and i is not None and j is not None:
                p = self._drawn.p
                value = product(p[i], total(sharp(int(i == j)), negative(p[j])))
        elif (at := self._at(name.step)) is not None and name.whole in (self.of, self.wrt):
            value = (self._drawn.p if name.whole == self.of else self._drawn.z)[at]
        return () if value is None else (Reading(str(name), value),)

    def _at(self, step: object) -> int | None:
        return step - 1 if isinstance(step, int) and 1 <= step <= ENTRIES else None
