"""Sweeps through executors: the same rows whoever computes them, resumed after kills, on a real Dask cluster."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from symrnn.cli.group import main
from symrnn.errors import LimitError, SymrnnError
from symrnn.regimes import sweeps
from symrnn.regimes.diagrams import panel_of
from symrnn.regimes.points import Sweep, read_sweep
from symrnn.regimes.sweeps import Store, dask_executor, line_of, run_locally, run_sweep, to_csv

SMALL = "[sweep]\nhidden = 4\nsteps = 20\ngain = {from = 0.5, to = 1.5, count = 6}\nseeds = 2\n"
LONGER = "[sweep]\nhidden = 48\nsteps = 500\ngain = {from = 0.5, to = 1.5, count = 30}\nseeds = 2\n"


@pytest.fixture(scope="module")
def small() -> Sweep:
    """Twelve points of a few milliseconds."""
    return read_sweep(SMALL)


@pytest.fixture(scope="module")
def rows(small: Sweep) -> list[dict[str, Any]]:
    """What this process computes."""
    return run_sweep(small)


class _Counting(Executor):
    """Runs at once and remembers the chunks."""

    def __init__(self) -> None:
        self.chunks: list[int] = []

    def submit(self, function: Any, chunk: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.chunks.append(len(chunk))
        future: Future[Any] = Future()
        future.set_result(function(chunk))
        return future


class TestRunning:
    """Whoever computes."""

    def test_every_executor_gives_the_same_rows(self, small: Sweep, rows: list[dict[str, Any]]) -> None:
        """Threads, processes, this process."""
        with ThreadPoolExecutor(2) as pool:
            assert run_sweep(small, pool) == rows
        assert run_locally(small, 2) == rows and run_locally(small, 1) == rows

    def test_chunks_grow_to_a_tenth_of_a_second_and_more(self) -> None:
        """The first tells how long a point takes."""
        executor = _Counting()
        run_sweep(read_sweep(SMALL.replace("seeds = 2", "seeds = 20")), executor, workers=1)
        assert executor.chunks[0] == 1 and max(executor.chunks) > 5 and sum(executor.chunks) == 120

    def test_what_is_done_is_left_out(self, small: Sweep, rows: list[dict[str, Any]]) -> None:
        """Not computed twice."""
        executor = _Counting()
        assert run_sweep(small, executor, done=range(5)) == rows[5:] and sum(executor.chunks) == 7

    def test_rows_are_stored_as_they_come(self, small: Sweep) -> None:
        """Chunk by chunk."""
        stored: list[int] = []
        run_sweep(small, None, store=lambda chunk: stored.extend(row["index"] for row in chunk))
        assert stored == list(range(12))

    def test_a_broken_pool_is_made_anew(self, small: Sweep, rows: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
        """Going on with what is left; not for ever."""
        calls: list[frozenset[int]] = []
        real = run_sweep

        def breaking(sweep: Sweep, executor: Any, done: Any, store: Any, workers: Any) -> Any:
            calls.append(frozenset(done))
            if len(calls) < 3:
                store(real(sweep, None, set(range(12)) - set(range(4 * len(calls))) | set(done)))
                raise BrokenProcessPool
            return real(sweep, None, done, store)

        monkeypatch.setattr(sweeps, "run_sweep", breaking)
        assert run_locally(small, 2) == rows
        assert [len(done) for done in calls] == [0, 4, 8]
        monkeypatch.setattr(sweeps, "run_sweep", lambda *args: (_ for _ in ()).throw(BrokenProcessPool()))
        with pytest.raises(LimitError, match="died"):
            run_locally(small, 2)


class TestStore:
    """Rows on disk."""

    def test_finish_sorts(self, small: Sweep, rows: list[dict[str, Any]], tmp_path: Path) -> None:
        """Whatever the order they came in."""
        store = Store(tmp_path / "rows.jsonl", small)
        store.add(rows[6:])
        store.add(rows[:6])
        store.finish()
        assert (tmp_path / "rows.jsonl").read_text() == "".join(map(line_of, rows))

    @pytest.mark.parametrize("cut", [1, 9, 200])
    def test_a_cut_last_line_is_dropped(self, cut: int, small: Sweep, rows: list[Any], tmp_path: Path) -> None:
        """The rest is kept."""
        path = tmp_path / "rows.jsonl"
        path.write_text(line_of(rows[0]) + line_of(rows[1]) + line_of(rows[2])[:cut])
        store = Store(path, small)
        assert store.done == {0, 1} and path.read_text() == line_of(rows[0]) + line_of(rows[1])

    @pytest.mark.parametrize("text", ["no rows of ours\n", "notes without an end", '{"index": 0, "gain": 3}\n'])
    def test_another_file_is_left_alone(self, text: str, small: Sweep, tmp_path: Path) -> None:
        """Unless --force."""
        path = tmp_path / "rows.jsonl"
        path.write_text(text)
        with pytest.raises(SymrnnError, match="another sweep"):
            Store(path, small)
        assert path.read_text() == text
        assert Store(path, small, anew=True).done == frozenset()

    def test_csv_holds_the_same(self, rows: list[dict[str, Any]]) -> None:
        """A head line and every row."""
        found = list(csv.DictReader(io.StringIO(to_csv(rows))))
        assert [float(row["lyapunov"]) for row in found] == [row["lyapunov"] for row in rows]


def _started(folder: Path, text: str, *options: str) -> subprocess.Popen[bytes]:
    (folder / "sweep.toml").write_text(text)
    arguments = [sys.executable, "-m", "symrnn", "sweep", "sweep.toml", "-o", "rows.jsonl", *options]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(arguments, cwd=folder, env=env, stderr=subprocess.PIPE, start_new_session=True)


def _wait_for_rows(path: Path, process: subprocess.Popen[bytes], least: int) -> int:
    for _ in range(3000):
        found = path.read_bytes().count(b"\n") if path.exists() else 0
        if found >= least or process.poll() is not None:
            return found
        time.sleep(0.02)
    raise AssertionError("no rows within a minute")


class TestKilled:
    """SIGKILL, to the whole group or to one worker."""

    def test_a_killed_run_goes_on_where_it_was(self, tmp_path: Path) -> None:
        """Nothing lost, nothing twice, the same file as without a kill."""
        path = tmp_path / "rows.jsonl"
        first = _started(tmp_path, LONGER, "--workers", "1")
        stored = _wait_for_rows(path, first, 3)
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()
        before = [json.loads(line) for line in path.read_bytes().rpartition(b"\n")[0].splitlines()]
        assert 3 <= stored <= len(before) < 60
        second = _started(tmp_path, LONGER, "--workers", "1")
        _, said = second.communicate(timeout=100)
        after = [json.loads(line) for line in path.read_text().splitlines()]
        assert second.returncode == 0 and f"{len(before)} of 60 rows are there".encode() in said
        assert [row["index"] for row in after] == list(range(60)) and after[: len(before)] == before
        sweep = read_sweep(LONGER)
        assert after[59] == run_sweep(sweep, done=range(59))[0]

    def test_a_killed_worker_is_replaced(self, tmp_path: Path) -> None:
        """One process of the pool dies; the run ends with every row."""
        import psutil

        path = tmp_path / "rows.jsonl"
        run = _started(tmp_path, LONGER, "--workers", "2")
        _wait_for_rows(path, run, 2)
        children = [p for p in psutil.Process(run.pid).children() if "resource_tracker" not in " ".join(p.cmdline())]
        if run.poll() is None and children:
            children[0].kill()
        run.communicate(timeout=100)
        assert run.returncode == 0
        assert [json.loads(line)["index"] for line in path.read_text().splitlines()] == list(range(60))


class TestDask:
    """A real cluster of this machine: a scheduler and two workers, each a process."""

    @pytest.mark.filterwarnings("ignore")  # distributed warns of its own sockets when a worker dies
    @pytest.mark.timeout(180)
    def test_a_worker_killed_midway(self, small: Sweep, rows: list[dict[str, Any]], tmp_path: Path) -> None:
        """The same rows as in this process; each stored once."""
        from dask.distributed import LocalCluster

        sweep = read_sweep(LONGER)
        stored: list[int] = []
        killed: list[int] = []

        def keep(chunk: list[dict[str, Any]]) -> None:
            stored.extend(row["index"] for row in chunk)
            if not killed:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)

        with (
            LocalCluster(
                n_workers=2,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                silence_logs=50,
                local_directory=str(tmp_path),
            ) as cluster,
            dask_executor(cluster.scheduler_address) as executor,
        ):
            assert run_sweep(small, executor) == rows
            found = run_sweep(sweep, executor, store=keep)
        assert killed and sorted(stored) == list(range(60))
        assert found[7:9] == run_sweep(sweep, done=set(range(60)) - {7, 8})

    def test_no_scheduler_is_an_error(self) -> None:
        """In three parts, within seconds."""
        with pytest.raises(SymrnnError, match="no scheduler there"), dask_executor("tcp://127.0.0.1:9"):
            pass


class TestPlots:
    """The phase plot."""

    @pytest.mark.parametrize(
        ("lines", "said"),
        [
            ("gain = [0.5, 1.0]", "against g"),
            ("gain = [0.5, 1.0]\nactivation = ['tanh', 'relu']\nseeds = 2", "relu from"),
            ("gain = [0.5, 1.0]\nbias_std = [0, 0.5]\ninput_std = 0\nstart_std = 1", "over g and"),
            ("hidden = [4, 6]\ninit = ['orthogonal', 'pytorch']", "orthogonal from"),
        ],
    )
    def test_panels(self, lines: str, said: str) -> None:
        """Lines or a map."""
        text = f"[sweep]\nsteps = 20\n{lines}\n" + ("" if "hidden" in lines else "hidden = 4\n")
        sweep = read_sweep(text)
        assert said in panel_of(run_sweep(sweep), sweep).alt

    def test_nothing_to_plot_is_said_before_it_is_computed(self, tmp_path: Path) -> None:
        """Exit code 2."""
        (tmp_path / "sweep.toml").write_text("[sweep]\nhidden = 4\nsteps = 20\n")
        done = CliRunner().invoke(main, ["sweep", str(tmp_path / "sweep.toml"), "--plot", "out.svg"])
        assert done.exit_code == 2 and "one or two of" in done.output


class TestCommand:
    """`symrnn sweep`."""

    def test_tables_and_a_plot(self, tmp_path: Path, rows: list[dict[str, Any]]) -> None:
        """To the screen as JSON Lines or CSV; to a file; again from the file."""
        file, kept, plot = tmp_path / "sweep.toml", tmp_path / "rows.jsonl", tmp_path / "out.svg"
        file.write_text(SMALL)
        run = CliRunner().invoke
        text = "".join(map(line_of, rows))
        assert run(main, ["sweep", str(file), "--workers", "1"]).stdout == text
        assert run(main, ["sweep", str(file), "--workers", "1", "--to", "csv"]).stdout == to_csv(rows)
        for _ in range(2):
            done = run(main, ["sweep", str(file), "--workers", "1", "-o", str(kept), "--plot", str(plot)])
            assert done.exit_code == 0 and kept.read_text() == text and plot.stat().st_size > 1000

    def test_errors(self, tmp_path: Path) -> None:
        """Exit code 2."""
        assert CliRunner().invoke(main, ["sweep", str(tmp_path / "missing.toml")]).exit_code == 2
