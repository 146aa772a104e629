"""The judge: every link of a working in order, against the arithmetic displayed, the page above, and a model's truth.

Reads a `Working` and a `Page`; returns findings. A link is wrong only where its two sides cannot agree in any reading:
with the writer's values or the true ones, with what rounding may have changed. What needs a value that nobody knows is
undecided.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from symrnn.algebra.reading.syntax import (
    Call,
    Num,
    Stack,
    Symbol,
    Syntax,
    Terms,
    Times,
    Transposed,
    walk,
    without_brackets,
)
from symrnn.checking.arithmetic import Evaluator, NotMeant, Unknown, is_function
from symrnn.checking.carrying import carried
from symrnn.checking.claims import Claim, Kind, Line, Link, Side, Spot, Working
from symrnn.checking.comparing import Agreement, rounded_like, value_of, values_agreeing, values_meeting
from symrnn.checking.diagnosis import Case, diagnose
from symrnn.checking.digits import Digits, digits_of, grid_digits, numbers_in
from symrnn.checking.formulas import Outcome, identity, is_symbolic, names_of
from symrnn.checking.matrices import Matrix, Misfit, Value
from symrnn.checking.naming import Known, Name, name_of
from symrnn.checking.numbers import Number, TooLarge, Undefined, distance, hull, less, negative, same, sharp
from symrnn.checking.page import Page, Record, Scope, group
from symrnn.checking.truths import ModelTruths
from symrnn.checking.verdicts import Diagnosis, Finding, Place, Reason, Verdict

MOST_EXPLAINED = 25
"""Wrong links of one text whose mistakes are searched for."""
Written = Digits | tuple[tuple[Digits, ...], ...]


@dataclass
class Face:
    """One side of a chain while it is judged."""

    side: Side
    relation: str
    name: Known | None
    written: Written | None
    digits: Digits | None = None
    problem: Reason | None = None
    undefined: bool = False
    missing: str = ""

    @property
    def tree(self) -> Syntax:
        """What is written."""
        return self.side.tree


@dataclass(frozen=True)
class Seen:
    """What a side comes to: with the writer's values, with the true ones, and on which wrong links it hangs."""

    writer: Value
    true: Value
    taint: frozenset[int]
    is_data: bool = False


@dataclass
class Judge:
    """Judges a working from top to bottom."""

    page: Page
    findings: list[Finding] = field(default_factory=list)
    chains: int = 0
    explained: int = 0
    lines: list[str] = field(default_factory=list)

    def working(self, working: Working) -> list[Finding]:
        """Every link of every line."""
        self.lines = working.source.split("\n")
        for line in working.lines:
            for claim in line.claims:
                self.claim(line, claim)
        return self.findings

    def claim(self, line: Line, claim: Claim) -> None:
        """Every link of one chain."""
        self.chains += 1
        if claim.kind == Kind.LIST:
            self._list(line, claim)
        elif claim.kind == Kind.COMPARISON:
            self._comparison(line, claim)
        elif claim.kind == Kind.UPDATE:
            self._given(line, claim.links, Reason("an update"))
        elif _is_condition(line, claim):
            self._given(line, claim.links, Reason("a condition"))
        else:
            for run in _runs(claim):
                ChainJudge(self, line, run).judge()

    def add(self, line: Line, link: Link, verdict: Verdict, reason: Reason | None = None, **more: object) -> int:
        """Note a finding; its index."""
        spot = link.place
        place = Place(spot.line, spot.column, max(1, spot.length), self.source_line(spot, line), spot.file)
        text = f"{link.before.text.strip()} {link.relation} {link.after.text.strip()}"
        finding = Finding(place, text, verdict, reason, link.after.text.strip(), chain=self.chains)
        self.findings.append(replace(finding, **more))  # type: ignore[arg-type]  # fields of Finding by name
        return len(self.findings) - 1

    def source_line(self, spot: Spot, line: Line) -> str:
        """The line of the source a place stands in; of a notebook the formula, whose cell has lines of its own."""
        if spot.cell is None and 1 <= spot.line <= len(self.lines):
            return self.lines[spot.line - 1].rstrip("\r")
        return line.text

    def _given(self, line: Line, links: tuple[Link, ...], reason: Reason) -> None:
        for link in links:
            self.add(line, link, Verdict.GIVEN, reason)

    def _list(self, line: Line, claim: Claim) -> None:
        """`x = 1, 2, 3`: one value for each step, or a vector."""
        for link in claim.links:
            name = name_of(link.left)
            if isinstance(name, Name) and not name.steps and isinstance(link.right, Stack):
                for step, part in enumerate(link.right.parts, 1):
                    digits = digits_of(part)
                    if digits is not None:
                        self._datum(replace(name, steps=(step,)), digits)
            self.add(line, link, Verdict.GIVEN, Reason("given"))

    def _datum(self, name: Name, digits: Digits) -> None:
        record = Record(sharp(digits.value), None, given=True)
        self.page.keep_name(name, record)
        self.page.keep_number(digits.text, digits.value < 0, record)

    def _comparison(self, line: Line, claim: Claim) -> None:
        """`0.5 < 1`: judged where both sides have values, else left alone."""
        for link in claim.links:
            if link.relation not in ("<", ">", "≤", "≥", "≠"):
                continue
            values = [self._plain_value(tree) for tree in (link.left, link.right)]
            if values[0] is None or values[1] is None:
                continue
            holds = _compares(values[0], link.relation, values[1])
            if holds is not None:
                self.add(line, link, Verdict.RIGHT if holds else Verdict.WRONG, None if holds else Reason("it is not"))

    def _plain_value(self, tree: Syntax) -> Number | None:
        try:
            value = Evaluator(Scope(self.page)).value(tree)
        except (Unknown, NotMeant, Undefined, TooLarge, Misfit):
            return None
        return value if isinstance(value, Number) else None


