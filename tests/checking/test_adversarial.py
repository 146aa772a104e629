"""Workings made to deceive: luck, trivial values, false equalities that end right, several slips, corrections."""

from __future__ import annotations

import pytest

import symrnn as sr
from tests.checking.test_judging import MODEL, judged, verdicts
from tests.support.mistaken_lines import MODELS

GENERIC = MODELS["rnn"]


class TestArithmetic:
    """Without a model."""

    def test_two_slips_are_both_found(self) -> None:
        """The second hangs on nothing wrong; what hangs on both follows from the first."""
        report = judged("0.4 × 0.3 = 0.21\n0.21 + 0.5 = 0.71\n0.7 × 0.3 = 0.12\n0.12 × 0.71 = 0.0852")
        assert [f.verdict.value for f in report.findings] == ["wrong", "follows", "wrong", "follows"]
        assert report.findings[3].follows_from == 0

    def test_a_second_slip_within_what_follows(self) -> None:
        """What hangs on a wrong line can be wrong of itself."""
        assert verdicts("0.5 × 0.5 = 0.30\n0.30 × 3 = 0.9\n0.9 × 0.7 = 0.36") == ["wrong", "follows", "wrong"]

    def test_two_wrongs_that_make_a_right(self) -> None:
        """The value is right again, the equality is not."""
        assert verdicts("0.5 × 0.5 = 0.30\n0.30 × 2 = 0.5\n0.5 × 3 = 1.5") == ["wrong", "lucky", "right"]
        assert verdicts("0.37 × 0.52 = 0.2924\n0.2924 × 2 = 0.3848") == ["wrong", "lucky"]

    def test_a_right_line_after_a_wrong_one(self) -> None:
        """Nothing wrong goes into it."""
        assert verdicts("0.5 × 0.5 = 0.30\n0.7 × 0.9 = 0.63") == ["wrong", "right"]

    def test_a_correction(self) -> None:
        """From there on everything is right."""
        text = "a = 0.37 × 0.52 = 0.2924\na = 0.37 × 0.52 = 0.1924\nb = 2 a = 0.3848\n2 × 0.1924 = 0.3848"
        assert verdicts(text)[1] == "wrong"
        assert set(verdicts(text)[2:]) <= {"given", "right"}

    def test_a_datum_with_the_digits_of_a_wrong_number(self) -> None:
        """A given number is no consequence."""
        assert verdicts("0.5 × 0.5 = 0.31\nx = 0.31\nx × 2 = 0.62")[1:] == ["given", "right"]
        assert verdicts("W = 0.31\n0.5 × 0.5 = 0.31\nW × 2 = 0.62\n0.31 × 2 = 0.62")[2:] == ["right", "right"]

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("0.5 * 1 = 0.5 + 0.25 = 0.85", ["notation", "wrong"]),
            ("0.5 * 1 = 0.5 + 0.25 = 0.75 * 2 = 1.5", ["notation", "notation", "right"]),
            ("0.5 * 1 = 0.6 + 0.25 = 0.85", ["wrong", "right"]),
            ("1.27 × 0.9 = 1 + 0.25 = 1.25", ["wrong", "right"]),
            ("0.33 + 0.33 + 0.33 = 1.00", ["wrong"]),
            ("1/3 + 1/3 + 1/3 = 0.99", ["wrong"]),
            ("0.5 × 0.5 = 0.30 = 0.25", ["wrong", "wrong"]),
        ],
    )
    def test_notation_excuses_no_arithmetic(self, text: str, expected: list[str]) -> None:
        """A run-on equality begins with the very result; rounding is no run-on."""
        assert verdicts(text) == expected

    @pytest.mark.parametrize(
        "text",
        [
            "1/(0.5 - 0.5) = 1",
            "q = ln(0)",
            "q = sqrt(-1)",
            "tanh(1/0) = 1",
            "0/0 = 1",
            "1/(2-2) = 1/(3-3)",
            "0^(-1) = 0",
        ],
    )
    def test_undefined_is_neither_right_nor_wrong(self, text: str) -> None:
        """Even where both sides are the same nonsense."""
        assert verdicts(text) == ["undefined"]


