"""One step of a chain, compiled once to as few array calls as its structure allows.

Reads a `Chain` and the shape of what is pushed.  Returns a `Stepper`, which multiplies its block by many step
Jacobians in a row.  Promises nothing about magnitudes: that is the business of `scaling` and `transport`.

A vector costs a matrix–vector product for each matrix, so matrices that read one source are stacked into
one product (a fan), and those that fill one row are laid side by side (a gathering).  A block of many
columns costs a matrix product for each matrix, so the matrices between one source and one row are added up
first: M_t = Σ_g diag(left_g) U_g diag(right_g), O(n²), then a single product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from symrnn.numeric.chains import Chain, FloatArray, Row, Term

__all__ = ["Stepper"]

Operation = Callable[[int], Any]

# From this many columns on, adding matrices up is cheaper than one product for each of them.
TALL = 8


class Stepper:
    """x ← J_t x in place, for one shape of x, with every buffer made beforehand.

    Args:
        chain: the step Jacobians.
        columns: None for a vector (N,), else k for a block (N, k).

    >>> stepper = Stepper(Chain.from_dense([[[0.0, 1.0], [1.0, 0.0]], [[2.0, 0.0], [0.0, 3.0]]]))
    >>> stepper.value[:] = 1.0, 5.0
    >>> stepper.run(0, 2)
    >>> stepper.value
    array([10.,  3.])
    """

    def __init__(self, chain: Chain, columns: int | None = None) -> None:
        tools = _Tools(chain, () if columns is None else (columns,))
        self._buffers = (tools.block(chain.size), tools.block(chain.size))
        self._side = 0
        # Two programs, one for each direction between the buffers, save a copy a step.
        there = _Program(tools, *self._buffers).operations
        back = _Program(tools, *reversed(self._buffers)).operations
        self._programs = (there, back)

    @property
    def value(self) -> FloatArray:
        """The block as it stands; writing to it sets the block."""
        return self._buffers[self._side]

    @property
    def spare(self) -> FloatArray:
        """The other buffer, free to use between two runs."""
        return self._buffers[1 - self._side]

    def run(self, start: int, stop: int) -> None:
        """Multiply by the step Jacobians start..stop-1, counted from 0."""
        here, there = self._programs[self._side], self._programs[1 - self._side]
        for t in range(start, stop):
            for operation in here:
                operation(t)
            here, there = there, here
        self._side = (self._side + stop - start) % 2


class _Fan(NamedTuple):
    """Several matrices that read one source, stacked: weight[t] ∘ (matrix @ source)."""

    matrix: FloatArray
    weight: FloatArray | None
    out: FloatArray
    places: dict[int, slice]


class _Tools:
    """What the two programs of a stepper share: the chain, stacked constants and blocks to work in."""

    def __init__(self, chain: Chain, tail: tuple[int, ...]) -> None:
        self.chain, self.tail = chain, tail
        self.tall = tail >= (TALL,)
        self.fans = {} if self.tall else _fans(self)
        self._made: dict[Any, Any] = {}

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` made the first time it was asked for under this key."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def block(self, size: int) -> FloatArray:
        """A new block of `size` rows."""
        return np.zeros((size, *self.tail))

    def scratch(self, use: str, size: int) -> FloatArray:
        """The block of `size` rows for passing use: its content is spent within the same row."""
        block: FloatArray = self.once((use, size), lambda: self.block(size))
        return block

    def weight(self, weight: FloatArray) -> FloatArray:
        """A (T, n) weight shaped so that weight[t] scales the rows of a block."""
        return weight[:, :, None] if self.tail else weight


class _Program:
    """The operations of one step, from the states in `source` to those in `target`."""

    def __init__(self, tools: _Tools, source: FloatArray, target: FloatArray) -> None:
        self.tools, self.chain = tools, tools.chain
        self.operations: list[Operation] = []
        self._values = {name: source[place] for name, place in self.chain.slices.items()}
        self._fanned: set[str] = set()
        homes = {name: target[place] for name, place in self.chain.slices.items()}
        for row in self.chain.rows:
            self._add_row(
                row, [homes[name] for name, output in self.chain.outputs.items() if output == row.name]
            )

    def _add_row(self, row: Row, homes: list[FloatArray]) -> None:
        written, ready = self._tall(row) if self.tools.tall else self._thin(row)
        if not homes and not written and len(ready) == 1:
            self._values[row.name] = ready[0]  # the row is another's copy: no copy is made
            return
        out = homes[0] if homes else self.tools.once(("row", row.name), lambda: self.tools.block(row.size))
        self._sum(written, ready, out)
        self.operations += [_copy(out, home) for home in homes[1:]]
        self._values[row.name] = out

    def _sum(self, written: Sequence[_Writer], ready: list[FloatArray], out: FloatArray) -> None:
        """out = Σ; the first part is written in place, the others pass through a scratch block."""
        if written:
            self.operations += written[0](out)
        elif len(ready) > 1:
            self.operations.append(_add(ready.pop(0), ready.pop(0), out))
        else:
            self.operations.append(_copy(ready.pop(0), out) if ready else lambda t: out.fill(0.0))
        for write in written[1:]:
            scratch = self.tools.scratch("part", len(out))
            self.operations += [*write(scratch), _add(out, scratch, out)]
        self.operations += [_add(out, part, out) for part in ready]

    def _thin(self, row: Row) -> tuple[list[_Writer], list[FloatArray]]:
        """The parts of a row for a vector: one stacked product for many matrices."""
        written: list[_Writer] = []
        ready: list[FloatArray] = []
        gathered: list[Term] = []
        for term in row.terms:
            fan = self.tools.fans.get(term.source)
            if term.is_identity:
                ready.append(self._values[term.source])
            elif fan is not None and id(term) in fan.places:
                self._spread(term.source, fan)
                ready.append(fan.out[fan.places[id(term)]])
            elif term.matrix is not None and not term.is_stacked and term.left is None:
                gathered.append(term)
            else:
                written.append(self._single(term))
        if len(gathered) > 1:
            written.append(self._gather(row.name, gathered))
        else:
            written += map(self._single, gathered)
        return written, ready

    def _tall(self, row: Row) -> tuple[list[_Writer], list[FloatArray]]:
        """The parts of a row for many columns: one product for each source."""
        written: list[_Writer] = []
        ready: list[FloatArray] = []
        for source in dict.fromkeys(term.source for term in row.terms):
            terms = [term for term in row.terms if term.source == source]
            n_in = len(self._values[source])
            if _worth_merging(terms, n_in, self.tools.tail[0]):
                written.append(self._merge((row.name, source), terms))
            else:
                ready += [self._values[source] for term in terms if term.is_identity]
                written += [self._single(term) for term in terms if not term.is_identity]
        return written, ready

    def _single(self, term: Term) -> _Writer:
        source = self._values[term.source]
        if term.matrix is None:
            weight = self.tools.once(("diagonal", id(term)), lambda: _present(term.diagonal()))
            return lambda out: [_scale(self.tools.weight(weight), source, out)]
        return lambda out: self._product(term, source, out)

    def _product(self, term: Term, source: FloatArray, out: FloatArray) -> list[Operation]:
        operations = []
        if term.right is not None:
            scaled = self.tools.scratch("scaled", len(source))
            operations.append(_scale(self.tools.weight(term.right), source, scaled))
            source = scaled
        operations.append(_dot(_present(term.matrix), source, out))
        if term.left is not None:
            operations.append(_scale(self.tools.weight(term.left), out, out))
        return operations

    def _spread(self, source: str, fan: _Fan) -> None:
        """Compute a fan, when its first part is asked for."""
        if source not in self._fanned:
            self._fanned.add(source)
            self.operations.append(_dot(fan.matrix, self._values[source], fan.out))
            if fan.weight is not None:
                self.operations.append(_scale(fan.weight, fan.out, fan.out))

    def _gather(self, row: str, terms: list[Term]) -> _Writer:
        """[U_1 … U_g] @ [right_1 ∘ source_1; …; right_g ∘ source_g]."""
        matrices = [_present(term.matrix) for term in terms]
        beside = self.tools.once(("gathering", row), lambda: np.concatenate(matrices, axis=1))
        column = self.tools.scratch("gathered", beside.shape[1])
        operations, start = [], 0
        for term in terms:
            source = self._values[term.source]
            part = column[start : start + len(source)]
            weight = None if term.right is None else self.tools.weight(term.right)
            operations.append(_copy(source, part) if weight is None else _scale(weight, source, part))
            start += len(source)
        return lambda out: [*operations, _dot(beside, column, out)]

    def _merge(self, key: tuple[str, str], terms: list[Term]) -> _Writer:
        """M_t @ source, with M_t = Σ_g diag(left_g) U_g diag(right_g)."""
        merging, matrix = self.tools.once(("merge", *key), lambda: _merging(terms, self.chain.steps))
        source = self._values[key[1]]
        return lambda out: [*merging, _dot(matrix, source, out)]


_Writer = Callable[[FloatArray], list[Operation]]


def _present(array: FloatArray | None) -> FloatArray:
    assert array is not None
    return array


def _fans(tools: _Tools) -> dict[str, _Fan]:
    """For every source that several unweighted constant matrices read, those matrices stacked."""
    readers: dict[str, list[Term]] = {}
    for term in (term for row in tools.chain.rows for term in row.terms):
        if term.matrix is not None and not term.is_stacked and term.right is None:
            readers.setdefault(term.source, []).append(term)
    return {source: _fan(tools, terms) for source, terms in readers.items() if len(terms) > 1}


def _fan(tools: _Tools, terms: list[Term]) -> _Fan:
    matrix = np.concatenate([_present(term.matrix) for term in terms])
    weight = (
        tools.weight(_beside(terms, tools.chain.steps)) if any(t.left is not None for t in terms) else None
    )
    places, start = {}, 0
    for term in terms:
        places[id(term)] = slice(start, start + len(_present(term.matrix)))
        start = places[id(term)].stop
    return _Fan(matrix, weight, tools.block(start), places)


def _beside(terms: list[Term], steps: int) -> FloatArray:
    """The left weights side by side, (T, Σ n_out)."""
    sizes = [len(_present(term.matrix)) for term in terms]
    weights = (
        term.left if term.left is not None else np.ones((steps, n))
        for term, n in zip(terms, sizes, strict=True)
    )
    return np.concatenate(list(weights), axis=1)


# Merging costs a pass over the matrices, and saves a product, or a pass over a block wider than the matrix.
def _worth_merging(terms: list[Term], n_in: int, columns: int) -> bool:
    if all(term.matrix is None for term in terms):
        return False
    bare = terms[0].left is None and terms[0].right is None
    return len(terms) > 1 or (columns > n_in and not bare)


def _merging(terms: list[Term], steps: int) -> tuple[list[Operation], FloatArray]:
    """The operations that fill M_t, and M_t."""
    matrices = [term for term in terms if term.matrix is not None]
    constant = not any(term.is_stacked for term in matrices)
    if constant and all(term.right is None for term in matrices):
        operations, merged = _mixed([_present(t.matrix) for t in matrices], [t.left for t in matrices])
    elif constant and all(term.left is None for term in matrices):
        # Weights on the columns are weights on the rows of the transposed matrix.
        operations, turned = _mixed([_present(t.matrix).T for t in matrices], [t.right for t in matrices])
        merged = turned.T
    else:
        operations, merged = _added(matrices, steps)
    diagonal = np.einsum("ii->i", merged) if merged.shape[0] == merged.shape[1] else merged[:0, 0]
    for term in terms:
        if term.matrix is None:
            operations.append(_add_weight(term.diagonal(), diagonal))
    return operations, merged


def _mixed(
    matrices: list[FloatArray], weights: list[FloatArray | None]
) -> tuple[list[Operation], FloatArray]:
    """Σ_g diag(weight_g) U_g: row i is (weight_1i … weight_gi) @ U[i], so one batched product does it."""
    n_out, n_in = matrices[0].shape
    given = [weight for weight in weights if weight is not None]
    if not given:
        total = np.sum(matrices, axis=0)
        merged = np.empty_like(total)
        return [_copy(total, merged)], merged
    constants = np.stack(matrices, axis=1)
    columns = [np.ones_like(given[0]) if weight is None else weight for weight in weights]
    mixture = np.stack(columns, axis=2)[:, :, None, :]
    merged = np.empty((n_out, 1, n_in))
    return [lambda t: np.matmul(mixture[t], constants, out=merged)], merged[:, 0, :]


def _added(terms: list[Term], steps: int) -> tuple[list[Operation], FloatArray]:
    """Σ_g diag(left_g) U_g diag(right_g) one after the other, for matrices of every kind."""
    first = _present(terms[0].matrix)
    merged, part = (np.empty(first.shape[-2:]) for _ in range(2))
    operations: list[Operation] = []
    for term in terms:
        out = part if operations else merged
        operations += _weighted(term, steps, out)
        if out is part:
            operations.append(_add(merged, part, merged))
    return operations, merged


def _weighted(term: Term, steps: int, out: FloatArray) -> list[Operation]:
    matrix, left, right = _present(term.matrix), term.left, term.right
    stacked = np.broadcast_to(matrix, (steps, *matrix.shape[-2:]))
    operations: list[Operation] = [lambda t: np.copyto(out, stacked[t])]
    if left is not None:
        operations = [lambda t: np.multiply(stacked[t], left[t][:, None], out=out)]
    if right is not None:
        operations.append(lambda t: np.multiply(out, right[t], out=out))
    return operations


def _add_weight(weight: FloatArray | None, out: FloatArray) -> Operation:
    return lambda t: np.add(out, 1.0 if weight is None else weight[t], out=out)


def _copy(source: FloatArray, out: FloatArray) -> Operation:
    return lambda t: np.copyto(out, source)


def _add(first: FloatArray, second: FloatArray, out: FloatArray) -> Operation:
    return lambda t: np.add(first, second, out=out)


def _scale(weight: FloatArray, source: FloatArray, out: FloatArray) -> Operation:
    return lambda t: np.multiply(source, weight[t], out=out)


def _dot(matrix: FloatArray, source: FloatArray, out: FloatArray) -> Operation:
    # np.dot skips the machinery of a ufunc, a microsecond that shows at small sizes.
    if matrix.ndim == 3:
        return lambda t: np.dot(matrix[t], source, out=out)
    return lambda t: np.dot(matrix, source, out=out)
