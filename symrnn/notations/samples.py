"""The notations as a list: one cell in each, as text for a terminal and as JSON.

Reads the notations that ship with symrnn, or one from a file; returns text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from symrnn.algebra.printing import equation_to_latex, equation_to_text, program_to_text
from symrnn.algebra.programs import Equation, Program
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.jacobians import jacobian
from symrnn.cells import named
from symrnn.notations.definitions import Notation
from symrnn.notations.files import ORDER, notation

CELL = "lstm"


def samples_as_text(sources: Iterable[str] = ORDER, cell: str = CELL) -> str:
    """Each notation with the equations of a cell, for a terminal.

    >>> print(samples_as_text(["cs231n"], "rnn"))
    cs231n: Stanford CS231n
        h_t = tanh(h_{t-1} W_h + x_t W_x + b)
        ∂L/∂W_h = Σ_{t=1}^{T} h_{t-1}ᵀ δ_t
        ∂h_t/∂h_{t-1} = W_h diag(1 - h_t²)
    <BLANKLINE>
    """
    return "\n".join(_block(notation(source), cell) for source in sources)


def _block(one: Notation, cell: str) -> str:
    program = one.variant(named(cell)).program
    style = one.style(program)
    lines = program_to_text(one.rewrite(program), style).splitlines()
    lines += [equation_to_text(one.rewrite(equation), style) for equation in _consequences(program)]
    head = f"{one.name}: {one.title}" if one.title else one.name
    return "\n".join((head, *(f"    {line}" for line in lines), ""))


def _consequences(program: Program) -> tuple[Equation, ...]:
    """One gradient and one block of the step Jacobian: where layouts differ."""
    gradients = [line for line in adjoint(program) if str(line.target).startswith("∂L/∂W")]
    return (*gradients[:1], *jacobian(program).blocks[:1])


def samples_as_json(sources: Iterable[str] = ORDER, cell: str = CELL) -> str:
    """The same as one JSON object: for each notation its settings and the equations in LaTeX.

    >>> json.loads(samples_as_json(["olah"], "rnn"))["notations"][0]["equations"]
    ['h_t = \\\\tanh(W [h_{t-1}, x_t] + b)']
    """
    found = {"cell": cell, "notations": [_entry(notation(source), cell) for source in sources]}
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def _entry(one: Notation, cell: str) -> dict[str, Any]:
    program = one.variant(named(cell)).program
    turned, style = one.rewrite(program), one.style(program)
    return {
        "name": one.name,
        "title": one.title,
        "source": one.source,
        "note": one.note,
        "vectors": "rows" if one.orientation.rows else "columns",
        "jacobians": "denominator" if one.orientation.denominator else "numerator",
        "time": one.time,
        "product": one.product,
        "structure": one.structure.get(cell, ""),
        "gates": list(one.gates.get(cell, ())),
        "names": {name: written for name, written in sorted(one.names_in(program).items()) if written != name},
        "equations": [equation_to_latex(equation, style) for equation in turned],
    }
