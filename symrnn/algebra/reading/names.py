"""What a written symbol names: its neutral ASCII name, and the step it stands at.

Reads the syntax of a whole cell; decides for every symbol which scripts are a step and which are part of the name: an
expression in t or T is a step, a word is part of the name, and a bare number is a step where the name has steps
elsewhere (`h_1` beside `h_t`) and part of the name where it has none (`W_1`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sympy as sp

from symrnn.algebra.nodes import T, t
from symrnn.algebra.reading.source import Source
from symrnn.algebra.reading.syntax import Big, Call, Chain, Group, Num, Symbol, Syntax, Terms, Times

_NUMBERED = re.compile(r"[tT]\d+")


@dataclass(frozen=True)
class Reading:
    """A name, and the step, or None where it has none."""

    name: str
    step: sp.Expr | None = None


@dataclass(frozen=True)
class _Scripts:
    words: tuple[str, ...]
    steps: tuple[sp.Expr, ...]
    numbers: tuple[int, ...]


def symbols_in(tree: Syntax) -> Iterator[Symbol]:
    """The symbols of a formula, each whole, without those in their scripts."""
    stack: list[Syntax] = [tree]
    while stack:
        piece = stack.pop()
        if isinstance(piece, Symbol) and not is_exponential(piece):
            yield piece
        stack.extend(reversed(parts_of(piece)))


def parts_of(piece: Syntax) -> tuple[Syntax, ...]:
    """The pieces below that hold values: no scripts, no bounds, no function's name."""
    match piece:
        case Symbol():
            return piece.above if is_exponential(piece) else ()
        case Big(body=body):
            return (body,)
        case Call(arguments=arguments):
            return arguments
    return piece.children


def is_exponential(symbol: Symbol) -> bool:
    """Whether `e^{-x}` is written: e raised to what is no number."""
    plain = symbol.base == "e" and not symbol.below and not symbol.accents and len(symbol.above) == 1
    return plain and not isinstance(symbol.above[0], Group)


class Names:
    """Which names of a cell have steps; reads each symbol accordingly."""

    def __init__(self, source: Source, equations: Iterable[Chain], declared: Iterable[Symbol] = ()) -> None:
        self.source = source
        self.bound = {"t": t, "T": T}
        trees = tuple(equations)
        for tree in trees:
            self.bound |= {name: _index(name) for name in _bound_in(tree)}
        self.timed: set[str] = set()
        for symbol in (*(symbol for tree in trees for symbol in symbols_in(tree)), *declared):
            scripts = self._scripts(symbol)
            if any(step.free_symbols - {T} for step in scripts.steps):
                self.timed.add(_joined(symbol, scripts.words, scripts.numbers))

    def read(self, symbol: Symbol) -> Reading:
        """The name and the step of a symbol."""
        scripts = self._scripts(symbol)
        if len(scripts.steps) > 1:
            self.source.fail(symbol, "a name with two steps", "one step: h_{t-1}")
        if scripts.steps:
            return Reading(_joined(symbol, scripts.words, scripts.numbers), scripts.steps[0])
        whole = _joined(symbol, scripts.words, scripts.numbers)
        bare = _joined(symbol, scripts.words, ())
        if len(scripts.numbers) == 1 and bare in self.timed and whole not in self.timed:
            return Reading(bare, sp.Integer(scripts.numbers[0]))
        return Reading(whole)

    def _scripts(self, symbol: Symbol) -> _Scripts:
        words: list[str] = []
        steps: list[sp.Expr] = []
        numbers: list[int] = []
        for script in (*symbol.below, *symbol.above):
            inside = script.body if isinstance(script, Group) else script
            word = word_of(inside)
            if isinstance(inside, Num):
                numbers.append(self._whole(inside))
            elif word is not None and not self._holds_step(inside):
                words.append(word)
            else:
                steps.append(self.step(inside))
        return _Scripts(tuple(words), tuple(steps), tuple(numbers))

    def _holds_step(self, script: Syntax) -> bool:
        """Whether a script is a step or holds one: `t`, `h_t`, `t1`; the letters of `ht` are none."""
        if isinstance(script, Symbol):
            here = script.base in self.bound or _NUMBERED.match(script.base) is not None
            return here or any(map(self._holds_step, (*script.below, *script.above)))
        parts = script.children
        inner = (one for part in parts if isinstance(part, Symbol) for one in (*part.below, *part.above))
        numbered = len(parts) > 1 and isinstance(parts[1], Num) and self._holds_step(parts[0])
        return numbered or any(map(self._holds_step, inner))

    def _whole(self, number: Num) -> int:
        if number.value.denominator != 1:
            self.source.fail(number, "an index that is no whole number", "h_1, or W_1")
        return int(number.value)

    def step(self, tree: Syntax) -> sp.Expr:
        """An expression in t and T: `t-1`, `T`, `t-2`."""
        match tree:
            case Symbol(base=base) if word_of(tree) in self.bound:
                return self.bound[base]
            case Num():
                return sp.Integer(self._whole(tree))
            case Group(body=body):
                return self.step(body)
            case Terms(terms=terms):
                return sp.Add(*(sign * self.step(term) for sign, term in terms))
            case Chain(sides=(_, step)):
                return self.step(step)
        text = self.source.text[tree.start : tree.end]
        self.source.fail(tree, f"{text} where a step should stand: the step is t", "an index such as t, t-1 or T")


def _bound_in(tree: Syntax) -> Iterator[str]:
    """The indices of the sums in a formula."""
    for piece in _all(tree):
        if isinstance(piece, Big) and piece.below is not None:
            index = piece.below.sides[0] if isinstance(piece.below, Chain) else piece.below
            if isinstance(index, Symbol) and len(index.base) == 1:
                yield index.base


def _all(tree: Syntax) -> Iterator[Syntax]:
    stack = [tree]
    while stack:
        piece = stack.pop()
        yield piece
        stack.extend(piece.children)


def _index(name: str) -> sp.Symbol:
    return t if name == "t" else sp.Symbol(name, integer=True)


def word_of(tree: Syntax) -> str | None:
    """The letters of a script that is part of a name: `hf`, `C_tilde`, `true`."""
    if isinstance(tree, Symbol):
        inner = [word_of(part) for part in (*tree.below, *tree.above)]
        if any(part is None for part in inner):
            return None
        return "_".join([tree.base, *tree.accents, *(part for part in inner if part)])
    if isinstance(tree, Num) and tree.value.denominator == 1:
        return str(tree.value)
    if isinstance(tree, Times) and not any(tree.operators):
        parts = [word_of(part) for part in tree.factors]
        if any(part is None for part in parts) or isinstance(tree.factors[0], Num):
            return None
        return "".join(f"{part}_" if "_" in str(part) else str(part) for part in parts).removesuffix("_")
    return None


def _joined(symbol: Symbol, words: Iterable[str], numbers: Iterable[int]) -> str:
    return "_".join([symbol.base, *symbol.accents, *words, *map(str, numbers)])
