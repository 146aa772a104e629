"""What workings in vectors and Chinese ones taught: each way of writing, and the slip beside it that is still found."""
# ruff: noqa: E501 (formulas stand as people write them)

from __future__ import annotations

import pytest

import symrnn as sr


def verdicts(text: str) -> list[str]:
    """The verdict of every link."""
    return [one.verdict.value for one in sr.check(text).findings]


def last(text: str) -> str:
    """The verdict of the last link."""
    return verdicts(text)[-1]


class TestChineseNames:
    """`h_前`, `W_{隐}`, `h_{\\text{新}}`, and what stands before a name."""

    @pytest.mark.parametrize(
        "line",
        [
            "令 W_隐 = 0.8，h_前 = 0.6，则 W_隐 × h_前 = {}",
            "其中h_前=0.6，W_隐=0.8，所以W_隐h_前=0.8×0.6={}",
            "$W_{{隐}} = 0.8$，$h_{{\\text{{前}}}} = 0.6$，$W_\\text{{隐}} h_前 = {}$",
        ],
    )
    def test_words_below(self, line: str) -> None:
        """Names like others."""
        report = sr.check(line.format("0.48"))
        assert not report.unread
        assert report.findings[-1].verdict.value == "right"
        assert last(line.format("0.58")) == "wrong"

    def test_words_behind_a_name_end_it(self) -> None:
        """`h_前的值`: 前 is the name."""
        assert not sr.check("h_前 = 0.6。由h_前的值得 2 × h_前 = 1.2").unread
        assert last("h_前 = 0.6。由h_前的值得 2 × h_前 = 1.3") == "wrong"

    @pytest.mark.parametrize("words", ["误差 ", "误差为 ", "the error "])
    def test_the_letter_of_a_measure(self, words: str) -> None:
        """`误差 e = …` says what e is: no Euler's number below."""
        text = words + "e = 0.5 - 1 = -0.5\nL = ½e² = ½ × (-0.5)² = {}"
        assert set(verdicts(text.format("0.125"))) == {"given", "right"}
        assert last(text.format("0.25")) == "wrong"

    def test_an_error_called_e_in_formulas(self) -> None:
        """e is what the text says, and no luck."""
        text = "$h_t = W h_{t-1} + x_t$, $W = \\begin{bmatrix} 0.5 & 0.2 \\\\ -0.1 & 0.8 \\end{bmatrix}$, $h_0 = \\begin{bmatrix} 1 \\\\ -1 \\end{bmatrix}$, $x_1 = \\begin{bmatrix} 0.5 \\\\ 0 \\end{bmatrix}$, $L = \\frac12 \\|h_1\\|^2$.\n\n$e = h_1 = \\begin{bmatrix} 0.8 \\\\ -0.9 \\end{bmatrix}$\n\n$\\frac{\\partial L}{\\partial h_0} = W^\\top e = \\begin{bmatrix} 0.49 \\\\ %s \\end{bmatrix}$"
        assert "lucky" not in verdicts(text % "-0.56")
        assert last(text % "-0.56") == "right"
        assert last(text % "-0.46") == "wrong"


class TestLettersOfOnesOwn:
    """`g_t = ∂L/∂h_t`, `e_t = ŷ_t - y_t`, `D_t = diag(…)`."""

    TEXT = r"""模型：$h_t = \tanh(W h_{t-1} + U x_t + b)$，$\hat y_t = V h_t + c$，$L = \sum_{t=1}^{T} \frac12 \|\hat y_t - y_t\|^2$。
令 $e_t = \hat y_t - y_t$，$D_t = \mathrm{diag}(1 - h_t \odot h_t)$，$g_t = \frac{\partial L}{\partial h_t}$。末步：$g_T = V^\top e_T$。

"""

    @pytest.mark.parametrize(
        ("formula", "verdict"),
        [
            (r"g_t = V^\top e_t + W^\top D_{t+1} g_{t+1}", "right"),
            (r"g_t = V^\top e_t + W^\top D_t g_{t+1}", "wrong"),
            (r"g_t = V^\top e_t + W D_{t+1} g_{t+1}", "wrong"),
            (r"\frac{\partial L}{\partial W} = \sum_{t=1}^{T} D_t g_t h_{t-1}^\top", "right"),
            (r"\frac{\partial L}{\partial W} = \sum_{t=1}^{T} D_t g_t h_t^\top", "wrong"),
            (r"\frac{\partial h_t}{\partial h_{t-2}} = D_t W D_{t-1} W", "right"),
            (r"\frac{\partial h_t}{\partial h_{t-2}} = D_t W W", "wrong"),
        ],
    )
    def test_gradients(self, formula: str, verdict: str) -> None:
        """They are what the text says, at every step."""
        assert last(f"{self.TEXT}${formula}$") == verdict


