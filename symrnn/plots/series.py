"""Gradient norm against lag, Lyapunov exponents and their convergence, gate saturation, remedies: panels of figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symrnn.errors import ShapeError
from symrnn.plots.panels import Panel
from symrnn.plots.style import BLACK, BLUE, DASHES, GREY, MARKERS, RED, SERIES
from symrnn.plots.words import word

Real = NDArray[np.float64]
LOG10 = float(np.log(10.0))
SMALLEST_FLOAT32 = -44.85
"""log₁₀ of 1.4e-45, the smallest number float32 has: below it a gradient is exactly zero."""


# --- gradient norm against lag ----------------------------------------------------------------------------------------


def gradient_norms(
    log_norms: ArrayLike | Mapping[str, ArrayLike],
    bounds: Sequence[tuple[float, float]] = (),
    language: str = "en",
) -> Panel:
    """ln ‖∂s_{t+k}/∂s_t‖ against k on a scale of powers of ten, the median and the band from 10 to 90 % of the runs.

    Args:
        log_norms: (lags,) or (runs, lags), lag 0 first, natural logarithms, −∞ for an exact zero; several by name.
        bounds: pairs (C, r) of proved bounds C r^k.

    >>> gradient_norms([0.0, -1.0, -2.0]).alt
    'Gradient norm against lag: 10^-0.87 at lag 2.'
    """
    given = log_norms if isinstance(log_norms, Mapping) else {"": log_norms}
    series = {name: np.atleast_2d(np.asarray(values, dtype=np.float64)) / LOG10 for name, values in given.items()}
    if not series or any(array.ndim != 2 or array.shape[1] < 1 for array in series.values()):
        raise ShapeError("log_norms", found="no (runs, lags) array", write="ln ‖∂s_{t+k}/∂s_t‖, lag 0 first")

    def draw(axes: Any) -> None:
        lowest = min(_lowest(array) for array in series.values())
        for place, (name, array) in enumerate(series.items()):
            _norm_line(axes, array, name, place, language)
        longest = max(array.shape[1] for array in series.values())
        for constant, rate in bounds:
            lags = np.arange(longest)
            line = (np.log(constant) + lags * np.log(rate)) / LOG10 if rate > 0 else np.full(longest, np.nan)
            axes.plot(lags, line, color=BLACK, ls=DASHES[3], lw=1.1, label=word("bound", language))
        if lowest < SMALLEST_FLOAT32:
            axes.axhline(SMALLEST_FLOAT32, color=GREY, lw=0.8, ls=DASHES[1])
            axes.annotate(
                word("float32", language), (0.01, SMALLEST_FLOAT32), xycoords=("axes fraction", "data"), xytext=(0, 2),
                textcoords="offset points", ha="left", va="bottom", color=GREY, fontsize=7.5,
            )  # fmt: skip
        _powers_of_ten(axes)
        axes.set(xlabel=word("lag", language), ylabel=word("norm", language))
        axes.set_title(word("gradient against lag", language), loc="left")
        axes.margins(x=0.02)
        if bounds or len(series) > 1 or any(len(array) > 1 for array in series.values()):
            axes.legend(loc="best")

    name, array = next(iter(series.items()))
    last = array.shape[1] - 1
    alt = f"Gradient norm against lag{f' of {name}' if name else ''}: 10^{np.median(array[:, -1]):.2f} at lag {last}."
    return Panel(draw, alt, language=language)


def _lowest(array: Real) -> float:
    finite = array[np.isfinite(array)]
    return float(finite.min()) if finite.size else 0.0


def _norm_line(axes: Any, array: Real, name: str, place: int, language: str) -> None:
    color, dash = SERIES[place % len(SERIES)], DASHES[place % len(DASHES)]
    lags = np.arange(array.shape[1])
    shown = np.where(np.isfinite(array), array, np.nan)
    with np.errstate(invalid="ignore"):
        middle = np.median(shown, axis=0)
        if len(array) > 1:
            low, high = np.percentile(shown, [10, 90], axis=0)
            label = word("band", language) if not name else None
            axes.fill_between(lags, low, high, color=color, alpha=0.22, lw=0, label=label)
    plain_label = word("median" if len(array) > 1 else "measured", language)
    axes.plot(lags, middle, color=color, ls=dash, label=name or plain_label)


def _powers_of_ten(axes: Any) -> None:
    """Whole powers where there are several; plain numbers where the axis spans less."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    low, high = axes.get_ylim()
    wide = high - low > 3
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=wide, min_n_ticks=3))

    def shown(value: float, _: object) -> str:
        if abs(value) < 1e-9:
            return "1"
        return f"$10^{{{value:.0f}}}$" if wide else f"{10.0**value:.3g}"

    axes.yaxis.set_major_formatter(FuncFormatter(shown))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


# --- Lyapunov exponents -----------------------------------------------------------------------------------------------


def lyapunov_spectrum(exponents: ArrayLike, errors: ArrayLike | None = None, language: str = "en") -> Panel:
    """λ_1 ≥ λ_2 ≥ … with standard errors; above the line at 0 perturbations grow.

    >>> lyapunov_spectrum([0.5, -1.0]).alt
    'Lyapunov spectrum: largest exponent 0.5, 1 of 2 positive.'
    """
    values = np.asarray(exponents, dtype=np.float64)
    bars = None if errors is None else np.asarray(errors, dtype=np.float64)

    def draw(axes: Any) -> None:
        index, shown = np.arange(1, len(values) + 1), np.isfinite(values)
        axes.axhline(0, color=BLACK, lw=0.9, ls=DASHES[1])
        for chosen, color, marker in ((values > 0, RED, MARKERS[2]), (values <= 0, BLUE, MARKERS[0])):
            these = chosen & shown
            error = None if bars is None else np.where(np.isfinite(bars), bars, 0.0)[these]
            axes.errorbar(
                index[these], values[these], yerr=error, fmt=marker, color=color, ms=4 if len(values) <= 60 else 2,
                mew=0, elinewidth=0.9, capsize=2 if len(values) <= 20 else 0,
            )  # fmt: skip
        axes.set(xlabel=word("index", language), ylabel=word("exponent", language))
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_title(word("lyapunov spectrum", language), loc="left")

    positive = int((values > 0).sum())
    alt = f"Lyapunov spectrum: largest exponent {values[0]:.3g}, {positive} of {len(values)} positive."
    return Panel(draw, alt, language=language)


