"""Nodes: strict shapes, errors in three parts, order kept, and the little the verbs simplify."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import (
    Add,
    Adjoint,
    Apply,
    Block,
    BlockMatrix,
    Commutation,
    Concat,
    CrossEntropy,
    Diag,
    DiagonalOf,
    Embedding,
    Eye,
    Guarded,
    Hadamard,
    Immediate,
    Inner,
    Kronecker,
    MatMul,
    Node,
    Number,
    Ones,
    Parameter,
    Power,
    Product,
    Scale,
    Selector,
    Signal,
    Softmax,
    SquaredNorm,
    Sum,
    T,
    Tangent,
    Transpose,
    Vec,
    Zeros,
    add,
    diag,
    gathered,
    guard,
    hadamard,
    inner,
    m,
    matmul,
    n,
    names_in,
    negate,
    power,
    scale,
    slope,
    subexpressions,
    substitute,
    t,
    total,
    transpose,
    zeros,
)
from symrnn.errors import InputError, ShapeError, SymrnnError

h, g, x = Signal("h", (n, 1), t), Signal("g", (n, 1), t), Signal("x", (m, 1), t)
W, V, U = Parameter("W", (n, n)), Parameter("V", (n, n)), Parameter("U", (n, m))
s = Parameter("s", (1, 1))
D = Parameter("D", (n, n), "diagonal")


def parts(error: SymrnnError) -> tuple[str, str, str]:
    """What was written, what was found, what to write."""
    return error.wrote, error.found, error.write


class TestShapes:
    """A constructor either returns a node whose operands fit or raises `ShapeError` with both shapes."""

    SHAPES: ClassVar[dict[Node, tuple[Any, Any]]] = {
        h: (n, 1),
        W @ h: (n, 1),
        h.T @ W: (1, n),
        h @ x.T: (n, m),
        h.T @ h: (1, 1),
        Concat(h, x): (n + m, 1),
        Concat(W, U.T @ U @ Parameter("R", (m, n))): (n + m, n),
        Diag(h): (n, n),
        DiagonalOf(W): (n, 1),
        Vec(U): (n * m, 1),
        Kronecker(U, W): (n**2, m * n),
        Commutation(n, m): (n * m, n * m),
        Embedding(n): (n**2, n),
        Selector(n, m, n + m): (n, n + m),
        SquaredNorm(W): (1, 1),
        Inner(W, V): (1, 1),
        Softmax(h): (n, 1),
        CrossEntropy(h, g): (1, 1),
        Sum(h, t, 1, T): (n, 1),
        Product(W, t, T, 1): (n, n),
        Guarded(h, 1, t, T): (n, 1),
        BlockMatrix(2, W, U, U.T, Parameter("M", (m, m))): (n + m, n + m),
        Adjoint(U): (n, m),
        Tangent(U): (n, m),
        Immediate(Signal("L", (1, 1)), h): (n, 1),
        Block(h, x): (n, m),
        Apply("tanh", U): (n, m),
        Power(U, 2): (n, m),
        Eye(n): (n, n),
        Number(3): (1, 1),
    }

    @pytest.mark.parametrize("node", SHAPES, ids=str)
    def test_a_node_knows_its_shape(self, node: Node) -> None:
        """(rows, columns), with symbols for sizes."""
        assert node.shape == self.SHAPES[node]

    WRONG: ClassVar[dict[str, tuple[Callable[[], Node], str]]] = {
        "(n,1)·(n,n) while n is a symbol": (lambda: MatMul(h, W), "inner sizes 1 and n differ"),
        "a square matrix and an input": (lambda: MatMul(W, x), "inner sizes n and m differ"),
        "inside a longer product": (lambda: MatMul(W, V, x), "V is (n, n) and x_t is (m, 1)"),
        "numbers": (lambda: MatMul(Parameter("A", (2, 3)), Parameter("B", (2, 3))), "inner sizes 3 and 2 differ"),
        "a sum": (lambda: Add(h, x), "h_t is (n, 1) and x_t is (m, 1)"),
        "a sum with a matrix": (lambda: Add(h, W), "W is (n, n)"),
        "⊙": (lambda: Hadamard(h, x), "h_t is (n, 1) and x_t is (m, 1)"),
        "⊙ of a matrix and a vector": (lambda: W * h, "h_t is (n, 1)"),
        "a row beside a column": (lambda: Add(h, h.T), "(1, n)"),
        "a scalar in front that is none": (lambda: Scale(h, h), "no scalar"),
        "diag of a matrix": (lambda: Diag(W), "W is (n, n)"),
        "the diagonal of a vector": (lambda: DiagonalOf(h), "h_t is (n, 1)"),
        "an inner product": (lambda: Inner(h, x), "x_t is (m, 1)"),
        "softmax of a matrix": (lambda: Softmax(W), "W is (n, n)"),
        "target and logits": (lambda: CrossEntropy(h, x), "x_t is (m, 1)"),
        "a stack": (lambda: Concat(h, W), "1 and n columns"),
        "a product over steps": (lambda: Product(h, t, T, 1), "(n, 1)"),
        "a diagonal matrix": (lambda: Parameter("D", (n, m), "diagonal"), "(n, m)"),
        "size 0": (lambda: Signal("h", (0, 1), t), "no positive whole number"),
        "size 3/2": (lambda: Signal("h", (sp.Rational(3, 2), 1), t), "no positive whole number"),
        "a negative size": (lambda: Zeros(-1, 1), "no positive whole number"),
    }

    @pytest.mark.parametrize("case", WRONG)
    def test_what_does_not_fit_is_refused_with_both_shapes(self, case: str) -> None:
        """What was written, the shapes found, and what to write."""
        build, found = self.WRONG[case]
        with pytest.raises(ShapeError) as caught:
            build()
        assert found in caught.value.found
        assert all(parts(caught.value))

    def test_a_product_the_wrong_way_round_names_the_right_one(self) -> None:
        """`x_t W` where `W x_t` is meant."""
        with pytest.raises(ShapeError) as caught:
            h @ W
        assert parts(caught.value) == (
            "h_t W",
            "h_t is (n, 1) and W is (n, n): inner sizes 1 and n differ",
            "a product whose inner sizes agree, such as W h_t",
        )

    def test_two_symbols_are_two_sizes(self) -> None:
        """n and m may turn out equal; while they are symbols they are not."""
        with pytest.raises(ShapeError):
            W @ x
        assert substitute(x, {m: n}).shape == (n, 1)


class TestNumbers:
    """Numbers are exact and finite: binary floats enter only where an array does."""

    @pytest.mark.parametrize("value", [0.5, sp.Float(1), sp.nan, sp.oo, -sp.oo, sp.zoo, float("nan"), float("inf")])
    def test_floats_and_infinities_are_refused(self, value: Any) -> None:
        """0.5 is written 1/2."""
        with pytest.raises(InputError, match="not exact and finite"):
            Number(value)

    def test_a_float_beside_a_node_is_refused(self) -> None:
        """Also through the operators."""
        for spoil in (lambda: h * 0.1, lambda: 0.1 * h, lambda: h + 0.5, lambda: h / 0):
            with pytest.raises(InputError):
                spoil()

    def test_text_is_never_parsed(self) -> None:
        """SymPy's strict sympify takes no strings."""
        for spoil in (lambda: Number("1/2"), lambda: h + "x", lambda: Signal("h", ("n", 1), t)):
            with pytest.raises((sp.SympifyError, InputError)):
                spoil()

    def test_numbers_may_be_expressions_of_sizes(self) -> None:
        """1/n is the divisor of a mean."""
        assert substitute(Number(1 / n), {n: sp.Integer(4)}) == Number(sp.Rational(1, 4))


