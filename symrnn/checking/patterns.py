"""What the changes of an equation look for: places in a tree, slopes, signs; and what they may know of the quantity.

Reads expressions over names at concrete steps; builds none that the verbs would not build.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Adjoint, Name, Node, Parameter, Signal
from symrnn.algebra.nodes.verbs import add, hadamard, matmul


@dataclass(frozen=True)
class Setting:
    """What a change may need to know: whose equation it is, at which step, of how many, and the cell's names."""

    target: Node
    steps: int
    parameters: tuple[Parameter, ...] = ()
    inputs: tuple[Signal, ...] = ()
    states: tuple[Signal, ...] = ()

    @property
    def step(self) -> int | None:
        """The step of the quantity."""
        return step_of(self.target)

    @property
    def is_share_sum(self) -> bool:
        """Whether it is a parameter's gradient."""
        return isinstance(self.target, Adjoint) and isinstance(self.target.of, Parameter)

    @property
    def of(self) -> str:
        """The name of what it is, or is the gradient of."""
        name = self.target.of if isinstance(self.target, Adjoint) else self.target
        return name.name if isinstance(name, Signal | Parameter) else ""


Change = Callable[[Node, Setting], Iterator[tuple[str, Node]]]
"""Wrong expressions that a mistake makes of a piece, with their rows."""


def step_of(node: Node) -> int | None:
    """The step a name stands at."""
    name = node.of if isinstance(node, Adjoint) else node
    if isinstance(name, Signal) and name.indices and name.time.is_Integer:
        return int(name.time)
    return None


def places(node: Node) -> Iterator[tuple[Node, Callable[[Node], Node]]]:
    """Every piece of an expression, and how to put another in its place."""
    yield node, lambda new: new
    if isinstance(node, Name):
        return
    operands = N.operands_of(node)
    for at, operand in enumerate(operands):
        for sub, rebuilt in places(operand):
            yield sub, _within(node, operands, at, rebuilt)


def _within(node: Node, operands: tuple[Node, ...], at: int, rebuilt: Callable[[Node], Node]) -> Callable[[Node], Node]:
    def put(new: Node) -> Node:
        parts = [*operands[:at], rebuilt(new), *operands[at + 1 :]]
        return remade(node, parts)

    return put


def remade(node: Node, parts: list[Node]) -> Node:
    """The same operation on other operands, without zeros and nesting."""
    makers: dict[type, Callable[..., Node]] = {N.Add: add, N.Hadamard: hadamard, N.MatMul: matmul}
    maker = makers.get(type(node))
    if maker is not None:
        return maker(*parts)
    made: Node = node.with_operands(parts)
    return made


# --- patterns -------------------------------------------------------------------------------------------------------


def is_one(node: Node) -> bool:
    """Whether an expression is 1, or ones throughout."""
    return isinstance(node, N.Ones) or (isinstance(node, N.Number) and node.value == 1)


def negated(node: Node) -> Node | None:
    """x of −x."""
    if isinstance(node, N.Scale):
        factor, body = node.operands
        if isinstance(factor, N.Number) and factor.value == -1:
            return body
    return None


def tanh_slope(node: Node) -> Node | None:
    """y of `1 − y²`."""
    if isinstance(node, N.Add) and len(node.operands) == 2 and is_one(node.operands[0]):
        body = negated(node.operands[1])
        if isinstance(body, N.Power) and body.exponent == 2:
            return body.operands[0]
    return None


def one_minus(node: Node) -> Node | None:
    """y of `1 − y`."""
    if isinstance(node, N.Add) and len(node.operands) == 2 and is_one(node.operands[0]):
        body = negated(node.operands[1])
        return None if isinstance(body, N.Power) else body
    return None


def moved(node: Node, by: int) -> Node | None:
    """The same signal `by` steps later."""
    if isinstance(node, Signal) and node.indices and node.time.is_Integer and node.time + by >= 0:
        return node.at(node.time + by)
    return None


def ones_like(node: Node) -> Node:
    """Ones in the shape of an expression."""
    return N.Number(1) if node.shape == (1, 1) else N.Ones(*node.shape)


def swapped(node: Node, others: Mapping[Node, Node]) -> Node:
    """The expression with other pieces in the place of some."""
    if node in others:
        return others[node]
    operands = () if isinstance(node, Name) else N.operands_of(node)
    return remade(node, [swapped(part, others) for part in operands]) if operands else node
