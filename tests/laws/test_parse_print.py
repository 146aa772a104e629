"""parse ∘ print = identity: what a cell prints, as text and as LaTeX, is read back as the same cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sympy as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textbook_cells import CELLS

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Node, Number, Parameter, Signal, T, m, n, t
from symrnn.algebra.printing import program_to_latex, program_to_text
from symrnn.algebra.programs import STEPS, Equation, Program
from symrnn.algebra.reading.explicit import declarations
from symrnn.algebra.reading.roles import CONVENTION, parse_cell
from symrnn.cells import gru, lstm, rnn
from symrnn.errors import SymrnnError

FORMATS: list[tuple[Callable[[Program], str], bool]] = [(program_to_text, False), (program_to_latex, True)]


def read_back(program: Program, form: Callable[[Program], str], latex: bool) -> Program:
    """The Program read from its own print and the lines it needs."""
    text = f"{form(program)}\n{declarations(program)}"
    read = parse_cell(text, program.name, latex=latex)
    return replace(read, convention=program.convention, citation=program.citation)


@pytest.mark.parametrize(("form", "latex"), FORMATS)
@pytest.mark.parametrize("name", CELLS)
def test_textbook_cells(name: str, form: Callable[[Program], str], latex: bool) -> None:
    """Hand-written cells come back."""
    program = parse_cell(CELLS[name].text)
    assert read_back(program, form, latex) == program


@pytest.mark.parametrize(("form", "latex"), FORMATS)
@pytest.mark.parametrize("cell", [rnn, lstm, gru])
def test_named_cells(cell: Callable[..., Program], form: Callable[[Program], str], latex: bool) -> None:
    """The cells of the library come back."""
    program = cell()
    read = parse_cell(f"{form(program)}\n{declarations(program)}", program.name, latex=latex)
    assert replace(read, convention=program.convention, citation=program.citation) == program


def test_the_print_is_what_was_typed() -> None:
    """The author's symbols and form are kept, in the house's spelling."""
    for text in (
        "h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ h̃_t",
        "h_t = tanh(W_hh h_{t-1} + W_xh x_t + b_h)",
        "h_t = W (h_{t-1} + (U x_t - b)) - 3 x_t",
        "h_t = σ²(W [h_{t-1}; x_t]) / (1 + exp(-x_t))",
        "a^f_t = λ Wᵀ x_t + diag(a) h^*_t",
    ):
        assert str(parse_cell(text)) == text


# --- random cells ---------------------------------------------------------------------------------------------------

NUMBERS = [sp.Rational(1, 2), sp.Integer(2), sp.Integer(-1), sp.Rational(-3, 4), sp.Integer(-2), sp.Rational(1, 3)]
FUNCTIONS = ["tanh", "sigmoid", "relu", "f", "phi", "exp", "leaky_relu", "hard_sigmoid", "softplus", "identity", "sqrt",
             "log", "abs", "normal_cdf", "sin"]  # fmt: skip
h, x, y = Signal("h", (n, 1), t), Signal("x", (m, 1), t), Signal("y", (n, 1), t)


def matrix(name: str, cols: Any = n) -> Parameter:
    """A matrix parameter with n rows."""
    return Parameter(name, (n, cols))


COLUMNS: list[Node] = [
    h.at(t - 1),
    matrix("b", 1),
    matrix("p_f", 1),
    Signal("z_f", (n, 1), t),
    Signal("c_tilde", (n, 1), t),
    N.MatMul(matrix("W_h"), h.at(t - 1)),
    N.MatMul(matrix("U_x", m), x),
]
SCALARS: list[Node] = [Parameter(name, (1, 1)) for name in ("alpha", "tau", "eta_1")]


def _number_of(node: Node) -> tuple[sp.Expr, Node]:
    if isinstance(node, N.Scale) and isinstance(node.operands[0], Number):
        return node.operands[0].value, node.operands[1]
    return sp.S.One, node


def scaled(number: sp.Expr, *factors: Node) -> Node:
    """Numbers in front, multiplied: the one form in which a user's numbers are kept."""
    values, bodies = zip(*map(_number_of, factors), strict=True)
    number = sp.Mul(number, *values)
    body = N.Scale(*bodies) if len(bodies) == 2 else bodies[0]
    return body if number == 1 else N.Scale(Number(number), body)


def entrywise(left: Node, right: Node) -> Node:
    """x ⊙ y; of scalars with their numbers in front."""
    if not left.is_scalar_shaped:
        return N.Hadamard(left, right)
    (one, left), (two, right) = _number_of(left), _number_of(right)
    product = N.Hadamard(left, right)
    return product if one * two == 1 else N.Scale(Number(one * two), product)


def over(left: Node, right: Node) -> Node:
    """x / y; no quotient of a product or of a power, which print as their one form x ⊙ y / z, x / y²."""
    simple = not isinstance(left, N.Hadamard) and not isinstance(right, N.Power)
    return N.Hadamard(left, N.Power(right, -1)) if simple else left


def flat(*factors: Node) -> Node:
    """x ⊙ y ⊙ z."""
    last = factors[-1]
    inverse = isinstance(last, N.Power) and last.exponent < 0
    return factors[0] if inverse and len(factors) == 2 and isinstance(factors[0], N.Hadamard) else N.Hadamard(*factors)


