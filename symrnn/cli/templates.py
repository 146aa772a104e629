"""`symrnn new`: a commented model file to fill in."""

from __future__ import annotations

import click

from symrnn.cli.files import FORMAT, echo_json, output_options, write


@click.command()
@click.argument("cell", metavar="CELL")
@click.option("--variant", help="The source of a named cell: chung2014, cho2014, pytorch, keras for gru.")
@click.option("--hidden", type=click.IntRange(1, 1_000), default=2, show_default=True, help="Size of the state.")
@click.option(
    "--input", "inputs", type=click.IntRange(1, 1_000), default=2, show_default=True, help="Size of the input."
)
@click.option("--steps", type=click.IntRange(1, 100_000), default=3, show_default=True, help="Number of steps.")
@click.option("--working", is_flag=True, help="A Markdown skeleton for a hand calculation that carries the model.")
@FORMAT
@output_options
def new(
    cell: str,
    variant: str | None,
    hidden: int,
    inputs: int,
    steps: int,
    working: bool,
    form: str,
    output: str | None,
    force: bool,
) -> None:
    """Write a commented model file for a CELL (a name, or equations), ready to be filled in."""
    from symrnn.models.templates import model_text, working_text

    make = working_text if working else model_text
    text = make(cell, variant=variant, hidden=hidden, inputs=inputs, steps=steps)
    if form == "json":
        echo_json(**({"text": text} if output is None else {"output": output}))
    if form != "json" or output is not None:
        write(text, output, force, "model")
