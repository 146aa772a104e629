"""A model along its own trajectory: states, step Jacobians as a chain, and the trajectory held on where it may be.

Reads a `Model`; returns a `Trajectory`: every signal's array, the chain of full-state Jacobians ∂s_t/∂s_{t-1}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symrnn.algebra.nodes import Immediate, MatMul, Name, Parameter, Signal, names_in, subexpressions
from symrnn.algebra.programs import Program, family
from symrnn.errors import InputError, LimitError
from symrnn.models.model import Model, as_float, label
from symrnn.numeric.chains import Chain, ChainError
from symrnn.numeric.compilation import Arrays, compile_forward
from symrnn.numeric.products import jacobian_chain

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """s_0, s_1, … s_T of one example and the chain of its step Jacobians.

    Attributes:
        model: whose it is.
        arrays: every signal, by name.
        chain: J_1 … J_T over the stacked state.
        example: which of a batch.
    """

    model: Model
    arrays: Arrays
    chain: Chain
    example: int | None = None

    @property
    def steps(self) -> int:
        """T."""
        return self.chain.steps

    def signal(self, name: str) -> Array:
        """A signal at the steps 1..T: (T, rows)."""
        array = np.asarray(self.arrays[name], dtype=np.float64)
        return array if self.example is None or array.ndim < 3 else array[:, self.example]

    def signal_in(self, name: str) -> Array:
        """An input at the steps 1..T, as it was given: (T, rows)."""
        array = np.asarray(given_of(self.model)[name], dtype=np.float64)
        array = array.reshape(len(array), -1) if array.ndim == 1 else array
        return array if self.example is None or array.ndim < 3 else array[:, self.example]

    def state(self, step: int) -> Array:
        """The stacked state at one step, 0 among them: (N,)."""
        parts = []
        for name, _ in self.chain.states:
            base, lag = _companion(name)
            part = np.asarray(self.arrays.at(base, step - lag), dtype=np.float64)
            parts.append(part if part.ndim == 1 else part[min(self.example or 0, len(part) - 1)])
        return np.concatenate(parts)


def _companion(name: str) -> tuple[str, int]:
    """`h_{t-1}`, the companion state of a cell that reads h_{t-2}, is h one step before."""
    base, _, rest = name.partition("_{t-")
    return (base, int(rest.rstrip("}"))) if rest else (name, 0)


def follow(model: Model, example: int = 0, steps: int | None = None) -> Trajectory:
    """The trajectory of a model, of one example of a batch; `steps` holds a constant input on for longer.

    >>> from symrnn.models.files import load
    >>> follow(load("example:linear")).state(1).tolist()
    [0.5]
    """
    check_example(model, example)
    if model.symbols:
        raise InputError(
            model.name, found=f"symbols among its numbers: {', '.join(map(str, model.symbols))}", write="numbers"
        )
    if steps is not None and steps != model.steps:
        model = held(model, steps)
    given = given_of(model)
    chosen = None if model.batch is None else example
    with np.errstate(over="ignore", invalid="ignore"):
        arrays = compile_forward(model.program)(given, steps=model.steps)
        chain = jacobian_chain(model.program, arrays, given, chosen)
    return Trajectory(model, arrays, chain, chosen)


def followed(model: Model, example: int = 0) -> Trajectory:
    """The trajectory of a model, cut where its states pass what float64 holds.

    >>> from symrnn.models.files import load
    >>> followed(load("example:linear")).steps
    3
    """
    steps = model.steps
    while True:
        try:
            return follow(model, example, steps)
        except ChainError:
            if steps == 1:
                raise
            steps //= 2


def check_example(model: Model, example: int) -> None:
    """Raise for an example that a model's batch does not have."""
    if not 0 <= example < (model.batch or 1):
        has = f"a batch of {model.batch}" if model.batch else "no batch"
        raise InputError(f"--example {example}", found=has, write=f"--example with 0 to {(model.batch or 1) - 1}")


def given_of(model: Model) -> Mapping[str, Array]:
    """The model's numbers in float64 by neutral name, as compiled code takes them."""
    return MappingProxyType(
        {label(name): as_float(value) for name, value in model.values.items() if not isinstance(name, Immediate)}
    )


def is_constant_input(model: Model, example: int = 0) -> bool:
    """Whether every input is the same at every step, or there is none.

    >>> from symrnn.models.files import load
    >>> is_constant_input(load("example:linear"))
    True
    """
    for signal in model.program.inputs:
        series = as_float(model.values[signal])
        if model.batch is not None and series.ndim == 3:
            series = series[:, example]
        if len(series) and not (series == series[:1]).all():
            return False
    return True


def held(model: Model, steps: int) -> Model:
    """The model over another number of steps: its constant input held on, or its input cut."""
    if steps > model.steps and not is_constant_input(model):
        raise LimitError(
            f"steps={steps}", found=f"an input of {model.steps} steps that moves", write="steps within the input"
        )
    values: dict[Name, Any] = {}
    for name, value in model.values.items():
        timed = not isinstance(name, Parameter) and name.has(model.program.steps.index)
        values[name] = value[np.minimum(np.arange(steps), len(value) - 1)] if timed and len(value) else value
    return replace(model, steps=steps, values=values)


def input_range(model: Model, signal: Signal) -> tuple[Array, Array]:
    """The least and the largest value of each component of an input, over steps and examples: (rows, 1) each."""
    series = as_float(model.values[signal])
    rows = series.reshape(-1, series.shape[-1]) if series.ndim > 1 else series.reshape(-1, 1)
    return rows.min(axis=0)[:, None], rows.max(axis=0)[:, None]


def recurrent_parameters(cell: Program) -> tuple[Parameter, ...]:
    """The square matrices that multiply a state of an earlier step, by their use and not by their name.

    >>> from symrnn.cells import gru
    >>> [p.name for p in recurrent_parameters(gru())]
    ['U_z', 'U_r', 'U_h']
    """
    states = {family(state) for state in cell.states}
    found: dict[Parameter, None] = {}
    for equation in cell:
        for part in subexpressions(equation.expression):
            if not isinstance(part, MatMul):
                continue
            names = [name for factor in part.operands for name in names_in(factor)]
            if any(isinstance(name, Signal) and family(name) in states for name in names):
                found |= {f: None for f in part.operands if isinstance(f, Parameter) and f.shape[0] == f.shape[1]}
    return tuple(found)
