"""One step of a chain, compiled once to as few array calls as its structure allows.

Reads a `Chain` and the shape of what is pushed.  Returns a `Stepper`, which multiplies its block by many step
Jacobians in a row.  Promises nothing about magnitudes: that is the business of `scaling` and `transport`.

Matrices that read one source are stacked into one product (a fan), whose weights are applied afterwards, and
those that fill one row from several sources are laid side by side (a gathering).  A block of many columns
makes each product dear, so the matrices between one source and one row are first added up (a mixture), and
the fan stacks the mixtures of all rows: an LSTM needs one product 2H×H · H×2H a step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from symrnn.numeric.chains import Chain, FloatArray, Row, Term
from symrnn.numeric.mixtures import Operation, added, copied, mixture, multiplied, room, scaled_product, weighted

__all__ = ["Stepper"]

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


# Fills the array it is given.
_Writer = Callable[[FloatArray], list[Operation]]


class _Fan(NamedTuple):
    """Matrices that read one source, stacked: `fill` them, then out = weight[t] ∘ (matrix @ source).

    `places` says where in `out` a part stands, by the term (vectors) or by the row's name (many columns).
    """

    fill: list[Operation]
    matrix: FloatArray
    weight: FloatArray | None
    out: FloatArray
    places: dict[int | str, slice]


class _Tools:
    """What the two programs of a stepper share: the chain, its fans and blocks to work in."""

    def __init__(self, chain: Chain, tail: tuple[int, ...]) -> None:
        self.chain, self.tail = chain, tail
        self.tall = tail >= (TALL,)
        self.fans = _tall_fans(self) if self.tall else _thin_fans(self)
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
        self._spread: set[str] = set()
        homes = {name: target[place] for name, place in self.chain.slices.items()}
        for row in self.chain.rows:
            states = [state for state, output in self.chain.outputs.items() if output == row.name]
            self._add_row(row, [homes[state] for state in states])

    def _add_row(self, row: Row, homes: list[FloatArray]) -> None:
        written, ready = self._tall(row) if self.tools.tall else self._thin(row)
        if not homes and not written and len(ready) == 1:
            self._values[row.name] = ready[0]  # the row is another's copy: no copy is made
            return
        out = homes[0] if homes else self.tools.once(("row", row.name), lambda: self.tools.block(row.size))
        self._sum(written, ready, out)
        self.operations += [copied(out, home) for home in homes[1:]]
        self._values[row.name] = out

    def _sum(self, written: Sequence[_Writer], ready: list[FloatArray], out: FloatArray) -> None:
        """out = Σ; the first part is written in place, the others pass through a scratch block."""
        if written:
            self.operations += written[0](out)
        elif len(ready) > 1:
            self.operations.append(added(ready.pop(0), ready.pop(0), out))
        else:
            self.operations.append(copied(ready.pop(0), out) if ready else lambda t: out.fill(0.0))
        for write in written[1:]:
            scratch = self.tools.scratch("part", len(out))
            self.operations += [*write(scratch), added(out, scratch, out)]
        self.operations += [added(out, part, out) for part in ready]

    def _thin(self, row: Row) -> tuple[list[_Writer], list[FloatArray]]:
        """The parts of a row for a vector: those to be written, and those that stand somewhere already."""
        written: list[_Writer] = []
        ready: list[FloatArray] = []
        gathered: list[Term] = []
        for term in row.terms:
            if term.is_identity:
                ready.append(self._values[term.source])
            elif (part := self._fanned(term.source, id(term))) is not None:
                ready.append(part)
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
        for source, terms in _by_source(row).items():
            if (part := self._fanned(source, row.name)) is not None:
                ready.append(part)
            elif _worth_mixing(terms, self._values[source].shape):
                written.append(self._mix(row, source, terms))
            else:
                ready += [self._values[source] for term in terms if term.is_identity]
                written += [self._single(term) for term in terms if not term.is_identity]
        return written, ready

    def _fanned(self, source: str, part: int | str) -> FloatArray | None:
        """The part of a fan, which is computed when its first part is asked for; None where there is none."""
        fan = self.tools.fans.get(source)
        if fan is None or part not in fan.places:
            return None
        if source not in self._spread:
            self._spread.add(source)
            self.operations += [*fan.fill, multiplied(fan.matrix, self._values[source], fan.out)]
            if fan.weight is not None:
                self.operations.append(weighted(fan.weight, fan.out, fan.out))
        return fan.out[fan.places[part]]

    def _single(self, term: Term) -> _Writer:
        source = self._values[term.source]
        if term.matrix is None:
            weight = self.tools.once(("diagonal", id(term)), lambda: _diagonal(term))
            return lambda out: [weighted(self.tools.weight(weight), source, out)]
        return lambda out: self._product(term, source, out)

    def _product(self, term: Term, source: FloatArray, out: FloatArray) -> list[Operation]:
        """left ∘ (matrix @ (right ∘ source))."""
        operations = []
        if term.right is not None:
            scaled = self.tools.scratch("scaled", len(source))
            operations.append(weighted(self.tools.weight(term.right), source, scaled))
            source = scaled
        matrix = _present(term.matrix)
        if term.left is None:
            return [*operations, multiplied(matrix, source, out)]
        weight = self.tools.weight(term.left)
        if term.is_stacked:
            return [*operations, multiplied(matrix, source, out), weighted(weight, out, out)]
        return [*operations, scaled_product(weight, matrix, source, out)]

    def _gather(self, row: str, terms: list[Term]) -> _Writer:
        """[U_1 … U_g] @ [right_1 ∘ source_1; …; right_g ∘ source_g]."""
        matrices = [_present(term.matrix) for term in terms]
        beside = self.tools.once(("beside", row), lambda: np.concatenate(matrices, axis=1))
        column = self.tools.scratch("column", beside.shape[1])
        operations, start = [], 0
        for term in terms:
            source = self._values[term.source]
            part = column[start : start + len(source)]
            weight = None if term.right is None else self.tools.weight(term.right)
            operations.append(copied(source, part) if weight is None else weighted(weight, source, part))
            start += len(source)
        return lambda out: [*operations, multiplied(beside, column, out)]

    def _mix(self, row: Row, source: str, terms: list[Term]) -> _Writer:
        """M_t @ source, with M_t = Σ_g diag(left_g) U_g diag(right_g)."""
        value = self._values[source]
        matrix = self.tools.once(("matrix", row.name, source), lambda: room(terms, row.size, len(value)))
        fill = self.tools.once(("fill", row.name, source), lambda: mixture(terms, self.chain.steps, matrix))
        return lambda out: [*fill, multiplied(matrix, value, out)]


def _present(array: FloatArray | None) -> FloatArray:
    assert array is not None
    return array


def _diagonal(term: Term) -> FloatArray:
    with np.errstate(over="ignore"):  # a step where left ∘ right overflows is not taken here
        return _present(term.diagonal())


def _by_source(row: Row) -> dict[str, list[Term]]:
    """The terms of a row by what they read."""
    sources: dict[str, list[Term]] = {}
    for term in row.terms:
        sources.setdefault(term.source, []).append(term)
    return sources


def _worth_mixing(terms: list[Term], shape: tuple[int, ...]) -> bool:
    """Mixing costs passes over matrices; it saves a product, or a pass over a block wider than the matrix."""
    if all(term.matrix is None for term in terms):
        return False
    bare = terms[0].left is None and terms[0].right is None
    return len(terms) > 1 or (shape[1] > shape[0] and not bare)


def _is_fannable(term: Term) -> bool:
    return term.matrix is not None and not term.is_stacked and term.right is None


def _thin_fans(tools: _Tools) -> dict[str, _Fan]:
    """For every source that several constant matrices read, those matrices stacked, each at its term."""
    readers: dict[str, list[Term]] = {}
    for term in (term for row in tools.chain.rows for term in row.terms):
        if _is_fannable(term):
            readers.setdefault(term.source, []).append(term)
    return {source: _thin_fan(tools, terms) for source, terms in readers.items() if len(terms) > 1}


def _thin_fan(tools: _Tools, terms: list[Term]) -> _Fan:
    matrix = np.concatenate([_present(term.matrix) for term in terms])
    places = _places((id(term), len(_present(term.matrix))) for term in terms)
    weight = tools.weight(_beside(terms, tools.chain.steps)) if any(t.left is not None for t in terms) else None
    return _Fan([], matrix, weight, tools.block(len(matrix)), places)


def _beside(terms: list[Term], steps: int) -> FloatArray:
    """The left weights side by side, (T, Σ n_out)."""
    ones = (np.ones((steps, len(_present(term.matrix)))) for term in terms)
    weights = (one if term.left is None else term.left for term, one in zip(terms, ones, strict=True))
    return np.concatenate(list(weights), axis=1)


def _tall_fans(tools: _Tools) -> dict[str, _Fan]:
    """For every source that several rows read through constant matrices, their mixtures stacked by row."""
    readers: dict[str, list[tuple[Row, list[Term]]]] = {}
    for row in tools.chain.rows:
        for source, terms in _by_source(row).items():
            through = [term for term in terms if term.matrix is not None]
            if through and all(map(_is_fannable, through)):
                readers.setdefault(source, []).append((row, terms))
    return {source: _tall_fan(tools, parts) for source, parts in readers.items() if len(parts) > 1}


def _tall_fan(tools: _Tools, parts: list[tuple[Row, list[Term]]]) -> _Fan:
    places = _places((row.name, row.size) for row, _ in parts)
    n_in = next(_present(term.matrix).shape[1] for term in parts[0][1] if term.matrix is not None)
    matrix = np.empty((sum(row.size for row, _ in parts), n_in))
    fill = [
        operation for row, terms in parts for operation in mixture(terms, tools.chain.steps, matrix[places[row.name]])
    ]
    return _Fan(fill, matrix, None, tools.block(len(matrix)), places)


def _places(sizes: Iterable[tuple[int | str, int]]) -> dict[int | str, slice]:
    """Consecutive slices of the given sizes, by their keys."""
    places, start = {}, 0
    for key, size in sizes:
        places[key] = slice(start, start + size)
        start += size
    return places
