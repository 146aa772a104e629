"""Verdicts on arbitrary cells: no crash, boxes that hold what they enclose, proofs that no product contradicts."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from random_programs import cells

from symrnn.algebra.nodes import Name, Parameter
from symrnn.algebra.programs import Program
from symrnn.errors import SymrnnError
from symrnn.models.model import Model
from symrnn.regimes.forms import Step
from symrnn.regimes.trajectories import follow
from symrnn.regimes.verdicts import regime

from .test_regimes_hold import contradictions

SIZES = {"n": 2, "m": 1}
STEPS = 15


def with_numbers(program: Program, seed: int, gain: float) -> Model:
    """The cell with drawn parameters, inputs and initial values."""
    rng = np.random.default_rng(seed)
    numbers = {sp.Symbol(key, integer=True, positive=True): size for key, size in SIZES.items()}

    def shape(name: Name) -> tuple[int, ...]:
        sizes = [int(size.xreplace(numbers)) for size in name.shape]
        if name.shape == (1, 1):
            return ()
        return tuple(sizes[:1]) if name.shape[1] == 1 else tuple(sizes)

    values: dict[Name, np.ndarray] = {}
    for parameter in program.parameters:
        drawn = gain * rng.normal(size=shape(parameter))
        diagonal = isinstance(parameter, Parameter) and parameter.structure == "diagonal"
        values[parameter] = np.diag(np.diag(drawn)) if diagonal else np.asarray(drawn)
    values |= {name: 0.3 * rng.normal(size=shape(name)) for name in program.initials}
    values |= {name: rng.normal(size=(STEPS, *(shape(name) or (1,)))) for name in program.inputs}
    return Model("drawn", program, program, STEPS, MappingProxyType(SIZES), MappingProxyType(values))


@settings(max_examples=25, deadline=None)
@given(cells(guards=False), st.integers(0, 2**16), st.sampled_from([0.2, 0.6, 1.5]))
def test_proofs_hold_for_any_cell(program: Program, seed: int, gain: float) -> None:
    """Of one to three states and two lags, with every operation."""
    model = with_numbers(program, seed, gain)
    try:
        found = regime(model)
    except SymrnnError:
        # Not every operation has a rule, and not every trajectory stays finite: said, not crashed.
        return
    assert list(contradictions(model, found)) == []


@settings(max_examples=25, deadline=None)
@given(cells(guards=False), st.integers(0, 2**16))
def test_boxes_hold_for_any_cell(program: Program, seed: int) -> None:
    """Every step Jacobian of the trajectory lies in the enclosure."""
    model = with_numbers(program, seed, 0.5)
    try:
        step = Step(model)
        inputs = step.given_inputs()
        boxes = step.invariant(inputs)
        if boxes is None:
            return
        entries = step.entries(step.enclosure(inputs, boxes))
        dense = follow(model).chain.dense()
    except SymrnnError:
        return
    slack = 1e-9 * (1 + np.abs(dense).max())
    assert (entries.lo - slack <= dense).all() and (dense <= entries.hi + slack).all()


@settings(max_examples=25, deadline=None)
@given(cells(guards=False))
def test_conditions_of_any_cell(program: Program) -> None:
    """Without numbers: conditions, printed in both languages."""
    try:
        found = regime(program)
    except SymrnnError:
        return
    assert found.conditions and repr(found)
