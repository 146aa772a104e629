"""Each row held against SymPy's calculus, PyTorch's autograd and mpmath; and how rows are found."""

from __future__ import annotations

import copy
import pickle
import random
import subprocess
import sys
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational

from symrnn.algebra import activations
from symrnn.algebra.activations import (
    ACTIVATIONS,
    GENERIC_NAMES,
    Activation,
    call,
    clip,
    derivative,
    exact_value,
    generic,
    lookup,
    mpmath_value,
    number,
    select,
    sympy_value,
)

ROWS = [
    *ACTIVATIONS.values(),
    lookup("leaky_relu", alpha=Rational(1, 5)),
    lookup("leaky_relu", alpha=3),
    lookup("elu", alpha=Rational(1, 2)),
    lookup("elu", alpha=2),
    lookup("hard_sigmoid", alpha=Rational(1, 4), beta=Rational(1, 3)),
]
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def inside(row: Activation, x: Any) -> bool:
    """Whether x lies in the interior of the row's domain: all numbers, or the positive ones."""
    assert row.domain in (sympy.S.Reals, sympy.Interval(0, sympy.oo), sympy.Interval.open(0, sympy.oo))
    return bool(x > 0 or row.domain == sympy.S.Reals)


def rational_points(row: Activation, count: int = 24) -> list[Rational]:
    """Random rationals of the row's domain, half of them near 0, none on a kink."""
    rng = random.Random(row.name)
    points: list[Any] = []
    while len(points) < count:
        x = Rational(rng.randint(-400, 400), rng.choice([61, 97, 997]))
        if inside(row, x) and x not in row.kinks:
            points.append(x)
    return points


def decimal(value: Any) -> Any:
    """A SymPy number of the table as an mpmath number."""
    return mpmath.mpf(str(sympy.N(value, 40)).replace("oo", "inf"))


def slope_at(row: Activation, x: Any) -> Any:
    """f'(x) in mpmath, through the row's own slope."""
    x = mpmath.mpf(x) if not isinstance(x, Rational) else mpmath.mpf(x.p) / x.q
    return mpmath.mpf(row.slope(x, mpmath_value(row, x)))


# --- The mathematics of a row ------------------------------------------------------------------------------


@each_row
def test_slope_is_the_derivative_of_the_formula(row: Activation) -> None:
    """SymPy differentiates the formula; the slope through the output has the same values."""
    x = sympy.Symbol("x", real=True)
    derived = sympy.diff(sympy_value(row, x), x)
    for point in rational_points(row):
        expected = sympy.N(derived.subs(x, point), 30)
        found = sympy.N(row.slope(point, sympy_value(row, point)), 30)
        assert abs(found - expected) <= 1e-25 * max(1, abs(expected)), point


@each_row
def test_slope_needs_the_input_only_where_it_says_so(row: Activation) -> None:
    """A row that does not use its input does not look at it."""
    x = Rational(3, 7)
    y = sympy_value(row, x)
    if row.uses_input:
        with pytest.raises(TypeError):
            row.slope(None, y)
    else:
        assert row.slope(None, y) == row.slope(x, y)


# The same functions as PyTorch has them; given the module, so that collecting the tests does not import it.
TORCH: dict[str, Callable[[Any], Callable[[Any], Any]]] = {
    "tanh": lambda torch: torch.tanh,
    "sigmoid": lambda torch: torch.sigmoid,
    "relu": lambda torch: torch.relu,
    "leaky_relu": lambda torch: torch.nn.LeakyReLU(),
    "leaky_relu(alpha=1/5)": lambda torch: torch.nn.LeakyReLU(0.2),
    "leaky_relu(alpha=3)": lambda torch: torch.nn.LeakyReLU(3.0),
    "elu": lambda torch: torch.nn.ELU(),
    "elu(alpha=1/2)": lambda torch: torch.nn.ELU(0.5),
    "elu(alpha=2)": lambda torch: torch.nn.ELU(2.0),
    "softplus": lambda torch: torch.nn.Softplus(threshold=1000),
    "softsign": lambda torch: torch.nn.Softsign(),
    "hard_sigmoid": lambda torch: torch.nn.Hardsigmoid(),
    "hard_tanh": lambda torch: torch.nn.Hardtanh(),
    "gelu": lambda torch: torch.nn.GELU(),
    "silu": lambda torch: torch.nn.SiLU(),
    "exp": lambda torch: torch.exp,
    "log": lambda torch: torch.log,
    "sqrt": lambda torch: torch.sqrt,
    "sin": lambda torch: torch.sin,
    "cos": lambda torch: torch.cos,
    "erf": lambda torch: torch.erf,
    "normal_cdf": lambda torch: torch.special.ndtr,
    "abs": lambda torch: torch.abs,
    "sign": lambda torch: torch.sign,
}


