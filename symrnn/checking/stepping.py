"""`h(t)`, `h(t-1)`, `x(3)`: the notation of texts that write the step as an argument.

Reads a working; where a name stands with its step moved on in brackets, `h(t-1)`, what is called so throughout is a
quantity of time, and `h(t)` becomes `h_t`. Elsewhere a name before a bracket is a factor or a function, as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any

from symrnn.algebra.reading.syntax import (
    Call,
    Group,
    Partial,
    Raised,
    Symbol,
    Syntax,
    Times,
    Transposed,
    walk,
)
from symrnn.checking.claims import Working, with_trees
from symrnn.checking.functions import is_function
from symrnn.checking.naming import WEIGHTS, Step, step_of

Key = tuple[Any, ...]
_MOVED = re.compile(r"t[+-]\d+")


def with_steps(working: Working) -> Working:
    """The working with steps in brackets made subscripts.

    >>> from symrnn.checking.reading.workings import read_working
    >>> working = with_steps(read_working("$h(t) = w h(t-1)$"))
    >>> working.links[0].left == working.links[0].right.factors[1]
    False
    >>> working.links[0].left.base, working.links[0].left.below[0].base
    ('h', 't')
    """
    found: set[Key] = set()
    moved = False
    for link in working.links:
        for side in (link.left, link.right):
            for symbol, step in _timed(side):
                if isinstance(step, str) and step[0] == "t":
                    found.add(_key(symbol))
                    moved |= _MOVED.fullmatch(step) is not None
    return with_trees(working, lambda tree: _tree(tree, found)) if moved else working


def _timed(tree: Syntax) -> Iterator[tuple[Symbol, Step]]:
    """Every name with a step in a bracket directly behind it."""
    for piece in walk(tree):
        if isinstance(piece, Call) and len(piece.arguments) == 1:
            pairs: Iterator[tuple[Syntax, Syntax]] = iter([(piece.function, Group(piece.arguments[0]))])
        elif isinstance(piece, Times):
            pairs = pairwise(piece.factors)
        else:
            continue
        for first, second in pairs:
            name, bracket = _name_in(first), _bracket_in(second)
            step = None if bracket is None else step_of(bracket)
            if name is not None and step is not None:
                yield name, step


def _name_in(tree: Syntax) -> Symbol | None:
    """The name that a bracket behind it may belong to: of `h`, `∂h`, `h²`."""
    match tree:
        case Partial(body=Symbol() as name) | Raised(base=Symbol() as name) | (Symbol() as name):
            # A weight is a factor, and a function is applied; u is an input as well.
            weight = name.base in WEIGHTS and name.base != "u"
            is_one = weight or is_function(name.base) or name.above or "prime" in name.accents
            return None if is_one else name
    return None


def _bracket_in(tree: Syntax) -> Group | None:
    """The bracket that a step may stand in: of `(t)`, `(t)²`, `(t)ᵀ`."""
    match tree:
        case Raised(base=Group() as group) | Transposed(body=Group() as group) | (Group() as group):
            return group if group.bracket == "(" else None
    return None


def _key(symbol: Symbol) -> Key:
    return symbol.base, symbol.accents, symbol.below


def _tree(tree: Any, signals: set[Key]) -> Any:
    """The tree with every name of a signal and the step behind it made one name."""
    if isinstance(tree, tuple):
        return tuple(_tree(one, signals) for one in tree)
    if not isinstance(tree, Syntax):
        return tree
    if isinstance(tree, Call) and len(tree.arguments) == 1:
        made = _merged(tree.function, Group(tree.arguments[0]), signals)
        if made is not None:
            return made
    if isinstance(tree, Times):
        return _product(tree, signals)
    parts = {f.name: _tree(getattr(tree, f.name), signals) for f in fields(tree) if f.name not in _KEPT}
    return replace(tree, **parts)


_KEPT = frozenset({"start", "end", "depth"})


def _merged(first: Syntax, second: Syntax, signals: set[Key]) -> Syntax | None:
    """A name and the bracket behind it as one name with a step, powers and all; None where they are two factors."""
    name, bracket = _name_in(first), _bracket_in(second)
    if name is None or bracket is None or step_of(bracket) is None:
        return None
    if {_key(name), _differential(name)}.isdisjoint(signals):
        return None
    made: Syntax = replace(name, below=(*name.below, bracket.body), end=bracket.end)
    for around in (first, second):
        match around:
            case Partial():
                made = replace(around, body=made, end=bracket.end)
            case Raised():
                made = replace(around, base=made, end=second.end)
            case Transposed():
                made = replace(around, body=made, end=second.end)
    return made


def _differential(symbol: Symbol) -> Key:
    """Whose differential `dh` is."""
    return _key(replace(symbol, base=symbol.base.removeprefix("d")))


def _product(tree: Times, signals: set[Key]) -> Syntax:
    factors: list[Syntax] = []
    operators: list[str] = []
    before: Syntax | None = None
    for place, factor in enumerate(tree.factors):
        operator = tree.operators[place - 1] if place else ""
        made = None if before is None or operator else _merged(before, factor, signals)
        before = factor if made is None else None
        if made is not None:
            factors[-1] = made
            continue
        factors.append(_tree(factor, signals))
        operators += [operator] if place else []
    if len(factors) == 1:
        return factors[0]
    return replace(tree, factors=tuple(factors), operators=tuple(operators))
