"""Operations: each builds exactly what it is told, or raises `ShapeError`."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, ClassVar

import sympy as sp
from sympy.core.symbol import Str

from symrnn.algebra.activations import Activation, lookup
from symrnn.algebra.nodes.base import ONE, Node, length_of, same_shape, shape_text, size_of, some
from symrnn.algebra.nodes.names import Name, named
from symrnn.errors import InputError, ShapeError


class Operation(Node):
    """A node made of operands. `operands` are the arguments that are nodes, in the order written."""

    __slots__ = ()
    operand_slots: ClassVar[slice] = slice(None)

    @property
    def operands(self) -> tuple[Node, ...]:
        """The operands, in the order written."""
        return self.args[self.operand_slots]

    def with_operands(self, operands: Iterable[Node]) -> Node:
        """The same operation on other operands; what else it is made of stays."""
        args = list(self.args)
        args[self.operand_slots] = operands
        return self.func(*args)


class Add(Operation):
    """x + y + …: operands of one shape."""

    __slots__ = ()

    def __new__(cls, *terms: Node) -> Add:
        return cls.trusted(terms, same_shape(" + ".join(map(str, terms)) if differ(terms) else "", terms))


class Hadamard(Operation):
    """x ⊙ y ⊙ …: the entrywise product of operands of one shape."""

    __slots__ = ()

    def __new__(cls, *factors: Node) -> Hadamard:
        return cls.trusted(factors, same_shape(" ⊙ ".join(map(str, factors)) if differ(factors) else "", factors))


def differ(nodes: tuple[Node, ...]) -> bool:
    """Whether the shapes are not all the same."""
    # The text of an error is costly to print: only when there will be one.
    return any(node.shape != nodes[0].shape for node in nodes[1:])


class MatMul(Operation):
    """A B …: the matrix product; inner sizes must be the same symbol or number.

    >>> from symrnn.algebra.nodes import Parameter, Signal, T, n, t
    >>> MatMul(Signal("x", (n, 1), t), Parameter("W", (n, n)))
    Traceback (most recent call last):
        ...
    symrnn.errors.ShapeError: You wrote:  x_t W
    Found:      x_t is (n, 1) and W is (n, n): inner sizes 1 and n differ
    Write:      a product whose inner sizes agree, such as W x_t
    """

    __slots__ = ()

    def __new__(cls, *factors: Node) -> MatMul:
        some(factors)
        for left, right in pairwise(factors):
            if left.shape[1] != right.shape[0]:
                raise _product_error(factors, left, right)
        return cls.trusted(factors, (factors[0].shape[0], factors[-1].shape[1]))


def _product_error(factors: tuple[Node, ...], left: Node, right: Node) -> ShapeError:
    swapped = right.shape[1] == left.shape[0]
    hint = f", such as {right} {left}" if swapped else ""
    return ShapeError(
        " ".join(map(str, factors)),
        found=f"{left} is {shape_text(left.shape)} and {right} is {shape_text(right.shape)}: "
        f"inner sizes {left.shape[1]} and {right.shape[0]} differ",
        write="a product whose inner sizes agree" + hint,
    )


class Scale(Operation):
    """α X: a scalar times a matrix; α is (1, 1)."""

    __slots__ = ()

    def __new__(cls, scalar: Node, body: Node) -> Scale:
        if not scalar.is_scalar_shaped:
            raise ShapeError(
                f"{scalar} {body}",
                found=f"{scalar} is {shape_text(scalar.shape)}, no scalar",
                write="a scalar in front",
            )
        return cls.trusted((scalar, body), body.shape)


class Transpose(Operation):
    """Xᵀ."""

    __slots__ = ()

    def __new__(cls, body: Node) -> Transpose:
        return cls.trusted((body,), (body.shape[1], body.shape[0]))


class Power(Operation):
    """x^k entry by entry; the exponent is a number."""

    __slots__ = ()
    operand_slots: ClassVar[slice] = slice(0, 1)

    def __new__(cls, body: Node, exponent: Any) -> Power:
        return cls.trusted((body, exact_exponent(exponent)), body.shape)

    @property
    def exponent(self) -> sp.Expr:
        """k."""
        return self.args[1]


def exact_exponent(value: Any) -> sp.Expr:
    """An exact exponent: a number, or an expression of indices such as T − t."""
    exponent = value if isinstance(value, sp.Basic) else sp.sympify(value, strict=True)
    if not isinstance(exponent, sp.Expr) or exponent.has(sp.Float, sp.nan, sp.zoo, sp.oo):
        raise InputError(
            f"x^{value}", found="an exponent that is no exact number", write="a whole number or a fraction"
        )
    return exponent


class Apply(Operation):
    """f(x) entry by entry; `activation` is a row of the table of activations.

    >>> from symrnn.algebra.nodes import Parameter, Signal, T, n, t
    >>> Apply("tanh", Signal("a", (n, 1), t))
    tanh(a_t)
    """

    __slots__ = ()
    operand_slots: ClassVar[slice] = slice(1, 2)

    def __new__(cls, name: str | Str, body: Node) -> Apply:
        if isinstance(name, str):
            _check_activation(name)
        return cls.trusted((named(name), body), body.shape)

    @property
    def activation(self) -> Activation:
        """The row."""
        return lookup(self.args[0].name)


def _check_activation(name: str) -> None:
    try:
        lookup(name)
    except ValueError as error:
        raise InputError(name, found=str(error).partition(" Known:")[0], write="tanh, sigmoid, relu or f") from None


class Diag(Operation):
    """diag(v): a vector, column or row, as a diagonal matrix."""

    __slots__ = ()

    def __new__(cls, body: Node) -> Diag:
        _check_vector(body, "diag")
        return cls.trusted((body,), (length_of(body), length_of(body)))


def _check_vector(vector: Node, function: str) -> None:
    if 1 not in vector.shape:
        raise ShapeError(f"{function}({vector})", found=f"{vector} is {shape_text(vector.shape)}", write="a vector")


class DiagonalOf(Operation):
    """The diagonal of a square matrix, as a vector."""

    __slots__ = ()

    def __new__(cls, body: Node) -> DiagonalOf:
        if body.shape[0] != body.shape[1]:
            raise ShapeError(
                f"diagonal of {body}", found=f"{body} is {shape_text(body.shape)}", write="a square matrix"
            )
        return cls.trusted((body,), (body.shape[0], ONE))


class Vec(Operation):
    """vec(X): the columns of X one below the other."""

    __slots__ = ()

    def __new__(cls, body: Node) -> Vec:
        return cls.trusted((body,), (body.shape[0] * body.shape[1], ONE))


class Kronecker(Operation):
    """A ⊗ B."""

    __slots__ = ()

    def __new__(cls, left: Node, right: Node) -> Kronecker:
        shape = (left.shape[0] * right.shape[0], left.shape[1] * right.shape[1])
        return cls.trusted((left, right), shape)


class Commutation(Node):
    """K with vec(Xᵀ) = K vec(X) for X of (rows, cols)."""

    __slots__ = ()

    def __new__(cls, rows: Any, cols: Any) -> Commutation:
        rows, cols = size_of(rows), size_of(cols)
        return cls.trusted((rows, cols), (rows * cols, rows * cols))


class SquaredNorm(Operation):
    """‖x‖²: the sum of the squared entries."""

    __slots__ = ()

    def __new__(cls, body: Node) -> SquaredNorm:
        return cls.trusted((body,), (ONE, ONE))


class Inner(Operation):
    """⟨A, X⟩ = Σ A_ij X_ij."""

    __slots__ = ()

    def __new__(cls, left: Node, right: Node) -> Inner:
        same_shape(f"⟨{left}, {right}⟩" if left.shape != right.shape else "", (left, right))
        return cls.trusted((left, right), (ONE, ONE))


class Concat(Operation):
    """[x; y; …]: column blocks one below the other."""

    __slots__ = ()

    def __new__(cls, *parts: Node) -> Concat:
        if any(part.shape[1] != parts[0].shape[1] for part in some(parts)):
            raise ShapeError(
                "[" + "; ".join(map(str, parts)) + "]",
                found="parts with " + " and ".join(str(part.shape[1]) for part in parts) + " columns",
                write="parts with the same number of columns",
            )
        return cls.trusted(parts, (sp.Add(*(part.shape[0] for part in parts)), parts[0].shape[1]))


class BlockMatrix(Operation):
    """A matrix of blocks; arguments: how many block columns, then the blocks row by row."""

    __slots__ = ()
    operand_slots: ClassVar[slice] = slice(1, None)

    def __new__(cls, columns: Any, *blocks: Node) -> BlockMatrix:
        count = int(columns)
        _check_grid(count, blocks)
        rows = sp.Add(*(block.shape[0] for block in blocks[::count]))
        cols = sp.Add(*(block.shape[1] for block in blocks[:count]))
        return cls.trusted((sp.Integer(count), *blocks), (rows, cols))

    @property
    def grid(self) -> tuple[tuple[Node, ...], ...]:
        """The blocks, row by row."""
        count = int(self.args[0])
        return tuple(self.operands[i : i + count] for i in range(0, len(self.operands), count))


def _check_grid(count: int, blocks: tuple[Node, ...]) -> None:
    """Rows of blocks have one height each, columns one width."""
    full = count > 0 and blocks and len(blocks) % count == 0
    fits = full and all(
        block.shape == (blocks[k - k % count].shape[0], blocks[k % count].shape[1]) for k, block in enumerate(blocks)
    )
    if not fits:
        shapes = ", ".join(shape_text(block.shape) for block in blocks)
        raise ShapeError(
            f"{len(blocks)} blocks in {count} columns", found=f"blocks of shapes {shapes}", write="rows of one height"
        )


class Softmax(Operation):
    """softmax(x)_i = e^{x_i} / Σ_j e^{x_j} for a vector x."""

    __slots__ = ()

    def __new__(cls, body: Node) -> Softmax:
        _check_vector(body, "softmax")
        return cls.trusted((body,), body.shape)


class CrossEntropy(Operation):
    """−yᵀ log softmax(o): the cross-entropy of logits o against a target y whose entries sum to one."""

    __slots__ = ()

    def __new__(cls, target: Node, logits: Node) -> CrossEntropy:
        same_shape(f"cross_entropy({target}, {logits})" if target.shape != logits.shape else "", (target, logits))
        return cls.trusted((target, logits), (ONE, ONE))


class Opaque(Operation):
    """L_t(h_t): a scalar function nothing is known of but its arguments. Arguments: its value's name, the arguments."""

    __slots__ = ()
    operand_slots: ClassVar[slice] = slice(1, None)

    def __new__(cls, value: Name, *arguments: Node) -> Opaque:
        return cls.trusted((value, *arguments), (ONE, ONE))

    @property
    def value(self) -> Name:
        """The name of the value, L_t."""
        return self.args[0]


