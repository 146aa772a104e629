"""Slips of arithmetic: the displayed formula as someone would compute it by mistake.

Reads the syntax of one side; yields the formula that was computed instead, with the row of the table, and for a single
number what its digits may have been meant to be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

from symrnn.algebra.reading.syntax import (
    Call,
    Group,
    Norm,
    Num,
    Quotient,
    Raised,
    Symbol,
    Syntax,
    Terms,
    Times,
    walk,
    without_brackets,
)
from symrnn.checking.digits import Digits, is_whole

TWO = Num(Fraction(2), "2")
HALF = Quotient(Num(Fraction(1), "1"), TWO)
MOST = 80
"""Pieces of a formula that is looked at."""


def slipped(tree: Syntax) -> Iterator[tuple[str, Syntax]]:
    """Every formula that one slip makes of a formula.

    >>> from symrnn.algebra.reading.grammar import parse_expression
    >>> sorted({row for row, _ in slipped(parse_expression("1/2 * 0.125^2"))})
    ['A01', 'A02', 'A05', 'A12', 'A13', 'A18', 'R24']
    """
    return ((row, new) for row, _, new in slipped_at(tree))


def slipped_at(tree: Syntax) -> Iterator[tuple[str, Syntax, Syntax]]:
    """The same, with the piece that the slip is made in."""
    if sum(1 for _ in walk(tree)) > MOST:
        return
    for count, (sub, rebuilt) in enumerate(_places(tree)):
        if count > MOST:
            return
        for change in _CHANGES:
            for row, new in change(sub):
                yield row, sub, rebuilt(new)
    yield "R24", tree, Terms(((-1, tree),))


def _places(tree: Syntax) -> Iterator[tuple[Syntax, Callable[[Syntax], Syntax]]]:
    yield tree, lambda new: new
    for sub, put in _below(tree):
        for inner, rebuilt in _places(sub):
            yield inner, _composed(put, rebuilt)


def _composed(put: Callable[[Syntax], Syntax], inner: Callable[[Syntax], Syntax]) -> Callable[[Syntax], Syntax]:
    return lambda new: put(inner(new))


def _below(tree: Syntax) -> Iterator[tuple[Syntax, Callable[[Syntax], Syntax]]]:
    match tree:
        case Group(body=body):
            yield body, lambda new: replace(tree, body=new)
        case Terms(terms=terms):
            for at, (sign, term) in enumerate(terms):
                yield term, _term_at(tree, at, sign)
        case Times(factors=factors):
            for at, factor in enumerate(factors):
                yield factor, _factor_at(tree, at)
        case Quotient(over=over, under=under):
            yield over, lambda new: replace(tree, over=new)
            yield under, lambda new: replace(tree, under=new)
        case Raised(base=base):
            yield base, lambda new: replace(tree, base=new)
        case Call(arguments=(argument,)):
            yield argument, lambda new: replace(tree, arguments=(new,))


def _term_at(tree: Terms, at: int, sign: int) -> Callable[[Syntax], Syntax]:
    return lambda new: replace(tree, terms=(*tree.terms[:at], (sign, new), *tree.terms[at + 1 :]))


def _factor_at(tree: Times, at: int) -> Callable[[Syntax], Syntax]:
    return lambda new: replace(tree, factors=(*tree.factors[:at], new, *tree.factors[at + 1 :]))


# --- changes --------------------------------------------------------------------------------------------------------


def _powers(tree: Syntax) -> Iterator[tuple[str, Syntax]]:
    if not isinstance(tree, Raised) or not isinstance(tree.exponent, Num) or tree.exponent.value <= 2:
        return
    count = tree.exponent.value
    yield "A12", Times((tree.exponent, tree.base), ("·",))
    for other in (count - 1, count + 1):
        yield "R15", replace(tree, exponent=Num(other, str(other)))


def _squares(tree: Syntax) -> Iterator[tuple[str, Syntax]]:
    if not isinstance(tree, Raised) or not isinstance(tree.exponent, Num) or tree.exponent.value != 2:
        return
    base = tree.base
    yield "A01", base
    yield "A12", Times((TWO, base), ("·",))
    inner = without_brackets(base)
    if isinstance(inner, Terms) and len(inner.terms) > 1:
        squares = tuple(
            (1 if k == 0 else sign, Raised(Group(term), tree.exponent)) for k, (sign, term) in enumerate(inner.terms)
        )
        yield "A09", Terms(squares)
    elif isinstance(inner, Terms) or (isinstance(inner, Num) and isinstance(base, Group)):
        yield "A09", Terms(((-1, tree),))


def _products(tree: Syntax) -> Iterator[tuple[str, Syntax]]:
    if isinstance(tree, Times) and "⊙" not in tree.operators:
        for at, factor in enumerate(tree.factors):
            rest = [*tree.factors[:at], *tree.factors[at + 1 :]]
            row = "A02" if _is_half(factor) else "A05"
            yield row, rest[0] if len(rest) == 1 else Times(tuple(rest), ("·",) * (len(rest) - 1))
            yield "A05", Times((factor, *tree.factors), ("·", *tree.operators))
            if isinstance(factor, Quotient) and _is_number(factor):
                # Beside other factors: 5/2 · g where g is multiplied by 2/5.
                turned = Quotient(factor.under, factor.over)
                yield "A18", replace(tree, factors=(*tree.factors[:at], turned, *tree.factors[at + 1 :]))
        if len(tree.factors) == 2:
            yield "A13", Terms(tuple((1, factor) for factor in tree.factors))
    elif isinstance(tree, Quotient):
        if isinstance(tree.under, Num) and tree.under.value == 2:
            yield "A02", tree.over
        if not _is_number(tree):
            # 3/4 by itself is one number, which nobody turns.
            yield "A18", Quotient(tree.under, tree.over)


def _is_number(tree: Quotient) -> bool:
    return all(isinstance(part, Num) and is_whole(part) for part in (tree.over, tree.under))


def _is_half(tree: Syntax) -> bool:
    inner = without_brackets(tree)
    if isinstance(inner, Num):
        return inner.value == Fraction(1, 2) and inner.text.startswith(("1/", "½"))
    return isinstance(inner, Quotient) and inner.under == TWO and isinstance(inner.over, Num) and inner.over.value == 1


def _sums(tree: Syntax) -> Iterator[tuple[str, Syntax]]:
    if not isinstance(tree, Terms) or len(tree.terms) < 2:
        return
    for at, (sign, term) in enumerate(tree.terms):
        rest = (*tree.terms[:at], *tree.terms[at + 1 :])
        yield "A11", rest[0][1] if len(rest) == 1 and rest[0][0] > 0 else Terms(rest)
        yield "A14", Terms((*tree.terms[:at], (-sign, term), *tree.terms[at + 1 :]))
    yield from _slopes(tree)


def _slopes(tree: Terms) -> Iterator[tuple[str, Syntax]]:
    """`1 − h²`."""
    (sign, one), (other, square) = tree.terms[:2]
    if len(tree.terms) != 2 or sign < 0 or other > 0 or not (isinstance(one, Num) and one.value == 1):
        return
    if isinstance(square, Raised):
        base = square.base
        yield "R05", Terms(((1, one), (-1, base)))
        yield "R06", Times((base, Group(Terms(((1, one), (-1, base))))), ("·",))
        yield "R07", Terms(((1, one), (1, square)))


def _calls(tree: Syntax) -> Iterator[tuple[str, Syntax]]:
    if isinstance(tree, Call) and len(tree.arguments) == 1:
        name = tree.function.base
        yield {"sqrt": "A17", "abs": "A19"}.get(name, "F04"), Group(tree.arguments[0])
        other = {"tanh": "sigmoid", "sigma": "tanh", "sigmoid": "tanh"}.get(name)
        if other:
            yield "A15", replace(tree, function=Symbol(other), certain=True)


def _sizes(tree: Syntax) -> Iterator[tuple[str, Syntax]]:
    if isinstance(tree, Norm):
        yield "A19", Group(tree.body)


_CHANGES = (_squares, _powers, _products, _sums, _calls, _sizes)


def digit_slips(digits: Digits) -> Iterator[tuple[str, Digits]]:
    """The numbers that a slip of the pen makes this one from: the point moved, digits swapped."""
    for power in (-3, -2, -1, 1, 2, 3):
        scale = Fraction(10) ** power
        yield "A03", Digits(digits.value * scale, digits.unit * scale, digits.text)
    yield from _swapped(digits)


def _swapped(digits: Digits) -> Iterator[tuple[str, Digits]]:
    text = digits.text
    for at, other in combinations(range(len(text)), 2):
        a, b = text[at], text[other]
        if a != b and a.isdigit() and b.isdigit() and other - at <= 3:
            swapped = text[:at] + b + text[at + 1 : other] + a + text[other + 1 :]
            sign = -1 if digits.value < 0 else 1
            if "e" not in swapped.lower() and "%" not in swapped:
                yield "A04", Digits(sign * Fraction(swapped), digits.unit, swapped)


def one_digit_slips(digits: Digits) -> Iterator[tuple[str, Digits]]:
    """The numbers that differ from this one in a single digit."""
    text = digits.text
    if "e" in text.lower() or "%" in text:
        return
    for at, old in enumerate(text):
        for new in "0123456789" if old.isdigit() else "":
            changed = text[:at] + new + text[at + 1 :]
            if new != old:
                yield "A16", Digits(Fraction(changed) * (-1 if digits.value < 0 else 1), digits.unit, changed)
