"""A bidirectional cell as one Program of three blocks: a forward recurrence, a backward one, and what reads both."""

from __future__ import annotations

import sympy as sp

from symrnn.algebra.nodes import Add, Apply, MatMul, Parameter, Signal, T, m, n, t
from symrnn.algebra.programs import STEPS, Equation, Program, Range

BACKWARD = Range(t, sp.S.One, T, -1)
"""t = T..1."""


def bidirectional() -> Program:
    """h_t = tanh(W h_{t-1} + U x_t), g_t = tanh(V g_{t+1} + U x_t), y_t = A h_t + B g_t."""
    h, g, y = (Signal(name, (n, 1), t) for name in "hgy")
    x = Signal("x", (m, 1), t)
    W, V, A, B = (Parameter(name, (n, n)) for name in "WVAB")
    U = Parameter("U", (n, m))
    equations = (
        Equation(h, Apply("tanh", Add(MatMul(W, h.at(t - 1)), MatMul(U, x))), domain=(STEPS,)),
        Equation(g, Apply("tanh", Add(MatMul(V, g.at(t + 1)), MatMul(U, x))), domain=(BACKWARD,)),
        Equation(y, Add(MatMul(A, h), MatMul(B, g)), domain=(STEPS,)),
    )
    return Program(
        "bidirectional",
        equations,
        inputs=(x,),
        parameters=(W, V, U, A, B),
        states=(h, g),
        initials=(h.at(0), g.at(T + 1)),
        outputs=(y,),
    )
