"""Markup blanked out, place for place: emphasis, links, tags, comments, colours; what is left is words and mathematics.

Reads a text and its regions; returns a text of the same length, in which every sign also has its common spelling
(full-width forms, dashes, spaces). Promises: linear time, and that no place moves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from symrnn.algebra.reading.signs import SAME_LENGTH
from symrnn.checking.reading.lexemes import RELATION_COMMANDS, RELATION_SIGNS, lexemes_in
from symrnn.checking.reading.macros import Macros
from symrnn.checking.reading.regions import VERBATIM, Region

Edit = tuple[int, int, str]
"""From, to, and what stands there instead, filled up with spaces."""

BLANK = "\u00a0"
"""What stands where markup stood: a space to everyone but to those who look for columns."""
BREAK = "⇒"
"""What stands, in a formula, where words begin and end that hold an equality of their own."""
_SAME = SAME_LENGTH | {0x2223: "|", 0xFE63: "-", 0xFF0C: "、"}
"""A full-width comma is never a decimal point."""
_TAGS = (
    "sub|sup|br|b|i|em|strong|u|span|div|p|a|img|code|pre|table|thead|tbody|tr|td|th|ul|ol|li|hr|center|font|small"
    "|details|summary|h[1-6]|kbd|mark|del|ins"
)
_MARKUP = re.compile(
    rf"(?P<link>!\[[^\[\]\n]{{0,200}}\]\([^()\n]{{0,2000}}\)|\]\([^()\n]{{0,500}}\)|!\[)|(?P<url>https?://[^\s<>)\]]{{1,2000}})"
    rf"|<(?P<slash>/?)(?P<tag>{_TAGS})\b[^<>\n]{{0,300}}>|&(?P<entity>[a-zA-Z]{{2,8}}|#\d{{2,4}});|(?P<hard>\\$)"
    rf"|(?P<quote>^[ \t]{{0,3}}(?:>[ \t]?)+)"
    rf"|(?<![A-Za-z0-9_*)\]\\])(?P<strong>\*\*\*|\*\*|\*|__)(?=\S)(?P<inner>[^*\n]{{0,200}}[^\s*])(?P=strong)(?![A-Za-z0-9_*(])",
    re.MULTILINE,
)
_ENTITIES = {
    "nbsp": " ", "times": "×", "lt": "<", "gt": ">", "le": "≤", "ge": "≥", "minus": "-", "middot": "·", "asymp": "≈",
    "amp": "&", "part": "∂", "sigma": "σ", "delta": "δ", "sum": "∑", "ne": "≠", "rarr": "→", "larr": "←", "emsp": " ",
    "equals": "=", "plus": "+", "deg": "°",
}  # fmt: skip
_SIGN = r"=|≈|≡|:=|≤|≥|<|>|\\(?:approx|simeq|cong|equiv|coloneqq|doteq|triangleq|leq?|geq?|to|rightarrow)(?![A-Za-z])"
_MATHS = re.compile(
    r"\\(?:textcolor|colorbox)\{[^{}\n]{0,60}\}|\\color\{[^{}\n]{0,60}\}|\\(?:tag|label)\*?\{[^{}\n]{0,200}\}"
    r"|\\(?P<edge>begin|end)\{(?P<name>[A-Za-z]+)\*?\}|\\(?:left|right)[ \t]*\."
    rf"|\\(?:overset|stackrel|underset)[ ]*\{{(?:[^{{}}\n]|\{{[^{{}}\n]{{0,80}}\}}){{0,80}}\}}[ ]*"
    rf"(?P<over>\{{[ ]*(?:{_SIGN})[ ]*\}}|{_SIGN})"
    rf"|(?:\\math(?:rel|bin|op|ord)[ ]*|(?<![_^A-Za-z}}]))\{{[ ]*(?P<braced>{_SIGN})[ ]*\}}|\\not[ ]*(?P<denied>=)"
    r"|\\(?P<long>xlongequal|xleftrightequal)(?:\[[^\[\]\n]{0,80}\])?\{[^{}\n]{0,80}\}"
    r"|\\(?P<said>text|mbox|hbox|textrm|textit|textnormal|footnote|parbox|shortintertext|intertext)\*?"
    r"(?:\[[^\]\n]{0,20}\])?(?:\{[^{}\n]{0,20}\}(?=\{))?\{|\\(?P<box>boxed|fbox|framebox)\{|\\(?P<brace>underbrace|overbrace)(?![a-zA-Z])"
    r"|\\hspace\*?\{[^{}\n]{0,40}\}|\\vspace\*?\{[^{}\n]{0,40}\}"
)
_NESTED = re.compile(r"[{\\$]")
_PASSED = frozenset({
    "equation", "align", "gather", "multline", "eqnarray", "displaymath", "math", "flalign", "aligned", "gathered",
    "split", "dmath", "subequations", "multlined", "dgroup", "empheq", "IEEEeqnarray", "alignat", "alignedat",
})  # fmt: skip
_WITH_COLUMNS = frozenset({"empheq", "IEEEeqnarray", "alignat", "alignedat"})
_POSITION = re.compile(r"\[[tbcTBC]\]")
_OPTIONS = re.compile(r"(?:\[[^\[\]\n]{0,200}\])?(?:\{[^{}\n]{0,60}\})?")
_EQUALITY = re.compile(r"[=≈≒]|\\approx")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_COLUMNS = re.compile(r"\{[0-9lcr@{} |]{0,40}?\}")
_QUOTE = re.compile(r"(?<=\n)[ \t]*>[ \t]?")
_WITH_ARGUMENTS = (
    "includegraphics|label|ref|eqref|cite[a-z]*|usepackage|documentclass|hspace|vspace|setlength|definecolor|url"
    "|hypersetup|bibliography[a-z]*|begin|end|pagestyle|geometry|DeclareMath[A-Za-z]*"
)
_COMMANDS = re.compile(
    rf"\\(?:{_WITH_ARGUMENTS})\*?(?![A-Za-z])(?:\[[^\[\]\n]{{0,300}}\]|\{{[^{{}}\n]{{0,300}}\}})*"
    r"|\\href\{[^{}\n]{0,300}\}|\\[A-Za-z]+\*?(?:\[[^\[\]\n]{0,200}\])?|\\[^A-Za-z\n]|[{}~]"
)
_NESTING = re.compile(r"\\\\|\\[{}]|[{}]|\\(?P<edge>begin|end)\{(?P<table>(?:[a-zA-Z]*matrix|array|[dr]?cases)\*?)\}")
_ROOM = re.compile(r"\\(?:[;,:! ]|quad|qquad|math(?:rel|bin|op|ord))|[{}&\s]")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_VERBATIM = re.compile(
    rf"\\begin\{{({'|'.join(VERBATIM)})\*?\}}.*?\\end\{{\1\*?\}}|\\verb([^A-Za-z\s])[^\n]{{0,400}}?\2", re.DOTALL
)


def cleaned(text: str, start: int, regions: tuple[Region, ...], markdown: bool, macros: Macros | None = None) -> str:
    """The text without markup; `start` is where it begins, behind the front matter.

    The writer's own commands for a relation are written as that relation; where they are defined, nothing stands.
    """
    macros = macros or Macros({})
    own = {name: sign for name, one in macros.by_name.items() if (sign := relation_of(one.body)) and not one.count}
    masked = _words_only(text, regions)
    edits: list[Edit] = [(0, start, ""), *((first, last, "") for first, last in macros.places)]
    edits += _markdown(masked, start) if markdown else _tex(masked, start)
    for region in regions:
        if region.kind in ("inline", "display"):
            edits += _maths(text, region, own)
        elif region.kind in ("program", "aside"):
            edits.append((region.start, region.end, ""))
    return edited(text.translate(_SAME), edits, BLANK)


def edited(text: str, edits: Iterable[Edit], fill: str = " ") -> str:
    """The text with the edits made, filled up; line ends stay."""
    parts: list[str] = []
    at = 0
    for first, last, instead in sorted(edits):
        if first < at:
            continue
        blank = re.sub(r"[^\n]", fill, text[first:last])
        parts += [text[at:first], instead + blank[len(instead) :]]
        at = last
    return "".join([*parts, text[at:]])


def without_comments(text: str) -> str:
    """A TeX file with its comments blanked out; those in a verbatim block are none."""
    kept = [found.span() for found in _VERBATIM.finditer(text)]
    edits: list[Edit] = []
    at = 0
    for first, last in [*kept, (len(text), len(text))]:
        edits += [(found.start(), found.end(), "") for found in _COMMENT.finditer(text, at, first)]
        at = last
    return edited(text, edits)


def _words_only(text: str, regions: tuple[Region, ...]) -> str:
    """The text with x for mathematics and blanks for blocks: what markup is looked for in."""
    parts: list[str] = []
    at = 0
    for region in regions:
        filler = "x" if region.kind in ("inline", "display", "code") else " "
        parts += [text[at : region.start], re.sub(r"[^\n]", filler, text[region.start : region.end])]
        at = region.end
    return "".join([*parts, text[at:]])


def _markdown(masked: str, start: int) -> Iterator[Edit]:
    at = start
    while found := _MARKUP.search(masked, at):
        at = found.end()
        if found["strong"]:
            width = len(found["strong"])
            yield found.start(), found.start() + width, ""
            yield found.end() - width, found.end(), ""
            at = found.start() + width  # emphasis may hold links
        elif found["tag"]:
            instead = {"sub": "_{", "sup": "^{"}.get(found["tag"], "")
            yield found.start(), found.end(), "}" if instead and found["slash"] else instead
        elif found["entity"]:
            if found["entity"] in _ENTITIES or found["entity"][0] == "#":
                yield found.start(), found.end(), _entity(found["entity"])
        else:
            yield found.start(), found.end(), ""


def _entity(name: str) -> str:
    """The character of an entity: `&times;`, `&#61;`."""
    found = _ENTITIES[name] if name[0] != "#" else chr(int(name[1:]))
    return found if found.isprintable() else " "


def _tex(masked: str, start: int) -> Iterator[Edit]:
    for found in _COMMANDS.finditer(masked, start):
        yield found.start(), found.end(), BREAK if found[0].startswith("\\item") else ""


def _maths(text: str, region: Region, own: Mapping[str, str]) -> Iterator[Edit]:
    """Colours, tags, the names of environments, what stands under a brace; relations in another dress."""
    depth = _Depth(text, region.first)
    for found in _MATHS.finditer(text, region.first, region.last):
        if found["brace"]:
            yield found.start(), found.end(), ""
            yield from _under_brace(text, found.end(), region.last)
        elif found["said"]:
            closed = _brace_end(text, found.end() - 1, min(region.last, found.end() + 2_000))
            if closed and _EQUALITY.search(text, found.end(), closed - 1) and not depth.at(found.start()):
                yield from _words(text, found.start(), found.end(), closed)
            elif closed and (found["said"] == "parbox" or _NESTED.search(text, found.end(), closed - 1)):
                yield found.start(), closed, "\\par"  # more than words: it ends what stands before
        elif found["box"]:
            closed = _brace_end(text, found.end() - 1, min(region.last, found.end() + 2_000))
            if closed:
                yield found.start(), found.end(), "("
                yield closed - 1, closed, ")"
        elif found["edge"]:
            if found["name"] in _PASSED:
                options = (_OPTIONS if found["name"] in _WITH_COLUMNS else _POSITION).match(text, found.end())
                begins = found["edge"] == "begin" and options
                yield found.start(), options.end() if options and begins else found.end(), ""
            elif (
                found["name"] == "array" and found["edge"] == "begin" and (columns := _COLUMNS.match(text, found.end()))
            ):
                yield found.end(), columns.end(), ""
        elif sign := found["over"] or found["braced"]:
            yield found.start(), found.end(), sign.strip("{ }")
        elif found["denied"] or found["long"]:
            yield found.start(), found.end(), "≠" if found["denied"] else "="
        else:
            yield found.start(), found.end(), ""
    for command in _COMMAND.finditer(text, region.first, region.last) if own else ():
        if command[1] in own:
            yield command.start(), command.end(), own[command[1]]
    line = text.rfind("\n", 0, region.start) + 1
    if ">" in text[line : region.start]:  # a display in a quotation
        for quote in _QUOTE.finditer(text, region.first, region.last):
            yield quote.start(), quote.end(), ""


def _words(text: str, start: int, first: int, end: int) -> Iterator[Edit]:
    """Words in a formula that hold an equality, `\\text{so $h_1 = 0.5$}`: the equality stands, the words go."""
    yield start, first, BREAK
    edges = [first, *(place for place in range(first, end - 1) if text[place] == "$"), end - 1]
    for number, (left, right) in enumerate(pairwise(edges)):
        left += bool(number)
        if number % 2 == 0:
            for lexeme in lexemes_in(text, left, right, (), False):
                if lexeme.kind in ("prose", "cjk"):
                    yield lexeme.start, lexeme.end, BREAK
        if number:
            yield left - 1, left, BREAK
    yield end - 1, end, BREAK


class _Depth:
    """How deep in braces and tables a place stands; asked for from left to right."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.place = start
        self.depth = 0

    def at(self, place: int) -> int:
        """The depth of a place that stands behind the one asked for before."""
        for found in _NESTING.finditer(self.text, self.place, place):
            if found["table"]:
                self.depth += 1 if found["edge"] == "begin" else -1
            elif found[0] in "{}":
                self.depth += 1 if found[0] == "{" else -1
        self.place = place
        return self.depth


def relation_of(body: str) -> str | None:
    """The relation a macro stands for, if it stands for nothing else: `{=}`, `\\;\\approx\\;`, `&=`."""
    bare = _ROOM.sub("", body)
    if bare in RELATION_SIGNS:
        return bare
    return bare if bare[:1] == "\\" and bare[1:] in RELATION_COMMANDS else None


def _under_brace(text: str, at: int, end: int) -> Iterator[Edit]:
    """The label of `\\underbrace{…}_{label}`; braces are looked for in the next 2,000 characters only."""
    closed = _brace_end(text, at, min(end, at + 2_000))
    if closed and text[closed : closed + 1] in ("_", "^"):
        label = _brace_end(text, closed + 1, min(end, closed + 500))
        if label:
            yield closed, label, ""


def _brace_end(text: str, at: int, end: int) -> int | None:
    depth = 0
    for place in range(at, end):
        char = text[place]
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
        if depth == 0:
            return place + 1 if char == "}" else None
    return None
