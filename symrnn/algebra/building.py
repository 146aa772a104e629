"""Syntax trees with known shapes to nodes, as written: nothing is simplified but numbers.

Reads a piece and the shapes found for it; returns the node. A number beside vectors is that number in every entry;
numbers and scalars stand in front of their product, a minus sign joins the number behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import lookup
from symrnn.algebra.names import Names, Reading, is_exponential
from symrnn.algebra.nodes import Node, Number, Shape
from symrnn.algebra.parser import LOSSES
from symrnn.algebra.shapes import SCALAR, Shapes
from symrnn.algebra.syntax import (
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
)

HALF = sp.Rational(1, 2)
MINUS = Number(-1)


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
            case Times():
                return self._times(tree)
            case Quotient():
                return self._quotient(tree)
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
            return N.Eye(self.shape(symbol)[0])
        return self.named(symbol, reading)

    def _transposed(self, tree: Syntax, body: Syntax) -> Node:
        node = self.build(body)
        if node.is_scalar_shaped:
            text = self.shapes.text(body)
            self.shapes.misfit(tree, f"{text} comes out as a scalar, transposed", f"a line on sizes, such as {text}: n")
        return N.Transpose(node)

    # --- sums ---

    def _terms(self, tree: Terms) -> Node:
        shape = self.shape(tree)
        if (loss := self._cross_entropy(tree)) is not None:
            return loss
        terms = [self._signed(sign, term, shape) for sign, term in tree.terms]
        return terms[0] if len(terms) == 1 else N.Add(*terms)

    def _signed(self, sign: int, term: Syntax, shape: Shape) -> Node:
        value = self.numbers.value(term)
        if value is not None:
            return spread(sign * value, shape)
        node = self.build(term)
        if sign > 0:
            return node
        if isinstance(node, N.Scale) and isinstance(node.operands[0], Number) and not isinstance(term, Group):
            return N.Scale(Number(-node.operands[0].value), node.operands[1])
        return N.Scale(MINUS, node)

    def _cross_entropy(self, tree: Terms) -> Node | None:
        """`-yᵀ log softmax(o)`."""
        match tree.terms:
            case ((-1, Times(factors=(Transposed(body=target), Call(function=log, arguments=(inside,))))),):
                inside = inside.body if isinstance(inside, Group) else inside
                if isinstance(inside, Call) and inside.function.base == "softmax" and log.base in ("log", "ln"):
                    return N.CrossEntropy(self.build(target), self.build(inside.arguments[0]))
        return None

    # --- products ---

    def _times(self, tree: Times) -> Node:
        number: sp.Expr = sp.S.One
        scalars: list[Node] = []
        arrays: list[Node] = []
        for factor in tree.factors:
            value = self.numbers.value(factor)
            if value is not None:
                number = number * value
                continue
            node = self.build(factor)
            pulled, fronts, node = _fronts(node) if not isinstance(factor, Group) else (sp.S.One, [], node)
            number = number * pulled
            scalars += fronts
            (scalars if node.is_scalar_shaped else arrays).append(node)
        return _scaled(number, *_product(scalars, arrays, entrywise=self._is_entrywise(tree, arrays)))

    def _is_entrywise(self, tree: Times, arrays: Sequence[Node]) -> bool:
        return tree.operators[0] == "⊙" or all(node.shape[1] == 1 for node in arrays)

    def _quotient(self, tree: Quotient) -> Node:
        divisor = self.numbers.value(tree.under)
        if divisor is not None:
            over = self.build(tree.over)
            pulled, fronts, body = _fronts(over) if not isinstance(tree.over, Group) else (sp.S.One, [], over)
            return _scaled(pulled / divisor, fronts, body)
        under = N.Power(self.build(tree.under), -1)
        value = self.numbers.value(tree.over)
        if value is not None:
            return _scaled(value, [], under)
        over = self.build(tree.over)
        pulled, fronts, body = _fronts(over) if not isinstance(tree.over, Group) else (sp.S.One, [], over)
        if under.shape == body.shape:
            factors = body.operands if isinstance(body, N.Hadamard) and not isinstance(tree.over, Group) else (body,)
            return _scaled(pulled, fronts, N.Hadamard(*factors, under))
        if under.is_scalar_shaped:
            return _scaled(pulled, [*fronts, under], body)
        return _scaled(pulled, [*fronts, body], under)

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
            self._refuse_matrix_power(tree)
        return self._power(base, exponent)

    def _power(self, base: Node, exponent: sp.Expr | None) -> Node:
        if exponent == 1:
            return base
        return N.Apply("sqrt", base) if exponent == HALF else N.Power(base, exponent)

    def _refuse_matrix_power(self, tree: Raised) -> None:
        text = self.source.text[tree.base.start : tree.base.end]
        self.source.fail(
            tree,
            "a power of a matrix, which may mean the matrix product or entry by entry",
            f"{text} {text} for the product, {text} ⊙ {text} entry by entry",
        )

    def _squared_norm(self, body: Syntax) -> Node:
        node = self.build(body)
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


def activation_name(function: Symbol) -> str:
    """The spelling an activation is looked up by: `f'` for a primed f."""
    return function.base + "'" * function.accents.count("prime")


def spread(value: sp.Expr, shape: Shape) -> Node:
    """A number, or that number in every entry."""
    if shape == SCALAR:
        return Number(value)
    if value == 0:
        return N.Zeros(*shape)
    return N.Ones(*shape) if value == 1 else N.Scale(Number(value), N.Ones(*shape))


def _fronts(node: Node) -> tuple[sp.Expr, list[Node], Node]:
    """The number and the scalars in front of a product, and the rest."""
    number: sp.Expr = sp.S.One
    scalars: list[Node] = []
    while isinstance(node, N.Scale):
        front, node = node.operands
        if isinstance(front, Number):
            number = number * front.value
        else:
            scalars.append(front)
    return number, scalars, node


def _scaled(number: sp.Expr, scalars: Sequence[Node], body: Node) -> Node:
    for scalar in reversed(scalars):
        body = N.Scale(scalar, body)
    if isinstance(body, Number):
        return Number(number * body.value)
    return body if number == 1 else N.Scale(Number(number), body)


def _product(scalars: list[Node], arrays: list[Node], entrywise: bool) -> tuple[list[Node], Node]:
    """The scalars in front, and the product they scale."""
    if not arrays:
        return [], scalars[0] if len(scalars) == 1 else N.Hadamard(*scalars)
    if len(arrays) == 1:
        return scalars, arrays[0]
    kind = N.Hadamard if entrywise else N.MatMul
    return scalars, kind(*arrays)
