"""Plain text for the terminal: numbered sections, equations aligned at their relation, the reason to the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from symrnn.algebra.layout import Style
from symrnn.algebra.nodes import Node
from symrnn.algebra.printing import to_text as node_to_text
from symrnn.algebra.programs import Reason
from symrnn.documents.document import Claim, Document, Formula, Norm, Section, Table, Words
from symrnn.documents.languages import sentence
from symrnn.documents.spelled import in_words, number_text, padded, width

INDENT = "    "
WIDEST_LEFT = 34
WIDEST_BODY = 64


def to_text(document: Document) -> str:
    """The document as plain text.

    >>> from symrnn.cells import rnn
    >>> from symrnn.documents import derive
    >>> print(derive(rnn(), wrt="b").to_text().splitlines()[0])
    Gradients of rnn
    """
    title = sentence("derivation").format(document.title)
    parts = [f"{title}\n{'=' * width(title)}"]
    for number, section in enumerate(document.sections, start=1):
        parts.append(_section(number, section, document.style))
    return "\n\n".join(parts) + "\n"


def _section(number: int, section: Section, style: Style) -> str:
    lines = [f"{number}. {sentence(section.title)}", ""]
    for kind, blocks in groupby(section.blocks, type):
        group = list(blocks)
        if kind is Claim:
            lines += _claims([block for block in group if isinstance(block, Claim)], style)
        else:
            lines += [line for block in group for line in _other(block, style)]
    return "\n".join(lines)


def _other(block: Any, style: Style) -> Iterable[str]:
    if isinstance(block, Words):
        yield from (INDENT + line for line in wrapped(in_words(block.key, block.about, _math(style))))
    elif isinstance(block, Table):
        yield from _table(block, style)


def wrapped(text: str, columns: int = 100) -> list[str]:
    """Text broken into lines at spaces."""
    lines, current = [], ""
    for word in text.split(" "):
        if current and width(current) + 1 + width(word) > columns:
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}" if current else word
    return [*lines, current]


def _math(style: Style) -> Any:
    def say(value: Any) -> str:
        if isinstance(value, Formula):
            right = f" {say(value.right)}" if value.right is not None else ""
            return f"{say(value.left)} {value.relation}{right}"
        return node_to_text(value, style) if isinstance(value, Node) else str(value)

    return say


def _claims(claims: Sequence[Claim], style: Style) -> list[str]:
    say = _math(style)
    lefts = [say(claim.lhs) for claim in claims]
    bodies = [_body(claim, style) for claim in claims]
    columns = min(max(map(width, lefts)), WIDEST_LEFT)
    reach = max((width(body) for body in bodies if width(body) <= WIDEST_BODY), default=0)
    lines = []
    for claim, left, body in zip(claims, lefts, bodies, strict=True):
        notes = [*_where(claim, style), *_why(claim.reason, style)]
        line = f"{INDENT}{padded(left, columns)} {padded(body, reach)}"
        lines += [f"{line}   {'; '.join(notes)}".rstrip()]
    return lines


def _body(claim: Claim, style: Style) -> str:
    chain = [(claim.relation, claim.rhs), *claim.more]
    return " ".join(f"{relation} {_value(value, style)}" for relation, value in chain)


def _value(value: Any, style: Style) -> str:
    if isinstance(value, Norm):
        return f"‖{node_to_text(value.of, style)}‖"
    if isinstance(value, list | tuple):
        inner = ", ".join(_value(part, style) for part in value)
        return f"[{inner}]" if value and isinstance(value[0], list | tuple) else f"({inner})"
    return node_to_text(value, style) if isinstance(value, Node) else number_text(value)


def _where(claim: Claim, style: Style) -> list[str]:
    parts = [in_words("where", (condition,), _math(style)) for condition in claim.conditions]
    if claim.domain:
        first = claim.domain[0]
        ends = (first.lo, first.hi) if first.step > 0 else (first.hi, first.lo)
        parts.append(f"{first.index} = {ends[0]}, …, {ends[1]}")
    return parts


def _why(reason: Reason, style: Style) -> list[str]:
    words = in_words(reason.key, reason.about, _math(style))
    return [words] if words and reason.key not in ("given", "closed form") else []


def _table(table: Table, style: Style) -> Iterable[str]:
    rows = [[_value(cell, style) for cell in row] for row in (table.heads, *table.rows)]
    widths = [max(width(row[column]) for row in rows) for column in range(len(table.heads))]
    for number, row in enumerate(rows):
        yield INDENT + "  ".join(" " * (w - width(cell)) + cell for cell, w in zip(row, widths, strict=True))
        if number == 0:
            yield INDENT + "  ".join("─" * w for w in widths)
