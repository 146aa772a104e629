"""What marking gives a student: a page with where to look, and a few sentences for every answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from symrnn.algebra.nodes import Node, names_in
from symrnn.documents.document import Document, Formula, Section, Words
from symrnn.worksheets import words
from symrnn.worksheets.marks import FULL, Mark, Marked, Verdict, points_text
from symrnn.worksheets.numbers import literal
from symrnn.worksheets.quoting import quoted
from symrnn.worksheets.solving import key_of
from symrnn.worksheets.stating import as_numbers

SAID: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.RIGHT: "mark right",
        Verdict.FOLLOWS: "mark follows",
        Verdict.METHOD: "mark method",
        Verdict.WRONG: "mark wrong",
        Verdict.EMPTY: "mark empty",
        Verdict.RUBRIC: "mark rubric",
    }
)
"""The key of what a verdict says; what was not read says which kind of thing was wanted."""


def feedback_document(marked: Marked, language: str) -> Document:
    """One sheet's feedback: what is right, where to look, and a few sentences for every answer."""
    opening = [Words("ws student", (marked.student,))] if marked.student else []
    total = Words("mark total", (points_text(marked.points), str(marked.worth)))
    if marked.by_hand:
        total = Words("mark total person", (*total.about, str(marked.by_hand)))
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
    elif all(mark.verdict in FULL for mark in marked.marks):
        yield Words("mark all right")
    elif all(mark.verdict in (*FULL, Verdict.RUBRIC) and not mark.is_empty for mark in marked.marks):
        yield Words("mark all right so far")


def _lines(marked: Marked, language: str) -> Iterator[Words]:
    lines = {mark.question.key: mark.question.id for mark in marked.marks if mark.question.line is not None}
    for mark, after in zip(marked.marks, (*marked.marks[1:], None), strict=True):
        question = mark.question
        named = (Formula(question.lhs),) if question.lhs is not None else ("",)
        said, *more = _verdict(mark, lines, language)
        for sentence in (*more, *_because(mark, after)):
            said = Words("mark both", (said, sentence))
        written = quoted(mark.written)
        if written:
            yield Words("mark line", (question.id, *named, written, said))
        else:
            yield Words("mark line empty", (question.id, *named, said))


def _verdict(mark: Mark, lines: dict[str, str], language: str) -> Iterator[Words]:
    question = mark.question
    kind = "" if question.kind in ("number", "words") else f" {question.kind}"
    if question.kind == "words" and mark.is_empty:
        yield Words("mark empty")
        return
    yield Words(f"mark unread{kind}" if mark.verdict is Verdict.UNREAD else SAID[mark.verdict])
    if mark.verdict is Verdict.RUBRIC:
        yield Words(str(question.answer))
    if mark.problem:
        yield Words(mark.problem[0], mark.problem[1:])
    sentences = words.sentences_of(mark.mistakes, language, question.kind == "formula", question.is_count)
    yield from (Words("ws text", (sentence,)) for sentence in sentences)
    if mark.verdict is Verdict.WRONG and not (mark.mistakes or mark.problem) and question.line is not None:
        yield Words(f"mark no idea{kind}")
    if mark.verdict in (Verdict.RIGHT, Verdict.RUBRIC):
        return
    expected = _expected(mark)
    if mark.verdict is Verdict.FOLLOWS:
        yield Words("mark instead", (expected,))
        return
    yield from _rule(mark, lines)
    yield Words(f"mark expected{kind}", (expected,))
    if mark.own is not None:
        yield Words("mark own", (mark.own,))


def _because(mark: Mark, after: Mark | None) -> Iterator[Words]:
    """Why an option is the right one, where the next question asks for it in words."""
    if mark.question.kind == "choice" and mark.verdict not in FULL and after and after.question.kind == "words":
        yield Words(*after.question.remark)


def _expected(mark: Mark) -> Node | Words | str:
    """The right answer: a formula, an option's words, a number."""
    question = mark.question
    if question.kind == "formula":
        return as_numbers(question.answer)
    if question.kind == "number":
        return literal(question.answer, question.rounded)
    is_word = mark.question.kind == "choice" and mark.expected in words.ENGLISH
    return Words(mark.expected) if is_word else mark.expected


def _rule(mark: Mark, lines: dict[str, str]) -> Iterator[Words]:
    """The line's formula, and the student's lines that it uses."""
    question = mark.question
    if question.lhs is None or question.formula is None:
        return
    yield Words("mark rule", (Formula(question.lhs, "=", as_numbers(question.formula)),))
    used = {key_of(name) for name in names_in(question.formula)}
    ids = [id for key, id in lines.items() if key in used]
    if ids:
        yield Words("mark uses", (", ".join(f"({id})" for id in ids),))
