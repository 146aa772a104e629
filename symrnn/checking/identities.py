"""Identities without a model: `tanh'(x) = 1 − tanh²(x)`, tried where every plain name is a drawn number.

Reads two syntax trees; says whether they agree at three points.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction

from symrnn.algebra.reading.syntax import Call, Syntax, walk
from symrnn.checking.arithmetic import NotMeant, Unknown
from symrnn.checking.functions import is_function
from symrnn.checking.matrices import Misfit
from symrnn.checking.mentions import names_of
from symrnn.checking.naming import Derivative, Known
from symrnn.checking.numbers import TooLarge, Undefined, sharp
from symrnn.checking.outcomes import Outcome, compared
from symrnn.checking.page import NoTruths, Page, Reading
from symrnn.checking.supposing import SEEDS
from symrnn.checking.ways import Way, value_of


class DrawnNames(NoTruths):
    """Every plain name is a number drawn from its letters: for identities such as `tanh'(x) = 1 − tanh²(x)`."""

    def __init__(self, seed: int, positive: bool = False) -> None:
        self.seed = seed
        self.positive = positive

    def readings(self, name: Known) -> Sequence[Reading]:
        """A number between −1 and 1, or between 0 and 1."""
        if isinstance(name, Derivative):
            return ()
        rng = random.Random(f"{self.seed}:{name}")
        sign, size = rng.choice((-1, 1)), rng.randint(5, 29)
        return (Reading(str(name), sharp(Fraction(size if self.positive else sign * size, 31))),)

    def meaning(self, function: str) -> Sequence[str]:
        """σ is the sigmoid here."""
        return ("sigmoid",) if function == "sigma" else ()


def identity(left: Syntax, right: Syntax, functions: dict[str, str]) -> Outcome:
    """Whether an identity of functions holds; None where it may be a definition or a condition instead."""
    if not _has_call(left):
        return Outcome(None)
    names = [{str(name) for name in names_of(tree)} for tree in (left, right)]
    if not names[1] or not names[1] <= names[0]:
        return Outcome(None)
    outcome = _tried(left, right, functions, False) or _tried(left, right, functions, True) or Outcome(None)
    # `tanh(ln k) = (k² − 1)/(k² + 1)` holds; `f(k) = k + 1` that does not may say what f is.
    return outcome if outcome.agree or _has_call(right) or _is_primed(left) else Outcome(None)


def _tried(left: Syntax, right: Syntax, functions: dict[str, str], positive: bool) -> Outcome | None:
    """The outcome at drawn numbers; None where they have no logarithm."""
    try:
        for seed in SEEDS:
            page = Page(DrawnNames(seed, positive), functions=dict(functions))
            outcome = compared(value_of(left, page, {}, Way()), value_of(right, page, {}, Way()))
            if outcome is not None:
                return outcome
    except Undefined:
        return None
    except (Unknown, NotMeant, TooLarge, Misfit):
        return Outcome(None)
    return Outcome(True)


def _has_call(tree: Syntax) -> bool:
    return any(isinstance(p, Call) and (is_function(p.function.base) or p.function.base == "sigma") for p in walk(tree))


def _is_primed(tree: Syntax) -> bool:
    return isinstance(tree, Call) and "prime" in tree.function.accents
