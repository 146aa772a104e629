"""Variants: a model's numbers drawn anew, kept only where they are friendly and every known mistake shows.

A `Recipe` is a model's structure with what is asked; `Recipe.draw` finds a variant's numbers in a bounded search.
What is 0 among the model's parameters stays 0; all else is drawn, initial states and inputs too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import islice
from typing import Any, Literal

import numpy as np

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Name, Parameter, Signal
from symrnn.checking.numbers import real
from symrnn.errors import LimitError
from symrnn.models.model import Model
from symrnn.numeric.progress import report
from symrnn.worksheets import numbers
from symrnn.worksheets.coincidences import Coincidences
from symrnn.worksheets.drawing import Draws
from symrnn.worksheets.entries import Entries, Given
from symrnn.worksheets.holding import Holding, fill, holding_of
from symrnn.worksheets.numbers import cost
from symrnn.worksheets.recording import activated
from symrnn.worksheets.solving import Line, Rows, Solver, key_of, nice
from symrnn.worksheets.views import Sharp, View, apart

VERSION = "3"
"""Of the recipe: the same version, seed and model give the same sheets."""

MOST_DRAWS = 3000
"""Draws for one variant before the search gives up."""
ENOUGH = 25
"""So many draws that pass are looked at for one in which no two mistakes give one number by chance."""
GATED_ENOUGH = 4
"""The same where a cell has gates: a draw has some fifty lines with hundreds of mistakes."""
LONG = 1000
"""After so many draws a search says how far it has come."""
BUDGET = 6
"""Digits of a line's answer, as a fraction or as a decimal, whichever is shorter."""
GATED_BUDGET = 8
"""The same where a cell has gates: every line of its backward pass is a product of up to eight factors."""
SCALE_LIMIT = 1000
"""What is rounded lies between this and one part of it."""
PATIENCE = 300
"""Draws on one side of 1 before another is tried."""
TURNS = 6
"""A variant's turn is one of so many: each of two or three sides of 1 is as likely."""
POINTS = 3
KINKED_POINTS = 12
RATIONAL = frozenset({"identity", "relu", "leaky_relu", "hard_sigmoid", "hard_tanh", "hardtanh", "abs", "sign", "step"})
"""Activations that keep fractions fractions."""
SATURATING = frozenset({"hard_sigmoid", "hard_tanh", "hardtanh"})
"""Flat beyond small arguments: there every gradient is 0."""

Mode = Literal["exact", "logarithms", "rounded"]


@dataclass(frozen=True)
class Attempt:
    """A draw: its numbers, the values of all lines, and the first test that fails."""

    attempt: int
    given: Sequence[Given]
    values: dict[str, Rows]
    fault: str = ""
    chances: int = 0
    """How many pairs of mistakes its numbers make alike."""
    is_better: bool = True
    """Than the best before."""


