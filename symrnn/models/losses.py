"""Losses, readouts and the training step as equations added to a Program.

The loss is one more equation. Each kind is a row and names its divisor; `with_readout` adds the prediction
`ŷ_t = W_y h_t + b_y`, `with_loss` the loss at the last step or at every step, `training_step` the new parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

import sympy as sp

from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import (
    Add,
    Adjoint,
    CrossEntropy,
    MatMul,
    Name,
    Node,
    Number,
    Opaque,
    Parameter,
    Scale,
    Signal,
    Softmax,
    SquaredNorm,
    Sum,
    add,
    apply,
    hadamard,
    negate,
    power,
    scale,
    subexpressions,
    substitute,
)
from symrnn.algebra.programs import Equation, Program, Reason, family, signal_of
from symrnn.algebra.substitution import replace_nodes
from symrnn.calculus.adjoints import LOSS, refuse_loss_name
from symrnn.errors import InputError

p = sp.Symbol("p", integer=True, positive=True)
"""The size of the prediction."""

READOUT = Reason("readout")
LOSS_REASON = Reason("loss")
UPDATE = Reason("update")
CLIP = Reason("clip")


@dataclass(frozen=True)
class LossRow:
    """One kind of loss: the value from prediction and target, what divides it, and whether it wants logits."""

    kind: str
    value: Callable[[Node, Node], Node]
    divisor: str
    logits: bool = False


def _half_squared(prediction: Node, target: Node) -> Node:
    """½‖ŷ − y‖²"""
    return Scale(Number(sp.Rational(1, 2)), SquaredNorm(Add(prediction, negate(target))))


def _squared(prediction: Node, target: Node) -> Node:
    """‖ŷ − y‖²"""
    return SquaredNorm(Add(prediction, negate(target)))


def _mean_squared(prediction: Node, target: Node) -> Node:
    """1/p ‖ŷ − y‖²"""
    return scale(Number(1 / prediction.shape[0]), _squared(prediction, target))


def _cross_entropy(prediction: Node, target: Node) -> Node:
    """−yᵀ log softmax(o)"""
    return CrossEntropy(target, prediction)


LOSSES: Mapping[str, LossRow] = MappingProxyType(
    {
        row.kind: row
        for row in (
            LossRow("half_squared_error", _half_squared, "2"),
            LossRow("squared_error", _squared, "1"),
            LossRow("mean_squared_error", _mean_squared, "the number of components of ŷ"),
            LossRow("softmax_cross_entropy", _cross_entropy, "1", logits=True),
        )
    }
)
"""One row per kind of loss."""


def with_readout(program: Program, at: str = "every_step", name: str = "y_hat", bias: bool = True) -> Program:
    """The Program with a prediction `ŷ_t = W_y h_t + b_y` of the first output, at every step or at the last.

    >>> from symrnn.cells import rnn
    >>> print(with_readout(rnn())["ŷ_t"])
    ŷ_t = W_y h_t + b_y
    """
    if at not in ("last", "every_step"):
        raise InputError(f"at = {at!r}", found="no such choice", write="'last' or 'every_step'")
    source = program.outputs[0]
    weights = Parameter("W_y", (p, source.shape[0]))
    offset = Parameter("b_y", (p, 1))
    here = source if at == "every_step" else source.at(program.steps.hi)
    product = MatMul(weights, here)
    expression = Add(product, offset) if bias else product
    domain = _domain_of(program, source) if at == "every_step" else ()
    prediction = Signal(name, (p, 1), here.time)
    equation = Equation(prediction, expression, READOUT, domain)
    return replace(
        program,
        equations=(*program.equations, equation),
        parameters=(*program.parameters, weights, *((offset,) if bias else ())),
        outputs=(prediction, *program.outputs) if at == "every_step" else program.outputs,
        finals=program.finals if at == "every_step" else (prediction, *program.finals),
    )


def _domain_of(program: Program, name: Name) -> tuple:  # type: ignore[type-arg]  # ranges of the equation
    return program.definitions[name].domain


def with_loss(
    program: Program,
    kind: str = "half_squared_error",
    at: str = "last",
    reduce: str = "sum",
    readout: bool = False,
    bias: bool = True,
) -> Program:
    """The Program with a loss L of the kinds in `LOSSES`, `at` the last step or every step, with a readout or without.

    At every step the loss is `L = Σ_t L_t`, or its mean over the steps with `reduce="mean"`.

    >>> from symrnn.cells import rnn
    >>> print(with_loss(rnn())["L"])
    L = 1/2 ‖h_T - y‖²
    """
    row = _row(kind, at, reduce)
    _check_no_loss(program)
    names = {getattr(name, "name", "") for equation in program for name in (equation.target, *equation.reads)}
    if readout:
        logits = "o" if "o" not in names else "s"
        program = with_readout(program, at, logits if row.logits else "y_hat", bias)
    every = at == "every_step"
    prediction = _prediction(program, readout, every)
    if row.logits:
        program = _with_probabilities(program, prediction, every)
    target = Signal(
        _free_name(program, "y", "y_star", "y_true"), prediction.shape, *((prediction.time,) if every else ())
    )
    value = row.value(prediction, target)
    equations = _loss_equations(program, value, prediction, every, reduce)
    return replace(
        program, equations=(*program.equations, *equations), given=(*program.given, target), loss=LOSS, finals=()
    )


def _check_no_loss(program: Program) -> None:
    """A Program has one loss, and nothing else has its name."""
    if program.loss is not None:
        raise InputError(
            str(program[program.loss]), found="a second loss", write="one loss; a sum of several is one equation"
        )
    refuse_loss_name(program)


def _free_name(program: Program, *names: str) -> str:
    """The first name the cell has not taken: a cell whose output is called y has the target y*."""
    taken = {getattr(signal_of(each), "name", "") for e in program for each in (e.target, *e.reads)}
    return next(name for name in names if name not in taken)


def _row(kind: str, at: str, reduce: str) -> LossRow:
    for what, value, known in (
        ("kind", kind, tuple(LOSSES)),
        ("at", at, ("last", "every_step")),
        ("reduce", reduce, ("sum", "mean")),
    ):
        if value not in known:
            raise InputError(f"{what} = {value!r}", found="no such choice", write=" or ".join(map(repr, known)))
    return LOSSES[kind]


def _prediction(program: Program, readout: bool, every: bool) -> Signal:
    if readout:
        target = program.equations[-1].target
        assert isinstance(target, Signal)
        return target
    source = program.outputs[0]
    return source if every else source.at(program.steps.hi)


def _with_probabilities(program: Program, logits: Signal, every: bool) -> Program:
    probabilities = Signal(_free_name(program, "p", "p_hat", "q"), logits.shape, logits.time)
    domain = _domain_of(program, program.outputs[0]) if every else ()
    equation = Equation(probabilities, Softmax(logits), READOUT, domain)
    return replace(program, equations=(*program.equations, equation))


def _loss_equations(
    program: Program, value: Node, prediction: Signal, every: bool, reduce: str
) -> tuple[Equation, ...]:
    if not every:
        return (Equation(LOSS, value, LOSS_REASON),)
    domain = _domain_of(program, prediction)
    step = Signal("L", (1, 1), prediction.time)
    total: Node = Sum(step, program.steps.index, program.steps.lo, program.steps.hi)
    if reduce == "mean":
        total = scale(Number(1 / (program.steps.hi - program.steps.lo + 1)), total)
    return Equation(step, value, LOSS_REASON, domain), Equation(LOSS, total, LOSS_REASON)


def with_generic_loss(program: Program, last: bool = False) -> Program:
    """The Program with `L = Σ_t L_t`, where of L_t nothing is known but that it depends on the outputs of step t.

    Where there are final outputs, such as the prediction ŷ_T of a readout at the last step, the loss is `L = L_T` and
    depends on them; with `last` it is `L = L_T` in any case.

    >>> from symrnn.cells import rnn
    >>> print(with_generic_loss(rnn())["L"])
    L = Σ_{t=1}^{T} L_t
    """
    _check_no_loss(program)
    ends = _last_outputs(program)
    if last and not ends:
        ends = tuple(output.at(program.steps.hi) for output in program.outputs)
    if ends:
        step = Signal("L", (1, 1), program.steps.hi)
        equations = (Equation(step, Opaque(step, *ends), LOSS_REASON), Equation(LOSS, step, LOSS_REASON))
    else:
        step = Signal("L", (1, 1), program.steps.index)
        total = Sum(step, program.steps.index, program.steps.lo, program.steps.hi)
        each = Equation(step, Opaque(step, *program.outputs), LOSS_REASON, _domain_of(program, program.outputs[0]))
        equations = (each, Equation(LOSS, total, LOSS_REASON))
    return replace(
        program, equations=(*program.equations, *equations), given=(*program.given, step), loss=LOSS, finals=()
    )


def with_named_losses(program: Program) -> Program:
    """The Program in which each `L_t(h_t)` a loss is made of has an equation of its own, `L_t = L_t(h_t)`.

    >>> from symrnn import parse_cell
    >>> for equation in with_named_losses(parse_cell("h_t = w h_{t-1}; L = Σ_t L_t(h_t)")):
    ...     print(equation)
    h_t = w h_{t-1}
    L_t = L_t(h_t)
    L = Σ_{t=1}^{T} L_t
    """
    named: dict[Name, Equation] = {}
    rest: list[Equation] = []
    for equation in program:
        inner = [one for one in subexpressions(equation.expression) if isinstance(one, Opaque)]
        inner = [one for one in inner if one is not equation.expression]
        named |= {made.target: made for made in map(partial(_named_loss, program), inner)}
        rest.append(replace(equation, expression=replace_nodes(equation.expression, {one: one.value for one in inner})))
    if not named:
        return program
    last = [equation for equation in rest if not equation.domain]
    steps = [equation for equation in rest if equation.domain]
    return replace(program, equations=(*steps, *named.values(), *last), given=(*program.given, *named))


def _named_loss(program: Program, value: Opaque) -> Equation:
    """`L_t = L_t(h_t)` of the L_k(h_k) of a sum over k, `L_T = L_T(h_T)` of one step's."""
    step = value.value.indices[0] if isinstance(value.value, Signal) and value.value.indices else program.steps.index
    if not step.is_Symbol or step == program.steps.hi:
        return Equation(value.value, value, LOSS_REASON)
    generic = substitute(value, {step: program.steps.index})
    return Equation(generic.value, generic, LOSS_REASON, (program.steps,))


