"""What derivations hold, judged as formulas: each kind right as it stands, and wrong with a factor changed."""

from __future__ import annotations

from typing import Any

import pytest

import symrnn as sr

ASSUMES = "\n\nAssumes: "
LINEAR = sr.cells.rnn("identity")
SSM = sr.parse_cell("h_t = a ⊙ h_{t-1} + B x_t; a: n")

RIGHT_AND_WRONG: tuple[tuple[str, Any, str, tuple[str, ...]], ...] = (
    (
        "immediate partial over a stacked matrix",
        sr.cells.rnn(),
        r"\frac{\partial^{+} h_t}{\partial \operatorname{vec}(W_h)}"
        r" = \operatorname{diag}(1 - h_t^2) (h_{t-1}^{\top} \otimes I)",
        ("h_t^2", "h_{t-1}^2", "I)", "2 I)", "h_{t-1}^{\\top}", "h_t^{\\top}"),
    ),
    (
        "immediate partial over a bias",
        sr.cells.rnn(),
        r"\frac{\partial^{+} h_t}{\partial b} = \operatorname{diag}(1 - h_t^2)",
        ("1 - h_t^2", "1 + h_t^2"),
    ),
    (
        "stacked gradient of a matrix",
        sr.cells.lstm(),
        r"\operatorname{vec}\left( \frac{\partial L}{\partial W_f} \right) = \sum_{t=1}^{T} \left("
        r" \frac{\partial^{+} c_t}{\partial \operatorname{vec}(W_f)} \right)^{\top} \frac{\partial L}{\partial c_t}",
        (r"\frac{\partial L}{\partial c_t}", r"\frac{\partial L}{\partial h_t}"),
    ),
    (
        "what a step adds",
        sr.cells.rnn(),
        r"\frac{\partial L}{\partial h_t} = \frac{\partial^{+} L_t}{\partial h_t} + W_h^{\top} \delta_{t+1}",
        (r"W_h^{\top}", "W_h", r"\delta_{t+1}", r"\delta_t", r"+ W", r"- W"),
    ),
    (
        "direct path",
        sr.cells.lstm(),
        r"\left( \frac{\partial c_t}{\partial c_{t-1}} \right)_{\text{direct}} = \operatorname{diag}(f_t)",
        ("f_t", "f_{t-1}", "diag}(f_t)", "diag}(f_t + i_t)"),
    ),
    (
        "direct path over time",
        sr.cells.gru(),
        r"\left( \frac{\partial h_T}{\partial h_t} \right)_{\text{direct}}"
        r" = \prod_{k=T}^{t+1} \operatorname{diag}(1 - z_k)",
        ("1 - z_k", "z_k", "t+1", "t+2"),
    ),
    (
        "total across the other state",
        sr.cells.lstm(),
        r"\left( \frac{\partial c_t}{\partial c_{t-1}} \right)_{\text{total}} = \frac{\partial c_t}{\partial c_{t-1}}"
        r" + \frac{\partial c_t}{\partial h_{t-1}} \operatorname{diag}(o_{t-1} \odot (1 - \tanh^2(c_{t-1})))",
        ("o_{t-1}", "o_t", "+ ", "- "),
    ),
    (
        "step Jacobian of both states",
        sr.cells.lstm(),
        r"\frac{\partial (h_t, c_t)}{\partial (h_{t-1}, c_{t-1})} = \begin{bmatrix}"
        r" \frac{\partial h_t}{\partial h_{t-1}} & \frac{\partial h_t}{\partial c_{t-1}} \\"
        r" \frac{\partial c_t}{\partial h_{t-1}} & \frac{\partial c_t}{\partial c_{t-1}} \end{bmatrix}",
        (r"\frac{\partial h_t}{\partial c_{t-1}} \\", r"\frac{\partial c_t}{\partial h_{t-1}} \\"),
    ),
    (
        "product of stacked Jacobians",
        sr.cells.lstm(),
        r"\frac{\partial (h_T, c_T)}{\partial (h_t, c_t)}"
        r" = \prod_{k=T}^{t+1} \frac{\partial (h_k, c_k)}{\partial (h_{k-1}, c_{k-1})}",
        ("t+1", "t+2"),
    ),
    (
        "sum over later losses",
        sr.cells.lstm(),
        r"\frac{\partial L}{\partial (h_t, c_t)} = \begin{bmatrix} I & 0 \\"
        r" \operatorname{diag}(o_t \odot (1 - \tanh^2(c_t))) & I \end{bmatrix} \sum_{\tau=t}^{T} \left("
        r" \prod_{k=\tau}^{t+1} \frac{\partial (h_k, c_k)}{\partial (h_{k-1}, c_{k-1})} \right)^{\top}"
        r" \frac{\partial^{+} L}{\partial (h_{\tau}, c_{\tau})}",
        (r"\right)^{\top}", r"\right)", "I & 0", "I & I", "o_t", "o_{t-1}"),
    ),
    (
        "immediate partial over a diagonal",
        sr.parse_cell("h_t = diag(a) h_{t-1} + B x_t; a: n"),
        r"\frac{\partial^{+} h_t}{\partial a} = (h_{t-1}^{\top} \otimes I) E_n",
        ("h_{t-1}", "h_t", "I)", "2 I)"),
    ),
    (
        "sum over later losses of a cell with two lags",
        sr.parse_cell("y_t = tanh(A_1 y_{t-1} + A_2 y_{t-2} + B x_t)"),
        r"\frac{\partial L}{\partial y_t} = \begin{bmatrix} I & 0 \end{bmatrix} \sum_{\tau=t}^{T} \left("
        r" \prod_{k=\tau}^{t+1} \frac{\partial (y_k, y_{k-1})}{\partial (y_{k-1}, y_{k-2})} \right)^{\top}"
        r" E_{1:n}^{\top} \frac{\partial^{+} L}{\partial y_{\tau}}",
        ("I & 0", "0 & I", "t+1", "t+2"),
    ),
    (
        "sum over the steps of a later loss",
        sr.cells.rnn(),
        r"\frac{\partial L_t}{\partial W_h} = \sum_{k=1}^{t} \frac{\partial L_t}{\partial h_t}"
        r" \frac{\partial h_t}{\partial h_k} \frac{\partial^{+} h_k}{\partial W_h}",
        ("k=1", "k=2"),
    ),
    (
        "constant gate",
        sr.cells.lstm(),
        r"\left( \frac{\partial c_T}{\partial c_t} \right)_{\text{direct}} = \operatorname{diag}(f^{T-t})$$"
        + ASSUMES
        + "$f_t = f$.$$1 = 1",
        ("f^{T-t}", "f^{T-t+1}"),
    ),
    (
        "eigenvalues",
        LINEAR,
        r"\frac{\partial h_T}{\partial h_t} = V \operatorname{diag}(\lambda^{T-t}) V^{-1}$$"
        + ASSUMES
        + r"$W_h = V \operatorname{diag}(\lambda) V^{-1}$.$$1 = 1",
        (r"V \operatorname{diag}(\lambda^{T-t}) V^{-1}", r"V^{-1} \operatorname{diag}(\lambda^{T-t}) V"),
    ),
    (
        "constant input",
        LINEAR,
        r"h_T = W_h^T h_0 + (I - W_h)^{-1} (I - W_h^T) (W_x x + b)$$" + ASSUMES + "$x_t = x$.$$1 = 1",
        ("(I - W_h)^{-1}", "(I + W_h)^{-1}"),
    ),
    (
        "a parameter at a value",
        sr.parse_cell("h_t = w h_{t-1} + u x_t"),
        "h_T = h_0 + T u x$$\n\nwhere $w = 1$" + ASSUMES + "$x_t = x$.$$1 = 1",
        ("T u x", "(T + 1) u x"),
    ),
    (
        "powers of a vector",
        SSM,
        r"h_T = a^T \odot h_0 + \sum_{k=1}^{T} a^{T-k} \odot (B x_k)",
        ("a^{T-k}", "a^{T-k+1}"),
    ),
    (
        "a generic slope",
        sr.cells.rnn("f"),
        r"\delta_t = f^{\prime}(a_t) \odot \frac{\partial L}{\partial h_t}",
        (r"f^{\prime}(a_t)", "f(a_t)"),
    ),
)


