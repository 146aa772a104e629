"""`evaluate(model)`: who computes, and that all three agree."""

import json
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import symrnn as sr
from symrnn.errors import LimitError
from symrnn.numeric.results import as_json, entries_of, to_json, to_table

HARD_GRU = """
[cell]
kind = "gru"
activation = "hard_tanh"
gate_activation = "hard_sigmoid"
[sequence]
steps = {steps}
x = [0.3, -0.7, 0.2]
[parameters]
W_z = 0.3
U_z = 0.7
b_z = 0.1
W_r = -0.4
U_r = 0.2
b_r = 0.3
W_h = 0.6
U_h = -0.9
b_h = 0.2
[loss]
kind = "half_squared_error"
y = 0.25
"""
LINEAR = (
    '[cell]\nkind = "rnn"\nactivation = "identity"\n[sequence]\nx = [1, 1, 1]\n[parameters]\n'
    "W_h = {w}\nW_x = 0.5\nb = 0\n"
)


def test_the_first_seed_is_exact():
    """h, L, ∂L/∂h and the parameters' gradients; those against sums worked out here."""
    results = sr.evaluate(sr.load("example:linear"))
    h = [Fraction(0), Fraction(1, 2), Fraction(3, 4), Fraction(7, 8)]
    dh = {t: Fraction(-1, 8) * Fraction(1, 2) ** (3 - t) for t in range(4)}
    assert results.exact
    assert [Fraction(str(results[f"h[{t}]"])) for t in range(4)] == h
    assert [Fraction(str(results[f"dL/dh[{t}]"])) for t in range(4)] == [dh[t] for t in range(4)]
    assert Fraction(str(results["dL/dW_h"])) == sum(dh[t] * h[t - 1] for t in (1, 2, 3))
    assert Fraction(str(results["dL/dW_x"])) == Fraction(str(results["dL/db"])) == sum(dh[t] for t in (1, 2, 3))
    assert {k: Fraction(str(v)) for k, v in results.jacobians.items()} == {
        f"h[{t}]/h[{t - 1}]": Fraction(1, 2) for t in (1, 2, 3)
    }


def numbers(results):
    """Every number of a result, in the order of its keys."""
    parts = (results.values, results.gradients, results.jacobians, *results.contributions.values())
    return {
        (k, key): [complex(x).real for x in entries_of(v)] for k, part in enumerate(parts) for key, v in part.items()
    }


@pytest.mark.parametrize("name", ["example:linear", "example:readout"])
def test_floats_agree_with_thirty_digits(name):
    """Compiled float64 code against mpmath: every value, gradient, summand and Jacobian."""
    from symrnn.numeric.compiled import evaluate_compiled

    model = sr.load(name)
    precise, quick = numbers(sr.evaluate(model, digits=30)), numbers(evaluate_compiled(model))
    assert set(precise) == set(quick)
    for key, value in precise.items():
        assert np.allclose(quick[key], value, rtol=1e-12, atol=1e-14), key


def test_a_rational_cell_stays_exact():
    """Hard activations keep fractions."""
    results = sr.evaluate(sr.loads(HARD_GRU.format(steps=3)))
    assert results.exact and Fraction(str(results["L"]))


def test_too_many_digits_are_refused_before_they_are_computed():
    """A long rational run goes on in multiple precision, and says so."""
    results = sr.evaluate(sr.loads(HARD_GRU.format(steps=9).replace("x = [0.3, -0.7, 0.2]", "x = [0.3]")))
    assert not results.exact and results.digits == 50 and "budget" in results.note
    longer = sr.evaluate(sr.loads(HARD_GRU.format(steps=9).replace("x = [0.3, -0.7, 0.2]", "x = [0.3]")), digits=70)
    assert mpmath.almosteq(longer["L"], results["L"], rel_eps=mpmath.mpf(10) ** -48)


def test_symbols_stay_symbols():
    """W_h = "w": results are expressions in w."""
    text = LINEAR.format(w='"w"') + '[loss]\nequations = "L = h_3"\n'
    results = sr.evaluate(sr.loads(text))
    assert results.exact and str(results["dL/dh[0]"]) == "w**3"


def test_exact_logarithms():
    """tanh(ln 2) = 3/5, exactly."""
    text = '[cell]\nkind = "rnn"\n[sequence]\nx = ["ln(2)"]\n[parameters]\nW_h = 1\nW_x = 1\nb = 0\n'
    results = sr.evaluate(sr.loads(text))
    assert results.exact and str(results["h[1]"]) == "3/5"


