r"""A Markdown sheet that was filled in: what was written for each line and each letter, wherever it was written.

In place of the blank or behind it, behind the number of the line, below the formula, as `(3) 1/2`, with LaTeX or
without. Reads text of bounded size in one pass; says nothing about what an answer is worth.
"""

from __future__ import annotations

import re
from pathlib import PurePath

MOST_TEXT = 2_000_000
MOST_FORMULA = 4_000
SHEET = re.compile(r"(?<![A-Za-z0-9-])((?:[A-Za-z0-9]+-){1,8}\d{1,4})(?!\d)")
"""The id of a sheet in a text."""
_ID = re.compile(r"(?<![A-Za-z0-9-])((?:[A-Za-z0-9]+-){1,8}\d{3,4})(?!\d)")
_TAG = re.compile(r"\\tag\{\s*(\d{1,4})\s*\}")
_DOTS = re.compile(r"\\text\{[\s.]*\}|(?:\\?\.){4,}|…{2,}|_{4,}")
_SPACES = r"(?:\s|\\,|\\thinspace(?![a-z]))*"
_GAP = re.compile(r"\\text\{[\s.]+\}")
_TEXT = re.compile(r"\\text\{([^{}]*)\}")
_STRAY = re.compile(r"^[.…]{2,}|[.…]{2,}$")
_RELATION = re.compile(r"&?(=|[≈≃≅]|\\(?:approx|simeq|doteq)(?![a-z]))&?")
_LETTER = re.compile(r"^\s*(?:[-*+]\s+)?[*_]{0,2}[(（]([a-z]{1,2})[)）][*_]{0,2}\s*(.*)$")
_NUMBER = re.compile(r"^\s*(?:[-*+]\s+)?[*_]{0,2}(?:[(（](\d{1,4})[)）]|(\d{1,4})(?:[)）:：、]|\.\s))[*_]{0,2}\s*(.*)$")
_OPTIONS = re.compile(r"[(（][^()（）/]{1,80}(?: / [^()（）/]{1,80}){1,9}[)）]")
_CHOSEN = re.compile(r"\*\*([^*]{1,80})\*\*|==([^=]{1,80})==|__([^_]{1,80})__|<u>([^<]{1,80})</u>")
_SAID = re.compile(r"^\s*(?:[-*+>]\s+)?(?:answer|my answer|solution|答案?|解)\s*[:：]\s*", re.IGNORECASE)
_SKIPPED = ("#", "|", "<!--", "```", "---")
_STUB = "YOUR ANSWER HERE"
"""What nbgrader puts in place of solutions."""


def read_page(text: str, source: str = "") -> tuple[str, dict[str, str]]:
    r"""The sheet's id, by its title or the file's name, and the answers by line and letter.

    >>> read_page("# Worksheet 1-001\n\n$$\nh_1 = \\text{-1/2} \\tag{1}\n$$\n")
    ('1-001', {'1': '-1/2'})
    >>> read_page("# Worksheet 1-001\n\n$$\nh_1 = \\text{......} \\tag{1}\n$$\n\n-1/2")
    ('1-001', {'1': '-1/2'})
    """
    text = text[:MOST_TEXT].replace("\r\n", "\n").replace("\r", "\n").replace(_STUB, "")
    reader = _Reader()
    for place, piece in enumerate(text.split("$$")):
        if place % 2:
            reader.formula(piece[:MOST_FORMULA])
        else:
            reader.prose(piece)
    return _id(text, source), reader.finished()


def _id(text: str, source: str) -> str:
    titles = (line for line in text[:20_000].split("\n") if line.startswith("# "))
    for said in (*titles, PurePath(source).stem.replace("_", " ")):
        found = _ID.search(said[:200])
        if found:
            return found[1]
    return ""


