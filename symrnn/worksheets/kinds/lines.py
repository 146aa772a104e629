"""Lines of a model by hand: the forward pass, back-propagation, one step of a gated cell, or what a teacher names."""

from __future__ import annotations

from typing import Any

from symrnn.documents.document import Table, Words
from symrnn.worksheets.kinds.ground import Ground
from symrnn.worksheets.numbers import CARRIED, literal
from symrnn.worksheets.questions import Part
from symrnn.worksheets.tasks import asked_lines


def lines_part(ground: Ground) -> Part:
    """The lines a task names, as far as the numbers were drawn for them."""
    wanted = {line.key for line in ground.recipe.asked}
    asked = [line for line in asked_lines(ground.task, ground.solver) if line.key in wanted]
    backward = any(line.key.startswith("dL/d") for line in asked)
    forward = any(not line.key.startswith("dL/d") for line in asked)
    heading = "ws step" if ground.task.kind == "step" else "ws bptt" if backward else "ws forward"
    intro: list[Any] = []
    if not ground.task.text:
        intro += [Words("ws ask forward")] if forward else []
        intro += [Words("ws ask bptt")] if backward else []
    if backward and not forward:
        intro += forward_given(ground)
    questions = tuple(ground.asked(line, ground.values) for line in asked)
    return Part("", heading, tuple(intro), questions, ground.drawn, values=dict(ground.values))


def forward_given(ground: Ground) -> list[Any]:
    """The forward pass in a table, on a sheet that does not ask it."""
    if ground.has_forward:
        return []
    shown = [
        (line.target, literal(ground.values[line.key], ground.recipe.rounded, CARRIED))
        for line in ground.solver.forward
    ]
    table = Table(tuple(name for name, _ in shown), (tuple(value for _, value in shown),))
    return [Words("ws forward given"), table]
