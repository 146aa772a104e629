"""The tables behind the tokens: every spelling of a sign, a letter, an accent or a command, and its one form.

Reads nothing. Canonical forms are ASCII words for names and one character (or word) for operators.
"""
# ruff: noqa: E501 (tables are easier to check with a whole group on a line)

from __future__ import annotations

import unicodedata

from symrnn.algebra.activations import ACTIVATIONS
from symrnn.algebra.spelling import GREEK as _GREEK

# --- letters --------------------------------------------------------------------------------------------------------

GREEK = {letter: name for name, letter in _GREEK.items()} | {
    "ϕ": "phi", "ϵ": "epsilon", "ϑ": "theta", "ϱ": "rho", "ς": "sigma", "ο": "omicron",
}  # fmt: skip
"""A Greek letter to its name."""
GREEK_NAMES = frozenset(GREEK.values()) - {"Sigma", "Pi"}
GREEK_VARIANTS = frozenset({"varphi", "varepsilon", "vartheta", "varsigma", "varrho"})

MARKS = {
    "\u0303": "tilde", "\u0302": "hat", "\u0304": "bar", "\u0305": "bar", "\u0307": "dot", "\u0308": "ddot",
    "\u030c": "check", "\u20d7": "vec",
}  # fmt: skip
"""Combining characters."""
ACCENTS = {
    "tilde": "tilde", "widetilde": "tilde", "hat": "hat", "widehat": "hat", "bar": "bar", "overline": "bar",
    "dot": "dot", "ddot": "ddot", "check": "check", "overrightarrow": "forward", "overleftarrow": "backward",
}  # fmt: skip
"""Commands over a letter."""

FUNCTION_WORDS = frozenset(
    {word for row in ACTIVATIONS.values() for word in (row.name, row.unicode, *row.spellings) if word.isascii()}
    | {"softmax", "diag", "norm", "max", "min", "cross_entropy", "CE", "inner", "vec", "tr"}
) - {"sigma", "step", "id"}
"""Words that are functions wherever they stand."""

HAND_FUNCTIONS = frozenset({"det", "trace", "Tr", "sinh", "cosh", "sech", "artanh", "atanh", "arctanh"})
"""Functions of a person's working only."""

WORDS = FUNCTION_WORDS | GREEK_NAMES | frozenset(ACCENTS.values()) | {
    "prime", "star", "net", "dt", "sum", "prod", "true", "pred", "target", "old", "new",
}  # fmt: skip
"""Words that stay whole in LaTeX, where letters else stand one by one."""

# --- operators and brackets -----------------------------------------------------------------------------------------

OPERATORS = {
    "+": "+", "-": "-", "*": "*", "·": "·", "⋅": "·", "•": "·", "∙": "·", "×": "×", "÷": "/", "/": "/", "∕": "/",
    "⁄": "/", "⊙": "⊙", "∘": "⊙", "○": "⊙", "⨀": "⊙", "⊗": "⊗", "@": "@", "^": "^", "_": "_", "=": "=", "≔": "=",
    "←": "=", "≡": "=", "≜": "=", "≈": "≈", "≃": "≈", "≤": "≤", "≥": "≥", "<": "<", ">": ">", "⇒": "⇒", "⟹": "⇒",
    "→": "→", "≠": "≠", "∝": "∝", "∈": "∈", ",": ",", "、": ",", ";": ";", ":": ":", "|": "|", "‖": "‖", "∥": "‖",
    "√": "sqrt", "∂": "∂", "∑": "sum", "Σ": "sum", "∏": "prod", "Π": "prod", "⊤": "ᵀ", "ᵀ": "ᵀ", "'": "'", "′": "'",
    "’": "'", ".": ".", "。": ".", "…": "…", "∞": "∞", "∇": "∇", "±": "±", "!": "!",
}  # fmt: skip
PAIRS = {
    "**": "^", "||": "‖", "<=": "≤", ">=": "≥", "=>": "⇒", "->": "→", ":=": "=", "==": "=", "~=": "≈", "!=": "≠",
    ".*": "⊙", ".^": "^",
}  # fmt: skip
"""Operators of two characters."""
BRACKETS = {
    "(": ("open", "("), ")": ("close", ")"), "[": ("open", "["), "]": ("close", "]"), "{": ("open", "{"),
    "}": ("close", "}"), "⟨": ("open", "⟨"), "⟩": ("close", "⟩"), "〈": ("open", "⟨"), "〉": ("close", "⟩"),
}  # fmt: skip
CLOSER = {
    "(": ")", "[": "]", "{": "}", "⟨": "⟩", "matrix": "matrix", "cases": "cases", "determinant": "determinant",
}  # fmt: skip

# --- commands -------------------------------------------------------------------------------------------------------

