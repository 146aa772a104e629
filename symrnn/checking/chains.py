"""The judge of one chain `a = b = c`: the verdict of each link.

A link is wrong only where its two sides cannot agree in any reading: with the writer's values or the true ones, with
what rounding may have changed. What needs a value that nobody knows is undecided.
"""

from __future__ import annotations

from collections.abc import Iterator

from symrnn.algebra.reading.syntax import (
    Big,
    Call,
    Label,
    Norm,
    Num,
    Raised,
    Symbol,
    Syntax,
    Terms,
    walk,
    without_brackets,
)
from symrnn.checking.arithmetic import Evaluator
from symrnn.checking.comparing import Agreement, values_meeting
from symrnn.checking.diagnosis import diagnose_formula
from symrnn.checking.digits import Digits
from symrnn.checking.equations import equations_of
from symrnn.checking.explaining import difference_of, piece_at, right_side
from symrnn.checking.faces import Taken, is_generic
from symrnn.checking.functions import is_function
from symrnn.checking.identities import identity
from symrnn.checking.links import LinkJudge
from symrnn.checking.matrices import Misfit, Value
from symrnn.checking.mentions import free_letters, is_symbolic, names_of
from symrnn.checking.naming import INDICES, LOSS_NAMES, Derivative, Known, Name, name_of, placed
from symrnn.checking.noting import MOST_EXPLAINED, Explained
from symrnn.checking.numbers import Number, distance, less, real, sharp
from symrnn.checking.outcomes import TURNED, Outcome
from symrnn.checking.page import Page, Record, Scope, family, group
from symrnn.checking.reasons import NoValue
from symrnn.checking.roots import LETTERS, RootEquation, is_characteristic, is_open, is_root, letter_in, same_polynomial
from symrnn.checking.softmaxes import derivative_of_softmax
from symrnn.checking.statements import is_another
from symrnn.checking.truths import ModelTruths
from symrnn.checking.verdicts import Reason, Verdict

MOST_BEFORE = 8
"""So many sides before a formula, and the first of the chain, may decide it: a chain of hundreds is no calculation."""


MIXED = "computed with the immediate partial ∂⁺, where the total derivative belongs"


