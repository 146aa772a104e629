"""`regime(model)`: theorems first, then the orbit of a constant input, then the measured trajectory; composed.

Whatever proves a verdict for every input comes before what proves it for this start, and that before a measurement.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp

from symrnn.algebra.activations import ACTIVATIONS
from symrnn.algebra.programs import Program
from symrnn.errors import NotYetError
from symrnn.models.model import Model
from symrnn.regimes import bounds, contraction, linear, orbits
from symrnn.regimes.conditions import check_symbol, conditions_of
from symrnn.regimes.determinants import lstm_log_dets
from symrnn.regimes.enclosures import Enclosure
from symrnn.regimes.evidence import EVERY, Evidence, Regime, Scope, VerdictName
from symrnn.regimes.forms import Sandwich, Step, weight_name
from symrnn.regimes.lyapunov import Spectrum, agreement, spectrum
from symrnn.regimes.memory import Curve, cell_path, gradient_norms, saturation
from symrnn.regimes.nonnormality import henrici_departure, kreiss_constant, largest_power
from symrnn.regimes.spectra import largest_singular_value, numerical_abscissa, numerical_radius, spectral_radius
from symrnn.regimes.statements import Quantity, Statement
from symrnn.regimes.theorems import ABOVE, BELOW, MARGINAL, NEITHER, STABLE, UNSTABLE
from symrnn.regimes.trajectories import Array, Trajectory, check_example, followed, given_of, recurrent_parameters

MOST_TRANSPOSED = 30_000
"""N·T up to which the transposed product is measured too."""
MOST_SPECTRA, SMALL_SPECTRA = 300, 8
"""Sizes up to which matrices are looked at, and up to which what needs a search is found too."""
RESOLVED = 0.02
"""An exponent known this well and not told from 0 is called marginal, a coarser one undecided."""
TRANSIENT = 2.0
"""From this max_k ‖∂s_k/∂s_0‖ on, growth before vanishing is called so."""


def regime(source: Model | Program, k: int | None = None, example: int = 0, solve_for: str | None = None) -> Regime:
    """λ < 0, λ > 0 or λ = 0, of λ = limsup (1/k) log ‖∂s_{t+k}/∂s_t‖, with the theorem or the figure that says so.

    Args:
        source: a model with numbers (or with symbols, for which the separating condition is found), or a cell.
        k: how many Lyapunov exponents to measure; the leading ones unless said.
        example: which of a batch is followed.
        solve_for: a symbol for which conditions are solved.

    >>> from symrnn.models.files import load
    >>> regime(load("example:linear"))
    Regime(vanishing, because |W_h| = 1/2 < 1)

    Reference: R. Pascanu, T. Mikolov, Y. Bengio, ICML 2013, for the question.
    """
    if isinstance(source, Program) or source.symbols or solve_for is not None:
        return _of_symbols(source, solve_for)
    check_example(source, example)
    step = Step(source)
    # States and steps that run away pass float64 on their way; what is not finite is never taken for a proof.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        evidence, on_orbit, longer = _proved(step, source, example)
        trajectory = longer or followed(source, example)
        measured, figures = measurements_of(trajectory, k)
    return replace(compose(source.name, [*evidence, *on_orbit, *measured], figures), notes=source.notes)


def _of_symbols(source: Model | Program, solve_for: str | None) -> Regime:
    """Conditions in place of a verdict."""
    found = conditions_of(source, solve_for)
    check_symbol(found, solve_for)
    notes = source.notes if isinstance(source, Model) else ()
    return Regime(source.name, "undecided", "proved", (), notes=notes, conditions=found)


def _proved(step: Step, source: Model, example: int) -> tuple[list[Evidence], list[Evidence], Trajectory | None]:
    """Proofs for inputs and states, and on the orbit; none where a cell has an operation without an interval rule."""
    try:
        evidence = proofs_of(step)
        if step.is_constant:
            return evidence, [], None
        return evidence, *orbits.evidence_of(step, source, example)
    except NotYetError:
        return [], [], None


def proofs_of(step: Step) -> list[Evidence]:
    """What holds for every input and state, and then for inputs within the given ones' extremes."""
    if step.is_constant:
        return [_linear(step)]
    every = step.enclosure(None, None)
    sandwich = step.sandwich(every)
    if sandwich is None:
        # Cells of other forms: only what a bound for every input can prove, such as two tanh layers of small weights.
        found = [each for each in contraction.evidence_of(step, every, EVERY) if each.implies]
    else:
        found = bounds.evidence_of(sandwich, EVERY, _exact_figure(step, sandwich))
    return found if decided(found)[1] is not None else found + _within_boxes(step, sandwich)


