"""One link between two sides that have values: its verdict in one reading, and what the side should be.

Reads two faces; tells a result of arithmetic from a formula that a model judges, and a mistake from what follows.
"""

from __future__ import annotations

from dataclasses import replace

from symrnn.algebra.reading.syntax import Syntax, Terms, Times
from symrnn.checking.carrying import Carried, carried
from symrnn.checking.comparing import Agreement, needs_no_rounding, values_agreeing, values_meeting
from symrnn.checking.digits import Digits, counting, digits_of
from symrnn.checking.faces import Face, Seen, Taken
from symrnn.checking.matrices import Misfit, Value, is_zero
from symrnn.checking.noting import Noting
from symrnn.checking.numbers import Number, distance, less
from symrnn.checking.truths import ModelTruths
from symrnn.checking.verdicts import Reason, Verdict

_FINE = {
    Agreement.EXACT: Verdict.RIGHT,
    Agreement.ROUNDED: Verdict.ROUNDED,
    Agreement.LAST_DIGIT: Verdict.LAST_DIGIT,
}


FITTING = frozenset({Agreement.EXACT, Agreement.ROUNDED})


class LinkJudge(Noting):
    """Judges a link in one reading."""

    turned = False
    """Whether the chain's formula is meant in another layout, so that its numbers are held against the truth alone."""

    def verdict_in(
        self, before: int, at: int, taken: Taken
    ) -> tuple[Verdict, Reason | None, Value, frozenset[int]] | None:
        """The verdict of a link in one reading, why, what the side should be, and what it hangs on."""
        left = self.see(before, before > 0 and self.has_value_before(before), taken)
        right = self.see(at, True, taken)
        if left is None or right is None:
            return None
        face = self.faces[at]
        taint = left.taint | right.taint | self.taint
        target = self._target(left)
        try:
            shown = self._shown(left.writer, face, right)
            truth = self._shown(target, face, right, true=True)
        except Misfit as misfit:
            return Verdict.UNDECIDED, Reason("shapes that do not fit: {0}", (str(misfit),)), left.true, frozenset()
        if shown is None:
            return Verdict.UNDECIDED, Reason("one number for several entries"), left.true, frozenset()
        is_head = before == 0 and self.faces[0].name is not None and self.page.truth(self.faces[0].name) is not None
        if is_head and not isinstance(face.written, Digits | tuple):
            return self._formula(left, right, shown, taint, at)
        return self._result(replace(left, true=target), right, shown, truth, taint, before, at)

    def turned_verdict(self, at: int) -> Verdict:
        """Of a formula right in another layout alone: wrong where the chain's last number is computed as it stands."""
        name, usual, written = self.faces[0].name, self.see(at, True), self.faces[-1].written
        reading = self.page.truth(name) if name is not None else None
        if reading is None or usual is None or written is None:
            return Verdict.UNDECIDED
        self.turned = values_agreeing(reading.value, written) in FITTING
        as_it_stands = not self.turned and values_agreeing(usual.writer, written) in FITTING
        return Verdict.WRONG if as_it_stands else Verdict.UNDECIDED

    def _target(self, left: Seen) -> Value:
        """What the chain speaks of: its first side's true value where that is known, else the side before."""
        name = self.faces[0].name
        reading = self.page.truth(name) if name is not None else None
        return left.true if reading is None else reading.value

    def _shown(self, value: Value, face: Face, seen: Seen, true: bool = False) -> Agreement | None:
        if face.written is not None:
            return values_agreeing(value, face.written)
        return values_meeting(value, seen.true if true else seen.writer)

    def _formula(
        self, left: Seen, right: Seen, shown: Agreement, taint: frozenset[int], at: int
    ) -> tuple[Verdict, Reason | None, Value, frozenset[int]]:
        """`δ_2 = δ_3 · w · (1 − h_2²)` against the model: right where the formula gives the truth from true values."""
        formula = values_meeting(left.true, right.true)
        if formula != Agreement.NONE:
            shown = min(shown, values_meeting(left.true, right.writer))
            if shown == Agreement.NONE and taint:
                return Verdict.FOLLOWS, None, left.true, taint
            fine = Verdict.RIGHT if formula == Agreement.EXACT else Verdict.ROUNDED
            return fine, None, left.true, frozenset()
        if values_meeting(left.true, right.writer) != Agreement.NONE and not taint:
            return Verdict.ROUNDED, None, left.true, frozenset()
        if not taint and self._ends_right(left.true, right.writer):
            return Verdict.ROUNDED, None, left.true, frozenset()
        return Verdict.WRONG, None, left.true, frozenset()

    def _ends_right(self, true: Value, shown: Value) -> bool:
        """Whether the chain ends at the true value, and the formula is within a unit of the digits it ends with."""
        digits = self.faces[-1].digits
        if digits is None or not digits.unit or not isinstance(true, Number) or not isinstance(shown, Number):
            return False
        ends = values_agreeing(true, digits)
        near = not less(digits.unit, distance(true.value, shown.value))
        return ends in (Agreement.EXACT, Agreement.ROUNDED) and near

    def _result(
        self,
        left: Seen,
        right: Seen,
        shown: Agreement,
        truth: Agreement | None,
        taint: frozenset[int],
        before: int,
        at: int,
    ) -> tuple[Verdict, Reason | None, Value, frozenset[int]]:
        face = self.faces[at]
        if shown < Agreement.NONE:
            if taint and (truth in (None, Agreement.NONE) or self._is_moved(left.true, face, right)):
                return Verdict.FOLLOWS, None, left.true, taint
            return _FINE[shown], None, left.true, frozenset()
        if truth is not None and truth < Agreement.NONE:
            if face.written is None:
                return (Verdict.FOLLOWS if taint else Verdict.ROUNDED), None, left.true, taint
            if self.turned or (before == 0 and self.faces[0].name is not None):
                return _FINE[truth], None, left.true, frozenset()
            if self._is_near(left.writer, face):
                return Verdict.LAST_DIGIT, None, left.true, frozenset()
            if truth == Agreement.ROUNDED or truth == Agreement.EXACT:
                return (
                    Verdict.LUCKY,
                    Reason("the value is right, the equality as displayed is not"),
                    left.true,
                    frozenset(),
                )
        if (found := self._from_own_values(before, face)) is not None:
            verdict, reason, taint = found
            return verdict, reason, left.true, taint
        if self._is_carried(before, face):
            return (Verdict.FOLLOWS if self.head_taint() else Verdict.ROUNDED), None, left.true, self.head_taint()
        if self._runs_on(left, at):
            return Verdict.NOTATION, Reason("a run-on equality: two equalities written as one"), left.true, frozenset()
        return Verdict.WRONG, None, left.writer if not taint else left.true, frozenset()

    def _from_own_values(self, before: int, face: Face) -> tuple[Verdict, Reason | None, frozenset[int]] | None:
        """A value that the model's own equation gives from what stands above: rounding, or a mistake, carried on."""
        name = self.faces[0].name
        if before or name is None or face.written is None or not isinstance(self.page.truths, ModelTruths):
            return None
        reading = self.page.truth(name)
        if reading is None or reading.node is None:
            return None
        for found in carried(reading.node, self.page, self.page.truths):
            agrees = values_agreeing(found.value, face.written)
            if agrees is not None and agrees <= Agreement.ROUNDED:
                return self._carried_on(found)
        return None

    def _carried_on(self, found: Carried) -> tuple[Verdict, Reason | None, frozenset[int]]:
        """The verdict of a value that agrees with what stands above."""
        if found.taint and found.taint <= self.ledger.trivial and is_zero(found.value):
            # A 0 that is wrong cannot buy a row of them.
            return Verdict.UNDECIDED, Reason("0 follows from a 0 that is wrong, however it was computed"), found.taint
        if found.taint:
            return Verdict.FOLLOWS, None, found.taint
        if any(self.ledger.findings[link].verdict == Verdict.UNDECIDED for link in found.links if link >= 0):
            return Verdict.UNDECIDED, Reason("it follows from values above that could not be judged"), found.taint
        return Verdict.ROUNDED, None, found.taint

    def _is_near(self, value: Value, face: Face) -> bool:
        """Whether the displayed equality is off by a unit of the last digit, no more."""
        digits = face.digits
        is_one_digit = digits is not None and counting(digits) < 2
        if digits is None or not isinstance(value, Number) or (is_one_digit and needs_no_rounding(value, digits)):
            return False
        return not less(digits.unit, distance(value.value, digits.value))

    def _is_moved(self, true: Value, face: Face, right: Seen) -> bool:
        """Whether a formula comes to another value than the true one because of what is wrong above."""
        return face.written is None and values_meeting(true, right.writer) == Agreement.NONE

    def _is_carried(self, before: int, face: Face) -> bool:
        """`h_2 = 0.364` again: the number that was written for it above."""
        name = self.faces[0].name
        if before or name is None or face.written is None:
            return False
        record = self.page.names.get(self.page.key(name))
        if record is None:
            return False
        found = values_agreeing(record.written, face.written)
        return found is not None and found < Agreement.LAST_DIGIT

    def _runs_on(self, left: Seen, at: int) -> bool:
        """`0.5·1 = 0.5 + 0.25`: the new side begins with the value of the side before."""
        tree = self.faces[at].tree
        parts: tuple[Syntax, ...]
        match tree:
            case Terms(terms=((sign, first), _, *_)):
                parts = (first if sign > 0 else Terms(((-1, first),)),)
            case Times(factors=(first, _, *_)):
                parts = (first,)
            case _:
                return False
        digits = digits_of(parts[0])
        if digits is None:
            return False
        found = values_agreeing(left.writer, digits)
        is_result = digits.value not in self.page.data and counting(digits) >= 2
        return found == Agreement.EXACT or (found == Agreement.ROUNDED and is_result)
