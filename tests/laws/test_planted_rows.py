"""A planted wrong row is found: for every row of the table, every mistake that makes sense, by every mode it spoils.

Each mistake is a wrong row; `adjoint`, `tangent` and `jacobian` take the table as an argument. What finds it are the
functions that the law tests call, on a small Program that uses the operation, and on nodes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import pytest
import sympy as sp
from law_checks import (
    Broken,
    Setting,
    check_duality,
    check_gradients,
    check_jacobian,
    check_row,
    check_tangents,
    sized,
)
from samples import NODES, PROGRAMS

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import Node, Number, Operation, Selector
from symrnn.calculus.maps import (
    Composition,
    InnerWith,
    LinearMap,
    Sandwich,
    Scaling,
    Spread,
    SumOfMaps,
    SumOver,
    same,
)
from symrnn.calculus.rules import RULES, Row, Rules

Maps = tuple[LinearMap | None, ...]
Mistake = Callable[[Node, Node, Maps], Maps]
"""From the node, its answer and the right maps to the wrong ones."""

# --- mistakes that any row can have ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wrong(LinearMap):
    """A map of which one mode is not the map's own."""

    right: LinearMap
    wrong: LinearMap
    mode: str

    def apply(self, operand: Node) -> Node:
        """L(X)."""
        return (self.wrong if self.mode == "apply" else self.right).apply(operand)

    def transpose(self) -> LinearMap:
        """Lᵀ."""
        return (self.wrong if self.mode == "transpose" else self.right).transpose()

    def matrix(self) -> Node:
        """The matrix of L."""
        return (self.wrong if self.mode == "matrix" else self.right).matrix()


def times(number: int, local: LinearMap, shape: N.Shape) -> LinearMap:
    """k L."""
    return Composition((Scaling(Number(number), shape), local))


def on_last(change: Callable[[LinearMap, Node], LinearMap | None]) -> Mistake:
    """A mistake in the map of the last operand."""

    def mistake(node: Node, answer: Node, maps: Maps) -> Maps:
        last = maps[-1]
        assert last is not None
        return (*maps[:-1], change(last, node))

    return mistake


share_dropped = on_last(lambda local, node: None)
sign_flipped = on_last(lambda local, node: times(-1, local, node.shape))
counted_twice = on_last(lambda local, node: times(2, local, node.shape))


def one_mode_doubled(mode: str) -> Mistake:
    """The map is right but for one of its three answers."""
    return on_last(lambda local, node: Wrong(local, times(2, local, node.shape), mode))


# --- mistakes of one row --------------------------------------------------------------------------------------------


def sandwich_not_transposed(node: Node, answer: Node, maps: Maps) -> Maps:
    """W ā for Wᵀ ā."""

    def keep(local: LinearMap) -> LinearMap:
        assert isinstance(local, Sandwich)
        sides = [None if side is None else N.transpose(side) for side in (local.left, local.right)]
        return Wrong(local, Sandwich(sides[0], sides[1], local.source), "transpose")

    return tuple(keep(local) if _is_square(local) else local for local in maps if local is not None)


def _is_square(local: LinearMap) -> bool:
    sides = (local.left, local.right) if isinstance(local, Sandwich) else ()
    return all(side is None or side.shape[0] == side.shape[1] for side in sides)


def matrices_swapped(node: Node, answer: Node, maps: Maps) -> Maps:
    """V W ẋ for W V ẋ."""
    first, second = N.operands_of(node)[:2]
    if len(maps) != 3 or first.shape != second.shape:
        return maps
    return (*maps[:2], Sandwich(N.matmul(second, first), None, N.operands_of(node)[2].shape))


def own_factor(node: Node, answer: Node, maps: Maps) -> Maps:
    """x ⊙ ẋ for y ⊙ ẋ."""
    return tuple(Scaling(operand, node.shape) for operand in N.operands_of(node))


def factor_forgotten(node: Node, answer: Node, maps: Maps) -> Maps:
    """ẋ for y ⊙ ẋ."""
    return tuple(same(node.shape) for _ in maps)


def only_first_factor(node: Node, answer: Node, maps: Maps) -> Maps:
    """(x y)˙ = ẋ y."""
    return (maps[0], *(None for _ in maps[1:]))


def scaled_by(weight: Callable[[Node, Node], Node]) -> Mistake:
    """Another weight in front of ẋ."""
    return lambda node, answer, maps: (Scaling(weight(node, answer), node.shape),)


def _argument(node: Node) -> Node:
    return N.operands_of(node)[-1]


def _exponent(node: Node) -> sp.Expr:
    assert isinstance(node, N.Power)
    return node.exponent


def along(weight: Callable[[Node], Node], operand: int = 0) -> Mistake:
    """⟨A, ẋ⟩ with another A."""
    return lambda node, answer, maps: tuple(
        InnerWith(weight(node)) if position == operand else local for position, local in enumerate(maps)
    )


