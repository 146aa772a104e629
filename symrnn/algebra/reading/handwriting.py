"""What only a person's working holds: dots, cases, a bar with a place, gradients by ∇, powers of e.

Reads through the parser it is given; returns `Syntax`. The parser asks here only where its source is a working.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NoReturn, Protocol, TypeVar

from symrnn.algebra.reading.precedence import Item
from symrnn.algebra.reading.source import Piece, Source, Token
from symrnn.algebra.reading.syntax import (
    Call,
    Cases,
    Dots,
    Evaluated,
    Num,
    Partial,
    Quotient,
    Raised,
    Symbol,
    Syntax,
)

S = TypeVar("S", bound=Syntax)


class Parser(Protocol):
    """What is asked of the parser: its tokens, and to read a part."""

    source: Source
    tokens: list[Token]
    at: int
    bars: list[str]

    @property
    def peek(self) -> Token:
        """The next token."""
        ...

    def advance(self) -> Token:
        """The next token, taken."""
        ...

    def sees(self, kind: str, *texts: str) -> bool:
        """Whether the next token is of that kind, and one of those."""
        ...

    def fail(self, piece: Piece, found: str, write: str) -> NoReturn:
        """Raise the error that points at a piece."""
        ...

    def made(self, tree: S, start: int, end: int) -> S:
        """The tree at its place."""
        ...

    def level(self) -> Syntax:
        """Everything up to a closing bracket or a comma."""
        ...

    def argument(self) -> Syntax:
        """What a script takes."""
        ...

    def operand(self) -> Syntax:
        """A number, name, bracket, call, fraction, sum or derivative."""
        ...

    def nested(self, read: Callable[[], Syntax]) -> Syntax:
        """What `read` reads, one level deeper."""
        ...


_CONDITION_WORDS = frozenset({"if", "when", "for", "where", "while"})
_OTHERWISE = frozenset({"otherwise", "else", "other", "elsewhere"})


def read_dots(parser: Parser) -> Syntax:
    """`…`."""
    token = parser.advance()
    return Dots(start=token.start, end=token.end)


def read_infinity(parser: Parser) -> Syntax:
    """`∞`."""
    token = parser.advance()
    return Symbol("infty", start=token.start, end=token.end)


def read_cases(parser: Parser) -> Syntax:
    """`\\begin{cases} x & x > 0 \\\\ 0 & otherwise \\end{cases}`."""
    opener = parser.advance()
    cases: list[tuple[Syntax, Syntax | None]] = []
    while not parser.sees("close", "cases"):
        if parser.sees("op", "&&", ",", "."):
            parser.advance()
            continue
        value = parser.level()
        while parser.sees("op", "&", ","):
            parser.advance()
        cases.append((value, _condition(parser)))
    if not cases:
        parser.fail(opener, "a brace without a case", "a value and its condition")
    return parser.made(Cases(tuple(cases)), opener.start, parser.advance().end)


def _condition(parser: Parser) -> Syntax | None:
    while parser.peek.kind == "name" and parser.peek.text.lower() in _CONDITION_WORDS:
        parser.advance()
    if parser.peek.kind == "name" and parser.peek.text.lower() in _OTHERWISE:
        parser.advance()
        return None
    if parser.sees("op", "&&") or parser.sees("close"):
        return None
    return parser.level()


def read_gradient(parser: Parser) -> Syntax:
    """`∇_W L`: the derivative of what follows by what stands below; `∇f(x)` is a function of it."""
    token = parser.advance()
    if not parser.sees("op", "_"):
        body = parser.nested(parser.operand)
        return parser.made(Call(Symbol("nabla", start=token.start, end=token.end), (body,)), token.start, body.end)
    parser.advance()
    by = parser.argument()
    of = parser.nested(parser.operand)
    over, under = (Partial(part, start=part.start, end=part.end) for part in (of, by))
    return parser.made(Quotient(over, under), token.start, of.end)


def is_place(parser: Parser) -> bool:
    """Whether the bar ahead closes nothing and carries a place: `|_{t=2}`."""
    following = parser.tokens[min(parser.at + 1, len(parser.tokens) - 1)]
    bar = parser.sees("op", "|") and following.kind == "op" and following.text == "_"
    return parser.source.working and bar and parser.bars[-1:] != ["|"]


def read_place(parser: Parser, body: Syntax) -> Syntax:
    """`x|_{t=2}`, behind `x`."""
    parser.advance()
    parser.advance()
    where = parser.argument()
    return parser.made(Evaluated(body, where), body.start, parser.tokens[parser.at - 1].end)


def check_neighbours(source: Source, items: list[Item]) -> None:
    """Two numbers side by side may be columns, digits in groups or a mixed number: no product is read from them."""
    for item, following in pairwise(items):
        if isinstance(item, Num) and (isinstance(following, Num) or _is_fraction(following)):
            source.fail(following, "two numbers side by side", "a sign between them")


def _is_fraction(item: Item) -> bool:
    while isinstance(item, Raised):
        item = item.base
    if isinstance(item, Num):
        return True
    return isinstance(item, Quotient) and isinstance(item.over, Num) and isinstance(item.under, Num)


def exponential(symbol: Symbol) -> Syntax:
    """`e^{x}` is a power, whatever stands above; any other name keeps what stands above it."""
    if symbol.base != "e" or symbol.below or symbol.accents or len(symbol.above) != 1:
        return symbol
    base = Symbol("e", start=symbol.start, end=symbol.start + 1)
    return Raised(base, symbol.above[0], start=symbol.start, end=symbol.end)
