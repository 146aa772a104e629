"""A worksheet's folder: `sheets/`, `keys/` apart, `all.html` for printing, `key.json`, `answers.csv`.

Reads the sheets of a `Class`; makes the files' contents.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from symrnn.documents.document import Document
from symrnn.documents.renderers.html import to_book
from symrnn.errors import InputError
from symrnn.worksheets.exports.gift import to_gift
from symrnn.worksheets.exports.items import groups
from symrnn.worksheets.exports.moodle import to_moodle
from symrnn.worksheets.exports.notebooks import to_nbgrader, to_nbgrader_source
from symrnn.worksheets.exports.prairielearn import to_prairielearn
from symrnn.worksheets.exports.qti import to_manifest, to_qti
from symrnn.worksheets.keys import Made, asked, key_json
from symrnn.worksheets.pages import Looks, key_document, sheet_document
from symrnn.worksheets.sheets import Class, Sheet
from symrnn.worksheets.spreadsheets import BOM, safe

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {"html": ".html", "markdown": ".md", "latex": ".tex", "pdf": ".pdf", "notebook": ".ipynb"}
)
"""A sheet's formats and their suffixes."""
EXPORTS = ("moodle", "gift", "qti", "prairielearn")
"""Learning platforms; their files hold the answers, so they stand among the keys."""
COLUMNS = ("sheet", "student", "line", "quantity", "points", "answer")


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
