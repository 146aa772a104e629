"""Changes of one piece of an equation: a slope, an error, a weight, a step, a gate, each with the row it is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import Adjoint, Node, Parameter, Signal
from symrnn.algebra.nodes.verbs import add, apply, hadamard, matmul, negate, power, scale, transpose
from symrnn.checking.patterns import (
    Change,
    Setting,
    moved,
    negated,
    one_minus,
    ones_like,
    step_of,
    swapped,
    tanh_slope,
)

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
        yield "L01", ones_like(node)
    else:
        yield _without_slope(setting) if not gate else "R08", ones_like(node)
        for by in (-1, 1):
            neighbour = moved(y, by)
            if neighbour is not None and int(neighbour.time) <= setting.steps:
                yield "R09", add(one, negate(power(neighbour, 2)))
        if isinstance(y, Signal):
            before = Signal(f"a_{y.name}" if gate else "a", y.shape, *y.indices)
            yield "R25", add(one, negate(power(before, 2)))
    later = moved(y, 1)
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
        yield "L07", hadamard(*rest) if len(rest) > 1 else (rest[0] if rest else ones_like(node))
        yield "L08", hadamard(*factors[:at], factors[at + 1], *factors[at + 2 :])
        yield "L08", hadamard(*factors[:at], y, *factors[at + 2 :])


def _errors(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """`ŷ − y`, alone or within a sum."""
    if not isinstance(node, N.Add):
        return
    for at in range(1, len(node.operands)):
        if not _is_target(node.operands[at]) and not _is_number_off(node, at, setting):
            continue
        error = add(node.operands[at - 1], node.operands[at])
        before, after = node.operands[: at - 1], node.operands[at + 1 :]
        for row, wrong in _wrong_errors(error, setting):
            yield row, add(*before, wrong, *after)


def _is_target(term: Node) -> bool:
    """`- y`, also where a text's own loss names what it is given."""
    target = negated(term)
    return isinstance(target, Signal | Parameter) and target.name.startswith(("y", "given_"))


def _is_number_off(node: N.Add, at: int, setting: Setting) -> bool:
    """`h_T - 0.3`, where the target is told as a number."""
    is_gradient = isinstance(setting.target, Adjoint) and not setting.is_share_sum
    return is_gradient and isinstance(node.operands[at], N.Number) and isinstance(node.operands[at - 1], Signal)


