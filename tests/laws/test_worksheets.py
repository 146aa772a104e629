"""The closing laws of worksheets: the key is right, a planted mistake gets its name, marking the key gives all."""

from __future__ import annotations

import os
import random

import pytest
from planted_sheets import failing, false_lines, judged, plants, text_of
from sheet_laws import laws
from worksheet_models import GATES, TEXTS, class_of

from symrnn.documents.document import Claim
from symrnn.worksheets.keys import Folder, Made, answer_text, asked, key_json, read_key
from symrnn.worksheets.marking import Verdict, mark_sheet
from symrnn.worksheets.numbers import plain
from symrnn.worksheets.pages import Looks, key_document
from symrnn.worksheets.sheets import Class, Sheet
from symrnn.worksheets.stress import disagreeing
from symrnn.worksheets.submissions import Submission
from symrnn.worksheets.tasks import shipped
from symrnn.worksheets.variants import confusions

FULL = 200
SEEDS = range(1, 1 + (FULL if os.environ.get("SYMRNN_FULL") else 3))
"""200 seeds take minutes for every model, so that many are tried with SYMRNN_FULL=1, and a few each time."""

each_model = pytest.mark.parametrize("name", sorted(TEXTS))


def one(name: str, seed: int, tasks: str = "") -> tuple[Class, Sheet]:
    """A class with its first sheet."""
    made = class_of(name, tasks, seed)
    return made, made.sheet(1)


def answers_of(sheet: Sheet) -> dict[str, str]:
    """The key's answers."""
    return {question.id: answer_text(question, sheet) for question in sheet.questions}


def marked(source: Class, sheet: Sheet, answers: dict[str, str]) -> dict[str, tuple[Verdict, tuple[str, ...]]]:
    """Verdicts and mistakes by line, through `key.json` as a teacher has it."""
    return verdicts_in(read_key(key_json([Made(sheet)], source, Looks())), sheet, answers)


def verdicts_in(folder: Folder, sheet: Sheet, answers: dict[str, str]) -> dict[str, tuple[Verdict, tuple[str, ...]]]:
    """The same from a folder that is read already."""
    result = mark_sheet(folder, Submission(sheet.id, answers))
    return {mark.question.id: (mark.verdict, mark.mistakes) for mark in result.marks}


class TestKeys:
    """What the key says is true."""

    @each_model
    def test_three_evaluations_agree(self, name: str) -> None:
        """The key's equations, `evaluate`, and differences of forward runs."""
        for seed in SEEDS:
            assert not list(disagreeing(one(name, seed)[1]))

    @each_model
    def test_check_finds_the_key_right(self, name: str) -> None:
        """Every equality of the key, as Markdown, judged by `check` with the variant's model."""
        for seed in SEEDS:
            _, sheet = one(name, seed, "forward,bptt")
            report = judged(sheet, text_of(sheet))
            assert len(report.findings) >= len(sheet.questions)
            assert not false_lines(report)

    @each_model
    def test_marking_the_key_gives_full_points(self, name: str) -> None:
        """Every answer is right by itself."""
        for seed in SEEDS:
            source, sheet = one(name, seed)
            verdicts = marked(source, sheet, answers_of(sheet))
            kinds = {question.id: question.kind for question in asked(sheet, 100)}
            assert all(verdicts[id][0] is Verdict.RIGHT for id, kind in kinds.items() if kind != "words")

    @pytest.mark.parametrize("task", sorted(shipped()))
    def test_every_law_holds_of_every_task(self, task: str) -> None:
        """The key is right, with its model and by itself; mistakes are found and named in it; marks are fair."""
        held = [problem for seed in SEEDS for _, problem in laws(task, seed)]
        assert len(held) >= 2 * len(SEEDS)
        assert not [problem for problem in held if problem]


class TestPlantedMistakes:
    """A mistake in one line is found there, and is among those that are named."""

    @each_model
    def test_its_feedback_is_its_own(self, name: str) -> None:
        """Every mistake of every line, planted alone."""
        for seed in SEEDS:
            source, sheet = one(name, seed)
            folder = read_key(key_json([Made(sheet)], source, Looks()))
            right = answers_of(sheet)
            ids = {question.key: question.id for question in sheet.questions}
            tried = [each for each in confusions(sheet.recipe, sheet.values) if each.key in ids]
            assert tried
            stride = 12 if name in GATES else 3
            for each in tried[seed % stride :: stride]:
                line = ids[each.key]
                wrong = {**right, line: plain(each.answer, sheet.recipe.rounded)}
                verdict, mistakes = verdicts_in(folder, sheet, wrong)[line]
                assert verdict is Verdict.WRONG, (seed, line, each)
                assert set(mistakes) & set(each.rows), (seed, line, each)

    @each_model
    def test_check_finds_and_names_it_in_the_key(self, name: str) -> None:
        """In its line alone, or carried through every line after it."""
        for seed in SEEDS:
            _, sheet = one(name, seed, "forward,bptt")
            right, every = text_of(sheet), list(plants(sheet))
            for plant in random.Random(seed).sample(every, 2):
                for carried in (False, True):
                    problem = failing(sheet, plant, carried, right)
                    assert not problem, (seed, plant.line.key, plant.row, carried, problem)

    @each_model
    def test_what_is_computed_from_it_keeps_its_points(self, name: str) -> None:
        """A wrong line, and every later line by the right equation from it: only the first loses points."""
        for seed in SEEDS:
            source, sheet = one(name, seed)
            lines = [question for question in sheet.questions if question.line is not None]
            first = lines[0]
            node = next(n for row, n in first.line.wrong if row in ("R24", "F01", "F06"))
            values = sheet.recipe.solver.solve(sheet.recipe.solver.givens(sheet.model), {first.key: node})
            answers = {q.id: plain(values[q.key], sheet.recipe.rounded) for q in lines if q.key in values}
            verdicts = marked(source, sheet, answers)
            assert verdicts[first.id][0] is Verdict.WRONG
            later = [verdicts[id][0] for id in answers if id != first.id]
            assert set(later) <= {Verdict.RIGHT, Verdict.FOLLOWS}


class TestVariants:
    """Distinct, friendly, and the same each time."""

    @each_model
    def test_no_two_are_alike(self, name: str) -> None:
        """By the tuple of their values."""
        made = class_of(name)
        found = [str(sorted(map(str, made.sheet(number).model.values.items()))) for number in range(1, 7)]
        assert len(set(found)) == len(found)

    @each_model
    def test_the_same_seed_gives_the_same_bytes(self, name: str) -> None:
        """Sheet by sheet; and another seed gives others."""
        keys = [key_document(one(name, seed)[1], Looks()).to_markdown() for seed in (5, 5, 6)]
        assert keys[0] == keys[1] != keys[2].replace("6-001", "5-001")

    def test_a_key_is_claims_like_any_document(self) -> None:
        """So every renderer prints it."""
        assert all(isinstance(claim, Claim) for claim in key_document(one("tanh", 1)[1], Looks()).claims())
