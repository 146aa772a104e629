"""The mistakes people make, each written by hand: as a formula, and as the number it gives.

Reads true values from `evaluate`; what is wrong is computed here, in plain Python, from the wrong formula, so that
finding it leans on none of the changes that the checker tries.
"""

# ruff: noqa: E501 (a table is easier to check with a row on a line)
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import prod

import numpy as np

import symrnn as sr
from symrnn.models.model import Model

_SEQUENCE = "[sequence]\nx = [0.6, -0.5, 0.8]\nh0 = 0.4\n"
_SCALAR = f'[cell]\nkind = "rnn"\n{_SEQUENCE}[parameters]\nW_h = 0.7\nW_x = 0.9\nb = 0.2\n'
_LOSS = '[loss]\nkind = "half_squared_error"\n'
_LINEAR = _SCALAR.replace('"rnn"', '"rnn"\nactivation = "identity"')
_GATES = "".join(
    f"{name} = {number}\n"
    for name, number in zip(
        (f"{letter}_{gate}" for letter in "WUb" for gate in "fioc"),
        (0.7, 0.5, -0.4, 0.9, 0.3, -0.6, 0.8, 0.5, 0.1, 0.2, -0.1, 0.3), strict=True,
    )
)  # fmt: skip
_LSTM = f'[cell]\nkind = "lstm"\n{_SEQUENCE}c0 = -0.3\n[parameters]\n{_GATES}'
_GRU_NUMBERS = "".join(
    f"{name} = {number}\n"
    for name, number in zip(
        (f"{letter}_{gate}" for letter in "WUb" for gate in "zrh"),
        (0.7, 0.5, -0.4, 0.9, 0.3, -0.6, 0.8, 0.5, 0.1), strict=True,
    )
)  # fmt: skip
_GRU = f'[cell]\nkind = "gru"\nvariant = "VARIANT"\n{_SEQUENCE}[parameters]\n{_GRU_NUMBERS}'
_VECTOR = (
    '[cell]\nkind = "rnn"\n[sequence]\nx = [[0.6, -0.3], [-0.5, 0.4], [0.8, 0.1]]\nh0 = [0.4, -0.2]\n'
    "[parameters]\nW_h = [[0.7, -0.4], [0.3, 0.5]]\nW_x = [[0.9, 0.2], [-0.6, 0.8]]\nb = [0.2, -0.1]\n"
)
_SOFTMAX = (
    "W_y = [[0.5, -0.7], [0.4, 0.9], [-0.3, 0.6]]\nb_y = [0.1, -0.2, 0.3]\n"
    '[loss]\nkind = "softmax_cross_entropy"\ny = 1\n'
)
MODELS = {
    "rnn": f"{_SCALAR}{_LOSS}y = 0.3\n",
    "every": f'{_SCALAR}{_LOSS}at = "every_step"\ny = [0.3, -0.2, 0.1]\n',
    "linear": f"{_LINEAR}{_LOSS}y = 0.3\n",
    "vector": f"{_VECTOR}{_LOSS}y = [0.3, -0.6]\n",
    "softmax": f"{_VECTOR}{_SOFTMAX}",
    "lstm": f'{_LSTM}{_LOSS}at = "every_step"\ny = [0.3, -0.2, 0.1]\n',
    "gru": _GRU.replace("VARIANT", "cho2014") + f'{_LOSS}at = "every_step"\ny = [0.3, -0.2, 0.1]\n',
    "torch": _GRU.replace("VARIANT", "pytorch") + f'b_Uh = 0.35\n{_LOSS}at = "every_step"\ny = [0.3, -0.2, 0.1]\n',
    "update": f"{_SCALAR}{_LOSS}y = 0.3\n[update]\nrate = 0.15\n",
    "by_value": f"{_SCALAR}{_LOSS}y = 1.7\n[update]\nrate = 0.15\nclip_value = 0.05\n",
    "by_norm": f"{_SCALAR}{_LOSS}y = 1.7\n[update]\nrate = 0.15\nclip_norm = 0.3\n",
}


