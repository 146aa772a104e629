"""What was found, in the order of the text, with places into the source."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from symrnn.checking.claims import Line, Link, Spot
from symrnn.checking.verdicts import Finding, Place, Reason, Verdict


@dataclass
class Ledger:
    """The findings of one text, in order."""

    findings: list[Finding] = field(default_factory=list)
    chains: int = 0
    explained: int = 0
    """Wrong links whose mistakes were searched for."""
    trivial: set[int] = field(default_factory=set)
    """Wrong links that say 0."""
    lines: list[str] = field(default_factory=list)
    """The lines of the source."""

    def add(self, line: Line, link: Link, verdict: Verdict, reason: Reason | None = None, **more: object) -> int:
        """Note a finding; its index."""
        spot = link.place
        place = Place(spot.line, spot.column, max(1, spot.length), self.source_line(spot, line), spot.file)
        text = f"{link.before.text.strip()} {link.relation} {link.after.text.strip()}"
        finding = Finding(place, text, verdict, reason, link.after.text.strip(), chain=self.chains)
        self.findings.append(replace(finding, **more))  # type: ignore[arg-type]  # fields of Finding by name
        return len(self.findings) - 1

    def source_line(self, spot: Spot, line: Line) -> str:
        """The line of the source a place stands in; of a notebook the formula, whose cell has lines of its own."""
        if spot.cell is None and 1 <= spot.line <= len(self.lines):
            return self.lines[spot.line - 1].rstrip("\r")
        return line.text
