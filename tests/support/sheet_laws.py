"""The closing laws of worksheets, task by task: the key is right, a planted mistake is found and named, marks are fair.

`python tests/support/sheet_laws.py 200 [TASKS] [START]` tries so many seeds of every task, over every model it fits in
turn, in two processes; prints what failed, and how often each law was held against how much.
"""

from __future__ import annotations

import multiprocessing
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

from planted_sheets import failing, false_lines, judged, place_of, plants, text_of
from worksheet_models import TEXTS, class_of, model_of

from symrnn.algebra.nodes import Gap, Node, subexpressions
from symrnn.algebra.substitution import replace_nodes
from symrnn.checking.verdicts import FINE, Report
from symrnn.checking.verdicts import Verdict as Judged
from symrnn.checking.verification import check
from symrnn.errors import ShapeError
from symrnn.worksheets.building import fits
from symrnn.worksheets.keys import Folder, Made, answer_text, asked, key_json, read_key
from symrnn.worksheets.marking import Mark, Verdict, mark_sheet
from symrnn.worksheets.numbers import CARRIED, literal, plain
from symrnn.worksheets.pages import Looks, key_document
from symrnn.worksheets.questions import Part, Question
from symrnn.worksheets.sheets import Sheet
from symrnn.worksheets.stating import as_numbers
from symrnn.worksheets.submissions import Submission
from symrnn.worksheets.tasks import load_task, shipped
from symrnn.worksheets.telling import Told, told

MOST_PLANTS = 3
FOUND = frozenset({Judged.WRONG, Judged.LUCKY})
"""Where ReLU is off a false formula is true: it is found as false all the same."""
SIGNS = frozenset({"R10", "R24", "G03"})
UNNAMED = frozenset({"R35", "R37", "V02"})
"""How a gradient is to be clipped no number says, nor whose a short fraction is."""
Held = tuple[str, str]
"""A law, and what failed; the second is empty where it holds."""


@cache
def models_of(task: str) -> tuple[str, ...]:
    """The models a task can be made from."""
    return tuple(name for name in sorted(TEXTS) if fits(load_task(task), model_of(name)))


def laws(task: str, seed: int) -> list[Held]:
    """Every law on the sheet of a seed, each problem with the place where it was found."""
    names = models_of(task)
    name = names[seed % len(names)]
    made = class_of(name, task, seed)
    sheet = made.sheet(1)
    folder = read_key(key_json([Made(sheet)], made, Looks()))
    held = (*_of_the_key(sheet), *_of_marks(sheet, folder, seed), *_of_plants(sheet, seed))
    return [(law, f"{task} {name} {seed}: {law}: {problem}" if problem else "") for law, problem in held]


# --- the key ----------------------------------------------------------------------------------------------------------


def _of_the_key(sheet: Sheet) -> Iterator[Held]:
    """Nothing in it is false but what was planted, and nothing is open."""
    text = text_of(sheet)
    report = judged(sheet, text)
    part = sheet.parts[0]
    yield from (("links", "") for _ in report.findings)
    if part.shown:
        yield "error found", _error(part, text, report)
        return
    lines = text.splitlines()
    yield "key right", "; ".join(lines[number - 1] for number in false_lines(report))
    whole = key_document(sheet, Looks()).to_markdown()
    yield "key alone right", "; ".join(whole.splitlines()[number - 1] for number in false_lines(check(whole)))
    open_ = [found for found in report.findings if found.verdict not in FINE]
    rest = [f"{found.verdict.value} {found.text} {found.reason}" for found in open_]
    yield "key decided", "; ".join((*rest, *(f"unread {one.text}" for one in report.unread)))


def _error(part: Part, text: str, report: Report) -> str:
    """The line with the planted error is the first that is wrong, and its mistake is among those that are named."""
    which, right = part.questions
    here = next(n for n, line in enumerate(text.splitlines(), 1) if rf"\tag{{{which.answer}}}" in line)
    if report.first_wrong is None:
        return "not found"
    first = report.findings[report.first_wrong]
    if first.place.line != here:
        return f"found at {first.place.line}, not {here}"
    shown = part.shown[int(which.answer) - int(_first(part))]
    is_rounded = part.drawn.recipe.rounded
    found = str(shown.more[-1][1])
    rows = {row for row, value in right.wrong if found == str(literal(value, is_rounded, CARRIED))}
    named = {mistake.id for mistake in first.mistakes}
    return "" if rows & named else f"{sorted(rows)} not named: {sorted(named)}"


def _first(part: Part) -> str:
    return part.questions[0].options[0]


# --- marks ------------------------------------------------------------------------------------------------------------


