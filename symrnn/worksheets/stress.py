"""A stress test: one sheet for each of many seeds, every constraint looked at again, three evaluations held together.

The three: the equations as the key computes them, `evaluate`, and the definitions (differences of forward runs).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from symrnn.checking.matrices import Value
from symrnn.checking.numbers import MP, Number, real
from symrnn.checking.truths import truths_of
from symrnn.errors import LimitError
from symrnn.models.model import Model
from symrnn.numeric.evaluation import evaluate
from symrnn.numeric.results import entries_of
from symrnn.worksheets.numbers import cost
from symrnn.worksheets.questions import Drawn
from symrnn.worksheets.sheets import Class, Sheet
from symrnn.worksheets.solving import as_value
from symrnn.worksheets.tasks import Task
from symrnn.worksheets.variants import fingerprint

DIGITS = 12
"""To which evaluations of irrational numbers agree."""


@dataclass
class Stress:
    """What was found over all seeds: lists of seeds, and of (seed, line) for disagreements."""

    seeds: int
    none_found: list[int] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)
    overruns: list[int] = field(default_factory=list)
    undiagnosable: list[int] = field(default_factory=list)
    alike: list[int] = field(default_factory=list)
    """Where two mistakes give one number by chance: no fault, the key prints it."""
    disagreements: list[tuple[int, str]] = field(default_factory=list)
    digits: Counter[int] = field(default_factory=Counter)
    """How many asked numbers take how many digits."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found; seeds that happen to draw one sheet are no fault."""
        return not (self.none_found or self.overruns or self.undiagnosable or self.disagreements)


def try_seeds(
    model: Model, tasks: tuple[Task, ...], seeds: int, tick: Callable[[int], None] = lambda count: None
) -> Stress:
    """Seeds 1 to `seeds`, one sheet each."""
    report = Stress(seeds)
    known: set[tuple[Any, ...]] = set()
    recipes = Class(model, tasks, 0).recipes
    for seed in range(1, seeds + 1):
        try:
            sheet = Class(model, tasks, seed, shared=recipes).sheet(1)
        except LimitError:
            report.none_found.append(seed)
            continue
        _look(sheet, seed, known, report)
        tick(seed)
    return report


def _look(sheet: Sheet, seed: int, known: set[tuple[Any, ...]], report: Stress) -> None:
    identity = tuple(fingerprint(drawn.model) for drawn in sheet.drawn)
    if identity in known:
        report.duplicates.append(seed)
    known.add(identity)
    for drawn in sheet.drawn:
        _look_at(drawn, seed, report)


def _look_at(drawn: Drawn, seed: int, report: Stress) -> None:
    recipe, values = drawn.recipe, drawn.values
    asked = [entry.value for line in recipe.asked for row in values[line.key] for entry in row]
    costs = [cost(value) for value in asked if isinstance(value, Fraction) and not recipe.rounded]
    report.digits.update(costs)
    if any(each > recipe.budget for each in costs):
        report.overruns.append(seed)
    view = recipe.coincidences.view(values)
    luck = [recipe.coincidences.found(line, view) for line in recipe.asked]
    if any(each.hidden for each in luck) or (recipe.asked and recipe.coincidences.forgiven(view)):
        report.undiagnosable.append(seed)
    if any(each.pairs for each in luck):
        report.alike.append(seed)
    report.disagreements += [(seed, key) for key in disagreeing(drawn)]


def disagreeing(sheet: Sheet | Drawn) -> Iterator[str]:
    """The lines in which the three evaluations differ."""
    results = evaluate(sheet.model)
    truths = truths_of(sheet.model)
    for line in sheet.recipe.solver.lines:
        mine = as_value(sheet.values[line.key])
        try:
            others = [_value(results[line.key]), truths.of(line.target) if truths else None]
        except KeyError:
            others = [None]
        if not all(other is not None and _agree(mine, other) for other in others):
            yield line.key


def _value(found: Any) -> list[Any]:
    return list(entries_of(found))


def _agree(mine: Value, other: Any) -> bool:
    left = mine.entries() if not isinstance(mine, Number) else [mine]
    right = other if isinstance(other, list) else (other.entries() if not isinstance(other, Number) else [other])
    right = [entry.value if isinstance(entry, Number) else entry for entry in right]
    return len(left) == len(right) and all(_close(a.value, b) for a, b in zip(left, right, strict=True))


def _close(a: Any, b: Any) -> bool:
    if isinstance(a, Fraction) and isinstance(b, Fraction | int):
        return a == b
    x, y = (
        real(a),
        real(b) if isinstance(b, Fraction) else MP.mpf(b) if not hasattr(b, "evalf") else MP.mpf(str(b.evalf(40))),
    )
    return bool(abs(x - y) <= MP.mpf(10) ** -DIGITS * max(1, abs(x)))
