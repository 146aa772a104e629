"""Step Jacobians as data: what multiplies what in one step of a recurrent network, and nothing else.

A step Jacobian J_t = ∂s_t/∂s_{t-1} of a recurrent cell is seldom a full matrix: it is a few constant
weight matrices between diagonal ones, and one row may read another of the same step.  A `Chain` keeps that
structure, for T steps at once, as a linear straight-line program.  Reads: arrays.  Returns: frozen data.
Promises: every number is finite, every shape fits, every source is computed before it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symrnn.errors import InputError

__all__ = ["Chain", "ChainError", "FloatArray", "Row", "Term", "finite_array"]

FloatArray = NDArray[np.float64]


class ChainError(InputError, ValueError):
    """Arrays, names or numbers that make no product of step Jacobians.

    >>> print(ChainError("push(columns)", found="nan at [0]", write="finite numbers"))
    You wrote:  push(columns)
    Found:      nan at [0]
    Write:      finite numbers
    """


def finite_array(values: ArrayLike, name: str) -> FloatArray:
    """Read `values` as float64 and refuse nan and infinity, naming the first place they stand.

    Raises:
        ChainError: if an entry is not a finite number.

    >>> finite_array([1, 2], "v")
    array([1., 2.])
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as problem:
        raise ChainError(
            name, found=f"no array of real numbers ({problem})", write="real numbers in a regular array"
        ) from None
    # Two reductions answer without a temporary of the array's size: nan and inf survive max or min.
    if array.size and not (np.isfinite(array.max()) and np.isfinite(array.min())):
        place = np.argwhere(~np.isfinite(array))[0].tolist()
        raise ChainError(
            f"{name}, an array of shape {array.shape}",
            found=f"{array[tuple(place)]} at {place}",
            write="finite numbers; a trajectory that overflowed must be shortened or computed anew",
        )
    return array


@dataclass(frozen=True, eq=False)
class Term:
    """left[t] ∘ (matrix @ (right[t] ∘ source)): one path into a row.

    Attributes:
        source: a state of step t-1, or an earlier row of step t.
        left: (T, n_out), or None for ones.
        matrix: (n_out, n_in), or a stack (T, n_out, n_in), or None for the identity.
        right: (T, n_in), or None for ones.

    Raises:
        ChainError: if an entry is not finite or an array has the wrong number of axes.

    >>> Term("h", left=[[0.5, 1.0]], matrix=[[1, 2], [3, 4]]).matrix.shape
    (2, 2)
    """

    source: str
    left: FloatArray | None = None
    matrix: FloatArray | None = None
    right: FloatArray | None = None

    def __init__(
        self,
        source: str,
        left: ArrayLike | None = None,
        matrix: ArrayLike | None = None,
        right: ArrayLike | None = None,
    ) -> None:
        object.__setattr__(self, "source", source)
        for name, values, axes in (("left", left, (2,)), ("matrix", matrix, (2, 3)), ("right", right, (2,))):
            object.__setattr__(self, name, _optional(values, f"Term({source!r}).{name}", axes))

    @classmethod
    def _trusted(
        cls, source: str, left: FloatArray | None, matrix: FloatArray | None, right: FloatArray | None
    ) -> Term:
        """A term of arrays that another term has already read, so that nothing is scanned again."""
        term = object.__new__(cls)
        term.__dict__.update(source=source, left=left, matrix=matrix, right=right)
        return term

    @property
    def is_identity(self) -> bool:
        """Whether the path changes nothing: row += source."""
        return self.left is None and self.matrix is None and self.right is None

    @property
    def is_constant(self) -> bool:
        """Whether the path is one matrix, the same at every step."""
        return self.left is None and self.right is None and self.matrix is not None and not self.is_stacked

    @property
    def is_stacked(self) -> bool:
        """Whether the matrix is another one at every step."""
        return self.matrix is not None and self.matrix.ndim == 3

    def diagonal(self, start: int = 0, stop: int | None = None) -> FloatArray | None:
        """left ∘ right, the weight of a path without a matrix; None where both are ones."""
        if self.left is None or self.right is None:
            either = self.right if self.left is None else self.left
            return None if either is None else either[start:stop]
        return self.left[start:stop] * self.right[start:stop]

    def matrices(self, out: FloatArray, start: int = 0) -> FloatArray:
        """diag(left) matrix diag(right) of as many steps as `out` has, (steps, n_out, n_in), from `start`."""
        assert self.matrix is not None
        stop = start + len(out)
        local = self.matrix[start:stop] if self.is_stacked else self.matrix
        if self.left is None:
            np.copyto(out, local)
        else:
            # Spread first, then multiply: one long inner loop a step instead of one a row.
            np.copyto(out, self.left[start:stop, :, None])
            out *= local
        if self.right is not None:
            out *= self.right[start:stop, None, :]
        return out

    def transpose(self, reader: str) -> Term:
        """right ∘ (matrixᵀ @ (left ∘ reader)), with the steps in reverse: what the source collects back."""
        matrix = self.matrix
        if matrix is not None:
            matrix = matrix[::-1].transpose(0, 2, 1) if self.is_stacked else matrix.T
        return Term._trusted(reader, _backwards(self.right), matrix, _backwards(self.left))

    def window(self, start: int, stop: int) -> Term:
        """The same path during the steps start..stop-1 (views, nothing copied)."""
        cut = slice(start, stop)
        matrix = self.matrix[cut] if self.matrix is not None and self.is_stacked else self.matrix
        return Term._trusted(
            self.source,
            None if self.left is None else self.left[cut],
            matrix,
            None if self.right is None else self.right[cut],
        )


