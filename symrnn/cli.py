"""The command line: derive, evaluate, cells, new. A thin layer; everything it does can be had from Python.

Heavy imports stand inside the commands, so that `--version` and `--help` answer at once. Exit codes: 0 fine,
1 findings, 2 usage or unreadable input, 3 a limit or an internal fault.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from symrnn import __version__
from symrnn.errors import InputError, SymrnnError

MARK = "made with symrnn"
MOST_INPUT = 5_000_000

Command = TypeVar("Command", bound=Callable[..., Any])


class _Group(click.Group):
    """Errors of ours are printed in their three parts, never as a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SymrnnError as error:
            click.echo(f"{click.style('Error', fg='red')}\n{error}", err=True)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            # The reader closed early (`| head`): nothing is wrong, and nothing more can be said on this stream.
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # stays open until the process ends
            ctx.exit(0)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            ctx.exit(130)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", message="symrnn %(version)s")
def main() -> None:
    """The gradients of recurrent networks, from nothing but a cell's equations.

    \b
    symrnn derive lstm                          every gradient of the LSTM, at a symbolic step t
    symrnn derive "h_t = tanh(A h_{t-1} + x_t)" of a cell of your own
    symrnn evaluate example:linear              the numbers of a model file
    """


def output_options(command: Command) -> Command:
    """`-o FILE` and `--force`."""
    command = click.option("--force", is_flag=True, help="Write over a file that symrnn did not make.")(command)
    return click.option("-o", "--output", type=click.Path(), help="Write to this file instead of the screen.")(command)


FORMAT = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How a result is shown."
)


@main.command()
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

    document = derive_document(_resolve(source, variant), of=of, wrt=tuple(filter(None, wrt.split(","))))
    if form == "json":
        _write(document.to_json(), output, force, "derivation")
        return
    kind = to or _format_of(output)
    text = document.to_latex(fragment=fragment) if kind == "latex" else document.to_text()
    if kind == "latex":
        text = f"% {MARK} {__version__}\n{text}"
    _write(text, output, force, f"{sum(1 for _ in document.claims())} equations")


def _format_of(output: str | None) -> str:
    return "latex" if output and output.endswith((".tex", ".latex")) else "text"


@main.command()
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

    model = _resolve(source, None)
    if not isinstance(model, Model):
        raise InputError(source, found="a cell without numbers", write="a model file: symrnn new CELL -o model.toml")
    if setting is not None:
        if setting not in model.settings:
            raise InputError(setting, found="no such setting", write=", ".join(model.settings) or "none in this file")
        model = model.settings[setting]
    result = evaluate_model(model, digits=digits)
    _write(to_json(result) if form == "json" else to_table(result), output, force, "values")


@main.command()
@FORMAT
def cells(form: str) -> None:
    """List the named cells: equations, convention, parameters and operations a step."""
    from symrnn.documents.listing import cells_as_json, cells_as_text

    click.echo(cells_as_json() if form == "json" else cells_as_text(), nl=False)


@main.command()
@click.argument("cell", metavar="CELL")
@click.option("--variant", help="The source of a named cell: chung2014, cho2014, pytorch, keras for gru.")
@click.option("--hidden", type=click.IntRange(1, 1_000), default=2, show_default=True, help="Size of the state.")
@click.option(
    "--input", "inputs", type=click.IntRange(1, 1_000), default=2, show_default=True, help="Size of the input."
)
@click.option("--steps", type=click.IntRange(1, 100_000), default=3, show_default=True, help="Number of steps.")
@click.option("--working", is_flag=True, help="A Markdown skeleton for a hand calculation that carries the model.")
@output_options
def new(
    cell: str,
    variant: str | None,
    hidden: int,
    inputs: int,
    steps: int,
    working: bool,
    output: str | None,
    force: bool,
) -> None:
    """Write a commented model file for a CELL (a name, or equations), ready to be filled in."""
    from symrnn.models.templates import model_text, working_text

    make = working_text if working else model_text
    _write(make(cell, variant=variant, hidden=hidden, inputs=inputs, steps=steps), output, force, "model")


# --- input and output -----------------------------------------------------------------------------------------------


def _resolve(source: str, variant: str | None) -> Any:
    """What an argument names: standard input, an example, a file, typed equations, or a named cell."""
    from symrnn.models.sources import resolve

    if source == "-":
        return resolve(source, variant, text=_standard_input())
    return resolve(source, variant)


def _standard_input() -> str:
    data = sys.stdin.buffer.read(MOST_INPUT + 1)
    if len(data) > MOST_INPUT:
        raise InputError("-", found="more than 5 MB on standard input", write="a smaller text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("-", found="no UTF-8 text on standard input", write="text in UTF-8") from None


def _write(text: str, output: str | None, force: bool, what: str) -> None:
    """To the screen, or to a file: whole or not at all, and never over another's work."""
    if output is None or output == "-":
        _echo(text)
        return
    path = Path(output)
    if path.exists() and not force and not _is_ours(path, text):
        raise InputError(
            output,
            found="the file exists and symrnn did not make it",
            write="another name, or --force to write over it",
        )
    try:
        _replace(path, text)
    except OSError as error:
        raise InputError(
            output, found=f"the file cannot be written: {error.strerror}", write="a path in a folder that exists"
        ) from None
    click.echo(f"{output} written ({what})", err=True)


def _is_ours(path: Path, text: str) -> bool:
    try:
        with path.open("rb") as file:
            return MARK.encode() in file.read(200) or path.read_bytes() == text.encode()
    except OSError:
        return False


def _replace(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent or Path("."), prefix=".symrnn-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _echo(text: str) -> None:
    """Print; a sign the terminal cannot encode is shown by its escape, never as a traceback."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding), nl=False)


if __name__ == "__main__":
    main()
