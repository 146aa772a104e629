"""What PyTorch, ONNX, onnxruntime, Keras, cs231n and deeplearning.ai computed or published, held against our Programs.

Bounds: 1e-12 · max(1, max|b|) for float64 sources, 1e-6 for float32, half a unit of the last printed digit for
literals printed from float64.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import pytest

from symrnn.algebra.programs import Program
from symrnn.algebra.reading.roles import parse_cell
from symrnn.cells import gru, lstm, rnn
from symrnn.models.losses import with_loss

from . import layouts
from .evaluators import EVALUATORS, Found, Task, assert_close
from .layouts import gated, simple, stacked
from .truth import array, cases

FLOAT64, FLOAT32 = 1e-12, 1e-6
Evaluate = Callable[[Task], Found]


@dataclass(frozen=True)
class Claim:
    """What we found, what they have, and how near it must be: a bound, or a number of printed decimals."""

    what: str
    ours: Any
    theirs: Any
    bound: float = FLOAT64
    relative: bool = True

    def check(self) -> None:
        """Raises where it is too far."""
        ours, theirs = np.asarray(self.ours, dtype=float), np.asarray(self.theirs, dtype=float)
        if self.relative:
            assert_close(ours, theirs, self.bound, self.what)
        else:
            assert ours.shape == theirs.shape, f"{self.what}: shapes {ours.shape} and {theirs.shape}"
            assert np.max(np.abs(ours - theirs)) <= self.bound, f"{self.what}: {ours} where {theirs} was printed"


DIRECTION = "direction: reverse and bidirectional cells come later"
NOT_RUN = {
    "onnx": {
        "test_gru_bidirectional": DIRECTION,
        "test_gru_reverse": DIRECTION,
        "test_lstm_bidirectional": DIRECTION,
        "test_lstm_reverse": DIRECTION,
        "test_simple_rnn_bidirectional": DIRECTION,
        "test_simple_rnn_reverse": DIRECTION,
    },
    "engines": {
        "keras: SimpleRNN go_backwards": DIRECTION,
        "onnxruntime_literals: GRU basic bidirectional": DIRECTION,
        "onnxruntime_literals: LSTM reverse no peephole": DIRECTION,
        "onnxruntime_generated: RNN reverse {}": DIRECTION,
        "onnxruntime_generated: RNN bidirectional {}": DIRECTION,
    },
}
"""The cases that are not run, each with its reason."""


def _runnable(folder: str) -> list[str]:
    return [name for name in cases(folder) if name not in NOT_RUN[folder]]


# --- PyTorch: every gradient ----------------------------------------------------------------------------------------


def pytorch(case: dict[str, Any], name: str, evaluate: Evaluate) -> Iterator[Claim]:
    """Outputs, final states and every gradient under the cotangents `loss_weights_*`."""
    params = {key.removesuffix("_l0"): np.array(value) for key, value in case["params"].items()}
    biases = [params[key] for key in ("bias_ih", "bias_hh") if key in params]
    weights = (params["weight_ih"], params["weight_hh"], *biases)
    program, order, arrays = _pytorch_cell(name, weights, bool(biases))
    cotangents = np.array(case["loss_weights_output"])
    final = np.array(case["loss_weights_final"])
    cotangents[-1] += final[0, 0]
    states = {"h_0": np.array(case["h0"])[0]} | ({"c_0": np.array(case["c0"])[0]} if "c0" in case else {})
    given = {"x": np.array(case["x"]), "d/d h": cotangents} | ({"d/d c": final[1, 0]} if len(final) > 1 else {})
    found = evaluate(Task(program, arrays | states | given))
    yield Claim("output", found.values["h"], case["output"])
    for place, state in enumerate(("h", "c")[: len(final)]):
        yield Claim(f"final {state}", found.values[state][-1], np.array(case["final"])[place, 0])
    grads = case["grads"]
    yield Claim("x", found.gradients["x"], grads["x"])
    for state in states:
        yield Claim(state, found.gradients[state], np.array(grads[state.replace("_", "")])[0])
    yield from _pytorch_weight_gradients(order, dict(found.gradients), grads)


def _pytorch_cell(name: str, weights: tuple[np.ndarray, ...], bias: bool) -> tuple[Program, str, dict[str, np.ndarray]]:
    if "RNN" in name:
        return rnn(bias=bias), "", simple(*weights)
    if "GRU" in name:
        return gru("pytorch", bias=bias), layouts.PYTORCH_GRU, gated(layouts.PYTORCH_GRU, *weights, reset_after=True)
    return lstm(bias=bias), layouts.PYTORCH_LSTM, gated(layouts.PYTORCH_LSTM, *weights)


def _pytorch_weight_gradients(order: str, ours: dict[str, np.ndarray], theirs: dict[str, Any]) -> Iterator[Claim]:
    if not order:
        ours = {"W_": ours["W_x"], "U_": ours["W_h"], "b_": ours["b"]}
    order_or_one = order or [""]
    yield Claim("weight_ih", stacked("W", order_or_one, ours), theirs["weight_ih_l0"])
    yield Claim("weight_hh", stacked("U", order_or_one, ours), theirs["weight_hh_l0"])
    if "bias_ih_l0" in theirs:
        yield Claim("bias_ih", stacked("b", order_or_one, ours)[:, 0], theirs["bias_ih_l0"])
        recurrent = ours | ({"b_h": ours["b_Uh"]} if "b_Uh" in ours else {})
        yield Claim("bias_hh", stacked("b", order_or_one, recurrent)[:, 0], theirs["bias_hh_l0"])


# --- ONNX -----------------------------------------------------------------------------------------------------------

ONNX_ACTIVATIONS = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu", "hardsigmoid": "hard_sigmoid_onnx"}


def onnx(case: dict[str, Any], name: str, evaluate: Evaluate) -> Iterator[Claim]:
    """Y, Y_h and Y_c, example by example where their lengths differ."""
    if "like" in case:
        case = cases("onnx")[case["like"]] | case
    inputs = {key: array(packed) for key, packed in case["inputs"].items()}
    attributes = case["attributes"]
    assert attributes.get("direction", "forward") == "forward", "listed under NOT_RUN"
    assert attributes.get("clip") is None and not attributes.get("input_forget"), "clipping and coupling: not yet"
    found = _onnx_outputs(case["op"], attributes, inputs, evaluate)
    for key, bound in (("outputs", FLOAT32), ("published", FLOAT32), ("recomputed_float64", FLOAT64)):
        for output, figures in case.get(key, {}).items():
            theirs = array(figures).ravel() if isinstance(figures, dict) else figures
            yield Claim(f"{output} ({key})", found[output].ravel(), theirs, bound)


def _onnx_outputs(
    op: str, attributes: dict[str, Any], inputs: dict[str, np.ndarray], evaluate: Evaluate
) -> dict[str, np.ndarray]:
    program, weights = _onnx_cell(op, attributes, inputs)
    X = inputs["X"].swapaxes(0, 1) if attributes.get("layout") else inputs["X"]
    steps, batch, _ = X.shape
    lengths = inputs.get("sequence_lens", np.full(batch, steps)).astype(int)
    hidden = attributes["hidden_size"]
    outputs = {"Y": np.zeros((steps, batch, hidden))} | {key: np.zeros((batch, hidden)) for key in ("Y_h", "Y_c")}
    states = {"h_0": inputs.get("initial_h", np.zeros((1, batch, hidden)))[0]}
    states |= {"c_0": inputs.get("initial_c", np.zeros((1, batch, hidden)))[0]} if op == "LSTM" else {}
    for length in sorted(set(lengths)):
        chosen = lengths == length
        arrays = weights | {"x": X[:length, chosen]} | {key: state[chosen] for key, state in states.items()}
        values = evaluate(Task(program, arrays)).values
        outputs["Y"][:length, chosen] = values["h"]
        outputs["Y_h"][chosen] = values["h"][-1]
        if op == "LSTM":
            outputs["Y_c"][chosen] = values["c"][-1]
    # One direction: its axis has one entry, so only the order of time and batch is left of the layout.
    return outputs | ({"Y": outputs["Y"].swapaxes(0, 1)} if attributes.get("layout") else {})


def _onnx_cell(
    op: str, attributes: dict[str, Any], inputs: dict[str, np.ndarray]
) -> tuple[Program, dict[str, np.ndarray]]:
    names = [ONNX_ACTIVATIONS[name.lower()] for name in attributes.get("activations", ())]
    weights = (inputs["W"][0], inputs["R"][0], *(np.split(inputs["B"][0], 2) if "B" in inputs else ()))
    bias = "B" in inputs
    if op == "RNN":
        return rnn(*(names or ["tanh"]), bias=bias), simple(*weights)
    gate, candidate, *rest = names or ["sigmoid", "tanh"]
    assert all(other == candidate for other in rest), "a cell of its own for an output activation of its own"
    if op == "GRU":
        after = bool(attributes.get("linear_before_reset"))
        program = gru("pytorch" if after else "cho2014", candidate, gate, bias)
        return program, gated(layouts.ONNX_GRU, *weights, reset_after=after)
    arrays = gated(layouts.ONNX_LSTM, *weights)
    if "P" not in inputs:
        return lstm(candidate, gate, bias), arrays
    assert bias and (gate, candidate) == ("sigmoid", "tanh")
    peepholes = zip(layouts.ONNX_PEEPHOLES, np.split(inputs["P"][0], 3), strict=True)
    return parse_cell(layouts.PEEPHOLE_LSTM), arrays | {f"p_{g}": layouts.column(p) for g, p in peepholes}


# --- Keras ----------------------------------------------------------------------------------------------------------


def keras(case: dict[str, Any], name: str, evaluate: Evaluate) -> Iterator[Claim]:
    """The last output, every unit of which is the same: kernel 0.01, recurrent 0.02, bias 0.03, f bias 1."""
    count, shape = re.fullmatch(r"np.arange\((\d+)\).reshape\((.*)\)", case["input"]).groups()
    x = np.arange(float(count)).reshape([int(size) for size in shape.split(",")]).swapaxes(0, 1)
    units, bias = (3 if "LSTM" in name else 4), "use_bias=False" not in name
    rows = units * (4 if "LSTM" in name else 1)
    weights = [np.full((rows, x.shape[2]), 0.01), np.full((rows, units), 0.02), *[np.full(rows, 0.03)] * bias]
    states = {"h_0": np.zeros((x.shape[1], units))}
    if "LSTM" in name:
        program, arrays = lstm(bias=bias), gated(layouts.KERAS_LSTM, *weights)
        arrays |= {"b_f": np.ones((units, 1))} if bias else {}
        states |= {"c_0": states["h_0"]}
    else:
        program, arrays = rnn(bias=bias), simple(*weights)
    last = evaluate(Task(program, arrays | states | {"x": x})).values["h"][-1]
    for unit in range(units):
        yield Claim(f"unit {unit}", last[:, unit], case["published_each_unit"], FLOAT32)
        yield Claim(f"unit {unit} recomputed", last[:, unit], case["recomputed_float64"])


# --- cs231n ---------------------------------------------------------------------------------------------------------


def cs231n(case: dict[str, Any], name: str, evaluate: Evaluate) -> Iterator[Claim]:
    """Row vectors and gates in columns i, f, o, g; 8 printed decimals."""
    N, D, H = (case["dims"][key] for key in "NDH")
    gates = 4 if "lstm" in name else 1
    shapes = {"Wx": (D, gates * H), "Wh": (H, gates * H), "b": (gates * H,), "x": (N, D)}
    shapes |= dict.fromkeys(("h", "h0", "prev_h", "prev_c", "dnext_h"), (N, H))
    if "T" in case["dims"]:
        shapes["x"] = (N, case["dims"]["T"], D)
    given = _cs231n_inputs(case, shapes)
    x = given["x"].reshape(N, -1, D).swapaxes(0, 1)
    weights = (given["Wx"].T, given["Wh"].T, given["b"])
    start = next(given[key] for key in ("h", "h0", "prev_h") if key in given)
    arrays = {"x": x, "h_0": start}
    if gates == 4:
        program, arrays = lstm(), arrays | gated(layouts.CS231N_LSTM, *weights) | {"c_0": given["prev_c"]}
    else:
        program, arrays = rnn(), arrays | simple(*weights)
    if "dnext_h" in given:
        arrays["d/d h"] = given["dnext_h"][None]
    found = evaluate(Task(program, arrays))
    ours = {
        "h": lambda: found.values["h"].swapaxes(0, 1),
        "next_h": lambda: found.values["h"][-1],
        "next_c": lambda: found.values["c"][-1],
        "dx": lambda: found.gradients["x"][0],
        "dprev_h": lambda: found.gradients["h_0"],
        "dWx": lambda: found.gradients["W_x"].T,
        "dWh": lambda: found.gradients["W_h"].T,
        "db": lambda: found.gradients["b"][:, 0],
    }
    for key, figures in case.get("published", {}).items():
        yield Claim(key, ours[key](), figures, 0.5000001e-8, relative=False)
    for key, figures in (case.get("recomputed", {}) | case.get("autograd_float64", {})).items():
        yield Claim(f"{key} recomputed", ours[key](), figures)


def _cs231n_inputs(case: dict[str, Any], shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    if "seed" in case:
        draw = np.random.RandomState(case["seed"]).randn
        order = case["rng_order"].split(" ")[0].split(",")
        return {key: draw(*shapes[key]) for key in order}
    found = {}
    for key, text in case["inputs"].items():
        low, high = re.fullmatch(r"linspace\((.*),(.*)\)", text).groups()
        found[key] = np.linspace(float(low), float(high), int(np.prod(shapes[key]))).reshape(shapes[key])
    return found


# --- deeplearning.ai ------------------------------------------------------------------------------------------------


def deeplearning_ai(case: dict[str, Any], name: str, evaluate: Evaluate) -> Iterator[Claim]:
    """Column vectors, weights on [a_prev; x]; inputs from seed 1 in the order the course draws them."""
    which, quantity = case["text"].split(" ")
    key, *indices = re.split(r"[\[\]]+", quantity.removesuffix("]"))
    ours = _deeplearning_ai_group(which, evaluate)[key][tuple(map(int, indices))]
    printed = np.asarray(case["value"])
    ours = np.squeeze(ours)
    yield Claim(f"{quantity} recomputed", ours, case["right_value"])
    # Arrays were printed with 8 decimals, single numbers with 12 significant digits.
    array_printed = printed.ndim or key.startswith("db")
    unit = 1e-8 if array_printed else 10.0 ** (np.floor(np.log10(abs(printed))) - 11)
    yield Claim(quantity, ours, printed, 0.5000001 * unit, relative=False)


@cache
def _deeplearning_ai_group(which: str, evaluate: Evaluate) -> dict[str, np.ndarray]:
    return {
        "rnn_forward": _rnn_forward,
        "rnn_backward": _rnn_backward,
        "lstm_cell_forward": partial(_lstm_cell, forward_only=True),
        "lstm_cell_backward": _lstm_cell,
    }[which](evaluate)


def _examples_first(values: np.ndarray) -> np.ndarray:
    """(rows, examples, steps) from (steps, examples, rows), and back."""
    return values.transpose(2, 1, 0)


def _rnn_forward(evaluate: Evaluate) -> dict[str, np.ndarray]:
    draw = np.random.RandomState(1).randn
    x, a0, Waa, Wax, Wya, ba, by = (
        draw(*shape) for shape in ((3, 10, 4), (5, 10), (5, 5), (5, 3), (2, 5), (5, 1), (2, 1))
    )
    program = with_loss(rnn(), "softmax_cross_entropy", "every_step", readout=True)
    arrays = simple(Wax, Waa, ba) | {"W_y": Wya, "b_y": by, "x": _examples_first(x), "h_0": a0.T}
    found = evaluate(Task(program, arrays | {"y": np.zeros((4, 10, 2))})).values
    return {"a": _examples_first(found["h"]), "y_pred": _examples_first(found["p"])}


def _rnn_backward(evaluate: Evaluate) -> dict[str, np.ndarray]:
    draw = np.random.RandomState(1).randn
    shapes = ((3, 10, 4), (5, 10), (5, 3), (5, 5), (2, 5), (5, 1), (2, 1), (5, 10, 4))
    x, a0, Wax, Waa, _, ba, _, da = (draw(*shape) for shape in shapes)
    arrays = simple(Wax, Waa, ba) | {"x": _examples_first(x), "h_0": a0.T, "d/d h": _examples_first(da)}
    found = evaluate(Task(rnn(), arrays)).gradients
    return {
        "dx": _examples_first(found["x"]),
        "da0": found["h_0"].T,
        "dWax": found["W_x"],
        "dWaa": found["W_h"],
        "dba": found["b"],
    }


def _lstm_cell(evaluate: Evaluate, forward_only: bool = False) -> dict[str, np.ndarray]:
    draw = np.random.RandomState(1).randn
    xt, a_prev, c_prev = draw(3, 10), draw(5, 10), draw(5, 10)
    weights = {gate: (draw(5, 8), draw(5, 1)) for gate in "fioc"}
    Wy, by = draw(2, 5), draw(2, 1)
    arrays = {f"U_{gate}": W[:, :5] for gate, (W, _) in weights.items()}
    arrays |= {f"W_{gate}": W[:, 5:] for gate, (W, _) in weights.items()}
    arrays |= {f"b_{gate}": b for gate, (_, b) in weights.items()}
    arrays |= {"x": xt.T[None], "h_0": a_prev.T, "c_0": c_prev.T}
    if forward_only:
        program = with_loss(lstm(), "softmax_cross_entropy", "last", readout=True)
        values = evaluate(Task(program, arrays | {"W_y": Wy, "b_y": by, "y": np.zeros((10, 2))})).values
        return {"a_next": values["h"][0].T, "c_next": values["c"][0].T, "yt": values["p"][0].T}
    arrays |= {"d/d h": draw(5, 10).T[None], "d/d c": draw(5, 10).T}
    found = evaluate(Task(lstm(), arrays)).gradients
    joined = {f"dW{gate}": np.hstack([found[f"U_{gate}"], found[f"W_{gate}"]]) for gate in "fioc"}
    biases = {f"db{gate}": found[f"b_{gate}"] for gate in "fioc"}
    return joined | biases | {"dxt": found["x"][0].T, "da_prev": found["h_0"].T, "dc_prev": found["c_0"].T}


# --- the tests ------------------------------------------------------------------------------------------------------

SOURCES = {
    "torch": pytorch,
    "onnxruntime_literals": onnx,
    "onnxruntime_generated": onnx,
    "keras": keras,
    "cs231n": cs231n,
    "deeplearning_ai": deeplearning_ai,
}


@pytest.mark.parametrize("evaluator", EVALUATORS)
@pytest.mark.parametrize("name", _runnable("engines"))
def test_engine_case(name: str, evaluator: str) -> None:
    """Forward values and gradients equal what the engine computed or published."""
    source = SOURCES[name.split(":")[0]]
    claims = list(source(cases("engines")[name], name, EVALUATORS[evaluator]))
    assert claims
    for claim in claims:
        claim.check()


@pytest.mark.parametrize("evaluator", EVALUATORS)
@pytest.mark.parametrize("name", _runnable("onnx"))
def test_onnx_node_case(name: str, evaluator: str) -> None:
    """The ONNX node cases of one forward layer give Y, Y_h and Y_c."""
    claims = list(onnx(cases("onnx")[name], name, EVALUATORS[evaluator]))
    assert claims
    for claim in claims:
        claim.check()


@pytest.mark.parametrize("folder", NOT_RUN)
def test_every_case_is_run_or_listed(folder: str) -> None:
    """A case that is not run stands in the table with its reason, and nothing else stands there."""
    assert set(NOT_RUN[folder]) <= set(cases(folder))
    for name, reason in NOT_RUN[folder].items():
        case = cases(folder)[name]
        backwards = case.get("attributes", {}).get("direction") in ("reverse", "bidirectional")
        assert (backwards or "go_backwards" in name) and reason == DIRECTION
    assert all(folder == "onnx" or name.split(":")[0] in SOURCES for name in _runnable(folder))


def test_a_wrong_gate_order_is_noticed() -> None:
    """The carried weights are uneven enough: with PyTorch's gates i and f exchanged the case fails."""
    case = cases("engines")["torch: LSTM"]
    swapped = case | {"params": dict(case["params"])}
    for key in ("weight_ih_l0", "weight_hh_l0"):
        i, f, rest = np.split(np.array(case["params"][key]), [4, 8])
        swapped["params"][key] = np.concatenate([f, i, rest]).tolist()
    (output, *_) = pytorch(swapped, "LSTM", EVALUATORS["interpreted"])
    with pytest.raises(AssertionError, match="apart"):
        output.check()
