"""Model files: what they mean, and every mistake with its file, line and key."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from symrnn.errors import InputError, SymrnnError, UnsafeInputError
from symrnn.models.files import examples, load, loads

HEAD = '[cell]\nkind = "rnn"\n'
BODY = "[parameters]\nW_h = 0.5\nW_x = 1\nb = 0\n"


def test_decimals_are_exact_from_the_token_on():
    """0.1 is one tenth, not the nearest binary float."""
    model = loads(HEAD + "[sequence]\nx = [0.1]\n" + BODY)
    assert model.value("x")[0, 0] == sp.Rational(1, 10)
    assert model.exact and model.bare


@pytest.mark.parametrize("name", examples())
def test_every_example_loads(name):
    """The examples that ship are right as they stand."""
    model = load(name)
    assert model.steps >= 1 and set(model.sizes.values()) <= {1, 2, 10, 20}


def test_sizes_follow_from_the_numbers():
    """n and m are read off the arrays."""
    text = (
        HEAD
        + "[sequence]\nx = [[1, 2, 3]]\n[parameters]\nW_h = [[1, 0], [0, 1]]\nW_x = [[1, 2, 3], [4, 5, 6]]\nb = 0\n"
    )
    assert dict(loads(text).sizes) == {"n": 2, "m": 3}


def test_one_entry_is_held_for_all_steps():
    """x = [1.0] with steps = 3 is three times the same input."""
    model = loads(HEAD + "[sequence]\nsteps = 3\nx = [1.0]\n" + BODY)
    assert model.value("x")[:, 0].tolist() == [1, 1, 1]


@pytest.mark.parametrize("line", ["x = []", ""])
def test_no_input_means_that_its_terms_go(line):
    """`[]` or no x: the cell has no input, and W_x is not asked for."""
    model = loads(HEAD + f"[sequence]\nsteps = 2\n{line}\n[parameters]\nW_h = 0.5\nb = 0\n")
    assert model.program.inputs == () and "W_x" not in str(model.program)


def test_a_batch_is_an_axis_after_time():
    """Three axes: steps, examples, components."""
    text = HEAD + "[sequence]\nx = [[[1], [2]], [[3], [4]]]\n" + BODY
    model = loads(text)
    assert model.batch == 2 and model.value("x").shape == (2, 2, 1)


def test_symbols_and_their_assumptions():
    """`"w"` is a symbol; [assume] says what it is."""
    model = loads(HEAD + '[sequence]\nx = [1]\n[parameters]\nW_h = "w"\nW_x = 1\nb = 0\n[assume]\nw = "positive"\n')
    assert model.symbols[0].is_positive and model.exact


def test_drawn_arrays_make_the_model_numerical():
    """One drawn array turns every number into float64, the same for the same seed."""
    text = HEAD + "hidden = 3\n[sequence]\nsteps = 2\nx = {normal = [0, 1], seed = 2}\n[parameters]\n"
    text += 'W_h = {init = "orthogonal", seed = 1}\nW_x = {uniform = [-1, 1], seed = 3}\nb = 0.1\n'
    first, second = loads(text), loads(text)
    assert not first.exact and first.value("W_h").dtype == np.float64
    assert np.array_equal(first.value("W_h"), second.value("W_h"))
    assert np.allclose(first.value("W_h") @ first.value("W_h").T, np.eye(3))


def test_a_typed_cell_takes_its_inputs_by_name():
    """`equations` with an input u: given in [sequence] by its name."""
    text = '[cell]\nequations = "s_t = tanh(A s_{t-1} + B u_t)"\n[sequence]\nu = [0.8]\n[parameters]\nA = 0.5\nB = 1\n'
    model = loads(text)
    assert model.value("u")[0, 0] == sp.Rational(4, 5)


def test_a_typed_loss_extends_the_cell():
    """`[loss] equations = "L = h_1"` is one more equation."""
    model = loads(HEAD + "[sequence]\nx = [1, 2]\n" + BODY + '[loss]\nequations = "L = h_1"\n')
    assert str(model.program["L"]) == "L = h_1"


def test_class_numbers_become_one_hot_rows():
    """Targets of a cross-entropy may be class numbers."""
    text = HEAD + "[sequence]\nx = [1, 2]\n" + BODY + "W_y = [[1], [0], [2]]\nb_y = 0\n"
    text += '[loss]\nkind = "softmax_cross_entropy"\nat = "every_step"\ny = [2, 0]\n'
    assert loads(text).value("y").tolist() == [[0, 0, 1], [1, 0, 0]]


def test_settings_share_the_model():
    """[[setting]] gives other numbers to the same cell, referred to by name."""
    text = HEAD + "[sequence]\nx = [1, 2]\n" + BODY + '[[setting]]\nname = "large"\n[setting.parameters]\nW_h = 2\n'
    model = loads(text)
    assert model.settings["large"].value("W_h")[0, 0] == 2
    assert model.settings["large"].value("W_x")[0, 0] == 1


MISTAKES = [
    ('[cell]\nkind = "rn"\n', 2, "no such cell"),
    ('[cell]\nkind = "gru"\nvariant = "torch"\n', 2, "no such variant"),
    ('[cell]\nkind = "rnn"\nactivation = "tahn"\n', 2, ""),
    ('[cell]\nkind = "rnn"\nequations = "h_t = x_t"\n', 1, "either kind or equations"),
    ('[cell]\nkind = "rnn"\nhiden = 3\n', 3, "no such key"),
    (HEAD + "[sequence]\nsteps = 0\n" + BODY, 4, "steps = 0"),
    (HEAD + "[sequence]\nsteps = -1\n" + BODY, 4, "steps = -1"),
    (HEAD + "[sequence]\nsteps = 100000000000\nx = [1]\n" + BODY, 4, "steps = 100000000000"),
    (HEAD + "[sequence]\nx = [1, nan]\n" + BODY, 4, "not a finite number"),
    (HEAD + "[sequence]\nx = [1, inf]\n" + BODY, 4, "not a finite number"),
    (HEAD + "[sequence]\nx = [1, 2]\nsteps = 3\n" + BODY, 4, "2 entries for 3 steps"),
    (HEAD + "[sequence]\nx = [[1], [2, 3]]\n" + BODY, 4, "different lengths"),
    (HEAD + "[sequence]\nx = [true]\n" + BODY, 4, "no number"),
    (HEAD + "[sequence]\nx = [1]\n[parameters]\nW_h = 0.5\nb = 0\n", 5, "no value for W_x"),
    (HEAD + "[sequence]\nx = [1]\n" + BODY + "W_q = 1\n", 9, "no such key"),
    (HEAD + "[sequence]\nx = [1]\n[parameters]\nW_h = 1e400000000\nW_x = 1\nb = 0\n", 6, "digits"),
    (HEAD + '[sequence]\nx = [1]\n[parameters]\nW_h = "1/0"\nW_x = 1\nb = 0\n', 6, "not finite"),
    (HEAD + '[sequence]\nx = [1]\n[parameters]\nW_h = "9**9**9"\nW_x = 1\nb = 0\n', 6, ""),
    (HEAD + "[sequence]\nx = [1]\n" + BODY + '[loss]\nkind = "half_squared_error"\n', 9, "no y"),
    (HEAD + "[sequence]\nx = [1]\n" + BODY + '[loss]\nkind = "mse"\ny = 1\n', 10, "no such loss"),
    (
        HEAD + "[sequence]\nx = [1]\n" + BODY + '[loss]\nkind = "squared_error"\nat = "end"\ny = 1\n',
        11,
        "no such choice",
    ),
    (HEAD + "[sequence]\nx = [1]\nh0 = [1, 2]\n" + BODY, 7, "sequence.h0 says n = 2"),
    ('[cell]\nequations = "h_t = tanh(W h_{t+1})"\n[sequence]\nsteps = 2\n', 2, "not known yet"),
    ('[cell]\nequations = "h_t = tahn(W h_{t-1})"\n[sequence]\nsteps = 2\n', 2, ""),
    ("[cell\n", 1, "no TOML"),
    ('[cell]\nequations = "h_t = \\sigma(w h_{t-1})"\n', 2, "Unescaped"),
    ('[cell]\nequations = "h_t = \\tanh(w h_{t-1})"\n', 2, "reads as a control character"),
    (
        '[cell]\nequations = "h_t = w h_{t-1}; p_t = u h_t; q_t = h_t"\n[parameters]\nw = 1\nu = 1\n[loss]\n'
        'kind = "squared_error"\ny = 1\n',
        7,
        "about one output",
    ),
    (HEAD + "[sequences]\nx = [1]\n" + BODY, 3, "no such key"),
]


@pytest.mark.parametrize(("text", "line", "found"), MISTAKES)
def test_a_mistake_names_file_line_and_key(text, line, found):
    """Every error tells the file, the line, what was found and what to write."""
    with pytest.raises(SymrnnError) as caught:
        loads(text, "model.toml")
    error = caught.value
    assert error.exit_code == 2
    assert error.place is not None and error.place.file == "model.toml" and error.place.line == line, str(error)
    assert found in error.found and error.write


def test_a_huge_file_is_refused_before_it_is_parsed():
    """Size limits come first."""
    with pytest.raises(UnsafeInputError):
        loads("#" * 3_000_000)


def test_a_missing_file_is_an_input_error(tmp_path):
    """No traceback for a path that leads nowhere."""
    with pytest.raises(InputError):
        load(tmp_path / "nothing.toml")


def test_exact_fractions_in_quotes():
    """ "1/3" is a third."""
    model = loads(HEAD + '[sequence]\nx = ["1/3"]\n' + BODY)
    assert Fraction(str(model.value("x")[0, 0])) == Fraction(1, 3)
