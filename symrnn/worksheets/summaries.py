"""What marking gives a teacher: the class's summary, CSV for a gradebook, a chart of mistakes, and a page for each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from statistics import mean
from typing import Any

from symrnn import __version__
from symrnn.documents.document import MARK
from symrnn.worksheets import words
from symrnn.worksheets.feedback import feedback_document
from symrnn.worksheets.marks import FULL, Mark, Marked, Remark, Results, Verdict, points_text
from symrnn.worksheets.quoting import quoted
from symrnn.worksheets.spreadsheets import BOM, safe

COLUMNS = ("sheet", "student", "line", "quantity", "answer", "verdict", "points", "of", "expected", "mistakes")
MOST_BARS = 20
MOST_ALIKE = 3
"""Files with the same fault that are listed one by one."""


def files_of(results: Results, language: str) -> Iterator[tuple[str, str]]:
    """The files of a folder of marks: path and content."""
    yield "marks.csv", marks_csv(results, language)
    yield "summary.txt", summary(results, language)
    if results.mistakes():
        yield "mistakes.svg", chart(results, language)
    for one in results.marked:
        yield f"feedback/{one.sheet.id}.html", feedback_document(one, language).to_html()


def marks_csv(results: Results, language: str = "en") -> str:
    """A row for every answer."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for marked in results.marked:
        for mark in marked.marks:
            verdict = Verdict.EMPTY if mark.is_empty else mark.verdict
            points = "" if verdict is Verdict.RUBRIC else points_text(mark.points)
            writer.writerow(
                [
                    safe(marked.sheet.id),
                    safe(marked.student),
                    mark.question.id,
                    mark.question.key,
                    safe(mark.written),
                    words.word(f"verdict {verdict.value}", language),
                    points,
                    mark.question.points,
                    safe(_expected(mark, language)),
                    " ".join(mark.mistakes),
                ]
            )
    return BOM + out.getvalue()


def _expected(mark: Mark, language: str) -> str:
    """The right answer; an option in the language of the class."""
    is_word = mark.question.kind == "choice" and mark.expected in words.ENGLISH
    return words.word(mark.expected, language) if is_word else mark.expected


def summary(results: Results, language: str) -> str:
    """The class in a page of text: points, lines, mistakes, what a person must mark, what could not be marked."""
    return "\n".join([*_summary(results, language), f"{MARK} {__version__}"]) + "\n"


def _summary(results: Results, language: str) -> Iterator[str]:
    say = words.word
    if not results.marked and (results.blank or not results.broken):
        yield say("mark nothing", language)
    yield say("mark class", language, len(results.marked))
    if results.marked:
        reached = [marked.points for marked in results.marked]
        shown = (points_text(Fraction(value)) for value in (mean(reached), min(reached), max(reached)))
        yield say("mark mean", language, *shown, max(marked.worth for marked in results.marked))
        by_hand = max(marked.by_hand for marked in results.marked)
        if by_hand:
            yield say("mark person", language, by_hand)
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
        yield from (f"  {marked.sheet.id} ({mark.question.id}): {quoted(mark.written)}" for marked, mark in people)
    for key, remarks in (("mark broken", results.broken), ("mark remarks", results.remarks)):
        if remarks:
            yield say(key, language)
            yield from (f"  {line}" for line in _listed(remarks, language))
    if results.missing:
        yield say("mark missing", language)
        yield from (f"  {id}  {name}" for id, name in results.missing)
    if results.blank:
        yield say("mark blank", language, ", ".join(results.blank))


def _listed(remarks: Sequence[Remark], language: str) -> Iterator[str]:
    """Each remark; where many files have the same one, the first of them and how many more."""
    groups: dict[tuple[str, tuple[str, ...]], list[Remark]] = {}
    for remark in remarks:
        groups.setdefault((remark.key, remark.about), []).append(remark)
    for same in groups.values():
        if len(same) > MOST_ALIKE:
            source = words.word("mark files", language, same[0].source, len(same) - 1)
            yield Remark(source, same[0].key, same[0].about).text(language)
        else:
            yield from (remark.text(language) for remark in same)


def results_json(results: Results, language: str) -> dict[str, Any]:
    """The same for programs: every answer with its verdict, the mistakes, and what was odd."""
    return {
        "sheets": [
            {
                "sheet": marked.sheet.id,
                "student": marked.student,
                "points": points_text(marked.points),
                "worth": marked.worth,
                "by_hand": marked.by_hand,
                "answers": [
                    {
                        "line": mark.question.id,
                        "quantity": mark.question.key,
                        "answer": mark.written,
                        "verdict": (Verdict.EMPTY if mark.is_empty else mark.verdict).value,
                        "points": points_text(mark.points),
                        "of": mark.question.points,
                        "expected": _expected(mark, language),
                        "mistakes": list(mark.mistakes),
                    }
                    for mark in marked.marks
                ],
            }
            for marked in results.marked
        ],
        "mistakes": dict(results.mistakes().most_common()),
        "broken": [remark.text(language) for remark in results.broken],
        "remarks": [remark.text(language) for remark in results.remarks],
        "blank": list(results.blank),
        "missing": [{"sheet": id, "student": name} for id, name in results.missing],
    }


def _by_line(sheets: Sequence[Marked]) -> dict[str, tuple[int, int]]:
    """Of every line how many have full points, and how many there are."""
    found: dict[str, tuple[int, int]] = {}
    for marked in sheets:
        for mark in marked.marks:
            if mark.question.kind != "words":
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
        figure = Figure(figsize=(6.4, 1.0 + 0.26 * len(found)), layout="constrained")
        axes = figure.subplots()
        bars = axes.barh(names, [count for _, count in found], color="#0b5394", height=0.6)
        axes.bar_label(bars, padding=3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlim(0, 1.1 * found[-1][1])
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        if font:
            figure.suptitle(words.word("chart title", language), x=0.01, ha="left", fontsize=11)
            axes.set_xlabel(words.word("chart axis", language, len(results.marked)))
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": MARK})
    return out.getvalue().decode("utf-8")
