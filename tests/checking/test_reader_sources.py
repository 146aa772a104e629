"""Where a text comes from and where its claims stand: encodings, files, notebooks, tables, places."""

from __future__ import annotations

import json

import pytest
from spoken_trees import spoken, spoken_claim

from symrnn.checking.reading.workings import read_working
from symrnn.errors import InputError

LINE = "损失 L = ½(1.0 − 0.875)² = 0.0078125"


class TestEncodings:
    """The bytes say what they are."""

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_unicode(self, encoding: str) -> None:
        """With and without a mark."""
        working = read_working(f"第一行\r\n{LINE}\r\n".encode(encoding))
        assert [link.place.label() for link in working.links] == ["<text>:2:6", "<text>:2:24"]

    def test_gbk(self) -> None:
        """What is no UTF-8 is read as Chinese."""
        (line,) = read_working("损失 L ＝ 0.5，梯度消失".encode("gbk")).lines
        assert spoken_claim(line.claims[0]) == "L = 0.5"

    def test_neither(self) -> None:
        """Bytes that are no text are refused."""
        with pytest.raises(InputError, match="neither UTF-8 nor GB 18030"):
            read_working(b"h = \xff\xff\xff1")


class TestPlaces:
    """Every side, relation and reason has its place."""

    def test_sides(self) -> None:
        """Offsets point into the source, at exactly what is quoted."""
        text = (
            "# A\n\nText, $h_2 = 0.5 \\cdot 0.5$ and\n\n> - **h_3** = 0.25 + 0.5 = 0.75.\n\n"
            "| a | $|w| = 1$ |\n|---|---|\n| x = 2 | `y = 3` |\n"
        )
        working = read_working(text, "a.md")
        for link in working.links:
            for side in (link.before, link.after):
                at = side.place
                assert (
                    text[at.offset : at.offset + at.length].replace("*", "").strip()
                    == side.text.replace("*", "").strip()
                )
                assert text.split("\n")[at.line - 1][at.column - 1 :].startswith(side.text.split("\n")[0])
            assert text[link.place.offset] == link.relation
        assert [link.place.line for link in working.links] == [3, 5, 5, 7, 9, 9]
        assert working.lines[0].section == "A"

    def test_continued_sides(self) -> None:
        """A side that goes over a line end keeps its place."""
        text = "$$h = 0.5\n  + 0.3\n  = 0.8$$"
        (first, second) = read_working(text).links
        assert first.after.text == "0.5\n  + 0.3"
        assert second.place.line == 3

    def test_lead_and_headings(self) -> None:
        """The words before a formula and the headings above it."""
        text = "# Forward\n## Step 2\nIf we assume $h_1 = 0.5$, then\n# Backward\nx = 1"
        first, second = read_working(text).lines
        assert first.headings == ("Forward", "Step 2")
        assert first.lead == "If we assume $"
        assert second.headings == ("Backward",)

    def test_reason(self) -> None:
        """The place of what could not be read, not of its line."""
        (unread,) = read_working(r"so $a = 1 + \foo{2}$").unread
        assert (unread.place.column, unread.text) == (13, r"1 + \foo{2}")


