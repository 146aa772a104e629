"""`symrnn derive`: a document of gradients, step by step."""

from __future__ import annotations

import click

from symrnn import __version__
from symrnn.cli.files import FORMAT, MARK, output_options, resolve, write


@click.command()
@click.argument("source", metavar="MODEL|CELL")
@click.option("--of", default="L", show_default=True, help="What is differentiated: L, or a state such as h_3 or h_T.")
@click.option("--wrt", default="", help="Only with respect to these, such as W_h,h (all unless said).")
@click.option("--variant", help="The source of a named cell: chung2014, cho2014, pytorch, keras for gru.")
@click.option(
    "--to", "to", type=click.Choice(["text", "latex"]), help="Format of the document; -o's suffix tells it too."
)
@click.option("--fragment", is_flag=True, help="LaTeX without preamble, for \\input.")
@FORMAT
@output_options
def derive(
    source: str,
    of: str,
    wrt: str,
    variant: str | None,
    to: str | None,
    fragment: bool,
    form: str,
    output: str | None,
    force: bool,
) -> None:
    """Derive the gradients of a CELL (a name, equations, a file of equations) or of a MODEL file.

    A CELL gets symbolic T and the loss L = Σ_t L_t; a MODEL its own loss, and the numbers.
    """
    from symrnn.documents import derive as derive_document

    document = derive_document(resolve(source, variant), of=of, wrt=tuple(filter(None, wrt.split(","))))
    if form == "json":
        write(document.to_json(), output, force, "derivation")
        return
    kind = to or _format_of(output)
    text = document.to_latex(fragment=fragment) if kind == "latex" else document.to_text()
    if kind == "latex":
        text = f"% {MARK} {__version__}\n{text}"
    write(text, output, force, f"{sum(1 for _ in document.claims())} equations")


def _format_of(output: str | None) -> str:
    return "latex" if output and output.endswith((".tex", ".latex")) else "text"