class Sum(Operation):
    """Σ_{index=lo}^{hi} body: one node, whatever the bounds."""

    __slots__ = ()
    operand_slots: ClassVar[slice] = slice(0, 1)

    def __new__(cls, body: Node, index: sp.Symbol, lo: Any, hi: Any) -> Sum:
        return cls.trusted((body, index, sp.sympify(lo, strict=True), sp.sympify(hi, strict=True)), body.shape)

    @property
    def range(self) -> tuple[sp.Symbol, sp.Expr, sp.Expr]:
        """(index, lo, hi)."""
        return self.args[1:]


class Product(Operation):
    """∏_{index=first}^{last} body, ordered: the factor at `first` stands leftmost and the index counts down to `last`.

    Empty (last = first + 1) it is I. `∏_{k=T}^{t+1} J_k` is `Product(J_k, k, T, t + 1)`. With `step` 1 the index
    counts up instead, still from left to right, as products in denominator layout do.
    """

    __slots__ = ()
    operand_slots: ClassVar[slice] = slice(0, 1)

    def __new__(cls, body: Node, index: sp.Symbol, first: Any, last: Any, step: Any = -1) -> Product:
        if body.shape[0] != body.shape[1]:
            raise ShapeError(str(body), found=f"a factor that is {shape_text(body.shape)}", write="a square factor")
        bounds = (sp.sympify(first, strict=True), sp.sympify(last, strict=True))
        direction = (ONE,) if step == 1 else ()
        return cls.trusted((body, index, *bounds, *direction), body.shape)

    @property
    def range(self) -> tuple[sp.Symbol, sp.Expr, sp.Expr]:
        """(index, first, last)."""
        return self.args[1:4]

    @property
    def step(self) -> int:
        """−1 where the index counts down from left to right, 1 where it counts up."""
        return 1 if len(self.args) > 4 else -1


