"""What a name means in a text: told by all its formulas, by its words, and by what else is named."""

from __future__ import annotations

import pytest

import symrnn as sr

RELU = """h_t = relu(a_t), a_t = w h_{t-1} + u x_t, given as numbers:

$$ \\frac{\\partial L}{\\partial h_2} = h_2 - y $$
$$ \\delta_2 = FIRST $$
$$ \\frac{\\partial L}{\\partial h_1} = w \\delta_2 $$
$$ \\delta_1 = \\tanh'(a_1) \\frac{\\partial L}{\\partial h_1} $$
$$ \\frac{\\partial L}{\\partial w} = \\delta_1 h_0 + \\delta_2 h_1 $$
"""
MODEL = """[cell]
equations = "a_t = w h_{t-1} + u x_t; h_t = tanh(a_t)"
[sequence]
x = [0.7, -0.4]
h0 = 0.3
[parameters]
w = 0.9
u = 0.6
[loss]
kind = "half_squared_error"
y = 0.5
"""


def verdicts(text: str) -> list[str]:
    """Of every link but those of the first line."""
    found = sr.check(text, sr.loads(MODEL)).findings
    return [finding.verdict.value for finding in found if finding.place.line > 2]


class TestByFormulas:
    """One odd line does not say what the name means."""

    def test_a_slope_forgotten_once(self) -> None:
        """δ_2 = ∂L/∂h_2 is false where all else says that δ is the gradient of the argument."""
        right = RELU.replace("FIRST", r"\tanh'(a_2) \frac{\partial L}{\partial h_2}")
        assert verdicts(right) == ["right"] * 5
        wrong = RELU.replace("FIRST", r"\frac{\partial L}{\partial h_2}")
        assert verdicts(wrong)[:2] == ["right", "wrong"]
        assert set(verdicts(wrong)[2:]) <= {"right", "follows"}

    def test_another_meaning_throughout(self) -> None:
        """δ_t = ∂L/∂h_t is as good a name."""
        text = r"""
$$ \delta_t = \frac{\partial L}{\partial h_t} $$
$$ \delta_1 = w (1 - h_2^2) \delta_2 $$
$$ \frac{\partial L}{\partial w} = \delta_1 (1 - h_1^2) h_0 + \delta_2 (1 - h_2^2) h_1 $$
"""
        assert [f.verdict.value for f in sr.check(text, sr.loads(MODEL)).findings] == ["right"] * 3


LSTM = """[cell]
kind = "lstm"
[sequence]
x = [0.7]
[parameters]
W_f = 0.2
U_f = 0.3
b_f = 0.1
W_i = 0.4
U_i = -0.3
b_i = 0.2
W_o = 0.5
U_o = 0.6
b_o = -0.1
W_c = 0.8
U_c = -0.2
b_c = 0.3
[loss]
kind = "half_squared_error"
y = 2.0
"""


class TestByOneNumber:
    """A number that fits another meaning may be a mistake: formulas weigh more."""

    def test_the_slope_of_a_gate_forgotten(self) -> None:
        """δ^i with the value of ∂L/∂i: its own line is wrong, the lines that use it follow."""
        model = sr.loads(LSTM)
        value = sr.evaluate(model)["dL/di[1]"]
        text = rf"""
$$ \delta^i_1 = i_1 (1 - i_1) \frac{{\partial L}}{{\partial i_1}} = {value:.6f} $$
$$ \frac{{\partial L}}{{\partial W_i}} = \delta^i_1 x_1 $$
$$ \frac{{\partial L}}{{\partial b_i}} = \delta^i_1 $$
"""
        found = [finding.verdict.value for finding in sr.check(text, model).findings]
        assert found[:2] in (["right", "wrong"], ["wrong", "follows"], ["wrong", "wrong"])
        assert set(found[2:]) <= {"right", "follows"}


class TestByWords:
    """What the text says of δ."""

    @pytest.mark.parametrize(
        "said", ["$\\delta_t$ is the gradient with respect to the pre-activation.", "δ 是对净输入的梯度。"]
    )
    def test_one_line_is_enough(self, said: str) -> None:
        """Without the sentence δ_2 = ∂L/∂h_2 may say what δ is; with it, it cannot."""
        line = r"$$ \delta_2 = \frac{\partial L}{\partial h_2} $$"
        model = sr.loads(MODEL)
        assert [f.verdict.value for f in sr.check(line, model).findings] == ["right"]
        assert [f.verdict.value for f in sr.check(f"{said}\n\n{line}", model).findings] == ["wrong"]


def test_two_names_are_two_quantities() -> None:
    """Where a text writes h_t, its a_t is no state: 1 - a² is not the slope."""
    text = r"""
$$ h_t = \tanh(a_t) $$
$$ \frac{\partial h_t}{\partial a_t} = 1 - a_t^2 $$
"""
    assert [f.verdict.value for f in sr.check(text, sr.loads(MODEL)).findings] == ["right", "wrong"]


HARD = """[cell]
kind = "rnn"
activation = "hard_tanh"
[sequence]
x = [1.2, 1.9, -1.6]
h0 = -1.3
[parameters]
W_h = 1.8
W_x = -1.9
b = -1.4
[loss]
kind = "half_squared_error"
y = 0.3
"""


def test_a_gradient_means_what_its_state_means() -> None:
    """The zeros that follow from a mistake fit ∂L/∂a as well; but s_1 is h_1, so ∂L/∂s_3 is the gradient of h_3."""
    text = r"""
$z_1 = -6.02$ and $s_1 = -1$

$z_2 = -6.81$ and $s_2 = -6.81$

$z_3 = -10.618$ and $s_3 = -1$

$\frac{\partial L}{\partial s_3} = -1.3$

$\frac{\partial L}{\partial s_2} = 0$

$\frac{\partial L}{\partial s_1} = 0$
"""
    found = [one.verdict.value for one in sr.check(text, sr.loads(HARD)).findings]
    assert found == ["right", "right", "right", "wrong", "follows", "follows", "follows", "follows", "right"]
