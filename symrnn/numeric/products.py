"""Long products of a model's step Jacobians: ∂s_T/∂s_t over thousands of steps, from the block equations.

Reads the step Jacobian's equations and the arrays of a trajectory; returns a `Chain`, in which every summand of a block
is a path `diag(l) W diag(r)` and a state of the same step stands by its own row, and products of it as a `Scaled`:
mantissa and powers of two, so that nothing under- or overflows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod

import numpy as np

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Block, Immediate, Node, Parameter, Signal, names_in, operands_of, subexpressions
from symrnn.algebra.programs import Equation, Program
from symrnn.calculus.jacobians import Jacobian, jacobian
from symrnn.errors import InputError, TimeError
from symrnn.models.model import Model, as_float, label
from symrnn.numeric.chains import Chain, FloatArray, Row, Term
from symrnn.numeric.compilation import Arrays, compile_forward
from symrnn.numeric.scaled import Scaled
from symrnn.numeric.stepwise import Given, Reader, step_jacobians
from symrnn.numeric.transport import full
from symrnn.numeric.walks import Array


def jacobian_chain(program: Program, arrays: Arrays, given: Given, example: int | None = None) -> Chain:
    """s_t = J_t s_{t-1}, t = 1..T, as a chain whose rows are the states' block equations.

    The chain's states are the Jacobian's `sources`: `h` for h_{t-1}; a cell that reads h_{t-2} has a companion state
    `h_{t-1}` beside it. `chain.dense()` is the step Jacobian's `matrix` in numbers.

    Args:
        program: a cell, with or without a loss.
        arrays: what its compiled code computed.
        given: what that was given.
        example: which of a batch; every example has a chain of its own.

    >>> from symrnn.cells import rnn
    >>> given = {"W_h": [[0.5]], "W_x": [[1.0]], "b": [0.0], "x": [[0.0], [0.0]]}
    >>> chain = jacobian_chain(rnn(), compile_forward(rnn())(given), given)
    >>> chain.states, chain.rows[0].terms[0].matrix.tolist()
    ((('h', 1),), [[0.5]])
    """
    step = jacobian(program)
    if arrays.batch is not None and not (example is not None and 0 <= example < arrays.batch):
        raise InputError(
            f"example = {example}", found=f"a batch of {arrays.batch}", write=f"example=0 … {arrays.batch - 1}"
        )
    reader = Reader(step.program, arrays, given, None if arrays.batch is None else example)
    try:
        return _Builder(step, reader).chain()
    except _OtherForm:
        return _dense_chain(step, reader)


def long_product(
    model: Model,
    first: int = 0,
    last: int | None = None,
    of: str | None = None,
    wrt: str | None = None,
    example: int | None = None,
) -> Scaled:
    """∂s_last/∂s_first = J_last ⋯ J_{first+1} of a model, or its block ∂of_last/∂wrt_first, at any magnitude.

    Args:
        model: a cell with numbers.
        first, last: steps, 0 ≤ first ≤ last ≤ T; `last` is T unless given. Where they are equal it is I.
        of, wrt: names of states, both or neither.
        example: which of a batch.

    >>> from symrnn.models.files import loads
    >>> text = "[cell]\\nkind = 'rnn'\\nactivation = 'identity'\\n[sequence]\\nsteps = 10000\\n"
    >>> linear = loads(text + "[parameters]\\nW_h = 0.5\\nb = 0\\n")
    >>> print(f"{long_product(linear).log10_norm:.9f}")
    -3010.299956640
    """
    last = model.steps if last is None else last
    if not 0 <= first <= last <= model.steps:
        raise TimeError(
            f"first={first}, last={last}", found=f"a model of T = {model.steps} steps", write="0 ≤ first ≤ last ≤ T"
        )
    return full(model_chain(model, example).window(first, last), of=of, wrt=wrt)


def model_chain(model: Model, example: int | None = None) -> Chain:
    """The chain of a model's step Jacobians along its trajectory.

    >>> from symrnn.models.files import load
    >>> model_chain(load("example:linear")).steps
    3
    """
    given = {label(name): as_float(value) for name, value in model.values.items() if not isinstance(name, Immediate)}
    # A trajectory that overflows is refused by the chain, which says where; a linear cell's Jacobian never reads it.
    with np.errstate(over="ignore", invalid="ignore"):
        arrays = compile_forward(model.program)(given, steps=model.steps)
        return jacobian_chain(model.program, arrays, given, example)


class _OtherForm(Exception):
    """A block that is no sum of paths, each with at most one block at its right end."""


# --- paths ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Path:
    """A summand of a block: factors from the left, scalars first, and where it starts."""

    factors: tuple[Node, ...]
    source: str


def _summands(node: Node) -> Iterator[Node]:
    if isinstance(node, N.Add):
        for part in node.operands:
            yield from _summands(part)
    elif not N.is_zero(node):
        yield node


def _factors(node: Node) -> Iterator[Node]:
    """What a summand multiplies, from the left."""
    numbers_only = isinstance(node, N.Hadamard) and node.is_scalar_shaped
    inner_product = isinstance(node, N.MatMul) and node.is_scalar_shaped
    if isinstance(node, N.Scale) or numbers_only or (isinstance(node, N.MatMul) and not inner_product):
        for part in operands_of(node):
            yield from _factors(part)
    elif not isinstance(node, N.Eye):
        yield node


def _path(summand: Node, start: str) -> tuple[_Path, Block | None]:
    """A summand as a path, and the block of this step it goes on through, if it does."""
    factors = list(_factors(summand))
    blocks = [factor for factor in factors if isinstance(factor, Block)]
    rest = [factor for factor in factors if not isinstance(factor, Block)]
    inside = any(isinstance(part, Block) for factor in rest for part in subexpressions(factor))
    # Numbers commute with everything; a block that is no number must stand at the right end.
    misplaced = bool(blocks) and not blocks[0].is_scalar_shaped and factors[-1] is not blocks[0]
    if len(blocks) > 1 or inside or misplaced:
        raise _OtherForm
    scalars = [factor for factor in rest if factor.is_scalar_shaped]
    others = [factor for factor in rest if not factor.is_scalar_shaped]
    through = blocks[0] if blocks else None
    return _Path((*scalars, *_with_selectors(others)), _row_name(through.of) if through else start), through


def _with_selectors(factors: list[Node]) -> Iterator[Node]:
    """Factors with a matrix that only picks rows or columns joined to the matrix before it: W E is one matrix."""
    before: Node | None = None
    for factor in factors:
        picks = not names_in(factor) and not isinstance(factor, N.Diag)
        if before is not None and picks and not _is_weight(before):
            before = N.MatMul(before, factor)
            continue
        if before is not None:
            yield before
        before = factor
    if before is not None:
        yield before


def _head(factors: tuple[Node, ...]) -> int:
    """How many factors there are up to the first matrix, and with it."""
    place = next((k for k, factor in enumerate(factors) if not _is_weight(factor)), len(factors) - 1)
    return place + 1


def _is_weight(factor: Node) -> bool:
    """Whether a factor scales entry by entry."""
    diagonal = isinstance(factor, Parameter) and factor.structure == "diagonal"
    return factor.is_scalar_shaped or isinstance(factor, N.Diag) or diagonal


def _state_name(source: Signal) -> str:
    """The chain's state for a source: `h` for h_{t-1}, `h_{t-1}` for h_{t-2}."""
    later = source.at(source.time + 1)
    return later.name if later.time.is_Symbol else str(later)


