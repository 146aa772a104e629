"""A recurrent layer as it was found in a file: its cell, its numbers under neutral names, and what was assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from symrnn.algebra.programs import Program
from symrnn.algebra.reading.roles import parse_cell
from symrnn.cells import named
from symrnn.errors import InputError
from symrnn.models.model import Note
from symrnn.models.weights.layouts import FloatArray


@dataclass(frozen=True)
class Layer:
    """One layer in one direction.

    `label` is what `--prefix` picks; `tensors` the names it was made of. `equations` stands where no named cell has
    the form (peepholes, coupled gates); otherwise `kind` and `options` say which named cell it is. `below` labels the
    layers whose outputs, side by side, are its inputs.
    """

    label: str
    kind: str
    values: Mapping[str, FloatArray]
    tensors: tuple[str, ...]
    engine: str
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    equations: str = ""
    reverse: bool = False
    below: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    @cached_property
    def cell(self) -> Program:
        """The layer's equations."""
        return self.program()

    def program(self, **choices: Any) -> Program:
        """The layer's equations, with options of a model file's [cell] where it says some."""
        if self.equations:
            if choices:
                raise InputError(
                    ", ".join(choices),
                    found=f"options of a named cell for {self.label or 'a layer'}, which is none",
                    write="no options: the weights file says the equations",
                )
            return parse_cell(self.equations, name=self.kind)
        return named(self.kind, **{**self.options, **choices})

    @property
    def telling(self) -> tuple[str, str]:
        """The kernel and the recurrent matrix that every layer of the kind has: they tell its sizes."""
        return {"rnn": ("W_x", "W_h"), "gru": ("W_h", "U_h")}.get(self.kind, ("W_c", "U_c"))

    @property
    def hidden(self) -> int:
        """The size of h."""
        return int(self.values[self.telling[1]].shape[0])

    @property
    def input(self) -> int:
        """The size of x."""
        return int(self.values[self.telling[0]].shape[1])

    @property
    def title(self) -> str:
        """`lstm.l0: LSTM, 10 inputs, 20 units (PyTorch)`."""
        name = f"{self.label}: " if self.label else ""
        return f"{name}{self.kind.upper()}, {self.input} inputs, {self.hidden} units ({self.engine})"


ACTIVATION_ASSUMED = "The file does not say the activation: {0} was assumed."
"""Of tensors alone; a model file's [cell] activation says otherwise."""


def assumed(activation: str) -> Note:
    """The note that the activation is not in the file."""
    return Note(ACTIVATION_ASSUMED, (activation,))
