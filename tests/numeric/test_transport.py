"""Products of step Jacobians: right to the last digits at any length, and honest about zero."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, cast

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from step_chains import CELLS, chains, exact, gru, lstm, rnn

from symrnn.numeric.chains import Chain, ChainError, FloatArray, Row, Term
from symrnn.numeric.transport import Method, Norm, Scaled, full, pull, push

METHODS: tuple[Method, ...] = ("loop", "tree")
# Products and sums of these stay whole numbers below 2^53, however deep the program: float64 is exact.
SIGNS = st.sampled_from([-1.0, 0.0, 1.0])
# No cancellation among numbers that are not negative, so every digit of a norm can be asked for.
WIDE = st.tuples(st.floats(0.5, 1.0), st.integers(-1000, 1000)).map(lambda pair: float(np.ldexp(*pair)))


def values(result: Scaled) -> list[list[Fraction]]:
    """The value as rational numbers."""
    shifts = np.broadcast_to(result.exponent, result.mantissa.shape[1:])
    return [
        [Fraction(float(x)) * Fraction(2) ** int(e) for x, e in zip(row, shifts, strict=True)]
        for row in result.mantissa
    ]


def high_precision(chain: Chain) -> Any:
    """J_T ⋯ J_1 with 60 digits."""
    product = mpmath.eye(chain.size)
    for jacobian in chain.dense():
        product = mpmath.matrix(jacobian.tolist()) * product
    return product


def close(result: Scaled, wanted: Any) -> None:
    """Entries to 1e-12 of the norm, and the log-norm to 1e-12."""
    with mpmath.workdps(60):
        norm = mpmath.sqrt(sum(abs(x) ** 2 for x in wanted))
        frobenius = Scaled(result.mantissa, result.exponent, "frobenius")
        assert abs(frobenius.log_norm - mpmath.log(norm)) < 1e-12 * max(1.0, abs(mpmath.log(norm)))
        assert abs(frobenius.log10_norm - mpmath.log10(norm)) < 1e-12 * max(1.0, abs(mpmath.log10(norm)))
        for found, entry in zip(frobenius.direction.ravel(), wanted, strict=True):
            assert abs(found - entry / norm) < 1e-12


# ------------------------------------------------------------------------- right to the last digits


@given(chains(SIGNS), st.integers(1, 10))
@settings(max_examples=300, deadline=None)
def test_products_are_exact_where_float64_can_be(chain: Chain, columns: int) -> None:
    """Push, pull and both ways to the full product, of every kind of program, against rational numbers."""
    block = np.random.default_rng(3).integers(-4, 5, (chain.size, columns)).astype(float)
    assert values(push(chain, block)) == exact(chain, block)
    assert values(pull(chain, block)) == exact(chain.transpose(), block)
    for method in METHODS:
        assert values(full(chain, method=method)) == exact(chain, np.eye(chain.size))


@given(chains(WIDE), st.booleans())
@settings(max_examples=200, deadline=None)
def test_no_magnitude_is_too_large_or_too_small(chain: Chain, turned: bool) -> None:
    """Factors from 2^-1000 to 2^1000, three of them in every path."""
    start = np.ones(chain.size)
    result = (pull if turned else push)(chain, start)
    column = [row[0] for row in exact(chain.transpose() if turned else chain, start[:, None])]
    squared = sum((x * x for x in column), Fraction(0))
    if not squared:
        assert result.log_norm == -np.inf
        assert not result.direction.any()
        return
    with mpmath.workdps(40):
        wanted = mpmath.log(mpmath.mpf(squared.numerator) / squared.denominator) / 2
        assert abs(result.log_norm - wanted) < 1e-12 * max(1, abs(wanted))
    assert result.direction @ result.direction == pytest.approx(1.0, rel=1e-14)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("cell", CELLS)
def test_cells_against_sixty_digits(cell: str, method: Method) -> None:
    """The full product of a driven cell over 40 steps."""
    chain = CELLS[cell](3, 40).chain
    with mpmath.workdps(60):
        wanted = high_precision(chain)
    close(full(chain, method=method), wanted)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("gain", [0.3, 1.0, 6.0])
def test_a_vector_against_sixty_digits(gain: float, turned: bool) -> None:
    """Vanishing, about neutral and exploding matrices, over 300 steps."""
    rng = np.random.default_rng(5)
    chain = Chain.from_dense(gain * rng.normal(size=(300, 4, 4)))
    vector = rng.normal(size=4)
    with mpmath.workdps(60):
        product = high_precision(chain)
        wanted = (product.T if turned else product) * mpmath.matrix(vector.tolist())
    close((pull if turned else push)(chain, vector), wanted)


@pytest.mark.parametrize("weight", [0.5, 0.9, 0.9999, 1.0, 1.0001, 1.1, 1e-3, 1e3])
@pytest.mark.parametrize("size", [1, 3, 40])
def test_ten_thousand_steps_of_a_linear_cell(weight: float, size: int) -> None:
    """h_t = w h_{t-1}: log₁₀ ‖∂h_T/∂h_0‖ = T log₁₀ |w|, to twelve digits."""
    steps = 10_000
    cell = Row("h'", size, [Term("h", matrix=weight * np.eye(size))])
    chain = Chain([("h", size)], [cell], {"h": "h'"}, steps)
    with mpmath.workdps(40):
        wanted = steps * mpmath.log10(mpmath.mpf(weight))
        unit = np.eye(size)[0]
        for result in (push(chain, unit), pull(chain, unit), full(chain)):
            assert abs(result.log10_norm - wanted) <= 1e-12 * abs(wanted)
            assert abs(result.log_norm - wanted * mpmath.log(10)) <= 1e-12 * abs(wanted * mpmath.log(10))


@pytest.mark.parametrize("weight", [1e-300, 1e-150, 1e150, 1e300])
def test_a_linear_cell_with_a_weight_at_the_end_of_float64(weight: float) -> None:
    """Every step is taken by itself; the log-norm is as right as ever."""
    chain = Chain.from_dense(np.broadcast_to(weight * np.eye(3), (200, 3, 3)))
    for result in (push(chain, np.eye(3)[0]), full(chain), full(chain, method="tree")):
        assert result.log10_norm == pytest.approx(200 * float(mpmath.log10(weight)), rel=1e-13)


def test_a_small_entry_beside_a_huge_one_is_not_zero() -> None:
    """1e-299 reads its own column; the 1e25 beside it is multiplied by zero."""
    chain = Chain.from_dense([[[1e-299, 1e25], [0.0, 0.0]]] * 3)
    assert push(chain, [1.0, 0.0]).log10_norm == pytest.approx(-897.0, rel=1e-14)


def test_columns_that_die_one_by_one_leave_the_others_alone() -> None:
    """Rectified units without mixing: each column ends in an exact zero at a time of its own."""
    alive = np.arange(300)[:, None] < np.linspace(5, 400, 40)[None, :]
    chain = Chain([("h", 40)], [Row("h'", 40, [Term("h", alive * 0.75)])], {"h": "h'"}, 300)
    result = push(chain, np.eye(40))
    expected = np.where(alive.all(axis=0), 300 * np.log(0.75), -np.inf)
    np.testing.assert_allclose(result.log_norm, expected, rtol=1e-13)


def test_a_length_near_one_keeps_its_digits() -> None:
    """ln ‖2^-9000 · 2^9000 · (1 + 2^-40)‖ is not lost between two large logarithms."""
    jacobians = np.array([2.0**-900] * 10 + [2.0**900] * 10 + [1.0 + 2.0**-40]).reshape(-1, 1, 1)
    result = push(Chain.from_dense(jacobians), [1.0])
    assert result.log_norm == pytest.approx(float(np.log1p(2.0**-40)), rel=1e-14)


# ----------------------------------------------------------------------------------- order and laws


def test_the_later_factor_stands_on_the_left() -> None:
    """J_2 J_1 and not J_1 J_2."""
    first, second = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [3.0, 1.0]])
    chain = Chain.from_dense(np.stack([first, second]))
    for method in METHODS:
        np.testing.assert_array_equal(full(chain, method=method).unscaled(), second @ first)
        assert not np.array_equal(full(chain, method=method).unscaled(), first @ second)
    np.testing.assert_array_equal(push(chain, [1.0, 0.0]).unscaled(), second @ first @ [1.0, 0.0])
    np.testing.assert_array_equal(pull(chain, [1.0, 0.0]).unscaled(), (second @ first).T @ [1.0, 0.0])


@given(st.sampled_from(sorted(CELLS)), st.integers(1, 5), st.integers(0, 60), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_pulling_is_adjoint_to_pushing(cell: str, size: int, steps: int, seed: int) -> None:
    """⟨u, P v⟩ = ⟨Pᵀ u, v⟩."""
    chain = CELLS[cell](size, steps, seed).chain
    rng = np.random.default_rng(seed)
    u, v = rng.normal(size=(2, chain.size))
    pushed, pulled = push(chain, v), pull(chain, u)
    scale = float(np.exp(pushed.log_norm) + np.exp(pulled.log_norm))
    assert u @ pushed.unscaled() == pytest.approx(v @ pulled.unscaled(), rel=1e-9, abs=1e-13 * scale)


@pytest.mark.parametrize("size", [3, 12, 20])
@pytest.mark.parametrize("cell", CELLS)
def test_the_full_product_is_the_pushed_identity(cell: str, size: int) -> None:
    """Tree, loop, columns together and columns one at a time."""
    chain = CELLS[cell](size, 50).chain
    whole = full(chain, method="tree").unscaled()
    scale = np.abs(whole).max()
    columns = push(chain, np.eye(chain.size))
    alone = np.stack([push(chain, unit).unscaled() for unit in np.eye(chain.size)], axis=1)
    for other in (full(chain, method="loop").unscaled(), columns.unscaled(), alone):
        np.testing.assert_allclose(other, whole, rtol=0.0, atol=1e-12 * scale)
    turned = full(chain.transpose()).unscaled()
    np.testing.assert_allclose(turned.T, whole, rtol=0.0, atol=1e-12 * scale)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("gain", [0.05, 1.0, 30.0])
def test_long_products_agree_however_they_are_formed(gain: float, method: Method) -> None:
    """3,000 steps, in windows or at once; the tree in several pieces."""
    chain = rnn(10, 3000, gain=gain).chain
    halves = full(chain.window(0, 1234), method="loop"), full(chain.window(1234, 3000), method="loop")
    product = halves[1].direction @ halves[0].direction
    result = full(chain, method=method)
    joined = halves[0].log_norm + halves[1].log_norm + np.log(np.linalg.norm(product, 2))
    assert result.log_norm == pytest.approx(float(joined), rel=1e-12)
    np.testing.assert_allclose(result.direction, product / np.linalg.norm(product, 2), atol=1e-10)


def test_no_steps_are_the_identity() -> None:
    """The empty product is I."""
    chain = lstm(2, 0).chain
    np.testing.assert_array_equal(full(chain).unscaled(), np.eye(4))
    assert full(chain).log_norm == 0.0
    assert push(chain, [3.0, 0.0, 4.0, 0.0]).log_norm == pytest.approx(np.log(5.0))


# ------------------------------------------------------------------------------------- zero, scales


@pytest.mark.parametrize("where", [0, 20, 499])
def test_a_zero_factor_makes_a_zero_product_and_says_so(where: int) -> None:
    """-inf for the logarithm, zeros for the direction."""
    jacobians = np.random.default_rng(0).normal(size=(500, 3, 3))
    jacobians[where] = 0.0
    chain = Chain.from_dense(jacobians)
    for result in (push(chain, np.ones(3)), pull(chain, np.ones(3)), full(chain), full(chain, method="loop")):
        assert result.log_norm == result.log10_norm == -np.inf
        assert not result.direction.any()
    history = push(chain, np.ones(3), history=True).history
    assert history is not None
    np.testing.assert_array_equal(np.isinf(history), np.arange(501) > where)


def test_a_nilpotent_product_is_zero_only_when_it_is() -> None:
    """A shift of four places is gone after four steps."""
    shift = np.eye(4, k=-1)
    for steps in range(6):
        chain = Chain.from_dense(np.broadcast_to(shift, (steps, 4, 4)))
        assert (full(chain).log_norm == -np.inf) == (steps >= 4)
        assert (push(chain, np.eye(4)[0]).log_norm == -np.inf) == (steps >= 4)


@pytest.mark.parametrize("method", METHODS)
def test_what_vanishes_beside_larger_entries_is_not_called_zero(method: Method) -> None:
    """diag(1, 1e-200)³ then a projector on the second axis: 1e-600, which one common scale would lose."""
    steps = [np.diag([1.0, 1e-200])] * 3 + [np.diag([0.0, 1.0])]
    for order in (steps, steps[::-1]):
        result = full(Chain.from_dense(np.stack(order)), method=method)
        assert result.log10_norm == pytest.approx(-600.0, rel=1e-14)


def test_columns_keep_their_own_scales() -> None:
    """One vanishes while its neighbour explodes."""
    chain = Chain.from_dense(np.broadcast_to(np.diag([0.5, 2.0]), (10_000, 2, 2)))
    result = push(chain, np.eye(2))
    np.testing.assert_allclose(result.log10_norm, 10_000 * np.log10([0.5, 2.0]), rtol=1e-13)
    np.testing.assert_array_equal(result.direction, np.eye(2))
    assert result.block(columns=slice(1, 2)).log10_norm == pytest.approx(10_000 * np.log10(2.0))


def test_a_block_is_not_drowned_by_other_states() -> None:
    """The lower layer's own gradient vanishes while what it once fed upwards stays."""
    rows = [Row("a'", 1, [Term("a", matrix=[[0.5]])]), Row("b'", 1, [Term("b"), Term("a'")])]
    chain = Chain([("a", 1), ("b", 1)], rows, {"a": "a'", "b": "b'"}, 10_000)
    assert full(chain, of="a", wrt="a").log10_norm == pytest.approx(10_000 * np.log10(0.5), rel=1e-13)
    assert full(chain, of="b", wrt="a").unscaled() == pytest.approx(1.0)
    assert full(chain, of="a", wrt="b").log_norm == -np.inf


