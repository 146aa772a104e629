"""`symrnn evaluate`: the numbers of a model file."""

from __future__ import annotations

import click

from symrnn.cli.files import FORMAT, output_options, resolve, write
from symrnn.cli.progress import shown
from symrnn.errors import InputError


@click.command()
@click.argument("source", metavar="MODEL")
@click.option("--digits", type=click.IntRange(1, 10_000), help="Significant digits, by multiple precision arithmetic.")
@click.option("--setting", help="The [[setting]] of the file to evaluate.")
@FORMAT
@output_options
def evaluate(source: str, digits: int | None, setting: str | None, form: str, output: str | None, force: bool) -> None:
    """Evaluate every value and gradient of a MODEL file: exact where the cell allows it."""
    from symrnn.models.model import Model
    from symrnn.numeric.evaluation import evaluate as evaluate_model
    from symrnn.numeric.results import to_json, to_table

    model = resolve(source, None)
    if not isinstance(model, Model):
        raise InputError(source, found="a cell without numbers", write="a model file: symrnn new CELL -o model.toml")
    if setting is not None:
        if setting not in model.settings:
            raise InputError(setting, found="no such setting", write=", ".join(model.settings) or "none in this file")
        model = model.settings[setting]
    with shown("evaluate"):
        result = evaluate_model(model, digits=digits)
    write(to_json(result) if form == "json" else to_table(result), output, force, "values")
