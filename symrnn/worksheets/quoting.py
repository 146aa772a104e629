r"""What a student wrote, as it is repeated to the student: in one line, LaTeX as the mathematics it stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

MOST_SHOWN = 200
"""Letters of an answer that are repeated."""
MOST_READ = 2_000
MOST_NESTED = 8

SIGNS: Mapping[str, str] = MappingProxyType(
    {
        "cdot": "·", "times": "×", "approx": "≈", "simeq": "≈", "doteq": "≈", "partial": "∂", "odot": "⊙", "pm": "±",
        "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "to": "→", "infty": "∞", "sum": "Σ",
        "prod": "∏", "sqrt": "√", "top": "T", "circ": "°", "quad": " ", "qquad": " ", "dots": "…", "ldots": "…",
        "left": "", "right": "", "big": "", "Big": "", "checkmark": "", "displaystyle": "",
    }
)  # fmt: skip
"""What LaTeX calls signs."""
GREEK: Mapping[str, str] = MappingProxyType(
    {
        "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "theta": "θ", "lambda": "λ",
        "mu": "μ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "omega": "ω",
        "Delta": "Δ", "Sigma": "Σ",
    }
)  # fmt: skip
_RAISED = str.maketrans("0123456789+-nT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿᵀ")
_INNER = r"((?:[^{}]|\{[^{}]*\})*)"
_FRACTION = re.compile(rf"\\[dt]?frac\s*\{{{_INNER}\}}\s*\{{{_INNER}\}}")
_SHORT = re.compile(r"\\[dt]?frac\s*(\d)\s*(\d)")
_WRAPPED = re.compile(r"\\(?:text|mathrm|mathbf|mathit|mathsf|boxed|underline|operatorname|textbf)\s*\{([^{}]*)\}")
MATRIX = re.compile(r"\\begin\{[a-zA-Z]{0,3}matrix\}(.*?)\\end\{[a-zA-Z]{0,3}matrix\}", re.DOTALL)
"""A matrix as LaTeX writes it; its inside is the first group."""
_FRAME = re.compile(r"\\(?:begin|end)\{[a-zA-Z]{1,12}\*?\}|\$|\\[()\[\]]|\\\\|&")
_SPACE = re.compile(r"(?<!\\)\\[,;:!> ]|\\thinspace(?![a-z])")
_PARTIAL = re.compile(r"\\partial(?![A-Za-z])\s*")
_NAME = re.compile(r"\\([A-Za-z]+)")
_POWER = re.compile(r"\^\s*(?:\{\s*([-+0-9nT]+)\s*\}|([0-9nT]))")
_INDEX = re.compile(r"_\s*\{\s*([^{}]*?)\s*\}")


def quoted(text: str) -> str:
    r"""An answer in one line of bounded length, without commands of LaTeX.

    >>> quoted(r"W_{h} h_0 = -\frac{1}{2} \cdot \tanh(x)^{2} \approx 0.5")
    'W_h h_0 = -1/2 · tanh(x)² ≈ 0.5'
    """
    line = " ".join((readable(text[:MOST_READ]) if "\\" in text[:MOST_READ] else text).split())
    return line if len(line) <= MOST_SHOWN else line[:MOST_SHOWN] + "…"


def readable(text: str) -> str:
    r"""LaTeX as plain text.

    >>> readable(r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}")
    '[1, 2; 3, 4]'
    """
    text = MATRIX.sub(bracketed, _SPACE.sub(" ", _PARTIAL.sub("∂", text)))
    for _ in range(MOST_NESTED):
        before = text
        text = _SHORT.sub(r"\1/\2", _FRACTION.sub(_quotient, _WRAPPED.sub(r"\1", text)))
        if text == before:
            break
    text = _POWER.sub(lambda found: (found[1] or found[2]).translate(_RAISED), _FRAME.sub(" ", text))
    text = _INDEX.sub(lambda found: "_" + found[1].replace(" ", ""), text)
    text = _NAME.sub(lambda found: SIGNS.get(found[1], GREEK.get(found[1], found[1])), text)
    return re.sub(r"\s+", " ", text.replace("{", "").replace("}", "")).strip()


def _quotient(found: re.Match[str]) -> str:
    return f"{_whole(found[1])}/{_whole(found[2])}"


def _whole(part: str) -> str:
    """A side of a quotient, in parentheses where it has several parts."""
    part = part.strip()
    return part if re.fullmatch(r"-?[\w.\\^∂{}]+", part) else f"({part})"


def bracketed(found: re.Match[str]) -> str:
    """The rows of a `MATRIX` in brackets."""
    rows = (row.split("&") for row in found[1].split("\\\\") if row.strip())
    return "[" + "; ".join(", ".join(cell.strip() for cell in row) for row in rows) + "]"
