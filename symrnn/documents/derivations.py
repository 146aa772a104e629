"""Programs and models turned into documents: the steps that computed, in reading order, each of them checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import sympy as sp

from symrnn.algebra.layout import Style
from symrnn.algebra.nodes import Apply, Parameter, Signal, subexpressions
from symrnn.algebra.programs import Program, Reason
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.jacobians import jacobian
from symrnn.calculus.rewriting import expose
from symrnn.calculus.variants import Variant
from symrnn.cells.catalogue import KINDS
from symrnn.documents.certificates import certify
from symrnn.documents.document import Claim, Document, Figure, Section, Words
from symrnn.documents.notation import in_notation
from symrnn.documents.numbers import number_sections
from symrnn.documents.recipes import recipe
from symrnn.documents.sections import (
    adjoint_sections,
    check_wanted,
    closed_form_section,
    jacobian_sections,
    local_section,
    model_section,
    partials_section,
    preactivation_section,
    wants_states,
)
from symrnn.documents.unrolled import unrolled_sections
from symrnn.errors import InputError
from symrnn.languages import check_language, translated
from symrnn.models.losses import with_generic_loss
from symrnn.models.model import Model
from symrnn.notations import Notation
from symrnn.notations import notation as find_notation
from symrnn.notations.declarations import declared

DETAILS = ("outline", "normal", "full")
LEVELS: Mapping[str, int] = MappingProxyType(
    {
        "local": 1,
        "adjoint given": 1,
        "adjoint cotangent": 1,
        "boundary": 1,
        "stacked": 1,
        "total across the state": 1,
        "sum over later losses": 1,
        "immediate": 2,
        "sum of immediate": 2,
    }
)
"""From which detail on (an index of `DETAILS`) claims with a reason are shown; the others always are."""


def derive(
    source: Program | Model,
    of: str = "L",
    wrt: str | Sequence[str] = (),
    *,
    detail: str = "normal",
    steps: int | None = None,
    digits: int | None = None,
    language: str = "en",
    notation: str | Notation | None = None,
    graph: bool = False,
    strict: bool = False,
) -> Document:
    """The gradients of a cell or model, step by step: recurrences, sums over t, step Jacobians, closed forms, numbers.

    Every equality is checked when the document is made; `document.tally` says how many, and how.

    Args:
        source: a cell, or a model, whose numbers then follow.
        of: "L", or a state at a step ("h_3", "h_T"), whose gradient ∂⁺ is then the given one.
        wrt: only the gradients asked for ("W_h", "h", "x") and what they need; all unless said.
        detail: "outline", "normal" or "full", which adds `∂⁺h_t/∂vec(W)` and the sums made of it.
        steps: write the recurrences out for so many steps (a cell; a model has its own number of steps).
        digits: decimals beside exact results, and so many digits of the others.
        language: "en" or "zh".
        notation: a name ("goodfellow", "pytorch", "cs231n" …), a TOML file, or a `Notation`; names, time, signs and
            rows or columns follow it, and for a cell the structure too that its source writes.
        graph: put a picture of the unrolled graph after the model.
        strict: raise `CheckFailedError` rather than print a line that could not be checked.

    >>> from symrnn.cells import rnn
    >>> document = derive(rnn(), wrt="W_h")
    >>> [section.title for section in document.sections]
    ['model', 'preactivations', 'local derivatives', 'recurrences', 'gradients', 'checked']
    >>> document.tally
    Tally(exact=0, points=7, definitions=5, unchecked=0)
    """
    if detail not in DETAILS:
        raise InputError(detail, found="no such detail", write="one of: " + ", ".join(DETAILS))
    check_language(language)
    wanted = (wrt,) if isinstance(wrt, str) else tuple(wrt)
    note = _notation_of(notation, source)
    changed = _structured(source, note)
    program = _program_of(changed.program if changed else source, of)
    forward = expose(program)
    if note is not None:
        wanted = tuple(note.canonical(name, program) for name in wanted)
    check_wanted(wanted, forward)
    # The numbers of a model are those of its own loss; for another `of` the formulas stand alone.
    model = source if isinstance(source, Model) and of == "L" else None
    convention = _convention(program, note, language)
    sections = [
        *(_structure_section(changed) if changed else ()),
        *_symbolic(program, forward, wanted, convention),
        *(number_sections(model, program, wanted, digits) if model else ()),
        *(unrolled_sections(program, _checked_steps(steps, source), wanted) if steps is not None else ()),
    ]
    document = Document(
        title=_title(source),
        convention=convention,
        sections=_kept(sections, DETAILS.index(detail)),
        style=_style_in(note, forward, changed) if note else style_for(forward),
        citations=(program.citation,) if program.citation else (),
        language=language,
        code=recipe(source, _said(of, wrt, detail, steps, digits, language, notation)),
    )
    document = _with_tally(certify(document, program, model, strict))
    document = in_notation(document, note) if note else document
    return _with_graph(document, source, steps) if graph else document


def _with_graph(document: Document, source: Program | Model, steps: int | None) -> Document:
    """The document with the unrolled graph after the model, in its own notation."""
    from symrnn.plots.graphs import unrolled_figure
    from symrnn.plots.panels import saved

    made = unrolled_figure(source, steps, document.style, document.language)
    figure = Figure(saved(made, "svg", made.alt).decode(), saved(made, "pdf", made.alt), made.alt)
    place = 1 + next(number for number, section in enumerate(document.sections) if section.title == "model")
    sections = (*document.sections[:place], Section("graph", (figure,)), *document.sections[place:])
    return replace(document, sections=sections)


def _notation_of(asked: str | Notation | None, source: Program | Model) -> Notation | None:
    """The notation asked for, else the model's own."""
    if asked is None and isinstance(source, Model) and source.notation:
        return declared(source.notation)
    return find_notation(asked) if isinstance(asked, str) else asked


