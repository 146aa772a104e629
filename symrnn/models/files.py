"""Model files: one small TOML file is what the commands share.

Reads text; returns a `Model`, or raises an error that names file, line and key. The layout is in docs/models.md.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy as sp

from symrnn.algebra.nodes import Immediate, Name, Parameter, Signal, t
from symrnn.algebra.programs import Program, sizes_of
from symrnn.algebra.reading.roles import parse_cell
from symrnn.algebra.substitution import without
from symrnn.calculus.adjoints import LOSS
from symrnn.cells import named
from symrnn.cells.catalogue import text_of
from symrnn.errors import InputError, Place, SymrnnError
from symrnn.models.losses import LOSSES, with_loss, with_readout
from symrnn.models.model import Array, Model, Note, Update, as_float, label
from symrnn.models.shaping import Sizes, as_sequence, draw, fill, nested, tell_parameter, tell_sequence
from symrnn.models.weights.references import with_weights
from symrnn.notations.declarations import declared
from symrnn.tables import Document, check_keys, read_tables

TABLES = ("cell", "sequence", "parameters", "loss", "update", "notation", "assume", "setting", "name")
CELL_KEYS = ("kind", "variant", "activation", "gate_activation", "bias", "hidden", "input", "equations")
LOSS_KEYS = ("kind", "at", "reduce", "y", "equations")
UPDATE_KEYS = ("rule", "rate", "clip_value", "clip_norm")
MOST_STEPS = 1_000_000
EXAMPLES = "example:"


def load(source: str | os.PathLike[str]) -> Model:
    """The model of a file, or of an example that ships with symrnn: `load("example:linear")`.

    >>> load("example:linear").steps
    3
    """
    name = os.fspath(source)
    if name.startswith(EXAMPLES):
        return loads(_example_text(name.removeprefix(EXAMPLES)), name)
    try:
        text = FilePath(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no UTF-8 text"
        raise InputError(
            name, found=f"the file cannot be read: {reason}", write="the path of a model file, or example:linear"
        ) from None
    return loads(text, name)


def examples() -> tuple[str, ...]:
    """The names of the examples that ship with symrnn, as `load` takes them."""
    folder = resources.files("symrnn") / "examples"
    found = (entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(sorted(EXAMPLES + name.removesuffix(".toml") for name in found))


def _example_text(name: str) -> str:
    known = [example.removeprefix(EXAMPLES) for example in examples()]
    if name not in known:
        raise InputError(EXAMPLES + name, found="no such example", write=", ".join(EXAMPLES + k for k in known))
    return (resources.files("symrnn") / "examples" / f"{name}.toml").read_text(encoding="utf-8")


def loads(text: str, file: str | None = None) -> Model:
    """The model of a TOML text.

    >>> model = loads('[cell]\\nkind = "rnn"\\n[sequence]\\nx = [1, 2]\\n[parameters]\\nW_h = 0.5\\nW_x = 1\\nb = 0')
    >>> model.steps, model.value("W_h")[0, 0]
    (2, 1/2)
    """
    document = read_tables(text, file)
    check_keys(document, "", document.tables, TABLES)
    for table in ("cell", "sequence", "parameters", "loss", "update", "assume"):
        if not isinstance(document.tables.get(table, {}), dict):
            raise document.error((table,), "no table", f"[{table}]")
    return _Reader(*with_weights(document)).model()


def _merged(document: Document, setting: Mapping[str, Any]) -> Document:
    tables = {key: value for key, value in document.tables.items() if key != "setting"}
    for key, value in setting.items():
        if key != "name":
            tables[key] = {**tables.get(key, {}), **value} if isinstance(value, dict) else value
    return Document(document.text, document.file, tables)


class _Reader:
    """Reads one document: first the Program, then the sizes, then the numbers in their shapes."""

    def __init__(self, document: Document, notes: tuple[Note, ...] = ()) -> None:
        self.document = document
        self.notes = notes
        self.sizes = Sizes(document)
        self.values: dict[Name, Array] = {}
        assume = self.table("assume")
        self.assume = {key: str(value) for key, value in assume.items()}

    def table(self, name: str) -> dict[str, Any]:
        """A table of the document, empty where there is none."""
        return dict(self.document.tables.get(name, {}))

    def model(self) -> Model:
        """The whole model."""
        cell, program = self.programs()
        parameters, initials = self.raw_parameters(program), self.raw_initials(program)
        sequences = self.raw_sequences(program)
        self.tell_said_sizes(cell)
        steps = self.steps(sequences)
        self.fill_all(program, parameters, initials, sequences, steps)
        values = self.settled()
        sizes = {symbol.name: self.sizes.number(symbol) for symbol in sizes_of(program)}
        bare = all(value == 1 for value in sizes.values()) and not any(
            isinstance(value, list | np.ndarray) for value in self.table("parameters").values()
        )
        return Model(
            name=str(self.document.tables.get("name", self.document.file or "model")),
            cell=cell,
            program=program,
            steps=steps,
            sizes=MappingProxyType(sizes),
            values=MappingProxyType(values),
            batch=self.batch(program, values),
            bare=bare,
            update=self.update(),
            notation=MappingProxyType(self.notation()),
            settings=MappingProxyType(self.settings()),
            source=self.document.file or "",
            text=self.document.text,
            notes=self.notes,
        )

    # --- the Program ---

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

    def check_cotangents(self, cell: Program, loss: dict[str, Any]) -> None:
        """The keys of `cotangents` are outputs and states."""
        if loss and loss.get("kind") is None:
            raise self.document.error(("loss",), "a loss without a kind", 'kind = "half_squared_error"')
        states = [name.name for name in (*cell.outputs, *cell.finals)]
        check_keys(self.document, "loss", loss, ("kind", *states))

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

    # --- sizes and steps ---

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

    def batch(self, program: Program, values: Mapping[Name, Array]) -> int | None:
        """The number of examples, if the sequences have a batch axis; all that have one agree."""
        found: dict[str, int] = {}
        for name, value in values.items():
            if isinstance(name, Parameter):
                continue
            plain = len(self.sizes.shape(name.shape)) + (1 if _is_timed(name) else 0)
            if value.ndim > plain:
                found[label(name)] = value.shape[1 if _is_timed(name) else 0]
        if len(set(found.values())) > 1:
            raise self.document.error(("sequence",), f"batches of different sizes: {found}", "one batch size")
        return next(iter(found.values()), None)

    # --- the rest ---

    def update(self) -> Update | None:
        """The training step asked for."""
        given = self.table("update")
        if not given:
            return None
        check_keys(self.document, "update", given, UPDATE_KEYS)
        if given.get("rule", "gradient_descent") != "gradient_descent":
            raise self.document.error(("update", "rule"), f"{given['rule']!r}", 'rule = "gradient_descent"')
        if "clip_value" in given and "clip_norm" in given:
            raise self.document.error(("update", "clip_norm"), "clipping by value and by norm at once", "one of them")
        clip = next((kind for kind in ("value", "norm") if f"clip_{kind}" in given), None)
        rate = self.positive(("update", "rate"), given.get("rate", 1))
        threshold = self.positive(("update", f"clip_{clip}"), given[f"clip_{clip}"]) if clip else None
        return Update("gradient_descent", rate, clip, threshold)

    def positive(self, path: tuple[str, ...], value: Any) -> sp.Expr:
        """A number above zero, or a symbol."""
        plain = not isinstance(value, list | dict)
        number: Any = nested(self.document, path, value, self.assume)[()] if plain else sp.nan
        if number is sp.nan or number.is_positive is False:
            raise self.document.error(path, f"{value}", "a number above 0")
        return number

    def notation(self) -> dict[str, Any]:
        """[notation], checked and as it stands; writing and reading use it."""
        given = self.document.tables.get("notation", {})
        declared(given, self.document)
        return {"name": given} if isinstance(given, str) else dict(given)

    def settings(self) -> dict[str, Model]:
        """Further settings of the same model, by name."""
        found: dict[str, Model] = {}
        for number, setting in enumerate(self.document.tables.get("setting", []), start=1):
            check_keys(self.document, "setting", setting, ("name", *TABLES[1:4], "sequence", "update"))
            name = str(setting.get("name", number))
            if name in found:
                raise self.document.error(("setting", "name"), f"two settings named {name}", "different names")
            found[name] = _Reader(_merged(self.document, setting), self.notes).model()
        return found


def _is_timed(name: Name) -> bool:
    if isinstance(name, Immediate):
        return _is_timed(name.wrt)
    return isinstance(name, Signal) and bool(name.indices) and name.time.has(t)
