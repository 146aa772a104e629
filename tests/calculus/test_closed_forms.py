"""Closed forms held against the unrolled Program, against recurrences written by hand, and against W**k."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symrnn.algebra.nodes import (
    Adjoint,
    Apply,
    Block,
    Eye,
    MatPower,
    Number,
    Parameter,
    Signal,
    T,
    mat_power,
    n,
    scale,
    substitute,
    t,
)
from symrnn.algebra.printing import to_latex, to_text
from symrnn.algebra.programs import Equation, Program, substitute_program
from symrnn.algebra.reading.roles import parse_cell
from symrnn.algebra.substitution import without
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.closed_forms import closed_forms_of, scalar_closed_forms
from symrnn.calculus.direct_paths import direct_paths_of
from symrnn.calculus.identities import ClosedForm, NoClosedForm, vanishes
from symrnn.calculus.jacobians import jacobian
from symrnn.calculus.matrix_powers import power_cases, power_entries
from symrnn.calculus.recurrences import affine
from symrnn.calculus.unrolling import unroll
from symrnn.calculus.valuation import matrix_of, run, scalar_of
from symrnn.cells import gru, lstm, rnn
from symrnn.errors import InputError, NeverError, NotYetError, ShapeError, TimeError
from symrnn.models.losses import with_loss

R = sp.Rational
K = sp.Symbol("k", integer=True, nonnegative=True)
WEIGHTS = [R(1, 2), R(0), R(1), R(-1), R(-3, 2), R(7, 3)]
SPANS = [(1, 0), (1, 1), (2, 0), (2, 1), (4, 0), (4, 4), (5, 2)]

LINEAR = "h_t = W_h h_{t-1} + W_x x_t + b"
SCALAR = "h_t = w h_{t-1} + u x_t + b\nw: 1×1"


def linear(size: int | None = None, loss: str = "") -> Program:
    program = parse_cell(LINEAR)
    if loss:
        program = with_loss(program, at=loss)
    return program if size is None else program.with_sizes(n=size, m=1)


def forms(program: Program, **options: object) -> list[ClosedForm]:
    return [form for form in closed_forms_of(program, **options) if isinstance(form, ClosedForm)]  # type: ignore[arg-type]


def named(program: Program, text: str, key: str = "", **options: object) -> ClosedForm:
    """The closed form of a quantity, by its print and the key of its reason."""
    found = [f for f in forms(program, **options) if str(f.of) == text and key in f.reason.key]
    assert found, [str(f) for f in forms(program, **options)]
    return found[0]


# --- powers of a matrix -------------------------------------------------------------------------------------

MATRICES = {
    "scalar": [[R(1, 2)]],
    "zero": [[0]],
    "nilpotent": [[3, -3], [3, -3]],
    "shift": [[0, 1], [0, 0]],
    "nilpotent, order 3": [[0, 1, 5], [0, 0, 2], [0, 0, 0]],
    "defective": [[2, 1], [0, 2]],
    "defective, order 3": [[1, 1, 0], [0, 1, 1], [0, 0, 1]],
    "nilpotent beside regular": [[0, 1, 0], [0, 0, 0], [0, 0, 5]],
    "rotation": [[0, -1], [1, 0]],
    "complex pair": [[R(1, 2), -1], [R(1, 2), R(3, 2)]],
    "complex pair with a real root": [[1, -2, 0], [1, 3, 1], [0, 0, R(-1, 2)]],
    "defective complex pair": [[0, -1, 1, 0], [1, 0, 0, 1], [0, 0, 0, -1], [0, 0, 1, 0]],
    "irrational": [[1, 2], [3, 4]],
    "fibonacci": [[1, 1], [1, 0]],
    "minus one": [[-1, 0], [1, -1]],
    "diagonal": [[2, 0], [0, 0]],
    "square root in it": [[1, sp.sqrt(2)], [1, 1]],
}


@pytest.mark.parametrize("rows", MATRICES.values(), ids=MATRICES)
def test_power_entries_are_the_powers(rows: list[list[sp.Expr]]) -> None:
    matrix = sp.Matrix(rows)
    entries = power_entries(matrix, K)
    for k in range(7):
        difference = entries.subs(K, k) - matrix**k
        assert all(vanishes(entry) for entry in difference), k


def test_the_defective_block_reads_as_in_the_textbook() -> None:
    root = sp.Symbol("lambda", nonzero=True)
    assert power_entries(sp.Matrix([[root, 1], [0, root]]), K) == sp.Matrix(
        [[root**K, K * root ** (K - 1)], [0, root**K]]
    )


def test_zero_to_the_k_is_one_for_k_0_only() -> None:
    entries = power_entries(sp.Matrix([[0, 1], [0, 0]]), T - t)
    assert entries[0, 1] == sp.KroneckerDelta(T - t, 1)
    assert [entries.subs({T: 3, t: s}) for s in (3, 2, 1)] == [
        sp.eye(2),
        sp.Matrix([[0, 1], [0, 0]]),
        sp.zeros(2),
    ]


def test_a_complex_pair_is_real() -> None:
    entries = power_entries(sp.Matrix([[1, -2], [1, 3]]) / 2, K)
    assert not entries.has(sp.I)
    assert entries.has(sp.cos)


SYMBOLS = sp.symbols("a b c d")
CORNERS = [
    dict(zip(SYMBOLS, numbers, strict=True))
    for numbers in [
        (1, 2, 3, 4),
        (2, 1, 0, 2),
        (2, 0, 1, 2),
        (3, -3, 3, -3),
        (0, 1, 0, 0),
        (0, 0, 0, 0),
        (1, 1, -1, 3),
    ]
]


@pytest.mark.parametrize("numbers", CORNERS, ids=str)
def test_symbolic_two_by_two_is_right_wherever_the_symbols_lead(numbers: dict[sp.Symbol, int]) -> None:
    a, b, c, d = SYMBOLS
    for matrix in (sp.Matrix([[a, b], [c, d]]), sp.Matrix([[a, b], [0, d]]), sp.Matrix([[a, 0], [c, a]])):
        entries = power_entries(matrix, K)
        for k in range(5):
            difference = entries.subs(numbers).subs(K, k) - matrix.subs(numbers) ** k
            assert all(vanishes(entry) for entry in difference), (matrix, k)


def test_the_cases_of_a_symbolic_matrix_exclude_each_other() -> None:
    a, b, c, d = SYMBOLS
    cases = power_cases(sp.Matrix([[a, b], [c, d]]), K)
    for numbers in CORNERS:
        assert [case.condition.subs(numbers) for case in cases].count(sp.true) == 1


rationals = st.builds(R, st.integers(-3, 3), st.integers(1, 2))


@st.composite
def rational_matrices(draw: st.DrawFn) -> sp.Matrix:
    """P J P⁻¹ for a Jordan form J with repeated roots likely, so defective ones come often; or any 2×2."""
    size = draw(st.integers(1, 3))
    if size == 2 and draw(st.booleans()):
        return sp.Matrix(2, 2, draw(st.lists(rationals, min_size=4, max_size=4)))
    roots = draw(st.lists(st.sampled_from([R(0), R(1), R(-1), R(1, 2)]), min_size=size, max_size=size))
    links = draw(st.lists(st.sampled_from([0, 1]), min_size=size, max_size=size))
    block = sp.diag(*roots) + sp.Matrix(size, size, lambda i, j: links[int(i)] if j == i + 1 else 0)
    shear = sp.eye(size) + sp.Matrix(size, size, lambda i, j: draw(st.integers(-2, 2)) if i > j else 0)
    return shear * block * shear.inv()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rational_matrices())
def test_any_small_rational_matrix(matrix: sp.Matrix) -> None:
    entries = power_entries(matrix, K)
    power = sp.eye(matrix.rows)
    for k in range(5):
        assert all(vanishes(entry) for entry in entries.subs(K, k) - power), k
        power = power * matrix


def test_what_has_no_entries_says_so() -> None:
    with pytest.raises(NotYetError, match="irreducible"):
        power_entries(sp.Matrix([[0, 0, 1], [1, 0, 1], [0, 1, 0]]), K)
    with pytest.raises(NotYetError, match="not rational"):
        power_entries(sp.Matrix(3, 3, sp.symbols("a:9")), K)
    with pytest.raises(InputError, match="float"):
        power_entries(sp.Matrix([[0.5]]), K)
    with pytest.raises(ShapeError):
        power_entries(sp.zeros(2, 3), K)
    with pytest.raises(ShapeError):
        MatPower(Parameter("W", (n, 2)), 3)


def test_the_power_node() -> None:
    weights = Parameter("W_h", (n, n))
    power = mat_power(weights, T - t)
    assert (to_text(power), to_latex(power)) == ("W_h^{T-t}", "W_h^{T-t}")
    assert to_text(mat_power(weights.T, T - t)) == "(W_hᵀ)^{T-t}"
    assert power.shape == (n, n)
    assert substitute(power, {T: sp.Integer(5), n: sp.Integer(2)}).shape == (2, 2)
    assert mat_power(weights, 0) == Eye(n)
    assert mat_power(weights, 1) == weights
    assert mat_power(scale(Number(R(1, 2)), Eye(n)), T) == scale(Number(R(1, 2) ** T), Eye(n))
    assert power.with_operands((weights.T,)) == MatPower(weights.T, T - t)


# --- the scalar recurrence, against a loop written by hand --------------------------------------------------


def by_hand(w: Fraction, u: Fraction, b: Fraction, xs: list[Fraction], h: Fraction) -> Fraction:
    for x in xs:
        h = w * h + u * x + b
    return h


@pytest.mark.parametrize("w", WEIGHTS)
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_geometric_sum_is_the_recurrence(w: sp.Rational, steps: int) -> None:
    numbers = {"w": w, "u": R(2, 3), "b": R(-1, 5), "x": R(3), "h_0": R(5, 7)}
    expected = by_hand(
        Fraction(int(w.p), int(w.q)), Fraction(2, 3), Fraction(-1, 5), [Fraction(3)] * steps, Fraction(5, 7)
    )
    program = parse_cell(SCALAR)
    explicit = scalar_closed_forms(program, constant=["x"], values=numbers)["h_T"]
    assert explicit.subs(T, steps) == R(expected.numerator, expected.denominator)
    symbolic = scalar_closed_forms(program, constant=["x"])["h_T"]
    at_numbers = symbolic.subs({sp.Symbol(k): v for k, v in numbers.items()}).subs(T, steps)
    assert at_numbers == R(expected.numerator, expected.denominator)


@pytest.mark.parametrize("w", WEIGHTS)
@pytest.mark.parametrize(("steps", "step"), SPANS)
def test_the_scalar_gradient_is_a_power(w: sp.Rational, steps: int, step: int) -> None:
    power = scalar_closed_forms(parse_cell(SCALAR))["∂h_T/∂h_t"]
    assert power == sp.Symbol("w") ** (T - t)
    chain = sp.Integer(1)
    for _ in range(step, steps):
        chain = chain * w
    assert power.subs({T: steps, t: step}).subs(sp.Symbol("w"), w) == chain


def test_the_first_seed() -> None:
    """w = u = 1/2, x = 1, h_0 = 0, y = 1: h_T = 1 − 2^{−T}, and ∂L/∂h_t = −(1/2)^{T−t}/8 at T = 3."""
    program = with_loss(linear())
    values = {"W_h": R(1, 2), "W_x": R(1, 2), "b": 0, "x": 1, "h_0": 0, "y": 1}
    found = scalar_closed_forms(program, constant=["x"], values=values)
    assert sp.simplify(found["h_T"] - (1 - 2 ** (-T))) == 0
    assert sp.simplify(found["∂h_T/∂h_t"] - R(1, 2) ** (T - t)) == 0
    assert sp.simplify(found["h̄_t"].subs(T, 3) + R(1, 2) ** (3 - t) / 8) == 0
    assert [found["h̄_t"].subs({T: 3, t: step}) for step in (3, 2, 1, 0)] == [
        R(-1, 8),
        R(-1, 16),
        R(-1, 32),
        R(-1, 64),
    ]
    # ∂L/∂W_h = −1/8 (h_2 + h_1/2 + h_0/4), ∂L/∂W_x = −1/8 (1 + 1/2 + 1/4)
    assert found["∂L/∂W_h"].subs(T, 3).doit() == R(-1, 8)
    assert found["∂L/∂W_x"].subs(T, 3).doit() == R(-7, 32)
    last, every = Adjoint(Signal("h", (1, 1), t)), found["h̄_t"]
    back = unroll(adjoint(program.with_sizes(n=1, m=1)), 3)
    forward = unroll(program.with_sizes(n=1, m=1), 3)
    names = [Signal("h", (1, 1), step) for step in (1, 2, 3)]
    known = dict(zip(names, run(forward, names, values), strict=True))
    for step in (1, 2, 3):
        (value,) = run(back, [substitute(last, {t: sp.Integer(step)})], {**values, **known})  # type: ignore[list-item]
        assert value[0, 0] == every.subs({T: 3, t: step})


def test_scalar_forms_go_on_in_sympy() -> None:
    found = scalar_closed_forms(parse_cell(SCALAR), constant=["x"])
    w = sp.Symbol("w")
    limit = sp.limit(found["h_T"].subs({w: R(1, 2), sp.Symbol("b"): 0}), T, sp.oo)
    assert limit == 2 * sp.Symbol("u") * sp.Symbol("x")
    general = scalar_closed_forms(parse_cell(SCALAR))["h_T"]
    assert general.has(sp.Sum)
    unrolled = by_symbols(general, 3)
    x1, x2, x3, u, b, h0 = sp.symbols("x1 x2 x3 u b h_0")
    by_steps = w * (w * (w * h0 + u * x1 + b) + u * x2 + b) + u * x3 + b
    assert sp.expand(unrolled - by_steps) == 0


def by_symbols(expression: sp.Expr, steps: int) -> sp.Expr:
    written = expression.subs(T, steps).doit()
    return written.replace(lambda part: isinstance(part, sp.Indexed), lambda part: sp.Symbol(f"x{part.indices[0]}"))


# --- matrices, against the unrolled Program -----------------------------------------------------------------


@pytest.mark.parametrize("loss", ["", "last", "every_step"])
@pytest.mark.parametrize(("steps", "step"), [(1, 1), (2, 1), (3, 3), (4, 2)])
def test_every_scalar_closed_form_holds_for_every_value(loss: str, steps: int, step: int) -> None:
    """Nothing has a value here: the claim is an identity in w, u, b, x_1 …, h_0."""
    for form in forms(linear(1, loss)):
        assert form.holds(steps, step), form


@pytest.mark.parametrize("loss", ["", "last", "every_step"])
def test_every_matrix_closed_form_holds_for_every_value(loss: str) -> None:
    for form in forms(linear(2, loss)):
        if form.reason.key != "geometric sum":
            assert form.holds(2, 1), form


SQUARES = {
    "regular": [[1, 2], [3, 4]],
    "I - W singular": [[1, 0], [2, R(1, 2)]],
    "defective": [[R(1, 2), 1], [0, R(1, 2)]],
    "defective at 1": [[1, 1], [0, 1]],
    "nilpotent": [[3, -3], [3, -3]],
    "rotation": [[0, -1], [1, 0]],
    "zero": [[0, 0], [0, 0]],
    "identity": [[1, 0], [0, 1]],
}


@pytest.mark.parametrize("rows", SQUARES.values(), ids=SQUARES)
@pytest.mark.parametrize("loss", ["last", "every_step"])
def test_matrix_closed_forms_at_numbers(rows: list[list[sp.Expr]], loss: str) -> None:
    values = {"W_h": rows, "W_x": [1, R(-1, 3)], "b": [R(1, 2), 0], "h_0": [2, -1], "y": [1, 1]}
    values |= {f"x_{k}": R(k, 2) for k in range(1, 5)}
    can = sp.Matrix(rows).is_diagonalizable()
    spectral = [form for form in forms(linear(2, loss)) if form.reason.key == "eigenvalues"]
    for form in forms(linear(2, loss), values=values) + spectral:
        assumed = {key: value for key, value in values.items() if not key.startswith("x_")} | {"x": R(3, 4)}
        given_here = assumed if form.reason.key == "geometric sum" else values
        for steps, step in ((3, 1), (2, 2)):
            if form.reason.key == "eigenvalues" and not can:
                with pytest.raises(InputError, match="not diagonalisable"):
                    form.holds(steps, step, given_here)
            else:
                assert form.holds(steps, step, given_here), form


@pytest.mark.parametrize("step", [0, 1, 2, 3])
def test_explicit_entries_come_with_numbers(step: int) -> None:
    rows = [[R(1, 2), 1], [0, R(1, 2)]]
    form = named(linear(2), "∂h_T/∂h_t", "explicit", values={"W_h": rows})
    (known,) = form.assumptions
    assert known.key == "numbers"
    claim = form.at(3, step)
    assert matrix_of(claim.expression) == sp.Matrix(rows) ** (3 - step)
    assert form.holds(3, step)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_adjoint_program_agrees(steps: int) -> None:
    """A third way: the closed form of h̄_t against the adjoint Program, unrolled."""
    program = linear(2, "last")
    values = {
        "W_h": [[1, 2], [R(1, 3), -1]],
        "W_x": [1, 2],
        "b": [0, 1],
        "h_0": [1, 1],
        "y": [2, 0],
        "x": R(1, 2),
    }
    names = [Signal("h", (2, 1), k) for k in range(1, steps + 1)]
    known = values | dict(zip(names, run(unroll(program, steps), names, values), strict=True))
    back = unroll(adjoint(program), steps)
    form = named(program, "h̄_t")
    for step in range(0, steps + 1):
        claim = form.at(steps, step)
        last = Adjoint(Signal("h", (2, 1), steps))
        target, end = run(back, [claim.target, last], known)
        assert matrix_of(claim.expression, {**known, last: end}) == target


def test_constant_input_has_a_case_for_every_matrix() -> None:
    form = named(linear(2), "h_T", "geometric")
    assert [case.condition.key if case.condition else None for case in form.cases] == ["invertible", None]
    scalar = named(linear(1), "h_T", "geometric")
    assert [str(case.condition) for case in scalar.cases] == ["W_h ≠ 1", "W_h = 1"]
    assert str(scalar.cases[1].value) == "h_0 + T (W_x x + b)"
    assert [str(assumption) for assumption in scalar.assumptions] == ["x_t = x"]
    assert scalar.holds(3, values={"W_h": 1}) and scalar.holds(3, values={"W_h": 0})


def test_a_wrong_closed_form_does_not_hold() -> None:
    form = named(linear(2), "∂h_T/∂h_t")
    wrong = ClosedForm(
        form.of,
        (type(form.cases[0])(mat_power(Parameter("W_h", (2, 2)).T, T - t)),),
        (),
        form.reason,
        form.domain,
        form.program,
    )
    assert form.holds(2, 1)
    assert not wrong.holds(2, 1)


# --- other affine recurrences -------------------------------------------------------------------------------

AFFINE = {
    "moving average": "h_t = (1 - alpha) h_{t-1} + alpha u_t",
    "moving average of a layer": "h_t = (1 - alpha) h_{t-1} + alpha r_t\nr_t = tanh(W_x x_t)",
    "diagonal": "h_t = D h_{t-1} + W_x x_t\nD: n×n diagonal",
    "named inside": "a_t = W h_{t-1} + U x_t\nh_t = a_t + b",
    "lag 2": "h_t = A h_{t-1} + B h_{t-2} + C x_t",
    "skip": "h_t = h_{t-1} + W h_{t-1} + x_t",
    "no input": "h_t = W h_{t-1}",
    "two states": "v_t = v_{t-1} - K q_{t-1} + x_t\nq_t = q_{t-1} + v_t",
    "half": "h_t = h_{t-1}/2 + x_t",
    "sum": "h_t = h_{t-1} + x_t",
    "gates that read inputs only": "f_t = sigma(W_f x_t)\nh_t = f_t ⊙ h_{t-1} + (1 - f_t) ⊙ (W x_t)",
}


@pytest.mark.parametrize("text", AFFINE.values(), ids=AFFINE)
@pytest.mark.parametrize(("steps", "step"), [(1, 1), (2, 1), (3, 1)])
def test_affine_recurrences(text: str, steps: int, step: int) -> None:
    program = parse_cell(text)
    sized = program.with_sizes(**{size: 1 for size in ("n", "m") if _has_size(program, size)})
    found = forms(sized)
    assert {str(form.of) for form in found} >= {f"{state.name}_T" for state in program.states}
    for form in found:
        if form.reason.key != "eigenvalues":
            assert form.holds(steps, step), form
    assert not any(isinstance(form, NoClosedForm) for form in closed_forms_of(program))


def _has_size(program: Program, size: str) -> bool:
    from symrnn.algebra.programs import sizes_of

    return size in {symbol.name for symbol in sizes_of(program)}


def test_the_spelling_of_the_usual_ones() -> None:
    average = parse_cell(AFFINE["moving average"])
    assert str(named(average, "∂h_T/∂h_t").value) == "(1 - α)^{T-t}"
    assert str(named(average, "h_T", "geometric").value) == "(1 - α)^T h_0 + (1 - (1 - α)^T) u"
    diagonal = parse_cell(AFFINE["diagonal"])
    assert str(named(diagonal, "∂h_T/∂h_t").value) == "diag(diag(D)^{T-t})"
    assert str(named(parse_cell(AFFINE["sum"]), "h_T", "geometric").value) == "h_0 + T x"
    assert str(named(linear(), "∂h_T/∂h_t", "eigen").value) == "V diag(λ^{T-t}) V^{-1}"
    assert str(named(linear(loss="last"), "h̄_t").value) == "(W_hᵀ)^{T-t} h̄_T"
    assert str(named(linear(loss="last"), "∂L/∂W_h").value) == "Σ_{t=1}^{T} (W_hᵀ)^{T-t} h̄_T h_{t-1}ᵀ"
    assert str(named(linear(), "h_T").value) == "W_h^T h_0 + Σ_{k=1}^{T} W_h^{T-k} (W_x x_k + b)"


def test_a_lag_of_two_is_a_power_of_the_companion_matrix() -> None:
    program = parse_cell(AFFINE["lag 2"])
    form = closed_forms_of(program)[0]
    assert isinstance(form, ClosedForm) and isinstance(form.value, MatPower)
    assert str(form.value) == "[[A, B], [I, 0]]^{T-t}"
    assert form.of == jacobian(program).product().target
    numbers = {"A": [[1, 1], [0, 1]], "B": [[R(1, 2), 0], [1, 0]]}
    assert all(f.holds(3, 1, numbers) for f in forms(program.with_sizes(n=2, m=1)) if "eigen" not in f.reason.key)


def test_eigenvectors_do_not_take_the_name_of_a_parameter() -> None:
    program = parse_cell("h_t = W h_{t-1} + V h_{t-2}\nW: n×n\nV: n×n").with_sizes(n=1)
    form = named(program, "∂(h_T, h_{T-1})/∂(h_t, h_{t-1})", "eigen")
    assert str(form.value).startswith("V_λ ")
    assert form.holds(4, 1, {"W": 1, "V": 6})
    with pytest.raises(InputError, match="not diagonalisable"):
        form.holds(4, 1, {"W": 2, "V": -1})
    with pytest.raises(InputError, match="no numbers"):
        form.holds(4, 1)


def test_entrywise_geometric_sum_with_an_entry_one() -> None:
    program = parse_cell(AFFINE["diagonal"]).with_sizes(n=2, m=1)
    form = named(program, "h_T", "geometric")
    for entries in ((R(1, 2), R(1, 3)), (1, R(1, 2)), (0, 1), (-1, 2)):
        assert form.holds(4, values={"D": sp.diag(*entries)}), entries


def test_a_program_of_fixed_length() -> None:
    program = substitute_program(linear(1, "last"), {T: sp.Integer(3)})
    for form in forms(program):
        assert form.holds(3, 1), form
    form = named(program, "∂h_3/∂h_t")
    assert form.value == mat_power(Parameter("W_h", (1, 1)), 3 - t)
    with pytest.raises(TimeError):
        form.at(4, 1)


def test_a_quantity_is_named_as_the_jacobian_and_the_adjoint_name_it() -> None:
    program = linear(loss="last")
    assert named(program, "∂h_T/∂h_t").of == jacobian(program).product().target
    assert named(program, "h̄_t").of in adjoint(program).definitions


# --- gates: direct paths ------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 2, 4])
@pytest.mark.parametrize("step", [0, 1])
def test_the_lstm_cell_path(steps: int, step: int) -> None:
    product, power = forms(lstm().with_sizes(n=2, m=1))
    assert isinstance(product.of, Block) and product.of.kind == "direct" and product.paths == "direct"
    assert str(power.value) == "diag(f^{T-t})"
    assert [assumption.key for assumption in power.assumptions] == ["direct path", "constant"]
    assert {str(name) for name in power.assumptions[0].about} == {"f_t", "i_t", "c̃_t"}
    assert product.holds(steps, step) and power.holds(steps, step)
    assert power.holds(steps, step, {"f": [R(1, 2), 0]})


def test_the_cell_path_is_exact_without_the_recurrent_weights() -> None:
    cell = lstm().with_sizes(n=1, m=1)
    form = forms(cell)[0]
    assert [name.name for name in form.exact_without] == ["U_f", "U_i", "U_c"]
    assert whole(without(cell, form.exact_without)) == 0
    for kept in form.exact_without:
        assert whole(without(cell, [name for name in form.exact_without if name != kept])) != 0


def whole(cell: Program) -> sp.Expr:
    """∂c_2/∂c_0 along every path, less f_2 f_1; h_0 is a start of its own."""
    unrolled = unroll(cell, 2)
    start = sp.Symbol("s")
    at = {name: R(k + 1, 3) for k, name in enumerate(sorted(p.name for p in cell.parameters))}
    at |= {"x": R(1, 2), "h_0": R(1, 5), "c_0": start}
    c2, f1, f2 = run(unrolled, [Signal("c", (1, 1), 2), Signal("f", (1, 1), 1), Signal("f", (1, 1), 2)], at)
    slope = c2[0, 0].diff(start) - f1[0, 0] * f2[0, 0]
    value = sp.N(slope.subs(start, R(1, 4)), 30)
    return sp.Integer(0) if abs(value) < sp.Float("1e-25") else value


@pytest.mark.parametrize(
    ("variant", "power", "exact"),
    [
        ("chung2014", "diag((1 - z)^{T-t})", ["U_z", "U_h"]),
        ("cho2014", "diag(z^{T-t})", ["U_z", "U_h"]),
        ("pytorch", "diag(z^{T-t})", ["U_z", "U_r", "U_h"]),
    ],
)
def test_the_gru_direct_path(variant: str, power: str, exact: list[str]) -> None:
    cell = gru(variant=variant)
    form = forms(cell)[1]
    assert str(form.value) == power
    assert [name.name for name in form.exact_without] == exact
    assert all(f.holds(3, step) for f in forms(cell.with_sizes(n=2, m=1)) for step in (0, 3))
    rest = affine(without(cell, form.exact_without))
    assert not hasattr(rest, "key"), rest


def test_a_leaky_unit_leaves_its_tanh_out() -> None:
    cell = parse_cell("h_t = (1 - alpha) h_{t-1} + alpha tanh(W h_{t-1} + U x_t)\nalpha: 1×1\nW: n×n")
    direct, whole_thing = closed_forms_of(cell)
    assert isinstance(direct, ClosedForm) and isinstance(whole_thing, NoClosedForm)
    assert str(direct.value) == "(1 - α)^{T-t} I"
    assert [name.name for name in direct.exact_without] == ["W"]


def test_a_gate_without_a_name_gets_one_and_says_so() -> None:
    cell = parse_cell("h_t = sigma(W h_{t-1}) ⊙ h_{t-1} + U x_t")
    product, power = forms(cell)
    assert [str(a) for a in product.assumptions if a.key == "named"] == ["g_t = σ(W h_{t-1})"]
    assert str(power.value) == "diag(g^{T-t})"
    (path,) = direct_paths_of(cell)
    assert [name.name for name in path.exact_without] == ["W"]


def test_constancy_is_assumed_only_where_it_is_allowed() -> None:
    assert [f.reason.key for f in forms(lstm(), constant=[])] == ["direct path"]
    assert [f.reason.key for f in forms(lstm(), constant=["f"])] == ["direct path", "constant gates"]
    assert "geometric sum" not in [f.reason.key for f in forms(linear(), constant=())]
    gated = parse_cell(AFFINE["gates that read inputs only"])
    (absent,) = closed_forms_of(gated, constant=())
    assert isinstance(absent, NoClosedForm) and absent.reason.key == "step matrix varies"


# --- absence, said ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_no_closed_form_for_a_nonlinear_cell(activation: str) -> None:
    (absent,) = closed_forms_of(rnn(activation=activation))
    assert isinstance(absent, NoClosedForm)
    assert absent.reason.key == "not affine"
    assert "no closed form" in str(absent)
    assert scalar_closed_forms(rnn(activation=activation)) == {}


@pytest.mark.parametrize("text", ["h_t = h_{t-1} ⊙ h_{t-1} + x_t", "h_t = tanh(a_t)\na_t = W h_{t-1} + U x_t"])
def test_products_of_states_and_hidden_activations_are_not_affine(text: str) -> None:
    assert [type(form) for form in closed_forms_of(parse_cell(text))] == [NoClosedForm]


def test_a_step_function_has_slope_zero_and_is_not_affine() -> None:
    """Its Jacobian is constant, so the Jacobian alone would not tell."""
    h = Signal("h", (1, 1), t)
    base = linear(1)
    program = Program(
        "steps",
        (Equation(h, Apply("step", h.at(t - 1)), domain=(base.steps,)),),
        states=(h,),
        initials=(h.at(0),),
        outputs=(h,),
    )
    assert [type(form) for form in closed_forms_of(program)] == [NoClosedForm]


def test_an_identity_written_out_is_seen_through() -> None:
    h, x = Signal("h", (n, 1), t), Signal("x", (n, 1), t)
    weights = Parameter("W", (n, n))
    program = Program(
        "identity",
        (Equation(h, Apply("identity", weights @ h.at(t - 1) + x), domain=(linear().steps,)),),
        inputs=(x,),
        parameters=(weights,),
        states=(h,),
        initials=(h.at(0),),
        outputs=(h,),
    )
    assert str(named(program, "h_T").value) == "W^T h_0 + Σ_{k=1}^{T} W^{T-k} x_k"


def test_errors() -> None:
    form = named(linear(), "∂h_T/∂h_t")
    with pytest.raises(TimeError):
        form.at(3, 4)
    with pytest.raises(TimeError):
        form.at(3)
    with pytest.raises(InputError, match="with_sizes"):
        form.holds(3, 1)
    with pytest.raises(InputError, match="float"):
        named(linear(1), "∂h_T/∂h_t").holds(2, 1, {"W_h": 0.5})
    with pytest.raises(ShapeError):
        named(linear(2), "∂h_T/∂h_t").holds(2, 1, {"W_h": [[1, 2, 3], [1, 2, 3], [1, 2, 3]]})
    with pytest.raises(ShapeError):
        scalar_of(Parameter("W", (2, 2)))
    with pytest.raises((NotYetError, NeverError, InputError)):
        closed_forms_of(parse_cell("y_t = W x_t"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rational_matrices(), st.integers(1, 4), st.data())
def test_any_linear_recurrence(matrix: sp.Matrix, steps: int, data: st.DataObject) -> None:
    size = matrix.rows
    column = st.lists(rationals, min_size=size, max_size=size)
    values = {
        "W_h": matrix,
        "W_x": data.draw(column),
        "b": data.draw(column),
        "h_0": data.draw(column),
        "x": R(2, 3),
    }
    for form in forms(linear(size), values=values):
        assert form.holds(steps, data.draw(st.integers(1, steps)), values), form
