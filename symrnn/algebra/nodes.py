"""The nodes every Program is made of: matrix expressions with symbolic sizes, operand order kept, shapes strict.

Reads nothing but sizes and names; a constructor either returns a node whose operands fit or raises `ShapeError`.
The classes build exactly what they are told; the lower-case verbs (`add`, `matmul`, `hadamard` …) do the light
simplification the calculus wants: no zeros, ones or identities, no nesting, numbers in front. Nothing reorders.

Nodes are SymPy `Basic`: `xreplace`, `has`, `free_symbols`, hashing and equality are SymPy's. They are not
`MatrixExpr`: MatMul and HadamardProduct reorder, re-simplify at every print and let (n,1)·(n,n) pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any, ClassVar, Self, TypeAlias

import sympy as sp
from sympy.core.symbol import Str

from symrnn.algebra.activations import Activation, derivative, lookup
from symrnn.errors import InputError, ShapeError

Size: TypeAlias = sp.Expr
Shape: TypeAlias = tuple[Size, Size]

t = sp.Symbol("t", integer=True)
"""The step. Steps run 1..T."""
T = sp.Symbol("T", integer=True, positive=True)
"""The last step."""
n = sp.Symbol("n", integer=True, positive=True)
"""The size of the state."""
m = sp.Symbol("m", integer=True, positive=True)
"""The size of the input."""

ONE: Size = sp.S.One


PRINTERS: dict[str, Callable[[Any], str]] = {}
"""How nodes and Programs show themselves, by format; `printing` fills it, so that nodes need not know it."""


class Node(sp.Basic):
    """A matrix expression: a shape, operands in the order written, and nothing evaluated.

    `+`, `-` and unary minus are entrywise; `*` is the product by a number or scalar, else entrywise (⊙); `@` is the
    matrix product; `**` the entrywise power; `.T` the transpose.
    """

    __slots__ = ("_shape",)
    _shape: Shape

    @classmethod
    def trusted(cls, args: tuple[sp.Basic, ...], shape: Shape) -> Self:
        """The node itself without checks: for substitution into a node that was checked already."""
        node = sp.Basic.__new__(cls, *args)
        node._shape = shape
        return node

    @property
    def shape(self) -> Shape:
        """(rows, columns)."""
        return self._shape

    @property
    def is_scalar_shaped(self) -> bool:
        """Whether the shape is (1, 1)."""
        return self._shape[0] == 1 and self._shape[1] == 1

    @property
    def T(self) -> Node:
        """The transpose."""
        return transpose(self)

    def __add__(self, other: Any) -> Node:
        return add(self, _entrywise(other, self.shape))

    def __radd__(self, other: Any) -> Node:
        return add(_entrywise(other, self.shape), self)

    def __sub__(self, other: Any) -> Node:
        return add(self, negate(_entrywise(other, self.shape)))

    def __rsub__(self, other: Any) -> Node:
        return add(_entrywise(other, self.shape), negate(self))

    def __neg__(self) -> Node:
        return negate(self)

    def __mul__(self, other: Any) -> Node:
        if not isinstance(other, Node):
            return scale(Number(other), self)
        if other.is_scalar_shaped and not self.is_scalar_shaped:
            return scale(other, self)
        if self.is_scalar_shaped and not other.is_scalar_shaped:
            return scale(self, other)
        return hadamard(self, other)

    def __rmul__(self, other: Any) -> Node:
        return scale(Number(other), self)

    def __truediv__(self, other: Any) -> Node:
        return self * (power(other, -1) if isinstance(other, Node) else sp.S.One / sp.sympify(other, strict=True))

    def __rtruediv__(self, other: Any) -> Node:
        return _entrywise(other, self.shape) * power(self, -1)

    def __matmul__(self, other: Node) -> Node:
        return matmul(self, other)

    def __pow__(self, exponent: Any) -> Node:
        return power(self, exponent)

    def apply_elementwise(self, name: str) -> Node:
        """The activation of that name, entry by entry: how an activation row speaks of nodes."""
        return apply(lookup(name), self)

    def __str__(self) -> str:
        return PRINTERS["text"](self)

    __repr__ = __str__

    def _sympystr(self, printer: Any) -> str:
        return str(self)

    _sympyrepr = _sympystr

    def _latex(self, printer: Any) -> str:
        return PRINTERS["latex"](self)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {PRINTERS['latex'](self)}$"


def _entrywise(value: Any, shape: Shape) -> Node:
    """A number beside a matrix means that number in every entry."""
    if isinstance(value, Node):
        return value
    number = Number(value)
    return number if shape == (1, 1) else scale(number, Ones(*shape))


def same_shape(wrote: str, nodes: Iterable[Node]) -> Shape:
    """The one shape the operands share, or `ShapeError` with both."""
    nodes = tuple(nodes)
    first = nodes[0].shape
    for other in nodes[1:]:
        if other.shape != first:
            raise ShapeError(
                wrote,
                found=f"{nodes[0]} is {_shape_text(first)} and {other} is {_shape_text(other.shape)}",
                write="operands of one shape",
            )
    return first


def _shape_text(shape: Shape) -> str:
    return f"({shape[0]}, {shape[1]})"


def _size(value: Any) -> Size:
    size = sp.sympify(value, strict=True)
    if not isinstance(size, sp.Expr) or (size.is_number and not (size.is_Integer and size > 0)):
        raise ShapeError(str(value), found="a size that is no positive whole number", write="a size such as 3 or n")
    return size


# --- names: what stands on the left of an equation, or is given -----------------------------------------------------


class Name(Node):
    """A quantity with a name: where traversal of an expression stops."""

    __slots__ = ()


class Signal(Name):
    """`h_{t-1}`: a quantity with an index. Arguments: name, rows, columns, then time and any further index.

    >>> Signal("h", (n, 1), t - 1)
    h_{t-1}
    >>> substitute(Signal("h", (n, 1), t - 1), {t: sp.Integer(3)})
    h_2
    """

    __slots__ = ()

    def __new__(cls, name: str | Str, *rest: Any) -> Signal:
        if isinstance(rest[0], tuple):
            (rows, cols), *indices = rest
        else:
            rows, cols, *indices = rest
        shape = (_size(rows), _size(cols))
        indices = [sp.sympify(index, strict=True) for index in indices]
        return cls.trusted((_name(name), *shape, *indices), shape)

    @property
    def name(self) -> str:
        """The neutral name, `c_tilde`."""
        return self.args[0].name

    @property
    def indices(self) -> tuple[sp.Expr, ...]:
        """Time, then example and the like; empty for a quantity defined once, such as L."""
        return self.args[3:]

    @property
    def time(self) -> sp.Expr:
        """The time index."""
        return self.indices[0]

    def at(self, *indices: Any) -> Signal:
        """The same signal at another index."""
        return Signal.trusted((*self.args[:3], *(sp.sympify(i, strict=True) for i in indices)), self._shape)


class Parameter(Name):
    """`W_h`: a quantity shared by all steps. `structure` is "full" or "diagonal" (a diagonal matrix).

    >>> Parameter("W_h", (n, n))
    W_h
    """

    __slots__ = ()

    def __new__(cls, name: str | Str, *rest: Any) -> Parameter:
        if isinstance(rest[0], tuple):
            (rows, cols), *structure = rest
        else:
            rows, cols, *structure = rest
        shape = (_size(rows), _size(cols))
        kind = structure[0] if structure else "full"
        kind = kind if isinstance(kind, Str) else Str(kind)
        if kind.name not in ("full", "diagonal"):
            raise InputError(f"{name}: {kind.name}", found="no such structure", write="full or diagonal")
        if kind.name == "diagonal" and shape[0] != shape[1]:
            raise ShapeError(
                str(name), found=f"a diagonal matrix that is {_shape_text(shape)}", write="a square size, n×n"
            )
        return cls.trusted((_name(name), *shape, kind), shape)

    @property
    def name(self) -> str:
        """The neutral name."""
        return self.args[0].name

    @property
    def structure(self) -> str:
        """ "full" or "diagonal"."""
        return self.args[3].name


class Adjoint(Name):
    """`x̄ = ∂L/∂x`: the total gradient, of its quantity's shape."""

    __slots__ = ()

    def __new__(cls, of: Name) -> Adjoint:
        return cls.trusted((of,), of.shape)

    @property
    def of(self) -> Name:
        """The quantity."""
        return self.args[0]


