"""Arithmetic of the machine over numbers that know how far rounding may have moved them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import sympy as sp

from symrnn.algebra.activations import Activation
from symrnn.checking.functions import applied
from symrnn.checking.numbers import MP, Number, power, product, sharp, total
from symrnn.numeric.scalars import Domain


class Bounds(Domain):
    """Numbers that know how far rounding may have moved them."""

    zero = sharp(0)
    one = sharp(1)

    def value(self, given: Any) -> Number:
        """A given number, or one with its bounds already."""
        if isinstance(given, Number):
            return given
        if isinstance(given, Fraction | int):
            return sharp(Fraction(given))
        return sharp(MP.make_mpf(sp.sympify(given, strict=True).evalf(50)._mpf_))

    def add(self, terms: Sequence[Number]) -> Number:
        """x + y + …"""
        found = self.zero
        for term in terms:
            found = total(found, term)
        return found

    def mul(self, factors: Sequence[Number]) -> Number:
        """x y …"""
        found = self.one
        for factor in factors:
            found = product(found, factor)
        return found

    def power(self, base: Number, exponent: sp.Expr) -> Number:
        """x^k."""
        return power(base, sharp(Fraction(int(exponent.p), int(exponent.q))))

    def activate(self, row: Activation, x: Number) -> Number:
        """f(x)."""
        return applied(row.name)(x)
