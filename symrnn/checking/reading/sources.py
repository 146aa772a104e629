"""From bytes to one text: encodings, line ends, notebooks, front matter. The content decides, not the file's name.

Reads bytes or text; returns the text that everything else points into. Promises: nothing is executed, and what is too
long is refused before anything looks at it.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass, field

from symrnn.checking.reading.places import Cells
from symrnn.errors import InputError, LimitError

CHARACTERS = 2_000_000
"""Longer texts are refused."""
_TOML = re.compile(r"\s*(?:#[^\n]*\n\s*)*(?:\[[\w.\" \[\]-]+\]|[\w.\"-]+[ \t]*=)")
_FENCE = re.compile(r"\s*(\+\+\+|---)[ \t]*\n")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Text:
    """The text to be read, from `start` on; `set_aside` are the cells that are no prose, with their kind."""

    text: str
    start: int = 0
    front_matter: str | None = None
    cells: Cells = field(default_factory=Cells)
    set_aside: tuple[tuple[int, str], ...] = ()


def text_of(given: str | bytes, name: str = "<text>") -> Text:
    """The text in what was given, whatever its encoding.

    >>> text_of("梯度".encode("gbk")).text
    '梯度'
    >>> text_of('+++\\nsteps = 2\\n+++\\nh_1 = 0.5').front_matter
    'steps = 2\\n'
    """
    if len(given) > CHARACTERS:
        raise LimitError(
            name, found=f"{len(given):,} characters where at most {CHARACTERS:,} are read", write="a shorter working"
        )
    text = given if isinstance(given, str) else decoded(given, name)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if text.lstrip()[:1] == "{" and '"cells"' in text and '"nbformat"' in text:
        return _notebook(text, name)
    return _with_front_matter(text)


def decoded(data: bytes, name: str) -> str:
    """UTF-8, with or without a mark; UTF-16 with one; else GB 18030, which holds GBK and GB 2312."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(name, found="bytes that are neither UTF-8 nor GB 18030", write="the text saved as UTF-8")


def _with_front_matter(text: str) -> Text:
    """`+++` around TOML, or `---` around it; `---` around anything else is another program's and passed over."""
    opened = _FENCE.match(text)
    if not opened:
        return Text(text)
    closed = re.compile(rf"^{re.escape(opened[1])}[ \t]*$", re.MULTILINE).search(text, opened.end())
    if not closed:
        return Text(text)
    inside = text[opened.end() : closed.start()]
    if opened[1] == "+++" or _TOML.match(inside):
        return Text(text, closed.end(), inside)
    other = all(":" in line or line[:1] in " -#" for line in inside.splitlines() if line.strip())
    return Text(text, closed.end() if other and inside.strip() else 0)


def _notebook(text: str, name: str) -> Text:
    """The Markdown cells of a notebook, one below the other."""
    try:
        content = json.loads(text)
        cells = content["cells"]
    except (ValueError, RecursionError, TypeError, KeyError):
        cells = None
    if not isinstance(cells, list):
        raise InputError(name, found="a notebook whose JSON is broken", write="the notebook saved again, or Markdown")
    parts: list[str] = []
    starts: list[int] = []
    numbers: list[int] = []
    aside: list[tuple[int, str]] = []
    length = 0
    for number, cell in enumerate(cells, 1):
        if not isinstance(cell, dict):
            continue
        if cell.get("cell_type") != "markdown":
            aside.append((number, str(cell.get("cell_type"))[:20]))
            continue
        part = _joined(cell.get("source")).replace("\r\n", "\n").replace("\r", "\n")
        starts.append(length)
        numbers.append(number)
        parts.append(part)
        length += len(part) + 2
    joined = _with_front_matter("\n\n".join(parts))
    return Text(joined.text, joined.start, joined.front_matter, Cells(tuple(starts), tuple(numbers)), tuple(aside))


def _joined(source: object) -> str:
    if isinstance(source, list):
        return "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""
