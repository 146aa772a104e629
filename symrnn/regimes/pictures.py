"""The figure of a regime: the step Jacobian's eigenvalues, norms against the lag, exponents, gates; several models.

Reads models and their verdicts; returns panels. What is drawn is measured along the same trajectory as the verdict's
figures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from symrnn.algebra.nodes import Apply, Signal
from symrnn.algebra.printing import to_latex
from symrnn.errors import InputError
from symrnn.models.model import Model
from symrnn.plots.panels import Panel
from symrnn.plots.series import gate_saturation, gradient_norms, lyapunov_convergence, lyapunov_spectrum
from symrnn.plots.spectra import eigenvalues, singular_values
from symrnn.plots.words import plain
from symrnn.regimes.evidence import Regime
from symrnn.regimes.lyapunov import spectrum
from symrnn.regimes.memory import gradient_norms as norms_of
from symrnn.regimes.trajectories import Trajectory, followed

MOST_CURVES = 7


def regime_panels(
    models: Sequence[Model], regimes: Sequence[Regime] = (), language: str = "en", example: int = 0
) -> list[Panel]:
    """One model: its last step Jacobian, norms with the proved bounds, exponents, gates. Several: their norms together.

    >>> from symrnn.models.files import load
    >>> [panel.alt.split(":")[0] for panel in regime_panels([load("example:lstm")])][:2]
    ['Eigenvalues', 'Gradient norm against lag']
    """
    for model in models:
        if not isinstance(model, Model) or model.symbols:
            raise InputError(model.name, found="nothing to measure without numbers", write="a model with numbers")
    if len(models) > 1:
        if len(models) > MOST_CURVES:
            raise InputError("--plot", found=f"{len(models)} models", write=f"at most {MOST_CURVES} in one plot")
        curves: dict[str, Any] = {}
        for model in models:
            name = plain(model.name)
            curves[name if name not in curves else f"{name} ({len(curves) + 1})"] = norms_of(
                followed(model, example).chain
            ).logs
        return [gradient_norms(curves, (), language)]
    trajectory = followed(models[0], example)
    panels = [_jacobian(trajectory, language), _norms(trajectory, regimes, language)]
    panels += _exponents(trajectory, language)
    gates = gates_of(trajectory)
    return [*panels, gate_saturation(gates, language) if gates else _values(trajectory, language)]


def _last(trajectory: Trajectory) -> tuple[np.ndarray[Any, Any], str]:
    return trajectory.chain.window(trajectory.steps - 1, trajectory.steps).dense()[0], f"$J_{{{trajectory.steps}}}$"


def _jacobian(trajectory: Trajectory, language: str) -> Panel:
    return eigenvalues(*_last(trajectory), language)


def _values(trajectory: Trajectory, language: str) -> Panel:
    return singular_values(*_last(trajectory), language)


def _norms(trajectory: Trajectory, regimes: Sequence[Regime], language: str) -> Panel:
    bounds = [
        (each.bound.constant, each.bound.rate)
        for regime in regimes
        for each in regime.evidence
        if each.bound is not None and each.holds and not each.bound.below and math.isfinite(each.bound.constant)
    ]
    # Of several bounds the one that is least at the last lag tells most.
    least = sorted(bounds, key=lambda bound: math.log(bound[0]) + trajectory.steps * math.log(max(bound[1], 1e-300)))[
        :1
    ]
    return gradient_norms(norms_of(trajectory.chain).logs, least, language)


def _exponents(trajectory: Trajectory, language: str) -> list[Panel]:
    found = spectrum(trajectory.chain)
    if len(found.looks) > 1:
        return [lyapunov_convergence(found.looks, found.history, found.errors, language)]
    return [lyapunov_spectrum(found.exponents, found.errors, language)]


def gates_of(trajectory: Trajectory) -> dict[str, np.ndarray[Any, Any]]:
    """The signals that a sigmoid keeps between 0 and 1, over the steps, by their labels.

    >>> from symrnn.models.files import load
    >>> list(gates_of(followed(load("example:lstm"))))
    ['$f_t$', '$i_t$', '$o_t$']
    """
    found = {}
    for equation in trajectory.model.cell:
        expression, target = equation.expression, equation.target
        if isinstance(expression, Apply) and expression.activation.name == "sigmoid" and isinstance(target, Signal):
            found[f"${to_latex(target)}$"] = trajectory.signal(target.name)
    return found
