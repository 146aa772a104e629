"""Running a sweep: chunks through any `concurrent.futures.Executor`, rows stored as they come, nothing computed twice.

The seam is the executor: processes of this machine (`local_executor`), a Dask cluster (`dask_executor`), or the
caller's own. Points go out in chunks of our own that take a tenth of a second or more, because a task of a cluster
costs milliseconds.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from symrnn.errors import InputError, LimitError
from symrnn.regimes.points import FIGURES, KEYS, Sweep, check_row, measured

Row = dict[str, Any]
Chunk = tuple[tuple[int, Mapping[str, Any]], ...]
WANTED = 0.4
"""Seconds a chunk should take, as far as the points before it tell."""
AHEAD = 3
"""Chunks handed out for each worker at a time."""
RESTARTS = 3
"""How often a pool that lost a worker is made anew."""


def measure_chunk(chunk: Chunk) -> tuple[list[Row], float]:
    """The rows of a chunk, and the seconds it took; what workers run.

    >>> rows, seconds = measure_chunk(())
    >>> rows
    []
    """
    begin = time.perf_counter()
    rows = [measured(index, point) for index, point in chunk]
    return rows, time.perf_counter() - begin


def run_sweep(
    sweep: Sweep,
    executor: Executor | None = None,
    done: Iterable[int] = (),
    store: Callable[[list[Row]], None] = lambda rows: None,
    workers: int | None = None,
) -> list[Row]:
    """Every row that is not done yet, by index; `store` is called with the rows of each chunk as it comes in.

    Args:
        sweep: the grid.
        executor: who computes; this process unless given.
        done: indices that are left out.
        store: what happens to rows at once.
        workers: how many the executor has; found out where it is not said.

    >>> from symrnn.regimes.points import read_sweep
    >>> rows = run_sweep(read_sweep("[sweep]\\nhidden = 4\\nsteps = 20\\ngain = [0.5, 1.0]"), done=[0])
    >>> [row["index"] for row in rows]
    [1]
    """
    skip = frozenset(done)
    todo = ((index, point) for index, point in sweep.points() if index not in skip)
    found: list[Row] = []
    for rows in _in_order(todo) if executor is None else _spread(todo, executor, workers or _workers_of(executor)):
        store(rows)
        found += rows
    return sorted(found, key=lambda row: int(row["index"]))


def _in_order(todo: Iterator[tuple[int, Mapping[str, Any]]]) -> Iterator[list[Row]]:
    for index, point in todo:
        yield [measured(index, point)]


def _spread(todo: Iterator[tuple[int, Mapping[str, Any]]], executor: Executor, workers: int) -> Iterator[list[Row]]:
    """Chunks handed out as long as there are points, a few for each worker at a time; rows as they come back."""
    pace = _Pace()
    pending: set[Future[tuple[list[Row], float]]] = set()
    exhausted = False
    try:
        while True:
            # Until a first chunk has come back nobody knows how long a point takes: one point for each worker.
            room = AHEAD * workers if pace.known else workers
            while not exhausted and len(pending) < room:
                chunk = tuple(_taken(todo, pace.size))
                if not chunk:
                    exhausted = True
                    break
                pending.add(executor.submit(measure_chunk, chunk))
            if not pending:
                return
            finished, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                rows, seconds = future.result()
                pace.learn(len(rows), seconds)
                yield rows
    finally:
        for future in pending:
            future.cancel()


def _taken(points: Iterator[Any], count: int) -> Iterator[Any]:
    for _ in range(count):
        try:
            yield next(points)
        except StopIteration:
            return


class _Pace:
    """How many points make a chunk of the wanted length; a point's time is the mean over the latest chunks."""

    def __init__(self) -> None:
        self.seconds: float | None = None

    @property
    def known(self) -> bool:
        """Whether a chunk has come back."""
        return self.seconds is not None

    @property
    def size(self) -> int:
        """Points in the next chunk."""
        if self.seconds is None:
            return 1
        return max(1, min(math.ceil(WANTED / max(self.seconds, 1e-5)), 10_000))

    def learn(self, points: int, seconds: float) -> None:
        """Take a chunk's time into account."""
        each = seconds / max(points, 1)
        self.seconds = each if self.seconds is None else 0.5 * (self.seconds + each)


def _workers_of(executor: Executor) -> int:
    """Of a pool what it was made with; of Dask's executor the cluster's threads; else the processors here."""
    count = getattr(executor, "_max_workers", None)
    client = getattr(executor, "_client", None)
    if count is None and client is not None:
        count = sum(client.nthreads().values())
    return max(1, int(count or os.cpu_count() or 1))