@pytest.mark.parametrize("name", TORCH)
def test_slope_agrees_with_pytorch(name: str) -> None:
    """Values and gradients are PyTorch's in float64, at the kinks too."""
    torch = pytest.importorskip("torch")
    row = lookup(name)
    points = [float(x) for x in [*rational_points(row), *row.kinks] if name != "sqrt" or x > 0]
    x = torch.tensor(points, dtype=torch.float64, requires_grad=True)
    y = TORCH[name](torch)(x)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    array = np.array(points)
    values = row.array_function()(array)
    slopes = np.broadcast_to(row.slope(array, values), array.shape)
    np.testing.assert_allclose(values, y.detach().numpy(), rtol=1e-13, atol=1e-15)
    # PyTorch 2.13's backward of hardsigmoid has 1/6 in single precision, for float64 too.
    digits = 3e-8 if name == "hard_sigmoid" else 1e-12
    np.testing.assert_allclose(slopes, gradient.numpy(), rtol=digits, atol=1e-15)


@each_row
def test_bound_and_infimum_of_the_slope(row: Activation) -> None:
    """On a dense grid |f'| stays between infimum and bound, and comes as near to both as one likes."""
    grid = [mpmath.mpf(k) / 32 + mpmath.mpf("1e-4") for k in range(-400, 401)]
    grid += [s * mpmath.mpf(10) ** k for k in (-12, 3, 12) for s in (1, -1)]
    if row.bound == sympy.oo:
        grid += [mpmath.mpf(100)]
    sizes = [abs(slope_at(row, x)) for x in grid if inside(row, x)]
    bound, infimum = decimal(row.bound), decimal(row.infimum)
    assert infimum <= min(sizes) <= infimum + 2e-2
    assert max(sizes) <= bound * (1 + mpmath.mpf(10) ** -14)
    assert max(sizes) >= (bound - 1e-3 if mpmath.isfinite(bound) else 1000)


def test_gelu_bound_is_at_the_square_root_of_two() -> None:
    """GELU' is Φ(√2) + √2 φ(√2) at x = √2, where GELU'' vanishes."""
    row, x = lookup("gelu"), sympy.Symbol("x", real=True)
    there = row.slope(sympy.sqrt(2), None)
    assert sympy.simplify(there - row.bound) == 0
    assert sympy.simplify(sympy.diff(row.formula(x), x, 2).subs(x, sympy.sqrt(2))) == 0


def test_silu_bound_is_the_root_of_its_equation() -> None:
    """SiLU' is (1 + u)/2 at x = 2u, where u tanh(u) = 1; forty digits."""
    row = lookup("silu")
    with mpmath.workdps(45):
        u = mpmath.findroot(lambda u: u * mpmath.tanh(u) - 1, 1.2)
        stored = mpmath.mpf(str(row.bound))
        assert abs(stored - (1 + u) / 2) < mpmath.mpf(10) ** -38
        assert abs(slope_at(row, 2 * u) - stored) < mpmath.mpf(10) ** -38
        assert abs(mpmath.diff(lambda x: mpmath_value(row, x), 2 * u, 2)) < mpmath.mpf(10) ** -15


