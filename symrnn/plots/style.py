"""The house style: print sizes, colours that colour-blind readers tell apart, dashes and markers beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import MappingProxyType
from typing import Any

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
"""M. Okabe and K. Ito, "Color universal design", 2002."""
GREY = "#767676"
SERIES = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
"""A series differs in dash and marker too: figures are printed in grey."""
SEQUENTIAL = "cividis"
DIVERGING = "PuOr_r"

RC: Mapping[str, Any] = MappingProxyType(
    {
        "font.size": 9,
        "axes.titlesize": 9.5,
        "axes.labelsize": 9,
        "legend.fontsize": 8,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "mathtext.fontset": "stix",
        "axes.unicode_minus": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.7,
        "axes.axisbelow": True,
        "xtick.major.width": 0.7,
        "ytick.major.width": 0.7,
        "lines.linewidth": 1.4,
        "lines.markersize": 4,
        "legend.frameon": False,
        "legend.handlelength": 2.2,
        "figure.dpi": 100,
        "savefig.dpi": 200,
        "svg.hashsalt": "symrnn",
        "svg.fonttype": "path",
        "pdf.fonttype": 42,
        "path.simplify": True,
        "text.usetex": False,
    }
)
"""Everything that shapes a figure; a user's own matplotlibrc changes nothing."""

LATIN = "STIXGeneral"
"""Ships with matplotlib, so the letters are the same on every machine."""
CJK = (
    "Noto Serif CJK SC", "Source Han Serif SC", "Noto Sans CJK SC", "Source Han Sans SC", "Songti SC", "SimSun",
    "Microsoft YaHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Noto Serif CJK JP", "Noto Sans CJK JP",
)  # fmt: skip
"""Fonts with simplified Chinese, the ones nearest to the Latin letters first."""


@cache
def cjk_font() -> str | None:
    """The first installed font with Chinese characters; None where there is none."""
    from matplotlib import font_manager

    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    return next((name for name in CJK if name in installed), None)


def label_language(language: str) -> str:
    """The language labels are written in: Chinese only where a font for it is found.

    >>> label_language("en")
    'en'
    """
    return language if language != "zh" or cjk_font() else "en"


@contextmanager
def in_style(language: str = "en") -> Iterator[None]:
    """The style while a figure is made or written; nothing outside changes.

    A label with mathematics in it takes its words from the first font alone, so that is the Chinese one where needed.
    """
    import matplotlib

    families = [LATIN, *filter(None, [cjk_font()])]
    if label_language(language) == "zh":
        families.reverse()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        settings: dict[Any, Any] = {**RC, "font.family": [*families, "DejaVu Sans"]}
        matplotlib.rcParams.update(settings)
        yield
