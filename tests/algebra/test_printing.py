"""One tree, two spellings: every node class, the textbook's lines, parentheses, styles and Programs."""

from __future__ import annotations

import inspect
import re
import time
from dataclasses import fields
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from symrnn.algebra import nodes as N
from symrnn.algebra.layout import RULES, Printer
from symrnn.algebra.nodes import PRINTERS, Node, Signal, T, m, n, t
from symrnn.algebra.printing import (
    NEUTRAL,
    Style,
    equation_to_latex,
    equation_to_text,
    program_to_latex,
    program_to_text,
    to_latex,
    to_text,
)
from symrnn.algebra.programs import STEPS, Equation, Program, Range
from symrnn.algebra.reading.roles import parse_cell
from symrnn.algebra.spelling import LATEX, TEXT, read_name
from symrnn.errors import InputError


def vector(name: str, lag: Any = 0) -> Signal:
    """A column of size n at t + lag."""
    return Signal(name, (n, 1), t + lag)


def scalar(name: str, *indices: Any) -> Signal:
    """A 1×1 signal."""
    return Signal(name, (1, 1), *indices)


k = sp.Symbol("k", integer=True)
h, h_last, a, c, c_last, f = (
    vector("h"), vector("h", -1), vector("a"), vector("c"), vector("c", -1), vector("f")
)  # fmt: skip
x = Signal("x", (m, 1), t)
y, y_hat = vector("y"), vector("y_hat")
W, V, W_x, b = (
    N.Parameter("W_h", (n, n)), N.Parameter("V", (n, n)), N.Parameter("W_x", (n, m)), N.Parameter("b", (n, 1))
)  # fmt: skip
L = scalar("L")
w, s, r = N.Parameter("w", (1, 1)), scalar("h", t), scalar("r", t)
half = N.Number(sp.Rational(1, 2))

# --- every node class ---------------------------------------------------------------------------------------

row = Signal("r", (1, n), t)

