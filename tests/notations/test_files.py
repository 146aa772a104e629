"""Notations as TOML: what a file may say, and what is refused with its line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from symrnn.algebra.printing import program_to_latex, program_to_text
from symrnn.cells import gru, lstm, named, rnn
from symrnn.cells.catalogue import KINDS
from symrnn.errors import InputError
from symrnn.models.losses import LOSSES, with_loss
from symrnn.notations import listing, loads, notation
from symrnn.notations.files import known_names

OWN = """
base = "goodfellow"
time = "bracket"
product = "∘"
bold = false
delta = "\\\\epsilon"
prediction = "\\\\hat{p}"
target = "d"
loss = "E"

[names]
h = "s"

[also]
W_rec = "W_h"

[adjoints]
h = "e"

[gates]
lstm = ["o", "f", "i", "c_tilde"]

[structure]
rnn = "concatenated"

[cells.rnn]
W_h = "R"
W_hx = "M"
"""


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    """On top of a base; what it says comes first."""
    path = tmp_path / "mine.toml"
    path.write_text(OWN, encoding="utf-8")
    own = notation(path)
    program = with_loss(rnn(), readout=True)
    assert own.name == "mine"
    assert program_to_text(own.rewrite(program), own.style(program)).splitlines() == [
        "s[t] = tanh(R s[t-1] + U x[t] + b)",
        "p̂[T] = V s[T] + c",
        "E    = 1/2 ‖p̂[T] - d‖²",
    ]
    assert (own.orientation.rows, own.adjoint, own.delta) == (False, "nabla", "epsilon")
    assert own.variant(rnn()).program.parameters[0].name == "W_hx"
    assert own.readings(rnn())["W_rec"] == "W_h"
    assert own.adjoints_in(rnn()) == {"a": "epsilon", "h": "e"}


@pytest.mark.parametrize("name", listing())
def test_what_ships_is_whole(name: str) -> None:
    """Every shipped notation names every variant of every cell with every loss, each name once."""
    one = notation(name)
    assert one.name == name
    assert one.title
    assert one.source
    for kind, row in KINDS.items():
        for source in row.variants:
            for loss in LOSSES:
                program = with_loss(named(kind, source), loss, readout=True)
                for shown in (program, one.variant(program).program):
                    style = one.style(shown)
                    assert program_to_latex(one.rewrite(shown), style)


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("tiem = 'subscript'", 1, "tiem: no such key"),
        ("\ntime = 'above'", 2, "time: 'above'"),
        ("[names]\nW_h = 3", 2, "names.W_h: 3 is no name"),
        ("[names]\nW_h = 'W h'", 2, "names.W_h: no single name"),
        ("[names]\nW_h = '\\input{secret}'", 2, "names.W_h:"),
        ("[names]\nW_h = '\\write18{ls}'", 2, "names.W_h:"),
        ("[names]\nW_h = '$W$; \\def\\x{}'", 2, "names.W_h:"),
        ("[names]\nW_h = 'W_{t-1}'", 2, "names.W_h: a script that is a step"),
        ("[names]\nW_h = '" + "W" * 80 + "'", 2, "names.W_h: a name of 80 characters"),
        ('[names]\n"W h" = "W"', 2, "names.W h:"),
        ("[cells.lstm]\nU_g = 'W'", 2, "cells.lstm.U_g: no such key"),
        ("[cells.lsmt]\nU_f = 'W'", 1, "cells.lsmt: no such key"),
        ("[cells]\nlstm = 3", 2, "cells.lstm: no table"),
        ("names = 3", 1, "names: no table"),
        ("[gates]\nlstm = ['i', 'f']", 2, "gates.lstm:"),
        ("[structure]\nlstm = 'stacked'", 2, "structure.lstm: 'stacked'"),
        ("bold = 'yes'", 1, "bold: 'yes'"),
        ("title = 3", 1, "title: 3 is no text"),
        ("base = 'mine'", 1, "base: 'mine': no such notation"),
        ("delta = '1'", 1, "delta: no single name"),
        ("time = ", 1, "no TOML"),
    ],
)
def test_what_is_refused(text: str, line: int, found: str) -> None:
    """With the file, the line and the key."""
    with pytest.raises(InputError) as caught:
        loads(text, "mine.toml")
    assert caught.value.place is not None
    assert (caught.value.place.file, caught.value.place.line) == ("mine.toml", line)
    assert found in caught.value.found


def test_two_quantities_written_alike() -> None:
    """Told when the names are used: a file cannot know which it will meet."""
    own = loads("[cells.lstm]\nU_f = 'W'\nU_i = 'W'")
    with pytest.raises(InputError, match="U_f and U_i"):
        own.style(lstm())


@pytest.mark.parametrize(
    ("source", "found"),
    [("goodfelow", "no such notation"), ("missing.toml", "cannot be read"), (".", "no such notation")],
)
def test_a_source_that_is_none(source: str, found: str) -> None:
    """The error lists what there is."""
    with pytest.raises(InputError, match=found):
        notation(source)


def test_a_file_that_is_too_long() -> None:
    """Refused before it is read."""
    with pytest.raises(InputError, match="characters"):
        loads("#" * 200_000)


def test_known_names_are_those_of_the_cells() -> None:
    """Every name a cell can have may be given another."""
    names = known_names("gru")
    assert {"W_z", "b_Uh", "a_h_tilde", "b_Wz", "W_h_hx", "W_y"} <= set(names)
    assert {name.name for name in gru("pytorch").parameters} <= set(names)
