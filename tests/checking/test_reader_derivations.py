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


LAGS = "h_t = tanh(A h_{t-1} + B h_{t-2} + C x_t)"


@pytest.mark.parametrize("format", ["markdown", "text"])
def test_blocks_of_two_lags_are_right(format: str) -> None:
    """∂h_t/∂h_{t-2} of a cell that reads h_{t-2} is a block, the states of other steps held."""
    cell = sr.parse_cell(LAGS)
    report = sr.check(getattr(sr.derive(cell), f"to_{format}")(), cell)
    wrong = [found.text for found in report.findings if str(found.verdict) == "wrong"]
    assert not wrong and len(report.findings) > 20


def test_a_wrong_block_of_two_lags_is_wrong() -> None:
    """The other lag's matrix."""
    line = r"$\frac{\partial h_t}{\partial h_{t-2}} = \operatorname{diag}(1 - h_t^2) A$" + "\n"
    report = sr.check(line, sr.parse_cell(LAGS))
    assert [str(found.verdict) for found in report.findings] == ["wrong"]
