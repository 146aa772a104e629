"""Derivations as tasks: a gradient's lines as formulas, to be written, or to be filled in where a piece is left out."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import sympy as sp

from symrnn.algebra.nodes import (
    Add,
    Adjoint,
    Gap,
    Hadamard,
    MatMul,
    Name,
    Node,
    Number,
    Ones,
    Parameter,
    Signal,
    names_in,
    operands_of,
    substitute,
)
from symrnn.algebra.programs import GIVEN, Reason, family
from symrnn.calculus.adjoints import adjoint
from symrnn.checking.mutations import Setting, mutated
from symrnn.checking.patterns import places
from symrnn.documents.document import Words
from symrnn.documents.sections import ways
from symrnn.errors import InputError
from symrnn.worksheets.drawing import Draws
from symrnn.worksheets.kinds.ground import Ground
from symrnn.worksheets.questions import Part, Question
from symrnn.worksheets.solving import Line, Solver, key_of
from symrnn.worksheets.stating import as_numbers
from symrnn.worksheets.tasks import Task

MOST_LINES = 20
PIECES = (Add, Hadamard, MatMul)
"""What a piece is an operand of."""


def derive_part(ground: Ground) -> Part:
    """Every line from the loss to the gradient, as a formula; and the rule behind each, in words."""
    target, lines = _derivation(ground)
    points = ground.task.points
    questions = [
        Question(
            ground.number(), f"formula {line.key}", "formula", as_numbers(line.expression), points,
            lhs=line.target, line=line, reason=reason_of(line, ground.solver),
        )
        for line in lines
    ]  # fmt: skip
    why = Question(
        ground.letter(), "reasons", "words", "rubric derive", points,
        prompt=("ws reasons", ()), remark=("derive reasons", ()),
    )  # fmt: skip
    intro = () if ground.task.text else (Words("ws ask derive", (target,)),)
    return Part("", "ws derive", intro, (*questions, why), ground.drawn)


def blanks_part(ground: Ground) -> Part:
    """The same lines with a piece of each left out: a factor, a term, or the right side where it has none."""
    target, lines = _derivation(ground)
    questions = []
    for line in lines:
        asked, gapped = _piece(line, ground.solver, ground.draws(f"piece {line.key}"))
        questions.append(
            Question(
                ground.number(), f"piece of {line.key}", "formula", asked.expression, ground.task.points,
                lhs=line.target, line=asked, gapped=gapped, formula=as_numbers(line.expression),
                reason=reason_of(line, ground.solver),
            )
        )  # fmt: skip
    intro = () if ground.task.text else (Words("ws ask blanks", (target,)),)
    return Part("", "ws blanks", intro, tuple(questions), ground.drawn)


# --- which lines ----------------------------------------------------------------------------------------------------


def _derivation(ground: Ground) -> tuple[Name, tuple[Line, ...]]:
    """What is derived, and every gradient it needs, in order."""
    keys = targets(ground.task, ground.solver)
    wanted = keys if ground.task.lines else (ground.draws("gradient").choice(keys),)
    lines = tuple(line for line in ground.solver.backward if line.key in _needed(ground.solver, wanted))
    if len(lines) > MOST_LINES:
        raise InputError(
            ", ".join(wanted), found=f"a derivation of {len(lines)} lines", write="fewer steps, or a smaller cell"
        )
    return next(line.target for line in lines if line.key == wanted[-1]), lines


def targets(task: Task, solver: Solver) -> tuple[str, ...]:
    """The gradients a task names; else those of the weights whose derivations are as long as the first.

    Raises:
        InputError: a gradient that the model does not have.
    """
    known = [line.key for line in solver.backward]
    unknown = [key for key in task.lines if key not in known]
    if unknown or not known:
        raise InputError(
            ", ".join(unknown) or f"--tasks {task.name}",
            found="no gradient of the model" if known else "a model without a loss: there is nothing to derive",
            write=", ".join(known) or "a model with a [loss] table",
        )
    if task.lines:
        return task.lines
    weights = [
        line.key
        for line in solver.backward
        if isinstance(line.target, Adjoint)
        and isinstance(line.target.of, Parameter)
        and any(isinstance(name, Signal) for name in names_in(line.expression))
    ]
    found = weights or known[-1:]
    length = len(_needed(solver, found[:1]))
    return tuple(key for key in found if len(_needed(solver, (key,))) == length)


@lru_cache(maxsize=64)
def _reads(solver: Solver) -> dict[str, frozenset[str]]:
    return {
        line.key: frozenset(key_of(name) for name in names_in(line.expression) if isinstance(name, Adjoint))
        for line in solver.backward
    }


def _needed(solver: Solver, keys: tuple[str, ...] | list[str]) -> frozenset[str]:
    reads = _reads(solver)
    found: set[str] = set()
    waiting = list(keys)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += reads[key]
    return frozenset(found)


# --- reasons --------------------------------------------------------------------------------------------------------


def reason_of(line: Line, solver: Solver) -> Reason:
    """The chain rule through what reads the quantity, and by which rules, as `derive` says it; at the line's step."""
    target = line.target
    assert isinstance(target, Adjoint)
    found = _reasons(solver).get(target) or _reasons(solver).get(family(target))
    if found is None:
        return GIVEN
    name, users = found
    if isinstance(target.of, Parameter):
        return Reason("adjoint parameter", (target.of, ways(name, users, solver.program)))
    step = int(target.of.time) if isinstance(target.of, Signal) and target.of.indices else 0
    at = {solver.program.steps.index: sp.Integer(step), solver.program.steps.hi: sp.Integer(solver.model.steps)}
    read = names_in(line.expression)
    keys = {key_of(name) for name in read}
    kept = [user for user in users if key_of(Adjoint(substitute(user, at))) in keys]
    loss = [user for user in users if user == solver.program.loss]
    # The loss hands back no gradient by name: it is there where something else than later gradients stands in the line.
    if loss and (not kept or any(not isinstance(n, Adjoint | Parameter) for n in read)):
        kept = [*loss, *kept]
    if not kept:
        return Reason("adjoint cotangent", (target.of,))
    about = tuple(substitute(user, at) for user in kept)
    return Reason("adjoint", (target.of, about, ways(name, kept, solver.program)))


