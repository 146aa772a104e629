"""The value of a node as an exact SymPy matrix, and Programs run with such values: what claims are held to.

Reads nodes and exact values; a name without a value becomes a symbol, so a result can hold for every value.
Promises: no float enters, nothing is rounded, and sums and powers with symbolic bounds stay symbolic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from operator import add, mul
from typing import Any, TypeAlias

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import sympy_value
from symrnn.algebra.nodes import MatPower, Name, Node, names_in, operands_of, substitute
from symrnn.algebra.programs import Equation, Program
from symrnn.calculus.matrix_powers import power_entries
from symrnn.errors import InputError, NotYetError, ShapeError

Values = Mapping[Any, Any]
"""Exact values by node or name: `{"W_h": Rational(1, 2), "x_2": [1, 0]}`; "x" speaks of every step of x."""

Matrix: TypeAlias = sp.ImmutableDenseMatrix


def matrix_of(node: Node, values: Values | None = None) -> Matrix:
    """The node as a matrix of SymPy expressions; what has no value is a symbol.

    >>> from symrnn.algebra.nodes import Parameter, Signal, t
    >>> from fractions import Fraction
    >>> w, h = Parameter("w", (1, 1)), Signal("h", (1, 1), t - 1)
    >>> matrix_of(w * h + 1, {"w": Fraction(1, 2)})
    Matrix([[h[t - 1]/2 + 1]])
    """
    return _matrix_of(node, values or {})


def scalar_of(node: Node, values: Values | None = None) -> sp.Expr:
    """The one entry of a 1×1 node.

    >>> from symrnn.algebra.nodes import Parameter, T, t
    >>> scalar_of(Parameter("w", (1, 1)) ** (T - t))
    w**(T - t)
    """
    matrix = matrix_of(node, values)
    if matrix.shape != (1, 1):
        raise ShapeError(str(node), found=f"a matrix that is {matrix.shape}", write="a scalar: sizes n = 1, m = 1")
    return matrix[0, 0]


def _matrix_of(node: Node, values: Values) -> Matrix:
    if isinstance(node, Name):
        return _named(node, values)
    if isinstance(node, N.Sum | N.Product):
        return _repeated(node, values)
    row = ROWS.get(type(node))
    if row is None:
        raise NotYetError(
            str(node),
            found=f"{type(node).__name__} has no exact entries here",
            write="an expression without it",
        )
    return Matrix(row(node, [_matrix_of(operand, values) for operand in operands_of(node)]))


# --- names --------------------------------------------------------------------------------------------------


def _named(name: Name, values: Values) -> Matrix:
    for key in (name, *_keys(name)):
        if key in values:
            return exact(values[key], name)
    rows, cols = (_whole(size, name) for size in name.shape)
    base, indices = _symbol_name(name), tuple(i for i in _indices(name) if i.free_symbols)
    if rows == cols == 1:
        return Matrix([[_symbol(base, indices)]])
    diagonal = isinstance(name, N.Parameter) and name.structure == "diagonal"

    def entry(i: int, j: int) -> sp.Expr:
        if diagonal and i != j:
            return sp.S.Zero
        place = str(i + 1) if cols == 1 else f"{i + 1}{j + 1}"
        return _symbol(f"{base}_{place}", indices)

    return Matrix(rows, cols, entry)


def _indices(name: Name) -> tuple[sp.Expr, ...]:
    if isinstance(name, N.Adjoint | N.Tangent):
        return _indices(name.of)
    if isinstance(name, N.Immediate):
        return _indices(name.wrt)
    return name.indices if isinstance(name, N.Signal) else ()


def _keys(name: Name) -> tuple[str, ...]:
    if isinstance(name, N.Parameter):
        return (name.name,)
    if isinstance(name, N.Signal):
        fixed = "_".join((name.name, *(str(index) for index in name.indices)))
        return tuple(dict.fromkeys((fixed, name.name)))
    return ()


def _symbol_name(name: Name) -> str:
    if isinstance(name, N.Adjoint):
        return f"dL_d{_symbol_name(name.of)}"
    if isinstance(name, N.Immediate):
        return f"immediate_d{_symbol_name(name.of)}_d{_symbol_name(name.wrt)}"
    if isinstance(name, N.Signal | N.Parameter):
        fixed = [str(index).replace("-", "minus") for index in _indices(name) if not index.free_symbols]
        return "_".join((name.name, *fixed))
    raise InputError(str(name), found="a quantity that has no value of its own", write="its equation's right side")


def _symbol(base: str, indices: Sequence[sp.Expr]) -> sp.Expr:
    return sp.Indexed(base, *indices) if indices else sp.Symbol(base)


def _whole(size: sp.Expr, node: Node) -> int:
    if not size.is_Integer:
        raise InputError(
            str(node),
            found=f"its size {size} is no number, so it has no entries",
            write="program.with_sizes(n=2, …)",
        )
    return int(size)


def exact(value: Any, name: Node) -> Matrix:
    """A value as an exact matrix: a number, a list, a list of rows or a SymPy matrix.

    >>> from fractions import Fraction
    >>> from symrnn.algebra.nodes import Signal
    >>> exact([1, Fraction(1, 2)], Signal("x", (2, 1)))
    Matrix([
    [  1],
    [1/2]])
    """
    if isinstance(value, sp.MatrixBase):
        matrix = Matrix(value)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        matrix = Matrix([[_number(v) for v in row] if isinstance(row, Sequence) else [_number(row)] for row in value])
    else:
        matrix = Matrix([[_number(value)]])
    if matrix.has(sp.Float):
        raise InputError(f"{name} = {value}", found="a float", write="a fraction: 1/2 for 0.5")
    fits = all(not size.is_number or size == have for size, have in zip(name.shape, matrix.shape, strict=True))
    if not fits:
        raise ShapeError(
            f"{name} = {value}", found=f"a value that is {matrix.shape}", write=f"one that is {name.shape}"
        )
    return matrix


def _number(value: Any) -> sp.Expr:
    if isinstance(value, str | float):
        raise InputError(repr(value), found=f"a {type(value).__name__}", write="an exact number: Fraction(1, 2)")
    return sp.sympify(value, strict=True)


# --- constants and operations: a row each -------------------------------------------------------------------

Row = Callable[[Any, list[Matrix]], sp.MatrixBase]


def _sizes(node: Node) -> tuple[int, int]:
    rows, cols = node.shape
    return _whole(rows, node), _whole(cols, node)


def _selector(node: N.Selector, parts: list[Matrix]) -> sp.MatrixBase:
    offset = _whole(node.args[1], node)
    return sp.Matrix(*_sizes(node), lambda i, j: sp.Integer(i + offset == j))


def _hadamard(node: N.Hadamard, parts: list[Matrix]) -> sp.MatrixBase:
    first, *rest = parts
    for part in rest:
        first = first.multiply_elementwise(part)
    return first


def _blocks(node: N.BlockMatrix, parts: list[Matrix]) -> sp.MatrixBase:
    count = len(node.grid[0])
    rows = [sp.Matrix.hstack(*parts[i : i + count]) for i in range(0, len(parts), count)]
    return sp.Matrix.vstack(*rows)


def _power_of_matrix(node: MatPower, parts: list[Matrix]) -> sp.MatrixBase:
    (body,) = parts
    return body**node.exponent if node.exponent.is_Integer else power_entries(body, node.exponent)


def _guarded(node: N.Guarded, parts: list[Matrix]) -> sp.MatrixBase:
    lo, index, hi = node.bounds
    holds = sp.And(lo <= index, index <= hi)
    return parts[0].applyfunc(lambda entry: sp.Piecewise((entry, holds), (0, True)))


def _softmax(node: N.Softmax, parts: list[Matrix]) -> sp.MatrixBase:
    exponentials = parts[0].applyfunc(sp.exp)
    return exponentials / sum(exponentials)


def _cross_entropy(node: N.CrossEntropy, parts: list[Matrix]) -> sp.MatrixBase:
    target, logits = parts
    normalizer = sp.log(sum(logits.applyfunc(sp.exp)))
    return sp.Matrix([[sum(y * (normalizer - o) for y, o in zip(target, logits, strict=True))]])


ROWS: Mapping[type[Node], Row] = {
    N.Number: lambda node, parts: sp.Matrix([[node.value]]),
    N.Zeros: lambda node, parts: sp.zeros(*_sizes(node)),
    N.Ones: lambda node, parts: sp.ones(*_sizes(node)),
    N.Eye: lambda node, parts: sp.eye(_sizes(node)[0]),
    N.Selector: _selector,
    N.Add: lambda node, parts: reduce(add, parts),
    N.Hadamard: _hadamard,
    N.MatMul: lambda node, parts: reduce(mul, parts),
    N.Scale: lambda node, parts: parts[1] * parts[0][0, 0],
    N.Transpose: lambda node, parts: parts[0].T,
    N.Power: lambda node, parts: parts[0].applyfunc(lambda entry: entry**node.exponent),
    N.Apply: lambda node, parts: parts[0].applyfunc(lambda entry: sympy_value(node.activation, entry)),
    N.Diag: lambda node, parts: sp.diag(*parts[0]),
    N.DiagonalOf: lambda node, parts: sp.Matrix([parts[0][i, i] for i in range(parts[0].rows)]),
    N.Vec: lambda node, parts: parts[0].vec(),
    N.Kronecker: lambda node, parts: sp.kronecker_product(*parts),
    N.SquaredNorm: lambda node, parts: sp.Matrix([[sum(entry**2 for entry in parts[0])]]),
    N.Inner: lambda node, parts: sp.Matrix([[parts[0].dot(parts[1])]]),
    N.Concat: lambda node, parts: sp.Matrix.vstack(*parts),
    N.BlockMatrix: _blocks,
    N.Guarded: _guarded,
    N.Softmax: _softmax,
    N.CrossEntropy: _cross_entropy,
    MatPower: _power_of_matrix,
}
"""One row per node class: its entries from its operands'."""


