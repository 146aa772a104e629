"""LaTeX: a complete document, or a fragment for `\\input`; amsmath only.

Text from outside is escaped; mathematics is printed from its tree. Long right sides break at their outermost
operators, so that lines stay within the text width.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import sympy as sp

from symrnn.algebra.layout import Style
from symrnn.algebra.nodes import Add, Node, Number
from symrnn.algebra.printing import to_latex as node_to_latex
from symrnn.algebra.programs import Reason
from symrnn.documents.document import Claim, Document, Formula, Norm, Section, Table, Words
from symrnn.documents.languages import sentence
from symrnn.documents.spelled import in_words, number_text

PREAMBLE = r"""\documentclass[11pt]{article}
\usepackage[a4paper,margin=25mm]{geometry}
\usepackage{amsmath}
\allowdisplaybreaks
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt}
"""
WIDEST = 62
"""Visible characters of mathematics that fit on a line of the text width."""

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}
_SPELLED = {"∂⁺": r"$\partial^{+}$", "∂": r"$\partial$", "δ": r"$\delta$", "−": "$-$", "–": "--", "…": r"\dots{}"}


def escape(text: str) -> str:
    """Text in which nothing is a command.

    >>> escape("50% of W_h")
    '50\\\\% of W\\\\_h'
    """
    escaped = "".join(_ESCAPES.get(character, character) for character in text)
    for sign, spelled in _SPELLED.items():
        escaped = escaped.replace(sign, spelled)
    return "".join(_printable(character) for character in escaped)


def _printable(character: str) -> str:
    """Characters pdfLaTeX sets; others by their code, so that a document always compiles."""
    if ord(character) < 0x180 and (character.isprintable() or character == "\n"):
        return character
    return f"U+{ord(character):04X}" if character.isprintable() else " "


def to_latex(document: Document, fragment: bool = False) -> str:
    """The document in LaTeX, complete or as a fragment.

    >>> from symrnn.cells import rnn
    >>> from symrnn.documents import derive
    >>> derive(rnn(), wrt="b").to_latex(fragment=True).splitlines()[0]
    '\\\\section*{The model}'
    """
    body = "\n".join(_section(section, document.style) for section in document.sections)
    if fragment:
        return body
    title = escape(sentence("derivation").format(document.title))
    return (
        f"{PREAMBLE}\\title{{{title}}}\n\\author{{}}\n\\date{{}}\n\\begin{{document}}\n\\maketitle\n"
        f"{body}\\end{{document}}\n"
    )


def aligned(document: Document) -> str:
    """The claims as one aligned display, for a notebook."""
    lines = [line for claim in document.claims() for line in _claim(claim, document.style, reasons=False)]
    return "$$\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}$$"


def equations(document: Document) -> list[dict[str, str]]:
    """Each claim as `lhs`, `rhs` and `reason`."""
    style = document.style
    return [
        {
            "lhs": _value(claim.lhs, style),
            "rhs": _value(claim.rhs, style),
            "relation": claim.relation,
            "reason": in_words(claim.reason.key, claim.reason.about, lambda value: _inline(value, style)),
        }
        for claim in document.claims()
    ]


def _section(section: Section, style: Style) -> str:
    lines = [f"\\section*{{{escape(sentence(section.title))}}}"]
    for kind, blocks in groupby(section.blocks, type):
        group = list(blocks)
        if kind is Claim:
            lines.append(_display([block for block in group if isinstance(block, Claim)], style))
        else:
            lines += [_other(block, style) for block in group]
    return "\n".join(lines) + "\n"


def _other(block: Any, style: Style) -> str:
    if isinstance(block, Words):
        return _sentence(block.key, block.about, style) + "\n"
    assert isinstance(block, Table)
    return _table(block, style)


def _inline(value: Any, style: Style) -> str:
    if isinstance(value, Formula):
        return f"${_formula(value, style)}$"
    if isinstance(value, Node):
        return f"${node_to_latex(value, style)}$"
    return escape(str(value))


def _sentence(key: str, about: tuple[Any, ...], style: Style) -> str:
    return in_words(key, about, lambda value: _inline(value, style), escape)


_SIGNS = {"≠": r"\ne", "≤": r"\le", "≥": r"\ge", "≈": r"\approx", "⇒": r"\Rightarrow"}


def _formula(formula: Formula, style: Style) -> str:
    right = node_to_latex(formula.right, style) if formula.right is not None else ""
    sign = _SIGNS.get(formula.relation, formula.relation)
    if sign.isalpha() or " " in sign:
        sign = f"\\text{{ {escape(sign)} }}"
    return f"{node_to_latex(formula.left, style)} {sign} {right}".strip()


def _display(claims: Sequence[Claim], style: Style) -> str:
    lines = [line for claim in claims for line in _claim(claim, style)]
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"


def _claim(claim: Claim, style: Style, reasons: bool = True) -> list[str]:
    """The lines of a claim; where it holds and why stand in the tag, which moves below where it does not fit."""
    lines = _broken(_value(claim.lhs, style), claim.relation, claim.rhs, style)
    for relation, value in claim.more:
        more = f"{_RELATIONS[relation]} {_value(value, style)}"
        if visible(lines[-1]) + visible(more) <= WIDEST:
            lines[-1] += f" {more}"
        else:
            lines.append(f"&{more}")
    notes = [*_where(claim, style), *(_why(claim.reason, style) if reasons else ())]
    if notes and reasons:
        lines[-1] += f" \\tag*{{\\footnotesize {'; '.join(notes)}}}"
    elif notes:
        lines[-1] += f" \\quad \\text{{{'; '.join(notes)}}}"
    return lines


_RELATIONS = {"=": "=", "≈": r"\approx", "≤": r"\le", "<": "<", "⇒": r"\Rightarrow"}


def _broken(left: str, relation: str, value: Any, style: Style) -> list[str]:
    """One line, or one for each run of summands that fits."""
    sign = _RELATIONS[relation]
    whole = _value(value, style)
    if not isinstance(value, Add) or visible(whole) <= WIDEST:
        return [f"{left} &{sign} {whole}"]
    rows = _rows(value, style)
    return [f"{left} &{sign} {rows[0]}", *(f"&\\quad {row}" for row in rows[1:])]


def _rows(value: Add, style: Style) -> list[str]:
    """The summands in rows that fit: each row is printed as a sum, so signs stand as the printer sets them."""
    rows: list[list[Node]] = [[]]
    for term in value.operands:
        candidate = [*rows[-1], term]
        if rows[-1] and visible(_summed(candidate, style)) > WIDEST:
            rows.append([term])
        else:
            rows[-1] = candidate
    texts = [_summed(row, style) for row in rows]
    return [texts[0], *(text if text.startswith("-") else f"+ {text}" for text in texts[1:])]


def _summed(terms: Sequence[Node], style: Style) -> str:
    return node_to_latex(terms[0] if len(terms) == 1 else Add(*terms), style)


def visible(latex: str) -> int:
    """About how many characters a formula is wide: commands count one, braces and scripts' marks none."""
    count, position = 0, 0
    while position < len(latex):
        if latex[position] == "\\":
            end = position + 1
            while end < len(latex) and latex[end].isalpha():
                end += 1
            count += 0 if latex[position:end] in ("\\left", "\\right", "\\frac", "\\bar", "\\tilde") else 1
            position = max(end, position + 2) if end == position + 1 else end
        else:
            count += latex[position] not in "{}_^ &"
            position += 1
    return count


