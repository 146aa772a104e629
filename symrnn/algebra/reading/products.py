"""What each factor of a product is: decided by what it meets, what is certain first.

Reads the products that `shapes` left open; returns when each is decided, or raises an error that asks. A capital beside
a vector is a matrix, a lower-case letter a scalar, a transposed one a row; two columns multiply entry by entry; between
`*` a lower-case letter stays open and must be declared.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from itertools import pairwise
from typing import NoReturn

from symrnn.algebra.nodes import ONE, Shape
from symrnn.algebra.reading.shapes import SCALAR, Factor, Product, Shapes
from symrnn.algebra.reading.sizes import SIZE
from symrnn.algebra.reading.syntax import Call, Group, Quotient, Symbol, Syntax, Transposed, walk, without_brackets
from symrnn.errors import GrammarError


class Answer(Enum):
    """What a look at a product brought."""

    DECIDED = 1
    LEARNT = 2
    OPEN = 3


CERTAIN, CAPITALS, LETTERS, COLUMNS, LAST = range(5)
"""How much is taken for granted, in this order: nothing; capitals are matrices; letters are scalars; columns multiply
entry by entry; what is left is what the letters say or an error."""


def decide(shapes: Shapes) -> None:
    """Decide every product, always at the lowest level that gets on."""
    waiting = list(shapes.products)
    decider = _Decider(shapes)
    while waiting:
        for level in range(LAST + 1):
            answers = [decider.look(product, level) for product in waiting]
            waiting = [one for one, answer in zip(waiting, answers, strict=True) if answer is not Answer.DECIDED]
            if any(answer is not Answer.OPEN for answer in answers):
                break
        else:
            decider.ask(waiting[0])


def question(shapes: Shapes, tree: Syntax) -> GrammarError:
    """The error that asks what a name is."""
    text = shapes.text(tree)
    return GrammarError(
        found=f"{text}, which may be a scalar or a vector here",
        write=f"a line that says which: {text}: scalar, or {text}: n",
        place=shapes.source.place(tree.start, tree.end),
    )


class _Decider:
    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes
        self.sizes = shapes.sizes

    def look(self, product: Product, level: int) -> Answer:
        """Decide a product, or learn something about its factors, or leave it."""
        kinds = {self.shapes.kind(factor.shape) for factor in product.factors}
        if "waiting" in kinds:
            return Answer.OPEN
        if isinstance(product.tree, Quotient):
            return self._divide(product, level)
        arrays = [one for one in product.factors if self.shapes.kind(one.shape) not in ("number", "scalar")]
        if len(arrays) < 2:
            return self._is(product, arrays[0].shape if arrays else SCALAR)
        if "capital" in kinds:
            return self._capitals(arrays) if level >= CAPITALS else Answer.OPEN
        if "letter" in kinds:
            return self._letters(product, arrays, level)
        if kinds <= {"column", "scalar", "number"}:
            return self._entrywise(product, arrays) if level >= COLUMNS else Answer.OPEN
        return self._chain(product, arrays, level)

    def _is(self, product: Product, shape: Shape | None) -> Answer:
        if shape is not None and not self.sizes.same_shape(product.result, shape):
            needed = self.shapes.shown(product.result)
            found = f"{self.shapes.text(product.tree)} is {self.shapes.shown(shape)} where {needed} is needed"
            self.shapes.misfit(product.tree, found, "operands of one shape")
        return Answer.DECIDED

    def _learn(self, factor: Factor, shape: Shape) -> Answer:
        assert factor.shape is not None
        self.sizes.same_shape(factor.shape, shape)
        return Answer.LEARNT

    def _capitals(self, arrays: Sequence[Factor]) -> Answer:
        for factor in arrays:
            if self.shapes.kind(factor.shape) == "capital":
                self._learn(factor, (self.sizes.fresh(SIZE), self.sizes.fresh(SIZE)))
        return Answer.LEARNT

    def _letters(self, product: Product, arrays: Sequence[Factor], level: int) -> Answer:
        letters = [factor for factor in arrays if self.shapes.kind(factor.shape) == "letter"]
        for factor in letters:
            if level >= CAPITALS and isinstance(without_brackets(factor.tree), Transposed):
                return self._learn(factor, (ONE, self.sizes.fresh(SIZE)))
        starred = any(factor.operator in ("*", "×") for factor in product.factors)
        if level < LETTERS or starred:
            return Answer.OPEN
        if len(letters) == len(arrays):
            free = self.shapes.kind(product.result) in ("waiting", "scalar")
            if level < LAST or not free:
                return Answer.OPEN
        for factor in letters:
            self._learn(factor, SCALAR)
        return Answer.LEARNT

    def _entrywise(self, product: Product, arrays: Sequence[Factor]) -> Answer:
        left = arrays[0]
        for right in arrays[1:]:
            if right.operator in ("·", "@"):
                self._ask_which_product(product, left, right)
            assert left.shape is not None and right.shape is not None
            if not self.sizes.same_shape(left.shape, right.shape):
                self.shapes.differ(product.tree, left.tree, right.tree)
        return self._is(product, left.shape)

    def _ask_which_product(self, product: Product, left: Factor, right: Factor) -> NoReturn:
        texts = self._fenced(left.tree), self._fenced(right.tree)
        self.shapes.source.fail(
            product.tree,
            f"{right.operator} between two vectors, which may mean the entrywise or the inner product",
            f"{texts[0]} ⊙ {texts[1]} for the entrywise product, {texts[0]}ᵀ {texts[1]} for the inner product",
        )

    def _fenced(self, tree: Syntax) -> str:
        text = self.shapes.text(tree)
        return text if isinstance(tree, Symbol | Group | Call) else f"({text})"

    def _chain(self, product: Product, arrays: Sequence[Factor], level: int) -> Answer:
        """The matrix product: neighbouring inner sizes are equal."""
        for left, right in pairwise(arrays):
            assert left.shape is not None and right.shape is not None
            inner, outer = self.sizes.find(left.shape[1]), self.sizes.find(right.shape[0])
            if (inner == ONE) != (outer == ONE) or not self.sizes.same(inner, outer):
                if level < LAST:
                    return Answer.OPEN
                self._misfit(product, left, right)
        first, last = arrays[0].shape, arrays[-1].shape
        assert first is not None and last is not None
        return self._is(product, (first[0], last[1]))

    def _misfit(self, product: Product, left: Factor, right: Factor) -> NoReturn:
        shapes, texts = self.shapes, (self.shapes.text(left.tree), self.shapes.text(right.tree))
        column = shapes.kind(left.shape) == "column"
        hint = f"{texts[0]} ⊙ ({texts[1]} …), if it multiplies entry by entry" if column else "sizes that fit"
        found = f"{texts[0]} is {shapes.shown(left.shape)} and {texts[1]} is {shapes.shown(right.shape)}"
        shapes.misfit(product.tree, f"{found}: inner sizes differ", hint)

    def _divide(self, product: Product, level: int) -> Answer:
        over, under = product.factors
        kinds = self.shapes.kind(over.shape), self.shapes.kind(under.shape)
        if kinds[1] in ("scalar", "number"):
            return self._is(product, over.shape or SCALAR)
        if kinds[0] == "number" or (kinds[0] == "scalar" and kinds[1] == "column"):
            return self._is(product, under.shape)
        if kinds[1] == "letter" and level >= LETTERS:
            return self._learn(under, SCALAR)
        if kinds[1] == "column" and kinds[0] != "matrix" and level >= COLUMNS:
            return self._entrywise(product, (over, under))
        if level == LAST:
            found = f"a division by {self.shapes.text(under.tree)}, which is {self.shapes.shown(under.shape)}"
            self.shapes.misfit(under.tree, found, "a divisor that is a scalar or a vector of one shape")
        return Answer.OPEN

    def ask(self, product: Product) -> NoReturn:
        """Raise the error that asks for the first factor that is open."""
        letters = [one.tree for one in product.factors if self.shapes.kind(one.shape) == "letter"]
        inside = [piece for tree in letters for piece in walk(tree) if self.shapes.is_open(piece)]
        raise question(self.shapes, (inside or letters or [product.tree])[0])
