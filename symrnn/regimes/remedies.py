"""Remedies for vanishing and exploding gradients, each measured before and after on the user's own model.

A remedy is a row of one table: which models it can be tried on, and what it changes. Nothing is asserted: the factor
per step e^{λ_1} of the full state is measured along the same inputs before and after. Clipping changes no Jacobian;
what it does to the gradient of the parameters is measured instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import Apply, Name, Node, Parameter, apply, operands_of, subexpressions
from symrnn.algebra.programs import Program
from symrnn.algebra.substitution import replace_nodes
from symrnn.cells import named
from symrnn.errors import InputError
from symrnn.models.drawing import drawn
from symrnn.models.model import Model, as_float, label
from symrnn.numeric.transport import full
from symrnn.regimes.ensembles import chrono_biases
from symrnn.regimes.lyapunov import spectrum
from symrnn.regimes.memory import gradient_norms
from symrnn.regimes.trajectories import followed

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """e^{λ_1} per step along the model's inputs, its standard error as a factor, and over how many steps.

    `log10_norm` is log₁₀ ‖∂s_T/∂s_0‖ over all steps.
    """

    rate: float
    error: float
    steps: int
    log10_norm: float

    @property
    def half_life(self) -> float:
        """Steps in which the gradient halves (or doubles): ln 2 / |λ_1|."""
        exponent = math.log(self.rate) if self.rate > 0 else -math.inf
        return math.inf if exponent == 0 else math.log(2.0) / abs(exponent)


@dataclass(frozen=True)
class Outcome:
    """A remedy and what was measured before and after it."""

    name: str
    before: Measure
    after: Measure


@dataclass(frozen=True)
class Clipped:
    """The gradient of all parameters under a clipping rule.

    Attributes:
        rule: "norm" (Pascanu's algorithm) or "value".
        threshold: of the rule.
        before, after: the Euclidean norm over all parameters.
        cosine: between the two; 1 where the direction is kept, None where a gradient is zero.
        changed: the share of entries that changed.
    """

    rule: str
    threshold: float
    before: float
    after: float
    cosine: float | None
    changed: float


@dataclass(frozen=True)
class Remedy:
    """A change to a model: its words in English, whether it can be tried, and the changed model."""

    title: str
    fits: Callable[[Model], bool]
    change: Callable[[Model], Model]
    source: str


def measure(model: Model) -> Measure:
    """The factor per step e^{λ_1} of ‖∂s_{t+k}/∂s_t‖ along a model's own trajectory.

    >>> from symrnn.models.files import load
    >>> round(measure(load("example:linear")).rate, 12)
    0.5
    """
    trajectory = followed(model)
    found = spectrum(trajectory.chain, 1)
    rate = math.exp(float(found.exponents[0]))
    error = rate * float(found.errors[0]) if math.isfinite(float(found.errors[0])) else math.nan
    log_norm = float(full(trajectory.chain).log10_norm)
    return Measure(rate, error, found.steps, log_norm)


def measure_remedies(model: Model, names: Iterable[str] | None = None) -> tuple[Outcome, ...]:
    """Every remedy that can be tried on a model (or the named ones), before and after.

    >>> outcomes = measure_remedies(born("lstm", hidden=4, input=2, steps=60), ["forget bias 3"])
    >>> outcomes[0].before.rate < outcomes[0].after.rate
    True
    """
    if model.symbols:
        raise InputError(model.name, found="symbols among its numbers", write="a model with numbers")
    chosen = list(REMEDIES) if names is None else list(names)
    for name in chosen:
        if name not in REMEDIES:
            raise InputError(name, found="no such remedy", write="one of: " + ", ".join(REMEDIES))
    numeric = _in_floats(model)
    before = measure(numeric)
    return tuple(
        Outcome(name, before, measure(REMEDIES[name].change(numeric)))
        for name in chosen
        if REMEDIES[name].fits(numeric)
    )


def _in_floats(model: Model) -> Model:
    return replace(model, values={name: as_float(value) for name, value in model.values.items()}, settings={})


# --- newborn models ---------------------------------------------------------------------------------------------------


def born(
    kind: str,
    hidden: int = 20,
    input: int = 10,
    steps: int = 100,
    seed: int = 0,
    init: str = "pytorch",
    inputs: Array | None = None,
    **options: Any,
) -> Model:
    """A named cell as it is born: weights by an initialisation, inputs from N(0,1) unless given.

    >>> born("lstm", hidden=3, input=2).sizes
    {'n': 3, 'm': 2}
    """
    if kind == "gru":
        options = {"variant": "pytorch", **options}
    cell = named(kind, **options)
    sizes = {"n": hidden, "m": input}
    x = drawn({"normal": [0, 1], "seed": seed}, "x", (steps, input), hidden) if inputs is None else inputs
    values: dict[Name, Any] = {p: _drawn(p, init, sizes, seed) for p in cell.parameters}
    values |= {initial: np.zeros(hidden) for initial in cell.initials}
    values[cell.inputs[0]] = x
    return Model(kind, cell, cell, len(x), sizes, MappingProxyType(values))


SUMMED_BIASES = ("b", "b_i", "b_f", "b_c", "b_o", "b_r", "b_z")
"""PyTorch draws two biases and adds them, except around the reset of a GRU."""


def _drawn(parameter: Parameter, init: str, sizes: Mapping[str, int], seed: int) -> Array:
    shape = tuple(int(sizes[size.name]) for size in parameter.shape if size.is_Symbol)
    found = drawn({"init": init, "seed": seed}, parameter.name, shape, sizes["n"])
    if init == "pytorch" and parameter.name in SUMMED_BIASES:
        found = found + drawn({"init": init, "seed": seed}, f"{parameter.name} hh", shape, sizes["n"])
    return found


# --- changes ----------------------------------------------------------------------------------------------------------


def _parameter(model: Model, name: str) -> Parameter | None:
    return next((p for p in model.cell.parameters if p.name == name), None)


def _with(model: Model, changes: Mapping[str, Callable[[Array], Array]]) -> Model:
    values = {
        name: changes[label(name)](as_float(value)) if label(name) in changes else value
        for name, value in model.values.items()
    }
    return replace(model, values=values)


def recurrent_matrices(model: Model) -> tuple[Parameter, ...]:
    """The square matrices that act on a state: W_h, or U_g."""
    return tuple(
        p for p in model.cell.parameters
        if as_float(model.values[p]).ndim == 2 and p.shape[0] == p.shape[1] and p.name != "W_y"
    )  # fmt: skip


def _is_simple(model: Model) -> bool:
    return len(recurrent_matrices(model)) == 1 and len(model.cell.states) == 1


def _forget_bias(bias: float) -> Callable[[Model], Model]:
    return lambda model: _with(model, {"b_f": lambda b: np.full_like(b, bias)})


def _chrono(model: Model) -> Model:
    longest = max(model.steps, 3)
    return _with(
        model,
        {
            "b_f": lambda b: chrono_biases(b.size, longest).reshape(b.shape),
            "b_i": lambda b: -chrono_biases(b.size, longest).reshape(b.shape),
        },
    )


def _reinitialised(init: str) -> Callable[[Model], Model]:
    """Recurrent matrices drawn anew with seed 0; everything else stays."""

    def change(model: Model) -> Model:
        values = dict(model.values)
        for parameter in recurrent_matrices(model):
            shape = as_float(values[parameter]).shape
            values[parameter] = drawn({"init": init, "seed": 0}, parameter.name, shape, shape[0])
        return replace(model, values=values)

    return change


def _with_activation(name: str) -> Callable[[Model], Model]:
    """tanh replaced; gates stay."""

    def swapped(program: Program) -> Program:
        def moved(node: Node) -> Node:
            sites: dict[Node, Node] = {}
            for part in subexpressions(node):
                if isinstance(part, Apply) and part.activation.name == "tanh":
                    sites[part] = apply(lookup(name), moved(operands_of(part)[0]))
            return replace_nodes(node, sites)

        return replace(program, equations=tuple(replace(e, expression=moved(e.expression)) for e in program))

    return lambda model: replace(model, cell=swapped(model.cell), program=swapped(model.program))


def _has_tanh(model: Model) -> bool:
    return any(
        isinstance(part, Apply) and part.activation.name == "tanh"
        for equation in model.cell
        for part in subexpressions(equation.expression)
    )


def _identity_relu(model: Model) -> Model:
    return _with_activation("relu")(_reinitialised("identity")(model))


def _in_place_of(kind: str) -> Callable[[Model], Model]:
    """A newborn cell of another kind, of the same sizes, driven by the same inputs."""

    def change(model: Model) -> Model:
        inputs = _input_of(model)
        hidden = as_float(model.values[recurrent_matrices(model)[0]]).shape[0]
        return born(kind, hidden, inputs.shape[1], inputs=inputs)

    return change


def _input_of(model: Model) -> Array:
    (name,) = [name for name in model.program.inputs if name in model.values]
    series = as_float(model.values[name])
    series = series[:, 0] if model.batch is not None and series.ndim == 3 else series
    return series.reshape(model.steps, -1)


def _has_input(model: Model) -> bool:
    return len([name for name in model.program.inputs if name in model.values]) == 1


def _normalised(model: Model) -> Model:
    """Each input component to mean 0 and variance 1 over the steps (and examples)."""

    def standard(series: Array) -> Array:
        axes = tuple(range(series.ndim - 1)) if series.ndim > 1 else (0,)
        spread = series.std(axis=axes, keepdims=True)
        return np.asarray((series - series.mean(axis=axes, keepdims=True)) / np.where(spread > 0, spread, 1.0))

    return _with(model, {label(name): standard for name in model.program.inputs})


def _has_gate(model: Model) -> bool:
    return _parameter(model, "b_f") is not None and len(model.cell.states) == 2


def _unnormalised(model: Model) -> bool:
    if not _has_input(model):
        return False
    x = _input_of(model)
    return bool(x.std() > 0) and (abs(float(x.mean())) > 0.2 or not 0.8 < float(x.std()) < 1.25)


REMEDIES: Mapping[str, Remedy] = MappingProxyType(
    {
        "forget bias 1": Remedy("forget bias 1", _has_gate, _forget_bias(1.0), "Jozefowicz et al. 2015"),
        "forget bias 3": Remedy("forget bias 3", _has_gate, _forget_bias(3.0), "Gers et al. 2000"),
        "chrono": Remedy("chrono initialisation, T_max = T", _has_gate, _chrono, "Tallec and Ollivier 2018"),
        "orthogonal": Remedy(
            "orthogonal recurrent matrices", lambda m: bool(recurrent_matrices(m)), _reinitialised("orthogonal"),
            "Saxe et al. 2014",
        ),
        "xavier": Remedy(
            "Xavier recurrent matrices", lambda m: bool(recurrent_matrices(m)), _reinitialised("xavier"),
            "Glorot and Bengio 2010",
        ),
        "he": Remedy(
            "He recurrent matrices", lambda m: bool(recurrent_matrices(m)), _reinitialised("he"), "He et al. 2015"
        ),
        "identity relu": Remedy(
            "identity matrix and ReLU", lambda m: _is_simple(m) and _has_tanh(m), _identity_relu, "Le et al. 2015"
        ),
        "relu": Remedy("ReLU for tanh", _has_tanh, _with_activation("relu"), "Nair and Hinton 2010"),
        "leaky relu": Remedy(
            "leaky ReLU for tanh", _has_tanh, _with_activation("leaky_relu"), "Maas et al. 2013"
        ),
        "elu": Remedy("ELU for tanh", _has_tanh, _with_activation("elu"), "Clevert et al. 2016"),
        "lstm": Remedy(
            "a newborn LSTM instead", lambda m: _is_simple(m) and _has_input(m), _in_place_of("lstm"),
            "Hochreiter and Schmidhuber 1997",
        ),
        "gru": Remedy(
            "a newborn GRU instead", lambda m: _is_simple(m) and _has_input(m), _in_place_of("gru"), "Cho et al. 2014"
        ),
        "normalised inputs": Remedy("normalised inputs", _unnormalised, _normalised, "LeCun et al. 1998"),
    }
)  # fmt: skip
"""One row for each; the title is what tables and figures say."""


TITLES: Mapping[str, str] = MappingProxyType({name: remedy.title for name, remedy in REMEDIES.items()})
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "head": "Remedies for {0}, each measured along the same {1} steps",
        "remedy": "remedy",
        "before": "before",
        "after": "after",
        "half-life": "half-life after",
        "total": "‖∂s_T/∂s_0‖ after",
        "vanishes": "As it is, the gradient shrinks by a factor of {0} per step: over {1} steps to 10^{2}.",
        "grows": "As it is, the gradient grows by a factor of {0} per step: over {1} steps to 10^{2}.",
        "clipped": "Clipping by {0} at {1}: the norm of ∂L/∂θ goes from {2} to {3}; cosine with the unclipped {4}, "
        "{5} of the entries changed. It changes no Jacobian: what vanished still vanishes.",
        "norm": "norm",
        "value": "value",
    }
)
"""What a report says, by what it is for."""


# --- clipping ---------------------------------------------------------------------------------------------------------


def clip_by_norm(gradients: Mapping[str, Array], threshold: float) -> dict[str, Array]:
    """g ← g · threshold / ‖g‖ where ‖g‖ ≥ threshold, ‖·‖ over all parameters together.

    >>> clip_by_norm({"w": np.array([3.0, 4.0])}, 1.0)["w"]
    array([0.6, 0.8])

    Reference: R. Pascanu, T. Mikolov, Y. Bengio, ICML 2013, algorithm 1.
    """
    norm = overall_norm(gradients)
    share = threshold / norm if norm >= threshold and norm > 0 else 1.0
    return {name: value * share for name, value in gradients.items()}


def clip_by_value(gradients: Mapping[str, Array], threshold: float) -> dict[str, Array]:
    """Every entry within ±threshold; the direction changes.

    >>> clip_by_value({"w": np.array([3.0, -0.5])}, 1.0)["w"]
    array([ 1. , -0.5])
    """
    return {name: np.clip(value, -threshold, threshold) for name, value in gradients.items()}


CLIPPING: Mapping[str, Callable[[Mapping[str, Array], float], dict[str, Array]]] = MappingProxyType(
    {"norm": clip_by_norm, "value": clip_by_value}
)


def overall_norm(gradients: Mapping[str, Array]) -> float:
    """‖g‖ over all parameters, scaled first so that nothing under- or overflows.

    >>> overall_norm({"a": np.array([3e-200]), "b": np.array([4e-200])})
    5e-200
    """
    largest = max((float(np.abs(value).max(initial=0.0)) for value in gradients.values()), default=0.0)
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * math.sqrt(sum(float(np.sum(np.square(value / largest))) for value in gradients.values()))


def measure_clipping(model: Model, threshold: float = 1.0, rule: str = "norm") -> Clipped:
    """What a clipping rule does to ∂L/∂θ of a model: it bounds a step, it mends no vanishing.

    Without a loss, L is the sum of h_T's components.

    >>> from symrnn.models.files import load
    >>> found = measure_clipping(load("example:linear"), 0.01)
    >>> round(found.after, 12), round(found.cosine, 12)
    (0.01, 1.0)
    """
    if rule not in CLIPPING or not threshold > 0:
        raise InputError(f"{rule}, {threshold}", found="no clipping rule", write="norm or value, threshold above 0")
    gradients = parameter_gradients(model)
    clipped = CLIPPING[rule](gradients, threshold)
    before, after = overall_norm(gradients), overall_norm(clipped)
    cosine = None
    if before > 0 and after > 0:
        cosine = sum(float(np.sum(gradients[k] / before * (clipped[k] / after))) for k in gradients)
    entries = sum(value.size for value in gradients.values())
    changed = sum(int((clipped[key] != value).sum()) for key, value in gradients.items())
    return Clipped(rule, threshold, before, after, cosine, changed / entries)


def parameter_gradients(model: Model) -> dict[str, Array]:
    """∂L/∂θ of every parameter in float64; of the sum of h_T's components where the model has no loss.

    >>> from symrnn.models.files import load
    >>> sorted(parameter_gradients(load("example:linear")))
    ['W_h', 'W_x', 'b']
    """
    from symrnn.numeric.compilation import compile_gradients
    from symrnn.numeric.compiled import given_arrays

    given: dict[str, Any] = dict(given_arrays(_in_floats(model)))
    if model.program.loss is None and not any(name.startswith("given_") for name in given):
        for name in model.program.outputs:
            rows = int(model.sized.outputs[model.program.outputs.index(name)].shape[0])
            series = np.zeros((model.steps, *(() if model.batch is None else (model.batch,)), rows))
            series[-1] = 1.0
            given[f"given_{name.name}"] = series
    found = compile_gradients(model.program, keep=True)(given, steps=model.steps)
    known = [p.name for p in model.program.parameters if f"d_{p.name}" in found]
    return {name: np.asarray(found[f"d_{name}"], dtype=np.float64) for name in known}


def norms_against_lag(model: Model, remedy: str | None = None) -> Array:
    """ln ‖∂s_T/∂s_{T−k}‖ for k = 0, 1, …, by end points T: (ends, lags); of the model with a remedy if one is named.

    >>> from symrnn.models.files import load
    >>> norms_against_lag(load("example:linear")).round(3).tolist()
    [[0.0, -0.693, -1.386, -2.079]]
    """
    changed = model if remedy is None else REMEDIES[remedy].change(_in_floats(model))
    return gradient_norms(followed(changed).chain).logs
