"""The sides of a chain while it is judged: what is written on each, and what it comes to in which reading.

Reads claims and a page; keeps what was evaluated. What is missing is said by the side itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Any

from symrnn.algebra.reading.syntax import Big, Call, Norm, Num, Quotient, Symbol, Syntax, Transposed, walk
from symrnn.checking.arithmetic import Evaluator, NotMeant, Unknown
from symrnn.checking.claims import Line, Link, Side
from symrnn.checking.digits import Digits, digits_of, grid_digits, numbers_in
from symrnn.checking.functions import is_function
from symrnn.checking.ledger import Ledger
from symrnn.checking.matrices import Misfit, Value
from symrnn.checking.mentions import names_of
from symrnn.checking.naming import Known, name_of
from symrnn.checking.numbers import TooLarge, Undefined
from symrnn.checking.page import Page, Scope
from symrnn.checking.verdicts import Reason

Written = Digits | tuple[tuple[Digits, ...], ...]
"""A number as written, or rows of them."""


class Taken(IntFlag):
    """How a link is read, where it can be read in several ways; nothing is the usual way."""

    USUAL = 0
    DATA = 1
    """Numbers that are data elsewhere are data here, and exact."""
    OTHER_FUNCTION = 2
    """A generic σ or f is the other function it may stand for."""
    POWERS = 4
    """`w^T` is a power."""
    SHADOWED = 8
    """Numbers stand for what they were before a mistake."""
    AGAIN = 16
    """Results whose digits stand above do so by chance."""
    EARLIER = 32
    """Names stand for what they were before their last value."""


@dataclass
class Face:
    """One side of a chain while it is judged."""

    side: Side
    relation: str
    name: Known | None
    written: Written | None
    digits: Digits | None = None
    problem: Reason | None = None
    undefined: bool = False
    missing: str = ""

    @property
    def tree(self) -> Syntax:
        """What is written."""
        return self.side.tree


@dataclass(frozen=True)
class Seen:
    """What a side comes to: with the writer's values, with the true ones, and on which wrong links it hangs."""

    writer: Value
    true: Value
    taint: frozenset[int]


class Faces:
    """The sides of one chain, and what they come to."""

    def __init__(self, page: Page, ledger: Ledger, line: Line, links: tuple[Link, ...]) -> None:
        self.page = page
        self.ledger = ledger
        self.line = line
        self.links = links
        self.taint: frozenset[int] = frozenset()
        """Wrong links of this chain."""
        sides = [links[0].before, *(link.after for link in links)]
        relations = ["=", *(link.relation for link in links)]
        self.faces = [self._face(side, relation) for side, relation in zip(sides, relations, strict=True)]
        self.seen: dict[tuple[int, bool, Taken], Seen | None] = {}

    def _face(self, side: Side, relation: str) -> Face:
        digits = digits_of(side.tree, relation)
        written: Written | None = digits if digits is not None else grid_digits(side.tree, relation)
        return Face(side, relation, name_of(side.tree), written, digits)

    def see(self, at: int, fresh: bool, taken: Taken = Taken.USUAL) -> Seen | None:
        """What a side comes to; None where something is missing, which the face then says."""
        key = (at, fresh, taken)
        if key not in self.seen:
            self.seen[key] = self._evaluate(at, fresh, taken)
        return self.seen[key]

    def _evaluate(self, at: int, fresh: bool, taken: Taken) -> Seen | None:
        face = self.faces[at]
        exact_data, sigma, powers = Taken.DATA in taken, int(Taken.OTHER_FUNCTION in taken), Taken.POWERS in taken
        beside = frozenset(n.text for n in numbers_in(self.faces[at - 1].tree)) if at else frozenset()
        if face.digits is not None and at == 0:
            fresh = False
        again = self._results(face.tree) if Taken.AGAIN in taken and at else frozenset()
        more: dict[str, Any] = {"shadowed": Taken.SHADOWED in taken, "again": again, "earlier": Taken.EARLIER in taken}
        more["counted"] = all(_counts(self.faces[k].tree) for k in range(1 if self.faces[0].name else 0, at + 1))
        writer = Scope(self.page, False, fresh, exact_data, sigma, beside, powers, **more)
        true = Scope(self.page, True, fresh, exact_data, sigma, beside, powers, **more)
        try:
            written, real = Evaluator(writer).value(face.tree), Evaluator(true).value(face.tree)
        except Unknown as missing:
            face.missing = missing.what
            face.problem = Reason("no value for {0}", (missing.what,))
        except Undefined as undefined:
            face.undefined = True
            face.problem = Reason(str(undefined))
        except (TooLarge, NotMeant, Misfit) as problem:
            face.problem = Reason(_PROBLEMS[type(problem)], (str(problem),))
        else:
            return Seen(written, real, writer.taint())
        return None

    def variants(self, *sides: int) -> list[Taken]:
        """The readings to try, the usual first."""
        pieces = [piece for at in sides for piece in walk(self.faces[at].tree)]
        found = [Taken.USUAL]
        for taken, has in (
            (Taken.DATA, any(isinstance(piece, Num) and piece.value in self.page.data for piece in pieces)),
            (Taken.OTHER_FUNCTION, any(isinstance(piece, Call) and is_generic(piece) for piece in pieces)),
            (Taken.POWERS, any(isinstance(piece, Transposed) and piece.letter for piece in pieces)),
            (Taken.SHADOWED, any(isinstance(piece, Num) and piece.text in self.page.shadowed for piece in pieces)),
        ):
            found += [one | taken for one in found] if has else []
        return found

    def last_variants(self, *sides: int) -> list[Taken]:
        """The readings to try where all of these are wrong."""
        again = bool(self._results(self.faces[sides[-1]].tree))
        earlier = any(
            self.page.key(name) in self.page.earlier for at in sides for name in names_of(self.faces[at].tree)
        )
        found = [Taken.AGAIN] if again else []
        found += [Taken.EARLIER] if earlier else []
        return found + ([Taken.AGAIN | Taken.EARLIER] if again and earlier else [])

    def _results(self, tree: Syntax) -> frozenset[str]:
        """The numbers of a side, with digits enough for a result, that stand above as one already."""
        if digits_of(tree) is not None:
            return frozenset()
        kept = ((number.text, self.page.numbers.get(number.text)) for number in numbers_in(tree))
        return frozenset(
            text
            for text, record in kept
            if record is not None and not record.given and len(text.replace(".", "").strip("0")) >= 3
        )

    def has_value_before(self, at: int) -> bool:
        """Whether arithmetic stands before a side, so that its new numbers are results and no data."""
        first = 1 if self.faces[0].name is not None else 0
        return any(self.see(k, False) is not None for k in range(first, at))


_PROBLEMS = {
    TooLarge: "too large to compute: {0}",
    NotMeant: "{0}",
    Misfit: "shapes that do not fit: {0}",
}


def _counts(tree: Syntax) -> bool:
    """Whether a side is made of whole numbers by sums and products: `4 · (20 · 30 + 20)`."""
    pieces = list(walk(tree))
    if any(isinstance(piece, Call | Quotient | Big | Norm | Symbol) for piece in pieces):
        return False
    return all(piece.text.replace(",", "").isdigit() for piece in pieces if isinstance(piece, Num))


def is_generic(call: Call) -> bool:
    """Whether a call is of a name such as σ or f, whose function the model says."""
    return not call.certain and not is_function(call.function.base)
