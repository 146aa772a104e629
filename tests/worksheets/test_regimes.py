"""The regime on worksheets: which answers there are, that each is proved, and that none is rare."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest
from worksheet_models import class_of, model_of

from symrnn.algebra.activations import lookup
from symrnn.worksheets.making import worksheet
from symrnn.worksheets.numbers import largest_slope
from symrnn.worksheets.questions import Question
from symrnn.worksheets.sheets import Sheet

SLOPES = {"tanh": Fraction(1), "sigmoid": Fraction(1, 4), "relu": Fraction(1), "hard": Fraction(1)}


def verdict_of(sheet: Sheet) -> Question:
    """The question that is asked of the regime."""
    return next(question for question in sheet.questions if question.key == "verdict")


class TestVerdicts:
    """Vanishes, explodes, neither; or what follows from a bound."""

    @pytest.mark.parametrize("tasks", [("regime",), ("forward", "bptt", "regime")])
    def test_a_linear_cell_has_the_absolute_value_of_its_weight(self, tasks: tuple[str, ...]) -> None:
        """Whichever it is."""
        for made in worksheet(model_of("every_step"), tasks, variants=20).made:
            ((weight,),) = made.sheet.values["W_h"]
            size = abs(weight.value)
            right = "vanishes" if size < 1 else "explodes" if size > 1 else "neither"
            assert verdict_of(made.sheet).answer == right

    @pytest.mark.parametrize("name", sorted(SLOPES))
    def test_a_bound_says_that_it_vanishes_or_nothing(self, name: str) -> None:
        """It is |w| times the largest slope."""
        for seed in range(1, 9):
            sheet = class_of(name, "regime", seed).sheet(1)
            ((weight,),) = sheet.values["W_h"]
            question = verdict_of(sheet)
            assert question.options == ("vanishes", "explodes", "open")
            assert question.answer == ("vanishes" if abs(weight.value) * SLOPES[name] < 1 else "open")

    @pytest.mark.parametrize("name", ["linear", *sorted(SLOPES)])
    def test_no_answer_is_rare(self, name: str) -> None:
        """Of thirty sheets each answer has five at least."""
        made = worksheet(model_of(name), ("regime",), variants=30).made
        answers = Counter(verdict_of(one.sheet).answer for one in made)
        assert len(answers) == (3 if name == "linear" else 2)
        assert min(answers.values()) >= 5

    @pytest.mark.parametrize("name", ["tanh", "sigmoid", "relu", "softplus", "gelu", "elu", "hard_sigmoid"])
    def test_the_largest_slope_is_no_smaller_than_the_bound(self, name: str) -> None:
        """Where it is no fraction, the next whole number."""
        assert largest_slope([name]) >= Fraction(str(float(lookup(name).bound)))