@dataclass(frozen=True)
class Recipe:
    """A model's structure, and the lines that are asked."""

    solver: Solver
    asked: tuple[Line, ...]
    weighed: bool = False
    """Whether |w| decides an answer: on which side of 1 it lies is drawn first, so that no answer is rare."""

    @property
    def model(self) -> Model:
        """The model whose structure it is."""
        return self.solver.model

    @cached_property
    def activations(self) -> frozenset[str]:
        """Their names; the identity is none."""
        nodes = (p for equation in self.model.program for p in N.subexpressions(equation.expression))
        return frozenset(node.activation.name for node in nodes if isinstance(node, N.Apply))

    @cached_property
    def has_softmax(self) -> bool:
        """Whether there is a softmax."""
        pieces = (piece for e in self.model.program for piece in N.subexpressions(e.expression))
        return any(isinstance(piece, N.Softmax) for piece in pieces)

    @cached_property
    def mode(self) -> Mode:
        """How the numbers come out."""
        if self.activations <= RATIONAL and not self.has_softmax:
            return "exact"
        return "rounded" if self._holding is None else "logarithms"

    @cached_property
    def _holding(self) -> Holding | None:
        return holding_of(self.solver, RATIONAL)

    @cached_property
    def _solved(self) -> frozenset[int]:
        """The entries that follow from the others."""
        return frozenset() if self._holding is None or self.mode != "logarithms" else self._holding.solved

    @cached_property
    def _entries(self) -> Entries:
        return Entries(self.solver)

    @property
    def rounded(self) -> bool:
        """Whether answers are rounded."""
        return self.mode == "rounded"

    def rounds(self, rows: Rows) -> bool:
        """Whether an answer is rounded: one that is neither fraction nor logarithm is, on any sheet."""
        return self.rounded or not numbers.is_exact(rows)

    # --- the search

    def draw(
        self, draws: Callable[[int], Draws], taken: set[tuple[Any, ...]], turn: int = 0
    ) -> tuple[Model, dict[str, Rows], int]:
        """Numbers that pass every test: a model, the values of all lines, and which draw it was.

        Of draws that pass, the first in which no two mistakes give one number by chance, or of many the best.

        Raises:
            LimitError: none passed; says which test failed how often.
        """
        failed: Counter[str] = Counter()
        best: Attempt | None = None
        passed = 0
        for attempt in range(MOST_DRAWS):
            if attempt >= LONG:
                report(attempt, MOST_DRAWS)
            drawn = self._tried(draws(attempt), attempt, best.chances if best else None, self.side(turn, attempt))
            if drawn.fault or tuple(drawn.given) in taken:
                failed[drawn.fault or "distinct from the others"] += 1
                continue
            passed += 1
            best = drawn if drawn.is_better else best
            if drawn.chances == 0 or passed == self._enough:
                break
        if best is None:
            reasons = ", ".join(f"{reason}: {count}" for reason, count in failed.most_common())
            raise LimitError(
                self.model.name,
                found=f"no variant in {MOST_DRAWS} draws; they were not {reasons}",
                write="fewer variants, fewer steps, or another --tasks",
            )
        taken.add(tuple(best.given))
        return self._entries.model_of(best.given), best.values, best.attempt

    def side(self, turn: int, attempt: int) -> int:
        """Which of the `sides` of the recurrent weight a draw has: that of its turn, while there is hope."""
        return (turn + attempt // PATIENCE) % max(1, len(self.sides))

    def drawn(self, draws: Draws, side: int = 0) -> tuple[Model, dict[str, Rows]]:
        """A draw that is not tested: the model and what all lines come to."""
        given, table = self._given(draws, side)
        values = self.solver.solve(table, lines=tuple(line for line in self._lines if line.key not in table))
        return self._entries.model_of(given), values

    def _tried(self, draws: Draws, attempt: int, least: int | None, side: int = 0) -> Attempt:
        """A draw, line after line until a test fails; the last test only where there is less luck than `least`."""
        given, table = self._given(draws, side)
        made = Attempt(attempt, given, table)
        view = self.coincidences.view(table)
        if fault := next(self._faults(view), ""):
            return replace(made, fault=fault)
        if self.coincidences.hides(view):
            return replace(made, fault="diagnosable")
        for line in sorted(self.asked, key=lambda line: len(line.wrong)):
            luck = self.coincidences.found(line, view)
            if luck.hidden:
                return replace(made, fault="diagnosable")
            made = replace(made, chances=made.chances + len(luck.pairs))
            if least is not None and made.chances >= least:
                return replace(made, is_better=False)
        if least is not None and made.chances >= least:
            return replace(made, is_better=False)
        if self.asked and self.coincidences.forgiven(view):
            return replace(made, fault="diagnosable to the end")
        sharp = view if isinstance(view, Sharp) else Sharp(self.solver, table)
        if fault := next(self._faults(sharp), ""):
            return replace(made, fault=fault)
        if not self._is_true_as_printed(sharp.table):
            return replace(made, fault="right with the digits that are printed")
        return replace(made, values=sharp.table)

    def _faults(self, view: View) -> Iterator[str]:
        """The tests that lines fail by themselves; the view has every line then."""
        for line in self._lines:
            values = view.scalars(view.computed(line))
            if line in self._needed and not all(map(self._is_friendly, values)):
                yield f"within {self.budget} digits a line"
            if line.key in self._bent and not self._bends(line.key, values):
                yield "where activations bend"
            if line in self._wanted and any(value == 0 for value in values):
                yield "without answers that are 0"

    def _is_true_as_printed(self, table: Mapping[str, Rows]) -> bool:
        """Whether every answer comes out of the numbers that stand on the sheet, in the digits it is written with."""
        printed = {line.key: numbers.as_printed(table[line.key], self.rounded) for line in self._lines}
        if all(rows == table[key] for key, rows in printed.items()):
            return True
        reader = self.solver.sharp_reader({**table, **printed})
        return all(
            numbers.is_written_alike(nice(reader(line.expression)), table[line.key], self.rounded)
            for line in self.asked
        )

    @cached_property
    def _lines(self) -> tuple[Line, ...]:
        """The model's lines, and what is asked and is none of them: products of Jacobians."""
        return tuple(dict.fromkeys((*self.solver.lines, *self.asked)))

    @cached_property
    def _bent(self) -> Mapping[str, float]:
        """Keys of rounded arguments, and how large one must be: about 0 four digits of a and tanh(a) are alike."""
        if not self.rounded:
            return {}
        pieces = (piece for line in self.solver.forward for piece in N.subexpressions(line.expression))
        bent = (piece for piece in pieces if isinstance(piece, N.Apply) and piece.activation.name not in RATIONAL)
        inner = [(piece.operands[0], piece.activation.name) for piece in bent]
        return {
            key_of(name): 0.0 if activated(function, Fraction(0)) else numbers.LEAST_BENT
            for name, function in inner
            if isinstance(name, Signal)
        }

    @cached_property
    def _wanted(self) -> frozenset[Line]:
        return frozenset(self.asked)

    @cached_property
    def _needed(self) -> frozenset[Line]:
        """What is asked, and the forward pass it stands on."""
        return frozenset((*self.asked, *self.solver.forward))

    @cached_property
    def budget(self) -> int:
        """Digits of a line's answer."""
        return GATED_BUDGET if self.is_gated else BUDGET

    @property
    def _enough(self) -> int:
        return GATED_ENOUGH if self.is_gated else ENOUGH

    @property
    def is_gated(self) -> bool:
        """Whether a step has several arguments: its lines are products of many factors."""
        return len(self.activations) > 1

    def _is_friendly(self, value: Any) -> bool:
        if isinstance(value, Fraction) and not self.rounded:
            return cost(value) <= self.budget
        size = abs(value) if isinstance(value, float) else abs(real(value))
        return size == 0 or bool(1 <= size * SCALE_LIMIT <= SCALE_LIMIT**2)

    def _bends(self, key: str, values: Sequence[Any]) -> bool:
        sizes = [abs(value) if isinstance(value, float) else abs(real(value)) for value in values]
        return any(self._bent[key] <= size <= numbers.MOST_BENT for size in sizes)

    # --- mistakes

    @cached_property
    def coincidences(self) -> Coincidences:
        """What mistakes have in common by structure.

        With a kinked activation also what is equal wherever no answer is 0: where ReLU is on, leaving it out changes
        nothing.
        """
        tables = list(self._kinked_points() if self.activations & RATIONAL else self._generic_points())
        return Coincidences(self.solver, self.asked, tables, self.rounded)

    @property
    def silent(self) -> frozenset[tuple[str, str]]:
        """(line, mistake) that give the right number whatever the values."""
        return self.coincidences.silent

    def _generic_points(self) -> Iterator[dict[str, Rows]]:
        return (self.generic(point)[1] for point in range(POINTS))

    def generic(self, point: int) -> tuple[Model, dict[str, Rows]]:
        """Numbers of no special kind, the same for the same point; and what all lines come to."""
        draws = Draws(point, "generic", VERSION)
        given = self._filled(lambda name, used: _generic(draws), ())
        return self._entries.model_of(given), self.solver.solve(self._entries.table(given), lines=self._lines)

    def _kinked_points(self) -> Iterator[dict[str, Rows]]:
        draws = (self.drawn(Draws(point, "kinked", VERSION), self.side(point, 0))[1] for point in range(MOST_DRAWS))
        return islice((values for values in draws if self._has_no_zero(values)), KINKED_POINTS)

    def _has_no_zero(self, values: Mapping[str, Rows]) -> bool:
        """Where no gradient of a state is 0 either, every kink is on."""
        states = (line for line in self.solver.backward if isinstance(_of(line.target), Signal))
        lines = dict.fromkeys((*self.asked, *states))
        return not any(entry.value == 0 for line in lines for row in values[line.key] for entry in row)

    # --- the numbers

    def _given(self, draws: Draws, side: int) -> tuple[list[Given], dict[str, Rows]]:
        """The numbers of a draw, and the table they begin."""
        found = self._filled(lambda name, used: draws.choice(_unused(self._pool(name, side), used)), self._solved)
        if self.mode != "logarithms":
            return found, self._entries.table(found)
        assert self._holding is not None
        return fill(self._holding, self.solver, found, draws)

    def _filled(self, number: Callable[[Name, set[Fraction]], Fraction], solved: Collection[int]) -> list[Given]:
        """Every entry: those that are drawn, drawn; zeros among parameters and one-hot targets as they are.

        Those that are `solved` for are 0. A number is drawn knowing those there are: two that are alike hide which of
        them was used.
        """
        entries, used = self._entries, set[Fraction]()
        found: list[Given] = []
        for at, name in enumerate(entries.names, 1):
            if at in solved:
                found.append(Fraction(0))
                continue
            value = entries.kept[at] if at in entries.kept else number(name, used)
            used.add(value)
            found.append(value)
        return found

    @cached_property
    def _carried(self) -> frozenset[str]:
        """Parameters that gradients are multiplied by."""
        lines = [line for line in self.solver.lines if isinstance(line.target, N.Adjoint) and line in self._wanted]
        names = (name for line in lines for name in N.names_in(line.expression))
        return frozenset(name.name for name in names if isinstance(name, Parameter))

    @cached_property
    def sides(self) -> tuple[tuple[Fraction, ...], ...]:
        """Recurrent weights of a scalar cell by what the size of |w| sup|f'| says; none where it does not matter."""
        if not self.weighed:
            return ()
        if not self.activations:
            return (numbers.SMALL_WEIGHTS, numbers.LARGE_WEIGHTS, numbers.NEUTRAL_WEIGHTS)
        slope = numbers.largest_slope(self.activations)
        beyond = tuple(weight / slope for weight in numbers.LARGE_WEIGHTS)
        return (numbers.SMALL_WEIGHTS, beyond)

    def _pool(self, name: Name, side: int) -> Sequence[Fraction]:
        if self.sides and isinstance(name, Parameter) and name.name == "W_h":
            return self.sides[side]
        if isinstance(name, Parameter):
            if name.name.startswith("b"):
                return numbers.SMALL_BIASES if self.rounded and self.is_gated else numbers.BIASES
            if self._holding is not None and self.mode == "logarithms":
                few = numbers.SMALL_WEIGHTS if name.name in self._carried else numbers.GATED_WEIGHTS
                return numbers.SCALES if name.name in self._holding.scales else few
            if self.rounded:
                return numbers.DECIMAL_WEIGHTS
            return numbers.SMALL_WEIGHTS if self.activations & SATURATING else numbers.WEIGHTS
        if isinstance(name, Signal) and name in self.model.program.initials:
            return numbers.STATES
        if isinstance(name, Signal) and name.name == "y":
            if self.rounded and self.is_gated:
                return numbers.FAR_TARGETS
            return numbers.KINKED_TARGETS if self.activations & RATIONAL - SATURATING else numbers.TARGETS
        if self.rounded and self.is_gated:
            return numbers.MIDDLE_INPUTS
        return numbers.SMALL_INPUTS if self.activations & SATURATING else numbers.INPUTS


def _of(target: Name) -> Name | None:
    return target.of if isinstance(target, N.Adjoint) else None


def fingerprint(model: Model) -> tuple[Any, ...]:
    """The tuple of a model's values: variants differ in it."""
    return tuple(str(entry) for value in model.values.values() for entry in np.asarray(value, dtype=object).flat)


def _unused(pool: Sequence[Fraction], used: set[Fraction]) -> Sequence[Fraction]:
    sizes = set(map(_size, used))
    fresh = [value for value in pool if _size(value) not in sizes]
    return fresh or [value for value in pool if value not in used] or pool


def _size(value: Fraction) -> tuple[int, int]:
    # Fractions themselves take long to hash.
    return abs(value.numerator), value.denominator


def _generic(draws: Draws) -> Fraction:
    return Fraction((1, -1)[draws.below(2)] * (23 + draws.below(61)), 97)


@dataclass(frozen=True)
class Confusion:
    """Mistakes that give one answer in one line."""

    key: str
    answer: Rows
    rows: tuple[str, ...] = field(default=())


def confusions(recipe: Recipe, values: Mapping[str, Rows]) -> list[Confusion]:
    """Every wrong answer of every asked line, with the mistakes that give it; those that never show are left out."""
    found: list[Confusion] = []
    for line in recipe.asked:
        right = values[line.key]
        rounded = recipe.rounds(right)
        for _, row, wrong in recipe.coincidences.wrong(line, values):
            if not apart(wrong, right, rounded):
                continue
            for at, known in enumerate(found):
                if known.key == line.key and not apart(wrong, known.answer, rounded):
                    if row not in known.rows:
                        found[at] = replace(known, rows=(*known.rows, row))
                    break
            else:
                found.append(Confusion(line.key, wrong, (row,)))
    return found
