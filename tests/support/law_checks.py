"""The laws as functions: each takes a sized Program and raises `Broken` where a mode of the library breaks its law.

Law tests and the tests of planted mistakes call the same functions, with the table of rules as an argument.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import mpmath
import sympy as sp
from dual_numbers import value_of
from fractions_evaluator import (
    Evaluator,
    Matrix,
    Values,
    dot,
    draw,
    identity,
    map_entries,
    plus,
    scaled,
    slopes_of,
    times,
    transposed,
    vec,
)

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Adjoint, Block, Immediate, Name, Node, Parameter, Signal, T, Tangent, is_zero, t
from symrnn.algebra.programs import Program, signal_of, sizes_of
from symrnn.algebra.substitution import replace_nodes
from symrnn.calculus.adjoints import LOSS, adjoint
from symrnn.calculus.jacobians import Jacobian, jacobian
from symrnn.calculus.maps import Broadcast, LinearMap, SumOver
from symrnn.calculus.rewriting import expose
from symrnn.calculus.rules import RULES, Rules
from symrnn.calculus.tangents import tangent
from symrnn.calculus.unrolling import unroll


class Broken(AssertionError):
    """A law that does not hold."""


def hold(expected: Any, actual: Any, what: object) -> None:
    """Raise `Broken` unless the two are equal."""
    if expected != actual:
        raise Broken(f"{what}:\nexpected {expected}\nactual   {actual}")


@dataclass(frozen=True)
class Setting:
    """A sized Program, a number of steps and a seed for every value it reads."""

    program: Program
    steps: int
    seed: int = 0

    def evaluator(self, known: Values | None = None, **options: Any) -> Evaluator:
        """An evaluator at this number of steps and seed."""
        return Evaluator(known, steps=self.steps, seed=self.seed, **options)

    def __repr__(self) -> str:
        return f"T = {self.steps}, seed = {self.seed}\n{self.program}"


def sized(program: Program, **sizes: int) -> Program:
    """The Program with numbers for whatever sizes it has: 2 unless said."""
    return program.with_sizes(**{symbol.name: sizes.get(symbol.name, 2) for symbol in sizes_of(program)})


def at_steps(name: Name, steps: int) -> tuple[Any, ...]:
    """A declared name at every step, or as it is where it stands at one."""
    placed = [name.xreplace({t: sp.Integer(step), T: sp.Integer(steps)}) for step in range(1, steps + 1)]
    return tuple(dict.fromkeys(placed))


def loss_slope(setting: Setting, values: Values) -> Any:
    """dL of a dual evaluation: the slope of the loss, or Σ ⟨∂⁺L/∂h_t, ḣ_t⟩ over outputs and final states."""
    program = setting.program
    if program.loss is not None:
        return slopes_of(values[program.loss])[0][0]
    names = [name for one in (*program.outputs, *program.finals) for name in at_steps(one, setting.steps)]
    return sum(dot(draw(Immediate(LOSS, name), setting.seed), slopes_of(values[name])) for name in names)


def free_leaves(program: Program, leaves: Values) -> Iterator[Name]:
    """What is differentiated: parameters, inputs and initial values, not targets and other givens."""
    inputs = {name.name for name in program.inputs}
    states = {name.name for name in program.initials}
    for leaf in leaves:
        if (
            isinstance(leaf, Parameter)
            or (isinstance(leaf, Signal) and leaf.name in states)
            or (isinstance(leaf, Signal) and leaf.name in inputs)
        ):
            yield leaf


# --- laws of one linear map -----------------------------------------------------------------------------------------


def check_map(local: LinearMap, source: N.Shape, target: N.Shape, known: Values | None = None) -> None:
    """⟨u, L v⟩ = ⟨Lᵀu, v⟩; M vec(v) = vec(L v); the matrix of Lᵀ is Mᵀ; (Lᵀ)ᵀ = L."""
    evaluate = Evaluator(known)
    v: Node = Signal("v_in", source, *((t,) if isinstance(local, SumOver) else ()))
    u: Node = Signal("u_out", target, *((t,) if isinstance(local, Broadcast) else ()))
    forward, backward = local.apply(v), local.transpose().apply(u)
    hold(target, forward.shape, f"shape of {local}")
    hold(source, backward.shape, f"shape of the transpose of {local}")
    left, right = N.Inner(u, forward), N.Inner(backward, v)
    if isinstance(local, SumOver):
        right = N.Sum(right, local.index, local.lo, local.hi)
    if isinstance(local, Broadcast):
        left = N.Sum(left, local.index, local.lo, local.hi)
    hold(evaluate(left), evaluate(right), f"⟨u, L v⟩ = ⟨Lᵀu, v⟩ for {local}")
    hold(local, local.transpose().transpose(), "transposing twice")
    matrix = evaluate(local.matrix())
    hold(transposed(matrix), evaluate(local.transpose().matrix()), f"matrix of the transpose of {local}")
    if not isinstance(local, SumOver | Broadcast):
        hold(vec(evaluate(forward)), times(matrix, vec(evaluate(v))), f"M vec(v) = vec(L v) for {local}")


def check_row(node: Node, rules: Rules = RULES) -> None:
    """The laws of every map of a row, and that they add up to the derivative of the operation.

    The operands of the node are names, so that their tangents are.
    """
    answer, operands = Signal("answer", node.shape), N.operands_of(node)
    maps = rules[type(node)](node, answer)
    hold(len(operands), len(maps), f"one map for each operand of {node}")
    names = [leaf for operand in operands if isinstance(operand, Name) for leaf in at_steps(operand, 3)]
    moved = Evaluator(directions={name: draw(Tangent(name)) for name in names})(node)
    known = {answer: map_entries(value_of, moved)}
    parts = [N.zeros(node.shape)]
    for operand, local in zip(operands, maps, strict=True):
        if local is not None and isinstance(operand, Name):
            check_map(local, operand.shape, node.shape, known)
            parts.append(local.apply(Tangent(operand)))
    hold(slopes_of(moved), Evaluator(known)(N.add(*parts)), f"the derivative of {node}")


# --- laws of whole Programs -----------------------------------------------------------------------------------------


def check_gradients(setting: Setting, rules: Rules = RULES) -> None:
    """∂L/∂ of every parameter, input and initial value is the derivative of the forward Program over dual numbers."""
    forward = setting.evaluator().run(expose(setting.program))
    back = setting.evaluator(forward.values).run(adjoint(setting.program, rules)).values
    for leaf in free_leaves(setting.program, forward.leaves):
        direction = draw(Tangent(leaf), setting.seed)
        moved = setting.evaluator(directions={leaf: direction}).run(setting.program)
        expected = loss_slope(setting, moved.values)
        hold(expected, dot(_found(back, leaf), direction), f"⟨∂L/∂{leaf}, direction⟩ at {setting}")


def _found(back: Values, leaf: Name) -> Matrix:
    if Adjoint(leaf) not in back:
        raise Broken(f"no gradient of {leaf}")
    return back[Adjoint(leaf)]


def check_signals(setting: Setting, rules: Rules = RULES) -> None:
    """ȳ_t of every assigned quantity is the derivative of the loss by a nudge of that quantity at that step."""
    program = expose(setting.program)
    forward = setting.evaluator().run(program)
    back = setting.evaluator(forward.values).run(adjoint(program, rules)).values
    for equation in program:
        for name in at_steps(equation.target, setting.steps):
            if Adjoint(name) not in back:
                continue  # the loss, and adjoints that are one number throughout, have no equation
            direction = draw(Tangent(name), setting.seed)
            moved = setting.evaluator(directions={}, nudges={name: direction}).run(program)
            expected = loss_slope(setting, moved.values)
            hold(expected, dot(back[Adjoint(name)], direction), f"⟨{Adjoint(name)}, direction⟩ at {setting}")


def check_tangents(setting: Setting, rules: Rules = RULES) -> None:
    """ẏ of every quantity at every step is its slope over dual numbers, all parameters, inputs and initials moving."""
    program = expose(setting.program)
    forward = setting.evaluator().run(program)
    directions = {leaf: draw(Tangent(leaf), setting.seed) for leaf in free_leaves(program, forward.leaves)}
    moved = setting.evaluator(directions=directions).run(program).values
    pushed = setting.evaluator(forward.values).run(tangent(program, rules)).values
    for equation in program:
        for name in at_steps(equation.target, setting.steps):
            hold(slopes_of(moved[name]), pushed[Tangent(name)], f"{Tangent(name)} at {setting}")


def check_duality(setting: Setting, rules: Rules = RULES) -> None:
    """⟨cotangent, tangent⟩ = ⟨gradient, direction⟩: what arrives at the loss is what is collected from it."""
    program = expose(setting.program)
    forward = setting.evaluator().run(program)
    back = setting.evaluator(forward.values).run(adjoint(program, rules)).values
    pushed = setting.evaluator(forward.values).run(tangent(program, rules)).values
    leaves = tuple(free_leaves(program, forward.leaves))
    collected = sum(dot(_found(back, leaf), draw(Tangent(leaf), setting.seed)) for leaf in leaves)
    if program.loss is not None:
        arrived = pushed[Tangent(program.loss)][0][0]
    else:
        outputs = [name for one in (*program.outputs, *program.finals) for name in at_steps(one, setting.steps)]
        arrived = sum(dot(draw(Immediate(LOSS, name), setting.seed), pushed[Tangent(name)]) for name in outputs)
    hold(arrived, collected, f"⟨cotangent, tangent⟩ = ⟨gradient, direction⟩ at {setting}")


def check_unrolling(setting: Setting, rules: Rules = RULES) -> None:
    """Deriving and unrolling commute: the same expression for the same target, written alike.

    Two things are seen only once the steps are written out, and put in on both sides: which adjoints are 0, since no
    path leads from there to the loss, and which subexpressions have a name at another step.
    """
    program = expose(setting.program)
    written_out = unroll(program, setting.steps)
    names = _names_of_values(written_out)
    derived_first = _settled(unroll(adjoint(program, rules), setting.steps), names)
    unrolled_first = _settled(adjoint(written_out, rules), names)
    hold(sorted(map(str, unrolled_first)), sorted(map(str, derived_first)), f"targets at {setting}")
    for target, expression in unrolled_first.items():
        hold(expression, derived_first[target], f"{target} at {setting}")


def _names_of_values(program: Program) -> dict[Node, Node]:
    """Every softmax or activation that is a whole equation, by its first name."""
    names: dict[Node, Node] = {}
    for equation in program:
        if isinstance(equation.expression, N.Softmax | N.Apply):
            first = names.setdefault(equation.expression, equation.target)
            names[equation.target] = first
    return {value: name for value, name in names.items() if value != name}


def _settled(program: Program, names: dict[Node, Node]) -> dict[Name, Node]:
    """Target to expression, with zeros and names put in; zero adjoints of signals are left out."""
    kept: dict[Name, Node] = {}
    zero: dict[Node, Node] = {}
    for equation in program:
        expression = replace_nodes(replace_nodes(equation.expression, names), zero)
        if is_zero(expression):
            zero[equation.target] = expression
        if not is_zero(expression) or signal_of(equation.target) is None:
            kept[equation.target] = expression
    return kept


def check_sizes(program: Program, sizes: dict[str, int], steps: int, seed: int = 0) -> None:
    """Sizes put in before or after deriving: the same values."""
    before = adjoint(program.with_sizes(**sizes))
    after = adjoint(program)
    after = after.with_sizes(**{symbol.name: sizes[symbol.name] for symbol in sizes_of(after)})
    forward = Evaluator(steps=steps, seed=seed).run(expose(program.with_sizes(**sizes))).values
    first = Evaluator(forward, steps=steps, seed=seed).run(before).values
    second = Evaluator(forward, steps=steps, seed=seed).run(after).values
    for name in {name for name in (*first, *second) if isinstance(name, Adjoint) and name not in forward}:
        zero = map_entries(lambda entry: 0 * entry, first.get(name) or second[name])
        hold(first.get(name, zero), second.get(name, zero), f"{name} with {sizes} in {program}")


def check_differences(setting: Setting, digits: int = 20) -> None:
    """The adjoint's gradients against central differences of the unrolled forward Program, at 60 digits.

    A step of 10⁻²⁰ leaves an error near 10⁻⁴⁰ times the third derivative.
    """
    with mpmath.workdps(60):
        step = mpmath.mpf(10) ** -20
        written_out = unroll(setting.program, setting.steps)
        forward = setting.evaluator(real=True).run(expose(setting.program))
        back = setting.evaluator(forward.values, real=True).run(adjoint(setting.program)).values
        for leaf in free_leaves(setting.program, forward.leaves):
            direction = _as_real(draw(Tangent(leaf), setting.seed))
            ends = []
            for sign in (1, -1):
                moved = plus(forward.leaves[leaf], scaled(sign * step, direction))
                values = setting.evaluator({leaf: moved}, real=True).run(written_out).values
                ends.append(_loss_value(setting, values))
            expected = (ends[0] - ends[1]) / (2 * step)
            actual = dot(_found(back, leaf), direction)
            if abs(expected - actual) > mpmath.mpf(10) ** -digits * max(1, abs(expected)):
                raise Broken(f"⟨∂L/∂{leaf}, direction⟩ at {setting}:\nexpected {expected}\nactual   {actual}")


def _as_real(matrix: Matrix) -> Matrix:
    return map_entries(lambda q: mpmath.mpf(q.numerator) / q.denominator, matrix)


def _loss_value(setting: Setting, values: Values) -> Any:
    program = setting.program
    if program.loss is not None:
        return values[program.loss][0][0]
    names = [name for one in (*program.outputs, *program.finals) for name in at_steps(one, setting.steps)]
    given = [_as_real(draw(Immediate(LOSS, name), setting.seed)) for name in names]
    return sum(dot(weight, values[name]) for weight, name in zip(given, names, strict=True))


# --- laws of step Jacobians -----------------------------------------------------------------------------------------


def _stack(values: Values, names: list[Signal]) -> Matrix:
    return tuple(row for name in names for row in values[name])


def _placed(names: tuple[Signal, ...], step: int, ahead: int = 0) -> list[Any]:
    return [name.at(name.time + ahead).xreplace({t: sp.Integer(step)}) for name in names]


def step_matrix(derived: Jacobian, setting: Setting, known: Values, step: int) -> Matrix:
    """The step Jacobian of the stacked states at one step, in numbers."""
    evaluate = setting.evaluator(known)
    evaluate.index[t] = sp.Integer(step)
    for block in derived.blocks:
        evaluate.values[evaluate.placed(block.target)] = evaluate(block.expression)
    return evaluate(derived.matrix)


def check_jacobian(setting: Setting, rules: Rules = RULES) -> None:
    """J_t v = the tangent of one step; J_T … J_1 v = the tangent of all steps, later factors to the left."""
    derived = jacobian(setting.program, rules)
    program = derived.program
    forward = setting.evaluator().run(program)
    start = [name for name in _placed(derived.sources, 1)]
    known = dict(forward.values)
    for name in start:
        known.setdefault(name, draw(name, setting.seed))
    directions = {name: draw(Tangent(name), setting.seed) for name in start}
    moved = setting.evaluator(directions=directions).run(program).values
    slopes = {name: slopes_of(value) for name, value in moved.items()} | directions
    whole = identity(sum(int(name.shape[0]) for name in start))
    for step in range(1, setting.steps + 1):
        matrix = step_matrix(derived, setting, known, step)
        here, before = _placed(derived.sources, step, ahead=1), _placed(derived.sources, step)
        hold(_stack(slopes, here), times(matrix, _stack(slopes, before)), f"J_{step} v at {setting}")
        whole = times(matrix, whole)
        product = _product_in_numbers(derived, setting, known, step)
        hold(whole, product, f"the product to step {step} at {setting}")
        hold(_stack(slopes, here), times(product, _stack(slopes, start)), f"J_{step} … J_1 v at {setting}")


def _product_in_numbers(derived: Jacobian, setting: Setting, known: Values, last: int) -> Matrix:
    equation = derived.product(last, 0)
    evaluate = Evaluator()
    assert isinstance(equation.expression, N.Product)
    factor, (index, _, _) = equation.expression.operands[0], equation.expression.range
    for step in range(1, last + 1):
        placed = factor.xreplace({index: sp.Integer(step)})
        assert isinstance(placed, Block)
        evaluate.values[placed] = step_matrix(derived, setting, known, step)
    return evaluate(equation.expression)


def check_gradient_sum(setting: Setting) -> None:
    """Eᵀ Σ_τ (J_τ … J_{t+1})ᵀ ∂⁺L/∂s_τ is the total gradient of the states of step t, as `adjoint` has it.

    For Programs in which every state is an output.
    """
    derived = jacobian(setting.program)
    forward = setting.evaluator().run(derived.program)
    back = setting.evaluator(forward.values).run(adjoint(setting.program)).values
    equation = derived.gradient_sum()
    evaluate = setting.evaluator(forward.values)
    for step in range(1, setting.steps + 1):
        here = {t: sp.Integer(step)}
        evaluate.values[derived.name.xreplace(here)] = step_matrix(derived, setting, forward.values, step)
        states = [name.xreplace(here) for name in derived.states]
        stacked = states[0] if len(states) == 1 else N.Concat(*states)
        evaluate.values[Immediate(LOSS, stacked)] = _given_at(states, setting)
    for step in range(1, setting.steps + 1):
        evaluate.index[t] = sp.Integer(step)
        totals = [back[Adjoint(name.xreplace({t: sp.Integer(step)}))] for name in derived.states]
        expected = tuple(row for total in totals for row in total)
        hold(expected, evaluate(equation.expression), f"∂L/∂s_{step} at {setting}")


def _given_at(states: list[Signal], setting: Setting) -> Matrix:
    return tuple(row for name in states for row in draw(Immediate(LOSS, name), setting.seed))
