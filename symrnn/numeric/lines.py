"""The lines a Program comes to before anything is ordered: one for every quantity, sums over time by themselves.

Reads Programs that belong together (a forward Program and its adjoint or tangent); returns a `Draft`: a `Line` for every
equation, expressions in normal form, sums over the steps split off as lines that add up. `components` tells which of
them recur.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Adjoint, Name, Node, Number, Parameter, Signal, names_in, scale, substitute
from symrnn.algebra.programs import Equation, Program
from symrnn.algebra.substitution import replace_nodes
from symrnn.errors import NotYetError
from symrnn.numeric.normal_forms import normal, terms_of
from symrnn.numeric.places import Key, key_of, lag_of, local, time_of


@dataclass(frozen=True)
class Line:
    """`target = expression` at every step (`step` 1 or −1, the way its recurrence walks) or once (0).

    A line that `adds` puts its value on top of what the target holds: for every step where the expression is a sum over
    them. `says` are the equations it serves.
    """

    target: Name
    expression: Node
    step: int = 0
    adds: bool = False
    says: tuple[Equation, ...] = ()

    @property
    def key(self) -> Key:
        """The target without its index; of a line at one fixed step the target itself."""
        return key_of(self.target) if self.step or time_of(self.target) is None else self.target

    @property
    def is_sum(self) -> bool:
        """Whether the line adds something up over the steps."""
        return self.adds and isinstance(self.expression, N.Sum)

    @property
    def reads(self) -> tuple[Name, ...]:
        """The names on the right side."""
        return names_in(self.expression)


class Names:
    """Hands out names that are not taken yet."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)

    def fresh(self, wish: str) -> str:
        """The wish, or the wish with a number."""
        name, count = wish, 1
        while name in self.taken:
            count += 1
            name = f"{wish}_{count}"
        self.taken.add(name)
        return name


@dataclass(frozen=True)
class Carry:
    """A quantity that lives from one step to the next in one buffer; `initial` is what the first step finds there."""

    target: Name
    initial: Node


@dataclass(frozen=True)
class Draft:
    """Lines, the quantities wanted at every step, and the carried ones."""

    lines: tuple[Line, ...]
    index: sp.Symbol
    first: sp.Expr
    last: sp.Expr
    keep: frozenset[Key]
    names: Names
    carries: tuple[Carry, ...] = ()

    @property
    def timed(self) -> dict[Key, Line]:
        """The lines that stand at every step, by their key."""
        return {line.key: line for line in self.lines if line.step}

    def temporary(self, wish: str, like: Node, timed: bool = True) -> Signal:
        """A new name for an intermediate value."""
        return Signal(self.names.fresh(wish), like.shape, *((self.index,) if timed else ()))

    def with_lines(self, lines: Iterable[Line]) -> Draft:
        """The same draft of other lines."""
        return replace(self, lines=tuple(lines))


def drafted(programs: Sequence[Program], keep: Callable[[Line], bool]) -> Draft:
    """Every equation as a line.

    >>> from symrnn.cells import rnn
    >>> from symrnn.calculus.adjoints import adjoint
    >>> [str(line.target) for line in drafted([adjoint(rnn())], lambda line: True).lines][:3]
    ['h̄_t', 'ā_t', 'x̄_t']
    """
    steps = programs[0].steps
    equations = [equation for program in programs for equation in program]
    taken = {local(name) for e in equations for name in (e.target, *e.reads)} | RESERVED
    draft = Draft((), steps.index, steps.lo, steps.hi, frozenset(), Names(taken))
    lines = [line for equation in equations for line in _lines_of(equation, draft)]
    kept = frozenset(line.key for line in lines if keep(line))
    return replace(draft, lines=tuple(lines), keep=kept)


RESERVED = frozenset(("t", "T", "B", "np", "span", "spans", "given", "functions", "shapes", "sizes", "columns"))