@pytest.mark.parametrize("history", [False, True])
@pytest.mark.parametrize("method", ["auto", "loop"])
def test_a_block_is_not_drowned_by_the_rest_of_its_column(method: Method, history: bool) -> None:
    """a' = 1e-100 a + 0 b and b' = b + a: the zero couples the states in form only."""
    rows = [Row("a'", 1, [Term("a", matrix=[[1e-100]]), Term("b", np.zeros((8, 1)))])]
    rows.append(Row("b'", 1, [Term("b"), Term("a")]))
    chain = Chain([("a", 1), ("b", 1)], rows, {"a": "a'", "b": "b'"}, 8)
    result = full(chain, of="a", wrt="a", method=method, history=history)
    assert result.log10_norm == pytest.approx(-800.0, rel=1e-14)
    if result.history is not None:
        np.testing.assert_allclose(result.history, -100.0 * np.log(10.0) * np.arange(9), rtol=1e-13)


def test_a_column_that_collapses_is_multiplied_again() -> None:
    """1e-200 a step, beside a column of ordinary size."""
    chain = Chain.from_dense(np.broadcast_to(np.diag([1e-200, 1.5]), (30, 2, 2)))
    np.testing.assert_allclose(push(chain, np.eye(2)).log10_norm, [-6000.0, 30 * np.log10(1.5)], rtol=1e-13)


