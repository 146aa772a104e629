"""Every equality of a document held against its definition, when the document is made.

A claim is tried at three draws of all numbers, at the first of them at every step it speaks of: its left side by
definition (the forward Program run, differences of runs), its right side as it is written. No rule that derived it
takes part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy as sp

from symrnn.algebra.nodes import Decimal, Node, subexpressions, substitute
from symrnn.algebra.programs import Program
from symrnn.documents.document import Claim, Document, Tally, Words
from symrnn.errors import CheckFailedError, SymrnnError
from symrnn.models.model import Model
from symrnn.numeric.definitions import Definitions
from symrnn.numeric.evaluation import placed_values

DEFINING = frozenset({"given", "readout", "loss", "preactivation"})
"""Reasons of equations that say what a name means: there is nothing to check them against."""
ASIDE = frozenset(
    {
        "closed form", "highway", "sum over later losses", "total across the state", "gradient recurrence",
        "immediate", "sum of immediate", "stacked", "boundary",
    }
)  # fmt: skip
"""Reasons of claims that stand beside the derivation: a false one is withheld, and that is said; any other stops it."""
FALSE = "false"
STEPS = 3
DRAWS = 3
MOST_PLACES = 8
"""A claim about many steps is tried at so many of them, the first and the last included."""
FLOAT_DIGITS = 9
"""Results of float64 arithmetic are held to so many digits."""


def certify(document: Document, program: Program, model: Model | None = None, strict: bool = False) -> Document:
    """The document with a certificate on every claim; a claim that is false is never printed.

    Raises:
        CheckFailedError: an equality of the derivation is false; or, with `strict`, any, or one could not be checked.
    """
    judges = Judges(program, model=model)
    sections = tuple(
        replace(
            section,
            blocks=tuple(
                judges.judged(block, strict) if isinstance(block, Claim) else block for block in section.blocks
            ),
        )
        for section in document.sections
    )
    made = replace(document, sections=sections)
    tally = tally_of(made)
    unchecked = next((claim for claim in made.claims() if claim.certificate == "unchecked"), None)
    if strict and unchecked is not None:
        raise CheckFailedError(
            f"{unchecked.lhs} {unchecked.relation} {unchecked.rhs}",
            found=f"{tally.unchecked} of {tally.equalities} equalities that could not be checked; this is the first",
            write="the same without --strict, or --wrt for a part of the derivation",
        )
    return replace(made, tally=tally)


def tally_of(document: Document) -> Tally:
    """How many equalities there are, and how each was checked."""
    kinds = [claim.certificate for claim in document.claims()]
    return Tally(*(kinds.count(kind) for kind in ("exact", "points", "definition", "unchecked")))


@dataclass(frozen=True)
class Judges:
    """The Programs at numbers against which claims are held."""

    program: Program
    steps: int = STEPS
    model: Model | None = None
    draws: int = DRAWS

    @cached_property
    def drawn(self) -> tuple[Definitions, ...]:
        """Draws of everything."""
        last = self.program.steps.hi
        steps = self.steps if last.is_Symbol else int(last)
        return tuple(self._draw(steps, seed) for seed in range(self.draws))

    def _draw(self, steps: int, seed: int) -> Definitions:
        try:
            return Definitions(self.program, steps, seed=seed)
        except (ArithmeticError, ValueError):
            # A logarithm or root of a negative number: positive numbers may do.
            return Definitions(self.program, steps, seed=seed, positive=True)

    @cached_property
    def _symbols(self) -> dict[sp.Symbol, sp.Rational]:
        """A number for each symbol of the model."""
        found = self.model.symbols if self.model is not None else ()
        return {symbol: sp.Rational(k + 2, 7) for k, symbol in enumerate(found)}

    @cached_property
    def own(self) -> Definitions | None:
        """The model at its own numbers."""
        if self.model is None or self.model.batch is not None:
            return None
        values = {name: _put(value, self._symbols) for name, value in placed_values(self.model)}
        return Definitions(self.program, self.model.steps, self.model.sizes, values=values)

    def judged(self, claim: Claim, strict: bool) -> Claim | Words:
        """The claim with its certificate; of a false one beside the main line, a word that it is withheld."""
        if claim.certificate and claim.certificate != FALSE:
            return claim
        try:
            if claim.certificate == FALSE:
                raise _refused(claim, {})
            return replace(claim, certificate=self.certificate(claim))
        except CheckFailedError:
            if strict or claim.reason.key not in ASIDE:
                raise
            return Words("withheld", (claim.lhs,))

    def certificate(self, claim: Claim) -> str:
        """ "exact", "points", "definition", or "unchecked".

        Raises:
            CheckFailedError: the claim is false.
        """
        if claim.relation != "=" and not claim.numeric:
            return "unchecked"
        if claim.reason.key in DEFINING and not claim.numeric:
            return "definition"
        try:
            return self._numeric(claim) if claim.numeric else self._symbolic(claim)
        except CheckFailedError:
            raise
        except (SymrnnError, ArithmeticError, ValueError, NotImplementedError):
            # What cannot be evaluated is said to be unchecked; it is not said to be wrong.
            return "unchecked"

    def _symbolic(self, claim: Claim) -> str:
        for draw, judge in enumerate(self.drawn):
            places = _some(list(judge.places(claim.domain)))
            # Every step at the first draw, one more step at each of the others.
            for at in places if draw == 0 else places[draw % len(places) :][:1]:
                if not judge.agree(claim.lhs, claim.rhs, at):
                    raise _refused(claim, at)
        return self.drawn[0].certificate

    def _numeric(self, claim: Claim) -> str:
        judge = self.own
        if judge is None:
            return "unchecked"
        finer = judge.finer
        if not (self._holds(judge, claim) or (finer is not None and self._holds(finer, claim))):
            raise _refused(claim, {})
        exact = judge.certificate == "exact" and all(_is_exact(side) for _, side in claim.more)
        return "exact" if exact else "points"

    def _holds(self, judge: Definitions, claim: Claim) -> bool:
        true = judge.value(claim.lhs)
        return all(self._is(judge, true, side) for _, side in ((claim.relation, claim.rhs), *claim.more))

    def _is(self, judge: Definitions, true: Any, side: Any) -> bool:
        symbols = self._symbols
        if isinstance(side, Node):
            return _is_rounded(side) or judge.close(true, judge.value(substitute(side, dict(symbols))))
        shown = [entry for row in _rows(side) for entry in row]
        entries = [entry for row in true for entry in row]
        return len(shown) == len(entries) and all(
            _same(judge, a, _put(b, symbols)) for a, b in zip(entries, shown, strict=True)
        )


def _some(places: list[Any]) -> list[Any]:
    return places if len(places) <= MOST_PLACES else [*places[: MOST_PLACES - 1], places[-1]]


def _refused(claim: Claim, at: dict[Any, int]) -> CheckFailedError:
    where = ", ".join(f"{index} = {step}" for index, step in at.items())
    return CheckFailedError(
        f"{claim.lhs} {claim.relation} {claim.rhs}",
        found="an equality that does not hold when it is evaluated" + (f" at {where}" if where else ""),
        write="nothing: this is a fault of symrnn, and the derivation is withheld; please report it",
    )


def _is_rounded(side: Node) -> bool:
    """Whether a side is written with rounded numbers: then the next link carries the value."""
    return any(isinstance(part, Decimal) for part in subexpressions(side))


def _rows(value: Any) -> Iterator[list[Any]]:
    """A number, a column or a matrix as rows."""
    if isinstance(value, list | tuple):
        for row in value:
            yield list(row) if isinstance(row, list | tuple) else [row]
    else:
        yield [value]


def _put(value: Any, symbols: dict[sp.Symbol, sp.Rational]) -> Any:
    if isinstance(value, sp.Expr):
        return value.subs(symbols)
    if isinstance(value, list | tuple):
        return [_put(part, symbols) for part in value]
    if hasattr(value, "dtype") and value.dtype.kind == "O":
        return [_put(part, symbols) for part in value] if value.ndim else _put(value.item(), symbols)
    return value


def _is_exact(side: Any) -> bool:
    entries = [entry for row in _rows(side) for entry in row]
    return all(isinstance(entry, sp.Expr | Fraction | int | Node) for entry in entries)


def _same(judge: Definitions, true: Any, shown: Any) -> bool:
    if isinstance(shown, sp.Expr | Fraction | int):
        return judge.close(((true,),), ((judge.number(shown),),))
    difference = abs(float(judge.float(true)) - float(shown))
    return difference <= 10.0**-FLOAT_DIGITS * max(1.0, abs(float(shown)))
