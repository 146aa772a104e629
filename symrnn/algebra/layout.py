"""What stands where and what needs parentheses: one rule for each node class, whatever the format.

Reads nodes and a `Style`; returns `Piece`s, set by the small functions of a `Format` (see `spelling`): one
more format is one more table there, no rule here. Promises: linear in the size of the tree, shared
parts printed once, no recursion over depth, and a node class without a rule raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Name, Node, Operation
from symrnn.algebra.spelling import (
    ATOM,
    BIG,
    DERIVATIVE,
    FRACTION,
    HADAMARD,
    JUXTAPOSED,
    KRONECKER,
    QUOTIENT,
    SCRIPTED,
    SIGNED,
    SUM,
    Format,
    Letter,
    Piece,
    is_greek,
    is_word,
    read_name,
)
from symrnn.errors import InputError


@dataclass(frozen=True)
class Style:
    """How a notation writes: everything about the spelling that is taste, none of it mathematics.

    >>> from symrnn.algebra.printing import to_text
    >>> to_text(N.Signal("h", (N.n, 1), N.t), Style(names={"h": "s"}, time="bracket"))
    's[t]'
    """

    adjoint: Literal["overbar", "partial", "nabla"] = "overbar"
    """h̄_t, and ∂L/∂W for parameters; or ∂L/∂h_t, or ∇_{h_t} L, throughout."""
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """Canonical name to the canonical name to write instead: {"W_h": "W_hh"}."""
    adjoints: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """Canonical name to a name for its adjoint: {"a": "delta"} writes δ_t for ∂L/∂a_t."""
    loss: str = "L"
    """What ∂L/∂W differentiates."""
    product: Literal["⊙", "*", "∘"] = "⊙"
    """The entrywise product's sign."""
    time: Literal["subscript", "superscript", "angle", "bracket"] = "subscript"
    """h_t, h^{(t)}, h^{⟨t⟩} or h[t]."""
    stack: Literal[";", ","] = ";"
    """[h; x], or [h, x] for the same column."""
    bold: bool = False
    """Vectors and matrices in bold (LaTeX)."""
    bold_ones: bool = False
    """Ones always in bold; otherwise only where a bare 1 could be mistaken for a number."""

    def __post_init__(self) -> None:
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                wrote = f"Style({name}={getattr(self, name)!r})"
                raise InputError(wrote, found="no such way to write", write=f"one of: {', '.join(known)}")


_CHOICES = {
    "adjoint": ("overbar", "partial", "nabla"),
    "stack": (";", ","),
    "product": ("⊙", "*", "∘"),
    "time": ("subscript", "superscript", "angle", "bracket"),
}


NEUTRAL = Style()
"""The style of the neutral names: subscripts, overbars, ⊙."""

# What may stand bare, by place; the rest gets parentheses.
_TERM = ~(SUM | SIGNED)
_FACTOR = FRACTION | SCRIPTED | ATOM
_ENTRYWISE = _FACTOR | DERIVATIVE
_BODY = _TERM
_UNDER_NUMBER = _FACTOR | BIG | HADAMARD | JUXTAPOSED | KRONECKER
_UNDER_SCALAR = _FACTOR | BIG | JUXTAPOSED


class Printer:
    """One call's work: the format, the style, and what was printed so far.

    Pieces are remembered by the identity of their nodes, which must outlive the Printer.
    """

    def __init__(self, form: Format, style: Style) -> None:
        self.form = form
        self.style = style
        self.signs = form.signs
        self.row = form.row
        self.done: dict[int, Piece] = {}
        self.scalars: dict[tuple[sp.Expr, bool], Piece] = {}
        self.frames: dict[tuple[str, bool, tuple[str, ...], bool], _Frame] = {}

    def of(self, node: Node) -> Piece:
        """The piece of a node, its operands first: an explicit stack, so depth costs no recursion."""
        done = self.done
        stack = [(node, _operands(node))]
        while stack:
            current, operands = stack[-1]
            height = len(stack)
            for operand in operands:
                if id(operand) not in done:
                    below = _operands(operand)
                    if below:
                        stack.append((operand, below))
                    else:
                        done[id(operand)] = _rule_for(operand)(self, operand, ())
            if len(stack) == height:
                stack.pop()
                if id(current) not in done:
                    parts = [done[id(operand)] for operand in operands]
                    done[id(current)] = _rule_for(current)(self, current, parts)
        return done[id(node)]

    def fit(self, piece: Piece, allowed: int) -> Piece:
        """A piece, in parentheses unless its kind is allowed bare where it will stand."""
        return piece if piece.kind & allowed else Piece(self.fenced(piece), ATOM, piece.tall)

    def fenced(self, piece: Piece) -> str:
        """(x)."""
        return self.form.fence("(", piece.text, ")", piece.tall)

    def joined(self, sign: str, texts: Sequence[str]) -> str:
        """x sign y sign …"""
        if len(texts) == 1:
            return texts[0]
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