@pytest.mark.parametrize("history", [False, True])
def test_a_block_is_the_block_of_the_whole(history: bool) -> None:
    """∂c_T/∂h_0 of an LSTM, by name and by slice."""
    chain = lstm(4, 30).chain
    block = full(chain).block(chain.slices["c"], chain.slices["h"])
    named = full(chain, of="c", wrt="h", history=history)
    assert named.log_norm == pytest.approx(float(block.log_norm), rel=1e-12)
    np.testing.assert_allclose(named.unscaled(), block.unscaled(), rtol=1e-9)


# ----------------------------------------------------------------------------------- norms, history


def test_norms_are_those_of_the_value() -> None:
    """Spectral by default, Frobenius if asked for, Euclidean for vectors and columns."""
    chain = gru(5, 20).chain
    value = full(chain).unscaled()
    singular = np.linalg.svd(value, compute_uv=False)
    assert full(chain).log_norm == pytest.approx(np.log(singular[0]))
    assert full(chain, norm="frobenius").log_norm == pytest.approx(np.log(np.linalg.norm(value)))
    np.testing.assert_allclose(full(chain).log_singular_values, np.log(singular), rtol=1e-9)
    assert np.linalg.norm(full(chain).direction, 2) == pytest.approx(1.0)
    columns = push(chain, np.eye(5))
    np.testing.assert_allclose(columns.log_norm, np.log(np.linalg.norm(value, axis=0)))
    np.testing.assert_allclose(columns.log_singular_values, np.log(singular), rtol=1e-9)