NODES: list[tuple[Node, str, str]] = [
    (N.MatPower(N.Parameter("W", (n, n)), T - t), "W^{T-t}", "W^{T-t}"),
    # Names
    (h, "h_t", "h_t"),
    (h_last, "h_{t-1}", "h_{t-1}"),
    (h.at(3), "h_3", "h_3"),
    (h.at(12), "h_{12}", "h_{12}"),
    (h.at(T), "h_T", "h_T"),
    (h.at(T - t + 1), "h_{T-t+1}", "h_{T-t+1}"),
    (h.at(t, sp.Symbol("j")), "h_{t,j}", "h_{t,j}"),
    (L, "L", "L"),
    (vector("c_tilde"), "c̃_t", r"\tilde{c}_t"),
    (y_hat, "ŷ_t", r"\hat{y}_t"),
    (vector("y_true"), "y_{true,t}", r"y_{\text{true},t}"),
    (vector("a_f"), "a^f_t", "a^{f}_{t}"),
    (vector("a_f", -1), "a^f_{t-1}", "a^{f}_{t-1}"),
    (vector("h_1"), "h^(1)_t", "h^{(1)}_{t}"),
    (vector("h_star"), "h^*_t", "h^{*}_{t}"),
    (vector("h_prime"), "h'_t", "h'_t"),
    (vector("net"), "net_t", r"\mathrm{net}_t"),
    (vector("phi"), "φ_t", r"\phi_t"),
    (scalar("ell", t), "ℓ_t", r"\ell_t"),
    (W, "W_h", "W_h"),
    (N.Parameter("W_hf", (n, n)), "W_hf", "W_{hf}"),
    (N.Parameter("W_xi", (n, n)), "W_xi", "W_{xi}"),
    (N.Parameter("b_Uh", (n, 1)), "b_Uh", "b_{Uh}"),
    (N.Parameter("W_true", (n, n)), "W_true", r"W_{\text{true}}"),
    (N.Parameter("b_c_tilde", (n, 1)), "b_{c̃}", r"b_{\tilde{c}}"),
    (N.Parameter("W_alpha", (n, n)), "W_α", r"W_{\alpha}"),
    (N.Parameter("alpha", (1, 1)), "α", r"\alpha"),
    # What is derived from names
    (N.Adjoint(h), "h̄_t", r"\bar{h}_t"),
    (N.Adjoint(a), "ā_t", r"\bar{a}_t"),
    (N.Adjoint(vector("c_tilde")), "c̃̄_t", r"\bar{\tilde{c}}_t"),
    (N.Adjoint(vector("a_f")), "ā^f_t", r"\bar{a}^{f}_{t}"),
    (N.Adjoint(vector("net")), "net̄_t", r"\overline{\mathrm{net}}_t"),
    (N.Adjoint(vector("phi")), "φ̄_t", r"\bar{\phi}_t"),
    (N.Adjoint(W), "∂L/∂W_h", r"\frac{\partial L}{\partial W_h}"),
    (N.Adjoint(N.Adjoint(h)), "h̄̄_t", r"\bar{\bar{h}}_t"),
    (N.Tangent(h), "ḣ_t", r"\dot{h}_t"),
    (N.Tangent(W), "Ẇ_h", r"\dot{W}_h"),
    (N.Tangent(N.Adjoint(h)), "h̄̇_t", r"\dot{\bar{h}}_t"),
    (N.Immediate(L, h), "∂⁺L/∂h_t", r"\frac{\partial^{+} L}{\partial h_t}"),
    (N.Block(c, h_last), "∂c_t/∂h_{t-1}", r"\frac{\partial c_t}{\partial h_{t-1}}"),
    (
        N.Block(c, c_last, "total"),
        "(∂c_t/∂c_{t-1})_total",
        r"\left( \frac{\partial c_t}{\partial c_{t-1}} \right)_{\text{total}}",
    ),
    (
        N.Block(N.Concat(h, c), N.Concat(h_last, c_last)),
        "∂(h_t, c_t)/∂(h_{t-1}, c_{t-1})",
        r"\frac{\partial (h_t, c_t)}{\partial (h_{t-1}, c_{t-1})}",
    ),
    # Constants
    (half, "1/2", r"\tfrac{1}{2}"),
    (N.Decimal.shown("-0.0625"), "-0.0625", "-0.0625"),
    (N.Number(-3), "-3", "-3"),
    (N.Decimal(0.25), "0.25", "0.25"),
    (N.Decimal(-1.2e-9), "-1.2·10^{-9}", r"-1.2 \cdot 10^{-9}"),
    (N.Number(sp.Rational(10001, 3)), "10001/3", r"\frac{10001}{3}"),
    (N.Number(1 / n), "1/n", r"\tfrac{1}{n}"),
    (N.Number(T - 1), "T - 1", "T - 1"),
    (N.Number(2 * n), "2 n", "2 n"),
    (N.Number(1 / (n * (m + 1))), "1 / (n (m + 1))", r"\frac{1}{n (m + 1)}"),
    (N.Number(sp.sqrt(2)), "√(2)", r"\sqrt{2}"),
    (N.Number(sp.log(2)), "ln(2)", r"\ln(2)"),
    (N.Number(sp.pi / 2), "π/2", r"\tfrac{\pi}{2}"),
    (N.Number(sp.exp(-1)), "exp(-1)", r"\exp(-1)"),
    (N.Number(sp.E), "e", "e"),
    (N.Number(n**2), "n²", "n^2"),
    (N.Zeros(n, 1), "0", "0"),
    (N.Ones(n, 1), "1", "1"),
    (N.Eye(n), "I", "I"),
    (N.Selector(n, n, 2 * n), "E_{n+1:2n}", "E_{n+1:2n}"),
    (N.Commutation(n, m), "K_{n,m}", "K_{n,m}"),
    (N.Embedding(n), "E_n", "E_n"),
    # Operations
    (h + c, "h_t + c_t", "h_t + c_t"),
    (h - c, "h_t - c_t", "h_t - c_t"),
    (-h + c, "-h_t + c_t", "-h_t + c_t"),
    (f * c_last, "f_t ⊙ c_{t-1}", r"f_t \odot c_{t-1}"),
    (w * s, "w h_t", r"w\,h_t"),
    (W @ h_last, "W_h h_{t-1}", "W_h h_{t-1}"),
    (N.Ones(n, 1) @ h.T, "𝟏 h_tᵀ", r"\mathbf{1} h_t^{\top}"),
    (N.Ones(1, n) @ h, "𝟏ᵀ h_t", r"\mathbf{1}^{\top} h_t"),
    (-h, "-h_t", "-h_t"),
    (2 * h, "2 h_t", "2 h_t"),
    (h / 2, "1/2 h_t", r"\tfrac{1}{2}\,h_t"),
    (-h / 2, "-1/2 h_t", r"-\tfrac{1}{2}\,h_t"),
    (N.Number(1 / n) * h, "(1/n) h_t", r"\tfrac{1}{n}\,h_t"),
    (N.Number(-n) * h, "-n h_t", r"-n\,h_t"),
    (w * h, "w h_t", r"w\,h_t"),
    (W.T, "W_hᵀ", r"W_h^{\top}"),
    (h**2, "h_t²", "h_t^2"),
    (h**3, "h_t³", "h_t^3"),
    (h**10, "h_t^{10}", "h_t^{10}"),
    (w ** (T - t), "w^{T-t}", "w^{T-t}"),
    (w**T, "w^T", "w^T"),
    (h ** sp.Rational(1, 2), "√(h_t)", r"\sqrt{h_t}"),
    (h**-1, "1/h_t", r"\frac{1}{h_t}"),
    (h**-2, "1/h_t²", r"\frac{1}{h_t^2}"),
    (f / c, "f_t/c_t", r"\frac{f_t}{c_t}"),
    (W**2, "W_h^{∘2}", r"W_h^{\circ 2}"),
    (N.Apply("tanh", a), "tanh(a_t)", r"\tanh(a_t)"),
    (N.Apply("sigmoid", vector("a_f")), "σ(a^f_t)", r"\sigma(a^{f}_{t})"),
    (N.Apply("relu", a), "ReLU(a_t)", r"\operatorname{ReLU}(a_t)"),
    (N.Apply("f", a), "f(a_t)", "f(a_t)"),
    (N.Apply("f'", a), "f'(a_t)", "f'(a_t)"),
    (N.Apply("phi''", a), "φ''(a_t)", r"\phi''(a_t)"),
    (N.Apply("sqrt", a), "√(a_t)", r"\sqrt{a_t}"),
    (N.Apply("tanh", c) ** 2, "tanh²(c_t)", r"\tanh^2(c_t)"),
    (N.Apply("f'", c) ** 2, "f'(c_t)²", "f'(c_t)^2"),
    (N.Diag(f), "diag(f_t)", r"\operatorname{diag}(f_t)"),
    (N.DiagonalOf(W), "diag(W_h)", r"\operatorname{diag}(W_h)"),
    (N.Vec(W), "vec(W_h)", r"\operatorname{vec}(W_h)"),
    (N.Kronecker(h.T, N.Eye(n)), "h_tᵀ ⊗ I", r"h_t^{\top} \otimes I"),
    (N.SquaredNorm(y_hat - y), "‖ŷ_t - y_t‖²", r"\lVert \hat{y}_t - y_t \rVert^2"),
    (N.SquaredNorm(s - r), "(h_t - r_t)²", "(h_t - r_t)^2"),
    (N.SquaredNorm(s), "h_t²", "h_t^2"),
    (N.Inner(h, c), "h_tᵀ c_t", r"h_t^{\top} c_t"),
    (N.Inner(W, V), "⟨W_h, V⟩", r"\langle W_h, V \rangle"),
    (N.Concat(h_last, x), "[h_{t-1}; x_t]", r"[h_{t-1};\, x_t]"),
    (
        N.BlockMatrix(2, W, V, V, W),
        "[[W_h, V], [V, W_h]]",
        r"\begin{bmatrix} W_h & V \\ V & W_h \end{bmatrix}",
    ),
    (N.Softmax(a), "softmax(a_t)", r"\operatorname{softmax}(a_t)"),
    (N.CrossEntropy(y, a), "-y_tᵀ log softmax(a_t)", r"-y_t^{\top} \log \operatorname{softmax}(a_t)"),
    (N.Opaque(scalar("L", t), h), "L_t(h_t)", "L_t(h_t)"),
    (N.Opaque(scalar("ell", t), h, y), "ℓ_t(h_t, y_t)", r"\ell_t(h_t, y_t)"),
    (N.Sum(h, t, 1, T), "Σ_{t=1}^{T} h_t", r"\sum_{t=1}^{T} h_t"),
    (
        N.Product(N.Block(h.at(k), h.at(k - 1)), k, T, t + 1),
        "∏_{k=T}^{t+1} ∂h_k/∂h_{k-1}",
        r"\prod_{k=T}^{t+1} \frac{\partial h_k}{\partial h_{k-1}}",
    ),
    (N.Guarded(h.at(t + 1), -sp.oo, t + 1, T), "h_{t+1}", "h_{t+1}"),
    (N.Guarded(h.at(t - 2), 1, t - 2, sp.oo), "h_{t-2}", "h_{t-2}"),
    (N.Guarded(h, T, t, T), "[t = T] h_t", r"[t = T]\,h_t"),
    (N.Guarded(h, 2, t, 5), "[2 ≤ t ≤ 5] h_t", r"[2 \le t \le 5]\,h_t"),
    (N.Guarded(h, 2, t, sp.oo), "[t ≥ 2] h_t", r"[t \ge 2]\,h_t"),
    (N.Decimal(-0.4621171572, 4), "-0.4621", "-0.4621"),
    (N.Decimal(1.25e-7, 3), "1.25·10^{-7}", r"1.25 \cdot 10^{-7}"),
    (N.MatMul(N.Gap((n, n)), h), "...... h_t", r"\text{......} h_t"),
    (N.Gap((n, 1)), "......", r"\text{......}"),
    # Rows, as notations with row vectors write
    (N.Diag(h.T), "diag(h_tᵀ)", r"\operatorname{diag}(h_t^{\top})"),
    (N.Inner(row, row), "r_t r_tᵀ", r"r_t r_t^{\top}"),
    (N.CrossEntropy(row, row), "-(log softmax(r_t)) r_tᵀ", r"-(\log \operatorname{softmax}(r_t)) r_t^{\top}"),
    (N.BlockMatrix(2, row, row), "[r_t, r_t]", "[r_t, r_t]"),
    (
        N.Product(N.Block(h.at(k), h.at(k - 1), "step", "denominator"), k, t + 1, T, 1),
        "∏_{k=t+1}^{T} ∂h_k/∂h_{k-1}",
        r"\prod_{k=t+1}^{T} \frac{\partial h_k}{\partial h_{k-1}}",
    ),
]


