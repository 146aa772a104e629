"""Powers of two beside the numbers: how far plain float64 is safe, and what to do where it is not.

Reads a `Chain`.  `growth` says, before any product is formed, how much each step can enlarge a column;
`normalise` splits a block into mantissa and power of two, exactly; `careful_product` multiplies steps of any
magnitude: every number keeps a power of two of its own, so nothing under- or overflows on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from symrnn.numeric.chains import Chain, FloatArray, Term
from symrnn.numeric.progress import watched

__all__ = ["LOW", "ROOM", "Growth", "IntArray", "careful_product", "growth", "normalise"]

IntArray = NDArray[np.int64]

# Between two looks at the magnitudes a column may grow by 2^400 (known beforehand) and shrink by 2^400 (seen
# afterwards, else the steps are run again).  A column that ends above 2^-400 was never below 2^-800 on the
# way, since it cannot have grown by more than 2^400 from there: no digit was lost to subnormal numbers.
ROOM = 400
LOW = 2.0**-ROOM
# A step is tame if no path through it, factors below 1 left out, can enlarge an entry beyond 2^100.  What a
# partial product below 2^-1022 loses is then below 2^-922 at the end of the step.
STEEP = 2.0**100
# Up to this many bits a step the largest factors of all steps serve as the bound for every step.
FEW_BITS = 16.0
# The exponent of nothing: below every real one, and still far from the ends of int64 and of ldexp's int.
NOWHERE = -(2**40)


class Growth(NamedTuple):
    """How much a step can enlarge the largest entry, known before any product is formed.

    Attributes:
        bits: (T,) upper bounds of log2 of the growth, not below 0; inf where the step is not tame.
        tame: (T,) whether the step may run in plain float64 on entries up to 1.
    """

    bits: FloatArray
    tame: NDArray[np.bool_]


def growth(chain: Chain) -> Growth:
    """‖J x‖_∞ ≤ (Σ over paths of ‖left‖·‖matrix‖_∞·‖right‖) ‖x‖_∞, row by row, for every step at once.

    >>> growth(Chain.from_dense(np.full((3, 1, 1), 4.0))).bits
    array([2., 2., 2.])
    """
    found = _bounds(chain, together=True)
    if not found.tame.all() or found.bits.max(initial=0.0) > FEW_BITS:
        found = _bounds(chain, together=False)
    shape = (chain.steps,)
    return Growth(np.broadcast_to(found.bits, shape), np.broadcast_to(found.tame, shape))


def _bounds(chain: Chain, together: bool) -> Growth:
    """The bounds of every step, or one for all steps together."""
    bound: dict[str, FloatArray] = {name: np.ones(1) for name, _ in chain.states}
    peak = dict(bound)
    # An infinite peak is the right answer, and 0 · inf beside it does no harm: such a step is not tame.
    with np.errstate(over="ignore", invalid="ignore"):
        for row in chain.rows:
            norms = [(term.source, _factor_norms(term, together)) for term in row.terms]
            bound[row.name] = sum((np.prod(n, axis=0) * bound[source] for source, n in norms), np.zeros(1))
            peak[row.name] = sum(
                (np.prod(np.maximum(n, 1.0), axis=0) * peak[source] for source, n in norms), np.ones(1)
            )
        largest = np.max(np.broadcast_arrays(*(bound[name] for name in chain.outputs.values())), axis=0)
        tame = np.max(np.broadcast_arrays(*peak.values()), axis=0) <= STEEP
        return Growth(np.where(tame, np.log2(np.maximum(largest, 1.0)), np.inf), tame)


def _factor_norms(term: Term, together: bool) -> FloatArray:
    """‖left‖_max, ‖right‖_max and ‖matrix‖_∞, an array (factors, T), or (factors, 1) for all together."""
    norms = [_largest(weight, 1, together) for weight in (term.left, term.right) if weight is not None]
    if term.matrix is not None and term.is_stacked:
        # n times the largest entry bounds the row sums, without an array of the stack's size.
        norms.append(term.matrix.shape[2] * _largest(term.matrix, (1, 2), together))
    elif term.matrix is not None:
        norms.append(np.abs(term.matrix).sum(axis=1).max(keepdims=True))
    return np.array(np.broadcast_arrays(*norms)) if norms else np.ones((1, 1))


def _largest(array: FloatArray, axes: int | tuple[int, ...], together: bool = False) -> FloatArray:
    if together:
        return np.array([max(array.max(initial=0.0), -array.min(initial=0.0))])
    return np.asarray(np.maximum(array.max(axis=axes), -array.min(axis=axes)))


def normalise(block: FloatArray) -> tuple[FloatArray, IntArray]:
    """block = mantissa · 2^exponent, exactly, each column of the mantissa with its largest entry in [1/2, 1).

    A column of zeros has the exponent 0.

    >>> normalise(np.array([[8.0, 0.0], [1.0, 0.0]]))
    (array([[0.5   , 0.    ],
           [0.0625, 0.    ]]), array([4, 0]))
    """
    exponent = np.frexp(_largest(block, 0))[1]
    if np.abs(exponent).max(initial=0) < 1000:  # 2^-exponent is a number: a product is far cheaper than ldexp
        return block * np.ldexp(1.0, -exponent), np.asarray(exponent, dtype=np.int64)
    return np.ldexp(block, -exponent), np.asarray(exponent, dtype=np.int64)


Note = Callable[[int, FloatArray, IntArray], None]


def careful_product(
    chain: Chain, block: FloatArray, rows: slice = slice(None), note: Note | None = None
) -> tuple[FloatArray, IntArray]:
    """J_T ⋯ J_1 block as mantissa and one exponent a column, every number with a power of two of its own.

    Slow, and right whatever the size of the factors.

    Args:
        chain: the step Jacobians.
        block: (N,) or (N, k).
        rows: the rows that are wanted.
        note: is told lag, mantissa and exponent after every step, until nothing but zeros is left.

    >>> huge = Chain.from_dense(np.full((2, 2, 2), 2.0**1023))
    >>> careful_product(huge, np.ones(2))
    (array([0.5, 0.5]), array(2049))
    """
    value = _wide(block)
    for t in watched(range(chain.steps)):
        if not value.mantissa.any():
            break
        value = _step(chain, t, value)
        if note is not None:
            note(t + 1, *_packed(value, rows))
    return _packed(value, rows)


def _step(chain: Chain, t: int, value: _Wide) -> _Wide:
    known = {name: _Wide(value.mantissa[part], value.exponent[part]) for name, part in chain.slices.items()}
    for row in chain.rows:
        total = _wide(np.zeros((row.size, *value.mantissa.shape[1:])))
        for term in row.terms:
            total = _plus(total, _path(term, t, known[term.source]))
        known[row.name] = total
    parts = [known[chain.outputs[name]] for name, _ in chain.states]
    return _Wide(np.concatenate([p.mantissa for p in parts]), np.concatenate([p.exponent for p in parts]))


def _packed(value: _Wide, rows: slice) -> tuple[FloatArray, IntArray]:
    """One exponent a column, 0 for a column of zeros; entries 2^1000 below its largest become zero."""
    part = _Wide(value.mantissa[rows], value.exponent[rows])
    common = part.exponent.max(axis=0)
    return _levelled(part, common), np.where(common == NOWHERE, 0, common)


class _Wide(NamedTuple):
    """mantissa · 2^exponent, entry by entry; the exponent of zero is NOWHERE."""

    mantissa: FloatArray
    exponent: IntArray


def _wide(values: FloatArray, shift: IntArray | int = 0) -> _Wide:
    """values · 2^shift."""
    mantissa, exponent = np.frexp(values)
    return _Wide(mantissa, np.where(mantissa == 0.0, NOWHERE, exponent.astype(np.int64) + shift))


def _levelled(value: _Wide, common: IntArray) -> FloatArray:
    """value / 2^common."""
    shift = np.maximum(value.exponent - common, -4000).astype(np.intc)
    return np.asarray(np.ldexp(value.mantissa, shift))


def _plus(first: _Wide, second: _Wide) -> _Wide:
    common = np.maximum(first.exponent, second.exponent)
    return _wide(_levelled(first, common) + _levelled(second, common), common)


def _times(first: _Wide, second: _Wide) -> _Wide:
    return _wide(first.mantissa * second.mantissa, first.exponent + second.exponent)


def _path(term: Term, t: int, value: _Wide) -> _Wide:
    """left ∘ (matrix @ (right ∘ value)), a factor at a time."""
    column = (-1, *[1] * (value.mantissa.ndim - 1))
    if term.right is not None:
        value = _times(_wide(term.right[t].reshape(column)), value)
    if term.matrix is not None:
        value = _product(_wide(term.matrix[t] if term.is_stacked else term.matrix), value)
    return value if term.left is None else _times(_wide(term.left[t].reshape(column)), value)


def _product(matrix: _Wide, value: _Wide) -> _Wide:
    top, peak = value.exponent.max(axis=0), matrix.exponent.max()
    if _spread(matrix, peak) + _spread(value, top) < 900:
        return _wide(_levelled(matrix, peak) @ _levelled(value, top), top + peak)
    # Neither fits beside its own largest entry: one column of the matrix after the other, entry by entry.
    total = _wide(np.zeros((len(matrix.mantissa), *value.mantissa.shape[1:])))
    shape = (-1, *[1] * (value.mantissa.ndim - 1))
    for j in range(len(value.mantissa)):
        column = _Wide(matrix.mantissa[:, j].reshape(shape), matrix.exponent[:, j].reshape(shape))
        total = _plus(total, _times(column, _Wide(value.mantissa[j], value.exponent[j])))
    return total


def _spread(value: _Wide, top: IntArray) -> int:
    """How far, in powers of two, the smallest entry that is not zero lies below the largest of its column."""
    return int(np.where(value.exponent == NOWHERE, 0, top - value.exponent).max())