def _rule_for(node: Node) -> Callable[[Printer, Any, Sequence[Piece]], Piece]:
    try:
        return RULES[type(node)]
    except KeyError:
        raise NotImplementedError(
            f"{type(node).__name__} has no printing rule: a fault of symrnn; layout.RULES needs a row for it"
        ) from None


# --- numbers, sizes and indices -----------------------------------------------------------------------------


def _scalar(p: Printer, value: sp.Expr, tight: bool) -> Piece:
    if value.is_Rational:
        over, under = p.form.number(str(abs(value.p))), str(value.q)
        piece = Piece(over, numeric=True) if under == "1" else p.form.ratio(over, p.form.number(under))
        return _negated(p, piece) if value.p < 0 else piece
    if value.is_Symbol:
        return _spelled(p, value.name, ())
    for test, rule in _SCALAR_RULES:
        if getattr(value, test):
            return rule(p, value, tight)
    return _scalar_constant(p, value)


def _negated(p: Printer, piece: Piece) -> Piece:
    return Piece(p.row([p.signs["negative"], piece.text]), SIGNED, piece.tall, False, piece)


def _scalar_constant(p: Printer, value: sp.Expr) -> Piece:
    if value in _CONSTANTS:
        return Piece(p.signs[_CONSTANTS[value]])
    return Piece(p.form.other(value), SUM)


_CONSTANTS = {sp.pi: "pi", sp.E: "e", sp.oo: "infinity"}


def _scalar_sum(p: Printer, value: sp.Expr, tight: bool) -> Piece:
    terms = [(p.scalar(term, tight), bool(term.is_number)) for term in value.args]
    terms.sort(key=lambda pair: (pair[1], pair[0].unsigned is not None, pair[0].text))
    return _sum_of(p, [piece for piece, _ in terms], "tight " if tight else "")


def _sum_of(p: Printer, pieces: Sequence[Piece], tight: str = "") -> Piece:
    plus, minus = p.signs[tight + "plus"], p.signs[tight + "minus"]
    first = p.fit(pieces[0], _TERM | SIGNED)
    parts = [first.text]
    for piece in pieces[1:]:
        parts.append(plus if piece.unsigned is None else minus)
        parts.append(p.fit(piece.unsigned or piece, _TERM).text)
    return Piece(p.row(parts), SUM, _is_tall(pieces), first.numeric)


def _scalar_product(p: Printer, value: sp.Expr, tight: bool) -> Piece:
    number, rest = value.as_coeff_Mul()
    if number.is_negative:
        return _negated(p, p.fit(p.scalar(-value, tight), _TERM))
    over, under = value.as_numer_denom()
    if under != 1:
        return _scalar_ratio(p, p.scalar(over, tight), p.scalar(under, tight))
    factors = ([number] if number != 1 else []) + sorted(sp.Mul.make_args(rest), key=_letters_first)
    pieces = [p.fit(p.scalar(factor, tight), _FACTOR) for factor in factors]
    return _juxtaposed(p, pieces, "tight space" if tight else "space")


def _letters_first(value: sp.Expr) -> tuple[bool, str]:
    return not value.is_Symbol, str(value)


def _scalar_ratio(p: Printer, over: Piece, under: Piece) -> Piece:
    if over.kind == under.kind == ATOM:
        return p.form.ratio(over.text, under.text)._replace(numeric=over.numeric)
    return p.form.fraction(over, under)


