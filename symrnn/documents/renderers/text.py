"""Plain text for the terminal: numbered sections, equations aligned at their relation, the reason to the right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from symrnn.algebra.layout import Style
from symrnn.algebra.nodes import Node
from symrnn.algebra.printing import to_text as node_to_text
from symrnn.algebra.programs import Reason
from symrnn.documents.document import Blank, Claim, Document, Figure, Formula, Norm, Section, Table, Words
from symrnn.documents.languages import sentence
from symrnn.documents.renderers.setting import in_columns, title
from symrnn.documents.spelled import in_words, number_text, padded, width

INDENT = "    "
WIDEST_LEFT = 34
WIDEST_BODY = 64


def to_text(document: Document) -> str:
    """The document as plain text.

    >>> from symrnn.cells import rnn
    >>> from symrnn.documents import derive
    >>> print(derive(rnn(), wrt="b").to_text().splitlines()[0])
    Gradients of RNN
    """
    heading = title(document)
    parts = [f"{heading}\n{'=' * width(heading)}"]
    if document.above:
        parts.append("\n".join(line for words in document.above for line in _other(words, document)))
    for number, section in enumerate(document.sections, start=1):
        parts.append(_section(number, section, document))
    return "\n\n".join(parts) + "\n"


def _section(number: int, section: Section, document: Document) -> str:
    lines = [f"{number}. {sentence(section.title, document.language)}", ""]
    for kind, blocks in groupby(section.blocks, type):
        group = list(blocks)
        if kind is Claim:
            lines += _claims([block for block in group if isinstance(block, Claim)], document)
        else:
            lines += [line for block in group for line in _other(block, document)]
    return "\n".join(lines)


def _other(block: Any, document: Document) -> Iterable[str]:
    if isinstance(block, Words):
        yield from (INDENT + line for line in wrapped(_words(block.key, block.about, document)))
    elif isinstance(block, Figure):
        yield f"{INDENT}[{block.alt}]"
    elif isinstance(block, Table):
        yield from _table(block, document.style)


def _words(key: str, about: tuple[Any, ...], document: Document) -> str:
    return in_words(key, about, _math(document.style), language=document.language)


def wrapped(text: str, columns: int = 100) -> list[str]:
    """Text broken into lines at spaces, and between Chinese characters.

    >>> wrapped("the gradient of a state", 12)
    ['the gradient', 'of a state']
    """
    lines, current = [], ""
    for word in _BREAKS.findall(text):
        if current and width(current) + width(word.rstrip()) > columns:
            lines.append(current.rstrip())
            current = word
        else:
            current += word
    return [*lines, current.rstrip()]


_BREAKS = re.compile("[\u2e80-\u9fff][\u3000-\u303f\uff00-\uffef]*|[^\u2e80-\u9fff\\s]*\\s+|[^\u2e80-\u9fff\\s]+")
"""Words with the space after them; Chinese may break after every character, but not before its punctuation."""


def _math(style: Style) -> Any:
    def say(value: Any) -> str:
        if isinstance(value, Formula):
            right = f" {say(value.right)}" if value.right is not None else ""
            return f"{say(value.left)} {value.relation}{right}"
        return node_to_text(value, style) if isinstance(value, Node) else str(value)

    return say


def _claims(claims: Sequence[Claim], document: Document) -> list[str]:
    style = document.style
    say = _math(style)
    lefts = [say(claim.lhs) for claim in claims]
    bodies = [_body(claim, style) for claim in claims]
    columns = min(max(map(width, lefts)), WIDEST_LEFT)
    reach = max((width(body) for body in bodies if width(body) <= WIDEST_BODY), default=0)
    lines = []
    for claim, left, body in zip(claims, lefts, bodies, strict=True):
        notes = [*_where(claim, document), *_why(claim.reason, document)]
        line = f"{INDENT}{padded(left, columns)} {padded(body, reach)}"
        lines += [f"{line}   {'; '.join(notes)}".rstrip()]
    return lines


def _body(claim: Claim, style: Style) -> str:
    chain = [(claim.relation, claim.rhs), *claim.more]
    return " ".join(f"{relation} {_value(value, style)}" for relation, value in chain)


def _value(value: Any, style: Style) -> str:
    if isinstance(value, Blank):
        return "." * value.width
    if isinstance(value, Norm):
        return f"‖{node_to_text(value.of, style)}‖"
    if isinstance(value, list | tuple):
        inner = ", ".join(_value(part, style) for part in value)
        return f"[{inner}]" if value and isinstance(value[0], list | tuple) else f"({inner})"
    return node_to_text(value, style) if isinstance(value, Node) else number_text(value)


def _where(claim: Claim, document: Document) -> list[str]:
    parts = [_words("where", (condition,), document) for condition in claim.conditions]
    if claim.domain:
        first = claim.domain[0]
        ends = (first.lo, first.hi) if first.step > 0 else (first.hi, first.lo)
        parts.append(f"{first.index} = {ends[0]}, …, {ends[1]}")
    return parts


def _why(reason: Reason, document: Document) -> list[str]:
    words = _words(reason.key, reason.about, document)
    return [words] if words and reason.key not in ("given", "closed form") else []


def _table(table: Table, style: Style) -> Iterable[str]:
    rows = [[_value(cell, style) for cell in row] for row in (table.heads, *table.rows)]
    for columns in in_columns([max(map(width, column)) + 2 for column in zip(*rows, strict=True)], 100, len(rows) > 2):
        yield from _drawn([[row[column] for column in columns] for row in rows])


def _drawn(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        yield INDENT + "  ".join(" " * (w - width(cell)) + cell for cell, w in zip(row, widths, strict=True))
        if number == 0:
            yield INDENT + "  ".join("─" * w for w in widths)
