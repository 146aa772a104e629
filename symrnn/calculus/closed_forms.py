"""Closed forms for symbolic T and t: second claims about named quantities, never second equations.

Reads a Program; returns a `ClosedForm` for what has one and a `NoClosedForm`, with the reason, for what has
none. Each says what it assumes and can be held against the unrolled Program: `form.holds(steps=5, step=2)`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import sympy as sp

from symrnn.algebra.nodes import Add as AddNode
from symrnn.algebra.nodes import (
    Adjoint,
    Block,
    BlockMatrix,
    Guarded,
    MatMul,
    Name,
    Node,
    Number,
    Parameter,
    Product,
    Signal,
    Sum,
    diag,
    is_zero,
    mat_power,
    names_in,
    power,
    subexpressions,
    substitute,
    transpose,
    zeros,
)
from symrnn.algebra.programs import Equation, Program, Range, Reason, family, sizes_of
from symrnn.algebra.substitution import replace_nodes
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.direct_paths import DirectPath, direct_paths_of
from symrnn.calculus.geometric_sums import acted, is_entrywise, states_of
from symrnn.calculus.identities import (
    Assumption,
    Case,
    ClosedForm,
    NoClosedForm,
    Permission,
    constant_over,
    held,
)
from symrnn.calculus.jacobians import jacobian, product_index, sum_index
from symrnn.calculus.matrix_powers import power_cases
from symrnn.calculus.recurrences import Affine, affine, core_of, settled, signals_in
from symrnn.calculus.valuation import Values, matrix_of, scalar_of
from symrnn.errors import NotYetError


def closed_forms_of(
    program: Program, *, constant: Collection[str] | None = None, values: Values | None = None
) -> tuple[ClosedForm | NoClosedForm, ...]:
    """∂h_T/∂h_t = W^{T−t}, h_T = W^T h_0 + Σ_k W^{T−k} d_k …: each closed form there is and what it assumes.

    `constant` names the signals that may be taken to be constant over time (None: any, () none). `values`
    gives parameters exact numbers: where the step matrix's power then has explicit entries, they come too.

    >>> from symrnn.cells import lstm, rnn
    >>> closed_forms_of(rnn(activation="identity"))[0]
    ∂h_T/∂h_t = W_h^{T-t}
    >>> closed_forms_of(rnn())
    (∂h_T/∂h_t: no closed form (not affine: h_t, tanh(W_h h_{t-1} + W_x x_t + b)),)
    >>> closed_forms_of(lstm(), constant=["f"])[1].value
    diag(f^{T-t})
    """
    may = Permission(constant)
    found = affine(program)
    if isinstance(found, Affine):
        return tuple(_of_affine(program, found, may, values or {}))
    direct = [form for path in direct_paths_of(program) for form in _of_direct_path(path, may)]
    whole = jacobian(core_of(program)).product().target
    return (*direct, NoClosedForm(whole, found))


# --- affine recurrences -------------------------------------------------------------------------------------


def _of_affine(program: Program, found: Affine, may: Permission, values: Values) -> Iterator[ClosedForm | NoClosedForm]:
    target = found.jacobian.product().target
    varying = found.varying
    if any(isinstance(part, Guarded) for part in subexpressions(found.step)):
        # The step matrix is another one at some of the steps.
        yield NoClosedForm(target, Reason("step matrix varies", varying))
        return
    if varying and not may(varying):
        yield NoClosedForm(target, Reason("step matrix varies", varying))
        return
    linear = replace(found, step=substitute(found.step, held(varying)))
    assumptions = constant_over(varying)
    yield _power(linear, target, assumptions)
    if not values and not linear.step.is_scalar_shaped and not is_entrywise(linear.step):
        yield _diagonalised(linear, target, assumptions)
    yield from _explicit(linear, target, assumptions, values)
    yield from states_of(linear, varying, assumptions, may)
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


def _diagonalised(found: Affine, target: Name, assumptions: tuple[Assumption, ...]) -> ClosedForm:
    """A = V diag(λ) V⁻¹:  A^{T−t} = V diag(λ^{T−t}) V⁻¹."""
    steps, size = found.program.steps, found.step.shape[0]
    taken = {name.name for name in found.program.parameters}
    vectors = Parameter("V" if "V" not in taken else "V_lambda", (size, size))
    roots = Parameter("lambda" if "lambda" not in taken else "mu", (size, 1))

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


def _explicit(found: Affine, target: Name, assumptions: tuple[Assumption, ...], values: Values) -> Iterator[ClosedForm]:
    """The entries of A^{T−t} where A is known in numbers."""
    if not values:
        return
    steps = found.program.steps
    matrix = matrix_of(found.step, values)
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


# Gradients.


def _gradients(program: Program, found: Affine, assumptions: tuple[Assumption, ...]) -> Iterator[ClosedForm]:
    """h̄_t = (Aᵀ)^{T−t} h̄_T for a loss at the last step, else Σ_{τ=t}^{T} (Aᵀ)^{τ−t} ∂⁺L/∂h_τ."""
    steps = program.steps
    state = found.jacobian.sources[0].at(steps.index)
    back = adjoint(program)
    inner = {Adjoint(e.target): back.definitions.get(Adjoint(e.target)) for e in found.inner}
    here, ahead = Adjoint(state), Adjoint(state.at(steps.index + 1))
    own = back.definitions.get(here)
    if own is None:
        return
    direct = _without(_inlined(own.expression, inner, program), ahead)
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
        value = acted(transpose(found.step), steps.hi - steps.index, last)
        yield ClosedForm(here, (Case(value),), assumptions, reason, (whole,), program)
        if not assumptions:
            yield from _parameter_gradients(program, back, here, value)
        return
    index = sum_index(program)
    later = substitute(direct, {steps.index: index})
    share = acted(transpose(found.step), index - steps.index, later)
    value = Sum(share, index, steps.index, steps.hi)
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


def _parameter_gradients(program: Program, back: Program, here: Adjoint, value: Node) -> Iterator[ClosedForm]:
    """∂L/∂W = Σ_t (Aᵀ)^{T−t} h̄_T h_{t−1}ᵀ: the gradients of the parameters with the closed form put in."""
    for parameter in program.parameters:
        equation = back.definitions.get(Adjoint(parameter))
        reads = [name for name in equation.reads if isinstance(name, Adjoint)] if equation else []
        if equation is not None and reads == [here]:
            expression = settled(replace_nodes(equation.expression, {here: value}))
            reason = Reason("gradient through the closed form", (here,))
            yield ClosedForm(equation.target, (Case(expression),), (), reason, (), program)


# --- direct paths -------------------------------------------------------------------------------------------


def _of_direct_path(path: DirectPath, may: Permission) -> Iterator[ClosedForm]:
    """∂c_T/∂c_t along c alone = ∏_{k=T}^{t+1} diag(f_k), with constant gates diag(f^{T−t})."""
    program = path.frozen.program
    steps = program.steps
    if any(isinstance(part, Guarded) for part in subexpressions(path.step)):
        return
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
    index = product_index(program)
    factor = substitute(path.step, {steps.index: index})
    yield form(Product(factor, index, steps.hi, steps.index + 1), "direct path")
    if may(varying):
        fixed = substitute(path.step, held(varying))
        yield form(mat_power(fixed, steps.hi - steps.index), "constant gates", constant_over(varying))


# --- as SymPy -----------------------------------------------------------------------------------------------


def scalar_closed_forms(
    program: Program, *, constant: Collection[str] = (), values: Values | None = None
) -> dict[str, sp.Expr]:
    """w**(T − t) and its kin as plain SymPy expressions in T and t, by name; every size is set to 1.

    Where several closed forms speak of one quantity, the one that assumes most is given: `constant` names the
    signals that may be taken to be constant. ∂L/∂h_T is put in where the loss gives it.

    >>> from symrnn.cells import rnn
    >>> forms = scalar_closed_forms(rnn(activation="identity"), constant=["x"], values={"b": 0, "h_0": 0})
    >>> forms["∂h_T/∂h_t"], forms["h_T"]
    (W_h**(T - t), Piecewise((W_x*x*(1 - W_h**T)/(1 - W_h), Ne(W_h, 1)), (T*W_x*x, True)))
    """
    sized = program.with_sizes(**{size.name: 1 for size in sizes_of(program)})
    found = [form for form in closed_forms_of(sized, constant=constant) if isinstance(form, ClosedForm)]
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
    branches = [(scalar_of(case.value, values), _as_condition(case.condition, values)) for case in form.cases]
    return sp.Piecewise(*branches) if len(branches) > 1 else branches[0][0]


def _as_condition(condition: Assumption | None, values: Values) -> Any:
    if condition is None:
        return True
    relation = {"=": sp.Eq, "≠": sp.Ne}[condition.relation]
    return relation(scalar_of(condition.left, values), scalar_of(condition.right or Number(0), values))


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
            known[name] = scalar_of(expression, values)
    return known
