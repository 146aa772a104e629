"""det of a step Jacobian in closed form, an invariant that a full Lyapunov spectrum must add up to.

For the simple cell det J = ∏ f'(a_i) · det W. For the LSTM, whose h and c share a step, the row of h minus
diag(o (1 − tanh² c)) times that of c leaves det J = ± det(diag(tanh c ⊙ o ⊙ (1 − o)) U_o) · ∏ f.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from symrnn.regimes.trajectories import Trajectory, given_of

Array = NDArray[np.float64]


def lstm_log_dets(trajectory: Trajectory) -> Array | None:
    """ln |det ∂(h_t, c_t)/∂(h_{t-1}, c_{t-1})| at every step of an LSTM of gates f and o; None for another cell.

    >>> from symrnn.models.files import load
    >>> from symrnn.regimes.trajectories import follow
    >>> trajectory = follow(load("example:lstm"))
    >>> exact = np.linalg.slogdet(trajectory.chain.dense())[1]
    >>> bool(np.allclose(lstm_log_dets(trajectory), exact, atol=1e-10))
    True
    """
    model = trajectory.model
    names = {parameter.name for parameter in model.cell.parameters}
    if [name for name, _ in trajectory.chain.states] != ["h", "c"] or not {"U_f", "U_i", "U_o", "U_c"} <= names:
        return None
    weights = np.atleast_2d(given_of(model)["U_o"])
    f, o, c = (trajectory.signal(name) for name in "foc")
    with np.errstate(divide="ignore"):
        logs = np.log(np.abs(np.tanh(c))) + np.log(o) + np.log1p(-o) + np.log(f)
        return np.asarray(logs.sum(axis=1) + np.linalg.slogdet(weights)[1])
