"""Keys of worksheets with a mistake in one line: in its number alone, or carried through everything after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from symrnn.algebra.nodes import Node
from symrnn.checking.numbers import TooLarge, Undefined
from symrnn.checking.verdicts import Report
from symrnn.checking.verdicts import Verdict as Judged
from symrnn.checking.verification import check
from symrnn.worksheets.pages import Looks, key_document
from symrnn.worksheets.questions import Part, Question
from symrnn.worksheets.sheets import Sheet
from symrnn.worksheets.solving import Line, Rows, same
from symrnn.worksheets.views import apart

FALSE = frozenset({Judged.WRONG, Judged.FOLLOWS})


@dataclass(frozen=True)
class Plant:
    """A mistake in a line, and what it makes of it."""

    line: Line
    row: str
    node: Node
    answer: Rows


def plants(sheet: Sheet) -> Iterator[Plant]:
    """Every mistake of every line that is asked, where it shows.

    Without those that make another shape: whether a column was meant for one of a matrix, `check` leaves undecided.
    """
    recipe = sheet.recipe
    asked = {question.key for question in sheet.questions}
    for line in recipe.asked:
        if line.key in asked:
            right = sheet.values[line.key]
            for place, row, wrong in recipe.coincidences.wrong(line, sheet.values):
                shaped = (len(wrong), len(wrong[0])) == (len(right), len(right[0]))
                if shaped and apart(wrong, right, recipe.rounds(right)):
                    yield Plant(line, row, line.wrong[place][1], wrong)


def planted(sheet: Sheet, plant: Plant, carried: bool) -> Sheet | None:
    """The sheet with the mistake's number in its line; with `carried`, whatever comes after is computed from it.

    None where nothing can be computed from it: the logarithm of a number that is not positive.
    """
    recipe = sheet.recipe
    values = dict(sheet.values)
    if carried:
        others = [line for line in dict.fromkeys((*recipe.solver.lines, *recipe.asked)) if line != plant.line]
        try:
            values = recipe.solver.solve({**values, plant.line.key: plant.answer}, lines=others)
        except (Undefined, TooLarge, ZeroDivisionError):
            return None
    values[plant.line.key] = plant.answer
    return replace(sheet, parts=tuple(_part(part, values, plant, carried) for part in sheet.parts))


def _part(part: Part, values: dict[str, Rows], plant: Plant, carried: bool) -> Part:
    questions = tuple(_question(question, values, plant, carried) for question in part.questions)
    known = {**part.values, **values} if carried and part.values else part.values
    return replace(part, questions=questions, values=known)


def _question(question: Question, values: dict[str, Rows], plant: Plant, carried: bool) -> Question:
    is_here = question.line is not None and question.key in values and (carried or question.key == plant.line.key)
    return replace(question, answer=values[question.key]) if is_here else question


def text_of(sheet: Sheet) -> str:
    """The worked lines of the key as Markdown, without what is given and without the teacher's part."""
    document = key_document(sheet, Looks())
    headings = [part.heading for part in sheet.parts]
    sections = tuple(section for section in document.sections if section.title in headings)
    return replace(document, sections=sections).to_markdown()


def false_lines(report: Report) -> list[int]:
    """Lines of the text on which something is false."""
    return [finding.place.line for finding in report.findings if finding.verdict in FALSE]


def judged(sheet: Sheet, text: str) -> Report:
    """What `check` says: with the variant's model; of formulas, with numbers of no special kind; or without a model."""
    part = sheet.parts[0]
    if part.needs == "nothing" and not part.shown:
        return check(text, None)
    return check(text, part.drawn.model if part.needs != "equations" else part.drawn.recipe.generic(0)[0])


def place_of(right: str, wrong: str) -> set[int]:
    """The lines of a text that differ from another."""
    pairs = zip(right.splitlines(), wrong.splitlines(), strict=True)
    return {number for number, (one, other) in enumerate(pairs, 1) if one != other}


def _alike(sheet: Sheet, plant: Plant) -> set[str]:
    """The mistakes of the line that give the planted number; a term forgotten is a term skipped as well.

    Along the cell state of an LSTM the Jacobians are gates.
    """
    found = sheet.recipe.coincidences.wrong(plant.line, sheet.values)
    rows = {row for _, row, wrong in found if same(wrong, plant.answer)}
    return rows | ({"A11"} if "F06" in rows else set()) | ({"L16"} if "R16" in rows else set())


def failing(sheet: Sheet, plant: Plant, carried: bool, right: str) -> str:
    """What the law finds wrong with a plant: '' where its line is found and it is named."""
    made = planted(sheet, plant, carried)
    if made is None:
        return ""
    wrong = text_of(made)
    here = min(place_of(right, wrong), default=0)
    if not here:
        return "unseen"
    report = judged(sheet, wrong)
    if report.first_wrong is None:
        return "not found"
    first = report.findings[report.first_wrong]
    if first.place.line != here:
        return f"found at {first.place.line}, not {here}"
    # What gives the same number is the same mistake: one weight missing is a power off by one.
    if not _alike(sheet, plant) & {mistake.id for mistake in first.mistakes}:
        return "not named: " + " ".join(mistake.id for mistake in first.mistakes)
    return ""
