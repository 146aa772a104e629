"""A model's equations written out for hand calculation, and what they come to: right, from answers, or by a mistake.

Reads a `Model`; answers with matrices of numbers that know their bounds, by the quantity's key (`h[1]`, `dL/dh[1]`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

from symrnn.algebra.nodes import Adjoint, Block, Name, Node, Parameter, Signal
from symrnn.algebra.programs import Program
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.rewriting import expose
from symrnn.calculus.unrolling import unroll
from symrnn.checking.bounds import Bounds
from symrnn.checking.equations import Equations
from symrnn.checking.functions import NoFunction
from symrnn.checking.matrices import Matrix
from symrnn.checking.mutations import Setting, mutated
from symrnn.checking.numbers import MP, Number, TooLarge, Undefined, real, sharp
from symrnn.checking.truths import truths_of
from symrnn.errors import InputError, SymrnnError
from symrnn.models.model import Model
from symrnn.numeric.evaluation import placed_values
from symrnn.numeric.interpretation import label
from symrnn.numeric.machine import Machine
from symrnn.numeric.scalars import Domain, given
from symrnn.worksheets.recording import Reader, Recording

Rows = tuple[tuple[Number, ...], ...]
"""A matrix of numbers; a scalar is 1 × 1."""

MOST_STEPS = 6
MOST_LINES = 60
"""More lines than this nobody computes by hand."""
NICE = 10**7
"""A number that meets a fraction with a smaller denominator in 40 digits is that fraction."""
DIGITS = 40
MOST_BITS = 2_000
"""Of an exponent: numbers beyond are not tried as fractions."""
CLOSE = MP.mpf(10) ** -30
DOMAIN = Bounds()
NO_VALUE = (SymrnnError, LookupError, ArithmeticError, ValueError, TypeError, TooLarge, Undefined, NoFunction)
"""What an equation runs into that divides by zero, does not fit, or leaves what can be computed."""


@dataclass(frozen=True)
class Line:
    """A quantity, its equation, and the equations that single mistakes make of it."""

    key: str
    target: Name
    expression: Node
    wrong: tuple[tuple[str, Node], ...]


class Solver:
    """The lines of a model's structure; numbers come later, so that one Solver serves every variant."""

    def __init__(self, model: Model) -> None:
        truths = truths_of(model)
        if truths is None or model.steps > MOST_STEPS:
            raise InputError(
                model.name,
                found=f"{model.steps} steps of sizes {dict(model.sizes)}: too much for a hand calculation",
                write=f"at most {MOST_STEPS} steps, sizes up to 3, one example",
            )
        self.model = model
        self.truths = truths
        self._equations = Equations(truths)
        self._machine = self._machine_over(DOMAIN)
        self.recording = Recording(self._machine_over, key_of)

    def _machine_over(self, domain: Domain) -> Machine:
        return Machine([self.truths.quantities.program], self.model.steps, self.truths.definitions.sizes, domain)

    @cached_property
    def program(self) -> Program:
        """The forward Program with its arguments named, at its sizes."""
        return expose(self.model.sized)

    @cached_property
    def forward(self) -> tuple[Line, ...]:
        """Every quantity of the forward pass, in order."""
        return tuple(self._lines(e.target for e in unroll(self.program, self.model.steps)))

    @cached_property
    def backward(self) -> tuple[Line, ...]:
        """Every gradient, in order; none where there is no loss."""
        if self.model.program.loss is None:
            return ()
        return tuple(self._lines(e.target for e in unroll(adjoint(self.model.sized), self.model.steps)))

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Forward, then backward."""
        return (*self.forward, *self.backward)

    def equation(self, node: Node) -> Node:
        """A quantity's equation, written out."""
        expression = self._equations.of(node)
        if expression is None:
            raise InputError(str(node), found="an equation that cannot be written out", write="another cell")
        return expression

    def _lines(self, targets: Iterable[Name]) -> Iterator[Line]:
        for target in targets:
            expression = self.equation(target)
            yield Line(key_of(target), target, expression, tuple(self.mistakes(target, expression)))

    def mistakes(self, target: Name, expression: Node) -> Iterator[tuple[str, Node]]:
        """The equations that single mistakes make of a quantity's, with their rows."""
        program = self.truths.quantities.program
        sized = self._equations.sized
        setting = Setting(
            target,
            self.model.steps,
            tuple(sized(p) for p in program.parameters),
            tuple(sized(x) for x in program.inputs),
            tuple(sized(s) for s in program.states),
        )
        seen: set[tuple[str, Node]] = set()
        for row, wrong in mutated(expression, setting):
            if (row, wrong) not in seen:
                seen.add((row, wrong))
                yield row, wrong

    # --- numbers

    def givens(self, model: Model) -> dict[str, Rows]:
        """What is given, by key."""
        found: dict[str, Rows] = {}
        for name, value in placed_values(model):
            entries = value.tolist() if hasattr(value, "tolist") else value
            rows = entries if isinstance(entries, list) else [entries]
            rows = [row if isinstance(row, list) else [row] for row in rows]
            found[key_of(name)] = tuple(tuple(DOMAIN.value(given(entry)) for entry in row) for row in rows)
        return found

    def solve(
        self,
        values: Mapping[str, Rows],
        replaced: Mapping[str, Node] | None = None,
        lines: Sequence[Line] | None = None,
    ) -> dict[str, Rows]:
        """Every line's value from what is given; a line that is `replaced` has another equation."""
        table = dict(values)
        reader = self.sharp_reader(table)
        for line in self.lines if lines is None else lines:
            node = (replaced or {}).get(line.key, line.expression)
            table[line.key] = nice(reader(node))
        return table

    def reader(self, table: Mapping[str, Rows]) -> Any:
        """What evaluates nodes with the values of a table, each name read when it is first met."""

        def missing(name: Name, rows: int, cols: int) -> Rows:
            return table[key_of(name)]

        return self._machine.branch(missing, {}).value

    def sharp_reader(self, table: Mapping[str, Rows]) -> Reader:
        """The same, many times faster, where nothing was rounded."""
        return self.recording.reader(table)

    def value(self, node: Node, table: Mapping[str, Rows]) -> Rows | None:
        """What one expression comes to, or None where it has no value."""
        try:
            return nice(self.reader(table)(node))
        except NO_VALUE:
            return None


