"""Closed forms for symbolic T and t: second claims about named quantities, never second equations.

Reads a Program; returns a `ClosedForm` for what has one and a `NoClosedForm` for what has none, with the reason. Each
says what it assumes, and each can be held against the unrolled Program: `closed.holds(steps=5, step=2)`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from symrnn.algebra.nodes import (
    Adjoint,
    Block,
    BlockMatrix,
    Concat,
    Diag,
    Eye,
    Guarded,
    Hadamard,
    MatMul,
    Name,
    Node,
    Number,
    Parameter,
    Product,
    Scale,
    Selector,
    Signal,
    Sum,
    add,
    diag,
    hadamard,
    is_zero,
    matmul,
    names_in,
    negate,
    ones,
    power,
    scale,
    substitute,
    zeros,
)
from symrnn.algebra.nodes import Add as AddNode
from symrnn.algebra.programs import Equation, Program, Range, Reason, family, sizes_of
from symrnn.algebra.substitution import replace_nodes
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.entries import Values, entries, scalar
from symrnn.calculus.identities import Assumption, Case, ClosedForm, NoClosedForm
from symrnn.calculus.jacobians import PRODUCT_INDEX, SUM_INDEX, jacobian
from symrnn.calculus.maps import diagonal_of
from symrnn.calculus.matrix_powers import mat_power, power_cases, transposed_power
from symrnn.calculus.recurrences import Affine, DirectPath, affine, core_of, direct_paths, settled, signals_in
from symrnn.errors import NotYetError


def closed_forms(
    program: Program, *, constant: Collection[str] | None = None, values: Values | None = None
) -> tuple[ClosedForm | NoClosedForm, ...]:
    """∂h_T/∂h_t = W^{T−t}, h_T = W^T h_0 + Σ W^{T−k} d_k … : every closed form a Program has, each with what it assumes.

    `constant` names the signals that may be taken to be constant over time (None: any, () none). `values` gives the
    parameters exact numbers; where the power of the step matrix then has explicit entries, they are given too.

    >>> from symrnn.cells import lstm, rnn
    >>> closed_forms(rnn(activation="identity"))[0]
    ∂h_T/∂h_t = W_h^{T-t}
    >>> closed_forms(rnn())
    (∂h_T/∂h_t: no closed form (not affine: h_t, tanh(W_h h_{t-1} + W_x x_t + b)),)
    >>> closed_forms(lstm(), constant=["f"])[1].value
    diag(f^{T-t})
    """
    may = _Permission(constant)
    found = affine(program)
    if isinstance(found, Affine):
        return tuple(_of_affine(program, found, may, values or {}))
    direct = [form for path in direct_paths(program) for form in _of_direct_path(path, may)]
    whole = jacobian(core_of(program)).product().target
    return (*direct, NoClosedForm(whole, found))


@dataclass(frozen=True)
class _Permission:
    """Which signals may be taken to be constant."""

    names: Collection[str] | None

    def __call__(self, signals: tuple[Signal, ...]) -> bool:
        return self.names is None or all(signal.name in self.names for signal in signals)


def _held(signals: tuple[Signal, ...]) -> dict[Any, Node]:
    """Each signal as it is when it is constant: f_t = f."""
    return {signal: Signal(signal.name, signal.shape) for signal in signals}


def _constant(signals: tuple[Signal, ...]) -> tuple[Assumption, ...]:
    return tuple(Assumption("constant", signal, "=", held) for signal, held in _held(signals).items())


# --- affine recurrences ---------------------------------------------------------------------------------------------


def _of_affine(program: Program, found: Affine, may: _Permission, values: Values) -> Iterator[ClosedForm | NoClosedForm]:
    target = found.jacobian.product().target
    varying = found.varying
    if varying and not may(varying):
        yield NoClosedForm(target, Reason("step matrix varies", varying))
        return
    linear = replace(found, step=substitute(found.step, _held(varying)))
    assumptions = _constant(varying)
    yield _power(linear, target, assumptions)
    if not values and not linear.step.is_scalar_shaped and not _is_entrywise(linear.step):
        yield _diagonalised(linear, target, assumptions)
    yield from _explicit(linear, target, assumptions, values)
    yield from _states(linear, assumptions, may)
    if len(linear.jacobian.sources) == 1:
        yield from _gradients(program, linear, assumptions)


def _to_here(program: Program) -> tuple[Range, ...]:
    steps = program.steps
    return (Range(steps.index, steps.lo - 1, steps.hi),)


def _power(found: Affine, target: Name, assumptions: tuple[Assumption, ...]) -> ClosedForm:
    """∂s_T/∂s_t = A^{T−t}."""
    steps = found.program.steps
    value = mat_power(found.step, steps.hi - steps.index)
    reason = Reason("linear recurrence", (found.step,))
    return ClosedForm(target, (Case(value),), assumptions, reason, _to_here(found.program), found.program)


def _is_entrywise(step: Node) -> bool:
    if isinstance(step, Scale):
        return _is_entrywise(step.operands[1])
    return isinstance(step, Eye | Diag) or (isinstance(step, Parameter) and step.structure == "diagonal")


def _diagonalised(found: Affine, target: Name, assumptions: tuple[Assumption, ...]) -> ClosedForm:
    """A = V diag(λ) V⁻¹:  A^{T−t} = V diag(λ^{T−t}) V⁻¹."""
    steps, size = found.program.steps, found.step.shape[0]
    taken = {name.name for name in found.program.parameters}
    vectors = Parameter("V" if "V" not in taken else "V_lambda", (size, size))
    roots = Parameter("lambda", (size, 1))

    def form(middle: Node) -> Node:
        return MatMul(vectors, diag(middle), mat_power(vectors, -1))

    assumption = Assumption("diagonalisable", found.step, "=", form(roots), (vectors, roots))
    return ClosedForm(
        target,
        (Case(form(power(roots, steps.hi - steps.index))),),
        (*assumptions, assumption),
        Reason("eigenvalues", (found.step,)),
        _to_here(found.program),
        found.program,
    )


def _explicit(
    found: Affine, target: Name, assumptions: tuple[Assumption, ...], values: Values
) -> Iterator[ClosedForm]:
    """The entries of A^{T−t} where A is known in numbers."""
    if not values:
        return
    steps = found.program.steps
    matrix = entries(found.step, values)
    if not all(entry.is_number for entry in matrix):
        return
    try:
        (case,) = power_cases(matrix, steps.hi - steps.index)
    except NotYetError:
        return
    known = Assumption("numbers", found.step, "=", _as_node(matrix), names_in(found.step))
    yield ClosedForm(
        target,
        (Case(_as_node(case.entries)),),
        (*assumptions, known),
        Reason("explicit entries", (found.step,)),
        _to_here(found.program),
        found.program,
    )


def _as_node(matrix: sp.MatrixBase) -> Node:
    numbers = [Number(entry) for entry in matrix]
    return numbers[0] if len(numbers) == 1 else BlockMatrix(matrix.cols, *numbers)


# The states themselves.


def _states(found: Affine, assumptions: tuple[Assumption, ...], may: _Permission) -> Iterator[ClosedForm]:
    """h_T = A^T h_0 + Σ_{k=1}^{T} A^{T−k} d_k, and the geometric sum where d_k = d."""
    steps, sources = found.program.steps, found.jacobian.sources
    varying = tuple(signal for signal in found.varying)
    drive = substitute(found.drive, _held(varying))
    count = steps.hi - steps.lo + 1
    start = _stacked([substitute(source, {steps.index: steps.lo}) for source in sources])
    home = matmul(mat_power(found.step, count), start)
    moved = substitute(drive, {steps.index: PRODUCT_INDEX})
    addend = matmul(mat_power(found.step, steps.hi - PRODUCT_INDEX), moved)
    driven = zeros(start.shape) if is_zero(drive) else Sum(addend, PRODUCT_INDEX, steps.lo, steps.hi)
    reason = Reason("linear recurrence", (found.step, drive))
    yield from _picked(found, (Case(add(home, driven)),), assumptions, reason)
    free = signals_in(drive, steps.index)
    if is_zero(drive) or drive.has(steps.index) and not may(free):
        return
    held = substitute(drive, _held(free))
    if not held.has(steps.index):
        cases = _geometric(found.step, held, start, home, count)
        yield from _picked(found, cases, (*assumptions, *_constant(free)), Reason("geometric sum", (found.step, held)))


def _stacked(parts: list[Signal]) -> Node:
    return parts[0] if len(parts) == 1 else Concat(*parts)


def _picked(
    found: Affine, cases: tuple[Case, ...], assumptions: tuple[Assumption, ...], reason: Reason
) -> Iterator[ClosedForm]:
    """The claim about each state, picked out of the stack."""
    steps, sources = found.program.steps, found.jacobian.sources
    offset: sp.Expr = sp.S.Zero
    height = sp.Add(*(source.shape[0] for source in sources))
    for state in found.jacobian.states:
        own = cases
        if len(sources) > 1:
            pick = Selector(state.shape[0], offset, height)
            own = tuple(Case(matmul(pick, case.value), case.condition) for case in cases)
        yield ClosedForm(state.at(steps.hi), own, assumptions, reason, (), found.program)
        offset = offset + state.shape[0]


def _geometric(step: Node, drive: Node, start: Node, home: Node, count: sp.Expr) -> tuple[Case, ...]:
    """A^T s_0 + (I − A)⁻¹ (I − A^T) d, and what stands instead where I − A has no inverse."""
    repeated = add(start, scale(Number(count), drive))
    if isinstance(step, Eye) or step == Number(1):
        return (Case(repeated),)
    weight = _scalar_weight(step)
    if weight is not None:
        gap, all_but = _complement(weight), add(Number(1), negate(power(weight, count)))
        if (reduced := _divided(drive, gap)) is not None:
            return (Case(add(home, scale(all_but, reduced))),)
        if drive.is_scalar_shaped:
            driven = hadamard(drive, all_but, power(gap, -1))
        else:
            driven = scale(hadamard(all_but, power(gap, -1)), drive)
        apart = Assumption("not one", weight, "≠", Number(1))
        return Case(add(home, driven), apart), Case(repeated, Assumption("one", weight, "=", Number(1)))
    weights = _entrywise_weights(step)
    always = Sum(matmul(mat_power(step, PRODUCT_INDEX), drive), PRODUCT_INDEX, 0, count - 1)
    if weights is not None:
        one = ones(weights.shape)
        driven = hadamard(
            drive, add(one, negate(power(weights, count))), power(add(one, negate(weights)), -1)
        )
        return Case(add(home, driven), Assumption("no entry one", weights, "≠", one)), Case(add(home, always))
    identity = Eye(step.shape[0])
    gap = add(identity, negate(step))
    driven = matmul(mat_power(gap, -1), add(identity, negate(mat_power(step, count))), drive)
    return Case(add(home, driven), Assumption("invertible", gap, "is invertible")), Case(add(home, always))


def _scalar_weight(step: Node) -> Node | None:
    """w where the step matrix is w or w I."""
    if step.is_scalar_shaped:
        return step
    return step.operands[0] if isinstance(step, Scale) and isinstance(step.operands[1], Eye) else None


def _entrywise_weights(step: Node) -> Node | None:
    """a where the step matrix is diag(a)."""
    if not _is_entrywise(step):
        return None
    return diagonal_of(step)


def _complement(weight: Node) -> Node:
    """1 − w; of 1 − α it is α."""
    if isinstance(weight, AddNode) and weight.operands[0] == Number(1):
        return negate(add(*weight.operands[1:]))
    return add(Number(1), negate(weight))


def _divided(drive: Node, divisor: Node) -> Node | None:
    """The rest of α u when it is divided by α."""
    if isinstance(drive, Scale) and drive.operands[0] == divisor:
        return drive.operands[1]
    if isinstance(drive, Hadamard) and drive.is_scalar_shaped and divisor in drive.operands:
        rest = list(drive.operands)
        rest.remove(divisor)
        return hadamard(*rest)
    return None


# Gradients.


def _gradients(program: Program, found: Affine, assumptions: tuple[Assumption, ...]) -> Iterator[ClosedForm]:
    """h̄_t = (Aᵀ)^{T−t} h̄_T for a loss at the last step, else Σ_{τ=t}^{T} (Aᵀ)^{τ−t} ∂⁺L/∂h_τ."""
    steps = program.steps
    state = found.jacobian.sources[0].at(steps.index)
    back = adjoint(program)
    inner = {Adjoint(e.target): back.definitions.get(Adjoint(e.target)) for e in found.inner}
    here, ahead = Adjoint(state), Adjoint(state.at(steps.index + 1))
    direct = _without(_inlined(back.definitions[here].expression, inner, program), ahead)
    if is_zero(direct):
        return
    reason = Reason("linear recurrence backwards", (found.step,))
    if _is_last_only(direct, program):
        start = state.at(steps.lo - 1)
        first = back.definitions.get(Adjoint(start))
        reaches = first is not None and is_zero(
            _without(_inlined(first.expression, inner, program), Adjoint(state.at(steps.lo)))
        )
        whole = Range(steps.index, steps.lo - 1 if reaches else steps.lo, steps.hi)
        last = Adjoint(state.at(steps.hi))
        value = matmul(transposed_power(found.step, steps.hi - steps.index), last)
        yield ClosedForm(here, (Case(value),), assumptions, reason, (whole,), program)
        yield from _parameter_gradients(program, back, here, value, assumptions)
        return
    later = substitute(direct, {steps.index: SUM_INDEX})
    value = Sum(
        matmul(transposed_power(found.step, SUM_INDEX - steps.index), later), SUM_INDEX, steps.index, steps.hi
    )
    place = Range(steps.index, steps.lo, steps.hi)
    yield ClosedForm(here, (Case(value),), assumptions, reason, (place,), program)


def _inlined(node: Node, inner: Mapping[Adjoint, Equation | None], program: Program) -> Node:
    """Adjoints of what stands inside the step by their own equations, until only those of states are left."""
    index = program.steps.index
    families = {family(name): equation for name, equation in inner.items() if equation is not None}
    for _ in range(len(families)):
        changes: dict[Node, Node] = {}
        for name in names_in(node):
            if family(name) in families:
                changes[name] = substitute(families[family(name)].expression, {index: _time(name)})
        node = replace_nodes(node, changes)
    return node


def _time(name: Name) -> sp.Expr:
    assert isinstance(name, Adjoint) and isinstance(name.of, Signal)
    return name.of.time


def _without(node: Node, name: Name) -> Node:
    return settled(replace_nodes(node, {name: zeros(name.shape)}))


def _is_last_only(direct: Node, program: Program) -> bool:
    terms = direct.operands if isinstance(direct, AddNode) else (direct,)
    last = (program.steps.hi, program.steps.index, program.steps.hi)
    return all(isinstance(term, Guarded) and term.bounds == last for term in terms)


def _parameter_gradients(
    program: Program, back: Program, here: Adjoint, value: Node, assumptions: tuple[Assumption, ...]
) -> Iterator[ClosedForm]:
    """∂L/∂W = Σ_t (Aᵀ)^{T−t} h̄_T h_{t−1}ᵀ: the gradients of the parameters with the closed form put in."""
    for parameter in program.parameters:
        equation = back.definitions.get(Adjoint(parameter))
        reads = [name for name in equation.reads if isinstance(name, Adjoint)] if equation else []
        if equation is not None and reads == [here]:
            expression = settled(replace_nodes(equation.expression, {here: value}))
            reason = Reason("gradient through the closed form", (here,))
            yield ClosedForm(equation.target, (Case(expression),), assumptions, reason, (), program)


# --- direct paths ---------------------------------------------------------------------------------------------------


def _of_direct_path(path: DirectPath, may: _Permission) -> Iterator[ClosedForm]:
    """∂c_T/∂c_t along c alone = ∏_{k=T}^{t+1} diag(f_k), with constant gates diag(f^{T−t})."""
    program = path.frozen.program
    steps = program.steps
    target = Block(path.state.at(steps.hi), path.state, "direct")
    alone = Assumption("direct path", target, "along", path.state, path.left_out)
    varying = signals_in(path.step, steps.index)
    named = tuple(
        Assumption("named", name, "=", path.frozen.named[name]) for name in varying if name in path.frozen.named
    )

    def form(value: Node, key: str, more: tuple[Assumption, ...] = ()) -> ClosedForm:
        return ClosedForm(
            target,
            (Case(value),),
            (alone, *named, *more),
            Reason(key, (path.state, path.step)),
            _to_here(program),
            program,
            "direct",
            path.exact_without,
        )

    if not varying:
        yield form(mat_power(path.step, steps.hi - steps.index), "direct path")
        return
    factor = substitute(path.step, {steps.index: PRODUCT_INDEX})
    yield form(Product(factor, PRODUCT_INDEX, steps.hi, steps.index + 1), "direct path")
    if may(varying):
        held = substitute(path.step, _held(varying))
        yield form(mat_power(held, steps.hi - steps.index), "constant gates", _constant(varying))


# --- as SymPy -------------------------------------------------------------------------------------------------------


def scalar_closed_forms(
    program: Program, *, constant: Collection[str] = (), values: Values | None = None
) -> dict[str, sp.Expr]:
    """w**(T − t) and its kin as plain SymPy expressions in T and t, for a Program whose sizes are all 1, by name.

    Where several closed forms speak of one quantity, the one that assumes most is given: name in `constant` the
    signals that may be taken to be constant. A gradient ∂L/∂h_T is put in where the loss gives it.

    >>> from symrnn.cells import rnn
    >>> forms = scalar_closed_forms(rnn(activation="identity"), constant=["x"], values={"b": 0, "h_0": 0})
    >>> forms["∂h_T/∂h_t"], forms["h_T"]
    (W_h**(T - t), Piecewise((W_x*x*(1 - W_h**T)/(1 - W_h), Ne(W_h, 1)), (T*W_x*x, True)))
    """
    sized = program.with_sizes(**{size.name: 1 for size in sizes_of(program)})
    found = [form for form in closed_forms(sized, constant=constant) if isinstance(form, ClosedForm)]
    found.sort(key=lambda form: not isinstance(form.of, Signal))
    known = dict(values or {})
    result: dict[str, sp.Expr] = {}
    for form in found:
        if isinstance(form.of, Adjoint):
            known = _with_last_gradient(sized, form, known)
        value = _as_piecewise(form, known)
        result[str(form.of)] = value
        if isinstance(form.of, Signal) and not value.has(sp.Sum):
            last, index = sized.steps.hi, sized.steps.index
            known[form.of] = value
            known[form.of.at(index - 1)] = value.subs(last, index - 1) if last.is_Symbol else None
            known = {name: given for name, given in known.items() if given is not None}
    return result


def _as_piecewise(form: ClosedForm, values: Values) -> sp.Expr:
    branches = [(scalar(case.value, values), _as_condition(case.condition, values)) for case in form.cases]
    return sp.Piecewise(*branches) if len(branches) > 1 else branches[0][0]


def _as_condition(condition: Assumption | None, values: Values) -> Any:
    if condition is None:
        return True
    relation = {"=": sp.Eq, "≠": sp.Ne}[condition.relation]
    return relation(scalar(condition.left, values), scalar(condition.right or Number(0), values))


def _with_last_gradient(program: Program, form: ClosedForm, values: dict[Any, Any]) -> dict[Any, Any]:
    """∂L/∂h_T among the values, where the loss says what it is."""
    back = adjoint(program)
    last, index = program.steps.hi, program.steps.index
    wanted = [name for name in names_in(form.value) if isinstance(name, Adjoint) and not name.has(index)]
    known = dict(values)
    for name in wanted:
        expression: Node = name
        for _ in back.definitions:
            changes = {
                read: substitute(back.definitions[here].expression, {index: last})
                for read in names_in(expression)
                for here in back.definitions
                if isinstance(read, Adjoint) and substitute(here, {index: last}) == read
            }
            if not changes:
                break
            expression = replace_nodes(expression, changes)
        if not any(isinstance(read, Adjoint) for read in names_in(expression)):
            known[name] = scalar(expression, values)
    return known
