"""Chains to test with: real cells whose Jacobians a complex step can check, and random programs.

`exact` multiplies a chain by columns in rational arithmetic, one term at a time, and shares no code with the
library; floats are rationals, so its answer is the true one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

from symrnn.numeric.chains import Chain, FloatArray, Row, Term

Array = Any
Matrix = list[list[Fraction]]


@dataclass(frozen=True)
class Cell:
    """A recurrent cell driven for T steps: its chain, and the step function the chain belongs to."""

    chain: Chain
    step: Callable[[int, Array], Array]
    before: FloatArray

    def jacobian(self, t: int) -> FloatArray:
        """∂s_t/∂s_{t-1} by complex steps, right to the last digits."""
        size, tiny = self.before.shape[1], 1e-100
        columns = [self.step(t, self.before[t] + 1j * tiny * unit).imag / tiny for unit in np.eye(size)]
        return np.stack(columns, axis=1)


def sigmoid(a: Array) -> Array:
    """1 / (1 + e^-a)."""
    return 1.0 / (1.0 + np.exp(-a))


def _trajectory(step: Callable[[int, Array], Array], steps: int, size: int) -> tuple[FloatArray, FloatArray]:
    """The states before and after every step."""
    states = [np.zeros(size)]
    for t in range(steps):
        states.append(step(t, states[-1]))
    return np.array(states[:-1]).reshape(steps, size), np.array(states[1:]).reshape(steps, size)


def rnn(size: int, steps: int, seed: int = 0, gain: float = 1.0) -> Cell:
    """h' = tanh(W h + u_t)."""
    rng = np.random.default_rng(seed)
    weights, drive = gain * rng.normal(size=(size, size)) / np.sqrt(size), rng.normal(size=(steps, size))

    def step(t: int, h: Array) -> Array:
        return np.tanh(weights @ h + drive[t])

    before, after = _trajectory(step, steps, size)
    row = Row("h'", size, (Term("h", 1.0 - after**2, weights),))
    return Cell(Chain([("h", size)], [row], {"h": "h'"}, steps), step, before)


def lstm(size: int, steps: int, seed: int = 0) -> Cell:
    """c' = f∘c + i∘g, h' = o∘tanh(c'); the state is (h, c)."""
    rng = np.random.default_rng(seed)
    u = dict(zip("ifgo", rng.normal(size=(4, size, size)) / np.sqrt(size), strict=True))
    drive = dict(zip("ifgo", rng.normal(size=(4, steps, size)), strict=True))

    def gates(t: Any, h: Array) -> list[Array]:
        a = {gate: h @ u[gate].T + drive[gate][t] for gate in "ifgo"}
        return [sigmoid(a["i"]), sigmoid(a["f"]), np.tanh(a["g"]), sigmoid(a["o"])]

    def step(t: int, s: Array) -> Array:
        i, f, g, o = gates(t, s[:size])
        c = f * s[size:] + i * g
        return np.concatenate([o * np.tanh(c), c])

    before, after = _trajectory(step, steps, 2 * size)
    i, f, g, o = gates(slice(None), before[:, :size])
    c, squashed = before[:, size:], np.tanh(after[:, size:])
    through = [
        Term("h", c * f * (1 - f), u["f"]),
        Term("h", g * i * (1 - i), u["i"]),
        Term("h", i * (1 - g**2), u["g"]),
    ]
    cell = Row("c'", size, (*through, Term("c", f)))
    hidden = Row("h'", size, (Term("h", squashed * o * (1 - o), u["o"]), Term("c'", o * (1 - squashed**2))))
    chain = Chain([("h", size), ("c", size)], [cell, hidden], {"h": "h'", "c": "c'"}, steps)
    return Cell(chain, step, before)


