"""The step Jacobian: the local matrices multiplied along the paths of one step.

Reads a Program and the table of rules; returns a `Jacobian`: blocks `∂s_t/∂r_{t-k}` in which the states of the steps
before are independent, each an equation; a state of this step stands in them by its own block, gates are put in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from symrnn.algebra.nodes import (
    PRINTERS,
    Add,
    Adjoint,
    Block,
    BlockMatrix,
    Concat,
    Eye,
    Immediate,
    Name,
    Node,
    Number,
    Parameter,
    Product,
    Selector,
    Signal,
    Sum,
    add,
    gathered,
    matmul,
    names_in,
    operands_of,
    substitute,
    transpose,
    zeros,
)
from symrnn.algebra.programs import Equation, Program, Reason, family, lag_of
from symrnn.calculus.adjoints import LOSS
from symrnn.calculus.maps import multiplied
from symrnn.calculus.rewriting import expose
from symrnn.calculus.rules import RULES, Rules
from symrnn.errors import InputError, NotYetError

Paths = dict[Name, Node]
"""From the name at the start of a path to the sum over paths of the products of local Jacobians."""

Kinds = tuple[type[Name], ...]
"""Which names a path may end at."""

PRODUCT_LETTERS = ("k", "j", "i", "l")
SUM_LETTERS = ("tau", "s", "r", "u")


def product_index(program: Program) -> sp.Symbol:
    """The k of a product over time, ∏_{k=T}^{t+1}, and of a sum over its steps; another letter where a cell has a k."""
    return _free_index(program, PRODUCT_LETTERS)


def sum_index(program: Program) -> sp.Symbol:
    """The τ of a sum over later losses, Σ_{τ=t}^{T}; another letter where a cell has a τ."""
    return _free_index(program, SUM_LETTERS)


def _free_index(program: Program, letters: tuple[str, ...]) -> sp.Symbol:
    names = (name for equation in program for name in (equation.target, *equation.reads))
    taken = {name.name for name in names if isinstance(name, Signal | Parameter)}
    numbered = (f"{letters[0]}_{number}" for number in range(1, len(taken) + 2))
    return sp.Symbol(next(one for one in (*letters, *numbered) if one not in taken), integer=True)


@dataclass(frozen=True)
class Jacobian:
    """The step Jacobian of a Program: `blocks` are equations `∂s_t/∂r_{t-k} = …`, states in the Program's order."""

    program: Program
    blocks: tuple[Equation, ...]
    within_step: tuple[tuple[Name, Paths], ...]

    def __getitem__(self, pair: tuple[str, str]) -> Equation:
        """`jacobian["c", "h"]`: the block ∂c_t/∂h_{t-1}; a lag is said as in `jacobian["h", "h_{t-2}"]`."""
        of, wrt = pair
        for block in self.blocks:
            target = block.target
            assert isinstance(target, Block)
            if _is_called(target.of, of) and _is_called(target.wrt, wrt):
                return block
        names = ", ".join(str(block.target) for block in self.blocks)
        raise InputError(f"{of}, {wrt}", found="no such block", write=f"one of: {names}")

    @property
    def states(self) -> tuple[Signal, ...]:
        """The states at step t."""
        return self.program.states

    @cached_property
    def sources(self) -> tuple[Signal, ...]:
        """What the step starts from: every state at each lag it is read at, `h_{t-1}` first."""
        lags = {
            -int(lag): None
            for block in self.blocks
            if isinstance(block.target, Block) and isinstance(block.target.wrt, Signal)
            for lag in (lag_of(block.target.wrt, self.program.steps.index),)
            if lag is not None
        }
        deepest = max(lags, default=1)
        index = self.program.steps.index
        return tuple(state.at(index - lag) for lag in range(1, deepest + 1) for state in self.states)

    @cached_property
    def matrix(self) -> Node:
        """∂(s_t, …)/∂(s_{t-1}, …) as one block matrix of the blocks' names; with lags beyond one in companion form."""
        index = self.program.steps.index
        if any((lag_of(block.target.wrt, index) or 0) > 0 for block in self.blocks if isinstance(block.target, Block)):
            raise NotYetError(str(self), found="a recurrence that runs backward", write="its blocks, one by one")
        rows: list[Node] = []
        named = {block.target for block in self.blocks}
        targets = [source.at(source.time + 1) for source in self.sources]
        for target in targets:
            for source in self.sources:
                name = Block(target, source)
                if target.time == index:
                    rows.append(name if name in named else zeros(name.shape))
                else:
                    rows.append(Eye(target.shape[0]) if target == source else zeros(name.shape))
        return rows[0] if len(rows) == 1 else BlockMatrix(len(self.sources), *rows)

    @property
    def name(self) -> Block:
        """∂s_t/∂s_{t-1} of the stacked state s."""
        return self._between(self.program.steps.index)

    def _between(self, step: sp.Expr) -> Block:
        index = self.program.steps.index
        now = [substitute(source.at(source.time + 1), {index: step}) for source in self.sources]
        before = [substitute(source, {index: step}) for source in self.sources]
        return Block(_stack(now), _stack(before))

    def product(self, last: sp.Expr | int | None = None, first: sp.Expr | int | None = None) -> Equation:
        """∂s_T/∂s_t = ∏_{k=T}^{t+1} ∂s_k/∂s_{k-1}: later factors to the left; empty (T = t) it is I."""
        last = self.program.steps.hi if last is None else sp.sympify(last, strict=True)
        first = self.program.steps.index if first is None else sp.sympify(first, strict=True)
        index = product_index(self.program)
        factor = self._between(index)
        target = Block(self._stacked_at(last), self._stacked_at(first))
        return Equation(target, Product(factor, index, last, first + 1), Reason("jacobian product"))

    def _stacked_at(self, step: sp.Expr) -> Node:
        index = self.program.steps.index
        return _stack([substitute(source.at(source.time + 1), {index: step}) for source in self.sources])

    def gradient_sum(self) -> Equation:
        """∂L/∂s_t = Eᵀ Σ_{τ=t}^T (∏_{k=τ}^{t+1} ∂s_k/∂s_{k-1})ᵀ ∂⁺L/∂s_τ: later losses through transposed products.

        The factors and ∂⁺L/∂s_τ take the states of one step as independent. Where one moves another within the step, as
        c_t moves h_t in the LSTM, E says so, and the sum is the total (h̄_t, c̄_t) of `adjoint`; elsewhere E is I and
        left out. In companion form only the states of step τ itself receive ∂⁺L/∂s_τ.
        """
        index, last = self.program.steps.index, self.program.steps.hi
        later = sum_index(self.program)
        chain = self.product(later, index).expression
        loss = self.program.loss or LOSS
        states = [state.at(later) for state in self.states]
        immediate: Node = Immediate(loss, _stack(states))
        if len(self.sources) > len(states):
            immediate = matmul(transpose(Selector(_size(states), 0, chain.shape[0])), immediate)
        total: Node = Sum(matmul(transpose(chain), immediate), later, index, last)
        inside = self._within_transposed()
        total = total if inside is None else matmul(inside, total)
        return Equation(Adjoint(_stack(list(self.states))), total, Reason("sum over later losses"))

    def _within_transposed(self) -> Node | None:
        """Eᵀ: a row for each state s of step t, its blocks (∂r/∂s)ᵀ for the components r of the stacked state."""
        now = [source.at(source.time + 1) for source in self.sources]
        inside = dict(self.within_step)
        rows = [_moved(inside.get(other, {}), other, state) for state in self.states for other in now]
        if len(rows) == 1 or (len(now) == len(self.states) and not any(map(bool, inside.values()))):
            return None
        return BlockMatrix(len(now), *rows)

    def total(self, of: str, wrt: str) -> Equation:
        """The total across the other states of step t−1, in which s_{t-1} moves them too.

        For the LSTM and (c, c): `diag(f_t) + ∂c_t/∂h_{t-1} diag(o_{t-1} ⊙ (1 − tanh²(c_{t-1})))`.
        """
        block = self[of, wrt].target
        assert isinstance(block, Block) and isinstance(block.of, Signal) and isinstance(block.wrt, Signal)
        index = self.program.steps.index
        source = block.wrt.at(index)
        terms: list[Node] = [block]
        for state, paths in self.within_step:
            if state != source and source in paths and (state.name, wrt) != (wrt, wrt):
                through = next((b.target for b in self.blocks if _joins(b, block.of, state)), None)
                if through is not None:
                    terms.append(multiplied(through, substitute(paths[source], {index: index - 1})))
        return Equation(Block(block.of, block.wrt, "total"), add(*terms), Reason("total across the state"))

    def __iter__(self) -> Iterator[Equation]:
        return iter(self.blocks)

    def __str__(self) -> str:
        return "\n".join(map(str, self.blocks))

    __repr__ = __str__

    def _repr_latex_(self) -> str:
        lines = [f"{PRINTERS['latex'](b.target)} &= {PRINTERS['latex'](b.expression)}" for b in self.blocks]
        head = f"{PRINTERS['latex'](self.name)} &= {PRINTERS['latex'](self.matrix)}"
        body = " \\\\\n".join([head, *lines] if len(self.blocks) > 1 else lines)
        return f"$$\\begin{{aligned}}\n{body}\n\\end{{aligned}}$$"


