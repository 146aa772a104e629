"""Moodle XML: a cloze question for each sheet, and by itself a question for each number and each choice, by category.

Wrong numbers that a known mistake gives are answers worth 0 % with their feedback: the only grade fractions are 100
and 0. A vector or a matrix is a cloze question with a blank for each entry. The format: docs.moodle.org, "Moodle XML
format" and "Embedded Answers (Cloze)".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from symrnn import __version__
from symrnn.documents.document import MARK
from symrnn.worksheets.exports.items import Blank, Group, Item, weights

Named = tuple[str, tuple[Group, ...]]
"""A sheet's id and its groups."""


def to_moodle(sheets: Sequence[Named]) -> str:
    """The file to import: Question bank, Import, Moodle XML format."""
    body = "".join(piece for name, groups in sheets for piece in _sheet(name, groups))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- {MARK} {__version__} -->\n<quiz>\n{body}</quiz>\n'


def _sheet(name: str, groups: Sequence[Group]) -> Iterator[str]:
    yield f'<question type="category"><category><text>$course$/top/symrnn/{escape(name)}</text></category></question>\n'
    worth = weights(groups)
    text = "".join(
        _still(group.before) + "".join(_cloze_item(item, worth[item.id]) for item in group.items) for group in groups
    )
    yield _question("cloze", name, text, "")
    opening = groups[0].opening if groups else ""
    for group in groups:
        intro = opening + group.model + group.intro
        for item in group.items:
            title = f"{name} ({item.id})"
            if len(item.blanks) == 1:
                head = f"{intro}<p>{item.prompt}</p>"
                yield _question("numerical", title, head, _answers(item.blanks[0], item.points))
            elif item.blanks:
                yield _question("cloze", title, _still(intro) + _cloze_item(item, 1), "")
            else:
                yield _question("multichoice", title, f"{intro}<p>{item.prompt}</p>", _options(item))


def _question(kind: str, name: str, text: str, further: str) -> str:
    return (
        f'<question type="{kind}">\n<name><text>{escape(name)}</text></name>\n'
        f'<questiontext format="html"><text>{_data(text)}</text></questiontext>\n{further}</question>\n'
    )


def _data(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def _answers(blank: Blank, points: int) -> str:
    def answer(fraction: int, number: str, tolerance: str, feedback: str) -> str:
        return (
            f'<answer fraction="{fraction}" format="moodle_auto_format"><text>{number}</text>'
            f'<feedback format="html"><text>{_data(escape(feedback))}</text></feedback>'
            f"<tolerance>{tolerance}</tolerance></answer>\n"
        )

    wrong = "".join(answer(0, one.number, blank.tolerance, one.feedback) for one in blank.wrong)
    return f"<defaultgrade>{points}</defaultgrade>\n{answer(100, blank.number, blank.tolerance, '')}{wrong}"


def _options(item: Item) -> str:
    answers = "".join(
        f'<answer fraction="{100 if place == item.right else 0}" format="html"><text>{_data(escape(option))}</text>'
        f'<feedback format="html"><text></text></feedback></answer>\n'
        for place, option in enumerate(item.options)
    )
    return (
        f"<defaultgrade>{item.points}</defaultgrade>\n<single>true</single>\n<shuffleanswers>false</shuffleanswers>\n"
        f"<answernumbering>none</answernumbering>\n{answers}"
    )


def _cloze_item(item: Item, weight: int) -> str:
    if item.options:
        options = "~".join(
            f"%{100 if place == item.right else 0}%{_cloze(option)}" for place, option in enumerate(item.options)
        )
        return f"<p>{_still(item.prompt)} {{{weight}:MULTICHOICE:{options}}}</p>\n"
    blanks = " ".join(_cloze_blank(blank, weight) for blank in item.blanks)
    return f"<p>{_still(item.prompt)}{blanks}</p>\n"


def _cloze_blank(blank: Blank, weight: int) -> str:
    right = f"%100%{blank.number}:{blank.tolerance}"
    wrong = "".join(f"~%0%{one.number}:{blank.tolerance}#{_cloze(one.feedback)}" for one in blank.wrong)
    return f"{{{weight}:NUMERICAL:{right}{wrong}}}"


def _still(html: str) -> str:
    """HTML around blanks in which nothing opens a blank: a teacher's own braces are braces."""
    return html.replace("{", "&#123;")


def _cloze(text: str) -> str:
    """Text within a cloze answer: HTML with the signs of the syntax as entities.

    Moodle takes the backslash off before } and # only; entities it decodes everywhere.
    """
    return re.sub(r'[{}~#/"\\]', lambda sign: f"&#{ord(sign[0])};", escape(text))