def _scalar_power(p: Printer, value: sp.Expr, tight: bool) -> Piece:
    base, exponent = value.args
    if exponent.is_negative:
        return _scalar_ratio(p, p.scalar(sp.S.One), p.scalar(1 / value, tight))
    body = p.scalar(base, tight)
    if exponent == sp.Rational(1, 2):
        return p.form.root(body)
    base_text = p.fit(body, ATOM)
    return Piece(p.form.power(base_text.text, p.index(exponent)), SCRIPTED, body.tall, base_text.numeric)


def _scalar_function(p: Printer, value: sp.Expr, tight: bool) -> Piece:
    name = _FUNCTIONS.get(type(value).__name__)
    if name is None:
        return _scalar_constant(p, value)
    body = p.scalar(value.args[0], tight)
    return Piece(p.row([p.form.function(name), p.fenced(body)]), ATOM, body.tall)


_FUNCTIONS = {"log": "ln"} | {name: name for name in ("exp", "sin", "cos", "tanh")}
_SCALAR_RULES = (
    ("is_Add", _scalar_sum),
    ("is_Mul", _scalar_product),
    ("is_Pow", _scalar_power),
    ("is_Function", _scalar_function),
)


# --- names --------------------------------------------------------------------------------------------------


def _letter(p: Printer, letter: Letter, script: bool, accents: Iterable[str] = (), bold: bool = False) -> str:
    text = p.form.word(letter.base) if script and is_word(letter) else p.form.letter(letter.base, script)
    if bold:
        text = p.form.bold(text)
    wide = len(letter.base) > 1 and not is_greek(letter.base, script)
    for accent in (*letter.accents, *accents):
        text = p.form.accent(accent, text, wide)
    return text


class _Frame(NamedTuple):
    """A name ready to take its indices: the letter, and what stands below and above it already."""

    base: str
    below: tuple[str, ...]
    marks: str
    above: tuple[str, ...]


def _spelled(
    p: Printer, name: str, indices: Sequence[sp.Expr], accents: tuple[str, ...] = (), bold: bool = False
) -> Piece:
    """A name with its indices and accents."""
    key = (name, bool(indices), accents, bold)
    frame = p.frames.get(key)
    if frame is None:
        frame = p.frames[key] = _frame(p, *key)
    base, below, marks, above = frame
    places = p.joined("tight comma", [p.index(index) for index in indices]) if indices else ""
    time = p.style.time if indices else ""
    if time == "subscript":
        below = (*below, places)
    elif time in _TIME_FENCES and time != "bracket":
        above = (*above, p.form.fence(_TIME_FENCES[time][0], places, _TIME_FENCES[time][1], False))
    raised = p.row([marks, p.joined("tight comma", above)]) if above else marks
    text = p.form.scripts(base, p.joined("tight comma", below), raised)
    if time == "bracket":
        text = p.row([text, p.form.fence("[", places, "]", False)])
    return Piece(text, SCRIPTED if raised else ATOM)


_TIME_FENCES = {"superscript": "()", "angle": "⟨⟩", "bracket": "[]"}


def _frame(p: Printer, name: str, timed: bool, accents: tuple[str, ...], bold: bool) -> _Frame:
    letter, below, above = read_name(p.style.names.get(name, name))
    base = _letter(p, letter, False, accents, bold)
    upper = [_letter(p, part, True) for part in above]
    if timed and p.style.time == "subscript":
        upper = [_above(p, part) for part in below if not is_word(part)] + upper
        below = tuple(part for part in below if is_word(part))
    marks = p.row([p.signs[mark] for mark in letter.marks])
    return _Frame(base, tuple(_letter(p, part, True) for part in below), marks, tuple(upper))


def _above(p: Printer, part: Letter) -> str:
    text = _letter(p, part, True)
    return p.form.fence("(", text, ")", False) if part.base.isdigit() else text


def _is_bold(p: Printer, node: Node) -> bool:
    return p.style.bold and not node.is_scalar_shaped


def _name(p: Printer, node: N.Signal | N.Parameter, parts: Sequence[Piece]) -> Piece:
    return _named(p, node)


def _named(p: Printer, node: N.Signal | N.Parameter, accents: tuple[str, ...] = ()) -> Piece:
    return _spelled(p, node.name, _indices(node), accents, _is_bold(p, node))


def _indices(node: Node) -> tuple[sp.Expr, ...]:
    return node.indices if isinstance(node, N.Signal) else ()


