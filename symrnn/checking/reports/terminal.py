"""A report for the terminal: each line that is not fine with a caret under the place, then the tally."""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import category, east_asian_width

from symrnn.checking.reports.tally import tally_line
from symrnn.checking.reports.unread import unread_words
from symrnn.checking.reports.words import head_lines, mistake_words, reason_words, say, verdict_words
from symrnn.checking.verdicts import FINDINGS, FINE, Finding, Piece, Place, Report

WINDOW = 110


def to_text(report: Report, language: str = "en", *, everything: bool = False, color: bool = False) -> str:
    """The report as text: what was recognised, what is not fine, and the tally.

    >>> from symrnn.checking.verification import check
    >>> print(to_text(check("0.5 × 0.5 = 0.30", name="working.md")))
    working.md:1:11: wrong: should be 0.25
        0.5 × 0.5 = 0.30
                  ^
    1 link: 1 wrong
    <BLANKLINE>
    """
    lines = [visible(line) for line in head_lines(report, language)]
    for finding in report.findings:
        if everything or finding.verdict not in FINE:
            lines += _finding(finding, report, language, color)
    for unread in report.unread:
        why = unread_words(unread.reason, language)
        lines.append(f"{_label(unread.place)}: {say('unread', _short(unread.text), why, language=language)}")
    if not report.findings and not report.unread:
        lines.append(say("nothing", language=language))
    return "\n".join([*lines, tally_line(report, language), ""])


def _finding(finding: Finding, report: Report, language: str, color: bool) -> Iterator[str]:
    said = [verdict_words(finding.verdict, language)]
    if finding.reason is not None and finding.verdict not in FINE:
        said.append(reason_words(finding.reason, language))
    if finding.follows_from is not None:
        said[0] = say("follows", report.findings[finding.follows_from].place.line, language=language)
    if finding.expected is not None and finding.verdict not in FINE:
        said.append(say("should", finding.expected, language=language))
    yield f"{_label(finding.place)}: {_colored(visible(': '.join(filter(None, said))), finding, color)}"
    yield from (f"    {line}" for line in _caret(finding.place, finding.piece))
    if finding.piece is not None:
        yield f"    {visible(reason_words(finding.piece.reason, language))}"
    if len(finding.mistakes) > 1:
        yield "    " + say("maybe", language=language)
    for mistake in finding.mistakes:
        name, sentence, wrong, right = mistake_words(mistake, language)
        yield f"    {mistake.id} ({name}): {sentence}"
        yield "      " + say("rule", wrong, right, language=language)
        if mistake.corrected:
            yield "      " + visible(say("corrected", mistake.corrected, language=language))


def _colored(text: str, finding: Finding, color: bool) -> str:
    return f"\033[31m{text}\033[0m" if color and finding.verdict in FINDINGS else text


def _label(place: Place) -> str:
    return f"{visible(place.file or '<text>')}:{place.line}:{place.column}"


def _caret(place: Place, piece: Piece | None = None) -> list[str]:
    """The line of the source, a caret under the relation and ~ under the part that differs; long lines are cut."""
    text = visible(place.text.replace("\t", " "))
    marks = [" "] * (max(len(text), place.column + place.length) + 1)
    if piece is not None and piece.place.line == place.line:
        end = min(piece.place.column - 1 + piece.place.length, len(text))
        marks[piece.place.column - 1 : end] = "~" * (end - piece.place.column + 1)
    marks[place.column - 1 : place.column - 1 + place.length] = "^" * place.length
    left = max(0, place.column - 1 - WINDOW // 2) if len(text) > WINDOW else 0
    shown, below = text[left : left + WINDOW], marks[left : left + WINDOW]
    wide = "".join(
        mark * (2 if east_asian_width(char) in "WF" else 1) for mark, char in zip(below, shown, strict=False)
    )
    return [shown.rstrip(), (wide + "".join(below[len(shown) :])).rstrip()]


def visible(text: str) -> str:
    r"""A text with a mark for every character that would steer the terminal or turn the line around.

    >>> visible("a\x1b[31m \u202e= 1")
    'a�[31m �= 1'
    """
    return "".join("\N{REPLACEMENT CHARACTER}" if category(char) in ("Cc", "Cf") else char for char in text)


def _short(text: str) -> str:
    flat = visible(" ".join(text.split()))
    return flat if len(flat) <= 60 else flat[:57] + "…"
