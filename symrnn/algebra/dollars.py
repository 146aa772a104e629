"""LaTeX that survives between the dollars of a Markdown text, on GitHub above all.

There Markdown's own rules see a formula first: a backslash before punctuation is taken away, `_` after a brace may
open emphasis, `*` too, `<` may open a tag. So this format spells without them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from symrnn.algebra.activations import Activation
from symrnn.algebra.spelling import LATEX

_OPENER = re.compile(r"(?<=[^\w\s])_(?=\S)")


def _calm(text: str) -> str:
    """An underscore after punctuation stands between spaces, so that it opens no emphasis."""
    return _OPENER.sub(" _ ", text)


def _scripts(base: str, below: str, above: str) -> str:
    return _calm(LATEX.scripts(base, below, above))


def _activation(row: Activation) -> str:
    return _calm(row.latex)


def _grid(rows: Sequence[Sequence[str]]) -> str:
    body = r" \cr ".join(" & ".join(row) for row in rows)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


DOLLARS = replace(
    LATEX,
    name="dollars",
    signs={
        **LATEX.signs,
        "*": r" \ast ",
        "star": r"\ast ",
        "prime": r"\prime ",
        "thin": r"\thinspace ",
        "semicolon": "; ",
        "less": r" \lt ",
    },
    scripts=_scripts,
    activation=_activation,
    grid=_grid,
)
"""LaTeX without a backslash before punctuation, an asterisk, or an underscore that could open emphasis."""
