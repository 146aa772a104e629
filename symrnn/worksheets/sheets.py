"""Sheets: the numbers of one variant, its parts, and the two documents they make: with blanks, and the key.

Reads a model, tasks and a seed; `Class.sheet(n)` is the n-th variant, the same bytes for the same recipe and seed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from symrnn.algebra.layout import Style
from symrnn.documents.derivations import style_for
from symrnn.errors import InputError
from symrnn.models.model import Model
from symrnn.worksheets.building import BUILDERS, build, fits, lines_of
from symrnn.worksheets.drawing import Draws
from symrnn.worksheets.habits import given_keys
from symrnn.worksheets.kinds.ground import Ground
from symrnn.worksheets.questions import Drawn, Part, Question
from symrnn.worksheets.solving import Line, Rows, Solver
from symrnn.worksheets.structures import first_step, small, structure_of
from symrnn.worksheets.tasks import DEFAULT, Task, load_task
from symrnn.worksheets.variants import TURNS, VERSION, Recipe

MOST_VARIANTS = 5_000
MOST_SEED = 2**63 - 1
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,19}")


@dataclass(frozen=True)
class Sheet:
    """One variant: its id, and its parts with the numbers they are made of."""

    id: str
    number: int
    drawn: tuple[Drawn, ...]
    """A model with numbers for every structure the tasks are made from; most sheets have one."""
    parts: tuple[Part, ...]

    @property
    def recipe(self) -> Recipe:
        """The structure of the first tasks, and what is asked of it."""
        return self.drawn[0].recipe

    @property
    def model(self) -> Model:
        """The model of the first tasks with this variant's numbers."""
        return self.drawn[0].model

    @property
    def values(self) -> dict[str, Rows]:
        """What every line of that model comes to."""
        return self.drawn[0].values

    @property
    def attempts(self) -> list[int]:
        """Which draws were kept."""
        return [drawn.attempt for drawn in self.drawn]

    @property
    def style(self) -> Style:
        """How its documents write: δ for the gradient of an activation's argument, in every cell there is."""
        styles = [style_for(drawn.recipe.solver.program) for drawn in self.drawn]
        return replace(styles[0], adjoints={name: by for style in styles for name, by in style.adjoints.items()})

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
    shared: tuple[Recipe, ...] | None = None
    """The recipes of another class of the same model and tasks, so that they are made once."""
    _taken: list[set[tuple[Any, ...]]] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= MOST_SEED:
            raise InputError(f"--seed {self.seed}", found="no whole number from 0", write="--seed 1")
        if self.label and not _LABEL.fullmatch(self.label):
            # Files are named by it.
            found = "more than 20 letters, digits and -, or - first"
            raise InputError(f"--year {self.label[:40]}", found=found, write="--year 2026")

    @cached_property
    def _structures(self) -> tuple[tuple[Model, tuple[Task, ...]], ...]:
        """Every structure there are tasks for, in order of the tasks."""
        found: dict[tuple[str, bool], tuple[Model, list[Task]]] = {}
        for task in self.tasks:
            key = self._key(task)
            if key not in found:
                model = structure_of(task.model) if task.model else small(self.model)
                found[key] = (first_step(model) if key[1] else model, [])
            found[key][1].append(task)
        return tuple((model, tuple(tasks)) for model, tasks in found.values())

    def _key(self, task: Task) -> tuple[str, bool]:
        """Which structure a task is made from: of one step where that is the task."""
        return task.model, task.kind == "step"

    @cached_property
    def recipes(self) -> tuple[Recipe, ...]:
        """Every structure with the lines that are asked of it."""
        return self.shared or tuple(_recipe(model, tasks) for model, tasks in self._structures)

    @property
    def recipe(self) -> Recipe:
        """The first of them."""
        return self.recipes[0]

    def name(self, number: int) -> str:
        """The id of a variant: `2026-017`."""
        return f"{self.label or self.seed}-{number:03d}"

    def draws(self, number: int, *names: str) -> Draws:
        """The stream of a variant."""
        return Draws(self.seed, "worksheet", VERSION, str(number), *names)

    def sheet(self, number: int, attempts: Sequence[int] | None = None) -> Sheet:
        """The variant of that number, from 1; with `attempts` the draws that were kept are made again, not tested."""
        drawn = tuple(
            self._drawn(place, recipe, number, attempts[place] if attempts is not None else None)
            for place, recipe in enumerate(self.recipes)
        )
        keys = list(dict.fromkeys(self._key(task) for task in self.tasks))
        parts: list[Part] = []
        ground: Ground | None = None
        for place, task in enumerate(self.tasks):
            own = drawn[keys.index(self._key(task))]
            recipe = own.recipe
            ground = Ground(
                task,
                own,
                lambda name, place=place: self.draws(number, str(place), name),  # type: ignore[misc]  # mypy does not infer the default
                not given_keys(recipe.solver, recipe.asked),
                ground.lines if ground else 0,
                ground.letters if ground else 0,
            )
            parts.append(build(ground))
        return Sheet(self.name(number), number, drawn, tuple(parts))

    def _drawn(self, place: int, recipe: Recipe, number: int, attempt: int | None) -> Drawn:
        names = ("values",) if place == 0 else ("values", f"model {place + 1}")
        turn = self.draws(number, *names, "turn").below(TURNS)
        if attempt is not None:
            model, values = recipe.drawn(self.draws(number, *names, str(attempt)), recipe.side(turn, attempt))
            return Drawn(recipe, model, values, attempt)
        while len(self._taken) <= place:
            self._taken.append(set())
        model, values, kept = recipe.draw(lambda a: self.draws(number, *names, str(a)), self._taken[place], turn)
        return Drawn(recipe, model, values, kept)


def _recipe(model: Model, tasks: Sequence[Task]) -> Recipe:
    """The structure and every line that is asked of it."""
    solver = Solver(model)
    asked: dict[str, Line] = {}
    for line in (line for task in tasks for line in lines_of(task, solver)):
        # What several tasks ask for is computed where the last one does, after all that it is computed from there.
        asked.pop(line.key, None)
        asked[line.key] = line
    weighed = any(BUILDERS[task.kind].weighed for task in tasks)
    return Recipe(solver, tuple(asked.values()), weighed=weighed)


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