def _row_name(target: Node) -> str:
    return f"{target}'"


# --- the chain --------------------------------------------------------------------------------------------------------


@dataclass
class _Builder:
    """Turns block equations into rows."""

    step: Jacobian
    reader: Reader
    rows: list[Row] = field(default_factory=list)
    inner: int = 0
    """How many rows stand inside others; each has a name of its own."""

    def chain(self) -> Chain:
        """The whole program of one step."""
        blocks: dict[Node, list[Equation]] = {}
        for equation in self.step:
            assert isinstance(equation.target, Block)
            blocks.setdefault(equation.target.of, []).append(equation)
        for target, equations in blocks.items():
            paths = self._paths(equations, blocks)
            self._add(_row_name(target), self._size(target), paths)
        outputs = {_state_name(source): self._output(source) for source in self.step.sources}
        states = [(_state_name(source), self._size(source)) for source in self.step.sources]
        return Chain(states, self.rows, outputs, self.reader.steps)

    def _output(self, source: Signal) -> str:
        """The row that becomes a state; a companion state is handed on, and what depends on nothing is zero."""
        later = source.at(source.time + 1)
        name = _row_name(later)
        if all(row.name != name for row in self.rows):
            here = [s for s in self.step.sources if s == later]
            self.rows.append(Row(name, self._size(source), tuple(Term(_state_name(s)) for s in here)))
        return name

    def _size(self, node: Node) -> int:
        return self.reader.walk.size(node)[0]

    def _paths(self, equations: list[Equation], blocks: dict[Node, list[Equation]]) -> list[_Path]:
        """The paths into a state; one through another state of this step stands in a block for each of its sources."""
        direct: list[_Path] = []
        through: Counter[tuple[_Path, Node, Node]] = Counter()
        for equation in equations:
            assert isinstance(equation.target, Block) and isinstance(equation.target.wrt, Signal)
            for summand in _summands(equation.expression):
                path, block = _path(summand, _state_name(equation.target.wrt))
                if block is None:
                    direct.append(path)
                elif block.wrt != equation.target.wrt:
                    raise _OtherForm
                else:
                    through[path, block.of, block.wrt] += 1
        return direct + _joined(through, blocks)

    def _add(self, name: str, size: int, paths: list[_Path]) -> None:
        terms = tuple(self._terms(name, paths))
        self.rows.append(Row(name, size, terms))

    def _terms(self, name: str, paths: list[_Path]) -> Iterator[Term]:
        """Paths with the same matrix in front of another share what lies behind it, in a row of its own."""
        groups: dict[tuple[Node, ...], list[_Path]] = {}
        for path in paths:
            groups.setdefault(path.factors[: _head(path.factors)], []).append(path)
        for head, group in groups.items():
            rests = [_Path(path.factors[len(head) :], path.source) for path in group]
            if any(not _is_weight(factor) for rest in rests for factor in rest.factors):
                self.inner += 1
                inner = f"{name}.{self.inner}"
                self._add(inner, self._size_before(head[-1]), rests)
                rests = [_Path((), inner)]
            yield from (self._term(head, rest) for rest in rests)

    def _size_before(self, matrix: Node) -> int:
        return self.reader.walk.size(matrix)[1]

    def _term(self, head: tuple[Node, ...], rest: _Path) -> Term:
        """left ∘ (matrix @ (right ∘ source))."""
        matrix = None if not head or _is_weight(head[-1]) else head[-1]
        left = head if matrix is None else head[:-1]
        rows = self._size_of(matrix or next((f for f in left if not f.is_scalar_shaped), None), rest.source)
        columns = rows if matrix is None else self._size_before(matrix)
        return Term(
            rest.source,
            self._weight(left, rows),
            None if matrix is None else self._matrix(matrix),
            self._weight(rest.factors, columns),
        )

    def _size_of(self, node: Node | None, source: str) -> int:
        if node is not None:
            return self.reader.walk.size(node)[0]
        sizes = {_state_name(s): self._size(s) for s in self.step.sources} | {row.name: row.size for row in self.rows}
        return sizes[source]

    def _weight(self, factors: tuple[Node, ...], rows: int) -> FloatArray | None:
        if not factors:
            return None
        weight = prod((self._column(factor) for factor in factors), start=np.ones((1, 1)))
        return np.ascontiguousarray(np.broadcast_to(weight, (self.reader.steps, rows)))

    def _column(self, factor: Node) -> Array:
        if isinstance(factor, N.Diag):
            return self.reader.walk.dense(operands_of(factor)[0])[..., 0]
        value = self.reader.walk.dense(factor)
        return value[..., 0] if factor.is_scalar_shaped else np.einsum("tii->ti", value)

    def _matrix(self, factor: Node) -> Array:
        """A constant matrix, or one for every step."""
        value = self.reader.walk.dense(factor)
        is_constant = all(isinstance(name, Parameter) for name in names_in(factor))
        return value[0] if is_constant else self.reader.over_steps(factor)


