"""Law 1: a linear map, its transpose and its matrix are one thing; and every row of the table gives the derivative."""

from __future__ import annotations

import inspect

import pytest
import sympy as sp
from law_checks import check_map, check_row
from samples import NODES

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Node, Operation, Parameter, Selector, Signal, t
from symrnn.calculus import maps
from symrnn.calculus.maps import (
    Broadcast,
    Composition,
    Embed,
    Guarding,
    InnerWith,
    LinearMap,
    Sandwich,
    Scaling,
    Spread,
    SumOfMaps,
    SumOver,
    TakeDiagonal,
    Transposition,
    same,
)
from symrnn.calculus.rules import RULES
from symrnn.errors import NotYetError

ONE, TWO, THREE = sp.Integer(1), sp.Integer(2), sp.Integer(3)
A, B, S = Parameter("A", (2, 3)), Parameter("B", (3, 2)), Parameter("S", (3, 3))
X, v, s = Parameter("X", (2, 3)), Parameter("v", (3, 1)), Parameter("s", (1, 1))
D = Parameter("D", (3, 3), "diagonal")
ROW, COLUMN, GRID, SCALAR = (ONE, THREE), (THREE, ONE), (TWO, THREE), (ONE, ONE)

MAPS: list[tuple[LinearMap, tuple[sp.Expr, sp.Expr], tuple[sp.Expr, sp.Expr]]] = [
    (Sandwich(A, B, (THREE, THREE)), (THREE, THREE), (TWO, TWO)),
    (Sandwich(A, None, (THREE, THREE)), (THREE, THREE), (TWO, THREE)),
    (Sandwich(None, B, GRID), GRID, (TWO, TWO)),
    (Sandwich(A, None, COLUMN), COLUMN, (TWO, ONE)),
    (Sandwich(None, B, ROW), ROW, (ONE, TWO)),
    (Sandwich(v, None, SCALAR), SCALAR, COLUMN),
    (Sandwich(N.Diag(v), D, (THREE, THREE)), (THREE, THREE), (THREE, THREE)),
    (Sandwich(Selector(2, 1, 3), None, COLUMN), COLUMN, (TWO, ONE)),
    (Sandwich(N.Transpose(Selector(2, 1, 3)), None, (TWO, TWO)), (TWO, TWO), (THREE, TWO)),
    (same(GRID), GRID, GRID),
    (same(COLUMN), COLUMN, COLUMN),
    (Scaling(X, GRID), GRID, GRID),
    (Scaling(v, COLUMN), COLUMN, COLUMN),
    (Scaling(s, GRID), GRID, GRID),
    (Scaling(s, COLUMN), COLUMN, COLUMN),
    (Scaling(s, SCALAR), SCALAR, SCALAR),
    (Transposition(GRID), GRID, (THREE, TWO)),
    (Transposition(COLUMN), COLUMN, ROW),
    (Transposition(ROW), ROW, COLUMN),
    (Spread(X), SCALAR, GRID),
    (Spread(v), SCALAR, COLUMN),
    (Spread(s), SCALAR, SCALAR),
    (InnerWith(X), GRID, SCALAR),
    (InnerWith(v), COLUMN, SCALAR),
    (InnerWith(s), SCALAR, SCALAR),
    (Embed(THREE), COLUMN, (THREE, THREE)),
    (Embed(ONE), SCALAR, SCALAR),
    (TakeDiagonal(THREE), (THREE, THREE), COLUMN),
    (SumOver(t, ONE, THREE, COLUMN), COLUMN, COLUMN),
    (Broadcast(t, ONE, THREE, COLUMN), COLUMN, COLUMN),
    (Guarding(ONE, TWO, THREE, GRID), GRID, GRID),
    (Guarding(THREE, TWO, THREE, GRID), GRID, GRID),
    (SumOfMaps((Scaling(v, COLUMN), Sandwich(S, None, COLUMN))), COLUMN, COLUMN),
    (SumOfMaps((Scaling(X, GRID), Composition((Spread(X), InnerWith(A))))), GRID, GRID),
    (Composition((Sandwich(A, None, COLUMN), Scaling(v, COLUMN), Sandwich(S, None, COLUMN))), COLUMN, (TWO, ONE)),
    (Composition((Transposition((TWO, THREE)), Sandwich(None, S, GRID))), GRID, (THREE, TWO)),
]


@pytest.mark.parametrize(
    ("local", "source", "target"), MAPS, ids=lambda one: str(one) if isinstance(one, LinearMap) else ""
)
def test_a_map_its_transpose_and_its_matrix_agree(
    local: LinearMap, source: tuple[sp.Expr, sp.Expr], target: tuple[sp.Expr, sp.Expr]
) -> None:
    """⟨u, L v⟩ = ⟨Lᵀu, v⟩, M vec(v) = vec(L v), the matrix of Lᵀ is Mᵀ, and (Lᵀ)ᵀ = L."""
    check_map(local, source, target)
    check_map(local.transpose(), target, source)


def test_every_class_of_maps_is_held_to_the_law() -> None:
    """A class of maps that is added later has to be added to the list above."""
    classes = {one for _, one in inspect.getmembers(maps, inspect.isclass) if issubclass(one, LinearMap)} - {LinearMap}
    assert classes == {type(local) for local, _, _ in MAPS}


@pytest.mark.parametrize("node", [node for nodes in NODES.values() for node in nodes], ids=str)
def test_every_row_is_the_derivative_of_its_operation(node: Node) -> None:
    """Σ over operands of L(ẋ) is the slope of the operation over dual numbers, and each L keeps the law of maps."""
    check_row(node)


def test_a_diagonal_factor_is_its_own_transpose() -> None:
    """D is stored as a full matrix whose structure says diagonal."""
    assert N.transpose(D) == D


def _operations() -> set[type[Operation]]:
    found, waiting = set[type[Operation]](), [Operation]
    while waiting:
        below = waiting.pop().__subclasses__()
        found |= set(below)
        waiting += below
    return found


def test_every_operation_has_a_row() -> None:
    """Absence is explicit: an operation without a rule has a row that says why."""
    assert _operations() == set(RULES)


ABSENT = {
    N.Vec(X): "vec",
    N.Kronecker(A, B): "⊗",
    N.BlockMatrix(2, S, S): "block matrices",
    N.Product(Signal("J", (3, 3), t), t, 3, 1): "ordered products",
    N.MatPower(S, 2): "matrix powers",
}


@pytest.mark.parametrize("node", ABSENT, ids=str)
def test_results_that_are_not_differentiated_say_so(node: Operation) -> None:
    """vec, ⊗, block matrices, ordered products and matrix powers stand only in results."""
    with pytest.raises(NotYetError) as caught:
        RULES[type(node)](node, node)
    assert ABSENT[node] in caught.value.found
    assert caught.value.write


def test_rows_and_samples_cover_the_table() -> None:
    """Every row is tried on a node, or is one of the absent ones."""
    assert set(NODES) | {type(node) for node in ABSENT} == set(RULES)
