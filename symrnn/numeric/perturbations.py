"""Scalars that can be moved by ε: how far a value then moves is its derivative, by definition.

`Differences` moves mpmath numbers of 50 digits by 10^-25; `Duals` are fractions v + d ε with ε² = 0, for Programs that
are rational.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import Activation
from symrnn.algebra.programs import Program
from symrnn.numeric.scalars import Domain, Given, Rationals, Reals

STEP = Fraction(1, 2)
"""ε = 10^-25 at 50 digits: the error of a one-sided difference is about ε, that of rounding 10^-50 / ε."""
UNSEEN = Fraction(2, 5)
"""Below 10^-20 at 50 digits a difference quotient is rounding."""
ROUNDING = Fraction(4, 5)
"""What is 10^-40 away from a kink at 50 digits is at the kink, but for rounding."""
AGREE = 15
"""Digits to which two sides must agree; a wrong formula differs in the first few."""


class Differences(Reals):
    """ℝ to many digits; a generic f, and each of its derivatives, is one definite function.

    >>> line = Differences(50)
    >>> slope = line.slope(line.moved(line.one) ** 2, line.one)
    >>> line.agree(slope, 2, 2)
    True
    """

    takes_generic = True
    certificate = "points"

    def activate(self, row: Activation, x: Any) -> Any:
        """f(x); of a generic f the k-th derivative of sin(x + phase), a phase for each letter."""
        if not row.generic:
            beside = self._beside_kink(row, x)
            value = super().activate(row, x) if beside is None else beside
            if not isinstance(value, self.context.mpf):
                raise ValueError(f"{row.name} outside its domain")
            return value
        phase = self.context.mpf(sum(map(ord, row.name.rstrip("'"))) % 7 + 1) / 8
        return self.context.sin(x + phase + self.context.pi * row.derivative_order / 2)

    def _beside_kink(self, row: Activation, x: Any) -> Any:
        """At a kink the slope is the one that the row's convention names, whichever way x was moved."""
        for kink in row.kinks:
            beside = x - self.value(kink)
            if abs(beside) < self._power(-ROUNDING):
                return self.value(row.formula(kink))
            if abs(beside) < self._power(-UNSEEN) and kink_slope(row, kink).is_finite:
                return self.value(row.formula(kink)) + self.value(kink_slope(row, kink)) * beside
        return None

    def _power(self, share: Fraction) -> Any:
        """10 to a share of the digits."""
        return self.context.mpf(10) ** int(share * self.digits)

    def moved(self, x: Any) -> Any:
        """x + ε."""
        return x + self._power(-STEP)

    def slope(self, moved: Any, base: Any) -> Any:
        """The difference quotient."""
        return (moved - base) * self._power(STEP)

    def agree(self, left: Any, right: Any, scale: Any) -> bool:
        """To fifteen digits of the largest entry; what a difference cannot see, a saturated slope, counts as 0."""
        return bool(abs(left - right) <= self.context.mpf(10) ** -AGREE * scale + self._power(-UNSEEN))


class Dual(NamedTuple):
    """v + d ε, with ε² = 0."""

    value: Fraction
    slope: Fraction = Fraction(0)

    def __abs__(self) -> Fraction:
        return abs(self.value)


@dataclass(frozen=True)
class Duals(Domain):
    """ℚ with an infinitesimal: sums, products and whole powers by Leibniz' rule, kinked lines by their exact slope.

    >>> line = Duals()
    >>> x = line.moved(line.value(Fraction(3)))
    >>> line.slope(line.mul([x, x]), line.zero)
    Dual(value=Fraction(6, 1), slope=Fraction(0, 1))
    """

    certificate = "exact"
    zero = Dual(Fraction(0))
    one = Dual(Fraction(1))

    def value(self, given: Given) -> Dual:
        return Dual(Rationals().value(given))

    def add(self, terms: Sequence[Dual]) -> Dual:
        return Dual(sum((t.value for t in terms), Fraction(0)), sum((t.slope for t in terms), Fraction(0)))

    def mul(self, factors: Sequence[Dual]) -> Dual:
        product = self.one
        for factor in factors:
            slope = product.value * factor.slope + product.slope * factor.value
            product = Dual(product.value * factor.value, slope)
        return product

    def power(self, base: Dual, exponent: sp.Expr) -> Dual:
        k = int(exponent)
        value = Rationals().power(base.value, sp.Integer(k))
        inner = k * Rationals().power(base.value, sp.Integer(k - 1)) if base.slope else Fraction(0)
        return Dual(value, inner * base.slope)

    def activate(self, row: Activation, x: Dual) -> Dual:
        """f(x) of a kinked line: between its kinks a difference quotient is exact, at one its convention holds."""
        if x.value in row.kinks:
            slope = Fraction(str(kink_slope(row, sp.Rational(x.value.numerator, x.value.denominator))))
            return Dual(Rationals().activate(row, x.value), slope * x.slope)
        little = Fraction(1, 10**25)
        value, beside = (Rationals().activate(row, x.value + step) for step in (Fraction(0), little))
        return Dual(value, (beside - value) / little * x.slope)

    def moved(self, x: Dual) -> Dual:
        """x + ε."""
        return Dual(x.value, x.slope + 1)

    def slope(self, moved: Dual, base: Dual) -> Dual:
        """What stands before ε."""
        return Dual(moved.slope - base.slope)

    def agree(self, left: Dual, right: Dual, scale: Any) -> bool:
        """Exactly."""
        return left.value == right.value


def kink_slope(row: Activation, kink: sp.Expr) -> sp.Expr:
    """f' at a kink, by the row's convention.

    >>> from symrnn.algebra.activations import lookup
    >>> kink_slope(lookup("relu"), sp.S.Zero), kink_slope(lookup("leaky_relu"), sp.S.Zero)
    (0, 1/100)
    """
    return sp.sympify(row.slope(kink, row.formula(kink)), strict=True)


KINKED_LINES = frozenset({"relu", "leaky_relu", "hard_tanh", "hard_sigmoid"})
"""Activations that are made of straight lines."""


def is_rational(program: Program) -> bool:
    """Whether a Program is sums, products, whole powers and kinked lines: then fractions judge it exactly.

    >>> from symrnn.cells import rnn
    >>> is_rational(rnn(activation="identity")), is_rational(rnn())
    (True, False)
    """
    parts = [part for equation in program for part in N.subexpressions(equation.expression)]
    return all(_is_rational(part) for part in parts)


def _is_rational(node: N.Node) -> bool:
    if isinstance(node, N.Apply):
        return node.activation.name.partition("(")[0] in KINKED_LINES
    if isinstance(node, N.Power):
        return bool(node.exponent.is_Integer)
    return not isinstance(node, N.Softmax | N.CrossEntropy | N.MatPower) and not (
        isinstance(node, N.Number) and bool(node.value.is_number) and not node.value.is_Rational
    )
