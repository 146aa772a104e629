"""`\\delta C_t` and `\\bar{C}_t` for ∂L/∂C_t: the notations of texts that write gradients as a mark on a name.

Reads a working; where a line begins with δ before a name, that is what δ means throughout: `\\delta C_t` becomes
`\\delta_{C_t}`. Elsewhere δ is a quantity of its own, and `\\delta h_{t-1}` a product. Where a line says
`\\bar{h}_t = ∂L/∂h_t`, every bar means that; elsewhere `\\bar{h}` is a name like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from symrnn.algebra.reading.syntax import Quotient, Symbol, Syntax, Times, walk
from symrnn.checking.claims import Link, Working, with_trees
from symrnn.checking.naming import LOSS_NAMES, Derivative, name_of

DELTA = Symbol("delta")


def with_deltas(working: Working) -> Working:
    """The working with gradients written as δ before a name read as such.

    >>> from symrnn.checking.reading.workings import read_working
    >>> working = with_deltas(read_working("$\\\\delta f_t = \\\\delta C_t C_{t-1}$"))
    >>> working.links[0].left.below[0].base
    'f'
    """
    if any(_is_barred(link) for link in working.links):
        working = with_trees(working, _without_bars)
    heads = (claim.links[0].left for line in working.lines for claim in line.claims)
    if not any(_is_gradient(head) for head in heads):
        return working
    return with_trees(working, _tree)


def _is_barred(link: Link) -> bool:
    """`\\bar{h}_t = ∂L/∂h_t`, either way round."""
    for barred, gradient in ((link.left, link.right), (link.right, link.left)):
        name = name_of(gradient)
        if isinstance(barred, Symbol) and barred.accents == ("bar",) and isinstance(name, Derivative):
            return name.of.whole in LOSS_NAMES and name.wrt == name_of(replace(barred, accents=()))
    return False


def _without_bars(tree: Any) -> Any:
    """The tree with every `\\bar{X}` made `\\delta_X`."""
    if isinstance(tree, tuple):
        return tuple(map(_without_bars, tree))
    if isinstance(tree, Symbol) and tree.accents == ("bar",):
        return Symbol("delta", below=(replace(tree, accents=()),), start=tree.start, end=tree.end)
    return _rebuilt(tree, _without_bars) if isinstance(tree, Syntax) else tree


def _rebuilt(tree: Syntax, change: Callable[[Any], Any]) -> Syntax:
    parts = {f.name: change(getattr(tree, f.name)) for f in fields(tree) if f.name not in ("start", "end", "depth")}
    return replace(tree, **parts)


def _is_gradient(tree: Syntax) -> bool:
    match tree:
        case Times(factors=(Symbol() as first, Symbol()), operators=("",)):
            return first == DELTA
    return False


def _tree(tree: Any) -> Any:
    """The tree with every `δ X` made one name."""
    if isinstance(tree, tuple):
        return tuple(map(_tree, tree))
    if not isinstance(tree, Syntax) or DELTA not in walk(tree) or isinstance(tree, Quotient):
        return tree
    if isinstance(tree, Times):
        return _product(tree)
    return _rebuilt(tree, _tree)


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
