"""What a quantity comes to from the writer's own values: the model's equation, read with what stands on the page.

Reads a quantity and the page; returns the value with bounds, and the wrong links it hangs on. So a bare `L = 0.1007`
below a wrong `L_2` is told from a new mistake, and a value that carries rounding from one that is off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from symrnn.algebra.activations import Activation
from symrnn.algebra.nodes import Name as NodeName
from symrnn.algebra.nodes import Node
from symrnn.algebra.programs import Equation
from symrnn.checking.functions import applied
from symrnn.checking.matrices import Matrix, Value
from symrnn.checking.numbers import MP, Number, TooLarge, Undefined, power, product, sharp, total
from symrnn.checking.page import Page
from symrnn.checking.truths import ModelTruths
from symrnn.errors import SymrnnError
from symrnn.numeric.interpretation import head, indices_of, label
from symrnn.numeric.machine import Machine
from symrnn.numeric.scalars import Domain

MOST_LEFT_OUT = 32
"""Quantities between a value and what stands on the page: more than a step of a gated cell has."""


class Bounds(Domain):
    """Numbers that know how far rounding may have moved them."""

    zero = sharp(0)
    one = sharp(1)

    def value(self, given: Any) -> Number:
        """A given number, or one with its bounds already."""
        if isinstance(given, Number):
            return given
        if isinstance(given, Fraction | int):
            return sharp(Fraction(given))
        return sharp(MP.make_mpf(sp.sympify(given, strict=True).evalf(50)._mpf_))

    def add(self, terms: Sequence[Number]) -> Number:
        """x + y + …"""
        found = self.zero
        for term in terms:
            found = total(found, term)
        return found

    def mul(self, factors: Sequence[Number]) -> Number:
        """x y …"""
        found = self.one
        for factor in factors:
            found = product(found, factor)
        return found

    def power(self, base: Number, exponent: sp.Expr) -> Number:
        """x^k."""
        return power(base, sharp(Fraction(int(exponent.p), int(exponent.q))))

    def activate(self, row: Activation, x: Number) -> Number:
        """f(x)."""
        return applied(row.name)(x)


@dataclass(frozen=True)
class Carried:
    """What a quantity comes to from the page: its value, the wrong links it hangs on, and all it was taken from."""

    value: Value
    taint: frozenset[int] = frozenset()
    links: frozenset[int] = frozenset()


def carried(node: Node, page: Page, truths: ModelTruths) -> Iterator[Carried]:
    """The values of a quantity by its equation, from the writer's values; none where nothing written goes into it.

    What the text leaves out on the way, such as an argument a_t, may be true, or come from the writer's values as well.
    """
    for left_out in (0, MOST_LEFT_OUT):
        found = _Carrier(page, truths, left_out).by_equation(node)
        if found is not None:
            yield found


class _Carrier:
    """One quantity followed back to what stands on the page, over so many quantities that the text leaves out."""

    def __init__(self, page: Page, truths: ModelTruths, left_out: int) -> None:
        self.page, self.truths, self.left_out = page, truths, left_out
        self._found: dict[str, Carried | None] = {}

    def by_equation(self, node: Node) -> Carried | None:
        """A quantity's equation, evaluated with what is written."""
        found = equation_of(node, self.truths)
        if found is None:
            return None
        equation, at = found
        used: list[Carried] = []

        def missing(name: NodeName, rows: int, cols: int) -> Any:
            written = self._written(name)
            if written is not None:
                used.append(written)
            value = self.truths.of(name) if written is None else written.value
            if value is None:
                raise KeyError(str(name))
            return rows_of(value, rows, cols)

        truths = self.truths
        machine = Machine([truths.quantities.program], truths.steps, truths.definitions.sizes, Bounds(), missing)
        try:
            matrix = Matrix(_within(machine, dict(at), equation.expression))
        except (SymrnnError, KeyError, TooLarge, Undefined, ZeroDivisionError, ValueError):
            return None
        if not used:
            return None
        none = frozenset[int]()
        taint, links = none.union(*(one.taint for one in used)), none.union(*(one.links for one in used))
        return Carried(matrix.rows[0][0] if matrix.shape == (1, 1) else matrix, taint, links)

    def _written(self, name: NodeName) -> Carried | None:
        """What a name is on the page, or comes to from the page; None where nothing written goes into it."""
        key = label(name)
        record = self.page.quantities.get(key)
        if record is not None:
            return Carried(record.written, record.taint, frozenset({record.link}))
        if key not in self._found and len(self._found) < self.left_out:
            # None while it is looked for: no quantity goes into itself.
            self._found[key] = None
            self._found[key] = self.by_equation(name)
        return self._found.get(key)


def _within(machine: Machine, at: dict[Any, int], node: Node) -> Any:
    if not at:
        return machine.value(node)
    (index, step), *rest = at.items()
    with machine.bound(index, step):
        return _within(machine, dict(rest), node)


def rows_of(value: Value, rows: int, cols: int) -> Any:
    """A value as the rows a machine stores; one number fills them."""
    if isinstance(value, Number):
        return tuple(tuple(value for _ in range(cols)) for _ in range(rows))
    if value.shape != (rows, cols):
        raise KeyError("another shape")
    return value.rows


def equation_of(node: Node, truths: ModelTruths) -> tuple[Equation, dict[Any, int]] | None:
    """The equation that defines a quantity, and the step it stands at."""
    steps = {truths.program.steps.hi: truths.steps}
    places = indices_of(node)
    for equation in truths.equations:
        target = equation.target
        indices = indices_of(target)
        if head(target) != head(node) or len(indices) != len(places):
            continue
        if not equation.domain:
            if all(int(a.xreplace(steps)) == int(b) for a, b in zip(indices, places, strict=True)):
                return equation, {}
            continue
        time = equation.domain[0]
        step = int(places[0])
        if int(time.lo.xreplace(steps)) <= step <= int(time.hi.xreplace(steps)) and indices[0] == time.index:
            return equation, {time.index: step}
    return None
