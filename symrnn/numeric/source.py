"""Python text line by line, at most 120 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH = 120


@dataclass
class Source:
    """Lines of text at the current depth."""

    lines: list[str] = field(default_factory=list)
    depth: int = 1

    def add(self, text: str) -> None:
        """One line; a comment that does not fit goes above it."""
        indent = "    " * self.depth
        code, mark, comment = text.partition("  # ")
        if mark and code.strip() and len(indent + text) > WIDTH:
            self.lines += [*self._comment(f"# {comment}"), indent + code]
        elif text.startswith("# "):
            self.lines += self._comment(text)
        else:
            self.lines.append(indent + text if text else "")

    def _comment(self, text: str) -> list[str]:
        indent = "    " * self.depth
        return textwrap.wrap(
            text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}#     ", break_long_words=False
        )

    def add_list(self, front: str, items: Sequence[str], back: str, brackets: str = "()") -> None:
        """`front items back` on one line or, in brackets, on several."""
        line = front + ", ".join(items) + back
        if brackets != "()":
            line = front + brackets[0] + ", ".join(items) + brackets[1] + back
        if 4 * self.depth + len(line) <= WIDTH:
            self.add(line)
            return
        indent = "    " * (self.depth + 1)
        self.add(f"{front}{brackets[0]}")
        line = indent
        for item in items:
            if len(line) + len(item) + 1 > WIDTH:
                self.lines.append(line.rstrip())
                line = indent
            line += f"{item}, "
        self.lines.append(line.rstrip())
        self.add(f"{brackets[1]}{back}")


def header(module: str, names: Sequence[str]) -> str:
    """The import of what a text calls from a module of `numeric`.

    >>> header("kernels", ["at", "near"])
    'from symrnn.numeric.kernels import at, near'
    """
    front = f"from symrnn.numeric.{module} import "
    if len(front) + len(", ".join(names)) <= WIDTH:
        return front + ", ".join(names)
    lines = textwrap.fill(", ".join(names) + ",", WIDTH, initial_indent="    ", subsequent_indent="    ")
    return f"{front}(\n{lines}\n)"


def identifier_or_cell(name: str) -> str:
    """A Program's name for the docstring, if it is an identifier."""
    return name if name.replace("_", "a").isalnum() and name.isascii() else "cell"
