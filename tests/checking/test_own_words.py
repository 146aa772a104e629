"""What a text says in its own way: gradients by letters and bars, a loss with its target as a number, a candidate n."""
# ruff: noqa: E501 (formulas stand as people write them)

from __future__ import annotations

import pytest

import symrnn as sr
from symrnn.checking.verdicts import Finding

GRU = (
    "$z_t = \\sigma(W_z x_t + U_z h_{t-1})$, $n_t = \\tanh(W_n x_t + U_n h_{t-1})$, $h_t = (1 - z_t) n_t + z_t h_{t-1}$\n\n"
    "$W_z = 0.4$, $U_z = 0.2$, $W_n = 0.9$, $U_n = 0.7$, $x_1 = 0.5$, $h_0 = 0.6$. The loss is $L = \\frac12 (h_1 - 1)^2$.\n\n"
    "$z_1 = \\sigma(0.32) = 0.5793$, $n_1 = \\tanh(0.87) = 0.7014$, $h_1 = 0.6426$\n\n"
)
LINEAR = "$h_t = w h_{t-1} + x_t$, $w = 0.5$, $h_0 = 0$, $x_1 = 1$, $x_2 = 2$, "


def last(text: str) -> Finding:
    """The last link."""
    return sr.check(text).findings[-1]


class TestCandidates:
    """The n of `W_n` is the candidate's, no step."""

    def test_a_cell_with_a_candidate_n(self) -> None:
        """It is recognised, and its numbers are judged."""
        report = sr.check(GRU)
        assert report.model
        assert report.tally.get("wrong", 0) == 0
        assert not any("[n]" in name for name, _ in report.mapping)

    def test_a_wrong_candidate(self) -> None:
        """W_n for U_n, and what comes of it."""
        report = sr.check(GRU.replace("0.7014", "0.7443"))
        assert [one.text for one in report.findings if one.verdict == "wrong"][:1] == ["0.7443"] or report.tally[
            "wrong"
        ]


class TestBars:
    """Bars are gradients where several quantities come with one and without."""

    FIRST = GRU + "$\\bar h_1 = h_1 - 1 = -0.3574$\n\n"

    @pytest.mark.parametrize(
        ("formula", "verdict"),
        [
            ("\\bar z_1 = \\bar h_1 (h_0 - n_1) = 0.0362", "rounded"),
            ("\\bar z_1 = \\bar h_1 (n_1 - h_0)", "wrong"),
            ("\\bar n_1 = \\bar h_1 (1 - z_1)", "right"),
            ("\\bar n_1 = \\bar h_1 z_1", "wrong"),
        ],
    )
    def test_of_gates(self, formula: str, verdict: str) -> None:
        """Each is ∂L/∂ of what is under it."""
        other = "$\\bar z_1 = \\bar h_1 (h_0 - n_1)$, $\\bar n_1 = \\bar h_1 (1 - z_1)$\n\n"
        found = last(f"{self.FIRST}{other}${formula}$").verdict.value
        assert found == verdict or {found, verdict} == {"right", "rounded"}

    def test_a_candidate_with_a_bar_is_none(self) -> None:
        """h_t is made of it."""
        text = "$\\bar h_t = \\tanh(w h_{t-1} + x_t)$, $h_t = 0.5 h_{t-1} + 0.5 \\bar h_t$, $w = 1$, $h_0 = 0$, $x_1 = 0.5$\n\n$\\bar h_1 = %s$"
        assert last(text % "0.4621").verdict.value == "rounded"
        assert last(text % "0.5621").verdict.value == "wrong"

    def test_means_are_none(self) -> None:
        """`x̄` has no step."""
        text = "$x_1 = 1$, $x_2 = 3$, $y_1 = 2$, $y_2 = 4$\n\n$\\bar x = (x_1 + x_2)/2 = 2$, $\\bar y = (y_1 + y_2)/2 = %s$"
        assert last(text % 3).verdict.value == "right"
        assert last(text % 4).verdict.value == "wrong"