def _last_outputs(program: Program) -> tuple[Signal, ...]:
    """What is computed once, after the last step, and is no state."""
    states = {family(state) for state in program.states}
    finals = tuple(name for name in program.finals if family(name) not in states)
    return (*finals, *(name for name in program.outputs if not name.has(program.steps.index)))


# --- one training step ----------------------------------------------------------------------------------------------

RATE = Parameter("eta", (1, 1))
THRESHOLD = Parameter("theta", (1, 1))


def training_step(program: Program, rule: str = "gradient_descent", clip: str | None = None) -> Program:
    """θ ← θ − η ∂L/∂θ for every parameter, the gradient clipped by value or by norm where asked.

    By value: each entry g becomes min(max(g, −θ), θ). By norm (Pascanu et al. 2013, Algorithm 1): g becomes
    g · θ/max(‖g‖, θ), where ‖g‖ is taken over all parameters together: only a norm above θ is scaled.

    >>> from symrnn.cells import rnn
    >>> print(training_step(rnn()).equations[0])
    W_{h,new} = W_h - η (∂L/∂W_h)
    """
    if rule != "gradient_descent":
        raise InputError(f"rule = {rule!r}", found="no such rule", write="'gradient_descent'")
    if clip not in (None, "value", "norm"):
        raise InputError(f"clip = {clip!r}", found="no such clipping", write="'value' or 'norm'")
    gradients: dict[Parameter, Node] = {name: Adjoint(name) for name in program.parameters}
    equations: list[Equation] = []
    if clip == "norm":
        equations, gradients = _clipped_by_norm(gradients)
    elif clip == "value":
        equations, gradients = _clipped_by_value(gradients)
    for name, gradient in gradients.items():
        new = Parameter(f"{name.name}_new", *name.args[1:])
        equations.append(Equation(new, add(name, negate(scale(RATE, gradient))), UPDATE))
    return Program(
        name=f"training step of {program.name}",
        equations=tuple(equations),
        parameters=(*program.parameters, RATE, *((THRESHOLD,) if clip else ())),
        given=tuple(Adjoint(name) for name in program.parameters),
        convention=program.convention,
        citation="pascanu2013" if clip else program.citation,
    )


