"""Numbers, sizes and indices."""

from __future__ import annotations

import sympy as sp

from symrnn.algebra.layout.names import spelled
from symrnn.algebra.layout.printer import FACTOR, SCALARS, TERM, Printer, juxtaposed, negated, summed
from symrnn.algebra.spelling import ATOM, SCRIPTED, SUM, Piece


def scalar(p: Printer, value: sp.Expr, tight: bool) -> Piece:
    """A number or an expression of sizes and indices."""
    if value.is_Rational:
        over, under = p.form.number(str(abs(value.p))), str(value.q)
        piece = Piece(over, numeric=True) if under == "1" else p.form.ratio(over, p.form.number(under))
        return negated(p, piece) if value.p < 0 else piece
    if value.is_Symbol:
        return spelled(p, value.name, (), renamed=False)
    for test, rule in _SCALAR_RULES:
        if getattr(value, test):
            return rule(p, value, tight)
    return _scalar_constant(p, value)


def _scalar_constant(p: Printer, value: sp.Expr) -> Piece:
    if value in _CONSTANTS:
        return Piece(p.signs[_CONSTANTS[value]])
    return Piece(p.form.other(value), SUM)


_CONSTANTS = {sp.pi: "pi", sp.E: "e", sp.oo: "infinity"}


def _scalar_sum(p: Printer, value: sp.Expr, tight: bool) -> Piece:
    terms = [(p.scalar(term, tight), bool(term.is_number)) for term in value.args]
    terms.sort(key=lambda pair: (pair[1], pair[0].unsigned is not None, pair[0].text))
    return summed(p, [piece for piece, _ in terms], "tight " if tight else "")


def _scalar_product(p: Printer, value: sp.Expr, tight: bool) -> Piece:
    number, rest = value.as_coeff_Mul()
    if number.is_negative:
        return negated(p, p.fit(p.scalar(-value, tight), TERM))
    over, under = value.as_numer_denom()
    if under != 1:
        return _scalar_ratio(p, p.scalar(over, tight), p.scalar(under, tight))
    factors = ([number] if number != 1 else []) + sorted(sp.Mul.make_args(rest), key=_letters_first)
    pieces = [p.fit(p.scalar(factor, tight), FACTOR) for factor in factors]
    return juxtaposed(p, pieces, "tight space" if tight else "space")


def _letters_first(value: sp.Expr) -> tuple[bool, str]:
    return not value.is_Symbol, str(value)


def _scalar_ratio(p: Printer, over: Piece, under: Piece) -> Piece:
    if over.kind == under.kind == ATOM:
        return p.form.ratio(over.text, under.text)._replace(numeric=over.numeric)
    return p.form.fraction(over, under)


def _scalar_power(p: Printer, value: sp.Expr, tight: bool) -> Piece:
    base, exponent = value.args
    if exponent.is_negative:
        return _scalar_ratio(p, p.scalar(sp.S.One), p.scalar(1 / value, tight))
    body = p.scalar(base, tight)
    if exponent == sp.Rational(1, 2):
        return p.form.root(body)
    base_text = p.fit(body, ATOM)
    return Piece(p.form.power(base_text.text, p.index(exponent)), SCRIPTED, body.tall, base_text.numeric)


def _scalar_function(p: Printer, value: sp.Expr, tight: bool) -> Piece:
    name = _FUNCTIONS.get(type(value).__name__)
    if name is None:
        return _scalar_constant(p, value)
    body = p.scalar(value.args[0], tight)
    return Piece(p.row([p.form.function(name), p.fenced(body)]), ATOM, body.tall)


_FUNCTIONS = {"log": "ln"} | {name: name for name in ("exp", "sin", "cos", "tanh")}
_SCALAR_RULES = (
    ("is_Add", _scalar_sum),
    ("is_Mul", _scalar_product),
    ("is_Pow", _scalar_power),
    ("is_Function", _scalar_function),
)


SCALARS["scalar"] = scalar
