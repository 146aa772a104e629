"""The cells once more, in plain PyTorch operations on rows (B, n): the independent judge of every derivative.

`CELLS` pairs a Program of ours with a function from tensors by neutral names to the states of every step. Nothing here
is taken from the library but the Programs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from symrnn.algebra.programs import Program
from symrnn.algebra.reading.roles import parse_cell
from symrnn.cells import gru, lstm, rnn

from .layouts import PEEPHOLE_LSTM

torch = pytest.importorskip("torch")
torch.set_num_threads(1)  # cells of size 5: threads only wait for each other

Tensors = Mapping[str, Any]
States = dict[str, list[Any]]
sigmoid, tanh, softmax = torch.sigmoid, torch.tanh, partial(torch.softmax, dim=-1)


def _gate(P: Tensors, g: str, x: Any, h: Any) -> Any:
    """W_g x + U_g h + b_g on rows."""
    return x @ P[f"W_{g}"].T + h @ P[f"U_{g}"].T + _bias(P, f"b_{g}")


def _bias(P: Tensors, key: str) -> Any:
    return P[key][:, 0] if key in P else 0.0


# --- PyTorch's own modules ------------------------------------------------------------------------------------------


def _module(kind: Any, order: str, P: Tensors, **options: Any) -> States:
    """nn.RNN, nn.LSTM or nn.GRU with our tensors in the places of its weights."""
    weights = _stacked(order, P)
    module = kind(weights[0].shape[1], P["h_0"].shape[1], bias=len(weights) == 4, dtype=torch.float64, **options)
    start = (P["h_0"][None], P["c_0"][None]) if "c_0" in P else P["h_0"][None]
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    output, final = torch.func.functional_call(module, dict(zip(names, weights, strict=False)), (P["x"], start))
    return {"h": list(output)} | ({"c": [final[1][0]]} if "c_0" in P else {})


def _stacked(order: str, P: Tensors) -> list[Any]:
    if not order:
        return [P["W_x"], P["W_h"]] + ([P["b"][:, 0], torch.zeros_like(P["b"][:, 0])] if "b" in P else [])
    weights = [torch.cat([P[f"{letter}_{g}"] for g in order]) for letter in "WU"]
    if f"b_{order[0]}" not in P:
        return weights
    first = torch.cat([P[f"b_{g}"][:, 0] for g in order])
    second = [P["b_Uh"][:, 0] if g == "h" and "b_Uh" in P else torch.zeros_like(P["b_" + g][:, 0]) for g in order]
    return [*weights, first, torch.cat(second)]


# --- Written out ----------------------------------------------------------------------------------------------------


def _recurrent(step: Callable[..., Any], P: Tensors) -> States:
    """A cell with the one state h: every step's h."""
    h, states = P["h_0"], []
    for x in P["x"]:
        h = step(P, x, h)
        states.append(h)
    return {"h": states}


def _reset_before(P: Tensors, x: Any, h: Any) -> tuple[Any, Any]:
    z, r = sigmoid(_gate(P, "z", x, h)), sigmoid(_gate(P, "r", x, h))
    return z, tanh(_gate(P, "h", x, r * h))


def _chung(P: Tensors, x: Any, h: Any) -> Any:
    z, candidate = _reset_before(P, x, h)
    return (1 - z) * h + z * candidate


def _cho(P: Tensors, x: Any, h: Any) -> Any:
    z, candidate = _reset_before(P, x, h)
    return z * h + (1 - z) * candidate


def _keras(P: Tensors, x: Any, h: Any) -> Any:
    z, r = sigmoid(_gate(P, "z", x, h)), sigmoid(_gate(P, "r", x, h))
    inner = h @ P["U_h"].T + _bias(P, "b_Uh")
    return z * h + (1 - z) * tanh(x @ P["W_h"].T + _bias(P, "b_h") + r * inner)


def _leaky(P: Tensors, x: Any, h: Any) -> Any:
    a = h @ P["W_h"].T + x @ P["W_x"].T + P["b"][:, 0]
    return (1 - P["alpha"][0, 0]) * h + P["alpha"][0, 0] * tanh(a)


def _independent(P: Tensors, x: Any, h: Any) -> Any:
    return torch.relu(x @ P["W_x"].T + h * torch.diagonal(P["U"]) + P["b"][:, 0])


def _minimal(P: Tensors, x: Any, h: Any) -> Any:
    f = sigmoid(_gate(P, "f", x, h))
    return (1 - f) * h + f * tanh(_gate(P, "h", x, f * h))


def _attentive(P: Tensors, x: Any, h: Any) -> Any:
    q = softmax(x @ P["W_q"].T + h @ P["U_q"].T)
    return tanh((q * h) @ P["W_h"].T + x @ P["W_x"].T + P["b"][:, 0])


def _antisymmetric(P: Tensors, x: Any, h: Any) -> Any:
    W = P["W_h"] - P["W_h"].T
    return h + P["epsilon"][0, 0] * tanh(h @ W.T - P["gamma"][0, 0] * h + x @ P["W_x"].T + P["b"][:, 0])


