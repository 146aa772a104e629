"""Formulas that are answered: held against the right one where everything is drawn, as `check` judges formulas.

Reads a formula as typed; at three points of exact fractions it must come to what the right one does. What a mistake
makes of the line, and what follows from the student's own formulas, is compared in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain, islice, product
from typing import Literal, cast

from symrnn.algebra.nodes import Adjoint, Immediate, Node
from symrnn.algebra.nodes import Name as NodeName
from symrnn.algebra.reading.grammar import parse_expression
from symrnn.algebra.reading.syntax import Chain, Syntax
from symrnn.checking.arithmetic import Evaluator, NotMeant, Unknown
from symrnn.checking.comparing import Agreement, values_meeting
from symrnn.checking.matrices import Matrix, Misfit, Value
from symrnn.checking.mentions import names_of
from symrnn.checking.naming import Name
from symrnn.checking.numbers import TooLarge, Undefined
from symrnn.checking.page import Page, Scope, family, group
from symrnn.checking.reading.sides import tidied
from symrnn.checking.truths import ModelTruths, truths_of
from symrnn.errors import SymrnnError
from symrnn.worksheets.answers import Unreadable, named
from symrnn.worksheets.questions import Question
from symrnn.worksheets.solving import Line, Rows, as_value, key_of
from symrnn.worksheets.variants import POINTS, Recipe

MOST_LETTERS = 500
MOST_READINGS = 8

Found = Literal["right", "follows", "wrong"]
At = tuple[Rows, ...]
"""A formula's value at every point."""


class FormulaPoints:
    """The points of one structure: numbers for every given, and what every line comes to."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    @staticmethod
    @lru_cache(maxsize=8)
    def of(recipe: Recipe) -> FormulaPoints:
        """The points of a recipe, made once."""
        return FormulaPoints(recipe)

    @cached_property
    def points(self) -> tuple[tuple[ModelTruths, Mapping[str, Rows]], ...]:
        """What is true at each, and the lines' values."""
        found = []
        for point in range(POINTS):
            model, values = self.recipe.generic(point)
            truths = truths_of(model)
            assert truths is not None
            found.append((truths, values))
        return tuple(found)

    def readings(self, tree: Syntax, question: Question) -> tuple[At, ...]:
        """What a typed formula comes to at each point, for each way its names can be meant, the usual one first.

        Raises:
            Unreadable: a name that is not known, the asked quantity itself, or something that has no value.
        """
        problems = []
        found = []
        for chosen in self._choices(tree):
            try:
                found.append(self._value(tree, chosen))
            except Unknown as problem:
                problems.append(Unreadable("unread cell", named(problem.what)))
            except (SymrnnError, NotMeant, TooLarge, Undefined, Misfit, ZeroDivisionError, OverflowError):
                problems.append(Unreadable("unread formula"))
        if not found:
            raise problems[0]
        if self._names_itself(tree, question):
            raise Unreadable("unread itself")
        return tuple(found)

    def _choices(self, tree: Syntax) -> Iterator[dict[str, str]]:
        """Which quantity each name stands for, where it may stand for several: `delta_z` for ∂L/∂a^z or for ∂L/∂z."""
        truths, _ = self.points[0]
        options: dict[str, list[str]] = {}
        for name in names_of(tree):
            meanings = list(dict.fromkeys(family(reading.meaning) for reading in truths.readings(name)))
            if isinstance(name, Name) and name.base != "delta":
                # The sheet says what a_t and y are; whether δ is the gradient of a gate or of its argument it may not.
                if name.whole in meanings:
                    options[group(name)] = [name.whole]
            elif len(meanings) > 1:
                options.setdefault(group(name), meanings)
        # Who writes δ of several gates means the same of each, their arguments or the gates: those readings come first.
        alike = (tuple(_of_kind(each, of_argument) for each in options.values()) for of_argument in (True, False))
        picks = islice(chain(alike, product(*options.values())), MOST_READINGS)
        for pick in dict.fromkeys(picks):
            yield dict(zip(options, pick, strict=True))

    def _value(self, tree: Syntax, chosen: dict[str, str]) -> At:
        found = []
        for truths, _ in self.points:
            value = Evaluator(Scope(Page(truths, chosen=chosen), true=True), {}).value(tree)
            found.append(value.rows if isinstance(value, Matrix) else ((value,),))
        return tuple(found)

    def _names_itself(self, tree: Syntax, question: Question) -> bool:
        assert question.line is not None
        asked = key_of(question.line.target)
        truths, _ = self.points[0]
        meant = (reading.node for name in names_of(tree) for reading in truths.readings(name)[:1])
        return any(node is not None and key_of(_total(node)) == asked for node in meant)

    def node(self, node: Node, own: Mapping[str, At] | None = None) -> At | None:
        """What a tree comes to at each point, with the student's own formulas where there are some."""
        found = []
        for place, (_, values) in enumerate(self.points):
            table = {**values, **{key: at[place] for key, at in (own or {}).items()}}
            value = self.recipe.solver.value(node, table)
            if value is None:
                return None
            found.append(value)
        return tuple(found)

    def told(self, question: Question) -> Iterator[tuple[Node, tuple[str, ...]]]:
        """The wrong formulas of a question, those that are equal together, with the mistakes that give them."""
        assert question.line is not None
        right = self.node(question.line.expression)
        groups: list[tuple[Node, At, list[str]]] = []
        for row, node in question.line.wrong:
            at = self.node(node)
            if at is None or (right is not None and agree(at, right)):
                continue
            for _, other, rows in groups:
                if agree(at, other):
                    rows.append(row)
                    break
            else:
                groups.append((node, at, [row]))
        yield from ((node, tuple(dict.fromkeys(rows))) for node, _, rows in groups)

    def judged(
        self, question: Question, readings: Sequence[At], own: Mapping[str, At]
    ) -> tuple[Found, tuple[str, ...], At]:
        """Right, computed from the student's own lines, or wrong and by which mistakes; and the reading it is."""
        line = question.line
        assert line is not None
        for verdict, table in (("right", {}), ("follows", own)):
            value = self.node(line.expression, table)
            for written in readings:
                if value is not None and agree(written, value):
                    return cast(Found, verdict), (), written
        found = ((tuple(dict.fromkeys(self._mistakes(line, written, own))), written) for written in readings)
        rows, written = next((each for each in found if each[0]), ((), readings[0]))
        return "wrong", rows, written

    def _mistakes(self, line: Line, written: At, own: Mapping[str, At]) -> Iterator[str]:
        for row, node in line.wrong:
            found = [self.node(node), self.node(node, own) if own else None]
            if any(at is not None and agree(written, at) for at in found):
                yield row


