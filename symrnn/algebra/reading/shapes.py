"""The shape of everything in a cell: what its equations make equal.

Reads syntax trees, the names in them and what was declared; gives every piece a shape over unknown sizes, or an error
that says which two do not fit. Signals are columns; what the factors of a product are, `products` decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

import sympy as sp

from symrnn.algebra.nodes import ONE, Shape
from symrnn.algebra.reading.literals import Numbers
from symrnn.algebra.reading.names import Names, Reading, is_exponential
from symrnn.algebra.reading.parser import LOSSES
from symrnn.algebra.reading.sizes import LOWER, PENDING, SIZE, UPPER, Sizes
from symrnn.algebra.reading.syntax import (
    Big,
    Call,
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
from symrnn.errors import NotYetError, ShapeError

SCALAR: Shape = (ONE, ONE)


class Function(NamedTuple):
    """A function that is not entrywise, or not of one argument: how many it takes, of what, and the shape it gives."""

    arguments: int
    of_vector: bool
    result: str


FUNCTIONS = {
    "softmax": Function(1, True, "same"),
    "diag": Function(1, True, "square"),
    "norm": Function(1, False, "scalar"),
    "inner": Function(2, False, "scalar"),
    "cross_entropy": Function(2, False, "scalar"),
    "CE": Function(2, False, "scalar"),
    "max": Function(2, False, "same"),
}
"""One row each; every other function is entrywise."""
_ENTRYWISE = Function(1, False, "same")


@dataclass(frozen=True)
class Factor:
    """A factor, its shape (None for a number), and the operator before it."""

    tree: Syntax
    shape: Shape | None
    operator: str = ""


@dataclass(frozen=True)
class Product:
    """A product or quotient whose reading waits for the shapes of its factors."""

    tree: Syntax
    factors: tuple[Factor, ...]
    result: Shape


class Shapes:
    """Shapes by name and by piece; `visit` states what must be equal and leaves the products in `products`."""

    def __init__(self, names: Names, numbers: Numbers, known: dict[str, Shape], all_scalar: bool) -> None:
        self.names = names
        self.numbers = numbers
        self.source = names.source
        self.sizes = Sizes()
        self.all_scalar = all_scalar
        self.by_name = dict(known)
        self.products: list[Product] = []
        self.identities: list[Symbol] = []
        self._by_piece: dict[int, Shape | None] = {}

    # --- names ---

    def of_name(self, name: str, is_signal: bool) -> Shape:
        """The shape of a name; made up where nothing is known."""
        if name not in self.by_name:
            rank = SIZE if is_signal else UPPER if name[0].isupper() else LOWER
            cols = ONE if is_signal else self.sizes.fresh(rank)
            self.by_name[name] = SCALAR if self.all_scalar else (self.sizes.fresh(rank), cols)
        return self.by_name[name]

    def of_target(self, symbol: Syntax, target: Reading) -> Shape:
        """The shape of what an equation assigns: a column at every step, anything where it is computed once."""
        if target.step is None and target.name not in self.by_name and not self.all_scalar:
            self.by_name[target.name] = (self.sizes.fresh(PENDING), self.sizes.fresh(PENDING))
        shape = self.of_name(target.name, target.step is not None)
        self._by_piece[id(symbol)] = shape
        return shape

    def of(self, tree: Syntax) -> Shape | None:
        """The shape of a piece that was visited, as far as it is known; None for a number."""
        shape = self._by_piece[id(tree)]
        return shape and self.sizes.shape(shape)

    def kind(self, shape: Shape | None) -> str:
        """number, scalar, column, row, matrix; or what is not known yet: waiting, letter, capital."""
        if shape is None:
            return "number"
        rows, cols = self.sizes.shape(shape)
        if rows == ONE and cols == ONE:
            return "scalar"
        ranks = self.sizes.rank(rows), self.sizes.rank(cols)
        if PENDING in ranks:
            return "waiting"
        if ranks in ((LOWER, LOWER), (UPPER, UPPER)):
            return "letter" if LOWER in ranks else "capital"
        return "column" if cols == ONE else "row" if rows == ONE else "matrix"

    def is_open(self, tree: Syntax) -> bool:
        """Whether a piece is a name that may still be a scalar or a vector."""
        return isinstance(tree, Symbol) and self.kind(self._by_piece.get(id(tree))) == "letter"

    # --- what must be equal ---

    def equate(self, target: Syntax, expression: Syntax) -> None:
        """The two sides of an equation have one shape."""
        self.same(expression, [target, expression])

    def same(self, tree: Syntax, parts: Sequence[Syntax]) -> Shape | None:
        """The one shape of pieces that were visited; numbers fit everything."""
        shaped = [(part, shape) for part in parts if (shape := self._by_piece[id(part)]) is not None]
        for part, shape in shaped[1:]:
            if not self.sizes.same_shape(shaped[0][1], shape):
                self.differ(part if part is not tree else tree, shaped[0][0], part)
        return shaped[0][1] if shaped else None

    def visit(self, tree: Syntax) -> Shape | None:
        """The shape of a piece, with everything in it visited."""
        shape = None if self.numbers.value(tree) is not None else self._found(tree)
        self._by_piece[id(tree)] = shape
        return shape

    def _found(self, tree: Syntax) -> Shape | None:
        match tree:
            case Symbol():
                return self._symbol(tree)
            case Group(body=body) | Big(kind="sum", body=body):
                return self.visit(body)
            case Terms(terms=terms):
                return self._alike(tree, [term for _, term in terms])
            case Times(operators=operators):
                return self._times(tree) if operators[0] != "⊙" else self._alike(tree, tree.factors)
            case Quotient(over=over, under=under):
                return self._waiting(tree, (over, under), ("", "/"))
            case Raised(base=base):
                return self._raised(tree, base)
            case Transposed(body=body):
                shape = self.visit(body)
                return shape and (shape[1], shape[0])
            case Call():
                return self._call(tree)
            case Norm(body=body):
                self.visit(body)
                return SCALAR
            case Pair(left=left, right=right):
                self._alike(tree, (left, right))
                return SCALAR
            case Stack(parts=parts):
                return self._stack(tree, parts)
        self._not_yet(tree)

    def _alike(self, tree: Syntax, parts: Sequence[Syntax]) -> Shape | None:
        if isinstance(tree, Times) and "⊗" in tree.operators:
            self.source.fail(tree, "⊗, which is the Kronecker product", "⊙ for the entrywise product")
        for part in parts:
            self.visit(part)
        return self.same(tree, parts)

    def _symbol(self, symbol: Symbol) -> Shape | None:
        if is_exponential(symbol):
            return self.visit(symbol.above[0])
        reading = self.names.read(symbol)
        if reading.name == "I" and "I" not in self.by_name:
            size = self.sizes.fresh(SIZE)
            self.identities.append(symbol)
            return (size, size)
        return self.of_name(reading.name, reading.step is not None)

    def _times(self, tree: Times) -> Shape | None:
        if "⊗" in tree.operators:
            return self._alike(tree, tree.factors)
        return self._waiting(tree, tree.factors, ("", *tree.operators))

    def _waiting(self, tree: Syntax, parts: Sequence[Syntax], operators: Sequence[str]) -> Shape:
        factors = [Factor(part, self.visit(part), sign) for part, sign in zip(parts, operators, strict=True)]
        result = (self.sizes.fresh(PENDING), self.sizes.fresh(PENDING))
        self.products.append(Product(tree, tuple(factors), result))
        return result

    def _raised(self, tree: Raised, base: Syntax) -> Shape | None:
        exponent = self.numbers.value(tree.exponent)
        if exponent is None or not exponent.is_Rational:
            write = "exp(x_t), or a number such as x_t^2"
            self.source.fail(tree.exponent, "an exponent that is no number", write)
        return self.visit(base)

    def _call(self, tree: Call) -> Shape | None:
        shapes = [self.visit(argument) for argument in tree.arguments]
        name = tree.function.base
        if name in LOSSES:
            return SCALAR
        function = FUNCTIONS.get(name, _ENTRYWISE)
        if len(tree.arguments) != function.arguments:
            some = "one argument" if function.arguments == 1 else f"{function.arguments} arguments"
            self.source.fail(tree, f"{len(tree.arguments)} arguments", f"{name} with {some}")
        shape = self.same(tree, tree.arguments)
        if function.result == "scalar" or shape is None:
            return SCALAR
        if function.of_vector and not self.sizes.same_shape(shape, (self.sizes.fresh(SIZE), ONE)):
            self.misfit(tree, f"{self.text(tree.arguments[0])} is {self.shown(shapes[0])}", "a vector")
        return (shape[0], shape[0]) if function.result == "square" else shape

    def _stack(self, tree: Stack, parts: Sequence[Syntax]) -> Shape:
        shapes: list[Shape] = []
        for part in parts:
            shape = self.visit(part)
            if shape is None:
                self.source.fail(part, "a number in a stack of vectors", "vectors: [h_{t-1}; x_t]")
            if shapes and not self.sizes.same(shapes[0][1], shape[1]):
                self.differ(tree, parts[0], part)
            shapes.append(shape)
        return (sp.Add(*(shape[0] for shape in shapes)), shapes[0][1])

    def _not_yet(self, tree: Syntax) -> NoReturn:
        what = {"Grid": "a matrix written out", "Partial": "a derivative", "Big": "a product over steps"}
        raise NotYetError(
            found=f"{what.get(type(tree).__name__, 'a formula')} in a cell",
            write="names for its parts; derivatives are derived from the equations",
            place=self.source.place(tree.start, tree.end),
        )

    # --- errors ---

    def text(self, tree: Syntax) -> str:
        """A piece as written, cut where it is long."""
        text = " ".join(self.source.text[tree.start : tree.end].split())
        return text if len(text) <= 60 else text[:57] + "…"

    def shown(self, shape: Shape | None) -> str:
        """A shape as text: `(n, 1)`; in words where it is not known to the end."""
        if shape is None:
            return "a number"
        kind = self.kind(shape)
        if kind in ("scalar", "waiting", "letter"):
            return {"scalar": "a scalar"}.get(kind, "of unknown shape")
        found = self.sizes.shape(shape)
        if any(size.atoms(sp.Dummy) for size in found):
            return {"column": "a vector", "row": "a row"}.get(kind, "a matrix")
        return f"({found[0]}, {found[1]})"

    def differ(self, tree: Syntax, left: Syntax, right: Syntax) -> NoReturn:
        """Raise the error that names two pieces of different shape."""
        shapes = self.shown(self._by_piece[id(left)]), self.shown(self._by_piece[id(right)])
        found = f"{self.text(left)} is {shapes[0]} and {self.text(right)} is {shapes[1]}"
        self.misfit(tree, found, "operands of one shape")

    def misfit(self, tree: Syntax, found: str, write: str) -> NoReturn:
        """Raise a shape error that points at a piece."""
        raise ShapeError(found=found, write=write, place=self.source.place(tree.start, tree.end))
