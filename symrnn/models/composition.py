"""The Program of a model file: its cell, a readout where W_y is given, and its loss.

Reads the tables [cell], [parameters] (which of them there are) and [loss]; returns Programs, or an error that names
file, line and key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symrnn.algebra.programs import Program
from symrnn.algebra.reading.roles import parse_cell
from symrnn.algebra.substitution import without
from symrnn.cells import named
from symrnn.cells.catalogue import text_of
from symrnn.errors import InputError, Place, SymrnnError
from symrnn.models.losses import LOSSES, with_loss, with_readout
from symrnn.tables import SINGLE_QUOTES, Document, check_keys

CELL_KEYS = ("kind", "variant", "activation", "gate_activation", "bias", "hidden", "input", "equations")
LOSS_KEYS = ("kind", "at", "reduce", "y", "equations")
ESCAPES = {"\t": "\\t", "\b": "\\b", "\f": "\\f", "\r": "\\r"}
"""What `\\tanh`, `\\beta`, `\\frac` and `\\right` begin with in a TOML string of double quotes."""


class Composition:
    """What one document composes."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.table = document.table

    def programs(self) -> tuple[Program, Program]:
        """The cell, and the cell with readout and loss."""
        options = self.table("cell")
        check_keys(self.document, "cell", options, CELL_KEYS)
        loss = self.table("loss")
        typed_loss = loss.get("equations")
        cell = self.cell(options, "")
        if typed_loss is not None:
            more = self.text(("loss", "equations"), typed_loss)
            return cell, self.cell(options, f"{more}\n{self.scalar_lines(cell)}")
        return cell, self.with_loss(cell, loss)

    def scalar_lines(self, cell: Program) -> str:
        """Where every parameter is a plain number, states and inputs are numbers too: `L = h_1` is then a loss."""
        if any(isinstance(value, list | dict | np.ndarray) for value in self.table("parameters").values()):
            return ""
        lines = [f"{state}: state 1" for state in cell.states] + [f"{name}: input 1" for name in cell.inputs]
        return "\n".join(lines)

    def cell(self, options: dict[str, Any], more: str) -> Program:
        """The cell of the file, with more equations typed below it."""
        if ("kind" in options) == ("equations" in options):
            raise self.document.error(
                ("cell",), "a cell needs either kind or equations", 'kind = "rnn"  or  equations = "h_t = …"'
            )
        path = ("cell", "kind" if "kind" in options else "equations")
        try:
            program = self.named_or_typed(options, more)
        except SymrnnError as error:
            error.place = self.place_in_file(error.place, path)
            raise
        return self.without_absent_input(program)

    def place_in_file(self, place: Place | None, path: tuple[str, ...]) -> Place:
        """The place of a piece of typed equations in the file they stand in; else that of the key."""
        if place is not None:
            start = self.document.text.find(place.text.strip("\n"))
            if start >= 0:
                inner = place.offset - (len(place.text) - len(place.text.lstrip("\n")))
                return Place(self.document.text, start + max(inner, 0), place.length, self.document.file)
        return self.document.place(path)

    def named_or_typed(self, options: dict[str, Any], more: str) -> Program:
        """The cell by its name and options, or from typed equations."""
        if "equations" in options:
            text = self.text(("cell", "equations"), options["equations"])
            return parse_cell(
                f"{text}\n{more}" if more else text, name=str(self.document.tables.get("name", "typed cell"))
            )
        choices: dict[str, Any] = {
            key: options[key] for key in ("variant", "activation", "gate_activation", "bias") if key in options
        }
        self.check_choices(choices)
        kind = str(options["kind"])
        if not more:
            return named(kind, **choices)
        bias = choices.pop("bias", True)
        program = parse_cell(f"{text_of(kind, **choices)}\n{more}", name=kind)
        return program if bias else without(program, tuple(p for p in program.parameters if p.name.startswith("b")))

    def check_choices(self, choices: Mapping[str, Any]) -> None:
        """`bias` is true or false, the others are text."""
        for key, value in choices.items():
            wanted = bool if key == "bias" else str
            if not isinstance(value, wanted):
                raise self.document.error(
                    ("cell", key), f"{value!r}", "true or false" if wanted is bool else 'a name in quotes, "tanh"'
                )

    def text(self, path: tuple[str, ...], value: Any) -> str:
        """A value that must be text."""
        if not isinstance(value, str):
            raise self.document.error(
                path, f"{value!r} is no text", 'equations = "h_t = tanh(W_h h_{t-1} + W_x x_t + b)"'
            )
        for sign, escape in ESCAPES.items():
            # A tab that the file itself does not have is the beginning of \tanh in double quotes.
            if value.count(sign) > self.document.text.count(sign):
                raise self.document.error(path, f"{escape}, which TOML reads as a control character", SINGLE_QUOTES)
        return value

    def without_absent_input(self, program: Program) -> Program:
        """`x = []` or no x means that there is no input: its terms go, and the parameters that act on it."""
        sequence = self.table("sequence")
        absent = tuple(n for n in program.inputs if isinstance(x := sequence.get(n.name, []), list) and not x)
        return without(program, absent) if absent else program

    def with_loss(self, cell: Program, loss: dict[str, Any]) -> Program:
        """The cell with its readout (where W_y is given) and its loss (where there is one)."""
        readout = "W_y" in self.table("parameters") and not any(p.name == "W_y" for p in cell.parameters)
        kind = loss.get("kind")
        if kind is None or kind == "cotangents":
            self.check_cotangents(cell, loss)
            return with_readout(cell, bias="b_y" in self.table("parameters")) if readout else cell
        check_keys(self.document, "loss", loss, LOSS_KEYS)
        if kind not in LOSSES:
            raise self.document.error(("loss", "kind"), f"{kind!r}: no such loss", ", ".join((*LOSSES, "cotangents")))
        self.check_one_output(cell, kind)
        try:
            return with_loss(
                cell,
                kind,
                loss.get("at", "last"),
                loss.get("reduce", "sum"),
                readout,
                "b_y" in self.table("parameters"),
            )
        except InputError as error:
            key = "reduce" if "reduce" in error.wrote else "at"
            raise self.document.error(("loss", key), error.found, error.write) from None

    def check_one_output(self, cell: Program, kind: str) -> None:
        """A loss by its kind is about one output; which one is not guessed."""
        names = [name.name for name in cell.outputs]
        if len(names) > 1:
            found = f"{kind} is about one output, and the cell has {', '.join(names)}"
            line = f"outputs: {names[-1]}"
            raise self.document.error(("loss", "kind"), found, f"a line such as `{line}` among the equations")

    def check_cotangents(self, cell: Program, loss: dict[str, Any]) -> None:
        """The keys of `cotangents` are outputs and states."""
        if loss and loss.get("kind") is None:
            raise self.document.error(("loss",), "a loss without a kind", 'kind = "half_squared_error"')
        states = [name.name for name in (*cell.outputs, *cell.finals)]
        check_keys(self.document, "loss", loss, ("kind", *states))
