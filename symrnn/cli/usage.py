"""A command typed wrong, in the three parts of every other error: what was typed, what was found, what to write."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import IO, Any

import click

from symrnn.errors import InputError


class UsageProblem(click.UsageError):
    """An error of usage that shows its three parts; exit code 2."""

    def __init__(self, error: click.UsageError, typed: Sequence[str]) -> None:
        super().__init__(error.message, error.ctx)
        self.error = error
        self.typed = tuple(typed)

    def show(self, file: IO[Any] | None = None) -> None:
        """On the error stream, as errors of ours are."""
        parts = InputError(
            _line(("symrnn", *self.typed)), found=found(self.error), write=remedy(self.error, self.typed[:1])
        )
        click.echo(f"{click.style('Error', fg='red')}\n{parts}", err=True)


def _line(words: Sequence[str]) -> str:
    line = shlex.join(words)
    return line if len(line) <= 200 else line[:200] + " …"


def found(error: click.UsageError) -> str:
    """What is wrong with what was typed.

    >>> found(click.NoSuchOption("--nope"))
    'no option --nope'
    """
    if isinstance(error, click.NoSuchOption):
        return f"no option {error.option_name}"
    if isinstance(error, click.MissingParameter):
        return f"{_name(error)} is missing"
    text = _plain(error.message)
    return f"{_name(error)}: {text}" if isinstance(error, click.BadParameter) and _name(error) else text


def remedy(error: click.UsageError, command: Sequence[str] = ()) -> str:
    """What to write: the option with what it takes, a name that is near, or the command's usage.

    >>> option = click.Option(["--blanks"], type=click.Choice(["0", "30"]))
    >>> remedy(click.BadParameter("no", param=option))
    '--blanks with one of 0, 30'
    """
    if isinstance(error, click.NoSuchOption) and error.possibilities:
        return " or ".join(sorted(error.possibilities))
    if isinstance(error, click.BadParameter) and not isinstance(error, click.MissingParameter):
        taken = _taken(error.param.type) if error.param is not None else ""
        if taken:
            return f"{_name(error)} with {taken}"
    if error.ctx is None:
        return " ".join(("symrnn", *command, "--help"))
    path = error.ctx.command_path
    pieces = " ".join(error.ctx.get_usage().split()).removeprefix(f"Usage: {path}")
    # However the program was called: `symrnn`, `python -m symrnn`.
    name = "symrnn" + path.removeprefix(error.ctx.find_root().info_name or "")
    return f"{name}{pieces}; all options: {name} --help"


def _name(error: click.BadParameter) -> str:
    """The option as it is typed, or an argument's name."""
    if error.param is None:
        return str(error.param_hint or "")
    if isinstance(error.param, click.Option):
        return max(error.param.opts, key=len)
    return error.param.make_metavar(error.ctx or click.Context(click.Command("symrnn"))).rstrip(".")


def _taken(kind: click.ParamType[Any]) -> str:
    """What an option takes."""
    if isinstance(kind, click.Choice):
        return "one of " + ", ".join(map(str, kind.choices))
    if isinstance(kind, click.IntRange | click.FloatRange):
        what = "a whole number" if isinstance(kind, click.IntRange) else "a number"
        if kind.min is not None and kind.max is not None:
            return f"{what} from {kind.min} to {kind.max}"
        return f"{what} from {kind.min}" if kind.min is not None else f"{what} up to {kind.max}"
    if kind is click.INT:
        return "a whole number"
    return "a number" if kind is click.FLOAT else ""


def _plain(text: str) -> str:
    """A sentence of click's as a part of ours."""
    return text[:1].lower() + text[1:].rstrip(".")
