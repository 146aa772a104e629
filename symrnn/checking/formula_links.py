"""A link between formulas in names: judged by a model at drawn points, as a polynomial in λ, or by a softmax's rule.

Reads two sides of a chain; notes the verdict with the names of mistakes and the part that differs.
"""

from __future__ import annotations

from collections.abc import Iterator

from symrnn.algebra.reading.syntax import (
    Num,
    Raised,
    Symbol,
    Syntax,
    Terms,
    walk,
    without_brackets,
)
from symrnn.checking.arithmetic import Evaluator
from symrnn.checking.diagnosis import diagnose_formula
from symrnn.checking.equations import equations_of
from symrnn.checking.explaining import difference_of, piece_at, right_side
from symrnn.checking.identities import identity
from symrnn.checking.links import LinkJudge
from symrnn.checking.matrices import Value
from symrnn.checking.mentions import free_letters, is_symbolic, names_of
from symrnn.checking.naming import Derivative, Known, Name, placed
from symrnn.checking.noting import MOST_EXPLAINED, Explained
from symrnn.checking.outcomes import TURNED, Outcome
from symrnn.checking.page import Page, Scope, family, group
from symrnn.checking.reasons import NoValue
from symrnn.checking.roots import LETTERS, is_characteristic, is_open, is_root, letter_in, same_polynomial
from symrnn.checking.softmaxes import derivative_of_softmax
from symrnn.checking.truths import ModelTruths
from symrnn.checking.verdicts import Reason, Verdict

MOST_BEFORE = 8
"""So many sides before a formula, and the first of the chain, may decide it: a chain of hundreds is no calculation."""


