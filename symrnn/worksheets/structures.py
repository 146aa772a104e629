"""The structure a worksheet keeps of a model: its cell, sizes, steps and loss; numbers stand in for what is drawn anew.

Reads a model of any kind, or text: a model file, a named cell, typed equations; returns a model of plain numbers.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from symrnn.algebra.nodes import Name
from symrnn.cells.catalogue import KINDS
from symrnn.errors import InputError
from symrnn.models.files import loads
from symrnn.models.model import Model
from symrnn.models.sources import resolve
from symrnn.models.templates import model_text
from symrnn.texts import read_text

MOST_STEPS = 6
MOST_SIZE = 3
STEPS = 2
"""Of a cell without a model file."""
STAND_IN = sp.Rational(1, 2)
"""For a number that is a symbol or was drawn: it is drawn anew, so only that it is not 0 counts."""


def small(model: Model) -> Model:
    """The model with plain numbers, if it is small enough for a hand calculation.

    Raises:
        InputError: too many units or steps, or a batch; says what to write instead.

    >>> import symrnn as sr
    >>> small(sr.load("example:linear")).steps
    3
    """
    units = max(model.sizes.values(), default=1)
    if model.steps > MOST_STEPS or units > MOST_SIZE or model.batch is not None:
        sizes = ", ".join(f"{name} = {size}" for name, size in model.sizes.items())
        batch = f", a batch of {model.batch}" if model.batch is not None else ""
        raise InputError(
            model.name,
            found=f"{model.steps} steps, {sizes}{batch}: too much for a hand calculation",
            write=f"a model of at most {MOST_STEPS} steps, sizes up to {MOST_SIZE} and one example, "
            f"or the name of its cell ({_cell_name(model)}): one unit, {STEPS} steps",
        )
    return replace(model, values={name: _plain(value) for name, value in model.values.items()})


def _cell_name(model: Model) -> str:
    return model.cell.name


def _plain(value: Any) -> Any:
    entries = [_rational(entry) for entry in np.asarray(value, dtype=object).flat]
    return np.array(entries, dtype=object).reshape(np.shape(value))


def _rational(entry: Any) -> Any:
    if getattr(entry, "is_Rational", False):
        return entry
    return sp.Integer(0) if entry == 0 else STAND_IN


def first_step(model: Model) -> Model:
    """The model's first step alone, the loss at its end."""
    index = model.program.steps.index
    values = {name: value[:1] if _moves(name, index) else value for name, value in model.values.items()}
    return replace(model, steps=1, values=values)


def _moves(name: Name, index: Any) -> bool:
    return bool(name.has(index))


def structure_text(source: str) -> str:
    """The text of a model file for what a person names: a model file, an example, a cell, typed equations.

    A cell has one unit, one input and two steps.

    >>> loads(structure_text("gru")).steps
    2
    """
    found = resolve(source)
    if isinstance(found, Model):
        return found.text
    return cell_text(source if source in KINDS or "=" in source else read_text(source))


def cell_text(cell: str) -> str:
    """The same for a cell by its name or its equations."""
    name = cell if cell in KINDS else "cell"
    return f'name = "{name}"\n{model_text(cell, hidden=1, inputs=1, steps=STEPS)}'


@lru_cache(maxsize=64)
def structure_of(text: str) -> Model:
    """The structure of a model file's text.

    >>> structure_of(structure_text("lstm")).name
    'lstm'
    """
    return small(loads(text))
