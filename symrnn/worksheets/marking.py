"""Marking: each answer held against the key, then against what follows from the student's own answers, then explained.

Reads a `Sheet` and a `Submission`; returns marks. An answer that is wrong but computed correctly from earlier wrong
answers has full points; working that comes to the right value has half of them, whatever number was written behind it;
a mistake is named only where it gives exactly the number that was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from symrnn.algebra.nodes import Node
from symrnn.algebra.printing import to_latex
from symrnn.checking.numbers import MP, Number, real
from symrnn.worksheets.answers import Entries, Unreadable, is_working, links_of, read_link, readings_of
from symrnn.worksheets.choices import chosen
from symrnn.worksheets.closeness import agrees, as_rows, misshapen, missing_digits
from symrnn.worksheets.filled_sheets import piece_of
from symrnn.worksheets.formulas import At, FormulaPoints, read_formula
from symrnn.worksheets.habits import carried, given_keys, habits_at, hidden_before
from symrnn.worksheets.keys import Folder, answer_text, asked
from symrnn.worksheets.marks import FULL, Mark, Marked, Verdict
from symrnn.worksheets.numbers import literal
from symrnn.worksheets.pages import blanked
from symrnn.worksheets.questions import Part, Question
from symrnn.worksheets.sheets import Sheet
from symrnn.worksheets.solving import Line, Rows, same
from symrnn.worksheets.spreadsheets import is_day
from symrnn.worksheets.submissions import Submission
from symrnn.worksheets.views import apart
from symrnn.worksheets.working import Working

MOST_NAMED = 4
MOST_OWN = 10**5
"""Fractions with larger parts are told as decimals."""
MOST_SIZE = 12
"""Numbers with more digits before the point, or zeros behind it, are no hand calculation."""
METHOD = Fraction(1, 2)
"""The share of the points for working that is right, whatever number was written behind it."""


def mark_sheet(folder: Folder, submission: Submission) -> Marked:
    """The marks of one submission."""
    sheet = folder.sheet(submission.sheet)
    wanted = {question.id for question in asked(sheet, folder.looks.blanks)}
    stages = blanked(sheet, folder.looks.blanks)
    written: dict[int, _Own] = {}
    marks = []
    for part in sheet.parts:
        # What was written for h_1 of one model says nothing of another's, or of a task with numbers of its own.
        own = written.setdefault(id(part if part.needs == "nothing" else part.drawn), _Own())
        marker = _Marker(sheet, part, own)
        for question in part.questions:
            if question.id in wanted:
                text = submission.answers.get(question.id, "").strip()
                marks.append(marker.mark(question, text, stages.get(question.id, "result")))
    student = student_of(folder, submission.sheet) or submission.student
    return Marked(sheet, student, tuple(marks), submission.source)


def student_of(folder: Folder, id: str) -> str:
    """Whose sheet it is, with the student's number; nothing where it is nobody's."""
    student = folder.entries[id].student
    return str(student) if student else ""


@dataclass
class _Own:
    """What a student wrote for one model's lines: numbers, and formulas by their values at the points."""

    numbers: dict[str, Rows] = field(default_factory=dict)
    formulas: dict[str, At] = field(default_factory=dict)


