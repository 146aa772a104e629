"""What a model knows: the true value of every quantity a text may name, and which names may mean it.

Reads a `Model`, evaluated exactly or to 40 digits; answers `readings(name)`: `h_2`, `∂L/∂h_2`, `δ_2`, `W_{hh}`, `∂h_3/∂h_1`. Where
a name has several usual meanings (`δ_t`, `y`, `z_t`) all are returned, and `choosing` decides by where the numbers fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

from symrnn.checking.matrices import Matrix, Value, multiplied
from symrnn.checking.naming import Derivative, Known, Name, Step
from symrnn.checking.numbers import MP, sharp
from symrnn.checking.page import Reading
from symrnn.checking.spellings import LOSS_NAMES, families_of, parameters_of
from symrnn.errors import SymrnnError
from symrnn.models.model import Model

DIGITS = 40


class ModelTruths:
    """The quantities of a model with numbers."""

    def __init__(self, model: Model, notation: Mapping[str, str] | None = None, step: int | None = None) -> None:
        self.model = model
        self.notation = {**_notation(model), **(notation or {})}
        self.step = step
        """The step the section speaks of."""
        self.used: dict[str, str] = {}
        """Names of the text and what they were taken for."""

    @cached_property
    def results(self) -> Any:
        """The model's values and gradients."""
        from symrnn.numeric.evaluation import evaluate

        results = evaluate(self.model)
        if results.exact:
            return results
        try:
            return evaluate(self.model, digits=DIGITS)
        except SymrnnError:
            return results

    def span(self) -> tuple[int, int] | None:
        """1..T."""
        return 1, self.model.steps

    def meaning(self, function: str) -> Sequence[str]:
        """σ is the sigmoid in a gated cell; else it, f, g and φ are the cell's activation."""
        own = self.activation
        if function == "sigma":
            return ("sigmoid", own) if own and self.gated else tuple(dict.fromkeys((own or "sigmoid", "sigmoid")))
        return (own,) if own and function in ("f", "g", "phi", "varphi") and not self._is_signal(function) else ()

    @cached_property
    def activation(self) -> str | None:
        """The cell's one activation, if there is one."""
        from symrnn.algebra.nodes import Apply, subexpressions

        found = {
            piece.function_name
            for equation in self.model.cell
            for piece in subexpressions(equation.expression)
            if isinstance(piece, Apply)
        }
        found -= {"sigmoid"} if len(found) > 1 else set()
        if not found:
            return "identity"
        return next(iter(found)) if len(found) == 1 else None

    @cached_property
    def gated(self) -> bool:
        """Whether the cell has gates."""
        return len(self.model.cell.equations) > 2

    def _is_signal(self, name: str) -> bool:
        return any(key.startswith(f"{name}[") for key in self.results.values)

    # --- readings ---

    def readings(self, name: Known) -> Sequence[Reading]:
        """What the name may mean, most likely first."""
        found = tuple(self._readings(name))
        if found:
            self.used.setdefault(str(name), found[0].meaning)
        return found

    def _readings(self, name: Known) -> Iterator[Reading]:
        if isinstance(name, Derivative):
            yield from self._derivatives(name)
            return
        if name.base in ("delta", "Delta") or (name.base == "e" and name.steps):
            yield from self._deltas(name)
        for key in self._keys(name):
            value = self._value(key)
            if value is not None:
                yield Reading(key, value)

    def _keys(self, name: Name) -> Iterator[str]:
        """The keys of `values`, parameters and data a name may mean."""
        declared = self.notation.get(name.whole)
        for parameter in (declared,) if declared else parameters_of(name, self._parameters, self.gated):
            if not name.steps and parameter in self._parameters:
                yield parameter
        if name.whole in LOSS_NAMES and not name.steps:
            yield "L"
        for family, shift in ((declared, 0),) if declared else families_of(name, self._families, self.gated):
            step = self._step(name, shift, family)
            if step is not None:
                yield f"{family}[{step}]"

    def _step(self, name: Name, shift: int, family: str) -> int | None:
        if len(name.steps) > 1:
            return None
        step: Step | None = name.step
        if step is None:
            here = self._only_step(family) if not shift else self._present()
            return None if here is None else here + shift
        if isinstance(step, str):
            base, _, more = step.partition("t")
            if base or step[:1] != "t" or (more and not _is_whole(more)):
                return self.model.steps + int(step[1:] or 0) if step[:1] == "T" and _is_whole(step[1:] or "0") else None
            here = self._present()
            return None if here is None else here + int(more or 0) + shift
        return step + shift

    def _present(self) -> int | None:
        """The step a generic t can only mean."""
        return 1 if self.model.steps == 1 else self.step

    def _only_step(self, family: str) -> int | None:
        """The step of what exists at one step only: ŷ, y."""
        steps = [key for key in self._all if key.startswith(f"{family}[") and key != f"{family}[0]"]
        if len(steps) == 1:
            return int(steps[0].partition("[")[2].rstrip("]"))
        return self._present()

    @cached_property
    def _parameters(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.model.program.parameters)

    @cached_property
    def _families(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(key.partition("[")[0] for key in self._all if "[" in key))

    @cached_property
    def _all(self) -> dict[str, Any]:
        """Every value by its key, inputs and targets included."""
        found = dict(self.results.values)
        for name, array in self.model.values.items():
            found.update(self._given(name, array))
        return found

    def _given(self, name: Any, array: Any) -> Iterator[tuple[str, Any]]:
        from symrnn.algebra.nodes import Parameter, Signal

        if isinstance(name, Parameter):
            yield name.name, array.tolist()
        elif isinstance(name, Signal) and name.has(self.model.program.steps.index):
            for step in range(1, self.model.steps + 1):
                yield f"{name.name}[{step}]", array[step - 1].tolist()
        elif isinstance(name, Signal):
            index = name.time if name.indices else None
            if index is None or index.free_symbols:
                yield name.name, array.tolist()
                yield f"{name.name}[{self.model.steps}]", array.tolist()
            else:
                yield f"{name.name}[{index}]", array.tolist()

    def _value(self, key: str) -> Value | None:
        found = self._all.get(key)
        return None if found is None else as_value(found)

    # --- gradients ---

    def _deltas(self, name: Name) -> Iterator[Reading]:
        """`δ_t` is ∂L/∂a_t or ∂L/∂h_t; `δ_t^f` the one of a gate."""
        plain = Name(name.words[0] if name.words else "a", name.words[1:], name.steps)
        wanted = ("a", "h") if not name.words else (f"a_{name.words[0]}", name.words[0])
        for family in wanted:
            step = self._step(plain, 0, family)
            value = self._gradient(f"{family}[{step}]")
            if value is not None:
                yield Reading(f"∂L/∂{family}[{step}]", value)

    def _gradient(self, key: str) -> Value | None:
        found = self.results.gradients.get(key)
        return None if found is None else as_value(found)

    def _derivatives(self, name: Derivative) -> Iterator[Reading]:
        if name.of.whole in LOSS_NAMES and not name.of.steps:
            yield from self._loss_gradients(name)
        elif not name.mark and name.at is None:
            yield from self._jacobians(name)

    def _loss_gradients(self, name: Derivative) -> Iterator[Reading]:
        if isinstance(name.at, int):
            for key in self._keys(name.wrt):
                found = self.results.contributions.get(key, {}).get(str(name.at))
                if found is not None:
                    yield Reading(f"the share of step {name.at} in ∂L/∂{key}", as_value(found))
            return
        if name.at is not None or name.mark:
            return
        for key in self._keys(name.wrt):
            value = self._gradient(key)
            if value is not None:
                yield Reading(f"∂L/∂{key}", value)

    def _jacobians(self, name: Derivative) -> Iterator[Reading]:
        """`∂h_3/∂h_1`: the product of the step Jacobians between, where there is one state."""
        for of in self._keys(name.of):
            for wrt in self._keys(name.wrt):
                value = self._between(of, wrt)
                if value is not None:
                    yield Reading(f"∂{of}/∂{wrt}", value)

    def _between(self, of: str, wrt: str) -> Value | None:
        (state, late), (other, early) = _split(of), _split(wrt)
        if late is None or early is None or late <= early:
            return None
        if late == early + 1:
            found = self.results.jacobians.get(f"{of}/{wrt}")
            return None if found is None else as_value(found)
        if state != other or len(self.results.states) != 1:
            return None
        value: Value | None = None
        for step in range(late, early, -1):
            factor = self.results.jacobians.get(f"{state}[{step}]/{state}[{step - 1}]")
            if factor is None:
                return None
            value = as_value(factor) if value is None else multiplied(value, as_value(factor), "·")
        return value


