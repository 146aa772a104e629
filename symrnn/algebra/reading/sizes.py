"""Unknown sizes: made, found equal, and named in the end.

Reads size expressions over unknowns; answers whether two can be equal and remembers that they are. An unknown has a
rank, by how little is known of it: of two that are equal, the one of lower rank gives way.
"""

from __future__ import annotations

import sympy as sp

from symrnn.algebra.nodes import Shape, Size

PENDING, LOWER, UPPER, SIZE = range(4)
"""A product not decided yet; of a lower-case name; of a capital; a size."""


class Sizes:
    """Which unknown sizes are equal, to each other or to something known.

    >>> sizes = Sizes()
    >>> rows, cols = sizes.fresh(SIZE), sizes.fresh(SIZE)
    >>> sizes.same(rows, cols), sizes.same(rows, sp.Integer(3)), sizes.find(cols)
    (True, True, 3)
    """

    def __init__(self) -> None:
        self._known: dict[sp.Dummy, Size] = {}
        self._rank: dict[sp.Dummy, int] = {}

    def fresh(self, rank: int) -> sp.Dummy:
        """A new unknown."""
        unknown = sp.Dummy(integer=True, positive=True)
        self._rank[unknown] = rank
        return unknown

    def rank(self, size: Size) -> int:
        """The rank of a size: SIZE for all that is known."""
        found = self.find(size)
        return self._rank.get(found, SIZE) if isinstance(found, sp.Dummy) else SIZE

    def find(self, size: Size) -> Size:
        """The size with all that is known put in."""
        while isinstance(size, sp.Dummy) and size in self._known:
            size = self._known[size]
        if size.is_Symbol or size.is_Integer:
            return size
        return sp.Add(*(self._found_term(term) for term in sp.Add.make_args(size)))

    def _found_term(self, term: sp.Expr) -> sp.Expr:
        factor, rest = term.as_coeff_Mul()
        return factor * self.find(rest) if rest.is_Symbol else term

    def shape(self, shape: Shape) -> Shape:
        """Both sizes of a shape."""
        return self.find(shape[0]), self.find(shape[1])

    def unknowns(self, shape: Shape) -> tuple[sp.Dummy, ...]:
        """What is not known yet of a shape, in order."""
        found = [
            symbol
            for size in self.shape(shape)
            for term in sp.Add.make_args(size)
            for symbol in sorted(term.atoms(sp.Dummy), key=lambda unknown: unknown.dummy_index)
        ]
        return tuple(dict.fromkeys(found))

    def same(self, left: Size, right: Size) -> bool:
        """Make two sizes equal; False if they cannot be."""
        left, right = self.find(left), self.find(right)
        if left == right:
            return True
        if isinstance(left, sp.Dummy) and not (isinstance(right, sp.Dummy) and self.rank(left) > self.rank(right)):
            return self._learn(left, right)
        if isinstance(right, sp.Dummy):
            return self._learn(right, left)
        return self._solve(sp.expand(left - right))

    def _learn(self, unknown: sp.Dummy, size: Size) -> bool:
        if unknown in size.free_symbols:
            return False
        self._known[unknown] = size
        return True

    def _solve(self, difference: Size) -> bool:
        """`n + u = n + v`: what is left must be one unknown against sizes."""
        for unknown in sorted(difference.atoms(sp.Dummy), key=lambda one: one.dummy_index):
            factor = difference.coeff(unknown)
            rest = sp.expand(-(difference - factor * unknown) / factor)
            positive = all(term.as_coeff_Mul()[0] > 0 for term in sp.Add.make_args(rest))
            if abs(factor) == 1 and rest != 0 and positive:
                return self._learn(unknown, rest)
        return False

    def same_shape(self, left: Shape, right: Shape) -> bool:
        """Make two shapes equal; False if they cannot be."""
        return self.same(left[0], right[0]) and self.same(left[1], right[1])
