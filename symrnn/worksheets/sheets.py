"""Sheets: the numbers of one variant, its parts, and the two documents they make: with blanks, and the key.

Reads a model, tasks and a seed; `Class.sheet(n)` is the n-th variant, the same bytes for the same recipe and seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from symrnn.errors import InputError
from symrnn.models.model import Model
from symrnn.worksheets.building import Ground, build, fits, product_line
from symrnn.worksheets.drawing import Draws
from symrnn.worksheets.questions import Part, Question
from symrnn.worksheets.solving import Rows, Solver
from symrnn.worksheets.tasks import DEFAULT, Task, asked_lines, load_task
from symrnn.worksheets.variants import VERSION, Recipe

MOST_VARIANTS = 5_000
MOST_SEED = 2**63 - 1


@dataclass(frozen=True)
class Sheet:
    """One variant: its id, numbers and parts."""

    id: str
    number: int
    recipe: Recipe
    model: Model
    values: dict[str, Rows]
    parts: tuple[Part, ...]
    attempt: int

    @property
    def questions(self) -> tuple[Question, ...]:
        """Every question, in order."""
        return tuple(question for part in self.parts for question in part.questions)

    @property
    def points(self) -> int:
        """What all questions are worth."""
        return sum(question.points for question in self.questions)


@dataclass
class Class:
    """The variants of one worksheet."""

    model: Model
    tasks: tuple[Task, ...]
    seed: int
    label: str = ""
    """What ids begin with; the seed unless said."""
    shared: Recipe | None = None
    """The recipe of another class of the same model and tasks, so that it is made once."""
    _taken: set[tuple[Any, ...]] = field(default_factory=set, repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= MOST_SEED:
            raise InputError(f"--seed {self.seed}", found="no whole number from 0", write="--seed 1")
        if self.model.symbols or not self.model.exact or self.model.batch is not None:
            raise InputError(
                self.model.name,
                found="a model with symbols, drawn arrays or a batch",
                write="a model file with plain numbers and one example",
            )

    @cached_property
    def recipe(self) -> Recipe:
        """The structure and every line that is asked."""
        if self.shared is not None:
            return self.shared
        solver = Solver(self.model)
        asked = dict.fromkeys(line for task in self.tasks if task.kind == "lines" for line in asked_lines(task, solver))
        regime = any(task.kind == "regime" for task in self.tasks)
        recipe = Recipe(solver, tuple(asked), contracting=regime)
        if regime and is_product(self.model):
            recipe = Recipe(solver, (*recipe.asked, product_line(solver)), contracting=regime)
        return recipe

    def name(self, number: int) -> str:
        """The id of a variant: `2026-017`."""
        return f"{self.label or self.seed}-{number:03d}"

    def draws(self, number: int, *names: str) -> Draws:
        """The stream of a variant."""
        return Draws(self.seed, "worksheet", VERSION, str(number), *names)

    def sheet(self, number: int, attempt: int | None = None) -> Sheet:
        """The variant of that number, from 1; with `attempt`, the draw that was kept is made again and not tested."""
        recipe = self.recipe
        if attempt is None:
            model, values, attempt = recipe.draw(lambda a: self.draws(number, "values", str(a)), self._taken)
        else:
            model, values = recipe.drawn(self.draws(number, "values", str(attempt)))
        has_forward = any("forward" in task.lines for task in self.tasks)
        parts: list[Part] = []
        ground: Ground | None = None
        for place, task in enumerate(self.tasks):
            ground = Ground(
                task, recipe, model, values,
                lambda name, place=place: self.draws(number, str(place), name),  # type: ignore[misc]  # mypy does not infer the default
                has_forward,
                ground.lines if ground else 0, ground.letters if ground else 0,
            )  # fmt: skip
            parts.append(build(ground))
        return Sheet(self.name(number), number, recipe, model, values, tuple(parts), attempt)


def is_product(model: Model) -> bool:
    """Whether the regime task asks a product of this model."""
    return fits(load_task("regime"), model)


def tasks_of(names: Sequence[str], model: Model) -> tuple[Task, ...]:
    """The tasks of the names; without names the usual ones that fit the model.

    >>> import symrnn as sr
    >>> [task.name for task in tasks_of((), sr.load("example:linear"))]
    ['forward', 'bptt', 'regime']
    """
    if names:
        return tuple(load_task(name) for name in names)
    usual = [load_task(name) for name in DEFAULT if name != "bptt" or model.program.loss is not None]
    return tuple(task for task in usual if fits(task, model))
