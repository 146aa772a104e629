"""What follows from the writer's own values, also over quantities that the text leaves out."""

from __future__ import annotations

import pytest

import symrnn as sr
from tests.checking.test_choosing import HARD
from tests.checking.test_judging import MODEL


def verdicts(text: str, model: str = MODEL) -> list[str]:
    """The verdict of every line."""
    return [finding.verdict.value for finding in sr.check(text, sr.loads(model)).findings]


class TestWhatIsLeftOut:
    """A text that gives no a_t, or leaves out a step."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("h_1 = 0.9\nh_2 = 0.4219", ["wrong", "follows"]),
            ("h_1 = 0.9\nh_2 = 0.4319", ["wrong", "wrong"]),
            ("h_1 = 0.9\nh_3 = -0.6579", ["wrong", "follows"]),
            ("h_1 = 0.9\nh_3 = -0.6678", ["wrong", "wrong"]),
            ("h_1 = 0.9\nL = 0.2164", ["wrong", "follows"]),
            ("h_1 = 0.9\nL = -0.2164", ["wrong", "wrong"]),
            ("h_3 = -0.5\ndL/dh_2 = -0.1875", ["wrong", "follows"]),
            ("h_3 = -0.5\ndL/dh_2 = -0.2275", ["wrong", "wrong"]),
        ],
    )
    def test_a_mistake_is_carried_over_it(self, text: str, expected: list[str]) -> None:
        """Its consequences follow, and a new slip is still found."""
        assert verdicts(text) == expected

    def test_rounding_is_carried_over_it(self) -> None:
        """h_1 in one digit: tanh(0.5 · 0.8) = 0.38, where the true h_2 is 0.3634."""
        assert verdicts("h_1 = 0.8\nh_2 = 0.38") == ["rounded", "rounded"]
        assert verdicts("h_1 = 0.8\nh_2 = 0.42") == ["rounded", "wrong"]
        assert verdicts("h_1 = 0.7616\nh_2 = 0.38") == ["rounded", "wrong"]

    def test_what_cannot_be_judged_makes_no_room(self) -> None:
        """s may be h or a: what agrees with its numbers alone is not judged either, and never called rounded."""
        found = sr.check("$s_1 = 0.35$\n\n$s_2 = 9.75$\n\n$s_3 = 1$", sr.loads(HARD)).findings
        assert [finding.verdict.value for finding in found] == ["undecided"] * 3