class TestOrder:
    """Nothing reorders: operands stay as written."""

    @pytest.mark.parametrize("build", [Add, Hadamard])
    def test_operands_stay_in_order(self, build: Callable[..., Node]) -> None:
        """SymPy's own classes would sort them."""
        assert build(h, g).operands == (h, g)  # type: ignore[attr-defined]  # an operation
        assert build(g, h).operands == (g, h)  # type: ignore[attr-defined]  # an operation
        assert build(h, g) != build(g, h)

    def test_sums_and_products_are_flattened_in_order(self) -> None:
        """(a + b) + c and a + (b + c) are a + b + c."""
        a, b, c = h, g, Signal("c", (n, 1), t)
        assert (a + b) + c == a + (b + c) == Add(a, b, c)
        assert (a * b) * c == a * (b * c) == Hadamard(a, b, c)
        assert (W @ V) @ h == W @ (V @ h) == MatMul(W, V, h)

    def test_an_equal_summand_stays(self) -> None:
        """h + h is no 2 h unless someone says so."""
        assert str(h + h) == "h_t + h_t"

    def test_nodes_are_equal_by_structure(self) -> None:
        """And hash alike."""
        assert Signal("h", (n, 1), t - 1) == h.at(t - 1)
        assert hash(Signal("h", (n, 1), t - 1)) == hash(h.at(t - 1))
        assert Parameter("h", (n, 1)) != Signal("h", (n, 1))
        assert Adjoint(h) != Tangent(h)


