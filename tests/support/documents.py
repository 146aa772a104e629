"""The documents that the renderers' tests print, each derived once."""

from __future__ import annotations

from functools import cache

import symrnn as sr
from symrnn.documents import derive
from symrnn.documents.document import Document

SOURCES = {
    "rnn": lambda: sr.cells.rnn(),
    "lstm": lambda: sr.cells.lstm(),
    "gru": lambda: sr.cells.gru(),
    "gru_pytorch": lambda: sr.cells.gru("pytorch"),
    "linear": lambda: sr.load("example:linear"),
    "readout": lambda: sr.load("example:readout"),
    "typed": lambda: sr.parse_cell("h_t = (1 - alpha) h_{t-1} + alpha tanh(W h_{t-1} + U x_t)"),
}
NAMED = ("rnn", "lstm", "gru")


@cache
def document(name: str, language: str = "en") -> Document:
    """The derivation of a source."""
    return derive(SOURCES[name](), language=language)


HOSTILE = '\\input{x} \\write18{id} 50% & _^~#$ <script>alert(1)</script> `*[a](javascript:b)*` "]; #eval("1")'
"""A name that would do something in each of the formats if it were not made harmless."""


@cache
def hostile() -> Document:
    """A model with that name."""
    name = HOSTILE.replace("\\", "\\\\").replace('"', '\\"')
    return derive(
        sr.loads(f'name = "{name}"\n[cell]\nkind = "rnn"\n[sequence]\nx = [1]\n[parameters]\nW_h = 1\nW_x = 1\nb = 0\n')
    )
