"""The notation a document declares: in `[notation]`, what is written stands left and what it means right.

Reads the table; returns a `Notation`, or raises an error that names the key. docs/notations.md says what may stand in
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from symrnn.errors import InputError
from symrnn.notations.definitions import Notation
from symrnn.notations.files import CHOICES, ROLES, notation
from symrnn.notations.naming import read_as, written_name
from symrnn.notations.orientation import Orientation
from symrnn.tables import Document

STYLES = ("time", "product", "adjoint", "stack")
GATES = ("f", "i", "o", "c", "c_tilde", "z", "r", "h", "h_tilde")
ORIENTATIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"layout": ("columns", "rows"), "jacobians": CHOICES["jacobians"]}
)


def declared(table: Mapping[str, Any] | str, document: Document | None = None) -> Notation:
    """The notation of a `[notation]` table, or of the one name that stands for it.

    >>> own = declared({"name": "double_subscript", "W_rec": "W_h", "net_h": "a", "layout": "rows"})
    >>> own.names["W_h"], own.orientation.rows, own.also["W_rec"]
    ('W_rec', True, 'W_h')
    """
    given = {"name": table} if isinstance(table, str) else dict(table)
    return _Reader(given, document or Document("", None, {})).notation()


class _Reader:
    def __init__(self, given: dict[str, Any], document: Document) -> None:
        self.given = given
        self.document = document

    def error(self, key: str, found: str, write: str) -> InputError:
        """The error about a key."""
        return self.document.error(("notation", key), found, write)

    def notation(self) -> Notation:
        """The base, with what the table says."""
        base = self.base()
        styles = {key: self.choice(key, CHOICES[key]) for key in STYLES if key in self.given}
        names, stacks = self.names()
        # A name the document gives comes before its base's, for every kind of cell.
        cells = {
            kind: {key: one for key, one in table.items() if key not in names} for kind, table in base.cells.items()
        }
        return replace(
            base,
            names=MappingProxyType({**base.names, **names}),
            also=MappingProxyType({**base.also, **self.meanings}),
            cells=MappingProxyType(cells),
            stacks=MappingProxyType(stacks),
            orientation=self.orientation(base.orientation),
            **styles,
        )

    def base(self) -> Notation:
        """The notation called by name."""
        name = self.given.get("name", "neutral")
        if not isinstance(name, str):
            raise self.error("name", f"{name!r} is no name", 'name = "double_subscript"')
        try:
            return notation(name)
        except InputError as error:
            raise self.error("name", error.found, error.write) from None

    def choice(self, key: str, known: tuple[str, ...]) -> Any:
        """A key whose value is one of a few words."""
        if self.given[key] not in known:
            raise self.error(key, f"{self.given[key]!r}", "one of: " + ", ".join(known))
        return self.given[key]

    def orientation(self, base: Orientation) -> Orientation:
        """Rows bring Jacobians in denominator layout, unless said."""
        said = {key: self.choice(key, known) for key, known in ORIENTATIONS.items() if key in self.given}
        rows = said["layout"] == "rows" if "layout" in said else base.rows
        if "jacobians" in said:
            return Orientation(rows, said["jacobians"] == "denominator")
        return Orientation(rows, rows if "layout" in said else base.denominator)

    def names(self) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
        """Canonical to written names, and the stacked matrices; fills `meanings`, written to canonical."""
        self.meanings: dict[str, str] = {}
        stacks: dict[str, tuple[str, ...]] = {}
        names: dict[str, str] = {}
        for key, meaning in self.given.items():
            if key in ("name", *STYLES, *ORIENTATIONS):
                continue
            written = self.written(key, key)
            if isinstance(meaning, list):
                stacks[read_as(written)] = self.gates(key, meaning)
                continue
            for canonical in ROLES.get(str(meaning), None) or (self.written(key, meaning),):
                self.meanings[read_as(written)] = canonical
                names.setdefault(canonical, written)
        return names, stacks

    def written(self, key: str, value: Any) -> str:
        """A name through the grammar."""
        if not isinstance(value, str):
            raise self.error(key, f"{value!r}", 'what the name means: "W_h", "prediction", or gates ["f", "i"]')
        try:
            return written_name(value)
        except InputError as error:
            raise self.error(key, error.found, error.write) from None

    def gates(self, key: str, value: list[Any]) -> tuple[str, ...]:
        """The gates of a stacked matrix, from top to bottom."""
        if not value or any(gate not in GATES for gate in value) or len(set(value)) < len(value):
            raise self.error(key, f"{value!r}", "different gates of: " + ", ".join(GATES))
        return tuple(value)
