"""A sheet's questions as learning platforms want them: a number to a blank, in decimals, with what wrong ones tell.

Mathematics is MathML in HTML. Questions in words and formulas are left to the printed sheet: no platform takes any form
of a formula that means the same, with the names the sheet has for its parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from types import MappingProxyType
from typing import Any

from symrnn.checking.numbers import MP, real
from symrnn.documents.document import Claim, Formula, Words
from symrnn.documents.renderers.html import block_html, line_html, setter_of
from symrnn.worksheets.numbers import SIGNIFICANT
from symrnn.worksheets.pages import Looks, sheet_document
from symrnn.worksheets.questions import Part, Question
from symrnn.worksheets.sheets import Sheet
from symrnn.worksheets.telling import told
from symrnn.worksheets.words import ENGLISH, sentences_of, word

DIGITS = 12
"""Of right answers, before the platform's tolerance."""


@dataclass(frozen=True)
class Wrong:
    """A wrong number and the sentence for whoever writes it."""

    number: str
    feedback: str


@dataclass(frozen=True)
class Blank:
    """One number: where it stands in its question (`1`, `1.2`), the answer, the tolerance, known wrong numbers."""

    id: str
    number: str
    tolerance: str
    relative: str
    """The tolerance as a share of the number."""
    wrong: tuple[Wrong, ...] = ()


@dataclass(frozen=True)
class Item:
    """A question with its blanks, or with options of which one is right."""

    id: str
    prompt: str
    """HTML with MathML, with the id, up to the blank."""
    points: int
    blanks: tuple[Blank, ...] = ()
    options: tuple[str, ...] = ()
    right: int = 0


@dataclass(frozen=True)
class Group:
    """What stands before some questions, and the questions."""

    intro: str
    items: tuple[Item, ...]
    opening: str = ""
    """What stands before the first of a sheet's groups: what is given for all."""

    model: str = ""
    """What an earlier part has said of its model, where that is not the sheet's: for a question by itself."""

    @property
    def before(self) -> str:
        """All that stands before its questions on the sheet."""
        return self.opening + self.intro


TYPED: Mapping[str, str] = MappingProxyType({"ws exact": "ws exact typed", "ws logarithms": "ws logarithms typed"})
"""What a sheet says of its numbers, and what it says instead where only decimals can be typed."""
LEFT_OUT = ("formula", "words")
"""The kinds of questions that stay on paper."""


def left_out(sheets: Iterable[Sheet]) -> dict[str, tuple[str, ...]]:
    """The ids of questions that no platform is given, by their kind.

    >>> import symrnn as sr
    >>> from symrnn.worksheets.sheets import Class, tasks_of
    >>> model = sr.load("example:linear")
    >>> left_out([Class(model, tasks_of(("forward", "regime"), model), 1).sheet(1)])
    {'words': ('b',)}
    """
    found: dict[str, dict[str, None]] = {}
    for question in (question for sheet in sheets for question in sheet.questions):
        if question.kind in LEFT_OUT:
            found.setdefault(question.kind, {})[question.id] = None
    return {kind: tuple(found[kind]) for kind in LEFT_OUT if kind in found}


def share(item: Item) -> Fraction:
    """The points of one blank: an item's points are divided among its blanks.

    >>> share(Item("1", "", 3, (Blank("1.1", "2", "1", "1"), Blank("1.2", "2", "1", "1"))))
    Fraction(3, 2)
    """
    return Fraction(item.points, max(1, len(item.blanks)))


def weights(parts: Sequence[Group]) -> Mapping[str, int]:
    """The points of one blank of every item as whole numbers in the same ratio, where a platform takes no others.

    >>> pair = (Blank("2.1", "2", "1", "1"), Blank("2.2", "2", "1", "1"))
    >>> weights([Group("", (Item("1", "", 1, pair[:1]), Item("2", "", 3, pair)))])
    {'1': 2, '2': 3}
    """
    shares = {item.id: share(item) for part in parts for item in part.items}
    scale = lcm(*(each.denominator for each in shares.values()))
    return {id: int(each * scale) for id, each in shares.items()}