_CONDITION = re.compile(
    r"(\b(where|if|when|whenever|for|suppose|unless|case|with|at)|若|当|如果|假如|其中|对于|对|在)\s*[（(,，:：]?\s*$",
    re.IGNORECASE,
)


def _is_condition(line: Line, claim: Claim) -> bool:
    """`where W_h = 1`, `若 W = 2`: what is supposed for a sentence is no claim."""
    if len(claim.links) > 1 or claim is not line.claims[0] or not _CONDITION.search(line.lead.rstrip("$\\([ ")):
        return False
    return name_of(claim.links[0].left) is not None and digits_of(claim.links[0].right) is not None


def _compares(a: Number, relation: str, b: Number) -> bool | None:
    """Whether a comparison holds; None where rounding leaves it open."""
    if less(a.high, b.low):
        return relation in ("<", "≤", "≠")
    if less(b.high, a.low):
        return relation in (">", "≥", "≠")
    if a.sharp and b.sharp and same(a.value, b.value):
        return relation in ("≤", "≥")
    return None


def _runs(claim: Claim) -> Iterator[tuple[Link, ...]]:
    """Neighbouring links that share a side; a chain is broken where a side could not be read."""
    run: list[Link] = []
    for link in claim.links:
        if run and run[-1].after is not link.before:
            yield tuple(run)
            run = []
        run.append(link)
    if run:
        yield tuple(run)


