"""The judge of one chain `a = b = c`: the verdict of each link.

A link is wrong only where its two sides cannot agree in any reading: with the writer's values or the true ones, with
what rounding may have changed. What needs a value that nobody knows is undecided.
"""

from __future__ import annotations

from symrnn.algebra.reading.syntax import (
    Big,
    Call,
    Label,
    Norm,
    Symbol,
    Syntax,
    Terms,
    walk,
    without_brackets,
)
from symrnn.checking.comparing import Agreement, values_meeting
from symrnn.checking.digits import Digits
from symrnn.checking.faces import Taken, is_generic
from symrnn.checking.formula_links import FormulaJudge
from symrnn.checking.functions import is_function
from symrnn.checking.matrices import Misfit, Value
from symrnn.checking.mentions import free_letters, is_symbolic, names_of
from symrnn.checking.naming import INDICES, LOSS_NAMES, Derivative, Known, Name, name_of
from symrnn.checking.numbers import Number, distance, less, real, sharp
from symrnn.checking.page import Record, group
from symrnn.checking.roots import RootEquation, is_characteristic, letter_in, same_polynomial
from symrnn.checking.statements import is_another
from symrnn.checking.verdicts import Reason, Verdict

MIXED = "computed with the immediate partial ∂⁺, where the total derivative belongs"
ELSEWHERE = "right in the transposed layout, but not computed so"