def _value(value: Any, style: Style) -> str:
    if isinstance(value, Norm):
        return f"\\lVert {node_to_latex(value.of, style)} \\rVert"
    if isinstance(value, list | tuple):
        rows = [part if isinstance(part, list | tuple) else (part,) for part in value]
        body = r" \\ ".join(" & ".join(_value(entry, style) for entry in row) for row in rows)
        return f"\\begin{{bmatrix}} {body} \\end{{bmatrix}}"
    if isinstance(value, Node):
        return node_to_latex(value, style)
    if isinstance(value, str):
        return _TEXTS.get(value, f"\\text{{{escape(value)}}}")
    return _number(value)


_TEXTS = {"": "", "⋮": r"\vdots", "Σ": r"\sum"}


def _number(value: Any) -> str:
    return sp.latex(value) if isinstance(value, sp.Expr) else _plain(number_text(value))


def _plain(text: str) -> str:
    mantissa, exponent, power = text.partition("e")
    if exponent:
        return f"{mantissa} \\cdot 10^{{{int(power)}}}"
    top, slash, bottom = text.partition("/")
    return f"{'-' if top.startswith('-') else ''}\\tfrac{{{top.lstrip('-')}}}{{{bottom}}}" if slash else text


def _where(claim: Claim, style: Style) -> list[str]:
    parts = [in_words("where", (c,), lambda value: _inline(value, style), escape) for c in claim.conditions]
    if claim.domain:
        first = claim.domain[0]
        ends = (first.lo, first.hi) if first.step > 0 else (first.hi, first.lo)
        parts.append(f"${first.index} = {node_index(ends[0])}, \\dots, {node_index(ends[1])}$")
    return parts


def node_index(value: sp.Expr) -> str:
    """An index or bound: `T`, `t-1`, `3`."""
    return node_to_latex(Number(value))


def _why(reason: Reason, style: Style) -> list[str]:
    words = _sentence(reason.key, reason.about, style)
    return [words] if reason.key not in ("given", "closed form") else []


def _table(table: Table, style: Style) -> str:
    def row(cells: Iterable[Any]) -> str:
        return " & ".join(f"${_value(cell, style)}$" for cell in cells) + r" \\"

    lines = [row(table.heads), r"\hline", *(row(cells) for cells in table.rows)]
    columns = "r" * len(table.heads)
    return (
        f"\\begin{{center}}\n\\begin{{tabular}}{{{columns}}}\n" + "\n".join(lines) + "\n\\end{tabular}\n\\end{center}"
    )
