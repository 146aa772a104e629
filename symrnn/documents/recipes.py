"""Python that makes a document anew: what a notebook's code cells hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symrnn.algebra.printing import program_to_text
from symrnn.algebra.programs import Program
from symrnn.algebra.reading.explicit import declarations
from symrnn.algebra.reading.roles import parse_cell
from symrnn.cells.catalogue import KINDS, named
from symrnn.errors import SymrnnError
from symrnn.models.model import Model

CELL = "\n\n# %%\n"
"""What stands between two code cells."""


def recipe(source: Program | Model, options: Mapping[str, Any]) -> str:
    """Code that reads the source, derives and evaluates; nothing where the source cannot be written as text.

    >>> from symrnn.cells import gru
    >>> print(recipe(gru("cho2014"), {"wrt": "b_z"}).split(CELL)[0])
    import symrnn as sr
    <BLANKLINE>
    source = sr.cells.gru("cho2014")
    document = sr.derive(source, wrt='b_z')
    document.tally
    """
    made = _model(source) if isinstance(source, Model) else _program(source)
    if not made:
        return ""
    given = "".join(f", {name}={value!r}" for name, value in options.items())
    first = f"import symrnn as sr\n\nsource = {made}\ndocument = sr.derive(source{given})\ndocument.tally"
    return first + CELL + ("sr.evaluate(source)" if isinstance(source, Model) else "sr.jacobian(source)")


def _model(model: Model) -> str:
    return f"sr.loads({_quoted(model.text)})" if model.text else ""


def _program(program: Program) -> str:
    for kind, row in KINDS.items():
        for variant in row.variants:
            if program == named(kind, variant):
                plain = variant == next(iter(row.variants))
                return f"sr.cells.{kind}({'' if plain else _quoted(variant)})"
    text = "\n".join(filter(None, (program_to_text(program), declarations(program))))
    try:
        parse_cell(text, program.name)
    except SymrnnError:
        return ""
    return f"sr.parse_cell({_quoted(text)}, {_quoted(program.name)})"


def _quoted(text: str) -> str:
    if "\\" in text or '"' in text or not text.replace("\n", "").isprintable():
        return repr(text)
    return f'"""\n{text.strip()}\n"""' if "\n" in text else f'"{text}"'
