"""Nothing is skipped silently: an equality in whatever dress is judged, listed as unread, or set aside with a word."""

from __future__ import annotations

import pytest

import symrnn as sr
from symrnn.checking.reading.workings import read_working

TEX = "\\documentclass{article}\n\\begin{document}\n%s\n\\end{document}\n"
JUDGED = {
    "a relation by the writer's own command": r"\newcommand{\is}{\;=\;} $2+2 \is 5$",
    "the same by def": r"\def\is{&=} $2+2 \is 5$",
    "words in a formula": r"$\text{so } 2+2 = 5 \text{ and } x$",
    "an equality within words": r"$x \text{ as the sum 2+2 = 5 holds}$",
    "mathematics within words": r"$\text{where $2+2 = 5$ holds}$",
    "between lines": "\\begin{align} a &= 1 \\\\ \\intertext{where $2+2 = 5$ holds} b &= 2 \\end{align}",
    "between lines, shortly": "\\begin{align} a &= 1 \\\\ \\shortintertext{where} 2+2 &= 5 \\end{align}",
    "HTML": "<div>\n<p>2+2 = 5</p>\n</div>",
    "a table of HTML": "<table><tr><td>2+2 = 5</td></tr></table>",
    "a folded part": "<details><summary>x</summary>\n\n2+2 = 5\n\n</details>",
    "a footnote": "Text[^1].\n\n[^1]: 2+2 = 5",
    "a footnote in TeX": TEX % r"Text\footnote{2+2 = 5}.",
    "a caption": TEX % r"\begin{figure}\caption{Here $2+2 = 5$}\end{figure}",
    "items in TeX": TEX % r"\begin{itemize}\item 2+2 = 5 \item $1+1=2$\end{itemize}",
    "a link": TEX % r"\href{https://example.org}{2+2 = 5}",
    "a list in a list": "- a\n  - b\n    - c\n      - $2+2 = 5$",
    "an indented line of an item": "1. Step one\n\n    2+2 = 5\n\n2. b",
    "a quotation": "> > 2+2 = 5",
    "split": "$$\\begin{split} a &= 1 \\\\ 2+2 &= 5 \\end{split}$$",
    "multline": "\\begin{multline} 2+2 \\\\ = 5 \\end{multline}",
    "IEEEeqnarray": "\\begin{IEEEeqnarray}{rCl} 2+2 &=& 5 \\end{IEEEeqnarray}",
    "empheq": "\\begin{empheq}[box=\\fbox]{align} 2+2 &= 5 \\end{empheq}",
    "a position": "$$\\begin{aligned}[t] 2+2 &= 5 \\end{aligned}$$",
    "tabular": TEX % r"\begin{tabular}{c|c} $2+2 = 5$ & $1 = 1$ \\ \end{tabular}",
    "a tag and a label": "\\begin{equation}\\label{eq:a} 2+2 = 5 \\tag{$x=1$} \\end{equation}",
    "a display in an item": "- so\n  $$\n  2+2 = 5\n  $$",
    "a display apart": "text\n$$\n\n2+2 = 5\n\n$$\nmore",
    "letters of mathematics": "𝟐+𝟐 = 𝟓",
    "a question above": r"$2+2 \overset{?}{=} 5$",
    "a number above": r"$2+2 \stackrel{\text{(1)}}{=} 5$",
    "a long sign": r"$2+2 \xlongequal{a} 5$",
    "a sign in braces": r"$2+2 {=} 5$",
    "brackets around all": r"$\left( 2+2 = 5 \right)$",
    "square brackets": "[2+2 = 5]",
    "a sign of the East": "2+2 ≒ 5",
    "a full-width comma": "a = 1，2+2 = 5。b = 3",
    "a block of another word": "```working\n2+2 = 5\n```",
    "a directive": "```{note}\nso $2+2 = 5$\n```",
    "a space before a dollar": r"$2+2 \stackrel{!}{=} 5 $",
    "a broken line": "2+2 \\\n= 5",
    "entities": "2 &plus; 2 &#61; 5",
    "a nice fraction": r"$\nicefrac{8}{2} = 5$",
    "a hyperbolic function": r"$\operatorname{sech}^2(0) + \cosh 0 = 3$",
    "an end of a proof": r"$2+2 = 5 \qedhere$",
    "a system": "$$\\left\\{\\begin{aligned} 2+2 &= 5 \\\\ 1+1 &= 2\\end{aligned}\\right.$$",
}
LISTED = {
    "a whole equality by a command": r"\newcommand{\bad}{2+2 = 5} $\bad$",
    "a substack": r"$\substack{2+2 = 5}$",
    "a style": r"$\mathbf{2+2 = 5}$",
    "a matrix": r"$\begin{matrix}2+2 = 5\end{matrix}$",
    "a remainder": r"$7 \bmod 2 = 5$",
    "MathML": "<math><mn>2</mn><mo>=</mo><mn>5</mn></math>",
    "a denial": r"$2+2 \not\approx 4$",
}
SILENT = (
    r"$\sum_{t=1}^{T} h_t$",
    r"$P(y=1)$ and $h|_{t=2}$",
    r"$\begin{cases} 1 & x = 0 \\ 0 & \text{if } x \ne 0 \end{cases}$",
    r"the sign $=$ and $\approx$",
    r"$x_{\text{a=b}}$",
)


@pytest.mark.parametrize("text", JUDGED.values(), ids=JUDGED.keys())
def test_judged(text: str) -> None:
    """The false equality is found, and nothing else is called wrong."""
    found = [finding for finding in sr.check(text).findings if finding.verdict.value == "wrong"]
    assert len(found) == 1


@pytest.mark.parametrize("text", LISTED.values(), ids=LISTED.keys())
def test_listed(text: str) -> None:
    """What is not read is said."""
    working = read_working(text)
    assert [one.reason for one in working.unread if one.reason]
    assert not working.links


@pytest.mark.parametrize("text", SILENT)
def test_no_noise(text: str) -> None:
    """A relation that states nothing is not listed."""
    assert not read_working(text).unread


def test_programs_are_set_aside() -> None:
    """And the report says so."""
    report = sr.check("```python\nassert 2 + 2 == 5\n```\n\n1 + 1 = 2")
    assert any("set aside" in note.message for note in report.notes)
    assert [finding.verdict.value for finding in report.findings] == ["right"]
