"""Steppers: however the calls are arranged, the product is that of the written-out Jacobians."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from step_chains import CELLS, chains

from symrnn.numeric.chains import Chain, FloatArray, Row, Term
from symrnn.numeric.steppers import TALL, Stepper

COLUMNS = (None, 1, TALL - 1, TALL, 3 * TALL)


def stepped(chain: Chain, block: FloatArray) -> FloatArray:
    """All steps at once."""
    stepper = Stepper(chain, block.shape[1] if block.ndim == 2 else None)
    stepper.value[...] = block
    stepper.run(0, chain.steps)
    return stepper.value


def multiplied(chain: Chain, block: FloatArray) -> FloatArray:
    """The same with dense Jacobians."""
    for jacobian in chain.dense():
        block = jacobian @ block
    return block


def block(chain: Chain, columns: int | None) -> FloatArray:
    """Small whole numbers."""
    shape = (chain.size,) if columns is None else (chain.size, columns)
    return np.random.default_rng(7).integers(-4, 5, shape).astype(float)


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_cells_step_as_their_dense_jacobians_do(cell: str, turned: bool, columns: int | None) -> None:
    """Forward and transposed, vectors and blocks below and above the size at which matrices are mixed."""
    chain = CELLS[cell](6, 5).chain
    chain = chain.transpose() if turned else chain
    start = block(chain, columns)
    np.testing.assert_allclose(stepped(chain, start), multiplied(chain, start), rtol=1e-12, atol=1e-13)


@given(chains(st.sampled_from([-1.0, 0.0, 1.0])), st.sampled_from(COLUMNS), st.booleans())
@settings(max_examples=400, deadline=None)
def test_every_program_steps_as_its_dense_jacobians_do(chain: Chain, columns: int | None, turned: bool) -> None:
    """Entries are signs, so both ways are exact and must agree to the last digit."""
    chain = chain.transpose() if turned else chain
    start = block(chain, columns)
    np.testing.assert_array_equal(stepped(chain, start), multiplied(chain, start))


def test_a_stepper_goes_on_where_it_stopped() -> None:
    """An odd number of steps leaves the block in the other buffer."""
    chain = CELLS["lstm"](3, 6).chain
    stepper = Stepper(chain)
    stepper.value[:] = start = block(chain, None)
    for t in (0, 1, 3):
        stepper.run(t, {0: 1, 1: 3, 3: 6}[t])
    np.testing.assert_allclose(stepper.value, multiplied(chain, start), rtol=1e-12)


@pytest.mark.parametrize("columns", COLUMNS)
def test_one_row_may_become_two_states(columns: int | None) -> None:
    """And a state that nothing writes to is zero afterwards."""
    row = Row("x", 2, [Term("a", matrix=[[1.0, 2.0], [3.0, 4.0]]), Term("b")])
    states = [("a", 2), ("b", 2), ("c", 1)]
    chain = Chain(states, [row, Row("z", 1)], {"a": "x", "b": "x", "c": "z"}, 3)
    start = block(chain, columns)
    np.testing.assert_array_equal(stepped(chain, start), multiplied(chain, start))
    turned = chain.transpose()
    np.testing.assert_array_equal(stepped(turned, start), multiplied(turned, start))
