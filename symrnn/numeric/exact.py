"""Programs evaluated exactly: fractions and closed forms, else digits that a longer run confirmed.

Reads Programs, a number of steps, sizes and values; returns an `Evaluation`, which says whether it is exact
and, if not, why. Fractions that pass a budget of digits are given up for mpmath, before one is computed with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import sympy as sp

from symrnn.algebra.nodes import Name
from symrnn.algebra.programs import Program, Reason
from symrnn.errors import CheckFailedError
from symrnn.numeric.interpretation import Interpretation, Sizes, Values
from symrnn.numeric.machine import Machine
from symrnn.numeric.scalars import (
    Constants,
    Domain,
    NoClosedForm,
    Rationals,
    Reals,
    Symbols,
    TooManyDigits,
    given,
)

__all__ = [
    "BUDGET",
    "DIGITS",
    "NOTES",
    "Evaluation",
    "Interpretation",
    "NoClosedForm",
    "TooManyDigits",
    "evaluate_exactly",
    "evaluate_to_digits",
    "exact_values",
    "interpret",
]

Programs = Program | Sequence[Program]
"""A Program, or several of which each reads what those before assign: a forward Program and its adjoint."""

BUDGET = 2_000
"""Digits that a numerator or denominator may have before evaluation goes on in mpmath."""
DIGITS = 50
"""Digits given where nothing exact can be and none were asked for."""


def interpret(program: Programs, steps: int, sizes: Sizes | None, values: Values, domain: Domain) -> Interpretation:
    """Every quantity of a Program at every step, over a scalar domain: from each assigned name to its matrix.

    `values` gives what the Programs do not assign (parameters, inputs and initial values at concrete steps,
    cotangents); a missing one raises `InputError`.

    >>> from symrnn.cells import rnn
    >>> W_h, W_x, b = rnn().parameters
    >>> h, x = rnn().states[0], rnn().inputs[0]
    >>> values = {W_h: 0, W_x: 1, b: 0, h.at(0): 0, x.at(1): 0, x.at(2): 0}
    >>> interpret(rnn(), 2, {"n": 1, "m": 1}, values, Rationals())
    {h[1]: 0, h[2]: 0}
    """
    programs = (program,) if isinstance(program, Program) else tuple(program)
    machine = Machine(programs, steps, sizes, domain)
    machine.give(values)
    for each in programs:
        machine.run(each)
    return machine.interpretation()


# --- Exact where it can be ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Evaluation:
    """Values by name, whether all of them are exact, and if not why not.

    `values` holds fractions or SymPy expressions where `exact`, else mpmath numbers right to `digits` digits.
    """

    values: Interpretation
    exact: bool
    reason: Reason | None = None
    digits: int | None = None

    @property
    def gradients(self) -> Interpretation:
        """∂L/∂ of every quantity, under the quantity's name."""
        return self.values.gradients

    @property
    def contributions(self) -> Mapping[Name, Mapping[int, Any]]:
        """The summand at each step of everything that is a sum over steps."""
        return self.values.contributions

    @property
    def note(self) -> str:
        """Why the values are not exact, in a sentence; empty where they are."""
        if self.reason is None:
            return ""
        return NOTES[self.reason.key].format(*self.reason.about, digits=self.digits)


NOTES: Mapping[str, str] = MappingProxyType(
    {
        "no closed form": "{0} in {1} has no closed form: given to {digits} digits.",
        "too many digits": "Exact fractions need {1} digits and more, beyond the budget of {0}: "
        "given to {digits} digits.",
    }
)
"""Reasons as English sentences; `documents` has words of its own."""


def evaluate_exactly(
    program: Programs,
    steps: int,
    sizes: Sizes | None,
    values: Values,
    digits: int | None = None,
    budget: int | None = BUDGET,
) -> Evaluation:
    """Every quantity as a fraction or in closed form if all of them can be, else to `digits` digits.

    Where a fraction passes `budget` digits (None: no limit) the evaluation goes on in mpmath and says so.
    Values that are symbols give expressions in them.

    >>> from symrnn.cells import rnn
    >>> cell = rnn()
    >>> W_h, W_x, b = cell.parameters
    >>> h, x = cell.states[0], cell.inputs[0]
    >>> values = {W_h: 0, W_x: 1, b: 0, h.at(0): 0, x.at(1): sp.log(2)}
    >>> evaluate_exactly(cell, 1, {"n": 1, "m": 1}, values).values
    {h[1]: 3/5}
    """
    try:
        return Evaluation(exact_values(program, steps, sizes, values, budget), exact=True)
    except NoClosedForm as found:
        reason = Reason("no closed form", (found.what, found.where))
    except TooManyDigits as found:
        reason = Reason("too many digits", (budget, found.digits, found.where))
    digits = digits or DIGITS
    return Evaluation(evaluate_to_digits(program, steps, sizes, values, digits), False, reason, digits)


