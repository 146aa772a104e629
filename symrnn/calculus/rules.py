"""THE table: for each operation the linear maps its operands go through, one row each.

A row reads the node and the answer's name (`tanh' = 1 − h_t²`, through the output) and returns one `LinearMap` per
operand. `None` says an operand that is never differentiated, `ABSENT` an operation that has no rule, and why.
The table is an argument of every mode, so a wrong row can be planted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import (
    Node,
    Number,
    Selector,
    apply,
    hadamard,
    matmul,
    negate,
    power,
    scale,
    slope,
    transpose,
)
from symrnn.calculus.maps import (
    Composition,
    Embed,
    Guarding,
    InnerWith,
    LinearMap,
    Sandwich,
    Scaling,
    Spread,
    SumOfMaps,
    SumOver,
    TakeDiagonal,
    Transposition,
    same,
)
from symrnn.errors import NotYetError

Row = Callable[[Node, Node], tuple[LinearMap | None, ...]]
Rules = Mapping[type[Node], Row]


def _add(node: Node, ans: Node) -> tuple[LinearMap, ...]:
    """(x + y)˙ = ẋ + ẏ"""
    return tuple(same(node.shape) for _ in N.operands_of(node))


def _others(node: Node, position: int) -> tuple[Node, ...]:
    operands = N.operands_of(node)
    return operands[:position] + operands[position + 1 :]


def _hadamard(node: Node, ans: Node) -> tuple[LinearMap, ...]:
    """(x ⊙ y)˙ = y ⊙ ẋ + x ⊙ ẏ"""
    return tuple(
        Scaling(hadamard(*_others(node, position)), node.shape) for position, _ in enumerate(N.operands_of(node))
    )


def _matmul(node: Node, ans: Node) -> tuple[LinearMap, ...]:
    """(A X B)˙ = A Ẋ B"""
    operands = N.operands_of(node)

    def side(factors: tuple[Node, ...]) -> Node | None:
        return matmul(*factors) if factors else None

    return tuple(
        Sandwich(side(operands[:position]), side(operands[position + 1 :]), operand.shape)
        for position, operand in enumerate(operands)
    )


def _scale(node: Node, ans: Node) -> tuple[LinearMap, ...]:
    """(s X)˙ = ṡ X + s Ẋ"""
    scalar, body = N.operands_of(node)
    return Spread(body), Scaling(scalar, body.shape)


def _transpose(node: Node, ans: Node) -> tuple[LinearMap, ...]:
    """(Xᵀ)˙ = Ẋᵀ"""
    return (Transposition(N.operands_of(node)[0].shape),)


def _power(node: Node, ans: Node) -> tuple[LinearMap, ...]:
    """(x^k)˙ = k x^{k−1} ⊙ ẋ"""
    assert isinstance(node, N.Power)
    (body,) = node.operands
    return (Scaling(scale(Number(node.exponent), power(body, node.exponent - 1)), node.shape),)


def _apply(node: Node, ans: Node) -> tuple[LinearMap, ...]:
    """f(x)˙ = f'(x) ⊙ ẋ"""
    assert isinstance(node, N.Apply)
    return (Scaling(slope(node, ans), node.shape),)


def _diag(node: Node, ans: Node) -> tuple[LinearMap, ...]:
    """diag(v)˙ = diag(v̇)"""
    _only_columns(node)
    return (Embed(node.shape[0]),)


def _diagonal_of(node: Node, ans: Node) -> tuple[LinearMap, ...]:
    """diagonal(X)˙ = diagonal(Ẋ)"""
    return (TakeDiagonal(node.shape[0]),)


def _squared_norm(node: Node, ans: Node) -> tuple[LinearMap, ...]:
    """(‖x‖²)˙ = ⟨2x, ẋ⟩"""
    return (InnerWith(scale(Number(2), N.operands_of(node)[0])),)


def _inner(node: Node, ans: Node) -> tuple[LinearMap, ...]:
    """⟨A, X⟩˙ = ⟨X, Ȧ⟩ + ⟨A, Ẋ⟩"""
    left, right = N.operands_of(node)
    return InnerWith(right), InnerWith(left)


