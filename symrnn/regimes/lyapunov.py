"""Lyapunov exponents by QR: λ_i = lim (1/T) Σ_t log |R_t,ii| with J_t Q_{t-1} = Q_t R_t, later factors to the left.

Reads a `Chain` (or an array (T, N, N)) of step Jacobians of the full state; returns a `Spectrum` with error bars and
the checks it must pass by itself. Q is never formed where every exponent is wanted: LAPACK's `ormqr` multiplies the
next Jacobian by the reflectors. For k leading exponents a block of k columns is pushed and made orthonormal again only
where its columns have come near each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symrnn.errors import InputError
from symrnn.numeric.chains import Chain
from symrnn.numeric.steppers import Stepper

Array = NDArray[np.float64]
FULL_UP_TO = 16
"""Sizes of which all exponents are computed unless a number is asked for."""
LEADING = 4
TINY = 8
"""Sizes at which a call costs more than its arithmetic, so that neighbours are multiplied in one go."""
LOOKS = 64
"""At least so many looks, where there are steps for them: error bars need them."""
NEAR = 1e5
"""Columns are made orthonormal again before their condition number passes this."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Exponents, largest first, and how far they can be trusted.

    Attributes:
        exponents: λ_1 ≥ … ≥ λ_k per step.
        errors: standard errors by batch means.
        growth: log |R_ii| summed between two looks, (looks, k), and at which step each look was: `looks`.
        steps: how many steps were averaged, after `discarded` ones.
        size: N.
        log_det: mean log |det J_t| where every exponent was computed; the exponents must add up to it.
        singular: steps whose Jacobian is singular; their exponents are −∞.
    """

    exponents: Array
    errors: Array
    growth: Array
    looks: NDArray[np.int64]
    steps: int
    discarded: int
    size: int
    log_det: float | None = None
    singular: int = 0

    @property
    def is_full(self) -> bool:
        """Whether there is an exponent for every direction."""
        return len(self.exponents) == self.size

    @property
    def history(self) -> Array:
        """Running means of the exponents against the number of steps, (looks, k): the convergence plot."""
        return np.asarray(np.cumsum(self.growth, axis=0) / (self.looks - self.discarded)[:, None])

    @property
    def sum_error(self) -> float | None:
        """|Σ λ_i − mean log|det J||, which is rounding alone; None where it cannot be asked."""
        if self.log_det is None or not math.isfinite(self.log_det):
            return None
        return abs(float(self.exponents.sum()) - self.log_det)

    @property
    def entropy_rate(self) -> float:
        """Σ of the positive exponents (Pesin)."""
        return float(self.exponents[self.exponents > 0].sum())

    @property
    def dimension(self) -> float:
        """Kaplan and Yorke's dimension: how many leading exponents can be added before the sum turns negative."""
        sums = np.cumsum(self.exponents)
        if not len(sums) or sums[0] < 0:
            return 0.0
        j = int(np.flatnonzero(sums >= 0)[-1]) + 1
        if j == len(sums):
            return float(j)
        return float(j + sums[j - 1] / abs(self.exponents[j]))


