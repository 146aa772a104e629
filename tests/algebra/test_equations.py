"""Equations: families at every step, blocks that are computed together, and the order within a step."""

from __future__ import annotations

from itertools import pairwise

import pytest
from two_directions import bidirectional

from symrnn.algebra.equations import STEPS, Equation, blocks_of, family, lag_of, ordered, shifted, signal_of
from symrnn.algebra.nodes import Adjoint, Apply, Name, Node, Parameter, Signal, Tangent, m, n, t
from symrnn.cells import lstm
from symrnn.errors import ShapeError, TimeError

h, g, x = Signal("h", (n, 1), t), Signal("g", (n, 1), t), Signal("x", (m, 1), t)
a = Signal("a", (n, 1), t)
W, V = Parameter("W", (n, n)), Parameter("V", (n, n))
L = Signal("L", (1, 1))


def step(target: Name, value: Node) -> Equation:
    """An equation of every step."""
    return Equation(target, value, domain=(STEPS,))


def test_both_sides_have_one_shape() -> None:
    """The error says both."""
    with pytest.raises(ShapeError, match=r"the left side is \(n, 1\) and the right side \(m, 1\)"):
        step(h, x)


class TestBlocks:
    """Neighbours that share a recurrence are one loop."""

    def test_a_bidirectional_cell_has_three_blocks(self) -> None:
        """Forward, backward, and what reads both."""
        assert [[str(e.target) for e in block] for block in blocks_of(bidirectional())] == [["h_t"], ["g_t"], ["y_t"]]

    def test_neighbours_with_one_range_share_a_block(self) -> None:
        """The LSTM is one loop."""
        (block,) = blocks_of(lstm())
        assert len(block) == len(lstm()) == 6


class TestOrdered:
    """The equations of one step, each after those it reads."""

    def test_sorted_with_the_written_order_kept_where_it_can_be(self) -> None:
        """h reads a, which stands last; g reads nothing of the step."""
        written = (step(h, Apply("tanh", a)), step(g, W @ h.at(t - 1)), step(a, W @ h.at(t - 1)))
        assert [str(equation.target) for equation in ordered(written)] == ["g_t", "a_t", "h_t"]

    def test_a_cycle_is_named(self) -> None:
        """With all that take part in it."""
        with pytest.raises(TimeError) as caught:
            ordered((step(h, W @ g), step(g, V @ h)))
        assert caught.value.found == "a cycle within the step: h_t, g_t need each other before any of them is known"
        assert caught.value.wrote == "h_t = W g_t\ng_t = V h_t"

    def test_a_long_chain_written_backwards(self) -> None:
        """Every equation reads the one below it."""
        names = [Signal(f"s_{k}", (n, 1), t) for k in range(500)]
        chain = [step(here, W @ below) for here, below in pairwise(names)]
        assert ordered(chain) == tuple(reversed(chain))


class TestFamilies:
    """A signal at every step of a range is one family."""

    def test_indices_are_forgotten_kinds_are_not(self) -> None:
        """h_t and h_{t-1} are one family, h_t and h̄_t two."""
        assert family(h) == family(h.at(t - 1)) == family(h.at(0))
        assert len({family(h), family(Adjoint(h)), family(Tangent(h)), family(W), family(g)}) == 5

    def test_lags(self) -> None:
        """Told for signals and for what is about them; none at a fixed step."""
        assert lag_of(h.at(t - 2)) == -2
        assert lag_of(Adjoint(h.at(t + 1))) == 1
        assert lag_of(h.at(0)) is None
        assert lag_of(W) is None
        assert lag_of(L) is None

    def test_shifting(self) -> None:
        """The same name at another step, whatever it is about."""
        assert shifted(Tangent(Adjoint(h)), t + 1) == Tangent(Adjoint(h.at(t + 1)))
        assert shifted(W, 3) == W
        assert signal_of(Adjoint(h)) == h
        assert signal_of(Adjoint(W)) is None
