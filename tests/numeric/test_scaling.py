"""Powers of two beside the numbers: exact splitting, bounds that hold, steps of any magnitude."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from step_chains import chains, exact

from symrnn.numeric.chains import Chain, FloatArray, Row, Term
from symrnn.numeric.scaling import careful_product, growth, normalise

FINITE = st.floats(allow_nan=False, allow_infinity=False)
WIDE = st.one_of(
    st.integers(-8, 8).map(float),
    st.tuples(st.integers(-8, 8), st.integers(-990, 1000)).map(lambda pair: float(np.ldexp(pair[0], pair[1]))),
)


@given(arrays(np.float64, (3, 2), elements=st.floats(-1e300, 1e300, allow_subnormal=False)))
def test_normalising_loses_nothing_that_is_not_far_below_the_largest(block: FloatArray) -> None:
    """mantissa · 2^exponent = block, the largest entry of each column in [1/2, 1)."""
    mantissa, exponent = normalise(block)
    largest = np.abs(mantissa).max(axis=0)
    assert (((largest >= 0.5) & (largest < 1.0)) | (largest == 0.0)).all()
    kept = np.abs(mantissa) > 2.0**-1000
    np.testing.assert_array_equal(np.ldexp(mantissa, exponent)[kept], block[kept])


@given(chains(WIDE, max_steps=2))
@settings(max_examples=200, deadline=None)
def test_no_step_grows_beyond_its_bound(chain: Chain) -> None:
    """‖J_t‖_∞ ≤ 2^bits wherever the step is tame, in exact arithmetic."""
    bounds = growth(chain)
    assert (bounds.bits >= 0.0).all()
    for t in map(int, np.flatnonzero(bounds.tame)):
        rows = exact(chain.window(t, t + 1), np.eye(chain.size))
        assert max(sum(map(abs, row), Fraction(0)) for row in rows) <= Fraction(2.0 ** float(bounds.bits[t])) * 2


@given(chains(WIDE, max_steps=2), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_careful_product_is_right_at_any_magnitude(chain: Chain, vector: bool) -> None:
    """Against rational arithmetic: relative to the largest entry of a column, or to what cancelled there."""
    size = _absolute(chain)
    block = np.ones(chain.size) if vector else np.eye(chain.size)
    mantissa, exponent = careful_product(chain, block)
    mantissa, exponent = mantissa.reshape(chain.size, -1), exponent.reshape(-1)
    columns = block.reshape(chain.size, -1)
    for found, shift, wanted, bound in zip(
        mantissa.T,
        exponent,
        zip(*exact(chain, columns), strict=True),
        zip(*exact(size, columns), strict=True),
        strict=True,
    ):
        assert np.abs(found).max() < 1.0
        allowed = max(bound) * Fraction(1, 2**48)
        for x, y in zip(found, wanted, strict=True):
            assert abs(Fraction(float(x)) * Fraction(2) ** int(shift) - y) <= allowed


def _absolute(chain: Chain) -> Chain:
    """The chain of absolute values: what could have been there before it cancelled."""

    def absolute(array: FloatArray | None) -> FloatArray | None:
        return None if array is None else np.abs(array)

    rows = [
        Row(
            r.name,
            r.size,
            [Term(x.source, absolute(x.left), absolute(x.matrix), absolute(x.right)) for x in r.terms],
        )
        for r in chain.rows
    ]
    return Chain(chain.states, rows, chain.outputs, chain.steps)


@pytest.mark.parametrize("size", [2.0**-1000, 1.0, 2.0**1000])
def test_a_factor_of_any_size_is_taken_out(size: float) -> None:
    """left · matrix · right with factors whose product is far outside float64."""
    term = Term("h", [[size]], [[size]], [[size]])
    chain = Chain([("h", 1)], [Row("h'", 1, [term])], {"h": "h'"}, 1)
    mantissa, exponent = careful_product(chain, np.array([1.0]))
    assert (mantissa[0], exponent) == (0.5, 3 * np.log2(size) + 1)


def test_a_zero_step_leaves_zero_and_no_wild_exponent() -> None:
    """Zero has the exponent 0."""
    mantissa, exponent = careful_product(Chain.from_dense(np.zeros((1, 2, 2))), np.eye(2))
    assert not mantissa.any()
    assert not exponent.any()


def test_a_step_that_overflows_on_the_way_is_not_tame() -> None:
    """Even where its own bound is 1."""
    up, down = np.full((1, 1), 2.0**600), np.full((1, 1), 2.0**-600)
    chain = Chain([("h", 1)], [Row("h'", 1, [Term("h", down, up)])], {"h": "h'"}, 1)
    assert not growth(chain).tame.any()
