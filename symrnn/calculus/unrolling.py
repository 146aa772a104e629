"""Unrolling: a Program at a concrete number of steps, by substituting t and nothing else.

Reads a Program with recurrences; returns one whose equations stand at fixed steps, each still named. Linear in T:
every node that depends on the step is rebuilt once per step, every other is shared. `unroll(adjoint(p))` equals
`adjoint(unroll(p))`.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import sympy as sp

from symrnn.algebra.nodes import (
    Add,
    Guarded,
    Name,
    Node,
    Product,
    Signal,
    Sum,
    Zeros,
    add,
    matmul,
    rebuild,
    zeros,
)
from symrnn.algebra.nodes import Eye as EyeNode
from symrnn.algebra.programs import Equation, Program, Range, blocks_of, lag_of, substitute_program
from symrnn.errors import InputError, NotYetError, TimeError

MOST_STEPS = 1_000_000
"""An unrolled Program holds every step in memory; beyond this the numbers are what is wanted, not the equations."""


def unroll(program: Program, steps: int) -> Program:
    """The Program written out for t = 1..T: `h_1 = …`, `h_2 = …`, one equation for every quantity and step.

    >>> from symrnn.cells import rnn
    >>> print(unroll(rnn(), 2)["h_2"])
    h_2 = tanh(W_h h_1 + W_x x_2 + b)
    """
    check_steps(steps)
    last = program.steps.hi
    if last.free_symbols:
        program = substitute_program(program, {last: sp.Integer(steps)})
    equations: list[Equation] = []
    examples = frozenset(place.index for equation in program for place in equation.domain[1:])
    with _no_collection():
        for block in blocks_of(program):
            equations += _unrolled_block(block, program.steps.index, examples)
    index = program.steps.index
    lo, hi = int(program.steps.lo), int(program.steps.hi)
    spread = _spread(index, lo, hi)
    return Program.trusted(
        name=program.name,
        equations=tuple(equations),
        inputs=spread(program.inputs),
        parameters=program.parameters,
        states=spread(program.states),
        initials=program.initials,
        outputs=spread(program.outputs),
        finals=program.finals,
        given=spread(program.given),
        loss=program.loss,
        steps=replace(program.steps),
        convention=program.convention,
        citation=program.citation,
        notes=program.notes,
    )


@contextmanager
def _no_collection() -> Iterator[None]:
    # Nodes form no cycles; collecting while hundreds of thousands are made doubles the time and frees nothing.
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def check_steps(steps: int) -> None:
    """Raise unless there is a positive, bearable number of steps."""
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
        raise TimeError(f"T = {steps}", found="no positive whole number of steps", write="T = 1 or more")
    if steps > MOST_STEPS:
        raise InputError(
            f"T = {steps}",
            found=f"more steps than can be written out (at most {MOST_STEPS:,})",
            write="symbolic T for the formulas, or evaluate(model) for the numbers",
        )


def _spread(index: sp.Symbol, lo: int, hi: int) -> Callable[[Iterable[Any]], tuple[Any, ...]]:
    """A declaration at the symbolic step becomes one for each step it can stand at."""

    def spread(names: Iterable[Any]) -> tuple[Any, ...]:
        result: dict[Any, None] = {}
        for name in names:
            if name.has(index):
                tape = _Tape(index)
                slot = tape.place(name)
                for step in range(lo, hi + 1):
                    result[tape.run(step)[slot]] = None
            else:
                result[name] = None
        return tuple(result)

    return spread


def _unrolled_block(block: Sequence[Equation], index: sp.Symbol, examples: frozenset[sp.Symbol]) -> list[Equation]:
    time = block[0].time
    if time is None or time.index != index:
        return [replace(e, expression=written_out(e.expression, examples)) for e in block]
    tape = _Tape(time.index)
    slots = [(tape.place(e.target), tape.place(e.expression), e) for e in block]
    equations: list[Equation] = []
    for step in steps_of(time):
        values = tape.run(step)
        for target, expression, equation in slots:
            equations.append(Equation(values[target], values[expression], equation.reason, equation.domain[1:]))
    return equations


def steps_of(time: Range) -> range:
    """The steps of a range with numbers for bounds, in the order they are walked.

    >>> list(steps_of(Range(sp.Symbol("t"), sp.Integer(1), sp.Integer(3), -1)))
    [3, 2, 1]
    """
    lo, hi = int(time.lo), int(time.hi)
    return range(lo, hi + 1) if time.step > 0 else range(hi, lo - 1, -1)


def written_out(node: Node, examples: frozenset[sp.Symbol] = frozenset()) -> Node:
    """Sums and ordered products whose bounds are numbers, written out term by term; sums over examples stay.

    >>> from symrnn.algebra.nodes import n, t
    >>> written_out(Sum(Signal("h", (n, 1), t), t, 1, 3))
    h_1 + h_2 + h_3
    """
    if isinstance(node, Sum | Product):
        index, first, last = node.range
        if first.is_Integer and last.is_Integer and index not in examples:
            return _written_out(node, index, int(first), int(last), examples)
    if isinstance(node, Name) or not any(part.has(Sum, Product) for part in node.args):
        return node
    args = [written_out(arg, examples) if isinstance(arg, Node) else arg for arg in node.args]
    return add(*args) if isinstance(node, Add) else node.func(*args)


def _written_out(node: Sum | Product, index: sp.Symbol, first: int, last: int, examples: frozenset[sp.Symbol]) -> Node:
    tape = _Tape(index)
    slot = tape.place(written_out(node.operands[0], examples))
    counted = range(first, last + 1) if isinstance(node, Sum) else range(first, last + node.step, node.step)
    parts = [tape.run(step)[slot] for step in counted]
    if isinstance(node, Sum):
        return add(zeros(node.shape), *parts)
    return matmul(*parts) if parts else EyeNode(node.shape[0])


Builder = Callable[[int, list[Any]], Any]


class _Tape:
    """Expressions flattened into one straight line: a slot for every node that depends on the step, each built once.

    `place` puts an expression on the tape and tells its slot; `run(step)` returns the values of all slots.
    """

    def __init__(self, index: sp.Symbol) -> None:
        self.index = index
        self.builders: list[Builder | None] = []
        self.constants: list[Any] = []
        self.slots: dict[Any, int] = {}

    def place(self, node: Any) -> int:
        """The slot of a node, or of any other argument."""
        if node not in self.slots:
            self.slots[node] = self._new(node)
        return self.slots[node]

    def _new(self, node: Any) -> int:
        if not node.has(self.index) or _rebinds(node, self.index):
            return self._append(None, node)
        return self._append(self._builder(node), None)

    def _append(self, builder: Builder | None, constant: Any) -> int:
        self.builders.append(builder)
        self.constants.append(constant)
        return len(self.builders) - 1

    def _builder(self, node: Any) -> Builder:
        if not isinstance(node, Node):
            return self._index_builder(node)
        if isinstance(node, Signal) and lag_of(node, self.index) is not None and len(node.indices) == 1:
            return _signal_builder(node, lag_of(node, self.index) or 0)
        if isinstance(node, Guarded):
            return _guard_builder(node, self.place(node.operands[0]), self.index, in_sum=False)
        if isinstance(node, Add):
            return _add_builder(node, [self._place_term(term) for term in node.operands])
        return _plain_builder(node, [self.place(arg) for arg in node.args])

    def _place_term(self, term: Node) -> int:
        if not (isinstance(term, Guarded) and term.has(self.index)):
            return self.place(term)
        body = self.place(term.operands[0])
        return self._append(_guard_builder(term, body, self.index, in_sum=True), None)

    def _index_builder(self, node: Any) -> Builder:
        lag = sp.expand(node - self.index)
        if lag.is_Integer:
            offset = int(lag)
            return lambda step, values: sp.Integer(step + offset)
        index = self.index
        return lambda step, values: node.xreplace({index: sp.Integer(step)})

    def run(self, step: int) -> list[Any]:
        """The value of every slot at a step."""
        values = list(self.constants)
        for slot, builder in enumerate(self.builders):
            if builder is not None:
                values[slot] = builder(step, values)
        return values


def _rebinds(node: Any, index: sp.Symbol) -> bool:
    return isinstance(node, Sum | Product) and node.range[0] == index


def _signal_builder(node: Signal, lag: int) -> Builder:
    head, shape = node.args[:3], node.shape
    return lambda step, values: Signal.trusted((*head, sp.Integer(step + lag)), shape)


def _plain_builder(node: Node, slots: list[int]) -> Builder:
    if node.has(Guarded):
        # A guard below may leave nothing, and what is linear in nothing is nothing.
        return lambda step, values: rebuild(node, [values[slot] for slot in slots])
    make, shape = node.func.trusted, node.shape
    # One and two operands are nearly all there is; spelling them out saves a list for each node of each step.
    if len(slots) == 1:
        (only,) = slots
        return lambda step, values: make((values[only],), shape)
    if len(slots) == 2:
        left, right = slots
        return lambda step, values: make((values[left], values[right]), shape)
    return lambda step, values: make(tuple([values[slot] for slot in slots]), shape)


def _add_builder(node: Add, slots: list[int]) -> Builder:
    if not any(isinstance(term, Guarded) for term in node.operands):
        return _plain_builder(node, slots)
    make, shape = Add.trusted, node.shape

    def build(step: int, values: list[Any]) -> Any:
        terms = [values[slot] for slot in slots if values[slot] is not None]
        if any(isinstance(term, Add | Zeros) for term in terms):
            return add(zeros(shape), *terms)
        return make(tuple(terms), shape) if len(terms) > 1 else terms[0] if terms else zeros(shape)

    return build


def _guard_builder(node: Guarded, body: int, index: sp.Symbol, in_sum: bool) -> Builder:
    """The body at the steps where the guard holds; elsewhere nothing (in a sum) or zero."""
    lo, at, hi = node.bounds
    lag = sp.expand(at - index)
    nothing = None if in_sum else zeros(node.shape)
    if lag.is_Integer and all(bound.is_Integer or bound.is_infinite for bound in (lo, hi)):
        offset, first, last = int(lag), _bound(lo), _bound(hi)
        return lambda step, values: values[body] if first <= step + offset <= last else nothing
    raise NotYetError(str(node), found="a guard whose bounds are no numbers", write="a number of steps")


def _bound(value: sp.Expr) -> float:
    return int(value) if value.is_Integer else math.copysign(math.inf, 1 if value == sp.oo else -1)
