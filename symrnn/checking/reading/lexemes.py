"""A block's text as lexemes: words, numbers, relations, brackets, breaks; and which words are prose.

Reads cleaned text; returns lexemes in order. Linear: one regular expression walks the text once. What a lexeme means
within a formula is for the parser of mathematics; here only formulas and prose are told apart.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from symrnn.algebra.reading.signs import CHINESE_BELOW, COMMANDS, HIGH, LOW
from symrnn.checking.reading.regions import Region
from symrnn.checking.reading.words import HELD_WORDS, STOP_WORDS, is_prose


class Lexeme(NamedTuple):
    """A piece of a block: its kind, its place, and for a relation its one form."""

    kind: str
    start: int
    end: int
    word: str = ""


RELATION_SIGNS = {
    "<<": "<", ">>": ">",
    "=": "=", "==": "=", "≈": "≈", "≃": "≈", "≅": "≈", "~=": "≈", "≐": "≈", "≒": "≈",
    "≔": "≡", ":=": "≡", "≡": "≡", "≜": "≡",
    "≤": "≤", "<=": "≤", "⩽": "≤", "≥": "≥", ">=": "≥", "⩾": "≥", "<": "<", ">": ">", "≪": "<", "≫": ">", "≠": "≠",
    "!=": "≠", "∝": "∝", "∈": "∈", "←": "←", "<-": "←", "→": "→", "->": "→", "↦": "→", "+=": "+=", "-=": "-=",
    "*=": "*=", "/=": "/=", "∼": "∼",
}  # fmt: skip
RELATION_COMMANDS = {
    **{word: sign for word, sign in COMMANDS.items() if sign in "≈≤≥<>≠∝∈→" and word not in ("sim", "colon")},
    "eq": "=", "coloneqq": "≡", "triangleq": "≡", "equiv": "≡", "doteq": "≡", "leftarrow": "←", "gets": "←",
    "longleftarrow": "←", "cong": "≈", "approxeq": "≈", "sim": "∼", "mapsto": "→", "longrightarrow": "→", "ll": "<",
    "gg": ">", "leqslant": "≤", "geqslant": "≥", "lesssim": "≤", "gtrsim": "≥", "xrightarrow": "→", "notin": "∈",
}  # fmt: skip
IMPLICATIONS = frozenset({
    "Rightarrow", "implies", "Longrightarrow", "iff", "Leftrightarrow", "Longleftrightarrow", "therefore", "because",
    "impliedby", "Leftarrow", "Longleftarrow", "leadsto", "rightsquigarrow", "forall", "exists", "land", "lor", "wedge",
    "vee", "checkmark", "square", "blacksquare", "qed", "qedhere", "blacktriangle", "Box", "hline", "par", "noindent",
    "item",
})  # fmt: skip
"""Commands that stand between statements."""
_TEXTS = "text|shortintertext|intertext|mbox|textrm|textit|textbf|texttt|textsf|hbox|textnormal"
_TABLES = "[bpvBV]?matrix|smallmatrix|array|cases|dcases|rcases"
_SIGNS = "|".join(sorted(map(re.escape, RELATION_SIGNS), key=len, reverse=True)).replace(r"<\-", r"<\-(?=\s)")
_SCRIPT_SIGNS = "".join(map(re.escape, (*HIGH, *LOW)))
_CJK = "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_LEXEME = re.compile(
    rf"(?P<below>(?<=[_^])(?:{CHINESE_BELOW})|(?<=[_^]\{{)[{_CJK}]{{1,8}}(?=\}}))|"
    rf"(?P<wide>[ ]{{3,}}|\t[ \t]*)|(?P<space>[ \u00a0]+)|(?P<newline>\n)|(?P<angled>\^<[^<>=\n]{{1,12}}>)"
    r"|(?P<turned>(?<=[\w\])}])\.T(?![\w.])|(?<=[\w\])}])\.T(?=\.(?:\s|$)))"
    r"|(?P<decimals>(?<![\d.,])(?![1-9]\d{0,2},\d{3}(?!\d))\d+,\d+(?![\d.,]))"
    rf"|(?P<number>(?:[1-9]\d{{0,2}}(?:,\d{{3}})+(?![\d,])|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?"
    r"(?:%|[ \t]%(?![ \t]*[\d(]))?|\.\d+)"
    rf"|(?P<dots>\.\.\.+|…+)|(?P<implication>=>|⇒|⟹|⇔|⟺|∴|∵|⇐|∀|∃|∧|∨)|(?P<sign>{_SIGNS})"
    rf"|(?P<row>\\\\\*?(?:\[[^\]\n]{{0,12}}\])?)|\\(?P<texts>{_TEXTS})[ \t]*\{{(?P<said>[^{{}}\n]{{0,300}})\}}"
    rf"|\\(?P<edge>begin|end)\{{(?P<table>{_TABLES})\*?\}}|\\(?P<command>[A-Za-z]+)|\\(?P<escaped>.)"
    rf"|(?P<abbreviation>--[A-Za-z][\w-]*=\S*|\b(?:e\.g|i\.e|w\.r\.t|etc|vs|eq|fig|resp|cf|approx)\.)"
    rf"|(?P<module>\b(?:np|numpy|torch|math|tf|jnp)\.(?=[a-z]))"
    rf"|(?P<hyphened>[A-Za-z]{{1,40}}(?:[-/][A-Za-z]{{1,40}}){{1,4}}(?![A-Za-z0-9_^(\[{{~']))|(?P<contracted>[A-Za-z]+['’](?:s|t|re|ve|ll|d|m)\b)"
    rf"|(?P<circled>[\u2460-\u24ff\u2776-\u2793])|(?P<cjk>[{_CJK}]+)|(?P<script>[{_SCRIPT_SIGNS}]+)"
    rf"|(?P<word>[^\W\d_{_CJK}](?:[^\W_{_CJK}]|[\u0300-\u036f\u20d7])*~?(?:[^\W_{_CJK}]*))"
    rf"|(?P<open>[(\[{{⟨〈【《「])|(?P<close>[)\]}}⟩〉】》」])|(?P<operator>\.[*^]|[-+*·⋅•∙×÷/∕⁄⊙∘○⨀⊗@^_'′’∂∇√∑∏‖∥⊤½⅓⅔¼¾⅛∞±!])|(?P<bar>\|)|(?P<ampersand>&)"
    rf"|(?P<comma>[,、])|(?P<semicolon>;)|(?P<colon>:)|(?P<stop>[.。](?=\s|$)|[?？])|(?P<other>.)",
)


def lexemes_in(text: str, start: int, end: int, regions: Sequence[Region], latex: bool) -> list[Lexeme]:
    """The lexemes of a block; a region of mathematics or code within prose is one lexeme.

    >>> [lexeme.kind for lexeme in lexemes_in("so h = 2", 0, 8, (), False)]
    ['prose', 'word', 'relation', 'number']
    """
    found: list[Lexeme] = []
    at = start
    inside = [] if latex else _within(regions, start, end)
    for region in inside:
        _scan(text, at, region.start, latex, found)
        found.append(Lexeme(_region_kind(text, region), region.start, region.end))
        at = region.end
    _scan(text, at, end, latex, found)
    return _with_words(text, [one for one in found if one.kind != "wide"]) if latex else _with_prose(text, found)


def _region_kind(text: str, region: Region) -> str:
    """Within prose: "maths", "code" (a name in code type), or "block" (anything that ends a formula around it)."""
    if region.kind == "inline":
        return "maths"
    return "code" if region.kind == "code" and "=" not in text[region.first : region.last] else "block"


def _within(regions: Sequence[Region], start: int, end: int) -> Sequence[Region]:
    first = bisect_left(regions, start, key=lambda region: region.start)
    last = bisect_left(regions, end, key=lambda region: region.start)
    return regions[first:last]


def _scan(text: str, at: int, end: int, latex: bool, into: list[Lexeme]) -> None:
    while at < end:
        found = _LEXEME.match(text, at, end)
        if not found:
            at += 1
            continue
        made = _lexeme(text, found, latex)
        at = made.end if made else found.end()
        if made:
            into.append(made)


_PLAIN_KINDS = frozenset({
    "newline", "number", "dots", "row", "cjk", "script", "word", "open", "close", "operator", "comma", "semicolon",
    "colon", "stop", "other", "implication", "bar", "ampersand", "wide",
})  # fmt: skip


def _lexeme(text: str, found: re.Match[str], latex: bool) -> Lexeme | None:
    """The lexeme of a match, which may be shorter than it; None for what is passed over."""
    kind = found.lastgroup or ""
    kind = {"said": "texts", "table": "edge"}.get(kind, kind)
    start, end = found.span()
    if kind == "other" and not found[0].isprintable():
        return Lexeme("hidden", start, end)
    if found[0] == "%" and not latex and _REMAINDER.match(text, end):
        return Lexeme("operator", start, end)  # a remainder, which is not read
    if kind in _PLAIN_KINDS:
        return Lexeme("break" if kind == "implication" else kind, start, end)
    if kind == "below":
        return Lexeme("word", start, end)
    if kind == "sign":
        return Lexeme("relation", start, end, RELATION_SIGNS[found[0]])
    if kind == "command":
        return _command(found["command"], start, end)
    if kind == "texts":
        between = "intertext" in found[0].partition("{")[0]
        below = _SCRIPT.search(text, max(0, start - 2), start)
        said = not below and _is_said(found["said"], text[end : end + 1])
        return Lexeme("prose" if between or said else "word", start, end)
    if kind == "edge":
        return Lexeme("open" if found["edge"] == "begin" else "close", start, end, found["table"])
    if kind == "escaped":
        opened = {"{": "open", "}": "close", "|": "operator", "%": "operator"}.get(found["escaped"])
        return Lexeme(opened, start, end) if opened else None
    if kind in ("angled", "turned"):
        return Lexeme("script", start, end)
    if kind == "hyphened":
        parts = re.split("[-/]", found[0])
        wordy = not latex and any(is_prose(part, " ") for part in parts) and all(len(part) > 1 for part in parts)
        return Lexeme("prose", start, end) if wordy else _first_word(found, parts[0])
    if kind == "decimals":  # `1,5` may be a decimal or two numbers: as one lexeme it is refused by the parser
        return Lexeme("number", start, end)
    if kind == "circled":
        return Lexeme("other", start, end)
    if kind in ("abbreviation", "contracted"):
        return Lexeme("prose", start, end)
    if kind == "module":
        return Lexeme("blank", start, end)
    return None


def _first_word(found: re.Match[str], word: str) -> Lexeme:
    return Lexeme("word", found.start(), found.start() + len(word))


def _command(word: str, start: int, end: int) -> Lexeme | None:
    if word in RELATION_COMMANDS:
        return Lexeme("relation", start, end, RELATION_COMMANDS[word])
    if word in IMPLICATIONS:
        return Lexeme("break", start, end)
    if word in ("quad", "qquad"):
        return Lexeme("gap", start, end)
    if word in ("newline", "cr"):
        return Lexeme("row", start, end)
    if word in ("cdot", "times", "odot", "circ", "ast", "div", "otimes", "pm", "bullet"):
        return Lexeme("operator", start, end)
    return Lexeme("command", start, end)


def _is_said(said: str, following: str) -> bool:
    """Whether `\\text{…}` holds prose, not a name such as ReLU or loss."""
    word = said.strip()
    if not word:
        return True
    if not word.isascii() or " " in word or not re.fullmatch(r"[A-Za-z][\w-]*", word):
        return following not in "_^("
    return word.lower() in STOP_WORDS or (said != word and following not in "_^(")


_SCRIPT = re.compile(r"[_^]\{?$")
_REMAINDER = re.compile(r"[ \t]*[\d(]")
_BARRED = re.compile(r"\|[ \t]*[=≈<>≤≥+*/]")
"""`|grad| = 2.5`: behind a name between bars."""
_GLUE = frozenset({"operator", "relation"})
_HOLDING = _GLUE | {"script"}
_STARTS = frozenset({"newline", "comma", "semicolon", "colon", "break", "stop", "block", "other", "open"})
_ENDS = frozenset({"newline", "comma", "semicolon", "stop", "close", "break", "block"})


def _with_prose(text: str, lexemes: list[Lexeme]) -> list[Lexeme]:
    """The lexemes with words told apart: prose, or names in a formula; a wide space between two formulas parts them."""
    lexemes = _with_columns(lexemes)
    made: list[Lexeme] = []
    for place, lexeme in enumerate(lexemes):
        following = lexemes[place + 1] if place + 1 < len(lexemes) else None
        prose = lexeme.kind == "word" and _stands_in_prose(text, lexeme, made[-1] if made else None, following)
        made.append(lexeme._replace(kind="prose") if prose else lexeme)
    return made


_BEGINS = frozenset({"word", "number", "open", "maths", "command", "cjk"})
_CLOSES = frozenset({"word", "number", "close", "maths", "script"})


def _with_columns(lexemes: list[Lexeme]) -> list[Lexeme]:
    """Wide spaces part what stands on both sides, unless one of them goes on."""
    made: list[Lexeme] = []
    for place, lexeme in enumerate(lexemes):
        if lexeme.kind != "wide":
            made.append(lexeme)
        elif made and made[-1].kind in _CLOSES and lexemes[min(place + 1, len(lexemes) - 1)].kind in _BEGINS:
            made.append(lexeme._replace(kind="break"))
    return made


def _with_words(text: str, lexemes: list[Lexeme]) -> list[Lexeme]:
    """Prose that stands in mathematics undressed: "where", and words beside words."""
    said = [_is_wordy(text, lexeme) for lexeme in lexemes]
    made: list[Lexeme] = []
    for place, lexeme in enumerate(lexemes):
        beside = any(said[max(0, place - 1) : place]) or any(said[place + 1 : place + 2])
        stop = said[place] and text[lexeme.start : lexeme.end].lower() in STOP_WORDS
        made.append(lexeme._replace(kind="prose") if said[place] and (stop or beside) else lexeme)
    return made


def _is_wordy(text: str, lexeme: Lexeme) -> bool:
    word, following = text[lexeme.start : lexeme.end], text[lexeme.end : lexeme.end + 1]
    return lexeme.kind == "word" and len(word) > 2 and word.islower() and is_prose(word, following)


def _stands_in_prose(text: str, word: Lexeme, before: Lexeme | None, after: Lexeme | None) -> bool:
    """A word that could be prose is a name where operators or brackets hold it."""
    said = text[word.start : word.end]
    after_kind = after.kind if after else "newline"
    before_kind = before.kind if before else "newline"
    if said in ("a", "A", "I"):
        beside = text[after.start : after.end + 1] if after and after.kind == "word" else ""
        return is_prose(beside[:-1], beside[-1:]) or (before_kind == "prose" and after_kind not in _GLUE)
    if not is_prose(said, text[word.end : word.end + 1]):
        return False
    if text[word.start - 1 : word.start] == "|" and _BARRED.match(text, word.end):
        return False
    if said in HELD_WORDS:
        return not ({before_kind, after_kind} & _HOLDING)
    if len(said) > 2 and said.lower() in STOP_WORDS:
        return True
    if before_kind in _GLUE:
        return after_kind not in _GLUE | _ENDS
    return not (before_kind in _STARTS and after_kind in _GLUE)
