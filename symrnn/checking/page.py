"""The page so far: what was written for each name and number, what it should have been, and what hangs on a mistake.

Two environments in one: a `Record` keeps the writer's value (with the room its rounding leaves) beside the true one, so
that the first wrong line is told from its consequences.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Protocol

from symrnn.algebra.nodes import Adjoint, Parameter
from symrnn.algebra.nodes import Name as NodeName
from symrnn.algebra.reading.syntax import Num
from symrnn.checking.conditions import Condition
from symrnn.checking.digits import unit_of
from symrnn.checking.matrices import Matrix, Value, scaled, transposed
from symrnn.checking.naming import Derivative, Known, Name, placed
from symrnn.checking.numbers import Number, about, hull, negative, same, sharp
from symrnn.numeric.interpretation import label

OWN = "the text's own"
"""The meaning of a name that the text gives a value of its own: none of the model's quantities."""


@dataclass(frozen=True)
class Record:
    """What stands for a name or a number: written, true where that is known, and the wrong links it hangs on."""

    written: Value
    true: Value | None
    taint: frozenset[int] = frozenset()
    given: bool = False
    link: int = -1


@dataclass(frozen=True)
class Reading:
    """One thing a name may mean, and its true value."""

    meaning: str
    value: Value
    node: Any = None


class Truths(Protocol):
    """What a model knows."""

    def readings(self, name: Known) -> Sequence[Reading]:
        """What the name may mean, most likely first; empty where the model knows no such quantity."""
        ...

    def meaning(self, function: str) -> Sequence[str]:
        """Which functions a generic name such as σ or f may stand for."""
        ...

    def span(self) -> tuple[int, int] | None:
        """The steps there are."""
        ...

    @property
    def here(self) -> int | None:
        """The step a generic t stands for, where the section says it."""
        ...

    def letters(self) -> Mapping[str, int]:
        """Letters that stand for the last step: T, and n where nothing else is called so."""
        ...

    def is_constant(self, name: Name) -> bool:
        """Whether a name is the same at every step: a parameter, or a signal that is supposed to be."""
        ...

    def turned(self, node: Any, value: Value, across: bool = False) -> Value:
        """A value as the text lays it out, from this library's columns and numerators; and back."""
        ...

    def size(self, name: str) -> int | None:
        """The number that n, m or p is, where they are letters."""
        ...


class NoTruths:
    """Without a model."""

    here: int | None = None

    def readings(self, name: Known) -> Sequence[Reading]:
        """Nothing is known."""
        return ()

    def meaning(self, function: str) -> Sequence[str]:
        """σ is the sigmoid unless the text says otherwise."""
        return ("sigmoid", "tanh") if function == "sigma" else ()

    def span(self) -> tuple[int, int] | None:
        """No steps are known."""
        return None

    def letters(self) -> Mapping[str, int]:
        """No last step is known."""
        return {}

    def is_constant(self, name: Name) -> bool:
        """Nothing is known of signals."""
        return False

    def turned(self, node: Any, value: Value, across: bool = False) -> Value:
        """As it is."""
        return value

    def size(self, name: str) -> int | None:
        """No sizes are known."""
        return None


