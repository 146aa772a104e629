"""Notebooks: valid, with ids from their content, and they run."""

import json

import nbformat
import pytest
from documents import NAMED, SOURCES, document
from nbclient import NotebookClient

from symrnn.documents.recipes import CELL
from symrnn.documents.renderers.mimebundle import to_mimebundle


@pytest.mark.parametrize("name", SOURCES)
def test_it_is_a_valid_notebook(name):
    """As nbformat reads it; no id twice."""
    notebook = nbformat.reads(document(name).to_notebook(), as_version=4)
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(ids) == len(set(ids))
    assert notebook.cells[-1].cell_type == "code"


@pytest.mark.parametrize("name", SOURCES)
def test_its_code_makes_the_same_document(name):
    """The code cells derive what the text says."""
    space: dict = {}
    for code in document(name).code.split(CELL):
        exec(code, space)
    assert space["document"].to_notebook() == document(name).to_notebook()


@pytest.mark.timeout(300)
def test_it_runs_in_a_kernel(tmp_path):
    """Executed from the first cell to the last."""
    notebook = nbformat.reads(document("linear").to_notebook(), as_version=4)
    done = NotebookClient(notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": tmp_path}})
    done.execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("Tally" in str(output) for output in outputs)


def test_a_document_shows_itself_in_four_forms():
    """HTML for those that show MathML, LaTeX for the others."""
    bundle = document("lstm")._repr_mimebundle_()
    assert bundle == to_mimebundle(document("lstm"))
    assert bundle["text/latex"].startswith("$$\\begin{aligned}")


def test_markdown_and_notebook_say_the_same():
    """Cell by cell, the text of the Markdown file."""
    for name in NAMED:
        cells = json.loads(document(name).to_notebook())["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        assert document(name).to_markdown().endswith(text)
