"""The same cell with other parameters: a bias for each product, or one matrix for [h; x]. Each with its map.

Reads a Program; returns a `Variant`: the other Program, and how the parameters and gradients of the two go over into
each other. Promises: at parameters that correspond both compute the same, and each gradient of one is the image of
those of the other under the map.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import sympy as sp

from symrnn.algebra.nodes import (
    Add,
    Adjoint,
    BlockMatrix,
    Concat,
    Hadamard,
    MatMul,
    Node,
    Parameter,
    Selector,
    Signal,
    add,
    matmul,
    names_in,
    operands_of,
    subexpressions,
    transpose,
    zeros,
)
from symrnn.algebra.programs import Equation, Program, Reason, lag_of
from symrnn.algebra.substitution import replace_nodes
from symrnn.errors import InputError

MAP = Reason("parameter map")


@dataclass(frozen=True)
class Variant:
    """A Program, the one it came from, and the map between their parameters and gradients, as equations.

    `parameters` give the original's in terms of the variant's, `inverse` the variant's in terms of the original's (one
    choice, where many give the same cell); `gradients` and `original_gradients` do the same for ∂L/∂.
    """

    name: str
    original: Program
    program: Program
    parameters: tuple[Equation, ...] = ()
    inverse: tuple[Equation, ...] = ()
    gradients: tuple[Equation, ...] = ()
    original_gradients: tuple[Equation, ...] = ()


@dataclass(frozen=True)
class _Change:
    """One sum rewritten, and the four lines of its map."""

    old: Node
    new: Node
    gone: tuple[Parameter, ...]
    parameters: tuple[Equation, ...]
    inverse: tuple[Equation, ...]
    gradients: tuple[Equation, ...]
    original_gradients: tuple[Equation, ...]


def variant(program: Program, name: str) -> Variant:
    """The Program with another structure of parameters, and the map between the two.

    "split_biases": W_x x + W_h h + b becomes W_x x + b_Wx + W_h h + b_Wh, where b = b_Wx + b_Wh.
    "concatenated": W_h h + W_x x becomes W_hx [h; x], where W_hx = [W_h, W_x].

    >>> from symrnn.cells import rnn
    >>> other = variant(rnn(), "split_biases")
    >>> print(other.program)
    h_t = tanh(W_h h_{t-1} + b_Wh + W_x x_t + b_Wx)
    >>> print(*other.parameters, *other.gradients, sep="\\n")
    b = b_Wh + b_Wx
    ∂L/∂b_Wh = ∂L/∂b
    ∂L/∂b_Wx = ∂L/∂b
    """
    if name not in VARIANTS:
        raise InputError(name, found="no such variant", write="one of: " + ", ".join(VARIANTS))
    uses = Counter(_parameters_used(program))
    taken = {part.name for equation in program for part in (equation.target, *equation.reads) if hasattr(part, "name")}
    changes: list[_Change] = []
    equations: list[Equation] = []
    for equation in program:
        found = [
            change
            for site in dict.fromkeys(subexpressions(equation.expression))
            if isinstance(site, Add) and (change := VARIANTS[name](program, site, uses, taken)) is not None
        ]
        changes += found
        equations.append(replace(equation, expression=_replaced(equation.expression, found)))
    if not changes:
        return Variant(name, program, program)
    gone = {parameter for change in changes for parameter in change.gone}
    read = {part for equation in equations for part in equation.reads if isinstance(part, Parameter)}
    ordered = dict.fromkeys(part for equation in equations for part in equation.reads if part in read - gone)
    return Variant(
        name,
        program,
        replace(program, equations=tuple(equations), parameters=tuple(ordered)),
        *(tuple(line for change in changes for line in getattr(change, field)) for field in _LINES),
    )


_LINES = ("parameters", "inverse", "gradients", "original_gradients")


def _replaced(node: Node, changes: Iterable[_Change]) -> Node:
    # Sums within sums: the inner ones first, so that the outer ones are still found.
    table = {change.old: change.new for change in changes}
    inside = {old: replace_nodes(new, {k: v for k, v in table.items() if k != old}) for old, new in table.items()}
    return replace_nodes(node, inside)


def _parameters_used(program: Program) -> Iterator[Parameter]:
    for equation in program:
        yield from (part for part in subexpressions(equation.expression) if isinstance(part, Parameter))


def _same(left: Node, right: Node) -> Equation:
    assert isinstance(left, Parameter | Adjoint)
    return Equation(left, right, MAP)


# --- a bias for each product ---------------------------------------------------------------------------------------


def _split(program: Program, site: Add, uses: Mapping[Parameter, int], taken: set[str]) -> _Change | None:
    """W x + U h + b as W x + b_W + U h + b_U."""
    terms = site.operands
    biases = [term for term in terms if isinstance(term, Parameter) and uses[term] == 1]
    owners = {position: owner for position, term in enumerate(terms) if (owner := _acting(term)) is not None}
    if len(biases) != 1 or len(owners) < 2:
        return None
    (bias,) = biases
    shares = {
        position: Parameter(_fresh("b_" + owner.name.replace("_", ""), taken), *bias.shape)
        for position, owner in owners.items()
    }
    parts = tuple(shares.values())
    kept = ((position, term) for position, term in enumerate(terms) if term != bias)
    new = Add(*(part for position, term in kept for part in (term, shares.get(position)) if part is not None))
    return _Change(
        old=site,
        new=new,
        gone=(bias,),
        parameters=(_same(bias, add(*parts)),),
        inverse=(_same(parts[0], bias), *(_same(part, zeros(bias.shape)) for part in parts[1:])),
        gradients=tuple(_same(Adjoint(part), Adjoint(bias)) for part in parts),
        original_gradients=(_same(Adjoint(bias), Adjoint(parts[0])),),
    )


def _acting(term: Node) -> Parameter | None:
    """The parameter a product begins with, if the term is one."""
    if isinstance(term, MatMul | Hadamard) and isinstance(term.operands[0], Parameter):
        return term.operands[0]
    return None


# --- one matrix for what stands side by side -------------------------------------------------------------------------


def _joined(program: Program, site: Add, uses: Mapping[Parameter, int], taken: set[str]) -> _Change | None:
    """U h + W x as [U, W] [h; x], what comes from the step before first."""
    found = [term for term in site.operands if _is_plain_product(term, uses)]
    if len(found) < 2:
        return None
    products = sorted(found, key=lambda term: not _is_lagged(term, program))
    matrices = [operands_of(term)[0] for term in products]
    vectors = [matmul(*operands_of(term)[1:]) for term in products]
    parts = [part for part in matrices if isinstance(part, Parameter)]
    total = sp.Add(*(part.shape[1] for part in parts))
    joint = Parameter(_fresh(_joint_name(parts, vectors, program), taken), parts[0].shape[0], total)
    others = [term for term in site.operands if term not in found]
    place = site.operands.index(found[0])
    before = [term for term in site.operands[:place] if term in others]
    new = add(*before, MatMul(joint, Concat(*vectors)), *(term for term in others if term not in before))
    return _Change(
        old=site,
        new=new,
        gone=tuple(parts),
        parameters=_columns(parts, joint, total),
        inverse=(_same(joint, BlockMatrix(len(parts), *parts)),),
        gradients=(_same(Adjoint(joint), BlockMatrix(len(parts), *map(Adjoint, parts))),),
        original_gradients=_columns([Adjoint(part) for part in parts], Adjoint(joint), total),
    )


def _is_plain_product(term: Node, uses: Mapping[Parameter, int]) -> bool:
    """W v with a full matrix W that nothing else reads, and v free of parameters of its own."""
    if not isinstance(term, MatMul) or term.shape[1] != 1:
        return False
    first = term.operands[0]
    return isinstance(first, Parameter) and first.structure == "full" and uses[first] == 1


def _is_lagged(term: Node, program: Program) -> bool:
    lags = [lag_of(name, program.steps.index) for name in names_in(term) if isinstance(name, Signal)]
    return any(lag is not None and lag < 0 for lag in lags)


def _columns(parts: Sequence[Parameter | Adjoint], joint: Node, total: sp.Expr) -> tuple[Equation, ...]:
    """Each part as its columns of the joint matrix: U = W Eᵀ."""
    offset: sp.Expr = sp.S.Zero
    lines: list[Equation] = []
    for part in parts:
        size = part.shape[1]
        lines.append(_same(part, matmul(joint, transpose(Selector(size, offset, total)))))
        offset = offset + size
    return tuple(lines)


def _joint_name(parts: Sequence[Parameter], vectors: Sequence[Node], program: Program) -> str:
    """W_hx of W_h and W_x; W_f_hx of U_f and W_f."""
    endings = {part.name.partition("_")[2] for part in parts}
    shared = f"_{endings.pop()}" if len(endings) == 1 and "" not in endings else ""
    return f"W{shared}_" + "".join(_letter(vector, program) for vector in vectors)


def _letter(vector: Node, program: Program) -> str:
    signals = [name for name in names_in(vector) if isinstance(name, Signal)]
    lagged = [name for name in signals if _is_lagged(name, program)]
    return (lagged or signals)[0].name.replace("_", "") if signals else "v"


def _fresh(name: str, taken: set[str]) -> str:
    """The name, or with a number where it is taken."""
    free = next(one for one in (name, *(f"{name}{k}" for k in range(2, 10_000))) if one not in taken)
    taken.add(free)
    return free


Change = Callable[[Program, Add, Mapping[Parameter, int], set[str]], _Change | None]
VARIANTS: Mapping[str, Change] = MappingProxyType({"split_biases": _split, "concatenated": _joined})
"""What is done to each sum of a Program, by the variant's name."""
