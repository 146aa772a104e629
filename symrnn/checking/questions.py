"""What a formula asks of a matrix or of a family of names: `det(W - λI)`, `ρ(W)`, `|W|`, `max_i |λ_i|`, `log_2 8`.

Reads calls through the evaluator it is given; returns numbers. Other functions are not answered here.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Protocol

from symrnn.algebra.reading.syntax import Call, Num, Symbol, Syntax, walk
from symrnn.checking.functions import applied
from symrnn.checking.matrices import Matrix, Value
from symrnn.checking.naming import Known, Name, name_of
from symrnn.checking.numbers import Number, inverse, less, product
from symrnn.checking.reasons import NotMeant, Unknown
from symrnn.checking.spectra import WORDS, answer, norm, smallest_singular_value

STEEPEST = frozenset({"sigmoid", "tanh"})
"""Functions that rise most at 0."""
MOST_MEMBERS = 20
"""Of `max_i`."""


class Scope(Protocol):
    """Where names get their values."""

    def named(self, name: Known) -> Value | None:
        """The value of a name, or None."""
        ...

    def meaning(self, function: str) -> str | None:
        """Which function a generic name stands for."""
        ...


class Evaluator(Protocol):
    """What is asked of the evaluator."""

    bound: dict[str, int]
    size: int

    @property
    def scope(self) -> Scope:
        """Where names get their values."""
        ...

    def value(self, tree: Syntax) -> Value:
        """The value of a formula."""
        ...

    def number(self, tree: Syntax) -> Number:
        """The value of a formula that is one number."""
        ...


def answer_to(evaluator: Evaluator, tree: Call, name: str) -> Number | None:
    """The number a call asks for, or None where it is a function of numbers like others."""
    below = word_of(tree.function.below[0]) if tree.function.below else ""
    argument = tree.arguments[0]
    if name in ("max", "min") and below and len(tree.arguments) == 1:
        return _extreme(
            name,
            _members(evaluator, argument, below) if _counts(argument, below) else _steepest(evaluator, argument, below),
        )
    if tree.function.base == "sigma" and below == "max":
        return norm(evaluator.value(argument), "2")
    if tree.function.base == "sigma" and below == "min":
        return smallest_singular_value(evaluator.value(argument))
    if name == "log" and below:
        over, under = (applied("ln")(evaluator.number(part)) for part in (argument, tree.function.below[0]))
        return product(over, inverse(under))
    if below and name in WORDS:
        raise NotMeant(f"{name} with a subscript")
    if name in WORDS:
        return answer(WORDS[name], _square(evaluator, argument))
    if name == "abs":
        value = _square(evaluator, argument)
        # Of a vector |h| is taken entry by entry.
        return answer("det", value) if isinstance(value, Matrix) and value.shape[0] == value.shape[1] else None
    return None


def word_of(tree: Syntax | None) -> str:
    """What stands below a norm or a function, as a word."""
    match tree:
        case Symbol(base=base):
            return base
        case Num(text=text):
            return text
    return ""


def _counts(body: Syntax, index: str) -> bool:
    """Whether the letter below `max` is an index of names, as in `max_i |λ_i|`."""
    scripts = (script for piece in walk(body) if isinstance(piece, Symbol) for script in piece.below)
    return any(isinstance(piece, Symbol) and piece.base == index for script in scripts for piece in walk(script))


def _steepest(evaluator: Evaluator, body: Syntax, argument: str) -> list[Number]:
    """`max_z σ'(z)`: the slopes of the sigmoid and of tanh are greatest at 0."""
    match body:
        case Call(function=Symbol(accents=("prime",)) as function, arguments=(Symbol(base=base, below=()),)):
            meant = function.base if function.base in STEEPEST else evaluator.scope.meaning(function.base)
            if base == argument and meant in STEEPEST:
                return [evaluator.number(replace(body, arguments=(Num(Fraction(0), "0"),)))]
    raise NotMeant(f"an extreme value over all {argument}")


def _members(evaluator: Evaluator, body: Syntax, index: str) -> list[Number]:
    """The values of a formula at 1, 2, … as far as there are names for them."""
    found: list[Number] = []
    for step in range(1, MOST_MEMBERS):
        evaluator.bound[index] = step
        try:
            found.append(evaluator.number(body))
        except Unknown:
            break
        finally:
            evaluator.bound.pop(index, None)
    if not found:
        raise Unknown(f"what is counted by {index}")
    return found


def _extreme(name: str, numbers: list[Number]) -> Number:
    best = numbers[0]
    for number in numbers[1:]:
        if less(best.value, number.value) == (name == "max"):
            best = number
    return best


def _square(evaluator: Evaluator, tree: Syntax) -> Value:
    """The value of a formula in which I may stand: as large as the matrix beside it."""
    names = (name_of(piece) for piece in walk(tree) if isinstance(piece, Symbol))
    values = [evaluator.scope.named(name) for name in names if name is not None and name != Name("I")]
    evaluator.size = next((value.shape[0] for value in values if isinstance(value, Matrix)), evaluator.size)
    return evaluator.value(tree)
