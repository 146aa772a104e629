"""Small nodes and Programs that between them use every operation: what laws and planted mistakes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy as sp

from symrnn.algebra.nodes import (
    Add,
    Apply,
    Concat,
    CrossEntropy,
    Diag,
    DiagonalOf,
    Guarded,
    Hadamard,
    Inner,
    MatMul,
    Node,
    Number,
    Opaque,
    Operation,
    Parameter,
    Power,
    Scale,
    Signal,
    Softmax,
    SquaredNorm,
    Sum,
    T,
    Transpose,
    m,
    n,
    t,
)
from symrnn.algebra.programs import STEPS, Equation, Program
from symrnn.models.losses import with_generic_loss, with_loss

h = Signal("h", (n, 1), t)
before = h.at(t - 1)
x = Signal("x", (m, 1), t)
W = Parameter("W", (n, n))
V = Parameter("V", (n, n))
U = Parameter("U", (n, m))
b = Parameter("b", (n, 1))
s = Parameter("s", (1, 1))
G = Parameter("G", (n, m + n))
D = Parameter("D", (n, n), "diagonal")


def cell(expression: Node, *parameters: Parameter) -> Program:
    """`h_t = expression`, with the parameters and inputs it reads."""
    equation = Equation(h, expression, domain=(STEPS,))
    reads = equation.reads
    return Program(
        "sample",
        (equation,),
        inputs=(x,) if x in reads else (),
        parameters=tuple(name for name in reads if isinstance(name, Parameter)),
        states=(h,),
        initials=(h.at(0),),
        outputs=(h,),
    )


def _every_step(body: Node) -> Program:
    """L = Σ_t ℓ_t with ℓ_t of the body, over a linear cell."""
    step, loss = Signal("l", (1, 1), t), Signal("L", (1, 1))
    base = cell(Add(MatMul(W, before), MatMul(U, x)))
    equations = (
        *base.equations,
        Equation(step, body, domain=(STEPS,)),
        Equation(loss, Sum(step, t, 1, T)),
    )
    return Program(
        "sample",
        equations,
        inputs=base.inputs,
        parameters=(*base.parameters, *(p for p in equations[1].reads if isinstance(p, Parameter))),
        states=(h,),
        initials=(h.at(0),),
        outputs=(h,),
        loss=loss,
    )


PROGRAMS: Mapping[type[Operation], Callable[[], Program]] = {
    Add: lambda: cell(Add(b, MatMul(W, before), MatMul(V, Hadamard(before, before)))),
    Hadamard: lambda: cell(Hadamard(Add(MatMul(W, before), b), before, Add(b, before))),
    MatMul: lambda: cell(MatMul(W, V, before)),
    Scale: lambda: cell(Scale(Inner(before, b), MatMul(W, before))),
    Transpose: lambda: cell(Add(MatMul(Transpose(W), before), Scale(MatMul(Transpose(before), b), b))),
    Power: lambda: cell(Power(Add(MatMul(W, before), b), 3)),
    Apply: lambda: cell(Apply("tanh", Add(MatMul(W, before), MatMul(U, x), b))),
    Diag: lambda: cell(MatMul(Diag(MatMul(W, before)), V, before)),
    DiagonalOf: lambda: cell(DiagonalOf(MatMul(W, Diag(before), V))),
    SquaredNorm: lambda: cell(Scale(SquaredNorm(before), MatMul(W, before))),
    Inner: lambda: cell(Scale(Inner(MatMul(W, before), MatMul(V, before)), b)),
    Concat: lambda: cell(MatMul(G, Concat(x, before))),
    Softmax: lambda: cell(MatMul(V, Softmax(Add(MatMul(W, before), b)))),
    CrossEntropy: lambda: _every_step(CrossEntropy(Softmax(MatMul(V, h)), MatMul(D, h))),
    Opaque: lambda: with_generic_loss(cell(Add(MatMul(W, before), MatMul(U, x)))),
    Sum: lambda: with_loss(cell(Apply("softsign", Add(MatMul(W, before), b))), at="every_step"),
    Guarded: lambda: cell(Add(MatMul(W, before), Guarded(MatMul(V, Hadamard(before, before)), 2, t, sp.oo))),
}
"""A Program for every operation that has a rule; each reads its operands at the step before."""


def _nodes() -> dict[type[Operation], tuple[Node, ...]]:
    left, right = Parameter("A", (2, 3)), Parameter("B", (3, 2))
    one, other, third, small = (Parameter(letter, (3 if letter != "w" else 2, 1)) for letter in "pqrw")
    row, square, logits = Parameter("R", (1, 3)), Parameter("S", (3, 3)), Parameter("o", (3, 1))
    grid, grid_2 = Parameter("X", (2, 3)), Parameter("Y", (2, 3))
    scalar, scalar_2 = Parameter("s", (1, 1)), Parameter("r_1", (1, 1))
    step, fixed = Signal("v", (3, 1), t), Signal("h", (3, 1), sp.Integer(2))
    return {
        Add: (Add(grid, grid_2), Add(one, other, third), Add(scalar, scalar_2)),
        Hadamard: (Hadamard(grid, grid_2), Hadamard(one, other, third), Hadamard(scalar, scalar_2)),
        MatMul: (
            MatMul(left, right),
            MatMul(left, right, grid),
            MatMul(left, one),
            MatMul(row, other),
            MatMul(one, row),
            MatMul(row, square, other),
            MatMul(one, scalar),
        ),
        Scale: (
            Scale(scalar, grid),
            Scale(scalar, one),
            Scale(Number(sp.Rational(2, 3)), one),
            Scale(scalar, scalar_2),
        ),
        Transpose: (Transpose(grid), Transpose(one), Transpose(row), Transpose(square)),
        Power: (Power(grid, 3), Power(one, 2), Power(one, -1), Power(scalar, -2)),
        Apply: tuple(
            Apply(name, operand)
            for name in ("tanh", "sigmoid", "relu", "hard_tanh", "softsign", "exp", "log", "sin", "f", "f'")
            for operand in (one, grid, scalar)
        ),
        Diag: (Diag(one),),
        DiagonalOf: (DiagonalOf(square),),
        SquaredNorm: (SquaredNorm(one), SquaredNorm(grid), SquaredNorm(scalar)),
        Inner: (Inner(one, other), Inner(grid, grid_2)),
        Concat: (Concat(one, other), Concat(one, small, third), Concat(grid, square)),
        Softmax: (Softmax(one), Softmax(small)),
        CrossEntropy: (CrossEntropy(Signal("y", (3, 1)), logits),),
        Opaque: (
            Opaque(Signal("L", (1, 1), sp.Integer(2)), fixed),
            Opaque(Signal("L", (1, 1)), fixed, Signal("c", (2, 1), sp.Integer(2))),
        ),
        Sum: (Sum(step, t, 1, 3), Sum(step, t, 2, 2)),
        Guarded: (
            Guarded(fixed, 1, sp.Integer(2), 3),
            Guarded(fixed, 3, sp.Integer(2), 3),
            Guarded(grid, -sp.oo, sp.Integer(2), 2),
        ),
    }


NODES = _nodes()
"""Nodes with numbers for sizes, for every operation that has a rule; their operands are names."""
