"""What the commands share: options, what an argument names, and writing without destroying another's work."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from symrnn.errors import InputError

MARK = "made with symrnn"
MOST_INPUT = 5_000_000
MARKED = 600
"""How many bytes from either end of a file its mark is looked for in."""

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


def write(text: str | bytes, output: str | None, force: bool, what: str) -> None:
    """To the screen, or to a file: whole or not at all, and never over another's work."""
    write_all({output or "-": text}, force, what)


def write_all(made: Mapping[str, str | bytes], force: bool, what: str) -> None:
    """Several outputs: none is written unless all may be."""
    for output, content in made.items():
        path = Path(output)
        if output != "-" and path.exists() and not force and not _is_ours(path, _as_bytes(content)):
            raise InputError(
                output,
                found="the file exists and symrnn did not make it",
                write="another name, or --force to write over it",
            )
    for output, content in made.items():
        if output == "-":
            _to_screen(content)
            continue
        try:
            _replace(Path(output), _as_bytes(content))
        except OSError as error:
            raise InputError(
                output, found=f"the file cannot be written: {error.strerror}", write="a path in a folder that exists"
            ) from None
        click.echo(f"{output} written ({what})", err=True)


def _as_bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def _to_screen(content: str | bytes) -> None:
    if isinstance(content, str):
        echo(content)
    elif sys.stdout.isatty():
        raise InputError("-", found="a file of bytes for the screen", write="-o FILE")
    else:
        sys.stdout.buffer.write(content)


def _is_ours(path: Path, content: bytes) -> bool:
    """Whether symrnn made the file, which it says near the beginning or the end, or it holds the same already."""
    try:
        found = path.read_bytes()
    except OSError:
        return False
    return MARK.encode() in found[:MARKED] + found[-MARKED:] or found == content


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent or Path("."), prefix=".symrnn-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
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
