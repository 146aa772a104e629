"""What the layers below a layer hand up to it, in plain NumPy.

Compiling Programs belongs to `numeric`, which builds on models; a PyTorch stack needs these three recurrences only, and
the tests hold them against PyTorch and the compiled Programs.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from symrnn.models.weights.layers import Layer
from symrnn.models.weights.layouts import FloatArray


def outputs(layer: Layer, x: FloatArray) -> FloatArray:
    """h_1, …, h_T of a PyTorch layer driven by x (T, m) in the order it reads them, from zero states.

    >>> one = Layer("l0", "rnn", {"W_x": np.ones((1, 1)), "W_h": np.zeros((1, 1))}, (), "PyTorch")
    >>> outputs(one, np.zeros((2, 1))).tolist()
    [[0.0], [0.0]]
    """
    run = {"rnn": _rnn, "lstm": _lstm, "gru": _gru}[layer.kind]
    return run(layer, x)


def _sigmoid(a: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * a)))


class _Gates:
    """W_g x_t + b_g for every step at once, and U_g h as it comes."""

    def __init__(self, values: Mapping[str, FloatArray], x: FloatArray) -> None:
        self.values, self.x = values, x

    def given(self, gate: str) -> FloatArray:
        """The part that no state enters, (T, n)."""
        return np.asarray(self.x @ self.values[f"W_{gate}"].T + self.values.get(f"b_{gate}", 0.0))

    def recurrent(self, gate: str, h: FloatArray) -> FloatArray:
        """U_g h."""
        return np.asarray(self.values[f"U_{gate}"] @ h)


def _rnn(layer: Layer, x: FloatArray) -> FloatArray:
    f = np.tanh if layer.options.get("activation", "tanh") == "tanh" else lambda a: np.maximum(a, 0.0)
    given = x @ layer.values["W_x"].T + layer.values.get("b", 0.0)
    h = np.zeros(layer.hidden)
    found = np.empty((len(x), layer.hidden))
    for step, a in enumerate(given):
        h = found[step] = f(a + layer.values["W_h"] @ h)
    return found


def _lstm(layer: Layer, x: FloatArray) -> FloatArray:
    gates = _Gates(layer.values, x)
    given = {gate: gates.given(gate) for gate in "ifco"}
    h, c = np.zeros(layer.hidden), np.zeros(layer.hidden)
    found = np.empty((len(x), layer.hidden))
    for step in range(len(x)):
        i, f, o = (_sigmoid(given[gate][step] + gates.recurrent(gate, h)) for gate in "ifo")
        c = f * c + i * np.tanh(given["c"][step] + gates.recurrent("c", h))
        h = found[step] = o * np.tanh(c)
    return found


def _gru(layer: Layer, x: FloatArray) -> FloatArray:
    gates = _Gates(layer.values, x)
    given = {gate: gates.given(gate) for gate in "rzh"}
    h = np.zeros(layer.hidden)
    found = np.empty((len(x), layer.hidden))
    for step in range(len(x)):
        r, z = (_sigmoid(given[gate][step] + gates.recurrent(gate, h)) for gate in "rz")
        candidate = np.tanh(given["h"][step] + r * (gates.recurrent("h", h) + layer.values.get("b_Uh", 0.0)))
        h = found[step] = z * h + (1.0 - z) * candidate
    return found
