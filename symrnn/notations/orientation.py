"""Rows for columns, denominators for numerators: mathematics transposed, node by node.

Reads nodes, equations and Programs in this library's orientation (columns, numerator layout); returns the same
statements about transposed quantities: `h_t = tanh(W_h h_{t-1})` becomes `h_t = tanh(h_{t-1} W_h)`, where the second
W_h is the transpose of the first. Promises: the value of what comes out is that of what went in, transposed where the
quantity it defines is; doing it twice gives back what was there, with transposes carried into products.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Name, Node, operands_of, subexpressions, transpose
from symrnn.algebra.programs import Equation, Program, Reason

Named = TypeVar("Named", bound=Name)
Thing = TypeVar("Thing", Node, Equation, Program)
Memo = dict[tuple[Node, bool], Node]


@dataclass(frozen=True)
class Orientation:
    """Whether vectors are rows (so that matrices act from the right), and whether Jacobians are in denominator layout.

    >>> from symrnn.cells import rnn
    >>> print(Orientation(rows=True).rewrite(rnn()))
    h_t = tanh(h_{t-1} W_h + x_t W_x + b)
    """

    rows: bool = False
    denominator: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether nothing changes: columns, numerator layout."""
        return not (self.rows or self.denominator)

    def rewrite(self, thing: Thing, like: Node | None = None) -> Thing:
        """The same statement in this orientation; a node is transposed as the quantity `like` it belongs to is.

        An expression such as diag(1 − h²) W_h does not tell whether it is a Jacobian: say `like=` the left side.
        The rewriting is its own inverse, but for transposes, which are carried into products: of (xᵀ W)ᵀ comes
        back Wᵀ x.

        >>> from symrnn.algebra.nodes import Adjoint, Parameter, Signal, n, t
        >>> a, h, W = Signal("a", (n, 1), t), Signal("h", (n, 1), t - 1), Parameter("W", (n, n))
        >>> Orientation(rows=True).rewrite(Adjoint(a) @ h.T)
        h_{t-1}ᵀ ā_t
        >>> Orientation(rows=True).rewrite(W.T @ Adjoint(a))
        ā_t Wᵀ
        """
        return thing if self.is_plain else self._rewritten(thing, like)

    def _rewritten(self, thing: Any, like: Node | None) -> Any:
        if isinstance(thing, Program):
            return self._program(thing)
        if isinstance(thing, Equation):
            return self._equation(thing, {})
        return self._turn(thing, self.turns(thing if like is None else like), {})

    def turns(self, node: Node) -> bool:
        """Whether what a node stands for is written transposed: Jacobians by their layout, all else as vectors are."""
        return self.denominator if _is_jacobian(node) else self.rows

    def stored(self, name: Named) -> Named:
        """A name as the quantity it stands for here: a row for a column, Wᵀ's shape for W's.

        >>> from symrnn.algebra.nodes import Signal, n, t
        >>> Orientation(rows=True).stored(Signal("h", (n, 1), t)).shape
        (1, n)
        """
        return self._stored(name, {})

    # --- equations and Programs ---

    def _program(self, program: Program) -> Program:
        memo: Memo = {}

        def stored(names: Iterable[Named]) -> tuple[Named, ...]:
            return tuple(self._stored(name, memo) for name in names)

        fields = {field: getattr(program, field) for field in program.__dataclass_fields__}
        fields |= {field: stored(getattr(program, field)) for field in _DECLARED}
        fields["equations"] = tuple(self._equation(equation, memo) for equation in program)
        # Transposition throughout keeps a sound Program sound.
        return Program.trusted(**fields)

    def _equation(self, equation: Equation, memo: Memo) -> Equation:
        about = tuple(self._spoken_of(one, memo) for one in equation.reason.about)
        return replace(
            equation,
            target=self._stored(equation.target, memo),
            expression=self._turn(equation.expression, self.turns(equation.target), memo),
            reason=Reason(equation.reason.key, about),
        )

    def _spoken_of(self, one: object, memo: Memo) -> object:
        if isinstance(one, Equation):
            return self._equation(one, memo)
        if isinstance(one, tuple | list):
            return type(one)(self._spoken_of(part, memo) for part in one)
        return self._turn(one, self.turns(one), memo) if isinstance(one, Node) else one

    # --- names ---

    def _stored(self, name: Any, memo: Memo) -> Any:
        if isinstance(name, N.Adjoint | N.Tangent):
            return name.func(self._turn(name.of, self.rows, memo))
        if isinstance(name, N.Immediate | N.Block):
            of, wrt = (self._turn(side, self.rows, memo) for side in (name.of, name.wrt))
            if isinstance(name, N.Immediate):
                return N.Immediate(of, wrt)
            return N.Block(of, wrt, name.kind, _OTHER[name.layout] if self.denominator else name.layout)
        if not self.rows or not isinstance(name, N.Signal | N.Parameter):
            return name
        first, rows, cols, *rest = name.args
        return name.func.trusted((first, cols, rows, *rest), (cols, rows))

    # --- expressions ---

    def _turn(self, node: Node, turned: bool, memo: Memo) -> Node:
        """An expression over the stored names: of the node's own value, or of its transpose where `turned`."""
        if node.is_scalar_shaped:
            turned = self.rows
        key = (node, turned)
        if key not in memo:
            memo[key] = self._made(node, turned, memo)
        return memo[key]

    def _made(self, node: Node, turned: bool, memo: Memo) -> Node:
        if isinstance(node, Name):
            stored = self._stored(node, memo)
            return stored if turned == self.turns(node) else transpose(stored)

        def turn(operand: Node, way: bool = turned) -> Node:
            return self._turn(operand, way, memo)

        if isinstance(node, N.Transpose):
            return turn(node.operands[0], not turned)
        whole = 1 in node.shape or isinstance(node, N.Product | N.Concat | N.BlockMatrix)
        if whole and turned != self.turns(node):
            # As the notation writes it, and a ᵀ outside: [h, x]ᵀ, not [hᵀ; xᵀ].
            return transpose(turn(node, not turned))
        if isinstance(node, _VECTORWISE):
            # The argument as it is written; softmax of a row is the row of the softmax, diag and ‖ ‖ are the same.
            made = node.with_operands(turn(part, self.turns(part)) for part in node.operands)
            symmetric = made.is_scalar_shaped or not isinstance(node, N.Softmax)
            return made if symmetric or turned == self.turns(node.operands[0]) else transpose(made)
        if not turned:
            return _as_it_stands(node, turn)
        rule = _TURNED.get(type(node))
        if rule is not None:
            return rule(node, turn)
        if isinstance(node, _ENTRYWISE):
            return node.with_operands([turn(part) for part in node.operands])
        return transpose(_as_it_stands(node, lambda part: turn(part, False)))


