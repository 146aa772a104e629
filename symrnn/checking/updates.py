"""The judge of a training step: `θ ← θ − η ∂L/∂θ = 0.7 − 0.1 · 0.24 = 0.676`, `W' = …`, `θ -= …`, clipped or not.

Reads a chain whose head stands for before and after at once, and the page; what is right is the model's [update], else
plain gradient descent at the rate the text gives. Another rule (momentum, Adam) is no claim: only its arithmetic is
judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from symrnn.algebra.nodes import Parameter
from symrnn.algebra.reading.syntax import Num, Terms, walk
from symrnn.checking.arithmetic import Evaluator, NotMeant, Unknown
from symrnn.checking.chains import ChainJudge
from symrnn.checking.claims import Claim, Kind
from symrnn.checking.clipping import clipped, gradients_of, mistaken
from symrnn.checking.comparing import Agreement, rounded_like, values_agreeing, values_meeting
from symrnn.checking.diagnosis import explained
from symrnn.checking.faces import Seen
from symrnn.checking.matrices import Matrix, Misfit, Value, joined, scaled
from symrnn.checking.mentions import names_of
from symrnn.checking.naming import Name, name_of
from symrnn.checking.numbers import Number, TooLarge, Undefined, negative, product, sharp, total
from symrnn.checking.page import Page, Record, Scope
from symrnn.checking.truths import ModelTruths
from symrnn.checking.verdicts import Diagnosis, Reason, Verdict

AFTER = frozenset({"new", "next", "updated", "upd", "neu"})
"""Words of a name that say: after the step."""
RATES = frozenset({"eta", "alpha", "lr", "epsilon", "gamma", "mu", "lambda", "rate", "learning_rate"})
"""What learning rates are called."""
DRAWN = sharp(Fraction(2, 7))
"""A learning rate without a number."""
AMOUNTS = {"-=": -1, "+=": 1}
"""Relations whose right side is the change; its sign."""


def updated(claim: Claim, page: Page) -> Name | None:
    """The name of what a chain updates, without the mark that says "after"; None where it is no update."""
    name = name_of(claim.links[0].left)
    if not isinstance(name, Name):
        return None
    words = tuple(word for word in name.words if word not in AFTER)
    bare = replace(name, base=name.base.removesuffix("_prime"), words=words)
    if claim.kind == Kind.UPDATE:
        return bare
    if claim.kind == Kind.EQUATION and bare == name and _is_step(claim, name, page):
        return bare
    marked = claim.kind in (Kind.EQUATION, Kind.DEFINITION) and bare != name
    return bare if marked and page.truth(name) is None and _parameter(bare, page) is not None else None


def _is_step(claim: Claim, name: Name, page: Page) -> bool:
    """`w = 0.5 + 0.1 · 3` where w is 0.5: what is added makes it another one."""
    reading, tree = page.truth(name), claim.links[0].right
    if reading is None or not isinstance(reading.node, Parameter) or not isinstance(tree, Terms):
        return False
    old = [reading.value, *(value for key, value in page.moved.items() if key == reading.node.name)]
    (sign, first), *rest = tree.terms
    number = sharp(sign * first.value) if isinstance(first, Num) and not names_of(tree) else None
    return bool(rest) and number is not None and any(values_meeting(one, number) <= Agreement.ROUNDED for one in old)


def _parameter(name: Name, page: Page) -> Parameter | None:
    reading = page.truth(name)
    return reading.node if reading is not None and isinstance(reading.node, Parameter) else None


@dataclass(frozen=True)
class Step:
    """What one training step makes of a parameter: the right value, what mistakes make of it, and the writer's own."""

    right: Value
    wrong: tuple[tuple[str, Value], ...]
    own: Value | None = None


Found = tuple[Verdict, Reason | None, Step | None, tuple[Diagnosis, ...]]


