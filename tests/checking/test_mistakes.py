"""Every row of the table, in a line written by hand: found, at its line, and named; what hangs on it follows."""

from __future__ import annotations

import re

import numpy as np
import pytest

import symrnn as sr
from symrnn.checking.misconceptions import TABLE
from symrnn.checking.verdicts import Finding, Report
from tests.support.mistaken_lines import LINES, Mistaken, Values, known

MOST_NAMED = 3
NAMELESS_NUMBERS = frozenset({"R29"})
"""One number where a vector should stand may be one of its components: as a number alone it is left open."""

IMMEDIATE = frozenset({"R19"})
"""As a formula it is the textbook's, which writes ∂ for the immediate partial ∂⁺: its numbers alone tell."""


def each(lines: list[Mistaken]) -> pytest.MarkDecorator:
    """A test for each of some lines."""
    return pytest.mark.parametrize("line", lines, ids=str)


def shown(value: object) -> str:
    """A number, a vector or a matrix with six decimals."""
    rows = np.asarray(value, dtype=float)
    if rows.size == 1:
        return f"{rows.reshape(-1)[0]:.6f}"
    columns = rows.reshape(len(rows), -1)
    body = r" \\ ".join(" & ".join(f"{entry:.6f}" for entry in row) for row in columns)
    return rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"


def before(line: Mistaken, v: Values) -> list[str]:
    """What a working has above: the forward pass, and the gradients of other steps."""
    names = {"f", "i", "o", "z", "r", "h", "c"} | ({"a"} if "a[1]" in v.values else set())
    lines = [
        f"${name}_{step} = {shown(v(name, step))}$"
        for step in (1, 2, 3)
        for name in sorted(names)
        if f"{name}[{step}]" in v.values and f"{name}_{step}" != line.head
    ]
    deltas = [rf"$\delta_{step} = {shown(v.g('a', step))}$" for step in (3, 2, 1) if "a[1]" in v.gradients]
    return lines + [one for one in deltas if not one.startswith(f"${line.head} ")]


def judged(lines: list[str], line: Mistaken) -> Report:
    """The report of paragraphs."""
    found = sr.check("\n\n".join(lines), known(line.model)[0])
    assert isinstance(found, Report)
    assert not found.unread
    return found


def first_wrong(report: Report, place: int) -> Finding:
    """The first wrong link, which stands in the paragraph of this number."""
    assert report.first_wrong is not None, report
    finding = report.findings[report.first_wrong]
    assert finding.place.line == 2 * place + 1, (finding, str(report))
    return finding


def demand_named(finding: Finding, row: str) -> None:
    """The set holds the row and is small; each is said in full."""
    ids = [mistake.id for mistake in finding.mistakes]
    assert row in ids, ids
    assert len(ids) <= MOST_NAMED, ids
    assert all((one.sentence, one.wrong, one.right) for one in finding.mistakes)


_QUANTITY = re.compile(
    r"\\frac\{\\partial L\}\{\\partial (?P<of>\\tilde\{c\}_2|[a-z]_(\d|\{[a-z],\d\}))\}|\\delta_(?P<delta>\d)"
    r"|\\tilde\{(?P<tilde>[ch])\}_2|(?P<name>[a-z])_(?P<step>\d)|(?P<weight>[WUb]_(\{Uh\}|[a-z]))|(?<![a-z])y(?![a-z_])"
)


def with_numbers(formula: str, v: Values) -> str | None:
    """The formula with the digits of every quantity in its place; None where they are vectors."""

    def number(found: re.Match[str]) -> str:
        value = np.asarray(_value(found, v))
        if value.size != 1:
            raise ValueError
        text = shown(value)
        return f"({text})"

    if any(sign in formula for sign in (r"\partial h", r"\sum", r"\odot")):
        return None
    try:
        return _QUANTITY.sub(number, formula)
    except ValueError:
        return None


