"""`symrnn check`: hand calculations, judged link by link."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from symrnn.cli.files import MOST_INPUT, check_formats, output_options, tell, typed, write
from symrnn.errors import InputError, SymrnnError
from symrnn.texts import read_bytes

if TYPE_CHECKING:
    from symrnn.checking.verdicts import Report, Verdict

SUFFIXES = (".md", ".markdown", ".tex", ".latex", ".txt", ".ipynb")
"""What is read of a folder; a file that is named may have any suffix."""
MOST_FILES = 1_000


DOCUMENTS = {".html": "html", ".htm": "html", ".md": "markdown", ".tex": "latex"}
"""The annotated document that a file's suffix asks for."""


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--model", help="A model file or a cell; else the text's own front matter or definitions.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    help="How the result is shown.",
)
@click.option(
    "--to",
    type=click.Choice(["html", "markdown", "latex"]),
    help="The document itself, annotated; -o's suffix tells it too.",
)
@click.option("--fail-on", default="", help="Verdicts that make the exit code 1, such as wrong,unread,undecided.")
@click.option("--lang", "language", default="en", show_default=True, help="Language of the report: en, zh.")
@click.option("--all", "everything", is_flag=True, help="List the links that are fine, too.")
@output_options
def check(
    files: tuple[str, ...],
    model: str | None,
    form: str,
    to: str | None,
    fail_on: str,
    language: str,
    everything: bool,
    output: str | None,
    force: bool,
) -> None:
    """Check the equalities of hand calculations: Markdown, LaTeX, notebooks, plain text, folders, - for standard input.

    Exit code 1 if anything is wrong, 2 if nothing could be read, or one of several files could not.
    """
    from symrnn.languages import check_language

    check_language(language)
    if to is None and not typed("form"):
        to = DOCUMENTS.get(Path(output or "").suffix.lower())
    check_formats(to, form)
    verdicts = _wanted(fail_on)
    reports, refused = _reports(files, model)
    for error in refused:
        tell(error)
    if refused and not reports:
        sys.exit(max(error.exit_code for error in refused))
    if not reports:
        raise InputError(", ".join(files), found="no working in it", write=f"files ending in {', '.join(SUFFIXES)}")
    text = _shown(reports, form, to, language, everything, output is None)
    write(text, output, force, f"{sum(len(report.findings) for report in reports)} links")
    if not any(report.findings or report.unread for report in reports):
        raise InputError(
            ", ".join(files[:3]),
            found="no equality to check",
            write="formulas with = in $…$, \\[…\\] or on plain lines",
        )
    if refused or any(report.has(verdicts) for report in reports):
        sys.exit(max((error.exit_code for error in refused), default=1))


def _wanted(fail_on: str) -> frozenset[Verdict]:
    from symrnn.checking.verdicts import FINDINGS, Verdict

    if not fail_on:
        return FINDINGS
    known = {verdict.value: verdict for verdict in Verdict}
    names = [name.strip().replace("-", "_") for name in fail_on.split(",") if name.strip()]
    for name in names:
        if name not in (*known, "none"):
            raise InputError(f"--fail-on {name}", found="no such verdict", write=", ".join((*known, "none")))
    return frozenset(known[name] for name in names if name != "none")


def _reports(files: Sequence[str], model: str | None) -> tuple[list[Report], list[SymrnnError]]:
    """The report of every file, and why there is none of the others; the same reason is told once."""
    reports: list[Report] = []
    refused: dict[str, SymrnnError] = {}
    for source in _sources(files):
        try:
            reports.append(_report(source, model))
        except SymrnnError as error:
            refused.setdefault(str(error), error)
    return reports, list(refused.values())


def _sources(files: Sequence[str]) -> Iterator[str]:
    for name in files:
        path = Path(name)
        if name in ("-", "") or not path.is_dir():
            yield name
            continue
        top = path.resolve()
        inside = (p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
        # A link may lead anywhere; what is checked is the folder that was named.
        found = sorted(p for p in inside if p.resolve().is_relative_to(top))
        if len(found) > MOST_FILES:
            raise InputError(name, found=f"more than {MOST_FILES:,} files", write="a smaller folder")
        yield from map(str, found)


def _report(source: str, model: str | None) -> Report:
    from symrnn.checking.verification import check as check_working

    if source == "-":
        data = sys.stdin.buffer.read(MOST_INPUT + 1)
        if len(data) > MOST_INPUT:
            raise InputError("-", found="more than 5 MB on standard input", write="a smaller text")
        return check_working(data, model, name="<stdin>")
    path = Path(source)
    if not source or not path.exists():
        write = "the path of a working, a folder, or - for standard input"
        raise InputError(source or '""', found="no such file", write=write)
    if not path.is_file():
        # A pipe such as <(pandoc …) can be read once, and has no size.
        return check_working(read_bytes(source, MOST_INPUT), model, name=source)
    return check_working(path, model)


def _shown(
    reports: Sequence[Report], form: str, to: str | None, language: str, everything: bool, is_screen: bool
) -> str:
    from symrnn import __version__
    from symrnn.checking.reports import annotated, machine, terminal

    if to is not None:
        if len(reports) > 1:
            raise InputError(f"--to {to}", found=f"{len(reports)} files", write="one file")
        return annotated.to_document(reports[0], to, language)
    if form == "json":
        return machine.to_json(reports, language)
    if form == "sarif":
        return machine.to_sarif(reports, __version__, language)
    if form == "github":
        return machine.to_github(reports, language)
    color = is_screen and sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return "\n".join(terminal.to_text(report, language, everything=everything, color=color) for report in reports)
