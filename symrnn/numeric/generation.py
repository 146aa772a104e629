"""NumPy source for a Program: a loop over t with a straight-line body, everything else over all steps at once.

Reads the forward Program and, for gradients, its adjoint; returns Python text that a person can read. Found by analysis,
never by recognising a cell: input products leave the loop, products with one right operand become one, equal activations
act on one slice, local derivatives are ready before the backward sweep, weight gradients are contracted after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import Activation
from symrnn.algebra.nodes import (
    Adjoint,
    Guarded,
    Immediate,
    Name,
    Node,
    Parameter,
    Signal,
    names_in,
    operands_of,
    transpose,
)
from symrnn.algebra.programs import Equation, Program, blocks_of, family, lag_of, signal_of, sizes_of
from symrnn.errors import NotYetError
from symrnn.numeric.loops import Family, Loop, Stack, activation_of, loop_of, product_groups
from symrnn.numeric.whole import Whole, identifier, number

HEADER = "from symrnn.numeric.kernels import (\n    at, backwards, both_ways, chunks, concatenated, contract,\n" + (
    "    cross_entropy, entries_sum, forwards, outer, single, softmax, summed, through,\n)"
)


@dataclass
class Span:
    """How far a quantity reaches before step 1 and beyond step T."""

    below: int = 0
    beyond: int = 0


@dataclass
class Source:
    """Lines of text at the current depth."""

    lines: list[str] = field(default_factory=list)
    depth: int = 1

    def add(self, text: str) -> None:
        """One line."""
        self.lines.append("    " * self.depth + text if text else "")


def local(name: Name) -> str:
    """The variable of a quantity: `h`, `d_h` for its adjoint, `given_h` for a given ∂⁺L/∂h, `h0` for h_0."""
    if isinstance(name, Adjoint):
        return f"d_{local(name.of)}"
    if isinstance(name, Immediate):
        return f"given_{local(name.wrt)}"
    if isinstance(name, Signal) and name.name == "L" and name.indices:
        # The loss of a step beside the loss of all.
        return "L_t"
    if isinstance(name, Signal | Parameter):
        return identifier(name.name)
    raise NotYetError(str(name), found="no array for it", write="symrnn evaluate --digits 15")


class Generator:
    """Writes the source of one function."""

    def __init__(self, forward: Program, backward: Program | None, keep: bool) -> None:
        self.programs = [forward] if backward is None else [forward, backward]
        self.forward, self.backward, self.keep = forward, backward, keep
        self.index, self.last = forward.steps.index, forward.steps.hi
        self.out = Source()
        self.spans: dict[Family, Span] = {}
        self.stacks: dict[Family, tuple[Stack, int]] = {}
        self.weights: dict[tuple[str, ...], str] = {}
        self.functions: dict[str, str] = {}
        self.setup: list[str] = []
        self.loops: dict[int, Loop] = {}
        self.hoisted = 0
        self.kept: dict[Node, str] = {}

    # --- names and places ---

    def read_families(self) -> None:
        """How far every quantity is read or written outside 1..T."""
        for program in self.programs:
            for equation in program:
                for name in (equation.target, *equation.reads):
                    signal = signal_of(name) or (name.wrt if isinstance(name, Immediate) else None)
                    if isinstance(name, Immediate) and not name.has(self.index):
                        continue
                    if isinstance(signal, Signal) and signal.indices:
                        self._note(family(name) if not isinstance(name, Immediate) else _timed_key(name), signal.time)

    def _note(self, key: Family, time: sp.Expr) -> None:
        span = self.spans.setdefault(key, Span())
        lag = sp.expand(time - self.index)
        if lag.is_Integer:
            span.below = max(span.below, -int(lag))
            span.beyond = max(span.beyond, int(lag))
        elif time.is_Integer:
            span.below = max(span.below, 1 - int(time))
        else:
            beyond = sp.expand(time - self.last)
            if not beyond.is_Integer:
                raise NotYetError(str(time), found="a step that is neither t + k, T + k nor a number", write="t - 1")
            span.beyond = max(span.beyond, int(beyond))

    def key(self, name: Name) -> Family:
        """The array a name stands in."""
        return _timed_key(name) if isinstance(name, Immediate) else family(name)

    def variable(self, name: Name) -> str:
        """The variable of a name's array or, for one without steps, of its value."""
        return local(name)

    def whole_read(self, name: Name) -> str:
        """A name over the steps of a chunk."""
        time = _time_of(name)
        if time is None:
            return self.variable(name)
        lag = sp.expand(time - self.index)
        if not lag.is_Integer:
            return self.once_read(name)
        return f"at({self.variable(name)}, span, {int(lag) + self.spans[self.key(name)].below})"

    def once_read(self, name: Name) -> str:
        """A name at a fixed step."""
        time = _time_of(name)
        if time is None or isinstance(name, Immediate):
            return self.variable(name)
        span = self.spans[self.key(name)]
        if time.is_Integer:
            return f"{self.variable(name)}[{int(time) - 1 + span.below}]"
        beyond = sp.expand(time - self.last)
        if not beyond.is_Integer:
            raise NotYetError(str(name), found="a step that is neither T + k nor a number", write="h_T")
        row = int(beyond) - 1 + span.below
        return f"{self.variable(name)}[T{f' + {row}' if row > 0 else f' - {-row}' if row else ''}]"

    def function(self, row: Activation) -> str:
        """The variable of an activation's array function."""
        variable = identifier("".join(c if c.isalnum() else "_" for c in row.name))
        variable = f"{variable}_" if variable in self.reserved() else variable
        self.functions[row.name] = variable
        return variable

    def reserved(self) -> set[str]:
        """Names a function may not take: those of quantities."""
        return {local(name) for program in self.programs for name in (*program.parameters, *program.inputs)}

    def whole(self, node: Node) -> str:
        """An expression over the steps of a chunk; what the forward loop kept is not computed again."""
        return Whole(self.whole_read, True, self.function, self.kept).text(node)

    def once(self, node: Node) -> str:
        """An expression at one step."""
        return Whole(self.once_read, False, self.function).text(node)

    # --- the whole ---

    def write(self) -> str:
        """The text of the function."""
        self.read_families()
        for number_, program in enumerate(self.programs):
            for position, block in enumerate(blocks_of(program)):
                if block[0].time is not None:
                    self.loops[1000 * number_ + position] = loop_of(block, self.keep or number_ == 0)
        self._find_stacks()
        body = self.out = Source()
        for number_, program in enumerate(self.programs):
            self._program(number_, program)
        self.out = Source()
        self._head()
        return "\n".join([HEADER, "", "", *self._signature(), *self.out.lines, *body.lines, *self._tail()]) + "\n"

    def _program(self, number_: int, program: Program) -> None:
        blocks = list(blocks_of(program))
        sums = [e for e in program if isinstance(e.target, Adjoint) and isinstance(e.target.of, Parameter)]
        last_loop = max((p for p, b in enumerate(blocks) if b[0].time is not None), default=-1)
        for position, block in enumerate(blocks):
            loop = self.loops.get(1000 * number_ + position)
            if loop is not None:
                self._loop(loop, sums if position == last_loop else ())
            else:
                for equation in block:
                    if equation not in sums:
                        self._once(equation)
                    else:
                        self._once_shares(equation, loops=last_loop >= 0)

    # --- once ---

    def _once(self, equation: Equation) -> None:
        self.out.add(f"# {equation}")
        node = equation.expression
        target = equation.target
        if _time_of(target) is None:
            self.out.add(f"{self.variable(target)} = {self._summing(node)}")
        else:
            self.out.add(f"{self.once_read(target)}[...] = {self.once(node)}")

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
        return self.whole(node).replace(", span, ", ", slice(0, T), ")

    # --- gradients of parameters ---

    def _once_shares(self, equation: Equation, loops: bool) -> None:
        target = equation.target
        assert isinstance(target, Adjoint)
        for term in _terms(equation.expression):
            if not isinstance(term, N.Sum):
                self._accumulate(target, term, timed=False)
            elif not loops:
                raise NotYetError(str(equation), found="a sum over steps without a recurrence", write="--digits 15")

    def _accumulate(self, target: Adjoint, body: Node, timed: bool) -> None:
        for term in _terms(body):
            scale, term = _number_in_front(term)
            text = self._share(term, timed)
            front = f"{number(scale)} * " if scale != 1 else ""
            self.out.add(f"{self.variable(target)} += {front}{text}")

    def _share(self, term: Node, timed: bool) -> str:
        """One summand of a gradient, over a chunk or at one step, as an array of the parameter's shape."""
        write = self.whole if timed else self.once
        column = "summed" if timed else "single"
        if isinstance(term, N.Diag):
            return f"np.diag({column}({write(term.operands[0])}))"
        if term.is_scalar_shaped:
            return f"{column}({write(term)})[0]"
        if term.shape[1] == 1:
            return f"{column}({write(term)})"
        if isinstance(term, N.MatMul):
            split = next((i for i, factor in enumerate(term.operands) if factor.shape[1] == 1), None)
            if split is not None:
                left = N.matmul(*term.operands[: split + 1])
                right = transpose(N.matmul(*term.operands[split + 1 :]))
                return f"{'contract' if timed else 'outer'}({write(left)}, {write(right)})"
        if isinstance(term, N.Scale):
            inner = self._share_of_scaled(term)
            if inner is not None:
                return self._share(inner, timed)
        raise NotYetError(str(term), found="no array code for this gradient", write="symrnn evaluate --digits 15")

    @staticmethod
    def _share_of_scaled(term: N.Scale) -> Node | None:
        """α_t (u vᵀ) as (α_t u) vᵀ."""
        scalar, body = term.operands
        if isinstance(body, N.MatMul) and body.operands[0].shape[1] == 1:
            return N.MatMul(N.scale(scalar, body.operands[0]), *body.operands[1:])
        return None

    def _sums(self, sums: Iterable[Equation]) -> None:
        """What a chunk adds to every parameter's gradient; rows of one stack by one product."""
        waiting: dict[tuple[str, str, str], list[tuple[Adjoint, int]]] = {}
        for equation in sums:
            target = equation.target
            assert isinstance(target, Adjoint)
            for term in _terms(equation.expression):
                if isinstance(term, N.Sum):
                    for part in _terms(term.operands[0]):
                        place = self._stacked_share(part)
                        if place is None:
                            self._accumulate(target, part, timed=True)
                        else:
                            waiting.setdefault(place[0], []).append((target, place[1]))
        for (stack, kind, right), members in waiting.items():
            self._stacked_sums(stack, kind, right, members)

    def _stacked_share(self, part: Node) -> tuple[tuple[str, str, str], int] | None:
        """(stack, kind, right operand) and the member, for `ā_g v_tᵀ` and `ā_g` of a stack."""
        column, right = part, ""
        if isinstance(part, N.MatMul) and part.operands[0].shape[1] == 1 and len(part.operands) == 2:
            column, right = part.operands[0], self.whole(transpose(part.operands[1]))
        if isinstance(column, Name) and self.key(column) in self.stacks and lag_of(column, self.index) == 0:
            stack, member = self.stacks[self.key(column)]
            below = self.spans[self.key(column)].below
            return (f"at({stack.name}, span, {below})", "contract" if right else "summed", right), member
        return None

    def _stacked_sums(self, stack: str, kind: str, right: str, members: list[tuple[Adjoint, int]]) -> None:
        argument = f"{stack}, {right}" if right else stack
        self.hoisted += 1
        variable = f"sums{self.hoisted}"
        self.out.add(f"{variable} = {kind}({argument})")
        for target, member in members:
            rows = self._rows(target.of.shape[0])
            self.out.add(f"{self.variable(target)} += {variable}[{_rows_of(member, 1, rows)}]")

    @staticmethod
    def _rows(size: sp.Expr) -> str:
        """A size as Python text: a name, a number, or a sum of them."""
        if size.is_Integer:
            return str(int(size))
        return identifier(size.name) if size.is_Symbol else number(size)

    # --- a recurrence ---

    def _loop(self, loop: Loop, sums: Iterable[Equation]) -> None:
        forward = loop.step > 0
        self.out.add("for span in spans:" if forward else "for span in reversed(spans):")
        self.out.depth += 1
        for equation in loop.before:
            self._assign_whole(equation)
        if loop.core:
            _Core(self, loop).write()
        for equation in loop.after:
            self._assign_whole(equation)
        if self.keep:
            for equation in loop.inlined:
                self._assign_whole(equation)
        self._sums(sums)
        self.out.depth -= 1

    def _assign_whole(self, equation: Equation) -> None:
        self.out.add(f"{self.whole_read(equation.target)}[...] = {self.summed_through(equation.expression)}  # {equation}")

    def summed_through(self, node: Node) -> str:
        """`Σ_g P_gᵀ ā_g` over a whole stack as one product; anything else as it stands."""
        terms = list(_terms(node))
        texts: list[str] = []
        for stack, lag, members in self._stack_products(terms):
            for term in members:
                terms.remove(term)
            matrix = self.stacked_weight([_weight_of(term) for term in members])
            below = self.spans[stack.members[0]].below
            texts.append(f"through({matrix}.T, at({stack.name}, span, {lag + below}))")
        if terms:
            texts.append(self.whole(N.add(*terms)))
        return " + ".join(texts)

    def _stack_products(self, terms: Sequence[Node]) -> list[tuple[Stack, int, list[Node]]]:
        """The terms `P_gᵀ ā_g` that run over all members of a stack at one lag."""
        found: dict[tuple[str, int], dict[int, Node]] = {}
        stacks: dict[str, Stack] = {}
        for term in terms:
            place = self.member_of(term)
            if place is not None:
                stack, member, lag = place
                stacks[stack.name] = stack
                found.setdefault((stack.name, lag), {})[member] = term
        return [
            (stacks[name], lag, [members[m] for m in range(len(stacks[name].members))])
            for (name, lag), members in found.items()
            if len(members) == len(stacks[name].members)
        ]

    def member_of(self, term: Node) -> tuple[Stack, int, int] | None:
        """(stack, member, lag) of the column in `Pᵀ s_{t+k}`."""
        body = term.operands[0] if isinstance(term, Guarded) and not _is_single_step(term) else term
        if not (isinstance(body, N.MatMul) and len(body.operands) == 2):
            return None
        matrix, column = body.operands
        if not (isinstance(matrix, N.Transpose) and isinstance(matrix.operands[0], Parameter)):
            return None
        if not isinstance(column, Name) or self.key(column) not in self.stacks:
            return None
        lag = lag_of(column, self.index)
        return None if lag is None else (*self.stacks[self.key(column)], lag)

    def stacked_weight(self, parameters: Sequence[Parameter]) -> str:
        """The variable of parameters one below the other, made once."""
        names = tuple(local(parameter) for parameter in parameters)
        if names not in self.weights:
            variable = f"weights{len(self.weights) + 1}"
            self.weights[names] = variable
            join = "np.concatenate" if parameters[0].shape[1] == 1 else "np.vstack"
            self.setup.append(f"{variable} = {join}(({', '.join(names)},))")
        return self.weights[names]

    # --- stacks ---

    def _find_stacks(self) -> None:
        for key, loop in self.loops.items():
            if key < 1000:
                self._forward_stacks(loop)
            else:
                self._backward_stacks(loop)

    def _forward_stacks(self, loop: Loop) -> None:
        consumers = {
            family(found[1]): (found[0], equation)
            for equation in loop.core
            if (found := activation_of(equation)) is not None and lag_of(found[1], self.index) == 0
        }
        for group in product_groups(loop.core):
            if len(group) < 2:
                continue
            ordered = sorted(group, key=lambda e: consumers.get(family(e.target), ("~", e))[0])
            self._new_stack("pre", [e.target for e in ordered])
            outputs = [consumers[family(e.target)][1].target for e in ordered if family(e.target) in consumers]
            if len(outputs) == len(ordered) and len(set(outputs)) == len(outputs):
                self._new_stack("gates", outputs)

    def _backward_stacks(self, loop: Loop) -> None:
        for equation in loop.core:
            groups: dict[int, list[Name]] = {}
            for term in _terms(equation.expression):
                column = _transposed_product(term)
                if column is not None and self.key(column) in loop.families and self.key(column) not in self.stacks:
                    groups.setdefault(lag_of(column, self.index) or 0, []).append(column)
            for columns in groups.values():
                unique = list(dict.fromkeys(columns))
                if len(unique) > 1 and len(unique) == len(columns) and len({c.shape for c in unique}) == 1:
                    self._new_stack("d_pre", sorted(unique, key=self._forward_order))

    def _forward_order(self, name: Name) -> int:
        of = name.of if isinstance(name, Adjoint) else name
        return self.stacks[family(of)][1] if family(of) in self.stacks else 0

    def _new_stack(self, name: str, members: Sequence[Name]) -> None:
        keys = tuple(self.key(member) for member in members)
        if any(key in self.stacks for key in keys):
            return
        used = {stack.name for stack, _ in self.stacks.values()}
        unique = next(n for n in (name, *(f"{name}{i}" for i in range(2, 99))) if n not in used)
        stack = Stack(unique, keys, members[0].shape[0])
        below = max(self.spans[key].below for key in keys)
        beyond = max(self.spans[key].beyond for key in keys)
        for position, key in enumerate(keys):
            self.spans[key] = Span(below, beyond)
            self.stacks[key] = (stack, position)

    # --- head and tail ---

    def _signature(self) -> list[str]:
        name = "forward" if self.backward is None else "forward_and_gradients"
        shapes = "columns, time outermost: (T, rows, B), or (T, rows) for a batch of one (B is None)"
        return [
            f"def {name}(T, B, sizes, shapes, given, functions):",
            f'    """{self.forward.name}: arrays hold {shapes}."""',
        ]

    def _head(self) -> None:
        out = self.out
        sizes = sizes_of(self.forward)
        for symbol in sizes:
            out.add(f"{identifier(symbol.name)} = sizes[{symbol.name!r}]")
        for row, variable in self.functions.items():
            out.add(f"{variable} = functions[{row!r}]")
        out.add("add, multiply, subtract, negative = np.add, np.multiply, np.subtract, np.negative")
        out.add("columns = (lambda rows: (rows,)) if B is None else (lambda rows: (rows, B))")
        for parameter in self.forward.parameters:
            out.add(f"{local(parameter)} = given[{parameter.name!r}]")
        self._declare_arrays()
        for line in self.setup:
            out.add(line)
        numbers = max((len(s.members) for s, _ in self.stacks.values()), default=1)
        rows = self._rows(self.forward.states[0].shape[0]) if self.forward.states else "1"
        out.add(f"spans = chunks(T, {numbers} * {rows} * (B or 1))")

    def _declare_arrays(self) -> None:
        written = {family(e.target) for program in self.programs for e in program}
        names = {self.key(n): n for p in self.programs for e in p for n in (e.target, *e.reads)}
        done: set[str] = set()
        absent = set() if self.keep else {family(e.target) for loop in self.loops.values() for e in loop.inlined}
        for key, name in names.items():
            if key in absent:
                continue
            if key in self.stacks:
                stack, position = self.stacks[key]
                if stack.name not in done:
                    done.add(stack.name)
                    self._declare(stack.name, f"{len(stack.members)} * {self._rows(stack.rows)}", self.spans[key])
                rows = self._rows(stack.rows)
                self.out.add(f"{local(name)} = {stack.name}[:, {_rows_of(position, 1, rows)}]")
            elif key in self.spans and key in written:
                looped = any(family(e.target) == key for p in self.programs for e in p if e.domain)
                self._declare(local(name), self._rows(name.shape[0]), self.spans[key], looped)
            elif not isinstance(name, Parameter) and key not in written and not _is_parameter_adjoint(name):
                self.out.add(f"{local(name)} = given[{_given_key(name)!r}]")
        for initial in self.forward.initials:
            self.out.add(f"{self.once_read(initial)} = given[{initial.name + str(initial.time)!r}]")
        for program in self.programs[1:]:
            for e in program:
                if _is_parameter_adjoint(e.target):
                    assert isinstance(e.target, Adjoint)
                    self.out.add(f"{local(e.target)} = np.zeros(shapes[{e.target.of.name!r}])")

    def _declare(self, variable: str, rows: str, span: Span, looped: bool = True) -> None:
        extra = span.below + span.beyond
        length = f"T + {extra}" if extra else "T"
        adjoint = variable.startswith("d_")
        # What no loop fills stands at single steps; the other rows are zero.
        make = "np.zeros" if (extra and adjoint) or not looped else "np.full" if extra else "np.empty"
        # Rows outside 1..T that are no initial values belong to steps that do not exist: any finite number will do
        # for forward values, for the gradients they meet there are zero.
        fill = ", 0.5" if make == "np.full" else ""
        self.out.add(f"{variable} = {make}(({length}, *columns({rows})){fill})")

    def _tail(self) -> list[str]:
        names: dict[str, str] = {}
        for program in self.programs:
            for e in program:
                names[local(e.target)] = local(e.target)
        inlined = {local(e.target) for loop in self.loops.values() for e in loop.inlined if not self.keep}
        entries = ", ".join(f"{name!r}: {name}" for name in names if name not in inlined)
        return [f"    return {{{entries}}}"]