class TestLetters:
    """`g_t = ∂L/∂h_t` says what g is."""

    @pytest.mark.parametrize(
        ("formula", "verdict"),
        [("g_1 = e_1 + w g_2 = 1.25", "right"), ("g_1 = w g_2 = 0.75", "wrong"), ("g_1 = e_1 + g_2", "wrong")],
    )
    def test_a_letter_for_a_gradient(self, formula: str, verdict: str) -> None:
        """A loss at every step: the direct term belongs to it."""
        text = (
            LINEAR
            + "$L = \\sum_{t=1}^{2} \\frac12 (h_t - y_t)^2$, $y_1 = 0.5$, $y_2 = 1$, $e_t = h_t - y_t$.\n\nLet $g_t = \\partial L/\\partial h_t$.\n\n"
        )
        text += "$e_1 = 0.5$, $e_2 = 1.5$, $g_2 = e_2 = 1.5$\n\n"
        found = [one.verdict.value for one in sr.check(f"{text}${formula}$").findings if one.place.line == 7]
        assert verdict in found
        assert ("wrong" in found) == (verdict == "wrong")

    def test_a_letter_of_the_cell_is_none(self) -> None:
        """A candidate g, made of the state before."""
        text = "$g_t = \\tanh(w h_{t-1} + x_t)$, $h_t = 0.5 h_{t-1} + 0.5 g_t$, $w = 1$, $h_0 = 0$, $x_1 = 0.5$, $\\ell_t = \\partial L/\\partial h_t$\n\n$g_1 = %s$"
        assert last(text % "0.4621").verdict.value == "rounded"
        assert last(text % "0.5621").verdict.value == "wrong"


class TestLosses:
    """A target that is a number, one class of two."""

    @pytest.mark.parametrize(
        ("formula", "verdict"),
        [("h_2 - 0.1 = 2.4", "right"), ("0.1 - h_2 = -2.4", "wrong"), ("2 (h_2 - 0.1)", "wrong")],
    )
    def test_a_target_as_a_number(self, formula: str, verdict: str) -> None:
        """`½ (h_2 - 0.1)²` says what the loss is."""
        text = LINEAR + f"and $L = \\frac12 (h_2 - 0.1)^2$.\n\n$\\frac{{\\partial L}}{{\\partial h_2}} = {formula}$"
        assert verdict in [one.verdict.value for one in sr.check(text).findings if one.place.line == 3]

    @pytest.mark.parametrize(
        ("slip", "row"), [("0.1 - h_2", "R10"), ("2 (h_2 - 0.1)", "R11"), ("\\frac12 (h_2 - 0.1)", "R12")]
    )
    def test_its_mistakes_have_names(self, slip: str, row: str) -> None:
        """As with a target that has a name."""
        for target in ("0.1", "y"):
            text = (
                LINEAR
                + f"$y = 0.1$, $L = \\frac12 (h_2 - {target})^2$.\n\n$\\frac{{\\partial L}}{{\\partial h_2}} = {slip.replace('0.1', target)}$"
            )
            rows = [one.id for one in last(text).mistakes]
            assert row in rows
            assert "G03" not in rows

    def test_what_is_lost_in_symbols_comes_first(self) -> None:
        """A copied target that is wrong is a slip, and no other loss."""
        text = LINEAR + "$y = 0.1$.\n\n$L = \\frac12 (h_2 - 0.2)^2 = 2.645$\n\n$L = \\frac12 (h_2 - y)^2 = 2.88$"
        assert next(one.verdict.value for one in sr.check(text).findings if one.place.line == 3) == "wrong"

    def test_a_cross_entropy_of_two_classes(self) -> None:
        """Its target is a number."""
        text = "$h_t = \\tanh(x_t)$, $p = \\sigma(v h_1)$, $L = -y \\ln p - (1 - y) \\ln(1 - p)$ with $v = 1.5$, $x_1 = 1$, $h_0 = 0$, $y = 1$.\n\n$h_1 = 0.7616$, $p = 0.7581$\n\n$\\frac{\\partial L}{\\partial v} = %s$"
        cell = text.replace("\\tanh(x_t)", "\\tanh(w h_{t-1} + x_t)").replace("$v = 1.5$", "$w = 1$, $v = 1.5$")
        assert last(cell % "(p - y) h_1").verdict.value == "right"
        assert last(cell % "(p - y) p (1 - p) h_1").verdict.value == "wrong"


def test_a_wrong_formula_is_no_slip_of_the_pen() -> None:
    """That its digits are those of the right value but one is chance."""
    text = LINEAR + "$L = \\frac12 h_2^2$\n\n$\\frac{\\partial L}{\\partial h_1} = %s$"
    assert "A16" in [one.id for one in last(text % "1.35").mistakes]
    found = sr.check(text % "w h_2 + 0.1 = 1.35").findings
    wrong = next(one for one in found if one.verdict.value == "wrong")
    assert "A16" not in [one.id for one in wrong.mistakes]


