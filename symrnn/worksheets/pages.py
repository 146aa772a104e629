"""A sheet as a document: the same claims with blanks for the student, without for the key, and the key's tables.

A line has three parts, `formula = numbers put in = result`; a share of all is blank, results first, formulas last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from symrnn.algebra.nodes import Name, Node, Number, names_in
from symrnn.algebra.programs import GIVEN
from symrnn.algebra.substitution import with_literals
from symrnn.documents.document import Blank, Claim, Document, Formula, Relation, Section, Words
from symrnn.worksheets import words
from symrnn.worksheets.numbers import CARRIED, literal
from symrnn.worksheets.questions import Drawn, Part, Question
from symrnn.worksheets.sheets import Sheet
from symrnn.worksheets.solving import Rows, key_of
from symrnn.worksheets.stating import as_numbers, cell_words, equals, given_blocks, given_nodes, how_they_come_out
from symrnn.worksheets.telling import Told, silent_rows, told

STAGES = ("result", "numbers", "formula")
MOST_SHOWN = 3
"""A matrix with a longer side is not put in."""
WIDE = 26
FREE = 3
"""Lines left free on paper where a line's working is asked."""


@dataclass(frozen=True)
class Looks:
    """How a sheet is printed: its title, words before it, whose it is, how much is blank, in which language."""

    title: str = ""
    course: str = ""
    text: str = ""
    name_line: bool = True
    student: str = ""
    blanks: int = 100
    language: str = "en"


def sheet_document(sheet: Sheet, looks: Looks) -> Document:
    """What the student gets."""
    return _document(sheet, looks, "ws sheet", blanked(sheet, looks.blanks), ())


def key_document(sheet: Sheet, looks: Looks) -> Document:
    """The same without blanks, with points, wrong answers and what they tell."""
    return _document(sheet, looks, "ws key", {}, tuple(_key_sections(sheet, looks.language)))


def blanked(sheet: Sheet, percent: int) -> dict[str, str]:
    """Ids of lines to the first part of each that is blank.

    The last lines go first, and of each its result, then the numbers put in, then the formula: so many per cent of all
    parts of what hangs together. What is blank at 30 % is blank at 60 %, and no line below a blank tells what it is.
    """
    rows: dict[int, list[tuple[str, str]]] = {}
    for part in reversed(sheet.parts):
        row = rows.setdefault(id(part if part.needs == "nothing" else part.drawn), [])
        lines = [q for q in reversed(part.questions) if q.lhs is not None]
        row += [(stage, q.id) for q in lines for stage in (("formula",) if q.kind == "formula" else STAGES)]
    return {line: stage for row in rows.values() for stage, line in row[: round(len(row) * percent / 100)]}


def _document(sheet: Sheet, looks: Looks, heading: str, blanks: dict[str, str], further: Sequence[Section]) -> Document:
    is_key = heading == "ws key"
    opening = [Words("ws text", (looks.course,))] if looks.course else []
    if looks.student:
        opening.append(Words("ws student", (looks.student,)))
    elif looks.name_line and not is_key:
        opening.append(Words("ws name line", ("." * WIDE,)))
    if looks.text:
        opening.append(Words("ws text", (looks.text,)))
    hides_choices = looks.blanks > 0 and not is_key
    if not is_key and looks.blanks:
        opening.append(Words("ws total", (str(_worth(sheet, looks)),)))
    given = _given(sheet.drawn[0], sheet)
    sections = [Section("ws given", given)] if given else []
    for number, part in enumerate(sheet.parts):
        told = any(part.drawn is other.drawn for other in sheet.parts[:number]) or part.drawn is sheet.drawn[0]
        sections.append(_section(part, sheet, blanks, hides_choices, () if told else _given(part.drawn, sheet)))
    return Document(
        title=sheet.id,
        convention="",
        sections=(*sections, *further),
        style=sheet.style,
        language=looks.language,
        heading=heading,
        subject=looks.title,
        above=tuple(opening),
        running=sheet.id,
    )


def _worth(sheet: Sheet, looks: Looks) -> int:
    """The points of all that is blank."""
    blanks = blanked(sheet, looks.blanks)
    return sum(each.points for each in sheet.questions if each.lhs is None or each.id in blanks)


def _given(drawn: Drawn, sheet: Sheet) -> tuple[Any, ...]:
    """What the parts of a model need of it: equations, and numbers with how they come out."""
    needs = {part.needs for part in sheet.parts if part.drawn is drawn}
    blocks: list[Any] = []
    if needs - {"nothing"}:
        blocks += cell_words(drawn.model)
    if "numbers" in needs:
        blocks += [*given_blocks(drawn.model, drawn.recipe), how_they_come_out(drawn.recipe)]
    elif "equations" in needs and _are_scalars(drawn.model.sized.states + drawn.model.sized.inputs):
        every = (name for equation in drawn.model.sized for name in (equation.target, *equation.reads))
        blocks.append(Words("ws scalars" if _are_scalars(every) else "ws scalar states"))
    return tuple(blocks)


def _are_scalars(names: Iterable[Name]) -> bool:
    return all(name.is_scalar_shaped for name in names)


