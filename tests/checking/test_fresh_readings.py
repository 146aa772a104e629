"""What fresh workings taught: each way of writing, and the slip beside it that is still found."""
# ruff: noqa: E501 (formulas stand as people write them)

from __future__ import annotations

import pytest

import symrnn as sr
from symrnn.checking.reports.obstacles import obstacle
from symrnn.checking.verdicts import Report


def verdicts(text: str) -> list[str]:
    """The verdict of every link."""
    return [one.verdict.value for one in sr.check(text).findings]


def last(text: str) -> str:
    """The verdict of the last link."""
    return verdicts(text)[-1]


class TestNumbers:
    """Percent, thousands, decimal commas, zeros."""

    @pytest.mark.parametrize(
        ("text", "verdict"),
        [
            ("$\\frac{0.288}{0.576} = 40\\%$", "wrong"),
            ("$\\frac{0.288}{0.576} = 50\\%$", "right"),
            ("$0.739 = 73.9\\,\\%$", "right"),
            ("4.78/6.46 ≈ 74.0 %", "rounded"),
            ("4.78/6.46 ≈ 63.9 % of it", "wrong"),
            ("4*(24,576+128) = 4*24,704", "right"),
            ("4*(24,576+128) = 4*24,714", "wrong"),
            ("max(1,100/5) = 20", "right"),
            ("5,000 x 64 = 320,000", "right"),
            ("5,000 x 64 = 330,000", "wrong"),
            ("$n = 4(128 \\cdot 320) = 4 \\cdot 40960 = 163842$", "wrong"),
            ("tanh(0,5) = 0,4621\ntanh(0,6) = 0,5370", "rounded"),
            ("tanh(0,5) = 0,4621\ntanh(0,6) = 0,5270", "wrong"),
            ("$0{,}5 + 0{,}25 = 0{,}85$", "wrong"),
        ],
    )
    def test_as_written(self, text: str, verdict: str) -> None:
        """Read as meant, and no more lenient for it."""
        assert last(text) == verdict

    def test_what_a_percentage_should_be(self) -> None:
        """Said in percent, too."""
        assert sr.check("0.288/0.576 = 40%").findings[-1].expected == "50%"

    def test_lists_stay_lists(self) -> None:
        """`(1,250)` alone is two numbers, and a remainder is not read."""
        assert last("(1,250) = 3") == "undecided"
        assert len(sr.check("7 % 3 = 1").unread) == 1

    def test_small_results_are_shown_as_zero(self) -> None:
        """0.0000 beside a datum 0 is a rounded result."""
        text = "$x = 0$ and $L = \\frac12(0.004)^2 + \\frac12(0.002)^2 = {} + 0.0000$"
        assert last(text.format("0.0000")) == "rounded"
        assert last(text.format("0.0100")) == "wrong"

    def test_digits_that_stand_above_by_chance(self) -> None:
        """The 0.208 of a result is not the 0.208 of another one."""
        text = "h = tanh(0.2112) = 0.208\n\na = tanh(0.5*0.5 - 0.2*0.208) = tanh({})"
        assert last(text.format("0.208")) != "wrong"
        assert last(text.format("0.218")) == "wrong"

    def test_what_is_given_by_approximation_was_rounded(self) -> None:
        """√1.0193 beside the true σ_max."""
        text = "$W = \\begin{pmatrix} 0.9 & 0.2 \\\\ 0.1 & 0.8 \\end{pmatrix}$, $m \\approx 1.0193$, $\\sigma_{\\max}(W) = \\sqrt{1.0193}$"
        assert last(text) == "rounded"
        assert last(text.replace("{1.0193}", "{1.0293}")) == "wrong"

    def test_short_numbers_that_give_a_result_exactly_leave_it_exact(self) -> None:
        """0.8 · 1.1 is 0.88, and 0.88³⁰ is not 0.0316."""
        given = "$W = \\begin{bmatrix} 0 & 1.1 \\\\ -1.1 & 0 \\end{bmatrix}$. $V = 0.8 W = \\begin{bmatrix} 0 & 0.88 \\\\ -0.88 & 0 \\end{bmatrix}$, $\\rho(V) = 0.8 \\cdot 1.1 = 0.88$.\n\n"
        assert last(given + "$0.88^{30} \\approx 0.0316$") == "wrong"
        assert last(given + "$0.88^{30} \\approx 0.0216$") == "rounded"


