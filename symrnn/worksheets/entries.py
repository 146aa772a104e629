"""The given numbers of a model, entry by entry: which are drawn, where each stands, and those that hold a logarithm.

Reads a `Solver`; a draw is a list of numbers, one for each entry, that becomes a table of values or a `Model`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from symrnn.algebra.nodes import Name, Parameter, Signal
from symrnn.checking.numbers import MP, Number, real, sharp
from symrnn.models.model import Model
from symrnn.worksheets.solving import Rows, Solver


@dataclass(frozen=True)
class Held:
    """(q ln k − shift)/over: a given number that is what makes an argument q ln k."""

    times: Fraction
    k: Fraction
    shift: Fraction
    over: Fraction

    def real(self) -> Any:
        """To 50 digits."""
        return (real(self.times) * logarithm(self.k) - real(self.shift)) / real(self.over)

    def symbol(self) -> sp.Expr:
        """As it is printed."""
        return rational(self.times / self.over) * sp.log(rational(self.k)) - rational(self.shift / self.over)


Given = Fraction | Held


@cache
def logarithm(k: Fraction) -> Any:
    """ln k to 50 digits."""
    return MP.log(real(k))


def rational(value: Fraction) -> sp.Rational:
    """A fraction for SymPy."""
    return sp.Rational(value.numerator, value.denominator)


class Entries:
    """Every entry of every given value, numbered from 1 in the order of the model."""

    def __init__(self, solver: Solver) -> None:
        model = solver.model
        self.model = model
        self.kept: dict[int, Fraction] = {}
        self.names: list[Name] = []
        numbered: dict[Name, Any] = {}
        for name, value in model.values.items():
            entries = list(np.asarray(value, dtype=object).flat)
            first = len(self.names) + 1
            numbered[name] = np.array(
                [sp.Integer(first + at) for at in range(len(entries))], dtype=object
            ).reshape(np.shape(value))  # fmt: skip
            label = _is_label(name, value)
            for at, entry in enumerate(entries):
                self.names.append(name)
                if label or (isinstance(name, Parameter) and entry == 0):
                    self.kept[first + at] = Fraction(int(entry))
        places = solver.givens(replace(model, values=numbered))
        self._layout = {key: tuple(tuple(int(e.value) for e in row) for row in rows) for key, rows in places.items()}
        self._numbered = numbered

    @property
    def drawn(self) -> Mapping[int, Name]:
        """The numbers of the entries that are drawn, and whose they are."""
        return {at: name for at, name in enumerate(self.names, 1) if at not in self.kept}

    def key_of(self, entry: int) -> str:
        """The key an entry stands under: `x[1]`."""
        return next(key for key, rows in self._layout.items() if any(entry in row for row in rows))

    def places_of(self, key: str) -> tuple[tuple[int, ...], ...]:
        """The entries that stand under a key."""
        return self._layout[key]

    def table(self, values: Sequence[Given]) -> dict[str, Rows]:
        """What is given, by key; a place that no entry fills is 0."""
        numbers = [sharp(0), *(_number(value) for value in values)]
        return {key: tuple(tuple(numbers[at] for at in row) for row in rows) for key, rows in self._layout.items()}

    def model_of(self, values: Sequence[Given]) -> Model:
        """The model with these numbers."""
        symbols = [sp.Integer(0), *(v.symbol() if isinstance(v, Held) else rational(v) for v in values)]
        made = {
            name: np.array([symbols[int(at)] for at in places.flat], dtype=object).reshape(places.shape)
            for name, places in self._numbered.items()
        }
        return replace(self.model, values=made)


def _number(value: Given) -> Number:
    return sharp(value.real() if isinstance(value, Held) else value)


def _is_label(name: Name, value: Any) -> bool:
    """Whether a target is one-hot: it says a class, not a number."""
    entries = np.asarray(value, dtype=object)
    if not (isinstance(name, Signal) and name.name == "y" and entries.ndim and entries.shape[-1] > 1):
        return False
    return all(entry in (0, 1) for entry in entries.flat) and all(s == 1 for s in np.atleast_1d(entries.sum(axis=-1)))