def _value(found: re.Match[str], v: Values) -> object:
    if found["delta"]:
        return v.g("a", int(found["delta"]))
    if found["tilde"]:
        return v(f"{found['tilde']}_tilde", 2)
    if found["of"]:
        inner = found["of"]
        if "tilde" in inner:
            return v.g("c_tilde", 2)
        name, _, step = inner.partition("_")
        if step.startswith("{"):
            gate, _, step = step.strip("{}").partition(",")
            name = "a_" + {"c": "c_tilde", "h": "h_tilde"}.get(gate, gate)
        return v.g(name, int(step))
    if found["name"]:
        return v(found["name"], int(found["step"]))
    return v(found["weight"].replace("{Uh}", "Uh")) if found["weight"] else v("y")


class TestLines:
    """On the line alone and carried, as a number and as a formula."""

    @each([line for line in LINES if line.row not in NAMELESS_NUMBERS])
    def test_a_number(self, line: Mistaken) -> None:
        """Named from its value; a product with it follows, and a right line below stays right."""
        v = known(line.model)[1]
        above, wrong = before(line, v), np.asarray(line.wrong(v), dtype=float)
        lines = [*above, f"${line.head} = {shown(wrong)}$", f"$0.5 \\cdot {shown(wrong)} = {shown(wrong / 2)}$"]
        lines.append(f"$L = {shown(v('L'))}$")
        report = judged(lines, line)
        finding = first_wrong(report, len(above))
        demand_named(finding, line.row)
        assert finding.expected
        assert [f.verdict.value for f in report.findings[-2:]] == ["follows", "rounded"]
        assert report.tally["wrong"] == 1

    @each([line for line in LINES if line.formula and line.row not in IMMEDIATE])
    def test_a_formula(self, line: Mistaken) -> None:
        """With a counter-example; nothing is needed but the model."""
        lines = [r"$\delta_t = \frac{\partial L}{\partial a_t}$"] if r"\delta" in line.head + line.formula else []
        lines += [r"$a_t = W_h h_{t-1} + W_x x_t + b$"] if "a_2" in line.formula else []
        report = judged([*lines, f"${line.head} = {line.formula}$"], line)
        finding = first_wrong(report, len(lines))
        demand_named(finding, line.row)

    @each([line for line in LINES if line.formula])
    def test_a_formula_with_its_numbers(self, line: Mistaken) -> None:
        """`δ_2 = δ_3 W_h (1 − h_2) = 0.31 · 0.7 · (1 − 0.2) = …`: the first link is wrong, the arithmetic is not."""
        v = known(line.model)[1]
        above = before(line, v)
        numbers = with_numbers(line.formula, v)
        chain = " = ".join(filter(None, (line.head, line.formula, numbers, shown(line.wrong(v)))))
        report = judged([*above, f"${chain}$"], line)
        finding = first_wrong(report, len(above))
        demand_named(finding, line.row)
        rest = [f.verdict.value for f in report.findings[report.findings.index(finding) + 1 :]]
        assert set(rest) == ({"follows"} if line.row not in IMMEDIATE else set())

    @each([line for line in LINES if line.formula and with_numbers(line.formula, known(line.model)[1]) is not None])
    def test_numbers_put_in(self, line: Mistaken) -> None:
        """`δ_2 = 0.31 · 0.7 · (1 − 0.2) = …`: the mistake without its formula."""
        v = known(line.model)[1]
        numbers = with_numbers(line.formula, v)
        above = before(line, v)
        report = judged([*above, f"${line.head} = {numbers} = {shown(line.wrong(v))}$"], line)
        demand_named(first_wrong(report, len(above)), line.row)


def test_every_row_has_a_line() -> None:
    """A row that is added later gets its line."""
    missing = {row for row in TABLE if row[0] in "RSLG"} - {line.row for line in LINES}
    assert missing == {"R34", "R35", "R37"}, "these are in test_updates"