class TestVerbs:
    """The light simplification: no zeros, ones or identities, numbers in front."""

    PAIRS: ClassVar[dict[str, tuple[Node, Node]]] = {
        "0 + x": (add(Zeros(n, 1), h), h),
        "0 + 0": (add(Zeros(n, 1), Zeros(n, 1)), Zeros(n, 1)),
        "1 + 2": (Number(1) + Number(2), Number(3)),
        "--x": (negate(negate(h)), h),
        "2 (3 x)": (scale(Number(2), scale(Number(3), h)), Scale(Number(6), h)),
        "1 x": (scale(Number(1), h), h),
        "0 x": (scale(Number(0), h), Zeros(n, 1)),
        "s (2 x)": (scale(s, scale(Number(2), h)), Scale(Number(2), Scale(s, h))),
        "1 ⊙ x": (hadamard(Ones(n, 1), h), h),
        "1 ⊙ 1": (hadamard(Ones(n, 1), Ones(n, 1)), Ones(n, 1)),
        "0 ⊙ x": (hadamard(Zeros(n, 1), h), Zeros(n, 1)),
        "(-x) ⊙ y": (hadamard(-h, g), Scale(Number(-1), Hadamard(h, g))),
        "I W": (matmul(Eye(n), W, h), MatMul(W, h)),
        "I I": (matmul(Eye(n), Eye(n)), Eye(n)),
        "W 0": (matmul(W, Zeros(n, 1)), Zeros(n, 1)),
        "W (2 x)": (matmul(W, 2 * h), Scale(Number(2), MatMul(W, h))),
        "diag(x) diag(y)": (matmul(Diag(h), Diag(g)), Diag(Hadamard(h, g))),
        "diag(x) y": (matmul(Diag(h), g), Hadamard(h, g)),
        "1×1 matrices": (matmul(s, s), Hadamard(s, s)),
        "diag(1)": (diag(Ones(n, 1)), Eye(n)),
        "diag(0)": (diag(Zeros(n, 1)), Zeros(n, n)),
        "diag(-x)": (diag(-h), Scale(Number(-1), Diag(h))),
        "diag of a scalar": (diag(s), s),
        "x^1": (power(h, 1), h),
        "x^0": (power(h, 0), Ones(n, 1)),
        "(2/3)^2": (power(Number(sp.Rational(2, 3)), 2), Number(sp.Rational(4, 9))),
        "id(x)": (N.apply(lookup("identity"), h), h),
        "⟨s, r⟩": (inner(s, Number(2)), Scale(Number(2), s)),
        "⟨x, 0⟩": (inner(h, Zeros(n, 1)), Number(0)),
        "Σ 0": (total(Zeros(n, 1), t, 1, T), Zeros(n, 1)),
        "zeros((1, 1))": (zeros((sp.S.One, sp.S.One)), Number(0)),
        "x - x stays": (h - h, Add(h, Scale(Number(-1), h))),
        "2 - x": (2 - h, Add(Scale(Number(2), Ones(n, 1)), Scale(Number(-1), h))),
        "x / 2": (h / 2, Scale(Number(sp.Rational(1, 2)), h)),
        "x / y": (h / g, Hadamard(h, Power(g, -1))),
    }

    @pytest.mark.parametrize("case", PAIRS)
    def test_what_is_written_for_what(self, case: str) -> None:
        """One form for what a lecturer would not tell apart."""
        written, expected = self.PAIRS[case]
        assert written == expected

    TRANSPOSES: ClassVar[dict[str, tuple[Node, Node]]] = {
        "(Xᵀ)ᵀ": (W.T.T, W),
        "(A B)ᵀ": (transpose(W @ U), MatMul(Transpose(U), Transpose(W))),
        "(W h)ᵀ": (transpose(W @ h), MatMul(Transpose(h), Transpose(W))),
        "diag(v)ᵀ": (transpose(Diag(h)), Diag(h)),
        "Dᵀ": (transpose(D), D),
        "Iᵀ": (transpose(Eye(n)), Eye(n)),
        "0ᵀ": (transpose(Zeros(n, m)), Zeros(m, n)),
        "(s X)ᵀ": (transpose(Scale(s, U)), Scale(s, Transpose(U))),
        "(X + Y)ᵀ stays": (transpose(W + V), Transpose(Add(W, V))),
        "((X + Y)ᵀ)ᵀ": (transpose(transpose(W + V)), Add(W, V)),
        "(Xᵀ + Yᵀ)ᵀ": (transpose(Add(Transpose(W), Transpose(V))), Add(W, V)),
        "(A ⊗ B)ᵀ": (transpose(Kronecker(U, W)), Kronecker(Transpose(U), Transpose(W))),
        "a guarded share": (transpose(Guarded(h, 1, t, T)), Guarded(Transpose(h), 1, t, T)),
        "sᵀ": (transpose(s), s),
    }

    @pytest.mark.parametrize("case", TRANSPOSES)
    def test_transposes_go_inwards(self, case: str) -> None:
        """(AB)ᵀ = BᵀAᵀ and the like."""
        written, expected = self.TRANSPOSES[case]
        assert written == expected

    def test_common_factors_are_taken_out(self) -> None:
        """u ⊙ w + v ⊙ w = (u + v) ⊙ w, the negative part last; what has nothing in common stays."""
        u, v, w = (Signal(name, (n, 1), t) for name in "uvw")
        assert str(gathered((-u * w, v * w))) == "(v_t - u_t) ⊙ w_t"
        assert str(gathered((Diag(u), Diag(v)))) == "diag(u_t + v_t)"
        assert gathered((u * w, v)) == Add(Hadamard(u, w), v)
        assert gathered((u * w,)) == u * w