@dataclass(frozen=True, eq=False)
class Row:
    """row_t = Σ terms: one line of the linear step program; without terms it is zero.

    >>> Row("h'", 2, [Term("h")]).terms[0].source
    'h'
    """

    name: str
    size: int
    terms: tuple[Term, ...]

    def __init__(self, name: str, size: int, terms: Iterable[Term] = ()) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "terms", tuple(terms))


@dataclass(frozen=True, eq=False)
class Chain:
    """s_t = J_t s_{t-1} for t = 1..T, each J_t given as a linear straight-line program.

    Attributes:
        states: (name, size) of every state; their order is that of the stacked vector, N in all.
        rows: the program, in the order of computation.
        outputs: for every state the row that becomes its new value.
        steps: T, which may be 0 (the empty product is the identity).

    Raises:
        ChainError: if a name, shape or source does not fit.

    A tanh cell h_t = tanh(W h_{t-1} + ...) has J_t = diag(1 - h_t²) W:

    >>> slope = np.array([[1.0, 0.5], [0.25, 1.0]])
    >>> rnn = Chain([("h", 2)], [Row("h'", 2, [Term("h", slope, [[1, 2], [3, 4]])])], {"h": "h'"}, steps=2)
    >>> rnn.dense()[1]
    array([[0.25, 0.5 ],
           [3.  , 4.  ]])
    """

    states: tuple[tuple[str, int], ...]
    rows: tuple[Row, ...]
    outputs: Mapping[str, str]
    steps: int
    slices: Mapping[str, slice] = field(init=False, repr=False)

    def __init__(
        self, states: Iterable[tuple[str, int]], rows: Iterable[Row], outputs: Mapping[str, str], steps: int
    ) -> None:
        object.__setattr__(self, "states", tuple((name, int(size)) for name, size in states))
        object.__setattr__(self, "rows", tuple(rows))
        object.__setattr__(self, "outputs", MappingProxyType(dict(outputs)))
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "slices", MappingProxyType(_slices(self.states)))
        _check(self)

    @classmethod
    def from_dense(cls, jacobians: ArrayLike, state: str = "s") -> Chain:
        """J_1 … J_T given as full matrices, an array (T, N, N).

        >>> Chain.from_dense(np.ones((5, 2, 2))).steps
        5
        """
        stack = finite_array(jacobians, "Chain.from_dense(jacobians)")
        if stack.ndim != 3 or stack.shape[1] != stack.shape[2]:
            raise ChainError("Chain.from_dense(jacobians)", found=f"shape {stack.shape}", write="shape (T, N, N)")
        row = Row(f"{state}'", stack.shape[1], (Term(state, matrix=stack),))
        return cls([(state, stack.shape[1])], [row], {state: row.name}, len(stack))

    @property
    def size(self) -> int:
        """N, the length of the stacked states."""
        return sum(size for _, size in self.states)

    def dense(self, start: int = 0, stop: int | None = None) -> FloatArray:
        """J_t written out over the stacked states, an array (T, N, N), or that of the steps start..stop-1.

        Costs T·N² numbers of memory; products do not need it.

        >>> Chain.from_dense(np.ones((5, 2, 2))).dense(1, 3).shape
        (2, 2, 2)
        """
        start, stop, _ = slice(start, stop).indices(self.steps)
        known: dict[str, FloatArray] = {}
        for row in self.rows:
            known[row.name] = self._dense_row(row, known, start, max(start, stop))
        parts = [known[self.outputs[name]] for name, _ in self.states]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def _dense_row(self, row: Row, known: Mapping[str, FloatArray], start: int, stop: int) -> FloatArray:
        total = np.empty((stop - start, row.size, self.size))
        for state, columns in self.slices.items():
            _fill(total[:, :, columns], [term for term in row.terms if term.source == state], start, stop)
        for term in row.terms:
            if term.source in self.slices:
                continue
            if term.matrix is None:
                weight = term.diagonal(start, stop)
                total += known[term.source] if weight is None else weight[:, :, None] * known[term.source]
            else:
                total += term.matrices(np.empty((stop - start, *term.matrix.shape[-2:])), start) @ known[term.source]
        return total

    def transpose(self) -> Chain:
        """J_Tᵀ first, J_1ᵀ last: the adjoint program, so that pulling back is pushing through this.

        >>> chain = Chain.from_dense([[[1, 2], [3, 4]], [[5, 6], [7, 8]]])
        >>> chain.transpose().dense()[0]
        array([[5., 7.],
               [6., 8.]])
        """
        rows = [Row(row.name, row.size, tuple(self._collected(row.name))) for row in reversed(self.rows)]
        fresh = _fresh_names(self)
        rows += [Row(fresh[name], size, tuple(self._collected(name))) for name, size in self.states]
        return Chain(self.states, rows, fresh, self.steps)

    def _collected(self, name: str) -> Iterable[Term]:
        """What the cotangent of `name` collects: from the states it becomes and the rows that read it."""
        yield from (Term(state) for state, row in self.outputs.items() if row == name)
        for row in self.rows:
            yield from (term.transpose(row.name) for term in row.terms if term.source == name)

    def window(self, start: int, stop: int) -> Chain:
        """The steps start..stop-1 alone (counted from 0), for ∂s_stop/∂s_start.

        >>> Chain.from_dense(np.ones((5, 2, 2))).window(1, 4).steps
        3
        """
        start, stop, _ = slice(start, stop).indices(self.steps)
        stop = max(start, stop)
        rows = [Row(r.name, r.size, tuple(term.window(start, stop) for term in r.terms)) for r in self.rows]
        return Chain(self.states, rows, self.outputs, stop - start)

    def between(self, wrt: str, of: str) -> Chain:
        """The part of the chain through which state `wrt` can reach state `of`, however many steps later.

        The block ∂of_T/∂wrt_0 of the product is the same as before; states that grow or vanish beside it no
        longer set the scale.  `wrt` and `of` themselves always stay.

        >>> Chain.from_dense(np.ones((5, 2, 2))).between("s", "s").size
        2
        """
        for name in (wrt, of):
            if name not in self.slices:
                raise ChainError(
                    f"a block of the product: state {name!r}",
                    found="no such state",
                    write=f"one of {list(self.slices)}",
                )
        reads = {row.name: {term.source for term in row.terms} for row in self.rows}
        forward = [(s, r.name) for r in self.rows for s in reads[r.name]] + [(r, s) for s, r in self.outputs.items()]
        kept = _reachable(wrt, forward) & _reachable(of, [(b, a) for a, b in forward])
        states = [(name, size) for name, size in self.states if name in kept or name in (wrt, of)]
        outputs = {name: self.outputs[name] for name, _ in states}
        wanted = kept | set(outputs.values())
        rows = [
            Row(r.name, r.size, tuple(term for term in r.terms if term.source in kept))
            for r in self.rows
            if r.name in wanted
        ]
        return Chain(states, rows, outputs, self.steps)

    def stack(self, parts: Mapping[str, ArrayLike]) -> FloatArray:
        """One array over the stacked states from one a state; a state left out is zero.

        >>> Chain.from_dense(np.ones((1, 2, 2))).stack({"s": [1, 2]})
        array([1., 2.])
        """
        arrays = {name: finite_array(values, f"stack({name!r})") for name, values in parts.items()}
        tails = {array.shape[1:] for array in arrays.values()}
        known = [name for name in arrays if name in self.slices]
        if len(known) < len(arrays) or len(tails) != 1:
            found = ", ".join(f"{name}: {array.shape}" for name, array in arrays.items()) or "nothing"
            raise ChainError(
                "stack(parts)",
                found=found,
                write=f"one array a state of {list(self.slices)}, equal beyond the first axis",
            )
        whole = np.zeros((self.size, *tails.pop()))
        for name, array in arrays.items():
            size = dict(self.states)[name]
            if array.shape[:1] != (size,):
                raise ChainError(f"stack({name!r})", found=f"shape {array.shape}", write=f"{size} rows")
            whole[self.slices[name]] = array
        return whole