def _probabilities(node: Node) -> Node:
    return N.Softmax(_argument(node))


def selectors_at_top(node: Node, answer: Node, maps: Maps) -> Maps:
    """Every part put where the first one stands."""
    rows = node.shape[0]
    return tuple(
        Sandwich(N.transpose(Selector(part.shape[0], 0, rows)), None, part.shape) for part in N.operands_of(node)
    )


def softmax_pairs(sign: int) -> Mistake:
    """diag(p) − ppᵀ with another sign, or without the pairs."""

    def mistake(node: Node, answer: Node, maps: Maps) -> Maps:
        pairs = Composition((Spread(N.scale(Number(sign), answer)), InnerWith(answer)))
        return (SumOfMaps((Scaling(answer, node.shape), pairs)) if sign else Scaling(answer, node.shape),)

    return mistake


def first_step_lost(node: Node, answer: Node, maps: Maps) -> Maps:
    """Σ_{t=2}^{T} for Σ_{t=1}^{T}."""
    assert isinstance(node, N.Sum)
    index, lo, hi = node.range
    return (SumOver(index, lo + 1, hi, node.shape),)


def without_guard(node: Node, answer: Node, maps: Maps) -> Maps:
    """The share counted at every step."""
    return (same(node.shape),)


ONE = sp.S.One
SLOPES: dict[str, Callable[[Node, Node], Node]] = {
    "f' forgotten": lambda node, h: N.ones(node.shape),
    "f for f'": lambda node, h: h,
    "square forgotten: 1 - h": lambda node, h: 1 - h,
    "σ' for tanh': h (1 - h)": lambda node, h: h * (1 - h),
    "sign: 1 + h²": lambda node, h: 1 + h**2,
    "argument for output: 1 - a²": lambda node, h: 1 - _argument(node) ** 2,
    "f'(a) at the wrong place: f(f(a))": lambda node, h: 1 - N.apply(lookup("tanh"), h) ** 2,
}

OWN: dict[type[Operation], dict[str, Mistake]] = {
    N.Add: {"only the first term": only_first_factor},
    N.Hadamard: {
        "factors swapped": own_factor,
        "factor forgotten": factor_forgotten,
        "only the first factor": only_first_factor,
    },
    N.MatMul: {"factors swapped": matrices_swapped, "only the first factor": only_first_factor},
    N.Scale: {
        "the scalar held fixed": lambda node, answer, maps: (None, maps[1]),
        "the scalar forgotten": lambda node, answer, maps: (maps[0], same(node.shape)),
        "⟨s X, ·⟩ for ⟨X, ·⟩": lambda node, answer, maps: (Spread(answer), maps[1]),
    },
    N.Transpose: {},
    N.Power: {
        "exponent not lowered": scaled_by(lambda x, y: Number(_exponent(x)) * y),
        "exponent not in front": scaled_by(lambda x, y: N.power(_argument(x), _exponent(x) - 1)),
        "exponent lowered twice": scaled_by(
            lambda x, y: Number(_exponent(x)) * N.power(_argument(x), _exponent(x) - 2)
        ),
        "the power itself": scaled_by(lambda x, y: y),
    },
    N.Apply: {name: scaled_by(slope) for name, slope in SLOPES.items()},
    N.Diag: {"a row of it everywhere": lambda x, y, maps: (Sandwich(None, N.Ones(1, x.shape[0]), (x.shape[0], ONE)),)},
    N.DiagonalOf: {"row sums": lambda x, y, maps: (Sandwich(None, N.Ones(x.shape[0], 1), (x.shape[0], x.shape[0])),)},
    N.SquaredNorm: {
        "2 forgotten": along(_argument),
        "2 squared": along(lambda node: 4 * _argument(node)),
        "the sum for the norm": along(lambda node: N.ones(_argument(node).shape)),
        "squared error for error": along(lambda node: 2 * _argument(node) * _argument(node)),
    },
    N.Inner: {
        "factors swapped": lambda x, y, maps: (maps[1], maps[0]),
        "only the first factor": only_first_factor,
    },
    N.Concat: {"every part at the top": selectors_at_top},
    N.Softmax: {
        "only the diagonal": softmax_pairs(0),
        "sign: diag(p) + ppᵀ": softmax_pairs(1),
        "σ' for every entry": scaled_by(lambda x, p: p * (1 - p)),
    },
    N.CrossEntropy: {
        "y - p": along(lambda x: N.operands_of(x)[0] - _probabilities(x), 1),
        "p without y": along(_probabilities, 1),
        "stopped at the probability: -y/p": along(lambda x: -N.operands_of(x)[0] / _probabilities(x), 1),
        "sign of the log": along(lambda x: N.apply(lookup("log"), _probabilities(x)), 0),
        "the target held fixed": lambda x, y, maps: (None, maps[1]),
    },
    N.Opaque: {},
    N.Sum: {"first step lost": first_step_lost},
    N.Guarded: {"guard forgotten": without_guard},
}
"""Mistakes of one row's own."""

