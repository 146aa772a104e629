"""Reports: text with a caret, JSON as contracted, SARIF, GitHub, and the annotated document."""

from __future__ import annotations

import json
import re

import pytest

import symrnn as sr
from symrnn.checking.misconceptions import SENTENCES
from symrnn.checking.reports import annotated, machine, terminal
from symrnn.checking.reports.tally import tally_line
from symrnn.checking.reports.unread import unread_words
from symrnn.checking.verdicts import Report
from symrnn.languages import translated

TEXT = "W = 0.5\n\n1/2 × 0.125^2 = 0.0625\n\n2 × 0.0625 = 0.125\n\nx = <script>alert(1)</script> = 2\n"


UNREAD = (
    r"$\input{x} = 1$", "x = 1e999999999", "$x = )( = 3$", "x = ( = 3", "$x = ($", "$x = (1]$", "$x = |a$",
    "$x = 9^{9^{9^9}}$", "$1,5 = 3/2$", "$$\na = 1", "h = \u202e5 = 1", "h = 0.\x005 = 1", "= 3\n\nx",
    "x = " + "9" * 5_000,
    "$x = " + "(" * 300 + "1" + ")" * 300 + "$", "x = 1 " * 5_000, r"$a\overset{b}{=}c\frac{1} = 2$", r"$x = \frac{1}$",
    "$x = 1 +$", "$x = *2$", r"$x = \text 3$", r"$x = \{ = 1$", r"$x = \sqrt[3]{2}$", "$\\sum_i = 3$",
    "$x = \\begin{pmatrix}1 & 2 \\\\ 3\\end{pmatrix}$", "$W_10 = 3$", "x = ☃ = 3", "x = a_ = 3", "x = ~ = 3",
)  # fmt: skip
"""What is not read, for one reason each."""


def report() -> Report:
    """One wrong line, one that follows, one that is no formula."""
    found = sr.check(TEXT, name="working.md")
    assert isinstance(found, Report)
    return found


class TestTerminal:
    """For people."""

    def test_a_caret_under_the_place(self) -> None:
        """Under the relation that fails."""
        lines = terminal.to_text(report()).splitlines()
        at = next(k for k, line in enumerate(lines) if "wrong:" in line)
        assert lines[at].startswith("working.md:3:15: wrong: should be 0.0078125")
        assert lines[at + 1].index("=") == lines[at + 2].index("^")

    def test_wide_letters_move_the_caret(self) -> None:
        """A Chinese letter takes two columns."""
        text = terminal.to_text(sr.check("损失 0.5 × 0.5 = 0.30", name="w.md")).splitlines()
        assert text[2].index("^") == text[1].index("=") + 2

    def test_chinese(self) -> None:
        """Everything but the mathematics."""
        text = terminal.to_text(report(), "zh")
        assert "错误" in text
        assert "缺少平方" in text

    def test_the_tally(self) -> None:
        """Counts in one line."""
        line = tally_line(sr.check("0.5 × 0.5 = 0.25\n\n0.25 + 0.25 = 0.6\n\n0.6 × 2 = 1.2"))
        assert line == "3 links: 1 right, 1 wrong, 1 follow"

    def test_nothing_steers_the_terminal(self) -> None:
        """What a student wrote is shown without control and direction characters."""
        text = terminal.to_text(sr.check("1+1 = 3 \x1b[31mred\n\n\x1b]0;t\x07x = ( \u202e3\n", name="\x1bw.md"))
        assert not any(sign in text for sign in "\x1b\x07\u202e")
        assert "w.md:1:9: 3 \N{REPLACEMENT CHARACTER}" in text

    @pytest.mark.parametrize("text", UNREAD)
    def test_what_is_not_read_is_said_in_chinese(self, text: str) -> None:
        """Every reason has a form in the catalogue, the narrowest one."""
        unread = sr.check(text).unread
        assert unread
        for one in unread:
            said = unread_words(one.reason, "zh")
            assert re.search("[\u4e00-\u9fff]", said), one.reason
            assert not re.search("[a-z]{2,} [a-z]{2,}", said), said


class TestMachines:
    """Stable keys and ids."""

    def test_json(self) -> None:
        """DESIGN's contract, key by key."""
        found = json.loads(machine.to_json([report()]))
        chinese = json.loads(machine.to_json([report()], "zh"))
        assert chinese["unread"][0]["reason"] != found["unread"][0]["reason"]
        assert chinese["links"][1]["mistakes"][0]["sentence"] != found["links"][1]["mistakes"][0]["sentence"]
        assert set(found) >= {"links", "first_wrong", "unread", "tally"}
        link = found["links"][found["first_wrong"]]
        assert set(link) >= {
            "file", "line", "column", "text", "verdict", "written", "expected", "follows_from", "mistakes",
        }  # fmt: skip
        assert (link["file"], link["line"], link["verdict"], link["expected"]) == (
            "working.md",
            3,
            "wrong",
            "0.0078125",
        )
        assert set(link["mistakes"][0]) >= {"id", "name", "sentence", "wrong", "right", "corrected"}
        follower = next(one for one in found["links"] if one["verdict"] == "follows")
        assert found["links"][follower["follows_from"]] == link

    def test_several_files_are_one_object(self) -> None:
        """Indices count on."""
        found = json.loads(machine.to_json([report(), report()]))
        count = len(report().findings)
        followers = [one["follows_from"] for one in found["links"] if one["follows_from"] is not None]
        assert followers == [followers[0], followers[0] + count]

    def test_sarif(self) -> None:
        """A result for each finding, with a rule that is declared."""
        run = json.loads(machine.to_sarif([report()], "1.0"))["runs"][0]
        rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
        assert [result["ruleId"] in rules for result in run["results"]] == [True, True]
        assert run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 3

    def test_github(self) -> None:
        """Workflow commands on one line each."""
        lines = machine.to_github([report()]).splitlines()
        assert lines[0].startswith("::error file=working.md,line=3,col=15,title=SR")
        assert lines[1].startswith("::warning ")


class TestDocuments:
    """The text itself, marked; nothing of it becomes markup."""

    @pytest.mark.parametrize("to", ["html", "markdown", "latex"])
    def test_every_line_is_there(self, to: str) -> None:
        """And what was found beside it."""
        text = annotated.to_document(report(), to)
        assert "0.0078125" in text
        assert "0.125" in text

    def test_html_escapes(self) -> None:
        """A student's text is hostile."""
        text = annotated.to_document(report(), "html")
        assert "<script>" not in text
        assert "<mark>=</mark>" in text

    def test_latex_escapes(self) -> None:
        r"""`\input` stays letters."""
        text = annotated.to_document(sr.check("x = 1\n\n\\input{/etc/passwd} = 2"), "latex")
        assert r"\input{" not in text


def test_every_sentence_is_translated() -> None:
    """The table of mistakes, in Chinese."""
    assert [one for one in SENTENCES.values() if translated(one, "zh", "check") == one] == []


def test_a_report_says_itself() -> None:
    """In one line."""
    assert str(sr.check("0.5 × 0.5 = 0.25\n\n0.5 × 0.5 = 0.31")) == "2 links, 1 right, 1 wrong (the first in line 3)"
