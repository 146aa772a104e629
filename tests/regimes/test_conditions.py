"""Conditions in place of verdicts: inequalities, solved for a symbol, against numbers put in."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from symrnn.algebra.reading.roles import parse_cell
from symrnn.cells import gru, lstm, rnn
from symrnn.errors import InputError
from symrnn.models.files import loads
from symrnn.regimes.conditions import Condition, conditions_of
from symrnn.regimes.spectra import closed_form
from symrnn.regimes.stability import boundaries, conditions, is_stable, solved
from symrnn.regimes.verdicts import regime

W = sp.Symbol("w", real=True)


def of(conditions: tuple[Condition, ...], name: str) -> Condition:
    """The condition of a theorem."""
    return next(each for each in conditions if each.theorem.name == name)


class TestScalarTanh:
    """h_t = tanh(w h_{t-1} + x_t): the new user's question."""

    FOUND = conditions_of(parse_cell("h_t = tanh(w h_{t-1} + x_t)"), "w")

    def test_vanishes_for_every_input(self) -> None:
        """|w| < 1."""
        best = of(self.FOUND, "sigma")
        assert best.implies == "vanishing" and best.scope.key == "every"
        assert best.solved == sp.Interval.open(-1, 1)

    def test_can_explode_beyond(self) -> None:
        """At h = 0, or under inputs that hold a_t near 0."""
        for name, scope in (("at zero", "orbit zero"), ("held near zero", "held")):
            found = of(self.FOUND, name)
            assert (found.implies, found.scope.key) == ("exploding", scope)
            assert found.solved is not None and 2 in found.solved and 1 not in found.solved

    def test_and_vanishes_undriven_from_elsewhere(self) -> None:
        """|w| > 1, every other start."""
        assert of(self.FOUND, "leaves zero").implies == "vanishing"

    def test_a_bias_brings_the_fold(self) -> None:
        """|b| < √(w(w−1)) − arcosh √w."""
        found = of(conditions_of(parse_cell("h_t = tanh(w h_{t-1} + b)")), "fold")
        edge = found.inequalities[1].rhs
        assert float(edge.subs(W, 2)) == pytest.approx(0.532839975353552, abs=1e-12)

    @pytest.mark.parametrize(("activation", "edge"), [("sigmoid", 4), ("relu", 1), ("softsign", 1)])
    def test_other_slopes_other_edges(self, activation: str, edge: int) -> None:
        """|w| < 1/sup|f'|."""
        found = conditions_of(parse_cell(f"h_t = {activation}(w h_{{t-1}} + x_t)"), "w")
        assert of(found, "sigma").solved == sp.Interval.open(-edge, edge)


class TestLinear:
    """Jury's inequalities."""

    def test_scalar(self) -> None:
        """|w| against 1, three ways."""
        found = conditions_of(parse_cell("h_t = w h_{t-1} + x_t"), "w")
        assert [each.implies for each in found] == ["vanishing", "exploding", "marginal"]
        assert found[0].solved == sp.Interval.open(-1, 1)

    def test_two_lags(self) -> None:
        """The stability triangle of h_t = w h_{t-1} + v h_{t-2}."""
        found = conditions_of(parse_cell("h_t = w h_{t-1} + v h_{t-2} + x_t"), "w")
        v = sp.Symbol("v", real=True)
        assert set(of(found, "jury").boundaries) == {1 - v, v - 1}

    def test_a_model_with_a_symbol(self) -> None:
        """W_h = [[w, 1], [−1/2, 0]]: stable where |w| < 3/2."""
        text = "[cell]\nkind = 'rnn'\nactivation = 'identity'\n[sequence]\nsteps = 3\n[parameters]\n"
        model = loads(text + 'W_h = [["w", 1], ["-1/2", 0]]\nb = 0\n')
        found = of(conditions_of(model, "w"), "jury").solved
        assert found == sp.Interval.open(sp.Rational(-3, 2), sp.Rational(3, 2))

    @pytest.mark.parametrize("n", [2, 3])
    def test_symbolic_conditions_agree_with_numbers(self, n: int) -> None:
        """The expressions with entries put in, against `is_stable`."""
        entries = sp.symbols(f"a:{n * n}", real=True)
        positive = conditions(sp.Matrix(n, n, entries))
        test = sp.lambdify(entries, positive)
        rng = np.random.default_rng(n)
        for matrix in rng.normal(size=(300, n, n)) * 0.6:
            assert all(value > 0 for value in test(*matrix.ravel())) == bool(is_stable(matrix))

    def test_solving_with_other_symbols_gives_boundaries(self) -> None:
        """Open as long as v is."""
        v = sp.Symbol("v", real=True)
        assert solved((1 - W * v,), W) is None
        assert boundaries((1 - W * v,), W) == (1 / v,)


class TestCells:
    """Named cells without numbers."""

    def test_rnn_says_singular_value(self) -> None:
        """σ₁, where the paper says eigenvalue; and what an explosion needs."""
        found = conditions_of(rnn())
        assert of(found, "sigma").inequalities[0].spelled() == "σ₁(W_h)·sup|tanh'| < 1"
        assert of(found, "needed for explosion").implies == ""

    def test_leaky_units_can_be_proved_to_explode(self) -> None:
        """inf|f'| = 1/100 > 0."""
        assert of(conditions_of(rnn("leaky_relu")), "volume").implies == "exploding"

    def test_gated_cells(self) -> None:
        """Contraction, and the cell path apart from it."""
        assert of(conditions_of(lstm()), "cell path").implies == ""
        assert of(conditions_of(gru()), "bonassi gru").implies == "vanishing"

    def test_linear_matrix_cell(self) -> None:
        """ρ(W_h) decides."""
        assert conditions_of(rnn("identity"))[0].inequalities[0].spelled() == "ρ(W_h) < 1"

    def test_a_symbol_that_is_not_there(self) -> None:
        """Names those that are."""
        with pytest.raises(InputError, match="no condition has this symbol"):
            regime(parse_cell("h_t = tanh(w h_{t-1} + x_t)"), solve_for="q")


class TestClosedForms:
    """Small symbolic matrices."""

    def test_two_by_two(self) -> None:
        """Eigenvalues, singular values and Jordan form."""
        found = closed_form(sp.Matrix([[W, 1], [0, W]]), jordan=True)
        assert found.eigenvalues == ((W, 2),)
        assert found.jordan is not None and found.jordan[1] == sp.Matrix([[W, 1], [0, W]])
        product = sp.simplify(sp.prod(found.singular_values) ** 2)
        assert sp.simplify(product - W**4) == 0