class TestSamples:
    """A quantity looked at for several values of a weight."""

    def test_a_difference_of_two_values(self) -> None:
        """`h2(0.3001)` is no product there; elsewhere it is."""
        text = "h2 = 0.7083\n\nslope: (h2(0.3001) - h2(0.2999))/0.0002 = 0.43846"
        assert last(text).verdict.value == "undecided"
        assert last("h2 = 0.5\n\n2*h2(0.3001) = 0.4001").verdict.value == "wrong"
        assert (
            last("h2(0.3001) = 0.7101\nh2(0.2999) = 0.7099\n\n(h2(0.3001) - h2(0.2999))/0.0002 = 1").verdict.value
            != "wrong"
        )
        assert (
            last("h2(0.3001) = 0.7101\nh2(0.2999) = 0.7099\n\n(h2(0.3001) - h2(0.2999))/0.0002 = 3").verdict.value
            == "wrong"
        )

    def test_the_loss_beside_its_weight(self) -> None:
        """`L(w + ε)` is L(0.801) where w is 0.8 and ε is 0.001."""
        text = "$w = 0.8$, $\\epsilon = 0.001$, $L(0.801) = 0.0445651$, $L(0.799) = 0.0447054$\n\n$L(w+\\epsilon) - L(w-\\epsilon) = 0.0445651 - %s$"
        assert last(text % "0.0447054").verdict.value == "right"
        assert last(text % "0.0447154").verdict.value == "wrong"


class TestSupposed:
    """What is given in words, or anew."""

    @pytest.mark.parametrize("words", ["all inputs 1", "all inputs are 1", "every input is $1$", "输入均为 1"])
    def test_inputs_in_words(self, words: str) -> None:
        """They are data like others."""
        text = f"h_t = w*h_{{t-1}} + x_t, {words}, h_0 = 0, w = 0.9.\n\nh_3 = 1 + w + w^2\n\ndh_3/dw = 1 + %s"
        assert [one.verdict.value for one in sr.check(text % "2w").findings][-2:] == ["right", "right"]
        assert last(text % "3w").verdict.value == "wrong"

    def test_inputs_that_nobody_knows(self) -> None:
        """Whole numbers may be what was put in for them; other formulas are judged as before."""
        text = "h_t = w*h_{t-1} + x_t, h_0 = 0, w = 0.9.\n\nh_3 = 1 + w + w^2 = 2.71\n\ndh_3/dh_1 = %s"
        assert not {"wrong", "lucky"} & {one.verdict.value for one in sr.check(text % "w^2").findings}
        assert last(text % "w^3").verdict.value == "wrong"

    def test_another_value(self) -> None:
        """`λ = e^{-1/20}` after λ = 0.95; a training step is none."""
        text = "$h_t = \\lambda h_{t-1}$, $\\lambda = 0.95$.\n\n$\\lambda^{10} = 0.5987$. One needs $\\lambda = %s$, so $1 - \\lambda = %s$"
        assert not {"wrong", "lucky"} & {
            one.verdict.value for one in sr.check(text % ("e^{-1/20} = 0.9512", "0.0488")).findings
        }
        assert last(text % ("e^{-1/20} = 0.9512", "0.0588")).verdict.value == "wrong"
        assert last(text % ("e^{-1/20} = 0.9612", "0.0388")).verdict.value == "follows"
        steps = "$h_t = w h_{t-1}$, $w = 0.5$, $h_0 = 1$, $h_1 = 0.5$.\n\n$w = 0.5 - 0.1 \\cdot 0.8 = 0.42$\n\n$w = 0.42 - 0.1 \\cdot 0.6 = %s$"
        assert last(steps % "0.36").verdict.value != "wrong"
        assert last(steps % "0.46").verdict.value == "wrong"


