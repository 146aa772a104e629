"""Tasks: what a part of a sheet asks, read from small TOML files; a teacher's own stand beside those that ship.

A file has `kind` (how the part is made) and `points`; `lines` says which lines, Jacobians or gradients it is about; it
may have `title` and `text`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from symrnn.algebra.nodes import Adjoint, Parameter, Signal
from symrnn.errors import InputError
from symrnn.tables import Document, read_tables
from symrnn.texts import read_text
from symrnn.worksheets.solving import Line, Solver

KINDS = (
    "lines", "step", "jacobian", "derive", "blanks", "regime", "spectrum", "compare", "clipping", "threshold", "error",
    "match",
)  # fmt: skip
KEYS = ("kind", "points", "lines", "title", "text")
GROUPS = ("forward", "gradients of states", "gradients of arguments", "gradients of parameters")
MOST_POINTS = 100
DEFAULT = ("forward", "bptt", "regime")


@dataclass(frozen=True)
class Task:
    """What a part of a sheet asks. `title` and `text` are a teacher's own words, empty where symrnn's are used."""

    name: str
    kind: str
    points: int
    lines: tuple[str, ...] = ()
    title: str = ""
    text: str = ""
    model: str = ""
    """The model file's text, where it is another than the worksheet's."""


@cache
def shipped() -> tuple[str, ...]:
    """The names of the tasks that ship with symrnn.

    >>> "bptt" in shipped()
    True
    """
    folder = resources.files("symrnn.worksheets") / "tasks"
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def load_task(name: str) -> Task:
    """A task by its name, or from a teacher's file.

    >>> load_task("forward").lines
    ('forward',)
    """
    if name in shipped():
        text = (resources.files("symrnn.worksheets") / "tasks" / f"{name}.toml").read_text(encoding="utf-8")
        return read_task(text, name)
    path = Path(name)
    if path.suffix != ".toml" or not path.is_file():
        raise InputError(
            f"--tasks {name}", found="no such task", write=", ".join(shipped()) + ", or a task file (TOML)"
        )
    return read_task(read_text(path, write="a task file"), name)


def read_task(text: str, name: str) -> Task:
    """The task of a TOML text.

    >>> read_task('kind = "lines"\\nlines = ["h", "L"]', "mine").points
    1
    """
    document = read_tables(text, name)
    tables = document.tables
    unknown = [key for key in tables if key not in KEYS]
    if unknown:
        raise document.error((unknown[0],), "no key of a task", "one of: " + ", ".join(KEYS))
    kind = tables.get("kind", "lines")
    if kind not in KINDS:
        raise document.error(("kind",), "no kind of task", "one of: " + ", ".join(KINDS))
    lines = tuple(_texts(document, "lines", tables.get("lines", [])))
    if kind in ("lines", "step") and not lines:
        raise document.error(("lines",), "nothing asked", 'lines = ["h", "L", "dL/dW_h"] or ["forward"]')
    return Task(
        Path(name).stem,
        kind,
        points_of(document, ("points",), tables.get("points", 1)),
        lines,
        _text(document, "title", tables.get("title", "")),
        _text(document, "text", tables.get("text", "")),
    )


def points_of(document: Document, path: tuple[str, ...], value: Any) -> int:
    """Points: a whole number from 0 to 100."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_POINTS:
        raise document.error(path, "no whole number from 0 to 100", "points = 2")
    return value


def _text(document: Document, key: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > 2_000:
        raise document.error((key,), "no text of at most 2,000 characters", f'{key} = "…"')
    return value


def _texts(document: Document, key: str, value: Any) -> Sequence[str]:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise document.error((key,), "no list of texts", f'{key} = ["h", "dL/dW_h"]')
    return value


def asked_lines(task: Task, solver: Solver) -> tuple[Line, ...]:
    """The lines a task asks of a model, in the order they are computed.

    Raises:
        InputError: a name in the task is none of the model's.
    """
    found: dict[str, Line] = {}
    for wanted in task.lines:
        lines = [line for line in solver.lines if _is_wanted(line, wanted, solver)]
        if not lines and wanted not in GROUPS:
            known = dict.fromkeys(line.key.partition("[")[0] for line in solver.lines)
            raise InputError(
                wanted,
                found=f"the task {task.name} asks what {solver.model.name} does not have",
                write=", ".join(known),
            )
        found |= {line.key: line for line in lines}
    return tuple(line for line in solver.lines if line.key in found)


def _is_wanted(line: Line, wanted: str, solver: Solver) -> bool:
    target = line.target
    inner = target.of if isinstance(target, Adjoint) else target
    if wanted == "forward":
        return not isinstance(target, Adjoint)
    if wanted in GROUPS:
        if not isinstance(target, Adjoint):
            return False
        if isinstance(inner, Parameter):
            return wanted == "gradients of parameters"
        argument = isinstance(inner, Signal) and (inner.name == "a" or inner.name.startswith("a_"))
        inputs = {name.name for name in solver.model.program.inputs}
        step = isinstance(inner, Signal) and bool(inner.indices) and int(inner.time) >= 1 and inner.name not in inputs
        return step and (wanted == "gradients of arguments" if argument else wanted == "gradients of states")
    return wanted in (line.key, line.key.partition("[")[0])
