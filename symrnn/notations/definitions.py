"""What a notation is: names, the place of time, signs, orientation. Data; `files` reads it from TOML.

Reads Programs; returns the `Style` that prints them, the same statements in the notation's orientation, and what each
written name means. A notation changes no structure; `structure` names the variants it is usual with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, TypeVar

from symrnn.algebra.layout import Style
from symrnn.algebra.nodes import Apply, Node, Signal, subexpressions
from symrnn.algebra.programs import Equation, Program
from symrnn.algebra.reading.roles import parse_cell
from symrnn.calculus.rewriting import expose
from symrnn.calculus.variants import Variant, variant
from symrnn.notations.naming import argument_name, check_distinct, kind_of, read_as, with_base
from symrnn.notations.orientation import Orientation
from symrnn.notations.renaming import names_of, rename

Thing = TypeVar("Thing", Node, Equation, Program)
Names = Mapping[str, str]
EMPTY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Notation:
    """How a textbook writes: `style` for the printer, `rewrite` for the mathematics, `readings` for the reader.

    >>> from symrnn.algebra.printing import program_to_text
    >>> from symrnn.cells import rnn
    >>> from symrnn.notations import notation
    >>> book = notation("goodfellow")
    >>> print(program_to_text(book.rewrite(rnn()), book.style(rnn())))
    h^(t) = tanh(W h^(t-1) + U x^(t) + b)
    """

    name: str
    title: str = ""
    source: str = ""
    note: str = ""
    names: Names = field(default_factory=lambda: EMPTY)
    """Canonical name to written name, for every cell."""
    cells: Mapping[str, Names] = field(default_factory=lambda: MappingProxyType({}))
    """The same for one kind of cell; these come first."""
    also: Names = field(default_factory=lambda: EMPTY)
    """Further written names that are read, to what they mean: `Whh` beside `W_hh`."""
    stacks: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Written names of stacked matrices, to the gates in them from top to bottom."""
    adjoints: Names = field(default_factory=lambda: EMPTY)
    """Canonical name to what its gradient is called."""
    delta: str = "delta"
    """The letter of a gradient with respect to an activation's argument; "" writes ∂L/∂a_t."""
    gates: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """The canonical gates of a cell in the order they are stacked in."""
    structure: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The variant of a cell that the source writes, by the cell's kind."""
    orientation: Orientation = field(default_factory=Orientation)
    time: Literal["subscript", "superscript", "angle", "bracket"] = "subscript"
    product: Literal["⊙", "*", "∘"] = "⊙"
    adjoint: Literal["overbar", "partial", "nabla"] = "partial"
    stack: Literal[";", ","] = ";"
    bold: bool = False

    def style(self, program: Program) -> Style:
        """How the printer writes this Program, its adjoint and its Jacobians.

        >>> from symrnn.cells import lstm
        >>> from symrnn.notations import notation
        >>> notation("double_subscript").style(lstm()).names["U_f"]
        'W_hf'
        """
        names = self.names_in(program)
        return Style(
            names=MappingProxyType(names),
            adjoints=MappingProxyType(self.adjoints_in(program)),
            adjoint=self.adjoint,
            product=self.product,
            time=self.time,
            bold=self.bold,
            stack=self.stack,
        )

    def rewrite(self, thing: Thing, like: Node | None = None) -> Thing:
        """The same statement with rows for columns and transposed Jacobians where the notation wants them.

        A node is turned as the quantity `like` it belongs to: say the left side of its equation.
        """
        return self.orientation.rewrite(thing, like)

    def restore(self, thing: Thing, like: Node | None = None) -> Thing:
        """From this notation's orientation back to columns and numerator layout: `rewrite` undone."""
        return self.orientation.rewrite(thing, like)

    def names_in(self, program: Program) -> dict[str, str]:
        """Canonical name to written name, for the names of a Program and those of its activations' arguments.

        Raises `InputError` where two of them would be written alike.
        """
        forward = expose(program)
        found = names_of(forward)
        table = {**self.names, **self.cells.get(kind_of(found) or "", EMPTY)}
        arguments = _arguments(forward)
        table |= {
            name: argument_name(name, table[owner])
            for name, owner in arguments.items()
            if name not in table and owner in table
        }
        table |= _yielding(arguments, table, found)
        kept = {name: table[name] for name in found if name in table}
        while clash := _clash(kept, found):
            # A typed cell's own name comes before the notation's.
            del kept[clash]
        check_distinct({name: kept.get(name, name) for name in found})
        return {**{name: written for name, written in table.items() if name not in found}, **kept}

    def adjoints_in(self, program: Program) -> dict[str, str]:
        """Canonical name to what its gradient is called: δ_f for that of a_f."""
        forward = expose(program)
        found = names_of(forward)
        written = self.names_in(program)
        base = self.delta if self.delta not in {read_as(written.get(name, name)) for name in found} else ""
        deltas = {name: with_base(written.get(name, name), base) for name in _arguments(forward)} if base else {}
        return {**deltas, **{name: called for name, called in self.adjoints.items() if name in found}}

    def readings(self, program: Program) -> dict[str, str]:
        """What each written name of a Program means, as the grammar reads it: `W_hf` is `U_f`.

        >>> from symrnn.cells import lstm
        >>> from symrnn.notations import notation
        >>> notation("double_subscript").readings(lstm())["W_hf"]
        'U_f'
        """
        names = self.names_in(program)
        found = check_distinct({name: names.get(name, name) for name in names_of(expose(program))})
        return {**{read_as(written): name for written, name in self.also.items()}, **found}

    def variant(self, program: Program) -> Variant:
        """The Program in the structure and the order that this notation's source writes, with the map of parameters.

        >>> from symrnn.cells import rnn
        >>> from symrnn.notations import notation
        >>> print(notation("olah").variant(rnn()).program)
        h_t = tanh(W_hx [h_{t-1}; x_t] + b)
        """
        kind = kind_of(names_of(program)) or ""
        name = self.structure.get(kind)
        found = variant(program, name) if name else Variant("", program, program)
        return replace(found, program=_arranged(found.program, self.gates.get(kind, ())))

    def adjoint_readings(self, program: Program) -> dict[str, str]:
        """What each name of a gradient differentiates by: `delta_f` is the gradient of `a_f`."""
        return check_distinct(self.adjoints_in(program))

    def canonical(self, written: str, program: Program) -> str:
        """The canonical name of a written one; a name the notation says nothing of is its own.

        >>> from symrnn.cells import lstm
        >>> from symrnn.notations import notation
        >>> notation("double_subscript").canonical("C_tilde", lstm())
        'c_tilde'
        """
        return self.readings(program).get(read_as(written), read_as(written))

    def read_cell(self, text: str, like: Program) -> Program:
        """A cell typed in this notation as the canonical Program; `like` says which names there are."""
        return rename(parse_cell(text, like.name), self.readings(like))


