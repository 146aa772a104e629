"""The page a student reads: every answer with a reason that fits it."""

from __future__ import annotations

import re

import pytest
from worksheet_models import class_of

from symrnn.documents.document import Document
from symrnn.worksheets.feedback import feedback_document
from symrnn.worksheets.keys import Made, answer_text, key_json, read_key
from symrnn.worksheets.marking import mark_sheet
from symrnn.worksheets.pages import Looks
from symrnn.worksheets.quoting import quoted
from symrnn.worksheets.submissions import Submission


def said(name: str, tasks: str, answers: dict[str, str]) -> str:
    """The page in one line, for answers by quantity."""
    return " ".join(marked_page(name, tasks, answers).to_text().split())


def marked_page(name: str, tasks: str, answers: dict[str, str], language: str = "en") -> Document:
    """The page, for answers by quantity."""
    made = class_of(name, tasks)
    folder = read_key(key_json([Made(made.sheet(1))], made, Looks()))
    sheet = folder.sheet("1-001")
    ids = {question.key: question.id for question in sheet.questions}
    marked = mark_sheet(folder, Submission(sheet.id, {ids[key]: text for key, text in answers.items()}))
    return feedback_document(marked, language)


class TestReasons:
    """What is said behind an answer."""

    def test_options_are_no_numbers(self) -> None:
        """Neither unread nor wrong ones."""
        text = said("tanh", "regime", {"verdict": "It does not vanish"})
        assert (
            "could not be read as one of the options. Write one of the options, and only one. The right option:" in text
        )
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

    @pytest.mark.parametrize(
        ("tasks", "key", "text"), [("forward", "h[1]", "d_1 + 1"), ("derive", "formula dL/dh[2]", "d1*h2")]
    )
    def test_names_that_are_none(self, tasks: str, key: str, text: str) -> None:
        """As they are written."""
        page = said("tanh", tasks, {key: text})
        assert "d_1" in page.partition(text)[2]
        assert "d[1]" not in page

    def test_lines_in_their_order(self) -> None:
        """Those that a line uses."""
        assert "It uses (2), (4)." in said("tanh", "", {"dh[2]/dh[0]": "17"})

    def test_why_an_option_is_right(self) -> None:
        """The reason that the next question asks for in words; nothing more where the option was right."""
        made = class_of("tanh", "regime").sheet(1)
        (verdict,) = [question for question in made.questions if question.key == "verdict"]
        wrong = next(option for option in verdict.options if option != verdict.answer)
        assert "Each step multiplies the gradient by at most" in said("tanh", "regime", {"verdict": wrong})
        assert "Each step multiplies" not in said("tanh", "regime", {"verdict": str(verdict.answer)})

    def test_long_own_values_are_told_as_decimals(self) -> None:
        """What comes out of rounded numbers, in four digits."""
        text = said("tanh", "forward", {"h[1]": "0.1234", "a[2]": "1", "h[2]": "0.7656", "L": "17"})
        assert re.search(r"With your own values from before, 0\.\d{4,6} would have had all the points", text)

    def test_own_values_that_lead_to_the_right_one(self) -> None:
        """Nothing is said of them: all before was right, and rounded."""
        made = class_of("tanh2", "forward").sheet(1)
        keys = [question.key for question in made.questions]
        right = {question.key: answer_text(question, made) for question in made.questions}
        answers = {key: right[key] for key in keys[: keys.index("h[2]")]} | {"h[2]": "[17, 18]"}
        assert "With your own values" not in said("tanh2", "forward", answers)

    def test_names_in_sentences_are_set(self) -> None:
        """δ_T as mathematics in either language."""
        answers = {"dL/dh[2]": "1/3", "dL/da[2]": "1/3"}
        for language, sentence in (("en", "a factor of"), ("zh", "最后一步也有激活函数")):
            page = marked_page("tanh", "bptt", answers, language).to_html()
            assert sentence in page and 'alttext="δ_T"' in page

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
            (r"\frac{\partial L}{\partial W_{h}} = \partial{L}", "∂L/∂W_h = ∂L"),
            ("no $5 bill", "no $5 bill"),
            ("a" * 300, "a" * 200 + "…"),
            ("\\" * 5_000, ""),
        ],
    )
    def test_quoted(self, text: str, shown: str) -> None:
        """Commands of LaTeX as signs; other text as it is."""
        assert quoted(text) == shown