@dataclass
class Page:
    """Everything written above the link that is judged."""

    truths: Truths = field(default_factory=NoTruths)
    names: dict[str, Record] = field(default_factory=dict)
    numbers: dict[str, Record] = field(default_factory=dict)
    data: set[Fraction] = field(default_factory=set)
    quantities: dict[str, Record] = field(default_factory=dict)
    """What was written for the model's quantities, by their labels."""
    functions: dict[str, str] = field(default_factory=dict)
    chosen: dict[str, str] = field(default_factory=dict)
    """Which meaning a family of names has: `delta` is ∂L/∂a."""
    formulas: Any = None
    """Who judges formulas without numbers: `formulas.Formulas`, or None without a model."""
    softmaxes: Mapping[str, str] = field(default_factory=dict)
    """Names that are told to be the softmax of another, apart from any cell."""
    mapping: dict[str, str] = field(default_factory=dict)
    """Names of the text and the quantities they were taken for, where they differ."""
    budget: int = 1_500
    """How many more expressions are computed for explaining mistakes."""
    conditions: tuple[Condition, ...] = ()
    """What the text assumes for the present line."""
    equation: Any = None
    """The last equation for an eigenvalue: `roots.RootEquation`."""
    doubtful: set[str] = field(default_factory=set)
    """Families with several meanings, none of which fits any number of the text."""
    leaning: dict[str, str] = field(default_factory=dict)
    """What the numbers say of a name, where formulas may say otherwise."""
    shadowed: dict[str, Record] = field(default_factory=dict)
    """What a number stood for before it was written for something wrong, too: `0.674` for `-0.674`."""
    earlier: dict[str, Record] = field(default_factory=dict)
    """What a name stood for before another value was written for it: a text may come back to that."""
    update: Any = None
    """The model's training step: a `clipping.Rule`, or None."""
    moved: dict[str, Value] = field(default_factory=dict)
    """The parameters that were updated: what comes after may be computed from their new values."""
    later: Any = None
    """What is true with these (`updates.after`)."""
    stepped: set[str] = field(default_factory=set)
    """The parameters that the present training step has updated; one that is updated again begins the next step."""
    before: Any = None
    """What was true before the present training step, where it is not the first."""

    def written(self, parameter: Parameter) -> Record | None:
        """What was written for ∂L/∂θ."""
        return self.quantities.get(label(Adjoint(parameter)))

    def truth(self, name: Known) -> Reading | None:
        """What a name means and its true value, where that is settled."""
        readings = self.truths.readings(name)
        if not readings:
            return None
        chosen = self.chosen.get(group(name))
        if chosen == OWN:
            return None
        found = next((reading for reading in readings if family(reading.meaning) == chosen), readings[0])
        if str(name) != found.meaning:
            self.mapping.setdefault(str(name), found.meaning)
        return found

    def key(self, name: Known) -> str:
        """A name as the page keeps it: a generic step is the one the section speaks of."""
        here = self.truths.here
        return str(name if here is None or not name.generic else placed(name, {"t": here}))

    def keep_name(self, name: Known, record: Record, anew: bool = False) -> None:
        """What is written for a name from here on; a datum given anew, or updated, begins another setting."""
        reading, key = self.truth(name), self.key(name)
        if reading is not None:
            record = replace(record, written=_laid(record.written, reading.value))
        before = self.names.get(key)
        is_other = reading is None and before is not None and _differ(before.written, record.written)
        if is_other and before is not None:
            self.earlier[key] = before
        if is_other and (record.given or anew):
            # A gradient is nothing that is given, though its number may stand alone.
            self.names = {each: kept for each, kept in self.names.items() if kept.given and "∂" not in each}
        self.names[key] = record
        if reading is not None and reading.node is not None:
            self.quantities[label(reading.node)] = self._as_columns(reading.node, record)

    def value_of(self, name: NodeName) -> Value | None:
        """What is written for a quantity of the model; None where nothing is."""
        record = self.quantities.get(label(name))
        return None if record is None else record.written

    def _as_columns(self, node: Any, record: Record) -> Record:
        """A record of a text in rows as this library's columns."""
        turned = self.truths.turned
        true = record.true if record.true is None else turned(node, record.true)
        return replace(record, written=turned(node, record.written), true=true)

    def keep_number(self, text: str, negative_: bool, record: Record) -> None:
        """What a number stands for from here on; kept without its sign, which is an operation when it is read."""
        if negative_:
            true = record.true if record.true is None else scaled(record.true, negative)
            record = Record(scaled(record.written, negative), true, record.taint, record.given, record.link)
        before = self.numbers.get(text)
        if before is not None and bool(record.taint) != bool(before.taint):
            self.shadowed[text] = before
        self.numbers[text] = record
        if record.given and isinstance(record.written, Number) and isinstance(record.written.value, Fraction):
            self.data.add(abs(record.written.value))


def _laid(written: Value, like: Value) -> Value:
    """A vector as the row or column that it is, however its numbers are written."""
    if not isinstance(written, Matrix) or not isinstance(like, Matrix) or 1 not in like.shape:
        return written
    return transposed(written) if written.shape == like.shape[::-1] != like.shape else written


def _differ(before: Value, after: Value) -> bool:
    """Whether two numbers are not the same; of vectors nothing is said."""
    return isinstance(before, Number) and isinstance(after, Number) and not same(before.value, after.value)


def group(name: Known) -> str:
    """Names that mean the same at different steps; `y` and `y_3` may differ."""
    if isinstance(name, Derivative) and name.packed:
        # The layer of `δ^{h,(2)}_t` stands behind its step.
        return " ".join(("packed", name.whole, *map(str, name.wrt.steps[1:])))
    return name.whole + ("[]" if isinstance(name, Name) and name.steps else "")


def family(meaning: str) -> str:
    """The meaning without its step: `∂L/∂a[2]` and `∂L/∂a[1]` are one family."""
    return re.sub(r"\[-?\d+\]", "", meaning)


