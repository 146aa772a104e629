"""Scalar domains: what a Program's entries may be, one small object each with the same few verbs.

`Rationals` are fractions, `Constants` closed forms such as log(2) and 3/5 = tanh(log 2), `Reals` mpmath
numbers, `Symbols` SymPy expressions. Each promises `add`, `mul`, `power` and `activate` on its own kind; one
that cannot hold a value raises `NoClosedForm` or `TooManyDigits`, by which callers know to go on in another.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from typing import Any, Literal, TypeAlias

import mpmath
import sympy as sp

from symrnn.algebra.activations import Activation, exact_value
from symrnn.errors import InputError
from symrnn.numeric.opaque import Elementwise, function_of, shared_node, trim_shared_nodes

Given: TypeAlias = Fraction | sp.Expr
"""An exact value as it was given: a fraction, or a SymPy expression that is none."""


class Inexact(Exception):
    """Exact evaluation cannot go on here; `where` is the label of the quantity, once it is known."""

    where: str = ""


class NoClosedForm(Inexact):
    """A value that the domain cannot hold exactly; `what` says which."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(what)


class TooManyDigits(Inexact):
    """A fraction longer than the budget: it has, or would have, this many digits."""

    def __init__(self, digits: int) -> None:
        self.digits = digits
        super().__init__(digits)


class Domain(ABC):
    """Entries of one kind and the arithmetic on them."""

    zero: Any
    one: Any
    shifts_softmax = True
    """Whether softmax subtracts a logit first, so that equal logits stay exact."""
    takes_generic = False
    """Whether a generic f has a value."""

    @abstractmethod
    def value(self, given: Given) -> Any:
        """A given number in this domain."""

    @abstractmethod
    def add(self, terms: Sequence[Any]) -> Any:
        """x + y + …; of nothing zero."""

    @abstractmethod
    def mul(self, factors: Sequence[Any]) -> Any:
        """x y …; of nothing one."""

    @abstractmethod
    def power(self, base: Any, exponent: sp.Expr) -> Any:
        """x^k for a number k."""

    @abstractmethod
    def activate(self, row: Activation, x: Any) -> Any:
        """f(x)."""

    def is_zero(self, x: Any) -> bool:
        """Whether x is known to be 0 at sight."""
        return bool(x == self.zero)

    def settle(self, x: Any) -> Any:
        """An entry as it is kept under its name."""
        return x


def given(value: Any) -> Given:
    """A number as it was given, exactly: a binary float is the fraction it stands for.

    >>> given(0.5), given(Decimal("0.1")), given(sp.log(2))
    (Fraction(1, 2), Fraction(1, 10), log(2))
    """
    if hasattr(value, "item") and not isinstance(value, sp.Basic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction | Decimal | sp.Expr | mpmath.mpf):
        raise _no_number(value)
    if isinstance(value, sp.Expr) and not (value.is_Rational or value.is_Float):
        return _bounded(value)
    if isinstance(value, mpmath.mpf | sp.Float):
        value = _fraction_of_mpf(value)
    try:
        return Fraction(int(value.p), int(value.q)) if isinstance(value, sp.Rational) else Fraction(value)
    except (ValueError, OverflowError):
        raise _no_number(value) from None


def _fraction_of_mpf(value: Any) -> Any:
    sign, mantissa, exponent, _ = value._mpf_
    if not mantissa and exponent:
        raise _no_number(value)
    return (-1) ** sign * int(mantissa) * Fraction(2) ** int(exponent)


def _bounded(value: sp.Expr) -> sp.Expr:
    if value.has(sp.nan, sp.zoo, sp.oo, -sp.oo):
        raise _no_number(value)
    return value


def _no_number(value: Any) -> InputError:
    return InputError(
        repr(value)[:80],
        found="no finite number",
        write="a whole number, a Fraction, a float or a SymPy expression",
    )