def _joined(through: Counter[tuple[_Path, Node, Node]], blocks: dict[Node, list[Equation]]) -> list[_Path]:
    """A path through a state, once, if it stands in the blocks of all that this state comes from."""
    counts: dict[tuple[_Path, Node], dict[Node, int]] = {}
    for (path, state, source), count in through.items():
        counts.setdefault((path, state), {})[source] = count
    joined = []
    for (path, state), found in counts.items():
        sources = {equation.target.wrt for equation in blocks.get(state, [])}
        if set(found) != sources or len(set(found.values())) != 1:
            raise _OtherForm
        joined += [path] * next(iter(found.values()))
    return joined


def _dense_chain(step: Jacobian, reader: Reader) -> Chain:
    """The chain of full matrices, whatever form the blocks have."""
    found = step_jacobians(step.program, reader.arrays, reader.given)
    for block, series in found.items():
        reader.blocks[block] = series if reader.example is None else series[:, reader.example]
    whole = reader.over_steps(step.matrix)
    if len(step.sources) == 1:
        return Chain.from_dense(whole, _state_name(step.sources[0]))
    states = [(_state_name(source), reader.walk.size(source)[0]) for source in step.sources]
    rows = []
    ends = np.cumsum([size for _, size in states])
    for (name, size), stop in zip(states, ends, strict=True):
        terms = [
            Term(other, matrix=whole[:, stop - size : stop, end - width : end])
            for (other, width), end in zip(states, ends, strict=True)
        ]
        rows.append(Row(f"{name}'", size, tuple(terms)))
    return Chain(states, rows, {name: f"{name}'" for name, _ in states}, reader.steps)
