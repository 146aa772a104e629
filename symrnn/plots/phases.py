"""Phase diagrams: the largest exponent over two parameters, and where it changes its sign; or over one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from symrnn.errors import ShapeError
from symrnn.plots.panels import Panel
from symrnn.plots.style import BLACK, DASHES, DIVERGING, MARKERS, SERIES
from symrnn.plots.words import word


def phase_diagram(
    x: ArrayLike,
    y: ArrayLike,
    exponents: ArrayLike,
    names: tuple[str, str] = ("x", "y"),
    line: tuple[ArrayLike, ArrayLike] | None = None,
    language: str = "en",
) -> Panel:
    """λ_1 over a grid of two parameters: vanishing on one side of the line λ_1 = 0, exploding on the other.

    Args:
        x, y: the values of the parameters, ascending.
        exponents: (len(y), len(x)); NaN where nothing was measured.
        names: labels of the axes, mathematics in $…$.
        line: the boundary where theory gives one, as (x, y).

    >>> phase_diagram([0.5, 1.5], [0.0, 1.0], [[-0.7, 0.4], [-0.9, 0.1]], ("$g$", "$b$")).alt
    'Phase diagram over g and b: λ from -0.9 to 0.4.'
    """
    across, up = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    values = np.asarray(exponents, dtype=np.float64)
    if values.shape != (len(up), len(across)):
        raise ShapeError("exponents", found=f"shape {values.shape}", write=f"({len(up)}, {len(across)})")
    finite = values[np.isfinite(values)]

    def draw(axes: Any) -> None:
        reach = float(np.abs(finite).max()) if finite.size else 1.0
        mesh = axes.pcolormesh(
            _edges(across), _edges(up), np.where(np.isfinite(values), values, np.nan), cmap=DIVERGING, vmin=-reach,
            vmax=reach, rasterized=values.size > 2_500,
        )  # fmt: skip
        bar = axes.figure.colorbar(mesh, ax=axes, pad=0.02)
        bar.set_label(word("largest exponent", language))
        if finite.size and finite.min() < 0 < finite.max() and min(values.shape) > 1:
            axes.contour(across, up, values, levels=[0.0], colors=BLACK, linewidths=1.1)
        if line is not None:
            axes.plot(*line, color=BLACK, ls=DASHES[1], lw=1.2, label=word("boundary", language))
            axes.legend(loc="best")
        axes.set_xlim(_edges(across)[[0, -1]])
        axes.set_ylim(_edges(up)[[0, -1]])
        axes.set(xlabel=names[0], ylabel=names[1])
        axes.set_title(word("phase diagram", language), loc="left")

    said = f"λ from {finite.min():.3g} to {finite.max():.3g}" if finite.size else "nothing measured"
    return Panel(
        draw,
        f"Phase diagram over {names[0].replace('$', '')} and {names[1].replace('$', '')}: {said}.",
        language=language,
    )


def _edges(centres: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The borders of cells around their centres."""
    if len(centres) == 1:
        return centres[0] + np.array([-0.5, 0.5])
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])


def phase_lines(x: ArrayLike, exponents: Mapping[str, ArrayLike], name: str = "x", language: str = "en") -> Panel:
    """λ_1 against one parameter, a line for each choice of the others; several draws give a median and a band.

    Args:
        x: the values of the parameter.
        exponents: (len(x),) or (len(x), draws) by the name of the line.

    >>> phase_lines([0.5, 1.5], {"tanh": [-0.7, -0.1]}, "$g$").alt
    'Largest exponent against g: tanh from -0.7 to -0.1.'
    """
    across = np.asarray(x, dtype=np.float64)
    rows = {key: np.asarray(value, dtype=np.float64).reshape(len(across), -1) for key, value in exponents.items()}

    def draw(axes: Any) -> None:
        axes.axhline(0, color=BLACK, lw=0.9, ls=DASHES[1])
        for place, (key, values) in enumerate(rows.items()):
            color = SERIES[place % len(SERIES)]
            middle = _over_draws(values, 50)
            axes.plot(
                across, middle, color=color, ls=DASHES[place % len(DASHES)], marker=MARKERS[place % len(MARKERS)],
                ms=3.5, label=key,
            )  # fmt: skip
            if values.shape[1] > 1:
                axes.fill_between(
                    across, _over_draws(values, 10), _over_draws(values, 90), color=color, alpha=0.2, lw=0
                )
        axes.set(xlabel=name, ylabel=word("largest exponent", language))
        axes.set_title(word("phase diagram", language), loc="left")
        if len(rows) > 1 or "" not in rows:
            axes.legend(loc="best")

    ends = {key: values[np.isfinite(values)] for key, values in rows.items()}
    known = {key: values for key, values in ends.items() if values.size}
    said = "; ".join(f"{key} from {values.min():.3g} to {values.max():.3g}" for key, values in known.items())
    return Panel(draw, f"Largest exponent against {name.replace('$', '')}: {said}.", language=language)


def _over_draws(values: np.ndarray[Any, Any], percent: float) -> np.ndarray[Any, Any]:
    """A percentile of each row's known values; NaN where none is."""
    known = (row[np.isfinite(row)] for row in values)
    return np.array([np.percentile(row, percent) if row.size else np.nan for row in known])
