"""How a formula can be read at a point: w^T as a power, I of some size, σ as one of several functions.

Reads two sides and what a point knows; returns the ways to read them, and what a side comes to in one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product as combinations

from symrnn.algebra.reading.syntax import Call, Symbol, Syntax, Times, walk
from symrnn.checking.arithmetic import Evaluator
from symrnn.checking.functions import is_function
from symrnn.checking.matrices import Value
from symrnn.checking.mentions import free_letters
from symrnn.checking.naming import Name
from symrnn.checking.page import Page, Scope
from symrnn.checking.truths import ModelTruths

Bound = dict[str, int]


@dataclass(frozen=True)
class Way:
    """How what is written is read: `w^T` as a power, I with a size, σ as one of several functions, n as a size."""

    powers: bool = False
    eye: int = 0
    whole: int = 0
    spread: bool = False
    sigma: int = 0
    sized: bool = False
    final: bool = False
    """Whether τ is the last step, as in Goodfellow's book."""
    last: str = ""
    """The letter of the last step, where the text says that nothing comes back to it."""

    def allows(self, bound: Bound, steps: int) -> bool:
        """Whether letters can be these steps."""
        return (not self.final or bound["tau"] == steps) and bound.get(self.last, steps) == steps


def value_of(tree: Syntax, page: Page, bound: Bound, way: Way) -> Value:
    """What a formula comes to at a point, read in one way."""
    read = {name: value for name, value in vars(way).items() if name not in ("final", "last")}
    return Evaluator(Scope(page, true=True, **read), bound).value(tree)


def ways_of(left: Syntax, right: Syntax, point: ModelTruths) -> Iterator[Way]:
    """Every size I may have, and every function σ may stand for."""
    pieces = [piece for tree in (left, right) for piece in walk(tree)]
    has_eye = any(isinstance(piece, Symbol) and piece.base == "I" and not piece.below for piece in pieces)
    has_size = any(isinstance(p, Symbol) and not p.below and point.size(p.base) is not None for p in pieces)
    calls = {piece.function.base for piece in pieces if isinstance(piece, Call)}
    sigmas = max((len(point.meaning(base)) for base in calls if not is_function(base)), default=1)
    has_rows = any(isinstance(p, Symbol) and p.base == "E" and len(p.below) == 2 for p in pieces)
    eyes = (*((0,) if point.readings(Name("I")) else ()), *point.dimensions) if has_eye else (0,)
    wholes = point.heights if has_rows else (0,)
    # Beside a Kronecker product E_n may be no loss.
    spreads = (False, True) if any(isinstance(p, Times) and "⊗" in p.operators for p in pieces) else (False,)
    sizes = (False, True) if has_size else (False,)
    finals = (False, True) if "tau" in free_letters(left) | free_letters(right) else (False,)
    options = (eyes, wholes, spreads, range(max(1, sigmas)), sizes, finals)
    for eye, whole, spread, sigma, sized, final in combinations(*options):
        yield Way(eye=eye, whole=whole, spread=spread, sigma=sigma, sized=sized, final=final)
