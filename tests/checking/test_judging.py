"""Verdicts: every kind, with and without a model."""

from __future__ import annotations

import pytest

import symrnn as sr
from symrnn.checking.verdicts import Report

MODEL = """[cell]
kind = "rnn"
[sequence]
x = [1, 0, -1]
[parameters]
W_h = 0.5
W_x = 1.0
b = 0
W_y = 1.0
[loss]
kind = "half_squared_error"
y = 0
"""


def verdicts(text: str, model: str | None = None) -> list[str]:
    """The verdict of every link; lines are paragraphs."""
    return [finding.verdict.value for finding in judged(text, model).findings]


def judged(text: str, model: str | None = None) -> Report:
    """The report of a text whose lines are paragraphs."""
    found = sr.check("\n\n".join(text.strip().splitlines()) + "\n", None if model is None else sr.loads(model))
    assert isinstance(found, Report)
    return found


class TestArithmetic:
    """Without a model the displayed arithmetic is judged."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("W_h = 0.5", ["given"]),
            ("0.5 × 0.5 = 0.25", ["right"]),
            ("0.5 × 0.5 = 0.30", ["wrong"]),
            ("0.5 × 0.5 = 0.3", ["rounded"]),
            ("0.4 + 0.3 = 1", ["wrong"]),
            ("0.9 × 0.8 × 0.7 × 0.6 × 0.5 × 0.4 × 0.3 = 0.018", ["rounded"]),
            ("1.1 × 1.2 × 1.3 × 1.4 × 1.5 × 1.6 × 1.7 = 9.35", ["wrong"]),
            ("1.1^100 ≈ 13780", ["last_digit"]),
            ("tanh(0.6649) = 0.5817", ["last_digit"]),
            ("tanh(0.8808) = 0.7064", ["wrong"]),
            ("q = 1/(2 - 2)", ["undefined"]),
            ("(1 - 0.7064^2) × 2.0 = 1.002", ["rounded"]),
            ("0.5 * 1 = 0.5 + 0.25 = 0.75", ["notation", "right"]),
            ("0.629 × 0.445 + 0.470 × 0.153 = 0.280 + 0.072 = 0.352", ["rounded", "right"]),
            ("tanh(0.5) = 0.46211715726000973", ["rounded"]),
            ("tanh(0.5) = 0.46211715736000973", ["wrong"]),
            ("∂L/∂W = a × b", ["undecided"]),
        ],
    )
    def test_verdicts(self, text: str, expected: list[str]) -> None:
        """Each kind, at its border."""
        assert verdicts(text) == expected

    def test_what_hangs_on_a_wrong_line_follows(self) -> None:
        """The number carries the mistake, wherever it is used."""
        report = judged("0.4 × (-0.3) + 0.6 × 1.2 - 0.5 = 0.50\ntanh(0.50) = 0.462\n2 × 0.462 = 0.924")
        assert [finding.verdict.value for finding in report.findings] == ["wrong", "follows", "follows"]
        assert [finding.follows_from for finding in report.findings] == [None, 0, 0]
        assert report.findings[1].expected == "0.100"

    def test_given_data_are_exact(self) -> None:
        """Only operands that were rounded before widen."""
        assert verdicts("W = 0.5\n0.5 × 0.5 = 0.30")[-1] == "wrong"

    def test_early_rounding_is_carried(self) -> None:
        """0.46 stands for tanh(0.5), and what follows from it may be off accordingly, no more."""
        assert verdicts("tanh(0.5) = 0.46\n1 - 0.46^2 = 0.7864") == ["rounded", "rounded"]
        assert verdicts("tanh(0.5) = 0.46\n1 - 0.46^2 = 0.7964") == ["rounded", "wrong"]

    def test_identities(self) -> None:
        """A derivative's rule is an identity; a condition is none."""
        assert verdicts(r"$\tanh'(x) = 1 - \tanh^2(x)$") == ["right"]
        assert verdicts(r"$\sigma'(x) = \sigma(x)(1 + \sigma(x))$") == ["wrong"]
        assert verdicts("x^2 = x") == ["undecided"]


