"""Text to tokens: what a reader sees as one sign becomes one token with its place, whatever the spelling.

Reads plain text, Unicode or LaTeX; returns tokens whose words are ASCII and whose operators have one form each.
Promises: linear time, every token knows its place in the text given, and what lies beyond `Limits`, what is a control
character or what is no sign of mathematics is refused here, before anything is built.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn, Protocol

from symrnn.algebra.activations import ACTIVATIONS, GENERIC_NAMES
from symrnn.errors import GrammarError, Place, UnsafeInputError


@dataclass(frozen=True)
class Limits:
    """What is refused before evaluation."""

    characters: int = 20_000
    tokens: int = 10_000
    depth: int = 100
    subscript: int = 60
    digits: int = 100
    exponent: int = 1_000
    equations: int = 200


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Token:
    """One sign: its kind, its one form, the accents on it, and its place; `spaced` if a space stands before it."""

    kind: str
    text: str
    start: int
    end: int
    spaced: bool = False
    accents: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text


class Piece(Protocol):
    """Anything with a place in the text."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


@dataclass(frozen=True)
class Source:
    """The text, the piece of it that is read, and whether its letters stand one by one as in TeX."""

    text: str
    start: int
    end: int
    latex: bool
    file: str | None = None
    limits: Limits = LIMITS

    def place(self, start: int, end: int) -> Place:
        """The place of a piece."""
        return Place(self.text, start, max(1, end - start), self.file)

    def fail(self, piece: Piece, found: str, write: str) -> NoReturn:
        """Raise the error that points at a piece: it cannot be read."""
        raise GrammarError(found=found, write=write, place=self.place(piece.start, piece.end))

    def refuse(self, piece: Piece, found: str, write: str) -> NoReturn:
        """Raise the error that points at a piece: it is beyond the limits."""
        raise UnsafeInputError(found=found, write=write, place=self.place(piece.start, piece.end))


# --- tables ---------------------------------------------------------------------------------------------------------

_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma tau upsilon "
    "phi chi psi omega"
).split()
GREEK = {chr(0x3B1 + place): name for place, name in enumerate(_GREEK)} | {
    chr(0x391 + place): name.capitalize() for place, name in enumerate(_GREEK) if name != "varsigma"
}
GREEK |= {"ϕ": "phi", "ϵ": "epsilon", "ϑ": "theta", "ϱ": "rho", "ς": "sigma", "ℓ": "ell", "ς": "sigma"}
GREEK_NAMES = frozenset(GREEK.values()) - {"Sigma", "Pi"}

MARKS = {
    "\u0303": "tilde",
    "\u0302": "hat",
    "\u0304": "bar",
    "\u0305": "bar",
    "\u0307": "dot",
    "\u0308": "ddot",
    "\u030c": "check",
    "\u20d7": "vec",
}
ACCENTS = {
    "tilde": "tilde",
    "widetilde": "tilde",
    "hat": "hat",
    "widehat": "hat",
    "bar": "bar",
    "overline": "bar",
    "dot": "dot",
    "ddot": "ddot",
    "check": "check",
}
ACCENT_WORDS = frozenset(ACCENTS.values()) | {"prime", "star"}

FUNCTION_WORDS = frozenset(
    {word for row in ACTIVATIONS.values() for word in (row.name, row.unicode, *row.spellings) if word.isascii()}
    | {"softmax", "diag", "norm", "exp", "log", "ln", "max", "min", "cross_entropy", "CE", "inner", "vec", "tr"}
) - {"sigma", "step"}
"""Words that are functions wherever they stand."""

_WORDS = FUNCTION_WORDS | GREEK_NAMES | ACCENT_WORDS | {"net", "dt", "sum", "prod", "true", "pred", "target", "old", "new"}
"""Words that stay whole in LaTeX, where letters else stand one by one."""

