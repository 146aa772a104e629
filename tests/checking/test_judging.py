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
