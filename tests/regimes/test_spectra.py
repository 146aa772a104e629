"""Spectra, transient growth, random networks: identities and inequalities beside the published figures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from symrnn.errors import InputError
from symrnn.plots.spectra import field_of_values
from symrnn.regimes import ensembles, meanfield
from symrnn.regimes.nonnormality import (
    growth_of_powers,
    henrici_departure,
    kreiss_constant,
    largest_power,
    pseudospectral_radius,
    resolvent_norms,
)
from symrnn.regimes.spectra import (
    largest_singular_value,
    numerical_abscissa,
    numerical_radius,
    spectral_radius,
    spectrum_of,
)
from symrnn.regimes.statements import SPELLINGS, Quantity, Statement
from symrnn.regimes.theorems import THEOREMS


def drawn(seed: int, n: int = 5) -> np.ndarray:
    """A matrix with ρ = 0.8, far from normal."""
    matrix = np.random.default_rng(seed).normal(size=(n, n)) + 2 * np.eye(n, k=1)
    return np.asarray(0.8 * matrix / np.abs(np.linalg.eigvals(matrix)).max())


@pytest.mark.parametrize("seed", range(6))
class TestInequalities:
    """What holds for every matrix."""

    def test_radii(self, seed: int) -> None:
        """ρ ≤ w ≤ σ₁ ≤ 2w, and the abscissa is at most w."""
        a = drawn(seed)
        radius = numerical_radius(a)
        assert spectral_radius(a) <= radius * (1 + 1e-9)
        assert radius <= largest_singular_value(a) * (1 + 1e-9) <= 2 * radius * (1 + 1e-8)
        assert numerical_abscissa(a) <= radius * (1 + 1e-9)

    def test_kreiss(self, seed: int) -> None:
        """K ≤ max_k ‖A^k‖ ≤ e n K."""
        a = drawn(seed)
        constant, (largest, _) = kreiss_constant(a), largest_power(a)
        assert constant <= largest * (1 + 1e-9) <= math.e * len(a) * constant

    def test_kreiss_is_a_supremum(self, seed: int) -> None:
        """No point on a fine grid lies above it."""
        a = drawn(seed)
        constant = kreiss_constant(a)
        radii, angles = 1 + np.geomspace(1e-3, 30, 60), np.linspace(0, np.pi, 60)
        points = radii[:, None] * np.exp(1j * angles)
        assert ((radii[:, None] - 1) / resolvent_norms(a, points)).max() <= constant * (1 + 1e-9)

    def test_largest_power(self, seed: int) -> None:
        """Against the powers themselves."""
        a = drawn(seed)
        norms = [np.linalg.norm(np.linalg.matrix_power(a, k), 2) for k in range(300)]
        assert largest_power(a) == (pytest.approx(max(norms)), int(np.argmax(norms)))

    def test_pseudospectral_radius(self, seed: int) -> None:
        """No perturbation of that size moves an eigenvalue beyond it, and the worst comes near."""
        a = drawn(seed)
        radius = pseudospectral_radius(a, 0.05)
        rng = np.random.default_rng(seed)
        seen = 0.0
        for _ in range(300):
            u, v = rng.normal(size=(2, len(a)))
            push = 0.05 * np.outer(u, v) / np.linalg.norm(u) / np.linalg.norm(v)
            seen = max(seen, np.abs(np.linalg.eigvals(a + push)).max())
        assert spectral_radius(a) < seen <= radius * (1 + 1e-9)

    def test_field_of_values_holds_the_eigenvalues(self, seed: int) -> None:
        """Its boundary reaches the numerical radius."""
        a = drawn(seed)
        assert np.abs(field_of_values(a, 400)).max() == pytest.approx(numerical_radius(a), rel=1e-3)

    def test_henrici(self, seed: int) -> None:
        """‖A‖_F² = Σ|λ|² + departure²."""
        a = drawn(seed)
        values = spectrum_of(a).eigenvalues
        whole = np.square(np.abs(values)).sum() + henrici_departure(a) ** 2
        assert whole == pytest.approx(np.square(a).sum())

    def test_growth_of_powers(self, seed: int) -> None:
        """In the log domain, far below float64's range."""
        a = drawn(seed)
        logs = growth_of_powers(a, 5000)
        assert logs[-1] / 5000 == pytest.approx(math.log(0.8), abs=5e-3)
        assert logs[7] == pytest.approx(math.log(np.linalg.norm(np.linalg.matrix_power(a, 7), 2)))