class TestCells:
    """Cells that are recognised."""

    @pytest.mark.parametrize(
        ("formula", "verdict"),
        [
            (r"\frac{\partial L}{\partial n_t} = \frac{\partial L}{\partial h_t} \odot (1 - z_t)", "right"),
            (r"\frac{\partial L}{\partial n_t} = \frac{\partial L}{\partial h_t} \odot z_t", "wrong"),
            (r"\frac{\partial L}{\partial z_t} = \frac{\partial L}{\partial h_t} \odot (h_{t-1} - n_t)", "right"),
            (r"\frac{\partial L}{\partial z_t} = \frac{\partial L}{\partial h_t} \odot (n_t - h_{t-1})", "wrong"),
        ],
    )
    def test_a_candidate_called_n(self, formula: str, verdict: str) -> None:
        """W_n is its weight, and no W of step n."""
        cell = r"$r_t = \sigma(W_r x_t + U_r h_{t-1} + b_r)$, $z_t = \sigma(W_z x_t + U_z h_{t-1} + b_z)$, $n_t = \tanh(W_n x_t + b_n + r_t \odot (U_n h_{t-1} + c_n))$, $h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}$."
        assert last(f"{cell}\n\n${formula}$") == verdict

    @pytest.mark.parametrize(
        ("formula", "verdict"),
        [
            (r"\frac{\partial h_t^{(2)}}{\partial h_t^{(1)}} = \mathrm{diag}(1 - (h_t^{(2)})^2) U_2", "right"),
            (r"\frac{\partial h_t^{(2)}}{\partial h_t^{(1)}} = \mathrm{diag}(1 - (h_t^{(1)})^2) U_2", "wrong"),
            (r"\frac{\partial h_t^{(1)}}{\partial h_{t-1}^{(1)}} = \mathrm{diag}(1 - (h_t^{(1)})^2) W_1", "right"),
            (r"\frac{\partial h_t^{(1)}}{\partial h_{t-1}^{(1)}} = \mathrm{diag}(1 - (h_t^{(1)})^2) W_2", "wrong"),
        ],
    )
    def test_layers(self, formula: str, verdict: str) -> None:
        """`h_t^{(2)}` is the state of the second layer."""
        cell = (
            r"$h_t^{(1)} = \tanh(W_1 h_{t-1}^{(1)} + U_1 x_t)$, $h_t^{(2)} = \tanh(W_2 h_{t-1}^{(2)} + U_2 h_t^{(1)})$"
        )
        assert last(f"{cell}\n\n${formula}$") == verdict

    @pytest.mark.parametrize(
        ("formula", "verdict"),
        [
            (r"\frac{\partial L}{\partial U} = \sum_{t=1}^{T} (W^\top)^{T-t} (h_T - y) x_t^\top", "right"),
            (r"\frac{\partial L}{\partial U} = \sum_{t=1}^{T} (W^\top)^{T-t+1} (h_T - y) x_t^\top", "wrong"),
            (r"\frac{\partial L}{\partial U} = \sum_{t=1}^{T} W^{T-t} (h_T - y) x_t^\top", "wrong"),
        ],
    )
    def test_closed_forms_of_the_last_step(self, formula: str, verdict: str) -> None:
        """`h_T = …` is no second cell."""
        cell = r"$h_t = W h_{t-1} + U x_t$ with $W \in \mathbb{R}^{n \times n}$, $L = \frac12 \|h_T - y\|^2$. Then $h_T = W^T h_0 + \sum_{t=1}^{T} W^{T-t} U x_t$."
        assert last(f"{cell}\n\n${formula}$") == verdict

    @pytest.mark.parametrize(
        ("formula", "verdict"),
        [
            (r"\frac{\partial L}{\partial W_{hq}} = \sum_{t=1}^T h_t^\top \frac{\partial L}{\partial o_t}", "right"),
            (
                r"\frac{\partial L}{\partial W_{hq}} = \sum_{t=1}^T \left(\frac{\partial L}{\partial o_t}\right)^\top h_t",
                "wrong",
            ),
            (
                r"\frac{\partial L}{\partial W_{hh}} = \sum_{t=1}^T h_{t-1}^\top \left(\frac{\partial L}{\partial h_t} \odot (1 - h_t^2)\right)",
                "right",
            ),
            (
                r"\frac{\partial L}{\partial W_{hh}} = \sum_{t=1}^T h_{t-1}^\top \frac{\partial L}{\partial h_t}",
                "wrong",
            ),
            (
                r"\frac{\partial L}{\partial h_t} = \frac{\partial L}{\partial o_t} W_{hq}^\top + \left(\frac{\partial L}{\partial h_{t+1}} \odot (1 - h_{t+1}^2)\right) W_{hh}^\top",
                "right",
            ),
            (
                r"\frac{\partial L}{\partial h_t} = \frac{\partial L}{\partial o_t} W_{hq}^\top + \left(\frac{\partial L}{\partial h_{t+1}} \odot (1 - h_{t+1}^2)\right) W_{hh}",
                "wrong",
            ),
        ],
    )
    def test_rows(self, formula: str, verdict: str) -> None:
        """`x_t W + h_{t-1} U`: the products say that vectors are rows."""
        cell = r"$$h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h), \qquad o_t = h_t W_{hq} + b_q$$ and $L = \sum_{t=1}^T \frac12 \|o_t - y_t\|^2$."
        assert last(f"{cell}\n\n${formula}$") == verdict

    @pytest.mark.parametrize(
        "loss",
        [
            r"L_t = -\sum_{k=1}^{K} y_{t,k} \ln p_{t,k}",
            r"L_t = -\sum_i y_i^{(t)} \log p_i^{(t)}",
            r"L_t = -y_t^\top \log p_t",
        ],
    )
    def test_cross_entropies(self, loss: str) -> None:
        """Of targets that sum to one."""
        text = rf"$h_t = \tanh(W h_{{t-1}} + U x_t)$, $o_t = V h_t$, $p_t = \mathrm{{softmax}}(o_t)$, ${loss}$, $L = \sum_t L_t$. "
        assert "undecided" not in verdicts(text)
        assert last(text + r"$\frac{\partial L_t}{\partial o_t} = p_t - y_t$") == "right"
        assert last(text + r"$\frac{\partial L_t}{\partial o_t} = y_t - p_t$") == "wrong"
        assert last(text + r"$\frac{\partial L}{\partial V} = \sum_t (p_t - y_t) h_t^\top$") == "right"
        assert last(text + r"$\frac{\partial L}{\partial V} = \sum_t p_t h_t^\top$") == "wrong"


