"""`symrnn sweep`: the largest Lyapunov exponent over gains, sizes, activations and initialisations."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from symrnn.cli.files import FORMAT, echo, echo_json, output_options, standard_input, write, write_all
from symrnn.errors import InputError
from symrnn.texts import read_text


@click.command()
@click.argument("source", metavar="FILE")
@click.option("--to", "to", type=click.Choice(["jsonl", "csv"]), help="Format of the table; -o's suffix tells it too.")
@click.option("--plot", type=click.Path(), help="A phase plot: FILE.svg, .pdf or .png.")
@click.option("--workers", type=click.IntRange(1, 512), help="Processes; as many as there are processors unless said.")
@click.option("--scheduler", help="A Dask scheduler, tcp://HOST:8786, instead of processes.")
@click.option("--lang", default="en", show_default=True, help="The language of the words in the plot: en or zh.")
@FORMAT
@output_options
def sweep(
    source: str,
    to: str | None,
    plot: str | None,
    workers: int | None,
    scheduler: str | None,
    lang: str,
    form: str,
    output: str | None,
    force: bool,
) -> None:
    """Measure every point of a sweep FILE: JSON Lines by index, CSV on request.

    With -o rows.jsonl each row is stored as it comes: after a stop, the same command goes on with what is left.

    \b
    [sweep]
    activation = ["tanh", "relu"]
    gain = {from = 0.5, to = 2.0, count = 16}
    hidden = 64
    seeds = 3
    """
    from symrnn.languages import check_language
    from symrnn.regimes.points import read_sweep
    from symrnn.regimes.sweeps import Store, line_of, to_csv

    check_language(lang)
    grid = read_sweep(_text(source), source)
    table = to or ("csv" if output and output.endswith(".csv") else "jsonl")
    if plot is not None:
        _check_plot(plot, grid)
    kept = output if table == "jsonl" and output not in (None, "-") else None
    store = Store(Path(kept), grid, anew=force) if kept else None
    if store and store.done:
        click.echo(f"{kept}: {len(store.done)} of {len(grid)} rows are there", err=True)
    with _progress(len(grid) - len(store.done if store else ())) as advance:

        def keep(rows: list[dict[str, Any]]) -> None:
            if store:
                store.add(rows)
            advance(len(rows))

        try:
            rows = _run(grid, workers, scheduler, store.done if store else frozenset(), keep)
        except KeyboardInterrupt:
            if store:
                click.echo(f"\n{kept} holds {len(store.done)} of {len(grid)} rows; the same command goes on", err=True)
            raise
    if store:
        rows = store.finish()
        click.echo(f"{kept} written ({len(rows)} rows)", err=True)
    elif form == "text" or output is not None:
        text = to_csv(rows) if table == "csv" else "".join(map(line_of, rows))
        echo(text) if output in (None, "-") else write(text, output, force, f"{len(rows)} rows")
    if form == "json":
        echo_json(**({"rows": rows} if output is None else {"output": output, "count": len(rows)}))
    if plot is not None:
        write_all([(_figure(rows, grid, plot, lang), plot)], force, "phase plot")


def _text(source: str) -> str:
    return standard_input() if source == "-" else read_text(source, write="a sweep file")


def _run(grid: Any, workers: int | None, scheduler: str | None, done: frozenset[int], keep: Any) -> list[Any]:
    from symrnn.regimes.sweeps import dask_executor, run_locally, run_sweep

    if len(done) == len(grid):
        return []
    if scheduler is not None:
        with dask_executor(scheduler) as executor:
            return run_sweep(grid, executor, done, keep, workers)
    return run_locally(grid, workers or _processors(), done, keep)


def _processors() -> int:
    """Those this process may use, where the system tells."""
    affinity: Any = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@contextmanager
def _progress(total: int) -> Iterator[Any]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty() or not total:
        yield lambda count: None
        return
    with click.progressbar(length=total, file=sys.stderr, show_pos=True) as bar:
        yield bar.update


def _check_plot(plot: str, grid: Any) -> None:
    from symrnn.plots.panels import FORMATS
    from symrnn.regimes.diagrams import check_axes

    if Path(plot).suffix.lstrip(".").lower() not in FORMATS:
        raise InputError(plot, found="no format of pictures", write="--plot FILE." + ", .".join(FORMATS))
    check_axes(grid)


def _figure(rows: list[Any], grid: Any, plot: str, language: str) -> bytes:
    from symrnn.plots.panels import figure, saved
    from symrnn.regimes.diagrams import panel_of

    return saved(figure(panel_of(rows, grid, language)), Path(plot).suffix.lstrip(".").lower(), grid.name)