class TestOperators:
    """`*` is the product by a scalar, else ⊙; `@` the matrix product; `**` the entrywise power."""

    TEXTS: ClassVar[dict[str, Node]] = {
        "h_t ⊙ g_t": h * g,
        "s h_t": s * h,
        "2 h_t": 2 * h,
        "-h_t": -h,
        "W h_t": W @ h,
        "h_tᵀ": h.T,
        "h_t²": h**2,
        "1 - h_t²": 1 - h**2,
        "h_t - g_t": h - g,
        "tanh(h_t)": Apply("tanh", h),
        "Σ_{t=1}^{T} h_t": Sum(h, t, 1, T),
        "h̄_t": Adjoint(h),
        "ḣ_t": Tangent(h),
        "∂L/∂W": Adjoint(W),
        "∂h_t/∂x_t": Block(h, x),
    }

    @pytest.mark.parametrize("text", TEXTS)
    def test_how_they_show(self, text: str) -> None:
        """str of a node is what a user would type."""
        assert str(self.TEXTS[text]) == text

    def test_a_scalar_on_either_side_scales(self) -> None:
        """h s is s h."""
        assert h * s == s * h == Scale(s, h)


class TestGuards:
    """A share that exists only for some steps: decided at once where the bounds tell."""

    @pytest.mark.parametrize(
        ("bounds", "expected"),
        [
            ((1, 1, 3), h),
            ((1, 0, 3), Zeros(n, 1)),
            ((1, 4, 3), Zeros(n, 1)),
            ((-sp.oo, t, sp.oo), h),
            ((1, T, T), h),
            ((1, T + 1, T), Zeros(n, 1)),
            ((1, sp.Integer(0), T), Zeros(n, 1)),
            ((1, t, T), Guarded(h, 1, t, T)),
            ((-sp.oo, t + 1, T), Guarded(h, -sp.oo, t + 1, T)),
        ],
        ids=str,
    )
    def test_decided_where_the_bounds_tell(self, bounds: tuple[Any, Any, Any], expected: Node) -> None:
        """lo ≤ index ≤ hi, or nothing."""
        assert guard(h, *bounds) == expected

    def test_of_zero_it_is_zero(self) -> None:
        """Nothing to guard."""
        assert guard(Zeros(n, 1), 1, t, T) == Zeros(n, 1)

    def test_substitution_decides(self) -> None:
        """At t = T the share from step T + 1 goes, at t = 1 of 2 it comes."""
        share = Guarded(W.T @ Adjoint(h.at(t + 1)), -sp.oo, t + 1, T)
        assert substitute(share, {t: T}) == Zeros(n, 1)
        assert substitute(share, {t: sp.Integer(1), T: sp.Integer(2)}) == W.T @ Adjoint(h.at(2))


