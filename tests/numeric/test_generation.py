"""The structure of the text that `numeric.generation` writes: what leaves the loops, and what one call serves."""

from __future__ import annotations

import pytest

from symrnn.algebra.nodes import Parameter
from symrnn.algebra.programs import substitute_program
from symrnn.cells import gru, lstm, rnn
from symrnn.numeric.compilation import compile_forward, compile_gradients


def loop_lines(source: str, number: int) -> list[str]:
    """The lines of the body of the loop over t with that number, comments left out."""
    lines = source.splitlines()
    head = [k for k, line in enumerate(lines) if line.endswith(" in steps:")][number]
    depth = len(lines[head]) - len(lines[head].lstrip())
    body = []
    for line in lines[head + 1 :]:
        if len(line) - len(line.lstrip()) <= depth:
            break
        body.append(line.strip())
    return [line for line in body if not line.startswith("#")]


@pytest.mark.parametrize("cell", [rnn, lstm, gru])
def test_products_with_inputs_stand_outside_the_loops(cell):
    source = compile_gradients(cell()).source
    for number in (0, 1):
        assert not any(line.startswith("through(") for line in loop_lines(source, number))
    assert "through(" in source


def test_one_product_and_one_sigmoid_serve_the_gates_of_a_step():
    forward = loop_lines(compile_gradients(lstm()).source, 0)
    assert sum("_dot(" in line for line in forward) == 1
    assert sum(line.startswith("sigmoid(") for line in forward) == 1


def test_a_backward_step_of_the_lstm_is_one_product_two_additions_and_six_multiplications():
    backward = loop_lines(compile_gradients(lstm()).source, 1)
    assert [sum(line.startswith(call) for line in backward) for call in ("U_all_T_dot(", "add(", "multiply(")] == [
        1,
        2,
        6,
    ]


def test_weight_gradients_are_contracted_after_the_sweep():
    source = compile_gradients(rnn()).source
    assert not any("d_W_h" in line for line in loop_lines(source, 1))
    assert "d_W_h += d_a_flat @ h_flat.T" in source


def test_only_what_is_read_elsewhere_has_an_array_for_all_steps():
    kept, lean = compile_gradients(rnn(), keep=True), compile_gradients(rnn())
    assert "a = empty(T, n)" in kept.source
    assert "a_t = zeros(n)" in lean.source and "a = empty(T, n)" not in lean.source


@pytest.mark.parametrize("keep", [False, True])
def test_the_same_program_gives_the_same_text(keep):
    sources = []
    for _ in range(2):
        compile_gradients.cache_clear()
        sources.append(compile_gradients(gru(), keep=keep).source)
    assert sources[0] == sources[1]


@pytest.mark.parametrize("name", ["add", "given", "span", "lambda", "T", "h_t"])
def test_quantities_may_have_names_the_text_uses_itself(name):
    plain = next(parameter for parameter in rnn().parameters if parameter.name == "W_h")
    run = compile_forward(substitute_program(rnn(), {plain: Parameter(name, plain.shape)}))
    found = run({name: [[0.0]], "W_x": [[0.0]], "b": [0.0], "x": [[1.0], [2.0]]})
    assert found["h"].tolist() == [[0.0], [0.0]]


@pytest.mark.parametrize("cell", [rnn, lstm, gru])
def test_no_line_is_longer_than_120_columns(cell):
    assert max(map(len, compile_gradients(cell()).source.splitlines())) <= 120
