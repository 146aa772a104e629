"""From Programs to array code: the rewritings, the plan, the layout and the text, one after the other.

`scheduled` is independent of any array library; `written` is NumPy's text of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from symrnn.algebra.nodes import Adjoint, Name, Parameter, Signal
from symrnn.algebra.programs import Program
from symrnn.numeric.emission import Emitted, Emitter
from symrnn.numeric.layouts import Layout, laid_out
from symrnn.numeric.lines import Draft, drafted
from symrnn.numeric.phases import Plan, planned
from symrnn.numeric.places import Key, key_of, time_of
from symrnn.numeric.sweeps import swept


@dataclass(frozen=True)
class Schedule:
    """Lines in their places, arrays for them, and what is asked for."""

    plan: Plan
    layout: Layout
    wanted: tuple[Name, ...]
    initials: tuple[Name, ...]


def scheduled(programs: Sequence[Program], keep: bool = False) -> Schedule:
    """A forward Program, alone or with its adjoint or tangent, as lines in their places.

    With `keep` every quantity is kept at every step; else states and outputs, with all gradients asked for.

    >>> from symrnn.cells import rnn
    >>> from symrnn.calculus.rewriting import expose
    >>> [stack.name for stack in scheduled([expose(rnn())]).layout.stacks()]
    ['a_given', 'a_product', 'a', 'h', 'x']
    """
    asked = {line.key for line in drafted(programs, lambda line: True).lines} if keep else set(_asked(programs))
    first = drafted(programs, lambda line: not line.step or line.key in asked)
    draft = swept(first)
    plan = planned(draft)
    layout = laid_out(plan, _given(draft))
    return Schedule(plan, layout, tuple(_wanted(first)), tuple(_initials(programs)))


def _asked(programs: Sequence[Program]) -> Iterable[Key]:
    forward = programs[0]
    for name in (*forward.states, *forward.outputs):
        yield key_of(name)
        yield ("Tangent", key_of(name))
    yield from (key_of(Adjoint(name)) for name in forward.inputs)


def _given(draft: Draft) -> list[Name]:
    """What is read and never assigned."""
    written = {line.key for line in draft.lines} | {line.target for line in draft.lines}
    reads = [name for line in draft.lines for name in line.reads]
    reads += [name for carry in draft.carries for name in carry.initial.atoms(Name)]  # type: ignore[attr-defined]  # SymPy's traversal
    free = dict.fromkeys(name for name in reads if not isinstance(name, Parameter) and name not in written)
    return [name for name in free if key_of(name) not in written]


def _wanted(draft: Draft) -> Iterable[Name]:
    totals = {line.target for line in draft.lines if isinstance(line.target, Signal) and line.target.name.startswith("total")}
    found = dict.fromkeys(line.target for line in draft.lines if line.key in draft.keep and line.target not in totals)
    return found


def _initials(programs: Sequence[Program]) -> Iterable[Name]:
    names = (name for program in programs for name in (*program.initials, *program.given))
    return dict.fromkeys(name for name in names if (time := time_of(name)) is not None and time.is_Integer)


def written(schedule: Schedule, title: str, name: str) -> Emitted:
    """The schedule as NumPy source of a function of that name."""
    return Emitter(schedule.plan, schedule.layout, schedule.initials).emit(title, name, schedule.wanted)


