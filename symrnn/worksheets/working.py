"""The values that names in a student's working have: what is given, and what the student wrote before."""

from __future__ import annotations

from collections.abc import Mapping

from symrnn.checking.matrices import Matrix, Value
from symrnn.checking.naming import Known
from symrnn.checking.page import Page, Scope, Truths
from symrnn.worksheets.solving import Rows, key_of


class Working(Scope):
    """A scope in which the model's names have the values of a table; others are unknown."""

    def __init__(self, truths: Truths, table: Mapping[str, Rows]) -> None:
        super().__init__(Page(truths))
        self.table = table

    def named(self, name: Known) -> Value | None:
        """The value in the table of what the name means."""
        for reading in self.page.truths.readings(name):
            rows = self.table.get(key_of(reading.node)) if reading.node is not None else None
            if rows is not None:
                return rows[0][0] if (len(rows), len(rows[0])) == (1, 1) else Matrix(rows)
        return None
