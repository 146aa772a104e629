"""The model's equation for a quantity at one step, written out: guards decided, sums as terms, numbers for sizes.

Reads what a model knows; returns expressions over names at concrete steps, and evaluates them with the writer's values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Adjoint, Block, Name, Node, Signal, substitute
from symrnn.algebra.nodes.verbs import add, hadamard, matmul, negate, transpose
from symrnn.algebra.programs import Equation
from symrnn.checking.matrices import Matrix, Value
from symrnn.checking.numbers import Number, TooLarge, Undefined
from symrnn.checking.page import Page
from symrnn.checking.patterns import remade
from symrnn.checking.truths import ModelTruths
from symrnn.errors import SymrnnError
from symrnn.numeric.interpretation import head, indices_of, label

MOST_TERMS = 60
MOST_NODES = 400


class Equations:
    """The equations of a model at concrete steps."""

    def __init__(self, truths: ModelTruths) -> None:
        self.truths = truths
        sizes = truths.definitions.sizes
        symbols = {s: sp.Integer(sizes[str(s)]) for e in truths.equations for s in _sizes(e.target, sizes)}
        self.last = truths.program.steps.hi
        self.numbers = {**symbols, self.last: sp.Integer(truths.steps)}
        self._known: dict[str, Node | None] = {}

    def of(self, node: Node) -> Node | None:
        """The right side of a quantity's equation; of a Jacobian over several steps the product of its blocks."""
        key = label(node)
        if key not in self._known:
            self._known[key] = self._found(node)
        return self._known[key]

    def sized(self, node: Node) -> Node:
        """A name with numbers for its sizes."""
        return substitute(node, self.numbers)

    def _found(self, node: Node) -> Node | None:
        if isinstance(node, Block):
            return self._block(node)
        found = equation_of(node, self.truths)
        if found is None:
            return None
        equation, at = found
        return self._written(equation.expression, {index: sp.Integer(step) for index, step in at.items()})

    def _block(self, node: Block) -> Node | None:
        """∂s_late/∂s_early: a step's own block, or of a cell with one state the product of the blocks between."""
        of, wrt = node.of, node.wrt
        if isinstance(self.of(of), N.Softmax) and self.of(of) == self.sized(N.Softmax(wrt)):
            p = self.sized(of)
            return add(N.Diag(p), negate(matmul(p, transpose(p))))
        if not (isinstance(of, Signal) and isinstance(wrt, Signal) and of.indices and wrt.indices):
            return None
        late, early = int(of.time), int(wrt.time)
        if of.name == wrt.name == "c" and late > early + 1 and "f" in self.truths.quantities.signals:
            # Along the cell state alone; the other ways have no product of their own.
            gates = [Signal("f", self.sized(of).shape, sp.Integer(step)) for step in range(late, early, -1)]
            return hadamard(*gates) if gates[0].shape == (1, 1) else N.Hadamard(*(N.Diag(gate) for gate in gates))
        if late == early + 1 and node.kind == "step":
            return self._one_step(of, wrt)
        if of.name != wrt.name or len(self.truths.program.states) != 1:
            return None
        blocks = [Block(of.at(step), of.at(step - 1), "step") for step in range(late, early, -1)]
        return matmul(*(self.sized(block) for block in blocks)) if len(blocks) > 1 else None

    def _one_step(self, of: Signal, wrt: Signal) -> Node | None:
        """diag(f') W of the simple cell, as an entrywise product where the state is a number; of others their block."""
        from symrnn.calculus.jacobians import jacobian

        for equation in jacobian(self.truths.quantities.program):
            target = equation.target
            if isinstance(target, Block) and (base_of(target.of), base_of(target.wrt)) == (of.name, wrt.name):
                index = self.truths.program.steps.index
                return self._written(equation.expression, {index: of.time})
        return None

    def _written(self, node: Node, at: dict[Any, Any]) -> Node | None:
        try:
            return self._concrete(substitute(node, {**self.numbers, **at}))
        except (SymrnnError, TypeError, ValueError, RecursionError):
            return None

    def _concrete(self, node: Node) -> Node:
        """Guards decided, sums written out."""
        if isinstance(node, Name):
            return node
        if isinstance(node, N.Guarded):
            lo, index, hi = node.args[0], node.args[1], node.args[2]
            inside = _holds(lo, index) and _holds(index, hi)
            return self._concrete(node.operands[0]) if inside else N.Number(0)
        if isinstance(node, N.Sum):
            return self._sum(node)
        operands = [self._concrete(part) for part in N.operands_of(node)]
        if isinstance(node, N.Add):
            kept = [part for part in operands if not (isinstance(part, N.Number) and part.value == 0)]
            return add(*kept) if kept else N.Number(0)
        if not operands:
            return node
        remade: Node = node.with_operands(operands)
        return remade

    def _sum(self, node: N.Sum) -> Node:
        index, lo, hi = node.range
        first, last = int(lo), int(hi)
        if last - first >= MOST_TERMS:
            raise ValueError("too many terms")
        terms = [
            self._concrete(substitute(node.operands[0], {index: sp.Integer(step)})) for step in range(first, last + 1)
        ]
        return terms[0] if len(terms) == 1 else N.Add(*terms)

    def inlined(self, node: Node) -> Node | None:
        """The expression with each name's own equation in its place, one level deep: gradients and arguments only."""
        if sum(1 for _ in N.subexpressions(node)) > MOST_NODES:
            return None
        changed = self._inlined(node)
        return None if changed == node else changed

    def _inlined(self, node: Node) -> Node:
        if isinstance(node, Adjoint | Block) or (isinstance(node, Signal) and node.name.startswith("a")):
            return self.of(node) or node
        if isinstance(node, Name):
            return node
        operands = [self._inlined(part) for part in N.operands_of(node)]
        if not operands:
            return node
        return remade(node, operands)

    # --- values ---

    def value(self, node: Node, page: Page | None) -> Value | None:
        """What an expression comes to: with the writer's values where they stand on the page, else the true ones."""
        return self.reader(None if page is None else page.value_of)(node)

    def reader(self, written: Callable[[Name], Value | None] | None) -> Callable[[Node], Value | None]:
        """The same for many expressions, while nothing is written: what they share is computed once."""

        def missing(name: Name, rows: int, cols: int) -> Any:
            value = None if written is None else written(name)
            value = self.truths.of(name) if value is None else value
            if value is None:
                raise KeyError(str(name))
            return rows_of(value, rows, cols)

        machine = self.truths.machine(missing)

        def read(node: Node) -> Value | None:
            try:
                matrix = Matrix(machine.value(node))
            except (SymrnnError, KeyError, TooLarge, Undefined, ZeroDivisionError, ValueError, TypeError):
                return None
            return matrix.rows[0][0] if matrix.shape == (1, 1) else matrix

        return read


def equations_of(truths: ModelTruths) -> Equations:
    """The equations of a model, made once."""
    if truths.written is None:
        truths.written = Equations(truths)
    written: Equations = truths.written
    return written


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


def base_of(node: Node) -> str:
    """A signal's name, whatever its step; of anything else none."""
    return node.name if isinstance(node, Signal) else ""


def _sizes(node: Node, sizes: Any) -> Iterator[Any]:
    return (s for size in node.shape for s in size.free_symbols if str(s) in sizes)


def _holds(low: Any, high: Any) -> bool:
    return bool(low <= high)
