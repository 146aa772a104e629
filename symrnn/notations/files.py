"""Notations as TOML: the ones that ship with symrnn, and a reader's own.

Reads text; returns a `Notation`, or raises an error that names file, line and key. docs/notations.md says what the keys
mean. Every name passes the bounded grammar, so a file can bring no LaTeX of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from symrnn.calculus.variants import VARIANTS
from symrnn.errors import InputError
from symrnn.notations.definitions import Notation
from symrnn.notations.naming import SIGNATURES, written_name
from symrnn.notations.orientation import Orientation
from symrnn.tables import Document, check_keys, read_tables
from symrnn.texts import read_text

ORDER = ("neutral", "goodfellow", "pytorch", "double_subscript", "cs231n", "olah")
"""The notations that ship with symrnn, the plain one first."""

CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "time": ("subscript", "superscript", "angle", "bracket"),
        "product": ("⊙", "*", "∘"),
        "adjoint": ("overbar", "partial", "nabla"),
        "stack": (";", ","),
        "vectors": ("columns", "rows"),
        "jacobians": ("numerator", "denominator"),
    }
)
"""Keys whose value is one of a few words."""
TEXTS = ("title", "source", "note")
ROLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"target": ("y",), "prediction": ("y_hat", "p"), "loss": ("L",)}
)
"""Keys that name a quantity by its role, and its canonical names; probabilities are a prediction too."""
TABLES = ("names", "also", "adjoints", "cells", "gates", "structure")
KEYS = ("base", *TEXTS, *CHOICES, "bold", "delta", *ROLES, *TABLES)
MOST_CHARACTERS = 100_000


def listing() -> tuple[str, ...]:
    """The names of the notations that ship with symrnn.

    >>> listing()
    ('neutral', 'goodfellow', 'pytorch', 'double_subscript', 'cs231n', 'olah')
    """
    return ORDER


def notation(source: str | os.PathLike[str]) -> Notation:
    """A notation by its name, or from the TOML file at a path.

    >>> notation("cs231n").orientation
    Orientation(rows=True, denominator=True)
    """
    name = os.fspath(source)
    if name in ORDER:
        return _shipped(name)
    if not name.endswith(".toml"):
        raise InputError(name, found="no such notation", write=", ".join(ORDER) + ", or the path of a .toml file")
    return loads(read_text(name, write="the path of a notation"), name)


@cache
def _shipped(name: str) -> Notation:
    text = (resources.files("symrnn.notations") / "data" / f"{name}.toml").read_text(encoding="utf-8")
    return replace(loads(text, f"{name}.toml"), name=name)


def loads(text: str, file: str | None = None) -> Notation:
    """The notation of a TOML text.

    >>> own = loads('time = "bracket"\\n[names]\\nh = "s"')
    >>> own.time, own.names["h"]
    ('bracket', 's')
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError(file or "", found=f"a notation of {len(text):,} characters", write="a shorter one")
    document = read_tables(text, file)
    check_keys(document, "", document.tables, KEYS)
    return _Reader(document).notation()


