"""What a chain does, from how it is written: an equation, a definition, an update, a comparison, a list."""

from __future__ import annotations

from collections.abc import Sequence

from symrnn.algebra.activations import GENERIC_NAMES
from symrnn.algebra.reading.syntax import Call, Partial, Symbol, Syntax
from symrnn.checking.claims import Kind
from symrnn.checking.reading.statements import EQUALITIES

_UPDATES = frozenset({"←", "+=", "-=", "*=", "/="})


def kind_of(trees: Sequence[Syntax | None], relations: Sequence[str], listed: bool) -> Kind:
    """The kind of a chain; a side that could not be read is None.

    >>> from symrnn.algebra.reading.grammar import parse_expression
    >>> kind_of([parse_expression(side) for side in ("w", "w - r g")], ["="], False).value
    'update'
    """
    if any(relation in _UPDATES for relation in relations):
        return Kind.UPDATE
    if not any(relation in EQUALITIES for relation in relations):
        return Kind.COMPARISON
    if listed:
        return Kind.LIST
    if len(trees) > 1 and isinstance(trees[0], Symbol) and trees[1] is not None and _reads(trees[1], trees[0]):
        return Kind.UPDATE
    if "≡" in relations or _is_generic(trees[0]):
        return Kind.DEFINITION
    return Kind.EQUATION


def _is_generic(tree: Syntax | None) -> bool:
    """`f(x)`, where f is no known function."""
    if not isinstance(tree, Call) or tree.function.base not in GENERIC_NAMES or tree.function.accents:
        return False
    return all(isinstance(argument, Symbol) for argument in tree.arguments)


def _reads(tree: Syntax, name: Symbol) -> bool:
    """Whether a formula holds a name, other than as what is derived or derived by; the name alone is no update."""
    if tree == name:
        return False
    stack = [tree]
    while stack:
        piece = stack.pop()
        if piece == name:
            return True
        if not isinstance(piece, Partial | Symbol):
            stack.extend(piece.children)
    return False
