"""Programs and models turned into documents: the steps that computed, in reading order.

Adds words, never mathematics.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import sympy as sp

from symrnn.algebra.layout import Style
from symrnn.algebra.nodes import (
    Adjoint,
    Apply,
    Block,
    Guarded,
    Name,
    Number,
    Parameter,
    Signal,
    names_in,
    subexpressions,
    zeros,
)
from symrnn.algebra.programs import Equation, Program, Reason, family, shifted, signal_of
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.closed_forms import closed_forms_of
from symrnn.calculus.identities import Assumption, ClosedForm, NoClosedForm
from symrnn.calculus.jacobians import Jacobian, jacobian
from symrnn.calculus.rewriting import expose
from symrnn.documents.document import Claim, Document, Formula, Section, Table, Words
from symrnn.documents.numbers import number_sections
from symrnn.errors import InputError
from symrnn.models.losses import with_generic_loss
from symrnn.models.model import Model

Block_ = Claim | Words | Table


def derive(source: Program | Model, of: str = "L", wrt: str | Sequence[str] = ()) -> Document:
    """The gradients of a cell or model, step by step: recurrences, sums over t, step Jacobians, closed forms, numbers.

    `of` is "L", or a state at a step ("h_3", "h_T"), whose gradient ∂⁺ is then the given one. `wrt` keeps only the
    gradients asked for ("W_h", "h", "x") and what they need. A cell without a loss gets `L = Σ_t L_t`.

    >>> from symrnn.cells import rnn
    >>> [section.title for section in derive(rnn(), wrt="W_h").sections]
    ['model', 'preactivations', 'recurrences', 'gradients']
    """
    wanted = (wrt,) if isinstance(wrt, str) else tuple(wrt)
    program = _program_of(source, of)
    forward = expose(program)
    back = adjoint(program)
    _check_wanted(wanted, forward)
    sections = [
        _model(program),
        *_preactivations(program, forward),
        *_adjoint_sections(forward, back, wanted),
        *(_jacobian_sections(program) if _wants_states(wanted, forward) else ()),
        *(_closed_form_section(program) if _wants_states(wanted, forward) else ()),
    ]
    if isinstance(source, Model):
        sections += _numbers(source, program, of, wanted)
    return Document(
        title=source.name,
        convention=program.convention,
        sections=tuple(section for section in sections if section.blocks),
        style=style_for(forward),
        citations=(program.citation,) if program.citation else (),
    )


def _numbers(model: Model, program: Program, of: str, wanted: tuple[str, ...]) -> Iterator[Section]:
    # The numbers of a model are those of its own loss; for another `of` the formulas stand alone.
    if of == "L":
        yield from number_sections(model, program, wanted)


def style_for(forward: Program) -> Style:
    """Documents write ∂L/∂h_t, and δ for the gradient with respect to an activation's argument."""
    arguments = {
        part.operands[0]
        for equation in forward
        for part in subexpressions(equation.expression)
        if isinstance(part, Apply)
    }
    deltas = {name.name: _delta(name.name) for name in arguments if isinstance(name, Signal) and _is_argument(name)}
    taken = {name.name for equation in forward for name in equation.reads if isinstance(name, Signal | Parameter)}
    return Style(adjoint="partial", adjoints={} if "delta" in taken else deltas)


def _is_argument(name: Signal) -> bool:
    return re.match(r"(a|net|preactivation|pre\d+)(_|\d|$)", name.name) is not None


def _delta(name: str) -> str:
    return re.sub(r"^[a-z]+\d*", "delta", name, count=1)


def _program_of(source: Program | Model, of: str) -> Program:
    program = source
    if isinstance(source, Model):
        program = source.sized if source.bare else source.program
    assert isinstance(program, Program)
    if of == "L":
        return program if program.loss is not None or isinstance(source, Model) else with_generic_loss(program)
    return without_loss(program, state_at(program, of))


def state_at(program: Program, text: str) -> Signal:
    """The state a text such as `h_3`, `h_{T-1}` or `c_T` names."""
    found = re.fullmatch(r"(\w+?)_\{?(\d+|T)\}?", text)
    signals = {e.target.name: e.target for e in program if isinstance(e.target, Signal) and e.domain}
    if not found or found[1] not in signals:
        write = ", ".join(f"{name}_T" for name in signals)
        raise InputError(
            text, found="no quantity of the cell at a step", write=f"L, or one of: {write} (or a number for T)"
        )
    step = program.steps.hi if found[2] == "T" else sp.Integer(found[2])
    return signals[found[1]].at(step)


def without_loss(program: Program, seed: Signal) -> Program:
    """The Program without its loss, with one given gradient: at `seed`."""
    loss = {"loss", "readout"}
    kept = tuple(e for e in program if e.reason.key not in loss or e.target.has(seed.args[0]))
    reads = {name for equation in kept for name in equation.reads}
    return replace(
        program,
        equations=kept,
        parameters=tuple(name for name in program.parameters if name in reads),
        given=tuple(name for name in program.given if name in reads),
        outputs=(),
        finals=(seed,),
        loss=None,
    )


def base_name(name: Name) -> str:
    """`h` of h_t, h̄_t and h_0; `W_h` of W_h and ∂L/∂W_h."""
    if isinstance(name, Adjoint):
        return base_name(name.of)
    return name.name if isinstance(name, Signal | Parameter) else str(name)


