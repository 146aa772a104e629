"""Powers of two beside the numbers: how far plain float64 is safe, and what to do where it is not.

Reads a `Chain`.  `growth` says, before any product is formed, how much each step can enlarge a column;
`normalise` splits a block into mantissa and power of two, exactly; `careful_step` takes one step of any
magnitude: every factor and every row keeps its own power of two, so nothing under- or overflows on the way.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from symrnn.numeric.chains import Chain, FloatArray, Term

__all__ = ["Growth", "IntArray", "careful_step", "growth", "normalise"]

IntArray = NDArray[np.int64]

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
        bits: (T,) upper bounds of log2 of the growth, not below 0.
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
    with np.errstate(over="ignore"):  # an infinite bound is the right answer: such a step is not tame
        for row in chain.rows:
            norms = [(term.source, _factor_norms(term, together)) for term in row.terms]
            bound[row.name] = sum((np.prod(n, axis=0) * bound[source] for source, n in norms), np.zeros(1))
            peak[row.name] = sum(
                (np.prod(np.maximum(n, 1.0), axis=0) * peak[source] for source, n in norms), np.ones(1)
            )
    largest = np.max(np.broadcast_arrays(*(bound[name] for name in chain.outputs.values())), axis=0)
    steepest = np.max(np.broadcast_arrays(*peak.values()), axis=0)
    return Growth(np.log2(np.maximum(largest, 1.0)), steepest <= STEEP)


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
    return np.ldexp(block, -exponent), np.asarray(exponent, dtype=np.int64)


def careful_step(chain: Chain, t: int, block: FloatArray) -> tuple[FloatArray, IntArray]:
    """J_t block as mantissa and one exponent a column, whatever the size of the factors.

    >>> huge = Chain.from_dense(np.full((1, 2, 2), 2.0**1023))
    >>> careful_step(huge, 0, np.ones(2))
    (array([0.5, 0.5]), array(1025))
    """
    known = {name: _part(block[chain.slices[name]]) for name, _ in chain.states}
    for row in chain.rows:
        nothing = _part(np.zeros((row.size, *block.shape[1:])))
        known[row.name] = _sum([nothing, *(_careful_term(term, t, known[term.source]) for term in row.terms)])
    parts = [known[chain.outputs[name]] for name, _ in chain.states]
    common = np.max([part.exponent for part in parts], axis=0)
    whole = np.concatenate([_shift(part.mantissa, part.exponent - common) for part in parts])
    return whole, np.where(common == NOWHERE, 0, common)


class _Part(NamedTuple):
    """mantissa · 2^exponent, a column at a time; the exponent of a column of zeros is NOWHERE."""

    mantissa: FloatArray
    exponent: IntArray


def _part(block: FloatArray, shift: IntArray | int = 0) -> _Part:
    """block · 2^shift."""
    mantissa, exponent = normalise(block)
    return _Part(mantissa, np.where(mantissa.any(axis=0), exponent + shift, NOWHERE))


def _careful_term(term: Term, t: int, value: _Part) -> _Part:
    """left ∘ (matrix @ (right ∘ value)), a factor at a time."""
    if term.right is not None:
        value = _careful_weight(term.right[t], value)
    if term.matrix is not None:
        matrix, shift = _unit(term.matrix[t] if term.is_stacked else term.matrix)
        value = _part(matrix @ value.mantissa, value.exponent + shift)
    return value if term.left is None else _careful_weight(term.left[t], value)


def _careful_weight(weight: FloatArray, value: _Part) -> _Part:
    unit, shift = _unit(weight.reshape(-1, *[1] * (value.mantissa.ndim - 1)))
    return _part(unit * value.mantissa, value.exponent + shift)


def _unit(factor: FloatArray) -> tuple[FloatArray, int]:
    """A factor with its largest entry in [1/2, 1), and the power of two taken out of it."""
    shift = int(np.frexp(np.abs(factor).max())[1])
    return np.ldexp(factor, -shift), shift


def _sum(parts: list[_Part]) -> _Part:
    common = np.max([part.exponent for part in parts], axis=0)
    total = np.sum([_shift(part.mantissa, part.exponent - common) for part in parts], axis=0)
    return _part(total, common)


def _shift(mantissa: FloatArray, bits: IntArray) -> FloatArray:
    return np.ldexp(mantissa, np.maximum(bits, -4000).astype(np.intc))
