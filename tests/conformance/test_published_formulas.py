"""Published gradient formulas, right and wrong: each evaluated literally and held against our gradients.

A formula's operands (states, gates, and the gradients it takes as given) come from our evaluator; what it claims to
compute is compared with ours. A right one must agree, a wrong one must not: the verdicts come out as they are known.
Claims are called by their file and line in the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Adjoint, Node, Signal, n, substitute, t
from symrnn.algebra.programs import Program
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.jacobians import jacobian
from symrnn.cells import gru, lstm, rnn
from symrnn.models.losses import with_loss

from .evaluators import Task, backward, interpreted, key_of
from .truth import cases

RIGHT, WRONG = 1e-10, 1e-3
SIZES = {"n": 4, "m": 3, "p": 2}
SEEDS = (1, 2)
WANTED = {"right": True, "wrong": False, "approximation": False}
"""Whether the formula must give our gradient, by its known verdict."""


# --- a point: our Program at random numbers -------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """One example: `p["h", 2]` is h_2, `p.d["h", 2]` is ∂L/∂h_2, `p["W_h"]` a parameter; step 0 the initial value."""

    steps: int
    arrays: Mapping[str, np.ndarray]
    values: Mapping[str, np.ndarray]
    gradients: Mapping[str, np.ndarray]

    def __getitem__(self, key: Any) -> np.ndarray:
        if isinstance(key, str):
            return self.arrays[key]
        name, step = key
        found = self.values.get(name, self.arrays.get(name))
        return self.arrays[f"{name}_0"][0] if step == 0 else found[step - 1, 0]

    @property
    def d(self) -> _Gradients:
        """Gradients by the same keys."""
        return _Gradients(self.gradients)


@dataclass(frozen=True)
class _Gradients:
    gradients: Mapping[str, np.ndarray]

    def __getitem__(self, key: Any) -> np.ndarray:
        if isinstance(key, str):
            return self.gradients[key]
        name, step = key
        if step == 0:
            return self.gradients[f"{name}_0"][0]
        return self.gradients[name][step - 1, 0]


def point(program: Program, steps: int, seed: int, **fixed: np.ndarray) -> Point:
    """The Program at normal numbers, with its cotangents; `fixed` replaces some of them."""
    rng = np.random.default_rng(seed)
    sizes = {symbol: SIZES[symbol.name] for symbol in (n, N.m, sp.Symbol("p", integer=True, positive=True))}
    arrays = {}
    cotangents = [name for name in backward(program).given if isinstance(name, N.Immediate)]
    for name in (*program.parameters, *program.inputs, *program.initials, *program.given, *cotangents):
        rows, cols = (int(size.xreplace(sizes)) for size in name.shape)
        signal = name.wrt if isinstance(name, N.Immediate) else name
        stepwise = isinstance(signal, Signal) and signal.indices and signal.time == t
        shape = (rows, cols) if isinstance(name, N.Parameter) else (steps, 1, rows) if stepwise else (1, rows)
        arrays[key_of(name)] = rng.normal(size=shape)
    if program.loss is not None:
        arrays["y"] = np.exp(arrays["y"]) / np.exp(arrays["y"]).sum(-1, keepdims=True)
    arrays |= fixed
    found = interpreted(Task(program, arrays))
    return Point(steps, arrays, found.values, found.gradients)


SOFTMAX = with_loss(rnn(), "softmax_cross_entropy", "every_step", readout=True)
SOFTMAX_LAST = with_loss(rnn(), "softmax_cross_entropy", "last", readout=True)
SOFTMAX_BARE = with_loss(rnn(bias=False), "softmax_cross_entropy", "every_step", readout=True, bias=False)
LINEAR = with_loss(rnn("identity", bias=False), "squared_error", "every_step", "mean", readout=True, bias=False)


@cache
def _point(program: Program, steps: int, seed: int) -> Point:
    return point(program, steps, seed)


# --- the claims -----------------------------------------------------------------------------------------------------

Pair = tuple[np.ndarray, np.ndarray]
CLAIMS: dict[str, tuple[Callable[..., Pair], Program, int]] = {}
CORRECTED: dict[str, tuple[Callable[..., Pair], Program, int]] = {}


def claim(
    line: str, program: Program, steps: int = 5, table: dict[str, Any] = CLAIMS
) -> Callable[[Callable[..., Pair]], Callable[..., Pair]]:
    """Enter a function that gives (the published formula's value, ours)."""

    def enter(function: Callable[..., Pair]) -> Callable[..., Pair]:
        table[line] = (function, program, steps)
        return function

    return enter


def corrected(line: str, program: Program, steps: int = 5) -> Callable[[Callable[..., Pair]], Callable[..., Pair]]:
    """Enter the corrected form of a wrong formula."""
    return claim(line, program, steps, CORRECTED)


def flat(*arrays: np.ndarray) -> np.ndarray:
    """Several arrays as one."""
    return np.concatenate([np.ravel(array) for array in arrays])


# --- simple recurrent networks --------------------------------------------------------------------------------------


@claim("sym_rnn: 1", SOFTMAX)
def _min_char_rnn(p: Point) -> Pair:
    dWhh, dhnext = np.zeros((4, 4)), np.zeros(4)
    for step in range(p.steps, 0, -1):
        dy = p["p", step] - p["y", step]
        dh = np.dot(p["W_y"].T, dy) + dhnext
        dhraw = (1 - p["h", step] * p["h", step]) * dh
        dWhh += np.outer(dhraw, p["h", step - 1])
        dhnext = np.dot(p["W_h"].T, dhraw)
    return flat(dWhh, dhnext), flat(p.d["W_h"], p.d["h", 0])


def _backward_from_last(p: Point, carry: np.ndarray) -> np.ndarray:
    d_h = p["W_y"].T @ p.d["o"][-1, 0]
    for step in range(p.steps, 0, -1):
        temp = (1 - p["h", step] ** 2) * d_h
        d_h = carry @ temp
    return d_h


@claim("sym_rnn: 2", SOFTMAX_LAST)
def _recursion_without_transpose(p: Point) -> Pair:
    return _backward_from_last(p, p["W_h"]), p.d["h", 0]


@corrected("sym_rnn: 2", SOFTMAX_LAST)
def _recursion_with_transpose(p: Point) -> Pair:
    return _backward_from_last(p, p["W_h"].T), p.d["h", 0]


@claim("sym_rnn: 3", SOFTMAX_LAST)
def _weight_sums(p: Point) -> Pair:
    d_Whh, d_Wxh = np.zeros((4, 4)), np.zeros((4, 3))
    for step in range(1, p.steps + 1):
        temp = (1 - p["h", step] ** 2) * p.d["h", step]
        d_Whh += np.outer(temp, p["h", step - 1])
        d_Wxh += np.outer(temp, p["x", step])
    return flat(d_Whh, d_Wxh), flat(p.d["W_h"], p.d["W_x"])


def _immediate_only(p: Point, last: Callable[[int], np.ndarray]) -> np.ndarray:
    steps = range(1, p.steps + 1)
    return sum(np.outer(p["W_y"].T @ p.d["o", k] * (1 - p["h", k] ** 2), last(k)) for k in steps)


@claim("sym_rnn: 4", SOFTMAX)
def _recurrent_weights_immediate_only(p: Point) -> Pair:
    return _immediate_only(p, lambda k: p["h", k - 1]), p.d["W_h"]


@claim("sym_rnn: 5", SOFTMAX)
def _input_weights_immediate_only(p: Point) -> Pair:
    return _immediate_only(p, lambda k: p["x", k]), p.d["W_x"]


def _output_shares(p: Point) -> np.ndarray:
    return sum(np.outer(p.d["o", k], p["h", k]) for k in range(1, p.steps + 1))


@claim("sym_rnn: 6", SOFTMAX)
def _output_shares_called_recurrent(p: Point) -> Pair:
    return _output_shares(p), p.d["W_h"]


@corrected("sym_rnn: 6", SOFTMAX)
def _output_shares_called_output(p: Point) -> Pair:
    return _output_shares(p), p.d["W_y"]


@claim("sym_rnn: 24", rnn())
def _forward_recursion(p: Point) -> Pair:
    total = np.zeros((4, 4, 4))
    for step in range(1, p.steps + 1):
        slope = 1 - p["h", step] ** 2
        of_weights = np.einsum("i,ij,k->ijk", slope, np.eye(4), p["h", step - 1])
        of_state = slope[:, None] * p["W_h"]
        total = of_weights + np.einsum("il,ljk->ijk", of_state, total)
    return total, np.array([_with_unit_cotangent(p, rnn(), "h", i).d["W_h"] for i in range(4)])


def _with_unit_cotangent(p: Point, program: Program, state: str, i: int) -> Point:
    """The same numbers with the one cotangent e_i at the last step of a state."""
    none = {key: np.zeros_like(array) for key, array in p.arrays.items() if key.startswith("d/d")}
    none[f"d/d {state}"][(-1, 0, i) if state == "h" else (0, i)] = 1.0
    arrays = {**p.arrays, **none}
    found = interpreted(Task(program, arrays))
    return Point(p.steps, arrays, found.values, found.gradients)


@claim("sym_rnn: 25", LINEAR)
def _hidden_recursion(p: Point) -> Pair:
    inner = range(1, p.steps)
    theirs = [p["W_h"].T @ p.d["h", k + 1] + p["W_y"].T @ p.d["y_hat", k] for k in inner]
    return flat(*theirs), flat(*(p.d["h", k] for k in inner))


@claim("sym_rnn: 26", LINEAR)
def _hidden_closed_form(p: Point) -> Pair:
    T, power = p.steps, np.linalg.matrix_power
    theirs = [
        sum(power(p["W_h"].T, T - i) @ p["W_y"].T @ p.d["y_hat", T + k - i] for i in range(k, T + 1))
        for k in range(1, T + 1)
    ]
    return flat(*theirs), flat(*(p.d["h", k] for k in range(1, T + 1)))


@claim("sym_rnn: 27", LINEAR)
def _recurrent_weights_linear(p: Point) -> Pair:
    return sum(np.outer(p.d["h", k], p["h", k - 1]) for k in range(1, p.steps + 1)), p.d["W_h"]


@claim("sym_rnn: 28", LINEAR)
def _output_weights_linear(p: Point) -> Pair:
    return sum(np.outer(p.d["y_hat", k], p["h", k]) for k in range(1, p.steps + 1)), p.d["W_y"]


def _truncated(p: Point, bptt_truncate: int) -> np.ndarray:
    dLdW = np.zeros((4, 4))
    for k in range(p.steps, 0, -1):
        delta = p["W_y"].T @ (p["p", k] - p["y", k]) * (1 - p["h", k] ** 2)
        for bptt_step in range(k, max(1, k - bptt_truncate) - 1, -1):
            dLdW += np.outer(delta, p["h", bptt_step - 1])
            delta = p["W_h"].T @ delta * (1 - p["h", bptt_step - 1] ** 2)
    return dLdW


@claim("sym_rnn: 30", SOFTMAX_BARE)
def _truncated_after_one_step(p: Point) -> Pair:
    return _truncated(p, 1), p.d["W_h"]


@corrected("sym_rnn: 30", SOFTMAX_BARE)
def _not_truncated(p: Point) -> Pair:
    return _truncated(p, p.steps), p.d["W_h"]


@claim("sym_rnn: 36", rnn())
def _slope_of_tanh(p: Point) -> Pair:
    return 1 / np.cos(p["a", 3]) ** 2, p.d["a", 3] / p.d["h", 3]


@corrected("sym_rnn: 36", rnn())
def _slope_of_tanh_hyperbolic(p: Point) -> Pair:
    return 1 / np.cosh(p["a", 3]) ** 2, p.d["a", 3] / p.d["h", 3]


# --- LSTM, one cell: da_next and dc_next are given, a_prev = h_0 and c_prev = c_0 -----------------------------------


@dataclass(frozen=True)
class _Cell:
    """One LSTM step in the names of deeplearning.ai."""

    p: Point

    def __getattr__(self, name: str) -> np.ndarray:
        p = self.p
        gates = {"Gu": "i", "Gf": "f", "Go": "o", "cc": "c_tilde"}
        if name in gates:
            return p[gates[name], 1]
        given = {"da_next": lambda: p["d/d h"][0, 0], "dc_next": lambda: p["d/d c"][0], "c_next": lambda: p["c", 1]}
        return (given | {"c_prev": lambda: p["c", 0], "a_prev": lambda: p["h", 0], "xt": lambda: p["x", 1]})[name]()

    @property
    def through_c(self) -> np.ndarray:
        """Γ_o (1 − tanh²(c_next))."""
        return self.Go * (1 - np.tanh(self.c_next) ** 2)

    def gate(self, name: str) -> np.ndarray:
        """Our gradient of a gate's argument: dΓ."""
        return self.p.d[f"a_{name}", 1]

    def weights(self, gate: str) -> np.ndarray:
        """W on [a_prev; x_t]."""
        return np.hstack([self.p[f"U_{gate}"], self.p[f"W_{gate}"]])


GATES = (("f", "f"), ("i", "i"), ("c", "c_tilde"), ("o", "o"))


@claim("sym_lstm: 1", lstm(), 1)
def _output_gate(p: Point) -> Pair:
    cell = _Cell(p)
    return cell.da_next * np.tanh(cell.c_next) * cell.Go * (1 - cell.Go), cell.gate("o")


@claim("sym_lstm: 2", lstm(), 1)
def _candidate(p: Point) -> Pair:
    cell = _Cell(p)
    second = cell.through_c * cell.Gu * cell.da_next * cell.cc * (1 - np.tanh(cell.cc) ** 2)
    return cell.dc_next * cell.Gu + second, cell.gate("c_tilde")


@corrected("sym_lstm: 2", lstm(), 1)
def _candidate_corrected(p: Point) -> Pair:
    cell = _Cell(p)
    return (cell.dc_next + cell.through_c * cell.da_next) * cell.Gu * (1 - cell.cc**2), cell.gate("c_tilde")


@claim("sym_lstm: 3", lstm(), 1)
def _update_gate(p: Point) -> Pair:
    cell = _Cell(p)
    return cell.dc_next * cell.cc + cell.through_c * cell.cc * cell.da_next * cell.Gu * (1 - cell.Gu), cell.gate("i")


@corrected("sym_lstm: 3", lstm(), 1)
def _update_gate_corrected(p: Point) -> Pair:
    cell = _Cell(p)
    return (cell.dc_next * cell.cc + cell.through_c * cell.cc * cell.da_next) * cell.Gu * (1 - cell.Gu), cell.gate("i")


@claim("sym_lstm: 4", lstm(), 1)
def _forget_gate(p: Point) -> Pair:
    cell = _Cell(p)
    second = cell.through_c * cell.c_prev * cell.da_next * cell.Gf * (1 - cell.Gf)
    return cell.dc_next * cell.c_prev + second, cell.gate("f")


@corrected("sym_lstm: 4", lstm(), 1)
def _forget_gate_corrected(p: Point) -> Pair:
    cell = _Cell(p)
    dc = cell.dc_next * cell.c_prev + cell.through_c * cell.c_prev * cell.da_next
    return dc * cell.Gf * (1 - cell.Gf), cell.gate("f")


@claim("sym_lstm: 5", lstm(), 1)
def _forget_weights(p: Point) -> Pair:
    cell = _Cell(p)
    return np.outer(cell.gate("f"), np.concatenate([cell.a_prev, cell.xt])), np.hstack([p.d["U_f"], p.d["W_f"]])


@claim("sym_lstm: 6", lstm(), 1)
def _previous_activation(p: Point) -> Pair:
    cell = _Cell(p)
    return sum(cell.weights(g)[:, :4].T @ cell.gate(a) for g, a in GATES), p.d["h", 0]


@claim("sym_lstm: 7", lstm(), 1)
def _previous_activation_sliced_by_rows(p: Point) -> Pair:
    cell = _Cell(p)
    return sum(cell.weights(g)[:4, :].T @ cell.gate(a) for g, a in GATES), p.d["h", 0]


@claim("sym_lstm: 8", lstm(), 1)
def _previous_memory(p: Point) -> Pair:
    cell = _Cell(p)
    return cell.dc_next * cell.Gf + cell.through_c * cell.Gf * cell.da_next, p.d["c", 0]


@claim("sym_lstm: 9", lstm(), 1)
def _input(p: Point) -> Pair:
    cell = _Cell(p)
    return sum(cell.weights(g)[:, 4:].T @ cell.gate(a) for g, a in GATES), p.d["x", 1]


# --- LSTM, in a sequence --------------------------------------------------------------------------------------------


@claim("sym_lstm: 24", lstm())
def _delta_output(p: Point) -> Pair:
    o = p["o", 3]
    return p.d["h", 3] * np.tanh(p["c", 3]) * o * (1 - o), p.d["a_o", 3]


@claim("sym_lstm: 25", lstm())
def _delta_candidate(p: Point) -> Pair:
    return p.d["c", 3] * p["i", 3] * (1 - p["c_tilde", 3] ** 2), p.d["a_c_tilde", 3]


@claim("sym_lstm: 26", lstm())
def _delta_input(p: Point) -> Pair:
    i = p["i", 3]
    return p.d["c", 3] * p["c_tilde", 3] * i * (1 - i), p.d["a_i", 3]


@claim("sym_lstm: 27", lstm())
def _delta_forget(p: Point) -> Pair:
    f = p["f", 3]
    return p.d["c", 3] * p["c", 2] * f * (1 - f), p.d["a_f", 3]


@claim("sym_lstm: 28", lstm())
def _delta_memory(p: Point) -> Pair:
    through_h = p.d["h", 3] * p["o", 3] * (1 - np.tanh(p["c", 3]) ** 2)
    return through_h + p.d["c", 4] * p["f", 4], p.d["c", 3]


@claim("sym_lstm: 30", lstm(), 1)
def _memory_jacobian_of_a_step(p: Point) -> Pair:
    return np.diag(p["f", 1]), _total_memory_jacobian(p)


@claim("sym_lstm: 31", lstm(), 4)
def _memory_jacobian_of_all_steps(p: Point) -> Pair:
    return np.diag(np.prod([p["f", k] for k in range(1, 5)], axis=0)), _total_memory_jacobian(p)


def _total_memory_jacobian(p: Point) -> np.ndarray:
    """∂c_T/∂c_0 along every path, row by row from unit cotangents."""
    return np.array([_with_unit_cotangent(p, lstm(), "c", i).d["c", 0] for i in range(4)])


# --- GRU: z_t writes the candidate, the reset acts before the product


@claim("sym_gru: 1", gru("chung2014"))
def _delta_gru_candidate(p: Point) -> Pair:
    return p.d["h", 3] * p["z", 3] * (1 - p["h_tilde", 3] ** 2), p.d["a_h_tilde", 3]


@claim("sym_gru: 2", gru("chung2014"))
def _delta_update(p: Point) -> Pair:
    z = p["z", 3]
    return p.d["h", 3] * (p["h_tilde", 3] - p["h", 2]) * z * (1 - z), p.d["a_z", 3]


@claim("sym_gru: 3", gru("chung2014"))
def _delta_reset(p: Point) -> Pair:
    r = p["r", 3]
    return (p["U_h"].T @ p.d["a_h_tilde", 3]) * p["h", 2] * r * (1 - r), p.d["a_r", 3]


@claim("sym_gru: 4", gru("chung2014"))
def _previous_state(p: Point) -> Pair:
    theirs = (
        p.d["h", 1] * (1 - p["z", 1])
        + p["r", 1] * (p["U_h"].T @ p.d["a_h_tilde", 1])
        + p["U_z"].T @ p.d["a_z", 1]
        + p["U_r"].T @ p.d["a_r", 1]
    )
    return theirs, p.d["h", 0]


# --- the tests ------------------------------------------------------------------------------------------------------


def _difference(theirs: np.ndarray, ours: np.ndarray) -> float:
    """max|formula − ours| / max|ours|; infinite where the shapes differ."""
    if theirs.shape != ours.shape:
        return float("inf")
    return float(np.max(np.abs(theirs - ours)) / np.max(np.abs(ours)))


@pytest.mark.parametrize("line", CLAIMS)
def test_a_published_formula_is_judged_rightly(line: str) -> None:
    """A right formula gives our gradient, a wrong one does not."""
    formula, program, steps = CLAIMS[line]
    right = WANTED[cases("symbolic")[line]["verdict"]]
    for seed in SEEDS:
        apart = _difference(*formula(_point(program, steps, seed)))
        assert apart <= RIGHT if right else apart >= WRONG, f"{cases('symbolic')[line]['text']}: {apart:.3g} apart"


@pytest.mark.parametrize("line", CORRECTED)
def test_the_corrected_formula_gives_our_gradient(line: str) -> None:
    """What a wrong formula was corrected to is what we derive."""
    formula, program, steps = CORRECTED[line]
    assert not WANTED[cases("symbolic")[line]["verdict"]]
    for seed in SEEDS:
        assert _difference(*formula(_point(program, steps, seed))) <= RIGHT


def test_every_published_formula_has_a_function() -> None:
    """Each carried claim is evaluated; none is only listed."""
    assert set(CLAIMS) == set(cases("symbolic"))
    assert {case["verdict"] for case in cases("symbolic").values()} <= set(WANTED)


def test_the_product_of_forget_gates_is_total_without_recurrent_weights() -> None:
    """∂c_T/∂c_0 = ∏ f_t holds exactly where no gate sees h."""
    none = {f"U_{gate}": np.zeros((4, 4)) for gate in "fioc"}
    assert _difference(*_memory_jacobian_of_all_steps(point(lstm(), 4, seed=3, **none))) <= RIGHT


# --- the same formulas as structure: our equations are the published ones, term by term -----------------------------


def _polynomial(node: Node) -> sp.Expr:
    """An entrywise expression as a commutative polynomial in the names and products it is made of."""
    if isinstance(node, N.Number):
        return node.value
    if isinstance(node, N.Ones):
        return sp.S.One
    if isinstance(node, N.Guarded):
        return _polynomial(node.operands[0])
    if isinstance(node, N.Add):
        return sp.Add(*map(_polynomial, node.operands))
    if isinstance(node, N.Hadamard | N.Scale):
        return sp.expand(sp.Mul(*map(_polynomial, node.operands)))
    if isinstance(node, N.Power):
        return sp.expand(_polynomial(node.operands[0]) ** node.exponent)
    return sp.Symbol(str(node))


def _assert_same(ours: Node, theirs: Node) -> None:
    assert sp.expand(_polynomial(ours) - _polynomial(theirs)) == 0, f"{ours} is not {theirs}"


class _Names:
    """Signals of size n by name, and their adjoints; in `s.o` and `s.d.o` they stand at step t."""

    def __init__(self, wrap: Callable[[Signal], Any] = lambda signal: signal) -> None:
        self.wrap = wrap

    def __getattr__(self, name: str) -> Any:
        return self.wrap(Signal(name, (n, 1), t))

    def at(self, name: str, lag: int) -> Any:
        """The same `lag` steps on."""
        return self.wrap(Signal(name, (n, 1), t + lag))


s, d = _Names(), _Names(Adjoint)
LSTM_BACK = adjoint(with_loss(lstm()))
GRU_BACK = adjoint(with_loss(gru("chung2014")))


def _written_out(back: Program, name: str, *inner: str) -> Node:
    """The adjoint equation of a name with those of the `inner` names put in."""
    node = back.definitions[getattr(d, name)].expression
    for other in inner:
        node = substitute(node, {getattr(d, other): back.definitions[getattr(d, other)].expression})
    return node


def test_lstm_deltas_are_the_published_ones() -> None:
    """δ_{z_o}, δ_{z_c}, δ_{z_i}, δ_{z_f} and δ_C of the adjoint of an LSTM, term by term (sym_lstm 24 to 28)."""
    tanh_c = N.Apply("tanh", s.c)
    _assert_same(_written_out(LSTM_BACK, "a_o", "o"), d.h * tanh_c * s.o * (1 - s.o))
    _assert_same(_written_out(LSTM_BACK, "a_c_tilde", "c_tilde"), d.c * s.i * (1 - s.c_tilde**2))
    _assert_same(_written_out(LSTM_BACK, "a_i", "i"), d.c * s.c_tilde * s.i * (1 - s.i))
    _assert_same(_written_out(LSTM_BACK, "a_f", "f"), d.c * s.at("c", -1) * s.f * (1 - s.f))
    _assert_same(_written_out(LSTM_BACK, "c"), d.h * s.o * (1 - tanh_c**2) + d.at("c", 1) * s.at("f", 1))


def test_corrected_course_formulas_are_our_equations() -> None:
    """deeplearning.ai's (8) to (10) with their parentheses, dc_next = f_{t+1} ⊙ c̄_{t+1} (sym_lstm 2 to 4)."""
    dc_next = d.at("c", 1) * s.at("f", 1)
    dc = dc_next + s.o * (1 - N.Apply("tanh", s.c) ** 2) * d.h
    _assert_same(_written_out(LSTM_BACK, "a_c_tilde", "c_tilde", "c"), dc * s.i * (1 - s.c_tilde**2))
    _assert_same(_written_out(LSTM_BACK, "a_i", "i", "c"), dc * s.c_tilde * s.i * (1 - s.i))
    _assert_same(_written_out(LSTM_BACK, "a_f", "f", "c"), dc * s.at("c", -1) * s.f * (1 - s.f))


def test_the_printed_course_formulas_are_not_our_equations() -> None:
    """Without the parentheses (8) is another expression: the structural comparison tells them apart."""
    dc_next = d.at("c", 1) * s.at("f", 1)
    through_c = s.o * (1 - N.Apply("tanh", s.c) ** 2)
    with pytest.raises(AssertionError):
        printed = dc_next * s.i + through_c * s.i * d.h * s.c_tilde * (1 - N.Apply("tanh", s.c_tilde) ** 2)
        _assert_same(_written_out(LSTM_BACK, "a_c_tilde", "c_tilde", "c"), printed)


def test_gru_deltas_are_the_published_ones() -> None:
    """δ^{a_h}, δ^{a_z}, δ^{a_r} and the shares of h_{t-1} of a GRU (sym_gru 1 to 4)."""
    reset_share = N.Parameter("U_h", (n, n)).T @ d.a_h_tilde
    _assert_same(_written_out(GRU_BACK, "a_h_tilde", "h_tilde"), d.h * s.z * (1 - s.h_tilde**2))
    _assert_same(_written_out(GRU_BACK, "a_z", "z"), d.h * (s.h_tilde - s.at("h", -1)) * s.z * (1 - s.z))
    _assert_same(_written_out(GRU_BACK, "a_r", "r"), reset_share * s.at("h", -1) * s.r * (1 - s.r))
    from_gates = sum((N.Parameter(f"U_{g}", (n, n)).T @ getattr(d, f"a_{g}") for g in "zr"), d.h * (1 - s.z))
    shares = substitute(from_gates + s.r * reset_share, {t: t + 1})
    given = N.Immediate(Signal("L", (1, 1)), s.h)
    _assert_same(adjoint(gru("chung2014")).definitions[d.h].expression, given + shares)


def test_linear_recursion_is_the_published_one() -> None:
    """∂L/∂h_t = W_hhᵀ ∂L/∂h_{t+1} + W_qhᵀ ∂L/∂o_t for the linear network, and its weight gradients (sym_rnn 25, 27)."""
    back = adjoint(LINEAR)
    output = Adjoint(Signal("y_hat", (sp.Symbol("p", integer=True, positive=True), 1), t))
    W_y = N.Parameter("W_y", (output.shape[0], n))
    _assert_same(back.definitions[d.h].expression, N.Parameter("W_h", (n, n)).T @ d.at("h", 1) + W_y.T @ output)
    gradient = back.definitions[Adjoint(N.Parameter("W_h", (n, n)))].expression
    assert gradient == N.Sum(d.h @ s.at("h", -1).T, t, 1, N.T)


def test_memory_block_of_the_step_jacobian_is_diagonal() -> None:
    """∂c_t/∂c_{t-1} = diag(f_t), with h_{t-1} independent (sym_lstm 30)."""
    assert jacobian(lstm())["c", "c"].expression == N.Diag(s.f)
