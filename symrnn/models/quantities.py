"""The numbers of a model file, each in the shape its Program wants.

Reads the tables [parameters], [sequence] and [loss]; returns arrays, exact throughout or float64 throughout. Sizes that
were not said follow from the arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from symrnn.algebra.nodes import Immediate, Name, Parameter, Signal, T, t
from symrnn.algebra.programs import Program
from symrnn.calculus.adjoints import LOSS
from symrnn.cells import named
from symrnn.models.model import Array, as_float, label
from symrnn.models.shaping import Sizes, as_sequence, draw, fill, nested, tell_parameter, tell_sequence
from symrnn.tables import Document, check_keys

MOST_STEPS = 1_000_000

NEARLY_ONE = 1e-6
"""How far the sum of rounded target probabilities may be from one."""


class Quantities:
    """The values of one document, and the sizes they tell."""

    def __init__(self, document: Document, assume: Mapping[str, str]) -> None:
        self.document = document
        self.table = document.table
        self.sizes = Sizes(document)
        self.assume = assume
        self.values: dict[Name, Array] = {}

    def read(self, cell: Program, program: Program) -> int:
        """Fill `values` and `sizes`; the number of steps."""
        parameters, initials = self.raw_parameters(program), self.raw_initials(program)
        sequences = self.raw_sequences(program)
        self.tell_said_sizes(cell)
        steps = self.steps(sequences)
        self.check_reads(program, steps)
        self.fill_all(program, parameters, initials, sequences, steps)
        self.values = self.settled()
        return steps

    # --- the numbers as given ---

    def raw(self, table: str, key: str, value: Any) -> Array | dict[str, Any]:
        """A value as an exact array, the table that says how to draw it, or the array of a weights file."""
        if isinstance(value, dict | np.ndarray):
            return value
        return nested(self.document, (table, key), value, self.assume)

    def raw_parameters(self, program: Program) -> dict[Parameter, Array | dict[str, Any]]:
        """Every parameter's value as given; a missing one is an error."""
        given = self.table("parameters")
        names = {parameter.name: parameter for parameter in program.parameters}
        check_keys(self.document, "parameters", given, self.known_parameters(names))
        missing = [name for name in names if name not in given]
        if missing:
            write = "\n".join(f"{name} = 0.5" for name in missing)
            if all(name.startswith("b") for name in missing):
                write = "\n".join(f"{name} = 0" for name in missing) + "   (or bias = false in [cell])"
            raise self.document.error(("parameters",), f"no value for {', '.join(missing)}", write)
        found: dict[Parameter, Array | dict[str, Any]] = {}
        for name, parameter in names.items():
            raw = self.raw("parameters", name, given[name])
            if not isinstance(raw, dict):
                raw = tell_parameter(self.sizes, ("parameters", name), parameter, raw)
            found[parameter] = raw
        return found

    def known_parameters(self, names: Mapping[str, Parameter]) -> tuple[str, ...]:
        """The parameters the file may name: those of the Program, and those an absent input or bias took along."""
        options = self.table("cell")
        extra: tuple[str, ...] = ("W_y", "b_y")
        if "kind" in options:
            full = named(str(options["kind"]), variant=options.get("variant"))
            extra += tuple(parameter.name for parameter in full.parameters if parameter.name.startswith("W_"))
        return (*names, *(name for name in extra if name not in names))

    def raw_initials(self, program: Program) -> dict[Signal, Array | dict[str, Any]]:
        """Initial values as given; those not given are zero."""
        given = self.table("sequence")
        inputs = [name.name for name in program.inputs] + ["x"]
        check_keys(self.document, "sequence", given, ("steps", *inputs, *map(label, program.initials)))
        found: dict[Signal, Array | dict[str, Any]] = {}
        for name in program.initials:
            raw = self.raw("sequence", label(name), given.get(label(name), 0))
            if not isinstance(raw, dict) and raw.ndim <= 1:
                raw = tell_parameter(self.sizes, ("sequence", label(name)), name, raw)
            elif not isinstance(raw, dict):
                self.sizes.tell(name.shape[0], raw.shape[-1], ("sequence", label(name)))
            found[name] = raw
        return found

    def raw_sequences(self, program: Program) -> dict[Name, tuple[tuple[str, str], Array | dict[str, Any]]]:
        """Inputs, targets and cotangents as given."""
        found: dict[Name, tuple[tuple[str, str], Array | dict[str, Any]]] = {}
        for name in program.inputs:
            self.add_sequence(found, name, ("sequence", name.name))
        for name in program.given:
            key = name.name if isinstance(name, Signal) and name.name in self.table("loss") else "y"
            if isinstance(name, Signal) and key in self.table("loss"):
                self.add_sequence(found, name, ("loss", key))
            elif isinstance(name, Signal):
                raise self.document.error(("loss",), f"no {name.name} for the target", f"{name.name} = 1.0")
        if program.loss is None:
            for name in (*program.outputs, *program.finals):
                if name.name in self.table("loss"):
                    self.add_sequence(found, Immediate(LOSS, name), ("loss", name.name))
        return found

    def add_sequence(self, found: dict[Name, Any], name: Name, path: tuple[str, str]) -> None:
        """One sequence, its size read off it."""
        raw = self.raw(*path, self.document.tables[path[0]][path[1]])
        if not isinstance(raw, dict):
            if self.is_class_numbers(path, name):
                raw = self.one_hot(path, raw, name)
            elif path == ("loss", "y") and self.table("loss").get("kind") == "softmax_cross_entropy":
                self.check_distribution(path, raw)
            if _is_timed(name):
                tell_sequence(self.sizes, path, name, raw)
            elif raw.ndim >= 1:
                self.sizes.tell(name.shape[0], raw.shape[-1], path)
        found[name] = (path, raw)

    def is_class_numbers(self, path: tuple[str, str], name: Name) -> bool:
        """Whether the targets of a cross-entropy are class numbers: whole numbers where vectors belong."""
        value = self.document.tables[path[0]][path[1]]
        flat = value if isinstance(value, list) else [value]
        kind = self.table("loss").get("kind")
        return path == ("loss", "y") and kind == "softmax_cross_entropy" and all(type(entry) is int for entry in flat)

    def check_distribution(self, path: tuple[str, str], targets: Array) -> None:
        """The gradient p − y holds for targets whose entries sum to one, so others are refused."""
        if targets.ndim == 0:
            return
        for row in targets.reshape(-1, targets.shape[-1]):
            total = sum(row)
            if not getattr(total, "free_symbols", ()) and abs(float(total) - 1) > NEARLY_ONE:
                raise self.document.error(
                    path, f"targets that sum to {total}, not to 1", "one-hot rows such as [0, 1], or class numbers"
                )

    def one_hot(self, path: tuple[str, str], classes: Array, name: Name) -> Array:
        """Class numbers 0 … p−1 as one-hot rows; the number of classes follows from the readout."""
        if _is_timed(name) == (classes.ndim == 0):
            raise self.document.error(
                path, "class numbers that do not fit the loss", "one for each step, or one at last"
            )
        count = self.sizes.known.get(name.shape[0])
        if count is None:
            raise self.document.error(
                path, "class numbers, but no size of the readout", "W_y as a matrix, or one-hot rows"
            )
        numbers = [int(entry) for entry in np.atleast_1d(classes).flat]
        if any(not 0 <= number < count for number in numbers):
            raise self.document.error(path, f"a class outside 0 … {count - 1}", f"class numbers from 0 to {count - 1}")
        rows = np.array([[sp.Integer(int(k == number)) for k in range(count)] for number in numbers], dtype=object)
        return rows if classes.ndim else rows[0]

    def tell_said_sizes(self, cell: Program) -> None:
        """`hidden` and `input` of [cell]."""
        options = self.table("cell")
        for key, names in (("hidden", cell.states), ("input", cell.inputs)):
            if key in options and names:
                size = options[key]
                if not isinstance(size, int) or isinstance(size, bool):
                    raise self.document.error(("cell", key), f"{size!r} is no size", f"{key} = 2")
                self.sizes.tell(names[0].shape[0], size, ("cell", key))

    def steps(self, sequences: Mapping[Name, Any]) -> int:
        """T: said, or the length of the longest sequence."""
        said = self.table("sequence").get("steps")
        if said is None:
            lengths = [
                raw.shape[0] for name, (_, raw) in sequences.items() if not isinstance(raw, dict) and _is_timed(name)
            ]
            if not lengths or not max(lengths):
                raise self.document.error(("sequence",), "neither steps nor an input", "steps = 3")
            said = max(lengths)
        if not isinstance(said, int) or isinstance(said, bool) or not 1 <= said <= MOST_STEPS:
            raise self.document.error(
                ("sequence", "steps"), f"steps = {said}", f"a whole number from 1 to {MOST_STEPS:,}"
            )
        return said

    def check_reads(self, program: Program, steps: int) -> None:
        """A step read by its number exists."""
        for equation in program:
            for name in equation.reads:
                fixed = isinstance(name, Signal) and name.indices and name.time.is_Integer
                if fixed and name.time > steps:
                    table = "loss" if "equations" in self.table("loss") else "cell"
                    raise self.document.error(
                        (table, "equations"), f"{name}, but steps run from 1 to {steps}", f"{name.at(T)}, or more steps"
                    )

    # --- the numbers in their shapes ---

    def fill_all(
        self,
        program: Program,
        parameters: Mapping[Parameter, Any],
        initials: Mapping[Signal, Any],
        sequences: Mapping[Name, Any],
        steps: int,
    ) -> None:
        """Every value in its shape, drawn ones drawn."""
        hidden = self.sizes.number(program.states[0].shape[0]) if program.states else 1
        for name, raw in parameters.items():
            self.values[name] = self.filled(name, ("parameters", name.name), raw, hidden)
        for initial, raw in initials.items():
            path = ("sequence", label(initial))
            if not isinstance(raw, dict) and raw.ndim == 2:
                self.values[initial] = raw
            else:
                self.values[initial] = self.filled(initial, path, raw, hidden)
        for name, (path, raw) in sequences.items():
            if not _is_timed(name):
                self.values[name] = (
                    raw if not isinstance(raw, dict) and raw.ndim == 2 else self.filled(name, path, raw, hidden)
                )
            elif isinstance(raw, dict):
                shape = (steps, *self.sizes.shape(name.shape))
                self.values[name] = draw(self.sizes, path, raw, shape, hidden)
            else:
                self.values[name] = as_sequence(self.sizes, path, name, raw, steps)

    def filled(self, name: Name, path: tuple[str, ...], raw: Any, hidden: int) -> Array:
        """One value in its shape."""
        if isinstance(raw, dict):
            return draw(self.sizes, path, raw, self.sizes.shape(name.shape), hidden)
        return fill(self.sizes, path, name, raw)

    def settled(self) -> dict[Name, Array]:
        """All exact, or all float64: one drawn array makes the model numerical."""
        if all(value.dtype == object for value in self.values.values()):
            return self.values
        symbols = {
            s for value in self.values.values() if value.dtype == object for v in value.flat for s in v.free_symbols
        }
        if symbols:
            raise self.document.error(
                ("parameters",),
                f"symbols ({', '.join(map(str, symbols))}) beside drawn arrays",
                "numbers for the symbols",
            )
        return {name: as_float(value) for name, value in self.values.items()}

    def batch(self, program: Program) -> int | None:
        """The number of examples, if the sequences have a batch axis; all that have one agree."""
        found: dict[str, int] = {}
        for name, value in self.values.items():
            if isinstance(name, Parameter):
                continue
            plain = len(self.sizes.shape(name.shape)) + (1 if _is_timed(name) else 0)
            if value.ndim > plain:
                found[label(name)] = value.shape[1 if _is_timed(name) else 0]
        if len(set(found.values())) > 1:
            raise self.document.error(("sequence",), f"batches of different sizes: {found}", "one batch size")
        return next(iter(found.values()), None)


def _is_timed(name: Name) -> bool:
    if isinstance(name, Immediate):
        return _is_timed(name.wrt)
    return isinstance(name, Signal) and bool(name.indices) and name.time.has(t)
