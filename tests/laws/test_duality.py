"""Law 5: ⟨cotangent, tangent⟩ = ⟨gradient, direction⟩ over whole Programs: adjoint and tangent are transposes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import random_programs
from hypothesis import given
from law_checks import Setting, check_duality, sized
from named_cells import all_programs
from running import few

from symrnn.algebra.programs import Program


@few
@given(random_programs.settings())
def test_random_programs(setting: Setting) -> None:
    """What a direction in all parameters, inputs and initials does to the loss is what the gradients say."""
    check_duality(setting)


@pytest.mark.parametrize(("label", "make"), all_programs(), ids=[label for label, _ in all_programs()])
def test_named_cells(label: str, make: Callable[[], Program]) -> None:
    """The same for every named cell, variant and loss, over 3 steps."""
    check_duality(Setting(sized(make(), n=2, m=1, p=2), 2))
