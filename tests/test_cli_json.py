"""Every command has `--format json`, and what it prints is JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from symrnn.cli import main

SWEEP = '[sweep]\nactivation = ["tanh"]\ngain = [1.0]\nhidden = 4\nseeds = 1\n'
LINES = {
    "derive": ["rnn", "--detail", "outline"],
    "evaluate": ["example:linear"],
    "regime": ["example:linear"],
    "check": ["working.md"],
    "worksheet": ["example:linear", "-o", "made"],
    "mark": ["week", "week/answers.csv"],
    "draw": ["rnn"],
    "sweep": ["sweep.toml", "--workers", "1"],
    "remedies": ["example:linear"],
    "notations": [],
    "cells": [],
    "new": ["rnn"],
}


@pytest.mark.parametrize("name", sorted(main.list_commands(None)))  # type: ignore[arg-type]  # the group needs no context
def test_json(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a small case of each."""
    monkeypatch.chdir(tmp_path)
    Path("working.md").write_text("$2 + 2 = 4$\n", encoding="utf-8")
    Path("sweep.toml").write_text(SWEEP, encoding="utf-8")
    if name == "mark":
        assert CliRunner().invoke(main, ["worksheet", "example:linear", "-o", "week"]).exit_code == 0
    result = CliRunner().invoke(main, [name, *LINES[name], "--format", "json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)
