"""Text to tokens: what a reader sees as one sign becomes one token with its place, whatever the spelling.

Reads plain text, Unicode or LaTeX; returns tokens whose words are ASCII and whose operators have one form each.
Promises: linear time, brackets pair, every token knows its place in the text given, and what lies beyond `Limits`,
what is a control character or what is no sign of mathematics is refused here, before anything is built.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import NoReturn

from symrnn.algebra.activations import GENERIC_NAMES
from symrnn.algebra.reading.signs import (
    ACCENTS,
    BIDIRECTIONAL,
    BRACKET_COMMANDS,
    BRACKETS,
    CHINESE_BELOW,
    CLOSER,
    COMMANDS,
    DETERMINANT,
    FRACTIONS,
    FUNCTION_WORDS,
    GREEK,
    GREEK_NAMES,
    GREEK_VARIANTS,
    HAND_FUNCTIONS,
    HAND_TABLES,
    HIGH,
    LETTER_STYLES,
    LOW,
    MARKS,
    MATRICES,
    OPERATORS,
    PAIRS,
    SAME_LENGTH,
    SKIPPED,
    SKIPPED_WITH_ARGUMENT,
    WORD_STYLES,
    WORDS,
)
from symrnn.algebra.reading.source import Source, Token
from symrnn.errors import Place, UnsafeInputError

_SPACE = re.compile(r"[ \t]+")
_NUMBER = re.compile(r"(?:\d{1,3}(?:\{,\}\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+")
_POWER_OF_TEN = r"\\(?:mathrm|mathsf|text|textrm)\{[eE](?:\}\{?([-+]?\d+)\}?|([-+]?\d+)\})"
_HAND_NUMBER = re.compile(
    rf"(?:[1-9]\d{{0,2}}(?:(?:,|\\,)\d{{3}})+(?![\d,])(?:\.\d+)?"
    rf"|(?:{_NUMBER.pattern})(?:{_POWER_OF_TEN})?)(?:%|[ \t]%(?![ \t]*[\d(])|(?:\\[,;: ]|[ \t~])*\\%)?"
)
"""In a working also `13,780`, `7%` and `3\\mathrm{e}{-4}`."""
_REMAINDER = re.compile(r"[ \t]*[\d(]")
_RATIO = re.compile(r"D[n_]{1,6}/D")
_OPERATOR_BEHIND = re.compile(r"[ \t]*(?:[-+*/·×]|\\(?:cdot|times)(?![a-z]))[^,]*\)")
_OPERATOR_BEFORE = re.compile(r"[\w)][ \t]*(?:[-+*/·×]|\\(?:cdot|times))[ \t]*$")
_BRACED_COMMA = re.compile(r"(?:(0)\{,\}(\d{1,20})|(\d{1,20})\{,\}(\d{1,2}|\d{4,20}))(?![\d{])")
"""`0{,}462`, `1{,}5`: a decimal comma, for no thousands are written so."""
_SEPARATORS = re.compile(r"\{,\}|,|\\,|(?:\\[;: ]|[ \t~\\])+(?=%)")
_JOINED = "|".join(sorted((word for word in FUNCTION_WORDS if "_" in word), key=len, reverse=True))
_LETTERS = re.compile(rf"(?:{_JOINED})(?![A-Za-z0-9_])|[A-Za-z]+")
_NAME = re.compile(rf"(?:{_JOINED})(?![A-Za-z0-9_])|[A-Za-z][A-Za-z0-9]*")
_COMMAND = re.compile(r"\\(?:([A-Za-z]+)\*?|(.))", re.DOTALL)
_ARGUMENT = re.compile(r"[ \t]*\{([^{}\n]*)\}")
_CHINESE = re.compile(rf"[\u3400-\u9fff]{{1,8}}(?=\}})|{CHINESE_BELOW}")
_HAN = re.compile("[\u3400-\u9fff]{1,8}")
_LONE_T = re.compile(r"[ \t]*t(?![A-Za-z0-9_])")
_LETTER = re.compile(r"[ \t]*([A-Za-z])")
_DIGIT = re.compile(r"[ \t]*(\d)")
_STEP_DIGITS = re.compile(r"\d+(?![A-Za-z0-9.])|\d+(?=\.(?!\d))")
_STEP_END = re.compile(r"(?<=[A-Za-z])\d+$")
CHINESE_PATHS = {"直接": "direct", "直接路径": "direct", "总": "total", "全": "total"}
"""Along which paths a derivative is meant, in Chinese."""
_WORDED = re.compile(r"\W*[A-Za-z0-9]+(?:[-\s\\_.,]+[A-Za-z0-9]+)*[\s.)]*")
_STARRED = re.compile(r"[ \t]*(?:$|[)\],;])|[ \t]+[-+][ \t]")
_GRADIENT = re.compile(r"d[A-Za-z]$|d[A-Z][a-z]$")


def tokens_of(source: Source) -> list[Token]:
    """The tokens of a text, in order, with one of kind "end" at each line end.

    >>> from symrnn.algebra.reading.source import source_of
    >>> [str(token) for token in tokens_of(source_of("h_t = σ(W x_t)"))]
    ['h', '_', 't', '=', 'sigma', '(', 'W', 'x', '_', 't', ')', '\\n']
    """
    _refuse_controls(source)
    tokens: list[Token] = []
    found = _Scanner(source).scan()
    for token in _as_by_hand(source, list(found)) if source.working and not source.latex else found:
        tokens.append(token)
        if len(tokens) > source.limits.tokens:
            source.refuse(token, f"more than {source.limits.tokens:,} signs", "a shorter text")
    _check_brackets(source, tokens)
    return tokens


def _as_by_hand(source: Source, tokens: list[Token]) -> Iterator[Token]:
    """`5,000 x 64` is a product, and `d h_3 / d h_1` a derivative."""
    joined: Token | None = None
    differentials = _lone_differentials(tokens)
    for at, token in enumerate(tokens):
        before, after = tokens[at - 1] if at else None, tokens[at + 1] if at + 1 < len(tokens) else None
        if joined is not None:
            yield replace(token, text=joined.text + token.text, start=joined.start)
            joined = None
        elif before and after and _is_times(token) and before.kind == after.kind == "number" and after.spaced:
            yield replace(token, kind="op", text="×")
        elif at in differentials:
            joined = token
        else:
            yield token


def _is_times(token: Token) -> bool:
    return token.kind == "name" and token.text == "x" and token.spaced and not token.accents


def _is_lone_d(token: Token, after: Token) -> bool:
    return token.kind == after.kind == "name" and token.text == "d" and after.spaced and not token.accents


def _lone_differentials(tokens: list[Token]) -> set[int]:
    """Where a lone d stands with another on the other side of a solidus, a name behind each."""
    kinds = (_kind_in_ratio(one, two) for one, two in pairwise(tokens))
    return {place for found in _RATIO.finditer("".join(kinds)) for place in (found.start(), found.end() - 1)}


def _kind_in_ratio(token: Token, after: Token) -> str:
    if _is_lone_d(token, after):
        return "D"
    return token.text if token.text in "/_" else ("n" if token.kind in ("name", "number") else "|")


def _check_brackets(source: Source, tokens: list[Token]) -> None:
    """Every bracket has its partner, and none nests too deep."""
    open_: list[Token] = []
    for token in tokens:
        if token.kind == "open":
            open_.append(token)
            if len(open_) > source.limits.depth:
                source.refuse(token, f"brackets nested more than {source.limits.depth} deep", "names for its parts")
        elif token.kind == "close":
            if not open_:
                source.fail(token, f"a bracket {token} that was never opened", "the formula without it")
            opener = open_.pop()
            if CLOSER[opener.text] != token.text:
                source.fail(token, f"a bracket {opener} closed by {token}", CLOSER[opener.text])
    if open_:
        opener = open_[-1]
        source.fail(opener, f"a bracket {opener} that is never closed", f"{CLOSER[opener.text]} where it ends")


def _refuse_controls(source: Source) -> None:
    for place in range(source.start, source.end):
        char = source.text[place]
        if char.isprintable() or char in "\n\r\t" or ord(char) in SAME_LENGTH or (char == "\ufeff" and not place):
            continue
        what = "a bidirectional mark" if ord(char) in BIDIRECTIONAL else "a control or invisible character"
        raise UnsafeInputError(
            found=f"{what}, U+{ord(char):04X}, which hides what the text says",
            write="the text without it",
            place=Place(source.text.replace(char, "\ufffd"), place, 1, source.file),
        )


class _Scanner:
    """Walks a text once; `at` counts from the piece's start, which is `shift` in the whole text."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text[source.start : source.end].translate(SAME_LENGTH)
        self.shift = source.start
        self.at = 0
        self.spaced = False
        self.matrices = 0
        self.after_frac = 0
        self.after_sub = False
        self.depth = 0

    def scan(self) -> Iterator[Token]:
        """Every token."""
        while self.at < len(self.text):
            if found := _SPACE.match(self.text, self.at):
                self.at, self.spaced = found.end(), True
                continue
            start, spaced = self.at, self.spaced
            self.spaced = False
            made = list(self._next())
            if not made:
                self.spaced = spaced or self.spaced
            for place, token in enumerate(made):
                self.depth += (token.kind == "open") - (token.kind == "close")
                yield replace(token, spaced=True) if spaced and place == 0 else token
            if made:
                scripts = "_^" if self.source.working else "_"
                self.after_sub = made[-1].text in scripts and made[-1].kind == "op"
            assert self.at > start, "the scanner stands still"
        yield Token("end", "\n", self.source.end, self.source.end)

    def _token(self, kind: str, text: str, length: int) -> Token:
        self.at += length
        return Token(kind, text, self.shift + self.at - length, self.shift + self.at)

    def _next(self) -> Iterator[Token]:
        char = self.text[self.at]
        if char == "\n":
            yield self._token("end", "\n", 1)
        elif char == "%" and self.source.working and not self.source.latex and _REMAINDER.match(self.text, self.at + 1):
            self._fail(self.at + 1, "the sign % between two numbers", "7% for hundredths")
        elif char in ("%" if self.source.working else "#%"):
            line = self.text.find("\n", self.at)
            self.at = len(self.text) if line < 0 else line
        elif char == "\\":
            yield from self._command()
        elif char == "$" or char == "\ufeff":
            self.at += 1
            self.spaced = True
        elif char == "&":
            if self.matrices:
                yield self._token("op", "&", 1)
            else:
                self.at += 1
        elif found := self._number():
            yield found
        elif char in LOW or char in HIGH:
            yield from self._script("_", LOW) if char in LOW else self._script("^", HIGH)
        elif char in OPERATORS or char in BRACKETS or char in "~":
            yield from self._sign(char)
        elif char in FRACTIONS:
            yield self._token("number", FRACTIONS[char], 1)
        else:
            yield from self._letters()

    def _number(self) -> Token | None:
        if self.after_frac and (found := _DIGIT.match(self.text, self.at)):
            self.after_frac -= 1
            return self._token("number", found[1], found.end() - self.at)
        self.after_frac = 0
        if self.source.working and (comma := _BRACED_COMMA.match(self.text, self.at)):
            return self._token("number", f"{comma[1] or comma[3]}.{comma[2] or comma[4]}", comma.end() - self.at)
        found = (_HAND_NUMBER if self.source.working else _NUMBER).match(self.text, self.at)
        if not found:
            return None
        if self.depth and "," in found[0] and not self._is_in_a_sum(found):
            found = _NUMBER.match(self.text, self.at) or found
        digits = re.sub(_POWER_OF_TEN, r"e\1\2", _SEPARATORS.sub("", found[0]))
        if self.source.working and self.source.latex and self.after_sub and len(digits) > 1 and digits.isdigit():
            self._fail(
                found.end(), f"{digits} without braces, which TeX reads as {digits[0]} and {digits[1:]}", "braces"
            )
        if sum(map(str.isdigit, digits)) > self.source.limits.digits:
            long = f"a number of more than {self.source.limits.digits} digits"
            self.source.refuse(self._piece(found.end()), long, "fewer digits")
        return self._token("number", digits, len(found[0]))

    def _piece(self, end: int) -> Token:
        return Token("", "", self.shift + self.at, self.shift + end)

    def _fail(self, end: int, found: str, write: str) -> NoReturn:
        self.source.fail(self._piece(end), found, write)

    def _script(self, sign: str, table: dict[str, str]) -> Iterator[Token]:
        """A run of raised or lowered characters, as `_{…}` or `^{…}`."""
        length = 0
        while self.text[self.at + length : self.at + length + 1] in table:
            length += 1
        start = self.shift + self.at
        yield Token("op", sign, start, start)
        yield Token("open", "{", start, start)
        inner = "".join(table[char] for char in self.text[self.at : self.at + length])
        for token in tokens_of(replace(self.source, text=inner, start=0, end=length, latex=False))[:-1]:
            yield replace(token, start=start + token.start, end=start + token.end)
        self.at += length
        yield Token("close", "}", start + length, start + length)

    def _is_star(self) -> bool:
        """In a plain working `y* - y` and `(y*)` hold a starred name: a star at a name and before no factor."""
        if self.source.latex or not self.source.working or not self.at:
            return False
        before = self.text[self.at - 1]
        return (before.isalnum() or before in "}~") and _STARRED.match(self.text, self.at + 1) is not None

    def _is_in_a_sum(self, number: re.Match[str]) -> bool:
        """Whether `24,576` in a bracket is one number: the bracket is no argument list, and holds a sum or product."""
        depth, at = 0, number.start() - 1
        while at >= 0 and depth >= 0:
            depth += (self.text[at] in ")]}") - (self.text[at] in "([{")
            at -= depth >= 0
        group = self.text[at + 1 : number.end()]
        applied = at < 1 or self.text[at - 1].isalnum() or self.text[at - 1] in "_}"
        if self.text[max(at, 0)] != "(" or applied or ", " in group:
            return False
        return bool(
            _OPERATOR_BEHIND.match(self.text, number.end()) or _OPERATOR_BEFORE.search(group[: -len(number[0])])
        )

    def _sign(self, char: str) -> Iterator[Token]:
        two = self.text[self.at : self.at + 2]
        if two == ".." and self.text[self.at + 2 : self.at + 3] == ".":
            yield self._token("op", "…", 3)
        elif char == "*" and self._is_star():
            yield Token("op", "^", self.shift + self.at, self.shift + self.at)
            yield self._token("op", "*", 1)
        elif two in PAIRS:
            yield self._token("op", PAIRS[two], 2)
        elif two == ".T" and not self.text[self.at + 2 : self.at + 3].isalnum():
            yield self._token("op", "ᵀ", 2)
        elif char == "~":
            if not self.source.latex:
                self._fail(self.at + 1, "a tilde that stands alone", "c~_t, c̃_t or \\tilde{c}_t for an accent")
            self.at += 1
        elif char in BRACKETS:
            yield self._token(*BRACKETS[char], 1)
        else:
            yield self._token("op", OPERATORS[char], 1)

    # --- letters ---

    def _letters(self) -> Iterator[Token]:
        if self.source.working and (below := _CHINESE.match(self.text, self.at)) and self._is_script():
            yield self._token("name", below[0], len(below[0]))
            return
        found = (_LETTERS if self.source.latex else _NAME).match(self.text, self.at)
        if not found:
            yield self._single()
            yield from self._step_digits()
            return
        run = found[0]
        if self.source.working and (digits := _STEP_END.search(run)) and not self.source.latex:
            run = run[: digits.start()]
        if len(run) > self.source.limits.name:
            long = f"a name of more than {self.source.limits.name} letters"
            self.source.refuse(self._piece(found.end()), long, "a shorter name")
        if self.source.working and run in ("sum", "prod") and self.text[found.end() : found.end() + 1] in ("_", "^"):
            yield self._token("op", run, len(run))
            return
        for part in self._parts(run):
            yield self._with_accents(self._token("name", part, len(part)))
        yield from self._step_digits()

    def _is_script(self) -> bool:
        """Whether a word stands below or above a name: `h_前`, `W_{隐}`."""
        before = self.text[max(0, self.at - 2) : self.at]
        return before[-1:] in ("_", "^") or before in ("_{", "^{")

    def _step_digits(self) -> Iterator[Token]:
        """In a working that is no LaTeX, digits directly behind letters stand below them: `h1`, `δ3`, `h̃1`."""
        found = _STEP_DIGITS.match(self.text, self.at)
        if not found or self.source.latex or not self.source.working:
            return
        start = self.shift + self.at
        yield Token("op", "_", start, start)
        yield Token("open", "{", start, start)
        yield self._token("number", found[0], len(found[0]))
        yield Token("close", "}", self.shift + self.at, self.shift + self.at)

    def _parts(self, run: str) -> list[str]:
        """A run of letters as names: whole in plain text, letter by letter in LaTeX save for words."""
        if self.source.working and self.source.latex and self.after_sub:
            return [run[0]]
        if not self.source.latex or len(run) == 1 or run in WORDS:
            return [run]
        if self.source.working and _GRADIENT.match(run):
            return [run]
        followed = self.text[self.at + len(run) : self.at + len(run) + 1]
        if not self.after_sub and len(run) > 2 and (run.islower() or followed == "("):
            return [run]
        return list(run)

    def _single(self) -> Token:
        """A Greek letter or an accented one."""
        char = self.text[self.at]
        decomposed = unicodedata.normalize("NFD", char)
        base, marks = decomposed[0], decomposed[1:]
        word = GREEK.get(base, base)
        if not (word.isascii() and word.isalpha() and all(mark in MARKS for mark in marks)):
            self._unknown_character(char)
        length = 2 if word == "Delta" and _LONE_T.match(self.text, self.at + 1) and self.text[self.at + 1] == "t" else 1
        token = self._token("name", "dt" if length == 2 else word, length)
        return self._with_accents(replace(token, accents=tuple(MARKS[mark] for mark in marks)))

    def _with_accents(self, token: Token) -> Token:
        accents = self._accents()
        return replace(token, end=self.shift + self.at, accents=(*token.accents, *accents)) if accents else token

    def _accents(self) -> tuple[str, ...]:
        """Combining marks, and in plain text ~ or ' directly behind."""
        marks: list[str] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in MARKS:
                marks.append(MARKS[char])
            elif char == "~" and not self.source.latex and self.text[self.at + 1 : self.at + 2] != "=":
                marks.append("tilde")
            else:
                break
            self.at += 1
            if len(marks) > self.source.limits.accents:
                many = f"more than {self.source.limits.accents} accents on a letter"
                self.source.refuse(self._piece(self.at + 1), many, "fewer accents")
        return tuple(mark for mark in marks if mark != "vec")

    def _unknown_character(self, char: str) -> NoReturn:
        name = unicodedata.name(char, f"U+{ord(char):04X}").lower()
        if char.isalpha():
            self._fail(self.at + 1, f"a letter that no name here is made of: {name}", "Latin or Greek letters")
        self._fail(self.at + 1, f"a character that is no sign of mathematics here: {name}", "the formula without it")

    # --- commands ---

    def _command(self) -> Iterator[Token]:
        found = _COMMAND.match(self.text, self.at)
        if not found:
            self._fail(self.at + 1, "a backslash with nothing behind it", "a command such as \\odot")
        word, sign = found.groups()
        length = found.end() - found.start()
        if sign is not None:
            yield from self._escaped(sign, length)
        elif word in SKIPPED:
            self.at += length
            if self.text[self.at : self.at + 1] == "." and word in ("left", "right"):
                self.at += 1
        elif word in SKIPPED_WITH_ARGUMENT:
            yield from self._environment(word, found.end())
        elif word in ("newline", "cr"):
            yield self._token("op", "&&", length) if self.matrices else self._token("end", "\n", length)
        else:
            yield self._named(word, length)

    def _escaped(self, sign: str, length: int) -> Iterator[Token]:
        if sign == "\\":
            yield self._token("op", "&&", length) if self.matrices else self._token("end", "\n", length)
        elif sign in ",;:! ()[]\n":
            self.at += length
            self.spaced = True
        elif sign in "{}":
            yield self._token(*BRACKETS["(" if sign == "{" else ")"], length)
        elif sign == "|":
            yield self._token("op", "‖", length)
        elif sign in "_%#&$":
            self._fail(self.at + length, f"the escaped sign \\{sign} in a formula", "the formula without it")
        else:
            self._fail(self.at + length, f"the unknown command \\{sign}", "a command such as \\odot")

    def _environment(self, word: str, end: int) -> Iterator[Token]:
        """`\\begin{aligned}` and the like are passed over; a matrix opens a bracket."""
        argument = _ARGUMENT.match(self.text, end)
        if not argument:
            self._fail(end, f"\\{word} without its argument in braces", f"\\{word}{{…}}")
        length = argument.end() - self.at
        name = argument[1].strip().rstrip("*")
        if self.source.working and name == "Vmatrix":
            self._fail(argument.end(), "a matrix between double bars", "a norm of a matrix in brackets")
        kind = self._table(name)
        if word in ("begin", "end") and kind:
            if name == "array" and word == "begin" and (columns := _ARGUMENT.match(self.text, argument.end())):
                length = columns.end() - self.at
            self.matrices += 1 if word == "begin" else -1
            yield self._token("open" if word == "begin" else "close", kind, length)
            return
        self.at += length
        if argument[1] == "array" and (columns := _ARGUMENT.match(self.text, self.at)):
            self.at = columns.end()

    def _table(self, name: str) -> str | None:
        if self.source.working and name in ("cases", "dcases", "rcases"):
            return "cases"
        if self.source.working and name == DETERMINANT:
            return "determinant"
        return "matrix" if name in (HAND_TABLES if self.source.working else MATRICES) else None

    def _named(self, word: str, length: int) -> Token:
        if word == "Delta" and (found := _LONE_T.match(self.text, self.at + length)):
            return self._token("name", "dt", found.end() - self.at)
        if word in GREEK_NAMES | GREEK_VARIANTS:
            return self._token("name", word.removeprefix("var"), length)
        if word in ACCENTS:
            return self._token("accent", ACCENTS[word], length)
        if word in COMMANDS:
            self.after_frac = 2 if COMMANDS[word] == "frac" else 1 if word == "sqrt" else 0
            return self._token("op", COMMANDS[word], length)
        if word in BRACKET_COMMANDS:
            return self._token(*BRACKET_COMMANDS[word], length)
        if word in WORD_STYLES:
            return self._styled(length)
        if word in LETTER_STYLES:
            return self._token("style", word, length)
        if word in FUNCTION_WORDS or word == "sigma" or (self.source.working and word in HAND_FUNCTIONS):
            return self._token("name", word, length)
        self._unknown_command(word, length)

    def _styled(self, length: int) -> Token:
        """`\\mathrm{net}`, `\\text{ReLU}`: the letters as one word."""
        argument = _ARGUMENT.match(self.text, self.at + length)
        if argument:
            end, word = argument.end(), argument[1]
        elif found := _LETTER.match(self.text, self.at + length):
            end, word = found.end(), found[1]
        else:
            self._fail(self.at + length, "a text command without its word in braces", "\\mathrm{net}")
        word = CHINESE_PATHS.get(word.strip(), word)
        if self.source.working and _HAN.fullmatch(word) and self._is_script():
            return self._token("name", word, end - self.at)
        if self.source.working and not _WORDED.fullmatch(word):
            self._fail(end, "a text command whose braces hold more than words", "\\mathrm{net}")
        parts = [part for part in re.split(r"[^A-Za-z0-9]+", word.replace("\\_", " ")) if part]
        if not parts or not parts[0][0].isalpha():
            self._fail(end, "a text command whose braces hold no word", "\\mathrm{net}")
        return self._token("name", "_".join(parts), end - self.at)

    def _unknown_command(self, word: str, length: int) -> NoReturn:
        if self.source.working:  # a person's text may hold thousands of them, and the search for a near one is slow
            self._fail(self.at + length, f"the unknown command \\{word[:40]}", "the formula without it")
        known = {*COMMANDS, *GREEK_NAMES, *ACCENTS, *WORD_STYLES, *LETTER_STYLES, *FUNCTION_WORDS, *GENERIC_NAMES}
        near = difflib.get_close_matches(word[:40], sorted(known), 1)
        write = f"\\{near[0]}" if near else "a command this reader knows, such as \\odot, \\tanh, \\sigma or \\frac"
        self._fail(self.at + length, f"the unknown command \\{word}", write)
