"""Why a formula has no value: a name nobody knows, or nothing a machine can compute."""

from __future__ import annotations


class NoValue(Exception):
    """A formula that comes to nothing: each kind says why."""


class Unknown(NoValue):
    """A name without a value."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class NotMeant(NoValue):
    """A formula that says nothing a machine can compute: `…`, a set, a picture."""
