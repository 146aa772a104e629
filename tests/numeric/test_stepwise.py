"""Expressions over all steps: step Jacobians against differences, summands against the exact interpreter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import sympy as sp
from textbook_cells import CELLS

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Adjoint, Immediate, Parameter, Signal, substitute, t
from symrnn.algebra.programs import Program, sizes_of
from symrnn.algebra.reading.roles import parse_cell
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.rewriting import expose
from symrnn.cells import gru, lstm, rnn
from symrnn.errors import InputError, NotYetError
from symrnn.models.losses import with_loss
from symrnn.numeric.compilation import Arrays, compile_forward, compile_gradients
from symrnn.numeric.exact import interpret
from symrnn.numeric.generation import local
from symrnn.numeric.scalars import Reals
from symrnn.numeric.stepwise import contributions, step_jacobians
from symrnn.numeric.walks import OPERATIONS, over_steps

Given = dict[str, Any]
SIZES = {"n": 3, "m": 2, "n_h": 4, "n_y": 2, "k": 2, "p": 2}
LAGGED = "h_t = tanh(W h_{t-1} + V h_{t-2} + U x_t)"
SCALARS = "c_t = tanh(w c_{t-1} + u h_{t-2}); h_t = c_t h_{t-1}\nw: scalar\nu: scalar\nh: scalar"

PROGRAMS: Mapping[str, Callable[[], Program]] = {
    "rnn": rnn,
    "rnn, softsign": lambda: rnn("softsign"),
    "lstm": lstm,
    **{f"gru {variant}": lambda v=variant: gru(v) for variant in ("chung2014", "cho2014", "pytorch", "keras")},  # type: ignore[misc]  # bound early
    "lag 2": lambda: parse_cell(LAGGED),
    "two scalar states, lag 2": lambda: parse_cell(SCALARS),
    "softmax": lambda: parse_cell("h_t = softmax(W h_{t-1} + U x_t)"),
    **{
        name: lambda text=CELLS[name].text: parse_cell(text)  # type: ignore[misc]  # bound early
        for name in (
            "linear",
            "scalar rnn",
            "leaky",
            "leaky, by units",
            "jordan",
            "coupled lstm",
            "janet",
            "indrnn",
        )
    },
}


def draw(program: Program, steps: int = 4, batch: int | None = None, seed: int = 0, gradients: bool = False) -> Given:
    """Numbers for what a Program is given."""
    rng = np.random.default_rng(seed)
    numbers = {symbol: SIZES[symbol.name] for symbol in sizes_of(program)}

    def rows(name: Any) -> tuple[int, ...]:
        return tuple(int(size.xreplace(numbers)) for size in name.shape)

    lead = () if batch is None else (batch,)
    given: Given = {}
    for p in program.parameters:
        shape = () if p.shape == (1, 1) else rows(p)[:1] if p.shape[1] == 1 else rows(p)
        given[p.name] = rng.normal(size=shape) * 0.7
        if p.structure == "diagonal":
            given[p.name] = np.diag(np.diag(given[p.name]))
    for x in program.inputs:
        moves = x.indices and x.time.has(program.steps.index)
        given[x.name] = rng.normal(size=((steps,) if moves else ()) + lead + rows(x)[:1])
    for h in program.initials:
        given[f"{h.name}{h.time}"] = rng.normal(size=lead + rows(h)[:1]) * 0.5
    for y in (name for name in program.given if isinstance(name, Signal)):
        moves = (steps,) if y.has(program.steps.index) else ()
        given[y.name] = rng.dirichlet(np.ones(int(y.shape[0].xreplace(numbers))), size=(*moves, *lead))
    if gradients:
        for name in (n for n in adjoint(program).given if isinstance(n, Immediate)):
            moves = name.has(program.steps.index)
            given[local(name)] = rng.normal(size=((steps,) if moves else ()) + lead + rows(name)[:1])
    return given


def forward(program: Program, given: Given, steps: int = 4) -> Arrays:
    return compile_forward(program)(given, steps=steps)


def one_step(program: Program, given: Given, arrays: Arrays, step: int) -> Given:
    """What the Program is given when it starts at that step."""
    alone = {p.name: given[p.name] for p in program.parameters}
    alone |= {x.name: given[x.name][step - 1 : step] for x in program.inputs}
    for h in program.initials:
        alone[f"{h.name}{h.time}"] = arrays.at(h.name, step - 1 + int(h.time))
    return alone


def moved(given: Given, key: str, place: int, by: float) -> Given:
    array = np.array(given[key], dtype=float)
    array[..., place] += by
    return {**given, key: array}


@pytest.mark.parametrize("name", PROGRAMS)
def test_blocks_are_one_step_differences(name: str) -> None:
    """∂s_t/∂r_{t-k}, every path of the step followed, is what a moved r_{t-k} makes of s_t."""
    program = PROGRAMS[name]()
    given = draw(program)
    arrays = forward(program, given)
    for block, series in step_jacobians(program, arrays, given).items():
        assert isinstance(block.of, Signal) and isinstance(block.wrt, Signal)
        assert series.shape[0] == 4
        for step in range(1, 5):
            alone = one_step(program, given, arrays, step)
            key = f"{block.wrt.name}{block.wrt.time.xreplace({t: sp.Integer(1)})}"
            for column in range(series.shape[2]):
                ends = [forward(program, moved(alone, key, column, by), 1)[block.of.name][0] for by in (1e-6, -1e-6)]
                np.testing.assert_allclose(series[step - 1, :, column], (ends[0] - ends[1]) / 2e-6, atol=1e-8)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru pytorch", "lag 2", "leaky", "jordan", "softmax"])
def test_a_batch_is_one_more_axis(name: str) -> None:
    program = PROGRAMS[name]()
    given = draw(program, batch=3, gradients=True)
    arrays = compile_gradients(program, keep=True)(given)
    blocks = step_jacobians(program, arrays, given)
    summands = contributions(program, arrays, given)
    total = {key: np.zeros_like(value) for key, value in summands.items()}
    for example in range(3):
        alone = {k: v if k in summands else np.asarray(v)[..., example, :] for k, v in given.items()}
        single = compile_gradients(program, keep=True)(alone)
        for block, series in step_jacobians(program, single, alone).items():
            assert blocks[block].shape == (4, 3, *series.shape[1:])
            np.testing.assert_allclose(blocks[block][:, example], series, rtol=1e-12, atol=1e-14)
        for key, series in contributions(program, single, alone).items():
            total[key] += series
    for key, series in summands.items():
        np.testing.assert_allclose(series, total[key], rtol=1e-10, atol=1e-12)


def test_an_input_shared_by_the_batch() -> None:
    program = rnn()
    given = draw(program, batch=3, gradients=True) | {"x": np.ones((4, 2))}
    arrays = compile_gradients(program, keep=True)(given)
    for key, series in contributions(program, arrays, given).items():
        np.testing.assert_allclose(series.sum(axis=0), arrays[f"d_{key}"], rtol=1e-12)


def losses(program: Program) -> list[Program]:
    return [
        program,
        with_loss(program, "half_squared_error", "last", readout=True),
        with_loss(program, "mean_squared_error", "every_step", "mean", readout=True),
        # With sizes: compiled code has one variable for the size p and the prediction p_t.
        with_loss(program, "softmax_cross_entropy", "every_step", readout=True).with_sizes(p=2),
        with_loss(program, "softmax_cross_entropy", "every_step", "mean", readout=True).with_sizes(p=2, n=3, m=2),
    ]


@pytest.mark.parametrize("batch", [None, 3])
@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != "jordan"])
def test_summands_add_up_to_the_gradient(name: str, batch: int | None) -> None:
    for program in losses(PROGRAMS[name]()) if name in ("rnn", "lstm", "gru pytorch") else [PROGRAMS[name]()]:
        given = draw(program, batch=batch, gradients=True)
        arrays = compile_gradients(program, keep=True)(given, steps=4)
        found = contributions(program, arrays, given)
        # A readout at the last step alone is used once: its gradient is no sum.
        assert {p.name for p in program.parameters} - set(found) <= {"W_y", "b_y"}
        for key, series in found.items():
            assert series.shape == (4, *np.shape(given[key]))
            np.testing.assert_allclose(series.sum(axis=0), arrays[f"d_{key}"], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru chung2014", "lag 2", "scalar rnn", "indrnn", "leaky", "linear"])
def test_each_summand_is_the_exact_interpreters(name: str) -> None:
    program = PROGRAMS[name]()
    steps, given = 3, draw(PROGRAMS[name](), steps=3, gradients=True)
    arrays = compile_gradients(program, keep=True)(given, steps=steps)
    back = adjoint(program)
    values: dict[Any, Any] = {p: given[p.name] for p in program.parameters}
    timed = [(x, x.name) for x in program.inputs] + [
        (name, local(name)) for name in back.given if isinstance(name, Immediate)
    ]
    for name_, key in timed:
        for step in range(1, steps + 1) if name_.has(t) else [steps]:
            value = given[key][step - 1] if name_.has(t) else given[key]
            values[substitute(name_, {t: sp.Integer(step), N.T: sp.Integer(steps)})] = value
    values |= {h: given[f"{h.name}{h.time}"] for h in program.initials}
    sizes = {s.name: SIZES[s.name] for s in sizes_of(program)}
    exact = interpret([expose(program), back], steps, sizes, values, Reals(30))
    summands = contributions(program, arrays, given)
    for target, by_step in exact.contributions.items():
        assert isinstance(target, Adjoint) and isinstance(target.of, Parameter)
        found = summands[target.of.name]
        assert sorted(by_step) == [1, 2, 3]
        for step, matrix in by_step.items():
            wanted = np.array(matrix, dtype=float).reshape(found.shape[1:])
            np.testing.assert_allclose(found[step - 1], wanted, rtol=1e-10, atol=1e-14)


# --- the table --------------------------------------------------------------------------------------------------------

h = Signal("h", (2, 1), t)
W = Parameter("W", (2, 2))
MATRIX = np.array([[[1.0, 2.0], [3.0, 4.0]]])
COLUMNS = np.array([[[1.0], [2.0]], [[3.0], [4.0]], [[5.0], [6.0]]])


def read(name: Any) -> Any:
    return MATRIX if name == W else COLUMNS


def at_last(node: N.Node) -> Any:
    return over_steps(node, read, 3, {N.T: 3})[2].tolist()


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        (N.Vec(W), [[1.0], [3.0], [2.0], [4.0]]),
        (N.Kronecker(N.Eye(1), W), [[1.0, 2.0], [3.0, 4.0]]),
        (N.Kronecker(h, W), [[5.0, 10.0], [15.0, 20.0], [6.0, 12.0], [18.0, 24.0]]),
        (N.DiagonalOf(W), [[1.0], [4.0]]),
        (N.Inner(h, h), [[61.0]]),
        (N.SquaredNorm(W), [[30.0]]),
        (N.MatMul(N.Transpose(h), W, h), [[5 * 17.0 + 6 * 39.0]]),
        (N.MatMul(N.Diag(h), W, N.Diag(h)), [[25.0, 60.0], [90.0, 144.0]]),
        (N.MatMul(N.Diag(h), N.Diag(h)), [[25.0, 0.0], [0.0, 36.0]]),
        (N.MatMul(h, N.Transpose(h)), [[25.0, 30.0], [30.0, 36.0]]),
        (N.Concat(h, N.Ones(1, 1)), [[5.0], [6.0], [1.0]]),
        (N.BlockMatrix(2, W, h), [[1.0, 2.0, 5.0], [3.0, 4.0, 6.0]]),
        (N.Selector(1, 1, 2), [[0.0, 1.0]]),
        (N.Scale(N.Number(1 / N.T), h), [[5 / 3], [2.0]]),
        (N.Power(h, -1), [[0.2], [1 / 6]]),
        (N.Power(h, sp.Rational(1, 2)), [[5**0.5], [6**0.5]]),
        (N.Softmax(h), [[1 / (1 + np.e)], [np.e / (1 + np.e)]]),
        (N.CrossEntropy(N.Zeros(2, 1), h), [[-0.0]]),
        (N.Guarded(h, 1, t, N.T - 1), [[0.0], [0.0]]),
        (N.Guarded(h, N.T, t, sp.oo), [[5.0], [6.0]]),
    ],
)
def test_every_operation(node: N.Node, wanted: list[list[float]]) -> None:
    np.testing.assert_allclose(at_last(node), wanted)


def test_what_a_guard_shuts_out_is_never_nan() -> None:
    """0 × undefined does not come in through a step that does not exist."""
    node = N.Guarded(N.Power(h, -1), 2, t, sp.oo)
    columns = COLUMNS.copy()
    columns[0] = 0.0
    assert over_steps(node, lambda _: columns, 3)[0].tolist() == [[0.0], [0.0]]


def test_what_does_not_move_stands_at_every_step() -> None:
    assert over_steps(N.Eye(2), read, 3).shape == (3, 2, 2)
    assert over_steps(W, read, 3).shape == (3, 2, 2)


def test_a_node_without_a_row() -> None:
    with pytest.raises(NotYetError, match="no array rule"):
        over_steps(N.Commutation(2, 2), read, 3)
    assert N.Commutation not in OPERATIONS


def test_arrays_without_intermediates_are_refused() -> None:
    program = lstm()
    given = draw(program, gradients=True)
    arrays = compile_forward(program)(given={k: v for k, v in given.items() if not k.startswith("given")})
    with pytest.raises(InputError, match="keep=True"):
        contributions(program, arrays, given)
