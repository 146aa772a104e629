"""Theorems on bounded slopes: what each certifies, and that wrong readings of them certify nothing."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from symrnn.models.files import loads
from symrnn.regimes import bounds
from symrnn.regimes.evidence import Evidence
from symrnn.regimes.forms import Sandwich, Step
from symrnn.regimes.scalings import best_scaling, scaled
from symrnn.regimes.spectra import spectral_radius
from symrnn.regimes.verdicts import regime


def sandwich(weights: np.ndarray, low: float = 0.0, high: float = 1.0) -> Sandwich:
    """diag(d) W with low ≤ |d| ≤ high."""
    n = len(weights)
    return Sandwich(None, np.full(n, low), np.full(n, high), weights, None, ("f",))


def by_name(evidence: list[Evidence], name: str) -> Evidence:
    """The piece of evidence of a theorem."""
    return next(each for each in evidence if each.theorem.name == name)


CHAIN = 0.9 * np.eye(4) @ (np.eye(4) + 2.4 * np.eye(4, k=1))


class TestScaling:
    """min over diagonal S of σ₁(S W S⁻¹)."""

    def test_a_chain_is_certified_near_its_radius(self) -> None:
        """σ₁ = 2.9 and the best scaling comes to 0.9, at the price of κ(S)."""
        found = bounds.evidence_of(sandwich(CHAIN))
        assert by_name(found, "sigma").value > 2.8 and not by_name(found, "sigma").holds
        best = by_name(found, "scaled")
        assert best.holds and best.value == pytest.approx(0.9, abs=0.01)
        assert best.bound is not None and best.bound.constant > 10

    @pytest.mark.parametrize("seed", range(8))
    def test_between_radius_and_sizes(self, seed: int) -> None:
        """ρ(W) ≤ min_S σ₁(S W S⁻¹) ≤ min(σ₁(W), ρ(|W|))."""
        weights = np.random.default_rng(seed).normal(size=(5, 5))
        value = best_scaling(weights).norm
        assert spectral_radius(weights) <= value * (1 + 1e-9)
        assert value <= min(np.linalg.norm(weights, 2), spectral_radius(np.abs(weights))) * (1 + 1e-3)

    def test_no_other_scaling_nearby_is_better(self) -> None:
        """The optimum of a convex problem."""
        weights = np.random.default_rng(1).normal(size=(6, 6))
        found = best_scaling(weights)
        rng = np.random.default_rng(2)
        for size in (0.3, 0.05):
            for _ in range(40):
                near = found.diagonal * np.exp(size * rng.normal(size=6))
                assert scaled(weights, near).norm >= found.norm * (1 - 2e-3)

    def test_a_full_similarity_would_be_a_false_proof(self) -> None:
        """W = [[3, −3], [3, −3]]: any S brings the norm near ρ = 0, diagonal S cannot go below 3."""
        found = bounds.evidence_of(sandwich(np.array([[3.0, -3.0], [3.0, -3.0]])))
        assert by_name(found, "scaled").value > 3 and not any(each.implies for each in found)


class TestExplosion:
    """σ_min(W)·inf|f'| > 1, and volumes."""

    def test_orthogonal_times_two(self) -> None:
        """With slopes between 0.6 and 1 every step expands."""
        weights = 2 * np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
        found = bounds.evidence_of(sandwich(weights, 0.6))
        assert by_name(found, "expansion").value == pytest.approx(1.2)
        assert found[0].implies == "exploding"

    def test_volume_proves_more(self) -> None:
        """diag(8, 0.5): the smallest singular value says nothing, the volume does."""
        found = bounds.evidence_of(sandwich(np.diag([8.0, 0.5]), 0.9))
        assert not by_name(found, "expansion").holds and by_name(found, "volume").holds

    def test_saturating_slopes_never_prove_an_explosion(self) -> None:
        """inf|tanh'| = 0."""
        found = bounds.evidence_of(sandwich(100 * np.eye(3)))
        assert not any(each.implies == "exploding" for each in found)

    def test_an_absolute_value_has_a_slope_of_zero_at_its_kink(self) -> None:
        """|x|' is taken as 0 at 0, where the product is then 0: no proof for every state."""
        text = "[cell]\nequations = 'h_t = U abs(h_{t-1}) + W_x x_t'\n[sequence]\nx = {normal = [0, 1], seed = 0}\n"
        model = loads(text + "steps = 9\n[parameters]\nU = [[2, 0], [0, 2]]\nW_x = [[1], [1]]\n")
        step = Step(model)
        form = step.sandwich(step.enclosure(None, None))
        assert form is not None and form.low.tolist() == [0.0, 0.0]


