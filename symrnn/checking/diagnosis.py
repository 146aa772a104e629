"""Why a link is wrong: every mistake of the table that gives exactly what is written.

Reads a wrong link's sides, its quantity and the page; returns the set of rows that reproduce it, never one guess.
Order: a slip on the smallest part that differs, then the model's equation with one mistake in it, then digits, then
another quantity's value. No exact match: nothing is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from symrnn.algebra.nodes import Node
from symrnn.algebra.reading.syntax import Syntax, without_brackets
from symrnn.checking.arithmetic import Evaluator
from symrnn.checking.comparing import Agreement, agreement, values_agreeing, values_meeting
from symrnn.checking.digits import Digits, counting, is_result
from symrnn.checking.equations import Equations, equations_of
from symrnn.checking.faces import Written
from symrnn.checking.formulas import Formulas
from symrnn.checking.matrices import Matrix, Misfit, Value
from symrnn.checking.misconceptions import TABLE
from symrnn.checking.mutations import Setting, mutated
from symrnn.checking.naming import Known, Name, name_of
from symrnn.checking.page import Page, Scope, family
from symrnn.checking.reasons import NoValue
from symrnn.checking.slips import digit_slips, one_digit_slips, slipped_at
from symrnn.checking.truths import ModelTruths
from symrnn.checking.verdicts import Diagnosis

LEVELS = 3
MOST = 4
"""More matches than this name nothing: the value says too little."""
SAYS_LITTLE = frozenset({"R24"})
"""Rows that say what happened and not why: where they match, the equations further in are looked at as well."""


@dataclass(frozen=True)
class Case:
    """A wrong link: what is written, what it should be, and of which quantity."""

    page: Page
    name: Known | None
    written: Value
    digits: Written | None
    before: Syntax
    after: Syntax
    right: Value
    corrected: str = ""

    @property
    def ends_right(self) -> bool:
        """Whether the digits are those of the right value, so that they say nothing of what went wrong."""
        try:
            found = None if self.digits is None else values_agreeing(self.right, self.digits)
        except Misfit:
            return False
        return found is not None and found <= Agreement.ROUNDED


def diagnose(case: Case) -> tuple[Diagnosis, ...]:
    """Every mistake that reproduces what is written."""
    for search in (_by_slips_and_equation, _by_digits, _by_other_values, _by_one_digit):
        found = dict.fromkeys(search(case))
        if found:
            return tuple(explained(row, case.corrected) for row in list(found)[:MOST])
    return ()


def explained(row: str, corrected: str = "") -> Diagnosis:
    """A row of the table as part of a report."""
    entry = TABLE[row]
    return Diagnosis(row, entry.sentence, entry.wrong, entry.right, corrected, entry.name)


def _matches(value: Value | None, case: Case) -> bool:
    """Whether a value is what is written, and not what would be right."""
    if value is None:
        return False
    try:
        if case.digits is not None and not case.ends_right:
            found = values_agreeing(value, case.digits)
            return found is not None and found <= Agreement.ROUNDED
        return values_meeting(value, case.written) <= Agreement.ROUNDED and not _is_right(value, case)
    except Misfit:
        return False


def _by_slips_and_equation(case: Case) -> Iterator[str]:
    """Both say what happened: a term is missing, and which one it is in the quantity's own equation."""
    slips, rows = list(dict.fromkeys(_by_slips(case))), list(dict.fromkeys(_by_equation(case)))
    yield from slips[: max(1, MOST - len(rows))]
    yield from rows


def _by_slips(case: Case) -> Iterator[str]:
    return (row for row, _ in _slips(case))


def _slips(case: Case) -> Iterator[tuple[str, Syntax]]:
    """The slips that come to what is written, and where they are made."""
    if name_of(case.before) is not None or not (case.digits or is_result(case.after)):
        return
    for row, piece, tree in slipped_at(case.before):
        value = _evaluated(tree, case.page)
        if _matches(value, case) and not _is_right(value, case):
            yield row, piece


def slip_in(case: Case) -> Syntax | None:
    """The piece of the displayed formula that a slip is made in; None where it is all of it, or may be several."""
    pieces = [piece for _, piece in _slips(case)]
    inner = min(pieces, key=lambda piece: piece.end - piece.start, default=None)
    if inner is None or any(not (piece.start <= inner.start and inner.end <= piece.end) for piece in pieces):
        return None
    return inner if inner != without_brackets(case.before) else None


def _is_right(value: Value | None, case: Case) -> bool:
    try:
        return value is None or values_meeting(value, case.right) == Agreement.EXACT
    except Misfit:
        return False


def _evaluated(tree: Syntax, page: Page) -> Value | None:
    try:
        return Evaluator(Scope(page)).value(tree)
    except NoValue:
        return None


def _by_equation(case: Case) -> Iterator[str]:
    truths = case.page.truths
    if case.name is None or not isinstance(truths, ModelTruths):
        return
    reading = case.page.truth(case.name)
    if reading is None or reading.node is None:
        return
    equations = equations_of(truths)
    # From what stands on the page, or from more digits than are written there.
    readers = [equations.reader(written) for written in (case.page.value_of, None)]

    def fits(node: Node) -> bool:
        case.page.budget -= 1
        return case.page.budget > 0 and any(_matches(read(node), case) for read in readers)

    yield from rows_that(equations, reading.node, fits)


