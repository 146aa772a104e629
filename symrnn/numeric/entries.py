"""Explicit entries: a Program at concrete sizes as SymPy expressions in the entries of parameters and inputs.

Reads Programs, a number of steps and sizes; returns SymPy matrices: ∂L/∂ of anything, ∂h_T/∂h_0, h_T itself.
What has a name in the Program stays one shared subexpression, so that a gradient takes a number of operations
linear in T. Activations stay opaque (`Tanh`, `Sigma`) until `expand_activations`. With `named_steps` the
forward values stay symbols `h_1`, `h_2` …, and a gradient is the short product a lecturer writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from symrnn.algebra.nodes import (
    Adjoint,
    Immediate,
    Name,
    Node,
    Parameter,
    Signal,
    Tangent,
    names_in,
    operands_of,
)
from symrnn.algebra.programs import Program
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.rewriting import expose
from symrnn.calculus.tangents import tangent
from symrnn.errors import InputError, TimeError
from symrnn.numeric.interpretation import (
    Address,
    Interpretation,
    Matrix,
    Missing,
    Sizes,
    Values,
    head,
    indices_of,
    placed,
)
from symrnn.numeric.machine import Machine
from symrnn.numeric.opaque import Elementwise, Sigma, Tanh, bottom_up, expand_activations, operations
from symrnn.numeric.scalars import Reals, Symbols, given

__all__ = [
    "Sigma",
    "Tanh",
    "entries_of",
    "evaluate_entries",
    "expand_activations",
    "forward_entries",
    "gradient_entries",
    "jacobian_entries",
    "operations",
    "shared_steps",
    "symbols_in",
]


# --- The table of symbols ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class SymbolTable:
    """The symbols of the entries: `W_h_12`, `x_3_1`; of what is 1×1 `W_h`, `x_3`; of ∂⁺L/∂h_3 `g_h_3`.

    >>> SymbolTable().matrix(Signal("x", (2, 1), 3), 2, 1)
    ((x_3_1,), (x_3_2,))
    """

    owners: dict[str, tuple[Address, int, int]] = field(default_factory=dict)

    def matrix(self, name: Name, rows: int, cols: int) -> Matrix:
        """The entries of a name at concrete indices; of a diagonal matrix those on the diagonal."""
        if isinstance(name, Parameter) and name.structure == "diagonal" and rows > 1:
            symbols = [self._symbol(name, i, 0, f"_{i + 1}") for i in range(rows)]
            return tuple(tuple(symbols[i] if i == j else sp.S.Zero for j in range(rows)) for i in range(rows))
        return tuple(
            tuple(self._symbol(name, i, j, _suffix(i, j, rows, cols)) for j in range(cols)) for i in range(rows)
        )

    def _symbol(self, name: Name, i: int, j: int, suffix: str) -> sp.Symbol:
        owner = ((head(name), tuple(map(int, indices_of(name)))), i, j)
        text = _stem(name) + suffix
        while self.owners.setdefault(text, owner) != owner:
            # Two quantities whose names read alike, such as a parameter x_3 beside an input x at step 3.
            text += "_"
        return sp.Symbol(text)


def _suffix(i: int, j: int, rows: int, cols: int) -> str:
    if rows == cols == 1:
        return ""
    if cols == 1:
        return f"_{i + 1}"
    return f"_{i + 1}{j + 1}" if max(rows, cols) < 10 else f"_{i + 1}_{j + 1}"


def _stem(name: Node) -> str:
    if isinstance(name, Signal):
        return "_".join([name.name, *(str(index).replace("-", "m") for index in name.indices)])
    if isinstance(name, Parameter):
        return name.name
    if isinstance(name, Immediate):
        return f"g_{_stem(name.wrt)}"
    if isinstance(name, Adjoint | Tangent):
        return f"{'bar' if isinstance(name, Adjoint) else 'dot'}_{_stem(name.of)}"
    return "_".join(["J", *(_stem(part) for part in operands_of(name) or names_in(name))])


# --- Forward and backward ----------------------------------------------------------------------------------


def forward_entries(
    program: Program, steps: int, sizes: Sizes | None = None, *, values: Values | None = None
) -> Interpretation:
    """h_t, c_t, L … in the entries of parameters, inputs and initial values: from names to SymPy matrices.

    >>> from symrnn.cells import rnn
    >>> forward_entries(rnn(), 2, {"n": 1, "m": 1})["h[1]"][0]
    tanh(W_h*h_0 + W_x*x_1 + b)
    """
    return _matrices(_forward(expose(program), steps, sizes, values, named_steps=False))


def gradient_entries(
    program: Program,
    steps: int,
    sizes: Sizes | None = None,
    *,
    named_steps: bool = False,
    values: Values | None = None,
) -> Interpretation:
    """∂L/∂ of every state, gate, input, initial value and parameter: from the quantity to its SymPy matrix.

    Without a loss the given cotangent ∂⁺L/∂h_t is the symbol `g_h_t`. With `named_steps` the values of the
    forward Program stay symbols. `values` puts numbers or symbols of one's own for what is given.

    >>> from symrnn.cells import rnn
    >>> gradients = gradient_entries(rnn(), 2, {"n": 1, "m": 1}, named_steps=True)
    >>> gradients["h[1]"][0], gradients["b"][0].subs({"g_h_1": 0})
    (W_h*g_h_2*(1 - h_2**2) + g_h_1, W_h*g_h_2*(1 - h_1**2)*(1 - h_2**2) + g_h_2*(1 - h_2**2))
    """
    machine = _forward(expose(program), steps, sizes, values, named_steps)
    machine.assigned.clear()
    machine.run(adjoint(program))
    return _matrices(machine).gradients


def _forward(forward: Program, steps: int, sizes: Sizes | None, values: Values | None, named_steps: bool) -> Machine:
    """A machine that knows the forward values: as shared expressions, or as symbols made when read."""
    table = SymbolTable()
    domain = Symbols("flat" if named_steps else "shared")
    machine = Machine((forward,), steps, sizes, domain, table.matrix)
    machine.give(values or {})
    if not named_steps:
        machine.run(forward)
    return machine


def _matrices(machine: Machine) -> Interpretation:
    return machine.interpretation().viewed(sp.Matrix)


def evaluate_entries(expression: Any, point: Mapping[sp.Symbol, Any] | None = None, digits: int = 15) -> Any:
    """The number an expression, or a matrix of such, takes at a point, each shared step computed once.

    SymPy's own `evalf` goes down every path to a shared step: with an LSTM that is hopeless after five steps.

    >>> w = sp.Symbol("W_h")
    >>> evaluate_entries(Tanh(w) + 1, {w: 2}, digits=20)
    1.9640275800758168839
    """
    entries_ = expression.flat() if isinstance(expression, sp.MatrixBase) else [sp.sympify(expression, strict=True)]
    domain = Reals(digits + 10)
    values: dict[sp.Basic, Any] = {symbol: domain.value(given(number)) for symbol, number in (point or {}).items()}
    for entry in entries_:
        for node in bottom_up(entry):
            if node not in values:
                values[node] = _number(domain, node, [values[part] for part in node.args])
    numbers = [sp.Float(values[entry], digits) for entry in entries_]
    return sp.Matrix(*expression.shape, numbers) if isinstance(expression, sp.MatrixBase) else numbers[0]


def shared_steps(*expressions: Any) -> tuple[list[tuple[sp.Symbol, sp.Expr]], list[sp.Expr]]:
    """The expressions step by step: what is used more than once as an assignment, then what is left.

    SymPy's `cse` without the searches that walk every path. From here `str`, `diff` and `lambdify` are quick.

    >>> x = sp.Symbol("x")
    >>> shared_steps(Tanh(x) + 1, Tanh(x) ** 2)
    ([(s0, tanh(x))], [s0 + 1, s0**2])
    """
    return sp.cse(expressions, symbols=sp.numbered_symbols("s"), order="none", optimizations=[])


def symbols_in(*expressions: Any) -> set[sp.Symbol]:
    """The symbols of expressions or matrices, each shared step looked at once."""
    parts = [part for item in expressions for part in (item.flat() if isinstance(item, sp.MatrixBase) else [item])]
    return {node for part in parts for node in bottom_up(part) if isinstance(node, sp.Symbol)}


def _number(domain: Reals, node: Any, operands: list[Any]) -> Any:
    if isinstance(node, sp.Add):
        return domain.add(operands)
    if isinstance(node, sp.Mul):
        return domain.mul(operands)
    if isinstance(node, Elementwise):
        return domain.activate(node.row, operands[0])
    if isinstance(node, sp.Pow):
        return domain.power(operands[0], node.exp)
    if isinstance(node, sp.Symbol):
        raise InputError(str(node), found=f"no number for {node}", write=f"{{Symbol('{node}'): 1}}, say")
    return domain.value(node.func(*(sp.Float(x, domain.digits) for x in operands)) if operands else node)


# --- Derivatives of anything -------------------------------------------------------------------------------


def entries_of(
    program: Program,
    steps: int,
    sizes: Sizes | None = None,
    *,
    of: Name | str,
    wrt: Name | str | None = None,
    named_steps: bool = False,
    values: Values | None = None,
) -> sp.Matrix:
    """A quantity, or its total derivative along every path: with `of="h", wrt="h[0]"` it is ∂h_T/∂h_0.

    A signal without a step means the last one. The derivative of the loss has the shape of `wrt`; of anything
    else it is the Jacobian in numerator layout, of matrices on column-major vec.

    >>> from symrnn.cells import rnn
    >>> entries_of(rnn(), 2, {"n": 1, "m": 1}, of="h", wrt="h[0]", named_steps=True)
    Matrix([[W_h**2*(1 - h_1**2)*(1 - h_2**2)]])
    """
    forward = expose(program)
    target = _resolved(forward, of, steps)
    if wrt is None:
        machine = _forward(forward, steps, sizes, values, named_steps=False)
        return sp.Matrix(machine.read(target))
    source = _resolved(forward, wrt, steps)
    if program.loss is not None and target == program.loss:
        gradients = gradient_entries(program, steps, sizes, named_steps=named_steps, values=values)
        return gradients[source]
    machine = _forward(forward, steps, sizes, values, named_steps)
    return _jacobian(machine, tangent(program), [target], [source])


def jacobian_entries(
    program: Program,
    last: int,
    first: int,
    sizes: Sizes | None = None,
    *,
    named_steps: bool = False,
    values: Values | None = None,
) -> sp.Matrix:
    """∂s_last/∂s_first of the stacked states s, along every path; the states at `first` are independent.

    The product of the step Jacobians between them; for last = first it is I.

    >>> from symrnn.cells import rnn
    >>> jacobian_entries(rnn(), 3, 1, {"n": 1, "m": 1}, named_steps=True)
    Matrix([[W_h**2*(1 - h_2**2)*(1 - h_3**2)]])
    """
    if not 0 <= first <= last:
        raise TimeError(f"∂s_{last}/∂s_{first}", found="an order of steps against time", write="0 ≤ first ≤ last")
    forward = expose(program)
    if not forward.states:
        raise InputError(program.name, found="no state: nothing is read from a step before", write="a recurrent cell")
    machine = _forward(forward, max(last, 1), sizes, values, named_steps)
    targets = [state.at(last) for state in forward.states]
    sources = [state.at(first) for state in forward.states]
    return _jacobian(machine, tangent(program), targets, sources)


def _resolved(program: Program, wanted: Name | str, steps: int) -> Name:
    """A name at concrete steps, from a name or a label such as `h[2]`; without a step it is at the last."""
    known = _known(program)
    found = _labelled(known, wanted) if isinstance(wanted, str) else wanted
    if found is None or head(found) not in map(head, known):
        names = ", ".join(dict.fromkeys(name.name for name in known))
        raise InputError(str(wanted), found=f"no such quantity in {program.name}", write=f"one of: {names}")
    return placed(found, dict.fromkeys({program.steps.index, *program.steps.hi.free_symbols}, steps))


def _labelled(known: Sequence[Signal | Parameter], wanted: str) -> Name | None:
    stem, *indices = wanted.replace("]", "").split("[")
    named = [name for name in known if name.name == stem]
    if not indices:
        # Beside the losses L_t of the steps there is L.
        return min(named, key=lambda name: len(indices_of(name)), default=None)
    found = next((name for name in named if isinstance(name, Signal) and name.indices), None)
    whole = all(index.lstrip("-").isdigit() for index in indices)
    return found.at(*map(int, indices)) if found is not None and whole else None


def _known(program: Program) -> list[Signal | Parameter]:
    """Every signal and parameter as its own equation or declaration writes it."""
    declared = (*program.inputs, *program.parameters, *program.initials, *program.given)
    names = [*(equation.target for equation in program), *declared]
    return [name for name in names if isinstance(name, Signal | Parameter)]


def _jacobian(machine: Machine, moved: Program, targets: list[Name], sources: list[Name]) -> sp.Matrix:
    """Column by column: the tangent of the targets when one entry of one source moves and no other does."""
    addresses = [machine.address(Tangent(source)) for source in sources]
    columns = []
    for source in sources:
        rows, cols = machine.size(source.shape)
        for j, i in ((j, i) for j in range(cols) for i in range(rows)):
            forced = {
                address: machine.ones_at(*machine.size(other.shape), {(i, j)} if other is source else set())
                for address, other in zip(addresses, sources, strict=True)
            }
            columns.append(_tangents(machine, moved, targets, forced))
    return sp.Matrix(columns).T


def _tangents(machine: Machine, moved: Program, targets: list[Name], forced: dict[Address, Matrix]) -> list[Any]:
    branch = machine.branch(_still(machine), forced)
    branch.store.update(forced)
    branch.run(moved)
    matrices = [branch.read(Tangent(target)) for target in targets]
    return [entry for matrix in matrices for column in zip(*matrix, strict=True) for entry in column]


def _still(machine: Machine) -> Missing:
    """Directions that were not given are zero; other names are what the machine takes them for."""
    zero, missing = machine.domain.zero, machine.missing

    def supplied(name: Name, rows: int, cols: int) -> Matrix:
        if isinstance(name, Tangent) or missing is None:
            return ((zero,) * cols,) * rows
        return missing(name, rows, cols)

    return supplied