class Tangent(Name):
    """`ẋ`: the directional derivative of a quantity, of its shape."""

    __slots__ = ()

    def __new__(cls, of: Name) -> Tangent:
        return cls.trusted((of,), of.shape)

    @property
    def of(self) -> Name:
        """The quantity."""
        return self.args[0]


class Immediate(Name):
    """`∂⁺L/∂h_t`: the immediate gradient of a scalar `of` with respect to `wrt`, given; of `wrt`'s shape."""

    __slots__ = ()

    def __new__(cls, of: Name, wrt: Name) -> Immediate:
        return cls.trusted((of, wrt), wrt.shape)

    @property
    def of(self) -> Name:
        """What is differentiated."""
        return self.args[0]

    @property
    def wrt(self) -> Name:
        """With respect to what."""
        return self.args[1]


class Block(Name):
    """`∂y/∂x`: a Jacobian block, numerator layout, (rows of y) × (rows of x); `kind` is "step", "total" or "direct"."""

    __slots__ = ()

    def __new__(cls, of: Node, wrt: Node, kind: str | Str = "step") -> Block:
        kind = kind if isinstance(kind, Str) else Str(kind)
        return cls.trusted((of, wrt, kind), (of.shape[0], wrt.shape[0]))

    @property
    def of(self) -> Node:
        """y."""
        return self.args[0]

    @property
    def wrt(self) -> Node:
        """x."""
        return self.args[1]

    @property
    def kind(self) -> str:
        """ "step" (states of the step before independent), "total" (along every path) or "direct" (along one state)."""
        return self.args[2].name


