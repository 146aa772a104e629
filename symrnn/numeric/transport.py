"""P = J_T J_{T-1} ⋯ J_1, whatever its size: products of step Jacobians that never under- or overflow.

Reads a `Chain` and what is to be multiplied.  Returns a `Scaled`: a mantissa of moderate size and powers of
two beside it.  Promises: powers of two are split off exactly and added up as integers, so the only error of
a log-norm over any number of steps is the rounding of the products themselves and of one logarithm.

Three questions: `push` (P v, a tangent forward in time), `pull` (Pᵀ u, a cotangent backward) and `full` (P).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symrnn.numeric.chains import Chain, ChainError, FloatArray, finite_array
from symrnn.numeric.progress import report
from symrnn.numeric.scaled import Norm, Scaled, log_of
from symrnn.numeric.scaling import LOW, ROOM, Growth, IntArray, careful_product, growth, normalise
from symrnn.numeric.steppers import Stepper
from symrnn.numeric.trees import tree

__all__ = ["Method", "Norm", "Scaled", "full", "pull", "push"]

Method = Literal["auto", "loop", "tree"]

# The tree multiplies neighbours level by level; up to this N its batches beat the loop's single products.
TREE_SIZE = 32


def push(chain: Chain, columns: ArrayLike, *, history: bool = False, out: FloatArray | None = None) -> Scaled:
    """P v = J_T ⋯ J_1 v: what a small change of the first state becomes after T steps.

    Args:
        chain: the step Jacobians.
        columns: (N,), or (N, k) for k vectors, each of which keeps its own scale.
        history: also the log-norms of v, J_1 v, J_2 J_1 v, …
        out: an array of the shape of `columns` for the mantissa.

    Raises:
        ChainError: if `columns` does not fit or is not finite; a ValueError.

    Ten thousand steps of h_t = h_{t-1} / 2:

    >>> half = Chain.from_dense(np.full((10_000, 1, 1), 0.5))
    >>> print(f"{push(half, [1.0]).log10_norm:.9f}")
    -3010.299956640
    """
    start = _block(chain, columns, f"push(columns), a chain of N = {chain.size}")
    return _finish(_transport(chain, start, record=_Record(chain.steps) if history else None), out)


def pull(chain: Chain, columns: ArrayLike, *, history: bool = False, out: FloatArray | None = None) -> Scaled:
    """Pᵀ u = J_1ᵀ ⋯ J_Tᵀ u: what a gradient at the last state is at the first.

    Args:
        chain: the step Jacobians.
        columns: (N,), or (N, k) for k cotangents as columns, each of which keeps its own scale.
        history: also the log-norms of u, J_Tᵀ u, J_{T-1}ᵀ J_Tᵀ u, …: the gradient against lag.
        out: an array of the shape of `columns` for the mantissa.

    Raises:
        ChainError: if `columns` does not fit or is not finite; a ValueError.

    >>> chain = Chain.from_dense([[[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 1.0]]])
    >>> pull(chain, [3.0, 4.0]).unscaled()
    array([0., 3.])
    """
    start = _block(chain, columns, f"pull(columns), a chain of N = {chain.size}")
    return _finish(_transport(chain.transpose(), start, record=_Record(chain.steps) if history else None), out)


def full(
    chain: Chain,
    *,
    of: str | None = None,
    wrt: str | None = None,
    norm: Norm = "spectral",
    history: bool = False,
    method: Method = "auto",
    out: FloatArray | None = None,
) -> Scaled:
    """P = J_T ⋯ J_1 as one matrix, or the block ∂of_T/∂wrt_0 of it.

    Args:
        chain: the step Jacobians; `chain.transpose()` begins the product, and its history, at the last step.
        of, wrt: names of states, both or neither; then the block alone, at a scale of its own.
        norm: what `log_norm` measures; "spectral" costs a singular value decomposition (with `history`, one of
            every partial product that is not yet close to rank 1), "frobenius" next to nothing.
        history: also the log-norms of I, J_1, J_2 J_1, …
        method: "loop" multiplies one step after the other; "tree" neighbours in batches, faster for small N.
        out: an array of the result's shape for the mantissa.

    Raises:
        ChainError: if `of` or `wrt` is no state, or a tree is asked for a history; a ValueError.

    >>> swap = Chain.from_dense(np.array([[[0.0, 2.0], [2.0, 0.0]]] * 2000))
    >>> product = full(swap)
    >>> print(f"{product.log10_norm:.9f}", product.direction.tolist())
    602.059991328 [[1.0, 0.0], [0.0, 1.0]]
    """
    if method == "tree" and history:
        raise ChainError(
            'full(method="tree", history=True)',
            found="a tree forms no partial products from the start",
            write='method="loop"',
        )
    rows = columns = slice(None)
    if of is not None or wrt is not None:
        if of is None or wrt is None:
            raise ChainError(
                f"full(of={of!r}, wrt={wrt!r})", found="one state", write="both of=… and wrt=…, or neither"
            )
        chain = chain.between(wrt, of)
        rows, columns = chain.slices[of], chain.slices[wrt]
    if not history and (method == "tree" or (method == "auto" and chain.size <= TREE_SIZE)):
        product = tree(chain)
        # A block far below the rest may have been rounded off beside it: the loop looks closer.
        if (
            product is not None
            and np.abs(product.mantissa[rows, columns]).max() >= LOW * np.abs(product.mantissa).max()
        ):
            return _finish(replace(product.block(rows, columns), norm=norm), out)
    record = _Record(chain.steps, norm) if history else None
    product = _transport(chain, np.eye(chain.size)[:, columns], rows, record)
    return _finish(replace(product.aligned(), norm=norm), out)


def _block(chain: Chain, columns: ArrayLike, given: str) -> FloatArray:
    block = finite_array(columns, given)
    if block.ndim not in (1, 2) or len(block) != chain.size:
        raise ChainError(given, found=f"shape {block.shape}", write=f"shape ({chain.size},) or ({chain.size}, k)")
    return block


def _finish(result: Scaled, out: FloatArray | None) -> Scaled:
    """Move the mantissa to `out`, if there is one."""
    if out is None:
        return result
    if out.shape != result.mantissa.shape or out.dtype != np.float64:
        raise ChainError(
            "out",
            found=f"{out.dtype} of shape {out.shape}",
            write=f"float64 of shape {result.mantissa.shape}",
        )
    np.copyto(out, result.mantissa)
    return replace(result, mantissa=out)


# --------------------------------------------------------------------------------------------------- the loop


def _transport(chain: Chain, start: FloatArray, rows: slice = slice(None), record: _Record | None = None) -> Scaled:
    """The rows of J_T ⋯ J_1 start, a column at a scale of its own; the record is told every partial product."""
    bounds = growth(chain)
    if not bounds.tame.all():
        return _carefully(chain, start, rows, record)
    loop = _Loop(chain, start, bounds, rows, record)
    loop.run()
    if not loop.doubtful.any():
        return Scaled(loop.value, loop.exponent, history=None if record is None else record.history)
    if record is not None or start.ndim == 1:
        return _carefully(chain, start, rows, record)
    again = loop.doubtful
    loop.value[:, again], loop.exponent[again] = careful_product(chain, start[:, again], rows)
    return Scaled(loop.value, loop.exponent)


def _carefully(chain: Chain, start: FloatArray, rows: slice, record: _Record | None) -> Scaled:
    if record is None:
        return Scaled(*careful_product(chain, start, rows))
    record.note(0, *normalise(start[rows]))
    return Scaled(*careful_product(chain, start, rows, record.note), history=record.history)


class _Record:
    """The norms of partial products against lag, as numbers and powers of two.

    Args:
        steps: T.
        norm: the norm of a matrix, or None for the norms of its columns.
    """

    def __init__(self, steps: int, norm: Norm | None = None) -> None:
        self._steps, self._norm = steps, norm
        self._norms: list[FloatArray] = []
        self._scales: list[IntArray] = []

    def note(self, lag: int, block: FloatArray, exponent: IntArray) -> None:
        """Measure the partial product of this lag; what was noted from there on is forgotten."""
        value = Scaled(block, exponent)
        _, norms, scales = (value if self._norm is None else replace(value.aligned(), norm=self._norm)).size
        self._norms[lag:], self._scales[lag:] = [norms], [scales]

    @property
    def history(self) -> FloatArray:
        """The log-norms of lags 0..T; after the last one noted, the product is zero."""
        missing = self._steps + 1 - len(self._norms)
        norms = np.stack(self._norms + [np.zeros_like(self._norms[0])] * missing)
        return log_of(norms, np.stack(self._scales + [np.zeros_like(self._scales[0])] * missing), np.log)


class _Loop:
    """Multiplies one step after the other, and looks at the magnitudes as seldom as is safe.

    A column that falls below 2^-400 of itself in a single step is doubtful, and so is one whose wanted rows are
    that far below the others: what is left may have been rounded off beside larger entries.  Such a column has
    to be multiplied again with care.
    """

    def __init__(self, chain: Chain, start: FloatArray, bounds: Growth, rows: slice, record: _Record | None) -> None:
        self.steps, self.rows, self.record = chain.steps, rows, record
        self.stepper = Stepper(chain, start.shape[1] if start.ndim == 2 else None)
        self.kept = np.empty_like(self.stepper.value)
        self.stepper.value[...], self.exponent = normalise(start)
        self.alive = np.asarray(start.any(axis=0))
        self.doubtful = np.zeros_like(self.alive)
        # How far the largest entry can have grown before each step, as a power of two.
        self.grown = np.concatenate([[0.0], np.cumsum(bounds.bits)])
        self.reach = 32

    @property
    def value(self) -> FloatArray:
        """The wanted rows."""
        return self.stepper.value[self.rows]

    def run(self) -> None:
        """All steps, or as many as leave something to multiply."""
        t = 0
        if self.record is not None:
            self.record.note(0, self.value, self.exponent)
        while t < self.steps and self.alive.any():
            report(t, self.steps)
            t = self._advance(t)
        report(self.steps, self.steps)
        if self.steps:
            self._doubt(self._drowned())

    def _advance(self, t: int) -> int:
        """Take as many steps from t as is safe; or none, but fewer next time."""
        safe = int(np.searchsorted(self.grown, self.grown[t] + ROOM, side="right")) - 1
        stop = min(t + self.reach, safe)
        np.copyto(self.kept, self.stepper.value)
        self._multiply(t, stop)
        largest = np.abs(self.stepper.value, out=self.stepper.spare).max(axis=0)
        lost = self.alive & (largest < LOW)
        if lost.any():
            if stop > t + 1:
                np.copyto(self.stepper.value, self.kept)
                self.reach = max(1, (stop - t) // 2)
                return t
            self._doubt(lost)
        self._settle(largest, stop - t)
        return stop

    def _multiply(self, start: int, stop: int) -> None:
        if self.record is None:
            self.stepper.run(start, stop)
            return
        for t in range(start, stop):
            self.stepper.run(t, t + 1)
            self.record.note(t + 1, self.value, self.exponent)
            self._doubt(self._drowned())

    def _doubt(self, columns: NDArray[np.bool_]) -> None:
        """Drop columns; all of them if there is a record, which needs them together."""
        if not columns.any():
            return
        self.doubtful |= columns
        self.alive &= ~columns if self.record is None else ~columns.any()
        self.stepper.value[..., ~self.alive] = 0.0

    def _drowned(self) -> NDArray[np.bool_]:
        """Where the wanted rows are far below the others."""
        if self.rows == slice(None):
            return np.zeros_like(self.alive)
        value = np.abs(self.stepper.value)
        return np.asarray(self.alive & (value[self.rows].max(axis=0) < LOW * value.max(axis=0)))

    def _settle(self, largest: FloatArray, steps: int) -> None:
        """Take the powers of two out of the columns, and choose when to look again."""
        shift = np.where(self.alive, np.frexp(largest)[1], 0)
        self.stepper.value[...] *= np.ldexp(1.0, -shift)
        self.exponent = self.exponent + shift
        fall = -float(shift.min(initial=0)) / steps
        self.reach = max(1, min(2 * self.reach, int(0.75 * ROOM / fall) if fall else 2 * self.reach))
