"""A table of values looked at roughly says what it says sharply."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from worksheet_models import class_of

from symrnn.worksheets.coincidences import tried
from symrnn.worksheets.solving import Rows
from symrnn.worksheets.views import Rough, Sharp

ATTEMPTS = range(6)


@cache
def views(attempt: int) -> tuple[Any, Sharp, Rough]:
    """A draw of a two-step LSTM, whose answers are rounded, both ways."""
    made = class_of("lstm_rounded")
    table: dict[str, Rows] = made.recipe.drawn(made.draws(1, "values", str(attempt)))[1]
    return made.recipe, Sharp(made.recipe.solver, table), Rough(made.recipe.solver, table)


@pytest.mark.parametrize("attempt", ATTEMPTS)
class TestRough:
    """Doubles instead of fifty digits."""

    def test_wrong_answers(self, attempt: int) -> None:
        """Every mistake's answer in every line is the same to nine digits."""
        recipe, sharp, rough = views(attempt)
        answers = 0
        for line in recipe.solver.lines:
            for _, node in line.wrong:
                one, other = tried(sharp, node), tried(rough, node)
                assert (one is None) == (other is None)
                if one is not None:
                    answers += 1
                    pairs = zip(sharp.scalars(one), rough.scalars(other), strict=True)
                    assert all(abs(float(a) - b) <= 1e-9 * max(1e-6, abs(b)) for a, b in pairs), line.key
        assert answers > 500

    def test_what_is_apart(self, attempt: int) -> None:
        """Which mistakes have the right answer to four digits, and which habits end in it."""
        recipe, sharp, rough = views(attempt)
        coincidences = recipe.coincidences
        luck = [tuple(coincidences.found(line, view) for line in recipe.asked) for view in (sharp, rough)]
        assert luck[0] == luck[1]
        assert coincidences.forgiven(sharp) == coincidences.forgiven(rough)


def test_some_draws_are_lucky() -> None:
    """What is compared above is not always nothing."""
    recipe = views(0)[0]
    assert any(recipe.coincidences.forgiven(views(attempt)[2]) for attempt in ATTEMPTS)
    assert any(recipe.coincidences.found(line, views(0)[2]).pairs for line in recipe.asked)
