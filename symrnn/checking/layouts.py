"""In which layout a text writes derivatives: gradients as columns or as rows, Jacobians by numerator or denominator.

A column state has four habits. `∂L/∂h_{t-1} = Wᵀ δ_t` has gradients as columns, this library's own; most chain rules in
books, `∂L/∂h_{t-1} = ∂L/∂h_t ∂h_t/∂h_{t-1}`, have them as rows; in denominator layout the factors stand the other way
round. A formula whose shapes do not fit is read in the others; a layout in which its shapes fit decides it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

from symrnn.algebra.nodes import Block, Node
from symrnn.algebra.reading.syntax import Syntax, Transposed, walk
from symrnn.checking.claims import Kind, Working
from symrnn.checking.matrices import Matrix, Value, as_plain, columns_of, transposed
from symrnn.checking.mentions import is_symbolic, names_of
from symrnn.checking.naming import LOSS_NAMES, Derivative, Known, name_of
from symrnn.checking.page import Page

MOST_LOOKED_AT = 12
LAYOUTS = ("with gradients as rows", "in denominator layout")
"""What is said of a formula in another layout than that of columns."""
LEAST = 2
"""So many formulas must be right in denominator layout only: one may be a slip."""


@dataclass(frozen=True)
class Layout:
    """How derivatives are laid out where states are columns."""

    rows: bool = False
    """Whether the gradient of a column is a row."""
    denominator: bool = False
    """Whether Jacobians are in denominator layout."""
    weights: Literal["as they are", "transposed", "stacked"] = "as they are"
    """What the gradient of a matrix is: of its shape, turned, or its entries column by column."""
    deltas: bool = True
    """Whether δ is laid out as a ∂ is."""

    def laid(self, name: Known, value: Value) -> Value:
        """A gradient as this layout writes it, from one that has the shape of what it belongs to."""
        if not isinstance(value, Matrix) or not (self.deltas or isinstance(name, Derivative)):
            return value
        if value.shape[1] > 1 and self.weights != "as they are":
            value = transposed(value) if self.weights == "transposed" else columns_of(value)
            return transposed(value) if self.rows and self.weights == "stacked" else value
        return transposed(value) if self.rows and value.shape[1] == 1 else value


NUMERATOR = tuple(
    Layout(rows=True, weights=weights, deltas=deltas)
    for deltas in (True, False)
    for weights in ("as they are", "transposed", "stacked")
)
"""Gradients as rows, in order of use."""
DENOMINATOR = (Layout(denominator=True), Layout(denominator=True, weights="stacked"))


def is_of_a_loss(node: Node, name: Known) -> bool:
    """Whether a block is the gradient of one step's loss, `∂L_t/∂h_t`, and no Jacobian."""
    return isinstance(node, Block) and isinstance(name, Derivative) and name.of.whole in LOSS_NAMES


def gradient_of(row: Matrix, rows: int) -> Value:
    """The gradient in the shape of what it belongs to, of `rows` rows, from its entries side by side."""
    entries = row.rows[0]
    return as_plain(Matrix(tuple(entries[at::rows] for at in range(rows))))


@dataclass(frozen=True)
class Shown:
    """The layout that a text's own formulas show."""

    numerator: bool = False
    """By a formula with a Jacobian in it, a chain rule in the order of books maybe."""
    spelled: bool = False
    """By a Jacobian that is spelled out."""
    denominator: bool = False
    columns: bool = False
    """By a gradient of columns with a transpose in it: `Wᵀ δ_t`, `δ_t h_{t-1}ᵀ`."""

    def others(self) -> tuple[Layout, ...]:
        """The layouts a formula may be in whose shapes do not fit as they are."""
        rows = (one for one in NUMERATOR if not (self.columns and one.weights == "transposed"))
        return (*rows, *(() if self.numerator else DENOMINATOR))


NOTHING_SHOWN = Shown()


def shown_in(working: Working, formulas: Any) -> Shown:
    """The layout that the Jacobians of a text show.

    One formula that only numerator layout makes right is enough, as that is what everything is read in; denominator
    layout needs several, and none that speaks against it.
    """
    if max(formulas.points[0].dimensions, default=1) == 1:
        return NOTHING_SHOWN
    found = list(islice(_gradients_and_jacobians(working), MOST_LOOKED_AT))
    page, turned = Page(formulas.points[0]), replace(formulas, denominator=True)
    numerator = spelled = denominator = 0
    for left, right in found:
        if has_jacobian(left) or has_jacobian(right):
            as_is, other = (bool(one.judge(left, right, page, quick=True).agree) for one in (formulas, turned))
            numerator += as_is and not other
            spelled += as_is and not other and has_jacobian(left) and not has_jacobian(right)
            denominator += other and not as_is
    columns = any(_is_of_columns(left, right, formulas, page) for left, right in found)
    if numerator:
        return Shown(numerator >= denominator, spelled > 0 and spelled >= denominator, False, columns)
    return Shown(denominator=denominator >= LEAST, columns=columns)


def _is_of_columns(left: Syntax, right: Syntax, formulas: Any, page: Page) -> bool:
    if has_jacobian(left) or has_jacobian(right) or not any(isinstance(piece, Transposed) for piece in walk(right)):
        return False
    outcome = formulas.judge(left, right, page, quick=True)
    return bool(outcome.agree) and (outcome.reason is None or outcome.reason.message not in LAYOUTS)


def _gradients_and_jacobians(working: Working) -> Iterator[tuple[Syntax, Syntax]]:
    """The formulas with a derivative on the left or a Jacobian on the right, in which a layout shows."""
    for line in working.lines:
        for claim in line.claims:
            for link in claim.links if claim.kind == Kind.EQUATION else ():
                if is_symbolic(link.left) and is_symbolic(link.right):
                    is_derivative = isinstance(name_of(link.left), Derivative)
                    if is_derivative or has_jacobian(link.left) or has_jacobian(link.right):
                        yield link.left, link.right


def has_jacobian(tree: Syntax) -> bool:
    """Whether the derivative of a quantity that is no loss stands in a formula."""
    return any(
        isinstance(name, Derivative) and not name.packed and name.of.whole not in LOSS_NAMES for name in names_of(tree)
    )
