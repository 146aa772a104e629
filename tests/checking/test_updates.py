"""Training steps: judged by the model's [update], else as plain gradient descent; arithmetic always."""

from __future__ import annotations

import pytest

import symrnn as sr
from symrnn.checking.verdicts import Report
from tests.support.mistaken_lines import known

G = r"\frac{\partial L}{\partial W_h}"
VECTORS = """[cell]
kind = "rnn"
[sequence]
x = [[1, 0.5], [0.2, -1]]
[parameters]
W_h = [[0.5, -0.2], [0.3, 0.4]]
W_x = [[0.6, 0.1], [-0.3, 0.8]]
b = [0.1, -0.2]
[loss]
kind = "half_squared_error"
y = [1, -1]
[update]
rate = 0.5
"""


def judged(text: str, model: str | None) -> Report:
    """The report of a text whose lines are paragraphs."""
    found = sr.check("\n\n".join(text.strip().splitlines()), None if model is None else known(model)[0])
    assert isinstance(found, Report)
    assert not found.unread
    return found


def verdicts(text: str, model: str | None = None) -> list[str]:
    """The verdict of every link."""
    return [finding.verdict.value for finding in judged(text, model).findings]


class TestArithmetic:
    """Without a model the numbers are judged, and each step goes on from the one before."""

    def test_a_run_of_steps(self) -> None:
        """0.45 − 0.04 is not 0.42."""
        text = "w = 0.5\nw ← w - 0.1*0.5 = 0.45\nw ← w - 0.1*0.4 = 0.42\nw = w - 0.1*0.4 = 0.38"
        assert verdicts(text) == ["given", "given", "right", "given", "wrong", "given", "right"]

    def test_in_numbers(self) -> None:
        """`=` and `←` alike."""
        assert verdicts("w ← 0.5 - 0.1 · 0.3 = 0.47") == ["given", "right"]
        assert verdicts("w ← 0.5 - 0.1 · 0.3 = 0.53")[-1] == "wrong"
        assert verdicts("w_new = 0.5 - 0.1 · 0.3 = 0.53")[-1] == "wrong"

    def test_another_rule_is_no_claim(self) -> None:
        """Momentum, with or without a model."""
        text = "$v = 0.9 v + 0.1 g$\n$W_h = W_h - 0.01 v$"
        assert verdicts(text) == ["given", "given"]
        assert verdicts(text, "rnn") == ["given", "given"]

    def test_a_cell_says_less_than_a_step(self) -> None:
        """`h = (1 − z) h + z n` without steps is no training step."""
        assert verdicts("$h = (1 - z) h + z n$", "gru") == ["given"]


