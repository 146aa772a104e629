"""Intervals for every quantity of one step: what a node can be when inputs and states run through boxes.

Reads a Program's equations and its numbers; returns `Box` arrays [lo, hi] with lo ≤ value ≤ hi, rounded outward.
Slopes f' are recognised, so that σ'(a) lies in [0, 1/4] and not in [0, 1] as intervals of y and 1 − y would say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import Activation
from symrnn.algebra.nodes import Name, Node, operands_of, subexpressions
from symrnn.algebra.programs import Program
from symrnn.errors import NotYetError
from symrnn.regimes.boxes import SPARE, Array, Box, product, without_nan

RISING = frozenset(
    {
        "identity", "tanh", "sigmoid", "relu", "leaky_relu", "elu", "softplus", "softsign", "hard_sigmoid",
        "hard_sigmoid_onnx", "hard_tanh", "exp", "log", "sqrt", "erf", "normal_cdf", "sign", "step",
    }
)  # fmt: skip
"""Activations that never fall: the image of an interval is the interval of the images."""


@dataclass(frozen=True)
class Slope:
    """f'(x) of a row, met as an expression: the argument it is taken at."""

    row: Activation
    argument: Node


def slopes_of(program: Program) -> Mapping[Node, Slope]:
    """Every expression that is some f'(x) of the Program: `1 - h_t²` where h_t = tanh(a_t).

    >>> from symrnn.cells import rnn
    >>> from symrnn.calculus.rewriting import expose
    >>> [str(node) for node in slopes_of(expose(rnn()))]
    ['1 - h_t²']
    """
    found: dict[Node, Slope] = {}
    for equation in program:
        for part in subexpressions(equation.expression):
            if isinstance(part, N.Apply) and not part.activation.generic:
                output = equation.target if part is equation.expression else part
                found[N.slope(part, output)] = Slope(part.activation, part.operands[0])
    return found


class Enclosure:
    """Evaluates nodes to boxes, each name by what `boxes` says of it.

    Args:
        boxes: names to boxes; grows as equations are run.
        slopes: expressions that are known to be slopes.
        numbers: values of size symbols.
    """

    def __init__(
        self, boxes: Mapping[Name, Box], slopes: Mapping[Node, Slope], numbers: Mapping[sp.Symbol, int]
    ) -> None:
        self.boxes: dict[Node, Box] = dict(boxes)
        self.slopes = slopes
        self.numbers = {symbol: sp.Integer(value) for symbol, value in numbers.items()}

    def size(self, node: Node) -> tuple[int, int]:
        """(rows, columns)."""
        return int(node.shape[0].xreplace(self.numbers)), int(node.shape[1].xreplace(self.numbers))

    def __call__(self, node: Node) -> Box:
        """The box of an expression."""
        if node in self.boxes:
            return self.boxes[node]
        rule = RULES.get(type(node))
        if rule is None:
            raise NotYetError(str(node), found="no interval rule for it", write="a cell of the usual operations")
        box = rule(self, node)
        if node in self.slopes:
            box = self._as_slope(box, self.slopes[node])
        self.boxes[node] = box
        return box

    def least(self, node: Node) -> Array:
        """inf |value| of an expression: of a slope at least inf |f'|, the value taken at kinks among them."""
        least = self(node).smallest
        slope = self.slopes.get(node)
        return least if slope is None else np.maximum(least, _least_slope(slope.row))

    def _as_slope(self, box: Box, slope: Slope) -> Box:
        high = _rounded(slope.row.bound, 1 + SPARE)
        low = _rounded(slope.row.infimum, 1 - SPARE) if _rises(slope.row) else -high
        return box.meet(low, high)


def _rounded(exact: sp.Expr, outward: float) -> float:
    """A number in float64: itself where it is one, else a little outward."""
    value = float(exact)
    return value if exact.is_Rational and sp.Rational(value) == exact else value * outward


def _least_slope(row: Activation) -> float:
    """inf |f'| with what f' is taken to be at the kinks: 0 for |x|, whose slope is ±1 elsewhere."""
    at_kinks = [abs(sp.sympify(row.slope(x, row.formula(x)), strict=True)) for x in row.kinks]
    return _rounded(sp.Min(row.infimum, *at_kinks), 1 - SPARE)


