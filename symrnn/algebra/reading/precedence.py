"""What was read flat within a bracket, grouped: relations are loosest, then + −, ⊙, * · × @, side by side and /.

Reads operands and the operators between them; returns one tree. No recursion but for signs and sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from symrnn.algebra.reading.signs import GREEK_NAMES
from symrnn.algebra.reading.source import Source, Token
from symrnn.algebra.reading.syntax import Big, Chain, Either, Partial, Quotient, Symbol, Syntax, Terms, Times

RELATIONS = frozenset(["=", "≈", "≤", "≥", "<", ">", "⇒", "→", "≠", "∝", "∈"])
_LOOSE = frozenset("⊙⊗")
_TIGHT = frozenset("*·×@")
INFIX = RELATIONS | _LOOSE | _TIGHT | frozenset("+-/")
HAND_INFIX = INFIX | {"±"}
"""In a working also `a ± b`."""

Item = Syntax | Token
S = TypeVar("S", bound=Syntax)


def made(source: Source, tree: S, start: int, end: int) -> S:
    """The tree at its place, if it is not too deep."""
    placed: S = tree.at(start, end)
    if tree.depth > source.limits.depth:
        source.refuse(placed, f"a formula nested more than {source.limits.depth} deep", "names for its parts")
    return placed


def grouped(source: Source, items: Sequence[Item]) -> Syntax:
    """The tree of operands and operators; there is at least one item."""
    sides, relations = _split(items, RELATIONS)
    trees = [_terms(source, side, relations, place) for place, side in enumerate(sides)]
    if not relations:
        return trees[0]
    return made(source, Chain(tuple(trees), tuple(map(str, relations))), trees[0].start, trees[-1].end)


def _split(items: Sequence[Item], at: frozenset[str]) -> tuple[list[list[Item]], list[Token]]:
    parts: list[list[Item]] = [[]]
    operators: list[Token] = []
    for item in items:
        if isinstance(item, Token) and item.text in at:
            operators.append(item)
            parts.append([])
        else:
            parts[-1].append(item)
    return parts, operators


def _is_sign(item: Item) -> bool:
    return isinstance(item, Token) and item.text in "+-"


def _terms(source: Source, items: list[Item], around: list[Token], place: int) -> Syntax:
    """Signs and terms. A sign behind an operator of a product belongs to its factor."""
    if not items:
        token = around[max(0, place - 1)]
        source.fail(token, f"nothing {'before' if place == 0 else 'after'} {token}", "a formula on both sides")
    if len(items) == 1 and isinstance(items[0], Syntax) and not isinstance(items[0], Big):
        return items[0]
    terms: list[tuple[int, Syntax]] = []
    sign, current, signed, both = 1, list[Item](), False, False
    for item in items:
        if not (_is_sign(item) or _is_both(item)) or (current and isinstance(current[-1], Token | Big)):
            current.append(item)
            continue
        if current:
            terms.append((sign, _either(_term(source, current), both)))
            sign, current, both = 1, [], False
        sign, signed, both = (-sign if str(item) == "-" else sign), True, both or _is_both(item)
    if not current:
        source.fail(items[-1], f"nothing after {items[-1]}", "a term behind it")
    terms.append((sign, _either(_term(source, current), both)))
    if not signed or terms == [(1, terms[0][1])]:
        return terms[0][1]
    return made(source, Terms(tuple(terms)), items[0].start, terms[-1][1].end)


def _is_both(item: Item) -> bool:
    return isinstance(item, Token) and item.text == "±"


def _either(term: Syntax, both: bool) -> Syntax:
    return Either(term, start=term.start, end=term.end) if both else term


def _term(source: Source, items: list[Item]) -> Syntax:
    """A product; a sum sign takes all that follows it."""
    for place, item in enumerate(items):
        if isinstance(item, Big):
            if place + 1 == len(items):
                source.fail(item, "a sum with nothing behind it", "the summand behind it")
            body = _term(source, items[place + 1 :])
            big = made(source, Big(item.kind, item.below, item.above, body), item.start, body.end)
            return _times(source, [*items[:place], big], 0)
    return _times(source, items, 0)


def _times(source: Source, items: list[Item], looseness: int) -> Syntax:
    """⊙ first, then * · × @, then side by side and /."""
    if len(items) == 1 and isinstance(items[0], Syntax):
        return items[0]
    if looseness == 2:
        return _beside(source, items)
    parts, operators = _split(items, (_LOOSE, _TIGHT)[looseness])
    for place, part in enumerate(parts):
        if not part or all(_is_sign(item) for item in part):
            token = operators[max(0, place - 1)] if operators else items[-1]
            where = "before" if operators and place == 0 else "after"
            source.fail(token, f"nothing {where} {token}", "a factor on both sides")
    factors = [_signed(source, part, looseness + 1) for part in parts]
    if not operators:
        return factors[0]
    return made(source, Times(tuple(factors), tuple(map(str, operators))), factors[0].start, factors[-1].end)


def _signed(source: Source, items: list[Item], looseness: int) -> Syntax:
    signs = next((place for place, item in enumerate(items) if not _is_sign(item)), len(items))
    body = _times(source, items[signs:], looseness)
    minus = sum(str(item) == "-" for item in items[:signs]) % 2
    return made(source, Terms(((-1, body),)), items[0].start, body.end) if minus else body


def _beside(source: Source, items: list[Item]) -> Syntax:
    beside: list[Syntax] = []
    division: Token | None = None
    for item in items:
        if isinstance(item, Token):
            if division or not beside or str(item) != "/":
                where = "before" if not beside else "behind"
                source.fail(item, f"nothing {where} {division or item}", "a factor on both sides")
            division = item
        elif division and len(beside) > 1 and is_differential(source, beside[-1]) and is_differential(source, item):
            over = beside.pop()  # in `η ∂L/∂W` the derivative is one factor
            beside.append(made(source, Quotient(over, item), over.start, item.end))
            division = None
        elif division:
            over = _side_by_side(source, beside)
            beside, division = [made(source, Quotient(over, item), over.start, item.end)], None
        else:
            beside.append(item)
    if division:
        source.fail(division, f"nothing after {division}", "a factor on both sides")
    return _side_by_side(source, beside)


def is_differential(source: Source, tree: Syntax) -> bool:
    """`∂L`; in workings also `dL`."""
    if isinstance(tree, Partial):
        return True
    if not isinstance(tree, Symbol) or not source.working:
        return False
    return tree.base[0] == "d" and 1 < len(tree.base) < 5 and tree.base not in GREEK_NAMES


def _side_by_side(source: Source, factors: list[Syntax]) -> Syntax:
    if len(factors) == 1:
        return factors[0]
    tree = Times(tuple(factors), ("",) * (len(factors) - 1))
    return made(source, tree, factors[0].start, factors[-1].end)
