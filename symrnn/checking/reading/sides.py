"""One side of a chain: its text to its tree, with derivatives as derivatives; or why it cannot be read.

Reads what `statements` found; returns sides, whose trees count their places from the side's own first character.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from symrnn.algebra.reading.grammar import parse_expression
from symrnn.algebra.reading.signs import GREEK_NAMES
from symrnn.algebra.reading.syntax import (
    Big,
    Call,
    Cases,
    Chain,
    Evaluated,
    Grid,
    Group,
    Label,
    Partial,
    Quotient,
    Stack,
    Symbol,
    Syntax,
    Times,
    Transposed,
    without_brackets,
)
from symrnn.checking.claims import Side, Unread
from symrnn.checking.reading.macros import Macros
from symrnn.checking.reading.places import Places
from symrnn.checking.reading.statements import Stretch
from symrnn.errors import InputError

_DIFFERENTIAL = re.compile(r"d(?:[A-Z][A-Za-z]{0,3}|[a-z]{1,2}|loss|net)$")
_GREEK_DIFFERENTIAL = re.compile(rf"d({'|'.join(GREEK_NAMES)})$")


_SLICE = re.compile(r"(\bE_\{[^{}:]{1,20}):([^{}:]{1,20}\})")
"""`E_{1:n}`: from where to where."""
_FUNCTIONS = frozenset({"f", "g", "phi", "varphi", "psi", "sigma", "tanh"})
"""Letters that are functions once they have a prime and brackets."""


class Sides:
    """Reads the sides of one text; what stands there again is not parsed again."""

    def __init__(self, places: Places, macros: Macros | None = None) -> None:
        self.places = places
        self.macros = macros or Macros({})
        self._known: dict[tuple[str, bool], Syntax | InputError] = {}

    def read(self, stretch: Stretch, latex: bool) -> Side | Unread:
        """The side, or the place and the reason where it cannot be read."""
        start, end = _stripped(stretch)
        spot = self.places.spot(start, end)
        text = self.places.text[start:end]
        tree = self._tree(stretch, latex)
        if isinstance(tree, Syntax):
            return Side(tree, text, spot)
        if tree.place is not None and not stretch.parts:
            first = min(start + tree.place.offset, max(start, end - 1))
            spot = self.places.spot(first, min(end, first + tree.place.length))
        return Unread(spot, text[:200], tree.found)

    def _tree(self, stretch: Stretch, latex: bool) -> Syntax | InputError:
        length = stretch.end - stretch.start
        if stretch.label:
            return Label(stretch.label, start=0, end=length)
        if stretch.parts:
            parts = [self._tree(part, latex) for part in stretch.parts]
            failed = next((part for part in parts if isinstance(part, InputError)), None)
            return failed or Stack(tuple(part for part in parts if isinstance(part, Syntax)), start=0, end=length)
        key = stretch.text.strip(), latex
        if key not in self._known:
            try:
                self._known[key] = self._parsed(*key)
            except InputError as error:
                self._known[key] = error.with_traceback(None)
        return self._known[key]

    def _parsed(self, text: str, latex: bool) -> Syntax:
        """The tree; where the writer's own commands stand for parts of it, every piece has the place of the whole."""
        # The star of a row's end, `\\\\*`, is no product, wherever a formula goes on behind it.
        text = _SLICE.sub(r"\1,\2", text.replace("\\\\*", "\\\\ ")) if latex else text
        expanded = self.macros.expanded(text) if latex else text
        if expanded == text:
            return parse_side(text, latex)
        try:
            return placed(parse_side(expanded, latex), 0, len(text))
        except InputError as error:
            raise InputError(found=error.found, write=error.write) from None


def _stripped(stretch: Stretch) -> tuple[int, int]:
    text = stretch.text
    if stretch.label or stretch.parts or not text or not (text[0].isspace() or text[-1].isspace()):
        return stretch.start, stretch.end
    lead = len(text) - len(text.lstrip())
    tail = len(text) - len(text.rstrip())
    if lead == len(text):
        return stretch.start, stretch.end
    return stretch.start + lead, stretch.end - tail


def parse_side(text: str, latex: bool) -> Syntax:
    """The tree of one side.

    >>> parse_side("dL/dw", False) == parse_side(r"\\frac{dL}{dw}", True)
    True
    """
    if not text:
        raise InputError(found="nothing behind the sign", write="a formula on both sides")
    tree = parse_expression(text, latex=latex, working=True)
    if _holds_relation(tree):
        raise InputError(found="a relation within a formula", write="one relation after another")
    return tidied(tree, latex)


def _holds_relation(tree: Syntax) -> bool:
    """Whether a chain stands where a value should: not below or above a name, a sum or a bar, nor as a condition."""
    stack: list[Syntax] = [tree]
    while stack:
        piece = stack.pop()
        match piece:
            case Chain():
                return True
            case Group(body=Chain(), bracket="["):  # `[t = T]`: 1 where it holds, else 0
                continue
            case Symbol():
                continue
            case Big(body=body) | Evaluated(body=body):
                stack.append(body)
            case Cases(cases=cases):
                stack.extend(value for value, _ in cases)
            case _:
                stack.extend(piece.children)
    return False


