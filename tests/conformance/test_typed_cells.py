"""Cells of the literature as a person would type them, evaluated from a model file, against PyTorch's autograd.

Each cell stands twice: as text, in one of the spellings people use, and as a step in plain PyTorch operations. Nothing
else is shared: shapes and numbers are drawn here, so a name read with another role or shape does not pass.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import symrnn as sr
from symrnn.numeric.results import Results

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
F = torch.nn.functional

BOUND = 1e-10
STEPS = 4
SIZES = {"n": 3, "m": 2, "p": 4, "q": 5}
LOSSES = (
    ("half_squared_error", "every_step", "sum"),
    ("mean_squared_error", "every_step", "mean"),
    ("squared_error", "last", "sum"),
)

Past = Callable[..., Any]
"""`past("h")` is h_{t-1}, `past("h", 2)` h_{t-2}."""
Step = Callable[[Mapping[str, Any], Mapping[str, Any], Past], dict[str, Any]]
"""From the parameters, this step's inputs and the past to what the step computes."""


@dataclass(frozen=True)
class Cell:
    """A typed cell and its judge. Shapes are sizes by letter: "nm" a matrix, "n" a column, "" a number."""

    text: str
    step: Step
    parameters: Mapping[str, str]
    output: str = "h"
    out: str = "n"
    inputs: Mapping[str, str] = field(default_factory=lambda: {"x": "m"})
    states: Mapping[str, str] = field(default_factory=lambda: {"h": "n"})
    lags: int = 1


def _gates(letters: str, bias: bool = True) -> dict[str, str]:
    """W_g, U_g and b_g of some gates."""
    return {f"{kind}_{g}": shape for g in letters for kind, shape in (("W", "nm"), ("U", "nn"), ("b", "n"))[: 2 + bias]}


def _gate(P: Any, g: str, x: Any, h: Any) -> Any:
    return P[f"W_{g}"] @ x + P[f"U_{g}"] @ h + P.get(f"b_{g}", 0.0)


CELLS: dict[str, Cell] = {}


def cell(name: str, text: str, parameters: Mapping[str, str], **more: Any) -> Callable[[Step], Step]:
    """Enter a step into the table of cells."""

    def entered(step: Step) -> Step:
        CELLS[name] = Cell(text, step, parameters, **more)
        return step

    return entered


@cell(
    "highway",
    r"""g_t &= \sigma(W_g x_t + U_g h_{t-1} + b_g) \\
        s_t &= \tanh(W_s x_t + U_s h_{t-1} + b_s) \\
        h_t &= g_t \odot s_t + (1 - g_t) \odot h_{t-1}""",
    _gates("gs"),
)
def _highway(P: Any, x: Any, past: Past) -> Any:
    h = past("h")
    g = torch.sigmoid(_gate(P, "g", x["x"], h))
    return {"h": g * torch.tanh(_gate(P, "s", x["x"], h)) + (1 - g) * h}


@cell(
    "minimal gated unit",
    r"""\begin{align}
        f_t &= \sigma(W_f x_t + U_f h_{t-1} + b_f) \\
        \tilde{h}_t &= \tanh(W_h x_t + U_h (f_t \odot h_{t-1}) + b_h) \\
        h_t &= (1 - f_t) \odot h_{t-1} + f_t \odot \tilde{h}_t
        \end{align}""",
    _gates("fh"),
)
def _minimal(P: Any, x: Any, past: Past) -> Any:
    h = past("h")
    f = torch.sigmoid(_gate(P, "f", x["x"], h))
    return {"h": (1 - f) * h + f * torch.tanh(_gate(P, "h", x["x"], f * h))}


@cell(
    "update gate",
    """c_t = tanh(W_c x_t + U_c h_{t-1} + b_c)
       g_t = sigmoid(W_g x_t + U_g h_{t-1} + b_g)
       h_t = g_t * h_{t-1} + (1 - g_t) * c_t""",
    _gates("cg"),
)
def _update(P: Any, x: Any, past: Past) -> Any:
    h = past("h")
    g = torch.sigmoid(_gate(P, "g", x["x"], h))
    return {"h": g * h + (1 - g) * torch.tanh(_gate(P, "c", x["x"], h))}