def _within_boxes(step: Step, before: Sandwich | None) -> list[Evidence]:
    """The same theorems where inputs stay between the given extremes and states in an invariant box."""
    inputs = step.given_inputs()
    states = step.invariant(inputs)
    if states is None:
        return []
    scope = Scope("box", tuple((name, float(box.largest.max())) for name, box in inputs.items()))
    walk = step.enclosure(inputs, states)
    found: list[Evidence] = []
    sandwich = step.sandwich(walk)
    if sandwich is not None and np.array_equal(sandwich.low, sandwich.high) and _keep_sign(walk, step):
        found.append(linear.evidence_of(sandwich.matrix(sandwich.low), None, Quantity("step").spelled(), scope))
    elif sandwich is not None and before is not None and _same_ends(sandwich, before):
        return []
    elif sandwich is not None:
        found += [e for e in bounds.evidence_of(sandwich, scope) if e.implies]
    else:
        found += contraction.evidence_of(step, walk, scope)
        found += contraction.published(step.model, inputs, scope)
    return found


def _same_ends(sandwich: Sandwich, before: Sandwich) -> bool:
    """Whether no slope is told from its extremes, so that nothing new can follow."""
    return np.allclose(sandwich.high, before.high, atol=1e-3) and np.allclose(sandwich.low, before.low, atol=1e-3)


def _keep_sign(walk: Enclosure, step: Step) -> bool:
    """Whether the step Jacobian is one matrix on the whole box."""
    return step.entries(walk).is_point


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
    if len(step.jacobian.sources) != 1 or len(step.jacobian.blocks) != 1:
        return None
    expression = step.jacobian.blocks[0].expression
    names = [p for p in step.program.parameters if p == expression]
    if not names:
        return None
    value = step.model.value(names[0].name)
    if value.dtype != object:
        return None
    if value.ndim == 1:
        value = np.diag(value) if names[0].shape[1] != 1 else value.reshape(-1, 1)
    return sp.Matrix(value.reshape(1, 1) if value.ndim == 0 else value)


def _exact_figure(step: Step, sandwich: Sandwich) -> sp.Expr | None:
    """|w|·sup|f'| of a scalar cell with exact numbers."""
    weight = weight_name(sandwich)
    if sandwich.size != 1 or isinstance(weight, str) or len(sandwich.activations) != 1:
        return None
    value = step.model.value(str(weight))
    row = next((r for r in ACTIVATIONS.values() if r.unicode == sandwich.activations[0]), None)
    if row is None or value.size != 1 or value.dtype != object:
        return None
    return sp.Abs(value.reshape(-1)[0]) * row.bound


def measurements_of(trajectory: Trajectory, k: int | None = None) -> tuple[list[Evidence], dict[str, Any]]:
    """The largest Lyapunov exponent along the trajectory as evidence, and every figure.

    >>> from symrnn.models.files import load
    >>> from symrnn.regimes.trajectories import follow
    >>> sorted(measurements_of(follow(load("example:linear")))[1])[:5]
    ['checks', 'decay', 'errors', 'lags', 'largest_norm']
    """
    found = spectrum(trajectory.chain, k)
    curve = gradient_norms(trajectory.chain, ends=4)
    figures: dict[str, Any] = {
        "lyapunov": [float(x) for x in found.exponents],
        "errors": [float(x) for x in found.errors],
        "steps": found.steps,
        "largest_norm": curve.largest,
        "last_norm": math.exp(min(float(curve.median[-1]), 700.0)),
        "lags": len(curve.median) - 1,
        "memory_length": curve.memory_length(),
    }
    figures["checks"] = _checks(trajectory, found)
    figures["open"] = {each.name: each.mean_slope for each in saturation(trajectory)}
    if "f" in trajectory.arrays and "c" in trajectory.arrays:
        path = cell_path(trajectory)
        figures |= {"cell_path_rate": path["rate"], "cell_path_memory_time": path["memory_time"]}
    figures["decay"] = _decay(curve)
    figures["spectra"] = _spectra(trajectory)
    return [_largest(found)], figures


def _decay(curve: Curve) -> list[dict[str, float]]:
    """The gradient norm against some lags: log₁₀ of the median and of the band from 10 to 90 %."""
    low, high = curve.band
    kept = [lag for lag in (1, 2, 5, 10, 20, 50, 100, 200) if lag < len(curve.median)]
    rows = ("log10_median", curve.median), ("log10_low", low), ("log10_high", high)
    return [{"lag": lag, **{key: float(logs[lag]) / math.log(10) for key, logs in rows}} for lag in kept]


