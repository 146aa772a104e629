"""The syntax tree of a line of mathematics: what is written, with its place, and nothing about what it means.

Reads nothing; a tree knows its depth and its children. What a subscript is (a step or a part of the name), what `*` is
and whether `f (…)` is a call are decided by whoever reads the tree: `roles` for cells, `checking` for workings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class Syntax:
    """A piece of a formula, from `start` to `end` of the text. Two pieces are equal when they say the same."""

    start: int = field(default=0, compare=False, kw_only=True)
    end: int = field(default=0, compare=False, kw_only=True)
    depth: int = field(default=1, compare=False, repr=False, init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "depth", 1 + max((child.depth for child in self.children), default=0))

    @property
    def children(self) -> tuple[Syntax, ...]:
        """The pieces directly below, in the order written."""
        return tuple(_pieces(getattr(self, name) for name in _parts(type(self))))

    def at(self, start: int, end: int) -> Any:
        """The same piece at another place."""
        piece = object.__new__(type(self))
        piece.__dict__.update(self.__dict__, start=start, end=end)
        return piece


def _parts(kind: type[Syntax]) -> tuple[str, ...]:
    """The names of the fields that may hold pieces; asked for at every piece that is made, so found once."""
    if kind not in _PARTS:
        _PARTS[kind] = tuple(one.name for one in fields(kind) if one.name not in ("start", "end", "depth"))
    return _PARTS[kind]


_PARTS: dict[type[Syntax], tuple[str, ...]] = {}


def _pieces(values: Any) -> Iterator[Syntax]:
    for value in values:
        if isinstance(value, Syntax):
            yield value
        elif isinstance(value, tuple):
            yield from _pieces(value)


@dataclass(frozen=True)
class Num(Syntax):
    """`0.5`: an exact number; `text` as written, so that its digits can be counted."""

    value: Fraction
    text: str = field(default="", compare=False)


@dataclass(frozen=True)
class Symbol(Syntax):
    """`c̃_t`, `W^{(f)}_{hh}`: letters, accents, and what stands below and above (a step, or a part of the name)."""

    base: str
    accents: tuple[str, ...] = ()
    below: tuple[Syntax, ...] = ()
    above: tuple[Syntax, ...] = ()


@dataclass(frozen=True)
class Group(Syntax):
    """`(…)`, `[…]`, `{…}`, `⟨…⟩` around one thing."""

    body: Syntax
    bracket: str = "("


@dataclass(frozen=True)
class Terms(Syntax):
    """`a - b + c`: pairs of a sign (1 or −1) and a term."""

    terms: tuple[tuple[int, Syntax], ...]


@dataclass(frozen=True)
class Times(Syntax):
    """Factors and the operators between them: all `⊙`, or of `* · × @`, or all empty (side by side)."""

    factors: tuple[Syntax, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True)
class Quotient(Syntax):
    """`a / b`, `\\frac{a}{b}`."""

    over: Syntax
    under: Syntax


@dataclass(frozen=True)
class Raised(Syntax):
    """`x^k`."""

    base: Syntax
    exponent: Syntax


@dataclass(frozen=True)
class Transposed(Syntax):
    """`Xᵀ`. By `letter` where a T stands above, which may be the last step as well."""

    body: Syntax
    letter: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Call(Syntax):
    """`tanh(a)`. Not `certain` where it may be a product as well: `f(1-f)`."""

    function: Symbol
    arguments: tuple[Syntax, ...]
    certain: bool = field(default=True, compare=False)


@dataclass(frozen=True)
class Norm(Syntax):
    """`‖x‖`; what stands below says which norm: `‖W‖_F`."""

    body: Syntax
    below: Syntax | None = None


@dataclass(frozen=True)
class Pair(Syntax):
    """`⟨a, b⟩`: the inner product."""

    left: Syntax
    right: Syntax


@dataclass(frozen=True)
class Stack(Syntax):
    """`[a; b]`, `[a, b]`: parts one below the other."""

    parts: tuple[Syntax, ...]


@dataclass(frozen=True)
class Grid(Syntax):
    """A matrix written out, row by row."""

    rows: tuple[tuple[Syntax, ...], ...]


@dataclass(frozen=True)
class Big(Syntax):
    """`Σ_{t=1}^{T} body`, `∏ …`: `kind` is "sum" or "prod", with what stands below and above."""

    kind: str
    below: Syntax | None
    above: Syntax | None
    body: Syntax


@dataclass(frozen=True)
class Partial(Syntax):
    """`∂L`, `∂⁺L`, `dL`: the numerator or denominator of a derivative; `mark` is "", "+" or, in workings, "d"."""

    body: Syntax
    mark: str = ""


@dataclass(frozen=True)
class Either(Syntax):
    """`± b`: both b and −b. In workings only, like the four that follow."""

    body: Syntax


@dataclass(frozen=True)
class Dots(Syntax):
    """`…`: terms or factors left out."""


@dataclass(frozen=True)
class Label(Syntax):
    """`forget gate`, `总梯度`: words that stand for a quantity no formula names."""

    words: str


@dataclass(frozen=True)
class Evaluated(Syntax):
    """`x|_{t=2}`, `(Wx)_i`, `(∂c_t/∂c_{t-1})_direct`: a formula and where, or along which path, it is taken."""

    body: Syntax
    where: Syntax


@dataclass(frozen=True)
class Cases(Syntax):
    """A brace of cases: pairs of a value and its condition, None for "otherwise"."""

    cases: tuple[tuple[Syntax, Syntax | None], ...]


@dataclass(frozen=True)
class Chain(Syntax):
    """`a = b ≈ c`: the sides and the relations between them."""

    sides: tuple[Syntax, ...]
    relations: tuple[str, ...]


def rebuilt(tree: Syntax, change: Callable[[Syntax], Syntax]) -> Syntax:
    """The tree with each of its parts changed."""

    def made(part: Any) -> Any:
        if isinstance(part, tuple):
            return tuple(map(made, part))
        return change(part) if isinstance(part, Syntax) else part

    kept = ("start", "end", "depth")
    return replace(tree, **{one.name: made(getattr(tree, one.name)) for one in fields(tree) if one.name not in kept})


def walk(tree: Syntax) -> Iterator[Syntax]:
    """The piece and all below it, parents first, in the order written."""
    stack = [tree]
    while stack:
        piece = stack.pop()
        yield piece
        stack.extend(reversed(piece.children))


def without_brackets(tree: Syntax) -> Syntax:
    """The piece inside the brackets around it."""
    while isinstance(tree, Group):
        tree = tree.body
    return tree
