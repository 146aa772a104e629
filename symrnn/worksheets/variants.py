"""Variants: a model's numbers drawn anew, kept only where they are friendly and every known mistake shows.

A `Recipe` is a model's structure with what is asked; `Recipe.draw` finds a variant's numbers in a bounded search.
What is 0 among the model's parameters stays 0; all else is drawn, initial states and inputs too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import islice
from typing import Any, Literal

import numpy as np
import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Name, Node, Parameter, Signal
from symrnn.errors import LimitError
from symrnn.models.model import Model
from symrnn.worksheets import numbers
from symrnn.worksheets.drawing import Draws
from symrnn.worksheets.numbers import cost
from symrnn.worksheets.solving import Line, Rows, Solver, nice, same

VERSION = "1"
"""Of the recipe: the same version, seed and model give the same sheets."""

MOST_DRAWS = 3000
"""Draws for one variant before the search gives up."""
BUDGET = 6
"""Digits of a line's answer, as a fraction or as a decimal, whichever is shorter."""
SCALE_LIMIT = 1000
POINTS = 3
KINKED_POINTS = 12
RATIONAL = frozenset({"identity", "relu", "leaky_relu", "hard_sigmoid", "hard_tanh", "hardtanh", "abs", "sign", "step"})
"""Activations that keep fractions fractions."""

Mode = Literal["exact", "logarithms", "rounded"]


@dataclass(frozen=True)
class Recipe:
    """A model's structure, and the lines that are asked."""

    solver: Solver
    asked: tuple[Line, ...]
    contracting: bool = False
    """Whether |w| must be below 1, so that the regime of a bounded activation is proved."""

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
    def mode(self) -> Mode:
        """How the numbers come out."""
        if self.activations <= RATIONAL and not any(
            isinstance(piece, N.Softmax) for e in self.model.program for piece in N.subexpressions(e.expression)
        ):
            return "exact"
        return "logarithms" if self._takes_logarithms() else "rounded"

    def _takes_logarithms(self) -> bool:
        names = {p.name for p in self.model.program.parameters}
        scalar = all(size == 1 for size in self.model.sizes.values())
        return self.activations == {"tanh"} and scalar and names in ({"W_h", "W_x"}, {"W_h", "W_x", "b"})

    @property
    def rounded(self) -> bool:
        """Whether answers are rounded."""
        return self.mode == "rounded"

    # --- the search

    def draw(self, draws: Callable[[int], Draws], taken: set[tuple[Any, ...]]) -> tuple[Model, dict[str, Rows], int]:
        """The first numbers that pass every test: a model, the values of all lines, and which draw it was.

        Raises:
            LimitError: none passed; says which test failed how often.
        """
        failed: Counter[str] = Counter()
        for attempt in range(MOST_DRAWS):
            model, values = self.drawn(draws(attempt))
            identity = fingerprint(model)
            if identity in taken:
                failed["distinct from the others"] += 1
                continue
            reason = self._fault(values)
            if reason is None:
                taken.add(identity)
                return model, values, attempt
            failed[reason] += 1
        reasons = ", ".join(f"{reason}: {count}" for reason, count in failed.most_common())
        raise LimitError(
            self.model.name,
            found=f"no variant in {MOST_DRAWS} draws; they were not {reasons}",
            write="fewer variants, fewer steps, or another --tasks",
        )

    def drawn(self, draws: Draws) -> tuple[Model, dict[str, Rows]]:
        """A draw: the model and what all lines come to."""
        model = replace(self.model, values=self._values(draws))
        values = self.solver.solve(self.solver.givens(model), lines=(*self.solver.lines, *self._further))
        return model, values

    @cached_property
    def _further(self) -> tuple[Line, ...]:
        """Lines that are asked and are none of the model's own: products of Jacobians."""
        return tuple(line for line in self.asked if line not in self.solver.lines)

    def _fault(self, values: Mapping[str, Rows]) -> str | None:
        """Which test the values fail."""
        if not self._is_friendly(values):
            return f"within {BUDGET} digits a line"
        if not self._has_no_zero(values):
            return "without answers that are 0"
        if not self._is_diagnosable(values):
            return "diagnosable"
        return None

    def _is_friendly(self, values: Mapping[str, Rows]) -> bool:
        entries = [entry.value for line in self._needed for row in values[line.key] for entry in row]
        if self.mode == "rounded":
            return all(1 <= abs(value) * SCALE_LIMIT <= SCALE_LIMIT**2 for value in entries if value != 0)
        return all(cost(value) <= BUDGET for value in entries)

    @cached_property
    def _needed(self) -> frozenset[Line]:
        """What is asked, and the forward pass it stands on."""
        return frozenset((*self.asked, *self.solver.forward))

    def _is_diagnosable(self, values: Mapping[str, Rows]) -> bool:
        return not any(
            not apart(found, values[line.key], self.rounded)
            for line, row, found in self.wrong_answers(values)
            if (line.key, row) not in self.silent
        )

    def wrong_answers(self, values: Mapping[str, Rows]) -> Iterator[tuple[Line, str, Rows]]:
        """What each single mistake makes of each asked line, everything before it right."""
        reader = self.solver.reader(values)
        for line in self.asked:
            for row, node in line.wrong:
                found = _tried(reader, node)
                if found is not None:
                    yield line, row, nice(found)

    @cached_property
    def silent(self) -> frozenset[tuple[str, str]]:
        """(line, mistake) that give the right number whatever the values: equal at points of no special kind.

        With a kinked activation also those that are equal wherever no answer is 0: where ReLU is on, leaving it out
        changes nothing.
        """
        found = self._equal_everywhere(self._generic_points())
        if self.activations & RATIONAL:
            found |= self._equal_everywhere(self._kinked_points())
        return found

    def _equal_everywhere(self, points: Iterable[Mapping[str, Rows]]) -> frozenset[tuple[str, str]]:
        sets = [
            {(line.key, row) for line, row, wrong in self.wrong_answers(values) if same(wrong, values[line.key])}
            for values in points
        ]
        return frozenset(set.intersection(*sets)) if sets else frozenset()

    def _generic_points(self) -> Iterator[Mapping[str, Rows]]:
        return (self.generic(point)[1] for point in range(POINTS))

    def generic(self, point: int) -> tuple[Model, dict[str, Rows]]:
        """Numbers of no special kind, the same for the same point; and what all lines come to."""
        draws = Draws(point, "generic", VERSION)
        model = replace(self.model, values=self._filled(lambda name: _generic(draws)))
        return model, self.solver.solve(self.solver.givens(model), lines=(*self.solver.lines, *self._further))

    def _kinked_points(self) -> Iterator[Mapping[str, Rows]]:
        draws = (self.drawn(Draws(point, "kinked", VERSION))[1] for point in range(MOST_DRAWS))
        return islice((values for values in draws if self._has_no_zero(values)), KINKED_POINTS)

    def _has_no_zero(self, values: Mapping[str, Rows]) -> bool:
        return not any(entry.value == 0 for line in self.asked for row in values[line.key] for entry in row)

    # --- the numbers

    def _values(self, draws: Draws) -> dict[Name, Any]:
        if self.mode == "logarithms":
            return self._logarithmic(draws)
        return self._filled(lambda name: draws.choice(self._pool(name)))

    def _filled(self, number: Callable[[Name], Fraction]) -> dict[Name, Any]:
        """Every entry that is drawn, drawn; zeros among parameters and one-hot targets as they are."""
        found: dict[Name, Any] = {}
        for name, value in self.model.values.items():
            kept = isinstance(name, Parameter) or _is_label(name, value)
            entries = [
                entry if (kept and entry == 0) or _is_label(name, value) else _rational(number(name))
                for entry in np.asarray(value, dtype=object).flat
            ]
            found[name] = np.array(entries, dtype=object).reshape(np.shape(value))
        return found

    def _pool(self, name: Name) -> Sequence[Fraction]:
        if isinstance(name, Parameter):
            if name.name.startswith("b"):
                return numbers.BIASES
            if self.rounded:
                return numbers.DECIMAL_WEIGHTS
            return numbers.SMALL_WEIGHTS if self.contracting and self.activations else numbers.WEIGHTS
        if isinstance(name, Signal) and name in self.model.program.initials:
            return numbers.STATES
        return numbers.TARGETS if isinstance(name, Signal) and name.name == "y" else numbers.INPUTS

    def _logarithmic(self, draws: Draws) -> dict[Name, Any]:
        """States first: a_t = q ln k, and x_t is what makes it so."""
        found = self._filled(lambda name: draws.choice(self._pool(name)))
        by = {name.name: name for name in found if isinstance(name, Parameter | Signal)}
        w = draws.choice(numbers.SMALL_WEIGHTS)
        u = draws.choice(numbers.SCALES)
        bias = found[by["b"]].flat[0] if "b" in by else sp.Integer(0)
        state = found[next(name for name in self.model.program.initials if name in found)].flat[0]
        inputs = next(name for name in found if name in self.model.program.inputs)
        made = []
        for _ in range(self.model.steps):
            times, k, after = draws.choice(numbers.LOGARITHMS)
            argument = _rational(times) * sp.log(k)
            made.append(sp.expand((argument - _rational(w) * state - bias) / _rational(u)))
            state = _rational(after)
        found[by["W_h"]] = np.full(found[by["W_h"]].shape, _rational(w), dtype=object)
        found[by["W_x"]] = np.full(found[by["W_x"]].shape, _rational(u), dtype=object)
        found[inputs] = np.array(made, dtype=object).reshape(found[inputs].shape)
        return found


