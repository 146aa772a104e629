"""A model evaluated by compiled array code: float64, batches, many steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symrnn.algebra.nodes import Adjoint, Block, Immediate, Name, Parameter, Signal
from symrnn.algebra.programs import Equation, Program
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.rewriting import expose
from symrnn.models.model import Model, as_float, label
from symrnn.numeric.compilation import Arrays, compile_forward, compile_gradients
from symrnn.numeric.results import Results, key_of, roles_text
from symrnn.numeric.stepwise import contributions, step_jacobians
from symrnn.numeric.storage import local

MOST_ENTRIES = 2_000_000
"""Summands and step Jacobians are listed up to so many numbers."""
NOT_LISTED = "Summands and step Jacobians are left out: more than {0:,} numbers."
NOT_FINITE = "Some results are not finite in float64: the network overflows at these numbers."


def given_arrays(model: Model) -> dict[str, NDArray[Any]]:
    """The numbers of a model under the names compiled code knows: `W_h`, `x`, `h0`, `y`, `given_h`."""
    return {
        f"given_{name.wrt.name}"
        if isinstance(name, Immediate) and isinstance(name.wrt, Signal)
        else label(name): as_float(v)
        for name, v in model.values.items()
    }


def run_model(model: Model) -> Arrays:
    """Every value and, where there is a loss or a cotangent, every adjoint."""
    has_gradients = model.program.loss is not None or any(isinstance(name, Immediate) for name in model.values)
    run = compile_gradients(model.program, keep=True) if has_gradients else compile_forward(model.program)
    with np.errstate(over="ignore", invalid="ignore"):
        return run(given_arrays(model), steps=model.steps)


def evaluate_compiled(model: Model, note: str = "") -> Results:
    """Every value, gradient, summand and step Jacobian of a model in float64."""
    arrays = run_model(model)
    forward = expose(model.program)
    back = adjoint(model.program) if f"d_{model.program.states[0].name}" in arrays else None
    values = {**_initials(model), **dict(_listed(forward, arrays, model))}
    gradients = dict(_listed(back, arrays, model)) if back else {}
    with np.errstate(over="ignore", invalid="ignore"):
        summands, blocks, left_out = _details(model, arrays, back)
    notes = [note, NOT_LISTED.format(MOST_ENTRIES) if left_out else "", "" if _all_finite(arrays) else NOT_FINITE]
    return Results(
        name=model.name,
        steps=model.steps,
        convention=model.program.convention,
        roles=roles_text(model),
        exact=False,
        values=values,
        gradients=gradients,
        contributions=summands,
        jacobians=blocks,
        states=tuple(state.name for state in model.program.states),
        parameters=tuple(p.name for p in model.program.parameters if p.name in gradients),
        note=" ".join(filter(None, notes)),
    )


def _all_finite(arrays: Arrays) -> bool:
    return all(bool(np.isfinite(arrays[name]).all()) for name in arrays)


def _initials(model: Model) -> dict[str, Any]:
    found = {name: model.values[name] for name in model.program.initials}
    return {key_of(name): _entry(as_float(value), model, name) for name, value in found.items()}


def _listed(program: Program, arrays: Arrays, model: Model) -> Iterator[tuple[str, Any]]:
    for equation in program:
        yield from _entries(equation, arrays, model)


def _entries(equation: Equation, arrays: Arrays, model: Model) -> Iterator[tuple[str, Any]]:
    target = equation.target
    inner = target.of if isinstance(target, Adjoint) else target
    variable = local(target)
    if isinstance(inner, Parameter) or not (isinstance(inner, Signal) and inner.indices):
        yield key_of(inner), _entry(_summed(arrays[variable], target, arrays), model, target)
    elif equation.domain:
        series = arrays[variable]
        for step in range(1, arrays.steps + 1):
            yield f"{inner.name}[{step}]", _entry(series[step - 1], model, target)
    else:
        last = inner.time.xreplace({model.program.steps.hi: arrays.steps})
        yield f"{inner.name}[{last}]", _entry(arrays.at(variable, int(last)), model, target)


def _summed(value: NDArray[Any], target: Name, arrays: Arrays) -> NDArray[Any]:
    """What has no step and is one number for each example, the loss, is summed over the batch."""
    if isinstance(target, Signal) and target.shape == (1, 1):
        return np.asarray(np.sum(value))
    return value


def _entry(value: NDArray[Any], model: Model, name: Name) -> Any:
    """An array in the form of the JSON contract."""
    array = np.asarray(value)
    if array.size == 1 and (model.bare or (name.shape == (1, 1) and model.batch is None)):
        return float(array.reshape(()))
    return array.tolist()


def _details(
    model: Model, arrays: Arrays, back: Program | None
) -> tuple[dict[str, dict[str, Any]], dict[str, Any], bool]:
    """Summands and step Jacobians, unless they are too many to list."""
    given = given_arrays(model)
    parameters = sum(given[p.name].size for p in model.program.parameters)
    states = sum(model.sizes.get(str(s.shape[0]), 1) for s in model.program.states)
    if model.steps * (parameters + states**2 * (model.batch or 1)) > MOST_ENTRIES:
        return {}, {}, True
    blocks: dict[str, Any] = {}
    if model.program.states:
        for block, series in step_jacobians(model.program, arrays, given).items():
            blocks |= dict(_block_entries(block, series, model))
    summands: dict[str, dict[str, Any]] = {}
    if back is not None:
        for name, series in contributions(model.program, arrays, given).items():
            parameter = next(p for p in model.program.parameters if p.name == name)
            summands[name] = {str(k + 1): _entry(each, model, parameter) for k, each in enumerate(series)}
    return summands, blocks, False


def _block_entries(block: Block, series: NDArray[Any], model: Model) -> Iterator[tuple[str, Any]]:
    assert isinstance(block.of, Signal) and isinstance(block.wrt, Signal)
    index = model.program.steps.index
    for step in range(1, model.steps + 1):
        of, wrt = (f"{n.name}[{n.time.xreplace({index: step})}]" for n in (block.of, block.wrt))
        yield f"{of}/{wrt}", _entry(series[step - 1], model, block)