_DECLARED = ("inputs", "parameters", "states", "initials", "outputs", "finals", "given")
_OTHER = {"numerator": "denominator", "denominator": "numerator"}
_ENTRYWISE = (N.Add, N.Hadamard, N.Scale, N.Power, N.Apply, N.Sum, N.Guarded, N.MatPower, N.Kronecker)
"""Operations whose transpose is the operation on the transposes."""
_VECTORWISE = (N.Diag, N.Softmax, N.SquaredNorm, N.Inner, N.CrossEntropy, N.Opaque)
"""Functions of whole vectors, which take a row as they take a column."""


def _is_jacobian(node: Node) -> bool:
    return any(isinstance(part, N.Block) for part in subexpressions(node)) and 1 not in node.shape


def _as_it_stands(node: Node, turn: Callable[[Node], Node]) -> Node:
    operands = operands_of(node)
    return node.with_operands([turn(part) for part in operands]) if isinstance(node, N.Operation) else node


# --- the transposes of what changes its form -------------------------------------------------------------------

Turn = Callable[[Node], Node]


def _constant(node: Node, turn: Turn) -> Node:
    rows, cols = node.shape
    return node.func(cols, rows)


def _matmul(node: Node, turn: Turn) -> Node:
    """(A B)ᵀ = Bᵀ Aᵀ."""
    return N.MatMul(*(turn(part) for part in reversed(operands_of(node))))


def _product(node: Node, turn: Turn) -> Node:
    """(J_T ⋯ J_{t+1})ᵀ = J_{t+1}ᵀ ⋯ J_Tᵀ: the index counts the other way."""
    assert isinstance(node, N.Product)
    index, first, last = node.range
    return N.Product(turn(node.operands[0]), index, last, first, -node.step)


def _concat(node: Node, turn: Turn) -> Node:
    """[x; y]ᵀ = [xᵀ, yᵀ]."""
    parts = operands_of(node)
    return N.BlockMatrix(len(parts), *map(turn, parts))


def _grid(node: Node, turn: Turn) -> Node:
    """Blocks change places across the diagonal."""
    assert isinstance(node, N.BlockMatrix)
    columns = list(zip(*node.grid, strict=True))
    blocks = [turn(block) for column in columns for block in column]
    return N.Concat(*blocks) if len(node.grid) == 1 else N.BlockMatrix(len(node.grid), *blocks)


_TURNED: dict[type[Node], Callable[[Node, Turn], Node]] = {
    N.Number: lambda node, turn: node,
    N.Eye: lambda node, turn: node,
    N.Zeros: _constant,
    N.Ones: _constant,
    N.MatMul: _matmul,
    N.Product: _product,
    N.Concat: _concat,
    N.BlockMatrix: _grid,
}
