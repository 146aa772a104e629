"""Published worked examples, written out as workings with their models: what `check` says of each claim.

`data/workings.json` holds the formula lines, the verdict an independent recomputation gave, and the model as TOML. The
table in docs/checking.md is what this module's `table()` says: `python tests/conformance/test_documents.py` writes it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import symrnn as sr
from symrnn.checking.verdicts import FINE, Report, Verdict, worst

DATA = Path(__file__).parent / "data" / "workings.json"
PAGE = Path(__file__).parents[2] / "docs" / "checking.md"
START, END = "<!-- figures -->", "<!-- end of figures -->"
NOTHING = "no equality"
TRUE = ("right", "rounded")
DEMANDED = 5
"""A claim off by so many units of its last digit must be found."""
STALE = {("d12_lstm_housing", "2", 23)}
"""A number of another setting reused: `propagated` in the data, wrong by the rule that stale values are wrong."""


@dataclass(frozen=True)
class Claim:
    """A published claim, what is true of it, and what `check` found."""

    document: str
    part: str
    line: int
    verdict: str
    error: float | None
    found: Verdict | None
    """The worst verdict of its links; None where it says no equality, which is for no judge of equalities."""

    @property
    def is_wrong(self) -> bool:
        """Whether it must be found: a number off by many units, a formula that is false."""
        stale = (self.document, self.part, self.line) in STALE
        far = self.error is None or self.error >= DEMANDED
        return self.verdict in ("wrong_concept", "wrong_as_written") or stale or (self.verdict == "wrong" and far)


def text_of(part: dict[str, Any]) -> tuple[str, dict[int, dict[str, Any]]]:
    """A document part as Markdown, and the claim of each line."""
    lines: list[str] = []
    places: dict[int, dict[str, Any]] = {}
    for claim in part["claims"]:
        for text in claim["text"]:
            lines += [f"${text}$" if "\\" in text or "{" in text else text, ""]
            places[len(lines) - 1] = claim
    return "\n".join(lines), places


@cache
def reports() -> tuple[tuple[dict[str, Any], Report], ...]:
    """Every part and its report."""
    parts = json.loads(DATA.read_text(encoding="utf-8"))
    return tuple((part, sr.check(text_of(part)[0], part["model"] and sr.loads(part["model"]))) for part in parts)


@cache
def claims() -> tuple[Claim, ...]:
    """Every claim with what was found; the worst link of its lines."""
    return tuple(_claims())


def _claims() -> Iterator[Claim]:
    for part, report in reports():
        places = text_of(part)[1]
        for claim in part["claims"]:
            lines = {line for line, one in places.items() if one is claim}
            found = [f.verdict for f in report.findings if f.place.line in lines]
            found += [Verdict.UNREAD for one in report.unread if one.place.line in lines]
            verdict = worst(found) if found else None
            yield Claim(part["document"], part["part"], claim["line"], claim["verdict"], claim["error"], verdict)


def figures() -> dict[str, str]:
    """The measures: precision, recall, first wrong line, unread."""
    flagged = [c for c in claims() if c.found in (Verdict.WRONG, Verdict.LUCKY, Verdict.UNDEFINED)]
    justly = [c for c in flagged if c.verdict not in (*TRUE, "last_digit", "conditional")]
    demanded = [c for c in claims() if c.is_wrong]
    follow = [c for c in claims() if c.verdict == "propagated" and not c.is_wrong]
    return {
        "claims": str(len(claims())),
        "right or rounded called wrong": str(sum(c.verdict in TRUE for c in flagged)),
        "precision of wrong": f"{len(justly)}/{len(flagged)}",
        "wrong by 5 units or more, or in concept, found": _share(demanded, Verdict.WRONG, Verdict.LUCKY),
        "propagated found to follow": _share(follow, Verdict.FOLLOWS),
        "first wrong line found": _first_lines(),
        "not read": str(sum(c.found == Verdict.UNREAD for c in claims())),
        "not decided": str(sum(c.found == Verdict.UNDECIDED for c in claims())),
        "sentences that state no equality": str(sum(c.found is None for c in claims())),
    }


def _share(chosen: list[Claim], *verdicts: Verdict) -> str:
    return f"{sum(claim.found in verdicts for claim in chosen)}/{len(chosen)}"


def _first_lines() -> str:
    """Of the parts that hold a wrong claim, in how many the first one found is the first there is."""
    good = total = 0
    by_part: dict[tuple[str, str], list[Claim]] = {}
    for claim in claims():
        by_part.setdefault((claim.document, claim.part), []).append(claim)
    for part in by_part.values():
        first = next((c for c in part if c.is_wrong), None)
        if first is None:
            continue
        total += 1
        found = next((c for c in part if c.found in (Verdict.WRONG, Verdict.LUCKY)), None)
        good += found is not None and found.line <= first.line and found.verdict not in ("right", "rounded")
    return f"{good}/{total}"


def table() -> str:
    """The figures and the verdicts as Markdown tables."""
    lines = ["| measure | figure |", "|---|---|", *(f"| {name} | {figure} |" for name, figure in figures().items()), ""]
    counts = Counter((claim.verdict, claim.found.value if claim.found else NOTHING) for claim in claims())
    found = [v for v in (*(v.value for v in Verdict), NOTHING) if any(v == one for _, one in counts)]
    lines += ["| true of it \\ found | " + " | ".join(found) + " |", "|---" * (len(found) + 1) + "|"]
    for verdict in dict.fromkeys(claim.verdict for claim in claims()):
        lines.append(f"| {verdict} | " + " | ".join(str(counts[verdict, one] or "") for one in found) + " |")
    return "\n".join(lines)


class TestClaims:
    """Precision before recall."""

    def test_every_published_claim_is_held_against(self) -> None:
        """All of them, sentences and formulas as well as numbers."""
        assert len(claims()) == 274

    def test_no_right_claim_is_called_wrong(self) -> None:
        """Neither right nor rounded ones."""
        wrong = [c for c in claims() if c.verdict in TRUE and c.found not in FINE | {Verdict.FOLLOWS}]
        assert [c for c in wrong if c.found not in (Verdict.UNDECIDED, Verdict.UNREAD, None)] == []
        assert len(wrong) <= 3, "undecided and unread claims of these documents are few"

    def test_every_wrong_claim_is_found(self) -> None:
        """By five units or more, or in concept."""
        assert [c for c in claims() if c.is_wrong and c.found not in (Verdict.WRONG, Verdict.LUCKY)] == []

    def test_propagated_claims_follow(self) -> None:
        """From a line that is wrong and stands above."""
        assert [
            c for c in claims() if c.verdict == "propagated" and not c.is_wrong and c.found != Verdict.FOLLOWS
        ] == []
        for _, report in reports():
            for finding in report.findings:
                if finding.follows_from is not None:
                    source = report.findings[finding.follows_from]
                    assert source.verdict == Verdict.WRONG
                    assert source.place.line <= finding.place.line

    def test_the_table_is_what_is_measured(self) -> None:
        """docs/checking.md shows the figures of this run."""
        page = PAGE.read_text(encoding="utf-8")
        assert page.partition(START)[2].partition(END)[0].strip() == table()


class TestTheFiveTexts:
    """Their figures, in lines of our own."""

    @pytest.mark.parametrize(
        ("text", "verdict", "expected"),
        [
            ("1.1 × 1.2 × 1.3 × 1.4 × 1.5 × 1.6 × 1.7 = 9.35", "wrong", "9.801792"),
            ("0.9 × 0.8 × 0.7 × 0.6 × 0.5 × 0.4 × 0.3 = 0.018", "rounded", None),
        ],
    )
    def test_products(self, text: str, verdict: str, expected: str | None) -> None:
        """9.35 is wrong, 0.018 is rounded."""
        (finding,) = sr.check(text).findings
        assert (finding.verdict.value, finding.expected) == (verdict, expected)

    LONGEST = "∂L/∂W = (∂L/∂hₙ) × (∂hₙ/∂hₙ₋₁) × (∂hₙ₋₁/∂hₙ₋₂) × ... × (∂h₂/∂h₁) × (∂h₁/∂W)"

    def test_the_longest_path(self) -> None:
        """Undecided without a model, wrong with one."""
        assert [f.verdict.value for f in sr.check(self.LONGEST).findings] == ["undecided"]
        for model in (sr.load("example:linear"), sr.cells.rnn()):
            assert [f.verdict.value for f in sr.check(self.LONGEST, model).findings] == ["wrong"]

    def test_the_linear_cell_is_recognised(self) -> None:
        """From its own definitions, in another's words: every link is right or given."""
        text = r"""Weights \( W_h = 0.5 \), \( W_x = 0.5 \), bias \( b = 0 \), inputs \( x_1 = 1.0 \), \( x_2 = 1.0 \),
state \( h_0 = 0.0 \), target \( y = 1.0 \); the activation is \( f(x) = x \).

\[ h_1 = f(W_h \cdot h_0 + W_x \cdot x_1 + b) = 0.5 \cdot 0.0 + 0.5 \cdot 1.0 + 0 = 0.5 \]

\[ h_2 = f(W_h \cdot h_1 + W_x \cdot x_2 + b) = 0.25 + 0.5 = 0.75 \]

\[ L = \frac{1}{2}(y - h_2)^2 = \frac{1}{2}(0.25)^2 = 0.03125 \]

\[ \frac{\partial L}{\partial h_1} = \frac{\partial L}{\partial h_2} \cdot \frac{\partial h_2}{\partial h_1}
= -0.25 \cdot 0.5 = -0.125 \]
"""
        report = sr.check(text)
        assert "definitions" in report.model
        assert {f.verdict.value for f in report.findings} == {"right", "given"}
        slip = sr.check(text.replace("= -0.125", "= 0.125"))
        assert slip.first_wrong is not None
        assert "R24" in [m.id for m in slip.findings[slip.first_wrong].mistakes]


def write() -> None:
    """Put the table of this run into the page."""
    page = PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition(START)
    tail = rest.partition(END)[2]
    PAGE.write_text(f"{head}{START}\n{table()}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    write()