class TestTables:
    """Weights by gate and letter; a chain within a row."""

    CELL = "$f_t = \\sigma(w_f x_t + u_f h_{t-1})$, $g_t = \\tanh(w_g x_t + u_g h_{t-1})$, $h_t = f_t h_{t-1} + (1 - f_t) g_t$\n\n"
    TABLES = (
        "| gate | w | u |\n|---|---|---|\n| f | 0.6 | 0.2 |\n| g | 0.5 | 0.8 |\n\n",
        "| | $f$ | $g$ |\n|---|---|---|\n| $w$ | 0.6 | 0.5 |\n| $u$ | 0.2 | 0.8 |\n\n",
    )

    @pytest.mark.parametrize("table", TABLES)
    def test_weights(self, table: str) -> None:
        """w_f stands where w and f meet."""
        text = f"{self.CELL}{table}With $x_1 = 1$, $h_0 = 0.5$:\n\n$f_1 = %s$"
        assert last(text % "\\sigma(0.7) = 0.6682").verdict.value == "rounded"
        assert last(text % "\\sigma(0.6) = 0.6457").verdict.value == "follows"
        assert last(text % "0.6457").verdict.value == "wrong"

    def test_other_tables_say_nothing(self) -> None:
        """Where no formula has such a weight."""
        table = "| run | a | b |\n|---|---|---|\n| x | 0.6 | 0.2 |\n\n"
        assert not sr.check(f"{self.CELL}{table}").findings[3:]

    def test_a_chain_in_a_row(self) -> None:
        """Its first wrong link is the wrong one; the value behind it follows."""
        text = "$h_t = w h_{t-1} + x_t$, $w = 0.5$, $x_1 = 1$, $h_0 = 1$\n\n| quantity | calculation | value |\n|---|---|---|\n| $h_1$ | $w h_0 + x_1 = %s$ | %s |"
        assert [one.verdict.value for one in sr.check(text % ("0.5 \\cdot 1 + 1", "1.5")).findings][-3:] == [
            "right"
        ] * 3
        assert [one.verdict.value for one in sr.check(text % ("0.5 \\cdot 1 + 2", "2.5")).findings][-2:] == [
            "wrong",
            "follows",
        ]
        assert [one.verdict.value for one in sr.check(text % ("0.5 \\cdot 1 + 1", "2.5")).findings][-2:] == [
            "right",
            "wrong",
        ]


class TestReports:
    """What is said of a slip."""

    def test_small_numbers_are_said_with_a_power_of_ten(self) -> None:
        """As they were written."""
        assert last("0.5*0.36^20 = 5.10e-15").expected == "6.68e-10"
        assert last("0.5*0.36 = 0.181").expected == "0.18"

    def test_a_stale_gradient(self) -> None:
        """Of the second epoch, where the first one's is used again."""
        text = (
            "$h_t = w h_{t-1} + x_t$, $x_1 = 1$, $x_2 = 0$, $h_0 = 0$, $L = \\frac12 (h_2 - 1)^2$, $\\eta = 0.2$, $w = 0.5$.\n\n"
            "**Epoch 1**\n\n$h_2 = 0.5$, $\\frac{\\partial L}{\\partial w} = -0.5$, $w \\leftarrow w - \\eta \\frac{\\partial L}{\\partial w} = 0.6$\n\n"
            "%s\n\n$h_2 = 0.6$, $\\frac{\\partial L}{\\partial w} = %s$"
        )
        assert last(text % ("**Epoch 2**", "-0.4 \\cdot 1")).verdict.value == "right"
        assert last(text % ("**Epoch 2**", "-0.5 \\cdot 1")).verdict.value == "wrong"
        assert last(text % ("In short:", "-0.5 \\cdot 1")).verdict.value == "right"

    def test_a_gate_means_what_its_siblings_do(self) -> None:
        """δ_f is of an argument where δ_i and δ_o are, though its own line is wrong."""
        lstm = (
            "$f_t = \\sigma(W_f x_t + U_f h_{t-1})$, $i_t = \\sigma(W_i x_t + U_i h_{t-1})$, $o_t = \\sigma(W_o x_t + U_o h_{t-1})$, "
            "$g_t = \\tanh(W_g x_t + U_g h_{t-1})$, $c_t = f_t c_{t-1} + i_t g_t$, $h_t = o_t \\tanh(c_t)$. "
            "$W_f = 0.5$, $U_f = 0.1$, $W_i = -0.3$, $U_i = 0.4$, $W_o = 0.2$, $U_o = -0.5$, $W_g = 0.8$, $U_g = 0.3$, $x_1 = 1$, $h_0 = 0.2$, $c_0 = -0.4$, $L = \\frac12 (h_1 - 0.5)^2$.\n\n"
            "$\\delta_i = \\frac{\\partial L}{\\partial c_1} g_1 i_1 (1 - i_1) = -0.0422$\n\n$\\delta_o = \\frac{\\partial L}{\\partial h_1} \\tanh(c_1) o_1 (1 - o_1) = -0.0069$\n\n"
            "$\\delta_f = \\frac{\\partial L}{\\partial c_1} %s f_1 (1 - f_1)$"
        )
        assert last(lstm % "c_0").verdict.value == "right"
        found = last(lstm % "c_1")
        assert found.verdict.value == "wrong"
        assert "L04" in [one.id for one in found.mistakes]

    def test_a_fraction_as_an_index(self) -> None:
        """A half-life has a name of its own."""
        assert last("$k_{1/2} = \\frac{\\ln 0.5}{\\ln 0.95} = 13.5$").verdict.value == "rounded"
        assert last("$k_{1/2} = \\frac{\\ln 0.5}{\\ln 0.95} = 14.5$").verdict.value == "wrong"