class TestEigenvalues:
    """`|W - λI|` is a determinant, and its roots are its roots."""

    def test_roots_of_exact_coefficients(self) -> None:
        """0.36 is 0.42 - 0.06, and no rounded number."""
        text = r"$W = \begin{bmatrix} 0.7 & 0.2 \\ 0.3 & 0.6 \end{bmatrix}$：$|W - \lambda I| = (0.7 - \lambda)(0.6 - \lambda) - 0.06 = \lambda^2 - 1.3\lambda + 0.36 = 0$，解得 $\lambda_1 = 0.9$，$\lambda_2 = %s$"
        assert set(verdicts(text % "0.4")) == {"given", "right"}
        assert last(text % "0.5") == "wrong"
        assert "wrong" in verdicts((text % "0.4").replace("- 0.06", "+ 0.06"))

    def test_squares_of_singular_values(self) -> None:
        """Called μ."""
        text = r"$W = \begin{pmatrix} 0.8 & 0.6 \\ 0 & 0.5 \end{pmatrix}$, $\det(W^\top W - \mu I) = \mu^2 - 1.25 \mu + 0.16 = 0$, so $\mu_1 \approx 1.1052$ and $\mu_2 \approx %s$"
        assert "wrong" not in verdicts(text % "0.1448")
        assert last(text % "0.1548") == "wrong"
        assert "wrong" in verdicts((text % "0.1448").replace("- 1.25", "+ 1.25"))


class TestWhatIsSupposed:
    """What a text takes for granted, and what it says of the last step."""

    @pytest.mark.parametrize("formula", [r"\sigma_{\max}(W) = 0.9", r"\rho(W) = 0.9", r"t - k = 20"])
    def test_given(self, formula: str) -> None:
        """Of a matrix that has no numbers, or of steps."""
        assert last(rf"Let $h_t = \tanh(W h_{{t-1}} + U x_t)$. With ${formula}$") == "given"

    def test_of_a_matrix_with_numbers(self) -> None:
        """It is a claim."""
        text = r"$W = \begin{pmatrix} 0.8 & 0.6 \\ 0 & 0.5 \end{pmatrix}$, $\rho(W) = %s$"
        assert last(text % "0.8") == "right"
        assert last(text % "0.9") == "wrong"

    def test_the_last_step(self) -> None:
        """Where ∂L/∂c_{t+1} = 0 the way through the next cell state may be left out, and nothing else."""
        cell = r"$c_t = f_t \odot c_{t-1} + i_t \odot \tilde c_t$, $h_t = o_t \odot \tanh(c_t)$, with gates and a candidate that $f_t = \sigma(U_f h_{t-1} + b_f)$, $i_t = \sigma(U_i h_{t-1} + b_i)$, $o_t = \sigma(U_o h_{t-1} + b_o)$, $\tilde c_t = \tanh(U_c h_{t-1} + b_c)$ give."
        zero = r" $\frac{\partial L}{\partial c_{t+1}} = 0$."
        direct = (
            r" $\frac{\partial L}{\partial c_t} = \frac{\partial L}{\partial h_t} \odot o_t \odot (1 - \tanh^2(c_t))$"
        )
        assert last(cell + zero + direct) == "right"
        assert last(cell + zero + direct.replace(r"\tanh^2(c_t)", "c_t^2")) == "wrong"
        assert last(cell + direct) != "right"

    def test_matrices_of_one_column(self) -> None:
        """`B = [1, 0.5]` before numbers."""
        text = "h_t = A h_{t-1} + B x_t, L = c^T h_2\nA = [[0.9, 0.2], [-0.1, 0.7]], B = [1, 0.5], c = [1, 2], h_0 = [0, 0]\nx_1 = 1, x_2 = -1\n\ndL/dh_1 = A^T c = %s"
        assert last(text % "[0.7, 1.6]") == "right"
        assert last(text % "[1.3, 1.3]") == "wrong"
