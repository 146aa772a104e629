"""What a user's argument names: an example, a file, typed equations, a named cell. Content decides, not the suffix."""

from __future__ import annotations

import re
from pathlib import Path

from symrnn.algebra.programs import Program
from symrnn.algebra.reading.roles import parse_cell
from symrnn.cells import named
from symrnn.cells.catalogue import KINDS
from symrnn.errors import InputError
from symrnn.models.files import EXAMPLES, examples, load, loads
from symrnn.models.model import Model
from symrnn.models.weights.loading import is_weights, load_weights
from symrnn.texts import read_text


def resolve(source: str, variant: str | None = None, text: str | None = None, prefix: str = "") -> Model | Program:
    """The model or cell an argument names; `text` is what stood on standard input, for `-`.

    A weights file is a model with assumed inputs; `prefix` picks one of its layers.

    >>> resolve("gru", "cho2014").citation
    'cho2014'
    >>> print(resolve("s_t = tanh(W s_{t-1} + U x_t)"))
    s_t = tanh(W s_{t-1} + U x_t)
    """
    if variant is not None and source not in KINDS:
        raise InputError(
            variant, found="a variant of what is no named cell", write=f"--variant with {', '.join(KINDS)}"
        )
    if text is not None:
        return from_text(text, "<standard input>")
    if source.startswith(EXAMPLES):
        return load(source)
    if source in KINDS:
        return named(source, variant=variant)
    if "=" in source:
        return parse_cell(source)
    path = Path(source)
    if path.is_file():
        if is_weights(path):
            return load_weights(path, prefix)
        return from_text(read_text(path), source)
    known = ", ".join((*KINDS, *examples()))
    raise InputError(
        source or "(nothing)",
        found="no file, no named cell and no equations (they contain =)",
        write=f'one of: {known}; a model file; a weights file; or "h_t = tanh(W_h h_{{t-1}} + W_x x_t + b)"',
    )


def from_text(text: str, file: str) -> Model | Program:
    """A model if the text has a TOML table, else a cell's equations."""
    if re.search(r"^\s*\[(cell|sequence|parameters|loss)\]\s*(#.*)?$", text, re.MULTILINE):
        return loads(text, file)
    return parse_cell(text, name=Path(file).stem or "typed cell", file=file)
