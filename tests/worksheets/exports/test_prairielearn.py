"""PrairieLearn: `info.json` by its schema, the inputs by their elements' attributes, and feedback by running it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jsonschema
import pytest
from exported_sheets import Exported, close

from symrnn.worksheets.exports import server
from symrnn.worksheets.exports.prairielearn import to_prairielearn

INFO: Mapping[str, Any] = MappingProxyType(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["uuid", "type", "title", "topic"],
        "properties": {
            "uuid": {"pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"},
            "type": {"const": "v3"},
            "title": {"type": "string", "minLength": 1},
            "topic": {"type": "string", "minLength": 1},
            "tags": {"type": "array", "items": {"type": "string"}},
            "singleVariant": {"type": "boolean"},
            "showCorrectAnswer": {"type": "boolean"},
            "partialCredit": {"type": "boolean"},
        },
    }
)
"""What the platform's schema says of a question's `info.json` (its optional keys that nobody here needs left out)."""
NUMBER_INPUT = (
    "answers-name weight correct-answer label suffix display comparison rtol atol digits allow-complex show-help-text "
    "size show-correct-answer show-placeholder allow-fractions allow-blank blank-value custom-format "
    "placeholder show-score"
)
MULTIPLE_CHOICE = "answers-name weight order inline fixed-order hide-letter-keys display"
ATTRIBUTES = {
    "pl-number-input": set(NUMBER_INPUT.split(" ")),
    "pl-multiple-choice": set(MULTIPLE_CHOICE.split(" ")),
    "pl-answer": {"correct", "feedback", "score"},
}
"""An attribute that an element does not know is an error there."""


class Elements(HTMLParser):
    """The platform's elements with their attributes, and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One more."""
        if tag.startswith("pl-"):
            assert len(dict(attrs)) == len(attrs)
            self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        """What is read."""
        self.text += data


@pytest.fixture(scope="module")
def folder(exported: Exported, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The question's folder."""
    root = tmp_path_factory.mktemp("questions")
    for path, text in to_prairielearn(exported.sheet.id, exported.parts):
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root / exported.sheet.id


@pytest.fixture(scope="module")
def elements(folder: Path) -> Elements:
    """What stands in its question."""
    return Elements((folder / "question.html").read_text(encoding="utf-8"))


class TestFolder:
    """The files."""

    def test_info(self, folder: Path) -> None:
        """Valid by the schema."""
        jsonschema.validate(json.loads((folder / "info.json").read_text(encoding="utf-8")), dict(INFO))

    def test_attributes(self, elements: Elements) -> None:
        """Each element takes what is given to it, names differ and are identifiers, weights are whole."""
        for tag, attributes in elements.found:
            assert attributes.keys() <= ATTRIBUTES[tag]
        inputs = [attributes for tag, attributes in elements.found if tag != "pl-answer"]
        names = [attributes["answers-name"] for attributes in inputs]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[A-Za-z][\w-]*", name) for name in names)
        assert all(int(attributes["weight"]) > 0 for attributes in inputs)

    def test_numbers(self, exported: Exported, elements: Elements) -> None:
        """Every right number, and a tolerance that takes it to the digits that are asked."""
        inputs = {a["answers-name"]: a for tag, a in elements.found if tag == "pl-number-input"}
        found = {f"{name[1:].replace('_', '.')}": float(a["correct-answer"]) for name, a in inputs.items()}
        assert close(found, exported.numbers)
        for attributes in inputs.values():
            right = float(attributes["correct-answer"])
            room = float(attributes["atol"]) + float(attributes["rtol"]) * abs(right)
            assert 0 < room <= 1.001e-3 * max(1, abs(right))
            # What is left empty counts as 0 there.
            assert attributes["allow-blank"] == "false" or abs(right) > room

    def test_one_option_of_each_choice_is_right(self, exported: Exported, elements: Elements) -> None:
        """And the options are there in order."""
        right = [a["correct"] for tag, a in elements.found if tag == "pl-answer"]
        wanted = [str(at == item.right).lower() for item in exported.items for at in range(len(item.options))]
        assert right == wanted

    def test_templates_find_nothing(self, folder: Path, elements: Elements) -> None:
        """What a teacher writes in double braces is text, not a parameter of the platform."""
        assert "{{" not in (folder / "question.html").read_text(encoding="utf-8")
        assert "Mind the {{braces}}" in elements.text


class TestFeedback:
    """`server.py`, run as the platform does."""

    @staticmethod
    def graded(folder: Path, answers: Mapping[str, object]) -> dict[str, Any]:
        """The scores after grading: every input was wrong."""
        scores = {name: {"score": 0, "weight": 1, "feedback": "insufficient precision"} for name in answers}
        data = {"options": {"question_path": str(folder)}, "submitted_answers": answers, "partial_scores": scores}
        server.grade(data)
        return scores

    def test_the_file_is_the_module(self, folder: Path) -> None:
        """The same in every folder; nothing that a student or a teacher writes is in it."""
        assert (folder / "server.py").read_bytes() == Path(server.__file__).read_bytes()

    def test_every_known_mistake_is_told(self, exported: Exported, folder: Path) -> None:
        """Its own sentence beside the number."""
        for blank in exported.blanks:
            for wrong in blank.wrong:
                name = "q" + blank.id.replace(".", "_")
                assert self.graded(folder, {name: float(wrong.number)})[name]["feedback"] == wrong.feedback

    def test_others(self, folder: Path) -> None:
        """An unknown number, no number, no input of that name: nothing is said, nothing fails."""
        assert self.graded(folder, {"q1": 1e9})["q1"]["feedback"] == ""
        assert self.graded(folder, {"q1": None, "else": "x"})["q1"]["feedback"] == "insufficient precision"
        assert self.graded(folder, {}) == {}

    def test_a_right_answer_is_left_alone(self, folder: Path) -> None:
        """The platform's own words stay."""
        scores = {"q1": {"score": 1, "feedback": "right"}}
        server.grade(
            {"options": {"question_path": str(folder)}, "submitted_answers": {"q1": 1.0}, "partial_scores": scores}
        )
        assert scores["q1"]["feedback"] == "right"