class TestCode:
    """What comments say the lines come to."""

    CODE = "```python\nimport math\nw, u, b = 1.5, -1.0, 0.3\nx1, x2 = 0.5, 1.0\nz1 = u*x1 + b   # = -0.2000\nh1 = sigmoid(z1)   # %s\nz2 = w*h1 + u*x2 + b   # -> -0.0248\nh2 = sigmoid(z2)   # = 0.4938\n%s```\n"

    def test_values_in_comments(self) -> None:
        """They are judged, in a block of Python as well; the first step leaves out what is zero."""
        report = sr.check(self.CODE % ("0.4502", ""))
        assert report.model
        assert not {"wrong", "undecided"} & {one.verdict.value for one in report.findings}
        assert not report.unread
        assert [
            one.place.line for one in sr.check(self.CODE % ("0.4402", "")).findings if one.verdict.value == "wrong"
        ] == [6]

    def test_programs_are_set_aside(self) -> None:
        """A loop is no calculation, and a comment with words no value."""
        assert not sr.check(self.CODE % ("0.4402", "for t in range(3):\n    h = tanh(h)\n")).findings
        assert not sr.check("```python\nh1 = tanh(0.5)  # step 1\nh2 = tanh(h1)  # step 2\n```\n").findings

    @pytest.mark.parametrize(
        ("before", "verdict"), [("", "right"), ("h_0 = 0\n", "right"), ("h_0 = 0.5\n", "undecided")]
    )
    def test_the_first_step_without_what_is_zero(self, before: str, verdict: str) -> None:
        """`tanh(u x_1)` and `tanh(w h_1 + u x_2)` are one cell, where h_0 is zero."""
        text = f"{before}h_1 = tanh(u x_1)\nh_2 = tanh(w h_1 + u x_2)\n\ndh_2/dh_1 = w (1 - h_2^2)"
        assert (last(text).verdict.value == "right") == (verdict == "right")
        assert (last(text.replace("1 - h_2", "1 - h_1")).verdict.value == "wrong") == (verdict == "right")


class TestEntries:
    """An index that counts entries, not steps."""

    TEXT = (
        "$h_t = \\tanh(w h_{t-1} + x_t)$, $w = 0.5$, $h_0 = 0$, $x_1 = 0.6$, $x_2 = -0.4$.\n"
        "$o_1 = 2 h_2$, $o_2 = -h_2$; $p = \\mathrm{softmax}(o)$, $L = -\\ln p_1$.\n\n"
        "$h_1 = 0.5370$, $h_2 = %s$\n\n$p_2 = 1 - p_1 = 0.5968$"
    )

    def test_of_a_softmax(self) -> None:
        """The cell is the one of h, and its numbers are judged."""
        assert not {"wrong", "follows"} & {one.verdict.value for one in sr.check(self.TEXT % "-0.1307").findings}
        assert "wrong" in [one.verdict.value for one in sr.check(self.TEXT % "-0.1507").findings]

    def test_a_loss_of_a_function_that_nothing_defines(self) -> None:
        """`L = Σ_t L_t(h_t)` beside arguments without numbers: formulas are judged."""
        text = (
            "$f_t = \\sigma(a^f_t)$, $g_t = \\tanh(a^g_t)$, $c_t = f_t c_{t-1} + g_t$, $h_t = \\tanh(c_t)$, $L = \\sum_t L_t(h_t)$\n\n"
            "$\\frac{\\partial L}{\\partial c_t} = \\frac{\\partial L}{\\partial h_t} (1 - \\tanh^2 c_t) + \\frac{\\partial L}{\\partial c_{t+1}} f_{%s}$"
        )
        assert last(text % "t+1").verdict.value == "right"
        found = last(text % "t")
        assert found.verdict.value == "wrong"
        assert str(found.piece and found.piece.reason).endswith("should be f_{t+1}")

    def test_gates_in_code(self) -> None:
        """`daf` is the gradient of the forget gate's argument."""
        code = "f = sigmoid(wf*x + uf*h_prev)\ng = tanh(wg*x + ug*h_prev)\nc = f*c_prev + g\nh = tanh(c)\nwf = 0.1, uf = 0.2, wg = 0.3, ug = 0.4, x = 1, h_prev = 0.5, c_prev = 0.5\n\ndc = dh*(1 - tanh(c)**2)\ndaf = dc*c_prev*%s"
        assert last(code % "f*(1 - f)").verdict.value == "right"
        assert last(code % "(1 - f**2)").verdict.value == "wrong"


