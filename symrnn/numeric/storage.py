"""Where every quantity stands in compiled code: its variable, the kind of array it has, how far that array reaches.

Reads the Programs and their split loops; returns kinds, spans and variables. A quantity that only its own step reads
needs one buffer, one that only its own chunk of steps reads an array for a chunk; all others have an array for all
steps.
"""

from __future__ import annotations

import keyword
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import chain, count
from types import MappingProxyType

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import (
    Adjoint,
    Guarded,
    Immediate,
    Name,
    Node,
    Parameter,
    Signal,
    Tangent,
    names_in,
    operands_of,
)
from symrnn.algebra.programs import Equation, Program, family, lag_of, signal_of
from symrnn.errors import NotYetError
from symrnn.numeric.loops import Loop
from symrnn.numeric.whole import identifier

Family = Hashable

KERNELS = (
    "widened",
    "at",
    "backwards",
    "both_ways",
    "chunks",
    "concatenated",
    "cross_entropy",
    "entries_sum",
    "flat",
    "forwards",
    "log_softmax",
    "near",
    "outer",
    "single",
    "softmax",
    "spaces",
    "summed",
    "through",
    "watched",
)
"""What the text imports from `kernels`."""
LOCALS = (
    "T",
    "B",
    "sizes",
    "shapes",
    "given",
    "functions",
    "dtype",
    "room",
    "np",
    "add",
    "multiply",
    "subtract",
    "negative",
    "square",
    "empty",
    "zeros",
    "padded",
    "one",
    "spans",
    "span",
    "longest",
    "first",
    "steps",
    "len",
    "range",
    "slice",
    "int",
    "_",
    "forward",
    "forward_and_gradients",
    "forward_and_tangents",
)
"""Names the text uses for itself."""
PREFIXES: Mapping[type[Name], str] = MappingProxyType({Adjoint: "d_", Tangent: "dot_", Immediate: "given_"})
"""What stands before a quantity's name where a derivative of it is meant."""
STEP_LOSS = "L_t"
"""The loss of a step, beside the loss of all."""
NEAR = 8
"""Steps at the beginning that are still there when a backward sweep over chunks has ended."""


class Kind(IntEnum):
    """What a quantity is kept in: a buffer for one step, an array for a chunk, an array for all steps."""

    STEP = 0
    CHUNK = 1
    FULL = 2


@dataclass
class Span:
    """How far a quantity reaches before step 1 and beyond step T."""

    below: int = 0
    beyond: int = 0


def local(name: Name) -> str:
    """What arrays call a quantity: `h`, `d_h` for its adjoint, `dot_h` for its tangent, `given_h` for a given ∂⁺L/∂h.

    A quantity whose own name begins like that ends with an underscore.

    >>> local(Parameter("W_h", (2, 2))), local(Signal("d_h", (2, 1), N.t))
    ('W_h', 'd_h_')
    """
    for kind, prefix in PREFIXES.items():
        if isinstance(name, kind):
            return prefix + local(name.wrt if isinstance(name, Immediate) else name.of)
    if isinstance(name, Signal) and name.name == "L" and name.indices:
        return STEP_LOSS
    if isinstance(name, Signal | Parameter):
        return identifier(name.name) + ("_" if name.name.startswith(tuple(PREFIXES.values())) else "")
    raise NotYetError(str(name), found="no array for it", write="symrnn evaluate --digits 15")


def given_key(name: Name) -> str:
    """What a caller calls an array: `W_h`, `x`, `h0` and `dot_h0`, `y`, `given_h` at every step or at the last."""
    own = local(name)
    if isinstance(name, Signal | Parameter) and own != STEP_LOSS:
        own = name.name
    time = time_of(name)
    return f"{own}{time}" if time is not None and time.is_Integer and not isinstance(name, Immediate) else own


def key_of(name: Name) -> Family:
    """The array a name stands in."""
    return ("Immediate", family(name.wrt)) if isinstance(name, Immediate) else family(name)


def time_of(name: Name) -> sp.Expr | None:
    """The step a name stands at; None for one without steps."""
    signal = name.wrt if isinstance(name, Immediate) else signal_of(name)
    return signal.time if isinstance(signal, Signal) and signal.indices else None


def lag_in(name: Name, index: sp.Symbol) -> int | None:
    """k of a name at t + k, given gradients among them."""
    return lag_of(name.wrt if isinstance(name, Immediate) and isinstance(name.wrt, Name) else name, index)


