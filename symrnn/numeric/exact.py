"""Programs evaluated over any scalar domain: fractions, closed forms, mpmath numbers, SymPy expressions.

Reads Programs, a number of steps, sizes and values; returns an `Interpretation`, from every assigned name at every
step to its matrix. Walks each recurrence in its own direction, decides guards before their bodies are looked at, and
takes a sum over steps as one running sum. `evaluate_exactly` stays exact where that is possible, predicts how long
the fractions would get before it computes any, and otherwise gives digits that a second, longer run confirmed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from types import MappingProxyType
from typing import Any

import sympy as sp

from symrnn.algebra import nodes as N
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
from symrnn.algebra.programs import Equation, Program, Range, Reason, blocks_of, sizes_of
from symrnn.calculus.unrolling import check_steps
from symrnn.errors import CheckFailedError, InputError, ShapeError
from symrnn.numeric.scalars import (
    Constants,
    Domain,
    Given,
    Heights,
    NoClosedForm,
    Rationals,
    Reals,
    Symbols,
    TooManyDigits,
    given,
)

Matrix = tuple[tuple[Any, ...], ...]
"""Rows of scalars."""
Address = tuple[Hashable, tuple[int, ...]]
"""A name at concrete indices, whatever sizes its shape is written in."""
Sizes = Mapping[Any, int]

BUDGET = 2_000
"""Digits that a numerator or denominator may have before evaluation goes on in mpmath."""
DIGITS = 50
"""Digits given where nothing exact can be and none were asked for."""


# --- addresses ------------------------------------------------------------------------------------------------------


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
    if isinstance(node, Parameter):
        return ()
    if isinstance(node, Adjoint | Tangent):
        return indices_of(node.of)
    parts = (node.of, node.wrt) if isinstance(node, Immediate | Block) else operands_of(node)
    return tuple(index for part in parts for index in indices_of(part))


def label(name: Node) -> str:
    """How results call a name: `h[3]`, `W_h`, of a gradient `∂L/∂h[3]`.

    >>> label(Signal("h", (2, 1), 3)), label(Adjoint(Parameter("W_h", (2, 2))))
    ('h[3]', '∂L/∂W_h')
    """
    if isinstance(name, Adjoint):
        return f"∂L/∂{label(name.of)}"
    if isinstance(name, Signal):
        return name.name + "".join(f"[{index}]" for index in name.indices)
    return name.name if isinstance(name, Parameter) else str(name)


# --- results --------------------------------------------------------------------------------------------------------


class Interpretation(Mapping[Name, Matrix]):
    """From names to matrices. A name is found whatever sizes it is written in, or by its label: `values["h[3]"]`."""

    def __init__(
        self,
        entries: Mapping[Address, tuple[Name, Mapping[Any, Any], Matrix]],
        contributions: Mapping[Name, Mapping[int, Matrix]] | None = None,
    ) -> None:
        self._entries = entries
        self.contributions: Mapping[Name, Mapping[int, Matrix]] = contributions or {}
        """The summand at each step of every quantity that is a sum over steps: each parameter's gradient among them."""

    def __getitem__(self, name: Name | str) -> Matrix:
        found = self._by_label.get(name) if isinstance(name, str) else self._address(name)
        if found not in self._entries:
            raise KeyError(name)
        return self._entries[found][2]

    @staticmethod
    def _address(name: Name) -> Address | None:
        indices = indices_of(name)
        return (head(name), tuple(map(int, indices))) if all(i.is_Integer for i in indices) else None  # type: ignore[call-overload]  # whole numbers

    def __iter__(self) -> Iterator[Name]:
        return iter(self._names.values())

    def __len__(self) -> int:
        return len(self._entries)

    @cached_property
    def _names(self) -> Mapping[Address, Name]:
        return {address: _placed(name, env) for address, (name, env, _) in self._entries.items()}

    @cached_property
    def _by_label(self) -> Mapping[str, Address]:
        labels: dict[str, Address] = {}
        for address, name in self._names.items():
            for text in (label(name), str(name)):
                labels.setdefault(text, address)
        return labels

    @cached_property
    def gradients(self) -> Interpretation:
        """The adjoints alone, each under its own quantity: `gradients["h[3]"]` is ∂L/∂h_3."""
        return Interpretation(
            {
                (address[0][1], address[1]): (name.of, env, value)  # type: ignore[index]  # the head of an adjoint is a pair
                for address, (name, env, value) in self._entries.items()
                if isinstance(name, Adjoint)
            },
            {name.of: summands for name, summands in self.contributions.items() if isinstance(name, Adjoint)},
        )

    def map(self, change: Callable[[Any], Any]) -> Interpretation:
        """The same names with every scalar changed."""
        entries = {key: (name, env, _each(change, value)) for key, (name, env, value) in self._entries.items()}
        contributions = {
            name: {step: _each(change, value) for step, value in steps.items()}
            for name, steps in self.contributions.items()
        }
        return Interpretation(entries, contributions)

    def scalars(self) -> Iterator[Any]:
        """Every scalar, contributions included, in a fixed order."""
        matrices = [value for _, _, value in self._entries.values()]
        matrices += [value for steps in self.contributions.values() for value in steps.values()]
        return (entry for matrix in matrices for row in matrix for entry in row)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{label(name)}: {_shown(value)}" for name, value in self.items()) + "}"