def _section(part: Part, sheet: Sheet, blanks: dict[str, str], hides: bool, given: tuple[Any, ...]) -> Section:
    worth = sorted({question.points for question in part.questions})
    words = [Words("ws worth", (", ".join(map(str, worth)),))] if worth else []
    lines = [question for question in part.questions if question.lhs is not None]
    claims: list[Any] = []
    for question in lines:
        if question.kind == "formula":
            claims.append(_formula_claim(question, question.id in blanks))
            continue
        claims.append(_claim(question, part, blanks.get(question.id)))
        if question.remark[0] and question.id not in blanks:
            claims.append(Words(*question.remark))
    others = [words_of(question, hides) for question in part.questions if question.lhs is None]
    return Section(part.heading, (*given, *part.intro, *words, *part.shown, *claims, *others))


def _formula_claim(question: Question, is_blank: bool) -> Claim:
    """A line of a derivation: whole with its reason, with a gap, or its left side alone."""
    assert question.lhs is not None
    whole = question.formula or question.answer
    if not is_blank:
        return Claim(question.lhs, whole, question.reason, numeric=True)
    return Claim(question.lhs, question.gapped or Blank(2 * WIDE), GIVEN, numeric=True)


def _claim(question: Question, part: Part, blank: str | None) -> Claim:
    rounded = question.rounded
    result: Any = literal(question.answer, rounded)
    links: list[tuple[str, Any, Relation]] = []
    if question.formula is not None:
        formula = as_numbers(question.formula)
        links.append(("formula", formula, "="))
        numbers = put_in(
            formula, part.values, rounded, given_nodes(part.drawn.model) if part.needs == "numbers" else {}
        )
        if numbers is not None and str(numbers) != str(result):
            links.append(("numbers", numbers, equals(numbers)))
    links.append(("result", result, equals(result)))
    shown: list[tuple[Relation, Any]] = []
    hidden = STAGES[: STAGES.index(blank) + 1] if blank else ()
    for stage, value, relation in links:
        if stage in hidden:
            shown.append((relation, Blank(WIDE if stage == "formula" else WIDE - 6)))
            break
        shown.append((relation, value))
    (first, rhs), *more = shown
    free = FREE if blank == "formula" else 0
    return Claim(question.lhs, rhs, GIVEN, relation=first, more=tuple(more), numeric=True, room=free)  # type: ignore[arg-type]  # a line has a left side, and relations are those of claims


def put_in(formula: Node, values: dict[str, Rows], rounded: bool, given: dict[str, Node]) -> Node | None:
    """The formula with a number for every name, given ones as given; None where one is missing or too large."""
    literals: dict[Name, Node] = {}
    for name in names_in(formula):
        rows = values.get(key_of(name))
        if rows is None or max(len(rows), len(rows[0])) > MOST_SHOWN:
            return None
        literals[name] = given.get(key_of(name)) or literal(rows, rounded, CARRIED)
    made = with_literals(formula, literals)
    return None if made == formula or isinstance(made, Number) else made


def words_of(question: Question, hides: bool) -> Words:
    """A question that is no line: with its blank, or with the answer."""
    key, about = question.prompt
    if hides:
        answer: Any = "." * (WIDE if question.kind != "words" else 3 * WIDE)
    elif question.kind == "words":
        answer = Words(*question.remark)
    elif question.kind == "number":
        answer = literal(question.answer, question.rounded)
    else:
        answer = Words(question.answer) if question.answer in words.ENGLISH else question.answer
    return Words(key, (question.id, *about, answer))


# --- what only the key says -------------------------------------------------------------------------------------------


def _key_sections(sheet: Sheet, language: str) -> Iterator[Section]:
    rubrics = [Words(q.answer) for q in sheet.questions if q.kind == "words"]
    worth = "; ".join(f"({q.id}) {q.points}" for q in sheet.questions)
    yield Section("ws points", (Words("ws all points", (worth, str(sheet.points))), *dict.fromkeys(rubrics)))
    found = told(sheet.parts)
    lines = {each.question.id: each.question for each in found}
    if found:
        wrong = (_wrong(question, found, language) for question in lines.values())
        yield Section("ws mistakes", (Words("ws mistakes text"), *wrong))
    alike = [each for each in found if len(each.rows) > 1]
    if alike:
        about = tuple(dict.fromkeys(_rows_in_words(each.rows, language) for each in alike))
        yield Section("ws confusions", (Words("ws confusions text"), *(Words("ws text", (one,)) for one in about)))
    silent = silent_rows(sheet.parts, {row for each in found for row in each.rows})
    if silent:
        yield Section("ws silent", (Words("ws silent text", (_rows_in_words(silent, language),)),))


def _wrong(question: Question, found: Sequence[Told], language: str) -> Words:
    """One line's wrong answers, each with the mistakes that give it."""
    each = tuple(
        Words("ws wrong", (_shown(one), _rows_in_words(one.rows, language)))
        for one in found
        if one.question.id == question.id
    )
    line = Words("ws mended line") if question.lhs is None else Formula(question.lhs)
    return Words("ws wrong line", (question.id, line, each))


def _shown(one: Told) -> Node:
    """A wrong answer: a formula, or numbers."""
    return as_numbers(one.answer) if isinstance(one.answer, Node) else literal(one.answer, one.question.rounded)


def _rows_in_words(rows: Sequence[str], language: str) -> str:
    names = [f"{words.name_of(row, language)} ({row})" for row in rows]
    return ("；" if language == "zh" else "; ").join(names)