@cell(
    "peephole",
    """i_t = σ(W_i x_t + U_i h_{t-1} + p_i ⊙ c_{t-1} + b_i)
       f_t = σ(W_f x_t + U_f h_{t-1} + p_f ⊙ c_{t-1} + b_f)
       c_t = f_t ⊙ c_{t-1} + i_t ⊙ tanh(W_c x_t + U_c h_{t-1} + b_c)
       o_t = σ(W_o x_t + U_o h_{t-1} + p_o ⊙ c_t + b_o)
       h_t = o_t ⊙ tanh(c_t)""",
    _gates("ifco") | {"p_i": "n", "p_f": "n", "p_o": "n"},
    states={"h": "n", "c": "n"},
)
def _peephole(P: Any, x: Any, past: Past) -> Any:
    h, c = past("h"), past("c")
    i = torch.sigmoid(_gate(P, "i", x["x"], h) + P["p_i"] * c)
    f = torch.sigmoid(_gate(P, "f", x["x"], h) + P["p_f"] * c)
    c = f * c + i * torch.tanh(_gate(P, "c", x["x"], h))
    return {"c": c, "h": torch.sigmoid(_gate(P, "o", x["x"], h) + P["p_o"] * c) * torch.tanh(c)}


@cell(
    "layer normalisation",
    """a_t = W_h h_{t-1} + W_x x_t
       d_t = a_t - (1/3) (u^T a_t) u
       h_t = tanh(g ⊙ d_t / sqrt(‖d_t‖²/3 + 1/100) + b)
       u: n""",
    {"W_h": "nn", "W_x": "nm", "g": "n", "b": "n", "u": "n"},
)
def _normalised(P: Any, x: Any, past: Past) -> Any:
    a = P["W_h"] @ past("h") + P["W_x"] @ x["x"]
    d = a - (P["u"] @ a) / 3 * P["u"]
    return {"h": torch.tanh(P["g"] * d / torch.sqrt((d @ d) / 3 + 0.01) + P["b"])}


@cell("residual", "h_t = h_{t-1} + V tanh(W h_{t-1} + U x_t + b)", {"V": "np", "W": "pn", "U": "pm", "b": "p"})
def _residual(P: Any, x: Any, past: Past) -> Any:
    return {"h": past("h") + P["V"] @ torch.tanh(P["W"] @ past("h") + P["U"] @ x["x"] + P["b"])}


@cell(
    "leaky integrator",
    r"\[ h_t = (1-\alpha)\, h_{t-1} + \alpha \tanh(W h_{t-1} + U x_t + b) \]",
    {"alpha": "", "W": "nn", "U": "nm", "b": "n"},
)
def _leaky(P: Any, x: Any, past: Past) -> Any:
    inner = torch.tanh(P["W"] @ past("h") + P["U"] @ x["x"] + P["b"])
    return {"h": (1 - P["alpha"]) * past("h") + P["alpha"] * inner}


@cell("identity and ReLU", "h_t = ReLU(W h_{t-1} + V x_t + b)", {"W": "nn", "V": "nm", "b": "n"})
def _rectified(P: Any, x: Any, past: Past) -> Any:
    return {"h": torch.relu(P["W"] @ past("h") + P["V"] @ x["x"] + P["b"])}


@cell(
    "coupled oscillators",
    """z_t = z_{t-1} + Δ (tanh(W y_{t-1} + S z_{t-1} + V u_t + b) - γ y_{t-1} - ε z_{t-1})
       y_t = y_{t-1} + Δ z_t
       Δ: scalar""",
    {"Delta": "", "W": "nn", "S": "nn", "V": "nm", "b": "n", "gamma": "", "epsilon": ""},
    output="y",
    inputs={"u": "m"},
    states={"y": "n", "z": "n"},
)
def _oscillators(P: Any, x: Any, past: Past) -> Any:
    y, z = past("y"), past("z")
    force = torch.tanh(P["W"] @ y + P["S"] @ z + P["V"] @ x["u"] + P["b"])
    z = z + P["Delta"] * (force - P["gamma"] * y - P["epsilon"] * z)
    return {"z": z, "y": y + P["Delta"] * z}


@cell(
    "independently recurrent",
    r"\mathbf{h}_t = \text{ReLU}(\mathbf{W}\mathbf{x}_t + \mathbf{u} \odot \mathbf{h}_{t-1} + \mathbf{b})",
    {"W": "nm", "u": "n", "b": "n"},
)
def _independent(P: Any, x: Any, past: Past) -> Any:
    return {"h": torch.relu(P["W"] @ x["x"] + P["u"] * past("h") + P["b"])}