def _spectra(trajectory: Trajectory) -> dict[str, dict[str, float]]:
    """ρ, σ₁, numerical radius and abscissa, departure from normality: of recurrent matrices and of the last step."""
    found: dict[str, dict[str, float]] = {}
    matrices = {p.name: given_of(trajectory.model)[p.name] for p in recurrent_parameters(trajectory.model.cell)}
    for name, matrix in {**matrices, "J_T": trajectory.chain.dense(trajectory.steps - 1)[0]}.items():
        square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1] and 1 < len(matrix) <= MOST_SPECTRA
        # Beyond this a squared norm passes float64; such a step says nothing that the exponents do not say.
        if square and float(np.abs(matrix).max()) < 1e100:
            found[name] = _of_matrix(matrix)
    return found


def _of_matrix(matrix: Array) -> dict[str, float]:
    a = np.asarray(matrix, dtype=np.float64)
    radius = spectral_radius(a)
    content = {
        "radius": radius,
        "norm": largest_singular_value(a),
        "numerical_abscissa": numerical_abscissa(a),
        "henrici_relative": henrici_departure(a, relative=True) if a.any() else 0.0,
    }
    if len(a) <= SMALL_SPECTRA:
        content["numerical_radius"] = numerical_radius(a)
        if radius < 0.999:
            # Defined for power-bounded matrices alone, and found by search.
            content["kreiss"] = kreiss_constant(a)
            content["largest_power"] = largest_power(a)[0]
    return content


def _checks(trajectory: Trajectory, found: Spectrum) -> dict[str, float]:
    """What a spectrum must fulfil by itself: the sum rule where it is full, the transposed product else."""
    if found.sum_error is not None:
        checks = {"sum_rule": found.sum_error}
        dets = lstm_log_dets(trajectory)
        if dets is not None:
            mean = float(dets[found.discarded : found.discarded + found.steps].mean())
            checks["closed_form_det"] = abs(float(found.exponents.sum()) - mean)
        return checks
    if found.singular or trajectory.chain.size * trajectory.steps > MOST_TRANSPOSED:
        return {"singular_steps": float(found.singular)} if found.singular else {}
    difference, allowed = agreement(trajectory.chain, k=1)
    return {"transposed": difference, "transposed_allowed": allowed}


def _largest(found: Spectrum) -> Evidence:
    value, error = float(found.exponents[0]), float(found.errors[0])
    error = error if math.isfinite(error) else 0.0 if math.isinf(value) else abs(value)
    # What the first directions and the ends of a finite product can add.
    allowed = 3 * error + 1.0 / found.steps
    scope = Scope("trajectory", (found.steps,))
    if abs(value) > allowed:
        theorem, relation, holds = (BELOW, "<", True) if value < 0 else (ABOVE, ">", True)
    else:
        theorem, relation, holds = NEITHER, "=", allowed < RESOLVED
    statement = Statement((Quantity("exponent"),), relation, 0)
    return Evidence(theorem, statement, holds, value, scope, "measured", error=error)


def compose(name: str, evidence: list[Evidence], figures: Mapping[str, Any]) -> Regime:
    """The verdict that the evidence carries, the carrying piece first."""
    verdict, carrier = decided(evidence)
    if verdict == "vanishing" and figures.get("largest_norm", 0.0) >= TRANSIENT:
        verdict = "mixed"
    first = carrier or next((each for each in evidence if each.kind == "measured"), None)
    ordered = ([first] if first else []) + [each for each in evidence if each is not first]
    rate = _rate(carrier, figures)
    kind = carrier.kind if carrier else "measured"
    growth = next((about[0] for key, about in carrier.notes if key == "growth"), None) if carrier else None
    return Regime(name, verdict, kind, tuple(ordered), rate, figures, growth)


def decided(evidence: list[Evidence]) -> tuple[VerdictName, Evidence | None]:
    """The verdict of the first piece of evidence that implies one, proofs before measurements.

    >>> decided([])
    ('undecided', None)
    """
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
    if carrier is not None and carrier.theorem in (STABLE, UNSTABLE, MARGINAL):
        return carrier.value
    if carrier is not None and carrier.scope.key == "orbit":
        return carrier.value
    exponents = figures.get("lyapunov")
    if exponents:
        return math.exp(exponents[0])
    return carrier.bound.rate if carrier is not None and carrier.bound is not None else None
