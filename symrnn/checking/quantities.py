"""Which quantity of a Program a written name means: `h_2`, `W_{hh}`, `δ_2`, `∂L/∂h_2`, `∂h_3/∂h_1`, `dW_f`.

Reads names of the text; returns nodes of the Program with what they are called, most likely first. Where a name has
several usual meanings (`δ_t`, `y`, `z_t`) all are returned; which one a text means is decided by where its numbers fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Adjoint, Block, Immediate, Node, Parameter, Signal
from symrnn.algebra.programs import Program, lag_of
from symrnn.calculus.rewriting import expose
from symrnn.checking.naming import LOSS_NAMES, Derivative, Known, Name, Stacked, Step
from symrnn.checking.spellings import families_of, parameters_of


@dataclass(frozen=True)
class Meaning:
    """A quantity, what it is called, and its family: the same name at other steps."""

    label: str
    family: str
    node: Node
    share: int | None = None
    """Only this step's summand of a parameter's gradient."""
    across: bool = False
    """Whether a matrix is stacked row by row in it."""


@dataclass(frozen=True)
class _Signal:
    template: Signal
    steps: range


class Quantities:
    """The names of a Program over `steps` steps."""

    def __init__(
        self, program: Program, steps: int, notation: Mapping[str, str] | None = None, here: int | None = None
    ) -> None:
        self.program = expose(program)
        self.steps = steps
        self.notation = dict(notation or {})
        self.constants: frozenset[str] = frozenset()
        """Signals that are the same at every step and may be written without one."""
        self.loose = True
        """Whether a plain signal without a step means the present one, too."""
        self.here = here
        """The step a generic t means, where the section says it."""
        self.heard = True
        """Whether anything says what a gradient of L is taken of; the numbers of one that nobody says are unknown."""

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """Parameters by their neutral names."""
        given = (name for name in self.program.given if isinstance(name, Parameter))
        return {parameter.name: parameter for parameter in (*self.program.parameters, *given)}

    @cached_property
    def signals(self) -> dict[str, list[_Signal]]:
        """Signals by their neutral names, and the steps at which they are."""
        found: dict[str, list[_Signal]] = {}
        names = [equation.target for equation in self.program]
        for name in (*names, *self.program.inputs, *self.program.initials, *self.program.given):
            if isinstance(name, Signal):
                found.setdefault(name.name, []).append(_Signal(name, self._steps(name)))
        return found

    def _steps(self, name: Signal) -> range:
        if not name.indices:
            return range(0)
        first = name.time.xreplace({self.program.steps.hi: sp.Integer(self.steps)})
        if first.is_Integer:
            return range(int(first), int(first) + 1)
        return range(1, self.steps + 1)

    @cached_property
    def gated(self) -> bool:
        """Whether the cell has gates: quantities with a function of their own that a state is made of."""
        states = {state.name for state in self.program.states}
        made = (equation for equation in self.program if getattr(equation.target, "name", None) in states)
        read = {name.name for equation in made for name in equation.reads if isinstance(name, Signal)} - states
        return any(f"a_{name}" in self.signals for name in read)

    @property
    def _candidate_is_n(self) -> bool:
        """Whether the candidate may be called n, so that n is no step."""
        return not {"n", "h_tilde"}.isdisjoint(self.signals)

    @property
    def words(self) -> frozenset[str]:
        """Letters that are no indices here."""
        return frozenset("in" if self._candidate_is_n else "i") if self.gated else frozenset()

    def owns(self, whole: str) -> bool:
        """Whether a name is one of the model's own or of its notation, not merely a usual spelling of one."""
        return whole in self.notation or whole in self.parameters or whole in self.signals

    # --- names ---

    def meanings(self, name: Known) -> Iterator[Meaning]:
        """What a name may mean, most likely first."""
        name = (
            replace(name, of=self._side(name.of), wrt=self._side(name.wrt))
            if isinstance(name, Derivative)
            else self._parts_are_no_steps(name)
        )
        if isinstance(name, Derivative):
            # Code-like gradients without a step are those of the present one, whatever else has steps.
            loose, self.loose = self.loose, self.loose or name.packed
            found = tuple(self._derivatives(name))
            self.loose = loose
            yield from found
            return
        if name.base in ("delta", "Delta"):
            yield from self._deltas(name)
        for node, label, family in self._named(name):
            yield Meaning(label, family, node)

    def _side(self, side: Name | Stacked) -> Name | Stacked:
        if isinstance(side, Stacked):
            return Stacked(tuple(self._parts_are_no_steps(part) for part in side.parts))
        return self._parts_are_no_steps(side)

    def _parts_are_no_steps(self, name: Name) -> Name:
        """In a gated cell the i of `z_i` is the input gate; where there is a `W_1`, its 1 is no step."""
        for letter in self.words:
            if letter in name.steps:
                steps = tuple(step for step in name.steps if step != letter)
                return replace(name, words=(*name.words, letter), steps=steps)
        for at in reversed(range(len(name.steps))):
            # A layer stands above, behind the step.
            step = name.steps[at]
            whole = f"{name.whole}_{step}"
            own = whole in self.parameters or (len(name.steps) > 1 and whole in self.signals)
            if isinstance(step, int) and (own or self.notation.get(whole)):
                steps = (*name.steps[:at], *name.steps[at + 1 :])
                return replace(name, words=(*name.words, str(step)), steps=steps)
        return name

    def _named(self, name: Name) -> Iterator[tuple[Parameter | Signal, str, str]]:
        declared = self.notation.get(name.whole)
        known = tuple(self.parameters)
        for parameter in (declared,) if declared else parameters_of(name, known, self.gated):
            if not name.steps and parameter in self.parameters:
                yield self.parameters[parameter], parameter, parameter
        if name.whole in LOSS_NAMES and not name.steps and self.program.loss is not None:
            loss = self.program.loss
            if isinstance(loss, Signal):
                yield loss, "L", "L"
        for family, shift in ((declared, 0),) if declared else families_of(name, tuple(self.signals), self.gated):
            yield from self._signal(family, name, shift)

    def _signal(self, family: str, name: Name, shift: int) -> Iterator[tuple[Signal, str, str]]:
        for signal in self.signals.get(family, ()):
            if not signal.steps and not signal.template.indices:
                if signal.template != self.program.loss and (not name.steps or name.step == self.steps):
                    yield signal.template, family, family
                continue
            step = self._step(name, shift, signal)
            if step is not None and step in signal.steps:
                yield signal.template.at(sp.Integer(step)), f"{family}[{step}]", family

    def _step(self, name: Name, shift: int, signal: _Signal) -> int | None:
        if len(name.steps) > 1:
            return None
        step = name.step
        if step is None and signal.template.name in self.constants:
            return signal.steps[0]
        if step is None:
            alone = sum(len(one.steps) for one in self.signals[signal.template.name]) == 1
            here = signal.steps[0] if alone and not shift else self._present()
            if not alone and not shift and not self.loose and self.steps > 1:
                return None
            return None if here is None else here + shift
        found = self._number(step)
        return None if found is None else found + shift

    def _number(self, step: Step) -> int | None:
        if isinstance(step, int):
            return step
        letter, more = step[:1], step[1:]
        if more and not (more[0] in "+-" and more[1:].isdigit()):
            return None
        base = {"T": self.steps, "n": None, "t": self._present(), "k": None}.get(letter)
        return None if base is None else base + int(more or 0)

    def _present(self) -> int | None:
        return 1 if self.steps == 1 else self.here

    # --- gradients ---

    def _deltas(self, name: Name) -> Iterator[Meaning]:
        """`δ_t` is ∂L/∂a_t or ∂L/∂h_t; `δ_t^f` the one of a gate."""
        if self.program.loss is None:
            return
        if not name.words and not name.steps:
            return
        if name.words:
            for written in (Name("a", name.words, name.steps), Name(name.words[0], name.words[1:], name.steps)):
                for node, label, own in self._named(written):
                    yield Meaning(f"∂L/∂{label}", f"∂L/∂{own}", Adjoint(node))
            return
        usual = ("a", "net", "preactivation", *(f"a_{state}" for state in self._states))
        for family in dict.fromkeys((*usual, *self._arguments, *self._states)):
            for node, label, own in self._signal(family, Name(family, (), name.steps), 0):
                yield Meaning(f"∂L/∂{label}", f"∂L/∂{own}", Adjoint(node))

    @property
    def _states(self) -> tuple[str, ...]:
        return tuple(state.name for state in self.program.states)

    @cached_property
    def _arguments(self) -> tuple[str, ...]:
        """What activations are applied to, by whatever name: the z of `h_t = tanh(z_t)`."""
        made = (piece for equation in self.program for piece in N.subexpressions(equation.expression))
        applied = (piece.operands[0] for piece in made if isinstance(piece, N.Apply))
        return tuple(dict.fromkeys(name.name for name in applied if isinstance(name, Signal)))

    def _derivatives(self, name: Derivative) -> Iterator[Meaning]:
        if name.of.whole in LOSS_NAMES and not name.of.steps:
            if self.heard and (self.program.loss is not None or self.program.finals or self.program.outputs):
                yield from self._gradients(name)
            return
        if name.of.whole in LOSS_NAMES and name.mark == "+":
            yield from self._of_a_step(name)
        for of, of_label, of_family in self._sides(name.of):
            for wrt, label, family in self._sides(name.wrt):
                yield from self._blocks(name, (of, of_label, of_family), (wrt, label, family))

    def _sides(self, side: Name | Stacked) -> Iterator[tuple[Node, str, str]]:
        """The quantities above or below a ∂; of `(h_t, c_t)` the states one below the other."""
        if isinstance(side, Name):
            yield from self._named(side)
            return
        found = [one for part in side.parts if (one := next(self._named(part), None)) is not None]
        if len(found) == len(side.parts) > 1 and all(isinstance(one[0], Signal) for one in found):
            label, own = (f"({', '.join(names)})" for names in ([one[1] for one in found], [one[2] for one in found]))
            yield N.Concat(*(one[0] for one in found)), label, own

    def _of_a_step(self, name: Derivative) -> Iterator[Meaning]:
        """`∂⁺L_t/∂h_t`: what the loss of one step, of which nothing else may be known, adds itself."""
        for of, of_label, of_family in self._sides(name.of):
            for wrt, label, family in self._sides(name.wrt):
                if isinstance(of, Signal):
                    yield Meaning(f"∂⁺{of_label}/∂{label}", f"∂⁺{of_family}/∂{family}", Immediate(of, wrt))

    def _gradients(self, name: Derivative) -> Iterator[Meaning]:
        share = self._number(name.at) if name.at is not None else None
        if name.at is not None and share is None:
            return
        loss = self.program.loss
        for wrt, label, family in self._sides(name.wrt):
            if wrt == loss:
                continue
            if name.mark:
                of = loss if isinstance(loss, Signal) else Signal("L", (1, 1))
                if name.mark in ("+", "d"):
                    yield Meaning(f"∂⁺L/∂{label}", f"∂⁺L/∂{family}", Immediate(of, wrt))
            elif share is not None and isinstance(wrt, Parameter):
                yield Meaning(f"the share of step {share} in ∂L/∂{label}", f"share of {family}", Adjoint(wrt), share)
            elif share is None:
                yield Meaning(f"∂L/∂{label}", f"∂L/∂{family}", Adjoint(wrt))
                if name.packed and isinstance(wrt, Parameter | Signal):
                    yield from self._before_gate(wrt, label, family)
        if name.packed and not name.mark and share is None and self.gated and isinstance(name.wrt, Name):
            # `δ^h` of a GRU with W_h, `δ^c` of an LSTM with W_c: of what the candidate's function is applied to.
            before = replace(name.wrt, base="a", words=(name.wrt.base, *name.wrt.words))
            for node, label, family in self._named(before):
                yield Meaning(f"∂L/∂{label}", f"∂L/∂{family}", Adjoint(node))

    def _before_gate(self, wrt: Parameter | Signal, label: str, family: str) -> Iterator[Meaning]:
        """`df` in code is ∂L/∂f, or already that of what the gate's function is applied to."""
        for signal in self.signals.get(f"a_{family}", ()):
            if isinstance(wrt, Signal) and wrt.indices:
                node = signal.template.at(wrt.time)
                yield Meaning(f"∂L/∂a_{label}", f"∂L/∂a_{family}", Adjoint(node))

    def _blocks(self, name: Derivative, of: tuple[Node, str, str], wrt: tuple[Node, str, str]) -> Iterator[Meaning]:
        """`∂h_3/∂h_1`, `∂h_t/∂a_t`, `∂h_t/∂W`: total, and where they differ immediate or with the states held."""
        (left, of_label, of_family), (right, label, family) = of, wrt
        if isinstance(left, Parameter) or name.at is not None:
            return
        if left == right:
            # The last factor of `∂L/∂W = Σ_k ∂L/∂h_t ∂h_t/∂h_k ∂⁺h_k/∂W`.
            if not name.mark and isinstance(left, Signal):
                yield Meaning(f"∂{of_label}/∂{label}", f"∂{of_family}/∂{family}", N.Eye(left.shape[0]))
            return
        for kind in _kinds(left, right, name.mark, deepest_lag(self.program)):
            if kind == "step" and isinstance(right, Signal) and right.name not in self._states:
                continue  # ∂z_t/∂z_{t-1}: of what no step reads of the one before, nothing is left with the states held
            mark = _MARKS[kind]
            inner = N.Vec(right) if isinstance(right, Parameter) and right.shape[1] != 1 else right
            yield Meaning(
                f"∂{mark}{of_label}/∂{label}",
                f"∂{mark}{of_family}/∂{family}",
                Block(left, inner, kind),
                None,
                name.across,
            )