@given(st.integers(1, 6), st.integers(1, 6), st.floats(0.0, 40.0), st.booleans(), st.integers(0, 10**6))
@settings(max_examples=200, deadline=None)
def test_the_spectral_norm_is_the_largest_singular_value(n: int, k: int, gap: float, twin: bool, seed: int) -> None:
    """Whatever the gap between the singular values, and where the first two are equal."""
    rng = np.random.default_rng(seed)
    left, right = np.linalg.qr(rng.normal(size=(n, n)))[0], np.linalg.qr(rng.normal(size=(k, k)))[0]
    singular = 2.0 ** (-gap * np.arange(min(n, k)))
    if twin:
        singular[:2] = 1.0
    matrix = np.asarray(left[:, : len(singular)] * singular @ right[: len(singular)], dtype=np.float64)
    assert Scaled(matrix, np.array(0)).log_norm == pytest.approx(0.0, abs=1e-14)


def test_an_eigenvector_that_is_not_the_first_does_not_pass_for_it() -> None:
    """The longest column is a singular vector, but two shorter ones together are longer."""
    matrix = np.array([[1.0, 0.0, 0.0], [0.0, 0.6, 0.6], [0.0, 0.6, 0.6]])
    assert Scaled(matrix, np.array(0)).log_norm == pytest.approx(np.log(1.2), rel=1e-14)


