"""README, docs and notebooks: every command, example and cell runs and prints what the page says."""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
VERBS = r"\bsymrnn (?=derive|evaluate|new|cells|notations|regime|sweep|check|worksheet|mark|draw|remedies|--)"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def blocks(page, kind):
    """The fenced blocks of one kind, as lists of lines."""
    return [
        match[1].splitlines() for match in re.finditer(rf"```{kind}\n(.*?)\n```", page.read_text("utf-8"), re.DOTALL)
    ]


def commands(lines):
    """Pairs of a command and the lines it should print."""
    found = []
    for line in lines:
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


CONSOLE = [(page.name, *pair) for page in PAGES for lines in blocks(page, "console") for pair in commands(lines)]


@pytest.mark.parametrize(("page", "command", "printed"), CONSOLE, ids=lambda value: str(value)[:60])
def test_a_console_block_prints_what_the_page_says(page, command, printed, tmp_path):
    """The command is run by a shell, as a reader would."""
    ours = f"{shlex.quote(sys.executable)} -m symrnn "
    line = re.sub(VERBS, lambda match: ours, command)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        line, shell=True, capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, env=environment, timeout=120
    )
    assert (done.stdout + done.stderr).rstrip("\n").splitlines() == printed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_python_session_prints_what_the_page_says(page):
    """Each `>>>` line of a page, in order, in one session a block."""
    for lines in blocks(page, "pycon"):
        space: dict = {}
        printed, expected = [], []
        for line in lines:
            if line.startswith(">>> "):
                caught = io.StringIO()
                with contextlib.redirect_stdout(caught):
                    exec(compile(line[4:], page.name, "single"), space)
                printed += caught.getvalue().splitlines()
            else:
                expected.append(line)
        assert printed == expected


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_links_of_a_page_lead_somewhere(page):
    """Relative links point at files that exist."""
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_and_prints_what_it_shows(path):
    """Executed from the first cell to the last; text output is as stored."""
    shown = nbformat.read(path, as_version=4)
    run = nbformat.read(path, as_version=4)
    NotebookClient(run, timeout=300, resources={"metadata": {"path": str(ROOT)}}).execute()
    for before, after in zip(shown.cells, run.cells, strict=True):
        if before.cell_type == "code":
            assert texts(after) == texts(before)


def texts(cell):
    """Printed text and LaTeX of a cell."""
    return [output.get("text") or output.get("data", {}).get("text/latex") for output in cell.outputs]


def test_the_two_commands_of_the_readme_are_the_ones_ci_runs():
    """CI reads them from the page, so the page needs both."""
    text = (ROOT / "README.md").read_text("utf-8")
    assert re.search(r"^pip install \. && symrnn ", text, re.MULTILINE)
    assert re.search(r'^pip install "\.\[tests\]" && python -m pytest$', text, re.MULTILINE)