@pytest.mark.parametrize(("node", "text", "latex"), NODES, ids=[text for _, text, _ in NODES])
def test_node_reads_as_expected(node: Node, text: str, latex: str) -> None:
    """Every node class has its textbook spelling, in text and in LaTeX."""
    assert (text, latex) == (to_text(node), to_latex(node))


def _classes(base: type[Node]) -> set[type[Node]]:
    below = set(base.__subclasses__())
    return below.union(*(_classes(each) for each in below))


def _concrete() -> list[type[Node]]:
    abstract = {N.Name, N.Operation, N.Constant}
    classes = _classes(Node) - abstract
    return sorted((each for each in classes if each.__module__.startswith(N.__name__)), key=lambda each: each.__name__)


@pytest.mark.parametrize("node_class", _concrete(), ids=lambda each: each.__name__)
def test_every_node_class_has_a_rule(node_class: type[Node]) -> None:
    """The table is complete: every node class of the data model has a rule, and stands in the test above."""
    assert node_class in RULES
    assert any(type(node) is node_class for node, _, _ in NODES)


def test_formats_set_the_same_signs() -> None:
    """Every format says how each sign looks: a rule may use any of them in any format."""
    assert set(TEXT.signs) == set(LATEX.signs)


def test_signs_used_are_declared() -> None:
    """Every sign the rules name stands in the formats' tables."""
    from symrnn.algebra import layout, printing

    source = inspect.getsource(layout) + inspect.getsource(printing)
    used = set(re.findall(r'signs\["([^"]+)"\]', source)) | set(re.findall(r'\.joined\("([^"]+)"', source))
    assert used <= set(TEXT.signs)


def test_missing_rule_is_loud() -> None:
    """A node class that printing does not know raises and says whose fault it is."""

    class Unknown(N.Operation):
        __slots__ = ()

    with pytest.raises(NotImplementedError, match="Unknown has no printing rule"):
        to_text(Unknown.trusted((h,), h.shape))


# --- the textbook -------------------------------------------------------------------------------------------

bar = N.Adjoint
o, i, z, r_gate, n_gate = (vector(name) for name in ("o", "i", "z", "r", "h_tilde"))
U_h, W_f, U_f, b_f = (
    N.Parameter("U_h", (n, n)), N.Parameter("W_f", (n, m)),
    N.Parameter("U_f", (n, n)), N.Parameter("b_f", (n, 1)),
)  # fmt: skip