def key_of(name: Node) -> str:
    """`h[1]`, `W_h`; a gradient is `dL/dh[1]`: the keys of an evaluation's JSON.

    >>> from symrnn.algebra.nodes import n
    >>> key_of(Adjoint(Signal("h", (n, 1), 1)))
    'dL/dh[1]'
    """
    if isinstance(name, Adjoint):
        return f"dL/d{label(name.of)}"
    if isinstance(name, Block):
        return f"d{label(name.of)}/d{label(name.wrt)}"
    return label(name) if isinstance(name, Signal | Parameter) else str(name)


def nice(rows: Any) -> Rows:
    """Numbers that are fractions to 40 digits, as fractions: tanh(ln 2) is 3/5."""
    return tuple(tuple(_nice(entry) for entry in row) for row in rows)


def _nice(number: Number) -> Number:
    if isinstance(number.value, Fraction) or not number.sharp:
        return number
    if not MP.isfinite(number.value) or abs(number.value._mpf_[2]) > MOST_BITS:
        # Only a student's own numbers grow so large; what they come to is no short fraction.
        return number
    near = _near(number.value)
    return number if near is None else sharp(near)


@lru_cache(maxsize=65_536)
def _near(value: Any) -> Fraction | None:
    """The fraction that is meant, if there is one: so near a number it is a convergent of its continued fraction."""
    over, under = _ratio(value)
    before, at = (0, 1), (1, 0)
    rest = over, under
    while rest[1]:
        whole, left = divmod(rest[0], rest[1])
        following = (before[0] + whole * at[0], before[1] + whole * at[1])
        if following[1] > NICE:
            break
        before, at, rest = at, following, (rest[1], left)
    off = abs(over * at[1] - at[0] * under)
    return Fraction(*at) if off * 10**DIGITS < at[1] * under else None


def _ratio(value: Any) -> tuple[int, int]:
    sign, mantissa, exponent, _ = value._mpf_
    whole = int(mantissa) * (-1 if sign else 1)
    return (whole << exponent, 1) if exponent >= 0 else (whole, 1 << -exponent)


def same(left: Rows, right: Rows) -> bool:
    """Whether two matrices are equal, irrational entries to 30 digits."""
    if (len(left), len(left[0])) != (len(right), len(right[0])):
        return False
    return all(_equal(a, b) for x, y in zip(left, right, strict=True) for a, b in zip(x, y, strict=True))


def _equal(a: Number, b: Number) -> bool:
    if isinstance(a.value, Fraction) and isinstance(b.value, Fraction):
        return a.value == b.value
    return bool(abs(real(a.value) - real(b.value)) < CLOSE)


def is_rational(rows: Rows) -> bool:
    """Whether every entry is a fraction."""
    return all(isinstance(entry.value, Fraction) for row in rows for entry in row)


def as_value(rows: Rows) -> Number | Matrix:
    """The form the judge of workings compares."""
    return rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else Matrix(rows)