# --- Fractions ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rationals(Domain):
    """ℚ: what leaves it raises `NoClosedForm`, a numerator or denominator beyond the budget `TooManyDigits`.

    Looked at after each single operation, which at most doubles the digits: a gated cell with rational
    activations triples them at every step, 60,000 of them at step 9, and is stopped long before.
    """

    budget: int | None = None
    zero = Fraction(0)
    one = Fraction(1)

    def value(self, given: Given) -> Fraction:
        if isinstance(given, Fraction):
            return given
        if isinstance(given, sp.Rational):
            return Fraction(int(given.p), int(given.q))
        raise NoClosedForm(str(given))

    def add(self, terms: Sequence[Fraction]) -> Fraction:
        return reduce(lambda x, y: self._within(x + y), terms, self.zero)

    def mul(self, factors: Sequence[Fraction]) -> Fraction:
        return reduce(lambda x, y: self._within(x * y), factors, self.one)

    def power(self, base: Fraction, exponent: sp.Expr) -> Fraction:
        if not base and exponent.is_negative:
            raise _division_by_zero()
        least = int(abs(exponent) * (_bits(base) - 1) * LOG_2)
        if self.budget is not None and least > self.budget:
            raise TooManyDigits(least)
        if isinstance(exponent, sp.Integer):
            return self._within(base ** int(exponent))
        return self._within(self.value(sp.Rational(base.numerator, base.denominator) ** exponent))

    def activate(self, row: Activation, x: Fraction) -> Fraction:
        value = exact_value(row, x)
        if value is None:
            raise NoClosedForm(f"{row.unicode}({x})" if _bits(x) < 64 else f"{row.unicode}(…)")
        return value

    def _within(self, x: Fraction) -> Fraction:
        digits = int(_bits(x) * LOG_2)
        if self.budget is not None and digits > self.budget:
            raise TooManyDigits(digits)
        return x


LOG_2 = math.log10(2)


def _bits(x: Fraction) -> int:
    return max(x.numerator.bit_length(), x.denominator.bit_length())


def _division_by_zero() -> InputError:
    return InputError(found="a division by zero", write="values for which every denominator is another number than 0")


# --- Closed forms ------------------------------------------------------------------------------------------

MOST_OPERATIONS = 120
"""A closed form longer than this is of no use to a reader."""


