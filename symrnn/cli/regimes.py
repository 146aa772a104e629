"""`symrnn regime`: does the gradient vanish, explode or neither, and which theorem or figure says so."""

from __future__ import annotations

from typing import Any

import click

from symrnn.cli.files import FORMAT, check_formats, output_options, resolve, write_all
from symrnn.errors import InputError

VERDICTS = ("vanishing", "exploding", "marginal", "mixed", "undecided")
REQUIREMENTS = (*VERDICTS, *(f"not-{verdict}" for verdict in VERDICTS), "proved")
VANISHING = ("vanishing", "mixed")
"""Mixed is growth first and vanishing in the end: `not-vanishing` refuses both."""


@click.command()
@click.argument("sources", metavar="MODEL|CELL|WEIGHTS...", nargs=-1, required=True)
@click.option("--variant", help="The source of a named cell: chung2014, cho2014, pytorch, keras for gru.")
@click.option("--prefix", default="", help="Which tensors of a weights file: lstm., encoder.rnn., ...")
@click.option("--setting", help="The [[setting]] of a model file.")
@click.option("--input", "sequence", type=click.Path(), help="Real inputs: .npy, .npz, .csv or .json, a step a row.")
@click.option("--exponents", "count", type=click.IntRange(1, 10_000), help="How many Lyapunov exponents to measure.")
@click.option("--example", type=click.IntRange(0), default=0, show_default=True, help="Which of a batch is followed.")
@click.option("--solve-for", help="Solve the conditions of a cell with symbols for this one.")
@click.option(
    "--require",
    "requirements",
    multiple=True,
    type=click.Choice(REQUIREMENTS),
    help="Exit with 1 unless the verdict is this, or is not.",
)
@click.option("--plot", type=click.Path(), help="A figure of the measurements: FILE.svg, .pdf or .png.")
@click.option("--to", "to", type=click.Choice(["text", "latex", "html"]), help="Format of the document.")
@click.option("--lang", default="en", show_default=True, help="The language of the words: en, zh.")
@FORMAT
@output_options
def regime(
    sources: tuple[str, ...],
    variant: str | None,
    prefix: str,
    setting: str | None,
    sequence: str | None,
    count: int | None,
    example: int,
    solve_for: str | None,
    requirements: tuple[str, ...],
    plot: str | None,
    to: str | None,
    lang: str,
    form: str,
    output: str | None,
    force: bool,
) -> None:
    """Judge the regime of a MODEL file, of WEIGHTS, or of a CELL without numbers.

    A CELL gives its conditions as inequalities; a MODEL the verdict, its reason, the half-life and all evidence.
    Several give one table. The exit code is 0 whatever the verdict, unless --require asks for more.
    """
    from symrnn.documents.renderers.verdicts import regime as regime_of
    from symrnn.languages import check_language

    check_language(lang)
    check_formats(to, form)
    things = [_driven(_setting(resolve(s, variant, prefix), setting, s), sequence) for s in sources]
    found = [regime_of(thing, k=count, example=example, solve_for=solve_for) for thing in things]
    contents: list[tuple[str | bytes, str | None]] = [(_shown(found, to or _format_of(output), form, lang), output)]
    if plot is not None:
        contents.append((_drawn(things, found, plot, lang, example), plot))
    write_all(contents, force, "regime")
    failed = [each.name for each in found if not all(fulfils(each.verdict, each.kind, want) for want in requirements)]
    if failed:
        click.echo(f"required: {', '.join(requirements)}; not so: {', '.join(failed)}", err=True)
        raise SystemExit(1)


def _drawn(things: list[Any], found: list[Any], plot: str, lang: str, example: int) -> bytes:
    """The figure, in the format that the suffix names."""
    from symrnn.plots.panels import FORMATS, figure, saved
    from symrnn.regimes.pictures import regime_panels

    form = plot.rpartition(".")[2].lower()
    if form not in FORMATS:
        raise InputError(plot, found="no format of pictures", write="--plot FILE." + ", .".join(FORMATS))
    if any(each.conditions for each in found):
        raise InputError(f"--plot {plot}", found="a cell without numbers", write="a model file or weights")
    made = figure(regime_panels(things, found, lang, example))
    return saved(made, form, made.alt)


def _setting(thing: Any, setting: str | None, source: str) -> Any:
    if setting is None:
        return thing
    settings = getattr(thing, "settings", {})
    if setting not in settings:
        raise InputError(setting, found="no such setting", write=", ".join(settings) or f"none in {source}")
    return settings[setting]


def _driven(thing: Any, sequence: str | None) -> Any:
    """The model with the inputs of a file."""
    from symrnn.models.model import Model
    from symrnn.regimes.sequences import read_sequence, with_input

    if sequence is None:
        return thing
    if not isinstance(thing, Model):
        raise InputError(f"--input {sequence}", found="a cell without numbers", write="a model file or weights")
    names = [signal.name for signal in thing.program.inputs]
    return with_input(thing, read_sequence(sequence, names[0] if names else "x"))


def _format_of(output: str | None) -> str:
    suffix = (output or "").rpartition(".")[2]
    return {"tex": "latex", "latex": "latex", "html": "html"}.get(suffix, "text")


def _shown(found: list[Any], to: str, form: str, language: str) -> str:
    from symrnn.documents.renderers.verdicts import FORMATS, several, table_of

    if form == "json":
        return FORMATS["json"](found[0]) if len(found) == 1 else several(found)
    if len(found) > 1 and to == "text":
        return table_of(found, language)
    return "\n".join(FORMATS[to](each, language) for each in found)


def fulfils(verdict: str, kind: str, requirement: str) -> bool:
    """Whether a verdict is what `--require` asks for.

    >>> fulfils("mixed", "measured", "not-vanishing"), fulfils("exploding", "proved", "not-vanishing")
    (False, True)
    """
    if requirement == "proved":
        return kind == "proved" and verdict != "undecided"
    wanted = requirement.removeprefix("not-")
    same = verdict in VANISHING if wanted == "vanishing" else verdict == wanted
    return same is not requirement.startswith("not-")
