"""Forward mode and step Jacobians against PyTorch: the other two questions the same rules answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from symrnn.algebra.nodes import Block, Name, Parameter, Tangent
from symrnn.algebra.programs import Program
from symrnn.calculus.jacobians import jacobian
from symrnn.calculus.tangents import tangent
from symrnn.numeric.exact import interpret
from symrnn.numeric.scalars import Reals

from .evaluators import DIGITS, Task, assert_close, forward, key_of, placed

torch = pytest.importorskip("torch")

from .test_autograd import BOUND, LOSSES, Loss, drawn, judged, program_of  # noqa: E402  after the check for PyTorch
from .torch_cells import CELLS  # noqa: E402

POINTS = 2


def _rng(cell: str, point: int) -> np.random.Generator:
    return np.random.default_rng([sum(map(ord, cell)), point])


# --- forward mode ----------------------------------------------------------------------------------------------------


def _moving(program: Program) -> tuple[Name, ...]:
    return (*program.parameters, *program.inputs, *program.initials)


@pytest.mark.parametrize("loss", LOSSES[:3], ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_the_tangent_is_the_gradient_along_the_direction(cell: str, loss: Loss) -> None:
    """L̇ (or Σ ⟨w_t, ḣ_t⟩ for cotangents w) equals the inner product of PyTorch's gradients with the direction."""
    program = program_of(cell, loss)
    for point in range(POINTS):
        rng = _rng(cell, point)
        arrays = drawn(program, loss, rng, batch=1)
        directions = {key_of(name): rng.normal(size=arrays[key_of(name)].shape) for name in _moving(program)}
        if cell == "independent":
            directions["U"] = np.diag(np.diag(directions["U"]))
        theirs = dict(judged(cell, program, loss, arrays))
        wanted = sum(np.sum(theirs[f"∂ {key}"] * direction) for key, direction in directions.items())
        ours = _tangents(Task(program, arrays), directions)
        assert_close(_moved(program, loss, arrays, ours), wanted, BOUND, f"{cell}, point {point}")


def _tangents(task: Task, directions: dict[str, np.ndarray]) -> dict[str, Any]:
    program = task.program
    values = dict(placed(task, 0))
    moving = Task(program, {**task.arrays, **directions})
    names = {name.name for name in _moving(program)}
    values |= {Tangent(name): value for name, value in placed(moving, 0) if getattr(name, "name", None) in names}
    found = interpret((forward(program), tangent(program)), task.steps, task.sizes, values, Reals(DIGITS))
    return {
        str(name): np.array(matrix, dtype=float)[:, 0] for name, matrix in found.items() if isinstance(name, Tangent)
    }


def _moved(program: Program, loss: Loss, arrays: dict[str, np.ndarray], ours: dict[str, Any]) -> float:
    if loss.kind:
        return ours[str(Tangent(program.loss))][0]
    (output,) = program.outputs
    last = len(arrays[program.inputs[0].name])
    at_steps = ((ours[str(Tangent(output.at(k)))], arrays[f"d/d {output.name}"][k - 1, 0]) for k in range(1, last + 1))
    return sum(moved @ weights for moved, weights in at_steps) + sum(
        ours[str(Tangent(f.at(last)))] @ arrays[f"d/d {f.name}"][0] for f in program.finals
    )


# --- step Jacobians --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_step_jacobian_blocks_are_those_of_autograd(cell: str) -> None:
    """∂s_1/∂r_0 for every pair of states, those that are no block being zero."""
    program = CELLS[cell].make()
    step = jacobian(program)
    blocks = Program(
        "blocks",
        step.blocks,
        parameters=program.parameters,
        given=tuple(_given(step.blocks)),
    )
    for point in range(POINTS):
        arrays = drawn(program, Loss(), _rng(cell, point), batch=1)
        arrays |= {key: array[:1] for key, array in arrays.items() if array.ndim == 3}
        task = Task(program, arrays)
        found = interpret((forward(program), blocks), 1, task.sizes, dict(placed(task, 0)), Reals(DIGITS))
        ours = {str(name): np.array(matrix, dtype=float) for name, matrix in found.items() if isinstance(name, Block)}
        for state in program.states:
            for start in program.initials:
                theirs = _jacobian(cell, arrays, state.name, key_of(start))
                block = ours.get(str(Block(state.at(1), start)), np.zeros_like(theirs))
                assert_close(block, theirs, BOUND, f"{cell}, point {point}: ∂{state.name}_1/∂{key_of(start)}")


def _given(blocks: tuple[Any, ...]) -> Iterator[Name]:
    assigned = {block.target for block in blocks}
    reads = dict.fromkeys(name for block in blocks for name in block.reads)
    return (name for name in reads if name not in assigned and not isinstance(name, Parameter))


def _jacobian(cell: str, arrays: dict[str, np.ndarray], state: str, start: str) -> np.ndarray:
    P = {key: torch.tensor(array, dtype=torch.float64) for key, array in arrays.items()}

    def after(initial: Any) -> Any:
        return CELLS[cell].run(P | {start: initial})[state][0][0]

    return torch.autograd.functional.jacobian(after, P[start])[:, 0].numpy()
