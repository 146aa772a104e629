"""`symrnn worksheet`: exercises with keys."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from symrnn.cli.files import FORMAT, echo_json, resolve, typed
from symrnn.cli.progress import Shower, shown
from symrnn.errors import InputError
from symrnn.texts import read_bytes

if TYPE_CHECKING:
    from symrnn.models.model import Model
    from symrnn.worksheets.rosters import Student
    from symrnn.worksheets.tasks import Task

MOST_ROSTER = 2_000_000
_KINDS = {"formula": "the formulas", "words": "the answers in words"}
"""What is left out of files for learning platforms, as it is told."""


_OF_SHEETS = ("variants", "roster", "seed", "label", "blanks", "to", "lang", "output")
"""Options that say something of sheets, of which a stress test makes none."""


@click.command()
@click.argument("source", metavar="MODEL")
@click.option("--variants", type=click.IntRange(1, 5_000), help="How many different sheets; one unless said.")
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True, help="The same seed, the same sheets."
)
@click.option("--year", "label", default="", help="What ids begin with, such as 2026; the seed unless said.")
@click.option("--tasks", default="", help="Such as forward,bptt,regime (the default), spectrum, or a task file.")
@click.option("--sheet", type=click.Path(), help="A sheet file (TOML): title, course, text, tasks with points.")
@click.option(
    "--blanks",
    type=click.Choice(["0", "30", "60", "100"]),
    default="100",
    show_default=True,
    help="Per cent left blank.",
)
@click.option(
    "--to",
    default="html",
    show_default=True,
    help="html, markdown, latex, pdf, notebook, moodle, gift, qti, prairielearn; several by commas.",
)
@click.option("--roster", type=click.Path(), help="A class list (names, or CSV with name,id): a sheet for each.")
@click.option("--lang", default="en", show_default=True, help="Language of the sheets: en or zh.")
@click.option("--stress", type=click.IntRange(1, 100_000), help="No sheets: try so many seeds and report faults.")
@FORMAT
@click.option("-o", "--output", type=click.Path(), help="The folder to write; worksheet-SEED unless said.")
def worksheet(
    source: str,
    variants: int | None,
    seed: int,
    label: str,
    tasks: str,
    sheet: str | None,
    blanks: str,
    to: str,
    roster: str | None,
    lang: str,
    stress: int | None,
    form: str,
    output: str | None,
) -> None:
    """Exercises made from a MODEL file, with keys apart, to be marked by `symrnn mark`.

    \b
    symrnn worksheet example:linear --seed 1 -o week3
    symrnn worksheet tanh.toml --roster class.csv --tasks forward,bptt --to html,markdown -o week4
    """  # fmt: skip
    from symrnn.languages import check_language
    from symrnn.worksheets.exports.items import left_out
    from symrnn.worksheets.folders import EXPORTS, SUFFIXES
    from symrnn.worksheets.layouts import Layout, load_layout
    from symrnn.worksheets.making import worksheet as make
    from symrnn.worksheets.pages import Looks
    from symrnn.worksheets.sheets import tasks_of

    check_language(lang)
    formats = [name for name in to.split(",") if name]
    for name in formats:
        if name not in (*SUFFIXES, *EXPORTS):
            raise InputError(f"--to {name}", found="no format of worksheets", write=", ".join((*SUFFIXES, *EXPORTS)))
    model = _structure(source)
    layout = load_layout(sheet) if sheet else Layout()
    named = [name for name in tasks.split(",") if name]
    if named and layout.tasks:
        raise InputError(
            f"--tasks {tasks} --sheet {sheet}", found="tasks in the sheet file as well", write="one of the two"
        )
    wanted = tasks_of(named, model) if named or not layout.tasks else layout.tasks
    if stress is not None:
        idle = next((option for option in _OF_SHEETS if typed(option)), None)
        if idle is not None:
            option = "--year" if idle == "label" else f"--{idle}"
            raise InputError(
                f"--stress with {option}",
                found=f"seeds from 1 to {stress} are tried, no sheets are made",
                write="--stress, with --tasks or --sheet",
            )
        _stress(model, wanted, stress, form)
        return
    students = _roster(roster, variants)
    folder = free(output or f"worksheet-{seed}")
    count = variants or len(students) or 1
    show = Shower("sheets")
    looks = Looks(layout.title, layout.course, layout.text, layout.name_line, blanks=int(blanks), language=lang)
    with shown("search for numbers"):
        made = make(model, wanted, count, seed, label, students, looks, lambda number: show(number, 2 * count))
    write_folder(folder, made.files(formats, lambda number: show(count + number, 2 * count)))
    show.clear()
    click.echo(f"{folder}: {count} sheet{'s' if count > 1 else ''}, seed {seed}, keys in {folder / 'keys'}", err=True)
    platforms = [name for name in formats if name in EXPORTS]
    missing = left_out(one.sheet for one in made.made) if platforms else {}
    for kind, ids in missing.items():
        said = ", ".join(f"({id})" for id in ids)
        click.echo(f"{folder}: not in {', '.join(platforms)}: {_KINDS[kind]} {said}; they stay on paper", err=True)
    if form == "json":
        files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        left = {"formats": platforms, **{kind: list(ids) for kind, ids in missing.items()}} if missing else {}
        echo_json(folder=str(folder), seed=seed, sheets=count, files=files, left_out=left)


def _structure(source: str) -> Model:
    """The model whose structure the sheets keep: a file's, an example's, or a cell's with one unit and two steps."""
    from symrnn.models.files import loads
    from symrnn.models.model import Model
    from symrnn.worksheets.structures import cell_text, structure_text

    found = resolve(source, None)
    if isinstance(found, Model):
        return found
    return loads(cell_text(str(found)) if source == "-" else structure_text(source), source)


