"""One row per node: its matrix from the matrices of its operands, over any scalar domain.

Reads nodes through a `Walker`, which knows where it stands and what names stand for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from types import MappingProxyType
from typing import Any, Protocol

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import Name, Node
from symrnn.errors import InputError
from symrnn.numeric.interpretation import Matrix, each
from symrnn.numeric.scalars import Domain, given


class Walker(Protocol):
    """What a row asks of the interpreter (`machine.Machine`): values, numbers, and matrices of its scalars."""

    domain: Domain

    def value(self, node: Node) -> Matrix:
        """The matrix of an expression."""

    def read(self, name: Name) -> Matrix:
        """The matrix of a name."""

    def integer(self, expression: sp.Expr) -> int:
        """An index or a size as a number."""

    def number(self, expression: sp.Expr) -> sp.Expr:
        """An expression of sizes and indices as a number."""

    def size(self, shape: N.Shape) -> tuple[int, int]:
        """(rows, columns) as numbers."""

    def summed(self, node: N.Sum) -> Matrix:
        """Σ."""

    def multiplied(self, node: N.Product) -> Matrix:
        """∏."""

    def plus(self, matrices: Sequence[Matrix]) -> Matrix:
        """X + Y + …"""

    def scaled(self, scalar: Any, matrix: Matrix) -> Matrix:
        """s X."""

    def times(self, left: Matrix, right: Matrix) -> Matrix:
        """X Y."""

    def eye(self, size: int) -> Matrix:
        """I."""

    def ones_at(self, rows: int, cols: int, places: set[tuple[int, int]]) -> Matrix:
        """1 at the places, 0 elsewhere."""

    def filled(self, node: Node, scalar: Any) -> Matrix:
        """One scalar in every entry."""

    def nothing(self, node: Node) -> Matrix:
        """0 of the node's shape."""


Row = Callable[[Any, Any], Matrix]
EXP, LOG = lookup("exp"), lookup("log")


def _operands(machine: Walker, node: N.Operation) -> list[Matrix]:
    return [machine.value(operand) for operand in node.operands]


def _constant(scalar: str) -> Row:
    return lambda machine, node: machine.filled(node, getattr(machine.domain, scalar))


def _number(machine: Walker, node: N.Number) -> Matrix:
    return ((machine.domain.value(given(machine.number(node.value))),),)


def _eye(machine: Walker, node: N.Eye) -> Matrix:
    return machine.eye(machine.integer(node.shape[0]))


def _selector(machine: Walker, node: N.Selector) -> Matrix:
    rows, offset, total = (machine.integer(size) for size in node.args)
    return machine.ones_at(rows, total, {(i, offset + i) for i in range(rows)})


def _embedding(machine: Walker, node: N.Embedding) -> Matrix:
    rows, cols = machine.size(node.shape)
    return machine.ones_at(rows, cols, {(i * cols + i, i) for i in range(cols)})


def _commutation(machine: Walker, node: N.Commutation) -> Matrix:
    rows, cols = (machine.integer(size) for size in node.args)
    places = {(i * cols + j, j * rows + i) for i in range(rows) for j in range(cols)}
    return machine.ones_at(rows * cols, rows * cols, places)


def _add(machine: Walker, node: N.Add) -> Matrix:
    return machine.plus(_operands(machine, node))


def _hadamard(machine: Walker, node: N.Hadamard) -> Matrix:
    mul = machine.domain.mul
    return tuple(tuple(map(mul, zip(*rows, strict=True))) for rows in zip(*_operands(machine, node), strict=True))


def _matmul(machine: Walker, node: N.MatMul) -> Matrix:
    factors = _operands(machine, node)
    if len(factors[-1][0]) == 1:
        # A column at the right end: matrix times vector all the way.
        return reduce(lambda right, left: machine.times(left, right), reversed(factors))
    return reduce(machine.times, factors)


def _scale(machine: Walker, node: N.Scale) -> Matrix:
    ((scalar,),), body = _operands(machine, node)
    return machine.scaled(scalar, body)


def _transpose(machine: Walker, node: N.Transpose) -> Matrix:
    return tuple(zip(*machine.value(node.operands[0]), strict=True))


