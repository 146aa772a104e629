"""What symrnn writes, its reader reads: the derivations of the named cells, in every format, as one and the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from spoken_trees import spoken_claim

import symrnn as sr
from symrnn.checking.claims import Kind
from symrnn.checking.reading.workings import read_working
from symrnn.documents.document import Document

CELLS: dict[str, Callable[[], sr.Program]] = {"rnn": sr.cells.rnn, "lstm": sr.cells.lstm, "gru": sr.cells.gru}
FORMATS = ("markdown", "text", "latex")


@cache
def derivation(cell: str) -> Document:
    """The derivation of a cell's gradients."""
    return sr.derive(CELLS[cell]())


def claims_of(cell: str, format: str) -> list[str]:
    """Every equality; ranges of t stand beside a formula in one format and in its reason in another."""
    working = read_working(getattr(derivation(cell), f"to_{format}")())
    assert working.unread == ()
    return [spoken_claim(claim) for line in working.lines for claim in line.claims if claim.kind is not Kind.LIST]


class TestDerivations:
    """Nothing of ours is unread."""

    @pytest.mark.parametrize("cell", CELLS)
    def test_formats_say_the_same(self, cell: str) -> None:
        """LaTeX, Markdown and plain text are read as the same equalities."""
        markdown, text, latex = (claims_of(cell, format) for format in FORMATS)
        assert len(markdown) > 20
        assert markdown == latex
        assert [claim.replace("(", "").replace(")", "") for claim in text] == [
            claim.replace("(", "").replace(")", "") for claim in markdown
        ]  # plain text puts brackets around a derivative within a product