def _stress(model: Model, wanted: tuple[Task, ...], seeds: int, form: str) -> None:
    """The report of a stress test; exit code 1 if a fault was found."""
    from symrnn.worksheets.stress import try_seeds

    start = time.monotonic()
    show = Shower("seeds")
    report = try_seeds(model, wanted, seeds, lambda count: show(count, seeds))
    show.clear()
    if form == "json":
        echo_json(**vars(report), is_clean=report.is_clean)
        sys.exit(0 if report.is_clean else 1)
    click.echo(f"seeds                       {report.seeds}")
    click.echo(f"no variant found            {_listed(report.none_found)}")
    click.echo(f"same numbers as another     {_listed(report.duplicates)}")
    click.echo(f"beyond the digit budget     {_listed(report.overruns)}")
    click.echo(f"not diagnosable             {_listed(report.undiagnosable)}")
    click.echo(f"evaluations that disagree   {_listed(report.disagreements)}")
    click.echo(f"mistakes alike by chance    {_listed(report.alike)}")
    click.echo(f"digits of exact answers     {_shares(report.digits)}")
    click.echo(f"{time.monotonic() - start:.1f} s", err=True)
    if not report.is_clean:
        sys.exit(1)


def _shares(digits: Mapping[int, int]) -> str:
    """How many answers in a hundred take how many digits."""
    total = sum(digits.values())
    return "  ".join(f"{count}: {100 * digits[count] / total:.0f} %" for count in sorted(digits)) or "none"


def _listed(found: Sequence[object]) -> str:
    return f"{len(found)}" + (f": {', '.join(map(str, found[:10]))}" if found else "")


def _roster(path: str | None, variants: int | None) -> tuple[Student, ...]:
    if path is None:
        return ()
    from symrnn.worksheets.rosters import read_roster
    from symrnn.worksheets.submissions import decoded

    students = read_roster(decoded(read_bytes(path, MOST_ROSTER), path), path)
    if variants is not None and variants != len(students):
        raise InputError(
            f"--variants {variants}",
            found=f"{len(students)} students in {path}",
            write="--roster alone",
        )
    return students


def free(name: str) -> Path:
    """A folder that is not there yet, or is empty."""
    folder = Path(name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(name, found="it exists, and nothing is written over", write="-o with another name")
    if not folder.absolute().parent.is_dir():
        raise InputError(name, found="the folder above does not exist", write="a name in a folder that exists")
    return folder


def write_folder(folder: Path, files: Iterable[tuple[str, str | bytes]]) -> None:
    """All files or none: they are gathered beside the folder and moved in one step."""
    parent = folder.absolute().parent
    try:
        gathered = Path(tempfile.mkdtemp(prefix=".symrnn-", dir=parent))
    except OSError as error:
        raise InputError(str(folder), found=f"it cannot be written: {error.strerror}", write="another folder") from None
    try:
        for path, content in files:
            target = gathered / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        gathered.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        gathered.rename(folder)
    except BaseException:
        shutil.rmtree(gathered, ignore_errors=True)
        raise