@pytest.mark.parametrize(("name", "near"), [("gelu", -0.75), ("silu", -1.28)])
def test_minimum_is_where_the_slope_vanishes(name: str, near: float) -> None:
    """The lower end of the range is f at the root of f', to forty digits."""
    row = lookup(name)
    with mpmath.workdps(45):
        root = mpmath.findroot(lambda x: slope_at(row, x), near)
        minimum = mpmath.mpf(sympy.N(row.range.inf, 45))
        assert abs(mpmath_value(row, root) - minimum) < mpmath.mpf(10) ** -38


@each_row
def test_range(row: Activation) -> None:
    """Every value lies in the range, and the range is no wider than it must be."""
    xs = [mpmath.mpf(k) / 16 for k in range(-160, 161)] + [s * mpmath.mpf(10) ** 4 for s in (1, -1)]
    if row.domain.inf == 0:
        xs += [mpmath.exp(-1000)]
    xs = [x for x in xs if inside(row, x)]
    values = [mpmath_value(row, x) for x in xs]
    lower, upper = decimal(row.range.inf), decimal(row.range.sup)
    assert lower - 1e-15 <= min(values) <= (lower + 1e-3 if mpmath.isfinite(lower) else -9)
    assert (upper - 1e-3 if mpmath.isfinite(upper) else 9) <= max(values) <= upper + 1e-15
    # Further out, erf and tanh round to the 1 that they never reach.
    moderate = [value for x, value in zip(xs, values, strict=True) if abs(x) < 5]
    if isinstance(row.range, sympy.Interval):
        assert min(moderate) > lower if row.range.left_open else min(moderate) <= lower + 1e-3
        assert max(moderate) < upper if row.range.right_open else max(moderate) >= upper - 1e-3
    else:
        assert sympy.FiniteSet(*(int(value) for value in values)) == row.range


@each_row
def test_kinks(row: Activation) -> None:
    """Left and right derivative differ (or do not exist) at a kink, and the convention is said and kept."""
    assert bool(row.kinks) == bool(row.at_kink)
    if row.name == "sqrt":
        with pytest.raises(ZeroDivisionError):
            row.slope(None, exact_value(row, Fraction(0)))
        return
    h = Fraction(1, 10**6)
    for kink in row.kinks:
        at = Fraction(str(kink))
        around = [mpmath.mpf(q.numerator) / q.denominator for q in (at - h, at, at + h)]
        left, middle, right = (mpmath_value(row, x) for x in around)
        jump, turn = right - left, right - 2 * middle + left
        assert max(abs(jump), abs(turn)) / mpmath.mpf(1e-6) > 0.1
        said = row.at_kink.rpartition("= ")[2]
        assert Fraction(said) == row.slope(at, exact_value(row, at))
        assert f"'({kink})" in row.at_kink


def test_smooth_where_alpha_is_one() -> None:
    """ELU with α = 1 has no kink; with another α it has."""
    assert lookup("elu").kinks == ()
    assert lookup("elu", alpha=2).at_kink == "ELU'(0) = 2"


# --- The kinds of operand ----------------------------------------------------------------------------------

GRID = [s * v for v in (1e-300, 1e-20, 1.0, 30.0, 700.0, 1e4) for s in (1, -1)]


@each_row
def test_array_function_against_mpmath(row: Activation) -> None:
    """Fourteen digits wherever the result is a normal number; warnings only where the value is no float."""
    function = row.array_function()
    with warnings.catch_warnings(), mpmath.workdps(50):
        warnings.simplefilter("error")
        for x in GRID:
            if not inside(row, x):
                continue
            true = mpmath_value(row, x)
            if abs(true) > np.finfo(float).max:
                continue
            value = mpmath.mpf(float(function(np.array([x]))[0]))
            assert abs(value - true) <= max(1e-14 * abs(true), np.finfo(float).tiny), x


