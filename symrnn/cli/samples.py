"""`symrnn notations`: how textbooks write a cell."""

from __future__ import annotations

import click

from symrnn.cli.files import FORMAT


@click.command()
@click.argument("names", metavar="[NAME|FILE.toml]...", nargs=-1)
@click.option("--cell", default="lstm", show_default=True, help="The cell to show: rnn, lstm or gru.")
@FORMAT
def notations(names: tuple[str, ...], cell: str, form: str) -> None:
    """List the notations, each with a cell written in it; or show one, or one of your own from a file."""
    from symrnn.notations import listing
    from symrnn.notations.samples import samples_as_json, samples_as_text

    show = samples_as_json if form == "json" else samples_as_text
    click.echo(show(names or listing(), cell), nl=False)
