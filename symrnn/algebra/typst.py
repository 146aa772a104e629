"""Typst mathematics, for PDF without TeX: one more table of small functions.

Signs are written as Unicode, since typst renames its words; what could be read as a call or a separator is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from symrnn.algebra.activations import Activation
from symrnn.algebra.spelling import ACCENTS, ATOM, FRACTION, GREEK, Format, Piece, is_greek

_ESCAPED = re.compile(r"[\\\"]")


def quoted(text: str) -> str:
    """Text as a typst string, in which nothing is a command.

    >>> print(quoted('say "h"'))
    "say \\"h\\""
    """
    escaped = _ESCAPED.sub(r"\\\g<0>", text).replace("\n", " ").replace("\r", " ")
    return f'"{escaped}"'


def _row(parts: Sequence[str]) -> str:
    return " ".join(part for part in parts if part)


def _letter(base: str, script: bool) -> str:
    if is_greek(base, script):
        return GREEK[base]
    if base.isdigit() or (len(base) == 1 and base.isalpha()):
        return base
    if script and len(base) == 2 and base.isalpha() and base.isascii():
        return " ".join(base)
    return quoted(base)


def _group(text: str) -> str:
    """An argument or script: parentheses that typst takes away."""
    return f"({text})"


def _scripts(base: str, below: str, above: str) -> str:
    low, high = (f"{sign}{_group(script)}" if script else "" for sign, script in (("_", below), ("^", above)))
    return base + low + high


def _fraction(over: str, under: str) -> Piece:
    return Piece(f"frac({over}, {under})", FRACTION, tall=True)


def _ratio(over: str, under: str) -> Piece:
    long = len(over) > 3 or len(under) > 3
    text = f"frac({over}, {under})"
    return Piece(text if long else f"inline({text})", FRACTION, long, numeric=True)


def _fence(opening: str, body: str, closing: str, tall: bool) -> str:
    # Escaped brackets keep their size, those within lr grow with what they hold; ‖ and | are fences only within lr.
    if tall or opening in "‖⟨|":
        return f"lr({_END.get(opening, opening)} {body} {_END.get(closing, closing)})"
    return _open_fence(opening, body, closing, tall)


def _open_fence(opening: str, body: str, closing: str, tall: bool) -> str:
    return f"\\{opening}{body}\\{closing}"


_END = {"(": r"\(", ")": r"\)", "[": r"\[", "]": r"\]"}


def _big(sign: str, below: str, above: str) -> str:
    return f"{sign}_({below})^({above})"


def _activation(row: Activation) -> str:
    name = row.unicode.rstrip("′'")
    head, _, below = name.partition("_")
    text = head if len(head) == 1 else f"op({quoted(head)})"
    return _scripts(text, quoted(below) if below else "", "") + "'" * (len(row.unicode) - len(name))


def _grid(rows: Sequence[Sequence[str]]) -> str:
    return f'mat(delim: "[", {"; ".join(", ".join(cell or "#none" for cell in row) for row in rows)})'


_SIGNS = {
    "plus": "+", "minus": "−", "tight plus": "+", "tight minus": "−", "negative": "−", "⊙": "⊙", "*": "∗", "∘": "∘",
    "kronecker": "⊗", "space": "", "tight space": "", "thin": "thin", "times": "⋅", "comma": r"\,",
    "tight comma": r"\,", "semicolon": r"\;", "one": "1", "bold one": "bold(1)", "zero": "0", "identity": "I",
    "partial": "∂", "partial+": "∂^(+)", "nabla": "∇", "transposed": "⊤", "entrywise": "∘", "star": "∗", "prime": "′",
    "equals": "=", "tight equals": "=", "at most": "≤", "at least": "≥", "less": "<", "unequal": "≠", "about": "≈",
    "implies": "⇒", "colon": ":", "sum": "∑", "product": "∏", "dots": r"\, … \,", "total": quoted("total"),
    "direct": quoted("direct"), "e": "e", "pi": "π", "infinity": "∞",
}  # fmt: skip

TYPST = Format(
    name="typst",
    signs=_SIGNS,
    number=str,
    letter=_letter,
    word=quoted,
    accent=lambda accent, base, wide: f'accent({base}, "{ACCENTS[accent]}")',
    bold=lambda base: f"bold(upright({base}))" if base.isascii() else f"bold({base})",
    scripts=_scripts,
    power=lambda base, exponent: _scripts(base, "", exponent),
    fraction=lambda over, under: _fraction(over.text, under.text),
    derivative=_fraction,
    ratio=_ratio,
    root=lambda body: Piece(f"sqrt({body.text})", ATOM, body.tall),
    fence=_fence,
    big=_big,
    function=lambda name: f"op({quoted(name)})",
    activation=_activation,
    other=lambda value: quoted(str(value)),
    row=_row,
    grid=_grid,
    open_fence=_open_fence,
)
"""What stands between the dollars of a typst document."""
