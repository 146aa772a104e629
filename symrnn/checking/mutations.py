"""A model's equation as someone in error would have it: each row of the table as a change of the expression tree.

Reads the right expression of a quantity at a step, sums written out; yields wrong expressions with the ids of their
rows. The same changes serve diagnosis (does one give exactly what is written?) and tests (plant one, and see it found).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import Adjoint, Immediate, Name, Node, Parameter, Signal
from symrnn.algebra.nodes.verbs import add, apply, hadamard, matmul, negate, power, scale, transpose
from symrnn.errors import SymrnnError


@dataclass(frozen=True)
class Setting:
    """What a change may need to know: whose equation it is, at which step, of how many, and the cell's names."""

    target: Node
    steps: int
    parameters: tuple[Parameter, ...] = ()
    inputs: tuple[Signal, ...] = ()
    states: tuple[Signal, ...] = ()

    @property
    def step(self) -> int | None:
        """The step of the quantity."""
        return step_of(self.target)

    @property
    def is_share_sum(self) -> bool:
        """Whether it is a parameter's gradient."""
        return isinstance(self.target, Adjoint) and isinstance(self.target.of, Parameter)

    @property
    def of(self) -> str:
        """The name of what it is, or is the gradient of."""
        name = self.target.of if isinstance(self.target, Adjoint) else self.target
        return name.name if isinstance(name, Signal | Parameter) else ""


Change = Callable[[Node, Setting], Iterator[tuple[str, Node]]]


def step_of(node: Node) -> int | None:
    """The step a name stands at."""
    name = node.of if isinstance(node, Adjoint) else node
    if isinstance(name, Signal) and name.indices and name.time.is_Integer:
        return int(name.time)
    return None


