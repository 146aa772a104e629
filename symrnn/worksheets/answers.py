r"""One answer: the numbers it says, and the working before them.

Students write numbers in many ways: with LaTeX, in Chinese punctuation, as a chain whose last link is the result. What
cannot be meant as one number is never read as another: `1 1/4`, `50%` and `0,5` are unreadable, each with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from symrnn.algebra.reading.grammar import parse_expression
from symrnn.checking.arithmetic import Evaluator, NotMeant, Unknown
from symrnn.checking.comparing import Agreement, agreement
from symrnn.checking.digits import Digits, digits_of
from symrnn.checking.matrices import Matrix, Misfit
from symrnn.checking.numbers import Number, TooLarge, Undefined
from symrnn.checking.page import Page, Scope
from symrnn.errors import SymrnnError
from symrnn.worksheets.quoting import MATRIX, bracketed
from symrnn.worksheets.spreadsheets import DATE

MOST_LETTERS = 500
"""Of one answer in mathematics; words may be longer."""
MOST_ENTRIES = 64


class Unreadable(Exception):
    """An answer that says no number: the key of the sentence for the student, and what it speaks of."""

    def __init__(self, key: str, *about: str) -> None:
        super().__init__(key, *about)
        self.key = key
        self.about = about


@dataclass(frozen=True)
class Entry:
    """A number as answered, and its digits where it is written as one."""

    value: Number
    digits: Digits | None


Entries = tuple[tuple[Entry, ...], ...]
"""The rows of an answer."""


def links_of(text: str) -> tuple[str, ...]:
    r"""The links of a chain, tidied: every one but the last is working.

    >>> links_of("= 0.5*0.3 + 0.1 = **0.25**")
    ('0.5*0.3 + 0.1', '0.25')
    """
    return tuple(link for _, link in _chain(text))


def _chain(text: str) -> list[tuple[str, str]]:
    """The links, each with the sign before it."""
    if len(text) > MOST_LETTERS:
        raise Unreadable("unread long")
    first, *rest = _RELATION.split(_BESIDES.sub(r" \1\2", _tidied(text)))
    sides = (("", first), *zip(rest[::2], rest[1::2], strict=True))
    return [(sign, link) for sign, side in sides if (link := _bare(side))]


def read_answer(text: str) -> Entries:
    """The numbers of an answer as rows: `-1/8`, `0.125`, `ln 2`, `[1/2, 3/4]`, `[[1, 2], [3, 4]]`, a chain's last link.

    >>> [[str(entry.value) for entry in row] for row in read_answer("[1/2, 3/4]")]
    [['1/2'], ['3/4']]
    """
    links = links_of(text)
    return read_link(links[-1] if links else "", Scope(Page()))


def readings_of(text: str, rounded: bool = False) -> tuple[Entries, ...]:
    """What an answer may be taken for: its last link, and the links before that are only rounded after them.

    Where answers are `rounded`, a number before its rounding is one, but working is not.

    >>> [str(reading[0][0].value) for reading in readings_of("121/72 ≈ 1.681")]
    ['1681/1000', '121/72']
    """
    chain = _chain(text) or [("", "")]
    found = [read_link(chain[-1][1], Scope(Page()))]
    for (_, link), (sign, _) in reversed(list(pairwise(chain))):
        try:
            exact = read_link(link, Scope(Page()))
        except Unreadable:
            break
        if (rounded and is_working(link)) or not _is_rounded(exact, found[-1], sign):
            break
        found.append(exact)
    return tuple(found)


def _is_rounded(exact: Entries, decimals: Entries, sign: str) -> bool:
    """Whether decimals are other numbers to their digits, the last of them right or off by one."""
    if [len(row) for row in exact] != [len(row) for row in decimals]:
        return False
    # A whole number behind = stands for itself.
    unit = Fraction(sign != "=")
    return all(
        shown.digits is not None
        and agreement(entry.value, replace(shown.digits, unit=shown.digits.unit or unit)) <= Agreement.LAST_DIGIT
        for entry, shown in zip(each(exact), each(decimals), strict=True)
    )


def read_link(text: str, scope: Scope) -> Entries:
    """The numbers of one link, names by the scope.

    Raises:
        Unreadable: no number, or a name that the scope does not know.
    """
    rows = _rows(text)
    if sum(map(len, rows)) > MOST_ENTRIES:
        raise Unreadable("unread many")
    if rows == [[text]]:
        return _entries(text, scope)
    return tuple(tuple(_entry(piece, scope) for piece in row) for row in rows)


def is_working(link: str) -> bool:
    """Whether a link computes something: more than a number, or a vector of numbers, by itself."""
    if re.fullmatch(rf"\[*{_NUMBER}([\],;\[]+{_NUMBER})*\]*", _FRACTION.sub(r"\1/\2", link)):
        return False
    try:
        return digits_of(parse_expression(link)) is None
    except (SymrnnError, RecursionError):
        return False


# --- ways of writing --------------------------------------------------------------------------------------------------

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SIGNS = str.maketrans(
    {**{chr(a): chr(b) for a, b in _WIDE.items()}, "　": " ", "、": ",", "【": "[", "】": "]", "⁄": "/", "∕": "/"}
    | dict.fromkeys("—―‒", "-")
    | dict.fromkeys("✓✔✅", "")
)
"""Full-width signs, dashes and brackets as their plain forms."""
_RELATION = re.compile(r"(=|[≈≃≅]|\\(?:approx|simeq|doteq)(?![a-z]))")
_BESIDES = re.compile(r"\(\s*([=≈≃≅]|\\approx(?![a-z]))\s*([-+\d./\s]+)\)\s*$")
"""A number with another form of it in parentheses: `121/72 (≈ 1.681)`."""
_SPACE = re.compile(r"(?<!\\)\\[,;:!> ]|\\q?quad(?![a-zA-Z])")
_WRAPPED = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|mathit|mathsf|boxed|underline|fbox)\{([^{}]*)\}")
_COLOURED = re.compile(r"\\(?:textcolor|color)\{[a-zA-Z]{1,20}\}")
_ARRANGED = re.compile(r"\\(?:begin|end)\{[a-zA-Z]{1,12}\*?\}|\\(?:left|right|big|Big)(?![a-zA-Z])|\\checkmark|&")
_REMARK = re.compile(r"\s*\((?=[^()]*[A-Za-z\u4e00-\u9fff]{2})[^()0-9]*\)$")
_ABOUT = re.compile(r"^(?:about|approx\.?|approximately|circa|ca\.|大约|约等于|约为|约|~)\s*", re.IGNORECASE)
_INDEX = re.compile(r"\[([^\[\]]+)\]")
_TRANSPOSED = re.compile(r"(?<=[\])}])\s*(?:\^\s*\{?\s*(?:T|\\top|\\intercal|\\mathsf\{T\})\s*\}?|ᵀ|')$")
_BESIDE = re.compile(r"(?<![\\a-zA-Z])\d\s+(?:[.\d]|\\[dt]?frac)|\d\s*[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]")
_POWER = r"[eE][-+]?\d+|\s*(?:[*×·⋅]|\\cdot|\\times)\s*10.*"
_STEPS = re.compile(
    r"(?:(?:after|from|step|T\s*=|N\s*=)\s*)?(\d+)\s*(?:(?:time )?steps?|个?(?:时间)?步)", re.IGNORECASE
)
"""A count with what it counts."""
_UNIT = re.compile(r"[-+\d./\s]*\d\s*([^\W\d_]{2,})")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{(-?[\d.]+)\}\s*\{([\d.]+)\}")
_NUMBER = r"\s*[-+]?[\d.]+\s*(?:/\s*[\d.]+)?\s*"
_FUNCTION = re.compile(r"(?<![A-Za-z\\])(ln|exp|tanh|sqrt)(?=\d)")


def _tidied(text: str) -> str:
    text = _SPACE.sub(" ", text.translate(_SIGNS)).replace("{,}", ",")
    text = _COLOURED.sub("", MATRIX.sub(bracketed, text))
    while text != (text := _WRAPPED.sub(r"\1", text)):
        pass
    return _ARRANGED.sub(" ", text).replace("\\\\", " ")


def _bare(text: str) -> str:
    """One link without the marks of Markdown and LaTeX around it, remarks and full stops."""
    before = None
    while before != text:
        before = text
        text = (
            text.strip()
            .strip("$`")
            .strip()
            .lstrip("'‘’")
            .rstrip(".。;!…")
            .removeprefix("\\(")
            .removesuffix("\\)")
            .strip("~ ")
        )
        for mark in ("**", "__", "*", "_"):
            if len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
                text = text[len(mark) : -len(mark)]
        text = _TRANSPOSED.sub("", _REMARK.sub("", _ABOUT.sub("", text)))
        if steps := _STEPS.fullmatch(text):
            text = steps[1]
    return text


# --- rows and entries -------------------------------------------------------------------------------------------------


def _rows(text: str) -> list[list[str]]:
    inner = _inside(text)
    if inner is None:
        # `1; 2` and `1, 2` without brackets; `1,5` may be meant as a decimal.
        if not re.search(r";|,\s", text) or re.search(r"[\[({]", text):
            return [[text]]
        inner = text
    parts = _apart(inner, ";") if ";" in inner else _apart(inner, ",")
    nested = [_inside(part) for part in parts]
    if all(part is not None for part in nested):
        return [_cells(part or "") for part in nested]
    return [_cells(part) for part in parts]


def _inside(text: str) -> str | None:
    """What stands in the brackets around a vector; parentheses are such brackets only around several numbers."""
    text = text.strip().removeprefix("\\").replace("\\}", "}")
    if text[:1] + text[-1:] not in ("[]", "()", "{}") or _apart(text[1:-1], "") == []:
        return None
    inner = text[1:-1]
    if text[0] == "[":
        return inner
    return inner if len(_apart(inner, ",")) > 1 or len(_apart(inner, ";")) > 1 else None


def _cells(text: str) -> list[str]:
    parts = _apart(text, ",")
    pieces = text.split()
    if len(parts) == 1 and len(pieces) > 1 and all(re.fullmatch(r"[-+]?[\d./]+", piece) for piece in pieces):
        return pieces
    return parts


def _apart(text: str, sign: str) -> list[str]:
    """The text between signs that stand in no bracket; nothing where a bracket is closed before it is opened."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if depth < 0:
            return []
        if char == sign and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [part.strip() for part in (*parts, text[start:])]


