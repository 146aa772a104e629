"""Conditions that separate the regimes where numbers are missing: inequalities in the parameters, solved where asked.

Reads a cell, or a model with symbols among its numbers; returns `Condition`s, each with what it implies, for whom,
and its theorem. For a scalar tanh cell: |w| < 1 vanishes for every input; |w| > 1 with b = 0 grows at h = 0, or under
inputs that hold the pre-activation near 0, and undriven it vanishes from every other start.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import Activation, generic
from symrnn.algebra.nodes import Node, Parameter, Signal, names_in, operands_of
from symrnn.algebra.programs import Program
from symrnn.calculus.jacobians import Jacobian, jacobian
from symrnn.errors import InputError
from symrnn.models.model import Model
from symrnn.regimes import stability, theorems
from symrnn.regimes.enclosures import slopes_of
from symrnn.regimes.evidence import EVERY, Implication, Scope, Theorem
from symrnn.regimes.forms import factors_of
from symrnn.regimes.statements import Quantity, Statement


@dataclass(frozen=True)
class Condition:
    """One inequality, or several that hold together, and what it implies.

    Attributes:
        theorem: why.
        inequalities: SymPy relations, or a `Statement` where sizes stay symbols.
        scope: for whom.
        solved: the set of values of the symbol asked for, where it could be found.
        boundaries: where the set ends, where other symbols keep it open.
    """

    theorem: Theorem
    inequalities: tuple[Any, ...]
    scope: Scope = EVERY
    symbol: sp.Symbol | None = None
    solved: sp.Set | None = None
    boundaries: tuple[sp.Expr, ...] = ()
    positive: tuple[sp.Expr, ...] = field(default=(), repr=False)

    @property
    def implies(self) -> Implication:
        """What follows where the inequalities hold."""
        return self.theorem.implies


def conditions_of(source: Program | Model, solve_for: str | None = None) -> tuple[Condition, ...]:
    """What separates vanishing from exploding for a cell without numbers, or with symbols among them.

    >>> from symrnn.algebra.reading.roles import parse_cell
    >>> for condition in conditions_of(parse_cell("h_t = tanh(w h_{t-1} + x_t)"), "w")[:1]:
    ...     print(*condition.inequalities, condition.solved)
    Abs(w) < 1 Interval.open(-1, 1)
    """
    program = source.cell if isinstance(source, Model) else source
    step = jacobian(program)
    values = _values(source) if isinstance(source, Model) else {}
    found = list(_conditions(step, values, source))
    return tuple(_with_solution(each, solve_for) for each in found)


def _conditions(step: Jacobian, values: Mapping[Node, sp.Matrix], source: Program | Model) -> Iterator[Condition]:
    constant = not any(isinstance(name, Signal) for block in step for name in names_in(block.expression))
    if constant:
        yield from _linear(step, values)
        return
    form = _form(step)
    if form is not None:
        yield from _bounded(form, values, source, step.program)
    else:
        yield from _gated(step.program)


# --- linear cells -----------------------------------------------------------------------------------------------------


def _linear(step: Jacobian, values: Mapping[Node, sp.Matrix]) -> Iterator[Condition]:
    matrix = _constant_matrix(step, values)
    if matrix is None:
        blocks = step.blocks
        name: Any = blocks[0].expression if len(blocks) == 1 and len(step.sources) == 1 else Quantity("step").spelled()
        for theorem, relation in ((theorems.STABLE, "<"), (theorems.UNSTABLE, ">"), (theorems.MARGINAL, "=")):
            yield Condition(theorem, (Statement((Quantity("radius", name),), relation),))
        return
    if matrix.rows == 1:
        size = sp.Abs(matrix[0, 0])
        yield Condition(theorems.STABLE, (size < 1,), positive=stability.conditions(matrix))
        yield Condition(theorems.UNSTABLE, (size > 1,))
        yield Condition(theorems.MARGINAL, (sp.Eq(size, 1),))
        return
    positive = stability.conditions(matrix)
    yield Condition(theorems.JURY, tuple(_ordered(each) for each in positive), positive=positive)
    reversed_ = sp.Or(*(each < 0 for each in positive))
    yield Condition(theorems.JURY_REVERSED, (reversed_,))


def _ordered(expression: sp.Expr) -> sp.Rel:
    """0 < expression, kept as a relation even where it is decided."""
    return sp.StrictGreaterThan(expression, 0, evaluate=False)


def _constant_matrix(step: Jacobian, values: Mapping[Node, sp.Matrix]) -> sp.Matrix | None:
    """The step Jacobian of a linear cell as a SymPy matrix, companion rows included, up to 3×3."""
    sources = step.sources
    blocks = {block.target: _matrix(block.expression, values) for block in step}
    if any(value is None for value in blocks.values()):
        return None
    sizes = [_size(source, values, step) for source in sources]
    if any(size is None for size in sizes) or sum(size or 0 for size in sizes) > stability.MOST:
        return None
    rows = []
    index = step.program.steps.index
    for source, height in zip(sources, sizes, strict=True):
        target = source.at(source.time + 1)
        row = []
        for other, width in zip(sources, sizes, strict=True):
            if target.time == index:
                row.append(blocks.get(N.Block(target, other), sp.zeros(height, width)))
            else:
                row.append(sp.eye(height) if target == other else sp.zeros(height, width))
        rows.append(row)
    return sp.Matrix(sp.BlockMatrix(rows).as_explicit())


def _size(source: Signal, values: Mapping[Node, sp.Matrix], step: Jacobian) -> int | None:
    if source.shape[0].is_Integer:
        return int(source.shape[0])
    for block in step:
        value = _matrix(block.expression, values)
        if value is not None and isinstance(block.target, N.Block) and block.target.wrt == source:
            return int(value.cols)
    return None


def _matrix(node: Node, values: Mapping[Node, sp.Matrix]) -> sp.Matrix | None:
    """A constant expression as a SymPy matrix; a scalar parameter without a value is a symbol."""
    if node in values:
        return values[node]
    if isinstance(node, Parameter):
        return sp.Matrix([[_symbol(node)]]) if node.is_scalar_shaped else None
    if isinstance(node, N.Number):
        return sp.Matrix([[node.args[0]]])
    if isinstance(node, N.Eye):
        return sp.eye(int(node.shape[0])) if node.shape[0].is_Integer else None
    if not isinstance(node, N.Add | N.MatMul | N.Scale | N.Hadamard):
        return None
    parts = [_matrix(part, values) for part in operands_of(node)]
    if any(part is None for part in parts):
        return None
    total = parts[0]
    assert total is not None
    for part in parts[1:]:
        assert part is not None
        if isinstance(node, N.Add):
            total = total + part
        elif isinstance(node, N.Hadamard) and total.shape != (1, 1):
            total = total.multiply_elementwise(part)
        else:
            total = total * part if total.shape != (1, 1) else total[0, 0] * part
    return total


def _symbol(parameter: Parameter) -> sp.Symbol:
    return sp.Symbol(parameter.name, real=True)


def _values(model: Model) -> dict[Node, sp.Matrix]:
    """Each parameter's exact value: a matrix of numbers and symbols."""
    found: dict[Node, sp.Matrix] = {}
    for parameter in model.cell.parameters:
        value = model.value(parameter.name)
        if value.dtype != object:
            value = value.astype(object)
        entries = [sp.nsimplify(v, rational=True) if isinstance(v, float) else v for v in value.reshape(-1)]
        shape = value.shape if value.ndim == 2 else (value.size, 1) if value.ndim == 1 else (1, 1)
        found[parameter] = sp.Matrix(*shape, entries)
    return found


