"""Chains of step Jacobians against dense blocks, against differences over many steps, and against exact powers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np
import pytest
from textbook_cells import CELLS

from symrnn.algebra.nodes import Add, Hadamard, Signal
from symrnn.algebra.programs import Program, sizes_of
from symrnn.algebra.reading.roles import parse_cell
from symrnn.calculus.jacobians import jacobian
from symrnn.cells import gru, lstm, rnn
from symrnn.errors import InputError, NotYetError, TimeError
from symrnn.models.files import loads
from symrnn.models.losses import with_loss
from symrnn.numeric import products
from symrnn.numeric.chains import Chain
from symrnn.numeric.compilation import Arrays, compile_forward
from symrnn.numeric.products import jacobian_chain, long_product, model_chain
from symrnn.numeric.stepwise import step_jacobians
from symrnn.numeric.transport import full

Given = dict[str, Any]
SIZES = {"n": 3, "m": 2, "n_h": 4, "n_y": 2, "n_g": 4, "p": 2}
TYPED = {
    "lag 2": "h_t = tanh(W h_{t-1} + V h_{t-2} + U x_t)",
    "lag 3 alone": "h_t = tanh(V h_{t-3} + U x_t)",
    "two scalar states, lag 2": "c_t = tanh(w c_{t-1} + u h_{t-2}); h_t = c_t h_{t-1}\nw: scalar\nu: scalar\nh: scalar",
    "softmax": "h_t = softmax(W h_{t-1} + U x_t)",
    "an inner product in front": "h_t = A h_{t-1} + (v^T x_t) B h_{t-1}",
    "many rows inside rows": """p_t = softplus(softmax(h_{t-1} / (2 + ‖h_{t-1}‖²)))
        h_t = softmax(sigma(V x_t + W (h_{t-1} + p_t) + b)) + U h_{t-1}
        h_t: n""",
    "diagonal": "h_t = A h_{t-1} + V x_t\nA: n×n diagonal",
    "decay computed once": "α = σ(a)\nh_t = α ⊙ h_{t-1} + U tanh(h_{t-1})\na: n",
    "one part of a concatenation": "h_t = tanh(W [h_{t-1}; x_t])",
    "two layers": "g_t = tanh(U g_{t-1} + V x_t); h_t = tanh(W h_{t-1} + A g_t)",
    **{
        name: CELLS[name].text
        for name in (
            *("linear", "scalar rnn", "leaky", "leaky, by units", "ct-rnn", "jordan", "lstm, concatenated"),
            *("coupled lstm", "janet", "mgu", "ugrnn", "indrnn"),
        )
    },
}
PROGRAMS: Mapping[str, Callable[[], Program]] = {
    "rnn": rnn,
    "rnn, softsign": lambda: rnn("softsign"),
    "lstm": lstm,
    **{f"gru {variant}": lambda v=variant: gru(v) for variant in ("chung2014", "cho2014", "pytorch", "keras")},  # type: ignore[misc]  # bound early
    **{name: lambda text=text: parse_cell(text) for name, text in TYPED.items()},  # type: ignore[misc]  # bound early
}


NAMES = list(PROGRAMS)


def draw(program: Program, steps: int = 4, batch: int | None = None) -> Given:
    """Numbers for what a Program is given."""
    rng = np.random.default_rng(0)
    numbers = {symbol: SIZES[symbol.name] for symbol in sizes_of(program)}
    lead = () if batch is None else (batch,)
    given: Given = {}
    for p in program.parameters:
        rows, columns = (int(size.xreplace(numbers)) for size in p.shape)
        shape = () if p.shape == (1, 1) else (rows,) if p.shape[1] == 1 else (rows, columns)
        given[p.name] = 0.7 * rng.normal(size=shape)
        if p.structure == "diagonal":
            given[p.name] = np.diag(np.diag(given[p.name]))
    for x in program.inputs:
        moves = (steps,) if x.indices and x.time.has(program.steps.index) else ()
        given[x.name] = rng.normal(size=(*moves, *lead, int(x.shape[0].xreplace(numbers))))
    for h in program.initials:
        given[f"{h.name}{h.time}"] = 0.5 * rng.normal(size=(*lead, int(h.shape[0].xreplace(numbers))))
    for y in (name for name in program.given if isinstance(name, Signal)):
        moves = (steps,) if y.has(program.steps.index) else ()
        given[y.name] = rng.dirichlet(np.ones(int(y.shape[0].xreplace(numbers))), size=(*moves, *lead))
    return given


def forward(program: Program, given: Given, steps: int = 4) -> Arrays:
    return compile_forward(program)(given, steps=steps)


def moved(given: Given, key: str, place: int, by: float) -> Given:
    array = np.array(given[key], dtype=float)
    array[place] += by
    return {**given, key: array}


def dense(program: Program, arrays: Arrays, given: Given) -> Any:
    """The step Jacobian's matrix put together from its blocks by hand."""
    step = jacobian(program)
    blocks = {(b.of, b.wrt): array for b, array in step_jacobians(program, arrays, given).items()}
    rows = []
    for source in step.sources:
        later = source.at(source.time + 1)
        size = len(arrays.at(source.name, 1))
        row = []
        for other in step.sources:
            width = len(arrays.at(other.name, 1))
            identity = np.eye(size) if later == other else np.zeros((size, width))
            row.append(blocks.get((later, other), np.broadcast_to(identity, (arrays.steps, size, width))))
        rows.append(np.concatenate(row, axis=2))
    return np.concatenate(rows, axis=1)


