"""A line that says how far long work has come: on a terminal after a second, elsewhere a line every few seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

AFTER = 1.0
"""Seconds before anything is shown."""
BETWEEN = 0.1
"""Seconds from one line to the next."""
SELDOM = 5.0
"""The same in a log: where standard error is no terminal, every line stays."""


class Shower:
    """Writes `what: 40 %` on standard error when it is time; `clear` leaves nothing of it on a terminal."""

    def __init__(self, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._clock = clock
        self._on_screen = sys.stderr.isatty()
        self._following = clock() + (AFTER if self._on_screen else SELDOM)
        self._has_written = False

    def __call__(self, done: int, total: int) -> None:
        """So much is done, of so much."""
        now = self._clock()
        if now < self._following:
            return
        self._following = now + (BETWEEN if self._on_screen else SELDOM)
        line = f"{self._what}: {100 * done // max(total, 1)} %"
        self._has_written = self._on_screen
        sys.stderr.write(f"\r\033[K{line}" if self._on_screen else f"{line}\n")
        sys.stderr.flush()

    def clear(self) -> None:
        """The line goes."""
        if self._has_written:
            self._has_written = False
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


@contextmanager
def shown(what: str) -> Iterator[None]:
    """While it lasts, `what: 40 %` stands on standard error once the work takes longer than a second."""
    from symrnn.numeric.progress import reporting

    show = Shower(what)
    try:
        with reporting(show):
            yield
    finally:
        show.clear()