@cell(
    "two speeds",
    """s_t = tanh(A_s s_{t-1} + B_s f_{t-1} + U_s x_t + b_s)
       f_t = tanh(A_f f_{t-1} + B_f s_t + U_f x_t + b_f)
       outputs: f""",
    {"A_s": "nn", "B_s": "np", "U_s": "nm", "b_s": "n", "A_f": "pp", "B_f": "pn", "U_f": "pm", "b_f": "p"},
    output="f",
    out="p",
    states={"s": "n", "f": "p"},
)
def _two_speeds(P: Any, x: Any, past: Past) -> Any:
    s = torch.tanh(P["A_s"] @ past("s") + P["B_s"] @ past("f") + P["U_s"] @ x["x"] + P["b_s"])
    return {"s": s, "f": torch.tanh(P["A_f"] @ past("f") + P["B_f"] @ s + P["U_f"] @ x["x"] + P["b_f"])}


@cell(
    "two lags",
    "h_t = tanh(A h_{t-1} + B h_{t-2} + C x_t + d)",
    {"A": "nn", "B": "nn", "C": "nm", "d": "n"},
    lags=2,
)
def _two_lags(P: Any, x: Any, past: Past) -> Any:
    return {"h": torch.tanh(P["A"] @ past("h") + P["B"] @ past("h", 2) + P["C"] @ x["x"] + P["d"])}


@cell(
    "structurally constrained",
    r"""s_t = (1-\alpha) B x_t + \alpha s_{t-1}
        h_t = \sigma(P s_t + A x_t + R h_{t-1})
        y_t = U h_t + V s_t""",
    {"alpha": "", "B": "pm", "P": "np", "A": "nm", "R": "nn", "U": "qn", "V": "qp"},
    output="y",
    out="q",
    states={"s": "p", "h": "n"},
)
def _constrained(P: Any, x: Any, past: Past) -> Any:
    s = (1 - P["alpha"]) * (P["B"] @ x["x"]) + P["alpha"] * past("s")
    h = torch.sigmoid(P["P"] @ s + P["A"] @ x["x"] + P["R"] @ past("h"))
    return {"s": s, "h": h, "y": P["U"] @ h + P["V"] @ s}


@cell(
    "multiplicative LSTM",
    """m_t = (W_mx x_t) ⊙ (W_mh h_{t-1})
       ĥ_t = W_hx x_t + W_hm m_t
       i_t = σ(W_ix x_t + W_im m_t)
       o_t = σ(W_ox x_t + W_om m_t)
       f_t = σ(W_fx x_t + W_fm m_t)
       c_t = f_t ⊙ c_{t-1} + i_t ⊙ tanh(ĥ_t)
       h_t = tanh(c_t) ⊙ o_t""",
    {"W_mx": "pm", "W_mh": "pn"} | {f"W_{g}{s}": shape for g in "hiof" for s, shape in (("x", "nm"), ("m", "np"))},
    states={"h": "n", "c": "n"},
)
def _multiplicative(P: Any, x: Any, past: Past) -> Any:
    m = (P["W_mx"] @ x["x"]) * (P["W_mh"] @ past("h"))
    inner = {g: P[f"W_{g}x"] @ x["x"] + P[f"W_{g}m"] @ m for g in "hiof"}
    c = torch.sigmoid(inner["f"]) * past("c") + torch.sigmoid(inner["i"]) * torch.tanh(inner["h"])
    return {"c": c, "h": torch.tanh(c) * torch.sigmoid(inner["o"])}


@cell(
    "multiplicative integration",
    """h_t = tanh(α ⊙ (U h_{t-1}) ⊙ (W x_t) + β ⊙ (U h_{t-1}) + γ ⊙ (W x_t) + b)
       α, β, γ: vector""",
    {"alpha": "n", "beta": "n", "gamma": "n", "U": "nn", "W": "nm", "b": "n"},
)
def _integrated(P: Any, x: Any, past: Past) -> Any:
    u, w = P["U"] @ past("h"), P["W"] @ x["x"]
    return {"h": torch.tanh(P["alpha"] * u * w + P["beta"] * u + P["gamma"] * w + P["b"])}


@cell("bilinear", "h_t = A h_{t-1} + (v^T x_t) B h_{t-1} + C x_t", {"A": "nn", "v": "m", "B": "nn", "C": "nm"})
def _bilinear(P: Any, x: Any, past: Past) -> Any:
    return {"h": P["A"] @ past("h") + (P["v"] @ x["x"]) * (P["B"] @ past("h")) + P["C"] @ x["x"]}


