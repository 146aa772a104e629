"""Exports read back by readers that share nothing with the writers: XML, a small one for GIFT, nbformat."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import nbformat
import pytest
from worksheet_models import class_of

from symrnn.checking.numbers import real
from symrnn.worksheets.exports.gift import to_gift
from symrnn.worksheets.exports.items import Group, groups
from symrnn.worksheets.exports.moodle import to_moodle
from symrnn.worksheets.exports.notebooks import to_nbgrader
from symrnn.worksheets.exports.prairielearn import to_prairielearn
from symrnn.worksheets.exports.qti import SPACE, to_qti
from symrnn.worksheets.pages import Looks
from symrnn.worksheets.sheets import Sheet

TASKS = "forward,bptt,regime,spectrum,clipping,threshold"


@pytest.fixture(scope="module", params=["linear", "tanh", "lstm"])
def sheet(request: pytest.FixtureRequest) -> Sheet:
    """A sheet with every task that platforms take."""
    return class_of(request.param, "forward,bptt" if request.param == "lstm" else TASKS).sheet(1)


@pytest.fixture(scope="module")
def parts(sheet: Sheet) -> tuple[Group, ...]:
    """Its groups."""
    return groups(sheet, Looks())


def numbers_of(sheet: Sheet) -> list[float]:
    """Every right number, in order."""
    return [float(real(e.value)) for q in sheet.questions if q.kind == "number" for row in q.answer for e in row]


def close(found: list[float], wanted: list[float]) -> bool:
    """Equal to ten digits."""
    return len(found) == len(wanted) and all(
        abs(a - b) <= 1e-10 * max(1, abs(b)) for a, b in zip(found, wanted, strict=True)
    )


class TestMoodle:
    """Moodle XML."""

    def test_the_cloze_question_has_every_number(self, sheet: Sheet, parts: tuple[Group, ...]) -> None:
        """Each with a tolerance, and nothing but 100 and 0 %."""
        root = ElementTree.fromstring(to_moodle([(sheet.id, parts)]))
        (cloze,) = [q for q in root if q.get("type") == "cloze"]
        text = cloze.findtext("questiontext/text") or ""
        found = re.findall(r"\{\d+:NUMERICAL:%100%(-?[\d.]+):([\d.]+)", text)
        assert close([float(number) for number, _ in found], numbers_of(sheet))
        assert all(float(room) > 0 for _, room in found)
        assert set(re.findall(r"%(-?\d+)%", text)) == {"100", "0"}

    def test_numerical_questions(self, sheet: Sheet, parts: tuple[Group, ...]) -> None:
        """One right answer each; a wrong one lies outside its tolerance and says something."""
        root = ElementTree.fromstring(to_moodle([(sheet.id, parts)]))
        numerical = [q for q in root if q.get("type") == "numerical"]
        assert numerical
        for question in numerical:
            right, *wrong = question.findall("answer")
            room = float(right.findtext("tolerance") or "")
            assert right.get("fraction") == "100"
            for answer in wrong:
                assert answer.get("fraction") == "0"
                assert answer.findtext("feedback/text")
                assert abs(float(answer.findtext("text") or "") - float(right.findtext("text") or "")) > room

    def test_feedback_is_escaped_in_a_cloze(self) -> None:
        """No sign of a sentence ends a blank."""
        text = to_moodle([("x", groups(class_of("tanh").sheet(1), Looks()))])
        for blank in re.findall(r"\{\d+:NUMERICAL:((?:\\.|[^}\\])*)\}", text):
            for answer in re.split(r"(?<!\\)~", blank):
                assert len(re.split(r"(?<!\\)#", answer)) <= 2


class TestGift:
    """GIFT, by a parser of its own."""

    def test_every_number(self, sheet: Sheet, parts: tuple[Group, ...]) -> None:
        """One question each."""
        text = to_gift([(sheet.id, parts)])
        bodies = re.findall(r"(?<!\\)\{((?:\\.|[^}\\])*)\}", text)
        numerical = [body for body in bodies if body.startswith("#")]
        found = [float(re.match(r"#\n=%100%(-?[\d.]+):", body)[1]) for body in numerical]
        assert close(found, numbers_of(sheet))
        assert len(bodies) == text.count("\n::") + text.startswith("::")


class TestQti:
    """QTI 2.1."""

    def test_every_response_is_declared_shown_and_scored(self, sheet: Sheet, parts: tuple[Group, ...]) -> None:
        """The three lists of identifiers are one."""
        root = ElementTree.fromstring(to_qti(sheet.id, parts))
        at = {"q": SPACE}
        declared = {d.get("identifier"): d for d in root.findall("q:responseDeclaration", at)}
        kinds = ("textEntryInteraction", "choiceInteraction")
        shown = {each.get("responseIdentifier") for kind in kinds for each in root.iter(f"{{{SPACE}}}{kind}")}
        scored = {c.get("identifier") for c in root.iter(f"{{{SPACE}}}correct")}
        assert set(declared) == shown == scored
        values = [
            d.findtext("q:correctResponse/q:value", "", at) for d in declared.values() if d.get("baseType") == "float"
        ]
        assert close([float(value) for value in values], numbers_of(sheet))


class TestPrairieLearn:
    """Question folders."""

    def test_a_folder(self, sheet: Sheet, parts: tuple[Group, ...]) -> None:
        """info.json with a uuid, and inputs of distinct names with the answers."""
        files = dict(to_prairielearn(sheet.id, parts))
        info = json.loads(files[f"{sheet.id}/info.json"])
        assert info["type"] == "v3"
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", info["uuid"])
        text = files[f"{sheet.id}/question.html"]
        names = re.findall(r'answers-name="([^"]+)"', text)
        assert len(names) == len(set(names))
        assert close([float(v) for v in re.findall(r'correct-answer="([^"]+)"', text)], numbers_of(sheet))


class TestNotebook:
    """nbgrader's metadata."""

    def test_it_is_a_notebook_with_points(self, sheet: Sheet) -> None:
        """Valid by nbformat; the points of its answer cells are those of the sheet."""
        book = nbformat.reads(to_nbgrader(sheet, Looks()), as_version=4)
        nbformat.validate(book)
        data = [cell.metadata["nbgrader"] for cell in book.cells]
        assert sum(one.get("points", 0) for one in data) == sheet.points
        assert len({one["grade_id"] for one in data}) == len(data)
        assert all(one["locked"] is not one["solution"] for one in data)
