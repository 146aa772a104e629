"""Marking: each answer held against the key, then against what follows from the student's own answers, then explained.

Reads a `Sheet` and a `Submission`; returns marks. An answer that is wrong but computed correctly from earlier wrong
answers has full points; a mistake is named only where it gives exactly the number that was written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction

from symrnn.checking.comparing import Agreement, agreement, meeting
from symrnn.checking.numbers import Number, TooLarge, Undefined, real
from symrnn.errors import SymrnnError
from symrnn.languages import known_languages
from symrnn.worksheets.answers import Entry, Submission, Unreadable, read_answer
from symrnn.worksheets.folders import Folder, answer_text, asked
from symrnn.worksheets.formulas import At, FormulaPoints, read_formula
from symrnn.worksheets.questions import Part, Question
from symrnn.worksheets.sheets import Sheet
from symrnn.worksheets.solving import Rows
from symrnn.worksheets.words import word

FEW_DIGITS = 3
"""So many significant digits at least, where answers are rounded."""
EXACT_DIGITS = 5
"""A decimal of so many digits is taken for the fraction it rounds, where answers are exact."""
MOST_NAMED = 4


class Verdict(Enum):
    """What is true of an answer."""

    RIGHT = "right"
    FOLLOWS = "follows"
    WRONG = "wrong"
    EMPTY = "empty"
    UNREAD = "unread"
    RUBRIC = "rubric"


FULL = frozenset({Verdict.RIGHT, Verdict.FOLLOWS})


@dataclass(frozen=True)
class Mark:
    """One answer's verdict, its points, and the mistakes that give exactly what was written."""

    question: Question
    written: str
    verdict: Verdict
    points: int
    expected: str
    mistakes: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Marked:
    """A sheet's marks."""

    sheet: Sheet
    student: str
    marks: tuple[Mark, ...]
    source: str = ""

    @property
    def points(self) -> int:
        """What was reached, without what a person marks."""
        return sum(mark.points for mark in self.marks)

    @property
    def worth(self) -> int:
        """What could be reached, without what a person marks."""
        return sum(mark.question.points for mark in self.marks if mark.verdict is not Verdict.RUBRIC)


@dataclass(frozen=True)
class Results:
    """A class's marks, and the submissions that could not be marked with the reason."""

    marked: tuple[Marked, ...]
    broken: tuple[tuple[str, str], ...] = field(default=())

    def mistakes(self) -> Counter[str]:
        """In how many sheets each mistake was found; an answer that several mistakes give counts for each."""
        found: Counter[str] = Counter()
        for sheet in self.marked:
            found.update({row for mark in sheet.marks for row in mark.mistakes})
        return found


def mark_all(folder: Folder, submissions: Iterable[Submission], broken: Sequence[tuple[str, str]] = ()) -> Results:
    """Every submission by its sheet's id; what is unknown, handed in twice or beyond marking is listed."""
    problems = list(broken)
    done: dict[str, Marked] = {}
    for submission in submissions:
        name = submission.sheet[:40]
        if submission.sheet not in folder.entries:
            problems.append((submission.source, f"{name or '(nothing)'}: no sheet of this worksheet"))
        elif submission.sheet in done:
            problems.append((submission.source, f"{name}: handed in twice; the first was marked"))
        else:
            try:
                done[submission.sheet] = mark_sheet(folder, submission)
            except SymrnnError as error:
                problems.append((submission.source, f"{name}: {error.found}"))
            except (ArithmeticError, ValueError, RecursionError, TooLarge, Undefined):
                problems.append((submission.source, f"{name}: numbers that cannot be compared"))
    return Results(tuple(done[name] for name in folder.entries if name in done), tuple(problems))


def mark_sheet(folder: Folder, submission: Submission) -> Marked:
    """The marks of one submission."""
    sheet = folder.sheet(submission.sheet)
    wanted = {question.id for question in asked(sheet, folder.looks.blanks)}
    written: dict[int, _Own] = {}
    marks = []
    for part in sheet.parts:
        # What was written for h_1 of one model says nothing of another's.
        own = written.setdefault(id(part.drawn), _Own())
        for question in part.questions:
            if question.id in wanted:
                marks.append(_mark(sheet, part, question, submission.answers.get(question.id, "").strip(), own))
    entry = folder.entries[submission.sheet].get("student")
    student = f"{entry['name']} ({entry['id']})" if entry and entry["id"] else (entry["name"] if entry else "")
    return Marked(sheet, student or submission.student, tuple(marks), submission.source)


@dataclass
class _Own:
    """What a student wrote for one model's lines: numbers, and formulas by their values at the points."""

    numbers: dict[str, Rows] = field(default_factory=dict)
    formulas: dict[str, At] = field(default_factory=dict)


def _mark(sheet: Sheet, part: Part, question: Question, text: str, own: _Own) -> Mark:
    expected = answer_text(question, sheet)
    if question.kind == "words":
        return Mark(question, text, Verdict.RUBRIC, 0, expected)
    if not text:
        return Mark(question, text, Verdict.EMPTY, 0, expected)
    if question.kind == "choice":
        right = _chosen(text, question) == question.answer
        return Mark(
            question, text, Verdict.RIGHT if right else Verdict.WRONG, question.points if right else 0, expected
        )
    try:
        if question.kind == "formula":
            verdict, mistakes = _judged_formula(part, question, text, own.formulas)
        else:
            written = read_answer(text)
            verdict, mistakes = _judged(part, question, written, own.numbers)
            own.numbers[question.key] = _as_rows(written, question.answer)
    except Unreadable as found:
        return Mark(question, text, Verdict.UNREAD, 0, expected, problem=str(found))
    return Mark(question, text, verdict, question.points if verdict in FULL else 0, expected, mistakes)