@cell(
    "attention over slots",
    """w_t = softmax(K h_{t-1} + Q x_t)
       r_t = M w_t
       h_t = tanh(W h_{t-1} + R r_t + U x_t)""",
    {"K": "pn", "Q": "pm", "M": "qp", "W": "nn", "R": "nq", "U": "nm"},
)
def _attentive(P: Any, x: Any, past: Past) -> Any:
    w = torch.softmax(P["K"] @ past("h") + P["Q"] @ x["x"], dim=-1)
    return {"h": torch.tanh(P["W"] @ past("h") + P["R"] @ (P["M"] @ w) + P["U"] @ x["x"])}


@cell(
    "antisymmetric",
    r"h_t = h_{t-1} + \epsilon \tanh\left( (W - W^\top - \gamma I) h_{t-1} + V x_t + b \right)",
    {"epsilon": "", "W": "nn", "gamma": "", "V": "nm", "b": "n"},
)
def _antisymmetric(P: Any, x: Any, past: Past) -> Any:
    W = P["W"] - P["W"].T - P["gamma"] * torch.eye(3, dtype=torch.float64)
    return {"h": past("h") + P["epsilon"] * torch.tanh(W @ past("h") + P["V"] @ x["x"] + P["b"])}


@cell(
    "simple recurrent unit",
    """x̃_t = W x_t
       f_t = σ(W_f x_t + v_f ⊙ c_{t-1} + b_f)
       r_t = σ(W_r x_t + v_r ⊙ c_{t-1} + b_r)
       c_t = f_t ⊙ c_{t-1} + (1 - f_t) ⊙ x̃_t
       h_t = r_t ⊙ c_t + (1 - r_t) ⊙ x̃_t""",
    {"W": "nm", "W_f": "nm", "v_f": "n", "b_f": "n", "W_r": "nm", "v_r": "n", "b_r": "n"},
    states={"c": "n"},
)
def _simple(P: Any, x: Any, past: Past) -> Any:
    candidate, c = P["W"] @ x["x"], past("c")
    f, r = (torch.sigmoid(P[f"W_{g}"] @ x["x"] + P[f"v_{g}"] * c + P[f"b_{g}"]) for g in "fr")
    c = f * c + (1 - f) * candidate
    return {"c": c, "h": r * c + (1 - r) * candidate}


@cell(
    "selective state space",
    """Δ_t = softplus(W_Δ x_t + b_Δ)
       s_t = exp(-Δ_t ⊙ a) ⊙ s_{t-1} + Δ_t ⊙ (B x_t)
       y_t = C s_t + D x_t
       a: n""",
    {"W_Delta": "nm", "b_Delta": "n", "a": "n", "B": "nm", "C": "qn", "D": "qm"},
    output="y",
    out="q",
    states={"s": "n"},
)
def _selective(P: Any, x: Any, past: Past) -> Any:
    delta = F.softplus(P["W_Delta"] @ x["x"] + P["b_Delta"])
    s = torch.exp(-delta * P["a"]) * past("s") + delta * (P["B"] @ x["x"])
    return {"s": s, "y": P["C"] @ s + P["D"] @ x["x"]}


@cell(
    "memory beside the state",
    """u_t = e_x^T x_t + e_h^T h_{t-1} + e_m^T m_{t-1}
       m_t = A m_{t-1} + B u_t
       h_t = tanh(W_x x_t + W_h h_{t-1} + W_m m_t)
       B: p""",
    {"e_x": "m", "e_h": "n", "e_m": "p", "A": "pp", "B": "p", "W_x": "nm", "W_h": "nn", "W_m": "np"},
    states={"h": "n", "m": "p"},
)
def _memory(P: Any, x: Any, past: Past) -> Any:
    u = P["e_x"] @ x["x"] + P["e_h"] @ past("h") + P["e_m"] @ past("m")
    m = P["A"] @ past("m") + P["B"] * u
    return {"m": m, "h": torch.tanh(P["W_x"] @ x["x"] + P["W_h"] @ past("h") + P["W_m"] @ m)}