def _is_called(node: Node, name: str) -> bool:
    return str(node) == name or (isinstance(node, Signal) and node.name == name)


def _joins(block: Equation, of: Node, state: Name) -> bool:
    target = block.target
    return (
        isinstance(target, Block)
        and target.of == of
        and isinstance(target.wrt, Signal)
        and isinstance(state, Signal)
        and target.wrt == state.at(state.time - 1)
    )


def _size(parts: list[Signal]) -> sp.Expr:
    return sp.Add(*(part.shape[0] for part in parts))


def _moved(paths: Paths, of: Signal, by: Signal) -> Node:
    """(∂r/∂s)ᵀ within one step."""
    if of == by:
        return _identity(of)
    return transpose(paths[by]) if by in paths else zeros((by.shape[0], of.shape[0]))


def _stack(parts: list[Signal]) -> Node:
    return parts[0] if len(parts) == 1 else Concat(*parts)


def jacobian(program: Program, rules: Rules = RULES) -> Jacobian:
    """∂s_t/∂s_{t-1} in numerator layout, block by block.

    For the LSTM `∂c_t/∂c_{t-1} = diag(f_t)` exactly: the gates' paths stand in `∂c_t/∂h_{t-1}`.

    >>> from symrnn.cells import rnn
    >>> print(jacobian(rnn())["h", "h"])
    ∂h_t/∂h_{t-1} = diag(1 - h_t²) W_h
    """
    forward = expose(program)
    if not forward.states:
        raise NotYetError(forward.name, found="no state: nothing is read from a step before", write="a recurrent cell")
    _check_states(forward)
    states = {family(state): state for state in forward.states}
    lagged: dict[Name, Paths] = {}
    same_step: dict[Name, Paths] = {}
    blocks: list[Equation] = []
    for equation in forward:
        if equation.time is None:
            continue
        paths = paths_of(equation, rules)
        lagged[equation.target] = _through(paths, lagged, states, forward)
        same_step[equation.target] = _within(paths, same_step, states)
        if family(equation.target) in states:
            for source, value in sorted(lagged[equation.target].items(), key=lambda item: _order(item[0], forward)):
                name = Block(equation.target, source)
                blocks.append(
                    Equation(name, value, Reason("step jacobian", (equation.target, source)), equation.domain)
                )
    within = tuple((state, same_step[state]) for state in forward.states if state in same_step)
    return Jacobian(forward, tuple(blocks), within)


