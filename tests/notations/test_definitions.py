"""What a notation makes of a Program: its style, its readings, its structure."""

from __future__ import annotations

import pytest

from symrnn.algebra.nodes import Adjoint
from symrnn.algebra.printing import equation_to_text, program_to_text
from symrnn.algebra.reading.roles import parse_cell
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.jacobians import jacobian
from symrnn.calculus.rewriting import expose
from symrnn.cells import gru, lstm, rnn
from symrnn.models.losses import training_step, with_loss
from symrnn.notations import loads, notation


def gradients(name: str, program: object) -> list[str]:
    """The adjoint as the notation writes it."""
    one = notation(name)
    back = one.rewrite(adjoint(program))  # type: ignore[type-var,arg-type]  # a Program
    return program_to_text(back, one.style(program)).splitlines()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "cell", "first"),
    [
        ("neutral", rnn(), "h_t = tanh(W_h h_{t-1} + W_x x_t + b)"),
        ("goodfellow", rnn(), "h^(t) = tanh(W h^(t-1) + U x^(t) + b)"),
        ("pytorch", rnn(), "h_t = tanh(W_hh h_{t-1} + b_hh + W_ih x_t + b_ih)"),
        ("double_subscript", rnn(), "h_t = tanh(W_hh h_{t-1} + W_xh x_t + b_h)"),
        ("cs231n", rnn(), "h_t = tanh(h_{t-1} W_h + x_t W_x + b)"),
        ("olah", rnn(), "h_t = tanh(W [h_{t-1}, x_t] + b)"),
        ("pytorch", lstm(), "i_t = σ(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi)"),
        ("olah", lstm(), "f_t = σ(W_f [h_{t-1}, x_t] + b_f)"),
        ("olah", gru(bias=False), "z_t = σ(W_z [h_{t-1}, x_t])"),
        ("pytorch", gru("pytorch"), "r_t = σ(W_ir x_t + b_ir + W_hr h_{t-1} + b_hr)"),
    ],
)
def test_the_first_line_as_the_source_writes_it(name: str, cell: object, first: str) -> None:
    """Names, structure and the order of the gates."""
    one = notation(name)
    program = one.variant(cell).program  # type: ignore[arg-type]  # a Program
    assert program_to_text(one.rewrite(program), one.style(program)).splitlines()[0] == first


def test_pytorch_s_gru_is_the_documentation_s() -> None:
    """n_t = tanh(W_in x_t + b_in + r_t ⊙ (W_hn h_{t-1} + b_hn)), h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_{t-1}."""
    one = notation("pytorch")
    program = one.variant(gru("pytorch")).program
    assert program_to_text(program, one.style(program)).splitlines() == [
        "r_t = σ(W_ir x_t + b_ir + W_hr h_{t-1} + b_hr)",
        "z_t = σ(W_iz x_t + b_iz + W_hz h_{t-1} + b_hz)",
        "n_t = tanh(W_in x_t + b_in + r_t ⊙ (W_hn h_{t-1} + b_hn))",
        "h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ n_t",
    ]


def test_gradients_in_the_source_s_words() -> None:
    """∇ for Goodfellow, δ elsewhere, rows for CS231n."""
    program = with_loss(rnn(), readout=True)
    assert "∇_W L         = Σ_{t=1}^{T} (∇_{a^(t)} L) (h^(t-1))ᵀ" in gradients("goodfellow", program)
    assert "∂L/∂W_hh = Σ_{t=1}^{T} δ_t h_{t-1}ᵀ" in gradients("double_subscript", program)
    assert "∂L/∂W_h = Σ_{t=1}^{T} h_{t-1}ᵀ δ_t" in gradients("cs231n", program)


def test_arguments_follow_their_owner() -> None:
    """c̃ is g: its argument is a_g, the gradient of that δ_g."""
    one = notation("pytorch")
    assert one.names_in(lstm())["a_c_tilde"] == "a_g"
    assert one.adjoints_in(lstm())["a_c_tilde"] == "delta_g"
    assert one.adjoint_readings(lstm())["delta_g"] == "a_c_tilde"


def test_arguments_yield_to_the_notation_s_letters() -> None:
    """Where h is written a, the argument a becomes z."""
    own = loads('[names]\nh = "a"')
    assert program_to_text(expose(rnn()), own.style(rnn())).splitlines() == [
        "z_t = W_h a_{t-1} + W_x x_t + b",
        "a_t = tanh(z_t)",
    ]
    assert own.readings(rnn()) == {"z": "a", "a": "h", "W_h": "W_h", "W_x": "W_x", "x": "x", "b": "b"}


def test_a_letter_that_is_taken_is_no_delta() -> None:
    """A cell with a δ of its own writes ∂L/∂a_t."""
    cell = parse_cell("h_t = tanh(W h_{t-1} + delta ⊙ x_t)")
    assert notation("neutral").adjoints_in(cell) == {}


def test_a_typed_cell_keeps_its_own_names() -> None:
    """What the notation would write for another quantity is left as it is."""
    cell = parse_cell("h_t = tanh(W_h h_{t-1} + W_x x_t + W)")
    assert notation("goodfellow").names_in(cell)["W_x"] == "U"
    assert "W_h" not in notation("goodfellow").names_in(cell)


def test_readings_are_the_inverse() -> None:
    """Every written name leads back to its own."""
    for name in ("goodfellow", "pytorch", "double_subscript", "olah"):
        one = notation(name)
        for cell in (rnn(), lstm(), gru("pytorch")):
            program = one.variant(cell).program
            for canonical, written in one.names_in(program).items():
                if canonical in {getattr(each, "name", "") for each in program.parameters}:
                    assert one.canonical(written, program) == canonical


def test_restoring_undoes() -> None:
    """From rows back to columns."""
    one = notation("cs231n")
    line = jacobian(lstm())["c", "h"]
    assert one.restore(one.rewrite(line)) == line
    assert one.restore(one.rewrite(lstm())) == lstm()


def test_layouts_by_a_file() -> None:
    """Denominators with columns: the product's order turns, vectors stay."""
    own = loads('jacobians = "denominator"')
    line = own.rewrite(jacobian(rnn()).blocks[0])
    assert equation_to_text(line) == "∂h_t/∂h_{t-1} = W_hᵀ diag(1 - h_t²)"
    assert own.rewrite(rnn()) == rnn()


def test_a_training_step_is_renamed_too() -> None:
    """W_h_new is not in the table and stays; the gradient takes the notation's name."""
    one = notation("double_subscript")
    text = program_to_text(training_step(rnn()), one.style(rnn()))
    assert "(∂L/∂W_hh)" in text
    assert Adjoint(rnn().parameters[0]) in training_step(rnn()).given
