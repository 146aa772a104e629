"""`symrnn derive`: a document of gradients, step by step."""

from __future__ import annotations

from typing import Any

import click

from symrnn.cli.files import FORMAT, resolve, write_all

FORMATS = {
    "text": (".txt",),
    "latex": (".tex", ".latex"),
    "html": (".html", ".htm"),
    "markdown": (".md", ".markdown"),
    "notebook": (".ipynb",),
    "pdf": (".pdf",),
    "typst": (".typ",),
    "json": (".json",),
}
"""The formats of a document, and the suffixes that tell them."""


@click.command()
@click.argument("source", metavar="MODEL|CELL")
@click.option("--of", default="L", show_default=True, help="What is differentiated: L, or a state such as h_3 or h_T.")
@click.option("--wrt", default="", help="Only with respect to these, such as W_h,h (all unless said).")
@click.option("--variant", help="The source of a named cell: chung2014, cho2014, pytorch, keras for gru.")
@click.option(
    "--detail", type=click.Choice(["outline", "normal", "full"]), default="normal", show_default=True, help="How much."
)
@click.option("--steps", type=click.IntRange(1, 100_000), help="Write a CELL's recurrences out for so many steps.")
@click.option("--digits", type=click.IntRange(1, 100), help="Decimals with so many digits beside exact numbers.")
@click.option("--lang", "language", default="en", show_default=True, help="The language of the words: en or zh.")
@click.option("--notation", help="How it is written: goodfellow, pytorch, double_subscript, cs231n, olah, a TOML file.")
@click.option("--strict", is_flag=True, help="Fail rather than print a line that could not be checked.")
@click.option("--to", "to", type=click.Choice(list(FORMATS)), help="Format of the document; -o's suffix tells it too.")
@click.option("--fragment", is_flag=True, help="LaTeX without preamble, for \\input.")
@FORMAT
@click.option(
    "-o",
    "--output",
    "outputs",
    type=click.Path(),
    multiple=True,
    help="Write to this file; can be repeated.",
)
@click.option("--force", is_flag=True, help="Write over a file that symrnn did not make.")
def derive(
    source: str, wrt: str, variant: str | None, to: str | None, fragment: bool, form: str, outputs: tuple[str, ...],
    force: bool, **options: Any,
) -> None:  # fmt: skip  # one line for each kind of option
    """Derive the gradients of a CELL (a name, equations, a file of equations) or of a MODEL file.

    A CELL gets symbolic T and the loss L = Σ_t L_t; a MODEL its own loss, and the numbers. Every equality is checked
    when it is made.

    \b
    symrnn derive lstm --lang zh --notation double_subscript -o lstm.pdf
    symrnn derive example:linear -o linear.tex -o linear.html
    """
    from symrnn.documents import derive as derive_document

    document = derive_document(resolve(source, variant), wrt=tuple(filter(None, wrt.split(","))), **options)
    kinds = {output: _format_of(output, to, form) for output in outputs or ("-",)}
    made = {output: _rendered(document, kind, fragment) for output, kind in kinds.items()}
    write_all(made, force, f"{sum(1 for _ in document.claims())} equations")


def _format_of(output: str, to: str | None, form: str) -> str:
    told = next((kind for kind, suffixes in FORMATS.items() if output.lower().endswith(suffixes)), None)
    return "json" if form == "json" else to or told or "text"


def _rendered(document: Any, kind: str, fragment: bool) -> str | bytes:
    if kind == "latex":
        return str(document.to_latex(fragment=fragment))
    return document.render(kind)
