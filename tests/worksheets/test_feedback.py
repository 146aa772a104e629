"""The page a student reads: every answer with a reason that fits it."""

from __future__ import annotations

import pytest
from worksheet_models import class_of

from symrnn.worksheets.feedback import feedback_document
from symrnn.worksheets.keys import Made, key_json, read_key
from symrnn.worksheets.marking import mark_sheet
from symrnn.worksheets.pages import Looks
from symrnn.worksheets.quoting import quoted
from symrnn.worksheets.submissions import Submission


def said(name: str, tasks: str, answers: dict[str, str]) -> str:
    """The page in one line, for answers by quantity."""
    made = class_of(name, tasks)
    folder = read_key(key_json([Made(made.sheet(1))], made, Looks()))
    sheet = folder.sheet("1-001")
    ids = {question.key: question.id for question in sheet.questions}
    marked = mark_sheet(folder, Submission(sheet.id, {ids[key]: text for key, text in answers.items()}))
    return " ".join(feedback_document(marked, "en").to_text().split())


class TestReasons:
    """What is said behind an answer."""

    def test_options_are_no_numbers(self) -> None:
        """Neither unread nor wrong ones."""
        text = said("tanh", "regime", {"verdict": "It does not vanish"})
        assert "could not be read as one of the options. Write one of the options, and only one. Right is:" in text
        assert "as a number" not in text

    def test_nothing_is_quoted_where_nothing_was_written(self) -> None:
        """`No answer.` alone."""
        text = said("tanh", "forward", {})
        assert "Your answer:" not in text
        assert "No answer." in text

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("[[1, 2]]", "2 × 2 numbers are asked for; there are 1 × 2."),
            ("[1, 2, 3]", "2 × 2 numbers are asked for; there are 3."),
        ],
    )
    def test_the_shape(self, text: str, reason: str) -> None:
        """Both shapes, and not that no mistake is known."""
        page = said("linear2", "bptt", {"dL/dW_h": text})
        assert reason in page
        assert "No known mistake" not in page

    def test_one_number_is_asked(self) -> None:
        """A vector is none."""
        assert "A vector stands where one number is asked for." in said("tanh", "forward", {"h[1]": "[1, 2]"})

    def test_units(self) -> None:
        """The word that is too much."""
        assert "Write the number alone, without apples." in said("tanh", "forward", {"h[1]": "2 apples"})

    def test_lines_in_their_order(self) -> None:
        """Those that a line uses."""
        assert "It uses (2), (4)." in said("tanh", "", {"dh[2]/dh[0]": "17"})

    def test_a_count_off_by_one(self) -> None:
        """Speaks of the count, not of a step t."""
        made = class_of("tanh", "compare")
        count = next(q for q in made.sheet(1).questions if q.key == "N_C").answer[0][0].value
        text = said("tanh", "compare", {"N_C": f"{count - 1} steps"})
        assert "The count is one too large or too small" in text
        assert "T - t" not in text


class TestQuoting:
    """Mathematics as it reads."""

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            (r"$-\frac{11}{6} \approx -1.83$", "-11/6 ≈ -1.83"),
            (r"\frac{1 + h_1}{2}", "(1 + h_1)/2"),
            (r"\delta_{2} h_{1}^\top + \dfrac12", "δ_2 h_1^T + 1/2"),
            (r"\left(1 - h_2^{2}\right) \odot \text{x}", "(1 - h_2²) ⊙ x"),
            ("no $5 bill", "no $5 bill"),
            ("a" * 300, "a" * 200 + "…"),
            ("\\" * 5_000, ""),
        ],
    )
    def test_quoted(self, text: str, shown: str) -> None:
        """Commands of LaTeX as signs; other text as it is."""
        assert quoted(text) == shown
