"""One tree, several spellings: nodes, equations and Programs as text and as LaTeX.

Reads nodes and a `Style`; returns strings. One rule for each node class decides what stands where and what needs
parentheses; a `Format` (see `spelling`) is a table of small functions that set the pieces. Another output format is
another table, never another set of rules. Promises: linear in the size of the tree, shared parts printed once, no
recursion over depth, and a node class without a rule raises.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Name, Node, Operation
from symrnn.algebra.programs import STEPS, Equation, Program, Range, blocks_of
from symrnn.algebra.spelling import (
    ATOM,
    BIG,
    DERIVATIVE,
    FRACTION,
    HADAMARD,
    JUXTAPOSED,
    KRONECKER,
    LATEX,
    QUOTIENT,
    SCRIPTED,
    SIGNED,
    SUM,
    TEXT,
    Format,
    Letter,
    Piece,
    is_word,
    read_name,
)


@dataclass(frozen=True)
class Style:
    """How a notation writes: everything about the spelling that is taste, none of it mathematics.

    >>> to_text(N.Signal("h", (N.n, 1), N.t), Style(names={"h": "s"}, time="bracket"))
    's[t]'
    """

    adjoint: str = "overbar"
    """"overbar": h̄_t, and ∂L/∂W for parameters; "partial": ∂L/∂h_t throughout."""
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Canonical name to the canonical name to write instead: {"W_h": "W_hh"}."""
    adjoints: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Canonical name to a name for its adjoint: {"a": "delta"} writes δ_t for ∂L/∂a_t."""
    loss: str = "L"
    """What ∂L/∂W differentiates."""
    product: str = "⊙"
    """The entrywise product's sign: "⊙", "*" or "∘"."""
    time: str = "subscript"
    """"subscript" h_t, "superscript" h^{(t)}, "angle" h^{⟨t⟩}, "bracket" h[t]."""
    bold: bool = False
    """Vectors and matrices in bold (LaTeX)."""
    bold_ones: bool = False
    """Ones always in bold; otherwise only where a bare 1 could be mistaken for a number."""


NEUTRAL = Style()
"""The style of the neutral names: subscripts, overbars, ⊙."""

# What may stand bare, by place; the rest gets parentheses.
_ANY = (1 << 11) - 1
_TERM = _ANY & ~SUM & ~SIGNED
_FACTOR = FRACTION | SCRIPTED | ATOM
_ENTRYWISE = _FACTOR | DERIVATIVE
_BODY = _TERM
_UNDER_NUMBER = _FACTOR | BIG | HADAMARD | JUXTAPOSED | KRONECKER
_UNDER_SCALAR = _FACTOR | BIG | JUXTAPOSED


class _Printer:
    """One call's work: the format, the style, and what was printed so far."""

    def __init__(self, form: Format, style: Style) -> None:
        self.form = form
        self.style = style
        self.signs = form.signs
        self.row = form.row
        self.done: dict[int, Piece] = {}
        self.scalars: dict[tuple[sp.Expr, bool], Piece] = {}
        self.labels: dict[str, tuple[str, str, str]] = {}

    def of(self, node: Node) -> Piece:
        """The piece of a node, its operands first: an explicit stack, so depth costs no recursion."""
        done = self.done
        stack = [node]
        while stack:
            current = stack[-1]
            if id(current) in done:
                stack.pop()
                continue
            operands = _operands(current)
            waiting = [operand for operand in operands if id(operand) not in done]
            if waiting:
                stack.extend(reversed(waiting))
                continue
            stack.pop()
            done[id(current)] = _rule_for(current)(self, current, [done[id(operand)] for operand in operands])
        return done[id(node)]

    def bare(self, piece: Piece, allowed: int) -> str:
        """The text of a piece, in parentheses unless its kind is allowed there."""
        return piece.text if piece.kind & allowed else self.fenced(piece)

    def fenced(self, piece: Piece) -> str:
        """(x)."""
        return self.form.fence("(", piece.text, ")", piece.tall)

    def joined(self, sign: str, texts: Iterable[str]) -> str:
        """x sign y sign …"""
        between = self.signs[sign]
        parts: list[str] = []
        for text in texts:
            parts.append(between)
            parts.append(text)
        return self.row(parts[1:])

    def index(self, value: sp.Expr) -> str:
        """An index or size, set tight: t-1."""
        return self.scalar(value, True).text

    def scalar(self, value: sp.Expr, tight: bool = False) -> Piece:
        """A number or an expression of sizes and indices."""
        key = (value, tight)
        piece = self.scalars.get(key)
        if piece is None:
            piece = self.scalars[key] = _scalar(self, value, tight)
        return piece


