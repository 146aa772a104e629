"""What a written formula comes to: exact, bounded, with the room that rounding leaves."""

from __future__ import annotations

from fractions import Fraction

import pytest

import symrnn as sr
from symrnn.algebra.reading.grammar import parse_expression
from symrnn.checking.arithmetic import Evaluator, NotMeant, Unknown
from symrnn.checking.matrices import Matrix
from symrnn.checking.numbers import Number, TooLarge, Undefined
from symrnn.checking.page import Page, Record, Scope
from symrnn.errors import SymrnnError


def value(text: str, page: Page | None = None) -> Number:
    """The value of a formula."""
    found = Evaluator(Scope(page or Page())).value(parse_expression(text))
    assert isinstance(found, Number)
    return found


class TestNumbers:
    """Fractions stay fractions; functions have 50 digits."""

    @pytest.mark.parametrize(
        ("text", "exact"),
        [
            ("0.5(1 - 0.3^2)", "91/200"),
            (r"\frac{1}{2}(1.0-0.875)^2", "1/128"),
            ("-0.125 × 0.5", "-1/16"),
            ("-2^2", "-4"),
            ("(-2)^2", "4"),
            ("0.4×(-0.3) + 0.6×(+1.2) - 0.5", "1/10"),
            (r"\text{ReLU}(1.25)", "5/4"),
            (r"\sum_{k=1}^{10} k^2", "385"),
            (r"\prod_{k=3}^{1} k", "6"),
            (r"\prod_{k=2}^{1} k", "1"),
            ("sqrt(4/9)", "2/3"),
            ("2.5 × 10^5", "250000"),
        ],
    )
    def test_exact(self, text: str, exact: str) -> None:
        """No decimal goes through a float."""
        assert value(text).value == Fraction(exact)

    @pytest.mark.parametrize(
        ("text", "digits"),
        [
            (r"\tanh(0.5)", "0.46211715726000975850"),
            (r"\sigma(0.3)", "0.57444251681165903"),
            (r"\sigma'(0)", "0.25"),
            (r"\tanh^2(0.5)", "0.21355226703407257"),
            ("1+e^{-1}", "1.36787944117144232"),
        ],
    )
    def test_functions(self, text: str, digits: str) -> None:
        """To the digits a table has."""
        assert abs(float(value(text).value) - float(digits)) < 1e-13

    def test_matrices(self) -> None:
        """A product of matrices is read by its shapes."""
        tree = parse_expression(r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} \begin{bmatrix} 1 \\ 1 \end{bmatrix}")
        found = Evaluator(Scope(Page())).value(tree)
        assert isinstance(found, Matrix)
        assert [entry.value for entry in found.entries()] == [3, 7]


class TestRefusals:
    """What cannot be computed says why; nothing hangs."""

    @pytest.mark.parametrize("text", ["1/(2-2)", "ln(0)", "sqrt(-1)", "(-2)^{0.5}"])
    def test_undefined(self, text: str) -> None:
        """A division by zero is no number."""
        with pytest.raises(Undefined):
            value(text)

    def test_unknown(self) -> None:
        """A name without a value is said."""
        with pytest.raises(Unknown, match="W_h"):
            value("W_h + 1")

    @pytest.mark.parametrize("text", ["9^{9^{9^9}}", r"\sum_{k=1}^{5000} k", "99999^{999}^{999}", "e^{e^{e^{99}}}"])
    def test_too_large(self, text: str) -> None:
        """Before it is computed."""
        with pytest.raises((TooLarge, SymrnnError, NotMeant)):
            value(text)


class TestRounding:
    """Only what was rounded before is wide."""

    def test_a_rounded_operand_widens(self) -> None:
        """0.762 stands for 0.7616."""
        page = Page()
        page.keep_number(
            "0.762", False, Record(Number(Fraction(762, 1000), Fraction(7616, 10000), Fraction(762, 1000)), None)
        )
        found = value("0.5 · 0.762", page)
        assert (found.low, found.high) == (Fraction(3808, 10000), Fraction(381, 1000))

    def test_given_numbers_are_sharp(self) -> None:
        """A number that nobody rounded stands for itself."""
        assert value("0.5 · 0.762").sharp

    def test_intervals_of_products_and_powers(self) -> None:
        """The corners, and zero below an even power."""
        page = Page()
        page.keep_number("0.01", False, Record(Number(Fraction(1, 100), Fraction(-1, 100), Fraction(2, 100)), None))
        assert (value("0.01^2", page).low, value("0.01^2", page).high) == (0, Fraction(4, 10000))
        assert value("-3 · 0.01", page).low == Fraction(-6, 100)


def test_a_primed_matrix_is_transposed_where_nothing_is_called_so() -> None:
    """`W'*d` in the manner of MATLAB; `W'` that has a value of its own is another matrix."""
    given = "W = [[0.2, -0.1], [0.4, 0.3]]\n\nd = [1, 2]\n\nx = [1.0, 0.5]\n\n"
    assert [one.verdict.value for one in sr.check(f"{given}W'*d = x").findings][-1] == "right"
    assert [one.verdict.value for one in sr.check(f"{given}W*d = x").findings][-1] == "wrong"
    assert [one.verdict.value for one in sr.check(f"{given}W' = [[1, 0], [0, 1]]\n\nW'*d = d").findings][-1] == "right"