LINES: list[tuple[Equation, str, str]] = [
    (
        Equation(a, W @ h_last + W_x @ x + b),
        "a_t = W_h h_{t-1} + W_x x_t + b",
        "a_t = W_h h_{t-1} + W_x x_t + b",
    ),
    (Equation(h, N.Apply("tanh", a)), "h_t = tanh(a_t)", r"h_t = \tanh(a_t)"),
    (
        Equation(bar(h), N.Immediate(L, h) + N.guard(W.T @ bar(a.at(t + 1)), 1, t + 1, T)),
        "h̄_t = ∂⁺L/∂h_t + W_hᵀ ā_{t+1}",
        r"\bar{h}_t = \frac{\partial^{+} L}{\partial h_t} + W_h^{\top} \bar{a}_{t+1}",
    ),
    (
        Equation(bar(a), (1 - h**2) * bar(h)),
        "ā_t = (1 - h_t²) ⊙ h̄_t",
        r"\bar{a}_t = (1 - h_t^2) \odot \bar{h}_t",
    ),
    (
        Equation(bar(W), N.total(bar(a) @ h_last.T, t, 1, T)),
        "∂L/∂W_h = Σ_{t=1}^{T} ā_t h_{t-1}ᵀ",
        r"\frac{\partial L}{\partial W_h} = \sum_{t=1}^{T} \bar{a}_t h_{t-1}^{\top}",
    ),
    (
        Equation(f, N.Apply("sigmoid", W_f @ x + U_f @ h_last + b_f)),
        "f_t = σ(W_f x_t + U_f h_{t-1} + b_f)",
        r"f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)",
    ),
    (
        Equation(c, f * c_last + i * vector("c_tilde")),
        "c_t = f_t ⊙ c_{t-1} + i_t ⊙ c̃_t",
        r"c_t = f_t \odot c_{t-1} + i_t \odot \tilde{c}_t",
    ),
    (Equation(h, o * N.Apply("tanh", c)), "h_t = o_t ⊙ tanh(c_t)", r"h_t = o_t \odot \tanh(c_t)"),
    (
        Equation(bar(c), o * (1 - N.Apply("tanh", c) ** 2) * bar(h) + f.at(t + 1) * bar(c.at(t + 1))),
        "c̄_t = o_t ⊙ (1 - tanh²(c_t)) ⊙ h̄_t + f_{t+1} ⊙ c̄_{t+1}",
        r"\bar{c}_t = o_t \odot (1 - \tanh^2(c_t)) \odot \bar{h}_t + f_{t+1} \odot \bar{c}_{t+1}",
    ),
    (
        Equation(bar(vector("a_f")), f * (1 - f) * bar(f)),
        "ā^f_t = f_t ⊙ (1 - f_t) ⊙ f̄_t",
        r"\bar{a}^{f}_{t} = f_t \odot (1 - f_t) \odot \bar{f}_t",
    ),
    (
        Equation(n_gate, N.Apply("tanh", W_x @ x + U_h @ (r_gate * h_last))),
        "h̃_t = tanh(W_x x_t + U_h (r_t ⊙ h_{t-1}))",
        r"\tilde{h}_t = \tanh(W_x x_t + U_h (r_t \odot h_{t-1}))",
    ),
    (
        Equation(h, (1 - z) * h_last + z * n_gate),
        "h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ h̃_t",
        r"h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde{h}_t",
    ),
    (
        Equation(L, half * N.SquaredNorm(y_hat - y)),
        "L = 1/2 ‖ŷ_t - y_t‖²",
        r"L = \tfrac{1}{2}\,\lVert \hat{y}_t - y_t \rVert^2",
    ),
    (
        Equation(N.Block(h, h_last), N.Diag(1 - h**2) @ W),
        "∂h_t/∂h_{t-1} = diag(1 - h_t²) W_h",
        r"\frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(1 - h_t^2) W_h",
    ),
    (
        Equation(bar(h.at(1)), N.Transpose(N.Block(h.at(2), h.at(1))) @ bar(h.at(2))),
        "h̄_1 = (∂h_2/∂h_1)ᵀ h̄_2",
        r"\bar{h}_1 = \left( \frac{\partial h_2}{\partial h_1} \right)^{\top} \bar{h}_2",
    ),
]


@pytest.mark.parametrize(("equation", "text", "latex"), LINES, ids=[text for _, text, _ in LINES])
def test_textbook_line(equation: Equation, text: str, latex: str) -> None:
    """RNN, LSTM and GRU equations, forward and backward, read as in a textbook."""
    assert (text, latex) == (equation_to_text(equation), equation_to_latex(equation))


# --- parentheses --------------------------------------------------------------------------------------------