class TestWithAModel:
    """Known quantities."""

    def test_a_trivial_value_buys_nothing(self) -> None:
        """Zero makes every wrong formula come out as zero: the formulas are still wrong."""
        lines = [
            r"$\delta_3 = 0$", r"$\delta_2 = 3 \delta_3 = 0$", r"$\delta_1 = \delta_2 W_x = 0$",
            r"$\frac{\partial L}{\partial W_h} = \delta_3 h_3 + \delta_2 h_2 = 0$",
        ]  # fmt: skip
        right = [r"$\delta_t = \frac{\partial L}{\partial a_t}$"]
        found = judged("\n".join(right + lines), GENERIC).findings
        assert [f.verdict.value for f in found if f.place.line in (3, 5, 7, 9)].count("wrong") >= 4

    def test_a_zero_buys_no_row_of_zeros(self) -> None:
        """Bare zeros below a 0 that is wrong say nothing of how they were computed; a number that it gives follows."""
        zeros = "\n".join(rf"$\frac{{\partial L}}{{\partial {name}}} = 0$" for name in ("h_3", "h_2", "h_1", "W_h"))
        assert verdicts(zeros, MODEL) == ["wrong", "undecided", "undecided", "undecided"]
        assert verdicts("$h_1 = 0$\n$h_2 = 0$\n$h_3 = -0.7616$", MODEL) == ["wrong", "undecided", "follows"]
        slipped = "$h_3 = 0.7616$\n$\\frac{\\partial L}{\\partial h_3} = 0.7616$"
        assert verdicts(slipped, MODEL) == ["wrong", "follows"]

    def test_what_follows_needs_its_formula(self) -> None:
        """With numbers put in, too: 0 · 7 is 0, and no consequence."""
        found = judged(
            "$h_1 = 0$\n$h_2 = \\tanh(7 \\cdot 0) = 0$\n$h_3 = \\tanh(0.7 \\cdot 0 - 9) = -1$", GENERIC
        ).findings
        assert found[0].verdict.value == found[1].verdict.value == "wrong"

    def test_a_sign_that_is_lost_and_found(self) -> None:
        """A wrong sign on one line does not stain the number where it is used with the right one."""
        text = r"""$h_3 = -0.674$
$\frac{\partial L}{\partial h_3} = 0 - (-0.674) = 0.674$
$\delta_3 = -0.674 \cdot (1 - 0.674^2) = -0.368$"""
        assert verdicts(text, MODEL) == ["rounded", "wrong", "follows", "right", "rounded"]

    def test_the_right_value_behind_a_false_equality(self) -> None:
        """Copied from somewhere: lucky, and the formula wrong."""
        found = judged(r"$\frac{\partial L}{\partial h_3} = -0.674 \cdot 1.1 = -0.674$", MODEL).findings
        assert [f.verdict.value for f in found] == ["wrong", "lucky"]
        assert found[0].mistakes == ()

    def test_luck_makes_no_room(self) -> None:
        """A lucky number stands for its own digits, not for what the false side came to."""
        text = r"""$\frac{\partial L}{\partial h_3} = -0.674 \cdot 1.1 = -0.674$
$\delta_3 = -0.674 \cdot 0.5 = -0.368$"""
        assert "rounded" not in verdicts(text, MODEL)

    def test_a_consequence_that_is_right_by_chance(self) -> None:
        """tanh(0.5 · 0.672) is not 0.363, which is h_2."""
        text = r"""$h_1 = \tanh(1) = 0.672$
$h_2 = \tanh(0.5 \cdot 0.672) = 0.363$
$h_3 = \tanh(0.5 \cdot 0.363 - 1) = -0.674$"""
        assert verdicts(text, MODEL) == ["right", "wrong", "follows", "lucky", "right", "rounded"]

    def test_a_correction(self) -> None:
        """The value is written again, rightly; what is computed from it is right."""
        text = "$h_1 = 0.672$\n$h_1 = 0.762$\n$h_2 = \\tanh(0.5 \\cdot 0.762) = 0.363$"
        assert verdicts(text, MODEL)[0] == "wrong"
        assert not set(verdicts(text, MODEL)[1:]) & {"wrong", "follows"}

    def test_independent_slips(self) -> None:
        """One in the forward pass, one in the gradients: both wrong, and what is between follows or is right."""
        text = r"""$h_1 = \tanh(1) = 0.672$
$h_2 = \tanh(0.5 \cdot 0.672) = 0.324$
$h_3 = -0.674$
$\frac{\partial L}{\partial h_3} = 0.674$"""
        assert verdicts(text, MODEL) == ["right", "wrong", "follows", "follows", "rounded", "wrong"]

    def test_the_immediate_reading_holds_for_the_whole_chain(self) -> None:
        """Where ∂ holds as ∂⁺ only, the number behind the formula is that of ∂⁺, too."""
        terms = r"\frac{\partial L}{\partial h_t} \frac{\partial h_t}{\partial W_h}"
        head = rf"\frac{{\partial L}}{{\partial W_h}} = \sum_{{t=1}}^{{3}} {terms}"
        assert verdicts(f"${head} = 0.150684$", GENERIC) == ["right", "rounded"]
        assert verdicts(f"${head} = 0.264607$", GENERIC) == ["right", "wrong"]

    def test_true_at_these_numbers(self) -> None:
        """W_h = W_x hides which one is meant; the formula is false all the same."""
        model = MODEL.replace("W_x = 1.0", "W_x = 0.5")
        assert verdicts(r"$\frac{\partial h_3}{\partial h_2} = W_x (1 - h_3^2)$", model) == ["lucky"]


def test_a_fraction_is_exact() -> None:
    """Whole numbers of a fraction are no rounded results, however many digits they have."""
    text = r"$2 \cdot \tfrac{89}{4} + 4 = \tfrac{193}{4}$"
    assert sr.check(text).findings[0].verdict.value == "wrong"
    assert sr.check(text.replace("193", "194")).findings[0].verdict.value == "right"
