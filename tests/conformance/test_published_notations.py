"""Published formulas, letter by letter: ours, printed in the source's notation, says what the source says.

Both are read by the grammar and compared as polynomials in the written symbols, in which matrices do not commute.
The step t is left out of every symbol, since some sources leave it out of their δ.
"""

from __future__ import annotations

from functools import reduce
from operator import mul

import pytest
import sympy as sp

from symrnn.algebra.nodes import Adjoint, Node, Parameter, Signal, n, substitute, t
from symrnn.algebra.printing import to_latex
from symrnn.algebra.programs import Program
from symrnn.algebra.reading.grammar import parse_expression
from symrnn.algebra.reading.syntax import (
    Big,
    Call,
    Chain,
    Group,
    Num,
    Partial,
    Quotient,
    Raised,
    Symbol,
    Syntax,
    Terms,
    Times,
    Transposed,
)
from symrnn.calculus.adjoints import adjoint
from symrnn.cells import gru, lstm, rnn
from symrnn.models.losses import with_loss
from symrnn.notations import Notation, loads

from .truth import cases

D2L = loads(r"""
delta = ""
prediction = "o"
[cells.rnn]
W_h = "W_{hh}"
W_y = "W_{qh}"
""")
LSTM = loads(r"""
[names]
c = "C"
c_tilde = "\\tilde{C}"
[adjoints]
h = "\\delta_h"
c = "\\delta_C"
a_o = "\\delta_{z_o}"
a_c_tilde = "\\delta_{z_c}"
a_i = "\\delta_{z_i}"
a_f = "\\delta_{z_f}"
""")
GRU = loads(r"""
[names]
U_h = "W_{hh}"
[adjoints]
h = "\\delta^h"
a_h_tilde = "\\delta^{a_h}"
a_z = "\\delta^{a_z}"
a_r = "\\delta^{a_r}"
""")


# --- what is written, as a polynomial -------------------------------------------------------------------------------


def polynomial(tree: Syntax) -> sp.Expr:
    """The value of a formula in its written symbols."""
    match tree:
        case Num(value=value):
            return sp.Rational(value.numerator, value.denominator)
        case Group(body=body):
            return polynomial(body)
        case Terms(terms=terms):
            return sp.Add(*(sign * polynomial(term) for sign, term in terms))
        case Times(factors=factors):
            return sp.expand(reduce(mul, map(polynomial, factors)))
        case Raised(base=base, exponent=exponent):
            return sp.expand(polynomial(base) ** polynomial(exponent))
        case Transposed(body=body):
            return sp.Symbol(f"{spelled(body)}^T", commutative=False)
        case Call(function=function, arguments=arguments):
            return sp.Function(spelled(function))(*map(polynomial, arguments))
        case Quotient(over=Partial(body=over), under=Partial(body=under)):
            return sp.Symbol(f"d{spelled(over)}/d{spelled(under)}", commutative=False)
        case Big(kind="sum", body=body):
            return sp.Symbol("Σ") * polynomial(body)
        case Symbol():
            return sp.Symbol(spelled(tree))
    raise AssertionError(f"{tree} in a published formula")


def spelled(tree: Syntax) -> str:
    """A symbol with its scripts in one row: letters first, then the step where it is not t."""
    words, steps = scripts(tree)
    return "_".join((*words, *steps))


def scripts(tree: Syntax) -> tuple[list[str], list[str]]:
    """The letters and the steps of a symbol, however nested and whether above or below."""
    match tree:
        case Symbol(base="t", below=(), above=()):
            return [], []
        case Symbol(base=base, accents=accents, below=below, above=above):
            inner = [scripts(part) for part in (*below, *above)]
            words = ["_".join((base, *accents)), *(word for found, _ in inner for word in found)]
            return words, [step for _, found in inner for step in found]
        case Terms(terms=((_, Symbol(base="t")), (sign, Num(value=value)))):
            return [], [f"t{'+' if sign > 0 else '-'}{value}"]
        case Group(body=body):
            return scripts(body)
        case Times(factors=factors):
            return ["".join(word for part in factors for word in scripts(part)[0])], []
    raise AssertionError(f"{tree} as a script")


