"""Numbers of variants: the generator, the budget, diagnosability, and what is said when nothing fits."""

from __future__ import annotations

from fractions import Fraction

import pytest
from worksheet_models import GATES, TEXTS, class_of, model_of

import symrnn as sr
from symrnn.errors import InputError, LimitError
from symrnn.numeric.progress import reporting
from symrnn.worksheets import variants
from symrnn.worksheets.drawing import Draws
from symrnn.worksheets.numbers import STATES_AT, WEIGHTS, cost, is_exact
from symrnn.worksheets.sheets import Class, tasks_of
from symrnn.worksheets.stress import try_seeds
from symrnn.worksheets.views import apart


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

    @pytest.mark.parametrize(
        ("name", "given"),
        [
            ("linear", "-3/4 -1/4 1 1/2 3/2 5 -3 -2"),
            ("tanh", "-3/4 -1/2 1 1/4 13/8 - 2*log(3) 4/5 - 2*log(2) 3/2"),
            (
                "lstm",
                "-5/2 -3/2 91/8 - log(7) 3/4 2 -9/4 - log(3) 1/2 5/4 -25/16 - log(5/3) -1/4 -3 -1 - log(7)/2 "
                "-3/4 3/2 + 4*log(3) 5 -1/16",
            ),
            ("lstm_rounded", "-2/5 -4/5 1/4 1/2 1/5 3/4 -3/5 -3/10 -1 7/10 -1/2 1 -3/4 -1/4 2 3/2 -5/2"),
        ],
    )
    def test_a_draw_never_changes(self, name: str, given: str) -> None:
        """Of one version of the recipe: a `key.json` is marked by the draws it names."""
        made = class_of(name)
        assert variants.VERSION == "3"
        assert " ".join(variants.fingerprint(made.recipe.drawn(made.draws(1, "values", "0"))[0])) == given


class TestPools:
    """What numbers are drawn from."""

    def test_no_weight_is_degenerate(self) -> None:
        """0 and 1 hide mistakes."""
        assert not {Fraction(0), Fraction(1), Fraction(-1)} & set(WEIGHTS)

    @pytest.mark.parametrize("pool", ["tanh", "gated tanh"])
    def test_tanh_is_exact_at_logarithms(self, pool: str) -> None:
        """tanh(q ln k) = (k^{2q} − 1)/(k^{2q} + 1), at two or four of the k's roots."""
        for times, k in STATES_AT[pool]:
            power = k ** int(2 * times)
            assert cost((power - 1) / (power + 1)) <= 2

    @pytest.mark.parametrize("pool", ["sigmoid", "gated sigmoid"])
    def test_the_sigmoid_is_exact_at_logarithms(self, pool: str) -> None:
        """σ(q ln k) = k^q/(1 + k^q)."""
        for times, k in STATES_AT[pool]:
            power = k ** int(times)
            assert cost(power / (1 + power)) <= 3


MODES = {
    "linear": "exact", "relu": "exact", "hard": "exact", "linear2": "exact", "readout": "exact", "every_step": "exact",
    "tanh": "logarithms", "sigmoid": "logarithms", "lstm": "logarithms", "gru": "logarithms", "softmax": "logarithms",
    "tanh_softmax": "logarithms", "sigmoid_softmax": "logarithms", "lstm_softmax": "logarithms",
    "gru_softmax": "logarithms",
    "tanh2": "rounded", "lstm_rounded": "rounded",
}  # fmt: skip
"""How the numbers of each model come out."""


