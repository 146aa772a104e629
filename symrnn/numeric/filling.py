"""Expressions over all steps of a chunk, evaluated into arrays that exist already: one call of NumPy per line.

Reads nodes; writes lines of text. What `whole` writes as one expression makes a new array for every operation; this
writes the same operations with their outputs given, into arrays that every chunk uses again.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Name, Node, operands_of
from symrnn.numeric.storage import terms_of, unguarded
from symrnn.numeric.whole import Whole, is_log_softmax

Say = Callable[[str], None]
Spare = Callable[[sp.Expr, int], str]


class Filling:
    """Writes lines that leave an expression in an array; `spare(rows, depth)` names a scratch array of a chunk."""

    def __init__(self, whole: Whole, say: Say, spare: Spare) -> None:
        self.whole, self.say, self.spare = whole, say, spare

    def fill(self, node: Node, out: str, depth: int = 0) -> None:
        """Lines that leave the expression in `out`."""
        node = unguarded(node)
        if isinstance(node, N.Add):
            self._sum(node, out, depth)
        elif isinstance(node, N.Hadamard):
            self._entrywise(node, out, depth)
        elif isinstance(node, N.Power) and node.exponent == 2:
            self.say(f"square({self.value(node.operands[0], depth, out)}, {out})")
        elif isinstance(node, N.Apply) and not is_log_softmax(node):
            function = self.whole.activation(node.activation)
            self.say(f"{function}({self.value(node.operands[0], depth, out)}, {out})")
        elif isinstance(node, N.Scale) and node.operands[0] == N.Number(-1):
            self.say(f"negative({self.value(node.operands[1], depth, out)}, {out})")
        elif isinstance(node, N.MatMul) and len(node.operands) == 2 and self._is_product(node):
            self.say(f"through({self.whole.matrix(node.operands[0])}, {self.value(node.operands[1], depth)}, {out})")
        else:
            self.say(f"{out}[...] = {self.whole.text(node)}")

    def _is_product(self, node: N.MatMul) -> bool:
        matrix = self.whole.matrix(node.operands[0])
        return matrix is not None and node.operands[0].shape[0] != 1 and self.whole.text(node).startswith("through(")

    def value(self, node: Node, depth: int, into: str | None = None) -> str:
        """Text of an array that holds the expression: its own, `into`, or a scratch array."""
        node = unguarded(node)
        if _is_simple(node) or node in self.whole.known:
            return "one" if node in (N.Number(1), N.ones(node.shape)) else self.whole.text(node)
        place = into or self.spare(node.shape[0], depth)
        self.fill(node, place, depth if into else depth + 1)
        return place

    def _sum(self, node: N.Add, out: str, depth: int) -> None:
        # Products first: they write into `out` by themselves; a number or a bias is added after.
        terms = sorted(terms_of(node), key=lambda term: (_is_simple(_positive(term)), not _starts_well(term)))
        if not _is_simple(_positive(terms[0])) and not _starts_well(terms[0]):
            rest = list(terms[1:])
            self.fill(_positive(terms[0]), out, depth)
            minuend = next((term for term in rest if _starts_well(term)), None)
            if minuend is None:
                self.say(f"negative({out}, {out})")
            else:
                rest.remove(minuend)
                self.say(f"subtract({self.value(minuend, depth)}, {out}, {out})")
        elif _is_simple(_positive(terms[0])):
            simple = [*(t for t in terms if _starts_well(t)), *(t for t in terms if not _starts_well(t))]
            if not _starts_well(simple[0]):
                self.say(f"{out}[...] = {self.whole.text(node)}")
                return
            values = [self.value(_positive(term), depth) for term in simple[:2]]
            self.say(f"{_sign(simple[1])}({values[0]}, {values[1]}, {out})")
            rest = simple[2:]
        else:
            self.fill(terms[0], out, depth)
            rest = terms[1:]
        for term in rest:
            self.say(f"{_sign(term)}({out}, {self.value(_positive(term), depth)}, {out})")

    def _entrywise(self, node: N.Hadamard, out: str, depth: int) -> None:
        factors = sorted(node.operands, key=lambda factor: _is_simple(factor) or factor in self.whole.known)
        if _is_simple(factors[0]) or factors[0] in self.whole.known:
            values = [self.value(factor, depth) for factor in factors[:2]]
            self.say(f"multiply({values[0]}, {values[1]}, {out})")
            factors = factors[2:]
        else:
            self.fill(factors[0], out, depth)
            factors = factors[1:]
        for factor in factors:
            self.say(f"multiply({out}, {self.value(factor, depth)}, {out})")


def _is_simple(node: Node) -> bool:
    return isinstance(node, Name | N.Number | N.Ones)


def _starts_well(term: Node) -> bool:
    return _sign(term) == "add"


def _sign(term: Node) -> str:
    return "subtract" if _positive(term) is not unguarded(term) else "add"


def _positive(term: Node) -> Node:
    body = unguarded(term)
    if isinstance(body, N.Scale) and body.operands[0] == N.Number(-1):
        return operands_of(body)[1]
    return body
