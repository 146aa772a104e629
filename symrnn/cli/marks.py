"""`symrnn mark`: what comes back of a worksheet, marked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from symrnn.cli.files import FORMAT, echo, echo_json
from symrnn.cli.worksheets import free, write_folder
from symrnn.errors import InputError, SymrnnError
from symrnn.texts import read_bytes, read_text

if TYPE_CHECKING:
    from symrnn.worksheets.marks import Remark
    from symrnn.worksheets.submissions import Submission

MOST_SUBMISSION = 20_000_000
_SKIPPED = ("__MACOSX", "Thumbs.db", "desktop.ini")
"""What archives and file managers leave in folders; names that begin with a dot are such too."""


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path())
@click.argument("answers", metavar="ANSWERS...", nargs=-1, required=True)
@click.option("--lang", help="Language of the feedback; that of the sheets unless said.")
@FORMAT
@click.option("-o", "--output", type=click.Path(), help="A new folder for marks.csv, summary.txt and feedback.")
def mark(folder: str, answers: tuple[str, ...], lang: str | None, form: str, output: str | None) -> None:
    """Mark the ANSWERS (CSV, JSON, Markdown sheets or notebooks filled in) to the worksheet in DIR.

    Prints the class's summary; exit code 1 if a submission could not be marked.

    \b
    symrnn mark week3 week3/answers.csv -o week3-marks
    """
    from symrnn.languages import check_language
    from symrnn.worksheets.gathering import mark_all
    from symrnn.worksheets.keys import MOST_BYTES, read_key
    from symrnn.worksheets.summaries import files_of, results_json, summary

    if lang is not None:
        check_language(lang)
    key = Path(folder) / "key.json"
    if not key.is_file():
        raise InputError(folder, found="no key.json in it", write="the folder that symrnn worksheet made")
    target = free(output) if output else None
    worksheet = read_key(read_text(str(key), MOST_BYTES), str(key))
    language = lang or worksheet.looks.language
    submissions, broken = _gathered(answers)
    results = mark_all(worksheet, submissions, broken)
    if target is not None:
        write_folder(target, files_of(results, language))
    if form == "json":
        echo_json(**results_json(results, language))
    else:
        echo(summary(results, language))
    if not results.is_clean:
        sys.exit(1)


def _gathered(names: tuple[str, ...]) -> tuple[list[Submission], list[Remark]]:
    """Every submission of the files and folders named, and those that cannot be read with the reason."""
    from symrnn.worksheets.marks import Remark
    from symrnn.worksheets.submissions import clean, decoded, read_submissions

    found: list[Submission] = []
    broken: list[Remark] = []
    for file in list(_files(names)):
        source = clean(str(file))
        try:
            found += read_submissions(decoded(read_bytes(str(file), MOST_SUBMISSION), source), source)
        except SymrnnError as error:
            broken.append(Remark(source, "mark unreadable", (error.found, error.write)))
    return found, broken


def _files(names: tuple[str, ...]) -> Iterator[Path]:
    for name in names:
        path = Path(name)
        if not name or not path.exists():
            raise InputError(name or '""', found="no such file or folder", write="symrnn mark DIR DIR/answers.csv")
        if not path.is_dir():
            yield path
            continue
        for inside in sorted(path.rglob("*")):
            parts = inside.relative_to(path).parts
            is_left_over = any(part.startswith(".") or part in _SKIPPED for part in parts)
            if inside.is_file() and not inside.is_symlink() and not is_left_over:
                yield inside
