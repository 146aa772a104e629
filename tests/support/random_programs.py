"""Random small Programs for the laws: one to three states, lags one and two, every operation, every kind of loss.

Reads nothing but what hypothesis draws; shrinks towards one state, one line and a last-step loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sympy as sp
from hypothesis import strategies as st
from law_checks import Setting, sized

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Node, Parameter, Signal, m, n, t
from symrnn.algebra.programs import STEPS, Equation, Program
from symrnn.models.losses import LOSSES, with_generic_loss, with_loss

Draw = Callable[[st.SearchStrategy], object]  # type: ignore[type-arg]  # hypothesis draws anything

VECTOR, SCALAR, MATRIX = (n, sp.S.One), (sp.S.One, sp.S.One), (n, n)
ACTIVATIONS = ("tanh", "relu", "hard_tanh", "softsign", "sigmoid", "identity")
SMOOTH = ("tanh", "sigmoid", "sin", "identity")
DEEPEST = 2
SIZES = ({"n": 2, "m": 1}, {"n": 2, "m": 3, "p": 1}, {"n": 1, "m": 2}, {"n": 3, "m": 1, "p": 2})
NUMBERS = tuple(sp.Rational(*pair) for pair in ((1, 2), (-1, 1), (2, 1), (-2, 3)))


class _Writer:
    """Writes expressions from what may be read so far; new parameters are declared as they are used."""

    def __init__(self, draw: Draw, guards: bool, smooth: bool) -> None:
        self.draw = draw
        self.kinds = {VECTOR: VECTORS if guards else UNGUARDED, SCALAR: SCALARS, MATRIX: MATRICES}
        self.activations = SMOOTH if smooth else ACTIVATIONS
        self.parameters: list[Parameter] = []
        self.readable: list[Signal] = []

    def pick(self, *choices: object) -> object:
        return self.draw(st.sampled_from(choices))

    def parameter(self, letter: str, shape: N.Shape, structure: str = "full") -> Parameter:
        """A parameter of that shape: one there is, or a new one."""
        known = [p for p in self.parameters if p.shape == shape and p.structure == structure]
        new = Parameter(f"{letter}_{len(self.parameters) + 1}", shape, structure)
        chosen = self.pick(new, *known)
        assert isinstance(chosen, Parameter)
        if chosen is new:
            self.parameters.append(new)
        return chosen

    def name(self, shape: N.Shape) -> Node:
        """A signal of that shape that may be read, else a parameter."""
        fitting = [name for name in self.readable if name.shape == shape]
        return self.pick(*fitting) if fitting else self.parameter("b", shape)  # type: ignore[return-value]  # signals

    def weight(self, rows: sp.Expr = n, cols: sp.Expr = n) -> Node:
        if rows != cols:
            return self.parameter("U", (rows, cols))
        match self.pick("full", "diagonal", "transposed", "matrix"):
            case "diagonal":
                return self.parameter("D", (rows, cols), "diagonal")
            case "transposed":
                return N.Transpose(self.parameter("W", (rows, cols)))
            case "matrix" if rows == n:
                return self.expression(MATRIX, DEEPEST)
        return self.parameter("W", (rows, cols))

    def expression(self, shape: N.Shape, depth: int = 0) -> Node:
        """A random expression of that shape."""
        if depth >= DEEPEST and shape != MATRIX:
            return self.name(shape)
        kinds = self.kinds[shape]
        kind = kinds[self.draw(st.sampled_from(tuple(kinds)))]  # type: ignore[index]  # a key
        return kind(self, depth + 1)

    def vector(self, depth: int) -> Node:
        return self.expression(VECTOR, depth)

    def scalar(self, depth: int) -> Node:
        return self.expression(SCALAR, depth)

    def activation(self) -> str:
        return str(self.pick(*self.activations))

    def number(self) -> N.Number:
        return N.Number(self.pick(*NUMBERS))

    def input(self) -> Signal:
        return Signal("x", (m, 1), t)

    def bounds(self) -> tuple[object, object, object]:
        return self.pick((2, t, sp.oo), (-sp.oo, t, 2), (1, t - 1, 2), (-sp.oo, t, N.T - 1))  # type: ignore[return-value]  # a triple


Writing = Callable[[_Writer, int], Node]
VECTORS: dict[str, Writing] = {
    "name": lambda w, d: w.name(VECTOR),
    "W v": lambda w, d: N.MatMul(w.weight(), w.vector(d)),
    "U x": lambda w, d: N.MatMul(w.weight(n, m), w.input()),
    "sum": lambda w, d: N.Add(w.vector(d), w.vector(d)),
    "⊙": lambda w, d: N.Hadamard(w.vector(d), w.vector(d)),
    "f": lambda w, d: N.Apply(w.activation(), w.vector(d)),
    "f(W v + b)": lambda w, d: N.Apply(
        w.activation(), N.Add(N.MatMul(w.weight(), w.vector(d)), w.parameter("b", VECTOR))
    ),
    "s v": lambda w, d: N.Scale(w.scalar(d), w.vector(d)),
    "number": lambda w, d: N.Scale(w.number(), w.vector(d)),
    "power": lambda w, d: N.Power(w.vector(d), 2),
    "1 - v": lambda w, d: N.Add(N.Ones(n, 1), N.Scale(N.Number(-1), w.vector(d))),
    "diagonal": lambda w, d: N.DiagonalOf(w.expression(MATRIX, d)),
    "diag": lambda w, d: N.MatMul(N.Diag(w.vector(d)), w.vector(d)),
    "[v; x]": lambda w, d: N.MatMul(w.weight(n, n + m), N.Concat(w.vector(d), w.input())),
    "(vᵀ W)ᵀ": lambda w, d: N.Transpose(N.MatMul(N.Transpose(w.vector(d)), w.weight())),
    "softmax": lambda w, d: N.Softmax(w.vector(d)),
    "guard": lambda w, d: N.Guarded(w.vector(d), *w.bounds()),
}
UNGUARDED = {key: kind for key, kind in VECTORS.items() if key != "guard"}
SCALARS: dict[str, Writing] = {
    "name": lambda w, d: w.name(SCALAR),
    "inner": lambda w, d: N.Inner(w.vector(d), w.vector(d)),
    "norm": lambda w, d: N.SquaredNorm(w.vector(d)),
    "uᵀ v": lambda w, d: N.MatMul(N.Transpose(w.vector(d)), w.vector(d)),
    "product": lambda w, d: N.Hadamard(w.scalar(d), w.scalar(d)),
    "sum": lambda w, d: N.Add(w.scalar(d), w.scalar(d), w.number()),
    "f": lambda w, d: N.Apply(w.activation(), w.scalar(d)),
    "entropy": lambda w, d: N.CrossEntropy(N.Softmax(w.vector(d)), w.vector(d)),
}
MATRICES: dict[str, Writing] = {
    "W": lambda w, d: w.parameter("W", MATRIX),
    "diag": lambda w, d: N.Diag(w.vector(d)),
    "v uᵀ": lambda w, d: N.MatMul(w.vector(d), N.Transpose(w.vector(d))),
    "s W": lambda w, d: N.Scale(w.scalar(d), w.parameter("W", MATRIX)),
    "W ⊙ W": lambda w, d: N.Hadamard(w.parameter("W", MATRIX), w.parameter("W", MATRIX)),
    "W + W": lambda w, d: N.Add(w.parameter("W", MATRIX), w.parameter("D", MATRIX, "diagonal")),
}


@st.composite
def cells(draw: Draw, guards: bool = True, smooth: bool = False) -> Program:
    """A cell without a loss: states are columns or numbers, other signals may be matrices."""
    writer = _Writer(draw, guards, smooth)
    shapes = [writer.pick(VECTOR, VECTOR, SCALAR) if i else VECTOR for i in range(draw(st.integers(1, 3)))]  # type: ignore[call-overload]  # an int
    states = [Signal(name, shape, t) for name, shape in zip("hcg", shapes, strict=False)]  # type: ignore[arg-type]  # shapes
    lags = {state: draw(st.integers(1, 2)) for state in states}
    writer.readable = [state.at(t - lag) for state in states for lag in range(1, lags[state] + 1)]  # type: ignore[operator]  # an int
    equations: list[Equation] = []
    for number in range(draw(st.integers(1, 4))):  # type: ignore[call-overload]  # an int
        shape = writer.pick(VECTOR, VECTOR, SCALAR, MATRIX)
        _write(writer, equations, Signal(f"q_{number + 1}", shape, t))  # type: ignore[arg-type]  # a shape
    for state in states:
        _write(writer, equations, state)
    return _declared(writer, equations, states, draw)


def _write(writer: _Writer, equations: list[Equation], target: Signal) -> None:
    value = writer.expression(target.shape)
    if isinstance(value, N.Name):  # a mere copy of a name says little
        value = N.Scale(writer.number(), value)
    equations.append(Equation(target, value, domain=(STEPS,)))
    if target.shape != MATRIX:
        writer.readable.append(target)


def _declared(writer: _Writer, equations: list[Equation], states: list[Signal], draw: Draw) -> Program:
    if not any(_lag(states[0], name) for equation in equations for name in equation.reads):
        last = next(equation for equation in equations if equation.target == states[0])
        carried = N.MatMul(writer.parameter("W", MATRIX), states[0].at(t - 1))
        equations[equations.index(last)] = replace(last, expression=N.Add(last.expression, carried))
    reads = dict.fromkeys(name for equation in equations for name in equation.reads)
    depth = {state: max((_lag(state, name) for name in reads), default=0) for state in states}
    kept = [state for state in states if depth[state]]
    outputs = [state for state in states if state is states[0] or draw(st.booleans())]
    return Program(
        "random",
        tuple(equations),
        inputs=tuple(name for name in reads if isinstance(name, Signal) and name.name == "x"),
        parameters=tuple(name for name in reads if isinstance(name, Parameter)),
        states=tuple(kept),
        initials=tuple(state.at(1 - lag) for state in kept for lag in range(1, depth[state] + 1)),
        outputs=tuple(outputs),
        finals=tuple(state.at(N.T) for state in kept if state not in outputs),
    )


def _lag(state: Signal, name: N.Name) -> int:
    if isinstance(name, Signal) and name.name == state.name and name.indices:
        return int(t - name.time)  # type: ignore[call-overload]  # a whole number
    return 0


@st.composite
def programs(draw: Draw, guards: bool = True, smooth: bool = False) -> Program:
    """A cell with given cotangents, a loss of any kind at the last or every step, or a generic loss."""
    program = draw(cells(guards, smooth))
    assert isinstance(program, Program)
    match draw(st.sampled_from(("cotangents", "kind", "generic"))):
        case "kind":
            kind = draw(st.sampled_from(tuple(LOSSES)))
            at = draw(st.sampled_from(("last", "every_step")))
            reduce = draw(st.sampled_from(("sum", "mean")))
            return with_loss(program, kind, at, reduce, readout=draw(st.booleans()))  # type: ignore[arg-type]  # drawn
        case "generic":
            return with_generic_loss(program)
    return program


@st.composite
def settings(draw: Draw, longest: int = 3, guards: bool = True, smooth: bool = False) -> Setting:
    """A random Program with sizes, steps and a seed for its values."""
    program = draw(programs(guards, smooth))
    assert isinstance(program, Program)
    sizes = draw(st.sampled_from(SIZES))
    steps, seed = draw(st.integers(1, longest)), draw(st.integers(0, 3))
    return Setting(sized(program, **sizes), steps, seed)  # type: ignore[arg-type]  # drawn
