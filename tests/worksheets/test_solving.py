"""Numbers that are fractions to forty digits."""

from __future__ import annotations

from fractions import Fraction

import pytest

from symrnn.checking.numbers import MP, sharp
from symrnn.worksheets.solving import NICE, nice


def found(value: object) -> object:
    """What a number becomes."""
    return nice(((sharp(value),),))[0][0].value


class TestNice:
    """What a sheet writes as a fraction."""

    @pytest.mark.parametrize("fraction", ["3/5", "-7/3", "0", "12", "1/9999999", "123456789/9999991", "1/1000000000"])
    def test_a_fraction_is_found_again(self, fraction: str) -> None:
        """Where its denominator is small enough; of any size, positive or negative."""
        right = Fraction(fraction)
        value = MP.mpf(right.numerator) / right.denominator
        assert found(value) == (right if right.denominator <= NICE else value)

    @pytest.mark.parametrize("value", [MP.log(2), MP.pi, MP.sqrt(2) / 10**9, MP.mpf(10) ** 20 + MP.log(3)])
    def test_what_is_none_stays(self, value: object) -> None:
        """To the last digit."""
        assert found(+value) == +value  # type: ignore[operator]  # a number of mpmath, which has no types

    def test_tanh_of_a_logarithm(self) -> None:
        """Is a fraction."""
        assert found(MP.tanh(MP.log(2))) == Fraction(3, 5)
