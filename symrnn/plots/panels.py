"""Panels side by side as one figure, and figures as files: the same bytes for the same input."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from symrnn.errors import InputError
from symrnn.plots.style import in_style

WIDTH, HEIGHT = 3.5, 2.9
"""Inches: one column of a journal."""
MARK = "made with symrnn"
"""By which a file of ours is known, so that it may be written over."""
FORMATS = ("svg", "pdf", "png")


@dataclass(frozen=True)
class Panel:
    """A plot that waits for its axes; `alt` says in a sentence what can be seen, for readers who cannot see it."""

    draw: Callable[[Any], None]
    alt: str = ""
    columns: int = 1
    language: str = "en"


def figure(panels: Panel | Sequence[Panel], columns: int = 2, height: float = HEIGHT) -> Any:
    """Panels side by side, row by row, as a `matplotlib.figure.Figure`.

    >>> def draw(axes):
    ...     line = axes.plot([0, 1])
    >>> len(figure([Panel(draw), Panel(draw)]).axes)
    2
    """
    from symrnn.plots.drawings import Drawing

    shown = [panels] if isinstance(panels, Panel) else list(panels)
    columns = max(1, min(columns, sum(panel.columns for panel in shown)))
    rows = math.ceil(sum(min(panel.columns, columns) for panel in shown) / columns)
    language = "zh" if any(panel.language == "zh" for panel in shown) else "en"
    with in_style(language):
        made = Drawing(figsize=(WIDTH * columns, height * rows), layout="constrained")
        grid = made.add_gridspec(rows, columns)
        place = 0
        for panel in shown:
            width = min(panel.columns, columns)
            row, column = divmod(place, columns)
            panel.draw(made.add_subplot(grid[row, column : column + width]))
            place += width
    made.alt, made.language = " ".join(filter(None, (panel.alt for panel in shown))), language
    return made


def saved(made: Any, form: str = "svg", title: str = "") -> bytes:
    """A figure as SVG, PDF or PNG. No date, no version, no random ids: the same bytes for the same input.

    >>> from matplotlib.figure import Figure
    >>> saved(Figure()) == saved(Figure())
    True
    """
    if form not in FORMATS:
        raise InputError(form, found="no format of figures", write="one of: " + ", ".join(FORMATS))
    alt = getattr(made, "alt", "")
    metadata: dict[str, Any] = {
        "svg": {"Date": None, "Creator": MARK, "Title": title or None, "Description": alt or None},
        "pdf": {"CreationDate": None, "Creator": MARK, "Producer": MARK, "Title": title or None},
        "png": {"Software": MARK, "Title": title or None, "Description": alt or None},
    }[form]
    stream = io.BytesIO()
    with in_style(getattr(made, "language", "en")):
        made.savefig(stream, format=form, metadata={key: value for key, value in metadata.items() if value or
                                                    key in ("Date", "CreationDate")})  # fmt: skip
    data = stream.getvalue()
    if form == "svg":
        return data.replace(b"?>\n", b"?>\n<!-- " + MARK.encode() + b" -->\n", 1)
    return data + b"% " + MARK.encode() + b"\n" if form == "pdf" else data