@pytest.mark.parametrize("name", NAMES)
def test_the_chain_is_the_blocks(name: str) -> None:
    program = PROGRAMS[name]()
    given = draw(program, steps=5)
    arrays = forward(program, given, 5)
    chain = jacobian_chain(program, arrays, given)
    np.testing.assert_allclose(chain.dense(), dense(program, arrays, given), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_the_product_is_what_differences_say(name: str) -> None:
    """∂s_T/∂s_0 over T = 4 steps, J_4 J_3 J_2 J_1 in that order, column by column."""
    program = PROGRAMS[name]()
    given = draw(program)
    arrays = forward(program, given)
    chain = jacobian_chain(program, arrays, given)
    product = full(chain).unscaled()
    np.testing.assert_allclose(product, reduce(lambda p, j: j @ p, chain.dense()), rtol=1e-10, atol=1e-14)
    initials = {f"{h.name}{h.time}" for h in program.initials}
    column = 0
    for source in jacobian(program).sources:
        key = f"{source.name}{source.time.xreplace({program.steps.index: 1})}"
        for place in range(len(arrays.at(source.name, 1))):
            if key in initials:
                ends = [stacked(program, forward(program, moved(given, key, place, by))) for by in (1e-6, -1e-6)]
                np.testing.assert_allclose(product[:, column], (ends[0] - ends[1]) / 2e-6, atol=1e-7)
            column += 1


def stacked(program: Program, arrays: Arrays) -> Any:
    """The stacked state at the last step."""
    sources = jacobian(program).sources
    depth = len(sources) // len(program.states)
    parts = [arrays.at(s.name, arrays.steps - lag) for lag in range(depth) for s in sources[: len(program.states)]]
    return np.concatenate(parts)


PEEPHOLES = """
f_t = σ(U_f h_{t-1} + p_f ⊙ c_{t-1}); i_t = σ(U_i h_{t-1} + p_i ⊙ c_{t-1})
c_t = f_t ⊙ c_{t-1} + i_t ⊙ tanh(U_c h_{t-1})
o_t = σ(U_o h_{t-1} + p_o ⊙ c_t); h_t = o_t ⊙ tanh(c_t)
"""


def peephole_trajectory(given: Given, steps: int) -> Arrays:
    """The peephole LSTM by hand: a trajectory may come from anywhere."""
    h, c = given["h0"], given["c0"]
    columns: dict[str, list[Any]] = {"h": [h], "c": [c], **{k: [] for k in ("f", "i", "o", "a_f", "a_i", "a_c", "a_o")}}
    for _ in range(steps):
        a_f, a_i = (given[f"U_{g}"] @ h + given[f"p_{g}"] * c for g in "fi")
        f, i, a_c = 1 / (1 + np.exp(-a_f)), 1 / (1 + np.exp(-a_i)), given["U_c"] @ h
        c = f * c + i * np.tanh(a_c)
        a_o = given["U_o"] @ h + given["p_o"] * c
        o = 1 / (1 + np.exp(-a_o))
        h = o * np.tanh(c)
        found = {"h": h, "c": c, "f": f, "i": i, "o": o, "a_f": a_f, "a_i": a_i, "a_c": a_c, "a_o": a_o}
        for key, value in found.items():
            columns[key].append(value)
    return Arrays({k: np.array(v) for k, v in columns.items()}, {k: int(k in "hc") for k in columns}, steps, None)


def test_two_paths_through_one_row() -> None:
    """h_t reads c_t twice, through o_t and through tanh: each path stands once."""
    program = parse_cell(PEEPHOLES)
    given = draw(program)
    arrays = peephole_trajectory(given, 4)
    chain = jacobian_chain(program, arrays, given)
    assert [term.source for term in chain.rows[1].terms].count("c_t'") == 2
    np.testing.assert_allclose(chain.dense(), dense(program, arrays, given), rtol=1e-12, atol=1e-14)
    product = full(chain).unscaled()
    for column, (key, place) in enumerate((key, place) for key in ("h0", "c0") for place in range(3)):
        ends = [peephole_trajectory(moved(given, key, place, by), 4) for by in (1e-6, -1e-6)]
        found = np.concatenate([ends[0].at(k, 4) - ends[1].at(k, 4) for k in "hc"]) / 2e-6
        np.testing.assert_allclose(product[:, column], found, atol=1e-8)


@pytest.mark.parametrize("program", [lstm(), gru(), gru("pytorch")], ids=["lstm", "gru", "gru pytorch"])
def test_a_loss_changes_nothing(program: Program) -> None:
    given = draw(program)
    bare = jacobian_chain(program, forward(program, given), given)
    judged = with_loss(program, "half_squared_error", readout=True)
    more = draw(judged) | given
    chain = jacobian_chain(judged, forward(judged, more), more)
    np.testing.assert_array_equal(chain.dense(), bare.dense())


def test_the_lstm_keeps_its_structure() -> None:
    """Four constant weights, each once; h_t reads the row of c_t."""
    program = lstm()
    given = draw(program)
    chain = jacobian_chain(program, forward(program, given), given)
    assert [row.name for row in chain.rows] == ["c_t'", "h_t'"]
    matrices = [term.matrix for row in chain.rows for term in row.terms if term.matrix is not None]
    assert len(matrices) == 4 and all(matrix.ndim == 2 for matrix in matrices)
    assert [term.source for term in chain.rows[1].terms] == ["h", "c_t'"]


def test_two_weights_in_a_row_take_a_row_of_their_own() -> None:
    """diag U_h diag U_r + diag U_h diag(r): U_h once, behind it a row."""
    program = gru("chung2014")
    given = draw(program)
    chain = jacobian_chain(program, forward(program, given), given)
    matrices = [term.matrix for row in chain.rows for term in row.terms if term.matrix is not None]
    assert len(chain.rows) == 2 and len(matrices) == 3


def test_a_selector_is_part_of_its_weight() -> None:
    program = PROGRAMS["one part of a concatenation"]()
    given = draw(program)
    chain = jacobian_chain(program, forward(program, given), given)
    assert len(chain.rows) == 1
    np.testing.assert_array_equal(chain.rows[0].terms[0].matrix, given["W"][:, :3])


def test_lags_have_companions() -> None:
    program = PROGRAMS["lag 2"]()
    given = draw(program)
    chain = jacobian_chain(program, forward(program, given), given)
    assert chain.states == (("h", 3), ("h_{t-1}", 3))
    np.testing.assert_array_equal(chain.dense()[0, 3:, :3], np.eye(3))


def test_an_example_of_a_batch() -> None:
    program = lstm()
    given = draw(program, batch=3)
    arrays = forward(program, given)
    alone = {k: v[..., 2, :] if k in ("x", "h0", "c0") else v for k, v in given.items()}
    wanted = jacobian_chain(program, forward(program, alone), alone).dense()
    np.testing.assert_allclose(jacobian_chain(program, arrays, given, 2).dense(), wanted, rtol=1e-12, atol=1e-15)
    for example in (None, 3):
        with pytest.raises(InputError, match="batch of 3"):
            jacobian_chain(program, arrays, given, example)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru pytorch", "lag 2"])
@pytest.mark.parametrize("batch", [None, 2])
def test_other_forms_fall_back_to_dense(name: str, batch: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    program = PROGRAMS[name]()
    given = draw(program, batch=batch)
    arrays = forward(program, given)
    example = None if batch is None else 1
    wanted = jacobian_chain(program, arrays, given, example)

    def refuse(_: Any) -> Chain:
        raise products._OtherForm

    monkeypatch.setattr(products._Builder, "chain", refuse)
    found = jacobian_chain(program, arrays, given, example)
    assert found.states == wanted.states
    np.testing.assert_allclose(found.dense(), wanted.dense(), rtol=1e-12, atol=1e-15)


def test_a_block_inside_is_another_form() -> None:
    step = jacobian(lstm())
    block = step["c", "c"].target
    with pytest.raises(products._OtherForm):
        products._path(Hadamard(block, block), "h")
    assert isinstance(step["h", "h"].expression, Add)


# --- models -----------------------------------------------------------------------------------------------------------


def linear(weight: str, steps: int) -> Any:
    return loads(
        f"[cell]\nkind = 'rnn'\nactivation = 'identity'\n[sequence]\nsteps = {steps}\n"
        f"[parameters]\nW_h = {weight}\nb = 0\n"
    )


@pytest.mark.parametrize("weight", ["0.5", "0.9", "0.3", "1.1", "0.999", "7"])
def test_ten_thousand_linear_steps_are_the_power(weight: str) -> None:
    """log10 ‖w^T‖ to 12 digits, as far below the smallest float as above the largest."""
    product = long_product(linear(weight, 10_000))
    assert product.log10_norm == pytest.approx(10_000 * math.log10(Fraction(weight)), rel=1e-12)


def test_the_mantissa_too() -> None:
    """w^T itself to 12 digits: mantissa · 2^exponent against the exact power."""
    product = long_product(linear("0.9", 10_000))
    exact = Fraction(float(product.mantissa[0, 0])) * Fraction(2) ** int(product.exponent) / Fraction(9, 10) ** 10_000
    assert abs(exact - 1) < Fraction(1, 10**12)


TWO = """
[cell]
kind = "lstm"
[sequence]
steps = 6
x = [[0.1], [0.2], [-0.3], [0.4], [0.9], [-1.0]]
[parameters]
W_f = {normal = [0, 1], seed = 1}
U_f = {normal = [0, 1], seed = 2}
b_f = 0
W_i = {normal = [0, 1], seed = 3}
U_i = {normal = [0, 1], seed = 4}
b_i = 0
W_o = {normal = [0, 1], seed = 5}
U_o = {normal = [0, 1], seed = 6}
b_o = 0
W_c = {normal = [0, 1], seed = 7}
U_c = {normal = [0, 1], seed = 8}
b_c = 0
"""


def test_windows_and_blocks() -> None:
    model = loads(TWO.replace('kind = "lstm"', 'kind = "lstm"\nhidden = 3\ninput = 1'))
    chain = model_chain(model)
    whole, early, late = (long_product(model, *ends).unscaled() for ends in ((0, 6), (0, 2), (2, 6)))
    np.testing.assert_allclose(late @ early, whole, rtol=1e-10)
    np.testing.assert_allclose(long_product(model, of="c", wrt="h").unscaled(), block_of(whole, chain), rtol=1e-10)
    np.testing.assert_array_equal(long_product(model, 4, 4).unscaled(), np.eye(6))
    for first, last in ((3, 2), (-1, 4), (0, 7)):
        with pytest.raises(TimeError, match="T = 6"):
            long_product(model, first, last)


def block_of(whole: Any, chain: Chain) -> Any:
    return whole[chain.slices["c"], chain.slices["h"]]


def test_a_cell_without_memory_has_no_chain() -> None:
    program = parse_cell("h_t = tanh(W x_t)")
    given = draw(program)
    with pytest.raises(NotYetError, match="no state"):
        jacobian_chain(program, forward(program, given), given)


def test_an_exploding_trajectory_of_a_linear_cell_is_no_obstacle() -> None:
    """h overflows, the Jacobian w does not."""
    model = loads(
        "[cell]\nkind = 'rnn'\nactivation = 'identity'\n[sequence]\nsteps = 3000\nh0 = 1\n"
        "[parameters]\nW_h = 2\nb = 0\n"
    )
    assert long_product(model).log10_norm == pytest.approx(3000 * math.log10(2), rel=1e-12)


def test_rnn_states_are_named_as_the_cell_names_them() -> None:
    given = draw(rnn())
    assert jacobian_chain(rnn(), forward(rnn(), given), given).states == (("h", 3),)
