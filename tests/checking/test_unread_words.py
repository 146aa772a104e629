"""Why a piece was not read: every sentence of the reader has a form that catalogues translate."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import symrnn
from symrnn.checking.reports.unread import FORMS, unread_words

ROOT = Path(symrnn.__file__).parent
SOURCES = (
    *(ROOT / "algebra" / "reading" / f"{name}.py" for name in ("handwriting", "parser", "precedence", "tokens")),
    *sorted((ROOT / "checking" / "reading").glob("*.py")),
)
SAID = {"where": "before"}
"""Names that hold a word of the sentence."""
REFUSALS = ("_fail", "fail", "refuse", "_refuse")


def sentences() -> Iterator[str]:
    """What is written as a reason where the reader refuses, with a word in place of everything put in."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name in REFUSALS:
                # Of (place, reason, what to write) or (start, end, reason).
                reason = node.args[2 if name == "_refuse" else 1] if len(node.args) > 1 else None
                if isinstance(reason, ast.Constant) and isinstance(reason.value, str):
                    yield reason.value
                elif isinstance(reason, ast.JoinedStr):
                    yield "".join(map(_sample, reason.values))


def _sample(part: ast.expr) -> str:
    """A part of a sentence: what stands there, the first of two words, or any word."""
    inside = part.value if isinstance(part, ast.FormattedValue) else part
    inside = inside.body if isinstance(inside, ast.IfExp) else inside
    return str(inside.value) if isinstance(inside, ast.Constant) else SAID.get(ast.unparse(inside), "X")


def test_sentences_are_found() -> None:
    """The reading of the sources is no empty one."""
    assert len(set(sentences())) > 30


@pytest.mark.parametrize("sentence", sorted(set(sentences())))
def test_every_sentence_has_a_form(sentence: str) -> None:
    """Or a report in Chinese would be in English there."""
    assert unread_words(sentence, "zh") != sentence or sentence == "MathML"


def test_english_is_as_the_reader_says_it() -> None:
    """Forms serve translation only."""
    assert all(unread_words(form) == form for form in FORMS)
