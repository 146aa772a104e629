"""Which option an answer means: its words in any language, a line's number, a letter; what is negated is not meant.

Reads the text clause by clause. An answer that could be meant in two ways means nothing: it is unread, never right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from types import MappingProxyType

from symrnn.languages import known_languages
from symrnn.worksheets.words import ENGLISH, word

STEM = 5
"""Letters by which an option is known: vanishing, explosion."""
OTHERWISE: Mapping[str, str] = MappingProxyType(
    {
        "neither": r"都不|皆不|皆非",
        "simple cell": r"\bsimple (?:rnn|network|one)\b|\brnn\b",
        "cell state": r"\blstm\b",
    }
)
"""What options are called besides their words."""

_STRUCK = re.compile(r"~~.*?~~|<(s|del|strike)>.*?</\1>", re.DOTALL)
_CLAUSE = re.compile(
    r"[,;.!?\n，；。！？、]|\b(?:but|so|hence|thus|therefore|because|since|as|while|whereas|although|though)\b|"
    r"而|但|也|所以|因此|因为|由于|且|却"
)
_NOT = (
    r"\b(?:not|never|cannot|hardly|wrong|false|incorrect|untrue|unlikely|fails?|rather than|instead of)\b|"
    r"\bnon-?|\b(?:no|without)\b(?! (?:bounds?|limits?|doubt|end))|"
    r"n['’]t\b|\b(?:do|does|did|is|was|wo|ca)nt\b|"
    r"不(?!断|停)|没|未|无(?!限|穷)|非(?!常)|否(?!则)|错|难以"
)
_LESS = r"\b(?:than|slower|slowest|less|later|least)\b|比|更慢|较慢|慢于"
"""Where two things are compared the second is not what is meant, and less of the opposite may be."""
_JOINED = r"\b(?:and|or|nor)\b|[和或与及]"
_OR = frozenset({"or", "nor", "或"})
_WORSE = re.compile(r"不如|比不上|不及")
_BARE = re.compile(r"(?:no|not|wrong|false|incorrect|不|不是|不对|错|否)")
_LETTER = re.compile(
    r"(?:(?:the )?(?:letter|answer|name)|答案|字母)?\s*[:：]?\s*\(?([a-z])\)?"
    r"(?:\s*[:.,;)=\-–—：，、。]\s*(.*)|\s*(\(.*\)))?",
    re.IGNORECASE | re.DOTALL,
)
_BESIDES = re.compile(r"\bnot\s+\(?[a-z]\b\)?", re.IGNORECASE)
_ALONE = re.compile(r"(?<![A-Za-z_])([B-Zb-z]|A)(?![A-Za-z_'’])")


class _Said(Enum):
    """What is said of an option."""

    MEANT = auto()
    DENIED = auto()
    UNCLEAR = auto()


def chosen(text: str, options: Sequence[str]) -> str | None:
    """The one option that is meant, or None.

    >>> verdicts = ("vanishes", "explodes", "neither")
    >>> chosen("It is vanishing.", verdicts), chosen("vanishes, does not explode", verdicts)
    ('vanishes', 'vanishes')
    >>> chosen("It does not vanish", verdicts), chosen("vanishes or explodes", verdicts)
    (None, None)
    >>> chosen("F: step Jacobian", tuple("ABCDEF")), chosen("line 3, not 4", ("3", "4"))
    ('F', '3')
    """
    bare = _STRUCK.sub(" ", text).strip()
    if all(len(option) == 1 and option.isalpha() for option in options):
        return _letter(bare, options)
    low = bare.lower()
    if _WORSE.search(low):
        return None
    said: dict[str, set[_Said]] = {}
    for clause in _CLAUSE.split(low):
        for option, what in _read(clause or "", options):
            said.setdefault(option, set()).add(what)
    if any(what != {_Said.MEANT} and what != {_Said.DENIED} for what in said.values()):
        return None
    meant = [option for option, what in said.items() if what == {_Said.MEANT}]
    if "neither" in options and not meant and set(said) == set(options) - {"neither"}:
        # What neither vanishes nor explodes does neither.
        return "neither"
    return meant[0] if len(meant) == 1 and meant[0] in options else None


def _read(clause: str, options: Sequence[str]) -> Iterator[tuple[str, _Said]]:
    """Every option that is named in a clause, and whether it is meant."""
    denials, joined, last, fresh = 0, "", "", False
    for kind, found in _signs(clause, options):
        if kind == "not":
            denials, joined, fresh = 1 if joined else denials + 1, "", True
        elif kind == "join":
            joined = found
        else:
            # "It does not vanish and explode" says two things.
            unclear = denials > 1 or (denials == 1 and joined not in ("", *_OR))
            yield found, _Said.UNCLEAR if unclear else _Said.DENIED if denials else _Said.MEANT
            last, fresh, joined = found, False, ""
            if found == "neither":
                denials = 1
    if fresh and last:
        # "It vanishes not", "vanishing is wrong".
        yield last, _Said.UNCLEAR
    elif _BARE.fullmatch(clause.strip()):
        yield "", _Said.UNCLEAR


def _signs(clause: str, options: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What counts in a clause, in order: options, denials, what joins."""
    names = {f"o{place}": _pattern(option) for place, option in enumerate(options)}
    if all(option.isdigit() for option in options):
        names = {"digits": r"\d+"}
    compared = any(" " in option for option in options)
    denied = f"{_NOT}|{_LESS}" if compared else _NOT
    every = "|".join(f"(?P<{name}>{pattern})" for name, pattern in names.items())
    for found in re.finditer(f"{every}|(?P<no>{denied})|(?P<join>{_JOINED})", clause):
        name = found.lastgroup or ""
        if name == "no":
            yield "not", found[0]
        elif name == "join":
            yield "join", found[0]
        else:
            yield "option", found[0] if name == "digits" else options[int(name[1:])]


def _pattern(option: str) -> str:
    """How an option is named, in every language there is."""
    if option not in ENGLISH:
        return re.escape(option.lower())
    stem = re.escape(option) + r"\b" if " " in option else re.escape(option[:STEM]) + r"\w*"
    others = [re.escape(word(option, language).lower()) for language in known_languages()]
    return "|".join([*others, rf"\b{stem}", *filter(None, [OTHERWISE.get(option, "")])])


def _letter(text: str, options: Sequence[str]) -> str | None:
    """`F`, `(f)`, `F: step Jacobian`; nothing where another letter stands beside it."""
    found = _LETTER.fullmatch(text.strip(" .。*`"))
    if found is None or found[1].upper() not in options:
        return None
    rest = _ALONE.findall(_BESIDES.sub("", found[2] or found[3] or ""))
    others = {letter.upper() for letter in rest} & set(options) - {found[1].upper()}
    return None if others else found[1].upper()
