"""`\\delta C_t` and `\\bar{C}_t` for ∂L/∂C_t: the notations of texts that write gradients as a mark on a name.

Reads a working; where a line begins with δ before a name, that is what δ means throughout: `\\delta C_t` becomes
`\\delta_{C_t}`. Elsewhere δ is a quantity of its own, and `\\delta h_{t-1}` a product. Where a line says
`\\bar{h}_t = ∂L/∂h_t`, every bar means that, and where several quantities of the steps come with and without one, and
none is made of barred ones; elsewhere `\\bar{h}` is a name like any other. Where a line says `g_t = ∂L/∂h_t`, so is g.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from symrnn.algebra.reading.syntax import Num, Partial, Quotient, Symbol, Syntax, Times, rebuilt, walk, without_brackets
from symrnn.checking.claims import Link, Working, with_trees
from symrnn.checking.naming import LOSS_NAMES, Derivative, Name, name_of

DELTA = Symbol("delta")
BAR = "_bar"


def with_deltas(working: Working) -> Working:
    """The working with gradients written as δ before a name read as such.

    >>> from symrnn.checking.reading.workings import read_working
    >>> working = with_deltas(read_working("$\\\\delta f_t = \\\\delta C_t C_{t-1}$"))
    >>> working.links[0].left.below[0].base
    'f'
    """
    if any(_is_barred(link) for link in working.links) or _are_gradients(working):
        working = with_trees(working, _without_bars)
    if named := _named_gradients(working):
        working = with_trees(working, lambda tree: _with_gradients(tree, named))
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


def _are_gradients(working: Working) -> bool:
    """`\\bar{z}_1` and `\\bar{h}_1` beside z_1 and h_1, where a bar stands on the left of bars alone.

    A candidate `\\bar{h}_t` is what h_t is made of, and a mean `\\bar{x}` has no step.
    """
    heads, read = set[str](), set[str]()
    for line in working.lines:
        for claim in line.claims:
            name = name_of(claim.links[0].left)
            if isinstance(name, Name):
                heads.add(name.whole)
            if isinstance(name, Name) and not name.base.endswith(BAR):
                read |= {one.base for link in claim.links for one in _names(link.right)}
    barred = {one for link in working.links for tree in (link.left, link.right) for one in _names(tree)}
    barred = {one for one in barred if one.base.endswith(BAR)}
    plain = {one.base.removesuffix(BAR) for one in barred if one.base in heads}
    if len(plain) < 2 or not plain <= heads or any(not one.steps for one in barred):
        return False
    return not any(base.endswith(BAR) for base in read)


def _names(tree: Syntax) -> Iterator[Name]:
    return (name for name in (name_of(one) for one in walk(tree) if isinstance(one, Symbol)) if isinstance(name, Name))


def _named_gradients(working: Working) -> dict[str, Symbol]:
    """`g_t = ∂L/∂h_t`: the letters that stand for the gradient of a quantity, and whose.

    A letter that is made of what is a step earlier is a quantity of the cell.
    """
    found, made = dict[str, Symbol](), set[str]()
    for line in working.lines:
        for claim in line.claims:
            link = claim.links[0]
            name, gradient = name_of(link.left), name_of(link.right)
            if not isinstance(name, Name) or name.words or not name.generic or name.base in ("delta", "Delta"):
                continue
            if any(f"{step}-1" in one.steps for one in _names(link.right) for step in name.steps):
                made.add(name.whole)
            of = _symbol_below(link.right) if isinstance(gradient, Derivative) else None
            wrt = None if of is None else name_of(of)
            is_of_loss = isinstance(gradient, Derivative) and gradient.of.whole in LOSS_NAMES and not gradient.mark
            if of is not None and isinstance(wrt, Name) and is_of_loss and not wrt.words and wrt.steps == name.steps:
                found[name.whole] = of
    return {whole: of for whole, of in found.items() if whole not in made}


def _symbol_below(tree: Syntax) -> Symbol | None:
    """The h_t of ∂L/∂h_t."""
    match without_brackets(tree):
        case Quotient(under=Partial(body=Symbol() as symbol)):
            return symbol
    return None


def _with_gradients(tree: Any, named: Mapping[str, Symbol]) -> Any:
    """The tree with every g_2 made δ_{h_2}."""
    if isinstance(tree, tuple):
        return tuple(_with_gradients(part, named) for part in tree)
    if isinstance(tree, Symbol):
        name = name_of(tree)
        of = named.get(name.whole) if isinstance(name, Name) and len(name.steps) == 1 else None
        if of is None:
            return tree
        assert isinstance(name, Name)
        scripts = tree.below or tree.above or (Num(Fraction(str(name.step)), str(name.step)),)
        return Symbol("delta", below=(replace(of, below=scripts, above=()),), start=tree.start, end=tree.end)
    return rebuilt(tree, lambda part: _with_gradients(part, named)) if isinstance(tree, Syntax) else tree


def _without_bars(tree: Any) -> Any:
    """The tree with every `\\bar{X}` made `\\delta_X`."""
    if isinstance(tree, tuple):
        return tuple(map(_without_bars, tree))
    if isinstance(tree, Symbol) and tree.accents == ("bar",):
        return Symbol("delta", below=(replace(tree, accents=()),), start=tree.start, end=tree.end)
    return rebuilt(tree, _without_bars) if isinstance(tree, Syntax) else tree


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
    return rebuilt(tree, _tree)


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