def _check_wanted(wanted: tuple[str, ...], forward: Program) -> None:
    known = {base_name(e.target): None for e in forward} | {
        base_name(n): None for n in (*forward.inputs, *forward.parameters)
    }
    for name in wanted:
        if _stem(name, known) not in known:
            raise InputError(name, found="no such quantity", write="one of: " + ", ".join(known))


def _stem(name: str, known: Iterable[str]) -> str:
    if name in known:
        return name
    return re.sub(r"_\{?(\d+|t|T)\}?$|\d+$", "", name)


def _wants_states(wanted: tuple[str, ...], forward: Program) -> bool:
    states = [state.name for state in forward.states]
    return bool(states) and (not wanted or any(_stem(name, states) in states for name in wanted))


# --- the sections ---------------------------------------------------------------------------------------------------


def _claim(equation: Equation) -> Claim:
    return Claim(equation.target, equation.expression, equation.reason, domain=equation.domain)


def _model(program: Program) -> Section:
    lo, hi = program.steps.lo, program.steps.hi
    opening = [Words("convention", (program.convention,))] if program.convention else []
    return Section("model", (*opening, *map(_claim, program), Words("steps run", (Number(lo), Number(hi)))))


def _preactivations(program: Program, forward: Program) -> Iterator[Section]:
    changed = [equation for equation in forward if equation not in program.equations]
    if changed:
        yield Section("preactivations", tuple(map(_claim, changed)))


def _adjoint_sections(forward: Program, back: Program, wanted: tuple[str, ...]) -> Iterator[Section]:
    equations = _needed(back, wanted)
    recurrences = [e for e in equations if not _is_parameter(e)]
    opening = [Words("meaning of partials")]
    if forward.loss is None:
        opening.append(Words("given cotangents"))
    claims = [_reasoned(equation) for equation in recurrences]
    yield Section("recurrences", (*opening, *claims, *_boundaries(recurrences, forward)))
    yield Section("gradients", tuple(_reasoned(e) for e in equations if _is_parameter(e)))


def _is_parameter(equation: Equation) -> bool:
    return isinstance(equation.target, Adjoint) and isinstance(equation.target.of, Parameter)


def _needed(back: Program, wanted: tuple[str, ...]) -> list[Equation]:
    """The equations asked for and those they read, in order."""
    known = {base_name(equation.target) for equation in back}
    names = {_stem(name, known) for name in wanted}
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


def _reasoned(equation: Equation) -> Claim:
    reason = equation.reason
    if reason.key == "adjoint":
        name, users = reason.about
        unique = tuple(dict.fromkeys(users))
        if isinstance(name, Parameter):
            reason = Reason("adjoint parameter", (name,))
        elif not any(isinstance(read, Adjoint) for read in equation.reads) and not unique:
            reason = Reason("adjoint cotangent", (name,))
        else:
            reason = Reason("adjoint", (name, unique))
    return Claim(equation.target, equation.expression, reason, domain=equation.domain)


def _boundaries(equations: Iterable[Equation], forward: Program) -> Iterator[Claim]:
    """ā_{T+1} = 0 for every share from a step that may lie outside."""
    seen: dict[Name, None] = {}
    for equation in equations:
        for part in subexpressions(equation.expression):
            if isinstance(part, Guarded) and part.bounds[2] != part.bounds[0]:
                at = part.bounds[1].xreplace({forward.steps.index: forward.steps.hi})
                seen |= {
                    shifted(name, at): None for name in names_in(part) if isinstance(name, Adjoint) and signal_of(name)
                }
    for name in seen:
        yield Claim(name, zeros(name.shape), Reason("boundary"), boundary=True)


def _jacobian_sections(program: Program) -> Iterator[Section]:
    step = jacobian(program)
    blocks: list[Block_] = [Words("jacobian convention")]
    blocks += [replace(_claim(b), reason=Reason("step jacobian path", _ends(b))) for b in step]
    if len(step.sources) > 1:
        blocks.append(Claim(step.name, step.matrix, Reason("stacked")))
        blocks += [_claim(total) for total in _totals(step)]
    yield Section("step jacobian", tuple(blocks))
    product, total = step.product(), step.gradient_sum()
    yield Section("products", (_claim(product), _claim(total)))


def _ends(block: Equation) -> tuple[Any, ...]:
    target = block.target
    assert isinstance(target, Block)
    return target.of, target.wrt


def _totals(step: Jacobian) -> Iterator[Equation]:
    for state in step.states:
        for other in step.states:
            try:
                total = step.total(state.name, other.name)
            except InputError:
                continue
            if total.expression != Block(*_ends(total)):
                yield replace(total, reason=Reason("total across the state", (_ends(total)[1],)))


def _closed_form_section(program: Program) -> Iterator[Section]:
    blocks = [block for found in closed_forms_of(program) for block in _closed_form_blocks(found)]
    if blocks:
        yield Section("closed forms", tuple(blocks))


def _closed_form_blocks(found: ClosedForm | NoClosedForm) -> Iterator[Block_]:
    if isinstance(found, NoClosedForm):
        yield Words("no closed form", (found.of,))
        return
    for case in found.cases:
        conditions = [_formula(case.condition)] if case.condition else []
        yield Claim(found.of, case.value, Reason("closed form"), domain=found.domain, conditions=tuple(conditions))
    assumed = [_formula(each) for each in found.assumptions if each.key != "direct path"]
    if found.paths == "direct":
        yield Words("direct path only", (found.exact_without,))
    if assumed:
        yield Words("assumes", (tuple(assumed),))


def _formula(assumption: Assumption) -> Formula:
    return Formula(assumption.left, assumption.relation, assumption.right)
