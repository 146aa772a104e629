"""Names exchanged throughout: declarations, gradients, blocks and values of opaque functions too."""

from __future__ import annotations

from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.jacobians import jacobian
from symrnn.cells import lstm, rnn
from symrnn.models.losses import with_generic_loss
from symrnn.notations.renaming import names_of, rename

SWAP = {"W_h": "A", "h": "s", "L": "E", "x": "u"}
BACK = {written: name for name, written in SWAP.items()}


def test_there_and_back() -> None:
    """A Program, its adjoint and its Jacobian."""
    program = with_generic_loss(rnn())
    there = rename(program, SWAP)
    assert str(there).splitlines() == ["s_t = tanh(A s_{t-1} + W_x u_t + b)", "E_t = E_t(s_t)", "E   = Σ_{t=1}^{T} E_t"]
    assert rename(there, BACK) == program
    assert adjoint(there).equations == rename(adjoint(program), SWAP).equations
    block = jacobian(rnn()).blocks[0]
    assert str(rename(block, SWAP)) == "∂s_t/∂s_{t-1} = diag(1 - s_t²) A"


def test_two_names_change_places() -> None:
    """At once, not one after the other."""
    assert str(rename(lstm(), {"W_f": "U_f", "U_f": "W_f"})["f_t"]) == "f_t = σ(U_f x_t + W_f h_{t-1} + b_f)"


def test_names_of_a_program() -> None:
    """Of gradients and blocks the quantities they speak of."""
    assert {"h", "W_h", "x", "b", "L"} <= set(names_of(adjoint(with_generic_loss(rnn()))))
