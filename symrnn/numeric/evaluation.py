"""`evaluate(model)`: every value, gradient, summand and step Jacobian of a model, exact where it can be.

Decides who computes: exact fractions or closed forms within the digit budget, mpmath where digits are asked for (or
where fractions would pass the budget), the compiled float64 code otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp

from symrnn.algebra.nodes import Adjoint, Block, Immediate, Name, Parameter, Signal, substitute
from symrnn.algebra.programs import Program
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.jacobians import jacobian
from symrnn.calculus.rewriting import expose
from symrnn.errors import InputError, LimitError
from symrnn.models.losses import RATE, THRESHOLD, training_step
from symrnn.models.model import Array, Model
from symrnn.models.shaping import axes
from symrnn.numeric.compiled import evaluate_compiled
from symrnn.numeric.exact import (
    DIGITS,
    NOTES,
    Interpretation,
    NoClosedForm,
    TooManyDigits,
    evaluate_to_digits,
    exact_values,
    interpret,
)
from symrnn.numeric.results import Results, entries_of, key_of, roles_text
from symrnn.numeric.scalars import Reals, Symbols

BUDGET = 2_000
MOST_EXACT_WORK = 200_000
"""Scalar multiplications a step times steps up to which the interpreter is used."""


def evaluate(model: Model, digits: int | None = None) -> Results:
    """Every value h_t, …, L and every gradient ∂L/∂h_t, ∂L/∂W of a model, with each step's summand and Jacobian.

    Exact where the cell and the numbers allow it within a budget of 2,000 digits a number; with `digits`, that many
    significant digits; float64 otherwise. A model with an [update] also gets its new parameters and its new loss.

    >>> from symrnn.models.files import load
    >>> results = evaluate(load("example:linear"))
    >>> print(results["L"], results["dL/dh[0]"])
    1/128 -1/64
    """
    results = _evaluated(model, digits)
    return results if model.update is None else replace(results, update=_updated(model, results, digits))


def _evaluated(model: Model, digits: int | None) -> Results:
    if digits is not None:
        _refuse_large(model, f"--digits {digits}")
        return _interpreted(model, evaluate_to_digits(*_task(model), digits), False, digits, "")
    if not model.exact or model.batch is not None or _work(model) > MOST_EXACT_WORK:
        return evaluate_compiled(model)
    try:
        return _interpreted(model, exact_values(*_task(model), BUDGET), True, None, "")
    except NoClosedForm:
        return evaluate_compiled(model)
    except TooManyDigits as found:
        note = NOTES["too many digits"].format(BUDGET, found.digits, digits=DIGITS)
        return _interpreted(model, evaluate_to_digits(*_task(model), DIGITS), False, DIGITS, note)


def _updated(model: Model, results: Results, digits: int | None) -> dict[str, Any]:
    """The parameters after one training step, and the loss with them."""
    assert model.update is not None
    step = training_step(model.program, clip=model.update.clip)
    values: dict[Name, Any] = {name: model.values[name] for name in model.program.parameters}
    values |= {Adjoint(p): as_array(results.gradients[p.name], p, model) for p in model.program.parameters}
    values[RATE] = model.update.rate
    if model.update.threshold is not None:
        values[THRESHOLD] = model.update.threshold
    if not results.exact and model.update.symbols:
        names = ", ".join(map(str, model.update.symbols))
        raise InputError(
            f"[update] with {names}", found="a symbol beside results that are decimals", write=f"a number for {names}"
        )
    domain = Symbols("expanded") if results.exact else Reals(digits or 17)
    found = interpret(step, 1, dict(model.sizes), values, domain)
    shaped = {
        p: _Shaper(model.bare)(p, found[Parameter(f"{p.name}_new", *p.args[1:])]) for p in model.program.parameters
    }
    new = {p: as_array(value, p, model) for p, value in shaped.items()}
    if not results.exact and digits is None:
        new = {name: np.asarray(value, dtype=np.float64) for name, value in new.items()}
        shaped = {name: _plain(value, model.bare) for name, value in new.items()}
    after = _evaluated(replace(model, values={**model.values, **new}, update=None), digits)
    return {**{p.name: value for p, value in shaped.items()}, "L": after.values["L"]}


def as_array(value: Any, name: Name, model: Model) -> Array:
    """A result as an array of its parameter's shape."""
    shape = tuple(int(size.xreplace(_numbers(model))) for size in axes(name.shape))
    array = np.empty(shape, dtype=object)
    entries = [_as_given(entry) for entry in entries_of(value)]
    array[...] = np.array(entries, dtype=object).reshape(shape)
    return array


def _as_given(entry: Any) -> Any:
    """An mpmath number as the fraction its digits say, so that it can be given again."""
    return sp.Rational(str(entry)) if hasattr(entry, "_mpf_") else entry


def _refuse_large(model: Model, wrote: str) -> None:
    if model.batch is not None or _work(model) > 5 * MOST_EXACT_WORK:
        raise LimitError(
            wrote,
            found=f"{model.steps} steps of sizes {dict(model.sizes)}"
            + (f", a batch of {model.batch}" if model.batch else "")
            + ": too much for multiple precision",
            write="fewer steps, smaller sizes, one example; or no --digits for float64",
        )


