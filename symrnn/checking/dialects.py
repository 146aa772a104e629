"""Which book's notation a text is written in, where it is one that ships with symrnn: told by its own definitions.

Reads a working and a Program; returns a `Dialect`: what the written names mean, whether vectors are rows, and the
Program in the structure the book writes (two biases, one matrix for [h; x]). The usual names come first: another
notation is taken only where it makes the text's definitions right that they do not, or the blocks of its Jacobians.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from symrnn.algebra.programs import Program
from symrnn.algebra.reading.syntax import Syntax
from symrnn.checking.claims import Kind, Working
from symrnn.checking.mentions import is_symbolic
from symrnn.checking.naming import LOSS_NAMES, Derivative, Name, Stacked, name_of
from symrnn.checking.page import Page
from symrnn.errors import SymrnnError
from symrnn.models.model import Model
from symrnn.notations import Notation, declared, listing, notation

MOST_TRIED = 12
MOST_BLOCKS = 4
LEAST_GAIN = 2
"""So many more definitions must be right, so that no single slip chooses a notation; else all of several."""
SEVERAL = 3


@dataclass(frozen=True)
class Dialect:
    """How a text writes the quantities of a Program."""

    program: Program
    names: Mapping[str, str] = field(default_factory=dict)
    """What a written name means."""
    rows: bool = False
    denominator: bool = False
    title: str = ""


def dialect_of(source: Model | Program, working: Working, judge: Callable[[Dialect], Any]) -> Dialect:
    """The notation of a text: the model's own, unless one that ships makes more of the text's definitions right."""
    usual = own_dialect(source)
    found = [*islice(_definitions(working), MOST_TRIED), *islice(_blocks(working), MOST_BLOCKS)]
    plain = _outcomes(judge(usual), found)
    failing = sum(not right for right in plain)
    if failing == 0 or (failing < LEAST_GAIN and len(found) < SEVERAL):
        return usual
    best, most = usual, 0
    for other in _shipped(source):
        gain = _gain(plain, _outcomes(judge(other), found))
        if gain > most:
            best, most = other, gain
    return best


def _gain(plain: list[bool | None], others: list[bool | None]) -> int:
    """How many more definitions are right, where that is enough; what neither reading decides says nothing."""
    told = [(one, other) for one, other in zip(plain, others, strict=True) if not one is other is None]
    gain = sum(bool(other) - bool(one) for one, other in told)
    is_whole = len(told) >= SEVERAL and all(other for _, other in told)
    return gain if gain >= LEAST_GAIN or is_whole else 0


def own_dialect(source: Model | Program) -> Dialect:
    """The names as the model file's `[notation]` declares them."""
    if not isinstance(source, Model):
        return Dialect(source)
    roles = {"prediction": "y_hat", "target": "y"}
    said = {key: value for key, value in source.notation.items() if isinstance(value, str) and key != "name"}
    names = {key: roles.get(value, value) for key, value in said.items()}
    if source.notation and (found := _read(declared(source.notation), source.program)) is not None:
        return Dialect(source.program, {**found.names, **names}, found.rows, found.denominator)
    return Dialect(source.program, names)


def _shipped(source: Model | Program) -> Iterator[Dialect]:
    """The notations that ship, each with the structure its source writes; a model keeps its own structure."""
    for name in listing():
        book = notation(name)
        program = source.program if isinstance(source, Model) else source
        try:
            if not isinstance(source, Model):
                program = book.variant(program).program
        except SymrnnError:
            continue
        found = _read(book, program)
        if found is not None:
            yield found


def _read(book: Notation, program: Program) -> Dialect | None:
    try:
        readings = book.readings(program)
    except SymrnnError:
        return None
    names = {written: name for written, name in readings.items() if written != name}
    turned = book.orientation
    return Dialect(program, names, turned.rows, turned.denominator, book.title)


def _definitions(working: Working) -> Iterator[tuple[Syntax, Syntax]]:
    """`h_t = …`, `L = …`: the first formula in names by which a text says what a quantity is."""
    seen: set[str] = set()
    for line in working.lines:
        for claim in line.claims:
            name = name_of(claim.links[0].left)
            if claim.kind != Kind.EQUATION or not isinstance(name, Name) or str(name) in seen:
                continue
            if not name.steps and name.whole not in LOSS_NAMES:
                # How the book's parameters are made of others says nothing of the cell.
                continue
            if is_symbolic(claim.links[0].right):
                seen.add(str(name))
                yield claim.links[0].left, claim.links[0].right


def _blocks(working: Working) -> Iterator[tuple[Syntax, Syntax]]:
    """`∂(h_t, c_t)/∂(h_{t-1}, c_{t-1}) = …`: where the layout shows even if every size is 1."""
    for line in working.lines:
        for claim in line.claims:
            name = name_of(claim.links[0].left)
            stacked = isinstance(name, Derivative) and (isinstance(name.of, Stacked) or isinstance(name.wrt, Stacked))
            if claim.kind == Kind.EQUATION and stacked and is_symbolic(claim.links[0].right):
                yield claim.links[0].left, claim.links[0].right


def _outcomes(formulas: Any, found: list[tuple[Syntax, Syntax]]) -> list[bool | None]:
    """Which of the definitions are right, which false, and which undecided."""
    return [formulas.judge(left, right, Page(formulas.points[0]), quick=True).agree for left, right in found]
