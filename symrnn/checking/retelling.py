"""A student's formula in the plain text that model files use, at the generic step t.

Reads syntax trees; returns text for the one grammar of cells, or None where a formula is none of a cell's: a
derivative, a step that cannot be told, a piece cells have no word for.
"""

from __future__ import annotations

from symrnn.algebra.reading.syntax import (
    Big,
    Call,
    Chain,
    Group,
    Norm,
    Num,
    Quotient,
    Raised,
    Stack,
    Symbol,
    Syntax,
    Terms,
    Times,
    Transposed,
    walk,
)
from symrnn.checking.functions import is_function
from symrnn.checking.naming import Name, Step, name_of

CANDIDATES = ("i", "n")
"""Letters of a gate and of a candidate: the n of `W_n` beside `h_t` is no step."""
UNKNOWN = "@"
"""Stands behind the name of a function that the text itself defines, or behind a factor before a bracket."""


def retold(tree: Syntax, here: Step | None, last: str = "", rows: bool = False) -> str | None:
    """The formula as text, where `here` is the step it was written for; `last` names that step where it is T.

    Of a text that writes vectors as rows, `x W`, the product of the columns, `W x` with W turned.

    >>> from symrnn.algebra.reading.grammar import parse_expression
    >>> retold(parse_expression(r"\\tanh(w h_1 + x_2)"), 2)
    'tanh(w h[t-1] + x[t])'
    """
    try:
        return _Teller(here, last, rows).text(tree)
    except ValueError:
        return None


def _entry_index(tree: Big) -> str | None:
    """The i of `Σ_i y_i log p_i`, which is no step: every factor has it, maybe beside the step."""
    match tree.below:
        case Symbol(base=index) | Chain(sides=(Symbol(base=index), Num()), relations=("=",)) if index not in ("t", "T"):
            pass
        case _:
            return None
    pieces = [name_of(piece) for piece in walk(tree.body) if isinstance(piece, Symbol)]
    names = [name for name in pieces if isinstance(name, Name) and name.steps]
    timed = [name for name in names if len(name.steps) > 1]
    # Of names with one index alone i may be the step, unless only entries are called so.
    is_entry = bool(timed) or (index in ("i", "j", "c") and tree.above is None)
    return index if names and is_entry and all(index in name.steps for name in names) else None


def layered(name: Name) -> Name:
    """`h_t^{(1)}`: the layer behind the step is a part of the name."""
    match name.steps:
        case (str() as step, int(layer)) if layer > 0:
            return Name(name.base, (*name.words, str(layer)), (step,))
    return name


class _Teller:
    def __init__(self, here: Step | None, last: str, rows: bool = False) -> None:
        self.here = here
        self.last = last
        self.rows = rows
        self.entries: set[str] = set()
        """Indices of entries, over which a sum runs."""
        self.bound: set[str] = set()

    def text(self, tree: Syntax) -> str:
        match tree:
            case Num(text=text):
                return text
            case Symbol():
                return self.symbol(tree)
            case Group(body=body):
                return f"({self.text(body)})"
            case Terms(terms=terms):
                signed = (("- " if sign < 0 else "+ ") + self.text(term) for sign, term in terms)
                return " ".join(signed).removeprefix("+ ")
            case Times(factors=factors, operators=operators):
                return self.product(factors, operators)
            case Quotient(over=Num() as over, under=Num() as under):
                return f"{over.text}/{under.text}"
            case Quotient(over=over, under=under):
                return f"({self.text(over)})/({self.text(under)})"
            case Raised(base=Norm() as base, exponent=Num() as exponent):
                return f"{self.text(base)}^{exponent.text}"
            case Raised(base=base, exponent=Num() as exponent):
                return f"({self.text(base)})^{exponent.text}"
            case Transposed(body=body):
                return f"({self.text(body)})ᵀ"
            case Norm(body=body):
                return f"‖{self.text(body)}‖"
            case Stack(parts=parts):
                return f"[{'; '.join(map(self.text, parts))}]"
            case Call(function=function, arguments=(argument,)) if not function.accents:
                word = {"sigma": "sigmoid"}.get(function.base, function.base)
                certain = is_function(function.base) or function.base == "sigma"
                return f"{word}{'' if certain else UNKNOWN}({self.text(argument)})"
            case Big(kind="sum") if (index := _entry_index(tree)) is not None:
                return self.over_entries(tree.body, index)
            case Big(kind="sum"):
                return self.sum(tree)
        raise ValueError("no cell's formula")

    def product(self, factors: tuple[Syntax, ...], operators: tuple[str, ...]) -> str:
        if self.rows and not any(operator in "⊙*" for operator in operators if operator):
            factors = factors[::-1]
        joined = [self.text(factors[0])]
        for operator, factor in zip(operators, factors[1:], strict=True):
            joined += [operator if operator in "⊙*" else "", self.text(factor)]
        return " ".join(filter(None, joined))

    def over_entries(self, body: Syntax, index: str) -> str:
        """`Σ_i y_i log p_i` and `Σ_i (p_i - y_i)²`, of vectors."""
        self.entries.add(index)
        try:
            match body:
                case Times(factors=(left, right), operators=("" | "·" | "*",)):
                    return f"({self.text(left)})ᵀ ({self.text(right)})"
                case Raised(base=base, exponent=Num(value=exponent)) if exponent == 2:
                    return f"‖{self.text(base)}‖^2"
            raise ValueError("no sum over entries")
        finally:
            self.entries.discard(index)

    def sum(self, tree: Big) -> str:
        """`Σ_{t=1}^{T} L_t`, also where no bounds are written: over all steps."""
        match tree.below:
            case None | Symbol(base="t"):
                index = "t"
            case Chain(sides=(Symbol(base=index), Num(value=first)), relations=("=",)) if first == 1:
                pass
            case _:
                raise ValueError("no sum over the steps")
        top = name_of(tree.above) if isinstance(tree.above, Symbol) else None
        numbered = isinstance(tree.above, Num) and tree.above.value == self.here
        if tree.above is not None and not numbered and str(top) not in ("T", "N", "n"):
            raise ValueError("no sum over all steps")
        self.bound.add(index)
        try:
            return f"Σ_{{{index}=1}}^{{T}} ({self.text(tree.body)})"
        finally:
            self.bound.discard(index)

    def symbol(self, tree: Symbol) -> str:
        name = name_of(tree)
        if isinstance(name, Name) and self.entries:
            name = Name(name.base, name.words, tuple(step for step in name.steps if step not in self.entries))
        name = layered(name) if isinstance(name, Name) else name
        if not isinstance(name, Name) or len(name.steps) > 1:
            raise ValueError("no plain name")
        if not name.steps:
            return name.whole
        step = name.steps[0]
        if step in CANDIDATES and step != self.here and step not in self.bound:
            return f"{name.whole}_{step}"
        return f"{name.whole}[{self.step(step)}]"

    def step(self, step: Step) -> str:
        """The step, told from the one the formula stands at."""
        if isinstance(step, str):
            index = step[:1]
            if index in self.bound or not isinstance(self.here, str):
                return step
            return "t" + step.removeprefix(self.here) if step.startswith(self.here) else step
        if not isinstance(self.here, int):
            return str(step)
        gap, anchor = step - self.here, "T" if self.last else "t"
        return f"{anchor}{gap:+d}" if gap else anchor
