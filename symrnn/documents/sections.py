"""The sections of a derivation with symbols: model, local derivatives, recurrences, gradients, Jacobians, closed forms.

Adds words, never mathematics: every claim is an equation that `calculus` made.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import sympy as sp

from symrnn.algebra.layout import is_boundary
from symrnn.algebra.nodes import (
    Adjoint,
    Apply,
    Block,
    CrossEntropy,
    Guarded,
    Hadamard,
    MatMul,
    Name,
    Node,
    Number,
    Parameter,
    Scale,
    Signal,
    Softmax,
    SquaredNorm,
    names_in,
    operands_of,
    subexpressions,
    zeros,
)
from symrnn.algebra.programs import Equation, Program, Range, Reason, family, shifted, signal_of, sizes_of
from symrnn.calculus.closed_forms import closed_forms_of
from symrnn.calculus.direct_paths import direct_paths_of
from symrnn.calculus.identities import Assumption, ClosedForm, NoClosedForm
from symrnn.calculus.jacobians import Jacobian
from symrnn.calculus.partials import (
    gradient_from_partials,
    gradient_recurrence,
    heard_beside,
    immediate_partials,
    local_jacobians,
)
from symrnn.calculus.rewriting import expose
from symrnn.calculus.valuation import matrix_of
from symrnn.documents.certificates import FALSE
from symrnn.documents.document import Claim, Formula, Section, Table, Words
from symrnn.documents.roles import role_words
from symrnn.errors import InputError, SymrnnError
from symrnn.numeric.perturbations import is_rational

Part = Claim | Words | Table


# --- what is asked for ----------------------------------------------------------------------------------------------


def base_name(name: Name) -> str:
    """`h` of h_t, h̄_t and h_0; `W_h` of W_h and ∂L/∂W_h."""
    if isinstance(name, Adjoint):
        return base_name(name.of)
    return name.name if isinstance(name, Signal | Parameter) else str(name)


def check_wanted(wanted: tuple[str, ...], forward: Program) -> None:
    """Every name asked for is one of the Program's, or `InputError`."""
    known = {base_name(e.target): None for e in forward} | {
        base_name(n): None for n in (*forward.inputs, *forward.parameters)
    }
    for name in wanted:
        if stem(name, known) not in known:
            raise InputError(name, found="no such quantity", write="one of: " + ", ".join(known))


def stem(name: str, known: Iterable[str]) -> str:
    """The name without its step: `h` of `h_3` and `h_t`."""
    if name in known:
        return name
    return re.sub(r"_\{?(\d+|t|T)\}?$|\d+$", "", name)


def wants_states(wanted: tuple[str, ...], forward: Program) -> bool:
    """Whether the states' own gradients are asked for, so that Jacobians belong to the answer."""
    states = [state.name for state in forward.states]
    return bool(states) and (not wanted or any(stem(name, states) in states for name in wanted))


# --- model and local derivatives ------------------------------------------------------------------------------------


def _claim(equation: Equation) -> Claim:
    return Claim(equation.target, equation.expression, equation.reason, domain=equation.domain)


def model_section(program: Program, convention: str) -> Section:
    """The equations of the cell, of the readout and of the loss."""
    lo, hi = program.steps.lo, program.steps.hi
    opening = [Words("convention", (convention,))] if convention else []
    return Section(
        "model", (*opening, *role_words(program), *map(_claim, program), Words("steps run", (Number(lo), Number(hi))))
    )


def preactivation_section(program: Program, forward: Program) -> Iterator[Section]:
    """Names for the arguments of the activations, so that δ can be spoken of."""
    changed = [equation for equation in forward if equation not in program.equations]
    if changed:
        yield Section("preactivations", tuple(map(_claim, changed)))


def local_section(program: Program) -> Iterator[Section]:
    """∂y/∂x of each equation by itself."""
    claims = tuple(map(_claim, local_jacobians(program)))
    if claims:
        yield Section("local derivatives", (Words("local meaning"), *claims))


# --- recurrences and gradients --------------------------------------------------------------------------------------