def _operands(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Operation):
        return node.operands
    return (node.of, node.wrt) if isinstance(node, N.Immediate | N.Block) else ()


def _rule_for(node: Node) -> Callable[[_Printer, Any, Sequence[Piece]], Piece]:
    try:
        return RULES[type(node)]
    except KeyError:
        raise NotImplementedError(
            f"{type(node).__name__} has no printing rule: this is a fault of symrnn; add one to printing.RULES"
        ) from None


# --- numbers, sizes and indices -------------------------------------------------------------------------------------


def _scalar(p: _Printer, value: sp.Expr, tight: bool) -> Piece:
    if value.is_Rational:
        size = abs(value)
        digits = str(size.p)
        piece = Piece(digits, ATOM, numeric=True) if size.q == 1 else p.form.ratio(digits, str(size.q))
        return _negated(p, piece) if value < 0 else piece
    if value.is_Symbol:
        return Piece(_plain(p, value.name))
    if value.is_Add:
        return _scalar_sum(p, value, tight)
    if value.is_Mul:
        return _scalar_product(p, value, tight)
    if value.is_Pow:
        return _scalar_power(p, value, tight)
    if value is sp.pi:
        return Piece(p.form.letter("pi", False))
    if value is sp.E:
        return Piece(p.signs["e"])
    if value is sp.oo:
        return Piece(p.signs["infinity"])
    if value.is_Function and type(value).__name__ in ("exp", "log", "sin", "cos", "tanh"):
        name = {"log": "ln"}.get(type(value).__name__, type(value).__name__)
        body = p.scalar(value.args[0], tight)
        return Piece(p.row([p.form.function(name), p.fenced(body)]), ATOM, body.tall)
    return Piece(sp.latex(value) if p.form.name == "latex" else str(value), SUM)


def _negated(p: _Printer, piece: Piece) -> Piece:
    return Piece(p.row([p.signs["negative"], piece.text]), SIGNED, piece.tall, True, piece)


def _scalar_sum(p: _Printer, value: sp.Expr, tight: bool) -> Piece:
    terms = [(p.scalar(term, tight), term) for term in value.args]
    terms.sort(key=lambda pair: (pair[1].is_number, pair[0].unsigned is not None, pair[0].text))
    return _sum_of(p, [piece for piece, _ in terms], "tight " if tight else "")


def _sum_of(p: _Printer, pieces: Sequence[Piece], tight: str = "") -> Piece:
    plus, minus = p.signs[tight + "plus"], p.signs[tight + "minus"]
    first = pieces[0]
    parts = [first.text if first.kind != SUM else p.fenced(first)]
    for piece in pieces[1:]:
        parts.append(plus if piece.unsigned is None else minus)
        parts.append(p.bare(piece.unsigned or piece, _TERM))
    return Piece(p.row(parts), SUM, any(piece.tall for piece in pieces), first.numeric)


def _scalar_product(p: _Printer, value: sp.Expr, tight: bool) -> Piece:
    number, rest = value.as_coeff_Mul()
    if number.is_negative:
        return _negated(p, p.scalar(-value, tight))
    over, under = value.as_numer_denom()
    if under != 1:
        return p.form.fraction(p.scalar(over, tight), p.scalar(under, tight))
    factors = [number] if number != 1 else []
    factors += sorted(sp.Mul.make_args(rest), key=str)
    pieces = [p.scalar(factor, tight) for factor in factors]
    glue = "" if tight or p.form.name != "text" else " "
    return Piece(glue.join(p.bare(piece, _FACTOR) for piece in pieces), JUXTAPOSED, False, pieces[0].numeric)


