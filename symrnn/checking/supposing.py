"""Formulas under what a text assumes: inputs or gates held constant, a parameter at a value, W = V diag(λ) V⁻¹.

Reads conditions and a Program; returns `Formulas` whose drawn points fulfil the conditions. Names that only a
condition knows (V, λ) are drawn in the shapes in which the condition can hold.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import product as combinations
from typing import Any

import numpy as np
import sympy as sp

from symrnn.algebra.nodes import Name as NodeName
from symrnn.algebra.nodes import Node, Parameter, Signal
from symrnn.algebra.programs import Program, sizes_of
from symrnn.checking.arithmetic import Evaluator
from symrnn.checking.conditions import Condition
from symrnn.checking.matrices import Matrix, Value, as_matrix
from symrnn.checking.mentions import names_of
from symrnn.checking.naming import Name, placed
from symrnn.checking.numbers import sharp
from symrnn.checking.page import Page, Scope
from symrnn.checking.reasons import NoValue
from symrnn.checking.truths import ModelTruths
from symrnn.errors import SymrnnError

MOST_UNKNOWN = 3
PARTS = 16
DRAWS = 3


SEEDS = (11, 12, 13)
"""Of the points formulas are tried at."""
MORE_SEEDS = (14, 15, 16, 17)
"""Points more for cells with kinks: one may lie on one side of them by chance."""
FURTHER_SEEDS = tuple(range(18, 42))
"""Where all of these lie beyond a kink, where every gradient is zero."""


@dataclass(frozen=True)
class Ground:
    """What the points are drawn from: a Program, what keeps its value, what is the same at every step."""

    program: Program
    sizes: Mapping[str, int] | None = None
    fixed: Mapping[NodeName, Any] = field(default_factory=dict)
    constants: frozenset[str] = frozenset()
    extra: Mapping[int, Mapping[str, Value]] = field(default_factory=dict)
    """Values of names that only conditions know, at each seed."""
    fixed_at: Mapping[int, Mapping[NodeName, Any]] = field(default_factory=dict)
    """What keeps its value at the point of one seed only."""


def supposed_of(ground: Ground, point: ModelTruths, conditions: Sequence[Condition]) -> Ground | None:
    """The same where the conditions hold; None where none of them says anything that can be put in."""
    made: Ground | None = None
    for condition in conditions:
        made = _one(made or ground, point, condition) or made
    return made


def _one(ground: Ground, point: ModelTruths, condition: Condition) -> Ground | None:
    node = _node_of(point, condition.name)
    if condition.constant and isinstance(node, Signal):
        program = _given(ground.program, node)
        kept = {name: value for name, value in ground.fixed.items() if getattr(name, "name", "") != node.name}
        return replace(ground, program=program, constants=ground.constants | {node.name}, fixed=kept)
    if not isinstance(node, Parameter):
        return None
    kept = {name: value for name, value in ground.fixed.items() if name != node}
    if condition.relation == "≠":
        return replace(ground, fixed=kept) if node in ground.fixed else None
    return _with_value(replace(ground, fixed=kept), point, node, condition)


def _node_of(point: ModelTruths, name: Name) -> Node | None:
    """The quantity a condition speaks of; of a signal the one at step 1."""
    bound = {letter: 1 for step in name.steps if isinstance(step, str) for letter in step if letter.isalpha()}
    found = point.readings(placed(name, bound))
    return found[0].node if found else None


def _given(program: Program, signal: Signal) -> Program:
    """The Program in which a signal is an input, whatever it was computed from."""
    own = [e.target for e in program if isinstance(e.target, Signal) and e.target.name == signal.name]
    if not own:
        return program
    kept = tuple(e for e in program if e.target not in own)
    return Program.trusted(
        **{
            **{field: getattr(program, field) for field in program.__dataclass_fields__},
            "equations": kept,
            "inputs": (*program.inputs, own[0]),
        }
    )


def constant_values(
    program: Program, constants: frozenset[str], sizes: Mapping[str, int] | None, steps: int, seed: int
) -> dict[NodeName, Any]:
    """One drawn value at all steps for each signal that is constant."""
    found: dict[NodeName, Any] = {}
    for signal in program.inputs:
        if signal.name in constants and isinstance(signal, Signal):
            rng = random.Random(f"{seed}:{signal.name}")
            rows = [[_drawn(rng) for _ in range(_size(signal.shape[1], program, sizes))]
                    for _ in range(_size(signal.shape[0], program, sizes))]  # fmt: skip
            found |= {signal.at(sp.Integer(step)): rows for step in range(0, steps + 2)}
    return found


def zero_starts(program: Program, zero: frozenset[str], sizes: Mapping[str, int] | None) -> dict[NodeName, Any]:
    """Zeros for the values before the first step that are said to be zero."""
    found: dict[NodeName, Any] = {}
    for start in program.initials:
        if isinstance(start, Signal) and start.name in zero:
            rows, cols = (_size(size, program, sizes) for size in start.shape)
            found[start] = [[sp.Integer(0)] * cols for _ in range(rows)]
    return found


def _size(size: Any, program: Program, sizes: Mapping[str, int] | None) -> int:
    """The number a size has where it is drawn: as in `Definitions`."""
    usual = {one: 2 + (position % 2) for position, one in enumerate(sizes_of(program))}
    usual |= {one: sizes[str(one)] for one in usual if sizes and str(one) in sizes}
    return int(size.xreplace(usual))


def _drawn(rng: random.Random) -> sp.Rational:
    return sp.Rational(rng.choice((-1, 1)) * rng.randint(PARTS // 4, PARTS), PARTS)


# --- a parameter as a formula ---------------------------------------------------------------------------------------


def _with_value(ground: Ground, known: ModelTruths, node: Parameter, condition: Condition) -> Ground | None:
    """`W_h = 1`, `W = V diag(λ) V⁻¹`: the parameter's value at each point, the names it needs drawn."""
    names = [name for name in names_of(condition.value) if isinstance(name, Name) and not name.steps]
    unknown = dict.fromkeys(name.whole for name in names if not known.quantities.owns(name.whole))
    unknown.pop("I", None)
    if len(unknown) > MOST_UNKNOWN:
        return None
    whole = as_matrix(known.turned(node, known.of(node) or sharp(0)))
    columns = _columns(condition, known, whole.shape[1])
    if columns is None:
        return None
    shape = (whole.shape[0], columns.stop - columns.start)
    fixed_at: dict[int, dict[NodeName, Any]] = {}
    extra: dict[int, dict[str, Value]] = {}
    for seed in (*SEEDS, *MORE_SEEDS):
        found = _fitting(known, list(unknown), condition, shape, seed)
        if found is None:
            return None
        drawn, part = found
        value = _with_columns(whole, columns, as_matrix(part))
        fixed_at[seed] = {**ground.fixed_at.get(seed, {}), node: _as_given(known.turned(node, value))}
        extra[seed] = {**ground.extra.get(seed, {}), **drawn}
    return replace(ground, fixed_at=fixed_at, extra=extra)


