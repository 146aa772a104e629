"""What a judged chain leaves on the page: findings, numbers and what they were rounded from, the head's value.

Reads verdicts; promises that a number stands for what it came from, and a wrong one for itself alone.
"""

from __future__ import annotations

from dataclasses import replace

from symrnn.algebra.reading.syntax import Call, Num, Syntax, Terms, Times, without_brackets
from symrnn.checking.arithmetic import Evaluator
from symrnn.checking.comparing import Agreement, rounded_like, value_of, values_agreeing
from symrnn.checking.diagnosis import Case, diagnose, slip_in
from symrnn.checking.differences import Difference
from symrnn.checking.digits import Digits, counting, digits_of, numbers_in
from symrnn.checking.equations import equations_of
from symrnn.checking.explaining import HERE, difference_of, piece_at
from symrnn.checking.faces import Faces
from symrnn.checking.matrices import Matrix, Value, is_zero
from symrnn.checking.naming import Name
from symrnn.checking.numbers import Number, hull, negative, same, sharp
from symrnn.checking.page import Reading, Record, Scope
from symrnn.checking.reasons import NoValue
from symrnn.checking.truths import ModelTruths
from symrnn.checking.verdicts import Diagnosis, Piece, Reason, Verdict

Explained = tuple[tuple[Diagnosis, ...], Piece | None]
"""The mistakes that reproduce a link, and the part that differs."""
MOST_EXPLAINED = 25
"""Wrong links of one text whose mistakes are searched for."""


