"""Drawn arrays: initialisations and random data, the same numbers for the same seed on every machine.

The uniforms are the top 53 bits of PCG64's raw words; normals are their quantiles. Nothing depends on how a NumPy
version turns random bits into samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symrnn.errors import InputError

FloatArray = NDArray[np.float64]
MOST_SEED = 2**63 - 1


@dataclass(frozen=True)
class Source:
    """A stream of uniforms in (0, 1): raw PCG64 words, never zero."""

    bits: np.random.PCG64

    def uniform(self, shape: tuple[int, ...]) -> FloatArray:
        """Uniform on (0, 1)."""
        raw = np.asarray(self.bits.random_raw(int(np.prod(shape, dtype=np.int64))), dtype=np.uint64)
        return ((raw >> np.uint64(11)).astype(np.float64) + 0.5).reshape(shape) * 2.0**-53

    def normal(self, shape: tuple[int, ...]) -> FloatArray:
        """Standard normal, by the quantile of a uniform."""
        from scipy.special import ndtri

        return np.asarray(ndtri(self.uniform(shape)), dtype=np.float64)


def source(seed: int, *streams: str) -> Source:
    """The stream of a seed; names split it, so that `W_h` and `b` drawn with one seed are independent.

    >>> source(1, "W_h").uniform((2,)).round(6).tolist() == source(1, "W_h").uniform((2,)).round(6).tolist()
    True
    """
    words = [byte for name in streams for byte in name.encode()]
    return Source(np.random.PCG64(np.random.SeedSequence([seed, *words])))


Init = Callable[[Source, tuple[int, ...], int], FloatArray]


def _pytorch(stream: Source, shape: tuple[int, ...], hidden: int) -> FloatArray:
    """U(−1/√H, 1/√H) for every weight and bias, as torch.nn.RNN, LSTM and GRU are born."""
    return (2 * stream.uniform(shape) - 1) / np.sqrt(hidden)


def _xavier(stream: Source, shape: tuple[int, ...], hidden: int) -> FloatArray:
    """U(−a, a) with a = √(6/(fan in + fan out)) for matrices, zero biases (Glorot and Bengio 2010)."""
    if len(shape) < 2:
        return np.zeros(shape)
    return (2 * stream.uniform(shape) - 1) * np.sqrt(6 / (shape[0] + shape[1]))


def _he(stream: Source, shape: tuple[int, ...], hidden: int) -> FloatArray:
    """N(0, 2/fan in) for matrices, zero biases (He et al. 2015)."""
    return np.zeros(shape) if len(shape) < 2 else stream.normal(shape) * np.sqrt(2 / shape[1])


def _orthogonal(stream: Source, shape: tuple[int, ...], hidden: int) -> FloatArray:
    """A random orthogonal matrix (rows or columns orthonormal), zero biases (Saxe et al. 2014)."""
    if len(shape) < 2:
        return np.zeros(shape)
    tall = stream.normal((max(shape), min(shape)))
    basis, upper = np.linalg.qr(tall)
    basis = basis * np.where(np.diag(upper) < 0, -1.0, 1.0)
    return np.ascontiguousarray(basis if shape[0] >= shape[1] else basis.T)


def _identity(stream: Source, shape: tuple[int, ...], hidden: int) -> FloatArray:
    """The identity for matrices, zero biases (Le et al. 2015)."""
    return np.eye(*shape) if len(shape) == 2 else np.zeros(shape)


INITS: Mapping[str, Init] = MappingProxyType(
    {"pytorch": _pytorch, "xavier": _xavier, "he": _he, "orthogonal": _orthogonal, "identity": _identity}
)
"""One row per initialisation."""


def drawn(table: Mapping[str, Any], name: str, shape: tuple[int, ...], hidden: int) -> FloatArray:
    """The array a table such as `{init = "pytorch", seed = 1}` or `{normal = [0, 1], seed = 2}` asks for.

    >>> drawn({"normal": [0, 1], "seed": 2}, "x", (2, 3), 3).shape
    (2, 3)
    """
    unknown = set(table) - {"init", "normal", "uniform", "seed"}
    kinds = [key for key in ("init", "normal", "uniform") if key in table]
    if unknown or len(kinds) != 1:
        raise InputError(
            f"{name} = {dict(table)}",
            found="a table that does not say how to draw",
            write=f'{{init = "pytorch", seed = 1}} (or {", ".join(list(INITS)[1:])}), {{normal = [0, 1], seed = 1}} '
            "(mean, standard deviation) or {uniform = [-1, 1], seed = 1} (low, high)",
        )
    seed = table.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= MOST_SEED:
        raise InputError(f"seed = {seed}", found="no whole number from 0", write="seed = 1")
    stream = source(seed, name)
    if kinds[0] == "init":
        return _initialised(table["init"], stream, shape, hidden)
    low, high = _two_numbers(name, kinds[0], table[kinds[0]])
    if kinds[0] == "normal":
        return low + high * stream.normal(shape)
    return low + (high - low) * stream.uniform(shape)


def _initialised(kind: Any, stream: Source, shape: tuple[int, ...], hidden: int) -> FloatArray:
    if not isinstance(kind, str) or kind not in INITS:
        raise InputError(f"init = {kind!r}", found="no such initialisation", write="one of: " + ", ".join(INITS))
    return INITS[kind](stream, shape, hidden)


def _two_numbers(name: str, kind: str, value: Any) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} = {{{kind} = {value}}}", found="not two numbers", write=f"{kind} = [0, 1]") from None
    if not (np.isfinite(low) and np.isfinite(high)) or (kind == "normal" and high < 0):
        raise InputError(f"{name} = {{{kind} = {value}}}", found="numbers that make no distribution", write="[0, 1]")
    return low, high
