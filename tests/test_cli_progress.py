"""Progress is shown on a terminal, after a second, and wiped away."""

from __future__ import annotations

import io
import sys

import pytest

from symrnn.cli import progress
from symrnn.numeric.progress import report


class Terminal(io.StringIO):
    """Standard error that says it is one."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("after", "expected"), [(0.0, "\r\033[Kevaluate: 25 %\r\033[K"), (60.0, "")])
def test_a_line_is_shown_after_a_while_and_wiped_away(monkeypatch, after, expected):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "AFTER", after)
    with progress.shown("evaluate"):
        report(1, 4)
    assert terminal.getvalue() == expected


def test_nothing_is_written_where_there_is_no_terminal(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "AFTER", 0.0)
    with progress.shown("evaluate"):
        report(1, 4)
    assert stream.getvalue() == ""
