"""Boxes: arrays of intervals [lo, hi] and their arithmetic, rounded outward, infinite ends allowed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SPARE = 4.0 * 2.0**-52
MOST_ENTRIES = 4_000_000


@dataclass(frozen=True, eq=False)
class Box:
    """lo ≤ x ≤ hi, entry by entry; arrays of one shape, infinite ends allowed.

    >>> (Box.of([[1.0]]) * Box.between([[-1.0]], [[2.0]])).hi.tolist()[0][0] >= 2.0
    True
    """

    lo: Array
    hi: Array

    @classmethod
    def of(cls, values: object) -> Box:
        """A point."""
        array = np.atleast_2d(np.asarray(values, dtype=np.float64))
        return cls(array, array)

    @classmethod
    def between(cls, lo: object, hi: object) -> Box:
        """An interval for each entry."""
        return cls(np.asarray(lo, dtype=np.float64), np.asarray(hi, dtype=np.float64))

    @classmethod
    def everything(cls, shape: tuple[int, int]) -> Box:
        """The whole real line."""
        return cls(np.full(shape, -np.inf), np.full(shape, np.inf))

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""
        return self.lo.shape

    @property
    def largest(self) -> Array:
        """sup |x|."""
        return np.maximum(np.abs(self.lo), np.abs(self.hi))

    @property
    def smallest(self) -> Array:
        """inf |x|."""
        return np.where((self.lo <= 0) & (self.hi >= 0), 0.0, np.minimum(np.abs(self.lo), np.abs(self.hi)))

    @property
    def is_point(self) -> bool:
        """Whether nothing moves."""
        return bool(np.array_equal(self.lo, self.hi))

    def contains(self, other: Box) -> bool:
        """Whether the other box lies inside."""
        return bool((self.lo <= other.lo).all() and (other.hi <= self.hi).all())

    def joined(self, other: Box) -> Box:
        """The smallest box around both."""
        return Box(np.minimum(self.lo, other.lo), np.maximum(self.hi, other.hi))

    def meet(self, lo: object, hi: object) -> Box:
        """What of it lies between two bounds, which are known to hold."""
        return Box(np.maximum(self.lo, lo), np.minimum(self.hi, hi))  # type: ignore[call-overload]  # arrays or numbers

    def widened(self) -> Box:
        """A few units in the last place more on each side."""
        return Box(self.lo - SPARE * np.abs(self.lo) - 5e-324, self.hi + SPARE * np.abs(self.hi) + 5e-324)

    def __add__(self, other: Box) -> Box:
        return Box(self.lo + other.lo, self.hi + other.hi).widened()

    def __mul__(self, other: Box) -> Box:
        if self.is_point and other.is_point:
            return Box(self.lo * other.lo, self.lo * other.lo).widened()
        with np.errstate(invalid="ignore", over="ignore"):
            ends = [without_nan(a * b) for a in (self.lo, self.hi) for b in (other.lo, other.hi)]
        return Box(np.minimum.reduce(ends), np.maximum.reduce(ends)).widened()


def without_nan(values: Array) -> Array:
    """0 where a product was 0 · ∞."""
    # 0 · ∞: the entry that is 0 stays 0 whatever the other is.
    return np.where(np.isnan(values), 0.0, values)


def product(left: Box, right: Box) -> Box:
    """A B for boxes of matrices: by middle and radius where all is finite, else entry by entry.

    >>> product(Box.of([[1.0, 2.0]]), Box.between([[0.0], [0.0]], [[1.0], [1.0]])).hi.round(9).tolist()
    [[3.0]]
    """
    if left.shape == (1, 1) or right.shape == (1, 1):
        return left * right
    finite = all(np.isfinite(end).all() for end in (left.lo, left.hi, right.lo, right.hi))
    if not finite:
        if left.lo.size * right.shape[1] > MOST_ENTRIES:
            return Box.everything((left.shape[0], right.shape[1]))
        entries = Box(left.lo[:, :, None], left.hi[:, :, None]) * Box(right.lo[None], right.hi[None])
        spare = (left.shape[1] + 2) * SPARE
        lo, hi = entries.lo.sum(axis=1), entries.hi.sum(axis=1)
        with np.errstate(invalid="ignore"):
            slack = (
                without_nan(spare * np.abs(entries.lo).sum(axis=1)),
                without_nan(spare * np.abs(entries.hi).sum(axis=1)),
            )
        return Box(np.where(np.isinf(lo), lo, lo - slack[0]), np.where(np.isinf(hi), hi, hi + slack[1]))
    a, b = 0.5 * (left.lo + left.hi), 0.5 * (right.lo + right.hi)
    ra, rb = 0.5 * (left.hi - left.lo), 0.5 * (right.hi - right.lo)
    middle = a @ b
    radius = np.abs(a) @ rb + ra @ (np.abs(b) + rb)
    radius = radius * (1 + 1e-12) + (left.shape[1] + 4) * SPARE * (np.abs(a) @ np.abs(b)) + 5e-324
    return Box(middle - radius, middle + radius)