class UpdateJudge(ChainJudge):
    """Judges the link from the head by the rule of the step, the others as equalities."""

    def judge_update(self, name: Name) -> None:
        """A verdict for every link, then the new value on the page."""
        relation = self.links[0].relation
        page, steps = self._steps(name, relation)
        seen = self._seen(page)
        verdict, reason, step, mistakes = self._first(name, steps, seen)
        taint = self._hangs_on(name, seen) if verdict == Verdict.FOLLOWS else frozenset[int]()
        should = None
        if step is not None and verdict not in (Verdict.RIGHT, Verdict.ROUNDED):
            should = rounded_like(step.right, self.faces[1].digits or self.faces[-1].digits)
            head = self.faces[0].side.text.strip()
            mistakes = tuple(replace(one, corrected=f"{head} {relation} {should}") for one in mistakes)
        index = self.ledger.add(
            self.line,
            self.links[0],
            verdict,
            reason,
            expected=should,
            follows_from=min(taint, default=None),
            mistakes=mistakes,
        )
        taint = frozenset({index}) if verdict == Verdict.WRONG else taint
        if len(self.links) > 1:
            later = after(self.page) if self._is_moved_on(name) and verdict != Verdict.WRONG else None
            rest = ChainJudge(later or self.page, self.ledger, self.line, self.links[1:])
            rest.taint |= taint
            rest.judge()
            taint |= rest.taint
        self._keep(name, relation, taint)

    def _seen(self, page: Page) -> Seen | None:
        """What the right side comes to; None where it needs what nobody knows."""
        values = []
        for true in (False, True):
            scope = Scope(page, true, fresh=True)
            try:
                values.append(Evaluator(scope).value(self.faces[1].tree))
            except Unknown as missing:
                self.faces[1].problem = Reason("no value for {0}", (missing.what,))
                return None
            except (NotMeant, TooLarge, Undefined, Misfit):
                return None
        return Seen(values[0], values[1], scope.taint())

    def _first(self, name: Name, steps: Sequence[Step], seen: Seen | None) -> Found:
        """The verdict of `θ ← …`: right by the rule, wrong by a mistake of the table, or a rule of the text's own."""
        if not steps or seen is None:
            declared = bool(steps) and self.page.update is not None
            problem = self.faces[1].problem if declared else None
            return (Verdict.UNDECIDED if problem else Verdict.GIVEN), problem or Reason("an update"), None, ()
        for step in steps:
            found = self._agreement(step.right, seen)
            if found < Agreement.NONE:
                moved = seen.taint and values_meeting(step.right, seen.writer) == Agreement.NONE
                return (Verdict.FOLLOWS if moved else _FINE[found]), None, step, ()
        for step in steps:
            rows = dict.fromkeys(row for row, value in step.wrong if self._agreement(value, seen) <= Agreement.ROUNDED)
            if rows:
                return Verdict.WRONG, None, step, tuple(map(explained, rows))
        for step in steps:
            if step.own is not None and self._agreement(step.own, seen) <= Agreement.ROUNDED:
                return (Verdict.FOLLOWS if self._hangs_on(name, seen) else Verdict.ROUNDED), None, step, ()
        if self.page.update is None or self._is_moved_on(name):
            return Verdict.GIVEN, Reason("an update"), None, ()
        return Verdict.WRONG, None, steps[0], ()

    def _agreement(self, value: Value, seen: Seen) -> Agreement:
        """How well what is written agrees with a value."""
        written = self.faces[1].written
        try:
            if written is not None:
                found = values_agreeing(value, written)
                return Agreement.NONE if found is None else found
            return min(values_meeting(value, seen.true), values_meeting(value, seen.writer))
        except Misfit:
            return Agreement.NONE

    # --- what is right ---

    def _steps(self, name: Name, relation: str) -> tuple[Page, list[Step]]:
        """The step at every rate it may have, and the page with a rate on it."""
        truths, page = self.page.truths, self.page
        if not isinstance(truths, ModelTruths) and page.formulas is not None:
            truths = page.formulas.points[0]
            page = Page(truths, names=page.names, functions=page.functions)
        parameter = _parameter(name, page)
        if parameter is None or not isinstance(truths, ModelTruths) or relation in ("*=", "/="):
            return page, []
        page, rates = self._rates(page)
        steps = list(_steps_at(truths, parameter))
        if self._is_moved_on(name) and (later := after(self.page)) is not None:
            # Said again, or a second step, of which other parameters may be updated already.
            for known in (self.page.before, later.truths):
                steps += _steps_at(known, parameter) if isinstance(known, ModelTruths) else []
        return page, [self._step(parameter, *each, rate, relation) for each in steps for rate in rates]

    def _is_moved_on(self, name: Name) -> bool:
        parameter = _parameter(name, self.page)
        return parameter is not None and parameter.name in self.page.moved

    def _rates(self, page: Page) -> tuple[Page, list[Number]]:
        """The declared rate; else the one the text gives, the numbers of the formula, or one that is drawn."""
        declared = page.update.rate_value if page.update is not None else None
        names = [name for name in names_of(self.faces[1].tree) if isinstance(name, Name) and name.whole in RATES]
        open_ = [name for name in names if page.key(name) not in page.names and page.truth(name) is None]
        if declared is not None:
            page.names |= {page.key(name): Record(declared, None, given=True) for name in open_}
        elif open_:
            record = Record(DRAWN, None, given=True)
            page = replace(page, names={**page.names, **{page.key(name): record for name in open_}})
        if page.update is not None:
            return page, [] if declared is None else [declared]
        written = [page.names[page.key(name)].written for name in names if page.key(name) in page.names]
        if not names:
            written = [record.written for key, record in page.names.items() if key in RATES]
            written += [sharp(piece.value) for piece in walk(self.faces[1].tree) if isinstance(piece, Num)]
        return page, [rate for rate in written if isinstance(rate, Number) and rate.value > 0]

    def _step(
        self, parameter: Parameter, old: Value, gradients: Mapping[Parameter, Value], rate: Number, relation: str
    ) -> Step:
        sign = AMOUNTS.get(relation)

        def stepped(gradient: Value) -> Value:
            change = scaled(gradient, lambda entry: negative(product(rate, entry)))
            if sign is not None:
                return change if sign > 0 else scaled(change, negative)
            return joined(old, change, total)

        right = clipped(parameter, gradients, self.page.update)
        wrong = [(row, stepped(one)) for row, one in mistaken(parameter, gradients, self.page.update)]
        written = self.page.written(parameter)
        own = None
        if written is not None and (self.page.update is None or self.page.update.clip is None):
            own = stepped(written.written)
        return Step(stepped(right), tuple(wrong), own)

    def _hangs_on(self, name: Name, seen: Seen | None) -> frozenset[int]:
        """The wrong links that the right side, or the gradient that was written above, hangs on."""
        if seen is not None and seen.taint:
            return seen.taint
        parameter = _parameter(name, self.page)
        written = None if parameter is None else self.page.written(parameter)
        return frozenset() if written is None else written.taint

    # --- afterwards ---

    def _keep(self, name: Name, relation: str, taint: frozenset[int]) -> None:
        """The new value stands for the name from here on."""
        last = next((k for k in range(len(self.faces) - 1, 0, -1) if self.faces[k].written is not None), 1)
        seen = self.see(last, False)
        is_open = self.ledger.findings[-1].verdict == Verdict.UNDECIDED
        if seen is None or is_open or relation in ("*=", "/="):
            return
        value = seen.writer
        if relation in AMOUNTS:
            old = Scope(self.page).named(name)
            if old is None:
                return
            value = joined(old, value if AMOUNTS[relation] > 0 else scaled(value, negative), total)
        parameter = _parameter(name, self.page)
        if parameter is None and relation == "=" and all(face.written is None for face in self.faces):
            return  # `h* = tanh(w h*)` is an equation for h* as well
        if parameter is None:
            record = Record(value, None, taint | seen.taint, link=len(self.ledger.findings) - 1)
            self.page.keep_name(name, record, anew=True)
        elif isinstance(self.page.truths, ModelTruths):
            if parameter.name in self.page.stepped:
                later = after(self.page)
                self.page.before = None if later is None else later.truths
                self.page.stepped.clear()
            self.page.stepped.add(parameter.name)
            self.page.moved[parameter.name] = value
            self.page.later = None


