"""A line that says how far long work has come: on a terminal only, and only after a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

AFTER = 1.0
"""Seconds before anything is shown."""
BETWEEN = 0.1
"""Seconds from one line to the next."""


@contextmanager
def shown(what: str) -> Iterator[None]:
    """While it lasts, `what: 40 %` stands on standard error once the work takes longer than a second."""
    from symrnn.numeric.progress import reporting

    if not sys.stderr.isatty():
        yield
        return
    following = time.monotonic() + AFTER
    has_written = False

    def show(done: int, total: int) -> None:
        nonlocal following, has_written
        now = time.monotonic()
        if now >= following:
            following, has_written = now + BETWEEN, True
            sys.stderr.write(f"\r\033[K{what}: {100 * done // max(total, 1)} %")
            sys.stderr.flush()

    try:
        with reporting(show):
            yield
    finally:
        if has_written:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