def groups(sheet: Sheet, looks: Looks) -> tuple[Group, ...]:
    """The sheet's parts; the first begins with what is given.

    >>> import symrnn as sr
    >>> from symrnn.worksheets.sheets import Class, tasks_of
    >>> model = sr.load("example:linear")
    >>> [item.id for item in groups(Class(model, tasks_of(("forward",), model), 1).sheet(1), Looks())[0].items]
    ['1', '2', '3', '4']
    """
    document = sheet_document(sheet, looks)
    setter = setter_of(document)
    wrong = _wrong_numbers(sheet, looks.language)
    found: list[Group] = []
    before = document.sections[: len(document.sections) - len(sheet.parts)]
    first = 1
    models: dict[int, str] = {}
    opening: list[Any] = [words for words in document.above if words.key == "ws text"]
    opening += [block for section in before for block in section.blocks]
    for place, part in enumerate(sheet.parts):
        blocks = document.sections[place + len(before)].blocks
        # Another model is given where its part begins, before the task.
        given = blocks[: blocks.index(part.intro[0])] if part.intro else ()
        items = tuple(_items(part, setter, wrong, looks.language))
        if items:
            own = "".join(block_html(setter, _decimals(block)) for block in given)
            intro = [own, *(block_html(setter, _decimals(block)) for block in part.intro)]
            intro += [line_html(setter, claim, number) for number, claim in enumerate(part.shown, start=first)]
            before_all = "" if found else "".join(block_html(setter, _decimals(block)) for block in opening)
            found.append(Group("".join(intro), items, before_all, models.get(id(part.drawn), "")))
            models[id(part.drawn)] = models.get(id(part.drawn)) or own
        first += sum(isinstance(block, Claim) for block in blocks)
    return tuple(found)


def _decimals(block: Any) -> Any:
    """How to write numbers where only decimals can be typed."""
    typed = TYPED.get(block.key) if isinstance(block, Words) else None
    return Words(typed, block.about) if typed else block


def _items(part: Part, setter: Any, wrong: dict[str, list[Any]], language: str) -> Iterator[Item]:
    for question in part.questions:
        if question.kind == "number":
            prompt = (
                f"({question.id}) {setter.said(Formula(question.lhs))} = "
                if question.lhs is not None
                else _asked(question, setter)
            )
            blanks = tuple(_blanks(question, wrong.get(question.id, [])))
            yield Item(question.id, prompt, question.points, blanks)
        elif question.kind == "choice" and question.options:
            options = tuple(word(option, language) if option in ENGLISH else option for option in question.options)
            right = question.options.index(str(question.answer))
            yield Item(question.id, _asked(question, setter), question.points, (), options, right)


def _asked(question: Question, setter: Any) -> str:
    key, about = question.prompt
    return str(setter.sentence(key, (question.id, *about, "")))


def _blanks(question: Question, wrong: list[Any]) -> Iterator[Blank]:
    rows = question.answer
    single = len(rows) == 1 and len(rows[0]) == 1
    for i, row in enumerate(rows):
        for j, entry in enumerate(row):
            place = question.id if single else f"{question.id}.{i * len(row) + j + 1}"
            is_exact = not question.rounded and isinstance(entry.value, Fraction)
            relative = MP.mpf(10) ** -(SIGNIFICANT + 1 if is_exact else SIGNIFICANT - 1)
            room = (abs(real(entry.value)) or 1) * relative
            known = tuple(_told(entry.value, room, i, j, wrong))
            yield Blank(place, decimal(entry.value), decimal(room, 3), decimal(relative), known)


def _told(right: Any, room: Any, i: int, j: int, wrong: list[Any]) -> Iterator[Wrong]:
    """The wrong numbers of one entry that a platform can tell from the right one and from each other."""
    taken = [real(right)]
    for answer, sentence in wrong:
        if len(answer) <= i or len(answer[0]) <= j:
            continue
        value = real(answer[i][j].value)
        if all(abs(value - other) > 2 * room for other in taken):
            taken.append(value)
            yield Wrong(decimal(answer[i][j].value), sentence)


def _wrong_numbers(sheet: Sheet, language: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for each in told(sheet.parts):
        sentences = sentences_of(each.rows, language, count=each.question.is_count)
        found.setdefault(each.question.id, []).append((each.answer, " ".join(sentences)))
    return found


def decimal(value: Any, digits: int = DIGITS) -> str:
    """A number as a plain decimal with so many significant digits.

    >>> decimal(Fraction(-1, 8)), decimal(Fraction(1, 3), 4)
    ('-0.125', '0.3333')
    """
    text = str(MP.nstr(real(Fraction(value) if isinstance(value, int) else value), digits, min_fixed=-30, max_fixed=30))
    return text.removesuffix(".0")
