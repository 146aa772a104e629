"""Formulas about a cell whose loss nobody said: what holds for any loss, and what hangs on the loss alone.

Reads two syntax trees and a cell; judges as `Formulas` does. Nothing is false that some loss makes true: a loss of
every step and one of the last step are both tried, and where a gradient of the loss stands on one side only, what the
loss is decides it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from symrnn.algebra.programs import Program
from symrnn.algebra.reading.syntax import Big, Num, Symbol, Syntax, Times, walk
from symrnn.checking.formulas import STEPS, Formulas
from symrnn.checking.mentions import letters_of, names_of
from symrnn.checking.naming import LOSS_NAMES, Derivative, Known, Name, Stacked
from symrnn.checking.outcomes import SHAPES, TURNED, Outcome
from symrnn.checking.page import Page
from symrnn.checking.verdicts import Reason
from symrnn.models.losses import with_generic_loss

LAST = Reason("with a loss of the last step alone")
UNSAID = Reason("what the function is, nobody says")
OPEN = Reason("what the loss is, nobody says")


@dataclass
class OpenFormulas(Formulas):
    """Judges formulas of a cell with a generic loss of every step, and of the last step; `bare` has no loss."""

    bare: Program | None = None
    assumed: bool = False
    """Whether the cell's function is one that nobody says: a slope that is spelled out may be that of another one."""

    @cached_property
    def others(self) -> tuple[tuple[Formulas, Reason | None], ...]:
        """What else the text may speak of: a loss of the last step only, more steps than it names."""
        last = self.program if self.bare is None else with_generic_loss(self.bare, last=True)
        more = max(STEPS, self.steps + 1)
        return (
            (self._like(last, self.steps), LAST),
            (self._like(self.program, more), None),
            (self._like(last, more), LAST),
        )

    def _like(self, program: Program, steps: int) -> Formulas:
        made = Formulas(program, steps, self.sizes, self.fixed, self.notation)
        made.timed, made.rows, made.denominator = self.timed, self.rows, self.denominator
        made.zero, made.shown, made.ending = self.zero, self.shown, self.ending
        return made

    def knows(self, name: Name) -> bool:
        """Whether a name is the cell's; what the loss is, the text may say."""
        return not _is_loss(name) and super().knows(name)

    def judge(self, left: Syntax, right: Syntax, page: Page, quick: bool = False) -> Outcome:
        """Right for some loss is right; false for every loss is false; the rest is open."""
        outcome = super().judge(left, right, page, quick)
        if self.assumed and outcome.agree is not None and (_has_ones(left) or _has_ones(right)):
            return Outcome(None, UNSAID)
        if outcome.agree is not False:
            return outcome
        of_steps = any(_is_of_a_step(name) for tree in (left, right) for name in names_of(tree))
        others = [
            (formulas.judge(left, right, page, quick), note)
            for formulas, note in self.others
            # What is said of every L_t says nothing of a loss that only the last step has.
            if not (of_steps and note is LAST)
        ]
        for found, note in others:
            if found.agree:
                return Outcome(True, found.reason or note, chosen=found.chosen)
        for found, _ in others:
            if found.agree is None and found.reason is not None and found.reason.message in (SHAPES, TURNED.message):
                # Of numbers it would be true, or in another layout.
                return found
        if losses := [name for tree in (left, right) for name in _losses(tree)]:
            return Outcome(None, Reason("no value for {0}", (str(losses[0]),)))
        return Outcome(None, OPEN) if _hears_loss(left) != _hears_loss(right) else outcome


def _has_ones(tree: Syntax) -> bool:
    """Whether a number stands in a formula, scripts and bounds apart: a slope may be spelled out by it."""
    apart = {id(inner) for piece in walk(tree) for script in _scripts(piece) for inner in walk(script)}
    return any(isinstance(piece, Num) and id(piece) not in apart for piece in walk(tree))


def _scripts(piece: Syntax) -> tuple[Syntax, ...]:
    match piece:
        case Symbol():
            return tuple(piece.children)
        case Big(below=below, above=above):
            return tuple(one for one in (below, above) if one is not None)
    return ()


def _losses(tree: Syntax) -> list[Name]:
    """The losses that stand in a formula; E_{1:n}, and E_n beside a Kronecker product, is none."""
    stacks = any(isinstance(piece, Times) and "⊗" in piece.operators for piece in walk(tree))
    found = (name for name in names_of(tree) if isinstance(name, Name) and _is_loss(name))
    return [name for name in found if name.base != "E" or (len(name.steps) < 2 and not stacks)]


def _hears_loss(tree: Syntax) -> bool:
    """Whether a gradient of the loss stands in the formula."""
    return any(_is_loss(name.of) if isinstance(name, Derivative) else name.base == "delta" for name in names_of(tree))


def _is_of_a_step(name: Known) -> bool:
    """`∂L_t/∂h_k`: a derivative of each step's loss."""
    return isinstance(name, Derivative) and _is_loss(name.of) and any(list(letters_of(step)) for step in name.of.steps)


def _is_loss(name: Name | Stacked) -> bool:
    return name.whole in LOSS_NAMES
