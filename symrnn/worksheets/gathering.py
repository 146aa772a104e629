"""A class's submissions held against its worksheet: each marked once, by its sheet's id; everything odd is listed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from symrnn.checking.numbers import TooLarge, Undefined
from symrnn.errors import SymrnnError
from symrnn.worksheets.filled_sheets import SHEET
from symrnn.worksheets.keys import Folder
from symrnn.worksheets.marking import mark_sheet, student_of
from symrnn.worksheets.marks import Marked, Remark, Results
from symrnn.worksheets.spreadsheets import DATE, is_day
from symrnn.worksheets.submissions import Submission

_DASHES = re.compile("[‐‑‒–—−]")


def mark_all(folder: Folder, submissions: Iterable[Submission], broken: Sequence[Remark] = ()) -> Results:
    """Every submission by its sheet's id; what is unknown, handed in twice or beyond marking is listed.

    Of several for one sheet the first that has an answer counts.
    """
    gathering = _Gathering(folder)
    for submission in submissions:
        gathering.take(submission)
    return gathering.results(broken)


class _Gathering:
    """Takes submissions one by one."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.ids = {_bare(id): id for id in folder.entries}
        self.names = {id: student_of(folder, id) for id in folder.entries}
        self.done: dict[str, Marked] = {}
        self.blank: dict[str, str] = {}
        self.broken: list[Remark] = []
        self.remarks: list[Remark] = []

    def take(self, submission: Submission) -> None:
        """Marks a submission, or says why not."""
        source = submission.source
        id = self._id(submission.sheet) or submission.sheet
        submission = replace(submission, sheet=id)
        if submission.problem:
            key, *about = submission.problem
            self.broken.append(Remark(source, key, (id[:40] or "–", *about)))
            return
        if id not in self.folder.entries:
            is_date = DATE.fullmatch(id) or is_day(id)
            said = (
                ("mark date sheet", id[:40], next(iter(self.names)))
                if is_date
                else ("mark unknown sheet", id[:40] or "–")
            )
            self.broken.append(Remark(source, said[0], said[1:]))
            return
        marked = self._marked(submission)
        if marked is None:
            return
        if marked.is_blank:
            self._remark(submission)
            if id in self.done:
                self._set_aside(source, id)
            self.blank.setdefault(id, source)
            return
        if id in self.done:
            self.remarks.append(Remark(source, "mark twice", (id, self.done[id].source)))
            return
        self.done[id] = marked
        if id in self.blank:
            self._set_aside(self.blank[id], id)
        self._remark(submission)
        self.remarks += _of_names(submission, self.names)

    def _remark(self, submission: Submission) -> None:
        """What is odd about the rows."""
        id, source = submission.sheet, submission.source
        self.remarks += [Remark(source, key, (id, *about)) for key, *about in submission.remarks]
        self.remarks += _of_lines(submission, dict(self.folder.entries[id].quantities))

    def _id(self, said: str) -> str | None:
        """The sheet that is meant, however its id is written: `'2026-017`, `2026–017`, `Sheet 2026-017`, `2026-17`."""
        found = SHEET.search(_DASHES.sub("-", unicodedata.normalize("NFKC", said)))
        return self.ids.get(_bare(found[1])) if found else None

    def _set_aside(self, source: str, id: str) -> None:
        self.remarks.append(Remark(source, "mark blank twice", (id, self.done[id].source)))

    def _marked(self, submission: Submission) -> Marked | None:
        try:
            return mark_sheet(self.folder, submission)
        except SymrnnError as error:
            self.broken.append(Remark(submission.source, "mark failed", (submission.sheet, error.found)))
        except (ArithmeticError, ValueError, RecursionError, TooLarge, Undefined):
            self.broken.append(Remark(submission.source, "mark incomparable", (submission.sheet,)))
        return None

    def results(self, broken: Sequence[Remark]) -> Results:
        """Everything that was found, in the order of the worksheet."""
        return Results(
            tuple(self.done[id] for id in self.names if id in self.done),
            (*broken, *self.broken),
            tuple(self.remarks),
            tuple(id for id in self.blank if id not in self.done),
            tuple((id, name) for id, name in self.names.items() if name and id not in self.done),
        )


def _bare(id: str) -> str:
    """An id whose number begins with no 0, in small letters."""
    label, _, number = id.casefold().rpartition("-")
    return f"{label}-{number.lstrip('0')}"


def _of_lines(submission: Submission, asked: Mapping[str, str]) -> Iterator[Remark]:
    """Lines that the sheet does not have, and those that have another line's name: rows were sorted, or cells moved."""
    for line, answer in submission.answers.items():
        if not submission.is_table:
            continue
        if line not in asked:
            if answer:
                yield Remark(submission.source, "mark no line", (submission.sheet, line[:20] or "–"))
        elif submission.quantities.get(line, asked[line]) not in ("", asked[line]):
            about = (submission.sheet, line, submission.quantities[line][:40], asked[line])
            yield Remark(submission.source, "mark other line", about)


def _of_names(submission: Submission, names: Mapping[str, str]) -> Iterator[Remark]:
    """A warning where the name on a sheet is that of another student of the class."""
    id, said = submission.sheet, _plain(submission.student)
    if not said or not names[id] or said in _forms(names[id]):
        return
    others = [other for other, name in names.items() if other != id and name and said in _forms(name)]
    if others:
        about = (id, submission.student[:80], others[0], names[id])
        yield Remark(submission.source, "mark other name", about)


def _forms(name: str) -> tuple[str, str]:
    """A name with its number, as the sheets have it, and without."""
    return _plain(name), _plain(name.rpartition(" (")[0] or name)


def _plain(name: str) -> str:
    return " ".join(name.lstrip("'").casefold().split())
