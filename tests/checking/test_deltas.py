"""δ before a name as a gradient."""

from __future__ import annotations

from symrnn.algebra.reading.syntax import Symbol, walk
from symrnn.checking.deltas import with_deltas
from symrnn.checking.naming import name_of
from symrnn.checking.reading.workings import read_working


def test_only_where_a_line_begins_so() -> None:
    """Elsewhere δ times a name is a product, and the working stays as it is."""
    product = read_working("$dw = \\delta h_{t-1}$")
    assert with_deltas(product) is product
    gradients = with_deltas(read_working("$\\delta c_t = \\delta h_t o_t$\n\n$x = (\\delta h_t + 1) 2$"))
    names = [piece for link in gradients.links for side in (link.left, link.right) for piece in walk(side)]
    assert [piece.below[0].base for piece in names if piece.__class__ is Symbol and piece.base == "delta"] == [
        "c",
        "h",
        "h",
    ]


def test_bars_are_gradients_where_the_text_says_so() -> None:
    """`\\bar h_1 = ∂L/∂h_1` makes every bar a gradient; without it a bar is an accent."""
    said = with_deltas(read_working("$\\bar h_1 = \\frac{\\partial L}{\\partial h_1}$, $\\bar z_1 = 2$"))
    assert [str(name_of(link.left)) for link in said.links] == ["dh[1]", "dz[1]"]
    plain = read_working("$\\bar h_1 = 0.5$, $\\bar h_2 = \\frac{\\partial L}{\\partial w}$")
    assert with_deltas(plain) is plain
