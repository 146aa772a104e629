"""The figure of a regime: gradient norm against lag with its proved bounds, exponents, eigenvalues, gates.

Reads models and their regimes; returns panels. Several models share one panel of gradient norms.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from symrnn.models.model import Model
from symrnn.plots.panels import Panel
from symrnn.regimes.evidence import Regime
from symrnn.regimes.lyapunov import spectrum
from symrnn.regimes.memory import gradient_norms
from symrnn.regimes.trajectories import Trajectory, follow

Array = NDArray[np.float64]
MOST_PSEUDOSPECTRAL = 64


def panels_of(models: Sequence[Model], found: Sequence[Regime], language: str = "en", example: int = 0) -> list[Panel]:
    """What a reader looks at first: norms against lag; for one model its exponents, spectra and gates as well.

    >>> from symrnn.models.files import load
    >>> from symrnn.regimes.verdicts import regime
    >>> model = load("example:lstm")
    >>> len(panels_of([model], [regime(model)]))
    6
    """
    from symrnn.plots import series

    followed = [follow(model, example) for model in models]
    logs = {each.name: gradient_norms(one.chain).logs for each, one in zip(found, followed, strict=True)}
    bounds = _bounds(found[0]) if len(found) == 1 else ()
    norms = series.gradient_norms(logs if len(logs) > 1 else next(iter(logs.values())), bounds, language)
    return [norms] if len(models) > 1 else [norms, *_of_one(followed[0], language)]


def _bounds(found: Regime) -> tuple[tuple[float, float], ...]:
    proved = [e.bound for e in found.proofs if e.bound is not None and not e.bound.below]
    return tuple((bound.constant, bound.rate) for bound in proved[:1])


def _of_one(trajectory: Trajectory, language: str) -> list[Panel]:
    from symrnn.plots import series, spectra

    measured = spectrum(trajectory.chain, min(16, trajectory.chain.size))
    last = trajectory.chain.dense(trajectory.steps - 1)[0]
    name = r"$\partial s_T/\partial s_{T-1}$"
    panels = [
        series.lyapunov_spectrum(measured.exponents, measured.errors, language),
        series.lyapunov_convergence(measured.looks, measured.history, measured.errors, language),
        spectra.eigenvalues(last, name, language),
        spectra.singular_values(last, name, language),
    ]
    gates = {f"${gate}_t$": trajectory.signal(gate) for gate in "fiozr" if _is_gate(trajectory, gate)}
    return [*panels, series.gate_saturation(gates, language)] if gates else panels


def _is_gate(trajectory: Trajectory, name: str) -> bool:
    """Whether a signal of that name runs between 0 and 1."""
    if name not in trajectory.arrays:
        return False
    values = trajectory.signal(name)
    return bool(((values >= 0) & (values <= 1)).all())