def adjoint_sections(forward: Program, back: Program, wanted: tuple[str, ...], deltas: bool) -> Iterator[Section]:
    """Back-propagation through time, and every parameter's gradient as a sum over t."""
    equations = _needed(back, wanted)
    recurrences = [e for e in equations if not _is_parameter(e)]
    opening = [Words("meaning of partials" if deltas else "meaning of partials alone")]
    if forward.loss is None:
        opening.append(Words("given cotangents"))
    claims = [_reasoned(equation, forward) for equation in recurrences]
    if any(_has_bracket(equation) for equation in recurrences):
        opening.append(Words("bracket"))
    yield Section("recurrences", (*opening, *claims, *_boundaries(recurrences, forward)))
    gradients = tuple(_reasoned(e, forward) for e in equations if _is_parameter(e))
    yield Section("gradients", (Words("shared weight"), *gradients) if gradients else ())


def _has_bracket(equation: Equation) -> bool:
    """Whether a share is printed with its condition, as [t = T]."""
    parts = subexpressions(equation.expression)
    return any(isinstance(part, Guarded) and not is_boundary(part) for part in parts)


def _is_parameter(equation: Equation) -> bool:
    return isinstance(equation.target, Adjoint) and isinstance(equation.target.of, Parameter)


def _needed(back: Program, wanted: tuple[str, ...]) -> list[Equation]:
    """The equations asked for and those they read, in order."""
    known = {base_name(equation.target) for equation in back}
    names = {stem(name, known) for name in wanted}
    if not wanted:
        return list(back)
    keep = {family(e.target) for e in back if base_name(e.target) in names}
    for _ in back:
        more = {family(name) for e in back if family(e.target) in keep for name in e.reads if isinstance(name, Adjoint)}
        if more <= keep:
            break
        keep |= more
    return [e for e in back if family(e.target) in keep and (e.domain or base_name(e.target) in names or _is_middle(e))]


def _is_middle(equation: Equation) -> bool:
    signal = signal_of(equation.target)
    return signal is not None and bool(signal.indices) and signal.time.is_number is False


def _reasoned(equation: Equation, forward: Program) -> Claim:
    reason = equation.reason
    if reason.key == "adjoint":
        name, users = reason.about
        unique = tuple(dict.fromkeys(users))
        if isinstance(name, Parameter):
            reason = Reason("adjoint parameter", (name, ways(name, unique, forward)))
        elif not any(isinstance(read, Adjoint) for read in equation.reads) and not unique:
            reason = Reason("adjoint cotangent", (name,))
        else:
            given = family(name) in {family(each) for each in (*forward.inputs, *forward.initials)}
            key = "adjoint given" if given and not _is_of_state(equation, forward) else "adjoint"
            reason = Reason(key, (name, unique, ways(name, unique, forward)))
    return Claim(equation.target, equation.expression, reason, domain=equation.domain)


def _is_of_state(equation: Equation, forward: Program) -> bool:
    signal = signal_of(equation.target)
    states = {family(state) for state in forward.states}
    return signal is not None and family(signal) in states and bool(equation.domain)


WAYS = {MatMul: "linear map", Hadamard: "product rule", Apply: "slope", SquaredNorm: "norm", Softmax: "softmax"}
WAYS |= {CrossEntropy: "softmax", Scale: "product rule"}
"""By which rule a gradient goes through an operation, as a sentence of its own."""


def ways(name: Name, users: Iterable[Name], forward: Program) -> tuple[Words, ...]:
    """The rules by which the users of a name hand its share back, each once."""
    found: dict[Words, None] = {}
    for user in users:
        for equation in forward:
            if family(equation.target) == family(user):
                found |= dict.fromkeys(_on_the_way(equation.expression, family(name)))
    return tuple(found) or (Words("by sum"),)


def _on_the_way(node: Node, name: Any) -> Iterator[Words]:
    """The operations between the top of an expression and a name in it."""
    for operand in operands_of(node):
        if not any(family(part) == name for part in names_in(operand)):
            continue
        constant = isinstance(node, Scale) and isinstance(node.operands[0], Number)
        if type(node) in WAYS and not constant:
            yield Words(f"by {WAYS[type(node)]}")
        yield from _on_the_way(operand, name)


