"""Where the mathematics of a text stands: between dollars, in `\\( \\)`, `\\[ \\]`, environments and fences.

Reads a text; returns its regions in order, none within another. Linear: every delimiter looks for its partner in lists
made once. A delimiter without a partner opens nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from symrnn.checking.reading.comments import is_calculation

MATHS_FENCES = frozenset({"math", "maths", "latex", "tex", "katex", "asciimath", "mathjax", "equation"})
_PROGRAMS = """
asm awk bash bat bibtex c c# c++ clojure cmake cpp cs csharp css csv cuda cython d dart diff docker dockerfile dot
elixir erlang f# fortran go graphviz groovy haskell hpp html http ini ipython java javascript js json jsonc jsx julia
kotlin lisp lua make makefile mathematica matlab mermaid nix ocaml octave pascal patch perl php plantuml powershell
prolog properties proto ps1 py py3 pycon pytb python python3 r rb rs ruby rust sas scala scheme scss sh shell sql stan
stata svelte svg swift tcl toml ts tsx typescript vb verilog vhdl vim vue wolfram xml yaml yml zig zsh
"""
PROGRAMS = frozenset(_PROGRAMS.split())
"""Languages whose blocks hold no statements about numbers; a block of any other word is read as text."""
ENVIRONMENTS = (
    "equation", "align", "gather", "multline", "eqnarray", "displaymath", "math", "flalign", "alignat", "aligned",
    "gathered", "split", "dmath", "subequations", "cases", "alignedat", "IEEEeqnarray", "empheq", "multlined", "dgroup",
)  # fmt: skip
VERBATIM = ("verbatim", "lstlisting", "minted", "Verbatim", "alltt", "comment", "tikzpicture")

LONGEST = 20_000
"""Longer formulas between single dollars are money."""
_FENCE = re.compile(r"[ \t]*(?:>[ \t]?)*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(`{3,}|~{3,})[ \t]*([^\n`]*)")
_CODE = re.compile(
    r"\s*(?:(?:import|from|def|class|return|const|let|var|public|static|void|int|float|double|#include)\b"
    r"|(?:for|while|if|elif|else|with|try|except)\b.*:\s*$|print\(|self\.|.*\{\s*$|\}\s*$|.*\b(?!(?:np|math|torch)\.)\w+\.\w+\()"
)
_NAMES = "|".join((*ENVIRONMENTS, *VERBATIM))
_MARKS = re.compile(
    rf"\\\\(?=[\[(]?)|\\\$|(?P<ticks>`+)|(?P<double>\$\$)|(?P<dollar>\$)|\\(?P<round>\()|\\(?P<square>\[)"
    rf"|\\begin\{{(?P<name>{_NAMES})(?P<star>\*?)\}}|\\verb(?P<verb>[^A-Za-z\s])|(?P<comment><!--)"
)
_ENDS = re.compile(rf"\\end\{{((?:{_NAMES})\*?)\}}")
_BLANK = re.compile(r"\n[ \t>]*\n")
_PROSE = re.compile(r"(?<![A-Za-z])[A-Za-z]{3,}[ ,]+[A-Za-z]{2,}|^\s*\d+(?:[.,]\d+)*\s+[A-Za-z]{2,}")
_FOREIGN = re.compile(r"[\u3040-\u9fff]")
_PLAIN_WORDS = re.compile(r"\\(?:text|mbox|mathrm|textrm|operatorname)\*?\{[^{}]*\}|\\[A-Za-z]+")


@dataclass(frozen=True)
class Region:
    """A stretch of the text from `start` to `end`, whose inside is from `first` to `last`.

    `kind`: "inline" and "display" hold LaTeX, "text" is a block of plain lines, "code" a code span, "program" and
    "aside" are not read; `word` is the fence's or environment's name.
    """

    kind: str
    start: int
    end: int
    first: int
    last: int
    word: str = ""


@dataclass(frozen=True)
class Found:
    """The regions of a text, and the delimiters of displays that are never closed."""

    regions: tuple[Region, ...]
    unclosed: tuple[Region, ...]


def regions_in(text: str, start: int = 0, tex: bool = False) -> Found:
    """The regions of a text; in a TeX file there are no fences and no code spans.

    >>> [region.kind for region in regions_in("$a = b$ and `c` and $5").regions]
    ['inline', 'code']
    """
    finder = _Finder(text, tex)
    regions: list[Region] = []
    at = start
    for fence in [*(() if tex else fences_in(text, start)), None]:
        end = fence.start if fence else len(text)
        regions += finder.between(at, end)
        if fence:
            regions.append(fence)
            at = fence.end
    return Found(tuple(regions), tuple(finder.unclosed))


def fences_in(text: str, start: int = 0) -> Iterator[Region]:
    """Fenced blocks, by their lines."""
    opened: re.Match[str] | None = None
    at = start
    while at < len(text):
        line_end = text.find("\n", at)
        line_end = len(text) if line_end < 0 else line_end
        found = _FENCE.match(text, at, line_end) if line_end - at < 400 else None
        if opened is None:
            opened = found
        elif found and found[1].startswith(opened[1]) and not found[2].strip():
            yield _fence(opened, opened.end() + 1, at, line_end)
            opened = None
        at = line_end + 1
    if opened is not None:
        yield _fence(opened, min(opened.end() + 1, len(text)), len(text), len(text))


def _fence(opened: re.Match[str], first: int, last: int, end: int) -> Region:
    word = opened[2].strip().strip("{}.").split(" ")[0].lower()
    kind = "display" if word in MATHS_FENCES else "program" if word in PROGRAMS else "text"
    inside = opened.string[first:last]
    if kind == "program" and is_calculation(inside):
        kind = "text"
    elif kind == "text" and _is_program(inside):
        kind = "program"
    return Region(kind, opened.start(), end, first, max(first, last), word)


def _is_program(block: str) -> bool:
    """Whether a block of plain lines is a program by a quarter of its lines."""
    lines = [line for line in block.split("\n") if line.strip()]
    return sum(_CODE.match(line[:200]) is not None for line in lines) * 4 > len(lines)


class _Finder:
    """Partners of delimiters; every list of places is made once."""

    def __init__(self, text: str, tex: bool) -> None:
        self.text = text
        self.tex = tex
        self.unclosed: list[Region] = []
        self.places: dict[str, list[int]] = {}
        self.blanks = [found.start() for found in _BLANK.finditer(text)]
        self.ends: dict[str, list[int]] = {}
        for found in _ENDS.finditer(text):
            self.ends.setdefault(found[1], []).append(found.start())
        self.ticks: dict[int, list[int]] = {}
        for ticks in re.finditer("`+", text):
            self.ticks.setdefault(len(ticks[0]), []).append(ticks.start())

    def between(self, at: int, end: int) -> Iterator[Region]:
        """The regions of a stretch without fences."""
        while found := _MARKS.search(self.text, at, end):
            region = self._opened(found, end)
            if region is not None:
                yield region
                at = region.end
            else:
                at = found.end()

    def _opened(self, found: re.Match[str], end: int) -> Region | None:
        kind = found.lastgroup
        if kind in ("name", "star"):
            return self._environment(found, end)
        if kind == "double":
            return self._closed("display", found, self._next("$$", found.end()), 2, end)
        if kind in ("round", "square"):
            closer = "\\)" if kind == "round" else "\\]"
            place = self._next(closer, found.end())
            again = self._next("\\(" if kind == "round" else "\\[", found.end())
            place = -1 if 0 <= again < place else place
            return self._closed("inline" if kind == "round" else "display", found, place, 2, end)
        if kind == "dollar":
            return self._dollars(found, end)
        if kind == "ticks" and not self.tex:
            return self._ticks(found, end)
        if kind == "verb" and self.tex:
            place = self.text.find(found["verb"], found.end(), min(end, found.end() + 400))
            return None if place < 0 else Region("code", found.start(), place + 1, found.end(), place)
        if kind == "comment" and not self.tex:
            place = self._next("-->", found.end())
            return None if place < 0 else Region("aside", found.start(), min(end, place + 3), found.end(), place)
        return None

    def _next(self, sign: str, at: int) -> int:
        """The next place of a sign that no backslash stands before."""
        if sign not in self.places:
            pattern = re.escape(sign) if sign[0] == "\\" else rf"(?<!\\){re.escape(sign)}"
            self.places[sign] = [found.start() for found in re.finditer(pattern, self.text)]
        places = self.places[sign]
        found = bisect_left(places, at)
        return places[found] if found < len(places) else -1

    def _closed(self, kind: str, found: re.Match[str], place: int, length: int, end: int) -> Region | None:
        """The region, unless its end is missing or lies behind an empty line."""
        if place >= 0 and place + length <= end and not self._blank_between(found.end(), place):
            return Region(kind, found.start(), place + length, found.end(), place)
        if kind == "display":
            self.unclosed.append(Region(kind, found.start(), found.end(), found.start(), found.end()))
        return None

    def _blank_between(self, first: int, last: int) -> bool:
        place = bisect_left(self.blanks, first)
        return place < len(self.blanks) and self.blanks[place] < last and bool(self.text[first:last].strip())

    def _environment(self, found: re.Match[str], end: int) -> Region | None:
        name = found["name"]
        places = self.ends.get(name + found["star"], [])
        at = bisect_left(places, found.end())
        if at == len(places) or places[at] >= end:
            self.unclosed.append(Region("display", found.start(), found.end(), found.start(), found.end(), name))
            return None
        closed = places[at]
        outer = closed + len(f"\\end{{{name}{found['star']}}}")
        if name in VERBATIM:
            kind = "text" if name in ("verbatim", "Verbatim", "alltt") else "aside" if name == "comment" else "program"
            return Region(kind, found.start(), outer, found.end(), closed, name)
        return Region("display", found.start(), outer, found.start(), outer, name)

    def _dollars(self, found: re.Match[str], end: int) -> Region | None:
        """`$…$` within a paragraph; money is no mathematics: "$5 and $6"."""
        place = self._next("$", found.end())
        first = found.end()
        if place < 0 or place >= end or place - first > LONGEST or self._blank_between(first, place):
            return None
        inside = self.text[first:place]
        following = self.text[place + 1 : place + 2]
        tight = inside[:1].strip() and inside[-1:].strip()
        balanced = inside and not inside[:1].strip() and not inside[-1:].strip()
        if not inside.strip() or following.isdigit() or not (tight or balanced or "\\" in inside):
            return None
        if _PROSE.search(_PLAIN_WORDS.sub("", inside)) or (balanced and _FOREIGN.search(inside)):
            return None
        if inside[0] == "`" and inside[-1] == "`" and len(inside) > 2:  # GitHub's $`x`$
            return Region("inline", found.start(), place + 1, first + 1, place - 1)
        return Region("inline", found.start(), place + 1, first, place)

    def _ticks(self, found: re.Match[str], end: int) -> Region | None:
        length = len(found["ticks"])
        places = self.ticks[length]
        at = bisect_left(places, found.end())
        if at == len(places) or places[at] >= end or self._blank_between(found.end(), places[at]):
            return None
        return Region("code", found.start(), places[at] + length, found.end(), places[at])