@dataclass(frozen=True)
class Constants(Domain):
    """Numbers with a closed form in rationals, roots, π and logarithms, as SymPy expressions.

    One too long to read raises `NoClosedForm`, one with fractions beyond the budget `TooManyDigits`.
    """

    budget: int | None = None
    zero = sp.S.Zero
    one = sp.S.One

    def value(self, given: Given) -> sp.Expr:
        return _as_sympy(given)

    def add(self, terms: Sequence[sp.Expr]) -> sp.Expr:
        return sp.Add(*terms)

    def mul(self, factors: Sequence[sp.Expr]) -> sp.Expr:
        return sp.Mul(*factors)

    def power(self, base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
        if base.is_zero and exponent.is_negative:
            raise _division_by_zero()
        return base**exponent

    def activate(self, row: Activation, x: sp.Expr) -> sp.Expr:
        value = closed_form(row, x)
        if value is None:
            raise NoClosedForm(f"{row.unicode}({x})")
        return value

    def settle(self, x: sp.Expr) -> sp.Expr:
        digits = max(int(_bits(Rationals().value(q)) * LOG_2) for q in x.atoms(sp.Rational) | {sp.S.One})
        if self.budget is not None and digits > self.budget:
            raise TooManyDigits(digits)
        if x.count_ops() > MOST_OPERATIONS:
            raise NoClosedForm("an expression of that length")
        return x if x.is_Rational else _tidied(x)


def _as_sympy(given: Given) -> sp.Expr:
    return sp.Rational(given.numerator, given.denominator) if isinstance(given, Fraction) else given


def closed_form(row: Activation, x: sp.Expr) -> sp.Expr | None:
    """f(x) where it has a closed form in rationals, roots, π and logarithms, else None.

    >>> from symrnn.algebra.activations import lookup
    >>> closed_form(lookup("tanh"), sp.log(2)), closed_form(lookup("sigmoid"), sp.log(3) / 2)
    (3/5, 3/2 - sqrt(3)/2)
    >>> closed_form(lookup("tanh"), sp.S.One) is None
    True
    """
    if row.generic or x.count_ops() > MOST_OPERATIONS:
        return None
    if x.is_Rational:
        value = row.formula(x)
    else:
        # log 6 - log 2 as log 3 + log 2 - log 2: one logarithm for each prime.
        value = row.formula(sp.expand(sp.expand_log(x, factor=True))).rewrite(sp.exp)
        value = value if value.is_Rational else _tidied(sp.together(value))
    return value if _is_closed(value) else None


def _tidied(x: sp.Expr) -> sp.Expr:
    """Multiplied out, without roots in denominators."""
    return sp.expand(sp.radsimp(sp.expand(x)))


def _is_closed(value: sp.Expr) -> bool:
    if value.is_Rational:
        return True
    logarithms = all(isinstance(f, sp.log) and f.args[0].is_Rational for f in value.atoms(sp.Function))
    powers = all(power.exp.is_Rational for power in value.atoms(sp.Pow))
    return (
        logarithms
        and powers
        and not value.has(sp.E, sp.Piecewise, sp.Max, sp.Min, sp.nan, sp.zoo)
        and value.count_ops() <= MOST_OPERATIONS
    )


# --- Many digits -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reals(Domain):
    """ℝ to a number of digits, in an mpmath context of its own: nothing global is changed."""

    digits: int
    context: Any = field(init=False, compare=False, repr=False)
    zero: Any = field(init=False, compare=False, repr=False)
    one: Any = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        context = mpmath.mp.clone()
        context.dps = self.digits
        for name, value in (("context", context), ("zero", context.mpf(0)), ("one", context.mpf(1))):
            object.__setattr__(self, name, value)

    def value(self, given: Given) -> Any:
        if isinstance(given, Fraction):
            return self.context.mpf(given.numerator) / given.denominator
        return self.context.convert(sp.N(given, self.digits + 10))

    def add(self, terms: Sequence[Any]) -> Any:
        return self.context.fsum(terms)

    def mul(self, factors: Sequence[Any]) -> Any:
        return self.context.fprod(factors)

    def power(self, base: Any, exponent: sp.Expr) -> Any:
        if not base and exponent.is_negative:
            raise _division_by_zero()
        return base ** (int(exponent) if exponent.is_Integer else self.value(exponent))

    def activate(self, row: Activation, x: Any) -> Any:
        return self.context.convert(row.formula(x))


# --- Expressions -------------------------------------------------------------------------------------------

Style = Literal["shared", "flat", "expanded"]
FEW_TERMS = 64


@dataclass(frozen=True)
class Symbols(Domain):
    """SymPy expressions, in one of three styles.

    `shared`: what has a name in the Program stays one subexpression. `flat`: products and sums are gathered
    as SymPy does by itself. `expanded`: polynomials are multiplied out as well, where that stays short.

    >>> x = sp.Symbol("x")
    >>> Symbols("shared").mul([x, Symbols("shared").mul([x, x])]), Symbols("flat").mul([x, x, x])
    (x*x*x, x**3)
    """

    style: Style = "shared"
    named: set[sp.Expr] = field(default_factory=set, compare=False, repr=False)
    zero = sp.S.Zero
    one = sp.S.One
    shifts_softmax = False
    takes_generic = True

    def __post_init__(self) -> None:
        trim_shared_nodes()

    def value(self, given: Given) -> sp.Expr:
        return _as_sympy(given)

    def add(self, terms: Sequence[sp.Expr]) -> sp.Expr:
        if self.style != "shared":
            return sp.Add(*terms)
        parts = self._flattened(sp.Add, terms)
        number = sp.Add(*(part for part in parts if part.is_Rational))
        rest = [part for part in parts if not part.is_Rational]
        return _joined(sp.Add, [*([] if number is sp.S.Zero else [number]), *rest], sp.S.Zero)

    def mul(self, factors: Sequence[sp.Expr]) -> sp.Expr:
        if self.style != "shared":
            return sp.Mul(*factors)
        parts = self._flattened(sp.Mul, factors)
        number = sp.Mul(*(part for part in parts if part.is_Rational))
        rest = [part for part in parts if not part.is_Rational]
        if number is sp.S.Zero:
            return number
        return _joined(sp.Mul, [*([] if number is sp.S.One else [number]), *rest], sp.S.One)

    def _flattened(self, kind: type[sp.Expr], operands: Sequence[sp.Expr]) -> list[sp.Expr]:
        return [
            part
            for operand in operands
            for part in (operand.args if isinstance(operand, kind) and operand not in self.named else (operand,))
        ]

    def power(self, base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
        if base.is_Rational or self.style != "shared":
            return base**exponent
        return shared_node(sp.Pow, base, exponent)

    def activate(self, row: Activation, x: sp.Expr) -> sp.Expr:
        if row.generic:
            return row.formula(x)
        if x.is_Rational or (self.style == "expanded" and x.is_number):
            value = closed_form(row, x)
            if value is not None:
                return value
        return shared_node(function_of(row), x)

    def is_zero(self, x: sp.Expr) -> bool:
        return x is sp.S.Zero

    def settle(self, x: sp.Expr) -> sp.Expr:
        if self.style == "shared":
            self.named.add(x)
        return sp.expand(x) if self.style == "expanded" and _is_short_polynomial(x) else x


def _joined(kind: Any, parts: list[sp.Expr], empty: sp.Expr) -> sp.Expr:
    return shared_node(kind, *parts) if len(parts) > 1 else parts[0] if parts else empty


def _is_short_polynomial(x: sp.Expr) -> bool:
    return not x.has(Elementwise) and _terms(x) <= FEW_TERMS


def _terms(x: Any) -> int:
    """A bound on the terms of the expanded expression."""
    if isinstance(x, sp.Add):
        return sum(map(_terms, x.args))
    if isinstance(x, sp.Mul):
        return math.prod(map(_terms, x.args))
    if isinstance(x, sp.Pow) and x.exp.is_Integer and 0 < x.exp <= FEW_TERMS:
        return int(_terms(x.base) ** int(x.exp))
    return 1