def _check_states(program: Program) -> None:
    """States are columns."""
    for state in program.states:
        if state.shape[1] != 1:
            raise NotYetError(
                f"{state} is ({state.shape[0]}, {state.shape[1]})", found="a state that is a matrix", write="a column"
            )


def _order(source: Name, program: Program) -> tuple[int, int]:
    names = [family(state) for state in program.states]
    return -(lag_of(source, program.steps.index) or 0), names.index(family(source))


def paths_of(equation: Equation, rules: Rules, kinds: Kinds = (Signal,)) -> Paths:
    """The local Jacobian of one equation with respect to each name of those kinds it reads, summed over its uses."""
    paths: dict[Name, list[Node]] = defaultdict(list)
    for name, matrix in _paths(equation.expression, _identity(equation.target), equation.target, rules, kinds):
        paths[name].append(matrix)
    return {name: gathered(matrices) for name, matrices in paths.items()}


def _identity(node: Node) -> Node:
    size = node.shape[0] * node.shape[1]
    return Number(1) if size == 1 else Eye(size)


def _paths(node: Node, matrix: Node, answer: Node, rules: Rules, kinds: Kinds) -> Iterator[tuple[Name, Node]]:
    if isinstance(node, Name):
        if isinstance(node, kinds):
            yield node, matrix
        return
    if not names_in(node):
        return
    if isinstance(node, Sum) and any(isinstance(name, Signal) for name in names_in(node)):
        raise NotYetError(str(node), found="a sum over steps within a step", write="the running sum as a state")
    for operand, local in zip(operands_of(node), rules[type(node)](node, answer), strict=True):
        if local is not None and any(isinstance(name, kinds) for name in names_in(operand)):
            yield from _paths(operand, distributed(matrix, local.matrix()), operand, rules, kinds)


def distributed(left: Node, right: Node) -> Node:
    """A (B + C + …) as A B + A C + …, so that each path stands by itself."""
    if left.is_scalar_shaped and right.is_scalar_shaped:
        return matmul(left, right)
    lefts = left.operands if isinstance(left, Add) else (left,)
    rights = right.operands if isinstance(right, Add) else (right,)
    return add(*(multiplied(a, b) for a in lefts for b in rights))


def _through(paths: Paths, known: dict[Name, Paths], states: dict[object, Signal], program: Program) -> Paths:
    """Paths from the states of earlier steps: directly, through a state of this step by name, or through a gate."""
    result: dict[Name, list[Node]] = defaultdict(list)
    for name, matrix in paths.items():
        is_state = family(name) in states
        if is_state and lag_of(name, program.steps.index) != 0:
            result[name].append(matrix)
        elif is_state:
            for source in known.get(name, {}):
                result[source].append(distributed(matrix, Block(name, source)))
        else:
            for source, inner in known.get(name, {}).items():
                result[source].append(distributed(matrix, inner))
    return {source: add(*terms) for source, terms in result.items()}


def _within(paths: Paths, known: dict[Name, Paths], states: dict[object, Signal]) -> Paths:
    """Paths from the states of this same step."""
    result: dict[Name, list[Node]] = defaultdict(list)
    for name, matrix in paths.items():
        if family(name) in states and states[family(name)] == name:
            result[name].append(matrix)
        for source, inner in known.get(name, {}).items():
            result[source].append(distributed(matrix, inner))
    return {source: add(*terms) for source, terms in result.items()}
