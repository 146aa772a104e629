"""The writer's own commands: `\\newcommand{\\pd}[2]{\\frac{\\partial #1}{\\partial #2}}`, put in where they are used.

Reads a text; returns its macros. Promises: expansions are counted, and their length is bounded; nothing else of TeX is
carried out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_DEFINITION = re.compile(
    r"\\(?:(?:re|provide)?newcommand|DeclareMathOperator)\*?[ \t]*\{?[ \t]*\\([A-Za-z]+)[ \t]*\}?"
    r"[ \t]*(?:\[([1-9])\])?[ \t]*\{|\\def[ \t]*\\([A-Za-z]+)((?:#[1-9]){0,9})[ \t]*\{"
)
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_PARAMETER = re.compile(r"#([1-9])")
MACROS = 200
"""More of them are not looked at."""
EXPANSIONS = 100
LENGTH = 2_000
"""What one formula may grow to."""


@dataclass(frozen=True)
class Macro:
    """The number of arguments, and what stands for the command."""

    count: int
    body: str


@dataclass(frozen=True)
class Macros:
    """The macros of a text by name."""

    by_name: Mapping[str, Macro]
    places: tuple[tuple[int, int], ...] = ()
    """Where they are defined."""

    def expanded(self, text: str) -> str:
        """The formula with its macros put in; as it stands where that would pass the budget.

        >>> Macros({"pd": Macro(2, r"\\frac{#1}{#2}")}).expanded(r"\\pd{L}{h} + 1")
        '\\\\frac{L}{h} + 1'
        """
        if not self.by_name or "\\" not in text:
            return text
        given, at = text, 0
        for _ in range(EXPANSIONS):
            found = next((one for one in _COMMAND.finditer(text, at) if one[1] in self.by_name), None)
            if found is None:
                return text
            macro = self.by_name[found[1]]
            arguments, end = _arguments(text, found.end(), macro.count)
            if arguments is None:
                return given
            body = _PARAMETER.sub(lambda one, given=arguments: _argument(given, int(one[1])), macro.body)  # type: ignore[misc]
            gap = " " if macro.count == 0 and text[end : end + 1].isalpha() else ""
            text, at = text[: found.start()] + body + gap + text[end:], found.start()
            if len(text) > LENGTH:
                return given
        return given


def _argument(arguments: list[str], number: int) -> str:
    return arguments[number - 1] if number <= len(arguments) else ""


def _arguments(text: str, at: int, count: int) -> tuple[list[str] | None, int]:
    """What stands behind a macro: braces, or one sign each."""
    arguments: list[str] = []
    for _ in range(count):
        while text[at : at + 1].isspace():
            at += 1
        if text[at : at + 1] == "{":
            end = _closed(text, at)
            if end is None:
                return None, at
            arguments.append(text[at + 1 : end])
            at = end + 1
        elif at < len(text):
            command = _COMMAND.match(text, at)
            end = command.end() if command else at + 1
            arguments.append(text[at:end])
            at = end
        else:
            return None, at
    return arguments, at


def _closed(text: str, at: int) -> int | None:
    """Where the brace that opens at a place is closed."""
    depth = 0
    for place in range(at, min(len(text), at + LENGTH)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return place
    return None


def macros_in(text: str) -> Macros:
    """The macros a text defines, the last of a name.

    >>> macros_in(r"\\newcommand{\\w}{W_h} \\DeclareMathOperator{\\relu}{ReLU}").by_name["relu"].body
    '\\\\operatorname{ReLU}'
    """
    found: dict[str, Macro] = {}
    places: list[tuple[int, int]] = []
    for number, definition in enumerate(_DEFINITION.finditer(text)):
        if number == MACROS:
            break
        end = _closed(text, definition.end() - 1)
        if end is None:
            continue
        body = text[definition.end() : end]
        if definition[0].startswith("\\Declare"):
            body = f"\\operatorname{{{body}}}"
        count = int(definition[2] or 0) or len(definition[4] or "") // 2
        found[definition[1] or definition[3]] = Macro(count, body)
        places.append((definition.start(), end + 1))
    return Macros(found, tuple(places))