def mutated(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """Every wrong expression a single mistake makes of a right one, with the row it is."""
    for sub, rebuilt in places(node):
        for change in CHANGES:
            for row, new in _tried(change, sub, setting):
                found = _rebuilt(rebuilt, new)
                if found is not None and found != node:
                    yield row, found
    for change in WHOLE:
        yield from _tried(change, node, setting)


def _tried(change: Change, node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    found = change(node, setting)
    while True:
        try:
            yield next(found)
        except StopIteration:
            return
        except SymrnnError:
            return


def _rebuilt(rebuilt: Callable[[Node], Node], new: Node) -> Node | None:
    try:
        return rebuilt(new)
    except SymrnnError:
        return None


def places(node: Node) -> Iterator[tuple[Node, Callable[[Node], Node]]]:
    """Every piece of an expression, and how to put another in its place."""
    yield node, lambda new: new
    if isinstance(node, Name):
        return
    operands = N.operands_of(node)
    for at, operand in enumerate(operands):
        for sub, rebuilt in places(operand):
            yield sub, _within(node, operands, at, rebuilt)


def _within(node: Node, operands: tuple[Node, ...], at: int, rebuilt: Callable[[Node], Node]) -> Callable[[Node], Node]:
    def put(new: Node) -> Node:
        parts = [*operands[:at], rebuilt(new), *operands[at + 1 :]]
        return remade(node, parts)

    return put


def remade(node: Node, parts: list[Node]) -> Node:
    """The same operation on other operands, without zeros and nesting."""
    makers: dict[type, Callable[..., Node]] = {N.Add: add, N.Hadamard: hadamard, N.MatMul: matmul}
    maker = makers.get(type(node))
    if maker is not None:
        return maker(*parts)
    made: Node = node.with_operands(parts)
    return made


# --- patterns -------------------------------------------------------------------------------------------------------


def _is_one(node: Node) -> bool:
    return isinstance(node, N.Ones) or (isinstance(node, N.Number) and node.value == 1)


def _negated(node: Node) -> Node | None:
    """x of −x."""
    if isinstance(node, N.Scale):
        factor, body = node.operands
        if isinstance(factor, N.Number) and factor.value == -1:
            return body
    return None


def tanh_slope(node: Node) -> Node | None:
    """y of `1 − y²`."""
    if isinstance(node, N.Add) and len(node.operands) == 2 and _is_one(node.operands[0]):
        body = _negated(node.operands[1])
        if isinstance(body, N.Power) and body.exponent == 2:
            return body.operands[0]
    return None


def one_minus(node: Node) -> Node | None:
    """y of `1 − y`."""
    if isinstance(node, N.Add) and len(node.operands) == 2 and _is_one(node.operands[0]):
        body = _negated(node.operands[1])
        return None if isinstance(body, N.Power) else body
    return None


def _moved(node: Node, by: int) -> Node | None:
    """The same signal `by` steps later."""
    if isinstance(node, Signal) and node.indices and node.time.is_Integer and node.time + by >= 0:
        return node.at(node.time + by)
    return None


def _ones(node: Node) -> Node:
    return N.Number(1) if node.shape == (1, 1) else N.Ones(*node.shape)


# --- changes of a piece ---------------------------------------------------------------------------------------------


def _tanh_slopes(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    y = tanh_slope(node)
    if y is None:
        return
    one, inner = node.operands[0], y.operands[0] if isinstance(y, N.Apply) else None
    gate = isinstance(y, Signal) and y.name.endswith("_tilde")
    yield "R05", add(one, negate(y))
    yield ("L15" if gate else "R06"), hadamard(y, add(one, negate(y)))
    yield "R07", add(one, power(y, 2))
    if inner is not None:
        yield "L02", add(one, negate(power(inner, 2)))
        yield "L01", _ones(node)
    else:
        yield ("R23" if step_of(y) == setting.steps and not gate else "R08"), _ones(node)
        for by in (-1, 1):
            neighbour = _moved(y, by)
            if neighbour is not None and int(neighbour.time) <= setting.steps:
                yield "R09", add(one, negate(power(neighbour, 2)))
        if isinstance(y, Signal):
            before = Signal(f"a_{y.name}" if gate else "a", y.shape, *y.indices)
            yield "R25", add(one, negate(power(before, 2)))
    later = _moved(y, 1)
    if not gate and later is not None and (step_of(later) or 0) <= setting.steps:
        yield "R36", hadamard(node, add(one, negate(power(later, 2))))
    yield "R36", hadamard(node, node)


def _gate_slopes(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """`f ⊙ (1 − f) ⊙ rest`."""
    if not isinstance(node, N.Hadamard):
        return
    factors = list(node.operands)
    for at in range(len(factors) - 1):
        y = one_minus(factors[at + 1])
        if y is None or y != factors[at]:
            continue
        rest = [*factors[:at], *factors[at + 2 :]]
        one = factors[at + 1].operands[0]
        yield "L06", hadamard(*factors[:at], add(one, negate(power(y, 2))), *factors[at + 2 :])
        yield "L07", hadamard(*rest) if len(rest) > 1 else (rest[0] if rest else _ones(node))
        yield "L08", hadamard(*factors[:at], factors[at + 1], *factors[at + 2 :])
        yield "L08", hadamard(*factors[:at], y, *factors[at + 2 :])


def error_target(node: Node) -> Signal | None:
    """y of `ŷ − y`."""
    if not isinstance(node, N.Add) or len(node.operands) != 2:
        return None
    target = _negated(node.operands[1])
    return target if isinstance(target, Signal) and target.name.startswith("y") else None


def _errors(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    if error_target(node) is None:
        return
    yield "R10", negate(node)
    if isinstance(setting.target, Adjoint):
        yield "R11", scale(N.Number(2), node)
        yield "R12", scale(N.Number(sp.Rational(1, 2)), node)
        yield "R20", power(node, 2)


def _weights(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """`Wᵀ δ`."""
    if not isinstance(node, N.MatMul) or len(node.operands) < 2:
        return
    first, *rest = node.operands
    if isinstance(first, N.Transpose) and isinstance(first.operands[0], Parameter):
        weight = first.operands[0]
        if weight.shape[0] == weight.shape[1]:
            yield "R13", matmul(*rest)
            yield "R15", matmul(first, first, *rest)
            yield "R27", matmul(weight, *rest)
        for other in _others(weight, setting):
            yield "R14", matmul(transpose(other), *rest)
    elif isinstance(first, Parameter):
        for other in _others(first, setting):
            yield "F03", matmul(other, *rest)
    last = node.operands[-1]
    if isinstance(last, N.Transpose) and isinstance(last.operands[0], Signal) and setting.is_share_sum:
        yield from _shares(node, last.operands[0], setting)


def _others(weight: Parameter, setting: Setting) -> Iterator[Parameter]:
    for other in setting.parameters:
        if other != weight and other.shape == weight.shape and not other.name.startswith("b"):
            yield other


def _shares(node: N.MatMul, held: Signal, setting: Setting) -> Iterator[tuple[str, Node]]:
    """`δ_t h_{t-1}ᵀ`."""
    delta = node.operands[:-1]
    later = _moved(held, 1)
    if later is not None and step_of(later) is not None and int(later.time) <= setting.steps:
        yield ("R03" if held.name in {s.name for s in setting.states} else "F02"), matmul(*delta, transpose(later))
    step = step_of(held)
    if step is None:
        return
    for state in setting.states:
        if held.name in {x.name for x in setting.inputs} and state.name == setting.states[0].name:
            yield "R04", matmul(*delta, transpose(state.at(sp.Integer(step - 1))))
    for given in setting.inputs:
        if held.name in {s.name for s in setting.states} and step + 1 <= setting.steps:
            yield "R04", matmul(*delta, transpose(given.at(sp.Integer(step + 1))))
    if len(delta) == 1:
        yield "R28", matmul(held, transpose(delta[0]))


def _steps(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """A signal of another step, of a cell: `f_t` for `f_{t+1}`, `c_t` for `c_{t-1}`."""
    if not isinstance(node, Signal) or not node.indices or isinstance(node, Adjoint):
        return
    backward = isinstance(setting.target, Adjoint)
    for by in (-1, 1):
        other = _moved(node, by)
        if other is None or int(other.time) > setting.steps:
            continue
        if backward and node.name == "f" and by == -1:
            yield "L10", other
        elif backward and node.name == "c" and by == 1:
            yield "L04", other
        elif not backward and (by == -1 or node.name in {s.name for s in setting.states}):
            yield "F02", other
    if backward and node.name == "c":
        candidate = node.at(node.time + 1)
        yield "L05", Signal("c_tilde", candidate.shape, *candidate.indices)
    if backward and node.name in ("i", "c_tilde") and setting.of in ("i", "c_tilde", "a_i", "a_c_tilde"):
        yield "L09", Signal("c_tilde" if node.name == "i" else "i", node.shape, *node.indices)


def _functions(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    if not isinstance(node, N.Apply):
        return
    backward = isinstance(setting.target, Adjoint)
    yield ("L14" if backward else "F04"), node.operands[0]
    if not backward:
        other = "sigmoid" if node.activation.name != "sigmoid" else "tanh"
        yield "F05", apply(lookup(other), node.operands[0])


def _factors(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """A factor of a product skipped."""
    if not isinstance(node, N.Hadamard):
        return
    for at, factor in enumerate(node.operands):
        rest = [*node.operands[:at], *node.operands[at + 1 :]]
        body = hadamard(*rest) if len(rest) > 1 else rest[0]
        if isinstance(factor, Signal) and factor.name == "o":
            yield "L03", body
        elif isinstance(factor, Signal) and factor.name == "r":
            yield "G04", body
        elif tanh_slope(factor) is None and one_minus(factor) is None:
            yield "A05", body
    for factor in node.operands:
        if isinstance(factor, Signal):
            yield "A05", hadamard(factor, node)


def _terms(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """A term of a sum skipped."""
    if not isinstance(node, N.Add) or tanh_slope(node) is not None or one_minus(node) is not None:
        return
    for at, term in enumerate(node.operands):
        rest = [*node.operands[:at], *node.operands[at + 1 :]]
        yield _term_row(term, setting), add(*rest)
    if isinstance(setting.target, Adjoint) and not setting.is_share_sum and len(node.operands) > 2:
        for term in node.operands:
            yield "L13", term
    if len(node.operands) == 2 and _negated(node.operands[1]) is not None and not _has_target(node):
        yield "G03", negate(node)


def _has_target(node: Node) -> bool:
    return any(isinstance(name, Signal) and name.name.startswith("y") for name in N.names_in(node))


def _term_row(term: Node, setting: Setting) -> str:
    names = N.names_in(term)
    if not isinstance(setting.target, Adjoint):
        return "F01" if isinstance(term, Parameter) else "F06"
    if setting.is_share_sum:
        return "R02"
    adjoints = {name.of.name for name in names if isinstance(name, Adjoint) and isinstance(name.of, Signal)}
    later = any(isinstance(n, Adjoint) and step_of(n) == (setting.step or 0) + 1 for n in names)
    if setting.of == "c":
        return "L11" if "c" in adjoints else "L12"
    if any(isinstance(name, Immediate) for name in names) or not later:
        return "R26"
    if any(isinstance(name, Parameter) for name in names):
        return "L13" if any(one.startswith("a_") for one in adjoints) else "R13"
    return "G02"


def _updates(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """`z` for `1 − z` and the other way round."""
    y = one_minus(node)
    if isinstance(y, Signal) and y.name == "z":
        yield "G01", y
    if isinstance(node, Signal) and node.name == "z":
        yield "G01", add(_ones(node), negate(node))


def _losses(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    if isinstance(node, N.Scale) and isinstance(node.operands[1], N.SquaredNorm):
        body = node.operands[1]
        yield "A02", body
        if body.operands[0].shape == (1, 1):
            yield "A01", scale(node.operands[0], body.operands[0])
            yield "A12", scale(node.operands[0], scale(N.Number(2), body.operands[0]))


CHANGES: tuple[Change, ...] = (
    _tanh_slopes, _gate_slopes, _errors, _weights, _steps, _functions, _factors, _terms, _updates, _losses,
)  # fmt: skip
"""Changes of one piece."""


# --- changes of the whole -------------------------------------------------------------------------------------------


def _signs(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    yield "R24", negate(node)


def _sums(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """A parameter's gradient, a term for each step in order."""
    if not setting.is_share_sum or not isinstance(node, N.Add):
        return
    terms = node.operands
    yield "R01", terms[-1]
    yield "R21", terms[0]
    yield "R02", add(*terms[1:])
    for count in range(2, len(terms) - 1):
        yield "R33", add(*terms[-count:])
    for row in ("R03", "R04"):
        changed = [next((new for found, new in _share_changes(term, setting) if found == row), term) for term in terms]
        yield row, add(*changed)
    yield "R18", scale(N.Number(sp.Rational(1, len(terms))), node)
    if node.shape == (1, 1):
        yield "R17", matmul(*terms)
    parameter = setting.target.of
    if isinstance(parameter, Parameter) and parameter.name.startswith("b") and setting.states:
        state = setting.states[0]
        if node.shape == (1, 1):
            shares = [matmul(term, state.at(sp.Integer(step))) for step, term in enumerate(terms)]
            yield "R31", add(*shares)


def _share_changes(term: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    held = (
        term.operands[-1].operands[0]
        if isinstance(term, N.MatMul) and isinstance(term.operands[-1], N.Transpose)
        else None
    )
    if isinstance(term, N.MatMul) and isinstance(held, Signal):
        yield from _shares(term, held, setting)


def _slopes_dropped(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """Every activation's derivative but the last step's left out."""
    found = [
        (sub, step_of(y)) for sub, _ in places(node) if (y := tanh_slope(sub)) is not None and step_of(y) is not None
    ]
    if len(found) < 2:
        return
    last = max(step for _, step in found if step is not None)
    changed = {sub: _ones(sub) for sub, step in found if step != last}
    yield "R22", _changed(node, changed)


def _changed(node: Node, changes: dict[Node, Node]) -> Node:
    if node in changes:
        return changes[node]
    operands = () if isinstance(node, Name) else N.operands_of(node)
    return remade(node, [_changed(part, changes) for part in operands]) if operands else node


def _jacobian_products(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """`∂h_3/∂h_1` is a product of blocks."""
    blocks = [part for part in N.operands_of(node) if isinstance(part, N.Block)]
    if not isinstance(node, N.MatMul) or len(blocks) < 2 or len(blocks) != len(node.operands):
        return
    yield "R16", add(*blocks)
    for at in range(len(blocks)):
        rest = [*blocks[:at], *blocks[at + 1 :]]
        yield "R32", matmul(*rest) if len(rest) > 1 else rest[0]


WHOLE: tuple[Change, ...] = (_signs, _sums, _slopes_dropped, _jacobian_products)
"""Changes of the whole right side."""