def gru(size: int, steps: int, seed: int = 0) -> Cell:
    """h' = (1-z)∘h + z∘ĥ with ĥ = tanh(U_h (r∘h) + …): reset before, z writes."""
    rng = np.random.default_rng(seed)
    u = dict(zip("zrh", rng.normal(size=(3, size, size)) / np.sqrt(size), strict=True))
    drive = dict(zip("zrh", rng.normal(size=(3, steps, size)), strict=True))

    def parts(t: Any, h: Array) -> list[Array]:
        z, r = (sigmoid(h @ u[gate].T + drive[gate][t]) for gate in "zr")
        return [z, r, np.tanh((r * h) @ u["h"].T + drive["h"][t])]

    def step(t: int, h: Array) -> Array:
        z, _, candidate = parts(t, h)
        return (1 - z) * h + z * candidate

    before, _ = _trajectory(step, steps, size)
    z, r, candidate = parts(slice(None), before)
    rows = [
        Row("r", size, (Term("h", r * (1 - r), u["r"]),)),
        Row("q", size, (Term("h", r), Term("r", before))),
        Row("g", size, (Term("q", 1 - candidate**2, u["h"]),)),
        Row(
            "h'",
            size,
            (Term("h", 1 - z), Term("h", (candidate - before) * z * (1 - z), u["z"]), Term("g", z)),
        ),
    ]
    return Cell(Chain([("h", size)], rows, {"h": "h'"}, steps), step, before)


CELLS = {"rnn": rnn, "lstm": lstm, "gru": gru}


@st.composite
def chains(draw: st.DrawFn, entries: st.SearchStrategy[float], max_steps: int = 3) -> Chain:
    """Any small chain: one to three states, rows that read states and rows, every kind of term."""
    steps = draw(st.integers(0, max_steps))
    sizes = {f"s{k}": draw(st.integers(1, 3)) for k in range(draw(st.integers(1, 3)))}
    states = list(sizes.items())
    rows = []
    for k in range(draw(st.integers(0, 2))):
        rows.append(_row(draw, entries, f"r{k}", draw(st.integers(1, 3)), sizes, steps))
        sizes[f"r{k}"] = rows[-1].size
    for name, size in states:
        rows.append(_row(draw, entries, f"{name}'", size, sizes, steps))
        sizes[f"{name}'"] = size
    return Chain(states, rows, {name: f"{name}'" for name, _ in states}, steps)


def _row(
    draw: st.DrawFn,
    entries: st.SearchStrategy[float],
    name: str,
    size: int,
    sizes: dict[str, int],
    steps: int,
) -> Row:
    def array(*shape: int) -> FloatArray:
        count = int(np.prod(shape))
        return np.array(draw(st.lists(entries, min_size=count, max_size=count))).reshape(shape)

    terms = []
    for _ in range(draw(st.integers(0, 3))):
        source = draw(st.sampled_from(sorted(sizes)))
        kinds = ["matrix", "stack"] + ["none"] * (sizes[source] == size)
        kind = draw(st.sampled_from(kinds))
        matrix = {"matrix": (size, sizes[source]), "stack": (steps, size, sizes[source])}.get(kind)
        left, right = draw(st.booleans()), draw(st.booleans())
        terms.append(
            Term(
                source,
                array(steps, size) if left else None,
                None if matrix is None else array(*matrix),
                array(steps, sizes[source]) if right else None,
            )
        )
    return Row(name, size, tuple(terms))


def exact(chain: Chain, columns: FloatArray) -> Matrix:
    """J_T ⋯ J_1 columns, in rational numbers."""
    stacked = [[Fraction(float(x)) for x in row] for row in columns]
    for t in range(chain.steps):
        known = {name: stacked[place] for name, place in chain.slices.items()}
        for row in chain.rows:
            total = [[Fraction(0)] * columns.shape[1] for _ in range(row.size)]
            for term in row.terms:
                total = _plus(total, _term(term, t, known[term.source]))
            known[row.name] = total
        stacked = [line for name, _ in chain.states for line in known[chain.outputs[name]]]
    return stacked


def _term(term: Term, t: int, value: Matrix) -> Matrix:
    value = value if term.right is None else _scaled(term.right[t], value)
    if term.matrix is not None:
        matrix = term.matrix[t] if term.matrix.ndim == 3 else term.matrix
        value = [_combined(row, value) for row in matrix]
    return value if term.left is None else _scaled(term.left[t], value)


def _scaled(weights: FloatArray, value: Matrix) -> Matrix:
    return [[Fraction(float(w)) * x for x in line] for w, line in zip(weights, value, strict=True)]


def _combined(weights: FloatArray, value: Matrix) -> list[Fraction]:
    return [sum(column, Fraction(0)) for column in zip(*_scaled(weights, value), strict=True)]


def _plus(first: Matrix, second: Matrix) -> Matrix:
    return [[a + b for a, b in zip(x, y, strict=True)] for x, y in zip(first, second, strict=True)]
