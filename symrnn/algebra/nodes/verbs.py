"""The verbs that build: no zeros, ones or identities, no nesting, numbers in front. Nothing reorders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy as sp

from symrnn.algebra.activations import Activation, derivative, lookup
from symrnn.algebra.nodes.base import OPERATORS, Node, Shape, same_shape
from symrnn.algebra.nodes.names import Eye, Number, Ones, Parameter, Zeros
from symrnn.algebra.nodes.operations import (
    Add,
    Apply,
    Diag,
    DiagonalOf,
    Guarded,
    Hadamard,
    Inner,
    Kronecker,
    MatMul,
    MatPower,
    Power,
    Scale,
    Sum,
    Transpose,
    differ,
    exact_exponent,
)


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

    >>> from symrnn.algebra.nodes import Signal, T, n, t
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
    shape = same_shape("", factors) if not differ(factors) else Hadamard(*factors).shape
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
    number, rest = _pull_numbers(factors)
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

    >>> from symrnn.algebra.nodes import Signal, T, n, t
    >>> mat_power(diag(Signal("f", (n, 1))), T - t)
    diag(f^{T-t})
    """
    exponent = exact_exponent(exponent)
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


def _entrywise(value: Any, shape: Shape) -> Node:
    """A number beside a matrix means that number in every entry."""
    if isinstance(value, Node):
        return value
    number = Number(value)
    return number if shape == (1, 1) else scale(number, Ones(*shape))


OPERATORS.update(
    {
        "add": lambda left, right: add(left, _entrywise(right, left.shape)),
        "radd": lambda right, left: add(_entrywise(left, right.shape), right),
        "sub": lambda left, right: add(left, negate(_entrywise(right, left.shape))),
        "rsub": lambda right, left: add(_entrywise(left, right.shape), negate(right)),
        "mul": lambda left, right: _times(left, right),
        "rmul": lambda right, left: scale(Number(left), right),
        "truediv": lambda left, right: _times(left, _reciprocal(right)),
        "rtruediv": lambda right, left: _times(_entrywise(left, right.shape), power(right, -1)),
        "matmul": matmul,
        "neg": negate,
        "pow": power,
        "transpose": transpose,
        "apply": lambda node, name: apply(lookup(name), node),
    }
)


def _times(left: Node, right: Any) -> Node:
    """The product by a number or scalar, else entrywise."""
    if not isinstance(right, Node):
        return scale(Number(right), left)
    if right.is_scalar_shaped and not left.is_scalar_shaped:
        return scale(right, left)
    if left.is_scalar_shaped and not right.is_scalar_shaped:
        return scale(left, right)
    return hadamard(left, right)


def _reciprocal(value: Any) -> Any:
    return power(value, -1) if isinstance(value, Node) else sp.S.One / sp.sympify(value, strict=True)
