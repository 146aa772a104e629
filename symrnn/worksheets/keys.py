"""`key.json`: what marking needs of a worksheet, written and read back.

Reads the sheets of a `Class`; makes the text, and from a text a `Folder` that draws the sheets again. A key may have
been edited by hand: whatever is not as it was written is refused before anything is drawn.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from symrnn import __version__
from symrnn.algebra.printing import to_text
from symrnn.documents.document import MARK
from symrnn.errors import InputError
from symrnn.languages import check_language
from symrnn.models.files import loads
from symrnn.worksheets.numbers import plain
from symrnn.worksheets.pages import Looks, blanked
from symrnn.worksheets.questions import Question
from symrnn.worksheets.rosters import Student
from symrnn.worksheets.sheets import MOST_SEED, MOST_VARIANTS, Class, Sheet
from symrnn.worksheets.tasks import KINDS, MOST_POINTS, Task
from symrnn.worksheets.variants import MOST_DRAWS, VERSION

MOST_BYTES = 50_000_000


@dataclass(frozen=True)
class Made:
    """A sheet with whose it is."""

    sheet: Sheet
    student: Student | None = None


def asked(sheet: Sheet, percent: int) -> tuple[Question, ...]:
    """The questions whose answers are blank."""
    blanks = blanked(sheet, percent)
    return tuple(q for q in sheet.questions if (q.id in blanks if q.lhs is not None else percent > 0))


def key_json(made: Sequence[Made], source: Class, looks: Looks) -> str:
    """What marking needs: the recipe, the model, the tasks, and every sheet's draw and answers."""
    content = {
        "made": f"{MARK} {__version__}",
        "recipe": VERSION,
        "seed": source.seed,
        "label": source.label,
        "language": looks.language,
        "blanks": looks.blanks,
        "model": source.model.text,
        "tasks": [asdict(task) for task in source.tasks],
        "sheets": [
            {
                "id": one.sheet.id,
                "number": one.sheet.number,
                "draws": one.sheet.attempts,
                "student": asdict(one.student) if one.student else None,
                "points": sum(q.points for q in asked(one.sheet, looks.blanks)),
                "answers": [
                    {
                        "line": q.id,
                        "quantity": q.key,
                        "kind": q.kind,
                        "answer": answer_text(q, one.sheet),
                        "points": q.points,
                    }
                    for q in asked(one.sheet, looks.blanks)
                ],
            }
            for one in made
        ],
    }  # fmt: skip
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def answer_text(question: Question, sheet: Sheet) -> str:
    """An answer as text that is read back."""
    if question.kind == "number":
        return plain(question.answer, question.rounded)
    if question.kind == "formula":
        return to_text(question.answer, sheet.style)
    return "" if question.kind == "words" else str(question.answer)


@dataclass(frozen=True)
class Kept:
    """A sheet as the key has it: its number, the draws that were kept, whose it is, and its lines."""

    number: int
    draws: tuple[int, ...]
    student: Student | None
    answers: tuple[tuple[str, str], ...]
    """(line, answer)"""
    quantities: tuple[tuple[str, str], ...]
    """(line, quantity)"""


@dataclass(frozen=True)
class Folder:
    """A worksheet read back from its `key.json`; sheets are drawn again when they are asked for."""

    source: Class
    looks: Looks
    entries: Mapping[str, Kept]

    def sheet(self, id: str) -> Sheet:
        """The sheet of an id, held against the answers that `key.json` has.

        Raises:
            InputError: another version of symrnn draws other numbers.
        """
        entry = self.entries[id]
        if len(entry.draws) == len(self.source.recipes):
            sheet = self.source.sheet(entry.number, attempts=entry.draws)
            if tuple((q.id, answer_text(q, sheet)) for q in asked(sheet, self.looks.blanks)) == entry.answers:
                return sheet
        raise InputError(
            f"key.json: {id}", found="answers that this version does not draw", write="the key.json as it was written"
        )


def read_key(text: str, file: str = "key.json") -> Folder:
    """The worksheet of a `key.json`."""
    try:
        content = json.loads(text)
        if content["recipe"] != VERSION:
            raise InputError(
                file, found=f"recipe {str(content['recipe'])[:20]}, not {VERSION}", write="the symrnn that made it"
            )
        tasks = tuple(_task(entry) for entry in content["tasks"])
        seed = _whole(content["seed"], 0, MOST_SEED)
        source = Class(loads(_text(content["model"]), file), tasks, seed, _text(content["label"]))
        looks = Looks(blanks=_whole(content["blanks"], 0, 100), language=check_language(_text(content["language"])))
        entries = {_text(entry["id"]): _kept(entry) for entry in content["sheets"]}
        if any(id != source.name(entry.number) for id, entry in entries.items()):
            # Files are named by ids.
            raise ValueError("an id that is no sheet's")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(file, found="no key of a worksheet", write="the folder that symrnn worksheet made") from None
    return Folder(source, looks, MappingProxyType(entries))


def _task(entry: Mapping[str, Any]) -> Task:
    task = Task(
        **{**entry, "lines": tuple(map(_text, entry["lines"])), "points": _whole(entry["points"], 0, MOST_POINTS)}
    )
    if _text(task.kind) not in KINDS:
        raise ValueError("no kind of task")
    for said in (task.name, task.title, task.text, task.model):
        _text(said)
    return task


def _kept(entry: Mapping[str, Any]) -> Kept:
    student = entry["student"]
    return Kept(
        _whole(entry["number"], 1, MOST_VARIANTS),
        tuple(_whole(draw, 0, MOST_DRAWS) for draw in entry["draws"]),
        Student(_text(student["name"]), _text(student["id"])) if student else None,
        tuple((_text(answer["line"]), _text(answer["answer"])) for answer in entry["answers"]),
        tuple((_text(answer["line"]), _text(answer["quantity"])) for answer in entry["answers"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _whole(value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError("no whole number in its range")
    return value
