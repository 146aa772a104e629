"""A Jupyter notebook: the document's sections as Markdown cells, then code that computes it anew.

Written as nbformat 4.5 JSON; the ids come from the content, so the same document gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from symrnn import __version__
from symrnn.documents.document import MARK, Document
from symrnn.documents.recipes import CELL
from symrnn.documents.renderers.markdown import parts


def to_notebook(document: Document) -> str:
    """The document as the text of an `.ipynb` file.

    >>> from symrnn.cells import rnn
    >>> from symrnn.documents import derive
    >>> json.loads(derive(rnn(), wrt="b").to_notebook())["cells"][0]["source"]
    ['# Gradients of RNN\\n']
    """
    cells = [_cell("markdown", text) for text in parts(document)]
    cells += [_cell("code", code) for code in _codes(document)]
    for place, cell in enumerate(cells):
        cell["id"] = sha256(f"{place} {json.dumps(cell, sort_keys=True)}".encode()).hexdigest()[:16]
    content = {
        "metadata": {
            "symrnn": f"{MARK} {__version__}",
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
        "cells": cells,
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _cell(kind: str, text: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True)}
    return cell | {"execution_count": None, "outputs": []} if kind == "code" else cell


def _codes(document: Document) -> Iterator[str]:
    """Code that makes the same document and its numbers from its source."""
    if document.code:
        yield from document.code.split(CELL)