class Values:
    """The true values of a model: `v("h", 2)`, `v.g("W_h")` for ∂L/∂W_h, `v.g("a", 2)` for δ_2."""

    def __init__(self, model: Model) -> None:
        results = sr.evaluate(model)
        self.values = {key: _plain(value) for key, value in results.values.items()}
        self.gradients = {key: _plain(value) for key, value in results.gradients.items()}
        self.values |= {str(name): _plain(value) for name, value in model.values.items()}
        self.model = model

    def __call__(self, name: str, step: int | None = None) -> np.ndarray:
        if name == "y" and self.model.value("y").ndim == 1 and step is None:
            return np.asarray(self.model.value("y"), dtype=object).astype(float)
        if name in ("x", "y") or (step is None and name not in self.values):
            found = np.asarray(self.model.value(name), dtype=object).astype(float)
            return found if step is None or found.ndim == 0 else found[step - 1]
        return self.values[name if step is None else f"{name}[{step}]"]

    def g(self, name: str, step: int | None = None) -> np.ndarray:
        """The gradient of the loss."""
        return self.gradients[name if step is None else f"{name}[{step}]"]


def _plain(value: object) -> np.ndarray:
    return np.asarray(value, dtype=object).astype(float)


@cache
def known(key: str) -> tuple[Model, Values]:
    """A model and its values."""
    model = sr.loads(MODELS[key])
    return model, Values(model)


@dataclass(frozen=True)
class Mistaken:
    """A wrong line: the row it should be named as, in which model, of which quantity, as formula and as number."""

    row: str
    model: str
    head: str
    formula: str
    wrong: Callable[[Values], object]

    def __str__(self) -> str:
        return f"{self.row}-{self.model}"


def _D(of: str) -> str:
    return rf"\frac{{\partial L}}{{\partial {of}}}"


def _slope(v: Values, t: int) -> np.ndarray:
    return 1 - v("h", t) ** 2


def _gate(v: Values, gate: str, t: int) -> np.ndarray:
    return v(gate, t) * (1 - v(gate, t))


