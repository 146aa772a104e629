"""Factors that do not move stand in the array of what they become: filled before a loop, multiplied in it.

Reads targets with their factors; writes lines before the loop. What neighbours in a stack have in common is one call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Name, Node, names_in
from symrnn.algebra.programs import family
from symrnn.algebra.substitution import replace_nodes
from symrnn.numeric.storage import View, lag_in

Places = Any
"""`places.Places`."""


class Factors:
    """`y_t = S_t ⊙ m_t` where S_t does not move: S fills the array of y."""

    def __init__(self, gen: Places, index: sp.Symbol) -> None:
        self.gen, self.index = gen, index
        self.overwritten: list[tuple[Name, tuple[Node, ...]]] = []

    def write(self) -> None:
        """The factors of every overwritten buffer, each before what overwrites it."""
        waiting = sorted(self.overwritten, key=self._place)
        while waiting:
            target, still = waiting.pop(0)
            run = [(target, still)]
            own = self._own_value(still)
            while own is not None and waiting and self._follows(run[-1], waiting[0], own):
                run.append(waiting.pop(0))
            self._write_run(run, own if len(run) > 1 else None)

    def _place(self, entry: tuple[Name, tuple[Node, ...]]) -> tuple[str, int]:
        stack, position = self.gen.stacks.get(self.gen.key(entry[0]), (None, 0))
        return (stack.name if stack is not None else "", position)

    def _own_value(self, still: Sequence[Node]) -> Name | None:
        """The value that a slope is computed from: a member of a stack that whole factors consist of."""
        for factor in still:
            names = names_in(factor)
            if len(names) == 1 and not isinstance(factor, Name) and family(names[0]) in self.gen.stacks:
                return names[0] if lag_in(names[0], self.index) == 0 else None
        return None

    def _follows(self, one: tuple[Name, tuple[Node, ...]], other: tuple[Name, tuple[Node, ...]], first: Name) -> bool:
        mine, yours = self._own_value(one[1]), self._own_value(other[1])
        if mine is None or yours is None:
            return False
        places = [self.gen.stacks.get(self.gen.key(name)) for name in (one[0], other[0], mine, yours)]
        if any(place is None for place in places):
            return False
        (s1, p1), (s2, p2), (v1, q1), (v2, q2) = places
        same = s1 == s2 and p2 == p1 + 1 and v1 == v2 and q2 == q1 + 1
        return same and _shape_of_own(one[1], mine, first) == _shape_of_own(other[1], yours, first)

    def _write_run(self, run: Sequence[tuple[Name, tuple[Node, ...]]], own: Name | None) -> None:
        """The factors of neighbours in a stack: what looks alike by one call for all."""
        say = self.gen.out.add
        if own is None:
            for target, still in run:
                variable = self.gen.chunk_of(target, say)
                self.gen.fill(N.hadamard(*still), variable, say)
            return
        stack, start = self.gen.stacks[self.gen.key(run[0][0])]
        values, value_start = self.gen.stacks[family(own)]
        slopes = self.gen.variables.fresh("slopes")
        first = View(stack.name, self.gen.spans[stack.members[0]].below, self.gen.is_chunk(stack.members[0]))
        say(f"{slopes} = {first.text}[:, {self.gen.rows_of(start, len(run), stack.rows)}]")
        cut = self.gen.rows_of(value_start, len(run), values.rows)
        text = f"{self.gen.stack_whole(values)}[:, {cut}]"
        common = [factor for factor in run[0][1] if names_in(factor) == (own,)]
        self.gen.fill(N.hadamard(*common), slopes, say, {own: text})
        for position, (target, still) in enumerate(run):
            mine = self._own_value(still)
            place = f"{slopes}[:, {self.gen.rows_of(position, 1, stack.rows)}]"
            rest = [factor for factor in still if names_in(factor) != (mine,)]
            if rest:
                say(f"multiply({place}, {self.gen.filled(N.hadamard(*rest), say)}, {place})  # for {target}")


def _shape_of_own(still: Sequence[Node], own: Name, first: Name) -> list[Node]:
    return [replace_nodes(factor, {own: first}) for factor in still if names_in(factor) == (own,)]
