"""How names are spelled and pieces set: neutral names to letters, a table of small functions for each format.

Reads a canonical ASCII name (`W_hf`, `c_tilde`, `y_true`) or the strings of what was printed already; returns
strings. Knows no node: `layout` decides what stands where and in what parentheses, a `Format` how that looks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import sympy as sp

from symrnn.algebra.activations import Activation

# --- names --------------------------------------------------------------------------------------------------

GREEK: Mapping[str, str] = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "ell": "ℓ", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ",
    "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
"""Letters that have a name of their own."""

_GREEK_NAMES = {letter: name for name, letter in GREEK.items()}
ACCENTS = {"tilde": "\u0303", "hat": "\u0302", "bar": "\u0304", "dot": "\u0307"}
"""Suffixes that sit on the letter, and their combining characters."""
MARKS = {"star": "*", "prime": "'"}
"""Suffixes that follow the letter, raised."""


class Letter(NamedTuple):
    """One symbol: its base, the accents on it from the inside out, the marks after it, what stands below it."""

    base: str
    accents: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    below: tuple[Letter, ...] = ()


class Spelling(NamedTuple):
    """A name taken apart: the letter, and what stands below and above it."""

    letter: Letter
    below: tuple[Letter, ...] = ()
    above: tuple[Letter, ...] = ()


_NAME = re.compile(r"([^_^{}]+)((?:[_^](?:\{[^{}]+\}|[^_^{}]+))*)")
_PART = re.compile(r"([_^])(?:\{([^{}]+)\}|([^_^{}]+))")


@lru_cache(maxsize=4096)
def read_name(name: str) -> Spelling:
    """A canonical name taken apart; `^` puts a part above, braces keep a script's own script.

    >>> read_name("c_tilde")
    Spelling(letter=Letter(base='c', accents=('tilde',), marks=(), below=()), below=(), above=())
    >>> read_name("W_{hf}") == read_name("W_hf") and read_name("W_hf").below[0].base
    'hf'
    >>> [letter.base for letter in read_name("delta^{a_h}").above[0].below]
    ['h']
    """
    found = _NAME.fullmatch(name)
    head, tail = found.groups() if found else (name, "")
    letters, places = [Letter(head)], [""]
    for place, group, bare in _PART.findall(tail):
        part = group or bare
        if place == "_" and part in ACCENTS:
            letters[-1] = letters[-1]._replace(accents=(*letters[-1].accents, part))
        elif place == "_" and part in MARKS:
            letters[0] = letters[0]._replace(marks=(*letters[0].marks, part))
        else:
            inner = read_name(part) if "_" in part else Spelling(Letter(part))
            letters.append(inner.letter._replace(below=inner.below))
            places.append(place)
    placed = list(zip(letters, places, strict=True))
    below, above = (tuple(letter for letter, at in placed if at == sign) for sign in "_^")
    return Spelling(letters[0], below, above)


def is_word(letter: Letter) -> bool:
    """Whether a subscript is a word (`true`), not a row of letters (`hf`)."""
    return len(letter.base) > 2 and letter.base not in GREEK and letter.base.isalpha()


def is_greek(base: str, script: bool) -> bool:
    """Whether the base names a Greek letter; a two-letter script is two letters (`W_xi` goes from x to i)."""
    return base in GREEK and not (script and len(base) == 2)


# --- pieces -------------------------------------------------------------------------------------------------

SUM, SIGNED, HADAMARD, KRONECKER, JUXTAPOSED, QUOTIENT, DERIVATIVE, BIG, FRACTION, SCRIPTED, ATOM = (
    1 << bit for bit in range(11)
)
"""What a piece is outermost: x + y, −x, x ⊙ y, A ⊗ B, A B, x/y, ∂y/∂x, Σ x, a stacked fraction, x², x."""


class Piece(NamedTuple):
    """Something printed: its text, what it is outermost, whether it is tall or begins with a digit.

    `unsigned` is the piece without its minus sign, where it has one.
    """

    text: str
    kind: int = ATOM
    tall: bool = False
    numeric: bool = False
    unsigned: Piece | None = None


# --- formats ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Format:
    """How a format sets the pieces: signs by their meaning, and a small function for each construction."""

    name: str
    signs: Mapping[str, str]
    number: Callable[[str], str]
    letter: Callable[[str, bool], str]
    """(base, whether it is a script)."""
    word: Callable[[str], str]
    """A word within a subscript."""
    accent: Callable[[str, str, bool], str]
    """(accent, base, whether the base is wide)."""
    bold: Callable[[str], str]
    scripts: Callable[[str, str, str], str]
    """(base, below, above), either script may be empty."""
    power: Callable[[str, str], str]
    """(base, exponent)."""
    fraction: Callable[[Piece, Piece], Piece]
    derivative: Callable[[str, str], Piece]
    ratio: Callable[[str, str], Piece]
    """A number p/q, from its digits."""
    root: Callable[[Piece], Piece]
    fence: Callable[[str, str, str, bool], str]
    """(opening, body, closing, whether the body is tall)."""
    big: Callable[[str, str, str], str]
    """(Σ or ∏, what stands below, what above)."""
    function: Callable[[str], str]
    """An upright function name."""
    activation: Callable[[Activation], str]
    other: Callable[[sp.Expr], str]
    """A scalar nothing above is said of."""
    row: Callable[[Sequence[str]], str]
    """Strings side by side."""
    grid: Callable[[Sequence[Sequence[str]]], str]
    open_fence: Callable[[str, str, str, bool], str] | None = None
    """As `fence`, for a pair whose ends may stand on different lines; None where `fence` will do."""


def join(parts: Sequence[str]) -> str:
    """Side by side, in a format whose text is simply its characters."""
    return "".join(parts)


# --- text ---------------------------------------------------------------------------------------------------

_BRACKETED = re.compile(r"\([^()]*\)|⟨[^⟨⟩]*⟩")
_RAISED = {"2": "²", "3": "³", "ᵀ": "ᵀ"}


def _text_letter(base: str, script: bool) -> str:
    return GREEK[base] if is_greek(base, script) else base


def _text_scripts(base: str, below: str, above: str) -> str:
    raised = above if set(above) == {"'"} else f"^{_braced(above)}" if above else ""
    return base + raised + (f"_{_braced(below)}" if below else "")


def _braced(script: str) -> str:
    bare = len(script) == 1 or script.isalpha() or _BRACKETED.fullmatch(script)
    return script if bare else f"{{{script}}}"


def _text_power(base: str, exponent: str) -> str:
    return base + (_RAISED.get(exponent) or f"^{_braced(exponent)}")


def _text_fraction(over: Piece, under: Piece) -> Piece:
    above = over.text if over.kind & (JUXTAPOSED | SCRIPTED | ATOM | QUOTIENT) else f"({over.text})"
    below = under.text if under.kind & (SCRIPTED | ATOM) else f"({under.text})"
    slash = " / " if " " in above + below else "/"
    return Piece(f"{above}{slash}{below}", QUOTIENT, over.tall or under.tall, over.numeric)


def _text_accent(accent: str, base: str, wide: bool) -> str:
    # Composed as keyboards type it; but on a word the accent must not melt into the last letter.
    return base + ACCENTS[accent] if wide else unicodedata.normalize("NFC", base + ACCENTS[accent])


TEXT = Format(
    name="text",
    signs={
        "plus": " + ", "minus": " - ", "tight plus": "+", "tight minus": "-", "negative": "-", "⊙": " ⊙ ",
        "*": " * ", "∘": " ∘ ", "kronecker": " ⊗ ", "space": " ", "tight space": "", "thin": " ",
        "times": "·", "comma": ", ", "tight comma": ",", "semicolon": "; ", "one": "1", "bold one": "𝟏",
        "zero": "0", "identity": "I", "partial": "∂", "partial+": "∂⁺", "nabla": "∇", "transposed": "ᵀ",
        "entrywise": "∘", "star": "*", "prime": "'", "equals": " = ", "tight equals": "=",
        "at most": " ≤ ", "at least": " ≥ ", "less": " < ", "unequal": " ≠ ", "about": " ≈ ", "implies": " ⇒ ",
        "colon": ":",
        "sum": "Σ", "product": "∏", "dots": "..",
        "total": "total", "direct": "direct", "e": "e", "pi": "π", "infinity": "∞",
    },
    number=str,
    letter=_text_letter,
    word=str,
    accent=_text_accent,
    bold=str,
    scripts=_text_scripts,
    power=_text_power,
    fraction=_text_fraction,
    derivative=lambda over, under: Piece(f"{over}/{under}", DERIVATIVE),
    ratio=lambda over, under: Piece(f"{over}/{under}", QUOTIENT, numeric=True),
    root=lambda body: Piece(f"√({body.text})"),
    fence=lambda opening, body, closing, tall: f"{opening}{body}{closing}",
    big=lambda sign, below, above: f"{sign}_{{{below}}}^{{{above}}} ",
    function=str,
    activation=lambda row: row.unicode.replace("′", "'"),
    other=str,
    row=join,
    grid=lambda rows: "[" + ", ".join(f"[{', '.join(row)}]" for row in rows) + "]",
)  # fmt: skip
"""Unicode for the terminal, in the spelling the grammar reads back."""


# --- LaTeX --------------------------------------------------------------------------------------------------

_OPENINGS = {"‖": r"\lVert ", "⟨": r"\langle ", "|": r"\lvert "}
_CLOSINGS = {"‖": r" \rVert", "⟩": r" \rangle", "|": r" \rvert"}
_ESCAPES = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    sign: "\\" + sign for sign in "{}$&#%_"
}
_KNOWN_FUNCTIONS = {"log": r"\log", "ln": r"\ln", "exp": r"\exp"}
_FRAC = {True: r"\frac", False: r"\tfrac"}
_PRIMES = re.compile(r"\^\{(\\prime)+\}")
_WIDE = {"tilde": r"\widetilde", "hat": r"\widehat", "bar": r"\overline", "dot": r"\dot"}


def escape(text: str) -> str:
    """Characters LaTeX would act on, as themselves.

    >>> print(escape("50 %"))
    50 \\%
    """
    return "".join(_ESCAPES.get(sign, sign) for sign in text)


def _latex_letter(base: str, script: bool) -> str:
    if is_greek(base, script):
        return "\\" + base
    if base in _GREEK_NAMES:
        return "\\" + _GREEK_NAMES[base]
    if base.isascii() and (len(base) == 1 or script) and re.fullmatch(r"[\w,+()-]+", base):
        return base
    return rf"\mathrm{{{base}}}" if base.isascii() and base.isalnum() else rf"\text{{{escape(base)}}}"


def _latex_scripts(base: str, below: str, above: str) -> str:
    if set(above) == {"'"}:
        return base + above + (f"_{_group(below)}" if below else "")
    if above:
        return f"{base}^{{{above}}}" + (f"_{{{below}}}" if below else "")
    return base + (f"_{_group(below)}" if below else "")


def _group(script: str) -> str:
    return script if len(script) == 1 else f"{{{script}}}"


def _latex_fraction(over: Piece, under: Piece) -> Piece:
    return Piece(rf"\frac{{{over.text}}}{{{under.text}}}", FRACTION, tall=True)


def _latex_ratio(over: str, under: str) -> Piece:
    tall = len(over) > 3 or len(under) > 3
    return Piece(rf"{_FRAC[tall]}{{{over}}}{{{under}}}", FRACTION, tall, numeric=True)


def _latex_fence(opening: str, body: str, closing: str, tall: bool) -> str:
    left, right = _OPENINGS.get(opening, opening), _CLOSINGS.get(closing, closing)
    return rf"\left{left.strip()} {body} \right{right.strip()}" if tall else left + body + right


def _latex_open_fence(opening: str, body: str, closing: str, tall: bool) -> str:
    if not tall:
        return _latex_fence(opening, body, closing, tall)
    left, right = _OPENINGS.get(opening, opening), _CLOSINGS.get(closing, closing)
    return rf"\bigl{left.strip()} {body} \bigr{right.strip()}"


def _latex_grid(rows: Sequence[Sequence[str]]) -> str:
    body = r" \\ ".join(" & ".join(row) for row in rows)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


LATEX = Format(
    name="latex",
    signs={
        "plus": " + ", "minus": " - ", "tight plus": "+", "tight minus": "-", "negative": "-",
        "⊙": r" \odot ", "*": " * ", "∘": r" \circ ", "kronecker": r" \otimes ", "space": " ",
        "tight space": "", "thin": r"\,", "times": r" \cdot ", "comma": ", ", "tight comma": ",",
        "semicolon": r";\, ", "one": "1", "bold one": r"\mathbf{1}", "zero": "0", "identity": "I",
        "partial": r"\partial ", "partial+": r"\partial^{+} ", "nabla": r"\nabla", "transposed": r"\top",
        "entrywise": r"\circ ", "star": "*", "prime": "'", "equals": " = ", "tight equals": "=",
        "at most": r" \le ", "at least": r" \ge ", "less": " < ", "unequal": r" \ne ", "about": r" \approx ",
        "implies": r" \Rightarrow ", "colon": ":", "sum": r"\sum", "product": r"\prod", "dots": r", \dots, ",
        "total": r"\text{total}", "direct": r"\text{direct}",
        "e": "e", "pi": r"\pi", "infinity": r"\infty",
    },
    number=str,
    letter=_latex_letter,
    word=lambda word: rf"\text{{{escape(word)}}}",
    accent=lambda accent, base, wide: rf"{_WIDE[accent] if wide else chr(92) + accent}{{{base}}}",
    bold=lambda base: rf"\boldsymbol{{{base}}}" if base.startswith("\\") else rf"\mathbf{{{base}}}",
    scripts=_latex_scripts,
    power=lambda base, exponent: f"{base}^{exponent if len(exponent) == 1 else '{' + exponent + '}'}",
    fraction=_latex_fraction,
    derivative=lambda over, under: Piece(rf"\frac{{{over}}}{{{under}}}", FRACTION, tall=True),
    ratio=_latex_ratio,
    root=lambda body: Piece(rf"\sqrt{{{body.text}}}", ATOM, body.tall),
    fence=_latex_fence,
    big=lambda sign, below, above: f"{sign}_{{{below}}}^{{{above}}} ",
    function=lambda name: _KNOWN_FUNCTIONS.get(name) or rf"\operatorname{{{name}}}",
    activation=lambda row: _PRIMES.sub(lambda found: "'" * found[0].count(r"\prime"), row.latex),
    other=sp.latex,
    row=join,
    grid=_latex_grid,
    open_fence=_latex_open_fence,
)  # fmt: skip
"""LaTeX for mathematics mode; needs amsmath."""
