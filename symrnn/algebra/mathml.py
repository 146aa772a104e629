"""MathML Core for browsers: one more table of small functions.

Every string is a row of elements, which `_one` wraps where a script, a fraction or a root needs exactly one. What
MathML Core leaves out is not used: bold is spelled with Unicode's own letters, alignment is left to the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import sympy as sp

from symrnn.algebra.activations import Activation
from symrnn.algebra.spelling import ATOM, FRACTION, GREEK, Format, Piece, is_greek, join

_SPECIAL = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_SINGLE = re.compile(r"<(m[ion]|mtext)(?: [^<>]*)?>[^<>]*</\1>")
_ACCENTS = {"tilde": "~", "hat": "^", "bar": "¯", "dot": "˙"}
_BARE = re.compile(r"<mi>(.)</mi>")


def escaped(text: str) -> str:
    """Text in which nothing is markup.

    >>> escaped("<b> & 'c'")
    "&lt;b&gt; &amp; 'c'"
    """
    return "".join(_SPECIAL.get(sign, sign) for sign in text)


def _one(text: str) -> str:
    return text if _SINGLE.fullmatch(text) else f"<mrow>{text}</mrow>"


def _number(digits: str) -> str:
    return f"<mn>{digits}</mn>"


def _letter(base: str, script: bool) -> str:
    if is_greek(base, script):
        return f"<mi>{GREEK[base]}</mi>"
    if base.isdigit():
        return _number(base)
    if script and len(base) == 2 and base.isalpha():
        return "".join(f"<mi>{escaped(sign)}</mi>" for sign in base)
    return f"<mi>{escaped(base)}</mi>"


def _word(word: str) -> str:
    return f"<mtext>{escaped(word)}</mtext>"


def _accent(accent: str, base: str, wide: bool) -> str:
    stretchy = "true" if wide and accent != "dot" else "false"
    return f'<mover accent="true">{_one(base)}<mo stretchy="{stretchy}">{_ACCENTS[accent]}</mo></mover>'


def bold_letter(sign: str) -> str:
    """The bold form of a letter or digit, from Unicode's mathematical alphabets; others as they are.

    >>> bold_letter("h"), bold_letter("W"), bold_letter("δ"), bold_letter("1")
    ('𝐡', '𝐖', '𝜹', '𝟏')
    """
    for first, last, bold in _ALPHABETS:
        if first <= sign <= last:
            return chr(ord(bold) + ord(sign) - ord(first))
    return sign


_ALPHABETS = (("A", "Z", "𝐀"), ("a", "z", "𝐚"), ("0", "9", "𝟎"), ("Α", "Ω", "𝜜"), ("α", "ω", "𝜶"))


def _bold(base: str) -> str:
    found = _BARE.fullmatch(base)
    return f"<mi>{bold_letter(found[1])}</mi>" if found else f'<mrow style="font-weight:bold">{base}</mrow>'


class _Subscripted(str):
    """A base with something below it, which an exponent joins instead of standing after it."""

    base: str
    below: str


def _scripts(base: str, below: str, above: str) -> str:
    if below and above:
        return f"<msubsup>{_one(base)}{_one(below)}{_one(above)}</msubsup>"
    if above:
        return _power(base, above)
    if not below:
        return base
    found = _Subscripted(f"<msub>{_one(base)}{_one(below)}</msub>")
    found.base, found.below = base, below
    return found


def _power(base: str, exponent: str) -> str:
    if isinstance(base, _Subscripted):
        return _scripts(base.base, base.below, exponent)
    return f"<msup>{_one(base)}{_one(exponent)}</msup>"


def _quotient(over: str, under: str) -> Piece:
    return Piece(f"<mfrac>{_one(over)}{_one(under)}</mfrac>", FRACTION, tall=True)


def _ratio(over: str, under: str) -> Piece:
    long = len(over) > len("<mn>123</mn>") or len(under) > len("<mn>123</mn>")
    small = "" if long else ' displaystyle="false"'
    return Piece(f"<mfrac{small}>{_one(over)}{_one(under)}</mfrac>", FRACTION, long, numeric=True)


def _fence(opening: str, body: str, closing: str, tall: bool) -> str:
    if tall:
        return f"<mrow>{_end(opening, 'prefix', True)}{body}{_end(closing, 'postfix', True)}</mrow>"
    return _open_fence(opening, body, closing, tall)


def _open_fence(opening: str, body: str, closing: str, tall: bool) -> str:
    return f"{_end(opening, 'prefix', tall)}{body}{_end(closing, 'postfix', tall)}"


def _end(sign: str, form: str, stretchy: bool) -> str:
    # ‖ and | may open or close, so they say which; brackets are told by their sign.
    side = f' form="{form}"' if sign in "‖|" else ""
    return f"<mo{side}>{sign}</mo>" if stretchy else f'<mo{side} stretchy="false">{sign}</mo>'


def _big(sign: str, below: str, above: str) -> str:
    return f"<munderover>{sign}{_one(below)}{_one(above)}</munderover>"


def _activation(row: Activation) -> str:
    name = row.unicode.rstrip("′'")
    head, _, below = name.partition("_")
    text = _scripts(f"<mi>{escaped(head)}</mi>", _word(below) if below else "", "")
    primes = len(row.unicode) - len(name)
    return _power(text, "<mo>′</mo>" * primes) if primes else text


def _grid(rows: Sequence[Sequence[str]]) -> str:
    cells = "".join(f"<mtr>{''.join(f'<mtd>{cell}</mtd>' for cell in row)}</mtr>" for row in rows)
    return f"<mrow><mo>[</mo><mtable>{cells}</mtable><mo>]</mo></mrow>"


def _other(value: sp.Expr) -> str:
    return _word(str(value))


_INFIX = ' form="infix"'  # where a line begins with the sign, it is still one between two things
_SPACED = f'{_INFIX} lspace="0.222em" rspace="0.222em"'  # as TeX spaces them; browsers' tables give less
_TIGHT = ' lspace="0" rspace="0"'
_SIGNS: Mapping[str, str] = {
    "plus": f"<mo{_INFIX}>+</mo>", "minus": f"<mo{_INFIX}>−</mo>", "tight plus": f"<mo{_TIGHT}>+</mo>",
    "tight minus": f"<mo{_TIGHT}>−</mo>", "negative": '<mo form="prefix">−</mo>', "⊙": f"<mo{_SPACED}>⊙</mo>",
    "*": f"<mo{_SPACED}>∗</mo>", "∘": f"<mo{_SPACED}>∘</mo>", "kronecker": f"<mo{_SPACED}>⊗</mo>", "space": "<mo>⁢</mo>",
    "tight space": "", "thin": '<mspace width="0.17em"/>', "times": "<mo>⋅</mo>", "comma": "<mo>,</mo>",
    "tight comma": f"<mo{_TIGHT}>,</mo>", "semicolon": "<mo>;</mo>", "one": "<mn>1</mn>",
    "bold one": "<mn>𝟏</mn>", "zero": "<mn>0</mn>", "identity": "<mi>I</mi>", "partial": "<mi>∂</mi>",
    "partial+": "<msup><mi>∂</mi><mo>+</mo></msup>", "nabla": "<mi>∇</mi>",
    "transposed": "<mo>⊤</mo>", "entrywise": f"<mo{_TIGHT}>∘</mo>",
    "star": "<mo>∗</mo>", "prime": "<mo>′</mo>", "equals": "<mo>=</mo>", "tight equals": f"<mo{_TIGHT}>=</mo>",
    "at most": "<mo>≤</mo>", "at least": "<mo>≥</mo>", "less": "<mo>&lt;</mo>", "unequal": "<mo>≠</mo>",
    "about": "<mo>≈</mo>", "implies": "<mo>⇒</mo>", "colon": f"<mo{_TIGHT}>:</mo>", "sum": "<mo>∑</mo>",
    "product": "<mo>∏</mo>", "dots": "<mo>,</mo><mo>…</mo><mo>,</mo>",
    "total": _word("total"), "direct": _word("direct"), "e": "<mi>e</mi>", "pi": "<mi>π</mi>", "infinity": "<mi>∞</mi>",
}  # fmt: skip

MATHML = Format(
    name="mathml",
    signs=_SIGNS,
    number=_number,
    letter=_letter,
    word=_word,
    accent=_accent,
    bold=_bold,
    scripts=_scripts,
    power=_power,
    fraction=lambda over, under: _quotient(over.text, under.text),
    derivative=_quotient,
    ratio=_ratio,
    root=lambda body: Piece(f"<msqrt>{body.text}</msqrt>", ATOM, body.tall),
    fence=_fence,
    big=_big,
    function=lambda name: f"<mi>{escaped(name)}</mi>",
    activation=_activation,
    other=_other,
    row=join,
    grid=_grid,
    open_fence=_open_fence,
)
"""MathML Core, the content of a `<math>` element."""