def test_given_cotangents():
    """No loss: ∂L/∂h_t given at every step, ∂L/∂c_T at the last."""
    text = '[cell]\nkind = "lstm"\n[sequence]\nx = [1, 2]\n[parameters]\n'
    text += "".join(f"{k}_{g} = 0.{n + 1}\n" for n, (k, g) in enumerate((k, g) for k in "WUb" for g in "fioc")).replace(
        "0.10", "0.3"
    )
    model = sr.loads(text + '[loss]\nkind = "cotangents"\nh = [[1], [2]]\nc = [3]\n')
    results = sr.evaluate(model)
    assert "L" not in results.values
    assert results["dL/dh[2]"] == pytest.approx([2]) or results["dL/dh[2]"] == pytest.approx(2)
    precise = sr.evaluate(model, digits=20)
    for key, value in results.gradients.items():
        assert np.allclose(list(entries_of(value)), [float(x) for x in entries_of(precise.gradients[key])], rtol=1e-12)


def test_a_batch_adds():
    """Parameters' gradients of a batch are the sum over its examples; states are told per example."""
    head = '[cell]\nkind = "rnn"\n[sequence]\nx = {x}\n[parameters]\nW_h = [[0.5]]\nW_x = [[1]]\nb = [0]\n'
    tail = '[loss]\nkind = "squared_error"\ny = [0.5]\n'
    both = sr.evaluate(sr.loads(head.format(x="[[[1], [2]], [[3], [-1]]]") + tail))
    one, two = (sr.evaluate(sr.loads(head.format(x=x) + tail)) for x in ("[[1], [3]]", "[[2], [-1]]"))
    assert both["L"] == pytest.approx(one["L"] + two["L"])
    assert np.allclose(both["dL/dW_h"], np.add(one["dL/dW_h"], two["dL/dW_h"]))
    assert np.allclose(both["h[2]"], [one["h[2]"], two["h[2]"]])


def test_overflow_is_null_with_a_reason():
    """What is not finite is null in JSON, and the note says why."""
    text = LINEAR.format(w="1e300").replace("x = [1, 1, 1]", "x = {uniform = [1, 2], seed = 1}\nsteps = 3")
    results = sr.evaluate(sr.loads(text + '[loss]\nkind = "squared_error"\ny = 0\n'))
    content = json.loads(to_json(results))
    assert content["values"]["L"] is None and "not finite" in content["note"]


def test_digits_of_a_huge_model_are_refused():
    """Multiple precision has a limit, told before the work."""
    with pytest.raises(LimitError):
        sr.evaluate(sr.loads(HARD_GRU.format(steps=900_000).replace("x = [0.3, -0.7, 0.2]", "x = [0.3]")), digits=1_000)


def test_one_training_step_has_new_parameters_and_a_new_loss():
    """θ − η ∂L/∂θ, exactly, and L there."""
    text = LINEAR.format(w=0.5) + '[loss]\nkind = "half_squared_error"\ny = 1\n[update]\nrate = 0.1\n'
    results = sr.evaluate(sr.loads(text))
    assert Fraction(str(results.update["W_h"])) == Fraction(1, 2) + Fraction(1, 80)
    w, u, b = (Fraction(str(results.update[k])) for k in ("W_h", "W_x", "b"))
    h = Fraction(0)
    for _ in range(3):
        h = w * h + u + b
    assert Fraction(str(results.update["L"])) == (h - 1) ** 2 / 2


@pytest.mark.parametrize(("clip", "norm"), [("clip_value = 0.1", None), ("clip_norm = 0.2", 0.2)])
def test_clipping(clip, norm):
    """By value each entry, by norm all parameters together (Pascanu et al. 2013)."""
    text = LINEAR.format(w=0.5) + f'[loss]\nkind = "half_squared_error"\ny = 1\n[update]\nrate = 1\n{clip}\n'
    results = sr.evaluate(sr.loads(text))
    before = np.array([0.5, 0.5, 0.0])
    step = before - np.array([float(results.update[k]) for k in ("W_h", "W_x", "b")])
    gradient = np.array([-1 / 8, -7 / 32, -7 / 32])
    expected = np.clip(gradient, -0.1, 0.1) if norm is None else gradient * min(1, norm / np.linalg.norm(gradient))
    assert np.allclose(step, expected)


def test_tables_elide_the_middle_of_long_runs():
    """A hundred steps show their ends, and say so."""
    text = to_table(sr.evaluate(sr.load("example:lstm")))
    assert "⋮" in text and "100" in text and len(text.splitlines()) < 45


def test_numbers_as_json():
    """Strings for exact ones, numbers for floats, null for what is not finite."""
    assert as_json(Fraction(1, 3)) == "1/3" and as_json(0.25) == 0.25 and as_json(float("nan")) is None
