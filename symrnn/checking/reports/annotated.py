"""The document itself with the judged lines marked: HTML, Markdown and LaTeX.

Nothing of the text becomes markup: it is shown as written, escaped, with what was found beside its line.
"""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from symrnn.checking.reports.tally import tally_line
from symrnn.checking.reports.unread import unread_words
from symrnn.checking.reports.words import head_lines, mistake_words, reason_words, say, verdict_words
from symrnn.checking.verdicts import FINDINGS, FINE, Finding, Report, Verdict, worst

MARK = "made with symrnn"
SIGNS = {
    Verdict.GIVEN: "·",
    Verdict.RIGHT: "✓",
    Verdict.ROUNDED: "✓",
    Verdict.LAST_DIGIT: "✓",
    Verdict.NOTATION: "~",
    Verdict.UNDECIDED: "?",
    Verdict.UNREAD: "?",
    Verdict.FOLLOWS: "→",
    Verdict.LUCKY: "!",
    Verdict.UNDEFINED: "✗",
    Verdict.WRONG: "✗",
}
"""A sign beside each verdict, so that colour is never alone."""


def to_document(report: Report, to: str, language: str = "en") -> str:
    """The annotated document in a format: "html", "markdown" or "latex"."""
    return DOCUMENTS[to](report, language)


