"""GIFT, by a reader of its grammar; the reader itself is held against what gift-pegjs 1.0.2 read from the same text."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest
from exported_sheets import Exported, close
from gift import Entry, read_gift

from symrnn.worksheets.exports.gift import to_gift

CARRIED = json.loads((Path(__file__).parent / "gift_pegjs.json").read_text(encoding="utf-8"))
"""Texts, and of each question what gift-pegjs read: made once, see `text` and `read`."""


@pytest.fixture(scope="module")
def entries(exported: Exported) -> list[Entry]:
    """The questions of a sheet."""
    return list(read_gift(to_gift([(exported.sheet.id, exported.parts)])))


class TestReader:
    """The reader reads as another one does."""

    @pytest.mark.parametrize("case", CARRIED, ids=lambda case: case["name"])
    def test_as_gift_pegjs(self, case: dict) -> None:
        """Titles, stems, numbers with tolerances, weights, feedback."""
        found = list(read_gift(case["text"]))
        assert len(found) == len(case["read"])
        for entry, wanted in zip(found, case["read"], strict=True):
            assert (entry.title, entry.kind, entry.stem) == (wanted["title"], wanted["type"], wanted["stem"])
            assert [choice.feedback for choice in entry.choices] == [c["feedback"] or "" for c in wanted["choices"]]
            for choice, other in zip(entry.choices, wanted["choices"], strict=True):
                assert choice.weight == (other["weight"] if other["weight"] is not None else 100.0 * other["right"])
                assert (list(choice.number) if entry.kind == "Numerical" else choice.text) == other["value"]


class TestExport:
    """What is written."""

    def test_every_number(self, exported: Exported, entries: list[Entry]) -> None:
        """One question each, the right number worth all."""
        numerical = [entry for entry in entries if entry.kind == "Numerical"]
        assert len(numerical) == len(exported.blanks)
        found = {}
        for blank, entry in zip(exported.blanks, numerical, strict=True):
            assert entry.title == f"{exported.sheet.id} ({blank.id})"
            first, *others = entry.choices
            found[blank.id], room = first.number
            assert first.weight == 100 and room > 0
            assert all(choice.weight == 0 for choice in others)
        assert close(found, exported.numbers)

    def test_every_known_mistake_is_told(self, exported: Exported, entries: list[Entry]) -> None:
        """Its own sentence, letter for letter."""
        numerical = [entry for entry in entries if entry.kind == "Numerical"]
        for blank, entry in zip(exported.blanks, numerical, strict=True):
            told = [html.unescape(choice.feedback) for choice in entry.choices[1:]]
            assert told == [wrong.feedback for wrong in blank.wrong]
            assert [choice.text.partition(":")[0] for choice in entry.choices[1:]] == [w.number for w in blank.wrong]

    def test_choices(self, exported: Exported, entries: list[Entry]) -> None:
        """All options, one right."""
        asked = [item for item in exported.items if item.options]
        for item, entry in zip(asked, [e for e in entries if e.kind == "MC"], strict=True):
            assert [choice.text for choice in entry.choices] == list(item.options)
            assert [choice.weight for choice in entry.choices].index(100) == item.right

    def test_signs_of_a_text_are_signs(self, entries: list[Entry]) -> None:
        """A teacher's words come out as they were written."""
        assert "Mind the {{braces}}, {1:NUMERICAL:=7}, the &lt;signs&gt; &amp; " in entries[0].stem
        assert r"#1 ~ ]]&gt; \ end." in entries[0].stem
