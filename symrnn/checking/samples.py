"""`(h2(0.301) - h2(0.299)) / 0.002`: a quantity looked at for several values of a weight, as in a finite difference.

Reads a working; where the same name stands before two numbers in brackets, one taken from the other, it is a function
of them throughout, and each of its values a number of its own. Elsewhere `h2(0.301)` is a product.
"""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import combinations
from typing import Any

from symrnn.algebra.reading.syntax import Call, Group, Num, Symbol, Syntax, Terms, Times, walk, without_brackets
from symrnn.checking.claims import Working, with_trees
from symrnn.checking.functions import is_function
from symrnn.checking.naming import Name, name_of


def with_samples(working: Working) -> Working:
    """The working with every value of such a function made one name.

    >>> from symrnn.checking.reading.workings import read_working
    >>> working = with_samples(read_working("(h2(0.301) - h2(0.299))/0.002 = 0.438"))
    >>> [term.base for _, term in working.links[0].left.over.body.terms]
    ['h[2](0.301)', 'h[2](0.299)']
    """
    sides = (side for link in working.links for side in (link.left, link.right))
    functions = {name for side in sides for piece in walk(side) for name in _sampled(piece)}
    return with_trees(working, lambda tree: _tree(tree, functions)) if functions else working


def _sampled(tree: Syntax) -> set[Name]:
    """The names whose values a sum takes from one another."""
    if not isinstance(tree, Terms):
        return set()
    calls = [(sign, call) for sign, term in tree.terms if (call := _call(term)) is not None]
    return {
        one[0]
        for (sign, one), (other_sign, other) in combinations(calls, 2)
        if sign != other_sign and one[0] == other[0] and one[1].value != other[1].value
    }


def _call(tree: Syntax) -> tuple[Name, Num] | None:
    """`h2(0.301)`: the name and the number."""
    match without_brackets(tree):
        case Call(function=Symbol() as function, arguments=(Num() as number,)):
            pass
        case Times(factors=(Symbol() as function, Group(body=Num() as number)), operators=("",)):
            pass
        case _:
            return None
    name = name_of(function)
    is_one = isinstance(name, Name) and not is_function(function.base) and "prime" not in function.accents
    return (name, number) if is_one and isinstance(name, Name) and "." in number.text else None


def _tree(tree: Any, functions: set[Name]) -> Any:
    if isinstance(tree, tuple):
        return tuple(_tree(one, functions) for one in tree)
    if not isinstance(tree, Syntax):
        return tree
    found = _call(tree) if isinstance(tree, Call | Times) else None
    if found is not None and found[0] in functions:
        return Symbol(f"{found[0]}({found[1].text})", start=tree.start, end=tree.end)
    parts = {f.name: _tree(getattr(tree, f.name), functions) for f in fields(tree) if f.name not in _KEPT}
    return replace(tree, **parts)


_KEPT = frozenset({"start", "end", "depth"})
