"""Exact states: arguments of tanh, σ and softmax that are logarithms, and the given numbers that make them so.

tanh(q ln k) and σ(q ln k) are fractions, and so is the softmax of logarithms. An argument can be made a logarithm where
some given number (a bias, an input, an initial state) acts on it and on nothing else of the forward pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Parameter, Signal
from symrnn.checking.numbers import real, sharp
from symrnn.checking.patterns import negated
from symrnn.worksheets import numbers
from symrnn.worksheets.drawing import Draws
from symrnn.worksheets.entries import Entries, Given, Held, logarithm
from symrnn.worksheets.solving import Line, Rows, Solver, key_of, nice, same

State = tuple[Fraction, Fraction]
"""(|q|, k) of an argument q ln k: two states that are alike hide which of them was used."""
EXACT = frozenset({"tanh", "sigmoid"})
"""Activations that have fractions at logarithms; softmax has them too."""


@dataclass(frozen=True)
class Argument:
    """A line that is an argument: the states it may lead to, and which entry holds the logarithm of each row."""

    key: str
    pool: str
    """Of `STATES_AT`."""
    holders: tuple[int, ...]


@dataclass(frozen=True)
class Holding:
    """All arguments of a model, and the parameters that inputs are divided by when they are solved for."""

    entries: Entries
    arguments: Mapping[str, Argument]
    scales: frozenset[str]
    target: tuple[str, str] | None = None
    """The keys of a prediction and its target, where the error is drawn and the target follows: in cells with gates,
    whose products are long enough without the digits of an error."""

    @property
    def solved(self) -> frozenset[int]:
        """The entries that are not drawn."""
        holders = {entry for argument in self.arguments.values() for entry in argument.holders}
        return frozenset(holders.union(*self.entries.places_of(self.target[1]) if self.target else ()))


@lru_cache(maxsize=16)
def holding_of(solver: Solver, rational: frozenset[str]) -> Holding | None:
    """How every argument can be a logarithm; None where one cannot.

    Args:
        rational: activations that keep fractions fractions, and need nothing.
    """
    arguments = _arguments(solver, rational)
    if not arguments:
        return None
    entries = Entries(solver)
    # Primes over 97: values of no special kind, so that what changes is seen to change.
    base = solver.solve(entries.table(_generic(entries)), lines=solver.forward)
    gated = "gated " if len(set(arguments.values()) - {"softmax"}) > 1 else ""
    found: dict[str, Argument] = {}
    effects = {entry: _effects(entry, entries, solver, base) for entry in _candidates(entries)}
    for line in solver.forward:
        if line.key in arguments:
            rows = range(len(base[line.key]))
            holders = [next((e for e, acts in effects.items() if acts == {(line.key, row)}), None) for row in rows]
            if any(holder is None for holder in holders):
                return None
            of = arguments[line.key]
            pool = of if of == "softmax" else gated + of
            found[line.key] = Argument(line.key, pool, tuple(h for h in holders if h is not None))
    inputs = {name.name for name in solver.model.program.inputs}
    scales = frozenset(
        name.name
        for line in solver.forward
        if line.key in found
        for piece in N.subexpressions(line.expression)
        if isinstance(piece, N.MatMul) and isinstance(piece.operands[-1], Signal) and piece.operands[-1].name in inputs
        for name in N.names_in(piece)
        if isinstance(name, Parameter) and any(entries.names[h - 1].name in inputs for h in found[line.key].holders)
    )
    return Holding(entries, found, scales, _target(solver) if gated else None)


def _target(solver: Solver) -> tuple[str, str] | None:
    """The keys of ŷ and y, of the only `ŷ − y` there is."""
    found = set()
    for line in solver.forward:
        for node in N.subexpressions(line.expression):
            if isinstance(node, N.Add) and len(node.operands) == 2:
                prediction, target = node.operands[0], negated(node.operands[1])
                if isinstance(prediction, Signal) and isinstance(target, Signal) and target.name == "y":
                    found.add((key_of(prediction), key_of(target)))
    return found.pop() if len(found) == 1 else None


def _arguments(solver: Solver, rational: frozenset[str]) -> dict[str, str] | None:
    """Keys of the lines that are arguments, and of what; None where one is no line of its own, or of something else."""
    found: dict[str, str] = {}
    for line in solver.forward:
        for piece in N.subexpressions(line.expression):
            if isinstance(piece, N.Softmax):
                of = "softmax"
            elif isinstance(piece, N.Apply) and piece.activation.name not in rational:
                of = piece.activation.name
            else:
                continue
            inner = piece.operands[0]
            if of not in EXACT | {"softmax"} or not isinstance(inner, Signal):
                return None
            if found.setdefault(key_of(inner), of) != of:
                return None
    return found if set(found) <= {line.key for line in solver.forward} else None


def _generic(entries: Entries) -> list[Given]:
    primes = (p for p in range(11, 10_000) if all(p % d for d in range(2, int(p**0.5) + 1)))
    return [entries.kept.get(at, Fraction(next(primes) % 89 + 5, 97)) for at in range(1, len(entries.names) + 1)]


def _candidates(entries: Entries) -> Iterator[int]:
    """Biases first: what they are added to is not multiplied by them; then inputs, then initial states."""
    program = entries.model.program
    inputs = {name.name for name in program.inputs}

    def rank(item: tuple[int, N.Name]) -> int:
        name = item[1]
        if isinstance(name, Parameter):
            return 0 if name.name.startswith("b") else 9
        return 1 if isinstance(name, Signal) and name.name in inputs else 2 if name in program.initials else 9

    for entry, name in sorted(entries.drawn.items(), key=rank):
        if rank((entry, name)) < 9:
            yield entry


def _effects(entry: int, entries: Entries, solver: Solver, base: Mapping[str, Rows]) -> set[tuple[str, int]]:
    """Rows of lines that an entry changes directly, every other quantity as it was."""
    values = _generic(entries)
    before = values[entry - 1]
    assert isinstance(before, Fraction)
    values[entry - 1] = before + 1
    key = entries.key_of(entry)
    reader = solver.sharp_reader({**base, key: entries.table(values)[key]})
    return {
        (line.key, row)
        for line in solver.forward
        for row, (new, old) in enumerate(zip(nice(reader(line.expression)), base[line.key], strict=True))
        if not same((new,), (old,))
    }


def fill(
    holding: Holding, solver: Solver, values: Sequence[Given], draws: Draws
) -> tuple[list[Given], dict[str, Rows]]:
    """The same numbers with every holder solved for, step after step; and the values of the forward pass."""
    found = list(values)
    for entry in holding.solved:
        found[entry - 1] = Fraction(0)
    table = holding.entries.table(found)
    for argument in holding.arguments.values():
        for holder in argument.holders:
            found[holder - 1] = Fraction(1)
    ones = holding.entries.table(found)
    reader, used = solver.sharp_reader(table), set[State]()
    for line in solver.forward:
        if holding.target is not None and holding.target[0] in table and line.key == solver.forward[-1].key:
            _aim(holding.target, holding.entries, found, table, draws)
        rows = nice(reader(line.expression))
        argument_here = holding.arguments.get(line.key)
        if argument_here is not None:
            solved = _solved(argument_here, line, rows, solver, table, ones, draws, used)
            for holder, held in zip(argument_here.holders, solved, strict=True):
                found[holder - 1] = held
            rows = tuple((sharp(real(held.times) * logarithm(held.k)),) for held in solved)
        table[line.key] = rows
    return found, {**table, **holding.entries.table(found)}


def _aim(target: tuple[str, str], entries: Entries, found: list[Given], table: dict[str, Rows], draws: Draws) -> None:
    """The target that leaves a drawn error."""
    prediction, wanted = target
    for row, places in zip(table[prediction], entries.places_of(wanted), strict=True):
        for number, entry in zip(row, places, strict=True):
            assert isinstance(number.value, Fraction)
            found[entry - 1] = number.value - draws.choice(numbers.ERRORS)
    table[wanted] = entries.table(found)[wanted]


def _solved(
    argument: Argument,
    line: Line,
    rows: Rows,
    solver: Solver,
    table: Mapping[str, Rows],
    ones: Mapping[str, Rows],
    draws: Draws,
    used: set[State],
) -> list[Held]:
    """What each holder of a line is, when without them the line comes to `rows`."""
    names = {key_of(name) for name in N.names_in(line.expression)}
    unit = solver.sharp_reader({**table, **{key: ones[key] for key in names & set(ones)}})
    shifted = nice(unit(line.expression))
    solved = []
    for (low,), (high,) in zip(rows, shifted, strict=True):
        pool = numbers.STATES_AT[argument.pool]
        times, k = draws.choice([each for each in pool if (abs(each[0]), each[1]) not in used] or pool)
        used.add((abs(times), k))
        assert isinstance(low.value, Fraction) and isinstance(high.value, Fraction)
        solved.append(Held(times, k, low.value, high.value - low.value))
    return solved
