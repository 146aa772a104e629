"""Model files: one small TOML file is what the commands share.

Reads text; returns a `Model`, or raises an error that names file, line and key. The layout is in docs/models.md.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy as sp

from symrnn.algebra.programs import sizes_of
from symrnn.errors import InputError
from symrnn.models.composition import Composition
from symrnn.models.model import Model, Note, Update
from symrnn.models.quantities import Quantities
from symrnn.models.shaping import nested
from symrnn.models.weights.references import with_weights
from symrnn.notations.declarations import declared
from symrnn.tables import Document, check_keys, read_tables
from symrnn.texts import read_text

TABLES = ("cell", "sequence", "parameters", "loss", "update", "notation", "assume", "setting", "name")
SETTING_KEYS = ("name", "sequence", "parameters", "loss", "update")
UPDATE_KEYS = ("rule", "rate", "clip_value", "clip_norm")
EXAMPLES = "example:"


def load(source: str | os.PathLike[str]) -> Model:
    """The model of a file, or of an example that ships with symrnn: `load("example:linear")`.

    >>> load("example:linear").steps
    3
    """
    name = os.fspath(source)
    if name.startswith(EXAMPLES):
        return loads(_example_text(name.removeprefix(EXAMPLES)), name)
    return loads(read_text(name, write="the path of a model file, or example:linear"), name)


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
    _check_tables(document)
    document, notes = with_weights(document)
    model = _model(document, notes)
    _check_assumptions(document, model)
    return model


def _model(document: Document, notes: tuple[Note, ...]) -> Model:
    """First the Program, then the sizes and numbers it wants."""
    cell, program = Composition(document).programs()
    assume = _assumptions(document)
    quantities = Quantities(document, assume)
    steps = quantities.read(cell, program)
    sizes = {symbol.name: quantities.sizes.number(symbol) for symbol in sizes_of(program)}
    lists = any(isinstance(value, list | np.ndarray) for value in document.table("parameters").values())
    return Model(
        name=document.tables.get("name", document.file or "model"),
        cell=cell,
        program=program,
        steps=steps,
        sizes=MappingProxyType(sizes),
        values=MappingProxyType(quantities.values),
        batch=quantities.batch(program),
        bare=all(value == 1 for value in sizes.values()) and not lists,
        update=_update(document, assume),
        notation=MappingProxyType(_notation(document)),
        settings=MappingProxyType(_settings(document, notes)),
        source=document.file or "",
        text=document.text,
        notes=notes,
    )


def _check_tables(document: Document) -> None:
    """What is a table stands as one; a name is text."""
    for key in ("cell", "sequence", "parameters", "loss", "update", "assume"):
        if not isinstance(document.tables.get(key, {}), dict):
            raise document.error((key,), "no table", f"[{key}]")
    if not isinstance(document.tables.get("name", ""), str):
        raise document.error(("name",), "no text", 'name = "model"')
    if not isinstance(document.tables.get("notation", {}), str | dict):
        raise document.error(("notation",), "neither a name nor a table", 'notation = "double_subscript"')
    settings = document.tables.get("setting", [])
    if not (isinstance(settings, list) and all(isinstance(setting, dict) for setting in settings)):
        raise document.error(("setting",), "no list of tables", "[[setting]]")


def _assumptions(document: Document) -> Mapping[str, str]:
    return {key: str(value) for key, value in document.table("assume").items()}


def _check_assumptions(document: Document, model: Model) -> None:
    """What is assumed is assumed of a symbol of the file."""
    known = {str(symbol) for each in (model, *model.settings.values()) for symbol in each.symbols}
    for name in document.table("assume"):
        if name not in known:
            write = ", ".join(sorted(known)) or f'W_h = "{name}" for a symbol, or no [assume]'
            raise document.error(("assume", name), f"no value has a symbol {name}", write)


def _update(document: Document, assume: Mapping[str, str]) -> Update | None:
    """The training step asked for."""
    given = document.table("update")
    if not given:
        return None
    check_keys(document, "update", given, UPDATE_KEYS)
    if given.get("rule", "gradient_descent") != "gradient_descent":
        raise document.error(("update", "rule"), f"{given['rule']!r}", 'rule = "gradient_descent"')
    if "clip_value" in given and "clip_norm" in given:
        raise document.error(("update", "clip_norm"), "clipping by value and by norm at once", "one of them")
    clip = next((kind for kind in ("value", "norm") if f"clip_{kind}" in given), None)
    rate = _positive(document, ("update", "rate"), given.get("rate", 1), assume)
    threshold = _positive(document, ("update", f"clip_{clip}"), given[f"clip_{clip}"], assume) if clip else None
    return Update("gradient_descent", rate, clip, threshold)


def _positive(document: Document, path: tuple[str, ...], value: Any, assume: Mapping[str, str]) -> sp.Expr:
    """A number above zero, or a symbol."""
    plain = not isinstance(value, list | dict)
    number: Any = nested(document, path, value, assume)[()] if plain else sp.nan
    if number is sp.nan or number.is_positive is False:
        raise document.error(path, f"{value}", "a number above 0")
    return number


def _notation(document: Document) -> dict[str, Any]:
    """[notation], checked and as it stands; writing and reading use it."""
    given = document.tables.get("notation", {})
    declared(given, document)
    return {"name": given} if isinstance(given, str) else dict(given)


def _settings(document: Document, notes: tuple[Note, ...]) -> dict[str, Model]:
    """Further settings of the same model, by name."""
    found: dict[str, Model] = {}
    for number, setting in enumerate(document.tables.get("setting", []), start=1):
        check_keys(document, "setting", setting, SETTING_KEYS)
        name = setting.get("name", str(number))
        if not isinstance(name, str):
            raise document.error(("setting", "name"), "no text", 'name = "large weights"')
        if name in found:
            raise document.error(("setting", "name"), f"two settings named {name}", "different names")
        merged = _merged(document, setting)
        _check_tables(merged)
        found[name] = _model(merged, notes)
    return found


def _merged(document: Document, setting: Mapping[str, Any]) -> Document:
    tables = {key: value for key, value in document.tables.items() if key != "setting"}
    for key, value in setting.items():
        if key != "name":
            both = isinstance(value, dict) and isinstance(tables.get(key, {}), dict)
            tables[key] = {**tables.get(key, {}), **value} if both else value
    return Document(document.text, document.file, tables)