class TestPaths:
    """An immediate derivative is no total one, and a training step no datum."""

    TIED = (
        "$h_t = w h_{t-1} + w x_t$, $w = 0.5$, $h_0 = 1$, $x_1 = 1$, $x_2 = 1$, $L = \\frac12 (h_2 - 2)^2$.\n\n$h_1 = 1$, $h_2 = 1$\n\n"
        "$\\frac{d h_1}{d w} = h_0 + x_1 = 2$, $\\frac{d h_2}{d w} = h_1 + x_2 %s$\n\n$\\frac{d L}{d w} = (h_2 - 2) \\frac{d h_2}{d w} = -1 \\cdot %s$"
    )

    def test_only_the_direct_term(self) -> None:
        """∂⁺h_2/∂w in the place of dh_2/dw is found where it does harm."""
        right = sr.check(self.TIED % ("+ w \\frac{d h_1}{d w} = 3", "3 = -3"))
        assert {one.verdict.value for one in right.findings} <= {"right", "given"}
        slip = sr.check(self.TIED % ("= 2", "2 = -2"))
        wrong = next(one for one in slip.findings if one.verdict.value == "wrong")
        assert wrong.place.line == 7
        assert "R01" in [one.id for one in wrong.mistakes]

    def test_a_step_without_a_mark(self) -> None:
        """`gives w = 0.5 + 0.1 · 3`: from the value there was."""
        text = self.TIED % ("+ w \\frac{d h_1}{d w} = 3", "3 = -3") + ", so one step gives $w = 0.5 %s 0.1 \\cdot %s$."
        assert last(text % ("+", "3 = 0.8")).verdict.value == "right"
        assert last(text % ("+", "3 = 0.9")).verdict.value == "wrong"
        assert "wrong" in [one.verdict.value for one in sr.check(text % ("-", "3 = 0.2")).findings]
        assert last(self.TIED % ("= 2", "2 = -2") + "\n\n$w = 0.6$").verdict.value != "right"


@pytest.mark.parametrize(("slip", "verdict"), [("c - h_prev", "right"), ("h_prev - c", "wrong")])
def test_one_step_in_code_with_numbers_as_weights(slip: str, verdict: str) -> None:
    """`z = sigmoid(0.3*x + 0.9*h_prev)` tells the cell."""
    code = "x = -0.5\nh_prev = 0.8\nz = sigmoid(0.3*x + 0.9*h_prev)\nc = tanh(1.1*x + 0.5*h_prev)\nh = (1 - z)*h_prev + z*c\n\ndh = h - 1\ndz = dh*(%s)"
    assert last(code % slip).verdict.value == verdict


def test_a_model_in_other_front_matter_is_not_passed_over() -> None:
    """YAML is no TOML; a title in it is nobody's model."""
    text = "---\n%s: notes\n---\n\n$0.5 + 0.5 = 1$"
    assert [one.place.line for one in sr.check(text % "model").unread] == [2]
    assert not sr.check(text % "title").unread


class TestNumbersWithNames:
    """A factor of the cell that has a name elsewhere."""

    TEXT = "$h_t = \\tanh(0.5 h_{t-1} + x_t)$, $x_1 = 0.3$, $x_2 = 0.6$, $h_0 = 0$, $L = \\frac12 h_2^2$. The weight is $w = %s$.\n\n$\\frac{\\partial L}{\\partial w} = h_2 (1 - h_2^2) %s$"

    def test_the_weight(self) -> None:
        """It is the 0.5."""
        assert last(self.TEXT % ("0.5", "h_1")).verdict.value == "right"
        assert last(self.TEXT % ("0.5", "h_2")).verdict.value == "wrong"

    def test_other_numbers(self) -> None:
        """Another value is another weight; so is what a readout is made with."""
        assert last(self.TEXT % ("0.7", "h_2")).verdict.value == "given"
        text = self.TEXT.replace("$L =", "$y_2 = w h_2$, $L =") % ("0.5", "h_2")
        assert last(text).verdict.value != "right"
