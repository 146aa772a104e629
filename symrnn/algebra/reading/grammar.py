"""The one bounded reader of mathematics: text to syntax trees, for typed cells and students' lines alike.

Reads text (plain, Unicode or LaTeX); returns `Syntax` with places, or raises `GrammarError` with a caret. Promises:
linear time, no evaluation, no name looked up, and nesting, exponents and lengths within `Limits`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from symrnn.algebra.reading.parser import parse_tokens
from symrnn.algebra.reading.precedence import RELATIONS
from symrnn.algebra.reading.source import LIMITS, Limits, Source, Token, bounded_stack, source_of
from symrnn.algebra.reading.syntax import Chain, Num, Raised, Symbol, Syntax, Times
from symrnn.algebra.reading.tokens import tokens_of


def parse_expression(
    text: str,
    *,
    latex: bool | None = None,
    file: str | None = None,
    span: tuple[int, int] | None = None,
    limits: Limits = LIMITS,
    working: bool = False,
) -> Syntax:
    """The syntax tree of one expression or chain `a = b = c`; `span` picks a piece of a longer text.

    In a `working` what a person writes by hand is read as well: `7%`, `…`, `x|_{t=2}`, cases, `h1` for `h_1`.

    >>> parse_expression("0.5 W_h h_{t-1}").factors[0].value
    Fraction(1, 2)
    >>> parse_expression("tanh(W_h h_{t-1}")
    Traceback (most recent call last):
        ...
    symrnn.errors.GrammarError: At <text>:1:5
    You wrote:  tanh(W_h h_{t-1}
                    ^
    Found:      a bracket ( that is never closed
    Write:      ) where it ends
    """
    source = source_of(text, latex, file, span, limits, working)
    tokens = tokens_of(source)
    with bounded_stack(source):
        return parse_tokens(source, _trimmed([token for token in tokens if token.kind != "end"]), tokens[-1])


@dataclass(frozen=True)
class Declaration:
    """`A: n×n diagonal`: names, the words said of them, and the sizes, with their place."""

    names: tuple[Symbol, ...]
    words: tuple[str, ...]
    sizes: tuple[Syntax, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Sheet:
    """What a cell's text holds: its equations and its declarations, in the order written."""

    source: Source
    equations: tuple[Chain, ...]
    declarations: tuple[Declaration, ...]


ROLES = (
    "scalar", "vector", "matrix", "diagonal", "input", "state", "signal", "parameter", "weight", "target", "given",
    "constant", "output", "outputs", "loss",
)  # fmt: skip


def equations_in(text: str, *, latex: bool | None = None, file: str | None = None, limits: Limits = LIMITS) -> Sheet:
    """The equations and declarations of a text: one on a line, or apart at `;`, `\\\\\\\\` or a comma.

    >>> sheet = equations_in("h_t = tanh(w h_{t-1} + x_t)  # the cell\\nw: scalar")
    >>> len(sheet.equations), sheet.declarations[0].words
    (1, ('scalar',))
    """
    source = source_of(text, latex, file, None, limits)
    tokens = tokens_of(source)
    equations: list[Chain] = []
    declarations: list[Declaration] = []
    statements = [part for statement in _statements(tokens) for part in _apart(statement)]
    if len(statements) > limits.equations:
        many = f"{len(statements)} equations where at most {limits.equations} are read"
        source.refuse(statements[limits.equations][0], many, "a smaller cell")
    for statement in statements:
        if _is_declaration(statement):
            declarations.append(_declaration(source, _plain(source, statement)))
        else:
            equations.append(_equation(source, statement))
    return Sheet(source, tuple(equations), tuple(declarations))


def is_cell_text(text: str) -> bool:
    """Whether an argument is a cell typed as equations, not a cell's name or a file's.

    >>> is_cell_text("h_t = x_t"), is_cell_text("lstm")
    (True, False)
    """
    return any(sign in text for sign in "=＝≔")


# --- statements -----------------------------------------------------------------------------------------------------


def _trimmed(tokens: list[Token]) -> list[Token]:
    """The tokens without the comma or full stop that closes a displayed formula."""
    while tokens and tokens[-1].kind == "op" and tokens[-1].text in (",", "."):
        tokens = tokens[:-1]
    return tokens


def _with_depth(tokens: list[Token]) -> Iterator[tuple[Token, int]]:
    depth = 0
    for token in tokens:
        depth -= token.kind == "close"
        yield token, depth
        depth += token.kind == "open"


_CONTINUES = frozenset(["+", "-", "*", "·", "×", "⊙", "⊗", "@", "/", "="])


def _statements(tokens: list[Token]) -> list[list[Token]]:
    """The tokens between line ends and semicolons; a line that begins or ends with an operator goes on."""
    statements: list[list[Token]] = [[]]
    for token, depth in _with_depth(tokens):
        if token.kind == "end" and depth:
            continue
        if depth == 0 and (token.kind == "end" or (token.kind == "op" and token.text == ";")):
            statements.append([])
        else:
            statements[-1].append(token)
    joined: list[list[Token]] = []
    for statement in statements:
        if statement and joined and (_is_infix(statement[0]) or _is_infix(joined[-1][-1])):
            joined[-1] += statement
        elif statement:
            joined.append(statement)
    return [kept for statement in joined if (kept := _trimmed(statement))]


def _is_infix(token: Token) -> bool:
    return token.kind == "op" and token.text in _CONTINUES


def _plain(source: Source, statement: list[Token]) -> list[Token]:
    """The tokens of a line on roles, read as plain text: its names stand one by one, not letter by letter."""
    plain = replace(source, start=statement[0].start, end=statement[-1].end, latex=False)
    return tokens_of(plain)[:-1] if source.latex else statement


def _is_declaration(statement: list[Token]) -> bool:
    return any(depth == 0 and token.kind == "op" and token.text in ":∈" for token, depth in _with_depth(statement))


def _apart(statement: list[Token]) -> list[list[Token]]:
    """`a_t = …, h_t = …`: one equation for each relation, where commas stand between."""
    if _is_declaration(statement):
        return [statement]
    parts: list[list[Token]] = [[]]
    for token, depth in _with_depth(statement):
        if depth == 0 and token.kind == "op" and token.text == "," and _has_relation(parts[-1]):
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def _has_relation(tokens: list[Token]) -> bool:
    return any(token.kind == "op" and token.text in RELATIONS for token, depth in _with_depth(tokens) if depth == 0)


def _equation(source: Source, tokens: list[Token]) -> Chain:
    tree = parse_tokens(source, tokens, tokens[0])
    if not isinstance(tree, Chain):
        source.fail(tree, "a line without =", "an equation such as h_t = tanh(W_h h_{t-1} + W_x x_t + b)")
    if len(tree.sides) > 2:
        source.fail(tree.sides[2], "a second = in one equation", "one equation a line")
    if tree.relations != ("=",):
        source.fail(tree, f"{tree.relations[0]} where a cell's equation has =", "=")
    return tree


def _declaration(source: Source, tokens: list[Token]) -> Declaration:
    """`names: words and sizes`, or `names ∈ ℝ^{n×n}`."""
    at = next(place for place, token in enumerate(tokens) if token.kind == "op" and token.text in ":∈")
    names = _declared_names(source, tokens[:at], tokens[at])
    rest = tokens[at + 1 :]
    if not rest:
        source.fail(tokens[at], f"nothing after {tokens[at]}", "a role or a size: scalar, n, n×n diagonal, input m")
    start, end = tokens[0].start, rest[-1].end
    if len(names) == 1 and names[0].base in ("outputs", "output", "loss", "inputs", "states", "parameters"):
        said = _declared_names(source, rest, rest[0])
        return Declaration(tuple(said), (names[0].base.removesuffix("s"), "list"), (), start, end)
    if tokens[at].text == "∈":
        return Declaration(tuple(names), (), _space(source, rest), start, end)
    words, sizes = _words_and_sizes(source, rest)
    return Declaration(tuple(names), words, sizes, start, end)


def _declared_names(source: Source, tokens: list[Token], near: Token) -> list[Symbol]:
    names: list[Symbol] = []
    part: list[Token] = []
    for token, depth in [*_with_depth(tokens), (Token("op", ",", near.start, near.end), 0)]:
        if depth or token.kind != "op" or token.text != ",":
            part.append(token)
            continue
        tree = parse_tokens(source, part, near)
        if not isinstance(tree, Symbol):
            source.fail(tree, "something that is no name", "a name: alpha, W_h, x_t")
        names.append(tree)
        part = []
    return names


def _words_and_sizes(source: Source, tokens: list[Token]) -> tuple[tuple[str, ...], tuple[Syntax, ...]]:
    words: list[str] = []
    sizes: list[list[Token]] = [[]]
    before: Token | None = None
    for token, depth in _with_depth(tokens):
        scripted = before is not None and before.text == "_"
        before = token
        if depth == 0 and token.kind == "name" and len(token.text) > 1 and not scripted:
            words.append(_word(source, token))
        elif depth == 0 and (token.text in ("×", ",") or (token.kind == "name" and token.text == "x")):
            sizes.append([])
        else:
            sizes[-1].append(token)
    return tuple(words), tuple(parse_tokens(source, size, tokens[0]) for size in sizes if size)


def _word(source: Source, token: Token) -> str:
    if token.text in ROLES:
        return token.text
    near = difflib.get_close_matches(token.text[:40], ROLES, 1)
    write = near[0] if near else f"one of: {', '.join(ROLES)}, or a size"
    source.fail(token, f"{token.text}, which is no role", write)


def _space(source: Source, tokens: list[Token]) -> tuple[Syntax, ...]:
    """The sizes in `ℝ^{n×n}`."""
    tree = parse_tokens(source, tokens, tokens[0])
    match tree:
        case Symbol(base="R", below=(), above=(size,)) | Raised(base=Symbol(base="R"), exponent=size):
            sizes = size.factors if isinstance(size, Times) and set(size.operators) == {"×"} else (size,)
            if len(sizes) <= 2:
                return sizes
        case Symbol(base="R", below=(), above=()):
            return (Num(Fraction(1), start=tree.start, end=tree.end),)
    source.fail(tree, f"the set {source.text[tree.start : tree.end]}", "ℝ^n or ℝ^{n×m}")
