"""The interpreter: Programs walked step by step over any scalar domain, to one matrix for each name and step.

Reads Programs, a number of steps, sizes and values; returns an `Interpretation`. Walks each recurrence in its
own direction, decides guards before their bodies are looked at, takes a sum over steps as one running sum,
and computes a subexpression that stands in several equations of a step once. `OPERATIONS` has a row for every
node.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from types import MappingProxyType
from typing import Any

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import (
    Adjoint,
    Block,
    Immediate,
    Name,
    Node,
    Parameter,
    Signal,
    Tangent,
    operands_of,
    substitute,
)
from symrnn.algebra.programs import Equation, Program, Range, blocks_of, sizes_of
from symrnn.calculus.unrolling import check_steps
from symrnn.errors import InputError, ShapeError
from symrnn.numeric.scalars import Domain, Given, Inexact, given

Matrix = tuple[tuple[Any, ...], ...]
"""Rows of scalars."""
Address = tuple[Any, tuple[int, ...]]
"""A name at concrete indices, whatever sizes its shape is written in."""
Sizes = Mapping[Any, int]
"""Numbers for the size symbols, by symbol or by its name."""
Values = Mapping[Name, Any]
"""Numbers, nested sequences or arrays for names at concrete indices."""
Missing = Callable[[Name, int, int], Matrix]
"""What a name that is neither assigned nor given stands for, from the name, its rows and its columns."""

# --- Addresses ---------------------------------------------------------------------------------------------


def head(node: Node) -> Hashable:
    """What a name is when its indices and sizes are forgotten."""
    if isinstance(node, Signal | Parameter):
        return (type(node).__name__, node.name)
    if isinstance(node, Adjoint | Tangent):
        return (type(node).__name__, head(node.of))
    if isinstance(node, Immediate | Block):
        kind = node.kind if isinstance(node, Block) else ""
        return (type(node).__name__, kind, head(node.of), head(node.wrt))
    return (type(node).__name__, *(head(part) for part in operands_of(node)))


def indices_of(node: Node) -> tuple[sp.Expr, ...]:
    """Every index that stands in a name, in reading order."""
    if isinstance(node, Signal):
        return node.indices
    if isinstance(node, Adjoint | Tangent):
        return indices_of(node.of)
    parts = (node.of, node.wrt) if isinstance(node, Immediate | Block) else operands_of(node)
    return tuple(index for part in parts for index in indices_of(part))


def label(name: Node) -> str:
    """How results call a name: `h[3]`, `W_h`; a gradient is `∂L/∂h[3]`.

    >>> label(Signal("h", (2, 1), 3)), label(Adjoint(Parameter("W_h", (2, 2))))
    ('h[3]', '∂L/∂W_h')
    """
    if isinstance(name, Adjoint):
        return f"∂L/∂{label(name.of)}"
    if isinstance(name, Signal):
        return name.name + "".join(f"[{index}]" for index in name.indices)
    return name.name if isinstance(name, Parameter) else str(name)


def placed(name: Name, env: Mapping[Any, int]) -> Name:
    """The name at the indices that `env` has numbers for."""
    return substitute(name, {symbol: sp.Integer(step) for symbol, step in env.items()})


# --- Results -----------------------------------------------------------------------------------------------

Entry = tuple[Name, Mapping[Any, int], Any]
"""A target as its equation writes it, the steps it stood at, and its matrix."""


class Interpretation(Mapping[Name, Any]):
    """From names to matrices (tuples of rows), found by name, whatever the sizes are written in, or by label.

    A view turns tuples of rows into another kind of matrix when one is asked for.
    """

    def __init__(
        self,
        entries: Mapping[Address, Entry],
        summands: Mapping[Name, Mapping[int, Any]],
        view: Callable[[Matrix], Any] | None = None,
    ) -> None:
        self._entries = entries
        self._summands = summands
        self._view = view

    def __getitem__(self, name: Name | str) -> Any:
        address = self._found(name) if isinstance(name, str) else _address_of(name)
        if address is None or address not in self._entries:
            raise KeyError(name)
        return self._seen(self._entries[address][2])

    def __iter__(self) -> Iterator[Name]:
        return (placed(name, steps) for name, steps, _ in self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def _seen(self, matrix: Matrix) -> Any:
        return matrix if self._view is None else self._view(matrix)

    def _found(self, text: str) -> Address | None:
        return self._labels.get(text) or next(
            (address for address, name in zip(self._entries, self, strict=True) if str(name) == text), None
        )

    @cached_property
    def _labels(self) -> Mapping[str, Address]:
        return {_label_at(name, address[1]): address for address, (name, _, _) in self._entries.items()}

    @cached_property
    def contributions(self) -> Mapping[Name, Mapping[int, Any]]:
        """Of every quantity that is a sum over steps its summands: losses ℓ_t, shares of a gradient."""
        return {
            name: {step: self._seen(matrix) for step, matrix in summands.items()}
            for name, summands in self._summands.items()
        }

    @cached_property
    def gradients(self) -> Interpretation:
        """The adjoints alone, each under its own quantity: `gradients["h[3]"]` is ∂L/∂h_3."""
        entries = {
            (place[1], indices): (name.of, steps, matrix)
            for (place, indices), (name, steps, matrix) in self._entries.items()
            if isinstance(name, Adjoint)
        }
        summands = {name.of: found for name, found in self._summands.items() if isinstance(name, Adjoint)}
        return Interpretation(entries, summands, self._view)

    def viewed(self, view: Callable[[Matrix], Any]) -> Interpretation:
        """The same with matrices of another kind, made when they are asked for: `viewed(sympy.Matrix)`."""
        return Interpretation(self._entries, self._summands, view)

    def scalars(self) -> Iterator[Any]:
        """Every scalar, contributions included, in the order `with_scalars` takes them."""
        matrices = [matrix for _, _, matrix in self._entries.values()]
        matrices += [matrix for summands in self._summands.values() for matrix in summands.values()]
        return (entry for matrix in matrices for row in matrix for entry in row)

    def with_scalars(self, scalars: Iterable[Any]) -> Interpretation:
        """The same names with other scalars."""
        following = iter(scalars)

        def refilled(matrix: Matrix) -> Matrix:
            return each(lambda _: next(following), matrix)

        entries = {key: (name, steps, refilled(matrix)) for key, (name, steps, matrix) in self._entries.items()}
        summands = {
            name: {step: refilled(matrix) for step, matrix in found.items()} for name, found in self._summands.items()
        }
        return Interpretation(entries, summands, self._view)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{label(name)}: {_shown(value)}" for name, value in self.items()) + "}"


def _label_at(name: Node, indices: tuple[int, ...]) -> str:
    # Without placing the name first: that is a substitution each.
    if isinstance(name, Adjoint):
        return f"∂L/∂{_label_at(name.of, indices)}"
    if isinstance(name, Signal):
        return name.name + "".join(f"[{index}]" for index in indices)
    return label(name)


def _address_of(name: Name) -> Address | None:
    indices = indices_of(name)
    return (head(name), tuple(map(int, indices))) if all(index.is_Integer for index in indices) else None


def each(change: Callable[[Any], Any], matrix: Matrix) -> Matrix:
    """The matrix with every entry changed."""
    return tuple(tuple(map(change, row)) for row in matrix)


def _shown(value: Any) -> str:
    if not isinstance(value, tuple):
        return str(value)
    rows = [", ".join(map(str, row)) for row in value]
    return rows[0] if len(value) == len(value[0]) == 1 else "[" + "; ".join(rows) + "]"


# --- The machine -------------------------------------------------------------------------------------------


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
        return offset if symbol is None else self.env[symbol] + offset

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

    def over(self, time: Range) -> Iterator[int]:
        """The steps of a range in the order they are walked, each bound while it lasts."""
        lo, hi = self.integer(time.lo), self.integer(time.hi)
        for step in range(lo, hi + 1) if time.step > 0 else range(hi, lo - 1, -1):
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


# --- The table: one row per node ---------------------------------------------------------------------------

Row = Callable[[Machine, Any], Matrix]
EXP, LOG = lookup("exp"), lookup("log")


def _operands(machine: Machine, node: N.Operation) -> list[Matrix]:
    return [machine.value(operand) for operand in node.operands]


def _constant(scalar: str) -> Row:
    return lambda machine, node: machine.filled(node, getattr(machine.domain, scalar))


def _number(machine: Machine, node: N.Number) -> Matrix:
    return ((machine.domain.value(given(machine.number(node.value))),),)


def _eye(machine: Machine, node: N.Eye) -> Matrix:
    return machine.eye(machine.integer(node.shape[0]))


def _selector(machine: Machine, node: N.Selector) -> Matrix:
    rows, offset, total = (machine.integer(size) for size in node.args)
    return machine.ones_at(rows, total, {(i, offset + i) for i in range(rows)})


def _embedding(machine: Machine, node: N.Embedding) -> Matrix:
    rows, cols = machine.size(node.shape)
    return machine.ones_at(rows, cols, {(i * cols + i, i) for i in range(cols)})


def _commutation(machine: Machine, node: N.Commutation) -> Matrix:
    rows, cols = (machine.integer(size) for size in node.args)
    places = {(i * cols + j, j * rows + i) for i in range(rows) for j in range(cols)}
    return machine.ones_at(rows * cols, rows * cols, places)


def _add(machine: Machine, node: N.Add) -> Matrix:
    return machine.plus(_operands(machine, node))


def _hadamard(machine: Machine, node: N.Hadamard) -> Matrix:
    mul = machine.domain.mul
    return tuple(tuple(map(mul, zip(*rows, strict=True))) for rows in zip(*_operands(machine, node), strict=True))


def _matmul(machine: Machine, node: N.MatMul) -> Matrix:
    factors = _operands(machine, node)
    if len(factors[-1][0]) == 1:
        # A column at the right end: matrix times vector all the way.
        return reduce(lambda right, left: machine.times(left, right), reversed(factors))
    return reduce(machine.times, factors)


def _scale(machine: Machine, node: N.Scale) -> Matrix:
    ((scalar,),), body = _operands(machine, node)
    return machine.scaled(scalar, body)


def _transpose(machine: Machine, node: N.Transpose) -> Matrix:
    return tuple(zip(*machine.value(node.operands[0]), strict=True))


def _power(machine: Machine, node: N.Power) -> Matrix:
    exponent = machine.number(node.exponent)
    return each(lambda x: machine.domain.power(x, exponent), machine.value(node.operands[0]))


def _apply(machine: Machine, node: N.Apply) -> Matrix:
    row = node.activation
    if row.generic and not machine.domain.takes_generic:
        raise InputError(str(node), found=f"{row.unicode} stands for any function", write="one such as tanh")
    return each(lambda x: machine.domain.activate(row, x), machine.value(node.operands[0]))


def _diag(machine: Machine, node: N.Diag) -> Matrix:
    column, zero = machine.value(node.operands[0]), machine.domain.zero
    return tuple(tuple(row[0] if i == j else zero for j in range(len(column))) for i, row in enumerate(column))


def _diagonal_of(machine: Machine, node: N.DiagonalOf) -> Matrix:
    return tuple((row[i],) for i, row in enumerate(machine.value(node.operands[0])))


def _vec(machine: Machine, node: N.Vec) -> Matrix:
    return tuple((x,) for column in zip(*machine.value(node.operands[0]), strict=True) for x in column)


def _kronecker(machine: Machine, node: N.Kronecker) -> Matrix:
    left, right = _operands(machine, node)
    mul = machine.domain.mul
    return tuple(tuple(mul((a, b)) for a in above for b in below) for above in left for below in right)


def _inner(machine: Machine, node: N.Inner) -> Matrix:
    mul = machine.domain.mul
    left, right = ([x for row in matrix for x in row] for matrix in _operands(machine, node))
    return ((machine.domain.add([mul(pair) for pair in zip(left, right, strict=True)]),),)


def _squared_norm(machine: Machine, node: N.SquaredNorm) -> Matrix:
    squares = [machine.domain.power(x, sp.Integer(2)) for row in machine.value(node.operands[0]) for x in row]
    return ((machine.domain.add(squares),),)


def _concat(machine: Machine, node: N.Concat) -> Matrix:
    return tuple(row for part in _operands(machine, node) for row in part)


def _block_matrix(machine: Machine, node: N.BlockMatrix) -> Matrix:
    grid = [[machine.value(block) for block in row] for row in node.grid]
    return tuple(tuple(x for part in parts for x in part) for row in grid for parts in zip(*row, strict=True))


def _exponentials(domain: Domain, logits: Sequence[Any], shift: Any) -> list[Any]:
    if domain.shifts_softmax:
        minus = domain.mul((domain.value(Fraction(-1)), shift))
        logits = [domain.add((logit, minus)) for logit in logits]
    return [domain.activate(EXP, logit) for logit in logits]


def _softmax(machine: Machine, node: N.Softmax) -> Matrix:
    domain = machine.domain
    logits = [row[0] for row in machine.value(node.operands[0])]
    parts = _exponentials(domain, logits, logits[0])
    inverse = domain.power(domain.add(parts), sp.S.NegativeOne)
    return tuple((domain.mul((part, inverse)),) for part in parts)


def _cross_entropy(machine: Machine, node: N.CrossEntropy) -> Matrix:
    domain = machine.domain
    target, logits = ([row[0] for row in column] for column in _operands(machine, node))
    terms = [
        domain.mul((weight, _surprise(domain, logits, logit)))
        for weight, logit in zip(target, logits, strict=True)
        if not domain.is_zero(weight)
    ]
    return ((domain.add(terms),),)


def _surprise(domain: Domain, logits: Sequence[Any], logit: Any) -> Any:
    """−log p_i = log Σ_j e^{o_j} − o_i, which shifted by o_i is log Σ_j e^{o_j − o_i}."""
    total = domain.activate(LOG, domain.add(_exponentials(domain, logits, logit)))
    return total if domain.shifts_softmax else domain.add((total, domain.mul((domain.value(Fraction(-1)), logit))))


def _opaque(machine: Machine, node: N.Opaque) -> Matrix:
    return machine.read(node.value)


def _mat_power(machine: Machine, node: N.MatPower) -> Matrix:
    exponent, base = machine.number(node.exponent), machine.value(node.operands[0])
    if not exponent.is_Integer or exponent < 0:
        raise InputError(str(node), found=f"the exponent {exponent}", write="a whole exponent, 0 or more")
    product = machine.eye(len(base))
    for binary_digit in bin(int(exponent))[2:]:
        product = machine.times(product, product)
        product = machine.times(product, base) if binary_digit == "1" else product
    return product


def _guarded(machine: Machine, node: N.Guarded) -> Matrix:
    lo, index, hi = (machine.number(bound) for bound in node.bounds)
    return machine.value(node.operands[0]) if lo <= index <= hi else machine.nothing(node)


OPERATIONS: Mapping[type[Node], Row] = MappingProxyType(
    {
        N.Number: _number,
        N.Decimal: _number,
        N.Zeros: _constant("zero"),
        N.Ones: _constant("one"),
        N.Eye: _eye,
        N.Selector: _selector,
        N.Embedding: _embedding,
        N.Commutation: _commutation,
        N.Add: _add,
        N.Hadamard: _hadamard,
        N.MatMul: _matmul,
        N.Scale: _scale,
        N.Transpose: _transpose,
        N.Power: _power,
        N.Apply: _apply,
        N.Diag: _diag,
        N.DiagonalOf: _diagonal_of,
        N.Vec: _vec,
        N.Kronecker: _kronecker,
        N.SquaredNorm: _squared_norm,
        N.Inner: _inner,
        N.Concat: _concat,
        N.BlockMatrix: _block_matrix,
        N.Softmax: _softmax,
        N.CrossEntropy: _cross_entropy,
        N.Opaque: _opaque,
        N.Sum: Machine.summed,
        N.Product: Machine.multiplied,
        N.MatPower: _mat_power,
        N.Guarded: _guarded,
    }
)
"""One row per node: its matrix from the matrices of its operands."""
