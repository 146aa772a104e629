"""Law 2: unroll(adjoint(p)) = adjoint(unroll(p)), target by target, as written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import random_programs
import sympy as sp
from hypothesis import given
from law_checks import Setting, check_unrolling, sized
from named_cells import all_programs
from running import few
from samples import V, W, before, cell

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Node, t
from symrnn.algebra.programs import Program


@few
@given(random_programs.settings(longest=4, guards=False))
def test_random_programs(setting: Setting) -> None:
    """Deriving first or unrolling first gives the same equations, for 1 to 4 steps."""
    check_unrolling(setting)


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
@pytest.mark.parametrize(("label", "make"), all_programs(), ids=[label for label, _ in all_programs()])
def test_named_cells(label: str, make: Callable[[], Program], steps: int) -> None:
    """The same for every named cell, variant and loss, with symbols for the sizes."""
    check_unrolling(Setting(make(), steps))


GUARDED: dict[str, Callable[[Node], Node]] = {
    "from t = 2": lambda body: N.Guarded(body, 2, t, sp.oo),
    "to t = 2": lambda body: N.Guarded(body, -sp.oo, t, 2),
    "to t = T - 1": lambda body: N.Guarded(body, -sp.oo, t, N.T - 1),
}


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("guard", GUARDED)
@pytest.mark.parametrize("place", ["outside the product", "inside the product", "inside f"])
def test_shares_that_exist_for_some_steps_only(guard: str, steps: int, place: str) -> None:
    """A guard in the forward Program leaves nothing behind where it does not hold: no `0 (h_0)ᵀ`, no `x + 0`."""
    only = GUARDED[guard]
    body = {
        "outside the product": lambda: only(N.MatMul(V, N.Hadamard(before, before))),
        "inside the product": lambda: N.MatMul(V, only(before)),
        "inside f": lambda: N.Apply("softsign", only(N.MatMul(V, before))),
    }[place]()
    check_unrolling(Setting(sized(cell(N.Add(N.MatMul(W, before), body))), steps))
