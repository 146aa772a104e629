"""`\\delta C_t` for ∂L/∂C_t: the notation of texts that write gradients as δ before a name.

Reads a working; where a line begins with δ before a name, that is what δ means throughout: `\\delta C_t` becomes
`\\delta_{C_t}`. Elsewhere δ is a quantity of its own, and `\\delta h_{t-1}` a product.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from symrnn.algebra.reading.syntax import Quotient, Symbol, Syntax, Times, walk
from symrnn.checking.claims import Claim, Line, Link, Side, Working

DELTA = Symbol("delta")


def with_deltas(working: Working) -> Working:
    """The working with gradients written as δ before a name read as such.

    >>> from symrnn.checking.reading.workings import read_working
    >>> working = with_deltas(read_working("$\\\\delta f_t = \\\\delta C_t C_{t-1}$"))
    >>> working.links[0].left.below[0].base
    'f'
    """
    heads = (claim.links[0].left for line in working.lines for claim in line.claims)
    if not any(_is_gradient(head) for head in heads):
        return working
    return replace(working, lines=tuple(_line(line) for line in working.lines))


def _is_gradient(tree: Syntax) -> bool:
    match tree:
        case Times(factors=(Symbol() as first, Symbol()), operators=("",)):
            return first == DELTA
    return False


def _line(line: Line) -> Line:
    return replace(line, claims=tuple(_claim(claim) for claim in line.claims))


def _claim(claim: Claim) -> Claim:
    sides = {
        id(side): replace(side, tree=_tree(side.tree)) for link in claim.links for side in (link.before, link.after)
    }

    def one(link: Link) -> Link:
        before: Side = sides[id(link.before)]
        return replace(link, before=before, after=sides[id(link.after)])

    return replace(claim, links=tuple(map(one, claim.links)))


def _tree(tree: Any) -> Any:
    """The tree with every `δ X` made one name."""
    if isinstance(tree, tuple):
        return tuple(map(_tree, tree))
    if not isinstance(tree, Syntax) or DELTA not in walk(tree) or isinstance(tree, Quotient):
        return tree
    if isinstance(tree, Times):
        return _product(tree)
    parts = {f.name: _tree(getattr(tree, f.name)) for f in fields(tree) if f.name not in ("start", "end", "depth")}
    return replace(tree, **parts)


def _product(tree: Times) -> Syntax:
    factors: list[Syntax] = []
    operators: list[str] = []
    for place, factor in enumerate(tree.factors):
        operator = tree.operators[place - 1] if place else ""
        if place and not operator and factors[-1] == DELTA and isinstance(factor, Symbol):
            factors[-1] = Symbol("delta", below=(factor,), start=factors[-1].start, end=factor.end)
            continue
        factors.append(_tree(factor))
        operators += [operator] if place else []
    if len(factors) == 1:
        return factors[0]
    return replace(tree, factors=tuple(factors), operators=tuple(operators))
