"""Workings as people write them: half right throughout, half with one slip whose line is known.

English and Chinese; Markdown, LaTeX, notebooks and plain text; scalar and vector cells, LSTM, GRU, softmax, clipping,
eigenvalues, updates, tables. The numbers were computed with NumPy, each step from the digits displayed above it;
`data/workings/index.json` says where the slip is, and the model where the text does not declare one.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import symrnn as sr
from symrnn.checking.verdicts import Report, Verdict

DATA = Path(__file__).parent / "data" / "workings"
FLAGGED = frozenset({Verdict.WRONG, Verdict.LUCKY, Verdict.UNDEFINED})
INDEX: dict[str, dict[str, Any]] = json.loads((DATA / "index.json").read_text(encoding="utf-8"))


@cache
def report_of(name: str) -> Report:
    """What is said of one working."""
    model = INDEX[name]["model"]
    return sr.check(DATA / name, model and sr.loads(model))


def test_there_are_enough_of_both() -> None:
    """Half right, half with a slip."""
    slips = sum(bool(entry["slips"]) for entry in INDEX.values())
    assert len(INDEX) >= 25
    assert 0.4 <= slips / len(INDEX) <= 0.6
    assert {path.name for path in DATA.iterdir()} == {*INDEX, "index.json"}


@pytest.mark.parametrize("name", INDEX)
class TestEach:
    """Precision first, then recall."""

    def test_all_is_read(self, name: str) -> None:
        """Nothing is left unread, and there is something to judge."""
        assert report_of(name).unread == ()
        assert report_of(name).findings

    def test_only_the_slip_is_called_wrong(self, name: str) -> None:
        """Not what follows from it, and nothing in a working that is right."""
        flagged = [one.place.line for one in report_of(name).findings if one.verdict in FLAGGED]
        assert sorted(set(flagged)) == INDEX[name]["slips"]

    def test_a_right_working_is_all_fine(self, name: str) -> None:
        """No verdict but fine ones; a formula whose letters nobody defined may stay open."""
        verdicts = [one.verdict for one in report_of(name).findings]
        if not INDEX[name]["slips"]:
            assert Verdict.FOLLOWS not in verdicts
            assert verdicts.count(Verdict.UNDECIDED) <= 1
