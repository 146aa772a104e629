"""Hostile text: read or refused, within a number of steps that grows with its length only."""

from __future__ import annotations

import string
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processor_time import seconds_of

from symrnn.checking.reading.workings import read_working
from symrnn.checking.verification import check
from symrnn.errors import LimitError, SymrnnError

HOSTILE = {
    "tower": ("$x = 9^{9^{9^9}}$", 1),
    "factorial": ("x = 99999999!", 1),
    "parentheses": ("h = " + "(" * 10_000 + "1" + ")" * 10_000, 1),
    "parentheses in mathematics": ("$h = " + "(" * 9_000 + "1" + ")" * 9_000 + "$", 1),
    "terms": ("x = " + "1 + " * 5_000 + "1", 1),
    "long line": ("x = 1 " * 200_000, 1),
    "import": ("x = __import__('os').system('true')", 0),
    "input": (r"\input{/etc/passwd}" + "\n$a = \\input{b}$", 2),
    "control": ("h = 0.\x005 = 1", 1),
    "invisible": ("h = 0.\u200b5 = 1", 1),
    "override": ("h = \u202e5.0 = 1", 1),
    "huge number": ("x = " + "9" * 5_000, 1),
    "huge exponent": ("x = 1e999999999", 1),
    "huge power": ("x = 2^999999999", 1),
    "deep braces": ("$x = " + "x^{" * 6_000 + "$", 1),
    "brackets around all": ("$" + "(" * 5_000 + "a = b" + ")" * 5_000 + "$", 1),
    "a long formula": ("$" + r"a\overset{b}{=} " * 1_000 + "$", 1),
}
GROWING = {
    "lines": "h_1 = 0.5*0.3 = 0.15\n",
    "formulas": "$\\frac{a_%d}{b} = 0.1$ ",
    "dollars": "$",
    "displays": "$$a\n",
    "ticks": "` `` ",
    "environments": "\\begin{align}\n",
    "squares": "\\[a\n",
    "equals": "a=",
    "stars": "**a*",
    "bullets": "- a\n",
    "tables": "|a|b|\n|-|-|\n",
    "rows": "|$a=b$|\n",
    "tags": "<sub>",
    "links": "[a](",
    "hyphens": "ab-",
    "brackets": "(a=b the ",
    "commas": "1,",
    "words": "word = ",
    "Chinese": "梯度=",
    "braces": "\\{ a=",
    "commands": "$\\foo=1$ ",
    "fences": "```\n",
    "dashes": "--",
    "numbered signs": "$a\\overset{a}{=}b$ ",
    "signs without an end": "\\overset{",
    "words in formulas": "$\\text{so a = b} c$ ",
    "brackets around": "$(a=b)$ ",
    "open brackets": "$(",
    "substacks": "$\\substack{a=b}$ ",
    "determinants": "$\\det ",
    "both signs": "$1 ± 2 = 3$ ",
    "steps": "| 1 | $h$ |\n",
    "definitions": "\\def\\a{=} $b \\a c$ ",
}


PATTERNS = {
    "ticks": "`" * 19_000,
    "ticks on lines": "\n".join("`" * 300 for _ in range(60)),
    "letters in a formula": f"$a = {'a' * 19_000}$",
    "equalities on one line": "a ≠ b 和 " * 2_400,
    "words of condition": "if $" * 4_800,
    "a chain of open links": "dL/dw x = 1 " * 330,
    "what is said of inputs": "all inputs are" + " " * 19_000 + "x",
    "blanks in code": f"```python\nx{' ' * 19_000}!\n```",
    "rounds of a training": "$w = 0.5$\n\n$w \\leftarrow w - 0.2 = 0.3$\n\n" + "Epoch 1\n\n$dL/dw = 2$\n\n" * 600,
    "a formula behind blanks": "$h_t = w h_{t-1} + x_t$" + " " * 19_000 + "x",
}
"""What looks back and ahead would take long for."""


