"""Names, where traversal of an expression stops (signals, parameters, derivatives), and constants."""

from __future__ import annotations

from typing import Any, Self

import mpmath
import sympy as sp
from sympy.core.symbol import Str

from symrnn.algebra.nodes.base import ONE, Node, length_of, shape_text, size_of
from symrnn.errors import InputError, ShapeError


class Name(Node):
    """A quantity with a name: where traversal of an expression stops."""

    __slots__ = ()


class Signal(Name):
    """`h_{t-1}`: a quantity with an index. Arguments: name, rows, columns, then time and any further index.

    >>> from symrnn.algebra.nodes import n, substitute, t
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
        shape = (size_of(rows), size_of(cols))
        indices = [sp.sympify(index, strict=True) for index in indices]
        return cls.trusted((named(name), *shape, *indices), shape)

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

    >>> from symrnn.algebra.nodes import n
    >>> Parameter("W_h", (n, n))
    W_h
    """

    __slots__ = ()

    def __new__(cls, name: str | Str, *rest: Any) -> Parameter:
        if isinstance(rest[0], tuple):
            (rows, cols), *structure = rest
        else:
            rows, cols, *structure = rest
        shape = (size_of(rows), size_of(cols))
        kind = structure[0] if structure else "full"
        kind = kind if isinstance(kind, Str) else Str(kind)
        if kind.name not in ("full", "diagonal"):
            raise InputError(f"{name}: {kind.name}", found="no such structure", write="full or diagonal")
        if kind.name == "diagonal" and shape[0] != shape[1]:
            raise ShapeError(
                str(name), found=f"a diagonal matrix that is {shape_text(shape)}", write="a square size, n×n"
            )
        return cls.trusted((named(name), *shape, kind), shape)

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
    """`∂y/∂x`: a Jacobian block of vectors, (size of y) × (size of x), or transposed in denominator layout.

    `kind` says along which paths; `layout` is "numerator" or "denominator".

    >>> from symrnn.algebra.nodes import m, n, t
    >>> Block(Signal("h", (n, 1), t), Signal("x", (m, 1), t), "step", "denominator").shape
    (m, n)
    """

    __slots__ = ()

    def __new__(cls, of: Node, wrt: Node, kind: str | Str = "step", layout: str | Str = "numerator") -> Block:
        shape = (length_of(of), length_of(wrt))
        if named(layout).name == "numerator":
            return cls.trusted((of, wrt, named(kind)), shape)
        return cls.trusted((of, wrt, named(kind), named(layout)), shape[::-1])

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
        """How far paths are followed: "step" (states of the step before independent), "local" (within one equation),
        "immediate" (within one step), "total" (along every path) or "direct" (along one state)."""
        return self.args[2].name

    @property
    def layout(self) -> str:
        """ "numerator", (∂y/∂x)_ij = ∂y_i/∂x_j, or "denominator", its transpose."""
        return self.args[3].name if len(self.args) > 3 else "numerator"


class Gap(Name):
    """A piece of a formula that is left out, to be filled in; of the shape of what belongs there.

    >>> from symrnn.algebra.nodes import n
    >>> str(Gap((n, 1)))
    '......'
    """

    __slots__ = ()

    def __new__(cls, *shape: Any) -> Gap:
        rows, cols = shape[0] if isinstance(shape[0], tuple) else shape
        sizes = (size_of(rows), size_of(cols))
        return cls.trusted(sizes, sizes)


def named(name: str | Str) -> Str:
    """The name as SymPy keeps it."""
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


class Decimal(Number):
    """A number shown by so many significant digits; its value is the fraction those digits say.

    >>> Decimal(0.4621171572600098, 6)
    0.462117
    """

    __slots__ = ()

    def __new__(cls, value: Any, digits: Any = 6) -> Decimal:
        shown = f"{float(value):.{int(digits)}g}" if isinstance(value, int | float) else mpmath.nstr(value, int(digits))
        return cls.shown(shown.removesuffix(".0"))

    @classmethod
    def shown(cls, text: str) -> Decimal:
        """The number that is written so: `-0.0625`, `1.2e-05`."""
        return cls.trusted((sp.Rational(text), Str(text)), (ONE, ONE))

    @property
    def text(self) -> str:
        """The digits."""
        return self.args[1].name


class Constant(Node):
    """0 or 1 in every entry, of a shape."""

    __slots__ = ()

    def __new__(cls, rows: Any, cols: Any) -> Self:
        shape = (size_of(rows), size_of(cols))
        return cls.trusted(shape, shape)


class Zeros(Constant):
    """0: every entry zero."""

    __slots__ = ()


class Ones(Constant):
    """1: every entry one."""

    __slots__ = ()


class Eye(Node):
    """I: the identity."""

    __slots__ = ()

    def __new__(cls, rows: Any) -> Eye:
        rows = size_of(rows)
        return cls.trusted((rows,), (rows, rows))


class Selector(Node):
    """The matrix that picks rows `offset .. offset + rows - 1` out of `total`: (rows, total)."""

    __slots__ = ()

    def __new__(cls, rows: Any, offset: Any, total: Any) -> Selector:
        rows, total, offset = size_of(rows), size_of(total), sp.sympify(offset, strict=True)
        outside = offset.is_negative or (total - offset - rows).is_negative
        if outside or offset.is_integer is False:
            raise ShapeError(
                f"rows {offset} … {offset + rows - 1} of {total}",
                found=f"rows that {total} rows do not have",
                write=f"an offset from 0 to {total - rows}",
            )
        return cls.trusted((rows, offset, total), (rows, total))


class Embedding(Node):
    """E with vec(diag(v)) = E v for a vector v of that many rows: (rows², rows)."""

    __slots__ = ()

    def __new__(cls, rows: Any) -> Embedding:
        rows = size_of(rows)
        return cls.trusted((rows,), (rows * rows, rows))