def _lines_of(equation: Equation, draft: Draft) -> list[Line]:
    target, says = equation.target, (equation,)
    if equation.domain:
        return [Line(target, _timed(equation, draft), equation.domain[0].step, says=says)]
    expression = normal(equation.expression)
    if isinstance(target, Adjoint) and isinstance(target.of, Parameter):
        return [_addend(target, term, says, draft) for term in terms_of(expression)]
    sums = [part for part in N.subexpressions(expression) if isinstance(part, N.Sum)]
    names = {part: draft.temporary("total", part, timed=False) for part in dict.fromkeys(sums)}
    lines = [Line(name, _over_steps(part, draft), adds=True, says=says) for part, name in names.items()]
    if isinstance(expression, N.Sum):
        return [replace(lines[0], target=target)]
    return [*lines, Line(target, replace_nodes(expression, names), says=says)]


def _timed(equation: Equation, draft: Draft) -> Node:
    steps = equation.domain[0]
    if len(equation.domain) > 1 or (steps.index, steps.lo, steps.hi) != (draft.index, draft.first, draft.last):
        raise NotYetError(str(equation), found="a range that is not t = 1..T", write="symrnn evaluate --digits 15")
    if any(isinstance(part, N.Sum | N.Product) for part in N.subexpressions(equation.expression)):
        raise NotYetError(str(equation), found="a sum over steps inside a step", write="a running sum s_t = s_{t-1} + …")
    return normal(equation.expression)


def _addend(target: Adjoint, term: Node, says: tuple[Equation, ...], draft: Draft) -> Line:
    """One term of a parameter's gradient: a sum over the steps with its number inside, or a single share."""
    if isinstance(term, N.Scale) and isinstance(term.operands[1], N.Sum):
        total = term.operands[1]
        term = N.Sum(scale(term.operands[0], total.operands[0]), *total.range)
    if isinstance(term, N.Sum):
        term = _over_steps(term, draft)
    return Line(target, term, adds=True, says=says)


def _over_steps(node: N.Sum, draft: Draft) -> N.Sum:
    """The sum over t = 1..T; one over fewer steps is guarded."""
    index, lo, hi = node.range
    body = substitute(node.operands[0], {index: draft.index})
    if (lo, hi) != (draft.first, draft.last):
        body = N.Guarded(body, lo, draft.index, hi)
    return N.Sum(normal(body), draft.index, draft.first, draft.last)


# --- what recurs ----------------------------------------------------------------------------------------------------


def recurring(draft: Draft) -> list[frozenset[Key]]:
    """The sets of quantities that need each other from step to step: one loop each, in an order that works.

    >>> from symrnn.cells import rnn
    >>> from symrnn.calculus.rewriting import expose
    >>> len(recurring(drafted([expose(rnn())], lambda line: True)))
    1
    """
    lines = draft.timed
    reads = {key: _timed_reads(line, draft.index, lines) for key, line in lines.items()}
    return [part for part in components(reads) if len(part) > 1 or any(key in reads[key] for key in part)]


def _timed_reads(line: Line, index: sp.Symbol, lines: Mapping[Key, Line]) -> tuple[Key, ...]:
    found = dict.fromkeys(key_of(name) for name in line.reads if lag_of(name, index) is not None)
    return tuple(key for key in found if key in lines)


def components(edges: Mapping[Key, Iterable[Key]]) -> list[frozenset[Key]]:
    """Strongly connected components, those that are read before their readers (Tarjan 1972).

    >>> [sorted(part) for part in components({"a": "b", "b": "ac", "c": ""})]
    [['c'], ['a', 'b']]
    """
    order: dict[Key, int] = {}
    lowest: dict[Key, int] = {}
    stack: list[Key] = []
    found: list[frozenset[Key]] = []
    open_: set[Key] = set()

    def visit(key: Key) -> None:
        order[key] = lowest[key] = len(order)
        stack.append(key)
        open_.add(key)
        for other in edges[key]:
            if other not in order:
                visit(other)
                lowest[key] = min(lowest[key], lowest[other])
            elif other in open_:
                lowest[key] = min(lowest[key], order[other])
        if lowest[key] == order[key]:
            part = frozenset(stack[stack.index(key) :])
            del stack[stack.index(key) :]
            open_.difference_update(part)
            found.append(part)

    for key in edges:
        if key not in order:
            visit(key)
    return found


def number_of_steps(draft: Draft) -> Number:
    """T, as a number of steps."""
    return Number(draft.last - draft.first + 1)
