"""The named cells: equations, conventions, options."""

import pytest

from symrnn.algebra.costs import cost_of
from symrnn.cells import CELLS, gru, lstm, named, rnn
from symrnn.cells.catalogue import KINDS
from symrnn.errors import InputError

TEXTBOOK = {
    "lstm": [
        "f_t = σ(W_f x_t + U_f h_{t-1} + b_f)",
        "i_t = σ(W_i x_t + U_i h_{t-1} + b_i)",
        "o_t = σ(W_o x_t + U_o h_{t-1} + b_o)",
        "c̃_t = tanh(W_c x_t + U_c h_{t-1} + b_c)",
        "c_t = f_t ⊙ c_{t-1} + i_t ⊙ c̃_t",
        "h_t = o_t ⊙ tanh(c_t)",
    ],
    "gru": [
        "z_t = σ(W_z x_t + U_z h_{t-1} + b_z)",
        "r_t = σ(W_r x_t + U_r h_{t-1} + b_r)",
        "h̃_t = tanh(W_h x_t + U_h (r_t ⊙ h_{t-1}) + b_h)",
        "h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ h̃_t",
    ],
    "rnn": ["h_t = tanh(W_h h_{t-1} + W_x x_t + b)"],
}


@pytest.mark.parametrize("name", TEXTBOOK)
def test_a_named_cell_prints_its_textbook(name):
    """Equation by equation."""
    assert [str(equation) for equation in CELLS[name]()] == TEXTBOOK[name]


@pytest.mark.parametrize(
    ("variant", "candidate", "state"),
    [
        ("chung2014", "U_h (r_t ⊙ h_{t-1})", "(1 - z_t) ⊙ h_{t-1} + z_t ⊙ h̃_t"),
        ("cho2014", "U_h (r_t ⊙ h_{t-1})", "z_t ⊙ h_{t-1} + (1 - z_t) ⊙ h̃_t"),
        ("pytorch", "r_t ⊙ (U_h h_{t-1} + b_Uh)", "z_t ⊙ h_{t-1} + (1 - z_t) ⊙ h̃_t"),
        ("keras", "r_t ⊙ (U_h h_{t-1} + b_Uh)", "z_t ⊙ h_{t-1} + (1 - z_t) ⊙ h̃_t"),
    ],
)
def test_gru_variants_differ_where_their_sources_differ(variant, candidate, state):
    """Where the reset acts, and what the update gate keeps."""
    program = gru(variant)
    assert candidate in str(program["h̃_t"]) and str(program["h_t"]) == f"h_t = {state}"
    assert program.citation == variant


def test_plain_gru_is_chung():
    """The paper the plain name stands for."""
    assert gru().convention.startswith("Chung et al. (2014)")


@pytest.mark.parametrize("kind", KINDS)
def test_every_variant_names_its_convention_and_source(kind):
    """No cell without both."""
    for variant in KINDS[kind].variants:
        program = named(kind, variant)
        assert program.convention and program.citation


def test_outputs_and_final_states():
    """h is the output; the LSTM's c_T receives a cotangent of its own."""
    assert [str(name) for name in lstm().outputs] == ["h_t"]
    assert [str(name) for name in lstm().finals] == ["c_T"]
    assert rnn().finals == ()


def test_options():
    """Activations by name, biases left out."""
    assert str(rnn(activation="identity", bias=False)) == "h_t = W_h h_{t-1} + W_x x_t"
    assert "HardSigmoid" in str(lstm(gate_activation="hard_sigmoid")) or "hard" in str(
        lstm(gate_activation="hard_sigmoid")
    )
    assert not any(p.name.startswith("b") for p in gru("pytorch", bias=False).parameters)


def test_what_is_not_there_lists_what_is():
    """Kinds, variants and activations."""
    for make in (lambda: named("lstmm"), lambda: gru("torch"), lambda: rnn(activation="tahn")):
        with pytest.raises(InputError) as caught:
            make()
        assert caught.value.write


def test_costs():
    """4 n (n + m + 1) numbers in an LSTM."""
    cost = cost_of(lstm())
    assert str(cost.parameters) == "4*n*(m + n + 1)" and str(cost.activations) == "5*n"
    assert str(cost_of(rnn()).arithmetic.expand()) == str((2 * _m() * _n() + 2 * _n() ** 2).expand())


def _n():
    from symrnn.algebra.nodes import n

    return n


def _m():
    from symrnn.algebra.nodes import m

    return m
