"""GIFT: a numerical question for each number and a choice for each question with options, by category.

The format: docs.moodle.org, "GIFT format". Its signs ~ = # { } : are escaped everywhere; options and feedback
are HTML, as the question is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from symrnn import __version__
from symrnn.documents.document import MARK
from symrnn.worksheets.exports.items import Blank, Group, Item

Named = tuple[str, tuple[Group, ...]]
"""A sheet's id and its groups."""


def to_gift(sheets: Sequence[Named]) -> str:
    """The file to import."""
    return f"// {MARK} {__version__}\n\n" + "\n".join(
        piece for name, groups in sheets for piece in _sheet(name, groups)
    )


def _sheet(name: str, groups: Sequence[Group]) -> Iterator[str]:
    yield f"$CATEGORY: $course$/top/symrnn/{name}\n"
    opening = groups[0].opening if groups else ""
    for group in groups:
        intro = opening + group.model + group.intro
        for item in group.items:
            if item.options:
                yield _entry(name, item, item.id, intro, _choice(item))
            for place, blank in enumerate(item.blanks, start=1):
                which = f" [{place}]" if len(item.blanks) > 1 else ""
                yield _entry(name, item, blank.id, intro, _numerical(blank), which)


def _entry(name: str, item: Item, id: str, intro: str, answers: str, which: str = "") -> str:
    text = escaped(f"{intro}<p>{item.prompt}{which}</p>".replace("\n", " "))
    return f"::{escaped(name)} ({id})::[html]{text}{{{answers}}}\n"


def _numerical(blank: Blank) -> str:
    lines = [f"=%100%{blank.number}:{blank.tolerance}"]
    lines += [f"=%0%{one.number}:{blank.tolerance}#{escaped(escape(one.feedback))}" for one in blank.wrong]
    return "#\n" + "\n".join(lines) + "\n"


def _choice(item: Item) -> str:
    return (
        "\n"
        + "\n".join(f"{'=' if at == item.right else '~'}{escaped(escape(o))}" for at, o in enumerate(item.options))
        + "\n"
    )


def escaped(text: str) -> str:
    """Text in which GIFT reads no sign.

    >>> escaped("a = {b}")
    'a \\\\= \\\\{b\\\\}'
    """
    return re.sub(r"([\\~=#{}:])", r"\\\1", text)