PRECEDENCE: list[tuple[Node, str, str]] = [
    (h - (c + f), "h_t - (c_t + f_t)", "h_t - (c_t + f_t)"),
    (-(h + c), "-(h_t + c_t)", "-(h_t + c_t)"),
    (h - (-(c + f)), "h_t + c_t + f_t", "h_t + c_t + f_t"),
    (N.Add(h, -c, -2 * f), "h_t - c_t - 2 f_t", "h_t - c_t - 2 f_t"),
    (N.Add(h, N.Add(c, f)), "h_t + (c_t + f_t)", "h_t + (c_t + f_t)"),
    ((h + c) ** 2, "(h_t + c_t)²", "(h_t + c_t)^2"),
    ((-h) ** 2, "(-h_t)²", "(-h_t)^2"),
    ((h * c) ** 2, "(h_t ⊙ c_t)²", r"(h_t \odot c_t)^2"),
    (vector("a_f") ** 2, "(a^f_t)²", "(a^{f}_{t})^2"),
    (vector("a_f").T, "(a^f_t)ᵀ", r"(a^{f}_{t})^{\top}"),
    (N.Power(N.Transpose(h), 2), "(h_tᵀ)²", r"(h_t^{\top})^2"),
    (N.Power(N.Power(h, 2), 2), "(h_t²)²", "(h_t^2)^2"),
    (N.Transpose(N.MatMul(W, V)), "(W_h V)ᵀ", r"(W_h V)^{\top}"),
    (N.Transpose(N.Add(W, V)), "(W_h + V)ᵀ", r"(W_h + V)^{\top}"),
    ((W + V) @ h, "(W_h + V) h_t", "(W_h + V) h_t"),
    (W @ (h + c), "W_h (h_t + c_t)", "W_h (h_t + c_t)"),
    (W @ (h * c), "W_h (h_t ⊙ c_t)", r"W_h (h_t \odot c_t)"),
    (h * (W @ c), "h_t ⊙ (W_h c_t)", r"h_t \odot (W_h c_t)"),
    (N.MatMul(N.MatMul(W, V), h), "(W_h V) h_t", "(W_h V) h_t"),
    (N.MatMul(N.Scale(w, W), h), "(w W_h) h_t", r"(w\,W_h) h_t"),
    (N.MatMul(-W, h), "(-W_h) h_t", "(-W_h) h_t"),
    (N.Hadamard(N.Hadamard(h, c), f), "(h_t ⊙ c_t) ⊙ f_t", r"(h_t \odot c_t) \odot f_t"),
    (N.Hadamard(-h, c), "(-h_t) ⊙ c_t", r"(-h_t) \odot c_t"),
    (N.Kronecker(N.MatMul(W, V), N.Eye(n)), "(W_h V) ⊗ I", r"(W_h V) \otimes I"),
    (N.Kronecker(W, V) @ N.Vec(W), "(W_h ⊗ V) vec(W_h)", r"(W_h \otimes V) \operatorname{vec}(W_h)"),
    (w * (W @ h), "w W_h h_t", r"w\,W_h h_t"),
    (w * (h * c), "w (h_t ⊙ c_t)", r"w\,(h_t \odot c_t)"),
    (2 * (h * c), "2 h_t ⊙ c_t", r"2 h_t \odot c_t"),
    (2 * (h + c), "2 (h_t + c_t)", "2 (h_t + c_t)"),
    (half * (h + c), "1/2 (h_t + c_t)", r"\tfrac{1}{2}\,(h_t + c_t)"),
    (h + half * c, "h_t + 1/2 c_t", r"h_t + \tfrac{1}{2}\,c_t"),
    (h - half * c, "h_t - 1/2 c_t", r"h_t - \tfrac{1}{2}\,c_t"),
    (w * s * (1 - s), "w h_t (1 - h_t)", r"w\,h_t\,(1 - h_t)"),
    (N.Hadamard(N.Number(2), N.Number(3)), "2·3", r"2 \cdot 3"),
    (N.Hadamard(w, half), "w (1/2)", r"w \cdot \tfrac{1}{2}"),
    (N.Hadamard(s, N.Number(-3)), "h_t (-3)", r"h_t\,(-3)"),
    (N.Scale(half, N.Number(3)), "1/2·3", r"\tfrac{1}{2} \cdot 3"),
    (N.Power(half, 2), "(1/2)²", r"(\tfrac{1}{2})^2"),
    ((h + c) / (f + c), "(h_t + c_t) / (f_t + c_t)", r"\frac{h_t + c_t}{f_t + c_t}"),
    (h * c / f**2, "(h_t ⊙ c_t) / f_t²", r"\frac{h_t \odot c_t}{f_t^2}"),
    (s / w, "h_t/w", r"\frac{h_t}{w}"),
    (s / (w * r), "h_t / (w r_t)", r"\frac{h_t}{w\,r_t}"),
    (half * (s / w), "1/2 (h_t/w)", r"\tfrac{1}{2}\,\frac{h_t}{w}"),
    (-(s / w), "-h_t/w", r"-\frac{h_t}{w}"),
    (N.Scale(w**-1, h), "(1/w) h_t", r"\frac{1}{w}\,h_t"),
    ((s / w) ** 2, "(h_t/w)²", r"\left( \frac{h_t}{w} \right)^2"),
    (N.Apply("tanh", s / w), "tanh(h_t/w)", r"\tanh\left( \frac{h_t}{w} \right)"),
    (N.Sum(h + c, t, 1, T), "Σ_{t=1}^{T} (h_t + c_t)", r"\sum_{t=1}^{T} (h_t + c_t)"),
    (N.Sum(-h, t, 1, T), "Σ_{t=1}^{T} (-h_t)", r"\sum_{t=1}^{T} (-h_t)"),
    (-N.Sum(h, t, 1, T), "-Σ_{t=1}^{T} h_t", r"-\sum_{t=1}^{T} h_t"),
    (N.Sum(h, t, 1, T) + c, "Σ_{t=1}^{T} h_t + c_t", r"\sum_{t=1}^{T} h_t + c_t"),
    (W @ N.Sum(h, t, 1, T), "W_h Σ_{t=1}^{T} h_t", r"W_h \sum_{t=1}^{T} h_t"),
    (
        N.Sum(h, t, 1, T) @ h.at(0).T,
        "(Σ_{t=1}^{T} h_t) h_0ᵀ",
        r"\left( \sum_{t=1}^{T} h_t \right) h_0^{\top}",
    ),
    (
        N.SquaredNorm(N.Sum(h, t, 1, T)),
        "‖Σ_{t=1}^{T} h_t‖²",
        r"\left\lVert \sum_{t=1}^{T} h_t \right\rVert^2",
    ),
    (N.Guarded(h + c, T, t, T), "[t = T] (h_t + c_t)", r"[t = T]\,(h_t + c_t)"),
    (c - N.Guarded(h, T, t, T), "c_t - [t = T] h_t", r"c_t - [t = T]\,h_t"),
    (
        N.Block(h, c) @ N.Block(c, c_last),
        "(∂h_t/∂c_t) (∂c_t/∂c_{t-1})",
        r"\frac{\partial h_t}{\partial c_t} \frac{\partial c_t}{\partial c_{t-1}}",
    ),
    (N.Immediate(L, h) * f, "∂⁺L/∂h_t ⊙ f_t", r"\frac{\partial^{+} L}{\partial h_t} \odot f_t"),
    (N.Eye(n) - N.Diag(f), "I - diag(f_t)", r"I - \operatorname{diag}(f_t)"),
    (N.Inner(h + c, f), "(h_t + c_t)ᵀ f_t", r"(h_t + c_t)^{\top} f_t"),
    (s - N.CrossEntropy(y, a), "h_t - (-y_tᵀ log softmax(a_t))",
     r"h_t - (-y_t^{\top} \log \operatorname{softmax}(a_t))"),
]  # fmt: skip


@pytest.mark.parametrize(("node", "text", "latex"), PRECEDENCE, ids=[text for _, text, _ in PRECEDENCE])
def test_parentheses_stand_where_they_are_needed(node: Node, text: str, latex: str) -> None:
    """Minus of sums, powers of sums, transposes of products, products of sums: parenthesised, others bare."""
    assert (text, latex) == (to_text(node), to_latex(node))


# --- styles -------------------------------------------------------------------------------------------------

STYLES: list[tuple[Style, Node, str, str]] = [
    (Style(adjoint="partial"), bar(h), "∂L/∂h_t", r"\frac{\partial L}{\partial h_t}"),
    (Style(adjoint="partial", adjoints={"a": "delta"}), bar(a), "δ_t", r"\delta_t"),
    (Style(adjoint="partial", adjoints={"a_f": "delta_f"}), bar(vector("a_f")), "δ^f_t", r"\delta^{f}_{t}"),
    (
        Style(adjoint="partial"),
        (1 - h**2) * bar(h),
        "(1 - h_t²) ⊙ ∂L/∂h_t",
        r"(1 - h_t^2) \odot \frac{\partial L}{\partial h_t}",
    ),
    (Style(adjoint="partial"), W.T @ bar(a), "W_hᵀ (∂L/∂a_t)", r"W_h^{\top} \frac{\partial L}{\partial a_t}"),
    (Style(loss="E"), bar(W), "∂E/∂W_h", r"\frac{\partial E}{\partial W_h}"),
    (Style(names={"W_h": "W_hh", "h": "s"}), W @ h_last, "W_hh s_{t-1}", "W_{hh} s_{t-1}"),
    (Style(names={"c_tilde": "C_tilde"}), bar(vector("c_tilde")), "C̃̄_t", r"\bar{\tilde{C}}_t"),
    (Style(names={"h": "delta^{a_h}"}), h, "δ^{a_h}_t", r"\delta^{a_h}_{t}"),
    (Style(names={"U_f": "W^{(f)}_h"}), U_f, "W^(f)_h", "W^{(f)}_{h}"),
    (Style(product="*"), f * c, "f_t * c_t", "f_t * c_t"),
    (Style(product="∘"), f * c, "f_t ∘ c_t", r"f_t \circ c_t"),
    (Style(time="superscript"), h_last, "h^(t-1)", "h^{(t-1)}"),
    (Style(time="superscript"), vector("a_f"), "a^(t)_f", "a^{(t)}_{f}"),
    (Style(time="superscript"), h**2, "(h^(t))²", "(h^{(t)})^2"),
    (Style(time="angle"), h_last, "h^⟨t-1⟩", r"h^{\langle t-1 \rangle}"),
    (Style(time="bracket"), W @ h_last, "W_h h[t-1]", "W_h h[t-1]"),
    (Style(bold=True), W @ h_last, "W_h h_{t-1}", r"\mathbf{W}_h \mathbf{h}_{t-1}"),
    (Style(bold=True), w * vector("phi"), "w φ_t", r"w\,\boldsymbol{\phi}_t"),
    (Style(bold=True), bar(h), "h̄_t", r"\bar{\mathbf{h}}_t"),
    (Style(bold_ones=True), 1 - h**2, "𝟏 - h_t²", r"\mathbf{1} - h_t^2"),
    (Style(adjoint="nabla"), bar(h), "∇_{h_t} L", r"\nabla_{h_t}\,L"),
    (Style(adjoint="nabla"), W.T @ bar(a), "W_hᵀ (∇_{a_t} L)", r"W_h^{\top} (\nabla_{a_t}\,L)"),
    (Style(stack=","), N.Concat(h_last, x), "[h_{t-1}, x_t]", "[h_{t-1}, x_t]"),
]