def _rows_of(position: int, count: int, rows: str) -> str:
    """The rows of some neighbours in a stack: `n:2 * n`."""

    def times(k: int) -> str:
        return "" if k == 0 else rows if k == 1 else f"{k} * {rows}"

    return f"{times(position)}:{times(position + count)}"


def _timed_key(name: Immediate) -> Family:
    return ("Immediate", family(name.wrt))


def _time_of(name: Name) -> sp.Expr | None:
    signal = name.wrt if isinstance(name, Immediate) else signal_of(name)
    return signal.time if isinstance(signal, Signal) and signal.indices else None


def _terms(node: Node) -> tuple[Node, ...]:
    return node.operands if isinstance(node, N.Add) else (node,)


def _number_in_front(node: Node) -> tuple[sp.Expr, Node]:
    if isinstance(node, N.Scale) and isinstance(node.operands[0], N.Number):
        return node.operands[0].value, node.operands[1]
    return sp.S.One, node


def _is_single_step(node: Node) -> bool:
    return isinstance(node, Guarded) and node.bounds[0] == node.bounds[2]


def _transposed_product(term: Node) -> Name | None:
    body = term.operands[0] if isinstance(term, Guarded) else term
    if isinstance(body, N.MatMul) and len(body.operands) == 2 and isinstance(body.operands[1], Name):
        matrix = body.operands[0]
        if isinstance(matrix, N.Transpose) and isinstance(matrix.operands[0], Parameter):
            return body.operands[1]
    return None