def tidied(tree: Syntax, latex: bool) -> Syntax:
    """The tree with `dL/dw` as a quotient of differentials, and `d\\tilde{c}` as one name.

    >>> from symrnn.algebra.reading.grammar import parse_expression
    >>> tidied(parse_expression("dL/dw"), False).over
    Partial(start=0, end=2, body=Symbol(start=0, end=2, base='L', accents=(), below=(), above=()), mark='d')
    """
    changes: dict[str, Any] = {}
    for name, value in vars(tree).items():
        if isinstance(value, Syntax | tuple) and value:
            changed = _mapped(value, latex)
            if changed is not value:
                changes[name] = changed
    tree = replace(tree, **changes) if changes else tree
    if isinstance(tree, Symbol) and tree.above and isinstance(tree.above[-1], Transposed):
        # `h^{(t)\top}`: a step and a transpose in one superscript.
        bare = replace(tree, above=(*tree.above[:-1], tree.above[-1].body))
        return Transposed(bare, start=tree.start, end=tree.end)
    if isinstance(tree, Symbol) and any(isinstance(script, Times) for script in (*tree.below, *tree.above)):
        return replace(tree, below=tuple(map(_word, tree.below)), above=tuple(map(_word, tree.above)))
    if isinstance(tree, Quotient):
        over, under = _differential(tree.over), _differential(tree.under)
        return replace(tree, over=over, under=under) if over and under else tree
    if isinstance(tree, Stack):
        return _gridded(tree)
    if latex and isinstance(tree, Times):
        tree = _called(tree)
    return _joined(tree) if latex and isinstance(tree, Times) else tree


def _called(tree: Times) -> Syntax:
    r"""`f^{\prime}(a_t)`: the slope of a function at its argument."""
    factors: list[Syntax] = []
    operators: list[str] = []
    for place, factor in enumerate(tree.factors):
        operator = tree.operators[place - 1] if place else ""
        before = factors[-1] if factors else None
        if not operator and isinstance(before, Symbol) and isinstance(factor, Group) and _is_primed(before, factor):
            accents = (*before.accents, *("prime",) * len(before.above))
            slope = replace(before, accents=accents, above=())
            factors[-1] = Call(slope, (factor.body,), False, start=before.start, end=factor.end)
            continue
        factors.append(factor)
        operators += [operator] if place else []
    if len(factors) == len(tree.factors):
        return tree
    return factors[0] if len(factors) == 1 else replace(tree, factors=tuple(factors), operators=tuple(operators))


def _is_primed(function: Symbol, argument: Group) -> bool:
    """`f^{\\prime}` before a bracket."""
    is_function = function.base in _FUNCTIONS and not function.below and function.above
    return bool(is_function) and all(script == Symbol("prime") for script in function.above) and argument.bracket == "("


def _gridded(tree: Stack) -> Syntax:
    """`[[a, b], [c, d]]`: a matrix, row by row, as `\\begin{bmatrix}` writes it."""
    rows = tuple(
        row.parts if isinstance(row, Stack) else (row.body,) if isinstance(row, Group) and row.bracket == "[" else ()
        for row in tree.parts
    )
    if not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        return tree
    return Grid(rows, start=tree.start, end=tree.end)


def placed(tree: Syntax, start: int, end: int) -> Syntax:
    """The tree with every piece at one place."""
    changes: dict[str, Any] = {
        name: _placed(value, start, end) for name, value in vars(tree).items() if name != "depth"
    }
    return replace(tree, **{**changes, "start": start, "end": end})


def _placed(value: Any, start: int, end: int) -> Any:
    if isinstance(value, Syntax):
        return placed(value, start, end)
    if not isinstance(value, tuple):
        return value
    parts = []
    for part in value:
        parts.append(_placed(part, start, end))
    return tuple(parts)


def _mapped(value: Any, latex: bool) -> Any:
    if isinstance(value, Syntax):
        return tidied(value, latex)
    if not isinstance(value, tuple):
        return value
    parts = []  # a loop, not a comprehension: fewer frames for each level of nesting
    for part in value:
        parts.append(_mapped(part, latex))
    return tuple(parts) if any(new is not old for new, old in zip(parts, value, strict=True)) else value


def _word(script: Syntax) -> Syntax:
    """Letters side by side below or above a name are one word, in LaTeX as in plain text: `W_{xh}`, `W_xh`."""
    letters: list[str] = []
    for part in script.factors if isinstance(script, Times) and not any(script.operators) else ():
        if not isinstance(part, Symbol) or part.accents or part.below or part.above or len(part.base) > 1:
            return script
        letters.append(part.base)
    return Symbol("".join(letters), start=script.start, end=script.end) if letters else script


def _differential(tree: Syntax) -> Partial | None:
    """`dL`, `d L`, `(dL)`."""
    tree = without_brackets(tree)
    place = {"start": tree.start, "end": tree.end}
    match tree:
        case Symbol(base=base) if _GREEK_DIFFERENTIAL.match(base) or (
            base not in GREEK_NAMES and _DIFFERENTIAL.match(base)
        ):
            return Partial(replace(tree, base=base[1:]), "d", **place)
        case Times(factors=(Symbol(base="d", accents=(), below=(), above=()), body), operators=("",)):
            return Partial(body, "d", **place)
    return None


def _joined(tree: Times) -> Syntax:
    """`d\\tilde{c}`: a d directly before a name is part of it."""
    factors: list[Syntax] = []
    operators: list[str] = []
    for place, factor in enumerate(tree.factors):
        before = factors[-1] if factors else None
        if (
            place
            and not tree.operators[place - 1]
            and isinstance(before, Symbol)
            and before == Symbol("d")
            and isinstance(factor, Symbol)
            and before.end == factor.start
        ):
            factors[-1] = replace(factor, base=f"d{factor.base}", start=before.start)
            continue
        factors.append(factor)
        operators += [tree.operators[place - 1]] if place else []
    if len(factors) == len(tree.factors):
        return tree
    return factors[0] if len(factors) == 1 else replace(tree, factors=tuple(factors), operators=tuple(operators))
