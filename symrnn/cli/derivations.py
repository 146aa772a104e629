"""`symrnn derive`: a document of gradients, step by step."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from symrnn import __version__
from symrnn.cli.files import FORMAT, MARK, check_formats, resolve, write_all
from symrnn.errors import InputError

SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "text": (".txt",),
    "latex": (".tex", ".latex"),
    "html": (".html", ".htm"),
    "markdown": (".md", ".markdown"),
    "notebook": (".ipynb",),
    "pdf": (".pdf",),
    "typst": (".typ",),
    "bib": (".bib",),
    "json": (".json",),
}
"""A document's formats, and the file names that tell them."""


@click.command()
@click.argument("source", metavar="MODEL|CELL")
@click.option("--of", default="L", show_default=True, help="What is differentiated: L, or a state such as h_3 or h_T.")
@click.option("--wrt", default="", help="Only with respect to these, such as W_h,h (all unless said).")
@click.option("--variant", help="The source of a named cell: chung2014, cho2014, pytorch, keras for gru.")
@click.option("--detail", type=click.Choice(["outline", "normal", "full"]), default="normal", show_default=True)
@click.option("--steps", metavar="T|N", help="Write the recurrences of a cell out for N steps.")
@click.option("--digits", type=click.IntRange(1, 50), help="Decimals beside exact numbers, and so many of the others.")
@click.option("--lang", default="en", show_default=True, help="Language of the words: en or zh.")
@click.option(
    "--notation", help="As a book writes it: goodfellow, pytorch, double_subscript, cs231n, olah, a TOML file."
)
@click.option("--graph", is_flag=True, help="With a picture of the unrolled graph.")
@click.option("--strict", is_flag=True, help="Fail rather than print a line that could not be checked.")
@click.option("--to", type=click.Choice(list(SUFFIXES)), help="Format of the document; -o's suffix tells it too.")
@click.option("--fragment", is_flag=True, help="LaTeX without preamble, for \\input.")
@click.option("-o", "--output", "outputs", type=click.Path(), multiple=True, help="Write to this file; repeatable.")
@click.option("--force", is_flag=True, help="Write over a file that symrnn did not make.")
@FORMAT
def derive(
    source: str,
    of: str,
    wrt: str,
    variant: str | None,
    detail: str,
    steps: str | None,
    digits: int | None,
    lang: str,
    notation: str | None,
    graph: bool,
    strict: bool,
    to: str | None,
    fragment: bool,
    outputs: tuple[str, ...],
    force: bool,
    form: str,
) -> None:
    """Derive the gradients of a CELL (a name, equations, a file of equations) or of a MODEL file.

    A CELL gets symbolic T and the loss L = Σ_t L_t; a MODEL its own loss, and the numbers.

    \b
    symrnn derive lstm -o lstm.pdf -o lstm.html    the format is told by the suffix
    symrnn derive gru --variant pytorch --to latex --fragment > gru.tex
    """
    from symrnn.documents import derive as derive_document

    check_formats(to, form)
    kinds = ["json" if form == "json" else _format_of(output, to, len(outputs)) for output in outputs or (None,)]
    if fragment and "latex" not in kinds:
        raise InputError("--fragment", found=f"{kinds[0]}, which has no preamble", write="--fragment --to latex")
    document = derive_document(
        resolve(source, variant),
        of=of,
        wrt=tuple(filter(None, wrt.split(","))),
        detail=detail,
        steps=_steps(steps),
        digits=digits,
        language=lang,
        notation=notation,
        graph=graph,
        strict=strict,
    )
    made: dict[str, str | bytes] = {}
    contents: list[tuple[str | bytes, str | None]] = []
    for output, kind in zip(outputs or (None,), kinds, strict=True):
        if kind == "latex" and graph and output and output != "-":
            contents += _latex_with_picture(document, fragment, Path(output))
            continue
        if kind not in made:
            made[kind] = _FORMS.get(kind, _rendered(kind))(document, fragment)
        contents.append((_marked(made[kind], kind, output), output))
    if any(isinstance(content, bytes) and not output for content, output in contents) and sys.stdout.isatty():
        raise InputError("--to pdf", found="a terminal, which cannot show it", write="-o FILE.pdf")
    write_all(contents, force, f"{sum(1 for _ in document.claims())} equations")


def _latex_with_picture(document: Any, fragment: bool, path: Path) -> list[tuple[str | bytes, str | None]]:
    """The LaTeX file, and beside it the picture it includes."""
    name = re.sub(r"[^A-Za-z0-9.-]", "-", path.stem) + "-graph.pdf"
    picture = next(document.figures()).pdf
    return [(document.to_latex(fragment, name), str(path)), (picture, str(path.with_name(name)))]


def _steps(text: str | None) -> int | None:
    if text is None or text == "T":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise InputError(f"--steps {text}", found="no number of steps", write="--steps 3, or --steps T")
    return int(text)


def _format_of(output: str | None, to: str | None, count: int) -> str:
    """`--to` for a single output; with several, the suffix of each, and `--to` for those whose suffix tells nothing."""
    suffix = Path(output or "").suffix.lower()
    told = next((kind for kind, suffixes in SUFFIXES.items() if suffix in suffixes), None)
    return (to or told or "text") if count <= 1 else (told or to or "text")


def _rendered(kind: str) -> Callable[[Any, bool], str | bytes]:
    return lambda document, fragment: document.render(kind)


def _bib(document: Any, fragment: bool) -> str:
    from symrnn.documents.references import to_bib

    return f"% {MARK} {__version__}\n" + to_bib(document.citations)


_FORMS: Mapping[str, Callable[[Any, bool], str | bytes]] = {
    "latex": lambda document, fragment: document.to_latex(fragment=fragment),
    "bib": _bib,
}


def _marked(content: str | bytes, kind: str, output: str | None) -> str | bytes:
    """A text file says whose it is in its last line; the other formats say it themselves."""
    if kind != "text" or not output or output == "-" or isinstance(content, bytes):
        return content
    return f"{content}\n{MARK} {__version__}\n"