class TestMarginal:
    """Neither: bounded from both sides."""

    def test_at_most_one(self) -> None:
        """σ₁·sup|f'| = 1 exactly: not exploding, and no more."""
        text = "[cell]\nkind = 'rnn'\n[sequence]\nsteps = 9\nx = {normal = [0, 1], seed = 0}\n[parameters]\n"
        model = loads(text + "W_h = 1\nW_x = 1\nb = 0\n")
        step = Step(model)
        form = step.sandwich(step.enclosure(None, None))
        assert form is not None
        found = bounds.evidence_of(form)
        assert [each.implies for each in found if each.implies] in (["not exploding"], [])


class TestExactNumbers:
    """Scalars are compared as they are, not as float64 holds them."""

    @pytest.mark.parametrize(
        ("weight", "verdict"),
        [
            ('"999999999999999999999999/1000000000000000000000000"', "vanishing"),
            ('"1000000000000000000000001/1000000000000000000000000"', "exploding"),
            ("1", "marginal"),
        ],
    )
    def test_next_to_one(self, weight: str, verdict: str) -> None:
        """1 − 10⁻²⁴ vanishes, 1 + 10⁻²⁴ explodes, 1 is neither; the bound's r is rounded to the safe side."""
        text = "[cell]\nkind = 'rnn'\nactivation = 'identity'\n[sequence]\nx = [1, 2]\n[parameters]\n"
        found = regime(loads(text + f"W_h = {weight}\nW_x = 1\nb = 0\n"))
        assert (found.verdict, found.kind) == (verdict, "proved")
        tanh = regime(loads(text.replace("identity", "tanh") + f"W_h = {weight}\nW_x = 1\nb = 0\n"))
        every = [each for each in tanh.evidence if each.scope.key == "every"]
        sigma = next(each for each in every if each.theorem.name == "sigma")
        assert sigma.holds is (verdict == "vanishing")

    def test_a_third_is_rounded_up(self) -> None:
        """r ≥ 1/3, though float64 has a smaller neighbour."""
        text = "[cell]\nkind = 'rnn'\n[sequence]\nx = [1, 2]\n[parameters]\nW_h = '1/3'\nW_x = 1\nb = 0\n"
        bound = regime(loads(text)).reason.bound  # type: ignore[union-attr]  # a proof has a reason
        assert bound is not None and Fraction(bound.rate) >= Fraction(1, 3)


class TestForms:
    """What a step Jacobian is recognised as."""

    @pytest.mark.parametrize(
        ("equation", "names"),
        [
            ("h_t = tanh(U h_{t-1} + W_x x_t)", ("tanh",)),
            ("h_t = U tanh(h_{t-1}) + W_x x_t", ("tanh",)),
            ("h_t = V tanh(U h_{t-1} + W_x x_t)", ("tanh",)),
            ("h_t = leaky_relu(U h_{t-1} + W_x x_t)", ("LeakyReLU",)),
        ],
    )
    def test_slopes_are_found(self, equation: str, names: tuple[str, ...]) -> None:
        """A diag(d) B, with the activation's name and its bounds."""
        extra = "V = [[1, 0], [0, 1]]\n" if " V " in equation else ""
        text = f"[cell]\nequations = '{equation}'\n[sequence]\nsteps = 9\nx = {{normal = [0, 1], seed = 0}}\n"
        model = loads(text + f"[parameters]\nU = [[1, 2], [0, 1]]\nW_x = [[1], [1]]\n{extra}")
        step = Step(model)
        form = step.sandwich(step.enclosure(None, None))
        assert form is not None and form.activations == names
        assert form.high.max() <= 1.0 and form.weights.tolist() == [[1, 2], [0, 1]]

    def test_both_sides_cost_a_constant(self) -> None:
        """V diag(d) U: k steps regroup as (diag(d) U V)^{k−1}."""
        left, right = np.diag([10.0, 0.1]), np.diag([0.05, 5.0])
        form = Sandwich(left, np.zeros(2), np.ones(2), right, None, ("f",))
        best = by_name(bounds.evidence_of(form), "sigma")
        assert best.holds and best.bound is not None
        for lag in range(1, 6):
            product = np.linalg.matrix_power(form.matrix(form.high), lag)
            assert np.log(np.linalg.norm(product, 2)) <= best.bound.log_at(lag) + 1e-12
