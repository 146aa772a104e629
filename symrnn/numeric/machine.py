"""The interpreter: Programs walked step by step over any scalar domain, to one matrix for each name and step.

Reads Programs, a number of steps, sizes and values; fills an `Interpretation`. Walks each recurrence in its own
direction, decides guards before their bodies are looked at, takes a sum over steps as one running sum, and computes a
subexpression that stands in several equations of a step once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import Any

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Name, Node, Parameter
from symrnn.algebra.programs import Equation, Program, Range, blocks_of, sizes_of
from symrnn.calculus.unrolling import check_steps
from symrnn.errors import InputError, ShapeError
from symrnn.numeric.interpretation import (
    Address,
    Entry,
    Interpretation,
    Matrix,
    Missing,
    Sizes,
    Values,
    each,
    head,
    indices_of,
    label,
    placed,
)
from symrnn.numeric.operations import OPERATIONS
from symrnn.numeric.progress import watched
from symrnn.numeric.scalars import Domain, Given, Inexact, given


@dataclass(frozen=True)
class _Plan:
    """How a node is evaluated: the key of its value, its row of the table, and the indices it moves with."""

    node: Node
    key: int
    row: Callable[[Machine, Any], Matrix]
    moves_with: frozenset[Any]


class Machine:
    """Walks Programs step by step: `env` says where it stands, `store` what is known, by address."""

    def __init__(
        self,
        programs: Sequence[Program],
        steps: int,
        sizes: Sizes | None,
        domain: Domain,
        missing: Missing | None = None,
    ) -> None:
        check_steps(steps)
        self.domain = domain
        self.missing = missing
        self.store: dict[Address, Matrix] = {}
        self.assigned: dict[Address, Entry] = {}
        self.contributions: dict[Name, dict[int, Matrix]] = {}
        self.forced: Mapping[Address, Matrix] = {}
        self.env: dict[Any, int] = {s: steps for program in programs for s in program.steps.hi.free_symbols}
        self._lasting = frozenset(self.env)
        self._sizes = _checked_sizes(programs, sizes)
        self._given: dict[Address, Any] = {}
        self._depth = 0
        self._plans: dict[int, _Plan] = {}
        self._firsts: dict[Node, Node] = {}
        self._fixed: dict[int, Matrix] = {}
        self._memo: dict[int, Matrix] = {}
        self._summands: dict[Node, dict[int, Matrix]] = {}
        self._running: dict[Node, tuple[int, int, Matrix]] = {}
        self._places: dict[int, tuple[Name, Hashable, tuple[sp.Expr, ...]]] = {}
        self._offsets: dict[sp.Expr, tuple[Any, int] | None] = {}

    def branch(self, missing: Missing, forced: Mapping[Address, Matrix]) -> Machine:
        """Another machine that starts from what this one knows, with some targets forced to a value."""
        other = Machine((), 1, None, self.domain, missing)
        other.env, other._lasting, other._sizes = dict(self.env), self._lasting, self._sizes
        other.store, other._given, other.forced = dict(self.store), self._given, forced
        other._plans, other._firsts, other._places = self._plans, self._firsts, self._places
        other._offsets = self._offsets
        return other

    def interpretation(self) -> Interpretation:
        """What has been assigned so far."""
        return Interpretation(MappingProxyType(self.assigned), MappingProxyType(self.contributions))

    # --- what is known

    def give(self, values: Values) -> None:
        """Take values for names at concrete indices; each is read when its shape is known."""
        for name, value in values.items():
            if not isinstance(name, Name):
                raise InputError(
                    repr(name)[:80], found="no name of a quantity", write="a Parameter, or a Signal at a step"
                )
            floating = [s for index in indices_of(name) for s in index.free_symbols if s not in self._lasting]
            if floating:
                first = label(placed(name, dict.fromkeys(floating, 1)))
                raise InputError(
                    f"{label(name)}: …",
                    found=f"a value at a symbolic {floating[0]}",
                    write=f"{first} and so on",
                )
            self._given[self.address(name)] = value

    def knows(self, name: Name) -> bool:
        """Whether a name was given or assigned."""
        address = self.address(name)
        return address in self._given or address in self.store

    def address(self, name: Name) -> Address:
        """The name at the present indices."""
        _, place, indices = self._places.get(id(name)) or self._place(name)
        return (place, tuple([self.integer(index) for index in indices]))

    def _place(self, name: Name) -> tuple[Name, Hashable, tuple[sp.Expr, ...]]:
        # The name is kept, so that its identity stays its own.
        self._places[id(name)] = (name, head(name), indices_of(name))
        return self._places[id(name)]

    def read(self, name: Name) -> Matrix:
        """The matrix of a name at the present indices."""
        address = self.address(name)
        if address not in self.store:
            self.store[address] = self._supplied(name, address)
        return self.store[address]

    def _supplied(self, name: Name, address: Address) -> Matrix:
        rows, cols = self.size(name.shape)
        if address in self._given:
            return each(self.domain.value, _as_matrix(name, self._given[address], rows, cols))
        here = placed(name, self.env)
        if self.missing is None:
            raise InputError(
                str(here),
                found=f"no value for {label(here)} ({rows}×{cols})",
                write=f"a value for {label(here)}",
            )
        return self.missing(here, rows, cols)

    def integer(self, expression: sp.Expr) -> int:
        """An index, bound or size as a number."""
        if expression not in self._offsets:
            self._offsets[expression] = self._offset(expression)
        found = self._offsets[expression]
        if found is None:
            return int(self.number(expression))
        symbol, offset = found
        if symbol is None:
            return offset
        # A branch knows the offset, and not yet the size.
        return self.env[symbol if symbol in self.env else self._known(symbol)] + offset

    def _offset(self, expression: sp.Expr) -> tuple[Any, int] | None:
        # Nearly every index is `t + k`: read without substitution.
        symbols = [self._known(symbol) for symbol in expression.free_symbols]
        if not symbols:
            return None, int(expression)
        offset = expression - symbols[0]
        return (symbols[0], int(offset)) if offset.is_Integer else None

    def _known(self, symbol: Any) -> Any:
        if symbol not in self.env:
            if symbol.name not in self._sizes:
                raise InputError(
                    f"sizes: {self._sizes}",
                    found=f"no number for the size {symbol}",
                    write=f"{symbol} = 2, say",
                )
            self.env[symbol] = self._sizes[symbol.name]
        return symbol

    def number(self, expression: sp.Expr) -> sp.Expr:
        """An expression of sizes and indices as a number."""
        if expression.is_Number:
            return expression
        return expression.xreplace({self._known(s): sp.Integer(self.env[s]) for s in expression.free_symbols})

    def size(self, shape: N.Shape) -> tuple[int, int]:
        """(rows, columns) as numbers."""
        return self.integer(shape[0]), self.integer(shape[1])

    # --- walking

    def run(self, program: Program) -> None:
        """Every equation of a Program, blocks in order, each recurrence in its direction."""
        for block in blocks_of(program):
            if block[0].time is None:
                self._assign(block[0])
                summands = self._summands_of(block[0].expression, program.steps.index)
                if summands:
                    self.contributions[block[0].target] = summands
                continue
            for _ in self.over(block[0].time):
                for equation in block:
                    self._assign_over(equation, equation.domain[1:])

    def again(self, equations: Iterable[tuple[Equation, Mapping[Any, int]]]) -> None:
        """Some assignments anew, each at its steps, in the order given: for a branch in which something was moved."""
        here: Mapping[Any, int] = {}
        for equation, steps in equations:
            if steps != here:
                here, self._memo = steps, {}
                self.env.update(steps)
            self._assign(equation)
        for index in here:
            self.env.pop(index, None)

    def over(self, time: Range) -> Iterator[int]:
        """The steps of a range in the order they are walked, each bound while it lasts."""
        lo, hi = self.integer(time.lo), self.integer(time.hi)
        for step in watched(range(lo, hi + 1) if time.step > 0 else range(hi, lo - 1, -1)):
            with self.bound(time.index, step):
                yield step

    @contextmanager
    def bound(self, index: sp.Symbol, step: int) -> Iterator[None]:
        """The index set to a step; what was computed for another step is put aside."""
        outer, self._memo = self._memo, {}
        before, self.env[index] = self.env.get(index), step
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            self._memo = outer
            if before is None:
                del self.env[index]
            else:
                self.env[index] = before

    def _assign_over(self, equation: Equation, ranges: tuple[Range, ...]) -> None:
        if not ranges:
            self._assign(equation)
            return
        for _ in self.over(ranges[0]):
            self._assign_over(equation, ranges[1:])

    def _assign(self, equation: Equation) -> None:
        target = equation.target
        address = self.address(target)
        try:
            value = self.forced.get(address) or each(self.domain.settle, self.value(equation.expression))
        except Inexact as error:
            error.where = error.where or label(placed(target, self.env))
            raise
        self.store[address] = value
        steps = {symbol: self.env[symbol] for index in self._places[id(target)][2] for symbol in index.free_symbols}
        self.assigned[address] = (target, steps, value)

    def _summands_of(self, node: Node, index: sp.Symbol) -> dict[int, Matrix]:
        """What a sum over steps was made of; of sums and multiples of such too, without parts of no step."""
        if isinstance(node, N.Sum) and node.range[0] == index:
            return self._summands.get(node, {})
        if isinstance(node, N.Scale) and isinstance(node.operands[0], N.Number):
            ((scalar,),) = self.value(node.operands[0])
            inner = self._summands_of(node.operands[1], index)
            return {step: self.scaled(scalar, part) for step, part in inner.items()}
        if isinstance(node, N.Add):
            parts = [self._summands_of(term, index) for term in node.operands]
            steps = sorted({step for part in parts for step in part})
            return {step: self.plus([part[step] for part in parts if step in part]) for step in steps}
        return {}

    # --- evaluating

    def value(self, node: Node) -> Matrix:
        """The matrix of an expression at the present indices, each subexpression once."""
        plan = self._plans.get(id(node)) or self._plan(node)
        memo = self._memo if plan.moves_with else self._fixed
        found = memo.get(plan.key)
        if found is None:
            found = memo[plan.key] = plan.row(self, node)
        return found

    def _plan(self, node: Node) -> _Plan:
        # By identity: comparing equal nodes at every step would cost more than most operations do.
        first = self._firsts.setdefault(node, node)
        row = Machine.read if isinstance(node, Name) else OPERATIONS[type(node)]
        self._plans[id(node)] = _Plan(node, id(first), row, self._moves_with(node))
        return self._plans[id(node)]

    def _moves_with(self, node: Node) -> frozenset[Any]:
        """The indices whose steps change the value of an expression."""
        symbols: set[Any] = node.free_symbols - self._lasting
        return frozenset(symbol for symbol in symbols if symbol.name not in self._sizes)

    def summed(self, node: N.Sum) -> Matrix:
        """Σ; where the bounds move with a recurrence, only the terms that are new are added."""
        body, (index, low, high) = node.operands[0], node.range
        lo, hi = self.integer(low), self.integer(high)
        if not self._depth:
            values = self._values(body, index, range(lo, hi + 1))
            self._summands[node] = dict(zip(range(lo, hi + 1), values, strict=True))
            return self.plus(values) if values else self.nothing(node)
        first, last, total = self._running.get(node) or (lo, lo - 1, self.nothing(node))
        if self._moves_with(body) != {index} or not (lo <= first and last <= hi):
            first, last, total = lo, lo - 1, self.nothing(node)
        new = [step for step in range(lo, hi + 1) if not first <= step <= last]
        total = self.plus([total, *self._values(body, index, new)]) if new else total
        self._running[node] = (lo, hi, total)
        return total

    def multiplied(self, node: N.Product) -> Matrix:
        """∏, the factor at `first` leftmost; where `last` moves down with a recurrence, one a step is new."""
        body, (index, left, right) = node.operands[0], node.range
        first, last = self.integer(left), self.integer(right)
        if node.step > 0:
            rising = self._values(body, index, range(first, last + 1))
            return reduce(self.times, rising, self.eye(self.integer(node.shape[0])))
        top, reached, product = self._running.get(node) or (
            first,
            first + 1,
            self.eye(self.integer(node.shape[0])),
        )
        if self._moves_with(body) != {index} or top != first or reached < last:
            reached, product = first + 1, self.eye(self.integer(node.shape[0]))
        product = reduce(self.times, self._values(body, index, range(reached - 1, last - 1, -1)), product)
        self._running[node] = (first, min(last, reached), product)
        return product

    def _values(self, body: Node, index: sp.Symbol, steps: Sequence[int]) -> list[Matrix]:
        values = []
        for step in steps:
            with self.bound(index, step):
                values.append(self.value(body))
        return values

    # --- matrices

    def plus(self, matrices: Sequence[Matrix]) -> Matrix:
        """X + Y + …"""
        if len(matrices) == 1:
            return matrices[0]
        add = self.domain.add
        return tuple(tuple(map(add, zip(*rows, strict=True))) for rows in zip(*matrices, strict=True))

    def scaled(self, scalar: Any, matrix: Matrix) -> Matrix:
        """α X."""
        mul = self.domain.mul
        return each(lambda entry: mul((scalar, entry)), matrix)

    def times(self, left: Matrix, right: Matrix) -> Matrix:
        """A B."""
        add, mul, is_zero = self.domain.add, self.domain.mul, self.domain.is_zero
        columns = [
            [(k, entry) for k, entry in enumerate(col) if not is_zero(entry)] for col in zip(*right, strict=True)
        ]

        def dot(row: tuple[Any, ...], column: list[tuple[int, Any]]) -> Any:
            return add([mul((row[k], entry)) for k, entry in column if not is_zero(row[k])])

        return tuple(tuple(dot(row, column) for column in columns) for row in left)

    def eye(self, size: int) -> Matrix:
        """I."""
        return self.ones_at(size, size, {(i, i) for i in range(size)})

    def ones_at(self, rows: int, cols: int, places: set[tuple[int, int]]) -> Matrix:
        """1 at the places, 0 elsewhere."""
        one, zero = self.domain.one, self.domain.zero
        return tuple(tuple(one if (i, j) in places else zero for j in range(cols)) for i in range(rows))

    def filled(self, node: Node, scalar: Any) -> Matrix:
        """One scalar in every entry of the node's shape."""
        rows, cols = self.size(node.shape)
        return ((scalar,) * cols,) * rows

    def nothing(self, node: Node) -> Matrix:
        """0 of the node's shape."""
        return self.filled(node, self.domain.zero)


