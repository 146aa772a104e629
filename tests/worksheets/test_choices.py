"""Options as students name them: what is denied is not meant, and what is ambiguous is unread."""

from __future__ import annotations

import pytest

from symrnn.worksheets.choices import chosen

VERDICTS = ("vanishes", "explodes", "neither")
CELLS = ("simple cell", "cell state")
LINES = ("3", "4", "5")
LETTERS = tuple("ABCDEF")


class TestVerdicts:
    """Vanishes, explodes or does neither."""

    @pytest.mark.parametrize(
        ("text", "option"),
        [
            ("It vanishes.", "vanishes"),
            ("The gradient is vanishing", "vanishes"),
            ("消失", "vanishes"),
            ("vanishes, does not explode", "vanishes"),
            ("vanishes, not explodes", "vanishes"),
            ("not vanishing but exploding", "explodes"),
            ("vanishes rather than explodes", "vanishes"),
            ("instead of exploding, it vanishes", "vanishes"),
            ("vanishes because |w| is not above 1", "vanishes"),
            ("explodes without bound", "explodes"),
            ("explosion", "explodes"),
            ("~~explodes~~ vanishes", "vanishes"),
            ("不是爆炸而是消失", "vanishes"),
            ("消失，不爆炸", "vanishes"),
            ("does neither", "neither"),
            ("neither vanishes nor explodes", "neither"),
            ("It does not vanish and it does not explode", "neither"),
            ("既不消失也不爆炸", "neither"),
            ("两者都不", "neither"),
        ],
    )
    def test_clear(self, text: str, option: str) -> None:
        """One option is meant."""
        assert chosen(text, VERDICTS) == option

    @pytest.mark.parametrize(
        "text",
        [
            "It does not vanish", "not vanishes", "doesn’t vanish", "It isn't vanishing", "never explodes",
            "non-vanishing", "vanishes not", "vanishing is wrong", "vanishes? no", "不消失", "没有消失", "并非消失",
            "消失是不对的", "explodes or vanishes", "vanishes / explodes", "消失或爆炸",
            "vanishes if |w| < 1, explodes otherwise",
            "does not vanish and explode",
            "It is not true that it does not vanish", "not neither", "yes", "",
        ],
    )  # fmt: skip
    def test_unclear(self, text: str) -> None:
        """Denied without an alternative, two options, or none."""
        assert chosen(text, VERDICTS) is None


class TestOthers:
    """Cells that are compared, numbers of lines, letters of names."""

    @pytest.mark.parametrize(
        ("text", "options", "option"),
        [
            ("in the simple cell, not the cell state", CELLS, "simple cell"),
            ("faster in the simple cell than in the cell state", CELLS, "simple cell"),
            ("the cell state vanishes slower", CELLS, None),
            ("not the simple cell", CELLS, None),
            ("细胞状态不如简单单元快", CELLS, None),
            ("line 3, not 4", LINES, "3"),
            ("not 3", LINES, None),
            ("3 or 4", LINES, None),
            ("7", LINES, None),
            ("F: step Jacobian", LETTERS, "F"),
            ("(f)", LETTERS, "F"),
            ("F, not D", LETTERS, "F"),
            ("F or D", LETTERS, None),
            ("not F", LETTERS, None),
            ("a matrix", LETTERS, None),
        ],
    )
    def test_chosen(self, text: str, options: tuple[str, ...], option: str | None) -> None:
        """The one that is meant, or None."""
        assert chosen(text, options) == option