def _arranged(program: Program, gates: tuple[str, ...]) -> Program:
    """The Program with the equations of its gates in that order, at the places they hold."""
    places = {getattr(equation.target, "name", ""): place for place, equation in enumerate(program)}
    held = sorted(places[gate] for gate in gates if gate in places)
    equations = list(program.equations)
    for place, gate in zip(held, (gate for gate in gates if gate in places), strict=True):
        equations[place] = program.equations[places[gate]]
    if tuple(equations) == program.equations:
        return program
    read = [name for equation in equations for name in equation.reads]
    parameters = dict.fromkeys(name for name in read if name in program.parameters)
    return replace(program, equations=tuple(equations), parameters=tuple(parameters))


LETTERS = ("a", "z", "net", "preactivation")
"""What an activation's argument may be called, where a notation needs the letters before it."""


def _yielding(arguments: Iterable[str], table: Names, found: Mapping[str, None]) -> dict[str, str]:
    """Other names for the arguments whose own the notation gives away: where h is written a, a becomes z."""
    others = {read_as(table.get(name, name)) for name in found if name not in arguments}
    moved: dict[str, str] = {}
    for name in arguments:
        written = table.get(name, name)
        free = (with_base(written, letter) for letter in LETTERS)
        if read_as(written) in others:
            moved[name] = next((one for one in free if read_as(one) not in others), written)
    return moved


def _clash(kept: Mapping[str, str], found: Mapping[str, None]) -> str | None:
    """A name whose written form another name of the Program has already as its own."""
    own = {name for name in found if name not in kept}
    return next((name for name, written in kept.items() if read_as(written) in own), None)


def _arguments(forward: Program) -> dict[str, str]:
    """The names of activations' arguments, and whose they are."""
    found: dict[str, str] = {}
    for equation in forward:
        if isinstance(equation.target, Signal):
            for part in subexpressions(equation.expression):
                if isinstance(part, Apply) and isinstance(part.operands[0], Signal):
                    name = part.operands[0].name
                    if re.match(r"(a|net|preactivation|pre\d+)(_|\d|$)", name):
                        found.setdefault(name, equation.target.name if "_" in name else "")
    return found
