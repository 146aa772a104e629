"""`regime(model)`: theorems first, then the orbit of a constant input, then the measured trajectory; composed.

Whatever proves a verdict for every input comes before what proves it for this start, and that before a measurement.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from symrnn.algebra.activations import ACTIVATIONS
from symrnn.algebra.programs import Program
from symrnn.errors import NotYetError
from symrnn.models.model import Model
from symrnn.regimes import bounds, linear
from symrnn.regimes.evidence import EVERY, Evidence, Regime, Scope, Theorem, VerdictName
from symrnn.regimes.forms import Sandwich, Step, weight_name
from symrnn.regimes.lyapunov import Spectrum, spectrum
from symrnn.regimes.statements import Quantity, Statement
from symrnn.regimes.trajectories import Trajectory, follow

MEASURED_BELOW = Theorem("lyapunov", "vanishing", "Oseledets 1968; Benettin et al. 1980")
MEASURED_ABOVE = Theorem("lyapunov", "exploding", "Oseledets 1968; Benettin et al. 1980")
TRANSIENT = 2.0
"""From this max_k ‖∂s_k/∂s_0‖ on, growth before vanishing is called so."""


def regime(source: Model | Program, k: int | None = None) -> Regime:
    """λ < 0, λ > 0 or λ = 0, of λ = limsup (1/k) log ‖∂s_{t+k}/∂s_t‖, with the theorem or the figure that says so.

    Args:
        source: a model with numbers (or with symbols, for which the separating condition is found), or a cell.
        k: how many Lyapunov exponents to measure; the leading ones unless said.

    >>> from symrnn.models.files import load
    >>> regime(load("example:linear"))
    Regime(vanishing, because |W_h| = 1/2 < 1)

    Reference: R. Pascanu, T. Mikolov, Y. Bengio, ICML 2013, for the question.
    """
    if isinstance(source, Program) or source.symbols:
        raise NotYetError(source.name, found="no numbers", write="a model file with numbers")
    step = Step(source)
    evidence = proofs_of(step)
    trajectory = follow(source)
    measured, figures = _measured(trajectory, k)
    return compose(source.name, [*evidence, *measured], figures)


def proofs_of(step: Step) -> list[Evidence]:
    """What holds for every input and state, and then for inputs within the given ones' extremes."""
    if step.is_constant:
        return [_linear(step)]
    every = step.enclosure(None, None)
    sandwich = step.sandwich(every)
    if sandwich is None:
        return []
    return bounds.evidence_of(sandwich, EVERY, _exact_figure(step, sandwich))


def _linear(step: Step) -> Evidence:
    walk = step.enclosure(None, None)
    box = step.entries(walk)
    blocks = step.jacobian.blocks
    name: Any = Quantity("step").spelled()
    if len(step.jacobian.sources) == 1 and len(blocks) == 1:
        name = blocks[0].expression
    return linear.evidence_of(0.5 * (box.lo + box.hi), _exact_matrix(step), name)


def _exact_matrix(step: Step) -> sp.Matrix | None:
    """The constant step Jacobian in exact numbers, where the model has them and it is one parameter."""
    if not step.model.exact or len(step.jacobian.sources) != 1 or len(step.jacobian.blocks) != 1:
        return None
    expression = step.jacobian.blocks[0].expression
    names = [p for p in step.program.parameters if p == expression]
    if not names:
        return None
    value = step.model.value(names[0].name)
    if value.ndim == 1:
        value = np.diag(value) if names[0].shape[1] != 1 else value.reshape(-1, 1)
    return sp.Matrix(value.reshape(1, 1) if value.ndim == 0 else value)


def _exact_figure(step: Step, sandwich: Sandwich) -> sp.Expr | None:
    """|w|·sup|f'| of a scalar cell with exact numbers."""
    weight = weight_name(sandwich)
    if sandwich.size != 1 or not step.model.exact or isinstance(weight, str) or len(sandwich.activations) != 1:
        return None
    value = step.model.value(str(weight))
    row = next((r for r in ACTIVATIONS.values() if r.unicode == sandwich.activations[0]), None)
    return None if row is None or value.size != 1 else sp.Abs(value.reshape(-1)[0]) * row.bound


def _measured(trajectory: Trajectory, k: int | None) -> tuple[list[Evidence], dict[str, Any]]:
    """The largest Lyapunov exponent along the trajectory as evidence, and every figure."""
    found = spectrum(trajectory.chain, k)
    figures: dict[str, Any] = {
        "lyapunov": [float(x) for x in found.exponents],
        "errors": [float(x) for x in found.errors],
        "steps": found.steps,
    }
    return [_largest(found)], figures


def _largest(found: Spectrum) -> Evidence:
    value, error = float(found.exponents[0]), float(found.errors[0])
    allowed = 3 * error + 1.0 / found.steps
    theorem = MEASURED_BELOW if value < 0 else MEASURED_ABOVE
    relation = "<" if value < 0 else ">"
    holds = abs(value) > allowed
    statement = Statement((Quantity("exponent"),), relation, 0)
    return Evidence(theorem, statement, holds, value, Scope("trajectory", (found.steps,)), "measured", error=error)


def compose(name: str, evidence: list[Evidence], figures: Mapping[str, Any]) -> Regime:
    """The verdict that the evidence carries, the carrying piece first."""
    verdict, carrier = _decided(evidence)
    ordered = [carrier, *(each for each in evidence if each is not carrier)] if carrier else evidence
    rate = _rate(carrier, figures)
    kind = carrier.kind if carrier else "measured"
    growth = next((about[0] for key, about in carrier.notes if key == "growth"), None) if carrier else None
    return Regime(name, verdict, kind, tuple(ordered), rate, figures, growth)


def _decided(evidence: list[Evidence]) -> tuple[VerdictName, Evidence | None]:
    for kind in ("proved", "measured"):
        for each in evidence:
            if each.kind == kind and each.implies in ("vanishing", "exploding", "marginal"):
                return each.implies, each
        said = {each.implies: each for each in evidence if each.kind == kind and each.implies}
        if "not exploding" in said and "not vanishing" in said:
            return "marginal", said["not vanishing"]
    return "undecided", None


def _rate(carrier: Evidence | None, figures: Mapping[str, Any]) -> float | None:
    """e^λ: exact for linear cells, measured where it was, else the bound's."""
    if carrier is not None and carrier.theorem in (linear.STABLE, linear.UNSTABLE, linear.MARGINAL):
        return carrier.value
    exponents = figures.get("lyapunov")
    if exponents:
        return math.exp(exponents[0])
    return carrier.bound.rate if carrier is not None and carrier.bound is not None else None