class TestWithAModel:
    """Known quantities are compared with the truth."""

    def test_a_wrong_formula_with_right_arithmetic(self) -> None:
        """The derivative counted twice; later lines follow."""
        report = judged(
            r"""$h_1 = \tanh(1.0) = 0.762$
$h_2 = \tanh(0.5 \cdot 0.762) = \tanh(0.381) = 0.364$
$h_3 = \tanh(0.5 \cdot 0.364 - 1.0) = \tanh(-0.818) = -0.674$
$\frac{\partial h_3}{\partial h_2} = 0.5 \times 0.546 = 0.273$
$\delta_3 = -0.674 \times 0.546 = -0.368$
$\delta_2 = \delta_3 \times 0.273 \times (1 - \tanh^2(z_2)) = -0.368 \times 0.273 \times 0.868 = -0.087$
$\delta_1 = \delta_2 \times 0.5 \times (1 - \tanh^2(z_1)) = -0.087 \times 0.5 \times 0.420 = -0.018$""",
            MODEL,
        )
        assert report.first_wrong is not None
        wrong = report.findings[report.first_wrong]
        assert wrong.place.line == 11
        assert [mistake.id for mistake in wrong.mistakes] == ["R36"]
        assert {f.verdict.value for f in report.findings if f.place.line == 13} == {"follows"}
        assert not any(f.verdict.value in ("wrong", "follows") for f in report.findings if f.place.line < 11)

    def test_follows_needs_a_right_formula(self) -> None:
        """A trivial wrong value buys nothing: with it, a wrong formula stays wrong."""
        text = "$h_1 = 0$\n$h_2 = \\tanh(0.5 h_1 + 3 h_1) = 0$"
        assert [v for v in verdicts(text, MODEL) if v != "right"][:2] == ["wrong", "wrong"]

    def test_a_bare_value_follows_from_the_writers_own(self) -> None:
        """The model's equation is read with what stands on the page."""
        text = "$h_1 = 0.9$\n$a_2 = 0.45$\n$h_2 = 0.4219$"
        assert verdicts(text, MODEL) == ["wrong", "follows", "follows"]

    def test_luck(self) -> None:
        """True at these numbers, false as a formula."""
        model = MODEL.replace("W_h = 0.5", "W_h = 2").replace("W_y = 1.0", "W_y = 0.5")
        report = judged(r"$\frac{\partial h_3}{\partial h_2} = 4 W_y (1 - h_3^2)$", model)
        assert report.findings[0].verdict.value == "lucky"

    def test_zero_and_one_may_be_left_out(self) -> None:
        """h_0 = 0: the first step's share is 0, and a formula without it is right."""
        assert verdicts(r"$\frac{\partial L}{\partial w_h} = \delta_3 h_2 + \delta_2 h_1$", MODEL) == ["right"]

    def test_a_share_is_not_the_total(self) -> None:
        """`W^{(t=2)}` is one step's share."""
        text = r"$\frac{\partial L}{\partial W_h^{(t=2)}} = \delta_2 h_1 = -0.122$"
        assert verdicts(text, MODEL) == ["right", "rounded"]

    def test_formulas_at_a_generic_step(self) -> None:
        """Judged at every step they can mean."""
        text = (
            r"$\frac{\partial L}{\partial h_t} = \frac{\partial L}{\partial h_T}"
            r" \prod_{k=FIRST}^{T} \frac{\partial h_k}{\partial h_{k-1}}$"
        )
        assert verdicts(text.replace("FIRST", "t+1"), MODEL) == ["right"]
        assert verdicts(text.replace("FIRST", "t"), MODEL) == ["wrong"]

    def test_conditions_are_no_claims(self) -> None:
        """`where W_h = 1` supposes, it does not say."""
        assert verdicts("The case where $W_h = 1$.", MODEL) == ["given"]

    def test_a_contradiction_with_the_model(self) -> None:
        """Given data are judged where they contradict."""
        assert verdicts("$W_h = 0.7$", MODEL) == ["wrong"]

    def test_names_are_mapped_and_said(self) -> None:
        """Whatever the text calls them."""
        report = judged(r"$\frac{\partial L}{\partial W_{hh}} = -0.255$", MODEL)
        assert dict(report.mapping)["∂L/∂W_hh"] == "∂L/∂W_h"
        assert report.findings[0].verdict.value == "rounded"

    def test_a_generic_step_is_the_sections(self) -> None:
        """`h_t` below "Step 2" is h_2; what was written for another step is no earlier value of it."""
        text = "## Step 1\n$h_t = 0.762$\n## Step 2\n$h_t = 0.363$\n## Step 3\n$h_t = 0.363$"
        assert verdicts(text, MODEL) == ["rounded", "rounded", "wrong"]

    def test_comparisons_within_a_chain(self) -> None:
        """An inequality is no equality."""
        assert verdicts("q = 1/2 < 1") == ["given", "right"] or verdicts("q = 1/2 < 1") == ["right", "given"]
        assert "wrong" in verdicts("q = 3/2 < 1")

    def test_settings_have_numbers_of_their_own(self) -> None:
        """A heading names the setting; a stale value of another one is wrong."""
        model = MODEL + '[[setting]]\nname = "strong"\nparameters = {W_h = 0.9}\n'
        text = "$h_2 = 0.363$\n## The strong recurrence\n$h_2 = 0.595$\n$h_2 = 0.363$"
        assert verdicts(text, model) == ["rounded", "rounded", "wrong"]


