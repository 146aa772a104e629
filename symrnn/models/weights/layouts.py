"""How engines lay out a recurrent layer: the order of its gates, rows or columns, one bias or two.

One row for each engine; `unstacked` turns an engine's arrays into neutral names, in which `W_g` acts on x_t, `U_g` on
h_{t-1} and `b_g` is the bias.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from symrnn.errors import ShapeError

FloatArray = NDArray[np.float64]
GATES: Mapping[str, int] = MappingProxyType({"rnn": 1, "gru": 3, "lstm": 4})
"""Blocks stacked in a layer's arrays, by kind."""


@dataclass(frozen=True)
class Layout:
    """An engine's habits: gates in our letters (c is the candidate, `g` elsewhere; h the GRU's, `n` elsewhere)."""

    engine: str
    lstm: str
    gru: str
    columns: bool = False

    def order(self, kind: str) -> str:
        """The order of the gates of a kind."""
        return {"lstm": self.lstm, "gru": self.gru}.get(kind, "")


LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        "pytorch": Layout("PyTorch", lstm="ifco", gru="rzh"),
        "keras": Layout("Keras", lstm="ifco", gru="zrh", columns=True),
        "onnx": Layout("ONNX", lstm="iofc", gru="zrh"),
        "flax": Layout("Flax", lstm="ifco", gru="rzh", columns=True),
    }
)
"""Sources: docs of torch.nn.LSTM and GRU; keras.layers; the ONNX operator schemas; flax.linen.recurrent."""

PEEPHOLES = "iof"
"""ONNX's order of P."""


def kind_of(rows: int, hidden: int) -> str | None:
    """The kind of layer whose stacked arrays have so many rows.

    >>> kind_of(80, 20), kind_of(60, 20), kind_of(20, 20), kind_of(50, 20)
    ('lstm', 'gru', 'rnn', None)
    """
    return next((kind for kind, gates in GATES.items() if hidden and rows == gates * hidden), None)


def unstacked(
    layout: Layout,
    kind: str,
    kernel: FloatArray,
    recurrent: FloatArray,
    bias: FloatArray | None = None,
    recurrent_bias: FloatArray | None = None,
    reset_after: bool = False,
) -> dict[str, FloatArray]:
    """An engine's stacked arrays under neutral names; two biases add up except around a reset that acts after U_h.

    >>> one = np.arange(8.0).reshape(4, 2)
    >>> found = unstacked(LAYOUTS["onnx"], "lstm", one, np.ones((4, 1)))
    >>> found["W_c"], found["W_o"]
    (array([[6., 7.]]), array([[2., 3.]]))
    """
    if layout.columns:
        kernel, recurrent = kernel.T, recurrent.T
    hidden = recurrent.shape[1]
    _check(kind, kernel, recurrent, bias, recurrent_bias)
    if kind == "rnn":
        found = {"W_x": kernel, "W_h": recurrent}
        if bias is not None:
            found["b"] = bias if recurrent_bias is None else bias + recurrent_bias
        return found
    found = {}
    for place, gate in enumerate(layout.order(kind)):
        rows = slice(place * hidden, (place + 1) * hidden)
        found[f"W_{gate}"], found[f"U_{gate}"] = kernel[rows], recurrent[rows]
        if bias is None:
            continue
        second = np.zeros(hidden) if recurrent_bias is None else recurrent_bias[rows]
        apart = reset_after and gate == "h"
        found[f"b_{gate}"] = bias[rows] if apart else bias[rows] + second
        if apart:
            found["b_Uh"] = second
    return found


def _check(
    kind: str, kernel: FloatArray, recurrent: FloatArray, bias: FloatArray | None, second: FloatArray | None
) -> None:
    rows = GATES[kind] * recurrent.shape[1]
    shapes = [array.shape for array in (kernel, recurrent, bias, second) if array is not None]
    fits = kernel.ndim == 2 and kernel.shape[0] == recurrent.shape[0] == rows
    if not fits or any(len(shape) != 1 or shape[0] != rows for shape in shapes[2:]):
        raise ShapeError(
            ", ".join(map(str, shapes)),
            found=f"arrays that do not fit each other as one {kind} layer",
            write=f"kernels and biases with {GATES[kind]} × {recurrent.shape[1]} = {rows} rows",
        )