def _rises(row: Activation) -> bool:
    return row.name.partition("(")[0] in RISING


def apply_row(row: Activation, box: Box) -> Box:
    """f of a box.

    >>> from symrnn.algebra.activations import lookup
    >>> apply_row(lookup("relu"), Box.between([[-1.0]], [[2.0]])).lo.tolist()
    [[0.0]]
    """
    function = row.array_function()
    low, high = float(row.range.inf), float(row.range.sup)
    with np.errstate(all="ignore"):
        if _rises(row):
            image = Box(_limit(function, box.lo, low), _limit(function, box.hi, high)).widened()
        elif row.name == "abs":
            image = Box(box.smallest, box.largest)
        else:
            image = _by_slope(function, float(row.bound), box)
    return image.meet(low, high)


def _limit(function: Callable[..., Array], ends: Array, at_infinity: float) -> Array:
    inner = np.where(np.isfinite(ends), ends, 0.0)
    return np.where(np.isfinite(ends), function(inner), at_infinity)


def _by_slope(function: Callable[..., Array], bound: float, box: Box) -> Box:
    """f(middle) ± sup|f'| · radius."""
    finite = np.isfinite(box.lo) & np.isfinite(box.hi)
    middle = np.where(finite, 0.5 * (box.lo + box.hi), 0.0)
    reach = np.where(finite, bound * 0.5 * (box.hi - box.lo) * (1 + SPARE), np.inf)
    value = np.asarray(function(middle), dtype=np.float64)
    return Box(value - reach, value + reach).widened()


# --- one rule for each node -------------------------------------------------------------------------------------------


def _constant(value: float) -> Callable[[Enclosure, Node], Box]:
    return lambda e, node: Box.of(np.full(e.size(node), value))


def _number(e: Enclosure, node: Node) -> Box:
    exact = node.args[0].xreplace(e.numbers)
    return Box.between([[_rounded(exact, 1 - SPARE * sp.sign(exact))]], [[_rounded(exact, 1 + SPARE * sp.sign(exact))]])


def _sum(e: Enclosure, node: Node) -> Box:
    """Sums, in which (1 − z) ⊙ u + z ⊙ v with z in [0, 1] lies between u and v."""
    parts = operands_of(node)
    boxes = [e(part) for part in parts]
    total = boxes[0]
    for box in boxes[1:]:
        total = total + box
    hull = _mixture(e, parts) if len(parts) == 2 else None
    return total if hull is None else total.meet(hull.lo, hull.hi)


def _mixture(e: Enclosure, parts: tuple[Node, ...]) -> Box | None:
    first, second = ([*operands_of(p)] if isinstance(p, N.Hadamard) else [] for p in parts)
    for one in first:
        for other in second:
            weight = other if _is_rest(one, other) else one if _is_rest(other, one) else None
            if weight is None or e(weight).lo.min() < 0 or e(weight).hi.max() > 1:
                continue
            u, v = (_without(side, part) for side, part in ((first, one), (second, other)))
            return None if not u or not v else _times_all(e, u).joined(_times_all(e, v)).widened()
    return None


def _without(parts: list[Node], one: Node) -> list[Node]:
    left = list(parts)
    left.remove(one)
    return left


def _times_all(e: Enclosure, parts: list[Node]) -> Box:
    value = e(parts[0])
    for part in parts[1:]:
        value = value * e(part)
    return value


def _entrywise(e: Enclosure, node: Node) -> Box:
    """Products, in which y ⊙ (1 − y) is taken as one."""
    parts = list(operands_of(node))
    boxes = []
    while parts:
        part = parts.pop(0)
        partner = next((other for other in parts if _is_rest(other, part) or _is_rest(part, other)), None)
        if partner is None:
            boxes.append(e(part))
        else:
            parts.remove(partner)
            boxes.append(_y_times_rest(e(partner if _is_rest(part, partner) else part)))
    value = boxes[0]
    for box in boxes[1:]:
        value = value * box
    return value


def _is_rest(node: Node, of: Node) -> bool:
    """Whether a node is 1 − y."""
    if not isinstance(node, N.Add) or len(node.operands) != 2:
        return False
    one, rest = node.operands
    return (one == N.Number(1) or isinstance(one, N.Ones)) and rest == N.negate(of)