def _optional(values: ArrayLike | None, name: str, axes: tuple[int, ...]) -> FloatArray | None:
    if values is None:
        return None
    array = finite_array(values, name)
    if array.ndim not in axes:
        allowed = "(T, n)" if axes == (2,) else "(n_out, n_in) or (T, n_out, n_in)"
        raise ChainError(name, found=f"shape {array.shape}", write=f"shape {allowed}, or None")
    return array


def _backwards(weight: FloatArray | None) -> FloatArray | None:
    return None if weight is None else weight[::-1]


def _slices(states: Iterable[tuple[str, int]]) -> dict[str, slice]:
    slices, start = {}, 0
    for name, size in states:
        slices[name] = slice(start, start + size)
        start += size
    return slices


def _fresh_names(chain: Chain) -> dict[str, str]:
    taken = {row.name for row in chain.rows} | set(chain.slices)
    fresh = {}
    for state in chain.slices:
        fresh[state] = next(name for i in count(1) if (name := state + "ᵀ" * i) not in taken)
        taken.add(fresh[state])
    return fresh


def _reachable(origin: str, edges: Iterable[tuple[str, str]]) -> set[str]:
    following: dict[str, list[str]] = {}
    for tail, head in edges:
        following.setdefault(tail, []).append(head)
    seen, pending = {origin}, [origin]
    while pending:
        new = [head for head in following.get(pending.pop(), ()) if head not in seen]
        seen.update(new)
        pending.extend(new)
    return seen


