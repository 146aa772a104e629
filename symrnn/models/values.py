"""Exact values typed as text: `"1/3"`, `"ln(2)"`, `"sqrt(2)/2"`, and symbols such as `"w"`.

Reads the one grammar's syntax tree; names become SymPy symbols only after they passed the grammar's identifier rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import sympy as sp

from symrnn.algebra.reading.grammar import parse_expression
from symrnn.algebra.reading.syntax import Call, Group, Num, Quotient, Raised, Symbol, Syntax, Terms, Times
from symrnn.errors import InputError, Place, SymrnnError

MOST_EXPONENT = 1_000
MOST_BITS = 10_000
MOST_ARGUMENT = 1_000_000
"""Of exp, tanh and sigmoid: exp(exp(exp(100))) has more digits than there are atoms."""

FUNCTIONS: Mapping[str, Callable[[sp.Expr], sp.Expr]] = MappingProxyType(
    {
        "ln": sp.log,
        "log": sp.log,
        "exp": sp.exp,
        "sqrt": sp.sqrt,
        "tanh": sp.tanh,
        "artanh": sp.atanh,
        "atanh": sp.atanh,
        "sigmoid": lambda x: 1 / (1 + sp.exp(-x)),
    }
)
"""What may stand in an exact value."""

ASSUMPTIONS = ("positive", "negative", "real", "nonnegative", "nonzero", "integer")


def exact_value(text: str, assume: Mapping[str, str], place: Place | None = None) -> sp.Expr:
    """A typed number as an exact SymPy number, or a symbol.

    >>> exact_value("1/3", {}), exact_value("2*ln(2)", {}), exact_value("w", {"w": "positive"})
    (1/3, 2*log(2), w)
    """
    try:
        value = _value(parse_expression(text), assume)
    except SymrnnError as error:
        raise InputError(
            text, found=f"{text!r}: {error.found}", write='a number such as "1/3", "ln(2)" or a symbol "w"', place=place
        ) from None
    if value.is_finite is False or value.has(sp.zoo, sp.nan):
        raise InputError(text, found=f"{text!r} is not finite", write='a finite number such as "1/3"', place=place)
    return value


def _value(tree: Syntax, assume: Mapping[str, str]) -> sp.Expr:
    value = _computed(tree, assume)
    if value.is_Rational and max(value.p.bit_length(), value.q.bit_length()) > MOST_BITS:
        raise InputError("", found="a number of more than 3,000 digits", write="")
    return value


def _computed(tree: Syntax, assume: Mapping[str, str]) -> sp.Expr:
    match tree:
        case Num():
            return sp.Rational(tree.value.numerator, tree.value.denominator)
        case Group() if tree.bracket == "(":
            return _value(tree.body, assume)
        case Terms():
            return sp.Add(*(sign * _value(term, assume) for sign, term in tree.terms))
        case Times() if all(operator in ("", "*", "·", "×") for operator in tree.operators):
            return sp.Mul(*(_value(factor, assume) for factor in tree.factors))
        case Quotient():
            return _value(tree.over, assume) / _value(tree.under, assume)
        case Raised():
            return _power(_value(tree.base, assume), _value(tree.exponent, assume))
        case Call() if len(tree.arguments) == 1 and tree.function.base in FUNCTIONS:
            return FUNCTIONS[tree.function.base](_bounded(_value(tree.arguments[0], assume)))
        case Symbol() if not tree.above:
            return _symbol(tree, assume)
    raise InputError("", found="no number and no symbol", write="")


def _bounded(argument: sp.Expr) -> sp.Expr:
    """An argument whose exponential can be held."""
    if argument.is_number and not abs(complex(argument)) <= MOST_ARGUMENT:
        raise InputError("", found=f"an argument beyond ±{MOST_ARGUMENT:,}", write="")
    return argument


def _power(base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
    if not exponent.is_Rational or abs(exponent) > MOST_EXPONENT:
        raise InputError("", found=f"an exponent beyond ±{MOST_EXPONENT}", write="")
    return base**exponent


def _symbol(tree: Symbol, assume: Mapping[str, str]) -> sp.Expr:
    parts = [tree.base, *(piece.base for piece in tree.below if isinstance(piece, Symbol)), *tree.accents]
    name = "_".join(parts)
    if not name.replace("_", "").isalnum() or not name.isascii():
        raise InputError("", found="a name with signs that no symbol has", write="")
    kind = assume.get(name, "real")
    if kind not in ASSUMPTIONS:
        raise InputError("", found=f"[assume] {name} = {kind!r}", write=", ".join(ASSUMPTIONS))
    return sp.Symbol(name, real=True, **({} if kind == "real" else {kind: True}))
