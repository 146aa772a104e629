"""The exact numbers written in a formula, folded where a formula holds nothing else; bounded before each step.

Reads syntax trees; returns exact values or None. Promises: no power, product or quotient is computed that could not be
written down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import sympy as sp

from symrnn.algebra.reading.source import Source
from symrnn.algebra.reading.syntax import Group, Num, Quotient, Raised, Symbol, Syntax, Terms, Times


def literal_value(source: Source, tree: Syntax) -> Fraction | None:
    """The exact number a tree of numbers stands for, or None; refused where it is too large to write down."""
    match tree:
        case Num(value=value):
            return value
        case Group(body=body):
            return literal_value(source, body)
        case Terms(terms=terms):
            values = [literal_value(source, term) for _, term in terms]
            signed = [sign * value for (sign, _), value in zip(terms, values, strict=True) if value is not None]
            return sum(signed, Fraction(0)) if len(signed) == len(terms) else None
        case Quotient(over=over, under=under):
            top, bottom = literal_value(source, over), literal_value(source, under)
            if bottom == 0:
                source.fail(under, "a division by zero", "a divisor that is not 0")
            return top / bottom if top is not None and bottom is not None else None
        case Times(factors=factors):
            return _literal_product(source, tree, factors)
        case Raised(base=base, exponent=exponent):
            return _literal_power(source, tree, literal_value(source, base), literal_value(source, exponent))
    return None


def _literal_product(source: Source, tree: Syntax, factors: Sequence[Syntax]) -> Fraction | None:
    product = Fraction(1)
    for factor in factors:
        value = literal_value(source, factor)
        if value is None:
            return None
        product = _bounded(source, tree, product * value)
    return product


def _literal_power(source: Source, tree: Syntax, base: Fraction | None, exponent: Fraction | None) -> Fraction | None:
    if base is None or exponent is None or exponent.denominator != 1:
        return None
    if base == 0 and exponent < 0:
        source.fail(tree, "a division by zero", "a divisor that is not 0")
    size = max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(exponent.numerator)
    return _bounded(source, tree, base**exponent.numerator if size < 100_000 else None)


def _bounded(source: Source, tree: Syntax, value: Fraction | None) -> Fraction:
    if value is None or max(value.numerator.bit_length(), value.denominator.bit_length()) > 20_000:
        source.refuse(tree, "a number too large to write down", "a smaller one")
    return value


class Numbers:
    """Exact values of pieces that hold numbers, T and sizes only: `1/2`, `1/T`, `2 n`."""

    def __init__(self, source: Source, constants: Mapping[str, sp.Expr]) -> None:
        self.source = source
        self.constants = constants
        self._found: dict[int, sp.Expr | None] = {}

    def value(self, tree: Syntax) -> sp.Expr | None:
        """The value of a piece, or None."""
        if id(tree) not in self._found:
            self._found[id(tree)] = self._value(tree)
        return self._found[id(tree)]

    def _value(self, tree: Syntax) -> sp.Expr | None:
        match tree:
            case Symbol(base=base, accents=(), below=(), above=()):
                return self.constants.get(base)
            case Group(body=body):
                return self.value(body)
            case Terms(terms=terms):
                values = [sign * value for sign, term in terms if (value := self.value(term)) is not None]
                return sp.Add(*values) if len(values) == len(terms) else None
        if isinstance(tree, Num | Times | Quotient | Raised):
            plain = literal_value(self.source, tree)
            return self._compound(tree) if plain is None else sp.Rational(plain.numerator, plain.denominator)
        return None

    def _compound(self, tree: Syntax) -> sp.Expr | None:
        """A product or quotient that T or a size takes part in."""
        parts = [part for child in tree.children if (part := self.value(child)) is not None]
        if len(parts) < len(tree.children):
            return None
        if isinstance(tree, Times):
            return sp.Mul(*parts)
        if isinstance(tree, Quotient):
            return parts[0] / parts[1]
        return parts[0] ** parts[1] if parts[1].is_Integer and abs(parts[1]) <= 10 else None
