"""What platforms are given: every question with a number or options, a calculation with its numbered lines."""

from __future__ import annotations

import re
from dataclasses import replace

from exported_sheets import Exported
from worksheet_models import class_of, model_of

from symrnn.worksheets.exports.gift import to_gift
from symrnn.worksheets.exports.items import groups, left_out
from symrnn.worksheets.exports.moodle import to_moodle
from symrnn.worksheets.pages import Looks
from symrnn.worksheets.sheets import Class
from symrnn.worksheets.structures import structure_text
from symrnn.worksheets.tasks import load_task


class TestGroups:
    """Questions, and what stands before them."""

    def test_every_number_and_choice(self, exported: Exported) -> None:
        """In the sheet's order, each said by its id once."""
        asked = [question.id for question in exported.sheet.questions if question.kind in ("number", "choice")]
        assert [item.id for item in exported.items] == asked
        for item in exported.items:
            assert len(re.findall(rf"[(（]{item.id}[)）]", item.prompt)) == 1

    def test_what_is_given_stands_apart(self) -> None:
        """A question by itself has it, and not what belongs to another task."""
        sheet = class_of("tanh", "error,bptt").sheet(1)
        first, second = groups(sheet, Looks(text="Good luck."))
        assert "Good luck." in first.opening and not second.opening
        assert first.before == first.opening + first.intro
        for text in (to_moodle([("1-001", (first, second))]), to_gift([("1-001", (first, second))])):
            *_, last = re.split("question type=|\n::", text)
            assert "Good luck." in last and "Compute the gradients" in last
            assert "has a mistake" in text and "has a mistake" not in last

    def test_a_question_by_itself_has_its_model(self) -> None:
        """Of two tasks about another model than the sheet's the second as well; on the sheet it stands once."""
        model = model_of("tanh")
        tasks = [
            load_task("forward"),
            *(replace(load_task(name), model=structure_text("gru")) for name in ("forward", "bptt")),
        ]
        parts = groups(Class(model, tuple(tasks), 1).sheet(1), Looks())
        assert "z" in parts[1].intro and not parts[1].model
        assert parts[2].model and parts[2].model in parts[1].intro and parts[2].model not in parts[2].before
        assert parts[2].model in to_moodle([("1-001", parts)]).rpartition("<question type=")[2]

    def test_a_worked_example(self) -> None:
        """What the key would say beside a line is no part of what stands before."""
        sheet = class_of("tanh", "compare").sheet(1)
        (worked,), (blank,) = (groups(sheet, Looks(blanks=blanks)) for blanks in (0, 100))
        assert worked.intro == blank.intro

    def test_a_calculation_with_a_mistake(self) -> None:
        """Its lines stand before the questions, with the numbers that are the options."""
        sheet = class_of("tanh", "forward,error").sheet(1)
        _, group = groups(sheet, Looks())
        which, mended = group.items
        assert re.findall(r"<p>\((\d+)\) <math", group.intro) == list(which.options)
        assert which.options[which.right] == next(q.answer for q in sheet.questions if q.id == which.id)
        assert mended.blanks[0].wrong


class TestLeftOut:
    """Formulas and words."""

    def test_by_kind(self) -> None:
        """None is in a group."""
        sheet = class_of("tanh", "derive,regime").sheet(1)
        found = left_out([sheet])
        assert set(found) == {"formula", "words"}
        assert {q.id for q in sheet.questions} - {id for ids in found.values() for id in ids} == {
            item.id for group in groups(sheet, Looks()) for item in group.items
        }