@lru_cache(maxsize=8)
def _reasons(solver: Solver) -> dict[object, tuple[Name, tuple[Name, ...]]]:
    """Every quantity's users, from the adjoint's own reasons."""
    found: dict[object, tuple[Name, tuple[Name, ...]]] = {}
    for equation in adjoint(solver.program):
        if equation.reason.key == "adjoint":
            name, users = equation.reason.about
            # ∂L/∂h_0 has an equation of its own beside that of ∂L/∂h_t.
            key = family(equation.target) if equation.domain else equation.target
            found[key] = (name, tuple(dict.fromkeys(users)))
    return found


# --- pieces ---------------------------------------------------------------------------------------------------------


def _piece(line: Line, solver: Solver, draws: Draws) -> tuple[Line, Node]:
    """A piece of a line's right side with what mistakes make of it, and the right side with a gap in its place.

    Pieces in which more than a sign can be wrong are drawn more often.
    """
    whole = as_numbers(line.expression)
    inside = {id(operand) for node, _ in places(whole) if isinstance(node, PIECES) for operand in node.operands}
    found = [
        (_asked(line, solver, piece, put(Gap(piece.shape))), put(Gap(piece.shape)))
        for piece, put in places(whole)
        if id(piece) in inside and not isinstance(piece, Number | Ones) and not _is_minus(piece)
    ]
    telling = [each for each in found if any(row != "R24" for row, _ in each[0].wrong)]
    # Twice in the urn where a known mistake tells something, once where only a sign can be wrong.
    return draws.choice([*telling, *found] or [(replace(line, expression=whole), Gap(whole.shape))])


def _is_minus(node: Node) -> bool:
    """−x: what is asked of `1 − h²` is h², not −h²."""
    return str(node).startswith("-")


def _asked(line: Line, solver: Solver, piece: Node, gapped: Node) -> Line:
    """The piece as a line, with the mistakes within it, and those of the whole line that change nothing else."""
    program = solver.program
    setting = Setting(line.target, solver.model.steps, program.parameters, program.inputs, program.states)
    wrong = dict.fromkeys(mutated(piece, setting))
    for row, node in line.wrong:
        other = _filled(gapped, as_numbers(node))
        if other is not None and other != piece:
            wrong[(row, other)] = None
    return replace(line, expression=piece, wrong=tuple(wrong))


def _filled(gapped: Node, node: Node) -> Node | None:
    """What stands in a formula where another has its gap; None where they differ elsewhere."""
    if isinstance(gapped, Gap):
        return node if node.shape == gapped.shape else None
    mine, other = ((), ()) if isinstance(gapped, Name) else (operands_of(gapped), operands_of(node))
    if type(gapped) is not type(node) or len(mine) != len(other):
        return None
    if not mine or gapped.with_operands(other) != node:
        return None
    found = [_filled(a, b) for a, b in zip(mine, other, strict=True) if a != b]
    return found[0] if len(found) == 1 else None
