"""Linear maps as they are written: what apply, transpose and matrix print, and the forms kept simple."""

from __future__ import annotations

from typing import ClassVar

import pytest
import sympy as sp

from symrnn.algebra.nodes import (
    Adjoint,
    Commutation,
    Diag,
    Eye,
    Guarded,
    Hadamard,
    MatMul,
    Node,
    Number,
    Ones,
    Parameter,
    Selector,
    Signal,
    T,
    Transpose,
    Zeros,
    m,
    n,
    t,
)
from symrnn.calculus.maps import (
    Broadcast,
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
    diagonal_of,
    same,
    vec,
)

h, g, x = Signal("h", (n, 1), t), Signal("g", (n, 1), t), Signal("x", (m, 1), t)
W, V, U = Parameter("W", (n, n)), Parameter("V", (n, n)), Parameter("U", (n, m))
s = Parameter("s", (1, 1))
COLUMN, ONE = (n, sp.S.One), sp.S.One


MATRICES: dict[str, tuple[LinearMap, str]] = {
    "W v": (Sandwich(W, None, COLUMN), "W"),
    "A X B is Bᵀ ⊗ A": (Sandwich(W, V, (n, n)), "Vᵀ ⊗ W"),
    "A X is I ⊗ A": (Sandwich(W, None, (n, n)), "I ⊗ W"),
    "X b is bᵀ ⊗ I": (Sandwich(None, h, (n, n)), "h_tᵀ ⊗ I"),
    "X of a column": (same(COLUMN), "I"),
    "w ⊙ v": (Scaling(h, COLUMN), "diag(h_t)"),
    "s v": (Scaling(s, COLUMN), "s I"),
    "w ⊙ X": (Scaling(W, (n, n)), "diag(vec(W))"),
    "Xᵀ": (Transposition((n, m)), str(Commutation(n, m))),
    "vᵀ": (Transposition(COLUMN), "I"),
    "s A": (Spread(h), "h_t"),
    "⟨A, v⟩": (InnerWith(h), "h_tᵀ"),
    "⟨A, X⟩": (InnerWith(W), "vec(W)ᵀ"),
    "a sum": (SumOfMaps((Sandwich(W, None, COLUMN), Scaling(h, COLUMN))), "W + diag(h_t)"),
    "a composition": (Composition((Scaling(h, COLUMN), Sandwich(W, None, COLUMN))), "diag(h_t) W"),
    "softmax": (
        SumOfMaps((Scaling(h, COLUMN), Composition((Spread(-h), InnerWith(h))))),
        "diag(h_t) - h_t h_tᵀ",
    ),
}


@pytest.mark.parametrize("case", MATRICES)
def test_matrices_on_column_major_vec(case: str) -> None:
    """vec(A X B) = (Bᵀ ⊗ A) vec(X); of columns simply the matrix."""
    local, expected = MATRICES[case]
    assert str(local.matrix()) == expected


class TestTransposes:
    """Lᵀ of each kind, by name."""

    PAIRS: ClassVar[dict[str, tuple[LinearMap, LinearMap]]] = {
        "sandwich": (Sandwich(W, U, (n, n)), Sandwich(Transpose(W), Transpose(U), (n, m))),
        "one side": (Sandwich(U, None, (m, ONE)), Sandwich(Transpose(U), None, COLUMN)),
        "transposition": (Transposition((n, m)), Transposition((m, n))),
        "spread and inner product": (Spread(W), InnerWith(W)),
        "embedding and diagonal": (Embed(n), TakeDiagonal(n)),
        "sum and broadcast": (SumOver(t, ONE, T, COLUMN), Broadcast(t, ONE, T, COLUMN)),
        "guard": (Guarding(ONE, t, T, COLUMN), Guarding(ONE, t, T, COLUMN)),
    }

    @pytest.mark.parametrize("case", PAIRS)
    def test_each_is_the_others_transpose(self, case: str) -> None:
        """Both ways."""
        local, transposed = self.PAIRS[case]
        assert local.transpose() == transposed
        assert transposed.transpose() == local

    def test_a_composition_is_reversed(self) -> None:
        """(L₁ L₂)ᵀ = L₂ᵀ L₁ᵀ."""
        first, second = Sandwich(W, None, COLUMN), Spread(h)
        assert Composition((first, second)).transpose() == Composition((InnerWith(h), first.transpose()))