def right_side(text: str) -> sp.Expr:
    """What stands right of the first =."""
    tree = parse_expression(text, latex=True)
    assert isinstance(tree, Chain)
    return polynomial(tree.sides[1])


# --- ours -----------------------------------------------------------------------------------------------------------

LINEAR = with_loss(rnn("identity", bias=False), "squared_error", "every_step", "mean", readout=True, bias=False)


def column(name: str) -> Adjoint:
    """The gradient of a state, gate or argument at t."""
    return Adjoint(Signal(name, (n, 1), t))


def written_out(program: Program, name: str, *inner: str) -> Node:
    """The gradient of a name with those of the `inner` names put in."""
    back = adjoint(program).definitions
    node = back[column(name)].expression
    for other in inner:
        node = substitute(node, {column(other): back[column(other)].expression})
    return node


def parameter_gradient(program: Program, name: str) -> Node:
    """∂L/∂ of a parameter."""
    (parameter,) = [one for one in program.parameters if isinstance(one, Parameter) and one.name == name]
    return adjoint(program).definitions[Adjoint(parameter)].expression


def published(part: str) -> str:
    """The one published formula that begins so."""
    (found,) = {case["text"] for case in cases("symbolic").values() if case["text"].startswith(part)}
    return found


LSTM_LOSS, GRU_LOSS = with_loss(lstm()), with_loss(gru("chung2014"))
CLAIMS: list[tuple[str, Notation, Program, Node]] = [
    (r"\frac{\partial L}{\partial h_t}=W_{hh}^\top", D2L, LINEAR, written_out(LINEAR, "h")),
    (r"\frac{\partial L}{\partial W_{hh}}", D2L, LINEAR, parameter_gradient(LINEAR, "W_h")),
    (r"\frac{\partial L}{\partial W_{qh}}", D2L, LINEAR, parameter_gradient(LINEAR, "W_y")),
    (r"\delta_{z_o}", LSTM, LSTM_LOSS, written_out(LSTM_LOSS, "a_o", "o")),
    (r"\delta_{z_c}", LSTM, LSTM_LOSS, written_out(LSTM_LOSS, "a_c_tilde", "c_tilde")),
    (r"\delta_{z_i}", LSTM, LSTM_LOSS, written_out(LSTM_LOSS, "a_i", "i")),
    (r"\delta_{z_f}", LSTM, LSTM_LOSS, written_out(LSTM_LOSS, "a_f", "f")),
    (r"\delta_{C_t}", LSTM, LSTM_LOSS, written_out(LSTM_LOSS, "c")),
    (r"\delta^{a_h}", GRU, GRU_LOSS, written_out(GRU_LOSS, "a_h_tilde", "h_tilde")),
    (r"\delta^{a_z}", GRU, GRU_LOSS, written_out(GRU_LOSS, "a_z", "z")),
    (r"\delta^{a_r}", GRU, GRU_LOSS, written_out(GRU_LOSS, "a_r", "r")),
]


@pytest.mark.parametrize(("part", "notation", "program", "ours"), CLAIMS, ids=[part for part, *_ in CLAIMS])
def test_ours_is_the_published_formula(part: str, notation: Notation, program: Program, ours: Node) -> None:
    """In the source's own letters."""
    text = published(part)
    printed = to_latex(ours, notation.style(program))
    assert sp.expand(polynomial(parse_expression(printed, latex=True)) - right_side(text)) == 0, f"{printed}\n{text}"


def test_a_wrong_letter_is_another_formula() -> None:
    """The comparison sees a gate taken for another."""
    text = published(r"\delta_{z_i}")
    wrong = to_latex(written_out(LSTM_LOSS, "a_f", "f"), LSTM.style(LSTM_LOSS))
    assert sp.expand(polynomial(parse_expression(wrong, latex=True)) - right_side(text)) != 0