@dataclass
class Scope:
    """How one side is evaluated: with the writer's values or the true ones, new numbers sharp or as rounded."""

    page: Page
    true: bool = False
    fresh: bool = False
    """Whether numbers that stand nowhere above may be rounded results."""
    exact_data: bool = False
    """Whether a number that is also given data is read as that."""
    sigma: int = 0
    """Which of several functions a generic name stands for."""
    beside: frozenset[str] = frozenset()
    """Numbers of the side before: they are copied, not computed."""
    powers: bool = False
    """Whether `w^T` of a number is read as a power."""
    eye: int = 0
    """The size of I, where it is known."""
    whole: int = 0
    """The size of the identity whose rows E_{1:n} are, where it is known."""
    spread: bool = False
    """Whether E_n is no loss of step n, but the matrix with vec(diag(v)) = E_n v."""
    sized: bool = False
    """Whether n, m and p are read as sizes."""
    shadowed: bool = False
    """Whether a number that was also written for something wrong stands for what it was before."""
    counted: bool = False
    """Whether the whole numbers of a side are counts, which nobody rounds."""
    again: frozenset[str] = frozenset()
    """Numbers that stand above and may be new results here: two results may have the same digits."""
    earlier: bool = False
    """Whether a name stands for what it was before its last value."""
    used: list[Record] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def literal(self, number: Num) -> Number:
        """A number as written, or what it was written for."""
        record = self._record(number)
        unit = unit_of(number)
        if record is not None and number.text in self.again and isinstance(record.written, Number):
            return hull(record.written, about(number.value, unit / 2))
        if record is not None:
            self.used.append(record)
            if self.true and isinstance(record.true, Number):
                return record.true
            if isinstance(record.written, Number):
                return record.written
        if self.counted and number.text.replace(",", "").isdigit():
            return sharp(number.value)
        is_datum = number.value in self.page.data and bool(number.value)  # 0.0000 is what a small result is rounded to
        if self.fresh and unit and not is_datum and number.text not in self.beside:
            # Nobody knows what it was rounded from: beside the truth it may be off by a unit, if it has the digits.
            has_digits = len(number.text.replace(".", "").strip("0")) >= 3
            return about(number.value, unit if self.true and has_digits else unit / 2)
        return sharp(number.value)

    def _record(self, number: Num) -> Record | None:
        if "." not in number.text and len(number.text) < 3:
            return None
        found = self.page.numbers.get(number.text)
        if self.shadowed:
            found = self.page.shadowed.get(number.text, found)
        if self.exact_data and number.value in self.page.data and not (found and found.taint):
            return None
        if found is None or (number.value.denominator == 1 and found.given):
            return None
        return found

    def named(self, name: Known) -> Value | None:
        """The value of a name in this environment."""
        if self.sized and isinstance(name, Name) and not name.steps:
            size = self.page.truths.size(name.whole)
            if size is not None:
                return sharp(size)
        key = self.page.key(name)
        record = self.page.names.get(key) or self._entry_of(name)
        if self.earlier:
            record = self.page.earlier.get(key, record)
        reading = self.page.truth(name)
        if self.true:
            if reading is not None:
                return reading.value
            if record is not None:
                self.used.append(record)
                return record.written if record.true is None else record.true
            return None
        if record is not None:
            self.used.append(record)
            return record.written
        return None if reading is None else reading.value

    def _entry_of(self, name: Known) -> Record | None:
        """`p_2` where p is a vector and no model says what p is: its second entry."""
        if not isinstance(name, Name) or len(name.steps) != 1 or self.page.truths.readings(replace(name, steps=())):
            return None
        step, whole = name.step, self.page.names.get(str(replace(name, steps=())))
        if whole is None or not isinstance(whole.written, Matrix) or 1 not in whole.written.shape:
            return None
        entries = whole.written.entries()
        if not isinstance(step, int) or not 1 <= step <= len(entries):
            return None
        true = whole.true.entries()[step - 1] if isinstance(whole.true, Matrix) else None
        return replace(whole, written=entries[step - 1], true=true)

    def meaning(self, function: str) -> str | None:
        """Which function a generic name stands for."""
        self.asked.add(function)
        if function in self.page.functions:
            return self.page.functions[function]
        if function in self.page.names:
            return None
        choices = self.page.truths.meaning(function)
        return choices[min(self.sigma, len(choices) - 1)] if choices else None

    def span(self) -> tuple[int, int] | None:
        """The steps there are."""
        return self.page.truths.span()

    def letters(self) -> Mapping[str, int]:
        """Letters that stand for the last step."""
        return self.page.truths.letters()

    def size(self, name: str) -> int | None:
        """The number that n, m or p is, where they are letters."""
        return self.page.truths.size(name)

    @property
    def denominator(self) -> bool:
        """Whether Jacobians are in denominator layout."""
        return bool(getattr(self.page.truths, "denominator", False))

    def is_constant(self, name: Name) -> bool:
        """Whether a name is the same at every step: a parameter, or a signal that is supposed to be."""
        return self.page.truths.is_constant(name)

    def taint(self) -> frozenset[int]:
        """The wrong links that what was used hangs on."""
        return frozenset().union(*(record.taint for record in self.used))
