"""The table of sentences: nothing in it that is never said."""

from __future__ import annotations

import ast
from pathlib import Path

from symrnn.worksheets.words import ENGLISH

PACKAGE = Path(__file__).parents[2] / "symrnn"
MOST = 8
"""A beginning that more keys have says nothing of any of them."""


def test_every_sentence_is_said() -> None:
    """Its key stands in a module, whole, or as the beginning of one that is put together."""
    whole: set[str] = set()
    begun: set[str] = set()
    for path in [*(PACKAGE / "worksheets").rglob("*.py"), *(PACKAGE / "cli").glob("*.py")]:
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        tables = [node for node in nodes if isinstance(node, ast.Dict) and path.name == "words.py"]
        keys = {key for table in tables for key in table.keys}
        for node in nodes:
            if isinstance(node, ast.JoinedStr | ast.BinOp):
                first = node.values[0] if isinstance(node, ast.JoinedStr) else node.left
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    begun.add(first.value)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in keys:
                whole.add(node.value)
    begun = {start for start in begun if start and sum(key.startswith(start) for key in ENGLISH) <= MOST}
    unsaid = [key for key in ENGLISH if key not in whole and not key.startswith(tuple(begun))]
    assert not unsaid
