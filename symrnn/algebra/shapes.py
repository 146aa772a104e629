"""The shape of everything in a cell, found from its equations by making sizes equal.

Reads syntax trees, the names in them and what was declared; returns a shape for each piece, or an error that says which
two do not fit or asks what is meant. Signals are columns. What a factor is follows from what it meets: a capital is a
matrix, a lower-case letter beside a vector a scalar, two columns multiply entry by entry; between `*` a lower-case
letter stays open and must be declared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from symrnn.algebra.literals import Numbers
from symrnn.algebra.names import Names, Reading, is_exponential
from symrnn.algebra.nodes import ONE, Shape
from symrnn.algebra.sizes import LOWER, PENDING, SIZE, UPPER, Sizes
from symrnn.algebra.syntax import (
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
from symrnn.errors import GrammarError, NotYetError, ShapeError

SCALAR: Shape = (ONE, ONE)
COLUMN_CALLS = frozenset({"softmax", "diag"})
SCALAR_CALLS = frozenset({"norm", "cross_entropy", "CE", "inner"})
LOSSES = frozenset({"L", "ell", "E", "J", "loss"})


@dataclass(frozen=True)
class Factor:
    """A factor, its shape (None for a number), and the operator before it."""

    tree: Syntax
    shape: Shape | None
    operator: str = ""


@dataclass(frozen=True)
class Product:
    """A product whose reading waits for the shapes of its factors."""

    tree: Syntax
    factors: tuple[Factor, ...]
    result: Shape
    is_quotient: bool = False


class Shapes:
    """Shapes by name and by piece; `visit` states what must be equal, `solve` decides the products."""

    def __init__(self, names: Names, numbers: Numbers, known: dict[str, Shape], all_scalar: bool) -> None:
        self.names = names
        self.numbers = numbers
        self.source = names.source
        self.sizes = Sizes()
        self.all_scalar = all_scalar
        self.by_name = dict(known)
        self.columns: set[str] = set()
        self._by_piece: dict[int, Shape | None] = {}
        self._pending: list[Product] = []

    # --- names ---

    def of_name(self, name: str, is_signal: bool) -> Shape:
        """The shape of a name; made up where nothing is known."""
        if name not in self.by_name:
            if self.all_scalar:
                self.by_name[name] = SCALAR
            elif is_signal:
                self.by_name[name] = (self.sizes.fresh(SIZE), ONE)
            else:
                rank = UPPER if name[0].isupper() else LOWER
                self.by_name[name] = (self.sizes.fresh(rank), self.sizes.fresh(rank))
        return self.by_name[name]

    def of(self, tree: Syntax) -> Shape | None:
        """The shape of a piece that was visited, as far as it is known; None for a number."""
        shape = self._by_piece[id(tree)]
        return shape and self.sizes.shape(shape)

    def shown(self, shape: Shape | None) -> str:
        """A shape as text: `(n, 1)`, with ? for what is not known."""
        if shape is None:
            return "a number"
        rows, cols = ("?" if size.atoms(sp.Dummy) else str(size) for size in self.sizes.shape(shape))
        return {("1", "1"): "a scalar", ("?", "1"): "a vector"}.get((rows, cols), f"({rows}, {cols})")

    def of_target(self, symbol: Syntax, target: Reading) -> Shape:
        """The shape of what an equation assigns: a column unless it is computed once and found to be something else."""
        if target.step is None and target.name not in self.by_name and not self.all_scalar:
            self.by_name[target.name] = (self.sizes.fresh(PENDING), self.sizes.fresh(PENDING))
        shape = self.of_name(target.name, target.step is not None)
        self._by_piece[id(symbol)] = shape
        return shape

    # --- what must be equal ---

    def equate(self, target: Syntax, expression: Syntax) -> None:
        """The two sides of an equation have one shape."""
        self._same(expression, [target, expression])

    def visit(self, tree: Syntax) -> Shape | None:
        """The shape of a piece, with everything in it visited."""
        shape = self._found(tree)
        self._by_piece[id(tree)] = shape
        return shape

    def _found(self, tree: Syntax) -> Shape | None:
        if self.numbers.value(tree) is not None:
            return None
        match tree:
            case Symbol():
                return self._symbol(tree)
            case Group(body=body):
                return self.visit(body)
            case Terms(terms=terms):
                for _, term in terms:
                    self.visit(term)
                return self._same(tree, [term for _, term in terms])
            case Times():
                return self._times(tree)
            case Quotient(over=over, under=under):
                factors = (Factor(over, self.visit(over)), Factor(under, self.visit(under), "/"))
                return self._waiting(tree, factors, True)
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
                self.visit(left), self.visit(right)
                self._same(tree, [left, right])
                return SCALAR
            case Stack(parts=parts):
                return self._stack(tree, parts)
            case Big(kind="sum", body=body):
                return self.visit(body)
        self._not_yet(tree)

    def _symbol(self, symbol: Symbol) -> Shape | None:
        if is_exponential(symbol):
            return self.visit(symbol.above[0])
        reading = self.names.read(symbol)
        if reading.name == "I" and "I" not in self.by_name:
            size = self.sizes.fresh(SIZE)
            return (size, size)
        return self.of_name(reading.name, reading.step is not None)

    def _times(self, tree: Times) -> Shape | None:
        for factor in tree.factors:
            self.visit(factor)
        if "⊗" in tree.operators:
            self.source.fail(tree, "⊗, which is the Kronecker product", "⊙ for the entrywise product")
        if tree.operators[0] == "⊙":
            return self._same(tree, tree.factors)
        operators = ("", *tree.operators)
        factors = [Factor(part, self._by_piece[id(part)], op) for part, op in zip(tree.factors, operators, strict=True)]
        return self._waiting(tree, tuple(factors), False)

    def _waiting(self, tree: Syntax, factors: tuple[Factor, ...], is_quotient: bool) -> Shape:
        result = (self.sizes.fresh(PENDING), self.sizes.fresh(PENDING))
        self._pending.append(Product(tree, factors, result, is_quotient))
        return result

    def _raised(self, tree: Raised, base: Syntax) -> Shape | None:
        if self.numbers.value(tree.exponent) is None:
            self.source.fail(tree.exponent, "an exponent that is no number", "exp(x_t), or a number such as x_t^2")
        return self.visit(base)

    def _call(self, tree: Call) -> Shape | None:
        shapes = [self.visit(argument) for argument in tree.arguments]
        name = tree.function.base
        if name in LOSSES:
            return SCALAR
        if name == "norm":
            return SCALAR
        if name in ("cross_entropy", "CE", "inner"):
            self._expect(tree, 2)
            self._same(tree, tree.arguments)
            return SCALAR
        if name in ("max", "min"):
            self._expect(tree, 2)
            return self._same(tree, tree.arguments)
        self._expect(tree, 1)
        shape = shapes[0]
        if name in COLUMN_CALLS and shape is not None:
            if not self.sizes.same(shape[1], ONE):
                self._misfit(tree, f"{self._text(tree.arguments[0])} is {self.shown(shape)}", "a vector")
            return (shape[0], shape[0]) if name == "diag" else shape
        return SCALAR if shape is None else shape

    def _expect(self, tree: Call, count: int) -> None:
        if len(tree.arguments) != count:
            some = "one argument" if count == 1 else f"{count} arguments"
            self.source.fail(tree, f"{len(tree.arguments)} arguments", f"{tree.function.base} with {some}")

    def _stack(self, tree: Stack, parts: Sequence[Syntax]) -> Shape:
        shapes = []
        for part in parts:
            shape = self.visit(part)
            if shape is None:
                self.source.fail(part, "a number in a stack of vectors", "vectors: [h_{t-1}; x_t]")
            shapes.append(shape)
        for part, shape in zip(parts[1:], shapes[1:], strict=True):
            if not self.sizes.same(shapes[0][1], shape[1]):
                self._differ(tree, parts[0], part)
        return (sp.Add(*(shape[0] for shape in shapes)), shapes[0][1])

    def _not_yet(self, tree: Syntax) -> None:
        what = {"Grid": "a matrix written out", "Partial": "a derivative", "Big": "a product over steps"}
        raise NotYetError(
            found=f"{what.get(type(tree).__name__, 'a formula')} in a cell",
            write="names for its parts; derivatives are derived from the equations",
            place=self.source.place(tree.start, tree.end),
        )

    # --- products ---

    def solve(self) -> None:
        """Decide every product: what is certain first, then what the case of letters says, then what is left."""
        while self._pending:
            if not any(self._pass(level) for level in range(5)):
                self._ask(self._pending[0])

    def _pass(self, level: int) -> bool:
        before = len(self._pending)
        changed = False
        waiting = []
        for product in self._pending:
            answer = (self._divide if product.is_quotient else self._decide)(product, level)
            changed |= answer is not False
            if answer is not True:
                waiting.append(product)
        self._pending = waiting
        return changed or len(waiting) < before

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
        if ranks == (LOWER, LOWER):
            return "letter"
        if ranks == (UPPER, UPPER):
            return "capital"
        return "column" if cols == ONE else "row" if rows == ONE else "matrix"

    def _decide(self, product: Product, level: int) -> bool | None:
        """True when decided, None when something was learnt, False when not."""
        kinds = [self.kind(factor.shape) for factor in product.factors]
        if "waiting" in kinds:
            return False
        arrays = [factor for factor, kind in zip(product.factors, kinds, strict=True) if kind not in ("number", "scalar")]
        if not arrays:
            return self._is(product, SCALAR)
        if len(arrays) == 1:
            return self._is(product, arrays[0].shape)
        if "capital" in kinds:
            return self._capitals(arrays) if level >= 1 else False
        if "letter" in kinds:
            return self._letters(product, arrays, level)
        if all(self.kind(factor.shape) == "column" for factor in arrays):
            return self._entrywise(product, arrays) if level >= 3 else False
        return self._chain(product, arrays, level)

    def _is(self, product: Product, shape: Shape | None) -> bool:
        if shape is not None and not self.sizes.same_shape(product.result, shape):
            self._misfit(
                product.tree,
                f"{self._text(product.tree)} is {self.shown(shape)} where {self.shown(product.result)} is needed",
                "operands of one shape",
            )
        return True

    def _capitals(self, arrays: Sequence[Factor]) -> None:
        for factor in arrays:
            if self.kind(factor.shape) == "capital":
                self._learn(factor, (self.sizes.fresh(SIZE), self.sizes.fresh(SIZE)))

    def _learn(self, factor: Factor, shape: Shape) -> None:
        assert factor.shape is not None
        self.sizes.same_shape(factor.shape, shape)

    def _letters(self, product: Product, arrays: Sequence[Factor], level: int) -> bool | None:
        letters = [factor for factor in arrays if self.kind(factor.shape) == "letter"]
        for factor in letters:
            if level >= 1 and isinstance(factor.tree, Transposed):
                self._learn(factor, (ONE, self.sizes.fresh(SIZE)))
                return None
        starred = any(factor.operator in ("*", "×") for factor in product.factors[1:])
        only = len(letters) == len(arrays)
        if level < 2 or starred or (only and (level < 4 or self.kind(product.result) not in ("waiting", "scalar"))):
            return False
        for factor in letters:
            self._learn(factor, SCALAR)
        return None

    def _entrywise(self, product: Product, arrays: Sequence[Factor]) -> bool:
        for factor in product.factors[1:]:
            if factor.operator in ("·", "@"):
                left, right = self._text(arrays[0].tree), self._text(arrays[1].tree)
                self.source.fail(
                    product.tree,
                    f"{factor.operator} between two vectors, which may mean the entrywise or the inner product",
                    f"{left} ⊙ {right} for the entrywise product, {left}ᵀ {right} for the inner product",
                )
        for other in arrays[1:]:
            assert other.shape is not None and arrays[0].shape is not None
            if not self.sizes.same_shape(arrays[0].shape, other.shape):
                self._differ(product.tree, arrays[0].tree, other.tree)
        return self._is(product, arrays[0].shape)

    def _chain(self, product: Product, arrays: Sequence[Factor], level: int) -> bool:
        """The matrix product: neighbouring inner sizes are equal."""
        for left, right in zip(arrays, arrays[1:], strict=False):
            inner, outer = self.sizes.find(left.shape[1]), self.sizes.find(right.shape[0])  # type: ignore[index]  # arrays have shapes
            if (inner == ONE) != (outer == ONE) or not self.sizes.same(inner, outer):
                if level < 4:
                    return False
                self._misproduct(product, left, right)
        first, last = arrays[0].shape, arrays[-1].shape
        assert first is not None and last is not None
        return self._is(product, (first[0], last[1]))

    def _divide(self, product: Product, level: int) -> bool | None:
        over, under = product.factors
        kinds = self.kind(over.shape), self.kind(under.shape)
        if "waiting" in kinds:
            return False
        if kinds[1] == "scalar" or kinds[1] == "number":
            return self._is(product, over.shape or SCALAR)
        if kinds[0] == "number" or (kinds[0] == "scalar" and kinds[1] == "column"):
            return self._is(product, under.shape)
        if kinds[1] == "letter" and level >= 2:
            return self._learn(under, SCALAR)
        if kinds[1] == "column" and level >= 3:
            return self._entrywise(product, (over, under))
        if level == 4:
            self._misfit(under.tree, f"a division by {self.shown(under.shape)}", "a divisor that is a scalar or a vector")
        return False

    # --- errors ---

    def _text(self, tree: Syntax) -> str:
        text = " ".join(self.source.text[tree.start : tree.end].split())
        return text if len(text) <= 60 else text[:57] + "…"

    def _same(self, tree: Syntax, parts: Sequence[Syntax]) -> Shape | None:
        shaped = [part for part in parts if self._by_piece[id(part)] is not None]
        if not shaped:
            return None
        first = self._by_piece[id(shaped[0])]
        for part in shaped[1:]:
            shape = self._by_piece[id(part)]
            assert first is not None and shape is not None
            if not self.sizes.same_shape(first, shape):
                self._differ(part, shaped[0], part)
        return first

    def _differ(self, tree: Syntax, left: Syntax, right: Syntax) -> None:
        self._misfit(
            tree,
            f"{self._text(left)} is {self.shown(self._by_piece[id(left)])} "
            f"and {self._text(right)} is {self.shown(self._by_piece[id(right)])}",
            "operands of one shape",
        )

    def _misproduct(self, product: Product, left: Factor, right: Factor) -> None:
        texts = self._text(left.tree), self._text(right.tree)
        columns = [factor for factor in product.factors if self.kind(factor.shape) == "column"]
        hint = f"{texts[0]} ⊙ ({texts[1]} …) for an entrywise product" if len(columns) > 1 else f"{texts[1]} {texts[0]}"
        self._misfit(
            product.tree,
            f"{texts[0]} is {self.shown(left.shape)} and {texts[1]} is {self.shown(right.shape)}: inner sizes differ",
            hint,
        )

    def _misfit(self, tree: Syntax, found: str, write: str) -> None:
        raise ShapeError(found=found, write=write, place=self.source.place(tree.start, tree.end))

    def _ask(self, product: Product) -> None:
        letters = [factor.tree for factor in product.factors if self.kind(factor.shape) == "letter"]
        tree = letters[0] if letters else product.tree
        raise self.question(tree, self._text(tree))

    def question(self, tree: Syntax, name: str) -> GrammarError:
        """The error that asks what a name is."""
        return GrammarError(
            found=f"{name}, which may be a scalar or a vector here",
            write=f"a line that says which: {name}: scalar, or {name}: n",
            place=self.source.place(tree.start, tree.end),
        )
