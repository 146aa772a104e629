"""Notebooks with nbgrader's metadata: what is given is locked, every part is an answer cell that is graded by hand.

The schema: nbgrader 0.9, "The nbgrader metadata", schema version 3.
"""

from __future__ import annotations

import json
from typing import Any

from symrnn.worksheets.pages import Looks, sheet_document
from symrnn.worksheets.sheets import Sheet

SCHEMA = 3


def to_nbgrader(sheet: Sheet, looks: Looks) -> str:
    """The sheet's notebook: the first two cells are title and givens, then one for each part."""
    content = json.loads(sheet_document(sheet, looks).to_notebook())
    for place, cell in enumerate(content["cells"]):
        part = sheet.parts[place - 2] if place >= 2 else None
        cell["metadata"]["nbgrader"] = _metadata(place, sum(q.points for q in part.questions) if part else None)
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _metadata(place: int, points: int | None) -> dict[str, Any]:
    common = {"grade_id": f"part-{place}", "schema_version": SCHEMA, "task": False}
    if points is None:
        return {**common, "grade": False, "locked": True, "solution": False}
    return {**common, "grade": True, "locked": False, "points": points, "solution": True}
