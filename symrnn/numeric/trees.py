"""The product of step Jacobians by batches of neighbours: for small matrices faster than one step after the other."""

from __future__ import annotations

import numpy as np

from symrnn.numeric.chains import Chain, FloatArray
from symrnn.numeric.scaled import Scaled
from symrnn.numeric.scaling import LOW, ROOM, IntArray, growth

TREE_NUMBERS = 2**16
"""A tree holds this many numbers of step Jacobians at a time: half a megabyte, which stays in the cache."""


def tree(chain: Chain) -> Scaled | None:
    """The product by batches of neighbours, or None where float64 may have lost something on the way."""
    bounds = growth(chain)
    if chain.steps == 0 or not bounds.tame.all():
        return None
    # 2^levels steps can together grow by no more than 2^ROOM.
    levels = int(np.log2(ROOM / max(1.0, float(bounds.bits.max()))))
    length = max(1, TREE_NUMBERS // chain.size**2)
    parts = []
    for start in range(0, chain.steps, length):
        part = _reduce(chain.dense(start, start + length), levels)
        if part is None:
            return None
        parts.append(part)
    stack = np.stack([part.mantissa for part in parts])
    return _paired(stack, np.array([part.exponent for part in parts]))


def _reduce(stack: FloatArray, levels: int) -> Scaled | None:
    """stack[-1] ⋯ stack[0]; the first levels unseen, unless a product of theirs turns out too small."""
    blind = stack
    for _ in range(levels):
        blind = _neighbours(blind)
    if (_largest(blind) < LOW).any():
        blind = stack
    return _paired(blind, np.zeros(len(blind), dtype=np.int64))


def _paired(stack: FloatArray, exponents: IntArray) -> Scaled | None:
    """stack[-1]·2^exponents[-1] ⋯ stack[0]·2^exponents[0], with a look at the magnitudes on every level."""
    while True:
        largest = _largest(stack)
        if (largest < LOW).any():
            return None
        if len(stack) == 1:
            return Scaled(stack[0], exponents[0])
        # Largest entries between 2^-64 and 2^64 make products below 2^140, or too small and given up.
        shift = np.frexp(largest)[1]
        if np.abs(shift).max() > 64:
            stack, exponents = stack * np.ldexp(1.0, -shift)[:, None, None], exponents + shift
        even = len(exponents) // 2 * 2
        exponents = np.concatenate([exponents[1::2] + exponents[:even:2], exponents[even:]])
        stack = _neighbours(stack)


def _neighbours(stack: FloatArray) -> FloatArray:
    """J_2 J_1, J_4 J_3, …, the later factor on the left, and the last one as it is if it has no neighbour."""
    if len(stack) == 1:
        return stack
    pairs, rest = divmod(len(stack), 2)
    products = np.empty((pairs + rest, *stack.shape[1:]))
    np.matmul(stack[1::2], stack[: 2 * pairs : 2], out=products[:pairs])
    products[pairs:] = stack[2 * pairs :]
    return products


def _largest(stack: FloatArray) -> FloatArray:
    flat = stack.reshape(len(stack), -1)
    return np.asarray(np.maximum(flat.max(axis=1), -flat.min(axis=1)))