def _y_times_rest(y: Box) -> Box:
    """y (1 − y): its maximum 1/4 at 1/2, lower the farther from there."""
    with np.errstate(invalid="ignore"):
        ends = (without_nan(y.lo * (1 - y.lo)), without_nan(y.hi * (1 - y.hi)))
    inside = (y.lo <= 0.5) & (y.hi >= 0.5)
    high = np.where(inside, 0.25, np.maximum(*ends))
    return Box(np.minimum(*ends), high).widened()


def _matmul(e: Enclosure, node: Node) -> Box:
    factors = list(operands_of(node))
    value, value_is_diagonal = _factor(e, factors.pop())
    while factors:
        left, is_diagonal = _factor(e, factors.pop())
        if is_diagonal:
            value = left * value
        elif value_is_diagonal:
            value, value_is_diagonal = left * Box(value.lo.T, value.hi.T), False
        else:
            value = product(left, value)
    return _spread(value) if value_is_diagonal else value


def _factor(e: Enclosure, node: Node) -> tuple[Box, bool]:
    """A factor, a diagonal matrix as its diagonal in a column."""
    return (e(operands_of(node)[0]), True) if isinstance(node, N.Diag) else (e(node), False)


def _spread(column: Box) -> Box:
    return Box(np.diag(column.lo[:, 0]), np.diag(column.hi[:, 0]))


def _power(e: Enclosure, node: Node) -> Box:
    assert isinstance(node, N.Power)
    base, exponent = e(node.operands[0]), node.exponent
    if exponent.is_Integer and exponent > 0 and exponent % 2 == 0:
        k = int(exponent)
        return Box(base.smallest**k, base.largest**k).widened().meet(0.0, np.inf)
    if exponent.is_Integer and exponent > 0:
        return Box(base.lo ** int(exponent), base.hi ** int(exponent)).widened()
    if (base.lo > 0).all():
        ends = (base.lo ** float(exponent), base.hi ** float(exponent))
        return Box(np.minimum(*ends), np.maximum(*ends)).widened()
    return Box.everything(e.size(node))


def _apply(e: Enclosure, node: Node) -> Box:
    assert isinstance(node, N.Apply)
    return apply_row(node.activation, e(node.operands[0]))


def _joined(e: Enclosure, node: Node) -> Box:
    parts = [e(part) for part in operands_of(node)]
    return Box(np.concatenate([p.lo for p in parts]), np.concatenate([p.hi for p in parts]))


def _blocks(e: Enclosure, node: Node) -> Box:
    assert isinstance(node, N.BlockMatrix)
    rows = [[e(block) for block in row] for row in node.grid]
    return Box(np.block([[b.lo for b in row] for row in rows]), np.block([[b.hi for b in row] for row in rows]))


def _selector(e: Enclosure, node: Node) -> Box:
    rows, offset, columns = (int(size.xreplace(e.numbers)) for size in node.args)
    return Box.of(np.eye(rows, columns, offset))


def _transposed(e: Enclosure, node: Node) -> Box:
    box = e(operands_of(node)[0])
    return Box(box.lo.T, box.hi.T)


def _diagonal_of(e: Enclosure, node: Node) -> Box:
    box = e(operands_of(node)[0])
    return Box(np.diag(box.lo)[:, None], np.diag(box.hi)[:, None])


RULES: Mapping[type[Node], Callable[[Enclosure, Node], Box]] = MappingProxyType(
    {
        N.Number: _number,
        N.Zeros: _constant(0.0),
        N.Ones: _constant(1.0),
        N.Eye: lambda e, node: Box.of(np.eye(e.size(node)[0])),
        N.Selector: _selector,
        N.Add: _sum,
        N.Hadamard: _entrywise,
        N.Scale: _entrywise,
        N.MatMul: _matmul,
        N.Transpose: _transposed,
        N.Power: _power,
        N.Apply: _apply,
        N.Diag: lambda e, node: _spread(e(operands_of(node)[0])),
        N.DiagonalOf: _diagonal_of,
        N.Concat: _joined,
        N.BlockMatrix: _blocks,
    }
)
"""One row per node: its box from the boxes of its operands."""
