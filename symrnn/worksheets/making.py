"""`worksheet`: variants of an exercise from a model, as documents with blanks and keys, or as the files of a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from symrnn.documents.document import Document
from symrnn.errors import InputError
from symrnn.models.files import loads
from symrnn.models.model import Model
from symrnn.worksheets.folders import files_of
from symrnn.worksheets.keys import Made
from symrnn.worksheets.pages import Looks, key_document, sheet_document
from symrnn.worksheets.rosters import Student
from symrnn.worksheets.sheets import MOST_VARIANTS, Class, tasks_of
from symrnn.worksheets.structures import structure_text
from symrnn.worksheets.tasks import Task, load_task


@dataclass(frozen=True)
class Worksheet:
    """The variants of a class, each with whose it is."""

    source: Class
    made: tuple[Made, ...]
    looks: Looks

    @property
    def sheets(self) -> tuple[Document, ...]:
        """What students get."""
        return tuple(sheet_document(one.sheet, self._looks_of(one)) for one in self.made)

    @property
    def keys(self) -> tuple[Document, ...]:
        """The same without blanks, with points and what wrong answers tell."""
        return tuple(key_document(one.sheet, self._looks_of(one)) for one in self.made)

    def _looks_of(self, one: Made) -> Looks:
        return replace(self.looks, student=str(one.student) if one.student else "")

    def files(
        self, formats: Sequence[str] = ("html",), tick: Callable[[int], None] = lambda count: None
    ) -> Iterator[tuple[str, str | bytes]]:
        """The files of a folder that `symrnn mark` reads: path and content."""
        return files_of(self.made, self.source, self.looks, formats, tick)


def worksheet(
    model: Model | str | os.PathLike[str],
    tasks: Sequence[str | Task] = (),
    variants: int | None = None,
    seed: int = 1,
    label: str = "",
    students: Sequence[Student] = (),
    looks: Looks | None = None,
    tick: Callable[[int], None] = lambda count: None,
) -> Worksheet:
    """Different sheets with keys; a sheet for each student where there are students.

    Args:
        model: a model, the path of a model file, or a cell by its name: its structure is kept, numbers are drawn.
        tasks: names, paths of task files, or tasks; forward pass, back-propagation and regime unless said.
        variants: how many sheets; one unless said.
        seed: the same seed gives the same sheets.
        label: what ids begin with; the seed unless said.

    Raises:
        LimitError: no numbers were found that are friendly and diagnosable; says which test failed.

    >>> made = worksheet("example:linear", variants=2, seed=2026)
    >>> [document.title for document in made.keys]
    ['2026-001', '2026-002']
    """
    given = model if isinstance(model, Model) else loads(structure_text(os.fspath(model)), os.fspath(model))
    count = variants or len(students) or 1
    if count > MOST_VARIANTS or (students and count != len(students)):
        found = f"{len(students)} students, or more than {MOST_VARIANTS:,}"
        raise InputError(f"{count} variants", found=found, write="a sheet for each")
    named = [load_task(task) if isinstance(task, str) else task for task in tasks]
    source = Class(given, tuple(named) or tasks_of((), given), seed, label)
    made = []
    for number in range(1, count + 1):
        made.append(Made(source.sheet(number), students[number - 1] if students else None))
        tick(number)
    return Worksheet(source, tuple(made), looks or Looks())