LINES = (
    Mistaken("R01", "rnn", _D("W_h"), r"\delta_3 h_2", lambda v: v.g("a", 3) * v("h", 2)),
    Mistaken(
        "R02",
        "rnn",
        _D("W_h"),
        r"\delta_3 h_2 + \delta_2 h_1",
        lambda v: v.g("a", 3) * v("h", 2) + v.g("a", 2) * v("h", 1),
    ),
    Mistaken(
        "R03",
        "rnn",
        _D("W_h"),
        r"\delta_3 h_3 + \delta_2 h_2 + \delta_1 h_1",
        lambda v: sum(v.g("a", t) * v("h", t) for t in (1, 2, 3)),
    ),
    Mistaken(
        "R04",
        "rnn",
        _D("W_h"),
        r"\delta_3 x_3 + \delta_2 x_2 + \delta_1 x_1",
        lambda v: sum(v.g("a", t) * v("x", t) for t in (1, 2, 3)),
    ),
    Mistaken(
        "R04",
        "rnn",
        _D("W_x"),
        r"\delta_3 h_2 + \delta_2 h_1 + \delta_1 h_0",
        lambda v: sum(v.g("a", t) * v("h", t - 1) for t in (1, 2, 3)),
    ),
    Mistaken("R05", "rnn", r"\delta_2", r"\delta_3 W_h (1 - h_2)", lambda v: v.g("a", 3) * v("W_h") * (1 - v("h", 2))),
    Mistaken(
        "R06",
        "rnn",
        r"\delta_2",
        r"\delta_3 W_h h_2 (1 - h_2)",
        lambda v: v.g("a", 3) * v("W_h") * v("h", 2) * (1 - v("h", 2)),
    ),
    Mistaken(
        "R07", "rnn", r"\delta_2", r"\delta_3 W_h (1 + h_2^2)", lambda v: v.g("a", 3) * v("W_h") * (1 + v("h", 2) ** 2)
    ),
    Mistaken("R08", "rnn", r"\frac{\partial h_3}{\partial h_2}", r"W_h", lambda v: v("W_h")),
    Mistaken("R09", "rnn", r"\frac{\partial h_3}{\partial h_2}", r"W_h (1 - h_2^2)", lambda v: v("W_h") * _slope(v, 2)),
    Mistaken("R10", "rnn", _D("h_3"), r"y - h_3", lambda v: v("y") - v("h", 3)),
    Mistaken("R10", "rnn", r"\delta_3", r"(y - h_3)(1 - h_3^2)", lambda v: (v("y") - v("h", 3)) * _slope(v, 3)),
    Mistaken("R11", "rnn", _D("h_3"), r"2 (h_3 - y)", lambda v: 2 * (v("h", 3) - v("y"))),
    Mistaken("R12", "rnn", _D("h_3"), r"\frac{1}{2} (h_3 - y)", lambda v: (v("h", 3) - v("y")) / 2),
    Mistaken("R13", "rnn", r"\delta_2", r"\delta_3 (1 - h_2^2)", lambda v: v.g("a", 3) * _slope(v, 2)),
    Mistaken("R14", "rnn", r"\delta_2", r"\delta_3 W_x (1 - h_2^2)", lambda v: v.g("a", 3) * v("W_x") * _slope(v, 2)),
    Mistaken("R15", "linear", _D("h_1"), r"W_h^3 (h_3 - y)", lambda v: v("W_h") ** 3 * (v("h", 3) - v("y"))),
    Mistaken("R15", "linear", r"\frac{\partial h_3}{\partial h_1}", r"W_h^3", lambda v: v("W_h") ** 3),
    Mistaken(
        "R16",
        "rnn",
        r"\frac{\partial h_3}{\partial h_1}",
        r"\frac{\partial h_3}{\partial h_2} + \frac{\partial h_2}{\partial h_1}",
        lambda v: v("W_h") * (_slope(v, 3) + _slope(v, 2)),
    ),
    Mistaken(
        "R17",
        "rnn",
        _D("W_h"),
        r"(\delta_3 h_2)(\delta_2 h_1)(\delta_1 h_0)",
        lambda v: prod(v.g("a", t) * v("h", t - 1) for t in (1, 2, 3)),
    ),
    Mistaken(
        "R18", "rnn", _D("W_h"), r"\frac{1}{3}(\delta_3 h_2 + \delta_2 h_1 + \delta_1 h_0)", lambda v: v.g("W_h") / 3
    ),
    Mistaken(
        "R19",
        "rnn",
        _D("W_h"),
        "",  # as a formula it holds with ∂⁺ for ∂, which is said: `test_adversarial` has both
        lambda v: _counted_twice(v),
    ),
    Mistaken("R20", "rnn", r"\delta_3", r"(h_3 - y)^2 (1 - h_3^2)", lambda v: (v("h", 3) - v("y")) ** 2 * _slope(v, 3)),
    Mistaken("R21", "rnn", _D("W_h"), r"\delta_1 h_0", lambda v: v.g("a", 1) * v("h", 0)),
    Mistaken(
        "R22", "rnn", r"\frac{\partial h_3}{\partial h_1}", r"W_h^2 (1 - h_3^2)", lambda v: v("W_h") ** 2 * _slope(v, 3)
    ),
    Mistaken("R23", "rnn", r"\delta_3", r"h_3 - y", lambda v: v("h", 3) - v("y")),
    Mistaken("R24", "rnn", r"\delta_2", r"-\delta_3 W_h (1 - h_2^2)", lambda v: -v.g("a", 2)),
    Mistaken(
        "R25", "rnn", r"\delta_2", r"\delta_3 W_h (1 - a_2^2)", lambda v: v.g("a", 3) * v("W_h") * (1 - v("a", 2) ** 2)
    ),
    Mistaken("R26", "every", _D("h_2"), r"W_h \delta_3", lambda v: v("W_h") * v.g("a", 3)),
    Mistaken("R27", "vector", _D("h_2"), r"W_h \delta_3", lambda v: v("W_h") @ v.g("a", 3)),
    Mistaken(
        "R28", "vector", _D("W_h"), r"h_2 \delta_3^\top + h_1 \delta_2^\top + h_0 \delta_1^\top", lambda v: v.g("W_h").T
    ),
    Mistaken(
        "R29",
        "vector",
        r"\delta_2",
        r"(W_h^\top \delta_3)^\top (1 - h_2^2)",
        lambda v: (v("W_h").T @ v.g("a", 3)) @ _slope(v, 2),
    ),
    Mistaken(
        "R30",
        "vector",
        r"\frac{\partial h_3}{\partial h_2}",
        r"W_h \operatorname{diag}(1 - h_3^2)",
        lambda v: v("W_h") @ np.diag(_slope(v, 3)),
    ),
    Mistaken("R31", "rnn", _D("b"), r"\delta_3 h_2 + \delta_2 h_1 + \delta_1 h_0", lambda v: v.g("W_h")),
    Mistaken(
        "R32",
        "rnn",
        r"\frac{\partial h_3}{\partial h_1}",
        r"\frac{\partial h_3}{\partial h_2} \frac{\partial h_2}{\partial h_1} \frac{\partial h_1}{\partial h_0}",
        lambda v: v("W_h") ** 3 * _slope(v, 3) * _slope(v, 2) * _slope(v, 1),
    ),
    Mistaken(
        "R33",
        "rnn",
        _D("W_h"),
        r"\delta_3 h_2 + \delta_2 h_1",
        lambda v: v.g("a", 3) * v("h", 2) + v.g("a", 2) * v("h", 1),
    ),
    Mistaken(
        "R36",
        "rnn",
        r"\delta_2",
        r"\delta_3 W_h (1 - h_3^2)(1 - h_2^2)",
        lambda v: v.g("a", 3) * v("W_h") * _slope(v, 3) * _slope(v, 2),
    ),
    Mistaken("S01", "softmax", _D("o_3"), r"y - p_3", lambda v: v("y") - v("p", 3)),
    Mistaken("S03", "softmax", _D("o_3"), r"-y \odot p_3^{-1}", lambda v: -v("y") / v("p", 3)),
    Mistaken("S02", "softmax", _D("o_3"), r"-y \odot (1 - p_3)", lambda v: -v("y") * (1 - v("p", 3))),
    Mistaken(
        "S02",
        "softmax",
        r"\frac{\partial p_3}{\partial o_3}",
        r"\operatorname{diag}(p_3 \odot (1 - p_3))",
        lambda v: np.diag(v("p", 3) * (1 - v("p", 3))),
    ),
    Mistaken("L01", "lstm", _D("c_3"), r"\frac{\partial L}{\partial h_3} o_3", lambda v: v.g("h", 3) * v("o", 3)),
    Mistaken(
        "L02",
        "lstm",
        _D("c_3"),
        r"\frac{\partial L}{\partial h_3} o_3 (1 - c_3^2)",
        lambda v: v.g("h", 3) * v("o", 3) * (1 - v("c", 3) ** 2),
    ),
    Mistaken(
        "L03",
        "lstm",
        _D("c_3"),
        r"\frac{\partial L}{\partial h_3} (1 - \tanh^2(c_3))",
        lambda v: v.g("h", 3) * (1 - np.tanh(v("c", 3)) ** 2),
    ),
    Mistaken("L04", "lstm", _D("f_2"), r"\frac{\partial L}{\partial c_2} c_2", lambda v: v.g("c", 2) * v("c", 2)),
    Mistaken(
        "L04",
        "lstm",
        _D("a_{f,2}"),
        r"\frac{\partial L}{\partial c_2} c_2 f_2 (1 - f_2)",
        lambda v: v.g("c", 2) * v("c", 2) * _gate(v, "f", 2),
    ),
    Mistaken(
        "L05",
        "lstm",
        _D("f_2"),
        r"\frac{\partial L}{\partial c_2} \tilde{c}_2",
        lambda v: v.g("c", 2) * v("c_tilde", 2),
    ),
    Mistaken(
        "L06",
        "lstm",
        _D("a_{f,2}"),
        r"\frac{\partial L}{\partial c_2} c_1 (1 - f_2^2)",
        lambda v: v.g("c", 2) * v("c", 1) * (1 - v("f", 2) ** 2),
    ),
    Mistaken("L07", "lstm", _D("a_{f,2}"), r"\frac{\partial L}{\partial c_2} c_1", lambda v: v.g("c", 2) * v("c", 1)),
    Mistaken(
        "L08",
        "lstm",
        _D("a_{f,2}"),
        r"\frac{\partial L}{\partial c_2} c_1 (1 - f_2)",
        lambda v: v.g("c", 2) * v("c", 1) * (1 - v("f", 2)),
    ),
    Mistaken("L09", "lstm", _D("i_2"), r"\frac{\partial L}{\partial c_2} i_2", lambda v: v.g("c", 2) * v("i", 2)),
    Mistaken(
        "L09",
        "lstm",
        _D(r"\tilde{c}_2"),
        r"\frac{\partial L}{\partial c_2} \tilde{c}_2",
        lambda v: v.g("c", 2) * v("c_tilde", 2),
    ),
    Mistaken(
        "L10",
        "lstm",
        _D("c_2"),
        r"\frac{\partial L}{\partial h_2} o_2 (1 - \tanh^2(c_2)) + \frac{\partial L}{\partial c_3} f_2",
        lambda v: v.g("c", 2) + v.g("c", 3) * (v("f", 2) - v("f", 3)),
    ),
    Mistaken(
        "L11",
        "lstm",
        _D("c_2"),
        r"\frac{\partial L}{\partial h_2} o_2 (1 - \tanh^2(c_2))",
        lambda v: v.g("c", 2) - v.g("c", 3) * v("f", 3),
    ),
    Mistaken("L12", "lstm", _D("c_2"), r"\frac{\partial L}{\partial c_3} f_3", lambda v: v.g("c", 3) * v("f", 3)),
    Mistaken(
        "L13",
        "lstm",
        _D("h_2"),
        r"(h_2 - y_2) + U_f \frac{\partial L}{\partial a_{f,3}}",
        lambda v: v("h", 2) - v("y", 2) + v("U_f") * v.g("a_f", 3),
    ),
    Mistaken("L14", "lstm", _D("o_2"), r"\frac{\partial L}{\partial h_2} c_2", lambda v: v.g("h", 2) * v("c", 2)),
    Mistaken(
        "L15",
        "lstm",
        _D("a_{c,2}"),
        r"\frac{\partial L}{\partial \tilde{c}_2} \tilde{c}_2 (1 - \tilde{c}_2)",
        lambda v: v.g("c_tilde", 2) * v("c_tilde", 2) * (1 - v("c_tilde", 2)),
    ),
    Mistaken("L16", "lstm", r"\frac{\partial c_3}{\partial c_1}", r"f_3 + f_2", lambda v: v("f", 3) + v("f", 2)),
    Mistaken(
        "G01",
        "gru",
        "h_2",
        r"(1 - z_2) h_1 + z_2 \tilde{h}_2",
        lambda v: (1 - v("z", 2)) * v("h", 1) + v("z", 2) * v("h_tilde", 2),
    ),
    Mistaken(
        "G02",
        "gru",
        _D("h_2"),
        r"(h_2 - y_2) + U_z \frac{\partial L}{\partial a_{z,3}} + U_r \frac{\partial L}{\partial a_{r,3}} + U_h r_3 \frac{\partial L}{\partial a_{h,3}}",
        lambda v: v.g("h", 2) - v("z", 3) * v.g("h", 3),
    ),
    Mistaken(
        "G03",
        "gru",
        _D("z_2"),
        r"\frac{\partial L}{\partial h_2} (\tilde{h}_2 - h_1)",
        lambda v: v.g("h", 2) * (v("h_tilde", 2) - v("h", 1)),
    ),
    Mistaken(
        "G04",
        "gru",
        _D("h_2"),
        r"(h_2 - y_2) + z_3 \frac{\partial L}{\partial h_3} + U_z \frac{\partial L}{\partial a_{z,3}} + U_r \frac{\partial L}{\partial a_{r,3}} + U_h \frac{\partial L}{\partial a_{h,3}}",
        lambda v: v.g("h", 2) + v("U_h") * v.g("a_h_tilde", 3) * (1 - v("r", 3)),
    ),
    Mistaken(
        "G05",
        "torch",
        r"\tilde{h}_2",
        r"\tanh(W_h x_2 + b_h + U_h (r_2 h_1) + b_{Uh})",
        lambda v: np.tanh(v("W_h") * v("x", 2) + v("b_h") + v("U_h") * v("r", 2) * v("h", 1) + v("b_Uh")),
    ),
)
"""Rows R, S, L and G."""


def _counted_twice(v: Values) -> np.ndarray:
    """Σ ∂L/∂h_t dh_t/dw with total derivatives."""
    total, found = 0.0 * v.g("W_h"), 0.0 * v.g("W_h")
    for t in (1, 2, 3):
        total = _slope(v, t) * (v("h", t - 1) + v("W_h") * total)
        found = found + v.g("h", t) * total
    return found