@pytest.mark.parametrize(("style", "node", "text", "latex"), STYLES, ids=[text for _, _, text, _ in STYLES])
def test_style(style: Style, node: Node, text: str, latex: str) -> None:
    """A style changes the spelling, never the mathematics."""
    assert (text, latex) == (to_text(node, style), to_latex(node, style))


def test_style_refuses_what_it_does_not_know() -> None:
    """A misspelt choice is an error that lists the choices."""
    with pytest.raises(InputError, match="one of: subscript, superscript, angle, bracket"):
        Style(time="above")  # type: ignore[arg-type]  # the error is the test


def test_style_is_hashable() -> None:
    """A style can key a cache."""
    assert hash(Style(names={"h": "s"})) == hash(Style(names={"h": "s"}))


# --- names --------------------------------------------------------------------------------------------------


def test_text_is_composed() -> None:
    """Accented letters come precomposed where Unicode has them, as keyboards type them."""
    assert to_text(bar(a)) == "\u0101_t" and to_text(y_hat) == "\u0177_t" and to_text(bar(h)) == "h\u0304_t"


@pytest.mark.parametrize(
    ("name", "same"), [("W_{hf}", "W_hf"), ("W^{f}", "W^f"), ("c_{tilde}", "c_tilde")], ids=lambda name: name
)
def test_braces_in_names_are_free(name: str, same: str) -> None:
    """A notation may write W_{hf} or W_hf."""
    assert read_name(name) == read_name(same)


@pytest.mark.parametrize("name", ["x__y", "_x", "50%", "a b", "\\input{x}", "$", "x_{", "隐", "#1", "~"])
def test_odd_names_do_no_harm_in_latex(name: str) -> None:
    """A name LaTeX would act on is printed as its own characters."""
    latex = to_latex(N.Parameter(name, (n, n)))
    assert "\\input" not in latex and _scripts_are_sound(latex)
    assert not re.search(r"(?<!\\)[%#$]", latex)


# --- Programs -----------------------------------------------------------------------------------------------

BACKWARD = Range(t, sp.S.One, T, -1)


def _rnn() -> Program:
    return Program(
        "rnn",
        (
            Equation(a, W @ h_last + W_x @ x + b, domain=(STEPS,)),
            Equation(h, N.Apply("tanh", a), domain=(STEPS,)),
        ),
        inputs=(x,),
        parameters=(W, W_x, b),
        states=(h,),
        initials=(h.at(0),),
        outputs=(h,),
    )


def _rnn_adjoint() -> Program:
    later = N.guard(W.T @ bar(a.at(t + 1)), 1, t + 1, T)
    return Program(
        "adjoint of rnn",
        (
            Equation(bar(h), N.Immediate(L, h) + later, domain=(BACKWARD,)),
            Equation(bar(a), (1 - h**2) * bar(h), domain=(BACKWARD,)),
            Equation(bar(W), N.total(bar(a) @ h_last.T, t, 1, T)),
            Equation(bar(h.at(0)), W.T @ bar(a.at(1))),
        ),
        parameters=(W,),
        initials=(h.at(0),),
        given=(h, N.Immediate(L, h)),
    )


class TestProgramToText:
    """One equation a line."""

    def test_forward(self) -> None:
        """A forward cell over t = 1..T is its equations and nothing else."""
        assert program_to_text(_rnn()) == "a_t = W_h h_{t-1} + W_x x_t + b\nh_t = tanh(a_t)"

    def test_backward(self) -> None:
        """A backward recurrence says its direction and what holds after the last step."""
        assert program_to_text(_rnn_adjoint()).split("\n") == [
            "h̄_t     = ∂⁺L/∂h_t + W_hᵀ ā_{t+1}    t = T..1",
            "ā_t     = (1 - h_t²) ⊙ h̄_t           t = T..1",
            "∂L/∂W_h = Σ_{t=1}^{T} ā_t h_{t-1}ᵀ",
            "h̄_0     = W_hᵀ ā_1",
            "ā_{T+1} = 0",
        ]

    def test_str_is_this(self) -> None:
        """Printing a Program, an equation and a node prints this."""
        program = _rnn()
        assert str(program) == program_to_text(program)
        assert str(program.equations[1]) == "h_t = tanh(a_t)"
        assert repr(h) == "h_t" and program["a_t"].target == a

    def test_longer_lags(self) -> None:
        """A read two steps later makes two steps beyond the end vanish."""
        later = N.guard(bar(h.at(t + 2)), 1, t + 2, T)
        program = Program("p", (Equation(bar(h), N.Immediate(L, h) + later, domain=(BACKWARD,)),),
                          given=(N.Immediate(L, h),))  # fmt: skip
        assert program_to_text(program).endswith("\nh̄_{T+1} = h̄_{T+2} = 0")

    def test_loss_names_the_gradients(self) -> None:
        """∂E/∂W where the Program's loss is E."""
        E = scalar("E")
        last = s.at(T)
        program = Program("p", (Equation(E, last), Equation(bar(w), last)), parameters=(w,), given=(last,), loss=E)
        assert program_to_text(program) == "E     = h_T\n∂E/∂w = h_T"

    def test_other_domains(self) -> None:
        """Examples, single steps and numbered steps are said."""
        j = sp.Symbol("j")
        places = (Range(t, sp.Integer(2), sp.Integer(5)), Range(j, sp.S.One, n))
        source, single = Signal("u", (n, 1), t, j), Range(t, T, T)
        program = Program(
            "p",
            (Equation(Signal("v", (n, 1), t, j), source, domain=places), Equation(h, a, domain=(single,))),
            inputs=(source, a),
        )
        assert program_to_text(program).split("\n") == [
            "v_{t,j} = u_{t,j}    t = 2..5, j = 1..n",
            "h_t     = a_t        t = T",
        ]