class ChainJudge(LinkJudge):
    """Judges one chain `a = b = c`."""

    _open: Reason | None = None
    """Why a formula could not be decided."""
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
        elif self._by_formula(at) or self._by_polynomial(at):
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
        if (face.written is None and self._by_formula(at)) or self._by_polynomial(at):
            return
        if self._is_equation(at):
            open_ = self.faces[at - 1].tree
            # The coefficients of det(W - λI) are exact where those that are written are.
            exact = is_characteristic(head.tree) and same_polynomial(head.tree, open_, self.page, Agreement.EXACT)
            self.page.equation = RootEquation(head.tree if exact else open_, face.tree)
            self.add(at, Verdict.GIVEN, Reason("an equation for {0}", (letter_in(open_),)))
            return
        if self._is_no_root(at):
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

    def _by_formula(self, at: int) -> bool:
        """Judge a link between two formulas in names, where a model or an identity decides it."""
        self._open = None
        for before in _sides_before(at):
            left, right = self.faces[before].tree, self.faces[at].tree
            if not (is_symbolic(left) and is_symbolic(right)):
                continue
            outcome = Outcome(None)
            if self.page.formulas is not None:
                if self._is_given(before) and self._is_given(at):
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
                mistakes, piece = self._formula_mistakes(before, at) if verdict == Verdict.WRONG else ((), None)
                link, reason = self.links[at - 1], outcome.reason
                index = self.ledger.add(self.line, link, verdict, reason, mistakes=mistakes, piece=piece)
                if verdict == Verdict.WRONG:
                    self.taint |= {index}
                return True
            self._open = self._open or outcome.reason
        return False

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

    def _is_equation(self, at: int) -> bool:
        """`λ² - 1.1λ + 0.28 = 0`."""
        head = self.faces[0].tree
        return is_open(self.faces[at - 1].tree) and not isinstance(head, Symbol) and self.faces[at].digits is not None

    def _is_no_root(self, at: int) -> bool:
        """`λ_1 = 0.8` where no number that is rounded so solves the equation for λ above."""
        name, digits = self.faces[0].name, self.faces[at].digits
        if self.page.equation is None or digits is None or not isinstance(name, Name) or name.base not in LETTERS:
            return False
        return is_root(self.page.equation, digits, self.page) is False

    def _formula_mistakes(self, before: int, at: int) -> Explained:
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

    def _is_luck(self, before: int, at: int) -> Outcome | None:
        """A formula that holds at these numbers and not at others."""
        left, right = self.faces[before].tree, self.faces[at].tree
        if self.page.formulas is None or not (is_symbolic(left) and is_symbolic(right)):
            return None
        if (self._is_given(before) and self._is_given(at)) or self._are_quantities(before, at):
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

    def _is_given(self, at: int) -> bool:
        """Whether a side is one name that a model is given: a parameter, an input, a value before step 1."""
        name = self.faces[at].name
        if not isinstance(name, Name):
            return False
        program = self.page.formulas.program
        given = {each.name for each in (*program.inputs, *program.parameters)}
        # The i of W_i may have been read as an index.
        written = "_".join((name.whole, *map(str, name.steps)))
        return name.whole in given or written in given or all(step == 0 for step in name.steps)

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
        if verdict == Verdict.WRONG and (other := self._in_another_reading(before, at)) is not None:
            # Of a Jacobian the layout is a matter of taste; of a gradient's factors one of several may be a slip.
            turned = not other.agree and self._is_of_the_loss(self.faces[before].name)
            verdict, reason, taint = Verdict.UNDECIDED if turned else Verdict.RIGHT, other.reason, frozenset()
            if other.reason is None:
                self.page.chosen.update(other.chosen or {})
            else:
                # In this chain only: a ∂ that holds as ∂⁺ stands for ∂⁺ behind the next = as well.
                self.page.chosen = {**self.page.chosen, **(other.chosen or {})}
                self.seen.clear()
        if verdict == Verdict.UNDECIDED and (outcome := self._as_formula(before, at)).agree is not None:
            verdict, reason = Verdict.RIGHT if outcome.agree else Verdict.WRONG, outcome.reason
        if verdict == Verdict.WRONG and before == 0 and self._is_doubtful() and not self._is_formula(at):
            verdict, reason = Verdict.UNDECIDED, Reason("{0} may mean {1}", (self.faces[0].side.text, self._meanings()))
        luck = self._is_luck(before, at) if verdict in (Verdict.RIGHT, Verdict.ROUNDED) else None
        if luck is not None:
            message = "true at these numbers, false as a formula: at other numbers {0} against {1}"
            verdict, reason = Verdict.LUCKY, Reason(message, (luck.left, luck.right))
        explained = self._formula_mistakes(before, at) if luck is not None else ((), None)
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

    def _in_another_reading(self, before: int, at: int) -> Outcome | None:
        """A formula that holds where its ambiguous names mean something else."""
        outcome = self._as_formula(before, at)
        return outcome if outcome.agree or outcome.reason == TURNED else None

    def _as_formula(self, before: int, at: int) -> Outcome:
        """What a model says of a link between two formulas in names."""
        left, right = self.faces[before].tree, self.faces[at].tree
        if self.page.formulas is None or not (is_symbolic(left) and is_symbolic(right)):
            return Outcome(None)
        outcome: Outcome = self.page.formulas.judge(left, right, self.page)
        return outcome

    def _is_formula(self, at: int) -> bool:
        """Whether a model has judged the link as a formula, in every reading of its names."""
        left, right = self.faces[0].tree, self.faces[at].tree
        return self.page.formulas is not None and is_symbolic(left) and is_symbolic(right)

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


def _sides_before(at: int) -> Iterator[int]:
    """The sides that may decide the formula at a place, the nearest first."""
    nearest = range(at - 1, max(at - 1 - MOST_BEFORE, -1), -1)
    yield from nearest
    if nearest[-1] > 0:
        yield 0
