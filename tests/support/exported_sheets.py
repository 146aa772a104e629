"""A sheet made for a platform, and what must come out of every platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from symrnn.checking.numbers import real
from symrnn.worksheets.exports.items import Blank, Group, Item
from symrnn.worksheets.pages import Looks
from symrnn.worksheets.sheets import Sheet


@dataclass(frozen=True)
class Exported:
    """A sheet and its groups, and what is true of them however they are written."""

    sheet: Sheet
    looks: Looks
    parts: tuple[Group, ...]

    @property
    def items(self) -> Sequence[Item]:
        """Every item."""
        return [item for part in self.parts for item in part.items]

    @property
    def blanks(self) -> Sequence[Blank]:
        """Every blank."""
        return [blank for item in self.items for blank in item.blanks]

    @property
    def numbers(self) -> Mapping[str, float]:
        """Every right number by its blank, from the sheet."""
        found = {}
        for question in self.sheet.questions:
            if question.kind == "number" and any(item.id == question.id for item in self.items):
                entries = [float(real(entry.value)) for row in question.answer for entry in row]
                single = len(entries) == 1
                found |= {question.id if single else f"{question.id}.{at}": e for at, e in enumerate(entries, start=1)}
        return found


def close(found: Mapping[str, float], wanted: Mapping[str, float]) -> bool:
    """Equal to ten digits."""
    return found.keys() == wanted.keys() and all(
        abs(number - wanted[key]) <= 1e-10 * max(1, abs(wanted[key])) for key, number in found.items()
    )
