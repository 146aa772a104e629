"""What marking gives back: feedback a student reads, the class's summary, and CSV for a gradebook."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from statistics import mean

from symrnn import __version__
from symrnn.algebra.nodes import names_in
from symrnn.documents.document import MARK, Document, Formula, Section, Words
from symrnn.worksheets import words
from symrnn.worksheets.marking import FULL, Mark, Marked, Results, Verdict
from symrnn.worksheets.solving import key_of
from symrnn.worksheets.spreadsheets import safe
from symrnn.worksheets.stating import as_numbers

COLUMNS = ("sheet", "student", "line", "quantity", "answer", "verdict", "points", "of", "expected", "mistakes")
MOST_BARS = 20
MOST_SHOWN = 200
"""Letters of an answer in words that are repeated in the summary, and of any answer in the feedback."""


def files_of(results: Results, language: str) -> Iterator[tuple[str, str]]:
    """The files of a folder of marks: path and content."""
    yield "marks.csv", marks_csv(results)
    yield "summary.txt", summary(results, language)
    if results.mistakes():
        yield "mistakes.svg", chart(results, language)
    for one in results.marked:
        yield f"feedback/{one.sheet.id}.html", feedback_document(one, language).to_html()


# --- for the student --------------------------------------------------------------------------------------------------


def feedback_document(marked: Marked, language: str) -> Document:
    """One sheet's feedback: what is right, where to look, and a few sentences for every answer."""
    opening = [Words("ws student", (marked.student,))] if marked.student else []
    total = Words("mark total", (points_text(marked.points), str(marked.worth)))
    return Document(
        title=marked.sheet.id,
        convention="",
        sections=(Section("mark answers", (*opening, total, *_look(marked), *_lines(marked, language))),),
        style=marked.sheet.style,
        language=language,
        heading="mark feedback",
    )


def _look(marked: Marked) -> Iterator[Words]:
    """Where to look first; nothing where nothing was answered."""
    off = (Verdict.WRONG, Verdict.METHOD, Verdict.UNREAD)
    again = [mark.question.id for mark in marked.marks if mark.verdict in off]
    if again:
        yield Words("mark look", (", ".join(f"({id})" for id in again),))
    elif all(mark.verdict in (*FULL, Verdict.RUBRIC) for mark in marked.marks):
        yield Words("mark all right")


def _lines(marked: Marked, language: str) -> Iterator[Words]:
    lines = {mark.question.key: mark.question.id for mark in marked.marks if mark.question.line is not None}
    for mark in marked.marks:
        question = mark.question
        named = (Formula(question.lhs),) if question.lhs is not None else ("",)
        said, *more = _verdict(mark, lines, language)
        for sentence in more:
            said = Words("mark both", (said, sentence))
        yield Words("mark line", (question.id, *named, _cut(mark.written) or "–", said))


def _verdict(mark: Mark, lines: dict[str, str], language: str) -> Iterator[Words]:
    is_formula = mark.question.kind == "formula"
    kind = " formula" if is_formula else ""
    yield Words(f"mark {mark.verdict.value}{kind if mark.verdict is Verdict.UNREAD else ''}")
    if mark.verdict is Verdict.RUBRIC:
        yield Words(str(mark.question.answer))
    if mark.problem:
        yield Words(mark.problem[0], mark.problem[1:])
    yield from (Words("ws text", (sentence,)) for sentence in words.sentences_of(mark.mistakes, language, is_formula))
    if mark.verdict is Verdict.WRONG and not (mark.mistakes or mark.problem) and mark.question.line is not None:
        yield Words(f"mark no idea{kind}")
    if mark.verdict in (Verdict.RIGHT, Verdict.RUBRIC):
        return
    expected = _expected(mark)
    if mark.verdict is Verdict.FOLLOWS:
        yield Words("mark instead", (expected,))
        return
    yield from _rule(mark, lines)
    yield Words(f"mark expected{kind}", (expected,))
    if mark.own:
        yield Words("mark own", (mark.own,))


def _expected(mark: Mark) -> Formula | Words | str:
    """The right answer as it is read: a formula, an option's words, a number."""
    if mark.question.kind == "formula":
        return Formula(mark.question.answer)
    is_word = mark.question.kind == "choice" and mark.expected in words.ENGLISH
    return Words(mark.expected) if is_word else mark.expected


