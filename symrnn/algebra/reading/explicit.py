"""The lines that make a printed cell say everything: sizes, outputs and roles that its equations leave open.

Reads a Program and its text; returns the optional lines without which `parse_cell` would read something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symrnn.algebra.nodes import Node, Parameter
from symrnn.algebra.printing import program_to_text, to_text
from symrnn.algebra.programs import Program
from symrnn.algebra.reading.roles import parse_cell
from symrnn.errors import SymrnnError


def declarations(program: Program) -> str:
    """The optional lines that a cell's text needs to be read back as the same Program; none where it needs none.

    >>> print(declarations(parse_cell("h_t = A h_{t-1} + B x_t; A: n×n diagonal")))
    A: n×n diagonal
    >>> declarations(parse_cell("h_t = tanh(W h_{t-1} + U x_t)"))
    ''
    """
    text = program_to_text(program)
    needed = list(_lines(program))
    if _reads_back(program, text, ()):
        return ""
    for line in tuple(needed):
        fewer = [kept for kept in needed if kept != line]
        if _reads_back(program, text, fewer):
            needed = fewer
    return "\n".join(needed)


def _reads_back(program: Program, text: str, lines: Sequence[str]) -> bool:
    try:
        read = parse_cell("\n".join((text, *lines)), program.name)
    except SymrnnError:
        return False
    return replace(read, convention=program.convention, citation=program.citation) == program


def _lines(program: Program) -> Iterator[str]:
    """Everything that can be said, a line for each name."""
    for parameter in program.parameters:
        yield f"{to_text(parameter)}: {_size(parameter)}"
    for given in program.given:
        yield f"{to_text(given)}: given {_size(given)}"
    for signal in program.inputs:
        yield f"{to_text(signal)}: input {_size(signal)}"
    for equation in program:
        yield f"{to_text(equation.target)}: {_size(equation.target)}"
    if program.outputs:
        yield "outputs: " + ", ".join(map(to_text, program.outputs))
    if program.loss is not None:
        yield f"loss: {to_text(program.loss)}"


def _size(node: Node) -> str:
    rows, cols = node.shape
    if node.is_scalar_shaped:
        return "scalar"
    size = str(rows) if cols == 1 else f"({rows})×({cols})" if rows.is_Add or cols.is_Add else f"{rows}×{cols}"
    return f"{size} diagonal" if isinstance(node, Parameter) and node.structure == "diagonal" else size