def told(text: str) -> list[str]:
    """The verdicts of a text as it stands."""
    return [finding.verdict.value for finding in sr.check(text).findings]


class TestWhatATextSaysOfItself:
    """What is known of a recognised model, and what is not."""

    RNN = "$h_t = \\tanh(w h_{t-1} + x_t)$, $h_0 = 0$, $x = (0.5, 0.3)$, $w=0.4$"

    def test_a_gradient_of_a_loss_nobody_says_is_no_number(self) -> None:
        """Neither right nor wrong; what holds for any loss is judged all the same."""
        assert told(f"{self.RNN}\n\n$\\frac{{dL}}{{dw}} = (h_2 - 1)(1 - h_2^2) h_1 = -0.202626$")[-2:] == [
            "given",
            "rounded",
        ]
        chain = "$\\frac{\\partial L}{\\partial h_1} = w(1-h_2%s)\\frac{\\partial L}{\\partial h_2}$"
        assert told(f"{self.RNN}\n\n{chain % '^2'}")[-1] == "right"
        assert told(f"{self.RNN}\n\n{chain % ''}")[-1] == "wrong"

    def test_a_loss_may_be_a_function_of_the_weight(self) -> None:
        """`L(w) = ½(h_2 - 1)²`."""
        text = f"{self.RNN} and $L(w) = \\frac12 (h_2 - 1)^2$.\n\n$\\frac{{dL}}{{dw}} = (h_2 - 1)(1 - h_2%s) h_1$"
        assert told(text % "^2")[-1] == "right"
        assert told(text % "")[-1] == "wrong"

    def test_a_target_is_given_beside_a_computed_output(self) -> None:
        """`y = (0, 1)^T` where o and p are computed: nothing contradicts it."""
        text = (
            "$h_t = \\tanh(w h_{t-1} + x_t)$, $o_t = V h_t$, $p_t = \\mathrm{softmax}(o_t)$, $w = 0.5$, $h_0 = 0.2$,"
            " $x_1 = 0.4$, $V = \\begin{pmatrix}1\\\\-1\\end{pmatrix}$, $y = (0, 1)^T$\n\n$p - y = (0.7159, -0.7159)^T$"
        )
        assert "wrong" not in told(text)
        assert told(text.replace("-0.7159", "-0.2841"))[-1] == "wrong"

    def test_biases_that_are_zero_in_words(self) -> None:
        """`all biases 0`, `其余偏置为零`; one datum for several names; what is equal at these numbers."""
        for words in ("all biases are $0$", "zero biases", "偏置均为 0"):
            text = (
                "$f_t = \\sigma(w_f x_t + u_f h_{t-1} + b_f)$, $i_t = \\sigma(w_i x_t + u_i h_{t-1} + b_i)$,"
                " $h_t = f_t h_{t-1} + i_t x_t$, $w_f = w_i = 1$, $u_f = u_i = 0.5$, $x_1 = 0.5$, $h_0 = 0.1$, "
            )
            report = sr.check(f"{text}{words}\n\n$f_1 = \\sigma(0.55) = 0.6341$ and $i_1 = f_1$")
            assert {finding.verdict.value for finding in report.findings} <= {"right", "rounded", "given"}
            assert not report.notes

    def test_an_equality_of_two_quantities_is_one_of_numbers(self) -> None:
        """Where not all numbers are known, it is open."""
        text = "$f_t = \\sigma(w x_t)$, $i_t = \\sigma(v x_t + b)$, $h_t = f_t h_{t-1} + i_t$, $w = v = 1$"
        assert told(f"{text}\n\n$i_1 = f_1$")[-1] == "undecided"

    def test_a_mean_of_losses_with_a_readout(self) -> None:
        """`E = ½(E_1 + E_2)` of numbers is a loss."""
        text = (
            "$h_t = w h_{t-1} + x_t$, $\\hat y_t = v h_t$, $E_t = \\frac12(\\hat y_t - y_t)^2$,"
            " $E = \\frac12(E_1 + E_2)$, $w = 0.5$, $v = 2$, $h_0 = 0$, $x_1 = 1$, $x_2 = 1$, $y_1 = 1$, $y_2 = 2$\n\n"
            "$\\frac{\\partial E}{\\partial v} = \\frac12 [(2 h_1 - 1) h_1 + (2 h_2 - 2) h_2] = %s$"
        )
        assert told(text % "1.25") == ["right"] * 13
        assert told(text % "2.5")[-1] == "wrong"

    def test_a_packed_gradient_in_code_may_be_what_one_step_adds(self) -> None:
        """`dWhy = dy[t] @ h[t].T`: a weight called Why, a transpose with a dot."""
        text = "h[t] = tanh(Wxh @ x[t] + Whh @ h[t-1])\ny[t] = Why @ h[t]\n\ndWhy = dy[t] @ h[%s].T\n"
        assert told(text % "t")[-1] == "right"
        assert told(text % "t-1")[-1] == "wrong"

    def test_beside_the_gate_delta_is_of_what_its_function_is_applied_to(self) -> None:
        """Where ∂L/∂h̃ stands as well, δ^h of a cell with U_h is ∂L/∂a_h̃."""
        text = (
            "$z_t = \\sigma(W_z x_t + U_z h_{t-1})$, $\\tilde h_t = \\tanh(W_h x_t + U_h h_{t-1})$,"
            " $h_t = (1 - z_t) \\odot h_{t-1} + z_t \\odot \\tilde h_t$\n\n"
            "$\\delta^h_t = \\frac{\\partial L}{\\partial h_t} \\odot z_t \\odot (1 - \\tilde h_t%s)$\n\n"
            "$\\frac{\\partial L}{\\partial U_h} = \\sum_t \\delta^h_t h_{t-1}^T$"
        )
        assert told(text % "^2")[-2:] == ["right", "right"]
        assert "wrong" in told(text % "")

    RELU = (
        "$h_t=\\mathrm{ReLU}(Wh_{t-1}+Ux_t+b)$, $W=\\begin{bmatrix}1&-1\\\\0&2\\end{bmatrix}$,"
        " $U=\\begin{bmatrix}1\\\\1\\end{bmatrix}$, $b=\\begin{bmatrix}0\\\\-1\\end{bmatrix}$,"
        " $h_0=\\begin{bmatrix}1\\\\1\\end{bmatrix}$, $x_1=2$, $x_2=-1$, $L=\\frac12\\|h_2-y\\|^2$,"
        " $y=\\begin{bmatrix}0\\\\2\\end{bmatrix}$\n\n"
    )

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("$\\frac{\\partial L}{\\partial h_1} = W^\\top \\delta_2$", "right"),
            ("$\\frac{\\partial L}{\\partial h_1} = W \\delta_2$", "wrong"),
            ("$\\frac{\\partial L}{\\partial b} = \\delta_1 + \\delta_2$", "right"),
            ("$\\frac{\\partial L}{\\partial W} = \\delta_2 h_2^\\top + \\delta_1 h_1^\\top$", "wrong"),
        ],
    )
    def test_points_on_or_beyond_a_kink_say_nothing(self, text: str, expected: str) -> None:
        """Where all units are off, both sides are zero whatever is written; δ is ∂L/∂a beside a loss with a norm."""
        assert told(self.RELU + text)[-1] == expected

    def test_whole_numbers_put_in_are_no_luck(self) -> None:
        """`(2 h_1 - 3) h_1` where v = 2 and y_1 = 3."""
        text = (
            "$h_t = w h_{t-1} + x_t$, $\\hat y_t = v h_t$, $L = \\frac12 (\\hat y_2 - y)^2$, $w = 0.5$, $v = 2$,"
            " $y = 3$, $h_0 = 0$, $x_1 = 1$, $x_2 = 1$\n\n$\\frac{\\partial L}{\\partial v} = (2 h_2 - 3) h_2 = 0$"
        )
        assert set(told(text)) <= {"right", "given"}

    def test_a_weight_may_be_a_number(self) -> None:
        """`h_t = tanh(0.5 h_{t-1} + x_t)`: a cell, of which tables and δ_t are judged."""
        text = "$h_t = \\tanh(0.5 h_{t-1} + x_t)$, $h_0 = 0$, $x_1 = 0.5$, $x_2 = 0.1$, $L = \\frac12 (h_2 - 1)^2$\n\n"
        assert told(text)[0] == "given"
        assert told(f"{text}$a_2 = 0.3311$, $h_2 = 0.3195$, $\\delta_2 = -0.6111$")[-3:] == ["rounded"] * 3
        assert told(f"{text}$h_2 = 0.4195$")[-1] == "wrong"

    @pytest.mark.parametrize(("power", "expected"), [("^2", "right"), ("", "wrong")])
    def test_a_sum_with_a_last_step_says_how_many_there_are(self, power: str, expected: str) -> None:
        """`L = Σ_{t=1}^{4} L_t`: ∂L_4/∂w is a formula of y_4, which has no number."""
        text = (
            "$h_t = w h_{t-1} + x_t$, $L_t = \\frac12 (h_t - y_t)^2$, $L = \\sum_{t=1}^{4} L_t$, $w = 0.9$\n\n"
            f"$\\frac{{\\partial L_4}}{{\\partial w}} = (h_4 - y_4)(h_3 + w h_2 + w{power} h_1 + w^3 h_0)$"
        )
        assert told(text)[-1] == expected

    @pytest.mark.parametrize("start", ["$h_0 = 0$", "$\\mathbf{h}_0 = \\mathbf{0}$"])
    def test_a_state_that_starts_at_zero_may_be_left_out(self, start: str) -> None:
        """Where the text says so, in formulas without numbers, too; unsaid, a term is missing."""
        text = (
            "$h_t = \\tanh(w h_{t-1} + u x_t)$, %s\n\n$h_1 = \\tanh(u x_1)$\n\n"
            "$\\frac{\\partial h_2}{\\partial w} = (1-h_2^2) h_1$"
        )
        assert told(text % start)[-2:] == ["right", "right"]
        assert told(text % "$h_0 = h$")[-2] == "wrong"

    @pytest.mark.parametrize(
        ("entries", "expected"),
        [
            (r"\frac{7}{12} \\ 0.6235", "right"),
            (r"\frac{7}{12} \\ 0.624", "rounded"),
            (r"\frac{7}{13} \\ 0.6235", "wrong"),
            (r"\frac{7}{12} \\ 0.634", "wrong"),
        ],
    )
    def test_a_fraction_beside_decimals_is_exact(self, entries: str, expected: str) -> None:
        """The entries of one vector are held to what each of them says."""
        sides = (r"\frac{1}{3} \\ 0.1235", r"\frac{1}{4} \\ 0.5", entries)
        one, other, found = (rf"\begin{{bmatrix}} {side} \end{{bmatrix}}" for side in sides)
        assert told(f"$${one} + {other} = {found}$$") == [expected]

    @pytest.mark.parametrize(
        ("loss", "claim"), [("h_2 - y", "h_2 - y"), ("h_2 - y_2", "h_2 - y_2"), ("h_T - y", "h_2 - y")]
    )
    def test_the_loss_at_the_last_step_there_is(self, loss: str, claim: str) -> None:
        """`L = ½(h_2 − y)²` where nothing stands at a later step: no numbers are needed to know T."""
        cell = f"$h_t = \\tanh(w h_{{t-1}} + u x_t)$, $L = \\frac12 ({loss})^2$"
        text = f"{cell}\n\n$\\frac{{\\partial L}}{{\\partial h_2}} = %s$"
        assert told(text % claim)[-1] == "right"
        assert told(text % f"2 ({claim})")[-1] == "wrong"

    def test_every_quantity_is_a_number(self) -> None:
        """Said in words: what the loss squares is one, and no vector."""
        text = (
            "$h_t = \\tanh(W_h h_{t-1} + W_x x_t)$, $L = \\frac12 (h_T - y)^2$, $T = 2$. "
            "Every quantity is a number.\n\n"
            "$\\frac{\\partial L}{\\partial W_h} = (h_2 - y)(1 - h_2^2)(h_1 + W_h (1 - h_1^2) %s)$"
        )
        assert told(text % "h_0")[-1] == "right"
        assert told(text % "h_1")[-1] == "wrong"

    def test_the_input_gate_is_no_index(self) -> None:
        """`W_i` in a text without numbers: its i is the gate, and the steps are those that are named."""
        cell = (
            "$f_t = \\sigma(W_f x_t + U_f h_{t-1})$, $i_t = \\sigma(W_i x_t + U_i h_{t-1})$, "
            "$o_t = \\sigma(W_o x_t + U_o h_{t-1})$, $g_t = \\tanh(W_g x_t + U_g h_{t-1})$, "
            "$c_t = f_t c_{t-1} + i_t g_t$, $h_t = o_t \\tanh(c_t)$, "
            "$L = \\frac12 (h_2 - y)^2$. All quantities are scalars.\n\n"
            "$\\delta^i_t = i_t (1 - i_t) \\frac{\\partial L}{\\partial i_t}$\n\n"
        )
        claim = "$\\frac{\\partial L}{\\partial W_i} = %s$"
        assert told(cell + claim % "\\delta^i_1 x_1 + \\delta^i_2 x_2")[-1] == "right"
        assert told(cell + claim % "\\delta^i_1 x_1 + \\delta^i_2 x_1")[-1] == "wrong"
