"""A second, independent evaluator of nodes and Programs: over fractions, mpmath numbers, and duals of either.

Reads sized Programs; shares no code with `symrnn.numeric`. What a Program neither assigns nor is told is drawn: small
fractions that depend on the name alone, so that every Program that reads a name sees the same value.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import groupby
from typing import Any

import mpmath
import sympy as sp
from dual_numbers import FUNCTIONS, Dual, slope_of, softmax, value_of

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Name, Node, Parameter, Signal
from symrnn.algebra.programs import Equation, Program

Matrix = tuple[tuple[Any, ...], ...]
Values = dict[Name, Matrix]


# --- matrices -------------------------------------------------------------------------------------------------------


def build(rows: int, cols: int, entry: Callable[[int, int], Any]) -> Matrix:
    """The matrix of the entries."""
    return tuple(tuple(entry(i, j) for j in range(cols)) for i in range(rows))


def map_entries(function: Callable[..., Any], *matrices: Matrix) -> Matrix:
    """A function entry by entry."""
    return tuple(tuple(map(function, *rows)) for rows in zip(*matrices, strict=True))


def plus(left: Matrix, right: Matrix) -> Matrix:
    """X + Y."""
    assert (len(left), len(left[0])) == (len(right), len(right[0])), "a sum of two shapes"
    return map_entries(lambda a, b: a + b, left, right)


def times(left: Matrix, right: Matrix) -> Matrix:
    """A B."""
    assert len(left[0]) == len(right), "a product of sizes that do not fit"
    columns = tuple(zip(*right, strict=True))
    return tuple(tuple(_total([a * b for a, b in zip(row, col, strict=True)]) for col in columns) for row in left)


def _total(parts: list[Any]) -> Any:
    return sum(parts[1:], parts[0])


def transposed(matrix: Matrix) -> Matrix:
    """Xᵀ."""
    return tuple(zip(*matrix, strict=True))


def scaled(scalar: Any, matrix: Matrix) -> Matrix:
    """s X."""
    return map_entries(lambda entry: scalar * entry, matrix)


def vec(matrix: Matrix) -> Matrix:
    """The columns one below the other."""
    return tuple((entry,) for column in transposed(matrix) for entry in column)


def dot(left: Matrix, right: Matrix) -> Any:
    """⟨A, X⟩."""
    assert (len(left), len(left[0])) == (len(right), len(right[0])), "an inner product of two shapes"
    return _total([a * b for p, q in zip(left, right, strict=True) for a, b in zip(p, q, strict=True)])


def identity(size: int) -> Matrix:
    """I."""
    return build(size, size, lambda i, j: Fraction(int(i == j)))


def values_of(matrix: Matrix) -> Matrix:
    """Without slopes."""
    return map_entries(value_of, matrix)


def slopes_of(matrix: Matrix) -> Matrix:
    """The slopes."""
    return map_entries(slope_of, matrix)


# --- drawn values ---------------------------------------------------------------------------------------------------


def draw(name: Name, seed: int = 0) -> Matrix:
    """Small fractions told by the name and the seed.

    Of a diagonal matrix only the diagonal is not 0; the entries of a target y are positive and add up to 1.
    """
    rows, cols = (int(size) for size in name.shape)  # type: ignore[call-overload]  # a sized Program
    rng = random.Random(f"{seed}|{spelled(name)}")
    matrix = build(rows, cols, lambda i, j: Fraction(rng.choice((-1, 1)) * rng.randint(1, 6), rng.choice((3, 5, 7))))
    if _is_diagonal(name):
        return build(rows, cols, lambda i, j: matrix[i][j] if i == j else Fraction(0))
    if isinstance(name, Signal) and name.name == "y":
        return _on_the_simplex(matrix)
    return matrix


def _is_diagonal(name: Name) -> bool:
    bare = name.of if isinstance(name, N.Tangent | N.Adjoint) else name
    return isinstance(bare, Parameter) and bare.structure == "diagonal"


def _on_the_simplex(matrix: Matrix) -> Matrix:
    positive = map_entries(abs, matrix)
    whole = sum(entry for row in positive for entry in row)
    return map_entries(lambda entry: entry / whole, positive)


def spelled(node: Any) -> str:
    """A node as text, told from its arguments alone."""
    return f"{type(node).__name__}({', '.join(map(spelled, node.args))})" if isinstance(node, Node) else str(node)


# --- evaluation -----------------------------------------------------------------------------------------------------


class Evaluator:
    """What is known of names at concrete indices, and the values of expressions in it.

    `directions` makes every number a dual: a name moves along its direction, or not at all. `nudges` moves assigned
    quantities as well, `pins` puts a value in the place of what is computed. `real` computes in mpmath, not in
    fractions.
    """

    def __init__(
        self,
        known: Mapping[Name, Matrix] | None = None,
        *,
        steps: int = 1,
        seed: int = 0,
        directions: Mapping[Name, Matrix] | None = None,
        nudges: Mapping[Name, Matrix] | None = None,
        pins: Mapping[Name, Matrix] | None = None,
        real: bool = False,
    ) -> None:
        self.values: Values = dict(known or {})
        self.leaves: Values = {}
        self.assigned: set[Any] = set()
        self.declared: set[Any] = set()
        self.index: dict[sp.Symbol, sp.Integer] = {N.T: sp.Integer(steps)}
        self.seed = seed
        self.directions = directions
        self.nudges = nudges or {}
        self.pins = pins or {}
        self.real = real

    def run(self, program: Program) -> Evaluator:
        """Every equation of a Program at every step, each recurrence in its own direction."""
        self.assigned |= {_headed(equation.target) for equation in program}
        self.declared |= {_stepped(self.placed(name)) for name in (*program.initials, *program.given)}
        for _, block in groupby(program, key=lambda equation: equation.domain[:1]):
            self._walk(tuple(block))
        return self

    def _walk(self, block: tuple[Equation, ...]) -> None:
        for _ in self._over(block[0].domain[:1]):
            for equation in block:
                for _ in self._over(equation.domain[1:]):
                    self._assign(equation)

    def _over(self, ranges: tuple[Any, ...]) -> Iterator[None]:
        if not ranges:
            yield
            return
        first = ranges[0]
        lo, hi = self.whole(first.lo), self.whole(first.hi)
        for step in range(lo, hi + 1) if first.step > 0 else range(hi, lo - 1, -1):
            self.index[first.index] = sp.Integer(step)
            yield from self._over(ranges[1:])
        self.index.pop(first.index, None)

    def _assign(self, equation: Equation) -> None:
        name = self.placed(equation.target)
        assert name not in self.values, f"{name} is assigned twice"
        value = self(equation.expression)
        assert (len(value), len(value[0])) == tuple(name.shape), f"{name} is {name.shape}, its value is not"
        if name in self.nudges:
            value = map_entries(lambda v, d: v + Dual(0, d), value, self.nudges[name])
        self.values[name] = self.pins.get(name, value)

    def whole(self, expression: Any) -> int:
        """An index, bound or size as a number."""
        return int(expression if not expression.free_symbols else expression.xreplace(self.index))

    def placed(self, name: Any) -> Any:
        """The name at the present indices."""
        return name.xreplace(self.index) if name.free_symbols else name

    def number(self, value: Any) -> Any:
        """A rational in the field of this evaluation."""
        value = value.xreplace(self.index) if value.free_symbols else value
        return self.convert(Fraction(int(value.p), int(value.q)))

    def convert(self, value: Any) -> Any:
        """A fraction in the field of this evaluation."""
        return mpmath.mpf(value.numerator) / value.denominator if self.real and isinstance(value, Fraction) else value

    def read(self, name: Name) -> Matrix:
        """The value of a name at the present indices: known, or drawn."""
        name = self.placed(name)
        if name not in self.values:
            if _headed(name) in self.assigned and _stepped(name) not in self.declared:
                raise LookupError(f"{name} is read before it is assigned, or outside its range")
            drawn = map_entries(self.convert, draw(name, self.seed))
            self.leaves[name] = drawn
            if self.directions is not None:
                still = map_entries(lambda entry: 0 * entry, drawn)
                drawn = map_entries(Dual, drawn, self.directions.get(name, still))
            self.values[name] = drawn
        return self.values[name]

    def __call__(self, node: Node) -> Matrix:
        """The value of an expression at the present indices."""
        if isinstance(node, Name):
            return self.read(node)
        return RULES[type(node)](self, node)

    def size(self, node: Node) -> tuple[int, int]:
        """The shape as numbers."""
        return self.whole(node.shape[0]), self.whole(node.shape[1])


def _headed(name: Name) -> Any:
    """A name without its indices."""
    if isinstance(name, N.Adjoint | N.Tangent):
        return (type(name), _headed(name.of))
    if isinstance(name, Signal | Parameter):
        return (type(name), name.name)
    return name


def _stepped(name: Name) -> Any:
    """A name with its step and without any further index."""
    signal = name
    while isinstance(signal, N.Adjoint | N.Tangent):
        signal = signal.of
    return (_headed(name), signal.indices[:1] if isinstance(signal, Signal) else ())


def _folded(evaluate: Evaluator, node: N.Operation, join: Callable[[Matrix, Matrix], Matrix]) -> Matrix:
    parts = [evaluate(operand) for operand in node.operands]
    whole = parts[0]
    for part in parts[1:]:
        whole = join(whole, part)
    return whole


def _product_of_entries(left: Matrix, right: Matrix) -> Matrix:
    assert (len(left), len(left[0])) == (len(right), len(right[0])), "a ⊙ of two shapes"
    return map_entries(lambda a, b: a * b, left, right)


def _power(evaluate: Evaluator, node: N.Power) -> Matrix:
    (body,) = node.operands
    if not node.exponent.is_Integer:
        ratio = Fraction(int(node.exponent.p), int(node.exponent.q))
        assert evaluate.real, "roots want real numbers"
        return map_entries(lambda x: x ** evaluate.convert(ratio), evaluate(body))
    exponent = int(node.exponent)
    return map_entries(lambda x: x**exponent if exponent >= 0 else 1 / x**-exponent, evaluate(body))


def _apply(evaluate: Evaluator, node: N.Apply) -> Matrix:
    return map_entries(FUNCTIONS[node.activation.name], evaluate(node.operands[0]))


def _cross_entropy(evaluate: Evaluator, node: N.CrossEntropy) -> Matrix:
    target, logits = (entries(evaluate(operand)) for operand in node.operands)
    return ((-_total([y * FUNCTIONS["log"](p) for y, p in zip(target, softmax(logits), strict=True)]),),)


def entries(vector: Matrix) -> list[Any]:
    """The entries of a column or a row."""
    return list(vector[0]) if len(vector) == 1 else [row[0] for row in vector]


def _softmax(evaluate: Evaluator, node: N.Softmax) -> Matrix:
    chances = softmax(entries(evaluate(node.operands[0])))
    column = tuple((p,) for p in chances)
    return column if evaluate.size(node)[1] == 1 else (tuple(chances),)


def _opaque(evaluate: Evaluator, node: N.Opaque) -> Matrix:
    """Nothing is known of the function but its gradient, so it is taken linear: Σ ⟨∂⁺L_t/∂h_t, h_t⟩."""
    gradients = [values_of(evaluate(N.Immediate(node.value, one))) for one in node.operands]  # type: ignore[arg-type]  # names
    parts = [dot(gradient, evaluate(one)) for gradient, one in zip(gradients, node.operands, strict=True)]
    return ((_total(parts),),)


def _sum(evaluate: Evaluator, node: N.Sum) -> Matrix:
    index, lo, hi = node.range
    rows, cols = evaluate.size(node)
    outer = evaluate.index.get(index)
    whole = build(rows, cols, lambda i, j: evaluate.convert(Fraction(0)))
    for step in range(evaluate.whole(lo), evaluate.whole(hi) + 1):
        evaluate.index[index] = sp.Integer(step)
        whole = plus(whole, evaluate(node.operands[0]))
    _restore(evaluate, index, outer)
    return whole


def _ordered_product(evaluate: Evaluator, node: N.Product) -> Matrix:
    index, first, last = node.range
    outer = evaluate.index.get(index)
    whole = identity(evaluate.size(node)[0])
    for step in range(evaluate.whole(first), evaluate.whole(last) + node.step, node.step):
        evaluate.index[index] = sp.Integer(step)
        whole = times(whole, evaluate(node.operands[0]))
    _restore(evaluate, index, outer)
    return whole


def _matrix_power(evaluate: Evaluator, node: N.MatPower) -> Matrix:
    whole = identity(evaluate.size(node)[0])
    for _ in range(evaluate.whole(node.exponent)):
        whole = times(whole, evaluate(node.operands[0]))
    return whole


def _restore(evaluate: Evaluator, index: sp.Symbol, outer: Any) -> None:
    evaluate.index.pop(index, None)
    if outer is not None:
        evaluate.index[index] = outer


def _guarded(evaluate: Evaluator, node: N.Guarded) -> Matrix:
    """Nothing of the body is looked at where the guard does not hold."""
    lo, at, hi = (bound if bound.is_infinite else sp.Integer(evaluate.whole(bound)) for bound in node.bounds)
    if lo <= at <= hi:
        return evaluate(node.operands[0])
    return build(*evaluate.size(node), lambda i, j: evaluate.convert(Fraction(0)))


def _stacked(evaluate: Evaluator, node: N.Concat) -> Matrix:
    return tuple(row for part in node.operands for row in evaluate(part))


def _grid(evaluate: Evaluator, node: N.BlockMatrix) -> Matrix:
    rows: list[tuple[Any, ...]] = []
    for blocks in node.grid:
        rows += [sum(parts, ()) for parts in zip(*map(evaluate, blocks), strict=True)]
    return tuple(rows)


def _kronecker(evaluate: Evaluator, node: N.Kronecker) -> Matrix:
    left, right = (evaluate(operand) for operand in node.operands)
    rows, cols = len(right), len(right[0])
    return build(
        len(left) * rows,
        len(left[0]) * cols,
        lambda i, j: left[i // rows][j // cols] * right[i % rows][j % cols],
    )


def _zeros_and_ones(test: Callable[..., bool]) -> Callable[[Evaluator, Any], Matrix]:
    def constant(evaluate: Evaluator, node: Any) -> Matrix:
        arguments = [evaluate.whole(arg) for arg in node.args]
        return build(*evaluate.size(node), lambda i, j: evaluate.convert(Fraction(int(test(i, j, *arguments)))))

    return constant


RULES: dict[type[Node], Callable[[Evaluator, Any], Matrix]] = {
    N.Number: lambda evaluate, node: ((evaluate.number(node.value),),),
    N.Zeros: _zeros_and_ones(lambda i, j, rows, cols: False),
    N.Ones: _zeros_and_ones(lambda i, j, rows, cols: True),
    N.Eye: _zeros_and_ones(lambda i, j, rows: i == j),
    N.Selector: _zeros_and_ones(lambda i, j, rows, offset, total: j == i + offset),
    N.Embedding: _zeros_and_ones(lambda i, j, rows: i == j * (rows + 1)),
    # vec(Xᵀ) = K vec(X): entry (a, b) of X stands at a + rows·b before and at b + cols·a after.
    N.Commutation: _zeros_and_ones(lambda i, j, rows, cols: (j // rows, j % rows) == (i % cols, i // cols)),
    N.Add: lambda evaluate, node: _folded(evaluate, node, plus),
    N.Hadamard: lambda evaluate, node: _folded(evaluate, node, _product_of_entries),
    N.MatMul: lambda evaluate, node: _folded(evaluate, node, times),
    N.Scale: lambda evaluate, node: scaled(evaluate(node.operands[0])[0][0], evaluate(node.operands[1])),
    N.Transpose: lambda evaluate, node: transposed(evaluate(node.operands[0])),
    N.Power: _power,
    N.Apply: _apply,
    N.Diag: lambda evaluate, node: _diagonal(evaluate(node.operands[0])),
    N.DiagonalOf: lambda evaluate, node: tuple((row[i],) for i, row in enumerate(evaluate(node.operands[0]))),
    N.Vec: lambda evaluate, node: vec(evaluate(node.operands[0])),
    N.Kronecker: _kronecker,
    N.SquaredNorm: lambda evaluate, node: ((_squares(evaluate(node.operands[0])),),),
    N.Inner: lambda evaluate, node: ((dot(*map(evaluate, node.operands)),),),
    N.Concat: _stacked,
    N.BlockMatrix: _grid,
    N.Softmax: _softmax,
    N.CrossEntropy: _cross_entropy,
    N.Opaque: _opaque,
    N.Sum: _sum,
    N.Product: _ordered_product,
    N.MatPower: _matrix_power,
    N.Guarded: _guarded,
}
"""One line per class of nodes, from the definition in its docstring."""


def _diagonal(vector: Matrix) -> Matrix:
    found = entries(vector)
    return build(len(found), len(found), lambda i, j: found[i] if i == j else 0 * found[i])


def _squares(matrix: Matrix) -> Any:
    return dot(matrix, matrix)
