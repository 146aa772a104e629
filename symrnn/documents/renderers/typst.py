"""A typst document, from which `pdf` makes pages. Every word is a typst string, so no text of a user is a command."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Any

from symrnn import __version__
from symrnn.algebra.typst import TYPST, quoted
from symrnn.documents.document import MARK, Claim, Document, Figure, Section, Table, Words
from symrnn.documents.languages import sentence
from symrnn.documents.references import cited
from symrnn.documents.renderers.setting import SIGNS, Setter, title

ROOM = 430
"""Width of the text in tenths of an em: 166 mm at 11 pt."""
INDENT = 20


def to_typst(document: Document, fonts: tuple[str, ...] = ()) -> str:
    """The document for typst; `fonts` stand in for what New Computer Modern has not.

    >>> from symrnn.cells import rnn
    >>> from symrnn.documents import derive
    >>> print(to_typst(derive(rnn(), wrt="b")).splitlines()[1])
    #set document(title: "Gradients of RNN", author: ())
    """
    heading = quoted(title(document))
    families = ", ".join(map(quoted, ("New Computer Modern", *fonts)))
    setter = Setter(document, TYPST, _inline, _words, lambda number: _words(f" ({number})"))
    numbers = iter(range(1, 1 + sum(1 for _ in document.claims())))
    return (
        f"// {MARK} {__version__}\n#set document(title: {heading}, author: ())\n"
        f'#set text(font: ({families},), size: 11pt, lang: "{document.language}")\n{_sheet()}'
        f"{_running(document)}#align(center, text(size: 1.5em, {heading}))\n"
        + "".join(_other(setter, words) for words in document.above)
        + "".join(part for section in document.sections for part in _section(setter, section, numbers))
        + "".join(f"#block(text(size: 0.9em, {quoted(cited(key))}))\n" for key in document.citations)
    )


def _running(document: Document) -> str:
    """The foot of every page, where something is to stand there."""
    if not document.running:
        return ""
    text = _words(document.running)
    return f'#set page(footer: context align(center)[{text} #h(1em) #counter(page).display("1")])\n'


@cache
def _sheet() -> str:
    return (resources.files("symrnn.documents.renderers") / "page.typ").read_text(encoding="utf-8")


_SPELLED = {"∂⁺L/∂": "$∂^(+) L \\/ ∂$", "∂L/∂": "$∂ L \\/ ∂$", "∂⁺": "$∂^(+)$", "∂": "$∂$", "δ": "$δ$"}


def _words(text: str) -> str:
    return "".join(_SPELLED.get(part) or f"#{quoted(part)};" for part in SIGNS.split(text) if part)


def _inline(content: str, text: str) -> str:
    return f"$inline({content})$"


def _display(content: str) -> str:
    return f"$display({content})$"


def _section(setter: Setter, section: Section, numbers: Iterator[int]) -> Iterator[str]:
    yield f"= {_words(sentence(section.title, setter.document.language))}\n"
    for kind, blocks in groupby(section.blocks, type):
        if kind is Claim:
            yield from _claims(setter, [block for block in blocks if isinstance(block, Claim)], numbers)
        else:
            yield from (_other(setter, block) for block in blocks)


def _other(setter: Setter, block: Any) -> str:
    if isinstance(block, Words):
        return f"\n{setter.sentence(block.key, block.about)}\n\n"
    if isinstance(block, Figure):
        return f'#image(bytes({_string(block.svg)}), format: "svg", width: 100%, alt: {_string(block.alt)})\n'
    assert isinstance(block, Table)
    return "".join(_table(setter, table) for table in setter.tables(block))


def _string(text: str) -> str:
    """A string of typst."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _claims(setter: Setter, claims: list[Claim], numbers: Iterator[int]) -> Iterator[str]:
    lefts = [setter.values(claim.lhs) for claim in claims]
    widest = max(len(width) for _, width, _ in lefts)
    yield "#claims(\n"
    for claim, (left, _, _) in zip(claims, lefts, strict=True):
        number = next(numbers)
        lines = setter.lines(claim, ROOM - widest - INDENT * 2, INDENT)
        # A sign that begins a line has an empty string to its left, so that it is set as one between two things.
        rows = [_display(line.text if place == 0 else f'"" {line.text}') for place, line in enumerate(lines)]
        body = "".join(f"[{row}], " for row in rows)
        yield f"  ([{_display(left)}], ({body}), [{setter.notes(claim)}], {number}, {claim.room}),\n"
        setter.defines(claim, number)
    yield ")\n"


def _table(setter: Setter, table: Table) -> str:
    def row(cells: tuple[Any, ...]) -> str:
        return ", ".join(f"[{_inline(setter.values(cell)[0], '') if cell != '' else ''}]" for cell in cells)

    heads = ", ".join(f"[{_display(setter.values(cell)[0])}]" for cell in table.heads)
    body = "".join(f"  {'table.hline(), ' if cells[0] == 'Σ' else ''}{row(cells)},\n" for cells in table.rows)
    return (
        f"#align(center, table(columns: {len(table.heads)}, align: right, stroke: none, inset: (x: 0.8em, y: 0.4em),\n"
        f"  {heads}, table.hline(),\n{body}))\n"
    )