def terms_of(node: Node) -> tuple[Node, ...]:
    """The summands of an expression."""
    return node.operands if isinstance(node, N.Add) else (node,)


def is_single_step(node: Node) -> bool:
    """[t = T] (…): a share that one step alone has."""
    return isinstance(node, N.Guarded) and node.bounds[0] == node.bounds[2]


def unguarded(node: Node) -> Node:
    """A share without its condition: what does not exist is multiplied by rows of zeros."""
    return node.operands[0] if isinstance(node, N.Guarded) else node


def can_be_dropped(guard: Guarded, last: sp.Expr) -> bool:
    """Whether [t + k ≤ T] (…) may be read without its condition: each summand has a gradient of step t + k as a factor.

    Rows of gradients beyond T are zero.
    """
    lo, index, hi = guard.bounds
    return bool(lo == -sp.oo and hi == last and _vanishes_with(guard.operands[0], index))


def _vanishes_with(node: Node, index: sp.Expr) -> bool:
    if isinstance(node, Name):
        return isinstance(node, Adjoint) and time_of(node) == index
    parts = [_vanishes_with(part, index) for part in operands_of(node)]
    if isinstance(node, N.Hadamard | N.MatMul | N.Scale):
        return any(parts)
    return isinstance(node, N.Add | N.Transpose | N.Diag | Guarded) and all(parts)


def weight_of(term: Node) -> Parameter:
    """The matrix of `W v` or `Wᵀ v`."""
    matrix = operands_of(unguarded(term))[0]
    found = operands_of(matrix)[0] if isinstance(matrix, N.Transpose) else matrix
    assert isinstance(found, Parameter)
    return found


def is_parameter_adjoint(name: Name) -> bool:
    """Whether a name is ∂L/∂W."""
    return isinstance(name, Adjoint) and isinstance(name.of, Parameter)


def directions_of_initials(program: Program | None) -> tuple[Name, ...]:
    """ḣ_0 and the like among what a tangent Program is given."""
    given = program.given if program is not None else ()
    times = ((name, time_of(name)) for name in given if isinstance(name, Tangent))
    return tuple(name for name, time in times if time is not None and time.is_Integer)


class Variables:
    """Names in the text, no two alike: quantities first, then what the text makes for itself."""

    def __init__(
        self, programs: Sequence[Program], sizes: Sequence[sp.Symbol], reserved: Sequence[str] = (*KERNELS, *LOCALS)
    ) -> None:
        self.taken = {*reserved, *keyword.kwlist, *(identifier(size.name) for size in sizes)}
        self.of: dict[str, str] = {}
        for program in programs:
            for equation in program:
                for name in (*program.parameters, equation.target, *equation.reads):
                    if local(name) not in self.of:
                        self.of[local(name)] = self.fresh(local(name))

    def fresh(self, hint: str) -> str:
        """A name nothing else has."""
        endings = chain(("", "_"), (f"_{k}" for k in count(2)))
        name = next(hint + ending for ending in endings if hint + ending not in self.taken)
        self.taken.add(name)
        return name


@dataclass(frozen=True)
class View:
    """An array the loop walks along: how far beside the current step, which rows; `array` alone for a scratch array."""

    array: str
    offset: int | None = None
    near: bool = False
    cut: str = ""

    @property
    def text(self) -> str:
        """The array over the steps of a chunk."""
        if self.offset is None:
            return self.array + self.cut
        return (
            f"{'near' if self.near else 'at'}({self.array}, span{f', {self.offset}' if self.offset else ''}){self.cut}"
        )


# --- what needs which array -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """One read: by which equation, in which loop (−1: outside), in its core or not, at which lag or fixed step."""

    equation: Equation
    loop: int
    in_core: bool
    lag: int | None
    step: sp.Expr | None


def kinds_of(
    programs: Sequence[Program], loops: Sequence[Loop], outside: Sequence[Equation], wanted: frozenset[Family]
) -> dict[Family, Kind]:
    """The least array every quantity can live with; `wanted` ones are asked for by the caller."""
    readings: dict[Family, list[Reading]] = defaultdict(list)
    for key, reading in _readings(loops, outside):
        readings[key].append(reading)
    fixed: dict[Family, list[sp.Expr]] = defaultdict(list)
    for equation in outside:
        time = time_of(equation.target)
        if time is not None:
            fixed[family(equation.target)].append(time)
    kinds: dict[Family, Kind] = {}
    for position, loop in enumerate(loops):
        for equation in (*loop.before, *loop.core, *loop.after):
            key = family(equation.target)
            alone = key not in wanted and key not in kinds and all(_is_initial(time, loop) for time in fixed[key])
            kinds[key] = _kind(equation, readings[key], position, loop) if alone else Kind.FULL
    return kinds