OPERATORS = {
    "+": "+", "-": "-", "*": "*", "·": "·", "⋅": "·", "•": "·", "∙": "·", "×": "×", "÷": "/", "/": "/", "∕": "/", "⁄": "/",
    "⊙": "⊙", "∘": "⊙", "○": "⊙", "⨀": "⊙", "⊗": "⊗", "@": "@", "^": "^", "_": "_", "=": "=", "≔": "=", "←": "=",
    "≡": "=", "≜": "=", "≈": "≈", "≃": "≈", "≤": "≤", "≥": "≥", "<": "<", ">": ">", "⇒": "⇒", "⟹": "⇒", "→": "→",
    "≠": "≠", "∝": "∝", "∈": "∈", ",": ",", "、": ",", ";": ";", ":": ":", "|": "|", "‖": "‖", "∥": "‖", "√": "sqrt",
    "∂": "∂", "∑": "sum", "Σ": "sum", "∏": "prod", "Π": "prod", "⊤": "ᵀ", "ᵀ": "ᵀ", "'": "'", "′": "'", "’": "'",
    ".": ".", "。": ".", "…": "…", "∞": "∞", "∇": "∇", "±": "±", "!": "!",
}  # fmt: skip
BRACKETS = {
    "(": ("open", "("), ")": ("close", ")"), "[": ("open", "["), "]": ("close", "]"), "{": ("open", "{"),
    "}": ("close", "}"), "⟨": ("open", "⟨"), "⟩": ("close", "⟩"), "〈": ("open", "⟨"), "〉": ("close", "⟩"),
}  # fmt: skip
CLOSER = {"(": ")", "[": "]", "{": "}", "⟨": "⟩", "matrix": "matrix"}

COMMANDS = {
    "odot": "⊙", "circ": "⊙", "cdot": "·", "times": "×", "ast": "*", "bullet": "·", "otimes": "⊗", "div": "/",
    "eq": "=", "coloneqq": "=", "triangleq": "=", "equiv": "=", "leftarrow": "=", "gets": "=", "approx": "≈",
    "simeq": "≈", "sim": "≈", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "lt": "<", "gt": ">", "implies": "⇒",
    "Rightarrow": "⇒", "Longrightarrow": "⇒", "to": "→", "rightarrow": "→", "neq": "≠", "ne": "≠", "propto": "∝",
    "in": "∈", "colon": ":", "vert": "|", "mid": "|", "lvert": "|", "rvert": "|", "Vert": "‖", "lVert": "‖",
    "rVert": "‖", "top": "ᵀ", "intercal": "ᵀ", "prime": "'", "partial": "∂", "sum": "sum", "prod": "prod",
    "frac": "frac", "tfrac": "frac", "dfrac": "frac", "cfrac": "frac", "sqrt": "sqrt", "dots": "…", "ldots": "…",
    "cdots": "…", "infty": "∞", "nabla": "∇", "pm": "±", "mathbin": "", "Hadamard": "⊙",
}  # fmt: skip
_BRACKET_COMMANDS = {
    "langle": ("open", "⟨"), "rangle": ("close", "⟩"), "lbrack": ("open", "["), "rbrack": ("close", "]"),
    "lbrace": ("open", "("), "rbrace": ("close", ")"), "lparen": ("open", "("), "rparen": ("close", ")"),
}  # fmt: skip
_SKIPPED = frozenset(
    "left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr quad qquad displaystyle textstyle "
    "scriptstyle limits nolimits nonumber notag thinspace enspace hfill hspace allowbreak enskip".split()
)
_SKIPPED_WITH_ARGUMENT = frozenset(["label", "tag", "begin", "end", "phantom", "vspace", "color"])
LETTER_STYLES = frozenset("mathbf boldsymbol bm bold mathcal pmb vec underline mathfrak mathbb mathscr mbox".split())
WORD_STYLES = frozenset("mathrm text textrm textit textbf texttt mathit mathsf operatorname rm textsf".split())

