"""Compiled code says what the interpreter says: random Programs, alone and in batches; matrices that move; names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from compiled_runs import COMPILE, compared
from hypothesis import HealthCheck, given, settings
from law_checks import Setting, sized
from random_programs import settings as programs

from symrnn.algebra.programs import Program
from symrnn.algebra.reading.roles import parse_cell
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.rewriting import expose
from symrnn.calculus.tangents import tangent
from symrnn.cells import gru, lstm, rnn
from symrnn.errors import InputError, NotYetError
from symrnn.models.files import loads
from symrnn.models.losses import LOSSES, with_generic_loss, with_loss
from symrnn.numeric.compilation import Compiled, compile_forward, compile_gradients, compile_tangent
from symrnn.numeric.evaluation import evaluate
from symrnn.numeric.generation import Generator
from symrnn.numeric.textbook import Textbook

SIZES = {"n": 2, "m": 3, "p": 2}
BATCHES = (None, 1, 3)


def assert_right(program: Program, steps: int, seed: int, batch: int | None, what: str, **known: Compiled) -> None:
    pairs = list(compared(program, steps, seed, batch, what, **known))
    assert pairs
    for name, ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-11 * max(1.0, np.abs(theirs).max()), err_msg=name)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("what", COMPILE)
def test_a_step_backwards_in_which_nothing_is_computed(what: str, steps: int) -> None:
    """`c_t = c_{t-1}` hands its gradient on in place, and h_t has all of its own at once: no loop is needed."""
    program = parse_cell("q_t = h_{t-1} / 2; h_t = U x_t; c_t = c_{t-1}; U: n × m")
    for batch in (None, 2):
        assert_right(sized(with_generic_loss(program)), steps, 0, batch, what)


@pytest.mark.parametrize("what", COMPILE)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(setting=programs(smooth=True))
def test_random_programs_have_the_interpreters_values_gradients_and_tangents(what: str, setting: Setting) -> None:
    for batch in (None, 2):
        assert_right(setting.program, setting.steps, setting.seed, batch, what)


@pytest.mark.parametrize("what", COMPILE)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(setting=programs(smooth=True))
def test_the_textbooks_text_alone_says_the_same(what: str, setting: Setting) -> None:
    with textbook_alone():
        for batch in (None, 2):
            assert_right(setting.program, setting.steps, setting.seed, batch, what)


@contextmanager
def textbook_alone() -> Iterator[None]:
    """Nothing is left to the fast code."""

    def refuse(self: Generator) -> str:
        raise NotYetError("everything", found="no fast code", write="the textbook's")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Generator, "write", refuse)
        for compiler in (compile_forward, compile_gradients, compile_tangent):
            compiler.cache_clear()
        yield
    for compiler in (compile_forward, compile_gradients, compile_tangent):
        compiler.cache_clear()


CELLS = {
    "diagonal": "h_t = tanh(diag(v) h_{t-1} + W_x x_t)\nv: vector",
    "rows": "h_t = tanh((h_{t-1}^T W)^T + W_x x_t)\nW: n×n",
    "moving matrix": "h_t = tanh((W_u x_t)(W_v x_t)^T h_{t-1} + W_x x_t)\nW_u: n×m\nW_v: n×m",
    "W W": "h_t = tanh(W W h_{t-1} + W_x x_t)\nW: n×n",
    "W ⊙ W": "h_t = tanh((W ⊙ W) h_{t-1} + W_x x_t)\nW: n×n",
    "W - Wᵀ": "h_t = tanh((W - W^T) h_{t-1} + W_x x_t)\nW: n×n",
    "lag two": "h_t = tanh(W h_{t-1} + V h_{t-2} + W_x x_t)\nW: n×n\nV: n×n",
}


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("what", COMPILE)
@pytest.mark.parametrize("cell", CELLS)
def test_matrices_that_are_no_plain_parameters_compile(cell: str, what: str, batch: int | None) -> None:
    program = sized(with_loss(parse_cell(CELLS[cell] + "\noutputs: h"), at="every_step"), **SIZES)
    assert_right(program, 3, 1, batch, what)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("what", COMPILE)
@pytest.mark.parametrize("make", [rnn, lstm, gru])
def test_a_loss_nothing_is_known_of_is_given_with_its_slopes(make, what: str, batch: int | None) -> None:
    assert_right(sized(with_generic_loss(make()), **SIZES), 3, 2, batch, what)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("make", [rnn, lstm, gru])
def test_tangents_of_the_named_cells(make, batch: int | None) -> None:
    assert_right(sized(make(), **SIZES), 4, 3, batch, "tangent")


@pytest.mark.parametrize("make", [rnn, lstm, gru])
@pytest.mark.parametrize("loss", [None, *LOSSES])
def test_named_cells_have_fast_code_for_gradients_and_tangents(make, loss: str | None) -> None:
    program = make() if loss is None else with_loss(make(), loss, "every_step")
    assert "for span in watched(spans)" in compile_gradients(program).source
    assert "for span in watched(spans)" in compile_tangent(program).source


def test_the_textbooks_text_reads_as_a_textbook() -> None:
    text = Textbook(expose(rnn()), adjoint(rnn()), "forward_and_gradients").write()
    assert "        a[t] = (W_h @ h[t - 1]) + (W_x @ x[t]) + b\n        h[t] = tanh(a[t])\n" in text
    assert "        d_a[t] = (1.0 - np.square(h[t])) * d_h[t]\n" in text
    assert max(map(len, text.splitlines())) <= 120


def test_push_with_the_tangent_is_the_step_jacobians_product() -> None:
    run = compile_tangent(rnn("identity"))
    W = np.array([[0.5, 0.25], [0.0, 0.5]])
    given = {"W_h": W, "W_x": np.zeros((2, 1)), "b": np.zeros(2), "x": np.zeros((3, 2, 1)), "dot_h0": np.eye(2)}
    found = run(given)
    np.testing.assert_allclose(found.at("dot_h", 3), np.linalg.matrix_power(W, 3).T)
    assert tangent(rnn("identity")).name == "tangent of rnn"


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["d_h", "dot_h", "given_h", "d_W"])
def test_a_signal_may_be_called_like_a_derivative_of_another(name: str) -> None:
    cell = f"{name}_t = tanh(V h_{{t-1}})\nh_t = tanh(W h_{{t-1}} + {name}_t + x_t)\nW: n×n\nV: n×n\noutputs: h"
    program = sized(with_loss(parse_cell(cell), at="every_step"), **SIZES)
    for what in COMPILE:
        assert_right(program, 3, 1, 2, what)


def test_two_arrays_of_one_name_are_refused() -> None:
    program = parse_cell("h_t = tanh(W h_{t-1} + h0)\nW: n×n\nh0: n×1")
    with pytest.raises(InputError, match="h0"):
        compile_forward(program)({"W": [[1.0]], "h0": [0.0]}, steps=2)


def test_numbers_beside_the_diagonal_of_a_diagonal_matrix_are_refused() -> None:
    run = compile_forward(parse_cell("h_t = A h_{t-1} + x_t\nA: n×n diagonal"))
    assert run({"A": np.eye(2), "x": np.ones((2, 2))})["h"].tolist() == [[1.0, 1.0], [2.0, 2.0]]
    with pytest.raises(InputError, match="diagonal"):
        run({"A": np.ones((2, 2)), "x": np.ones((2, 2))})


def test_what_was_returned_stays_when_the_same_code_runs_again() -> None:
    """Scratch memory is used again by the next call; results are not."""
    program = lstm()
    rng = np.random.default_rng(0)
    sizes = {"n": 3, "m": 2}

    def given(scale: float) -> dict[str, np.ndarray]:
        drawn = {p.name: rng.normal(size=[sizes[str(s)] for s in p.shape if s != 1]) for p in program.parameters}
        return drawn | {"x": scale * rng.normal(size=(200, 4, 2)), "given_h": rng.normal(size=(200, 4, 3))}

    run = compile_gradients(program)
    first = run(given(1.0))
    kept = {name: np.array(first.columns[name]) for name in first}
    run(given(2.0))
    assert all(np.array_equal(kept[name], first.columns[name]) for name in first)


# --- evaluate ---------------------------------------------------------------------------------------------------------

MODEL = """
[cell]
equations = '''
h_t = tanh((h_{t-1}^T W)^T + (W ⊙ W) x_t)
W: n×n
outputs: h
'''
[sequence]
steps = 3
x = [[0.5, 1.0], [1.0, -0.5], [0.25, 0.75]]
[parameters]
W = [[0.5, 0.25], [-0.5, 0.75]]
[loss]
kind = "half_squared_error"
y = [1.0, 0.5]
"""


def test_evaluate_has_floats_for_every_expression_with_summands_and_jacobians() -> None:
    floats, digits = evaluate(loads(MODEL)), evaluate(loads(MODEL), digits=15)
    for table in ("values", "gradients", "contributions", "jacobians"):
        ours, theirs = getattr(floats, table), getattr(digits, table)
        assert ours.keys() == theirs.keys()
        for key, value in ours.items():
            pairs = [(value[k], theirs[key][k]) for k in value] if isinstance(value, dict) else [(value, theirs[key])]
            for one, other in pairs:
                np.testing.assert_allclose(np.array(one, float), np.array(other, float), rtol=1e-12, atol=1e-14)