class TestWithAModel:
    """The new value is known."""

    @pytest.mark.parametrize("relation", ["=", r"\leftarrow"])
    @pytest.mark.parametrize("head", ["W_h", "W_h'", r"W_h^{\text{new}}", "W_{h,new}"])
    def test_right(self, head: str, relation: str) -> None:
        """Whatever the new value is called."""
        text = rf"${head} {relation} W_h - \eta {G} = 0.7 - 0.15 \cdot 0.150684 = 0.677397$"
        assert set(verdicts(text, "update")) <= {"right", "rounded"}

    @pytest.mark.parametrize(
        "text",
        [
            rf"$W_h \leftarrow W_h + \eta {G}$",
            r"$W_h \leftarrow 0.7 + 0.15 \cdot 0.150684 = 0.722603$",
            "$W_h' = 0.722603$",
            rf"$W_h += \eta {G}$",
            r"$W_h -= -0.15 \cdot 0.150684$",
        ],
    )
    def test_the_sign(self, text: str) -> None:
        """θ + η g is found in a formula, in numbers and in the value, and named."""
        finding = judged(text, "update").findings[0]
        assert finding.verdict.value == "wrong"
        assert [mistake.id for mistake in finding.mistakes] == ["R34"]
        assert finding.mistakes[0].corrected

    def test_the_sign_without_a_declared_step(self) -> None:
        """The text's own rate; a drawn one where it gives none; of a cell alone, too."""
        assert verdicts(r"$\eta = 0.1$" + "\n" + rf"$W_h \leftarrow W_h + \eta {G}$", "rnn")[-1] == "wrong"
        assert verdicts(rf"$W_h \leftarrow W_h + \eta {G}$", "rnn") == ["wrong"]
        assert verdicts(rf"$W_h \leftarrow W_h - \eta {G}$", "rnn") == ["right"]
        cell = sr.with_generic_loss(sr.cells.rnn())
        found = [sr.check(rf"$W_h \leftarrow W_h {sign} \eta {G}$", cell).findings[0].verdict.value for sign in "-+"]
        assert found == ["right", "wrong"]

    @pytest.mark.parametrize(
        ("model", "text", "rows"),
        [
            ("by_value", r"$W_h \leftarrow 0.7075$", None),
            ("by_value", rf"$W_h \leftarrow W_h - \eta \, \mathrm{{clip}}({G}, -0.05, 0.05) = 0.7075$", None),
            ("by_value", rf"$W_h \leftarrow W_h - \eta {G} = 0.739879$", ["R37"]),
            ("by_value", r"$W_h \leftarrow 0.703038$", ["R35"]),
            ("by_value", r"$W_h \leftarrow 0.6925$", ["R34"]),
            ("by_norm", r"$W_h \leftarrow 0.718228$", None),
            ("by_norm", rf"$W_h \leftarrow W_h - \eta \frac{{0.3}}{{0.656317}} {G} = 0.718228$", None),
            ("by_norm", r"$b \leftarrow 0.245$", ["R35"]),
            ("by_norm", r"$b \leftarrow 0.285688$", ["R37"]),
            ("by_norm", r"$b \leftarrow 0.160832$", ["R34"]),
        ],
    )
    def test_clipping(self, model: str, text: str, rows: list[str] | None) -> None:
        """By value, by norm, mixed up, forgotten."""
        finding = judged(text, model).findings[0]
        assert finding.verdict.value == "wrong" if rows else finding.verdict.value in ("right", "rounded")
        assert [mistake.id for mistake in finding.mistakes] == (rows or [])

    def test_a_wrong_gradient_is_carried(self) -> None:
        """The step from a wrong gradient follows from it."""
        text = rf"${G} = 0.250684$" + "\n" + r"$W_h \leftarrow W_h - \eta \cdot 0.250684 = 0.662397$"
        assert verdicts(text, "update") == ["wrong", "follows", "follows"]
        text = rf"${G} = 0.250684$" + "\n" + r"$W_h \leftarrow 0.662397$"
        assert verdicts(text, "update") == ["wrong", "follows"]

    def test_a_slip_behind_a_right_formula(self) -> None:
        """Each link has its own verdict."""
        text = rf"$W_h \leftarrow W_h - \eta {G} = 0.7 - 0.15 \cdot 0.150684 = 0.684932$"
        assert verdicts(text, "update") == ["right", "rounded", "wrong"]

    def test_vectors(self) -> None:
        """Entry by entry."""
        new = sr.evaluate(sr.loads(VECTORS)).update["b"]
        right = r" \\ ".join(f"{float(entry):.5f}" for entry in new)
        text = rf"$b \leftarrow \begin{{pmatrix}} {right} \end{{pmatrix}}$"
        assert sr.check(text, sr.loads(VECTORS)).findings[0].verdict == "rounded"

    def test_what_comes_after_may_use_the_new_values(self) -> None:
        """The new loss, and the old quantities still."""
        steps = r"""$W_h \leftarrow 0.677397$
$W_x \leftarrow 0.884383$
$b \leftarrow 0.151433$"""
        model, v = known("update")
        after = sr.evaluate(model).update["L"]
        lines = f"{steps}\n$L = {float(after):.5f}$\n$L = {float(v('L')):.6f}$\n$W_h = 0.677397$\n$L = 0.33$"
        assert verdicts(lines, "update") == [*["rounded"] * 5, "right", "wrong"]

    def test_said_again(self) -> None:
        """A summary of the new values is no second step."""
        assert verdicts(r"$W_h \leftarrow 0.677397$" + "\n" + r"$W_h \leftarrow 0.677397$", "update") == ["rounded"] * 2


def test_the_second_step_updates_one_weight_after_the_other() -> None:
    """What was true before the present step is what its gradients are taken at."""
    text = (
        "h_t = w·h_{t-1} + u·x_t，L = ½(h_2 − y)²，学习率 η = 0.1\n"
        "已知 w = 0.5，u = 1，h_0 = 0，x_1 = 1，x_2 = 2，y = 3\n\n"
        "∂L/∂w = −0.5×h_1 = −0.5\n∂L/∂u = −0.5×(x_2 + w·x_1) = −1.25\n"
        "w ← 0.5 − 0.1×(−0.5) = 0.55\nu ← 1 − 0.1×(−1.25) = 1.125\n\n"
        "h_1 = 1.125×1 = 1.125\nh_2 = 0.55×1.125 + 1.125×2 = 2.86875\n"
        "∂L/∂w = −0.13125×1.125 = −0.14766\n∂L/∂u = −0.13125×(2 + 0.55×1) = −0.33469\n"
        "w ← 0.55 + 0.1×0.14766 = 0.56477\nu ← 1.125 + 0.1×0.33469 = NEW\n"
    )
    found = [finding.verdict.value for finding in sr.check(text.replace("NEW", "1.15847")).findings]
    assert set(found) <= {"right", "rounded", "given"}
    found = [finding.verdict.value for finding in sr.check(text.replace("NEW", "1.09153")).findings]
    assert (found.count("wrong"), found[-1]) == (1, "wrong")


def test_a_fixed_point_is_no_update() -> None:
    """`h* = tanh(2h*)` has solutions; one of them may be said behind it."""
    text = "At the fixed point $h^* = 0$. With $w = 2$: $h^* = \\tanh(2h^*)$ gives $h^* \\approx 0.9575$."
    assert {finding.verdict.value for finding in sr.check(text).findings} <= {"given", "right", "rounded"}