def _judged_formula(part: Part, question: Question, text: str, own: dict[str, At]) -> tuple[Verdict, tuple[str, ...]]:
    """The same of a formula; later lines may be computed from a student's own."""
    points = FormulaPoints.of(part.drawn.recipe)
    readings = points.readings(read_formula(text), question)
    found, mistakes, written = points.judged(question, readings, own)
    if question.gapped is None and question.line is not None:
        own[question.line.key] = written
    return Verdict(found), mistakes[:MOST_NAMED]


def _judged(
    part: Part, question: Question, written: tuple[tuple[Entry, ...], ...], own: Mapping[str, Rows]
) -> tuple[Verdict, tuple[str, ...]]:
    rounded = question.rounded
    if agrees(question.answer, written, rounded):
        return Verdict.RIGHT, ()
    if question.line is None:
        return _judged_by_rule(part, question, written, own)
    solver = part.drawn.recipe.solver
    carried = {**part.values, **own}
    following = solver.value(question.line.expression, carried)
    if following is not None and agrees(following, written, rounded):
        return Verdict.FOLLOWS, ()
    for table in (carried, part.values):
        rows = dict.fromkeys(
            row
            for row, node in question.line.wrong
            if (found := solver.value(node, table)) is not None and agrees(found, written, rounded)
        )
        if rows:
            return Verdict.WRONG, tuple(rows)[:MOST_NAMED]
    return Verdict.WRONG, ()


def _judged_by_rule(
    part: Part, question: Question, written: tuple[tuple[Entry, ...], ...], own: Mapping[str, Rows]
) -> tuple[Verdict, tuple[str, ...]]:
    """A question that is no equation: what follows by its own rule, and wrong answers that are known."""
    if question.carried is not None:
        try:
            if agrees(question.carried({**part.values, **own}), written, question.rounded):
                return Verdict.FOLLOWS, ()
        except ValueError:
            pass
    return Verdict.WRONG, tuple(row for row, value in question.wrong if agrees(value, written, question.rounded))


# --- comparing --------------------------------------------------------------------------------------------------------


def agrees(value: Rows, written: tuple[tuple[Entry, ...], ...], rounded: bool) -> bool:
    """Whether numbers are what was written: exactly, or to the digits that are asked for."""
    entries = [entry for row in written for entry in row]
    flat = [entry for row in value for entry in row]
    if len(entries) != len(flat):
        return False
    shaped = (len(written), len(written[0])) == (len(value), len(value[0]))
    if not shaped and 1 not in (len(value), len(value[0])):
        return False
    return all(_agrees(number, entry, rounded) for number, entry in zip(flat, entries, strict=True))


def _agrees(number: Number, entry: Entry, rounded: bool) -> bool:
    # What is no fraction, or comes from what the student rounded, can only be written rounded.
    rounded = rounded or not number.sharp or not isinstance(number.value, Fraction)
    if entry.digits is None:
        return meeting(number, entry.value) <= Agreement.ROUNDED or (rounded and _near(number, entry.value))
    found = agreement(number, entry.digits)
    if found == Agreement.EXACT:
        return True
    allowed = Agreement.LAST_DIGIT if rounded else Agreement.ROUNDED
    return found <= allowed and _significant(entry.digits.text) >= (FEW_DIGITS if rounded else EXACT_DIGITS)


def _near(number: Number, value: Number) -> bool:
    """A formula of rounded numbers: four digits are asked."""
    return bool(abs(real(number.value) - real(value.value)) <= abs(real(number.value)) / 1000)


def _significant(text: str) -> int:
    return len(text.lower().partition("e")[0].replace(".", "").replace(",", "").lstrip("-0"))


def _as_rows(written: tuple[tuple[Entry, ...], ...], like: Rows) -> Rows:
    """What was written in the shape of the quantity, each number with the room its digits leave."""
    flat = [_with_room(entry) for row in written for entry in row]
    if len(flat) != len(like) * len(like[0]):
        return like
    width = len(like[0])
    return tuple(tuple(flat[at : at + width]) for at in range(0, len(flat), width))


def _with_room(entry: Entry) -> Number:
    if entry.digits is None or not entry.digits.unit:
        return entry.value
    short = _significant(entry.digits.text) < FEW_DIGITS
    # A short decimal is a number of its own; a long one may have been rounded.
    half = Fraction(0) if short else entry.digits.half
    return Number(entry.digits.value, entry.digits.value - half, entry.digits.value + half)


def _chosen(text: str, question: Question) -> str | None:
    """Which option is meant: its words in any language stand in the answer, and no other's."""
    low = text.lower().strip(" ().")
    found = []
    for option in question.options:
        if option.isdigit() or len(option) == 1:
            if low == option.lower():
                found.append(option)
        elif option in low or any(word(option, language).lower() in low for language in known_languages()):
            found.append(option)
    return found[0] if len(found) == 1 else None