def steps(text: str) -> int:
    """The calls made to read a text: what is counted instead of the time."""
    count = 0

    def tick(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(tick)
    try:
        read_working(text)
    finally:
        sys.setprofile(None)
    return count


class TestHostileText:
    """What is beyond the limits is refused with a reason; nothing is evaluated."""

    @pytest.mark.parametrize("name", HOSTILE)
    def test_refused(self, name: str) -> None:
        """No claim is made of it, and what looks like mathematics is listed."""
        text, count = HOSTILE[name]
        working = read_working(text)
        assert [link.after.text for link in working.links if name not in ("control", "invisible")] == []
        assert len(working.unread) >= count
        assert all(one.reason and len(one.text) <= 200 for one in working.unread)

    def test_too_long(self) -> None:
        """A text of millions of characters is refused before anything looks at it."""
        with pytest.raises(LimitError, match="characters"):
            read_working("a = 1\n" * 400_000)

    @pytest.mark.parametrize("name", GROWING)
    def test_linear(self, name: str) -> None:
        """Twice the text takes about twice the steps, and no more than some hundred for a character."""
        piece = GROWING[name]
        read_working(piece)
        texts = [
            "".join(piece % n if "%d" in piece else piece for n in range(size // len(piece))) for size in (4_000, 8_000)
        ]
        once, twice = map(steps, texts)
        assert twice <= 2.6 * once + 2_000
        assert twice <= 500 * len(texts[1])

    @pytest.mark.parametrize("text", PATTERNS.values(), ids=PATTERNS.keys())
    def test_patterns(self, text: str) -> None:
        """A pattern's search counts as one step, however far it looks: read or refused in 0.3 s, judged in 2 s."""
        read_working(text[:20])
        assert seconds_of(lambda: read_working(text)) < 0.3
        assert seconds_of(lambda: check(text)) < 2


RUNS = (*string.punctuation, " ", "\t", "\n", " \n", "-\n", "#\n", ">\n", "=\n", "0", "a", "第", "，", "（", "\u3000")


def test_runs() -> None:
    """No pattern looks at a run of one sign again from each of its signs: a search is one step, so time is counted."""
    check("1 + 1 = 2")
    for sign in RUNS:
        text = f"x {(sign * 19_000)[:19_000]} x\n\n$1 + 1 = 2$"
        assert seconds_of(lambda text=text: check(text)) < 2, repr(sign)


ALPHABET = st.sampled_from(
    [
        *"abhWxtL=≈<>+-*/^_(){}[]|$\\&%.,;:'!~ \n0159",
        "$$",
        "\\frac",
        "\\begin{cases}",
        "\\end{cases}",
        "\\\\",
        "\\[",
        "\\]",
        "\\text{",
        "h_{t-1}",
        " = 0.5",
        "∂L/∂h",
        "梯度",
        "（",
        "）",
        "，",
        "```",
        "- ",
        "| ",
        "\\tilde",
        "\\sum_",
        "e^{",
        "\u202e",
        "\x00",
        "\u0303",
        "₁",
        "²",
        "dL/dw",
        "tanh(",
        "**",
        "`",
        "<sub>",
        "\\underbrace{",
        "→",
        "⇒",
        "%",
    ]
)


class TestAnyText:
    """Whatever is written, a working comes back."""

    @settings(max_examples=300, deadline=None)
    @given(st.lists(ALPHABET, max_size=60).map("".join))
    def test_any_text(self, text: str) -> None:
        """Nothing is raised; every place points at what it quotes."""
        working = read_working(text)
        for link in working.links:
            for side in (link.before, link.after):
                at = side.place
                assert working.source[at.offset : at.offset + at.length] == side.text
        for one in working.unread:
            assert 0 <= one.place.offset <= len(working.source)

    @settings(max_examples=100, deadline=None)
    @given(st.text(max_size=200))
    def test_any_characters(self, text: str) -> None:
        """Any Unicode."""
        read_working(text)

    @settings(max_examples=100, deadline=None)
    @given(st.binary(max_size=200))
    def test_any_bytes(self, data: bytes) -> None:
        """Bytes are read or refused."""
        try:
            read_working(data)
        except SymrnnError:
            return

    @settings(max_examples=60, deadline=None)
    @given(st.lists(ALPHABET, max_size=60).map("".join))
    def test_same_text_same_reading(self, text: str) -> None:
        """Reading has no memory."""
        assert read_working(text) == read_working(text)