def _name(name: str | Str) -> Str:
    return name if isinstance(name, Str) else Str(name)


# --- constants ------------------------------------------------------------------------------------------------------


class Number(Node):
    """A number, or an expression of sizes and of T such as `1/n`; shape (1, 1).

    >>> Number(sp.Rational(1, 2))
    1/2
    """

    __slots__ = ()

    def __new__(cls, value: Any) -> Number:
        value = sp.sympify(value, strict=True)
        if value.is_Float or value is sp.nan or value.is_infinite:
            raise InputError(str(value), found="a number that is not exact and finite", write="a fraction or a decimal")
        return cls.trusted((value,), (ONE, ONE))

    @property
    def value(self) -> sp.Expr:
        """The number."""
        return self.args[0]


class _Constant(Node):
    __slots__ = ()

    def __new__(cls, rows: Any, cols: Any) -> Self:
        shape = (_size(rows), _size(cols))
        return cls.trusted(shape, shape)


class Zeros(_Constant):
    """0: every entry zero."""

    __slots__ = ()


class Ones(_Constant):
    """1: every entry one."""

    __slots__ = ()


class Eye(Node):
    """I: the identity."""

    __slots__ = ()

    def __new__(cls, rows: Any) -> Eye:
        rows = _size(rows)
        return cls.trusted((rows,), (rows, rows))


class Selector(Node):
    """The matrix that picks rows `offset .. offset + rows - 1` out of `total`: (rows, total)."""

    __slots__ = ()

    def __new__(cls, rows: Any, offset: Any, total: Any) -> Selector:
        rows, total = _size(rows), _size(total)
        return cls.trusted((rows, sp.sympify(offset, strict=True), total), (rows, total))


class Embedding(Node):
    """E with vec(diag(v)) = E v for a vector v of that many rows: (rows², rows)."""

    __slots__ = ()

    def __new__(cls, rows: Any) -> Embedding:
        rows = _size(rows)
        return cls.trusted((rows,), (rows * rows, rows))


# --- operations -----------------------------------------------------------------------------------------------------


class Operation(Node):
    """A node made of operands. `operands` are the arguments that are nodes, in the order written."""

    __slots__ = ()
    operand_slots: ClassVar[slice] = slice(None)

    @property
    def operands(self) -> tuple[Node, ...]:
        """The operands, in the order written."""
        return self.args[self.operand_slots]

    def with_operands(self, operands: Iterable[Node]) -> Node:
        """The same operation on other operands."""
        return self.func(*operands)


class Add(Operation):
    """x + y + …: operands of one shape."""

    __slots__ = ()

    def __new__(cls, *terms: Node) -> Add:
        return cls.trusted(terms, same_shape(" + ".join(map(str, terms)) if _differ(terms) else "", terms))


class Hadamard(Operation):
    """x ⊙ y ⊙ …: the entrywise product of operands of one shape."""

    __slots__ = ()

    def __new__(cls, *factors: Node) -> Hadamard:
        return cls.trusted(factors, same_shape(" ⊙ ".join(map(str, factors)) if _differ(factors) else "", factors))