@cell(
    "one matrix for both",
    "h_t = elu(W [h_{t-1}; x_t] + b) - gelu(V [x_t; h_{t-1}]) + silu(b)",
    {"W": "nh", "V": "nh", "b": "n"},
)
def _stacked(P: Any, x: Any, past: Past) -> Any:
    h = past("h")
    first = F.elu(P["W"] @ torch.cat([h, x["x"]]) + P["b"])
    return {"h": first - F.gelu(P["V"] @ torch.cat([x["x"], h])) + F.silu(P["b"])}


@cell(
    "normed state",
    r"h_t = \frac{W h_{t-1}}{\sqrt{1 + \|h_{t-1}\|^2}} + U x_t",
    {"W": "nn", "U": "nm"},
)
def _normed(P: Any, x: Any, past: Past) -> Any:
    return {"h": P["W"] @ past("h") / torch.sqrt(1 + past("h") @ past("h")) + P["U"] @ x["x"]}


@cell(
    "scalar gated",
    """f_t = σ(w_f x_t + u_f h_{t-1} + b_f)
       h_t = f_t h_{t-1} + (1 - f_t) tanh(w x_t + u f_t h_{t-1}^3)""",
    {"w_f": "", "u_f": "", "b_f": "", "w": "", "u": ""},
    out="",
    inputs={"x": ""},
    states={"h": ""},
)
def _scalar(P: Any, x: Any, past: Past) -> Any:
    h = past("h")
    f = torch.sigmoid(P["w_f"] * x["x"] + P["u_f"] * h + P["b_f"])
    return {"h": f * h + (1 - f) * torch.tanh(P["w"] * x["x"] + P["u"] * f * h**3)}


@cell(
    "gates that share their weights",
    """z_t = σ(W x_t + U h_{t-1} + b_z)
       h̃_t = tanh(W x_t + U h_{t-1} + b_h)
       h_t = (ζ (1 - z_t) + ν) ⊙ h̃_t + z_t ⊙ h_{t-1}""",
    {"W": "nm", "U": "nn", "b_z": "n", "b_h": "n", "zeta": "", "nu": "n"},
)
def _shared(P: Any, x: Any, past: Past) -> Any:
    inner = P["W"] @ x["x"] + P["U"] @ past("h")
    z = torch.sigmoid(inner + P["b_z"])
    return {"h": (P["zeta"] * (1 - z) + P["nu"]) * torch.tanh(inner + P["b_h"]) + z * past("h")}


@cell(
    "the input times the state",
    "h_t = tanh(x_t h_{t-1} + b x_t)",
    {"b": ""},
    out="",
    inputs={"x": ""},
    states={"h": ""},
)
def _driven(P: Any, x: Any, past: Past) -> Any:
    return {"h": torch.tanh(x["x"] * past("h") + P["b"] * x["x"])}


@cell(
    "two inputs",
    """γ_t = exp(-relu(W_γ δ_t + b_γ))
       h_t = tanh(W x_t + U (γ_t ⊙ h_{t-1}) + b)""",
    {"W_gamma": "np", "b_gamma": "n", "W": "nm", "U": "nn", "b": "n"},
    inputs={"delta": "p", "x": "m"},
)
def _two_inputs(P: Any, x: Any, past: Past) -> Any:
    decay = torch.exp(-torch.relu(P["W_gamma"] @ x["delta"] + P["b_gamma"]))
    return {"h": torch.tanh(P["W"] @ x["x"] + P["U"] @ (decay * past("h")) + P["b"])}


# --- numbers, the model file, the judge -----------------------------------------------------------------------------


