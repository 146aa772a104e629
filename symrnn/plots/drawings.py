"""A figure that knows what it shows: imported where one is made, so that nothing else waits for matplotlib."""

from __future__ import annotations

from matplotlib.figure import Figure


class Drawing(Figure):
    """A `matplotlib.figure.Figure` with a sentence for readers who cannot see it, and the language of its labels."""

    alt: str = ""
    language: str = "en"