def _clipped(name: Parameter) -> Parameter:
    return Parameter(f"g_{name.name}", *name.args[1:])


def _clipped_by_value(gradients: dict[Parameter, Node]) -> tuple[list[Equation], dict[Parameter, Node]]:
    equations = []
    for name, gradient in gradients.items():
        inside = apply(lookup("hard_tanh"), scale(power(THRESHOLD, -1), gradient))
        equations.append(Equation(_clipped(name), scale(THRESHOLD, inside), CLIP))
    return equations, {name: _clipped(name) for name in gradients}


def _clipped_by_norm(gradients: dict[Parameter, Node]) -> tuple[list[Equation], dict[Parameter, Node]]:
    norm = Signal("g_norm", (1, 1))
    squares = add(*(SquaredNorm(gradient) for gradient in gradients.values()))
    factor = Signal("s_clip", (1, 1))
    # max(‖g‖, θ) = θ + ReLU(‖g‖ − θ): one row of the table less, and never 0.
    largest = add(THRESHOLD, apply(lookup("relu"), add(norm, negate(THRESHOLD))))
    scaling = hadamard(THRESHOLD, power(largest, -1))
    equations = [Equation(norm, power(squares, sp.Rational(1, 2)), CLIP), Equation(factor, scaling, CLIP)]
    equations += [Equation(_clipped(name), scale(factor, gradient), CLIP) for name, gradient in gradients.items()]
    return equations, {name: _clipped(name) for name in gradients}