def _by_line(report: Report) -> Mapping[int, list[Finding]]:
    found: dict[int, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        found[finding.place.line].append(finding)
    return found


def _said(finding: Finding, report: Report, language: str) -> str:
    """One sentence about a link."""
    parts = [verdict_words(finding.verdict, language)]
    if finding.follows_from is not None:
        parts = [say("follows", report.findings[finding.follows_from].place.line, language=language)]
    if finding.reason is not None and finding.verdict not in FINE:
        parts.append(reason_words(finding.reason, language))
    if finding.expected is not None:
        parts.append(say("should", finding.expected, language=language))
    if finding.piece is not None:
        parts.append(reason_words(finding.piece.reason, language))
    for mistake in finding.mistakes:
        name, sentence, wrong, right = mistake_words(mistake, language)
        parts.append(f"{mistake.id} ({name}): {sentence} {say('rule', wrong, right, language=language)}")
        if mistake.corrected:
            parts.append(say("corrected", mistake.corrected, language=language))
    return f"{finding.text}: " + "; ".join(filter(None, parts))


def _shown(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.verdict not in FINE]


# --- HTML -----------------------------------------------------------------------------------------------------------

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}td{vertical-align:top;padding:0 .5rem}
td.text{white-space:pre-wrap;font-family:ui-monospace,monospace;overflow-wrap:anywhere}
td.line{color:#767676;text-align:right}tr.bad td.text{background:#fde8e8}tr.open td.text{background:#fff5d6}
p.note{margin:.2rem 0 .6rem;font-size:.9rem}mark{background:#f5a3a3}
"""


def _html(report: Report, language: str) -> str:
    by_line = _by_line(report)
    rows = [
        _html_row(number, text, by_line.get(number, []), report, language)
        for number, text in enumerate(report.source.split("\n"), 1)
    ]
    title = html.escape(Path(report.file).name if report.file else "check")
    unread = (
        f"{place.line}:{place.column}: {say('unread', one.text, unread_words(one.reason, language), language=language)}"
        for one in report.unread
        for place in (one.place,)
    )
    head = "".join(f'<p class="note">{html.escape(line)}</p>\n' for line in (*head_lines(report, language), *unread))
    return (
        f'<!DOCTYPE html>\n<!-- {MARK} -->\n<html lang="{language}">\n<head><meta charset="utf-8">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body>\n"
        f'<h1>{title}</h1>\n<p role="status">{html.escape(tally_line(report, language))}</p>\n{head}'
        "<table>\n" + "\n".join(rows) + "\n</table>\n</body>\n</html>\n"
    )


def _html_row(number: int, text: str, findings: list[Finding], report: Report, language: str) -> str:
    shown = _shown(findings)
    kind, sign = "", ""
    if findings:
        verdict = worst(finding.verdict for finding in findings)
        kind = "bad" if verdict in FINDINGS else ("open" if shown else "")
        sign = f'<abbr title="{html.escape(verdict_words(verdict, language))}">{SIGNS[verdict]}</abbr>'
    notes = "".join(f'<p class="note">{html.escape(_said(finding, report, language))}</p>' for finding in shown)
    body = _html_marked(text, [finding for finding in shown if finding.verdict in FINDINGS])
    name = f' class="{kind}"' if kind else ""
    cells = f'<td class="line">{number}</td><td>{sign}</td><td class="text">{body}{notes}</td>'
    return f'<tr{name} id="line-{number}">{cells}</tr>'


def _html_marked(text: str, findings: list[Finding]) -> str:
    """The line, with each relation that fails and each part that differs marked."""
    parts, at = [], 0
    places = [f.place for f in findings] + [
        f.piece.place for f in findings if f.piece is not None and f.piece.place.line == f.place.line
    ]
    for start, end in sorted({(place.column - 1, place.column - 1 + place.length) for place in places}):
        if at <= start < end <= len(text):
            parts += [html.escape(text[at:start]), f"<mark>{html.escape(text[start:end])}</mark>"]
            at = end
    return "".join([*parts, html.escape(text[at:])])


# --- Markdown -------------------------------------------------------------------------------------------------------


def _markdown(report: Report, language: str) -> str:
    """The text as written; behind each line that is not fine, what was found, as a quotation behind its block."""
    by_line, lines, waiting = _by_line(report), list[str](), list[str]()
    for number, text in enumerate(report.source.split("\n"), 1):
        lines.append(text)
        waiting += [
            f"> **{SIGNS[f.verdict]} {number}:{f.place.column}** `{_code(_said(f, report, language))}`"
            for f in _shown(by_line.get(number, []))
        ]
        if waiting and not text.strip():
            lines += [*_spaced(waiting), ""]
            waiting = []
    if waiting:
        lines += ["", *_spaced(waiting), ""]
    return "\n".join([*lines, f"<!-- {MARK} -->", "", f"**{tally_line(report, language)}**", ""])


def _spaced(notes: list[str]) -> list[str]:
    return [line for note in notes for line in (note, ">")][:-1]


def _code(text: str) -> str:
    return text.replace("`", "'")


# --- LaTeX ----------------------------------------------------------------------------------------------------------

_SPECIAL = {
    "\\": r"\textbackslash{}",
    **{char: f"\\{char}" for char in "{}$&#%_"},
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
}


def _latex(report: Report, language: str) -> str:
    by_line = _by_line(report)
    rows = []
    for number, text in enumerate(report.source.split("\n"), 1):
        shown = _shown(by_line.get(number, []))
        if not text.strip() and not shown:
            continue
        colour = "red" if any(f.verdict in FINDINGS for f in shown) else "black"
        rows.append(
            rf"\noindent\makebox[2em][r]{{\footnotesize {number}}}\quad"
            rf"{{\color{{{colour}}}\texttt{{{_escaped(text)}}}}}\par"
        )
        rows += [
            rf"\noindent\hspace*{{3em}}\emph{{{_escaped(_said(finding, report, language))}}}\par" for finding in shown
        ]
    return (
        f"% {MARK}\n\\documentclass{{article}}\n\\usepackage{{xcolor}}\n"
        "\\usepackage{iftex}\n\\iftutex\\usepackage{fontspec}\\IfFileExists{ctex.sty}{\\usepackage{ctex}}{}\\fi\n"
        "\\begin{document}\n\\sloppy\n"
        + "\n".join(rows)
        + f"\n\n\\noindent {_escaped(tally_line(report, language))}\n\\end{{document}}\n"
    )


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(char, char) for char in text)


DOCUMENTS: Mapping[str, Callable[[Report, str], str]] = MappingProxyType(
    {"html": _html, "markdown": _markdown, "latex": _latex}
)
"""The annotated formats."""
