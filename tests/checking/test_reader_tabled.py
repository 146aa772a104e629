"""Rows of tables as equalities, and tables that state none."""

from __future__ import annotations

import pytest

import symrnn as sr
from symrnn.checking.reading.workings import read_working

MODEL = """+++
[cell]
kind = "rnn"
activation = "tanh"
[sequence]
x = [1, 0, 1]
[parameters]
W_h = 0.6
W_x = 0.5
b = 0
+++

"""


def table(*rows: str) -> str:
    """A Markdown table; the first row is its head."""
    columns = rows[0].count("|") + 1
    return "\n".join(f"| {row} |" for row in (rows[0], "|".join(["---"] * columns), *rows[1:])) + "\n"


def verdicts(text: str) -> list[str]:
    """Of every link."""
    report = sr.check(text)
    assert not report.unread
    return [finding.verdict.value for finding in report.findings]


class TestStated:
    """What the head says clearly is judged."""

    @pytest.mark.parametrize("step", ["t", "$t$", "step", "时间步"])
    def test_a_column_of_steps(self, step: str) -> None:
        """Each number is a claim about its step; what hangs on a wrong one follows."""
        head = f"{step} | $a_t$ | $h_t$"
        good = MODEL + table(head, "1 | 0.5 | 0.4621", "2 | 0.2773 | 0.2704", "3 | 0.6622 | 0.5798")
        assert set(verdicts(good)) <= {"right", "rounded"}
        slip = MODEL + table(head, "1 | 0.5 | 0.4621", "2 | 0.2773 | 0.3704", "3 | 0.7222 | 0.6182")
        assert verdicts(slip)[3:] == ["wrong", "follows", "follows"]
        assert next(f for f in sr.check(slip).findings if f.verdict.value == "wrong").place.line == slip.count("\n") - 1

    def test_a_formula_in_the_head(self) -> None:
        """`h_t = tanh(a_t)` above names the column, and is a claim itself."""
        head = r"$t$ | $a_t = 0.6 h_{t-1} + 0.5 x_t$ | $h_t = \tanh(a_t)$"
        assert verdicts(MODEL + table(head, "1 | 0.5 | 0.4621", "2 | 0.4 | 0.3799"))[-2:] == ["wrong", "follows"]

    def test_a_row_of_steps(self) -> None:
        """`| t | 1 | 2 |`."""
        assert verdicts(MODEL + table("t | 1 | 2", "h_t | 0.4621 | 0.9"))[-2:] == ["rounded", "wrong"]

    def test_powers(self) -> None:
        """`0.9^n` at each n."""
        text = table("n | $0.9^n$ | $1.1^n$", "10 | 0.3487 | 2.594", "50 | 0.00515 | 127.39")
        assert verdicts(text) == ["rounded", "rounded", "rounded", "wrong"]

    @pytest.mark.parametrize(
        "head", ["quantity | expression | value", "量 | 算式 | 结果", "gate | calculation | result"]
    )
    def test_values_of_formulas(self, head: str) -> None:
        """A name, how it is computed, what it is."""
        text = table(head, "$h_1$ | $0.5*1 + 0.5*0$ | 0.5", "h_2 | 0.5*0.5 + 0.5 | 0.78")
        assert verdicts(text) == ["given", "right", "given", "wrong"]

    def test_a_value_alone(self) -> None:
        """`| quantity | value |`."""
        assert verdicts(MODEL + table("quantity | value", "$h_1$ | 0.4621", "$h_2$ | 0.9")) == ["rounded", "wrong"]

    def test_names_over_their_values(self) -> None:
        """`| W_h | b |` above one row of numbers is what is given; above several rows, or under an index, it is not."""
        assert verdicts(table("$W_h$ | $b$ | $h_0$", r"$0.5$ | $-\tfrac{3}{4}$ | $\ln 2$")) == ["given"] * 3
        assert verdicts(table("$W_h$ | $b$", "0.5 | 0.1", "0.6 | 0.2") + "\n2 + 2 = 4") == ["right"]
        assert verdicts(table("$k$ | $p_k$", "1 | 0.5") + "\n2 + 2 = 4") == ["right"]


class TestSilent:
    """Tables that may mean something else state nothing."""

    @pytest.mark.parametrize(
        "text",
        [
            table("parameter | old value | gradient", "W_h | 0.5 | 0.2"),
            table("parameter | update | value", "W_h | 0.5 - 0.1*0.2 | 0.48"),
            table("q | expr | number of steps", "W_h | 0.5 - 0.1*0.2 | 3"),
            table("step | loss | learning rate", "1 | 0.5 | 0.1"),
            table("epoch | h_t", "1 | 0.5"),
            table("k | p_k", "1 | 0.5"),
            table("t | $h_t$ before | note", "1 | 0.5 | 0.7"),
            table("quantity | value", "learning rate | fast", "layers | three"),
        ],
    )
    def test_nothing_is_claimed(self, text: str) -> None:
        """With a model as without."""
        assert verdicts(MODEL + text) == []

    def test_places(self) -> None:
        """Every side points at what it quotes."""
        working = read_working(MODEL + table("$t$ | $h_t$", "1 | 0.4621"))
        for link in working.links:
            for side in (link.before, link.after):
                at = side.place
                assert working.source[at.offset : at.offset + at.length] == side.text