class TestFiles:
    """The content decides what a text is."""

    TEX = r"""\documentclass{article}
\newcommand{\unused}[1]{#1 = 2}
% a comment $a = b$
\begin{document}
\section{Forward}
We have $h_1 = 0.5$ \includegraphics[width=0.5\textwidth]{a.png} and \textbf{more}.
\begin{equation}\label{eq:x}
  L = \frac12 (1 - 0.75)^2 = 0.03125 \tag{3}
\end{equation}
\begin{gather*}
\delta_2 = -0.25 \\
\delta_1 = W_h \delta_2
\end{gather*}
\begin{verbatim}
h2 = tanh(0.7) % value
\end{verbatim}
\input{chapter2}
\end{document}
"""

    def test_tex(self) -> None:
        """Environments, comments, verbatim lines, sections; another file is not followed, and that is said."""
        working = read_working(self.TEX)
        assert [spoken_claim(claim) for line in working.lines for claim in line.claims] == [
            "h_<1> = 0.5",
            "L = [{1 | 2} & ((+ 1, - 0.75))**2] = 0.03125",
            "delta_<2> = (- 0.25)",
            "delta_<1> = [W_<h> & delta_<2>]",
            "h_<2> = tanh(0.7)",
        ]
        assert {line.section for line in working.lines} == {"Forward"}
        assert [(one.text, one.reason) for one in working.unread] == [
            (r"\input{chapter2}", "another file, which is not followed")
        ]

    def test_macros(self) -> None:
        """The writer's own commands are put in; one that grows without end is left as it stands, unread."""
        text = (
            r"\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}} \def\dd#1{\delta_{#1}} \newcommand\w{W_h}"
            "\n" + r"\newcommand{\loop}{\loop\loop}" + "\n\n" + r"$\pd{L}{h_2} = \w x = \dd 3$ and $a = \loop$"
        )
        working = read_working(text)
        assert [spoken_claim(line.claims[0]) for line in working.lines] == ["{∂:L | ∂:h_<2>} = [W_<h> & x] = delta_<3>"]
        assert working.links[0].before.text == r"\pd{L}{h_2}"
        assert [one.reason for one in working.unread] == [r"the unknown command \loop"]

    def test_notebook(self) -> None:
        """Markdown cells are read, code cells set aside; places count within the cell."""
        cells = [
            {"cell_type": "markdown", "source": ["# A\n", "$h_1 = 0.5$\n"]},
            {"cell_type": "code", "source": "h = 1", "outputs": []},
            {"cell_type": "markdown", "source": "x\n\n$h_2 = 0.75$"},
        ]
        working = read_working(json.dumps({"nbformat": 4, "cells": cells}), "a.ipynb")
        assert [line.place.label() for line in working.lines] == ["a.ipynb:cell 1:2:2", "a.ipynb:cell 3:3:2"]
        assert [(one.place.cell, one.reason) for one in working.set_aside] == [(2, "a code cell of a notebook")]

    @pytest.mark.parametrize("text", ['{"nbformat": 4, "cells": 3}', '{"nbformat": 4, "cells": [' + "[" * 9000])
    def test_broken_notebook(self, text: str) -> None:
        """Broken JSON, however deep, is an input error."""
        with pytest.raises(InputError, match="JSON is broken"):
            read_working(text)

    @pytest.mark.parametrize("fence", ["---", "+++"])
    def test_front_matter(self, fence: str) -> None:
        """TOML before the text is the model, not a claim."""
        working = read_working(f'{fence}\n[cell]\nkind = "rnn"\n{fence}\nh = 1\n')
        assert working.front_matter == '[cell]\nkind = "rnn"\n'
        assert [line.place.line for line in working.lines] == [5]

    def test_fences(self) -> None:
        """Blocks of mathematics and of plain lines are read, programs are set aside, and that is said."""
        text = "```math\na = 1\n```\n```\nb1 = 2\n```\n```py\nc = 3\n```\n    d = 4\n$`e = 5`$\n"
        working = read_working(text)
        assert [spoken_claim(line.claims[0]) for line in working.lines] == ["a = 1", "b_<1> = 2", "d = 4", "e = 5"]
        assert [one.reason for one in working.set_aside] == ["a block of py, which is a program"]

    def test_rows(self) -> None:
        """A table's rows keep their cells, and a bar within mathematics divides none."""
        text = "| gate | value |\n|---|---|\n| $|f|$ | **0.5** |\n\nRNN: 1.00 0.80 0.64 ← 0.8^(12−t)\n"
        first, second = read_working(text).rows
        assert [cell.tree and spoken(cell.tree) for cell in first.cells] == ["abs(f)", "0.5"]
        assert first.titles == ("gate", "value")
        assert [cell.text for cell in second.cells] == ["RNN:", "1.00", "0.80", "0.64", "0.8^(12−t)"]
        assert read_working(text).unread == ()

    def test_quotation(self) -> None:
        """A display in a quotation is read without its marks."""
        (line,) = read_working("> $$\n> h = 1\n>   + 2\n> $$\n").lines
        assert spoken_claim(line.claims[0]) == "h = (+ 1, + 2)"