def _entry(text: str, scope: Scope) -> Entry:
    entries = _entries(text, scope)
    if len(entries) > 1 or len(entries[0]) > 1:
        raise Unreadable("unread several")
    return entries[0][0]


def _entries(text: str, scope: Scope) -> Entries:
    if DATE.fullmatch(text):
        raise Unreadable("unread date")
    if "%" in text:
        raise Unreadable("unread percent")
    if _BESIDE.search(text):
        raise Unreadable("unread beside")
    if re.fullmatch(rf"[-+]?\d[\d.]*,\d+(?:{_POWER})?", text.strip()):
        raise Unreadable("unread comma")
    try:
        tree = parse_expression(_FUNCTION.sub(r" \1 ", text))
        value = Evaluator(scope).value(tree)
    except Unknown as found:
        raise _with_unit(text) or Unreadable("unread name", named(str(found))) from None
    except (SymrnnError, NotMeant, TooLarge, Undefined, Misfit, ArithmeticError, ValueError, RecursionError):
        raise _with_unit(text) or Unreadable("unread none") from None
    if isinstance(value, Matrix):
        return tuple(tuple(Entry(entry, None) for entry in row) for row in value.rows)
    return ((Entry(value, digits_of(tree)),),)


def named(what: str) -> str:
    """A name as people write it, with its index below.

    >>> named("h[1]"), named("∂L/∂h[t-1]")
    ('h_1', '∂L/∂h_{t-1}')
    """
    return _INDEX.sub(lambda found: f"_{found[1]}" if len(found[1]) == 1 else f"_{{{found[1]}}}", what[:40])


def _with_unit(text: str) -> Unreadable | None:
    """The reason where a word stands behind a number."""
    unit = _UNIT.fullmatch(text)
    return Unreadable("unread unit", unit[1][:40]) if unit else None


def each(entries: Entries) -> Iterator[Entry]:
    """Every entry, row by row."""
    return (entry for row in entries for entry in row)
