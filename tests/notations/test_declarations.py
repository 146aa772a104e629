"""[notation] of a model file: written names left, what they mean right."""

from __future__ import annotations

from typing import Any

import pytest

from symrnn.algebra.printing import program_to_text
from symrnn.cells import lstm, rnn
from symrnn.errors import InputError
from symrnn.models.files import loads as load_model
from symrnn.models.losses import with_loss
from symrnn.notations import declared

MODEL = '[cell]\nkind = "rnn"\n[sequence]\nx = [1]\n[parameters]\nW_h = 1\nW_x = 1\nb = 0\n'


def test_a_name_alone() -> None:
    """As `notation = "double_subscript"` says it."""
    assert declared("olah").stack == ","


def test_names_are_written_and_read() -> None:
    """The first name of a quantity is written, all are read; they come before the base's."""
    own = declared({"name": "double_subscript", "R": "W_h", "W_rec": "W_h", "net": "a"})
    assert program_to_text(rnn(), own.style(rnn())) == "h_t = tanh(R h_{t-1} + W_xh x_t + b_h)"
    assert own.readings(rnn())["W_rec"] == "W_h"
    assert own.readings(rnn())["net"] == "a"


def test_roles() -> None:
    """`y` is the prediction, `d` the target."""
    own = declared({"y": "prediction", "d": "target"})
    program = with_loss(rnn(), readout=True)
    assert "L   = 1/2 ‖y_T - d‖²" in program_to_text(program, own.style(program))


def test_layout_and_styles() -> None:
    """Rows bring denominators, unless said."""
    own = declared({"layout": "rows", "time": "angle", "product": "*"})
    assert (own.orientation.rows, own.orientation.denominator, own.time) == (True, True, "angle")
    assert not declared({"layout": "rows", "jacobians": "numerator"}).orientation.denominator
    assert not declared({"name": "cs231n", "layout": "columns"}).orientation.denominator


def test_stacked_gates() -> None:
    """From top to bottom."""
    assert declared({"W_all": ["f", "i", "c", "o"]}).stacks == {"W_all": ("f", "i", "c", "o")}
    assert "W_all" not in declared({"W_all": ["f", "i"]}).readings(lstm())


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ({"name": "nobody"}, "notation.name: no such notation"),
        ({"name": 3}, "notation.name: 3 is no name"),
        ({"layout": "diagonal"}, "notation.layout: 'diagonal'"),
        ({"time": 3}, "notation.time: 3"),
        ({"W": 3}, "notation.W: 3"),
        ({"W": "W +"}, "notation.W:"),
        ({"W +": "W_h"}, "notation.W +:"),
        ({"W": ["f", "f"]}, "notation.W:"),
        ({"W": []}, "notation.W:"),
    ],
)
def test_what_is_refused(table: dict[str, Any], found: str) -> None:
    """With its key."""
    with pytest.raises(InputError) as caught:
        declared(table)
    assert found in caught.value.found


def test_a_model_file_is_told_its_line() -> None:
    """The model reader checks the table."""
    with pytest.raises(InputError) as caught:
        load_model(MODEL + "[notation]\nlayout = 'diagonal'\n", "m.toml")
    assert caught.value.place is not None
    assert caught.value.place.label() == "m.toml:10:1"
    assert dict(load_model(MODEL + "[notation]\nW_hh = 'W_h'\n").notation) == {"W_hh": "W_h"}
