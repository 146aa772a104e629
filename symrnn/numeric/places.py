"""Where a quantity stands: which array, how many steps beside the present one, under what identifier.

Reads names; returns keys (a name without its indices), lags and identifiers. An identifier is the neutral name where
that is one, and nothing else ever gets into source text.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Hashable

import sympy as sp

from symrnn.algebra.nodes import Adjoint, Block, Immediate, Name, Node, Parameter, Signal, Tangent, names_in
from symrnn.errors import NotYetError, UnsafeInputError

Key = Hashable
"""A quantity whatever the step: equal for `h[t]` and `h[t-1]`, unlike for `h[t]` and `h̄[t]`."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)


def identifier(name: str) -> str:
    """The name itself if Python can read it as one; a keyword gets an underscore.

    >>> identifier("W_h"), identifier("lambda")
    ('W_h', 'lambda_')
    """
    if not _IDENTIFIER.match(name):
        raise UnsafeInputError(name, found="a name that is no identifier", write="letters, digits and underscores")
    return f"{name}_" if keyword.iskeyword(name) else name


def signal_in(name: Name) -> Signal | None:
    """The signal whose index a name carries: of `h̄[t]` and of `∂⁺L/∂h[t]` it is `h[t]`."""
    if isinstance(name, Signal):
        return name
    if isinstance(name, Adjoint | Tangent):
        return signal_in(name.of)
    return signal_in(name.wrt) if isinstance(name, Immediate) else None


def time_of(name: Name) -> sp.Expr | None:
    """The step a name stands at; None for a quantity without steps."""
    signal = signal_in(name)
    if signal is None or not signal.indices:
        return None
    if len(signal.indices) > 1:
        raise NotYetError(str(name), found="an index beside the step", write="a batch as one more axis of the arrays")
    return signal.time


def key_of(name: Name) -> Key:
    """The quantity a name stands for at whatever step."""
    if isinstance(name, Adjoint | Tangent):
        return (type(name).__name__, key_of(name.of))
    if isinstance(name, Immediate | Block):
        return (type(name).__name__, str(name.of), key_of(name.wrt))
    if isinstance(name, Signal):
        return ("Signal", name.name, bool(name.indices))
    return name


def lag_of(name: Name, index: sp.Symbol) -> int | None:
    """k of a name at `index + k`; None of one without steps or at a fixed one."""
    time = time_of(name)
    if time is None:
        return None
    lag = sp.expand(time - index)
    return int(lag) if lag.is_Integer else None


def moves(node: Node, index: sp.Symbol) -> bool:
    """Whether an expression differs from step to step."""
    return any(lag_of(name, index) is not None for name in names_in(node))


def is_static(node: Node) -> bool:
    """Whether an expression is made of parameters and numbers alone: one value for every step and example."""
    return all(isinstance(name, Parameter) for name in names_in(node))


def local(name: Name) -> str:
    """What array code calls a quantity: `h`, `d_h` for its adjoint, `h_dot` for its tangent, `given_h` for ∂⁺L/∂h.

    >>> local(Adjoint(Parameter("W_h", (2, 2))))
    'd_W_h'
    """
    if isinstance(name, Adjoint):
        return f"d_{local(name.of)}"
    if isinstance(name, Tangent):
        return f"{local(name.of)}_dot"
    if isinstance(name, Immediate):
        return f"given_{local(name.wrt)}"
    if isinstance(name, Signal) and name.name == "L" and name.indices:
        return "L_t"  # the loss of a step, beside the loss of all
    if isinstance(name, Signal | Parameter):
        return identifier(name.name)
    raise NotYetError(str(name), found="no array code for it", write="symrnn evaluate --digits 15")


def argument(name: Name) -> str:
    """What a caller calls a given quantity: as `local`, and `h0` for the initial value h_0.

    >>> argument(Signal("h", (2, 1), 0))
    'h0'
    """
    time = time_of(name)
    if isinstance(name, Signal) and time is not None and time.is_Integer:
        return f"{local(name)}{time}".replace("-", "m")
    return local(name)


def size_text(size: sp.Expr) -> str:
    """A size, a bound or a number as Python text.

    >>> size_text(2 * sp.Symbol("n") + 1)
    '2*n + 1'
    """
    for symbol in size.free_symbols:
        identifier(symbol.name)
    if size.is_Integer:
        return str(int(size))
    return repr(float(size)) if size.is_number else str(sp.pycode(size))
