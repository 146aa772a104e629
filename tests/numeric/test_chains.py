"""Chains: the step Jacobians they stand for, their transposes, windows and blocks, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from step_chains import CELLS, chains, lstm

from symrnn.numeric.chains import Chain, ChainError, Row, Term

# Products and sums of these stay whole numbers below 2^53, however deep the program: float64 is exact.
SIGNS = st.sampled_from([-1.0, 0.0, 1.0])


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_written_as_a_chain_has_the_step_jacobians_of_the_cell(cell: str) -> None:
    """dense() against complex-step derivatives of the cell itself."""
    made = CELLS[cell](5, 4)
    for t, jacobian in enumerate(made.chain.dense()):
        np.testing.assert_allclose(jacobian, made.jacobian(t), rtol=1e-12, atol=1e-14)


@given(chains(SIGNS))
@settings(max_examples=150, deadline=None)
def test_the_transpose_of_a_chain_has_the_transposed_jacobians_in_reverse(chain: Chain) -> None:
    """(J_T ⋯ J_1)ᵀ = J_1ᵀ ⋯ J_Tᵀ, and transposing twice changes nothing."""
    dense, turned = chain.dense(), chain.transpose()
    np.testing.assert_array_equal(turned.dense(), dense[::-1].transpose(0, 2, 1))
    np.testing.assert_array_equal(turned.transpose().dense(), dense)


@given(chains(SIGNS), st.integers(-1, 4), st.integers(-1, 4))
@settings(max_examples=100, deadline=None)
def test_a_window_is_a_slice_of_the_steps(chain: Chain, start: int, stop: int) -> None:
    """window(a, b) and dense(a, b) cut as Python slices do."""
    expected = chain.dense()[start:stop]
    np.testing.assert_array_equal(chain.window(start, stop).dense(), expected)
    np.testing.assert_array_equal(chain.dense(start, stop), expected)


@given(chains(SIGNS), st.data())
@settings(max_examples=150, deadline=None)
def test_a_pruned_chain_has_the_same_block_of_the_product(chain: Chain, data: Any) -> None:
    """between(wrt, of) keeps every path from wrt to of, whatever the number of steps."""
    wrt, of = (data.draw(st.sampled_from(sorted(chain.slices))) for _ in range(2))
    pruned = chain.between(wrt, of)
    blocks = [_product(c)[c.slices[of], c.slices[wrt]] for c in (chain, pruned)]
    np.testing.assert_array_equal(*blocks)


def _product(chain: Chain) -> Any:
    product = np.eye(chain.size)
    for jacobian in chain.dense():
        product = jacobian @ product
    return product


def test_pruning_leaves_out_what_lies_beside_the_way() -> None:
    """In a stack of two layers the lower one does not hear the upper one."""
    rows = [Row("a'", 1, [Term("a", [[0.5]])]), Row("b'", 1, [Term("b", [[0.9]]), Term("a'")])]
    chain = Chain([("a", 1), ("b", 1)], rows, {"a": "a'", "b": "b'"}, 1)
    assert [name for name, _ in chain.between("a", "a").states] == ["a"]
    assert [name for name, _ in chain.between("a", "b").states] == ["a", "b"]
    assert [term.source for term in chain.between("b", "b").rows[0].terms] == ["b"]


def test_stack_puts_parts_in_the_places_of_their_states() -> None:
    """States left out are zero."""
    chain = lstm(2, 1).chain
    np.testing.assert_array_equal([0.0, 0.0, 1.0, 2.0], chain.stack({"c": [1.0, 2.0]}))
    assert chain.stack({"c": np.ones((2, 3))}).shape == (4, 3)


def test_a_row_without_terms_is_zero() -> None:
    """A state that nothing writes is forgotten."""
    assert not Chain([("h", 2)], [Row("h'", 2)], {"h": "h'"}, 3).dense().any()


ONE = Term("h", matrix=[[1.0]])


@pytest.mark.parametrize(
    ("make", "found", "write"),
    [
        (lambda: Term("h", matrix=[[1.0, np.nan]]), r"nan at \[0, 1\]", "finite"),
        (lambda: Term("h", left=[[np.inf]]), r"inf at \[0, 0\]", "finite"),
        (lambda: Term("h", left=[1.0]), r"shape \(1,\)", r"\(T, n\)"),
        (lambda: Term("h", matrix=[[1.0], [1.0, 2.0]]), "no array", "regular"),
        (lambda: Term("h", matrix=[["a"]]), "no array", "real numbers"),
        (lambda: Chain.from_dense(np.ones((3, 2, 1))), r"\(3, 2, 1\)", r"\(T, N, N\)"),
        (lambda: Chain.from_dense(np.full((1, 2, 2), -np.inf)), r"-inf at \[0, 0, 0\]", "finite"),
        (lambda: Chain([], [], {}, 1), "no state", "name, size"),
        (lambda: Chain([("h", 1)], [Row("h", 1, [ONE])], {"h": "h"}, 1), "taken", "new name"),
        (lambda: Chain([("h", 1)], [Row("r", 1, [Term("x")])], {"h": "r"}, 1), "neither", r"one of \['h'\]"),
        (lambda: Chain([("h", 1)], [Row("r", 2, [Term("h")])], {"h": "r"}, 1), "1 and 2", r"\(2, 1\)"),
        (lambda: Chain([("h", 1)], [Row("r", 2, [ONE])], {"h": "r"}, 1), r"\(1, 1\)", r"\(2, 1\)"),
        (
            lambda: Chain([("h", 1)], [Row("r", 1, [Term("h", [[1.0]])])], {"h": "r"}, 2),
            r"\(1, 1\)",
            r"\(2, 1\)",
        ),
        (lambda: Chain([("h", 1)], [Row("r", 1, [ONE])], {}, 1), "not one row", "each of"),
        (lambda: Chain([("h", 2)], [Row("r", 1)], {"h": "r"}, 1), "sizes 2 and 1", "state's size"),
        (lambda: Chain([("h", 1)], [Row("r", 1, [ONE])], {"h": "r"}, -1), "no count", "0 or more"),
        (lambda: lstm(2, 1).chain.stack({"x": [1.0]}), "x", "'h', 'c'"),
        (lambda: lstm(2, 1).chain.stack({"c": [1.0]}), r"shape \(1,\)", "2 rows"),
        (lambda: lstm(2, 1).chain.between("h", "x"), "no such state", "'h', 'c'"),
    ],
)
def test_what_does_not_fit_is_refused_in_three_parts(make: Any, found: str, write: str) -> None:
    """What was given, what was found there, what to give instead; a ValueError to every caller."""
    with pytest.raises(ChainError, match=rf"(?s)You wrote: .*Found: .*{found}.*Write: .*{write}") as caught:
        make()
    assert isinstance(caught.value, ValueError)