class TestSubstitution:
    """Names, sizes and indices replaced; shapes and guards follow, bound indices do not."""

    def test_sizes(self) -> None:
        """Shapes follow."""
        sized = substitute(Concat(h, x), {n: sp.Integer(3), m: sp.Integer(2)})
        assert sized.shape == (5, 1)
        assert all(name.shape in ((3, 1), (2, 1)) for name in names_in(sized))

    def test_names(self) -> None:
        """A name by an expression of its shape."""
        assert substitute(W @ h, {h: g * g}) == W @ (g * g)

    def test_the_index_of_a_sum_is_its_own(self) -> None:
        """Σ_t h_t does not move with t, its bounds do with T."""
        assert substitute(Sum(h, t, 1, T), {t: sp.Integer(3), T: sp.Integer(5)}) == Sum(h, t, 1, 5)
        assert substitute(Product(W, t, T, 1), {t: sp.Integer(3)}) == Product(W, t, T, 1)

    def test_nothing_to_replace_returns_the_node_itself(self) -> None:
        """Identity, not a copy."""
        node = W @ h + g
        assert substitute(node, {m: sp.Integer(2)}) is node

    def test_zero_spreads(self) -> None:
        """W 0 = 0, x ⊙ 0 = 0, x + 0 = x."""
        nothing = {g: Zeros(n, 1)}
        assert substitute(W @ g, nothing) == Zeros(n, 1)
        assert substitute(h * g, nothing) == Zeros(n, 1)
        assert substitute(h + g, nothing) == h

    def test_zero_spreads_through_everything_linear(self) -> None:
        """0ᵀ = 0, ⟨x, 0⟩ = 0, diag(0) = 0, diagonal(0) = 0, ‖0‖² = 0."""
        nothing = {g: Zeros(n, 1), V: Zeros(n, n)}
        assert substitute(Transpose(g), nothing) == Zeros(1, n)
        assert substitute(Inner(h, g), nothing) == Number(0)
        assert substitute(Diag(g), nothing) == Zeros(n, n)
        assert substitute(DiagonalOf(V), nothing) == Zeros(n, 1)
        assert substitute(SquaredNorm(g), nothing) == Number(0)


