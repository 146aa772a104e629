"""`symrnn draw`: the unrolled graph as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from symrnn.cli.files import FORMAT, echo_json, output_options, resolve, write
from symrnn.errors import InputError, LimitError

MOST_COLUMNS = 60


@click.command()
@click.argument("source", metavar="MODEL|CELL|WEIGHTS")
@click.option("--steps", type=click.IntRange(1), help="Steps of a CELL; of a MODEL, how many at most are shown.")
@click.option("--variant", help="The source of a named cell: chung2014, cho2014, pytorch, keras for gru.")
@click.option("--prefix", default="", help="Which layer of a weights file, such as lstm.l0.")
@click.option("--notation", help="As a book writes it: goodfellow, pytorch, double_subscript, olah, a TOML file.")
@click.option("--lang", default="en", show_default=True, help="The language of the words in it: en or zh.")
@FORMAT
@output_options
def draw(
    source: str,
    steps: int | None,
    variant: str | None,
    prefix: str,
    notation: str | None,
    lang: str,
    form: str,
    output: str | None,
    force: bool,
) -> None:
    """Draw the unrolled graph of a CELL or a MODEL: values forward, gradient magnitudes flowing back.

    The format follows from -o's suffix: .svg (the default), .pdf or .png. Past eight steps the middle is left out.
    With --format json what is drawn is said in words, and where; without -o the SVG is in it.
    """
    from symrnn.languages import check_language
    from symrnn.plots.graphs import unrolled_figure
    from symrnn.plots.panels import FORMATS, saved

    check_language(lang)
    if steps is not None and steps > MOST_COLUMNS:
        raise LimitError(f"--steps {steps}", found=f"more than {MOST_COLUMNS} columns", write="fewer steps")
    kind = Path(output).suffix.lstrip(".").lower() or "svg" if output and output != "-" else "svg"
    if kind not in FORMATS:
        raise InputError(output or "", found="no format of pictures", write="-o FILE." + ", .".join(FORMATS))
    thing = resolve(source, variant, prefix)
    made = unrolled_figure(thing, steps, _style(thing, notation), lang)
    picture = saved(made, kind, made.alt)
    if form == "json":
        if output is None:
            echo_json(kind=kind, alt=made.alt, picture=picture.decode())
            return
        echo_json(kind=kind, alt=made.alt, output=output)
    write(picture, output, force, "graph")


def _style(thing: Any, asked: str | None) -> Any:
    """The notation asked for, else the model's own, else the neutral one."""
    from symrnn.algebra.layout import NEUTRAL
    from symrnn.models.model import Model
    from symrnn.notations import notation as find_notation
    from symrnn.notations.declarations import declared

    program = thing.program if isinstance(thing, Model) else thing
    if asked is not None:
        return find_notation(asked).style(program)
    if isinstance(thing, Model) and thing.notation:
        return declared(thing.notation).style(program)
    return NEUTRAL
