"""parse ∘ print = identity in every notation whose text the grammar reads: all but those with row vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from symrnn.algebra.printing import program_to_latex, program_to_text
from symrnn.algebra.programs import Program
from symrnn.algebra.reading.explicit import declarations
from symrnn.algebra.reading.roles import parse_cell
from symrnn.calculus.variants import variant
from symrnn.cells import gru, lstm, rnn
from symrnn.errors import ShapeError
from symrnn.notations import listing, notation
from symrnn.notations.naming import read_as
from symrnn.notations.renaming import rename

CELLS: dict[str, Callable[[], Program]] = {
    "rnn": rnn,
    "lstm": lstm,
    "gru": gru,
    "gru pytorch": lambda: gru("pytorch"),
    "rnn split": lambda: variant(rnn(), "split_biases").program,
    "lstm split": lambda: variant(lstm(), "split_biases").program,
    "gru split": lambda: variant(gru(), "split_biases").program,
    "rnn joined": lambda: variant(rnn(), "concatenated").program,
    "lstm joined": lambda: variant(lstm(), "concatenated").program,
    "gru joined": lambda: variant(gru(), "concatenated").program,
}
READABLE = [name for name in listing() if not notation(name).orientation.rows]


def printed(name: str, program: Program, form: Callable[..., str]) -> str:
    """The Program in a notation, with the lines that say sizes and outputs."""
    written = {canonical: read_as(one) for canonical, one in notation(name).names_in(program).items()}
    said = declarations(rename(program, written))
    return f"{form(notation(name).rewrite(program), notation(name).style(program))}\n{said}"


@pytest.mark.parametrize("form", [program_to_text, program_to_latex])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("name", READABLE)
def test_what_is_printed_is_read_back(name: str, cell: str, form: Callable[..., str]) -> None:
    """As text and as LaTeX, under the canonical names again."""
    program = CELLS[cell]()
    read = notation(name).read_cell(printed(name, program, form), like=program)
    assert replace(read, convention=program.convention, citation=program.citation) == program


@pytest.mark.parametrize("name", [name for name in listing() if name not in READABLE])
def test_rows_cannot_be_read_yet(name: str) -> None:
    """The grammar reads columns: a row times a matrix is refused, not misread."""
    with pytest.raises(ShapeError):
        parse_cell(printed(name, rnn(), program_to_text))