def _scalar_power(p: _Printer, value: sp.Expr, tight: bool) -> Piece:
    base, exponent = value.args
    if exponent.is_negative:
        return p.form.fraction(p.scalar(sp.S.One), p.scalar(1 / value, tight))
    if exponent == sp.Rational(1, 2):
        return p.form.root(p.scalar(base, tight).text)
    body = p.scalar(base, tight)
    return Piece(p.form.power(p.bare(body, ATOM), p.index(exponent)), SCRIPTED, body.tall, body.numeric)


# --- names ----------------------------------------------------------------------------------------------------------


def _letter(p: _Printer, letter: Letter, script: bool, accents: Iterable[str] = (), bold: bool = False) -> str:
    if script and is_word(letter):
        text = p.form.word(letter.base)
    else:
        text = p.form.letter(letter.base, script)
    if bold:
        text = p.form.bold(text)
    for accent in (*letter.accents, *accents):
        text = p.form.accent(accent, text, len(p.form.letter(letter.base, script)) > 1 and letter.base not in _NARROW)
    return text


_NARROW = frozenset("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau".split())


def _plain(p: _Printer, name: str) -> str:
    """A name that stands for itself: a size, an index, a symbol among numbers."""
    return _spelled(p, name, ())[0]


def _spelled(
    p: _Printer, canonical: str, indices: Sequence[sp.Expr], accents: tuple[str, ...] = (), bold: bool = False
) -> tuple[str, int]:
    """The text of a name with its indices and accents, and its kind."""
    name = p.style.names.get(canonical, canonical)
    letter, below, above = read_name(name)
    base = _letter(p, letter, False, accents, bold)
    marks = [p.signs[mark] for mark in letter.marks]
    lower = list(below)
    upper = [_letter(p, part, True) for part in above]
    time = p.style.time if indices else "none"
    if time == "subscript":
        words = [part for part in lower if is_word(part)]
        short = [part for part in lower if not is_word(part)]
        upper = [_above(p, part) for part in short] + upper
        lower = words
    under = [_letter(p, part, True) for part in lower]
    places = [p.index(index) for index in indices]
    if time == "subscript":
        under += places
    elif time in ("superscript", "angle"):
        opening, closing = ("(", ")") if time == "superscript" else ("⟨", "⟩")
        upper.append(p.form.fence(opening, p.joined("tight comma", places), closing, False).replace(" ", ""))
    above_text = p.row([*marks, p.joined("tight comma", upper)] if upper else marks)
    text = p.form.scripts(base, p.joined("tight comma", under), above_text)
    if time == "bracket":
        text = p.row([text, p.form.fence("[", p.joined("tight comma", places), "]", False)])
    return text, SCRIPTED if above_text else ATOM


def _above(p: _Printer, part: Letter) -> str:
    text = _letter(p, part, True)
    return p.form.fence("(", text, ")", False) if part.base.isdigit() else text


def _is_bold(p: _Printer, node: Node) -> bool:
    return p.style.bold and not node.is_scalar_shaped


def _name(p: _Printer, node: Any, parts: Sequence[Piece] = (), accents: tuple[str, ...] = ()) -> Piece:
    indices = node.indices if isinstance(node, N.Signal) else ()
    text, kind = _spelled(p, node.name, indices, accents, _is_bold(p, node))
    return Piece(text, kind)


def _accented(p: _Printer, node: Name) -> Piece | None:
    """A name under its own accents, or None where it is a quotient of differentials."""
    accents: list[str] = []
    while isinstance(node, N.Adjoint | N.Tangent):
        accents.append("bar" if isinstance(node, N.Adjoint) else "dot")
        node = node.of
    return _name(p, node, (), tuple(reversed(accents))) if isinstance(node, N.Signal | N.Parameter) else None


def _adjoint(p: _Printer, node: N.Adjoint, parts: Sequence[Piece]) -> Piece:
    of = node.of
    if isinstance(of, N.Signal) and of.name in p.style.adjoints:
        text, kind = _spelled(p, p.style.adjoints[of.name], of.indices, (), _is_bold(p, of))
        return Piece(text, kind)
    if p.style.adjoint == "overbar" and not isinstance(of, N.Parameter):
        piece = _accented(p, node)
        if piece is not None:
            return piece
    return _quotient(p, "partial", _plain(p, p.style.loss), p.bare(p.of(of), _FACTOR))