def _of_kind(meanings: Sequence[str], of_argument: bool) -> str:
    """The meaning that is the gradient of an argument, `∂L/∂a_f`, or one that is not; else the usual one."""
    return next((each for each in meanings if ("/∂a_" in each) == of_argument), meanings[0])


def _total(node: NodeName) -> NodeName:
    """∂L/∂h of ∂⁺L/∂h: at the last step they are the same, and neither derives the other."""
    return Adjoint(node.wrt) if isinstance(node, Immediate) else node


def read_formula(text: str) -> Syntax:
    """The tree of a typed formula; of a chain its last side. Plain text, Unicode or LaTeX.

    Raises:
        Unreadable: it cannot be read.

    >>> type(read_formula("delta_2 = dL/dh_2 * (1 - h_2^2)")).__name__
    'Times'
    """
    if len(text) > MOST_LETTERS:
        raise Unreadable("unread long")
    last = text.strip().strip("$").strip()
    latex = "\\" in last
    try:
        tree = parse_expression(last, latex=latex, working=True)
        return tidied(tree.sides[-1] if isinstance(tree, Chain) else tree, latex)
    except (SymrnnError, RecursionError):
        raise Unreadable("unread formula") from None


def agree(left: At, right: At) -> bool:
    """Whether two formulas come to the same at every point."""
    return all(_meet(as_value(a), as_value(b)) for a, b in zip(left, right, strict=True))


def _meet(left: Value, right: Value) -> bool:
    try:
        return values_meeting(left, right) == Agreement.EXACT
    except Misfit:
        return False