@each_row
@pytest.mark.parametrize("x", [*GRID, -98765.4321])
def test_mpmath_keeps_relative_digits(row: Activation, x: float) -> None:
    """At 15 digits the value agrees with the value at 400 digits to nearly all of the 15."""
    if not inside(row, x):
        return
    with mpmath.workdps(400):
        true = mpmath_value(row, x)
    assert abs(mpmath_value(row, x) - true) <= abs(true) * mpmath.mpf(10) ** -13


@each_row
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_keep_their_type(row: Activation, dtype: Any) -> None:
    """Formula, slope and array function of a float32 array are float32."""
    x = np.array([0.25, 0.75], dtype=dtype)
    y = row.array_function()(x)
    assert y.dtype == dtype
    assert np.asarray(row.formula(x)).dtype == dtype
    np.testing.assert_allclose(row.formula(x), y, rtol=1e-6)
    slope = row.slope(x, y)
    assert isinstance(slope, int) or slope.dtype == dtype


@each_row
def test_one_line_serves_every_operand(row: Activation) -> None:
    """Formula and slope agree between exact, SymPy, mpmath, float and array operands."""
    q = Fraction(5, 8)
    expected = float(mpmath_value(row, mpmath.mpf(5) / 8))
    slope = float(slope_at(row, mpmath.mpf(5) / 8))
    operands: list[Any] = [q, Rational(5, 8), 0.625, np.float64(0.625), np.array([0.625])]
    for x in operands:
        y = row.formula(x)
        np.testing.assert_allclose(np.array(y, dtype=float), expected, rtol=1e-12)
        np.testing.assert_allclose(np.array(row.slope(x, y), dtype=float), slope, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "q", "value"),
    [
        ("identity", "7/3", "7/3"),
        ("relu", "-7/3", "0"),
        ("leaky_relu", "-7/3", "-7/300"),
        ("elu", "7/3", "7/3"),
        ("elu", "-7/3", None),
        ("hard_sigmoid", "1/2", "7/12"),
        ("hard_sigmoid_onnx", "1/2", "3/5"),
        ("hard_sigmoid", "5", "1"),
        ("hard_tanh", "-5/4", "-1"),
        ("softsign", "-1/2", "-1/3"),
        ("tanh", "0", "0"),
        ("tanh", "1/2", None),
        ("sigmoid", "0", "1/2"),
        ("sigmoid", "1", None),
        ("softplus", "0", None),
        ("silu", "0", "0"),
        ("gelu", "0", "0"),
        ("gelu", "1", None),
        ("exp", "0", "1"),
        ("log", "1", "0"),
        ("log", "-1", None),
        ("log", "0", None),
        ("sqrt", "9/4", "3/2"),
        ("sqrt", "2", None),
        ("sqrt", "-1", None),
        ("normal_cdf", "0", "1/2"),
        ("normal_pdf", "0", None),
        ("abs", "-1/3", "1/3"),
        ("sign", "-1/3", "-1"),
        ("step", "0", "0"),
        ("f", "1", None),
    ],
)
def test_exact_value(name: str, q: str, value: str | None) -> None:
    """A fraction where the value is one, None elsewhere."""
    found = exact_value(lookup(name), Fraction(q))
    assert found == (None if value is None else Fraction(value))
    assert found is None or type(found) is Fraction


@given(st.fractions(-50, 50, max_denominator=1000), st.sampled_from(ROWS))
def test_exact_value_is_the_value(q: Fraction, row: Activation) -> None:
    """Whatever is called exact agrees with mpmath."""
    exact = exact_value(row, q) if inside(row, q) else None
    if exact is not None:
        value = mpmath_value(row, mpmath.mpf(q.numerator) / q.denominator)
        assert abs(value - mpmath.mpf(exact.numerator) / exact.denominator) <= 1e-12


