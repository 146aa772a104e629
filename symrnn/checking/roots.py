"""Equations for an eigenvalue: `det(W - λI) = λ² - 1.1λ + 0.28 = 0`, and the roots a text gives for them.

Reads trees in which λ has no value; evaluates them at numbers for λ. Two sides that agree at all of them are the same
polynomial; what is given as a root is put in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from symrnn.algebra.reading.syntax import Call, Symbol, Syntax, walk
from symrnn.checking.arithmetic import Evaluator
from symrnn.checking.comparing import Agreement, values_meeting
from symrnn.checking.digits import Digits
from symrnn.checking.matrices import Value
from symrnn.checking.numbers import Number, add, less, negative, sharp, times, total
from symrnn.checking.page import Page, Record, Scope
from symrnn.checking.reasons import NoValue

LETTERS = ("lambda", "mu")
"""What eigenvalues are called."""
_SYMBOLS = tuple(map(Symbol, LETTERS))
_POINTS = (2, 3, 5, -4, 7, -11)


@dataclass(frozen=True)
class RootEquation:
    """`left = right` in λ."""

    left: Syntax
    right: Syntax


def is_open(tree: Syntax) -> bool:
    """Whether λ stands in a formula, without an index."""
    return any(isinstance(piece, Symbol) and piece in _SYMBOLS for piece in walk(tree))


def is_characteristic(tree: Syntax) -> bool:
    """`det(W - λI)`, `|W - λI|`."""
    return isinstance(tree, Call) and tree.function.base in ("det", "abs") and is_open(tree)


def same_polynomial(left: Syntax, right: Syntax, page: Page, last: Agreement = Agreement.LAST_DIGIT) -> bool | None:
    """Whether two sides agree at every number for λ, as far as `last` or better; None where one has no value."""
    agree = True
    for point in _POINTS:
        try:
            values: list[Value] = [
                Evaluator(Scope(page), dict.fromkeys(LETTERS, point)).value(tree) for tree in (left, right)
            ]
            agree &= values_meeting(values[0], values[1]) <= last
        except NoValue:
            return None
    return agree


def is_root(equation: RootEquation, digits: Digits, page: Page) -> bool | None:
    """Whether a number that is rounded as this one is may solve an equation; its coefficients may be rounded, too."""
    half = digits.unit / 2
    try:
        low, middle, high = (_apart(equation, digits.value + by, page) for by in (-half, 0, half))
    except NoValue:
        return None
    all_above = all(less(Fraction(0), side.low) for side in (low, middle, high))
    all_below = all(less(side.high, Fraction(0)) for side in (low, middle, high))
    if not (all_above or all_below):
        return True
    # Two roots so near to one another that the sign does not change between the bounds.
    bend = add(add(low.value, high.value), times(Fraction(-2), middle.value))
    return not less(abs(bend), abs(middle.value))


def _apart(equation: RootEquation, value: Fraction, page: Page) -> Number:
    """What is between the sides where λ has this value."""
    there = replace(page, names=page.names | dict.fromkeys(LETTERS, Record(sharp(value), None)))
    scope = Scope(there, fresh=True)
    left, right = (Evaluator(scope).number(tree) for tree in (equation.left, equation.right))
    return total(left, negative(right))
