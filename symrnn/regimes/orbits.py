"""Constant input from a given start: the fixed point or cycle the orbit settles on, and what is proved there.

ρ(J*) < 1 at the fixed point or cycle to which the orbit converges proves vanishing: a ball around it is found that the
step maps into itself and on which every step Jacobian contracts in one norm; the orbit is then shown to enter it.
ρ(J*) > 1 alone decides nothing, because orbits leave such a point; it decides where the orbit *is* the point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symrnn.errors import SymrnnError
from symrnn.models.model import Model
from symrnn.regimes.boxes import Box, product
from symrnn.regimes.evidence import Bound, Evidence, Scope
from symrnn.regimes.forms import Step
from symrnn.regimes.linear import contraction
from symrnn.regimes.margins import UNIT, norm_above
from symrnn.regimes.statements import Quantity, Statement
from symrnn.regimes.theorems import ATTRACTED, REPELLED, RESTING
from symrnn.regimes.trajectories import Trajectory, follow, is_constant_input

Array = NDArray[np.float64]
SETTLING = 2_000
LONGEST_CYCLE = 16
MOST_STATES = 300


@dataclass(frozen=True, eq=False)
class Cycle:
    """s*_0 → … → s*_{p−1} → s*_0: the states, the step Jacobians, and from which step on the orbit is there.

    `multiplier` is ρ of the product of the p Jacobians, `rate` its p-th root.
    """

    states: Array
    jacobians: Array
    entered: int

    @property
    def period(self) -> int:
        """p; 1 for a fixed point."""
        return len(self.states)

    @property
    def product(self) -> Array:
        """J*_p ⋯ J*_1: later factors to the left."""
        whole = np.eye(self.jacobians.shape[1])
        for step in self.jacobians:
            whole = step @ whole
        return whole

    @property
    def rate(self) -> float:
        """ρ(J*_p ⋯ J*_1)^{1/p}: the factor per step."""
        return float(np.abs(np.linalg.eigvals(self.product)).max() ** (1 / self.period))


def settled(trajectory: Trajectory, tolerance: float = 1e-10) -> Cycle | None:
    """The fixed point or cycle (period ≤ 16) that the end of a trajectory has settled on, if it has.

    >>> from symrnn.models.files import loads
    >>> model = loads("[cell]\\nkind = 'rnn'\\n[sequence]\\nsteps = 200\\nh0 = 0.5\\n[parameters]\\nW_h = 2\\nb = 0\\n")
    >>> cycle = settled(follow(model))
    >>> print(cycle.period, round(float(cycle.states[0, 0]), 12), round(cycle.rate, 12))
    1 0.957504024077 0.166372087752
    """
    last = trajectory.steps
    end = trajectory.state(last)
    if not np.isfinite(end).all():
        return None
    scale = 1.0 + float(np.abs(end).max())
    for period in range(1, min(LONGEST_CYCLE, last // 2) + 1):
        if np.abs(end - trajectory.state(last - period)).max() > tolerance * scale:
            continue
        states = np.array([trajectory.state(last - period + k) for k in range(period)])
        return Cycle(states, trajectory.chain.dense(last - period, last), _entry(trajectory, states, scale * 1e-3))
    return None


def _entry(trajectory: Trajectory, states: Array, near: float) -> int:
    """A step (a multiple of the period before the end) from which on the orbit stays near the cycle."""
    period, step = len(states), trajectory.steps - len(states)
    while step - period >= 0 and np.abs(trajectory.state(step - period) - states[0]).max() <= near:
        step -= period
    return step


def evidence_of(step: Step, model: Model, example: int = 0) -> tuple[list[Evidence], Trajectory | None]:
    """What the orbit of a constant input proves; and the longer trajectory it was found on."""
    if not is_constant_input(model, example) or sum(step.model.sizes.values()) > MOST_STATES:
        return [], None
    try:
        trajectory = follow(model, example, max(SETTLING, model.steps))
    except SymrnnError:
        # The orbit overflows: nothing settles.
        return [], None
    cycle = settled(trajectory)
    if cycle is None:
        return [], trajectory
    kind = Statement((Quantity("at_orbit"),), "<" if cycle.rate < 1 else ">")
    scope = Scope("orbit", (cycle.period,))
    if cycle.rate < 1:
        proof = _ball(step, trajectory, cycle)
        return [Evidence(ATTRACTED, kind, proof is not None, cycle.rate, scope, bound=proof, notes=_notes(cycle))], (
            trajectory
        )
    if cycle.rate > 1 and cycle.period == 1 and cycle.entered == 0 and not cycle.states.any():
        # The zero state stays exactly zero, in floats as in the reals.
        bound = Bound(1.0, cycle.rate * (1 - 1e-9), below=True)
        return [Evidence(RESTING, kind, cycle.rate > 1 + 1e-9, cycle.rate, scope, bound=bound)], trajectory
    return [Evidence(REPELLED, kind, cycle.rate > 1, cycle.rate, scope)], trajectory


def _notes(cycle: Cycle) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return (("entered", (cycle.entered,)),)


def _ball(step: Step, trajectory: Trajectory, cycle: Cycle) -> Bound | None:
    """C and r that hold from the entry on, or None if no ball of the radii tried can be shown to be mapped inside."""
    whole = cycle.product
    weights = _weights(whole)
    if weights is None:
        return None
    inverse: Array = np.asarray(np.linalg.inv(weights), dtype=np.float64)
    center = cycle.states[0]
    rows: Array = np.sqrt(np.square(inverse).sum(axis=1))
    here = trajectory.state(cycle.entered) - center
    distance = float(np.linalg.norm(weights @ here)) * (1 + 1e-9) + 1e-13
    for radius in (max(2 * distance, 1e-7), 1e-6 + distance * 1.01):
        found = _contracts(step, trajectory, cycle, weights, inverse, radius * rows * (1 + 1e-9))
        if found is None:
            continue
        factor, largest, residual = found
        if factor < 1 and residual <= (1 - factor) * radius and distance <= radius:
            rate = factor ** (1 / cycle.period)
            spread = (max(largest, 1.0) / rate) ** (2 * (cycle.period - 1))
            condition = float(np.linalg.cond(weights)) * (1 + 1e-9)
            return Bound(condition * spread, rate * (1 + 1e-12)) if rate * (1 + 1e-12) < 1 else None
    return None


def _weights(whole: Array) -> Array | None:
    """L with ‖L J L⁻¹‖ < 1: the factor of P = Σ (J/r)^{kᵀ} (J/r)^k."""
    radius = float(np.abs(np.linalg.eigvals(whole)).max())
    if len(whole) == 1 or contraction(whole, radius) is None:
        return np.eye(1) if len(whole) == 1 else None
    for share in (0.1, 0.5, 0.9):
        power, total = whole / (radius + share * (1 - radius)), np.eye(len(whole))
        for _ in range(40):
            more = power.T @ total @ power
            total = total + more
            if np.linalg.norm(more) <= 1e-16 * np.linalg.norm(total) or not np.isfinite(total).all():
                break
            power = power @ power
        if np.isfinite(total).all() and np.linalg.cond(total) < 1e12:
            return np.asarray(np.linalg.cholesky(total).T)
    return None


def _contracts(
    step: Step, trajectory: Trajectory, cycle: Cycle, weights: Array, inverse: Array, reach: Array
) -> tuple[float, float, float] | None:
    """(factor of p steps in the norm, largest norm of one step, how far the image of the centre is from it)."""
    around = _run(step, trajectory, cycle, Box(cycle.states[0] - reach, cycle.states[0] + reach))
    at_center = _run(step, trajectory, cycle, Box(cycle.states[0], cycle.states[0]))
    if around is None or at_center is None:
        return None
    _, jacobians = around
    whole = Box.of(np.eye(len(weights)))
    for each in jacobians:
        whole = product(each, whole)
    middle, radius = 0.5 * (whole.lo + whole.hi), 0.5 * (whole.hi - whole.lo)
    inner = weights @ middle @ inverse
    spoiled = (
        20 * len(weights) * UNIT * float(np.linalg.norm(weights) * np.linalg.norm(middle) * np.linalg.norm(inverse))
    )
    factor = norm_above(inner, spoiled) + norm_above(np.abs(weights) @ radius @ np.abs(inverse)) * (1 + 1e-12)
    largest = max(norm_above(each.largest) for each in jacobians)
    image = at_center[0]
    off = np.maximum(np.abs(image.lo - cycle.states[0]), np.abs(image.hi - cycle.states[0]))
    return factor, largest, float(np.linalg.norm(np.abs(weights) @ off)) * (1 + 1e-12)


def _run(step: Step, trajectory: Trajectory, cycle: Cycle, box: Box) -> tuple[Box, list[Box]] | None:
    """A box of stacked states pushed through one period: where it ends, and every step's Jacobian as intervals."""
    if len(step.jacobian.sources) != len(step.program.states):
        return None
    inputs = {
        signal.name: Box.of(trajectory.signal_in(signal.name)[-1].reshape(-1, 1)) for signal in step.program.inputs
    }
    jacobians = []
    for _ in range(cycle.period):
        states, at = {}, 0
        for name, size in trajectory.chain.states:
            states[name] = Box(box.lo[at : at + size, None], box.hi[at : at + size, None])
            at += size
        walk = step.enclosure(inputs, states)
        jacobians.append(step.entries(walk))
        images = [walk.boxes[state] for state in step.program.states]
        box = Box(np.concatenate([b.lo[:, 0] for b in images]), np.concatenate([b.hi[:, 0] for b in images]))
        if not (np.isfinite(jacobians[-1].largest).all() and np.isfinite(box.largest).all()):
            return None
    return box, jacobians
