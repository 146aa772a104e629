"""NumPy source for a Program: a loop over t with a straight-line body, everything else over all steps at once.

Reads the forward Program and, for gradients, its adjoint; returns Python text that a person can read. Found by
analysis, never by recognising a cell: input products leave the loop, products with one right operand become one, equal
activations act on one slice, local derivatives are ready before the backward sweep, weight gradients are contracted
after it.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import (
    Adjoint,
    Name,
    Node,
    Parameter,
    names_in,
)
from symrnn.algebra.programs import Equation, Program, blocks_of, family, sizes_of
from symrnn.numeric.loops import Family, Loop
from symrnn.numeric.places import Places
from symrnn.numeric.source import Source, header, identifier_or_cell
from symrnn.numeric.steps import Steps
from symrnn.numeric.storage import (
    KERNELS,
    Kind,
    directions_of_initials,
    given_key,
    is_parameter_adjoint,
    key_of,
    lag_in,
    local,
    time_of,
    unguarded,
)
from symrnn.numeric.sums import Sums
from symrnn.numeric.whole import Whole, identifier

__all__ = ["Generator", "local"]


class Generator(Places):
    """Writes the source of one function."""

    matrices: frozenset[str] = frozenset()
    """Every result is a column."""

    # --- the whole ---

    def write(self) -> str:
        """The text of the function."""
        body = self.out
        for which, program in enumerate(self.programs):
            self._program(which, program)
        self._tail()
        self.out = Source()
        self._head()
        return (
            "\n".join([header("kernels", KERNELS), "", "", *self._signature(), *self.out.lines, "", *body.lines]) + "\n"
        )

    def _program(self, which: int, program: Program) -> None:
        blocks = list(blocks_of(program))
        sums = [e for e in program if is_parameter_adjoint(e.target)]
        last_loop = max((p for p, b in enumerate(blocks) if b[0].time is not None), default=-1)
        for position, block in enumerate(blocks):
            loop = self.loops.get((which, position))
            if loop is not None:
                self._loop(loop, sums if position == last_loop else ())
                continue
            for equation in block:
                if equation in sums:
                    Sums(self).once(equation, loops=last_loop >= 0)
                else:
                    self._once(equation)

    def _loop(self, loop: Loop, sums: Iterable[Equation]) -> None:
        self.out.add("for span in watched(spans):" if loop.step > 0 else "for span in watched(spans[::-1]):")
        self.out.depth += 1
        self._carry_chunks(loop)
        for equation in loop.before:
            self._assign_whole(equation)
        if loop.core:
            Steps(self, loop).write()
        for equation in (*loop.after, *(loop.inlined if self.keep else ())):
            self._assign_whole(equation)
        Sums(self).of_chunk(sums)
        self.out.depth -= 1

    def _carry_chunks(self, loop: Loop) -> None:
        """What the chunk before found for its first steps stands after the last steps of this one."""
        done = set()
        for equation in (*loop.before, *loop.core, *loop.after):
            key = family(equation.target)
            beyond = self.spans[key].beyond
            array = self.stacks[key][0].name if key in self.stacks else self.variable(equation.target)
            if self.is_chunk(key) and beyond and array not in done:
                done.add(array)
                steps = "span.stop - span.start"
                self.out.add(f"{array}[{steps} : {steps} + {beyond}] = {array}[:{beyond}]")

    def _assign_whole(self, equation: Equation) -> None:
        self.out.add(f"# {equation}")
        self.fill(equation.expression, self.whole_read(equation.target), self.out.add)

    def _once(self, equation: Equation) -> None:
        self.out.add(f"# {equation}")
        target = equation.target
        if time_of(target) is None:
            self.out.add(f"{self.variable(target)} = {self._own(equation, self._summing(equation.expression))}")
        elif self.kind(target) != Kind.FULL:
            self.out.add(f"{self.initial(target)} = {self._own(equation, self.once(equation.expression))}")
        else:
            self.out.add(f"{self.once_read(target)}[...] = {self.once(equation.expression)}")

    def _own(self, equation: Equation, text: str) -> str:
        """Memory of its own for what is handed out: rooms are used again by the next call."""
        if not names_in(equation.expression):
            return f"zeros({self.rows(equation.target.shape[0])}) + {text}"
        return f"{text}.copy()" if isinstance(unguarded(equation.expression), Name) else text

    def initial(self, target: Name) -> str:
        """The variable of an initial value's gradient, where the steps' own gradients are not kept."""
        time = str(time_of(target)).replace("-", "minus")
        key = f"initial {local(target)}{time}"
        if key not in self.buffers:
            self.buffers[key] = self.variables.fresh(f"{local(target)}{time}")
        return self.buffers[key]

    def _summing(self, node: Node) -> str:
        """An equation without steps may sum over them."""
        if isinstance(node, N.Sum):
            return f"({self.whole_over_all(node.operands[0])}).sum(axis=0)"
        if isinstance(node, N.Scale) and isinstance(node.operands[1], N.Sum):
            return f"{self.once(node.operands[0])} * {self._summing(node.operands[1])}"
        if isinstance(node, N.Add) and any(isinstance(term, N.Sum) for term in node.operands):
            return " + ".join(self._summing(term) for term in node.operands)
        return self.once(node)

    def whole_over_all(self, node: Node) -> str:
        """An expression over all steps."""

        def read(name: Name) -> str:
            lag = lag_in(name, self.index) if time_of(name) is not None else None
            if lag is None:
                return self.whole_read(name)
            return f"at({self.variable(name)}, slice(0, T), {lag + self.spans[key_of(name)].below})"

        return Whole(read, True, self.function).text(node)

    # --- head and tail ---

    def _signature(self) -> list[str]:
        shapes = "columns, time outermost: (T, rows, B), or (T, rows) for a batch of one (B is None)"
        return [
            f"def {self.purpose}(T, B, sizes, shapes, given, functions, dtype, room):",
            f'    """{identifier_or_cell(self.forward.name)}: arrays hold {shapes}."""',
        ]

    def _head(self) -> None:
        out = self.out
        for symbol in sizes_of(self.forward):
            out.add(f"{identifier(symbol.name)} = sizes[{symbol.name!r}]")
        for row, variable in self.functions.items():
            out.add(f"{variable} = functions[{row!r}]")
        out.add("add, multiply, subtract, negative, square = np.add, np.multiply, np.subtract, np.negative, np.square")
        out.add("empty, zeros, padded = spaces(B, dtype)")
        out.add("one = np.ones((), dtype)")
        numbers = max((len(s.members) for s, _ in self.stacks.values()), default=1)
        rows = self.rows(self.forward.states[0].shape[0]) if self.forward.states else "1"
        out.add(
            f"spans = chunks(T, {numbers} * {rows} * (B or 1))"
            if numbers > 1
            else f"spans = chunks(T, {rows} * (B or 1))"
        )
        out.add("longest = spans[0].stop")
        for parameter in self.programs[-1].parameters:
            out.add(f"{self.variable(parameter)} = given[{parameter.name!r}]")
        self._declare_arrays()
        for initial in (*self.forward.initials, *directions_of_initials(self.second)):
            out.add(f"{self.once_read(initial)} = given[{given_key(initial)!r}]")
        for line in self.setup:
            out.add(line)
        for e in (e for program in self.programs[1:] for e in program):
            if is_parameter_adjoint(e.target) and local(e.target) not in self.stacked_gradients:
                out.add(f"{self.variable(e.target)} = np.zeros(shapes[{local(e.target)[2:]!r}], dtype)")

    def _declare_arrays(self) -> None:
        written = {family(e.target) for program in self.programs for e in program}
        every = [n for p in self.programs for e in p for n in (e.target, *e.reads)]
        # What is read at a step of its own too, as x_1 is by h̄_0, goes by its name at step t.
        names = {key_of(n): n for n in sorted(every, key=lambda n: n.has(self.index))}
        done: set[str] = set()
        absent = set() if self.keep else {family(e.target) for loop in self.loops.values() for e in loop.inlined}
        for key, name in names.items():
            if key in absent or self.kinds.get(key) == Kind.STEP:
                continue
            if key in self.stacks:
                stack, position = self.stacks[key]
                if stack.name not in done:
                    done.add(stack.name)
                    self._declare(stack.name, len(stack.members) * stack.rows, key, name)
                self.out.add(f"{self.variable(name)} = {stack.name}[:, {self.rows_of(position, 1, stack.rows)}]")
            elif key in self.spans and key in written:
                self._declare(self.variable(name), name.shape[0], key, name)
            elif not isinstance(name, Parameter) and key not in written and not is_parameter_adjoint(name):
                self.out.add(f"{self.variable(name)} = {self._given(key, name)}")

    def _given(self, key: Family, name: Name) -> str:
        """What the caller gives; with rows for the steps outside 1..T where those are read."""
        text = f"given[{given_key(name)!r}]"
        span = self.spans.get(key)
        if span is None or not (span.below or span.beyond):
            return text
        return f"widened({text}, {span.below}, {span.beyond})"

    def _declare(self, variable: str, size: sp.Expr, key: Family, name: Name) -> None:
        span, rows = self.spans[key], self.rows(size)
        extra = span.below + span.beyond
        if self.is_chunk(key):
            self.out.add(f"{variable} = room(longest{f' + {span.beyond}' if span.beyond else ''}, {rows})")
            if span.beyond:
                self.out.add(f"{variable}[:{span.beyond}] = 0.0  # carried to what stands after T")
        elif extra:
            fill = ", fill=0.0" if isinstance(name, Adjoint) else ""
            self.out.add(f"{variable} = padded(T, {span.below}, {span.beyond}, {rows}{fill})")
        else:
            self.out.add(f"{variable} = empty(T, {rows})")

    def _tail(self) -> None:
        inlined = {local(e.target) for loop in self.loops.values() for e in loop.inlined if not self.keep}
        entries: dict[str, str] = {}
        for target in (e.target for program in self.programs for e in program):
            if self.kind(target) == Kind.FULL and local(target) not in inlined:
                entries[local(target)] = self.variable(target)
            elif (time := time_of(target)) is not None and not time.has(self.index):
                entries[f"{local(target)}{time}"] = self.initial(target)
        self.out.add_list("return ", [f"{key!r}: {variable}" for key, variable in entries.items()], "", "{}")

    @property
    def stacked_gradients(self) -> set[str]:
        """Gradients that are rows of a stack's."""
        return {name for key, name in self.buffers.items() if key.startswith("gradient of ")}