def _scalar_gated(P: Tensors, x: Any, h: Any) -> Any:
    g = sigmoid(h @ P["w"] + x @ P["v"])
    return g * h + (1 - g) * tanh(x @ P["W_x"].T + P["b"][:, 0])


def _multiplicative(P: Tensors, x: Any, h: Any) -> Any:
    return tanh(((x @ P["W_m"].T) * (h @ P["U_m"].T)) @ P["W_h"].T + x @ P["W_x"].T + P["b"][:, 0])


def _normalised(P: Tensors, x: Any, h: Any) -> Any:
    a = P["u"][:, 0] * (h @ P["W_h"].T) + x @ P["W_x"].T
    return P["g"][:, 0] * a / torch.sqrt(0.25 + (a**2).sum(-1, keepdim=True))


def _elementary(P: Tensors, x: Any, h: Any) -> Any:
    bump = torch.exp(-((x @ P["W_x"].T) ** 2))
    return torch.sin(h @ P["W_h"].T) ** 2 + bump - torch.log(1 + (h @ P["u"]) ** 2) * P["b"][:, 0]


def _concatenated(P: Tensors) -> States:
    h, c, found = P["h_0"], P["c_0"], {"h": [], "c": []}
    for x in P["x"]:
        joined = torch.cat([h, x], dim=-1)
        f = sigmoid(joined @ P["W_f"].T + P["b_f"][:, 0])
        c = f * c + (1 - f) * tanh(joined @ P["W_c"].T + P["b_c"][:, 0])
        h = tanh(c)
        found["h"].append(h)
        found["c"].append(c)
    return found


def _lag_two(P: Tensors) -> States:
    states = [P["h_-1"], P["h_0"]]
    for x in P["x"]:
        states.append(tanh(states[-1] @ P["W_1"].T + states[-2] @ P["W_2"].T + x @ P["W_x"].T + P["b"][:, 0]))
    return {"h": states[2:]}


def _peepholes(P: Tensors) -> States:
    h, c, found = P["h_0"], P["c_0"], {"h": [], "c": []}
    p_i, p_f, p_o = (P[f"p_{g}"][:, 0] for g in "ifo")
    for x in P["x"]:
        i, f = sigmoid(_gate(P, "i", x, h) + p_i * c), sigmoid(_gate(P, "f", x, h) + p_f * c)
        c = f * c + i * tanh(_gate(P, "c", x, h))
        h = sigmoid(_gate(P, "o", x, h) + p_o * c) * tanh(c)
        found["h"].append(h)
        found["c"].append(c)
    return found


def _oscillators(P: Tensors) -> States:
    v, s, found = P["v_0"], P["s_0"], {"v": [], "s": []}
    dt, gamma, epsilon = (P[key][0, 0] for key in ("dt", "gamma", "epsilon"))
    for x in P["x"]:
        force = tanh(s @ P["W_s"].T + v @ P["W_v"].T + x @ P["V"].T + P["b"][:, 0])
        v = v + dt * (force - gamma * s - epsilon * v)
        s = s + dt * v
        found["v"].append(v)
        found["s"].append(s)
    return found


# --- the table ------------------------------------------------------------------------------------------------------

LEAKY = "h_t = (1 - alpha) h_{t-1} + alpha tanh(W_h h_{t-1} + W_x x_t + b)\nalpha: scalar\noutputs: h"
INDEPENDENT = "h_t = relu(W_x x_t + U h_{t-1} + b)\nU: diagonal\noutputs: h"
MINIMAL = """
f_t = sigma(W_f x_t + U_f h_{t-1} + b_f)
h_tilde_t = tanh(W_h x_t + U_h (f_t ⊙ h_{t-1}) + b_h)
h_t = (1 - f_t) ⊙ h_{t-1} + f_t ⊙ h_tilde_t
outputs: h
"""
LAG_TWO = "h_t = tanh(W_1 h_{t-1} + W_2 h_{t-2} + W_x x_t + b)\noutputs: h"
ATTENTIVE = """
q_t = softmax(W_q x_t + U_q h_{t-1})
h_t = tanh(W_h (q_t ⊙ h_{t-1}) + W_x x_t + b)
outputs: h
"""
ANTISYMMETRIC = """
h_t = h_{t-1} + epsilon tanh((W_h - W_h^T) h_{t-1} - gamma h_{t-1} + W_x x_t + b)
epsilon, gamma: scalar
outputs: h
"""
SCALAR_GATED = """
g_t = sigma(w^T h_{t-1} + v^T x_t)
h_t = g_t h_{t-1} + (1 - g_t) tanh(W_x x_t + b)
w, v: vector
outputs: h
"""
MULTIPLICATIVE = """
q_t = (W_m x_t) ⊙ (U_m h_{t-1})
h_t = tanh(W_h q_t + W_x x_t + b)
outputs: h
"""
NORMALISED = """
a_t = diag(u) W_h h_{t-1} + W_x x_t
s_t = sqrt(1/4 + ‖a_t‖²)
h_t = g ⊙ a_t / s_t
u, g: vector
outputs: h
"""
ELEMENTARY = """
h_t = sin(W_h h_{t-1})^2 + exp(-(W_x x_t)^2) - log(1 + (u^T h_{t-1})^2) b
u, b: vector
outputs: h
"""
CONCATENATED = """
f_t = sigma(W_f [h_{t-1}; x_t] + b_f)
c_tilde_t = tanh(W_c [h_{t-1}; x_t] + b_c)
c_t = f_t ⊙ c_{t-1} + (1 - f_t) ⊙ c_tilde_t
h_t = tanh(c_t)
outputs: h
"""
OSCILLATORS = """
v_t = v_{t-1} + dt (tanh(W_s s_{t-1} + W_v v_{t-1} + V x_t + b) - gamma s_{t-1} - epsilon v_{t-1})
s_t = s_{t-1} + dt v_t
dt, gamma, epsilon: scalar
outputs: s
"""