def lyapunov_convergence(
    looks: ArrayLike, history: ArrayLike, errors: ArrayLike | None = None, language: str = "en", most: int = 6
) -> Panel:
    """Running means of the leading exponents against the number of steps, with the last one's error as a band.

    Args:
        looks: at which step each mean ends.
        history: (looks, k).
        errors: (k,) standard errors of the last means.

    >>> lyapunov_convergence([1, 2], [[0.5], [0.25]]).alt
    'Convergence of the leading Lyapunov exponents over 2 steps.'
    """
    steps, means = np.asarray(looks), np.atleast_2d(np.asarray(history, dtype=np.float64))
    bars = None if errors is None else np.asarray(errors, dtype=np.float64)

    def draw(axes: Any) -> None:
        axes.axhline(0, color=BLACK, lw=0.9, ls=DASHES[1])
        for place in range(min(means.shape[1], most)):
            color = SERIES[place % len(SERIES)]
            column = np.where(np.isfinite(means[:, place]), means[:, place], np.nan)
            axes.plot(steps, column, color=color, ls=DASHES[place], lw=1.1, label=rf"$\lambda_{{{place + 1}}}$")
            if bars is not None and np.isfinite(bars[place]):
                last = column[-1]
                axes.fill_between(steps, last - bars[place], last + bars[place], color=color, alpha=0.15, lw=0)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set(xlabel=word("steps", language), ylabel=word("running mean", language))
        axes.set_title(word("lyapunov convergence", language), loc="left")
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.8)

    return Panel(draw, f"Convergence of the leading Lyapunov exponents over {int(steps[-1])} steps.", language=language)


# --- gates ------------------------------------------------------------------------------------------------------------


def gate_saturation(gates: Mapping[str, ArrayLike], language: str = "en") -> Panel:
    """For every unit of every gate, the share of steps near 0 (shut) against the share near 1 (open).

    Args:
        gates: (steps, units) of values in 0..1, by a name such as `$f_t$`.

    >>> gate_saturation({"f": [[0.95, 0.5], [0.99, 0.02]]}).alt
    'Gate saturation: f is open at 50 % and shut at 25 % of steps.'

    Reference: A. Karpathy, J. Johnson, L. Fei-Fei, "Visualizing and understanding recurrent networks", 2016, figure 3.
    """
    shares = {name: _shares(np.atleast_2d(np.asarray(values, dtype=np.float64))) for name, values in gates.items()}

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [1, 0], color=GREY, lw=0.7, ls=DASHES[1])
        for place, (name, (left, right)) in enumerate(shares.items()):
            axes.plot(
                left, right, MARKERS[place % len(MARKERS)], color=SERIES[place % len(SERIES)], ms=4.5, mfc="none",
                mew=1, label=name, clip_on=False,
            )  # fmt: skip
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel=word("left", language), ylabel=word("right", language))
        axes.set_aspect("equal")
        axes.set_title(word("saturation", language), loc="left")
        axes.legend(loc="upper right", handletextpad=0.2)

    said = [
        f"{name.replace('$', '')} is open at {right.mean():.0%} and shut at {left.mean():.0%} of steps"
        for name, (left, right) in shares.items()
    ]
    return Panel(draw, f"Gate saturation: {'; '.join(said)}.".replace("%", " %"), language=language)


def _shares(values: Real) -> tuple[Real, Real]:
    return (values < 0.1).mean(axis=0), (values > 0.9).mean(axis=0)


# --- remedies ---------------------------------------------------------------------------------------------------------


def before_and_after(rows: Mapping[str, tuple[float, float]], language: str = "en") -> Panel:
    """The factor per step e^{λ_1} before and after each remedy; at 1 gradients keep their size.

    >>> before_and_after({"forget bias 3": (0.64, 0.95)}).alt
    'Factor per step: forget bias 3 from 0.64 to 0.95.'
    """

    def draw(axes: Any) -> None:
        axes.axvline(1, color=BLACK, lw=0.9, ls=DASHES[1])
        for place, (before, after) in enumerate(rows.values()):
            if np.isfinite(before) and np.isfinite(after):
                axes.plot([before, after], [place, place], color=GREY, lw=1, zorder=1)
            axes.plot(before, place, "o", color="white", mec=BLUE, mew=1.2, ms=6, clip_on=False)
            axes.plot(after, place, "D", color=RED, ms=5.5, clip_on=False)
        axes.plot([], [], "o", color="white", mec=BLUE, mew=1.2, ms=6, label=word("before", language))
        axes.plot([], [], "D", color=RED, ms=5.5, label=word("after", language))
        axes.set_yticks(range(len(rows)), list(rows))
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.set_xlim(left=0)
        axes.margins(x=0.05)
        axes.set_xlabel(word("factor", language))
        axes.set_title(word("remedies", language), loc="left")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2)

    said = "; ".join(
        f"{name.replace('$', '')} from {before:.3g} to {after:.3g}" for name, (before, after) in rows.items()
    )
    return Panel(draw, f"Factor per step: {said}.", language=language)
