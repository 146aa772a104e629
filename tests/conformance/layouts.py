"""Other engines' weight layouts to neutral names: gate orders, stacked rows or columns, one bias or two."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

PYTORCH_LSTM, PYTORCH_GRU = "ifco", "rzh"
ONNX_LSTM, ONNX_GRU = "iofc", "zrh"
KERAS_LSTM = "ifco"
CS231N_LSTM = "ifoc"
ONNX_PEEPHOLES = "iof"

PEEPHOLE_LSTM = """
i_t = sigma(W_i x_t + U_i h_{t-1} + p_i ⊙ c_{t-1} + b_i)
f_t = sigma(W_f x_t + U_f h_{t-1} + p_f ⊙ c_{t-1} + b_f)
c_tilde_t = tanh(W_c x_t + U_c h_{t-1} + b_c)
c_t = f_t ⊙ c_{t-1} + i_t ⊙ c_tilde_t
o_t = sigma(W_o x_t + U_o h_{t-1} + p_o ⊙ c_t + b_o)
h_t = o_t ⊙ tanh(c_t)
p_i, p_f, p_o: vector
outputs: h
"""
"""The LSTM with peepholes as ONNX has it: o_t sees c_t, the weights are vectors."""


def simple(W: np.ndarray, R: np.ndarray, *biases: np.ndarray) -> dict[str, np.ndarray]:
    """The simple cell's weights; several biases are added."""
    return {"W_x": W, "W_h": R} | ({"b": column(sum(biases))} if biases else {})


def gated(
    order: str, W: np.ndarray, R: np.ndarray, *biases: np.ndarray, reset_after: bool = False
) -> dict[str, np.ndarray]:
    """A gated cell's weights from rows stacked in the order of the gates; a second bias is the recurrent one.

    >>> sorted(gated("zr", np.ones((4, 3)), np.ones((4, 2)), np.ones(4)))
    ['U_r', 'U_z', 'W_r', 'W_z', 'b_r', 'b_z']
    """
    found = dict(_by_gate("W", order, W)) | dict(_by_gate("U", order, R))
    if reset_after and biases:
        first, second = (dict(_by_gate("b", order, column(bias))) for bias in biases)
        return found | {key: first[key] + second[key] * (key != "b_h") for key in first} | {"b_Uh": second["b_h"]}
    return found | (dict(_by_gate("b", order, column(sum(biases)))) if biases else {})


def column(vector: np.ndarray) -> np.ndarray:
    """A bias as the column it is."""
    return np.asarray(vector, dtype=float).reshape(-1, 1)


def _by_gate(letter: str, order: str, stacked: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    for gate, block in zip(order, np.split(stacked, len(order)), strict=True):
        yield f"{letter}_{gate}", block


def stacked(letter: str, order: str, found: dict[str, np.ndarray]) -> np.ndarray:
    """The gates' arrays as stacked rows again."""
    return np.concatenate([found[f"{letter}_{gate}"] for gate in order])
