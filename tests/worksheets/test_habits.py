"""Mistakes made throughout: at every place of a line, and in the lines that a sheet does not ask."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worksheet_models import class_of, model_of

from symrnn.worksheets.habits import carried, everywhere, hidden_before
from symrnn.worksheets.keys import Folder, Made, answer_text, key_json, read_key
from symrnn.worksheets.marking import mark_sheet
from symrnn.worksheets.marks import Verdict
from symrnn.worksheets.numbers import plain
from symrnn.worksheets.pages import Looks
from symrnn.worksheets.sheets import Class, Sheet
from symrnn.worksheets.submissions import Submission
from symrnn.worksheets.tasks import read_task
from symrnn.worksheets.telling import told


@pytest.fixture(scope="module")
def few() -> tuple[Folder, Sheet]:
    """A sheet that asks the states and the gradient of the weight, and nothing between."""
    made = Class(model_of("tanh"), (read_task('lines = ["h", "dL/dW_h"]', "few"),), 1)
    folder = read_key(key_json([Made(made.sheet(1))], made, Looks()))
    return folder, folder.sheet("1-001")


class TestOneLine:
    """∂h_2/∂h_0 holds tanh' twice."""

    def test_every_place(self) -> None:
        """W² without any derivative is R08, and no slip has such an equation."""
        made = class_of("tanh")
        sheet = made.sheet(1)
        line = next(line for line in made.recipe.asked if line.key == "dh[2]/dh[0]")
        rows = dict(everywhere(made.recipe.solver, line))
        assert {"R05", "R08"} <= set(rows)
        assert "A05" not in rows
        weight = sheet.values["W_h"][0][0].value
        found = made.recipe.solver.value(rows["R08"], sheet.values)
        assert found is not None
        assert found[0][0].value == weight**2

    def test_it_is_named(self) -> None:
        """By marking, and in the table of the key."""
        made = class_of("tanh")
        folder = read_key(key_json([Made(made.sheet(1))], made, Looks()))
        sheet = folder.sheet("1-001")
        question = next(q for q in sheet.questions if q.key == "dh[2]/dh[0]")
        weight = sheet.values["W_h"][0][0].value
        (mark,) = (
            mark
            for mark in mark_sheet(folder, Submission(sheet.id, {question.id: str(weight**2)})).marks
            if mark.written
        )
        assert mark.verdict is Verdict.WRONG
        assert "R08" in mark.mistakes
        assert (str(weight**2), "R08") in {
            (plain(one.answer), row)
            for one in told(sheet.parts)
            if one.question.key == question.key
            for row in one.rows
        }


class TestLinesThatAreNotAsked:
    """Only h and ∂L/∂W_h stand on the sheet."""

    def test_forgotten_everywhere(self, few: tuple[Folder, Sheet]) -> None:
        """tanh' left out of both δ: named in the gradient, by marking and in the key."""
        folder, sheet = few
        solver = sheet.recipe.solver
        line = next(line for line in solver.lines if line.key == "dL/dW_h")
        hidden = hidden_before(solver, line, {"h[1]", "h[2]"})
        assert {"dL/da[1]", "dL/da[2]"} <= {other.key for other in hidden}
        without = {
            other.key: next(node for row, node in other.wrong if row == "R08")
            for other in hidden
            if any(row == "R08" for row, _ in other.wrong)
        }
        table, _ = carried(solver, hidden, sheet.values, {}, without)
        wrong = solver.value(line.expression, table)
        assert wrong is not None
        answers = {q.id: answer_text(q, sheet) for q in sheet.questions}
        question = next(q for q in sheet.questions if q.key == "dL/dW_h")
        marks = mark_sheet(folder, Submission(sheet.id, answers | {question.id: plain(wrong)})).marks
        assert "R08" in next(mark for mark in marks if mark.question.id == question.id).mistakes
        assert any("R08" in one.rows and plain(one.answer) == plain(wrong) for one in told(sheet.parts))

    def test_wrong_states_are_carried_through_them(self, few: tuple[Folder, Sheet]) -> None:
        """The gradient that follows from a wrong h_2 has all its points."""
        folder, sheet = few
        solver = sheet.recipe.solver
        line = next(line for line in solver.lines if line.key == "dL/dW_h")
        state = next(q for q in sheet.questions if q.key == "h[2]")
        shifted = replace(state.answer[0][0], value=state.answer[0][0].value / 2)
        own = {"h[2]": ((replace(shifted, low=shifted.value, high=shifted.value),),)}
        table, _ = carried(solver, hidden_before(solver, line, {"h[1]", "h[2]"}), sheet.values, own)
        follows = solver.value(line.expression, table)
        assert follows is not None
        answers = {q.id: answer_text(q, sheet) for q in sheet.questions} | {state.id: str(shifted.value)}
        question = next(q for q in sheet.questions if q.key == "dL/dW_h")
        marks = mark_sheet(folder, Submission(sheet.id, answers | {question.id: plain(follows)})).marks
        assert [mark.verdict for mark in marks if mark.question.key in ("h[2]", "dL/dW_h")] == [
            Verdict.WRONG,
            Verdict.FOLLOWS,
        ]

    def test_nothing_is_hidden_where_everything_is_asked(self) -> None:
        """And a forward pass that is printed is nobody's mistake."""
        made = class_of("tanh", "bptt")
        keys = {line.key for line in made.recipe.asked}
        assert not any(
            one.key in keys for line in made.recipe.asked for one in hidden_before(made.recipe.solver, line, keys)
        )
