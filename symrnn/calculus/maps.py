"""Linear maps: each answers three questions, and these are the three modes of the library.

`apply` is the tangent, `transpose().apply` the adjoint, `matrix()` the local Jacobian (on column-major vec; on a
column vector simply the matrix). The set is closed under transposition, sums and composition.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import sympy as sp

from symrnn.algebra.nodes import (
    Commutation,
    Embedding,
    Eye,
    Hadamard,
    Kronecker,
    Node,
    Scale,
    Shape,
    Vec,
    add,
    diag,
    guard,
    hadamard,
    inner,
    matmul,
    scale,
    total,
    transpose,
)
from symrnn.algebra.nodes import Diag as DiagNode
from symrnn.algebra.nodes import DiagonalOf as DiagonalOfNode


class LinearMap(ABC):
    """X ↦ L(X)."""

    @abstractmethod
    def apply(self, operand: Node) -> Node:
        """L(X)."""

    @abstractmethod
    def transpose(self) -> LinearMap:
        """Lᵀ, with ⟨u, L v⟩ = ⟨Lᵀ u, v⟩."""

    @abstractmethod
    def matrix(self) -> Node:
        """The matrix of L: vec(L(X)) = M vec(X)."""


def vec(node: Node) -> Node:
    """vec(X); of a column X itself."""
    return node if node.shape[1] == 1 else Vec(node)


@dataclass(frozen=True)
class Sandwich(LinearMap):
    """X ↦ A X B. A side that is None is the identity of `size` (left, right) rows."""

    left: Node | None
    right: Node | None
    source: Shape

    def apply(self, operand: Node) -> Node:
        factors = [factor for factor in (self.left, operand, self.right) if factor is not None]
        return operand if len(factors) == 1 else matmul(*factors)

    def transpose(self) -> Sandwich:
        left = None if self.left is None else transpose(self.left)
        right = None if self.right is None else transpose(self.right)
        rows = self.source[0] if self.left is None else self.left.shape[0]
        cols = self.source[1] if self.right is None else self.right.shape[1]
        return Sandwich(left, right, (rows, cols))

    def matrix(self) -> Node:
        left = Eye(self.source[0]) if self.left is None else self.left
        if self.right is None and self.source[1] == 1:
            return left
        right = Eye(self.source[1]) if self.right is None else transpose(self.right)
        return left if right.shape == (1, 1) and isinstance(right, Eye) else Kronecker(right, left)


def same(shape: Shape) -> Sandwich:
    """X ↦ X."""
    return Sandwich(None, None, shape)


@dataclass(frozen=True)
class Scaling(LinearMap):
    """X ↦ w ∘ X, entry by entry; a scalar w multiplies every entry. Its own transpose.

    The order of writing follows the textbook: `c̄ = o ⊙ (1 − tanh²(c)) ⊙ h̄`, outer factors first in both directions.
    So the transposed map (`inward`), which meets outer factors first, writes its weight behind those it finds.
    """

    weight: Node
    shape: Shape
    inward: bool = False

    def apply(self, operand: Node) -> Node:
        if self.weight.is_scalar_shaped and not (self.shape[0] == 1 and self.shape[1] == 1):
            return scale(self.weight, operand)
        if self.inward and isinstance(operand, Hadamard):
            return hadamard(*operand.operands[:-1], self.weight, operand.operands[-1])
        return hadamard(self.weight, operand)

    def transpose(self) -> Scaling:
        return Scaling(self.weight, self.shape, not self.inward)

    def matrix(self) -> Node:
        if self.weight.is_scalar_shaped:
            size = self.shape[0] * self.shape[1]
            return self.weight if size == 1 else scale(self.weight, Eye(size))
        return diag(vec(self.weight))


@dataclass(frozen=True)
class Transposition(LinearMap):
    """X ↦ Xᵀ."""

    source: Shape

    def apply(self, operand: Node) -> Node:
        return transpose(operand)

    def transpose(self) -> Transposition:
        return Transposition((self.source[1], self.source[0]))

    def matrix(self) -> Node:
        return Eye(self.source[0] * self.source[1]) if 1 in self.source else Commutation(*self.source)


@dataclass(frozen=True)
class Spread(LinearMap):
    """s ↦ s A, from a scalar to a matrix; the transpose of the inner product."""

    along: Node

    def apply(self, operand: Node) -> Node:
        return scale(operand, self.along)

    def transpose(self) -> InnerWith:
        return InnerWith(self.along)

    def matrix(self) -> Node:
        return vec(self.along)


@dataclass(frozen=True)
class InnerWith(LinearMap):
    """X ↦ ⟨A, X⟩."""

    along: Node

    def apply(self, operand: Node) -> Node:
        return inner(self.along, operand)

    def transpose(self) -> Spread:
        return Spread(self.along)

    def matrix(self) -> Node:
        return transpose(vec(self.along))


@dataclass(frozen=True)
class Embed(LinearMap):
    """v ↦ diag(v)."""

    rows: sp.Expr

    def apply(self, operand: Node) -> Node:
        return diag(operand)

    def transpose(self) -> TakeDiagonal:
        return TakeDiagonal(self.rows)

    def matrix(self) -> Node:
        return Embedding(self.rows)


@dataclass(frozen=True)
class TakeDiagonal(LinearMap):
    """X ↦ the diagonal of X, as a vector; of an outer product u vᵀ it is u ∘ v."""

    rows: sp.Expr

    def apply(self, operand: Node) -> Node:
        return diagonal_of(operand)

    def transpose(self) -> Embed:
        return Embed(self.rows)

    def matrix(self) -> Node:
        return transpose(Embedding(self.rows))


def diagonal_of(node: Node) -> Node:
    """The diagonal of a square matrix, as a vector; of u vᵀ it is u ∘ v."""
    from symrnn.algebra.nodes import Add, Guarded, MatMul, Number, Zeros, zeros

    if node.is_scalar_shaped:
        return node
    if isinstance(node, Zeros):
        return zeros((node.shape[0], sp.S.One))
    if isinstance(node, DiagNode):
        return node.operands[0]
    if isinstance(node, Add):
        return add(*(diagonal_of(term) for term in node.operands))
    if isinstance(node, Scale) and isinstance(node.operands[0], Number):
        return scale(node.operands[0], diagonal_of(node.operands[1]))
    if isinstance(node, Guarded):
        return node.with_operands((diagonal_of(node.operands[0]),))
    if isinstance(node, MatMul):
        split = next((i for i, factor in enumerate(node.operands) if factor.shape[1] == 1), None)
        if split is not None:
            column, row = matmul(*node.operands[: split + 1]), matmul(*node.operands[split + 1 :])
            return hadamard(column, transpose(row))
    return DiagonalOfNode(node)


@dataclass(frozen=True)
class SumOver(LinearMap):
    """x ↦ Σ_{index=lo}^{hi} x_index. Its matrix is that of one summand."""

    index: sp.Symbol
    lo: sp.Expr
    hi: sp.Expr
    shape: Shape

    def apply(self, operand: Node) -> Node:
        return total(operand, self.index, self.lo, self.hi)

    def transpose(self) -> Broadcast:
        return Broadcast(self.index, self.lo, self.hi, self.shape)

    def matrix(self) -> Node:
        return Eye(self.shape[0] * self.shape[1])


@dataclass(frozen=True)
class Broadcast(LinearMap):
    """x ↦ x at every index lo..hi: the transpose of the sum."""

    index: sp.Symbol
    lo: sp.Expr
    hi: sp.Expr
    shape: Shape

    def apply(self, operand: Node) -> Node:
        return operand

    def transpose(self) -> SumOver:
        return SumOver(self.index, self.lo, self.hi, self.shape)

    def matrix(self) -> Node:
        return Eye(self.shape[0] * self.shape[1])


@dataclass(frozen=True)
class Guarding(LinearMap):
    """X ↦ X where lo ≤ index ≤ hi, else nothing. Its own transpose."""

    lo: sp.Expr
    index: sp.Expr
    hi: sp.Expr
    shape: Shape

    def apply(self, operand: Node) -> Node:
        return guard(operand, self.lo, self.index, self.hi)

    def transpose(self) -> Guarding:
        return self

    def matrix(self) -> Node:
        return guard(Eye(self.shape[0] * self.shape[1]), self.lo, self.index, self.hi)


@dataclass(frozen=True)
class SumOfMaps(LinearMap):
    """X ↦ L₁(X) + L₂(X) + …"""

    maps: tuple[LinearMap, ...]

    def apply(self, operand: Node) -> Node:
        return add(*(part.apply(operand) for part in self.maps))

    def transpose(self) -> SumOfMaps:
        return SumOfMaps(tuple(part.transpose() for part in self.maps))

    def matrix(self) -> Node:
        return add(*(part.matrix() for part in self.maps))


@dataclass(frozen=True)
class Composition(LinearMap):
    """X ↦ L₁(L₂(… X)): the last map acts first."""

    maps: tuple[LinearMap, ...]

    def apply(self, operand: Node) -> Node:
        for part in reversed(self.maps):
            operand = part.apply(operand)
        return operand

    def transpose(self) -> Composition:
        return Composition(tuple(part.transpose() for part in reversed(self.maps)))

    def matrix(self) -> Node:
        return multiplied(*(part.matrix() for part in self.maps))


def multiplied(*factors: Node) -> Node:
    """A B …, with the scalars of factors in front: (αI) A (βB) is α β A B."""
    scalars = [factor.operands[0] for factor in factors if isinstance(factor, Scale)]
    product = matmul(*(factor.operands[1] if isinstance(factor, Scale) else factor for factor in factors))
    return scale(hadamard(*scalars), product) if scalars else product
