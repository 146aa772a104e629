"""What the commands share: options, what an argument names, and writing without destroying another's work."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from symrnn.errors import InputError

MARK = "made with symrnn"
MOST_INPUT = 5_000_000

Command = TypeVar("Command", bound=Callable[..., Any])


def output_options(command: Command) -> Command:
    """`-o FILE` and `--force`."""
    command = click.option("--force", is_flag=True, help="Write over a file that symrnn did not make.")(command)
    return click.option("-o", "--output", type=click.Path(), help="Write to this file instead of the screen.")(command)


FORMAT = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How a result is shown."
)
"""`--format text|json`."""


def resolve(source: str, variant: str | None, prefix: str = "") -> Any:
    """What an argument names: standard input, an example, a model or weights file, typed equations, or a named cell."""
    from symrnn.models import sources

    if source == "-":
        return sources.resolve(source, variant, text=_standard_input())
    return sources.resolve(source, variant, prefix=prefix)


def _standard_input() -> str:
    data = sys.stdin.buffer.read(MOST_INPUT + 1)
    if len(data) > MOST_INPUT:
        raise InputError("-", found="more than 5 MB on standard input", write="a smaller text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("-", found="no UTF-8 text on standard input", write="text in UTF-8") from None


def write(text: str, output: str | None, force: bool, what: str) -> None:
    """To the screen, or to a file: whole or not at all, and never over another's work."""
    if output is None or output == "-":
        echo(text)
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


def echo(text: str) -> None:
    """Print; a sign the terminal cannot encode is shown by its escape, never as a traceback."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding), nl=False)
