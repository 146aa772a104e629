"""Expressions evaluated over all steps at once, from the arrays of every quantity: step Jacobians, each step's summand.

Reads nodes and arrays; returns arrays (T, r, c), with a batch (T, B, r, c). What stands outside 1..T is zero unless it
was given. `walks` evaluates the expressions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Adjoint, Block, Immediate, Name, Node, Parameter, Signal, transpose
from symrnn.algebra.programs import Equation, Program, signal_of
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.jacobians import jacobian
from symrnn.errors import InputError, NotYetError
from symrnn.numeric.compilation import Arrays
from symrnn.numeric.storage import local
from symrnn.numeric.walks import Array, Numbers, Walk

Given = Mapping[str, Any]
"""Parameters, inputs, initial values, targets and cotangents by name, as compiled code takes them."""


def step_jacobians(program: Program, arrays: Arrays, given: Given) -> dict[Block, Array]:
    """The step Jacobian's blocks, each at every step: {∂s_t/∂r_{t-k}: (T, [B,] n, m)}.

    >>> from symrnn.cells import rnn
    >>> from symrnn.numeric.compilation import compile_forward
    >>> given = {"W_h": [[0.5]], "W_x": [[1.0]], "b": [0.0], "x": [[0.0], [0.0]]}
    >>> {str(b): a.tolist() for b, a in step_jacobians(rnn(), compile_forward(rnn())(given), given).items()}
    {'∂h_t/∂h_{t-1}': [[[0.5]], [[0.5]]]}
    """
    step = jacobian(program)
    reader = Reader(step.program, arrays, given)
    for equation in step:
        assert isinstance(equation.target, Block)
        reader.blocks[equation.target] = reader.over_steps(equation.expression)
    return dict(reader.blocks)


def contributions(program: Program, arrays: Arrays, given: Given) -> dict[str, Array]:
    """Each step's summand of ∂L/∂W = Σ_t …, over the batch together: {W: (T, …shape of W)}.

    `arrays` come from `compile_gradients(program, keep=True)`. A gradient that is no sum over steps is left out.

    >>> from symrnn.cells import rnn
    >>> from symrnn.numeric.compilation import compile_gradients
    >>> linear = rnn("identity")
    >>> given = {"W_h": [[0.5]], "W_x": [[1.0]], "b": [0], "x": [[1.0]] * 3, "given_h": [[0.0], [0.0], [1.0]]}
    >>> contributions(linear, compile_gradients(linear, keep=True)(given), given)["W_h"].tolist()
    [[[0.0]], [[0.5]], [[1.5]]]
    """
    reader = Reader(program, arrays, given)
    found = {}
    for equation in adjoint(program):
        target = equation.target
        if not (isinstance(target, Adjoint) and isinstance(target.of, Parameter)):
            continue
        parts = [reader.summand(scalar, part) for scalar, part in _sums(equation, program.steps.index)]
        if parts:
            found[target.of.name] = reader.as_given(_added(parts), target.of)
    return found


def _sums(equation: Equation, index: sp.Symbol) -> Iterator[tuple[tuple[Node, ...], N.Sum]]:
    """The sums over steps an expression consists of, each with the numbers before it."""
    pending: list[tuple[tuple[Node, ...], Node]] = [((), equation.expression)]
    while pending:
        scalars, node = pending.pop(0)
        if isinstance(node, N.Add):
            pending += [(scalars, part) for part in node.operands]
        elif isinstance(node, N.Scale) and isinstance(node.operands[0], N.Number):
            pending.append(((*scalars, node.operands[0]), node.operands[1]))
        elif isinstance(node, N.Sum) and node.range[0] == index:
            yield scalars, node


# --- reading arrays ---------------------------------------------------------------------------------------------------


@dataclass
class Reader:
    """Reads names from compiled code's arrays and from what was given to it, at every step.

    Attributes:
        program: what the names belong to.
        arrays: what compiled code returned.
        given: what it was given.
        example: which of a batch alone; None keeps the batch.
        blocks: Jacobian blocks that are known already.
    """

    program: Program
    arrays: Arrays
    given: Given
    example: int | None = None
    blocks: dict[Block, Array] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """T."""
        return self.arrays.steps

    @property
    def batched(self) -> bool:
        """Whether what moves has a batch axis."""
        return self.arrays.batch is not None and self.example is None

    @cached_property
    def numbers(self) -> Numbers:
        """T and every size, found from the arrays' shapes."""
        found: dict[sp.Symbol, int] = {symbol: self.steps for symbol in self.program.steps.hi.free_symbols}
        for parameter in self.program.parameters:
            shape = np.shape(self.given[parameter.name])
            found |= {s: k for s, k in zip(_axes(parameter), shape, strict=False) if s.is_Symbol}
        signals = [*self.program.inputs, *(e.target for e in self.program if isinstance(e.target, Signal))]
        for signal in signals:
            if signal.indices and signal.shape[0].is_Symbol:
                found[signal.shape[0]] = self._source(local(signal)).shape[-2 if signal.shape[1] != 1 else -1]
        return found

    @cached_property
    def walk(self) -> Walk:
        """The interpreter that reads here."""
        return Walk(self.__call__, self.steps, self.numbers, self.program.steps.index)

    def over_steps(self, node: Node) -> Array:
        """The expression at every step: (T, [B,] r, c)."""
        value = self.walk.dense(node)
        batch = (self.arrays.batch,) if self.batched else ()
        return np.broadcast_to(value, (self.steps, *batch, *value.shape[-2:]))

    def summand(self, scalars: tuple[Node, ...], node: N.Sum) -> Array:
        """The body of a sum at every step, over the batch together: (T, r, c)."""
        _, lo, hi = node.range
        total = np.broadcast_to(self._over_batch(node.operands[0]), (self.steps, *self.walk.size(node)))
        inside = self.walk.where(lo, self.program.steps.index, hi)
        total = np.where(inside[:, None, None], total, 0.0)
        for scalar in scalars:
            total = total * self.walk.dense(scalar).reshape(-1, 1, 1)
        return total

    def _over_batch(self, node: Node) -> Array:
        if not self.batched:
            return self.walk.dense(node)
        if isinstance(node, N.Add):
            return _added([self._over_batch(part) for part in node.operands])
        if isinstance(node, N.MatMul) and (halves := _outer(node)) is not None:
            # Σ_b u_b v_bᵀ is a product of (r, B) with (B, c): no (T, B, r, c) is made.
            left, right = (self.over_steps(half)[..., 0] for half in halves)
            return np.asarray(np.matmul(left.swapaxes(1, 2), right))
        return np.asarray(self.over_steps(node).sum(axis=1))

    def as_given(self, summands: Array, parameter: Parameter) -> Array:
        """Summands in the shape in which the parameter was given."""
        shape = np.shape(self.given[parameter.name])
        if len(shape) == 1 and _is_diagonal(parameter):
            return np.asarray(np.einsum("tii->ti", summands))
        return summands.reshape(self.steps, *shape)

    def __call__(self, name: Name) -> Array:
        """A name at every step: (T, [B,] r, c); axes it does not move along have length 1."""
        if isinstance(name, Block):
            return self.blocks[name]
        if isinstance(name, Parameter):
            return self._parameter(name)
        if isinstance(name, Signal) and not name.indices and local(name) in self.arrays:
            return self._constant(name)
        signal = name.wrt if isinstance(name, Immediate) else signal_of(name)
        if not isinstance(signal, Signal) or not signal.indices:
            raise NotYetError(str(name), found="no array over the steps for it", write="a signal such as h_t")
        lag = sp.expand(signal.time - self.program.steps.index)
        if lag.is_Integer:
            return self._outward(self._series(name, int(lag)), name)
        step = sp.expand(signal.time.xreplace(dict(self.numbers)))
        if not step.is_Integer:
            raise NotYetError(str(name), found="a step that is neither t + k, T + k nor a number", write="h_{t-1}")
        if isinstance(name, Immediate) and local(name) in self.given:
            return self._outward(np.asarray(self.given[local(name)], dtype=np.float64)[None], name)
        return self._outward(self._at(name, int(step))[None], name)

    def _parameter(self, name: Parameter) -> Array:
        array = np.asarray(self.given[name.name], dtype=np.float64)
        if array.ndim == 1 and _is_diagonal(name):
            array = np.diag(array)
        array = array.reshape(array.shape if array.ndim == 2 else (-1, 1))
        return array[None, None] if self.batched else array[None]

    def _constant(self, name: Signal) -> Array:
        """A quantity computed once from parameters."""
        array, shape = np.asarray(self.arrays.columns[local(name)]), self.walk.size(name)
        if array.size != shape[0] * shape[1]:
            raise NotYetError(str(name), found="no array that is the same for all", write="a signal such as h_t")
        return array.reshape(1, *([1] if self.batched else []), *shape)

    def _outward(self, array: Array, name: Name) -> Array:
        """(T, [B,] r) as (T, [B,] r, 1), of one example if one is asked for; a matrix is (T, [B,] r, c) already."""
        if name.shape[1] == 1:
            array = array[..., None]
        if self.arrays.batch is not None and array.ndim == 3:
            array = array[:, None]
        if self.arrays.batch is not None and self.example is not None:
            array = array[:, self.example if array.shape[1] > 1 else 0]
        return array

    def _source(self, key: str) -> Array:
        if key in self.arrays:
            return self.arrays[key]
        key = key if key in self.given else key.removesuffix("_")
        if key not in self.given:
            raise InputError(key, found="neither computed nor given", write="arrays of compile_gradients(…, keep=True)")
        array = np.asarray(self.given[key], dtype=np.float64)
        return array[:, None] if array.ndim == 1 else array

    def _series(self, name: Name, lag: int) -> Array:
        """The steps 1+lag .. T+lag."""
        key = local(name)
        if isinstance(name, Immediate) and key not in self.given:
            return np.zeros((1, self.walk.size(name)[0]))
        whole = self._source(key)
        inside = whole[max(lag, 0) : max(self.steps + min(lag, 0), 0)]
        outside = [step for step in range(1 + lag, self.steps + lag + 1) if not 1 <= step <= self.steps]
        if not outside:
            return inside
        edge = np.stack([np.broadcast_to(self._at(name, step), whole.shape[1:]) for step in outside])
        return np.concatenate([edge, inside] if lag < 0 else [inside, edge])

    def _at(self, name: Name, step: int) -> Array:
        """One step: computed, given, or else zero."""
        key, rows, columns = local(name), *self.walk.size(name)
        if isinstance(name, Signal) and f"{name.name}{step}" in self.given:
            return np.atleast_1d(np.asarray(self.given[f"{name.name}{step}"], dtype=np.float64))
        if key in self.arrays:
            row = step - 1 + self.arrays.below.get(key, 0)
            if 0 <= row < len(self.arrays.columns[key]):
                return self.arrays.at(key, step)
        elif 1 <= step <= self.steps:
            return np.asarray(self._source(key)[step - 1])
        return np.zeros(rows) if columns == 1 else np.zeros((rows, columns))


def _axes(name: Name) -> tuple[sp.Expr, ...]:
    return () if name.shape == (1, 1) else name.shape[:1] if name.shape[1] == 1 else name.shape


def _is_diagonal(name: Name) -> bool:
    return isinstance(name, Parameter) and name.structure == "diagonal"


def _outer(node: N.MatMul) -> tuple[Node, Node] | None:
    """u and v of a product that is u vᵀ."""
    factors = node.operands
    for place in range(1, len(factors)):
        if factors[place].shape[0] == 1:
            return _product_of(factors[:place]), transpose(_product_of(factors[place:]))
    return None


def _product_of(factors: tuple[Node, ...]) -> Node:
    return factors[0] if len(factors) == 1 else N.MatMul(*factors)


def _added(parts: list[Array]) -> Array:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
