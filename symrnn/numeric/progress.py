"""How far long work has come: whoever wants to know says so once, and whoever works tells it between two chunks.

>>> seen = []
>>> with reporting(lambda done, total: seen.append((done, total))):
...     for _ in watched([10, 20]):
...         pass
>>> seen
[(0, 2), (1, 2), (2, 2)]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Progress = Callable[[int, int], None]
"""Told how much is done, and of how much: steps or chunks of the work at hand. What it raises stops the work."""

T = TypeVar("T")
_listener: ContextVar[Progress | None] = ContextVar("symrnn_progress", default=None)


@contextmanager
def reporting(listener: Progress | None) -> Iterator[None]:
    """While it lasts, work in this thread tells the listener how far it has come; what the listener raises stops it.

    A new piece of work begins again at 0, of a total of its own.
    """
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


def report(done: int, total: int) -> None:
    """Tell whoever listens; next to nothing where nobody does."""
    listener = _listener.get()
    if listener is not None:
        listener(done, total)


def watched(parts: Sequence[T]) -> Iterator[T]:
    """The parts one after the other, with a word before each and after the last."""
    total = len(parts)
    for done, part in enumerate(parts):
        report(done, total)
        yield part
    report(total, total)