class ChainJudge:
    """Judges one chain `a = b = c`."""

    def __init__(self, judge: Judge, line: Line, links: tuple[Link, ...]) -> None:
        self.judge_ = judge
        self.page = judge.page
        self.line = line
        self.links = links
        self.taint: frozenset[int] = frozenset()
        """Wrong links of this chain."""
        sides = [links[0].before, *(link.after for link in links)]
        relations = ["=", *(link.relation for link in links)]
        self.faces = [self._face(side, relation) for side, relation in zip(sides, relations, strict=True)]
        self.seen: dict[tuple[int, bool, int, bool], Seen | None] = {}

    def _face(self, side: Side, relation: str) -> Face:
        digits = digits_of(side.tree, relation)
        written: Written | None = digits if digits is not None else grid_digits(side.tree, relation)
        return Face(side, relation, name_of(side.tree), written, digits)

    # --- evaluation ---

    def see(self, at: int, fresh: bool, variant: int = 0) -> Seen | None:
        """What a side comes to; None where something is missing, which the face then says."""
        key = (at, fresh, variant, False)
        if key not in self.seen:
            self.seen[key] = self._evaluate(at, fresh, variant)
        return self.seen[key]

    def _evaluate(self, at: int, fresh: bool, variant: int) -> Seen | None:
        face = self.faces[at]
        exact_data, sigma, powers = bool(variant & 1), variant >> 1 & 1, bool(variant & 4)
        beside = frozenset(n.text for n in numbers_in(self.faces[at - 1].tree)) if at else frozenset()
        if face.digits is not None and at == 0:
            fresh = False
        writer = Scope(self.page, False, fresh, exact_data, sigma, beside, powers)
        true = Scope(self.page, True, fresh, exact_data, sigma, beside, powers)
        try:
            written, real = Evaluator(writer).value(face.tree), Evaluator(true).value(face.tree)
        except Unknown as missing:
            face.missing = missing.what
            face.problem = Reason("no value for {0}", (missing.what,))
        except Undefined as undefined:
            face.undefined = True
            face.problem = Reason(str(undefined))
        except (TooLarge, NotMeant, Misfit) as problem:
            face.problem = Reason(_PROBLEMS[type(problem)], (str(problem),))
        else:
            return Seen(written, real, writer.taint())
        return None

    def variants(self, *sides: int) -> list[int]:
        """The readings to try, the usual first: numbers as data (1), another generic function (2), w^T a power (4)."""
        pieces = [piece for at in sides for piece in walk(self.faces[at].tree)]
        found = [0]
        for bit, has in (
            (1, any(isinstance(piece, Num) and piece.value in self.page.data for piece in pieces)),
            (2, any(isinstance(piece, Call) and _is_generic(piece) for piece in pieces)),
            (4, any(isinstance(piece, Transposed) for piece in pieces)),
        ):
            found += [one | bit for one in found] if has else []
        return found

    # --- the chain ---

    def judge(self) -> None:
        """Find a verdict for every link, then note what was written."""
        if self._defines_function():
            return
        before: int | None = 0 if self._head() else None
        for at in range(1, len(self.faces)):
            before = self._link(at, before)
        self._remember_head()

    def _defines_function(self) -> bool:
        """`f(x) = x`, `f = tanh`: what a generic name stands for."""
        head, body = self.faces[0].tree, without_brackets(self.faces[-1].tree)
        match head:
            case Call(function=Symbol(base=base, accents=()), arguments=(Symbol() as argument,)) if not is_function(
                base
            ):
                meaning = None
                if body == argument:
                    meaning = "identity"
                elif isinstance(body, Call) and body.arguments == (argument,) and is_function(body.function.base):
                    meaning = body.function.base
                if meaning is None or body is None:
                    return False
                self.page.functions[base] = meaning
                self._all_given()
                return True
            case Symbol(base=base, accents=(), below=(), above=()):
                if isinstance(body, Symbol) and is_function(body.base) and not body.below:
                    self.page.functions[base] = body.base
                    self._all_given()
                    return True
        return False

    def _all_given(self) -> None:
        for link in self.links:
            self.judge_.add(self.line, link, Verdict.GIVEN, Reason("a definition"))

    def _head(self) -> bool:
        """Whether the first side has a value."""
        name = self.faces[0].name
        if name is not None and self.page.truth(name) is None and self._is_new(name):
            return False
        return self.see(0, False) is not None

    def _is_new(self, name: Known) -> bool:
        """A name nobody knows the value of, or one that is given anew."""
        if str(name) not in self.page.names:
            return True
        return self._is_restated(name)

    def _is_restated(self, name: Known) -> bool:
        """`h_prev = -0.3` after `h_prev = 0.5`: another setting, where no model says otherwise."""
        record = self.page.names[str(name)]
        if len(self.faces) != 2 or not isinstance(self.faces[1].digits, Digits):
            return not record.given and isinstance(name, Name) and self._differs_by_far(record)
        return record.given and isinstance(name, Name)

    def _differs_by_far(self, record: Record) -> bool:
        """Whether a quantity is computed anew from other numbers than before."""
        at = next((k for k in range(1, len(self.faces)) if self.see(k, True) is not None), None)
        if at is None:
            return True
        found = self.see(at, True)
        assert found is not None
        try:
            return values_meeting(found.writer, record.written) == Agreement.NONE and not found.taint
        except Misfit:
            return True

    def _link(self, at: int, before: int | None) -> int | None:
        """Judge the link into side `at`; returns the last side that has a value."""
        if self.see(at, True) is None:
            self._without_value(at, before)
            return before
        if before is None:
            self._first_value(at)
            return at
        self._compare(before, at)
        return at

    def _without_value(self, at: int, before: int | None) -> None:
        face, head = self.faces[at], self.faces[0]
        if face.undefined:
            self.add(at, Verdict.UNDEFINED, face.problem)
        elif self._by_formula(at):
            return
        elif isinstance(head.name, Name) and at == 1 and face.missing and self.page.truth(head.name) is None:
            self.add(at, Verdict.GIVEN, Reason("a definition"))
        else:
            self.add(at, Verdict.UNDECIDED, face.problem)

    def _first_value(self, at: int) -> None:
        """The first side with a value, behind a name that has none or a formula with names nobody knows."""
        head, face = self.faces[0], self.faces[at]
        if face.written is None and self._by_formula(at):
            return
        if head.name is not None:
            given = isinstance(face.written, Digits | tuple) and at == 1
            self.add(at, Verdict.GIVEN, Reason("given") if given else Reason("a definition"))
            return
        if head.undefined:
            self.add(at, Verdict.UNDEFINED, head.problem)
            return
        self.see(0, False)
        self.add(at, Verdict.UNDECIDED, head.problem or Reason("no value for {0}", (head.side.text.strip(),)))

    def _by_formula(self, at: int) -> bool:
        """Judge a link between two formulas in names, where a model or an identity decides it."""
        for before in range(at - 1, -1, -1):
            left, right = self.faces[before].tree, self.faces[at].tree
            if not (is_symbolic(left) and is_symbolic(right)):
                continue
            outcome = Outcome(None)
            if self.page.formulas is not None:
                outcome = self.page.formulas.judge(left, right, self.page)
            if (outcome.agree is None and self.page.formulas is None) or (outcome.agree is None and not names_of(left)):
                outcome = identity(left, right, self.page.functions)
            if outcome.agree is not None:
                verdict = Verdict.RIGHT if outcome.agree else Verdict.WRONG
                index = self.judge_.add(self.line, self.links[at - 1], verdict, outcome.reason)
                if verdict == Verdict.WRONG:
                    self.taint |= {index}
                return True
        return False

    def _is_luck(self, before: int, at: int) -> Outcome | None:
        """A formula that holds at these numbers and not at others."""
        left, right = self.faces[before].tree, self.faces[at].tree
        if self.page.formulas is None or not (is_symbolic(left) and is_symbolic(right)):
            return None
        outcome = self.page.formulas.judge(left, right, self.page, quick=True)
        return outcome if outcome.agree is False else None

    def _compare(self, before: int, at: int) -> None:
        best: tuple[int, Verdict, Reason | None, Value, frozenset[int]] | None = None
        for variant in self.variants(before, at):
            found = self._verdict(before, at, variant)
            if found is None:
                continue
            rank = _RANK.index(found[0])
            if best is None or rank < best[0]:
                best = (rank, *found)
            if rank <= _RANK.index(Verdict.ROUNDED):
                break
        if best is None:
            self.add(at, Verdict.UNDECIDED, self.faces[at].problem)
            return
        _, verdict, reason, expected, taint = best
        if verdict == Verdict.WRONG and (other := self._in_another_reading(before, at)) is not None:
            verdict, reason, taint = Verdict.RIGHT, other.reason, frozenset()
            if other.reason is None:
                self.page.chosen.update(other.chosen or {})
        if verdict == Verdict.WRONG and before == 0 and self._is_doubtful():
            verdict, reason = Verdict.UNDECIDED, Reason("{0} may mean {1}", (self.faces[0].side.text, self._meanings()))
        if verdict in (Verdict.RIGHT, Verdict.ROUNDED) and (luck := self._is_luck(before, at)) is not None:
            message = "true at these numbers, false as a formula: at other numbers {0} against {1}"
            verdict, reason = Verdict.LUCKY, Reason(message, (luck.left, luck.right))
        self._note(before, at, verdict, reason, expected, taint)

    def _in_another_reading(self, before: int, at: int) -> Outcome | None:
        """A formula that holds where its ambiguous names mean something else."""
        left, right = self.faces[before].tree, self.faces[at].tree
        if self.page.formulas is None or not (is_symbolic(left) and is_symbolic(right)):
            return None
        outcome: Outcome = self.page.formulas.judge(left, right, self.page)
        return outcome if outcome.agree else None

    def _is_doubtful(self) -> bool:
        name = self.faces[0].name
        return name is not None and group(name) in self.page.doubtful

    def _meanings(self) -> str:
        name = self.faces[0].name
        assert name is not None
        return ", ".join(reading.meaning for reading in self.page.truths.readings(name))

    def _verdict(
        self, before: int, at: int, variant: int
    ) -> tuple[Verdict, Reason | None, Value, frozenset[int]] | None:
        """The verdict of a link in one reading, why, what the side should be, and what it hangs on."""
        left = self.see(before, before > 0 and self._has_value_before(before), variant)
        right = self.see(at, True, variant)
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

    def _target(self, left: Seen) -> Value:
        """What the chain speaks of: its first side's true value where that is known, else the side before."""
        name = self.faces[0].name
        reading = self.page.truth(name) if name is not None else None
        return left.true if reading is None else reading.value

    def _has_value_before(self, at: int) -> bool:
        """Whether arithmetic stands before a side, so that its new numbers are results and no data."""
        first = 1 if self.faces[0].name is not None else 0
        return any(self.see(k, False) is not None for k in range(first, at))

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
            if taint and (truth == Agreement.NONE or self._is_moved(left.true, face, right)):
                return Verdict.FOLLOWS, None, left.true, taint
            return _FINE[shown], None, left.true, frozenset()
        if truth is not None and truth < Agreement.NONE:
            if face.written is None:
                return (Verdict.FOLLOWS if taint else Verdict.ROUNDED), None, left.true, taint
            if before == 0 and self.faces[0].name is not None:
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
            verdict, taint = found
            return verdict, None, left.true, taint
        if self._is_carried(before, face):
            return (Verdict.FOLLOWS if self._head_taint() else Verdict.ROUNDED), None, left.true, self._head_taint()
        if self._runs_on(left, at):
            return Verdict.NOTATION, Reason("a run-on equality: two equalities written as one"), left.true, frozenset()
        return Verdict.WRONG, None, left.writer if not taint else left.true, frozenset()

    def _from_own_values(self, before: int, face: Face) -> tuple[Verdict, frozenset[int]] | None:
        """A value that the model's own equation gives from what stands above: rounding, or a mistake, carried on."""
        name = self.faces[0].name
        if before or name is None or face.written is None or not isinstance(self.page.truths, ModelTruths):
            return None
        reading = self.page.truth(name)
        found = None if reading is None or reading.node is None else carried(reading.node, self.page, self.page.truths)
        if found is None:
            return None
        value, taint = found
        agrees = values_agreeing(value, face.written)
        if agrees is None or agrees > Agreement.ROUNDED:
            return None
        return (Verdict.FOLLOWS if taint else Verdict.ROUNDED), taint

    def _is_near(self, value: Value, face: Face) -> bool:
        """Whether the displayed equality is off by a unit of the last digit, no more."""
        digits = face.digits
        if digits is None or not isinstance(value, Number):
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
        record = self.page.names.get(str(name))
        if record is None:
            return False
        found = values_agreeing(record.written, face.written)
        return found is not None and found < Agreement.LAST_DIGIT

    def _head_taint(self) -> frozenset[int]:
        name = self.faces[0].name
        record = self.page.names.get(str(name)) if name is not None else None
        return record.taint if record is not None else frozenset()

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
        return found is not None and found < Agreement.LAST_DIGIT

    # --- noting ---

    def add(self, at: int, verdict: Verdict, reason: Reason | None = None, **more: object) -> int:
        """Note a finding about the link into side `at`."""
        index = self.judge_.add(self.line, self.links[at - 1], verdict, reason, **more)
        if verdict in (Verdict.GIVEN, Verdict.UNDECIDED, Verdict.NOTATION):
            self._keep_numbers(at, None, verdict, frozenset(), index)
        return index

    def _note(
        self, before: int, at: int, verdict: Verdict, reason: Reason | None, expected: Value, taint: frozenset[int]
    ) -> None:
        digits = self.faces[at].digits
        should = rounded_like(expected, digits) if verdict not in (Verdict.RIGHT, Verdict.ROUNDED) else None
        follows = min(taint) if verdict == Verdict.FOLLOWS and taint else None
        mistakes = self._mistakes(before, at, expected, should) if verdict == Verdict.WRONG else ()
        more = {"expected": should, "follows_from": follows, "mistakes": mistakes}
        index = self.judge_.add(self.line, self.links[at - 1], verdict, reason, **more)
        if verdict == Verdict.WRONG:
            taint = frozenset({index})
            self.taint |= taint
        seen = self.see(before, before > 0 and self._has_value_before(before))
        self._keep_numbers(at, expected, verdict, taint, index, None if seen is None else seen.writer)

    def _mistakes(self, before: int, at: int, expected: Value, should: str | None) -> tuple[Diagnosis, ...]:
        """What reproduces a wrong link; the first of many are explained."""
        face, seen = self.faces[at], self.see(at, False)
        if seen is None or self.judge_.explained >= MOST_EXPLAINED or isinstance(face.written, tuple):
            return ()
        self.judge_.explained += 1
        name = self.faces[0].name if before == 0 or self.page.truth(self.faces[0].name or Name("")) else None
        head = self.faces[0].side.text.strip() if name is not None else self.faces[before].side.text.strip()
        corrected = f"{head} = {should}" if should else ""
        tree, result = self.faces[before].tree, face.tree
        digits = face.digits or self.faces[-1].digits
        return diagnose(Case(self.page, name, seen.writer, digits, tree, result, expected, corrected))

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
                record = Record(sharp(face.digits.value), None, given=True, link=index)
                self.page.keep_number(face.digits.text, face.digits.value < 0, record)
            elif isinstance(expected, Number):
                self._keep_one(face.digits, expected, came, verdict, taint, index)
        elif isinstance(face.written, tuple) and isinstance(expected, Matrix):
            flat = [entry for row in face.written for entry in row]
            sources = came.entries() if isinstance(came, Matrix) else [None] * len(flat)
            for digits, value, source in zip(flat, expected.entries(), sources, strict=False):
                self._keep_one(digits, value, source, verdict, taint, index)
        elif verdict != Verdict.GIVEN and at > 1 and expected is not None:
            self._keep_parts(at, taint, index)

    def _keep_one(
        self, digits: Digits, true: Number, came: Value | None, verdict: Verdict, taint: frozenset[int], index: int
    ) -> None:
        """A number stands for what it was rounded from; one that is wrong for itself alone."""
        written = sharp(digits.value)
        if verdict == Verdict.WRONG:
            pass
        elif isinstance(came, Number):
            written = hull(written, came) if not (came.sharp and same(came.value, digits.value)) else written
            if not taint:
                written = hull(written, true) if not same(true.value, digits.value) else written
        else:
            widened = value_of(digits)
            assert isinstance(widened, Number)
            written = widened
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
        except (Unknown, NotMeant, Undefined, TooLarge, Misfit):
            return
        if not isinstance(true, Number) or not isinstance(writer, Number):
            return
        signed = digits if sign * sign_ > 0 else replace(digits, value=-digits.value)
        if values_agreeing(writer, signed) in (Agreement.EXACT, Agreement.ROUNDED, Agreement.LAST_DIGIT):
            self._keep_one(signed, true, writer, Verdict.ROUNDED, scope.taint() | taint, index)

    def _remember_head(self) -> None:
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
        face, index = self.faces[at], len(self.judge_.findings) - 1
        verdict = self.judge_.findings[index - (len(self.faces) - 1 - at)].verdict
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
            value = value_of(face.written, sharp_=given)
            return Record(value, None if given or seen is None else seen.true, taint, given, index)
        seen = self.see(at, True)
        return None if seen is None else Record(seen.writer, seen.true, seen.taint | taint, False, index)


_FINE = {
    Agreement.EXACT: Verdict.RIGHT,
    Agreement.ROUNDED: Verdict.ROUNDED,
    Agreement.LAST_DIGIT: Verdict.LAST_DIGIT,
}
_RANK = (
    Verdict.GIVEN,
    Verdict.RIGHT,
    Verdict.ROUNDED,
    Verdict.LAST_DIGIT,
    Verdict.FOLLOWS,
    Verdict.LUCKY,
    Verdict.NOTATION,
    Verdict.UNDECIDED,
    Verdict.UNREAD,
    Verdict.UNDEFINED,
    Verdict.WRONG,
)
"""Which verdict of two readings is kept."""
_PROBLEMS = {
    TooLarge: "too large to compute: {0}",
    NotMeant: "{0}",
    Misfit: "shapes that do not fit: {0}",
}


def _is_generic(call: Call) -> bool:
    return not call.certain and not is_function(call.function.base)
