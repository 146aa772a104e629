"""What marking gives back: feedback a student reads, the class's summary, and CSV for a gradebook."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from symrnn import __version__
from symrnn.documents.derivations import style_for
from symrnn.documents.document import MARK, Document, Formula, Section, Words
from symrnn.worksheets import words
from symrnn.worksheets.marking import FULL, Mark, Marked, Results, Verdict

COLUMNS = ("sheet", "student", "line", "quantity", "answer", "verdict", "points", "of", "expected", "mistakes")


def feedback_document(marked: Marked, language: str) -> Document:
    """One sheet's feedback: a sentence or two for every answer."""
    opening = [Words("ws student", (marked.student,))] if marked.student else []
    total = Words("mark total", (str(marked.points), str(marked.worth)))
    lines = tuple(_lines(marked, language))
    return Document(
        title=marked.sheet.id,
        convention="",
        sections=(Section("mark answers", (*opening, total, *lines)),),
        style=style_for(marked.sheet.recipe.solver.program),
        language=language,
        heading="mark feedback",
    )


def _lines(marked: Marked, language: str) -> Iterator[Words]:
    for mark in marked.marks:
        question = mark.question
        named = (Formula(question.lhs),) if question.lhs is not None else ("",)
        said, *more = _verdict(mark, language)
        for sentence in more:
            said = Words("mark both", (said, sentence))
        yield Words("mark line", (question.id, *named, mark.written or "–", said))


def _verdict(mark: Mark, language: str) -> Iterator[Words]:
    yield Words(f"mark {mark.verdict.value}")
    if mark.verdict is Verdict.FOLLOWS:
        yield Words("mark carried")
    if mark.verdict is Verdict.RUBRIC:
        yield Words(str(mark.question.answer))
    if mark.problem:
        yield Words("ws text", (mark.problem,))
    yield from (Words("ws text", (sentence,)) for sentence in words.told(mark.mistakes, language))
    if mark.verdict is Verdict.WRONG and not mark.mistakes and mark.question.line is not None:
        yield Words("mark no idea")
    if mark.verdict not in (Verdict.RIGHT, Verdict.RUBRIC):
        yield Words("mark expected", (mark.expected,))


def marks_csv(results: Results) -> str:
    """A row for every answer."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for marked in results.marked:
        for mark in marked.marks:
            points = "" if mark.verdict is Verdict.RUBRIC else mark.points
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
                    mark.expected,
                    " ".join(mark.mistakes),
                ]
            )
    return out.getvalue()


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula; a number stays one."""
    plain = text.replace("-", "").replace(".", "").replace("/", "").isdigit()
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not plain else text


def summary(results: Results, language: str) -> str:
    """The class in a page of text: points, lines, mistakes, what a person must mark, what could not be marked."""
    return "\n".join([*_summary(results, language), f"{MARK} {__version__}"]) + "\n"


def _summary(results: Results, language: str) -> Iterator[str]:
    say = words.word
    yield say("mark class", language, len(results.marked))
    for marked in results.marked:
        yield f"  {marked.sheet.id}  {marked.points}/{marked.worth}  {marked.student}".rstrip()
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
        yield from (f"  {marked.sheet.id} ({mark.question.id}): {mark.written[:300]}" for marked, mark in people)
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


def chart(results: Results) -> str:
    """How often each mistake was found, as an SVG of bars: the ids at the bars, their names in the summary."""
    from io import BytesIO

    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    found = results.mistakes().most_common()[::-1]
    figure = Figure(figsize=(5, 0.6 + 0.3 * len(found)), layout="constrained")
    axes = figure.subplots()
    axes.barh([row for row, _ in found], [count for _, count in found], color="#0b5394", height=0.6)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel(f"/ {len(results.marked)}", loc="right")
    out = BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": MARK}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": MARK})
    return out.getvalue().decode("utf-8")