def _placed(name: Name, env: Mapping[Any, Any]) -> Name:
    return substitute(name, {symbol: sp.Integer(step) for symbol, step in env.items()})  # type: ignore[return-value]  # a name stays a name


def _each(change: Callable[[Any], Any], matrix: Matrix) -> Matrix:
    return tuple(tuple(change(entry) for entry in row) for row in matrix)


def _shown(matrix: Matrix) -> str:
    if len(matrix) == len(matrix[0]) == 1:
        return str(matrix[0][0])
    return "[" + "; ".join(", ".join(map(str, row)) for row in matrix) + "]"


# --- the interpreter ------------------------------------------------------------------------------------------------


def interpret(
    program: Program | Sequence[Program],
    steps: int,
    sizes: Sizes | None,
    values: Mapping[Name, Any],
    domain: Domain,
) -> Interpretation:
    """Every quantity of a Program, or of several of which each reads the ones before, over a scalar domain.

    `values` gives what the Programs do not assign (parameters, inputs and initial values at concrete steps, cotangents)
    as numbers or nested sequences; a missing one raises `InputError`.

    >>> from symrnn.cells import rnn
    >>> W_h, W_x, b = rnn().parameters
    >>> h, x = rnn().states[0], rnn().inputs[0]
    >>> values = {W_h: 0, W_x: 1, b: 0, h.at(0): 0, x.at(1): 0, x.at(2): 0}
    >>> interpret(rnn(), 2, {"n": 1, "m": 1}, values, Rationals())
    {h[1]: 0, h[2]: 0}
    """
    programs = _programs(program)
    machine = Machine(programs, steps, sizes, domain)
    machine.give(values)
    for each in programs:
        machine.run(each)
    return machine.interpretation()


def _programs(program: Program | Sequence[Program]) -> tuple[Program, ...]:
    return (program,) if isinstance(program, Program) else tuple(program)


def _no_value(name: Name, rows: int, cols: int) -> InputError:
    return InputError(
        str(name), found=f"no value for {label(name)} ({rows}×{cols})", write=f"a value for {label(name)}"
    )