class MatPower(Operation):
    """W^k: the product of k factors W; W⁰ = I, W^{-1} the inverse. The exponent is an index expression.

    >>> from symrnn.algebra.nodes import Parameter, Signal, T, n, t
    >>> MatPower(Parameter("W_h", (n, n)), T - t)
    W_h^{T-t}
    """

    __slots__ = ()
    operand_slots: ClassVar[slice] = slice(0, 1)

    def __new__(cls, body: Node, exponent: Any) -> MatPower:
        if body.shape[0] != body.shape[1]:
            raise ShapeError(str(body), found=f"a base that is {shape_text(body.shape)}", write="a square matrix")
        return cls.trusted((body, exact_exponent(exponent)), body.shape)

    @property
    def exponent(self) -> sp.Expr:
        """k."""
        return self.args[1]


class Guarded(Operation):
    """body where lo ≤ index ≤ hi, else nothing: a share that exists only for some steps is never 0 × undefined."""

    __slots__ = ()
    operand_slots: ClassVar[slice] = slice(0, 1)

    def __new__(cls, body: Node, lo: Any, index: Any, hi: Any) -> Guarded:
        bounds = tuple(sp.sympify(bound, strict=True) for bound in (lo, index, hi))
        return cls.trusted((body, *bounds), body.shape)

    @property
    def bounds(self) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
        """(lo, index, hi)."""
        return self.args[1:]
