"""Expressions as NumPy text over whole arrays: all steps of a chunk at once, or one step outside the loop.

Reads nodes; returns Python text made only of names that passed the identifier rule, numbers, and `kernels`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import Activation
from symrnn.algebra.nodes import Name, Node, Parameter, names_in, operands_of, transpose
from symrnn.algebra.programs import signal_of
from symrnn.errors import NotYetError, UnsafeInputError

Read = Callable[[Name], str]
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def identifier(name: str) -> str:
    """The name itself if it is an identifier; nothing else gets into source text.

    >>> identifier("W_h")
    'W_h'
    """
    if not _IDENTIFIER.match(name):
        raise UnsafeInputError(name, found="a name that is no identifier", write="letters, digits and underscores")
    return name


def number(value: sp.Expr) -> str:
    """A number, or an expression of sizes and T, as Python text."""
    if value.is_number:
        return repr(float(value))
    for symbol in value.free_symbols:
        identifier(symbol.name)
    return f"({sp.pycode(value)})"


class Whole:
    """Writes expressions; `read` says how a name is written, `timed` whether arrays have a time axis.

    `known` are expressions that stand in an array already.
    """

    def __init__(
        self,
        read: Read,
        timed: bool,
        activation: Callable[[Activation], str],
        known: Mapping[Node, str] = MappingProxyType({}),
    ) -> None:
        self.read = read
        self.known = known
        self.timed = timed
        self.activation = activation

    def text(self, node: Node) -> str:
        """The expression as Python text."""
        if isinstance(node, Name):
            return self.read(node)
        if node in self.known:
            return self.known[node]
        if self.timed and isinstance(node, N.MatMul) and not has_steps(node):
            return Whole(self.read, False, self.activation).text(node)
        rule = _RULES.get(type(node))
        if rule is None:
            raise NotYetError(str(node), found="no array code for it", write="symrnn evaluate --digits 15")
        return rule(self, node)

    def matrix(self, node: Node) -> str | None:
        """A matrix that is the same at every step, as text; None for anything that moves."""
        if isinstance(node, Parameter):
            return self.read(node)
        if isinstance(node, N.Transpose) and isinstance(node.operands[0], Parameter):
            return f"{self.read(node.operands[0])}.T"
        if isinstance(node, N.Selector):
            rows, offset, total = (number(value) for value in node.args)
            return f"np.eye(int({total}))[int({offset}):int({offset}) + int({rows})]"
        if isinstance(node, N.Transpose) and isinstance(node.operands[0], N.Selector):
            return f"{self.matrix(node.operands[0])}.T"
        return self._constant_matrix(node)

    def _constant_matrix(self, node: Node) -> str | None:
        """`W − Wᵀ` and the like: sums, multiples, transposes and products of matrices that stay the same."""
        if has_steps(node) or 1 in node.shape:
            return None
        parts = [self.matrix(part) for part in operands_of(node) if not part.is_scalar_shaped]
        if not parts or any(part is None for part in parts):
            return None
        texts = [str(part) for part in parts]
        if isinstance(node, N.Add):
            return f"({' + '.join(texts)})"
        if isinstance(node, N.Hadamard):
            return f"({' * '.join(texts)})"
        if isinstance(node, N.MatMul):
            return f"({' @ '.join(texts)})"
        if isinstance(node, N.Transpose):
            return f"{texts[0]}.T"
        if isinstance(node, N.Scale):
            return f"({self.text(node.operands[0])} * {texts[0]})"
        return None


def has_steps(node: Node) -> bool:
    """Whether anything in an expression stands at a step."""
    signals = (name.wrt if isinstance(name, N.Immediate) else signal_of(name) for name in names_in(node))
    return any(isinstance(signal, N.Signal) and bool(signal.indices) for signal in signals)


def _joined(sign: str) -> Callable[[Whole, Node], str]:
    def rule(w: Whole, node: Node) -> str:
        return "(" + f" {sign} ".join(w.text(part) for part in operands_of(node)) + ")"

    return rule


def _add(w: Whole, node: Node) -> str:
    text = ""
    for position, part in enumerate(operands_of(node)):
        if isinstance(part, N.Scale) and isinstance(part.operands[0], N.Number) and part.operands[0].value == -1:
            text += f" - {w.text(part.operands[1])}" if position else f"-{w.text(part.operands[1])}"
        else:
            text += f" + {w.text(part)}" if position else w.text(part)
    return f"({text})"


def _product(w: Whole, node: Node) -> str:
    """A chain from the right: matrices act on columns, rows on columns give scalars."""
    *front, last = operands_of(node)
    text = w.text(last)
    for factor in reversed(front):
        text = _acting(w, factor, text)
    return text


def _acting(w: Whole, factor: Node, text: str) -> str:
    if factor.is_scalar_shaped:
        return f"({w.text(factor)} * {text})"
    if isinstance(factor, N.Diag):
        return f"({w.text(factor.operands[0])} * {text})"
    if factor.shape[1] == 1:
        return f"({w.text(factor)} * {text})"
    matrix = w.matrix(factor)
    if matrix is not None and not (factor.shape[0] == 1 and isinstance(factor, N.Transpose)):
        return f"through({matrix}, {text})" if w.timed else f"({matrix} @ {text})"
    if factor.shape[0] == 1:
        return f"entries_sum({w.text(transpose(factor))} * {text}, {w.timed})"
    raise NotYetError(str(factor), found="a matrix that changes from step to step", write="symrnn evaluate --digits 15")


def _scale(w: Whole, node: Node) -> str:
    scalar, body = operands_of(node)
    if isinstance(scalar, N.Number) and scalar.value == -1:
        return f"(-{w.text(body)})"
    return f"({w.text(scalar)} * {w.text(body)})"


def _power(w: Whole, node: Node) -> str:
    assert isinstance(node, N.Power)
    base = w.text(node.operands[0])
    if node.exponent == 2:
        return f"np.square({base})"
    if node.exponent == -1:
        return f"(1.0 / {base})"
    return f"({base} ** {number(node.exponent)})"


def _apply(w: Whole, node: Node) -> str:
    assert isinstance(node, N.Apply)
    body = node.operands[0]
    if is_log_softmax(node):
        return f"log_softmax({w.text(operands_of(body)[0])}, {w.timed})"
    return f"{w.activation(node.activation)}({w.text(node.operands[0])})"


def is_log_softmax(node: Node) -> bool:
    """log softmax(o) is computed as one: softmax alone may have lost what the logarithm asks for."""
    return isinstance(node, N.Apply) and node.activation.name == "log" and isinstance(node.operands[0], N.Softmax)


def _squared_norm(w: Whole, node: Node) -> str:
    return f"entries_sum(np.square({w.text(operands_of(node)[0])}), {w.timed})"


def _inner(w: Whole, node: Node) -> str:
    left, right = operands_of(node)
    return f"entries_sum({w.text(left)} * {w.text(right)}, {w.timed})"


def _concat(w: Whole, node: Node) -> str:
    return f"concatenated(({', '.join(w.text(part) for part in operands_of(node))},), {w.timed})"


def _transposed(w: Whole, node: Node) -> str:
    body = operands_of(node)[0]
    if body.is_scalar_shaped:
        return w.text(body)
    raise NotYetError(str(node), found="a row by itself", write="symrnn evaluate --digits 15")


_RULES: Mapping[type[Node], Callable[[Whole, Node], str]] = MappingProxyType(
    {
        N.Number: lambda w, node: number(node.args[0]),
        N.Ones: lambda w, node: "1.0",
        N.Zeros: lambda w, node: "0.0",
        N.Add: _add,
        N.Hadamard: _joined("*"),
        N.MatMul: _product,
        N.Scale: _scale,
        N.Power: _power,
        N.Apply: _apply,
        N.SquaredNorm: _squared_norm,
        N.Inner: _inner,
        N.Concat: _concat,
        N.Transpose: _transposed,
        N.Softmax: lambda w, node: f"softmax({w.text(operands_of(node)[0])}, {w.timed})",
        N.CrossEntropy: lambda w, node: (
            "cross_entropy(" + ", ".join(w.text(part) for part in operands_of(node)) + f", {w.timed})"
        ),
        N.Guarded: lambda w, node: w.text(operands_of(node)[0]),
    }
)
"""One row per node that has array code."""
