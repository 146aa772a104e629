"""The tanh RNN and the LSTM, forward and backward, as others run them: NumPy by hand, PyTorch, JAX, CasADi.

Every contender answers the same `Problem`: all outputs h_t and the final c_T, and the gradients by every
parameter, every input x_t and the initial states, for given cotangents of every h_t and of c_T.

    RNN    a_t = W x_t + U h_{t-1} + b       h_t = tanh(a_t)
    LSTM   a_t likewise, four blocks of rows: o, f, i (through σ) and g (through tanh)
           c_t = f_t ∘ c_{t-1} + i_t ∘ g_t    h_t = o_t ∘ tanh(c_t)

Arrays are float64 and hold columns: x is (T, I, B), h is (T, H, B). PyTorch and JAX, which keep a batch in
rows, are handed their own layout before the clock starts, and hand theirs back.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy import add, multiply, subtract
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[np.float64]
Arrays = Mapping[str, Array]
Answer = tuple[dict[str, Array], dict[str, Array]]
Into = Callable[[Array, Array], object]  # (input, output): writes into the output

ONE = np.array(1.0)  # a 0-d array: a Python float costs every ufunc call 0.4 µs more
CHUNK = 2**17  # numbers per array in a chunk of steps, 1 MB: whole-chunk operations stay in cache
ORDER = {"rnn": ("h",), "lstm": ("o", "f", "i", "g")}  # the σ gates in one block, f beside i
TORCH_ORDER = {"rnn": ("h",), "lstm": ("i", "f", "g", "o")}


@dataclass(frozen=True)
class Problem:
    """What every contender is given. `cotangents` are ∂L/∂h_t for every t, and for the LSTM ∂L/∂c_T."""

    cell: str
    params: Arrays
    x: Array
    states: Arrays
    cotangents: Arrays

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """T, I, H, B."""
        return (*self.x.shape[:2], *self.states["h0"].shape)


@dataclass(frozen=True)
class Contender:
    """`run` is what the clock sees; `read` gives its result the names and the layout of `Problem`."""

    run: Callable[[], Any]
    read: Callable[[Any], Answer]


def problem(cell: str, *, batch: int, hidden: int, steps: int, seed: int = 0) -> Problem:
    """Random numbers at the scale of a network at initialisation; as many inputs as units."""
    draw = np.random.default_rng(seed).normal
    rows = hidden * len(ORDER[cell])
    params = {
        "W": draw(size=(rows, hidden)) / hidden**0.5,
        "U": draw(size=(rows, hidden)) / hidden**0.5,
        "b": draw(size=rows) / 10,
    }
    names = ("h", "c") if cell == "lstm" else ("h",)
    shapes = {"h": (steps, hidden, batch), "c": (hidden, batch)}
    return Problem(
        cell,
        params,
        draw(size=(steps, hidden, batch)),
        {f"{n}0": draw(size=(hidden, batch)) / 2 for n in names},
        {n: draw(size=shapes[n]) for n in names},
    )


# ---- NumPy, tuned by hand ----


def numpy_rnn(params: Arrays, x: Array, h0: Array, cotangents: Arrays, *, tanh: Into = np.tanh) -> Answer:
    """h_t = tanh(U h_{t-1} + W x_t + b), and all its gradients.

    What makes it fast, in order of weight: one call per operation, its output given; what does not depend
    on the step before is done for a chunk of steps at once (W x_t + b, the factors 1 - h_t², the sums over
    time); views come from `zip` over arrays, never from indexing; `U.dot` is bound once.
    """
    T, _, B = x.shape
    H = len(h0)
    spans = chunks(T, B * H)
    into, back = both_ways(params["U"], B)

    h, scratch = np.empty((T + 1, H, B)), np.empty((spans[0].stop, H, B))
    h[0] = h0
    h_t = lean(h)[0]
    for span in spans:
        a = affine(params, x[span], scratch)
        for a_t, h_next in zip(lean(a), lean(h[1:][span]), strict=True):
            into(h_t, h_next)
            add(h_next, a_t, h_next)
            tanh(h_next, h_next)
            h_t = h_next

    grads = {name: np.zeros_like(value) for name, value in params.items()} | {"x": np.empty_like(x)}
    h_bar = np.zeros_like(h_t)
    for span in reversed(spans):
        a_bar = one_minus_square(h[1:][span], scratch)  # the sweep overwrites the factor by ā_t
        for given, a_bar_t in backwards(cotangents["h"][span], a_bar):
            add(h_bar, given, h_bar)
            multiply(a_bar_t, h_bar, a_bar_t)
            back(a_bar_t, h_bar)
        contract(grads, span, params["W"], a_bar, x, h)
    return {"h": h[1:]}, {**grads, "h0": h_bar.reshape(H, B)}


def numpy_lstm(params: Arrays, x: Array, h0: Array, c0: Array, cotangents: Arrays, *, tanh: Into = np.tanh) -> Answer:
    """c_t = f_t ∘ c_{t-1} + i_t ∘ g_t, h_t = o_t ∘ tanh(c_t), and all gradients; tuned as `numpy_rnn`.

    One product gives the four blocks of a step, one σ three of them. g_t is written below c_{t-1}, so that
    one multiplication gives f ∘ c_{t-1} and i ∘ g_t. Backward, every elementwise factor is ready before the
    sweep: a step is one product, two additions and six multiplications.
    """
    spans = chunks(len(x), 4 * h0.size)
    tape = lstm_forward(params, x, h0, c0, spans, tanh)
    h, _, cg, _ = tape
    grads = lstm_backward(params, x, cotangents, spans, tape)
    return {"h": h[1:], "c": cg[-1, : len(c0)]}, grads


def lstm_forward(
    params: Arrays, x: Array, h0: Array, c0: Array, spans: list[slice], tanh: Into
) -> tuple[Array, Array, Array, Array]:
    """h_{t-1}; o, f and i above a block that keeps W x_t + b; c_{t-1} above g_t; tanh(c_t): for every t."""
    T, _, B = x.shape
    H = len(h0)
    into, _ = both_ways(params["U"], B)
    h, gates = np.empty((T + 1, H, B)), np.empty((T, 4 * H, B))
    cg, tanh_c = np.empty((T + 1, 2 * H, B)), np.empty((T, H, B))
    h[0], cg[0, :H] = h0, c0
    h_t = lean(h)[0]
    a, products = lean(np.empty((1, 4 * H, B)))[0], lean(np.empty((1, 2 * H, B)))[0]
    a_ofi, a_g, fc, ig = a[: 3 * H], a[3 * H :], products[:H], products[H:]
    for span in spans:
        y, z = lean(affine(params, x[span], gates[span])), lean(cg[span])
        c, tanh_k, h_k = lean(cg[1:][span])[:, :H], lean(tanh_c[span]), lean(h[1:][span])
        parts = (y, y[:, : 3 * H], y[:, H : 3 * H], y[:, :H], z, z[:, H:], c, tanh_k, h_k)
        for wx_t, ofi_t, fi_t, o_t, cg_t, g_t, c_t, tanh_c_t, h_next in zip(*parts, strict=True):
            into(h_t, a)
            add(a, wx_t, a)
            expit(a_ofi, ofi_t)
            tanh(a_g, g_t)
            multiply(fi_t, cg_t, products)
            add(fc, ig, c_t)
            tanh(c_t, tanh_c_t)
            multiply(o_t, tanh_c_t, h_next)
            h_t = h_next
    return h, gates, cg, tanh_c


def lstm_backward(
    params: Arrays, x: Array, cotangents: Arrays, spans: list[slice], tape: tuple[Array, Array, Array, Array]
) -> dict[str, Array]:
    """ō, f̄, ī, ḡ from h̄_t and c̄_t, and what they sum to."""
    h, gates, cg, tanh_c = tape
    _, H, B = tanh_c.shape
    o, f, i, g = (slice(k * H, (k + 1) * H) for k in range(4))
    ofi = slice(0, 3 * H)
    _, back = both_ways(params["U"], B)
    grads = {name: np.zeros_like(value) for name, value in params.items()} | {"x": np.empty_like(x)}
    c_bar = lean(cotangents["c"][None])[0].copy()
    h_bar, share = np.zeros_like(c_bar), np.empty_like(c_bar)
    most = spans[0].stop
    factors, bars, h_to_c = np.empty((most, 4 * H, B)), np.empty((most, 4 * H, B)), np.empty((most, H, B))
    for span in reversed(spans):
        y, c_before, g_k, tanh_k = gates[span], cg[span, :H], cg[span, H:], tanh_c[span]
        d, a_bar = factors[: len(y)], bars[: len(y)]
        multiply(y[:, ofi], y[:, ofi], d[:, ofi])
        subtract(y[:, ofi], d[:, ofi], d[:, ofi])  # σ' = σ - σ²
        multiply(d[:, o], tanh_k, d[:, o])
        multiply(d[:, f], c_before, d[:, f])
        multiply(d[:, i], g_k, d[:, i])
        multiply(one_minus_square(g_k, d[:, g]), y[:, i], d[:, g])
        to_c = one_minus_square(tanh_k, h_to_c)
        multiply(to_c, y[:, o], to_c)
        given = (cotangents["h"][span], to_c, d[:, o], d[:, f], d[:, i], d[:, g], y[:, f])
        bars_k = (a_bar, a_bar[:, o], a_bar[:, f], a_bar[:, i], a_bar[:, g])
        steps = backwards(*given, *bars_k)
        for seed, to_c_t, d_o, d_f, d_i, d_g, f_t, a_bar_t, o_bar, f_bar, i_bar, g_bar in steps:
            add(h_bar, seed, h_bar)
            multiply(h_bar, to_c_t, share)
            add(c_bar, share, c_bar)
            multiply(h_bar, d_o, o_bar)
            multiply(c_bar, d_f, f_bar)
            multiply(c_bar, d_i, i_bar)
            multiply(c_bar, d_g, g_bar)
            multiply(c_bar, f_t, c_bar)
            back(a_bar_t, h_bar)
        contract(grads, span, params["W"], a_bar, x, h)
    return {**grads, "h0": h_bar.reshape(H, B), "c0": c_bar.reshape(H, B)}


def tanh_by_expit(x: Array, out: Array) -> None:
    """2 σ(2x) - 1: without AVX-512 about 1.5 times as fast as np.tanh, from 512 numbers on.

    Right to 2e-16 absolutely, not relatively: below 1e-16 it gives 0, so what dies away dies too early.
    """
    add(x, x, out)
    expit(out, out)
    add(out, out, out)
    subtract(out, ONE, out)


def chunks(steps: int, numbers: int) -> list[slice]:
    """Spans of about `CHUNK` numbers each, of 16 steps at least: their sums over time are one product."""
    size = min(steps, max(16, CHUNK // numbers))
    return [slice(start, min(start + size, steps)) for start in range(0, steps, size)]


def lean(columns: Array) -> Array:
    """(T, n, 1) as (T, n): BLAS then takes its matrix-vector path."""
    return columns[..., 0] if columns.shape[-1] == 1 else columns


def backwards(*columns: Array) -> Iterator[tuple[Array, ...]]:
    """The steps of several arrays together, last step first."""
    return zip(*(lean(c)[::-1] for c in columns), strict=True)


def both_ways(U: Array, batch: int) -> tuple[Into, Into]:
    """v ↦ U v and v ↦ Uᵀ v, both writing into a given output; for vectors both read the one copy of Uᵀ."""
    transposed = np.ascontiguousarray(U.T)
    return (transposed.T.dot if batch == 1 else U.dot), transposed.dot


def through(matrix: Array, columns: Array, out: Array) -> None:
    """out_t = matrix · columns_t for a whole chunk."""
    if columns.shape[-1] == 1:
        np.dot(columns[..., 0], matrix.T, out=out[..., 0])
    else:
        np.matmul(matrix, columns, out=out)


def flat(columns: Array) -> Array:
    """(T, n, B) as (n, T·B): a sum over time and batch is then one matrix product."""
    return columns.swapaxes(0, 1).reshape(columns.shape[1], -1)


def affine(params: Arrays, x: Array, out: Array) -> Array:
    """W x_t + b for a whole chunk, into the first rows of `out`."""
    a = out[: len(x)]
    through(params["W"], x, a)
    a += params["b"][:, None]
    return a


def one_minus_square(y: Array, out: Array) -> Array:
    """1 - y_t² for a whole chunk, into the first rows of `out`."""
    rest = out[: len(y)]
    multiply(y, y, rest)
    subtract(ONE, rest, rest)
    return rest


def contract(grads: dict[str, Array], span: slice, W: Array, a_bar: Array, x: Array, h: Array) -> None:
    """W̄ += Σ ā_t x_tᵀ, Ū += Σ ā_t h_{t-1}ᵀ, b̄ += Σ ā_t and x̄_t = Wᵀ ā_t for a chunk of steps."""
    a_flat = flat(a_bar)
    grads["W"] += a_flat @ flat(x[span]).T
    grads["U"] += a_flat @ flat(h[span]).T
    grads["b"] += a_flat.sum(axis=1)
    through(W.T, a_bar, grads["x"][span])


def numpy_contender(p: Problem, tanh: Into = np.tanh) -> Contender:
    """The two functions above."""
    h0 = p.states["h0"]

    def run() -> Answer:
        if p.cell == "rnn":
            return numpy_rnn(p.params, p.x, h0, p.cotangents, tanh=tanh)
        return numpy_lstm(p.params, p.x, h0, p.states["c0"], p.cotangents, tanh=tanh)

    return Contender(run, lambda result: result)


def textbook_contender(p: Problem) -> Contender:
    """NumPy as one first writes it, a step at a time, every derivative where it is needed: the judge."""

    def rnn() -> Answer:
        (W, U, b), h, states = p.params.values(), p.states["h0"], []
        for x in p.x:
            before, h = h, np.tanh(W @ x + U @ h + b[:, None])
            states.append((x, before, h))
        grads, x_bar = {n: np.zeros_like(v) for n, v in p.params.items()}, np.empty_like(p.x)
        h_bar = np.zeros_like(h)
        for t, (x, before, now) in reversed(list(enumerate(states))):
            a_bar = (h_bar + p.cotangents["h"][t]) * (1 - now**2)
            grads["W"] += a_bar @ x.T
            grads["U"] += a_bar @ before.T
            grads["b"] += a_bar.sum(axis=1)
            x_bar[t], h_bar = W.T @ a_bar, U.T @ a_bar
        return {"h": np.array([s[2] for s in states])}, {**grads, "x": x_bar, "h0": h_bar}

    def lstm() -> Answer:
        (W, U, b), h, c, states = p.params.values(), p.states["h0"], p.states["c0"], []
        for x in p.x:
            a_o, a_f, a_i, a_g = np.split(W @ x + U @ h + b[:, None], 4)
            o, f, i, g = expit(a_o), expit(a_f), expit(a_i), np.tanh(a_g)
            c_before, h_before, c = c, h, f * c + i * g
            h = o * np.tanh(c)
            states.append((x, h_before, c_before, o, f, i, g, c, h))
        grads, x_bar = {n: np.zeros_like(v) for n, v in p.params.items()}, np.empty_like(p.x)
        h_bar, c_bar = np.zeros_like(h), p.cotangents["c"]
        for t, (x, h_before, c_before, o, f, i, g, now, _) in reversed(list(enumerate(states))):
            h_bar = h_bar + p.cotangents["h"][t]
            c_bar = c_bar + h_bar * o * (1 - np.tanh(now) ** 2)
            o_bar, f_bar = h_bar * np.tanh(now) * o * (1 - o), c_bar * c_before * f * (1 - f)
            a_bar = np.concatenate([o_bar, f_bar, c_bar * g * i * (1 - i), c_bar * i * (1 - g**2)])
            grads["W"] += a_bar @ x.T
            grads["U"] += a_bar @ h_before.T
            grads["b"] += a_bar.sum(axis=1)
            x_bar[t], h_bar, c_bar = W.T @ a_bar, U.T @ a_bar, c_bar * f
        values = {"h": np.array([s[-1] for s in states]), "c": c}
        return values, {**grads, "x": x_bar, "h0": h_bar, "c0": c_bar}

    return Contender(rnn if p.cell == "rnn" else lstm, lambda result: result)


# ---- PyTorch ----


def torch_contender(p: Problem) -> Contender:
    """`nn.RNN` or `nn.LSTM` on the CPU, then one reverse sweep of autograd."""
    import torch

    torch.set_num_threads(1)
    _, inputs, hidden, batch = p.sizes
    network: Any = (torch.nn.RNN if p.cell == "rnn" else torch.nn.LSTM)(inputs, hidden, dtype=torch.float64)
    weights = [network.weight_ih_l0, network.weight_hh_l0, network.bias_ih_l0]
    with torch.no_grad():
        for weight, value in zip(weights, p.params.values(), strict=True):
            weight.copy_(torch.from_numpy(reordered(value, ORDER[p.cell], TORCH_ORDER[p.cell])))
        network.bias_hh_l0.zero_()
    x = torch.from_numpy(rows(p.x)).requires_grad_()
    states = [torch.from_numpy(rows(s))[None].requires_grad_() for s in p.states.values()]
    cotangents = [torch.from_numpy(rows(c)).reshape(-1, batch, hidden) for c in p.cotangents.values()]
    wanted = [*weights, x, *states]

    def run() -> tuple[list[Any], Any]:
        outputs, last = network(x, tuple(states) if len(states) > 1 else states[0])
        values = [outputs, last[1]] if p.cell == "lstm" else [outputs]
        return values, torch.autograd.grad(values, wanted, cotangents)

    def read(result: tuple[list[Any], Any]) -> Answer:
        values, grads = ([each.detach().numpy() for each in part] for part in result)
        weights = [reordered(v, TORCH_ORDER[p.cell], ORDER[p.cell]) for v in grads[:3]]
        return answer(p, values, weights + grads[3:])

    return Contender(run, read)


# ---- JAX ----


def jax_contender(p: Problem) -> Contender:
    """`lax.scan` over the steps, W x_t + b hoisted; `vjp` of it, jitted whole. The first call compiles."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def rnn(U: Any, carry: Any, a: Any) -> Any:
        h = jnp.tanh(a + carry[0] @ U.T)
        return (h,), h

    def lstm(U: Any, carry: Any, a: Any) -> Any:
        h, c = carry
        o, f, i, g = jnp.split(a + h @ U.T, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    step = rnn if p.cell == "rnn" else lstm

    def forward(weights: Any, x: Any, states: Any) -> Any:
        W, U, b = weights
        last, outputs = jax.lax.scan(lambda carry, a: step(U, carry, a), states, x @ W.T + b)
        return (outputs, *last[1:])

    def both(weights: Any, x: Any, states: Any, cotangents: Any) -> Any:
        values, pull = jax.vjp(forward, weights, x, states)
        return values, pull(cotangents)

    run = jax.jit(both)
    weights = tuple(jnp.asarray(v) for v in p.params.values())
    given = [tuple(jnp.asarray(rows(v)) for v in part.values()) for part in (p.states, p.cotangents)]
    x = jnp.asarray(rows(p.x))

    def read(result: Any) -> Answer:
        return answer(p, [*map(np.asarray, result[0])], [*map(np.asarray, jax.tree.leaves(result[1]))])

    return Contender(lambda: jax.block_until_ready(run(weights, x, given[0], given[1])), read)


# ---- CasADi ----


def casadi_contender(p: Problem) -> Contender:
    """The unrolled MX graph of vector operations and its reverse sweep; the set-up time is building both."""
    import casadi

    forward, reverse = casadi_graph(p.cell, *p.sizes)
    _, inputs, hidden, batch = p.sizes

    def columns(array: Array) -> Array:
        return array.swapaxes(0, 1).reshape(array.shape[1], -1) if array.ndim == 3 else array

    given = [casadi.DM(columns(v)) for v in (*p.params.values(), p.x, *p.states.values())]
    seeds = [casadi.DM(columns(v)) for v in p.cotangents.values()]

    def run() -> tuple[Any, Any]:
        values = forward(*given)
        values = values if isinstance(values, tuple) else (values,)
        return values, reverse(*given, *values, *seeds)

    def steps_of(value: Any, size: int) -> Array:
        return np.asarray(value).reshape(size, -1, batch).swapaxes(0, 1)

    def read(result: tuple[Any, Any]) -> Answer:
        values, (W, U, b, x, *states) = result
        kept = {n: np.asarray(v) for n, v in zip(p.cotangents, values, strict=True)}
        kept["h"] = steps_of(values[0], hidden)
        grads = {"W": np.asarray(W), "U": np.asarray(U), "b": np.asarray(b).ravel(), "x": steps_of(x, inputs)}
        return kept, grads | {n: np.asarray(v) for n, v in zip(p.states, states, strict=True)}

    return Contender(run, read)


def casadi_graph(cell: str, steps: int, inputs: int, hidden: int, batch: int = 1) -> tuple[Any, Any]:
    """The unrolled cell as a CasADi function, and the function of its gradients."""
    import casadi as ca

    rows = hidden * len(ORDER[cell])
    W, U, b = ca.MX.sym("W", rows, inputs), ca.MX.sym("U", rows, hidden), ca.MX.sym("b", rows)
    x, h0, c0 = ca.MX.sym("x", inputs, steps * batch), *(ca.MX.sym(n, hidden, batch) for n in ("h0", "c0"))
    h, c, outputs = h0, c0, []
    bias = ca.repmat(b, 1, batch)
    for x_t in ca.horzsplit(x, batch):
        a = W @ x_t + U @ h + bias
        if cell == "rnn":
            h = ca.tanh(a)
        else:
            a_s, a_g = ca.vertsplit(a, [0, 3 * hidden, 4 * hidden])
            o, f, i = ca.vertsplit(1 / (1 + ca.exp(-a_s)), hidden)
            c = f * c + i * ca.tanh(a_g)
            h = o * ca.tanh(c)
        outputs.append(h)
    states, ends = ([h0], []) if cell == "rnn" else ([h0, c0], [c])
    forward = ca.Function(cell, [W, U, b, x, *states], [ca.horzcat(*outputs), *ends])
    return forward, forward.reverse(1)


# ---- shared ----


def rows(columns: Array) -> Array:
    """(…, n, B) as (…, B, n), contiguous."""
    return np.ascontiguousarray(columns.swapaxes(-1, -2))


def reordered(stacked: Array, old: tuple[str, ...], new: tuple[str, ...]) -> Array:
    """The same blocks of rows in another order."""
    blocks = dict(zip(old, np.split(stacked, len(old)), strict=True))
    return np.concatenate([blocks[name] for name in new])


def answer(p: Problem, values: list[Array], grads: list[Array]) -> Answer:
    """Rows from PyTorch or JAX under the names of `Problem`, as columns again."""
    steps, inputs, hidden, batch = p.sizes
    shapes = {"h": (steps, batch, hidden), "x": (steps, batch, inputs)}

    def columns(name: str, value: Array) -> Array:
        return value.reshape(shapes.get(name, (batch, hidden))).swapaxes(-1, -2)

    kept = {n: columns(n, v) for n, v in zip(p.cotangents, values, strict=True)}
    names = (*p.params, "x", *p.states)
    return kept, {n: v if n in p.params else columns(n, v) for n, v in zip(names, grads, strict=True)}


def farthest(one: Answer, other: Answer) -> float:
    """The largest difference between two answers, of each array relative to its largest entry."""
    pairs = [(mine[name], theirs[name]) for mine, theirs in zip(one, other, strict=True) for name in mine]
    return float(np.max([np.abs(a - b).max() / np.abs(a).max() for a, b in pairs]))


CONTENDERS: dict[str, Callable[[Problem], Contender]] = {
    "numpy": numpy_contender,
    "numpy-expit": lambda p: numpy_contender(p, tanh_by_expit),
    "textbook": textbook_contender,
    **{
        name: make
        for name, make in (("torch", torch_contender), ("jax", jax_contender), ("casadi", casadi_contender))
        if find_spec(name)
    },
}