def drawn(name: str, one: Cell) -> dict[str, np.ndarray]:
    """Three-digit decimals for everything the cell is given: `x` and `y` step by step, `h0`, `h-1`."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    sizes = SIZES | {"h": SIZES["n"] + SIZES["m"]}

    def numbers(letters: str, *steps: int) -> np.ndarray:
        return np.round(0.7 * rng.normal(size=(*steps, *(sizes[letter] for letter in letters))), 3)

    found = {key: numbers(shape) for key, shape in one.parameters.items()}
    found |= {key: numbers(shape, STEPS) for key, shape in one.inputs.items()}
    found |= {f"{key}{1 - lag}": numbers(shape) for key, shape in one.states.items() for lag in range(1, one.lags + 1)}
    return found | {"target": numbers(one.out, STEPS)}


def model_of(one: Cell, arrays: Mapping[str, np.ndarray], loss: tuple[str, str, str]) -> Any:
    """The cell in a model file with these numbers."""
    kind, at, reduce = loss
    target = arrays["target"] if at == "every_step" else arrays["target"][-1]
    keys = {"parameters": list(one.parameters), "sequence": [k for k in arrays if k not in {*one.parameters, "target"}]}
    lines = ["[cell]", f"equations = '''\n{one.text}\n'''"]
    for table, names in keys.items():
        lines += [f"[{table}]", *(f"{key} = {arrays[key].tolist()}" for key in names)]
    lines += ["[loss]", f'kind = "{kind}"', f'at = "{at}"', f'reduce = "{reduce}"', f"y = {target.tolist()}"]
    return sr.loads("\n".join(lines))


def judged(one: Cell, arrays: Mapping[str, np.ndarray], loss: tuple[str, str, str]) -> tuple[float, dict[str, Any]]:
    """L and its gradient with respect to everything given and every value computed, by autograd."""
    leaves = {key: torch.tensor(array, requires_grad=True) for key, array in arrays.items() if key != "target"}
    track = {key: [leaves[f"{key}{1 - lag}"] for lag in range(one.lags, 0, -1)] for key in one.states}
    named: dict[str, Any] = {}
    outputs = []
    for step in range(STEPS):
        new = one.step(leaves, {key: leaves[key][step] for key in one.inputs}, lambda key, lag=1: track[key][-lag])
        for key, value in new.items():
            value.retain_grad()
            named[f"{key}[{step + 1}]"] = value
            track.setdefault(key, []).append(value)
        outputs.append(new[one.output])
    L = _loss(outputs, torch.tensor(arrays["target"]), loss)
    L.backward()
    gradients = {key: leaf.grad for key, leaf in leaves.items() if key not in one.inputs}
    gradients |= {f"{key}[{t + 1}]": leaves[key].grad[t] for key in one.inputs for t in range(STEPS)}
    gradients |= {key: value.grad for key, value in named.items() if value.grad is not None}
    zero = {key: np.zeros(arrays[key].shape) for key, gradient in gradients.items() if gradient is None}
    return float(L.detach()), {key: zero[key] if key in zero else gradients[key].numpy() for key in gradients}


def _loss(outputs: list[Any], target: Any, loss: tuple[str, str, str]) -> Any:
    kind, at, reduce = loss
    errors = [((guess - y) ** 2).sum() for guess, y in zip(outputs, target, strict=True)]
    divisor = {"half_squared_error": 2, "squared_error": 1, "mean_squared_error": max(1, outputs[0].numel())}[kind]
    if at == "last":
        return errors[-1] / divisor
    return torch.stack(errors).sum() / divisor / (STEPS if reduce == "mean" else 1)


def ours(results: Results, key: str, one: Cell) -> np.ndarray:
    """Our gradient under the judge's key: an initial value `h-1` is h[-1]."""
    initial = {f"{name}{1 - lag}": f"{name}[{1 - lag}]" for name in one.states for lag in range(1, one.lags + 1)}
    return np.array(results.gradients[initial.get(key, key)], dtype=float)


@pytest.mark.parametrize("loss", LOSSES, ids=" ".join)
@pytest.mark.parametrize("name", CELLS)
def test_gradients_of_typed_cells_equal_autograd(name: str, loss: tuple[str, str, str]) -> None:
    """L and every gradient: parameters, inputs, initial values, and the totals of what the steps compute."""
    one = CELLS[name]
    arrays = drawn(name, one)
    results = sr.evaluate(model_of(one, arrays, loss))
    L, gradients = judged(one, arrays, loss)
    assert abs(float(results["L"]) - L) <= BOUND * max(1.0, abs(L))
    assert len(gradients) > len(one.parameters) + STEPS
    for key, theirs in gradients.items():
        found = ours(results, key, one)
        assert np.abs(found - theirs.reshape(found.shape)).max() <= BOUND * max(1.0, np.abs(theirs).max()), key


@pytest.mark.parametrize("name", ["peephole", "two lags", "attention over slots", "selective state space"])
def test_many_digits_and_float64_are_one_answer(name: str) -> None:
    """The interpreter and the compiled arrays: two ways from the text to the numbers."""
    one = CELLS[name]
    model = model_of(one, drawn(name, one), LOSSES[0])
    found, precise = sr.evaluate(model), sr.evaluate(model, digits=30)
    assert found.gradients.keys() == precise.gradients.keys()
    for key, value in precise.gradients.items():
        assert np.allclose(np.array(found.gradients[key], dtype=float), np.array(value, dtype=float), 1e-12, 1e-13), key
