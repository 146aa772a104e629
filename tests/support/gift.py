"""A reader of GIFT by its grammar, held against another one (gift-pegjs) by carried results, not against our writer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ENTRY = re.compile(r"^::(?P<title>(?:\\.|[^:\\])+)::(?:\[(?P<format>\w+)\])?", re.DOTALL)
_SIGN = re.compile(r"\\([~=#{}:\\])")
_CHOICE = re.compile(
    r"\s*(?P<kind>[=~])(?:%(?P<weight>-?[\d.]+)%)?(?P<text>(?:\\.|[^=~#\\])*)(?:#(?P<feedback>(?:\\.|[^=~\\])*))?",
    re.DOTALL,
)


@dataclass(frozen=True)
class Choice:
    """One answer: its weight in per cent, its text, the feedback."""

    weight: float
    text: str
    feedback: str

    @property
    def number(self) -> tuple[float, float]:
        """A number with its tolerance."""
        value, _, room = self.text.partition(":")
        return float(value), float(room or 0)


@dataclass(frozen=True)
class Entry:
    """One question."""

    title: str
    stem: str
    kind: str
    choices: tuple[Choice, ...]


def read_gift(text: str) -> Iterator[Entry]:
    """The questions of a file: a blank line ends each."""
    for block in re.split(r"\n[ \t]*\n", text):
        lines = [line for line in block.split("\n") if not line.startswith(("//", "$CATEGORY:"))]
        if any(line.strip() for line in lines):
            yield _entry("\n".join(lines).strip())


def _entry(text: str) -> Entry:
    head = _ENTRY.match(text)
    assert head is not None, text[:80]
    opening = re.search(r"(?<!\\)\{", text[head.end() :])
    assert opening is not None and re.search(r"(?<!\\)\}\Z", text), text[-80:]
    stem, body = text[head.end() : head.end() + opening.start()], text[head.end() + opening.end() : -1]
    assert not re.search(r"(?<!\\)[{}]", body)
    kind = "Numerical" if body.startswith("#") else "MC"
    return Entry(_plain(head["title"]), _plain(stem).strip(), kind, tuple(_choices(body.removeprefix("#"), kind)))


def _choices(body: str, kind: str) -> Iterator[Choice]:
    at = 0
    while body[at:].strip():
        found = _CHOICE.match(body, at)
        assert found is not None, body[at : at + 80]
        at = found.end()
        weight = float(found["weight"]) if found["weight"] else 100.0 * (found["kind"] == "=")
        text = found["text"].strip()
        yield Choice(weight, text if kind == "Numerical" else _plain(text), _plain(found["feedback"] or "").strip())


def _plain(text: str) -> str:
    return _SIGN.sub(r"\1", text)
