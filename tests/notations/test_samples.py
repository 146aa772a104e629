"""`symrnn notations`: every notation with a cell in it."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from symrnn.cli import main
from symrnn.notations import listing


def test_the_list() -> None:
    """Each notation once, in order."""
    done = CliRunner().invoke(main, ["notations", "--cell", "rnn"])
    heads = [line.partition(":")[0] for line in done.output.splitlines() if line and not line.startswith(" ")]
    assert (done.exit_code, tuple(heads)) == (0, listing())


def test_json_is_one_object() -> None:
    """With stable keys."""
    done = CliRunner().invoke(main, ["notations", "cs231n", "--format", "json"])
    (found,) = json.loads(done.output)["notations"]
    assert found["vectors"] == "rows"
    assert found["gates"] == ["i", "f", "o", "c_tilde"]
    assert found["names"]["c_tilde"] == "g"


def test_ones_own_file_and_its_errors(tmp_path: Path) -> None:
    """A path works like a name; an error is no traceback."""
    path = tmp_path / "own.toml"
    path.write_text('[names]\nh = "s"\n', encoding="utf-8")
    assert "s_t = tanh(W_h s_{t-1}" in CliRunner().invoke(main, ["notations", str(path), "--cell", "rnn"]).output
    path.write_text("nothing = 1\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["notations", str(path)])
    assert done.exit_code == 2
    assert "own.toml:1:1" in done.output
