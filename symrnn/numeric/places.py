"""Where everything stands in the text of a function: variables, arrays, scratch memory, and expressions over them.

Reads the forward Program and what comes after it; decides by analysis what is kept in what, and refuses what has no
array of columns. `generation` and `steps` write lines with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

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
    operands_of,
    subexpressions,
)
from symrnn.algebra.programs import Equation, Program, blocks_of, family, sizes_of
from symrnn.errors import NotYetError
from symrnn.numeric.filling import Filling, Say
from symrnn.numeric.loops import Family, Loop, Stack, loop_of
from symrnn.numeric.source import Source
from symrnn.numeric.stacks import find_stacks
from symrnn.numeric.storage import (
    Kind,
    Span,
    Variables,
    View,
    can_be_dropped,
    is_parameter_adjoint,
    is_single_step,
    key_of,
    kinds_of,
    lag_in,
    local,
    spans_of,
    terms_of,
    time_of,
    unguarded,
    weight_of,
)
from symrnn.numeric.whole import Whole, identifier, number


class Places:
    """Names, arrays and expressions of one function: every variable the text uses is made here."""

    def __init__(self, forward: Program, second: Program | None, keep: bool, purpose: str = "forward") -> None:
        self.programs = [forward] if second is None else [forward, second]
        self.forward, self.second, self.keep, self.purpose = forward, second, keep, purpose
        self.index, self.last = forward.steps.index, forward.steps.hi
        self.variables = Variables(self.programs, sizes_of(forward))
        self.out = Source()
        self.setup: list[str] = []
        self.weights: dict[tuple[str, ...], str] = {}
        self.functions: dict[str, str] = {}
        self.buffers: dict[str, str] = {}
        self.spares: dict[tuple[str, int], str] = {}
        self.kept: dict[Node, str] = {}
        self.loops: dict[tuple[int, int], Loop] = {}
        self._refuse_matrices()
        self.read_programs()
        self._refuse_guards()

    def _refuse_matrices(self) -> None:
        """Arrays hold columns: a matrix that moves is the business of `textbook`."""
        for name in (name for program in self.programs for e in program for name in (e.target, *e.reads)):
            if name.shape[1] != 1 and not isinstance(name, Parameter) and not is_parameter_adjoint(name):
                raise NotYetError(str(name), found="a matrix that is no parameter", write="symrnn evaluate --digits 15")
        for equation in (equation for program in self.programs for equation in program):
            for node in subexpressions(equation.expression):
                if isinstance(node, N.MatMul) and any(isinstance(p, Parameter) for p in _numbers_in(node)):
                    raise NotYetError(str(node), found="a 1×1 matrix", write="symrnn evaluate --digits 15")

    def _refuse_guards(self) -> None:
        """Conditions that are neither met by rows of zeros nor a share of one step in a loop's own sum."""
        in_loops = {id(equation) for loop in self.loops.values() for equation in loop.core}
        for equation in (equation for program in self.programs for equation in program):
            here = {id(term) for term in terms_of(equation.expression) if is_single_step(term)}
            single = here if id(equation) in in_loops else set()
            for node in subexpressions(equation.expression):
                if isinstance(node, Guarded) and id(node) not in single and not can_be_dropped(node, self.last):
                    raise NotYetError(str(equation), found="a condition on t", write="symrnn evaluate --digits 15")

    def read_programs(self) -> None:
        """Loops, what each quantity is kept in, stacks, and how far arrays reach."""
        outside: list[Equation] = []
        for which, program in enumerate(self.programs):
            for position, block in enumerate(blocks_of(program)):
                if block[0].time is None:
                    outside += block
                else:
                    self.loops[which, position] = loop_of(block, self.keep or which == 0)
        loops = list(self.loops.values())
        self.kinds = {} if self.keep else kinds_of(self.programs, loops, outside, self._wanted())
        self.stacks = find_stacks(loops, self.index, self.variables)
        for stack in {stack.name: stack for stack, _ in self.stacks.values()}.values():
            widest = max(self.kinds.get(key, Kind.FULL) for key in stack.members)
            self.kinds.update({key: widest for key in stack.members})
        self.spans = spans_of(self.programs, self.kinds, self.index, self.last)
        for stack in {stack.name: stack for stack, _ in self.stacks.values()}.values():
            joint = Span(*(max(getattr(self.spans[key], end) for key in stack.members) for end in ("below", "beyond")))
            self.spans.update({key: joint for key in stack.members})

    def _wanted(self) -> frozenset[Family]:
        """What the caller is given beside parameters' and initial values' gradients."""
        program = self.forward
        names: list[Name] = [*program.outputs, *program.states, *(Adjoint(name) for name in program.inputs)]
        return frozenset(family(name) for name in (*names, *([program.loss] if program.loss else [])))

    # --- names and places ---

    def key(self, name: Name) -> Family:
        """The array a name stands in."""
        return key_of(name)

    def kind(self, name: Name) -> Kind:
        """What a quantity is kept in."""
        return self.kinds.get(key_of(name), Kind.FULL)

    def is_chunk(self, key: Family) -> bool:
        """Whether a quantity has an array for one chunk only."""
        return self.kinds.get(key, Kind.FULL) == Kind.CHUNK

    def variable(self, name: Name) -> str:
        """The variable of a name's array or, for one without steps, of its value."""
        return self.variables.of.get(local(name), local(name))

    def rows(self, size: sp.Expr) -> str:
        """A size as Python text: a name, a number, or a sum of them."""
        if size.is_Integer:
            return str(int(size))
        if size.is_Mul and len(size.args) == 2 and size.args[0].is_Integer and size.args[1].is_Symbol:
            return f"{size.args[0]} * {identifier(size.args[1].name)}"
        return identifier(size.name) if size.is_Symbol else number(size)

    def rows_of(self, position: int, count: int, rows: sp.Expr) -> str:
        """The rows of some neighbours in a stack: `n:2 * n`."""

        def times(k: int) -> str:
            if rows.is_Integer:
                return str(k * int(rows)) if k else ""
            return "" if k == 0 else self.rows(rows) if k == 1 else f"{k} * {self.rows(rows)}"

        return f"{times(position)}:{times(position + count)}"

    def whole_read(self, name: Name) -> str:
        """A name over the steps of a chunk."""
        if time_of(name) is None:
            return self.variable(name)
        lag = lag_in(name, self.index)
        if lag is None:
            return self.once_read(name)
        key = key_of(name)
        return View(self.variable(name), lag + self.spans[key].below, self.is_chunk(key)).text

    def once_read(self, name: Name) -> str:
        """A name at a fixed step."""
        time = time_of(name)
        if time is None or isinstance(name, Immediate):
            return self.variable(name)
        if self.kind(name) == Kind.STEP:
            return self.step_buffer(name)
        span = self.spans[key_of(name)]
        if time.is_Integer:
            return f"{self.variable(name)}[{int(time) - 1 + span.below}]"
        beyond = sp.expand(time - self.last)
        if not beyond.is_Integer:
            raise NotYetError(str(name), found="a step that is neither T + k nor a number", write="h_T")
        row = int(beyond) - 1 + span.below
        return f"{self.variable(name)}[T{f' + {row}' if row > 0 else f' - {-row}' if row else ''}]"

    def step_buffer(self, name: Name) -> str:
        """The one buffer of a quantity that only its own step needs."""
        if key_of(name) in self.stacks:
            stack, position = self.stacks[key_of(name)]
            return self.stack_buffer(stack, self.rows_of(position, 1, stack.rows), f"{local(name)}_t")
        return self._made(f"{local(name)}_t", f"zeros({self.rows(name.shape[0])})")

    def stack_buffer(self, stack: Stack, rows: str, hint: str) -> str:
        """The buffer of a stack, or a slice of it."""
        whole = self._made(f"{stack.name}_t", f"zeros({self.rows(len(stack.members) * stack.rows)})")
        return self._made(hint, f"{whole}[{rows}]") if rows else whole

    def _made(self, hint: str, text: str) -> str:
        """A variable that is set once, before the loops; buffers are one for each hint, other text is made once."""
        key = f"{hint} = {text}" if text.startswith("zeros") else text
        if key not in self.buffers:
            self.buffers[key] = self.variables.fresh(hint)
            self.setup.append(f"{self.buffers[key]} = {text}")
        return self.buffers[key]

    def buffer(self, hint: str, rows: sp.Expr) -> str:
        """A new buffer of a column's size."""
        variable = self.variables.fresh(hint)
        self.setup.append(f"{variable} = empty({self.rows(rows)})")
        return variable

    def constant(self, node: Node) -> str:
        """A number as an array: a Python number would cost every call more."""
        if not isinstance(node, N.Number) or node.value == 1:
            return "one"
        return self._made("number", f"np.array({number(node.value)}, dtype)")

    def room(self, hint: str, rows: sp.Expr, lines: list[str]) -> str:
        """The variable of a scratch array for a chunk; every chunk uses the same memory."""
        variable = self.variables.fresh(hint)
        memory = self.variables.fresh(f"{hint}_room")
        self.setup.append(f"{memory} = room(longest, {self.rows(rows)})")
        lines.append(f"{variable} = near({memory}, span)")
        return variable

    def function(self, row: Activation) -> str:
        """The variable of an activation's array function."""
        if row.name not in self.functions:
            self.functions[row.name] = self.variables.fresh(
                identifier("".join(c if c.isalnum() else "_" for c in row.name))
            )
        return self.functions[row.name]

    def stack_whole(self, stack: Stack, lag: int = 0) -> str:
        """All members of a stack over the steps of a chunk."""
        first = stack.members[0]
        return View(stack.name, lag + self.spans[first].below, self.is_chunk(first)).text

    def chunk_of(self, target: Name, say: Say) -> str:
        """A variable for a quantity's rows of this chunk, where its factor is put first."""
        variable = self.variables.fresh(f"factor_of_{local(target)}")
        say(f"{variable} = {self.whole_read(target)}")
        return variable

    # --- expressions ---

    def whole(self, node: Node) -> str:
        """An expression over the steps of a chunk; what the forward loop kept is not computed again."""
        return Whole(self.whole_read, True, self.function, self.kept).text(node)

    def once(self, node: Node) -> str:
        """An expression at one step."""
        return Whole(self.once_read, False, self.function).text(node)

    def fill(self, node: Node, out: str, say: Say, written: Mapping[Name, str] = MappingProxyType({})) -> None:
        """Lines that leave an expression over the steps of a chunk in `out`; `written` reads names otherwise."""
        moving = list(terms_of(node))
        products = [] if written else self.stack_products(moving)
        for position, (stack, lag, members) in enumerate(products):
            for term in members:
                moving.remove(term)
            matrix = self.stacked_weight([weight_of(term) for term in members])
            place = self._spare(node.shape[0], 0) if position else out
            say(f"through({matrix}.T, {self.stack_whole(stack, lag)}, {place})")
            if position:
                say(f"add({out}, {place}, {out})")
        if products and moving:
            say(f"add({out}, {self.filled(N.add(*moving), say)}, {out})")
        elif moving:
            self._filling(say, written).fill(N.add(*moving), out)

    def filled(self, node: Node, say: Say) -> str:
        """Text of an array that holds an expression over the steps of a chunk."""
        return self._filling(say).value(node, 0)

    def _filling(self, say: Say, written: Mapping[Name, str] = MappingProxyType({})) -> Filling:
        def read(name: Name) -> str:
            return written[name] if name in written else self.whole_read(name)

        return Filling(Whole(read, True, self.function, self.kept), say, self._spare)

    def _spare(self, rows: sp.Expr, depth: int) -> str:
        key = self.rows(rows), depth
        if key not in self.spares:
            self.spares[key] = self.variables.fresh("spare")
            self.setup.append(f"{self.spares[key]} = room(longest, {key[0]})")
        return f"near({self.spares[key]}, span)"

    def stacked_weight(self, parameters: Sequence[Parameter]) -> str:
        """The variable of parameters one below the other, made once."""
        names = tuple(self.variable(parameter) for parameter in parameters)
        if names not in self.weights:
            common = names[0].rpartition("_")[0]
            alike = bool(common) and all(name.startswith(f"{common}_") for name in names)
            self.weights[names] = self.variables.fresh(f"{common}_all" if alike else "weights")
            join = "np.concatenate" if parameters[0].shape[1] == 1 else "np.vstack"
            self.setup.append(f"{self.weights[names]} = {join}(({', '.join(names)}))")
        return self.weights[names]

    def both_ways(self, matrix: str) -> tuple[str, str]:
        """The variables of v ↦ M v and v ↦ Mᵀ v."""
        text = f"both_ways({matrix}, B is None)"
        if text not in self.buffers:
            forth, back = (self.variables.fresh(f"{matrix}{end}") for end in ("_dot", "_T_dot"))
            self.buffers[text], self.buffers[f"{text} back"] = forth, back
            self.setup.append(f"{forth}, {back} = {text}")
        return self.buffers[text], self.buffers[f"{text} back"]

    def stack_products(self, terms: Sequence[Node]) -> list[tuple[Stack, int, list[Node]]]:
        """The terms `P_gᵀ ā_g` that run over all members of a stack at one lag."""
        found: dict[tuple[str, int], dict[int, Node]] = {}
        stacks: dict[str, Stack] = {}
        for term in terms:
            place = self._member_of(term)
            if place is not None:
                stack, member, lag = place
                stacks[stack.name] = stack
                found.setdefault((stack.name, lag), {})[member] = term
        return [
            (stacks[name], lag, [members[m] for m in range(len(stacks[name].members))])
            for (name, lag), members in found.items()
            if len(members) == len(stacks[name].members)
        ]

    def _member_of(self, term: Node) -> tuple[Stack, int, int] | None:
        """(stack, member, lag) of the column in `Pᵀ s_{t+k}`."""
        body = unguarded(term)
        if not (isinstance(body, N.MatMul) and len(body.operands) == 2):
            return None
        matrix, column = body.operands
        if not (isinstance(matrix, N.Transpose) and isinstance(matrix.operands[0], Parameter)):
            return None
        if not isinstance(column, Name) or key_of(column) not in self.stacks:
            return None
        lag, (stack, member) = lag_in(column, self.index), self.stacks[key_of(column)]
        return None if lag is None else (stack, member, lag)


def _numbers_in(product: N.MatMul) -> list[Node]:
    """The 1×1 factors of a product, without their transposition."""
    factors = [operands_of(f)[0] if isinstance(f, N.Transpose) else f for f in product.operands]
    return [factor for factor in factors if factor.is_scalar_shaped]