class ChainJudge(FormulaJudge):
    """Judges one chain `a = b = c`."""

    meanings = frozenset({0, 1})
    """Which of the functions that a generic σ may stand for fit every link so far: within a chain it is one of them."""

    def judge(self) -> None:
        """Find a verdict for every link, then note what was written."""
        if self._defines_function() or self._gives_several():
            return
        before: int | None = 0 if self._head() else None
        settled = self.page.chosen
        for at in range(1, len(self.faces)):
            before = self._link(at, before)
        self.remember_head()
        self.page.chosen = settled

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

    def _all_given(self, reason: str = "a definition") -> None:
        for link in self.links:
            self.ledger.add(self.line, link, Verdict.GIVEN, Reason(reason))

    def _gives_several(self) -> bool:
        """`w_f = w_i = w_o = 1`: one datum for several names that nobody knows yet."""
        *heads, last = self.faces
        names = [face.name for face in heads]
        plain = [name for name in names if isinstance(name, Name) and self.page.truth(name) is None]
        if len(heads) < 2 or len(plain) < len(heads) or not isinstance(last.written, Digits):
            return False
        if any(self.page.key(name) in self.page.names for name in plain):
            return False
        self._all_given("given")
        record = Record(sharp(last.written.value), None, given=True)
        for name in plain:
            self.page.keep_name(name, record)
        self.page.keep_number(last.written.text, last.written.value < 0, record)
        return True

    def _head(self) -> bool:
        """Whether the first side has a value."""
        name = self.faces[0].name
        if name is not None and self.page.truth(name) is None and self._is_new(name):
            return False
        return self.see(0, False) is not None

    def _is_new(self, name: Known) -> bool:
        """A name nobody knows the value of, or one that is given anew."""
        if self.page.key(name) not in self.page.names:
            return True
        return self._is_restated(name)

    def _is_restated(self, name: Known) -> bool:
        """`h_prev = -0.3` after `h_prev = 0.5`: another setting, where no model says otherwise."""
        record = self.page.names[self.page.key(name)]
        known = record.written if record.given and isinstance(name, Name) and not name.steps else None
        if isinstance(known, Number) and is_another(str(known.value), self.faces[1].tree):
            return True
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
        elif self.by_formula(at) or self._by_polynomial(at):
            return
        elif isinstance(head.name, Name) and at == 1 and face.missing and self._is_defined(head.name, at):
            self.add(at, Verdict.GIVEN, Reason("a definition"))
        else:
            self.add(at, Verdict.UNDECIDED, self._open or face.problem)

    def _is_defined(self, name: Name, at: int) -> bool:
        """Whether a formula says what a name is: one that nobody knows, or that of all steps, with numbers in it."""
        if name.whole in LOSS_NAMES and any(isinstance(piece, Big) for piece in walk(self.faces[at].tree)):
            return True  # a sum over entries, which is never written out
        generic = name.generic and not is_symbolic(self.faces[at].tree)
        return not self._is_known(name) or (generic and bool(free_letters(self.faces[at].tree)))

    def _is_known(self, name: Name) -> bool:
        """Whether a name is one of the model's, so that a formula for it is a claim and no definition."""
        formulas = self.page.formulas
        return self.page.truth(name) is not None or (formulas is not None and formulas.knows(name))

    def _is_beyond(self, name: Known | None) -> bool:
        """Whether a gradient belongs to step T + 1, which there is not."""
        formulas = self.page.formulas
        steps = name.wrt.steps if isinstance(name, Derivative) else name.steps[-1:] if name is not None else ()
        if formulas is None or not (isinstance(name, Derivative) or (name is not None and name.base == "delta")):
            return False
        return "T+1" in steps or (formulas.timed and formulas.steps + 1 in steps[:1])

    def _first_value(self, at: int) -> None:
        """The first side with a value, behind a name that has none or a formula with names nobody knows."""
        head, face = self.faces[0], self.faces[at]
        if face.digits is not None and self._is_beyond(head.name):
            none = Reason("there is no step T + 1, so that nothing comes back from it")
            self.add(at, Verdict.WRONG if face.digits.value else Verdict.RIGHT, none if face.digits.value else None)
            return
        if (face.written is None and self.by_formula(at)) or self._by_polynomial(at):
            return
        if self.is_equation(at):
            open_ = self.faces[at - 1].tree
            # The coefficients of det(W - λI) are exact where those that are written are.
            exact = is_characteristic(head.tree) and same_polynomial(head.tree, open_, self.page, Agreement.EXACT)
            self.page.equation = RootEquation(head.tree if exact else open_, face.tree)
            self.add(at, Verdict.GIVEN, Reason("an equation for {0}", (letter_in(open_),)))
            return
        if self.is_no_root(at):
            self.add(at, Verdict.WRONG, Reason("no root of the equation above"))
            return
        if head.name is not None or isinstance(head.tree, Label):
            given = isinstance(face.written, Digits | tuple) and at == 1
            self.add(at, Verdict.GIVEN, Reason("given") if given else Reason("a definition"))
            return
        if head.undefined:
            self.add(at, Verdict.UNDEFINED, head.problem)
            return
        if at == 1 and isinstance(face.written, Digits) and self._is_supposed(head.tree):
            self.add(at, Verdict.GIVEN, Reason("given"))
            return
        self.see(0, False)
        self.add(at, Verdict.UNDECIDED, head.problem or Reason("no value for {0}", (head.side.text.strip(),)))

    def _is_supposed(self, tree: Syntax) -> bool:
        """`σ_max(W) = 0.9` and `t - k = 20`: what is supposed of a matrix without numbers, or of steps."""
        match tree:
            case Call(function=function, arguments=(argument,)):
                is_measure = function.base in ("rho", "det", "tr") or (function.base == "sigma" and function.below)
                return bool(is_measure) and self._is_unknown(argument)
            case Norm(body=body):
                return self._is_unknown(body)
            case Terms(terms=terms):
                return all(isinstance(term, Symbol) and term.base in INDICES and not term.below for _, term in terms)
        return False

    def _is_unknown(self, tree: Syntax) -> bool:
        name = name_of(tree)
        return isinstance(name, Name) and self.page.truth(name) is None and self.page.key(name) not in self.page.names

    def _compare(self, before: int, at: int) -> None:
        best: tuple[int, Verdict, Reason | None, Value, frozenset[int]] | None = None
        fitting: set[int] = set()
        pieces = [piece for k in (before, at) for piece in walk(self.faces[k].tree)]
        generic = any(isinstance(piece, Call) and is_generic(piece) for piece in pieces)
        for taken in (*self.variants(before, at), *self.last_variants(before, at)):
            if taken >= Taken.AGAIN and best is not None and best[1] != Verdict.WRONG:
                break
            meaning = int(Taken.OTHER_FUNCTION in taken)
            if generic and (meaning not in self.meanings or (meaning in fitting and best is not None)):
                continue
            found = self.verdict_in(before, at, taken)
            if found is None or (best is not None and found[0] == Verdict.UNDECIDED):
                # A reading in which nothing fits says nothing against the usual one.
                continue
            rank = _RANK.index(found[0])
            if best is None or rank < best[0]:
                best = (rank, *found)
            if rank <= _RANK.index(Verdict.ROUNDED):
                fitting.add(meaning)
        if fitting and generic:
            self.meanings = frozenset(fitting)
        if best is None:
            self.add(at, Verdict.UNDECIDED, self.faces[at].problem)
            return
        if best[1] == Verdict.FOLLOWS and (other_ := self._by_chance(before, at)) is not None:
            best = other_
        _, verdict, reason, expected, taint = best
        if verdict == Verdict.WRONG and (other := self.in_another_reading(before, at)) is not None:
            # Of a Jacobian the layout is a matter of taste; of a gradient's factors one of several may be a slip.
            turned = not other.agree and self._is_of_the_loss(self.faces[before].name)
            verdict, reason = self.turned_verdict(at) if turned else Verdict.RIGHT, other.reason
            reason, taint = Reason(ELSEWHERE) if verdict == Verdict.WRONG else reason, frozenset()
            if other.reason is None:
                self.page.chosen.update(other.chosen or {})
            else:
                # In this chain only: a ∂ that holds as ∂⁺ stands for ∂⁺ behind the next = as well.
                self.page.chosen = {**self.page.chosen, **(other.chosen or {})}
                self.seen.clear()
        if verdict == Verdict.UNDECIDED and (outcome := self.as_formula(before, at)).agree is not None:
            verdict, reason = Verdict.RIGHT if outcome.agree else Verdict.WRONG, outcome.reason
        if verdict == Verdict.WRONG and before == 0 and self._is_doubtful() and not self.is_formula(at):
            verdict, reason = Verdict.UNDECIDED, Reason("{0} may mean {1}", (self.faces[0].side.text, self._meanings()))
        luck = self.is_luck(before, at) if verdict in (Verdict.RIGHT, Verdict.ROUNDED) else None
        if luck is not None:
            message = "true at these numbers, false as a formula: at other numbers {0} against {1}"
            verdict, reason = Verdict.LUCKY, Reason(message, (luck.left, luck.right))
        explained = self.formula_mistakes(before, at) if luck is not None else ((), None)
        if verdict in (Verdict.RIGHT, Verdict.ROUNDED) and (total := self._total(before, at)) is not None:
            verdict, reason, expected = Verdict.WRONG, Reason(MIXED), total
        self.note(before, at, verdict, reason, expected, taint, explained)

    def _total(self, before: int, at: int) -> Number | None:
        """The gradient of the loss, where it is computed from a ∂⁺ as if that were the total derivative."""
        name, right = self.faces[0].name, self.see(at, True)
        reading = self.page.truth(name) if isinstance(name, Derivative) and name.of.whole in LOSS_NAMES else None
        if before == 0 or reading is None or right is None or not isinstance(reading.value, Number):
            return None
        read = (one for one in names_of(self.faces[before].tree) if isinstance(one, Derivative) and not one.mark)
        if right.taint or self.taint or not isinstance(right.writer, Number) or not any(map(self._is_partial, read)):
            return None
        far = less(abs(real(reading.value.value)) / 50, distance(right.writer.value, reading.value.value))
        return reading.value if far and values_meeting(reading.value, right.writer) == Agreement.NONE else None

    def _is_partial(self, name: Derivative) -> bool:
        """Whether what stands above for a derivative is right for its ∂⁺ alone."""
        record = self.page.names.get(self.page.key(name))
        if record is None or record.taint or not isinstance(name.wrt, Name) or name.wrt.steps:
            return False
        meant = {reading.meaning: reading.value for reading in self.page.truths.readings(name)}
        if not all(isinstance(value, Number) for value in (record.written, *meant.values())):
            return False
        fits = {meaning for meaning, value in meant.items() if values_meeting(value, record.written) != Agreement.NONE}
        return bool(fits) and all("⁺" in meaning or " local " in meaning for meaning in fits)

    def _by_chance(self, before: int, at: int) -> tuple[int, Verdict, Reason | None, Value, frozenset[int]] | None:
        """A right link in which a number stands that is also a wrong one above: it hangs on nothing wrong."""
        left = self.see(before, before > 0 and self.has_value_before(before))
        if left is None or left.taint or self.taint or not names_of(self.faces[before].tree):
            return None
        for taken in self.last_variants(before, at):
            found = self.verdict_in(before, at, taken)
            if found is not None and found[0] in (Verdict.RIGHT, Verdict.ROUNDED):
                return (_RANK.index(found[0]), *found)
        return None

    def _is_of_the_loss(self, name: Known | None) -> bool:
        return isinstance(name, Derivative) and name.of.whole in LOSS_NAMES

    def _is_doubtful(self) -> bool:
        name = self.faces[0].name
        return name is not None and group(name) in self.page.doubtful and len(self.page.truths.readings(name)) > 1

    def _meanings(self) -> str:
        name = self.faces[0].name
        assert name is not None
        return ", ".join(reading.meaning for reading in self.page.truths.readings(name))


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
