"""Gradients of parameters: sums over steps, contracted a chunk at a time after the sweep.

Reads the equations of ∂L/∂W; writes lines. Shares `ā_t v_tᵀ` of all steps of a chunk are one matrix product; those of a
stack with one v are one product, and their gradients are rows of one array.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Adjoint, Name, Node, Parameter, transpose
from symrnn.algebra.programs import Equation
from symrnn.errors import NotYetError
from symrnn.numeric.loops import Stack
from symrnn.numeric.storage import key_of, lag_in, local, terms_of
from symrnn.numeric.whole import has_steps, number

Generator = Any
"""`generation.Generator`, which writes the loops around these sums and imports this module."""

Member = tuple[Adjoint, int]


class Sums:
    """Writes what is added to the gradients of parameters: once, or for a chunk of steps."""

    def __init__(self, gen: Generator) -> None:
        self.gen = gen
        self.flats: dict[str, str] = {}

    def once(self, equation: Equation, loops: bool) -> None:
        """The shares outside the recurrence; what is summed over steps was added chunk by chunk."""
        for term in terms_of(equation.expression):
            if not isinstance(term, N.Sum):
                self._accumulate(_target(equation), term, timed=False)
            elif not loops:
                raise NotYetError(str(equation), found="a sum over steps without a recurrence", write="--digits 15")

    def of_chunk(self, equations: Iterable[Equation]) -> None:
        """What a chunk adds to every parameter's gradient; rows of one stack by one product."""
        waiting: dict[tuple[Stack, Node | None], list[Member]] = {}
        for equation in equations:
            target = _target(equation)
            for term in terms_of(equation.expression):
                for part in terms_of(term.operands[0]) if isinstance(term, N.Sum) else ():
                    place = self._stacked_share(part)
                    if place is None:
                        self._accumulate(target, part, timed=True)
                    else:
                        waiting.setdefault(place[0], []).append((target, place[1]))
        for (stack, right), members in waiting.items():
            self._stacked_sums(stack, right, members)

    # --- stacks ---

    def _stacked_share(self, part: Node) -> tuple[tuple[Stack, Node | None], int] | None:
        """(stack, right operand) and the member, for `ā_g v_tᵀ` and `ā_g` of a stack."""
        column, right = part, None
        if isinstance(part, N.MatMul) and part.operands[0].shape[1] == 1 and len(part.operands) == 2:
            column, right = part.operands[0], transpose(part.operands[1])
        if isinstance(column, Name) and key_of(column) in self.gen.stacks and lag_in(column, self.gen.index) == 0:
            stack, member = self.gen.stacks[key_of(column)]
            return (stack, right), member
        return None

    def _stacked_sums(self, stack: Stack, right: Node | None, members: Sequence[Member]) -> None:
        left = self._flat(self.gen.stack_whole(stack), stack.name, len(stack.members) * stack.rows)
        text = f"{left}.sum(axis=1)" if right is None else f"{left} @ {self._flat_of(right)}.T"
        joint = self._joint(stack, members)
        if joint is not None:
            self.gen.out.add(f"{joint} += {text}")
            return
        variable = self.gen.variables.fresh("sums")
        self.gen.out.add(f"{variable} = {text}")
        for target, member in members:
            rows = self.gen.rows_of(member, 1, target.of.shape[0])
            self._plus(target, f"{variable}[{rows}]")

    def _joint(self, stack: Stack, members: Sequence[Member]) -> str | None:
        """One array for the gradients of a stack's weights; each is a slice of it. None if it cannot be."""
        targets: list[Adjoint] = [target for target, _ in sorted(members, key=lambda member: member[1])]
        keys = [f"gradient of {local(target.of)}" for target in targets]
        # A weight that two gates share has one gradient, not a slice for each.
        is_free = (
            len(set(keys)) == len(keys)
            and not any(key in self.gen.buffers for key in keys)
            and not any(isinstance(target.of, Parameter) and target.of.structure == "diagonal" for target in targets)
        )
        if not is_free or [member for _, member in sorted(members, key=lambda m: m[1])] != [*range(len(stack.members))]:
            return None
        parameters = [target.of for target in targets]
        weights = self.gen.stacked_weight(parameters)
        variable = self.gen.variables.fresh(f"d_{weights}")
        rows = self.gen.rows(len(targets) * stack.rows)
        columns = "" if parameters[0].shape[1] == 1 else f", {self.gen.rows(parameters[0].shape[1])}"
        self.gen.setup.append(f"{variable} = np.zeros(({rows}{columns or ','}), dtype)")
        for position, (key, target) in enumerate(zip(keys, targets, strict=True)):
            self.gen.buffers[key] = local(target)
            cut = self.gen.rows_of(position, 1, stack.rows)
            self.gen.setup.append(f"{self.gen.variable(target)} = {variable}[{cut}]")
        return variable

    # --- one share ---

    def _accumulate(self, target: Adjoint, body: Node, timed: bool) -> None:
        for term in terms_of(body):
            if N.is_zero(term):
                continue
            scale, term = _number_in_front(term)
            front = f"{number(scale)} * " if scale != 1 else ""
            self._plus(target, front + self._share(term, timed))

    def _plus(self, target: Adjoint, text: str) -> None:
        self.gen.out.add(f"{self.gen.variable(target)} += {text}")

    def _share(self, term: Node, timed: bool) -> str:
        """One summand of a gradient, over a chunk or at one step, as an array of the parameter's shape."""
        write = self.gen.whole if timed else self.gen.once
        column = self._column_sum if timed else lambda node: f"single({self.gen.once(node)})"
        if isinstance(term, N.Diag):
            return f"np.diag({column(term.operands[0])})"
        if term.is_scalar_shaped:
            return f"{column(term)}[0]"
        if term.shape[1] == 1:
            return column(term)
        if isinstance(term, N.MatMul):
            split = next((i for i, factor in enumerate(term.operands) if factor.shape[1] == 1), None)
            if split is not None:
                left = N.matmul(*term.operands[: split + 1])
                right = transpose(N.matmul(*term.operands[split + 1 :]))
                if timed:
                    return f"{self._flat_of(left)} @ {self._flat_of(right)}.T"
                return f"outer({write(left)}, {write(right)})"
        if isinstance(term, N.Scale):
            scalar, body = term.operands
            if isinstance(body, N.MatMul) and body.operands[0].shape[1] == 1:
                return self._share(N.MatMul(N.scale(scalar, body.operands[0]), *body.operands[1:]), timed)
        raise NotYetError(str(term), found="no array code for this gradient", write="symrnn evaluate --digits 15")

    def _column_sum(self, node: Node) -> str:
        if isinstance(node, Name) and self.gen.whole_read(node) in self.flats:
            return f"{self.flats[self.gen.whole_read(node)]}.sum(axis=1)"
        _check_moves(node)
        return f"summed({self.gen.whole(node)})"

    def _flat_of(self, node: Node) -> str:
        _check_moves(node)
        text = self.gen.whole(node)
        return self._flat(text, local(node) if isinstance(node, Name) else "product", node.shape[0])

    def _flat(self, text: str, hint: str, rows: sp.Expr) -> str:
        """A variable for the columns of all steps side by side; each array is flattened once a chunk."""
        if text not in self.flats:
            self.flats[text] = self.gen.variables.fresh(f"{hint}_flat")
            memory = self.gen.variables.fresh(f"{hint}_flat_room")
            self.gen.setup.append(f"{memory} = room(longest, {self.gen.rows(rows)})")
            self.gen.out.add(f"{self.flats[text]} = flat({text}, {memory})")
        return self.flats[text]


def _check_moves(node: Node) -> None:
    """What is summed over steps must stand at steps."""
    if not has_steps(node):
        raise NotYetError(str(node), found="a share without a step", write="symrnn evaluate --digits 15")


def _target(equation: Equation) -> Adjoint:
    assert isinstance(equation.target, Adjoint)
    return equation.target


def _number_in_front(node: Node) -> tuple[sp.Expr, Node]:
    if isinstance(node, N.Scale) and isinstance(node.operands[0], N.Number):
        return node.operands[0].value, node.operands[1]
    return sp.S.One, node