def _of_marks(sheet: Sheet, folder: Folder, seed: int) -> Iterator[Held]:
    """The key's answers get every point; a mistake's answer gets that mistake's name."""
    right = {question.id: answer_text(question, sheet) for question in asked(sheet, 100) if question.kind != "words"}
    verdicts = _marked(folder, sheet, right)
    yield "full marks", " ".join(id for id in right if verdicts[id].verdict is not Verdict.RIGHT)
    for one in _sample(list(told(sheet.parts)), seed):
        id = one.question.id
        mark = _marked(folder, sheet, {**right, id: _typed(one, sheet)})[id]
        fair = mark.verdict is Verdict.WRONG and set(mark.mistakes) & set(one.rows)
        yield "feedback", "" if fair else f"({id}) {one.rows}: {mark.verdict.value} {mark.mistakes}"


def _marked(folder: Folder, sheet: Sheet, answers: dict[str, str]) -> dict[str, Mark]:
    return {mark.question.id: mark for mark in mark_sheet(folder, Submission(sheet.id, answers)).marks}


def _typed(one: Told, sheet: Sheet) -> str:
    if isinstance(one.answer, Node):
        return answer_text(replace(one.question, answer=as_numbers(one.answer)), sheet)
    return plain(one.answer, one.question.rounded)


# --- mistakes in the key ----------------------------------------------------------------------------------------------


def _of_plants(sheet: Sheet, seed: int) -> Iterator[Held]:
    """A mistake in a line, alone or carried on, is found there, and is among those that are named."""
    part, right = sheet.parts[0], text_of(sheet)
    if part.shown:
        return
    if part.needs == "numbers":
        for plant, carried in product(_sample(list(plants(sheet)), seed), (False, True)):
            problem = failing(sheet, plant, carried, right)
            yield "carried" if carried else "planted", f"{plant.line.key} {plant.row}: {problem}" if problem else ""
        return
    shown = [one for one in told(sheet.parts) if one.question.lhs is not None and _is_there(one)]
    for one in _sample(shown, seed):
        try:
            wrong = text_of(_with(sheet, one))
        except ShapeError:
            # `h_1` for `h_0ᵀ`: what does not fit cannot be printed.
            continue
        yield "planted", _found(sheet, one, right, wrong)


def _is_there(one: Told) -> bool:
    """Whether the line shows what its number is computed from; of a number alone nothing can be said."""
    if set(one.rows) <= UNNAMED:
        return False
    return isinstance(one.answer, Node) or one.question.formula is not None


def _with(sheet: Sheet, one: Told) -> Sheet:
    def changed(question: Question) -> Question:
        if question.id != one.question.id:
            return question
        if not isinstance(one.answer, Node):
            return replace(question, answer=one.answer)
        if question.gapped is None:
            return replace(question, answer=as_numbers(one.answer))
        gap = next(piece for piece in subexpressions(question.gapped) if isinstance(piece, Gap))
        return replace(question, formula=as_numbers(replace_nodes(question.gapped, {gap: one.answer})))

    part = sheet.parts[0]
    return replace(sheet, parts=(replace(part, questions=tuple(map(changed, part.questions))),))


def _found(sheet: Sheet, one: Told, right: str, wrong: str) -> str:
    here = min(place_of(right, wrong), default=0)
    report = judged(sheet, wrong)
    label = f"{one.question.key} {one.rows}: "
    first = next((finding for finding in report.findings if finding.verdict in FOUND), None)
    if first is None or not here:
        return label + ("not found" if here else "unseen")
    if first.place.line != here:
        return label + f"found at {first.place.line}, not {here}"
    named = [mistake.id for mistake in first.mistakes]
    if one.question.gapped is not None and set(one.rows) <= SIGNS:
        # A sign within a line is another mistake than that of the whole line.
        return ""
    return "" if set(named) & set(one.rows) else f"{label}not named: {' '.join(named)}"


def _sample(found: list[Any], seed: int) -> list[Any]:
    return random.Random(seed).sample(found, min(MOST_PLANTS, len(found)))


def _job(job: tuple[str, int]) -> tuple[str, list[Held]]:
    return job[0], laws(*job)


def figures(tasks: list[str], seeds: range) -> dict[str, Counter[str]]:
    """How often each law held, and how often not; what failed is printed as it is found."""
    tallies: dict[str, Counter[str]] = {task: Counter() for task in tasks}
    with multiprocessing.get_context("spawn").Pool(2, maxtasksperchild=100) as pool:
        for task, held in pool.imap_unordered(_job, product(tasks, seeds)):
            tallies[task]["keys"] += 1
            for law, problem in held:
                tallies[task][law if not problem else f"NOT {law}"] += 1
                if problem:
                    print(problem[:400], flush=True)
    return tallies


if __name__ == "__main__":
    start = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    chosen = sys.argv[2].split(",") if len(sys.argv) > 2 else sorted(shipped())
    for task, tally in figures(chosen, range(start, start + int(sys.argv[1]))).items():
        print(task, dict(tally))