class TestProgramToLatex:
    """One aligned environment."""

    def test_backward(self) -> None:
        """Aligned at =, domains in a column of their own."""
        assert program_to_latex(_rnn_adjoint()) == (
            "\\begin{aligned}\n"
            "\\bar{h}_t &= \\frac{\\partial^{+} L}{\\partial h_t} + W_h^{\\top} \\bar{a}_{t+1}"
            " && t = T, \\dots, 1 \\\\\n"
            "\\bar{a}_t &= (1 - h_t^2) \\odot \\bar{h}_t && t = T, \\dots, 1 \\\\\n"
            "\\frac{\\partial L}{\\partial W_h} &= \\sum_{t=1}^{T} \\bar{a}_t h_{t-1}^{\\top} \\\\\n"
            "\\bar{h}_0 &= W_h^{\\top} \\bar{a}_1 \\\\\n"
            "\\bar{a}_{T+1} &= 0\n"
            "\\end{aligned}"
        )

    def test_notebooks_show_this(self) -> None:
        """Jupyter shows a Program, an equation and a node in LaTeX."""
        program = _rnn()
        assert program._repr_latex_() == f"$$\n{program_to_latex(program)}\n$$"
        assert program.equations[1]._repr_latex_() == "$\\displaystyle h_t = \\tanh(a_t)$"
        assert h._repr_latex_() == "$\\displaystyle h_t$"


def test_printers_are_registered() -> None:
    """Nodes and Programs show themselves once printing is imported."""
    assert PRINTERS["text"] is to_text and PRINTERS["latex"] is to_latex
    assert PRINTERS["program text"] is program_to_text and PRINTERS["program latex"] is program_to_latex


# --- laws ---------------------------------------------------------------------------------------------------

_NAMES = ("h", "a_f", "c_tilde", "y_true", "net", "phi", "h_1", "h_star", "h_prime")
_TIMES = (t, t - 1, t + 1, sp.Integer(3), sp.Integer(12), T)


def _leaves(shape: tuple[Any, Any]) -> st.SearchStrategy[Node]:
    signals = st.builds(Signal, st.sampled_from(_NAMES), st.just(shape), st.sampled_from(_TIMES))
    parameters = st.sampled_from(["W_h", "W_hf", "alpha", "b_Uh"]).map(lambda name: N.Parameter(name, shape))
    named = st.one_of(signals, parameters)
    kinds = [signals, parameters, named.map(N.Adjoint), signals.map(N.Tangent)]
    kinds.append(named.map(lambda name: N.Immediate(L, name)))
    kinds.append(st.just(N.Ones(*shape)))
    if shape == (1, 1):
        kinds.append(st.sampled_from([2, -3, sp.Rational(-1, 2), 1 / n, T - 1, sp.sqrt(2)]).map(N.Number))
    if shape == (n, n):
        kinds += [st.just(N.Eye(n)), st.builds(N.Block, _leaves((n, 1)), _leaves((n, 1)))]
    return st.one_of(kinds)


_SHAPES: tuple[tuple[Any, Any], ...] = ((1, 1), (n, 1), (n, n))


@st.composite
def trees(draw: st.DrawFn, shape: tuple[Any, Any], depth: int) -> Node:
    """A tree of that shape, built as told, without the verbs' simplifications."""
    if depth == 0 or (draw(st.booleans()) and draw(st.booleans())):
        return draw(_leaves(shape))
    same = trees(shape, depth - 1)
    one, column, square = (trees(each, depth - 1) for each in _SHAPES)
    several = st.lists(same, min_size=2, max_size=3)
    kinds = [
        several.map(lambda terms: N.Add(*terms)),
        several.map(lambda factors: N.Hadamard(*factors)),
        st.builds(N.Scale, one, same),
        st.builds(N.negate, same),
        st.builds(N.Power, same, st.sampled_from([2, 3, 10, -1, -2, sp.Rational(1, 2), T - t])),
        st.builds(N.Apply, st.sampled_from(["tanh", "sigmoid", "f'", "relu", "sqrt"]), same),
        st.builds(lambda body: N.Sum(body, t, 1, T), same),
        st.builds(lambda body: N.Guarded(body, T, t, T), same),
        st.builds(lambda body: N.Guarded(body, -sp.oo, t + 1, T), same),
    ]
    if shape == (n, 1):
        kinds += [st.builds(N.MatMul, square, column), st.builds(N.Softmax, column)]
    if shape == (n, n):
        kinds += [st.builds(N.MatMul, square, square), st.builds(N.Transpose, square)]
        kinds.append(st.builds(N.Diag, column))
        kinds.append(st.builds(lambda body: N.Product(body, t, T, 1), square))
    if shape == (1, 1):
        kinds += [st.builds(N.Inner, column, column), st.builds(N.SquaredNorm, column)]
        kinds += [st.builds(N.CrossEntropy, column, column), st.builds(N.SquaredNorm, one)]
        kinds.append(st.builds(lambda body: N.Opaque(L, body), column))
    return draw(st.one_of(kinds))


ANY_TREE = st.sampled_from(_SHAPES).flatmap(lambda shape: trees(shape, 3))
STYLE = st.builds(
    Style,
    adjoint=st.sampled_from(["overbar", "partial"]),
    time=st.sampled_from(["subscript", "superscript", "angle", "bracket"]),
    bold=st.booleans(),
    bold_ones=st.booleans(),
)


def _is_balanced(text: str, pairs: str = "()[]{}⟨⟩") -> bool:
    closing = dict(zip(pairs[::2], pairs[1::2], strict=True))
    stack: list[str] = []
    for sign in text:
        if sign in closing:
            stack.append(closing[sign])
        elif sign in closing.values() and (not stack or stack.pop() != sign):
            return False
    return not stack


_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)