class TestWriting:
    """The order of writing follows the textbook, in both directions."""

    def test_outer_factors_stand_first_backwards(self) -> None:
        """c̄ = o ⊙ (1 - tanh²(c)) ⊙ h̄: the weight met later stands behind those found."""
        outer, inner = Scaling(g, COLUMN), Scaling(1 - h**2, COLUMN)
        cotangent = Adjoint(h)
        share = inner.transpose().apply(outer.transpose().apply(cotangent))
        assert str(share) == "g_t ⊙ (1 - h_t²) ⊙ h̄_t"

    def test_outer_factors_stand_first_forwards(self) -> None:
        """ḣ = o ⊙ (1 - tanh²(c)) ⊙ ċ."""
        outer, inner = Scaling(g, COLUMN), Scaling(1 - h**2, COLUMN)
        assert str(outer.apply(inner.apply(h))) == "g_t ⊙ (1 - h_t²) ⊙ h_t"

    def test_identities_leave_no_trace(self) -> None:
        """X ↦ X returns X itself."""
        assert same(COLUMN).apply(h) is h
        assert Sandwich(None, None, COLUMN).transpose().apply(h) is h

    def test_a_scalar_weight_scales(self) -> None:
        """Before vectors it is no ⊙."""
        assert str(Scaling(s, COLUMN).apply(h)) == "s h_t"
        assert str(Scaling(s, (ONE, ONE)).apply(s)) == "s s"


class TestDiagonals:
    """The diagonal of a square matrix, without forming it where that can be."""

    PAIRS: ClassVar[dict[str, tuple[Node, Node]]] = {
        "u vᵀ": (MatMul(h, Transpose(g)), Hadamard(h, g)),
        "W u vᵀ": (MatMul(W, h, Transpose(g)), Hadamard(MatMul(W, h), g)),
        "u vᵀ W": (MatMul(h, Transpose(g), W), Hadamard(h, MatMul(Transpose(W), g))),
        "diag(v)": (Diag(h), h),
        "a sum": (MatMul(h, Transpose(g)) + Diag(h), Hadamard(h, g) + h),
        "2 u vᵀ": (2 * MatMul(h, Transpose(g)), 2 * Hadamard(h, g)),
        "0": (Zeros(n, n), Zeros(n, 1)),
        "a guarded share": (Guarded(Diag(h), 1, t, T), Guarded(h, 1, t, T)),
        "a number": (s, s),
    }

    @pytest.mark.parametrize("case", PAIRS)
    def test_of_what(self, case: str) -> None:
        """Of u vᵀ it is u ⊙ v."""
        node, expected = self.PAIRS[case]
        assert diagonal_of(node) == expected

    def test_of_a_parameter_it_stays(self) -> None:
        """Nothing is known of its entries."""
        assert diagonal_of(W).shape == COLUMN
        assert diagonal_of(Eye(n)) == Ones(n, 1) or diagonal_of(Eye(n)).shape == COLUMN


def test_vec_of_a_column_is_the_column() -> None:
    """Only matrices need it."""
    assert vec(h) is h
    assert vec(U).shape == (n * m, 1)
    assert vec(Number(2)) == Number(2)


def test_a_selector_picks_and_its_transpose_puts_back() -> None:
    """What concatenation is made of."""
    pick = Sandwich(Selector(m, n, n + m), None, (n + m, ONE))
    assert pick.matrix().shape == (m, n + m)
    assert pick.transpose().apply(x).shape == (n + m, 1)