def setting_of(equations: Equations, node: Node) -> Setting:
    """What the changes of a quantity's equation need to know."""
    program = equations.truths.quantities.program

    def sized(names: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(equations.sized(name) for name in names)

    return Setting(
        node, equations.truths.steps, sized(program.parameters), sized(program.inputs), sized(program.states)
    )


def rows_that(equations: Equations, node: Node, fits: Callable[[Node], bool]) -> list[str]:
    """The rows whose change of a quantity's equation fits, from the equation itself outwards."""
    setting = setting_of(equations, node)
    expression = equations.of(node)
    rows: dict[str, None] = {}
    for _ in range(1 if setting.is_share_sum else LEVELS):
        if expression is None:
            break
        rows |= dict.fromkeys(row for row, wrong in mutated(expression, setting) if fits(wrong))
        if rows.keys() - SAYS_LITTLE:
            break
        expression = equations.inlined(expression)
    return list(rows)


def _by_digits(case: Case) -> Iterator[str]:
    yield from _meant(case, digit_slips, 2)


def _by_one_digit(case: Case) -> Iterator[str]:
    """All digits but one: of three or more."""
    yield from _meant(case, one_digit_slips, 3)


def _meant(case: Case, slips: Callable[[Digits], Iterator[tuple[str, Digits]]], least: int) -> Iterator[str]:
    """The slips of the pen that make what is written of what is right."""
    # Behind a formula that is wrong the digits it ends with say nothing of the pen.
    pair = _one_number(case) if is_result(case.after) else None
    if pair is None or counting(pair[0]) < least:
        return
    for row, meant in slips(pair[0]):
        found = values_agreeing(pair[1], meant)
        if found is not None and found <= Agreement.ROUNDED and counting(meant) >= 2:
            yield row


def _one_number(case: Case) -> tuple[Digits, Value] | None:
    """The number that is wrong and what it should be: of a vector or matrix its one entry that is."""
    if case.digits is None or isinstance(case.digits, Digits):
        return None if case.digits is None else (case.digits, case.right)
    written = [entry for row in case.digits for entry in row]
    right = case.right.entries() if isinstance(case.right, Matrix) else [case.right]
    if len(written) != len(right):
        return None
    pairs = zip(written, right, strict=True)
    wrong = [(digits, value) for digits, value in pairs if agreement(value, digits) > Agreement.ROUNDED]
    return wrong[0] if len(wrong) == 1 else None


def _by_other_values(case: Case) -> Iterator[str]:
    """The value of the same quantity at another step, or a number computed above for something else."""
    if case.digits is None or (isinstance(case.digits, Digits) and counting(case.digits) < 3):
        return
    span = case.page.truths.span()
    if isinstance(case.name, Name) and isinstance(case.name.step, int) and span is not None:
        for step in range(span[0] - 1, span[1] + 1):
            other = Name(case.name.base, case.name.words, (step,))
            reading = case.page.truth(other)
            if step != case.name.step and reading is not None and _matches(reading.value, case):
                yield "V01"
    for key, record in case.page.names.items():
        if case.name is not None and key != str(case.name) and not record.given and _matches(record.written, case):
            yield "V02"


# --- formulas without numbers ---------------------------------------------------------------------------------------


def diagnose_formula(
    tried: tuple[Formulas | None, ...],
    name: Known,
    chosen: str | None,
    value_at: Callable[[ModelTruths], Value | None],
    corrected: str = "",
) -> tuple[Diagnosis, ...]:
    """The rows whose change of the quantity's equation is the formula that is written, at every drawn point.

    `chosen` is the family of what the name means, where that is settled; `tried` are vectors, then numbers.
    """
    for one in tried:
        families = _families(one, name, chosen) if one is not None else ()
        for meant in families:
            assert one is not None
            rows = _rows_at_points(one, name, meant, value_at)
            if rows:
                return tuple(explained(row, corrected) for row in rows[:MOST])
    return ()


def _families(formulas: Formulas, name: Known, chosen: str | None) -> list[str]:
    """What the name may mean, the settled reading first."""
    found = dict.fromkeys(family(reading.meaning) for reading in formulas.points[0].readings(name))
    return [chosen] if chosen in found else list(found)


def _rows_at_points(
    formulas: Formulas, name: Known, meant: str | None, value_at: Callable[[ModelTruths], Value | None]
) -> list[str]:
    kept: list[str] | None = None
    for point in formulas.points:
        reading = next((one for one in point.readings(name) if family(one.meaning) == meant), None)
        written = value_at(point)
        if reading is None or reading.node is None or written is None:
            return []
        equations = equations_of(point)
        rows = rows_that(equations, reading.node, partial(_reproduces, equations.reader(None), written))
        kept = rows if kept is None else [row for row in kept if row in rows]
        if not kept:
            return []
    return kept or []


def _reproduces(read: Callable[[Node], Value | None], written: Value, node: Node) -> bool:
    return _equal(read(node), written)


def _equal(value: Value | None, written: Value) -> bool:
    try:
        return value is not None and values_meeting(value, written) == Agreement.EXACT
    except Misfit:
        return False