@pytest.mark.parametrize("gain", [0.01, 1.0, 1e4])
@pytest.mark.parametrize("norm", ["spectral", "frobenius"])
def test_history_has_the_log_norm_of_every_partial_product(gain: float, norm: Norm) -> None:
    """Lag 0 is the identity, lag k the product of the first k steps; pull counts from the end."""
    jacobians = gain * np.random.default_rng(2).normal(size=(120, 3, 3))
    chain, vector = Chain.from_dense(jacobians), np.array([1.0, -2.0, 0.5])
    whole = full(chain, norm=norm, history=True)
    pushed, pulled = push(chain, vector, history=True), pull(chain, vector, history=True)
    columns = push(chain, np.eye(3)[:, :2], history=True).history
    assert whole.history is not None and pushed.history is not None and pulled.history is not None
    assert columns is not None and columns.shape == (121, 2)
    for lag in (0, 1, 2, 50, 119, 120):
        first, last = chain.window(0, lag), chain.window(120 - lag, 120)
        np.testing.assert_allclose(whole.history[lag], full(first, norm=norm).log_norm, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(pushed.history[lag], push(first, vector).log_norm, rtol=1e-12)
        np.testing.assert_allclose(pulled.history[lag], pull(last, vector).log_norm, rtol=1e-12)
        np.testing.assert_allclose(columns[lag], push(first, np.eye(3)[:, :2]).log_norm, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(pushed.history[-1], pushed.log_norm, rtol=1e-13)


def test_history_survives_steps_of_any_size() -> None:
    """The history of h_t = w_t h_{t-1} is the running sum of ln w_t."""
    weights = 10.0 ** np.random.default_rng(4).uniform(-300.0, 300.0, size=400)
    history = push(Chain.from_dense(weights.reshape(-1, 1, 1)), [1.0], history=True).history
    assert history is not None
    np.testing.assert_allclose(history[1:], np.cumsum(np.log(weights)), rtol=1e-10, atol=1e-9)


# ------------------------------------------------------------------------------------ what is given


def test_out_receives_the_mantissa() -> None:
    """For push, pull and both ways to the full product."""
    chain = rnn(3, 5).chain
    for ask, shape in ((push, (3,)), (pull, (3, 2))):
        out = np.empty(shape)
        result = ask(chain, np.ones(shape), out=out)
        assert result.mantissa is out
        np.testing.assert_array_equal(result.unscaled(), ask(chain, np.ones(shape)).unscaled())
    for method in METHODS:
        out = np.empty((3, 3))
        assert full(chain, method=method, out=out).mantissa is out


def test_arguments_are_left_as_they_are() -> None:
    """Neither the vector nor the chain is written to."""
    chain, vector = lstm(3, 200).chain, np.ones(6)
    before = chain.dense()
    for ask in (push, pull):
        ask(chain, vector)
    for method in METHODS:
        full(chain, method=method)
    np.testing.assert_array_equal(vector, np.ones(6))
    np.testing.assert_array_equal(chain.dense(), before)


BAD: dict[str, tuple[Any, str, str]] = {
    "nan": (lambda c: push(c, [1.0, np.nan]), r"nan at \[1\]", "finite"),
    "inf": (lambda c: pull(c, [[1.0], [-np.inf]]), r"-inf at \[1, 0\]", "finite"),
    "length": (lambda c: push(c, np.ones(3)), r"shape \(3,\)", r"\(2,\)"),
    "axes": (lambda c: pull(c, np.ones((2, 2, 2))), r"\(2, 2, 2\)", r"\(2, k\)"),
    "out": (lambda c: full(c, out=np.empty(2)), r"shape \(2,\)", r"\(2, 2\)"),
    "out type": (lambda c: push(c, np.ones(2), out=cast(Any, np.empty(2, np.float32))), "float32", "float64"),
    "one name": (lambda c: full(c, of="h"), "one state", "both"),
    "no state": (lambda c: full(c, of="h", wrt="c"), "no such state", "'h'"),
    "tree": (lambda c: full(c, method="tree", history=True), "no partial products", "loop"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit_is_refused_in_three_parts(case: str) -> None:
    """A ValueError that says what was given, what was found and what to give."""
    ask, found, write = BAD[case]
    with pytest.raises(ChainError, match=rf"(?s)You wrote: .*Found: .*{found}.*Write: .*{write}"):
        ask(rnn(2, 3).chain)


def test_values_beyond_float64_come_back_as_zero_or_infinity() -> None:
    """Only where they are asked for, and without a warning."""
    tiny, huge = (Scaled(np.array([1.0, -1.0]), np.array(e)) for e in (-(10**6), 10**6))
    np.testing.assert_array_equal(np.abs(tiny.unscaled()), [0.0, 0.0])
    np.testing.assert_array_equal(huge.unscaled(), [np.inf, -np.inf])


def test_scaled_columns_may_be_few_or_none() -> None:
    """A block of no columns is a block."""
    chain = rnn(2, 3).chain
    empty: FloatArray = np.empty((2, 0))
    assert push(chain, empty).mantissa.shape == (2, 0)
    assert push(chain, np.zeros((2, 1))).log_norm == -np.inf


def test_a_block_that_drowns_on_the_way_has_its_history_right_there() -> None:
    """∂h_2/∂h_0 = 2^-1100 stands beside ∂c_2/∂h_0 = 1 and would underflow; ∂h_3/∂h_0 = 1 again."""
    steps = [[[2.0**-600, 0.0], [1.0, 1.0]], [[2.0**-500, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]]
    numbers = np.array(steps)
    rows = [
        Row("h'", 1, (Term("h", matrix=numbers[:, :1, :1]), Term("c", matrix=numbers[:, :1, 1:]))),
        Row("c'", 1, (Term("h", matrix=numbers[:, 1:, :1]), Term("c", matrix=numbers[:, 1:, 1:]))),
    ]
    chain = Chain([("h", 1), ("c", 1)], rows, {"h": "h'", "c": "c'"}, 3)
    found = full(chain, of="h", wrt="h", history=True)
    assert found.history is not None
    np.testing.assert_allclose(found.history / np.log(2.0), [0.0, -600.0, -1100.0, 0.0])
