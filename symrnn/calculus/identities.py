"""What a closed form is: a second claim about a named quantity, what it assumes, and how it is tried.

A `ClosedForm` carries values by cases; `at` puts numbers for T and t, `holds` compares with the Program run
step by step. Derivatives are taken there by differentiating the run itself, not by this package's own rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from symrnn.algebra.nodes import (
    Adjoint,
    Block,
    Concat,
    Immediate,
    Name,
    Node,
    Parameter,
    Signal,
    names_in,
    substitute,
)
from symrnn.algebra.programs import Equation, Program, Range, Reason
from symrnn.calculus.adjoints import LOSS
from symrnn.calculus.recurrences import settled
from symrnn.calculus.unrolling import unroll, written_out
from symrnn.calculus.valuation import Matrix, Values, matrix_of, run
from symrnn.errors import InputError, TimeError


@dataclass(frozen=True)
class Assumption:
    """What a closed form takes to be so: a message key, `left relation right`, and what else it speaks of."""

    key: str
    left: Node
    relation: str
    right: Node | None = None
    about: tuple[Name, ...] = ()

    def __str__(self) -> str:
        return f"{self.left} {self.relation}" + (f" {self.right}" if self.right is not None else "")


@dataclass(frozen=True)
class Case:
    """The value where the condition holds; a case without a condition holds everywhere."""

    value: Node
    condition: Assumption | None = None


@dataclass(frozen=True)
class ClosedForm:
    """`of` = the value of the first case whose condition holds, under all `assumptions`, throughout `domain`.

    With `paths` "direct" the quantity is the derivative along the state's direct path only; it is the whole
    one where the parameters `exact_without` are 0. `program` is the Program the claim is about.
    """

    of: Name
    cases: tuple[Case, ...]
    assumptions: tuple[Assumption, ...]
    reason: Reason
    domain: tuple[Range, ...]
    program: Program = field(repr=False, compare=False)
    paths: str = "all"
    exact_without: tuple[Parameter, ...] = ()

    @property
    def value(self) -> Node:
        """The value of the first, general case."""
        return self.cases[0].value

    def at(self, steps: int, step: int | None = None, case: int = 0) -> Equation:
        """The claim at numbers: T = `steps` and t = `step`, with its sums written out.

        >>> from symrnn.calculus.closed_forms import closed_forms_of
        >>> from symrnn.cells import rnn
        >>> print(closed_forms_of(rnn(activation="identity"))[0].at(5, 2))
        ∂h_5/∂h_2 = W_h³
        """
        numbers = self._numbers(steps, step)
        target = substitute(self.of, numbers)
        assert isinstance(target, Name)
        return Equation(target, settled(written_out(substitute(self.cases[case].value, numbers))), self.reason)

    def _numbers(self, steps: int, step: int | None) -> dict[Any, Any]:
        numbers: dict[Any, Any] = {}
        last = self.program.steps.hi
        if last.is_Symbol:
            numbers[last] = sp.Integer(steps)
        elif last != steps:
            raise TimeError(f"T = {steps}", found=f"a Program of {last} steps", write=f"T = {last}")
        for place in self.domain:
            lo, hi = (int(bound.xreplace(numbers)) for bound in (place.lo, place.hi))
            if step is None or not lo <= step <= hi:
                raise TimeError(
                    f"{place.index} = {step}",
                    found=f"a claim for {place.index} = {lo}..{hi}",
                    write="a step among them",
                )
            numbers[place.index] = sp.Integer(step)
        return numbers

    def holds(self, steps: int, step: int | None = None, values: Values | None = None) -> bool:
        """Whether the claim is true at T = `steps`, t = `step`: against the Program run step by step.

        What has no value stays a symbol, so the answer speaks of every value at once; sizes must be numbers.

        >>> from symrnn.calculus.closed_forms import closed_forms_of
        >>> from symrnn.cells import rnn
        >>> cell = rnn(activation="identity").with_sizes(n=1, m=1)
        >>> all(form.holds(4, 1) for form in closed_forms_of(cell))
        True
        """
        trial = _Trial(self, steps, values or {})
        case = next(i for i, case in enumerate(self.cases) if trial.is_met(case.condition))
        claim = self.at(steps, step, case)
        difference = trial.value_of(claim.target) - trial.value_of(claim.expression)
        return all(vanishes(entry) for entry in difference)

    def __str__(self) -> str:
        cases = [f"{case.value}" + (f" where {case.condition}" if case.condition else "") for case in self.cases]
        return f"{self.of} = " + "; ".join(cases) + "".join(f" [{assumption}]" for assumption in self.assumptions)

    __repr__ = __str__


@dataclass(frozen=True)
class NoClosedForm:
    """No closed form is known for `of`, and why: the absence, said."""

    of: Name
    reason: Reason

    def __str__(self) -> str:
        return f"{self.of}: no closed form ({self.reason.key}: {', '.join(map(str, self.reason.about))})"

    __repr__ = __str__


@dataclass(frozen=True)
class Permission:
    """Which signals may be taken to be constant: those named, or any."""

    names: Collection[str] | None

    def __call__(self, signals: Iterable[Signal]) -> bool:
        return self.names is None or all(signal.name in self.names for signal in signals)


def held(signals: Iterable[Signal]) -> dict[Any, Node]:
    """Each signal as it is when it is constant: f_t = f.

    >>> from symrnn.algebra.nodes import n, t
    >>> held([Signal("f", (n, 1), t)])
    {f_t: f}
    """
    return {signal: Signal(signal.name, signal.shape) for signal in signals}


def constant_over(signals: Iterable[Signal]) -> tuple[Assumption, ...]:
    """x_t = x for each of the signals."""
    return tuple(Assumption("constant", signal, "=", fixed) for signal, fixed in held(signals).items())


# --- holding a claim against the Program --------------------------------------------------------------------


class _Trial:
    """The Program unrolled, with the values given and what the claim assumes."""

    def __init__(self, claim: ClosedForm, steps: int, values: Values) -> None:
        self.unrolled = unroll(claim.program, steps)
        self.states = [state.name for state in claim.program.states]
        self.values: dict[Any, Any] = dict(values)
        self.instead: dict[Any, Any] = {}
        first = int(claim.program.steps.lo)
        for assumption in claim.assumptions:
            self._assume(assumption, claim.program.steps.index, range(first, steps + 1))

    def _assume(self, assumption: Assumption, index: sp.Symbol, steps: range) -> None:
        left, right = assumption.left, assumption.right
        if assumption.key == "constant" and isinstance(left, Signal) and right is not None:
            held = matrix_of(right, self.values)
            self.values.setdefault(left.name, held)
            self.instead |= {substitute(left, {index: sp.Integer(step)}): held for step in steps}
        elif assumption.key in ("diagonalisable", "numbers") and right is not None:
            if isinstance(left, Parameter) and left.name not in self.values and left not in self.values:
                self.values[left] = matrix_of(right, self.values)
            elif assumption.key == "diagonalisable":
                self._diagonalise(assumption)

    def _diagonalise(self, assumption: Assumption) -> None:
        matrix = matrix_of(assumption.left, self.values)
        if matrix.free_symbols:
            raise InputError(
                str(assumption), found=f"no numbers for {assumption.left}", write="values for its parameters"
            )
        if not matrix.is_diagonalizable():
            raise InputError(
                str(assumption), found=f"{matrix.tolist()}, which is not diagonalisable", write="W^k itself"
            )
        vectors, roots = matrix.diagonalize()
        first, second = assumption.about
        self.values |= {first: vectors, second: sp.Matrix([roots[i, i] for i in range(roots.rows)])}

    def is_met(self, condition: Assumption | None) -> bool:
        """Whether a case's condition holds; with symbols left, ≠ holds unless the two are the same."""
        if condition is None:
            return True
        left = matrix_of(condition.left, self.values)
        if condition.right is None:
            return not vanishes(left.det())
        difference = left - matrix_of(condition.right, self.values)
        if condition.relation == "≠":
            return not any(vanishes(entry) for entry in difference)
        return all(vanishes(entry) for entry in difference)

    def value_of(self, node: Node) -> Matrix:
        """The entries of a quantity, or of an expression in quantities."""
        if isinstance(node, Block):
            return self._jacobian(_parts(node.of), _parts(node.wrt), node.kind == "direct")
        if isinstance(node, Adjoint):
            return self._gradient(node.of)
        if isinstance(node, Name):
            return run(self.unrolled, [node], self.values, self.instead)[0]
        known = {name: self.value_of(name) for name in names_in(node)}
        return matrix_of(node, {**self.values, **known})

    def _jacobian(self, of: list[Name], wrt: list[Name], direct: bool) -> Matrix:
        places = {name: self._places(name) for name in wrt}
        instead = {**self.instead, **(self._other_states(wrt) if direct else {}), **places}
        values = run(self.unrolled, of, self.values, instead)
        tall = sp.Matrix.vstack(*values).jacobian(sp.Matrix.vstack(*places.values()))
        return self._placed(tall, places)

    def _other_states(self, wrt: list[Name]) -> dict[Any, Matrix]:
        """Along a state's direct path every other state is held, whatever it is."""
        own = {name.name for name in wrt if isinstance(name, Signal)}
        targets = [e.target for e in self.unrolled if isinstance(e.target, Signal) and e.target.name in self.states]
        return {target: matrix_of(target) for target in targets if target.name not in own}

    def _gradient(self, of: Name) -> Matrix:
        place = self._places(of)
        loss = self._loss({**self.instead, of: place})
        return self._placed(place.applyfunc(lambda entry: loss.diff(entry) if entry else sp.S.Zero), {of: place})

    def _loss(self, instead: Values) -> sp.Expr:
        if self.unrolled.loss is not None:
            return run(self.unrolled, [self.unrolled.loss], self.values, instead)[0][0, 0]
        heads = (*self.unrolled.outputs, *self.unrolled.finals)
        values = run(self.unrolled, heads, self.values, instead)
        weights = [matrix_of(Immediate(LOSS, head), self.values) for head in heads]
        return sp.Add(*(weight.dot(value) for weight, value in zip(weights, values, strict=True)))

    def _places(self, name: Name) -> Matrix:
        """A fresh symbol for every entry that can be other than 0."""
        own = matrix_of(name)
        return own.applyfunc(lambda entry: sp.Dummy() if entry else sp.S.Zero)

    def _placed(self, matrix: sp.MatrixBase, places: dict[Name, Matrix]) -> Matrix:
        back: dict[sp.Expr, sp.Expr] = {}
        for name, place in places.items():
            back |= {symbol: value for symbol, value in zip(place, self.value_of(name), strict=True) if symbol}
        return Matrix(matrix.xreplace(back))


def _parts(node: Node) -> list[Name]:
    parts = node.operands if isinstance(node, Concat) else (node,)
    return [part for part in parts if isinstance(part, Name)]


def vanishes(entry: sp.Expr) -> bool:
    """Whether an exact expression is 0.

    >>> w = sp.Symbol("w")
    >>> vanishes((1 - w**3) / (1 - w) - (1 + w + w**2))
    True
    """
    entry = sp.expand(entry)
    if entry == 0:
        return True
    if entry.is_number:
        return bool(sp.expand_trig(entry).equals(0))
    return bool(sp.cancel(sp.together(entry)) == 0 or sp.simplify(entry) == 0)
