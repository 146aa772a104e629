"""Numbers of variants: the generator, the budget, diagnosability, and what is said when nothing fits."""

from __future__ import annotations

from fractions import Fraction

import pytest
from worksheet_models import TEXTS, class_of, model_of

import symrnn as sr
from symrnn.errors import InputError, LimitError
from symrnn.worksheets import variants
from symrnn.worksheets.drawing import Draws
from symrnn.worksheets.numbers import LOGARITHMS, WEIGHTS, cost
from symrnn.worksheets.sheets import Class, tasks_of
from symrnn.worksheets.stress import try_seeds


class TestDraws:
    """The generator."""

    def test_its_numbers_never_change(self) -> None:
        """The same on every machine and in every version of the recipe."""
        draws = Draws(2026, "variant", "1")
        assert [draws.below(1000) for _ in range(5)] == [368, 384, 589, 875, 504]

    def test_every_value_is_as_likely(self) -> None:
        """Roughly, of 3,000."""
        draws = Draws(1, "even")
        counts = [0] * 6
        for _ in range(3000):
            counts[draws.below(6)] += 1
        assert min(counts) > 400

    def test_shuffled_keeps_everything(self) -> None:
        """In another order."""
        assert sorted(Draws(1).shuffled(list(range(20)))) == list(range(20))


class TestPools:
    """What numbers are drawn from."""

    def test_no_weight_is_degenerate(self) -> None:
        """0 and 1 hide mistakes."""
        assert not {Fraction(0), Fraction(1), Fraction(-1)} & set(WEIGHTS)

    def test_logarithms_are_exact(self) -> None:
        """tanh(q ln k) = (k^{2q} − 1)/(k^{2q} + 1)."""
        for times, k, state in LOGARITHMS:
            power = Fraction(k) ** int(2 * times)
            assert state == (power - 1) / (power + 1)


class TestRecipes:
    """A model's structure with what is asked."""

    @pytest.mark.parametrize("name", ["linear", "relu", "tanh"])
    def test_every_line_keeps_to_the_budget(self, name: str) -> None:
        """Digits of a fraction, or of a decimal."""
        made = class_of(name)
        sheet = made.sheet(1)
        entries = [e.value for line in made.recipe.asked for row in sheet.values[line.key] for e in row]
        assert all(cost(value) <= variants.BUDGET for value in entries)

    @pytest.mark.parametrize("name", sorted(TEXTS))
    def test_every_mistake_shows(self, name: str) -> None:
        """Those that never can are a known few."""
        made = class_of(name)
        sheet = made.sheet(1)
        recipe = made.recipe
        hidden = {
            (line.key, row)
            for line, row, wrong in recipe.wrong_answers(sheet.values)
            if not variants.apart(wrong, sheet.values[line.key], recipe.rounded)
        }
        assert hidden <= recipe.silent
        shown = sum(1 for _ in recipe.wrong_answers(sheet.values))
        assert len(recipe.silent) < shown / 2

    def test_a_search_that_fails_says_why(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """With the constraint and how often it failed."""
        monkeypatch.setattr(variants, "BUDGET", 1)
        monkeypatch.setattr(variants, "MOST_DRAWS", 20)
        with pytest.raises(LimitError, match="within 1 digits a line: 20"):
            class_of("linear").sheet(1)

    @pytest.mark.parametrize("source", ["example:lstm"])
    def test_models_too_large_are_refused(self, source: str) -> None:
        """In the three parts of an error."""
        model = sr.load(source)
        with pytest.raises(InputError):
            Class(model, tasks_of((), model), 1).sheet(1)

    def test_a_stress_test_finds_nothing(self) -> None:
        """A small one; a larger one is a command."""
        report = try_seeds(model_of("tanh"), tasks_of((), model_of("tanh")), 10)
        assert report.is_clean
        assert not report.duplicates
