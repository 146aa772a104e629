"""Progress is shown on a terminal after a second, and wiped away; elsewhere there is a line every few seconds."""

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


def test_a_log_has_a_line_every_few_seconds(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    seconds = iter([0, 1, 5, 6, 9, 10, 30])
    show = progress.Shower("sheets", lambda: next(seconds))
    for done in range(1, 7):
        show(done, 10)
    show.clear()
    assert stream.getvalue() == "sheets: 20 %\nsheets: 50 %\nsheets: 60 %\n"


def test_short_work_writes_nothing_into_a_log(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "AFTER", 0.0)
    with progress.shown("evaluate"):
        report(1, 4)
    assert stream.getvalue() == ""
