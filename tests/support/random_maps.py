"""Maps with known exponents, as chains of step Jacobians: Hénon, large-N tanh, models as PyTorch makes them."""

from __future__ import annotations

import math

import numpy as np

from symrnn.models.files import loads
from symrnn.models.model import Model
from symrnn.numeric.chains import Chain, Row, Term
from symrnn.regimes.ensembles import gaussian

PARAMETERS = {
    "rnn": "W_h W_x b",
    "lstm": "W_f U_f b_f W_i U_i b_i W_o U_o b_o W_c U_c b_c",
    "gru": "W_z U_z b_z W_r U_r b_r W_h U_h b_h",
}


def henon(steps: int, a: float = 1.4, b: float = 0.3) -> Chain:
    """x' = 1 − a x² + y, y' = b x."""
    x, y, found = 0.1, 0.1, np.empty((steps, 2, 2))
    for _ in range(1000):
        x, y = 1 - a * x * x + y, b * x
    for t in range(steps):
        found[t] = [[-2 * a * x, 1.0], [b, 0.0]]
        x, y = 1 - a * x * x + y, b * x
    return Chain.from_dense(found)


def tanh_map(size: int, steps: int, gain: float, seed: int = 0) -> Chain:
    """x' = J tanh(x), J_ij ~ N(0, g²/N): its Jacobians are J diag(1 − tanh² x)."""
    weights = gaussian(size, gain, seed)
    x = gaussian(size, 1.0, seed + 1)[0] * math.sqrt(size)
    slopes = np.empty((steps, size))
    for _ in range(300):
        x = weights @ np.tanh(x)
    for t in range(steps):
        slopes[t] = 1 - np.tanh(x) ** 2
        x = weights @ np.tanh(x)
    return Chain([("x", size)], [Row("x'", size, (Term("x", None, weights, slopes),))], {"x": "x'"}, steps)


def born(kind: str, hidden: int, steps: int, seed: int = 0, init: str = "pytorch") -> Model:
    """A cell as PyTorch makes it, driven by N(0, 1) inputs of size 1."""
    lines = [f'[cell]\nkind = "{kind}"\nhidden = {hidden}\ninput = 1', f"[sequence]\nsteps = {steps}"]
    lines += [f"x = {{normal = [0, 1], seed = {seed}}}", "[parameters]"]
    lines += [f'{name} = {{init = "{init}", seed = {seed}}}' for name in PARAMETERS[kind].split()]
    return loads("\n".join(lines) + "\n")
