"""Every derivative against PyTorch's float64 autograd, at random points of sizes 1 to 5 and 1 to 6 steps."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

from symrnn.algebra.nodes import Immediate, Name, Parameter, Signal
from symrnn.algebra.programs import Program
from symrnn.algebra.reading.roles import parse_cell
from symrnn.cells.catalogue import KINDS
from symrnn.errors import SymrnnError
from symrnn.models.losses import with_loss

from .evaluators import EVALUATORS, Task, assert_close, backward, key_of, zeros_where_missing

torch = pytest.importorskip("torch")

from .torch_cells import CELLS, NAMED, gradients, loss_of  # noqa: E402  after the check that PyTorch is here

BOUND = 1e-12


@dataclass(frozen=True)
class Loss:
    """What stands at the end of a cell: a loss of `with_loss`, or given cotangents (`kind` empty)."""

    kind: str = ""
    at: str = "last"
    reduce: str = "sum"
    readout: bool = False
    bias: bool = True

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.kind or "cotangents", self.at, self.reduce) if part) + (
            " readout" * self.readout
        )


LOSSES = (
    Loss(),
    Loss("half_squared_error", "every_step", "mean"),
    Loss("softmax_cross_entropy", "every_step", readout=True, bias=False),
    Loss("half_squared_error"),
    Loss("squared_error", "every_step", readout=True),
    Loss("mean_squared_error", "every_step", "mean", readout=True),
    Loss("mean_squared_error", readout=True, bias=False),
    Loss("softmax_cross_entropy", readout=True),
)
THOROUGH = ("rnn", "lstm", "gru chung2014")
JUDGED = [(cell, loss) for cell in CELLS for loss in (LOSSES if cell in THOROUGH else LOSSES[:3])]
"""One cell of each kind with every loss, the others with the first three."""


def points(cell: str, evaluator: str) -> int:
    """How many random points for a cell with one loss: 20; of the slow interpreter at least 20 for the cell."""
    return 20 if evaluator != "interpreted" else 3 if cell in THOROUGH else 7


@cache
def program_of(cell: str, loss: Loss) -> Program:
    """The cell with the loss."""
    program = CELLS[cell].make()
    return with_loss(program, loss.kind, loss.at, loss.reduce, loss.readout, loss.bias) if loss.kind else program


def drawn(program: Program, loss: Loss, rng: np.random.Generator, batch: int) -> dict[str, np.ndarray]:
    """Normal numbers for everything a Program is given; a softmax target is a distribution."""
    steps = int(rng.integers(1, 7))
    cotangents = [name for name in backward(program).given if isinstance(name, Immediate)]
    names = (*program.parameters, *program.inputs, *program.initials, *program.given, *cotangents)
    symbols = {size for name in names for size in name.shape if size.is_Symbol}
    sizes = {size: int(rng.integers(1, 6)) for size in sorted(symbols, key=str)}
    arrays = {}
    for name in names:
        rows, cols = (int(size.xreplace(sizes)) for size in name.shape)
        array = rng.normal(size=_shape(name, rows, cols, steps, batch))
        if isinstance(name, Parameter) and name.structure == "diagonal":
            array = np.diag(np.diag(array))
        arrays[key_of(name)] = array
    if loss.kind == "softmax_cross_entropy":
        arrays["y"] = np.exp(arrays["y"]) / np.exp(arrays["y"]).sum(-1, keepdims=True)
    return arrays


def _shape(name: Name, rows: int, cols: int, steps: int, batch: int) -> tuple[int, ...]:
    if isinstance(name, Parameter):
        return rows, cols
    signal = name.wrt if isinstance(name, Immediate) else name
    assert isinstance(signal, Signal)
    return (steps, batch, rows) if signal.indices and str(signal.time) == "t" else (batch, rows)


def judged(cell: str, program: Program, loss: Loss, arrays: dict[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """What PyTorch has: the outputs, the loss of every example, and the gradient of everything that has one."""
    P = {key: torch.tensor(array, requires_grad=True) for key, array in arrays.items()}
    states = CELLS[cell].run(P)
    output = program.outputs[-1].name
    yield output, torch.stack(states[output]).detach().numpy()
    if loss.kind:
        per_example = loss_of(P, states[output], loss.kind, loss.at, loss.reduce)
        yield "L", per_example.detach().numpy()
        scalar = per_example.sum()
    else:
        scalar = (torch.stack(states[output]) * P[f"d/d {output}"]).sum()
        for final in program.finals:
            scalar = scalar + (states[final.name][-1] * P[f"d/d {final.name}"]).sum()
    keys = (key_of(name) for name in (*program.parameters, *program.inputs, *program.initials))
    for key, gradient in gradients(scalar, P, keys).items():
        yield f"∂ {key}", gradient


@pytest.mark.parametrize("evaluator", EVALUATORS)
@pytest.mark.parametrize(("cell", "loss"), JUDGED, ids=str)
def test_every_gradient_equals_autograd(cell: str, loss: Loss, evaluator: str) -> None:
    """Values, losses and the gradients of x, the initial states and all parameters, within 1e-12."""
    program = program_of(cell, loss)
    for point in range(points(cell, evaluator)):
        rng = np.random.default_rng(zlib.crc32(f"{cell} {loss} {point}".encode()))
        arrays = drawn(program, loss, rng, batch=1 if evaluator == "interpreted" else 1 + point % 3)
        found = EVALUATORS[evaluator](Task(program, arrays))
        ours = dict(found.values) | {f"∂ {key}": one for key, one in _complete(program, found.gradients, arrays)}
        for key, theirs in judged(cell, program, loss, arrays):
            if key == "∂ U" and cell == "independent":
                theirs = np.diag(np.diag(theirs))
            assert_close(ours[key], theirs, BOUND, f"{cell}, {loss}, point {point}: {key}")


def _complete(
    program: Program, found: dict[str, np.ndarray], arrays: dict[str, np.ndarray]
) -> Iterator[tuple[str, np.ndarray]]:
    keys = (key_of(name) for name in (*program.parameters, *program.inputs, *program.initials))
    yield from zeros_where_missing(found, keys, arrays).items()


@pytest.mark.parametrize(
    ("cell", "loss"), [(cell, LOSSES[0]) for cell in CELLS] + [("rnn", loss) for loss in LOSSES[1:]], ids=str
)
def test_both_evaluators_agree_on_every_quantity(cell: str, loss: Loss) -> None:
    """Gates, arguments and every intermediate adjoint too; what stands at the last step alone is compared there."""
    program = program_of(cell, loss)
    arrays = drawn(program, loss, np.random.default_rng(5), batch=2)
    wanted, found = (EVALUATORS[name](Task(program, arrays)) for name in ("interpreted", "compiled"))
    for theirs, ours in ((wanted.values, found.values), (wanted.gradients, found.gradients)):
        for key in theirs.keys() - {"L_t"}:
            last = slice(-len(theirs[key]), None) if theirs[key].ndim == 3 else ...
            assert_close(ours[key][last], theirs[key], BOUND, f"{cell}, {loss}: {key}")


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("h_t = tanh(W h_{t-1} + V x_t)\ny_t = U h_t + c", {"readout": True}),
        ("h_t = tanh(W_y h_{t-1} + V x_t)", {"readout": True}),
        ("p_t = tanh(W p_{t-1} + V x_t)", {"kind": "softmax_cross_entropy"}),
        ("h_t = tanh(W h_{t-1} + V x_t)\ny_t = U h_t + c", {}),
    ],
)
def test_a_cell_may_have_names_that_losses_use(text: str, options: dict[str, Any]) -> None:
    """A loss and a readout keep apart from the cell's own y, p and W_y, or refuse: no name is two quantities."""
    try:
        program = with_loss(parse_cell(text), at="every_step", **options)
    except SymrnnError:
        return
    names = [(name.name, str(name)) for name in (*program.definitions, *program.parameters, *program.given)]
    assert len(names) == len(set(names))


def test_the_named_cells_are_all_judged() -> None:
    """Every kind and variant the library names has a judge."""
    for kind, row in KINDS.items():
        named = {kind} if len(row.variants) == 1 else {f"{kind} {variant}" for variant in row.variants}
        assert named <= set(NAMED)
