"""How wide a formula is, before anything sets it: a format whose text is as many dots as there are tenths of an em.

A renderer that breaks lines prints its formula in this format too and compares lengths, so that no finished LaTeX
or MathML is ever read back.
"""

from __future__ import annotations

from collections.abc import Sequence

from symrnn.algebra.spelling import ATOM, FRACTION, LATEX, Format, Piece, is_greek, join

_SIGNS = {
    "plus": 12, "minus": 12, "tight plus": 6, "tight minus": 6, "negative": 8, "⊙": 12, "*": 9, "∘": 9, "kronecker": 12,
    "space": 0, "tight space": 0, "thin": 2, "times": 7, "comma": 4, "tight comma": 3, "semicolon": 6, "one": 5,
    "bold one": 6, "zero": 5, "identity": 5, "partial": 6, "partial+": 12, "nabla": 9, "transposed": 7, "entrywise": 5,
    "star": 5, "prime": 3, "equals": 13, "tight equals": 8, "at most": 13, "at least": 13, "less": 13, "unequal": 13,
    "about": 13, "implies": 16, "colon": 3, "sum": 15, "product": 14, "dots": 20, "total": 20, "direct": 26, "e": 5,
    "pi": 6, "infinity": 10,
}  # fmt: skip


def dots(tenths: float) -> str:
    """So many tenths of an em."""
    return "." * round(tenths)


def _letters(text: str) -> str:
    return dots(sum(7.5 if sign.isupper() else 10 if ord(sign) > 0x2E7F else 5.5 for sign in text))


def _letter(base: str, script: bool) -> str:
    return dots(6) if is_greek(base, script) else _letters(base)


def _scripts(base: str, below: str, above: str) -> str:
    return base + dots(0.7 * max(len(below), len(above)) + 1) if below or above else base


def _stacked(over: str, under: str) -> str:
    return dots(max(len(over), len(under)) + 3)


def _grid(rows: Sequence[Sequence[str]]) -> str:
    columns = zip(*rows, strict=False)
    return dots(sum(max(map(len, column)) + 10 for column in columns) + 6)


WIDTHS = Format(
    name="widths",
    signs={sign: dots(_SIGNS.get(sign, 9)) for sign in LATEX.signs},
    number=lambda digits: dots(5 * len(digits)),
    letter=_letter,
    word=_letters,
    accent=lambda accent, base, wide: base,
    bold=lambda base: base + dots(0.1 * len(base)),
    scripts=_scripts,
    power=lambda base, exponent: _scripts(base, "", exponent),
    fraction=lambda over, under: Piece(_stacked(over.text, under.text), FRACTION, tall=True),
    derivative=lambda over, under: Piece(_stacked(over, under), FRACTION, tall=True),
    ratio=lambda over, under: Piece(dots(0.7 * max(len(over), len(under)) + 3), FRACTION, numeric=True),
    root=lambda body: Piece(body.text + dots(9), ATOM, body.tall),
    fence=lambda opening, body, closing, tall: f"{dots(6 if tall else 4)}{body}{dots(6 if tall else 4)}",
    big=lambda sign, below, above: dots(max(len(sign), 0.7 * len(below), 0.7 * len(above)) + 2),
    function=lambda name: _letters(name) + dots(1),
    activation=lambda row: _letters(row.unicode),
    other=lambda value: _letters(str(value)),
    row=join,
    grid=_grid,
)
"""Widths in tenths of an em, about as Latin Modern sets them."""