class Text:
    """A stand-in for a node: an operand that writes down what is done to it."""

    def __init__(self, text: str, rank: int = 3) -> None:
        self.text = text
        self.rank = rank  # 1 sum, 2 product, 3 name or power

    def __str__(self) -> str:
        return self.text

    def _in(self, rank: int) -> str:
        return self.text if self.rank >= rank else f"({self.text})"

    def apply_elementwise(self, name: str) -> Text:
        return Text(f"{name}({self})")

    def __add__(self, other: Any) -> Text:
        return Text(f"{self} + {other}", 1)

    def __radd__(self, other: Any) -> Text:
        return Text(f"{other} + {self}", 1)

    def __sub__(self, other: Any) -> Text:
        return Text(f"{self} - {other._in(2) if isinstance(other, Text) else other}", 1)

    def __rsub__(self, other: Any) -> Text:
        return Text(f"{other} - {self._in(2)}", 1)

    def __mul__(self, other: Any) -> Text:
        return Text(f"{self._in(2)}*{other._in(2) if isinstance(other, Text) else other}", 2)

    def __rmul__(self, other: Any) -> Text:
        return Text(f"{other}*{self._in(2)}", 2)

    def __pow__(self, exponent: int) -> Text:
        return Text(f"{self._in(3)}**{exponent}")

    def __neg__(self) -> Text:
        return Text(f"-{self._in(2)}", 2)


@pytest.mark.parametrize(
    ("name", "slope"),
    [
        ("identity", "1"),
        ("tanh", "1 - y**2"),
        ("sigmoid", "y*(1 - y)"),
        ("relu", "step(y)"),
        ("leaky_relu", "step(y) + 1/100*(1 - step(y))"),
        ("elu", "step(y) + (1 + y)*(1 - step(y))"),
        ("softplus", "1 - exp(-y)"),
        ("softsign", "(1 - abs(y))**2"),
        ("hard_sigmoid", "1/6*step(y)*step(1 - y)"),
        ("hard_sigmoid_onnx", "1/5*step(y)*step(1 - y)"),
        ("hard_tanh", "step(1 - abs(y))"),
        ("gelu", "normal_cdf(x) + x*normal_pdf(x)"),
        ("silu", "y + sigmoid(x)*(1 - y)"),
        ("exp", "y"),
        ("log", "x**-1"),
        ("sqrt", "(2*y)**-1"),
        ("sin", "cos(x)"),
        ("cos", "-sin(x)"),
        ("erf", "2/sqrt(pi)*exp(-x**2)"),
        ("normal_cdf", "normal_pdf(x)"),
        ("normal_pdf", "-x*y"),
        ("abs", "sign(x)"),
        ("sign", "0"),
        ("step", "0"),
        ("f", "f'(x)"),
        ("f''", "f'''(x)"),
    ],
)
def test_slope_as_a_textbook_prints_it(name: str, slope: str) -> None:
    """On operands of one's own the slope keeps the order it was written in."""
    assert str(lookup(name).slope(Text("x"), Text("y"))) == slope


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("tanh", "tanh(x)"),
        ("sigmoid", "(1 + exp(-x))**-1"),
        ("leaky_relu", "x*step(x) + 1/100*x*(1 - step(x))"),
        ("elu", "x*step(x) + 1*(exp(x) - 1)*(1 - step(x))"),
        ("softplus", "log(1 + exp(x))"),
        ("hard_tanh", "-1 + relu(x - -1) - relu(x - 1)"),
        ("silu", "x*sigmoid(x)"),
        ("phi'", "phi'(x)"),
    ],
)
def test_formula_on_operands_of_ones_own(name: str, formula: str) -> None:
    """A definition can be spelled out in nodes too."""
    assert str(lookup(name).formula(Text("x"))) == formula


def test_call_refuses_what_it_does_not_know() -> None:
    """Text and lists are no operands."""
    with pytest.raises(TypeError, match="was given 'str'"):
        call("tanh", "a")
    with pytest.raises(TypeError, match="apply_elementwise"):
        call("tanh", [1, 2])
    with pytest.raises(sympy.SympifyError):
        sympy_value(lookup("tanh"), "__import__('os')")


