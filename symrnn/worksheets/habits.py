"""Mistakes made throughout: at every place of a line, and at every line that the sheet does not ask.

Reads a structure and a table of values; answers with what a line comes to then. What is asked is known (right, or as
the student wrote it): a mistake in it shows there. What is not asked has whatever the same hand made of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from symrnn.algebra.nodes import Node, names_in
from symrnn.worksheets.coincidences import MOST_WAYS, SLIPS
from symrnn.worksheets.solving import Line, Rows, Solver, key_of, same

FAMILIES = "RSLG"
"""Rows that are rules (of recurrences, softmax, LSTM, GRU) and not slips: who has one wrong has it wrong again."""
RULES = frozenset({"F01", "F04"})
MOST_PLACES = 8
NOTHING: Mapping[str, Node] = MappingProxyType({})

Table = Mapping[str, Rows]


def is_habit(row: str) -> bool:
    """Whether a mistake is one that is made throughout.

    >>> is_habit("R08"), is_habit("A05")
    (True, False)
    """
    return row not in SLIPS and (row[0] in FAMILIES or row in RULES)


@lru_cache(maxsize=512)
def everywhere(solver: Solver, line: Line) -> tuple[tuple[str, Node], ...]:
    """What each mistake makes of a line that is made at every place it fits, where there are several."""
    found: list[tuple[str, Node]] = []
    single = {node for _, node in line.wrong}
    for row in dict.fromkeys(row for row, _ in line.wrong if is_habit(row)):
        node, left = line.expression, sum(name == row for name, _ in line.wrong)
        if not 1 < left <= MOST_PLACES:
            continue
        # Each place once: who changes one leaves one fewer.
        while left and len(nodes := _wrong(solver, line, node, row)) == left:
            node, left = nodes[0], left - 1
        if not left and node not in single:
            found.append((row, node))
    return tuple(found)


def _wrong(solver: Solver, line: Line, node: Node, row: str) -> list[Node]:
    return [wrong for name, wrong in solver.mistakes(line.target, node) if name == row]


def given_keys(solver: Solver, asked: Collection[Line]) -> frozenset[str]:
    """What the sheet prints: the forward pass where no line of it is asked."""
    forward = frozenset(line.key for line in solver.forward)
    return frozenset() if any(line.key in forward for line in asked) else forward


def hidden_before(solver: Solver, line: Line, known: Collection[str]) -> tuple[Line, ...]:
    """The lines a line is computed from that are not known, in their order."""
    chain = _chain(solver)
    wanted = set(map(key_of, names_in(line.expression)))
    found: list[Line] = []
    for other, reads in reversed(chain):
        if other.key in wanted and other.key not in known and other.key != line.key:
            found.append(other)
            wanted |= reads
    return tuple(reversed(found))


def carried(
    solver: Solver, hidden: Iterable[Line], values: Table, known: Table, replaced: Mapping[str, Node] = NOTHING
) -> tuple[dict[str, Rows], frozenset[str]]:
    """Every value when some are `known` otherwise: `hidden` lines are computed again, those `replaced` by others.

    Returns the table, and the keys of the hidden lines whose values differ.
    """
    table = {**values, **known}
    changed = {key for key, rows in known.items() if key not in values or not same(rows, values[key])}
    made: set[str] = set()
    reads = _reads(solver)
    for line in hidden:
        node = replaced.get(line.key)
        if node is None and not reads[line.key] & (changed | made):
            continue
        rows = solver.value(node or line.expression, table)
        if rows is not None and not same(rows, values[line.key]):
            table[line.key] = rows
            made.add(line.key)
    return table, frozenset(made)


def habits_at(
    solver: Solver, line: Line, values: Table, known: Table, given: Collection[str] = ()
) -> Iterator[tuple[str, Rows]]:
    """What a line comes to by each mistake that is made in every line before it that is not known, and in it."""
    whole = dict(everywhere(solver, line))
    for row, node in whole.items():
        rows = solver.value(node, {**values, **known})
        if rows is not None:
            yield row, rows
    hidden = hidden_before(solver, line, {*known, *given})
    keys = {other.key for other in hidden}
    for row, replaced in _replaced(solver):
        if not keys & set(replaced):
            continue
        table, changed = carried(solver, hidden, values, known, replaced)
        here = whole.get(row) or next((node for name, node in line.wrong if name == row), line.expression)
        if changed & set(map(key_of, names_in(here))):
            rows = solver.value(here, table)
            if rows is not None:
                yield row, rows


@lru_cache(maxsize=8)
def _chain(solver: Solver) -> tuple[tuple[Line, frozenset[str]], ...]:
    """Every line with the keys it reads."""
    return tuple((line, frozenset(map(key_of, names_in(line.expression)))) for line in solver.lines)


@lru_cache(maxsize=8)
def _reads(solver: Solver) -> Mapping[str, frozenset[str]]:
    return {line.key: reads for line, reads in _chain(solver)}


@lru_cache(maxsize=8)
def _replaced(solver: Solver) -> tuple[tuple[str, Mapping[str, Node]], ...]:
    """Every mistake that is made throughout, in each of its ways: the lines it changes, and their equations."""
    found: dict[tuple[object, ...], tuple[str, Mapping[str, Node]]] = {}
    for row in dict.fromkeys(row for line in solver.lines for row, _ in line.wrong if is_habit(row)):
        ways = {line.key: [node for name, node in line.wrong if name == row] for line in solver.lines}
        for way in range(MOST_WAYS):
            replaced = {key: nodes[min(way, len(nodes) - 1)] for key, nodes in ways.items() if nodes}
            found.setdefault((row, *replaced.items()), (row, replaced))
    return tuple(found.values())