def verdict(text: str, model: Any) -> str:
    """What is said of the first link."""
    return sr.check(f"$$\n{text}\n$$", model).findings[0].verdict.value


@pytest.mark.parametrize(("kind", "model", "text", "changes"), RIGHT_AND_WRONG, ids=[row[0] for row in RIGHT_AND_WRONG])
def test_right_and_wrong(kind: str, model: Any, text: str, changes: tuple[str, ...]) -> None:
    """The line of a derivation is right; with one thing changed it is wrong, never open."""
    assert verdict(text, model) == "right", kind
    left, _, right = text.partition(" = ")
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in right, old
        changed = (
            right[::-1].replace(old[::-1], new[::-1], 1)[::-1] if ASSUMES not in right else right.replace(old, new, 1)
        )
        assert verdict(f"{left} = {changed}", model) == "wrong", f"{old} -> {new}"


class TestGiven:
    """Nothing that says something checkable is passed as given."""

    def test_beyond_the_last_step(self) -> None:
        """There is no step T + 1."""
        assert verdict(r"\delta_{T+1} = 0", sr.cells.rnn()) == "right"
        assert verdict(r"\delta_{T+1} = 0.5", sr.cells.rnn()) == "wrong"

    def test_a_name_nobody_knows(self) -> None:
        """A formula with a name that has no value is open."""
        assert verdict(r"f_2 c_1 + i_2 \tilde{c}_2 = 0.3", None) == "undecided"
        assert verdict(r"h_T = W_h^T h_0 + Q x_T", LINEAR) == "undecided"

    def test_a_condition_is_no_claim(self) -> None:
        """What is assumed is given; what is said without that word is judged."""
        assert verdict("1 = 1$$" + ASSUMES + "$z_t = z$.$$1 = 1", sr.cells.gru()) == "right"
        report = sr.check("Assumes: $z_t = z$.", sr.cells.gru())
        assert [finding.verdict.value for finding in report.findings] == ["given"]
        assert verdict("z_t = z_{t-1}", sr.cells.gru()) == "wrong"