def _tangent(p: _Printer, node: N.Tangent, parts: Sequence[Piece]) -> Piece:
    piece = _accented(p, node)
    return piece or Piece(p.row([p.form.letter("d", False), p.fenced(p.of(node.of))]))


def _quotient(p: _Printer, sign: str, over: str, under: str) -> Piece:
    return p.form.derivative(p.row([p.signs[sign], over]), p.row([p.signs["partial"], under]))


def _immediate(p: _Printer, node: N.Immediate, parts: Sequence[Piece]) -> Piece:
    return _quotient(p, "partial+", *(p.bare(part, _FACTOR) for part in parts))


def _block(p: _Printer, node: N.Block, parts: Sequence[Piece]) -> Piece:
    over, under = (
        _tuple(p, side) if isinstance(side, N.Concat) else p.bare(part, _FACTOR)
        for side, part in zip((node.of, node.wrt), parts, strict=True)
    )
    piece = _quotient(p, "partial", over, under)
    return Piece(p.row([p.fenced(piece), p.signs["total"]]), SCRIPTED, True) if node.kind == "total" else piece


def _tuple(p: _Printer, node: N.Concat) -> str:
    return p.form.fence("(", p.joined("comma", (p.of(part).text for part in node.operands)), ")", False)


# --- constants ------------------------------------------------------------------------------------------------------


def _number(p: _Printer, node: N.Number, parts: Sequence[Piece]) -> Piece:
    return p.scalar(node.value)


def _ones(p: _Printer, node: N.Ones, parts: Sequence[Piece]) -> Piece:
    return _bold_ones(p, node) if p.style.bold_ones else Piece(p.signs["one"], ATOM, numeric=True)


def _bold_ones(p: _Printer, node: N.Ones) -> Piece:
    if node.shape[0] == 1 and node.shape[1] != 1:
        return Piece(p.form.power(p.signs["bold one"], p.signs["transposed"]), SCRIPTED)
    return Piece(p.signs["bold one"])


def _selector(p: _Printer, node: N.Selector, parts: Sequence[Piece]) -> Piece:
    rows, offset, _ = node.args
    first, last = sp.expand(offset + 1), sp.expand(offset + rows)
    bounds = p.row([p.index(first), p.signs["colon"], p.index(last)])
    return Piece(p.form.scripts("E", bounds, ""))


def _commutation(p: _Printer, node: N.Commutation, parts: Sequence[Piece]) -> Piece:
    return Piece(p.form.scripts("K", p.joined("tight comma", (p.index(size) for size in node.args)), ""))


# --- sums and products ----------------------------------------------------------------------------------------------


def _add(p: _Printer, node: N.Add, parts: Sequence[Piece]) -> Piece:
    return _sum_of(p, parts)


def _factors(p: _Printer, node: Operation, parts: Sequence[Piece], allowed: int) -> list[str]:
    """The factors, each in parentheses where it needs them; a big operator may stand bare as the last."""
    last = len(parts) - 1
    return [p.bare(part, allowed | BIG if i == last else allowed) for i, part in enumerate(parts)]


def _juxtaposed(p: _Printer, parts: Sequence[Piece], texts: Sequence[str], space: str = "space") -> Piece:
    """A B …: side by side, with a dot before a digit."""
    signs = [space, *("times" if part.numeric else space for part in parts[1:])]
    row = [piece for sign, text in zip(signs, texts, strict=True) for piece in (p.signs[sign], text)]
    return Piece(p.row(row[1:]), JUXTAPOSED, any(part.tall for part in parts), parts[0].numeric)


def _hadamard(p: _Printer, node: N.Hadamard, parts: Sequence[Piece]) -> Piece:
    last = node.operands[-1]
    if len(parts) > 1 and _is_inverse(last):
        over = _entrywise(p, node, parts[:-1])
        return p.form.fraction(over, _raised(p, last, p.of(last.operands[0]), -last.exponent))
    return _entrywise(p, node, parts)