def _style_in(note: Notation, forward: Program, changed: Variant | None) -> Style:
    """The notation's style; a parameter that the structure takes apart keeps its neutral name."""
    style = note.style(forward)
    gone = {p.name for p in changed.original.parameters} - {p.name for p in forward.parameters} if changed else set()
    return replace(style, names={name: written for name, written in style.names.items() if name not in gone})


def _structured(source: Program | Model, note: Notation | None) -> Variant | None:
    """The cell as the notation's source structures it: two biases, one matrix for [h; x]. A model keeps its own."""
    if note is None or isinstance(source, Model):
        return None
    return note.variant(source) if source.name in note.structure else None


def _structure_section(changed: Variant) -> Iterator[Section]:
    claims = tuple(Claim(line.target, line.expression, Reason("given")) for line in changed.parameters)
    if claims:
        yield Section("structure", (Words(f"structure {changed.name}"), *claims))


def _convention(program: Program, note: Notation | None, language: str) -> str:
    """What the cell's file says of itself; its remarks on names hold for the neutral ones only."""
    text = translated(program.convention, language, "cells")
    biased = "+ b)" not in text or any(parameter.name == "b" for parameter in program.parameters)
    return text if note is None and biased else text.replace("；", ";").partition(";")[0]


def _said(
    of: str,
    wrt: str | Sequence[str],
    detail: str,
    steps: int | None,
    digits: int | None,
    language: str,
    notation: object,
) -> dict[str, Any]:
    """The options of `derive` that are not its defaults."""
    options = {"of": of, "wrt": wrt, "detail": detail, "steps": steps, "digits": digits, "language": language}
    options["notation"] = notation if isinstance(notation, str) else None
    defaults = {"of": "L", "detail": "normal", "language": "en"}
    return {name: value for name, value in options.items() if value and value != defaults.get(name)}


def _title(source: Program | Model) -> str:
    return source.name.upper() if source.name in KINDS else source.name


def _symbolic(program: Program, forward: Program, wanted: tuple[str, ...], convention: str) -> Iterator[Section]:
    yield model_section(program, convention)
    yield from preactivation_section(program, forward)
    yield from local_section(program)
    yield from adjoint_sections(forward, adjoint(program), wanted, bool(style_for(forward).adjoints))
    if forward.states:
        yield from partials_section(program, wanted)
    if wants_states(wanted, forward):
        yield from jacobian_sections(program, jacobian(program))
        yield from closed_form_section(program)


def _kept(sections: Sequence[Section], level: int) -> tuple[Section, ...]:
    """The claims whose reason belongs to the detail asked for; a section without claims or tables goes."""
    made = []
    for section in sections:
        blocks = tuple(b for b in section.blocks if not isinstance(b, Claim) or LEVELS.get(b.reason.key, 0) <= level)
        if any(not isinstance(block, Words) for block in blocks):
            made.append(replace(section, blocks=blocks))
    return tuple(made)


def _with_tally(document: Document) -> Document:
    tally = document.tally
    assert tally is not None
    counts = (tally.equalities, tally.exact, tally.points, tally.definitions)
    words = [Words("all checked" if not tally.unchecked else "not all checked", (*counts, tally.unchecked))]
    return replace(document, sections=(*document.sections, Section("checked", tuple(words))))


def _checked_steps(steps: int, source: Program | Model) -> int:
    if isinstance(source, Model):
        raise InputError(
            f"steps = {steps}", found=f"a model of {source.steps} steps", write="a cell, or another `steps` in the file"
        )
    if steps < 1:
        raise InputError(f"steps = {steps}", found="no positive whole number", write="steps = 3, say")
    return steps


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
    return without_loss(program, state_at(program, of, source.steps if isinstance(source, Model) else None))


def state_at(program: Program, text: str, steps: int | None = None) -> Signal:
    """The state a text such as `h_3` or `c_T` names, of a cell or of a model with that many steps."""
    found = re.fullmatch(r"(\w+?)_\{?(\d{1,9}|T)\}?", text)
    signals = {e.target.name: e.target for e in program if isinstance(e.target, Signal) and e.domain}
    if not found or found[1] not in signals:
        write = ", ".join(f"{name}_T" for name in signals)
        raise InputError(
            text or "(nothing)",
            found="no quantity of the cell at a step",
            write=f"L, or one of: {write} (or a number for T)",
        )
    if found[2] != "T" and not 1 <= int(found[2]) <= (steps or int(found[2])):
        raise InputError(text, found=f"a step outside 1 … {steps or 'T'}", write=f"{found[1]}_T, or a step from 1")
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
