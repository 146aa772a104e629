"""A cloze question as Moodle reads it: the rules of its import (question/type/multianswer), not of our writing."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

_FRACTION = r"(?P<fraction>=|%-?[0-9]+(?:[.,][0-9]*)?%)?"
_ANSWER = r"(?P<answer>.+?(?<!\\|&)(?=[~#}]|$))"
_FEEDBACK = r"(?:\#(?P<feedback>.*?(?<!\\)(?=[~}]|$)))?"
_ALTERNATIVE = re.compile(f"~?{_FRACTION}{_ANSWER}{_FEEDBACK}", re.DOTALL)
_START = re.compile(r"\{(?P<weight>[0-9]*):(?P<kind>NUMERICAL|NM|MULTICHOICE|MC):")
_NUMBER = r"-?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?"
_NUMERICAL = re.compile(f"^({_NUMBER})(?::({_NUMBER}))?$")


@dataclass(frozen=True)
class Alternative:
    """An answer that is known: its share of the points, the text or number with its tolerance, what it says."""

    share: float
    text: str
    tolerance: float
    feedback: str


@dataclass(frozen=True)
class Subquestion:
    """A blank of a cloze question."""

    kind: str
    weight: int
    alternatives: tuple[Alternative, ...]

    def answered(self, number: float) -> Alternative | None:
        """The first alternative that takes the number."""
        return next((a for a in self.alternatives if abs(number - float(a.text)) <= a.tolerance), None)


def read_cloze(text: str) -> list[Subquestion]:
    """The blanks of a question's text."""
    found = []
    at = 0
    while start := _START.search(text, at):
        at = start.end()
        alternatives = []
        while text[at] != "}":
            match = _ALTERNATIVE.match(text, at)
            assert match is not None, text[at : at + 80]
            alternatives.append(_alternative(match, start["kind"]))
            at = match.end()
        found.append(Subquestion(start["kind"], int(start["weight"] or 1), tuple(alternatives)))
    return found


def _alternative(match: re.Match[str], kind: str) -> Alternative:
    fraction = match["fraction"] or "0"
    share = 1.0 if fraction == "=" else float(fraction.strip("%")) / 100
    feedback = html.unescape(match["feedback"] or "").replace("\\}", "}").replace("\\#", "#")
    numerical = _NUMERICAL.match(match["answer"])
    if kind in ("NUMERICAL", "NM"):
        assert numerical is not None, match["answer"]
        return Alternative(share, numerical[1], float(numerical[2] or 0), feedback)
    answer = html.unescape(match["answer"]).replace("\\}", "}").replace("\\#", "#")
    return Alternative(share, answer, 0.0, feedback)