class _Reader:
    """Goes through a page once; `answers` grows."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.last = 0
        """The number of the last formula that had one."""
        self.untagged: list[str] = []
        self.pending = ""
        """The line whose blank was left empty: what stands below may be its answer."""
        self.label = ""
        self.letters: dict[str, list[str]] = {}

    def formula(self, text: str) -> None:
        """A formula in its own lines: `h_1 = … \\tag{1}`."""
        self.label = self.pending = ""
        tag = _TAG.search(text)
        answer = behind(_TAG.sub(" ", text))
        if tag is None:
            self.untagged.append(answer)
            return
        number = int(tag[1])
        self._place(number - self.last - 1)
        self.last = number
        self._keep(tag[1], answer)
        self.pending = "" if answer else tag[1]

    def prose(self, text: str) -> None:
        """Everything between formulas."""
        for line in text.split("\n"):
            if line.lstrip().startswith(_SKIPPED):
                self.label = self.pending = ""
                continue
            letter, number = _LETTER.match(line), _NUMBER.match(line)
            if letter:
                self.label, self.pending = letter[1], ""
                self.letters.setdefault(letter[1], []).append(letter[2])
            elif number:
                self.label = self.pending = ""
                self._keep(number[1] or number[2], _filled(number[3]))
            elif self.label:
                self.letters[self.label].append(line)
            elif self.pending and _filled(line):
                self._keep(self.pending, _filled(_SAID.sub("", line)))
                self.pending = ""

    def finished(self) -> dict[str, str]:
        """The answers, those of formulas that lost their number among them."""
        self._place(len(self.untagged))
        return self.answers | {letter: _words("\n".join(lines)) for letter, lines in self.letters.items()}

    def _place(self, gap: int) -> None:
        # As many formulas without a number as numbers are missing: they are those.
        if gap == len(self.untagged):
            for at, answer in enumerate(self.untagged, start=self.last + 1):
                self._keep(str(at), answer)
        self.untagged = []

    def _keep(self, line: str, answer: str) -> None:
        if answer or line not in self.answers:
            self.answers[line] = answer


def behind(formula: str) -> str:
    r"""What stands behind the first = of a formula, blanks taken out; nothing if the last blank is empty.

    >>> behind(r"h_1 = W_h h_0 = \text{....}")
    ''
    >>> behind(r"h_1 = \text{......} 0.5*0.3 = 0.15")
    '0.5*0.3 = 0.15'
    >>> behind(r"h_1 = 5/3 \approx 1.667")
    '5/3 ≈ 1.667'
    """
    first, *rest = _RELATION.split(_TEXT.sub(r"\1", _DOTS.sub(" ", formula)))
    sides = [("", first), *zip(rest[::2], rest[1::2], strict=True)]
    if not _filled(sides[-1][1]):
        return ""
    links = [(sign, link) for sign, side in sides[1:] or sides if (link := _filled(side))]
    return "".join(
        link if not at else f" {'=' if sign == '=' else '≈'} {link}" for at, (sign, link) in enumerate(links)
    )


def piece_of(text: str, printed: str) -> str:
    r"""What was written into the gap of a printed formula; the text itself where the rest of the formula is not there.

    >>> piece_of("d_1 h_0 + d_2 h_1", "d_1 h_0 + \\text{......}")
    'd_2 h_1'
    >>> piece_of("- y", "\\text{......} - y"), piece_of("h_2", "\\text{......} - y")
    ('', 'h_2')
    """
    before, _, after = _GAP.sub("\0", printed).partition("\0")
    found = re.match(_spaced(before), text)
    rest = text[found.end() :] if found else text
    end = re.search(_spaced(after) + r"$", rest)
    return rest[: end.start()].strip() if found and end else text


def _spaced(printed: str) -> str:
    """A pattern of what is printed, however it is spaced."""
    signs = re.sub(r"\\thinspace(?![a-z])|\\,|\s", "", printed)
    return _SPACES + "".join(re.escape(sign) + _SPACES for sign in signs)


def _filled(text: str) -> str:
    text = _DOTS.sub(" ", text).strip()
    return _STRAY.sub("", text).strip()


def _words(text: str) -> str:
    """What was answered to a question in words: behind its colon or question mark, or the option that was marked."""
    marked = [next(filter(None, found)) for found in _CHOSEN.findall(text)]
    _, *said = re.split(r"[:?：？]", text, maxsplit=1)
    answer = _filled(said[0] if said else _OPTIONS.sub(" ", text))
    if len(marked) == 1 and (not answer or not said):
        return str(marked[0])
    return answer