def _repeated(node: N.Sum | N.Product, values: Values) -> Matrix:
    """A sum or an ordered product: written out where the bounds are numbers, else symbolic entry by entry."""
    index, first, last = node.range
    (body,) = node.operands
    if first.is_Integer and last.is_Integer:
        forward = isinstance(node, N.Sum)
        step = node.step if isinstance(node, N.Product) else 1
        steps = range(int(first), int(last) + step, step)
        parts = [_matrix_of(substitute(body, {index: sp.Integer(step)}), values) for step in steps]
        start = sp.zeros(*_sizes(node)) if forward else sp.eye(_sizes(node)[0])
        return Matrix(reduce(add if forward else mul, parts, start))
    part = _matrix_of(body, values)
    if isinstance(node, N.Sum):
        return part.applyfunc(lambda entry: sp.Sum(entry, (index, first, last)))
    if not part.has(index):
        return power_entries(part, sp.expand(node.step * (last - first) + 1))
    if not part.is_diagonal():
        raise NotYetError(str(node), found="a product of matrices that change from step to step", write="numbers")
    bounds = (index, last, first) if node.step < 0 else (index, first, last)
    return Matrix(sp.diag(*(sp.Product(part[i, i], bounds) for i in range(part.rows))))


# --- running a Program --------------------------------------------------------------------------------------