def _columns(condition: Condition, known: ModelTruths, width: int) -> slice | None:
    """The columns of the parameter that the condition speaks of."""
    if condition.columns is None:
        return slice(0, width)
    first, last = (Evaluator(Scope(Page(known), true=True)).place(end) for end in condition.columns)
    return None if first is None or last is None or not 1 <= first <= last <= width else slice(first - 1, last)


def _with_columns(whole: Matrix, columns: slice, part: Matrix) -> Value:
    rows = ((*old[: columns.start], *new, *old[columns.stop :]) for old, new in zip(whole.rows, part.rows, strict=True))
    return Matrix(tuple(rows))


def _fitting(
    point: ModelTruths, unknown: list[str], condition: Condition, shape: tuple[int, int], seed: int
) -> tuple[dict[str, Value], Value] | None:
    """The unknown names in the largest shapes in which the formula has the parameter's shape."""
    size = shape[0]
    shapes = list(dict.fromkeys([(size, size), (size, 1), (1, 1)]))
    for picked, draw in combinations(combinations(shapes, repeat=len(unknown)), range(DRAWS)):
        # Drawn again where a matrix has no inverse.
        drawn = {name: _matrix(f"{seed}:{name}:{draw}", *one) for name, one in zip(unknown, picked, strict=True)}
        point.extra, held = {**point.extra, **drawn}, point.extra
        point.forget(unknown)
        try:
            scope = Scope(Page(point), true=True, eye=size)
            value = Evaluator(scope).value(condition.value)
        except (NoValue, SymrnnError):
            continue
        finally:
            point.extra = held
            point.forget(unknown)
        if as_matrix(value).shape == shape:
            return drawn, value
    return None


def _matrix(key: str, rows: int, cols: int) -> Value:
    rng = random.Random(key)
    entries = tuple(tuple(sharp(Fraction(*_drawn(rng).as_numer_denom())) for _ in range(cols)) for _ in range(rows))
    return entries[0][0] if rows == cols == 1 else Matrix(entries)


def _as_given(value: Value) -> Any:
    rows = [[_rational(entry.value) for entry in row] for row in as_matrix(value).rows]
    return rows[0][0] if len(rows) == len(rows[0]) == 1 else rows


def _rational(value: Any) -> Any:
    return sp.Rational(value.numerator, value.denominator) if isinstance(value, Fraction) else sp.Float(str(value), 40)


def moved_a_little(values: Mapping[NodeName, Any]) -> dict[NodeName, Any]:
    """Every number that is not zero a little larger, each by another part of itself."""
    found: dict[NodeName, Any] = {}
    count = 0
    for name, value in values.items():
        rows = np.asarray(value, dtype=object)
        moved = rows.ravel().copy()
        for place in range(len(moved)):
            count += 1
            moved[place] = moved[place] * (1 + sp.Rational(count % 29 + 1, 100_003))
        found[name] = moved.reshape(rows.shape).tolist()
    return found


def fixed_values(values: Mapping[NodeName, Any]) -> dict[NodeName, Any]:
    """The given values that are 0, 1 or −1 throughout: people leave them out of their formulas."""
    found = {}
    for name, value in values.items():
        entries = np.asarray(value, dtype=object).ravel()
        if all(getattr(entry, "is_Integer", False) and abs(entry) <= 1 for entry in entries):
            found[name] = value
    return found