class TestFormulas:
    """Products over time, δ of any argument, extremes, shares."""

    CELL = "Let $h_t = \\tanh(z_t)$ with $z_t = W h_{t-1} + U x_t + b$.\n\n"

    @pytest.mark.parametrize(
        ("formula", "verdict"),
        [
            (r"\frac{\partial h_T}{\partial h_k} = \prod_{i=k}^{T-1} \frac{\partial h_{i+1}}{\partial h_i}", "right"),
            (r"\frac{\partial h_t}{\partial h_k} = \prod_{i=t-1}^{k} \frac{\partial h_{i+1}}{\partial h_i}", "right"),
            (r"\frac{\partial h_T}{\partial h_k} = \prod_{i=T}^{k+1} \frac{\partial h_i}{\partial h_{i-1}}", "right"),
            (r"\frac{\partial h_T}{\partial h_k} = \prod_{i=k}^{T} \frac{\partial h_i}{\partial h_{i-1}}", "wrong"),
            (r"\delta_t = \operatorname{diag}(1-h_t^2) W^\top \delta_{t+1}", "right"),
            (r"\delta_t = \operatorname{diag}(1-h_{t+1}^2) W^\top \delta_{t+1}", "wrong"),
            (r"\frac{\partial L}{\partial W}\bigg|_{t} = \delta_t h_{t-1}^\top", "right"),
            (r"\frac{\partial L}{\partial W}\bigg|_{t} = \delta_t h_t^\top", "wrong"),
        ],
    )
    def test_of_a_cell(self, formula: str, verdict: str) -> None:
        """A z is an argument like an a; a product may fall."""
        assert last(f"{self.CELL}${formula}$") == verdict

    def test_a_wrong_product_is_no_direct_path(self) -> None:
        """In a plain cell there is one path."""
        finding = sr.check(
            self.CELL + r"$\frac{\partial h_T}{\partial h_k} = \prod_{i=k}^{T} \frac{\partial h_i}{\partial h_{i-1}}$"
        ).findings[-1]
        assert finding.reason is not None
        assert "direct" not in finding.reason.message

    @pytest.mark.parametrize(
        ("text", "verdict"),
        [
            ("$\\max_z \\sigma'(z) = \\frac14$", "right"),
            ("$\\max_z \\sigma'(z) = \\frac12$", "wrong"),
            ("$W = \\begin{bmatrix} 2 & 0 \\\\ 0 & 1 \\end{bmatrix}$, $\\sigma_{\\min}(W) = 1$", "right"),
            ("$W = \\begin{bmatrix} 2 & 0 \\\\ 0 & 1 \\end{bmatrix}$, $\\sigma_{\\min}(W) = 2$", "wrong"),
            ("$p = (0.2, 0.8)$ and $p_1 (1 - p_1) = 0.16$", "right"),
            ("$p = (0.2, 0.8)$ and $p_1 p_2 = 0.15$", "wrong"),
            ("$L(0.5) = 0.0660$, $L(0.51) = 0.0684$\n\n$(L(0.51) - L(0.5))/0.01 = 0.24$", "right"),
            ("$L(0.5) = 0.0660$, $L(0.51) = 0.0684$\n\n$(L(0.51) - L(0.5))/0.01 = 0.34$", "wrong"),
            ("Let $h_t = \\tanh(W h_{t-1})$ and let $\\sigma_1 = \\|W\\|_2$.", "given"),
            ("w = 0.5, d h_3 / d h_1 = w^2 = 0.26", "wrong"),
        ],
    )
    def test_of_numbers(self, text: str, verdict: str) -> None:
        """Each with its slip."""
        assert last(text) == verdict

    def test_a_function_nobody_says(self) -> None:
        """What holds for every φ is right; a slope that is spelled out is open."""
        cell = "Let $h_t = \\phi(z_t)$ with $z_t = W h_{t-1} + U x_t$.\n\n$\\frac{\\partial h_t}{\\partial h_{t-1}} = \\operatorname{diag}("
        assert last(cell + "\\phi'(z_t)) W$") == "right"
        assert last(cell + "\\phi'(z_{t-1})) W$") == "wrong"
        assert last(cell + "1 - h_t^2) W$") == "undecided"

    def test_what_is_dead_may_be_left_out(self) -> None:
        """A rectified unit that is off passes nothing; one that is on passes all."""
        cell = "$h_t = \\mathrm{ReLU}(w h_{t-1} + u x_t)$, $L = \\frac12 (h_2 - y)^2$, $w = 1.5$, $u = -1$, $h_0 = 1$, $y = 2$, $x_2 = -1$, $x_1 = %s$.\n\n$\\frac{dL}{du} = (h_2 - y) x_2$"
        assert last(cell % "2") == "right"
        assert last(cell % "0.5") == "wrong"


