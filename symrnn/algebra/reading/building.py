"""Syntax trees with known shapes to nodes, as written: nothing is simplified but numbers.

Reads a piece and the shapes found for it; returns the node. A number beside vectors is that number in every entry;
numbers and scalars stand in front of their product, a minus sign joins the number behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import Node, Number, Shape
from symrnn.algebra.reading.calls import activation_name
from symrnn.algebra.reading.names import Names, Reading, is_exponential
from symrnn.algebra.reading.parser import LOSSES
from symrnn.algebra.reading.shapes import SCALAR, Shapes
from symrnn.algebra.reading.syntax import (
    Big,
    Call,
    Chain,
    Group,
    Norm,
    Pair,
    Quotient,
    Raised,
    Stack,
    Symbol,
    Syntax,
    Terms,
    Times,
    Transposed,
    without_brackets,
)
from symrnn.errors import NotYetError

HALF = sp.Rational(1, 2)


class Parts(NamedTuple):
    """A product: its number, the scalars in front, and what they scale."""

    number: sp.Expr
    scalars: Sequence[Node]
    body: Node


class Builder:
    """Builds nodes from pieces; `named` makes the node of a name at a step."""

    def __init__(
        self, shapes: Shapes, named: Callable[[Symbol, Reading], Node], sizes: Mapping[sp.Dummy, N.Size]
    ) -> None:
        self.shapes = shapes
        self.names: Names = shapes.names
        self.numbers = shapes.numbers
        self.source = shapes.source
        self.named = named
        self.sizes = sizes

    def shape(self, tree: Syntax) -> Shape:
        """The shape of a piece with its sizes named; (1, 1) for a number."""
        return self.final(self.shapes.of(tree) or SCALAR)

    def final(self, shape: Shape) -> Shape:
        """A shape with its sizes named."""
        rows, cols = self.shapes.sizes.shape(shape)
        return rows.xreplace(self.sizes), cols.xreplace(self.sizes)

    def build(self, tree: Syntax, shape: Shape | None = None) -> Node:
        """The node of a piece; `shape` is what a number is spread over."""
        value = self.numbers.value(tree)
        if value is not None:
            return spread(value, shape or SCALAR)
        match tree:
            case Symbol():
                return self._symbol(tree)
            case Group(body=body):
                return self.build(body, shape)
            case Terms():
                return self._terms(tree)
            case Times() | Quotient():
                return _scaled(*self._parts(tree))
            case Raised():
                return self._raised(tree)
            case Transposed(body=body):
                return self._transposed(tree, body)
            case Call():
                return self._call(tree)
            case Norm(body=body):
                return N.Apply("sqrt", self._squared_norm(body))
            case Pair(left=left, right=right):
                return self._inner(left, right)
            case Stack(parts=parts):
                return N.Concat(*map(self.build, parts))
            case Big():
                return self._sum(tree)
        raise AssertionError(type(tree).__name__)

    def _symbol(self, symbol: Symbol) -> Node:
        if is_exponential(symbol):
            return N.Apply("exp", self.build(symbol.above[0]))
        reading = self.names.read(symbol)
        if reading.name == "I" and "I" not in self.shapes.by_name:
            return self._identity(symbol)
        return self.named(symbol, reading)

    def _identity(self, symbol: Symbol) -> Node:
        shape = self.shape(symbol)
        if shape == SCALAR:
            self.shapes.misfit(symbol, "I, which comes out as the number 1", "1, or a line on sizes")
        return N.Eye(shape[0])

    def _transposed(self, tree: Syntax, body: Syntax) -> Node:
        node = self.build(body)
        if node.is_scalar_shaped:
            text = self.shapes.text(body)
            if self.numbers.value(body) is not None:
                line = "a vector of ones by a name, u^T, with the line u: n"
                self.shapes.misfit(tree, f"{text}, a number, transposed", line)
            self.shapes.misfit(tree, f"{text} comes out as a scalar, transposed", f"a line on sizes, such as {text}: n")
        return N.Transpose(node)

    # --- sums ---

    def _terms(self, tree: Terms) -> Node:
        if len(tree.terms) == 1:
            return self._signed(*tree.terms[0], self.shape(tree))
        shape = self.shape(tree)
        return N.Add(*(self._signed(sign, term, shape) for sign, term in tree.terms))

    def _signed(self, sign: int, term: Syntax, shape: Shape) -> Node:
        value = self.numbers.value(term)
        if value is not None:
            return spread(sign * value, shape)
        if sign < 0 and (loss := self._cross_entropy(term)) is not None:
            return loss
        number, scalars, body = self._parts(term)
        return _scaled(sign * number, scalars, body)

    def _cross_entropy(self, term: Syntax) -> Node | None:
        """`yᵀ log softmax(o)`, behind a minus sign."""
        match term:
            case Times(factors=(Transposed(body=target), Call(function=log, arguments=(inside,)))):
                inside = inside.body if isinstance(inside, Group) else inside
                if isinstance(inside, Call) and inside.function.base == "softmax" and log.base in ("log", "ln"):
                    return N.CrossEntropy(self.build(target), self.build(inside.arguments[0]))
        return None

    # --- products ---

    def _parts(self, tree: Syntax) -> Parts:
        """A piece as number, scalars and body, where it is written as a product; brackets keep what is in them."""
        match tree:
            case Times():
                return self._times(tree)
            case Quotient():
                return self._quotient(tree)
            case Terms(terms=((-1, term),)) if self._cross_entropy(term) is None:
                number, scalars, body = self._parts(term)
                return Parts(-number, scalars, body)
        return Parts(sp.S.One, [], self.build(tree))

    def _times(self, tree: Times) -> Parts:
        number: sp.Expr = sp.S.One
        scalars: list[Node] = []
        arrays: list[tuple[Node, bool]] = []
        for factor in tree.factors:
            value = self.numbers.value(factor)
            if value is not None:
                number = number * value
                continue
            pulled, fronts, body = self._parts(factor)
            number = number * pulled
            scalars += fronts
            is_open = isinstance(factor, Times | Terms)
            if body.is_scalar_shaped:
                number, body = _without_number(number, body)
                scalars += body.operands if is_open and isinstance(body, N.Hadamard) else [body]
            else:
                arrays.append((body, is_open))
        if not arrays:
            return Parts(number, [], scalars[0] if len(scalars) == 1 else N.Hadamard(*scalars))
        return Parts(number, scalars, _multiplied(arrays, tree.operators[0]))

    def _quotient(self, tree: Quotient) -> Parts:
        divisor, value = self.numbers.value(tree.under), self.numbers.value(tree.over)
        if divisor is not None:
            number, scalars, body = self._parts(tree.over)
            return Parts(number / divisor, scalars, body)
        under = self._inverse(tree.under)
        if value is not None:
            return Parts(value, [], under)
        number, scalars, body = self._parts(tree.over)
        if under.shape == body.shape:
            over = _scaled(number, scalars, body)
            is_open = isinstance(over, N.Hadamard) and isinstance(without_brackets(tree.over), Times)
            return Parts(sp.S.One, [], N.Hadamard(*(over.operands if is_open else [over]), under))
        if under.is_scalar_shaped:
            return Parts(number, [*scalars, under], body)
        return Parts(number, [*scalars, body], under)

    def _inverse(self, tree: Syntax) -> Node:
        """1/x entry by entry; of a power x^k it is x^{-k}."""
        node = self.build(tree)
        if node.shape[0] != 1 and node.shape[1] != 1:
            found = f"a division by {self.shapes.text(tree)}, which is a matrix"
            self.shapes.misfit(tree, found, "a divisor that is a scalar or a vector of one shape")
        if isinstance(without_brackets(tree), Raised) and isinstance(node, N.Power):
            return N.Power(node.operands[0], -node.exponent)
        return N.Power(node, -1)

    def _inner(self, left: Syntax, right: Syntax) -> Node:
        first, second = self.build(left), self.build(right)
        if first.is_scalar_shaped:
            return N.Hadamard(first, second)
        return N.MatMul(N.Transpose(first), second) if first.shape[1] == 1 else N.Inner(first, second)

    # --- powers and functions ---

    def _raised(self, tree: Raised) -> Node:
        exponent = self.numbers.value(tree.exponent)
        if isinstance(tree.base, Norm) or (isinstance(tree.base, Call) and tree.base.function.base == "norm"):
            body = tree.base.body if isinstance(tree.base, Norm) else tree.base.arguments[0]
            squared = self._squared_norm(body)
            return squared if exponent == 2 else self._power(squared, exponent / 2)  # type: ignore[operator]  # visited: a number
        base = self.build(tree.base)
        if base.shape[1] != 1 and base.shape[0] != 1:
            self._refuse_matrix_power(tree, exponent)
        return self._power(base, exponent)

    def _power(self, base: Node, exponent: sp.Expr | None) -> Node:
        if exponent == 1:
            return base
        return N.Apply("sqrt", base) if exponent == HALF else N.Power(base, exponent)

    def _refuse_matrix_power(self, tree: Raised, exponent: sp.Expr | None) -> None:
        text = self.shapes.text(tree.base)
        if exponent == -1:
            place = self.source.place(tree.start, tree.end)
            raise NotYetError(found=f"the inverse of {text}", write="a parameter of its own for it", place=place)
        self.source.fail(
            tree,
            "a power of a matrix, which may mean the matrix product or entry by entry",
            f"{text} {text} for the product, {text} ⊙ {text} entry by entry",
        )

    def _squared_norm(self, body: Syntax) -> Node:
        node = self.build(body)
        if isinstance(node, Number):
            return Number(node.value**2)  # as 2² is read
        return N.Power(node, 2) if node.is_scalar_shaped else N.SquaredNorm(node)

    def _call(self, tree: Call) -> Node:
        name = tree.function.base
        if name in LOSSES:
            return self._opaque(tree)
        first = self.build(tree.arguments[0])
        match name:
            case "softmax":
                return N.Softmax(first)
            case "diag":
                return N.Diag(first)
            case "norm":
                return N.Apply("sqrt", self._squared_norm(tree.arguments[0]))
            case "cross_entropy" | "CE":
                return N.CrossEntropy(first, self.build(tree.arguments[1]))
            case "inner":
                return self._inner(*tree.arguments)
            case "max":
                return self._relu(tree)
        return N.Apply(lookup(activation_name(tree.function)).name, first)

    def _relu(self, tree: Call) -> Node:
        zeros = [argument for argument in tree.arguments if self.numbers.value(argument) == 0]
        others = [argument for argument in tree.arguments if self.numbers.value(argument) is None]
        if len(zeros) != 1 or len(others) != 1:
            self.source.fail(tree, "a maximum that is not max(0, x)", "relu(x)")
        return N.Apply("relu", self.build(others[0]))

    def _opaque(self, tree: Call) -> Node:
        reading = self.names.read(tree.function)
        indices = () if reading.step is None else (reading.step,)
        return N.Opaque(N.Signal(reading.name, SCALAR, *indices), *map(self.build, tree.arguments))

    def _sum(self, tree: Big) -> Node:
        index, lo, hi = sum_range(tree, self.names)
        return N.Sum(self.build(tree.body), index, lo, hi)


def sum_range(tree: Big, names: Names) -> tuple[sp.Symbol, sp.Expr, sp.Expr]:
    """The index of a sum and its bounds, 1..T unless said."""
    lo: sp.Expr = sp.S.One
    index = tree.below
    if isinstance(tree.below, Chain):
        index, lo = tree.below.sides[0], names.step(tree.below.sides[1])
    hi = N.T if tree.above is None else N.T if _is_last(tree.above) else names.step(tree.above)
    if not isinstance(index, Symbol) or index.base not in names.bound:
        names.source.fail(tree, "a sum without its index", "Σ_{t=1}^{T} L_t")
    return names.bound[index.base], lo, hi


def _is_last(above: Syntax) -> bool:
    return isinstance(above, Symbol) and above.base == "T" and not above.below


def spread(value: sp.Expr, shape: Shape) -> Node:
    """A number, or that number in every entry."""
    if shape == SCALAR:
        return Number(value)
    if value == 0:
        return N.Zeros(*shape)
    return N.Ones(*shape) if value == 1 else N.Scale(Number(value), N.Ones(*shape))


def _without_number(number: sp.Expr, body: Node) -> tuple[sp.Expr, Node]:
    if isinstance(body, N.Scale) and isinstance(body.operands[0], Number):
        return number * body.operands[0].value, body.operands[1]
    return number, body


def _scaled(number: sp.Expr, scalars: Sequence[Node], body: Node) -> Node:
    """The number, then the scalars, in front of the body; a number in front of the body joins the number."""
    number, body = _without_number(number, body)
    for scalar in reversed(scalars):
        body = N.Scale(scalar, body)
    return body if number == 1 else N.Scale(Number(number), body)


def _multiplied(arrays: Sequence[tuple[Node, bool]], operator: str) -> Node:
    """The product of vectors and matrices; a product without brackets within it is joined to it."""
    if len(arrays) == 1:
        return arrays[0][0]
    columns = all(node.shape[1] == 1 for node, _ in arrays)
    kind = N.Hadamard if operator == "⊙" or columns else N.MatMul
    factors: list[Node] = []
    for node, is_open in arrays:
        factors += node.operands if is_open and isinstance(node, kind) else [node]
    return kind(*factors)
