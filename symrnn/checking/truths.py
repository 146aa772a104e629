"""The true value of every quantity of a model, by its definition: equations run forward, derivatives as differences.

Reads a Program with numbers (a model's own, or drawn for judging a formula); answers `readings(name)` with the values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Adjoint, Block, Node
from symrnn.algebra.nodes import Name as NodeName
from symrnn.algebra.programs import Equation, Program
from symrnn.calculus.adjoints import adjoint
from symrnn.checking.bounds import Bounds
from symrnn.checking.dialects import Dialect, own_dialect
from symrnn.checking.layouts import Layout, gradient_of, is_of_a_loss
from symrnn.checking.matrices import Matrix, Value, as_matrix, transposed
from symrnn.checking.naming import Known, Name
from symrnn.checking.numbers import MP, Number, sharp
from symrnn.checking.page import Reading
from symrnn.checking.quantities import Meaning, Quantities, deepest_lag
from symrnn.errors import SymrnnError
from symrnn.models.model import Model
from symrnn.numeric.definitions import Definitions
from symrnn.numeric.evaluation import cotangents_of, placed_values
from symrnn.numeric.interpretation import Missing
from symrnn.numeric.machine import Machine

MOST_STEPS = 60
MOST_SIZE = 8
"""Hand calculations are small; a model beyond this is not compared with."""
NORMAL = frozenset({"gelu", "normal_cdf", "normal_pdf"})
"""Beside these Φ and φ are the distribution function and the density of the standard normal."""
NORMAL_LETTERS = {"Phi": "normal_cdf", "phi": "normal_pdf", "varphi": "normal_pdf"}


class ModelTruths:
    """The quantities of a Program at numbers."""

    def __init__(
        self,
        program: Program,
        steps: int,
        sizes: Mapping[str, int] | None = None,
        values: Mapping[NodeName, Any] | None = None,
        notation: Mapping[str, str] | None = None,
        seed: int = 0,
    ) -> None:
        self.program = program
        self.steps = steps
        self.given = dict(values or {})
        self.quantities = Quantities(program, steps, notation)
        try:
            self.definitions = Definitions(program, steps, sizes, seed, values)
        except ValueError:
            # A logarithm or root of a negative number: positive numbers may do.
            self.definitions = Definitions(program, steps, sizes, seed, values, positive=True)
        self.rows = False
        """Whether the text writes vectors as rows, and every matrix transposed."""
        self.denominator = False
        """Whether the text's Jacobians are in denominator layout."""
        self.layout = Layout()
        """How gradients are laid out beside columns."""
        self.extra: Mapping[str, Value] = {}
        """Values of names that only the text's conditions know."""
        self.written: Any = None
        """The equations written out, once someone asks (`equations.equations_of`)."""
        self._found: dict[Any, Value | None] = {}
        self._readings: dict[tuple[Known, int | None, bool], tuple[Reading, ...]] = {}
        for name, given in (values or {}).items():
            exact = _as_given(given)
            if exact is not None:
                self._found[name, None] = exact

    def with_values(self, values: Mapping[NodeName, Any]) -> ModelTruths:
        """The same with other numbers."""
        quantities = self.quantities
        found = ModelTruths(self.program, self.steps, self.definitions.sizes, values, quantities.notation)
        found.quantities.here, found.quantities.heard = quantities.here, quantities.heard
        found.rows, found.denominator = self.rows, self.denominator
        return found

    def turned_over(self) -> ModelTruths:
        """The same numbers with Jacobians in denominator layout."""
        return self._laid_anew(self.layout, True)

    def laid_out(self, layout: Layout) -> ModelTruths:
        """The same numbers with derivatives in another layout."""
        return self._laid_anew(layout, layout.denominator)

    def _laid_anew(self, layout: Layout, denominator: bool) -> ModelTruths:
        found = copy(self)
        found.layout, found.denominator, found._readings = layout, denominator, {}
        return found

    def readings(self, name: Known) -> Sequence[Reading]:
        """What the name may mean, most likely first, with its true value."""
        key = (name, self.quantities.here, self.quantities.loose)
        if key not in self._readings:
            self._readings[key] = tuple(self._read(name))
        return self._readings[key]

    def _read(self, name: Known) -> list[Reading]:
        found: list[Reading] = []
        for meaning in self.quantities.meanings(name):
            value = self.value(meaning)
            if value is not None and all(one.meaning != meaning.label for one in found):
                node = meaning.node if meaning.share is None else None
                found.append(Reading(meaning.label, self._laid(meaning, name, value), node))
        if isinstance(name, Name) and not name.steps and name.whole in self.extra:
            found.insert(0, Reading(name.whole, self.extra[name.whole]))
        return found

    def _laid(self, meaning: Meaning, name: Known, value: Value) -> Value:
        """A value as the text lays it out; the gradient of one step's loss is one, and no Jacobian."""
        node = meaning.node
        if isinstance(node, Block) and is_of_a_loss(node, name):
            of = node.wrt.operands[0] if isinstance(node.wrt, N.Vec) else node.wrt
            value = gradient_of(as_matrix(value), self.definitions.base.size(of.shape)[0])
            return self.layout.laid(name, transposed(value) if self.rows else value)
        value = self.turned(node, value, meaning.across)
        return self.layout.laid(name, value) if isinstance(node, Adjoint | N.Immediate) else value

    def forget(self, names: Sequence[str]) -> None:
        """Read names anew, once their values in `extra` are others."""
        self._readings = {key: value for key, value in self._readings.items() if str(key[0]) not in names}

    @cached_property
    def dimensions(self) -> tuple[int, ...]:
        """The sizes there are, each once."""
        names = [*self.quantities.parameters.values(), *(e.target for e in self.quantities.program)]
        found = {size for name in names for size in self.definitions.base.size(name.shape)}
        return tuple(sorted(found, reverse=True))

    @cached_property
    def heights(self) -> tuple[int, ...]:
        """The sizes there are, and those of the states of several steps below each other."""
        program = self.quantities.program
        states = sum(self.definitions.base.size(state.shape)[0] for state in program.states)
        lags = range(1, deepest_lag(program) + 1)
        return tuple(dict.fromkeys((*self.dimensions, *(states * lag for lag in lags))))

    def turned(self, node: Node, value: Value, across: bool = False) -> Value:
        """A value as the text lays it out, from this library's columns and numerators; and back."""
        if not isinstance(node, Block):
            return transposed(value) if self.rows else value
        if self.rows != across and isinstance(node.wrt, N.Vec) and isinstance(value, Matrix):
            rows, cols = self.definitions.base.size(node.wrt.operands[0].shape)
            order = [j * rows + i for i in range(rows) for j in range(cols)]
            if value.shape[1] != len(order):
                # Written with other rows than the derivative has.
                return value
            value = Matrix(tuple(tuple(row[k] for k in order) for row in value.rows))
        return transposed(value) if self.denominator else value

    def value(self, meaning: Meaning) -> Value | None:
        """The true value of a quantity."""
        key = (meaning.node, meaning.share)
        if key not in self._found:
            self._found[key] = self._computed(meaning)
        return self._found[key]

    def _computed(self, meaning: Meaning) -> Value | None:
        try:
            if meaning.share is not None:
                body = self._shares.get(meaning.node)
                if body is None or not 1 <= meaning.share <= self.steps:
                    return None
                index, summand = body
                return as_value(self.definitions.value(summand, {index: meaning.share}))
            return as_value(self.definitions.value(meaning.node))
        except (SymrnnError, KeyError, ZeroDivisionError):
            return None

    def of(self, node: Node) -> Value | None:
        """The true value of a node."""
        key = (node, None)
        return self._found[key] if key in self._found else self.value(Meaning(str(node), "", node))

    @cached_property
    def equations(self) -> tuple[Equation, ...]:
        """The forward equations and the gradients'."""
        forward = self.quantities.program
        return (*forward, *adjoint(forward))

    @cached_property
    def _machine(self) -> Machine:
        return Machine([self.quantities.program], self.steps, self.definitions.sizes, Bounds())

    def machine(self, missing: Missing) -> Machine:
        """A machine over numbers with bounds that knows no value by itself; how it reads nodes is worked out once."""
        return self._machine.branch(missing, {})

    @cached_property
    def _shares(self) -> dict[Node, tuple[sp.Symbol, Node]]:
        """Each parameter's summand of a step."""
        found: dict[Node, tuple[sp.Symbol, Node]] = {}
        for equation in adjoint(self.quantities.program):
            if isinstance(equation.target, Adjoint) and isinstance(equation.expression, N.Sum):
                found[equation.target] = (equation.expression.range[0], equation.expression.operands[0])
        return found

    @property
    def here(self) -> int | None:
        """The step a generic t stands for."""
        return self.quantities.here

    def span(self) -> tuple[int, int] | None:
        """1..T."""
        return 1, self.steps

    def size(self, name: str) -> int | None:
        """The number that n, m or p is, where they are letters."""
        return self.definitions.sizes.get(name)

    def letters(self) -> Mapping[str, int]:
        """T, and n where no gate or signal is called so."""
        taken = self.quantities.gated or "n" in self.quantities.signals
        return {"T": self.steps} if taken else {"T": self.steps, "n": self.steps}

    def is_constant(self, name: Name) -> bool:
        """Whether a name is the same at every step: a parameter, or a signal that is supposed to be."""
        if self.quantities.notation.get(name.whole, name.whole) in self.quantities.parameters:
            return True
        if not self.quantities.constants:
            return False
        nodes = [reading.node for reading in self.readings(name)]
        return bool(nodes) and getattr(nodes[0], "name", None) in self.quantities.constants

    def meaning(self, function: str) -> Sequence[str]:
        """σ is the sigmoid in a gated cell; else σ, f, g and φ are the cell's activation."""
        own = self.activation
        if own in NORMAL and function in NORMAL_LETTERS:
            return (NORMAL_LETTERS[function],)
        if function == "sigma":
            # A gated cell has both σ and tanh: there σ is never tanh.
            first = ("sigmoid",) if self.quantities.gated else (own, "sigmoid")
            return tuple(dict.fromkeys(name for name in first if name))
        if function in ("f", "g", "phi", "varphi", "psi") and function not in self.quantities.signals and own:
            return (own,)
        return ()

    @cached_property
    def activation(self) -> str | None:
        """The cell's one activation, or None where there are several."""
        pieces = (p for equation in self.program for p in N.subexpressions(equation.expression))
        found = {p.activation.name for p in pieces if isinstance(p, N.Apply)}
        found -= {"sigmoid"} if len(found) > 1 else set()
        return "identity" if not found else (next(iter(found)) if len(found) == 1 else None)

    @cached_property
    def on_kink(self) -> bool:
        """Whether an activation stands exactly where it has no derivative."""
        pieces = (piece for equation in self.quantities.program for piece in N.subexpressions(equation.expression))
        for piece in pieces:
            if isinstance(piece, N.Apply) and isinstance(argument := piece.operands[0], N.Signal):
                kinks = {Fraction(int(kink.p), int(kink.q)) for kink in piece.activation.kinks if kink.is_Rational}
                steps = [sp.Integer(step) for step in range(1, self.steps + 1)] if kinks else []
                values = [self.of(one) for one in (map(argument.at, steps) if argument.indices else (argument,))]
                if any(one.value in kinks for value in values if value is not None for one in _entries(value)):
                    return True
        return False

    @property
    def data(self) -> Iterator[Fraction]:
        """The numbers that were given."""
        for value in tuple(self._found.values()):
            for entry in value.entries() if isinstance(value, Matrix) else (value,):
                if entry is not None and isinstance(entry.value, Fraction):
                    yield abs(entry.value)


