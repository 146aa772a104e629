"""Published and derived figures about regimes, each computed here by the library and held within its tolerance."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy as sp
from random_maps import born, henon, tanh_map

from symrnn.algebra.activations import lookup
from symrnn.models.drawing import source
from symrnn.models.files import loads
from symrnn.numeric.chains import Chain
from symrnn.regimes import meanfield
from symrnn.regimes.contraction import gru_residual
from symrnn.regimes.ensembles import chrono_biases, draws, forget_memory, gaussian, lstm_at_rest
from symrnn.regimes.lyapunov import Spectrum, spectrum
from symrnn.regimes.memory import memory_time, penalty
from symrnn.regimes.nonnormality import henrici_departure, kreiss_constant, largest_power, pseudospectral_radius
from symrnn.regimes.remedies import clip_by_norm
from symrnn.regimes.scalars import fixed_points, fold
from symrnn.regimes.spectra import largest_singular_value, numerical_abscissa, spectral_radius, spectrum_of
from symrnn.regimes.stability import is_stable
from symrnn.regimes.trajectories import follow
from symrnn.regimes.verdicts import regime

from .truth import DATA, SHARED

FIGURES: dict[str, dict[str, Any]] = {
    each["id"]: each for each in json.loads((DATA / "regimes.json").read_text(encoding="utf-8"))
}


def _jordan(size: int, value: float) -> np.ndarray:
    return value * np.eye(size) + np.eye(size, k=1)


@cache
def _latching() -> Any:
    return fixed_points(2.0)[-1]


@cache
def _ginibre() -> np.ndarray:
    return gaussian(512, seed=1)


@cache
def _tanh_512() -> Spectrum:
    return spectrum(tanh_map(512, 400, 2.0), 150)


@cache
def _henon() -> Spectrum:
    return spectrum(henon(1_000_000), discard=100)


def _rate(kind: str) -> float:
    """Mean over five seeds of exp(λ₁) of a cell as it is born."""
    found = [spectrum(follow(born(kind, 128, 400, seed)).chain, 2).exponents[0] for seed in range(5)]
    return float(np.mean(np.exp(found)))


def _mean(function: Callable[[np.ndarray], float], matrices: Any) -> float:
    return float(np.mean([function(matrix) for matrix in matrices]))


def _relu_layers() -> float:
    """Mean log growth of a gradient through independent layers of He's weights, each unit open with probability ½."""
    size, steps = 1000, 60
    stream = source(3, "layers")
    vector = stream.normal((size,))
    total = 0.0
    for _ in range(steps):
        weights = stream.normal((size, size)) * math.sqrt(2 / size)
        new = weights.T @ np.where(stream.normal((size,)) > 0, vector, 0.0)
        total += math.log(np.linalg.norm(new) / np.linalg.norm(vector))
        vector = new / np.linalg.norm(new)
    return total / steps


def _stable_tanh() -> float:
    """λ₁ of an undriven tanh network of gain 0.8, which falls to 0, against log ρ(W)."""
    weights = gaussian(24, 0.8, seed=4)
    rows = ", ".join(str(row.tolist()) for row in weights)
    start = (0.1 * source(5, "h").normal((24,))).tolist()
    text = f"[cell]\nkind = 'rnn'\n[sequence]\nsteps = 3000\nh0 = {start}\n[parameters]\nW_h = [{rows}]\nb = 0\n"
    exponent = spectrum(follow(loads(text)).chain, 4, discard=500).exponents[0]
    return float(exponent - math.log(spectral_radius(weights)))


def _jury_mismatches() -> int:
    rng = np.random.default_rng(0)
    wrong = 0
    for n in (2, 3):
        matrices = rng.normal(size=(100_000, n, n)) * rng.uniform(0.2, 1.2, size=(100_000, 1, 1))
        radii = np.abs(np.linalg.eigvals(matrices)).max(axis=1)
        wrong += int((is_stable(matrices) != (radii < 1)).sum())
    return wrong