def _accented(p: Printer, node: Name) -> Piece | None:
    """A name under its own accents, or None where it is a quotient of differentials."""
    accents: list[str] = []
    while isinstance(node, N.Adjoint | N.Tangent):
        accents.append("bar" if isinstance(node, N.Adjoint) else "dot")
        node = node.of
    return _named(p, node, tuple(reversed(accents))) if isinstance(node, N.Signal | N.Parameter) else None


def _adjoint(p: Printer, node: N.Adjoint, parts: Sequence[Piece]) -> Piece:
    of = node.of
    if isinstance(of, N.Signal) and of.name in p.style.adjoints:
        return _spelled(p, p.style.adjoints[of.name], of.indices, (), _is_bold(p, of))
    if p.style.adjoint == "overbar" and not isinstance(of, N.Parameter):
        piece = _accented(p, node)
        if piece is not None:
            return piece
    loss = _spelled(p, p.style.loss, ()).text
    if p.style.adjoint == "nabla":
        slope = p.form.scripts(p.signs["nabla"], _side(p, of), "")
        return Piece(p.row([slope, p.signs["thin"], loss]), DERIVATIVE)
    return _quotient(p, "partial", loss, _side(p, of))


def _tangent(p: Printer, node: N.Tangent, parts: Sequence[Piece]) -> Piece:
    piece = _accented(p, node)
    return piece or Piece(p.row([p.form.letter("d", False), p.fenced(p.of(node.of))]))


def _quotient(p: Printer, sign: str, over: str, under: str) -> Piece:
    return p.form.derivative(p.row([p.signs[sign], over]), p.row([p.signs["partial"], under]))


def _immediate(p: Printer, node: N.Immediate, parts: Sequence[Piece]) -> Piece:
    return _quotient(p, "partial+", _side(p, node.of), _side(p, node.wrt))


def _block(p: Printer, node: N.Block, parts: Sequence[Piece]) -> Piece:
    sign = "partial+" if node.kind == "immediate" else "partial"
    piece = _quotient(p, sign, _side(p, node.of), _side(p, node.wrt))
    if node.kind in ("total", "direct"):
        return Piece(p.form.scripts(p.fenced(piece), p.signs[node.kind], ""), SCRIPTED, piece.tall)
    return piece


def _side(p: Printer, node: Node) -> str:
    """What stands above or below the bar of a derivative: a stacked state as a tuple."""
    return _tuple(p, node) if isinstance(node, N.Concat | N.BlockMatrix) else p.fit(p.of(node), _FACTOR).text


def _tuple(p: Printer, node: N.Concat | N.BlockMatrix) -> str:
    return p.form.fence("(", p.joined("comma", [p.of(part).text for part in node.operands]), ")", False)


# --- constants ----------------------------------------------------------------------------------------------


def _decimal(p: Printer, node: N.Decimal, parts: Sequence[Piece]) -> Piece:
    mantissa, _, exponent = node.text.removeprefix("-").partition("e")
    piece = Piece(p.form.number(mantissa), numeric=True)
    if exponent:
        ten = p.form.power(p.form.number("10"), p.scalar(sp.Integer(int(exponent)), True).text)
        piece = Piece(p.row([piece.text, p.signs["times"], ten]), JUXTAPOSED, numeric=True)
    return _negated(p, piece) if node.text.startswith("-") else piece


def _number(p: Printer, node: N.Number, parts: Sequence[Piece]) -> Piece:
    return p.scalar(node.value)


def _ones(p: Printer, node: N.Ones, parts: Sequence[Piece]) -> Piece:
    return _bold_ones(p, node) if p.style.bold_ones else Piece(p.signs["one"], numeric=True)


def _bold_ones(p: Printer, node: N.Ones) -> Piece:
    if node.shape[0] == 1 and node.shape[1] != 1:
        return Piece(p.form.power(p.signs["bold one"], p.signs["transposed"]), SCRIPTED)
    return Piece(p.signs["bold one"])


def _selector(p: Printer, node: N.Selector, parts: Sequence[Piece]) -> Piece:
    rows, offset, _ = node.args
    first, last = sp.expand(offset + 1), sp.expand(offset + rows)
    bounds = p.row([p.index(first), p.signs["colon"], p.index(last)])
    return Piece(p.form.scripts(p.form.letter("E", False), bounds, ""))