class FormulaJudge(LinkJudge):
    """Judges a link whose sides are formulas."""

    _open: Reason | None = None
    """Why a formula could not be decided."""

    def by_formula(self, at: int) -> bool:
        """Judge a link between two formulas in names, where a model or an identity decides it."""
        self._open = None
        for before in _sides_before(at):
            left, right = self.faces[before].tree, self.faces[at].tree
            if not (is_symbolic(left) and is_symbolic(right)):
                continue
            outcome = Outcome(None)
            if self.page.formulas is not None:
                if self.is_given(before) and self.is_given(at):
                    # h_0 = c_0 = 0 gives two numbers at once.
                    return False
                outcome = self.page.formulas.judge(left, right, self.page)
            if outcome.agree is None and self.page.softmaxes:
                told = derivative_of_softmax(left, right, self.page.softmaxes)
                outcome = outcome if told.agree is None else told
            if outcome.agree is None and not any(map(self._is_of_the_model, names_of(left))):
                outcome = identity(left, right, self.page.functions)
            are_numbers = self._are_quantities(before, at) or self._may_hold_inputs(before, at)
            if outcome.agree is False and are_numbers and self._has_data():
                # i_1 = f_1 may be so at the text's numbers, of which some are not known.
                outcome = Outcome(None, Reason("false as a formula; of these numbers, not all are known"))
            if outcome.agree is not None:
                verdict = Verdict.RIGHT if outcome.agree else Verdict.WRONG
                mistakes, piece = self.formula_mistakes(before, at) if verdict == Verdict.WRONG else ((), None)
                link, reason = self.links[at - 1], outcome.reason
                index = self.ledger.add(self.line, link, verdict, reason, mistakes=mistakes, piece=piece)
                if verdict == Verdict.WRONG:
                    self.taint |= {index}
                return True
            self._open = self._open or outcome.reason
        return False

    def is_given(self, at: int) -> bool:
        """Whether a side is one name that a model is given: a parameter, an input, a value before step 1."""
        name = self.faces[at].name
        if not isinstance(name, Name):
            return False
        program = self.page.formulas.program
        given = {each.name for each in (*program.inputs, *program.parameters)}
        # The i of W_i may have been read as an index.
        written = "_".join((name.whole, *map(str, name.steps)))
        return name.whole in given or written in given or all(step == 0 for step in name.steps)

    def _is_of_the_model(self, name: Known) -> bool:
        formulas = self.page.formulas
        return formulas is not None and (isinstance(name, Derivative) or formulas.knows(name))

    def _by_polynomial(self, at: int) -> bool:
        """Judge a link between two formulas in λ, which has no value: `det(W - λI) = λ² - 1.1λ + 0.28`."""
        sides = (self.faces[at - 1].tree, self.faces[at].tree)
        if not all(map(is_open, sides)):
            return False
        agree = same_polynomial(*sides, self.page)
        if agree is None or not (agree or is_characteristic(sides[0])):
            return False  # an equation to be solved, maybe
        reason = None if agree else Reason("false as a formula: not the same for every {0}", (letter_in(sides[0]),))
        index = self.ledger.add(self.line, self.links[at - 1], Verdict.RIGHT if agree else Verdict.WRONG, reason)
        self.taint |= frozenset() if agree else {index}
        return True

    def is_equation(self, at: int) -> bool:
        """`λ² - 1.1λ + 0.28 = 0`."""
        head = self.faces[0].tree
        return is_open(self.faces[at - 1].tree) and not isinstance(head, Symbol) and self.faces[at].digits is not None

    def is_no_root(self, at: int) -> bool:
        """`λ_1 = 0.8` where no number that is rounded so solves the equation for λ above."""
        name, digits = self.faces[0].name, self.faces[at].digits
        if self.page.equation is None or digits is None or not isinstance(name, Name) or name.base not in LETTERS:
            return False
        return is_root(self.page.equation, digits, self.page) is False

    def formula_mistakes(self, before: int, at: int) -> Explained:
        """The mistakes that make the formula of the model's equation at every drawn point; the part that differs."""
        name, side, formulas = self.faces[before].name, self.faces[at].side, self.page.formulas
        letters = free_letters(self.faces[before].tree) | free_letters(side.tree)
        if name is None or formulas is None or len(letters) > 1 or self.ledger.explained >= MOST_EXPLAINED:
            return (), None
        self.ledger.explained += 1
        bound = dict.fromkeys(letters, max(1, formulas.steps - 1))

        def value_at(point: ModelTruths, tree: Syntax = side.tree) -> Value | None:
            page = Page(point, chosen=dict(self.page.chosen), functions=self.page.functions)
            try:
                return Evaluator(Scope(page, true=True), bound).value(tree)
            except NoValue:
                return None

        placed_name, chosen = placed(name, bound), self.page.chosen.get(group(name))
        point: ModelTruths = formulas.points[0]
        readings = point.readings(placed_name)
        reading = next((one for one in readings if family(one.meaning) == chosen), next(iter(readings), None))
        if reading is None or reading.node is None:
            return (), None
        equations = equations_of(point)
        right = right_side(reading.node, equations, name if letters else None)
        corrected = f"{self.faces[before].side.text.strip()} = {right}" if right else ""
        found = difference_of(side, reading.node, equations, lambda part: value_at(point, part), bound)
        piece = None if found is None else piece_at(side, found, self.line, self.ledger)
        # What is right of numbers has its factors in another order, or a transpose too few: no mistake of numbers.
        scalar = formulas.scalar
        tried = scalar is not None and not scalar.judge(self.faces[before].tree, side.tree, self.page, quick=True).agree
        return diagnose_formula((formulas, scalar if tried else None), placed_name, chosen, value_at, corrected), piece

    def is_luck(self, before: int, at: int) -> Outcome | None:
        """A formula that holds at these numbers and not at others."""
        left, right = self.faces[before].tree, self.faces[at].tree
        if self.page.formulas is None or not (is_symbolic(left) and is_symbolic(right)):
            return None
        if (self.is_given(before) and self.is_given(at)) or self._are_quantities(before, at):
            # W_f = U_f = 0.5 gives two numbers at once, and i_1 = f_1 claims nothing of other numbers.
            return None
        if self._holds_data(left) or self._holds_data(right) or self._may_hold_inputs(before, at):
            # (2 h_1 - 3) h_1 where v = 2 and y_1 = 3.
            return None
        outcome: Outcome = self.page.formulas.judge(left, right, self.page, quick=True)
        if outcome.agree is not False or self.page.formulas.holds_nearby(left, right, self.page):
            return None
        return outcome

    def _holds_data(self, tree: Syntax) -> bool:
        """Whether whole numbers of a formula may be data put in; 0 and 1 keep their value anyway, powers are none."""
        powers = [piece.exponent for piece in walk(tree) if isinstance(piece, Raised)]
        scripts = [script for piece in walk(tree) if isinstance(piece, Symbol) for script in piece.children]
        apart = {id(piece) for part in (*powers, *scripts) for piece in walk(part)}
        numbers = [piece.value for piece in walk(tree) if isinstance(piece, Num) and id(piece) not in apart]
        return any(value > 1 and value in self.page.data for value in numbers)

    def _may_hold_inputs(self, before: int, at: int) -> bool:
        """`h_3 = 1 + w + w²` where nobody knows the inputs: parameters, and numbers that may be inputs put in."""
        name, tree = self.faces[before].name, without_brackets(self.faces[at].tree)
        formulas = self.page.formulas
        if isinstance(self.page.truths, ModelTruths) or formulas is None or not formulas.program.inputs:
            return False
        if name is None or name.generic:
            return False
        names = list(names_of(tree))
        plain = bool(names) and all(isinstance(one, Name) and not one.steps for one in names)
        return plain and isinstance(tree, Terms) and any(isinstance(term, Num) for _, term in tree.terms)

    def _has_data(self) -> bool:
        """Whether the text gives any of the cell's numbers."""
        return any(record.given for record in self.page.names.values())

    def _are_quantities(self, *sides: int) -> bool:
        """Whether each side is one name of a single step: what is said of them is said of the text's numbers."""
        names = [self.faces[at].name for at in sides]
        return all(isinstance(name, Name) and name.steps and not name.generic for name in names)

    def in_another_reading(self, before: int, at: int) -> Outcome | None:
        """A formula that holds where its ambiguous names mean something else."""
        outcome = self.as_formula(before, at)
        return outcome if outcome.agree or outcome.reason == TURNED else None

    def as_formula(self, before: int, at: int) -> Outcome:
        """What a model says of a link between two formulas in names."""
        left, right = self.faces[before].tree, self.faces[at].tree
        if self.page.formulas is None or not (is_symbolic(left) and is_symbolic(right)):
            return Outcome(None)
        outcome: Outcome = self.page.formulas.judge(left, right, self.page)
        return outcome

    def is_formula(self, at: int) -> bool:
        """Whether a model has judged the link as a formula, in every reading of its names."""
        left, right = self.faces[0].tree, self.faces[at].tree
        return self.page.formulas is not None and is_symbolic(left) and is_symbolic(right)


def _sides_before(at: int) -> Iterator[int]:
    """The sides that may decide the formula at a place, the nearest first."""
    nearest = range(at - 1, max(at - 1 - MOST_BEFORE, -1), -1)
    yield from nearest
    if nearest[-1] > 0:
        yield 0
