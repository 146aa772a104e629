"""What PrairieLearn runs when a sheet is handed in: says which known mistake gives the wrong number that was written.

This file is copied as it is into every question folder, beside `mistakes.json`: for each input the tolerance, and wrong
numbers with what to say. Nothing here depends on symrnn.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def grade(data: dict[str, Any]) -> None:
    """Put the feedback beside each wrong number; the platform has set the scores before.

    `data` is PrairieLearn's: `submitted_answers` and `partial_scores` by input, `options` with the question's folder.
    """
    path = Path(data["options"]["question_path"]) / "mistakes.json"
    for name, known in json.loads(path.read_text(encoding="utf-8")).items():
        score = data["partial_scores"].get(name)
        number = data["submitted_answers"].get(name)
        if score is None or score.get("score") or not isinstance(number, int | float):
            continue
        told = [one["feedback"] for one in known["wrong"] if abs(number - one["number"]) <= known["tolerance"]]
        score["feedback"] = told[0] if told else ""