def _clipped_norm() -> float:
    clipped = clip_by_norm({"g": np.array([3.0, 4.0])}, 1.0)
    return float(np.linalg.norm(clipped["g"]))


COMPUTED: dict[str, Callable[[], float]] = {
    "gamma_tanh": lambda: float(lookup("tanh").bound),
    "gamma_sigmoid": lambda: float(lookup("sigmoid").bound),
    "gamma_gelu": lambda: float(lookup("gelu").bound),
    # SELU is λ·ELU(x; α): its steepest slope is λ·max(1, α).
    "gamma_selu": lambda: 1.0507009873554805 * float(lookup("elu", alpha=1.6732632423543772).bound),
    "scalar_tanh_w2_fixed_point": lambda: _latching().value,
    "scalar_tanh_w2_jacobian": lambda: _latching().slope,
    "scalar_tanh_fold_w2": lambda: float(fold(sp.Integer(2))),
    "pascanu_omega_scalar": lambda: penalty(
        Chain.from_dense(np.full((10, 1, 1), _latching().slope)), np.ones(1)
    ),
    "clip_norm_3_4": _clipped_norm,
    "circular_law_rho_N512": lambda: _mean(spectral_radius, [gaussian(512, seed=s) for s in range(6)]),
    "gauss_sigma1": lambda: largest_singular_value(_ginibre()),
    "torch_default_rnn_rho": lambda: _mean(spectral_radius, draws("pytorch", 512, 3)),
    "torch_default_rnn_sigma1": lambda: _mean(largest_singular_value, draws("pytorch", 512, 3)),
    "ginibre_henrici_rel": lambda: henrici_departure(_ginibre(), relative=True),
    "ginibre_numerical_abscissa": lambda: numerical_abscissa(_ginibre()),
    "ginibre_power_norm_k2": lambda: largest_singular_value(gaussian(600, seed=2, power=2)),
    "lstm_zero_state_rho_torch": lambda: _mean(
        lambda w: spectral_radius(lstm_at_rest(w)), draws("pytorch", 512, 2)
    ),
    "gradient_rate_torch_rnn": lambda: _rate("rnn"),
    "gradient_rate_torch_lstm": lambda: _rate("lstm"),
    "memory_time_identity": lambda: forget_memory(1.0),
    "efold_time_bias1": lambda: memory_time(1 / (1 + math.exp(-1))),
    "chrono_uniform_T": lambda: float(np.mean(1 + np.exp(chrono_biases(200_000, 100)))),
    "he_relu_gradient_rate": _relu_layers,
    "critical_tanh_sb2_0.05": lambda: meanfield.critical_weight_variance("tanh", 0.05),
    "critical_published_pair": lambda: meanfield.mean_field("tanh", 1.05, 2.01e-5).chi,
    "erf_kernel": lambda: meanfield.kernel("erf").square(0.3),
    "tanh_map_lambda1_g2": lambda: meanfield.tanh_map_exponent(2.0),
    "tanh_map_lambda1_onset": lambda: meanfield.tanh_map_exponent(1.003) / 0.003**2,
    "tanh_map_hKS_g2": lambda: _tanh_512().entropy_rate / 512,
    "tanh_map_DKY_g2": lambda: _tanh_512().dimension / 512,
    "tanh_map_meanLE_g2": lambda: meanfield.tanh_map_mean_exponent(2.0),
    "henon_lambda1": lambda: float(_henon().exponents[0]),
    "henon_lambda2": lambda: float(_henon().exponents[1]),
    "cat_map": lambda: float(
        spectrum(np.broadcast_to([[2.0, 1.0], [1.0, 1.0]], (400, 2, 2))).exponents[0]
    ),
    "stable_tanh_LE_equals_logeig": _stable_tanh,
    "kreiss_2x2_closed_form_c10": lambda: kreiss_constant([[0.0, 10.0], [0.0, 0.0]]),
    "kreiss_J2_0.9": lambda: kreiss_constant(_jordan(2, 0.9)),
    "kreiss_J5_0.5": lambda: kreiss_constant(_jordan(5, 0.5)),
    "sup_power_J5_0.9": lambda: largest_power(_jordan(5, 0.9))[0],
    "psrad_2x2": lambda: pseudospectral_radius([[0.0, 1.0], [0.0, 0.0]], 0.01),
    "grcar100_max_imag": lambda: float(
        spectrum_of(-np.eye(100, k=-1) + sum(np.eye(100, k=k) for k in range(4))).eigenvalues.imag.max()
    ),
    "henrici_jordan10": lambda: henrici_departure(_jordan(10, 0.3)),
    "jury_mismatch": _jury_mismatches,
    "delta_iss_conservative_gru": lambda: gru_residual(born("gru", 128, 5), 1.0)[0],
    "adding_baseline": lambda: 1 / 12 + 1 / 12,
    "copy_baseline_T1000": lambda: 10 * math.log(8) / (1000 + 20),
    "float32_product_zero_lag": lambda: math.log(1.4e-45) / math.log(3**-0.5),
}  # fmt: skip
"""Every figure by the library's own means."""