# --- bounded slopes ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Form:
    weight: Node
    row: Activation


def _form(step: Jacobian) -> _Form | None:
    """diag(f'(·)) W or W diag(f'(·)) with one activation and one constant."""
    if len(step.blocks) != 1 or len(step.sources) != 1:
        return None
    slopes = slopes_of(step.program)
    factors = list(factors_of(step.blocks[0].expression))
    moving = [f for f in factors if any(isinstance(name, Signal) for name in names_in(f))]
    constants = [f for f in factors if f not in moving]
    if len(moving) != 1 or len(constants) != 1:
        return None
    node = operands_of(moving[0])[0] if isinstance(moving[0], N.Diag) else moving[0]
    if isinstance(node, N.Apply) and node.activation.generic and node.activation.derivative_order == 1:
        # Nothing is known of f but its name: its supremum stays a symbol.
        return _Form(constants[0], generic(node.activation.name.rstrip("'")))
    return _Form(constants[0], slopes[node].row) if node in slopes else None


def _bounded(
    form: _Form, values: Mapping[Node, sp.Matrix], source: Program | Model, program: Program
) -> Iterator[Condition]:
    weight, row = form.weight, form.row
    value = _matrix(weight, values)
    scalar = value is not None and value.shape == (1, 1)
    if scalar and row.generic:
        statement = Statement((Quantity("size", weight), Quantity("sup_slope", row.unicode)), "<")
        yield Condition(theorems.SIGMA, (statement,))
        return
    if scalar:
        assert value is not None
        yield from _scalar(value[0, 0], row, source, program)
        return
    slope = () if row.bound == 1 and row.name == "identity" else (Quantity("sup_slope", row.unicode),)
    for theorem, kind in (
        (theorems.SIGMA, "sigma_max"),
        (theorems.SCALED, "scaled"),
        (theorems.SIZES, "radius_of_sizes"),
        (theorems.INFINITY_NORM, "norm_infinity"),
    ):
        yield Condition(theorem, (Statement((Quantity(kind, weight), *slope), "<"),))
    if value is not None:
        yield from _row_sums(value, row)
    if row.infimum > 0:
        least = (Quantity("inf_slope", row.unicode),)
        yield Condition(theorems.VOLUME, (Statement((Quantity("volume", weight), *least), ">"),))
    yield Condition(theorems.NEEDED, (Statement((Quantity("sigma_max", weight), *slope), "≥"),))