def _weight_of(term: Node) -> Parameter:
    body = term.operands[0] if isinstance(term, Guarded) else term
    matrix = operands_of(body)[0]
    found = operands_of(matrix)[0] if isinstance(matrix, N.Transpose) else matrix
    assert isinstance(found, Parameter)
    return found


def _is_parameter_adjoint(name: Name) -> bool:
    return isinstance(name, Adjoint) and isinstance(name.of, Parameter)


def _given_key(name: Name) -> str:
    return local(name)


class _Core:
    """The body of one loop: straight-line calls with their outputs given."""

    def __init__(self, gen: Generator, loop: Loop) -> None:
        self.gen, self.loop = gen, loop
        self.views: dict[str, str] = {}
        self.body: list[str] = []
        self.before: list[str] = []
        self.first: list[str] = []
        self.temporaries: dict[str, int] = {}
        self.hoists: dict[Node, str] = {}
        self.grouped: set[Family] = set()

    def write(self) -> None:
        """The hoisted arrays, then the loop."""
        for equation in self.loop.core:
            if family(equation.target) not in self.grouped:
                self._equation(equation)
        out = self.gen.out
        for line in self.before:
            out.add(line)
        if self.first:
            out.add(f"first = span.{'start == 0' if self.loop.step > 0 else 'stop == T'}")
        walk = "forwards" if self.loop.step > 0 else "backwards"
        sources, variables = ", ".join(self.views), ", ".join(self.views.values())
        out.add(f"for {variables}{',' if len(self.views) == 1 else ''} in {walk}({sources}):")
        out.depth += 1
        for line in self.body:
            out.add(line)
        out.depth -= 1

    # --- views, temporaries, hoists ---

    def view(self, source: str, hint: str) -> str:
        """The variable that walks along an array."""
        if source not in self.views:
            used = set(self.views.values())
            self.views[source] = next(n for n in (hint, *(f"{hint}_{i}" for i in range(2, 99))) if n not in used)
        return self.views[source]

    def step_read(self, name: Name) -> str:
        """A name at the current step."""
        time = _time_of(name)
        if time is None:
            return self.gen.variable(name)
        lag = sp.expand(time - self.loop.index)
        if not lag.is_Integer:
            return self.gen.once_read(name)
        suffix = {0: "t", -1: "before", 1: "after"}.get(int(lag), f"lag{abs(int(lag))}")
        return self.view(self.gen.whole_read(name), f"{local(name)}_{suffix}")

    def moves(self, node: Node) -> bool:
        """Whether an expression depends on what the loop computes."""
        return any(self.gen.key(name) in self.loop.families for name in names_in(node))

    def hoist(self, node: Node) -> str:
        """What does not move is ready before the loop: an array for the chunk, or the name itself."""
        body = node.operands[0] if isinstance(node, Guarded) else node
        if isinstance(body, Name):
            return self.step_read(body)
        if not any(_time_of(name) is not None and _time_of(name).has(self.loop.index) for name in names_in(body)):  # type: ignore[union-attr]  # checked just before
            return self.gen.once(body)
        if body not in self.hoists:
            self.gen.hoisted += 1
            variable = f"ready{self.gen.hoisted}"
            self.before.append(f"{variable} = {self.gen.summed_through(body)}")
            self.hoists[body] = self.view(variable, f"{variable}_t")
        return self.hoists[body]

    def temporary(self, shape: N.Shape) -> str:
        """A buffer of a column's size."""
        rows = self.gen._rows(shape[0])
        count = self.temporaries.get(rows, 0) + 1
        self.temporaries[rows] = count
        self.gen.hoisted += 1
        variable = f"work{self.gen.hoisted}"
        self.gen.setup.append(f"{variable} = np.empty(columns({rows}))")
        return variable

    # --- equations ---

    def _equation(self, equation: Equation) -> None:
        if self._stacked_products(equation) or self._stacked_activations(equation):
            return
        self.say(f"# {equation}")
        self.into(equation.expression, self.step_read(equation.target))

    def say(self, line: str) -> None:
        """One line of the loop's body."""
        self.body.append(line)

    def _stacked_products(self, equation: Equation) -> bool:
        """`a_g = P_g v + …` for all g of a stack: one product, one addition."""
        place = self.gen.stacks.get(family(equation.target))
        if place is None or not place[0].name.startswith("pre"):
            return False
        stack = place[0]
        members = {family(e.target): e for e in self.loop.core}
        group = [members[key] for key in stack.members]
        moving = [next(t for t in _terms(e.expression) if self.moves(t)) for e in group]
        rests = [[t for t in _terms(e.expression) if not self.moves(t)] for e in group]
        column = operands_of(moving[0])[1]
        for each in group:
            self.say(f"# {each}")
            self.grouped.add(family(each.target))
        out = self.view(f"at({stack.name}, span, {self.gen.spans[stack.members[0]].below})", f"{stack.name}_t")
        weights = [_weight_of(term) for term in moving]
        self._dot(self.gen.stacked_weight(weights), 0, self.value(column), out)
        if any(rests):
            self.say(f"add({out}, {self._stacked_rest(rests)}, {out})")
        return True

    def _stacked_rest(self, rests: Sequence[Sequence[Node]]) -> str:
        """What does not move of all members, one below the other."""
        self.gen.hoisted += 1
        variable = f"ready{self.gen.hoisted}"
        texts = self._uniform(rests)
        if texts is None:
            parts = ", ".join(self.gen.whole(N.add(*rest)) for rest in rests)
            texts = [f"concatenated(({parts},), True)"]
        self.before.append(f"{variable} = {texts[0]}")
        for text in texts[1:]:
            self.before.append(f"{variable} += {text}")
        return self.view(variable, f"{variable}_t")

    def _uniform(self, rests: Sequence[Sequence[Node]]) -> list[str] | None:
        """`W_g x_t + b_g` for all g as stacked weights through x_t, plus stacked biases."""
        if len({len(rest) for rest in rests}) != 1:
            return None
        texts = []
        for column in zip(*rests, strict=True):
            if all(isinstance(term, Parameter) and term.shape[1] == 1 for term in column):
                texts.append(self.gen.stacked_weight(column))
            elif all(_is_weighted(term) for term in column) and len({operands_of(term)[1] for term in column}) == 1:
                matrix = self.gen.stacked_weight([_weight_of(term) for term in column])
                texts.append(f"through({matrix}, {self.gen.whole(operands_of(column[0])[1])})")
            else:
                return None
        texts.sort(key=lambda text: not text.startswith("through"))
        return texts if texts and texts[0].startswith("through") else None

    def _stacked_activations(self, equation: Equation) -> bool:
        """`y_g = f(a_g)` for neighbours in a stack with one f: one call on their slice."""
        found = activation_of(equation)
        place = self.gen.stacks.get(family(equation.target))
        if found is None or place is None or family(found[1]) not in self.gen.stacks:
            return False
        stack, position = place
        source = self.gen.stacks[family(found[1])][0]
        run = [position]
        members = {family(e.target): e for e in self.loop.core}
        while run[-1] + 1 < len(stack.members):
            following = members.get(stack.members[run[-1] + 1])
            if following is None or (activation_of(following) or ("", None))[0] != found[0]:
                break
            run.append(run[-1] + 1)
        for member in run:
            self.say(f"# {members[stack.members[member]]}")
            self.grouped.add(stack.members[member])
        row = equation.expression.activation
        rows = self.gen._rows(stack.rows)
        cut = f"[:, {_rows_of(run[0], len(run), rows)}]"
        below, below_source = (self.gen.spans[s.members[0]].below for s in (stack, source))
        argument = self.view(f"at({source.name}, span, {below_source}){cut}", f"{source.name}_{row.name}_t")
        out = self.view(f"at({stack.name}, span, {below}){cut}", f"{stack.name}_{row.name}_t")
        self.say(f"{self.gen.function(row)}({argument}, {out})")
        return True

    # --- expressions ---

    def value(self, node: Node) -> str:
        """A variable that holds the expression at this step."""
        if not self.moves(node):
            return self.hoist(node)
        if isinstance(node, Name):
            return self.step_read(node)
        variable = self._kept(node) if self._is_worth_keeping(node) else self.temporary(node.shape)
        self.into(node, variable)
        return variable

    def _is_worth_keeping(self, node: Node) -> bool:
        """The backward sweep wants the slope of every activation of the forward loop, through its output."""
        return isinstance(node, N.Apply) and self.loop.step > 0 and self.gen.backward is not None

    def _kept(self, node: Node) -> str:
        self.gen.hoisted += 1
        variable = f"kept{self.gen.hoisted}"
        rows = self.gen._rows(node.shape[0])
        self.gen.setup.append(f"{variable} = np.empty((T, *columns({rows})))")
        self.gen.kept[node] = f"at({variable}, span, 0)"
        return self.view(f"at({variable}, span, 0)", f"{variable}_t")

    def into(self, node: Node, out: str) -> None:
        """Code that leaves the expression in `out`."""
        if not self.moves(node) or isinstance(node, Name):
            self.say(f"{out}[...] = {self.value(node)}")
        elif isinstance(node, Guarded) and not _is_single_step(node):
            self.into(node.operands[0], out)
        elif isinstance(node, N.Add):
            self._sum(node, out)
        elif isinstance(node, N.Hadamard):
            self._entrywise(node, out)
        elif isinstance(node, N.MatMul):
            self._product(node, out)
        elif isinstance(node, N.Apply):
            self.say(f"{self.gen.function(node.activation)}({self.value(node.operands[0])}, {out})")
        elif isinstance(node, N.Scale) and node.operands[0] == N.Number(-1):
            self.say(f"negative({self.value(node.operands[1])}, {out})")
        else:
            self.say(f"{out}[...] = {Whole(self.step_read, False, self.gen.function).text(node)}")

    def _sum(self, node: N.Add, out: str) -> None:
        terms = [term for term in node.operands if not _is_single_step(term)]
        singles = [term for term in node.operands if _is_single_step(term)]
        moving = [term for term in terms if self.moves(term)]
        still = [term for term in terms if not self.moves(term)]
        started = self._stack_product(moving, out)
        for term in moving:
            sign, body = _sign(term)
            if not started:
                self.into(term, out)
                started = True
            else:
                self.say(f"{sign}({out}, {self.value(_unguarded(body))}, {out})")
        if still:
            ready = self.hoist(N.add(*map(_unguarded, still)))
            self.say(f"add({out}, {ready}, {out})" if started else f"{out}[...] = {ready}")
        for term in singles:
            self.first.append("")
            self.say("if first:")
            self.say(f"    {out} += {self.gen.once(term.operands[0])}")
        if singles:
            self.say("    first = False")

    def _stack_product(self, moving: list[Node], out: str) -> bool:
        for stack, lag, members in self.gen._stack_products(moving):
            for term in members:
                moving.remove(term)
            below = self.gen.spans[stack.members[0]].below
            column = self.view(f"at({stack.name}, span, {lag + below})", f"{stack.name}_{'after' if lag else 't'}")
            self._dot(self.gen.stacked_weight([_weight_of(term) for term in members]), 1, column, out)
            return True
        return False

    def _entrywise(self, node: N.Hadamard, out: str) -> None:
        still = [factor for factor in node.operands if not self.moves(factor)]
        values = [self.value(factor) for factor in node.operands if self.moves(factor)]
        if still:
            values.insert(0, self.hoist(N.hadamard(*still)))
        if len(values) == 1:
            self.say(f"{out}[...] = {values[0]}")
            return
        self.say(f"multiply({values[0]}, {values[1]}, {out})")
        for value in values[2:]:
            self.say(f"multiply({out}, {value}, {out})")

    def _product(self, node: N.MatMul, out: str) -> None:
        *front, column = node.operands
        matrix = front[-1] if len(front) == 1 else None
        if isinstance(matrix, Parameter):
            self._dot(local(matrix), 0, self.value(column), out)
        elif isinstance(matrix, N.Transpose) and isinstance(matrix.operands[0], Parameter):
            self._dot(local(matrix.operands[0]), 1, self.value(column), out)
        else:
            self.say(f"{out}[...] = {Whole(self.step_read, False, self.gen.function).text(node)}")

    def _dot(self, matrix: str, way: int, column: str, out: str) -> None:
        pair = f"{matrix}_dot, {matrix}_T_dot = both_ways({matrix}, B is None)"
        if pair not in self.gen.setup:
            self.gen.setup.append(pair)
        self.say(f"{matrix}{('_dot', '_T_dot')[way]}({column}, {out})")


def _is_weighted(term: Node) -> bool:
    return isinstance(term, N.MatMul) and len(term.operands) == 2 and isinstance(term.operands[0], Parameter)


def _unguarded(node: Node) -> Node:
    return node.operands[0] if isinstance(node, Guarded) else node


def _sign(term: Node) -> tuple[str, Node]:
    if isinstance(term, N.Scale) and term.operands[0] == N.Number(-1):
        return "subtract", term.operands[1]
    return "add", term
