"""Markdown as GitHub and notebooks show it: an equation between `$$` a line, its number as a tag, the reason below."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

from symrnn import __version__
from symrnn.algebra.dollars import DOLLARS
from symrnn.documents.document import MARK, Claim, Document, Figure, Section, Table, Words
from symrnn.documents.languages import sentence
from symrnn.documents.references import cited
from symrnn.documents.renderers.setting import SIGNS, Setter, title

_ACTIVE = re.compile(r"([\\`*_{}\[\]<>#|~$!&])")
_SPELLED = {
    "∂⁺L/∂": r"$\partial^{+}L/\partial$",
    "∂L/∂": r"$\partial L/\partial$",
    "∂⁺": r"$\partial^{+}$",
    "∂": r"$\partial$",
    "δ": r"$\delta$",
}


def to_markdown(document: Document) -> str:
    """The document in Markdown.

    >>> from symrnn.cells import rnn
    >>> from symrnn.documents import derive
    >>> print(derive(rnn(), wrt="b").to_markdown().splitlines()[2])
    # Gradients of RNN
    """
    return f"<!-- {MARK} {__version__} -->\n\n" + "\n".join(parts(document))


def parts(document: Document) -> Iterator[str]:
    """The title, then the sections, then the references: what a notebook has a cell for each of."""
    setter = Setter(document, DOLLARS, _inline(document), escape, lambda number: f" ({number})")
    numbers = iter(range(1, 1 + sum(1 for _ in document.claims())))
    above = (setter.sentence(words.key, words.about).strip() for words in document.above)
    yield "\n".join((f"# {escape(title(document))}\n", *(f"{text}\n" for text in above)))
    for place, section in enumerate(document.sections, start=1):
        yield _section(setter, place, section, numbers)
    if document.citations:
        heading = escape(sentence("references", document.language))
        yield f"## {heading}\n\n" + "".join(f"- {escape(cited(key))}\n" for key in document.citations)


def escape(text: str) -> str:
    """Text in which nothing is Markdown; ∂ and δ as mathematics.

    >>> print(escape("W_h *and* <b>"))
    W\\_h \\*and\\* \\<b\\>
    """
    return "".join(_SPELLED.get(piece) or _ACTIVE.sub(r"\\\1", piece) for piece in SIGNS.split(text))


def _inline(document: Document) -> Any:
    # GitHub knows a formula by the space or the sign before it, and Chinese is written without spaces.
    space = " " if document.language == "zh" else ""
    return lambda math, text: f"{space}${math}${space}"


def _section(setter: Setter, place: int, section: Section, numbers: Iterator[int]) -> str:
    blocks = [f"## {place}. {escape(sentence(section.title, setter.document.language))}\n"]
    for block in section.blocks:
        if isinstance(block, Claim):
            blocks.append(_claim(setter, block, next(numbers)))
        elif isinstance(block, Words):
            blocks.append(setter.sentence(block.key, block.about).strip() + "\n")
        elif isinstance(block, Figure):
            data = base64.b64encode(block.svg.encode()).decode()
            blocks.append(f"![{escape(block.alt)}](data:image/svg+xml;base64,{data})\n")
        else:
            blocks += [_table(setter, table) for table in setter.tables(block)]
    return "\n".join(blocks)


def _claim(setter: Setter, claim: Claim, number: int) -> str:
    left = setter.values(claim.lhs)[0]
    right = "".join(setter.sign(relation)[0] + setter.values(value)[0] for relation, value in setter.chain(claim))
    where = "".join(f" \\qquad {setter.steps(place)[0]}" for place in claim.domain[:1])
    note = "; ".join(filter(None, [*setter.conditions(claim), setter.why(claim)])).strip()
    setter.defines(claim, number)
    return f"$$\n{left}{right}{where} \\tag{{{number}}}\n$$\n" + (f"\n{note}\n" if note else "")


def _table(setter: Setter, table: Table) -> str:
    def row(cells: tuple[Any, ...]) -> str:
        return "| " + " | ".join(f"${setter.values(cell)[0]}$" if cell != "" else "" for cell in cells) + " |\n"

    return row(table.heads) + "|" + " ---: |" * len(table.heads) + "\n" + "".join(row(cells) for cells in table.rows)
