"""What every node is: a SymPy `Basic` with a shape, operands in the order written, and nothing evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Self, TypeAlias

import sympy as sp

from symrnn.errors import ShapeError

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

OPERATORS: dict[str, Callable[..., Any]] = {}
"""What `+`, `*`, `@`, `.T` … do; `verbs` fills it, because they simplify and so need every kind of node."""


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
        return OPERATORS["transpose"](self)

    def __neg__(self) -> Node:
        return OPERATORS["neg"](self)

    def __add__(self, other: Any) -> Node:
        return OPERATORS["add"](self, other)

    def __radd__(self, other: Any) -> Node:
        return OPERATORS["radd"](self, other)

    def __sub__(self, other: Any) -> Node:
        return OPERATORS["sub"](self, other)

    def __rsub__(self, other: Any) -> Node:
        return OPERATORS["rsub"](self, other)

    def __mul__(self, other: Any) -> Node:
        return OPERATORS["mul"](self, other)

    def __rmul__(self, other: Any) -> Node:
        return OPERATORS["rmul"](self, other)

    def __truediv__(self, other: Any) -> Node:
        return OPERATORS["truediv"](self, other)

    def __rtruediv__(self, other: Any) -> Node:
        return OPERATORS["rtruediv"](self, other)

    def __matmul__(self, other: Node) -> Node:
        return OPERATORS["matmul"](self, other)

    def __pow__(self, exponent: Any) -> Node:
        return OPERATORS["pow"](self, exponent)

    def apply_elementwise(self, name: str) -> Node:
        """The activation of that name, entry by entry: how an activation row speaks of nodes."""
        return OPERATORS["apply"](self, name)

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


def same_shape(wrote: str, nodes: Iterable[Node]) -> Shape:
    """The one shape the operands share, or `ShapeError` with both."""
    nodes = some(nodes)
    first = nodes[0].shape
    for other in nodes[1:]:
        if other.shape != first:
            raise ShapeError(
                wrote,
                found=f"{nodes[0]} is {shape_text(first)} and {other} is {shape_text(other.shape)}",
                write="operands of one shape",
            )
    return first


def some(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """The operands, of which there is at least one, or `ShapeError`."""
    nodes = tuple(nodes)
    if not nodes:
        raise ShapeError("()", found="an operation without operands", write="one operand or more")
    return nodes


def length_of(vector: Node) -> Size:
    """How many entries a column or a row has; the rows of a matrix."""
    rows, cols = vector.shape
    return cols if rows == 1 else rows


def shape_text(shape: Shape) -> str:
    """(rows, columns), as errors print it."""
    return f"({shape[0]}, {shape[1]})"


def size_of(value: Any) -> Size:
    """A positive whole number or an expression of sizes, or `ShapeError`.

    >>> size_of(-n)
    Traceback (most recent call last):
        ...
    symrnn.errors.ShapeError: You wrote:  -n
    Found:      a size that is no positive whole number
    Write:      a size such as 3 or n
    """
    size = None if isinstance(value, str) else sp.sympify(value, strict=True)
    if not isinstance(size, sp.Expr) or size.is_integer is False or size.is_positive is False:
        raise ShapeError(str(value), found="a size that is no positive whole number", write="a size such as 3 or n")
    return size