class TestNotations:
    """A book's notation is recognised by the text's definitions, all of them."""

    GRU = r"""
$$u_t = \sigma(U^u x_t + W^u h_{t-1} + b^u)$$

$$r_t = \sigma(U^r x_t + W^r h_{t-1} + b^r)$$

$$\tilde{h}_t = \tanh(U x_t + W (r_t \odot h_{t-1}) + b)$$

$$h_t = (1 - u_t) \odot h_{t-1} + u_t \odot \tilde{h}_t$$
"""

    def test_recognised(self) -> None:
        """W^u acts on the state there."""
        report = sr.check(self.GRU, sr.cells.gru())
        assert [finding.verdict.value for finding in report.findings] == ["right"] * 4

    def test_a_slip_is_not_explained_away(self) -> None:
        """Two gates that read the weights differently: one of them is wrong, whatever the letters mean."""
        report = sr.check(self.GRU.replace("U^r x_t + W^r h_{t-1}", "W^r x_t + U^r h_{t-1}"), sr.cells.gru())
        assert "wrong" in [finding.verdict.value for finding in report.findings[:2]]

    def test_rows(self) -> None:
        """Weights from the right, and a gradient of that layout."""
        text = "$$h_t = \\tanh(h_{t-1} W_h + x_t W_x + b)$$\n\n$$a_t = h_{t-1} W_h + x_t W_x + b$$\n\n$$%s$$"
        right = r"\frac{\partial L}{\partial W_h} = \sum_{t=1}^{T} h_{t-1}^{\top} \delta_t"
        assert sr.check(text % right, sr.cells.rnn()).findings[-1].verdict.value == "right"
        changed = right.replace(r"h_{t-1}^{\top} \delta_t", r"\delta_t^{\top} h_{t-1}")
        assert sr.check(text % changed, sr.cells.rnn()).findings[-1].verdict.value == "wrong"


def test_the_star_of_a_row_is_no_product() -> None:
    """A formula that goes on behind `\\\\*` within brackets."""
    text = "\\begin{align}\nh_t &= \\tanh(W_h h_{t-1} \\notag \\\\*\n&\\quad + W_x x_t + b)\n\\end{align}\n"
    report = sr.check(text.encode(), sr.cells.rnn(), name="a.tex")
    assert [finding.verdict.value for finding in report.findings] == ["right"]


@pytest.mark.parametrize(
    "name", ["hard_sigmoid_onnx", "gelu", "normal_cdf", "log", "sqrt", "softsign", "hard_tanh", "elu"]
)
def test_every_activation_is_read_back(name: str) -> None:
    """Subscripts of functions, Φ and φ, entries divided by entries, logarithms at positive numbers."""
    cell = sr.cells.rnn(activation=name)
    report = sr.check(sr.derive(cell, detail="full").to_markdown(), cell)
    assert {finding.verdict.value for finding in report.findings} <= {"right", "rounded", "given"}
