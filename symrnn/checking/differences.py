"""Where a written formula leaves the right one: the smallest factor or summand that differs.

Reads a written tree, a right expression, and how both are evaluated; parts are matched by their values, sums with sums
and products with products, and where one part is left over on each side the search goes on within it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Adjoint, Name, Node, Signal
from symrnn.algebra.nodes.verbs import add, matmul, negate
from symrnn.algebra.reading.syntax import Call, Num, Raised, Syntax, Terms, Times, without_brackets
from symrnn.checking.comparing import Agreement, values_meeting
from symrnn.checking.matrices import Misfit, Value, scaled
from symrnn.checking.numbers import negative
from symrnn.checking.patterns import negated, remade
from symrnn.checking.verdicts import Reason
from symrnn.errors import SymrnnError

CHANGED = "{0} should be {1}"
MISSING = "{0} is missing"
MISSING_TERM = "missing in the sum: {0}"
EXTRA = "{0} does not belong here"
SIGN = "{0} has the wrong sign"

MOST_PARTS = 20
_STEP = re.compile(r"_(\d+)(?![\d\w])")


@dataclass(frozen=True)
class Difference:
    """The piece from `start` to `end` of the written side, and what is to be said of it."""

    start: int
    end: int
    reason: Reason
    left_over: int = 0
    """How many parts fit nothing: the fewer, the better the right expression was chosen."""

    def at_letter(self, letter: str, here: int) -> Difference:
        """What is said of a step, said of every step: f_3 as f_{t+1} where t was 2."""
        *written, should = self.reason.about
        if self.reason.message in (SIGN, EXTRA):
            return self  # as it was written

        def named(found: re.Match[str]) -> str:
            gap = int(found[1]) - here
            return f"_{letter}" if not gap else f"_{{{letter}{gap:+d}}}" if abs(gap) == 1 else found[0]

        return replace(self, reason=Reason(self.reason.message, (*written, _STEP.sub(named, should))))


Signed = tuple[int, Syntax]
Right = tuple[int, Node]


@dataclass(frozen=True)
class Comparison:
    """Two ways to evaluate, and the text that is written."""

    written: Callable[[Syntax], Value | None]
    right: Callable[[Node], Value | None]
    text: str

    def difference(self, tree: Syntax, node: Node) -> Difference | None:
        """The smallest part that differs; None where the two have no part in common."""
        tree = without_brackets(tree)
        found = None
        if _is_sum(tree, node):
            found = self._of_parts(_terms(tree), _terms_of(node), True)
        if found is None and (isinstance(tree, Times) or _is_product(node)):
            parts = [(1, part) for part in _factors(tree)]
            found = self._of_parts(parts, [(1, other) for other in _factors_of(node)], False)
        if found is None and isinstance(tree, Call) and isinstance(node, N.Apply) and len(tree.arguments) == 1:
            found = self.difference(tree.arguments[0], node.operands[0])
        if found is None and self._agree(self.written(tree), _signed(-1, self.right(node))):
            found = self._at(tree, Reason(SIGN, (self._shown(tree),)), 1)
        return found

    def _at(self, piece: Syntax, reason: Reason, count: int) -> Difference:
        return Difference(piece.start, closed(self.text, piece.start, piece.end), reason, count)

    def _of_parts(self, parts: Sequence[Signed], others: Sequence[Right], is_sum: bool) -> Difference | None:
        if max(len(parts), len(others)) > MOST_PARTS:
            return None
        left, right = self._unmatched(parts, others)
        count = len(left) + len(right)
        if not count and not is_sum:
            return self._in_order(parts, others)
        if not count or (len(left) == len(parts) and len(right) == len(others) and max(len(parts), len(others)) > 1):
            return self._narrower(left, right) if is_sum else None
        if len(left) == len(right) == 1:
            return self._of_one(left[0], right[0], len(parts) > 1)
        if not left:
            what = _joined(right, is_sum)
            if what is None:
                return None
            start, end = min(part.start for _, part in parts), max(part.end for _, part in parts)
            reason = Reason(MISSING_TERM if is_sum else MISSING, (said(what),))
            return Difference(start, closed(self.text, start, end), reason, count)
        if not right and len(left) == 1:
            return self._at(left[0][1], Reason(EXTRA, (self._shown(left[0][1]),)), count)
        return self._narrower(left, right) if is_sum else self._of_some(parts, left, right)

    def _in_order(self, parts: Sequence[Signed], others: Sequence[Right]) -> Difference | None:
        """The same factors in another order, where that matters."""
        start, end = parts[0][1].start, closed(self.text, parts[0][1].start, parts[-1][1].end)
        meant = _joined(others, False)
        if len(parts) < 2 or meant is None:
            return None
        shown = " ".join(self.text[start:end].split())
        return Difference(start, end, Reason(CHANGED, (shown, said(meant))), 0)

    def _narrower(self, left: Sequence[Signed], right: Sequence[Right]) -> Difference | None:
        """Several terms that differ: within the first, where another term has most of it."""
        for sign, piece in left[:1] if len(left) == len(right) else ():
            found = [self.difference(piece, node) for meant, node in right if meant == sign]
            best = [one for one in found if one is not None]
            if best:
                return min(best, key=lambda one: one.left_over)
        return None

    def _of_some(self, parts: Sequence[Signed], left: Sequence[Signed], right: Sequence[Right]) -> Difference | None:
        """Neighbouring factors that stand where one should, or one where several should."""
        places = [parts.index(part) for part in left]
        meant = _joined(right, False) if right else None
        if meant is None or min(len(left), len(right)) > 1 or places != list(range(places[0], places[-1] + 1)):
            return None
        start, end = left[0][1].start, closed(self.text, left[0][1].start, left[-1][1].end)
        shown = " ".join(self.text[start:end].split())
        reason = Reason(CHANGED, (shown, said(meant)))
        return Difference(start, end, reason, len(left) + len(right))

    def _of_one(self, part: Signed, other: Right, inner: bool) -> Difference | None:
        (sign, piece), (meant, node) = part, other
        if sign != meant and self._agree(self.written(piece), self.right(node)):
            return self._at(piece, Reason(SIGN, (self._shown(piece),)), 1)
        narrower = self.difference(piece, node) if sign == meant else None
        if narrower is not None or not inner:
            return narrower
        should = said(node if sign == meant else negate(node))
        return self._at(piece, Reason(CHANGED, (self._shown(piece), should)), 2)

    def _unmatched(self, parts: Sequence[Signed], others: Sequence[Right]) -> tuple[list[Signed], list[Right]]:
        """What is left of both where equal values are taken away."""
        values = [(other, _signed(other[0], self.right(other[1]))) for other in others]
        left: list[Signed] = []
        for part in parts:
            value = _signed(part[0], self.written(part[1]))
            at = next((k for k, (_, found) in enumerate(values) if self._agree(value, found)), None)
            if at is None:
                left.append(part)
            else:
                values.pop(at)
        return left, [other for other, _ in values]

    def _agree(self, one: Value | None, two: Value | None) -> bool:
        try:
            return one is not None and two is not None and values_meeting(one, two) <= Agreement.ROUNDED
        except Misfit:
            return False

    def _shown(self, piece: Syntax) -> str:
        return " ".join(self.text[piece.start : closed(self.text, piece.start, piece.end)].split())


def _signed(sign: int, value: Value | None) -> Value | None:
    return value if value is None or sign > 0 else scaled(value, negative)


# --- parts ----------------------------------------------------------------------------------------------------------


def _is_sum(tree: Syntax, node: Node) -> bool:
    return (isinstance(tree, Terms) and len(tree.terms) > 1) or isinstance(node, N.Add)


def _is_product(node: Node) -> bool:
    return isinstance(node, N.MatMul | N.Hadamard | N.Scale)


def closed(text: str, start: int, end: int) -> int:
    """The end of a piece with the braces that it opens."""
    while text.count("{", start, end) > text.count("}", start, end) and end < len(text):
        end += 1
    return end


def _terms(tree: Syntax) -> list[Signed]:
    if not isinstance(tree, Terms):
        return [(1, tree)]
    found: list[Signed] = []
    for sign, term in tree.terms:
        inner = without_brackets(term)
        if isinstance(inner, Terms):
            # A bracket within a sum: its terms stand in the same sum.
            found += [(sign * own, part) for own, part in _terms(inner)]
        else:
            found.append((sign, term))
    return found


def _terms_of(node: Node) -> list[Right]:
    found: list[Right] = []
    for term in node.operands if isinstance(node, N.Add) else (node,):
        body = negated(term)
        found.append((1, term) if body is None else (-1, body))
    return found


def _factors(tree: Syntax) -> list[Syntax]:
    inner = without_brackets(tree)
    match inner:
        case Terms(terms=((sign, term),)) if sign > 0:
            return _factors(term)
        case Times():
            return [part for factor in inner.factors for part in _factors(factor)]
        case Raised(base=base, exponent=Num(value=value)) if value.denominator == 1 and 2 <= value <= MOST_PARTS:
            return [base] * int(value)
    return [tree]


def _factors_of(node: Node) -> list[Node]:
    if isinstance(node, N.MatMul | N.Hadamard | N.Scale):
        return [part for operand in node.operands for part in _factors_of(operand)]
    if isinstance(node, N.Power) and node.exponent.is_Integer and 2 <= node.exponent <= MOST_PARTS:
        return [node.operands[0]] * int(node.exponent)
    return [node]


def _joined(parts: Sequence[Right], is_sum: bool) -> Node | None:
    """Several parts as one expression; None where their shapes do not allow it."""
    nodes = [part if sign > 0 else negate(part) for sign, part in parts]
    if is_sum:
        return add(*nodes)
    try:
        return nodes[0] if len(nodes) == 1 else matmul(*nodes)
    except SymrnnError:
        return None


def said(node: Node) -> str:
    """An expression in text, gradients as ∂L/∂h_2; of numbers without diag and transposition."""
    return str(_plain(node))


def _plain(node: Node) -> Node:
    if isinstance(node, Adjoint) and isinstance(node.of, Signal):
        return Signal(f"∂L/∂{node.of.name}", node.of.shape, *node.of.indices)
    if isinstance(node, N.Diag | N.Transpose) and node.shape == (1, 1):
        return _plain(node.operands[0])
    if isinstance(node, Name):
        return node
    operands = [_plain(part) for part in N.operands_of(node)]
    return remade(node, operands) if operands else node
