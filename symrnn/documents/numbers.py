"""The numbers of a model as claims and tables: `h_1 = W_h h_0 + W_x x_1 + b = (1/2)·0 + (1/2)·1 + 0 = 1/2`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
import sympy as sp

from symrnn.algebra.nodes import Adjoint, BlockMatrix, Decimal, Name, Node, Number, Parameter, Signal
from symrnn.algebra.programs import GIVEN, Equation, Program
from symrnn.algebra.substitution import with_literals
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.rewriting import expose
from symrnn.calculus.unrolling import unroll
from symrnn.documents.document import Claim, Norm, Relation, Section, Table, Words
from symrnn.models.model import Model
from symrnn.numeric.evaluation import cotangents_of, evaluate, placed_values
from symrnn.numeric.results import Results, entries_of, key_of

MOST_LINES = 80
"""Beyond so many lines the numbers stand in a table only."""
MOST_COMPONENTS = 4
MOST_ROWS = 16
LONGEST = 10**24
"""A larger numerator or denominator is not shown: decimals are."""
MOST_PUT_IN = 3
"""A matrix with a longer side is not written out among numbers that are put in."""
SHOWN_DIGITS = 6
MOST_DIGITS = 20
CLEAN_DIGITS = 30
"""What is shown is computed with so many."""
SEEN = 4e-15
"""Relative: what is nearer to a whole number than this is one, as far as float64 can tell."""


def number_sections(
    model: Model, program: Program, wanted: Sequence[str], digits: int | None = None
) -> Iterator[Section]:
    """The numbers forward and backward: a line for every quantity where that is bearable, else tables."""
    program = program if model.bare else program.with_sizes(**model.sizes)
    small = _is_small(model, program)
    results = evaluate(model)
    if (results.exact and _is_long(results)) or (not results.exact and (small or digits is not None)):
        # In float64 a sum that is 0 comes out as 3 · 10⁻¹⁷.
        results = evaluate(model, digits=digits or CLEAN_DIGITS)
    note = Words("numbers exact") if results.exact else Words("numbers rounded")
    lines = _Lines(model, results, digits)
    if small:
        yield Section("forward numbers", (note, *lines.of(unroll(expose(program), model.steps))))
    else:
        yield Section("forward numbers", (note, _states_table(model, results)))
    if program.loss is None and not cotangents_of(model):
        return
    if small:
        back = unroll(adjoint(program), model.steps)
        kept = {e.target for e in back if not wanted or _base(e.target) in wanted or not _is_parameter(e.target)}
        yield Section("backward numbers", tuple(lines.of(back, kept)))
    yield Section("contributions", tuple(_contributions(model, results, wanted)))


def _is_long(results: Results) -> bool:
    """Whether a fraction has more digits than anyone reads."""
    tables = (results.values, results.gradients)
    entries = (entry for table in tables for value in table.values() for entry in entries_of(value))
    rationals = (entry for entry in entries if isinstance(entry, Fraction | sp.Rational))
    return any(max(abs(one.numerator), one.denominator) > LONGEST for one in rationals)


def _is_small(model: Model, program: Program) -> bool:
    lines = model.steps * len(expose(program).equations)
    sizes = all(size <= MOST_COMPONENTS for size in model.sizes.values())
    return lines <= MOST_LINES and sizes and model.batch is None


def _of(name: Name) -> Name:
    return name.of if isinstance(name, Adjoint) else name


def _is_parameter(name: Name) -> bool:
    return isinstance(_of(name), Parameter)


def _base(name: Name) -> str:
    inner = _of(name)
    return inner.name if isinstance(inner, Signal | Parameter) else str(inner)


# --- a line for every quantity ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Lines:
    """Formula, numbers put in, result: for the equations of an unrolled Program."""

    model: Model
    results: Results
    digits: int | None

    def of(self, program: Program, wanted: set[Name] | None = None) -> Iterator[Claim]:
        """A claim for every equation whose value is known."""
        given = {str(name): value for name, value in placed_values(self.model)}
        for equation in program:
            value = self._value(equation.target)
            if (wanted is None or equation.target in wanted) and value is not None:
                yield self._line(equation, value, given)

    def _value(self, name: Name) -> Any:
        found = self.results.gradients if isinstance(name, Adjoint) else self.results.values
        return found.get(key_of(_of(name)))

    def _line(self, equation: Equation, value: Any, given: Mapping[str, Any]) -> Claim:
        relation: Relation = "=" if self.results.exact else "≈"
        chain: list[tuple[Relation, Any]] = []
        put_in = self._put_in(equation, given)
        if put_in is not None:
            chain.append(("=" if self.results.exact else "≈", put_in))
        chain.append((relation, value))
        if self.results.exact and self.digits is not None:
            chain += self._decimals(value)
        return Claim(equation.target, equation.expression, GIVEN, more=tuple(chain), numeric=True)

    def _decimals(self, value: Any) -> Iterator[tuple[Relation, Any]]:
        """The decimal beside a fraction, where it is another way of writing."""
        shown = _literal(value, self.digits or SHOWN_DIGITS, exact=False)
        decimals = shown.operands if isinstance(shown, BlockMatrix) else (shown,)
        pairs = list(zip(entries_of(value), decimals, strict=False))
        if shown is None or all(str(entry) == str(decimal) for entry, decimal in pairs):
            return
        same = all(isinstance(d, Decimal) and sp.sympify(entry, strict=True) == d.value for entry, d in pairs)
        yield ("=" if same else "≈"), shown

    def _put_in(self, equation: Equation, given: Mapping[str, Any]) -> Node | None:
        """The expression with a number for every name; None where one is missing or too large to be written."""
        literals: dict[Name, Node] = {}
        for name in equation.reads:
            value = self._value(name) if str(name) not in given else given[str(name)]
            if value is None and isinstance(name, Parameter | Signal):
                value = self.results.values.get(key_of(name))
            literal = None if value is None else _literal(value, SHOWN_DIGITS, self.results.exact)
            if literal is None or literal.shape != name.shape:
                return None
            literals[name] = literal
        made = with_literals(equation.expression, literals)
        return None if made == equation.expression or isinstance(made, Number) else made


def _literal(value: Any, digits: int, exact: bool) -> Node | None:
    """A value as a node of numbers: a scalar, a column or a matrix; None where it is too large to be written."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(value, list | tuple):
        return _entry(value, digits, exact)
    rows = [row if isinstance(row, list | tuple) else [row] for row in value]
    if max(len(rows), len(rows[0])) > MOST_PUT_IN:
        return None
    entries = [_entry(entry, digits, exact) for row in rows for entry in row]
    if any(entry is None for entry in entries):
        return None
    return entries[0] if len(entries) == 1 else BlockMatrix(len(rows[0]), *entries)  # type: ignore[arg-type]


def _entry(value: Any, digits: int, exact: bool) -> Node | None:
    if exact and isinstance(value, sp.Expr | Fraction | int):
        return Number(sp.sympify(value, strict=True))
    if isinstance(value, sp.Expr):
        if value.free_symbols:
            return None
        value = mpmath.mpf(sp.N(value, digits + 10))
    number = mpmath.mpf(value.numerator) / value.denominator if isinstance(value, Fraction) else value
    if not mpmath.isfinite(number):
        return None
    # 0.99999999999997 is not written as 1: what is taken from it would seem wrong.
    off = abs(number - mpmath.nint(number))
    hidden = number and SEEN < off / abs(number) < mpmath.mpf(10) ** (1 - digits)
    return Decimal(number, MOST_DIGITS if hidden else digits)


# --- tables -----------------------------------------------------------------------------------------------------------


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