def _rule(mark: Mark, lines: dict[str, str]) -> Iterator[Words]:
    """The line's formula, and the student's lines that it uses."""
    question = mark.question
    if question.lhs is None or question.formula is None:
        return
    yield Words("mark rule", (Formula(question.lhs, "=", as_numbers(question.formula)),))
    used = dict.fromkeys(lines[key] for name in names_in(question.formula) if (key := key_of(name)) in lines)
    if used:
        yield Words("mark uses", (", ".join(f"({id})" for id in used),))


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST_SHOWN else line[:MOST_SHOWN] + "…"


def points_text(points: Fraction) -> str:
    """Points as a decimal; halves and thirds of points are the smallest there are.

    >>> points_text(Fraction(5, 2)), points_text(Fraction(3))
    ('2.5', '3')
    """
    return f"{float(points):.2f}".rstrip("0").rstrip(".")


# --- for the teacher --------------------------------------------------------------------------------------------------


def marks_csv(results: Results) -> str:
    """A row for every answer."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for marked in results.marked:
        for mark in marked.marks:
            points = "" if mark.verdict is Verdict.RUBRIC else points_text(mark.points)
            writer.writerow(
                [
                    marked.sheet.id,
                    safe(marked.student),
                    mark.question.id,
                    mark.question.key,
                    safe(mark.written),
                    mark.verdict.value,
                    points,
                    mark.question.points,
                    safe(mark.expected),
                    " ".join(mark.mistakes),
                ]
            )
    return out.getvalue()


def summary(results: Results, language: str) -> str:
    """The class in a page of text: points, lines, mistakes, what a person must mark, what could not be marked."""
    return "\n".join([*_summary(results, language), f"{MARK} {__version__}"]) + "\n"


def _summary(results: Results, language: str) -> Iterator[str]:
    say = words.word
    yield say("mark class", language, len(results.marked))
    if results.marked:
        reached = [marked.points for marked in results.marked]
        shown = (points_text(Fraction(value)) for value in (mean(reached), min(reached), max(reached)))
        yield say("mark mean", language, *shown, max(marked.worth for marked in results.marked))
    for marked in results.marked:
        yield f"  {marked.sheet.id}  {points_text(marked.points)}/{marked.worth}  {marked.student}".rstrip()
    counts = _by_line(results.marked)
    if counts:
        yield say("mark by line", language)
        yield from (f"  ({line})  {full}/{total}" for line, (full, total) in counts.items())
    mistakes = results.mistakes().most_common()
    if mistakes:
        yield say("mark mistakes", language)
        for row, count in mistakes:
            yield f"  {count} ×  {row}  {words.name_of(row, language)}"
    people = [(m, mark) for m in results.marked for mark in m.marks if mark.verdict is Verdict.RUBRIC and mark.written]
    if people:
        yield say("mark by hand", language)
        yield from (f"  {marked.sheet.id} ({mark.question.id}): {_cut(mark.written)}" for marked, mark in people)
    if results.broken:
        yield say("mark broken", language)
        yield from (f"  {source}: {reason}" for source, reason in results.broken)


def _by_line(sheets: Sequence[Marked]) -> dict[str, tuple[int, int]]:
    """Of every line how many have full points, and how many there are."""
    found: dict[str, tuple[int, int]] = {}
    for marked in sheets:
        for mark in marked.marks:
            if mark.verdict is not Verdict.RUBRIC:
                full, total = found.get(mark.question.id, (0, 0))
                found[mark.question.id] = (full + (mark.verdict in FULL), total + 1)
    return found


def chart(results: Results, language: str) -> str:
    """How often each mistake was found, as an SVG of bars with their names; ids alone where no font has the signs."""
    from io import BytesIO

    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    from symrnn.plots.style import cjk_font

    font = cjk_font() if language == "zh" else "DejaVu Sans"
    found = results.mistakes().most_common(MOST_BARS)[::-1]
    names = [f"{words.name_of(row, language)}  {row}" if font else row for row, _ in found]
    out = BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": MARK, "font.family": font or "DejaVu Sans", "font.size": 9}):
        figure = Figure(figsize=(6.4, 0.7 + 0.26 * len(found)), layout="constrained")
        axes = figure.subplots()
        bars = axes.barh(names, [count for _, count in found], color="#0b5394", height=0.6)
        axes.bar_label(bars, padding=3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlim(0, 1.1 * found[-1][1])
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(f"/ {len(results.marked)}", loc="right")
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": MARK})
    return out.getvalue().decode("utf-8")