class _Marker:
    """Marks the questions of one part; `own` holds what the student wrote so far."""

    def __init__(self, sheet: Sheet, part: Part, own: _Own) -> None:
        self.sheet = sheet
        self.part = part
        self.own = own
        self._recipe = part.drawn.recipe
        self.solver = self._recipe.solver
        self._given = given_keys(self.solver, self._recipe.asked)

    def mark(self, question: Question, text: str, stage: str) -> Mark:
        """One answer's mark; `stage` is the first part of the line that was blank."""
        if question.kind == "words":
            return self._mark(question, text, Verdict.RUBRIC)
        if not text:
            return self._mark(question, text, Verdict.EMPTY)
        if question.kind == "choice":
            return self._choice(question, text)
        if question.kind == "formula":
            return self._formula(question, text)
        return self._number(question, text, stage)

    def _number(self, question: Question, text: str, stage: str) -> Mark:
        """A number's mark: right, right from the student's own values, right working, or wrong."""
        problem: tuple[str, ...] = ()
        readings: tuple[Entries, ...] = ()
        try:
            readings = readings_of(text, question.rounded)
        except Unreadable as found:
            problem = (found.key, *found.about)
        if self._is_one_of(question, readings, (question.answer,)):
            return self._mark(question, text, Verdict.RIGHT)
        followings = self._followings(question)
        if self._is_one_of(question, readings, followings):
            return self._mark(question, text, Verdict.FOLLOWS)
        own = self._own(question, followings)
        if readings:
            self.own.numbers[question.key] = as_rows(readings[0], question.answer)
        if self._has_method(question, text, stage, followings, 1 if readings else 0):
            return self._mark(question, text, Verdict.METHOD, own=own)
        if not readings:
            return self._mark(question, text, Verdict.UNREAD, problem=problem, own=own)
        problem = misshapen(question.answer, readings[0]) or missing_digits(
            (question.answer, *followings), readings[0], question.rounded
        )
        mistakes = self._mistakes(question, readings[0])
        if is_day(text) and not mistakes:
            return self._mark(question, text, Verdict.UNREAD, problem=("unread day",), own=own)
        return self._mark(question, text, Verdict.WRONG, mistakes, problem, own)

    def _is_one_of(self, question: Question, readings: Sequence[Entries], values: Sequence[Rows]) -> bool:
        """Whether a reading is one of these values; it is what later lines are computed from then."""
        for value in values:
            for written in readings:
                if agrees(value, written, question.rounded):
                    self.own.numbers[question.key] = as_rows(written, question.answer)
                    return True
        return False

    def _choice(self, question: Question, text: str) -> Mark:
        option = chosen(text, question.options)
        if option is None:
            return self._mark(question, text, Verdict.UNREAD, problem=("unread choice",))
        return self._mark(question, text, Verdict.RIGHT if option == question.answer else Verdict.WRONG)

    def _formula(self, question: Question, text: str) -> Mark:
        """A formula's mark; later lines may be computed from a student's own."""
        if question.gapped is not None:
            # In the sheet itself the piece stands within its line.
            text = piece_of(text, to_latex(question.gapped, self.sheet.style))
            if not text:
                return self._mark(question, text, Verdict.EMPTY)
        points = FormulaPoints.of(self.part.drawn.recipe)
        try:
            readings = points.readings(read_formula(text), question)
        except Unreadable as found:
            return self._mark(question, text, Verdict.UNREAD, problem=(found.key, *found.about))
        verdict, mistakes, written = points.judged(question, readings, self.own.formulas)
        if question.gapped is None and question.line is not None:
            self.own.formulas[question.line.key] = written
        return self._mark(question, text, Verdict(verdict), mistakes[:MOST_NAMED])

    def _mark(
        self,
        question: Question,
        text: str,
        verdict: Verdict,
        mistakes: tuple[str, ...] = (),
        problem: tuple[str, ...] = (),
        own: Node | None = None,
    ) -> Mark:
        share = METHOD if verdict is Verdict.METHOD else Fraction(verdict in FULL)
        expected = answer_text(question, self.sheet)
        return Mark(question, text, verdict, question.points * share, expected, mistakes, problem, own)

    @property
    def _carried(self) -> dict[str, Rows]:
        return {**self.part.values, **self.own.numbers}

    def _followings(self, question: Question) -> tuple[Rows, ...]:
        """What comes out of the student's own values before, lines that have none computed from them, or else right."""
        known = {key: rows for key, rows in self.own.numbers.items() if key != question.key}
        if question.line is not None:
            tables = (self._computed(question.line, known), {**self.part.values, **known})
            found = [self.solver.value(question.line.expression, table) for table in tables]
        else:
            try:
                found = [question.carried({**self.part.values, **known}) if question.carried is not None else None]
            except ValueError:
                found = []
        return tuple(rows for rows in found if rows is not None)

    def _computed(self, line: Line, known: Mapping[str, Rows]) -> Mapping[str, Rows]:
        """Every value when what is known is the student's own."""
        if self.part.needs != "numbers":
            return {**self.part.values, **known}
        hidden = hidden_before(self.solver, line, {*known, *self._given})
        return carried(self.solver, hidden, self.part.values, known)[0]

    def _own(self, question: Question, followings: Sequence[Rows]) -> Node | None:
        """What follows from the student's own values, where that is another number; four digits where it is long."""
        if not followings or same(followings[0], question.answer):
            return None
        sizes = [_size(entry) for row in followings[0] for entry in row]
        if not all(size <= MOST_SIZE for size in sizes):
            return None
        is_rounded = question.rounded or not all(_is_short(entry) for row in followings[0] for entry in row)
        # What comes out of rounded values may be the right one, but for the last of its digits.
        return literal(followings[0], is_rounded) if apart(followings[0], question.answer, is_rounded) else None

    def _has_method(self, question: Question, text: str, stage: str, followings: Sequence[Rows], results: int) -> bool:
        """Whether a link before the result comes to the right value, or to what follows from the student's own."""
        if question.line is None or stage == "result":
            # Where only the result was blank, the sheet itself shows the working.
            return False
        # What the line itself is, and all that comes after it, proves nothing.
        keys = [line.key for line in self.solver.lines]
        later = set(keys[keys.index(question.key) :]) if question.key in keys else {question.key}
        known = {key: rows for key, rows in self._carried.items() if key not in later} if stage == "formula" else {}
        for link in _links(text, results):
            try:
                found = read_link(link, Working(self.solver.truths, known)) if is_working(link) else None
            except Unreadable:
                continue
            if found and any(agrees(value, found, True) for value in (question.answer, *followings)):
                return True
        return False

    def _mistakes(self, question: Question, written: Entries) -> tuple[str, ...]:
        """The mistakes that give exactly what was written, from the student's own values or else the right ones."""
        if question.line is None:
            return tuple(row for row, value in question.wrong if agrees(value, written, question.rounded))
        known = {key: rows for key, rows in self.own.numbers.items() if key != question.key}
        asked = {line.key: self.part.values[line.key] for line in self._recipe.asked if line.key in self.part.values}
        for table in (self._computed(question.line, known), self.part.values):
            made = ((row, self.solver.value(node, table)) for row, node in question.line.wrong)
            if rows := self._giving(question, written, made):
                return rows
        if self.part.needs != "numbers":
            return ()
        for table in (known, asked):
            found = habits_at(self.solver, question.line, self.part.values, table, self._given)
            if rows := self._giving(question, written, found):
                return rows
        return ()

    def _giving(self, question: Question, written: Entries, made: Iterable[tuple[str, Rows | None]]) -> tuple[str, ...]:
        """Which mistakes make what was written."""
        rows = (row for row, value in made if value is not None and agrees(value, written, question.rounded))
        return tuple(dict.fromkeys(rows))[:MOST_NAMED]


def _links(text: str, results: int) -> tuple[str, ...]:
    """The working of an answer: its links without the results at the end."""
    try:
        links = links_of(text)
    except Unreadable:
        return ()
    return links[: len(links) - results]


def _is_short(entry: Number) -> bool:
    """Whether a number is written as it is: one that was computed from rounded ones is not."""
    value = entry.value
    return not isinstance(value, Fraction) or (entry.sharp and max(abs(value.numerator), value.denominator) < MOST_OWN)


def _size(entry: Number) -> float:
    """How many digits stand before the point, or zeros behind it."""
    return abs(float(MP.log10(abs(real(entry.value)) or 1)))