COMMANDS = {
    "odot": "⊙", "circ": "⊙", "cdot": "·", "times": "×", "ast": "*", "bullet": "·", "otimes": "⊗", "div": "/",
    "eq": "=", "coloneqq": "=", "triangleq": "=", "equiv": "=", "leftarrow": "=", "gets": "=", "approx": "≈",
    "simeq": "≈", "sim": "≈", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "lt": "<", "gt": ">", "implies": "⇒",
    "Rightarrow": "⇒", "Longrightarrow": "⇒", "to": "→", "rightarrow": "→", "neq": "≠", "ne": "≠", "propto": "∝",
    "in": "∈", "colon": ":", "vert": "|", "mid": "|", "lvert": "|", "rvert": "|", "Vert": "‖", "lVert": "‖",
    "rVert": "‖", "top": "ᵀ", "intercal": "ᵀ", "prime": "'", "partial": "∂", "sum": "sum", "prod": "prod",
    "frac": "frac", "nicefrac": "frac", "sfrac": "frac", "tfrac": "frac", "dfrac": "frac", "cfrac": "frac", "sqrt": "sqrt", "dots": "…", "ldots": "…",
    "cdots": "…", "dotsb": "…", "dotsm": "…", "dotsc": "…", "vdots": "…", "ddots": "…", "star": "*", "infty": "∞", "nabla": "∇", "pm": "±",
}  # fmt: skip
BRACKET_COMMANDS = {
    "langle": ("open", "⟨"), "rangle": ("close", "⟩"), "lbrack": ("open", "["), "rbrack": ("close", "]"),
    "lbrace": ("open", "("), "rbrace": ("close", ")"), "lparen": ("open", "("), "rparen": ("close", ")"),
}  # fmt: skip
SKIPPED = frozenset({
    "left", "right", "middle", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr",
    "Biggl", "Biggr", "quad", "qquad", "displaystyle", "textstyle", "scriptstyle", "limits", "nolimits", "nonumber",
    "notag", "mathstrut", "strut", "scriptscriptstyle", "mathopen", "mathclose", "mathrel", "mathbin", "mathord", "thinspace", "enspace", "hfill", "hspace", "allowbreak", "enskip",
})  # fmt: skip
SKIPPED_WITH_ARGUMENT = frozenset({"label", "tag", "begin", "end", "phantom", "vspace", "color"})
MATRICES = frozenset({"matrix", "bmatrix", "pmatrix", "vmatrix", "smallmatrix"})
DETERMINANT = "vmatrix"
HAND_TABLES = MATRICES - {DETERMINANT} | {"array", "Bmatrix"}
"""In a working an array is a matrix, and bars around one are a determinant."""
LETTER_STYLES = frozenset({
    "boxed", "mathbf", "boldsymbol", "bm", "bold", "mathcal", "pmb", "vec", "underline", "ensuremath", "smash", "mathfrak", "mathbb", "mathscr",
})  # fmt: skip
WORD_STYLES = frozenset({
    "mathrm", "text", "textrm", "textit", "textbf", "texttt", "mathit", "mathsf", "operatorname", "rm", "textsf", "mbox",
})  # fmt: skip

# --- characters that are another spelling of others -----------------------------------------------------------------

LOW = {
    **{chr(0x2080 + digit): str(digit) for digit in range(10)},
    **dict(zip("₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "+-=()aehijklmnoprstuvx", strict=True)),
    **dict(zip("ᵦᵧᵨᵩᵪ", "βγρφχ", strict=True)),
}
"""Lowered characters."""
HIGH = {
    **{chr(0x2070 + digit): str(digit) for digit in (0, *range(4, 10))},
    **dict(zip("¹²³⁺⁻⁼⁽⁾ⁱⁿ", "123+-=()in", strict=True)),
    **dict(zip("ᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", "abcdefghjklmoprstuvwxyz", strict=True)),
}
"""Raised characters."""
FRACTIONS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅙": "1/6", "⅛": "1/8"}
BIDIRECTIONAL = frozenset(range(0x202A, 0x202F)) | frozenset(range(0x2066, 0x206A)) | {0x200E, 0x200F, 0x061C}


def _same_length() -> dict[int, str]:
    """Characters that are another spelling of one character: full-width forms, dashes, spaces, styled letters."""
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table |= {ord(sign): "-" for sign in "−‐‑‒–﹣"} | {ord(sign): "*" for sign in "∗⁎﹡"}
    table |= {ord(sign): " " for sign in "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"}
    table |= {ord(sign): " " for sign in "\u202f\u205f\u3000\u2061\u2062\u2063\u2064\r"}
    styled = {code: unicodedata.normalize("NFKC", chr(code)) for code in (*range(0x1D400, 0x1D800), 0x210E, 0x211D)}
    return table | {code: form for code, form in styled.items() if len(form) == 1 and form.isalnum()}


SAME_LENGTH = _same_length()
"""For `str.translate`: places stay what they are."""

_WORDS_BELOW = (
    "前一时刻|上一时刻|当前时刻|前一步|上一步|下一步|前一|上一|隐藏|输入|输出|遗忘|候选|更新|重置|当前|目标|预测|真实|裁剪|"
    "前|上|下|后|隐|入|出|新|旧|忘|候|总|初|末"
)
_HAN = r"\u3400-\u9fff"
CHINESE_BELOW = rf"(?:{_WORDS_BELOW})(?=[的为是则得等以和与对之值])|[{_HAN}]{{1,4}}(?![{_HAN}])|(?:{_WORDS_BELOW})"
"""A Chinese word below a name, `h_前`; behind a usual one prose may follow: "h_前的值"."""
