"""The smallest factor or summand that differs: what is said of it, and where the mark stands."""

from __future__ import annotations

import pytest

import symrnn as sr
from symrnn.checking.reports.terminal import to_text
from symrnn.checking.verdicts import Finding
from tests.support.mistaken_lines import LINES, known

SAID = {
    "R01": "missing in the sum: ∂L/∂a_1 h_0 + ∂L/∂a_2 h_1",
    "R02": "missing in the sum: ∂L/∂a_1 h_0",
    "R03": "h_3 should be h_2",
    "R05": "h_2 should be h_2²",
    "R06": "h_2 (1 - h_2) should be 1 - h_2²",
    "R07": "h_2^2 has the wrong sign",
    "R08": "1 - h_3² is missing",
    "R09": "(1 - h_2^2) should be 1 - h_3²",
    "R11": "2 does not belong here",
    "R12": r"\frac{1}{2} does not belong here",
    "R13": "W_h is missing",
    "R14": "W_x should be W_h",
    "R18": r"\frac{1}{3} does not belong here",
    "R26": "missing in the sum: h_2 - y_2",
    "R27": "W_h should be W_hᵀ",
    "R28": r"h_2 \delta_3^\top should be ∂L/∂a_3 h_2ᵀ",
    "R30": r"W_h \operatorname{diag}(1 - h_3^2) should be diag(1 - h_3²) W_h",
    "R32": r"\frac{\partial h_1}{\partial h_0} does not belong here",
    "R36": "(1 - h_3^2) does not belong here",
    "L01": "1 - tanh²(c_3) is missing",
    "L02": "c_3^2 should be tanh²(c_3)",
    "L03": "o_3 is missing",
    "L05": r"\tilde{c}_2 should be c_1",
    "L08": "f_2 is missing",
    "L10": "f_2 should be f_3",
    "L11": "missing in the sum: f_3 ∂L/∂c_3",
    "L14": "c_2 should be tanh(c_2)",
    "G02": "missing in the sum: z_3 ∂L/∂h_3",
    "G03": r"\tilde{h}_2 - h_1 has the wrong sign",
    "G04": "r_3 is missing",
}


def wrong(text: str, model: str | None = None) -> Finding:
    """The first wrong link."""
    report = sr.check(text, None if model is None else known(model)[0])
    assert report.first_wrong is not None
    return report.findings[report.first_wrong]


@pytest.mark.parametrize("line", [line for line in LINES if line.row in SAID and line.head != r"\delta_3"], ids=str)
def test_formulas(line: object) -> None:
    """Of a formula, the factor or summand that the mistake is in, whatever is right around it."""
    piece = wrong(f"${line.head} = {line.formula}$", line.model).piece  # type: ignore[attr-defined]  # a Mistaken
    assert piece is not None
    if (line.row, line.head[-3:]) != ("R04", "W_x"):  # type: ignore[attr-defined]
        assert str(piece.reason) == SAID[line.row]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("1/2 × 0.125^2 = 0.0625", "0.125^2"),
        ("0.7 × (1 - 0.46^2) = 0.378", "0.46^2"),
        ("0.3 + 0.5 × 0.25 × 2.4 = 0.425", "0.5 × 0.25 × 2.4"),
    ],
)
def test_slips(text: str, piece: str) -> None:
    """Of displayed arithmetic, the part that was computed wrongly."""
    found = wrong(text).piece
    assert found is not None
    assert found.text == piece
    assert text[found.place.column - 1 :].startswith(piece)


def test_numbers_put_in() -> None:
    """Each number is compared with what should stand there."""
    v = known("lstm")[1]
    cell, gradient = float(v("c", 2)), float(v.g("c", 2))
    text = rf"$\frac{{\partial L}}{{\partial f_2}} = {gradient:.6f} \cdot {cell:.6f} = {gradient * cell:.6f}$"
    piece = wrong(text, "lstm").piece
    assert piece is not None
    assert str(piece.reason) == f"{cell:.6f} should be c_1"


def test_the_place_in_a_text() -> None:
    """Line and column point into the source; the terminal marks the part beside the relation."""
    text = "# Working\n\nSome words: 中 $\\frac{\\partial h_3}{\\partial h_2} = W_h (1 - h_2^2)$ and more.\n"
    finding = wrong(text, "rnn")
    assert finding.piece is not None
    line = text.split("\n")[finding.piece.place.line - 1]
    assert line[finding.piece.place.column - 1 :].startswith("(1 - h_2^2)")
    lines = to_text(sr.check(text, known("rnn")[0])).split("\n")
    marks = next(one for one in lines if "~" in one)
    assert marks.count("~") == len("(1 - h_2^2)")
    assert marks.index("^") < marks.index("~")


def test_over_several_lines() -> None:
    """A display that is broken: the line of the part."""
    text = "$$\n\\frac{\\partial h_3}{\\partial h_2}\n= W_h\n(1 - h_2^2)\n$$\n"
    piece = wrong(text, "rnn").piece
    assert piece is not None
    assert (piece.place.line, piece.place.column, piece.text) == (4, 1, "(1 - h_2^2)")


def test_nothing_in_common_says_nothing() -> None:
    """Then the expected value has to do."""
    assert wrong(r"$\delta_2 = 3 x_1 + 7$" + "\n\n" + r"$\delta_3 = 0.177075$", "rnn").piece is None