@dataclass(frozen=True)
class Cell:
    """A Program of ours and the same cell in PyTorch; `states` are compared at every step."""

    make: Callable[[], Program]
    run: Callable[[Tensors], States]


def _typed(text: str) -> Callable[[], Program]:
    return partial(parse_cell, text)


NAMED: dict[str, Cell] = {
    "rnn": Cell(rnn, partial(_module, torch.nn.RNN, "")),
    "rnn relu": Cell(partial(rnn, "relu"), partial(_module, torch.nn.RNN, "", nonlinearity="relu")),
    "rnn without bias": Cell(partial(rnn, bias=False), partial(_module, torch.nn.RNN, "")),
    "lstm": Cell(lstm, partial(_module, torch.nn.LSTM, "ifco")),
    "lstm without bias": Cell(partial(lstm, bias=False), partial(_module, torch.nn.LSTM, "ifco")),
    "gru chung2014": Cell(partial(gru, "chung2014"), partial(_recurrent, _chung)),
    "gru cho2014": Cell(partial(gru, "cho2014"), partial(_recurrent, _cho)),
    "gru pytorch": Cell(partial(gru, "pytorch"), partial(_module, torch.nn.GRU, "rzh")),
    "gru keras": Cell(partial(gru, "keras"), partial(_recurrent, _keras)),
}
TYPED: dict[str, Cell] = {
    "leaky": Cell(_typed(LEAKY), partial(_recurrent, _leaky)),
    "independent": Cell(_typed(INDEPENDENT), partial(_recurrent, _independent)),
    "peepholes": Cell(_typed(PEEPHOLE_LSTM), _peepholes),
    "minimal gated": Cell(_typed(MINIMAL), partial(_recurrent, _minimal)),
    "lag two": Cell(_typed(LAG_TWO), _lag_two),
    "softmax attention": Cell(_typed(ATTENTIVE), partial(_recurrent, _attentive)),
    "antisymmetric": Cell(_typed(ANTISYMMETRIC), partial(_recurrent, _antisymmetric)),
    "scalar gate": Cell(_typed(SCALAR_GATED), partial(_recurrent, _scalar_gated)),
    "multiplicative": Cell(_typed(MULTIPLICATIVE), partial(_recurrent, _multiplicative)),
    "normalised": Cell(_typed(NORMALISED), partial(_recurrent, _normalised)),
    "elementary functions": Cell(_typed(ELEMENTARY), partial(_recurrent, _elementary)),
    "concatenated": Cell(_typed(CONCATENATED), _concatenated),
    "oscillators": Cell(_typed(OSCILLATORS), _oscillators),
}
CELLS = NAMED | TYPED


# --- losses ---------------------------------------------------------------------------------------------------------

STEP_LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "half_squared_error": lambda guess, y: ((guess - y) ** 2).sum(-1) / 2,
    "squared_error": lambda guess, y: torch.nn.functional.mse_loss(guess, y, reduction="none").sum(-1),
    "mean_squared_error": lambda guess, y: torch.nn.functional.mse_loss(guess, y, reduction="none").mean(-1),
    "softmax_cross_entropy": lambda o, y: torch.nn.functional.cross_entropy(o, y, reduction="none"),
}


def loss_of(P: Tensors, outputs: list[Any], kind: str, at: str, reduce: str) -> Any:
    """(B,): the loss of every example, with the readout where there is one."""
    guesses = [h @ P["W_y"].T + _bias(P, "b_y") for h in outputs] if "W_y" in P else outputs
    if at == "last":
        return STEP_LOSSES[kind](guesses[-1], P["y"])
    steps = torch.stack([STEP_LOSSES[kind](guess, y) for guess, y in zip(guesses, P["y"], strict=True)])
    return steps.mean(0) if reduce == "mean" else steps.sum(0)


def gradients(scalar: Any, P: Tensors, keys: Iterator[str]) -> dict[str, Any]:
    """∂/∂ of every key, zero where it is not read."""
    keys = tuple(keys)
    found = torch.autograd.grad(scalar, [P[key] for key in keys], allow_unused=True)
    return {
        key: (torch.zeros_like(P[key]) if one is None else one).detach().numpy()
        for key, one in zip(keys, found, strict=True)
    }
