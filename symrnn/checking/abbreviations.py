"""Matrices with a letter of the text's own, `D_t = diag(1 - h_t²)`, `J_t = ∂h_t/∂h_{t-1}`, written out.

Reads a working; such a letter becomes what it stands for, where something is said of every step. At a step with a
number it stays a letter: its numbers are the text's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

from symrnn.algebra.reading.syntax import Call, Group, Num, Quotient, Symbol, Syntax, Terms, Times, rebuilt
from symrnn.checking.claims import Kind, Link, Working, with_trees
from symrnn.checking.naming import INDICES, LOSS_NAMES, Derivative, name_of, step_of

_STEP = re.compile(r"([A-Za-z]+)([+-]\d+)?")


@dataclass(frozen=True)
class Abbreviation:
    """What a letter stands for at the step `letter`."""

    head: Syntax
    letter: str
    body: Syntax


def with_abbreviations(working: Working) -> Working:
    """The working with the letters of its own written out.

    >>> from symrnn.checking.reading.workings import read_working
    >>> text = "$J_t = \\\\frac{\\\\partial h_t}{\\\\partial h_{t-1}}$, $b = J_k$"
    >>> str(name_of(with_abbreviations(read_working(text)).links[1].right))
    '∂h[k]/∂h[k-1]'
    """
    found: dict[str, Abbreviation] = {}
    for one in _defined(working):
        assert isinstance(one.head, Symbol)
        found.setdefault(one.head.base, one)
    # A letter that an activation makes is a cell's.
    made = {link.left.base for link in working.links if isinstance(link.left, Symbol) and _is_computed(link)}
    found = {base: one for base, one in found.items() if base not in made}
    return with_trees(working, partial(_written_out, found)) if found else working


def _is_computed(link: Link) -> bool:
    return isinstance(link.right, Call) and link.right.function.base != "diag"


def _defined(working: Working) -> Iterator[Abbreviation]:
    for line in working.lines:
        for claim in line.claims:
            if claim.kind not in (Kind.EQUATION, Kind.DEFINITION):
                continue
            head, body = claim.links[0].left, claim.links[0].right
            if not isinstance(head, Symbol) or head.base == "delta" or head.above or head.accents:
                continue
            letter = step_of(head.below[0]) if len(head.below) == 1 else None
            if isinstance(letter, str) and letter in INDICES and letter != "T":
                name = name_of(body) if isinstance(body, Quotient) else None
                is_jacobian = isinstance(name, Derivative) and name.of.whole not in LOSS_NAMES and not name.packed
                if is_jacobian or is_diagonal(body):
                    yield Abbreviation(head, letter, body)


def is_diagonal(tree: Syntax) -> bool:
    """`diag(…)`, `diag(…) W`: a matrix, which no signal of a cell is; `diag(w) h_{t-1}` is a vector."""
    first, *others = tree.factors if isinstance(tree, Times) else (tree,)
    is_vector = any(isinstance(one, Symbol) and one.below and one.base.islower() for one in others)
    return isinstance(first, Call) and first.function.base == "diag" and not is_vector


def _written_out(known: Mapping[str, Abbreviation], tree: Syntax) -> Syntax:
    """The tree with every letter written out that stands at a generic step."""
    if isinstance(tree, Symbol) and len(tree.below) == 1 and not (tree.above or tree.accents):
        one = known.get(tree.base)
        step = step_of(tree.below[0]) if one is not None else None
        if one is None or not isinstance(step, str):
            return tree
        return _at(one.body, one.letter, step, tree)
    return rebuilt(tree, partial(_written_out, known))


def _at(tree: Syntax, letter: str, step: str, place: Symbol) -> Syntax:
    """What is told for the step `letter`, at another step; it stands where the letter stood."""
    if isinstance(tree, Symbol):
        below, above = (tuple(_script(one, letter, step) for one in scripts) for scripts in (tree.below, tree.above))
        return replace(tree, below=below, above=above, start=place.start, end=place.end)
    moved = rebuilt(tree, partial(_at, letter=letter, step=step, place=place))
    if isinstance(tree, Call | Quotient):
        return replace(moved, start=place.start, end=place.end)
    # As one factor, whatever it is made of.
    return Group(replace(moved, start=place.start, end=place.end), "(", start=place.start, end=place.end)


def _script(tree: Syntax, letter: str, step: str) -> Syntax:
    """An index told from `letter`, told from another step."""
    found = _STEP.fullmatch(str(step_of(tree)))
    if found is None or found[1] != letter:
        return tree
    made = _step(step, int(found[2] or 0))
    return replace(tree, body=made) if isinstance(tree, Group) else made


def _step(step: str, more: int) -> Syntax:
    found = _STEP.fullmatch(step)
    number = more + int(found[2] or 0) if found else 0
    letter = Symbol(found[1] if found else step)
    if not number:
        return letter
    return Terms(((1, letter), (1 if number > 0 else -1, Num(Fraction(abs(number)), str(abs(number))))))