def _is_whole(text: str) -> bool:
    return text.lstrip("+-").isdigit()


def _split(key: str) -> tuple[str, int | None]:
    name, _, step = key.partition("[")
    return name, int(step.rstrip("]")) if step else None


def _notation(model: Model) -> dict[str, str]:
    return {str(key): str(value) for key, value in model.notation.items() if isinstance(value, str) and key != "name"}


def as_value(found: Any) -> Value:
    """A result of `evaluate` as a value: a number, a column for a list, a matrix for a list of rows."""
    if isinstance(found, list | tuple):
        rows = [part if isinstance(part, list | tuple) else [part] for part in found]
        matrix = Matrix(tuple(tuple(sharp(_scalar(entry)) for entry in row) for row in rows))
        return matrix.rows[0][0] if matrix.shape == (1, 1) else matrix
    return sharp(_scalar(found))


def _scalar(found: Any) -> Any:
    if hasattr(found, "_mpf_"):
        return MP.make_mpf(found._mpf_)
    if isinstance(found, int | Fraction):
        return Fraction(found)
    if isinstance(found, float):
        return MP.mpf(found)
    if getattr(found, "is_Rational", False):
        return Fraction(int(found.p), int(found.q))
    if hasattr(found, "evalf"):
        return MP.make_mpf(found.evalf(DIGITS + 10)._mpf_)
    return MP.mpf(float(found))