def _commutation(p: Printer, node: N.Commutation, parts: Sequence[Piece]) -> Piece:
    sizes = p.joined("tight comma", [p.index(size) for size in node.args])
    return Piece(p.form.scripts(p.form.letter("K", False), sizes, ""))


def _embedding(p: Printer, node: N.Embedding, parts: Sequence[Piece]) -> Piece:
    return Piece(p.form.scripts(p.form.letter("E", False), p.index(node.args[0]), ""))


# --- sums and products --------------------------------------------------------------------------------------


def _add(p: Printer, node: N.Add, parts: Sequence[Piece]) -> Piece:
    return _sum_of(p, parts)


def _factors(p: Printer, parts: Sequence[Piece], allowed: int) -> list[Piece]:
    """The factors, each in parentheses where it needs them; a big operator may stand bare as the last."""
    last = len(parts) - 1
    return [p.fit(part, allowed | BIG if i == last else allowed) for i, part in enumerate(parts)]


def _juxtaposed(p: Printer, parts: Sequence[Piece], space: str = "space") -> Piece:
    """A B …: side by side, with a dot before a digit."""
    row: list[str] = []
    for part in parts:
        row.append(p.signs["times" if part.numeric else space])
        row.append(part.text)
    return Piece(p.row(row[1:]), JUXTAPOSED, _is_tall(parts), parts[0].numeric)


def _hadamard(p: Printer, node: N.Hadamard, parts: Sequence[Piece]) -> Piece:
    last = node.operands[-1]
    if is_division(node):
        over = _entrywise(p, node, parts[:-1])
        return p.form.fraction(over, _raised(p, last, p.of(last.operands[0]), -last.exponent))
    return _entrywise(p, node, parts)


def _entrywise(p: Printer, node: N.Hadamard, parts: Sequence[Piece]) -> Piece:
    if len(parts) == 1:
        return parts[0]
    if node.is_scalar_shaped:
        return _juxtaposed(p, _factors(p, parts, _FACTOR), "thin")
    parts = _factors(p, parts, _ENTRYWISE)
    text = p.joined(p.style.product, [part.text for part in parts])
    return Piece(text, HADAMARD, _is_tall(parts), parts[0].numeric)


def _is_tall(parts: Iterable[Piece]) -> bool:
    return any([part.tall for part in parts])


def is_division(node: Node) -> bool:
    """Whether a product is set as a stacked fraction: its last factor is a power with a negative exponent.

    >>> h = N.Signal("h", (N.n, 1), N.t)
    >>> is_division(h * N.Power(h, -1)), is_division(h * h)
    (True, False)
    """
    return isinstance(node, N.Hadamard) and len(node.operands) > 1 and _is_inverse(node.operands[-1])


def _is_inverse(node: Node) -> bool:
    return isinstance(node, N.Power) and bool(node.exponent.is_negative) and _is_divisible(node)


def _is_divisible(node: Node) -> bool:
    return node.shape[0] == 1 or node.shape[1] == 1


def _matmul(p: Printer, node: N.MatMul, parts: Sequence[Piece]) -> Piece:
    return _juxtaposed(p, _factors(p, _with_bold_ones(p, node, parts), _FACTOR))


def _with_bold_ones(p: Printer, node: Operation, parts: Sequence[Piece]) -> Sequence[Piece]:
    factors = node.operands
    if N.Ones not in map(type, factors):
        return parts
    pairs = zip(factors, parts, strict=True)
    return [_bold_ones(p, factor) if isinstance(factor, N.Ones) else part for factor, part in pairs]


def _scale(p: Printer, node: N.Scale, parts: Sequence[Piece]) -> Piece:
    scalar, body = parts
    front = node.operands[0]
    if not isinstance(front, N.Number):
        return _juxtaposed(p, [p.fit(scalar, _FACTOR), p.fit(body, _UNDER_SCALAR)], "thin")
    number = scalar.unsigned or scalar
    if number.text == p.signs["one"] and scalar.unsigned:
        piece = p.fit(body, _UNDER_NUMBER | QUOTIENT | DERIVATIVE)
    else:
        allowed = _FACTOR | QUOTIENT if front.value.is_Rational else _FACTOR
        space = "space" if front.value.is_Integer else "thin"
        piece = _juxtaposed(p, [p.fit(number, allowed), p.fit(body, _UNDER_NUMBER)], space)
    return _negated(p, piece) if scalar.unsigned else piece