def test_constants_take_the_operand_s_type() -> None:
    """1/5 is a float beside an array, an mpf at working precision beside an mpf, and itself elsewhere."""
    fifth = Rational(1, 5)
    assert number(fifth, np.zeros(2)) == 0.2
    assert number(fifth, Fraction(1)) == Fraction(1, 5)
    assert number(fifth, Text("v")) is fifth
    with mpmath.workdps(60):
        assert abs(number(2 / sympy.sqrt(sympy.pi), mpmath.mpf(1)) - 2 / mpmath.sqrt(mpmath.pi)) < 1e-58


def test_select_and_clip() -> None:
    """Zero belongs to the lower branch; both ends of a clip are attained."""
    assert [select(v, 1, 5) for v in (-1, 0, 1)] == [5, 5, 1]
    np.testing.assert_array_equal(select(np.array([-1.0, 0.0, 1.0]), 1, 5), [5, 5, 1])
    assert [clip(Fraction(v), -1, 1) for v in (-3, 0, 3)] == [-1, 0, 1]
    np.testing.assert_array_equal(clip(np.array([-3.0, 0.5]), -1, 1), [-1, 0.5])


# --- Finding rows ------------------------------------------------------------------------------------------


GENERIC_ROWS = [generic(name, k) for name in GENERIC_NAMES for k in (0, 1, 2, 5)]


@pytest.mark.parametrize("row", [*ROWS, *GENERIC_ROWS], ids=repr)
def test_a_row_is_found_by_its_name(row: Activation) -> None:
    """lookup(row.name) == row, so that a name is enough to carry a row; copies and pickles are equal."""
    found = lookup(row.name)
    assert found == row and hash(found) == hash(row)
    assert (found.parameters, found.bound, found.kinks) == (row.parameters, row.bound, row.kinks)
    assert pickle.loads(pickle.dumps(row)) == row
    assert copy.deepcopy({row: 1}) == {row: 1}


@each_row
def test_printed_forms_are_read_back(row: Activation) -> None:
    """What is printed can be typed, save φ, which is read as a function of one's own."""
    base = ACTIVATIONS[row.name.partition("(")[0]]
    for spelling in (base.unicode, base.latex, *base.spellings):
        expected = generic("phi") if spelling in ("φ", r"\varphi") else base
        assert lookup(spelling) == expected


def test_no_spelling_belongs_to_two_rows() -> None:
    """Every spelling leads to one row only."""
    owner: dict[str, str] = {}
    for row in ACTIVATIONS.values():
        for spelling in {row.name, row.unicode, row.latex, *row.spellings}:
            assert owner.setdefault(spelling, row.name) == row.name
        assert row.source


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Tanh", "tanh"),
        (r"\mathrm{tanh}", "tanh"),
        (r"\operatorname{tanh}", "tanh"),
        ("sigma", "sigmoid"),
        ("σ", "sigmoid"),
        ("𝜎", "sigmoid"),
        ("Logistic", "sigmoid"),
        ("RELU", "relu"),
        (r"\text{ReLU}", "relu"),
        ("LeakyReLU", "leaky_relu"),
        ("leaky-relu", "leaky_relu"),
        (r"\mathrm{hard\_sigmoid}", "hard_sigmoid"),
        ("hard sigmoid", "hard_sigmoid"),
        ("hardtanh", "hard_tanh"),
        ("Φ", "normal_cdf"),
        ("ln", "log"),
        ("linear", "identity"),
        ("leaky_relu(alpha=0.2)", "leaky_relu(alpha=1/5)"),
        ("LeakyReLU( alpha = 1/5 )", "leaky_relu(alpha=1/5)"),
        ("hard_sigmoid(beta=1/4)", "hard_sigmoid(alpha=1/6, beta=1/4)"),
        ("elu(alpha=1)", "elu"),
        ("φ", "phi"),
        ("ϕ", "phi"),
        (r"\phi", "phi"),
        ("F", "F"),
        ("f''", "f''"),
        ("f″", "f''"),
        (r"f^{\prime\prime}", "f''"),
        (r"f^\prime", "f'"),
        ("φ′", "phi'"),
    ],
)
def test_lookup(typed: str, name: str) -> None:
    """What people type."""
    assert lookup(typed).name == name


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("tnah", "Did you mean tanh"),
        ("sigmod", "Did you mean sigmoid"),
        ("leaky_relu(alpha=x)", "Did you mean leaky_relu"),
        ("", "Known: identity, tanh"),
        ("x" * 10_000, "not an activation known here"),
        ("h", "for a function of your own: f, g"),
        ("leaky_relu(alpha=0)", "alpha = 0 was given; write a positive number"),
        ("leaky_relu(alpha=1/0)", "not an activation known here"),
        ("leaky_relu(slope=1)", "leaky_relu was given slope; it has alpha"),
        ("tanh(alpha=1)", "tanh was given alpha; it has no parameters"),
        ("f(alpha=1)", "f was given alpha; it has no parameters"),
        ("tanh'", "not an activation known here"),
    ],
)
def test_lookup_says_what_was_wrong(typed: str, message: str) -> None:
    """The error names what was typed and what is near."""
    with pytest.raises(ValueError) as error:
        lookup(typed)
    assert message in str(error.value)
    assert len(str(error.value)) < 600


