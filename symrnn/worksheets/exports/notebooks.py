"""Notebooks with nbgrader's metadata: what is given is locked, every part is an answer cell that is graded by hand.

The sheet is what `nbgrader generate_assignment` makes of the source, in which every part's answers stand between
`### BEGIN SOLUTION` and `### END SOLUTION`. The schema: nbgrader 0.9, "The nbgrader metadata", version 3.
"""

from __future__ import annotations

import json
from typing import Any

from symrnn.worksheets.pages import Looks, key_document, sheet_document
from symrnn.worksheets.sheets import Sheet

SCHEMA = 3
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


def to_nbgrader(sheet: Sheet, looks: Looks) -> str:
    """The sheet's notebook, for students."""
    return _dumped(_notebook(sheet, looks))


def to_nbgrader_source(sheet: Sheet, looks: Looks) -> str:
    """The same with every part's answers, for nbgrader's folder `source`: it takes them out again.

    >>> import symrnn as sr
    >>> from symrnn.worksheets.sheets import Class, tasks_of
    >>> model = sr.load("example:linear")
    >>> text = to_nbgrader_source(Class(model, tasks_of(("forward",), model), 1).sheet(1), Looks())
    >>> [line.strip() for line in json.loads(text)["cells"][2]["source"] if "SOLUTION" in line]
    ['### BEGIN SOLUTION', '### END SOLUTION']
    """
    content = _notebook(sheet, looks)
    solved = json.loads(key_document(sheet, looks).to_notebook())["cells"]
    before = _before(sheet, content)
    for place in range(before, before + len(sheet.parts)):
        cell = content["cells"][place]
        asked, answered = ("".join(one["source"]).rstrip().split("\n\n") for one in (cell, solved[place]))
        # What the key says as well, heading and task, is said once.
        answered = [text for text in answered if text not in asked]
        text = "\n\n".join(asked) + f"\n\n{BEGIN}\n" + "\n\n".join(answered) + f"\n{END}"
        cell["source"] = text.splitlines(keepends=True)
    return _dumped(content)


def _notebook(sheet: Sheet, looks: Looks) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(sheet_document(sheet, looks).to_notebook())
    before = _before(sheet, content)
    for place, cell in enumerate(content["cells"]):
        part = sheet.parts[place - before] if place >= before else None
        points = sum(question.points for question in part.questions) if part else None
        cell["metadata"]["nbgrader"] = _metadata(place, points)
    return content


def _before(sheet: Sheet, content: dict[str, Any]) -> int:
    """The cells before those of the parts: the title's, and where something is given its own."""
    return len(content["cells"]) - len(sheet.parts)


def _metadata(place: int, points: int | None) -> dict[str, Any]:
    common = {"grade_id": f"part-{place}", "schema_version": SCHEMA, "task": False}
    if points is None:
        return {**common, "grade": False, "locked": True, "solution": False}
    return {**common, "grade": True, "locked": False, "points": points, "solution": True}


def _dumped(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