def _work(model: Model) -> int:
    entries = sum(int(np.prod(value.shape)) for name, value in model.values.items() if isinstance(name, Parameter))
    return entries * model.steps


def programs_of(model: Model) -> tuple[Program, ...]:
    """The forward Program with its arguments named, its adjoint, and the step Jacobian's blocks as a Program."""
    forward = expose(model.program)
    programs = [forward]
    if forward.loss is not None or cotangents_of(model):
        programs.append(adjoint(model.program))
    if forward.states:
        programs.append(_blocks_program(model.program))
    return tuple(programs)


def cotangents_of(model: Model) -> tuple[Immediate, ...]:
    """The given gradients ∂⁺L/∂ of a model without a loss."""
    return tuple(name for name in model.values if isinstance(name, Immediate))


def _blocks_program(program: Program) -> Program:
    step = jacobian(program)
    reads = dict.fromkeys(name for block in step for name in block.reads)
    assigned = {block.target for block in step}
    given = tuple(name for name in reads if name not in assigned and not isinstance(name, Parameter))
    return Program(
        f"step Jacobian of {program.name}", step.blocks, parameters=program.parameters, given=given, steps=program.steps
    )


def _task(model: Model) -> tuple[tuple[Program, ...], int, dict[str, int], dict[Name, Any]]:
    return programs_of(model), model.steps, dict(model.sizes), dict(placed_values(model))


def placed_values(model: Model) -> Iterator[tuple[Name, Any]]:
    """The given values under names at concrete steps; cotangents that were not given are zero."""
    index, last = model.program.steps.index, model.program.steps.hi
    for name, value in model.values.items():
        if name.has(index):
            for step in range(1, model.steps + 1):
                yield substitute(name, {index: sp.Integer(step)}), value[step - 1]
        else:
            yield substitute(name, {last: sp.Integer(model.steps)}), value
    if cotangents_of(model):
        yield from _absent_cotangents(model)


def _absent_cotangents(model: Model) -> Iterator[tuple[Name, Any]]:
    given = set(cotangents_of(model))
    index, last = model.program.steps.index, model.program.steps.hi
    for name in adjoint(model.program).given:
        if isinstance(name, Immediate) and name not in given:
            steps: Iterable[int] = range(1, model.steps + 1) if name.has(index) else (model.steps,)
            rows = int(sp.Integer(1) * name.shape[0].xreplace(_numbers(model)))
            for step in steps:
                placed = substitute(name, {index: sp.Integer(step), last: sp.Integer(model.steps)})
                yield placed, [0] * rows


def _numbers(model: Model) -> dict[sp.Symbol, sp.Integer]:
    return {sp.Symbol(key, integer=True, positive=True): sp.Integer(size) for key, size in model.sizes.items()}


# --- from the interpreter's matrices to results -----------------------------------------------------------------------


def _interpreted(model: Model, found: Interpretation, exact: bool, digits: int | None, note: str) -> Results:
    shape = _Shaper(model.bare)
    values, gradients, blocks = {}, {}, {}
    for name, matrix in found.items():
        if isinstance(name, Adjoint):
            gradients[key_of(name.of)] = shape(name, matrix)
        elif isinstance(name, Block):
            blocks[f"{key_of(name.of)}/{key_of(name.wrt)}"] = shape(name, matrix)
        elif isinstance(name, Signal):
            values[key_of(name)] = shape(name, matrix)
    values = {**_given_values(model, digits), **values}
    contributions = {
        key_of(name.of): {str(step): shape(name, matrix) for step, matrix in sorted(steps.items())}
        for name, steps in found.contributions.items()
        if isinstance(name, Adjoint) and isinstance(name.of, Parameter)
    }
    results = Results(
        name=model.name,
        steps=model.steps,
        convention=model.program.convention,
        roles=roles_text(model),
        exact=exact,
        values=values,
        gradients=gradients,
        contributions=contributions,
        jacobians=blocks,
        states=tuple(state.name for state in model.program.states),
        parameters=tuple(p.name for p in model.program.parameters if p.name in gradients),
        digits=digits,
        note=note,
    )
    return results


def _given_values(model: Model, digits: int | None) -> dict[str, Any]:
    """The initial states: they belong to the table t = 0..T."""
    return {
        key_of(name): _plain(value, model.bare)
        for name, value in model.values.items()
        if isinstance(name, Signal) and name in model.program.initials
    }


def _plain(value: Array, bare: bool) -> Any:
    return value.reshape(-1)[0] if bare and value.size == 1 else value.tolist()


class _Shaper:
    """Brings an interpreter's matrix to the form of the JSON contract: bare scalars, flat columns, rows of rows."""

    def __init__(self, bare: bool) -> None:
        self.bare = bare

    def __call__(self, name: Name, matrix: tuple[tuple[Any, ...], ...]) -> Any:
        rows = [list(row) for row in matrix]
        one = len(rows) == 1 and len(rows[0]) == 1
        if one and (self.bare or name.shape == (1, 1)):
            return rows[0][0]
        return [row[0] for row in rows] if name.shape[1] == 1 and not isinstance(name, Block) else rows