class TestDefined:
    """Where a quantity is not defined, nothing is returned."""

    def test_kreiss_needs_power_bounded(self) -> None:
        """ρ ≥ 1 is refused."""
        with pytest.raises(InputError, match="power-bounded"):
            kreiss_constant([[1.5]])

    @pytest.mark.parametrize("matrix", [[[1.0, 2.0]], [[math.nan]], []])
    def test_what_is_no_square_matrix(self, matrix: list[list[float]]) -> None:
        """Says what was found."""
        with pytest.raises(InputError):
            spectral_radius(matrix)

    def test_large_matrices_by_iteration(self) -> None:
        """The same σ₁ as LAPACK's."""
        a = ensembles.gaussian(1500, seed=9)
        assert largest_singular_value(a) == pytest.approx(np.linalg.norm(a, 2), rel=1e-6)


class TestEnsembles:
    """Initialisations against their laws."""

    @pytest.mark.parametrize("init", sorted(ensembles.LAWS))
    def test_laws(self, init: str) -> None:
        """ρ and σ₁ at 300 units."""
        law = ensembles.LAWS[init]
        for matrix in ensembles.draws(init, 300, 1):
            assert spectral_radius(matrix) == pytest.approx(law.radius, rel=0.08)
            assert largest_singular_value(matrix) == pytest.approx(law.norm, rel=0.06)

    def test_lstm_at_rest_is_the_jacobian_of_the_cell(self) -> None:
        """Against the library's own step Jacobian at zero state and input."""
        from random_maps import PARAMETERS

        from symrnn.models.files import loads
        from symrnn.regimes.trajectories import follow

        lines = ["[cell]\nkind = 'lstm'\nhidden = 6\ninput = 1\n[sequence]\nx = [0]\nsteps = 1\n[parameters]"]
        lines += [
            f"{name} = 0" if name.startswith("b") else f"{name} = {{init = 'pytorch', seed = 3}}"
            for name in PARAMETERS["lstm"].split()
        ]
        model = loads("\n".join(lines) + "\n")
        assert follow(model).chain.dense()[0] == pytest.approx(ensembles.lstm_at_rest(model.value("U_c")))

    def test_chrono_spans_the_memory(self) -> None:
        """1/(1 − f) lies between 2 and T_max."""
        memory = 1 + np.exp(ensembles.chrono_biases(1000, 100))
        assert memory.min() >= 2 and memory.max() <= 100


class TestMeanField:
    """Order and chaos."""

    def test_phases(self) -> None:
        """Below, on and above the line."""
        line = meanfield.critical_weight_variance("tanh", 0.05)
        phases = [meanfield.mean_field("tanh", line + shift, 0.05).phase for shift in (-0.1, 0.0, 0.1)]
        assert phases == ["ordered", "critical", "chaotic"]

    def test_erf_by_quadrature_and_closed_form(self) -> None:
        """The two ways agree."""
        from scipy.special import erf

        by_hand = meanfield.gaussian_mean(lambda z: erf(math.sqrt(0.3) * z) ** 2)
        assert by_hand == pytest.approx(meanfield.kernel("erf").square(0.3), abs=1e-12)

    def test_relu_is_critical_at_two(self) -> None:
        """He's initialisation: χ₁ = σ_w²/2."""
        assert meanfield.mean_field("relu", 1.9, 0.1).chi == pytest.approx(0.95)
        assert meanfield.critical_weight_variance("relu", 0.1) == 2.0

    def test_correlation_length_diverges_at_the_line(self) -> None:
        """ξ = 1/|log χ₁|."""
        line = meanfield.critical_weight_variance("tanh", 0.05)
        lengths = [meanfield.mean_field("tanh", line - gap, 0.05).length for gap in (0.5, 0.1, 0.01)]
        assert lengths[0] < lengths[1] < lengths[2]

    def test_diagram(self) -> None:
        """χ₁ grows with σ_w²."""
        grid = meanfield.phase_diagram("tanh", [0.5, 1.5, 3.0], [0.01, 0.2])
        assert grid.shape == (2, 3) and (np.diff(grid, axis=1) > 0).all()


class TestStatements:
    """Trees with two spellings."""

    @pytest.mark.parametrize("kind", SPELLINGS)
    def test_every_quantity_is_written_twice(self, kind: str) -> None:
        """No placeholder is left, braces are balanced."""
        for form in ("text", "latex"):
            text = Quantity(kind, "W").spelled(form)  # type: ignore[arg-type]  # the two forms there are
            assert "{0}" not in text and text.count("{") == text.count("}")

    def test_products(self) -> None:
        """As a formula."""
        statement = Statement((Quantity("sigma_max", "W"), Quantity("sup_slope", "f")), "≤", 1)
        assert statement.spelled("latex") == r"\sigma_1(W) \cdot \sup |f'| \le 1"

    @pytest.mark.parametrize("name", THEOREMS)
    def test_every_theorem_is_complete(self, name: str) -> None:
        """A source, a check that exists, words for it and for its assumptions."""
        from importlib import import_module

        from symrnn.documents.regime_words import ENGLISH

        theorem = THEOREMS[name]
        assert theorem.source and {name, *theorem.assumptions} <= set(ENGLISH)
        assert import_module(f"symrnn.regimes.{theorem.check}")