def _entrywise(p: _Printer, node: N.Hadamard, parts: Sequence[Piece]) -> Piece:
    if len(parts) == 1:
        return parts[0]
    if node.is_scalar_shaped:
        return _juxtaposed(p, parts, _factors(p, node, parts, _FACTOR), "thin")
    texts = _factors(p, node, parts, _ENTRYWISE)
    return Piece(p.joined(p.style.product, texts), HADAMARD, any(part.tall for part in parts), parts[0].numeric)


def _is_inverse(node: Node) -> bool:
    return isinstance(node, N.Power) and bool(node.exponent.is_negative) and _is_divisible(node)


def _is_divisible(node: Node) -> bool:
    return node.shape[0] == 1 or node.shape[1] == 1


def _matmul(p: _Printer, node: N.MatMul, parts: Sequence[Piece]) -> Piece:
    parts = [
        _bold_ones(p, factor) if isinstance(factor, N.Ones) else part
        for factor, part in zip(node.operands, parts, strict=True)
    ]
    return _juxtaposed(p, parts, _factors(p, node, parts, _FACTOR))


def _scale(p: _Printer, node: N.Scale, parts: Sequence[Piece]) -> Piece:
    scalar, body = parts
    if not isinstance(node.operands[0], N.Number):
        return _juxtaposed(p, parts, [p.bare(scalar, _FACTOR), p.bare(body, _UNDER_SCALAR)], "thin")
    number = scalar.unsigned or scalar
    value = abs(node.operands[0].value) if node.operands[0].value.is_Rational else node.operands[0].value
    if value == 1:
        piece = Piece(p.bare(body, _UNDER_NUMBER | QUOTIENT | DERIVATIVE), body.kind, body.tall, body.numeric)
    else:
        front = number.text if value.is_Rational else p.bare(number, _FACTOR)
        space = "space" if value.is_Integer else "thin"
        piece = _juxtaposed(p, [number, body], [front, p.bare(body, _UNDER_NUMBER)], space)
    return _negated(p, piece)._replace(numeric=False) if scalar.unsigned else piece


def _kronecker(p: _Printer, node: N.Kronecker, parts: Sequence[Piece]) -> Piece:
    parts = [
        _bold_ones(p, factor) if isinstance(factor, N.Ones) else part
        for factor, part in zip(node.operands, parts, strict=True)
    ]
    texts = [p.bare(part, _FACTOR) for part in parts]
    return Piece(p.joined("kronecker", texts), KRONECKER, any(part.tall for part in parts))


def _inner(p: _Printer, node: N.Inner, parts: Sequence[Piece]) -> Piece:
    left, right = parts
    if node.operands[0].shape[1] == 1:
        turned = Piece(_transposed(p, left), SCRIPTED, left.tall)
        return _juxtaposed(p, [turned, right], [turned.text, p.bare(right, _FACTOR | BIG)])
    tall = left.tall or right.tall
    return Piece(p.form.fence("⟨", p.joined("comma", (left.text, right.text)), "⟩", tall), ATOM, tall)


# --- scripts and functions ------------------------------------------------------------------------------------------


def _transposed(p: _Printer, body: Piece) -> str:
    return p.form.power(p.bare(body, ATOM), p.signs["transposed"])


def _transpose(p: _Printer, node: N.Transpose, parts: Sequence[Piece]) -> Piece:
    return Piece(_transposed(p, parts[0]), SCRIPTED, parts[0].tall)


def _power(p: _Printer, node: N.Power, parts: Sequence[Piece]) -> Piece:
    if _is_inverse(node):
        return p.form.fraction(p.scalar(sp.S.One), _raised(p, node, parts[0], -node.exponent))
    return _raised(p, node, parts[0], node.exponent)


def _raised(p: _Printer, node: N.Power, body: Piece, exponent: sp.Expr) -> Piece:
    """The base of a power, raised to an exponent."""
    base = node.operands[0]
    if exponent == 1:
        return body
    if not _is_divisible(node):
        above = p.row([p.signs["entrywise"], p.index(exponent)])
        return Piece(p.form.scripts(p.bare(body, ATOM), "", above), SCRIPTED, body.tall)
    if exponent == sp.Rational(1, 2):
        return p.form.root(body.text)
    if isinstance(base, N.Apply) and exponent.is_Integer and _can_carry(base):
        head, inside = _head(p, base), p.of(base.operands[0])
        return Piece(p.row([p.form.power(head, p.index(exponent)), p.fenced(inside)]), SCRIPTED, inside.tall)
    return Piece(p.form.power(p.bare(body, ATOM), p.index(exponent)), SCRIPTED, body.tall, body.numeric)