class TestTexts:
    """What a whole text says of itself."""

    CODE = "w = 0.7; u = 0.4; t = 1\nx1, x2 = 1.0, 0.5\nh0 = 0\n\nh1 = tanh(w*h0 + u*x1)\nh2 = tanh(w*h1 + u*x2)\nloss = 0.5*(h2 - t)**2\n\ndh2 = h2 - t\nda2 = dh2*(1 - h2**2)\n"

    def test_code(self) -> None:
        """Values side by side, and a target that is called t."""
        assert set(verdicts(self.CODE + "dh1 = da2*w")) <= {"right", "given"}
        assert last(self.CODE + "dh1 = da2*u") == "wrong"

    def test_gradients_that_are_added_up(self) -> None:
        """What a first step adds is not the whole."""
        assert "wrong" not in verdicts(self.CODE + "du = da2*x2 = -0.2291\ndu += 0.1\ndu = -0.1291")

    ONE_STEP = "f = sigmoid(Wf*x + Rf*h_prev)\nc = f*c_prev + x\nh = tanh(c)\n\nx = 0.5, h_prev = 0.2, c_prev = 0.4, Wf = 1, Rf = 2\n\n"

    def test_a_cell_told_for_one_step(self) -> None:
        """`c_prev` makes c a state; a text that goes on to another step is left alone."""
        assert last(self.ONE_STEP + "f = sigmoid(0.5 + 0.4)") == "right"
        assert last(self.ONE_STEP + "f = sigmoid(0.5 + 0.8)") == "wrong"
        assert last(self.ONE_STEP + "f = sigmoid(0.5 + 0.4)\nf = sigmoid(0.7)") != "wrong"

    def test_each_problem_has_its_own_cell(self) -> None:
        """What a second problem computes is none of the first one's states."""
        first = "Q1. h_t = w*h_{t-1}, w = 0.5, h_0 = 1.\nh_1 = 0.5, h_2 = 0.25\n\n"
        assert "wrong" not in verdicts(first + "Q2. A rectified unit: h_1 = max(0, 2 - 3) = 0")
        assert last(first + "Q2. Go on.\nh_2 = w^2 = 0.25\nh_3 = w^3 = 0.135") == "wrong"
        assert last(first + "Q2. Now w = 2.\nh_2 = w^2 = 4") != "wrong"

    def test_one_formula_of_two_steps_is_no_cell(self) -> None:
        """`h2 = w*tanh(w*h0 + x1) + x2` says nothing of h1."""
        text = "h2 = w*tanh(w*h0 + x1) + x2\nw = 0.4, h0 = 0.5, x1 = 0.3, x2 = 0.1\nh1 = tanh(0.4*0.5 + 0.3)"
        assert last(text) != "wrong"

    def test_a_name_may_come_back_to_an_earlier_value(self) -> None:
        """A finite difference computes everything twice."""
        text = "h = tanh(0.5) = 0.4621\ng = 2*h = 0.9242\n\nh = tanh(0.51) = 0.4699\n\n{} = 2*0.4621"
        assert last(text.format("2*h")) != "wrong"
        assert last(text.format("3*h")) == "wrong"

    def test_a_right_number_hangs_on_no_wrong_one_of_the_same_digits(self) -> None:
        """1 − h_2 beside a wrong gradient that happens to be h_2 − 1."""
        text = (
            "With $h_t = \\sigma(w x_t + v h_{t-1})$, $w = 0.6$, $v = 0.5$, $h_0 = 0$, $x_1 = 1$, $x_2 = 1$ and $L = (h_2 - 1)^2$:\n\n"
            "$h_1 = 0.646$, $h_2 = 0.716$\n\n$\\frac{\\partial L}{\\partial h_2} = h_2 - 1 = -0.284$\n\n"
            "$\\frac{\\partial h_2}{\\partial h_1} = v h_2 (1 - h_2) = 0.5 \\cdot 0.716 \\cdot 0.284 = 0.1017$\n\n"
            "$\\frac{\\partial L}{\\partial h_1} = -0.284 \\cdot 0.1017$"
        )
        lines = {one.place.line: one.verdict.value for one in sr.check(text).findings}
        assert (lines[5], lines[7], lines[9]) == ("follows", "rounded", "follows")

    def test_words_before_a_formula(self) -> None:
        """`sum $= 30.193$` gives what is called so; `so $= 6$` goes on from nothing."""
        assert last("$e^1 = 2.718$, sum $= 30.193$.") == "given"
        assert len(sr.check("$a = 3 + 2$ so $= 6$").unread) == 1

    def test_a_cell_without_inputs_has_the_steps_its_names_have(self) -> None:
        """Nothing else says how many."""
        cell = "$h_t = W h_{t-1}$, $W = \\begin{bmatrix} 0.5 & 0.3 \\\\ -0.2 & 0.6 \\end{bmatrix}$, $h_0 = \\begin{bmatrix} 1 \\\\ 2 \\end{bmatrix}$.\n\n"
        assert last(cell + "$h_1 = \\begin{bmatrix} 1.1 \\\\ 1.0 \\end{bmatrix}$") == "right"
        assert last(cell + "$h_1 = \\begin{bmatrix} 1.1 \\\\ 1.2 \\end{bmatrix}$") == "wrong"


def test_what_is_said_of_scalars_is_judged_of_numbers() -> None:
    """A product in the order of numbers fits no vectors; without the word it stays open."""
    cell = "$h_t = \\tanh(a_t)$, $a_t = W h_{t-1} + U x_t$.\n\n%s\n\n$\\frac{\\partial h_t}{\\partial h_{t-1}} = (1 - h_t^2) W %s$"
    assert last(cell % ("Then, for scalars,", "")) == "right"
    assert last(cell % ("Then, for scalars,", "h_t")) == "wrong"


def test_obstacles_are_said_in_chinese() -> None:
    """The evaluator's sentences, with what they speak of."""
    assert obstacle("an extreme value over all z", "zh") == "对所有 z 取极值"
    assert obstacle("2×1 times 2×2", "zh") == "2×1 乘 2×2"
    assert obstacle("no such sentence", "zh") == "no such sentence"


def test_the_source_keeps_its_commas() -> None:
    """The report shows the text as it was written."""
    report: Report = sr.check("tanh(0,5) = 0,4621\ntanh(0,6) = 0,5270")
    assert "0,5270" in report.source
