"""Contraction of any cell, gated ones too: norms of the step Jacobian's blocks over invariant boxes of states.

The two general theorems need no cell by name. Those of Miller & Hardt and of Bonassi are checked as published beside
them, and are conservative: they bound every gate by one number for all units.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from symrnn.algebra.nodes import Signal
from symrnn.models.model import Model, as_float
from symrnn.regimes.boxes import Box
from symrnn.regimes.enclosures import Enclosure
from symrnn.regimes.evidence import Bound, Evidence, Scope, Theorem
from symrnn.regimes.forms import Step
from symrnn.regimes.margins import norm_above, perron, radius_above, rows_above
from symrnn.regimes.scalings import best_scaling
from symrnn.regimes.statements import Quantity, Statement
from symrnn.regimes.theorems import BLOCKS, BONASSI_GRU, BONASSI_LSTM, ENTRIES, MILLER_HARDT

Array = NDArray[np.float64]

MOST_ENTRIES = 600


def evidence_of(step: Step, walk: Enclosure, scope: Scope) -> list[Evidence]:
    """The general theorems, checked where states and inputs stay in the boxes of `walk`."""
    norms = step.block_norms(walk)
    found = [_of_norms(BLOCKS, "block_norms", norms, scope)]
    if sum(walk.size(source)[0] for source in step.jacobian.sources) <= MOST_ENTRIES:
        found.append(_of_entries(step.entries(walk).largest, scope))
    return found


def _of_norms(theorem: Theorem, kind: str, norms: Array, scope: Scope) -> Evidence:
    statement = Statement((Quantity(kind),), "<")
    if not np.isfinite(norms).all():
        return Evidence(theorem, statement, False, math.inf, scope)
    # ‖P‖ of k steps is at most that of the k-th power of the table of block norms.
    if len(norms) == 1:
        value, condition = float(norms[0, 0]), 1.0
    else:
        scaling = best_scaling(norms)
        value, condition = scaling.norm, scaling.condition
    return Evidence(theorem, statement, value < 1, value, scope, bound=Bound(condition, value) if value < 1 else None)


def _of_entries(sizes: Array, scope: Scope) -> Evidence:
    statement = Statement((Quantity("entry_sizes"),), "<")
    if not np.isfinite(sizes).all():
        return Evidence(ENTRIES, statement, False, math.inf, scope)
    right, left = perron(sizes)
    value = max(radius_above(sizes, right), radius_above(sizes.T, left))
    constant = math.sqrt(float(right.max() / right.min()) * float(left.max() / left.min())) * (1 + 1e-14)
    return Evidence(ENTRIES, statement, value < 1, value, scope, bound=Bound(constant, value) if value < 1 else None)


# --- as published -----------------------------------------------------------------------------------------------------


def published(model: Model, inputs: Mapping[str, Box], scope: Scope) -> Iterator[Evidence]:
    """Miller & Hardt's and Bonassi's conditions for the cells they are about: the LSTM, the GRU with reset before."""
    names = {parameter.name for parameter in model.cell.parameters}
    if not all(np.abs(value).max(initial=0.0) <= 1.0 for value in _starts(model, "h")):
        # They speak of |h| ≤ 1.
        return
    largest = float(max((box.largest.max() for box in inputs.values()), default=0.0))
    if {"U_f", "U_i", "U_o", "U_c"} <= names:
        gates = {gate: _gate(model, gate, largest) for gate in "fioc"}
        widest = _sigma(gates["i"]) * math.tanh(gates["c"]) / (1 - min(_sigma(gates["f"]), 1 - 1e-15))
        if not all(np.abs(value).max(initial=0.0) <= widest for value in _starts(model, "c")):
            return
        yield _miller_hardt(model, gates["f"], scope)
        yield _of_norms(BONASSI_LSTM, "bonassi_lstm", bonassi_lstm(model, largest), scope)
    elif {"U_z", "U_r", "U_h"} <= names:
        yield _bonassi_gru(model, largest, scope)


def _starts(model: Model, state: str) -> Iterator[Array]:
    """The values given for a state before the first step."""
    for name, value in model.values.items():
        if isinstance(name, Signal) and name.name == state and name.indices and not name.time.free_symbols:
            yield as_float(value)


def _matrix(model: Model, name: str) -> Array:
    array = as_float(model.value(name))
    return array.reshape(array.shape if array.ndim == 2 else (-1, 1)) if array.ndim else array.reshape(1, 1)


def _gate(model: Model, gate: str, largest: float) -> float:
    """‖[W x_max, U, b]‖_∞: the largest argument of a gate, for |h| ≤ 1 and |x| ≤ x_max."""
    parts = [np.abs(_matrix(model, f"U_{gate}"))]
    names = {parameter.name for parameter in model.cell.parameters}
    if f"W_{gate}" in names:
        parts.append(np.abs(_matrix(model, f"W_{gate}")) * largest)
    bias = sum((_matrix(model, name) for name in (f"b_{gate}", f"b_U{gate}") if name in names), np.zeros((1, 1)))
    parts.append(np.broadcast_to(np.abs(bias), (len(parts[0]), 1)))
    return rows_above(np.concatenate(parts, axis=1))


def _sigma(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(x, 700.0)))


def _miller_hardt(model: Model, forget: float, scope: Scope) -> Evidence:
    """‖U_i‖, ‖U_o‖ < 1 − f̄, ‖U_c‖ ≤ (1 − f̄)/4, ‖U_f‖ < (1 − f̄)², in the ∞-norm; f̄ = sup f."""
    rest = max(1.0 - _sigma(forget), 1e-300)
    norms = {gate: rows_above(_matrix(model, f"U_{gate}")) for gate in "fioc"}
    value = max(norms["i"] / rest, norms["o"] / rest, 4 * norms["c"] / rest, norms["f"] / rest**2)
    statement = Statement((Quantity("miller_hardt"),), "<")
    # They show that enough steps together contract, without a rate for one: no C and r are claimed.
    return Evidence(MILLER_HARDT, statement, value < 1, value, scope)


def bonassi_lstm(model: Model, largest: float) -> Array:
    """A with (‖Δc⁺‖, ‖Δh⁺‖) ≤ A (‖Δc‖, ‖Δh‖), each gate bounded by one number."""
    f, i, o, c = (_gate(model, gate, largest) for gate in "fioc")
    sf, si, so, tc = _sigma(f), _sigma(i), _sigma(o), math.tanh(c)
    norms = {gate: norm_above(_matrix(model, f"U_{gate}")) for gate in "fioc"}
    cell = si * tc / max(1 - sf, 1e-300)
    alpha = 0.25 * norms["f"] * cell + si * norms["c"] + 0.25 * norms["i"] * tc
    return np.array([[sf, alpha], [so * sf, alpha * so + 0.25 * math.tanh(cell) * norms["o"]]]) * (1 + 1e-12)


def gru_residual(model: Model, largest: float) -> tuple[float, float]:
    """‖U_h‖(‖U_r‖/4 + σ̄_r) − 1 + (1 + φ̄)‖U_z‖/(4(1 − σ̄_z)), negative where it contracts; and the factor a step."""
    z, r, h = (_gate(model, gate, largest) for gate in "zrh")
    norms = {gate: rows_above(_matrix(model, f"U_{gate}")) for gate in "zrh"}
    inner = norms["h"] * (0.25 * norms["r"] + _sigma(r))
    through = 0.25 * (1 + math.tanh(h)) * norms["z"]
    keep = _sigma(z)
    return inner - 1 + through / max(1 - keep, 1e-300), (keep + (1 - keep) * inner + through) * (1 + 1e-12)


def _bonassi_gru(model: Model, largest: float, scope: Scope) -> Evidence:
    residual, factor = gru_residual(model, largest)
    statement = Statement((Quantity("bonassi_gru"),), "<", 0)
    reset_before = model.cell.citation in ("chung2014", "cho2014")
    holds = residual < 0 and factor < 1 if reset_before else (None if residual < 0 else False)
    size = len(_matrix(model, "U_z"))
    bound = Bound(math.sqrt(size) * (1 + 1e-15), factor) if holds else None
    return Evidence(BONASSI_GRU, statement, holds, residual, scope, bound=bound)
