"""LaTeX, complete or as a fragment: amsmath only (and ctex for Chinese), numbered equations, text escaped.

Lines break at operators, inside parentheses too, so that they stay within the text width; what a reason points to
is a `\\ref` to a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from symrnn import __version__
from symrnn.algebra.spelling import GREEK, LATEX, TEXT
from symrnn.documents.document import MARK, Claim, Document, Figure, Section, Table, Words
from symrnn.documents.languages import sentence
from symrnn.documents.references import REFERENCES, cited
from symrnn.documents.renderers.setting import Setter, title
from symrnn.documents.spelled import in_words
from symrnn.documents.spelled import width as columns

PREAMBLE = r"""\documentclass[11pt,fleqn]{article}
\usepackage[a4paper,margin=25mm]{geometry}
\usepackage{amsmath}
\setlength{\mathindent}{1em}
\allowdisplaybreaks
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt}
"""
PICTURE = "% A picture stands here: symrnn draw … -o graph.pdf"
"""Where a picture goes; a comment unless there is a file of it."""
CHINESE = "\\PassOptionsToPackage{quiet}{fontspec}\n\\usepackage[UTF8,scheme=plain]{ctex}\n"
ROOM = 375
"""Tenths of an em on a line of the text width, less the number of the equation."""
INDENT = 20
LINE = 1.4
"""Em of a line that is left free."""
NOTE = 4.1
"""Tenths of an em that a column of a note takes, in its smaller letters."""

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
    "|": r"\textbar{}",
}
_SPELLED = {
    "∂⁺L/∂": r"$\partial^{+}L/\partial$",
    "∂L/∂": r"$\partial L/\partial$",
    "∂⁺": r"$\partial^{+}$",
    "∂": r"$\partial$",
    **{letter: f"$\\{name}$" for name, letter in GREEK.items()},
    **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", (f"$^{digit}$" for digit in range(10)), strict=True)),
    **dict(zip("₀₁₂₃₄₅₆₇₈₉", (f"$_{digit}$" for digit in range(10)), strict=True)),
    "½": r"$\tfrac12$",
    "·": r"$\cdot$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "≈": r"$\approx$",
    "≠": r"$\ne$",
    "→": r"$\to$",
    "∞": r"$\infty$",
    "−": "$-$",
    "–": "--",
    "…": r"\dots{}",
}
_WIDE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")


def escape(text: str, wide: bool = False) -> str:
    """Text in which nothing is a command; `wide` says that Chinese letters can be set.

    >>> escape("50% of W_h")
    '50\\\\% of W\\\\_h'
    """
    escaped = "".join(_ESCAPES.get(character, character) for character in text)
    for sign, spelled in _SPELLED.items():
        escaped = escaped.replace(sign, spelled)
    # σ² is one formula; a dollar of the text has a backslash before it.
    escaped = re.sub(r"(?<!\\)\$\$", "", escaped)
    return "".join(_printable(character, wide) for character in escaped)


def _printable(character: str, wide: bool) -> str:
    """Characters LaTeX sets; others by their code, so that a document always compiles."""
    if ord(character) < 0x180 and (character.isprintable() or character == "\n"):
        return character
    if wide and _WIDE.match(character):
        return character
    if character in "‘’“”—":
        return {"‘": "`", "’": "'", "“": "``", "”": "''", "—": "---"}[character]
    return f"U+{ord(character):04X}" if character.isprintable() else " "


def is_wide(document: Document) -> bool:
    """Whether a document holds Chinese, and so needs ctex and xelatex: in its own words, or in a name."""
    return document.language == "zh" or any(map(_WIDE.search, _texts(document)))


def _texts(document: Document) -> Iterator[str]:
    """Text that is no sentence of ours."""
    yield from (document.title, document.convention, document.subject, document.running)
    sections = (block for section in document.sections for block in section.blocks)
    for block in (*document.above, *sections):
        if isinstance(block, Words):
            yield from _said(block)


def _said(words: Words) -> Iterator[str]:
    for value in words.about:
        for each in value if isinstance(value, tuple | list) else (value,):
            if isinstance(each, Words):
                yield from _said(each)
            elif isinstance(each, str):
                yield each


def to_latex(document: Document, fragment: bool = False, graph: str = "") -> str:
    """The document in LaTeX, complete or as a fragment; its picture stands in the PDF file that `graph` names.

    >>> from symrnn.cells import rnn
    >>> from symrnn.documents import derive
    >>> derive(rnn(), wrt="b").to_latex(fragment=True).splitlines()[1]
    '\\\\section*{The model}'
    """
    setter = _setter(document)
    numbers = iter(range(1, 1 + sum(1 for _ in document.claims())))
    above = "".join(setter.sentence(words.key, words.about) + "\n\n" for words in document.above)
    body = above + "\n".join(_section(setter, section, numbers) for section in document.sections)
    if graph:
        picture = f"\\includegraphics[width=\\linewidth]{{{graph}}}"
        body = body.replace(PICTURE, f"\\begin{{center}}\n{picture}\n\\end{{center}}")
    mark = f"% {MARK} {__version__}\n"
    if fragment:
        return mark + body
    chinese = CHINESE if is_wide(document) else ""
    pictures = "\\usepackage{graphicx}\n" if graph else ""
    return (
        f"{mark}{PREAMBLE}{pictures}{chinese}{_running(document, setter)}"
        f"\\title{{{setter.escape(title(document))}}}\n\\author{{}}\n\\date{{}}\n"
        f"\\begin{{document}}\n\\maketitle\n{body}{_references(document, setter)}\\end{{document}}\n"
    )


def _running(document: Document, setter: Setter) -> str:
    """The foot of every page, where something is to stand there."""
    if not document.running:
        return ""
    foot = f"\\hfil {setter.escape(document.running)} \\quad \\thepage \\hfil"
    return f"\\makeatletter\\def\\@oddfoot{{{foot}}}\\def\\ps@plain{{}}\\makeatother\n"


def _setter(document: Document) -> Setter:
    label = _label(document)
    return Setter(
        document,
        LATEX,
        lambda math, text: f"${math}$",
        partial(escape, wide=is_wide(document)),
        lambda number: f" (\\ref{{{label}{number}}})",
    )


def _label(document: Document) -> str:
    """What the labels of a document begin with, so that two fragments can stand in one text."""
    return f"eq:{re.sub('[^a-z0-9]+', '-', document.title.lower()).strip('-')}-"


def _references(document: Document, setter: Setter) -> str:
    keys = [key for key in document.citations if key in REFERENCES]
    if not keys:
        return ""
    items = "".join(f"\\bibitem{{{key}}} {setter.escape(cited(key))}\n" for key in keys)
    heading = setter.escape(sentence("references", document.language))
    return (
        f"\\renewcommand{{\\refname}}{{{heading}}}\n\\begin{{thebibliography}}{{9}}\n{items}\\end{{thebibliography}}\n"
    )


def aligned(document: Document) -> str:
    """The claims as one aligned display, for a notebook."""
    setter = _setter(document)
    lines = []
    for claim in document.claims():
        first, *rest = setter.lines(claim, ROOM * 2, INDENT)
        notes = setter.where(claim)
        note = f" \\quad \\text{{{'; '.join(notes)}}}" if notes else ""
        lines += [f"{setter.values(claim.lhs)[0]} &{first.text}", *(f"&\\quad {line.text}" for line in rest)]
        lines[-1] += note
    return "$$\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}$$"


def equations(document: Document) -> list[dict[str, str]]:
    """Each claim as `lhs`, `rhs`, `relation`, `reason` and how it was `checked`."""
    setter = _setter(document)
    return [
        {
            "lhs": setter.values(claim.lhs)[0],
            "rhs": setter.values(claim.rhs)[0],
            "relation": claim.relation,
            "reason": in_words(claim.reason.key, claim.reason.about, setter.said, language=document.language),
            "checked": claim.certificate,
        }
        for claim in document.claims()
    ]


def _section(setter: Setter, section: Section, numbers: Iterator[int]) -> str:
    parts = [f"\\section*{{{setter.escape(sentence(section.title, setter.document.language))}}}\n"]
    for kind, blocks in groupby(section.blocks, type):
        group = list(blocks)
        if kind is Claim:
            parts.append(_display(setter, [block for block in group if isinstance(block, Claim)], numbers))
        else:
            # A display belongs to the paragraph before it, so no empty line stands between them.
            parts.append("\n".join(_other(setter, block) for block in group))
    return "".join(parts)


def _other(setter: Setter, block: Any) -> str:
    if isinstance(block, Words):
        return setter.sentence(block.key, block.about) + "\n"
    if isinstance(block, Figure):
        return PICTURE + "\n"
    assert isinstance(block, Table)
    return "".join(_table(setter, table) for table in setter.tables(block))


def _display(setter: Setter, claims: Sequence[Claim], numbers: Iterator[int]) -> str:
    lefts = [setter.values(claim.lhs) for claim in claims]
    widest = max(len(width) for _, width, _ in lefts)
    parts: list[str] = []
    for claim, (left, _, _) in zip(claims, lefts, strict=True):
        # An asterisk after the break keeps the lines of a claim on one page.
        parts.append(" \\\\*\n".join(_claim(setter, claim, left, widest, next(numbers))))
        parts.append(f" \\\\[{claim.room * LINE:.1f}em]\n" if claim.room else " \\\\\n")
    free = f"\\vspace{{{claims[-1].room * LINE:.1f}em}}\n" if claims[-1].room else ""
    return "\\begin{align}\n" + "".join(parts[:-1]) + "\n\\end{align}\n" + free


def _claim(setter: Setter, claim: Claim, left: str, widest: int, number: int) -> Iterator[str]:
    """The lines of a claim; where it holds and why stand beside it, or below where that does not fit."""
    room = ROOM - widest
    lines = setter.lines(claim, room, INDENT)
    note, plain = setter.notes(claim), _plain(setter).notes(claim)
    setter.defines(claim, number)
    label = f" \\label{{{_label(setter.document)}{number}}}"
    for place, line in enumerate(lines):
        last = place == len(lines) - 1
        start = f"{left} &{line.text.rstrip()}" if place == 0 else f"&\\quad {line.text.strip()}"
        taken = line.width + (INDENT if place else 0)
        if not last:
            yield f"{start} \\notag"
        elif not note:
            yield start + label
        elif taken + INDENT + NOTE * columns(plain) <= room:
            yield f"{start} \\qquad \\text{{\\footnotesize {note}}}{label}"
        else:
            yield start + label
            yield _below(note, plain, room - 2 * INDENT)


def _below(note: str, plain: str, room: int) -> str:
    if NOTE * columns(plain) <= room:
        return f"&\\quad \\text{{\\footnotesize {note}}} \\notag"
    return f"&\\quad \\parbox[t]{{{room / 10:.0f}em}}{{\\footnotesize\\raggedright {note}}} \\notag"


def _plain(setter: Setter) -> Setter:
    return Setter(setter.document, TEXT, lambda math, text: text, str, lambda number: f" ({number})", setter.numbers)


def _table(setter: Setter, table: Table) -> str:
    def row(cells: Iterable[Any]) -> str:
        return " & ".join(f"${setter.values(cell)[0]}$" for cell in cells) + r" \\"

    lines = [row(table.heads), r"\hline", *(row(cells) for cells in table.rows)]
    shape = "r" * len(table.heads)
    return (
        f"\\begin{{center}}\n\\renewcommand{{\\arraystretch}}{{1.5}}\n\\begin{{tabular}}{{{shape}}}\n"
        + "\n".join(lines)
        + "\n\\end{tabular}\n\\end{center}\n"
    )