def _wrong_errors(error: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    yield "R10", negate(error)
    if isinstance(setting.target, Adjoint):
        yield "R11", scale(N.Number(2), error)
        yield "R12", scale(N.Number(sp.Rational(1, 2)), error)
        yield "R20", power(error, 2)


def _slopes_of_any(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """`f'(a_t) ⊙ h̄_t` of an activation without rules of its own here: left out, or taken at another step."""
    target = setting.target.of if isinstance(setting.target, Adjoint) else None
    if not isinstance(target, Signal) or target.name != "a" or not isinstance(node, N.Hadamard):
        return
    back = [part for part in node.operands if _is_gradient(part)]
    slope = [part for part in node.operands if not _is_gradient(part)]
    if not back or not slope:
        return
    yield _without_slope(setting), hadamard(*back) if len(back) > 1 else back[0]
    for by in (-1, 1):
        at = {name: other for name in N.names_in(hadamard(*slope, ones_like(node))) if (other := moved(name, by))}
        if at and all(int(other.time) <= setting.steps for other in at.values()):
            yield "R09", hadamard(*(swapped(part, at) for part in slope), *back)


def _is_gradient(part: Node) -> bool:
    return any(isinstance(name, Adjoint) for name in N.names_in(part))


def _without_slope(setting: Setting) -> str:
    """The row of an activation's derivative that is left out."""
    is_last = isinstance(setting.target, Adjoint) and setting.step == setting.steps
    return "R23" if is_last else "R08"


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
    if isinstance(setting.target, N.Block):
        # `diag(1 - h_t²) W` is a Jacobian; its transpose is what a gradient goes back through.
        for at, part in enumerate(node.operands):
            if isinstance(part, Parameter) and part.shape[0] == part.shape[1] != 1:
                yield "R27", matmul(*node.operands[:at], transpose(part), *node.operands[at + 1 :])
    last = node.operands[-1]
    if isinstance(last, N.Transpose) and isinstance(last.operands[0], Signal) and setting.is_share_sum:
        yield from shares(node, last.operands[0], setting)


def _others(weight: Parameter, setting: Setting) -> Iterator[Parameter]:
    for other in setting.parameters:
        if other != weight and other.shape == weight.shape and not other.name.startswith("b"):
            yield other


def shares(node: N.MatMul, held: Signal, setting: Setting) -> Iterator[tuple[str, Node]]:
    """`δ_t h_{t-1}ᵀ`."""
    delta = node.operands[:-1]
    later = moved(held, 1)
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
        other = moved(node, by)
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
    if not isinstance(setting.target, Adjoint | N.Block):
        yield "F04", node.operands[0]
        other = "sigmoid" if node.activation.name != "sigmoid" else "tanh"
        yield "F05", apply(lookup(other), node.operands[0])
    elif setting.of in ("o", "a_o"):
        yield "L14", node.operands[0]


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
    """A term of a sum skipped, the terms of one way together."""
    if not isinstance(node, N.Add) or tanh_slope(node) is not None or one_minus(node) is not None:
        return
    if isinstance(setting.target, Adjoint) and not setting.is_share_sum:
        yield from _ways(node, setting)
    else:
        for at, term in enumerate(node.operands):
            rest = [*node.operands[:at], *node.operands[at + 1 :]]
            yield _term_row(term, at, setting), add(*rest)
    if (
        setting.of in ("z", "a_z", "f", "a_f", "u", "a_u")
        and len(node.operands) == 2
        and negated(node.operands[1]) is not None
    ):
        yield "G03", negate(node)


def _ways(node: N.Add, setting: Setting) -> Iterator[tuple[str, Node]]:
    """The ways a gradient comes back: directly, through each gate, by the state that is carried on."""
    direct = [term for term in node.operands if not _is_gradient(term)]
    later = [term for term in node.operands if _is_gradient(term)]
    if direct and later:
        yield "R26", add(*later)
        if not (len(direct) == 2 and _has_target(add(*direct))):
            yield from (("R26", _without(node, term)) for term in direct)
    for term in later:
        if len(node.operands) > 1:
            yield _way_row(term, setting), _without(node, term)
    gates = [term for term in later if _way_row(term, setting) == "L13"]
    if len(gates) > 1:
        for kept in range(1, len(gates) - 1):
            for some in combinations(gates, kept):
                yield "L13", add(*(term for term in node.operands if term not in gates or term in some))
        for term in gates:
            yield "L13", term
        if len(node.operands) > len(gates):
            yield "L13", add(*gates)


def _without(node: N.Add, term: Node) -> Node:
    return add(*(other for other in node.operands if other is not term))


def _has_target(node: Node) -> bool:
    return any(
        isinstance(name, Signal | Parameter) and name.name.startswith(("y", "given_")) for name in N.names_in(node)
    )


def _term_row(term: Node, at: int, setting: Setting) -> str:
    if setting.is_share_sum:
        return "R02" if at == 0 else "A11"
    return "F01" if isinstance(term, Parameter) else "F06"


def _way_row(term: Node, setting: Setting) -> str:
    names = N.names_in(term)
    adjoints = {name.of.name for name in names if isinstance(name, Adjoint) and isinstance(name.of, Signal)}
    if setting.of == "c":
        return "L11" if "c" in adjoints else "L12"
    if any(isinstance(name, Parameter) for name in names):
        return "L13" if any(one.startswith("a_") for one in adjoints) else "R13"
    later = any(isinstance(n, Adjoint) and step_of(n) == (setting.step or 0) + 1 for n in names)
    return "G02" if later else "R26"


def _updates(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """`z` for `1 − z` and the other way round."""
    y = one_minus(node)
    if isinstance(y, Signal) and y.name == "z":
        yield "G01", y
    if isinstance(node, Signal) and node.name == "z":
        yield "G01", add(ones_like(node), negate(node))


def _losses(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    if isinstance(node, N.Scale) and isinstance(node.operands[1], N.SquaredNorm):
        body = node.operands[1]
        yield "A02", body
        if body.operands[0].shape == (1, 1):
            yield "A01", scale(node.operands[0], body.operands[0])
            yield "A12", scale(node.operands[0], scale(N.Number(2), body.operands[0]))


def _cross_entropy(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """`p − y` behind a softmax: the derivative of −ln p alone, or with the softmax's diagonal only."""
    if not isinstance(node, N.Add) or not isinstance(setting.target, Adjoint) or setting.of != "o":
        return
    for at in range(1, len(node.operands)):
        target, p = negated(node.operands[at]), node.operands[at - 1]
        if isinstance(target, Signal) and target.name == "y" and isinstance(p, Signal) and p.name == "p":
            before, after = node.operands[: at - 1], node.operands[at + 1 :]
            yield "S01", add(*before, target, negate(p), *after)
            yield "S02", add(*before, negate(hadamard(target, add(ones_like(p), negate(p)))), *after)
            yield "S03", add(*before, negate(hadamard(target, power(p, -1))), *after)


def _jacobians(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """`diag(f') W`: in the other order, the weight missing or once too often."""
    if not isinstance(setting.target, N.Block) or not isinstance(node, N.MatMul | N.Hadamard):
        return
    for at, part in enumerate(node.operands):
        before, after = node.operands[:at], node.operands[at + 1 :]
        if isinstance(part, N.Diag) and after and isinstance(after[0], Parameter):
            yield "R30", matmul(*before, after[0], part, *after[1:])
        if isinstance(part, Parameter):
            rest = [*before, *after]
            yield "R13", matmul(*rest) if len(rest) > 1 else rest[0]
            yield "R15", matmul(*before, part, *node.operands[at:])


def _softmax_jacobian(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """`diag(p) − p pᵀ` without what lies off the diagonal."""
    if isinstance(node, N.Add) and len(node.operands) == 2 and isinstance(node.operands[0], N.Diag):
        p = node.operands[0].operands[0]
        if negated(node.operands[1]) == matmul(p, transpose(p)):
            yield "S02", N.Diag(hadamard(p, add(ones_like(p), negate(p))))


def _resets(node: Node, setting: Setting) -> Iterator[tuple[str, Node]]:
    """`U (r ⊙ h)` for `r ⊙ (U h + b)` and the other way round."""
    if isinstance(node, N.Hadamard) and len(node.operands) == 2:
        gate, body = node.operands
        terms = body.operands if isinstance(body, N.Add) else (body,)
        products = [term for term in terms if isinstance(term, N.MatMul) or _is_scalar_product(term)]
        if isinstance(gate, Signal) and gate.name == "r" and len(products) == 1:
            weight, *held = products[0].operands
            rest = [term for term in terms if term is not products[0]]
            yield "G05", add(matmul(weight, hadamard(gate, *held)), *rest)
    if isinstance(node, N.MatMul) and len(node.operands) == 2 and isinstance(node.operands[1], N.Hadamard):
        weight, (gate, *held) = node.operands[0], node.operands[1].operands
        if isinstance(weight, Parameter) and isinstance(gate, Signal) and gate.name == "r":
            yield "G05", hadamard(gate, matmul(weight, *held))


def _is_scalar_product(node: Node) -> bool:
    return isinstance(node, N.Hadamard) and node.shape == (1, 1) and isinstance(node.operands[0], Parameter)


CHANGES: tuple[Change, ...] = (
    _tanh_slopes, _gate_slopes, _slopes_of_any, _errors, _weights, _steps, _functions, _factors, _terms, _updates,
    _losses, _cross_entropy, _jacobians, _softmax_jacobian, _resets,
)  # fmt: skip
"""Changes of one piece."""