def _row_sums(value: sp.Matrix, row: Activation) -> Iterator[Condition]:
    """The ∞-norm written out for a small matrix with symbols."""
    if value.rows > stability.MOST or not value.free_symbols:
        return
    sums = [sum(sp.Abs(value[i, j]) for j in range(value.cols)) * row.bound for i in range(value.rows)]
    yield Condition(theorems.INFINITY_NORM, tuple(each < 1 for each in sums), positive=tuple(1 - each for each in sums))


def _scalar(w: sp.Expr, row: Activation, source: Program | Model, program: Program) -> Iterator[Condition]:
    """|w| sup|f'| < 1; and what is known beyond it."""
    size = sp.Abs(w)
    bound = 1 / row.bound
    yield Condition(theorems.SIGMA, (size < bound,), positive=(bound - w, bound + w))
    if row.infimum > 0:
        yield Condition(theorems.VOLUME, (size > 1 / row.infimum,), positive=())
    yield Condition(theorems.NEEDED, (size >= bound,))
    if row.name not in ("tanh", "softsign", "erf", "hard_tanh"):
        return
    bias = _bias(source, program)
    # These rows are odd, with their steepest slope at 0.
    zero_bias: tuple[Any, ...] = () if bias is None or bias == 0 else (sp.Eq(bias, 0),)
    if bias is None or bias == 0 or bias.free_symbols:
        yield Condition(theorems.AT_ZERO, (size > bound, *zero_bias), Scope("orbit zero"))
        if row.name != "hard_tanh":
            yield Condition(theorems.LEAVES_ZERO, (size > bound, *zero_bias), Scope("orbit other"))
    if program.inputs:
        yield Condition(theorems.HELD_NEAR_ZERO, (size > bound,), Scope("held"))
    if row.name == "tanh" and bias is not None:
        from symrnn.regimes.scalars import fold

        # With a bias that is not zero: one fixed point or three, by the fold.
        yield Condition(theorems.FOLD, (w > 1, sp.Abs(bias) < fold(w)), Scope("undriven"))