class Machine:
    """Walks Programs step by step; `store` holds what is known, by address.

    `missing` is asked for the matrix of a name that is neither assigned nor given.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        steps: int,
        sizes: Sizes | None,
        domain: Domain,
        missing: Callable[[Name, int, int], Matrix] | None = None,
    ) -> None:
        check_steps(steps)
        self.domain = domain
        self.missing = missing
        self.env: dict[sp.Symbol, int] = {}
        self.store: dict[Address, Matrix] = {}
        self.forced: Mapping[Address, Matrix] = {}
        self.assigned: dict[Address, tuple[Name, Mapping[Any, Any], Matrix]] = {}
        self.contributions: dict[Name, dict[int, Matrix]] = {}
        self._sizes = {str(size): whole for size, whole in (sizes or {}).items()}
        self._check_sizes(programs)
        for program in programs:
            for symbol in program.steps.hi.free_symbols:
                self.env[symbol] = steps  # type: ignore[index]  # a symbol
        self._given: dict[Address, Any] = {}
        self._fixed: dict[Node, Matrix] = {}
        self._memo: dict[Node, Matrix] = {}
        self._running: dict[Node, tuple[int, int, Matrix]] = {}
        self._moving: dict[Node, frozenset[sp.Symbol]] = {}
        self._places: dict[Name, tuple[Hashable, tuple[sp.Expr, ...]]] = {}
        self._offsets: dict[sp.Expr, tuple[sp.Symbol | None, int] | None] = {}

    def _check_sizes(self, programs: Sequence[Program]) -> None:
        known = {str(symbol) for program in programs for symbol in sizes_of(program)}
        known |= {str(s) for p in programs for e in p for r in e.domain for s in (r.lo + r.hi).free_symbols}
        for size, whole in self._sizes.items():
            if size not in known or not isinstance(whole, int) or whole < 1:
                raise InputError(
                    f"{size} = {whole}",
                    found="no size of this Program" if size not in known else "no positive whole number",
                    write="one of: " + ", ".join(f"{name} = 2" for name in sorted(known)) if known else "no sizes",
                )

    def branch(self, missing: Callable[[Name, int, int], Matrix], forced: Mapping[Address, Matrix]) -> Machine:
        """Another machine that starts from what this one knows, with some targets forced to a value."""
        other = Machine((), 1, None, self.domain, missing)
        other.env, other._sizes, other.forced = dict(self.env), self._sizes, forced
        other.store, other._given = dict(self.store), self._given
        return other

    def interpretation(self) -> Interpretation:
        """What has been assigned so far."""
        return Interpretation(MappingProxyType(self.assigned), MappingProxyType(self.contributions))

    # --- what is known

    def give(self, values: Mapping[Name, Any]) -> None:
        """Take values for names at concrete indices; they are read when their shape is known."""
        for name, value in values.items():
            if not isinstance(name, Name):
                raise InputError(repr(name)[:80], found="no name of a quantity", write="a Parameter, or a Signal at a step")
            open_indices = [i for i in indices_of(name) if i.free_symbols - self.env.keys()]
            if open_indices:
                raise InputError(
                    f"{name}: …",
                    found=f"a value at the symbolic step {open_indices[0]}",
                    write=f"one value for each step: {label(_placed(name, dict.fromkeys(open_indices[0].free_symbols, 1)))}, …",
                )
            self._given[self.address(name)] = value

    def address(self, name: Name) -> Address:
        """The name at the present indices."""
        if name not in self._places:
            self._places[name] = (head(name), indices_of(name))
        place, indices = self._places[name]
        return (place, tuple([self.integer(index) for index in indices]))

    def read(self, name: Name) -> Matrix:
        """The matrix of a name at the present indices."""
        address = self.address(name)
        if address not in self.store:
            rows, cols = self.size(name.shape)
            if address in self._given:
                matrix = _each(self.domain.value, _as_matrix(name, self._given[address], rows, cols))
            elif self.missing is not None:
                matrix = self.missing(_placed(name, self.env), rows, cols)
            else:
                raise _no_value(_placed(name, self.env), rows, cols)
            self.store[address] = matrix
        return self.store[address]

    def integer(self, expression: sp.Expr) -> int:
        """An index, bound or size as a number."""
        if expression not in self._offsets:
            self._offsets[expression] = self._offset(expression)
        found = self._offsets[expression]
        if found is not None:
            symbol, offset = found
            return offset if symbol is None else self.env[symbol] + offset
        return int(self.number(expression))  # type: ignore[call-overload]  # indices and sizes are whole numbers

    def _offset(self, expression: sp.Expr) -> tuple[sp.Symbol | None, int] | None:
        for symbol in expression.free_symbols:
            self._require(symbol)  # type: ignore[arg-type]  # a symbol
        if expression.is_Integer:
            return None, int(expression)  # type: ignore[call-overload]  # a whole number
        if len(expression.free_symbols) == 1:
            (symbol,) = expression.free_symbols
            offset = expression - symbol  # type: ignore[operator]  # a symbol
            if offset.is_Integer:
                return symbol, int(offset)  # type: ignore[return-value]  # a symbol
        return None

    def _require(self, symbol: sp.Symbol) -> None:
        if symbol not in self.env:
            if symbol.name not in self._sizes:
                raise InputError(
                    f"sizes: {self._sizes}", found=f"no number for the size {symbol}", write=f'{{"{symbol}": 2}}'
                )
            self.env[symbol] = self._sizes[symbol.name]

    def number(self, expression: sp.Expr) -> sp.Expr:
        """An expression of sizes and indices as a number."""
        for symbol in expression.free_symbols:
            self._require(symbol)  # type: ignore[arg-type]  # a symbol
        return expression.xreplace({s: sp.Integer(self.env[s]) for s in expression.free_symbols})  # type: ignore[index, no-any-return]  # symbols

    def size(self, shape: N.Shape) -> tuple[int, int]:
        """(rows, columns) as numbers."""
        return self.integer(shape[0]), self.integer(shape[1])

    # --- walking

    def run(self, program: Program) -> None:
        """Every equation of a Program, blocks in order, each recurrence in its direction."""
        for block in blocks_of(program):
            if block[0].time is None:
                self._assign_once(block[0], program)
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
        try:
            yield
        finally:
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
        address = self.address(equation.target)
        value = self.forced.get(address)
        if value is None:
            value = _each(self.domain.settle, self.value(equation.expression))
        self.store[address] = value
        loops = {symbol: self.env[symbol] for index in indices_of(equation.target) for symbol in index.free_symbols}  # type: ignore[index]  # symbols
        self.assigned[address] = (equation.target, loops, value)

    def _assign_once(self, equation: Equation, program: Program) -> None:
        self._assign(equation)
        summands = self._summands(equation.expression, program.steps.index)
        if summands:
            self.contributions[equation.target] = summands

    def _summands(self, node: Node, index: sp.Symbol) -> dict[int, Matrix]:
        """Step by step what a sum over steps, or a sum or multiple of such, is made of; parts of no step are left out."""
        if isinstance(node, N.Sum) and node.range[0] == index:
            return {step: self.value(node.operands[0]) for step in self.over(Range(*node.range))}
        if isinstance(node, N.Scale) and isinstance(node.operands[0], N.Number):
            scale = self.value(node.operands[0])[0][0]
            inner = self._summands(node.operands[1], index)
            return {step: _each(lambda x: self.domain.mul((scale, x)), value) for step, value in inner.items()}
        if isinstance(node, N.Add):
            parts = [self._summands(term, index) for term in node.operands]
            found = sorted({step for part in parts for step in part})
            return {step: self.plus([part[step] for part in parts if step in part]) for step in found}
        return {}

    # --- evaluating

    def value(self, node: Node) -> Matrix:
        """The matrix of an expression at the present indices, each subexpression once."""
        memo = self._memo if self._depends_on(node) else self._fixed
        found = memo.get(node)
        if found is None:
            found = memo[node] = self.read(node) if isinstance(node, Name) else OPERATIONS[type(node)](self, node)
        return found

    def _depends_on(self, node: Node) -> frozenset[sp.Symbol]:
        """The indices an expression moves with."""
        found = self._moving.get(node)
        if found is None:
            found = frozenset(s for s in node.free_symbols if s not in self.env or self._memo_is_inner(s))  # type: ignore[misc]  # symbols
            found = frozenset(s for s in found if s.name not in self._sizes)
            self._moving[node] = found
        return found

    def _memo_is_inner(self, symbol: Any) -> bool:
        return False

    def plus(self, matrices: Sequence[Matrix]) -> Matrix:
        """X + Y + …"""
        if len(matrices) == 1:
            return matrices[0]
        add = self.domain.add
        return tuple(tuple(map(add, zip(*rows, strict=True))) for rows in zip(*matrices, strict=True))

    def times(self, left: Matrix, right: Matrix) -> Matrix:
        """A B."""
        domain = self.domain
        columns = list(zip(*right, strict=True))

        def dot(row: tuple[Any, ...], column: tuple[Any, ...]) -> Any:
            pairs = zip(row, column, strict=True)
            return domain.add([domain.mul(p) for p in pairs if not (domain.is_zero(p[0]) or domain.is_zero(p[1]))])

        return tuple(tuple(dot(row, column) for column in columns) for row in left)

    def eye(self, size: int) -> Matrix:
        """I."""
        return tuple(tuple(self.domain.one if i == j else self.domain.zero for j in range(size)) for i in range(size))

    def filled(self, rows: int, cols: int, scalar: Any) -> Matrix:
        """One scalar in every entry."""
        return ((scalar,) * cols,) * rows

    def from_ones(self, rows: int, cols: int, places: set[tuple[int, int]]) -> Matrix:
        """1 at the places, 0 elsewhere."""
        domain = self.domain
        return tuple(tuple(domain.one if (i, j) in places else domain.zero for j in range(cols)) for i in range(rows))
