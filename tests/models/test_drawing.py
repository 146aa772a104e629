"""Drawn arrays: distributions, seeds, and numbers that stay the same."""

import numpy as np
import pytest

from symrnn.errors import InputError
from symrnn.models.drawing import INITS, drawn, source


def test_the_same_seed_gives_the_same_numbers_forever():
    """Pinned: raw PCG64 words, not a NumPy version's way of sampling."""
    values = source(1, "W_h").uniform((3,))
    raw = np.random.PCG64(np.random.SeedSequence([1, *b"W_h"])).random_raw(3)
    expected = [((int(word) >> 11) + 0.5) * 2.0**-53 for word in raw]
    assert values.tolist() == expected


def test_names_split_the_stream():
    """Two parameters drawn with one seed are independent."""
    assert not np.array_equal(source(1, "W_h").uniform((4,)), source(1, "W_x").uniform((4,)))


@pytest.mark.parametrize("kind", INITS)
def test_every_initialisation_gives_the_shape_asked_for(kind):
    """Square, tall, wide and vector shapes."""
    for shape in [(4, 4), (6, 3), (3, 6), (5,)]:
        assert drawn({"init": kind, "seed": 3}, "W", shape, 4).shape == shape


def test_pytorch_initialisation_is_bounded_by_one_over_root_hidden():
    """U(−1/√H, 1/√H), with the variance of a uniform."""
    values = drawn({"init": "pytorch", "seed": 5}, "W", (200, 200), 16)
    assert np.abs(values).max() <= 0.25
    assert np.isclose(values.var(), 0.25**2 / 3, rtol=0.02)


def test_normals_have_the_mean_and_deviation_said():
    """Quantiles of uniforms."""
    values = drawn({"normal": [2, 3], "seed": 5}, "x", (100_000,), 1)
    assert np.isclose(values.mean(), 2, atol=0.05) and np.isclose(values.std(), 3, rtol=0.02)


@pytest.mark.parametrize(
    "table",
    [{"seed": 1}, {"init": "lecun"}, {"normal": [0]}, {"normal": [0, -1]}, {"init": "he", "normal": [0, 1]},
     {"uniform": "ab"}, {"normal": [0, 1], "seed": -1}, {"normal": [0, 1], "sed": 1}],
)  # fmt: skip
def test_a_table_that_says_nothing_is_refused(table):
    """Each with what to write."""
    with pytest.raises(InputError) as caught:
        drawn(table, "x", (2,), 1)
    assert caught.value.write