def run(
    unrolled: Program, wanted: Iterable[Name], values: Values | None = None, instead: Values | None = None
) -> tuple[Matrix, ...]:
    """The wanted quantities of an unrolled Program; `instead` gives some a value in place of their equation.

    >>> from symrnn.algebra.nodes import Signal
    >>> from symrnn.calculus.unrolling import unroll
    >>> from symrnn.cells import rnn
    >>> cell = rnn(activation="identity").with_sizes(n=1, m=1)
    >>> run(unroll(cell, 2), [Signal("h", (1, 1), 2)], {"x": 0, "b": 0})
    (Matrix([[W_h**2*h_0]]),)
    """
    wanted = tuple(wanted)
    known: dict[Any, Any] = {**(values or {}), **(instead or {})}
    for equation in _needed(unrolled, wanted, set(instead or {})):
        known[equation.target] = matrix_of(equation.expression, known).applyfunc(sp.expand)
    return tuple(matrix_of(name, known) for name in wanted)


def _needed(program: Program, wanted: Sequence[Name], aside: set[Any]) -> list[Equation]:
    definitions = program.definitions
    waiting, found = list(wanted), set()
    while waiting:
        name = waiting.pop()
        if name in definitions and name not in found and name not in aside:
            found.add(name)
            waiting.extend(names_in(definitions[name].expression))
    return [equation for equation in program if equation.target in found]