def _checked_sizes(programs: Sequence[Program], sizes: Sizes | None) -> dict[str, int]:
    known = {str(symbol) for program in programs for symbol in sizes_of(program)}
    ranges = [r for program in programs for equation in program for r in equation.domain]
    known |= {str(symbol) for r in ranges for bound in (r.lo, r.hi) for symbol in bound.free_symbols}
    for size, whole in (sizes or {}).items():
        if str(size) not in known:
            raise InputError(
                f"{size} = {whole}",
                found=f"no such size; there are {', '.join(sorted(known))}",
                write="one of these",
            )
        if not isinstance(whole, int) or whole < 1:
            raise InputError(f"{size} = {whole}", found="no positive whole number", write=f"{size} = 2, say")
    return {str(size): whole for size, whole in (sizes or {}).items()}


def _as_matrix(name: Name, value: Any, rows: int, cols: int) -> tuple[tuple[Given, ...], ...]:
    """A number, a flat list for a vector, nested rows or an array, as rows of exact numbers of that shape."""
    value = value.tolist() if hasattr(value, "tolist") else value
    value = value if isinstance(value, list | tuple) else [[value]]
    nested = bool(value) and all(isinstance(row, list | tuple) for row in value)
    if not nested and isinstance(name, Parameter) and name.structure == "diagonal":
        value = [[entry if i == j else 0 for j in range(len(value))] for i, entry in enumerate(value)]
    elif not nested:
        value = [value] if rows == 1 and cols != 1 else [[entry] for entry in value]
    widths = sorted({len(row) for row in value})
    if len(value) != rows or widths != [cols]:
        raise ShapeError(
            f"{label(name)} = {str(value)[:80]}",
            found=f"{len(value)}×{' or '.join(map(str, widths))} numbers",
            write=f"{rows}×{cols} numbers",
        )
    return tuple(tuple(given(entry) for entry in row) for row in value)