def _entries(value: Value) -> Sequence[Number]:
    return value.entries() if isinstance(value, Matrix) else (value,)


def is_small(model: Model) -> bool:
    """Whether a model is small enough for a hand calculation."""
    return model.batch is None and model.steps <= MOST_STEPS and max(model.sizes.values(), default=1) <= MOST_SIZE


def truths_of(model: Model, dialect: Dialect | None = None) -> ModelTruths | None:
    """What a model with numbers knows; None where it is too large for a hand calculation."""
    if not is_small(model):
        return None
    found = dialect or own_dialect(model)
    values = dict(placed_values(model))
    truths = ModelTruths(model.program, model.steps, model.sizes, values, found.names)
    truths.rows, truths.denominator = found.rows, found.denominator
    truths.quantities.heard = is_heard(model)
    return truths


def is_heard(model: Model) -> bool:
    """Whether a model says what its gradients are taken of: a loss, or ∂L/∂ of outputs and final states."""
    return model.program.loss is not None or bool(cotangents_of(model))


def as_value(rows: Any) -> Value:
    """A matrix of the definitions as a value."""
    matrix = Matrix(tuple(tuple(sharp(_scalar(entry)) for entry in row) for row in rows))
    return matrix.rows[0][0] if matrix.shape == (1, 1) else matrix


def _scalar(found: Any) -> Any:
    if hasattr(found, "slope"):
        return Fraction(found.value)
    if hasattr(found, "_mpf_"):
        return MP.make_mpf(found._mpf_)
    return Fraction(found)


def _as_given(given: Any) -> Value | None:
    """A given array as exact numbers, or None where it holds floats or symbols."""
    array = np.asarray(given, dtype=object)
    if array.ndim > 2 or not all(getattr(entry, "is_Rational", False) for entry in array.flat):
        return None
    rows = array.reshape(array.shape[0], -1) if array.ndim else array.reshape(1, 1)
    matrix = Matrix(tuple(tuple(sharp(Fraction(int(e.p), int(e.q))) for e in row) for row in rows))
    return matrix.rows[0][0] if matrix.shape == (1, 1) else matrix