def _can_carry(node: N.Apply) -> bool:
    return not node.activation.derivative_order and node.activation.name != "sqrt"


def _head(p: _Printer, node: N.Apply) -> str:
    row = node.activation
    if p.form.name == "latex":
        order = row.derivative_order
        return row.latex.replace("^{" + r"\prime" * order + "}", "'" * order) if order else row.latex
    return row.unicode.replace("′", "'")


def _apply(p: _Printer, node: N.Apply, parts: Sequence[Piece]) -> Piece:
    if node.activation.name == "sqrt":
        return p.form.root(parts[0].text)
    return Piece(p.row([_head(p, node), p.fenced(parts[0])]), ATOM, parts[0].tall)


def _called(function: str) -> Callable[[_Printer, Any, Sequence[Piece]], Piece]:
    def rule(p: _Printer, node: Operation, parts: Sequence[Piece]) -> Piece:
        return Piece(p.row([p.form.function(function), p.fenced(parts[0])]), ATOM, parts[0].tall)

    return rule


def _squared_norm(p: _Printer, node: N.SquaredNorm, parts: Sequence[Piece]) -> Piece:
    (body,) = parts
    if node.operands[0].is_scalar_shaped:
        return Piece(p.form.power(p.bare(body, ATOM), "2"), SCRIPTED, body.tall)
    return Piece(p.form.power(p.form.fence("‖", body.text, "‖", body.tall), "2"), SCRIPTED, body.tall)


def _cross_entropy(p: _Printer, node: N.CrossEntropy, parts: Sequence[Piece]) -> Piece:
    target, logits = parts
    log, softmax = (p.form.function(name) for name in ("log", "softmax"))
    row = [_transposed(p, target), p.signs["space"], log, p.signs["space"], softmax, p.fenced(logits)]
    piece = Piece(p.row(row), JUXTAPOSED, target.tall or logits.tall)
    return _negated(p, piece)._replace(numeric=False)


def _opaque(p: _Printer, node: N.Opaque, parts: Sequence[Piece]) -> Piece:
    tall = any(part.tall for part in parts)
    arguments = p.form.fence("(", p.joined("comma", (part.text for part in parts)), ")", tall)
    return Piece(p.row([p.bare(p.of(node.value), _FACTOR), arguments]), ATOM, tall)


# --- blocks, big operators and guards -------------------------------------------------------------------------------


def _concat(p: _Printer, node: N.Concat, parts: Sequence[Piece]) -> Piece:
    tall = any(part.tall for part in parts)
    return Piece(p.form.fence("[", p.joined("semicolon", (part.text for part in parts)), "]", tall), ATOM, tall)


def _block_matrix(p: _Printer, node: N.BlockMatrix, parts: Sequence[Piece]) -> Piece:
    return Piece(p.form.grid([[p.of(block).text for block in row] for row in node.grid]), ATOM, True)


def _big(sign: str) -> Callable[[_Printer, Any, Sequence[Piece]], Piece]:
    def rule(p: _Printer, node: N.Sum | N.Product, parts: Sequence[Piece]) -> Piece:
        index, first, last = node.range
        below = p.row([p.index(index), "=", p.index(first)])
        head = p.form.big(p.signs[sign], below, p.index(last))
        return Piece(p.row([head, p.bare(parts[0], _BODY)]), BIG, True)

    return rule


def _guarded(p: _Printer, node: N.Guarded, parts: Sequence[Piece]) -> Piece:
    (body,) = parts
    lo, index, hi = node.bounds
    if is_boundary(node):
        return body
    if lo == hi:
        condition = p.joined("equals", (p.scalar(index).text, p.scalar(lo).text))
    elif lo == -sp.oo:
        condition = p.joined("at most", (p.scalar(index).text, p.scalar(hi).text))
    elif hi == sp.oo:
        condition = p.joined("at least", (p.scalar(index).text, p.scalar(lo).text))
    else:
        condition = p.joined("at most", (p.scalar(bound).text for bound in (lo, index, hi)))
    bracket = Piece(p.form.fence("[", condition, "]", False))
    return _juxtaposed(p, [bracket, body], [bracket.text, p.bare(body, _UNDER_SCALAR)], "thin")