def _concat(node: Node, ans: Node) -> tuple[LinearMap, ...]:
    """[x; y]˙ = E₁ᵀ ẋ + E₂ᵀ ẏ, with selectors E"""
    maps: list[LinearMap] = []
    offset: sp.Expr = sp.S.Zero
    for part in N.operands_of(node):
        maps.append(Sandwich(transpose(Selector(part.shape[0], offset, node.shape[0])), None, part.shape))
        offset = offset + part.shape[0]
    return tuple(maps)


def _softmax(node: Node, ans: Node) -> tuple[LinearMap, ...]:
    """p = softmax(o):  ṗ = (diag(p) − p pᵀ) ȯ"""
    _only_columns(node)
    return (SumOfMaps((Scaling(ans, node.shape), Composition((Spread(negate(ans)), InnerWith(ans))))),)


def _cross_entropy(node: Node, ans: Node) -> tuple[LinearMap, ...]:
    """(−yᵀ log softmax(o))˙ = ⟨softmax(o) − y, ȯ⟩ for Σ y = 1, and ⟨−log softmax(o), ẏ⟩"""
    target, logits = N.operands_of(node)
    probabilities = N.Softmax(logits)
    return InnerWith(negate(apply(lookup("log"), probabilities))), InnerWith(probabilities - target)


def _opaque(node: Node, ans: Node) -> tuple[LinearMap, ...]:
    """L_t(h_t)˙ = ⟨∂⁺L_t/∂h_t, ḣ_t⟩"""
    assert isinstance(node, N.Opaque)
    return tuple(InnerWith(N.Immediate(node.value, argument)) for argument in node.operands)


def _sum(node: Node, ans: Node) -> tuple[LinearMap, ...]:
    """(Σ_t x_t)˙ = Σ_t ẋ_t"""
    assert isinstance(node, N.Sum)
    return (SumOver(*node.range, node.shape),)


def _guarded(node: Node, ans: Node) -> tuple[LinearMap, ...]:
    """([lo ≤ i ≤ hi] x)˙ = [lo ≤ i ≤ hi] ẋ"""
    assert isinstance(node, N.Guarded)
    return (Guarding(*node.bounds, node.shape),)


def _only_columns(node: Node) -> None:
    (body,) = N.operands_of(node)
    if body.shape[1] != 1:
        raise NotYetError(
            str(node),
            found=f"no differentiation rule: {body} is a row",
            write="columns; a notation turns them into rows",
        )


def _absent(why: str) -> Row:
    def row(node: Node, ans: Node) -> tuple[LinearMap, ...]:
        raise NotYetError(str(node), found=f"no differentiation rule: {why}", write="an expression without it")

    return row


RULES: Rules = MappingProxyType(
    {
        N.Add: _add,
        N.Hadamard: _hadamard,
        N.MatMul: _matmul,
        N.Scale: _scale,
        N.Transpose: _transpose,
        N.Power: _power,
        N.Apply: _apply,
        N.Diag: _diag,
        N.DiagonalOf: _diagonal_of,
        N.SquaredNorm: _squared_norm,
        N.Inner: _inner,
        N.Concat: _concat,
        N.Softmax: _softmax,
        N.CrossEntropy: _cross_entropy,
        N.Opaque: _opaque,
        N.Sum: _sum,
        N.Guarded: _guarded,
        N.Vec: _absent("vec stands only in the matrices of linear maps, which are results"),
        N.Kronecker: _absent("⊗ stands only in the matrices of linear maps, which are results"),
        N.BlockMatrix: _absent("block matrices stand only in step Jacobians, which are results"),
        N.MatPower: _absent("matrix powers stand only in closed forms, which are results"),
        N.Product: _absent("ordered products stand only in results; differentiate the recurrence they come from"),
    }
)
"""One row per operation; `adjoint(p, rules=RULES)` takes it as an argument."""
