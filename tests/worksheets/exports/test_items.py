"""What platforms are given: every question with a number or options, a calculation with its numbered lines."""

from __future__ import annotations

import re

from exported_sheets import Exported
from worksheet_models import class_of

from symrnn.worksheets.exports.items import groups, left_out
from symrnn.worksheets.pages import Looks


class TestGroups:
    """Questions, and what stands before them."""

    def test_every_number_and_choice(self, exported: Exported) -> None:
        """In the sheet's order, each said by its id once."""
        asked = [question.id for question in exported.sheet.questions if question.kind in ("number", "choice")]
        assert [item.id for item in exported.items] == asked
        for item in exported.items:
            assert len(re.findall(rf"[(（]{item.id}[)）]", item.prompt)) == 1

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