def _is_initial(time: sp.Expr, loop: Loop) -> bool:
    """Whether a target outside the loop is the gradient of an initial value: it gets a variable of its own."""
    return bool(loop.step < 0 and time.is_Integer and time < 1)


def _readings(loops: Sequence[Loop], outside: Sequence[Equation]) -> Iterator[tuple[Family, Reading]]:
    for position, loop in enumerate(loops):
        for equation in (*loop.before, *loop.core, *loop.after):
            for name in equation.reads:
                yield key_of(name), _reading(name, equation, loop.index, position, equation in loop.core)
    for equation in outside:
        summed_in_loop = len(loops) - 1 if is_parameter_adjoint(equation.target) else -1
        for name in equation.reads:
            index = loops[-1].index if loops else N.t
            yield key_of(name), _reading(name, equation, index, summed_in_loop, False)


def _reading(name: Name, equation: Equation, index: sp.Symbol, loop: int, in_core: bool) -> Reading:
    lag, time = lag_in(name, index), time_of(name)
    return Reading(equation, loop if lag is not None else -1, in_core, lag, None if lag is not None else time)


def _kind(equation: Equation, readings: Sequence[Reading], position: int, loop: Loop) -> Kind:
    for reading in readings:
        if reading.lag is None:
            if loop.step > 0 or reading.step is None or not reading.step.is_Integer or not 1 <= reading.step < NEAR:
                return Kind.FULL
        elif reading.loop != position or reading.lag * loop.step > 0 or (loop.step > 0 and reading.lag):
            return Kind.FULL
    in_core = equation in loop.core
    of_this_step = all(_is_of_this_step(reading, equation, loop) for reading in readings)
    return Kind.STEP if in_core and of_this_step else Kind.CHUNK


def _is_of_this_step(reading: Reading, equation: Equation, loop: Loop) -> bool:
    if reading.lag is None:
        return reading.step == 1
    return reading.in_core and (
        reading.lag == 0 or (reading.equation == equation and accumulates(equation, loop) is not None)
    )


def accumulates(equation: Equation, loop: Loop) -> Node | None:
    """The term of `s̄_t = f_{t+1} ⊙ s̄_{t+1} + …` that takes up its own value: it is updated in place.

    None for anything else: another lag, more than one read, a read through a matrix.
    """
    own = family(equation.target)
    terms = [term for term in terms_of(equation.expression) if any(family(name) == own for name in names_in(term))]
    if len(terms) != 1 or loop.step > 0 or is_single_step(terms[0]):
        return None
    factors = operands_of(body) if isinstance(body := unguarded(terms[0]), N.Hadamard) else (body,)
    mine = [factor for factor in factors if any(family(name) == own for name in names_in(factor))]
    others = [name for factor in factors for name in names_in(factor) if family(name) != own]
    is_plain = len(mine) == 1 and isinstance(mine[0], Name) and lag_of(mine[0], loop.index) == -loop.step
    return body if is_plain and not any(family(name) in loop.families for name in others) else None


def spans_of(
    programs: Sequence[Program], kinds: Mapping[Family, Kind], index: sp.Symbol, last: sp.Expr
) -> dict[Family, Span]:
    """How far every quantity is read or written outside 1..T."""
    spans: dict[Family, Span] = {}
    for equation in (equation for program in programs for equation in program):
        for name in (equation.target, *equation.reads):
            time = time_of(name)
            if time is None or (isinstance(name, Immediate) and not name.has(index)):
                continue
            span = spans.setdefault(key_of(name), Span())
            if kinds.get(key_of(name), Kind.FULL) == Kind.FULL or time.has(index):
                _note(span, time, index, last)
    return spans


def _note(span: Span, time: sp.Expr, index: sp.Symbol, last: sp.Expr) -> None:
    lag = sp.expand(time - index)
    if lag.is_Integer:
        span.below = max(span.below, -int(lag))
        span.beyond = max(span.beyond, int(lag))
    elif time.is_Integer:
        span.below = max(span.below, 1 - int(time))
    else:
        beyond = sp.expand(time - last)
        if not beyond.is_Integer:
            raise NotYetError(str(time), found="a step that is neither t + k, T + k nor a number", write="t - 1")
        span.beyond = max(span.beyond, int(beyond))
