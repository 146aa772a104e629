"""What a typed cell was read as: the roles and shapes of its names, as a sentence."""

from __future__ import annotations

from symrnn.algebra.nodes import Name, Number, Parameter
from symrnn.algebra.programs import Program, roles_of
from symrnn.algebra.reading.roles import CONVENTION
from symrnn.documents.document import Words


def role_words(program: Program) -> tuple[Words, ...]:
    """Read as: states h_t (n), inputs x_t (m), parameters W (n×n). Only of a cell that somebody typed.

    >>> from symrnn.algebra.reading.roles import parse_cell
    >>> [words.key for words in role_words(parse_cell("h_t = tanh(w h_{t-1})"))]
    ['read as']
    """
    if program.convention != CONVENTION:
        return ()
    said = tuple(Words(f"read {role}", (tuple(map(_sized, names)),)) for role, names in roles_of(program).items())
    return (Words("read as", (said,)),)


def _sized(name: Name) -> Words:
    rows, cols = (Number(size) for size in name.shape)
    if name.is_scalar_shaped:
        return Words("a number", (name,))
    if name.shape[1] == 1:
        return Words("a column", (name, rows))
    diagonal = isinstance(name, Parameter) and name.structure == "diagonal"
    return Words("a diagonal matrix" if diagonal else "a matrix", (name, rows, cols))