def exact_values(
    program: Programs, steps: int, sizes: Sizes | None, values: Values, budget: int | None = BUDGET
) -> Interpretation:
    """Every quantity as a fraction or in closed form; else raises `NoClosedForm` or `TooManyDigits`.

    >>> from symrnn.cells import rnn
    >>> W_h, W_x, b = rnn().parameters
    >>> h, x = rnn().states[0], rnn().inputs[0]
    >>> values = {W_h: 0, W_x: 1, b: 0, h.at(0): 0, x.at(1): sp.log(3)}
    >>> exact_values(rnn(), 1, {"n": 1, "m": 1}, values)
    {h[1]: 4/5}
    """
    if _are_symbolic(values):
        return interpret(program, steps, sizes, values, Symbols("expanded"))
    try:
        return interpret(program, steps, sizes, values, Rationals(budget))
    except NoClosedForm:
        return interpret(program, steps, sizes, values, Constants(budget))


def _are_symbolic(values: Values) -> bool:
    numbers = (given(entry) for value in values.values() for entry in _entries(value))
    return any(number.free_symbols for number in numbers if isinstance(number, sp.Expr))


def _entries(value: Any) -> Iterator[Any]:
    value = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(value, list | tuple):
        yield value
        return
    for part in value:
        yield from _entries(part)


# --- Digits ------------------------------------------------------------------------------------------------

GUARD = 10
MOST_RUNS = 8
ZERO_AFTER = 8
"""A number is taken for 0 when it is nothing but rounding even at this many times the digits asked for."""


def evaluate_to_digits(
    program: Programs, steps: int, sizes: Sizes | None, values: Values, digits: int
) -> Interpretation:
    """Every quantity as an mpmath number right to `digits` digits: run again with more until two runs agree.

    A number that is nothing but rounding even with many times the digits is given as 0. At the kink of an
    activation, where the last digit decides the slope, two runs can agree and both be beside it.

    >>> from symrnn.cells import rnn
    >>> cell = rnn()
    >>> W_h, W_x, b = cell.parameters
    >>> h, x = cell.states[0], cell.inputs[0]
    >>> values = {W_h: 0, W_x: 1, b: 0, h.at(0): 0, x.at(1): 1}
    >>> evaluate_to_digits(cell, 1, {"n": 1, "m": 1}, values, 20)
    {h[1]: 0.76159415595576488812}
    """

    def run(precision: int) -> Interpretation:
        return interpret(program, steps, sizes, values, Reals(precision))

    precision = digits + GUARD
    coarse = run(precision)
    for _ in range(MOST_RUNS):
        longer = 2 * precision - digits + digits // 2
        fine = run(longer)
        settled = _settled(coarse, fine, digits, precision, longer)
        if settled is not None:
            return fine.with_scalars(settled)
        coarse, precision = fine, longer
    raise CheckFailedError(
        found=f"runs with up to {precision} digits do not agree to {digits}",
        write="fewer steps, or fewer digits",
    )


def _settled(
    coarse: Interpretation, fine: Interpretation, digits: int, precision: int, longer: int
) -> list[Any] | None:
    """The numbers of the longer run, shown to the digits, if the shorter run confirms every one of them."""
    context = Reals(digits).context
    ten = context.mpf(10)
    largest = max([context.one, *(abs(x) for x in fine.scalars())])
    noise, finer_noise = largest * ten ** (5 - precision), largest * ten ** (5 - longer)
    settled = []
    for a, b in zip(coarse.scalars(), fine.scalars(), strict=True):
        if a == b or abs(a - b) <= abs(b) * ten ** (-digits - 1):
            # Not rounded to the context: printing rounds, and twice would be once too often.
            settled.append(context.convert(b))
        elif longer >= ZERO_AFTER * digits and abs(a) <= noise and abs(b) <= finer_noise:
            settled.append(context.zero)
        else:
            return None
    return settled