def _fill(block: FloatArray, terms: list[Term], start: int, stop: int) -> None:
    """block ← Σ of the terms that read one state."""
    through = [term for term in terms if term.matrix is not None]
    if through:
        through[0].matrices(block, start)
    else:
        block.fill(0.0)
    for term in through[1:]:
        block += term.matrices(np.empty(block.shape), start)
    for term in terms:
        if term.matrix is None:
            weight = term.diagonal(start, stop)
            # einsum's "tii->ti" is a writable view of the diagonals, whatever the memory order.
            np.einsum("tii->ti", block)[...] += 1.0 if weight is None else weight


def _check(chain: Chain) -> None:
    """Refuse a chain whose names, shapes or order of computation do not fit."""
    if not isinstance(chain.steps, int | np.integer) or chain.steps < 0:
        raise ChainError(f"Chain(steps={chain.steps!r})", found="no count of steps", write="a whole number, 0 or more")
    sizes = dict(chain.states)
    if not sizes or len(sizes) < len(chain.states) or min(sizes.values()) < 1:
        raise ChainError(
            f"Chain(states={chain.states})",
            found="no state, a name twice or an empty state",
            write="(name, size) with different names and sizes of 1 or more",
        )
    for row in chain.rows:
        if row.name in sizes:
            raise ChainError(
                f"Chain: Row({row.name!r})",
                found="the name is taken by a state or an earlier row",
                write="a new name",
            )
        for term in row.terms:
            _check_term(term, row, sizes, chain.steps)
        sizes[row.name] = row.size
    _check_outputs(chain, sizes)


def _check_term(term: Term, row: Row, sizes: Mapping[str, int], steps: int) -> None:
    where = f"Chain: Row({row.name!r}), Term({term.source!r})"
    if term.source not in sizes:
        raise ChainError(where, found="the source is neither a state nor an earlier row", write=f"one of {list(sizes)}")
    n_out, n_in = row.size, sizes[term.source]
    if term.matrix is None and n_out != n_in:
        raise ChainError(
            where, found=f"no matrix between sizes {n_in} and {n_out}", write=f"a matrix ({n_out}, {n_in})"
        )
    wanted: dict[str, tuple[int, ...]] = {
        "left": (steps, n_out),
        "matrix": (n_out, n_in),
        "right": (steps, n_in),
    }
    if term.is_stacked:
        wanted["matrix"] = (steps, n_out, n_in)
    for name, shape in wanted.items():
        array: FloatArray | None = getattr(term, name)
        if array is not None and array.shape != shape:
            raise ChainError(where, found=f"{name} of shape {array.shape}", write=f"{name} of shape {shape}")


def _check_outputs(chain: Chain, sizes: Mapping[str, int]) -> None:
    rows = {row.name for row in chain.rows}
    if set(chain.outputs) != set(chain.slices) or not rows.issuperset(chain.outputs.values()):
        raise ChainError(
            f"Chain(outputs={dict(chain.outputs)})",
            found="not one row for every state",
            write=f"each of {list(chain.slices)} with one of {sorted(rows)}",
        )
    for state, row in chain.outputs.items():
        if sizes[state] != sizes[row]:
            raise ChainError(
                f"Chain: state {state!r} becomes row {row!r}",
                found=f"sizes {sizes[state]} and {sizes[row]}",
                write="a row of the state's size",
            )