def spectrum(
    jacobians: Chain | ArrayLike, k: int | None = None, *, discard: int | None = None, seed: int = 0
) -> Spectrum:
    """The k leading Lyapunov exponents of a product of step Jacobians ⋯ J_2 J_1, all of them for small N.

    Args:
        jacobians: a chain, or an array (T, N, N) with J_1 first.
        k: how many; None for all up to N = 16, else 4.
        discard: steps left out of the mean while directions align; a tenth, at most 100, unless said.
        seed: of the first directions.

    Arnold's cat map:

    >>> cat = spectrum(np.broadcast_to([[2.0, 1.0], [1.0, 1.0]], (400, 2, 2)))
    >>> np.allclose(cat.exponents, [0.9624236501192069, -0.9624236501192069], atol=1e-12)
    True

    Reference: G. Benettin et al., Meccanica 15 (1980); R. Vogt et al., Frontiers in Appl. Math. and Stat. 8 (2022).
    """
    chain = jacobians if isinstance(jacobians, Chain) else Chain.from_dense(np.asarray(jacobians, dtype=np.float64))
    size, steps = chain.size, chain.steps
    wanted = size if k is None and size <= FULL_UP_TO else min(size, k or LEADING)
    if wanted < 1 or steps < 1:
        raise InputError(f"k={k}, T={steps}", found="nothing to measure", write="k ≥ 1 and T ≥ 1")
    discard = min(steps // 10, 100) if discard is None else discard
    if not 0 <= discard < steps:
        raise InputError(f"discard={discard}", found=f"{steps} steps", write=f"discard=0 … {steps - 1}")
    start = _first_directions(size, wanted, seed)
    width, shorter = _grouped(chain) if wanted == size else (1, chain)
    run = _all if wanted == size and size > 1 else _leading
    looks, growth = run(shorter, start)
    ends = np.minimum(np.asarray(looks) * width, steps)
    return _spectrum(chain, ends, np.asarray(growth), discard)


def _grouped(chain: Chain) -> tuple[int, Chain]:
    """A long chain of small matrices with 2, 4 or 8 neighbours multiplied at once, where no digits are lost by it."""
    if chain.size > TINY or chain.steps < 1_000:
        return 1, chain
    width, stack = 1, chain.dense()
    while width < 8:
        pairs = stack[: len(stack) // 2 * 2]
        product = np.matmul(pairs[1::2], pairs[::2])
        product = np.concatenate([product, stack[len(pairs) :]])
        values = np.linalg.svd(product, compute_uv=False)
        if not (values[:, -1] > 0).all() or float((values[:, 0] / values[:, -1]).max()) > NEAR:
            break
        width, stack = 2 * width, product
    return width, chain if width == 1 else Chain.from_dense(stack)


def _first_directions(size: int, wanted: int, seed: int) -> Array:
    from symrnn.models.drawing import source

    return np.asarray(np.linalg.qr(source(seed, "directions").normal((size, wanted)))[0])


def _spectrum(chain: Chain, looks: NDArray[np.int64], growth: Array, discard: int) -> Spectrum:
    kept = looks > discard
    begins = int(looks[~kept][-1]) if (~kept).any() else 0
    looks, growth = looks[kept], growth[kept]
    steps = int(looks[-1]) - begins
    with np.errstate(invalid="ignore"):
        means = growth.sum(axis=0) / steps
    errors = batch_errors(growth, np.diff(looks, prepend=begins))
    order = np.argsort(-means, kind="stable")
    log_det, singular = (None, 0)
    if growth.shape[1] == chain.size:
        log_det, singular = mean_log_det(chain, begins, int(looks[-1]))
    return Spectrum(means[order], errors[order], growth[:, order], looks, steps, begins, chain.size, log_det, singular)


def batch_errors(growth: Array, widths: NDArray[np.int64]) -> Array:
    """Standard errors of mean growth per step, by the spread of about √T batches.

    >>> batch_errors(np.full((100, 1), 0.5), np.ones(100, dtype=np.int64)).tolist()
    [0.0]
    """
    count = min(max(2, math.isqrt(len(growth))), len(growth))
    if count < 2:
        return np.full(growth.shape[1], np.inf)
    parts = np.array_split(np.arange(len(growth)), count)
    with np.errstate(invalid="ignore"):
        means = np.array([growth[part].sum(axis=0) / widths[part].sum() for part in parts])
        return np.asarray(means.std(axis=0, ddof=1) / math.sqrt(count))


def _log_diagonal(diagonal: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.abs(diagonal)))


# --- every exponent: reflectors, Q never formed -----------------------------------------------------------------------


def _all(chain: Chain, start: Array) -> tuple[list[int], list[Array]]:
    """J_t Q by `ormqr` in place of a product, then `geqrf`."""
    from scipy.linalg import lapack

    size = chain.size
    work = int(lapack.dgeqrf_lwork(size, size)[0])
    reflectors, scales, _, _ = lapack.dgeqrf(np.asfortranarray(start), lwork=work)
    apply_work = int(lapack.dormqr("R", "N", reflectors, scales, np.empty((1, size), order="F"), -1)[1][0])
    apply_work = max(apply_work, size * 64)
    looks, growth = [], []
    for t, jacobian in enumerate(_fortran_steps(chain), start=1):
        turned, _, _ = lapack.dormqr("R", "N", reflectors, scales, jacobian, apply_work, overwrite_c=1)
        reflectors, scales, _, _ = lapack.dgeqrf(turned, lwork=work, overwrite_a=1)
        looks.append(t)
        growth.append(_log_diagonal(np.diagonal(reflectors)))
    return looks, growth


def _fortran_steps(chain: Chain) -> Iterator[Array]:
    """J_1, J_2, … each in a Fortran array that may be overwritten."""
    size = chain.size
    chunk = max(1, min(chain.steps, 4_000_000 // size**2))
    row = chain.rows[0]
    simple = len(chain.rows) == 1 and len(row.terms) == 1 and row.terms[0].matrix is not None
    if simple and not row.terms[0].is_stacked:
        term = row.terms[0]
        assert term.matrix is not None
        matrix = np.asfortranarray(term.matrix)
        for t in range(chain.steps):
            step = matrix.copy(order="F")
            if term.left is not None:
                step *= term.left[t][:, None]
            if term.right is not None:
                step *= term.right[t][None, :]
            yield step
        return
    for begin in range(0, chain.steps, chunk):
        for step in chain.dense(begin, min(begin + chunk, chain.steps)):
            yield np.array(step, order="F")


# --- the leading ones -------------------------------------------------------------------------------------------------


def _leading(chain: Chain, start: Array) -> tuple[list[int], list[Array]]:
    """A block of k columns through the chain's own structure, made orthonormal as rarely as its condition allows."""
    stepper = Stepper(chain, start.shape[1])
    stepper.value[:] = start
    looks, growth = [], []
    stride, at, most = 1, 0, max(1, min(25, chain.steps // LOOKS))
    while at < chain.steps:
        stop = min(at + stride, chain.steps)
        before = stepper.value.copy() if stop - at > 1 else None
        stepper.run(at, stop)
        basis, upper = np.linalg.qr(stepper.value)
        diagonal = np.abs(np.diagonal(upper))
        near = _nearness(diagonal)
        if before is not None and not near <= NEAR * 1e3:
            # Too far: back, and in smaller steps.
            stepper.value[:] = before
            stride = max(1, stride // 4)
            continue
        looks.append(stop)
        growth.append(_log_diagonal(diagonal))
        stepper.value[:] = basis
        at = stop
        stride = min(_next_stride(stride, near), most)
    return looks, growth


def _nearness(diagonal: Array) -> float:
    """How far the columns' sizes are apart: the loss of digits in the smallest; also when all are tiny or huge."""
    largest, least = float(diagonal.max()), float(diagonal.min())
    if not math.isfinite(largest) or largest > 1e200 or largest < 1e-200:
        return math.inf
    return largest / least if least > 0 else math.inf


def _next_stride(stride: int, near: float) -> int:
    if not math.isfinite(near):
        return max(1, stride // 2)
    per_step = max(math.log(max(near, 1.0)) / stride, 1e-3)
    return int(min(max(1.0, math.log(NEAR) / per_step), 2.0 * stride))


# --- what must agree --------------------------------------------------------------------------------------------------


def mean_log_det(chain: Chain, start: int = 0, stop: int | None = None) -> tuple[float, int]:
    """mean_t log |det J_t| over the steps start..stop−1, and how many are singular.

    For J = diag(d) W it is log|det W| + Σ log|d_i|, in closed form; else by LU of each J.

    >>> mean_log_det(Chain.from_dense(np.broadcast_to([[2.0, 1.0], [1.0, 1.0]], (3, 2, 2))))[0]
    0.0
    """
    stop = chain.steps if stop is None else stop
    logs = np.concatenate([part for part in _log_dets(chain, start, stop)])
    singular = int(np.isneginf(logs).sum())
    return float(logs.mean()) if len(logs) else 0.0, singular


def _log_dets(chain: Chain, start: int, stop: int) -> Iterator[Array]:
    row = chain.rows[0]
    term = row.terms[0] if len(chain.rows) == 1 and len(row.terms) == 1 else None
    if term is not None and term.matrix is not None and not term.is_stacked:
        total = np.full(stop - start, np.linalg.slogdet(term.matrix)[1])
        for weights in (term.left, term.right):
            if weights is not None:
                total = total + _log_diagonal(weights[start:stop]).sum(axis=1)
        yield total
        return
    chunk = max(1, 4_000_000 // chain.size**2)
    for begin in range(start, stop, chunk):
        with np.errstate(divide="ignore"):
            yield np.linalg.slogdet(chain.dense(begin, min(begin + chunk, stop)))[1]


def agreement(chain: Chain, k: int = 1, *, discard: int | None = None, seed: int = 0) -> tuple[float, float]:
    """Forward and transposed products have the same exponents: the largest difference, and what errors allow.

    >>> rng = np.random.default_rng(0)
    >>> difference, allowed = agreement(Chain.from_dense(rng.normal(size=(4000, 3, 3))), k=2)
    >>> difference <= allowed
    True
    """
    forward = spectrum(chain, k, discard=discard, seed=seed)
    backward = spectrum(chain.transpose(), k, discard=discard, seed=seed + 1)
    finite = np.isfinite(forward.exponents) & np.isfinite(backward.exponents)
    if not finite.any():
        return 0.0, 0.0
    difference = np.abs(forward.exponents - backward.exponents)[finite]
    # Both see the same steps but for the ends: directions need some steps to align, which costs O(1/T).
    allowed = 3 * np.hypot(forward.errors, backward.errors)[finite] + 10.0 / forward.steps
    worst = int(np.argmax(difference - allowed))
    return float(difference[worst]), float(allowed[worst])
