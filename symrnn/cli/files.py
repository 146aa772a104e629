"""What the commands share: options, what an argument names, and writing without destroying another's work."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from symrnn.errors import InputError, SymrnnError

MARK = "made with symrnn"
NEAR = 400
"""Bytes from either end within which the mark of our own files stands."""
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


def check_formats(to: str | None, form: str) -> None:
    """`--to` makes a document and `--format` a result: of two formats one would be passed over in silence."""
    if to is not None and form not in ("text", to):
        raise InputError(f"--to {to} --format {form}", found="two formats for one result", write="one of the two")


def typed(option: str) -> bool:
    """Whether an option of the command that runs was typed; what it has by itself counts as untyped."""
    return click.get_current_context().get_parameter_source(option) is ParameterSource.COMMANDLINE


def resolve(source: str, variant: str | None, prefix: str = "") -> Any:
    """What an argument names: standard input, an example, a model or weights file, typed equations, or a named cell."""
    from symrnn.models import sources

    if source == "-":
        return sources.resolve(source, variant, text=standard_input())
    return sources.resolve(source, variant, prefix=prefix)


def standard_input() -> str:
    """What stands on standard input, of bounded size."""
    data = sys.stdin.buffer.read(MOST_INPUT + 1)
    if len(data) > MOST_INPUT:
        raise InputError("-", found="more than 5 MB on standard input", write="a smaller text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("-", found="no UTF-8 text on standard input", write="text in UTF-8") from None


def echo_json(**result: Any) -> None:
    """The result of a command that writes files, as one JSON object on standard output."""
    echo(json.dumps(result, ensure_ascii=False, indent=2) + "\n")


def write(content: str | bytes, output: str | None, force: bool, what: str) -> None:
    """To the screen, or to a file: whole or not at all, and never over another's work."""
    write_all([(content, output)], force, what)


def write_all(contents: Sequence[tuple[str | bytes, str | None]], force: bool, what: str) -> None:
    """Several at once: no file is touched before every one may be."""
    for content, output in contents:
        if output and output != "-":
            _check(Path(output), _bytes(content), force)
    for content, output in contents:
        if not output or output == "-":
            echo(content)
            continue
        try:
            _replace(Path(output), _bytes(content))
        except OSError as error:
            raise _unwritable(output, error.strerror or str(error)) from None
        click.echo(f"{output} written ({what})", err=True)


def _bytes(content: str | bytes) -> bytes:
    return content.encode("utf-8") if isinstance(content, str) else content


def _unwritable(output: str, reason: str | None) -> InputError:
    return InputError(output, found=f"the file cannot be written: {reason}", write="a path in a folder that exists")


def _check(path: Path, content: bytes, force: bool) -> None:
    if not path.parent.is_dir():
        raise _unwritable(str(path), "there is no such folder")
    if path.exists() and not force and not _is_ours(path, content):
        raise InputError(
            str(path),
            found="the file exists and symrnn did not make it",
            write="another name, or --force to write over it",
        )


def _is_ours(path: Path, content: bytes) -> bool:
    """Whether the mark stands near the beginning or the end (as in PDF), or nothing would change."""
    try:
        written = path.read_bytes()
    except OSError:
        return False
    mark = MARK.encode()
    return mark in written[:NEAR] or mark in written[-NEAR:] or written == content


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


def tell(error: SymrnnError) -> None:
    """An error in its three parts, on the error stream."""
    click.echo(f"{click.style('Error', fg='red')}\n{error}", err=True)


def echo(content: str | bytes) -> None:
    """Print; a sign the terminal cannot encode is shown by its escape, never as a traceback."""
    if isinstance(content, bytes):
        sys.stdout.buffer.write(content)
        return
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    click.echo(content.encode(encoding, "backslashreplace").decode(encoding), nl=False)