def is_boundary(node: N.Guarded) -> bool:
    """Whether a guard only says that nothing comes from outside the steps: t+k ≤ T, or 1 ≤ t-k.

    >>> a = N.Adjoint(N.Signal("a", (N.n, 1), N.t + 1))
    >>> is_boundary(N.Guarded(a, -sp.oo, N.t + 1, N.T)), is_boundary(N.Guarded(a, N.T, N.t, N.T))
    (True, False)
    """
    lo, index, hi = node.bounds
    above = hi == sp.oo or hi == N.T or (hi.is_Integer and not index.is_Symbol)
    below = lo == -sp.oo or lo == 0 or lo == 1
    return bool(above and below)


RULES: dict[type[Node], Callable[[_Printer, Any, Sequence[Piece]], Piece]] = {
    N.Signal: _name,
    N.Parameter: _name,
    N.Adjoint: _adjoint,
    N.Tangent: _tangent,
    N.Immediate: _immediate,
    N.Block: _block,
    N.Number: _number,
    N.Zeros: lambda p, node, parts: Piece(p.signs["zero"], ATOM, numeric=True),
    N.Ones: _ones,
    N.Eye: lambda p, node, parts: Piece(p.signs["identity"]),
    N.Selector: _selector,
    N.Commutation: _commutation,
    N.Add: _add,
    N.Hadamard: _hadamard,
    N.MatMul: _matmul,
    N.Scale: _scale,
    N.Transpose: _transpose,
    N.Power: _power,
    N.Apply: _apply,
    N.Diag: _called("diag"),
    N.DiagonalOf: _called("diag"),
    N.Vec: _called("vec"),
    N.Kronecker: _kronecker,
    N.SquaredNorm: _squared_norm,
    N.Inner: _inner,
    N.Concat: _concat,
    N.BlockMatrix: _block_matrix,
    N.Softmax: _called("softmax"),
    N.CrossEntropy: _cross_entropy,
    N.Opaque: _opaque,
    N.Sum: _big("sum"),
    N.Product: _big("product"),
    N.Guarded: _guarded,
}
"""THE table: one rule for each node class, for every format."""


# --- what is public -------------------------------------------------------------------------------------------------


def to_text(node: Node, style: Style = NEUTRAL) -> str:
    """A node as Unicode text, in the spelling a user would type.

    >>> h, a = N.Signal("h", (N.n, 1), N.t), N.Signal("a", (N.n, 1), N.t)
    >>> to_text((1 - h**2) * N.Adjoint(h))
    '(1 - h_t²) ⊙ h̄_t'
    """
    return _Printer(TEXT, style).of(node).text


def to_latex(node: Node, style: Style = NEUTRAL) -> str:
    """A node as LaTeX, for mathematics mode with amsmath.

    >>> print(to_latex(N.Parameter("W_hf", (N.n, N.n)) @ N.Signal("h", (N.n, 1), N.t - 1)))
    W_{hf} h_{t-1}
    """
    return _Printer(LATEX, style).of(node).text


def equation_to_text(equation: Equation, style: Style = NEUTRAL) -> str:
    """target = expression, as text.

    >>> a = N.Signal("a", (N.n, 1), N.t)
    >>> equation_to_text(Equation(N.Signal("h", (N.n, 1), N.t), N.Apply("tanh", a)))
    'h_t = tanh(a_t)'
    """
    return " = ".join(_sides(_Printer(TEXT, style), equation))


def equation_to_latex(equation: Equation, style: Style = NEUTRAL) -> str:
    """target = expression, as LaTeX.

    >>> a = N.Signal("a", (N.n, 1), N.t)
    >>> print(equation_to_latex(Equation(N.Signal("h", (N.n, 1), N.t), N.Apply("sigmoid", a))))
    h_t = \\sigma(a_t)
    """
    return " = ".join(_sides(_Printer(LATEX, style), equation))


