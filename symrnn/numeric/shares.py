"""Sums over the steps and over the examples: gradients of parameters, and whatever else adds up.

Writes, for an `Emitter`, what a span or a single step adds to every total. Shares `ā_g v_tᵀ` whose ā_g stand side by side
are one product, whose rows are the gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Adjoint, Guarded, MatMul, Name, Node, Number, Parameter, Scale, is_zero, operands_of, transpose
from symrnn.numeric.layouts import Slot, joined_name
from symrnn.numeric.lines import Line
from symrnn.numeric.places import is_static, size_text
from symrnn.numeric.written import Writer, is_column

if TYPE_CHECKING:
    from symrnn.numeric.emission import Emitter, Text

Member = tuple[Slot, Line, Node | None]
"""A column, the line it is added for, and the column it is multiplied by."""


class Shares:
    """Totals by target: the variable, and the text of the part that belongs to the target."""

    def __init__(self, emitter: Emitter) -> None:
        self.emitter = emitter
        self.totals: dict[Name, str] = {}
        self.flats: dict[str, str] = {}
        lines = [line for line in emitter.draft.lines if line.adds]
        self.alone = {line.target for line in lines if sum(other.target == line.target for other in lines) == 1}

    def result(self, name: Name) -> str:
        """A total as it is returned."""
        return f"np.asarray({self.totals[name]})"

    # --- spans ---

    def whole(self, lines: Sequence[Line]) -> None:
        """What a span adds to the totals."""
        self.flats = {}
        members = [(line, self._member(line)) for line in lines]
        for run in _runs([member for _, member in members if member is not None]):
            self._run(run)
        for line, member in members:
            if member is None:
                self._other(line)

    def _member(self, line: Line) -> Member | None:
        """The parts of `Σ_t ā_t` and `Σ_t ā_t v_tᵀ`, if that is all the gradient there is."""
        if not is_gradient(line) or line.target not in self.alone:
            return None
        body = operands_of(line.expression)[0]
        right: Node | None = None
        if is_outer(body):
            body, right = operands_of(body)[0], transpose(operands_of(body)[1])
        if not isinstance(body, Name) or isinstance(body, Parameter) or not is_column(body) or line.target.is_scalar_shaped:
            return None
        slot = self.emitter.layout.slot(body)
        return (slot, line, right) if slot.lag == 0 else None

    def _run(self, run: list[Member]) -> None:
        """Neighbours and one right side: one product, one total."""
        slot = replace(run[0][0], count=sum(member[0].count for member in run))
        targets = [line.target for _, line, _ in run]
        variable = self._total(joined_name(targets))
        self.emitter.body.says(line.says[0] for _, line, _ in run)
        left = self._flat(self.emitter.slot(slot, "span"), slot.label)
        right = run[0][2]
        value = f"summed({left})" if right is None else f"contract({left}, {self._flat_of(right)})"
        self.emitter.body.add(f"{variable} = plus({variable}, {value})")
        for member, target in zip(run, targets, strict=True):
            self.totals[target] = f"{variable}{self._rows(slot, member[0])}"

    def _rows(self, whole: Slot, part: Slot) -> str:
        if whole.count == part.count:
            return ""
        start = whole.stack.rows(whole.first, part.first - whole.first) if part.first > whole.first else sp.S.Zero
        return f"[{size_text(start)}:{size_text(start + part.stack.rows(part.first, part.count))}]"

    def _flat(self, text: str, label: str) -> str:
        """A column of a span laid out for products, once."""
        if text not in self.flats:
            variable = self.emitter.names.fresh(f"{label}_flat")
            self.emitter.names.taken.discard(variable)  # free again in the next span
            while variable in self.flats.values():
                variable += "_"
            self.flats[text] = variable
            self.emitter.body.add(f"{variable} = flat({text})")
        return self.flats[text]

    def _flat_of(self, node: Node) -> str:
        if isinstance(node, Name) and not isinstance(node, Parameter):
            slot = self.emitter.layout.slot(node)
            if slot.lag is not None:
                label = slot.label + {0: "", -1: "_before", 1: "_after"}.get(slot.lag, "_beside")
                return self._flat(self.emitter.slot(slot, "span"), label)
        return f"flat({self._filled(node, 'size', True)})"

    def _total(self, wish: str) -> str:
        """A variable for a total; nothing has been added yet."""
        variable = self.emitter.names.fresh(f"{wish}_sum")
        self.emitter.setup.add(f"{variable} = None")
        return variable

    # --- one target at a time ---

    def _other(self, line: Line) -> None:
        """Any other sum over the steps."""
        self.emitter.body.says(line.says)
        body = operands_of(line.expression)[0]
        if is_gradient(line):
            self._add(line.target, self.share(body, "size", True), self.emitter.body)
        else:
            self._add(line.target, f"{self._filled(body, 'size', True)}.sum(axis=0)", self.emitter.body)

    def single(self, line: Line, out: Text) -> None:
        """What is added once."""
        self._add(line.target, self.share(line.expression, "1", False), out)

    def _add(self, target: Name, text: str, out: Text) -> None:
        if target not in self.totals:
            stack = self.emitter.layout.slot(target).stack
            self.totals[target] = stack.name
            self.emitter.setup.add(f"{stack.name} = None")
        out.add(f"{self.totals[target]} = plus({self.totals[target]}, {text})")

    # --- shares of any form ---

    def share(self, node: Node, size: str, timed: bool) -> str:
        """What `size` steps add to a parameter's gradient, in the parameter's shape."""
        if isinstance(node, Scale) and isinstance(node.operands[0], Number):
            return f"{size_text(node.operands[0].value)} * {self.share(node.operands[1], size, timed)}"
        if isinstance(node, N.Add):
            return "(" + " + ".join(self.share(term, size, timed) for term in node.operands) + ")"
        if is_zero(node):
            return self._nothing(node)
        if node.is_scalar_shaped:
            return f"summed(flat({self._filled(node, size, timed)}))[0]"
        if is_column(node):
            return f"summed(flat({self._filled(node, size, timed)}))"
        return self._matrix_share(_with_outer_in_front(node), size, timed)

    def _matrix_share(self, node: Node, size: str, timed: bool) -> str:
        if isinstance(node, N.Diag):
            return f"np.diag({self.share(node.operands[0], size, timed)})"
        if is_outer(node):
            left, right = operands_of(node)[0], transpose(operands_of(node)[1])
            return f"contract(flat({self._filled(left, size, timed)}), flat({self._filled(right, size, timed)}))"
        return f"matrices_summed({self._filled(node, size, timed)})"

    def _nothing(self, node: Node) -> str:
        if node.is_scalar_shaped:
            return "0.0"
        axes = node.shape[:1] if is_column(node) else node.shape
        return f"np.zeros(({', '.join(size_text(axis) for axis in axes)},), make.dtype)"

    def _filled(self, node: Node, size: str, timed: bool) -> str:
        """An expression at every one of some steps and for every example."""
        emitter = self.emitter
        read = (lambda name: emitter.read(name, "span")) if timed else emitter.read_once
        text = Writer(read, emitter.function, emitter.draft.index, timed).text(node)
        if is_static(node) and not is_column(node):
            text = f"make.each({text})"
        axes = ", ".join(size_text(axis) for axis in (node.shape[:1] if is_column(node) else node.shape))
        return f"make.filled({text}, {size}, {axes})"


def is_gradient(line: Line) -> bool:
    """Whether a line adds to a parameter's gradient, which sums over the batch."""
    return isinstance(line.target, Adjoint) and isinstance(line.target.of, Parameter)


