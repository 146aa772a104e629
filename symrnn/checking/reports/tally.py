"""The tally line: `27 links: 24 right, 1 wrong, 2 follow; 1 line unread`."""

from __future__ import annotations

from symrnn.checking.reports.words import DOMAIN
from symrnn.checking.verdicts import Report, Verdict
from symrnn.languages import translated

GROUPS = (
    ("{0} right", (Verdict.RIGHT, Verdict.ROUNDED, Verdict.LAST_DIGIT)),
    ("{0} given", (Verdict.GIVEN,)),
    ("{0} wrong", (Verdict.WRONG,)),
    ("{0} follow", (Verdict.FOLLOWS,)),
    ("{0} lucky", (Verdict.LUCKY,)),
    ("{0} undefined", (Verdict.UNDEFINED,)),
    ("{0} run-on", (Verdict.NOTATION,)),
    ("{0} undecided", (Verdict.UNDECIDED,)),
)
"""What is counted together, and how it is said."""
WORDS = {
    "links": "{0} links: ",
    "link": "{0} link: ",
    "unread": "; {0} lines unread",
    "one unread": "; 1 line unread",
    "comma": ", ",
    **{words: words for words, _ in GROUPS},
}


def tally_line(report: Report, language: str = "en") -> str:
    """The counts of a report in one line.

    >>> from symrnn.checking.verification import check
    >>> tally_line(check("0.5 × 0.5 = 0.25\\n0.25 + 0.25 = 0.6"))
    '2 links: 1 right, 1 wrong'
    """
    tally = report.tally

    def said(english: str, *about: object) -> str:
        return translated(english, language, DOMAIN).format(*about)

    parts = []
    for words, verdicts in GROUPS:
        count = sum(tally.get(verdict.value, 0) for verdict in verdicts)
        if count:
            parts.append(said(words, count))
    links = len(report.findings)
    line = said(WORDS["link" if links == 1 else "links"], links) + said(WORDS["comma"]).join(parts or ["0"])
    if report.unread:
        many = len(report.unread)
        line += said(WORDS["one unread"]) if many == 1 else said(WORDS["unread"], many)
    return line
