"""The phase plot of a sweep: lines over one swept number, a map over two, theory beside it where there is some."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symrnn.errors import InputError
from symrnn.plots.panels import Panel
from symrnn.plots.phases import phase_diagram, phase_lines
from symrnn.plots.words import plain
from symrnn.regimes.meanfield import critical_weight_variance
from symrnn.regimes.points import KEYS, Sweep

Array = NDArray[np.float64]
LABELS = {
    "gain": "$g$", "hidden": "$H$", "input": "$m$", "steps": "$T$", "bias_std": r"$\sigma_b$", "forget_bias": "$b_f$",
    "input_std": r"$\sigma_x$", "start_std": r"$\sigma_{h_0}$",
}  # fmt: skip
WITH_THEORY = ("tanh", "erf", "relu")


def axes_of(sweep: Sweep) -> tuple[str, ...]:
    """The swept numbers, seeds apart: a plot has one or two of them, gains first.

    >>> from symrnn.regimes.points import read_sweep
    >>> axes_of(read_sweep("[sweep]\\nhidden = [8, 16]\\ngain = [0.5, 1]\\nseeds = 2"))
    ('gain', 'hidden')
    """
    numbers = [key for key in sweep.swept if KEYS[key].kind is not str and key != "seed"]
    return tuple(sorted(numbers, key=lambda key: key != "gain"))


def check_axes(sweep: Sweep) -> tuple[str, ...]:
    """The axes, or an error where a plot would need none or more than two.

    >>> from symrnn.regimes.points import read_sweep
    >>> check_axes(read_sweep("[sweep]\\ngain = [0.5, 1]"))
    ('gain',)
    """
    axes = axes_of(sweep)
    if not 1 <= len(axes) <= 2:
        found = f"{len(axes)} swept numbers: {', '.join(axes) or 'none'}"
        raise InputError("--plot", found=found, write="one or two of: gain, hidden …")
    return axes


def panel_of(rows: Iterable[Mapping[str, Any]], sweep: Sweep, language: str = "en") -> Panel:
    """λ_1 over the swept numbers: medians over seeds, a line for each choice of words, or a map of one choice.

    >>> from symrnn.regimes.points import read_sweep
    >>> from symrnn.regimes.sweeps import run_sweep
    >>> sweep = read_sweep("[sweep]\\nhidden = 4\\nsteps = 20\\ngain = [0.5, 1.0]")
    >>> panel_of(run_sweep(sweep), sweep).alt[:26]
    'Largest exponent against g'
    """
    axes = check_axes(sweep)
    words = [key for key in sweep.swept if KEYS[key].kind is str]
    if len(axes) == 2 and not words:
        return _map(rows, sweep, axes, language)
    return _lines(rows, sweep, axes, words, language)


def _collected(rows: Iterable[Mapping[str, Any]], keys: Iterable[str]) -> dict[tuple[Any, ...], list[float]]:
    found: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    for row in rows:
        found[tuple(row[key] for key in keys)].append(np.nan if row["lyapunov"] is None else row["lyapunov"])
    return found


def _map(rows: Iterable[Mapping[str, Any]], sweep: Sweep, axes: tuple[str, ...], language: str) -> Panel:
    x, y = (_numbers(sweep, key) for key in axes)
    found = _collected(rows, axes)
    values = np.full((len(y), len(x)), np.nan)
    for (across, up), exponents in found.items():
        known = [value for value in exponents if np.isfinite(value)]
        if known:
            values[y.index(up), x.index(across)] = np.median(known)
    names = (LABELS[axes[0]], LABELS[axes[1]])
    return phase_diagram(x, y, values, names, _theory(sweep, axes), language)


def _theory(sweep: Sweep, axes: tuple[str, ...]) -> tuple[Array, Array] | None:
    """Where χ_1 = 1 (mean field), for simple cells with Gaussian weights that no input drives."""
    fixed = {key: sweep.values[key][0] for key in KEYS if len(sweep.values[key]) == 1}
    plain_cell = fixed.get("kind") == "rnn" and fixed.get("init") == "gaussian" and fixed.get("input_std") == 0
    if axes != ("gain", "bias_std") or not plain_cell or fixed.get("activation") not in WITH_THEORY:
        return None
    biases, scales = _numbers(sweep, "bias_std"), _numbers(sweep, "gain")
    spread = np.linspace(min(biases), max(biases), 41)
    gains = [np.sqrt(critical_weight_variance(str(fixed["activation"]), float(s * s))) for s in spread]
    left, right = min(scales), max(scales)
    inside = [place for place, gain in enumerate(gains) if left <= gain <= right]
    return (np.array(gains)[inside], spread[inside]) if inside else None


def _numbers(sweep: Sweep, key: str) -> list[float]:
    """The values of a key that holds numbers, ascending."""
    return sorted(float(value) for value in sweep.values[key] if value is not None)


def _lines(
    rows: Iterable[Mapping[str, Any]], sweep: Sweep, axes: tuple[str, ...], words: list[str], language: str
) -> Panel:
    x = _numbers(sweep, axes[0])
    others = [*words, *axes[1:]]
    draws = max(1, len(sweep.values["seed"]))
    series: dict[str, Array] = {}
    for key, exponents in _collected(rows, [*others, axes[0]]).items():
        name = ", ".join(
            plain(str(value)) if key in words else f"{LABELS[key]} = {value:g}"
            for key, value in zip(others, key[:-1], strict=True)
        )
        line = series.setdefault(name, np.full((len(x), draws), np.nan))
        line[x.index(key[-1]), : len(exponents)] = exponents[:draws]
    return phase_lines(x, series, LABELS[axes[0]], language)
