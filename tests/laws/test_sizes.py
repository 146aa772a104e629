"""Law 6: sizes may be put in before or after deriving; the values are the same."""

from __future__ import annotations

import pytest
import random_programs
from hypothesis import given
from hypothesis import strategies as st
from law_checks import check_sizes
from named_cells import CELLS, WITH_LOSS
from running import few

from symrnn.algebra.programs import Program, sizes_of
from symrnn.cells import rnn

SIZES = [{"n": 1, "m": 1, "p": 1}, {"n": 2, "m": 1, "p": 3}, {"n": 1, "m": 2, "p": 2}]


def some(sizes: dict[str, int], program: Program) -> dict[str, int]:
    """The sizes that the Program has."""
    return {symbol.name: sizes[symbol.name] for symbol in sizes_of(program)}


@few
@given(random_programs.programs(), st.sampled_from(SIZES), st.integers(1, 2))
def test_random_programs(program: Program, sizes: dict[str, int], steps: int) -> None:
    """Also where a size is 1 and vectors become numbers."""
    check_sizes(program, some(sizes, program), steps)


@pytest.mark.parametrize("label", CELLS)
def test_named_cells(label: str) -> None:
    """Every named cell as a scalar cell."""
    check_sizes(CELLS[label](), some(SIZES[0], CELLS[label]()), 2)


@pytest.mark.parametrize("loss", WITH_LOSS)
def test_losses(loss: str) -> None:
    """Every kind of loss with a scalar state and three classes."""
    program = WITH_LOSS[loss](rnn())
    check_sizes(program, some({"n": 1, "m": 2, "p": 3}, program), 2)