class Noting(Faces):
    """Notes findings of a chain, and keeps what its numbers stand for from there on."""

    def add(self, at: int, verdict: Verdict, reason: Reason | None = None, **more: object) -> int:
        """Note a finding about the link into side `at`."""
        index = self.ledger.add(self.line, self.links[at - 1], verdict, reason, **more)
        if verdict in (Verdict.GIVEN, Verdict.UNDECIDED, Verdict.NOTATION):
            self._keep_numbers(at, None, verdict, frozenset(), index)
        return index

    def note(
        self,
        before: int,
        at: int,
        verdict: Verdict,
        reason: Reason | None,
        expected: Value,
        taint: frozenset[int],
        explained: Explained = ((), None),
    ) -> None:
        """Note the verdict of a link, and what its numbers stand for from here on."""
        digits = self.faces[at].digits
        should = rounded_like(expected, digits) if verdict not in (Verdict.RIGHT, Verdict.ROUNDED) else None
        follows = min(taint) if verdict == Verdict.FOLLOWS and taint else None
        mistakes, piece = self._mistakes(before, at, expected, should) if verdict == Verdict.WRONG else explained
        more = {"expected": should, "follows_from": follows, "mistakes": mistakes, "piece": piece}
        index = self.ledger.add(self.line, self.links[at - 1], verdict, reason, **more)
        if verdict == Verdict.WRONG:
            taint = frozenset({index})
            self.taint |= taint
            if self._says_nothing(at):
                self.ledger.trivial.add(index)
        # What stood for the first side's name before is no source of what is written now.
        named = before == 0 and self.faces[0].name is not None
        name = self.faces[0].name
        truth = None if name is None or verdict != Verdict.WRONG else self.page.truth(name)
        # A wrong result should have been what its own side gives, and what is computed from it what the model says.
        true = expected if truth is None else truth.value
        self._keep_numbers(at, true, verdict, taint, index, None if named else self._source(before, at))

    def _says_nothing(self, at: int) -> bool:
        """Whether a side is 0: of what is computed from it nothing is left."""
        seen = self.see(at, False)
        return seen is not None and is_zero(seen.writer)

    def _source(self, before: int, at: int) -> Value | None:
        """What a result comes from; as displayed where short numbers give it exactly, for then nothing was rounded."""
        shown, wide = self.see(before, False), self.see(before, self.has_value_before(before))
        digits = self.faces[at].digits
        written = (number.text for number in numbers_in(self.faces[before].tree))
        long = any("." in text and len(text.replace(".", "").strip("0")) >= 3 for text in written)
        exact = shown.writer if shown is not None and not long else None
        if isinstance(exact, Number) and exact.sharp and digits is not None and same(exact.value, digits.value):
            return exact
        return None if wide is None else wide.writer

    def _mistakes(self, before: int, at: int, expected: Value, should: str | None) -> Explained:
        """What reproduces a wrong link, and the part that differs; the first of many are explained."""
        face, seen = self.faces[at], self.see(at, False)
        if seen is None or self.ledger.explained >= MOST_EXPLAINED:
            return (), None
        self.ledger.explained += 1
        name = self.faces[0].name if before == 0 or self.page.truth(self.faces[0].name or Name("")) else None
        head = self.faces[0].side.text.strip() if name is not None else self.faces[before].side.text.strip()
        corrected = f"{head} = {should}" if should else ""
        tree, result = self.faces[before].tree, face.tree
        digits = face.written or self.faces[-1].written
        case = Case(self.page, name, seen.writer, digits, tree, result, expected, corrected)
        return diagnose(case), self._piece(case, before, at)

    def _piece(self, case: Case, before: int, at: int) -> Piece | None:
        """The smallest part that differs: where the slip was made, or where the numbers leave the equation."""
        if self.faces[at].written is not None:
            piece, side = slip_in(case), self.faces[before].side
            if piece is None:
                return None
            reason = Reason(HERE, (side.text[piece.start : piece.end],))
            return piece_at(side, Difference(piece.start, piece.end, reason), self.line, self.ledger)
        truths, side = self.page.truths, self.faces[at].side
        reading = self.page.truth(case.name) if case.name is not None else None
        if not isinstance(truths, ModelTruths) or reading is None or reading.node is None:
            return None
        found = difference_of(side, reading.node, equations_of(truths), self._true_value)
        return None if found is None else piece_at(side, found, self.line, self.ledger)

    def _true_value(self, tree: Syntax) -> Value | None:
        """What a part comes to with true values, new numbers with the room of their digits."""
        try:
            return Evaluator(Scope(self.page, True, fresh=True)).value(tree)
        except NoValue:
            return None

    def _keep_numbers(
        self,
        at: int,
        expected: Value | None,
        verdict: Verdict,
        taint: frozenset[int],
        index: int,
        came: Value | None = None,
    ) -> None:
        """What the numbers of this side stand for from here on; `came` is what the writer's numbers come to."""
        face = self.faces[at]
        if face.digits is not None:
            if verdict == Verdict.GIVEN and at == 1:
                was_rounded = (
                    face.relation == "≈" and isinstance(face.side.tree, Num | Terms) and counting(face.digits) >= 3
                )
                value = value_of(face.digits, sharp_=not was_rounded)
                record = Record(value, None, given=True, link=index)
                self.page.keep_number(face.digits.text, face.digits.value < 0, record)
            elif isinstance(expected, Number):
                self._keep_one(face.digits, expected, came, verdict, taint, index)
        elif isinstance(face.written, tuple) and verdict == Verdict.GIVEN and at == 1:
            for digits in (digits for row in face.written for digits in row):
                record = Record(sharp(digits.value), None, given=True, link=index)
                self.page.keep_number(digits.text, digits.value < 0, record)
        elif isinstance(face.written, tuple) and isinstance(expected, Matrix):
            flat = [entry for row in face.written for entry in row]
            sources = came.entries() if isinstance(came, Matrix) else [None] * len(flat)
            for digits, value, source in zip(flat, expected.entries(), sources, strict=False):
                self._keep_one(digits, value, source, verdict, taint, index)
        elif verdict != Verdict.GIVEN and (at > 1 or self.faces[0].name is None) and expected is not None:
            self._keep_parts(at, taint, index)
            # What follows is held against what the parts stand for now.
            self.seen = {key: seen for key, seen in self.seen.items() if key[0] != at}

    def _keep_one(
        self, digits: Digits, true: Number, came: Value | None, verdict: Verdict, taint: frozenset[int], index: int
    ) -> None:
        """A number stands for what it was rounded from; one that is wrong for itself alone."""
        written = sharp(digits.value)
        if verdict == Verdict.WRONG:
            pass
        elif isinstance(came, Number) and verdict != Verdict.LUCKY:
            written = hull(written, came) if not (came.sharp and same(came.value, digits.value)) else written
            if not taint:
                written = hull(written, true) if not same(true.value, digits.value) else written
        elif verdict != Verdict.RIGHT or not same(true.value, digits.value):
            # What is exactly right was not rounded: data of a model stay as exact as they are given.
            widened = value_of(digits)
            assert isinstance(widened, Number)
            written = widened
        if written.sharp and same(true.value, written.value):
            true = written
        self.page.keep_number(digits.text, digits.value < 0, Record(written, true, taint, link=index))

    def _keep_parts(self, at: int, taint: frozenset[int], index: int) -> None:
        """`0.629 × 0.445 + 0.470 × 0.153 = 0.280 + 0.072`: each rounded part stands for its own formula."""
        before, after = self.faces[at - 1].tree, self.faces[at].tree
        match (without_brackets(before), without_brackets(after)):
            case (Terms(terms=old), Terms(terms=new)) if len(old) == len(new):
                pairs = zip(old, new, strict=True)
            case (Times(factors=old_), Times(factors=new_)) if len(old_) == len(new_):
                pairs = zip(((1, f) for f in old_), ((1, f) for f in new_), strict=True)
            case (Call(arguments=(a,)), Call(arguments=(b,))):
                pairs = zip(((1, a),), ((1, b),), strict=True)
            case _:
                pairs = zip((), (), strict=True)
        for (sign, part), (sign_, result) in pairs:
            self._keep_part(sign, part, sign_, result, taint, index)

    def _keep_part(
        self, sign: int, part: Syntax, sign_: int, result: Syntax, taint: frozenset[int], index: int
    ) -> None:
        digits = digits_of(result)
        if digits is None or not digits.unit or digits.value in self.page.data:
            return
        try:
            scope = Scope(self.page, True)
            true = Evaluator(scope).value(part)
            writer = Evaluator(Scope(self.page)).value(part)
        except NoValue:
            return
        if not isinstance(true, Number) or not isinstance(writer, Number):
            return
        signed = digits if sign * sign_ > 0 else replace(digits, value=-digits.value)
        if values_agreeing(writer, signed) in (Agreement.EXACT, Agreement.ROUNDED, Agreement.LAST_DIGIT):
            self._keep_one(signed, true, writer, Verdict.ROUNDED, scope.taint() | taint, index)

    def remember_head(self) -> None:
        """The first side's name has the last value written for it."""
        name = self.faces[0].name
        if name is None:
            return
        at = next((k for k in range(len(self.faces) - 1, 0, -1) if self.faces[k].written is not None), None)
        if at is None:
            at = next((k for k in range(len(self.faces) - 1, 0, -1) if self.see(k, True) is not None), None)
        if at is None:
            return
        record = self._final(at)
        if record is not None:
            self.page.keep_name(name, record)

    def _final(self, at: int) -> Record | None:
        face, index = self.faces[at], len(self.ledger.findings) - 1
        verdict = self.ledger.findings[index - (len(self.faces) - 1 - at)].verdict
        taint = self.taint
        if face.digits is not None:
            kept = self.page.numbers.get(face.digits.text)
            if kept is not None and isinstance(kept.written, Number):
                negative_ = face.digits.value < 0
                written = negative(kept.written) if negative_ else kept.written
                true = negative(kept.true) if negative_ and isinstance(kept.true, Number) else kept.true
                return Record(written, true, kept.taint | taint, verdict == Verdict.GIVEN and at == 1, index)
        if isinstance(face.written, tuple):
            seen = self.see(at, False)
            given = verdict == Verdict.GIVEN
            name = self.faces[0].name
            reading = self.page.truth(name) if name is not None else None
            value = value_of(face.written, sharp_=given)
            source = self.see(at - 1, self.has_value_before(at - 1))
            for exact in (reading, source):
                if exact is not None:
                    value = _sharp_where_true(value, exact.value if isinstance(exact, Reading) else exact.writer)
            return Record(value, None if given or seen is None else seen.true, taint, given, index)
        seen = self.see(at, True)
        return None if seen is None else Record(seen.writer, seen.true, seen.taint | taint, False, index)

    def head_taint(self) -> frozenset[int]:
        """The wrong links that what was written for the first side hangs on."""
        name = self.faces[0].name
        record = self.page.names.get(self.page.key(name)) if name is not None else None
        return record.taint if record is not None else frozenset()


def _sharp_where_true(value: Value, true: Value) -> Value:
    """Entries that are exactly what they come from were not rounded."""
    if not isinstance(value, Matrix) or not isinstance(true, Matrix) or value.shape != true.shape:
        return value
    pairs = (zip(row, others, strict=True) for row, others in zip(value.rows, true.rows, strict=True))
    return Matrix(
        tuple(tuple(sharp(x.value) if y.sharp and same(x.value, y.value) else x for x, y in row) for row in pairs)
    )