def _differ(nodes: tuple[Node, ...]) -> bool:
    # The text of an error is costly to print: only when there will be one.
    return any(node.shape != nodes[0].shape for node in nodes[1:])


class MatMul(Operation):
    """A B …: the matrix product; inner sizes must be the same symbol or number.

    >>> MatMul(Signal("x", (n, 1), t), Parameter("W", (n, n)))
    Traceback (most recent call last):
        ...
    symrnn.errors.ShapeError: You wrote:  x_t W
    Found:      x_t is (n, 1) and W is (n, n): inner sizes 1 and n differ
    Write:      a product whose inner sizes agree, such as W x_t
    """

    __slots__ = ()

    def __new__(cls, *factors: Node) -> MatMul:
        for left, right in pairwise(factors):
            if left.shape[1] != right.shape[0]:
                raise _product_error(factors, left, right)
        return cls.trusted(factors, (factors[0].shape[0], factors[-1].shape[1]))


def _product_error(factors: tuple[Node, ...], left: Node, right: Node) -> ShapeError:
    swapped = right.shape[1] == left.shape[0]
    hint = f", such as {right} {left}" if swapped else ""
    return ShapeError(
        " ".join(map(str, factors)),
        found=f"{left} is {_shape_text(left.shape)} and {right} is {_shape_text(right.shape)}: "
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
                found=f"{scalar} is {_shape_text(scalar.shape)}, no scalar",
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
        return cls.trusted((body, _exponent(exponent)), body.shape)

    @property
    def exponent(self) -> sp.Expr:
        """k."""
        return self.args[1]

    def with_operands(self, operands: Iterable[Node]) -> Node:
        """The same power of another base."""
        (body,) = operands
        return Power(body, self.exponent)


def _exponent(value: Any) -> sp.Expr:
    """An exact exponent: a number, or an expression of indices such as T − t."""
    exponent = value if isinstance(value, sp.Basic) else sp.sympify(value, strict=True)
    if not isinstance(exponent, sp.Expr) or exponent.has(sp.Float, sp.nan, sp.zoo, sp.oo):
        raise InputError(
            f"x^{value}", found="an exponent that is no exact number", write="a whole number or a fraction"
        )
    return exponent


class Apply(Operation):
    """f(x) entry by entry; `activation` is a row of the table of activations.

    >>> Apply("tanh", Signal("a", (n, 1), t))
    tanh(a_t)
    """

    __slots__ = ()
    operand_slots: ClassVar[slice] = slice(1, 2)

    def __new__(cls, name: str | Str, body: Node) -> Apply:
        return cls.trusted((_name(name), body), body.shape)

    @property
    def activation(self) -> Activation:
        """The row."""
        return lookup(self.args[0].name)

    def with_operands(self, operands: Iterable[Node]) -> Node:
        """The same activation of another argument."""
        return Apply(self.args[0], *operands)


class Diag(Operation):
    """diag(v): a vector as a diagonal matrix."""

    __slots__ = ()

    def __new__(cls, body: Node) -> Diag:
        if body.shape[1] != 1:
            raise ShapeError(f"diag({body})", found=f"{body} is {_shape_text(body.shape)}", write="a column vector")
        return cls.trusted((body,), (body.shape[0], body.shape[0]))


class DiagonalOf(Operation):
    """The diagonal of a square matrix, as a vector."""

    __slots__ = ()

    def __new__(cls, body: Node) -> DiagonalOf:
        if body.shape[0] != body.shape[1]:
            raise ShapeError(
                f"diagonal of {body}", found=f"{body} is {_shape_text(body.shape)}", write="a square matrix"
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
        rows, cols = _size(rows), _size(cols)
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
        if any(part.shape[1] != parts[0].shape[1] for part in parts):
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

    def with_operands(self, operands: Iterable[Node]) -> Node:
        """The same grid of other blocks."""
        return BlockMatrix(self.args[0], *operands)


def _check_grid(count: int, blocks: tuple[Node, ...]) -> None:
    """Rows of blocks have one height each, columns one width."""
    full = count > 0 and blocks and len(blocks) % count == 0
    fits = full and all(
        block.shape == (blocks[k - k % count].shape[0], blocks[k % count].shape[1]) for k, block in enumerate(blocks)
    )
    if not fits:
        shapes = ", ".join(_shape_text(block.shape) for block in blocks)
        raise ShapeError(
            f"{len(blocks)} blocks in {count} columns", found=f"blocks of shapes {shapes}", write="rows of one height"
        )


class Softmax(Operation):
    """softmax(x)_i = e^{x_i} / Σ_j e^{x_j} for a column x."""

    __slots__ = ()

    def __new__(cls, body: Node) -> Softmax:
        if body.shape[1] != 1:
            raise ShapeError(f"softmax({body})", found=f"{body} is {_shape_text(body.shape)}", write="a column vector")
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

    def with_operands(self, operands: Iterable[Node]) -> Node:
        """The same function of other arguments."""
        return Opaque(self.value, *operands)


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

    def with_operands(self, operands: Iterable[Node]) -> Node:
        """The same sum of another body."""
        (body,) = operands
        return Sum(body, *self.range)


class Product(Operation):
    """∏_{index=first}^{last} body, ordered: the factor at `first` stands leftmost and the index counts down to `last`.

    Empty (last = first + 1) it is I. `∏_{k=T}^{t+1} J_k` is `Product(J_k, k, T, t + 1)`.
    """

    __slots__ = ()
    operand_slots: ClassVar[slice] = slice(0, 1)

    def __new__(cls, body: Node, index: sp.Symbol, first: Any, last: Any) -> Product:
        if body.shape[0] != body.shape[1]:
            raise ShapeError(str(body), found=f"a factor that is {_shape_text(body.shape)}", write="a square factor")
        return cls.trusted((body, index, sp.sympify(first, strict=True), sp.sympify(last, strict=True)), body.shape)

    @property
    def range(self) -> tuple[sp.Symbol, sp.Expr, sp.Expr]:
        """(index, first, last)."""
        return self.args[1:]

    def with_operands(self, operands: Iterable[Node]) -> Node:
        """The same product of another factor."""
        (body,) = operands
        return Product(body, *self.range)


class MatPower(Operation):
    """W^k: the product of k factors W; W⁰ = I, W^{-1} the inverse. The exponent is an index expression.

    >>> MatPower(Parameter("W_h", (n, n)), T - t)
    W_h^{T-t}
    """

    __slots__ = ()
    operand_slots: ClassVar[slice] = slice(0, 1)

    def __new__(cls, body: Node, exponent: Any) -> MatPower:
        if body.shape[0] != body.shape[1]:
            raise ShapeError(str(body), found=f"a base that is {_shape_text(body.shape)}", write="a square matrix")
        return cls.trusted((body, _exponent(exponent)), body.shape)

    @property
    def exponent(self) -> sp.Expr:
        """k."""
        return self.args[1]

    def with_operands(self, operands: Iterable[Node]) -> Node:
        """The same power of another base."""
        (body,) = operands
        return MatPower(body, self.exponent)


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

    def with_operands(self, operands: Iterable[Node]) -> Node:
        """The same guard on another body."""
        (body,) = operands
        return Guarded(body, *self.bounds)


# --- verbs: build and simplify lightly ------------------------------------------------------------------------------


def is_zero(node: Node) -> bool:
    """Whether the node is the constant 0."""
    return isinstance(node, Zeros) or (isinstance(node, Number) and node.value == 0)


def zeros(shape: Shape) -> Node:
    """0 of that shape."""
    return Number(0) if shape == (1, 1) else Zeros(*shape)


def ones(shape: Shape) -> Node:
    """1 in every entry."""
    return Number(1) if shape == (1, 1) else Ones(*shape)


def add(*terms: Node) -> Node:
    """x + y + …, flat, without zeros; numbers are gathered where they stand first."""
    kept = [part for term in terms for part in (term.operands if isinstance(term, Add) else (term,))]
    kept = [term for term in kept if not is_zero(term)]
    if not kept:
        return zeros(same_shape("", terms))
    if len(kept) > 1 and all(isinstance(term, Number) for term in kept):
        return Number(sp.Add(*(term.args[0] for term in kept)))
    return kept[0] if len(kept) == 1 else Add(*kept)


def gathered(terms: Iterable[Node]) -> Node:
    """x + y + … with what is common taken out: u ⊙ w + v ⊙ w = (u + v) ⊙ w, diag(u) + diag(v) = diag(u + v).

    >>> u, v, w = (Signal(name, (n, 1), t) for name in "uvw")
    >>> gathered((-u * w, v * w))
    (v_t - u_t) ⊙ w_t
    """
    terms = tuple(terms)
    guarded = [term for term in terms if isinstance(term, Guarded)]
    if len(terms) > 1 and len(guarded) == len(terms) and len({term.bounds for term in guarded}) == 1:
        body = gathered(term.operands[0] for term in guarded)
        return add(*terms) if isinstance(body, Add) else guard(body, *guarded[0].bounds)
    parts = [part for term in terms if (part := _weight(term)) is not None]
    if len(terms) == 1 or len(parts) < len(terms) or len({common for _, common in parts}) > 1:
        return add(*terms)
    weight = add(*sorted((weight for weight, _ in parts), key=_is_negative))
    common = parts[0][1]
    return diag(weight) if common is None else hadamard(weight, common)


def _weight(term: Node) -> tuple[Node, Node | None] | None:
    """(u, w) of u ⊙ w, (u, None) of diag(u), with a number in front counted to u; None of anything else."""
    if isinstance(term, Scale) and isinstance(term.operands[0], Number):
        inner_weight = _weight(term.operands[1])
        return inner_weight and (scale(term.operands[0], inner_weight[0]), inner_weight[1])
    if isinstance(term, Diag):
        return term.operands[0], None
    if isinstance(term, Hadamard):
        return hadamard(*term.operands[:-1]), term.operands[-1]
    return None


def _is_negative(node: Node) -> bool:
    return isinstance(node, Scale) and isinstance(node.operands[0], Number) and bool(node.operands[0].value.is_negative)


def negate(node: Node) -> Node:
    """−x."""
    return scale(Number(-1), node)


def scale(scalar: Node, body: Node) -> Node:
    """α x; numbers are gathered in front, ones dropped."""
    if not scalar.is_scalar_shaped:
        return Scale(scalar, body)
    if isinstance(body, Scale) and isinstance(body.operands[0], Number) and isinstance(scalar, Number):
        return scale(Number(scalar.value * body.operands[0].value), body.operands[1])
    if isinstance(scalar, Scale) and isinstance(scalar.operands[0], Number):
        return scale(scalar.operands[0], scale(scalar.operands[1], body))
    if is_zero(scalar) or is_zero(body):
        return zeros(body.shape)
    if isinstance(body, Number):
        if isinstance(scalar, Number):
            return Number(scalar.value * body.value)
        return scale(body, scalar)
    if isinstance(scalar, Number) and scalar.value == 1:
        return body
    if isinstance(body, Scale) and isinstance(body.operands[0], Number):
        return Scale(body.operands[0], scale(scalar, body.operands[1]))
    if not isinstance(scalar, Number) and body.is_scalar_shaped:
        return hadamard(scalar, body)
    return Scale(scalar, body)


def _pull_numbers(factors: Iterable[Node]) -> tuple[Number, list[Node]]:
    """The numbers in front of the factors, multiplied, and the factors without them."""
    value: sp.Expr = sp.S.One
    rest: list[Node] = []
    for factor in factors:
        if isinstance(factor, Number):
            value = value * factor.value
        elif isinstance(factor, Scale) and isinstance(factor.operands[0], Number):
            value = value * factor.operands[0].value
            rest.append(factor.operands[1])
        else:
            rest.append(factor)
    return Number(value), rest


def hadamard(*factors: Node) -> Node:
    """x ⊙ y ⊙ …, flat, without ones; numbers in front."""
    shape = same_shape("", factors) if not _differ(factors) else Hadamard(*factors).shape
    number, rest = _pull_numbers(factors)
    rest = [part for factor in rest for part in (factor.operands if isinstance(factor, Hadamard) else (factor,))]
    rest = [factor for factor in rest if not isinstance(factor, Ones)]
    if number.value == 0 or any(is_zero(factor) for factor in rest):
        return zeros(shape)
    body = ones(shape) if not rest else rest[0] if len(rest) == 1 else Hadamard(*rest)
    return scale(number, body)


def matmul(*factors: Node) -> Node:
    """A B …, flat, without identities; numbers in front; neighbouring diagonals join."""
    MatMul(*factors)
    shape = (factors[0].shape[0], factors[-1].shape[1])
    number, rest = _pull_square_numbers(factors)
    flat = [part for factor in rest for part in (factor.operands if isinstance(factor, MatMul) else (factor,))]
    flat = [factor for factor in flat if not isinstance(factor, Eye)]
    if number.value == 0 or any(is_zero(factor) for factor in flat):
        return zeros(shape)
    flat = _join_diagonals(flat)
    if not flat:
        return scale(number, Eye(shape[0]) if shape != (1, 1) else Number(1))
    if all(factor.is_scalar_shaped for factor in flat):
        return scale(number, hadamard(*flat))
    return scale(number, flat[0] if len(flat) == 1 else MatMul(*flat))


def _pull_square_numbers(factors: tuple[Node, ...]) -> tuple[Number, list[Node]]:
    # A 1×1 number between a column and a row keeps the inner sizes only when it goes in front as a scalar.
    return _pull_numbers(factors)


def _join_diagonals(factors: list[Node]) -> list[Node]:
    joined: list[Node] = []
    for factor in factors:
        if joined and isinstance(factor, Diag) and isinstance(joined[-1], Diag):
            joined[-1] = diag(hadamard(joined[-1].operands[0], factor.operands[0]))
        elif joined and isinstance(joined[-1], Diag) and factor.shape[1] == 1:
            joined[-1] = hadamard(joined[-1].operands[0], factor)
        else:
            joined.append(factor)
    return joined


def transpose(node: Node) -> Node:
    """Xᵀ, carried into products: (AB)ᵀ = BᵀAᵀ, diag(v)ᵀ = diag(v); of sums and ⊙ it stays outside."""
    if node.is_scalar_shaped or isinstance(node, Diag | Eye):
        return node
    if isinstance(node, Parameter) and node.structure == "diagonal":
        return node
    if isinstance(node, Transpose):
        return node.operands[0]
    if isinstance(node, Zeros | Ones):
        return node.func(node.shape[1], node.shape[0])
    if isinstance(node, MatMul):
        return matmul(*(transpose(factor) for factor in reversed(node.operands)))
    if isinstance(node, Scale):
        return scale(node.operands[0], transpose(node.operands[1]))
    if isinstance(node, Add | Hadamard) and all(isinstance(part, Transpose) for part in node.operands):
        return node.func(*(part.operands[0] for part in node.operands))
    if isinstance(node, Kronecker):
        return Kronecker(*(transpose(part) for part in node.operands))
    if isinstance(node, Guarded | MatPower):
        return node.with_operands((transpose(node.operands[0]),))
    return Transpose(node)


def diag(vector: Node) -> Node:
    """diag(v); of a scalar the scalar, of ones the identity."""
    if vector.is_scalar_shaped:
        return vector
    if isinstance(vector, Ones):
        return Eye(vector.shape[0])
    if isinstance(vector, Zeros):
        return Zeros(vector.shape[0], vector.shape[0])
    if isinstance(vector, Scale) and isinstance(vector.operands[0], Number):
        return scale(vector.operands[0], diag(vector.operands[1]))
    return Diag(vector)


def power(body: Node, exponent: Any) -> Node:
    """x^k entry by entry."""
    exponent = sp.sympify(exponent, strict=True)
    if exponent == 1:
        return body
    if exponent == 0:
        return ones(body.shape)
    if isinstance(body, Ones):
        return body
    if isinstance(body, Number) and body.value.is_Rational and exponent.is_Integer and body.value != 0:
        return Number(body.value**exponent)
    return Power(body, exponent)


def mat_power(body: Node, exponent: Any) -> Node:
    """W^k in its plainest form: entrywise for a diagonal base, αᵏI for αI, wᵏ for a scalar.

    >>> mat_power(diag(Signal("f", (n, 1))), T - t)
    diag(f^{T-t})
    """
    exponent = _exponent(exponent)
    if isinstance(body, Number):
        return Number(body.value**exponent)
    if body.is_scalar_shaped:
        return power(body, exponent)
    if exponent == 0 or isinstance(body, Eye):
        return Eye(body.shape[0])
    if exponent == 1:
        return body
    if isinstance(body, Diag):
        return diag(power(body.operands[0], exponent))
    if isinstance(body, Parameter) and body.structure == "diagonal":
        return diag(power(DiagonalOf(body), exponent))
    if isinstance(body, Scale) and isinstance(body.operands[1], Eye | Diag):
        scalar, rest = body.operands
        return scale(mat_power(scalar, exponent), mat_power(rest, exponent))
    return MatPower(body, exponent)


def apply(row: Activation, body: Node) -> Node:
    """f(x) entry by entry; the identity is x itself."""
    return body if row.name == "identity" else Apply(row.name, body)


def slope(node: Apply, output: Node) -> Node:
    """f'(x) entry by entry, through the output wherever the row allows it."""
    row = node.activation
    (body,) = node.operands
    if row.generic:
        return Apply(derivative(row).name, body)
    value = row.slope(body, output)
    return value if isinstance(value, Node) else _entrywise(value, node.shape)


def inner(left: Node, right: Node) -> Node:
    """⟨A, X⟩; of scalars the product."""
    if left.is_scalar_shaped and right.is_scalar_shaped:
        return hadamard(left, right)
    if is_zero(left) or is_zero(right):
        return Number(0)
    number, (one, other) = _pull_numbers((left, right))
    return scale(number, Inner(one, other))


def total(body: Node, index: sp.Symbol, lo: Any, hi: Any) -> Node:
    """Σ_{index=lo}^{hi} body; of zero it is zero."""
    return body if is_zero(body) else Sum(body, index, lo, hi)


def guard(body: Node, lo: Any, index: Any, hi: Any) -> Node:
    """body where lo ≤ index ≤ hi: decided at once where the bounds tell, never evaluated where it does not hold."""
    lo, index, hi = (sp.sympify(bound, strict=True) for bound in (lo, index, hi))
    below, above = sp.expand(index - lo), sp.expand(hi - index)
    if below.is_negative or above.is_negative:
        return zeros(body.shape)
    lo = -sp.oo if below.is_nonnegative else lo
    hi = sp.oo if above.is_nonnegative else hi
    if is_zero(body) or (lo == -sp.oo and hi == sp.oo):
        return body
    return Guarded(body, lo, index, hi)


# --- traversal ------------------------------------------------------------------------------------------------------


def operands_of(node: Node) -> tuple[Node, ...]:
    """The operands of an operation; none of a name or constant."""
    return node.operands if isinstance(node, Operation) else ()


def subexpressions(node: Node) -> Iterator[Node]:
    """The node and everything below it, stopping at names, parents before their operands."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(operands_of(current)))


def names_in(node: Node) -> tuple[Name, ...]:
    """The names read, each once, in reading order."""
    return tuple(dict.fromkeys(part for part in subexpressions(node) if isinstance(part, Name)))


def substitute(node: Node, values: dict[Any, Any]) -> Node:
    """Names, sizes or indices replaced; shapes and guards follow.

    >>> substitute(Signal("h", (n, 1), t - 1), {t: sp.Integer(3), n: sp.Integer(2)}).shape
    (2, 1)
    """
    return _substitute(node, values, {})


def _substitute(node: Any, values: dict[Any, Any], memo: dict[Any, Any]) -> Any:
    if node in values:
        return values[node]
    if not isinstance(node, Node):
        return node.xreplace(values) if isinstance(node, sp.Expr) else node
    if node not in memo:
        bound = {key: value for key, value in values.items() if key != node.args[1]} if _binds(node) else values
        args = [_substitute(arg, bound, memo if bound is values else {}) for arg in node.args]
        changed = any(new is not old for new, old in zip(args, node.args, strict=True))
        memo[node] = rebuild(node, args) if changed else node
    return memo[node]


def _binds(node: Node) -> bool:
    return isinstance(node, Sum | Product)


def rebuild(node: Node, args: Iterable[Any]) -> Node:
    """The node with other arguments; a guard that is decided by them goes, and so does what becomes zero."""
    args = tuple(args)
    if isinstance(node, Guarded):
        return guard(*args)
    if isinstance(node, Add):
        return add(*args)
    if isinstance(node, Scale):
        return scale(*args)
    if isinstance(node, Power | MatPower) and args[1] != node.args[1]:
        return (power if isinstance(node, Power) else mat_power)(*args)
    made = node.func(*args)
    return zeros(made.shape) if isinstance(made, _LINEAR) and any(is_zero(part) for part in made.operands) else made


_LINEAR = (MatMul, Hadamard, Transpose, Diag, DiagonalOf, Vec, Kronecker, Inner, SquaredNorm, Sum)
"""Operations that are zero where an operand is."""
