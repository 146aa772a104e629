"""The chain rule forwards: every signal's tangent right after the equation it belongs to."""

from __future__ import annotations

from symrnn.algebra.nodes import Tangent
from symrnn.algebra.programs import Program, family
from symrnn.algebra.reading.roles import parse_cell
from symrnn.calculus.rewriting import expose
from symrnn.calculus.tangents import push, tangent
from symrnn.cells import gru, lstm, rnn
from symrnn.models.losses import with_generic_loss, with_loss


def lines(program: Program) -> dict[str, str]:
    """Left sides to right sides, as printed."""
    return {str(equation.target): str(equation.expression) for equation in program}


def test_tanh() -> None:
    """Every parameter, the input and the state before move the argument."""
    assert lines(tangent(rnn())) == {
        "ȧ_t": "Ẇ_h h_{t-1} + W_h ḣ_{t-1} + Ẇ_x x_t + W_x ẋ_t + ḃ",
        "ḣ_t": "(1 - h_t²) ⊙ ȧ_t",
    }


def test_lstm_cell_state() -> None:
    """The product rule, gate by gate."""
    assert lines(tangent(lstm()))["ċ_t"] == "c_{t-1} ⊙ ḟ_t + f_t ⊙ ċ_{t-1} + c̃_t ⊙ i̇_t + i_t ⊙ c̃̇_t"
    assert lines(tangent(lstm()))["ḣ_t"] == "tanh(c_t) ⊙ ȯ_t + o_t ⊙ (1 - tanh²(c_t)) ⊙ ċ_t"


def test_gru_update() -> None:
    """(1 - z) ⊙ h moves with z by -ż ⊙ h."""
    written = lines(tangent(gru()))["ḣ_t"]
    assert "(1 - z_t) ⊙ ḣ_{t-1}" in written
    assert "z_t ⊙ h̃̇_t" in written


def test_the_recurrence_keeps_its_direction() -> None:
    """A tangent runs with its signal."""
    assert [equation.domain for equation in tangent(rnn())] == [equation.domain for equation in expose(rnn())]


def test_directions_of_initial_values_are_given() -> None:
    """ḣ_0, and the forward values it reads."""
    given = tangent(rnn()).given
    assert Tangent(rnn().initials[0]) in given
    assert {str(name) for name in given} >= {"Ẇ_h", "ẋ_t", "ḃ", "h_t", "h_{t-1}", "ḣ_0"}


def test_targets_do_not_move() -> None:
    """The tangent of a loss is along its prediction alone."""
    assert lines(tangent(with_loss(rnn())))["L̇"] == "(h_T - y)ᵀ ḣ_T"


def test_a_generic_loss_moves_with_its_arguments() -> None:
    """L̇ = Σ_t L̇_t: that L_t has no formula does not make it constant."""
    written = lines(tangent(with_generic_loss(rnn())))
    assert written["L̇_t"] == "(∂⁺L_t/∂h_t)ᵀ ḣ_t"
    assert written["L̇"] == "Σ_{t=1}^{T} L̇_t"


def test_a_gate_of_a_typed_cell() -> None:
    """Typed cells are Programs like any other."""
    cell = parse_cell("h_t = z_t ⊙ h_{t-1}\nz_t = sigma(W x_t)")
    assert lines(tangent(cell))["ḣ_t"] == "h_{t-1} ⊙ ż_t + z_t ⊙ ḣ_{t-1}"


def test_push_of_what_does_not_move_is_zero() -> None:
    """A frozen name has tangent 0."""
    (equation,) = rnn("identity")
    still = {family(name) for name in equation.reads}
    assert str(push(equation.expression, equation.target, frozen=still)) == "0"
