"""Which `name(…)` is a function and which a product: decided by the names a cell has.

Reads syntax trees whose calls may be uncertain; returns trees whose calls are certain. `f(a)` is the generic function
unless `f` is a quantity of the cell, `dt(a)` a product where `dt` is one, `tahn(a)` an error that asks for tanh.
"""

from __future__ import annotations

import difflib
from collections.abc import Container
from dataclasses import fields, replace
from typing import Any

from symrnn.algebra.activations import lookup
from symrnn.algebra.reading.parser import LOSSES
from symrnn.algebra.reading.shapes import FUNCTIONS
from symrnn.algebra.reading.signs import FUNCTION_WORDS
from symrnn.algebra.reading.source import Source
from symrnn.algebra.reading.syntax import Call, Group, Raised, Symbol, Syntax, Times

INSTEAD = {
    "min": "min(a, b) as b - relu(b - a)",
    "sum": "u^T (…) with the line u: n, for a vector u of ones",
    "mean": "(1/n) u^T (…) with the line u: n, for a vector u of ones",
    "var": "‖…‖² / n of what has its mean taken away",
}
"""How to say what is no function of one argument here."""


def settled(source: Source, tree: Syntax, quantities: Container[str]) -> Syntax:
    """The tree with every call certain; `quantities` are the names that stand for values."""
    if isinstance(tree, Raised) and isinstance(tree.base, Call) and _is_product(tree.base, quantities):
        base = settled(source, tree.base, quantities)
        assert isinstance(base, Times)
        raised = Raised(base.factors[1], tree.exponent, start=base.factors[1].start, end=tree.end)
        return replace(base, factors=(base.factors[0], raised), end=tree.end)
    changes = {
        field.name: _mapped(source, getattr(tree, field.name), quantities) for field in fields(tree) if field.init
    }
    tree = type(tree)(**changes)
    if not isinstance(tree, Call):
        return tree
    if _is_product(tree, quantities):
        if len(tree.arguments) > 1:
            source.fail(tree, f"{tree.function.base} with {len(tree.arguments)} arguments", "a product of two factors")
        inside = tree.arguments[0]
        group = Group(inside, start=inside.start - 1, end=tree.end)
        return Times((tree.function, group), ("",), start=tree.start, end=tree.end)
    _check_known(source, tree)
    return replace(tree, certain=True)


def activation_name(function: Symbol) -> str:
    """The spelling an activation is looked up by; Φ is no φ."""
    return "Φ" if function.base == "Phi" else function.base


def _mapped(source: Source, value: Any, quantities: Container[str]) -> Any:
    if isinstance(value, Syntax):
        return settled(source, value, quantities)
    if not isinstance(value, tuple):
        return value
    parts = []  # loops, not comprehensions: fewer frames for each level of nesting
    for part in value:
        parts.append(_mapped(source, part, quantities))
    return tuple(parts)


def _is_product(call: Call, quantities: Container[str]) -> bool:
    return not call.certain and call.function.base not in LOSSES and call.function.base in quantities


def _check_known(source: Source, call: Call) -> None:
    name = call.function.base
    if name in FUNCTIONS or name in LOSSES:
        return
    if call.function.below or call.function.above:
        text = source.text[call.function.start : call.function.end]
        source.fail(call.function, f"{text}, which may be any function", f"the function itself: {name}(…) or tanh(…)")
    try:
        lookup(activation_name(call.function))
    except ValueError:
        near = difflib.get_close_matches(name[:40], sorted(FUNCTION_WORDS | {"sigma"} - {name}), 1)
        known = f"tanh(…), sigma(…), relu(…) or f(…); for a product {name} · (…)"
        write = INSTEAD.get(name) or (f"{near[0]}(…)" if near else known)
        source.fail(call.function, f"{name}, which is no function known here", write)
    if "prime" in call.function.accents:
        source.fail(call.function, f"the derivative {name}'", "the cell's equations: derivatives are derived from them")