def _steps_at(truths: ModelTruths, parameter: Parameter) -> Iterator[tuple[Value, Mapping[Parameter, Value]]]:
    """A parameter's value and the gradients of all, where they are known."""
    old, gradients = truths.of(parameter), gradients_of(truths)
    if old is not None and parameter in gradients:
        yield old, gradients


def after(page: Page) -> Page | None:
    """The page of the model with its parameters as they were updated; None where nothing was."""
    truths = page.truths
    if not page.moved or not isinstance(truths, ModelTruths):
        return None
    if page.later is None:
        moved = {name: _as_array(value) for name, value in page.moved.items()}
        if any(value is None for value in moved.values()):
            return None
        given = {name: moved.get(getattr(name, "name", ""), value) for name, value in truths.given.items()}
        page.later = truths.with_values(given)
    return replace(page, truths=page.later, moved={}, later=None)


def pages_after(page: Page) -> tuple[Page, ...]:
    """What may be true after an update: with the new values, or with those from before the present training step."""
    later = after(page)
    if later is None:
        return ()
    return (later,) if page.before is None else (later, replace(later, truths=page.before))


def _as_array(value: Value) -> Any:
    """A value as models hold them; None where it is no fraction."""
    rows = value.rows if isinstance(value, Matrix) else ((value,),)
    if not all(entry.exact for row in rows for entry in row):
        return None
    found = np.array([[sp.Rational(entry.value) for entry in row] for row in rows], dtype=object)
    return found[0, 0] if isinstance(value, Number) else (found[:, 0] if found.shape[1] == 1 else found)


_FINE = {
    Agreement.EXACT: Verdict.RIGHT,
    Agreement.ROUNDED: Verdict.ROUNDED,
    Agreement.LAST_DIGIT: Verdict.LAST_DIGIT,
}
