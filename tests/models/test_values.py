"""Exact values typed as text, and what may not be typed."""

import pytest
import sympy as sp

from symrnn.errors import InputError
from symrnn.models.values import exact_value


@pytest.mark.parametrize(
    ("text", "value"),
    [("1/3", sp.Rational(1, 3)), ("-0.25", sp.Rational(-1, 4)), ("ln(2)", sp.log(2)), ("2*ln(3)", 2 * sp.log(3)),
     ("sqrt(2)/2", sp.sqrt(2) / 2), ("tanh(ln(2))", sp.tanh(sp.log(2))), ("2^3", sp.Integer(8)),
     ("(1+2)/4", sp.Rational(3, 4)), ("1e-3", sp.Rational(1, 1000))],
)  # fmt: skip
def test_exact_values(text, value):
    """Fractions, logarithms, roots."""
    assert sp.simplify(exact_value(text, {}) - value) == 0


@pytest.mark.parametrize("text", ["__import__('os')", "9^9^9", "", "1/0", "[1]", "x_t = 3", "f'(2)", "2^(10^9)"])
def test_what_is_no_number_is_refused(text):
    """With an error, never by evaluating it."""
    with pytest.raises(InputError):
        exact_value(text, {})