def is_outer(node: Node) -> bool:
    """Whether a node is u vᵀ of two columns."""
    if not (isinstance(node, MatMul) and len(node.operands) == 2):
        return False
    left, right = node.operands
    return is_column(left) and isinstance(right, N.Transpose) and is_column(right.operands[0])


def _with_outer_in_front(node: Node) -> Node:
    """α (u vᵀ) as (α u) vᵀ, a guarded u vᵀ as (guarded u) vᵀ, and so for diag(v)."""
    if isinstance(node, Scale | Guarded) and not isinstance(operands_of(node)[0], Number):
        *front, body = operands_of(node)
        if isinstance(body, N.Add):
            return N.Add(*(_with_outer_in_front(_around(node, front, term)) for term in body.operands))
        if is_outer(body):
            return MatMul(_around(node, front, operands_of(body)[0]), operands_of(body)[1])
        if isinstance(body, N.Diag):
            return N.Diag(_around(node, front, body.operands[0]))
    return node


def _around(node: Node, front: Sequence[Node], body: Node) -> Node:
    return node.with_operands((*front, body))  # type: ignore[attr-defined]  # a scaling or a guard


def _runs(members: Sequence[Member]) -> list[list[Member]]:
    """Members with one right side whose columns stand one below the other, together."""
    ordered = sorted(members, key=lambda member: (str(member[2]), member[0].stack.name, member[0].first))
    runs: list[list[Member]] = []
    for member in ordered:
        last = runs[-1][-1] if runs else None
        if last is not None and last[2] == member[2] and last[0].below(member[0]):
            runs[-1].append(member)
        else:
            runs.append([member])
    return runs


