"""Whole numbers drawn for variants: the raw 64-bit words of PCG64, reduced by rejection; no floating point.

Reads a seed and names that split it; the same seed and names give the same draws on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from symrnn.models.drawing import source

T = TypeVar("T")
_WORDS = 2**64
_BLOCK = 64


class Draws:
    """A stream of whole numbers.

    >>> [Draws(1, "variant", "1").below(10) for _ in range(2)] == [Draws(1, "variant", "1").below(10)] * 2
    True
    """

    def __init__(self, seed: int, *names: str) -> None:
        self._bits = source(seed, "/".join(names)).bits
        self._words: list[int] = []

    def below(self, count: int) -> int:
        """A number from 0 to count − 1, each as likely: words beyond the last whole multiple of count are left out."""
        limit = _WORDS - _WORDS % count
        while True:
            word = self._word()
            if word < limit:
                return word % count

    def choice(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self.below(len(options))]

    def shuffled(self, options: Sequence[Any]) -> list[Any]:
        """The options in another order (Fisher and Yates)."""
        found = list(options)
        for at in range(len(found) - 1, 0, -1):
            other = self.below(at + 1)
            found[at], found[other] = found[other], found[at]
        return found

    def _word(self) -> int:
        if not self._words:
            raw = np.atleast_1d(self._bits.random_raw(_BLOCK))
            self._words = [int(word) for word in reversed(raw)]
        return self._words.pop()
