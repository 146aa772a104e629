"""A sheet as a document: the same claims with blanks for the student, without for the key, and the key's tables.

A line has three parts, `formula = numbers put in = result`; a share of all is blank, results first, formulas last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from symrnn.algebra.nodes import Name, Node, Number, names_in
from symrnn.algebra.programs import GIVEN
from symrnn.algebra.substitution import with_literals
from symrnn.documents.derivations import style_for
from symrnn.documents.document import Blank, Claim, Document, Formula, Section, Words
from symrnn.worksheets import words
from symrnn.worksheets.numbers import literal
from symrnn.worksheets.questions import Part, Question
from symrnn.worksheets.sheets import Sheet
from symrnn.worksheets.solving import Rows, key_of
from symrnn.worksheets.stating import as_numbers, cell_words, given_blocks, given_nodes
from symrnn.worksheets.variants import Confusion, confusions

FADINGS = (0, 30, 60, 100)
"""Per cent of the parts that are blank."""
STAGES = ("result", "numbers", "formula")
MOST_SHOWN = 3
"""A matrix with a longer side is not put in."""
WIDE = 26


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

    The parts of all lines stand in one row: every result, then the numbers put in, then the formulas; the first so many
    per cent are blank. What is blank at 30 % is blank at 60 %.
    """
    lines = [question for question in sheet.questions if question.kind == "number" and question.lhs is not None]
    row = [(stage, question.id) for stage in STAGES for question in lines]
    found: dict[str, str] = {}
    for stage, line in row[: round(len(row) * percent / 100)]:
        found[line] = stage
    return found


def _document(sheet: Sheet, looks: Looks, heading: str, blanks: dict[str, str], further: Sequence[Section]) -> Document:
    is_key = heading == "ws key"
    opening = [Words("ws text", (text,)) for text in (looks.title, looks.course) if text]
    if looks.student:
        opening.append(Words("ws student", (looks.student,)))
    elif looks.name_line and not is_key:
        opening.append(Words("ws name line", ("." * WIDE,)))
    if looks.text:
        opening.append(Words("ws text", (looks.text,)))
    recipe = sheet.recipe
    given = (*opening, *cell_words(sheet.model), *given_blocks(sheet.model, recipe), Words(f"ws {recipe.mode}"))
    hides_choices = bool(blanks) and not is_key
    sections = [Section("ws given", given)]
    sections += [_section(part, sheet, blanks, hides_choices) for part in sheet.parts]
    return Document(
        title=sheet.id,
        convention="",
        sections=(*sections, *further),
        style=style_for(sheet.recipe.solver.program),
        language=looks.language,
        heading=heading,
    )


def _section(part: Part, sheet: Sheet, blanks: dict[str, str], hides: bool) -> Section:
    worth = sorted({question.points for question in part.questions})
    words = [Words("ws worth", (", ".join(map(str, worth)),))] if worth else []
    lines = [question for question in part.questions if question.lhs is not None]
    claims = [_claim(question, part, sheet, blanks.get(question.id)) for question in lines]
    others = [words_of(question, sheet, hides) for question in part.questions if question.lhs is None]
    return Section(part.heading, (*part.intro, *words, *part.shown, *claims, *others))


def _claim(question: Question, part: Part, sheet: Sheet, blank: str | None) -> Claim:
    rounded = sheet.recipe.rounded
    result: Any = literal(question.answer, rounded)
    links: list[tuple[str, Any, str]] = []
    if question.formula is not None:
        formula = as_numbers(question.formula)
        links.append(("formula", formula, "="))
        numbers = put_in(formula, part.values, rounded, given_nodes(sheet.model) if part.values else {})
        if numbers is not None:
            links.append(("numbers", numbers, "≈" if rounded else "="))
    links.append(("result", result, "≈" if rounded else "="))
    shown: list[tuple[str, Any]] = []
    hidden = STAGES[: STAGES.index(blank) + 1] if blank else ()
    for stage, value, relation in links:
        if stage in hidden:
            shown.append((relation, Blank(WIDE if stage == "formula" else WIDE - 6)))
            break
        shown.append((relation, value))
    (first, rhs), *more = shown
    return Claim(question.lhs, rhs, GIVEN, relation=first, more=tuple(more), numeric=True)  # type: ignore[arg-type]  # a line has a left side, and relations are those of claims


def put_in(formula: Node, values: dict[str, Rows], rounded: bool, given: dict[str, Node]) -> Node | None:
    """The formula with a number for every name, given ones as given; None where one is missing or too large."""
    literals: dict[Name, Node] = {}
    for name in names_in(formula):
        rows = values.get(key_of(name))
        if rows is None or max(len(rows), len(rows[0])) > MOST_SHOWN:
            return None
        literals[name] = given.get(key_of(name)) or literal(rows, rounded)
    made = with_literals(formula, literals)
    return None if made == formula or isinstance(made, Number) else made


def words_of(question: Question, sheet: Sheet, hides: bool) -> Words:
    """A question that is no line: with its blank, or with the answer."""
    key, about = question.prompt
    if hides:
        answer: Any = "." * (WIDE if question.kind != "words" else 3 * WIDE)
    elif question.kind == "words":
        answer = Words(*question.remark)
    elif question.kind == "number":
        answer = literal(question.answer, sheet.recipe.rounded)
    else:
        answer = Words(question.answer) if question.answer in ("vanishes", "explodes", "neither") else question.answer
    return Words(key, (question.id, *about, answer))


# --- what only the key says -------------------------------------------------------------------------------------------


def _key_sections(sheet: Sheet, language: str) -> Iterator[Section]:
    rubrics = [Words(q.answer) for q in sheet.questions if q.kind == "words"]
    worth = "; ".join(f"({q.id}) {q.points}" for q in sheet.questions)
    yield Section("ws points", (Words("ws all points", (worth, str(sheet.points))), *dict.fromkeys(rubrics)))
    ids = {question.key: question for question in reversed(sheet.questions)}
    found = [each for each in confusions(sheet.recipe, sheet.values) if each.key in ids]
    lines = dict.fromkeys(each.key for each in found)
    yield Section("ws mistakes", (Words("ws mistakes text"), *(_wrong(ids[k], found, sheet, language) for k in lines)))
    alike = [each for each in found if len(each.rows) > 1]
    if alike:
        about = tuple(dict.fromkeys(_rows_in_words(each.rows, language) for each in alike))
        yield Section("ws confusions", (Words("ws confusions text"), *(Words("ws text", (one,)) for one in about)))
    seen = {row for each in found for row in each.rows}
    silent = sorted({row for key, row in sheet.recipe.silent if key in ids} - seen)
    if silent:
        yield Section("ws silent", (Words("ws silent text", (_rows_in_words(silent, language),)),))


def _wrong(question: Question, found: Sequence[Confusion], sheet: Sheet, language: str) -> Words:
    """One line's wrong answers, each with the mistakes that give it."""
    rounded = sheet.recipe.rounded
    each = tuple(
        Words("ws wrong", (literal(one.answer, rounded), _rows_in_words(one.rows, language)))
        for one in found
        if one.key == question.key
    )
    return Words("ws wrong line", (question.id, Formula(question.lhs), each))  # type: ignore[arg-type]  # a line has a left side


def _rows_in_words(rows: Sequence[str], language: str) -> str:
    names = [f"{words.name_of(row, language)} ({row})" for row in rows]
    return ("；" if language == "zh" else "; ").join(names)