_LOW = {
    **{chr(0x2080 + digit): str(digit) for digit in range(10)},
    **dict(zip("₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "+-=()aehijklmnoprstuvx", strict=True)),
    **dict(zip("ᵦᵧᵨᵩᵪ", "βγρφχ", strict=True)),
}
_HIGH = {
    **{chr(0x2070 + digit): str(digit) for digit in (0, *range(4, 10))},
    **dict(zip("¹²³⁺⁻⁼⁽⁾ⁱⁿ", "123+-=()in", strict=True)),
    **dict(zip("ᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", "abcdefghjklmoprstuvwxyz", strict=True)),
}
_FRACTIONS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅙": "1/6", "⅛": "1/8"}
_BIDI = frozenset(range(0x202A, 0x202F)) | frozenset(range(0x2066, 0x206A)) | {0x200E, 0x200F, 0x061C}


def _same_length() -> dict[int, str]:
    """Characters that are another spelling of one character: full-width forms, dashes, spaces, styled letters."""
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table |= {ord(sign): "-" for sign in "−‐‑‒–﹣"} | {ord(sign): "*" for sign in "∗⁎﹡"}
    table |= {ord(sign): " " for sign in "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"}
    table |= {ord(sign): " " for sign in "\u202f\u205f\u3000\u2061\u2062\u2063\u2064\r"}
    styled = {code: unicodedata.normalize("NFKC", chr(code)) for code in (*range(0x1D400, 0x1D800), 0x210E, 0x211D)}
    return table | {code: form for code, form in styled.items() if len(form) == 1 and unicodedata.category(form) != "Cn"}


_SAME_LENGTH = _same_length()

_SPACE = re.compile(r"[ \t]+")
_NUMBER = re.compile(r"(?:\d{1,3}(?:\{,\}\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+")
_LETTERS = re.compile(r"[A-Za-z]+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_COMMAND = re.compile(r"\\(?:([A-Za-z]+)\*?|(.))", re.DOTALL)
_ARGUMENT = re.compile(r"[ \t]*\{([^{}\n]*)\}")
_LATEX = re.compile(r"\\[A-Za-z(\[]|\$")
_DIGIT = re.compile(r"[ \t]*(\d)")


def source_of(
    text: str, latex: bool | None = None, file: str | None = None, span: tuple[int, int] | None = None,
    limits: Limits = LIMITS,
) -> Source:  # fmt: skip
    """The piece of text that is read; refused where it is too long."""
    start, end = span or (0, len(text))
    if end - start > limits.characters:
        raise UnsafeInputError(
            found=f"{end - start:,} characters where at most {limits.characters:,} are read",
            write="a shorter text",
            place=Place(text[start : start + 60], 0, 1, file),
        )
    return Source(text, start, end, bool(_LATEX.search(text, start, end)) if latex is None else latex, file, limits)


def tokens_of(source: Source) -> list[Token]:
    """The tokens of a text, in order, with one of kind "end" at each line end.

    >>> [str(token) for token in tokens_of(source_of("h_t = σ(W x_t)"))]
    ['h', '_', 't', '=', 'sigma', '(', 'W', 'x', '_', 't', ')', '\\n']
    """
    _refuse_controls(source)
    tokens: list[Token] = []
    for token in _Scanner(source).scan():
        tokens.append(token)
        if len(tokens) > source.limits.tokens:
            raise UnsafeInputError(
                found=f"more than {source.limits.tokens:,} signs",
                write="a shorter text",
                place=source.place(token.start, token.end),
            )
    return tokens


def _refuse_controls(source: Source) -> None:
    for place in range(source.start, source.end):
        char = source.text[place]
        if char.isprintable() or char in "\n\r\t" or ord(char) in _SAME_LENGTH:
            continue
        what = "a right-to-left or bidirectional mark" if ord(char) in _BIDI else "a control or invisible character"
        raise UnsafeInputError(
            found=f"{what}, U+{ord(char):04X}, which hides what the text says",
            write="the text without it",
            place=Place(source.text.replace(char, "\ufffd"), place, 1, source.file),
        )


class _Scanner:
    """Walks a text once. `_previous` is the last token given, which decides whether ' or ~ is an accent."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text[: source.end].translate(_SAME_LENGTH)
        self.at = source.start
        self.spaced = False
        self.matrices = 0
        self.after_frac = 0
        self.after_sub = False

    def scan(self) -> Iterator[Token]:
        """Every token."""
        while self.at < self.source.end:
            if found := _SPACE.match(self.text, self.at):
                self.at, self.spaced = found.end(), True
                continue
            start, spaced = self.at, self.spaced
            self.spaced = False
            made = list(self._next())
            if not made:
                self.spaced = spaced or self.spaced
            for place, token in enumerate(made):
                yield token if place or not spaced else Token(
                    token.kind, token.text, token.start, token.end, True, token.accents
                )
            if made:
                self.after_sub = made[-1].text == "_" and made[-1].kind == "op"
            assert self.at > start, "the scanner stands still"
        yield Token("end", "\n", self.source.end, self.source.end)

    def _token(self, kind: str, text: str, length: int, accents: tuple[str, ...] = ()) -> Token:
        start = self.at
        self.at += length
        return Token(kind, text, start, self.at, False, accents)

    def _next(self) -> Iterator[Token]:
        char = self.text[self.at]
        if char == "\n":
            yield self._token("end", "\n", 1)
        elif char in "#%":
            line = self.text.find("\n", self.at)
            self.at = self.source.end if line < 0 else line
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
        elif char in _LOW or char in _HIGH:
            yield from self._script("_", _LOW) if char in _LOW else self._script("^", _HIGH)
        elif char in OPERATORS or char in BRACKETS or char in "~":
            yield from self._sign(char)
        elif char in _FRACTIONS:
            yield self._token("number", _FRACTIONS[char], 1)
        else:
            yield from self._letters()

    def _number(self) -> Token | None:
        if self.after_frac and (found := _DIGIT.match(self.text, self.at)):
            self.after_frac -= 1
            return self._token("number", found[1], found.end() - self.at)
        self.after_frac = 0
        found = _NUMBER.match(self.text, self.at)
        if not found:
            return None
        digits = found[0].replace("{,}", "")
        if sum(map(str.isdigit, digits)) > self.source.limits.digits:
            self._refuse(found.end(), f"a number of more than {self.source.limits.digits} digits", "fewer digits")
        return self._token("number", digits, len(found[0]))

    def _refuse(self, end: int, found: str, write: str) -> NoReturn:
        raise UnsafeInputError(found=found, write=write, place=self.source.place(self.at, end))

    def _fail(self, end: int, found: str, write: str) -> NoReturn:
        raise GrammarError(found=found, write=write, place=self.source.place(self.at, end))

    def _script(self, sign: str, table: dict[str, str]) -> Iterator[Token]:
        """A run of raised or lowered characters, as `_{…}` or `^{…}`."""
        start = end = self.at
        while end < self.source.end and self.text[end] in table:
            end += 1
        yield Token("op", sign, start, start)
        yield Token("open", "{", start, start)
        inner = "".join(table[char] for char in self.text[start:end])
        for token in tokens_of(Source(inner, 0, len(inner), False, None, self.source.limits))[:-1]:
            yield Token(token.kind, token.text, start + token.start, start + token.end, False, token.accents)
        yield Token("close", "}", end, end)
        self.at = end

    def _sign(self, char: str) -> Iterator[Token]:
        two = self.text[self.at : self.at + 2]
        if two in ("**", "||", "<=", ">=", "=>", "->", ":=", "==", "~=", "!=", ".*"):
            form = {"**": "^", "||": "‖", "<=": "≤", ">=": "≥", "=>": "⇒", "->": "→", ":=": "=", "==": "="}
            yield self._token("op", form.get(two, {"~=": "≈", "!=": "≠", ".*": "⊙"}.get(two, two)), 2)
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
        found = (_LETTERS if self.source.latex else _NAME).match(self.text, self.at)
        if not found:
            yield self._single()
            return
        run = found[0]
        for part in self._parts(run):
            start = self.at
            token = self._token("name", part, len(part))
            accents = self._accents()
            yield Token("name", token.text, start, self.at, False, accents)

    def _parts(self, run: str) -> list[str]:
        """A run of letters as names: whole in plain text, letter by letter in LaTeX save for words."""
        if not self.source.latex or len(run) == 1 or run in _WORDS:
            return [run]
        followed = self.text[self.at + len(run) : self.at + len(run) + 1]
        if not self.after_sub and len(run) > 2 and (run.islower() or followed == "("):
            return [run]
        return list(run)

    def _single(self) -> Token:
        """A Greek letter or an accented one."""
        char = self.text[self.at]
        base, *marks = unicodedata.normalize("NFD", char)
        word = GREEK.get(base, base)
        if not (word.isascii() and word.isalpha() and all(mark in MARKS for mark in marks)):
            self._unknown_character(char)
        start = self.at
        self.at += 1
        if word == "Delta" and re.match(r"t(?![A-Za-z0-9_])", self.text[self.at : self.at + 2]):
            self.at += 1
            word = "dt"
        return Token("name", word, start, self.at, False, (*(MARKS[mark] for mark in marks), *self._accents()))

    def _accents(self) -> tuple[str, ...]:
        """Combining marks, and in plain text ~ or ' directly behind."""
        marks: list[str] = []
        while self.at < self.source.end:
            char = self.text[self.at]
            if char in MARKS:
                marks.append(MARKS[char])
            elif char == "~" and not self.source.latex and self.text[self.at + 1 : self.at + 2] != "=":
                marks.append("tilde")
            else:
                break
            self.at += 1
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
        elif word in _SKIPPED:
            self.at += length
            if self.text[self.at : self.at + 1] == "." and word in ("left", "right"):
                self.at += 1
        elif word in _SKIPPED_WITH_ARGUMENT:
            yield from self._environment(word, found.end())
        elif word == "newline":
            yield self._token("end", "\n", length)
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
        if word in ("begin", "end") and argument[1].rstrip("*") in ("bmatrix", "pmatrix", "matrix", "vmatrix"):
            self.matrices += 1 if word == "begin" else -1
            yield self._token("open" if word == "begin" else "close", "matrix", length)
            return
        self.at += length
        if argument[1] == "array" and (columns := _ARGUMENT.match(self.text, self.at)):
            self.at = columns.end()

    def _named(self, word: str, length: int) -> Token:
        if word == "Delta" and (found := re.compile(r"[ \t]*t(?![A-Za-z0-9_])").match(self.text, self.at + length)):
            return self._token("name", "dt", found.end() - self.at)
        if word in GREEK_NAMES or word in ("varphi", "varepsilon", "vartheta", "varsigma", "varrho"):
            return self._token("name", word.removeprefix("var"), length)
        if word in ACCENTS:
            return self._token("accent", ACCENTS[word], length)
        if word in COMMANDS:
            self.after_frac = 2 if COMMANDS[word] == "frac" else 1 if word == "sqrt" else 0
            return self._token("op", COMMANDS[word], length)
        if word in _BRACKET_COMMANDS:
            return self._token(*_BRACKET_COMMANDS[word], length)
        if word in WORD_STYLES:
            return self._styled(length)
        if word in LETTER_STYLES:
            return self._token("style", word, length)
        if word in FUNCTION_WORDS or word == "sigma":
            return self._token("name", word, length)
        self._unknown_command(word, length)

    def _styled(self, length: int) -> Token:
        """`\\mathrm{net}`, `\\text{ReLU}`: the letters as one word."""
        argument = _ARGUMENT.match(self.text, self.at + length)
        if argument:
            end, word = argument.end(), argument[1]
        elif found := re.compile(r"[ \t]*([A-Za-z])").match(self.text, self.at + length):
            end, word = found.end(), found[1]
        else:
            self._fail(self.at + length, "a text command without its word in braces", "\\mathrm{net}")
        parts = [part for part in re.split(r"[^A-Za-z0-9]+", word.replace("\\_", " ")) if part]
        if not parts or not parts[0][0].isalpha():
            self._fail(end, "a text command whose braces hold no word", "\\mathrm{net}")
        return self._token("name", "_".join(parts), end - self.at)

    def _unknown_command(self, word: str, length: int) -> NoReturn:
        known = {*COMMANDS, *GREEK_NAMES, *ACCENTS, *WORD_STYLES, *LETTER_STYLES, *FUNCTION_WORDS, *GENERIC_NAMES}
        near = difflib.get_close_matches(word[:40], sorted(known), 1)
        write = f"\\{near[0]}" if near else "a command this reader knows, such as \\odot, \\tanh, \\sigma or \\frac"
        self._fail(self.at + length, f"the unknown command \\{word}", write)