def test_parameters() -> None:
    """A float means the decimal it prints; a parameter must be a positive number."""
    row = lookup("leaky_relu", alpha=0.2)
    assert row.parameters == (("alpha", Rational(1, 5)),)
    assert lookup("leaky_relu", alpha=np.float64(0.2)) == row
    assert row.with_parameter(alpha=Fraction(1, 100)) is ACTIVATIONS["leaky_relu"]
    both = lookup("hard_sigmoid", alpha=Fraction(1, 4)).with_parameter(beta=1)
    assert both.name == "hard_sigmoid(alpha=1/4, beta=1)"
    assert row.array_function()(np.array([-1.0, 2.0])).tolist() == [-0.2, 2.0]
    for wrong in (0, -1, float("nan"), float("inf"), sympy.Symbol("a", positive=True), 10**90):
        with pytest.raises(ValueError, match="write a positive number"):
            lookup("elu", alpha=wrong)
    with pytest.raises(ValueError):
        lookup("elu", alpha="1")


# --- Generic functions -------------------------------------------------------------------------------------


def test_generic_rows() -> None:
    """f, f', f'' have names, printed forms and slopes, and no numbers."""
    f = generic("f")
    assert f.generic and f.derivative_order == 0
    second = derivative(derivative(generic("phi")))
    assert (second.name, second.unicode, second.latex) == ("phi''", "φ′′", r"\phi^{\prime\prime}")
    assert second.derivative_order == 2
    for value in (mpmath.mpf(1), Fraction(1), 0.5, np.zeros(2)):
        with pytest.raises(ValueError, match="f stands for any function"):
            call("f", value)
    with pytest.raises(ValueError, match="stands for any function"):
        mpmath_value(f, 1)
    with pytest.raises(ValueError, match="choose one by name: identity, tanh"):
        f.array_function()
    with pytest.raises(ValueError, match="not a generic function's name"):
        generic("q")
    with pytest.raises(ValueError, match="written through the output"):
        derivative(lookup("tanh"))


def test_generic_functions_obey_sympy_s_chain_rule() -> None:
    """d/dx f(ax) = a f'(ax), with f' the row of the derivative; likewise once more."""
    a, x, y = sympy.symbols("a x y")
    f = generic("f")
    assert sympy.diff(f.formula(a * x), x) == a * f.slope(a * x, y)
    assert f.slope(a * x, y) == derivative(f).formula(a * x)
    assert sympy.diff(f.formula(x), x, 2) == generic("f", 2).formula(x)


def test_import_is_light() -> None:
    """Importing the table imports neither NumPy nor SciPy."""
    code = "import sys, symrnn.algebra.activations; print(sorted({'numpy', 'scipy'} & set(sys.modules)))"
    root = activations.__file__.rpartition("symrnn")[0]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