def _sides(p: _Printer, equation: Equation) -> tuple[str, str]:
    return p.of(equation.target).text, p.of(equation.expression).text


# --- Programs -------------------------------------------------------------------------------------------------------


def program_to_text(program: Program, style: Style = NEUTRAL) -> str:
    """One equation a line, aligned at `=`, with its domain where that is not t = 1..T, then the values at the boundary.

    >>> h, a = N.Signal("h", (N.n, 1), N.t), N.Signal("a", (N.n, 1), N.t)
    >>> cell = Program("cell", (Equation(h, N.Apply("tanh", a), domain=(STEPS,)),), inputs=(a,))
    >>> print(program_to_text(cell))
    h_t = tanh(a_t)
    """
    p = _Printer(TEXT, _style_for(program, style))
    lines = _lines(p, program)
    left = max((_width(line[0]) for line in lines), default=0)
    right = max((_width(line[1]) for line in lines if line[2] and _width(line[1]) <= _FAR), default=0)
    return "\n".join(
        f"{_padded(target, left)} = {_padded(expression, right) + '    ' + domain if domain else expression}"
        for target, expression, domain in lines
    )


_FAR = 72


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def program_to_latex(program: Program, style: Style = NEUTRAL) -> str:
    """The Program as one `aligned` environment, for display mathematics.

    >>> h, a = N.Signal("h", (N.n, 1), N.t), N.Signal("a", (N.n, 1), N.t)
    >>> cell = Program("cell", (Equation(h, N.Apply("tanh", a), domain=(STEPS,)),), inputs=(a,))
    >>> print(program_to_latex(cell))
    \\begin{aligned}
    h_t &= \\tanh(a_t)
    \\end{aligned}
    """
    p = _Printer(LATEX, _style_for(program, style))
    lines = [
        f"{target} &= {expression}" + (f" && {domain}" if domain else "")
        for target, expression, domain in _lines(p, program)
    ]
    return "\n".join((r"\begin{aligned}", " \\\\\n".join(lines), r"\end{aligned}"))


def _style_for(program: Program, style: Style) -> Style:
    loss = program.loss
    return replace(style, loss=loss.name) if isinstance(loss, N.Signal) and not loss.indices else style


def _lines(p: _Printer, program: Program) -> list[tuple[str, str, str]]:
    lines: list[tuple[str, str, str]] = []
    for block in blocks_of(program):
        for equation in block:
            domain = p.joined("comma", (_range(p, place) for place in equation.domain if place != STEPS))
            lines.append((*_sides(p, equation), domain))
    return lines + [(text, p.signs["zero"], "") for text in _boundary(p, program)]


def _range(p: _Printer, place: Range) -> str:
    first, last = (place.lo, place.hi) if place.step > 0 else (place.hi, place.lo)
    bounds = p.row([p.scalar(first).text, p.signs["dots"], p.scalar(last).text])
    return p.joined("equals", (p.scalar(place.index).text, bounds))


def _boundary(p: _Printer, program: Program) -> list[str]:
    """What the guards of a Program take to be nothing: `ā_{T+1}`."""
    found: dict[Name, None] = {}
    for equation in program:
        for node in N.subexpressions(equation.expression):
            if isinstance(node, N.Guarded) and is_boundary(node):
                found.update(dict.fromkeys(_outside(node)))
    return [p.of(name).text for name in found]


def _outside(node: N.Guarded) -> list[Name]:
    from symrnn.algebra.programs import shifted, signal_of

    lo, index, hi = node.bounds
    bound, step = (hi, 1) if hi != sp.oo else (lo, -1)
    result: list[Name] = []
    for name in N.names_in(node.operands[0]):
        signal = signal_of(name)
        if isinstance(name, N.Adjoint | N.Tangent) and signal is not None and signal.indices and signal.time == index:
            result.append(shifted(name, sp.expand(bound + step), *signal.indices[1:]))
    return result


N.PRINTERS["text"] = to_text
N.PRINTERS["latex"] = to_latex
N.PRINTERS["program text"] = program_to_text
N.PRINTERS["program latex"] = program_to_latex
