"""The numbers of a model as claims and tables: `h_1 = W_h h_0 + W_x x_1 + b = 1/2`, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sympy as sp

from symrnn.algebra.nodes import Adjoint, Name, Node, Number, Parameter, Signal
from symrnn.algebra.programs import GIVEN, Program
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.rewriting import expose
from symrnn.calculus.unrolling import unroll
from symrnn.documents.document import Claim, Norm, Relation, Section, Table, Words
from symrnn.models.model import Model
from symrnn.numeric.evaluation import cotangents_of, evaluate
from symrnn.numeric.results import Results, entries_of, key_of

MOST_LINES = 80
"""Beyond so many lines the numbers stand in a table only."""
MOST_COMPONENTS = 4
MOST_ROWS = 16


def number_sections(model: Model, program: Program, wanted: Sequence[str]) -> Iterator[Section]:
    """The numbers forward and backward: a line for every quantity where that is bearable, else tables."""
    results = evaluate(model)
    note = Words("numbers exact") if results.exact else Words("numbers rounded")
    if _is_small(model, program):
        yield Section("forward numbers", (note, *_lines(unroll(expose(program), model.steps), results.values, results)))
    else:
        yield Section("forward numbers", (note, _states_table(model, results)))
    if program.loss is None and not cotangents_of(model):
        return
    back = unroll(adjoint(program), model.steps)
    if _is_small(model, program):
        kept = [e for e in back if not wanted or _base(e.target) in wanted or not isinstance(_of(e.target), Parameter)]
        lines = tuple(_lines(back, results.gradients, results, {e.target for e in kept}))
        yield Section("backward numbers", lines)
    yield Section("contributions", tuple(_contributions(model, results, wanted)))


def _is_small(model: Model, program: Program) -> bool:
    lines = model.steps * len(expose(program).equations)
    return lines <= MOST_LINES and all(size <= MOST_COMPONENTS for size in model.sizes.values())


def _of(name: Name) -> Name:
    return name.of if isinstance(name, Adjoint) else name


def _base(name: Name) -> str:
    inner = _of(name)
    return inner.name if isinstance(inner, Signal | Parameter) else str(inner)


def _lines(
    program: Program, values: Mapping[str, Any], results: Results, wanted: set[Name] | None = None
) -> Iterator[Claim]:
    for equation in program:
        key = key_of(_of(equation.target))
        if (wanted is None or equation.target in wanted) and key in values:
            relation: Relation = "=" if results.exact else "≈"
            yield Claim(equation.target, equation.expression, GIVEN, more=((relation, values[key]),), numeric=True)


def _states_table(model: Model, results: Results) -> Table:
    """t = 0..T, the norm of each state, and of ∂L/∂ of it where there is a gradient."""
    program = model.program
    index = program.steps.index
    heads: list[Any] = [Number(index)]
    columns: list[list[Any]] = []
    for state in program.states:
        for name, entries in ((state, results.values), (Adjoint(state), results.gradients)):
            found = [entries.get(f"{state.name}[{step}]") for step in range(model.steps + 1)]
            if any(value is not None for value in found):
                heads.append(_norm_of(name, found))
                columns.append([_shown(value) for value in found])
    steps = list(range(model.steps + 1))
    rows = [(sp.Integer(step), *(column[step] for column in columns)) for step in steps]
    return Table(tuple(heads), tuple(_elided(rows)))


def _norm_of(name: Name, values: Sequence[Any]) -> Node | Norm:
    scalar = all(value is None or len(list(entries_of(value))) == 1 for value in values)
    return name if scalar else Norm(name)


def _shown(value: Any) -> Any:
    if value is None:
        return ""
    entries = list(entries_of(value))
    return entries[0] if len(entries) == 1 else float(sum(float(entry) ** 2 for entry in entries)) ** 0.5


def _elided(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    if len(rows) <= MOST_ROWS:
        return rows
    half = MOST_ROWS // 2
    return [*rows[:half], tuple("⋮" for _ in rows[0]), *rows[-half:]]


def _contributions(model: Model, results: Results, wanted: Sequence[str]) -> Iterator[Table | Words]:
    """Each step's summand of every parameter's gradient: the summands of early steps are what vanishes."""
    parameters = [p for p in model.program.parameters if p.name in results.contributions]
    parameters = [p for p in parameters if not wanted or p.name in wanted]
    if not parameters:
        return
    yield Words("contributions meaning")
    heads: list[Any] = [Number(model.program.steps.index)]
    columns = []
    for parameter in parameters:
        found = [results.contributions[parameter.name].get(str(step)) for step in range(1, model.steps + 1)]
        heads.append(_norm_of(Adjoint(parameter), found))
        columns.append([_shown(value) for value in found])
    rows = [(sp.Integer(step + 1), *(column[step] for column in columns)) for step in range(model.steps)]
    totals = tuple(_shown(results.gradients[parameter.name]) for parameter in parameters)
    yield Table(tuple(heads), (*_elided(rows), ("Σ", *totals)))