@pytest.mark.parametrize("name", FIGURES)
def test_figure(name: str) -> None:
    """Within the tolerance it is published with."""
    figure = FIGURES[name]
    assert COMPUTED[name]() == pytest.approx(figure["value"], abs=figure["tolerance"], rel=0)


def test_carried_figures_equal_the_collected_ones() -> None:
    """No figure of the collection is missing, none differs."""
    collection = SHARED / "regimes" / "numbers.json"
    if not collection.is_file():
        pytest.skip("the collection is not beside this checkout")
    assert list(FIGURES.values()) == json.loads(collection.read_text(encoding="utf-8"))


class TestDesignFacts:
    """The facts the whole subject is designed by."""

    def test_radius_zero_and_the_product_explodes(self) -> None:
        """W = [[3, −3], [3, −3]] has ρ = 0; with D = diag(1, ½) the step has ρ = 1.5."""
        weights = np.array([[3.0, -3.0], [3.0, -3.0]])
        assert spectral_radius(weights) < 1e-7
        assert spectral_radius(np.diag([1.0, 0.5]) @ weights) == pytest.approx(1.5, abs=1e-9)
        text = "[cell]\nkind = 'rnn'\n[sequence]\nsteps = 50\nx = {normal = [0, 1], seed = 0}\n[parameters]\n"
        found = regime(loads(text + "W_h = [[3, -3], [3, -3]]\nW_x = [[1], [1]]\nb = 0\n"))
        textbook = next(each for each in found.evidence if each.theorem.name == "textbook")
        assert textbook.holds and textbook.implies == ""
        assert not found.proofs

    def test_radius_above_one_can_vanish(self) -> None:
        """h = tanh(±2h) has exponent −1.79: orbits leave the repelling point."""
        for weight in (2, -2):
            text = f"[cell]\nkind = 'rnn'\n[sequence]\nsteps = 20\nh0 = 0.5\n[parameters]\nW_h = {weight}\nb = 0\n"
            found = regime(loads(text))
            assert (found.verdict, found.kind) == ("vanishing", "proved")
            assert math.log(found.rate or 0) == pytest.approx(-1.7935, abs=1e-3)

    def test_at_the_repelling_point_itself_it_explodes(self) -> None:
        """From h_0 = 0 exactly the gradient doubles."""
        found = regime(loads("[cell]\nkind = 'rnn'\n[sequence]\nsteps = 20\n[parameters]\nW_h = 2\nb = 0\n"))
        assert (found.verdict, found.kind, found.rate) == ("exploding", "proved", pytest.approx(2.0))
