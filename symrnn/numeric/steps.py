"""The body of one loop over t: straight-line calls with their outputs given, and the arrays they walk along.

Reads one split loop; writes lines. What does not depend on the loop is ready before it, for the whole chunk; what only
the step itself needs stands in one buffer; a value of the step before is the variable of the step before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Guarded, Name, Node, Parameter, names_in, operands_of
from symrnn.algebra.programs import Equation, family
from symrnn.numeric.factors import Factors
from symrnn.numeric.loops import Family, Loop, Stack, activation_of
from symrnn.numeric.storage import (
    Kind,
    View,
    accumulates,
    is_single_step,
    lag_in,
    local,
    terms_of,
    time_of,
    unguarded,
    weight_of,
)
from symrnn.numeric.whole import Whole, is_log_softmax

Generator = Any
"""`generation.Generator`, which writes this loop's surroundings and imports this module."""


class Steps:
    """Writes one loop."""

    def __init__(self, gen: Generator, loop: Loop) -> None:
        self.gen, self.loop = gen, loop
        self.views: dict[View, str] = {}
        self.body: list[str] = []
        self.before: list[str] = []
        self.has_first = False
        self.ready: dict[Node, str] = {}
        self.grouped: set[Family] = set()
        self.done: set[Family] = set()
        self.extras: dict[Family, list[Node]] = {}
        self.factors = Factors(gen, loop.index)
        self.target = ""

    def write(self) -> None:
        """The arrays that are ready before the loop, then the loop."""
        for equation in self.loop.core:
            if family(equation.target) not in self.grouped:
                self._equation(equation)
            self.done.add(family(equation.target))
        out = self.gen.out
        self.factors.write()
        carried = self._carried()
        if self.has_first:
            out.add(f"first = span.{'start == 0' if self.loop.step > 0 else 'stop == T'}")
        edge = 0 if self.loop.step > 0 else -1
        for line in (*self.before, *(f"{old} = {view.text}[{edge}]" for old, _, view in carried)):
            out.add(line)
        inside = [*self.body, *(f"{old} = {new}" for old, new, _ in carried), *["first = False"] * self.has_first]
        # Where only comments are left (`c̄_t = c̄_{t+1}` keeps its place), there is nothing to go through the steps for.
        does_something = any(not line.lstrip().startswith("#") for line in inside)
        if does_something:
            self._write_head()
        out.depth += does_something
        for line in inside:
            out.add(line)
        out.depth -= does_something

    def _write_head(self) -> None:
        out = self.gen.out
        if not self.views:
            out.add("for _ in range(span.stop - span.start):")
            return
        widest = max(len(view.text) for view in self.views) + 1
        out.add(f"steps = {'forwards' if self.loop.step > 0 else 'backwards'}(")
        for view, variable in self.views.items():
            out.add(f"    {view.text + ',':<{widest}}  # {variable}")
        out.add(")")
        variables = [*self.views.values()]
        if len(variables) == 1:
            out.add(f"for ({variables[0]},) in steps:")
        else:
            out.add_list("for ", variables, " in steps:")

    def _carried(self) -> list[tuple[str, str, View]]:
        """(variable, variable of the step that follows, array) of values that the step before has had already."""
        found = []
        for view in sorted(self.views, key=lambda v: (v.offset or 0) * self.loop.step):
            if view.offset is not None:
                now = View(view.array, view.offset + self.loop.step, view.near, view.cut)
                if now in self.views:
                    found.append((self.views[view], self.views[now], view))
        for _, _, view in found:
            del self.views[view]
        return found

    # --- names of the step ---

    def view(self, view: View, hint: str) -> str:
        """The variable that walks along an array."""
        if view not in self.views:
            self.views[view] = self.gen.variables.fresh(hint)
        return self.views[view]

    def step_read(self, name: Name) -> str:
        """A name at the current step."""
        time = time_of(name)
        if time is None:
            return self.gen.variable(name)
        lag = lag_in(name, self.loop.index)
        if lag is None:
            return self.gen.once_read(name)
        if self.gen.kind(name) == Kind.STEP:
            return self.gen.step_buffer(name)
        key = self.gen.key(name)
        hint = f"{local(name)}_{_beside(lag)}"
        if key in self.gen.stacks:
            stack, position = self.gen.stacks[key]
            return self.stack_read(stack, lag, range(position, position + 1), hint)
        near = self.gen.kind(name) == Kind.CHUNK
        return self.view(View(self.gen.variable(name), lag + self.gen.spans[key].below, near), hint)

    def stack_read(self, stack: Stack, lag: int, run: range | None = None, hint: str = "") -> str:
        """Some or all rows of a stack at a step."""
        first = stack.members[0]
        rows = "" if run is None else self.gen.rows_of(run.start, len(run), stack.rows)
        hint = hint or f"{stack.name}_{_beside(lag)}"
        kind = self.gen.kinds.get(first, Kind.FULL)
        if kind == Kind.STEP:
            return self.gen.stack_buffer(stack, rows, hint)
        cut = f"[:, {rows}]" if rows else ""
        return self.view(View(stack.name, lag + self.gen.spans[first].below, kind == Kind.CHUNK, cut), hint)

    def moves(self, node: Node) -> bool:
        """Whether an expression depends on what the loop computes."""
        return any(self.gen.key(name) in self.loop.families for name in names_in(node))

    def hoist(self, node: Node, hint: str) -> str:
        """What does not move is ready before the loop: an array for the chunk, or the name itself."""
        body = unguarded(node)
        if isinstance(body, Name):
            return self.step_read(body)
        if isinstance(body, N.Number | N.Ones):
            return self.gen.constant(body)
        if body not in self.ready:
            if any(lag_in(name, self.loop.index) is not None for name in names_in(body)):
                variable = self.gen.room(hint, body.shape[0], self.before)
                self.gen.fill(body, variable, self.before.append)
                self.ready[body] = self.view(View(variable), f"{variable}_t")
            else:
                self.ready[body] = self.gen.variables.fresh(hint)
                self.before.append(f"{self.ready[body]} = {self.gen.once(body)}")
        return self.ready[body]

    def say(self, line: str) -> None:
        """One line of the loop's body."""
        self.body.append(line)

    # --- equations ---

    def _equation(self, equation: Equation) -> None:
        if self._stacked_products(equation) or self._stacked_activations(equation):
            return
        self.say(f"# {equation}")
        self.target = local(equation.target)
        if not self._onto_factor(equation):
            own = accumulates(equation, self.loop) if self.gen.kind(equation.target) == Kind.STEP else None
            self.into(equation.expression, self.step_read(equation.target), own)

    def _onto_factor(self, equation: Equation) -> bool:
        """`y_t = S_t ⊙ m_t` where S_t does not move: S fills y's array before the loop, the loop multiplies."""
        node = equation.expression
        if not isinstance(node, N.Hadamard) or self.gen.kind(equation.target) == Kind.STEP:
            return False
        still = tuple(factor for factor in node.operands if not self.moves(factor))
        moving = [factor for factor in node.operands if self.moves(factor)]
        names = [name for part in still for name in names_in(part)]
        if not moving or all(lag_in(name, self.loop.index) is None for name in names):
            return False
        if len(still) == 1 and isinstance(unguarded(still[0]), Name):
            return False
        self.factors.overwritten.append((equation.target, still))
        out = self.step_read(equation.target)
        for factor in moving:
            self.say(f"multiply({out}, {self.value(factor)}, {out})")
        return True

    def _stacked_products(self, equation: Equation) -> bool:
        """`a_g = P_g v + …` for all g of a stack: one product, one addition."""
        place = self.gen.stacks.get(family(equation.target))
        if place is None or place[0].kind != "products":
            return False
        if family(equation.target) in self.extras:
            return self._extra_terms(equation)
        stack = place[0]
        members = {family(e.target): e for e in self.loop.core}
        group = [members[key] for key in stack.members]
        moving = [next(t for t in terms_of(e.expression) if _is_weighted(t) and self.moves(t)) for e in group]
        rests = [[t for t in terms_of(e.expression) if not self.moves(t)] for e in group]
        for each, product in zip(group, moving, strict=True):
            extra = [t for t in terms_of(each.expression) if self.moves(t) and t is not product]
            if extra:
                self.extras[family(each.target)] = extra
                self.say(f"# {each.target}: {product} and what needs no other value of this step")
            else:
                self.say(f"# {each}")
                self.grouped.add(family(each.target))
                self.done.add(family(each.target))
        out = self.stack_read(stack, 0)
        weights = self.gen.stacked_weight([weight_of(term) for term in moving])
        self._dot(weights, 0, self.value(operands_of(moving[0])[1]), out)
        if any(rests):
            self.say(f"add({out}, {self._stacked_rest(stack, rests)}, {out})")
        return self._extra_terms(equation) if family(equation.target) in self.extras else True

    def _extra_terms(self, equation: Equation) -> bool:
        """What a member of a stack adds when its own turn comes."""
        self.target = local(equation.target)
        self.say(f"# {equation}")
        out = self.step_read(equation.target)
        for term in self.extras[family(equation.target)]:
            sign, body = _sign(term)
            self.say(f"{sign}({out}, {self.value(body)}, {out})")
        return True

    def _stacked_rest(self, stack: Stack, rests: Sequence[Sequence[Node]]) -> str:
        """What does not move of all members, one below the other."""
        count, rows = len(stack.members), stack.rows
        variable = self.gen.room(f"input_{stack.name}", count * rows, self.before)
        texts = self._uniform(rests, variable)
        if texts is None:
            for position, rest in enumerate(rests):
                place = f"{variable}[:, {self.gen.rows_of(position, 1, rows)}]"
                self.gen.fill(N.add(N.zeros(rest[0].shape) if rest else N.Number(0), *rest), place, self.before.append)
        else:
            self.before += texts
        return self.view(View(variable), f"{variable}_t")

    def _uniform(self, rests: Sequence[Sequence[Node]], out: str) -> list[str] | None:
        """`W_g x_t + b_g` for all g as stacked weights through x_t, plus stacked biases."""
        if len({len(rest) for rest in rests}) != 1:
            return None
        products, biases = [], []
        for column in zip(*rests, strict=True):
            if all(isinstance(term, Parameter) and term.shape[1] == 1 for term in column):
                biases.append(self.gen.stacked_weight(column))
            elif all(_is_weighted(term) for term in column) and len({operands_of(term)[1] for term in column}) == 1:
                matrix = self.gen.stacked_weight([weight_of(term) for term in column])
                products.append((matrix, self.gen.whole(operands_of(column[0])[1])))
            else:
                return None
        if not products:
            return None
        lines = [f"through({products[0][0]}, {products[0][1]}, {out})"]
        lines += [f"add({out}, through({matrix}, {column}), {out})" for matrix, column in products[1:]]
        return lines + [f"add({out}, {bias}, {out})" for bias in biases]

    def _stacked_activations(self, equation: Equation) -> bool:
        """`y_g = f(a_g)` for neighbours in a stack with one f: one call on their slice."""
        found, place = activation_of(equation), self.gen.stacks.get(family(equation.target))
        if found is None or place is None or family(found[1]) not in self.gen.stacks:
            return False
        stack, position = place
        source = self.gen.stacks[family(found[1])][0]
        members = {family(e.target): e for e in self.loop.core}
        stop = position + 1
        while stop < len(stack.members) and self._is_ready(members.get(stack.members[stop]), found[0]):
            stop += 1
        run = range(position, stop)
        for member in run:
            self.say(f"# {members[stack.members[member]]}")
            self.grouped.add(stack.members[member])
        function = self.gen.function(equation.expression.activation)
        names = [found[1], members[stack.members[position]].target]
        argument, out = (
            self.stack_read(each, 0, run, f"{local(name)}_t" if len(run) == 1 else f"{each.name}_{function}_t")
            for name, each in zip(names, (source, stack), strict=True)
        )
        self.say(f"{function}({argument}, {out})")
        return True

    def _is_ready(self, equation: Equation | None, name: str) -> bool:
        found = activation_of(equation) if equation is not None else None
        return found is not None and found[0] == name and family(found[1]) in self.done

    # --- expressions ---

    def value(self, node: Node) -> str:
        """A variable that holds the expression at this step."""
        node = unguarded(node)
        if not self.moves(node):
            return self.hoist(node, f"factor_of_{self.target}")
        if isinstance(node, Name):
            return self.step_read(node)
        variable = self._kept(node) if self._is_worth_keeping(node) else self.gen.buffer("work", node.shape[0])
        self.into(node, variable)
        return variable

    def _is_worth_keeping(self, node: Node) -> bool:
        """The backward sweep wants the slope of every activation of the forward loop, through its output."""
        return (
            isinstance(node, N.Apply)
            and not is_log_softmax(node)
            and self.loop.step > 0
            and self.gen.second is not None
        )

    def _kept(self, node: Node) -> str:
        body = operands_of(node)[0]
        hint = f"{self.gen.function(node.activation)}_{local(body) if isinstance(body, Name) else 'kept'}"
        variable = self.gen.variables.fresh(hint)
        self.gen.setup.append(f"{variable} = empty(T, {self.gen.rows(node.shape[0])})")
        self.gen.kept[node] = f"at({variable}, span)"
        return self.view(View(variable, 0), f"{variable}_t")

    def into(self, node: Node, out: str, own: Node | None = None) -> None:
        """Code that leaves the expression in `out`; `own` is the term that reads `out` itself."""
        if not self.moves(node) or isinstance(node, Name):
            value = self.value(node)
            if value != out:
                self.say(f"{out}[...] = {value}")
        elif isinstance(node, Guarded) and not is_single_step(node):
            self.into(node.operands[0], out, own)
        elif isinstance(node, N.Add) or is_single_step(node):
            self._sum(node, out, own)
        elif isinstance(node, N.Hadamard):
            self._entrywise(node, out)
        elif isinstance(node, N.MatMul):
            self._product(node, out)
        elif isinstance(node, N.Apply) and not is_log_softmax(node):
            self.say(f"{self.gen.function(node.activation)}({self.value(node.operands[0])}, {out})")
        elif isinstance(node, N.Scale) and node.operands[0] == N.Number(-1):
            self.say(f"negative({self.value(node.operands[1])}, {out})")
        elif isinstance(node, N.Scale):
            self.say(f"multiply({self.value(node.operands[0])}, {self.value(node.operands[1])}, {out})")
        elif isinstance(node, N.Power) and node.exponent == 2:
            self.say(f"square({self.value(node.operands[0])}, {out})")
        else:
            self.say(f"{out}[...] = {Whole(self.step_read, False, self.gen.function).text(node)}")

    def _sum(self, node: Node, out: str, own: Node | None) -> None:
        terms = [term for term in terms_of(node) if not is_single_step(term)]
        moving = [term for term in terms if self.moves(term)]
        still = [term for term in terms if not self.moves(term)]
        started = False
        if own is not None:
            moving = [term for term in moving if unguarded(term) is not own]
            self.into(own, out)
            started = True
        started = self._stack_product(moving, out, started)
        if not started and still and moving and all(_sign(term)[0] == "subtract" for term in moving):
            ready = self.hoist(N.add(*map(unguarded, still)), f"input_{self.target}")
            self.say(f"subtract({ready}, {self.value(_sign(moving[0])[1])}, {out})")
            moving, still, started = moving[1:], [], True
        for term in sorted(moving, key=lambda term: not started and _sign(term)[0] == "subtract"):
            sign, body = _sign(term)
            if started:
                self.say(f"{sign}({out}, {self.value(body)}, {out})")
            else:
                self.into(term, out)
                started = True
        if still:
            ready = self.hoist(N.add(*map(unguarded, still)), f"input_{self.target}")
            self.say(f"add({out}, {ready}, {out})" if started else f"{out}[...] = {ready}")
            started = True
        self._single_steps([unguarded(term) for term in terms_of(node) if is_single_step(term)], out, started)

    def _single_steps(self, bodies: Sequence[Node], out: str, started: bool) -> None:
        """Shares that the first step of the loop alone has."""
        if not bodies:
            return
        if not started:
            self.say(f"{out}[...] = 0.0")
        self.say("if first:")
        self.has_first = True
        for body in bodies:
            at_steps = any(lag_in(name, self.loop.index) is not None for name in names_in(body))
            if not at_steps:
                self.say(f"    {out} += {self.gen.once(body)}")
                continue
            start = len(self.body)
            value = self.value(body)
            self.body[start:] = [f"    {line}" for line in self.body[start:]]
            self.say(f"    add({out}, {value}, {out})")

    def _stack_product(self, moving: list[Node], out: str, started: bool) -> bool:
        for stack, lag, members in self.gen.stack_products(moving):
            for term in members:
                moving.remove(term)
            place = self.gen.buffer("work", operands_of(unguarded(members[0]))[0].shape[0]) if started else out
            self._dot(self.gen.stacked_weight([weight_of(t) for t in members]), 1, self.stack_read(stack, lag), place)
            if started:
                self.say(f"add({out}, {place}, {out})")
            started = True
        return started

    def _entrywise(self, node: N.Hadamard, out: str) -> None:
        still = [factor for factor in node.operands if not self.moves(factor)]
        values = [self.value(factor) for factor in node.operands if self.moves(factor)]
        if still:
            values.insert(0, self.hoist(N.hadamard(*still), f"factor_of_{self.target}"))
        if len(values) == 1:
            self.say(f"{out}[...] = {values[0]}")
            return
        if out in values:
            # Updated in place: its old value first.
            values.remove(out)
            values.insert(0, out)
        self.say(f"multiply({values[0]}, {values[1]}, {out})")
        for value in values[2:]:
            self.say(f"multiply({out}, {value}, {out})")

    def _product(self, node: N.MatMul, out: str) -> None:
        *front, column = node.operands
        matrix = front[-1] if len(front) == 1 else None
        if matrix is not None and node.shape[0] != 1 and column.shape[0] != 1:
            if isinstance(matrix, Parameter):
                return self._dot(self.gen.variable(matrix), 0, self.value(column), out)
            if isinstance(matrix, N.Transpose) and isinstance(matrix.operands[0], Parameter):
                return self._dot(self.gen.variable(matrix.operands[0]), 1, self.value(column), out)
        self.say(f"{out}[...] = {Whole(self.step_read, False, self.gen.function).text(node)}")

    def _dot(self, matrix: str, way: int, column: str, out: str) -> None:
        self.say(f"{self.gen.both_ways(matrix)[way]}({column}, {out})")


def _beside(lag: int) -> str:
    return {0: "t", -1: "before", 1: "after"}.get(lag, f"{abs(lag)}_{'before' if lag < 0 else 'after'}")


def _is_weighted(term: Node) -> bool:
    return isinstance(term, N.MatMul) and len(term.operands) == 2 and isinstance(term.operands[0], Parameter)


def _sign(term: Node) -> tuple[str, Node]:
    term = unguarded(term)
    if isinstance(term, N.Scale) and term.operands[0] == N.Number(-1):
        return "subtract", term.operands[1]
    return "add", term