def _kronecker(p: Printer, node: N.Kronecker, parts: Sequence[Piece]) -> Piece:
    parts = [p.fit(part, _FACTOR) for part in _with_bold_ones(p, node, parts)]
    return Piece(p.joined("kronecker", [part.text for part in parts]), KRONECKER, _is_tall(parts))


def _is_row(node: Node) -> bool:
    return bool(node.shape[0] == 1 and node.shape[1] != 1)


def _inner(p: Printer, node: N.Inner, parts: Sequence[Piece]) -> Piece:
    left, right = parts
    if 1 in node.operands[0].shape:
        left, right = _with_bold_ones(p, node, parts)
        if _is_row(node.operands[0]):
            return _juxtaposed(p, [p.fit(left, _FACTOR), Piece(_transposed(p, right), SCRIPTED, right.tall)])
        return _juxtaposed(p, [Piece(_transposed(p, left), SCRIPTED, left.tall), p.fit(right, _FACTOR | BIG)])
    tall = left.tall or right.tall
    return Piece(p.form.fence("⟨", p.joined("comma", [left.text, right.text]), "⟩", tall), ATOM, tall)


# --- scripts and functions ----------------------------------------------------------------------------------


def _transposed(p: Printer, body: Piece) -> str:
    return p.form.power(p.fit(body, ATOM).text, p.signs["transposed"])


def _transpose(p: Printer, node: N.Transpose, parts: Sequence[Piece]) -> Piece:
    return Piece(_transposed(p, parts[0]), SCRIPTED, parts[0].tall)


def _power(p: Printer, node: N.Power, parts: Sequence[Piece]) -> Piece:
    if _is_inverse(node):
        return p.form.fraction(p.scalar(sp.S.One), _raised(p, node, parts[0], -node.exponent))
    return _raised(p, node, parts[0], node.exponent)


def _mat_power(p: Printer, node: N.MatPower, parts: Sequence[Piece]) -> Piece:
    (body,) = parts
    return Piece(p.form.power(p.fit(body, ATOM).text, p.index(node.exponent)), SCRIPTED, body.tall)


def _raised(p: Printer, node: N.Power, body: Piece, exponent: sp.Expr) -> Piece:
    """The base of a power, raised to an exponent."""
    base = node.operands[0]
    if exponent == 1:
        return body
    if not _is_divisible(node):
        above = p.row([p.signs["entrywise"], p.index(exponent)])
        return Piece(p.form.scripts(p.fit(body, ATOM).text, "", above), SCRIPTED, body.tall)
    if exponent == sp.Rational(1, 2):
        return p.form.root(body)
    if isinstance(base, N.Apply) and exponent.is_Integer and _can_carry(base):
        head, inside = p.form.activation(base.activation), p.of(base.operands[0])
        return Piece(p.row([p.form.power(head, p.index(exponent)), p.fenced(inside)]), SCRIPTED, inside.tall)
    base_piece = p.fit(body, ATOM)
    return Piece(p.form.power(base_piece.text, p.index(exponent)), SCRIPTED, body.tall, base_piece.numeric)


def _can_carry(node: N.Apply) -> bool:
    return not node.activation.derivative_order and node.activation.name != "sqrt"


def _apply(p: Printer, node: N.Apply, parts: Sequence[Piece]) -> Piece:
    if node.activation.name == "sqrt":
        return p.form.root(parts[0])
    return Piece(p.row([p.form.activation(node.activation), p.fenced(parts[0])]), ATOM, parts[0].tall)


def _called(function: str) -> Callable[[Printer, Any, Sequence[Piece]], Piece]:
    def rule(p: Printer, node: Operation, parts: Sequence[Piece]) -> Piece:
        return Piece(p.row([p.form.function(function), p.fenced(parts[0])]), ATOM, parts[0].tall)

    return rule


_TWO = sp.Integer(2)


