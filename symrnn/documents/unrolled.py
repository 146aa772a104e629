"""The recurrences of a derivation written out for a number of steps; of many steps the first and the last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import sympy as sp

from symrnn.algebra.nodes import Adjoint, Name, Number, Parameter, substitute
from symrnn.algebra.programs import Equation, Program, Reason
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.rewriting import expose
from symrnn.calculus.unrolling import written_out
from symrnn.documents.certificates import Judges
from symrnn.documents.document import Claim, Section, Words
from symrnn.documents.sections import base_name

MOST_STEPS = 8
"""Of more steps than these the first and the last `SHOWN` are written."""
SHOWN = 3


def unrolled_sections(program: Program, steps: int, wanted: Sequence[str]) -> Iterator[Section]:
    """The lines of every step, forward and then backward: lines checked at symbolic t, with numbers for t and T.

    Beyond eight steps the lines are checked in a run of eight steps, where the same lines stand.
    """
    few = min(steps, MOST_STEPS)
    # Each line is an instance of one that was held against three draws already.
    judge = Judges(program, few, draws=1)
    for title, equations in (("forward unrolled", expose(program)), ("backward unrolled", adjoint(program))):
        kept = [e for e in equations if not wanted or not _is_of_parameter(e.target) or base_name(e.target) in wanted]
        elided = steps > MOST_STEPS
        pairs = zip(_groups(kept, program, steps, elided), _groups(kept, program, few, elided), strict=True)
        first, last, once = (
            [replace(line, certificate=judge.certificate(twin)) for line, twin in zip(lines, twins, strict=True)]
            for lines, twins in pairs
        )
        between = [Words("steps left out", (Number(steps - 2 * SHOWN),))] if elided else []
        yield Section(title, (*first, *between, *last, *once))


def _is_of_parameter(name: Name) -> bool:
    return isinstance(name, Adjoint) and isinstance(name.of, Parameter)


def _groups(
    equations: Sequence[Equation], program: Program, steps: int, elided: bool
) -> tuple[list[Claim], list[Claim], list[Claim]]:
    """The lines of the steps walked first, of those walked last, and of what is computed once."""
    repeated = [e for e in equations if e.time is not None]
    early, late = list(range(1, steps + 1)), []
    if elided:
        early, late = early[:SHOWN], early[-SHOWN:]
    groups = [early, late]
    if repeated and repeated[0].time is not None and repeated[0].time.step < 0:
        groups = [list(reversed(late)), list(reversed(early))]
    last = program.steps.hi
    numbers = {last: sp.Integer(steps)} if last.is_Symbol else {}
    lines = [
        [
            _line(equation, {program.steps.index: sp.Integer(step), **numbers}, steps)
            for step in group
            for equation in repeated
            if _holds(equation, step, numbers)
        ]
        for group in groups
    ]
    return lines[0], lines[1], [_line(e, numbers, steps) for e in equations if e.time is None]


def _holds(equation: Equation, step: int, numbers: dict[sp.Symbol, sp.Integer]) -> bool:
    assert equation.time is not None
    return bool(equation.time.lo.xreplace(numbers) <= step <= equation.time.hi.xreplace(numbers))


def _line(equation: Equation, at: dict[sp.Symbol, sp.Integer], steps: int) -> Claim:
    expression = substitute(equation.expression, at)
    if steps <= MOST_STEPS:
        expression = written_out(expression)
    return Claim(substitute(equation.target, at), expression, Reason("unrolled"))
