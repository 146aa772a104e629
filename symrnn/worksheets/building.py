"""The parts of a sheet: a row of `BUILDERS` for each kind of task says what it asks of a model and how it is made.

Reads a `Ground` (what a part may need); returns a `Part`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from symrnn.documents.document import Words
from symrnn.models.model import Model
from symrnn.worksheets.kinds.clipping import clipping_part
from symrnn.worksheets.kinds.comparing import compare_part
from symrnn.worksheets.kinds.deriving import blanks_part, derive_part
from symrnn.worksheets.kinds.ground import Ground
from symrnn.worksheets.kinds.jacobians import jacobian_lines, jacobian_part
from symrnn.worksheets.kinds.lines import lines_part
from symrnn.worksheets.kinds.matching import match_part
from symrnn.worksheets.kinds.planting import error_part
from symrnn.worksheets.kinds.regimes import fits_scalar_cell, product_lines, regime_part
from symrnn.worksheets.kinds.spectra import spectrum_part
from symrnn.worksheets.kinds.thresholds import threshold_part
from symrnn.worksheets.questions import Needs, Part
from symrnn.worksheets.solving import Line, Solver
from symrnn.worksheets.tasks import Task, asked_lines


@dataclass(frozen=True)
class Builder:
    """How a kind of task is made."""

    part: Callable[[Ground], Part]
    needs: Needs = "nothing"
    """What a sheet gives of the model for it: its numbers, its equations, or nothing."""
    lines: Callable[[Task, Solver], tuple[Line, ...]] | None = None
    """What it asks of the model: the numbers are drawn so that these are friendly and mistakes in them show."""
    fits: Callable[[Task, Model], bool] | None = None
    """Whether it can be made from a model; from any if there is nothing here."""
    weighed: bool = False
    """Whether the size of the recurrent weight decides an answer, so that it is drawn to be below 1 or beyond."""


BUILDERS: Mapping[str, Builder] = MappingProxyType(
    {
        "lines": Builder(lines_part, "numbers", asked_lines),
        "step": Builder(lines_part, "numbers", asked_lines),
        "jacobian": Builder(jacobian_part, "numbers", jacobian_lines),
        "derive": Builder(derive_part, "equations"),
        "blanks": Builder(blanks_part, "equations"),
        "compare": Builder(compare_part),
        "regime": Builder(regime_part, "numbers", product_lines, fits_scalar_cell, weighed=True),
        "spectrum": Builder(spectrum_part),
        "clipping": Builder(clipping_part),
        "threshold": Builder(threshold_part),
        "error": Builder(error_part),
        "match": Builder(match_part),
    }
)
"""One row for each kind of task."""


def build(ground: Ground) -> Part:
    """The part of a task; a teacher's title and text stand before symrnn's own."""
    part = BUILDERS[ground.task.kind].part(ground)
    own = tuple(Words("ws text", (words,)) for words in (ground.task.title, ground.task.text) if words)
    if own:
        part = replace(part, intro=(*own, *part.intro))
    return replace(part, task=ground.task.name, needs=BUILDERS[ground.task.kind].needs)


def fits(task: Task, model: Model) -> bool:
    """Whether a task can be made from a model."""
    test = BUILDERS[task.kind].fits
    return test is None or test(task, model)


def lines_of(task: Task, solver: Solver) -> tuple[Line, ...]:
    """What a task asks of a model."""
    lines = BUILDERS[task.kind].lines
    return () if lines is None else lines(task, solver)
