"""PrairieLearn: a question folder for each sheet, with number inputs and what wrong numbers tell.

`info.json`, `question.html`, `mistakes.json`, and `server.py`, which looks wrong numbers up: the same file in every
folder, a module beside this one.

The format: prairielearn.readthedocs.io, "Question configuration", "Question template", and the elements
`pl-number-input` and `pl-multiple-choice`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from uuid import UUID

from symrnn import __version__
from symrnn.algebra.mathml import escaped
from symrnn.documents.document import MARK
from symrnn.worksheets.exports.items import Blank, Group, Item, weights


def to_prairielearn(name: str, groups: Sequence[Group]) -> Iterator[tuple[str, str]]:
    """The files of one question: path within `questions/`, and content."""
    worth = weights(groups)
    body = "".join(_unbraced(group.before) + "".join(_item(item, worth) for item in group.items) for group in groups)
    content = f"<!-- {MARK} {__version__} -->\n{body}"
    info = {
        "uuid": str(UUID(bytes=sha256(content.encode()).digest()[:16], version=4)),
        "title": f"Worksheet {name}",
        "topic": "Recurrent networks",
        "tags": ["symrnn"],
        "type": "v3",
        "singleVariant": True,
    }
    blanks = [blank for group in groups for item in group.items for blank in item.blanks]
    known = {_name(blank.id): _known(blank) for blank in blanks if blank.wrong}
    yield f"{name}/info.json", json.dumps(info, indent=2) + "\n"
    yield f"{name}/question.html", content
    yield f"{name}/mistakes.json", json.dumps(known, ensure_ascii=False, indent=1) + "\n"
    yield f"{name}/server.py", (files("symrnn.worksheets.exports") / "server.py").read_text(encoding="utf-8")


def _name(id: str) -> str:
    return "q" + id.replace(".", "_")


def _known(blank: Blank) -> dict[str, object]:
    wrong = [{"number": float(one.number), "feedback": one.feedback} for one in blank.wrong]
    return {"tolerance": float(blank.tolerance), "wrong": wrong}


def _unbraced(text: str) -> str:
    """Text in which the platform's templates find nothing to fill in."""
    return text.replace("{", "&#123;").replace("}", "&#125;")


def _item(item: Item, worth: Mapping[str, int]) -> str:
    prompt, weight = _unbraced(item.prompt), worth[item.id]
    if item.options:
        answers = "".join(_option(option, place == item.right) for place, option in enumerate(item.options))
        return (
            f'<p>{prompt}</p>\n<pl-multiple-choice answers-name="{_name(item.id)}" weight="{weight}" '
            f'order="fixed" hide-letter-keys="true">{answers}</pl-multiple-choice>\n'
        )
    return f"<p>{prompt}</p>\n" + "".join(_input(blank, weight) for blank in item.blanks)


def _option(text: str, is_right: bool) -> str:
    return f'<pl-answer correct="{"true" if is_right else "false"}">{_unbraced(escaped(text))}</pl-answer>'


def _input(blank: Blank, weight: int) -> str:
    # A blank counts as 0, which is never right, so that a student may send in a part.
    is_zero = float(blank.number) == 0
    room = f'rtol="0" atol="{blank.tolerance}"' if is_zero else f'rtol="{blank.relative}" atol="0"'
    return (
        f'<pl-number-input answers-name="{_name(blank.id)}" weight="{weight}" comparison="relabs" {room} '
        f'allow-blank="{"false" if is_zero else "true"}" correct-answer="{blank.number}"></pl-number-input>\n'
    )