def _tried(reader: Any, node: Node) -> Rows | None:
    try:
        return reader(node)
    except Exception:  # a wrong formula may divide by zero, not fit, or leave what can be computed
        return None


def apart(left: Rows, right: Rows, rounded: bool) -> bool:
    """Whether two answers differ: at all, or so much that four digits show it."""
    if not rounded or (len(left), len(left[0])) != (len(right), len(right[0])):
        return not same(left, right)
    pairs = [(a.value, b.value) for x, y in zip(left, right, strict=True) for a, b in zip(x, y, strict=True)]
    return any(abs(float(a) - float(b)) > 2e-3 * abs(float(b)) for a, b in pairs)


def fingerprint(model: Model) -> tuple[Any, ...]:
    """The tuple of a model's values: variants differ in it."""
    return tuple(str(entry) for value in model.values.values() for entry in np.asarray(value, dtype=object).flat)


def _rational(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)


def _is_label(name: Name, value: Any) -> bool:
    """Whether a target is one-hot: it says a class, not a number."""
    entries = np.asarray(value, dtype=object)
    if not (isinstance(name, Signal) and name.name == "y" and entries.ndim and entries.shape[-1] > 1):
        return False
    return all(entry in (0, 1) for entry in entries.flat) and all(s == 1 for s in np.atleast_1d(entries.sum(axis=-1)))


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
    for line, row, wrong in recipe.wrong_answers(values):
        if (line.key, row) in recipe.silent and same(wrong, values[line.key]):
            continue
        for at, known in enumerate(found):
            if known.key == line.key and not apart(wrong, known.answer, recipe.rounded):
                if row not in known.rows:
                    found[at] = replace(known, rows=(*known.rows, row))
                break
        else:
            found.append(Confusion(line.key, wrong, (row,)))
    return found