class TestTraversal:
    """Traversal stops at names."""

    def test_subexpressions_parents_first(self) -> None:
        """The node, then its operands from left to right."""
        assert [str(part) for part in subexpressions(W @ h + g)] == ["W h_t + g_t", "W h_t", "W", "h_t", "g_t"]

    def test_names_in_reading_order_each_once(self) -> None:
        """Of ∂⁺L_t/∂h_t only the name itself."""
        assert names_in(h * g + W @ h) == (h, g, W)
        given = Immediate(Signal("L", (1, 1), t), h)
        assert names_in(given * g) == (given, g)

    def test_operands_are_nodes_only(self) -> None:
        """The index and bounds of a sum, the exponent of a power, the name of an activation are none."""
        for node in (Sum(h, t, 1, T), Power(h, 2), Apply("tanh", h), Guarded(h, 1, t, T), Product(W, t, T, 1)):
            assert len(node.operands) == 1
            assert node.with_operands(node.operands) == node

    @pytest.mark.parametrize("node", [MatMul(W, h), Add(h, g), Concat(h, x), BlockMatrix(2, W, V, W, V), Softmax(h)])
    def test_a_node_is_rebuilt_from_its_arguments(self, node: Node) -> None:
        """As SymPy's xreplace does."""
        assert node.func(*node.args) == node


class TestSlopes:
    """f' through the output wherever the row allows it."""

    TEXTS: ClassVar[dict[Any, Any]] = {
        "tanh": "1 - h_t²",
        "sigmoid": "h_t ⊙ (1 - h_t)",
        "relu": "step(h_t)",
        "exp": "h_t",
        "sin": "cos(a_t)",
        "f": "f'(a_t)",
        "f'": "f''(a_t)",
    }

    @pytest.mark.parametrize("name", TEXTS)
    def test_through_the_output(self, name: str) -> None:
        """1 - h_t², not 1 - tanh²(a_t)."""
        a = Signal("a", (n, 1), t)
        node = Apply(name, a)
        assert str(slope(node, h)) == self.TEXTS[name]

    def test_the_identity_has_slope_one(self) -> None:
        """In every entry."""
        assert slope(Apply("identity", h), h) == Ones(n, 1)


def test_exponents_are_exact_numbers() -> None:
    """x^0.5 and x^x are no powers: the exponent is an exact number."""
    for exponent in (0.5, sp.nan, sp.oo, h):
        with pytest.raises((SymrnnError, TypeError, sp.SympifyError)):
            Power(h, exponent)


def test_block_matrices_are_rectangles_of_fitting_blocks() -> None:
    """Shapes are strict here as everywhere."""
    for columns, blocks in ((2, (W, V, h)), (2, (W, h, x, V)), (2, (W, V, U, W))):
        with pytest.raises(ShapeError):
            BlockMatrix(columns, *blocks)


def test_a_parameter_is_full_or_diagonal() -> None:
    """Another structure is refused."""
    with pytest.raises(SymrnnError):
        Parameter("W", (n, n), "triangular")


class TestRefusals:
    """What no operation can be is refused in three parts, not met as an index error later."""

    @pytest.mark.parametrize(
        ("make", "found"),
        [
            (lambda: N.Selector(2, 5, 3), "rows that 3 rows do not have"),
            (lambda: N.Selector(2, -1, 3), "rows that 3 rows do not have"),
            (lambda: Signal("h", (-n, 1), t), "no positive whole number"),
            (lambda: Signal("h", (n, "1"), t), "no positive whole number"),
            (lambda: Signal("h", (n, sp.Rational(3, 2)), t), "no positive whole number"),
            (lambda: N.Add(), "without operands"),
            (lambda: N.Hadamard(), "without operands"),
            (lambda: N.MatMul(), "without operands"),
            (lambda: N.Concat(), "without operands"),
            (lambda: N.add(), "without operands"),
            (lambda: N.Apply("foo", Signal("h", (n, 1), t)), "'foo' is not an activation"),
        ],
    )
    def test_are_in_three_parts(self, make: Callable[[], Node], found: str) -> None:
        """Out of range, negative, no operands, no such activation."""
        with pytest.raises(SymrnnError, match=found) as caught:
            make()
        assert caught.value.wrote and caught.value.write