def _boundaries(equations: Iterable[Equation], forward: Program) -> Iterator[Claim]:
    """ā_{T+1} = 0 for every share from a step that may lie outside."""
    seen: dict[Name, None] = {}
    for equation in equations:
        for part in subexpressions(equation.expression):
            moves = isinstance(part, Guarded) and part.bounds[1].has(forward.steps.index)
            # A guard of the author's own stands in the line; only those left out there are said here.
            if isinstance(part, Guarded) and moves and is_boundary(part) and part.bounds[2] == forward.steps.hi:
                at = part.bounds[1].xreplace({forward.steps.index: forward.steps.hi})
                seen |= {
                    shifted(name, at): None for name in names_in(part) if isinstance(name, Adjoint) and signal_of(name)
                }
    for name in seen:
        signal = signal_of(name)
        assert signal is not None
        yield Claim(name, zeros(name.shape), Reason("boundary", (Number(sp.expand(signal.time)),)), boundary=True)


def partials_section(program: Program, wanted: tuple[str, ...]) -> Iterator[Section]:
    """∂⁺s_t/∂W, kept apart from the total: one step's share of a shared weight."""
    partials = list(immediate_partials(program))
    known = [p.name for p in program.parameters]
    kept = [p for p in program.parameters if not wanted or p.name in {stem(name, known) for name in wanted}]
    claims = [_claim(e) for e in partials if any(p in _parameters_of(e) for p in kept)]
    if not claims:
        return
    pairs = [(p, gradient_from_partials(program, p)) for p in kept]
    sums = [Claim(*sides, Reason("sum of immediate", (p,))) for p, sides in pairs if sides is not None]
    yield Section("immediate partials", (Words("immediate and total"), *claims, *sums))


def _parameters_of(equation: Equation) -> tuple[Name, ...]:
    assert isinstance(equation.target, Block)
    return names_in(equation.target.wrt)


# --- Jacobians and closed forms -------------------------------------------------------------------------------------


def jacobian_sections(program: Program, step: Jacobian) -> Iterator[Section]:
    """The step Jacobian by blocks, its product over time, and ∂L/∂s_t as recurrence and as sum over later losses."""
    blocks: list[Part] = [Words("jacobian convention")]
    blocks += [replace(_claim(b), reason=Reason("step jacobian path", _ends(b))) for b in step]
    blocks += _highways(program)
    if len(step.sources) > 1:
        blocks.append(Claim(step.name, step.matrix, Reason("stacked"), domain=(program.steps,)))
        blocks += [_claim(total) for total in _totals(step)]
    yield Section("step jacobian", tuple(blocks))
    index, lo, hi = program.steps.index, program.steps.lo, program.steps.hi
    claims: list[Part] = [replace(_claim(step.product()), domain=(Range(index, lo - 1, hi, -1),))]
    beside = heard_beside(step.program)
    if beside:
        yield Section("products", (*claims, Words("heard beside", beside[:1])))
        return
    total, recurrence = step.gradient_sum(), gradient_recurrence(step)
    if recurrence is not None:
        claims += [Words("recurrence meaning"), _claim(recurrence)]
    yield Section("products", (*claims, replace(_claim(total), domain=(Range(index, lo, hi, -1),))))


def _highways(program: Program) -> Iterator[Claim]:
    forward = expose(program)
    known = {family(name) for equation in forward for name in (equation.target, *equation.reads)}
    for path in direct_paths_of(program):
        unknown = any(family(name) not in known for name in names_in(path.step))
        if not path.left_out or unknown:
            # Then the direct path is the whole block, which stands above; or it needs names that the cell has not.
            continue
        index = program.steps.index
        target = Block(path.state, path.state.at(index - 1), "direct")
        yield Claim(target, path.step, Reason("highway", (path.left_out,)), domain=(program.steps,))


def _ends(block: Equation) -> tuple[Any, ...]:
    target = block.target
    assert isinstance(target, Block)
    return target.of, target.wrt


def _totals(step: Jacobian) -> Iterator[Equation]:
    if len(step.sources) > len(step.states):
        # Read further back, a state moves those of the steps between as well.
        return
    for state in step.states:
        for other in step.states:
            try:
                total = step.total(state.name, other.name)
            except InputError:
                continue
            if total.expression != Block(*_ends(total)):
                # Before step 1 the states are given, so none moves with another.
                later = Range(step.program.steps.index, step.program.steps.lo + 1, step.program.steps.hi)
                yield replace(total, reason=Reason("total across the state", (_ends(total)[1],)), domain=(later,))