def raised(base: Node, exponent: Any) -> Node:
    """x^k; one exponent where it divides."""
    return base if isinstance(base, N.Power) and exponent < 0 else N.Power(base, exponent)


@st.composite
def scalars(draw: st.DrawFn, depth: int) -> Node:
    """A scalar expression a user can type."""
    if depth == 0:
        return draw(st.sampled_from(SCALARS))
    part, column = lambda: draw(scalars(depth - 1)), lambda: draw(columns(depth - 1))
    return draw(st.sampled_from([
        lambda: N.Add(Number(1), scaled(sp.S.NegativeOne, part())),
        lambda: N.Add(part(), part()),
        lambda: entrywise(part(), part()),
        lambda: raised(part(), draw(st.sampled_from([2, -1]))),
        lambda: N.MatMul(N.Transpose(matrix("w", 1)), column()),
        lambda: N.SquaredNorm(column()),
        lambda: N.Apply(draw(st.sampled_from(FUNCTIONS)), part()),
        lambda: scaled(draw(st.sampled_from(NUMBERS)), part()),
    ]))()  # fmt: skip


@st.composite
def columns(draw: st.DrawFn, depth: int) -> Node:
    """A column expression a user can type."""
    if depth == 0:
        return draw(st.sampled_from(COLUMNS))
    part, scalar = lambda: draw(columns(depth - 1)), lambda: draw(scalars(depth - 1))
    number, one = draw(st.sampled_from(NUMBERS)), N.Ones(n, 1)
    return draw(st.sampled_from([
        lambda: N.Add(part(), part()),
        lambda: N.Add(part(), part(), part()),
        lambda: N.Add(one, scaled(sp.S.NegativeOne, part())),
        lambda: N.Add(part(), N.Scale(Number(number), one)),
        lambda: flat(part(), part()),
        lambda: flat(part(), part(), part()),
        lambda: over(part(), part()),
        lambda: scaled(number, part()),
        lambda: scaled(sp.S.One, scalar(), part()),
        lambda: N.Apply(draw(st.sampled_from(FUNCTIONS)), part()),
        lambda: raised(part(), draw(st.sampled_from([2, 3, -1, -2, sp.Rational(3, 2)]))),
        lambda: N.MatMul(matrix(draw(st.sampled_from(["W", "V_1", "R_hh"]))), part()),
        lambda: N.MatMul(matrix("A"), matrix("B"), part()),
        lambda: N.MatMul(N.Transpose(matrix("W")), part()),
        lambda: N.MatMul(N.Diag(part()), part()),
        lambda: N.Softmax(part()),
        lambda: N.MatMul(matrix("W_c", n + m), N.Concat(part(), x)),
    ]))()  # fmt: skip


LOSSES: list[Node | None] = [
    None,
    N.Sum(N.SquaredNorm(N.Add(h, N.Scale(Number(-1), y))), t, 1, T),
    N.Scale(Number(1 / T), N.Sum(N.CrossEntropy(y, h), t, 1, T)),
    N.Sum(N.Opaque(Signal("L", (1, 1), t), h), t, 1, T),
    N.Scale(Number(sp.Rational(1, 2)), N.SquaredNorm(h.at(T))),
]


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """A small cell: one recurrence, perhaps a loss."""
    expression, loss = draw(columns(draw(st.integers(1, 3)))), draw(st.sampled_from(LOSSES))
    equations = [Equation(h, expression, domain=(STEPS,))]
    equations += [Equation(Signal("L", (1, 1)), loss)] if loss is not None else []
    names = list(dict.fromkeys(name for equation in equations for name in equation.reads))
    recurrent = h.at(t - 1) in names
    return Program(
        name="random cell",
        equations=tuple(equations),
        inputs=tuple(name for name in names if isinstance(name, Signal) and name.name != "h"),
        parameters=tuple(name for name in names if isinstance(name, Parameter)),
        states=(h,) if recurrent else (),
        initials=(h.at(0),) if recurrent else (),
        outputs=(h,),
        loss=equations[1].target if loss is not None else None,
        convention=CONVENTION,
    )


@given(programs())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_random_cells(program: Program) -> None:
    """Every operation a user can type, three deep, comes back from text and from LaTeX."""
    for form, latex in FORMATS:
        assert read_back(program, form, latex) == program


WORDS = st.sampled_from(
    ["h_{t-1}", "x_t", "W", "U", "b", "α", "(", ")", "[", "]", "+", "-", "*", "⊙", "/", "²", "ᵀ", "2", "0.5", "tanh(",
     "σ(", "‖", ";", "diag(", "h̃_t", "\\frac", "{", "}", "e^{", "1"]
)  # fmt: skip


@given(st.lists(WORDS, min_size=1, max_size=9).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_whatever_is_read_comes_back(text: str) -> None:
    """Text that is a cell at all prints as text that is the same cell."""
    try:
        program = parse_cell(f"h_t = {text}")
    except SymrnnError as error:
        assert error.place is not None
        return
    for form, latex in FORMATS:
        assert read_back(program, form, latex) == program, text
