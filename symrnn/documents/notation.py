"""A document in another notation: names, time and signs by its `Style`, rows for columns by rewriting its trees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from symrnn.algebra.nodes import Node
from symrnn.algebra.programs import Reason
from symrnn.documents.document import Claim, Document, Figure, Formula, Norm, Section, Table, Words
from symrnn.documents.languages import ENGLISH
from symrnn.notations import Notation


def in_notation(document: Document, notation: Notation) -> Document:
    """The same statements, turned as the notation wants them; numbers are turned with the names they belong to.

    >>> from symrnn.cells import rnn
    >>> from symrnn.documents import derive
    >>> from symrnn.notations import notation
    >>> print(next(in_notation(derive(rnn(), wrt="b"), notation("cs231n")).claims()).rhs)
    tanh(h_{t-1} W_h + x_t W_x + b)
    """
    if notation.orientation.is_plain:
        return document
    sections = tuple(
        Section(section.title, tuple(_block(block, notation) for block in section.blocks))
        for section in document.sections
    )
    return replace(document, sections=sections)


def _block(block: Claim | Words | Table | Figure, notation: Notation) -> Any:
    if isinstance(block, Claim):
        return _claim(block, notation)
    if isinstance(block, Table):
        rows = tuple(tuple(_about(cell, notation) for cell in row) for row in block.rows)
        return Table(tuple(_about(head, notation) for head in block.heads), rows)
    return _about(block, notation)


def _claim(claim: Claim, notation: Notation) -> Claim:
    def side(value: Any) -> Any:
        if isinstance(value, Node):
            return notation.rewrite(value, claim.lhs)
        return _turned(value) if notation.orientation.turns(claim.lhs) else value

    return replace(
        claim,
        lhs=notation.rewrite(claim.lhs),
        rhs=side(claim.rhs),
        more=tuple((relation, side(value)) for relation, value in claim.more),
        reason=Reason(_key(claim.reason.key, notation), _about(claim.reason.about, notation)),
        conditions=tuple(_about(condition, notation) for condition in claim.conditions),
    )


def _key(key: str, notation: Notation) -> str:
    """The sentence that is true of the notation's Jacobians."""
    other = f"{key} denominator"
    return other if notation.orientation.denominator and other in ENGLISH else key


def _turned(value: Any) -> Any:
    """A matrix of numbers transposed; a flat list is a column, so that a row is a matrix of one."""
    if not isinstance(value, list | tuple) or len(value) == 0:
        return value
    if isinstance(value[0], list | tuple):
        return [list(column) for column in zip(*value, strict=True)]
    return [list(value)]


def _about(value: Any, notation: Notation) -> Any:
    """What a sentence speaks of, wherever a tree stands in it."""
    if isinstance(value, Node):
        return notation.rewrite(value)
    if isinstance(value, tuple):
        return tuple(_about(each, notation) for each in value)
    if isinstance(value, Words):
        return Words(_key(value.key, notation), _about(value.about, notation))
    if isinstance(value, Formula):
        return Formula(
            notation.rewrite(value.left), value.relation, value.right and notation.rewrite(value.right, value.left)
        )
    return Norm(notation.rewrite(value.of)) if isinstance(value, Norm) else value