class _Reader:
    """Reads one document, key by key; every error says where it stands."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.tables = document.tables

    def notation(self) -> Notation:
        """The whole notation, on top of its base."""
        base = self.base()
        vectors, jacobians = self.choice("vectors", base), self.choice("jacobians", base)
        names = {**base.names, **self.names("names"), **self.roles()}
        cells = {kind: {**base.cells.get(kind, {}), **table} for kind, table in self.cells().items()}
        return Notation(
            name=Path(self.document.file or "notation").name.removesuffix(".toml"),
            title=self.text("title"),
            source=self.text("source"),
            note=self.text("note"),
            names=MappingProxyType(names),
            cells=MappingProxyType({**base.cells, **cells}),
            also=MappingProxyType({**base.also, **self.further()}),
            stacks=base.stacks,
            adjoints=MappingProxyType({**base.adjoints, **self.names("adjoints")}),
            delta=self.delta(base),
            gates=MappingProxyType({**base.gates, **self.gates()}),
            structure=MappingProxyType({**base.structure, **self.structure()}),
            orientation=Orientation(vectors == "rows", jacobians == "denominator"),
            time=self.choice("time", base),
            product=self.choice("product", base),
            adjoint=self.choice("adjoint", base),
            stack=self.choice("stack", base),
            bold=self.flag("bold", base.bold),
        )

    def error(self, path: tuple[str, ...], found: str, write: str) -> InputError:
        """An error about a key."""
        return self.document.error(path, found, write)

    def base(self) -> Notation:
        """The notation this one starts from; the plain one unless said."""
        name = self.tables.get("base")
        if name is None:
            return Notation("neutral")
        if name not in ORDER:
            raise self.error(("base",), f"{name!r}: no such notation", "one of: " + ", ".join(ORDER))
        return _shipped(name)

    def choice(self, key: str, base: Notation) -> Any:
        """A key whose value is one of a few words."""
        value = self.tables.get(key)
        if value is None:
            return {
                "vectors": "rows" if base.orientation.rows else "columns",
                "jacobians": "denominator" if base.orientation.denominator else "numerator",
            }.get(key) or getattr(base, key)
        if value not in CHOICES[key]:
            raise self.error((key,), f"{value!r}", "one of: " + ", ".join(CHOICES[key]))
        return value

    def text(self, key: str) -> str:
        """A key whose value is words."""
        value = self.tables.get(key, "")
        if not isinstance(value, str):
            raise self.error((key,), f"{value!r} is no text", f'{key} = "…"')
        return value

    def flag(self, key: str, otherwise: bool) -> bool:
        """A key that is true or false."""
        value = self.tables.get(key, otherwise)
        if not isinstance(value, bool):
            raise self.error((key,), f"{value!r}", "true or false")
        return value

    def table(self, key: str) -> Mapping[str, Any]:
        """A table of the document, empty where there is none."""
        value = self.tables.get(key, {})
        if not isinstance(value, dict):
            raise self.error((key,), "no table", f"[{key}]")
        return value

    def name(self, path: tuple[str, ...], value: Any) -> str:
        """A written name, through the grammar."""
        if not isinstance(value, str):
            raise self.error(path, f"{value!r} is no name", f'{path[-1]} = "W_{{hf}}"')
        try:
            return written_name(value)
        except InputError as error:
            raise self.error(path, error.found, error.write) from None

    def names(self, table: str) -> dict[str, str]:
        """Canonical names to written ones."""
        return self.named(table, self.table(table))

    def named(self, path: str, given: Mapping[str, Any]) -> dict[str, str]:
        """The entries of one table of names."""
        found = {}
        for key, value in given.items():
            if self.name((path, key), key) != key:
                raise self.error((path, key), "no canonical name", 'letters, digits and _, such as W_h or "c_tilde"')
            found[key] = self.name((path, key), value)
        return found

    def further(self) -> dict[str, str]:
        """Further written names, to the canonical ones."""
        given = self.table("also")
        return {self.name(("also", key), key): self.name(("also", key), value) for key, value in given.items()}

    def roles(self) -> dict[str, str]:
        """What target, prediction and loss are called."""
        said = {key: self.name((key,), self.tables[key]) for key in ROLES if key in self.tables}
        return {canonical: written for key, written in said.items() for canonical in ROLES[key]}

    def delta(self, base: Notation) -> str:
        """The letter of gradients of arguments; empty for none."""
        value = self.tables.get("delta", base.delta)
        return value if value == "" else self.name(("delta",), value)

    def kinds(self, table: str, read: Callable[[str, Any], Any]) -> dict[str, Any]:
        """A table with an entry for each kind of cell."""
        given = self.table(table)
        check_keys(self.document, table, given, SIGNATURES)
        return {kind: read(kind, value) for kind, value in given.items()}

    def cells(self) -> dict[str, dict[str, str]]:
        """[cells.lstm] and the like: names of one kind of cell."""

        def read(kind: str, value: Any) -> dict[str, str]:
            path = f"cells.{kind}"
            if not isinstance(value, dict):
                raise self.error(("cells", kind), "no table", f"[{path}]")
            check_keys(self.document, path, value, known_names(kind))
            return self.named(path, value)

        return self.kinds("cells", read)

    def gates(self) -> dict[str, tuple[str, ...]]:
        """The order of a cell's gates."""

        def read(kind: str, value: Any) -> tuple[str, ...]:
            gates = GATES[kind]
            if not isinstance(value, list) or sorted(map(str, value)) != sorted(gates):
                raise self.error(("gates", kind), f"{value!r}", f"each of {', '.join(gates) or 'none'} once, in order")
            return tuple(value)

        return self.kinds("gates", read)

    def structure(self) -> dict[str, str]:
        """The variant of each kind of cell."""

        def read(kind: str, value: Any) -> str:
            if value not in VARIANTS:
                raise self.error(("structure", kind), f"{value!r}", "one of: " + ", ".join(VARIANTS))
            return str(value)

        return self.kinds("structure", read)


GATES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"lstm": ("f", "i", "o", "c_tilde"), "gru": ("z", "r", "h_tilde"), "rnn": ()}
)
"""The gates of each kind, by their canonical names."""


@cache
def known_names(kind: str) -> tuple[str, ...]:
    """Every canonical name a kind of cell can have, in any of its variants, with readout and loss."""
    from symrnn.calculus.rewriting import expose
    from symrnn.cells import named
    from symrnn.cells.catalogue import KINDS
    from symrnn.notations.renaming import names_of

    found: dict[str, None] = {}
    for source in KINDS[kind].variants:
        found.update(names_of(expose(named(kind, source))))
    parameters = [name for name in found if name[:2] in ("W_", "U_") or name == "b"]
    split = ["b_" + name.replace("_", "") for name in parameters if name != "b"]
    joined = [f"W_{name[2:]}_hx" for name in parameters if name.startswith("W_")] + ["W_hx"]
    return tuple(dict.fromkeys((*found, *split, *joined, *EXTRA)))


EXTRA = ("W_y", "b_y", "y", "y_hat", "o", "s", "p", "L")
"""What readouts and losses add; the logits are called s where o is taken."""
