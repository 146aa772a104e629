"""The command line: a thin layer; everything it does can be had from Python.

Each command is a module of this package, imported when it is asked for, and heavy imports stand inside the commands, so
that `--version` and `--help` answer at once. Exit codes: 0 fine, 1 findings, 2 usage or unreadable input, 3 a limit or
an internal fault.
"""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from typing import Any

import click

from symrnn import __version__
from symrnn.cli.files import tell
from symrnn.cli.usage import HELP_ASKED, UsageProblem, typed_in
from symrnn.errors import CheckFailedError, LimitError, SymrnnError

COMMANDS = {
    "derive": "symrnn.cli.derivations",
    "evaluate": "symrnn.cli.evaluations",
    "regime": "symrnn.cli.regimes",
    "check": "symrnn.cli.checks",
    "worksheet": "symrnn.cli.worksheets",
    "mark": "symrnn.cli.marks",
    "cells": "symrnn.cli.catalogue",
    "remedies": "symrnn.cli.measures",
    "sweep": "symrnn.cli.sweeps",
    "draw": "symrnn.cli.drawings",
    "notations": "symrnn.cli.samples",
    "new": "symrnn.cli.templates",
}
"""The commands in the order of the story, and where each is; the module has a click command of that name."""


class Commands(click.Group):
    """Commands found by name when asked for; errors of ours in their three parts, never as a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the story."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        module = COMMANDS.get(cmd_name)
        return getattr(import_module(module), cmd_name) if module else None

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The context of what was typed; a wrong option before the command in three parts too."""
        typed = tuple(args)
        try:
            return super().make_context(info_name, args, parent, **extra)
        except (UsageProblem, HELP_ASKED):
            raise
        except click.UsageError as error:
            raise UsageProblem(error, typed) from None

    def invoke(self, ctx: click.Context) -> Any:
        typed = typed_in(ctx)
        try:
            return super().invoke(ctx)
        except SymrnnError as error:
            tell(error)
            ctx.exit(error.exit_code)
        except (UsageProblem, HELP_ASKED, click.exceptions.Exit, click.Abort):
            raise
        except click.UsageError as error:
            raise UsageProblem(error, typed) from None
        except BrokenPipeError:
            # The reader closed early (`| head`): nothing is wrong, and nothing more can be said on this stream.
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # stays open until the process ends
            ctx.exit(0)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            ctx.exit(130)
        except OSError as error:
            tell(
                LimitError(error.filename or "", found=f"the system: {error.strerror}", write="room, or another place")
            )
            ctx.exit(LimitError.exit_code)
        except Exception as error:  # whatever it is: a fault of ours must never look like a finding, which is 1
            traceback.print_exception(error)
            tell(
                CheckFailedError(
                    found=f"a fault of symrnn, not of what you wrote: {type(error).__name__}",
                    write="a report with the lines above, please",
                )
            )
            ctx.exit(CheckFailedError.exit_code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", message="symrnn %(version)s")
def main() -> None:
    """The gradients of recurrent networks, from nothing but a cell's equations.

    \b
    symrnn derive lstm                          every gradient of the LSTM, at a symbolic step t
    symrnn derive "h_t = tanh(A h_{t-1} + x_t)" of a cell of your own
    symrnn evaluate example:linear              the numbers of a model file
    symrnn regime example:linear                does its gradient vanish, explode, or neither
    """
