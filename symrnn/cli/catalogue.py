"""`symrnn cells`: the named cells."""

from __future__ import annotations

import click

from symrnn.cli.files import FORMAT


@click.command()
@FORMAT
def cells(form: str) -> None:
    """List the named cells: equations, convention, parameters and operations a step."""
    from symrnn.documents.listing import cells_as_json, cells_as_text

    click.echo(cells_as_json() if form == "json" else cells_as_text(), nl=False)