def _scripts_are_sound(latex: str) -> bool:
    """Balanced braces, and never two superscripts or two subscripts on one letter, which TeX refuses."""
    scripts: list[set[str]] = [set()]
    awaiting = False
    for token in _TOKEN.findall(latex):
        if token in "^_":
            if token in scripts[-1] or awaiting:
                return False
            scripts[-1].add(token)
            awaiting = True
        elif token == "{":
            scripts.append({"script"} if awaiting else set())
            awaiting = False
        elif token == "}":
            if len(scripts) == 1:
                return False
            if "script" not in scripts.pop():
                scripts[-1].clear()
        elif awaiting:
            awaiting = False
        elif token.strip():
            scripts[-1] -= {"^", "_"}
    return len(scripts) == 1 and not awaiting


@pytest.mark.parametrize(
    ("latex", "sound"),
    [("h_t^2", True), ("{h^2}^3", True), ("h^{a^2}_t", True)] + [("h^2^3", False), ("h_{t", False), ("x_t_t", False)],
    ids=str,
)
def test_the_judge_of_scripts(latex: str, sound: bool) -> None:
    """The property below is judged by a judge that is itself tested."""
    assert _scripts_are_sound(latex) is sound


@settings(max_examples=150, deadline=None)
@given(ANY_TREE, STYLE)
def test_brackets_balance(node: Node, style: Style) -> None:
    """Whatever the tree and the style: brackets balance, and no letter has two superscripts."""
    text, latex = to_text(node, style), to_latex(node, style)
    assert _is_balanced(text)
    assert _scripts_are_sound(latex)
    assert latex.count(r"\left") == latex.count(r"\right")
    assert _is_balanced(re.sub(r"\\[{}]", "", latex), "{}")


@settings(max_examples=60, deadline=None)
@given(ANY_TREE)
def test_minus_signs_do_not_meet(node: Node) -> None:
    """A sum never reads `+ -` or `- -`."""
    for printed in (to_text(node), to_latex(node)):
        assert not re.search(r"[+-] ?-", printed.replace("+1", ""))


@settings(max_examples=40, deadline=None)
@given(ANY_TREE)
def test_printing_leaves_the_tree_alone(node: Node) -> None:
    """The same tree prints the same twice, and equals its rebuilt self in print."""
    again = node.func(*node.args) if isinstance(node, N.Signal | N.Parameter) else node.xreplace({})
    assert to_text(node) == to_text(again) and to_latex(node) == to_latex(node)


def _meaning(tree: Any) -> Any:
    """What was read, without brackets, and with a row of letters as one word."""
    from symrnn.algebra.reading import syntax

    if isinstance(tree, tuple):
        return tuple(_meaning(each) for each in tree)
    if not isinstance(tree, syntax.Syntax):
        return tree
    match tree:
        case syntax.Group(body=body):
            return _meaning(body)
        case syntax.Num(value=value):
            return value
        case syntax.Symbol(base=base, accents=(), below=(), above=()):
            return base
        case syntax.Times(factors=factors, operators=operators):
            parts = _meaning(factors)
            letters = all(isinstance(part, str) and len(part) == 1 for part in parts)
            return "".join(parts) if letters and not any(operators) else ("⊙" in operators, parts)
    return type(tree), tuple(_meaning(getattr(tree, each.name)) for each in fields(tree) if each.compare)


_NOT_READ = ("∘", "_total", "E_{", "......")
"""Entrywise powers of matrices, total blocks and selectors: written, never typed."""


def _read(node: Node) -> tuple[Any, Any]:
    from symrnn.algebra.reading.grammar import parse_expression

    return (
        _meaning(parse_expression(to_text(node), latex=False)),
        _meaning(parse_expression(to_latex(node), latex=True)),
    )


@pytest.mark.parametrize("node", [node for node, *_ in NODES + PRECEDENCE], ids=to_text)
def test_the_grammar_reads_both_alike(node: Node) -> None:
    """What is printed can be read back, and text and LaTeX of one tree are read as the same thing."""
    if any(sign in to_text(node) for sign in _NOT_READ) or isinstance(node, N.BlockMatrix):
        return
    text, latex = _read(node)
    assert text == latex


@settings(max_examples=60, deadline=None)
@given(ANY_TREE)
def test_the_grammar_reads_any_tree_alike(node: Node) -> None:
    """The same law for trees nobody would write."""
    if len(to_text(node)) < 300 and not any(sign in to_text(node) for sign in (*_NOT_READ, "·")):
        if r"\cdot" not in to_latex(node):
            text, latex = _read(node)
            assert text == latex


# --- cost ---------------------------------------------------------------------------------------------------


def test_shared_parts_are_printed_once() -> None:
    """A tree whose parts share parts costs its distinct parts, not its paths."""
    node: Node = h
    for _ in range(12):
        node = N.Add(node, N.Apply("tanh", node))
    printer = Printer(LATEX, NEUTRAL)
    printer.of(node)
    assert len(printer.done) == 1 + 2 * 12


def test_depth_costs_no_recursion() -> None:
    """Two thousand activations deep is no problem."""
    node: Node = h
    for _ in range(2000):
        node = N.Apply("tanh", node)
    assert to_text(node).startswith("tanh(tanh(") and to_text(node).endswith("h_t" + 2000 * ")")


def test_unrolled_derivation_is_fast() -> None:
    """Five thousand lines in LaTeX take half a second; the test leaves room for a busy machine."""
    equations = [
        Equation(bar(h.at(step)), N.Add(W.T @ bar(a.at(step + 1)), (1 - h.at(step) ** 2) * bar(c.at(step))))
        for step in range(1, 5001)
    ]
    start = time.process_time()
    printer = Printer(LATEX, NEUTRAL)
    for equation in equations:
        printer.of(equation.target)
        printer.of(equation.expression)
    assert time.process_time() - start < 2


def test_wide_sums() -> None:
    """A sum of thousands of terms is one line."""
    assert to_text(N.Add(*(h.at(step) for step in range(3000)))).count(" + ") == 2999


@pytest.mark.parametrize(
    "text", ["h_t = W x_t + 1/2", "h_t = W x_t - 2", "h_t = 3 + W x_t", "h_t = V tanh(W x_t - 3/4)"]
)
def test_a_number_added_to_a_vector_stands_as_typed(text: str) -> None:
    """And is read back to the same tree."""
    cell = parse_cell(text)
    assert str(cell) == text
    assert parse_cell(str(cell)).equations == cell.equations
