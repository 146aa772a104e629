"""δ before a name as a gradient."""

from __future__ import annotations

from symrnn.algebra.reading.syntax import Symbol, walk
from symrnn.checking.deltas import with_deltas
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