def _power(machine: Walker, node: N.Power) -> Matrix:
    exponent = machine.number(node.exponent)
    return each(lambda x: machine.domain.power(x, exponent), machine.value(node.operands[0]))


def _apply(machine: Walker, node: N.Apply) -> Matrix:
    row = node.activation
    if row.generic and not machine.domain.takes_generic:
        raise InputError(str(node), found=f"{row.unicode} stands for any function", write="one such as tanh")
    return each(lambda x: machine.domain.activate(row, x), machine.value(node.operands[0]))


def _diag(machine: Walker, node: N.Diag) -> Matrix:
    column, zero = machine.value(node.operands[0]), machine.domain.zero
    return tuple(tuple(row[0] if i == j else zero for j in range(len(column))) for i, row in enumerate(column))


def _diagonal_of(machine: Walker, node: N.DiagonalOf) -> Matrix:
    return tuple((row[i],) for i, row in enumerate(machine.value(node.operands[0])))


def _vec(machine: Walker, node: N.Vec) -> Matrix:
    return tuple((x,) for column in zip(*machine.value(node.operands[0]), strict=True) for x in column)


def _kronecker(machine: Walker, node: N.Kronecker) -> Matrix:
    left, right = _operands(machine, node)
    mul = machine.domain.mul
    return tuple(tuple(mul((a, b)) for a in above for b in below) for above in left for below in right)


def _inner(machine: Walker, node: N.Inner) -> Matrix:
    mul = machine.domain.mul
    left, right = ([x for row in matrix for x in row] for matrix in _operands(machine, node))
    return ((machine.domain.add([mul(pair) for pair in zip(left, right, strict=True)]),),)


def _squared_norm(machine: Walker, node: N.SquaredNorm) -> Matrix:
    squares = [machine.domain.power(x, sp.Integer(2)) for row in machine.value(node.operands[0]) for x in row]
    return ((machine.domain.add(squares),),)


def _concat(machine: Walker, node: N.Concat) -> Matrix:
    return tuple(row for part in _operands(machine, node) for row in part)


def _block_matrix(machine: Walker, node: N.BlockMatrix) -> Matrix:
    grid = [[machine.value(block) for block in row] for row in node.grid]
    return tuple(tuple(x for part in parts for x in part) for row in grid for parts in zip(*row, strict=True))


def _exponentials(domain: Domain, logits: Sequence[Any], shift: Any) -> list[Any]:
    if domain.shifts_softmax:
        minus = domain.mul((domain.value(Fraction(-1)), shift))
        logits = [domain.add((logit, minus)) for logit in logits]
    return [domain.activate(EXP, logit) for logit in logits]


def _softmax(machine: Walker, node: N.Softmax) -> Matrix:
    domain = machine.domain
    logits = [row[0] for row in machine.value(node.operands[0])]
    parts = _exponentials(domain, logits, logits[0])
    inverse = domain.power(domain.add(parts), sp.S.NegativeOne)
    return tuple((domain.mul((part, inverse)),) for part in parts)


def _cross_entropy(machine: Walker, node: N.CrossEntropy) -> Matrix:
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


def _opaque(machine: Walker, node: N.Opaque) -> Matrix:
    return machine.read(node.value)


def _mat_power(machine: Walker, node: N.MatPower) -> Matrix:
    exponent, base = machine.number(node.exponent), machine.value(node.operands[0])
    if not exponent.is_Integer or exponent < 0:
        raise InputError(str(node), found=f"the exponent {exponent}", write="a whole exponent, 0 or more")
    product = machine.eye(len(base))
    for binary_digit in bin(int(exponent))[2:]:
        product = machine.times(product, product)
        product = machine.times(product, base) if binary_digit == "1" else product
    return product


def _guarded(machine: Walker, node: N.Guarded) -> Matrix:
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
        N.Sum: lambda machine, node: machine.summed(node),
        N.Product: lambda machine, node: machine.multiplied(node),
        N.MatPower: _mat_power,
        N.Guarded: _guarded,
    }
)
"""One row per node: its matrix from the matrices of its operands."""