def _squared_norm(p: Printer, node: N.SquaredNorm, parts: Sequence[Piece]) -> Piece:
    (body,) = parts
    scalar = node.operands[0].is_scalar_shaped
    base = p.fit(body, ATOM).text if scalar else p.form.fence("‖", body.text, "‖", body.tall)
    return Piece(p.form.power(base, p.index(_TWO)), SCRIPTED, body.tall)


def _cross_entropy(p: Printer, node: N.CrossEntropy, parts: Sequence[Piece]) -> Piece:
    target, logits = parts
    log, softmax = (p.form.function(name) for name in ("log", "softmax"))
    log_softmax = p.row([log, p.signs["space"], softmax, p.fenced(logits)])
    row = [_transposed(p, target), p.signs["space"], log_softmax]
    if _is_row(node.operands[0]):
        row = [p.fenced(Piece(log_softmax)), p.signs["space"], _transposed(p, target)]
    return _negated(p, Piece(p.row(row), JUXTAPOSED, target.tall or logits.tall))


def _opaque(p: Printer, node: N.Opaque, parts: Sequence[Piece]) -> Piece:
    tall = _is_tall(parts)
    arguments = p.form.fence("(", p.joined("comma", [part.text for part in parts]), ")", tall)
    return Piece(p.row([p.fit(p.of(node.value), _FACTOR).text, arguments]), ATOM, tall)


# --- blocks, big operators and guards -----------------------------------------------------------------------


def _concat(p: Printer, node: N.Concat, parts: Sequence[Piece]) -> Piece:
    tall = _is_tall(parts)
    inside = p.joined(_STACKS[p.style.stack], [part.text for part in parts])
    return Piece(p.form.fence("[", inside, "]", tall), ATOM, tall)


_STACKS = {";": "semicolon", ",": "comma"}


def _block_matrix(p: Printer, node: N.BlockMatrix, parts: Sequence[Piece]) -> Piece:
    if node.shape[0] == 1:
        tall = _is_tall(parts)
        return Piece(p.form.fence("[", p.joined("comma", [part.text for part in parts]), "]", tall), ATOM, tall)
    return Piece(p.form.grid([[p.of(block).text for block in row] for row in node.grid]), ATOM, True)


def _big(sign: str) -> Callable[[Printer, Any, Sequence[Piece]], Piece]:
    def rule(p: Printer, node: N.Sum | N.Product, parts: Sequence[Piece]) -> Piece:
        index, first, last = node.range
        below = p.joined("tight equals", [p.index(index), p.index(first)])
        head = p.form.big(p.signs[sign], below, p.index(last))
        return Piece(p.row([head, p.fit(parts[0], _BODY).text]), BIG, True)

    return rule


def _guarded(p: Printer, node: N.Guarded, parts: Sequence[Piece]) -> Piece:
    (body,) = parts
    lo, index, hi = node.bounds
    if is_boundary(node):
        return body
    if lo == hi:
        condition = p.joined("equals", [p.scalar(index).text, p.scalar(lo).text])
    elif lo == -sp.oo:
        condition = p.joined("at most", [p.scalar(index).text, p.scalar(hi).text])
    elif hi == sp.oo:
        condition = p.joined("at least", [p.scalar(index).text, p.scalar(lo).text])
    else:
        condition = p.joined("at most", [p.scalar(bound).text for bound in (lo, index, hi)])
    bracket = Piece(p.form.fence("[", condition, "]", False))
    return _juxtaposed(p, [bracket, p.fit(body, _UNDER_SCALAR)], "thin")


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


RULES: dict[type[Node], Callable[[Printer, Any, Sequence[Piece]], Piece]] = {
    N.Signal: _name,
    N.Parameter: _name,
    N.Adjoint: _adjoint,
    N.Tangent: _tangent,
    N.Immediate: _immediate,
    N.Decimal: _decimal,
    N.Block: _block,
    N.Number: _number,
    N.Zeros: lambda p, node, parts: Piece(p.signs["zero"], numeric=True),
    N.Ones: _ones,
    N.Eye: lambda p, node, parts: Piece(p.signs["identity"]),
    N.Selector: _selector,
    N.Commutation: _commutation,
    N.Embedding: _embedding,
    N.Add: _add,
    N.Hadamard: _hadamard,
    N.MatMul: _matmul,
    N.Scale: _scale,
    N.Transpose: _transpose,
    N.Power: _power,
    N.MatPower: _mat_power,
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