class TestRecipes:
    """A model's structure with what is asked."""

    @pytest.mark.parametrize("name", sorted(TEXTS))
    def test_numbers_are_exact_where_they_can_be(self, name: str) -> None:
        """Vectors with tanh and one input are rounded, and a cell state of two steps."""
        assert class_of(name).recipe.mode == MODES[name]

    @pytest.mark.parametrize("name", ["tanh", "sigmoid", "lstm", "gru", "softmax"])
    def test_states_of_logarithms_are_fractions(self, name: str) -> None:
        """And so are all answers but those that a logarithm is a factor of."""
        made = class_of(name)
        sheet = made.sheet(1)
        for line in made.recipe.solver.forward:
            assert is_exact(sheet.values[line.key]), line.key
        rounded = {line.key for line in made.recipe.asked if made.recipe.rounds(sheet.values[line.key])}
        held = {
            "tanh": {"dL/dW_x"},
            "sigmoid": {"dL/dW_x"},
            "lstm": {"dL/df[1]", "dL/da_f[1]", "dL/dW_f", "dL/dU_f", "dL/db_f"},
        }
        assert rounded == held.get(name, set())

    @pytest.mark.parametrize("name", sorted(set(TEXTS) - {"tanh2"}))
    def test_every_line_keeps_to_the_budget(self, name: str) -> None:
        """Digits of a fraction, or of a decimal."""
        made = class_of(name)
        sheet = made.sheet(1)
        entries = [e.value for line in made.recipe.asked for row in sheet.values[line.key] for e in row]
        assert all(cost(value) <= made.recipe.budget for value in entries)
        assert made.recipe.budget == (8 if name.partition("_")[0] in GATES else 6)

    @pytest.mark.parametrize("name", sorted(TEXTS))
    def test_every_mistake_shows(self, name: str) -> None:
        """Those that never can are a known few."""
        made = class_of(name)
        sheet = made.sheet(1)
        recipe = made.recipe
        for line in recipe.asked:
            right = sheet.values[line.key]
            for place, _, wrong in recipe.coincidences.wrong(line, sheet.values):
                silent = recipe.coincidences.is_silent(line, place)
                assert silent or apart(wrong, right, recipe.rounds(right)), (line.key, place)
        shown = sum(len(line.wrong) for line in recipe.asked)
        assert len(recipe.silent) < shown / 2

    @pytest.mark.parametrize("name", sorted(set(TEXTS) - {*GATES, "lstm_rounded"}))
    def test_mistakes_are_told_apart(self, name: str) -> None:
        """No two give one number, but those that do whatever the numbers."""
        made = class_of(name)
        view, told = made.recipe.coincidences.view(made.sheet(1).values), made.recipe.coincidences.found
        assert not [pair for line in made.recipe.asked for pair in told(line, view).pairs]

    @pytest.mark.parametrize("name", sorted(TEXTS))
    def test_no_habit_is_forgiven(self, name: str) -> None:
        """One wrong rule at every line, carried to the end, gives another gradient."""
        made = class_of(name)
        coincidences = made.recipe.coincidences
        sheet = made.sheet(1)
        assert coincidences.forgiven(coincidences.view(sheet.values)) is None
        assert len({habit.row for habit in coincidences.habits}) >= 15

    def test_a_habit_can_be_forgiven(self) -> None:
        """With numbers that are not looked at, a wrong rule often ends in the right gradient (MISTAKES: 28 %)."""
        made = class_of("linear")
        draws = (made.recipe.drawn(made.draws(1, "values", str(attempt)))[1] for attempt in range(80))
        views = map(made.recipe.coincidences.view, draws)
        assert sum(made.recipe.coincidences.forgiven(view) is not None for view in views) >= 5

    def test_what_is_alike_by_structure_is_no_luck(self) -> None:
        """The sign of the error and a minus sign lost are one number in δ_T; the key says so."""
        made = class_of("tanh")
        sheet = made.sheet(1)
        told = [set(each.rows) for each in variants.confusions(made.recipe, sheet.values) if each.key == "dL/dh[2]"]
        assert any({"R10", "R24"} <= rows for rows in told)

    def test_a_search_that_fails_says_why(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """With the constraint and how often it failed; and how far it is, once it is long."""
        monkeypatch.setattr(variants, "BUDGET", 1)
        monkeypatch.setattr(variants, "MOST_DRAWS", 20)
        monkeypatch.setattr(variants, "LONG", 15)
        told: list[tuple[int, int]] = []
        with (
            reporting(lambda done, total: told.append((done, total))),
            pytest.raises(LimitError, match="within 1 digits a line: 20"),
        ):
            Class(model_of("linear"), tasks_of((), model_of("linear")), 1).sheet(1)
        assert told[-5:] == [(15, 20), (16, 20), (17, 20), (18, 20), (19, 20)]

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
