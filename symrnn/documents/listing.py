"""The named cells as a list: equations, convention, number of parameters and operations a step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp

from symrnn.algebra.costs import Cost, cost_of
from symrnn.algebra.programs import Program
from symrnn.cells.catalogue import KINDS, named


@dataclass(frozen=True)
class Entry:
    """One variant of one named cell."""

    kind: str
    variant: str
    program: Program
    cost: Cost


def entries() -> Iterator[Entry]:
    """Every variant of every named cell; the first variant of a kind is the plain one."""
    for kind, row in KINDS.items():
        for variant in row.variants:
            program = named(kind, variant)
            yield Entry(kind, variant, program, cost_of(program))


def cells_as_text() -> str:
    """The list for a terminal: n is the size of the state, m that of the input.

    >>> print(cells_as_text().splitlines()[1])
        Elman (1990): one layer; h_t = f(W_h h_{t-1} + W_x x_t + b)
    """
    blocks = []
    for entry in entries():
        plain = len(KINDS[entry.kind].variants) == 1 or entry.variant == next(iter(KINDS[entry.kind].variants))
        name = entry.kind if plain else f"{entry.kind} --variant {entry.variant}"
        equations = "\n".join("    " + line for line in str(entry.program).splitlines())
        blocks.append(
            f"{name}\n    {entry.program.convention}\n{equations}\n"
            f"    parameters: {_shown(entry.cost.parameters)}; a step: {_shown(entry.cost.arithmetic)} "
            f"additions and multiplications, {_shown(entry.cost.activations)} activations\n"
        )
    return "\n".join(blocks)


def _shown(expression: sp.Expr) -> str:
    return str(expression).replace("*", " ").replace("  ", "^")


def cells_as_json() -> str:
    """The list as JSON: name, variant, convention, citation, equations, costs in n and m."""
    content = [
        {
            "name": entry.kind,
            "variant": entry.variant,
            "convention": entry.program.convention,
            "citation": entry.program.citation,
            "equations": [str(equation) for equation in entry.program],
            "parameters": str(entry.cost.parameters),
            "operations": str(entry.cost.arithmetic),
            "activations": str(entry.cost.activations),
        }
        for entry in entries()
    ]
    return json.dumps({"cells": content}, ensure_ascii=False, indent=2) + "\n"
