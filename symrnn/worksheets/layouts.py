"""Sheet files: the title, the course and the tasks with their points of a teacher's own worksheet, in TOML."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from symrnn.tables import read_tables
from symrnn.texts import read_text
from symrnn.worksheets.structures import structure_text
from symrnn.worksheets.tasks import Task, load_task, points_of

KEYS = ("title", "course", "text", "name_line", "task")
MOST_LETTERS = 2_000
MOST_TASKS = 20


@dataclass(frozen=True)
class Layout:
    """What a sheet file says."""

    title: str = ""
    course: str = ""
    text: str = ""
    name_line: bool = True
    tasks: tuple[Task, ...] = ()


def read_layout(text: str, file: str = "<sheet>") -> Layout:
    """The layout of a TOML text; the tasks' own files stand beside it.

    >>> read_layout('title = "Week 3"\\n[[task]]\\nname = "bptt"\\npoints = 4').tasks[0].points
    4
    """
    document = read_tables(text, file)
    tables = document.tables
    unknown = [key for key in tables if key not in KEYS]
    if unknown:
        raise document.error((unknown[0],), "no key of a sheet file", "one of: " + ", ".join(KEYS))
    for key in ("title", "course", "text"):
        if not isinstance(tables.get(key, ""), str) or len(tables.get(key, "")) > MOST_LETTERS:
            raise document.error((key,), "no text of at most 2,000 characters", f'{key} = "…"')
    if not isinstance(tables.get("name_line", True), bool):
        raise document.error(("name_line",), "neither true nor false", "name_line = false")
    entries = tables.get("task", [])
    if not isinstance(entries, list) or len(entries) > MOST_TASKS:
        raise document.error(("task",), "no list of at most 20 tasks", '[[task]]\nname = "bptt"')
    tasks = []
    for entry in entries:
        if not _is_task(entry):
            raise document.error(
                ("task",),
                "a task without a name, or with other keys",
                'name = "bptt"\npoints = 4\nmodel = "other.toml"',
            )
        task = load_task(_beside(entry["name"], file))
        points = points_of(document, ("task", "points"), entry.get("points", task.points))
        model = structure_text(_beside(entry["model"], file)) if "model" in entry else ""
        tasks.append(replace(task, points=points, model=model))
    said = {key: tables[key] for key in KEYS if key in tables and key != "task"}
    return Layout(**said, tasks=tuple(tasks))


def _is_task(entry: object) -> bool:
    """A table with a name, and perhaps points and a model."""
    if not isinstance(entry, dict) or set(entry) - {"name", "points", "model"}:
        return False
    return isinstance(entry.get("name"), str) and isinstance(entry.get("model", ""), str)


def _beside(name: str, file: str) -> str:
    """A file is named from where the sheet file stands; anything else is the name of a task or a cell."""
    beside = Path(file).parent / name
    return str(beside) if name.endswith(".toml") or beside.is_file() else name


def load_layout(path: str) -> Layout:
    """The layout of a file."""
    return read_layout(read_text(path, write="a sheet file"), path)