def _bias(source: Program | Model, program: Program) -> sp.Expr | None:
    """The bias of a scalar cell: its value, or a symbol; None without one."""
    names = [p for p in program.parameters if p.name.startswith("b") and p.shape[1] == 1]
    if not names:
        return None
    if isinstance(source, Model):
        value = source.value(names[0].name)
        return value.reshape(-1)[0] if value.size == 1 else None
    return _symbol(names[0])


# --- gated cells ------------------------------------------------------------------------------------------------------


def _gated(program: Program) -> Iterator[Condition]:
    names = {parameter.name for parameter in program.parameters}
    yield Condition(theorems.BLOCKS, (Statement((Quantity("block_norms"),), "<"),), Scope("box"))
    yield Condition(theorems.ENTRIES, (Statement((Quantity("entry_sizes"),), "<"),), Scope("box"))
    if {"U_f", "U_i", "U_o", "U_c"} <= names:
        yield Condition(theorems.MILLER_HARDT, (Statement((Quantity("miller_hardt_formula"),), "<"),), Scope("box"))
        yield Condition(theorems.BONASSI_LSTM, (Statement((Quantity("bonassi_lstm_formula"),), "<"),), Scope("box"))
        yield Condition(theorems.CELL_PATH, (Statement((Quantity("cell_path"),), "<"),), Scope("box"))
    elif {"U_z", "U_r", "U_h"} <= names:
        yield Condition(theorems.BONASSI_GRU, (Statement((Quantity("bonassi_gru_formula"),), "<", 0),), Scope("box"))


# --- solving ----------------------------------------------------------------------------------------------------------


def _with_solution(condition: Condition, solve_for: str | None) -> Condition:
    """The set of values of a symbol that fulfil the condition, or the values where it may end."""
    if solve_for is None:
        return condition
    free = {str(s): s for each in condition.inequalities if isinstance(each, sp.Basic) for s in each.free_symbols}
    if solve_for not in free:
        return condition
    symbol = free[solve_for]
    from dataclasses import replace

    if condition.positive and all(not each.has(sp.Abs) for each in condition.positive):
        found = stability.solved(condition.positive, symbol)
        if found is not None:
            return replace(condition, symbol=symbol, solved=found)
        return replace(condition, symbol=symbol, boundaries=stability.boundaries(condition.positive, symbol))
    return replace(condition, symbol=symbol, solved=_relations(condition.inequalities, symbol))


def _relations(inequalities: tuple[Any, ...], symbol: sp.Symbol) -> sp.Set | None:
    """The set where relations in one symbol hold; None where there are other symbols or functions in the way."""
    own = [each for each in inequalities if isinstance(each, sp.Basic) and each.has(symbol)]
    if not own or any(each.free_symbols - {symbol} for each in own):
        return None
    try:
        total: sp.Set = sp.S.Reals
        for each in own:
            total = total.intersect(each.as_set())
        return total
    except (NotImplementedError, TypeError, ValueError):
        return None


def check_symbol(conditions: tuple[Condition, ...], solve_for: str | None) -> None:
    """Whether the symbol asked for stands in a condition; else an error that lists those that do."""
    if solve_for is None:
        return
    free = {
        str(s)
        for condition in conditions
        for each in condition.inequalities
        if isinstance(each, sp.Basic)
        for s in each.free_symbols
    }
    if solve_for not in free:
        raise InputError(
            f"--solve-for {solve_for}",
            found="no condition has this symbol",
            write=", ".join(sorted(free)) or "a cell with scalar parameters, such as h_t = tanh(w h_{t-1} + x_t)",
        )