# --- executors --------------------------------------------------------------------------------------------------------


@contextmanager
def local_executor(workers: int) -> Iterator[Executor]:
    """Processes of this machine, each with one thread for linear algebra; spawned, for forked BLAS threads may hang."""
    import multiprocessing

    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_leave_interrupts) as pool:
            try:
                yield pool
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _leave_interrupts() -> None:
    """Ctrl-C is the parent's: it stops the pool, and no worker prints a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """The workers of a Dask scheduler such as `tcp://host:8786`; a worker that dies has its chunks done by others."""
    try:
        from dask.distributed import Client
    except ImportError:
        raise InputError(address, found="Dask is not installed", write='pip install "symrnn[dask]"') from None
    try:
        client = Client(address, timeout=10, set_as_default=False)  # type: ignore[no-untyped-call]  # no types
    except (OSError, ValueError, TimeoutError) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(address, found=f"no scheduler there: {reason}", write="--scheduler tcp://HOST:8786") from None
    with client:
        yield client.get_executor(pure=False, retries=2)  # type: ignore[no-untyped-call]  # no types


def run_locally(
    sweep: Sweep, workers: int, done: Iterable[int] = (), store: Callable[[list[Row]], None] = lambda rows: None
) -> list[Row]:
    """A sweep on this machine's processes; a pool that lost a worker is made anew and goes on with what is left."""
    found: dict[int, Row] = {}
    skip = set(done)

    def keep(rows: list[Row]) -> None:
        store(rows)
        found.update((int(row["index"]), row) for row in rows)

    if workers == 1:
        run_sweep(sweep, None, skip, keep)
        return [found[index] for index in sorted(found)]
    for attempt in range(RESTARTS + 1):
        try:
            with local_executor(workers) as pool:
                run_sweep(sweep, pool, skip | set(found), keep, workers)
            break
        except BrokenProcessPool:
            if attempt == RESTARTS:
                died = f"workers that died {RESTARTS + 1} times (out of memory?)"
                raise LimitError(sweep.name, found=died, write="fewer --workers") from None
    return [found[index] for index in sorted(found)]


# --- stored rows ------------------------------------------------------------------------------------------------------


class Store:
    """Rows in a JSON Lines file: appended as they come, whole lines only; sorted by index when all are there.

    After a kill the file holds every row that was stored; a last line that was cut is dropped and its point done again.
    """

    def __init__(self, path: Path, sweep: Sweep, anew: bool = False) -> None:
        self.path, self.sweep = path, sweep
        self.rows: dict[int, Row] = {}
        try:
            if anew and path.exists():
                path.unlink()
            self._read()
        except OSError as error:
            raise InputError(str(path), found=f"no file for rows: {error.strerror}", write="-o rows.jsonl") from None

    def _read(self) -> None:
        if not self.path.exists():
            return
        data = self.path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        for line in whole.splitlines():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            index = check_row(row, self.sweep)
            self.rows[index] = row
        if len(whole) < len(data):
            # A row cut off by a kill is a beginning of one; anything else is no file of ours.
            if not data[len(whole) :].startswith(b'{"index"'[: len(data) - len(whole)]):
                check_row(None, self.sweep)
            with self.path.open("r+b") as file:
                file.truncate(len(whole))

    @property
    def done(self) -> frozenset[int]:
        """Indices that are stored."""
        return frozenset(self.rows)

    def add(self, rows: Sequence[Row]) -> None:
        """Append in one write, so that a kill cuts at most the last line."""
        text = "".join(line_of(row) for row in rows if row["index"] not in self.rows)
        with self.path.open("ab") as file:
            file.write(text.encode("utf-8"))
        self.rows.update((int(row["index"]), dict(row)) for row in rows)

    def finish(self) -> list[Row]:
        """All rows by index, the file rewritten in that order, whole or not at all."""
        ordered = [self.rows[index] for index in sorted(self.rows)]
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=".symrnn-")
        with os.fdopen(handle, "wb") as file:
            file.write("".join(map(line_of, ordered)).encode("utf-8"))
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, self.path)
        return ordered


def line_of(row: Mapping[str, Any]) -> str:
    """A row as one line of JSON.

    >>> line_of({"index": 0, "gain": 0.5})
    '{"index": 0, "gain": 0.5}\\n'
    """
    return json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows as CSV with a head line; what is null stays empty.

    >>> to_csv([]).startswith("index,kind,activation")
    True
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, ["index", *KEYS, *FIGURES], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
