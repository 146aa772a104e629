"""PrairieLearn: a question folder for each sheet, `info.json` and `question.html` with number inputs.

The format: prairielearn.readthedocs.io, "Question configuration" and the elements `pl-number-input` and
`pl-multiple-choice`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from uuid import UUID

from symrnn import __version__
from symrnn.algebra.mathml import escaped
from symrnn.documents.document import MARK
from symrnn.worksheets.exports.items import Group, Item


def to_prairielearn(name: str, groups: Sequence[Group]) -> Iterator[tuple[str, str]]:
    """The files of one question: path within `questions/`, and content."""
    body = "".join(group.intro + "".join(_item(item) for item in group.items) for group in groups)
    content = f"<!-- {MARK} {__version__} -->\n{body}"
    info = {
        "uuid": str(UUID(bytes=sha256(content.encode()).digest()[:16], version=4)),
        "title": f"Worksheet {name}",
        "topic": "Recurrent networks",
        "tags": ["symrnn"],
        "type": "v3",
    }
    yield f"{name}/info.json", json.dumps(info, indent=2) + "\n"
    yield f"{name}/question.html", content


def _item(item: Item) -> str:
    if item.options:
        answers = "".join(
            f'<pl-answer correct="{"true" if place == item.right else "false"}">{escaped(option)}</pl-answer>'
            for place, option in enumerate(item.options)
        )
        return (
            f'<p>{item.prompt}</p>\n<pl-multiple-choice answers-name="q{item.id}" weight="{item.points}" '
            f'order="fixed">{answers}</pl-multiple-choice>\n'
        )
    inputs = "".join(
        f'<pl-number-input answers-name="q{blank.id.replace(".", "_")}" weight="{item.points}" '
        f'comparison="relabs" rtol="0" atol="{blank.tolerance}" correct-answer="{blank.number}"></pl-number-input>\n'
        for blank in item.blanks
    )
    return f"<p>({item.id}) {item.prompt}</p>\n{inputs}"
