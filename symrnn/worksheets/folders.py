"""A worksheet's folder: `sheets/`, `keys/` apart, `all.html` for printing, `key.json`, `answers.csv`.

Reads a `Class`; makes the files' contents, and the `Class` again from `key.json`.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any

from symrnn import __version__
from symrnn.algebra.printing import to_text
from symrnn.documents.document import MARK, Document
from symrnn.documents.renderers.html import to_book
from symrnn.errors import InputError
from symrnn.models.files import loads
from symrnn.worksheets.exports.gift import to_gift
from symrnn.worksheets.exports.items import groups
from symrnn.worksheets.exports.moodle import to_moodle
from symrnn.worksheets.exports.notebooks import to_nbgrader, to_nbgrader_source
from symrnn.worksheets.exports.prairielearn import to_prairielearn
from symrnn.worksheets.exports.qti import to_manifest, to_qti
from symrnn.worksheets.numbers import plain
from symrnn.worksheets.pages import Looks, blanked, key_document, sheet_document
from symrnn.worksheets.questions import Question
from symrnn.worksheets.rosters import Student
from symrnn.worksheets.sheets import Class, Sheet
from symrnn.worksheets.spreadsheets import BOM, safe
from symrnn.worksheets.tasks import Task
from symrnn.worksheets.variants import VERSION

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {"html": ".html", "markdown": ".md", "latex": ".tex", "pdf": ".pdf", "notebook": ".ipynb"}
)
"""A sheet's formats and their suffixes."""
EXPORTS = ("moodle", "gift", "qti", "prairielearn")
"""Learning platforms; their files hold the answers, so they stand among the keys."""
COLUMNS = ("sheet", "student", "line", "quantity", "points", "answer")
MOST_BYTES = 50_000_000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,60}")


@dataclass(frozen=True)
class Made:
    """A sheet with whose it is."""

    sheet: Sheet
    student: Student | None = None


def files_of(
    made: Sequence[Made],
    source: Class,
    looks: Looks,
    formats: Sequence[str],
    tick: Callable[[int], None] = lambda n: None,
) -> Iterator[tuple[str, str | bytes]]:
    """Every file of the folder: its path within, and what stands in it."""
    documents: list[Document] = []
    for count, one in enumerate(made, start=1):
        whose = replace(looks, student=str(one.student) if one.student else "")
        sheet, key = sheet_document(one.sheet, whose), key_document(one.sheet, whose)
        documents.append(sheet)
        for form in (form for form in formats if form in SUFFIXES):
            yield f"sheets/{one.sheet.id}{SUFFIXES[form]}", _sheet(one.sheet, sheet, whose, form)
            yield f"keys/{one.sheet.id}{SUFFIXES[form]}", key.render(form)
        if "notebook" in formats:
            yield f"keys/nbgrader/{one.sheet.id}.ipynb", to_nbgrader_source(one.sheet, whose)
        tick(count)
    yield from _exported(made, looks, formats)
    yield "all.html", to_book(documents)
    yield "key.json", key_json(made, source, looks)
    yield "answers.csv", answers_csv(made, looks)


def _sheet(sheet: Sheet, document: Document, looks: Looks, form: str) -> str | bytes:
    content: str | bytes = to_nbgrader(sheet, looks) if form == "notebook" else document.render(form)
    return content


def _exported(made: Sequence[Made], looks: Looks, formats: Sequence[str]) -> Iterator[tuple[str, str]]:
    if not set(EXPORTS) & set(formats):
        return
    named = [(one.sheet.id, groups(one.sheet, looks)) for one in made]
    if not any(parts for _, parts in named):
        raise InputError(
            f"--to {','.join(form for form in formats if form in EXPORTS)}",
            found="formulas and answers in words only, which are left to paper",
            write=f"--to {', '.join(SUFFIXES)}",
        )
    if "moodle" in formats:
        yield "keys/moodle.xml", to_moodle(named)
    if "gift" in formats:
        yield "keys/gift.txt", to_gift(named)
    if "qti" in formats:
        yield "keys/qti/imsmanifest.xml", to_manifest([name for name, _ in named])
    for name, parts in named:
        if "qti" in formats:
            yield f"keys/qti/{name}.xml", to_qti(name, parts, looks.language)
        if "prairielearn" in formats:
            yield from ((f"keys/prairielearn/{path}", text) for path, text in to_prairielearn(name, parts))


def asked(sheet: Sheet, percent: int) -> tuple[Question, ...]:
    """The questions whose answers are blank."""
    blanks = blanked(sheet, percent)
    return tuple(q for q in sheet.questions if (q.id in blanks if q.lhs is not None else percent > 0))


def answers_csv(made: Sequence[Made], looks: Looks) -> str:
    """A row for every answer, with everything but the answer filled in."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in made:
        for q in asked(one.sheet, looks.blanks):
            student = safe(str(one.student)) if one.student else ""
            writer.writerow([safe(one.sheet.id), student, q.id, q.key, q.points, ""])
    return BOM + out.getvalue()


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
class Folder:
    """A worksheet read back from its `key.json`; sheets are drawn again when they are asked for."""

    source: Class
    looks: Looks
    entries: Mapping[str, Mapping[str, Any]]

    def sheet(self, id: str) -> Sheet:
        """The sheet of an id, held against the answers that `key.json` has.

        Raises:
            InputError: another version of symrnn draws other numbers.
        """
        entry = self.entries[id]
        sheet = self.source.sheet(int(entry["number"]), attempts=[int(draw) for draw in entry["draws"]])
        found = [(q.id, answer_text(q, sheet)) for q in asked(sheet, self.looks.blanks)]
        if found != [(answer["line"], answer["answer"]) for answer in entry["answers"]]:
            raise InputError(
                f"key.json: {id}",
                found="answers that this version does not draw",
                write="the key.json as it was written",
            )
        return sheet


def read_key(text: str, file: str = "key.json") -> Folder:
    """The worksheet of a `key.json`."""
    try:
        content = json.loads(text)
        if content["recipe"] != VERSION:
            raise InputError(
                file, found=f"recipe {str(content['recipe'])[:20]}, not {VERSION}", write="the symrnn that made it"
            )
        tasks = tuple(Task(**{**task, "lines": tuple(task["lines"])}) for task in content["tasks"])
        source = Class(loads(content["model"], file), tasks, int(content["seed"]), str(content["label"]))
        looks = Looks(blanks=int(content["blanks"]), language=str(content["language"]))
        entries = {str(entry["id"]): entry for entry in content["sheets"]}
        if not all(_ID.fullmatch(id) for id in entries):
            # Files are named by ids.
            raise ValueError("an id that is no name")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(file, found="no key of a worksheet", write="the folder that symrnn worksheet made") from None
    return Folder(source, looks, MappingProxyType(entries))