_MARKS = {"total": "", "step": "", "immediate": "⁺", "local": " local ", "direct": " direct "}


def _kinds(of: Node, wrt: Node, mark: str, deepest: int = 1) -> tuple[str, ...]:
    """Along which paths a derivative may be meant, most likely first."""
    if mark == "+":
        return ("immediate",)
    late, early = _times(of), _times(wrt)
    if mark == "total" and isinstance(wrt, Parameter):
        return ("total",)
    if mark in ("direct", "total"):
        # Initial states are given apart: nothing is total across them.
        apart = mark == "total" and 0 in early
        return () if apart or not late or not early or late[0] < early[0] else (mark,)
    if isinstance(wrt, Parameter):
        return ("total", "immediate", "local")
    if not late or not early:
        return ("total",)
    if isinstance(of, N.Concat):
        return ("step",) if late[0] >= early[0] else ()
    gap = late[0] - early[0]
    if 1 <= gap <= deepest:
        # What a cell reads two steps back has a block of its own, as h_{t-1} has.
        return ("step", "total", "local")
    return ("total", "local") if gap == 0 else (("total",) if gap > 0 else ())


def _times(node: Node) -> list[int]:
    parts = node.operands if isinstance(node, N.Concat) else (node,)
    return [int(part.time) for part in parts if isinstance(part, Signal) and part.indices]


def deepest_lag(program: Program) -> int:
    """How many steps back a Program reads, at least one."""
    index = program.steps.index
    lags = [lag_of(name, index) for equation in program if equation.time is not None for name in equation.reads]
    return max((abs(lag) for lag in lags if lag is not None), default=1) or 1