def closed_form_section(program: Program) -> Iterator[Section]:
    """Closed forms, each with what it assumes; where none is known that is said."""
    small = program.with_sizes(**{str(size): 2 for size in sizes_of(program)})
    pairs = zip(closed_forms_of(program), closed_forms_of(small), strict=True)
    blocks = [block for found, twin in pairs for block in _closed_form_blocks(found, twin)]
    if blocks:
        yield Section("closed forms", tuple(blocks))


def _closed_form_blocks(found: ClosedForm | NoClosedForm, twin: ClosedForm | NoClosedForm) -> Iterator[Part]:
    if isinstance(found, NoClosedForm):
        yield Words("no closed form", (found.of,))
        return
    assert isinstance(twin, ClosedForm)
    for number, case in enumerate(found.cases):
        certificate = _tried(twin, number)
        conditions = (_formula(case.condition),) if case.condition else ()
        yield Claim(
            found.of,
            case.value,
            Reason("closed form"),
            domain=found.domain,
            conditions=conditions,
            certificate=certificate,
        )
    assumed = [_formula(each) for each in found.assumptions if each.key != "direct path"]
    if found.paths == "direct":
        yield Words("direct path only", (found.exact_without,))
    if assumed:
        yield Words("assumes", (tuple(assumed),))


TRIAL = (3, 1)
"""T and t at which closed forms are compared with the run they speak of."""


def _fractions(name: Name) -> sp.Matrix:
    """A matrix of fractions, another for each name."""
    rng = random.Random(name.name if isinstance(name, Parameter) else str(name))
    rows, cols = (int(size) for size in name.shape)
    return sp.Matrix(rows, cols, lambda i, j: sp.Rational(rng.randint(2, 15), 7))


def _shares(name: Name) -> sp.Matrix:
    """Fractions that sum to 1, as a target of cross-entropy does."""
    found = _fractions(name)
    return found / sum(found)


def _numbers_of_signals(twin: ClosedForm) -> dict[Any, Any]:
    """Fractions for whatever is given at every step, but for what the form takes to be constant."""
    constant = {each.left.name for each in twin.assumptions if isinstance(each.left, Signal)}
    given = [name for name in (*twin.program.inputs, *twin.program.given) if isinstance(name, Signal)]
    pieces = (piece for equation in twin.program for piece in subexpressions(equation.expression))
    targets = {
        target.name for piece in pieces if isinstance(piece, CrossEntropy) for target in names_in(piece.operands[0])
    }
    index = twin.program.steps.index
    steps = [name.at(step) for name in given for step in range(TRIAL[0] + 1) if name.has(index)]
    found = (*steps, *(name for name in given if not name.has(index)), *twin.program.initials)
    return {
        name: _shares(name) if name.name in targets else _fractions(name) for name in found if name.name not in constant
    }


def _tried(twin: ClosedForm, number: int) -> str:
    """How a closed form holds, by its twin of size 2: "exact", or "", which leaves it to the document's judges."""
    condition = twin.cases[number].condition
    values: dict[Any, Any] = {}
    if not any(each.key in ("diagonalisable", "numbers") for each in twin.assumptions):
        # With free symbols for every weight the powers of a matrix have thousands of terms.
        values = {p.name: _fractions(p) for p in twin.program.parameters if p.structure == "full"}
    if not is_rational(twin.program):
        # With free symbols a derivative of log Σ e^o has thousands of exponentials.
        values |= _numbers_of_signals(twin)
    if (
        condition is not None
        and condition.relation == "="
        and condition.right
        and isinstance(condition.left, Parameter)
    ):
        values[condition.left.name] = matrix_of(condition.right)
    try:
        holds = twin.holds(TRIAL[0], TRIAL[1] if twin.domain else None, values)
    except SymrnnError:
        return "" if not twin.assumptions else "unchecked"
    if not holds:
        return FALSE
    return "exact"


def _formula(assumption: Assumption) -> Formula:
    return Formula(assumption.left, assumption.relation, assumption.right)
