"""Notebooks: nbformat's schema, nbgrader's schema 3 and its rules, what `generate_assignment` makes of the source."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jsonschema
import nbformat
import pytest
from exported_sheets import Exported

from symrnn.worksheets.exports.notebooks import to_nbgrader, to_nbgrader_source
from symrnn.worksheets.submissions import read_submissions

SCHEMA: Mapping[str, Any] = MappingProxyType(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["schema_version", "grade", "solution", "locked", "task", "grade_id"],
        "properties": {
            "schema_version": {"const": 3},
            "grade": {"type": "boolean"},
            "solution": {"type": "boolean"},
            "locked": {"type": "boolean"},
            "task": {"type": "boolean"},
            "grade_id": {"type": "string", "pattern": "^[a-zA-Z0-9_-]+$"},
            "points": {"type": "number", "minimum": 0},
        },
    }
)
"""The metadata of a cell, by nbgrader's documentation; its keys `checksum` and `cell_type` are written by nbgrader."""
STUB = "YOUR ANSWER HERE"


def books(exported: Exported) -> list[Any]:
    """The sheet and the source."""
    texts = (to_nbgrader(exported.sheet, exported.looks), to_nbgrader_source(exported.sheet, exported.looks))
    return [nbformat.reads(text, as_version=4) for text in texts]


def cleared(text: str) -> str:
    """A cell after `generate_assignment`: the stub for what stands between the two lines, or for all of it."""
    before, begin, rest = text.partition("### BEGIN SOLUTION")
    if not begin:
        return STUB
    _, end, after = rest.partition("### END SOLUTION")
    assert end and "### BEGIN" not in after
    return before + STUB + after


class TestMetadata:
    """What every cell says of itself."""

    def test_it_is_valid(self, exported: Exported) -> None:
        """By nbformat, by the schema, and by the rules of nbgrader's validator."""
        for book in books(exported):
            nbformat.validate(book)
            data = [cell.metadata["nbgrader"] for cell in book.cells]
            for one in data:
                jsonschema.validate(one, dict(SCHEMA))
                # A Markdown cell is graded and a solution, or neither; what is graded has points.
                assert one["grade"] is one["solution"] is not one["locked"]
                assert ("points" in one) is one["grade"]
            assert len({one["grade_id"] for one in data}) == len(data)

    def test_points(self, exported: Exported) -> None:
        """Those of the sheet, part by part."""
        for book in books(exported):
            points = [cell.metadata["nbgrader"].get("points") for cell in book.cells]
            assert points[2:] == [sum(q.points for q in part.questions) for part in exported.sheet.parts]


class TestAssignment:
    """The way from teacher to student."""

    def test_students_get_the_sheet(self, exported: Exported) -> None:
        """The source without its solutions is the sheet: every question is still there, and no answer."""
        sheet, source = books(exported)
        for given, cell in zip(sheet.cells, source.cells, strict=True):
            assert cell.metadata == given.metadata
            is_answer = cell.metadata["nbgrader"]["solution"]
            released = cleared(cell.source) if is_answer else cell.source
            assert released.rstrip() == given.source.rstrip() + (f"\n\n{STUB}" if is_answer else "")

    def test_the_source_has_every_answer(self, exported: Exported) -> None:
        """Each part's lines, worked."""
        _, source = books(exported)
        for part, cell in zip(exported.sheet.parts, source.cells[2:], strict=True):
            solution = cell.source.partition("### BEGIN SOLUTION")[2]
            for question in part.questions:
                marks = (
                    (rf"\tag{{{question.id}}}",)
                    if question.lhs is not None
                    else (f"({question.id})", f"（{question.id}）")
                )
                assert sum(solution.count(mark) for mark in marks) == 1

    def test_a_released_notebook_is_read_by_mark(self, exported: Exported) -> None:
        """With nbgrader's stub in it."""
        _, source = books(exported)
        for cell in source.cells[2:]:
            cell.source = cleared(cell.source)
        (found,) = read_submissions(json.dumps(source), "x")
        assert found.sheet == exported.sheet.id
        shown = {claim for part in exported.sheet.parts for claim in part.shown}
        asked = {question.id for question in exported.sheet.questions}
        assert not any(answer for line, answer in found.answers.items() if line in asked)
        assert len([answer for answer in found.answers.values() if answer]) == len(shown)

    @pytest.mark.skipif(shutil.which("nbgrader") is None, reason="nbgrader is not installed (300 MB; run once by hand)")
    def test_by_nbgrader_itself(self, exported: Exported, tmp_path: Path) -> None:
        """generate_assignment and autograde, as a teacher runs them."""
        folder = tmp_path / "source" / "ps1"
        folder.mkdir(parents=True)
        (folder / "sheet.ipynb").write_text(to_nbgrader_source(exported.sheet, exported.looks), encoding="utf-8")

        def run(*arguments: str) -> None:
            subprocess.run(["nbgrader", *arguments, "ps1"], cwd=tmp_path, check=True, capture_output=True)

        run("generate_assignment")
        released = nbformat.read(tmp_path / "release" / "ps1" / "sheet.ipynb", as_version=4)
        sheet, _ = books(exported)
        for given, cell in zip(sheet.cells, released.cells, strict=True):
            assert cell.source.replace(STUB, "").strip() == given.source.strip()
        shutil.copytree(tmp_path / "release" / "ps1", tmp_path / "submitted" / "ada" / "ps1")
        run("autograde")
        assert (tmp_path / "autograded" / "ada" / "ps1" / "sheet.ipynb").is_file()