ANY: dict[str, Mistake] = {
    "share dropped": share_dropped,
    "sign flipped": sign_flipped,
    "counted twice": counted_twice,
}
"""Mistakes that spoil every mode alike."""

# --- what finds them ------------------------------------------------------------------------------------------------

CHECKS: dict[str, Callable[[type[Operation], Rules], None]] = {
    "row": lambda operation, rules: [check_row(node, rules) for node in NODES[operation]] and None,  # type: ignore[func-returns-value]  # for effect
    "adjoint": lambda operation, rules: check_gradients(setting(operation), rules),
    "tangent": lambda operation, rules: check_tangents(setting(operation), rules),
    "duality": lambda operation, rules: check_duality(setting(operation), rules),
    "jacobian": lambda operation, rules: check_jacobian(setting(operation), rules),
}

NOT_ON_THE_WAY = {
    N.CrossEntropy: "stands in the loss, which no step Jacobian passes",
    N.Opaque: "stands in the loss, which no step Jacobian passes",
    N.Sum: "stands in the loss, which no step Jacobian passes",
}
"""Rows that `jacobian` does not reach, and why."""

BOUNDS_FROM_THE_NODE = "the adjoint takes the bounds of a sum from the node: its transpose, the broadcast, has none"


def setting(operation: type[Operation]) -> Setting:
    """The sample of an operation with sizes, over 3 steps."""
    return Setting(sized(PROGRAMS[operation]()), 3)


def planted(operation: type[Operation], mistake: Mistake) -> Rules:
    """The table with one wrong row."""
    right: Row = RULES[operation]

    def row(node: Node, answer: Node) -> Maps:
        return mistake(node, answer, right(node, answer))

    return MappingProxyType({**RULES, operation: row})  # type: ignore[dict-item]  # a row


def finders(operation: type[Operation], mistake: Mistake) -> set[str]:
    """The checks that a mistake breaks."""
    found, rules = set(), planted(operation, mistake)
    for name, check in CHECKS.items():
        if name == "jacobian" and operation in NOT_ON_THE_WAY:
            continue
        try:
            check(operation, rules)
        except Broken:
            found.add(name)
    return found


EVERY_MODE = [(operation, name, mistake) for operation in PROGRAMS for name, mistake in (ANY | OWN[operation]).items()]


@pytest.mark.parametrize(
    ("operation", "name", "mistake"), EVERY_MODE, ids=lambda one: getattr(one, "__name__", str(one))
)
def test_a_wrong_row_is_found_in_every_mode(operation: type[Operation], name: str, mistake: Mistake) -> None:
    """A wrong map spoils adjoint, tangent and step Jacobian alike, and each is found by itself."""
    expected = {"adjoint", "tangent", "jacobian"}
    if operation in NOT_ON_THE_WAY:
        expected.remove("jacobian")
    if name == "first step lost":
        assert BOUNDS_FROM_THE_NODE
        expected.remove("adjoint")
    assert expected <= finders(operation, mistake)


ONE_MODE = [
    ("apply", {"tangent", "duality"}),
    ("transpose", {"adjoint", "duality"}),
    ("matrix", {"jacobian"}),
]


@pytest.mark.parametrize(("mode", "expected"), ONE_MODE, ids=[mode for mode, _ in ONE_MODE])
@pytest.mark.parametrize("operation", PROGRAMS, ids=lambda one: one.__name__)
def test_a_mistake_in_one_answer_of_a_map_is_found(operation: type[Operation], mode: str, expected: set[str]) -> None:
    """Where only apply, only the transpose or only the matrix is wrong, that mode tells, and the laws of maps do."""
    wanted = expected - ({"jacobian"} if operation in NOT_ON_THE_WAY else set()) | {"row"}
    assert wanted <= finders(operation, one_mode_doubled(mode))


def test_a_transpose_dropped_is_found() -> None:
    """W ā for Wᵀ ā: only what goes backwards is wrong."""
    found = finders(N.MatMul, sandwich_not_transposed)
    assert {"adjoint", "duality"} <= found
    assert not {"tangent", "jacobian"} & found


def test_a_transposition_that_keeps_its_operand_is_found() -> None:
    """Ẋ for Ẋᵀ, where X is square."""

    def keep(node: Node, answer: Node, maps: Maps) -> Maps:
        return (same(node.shape),) if node.shape[0] == node.shape[1] else maps

    assert "adjoint" in finders(N.Transpose, keep)


def test_every_row_is_planted_with_mistakes() -> None:
    """No row is left out but those that are absent, which raise instead."""
    assert set(OWN) == set(PROGRAMS) == set(NODES)


def test_the_right_table_breaks_nothing() -> None:
    """The same checks pass with the table as it is."""
    for operation in PROGRAMS:
        assert finders(operation, lambda node, answer, maps: maps) == set()
