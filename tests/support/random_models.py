"""Random models for the laws about regimes: cells, gains, sizes, inputs, drawn by one seed."""

from __future__ import annotations

import numpy as np

from symrnn.models.files import loads
from symrnn.models.model import Model

ACTIVATIONS = (
    "tanh", "tanh", "tanh", "relu", "leaky_relu", "sigmoid", "elu", "softsign", "hard_tanh", "softplus", "abs",
    "gelu", "silu", "identity",
)  # fmt: skip
FAMILIES = ("rnn", "rnn", "rnn", "linear", "inside", "scalar", "two lags", "leaky unit", "lstm", "gru", "chung gru")


def random_model(seed: int) -> tuple[str, Model]:
    """A family's name and one model of it."""
    rng = np.random.default_rng([2026, seed])
    family = FAMILIES[seed % len(FAMILIES)]
    n = 1 if family == "scalar" else int(rng.integers(1, 6))
    gain = float(np.exp(rng.uniform(np.log(0.2), np.log(3.0))))
    steps = 40
    constant = rng.random() < 0.4
    level = float(rng.choice([0.0, 0.3, 1.0]))
    series = np.broadcast_to(level * rng.normal(size=(1, 2)), (steps, 2)) if constant else rng.normal(size=(steps, 2))
    activation = str(rng.choice(ACTIVATIONS))
    cell, matrices, columns = _cell(family, activation)
    lines = [cell, f"hidden = {n}", "[sequence]", f"steps = {steps}", f"x = {_shown(level * series)}"]
    lines += [f"h0 = {_shown(rng.normal(size=n) * rng.choice([0.0, 0.5]))}", "[parameters]"]
    structure = rng.choice(["gauss", "gauss", "triangular", "orthogonal", "positive"])
    for name in matrices:
        square = not name.startswith("W_") or (name == "W_h" and family not in ("lstm", "gru", "chung gru"))
        values = gain * _matrix(rng, n, structure) if square else 0.5 * rng.normal(size=(n, 2))
        lines.append(f"{name} = {_shown(values)}")
    lines += [f"{name} = {_shown(0.3 * level * rng.normal(size=n))}" for name in columns]
    return family, loads("\n".join(lines) + "\n")


def _cell(family: str, activation: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    if family in ("rnn", "scalar"):
        return f'[cell]\nkind = "rnn"\nactivation = "{activation}"', ("W_h", "W_x"), ("b",)
    if family == "linear":
        return '[cell]\nkind = "rnn"\nactivation = "identity"', ("W_h", "W_x"), ("b",)
    if family == "lstm":
        gates = "fioc"
        return '[cell]\nkind = "lstm"', _gates("W", gates) + _gates("U", gates), _gates("b", gates)
    if family in ("gru", "chung gru"):
        kind = "pytorch" if family == "gru" else "chung2014"
        extra = ("b_Uh",) if family == "gru" else ()
        return (
            f'[cell]\nkind = "gru"\nvariant = "{kind}"',
            _gates("W", "zrh") + _gates("U", "zrh"),
            _gates("b", "zrh") + extra,
        )
    texts = {
        "inside": ("h_t = U f(h_{t-1}) + W_x x_t", ("U", "W_x")),
        "two lags": ("h_t = f(U h_{t-1} + V h_{t-2} + W_x x_t)", ("U", "V", "W_x")),
        "leaky unit": ("h_t = 0.3 h_{t-1} + 0.7 f(U h_{t-1} + W_x x_t)", ("U", "W_x")),
    }
    text, matrices = texts[family]
    return f"[cell]\nequations = '{text.replace('f(', activation + '(')}'", matrices, ()


def _gates(letter: str, gates: str) -> tuple[str, ...]:
    return tuple(f"{letter}_{gate}" for gate in gates)


def _matrix(rng: np.random.Generator, n: int, structure: str) -> np.ndarray:
    values = rng.normal(size=(n, n)) / np.sqrt(n)
    if structure == "triangular":
        return np.triu(values) + np.triu(rng.normal(size=(n, n)), 1)
    if structure == "orthogonal":
        return np.linalg.qr(values)[0]
    return np.abs(values) if structure == "positive" else values


def _shown(values: np.ndarray) -> str:
    return str(np.round(np.asarray(values), 6).tolist())
