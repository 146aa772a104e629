"""Losses, readouts and the training step as equations: every kind, at the last and at every step, and its gradient."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from importlib import resources
from typing import Any, ClassVar

import mpmath
import pytest
import sympy as sp
from fractions_evaluator import Evaluator, Matrix, draw, scaled
from law_checks import Setting, check_differences, check_gradients, check_signals, check_unrolling, sized

from symrnn.algebra.nodes import Adjoint, Parameter, Signal, n
from symrnn.algebra.programs import Program
from symrnn.algebra.reading.roles import parse_cell
from symrnn.calculus.adjoints import adjoint
from symrnn.cells import gru, lstm, rnn
from symrnn.errors import InputError, SymrnnError
from symrnn.models.files import loads
from symrnn.models.losses import LOSSES, training_step, with_generic_loss, with_loss, with_readout
from symrnn.numeric.evaluation import evaluate


def lines(program: Program) -> list[str]:
    """The equations as printed."""
    return [str(equation) for equation in program]


def back(program: Program) -> dict[str, str]:
    """The adjoint's left sides to right sides, as printed."""
    return {str(equation.target): str(equation.expression) for equation in adjoint(program)}


class TestKinds:
    """One row per kind; each names its divisor."""

    AT_LAST: ClassVar[dict[Any, Any]] = {
        "half_squared_error": ["L = 1/2 ‖h_T - y‖²"],
        "squared_error": ["L = ‖h_T - y‖²"],
        "mean_squared_error": ["L = (1/n) ‖h_T - y‖²"],
        "softmax_cross_entropy": ["p_T = softmax(h_T)", "L = -yᵀ log softmax(h_T)"],
    }

    @pytest.mark.parametrize("kind", AT_LAST)
    def test_at_the_last_step(self, kind: str) -> None:
        """Of the first output at T; y has no index."""
        assert lines(with_loss(rnn(), kind))[1:] == self.AT_LAST[kind]

    EVERY_STEP: ClassVar[dict[Any, Any]] = {
        "half_squared_error": ["L_t = 1/2 ‖h_t - y_t‖²"],
        "squared_error": ["L_t = ‖h_t - y_t‖²"],
        "mean_squared_error": ["L_t = (1/n) ‖h_t - y_t‖²"],
        "softmax_cross_entropy": ["p_t = softmax(h_t)", "L_t = -y_tᵀ log softmax(h_t)"],
    }

    @pytest.mark.parametrize("kind", EVERY_STEP)
    def test_at_every_step(self, kind: str) -> None:
        """The sum over steps, and its mean."""
        assert lines(with_loss(rnn(), kind, "every_step"))[1:] == [*self.EVERY_STEP[kind], "L = Σ_{t=1}^{T} L_t"]
        assert lines(with_loss(rnn(), kind, "every_step", "mean"))[-1] == "L = (1/T) Σ_{t=1}^{T} L_t"

    LAST_COTANGENT: ClassVar[dict[Any, Any]] = {
        "half_squared_error": "[t = T] (h_T - y)",
        "squared_error": "[t = T]·2 (h_T - y)",
        "mean_squared_error": "[t = T] (2/n) (h_T - y)",
        "softmax_cross_entropy": "[t = T] (p_T - y)",
    }

    @pytest.mark.parametrize("kind", LAST_COTANGENT)
    def test_what_reaches_the_last_state(self, kind: str) -> None:
        """½ and 2 cancel; the softmax's p - y; only at T."""
        assert back(with_loss(rnn(), kind))["h̄_t"] == f"{self.LAST_COTANGENT[kind]} + W_hᵀ ā_{{t+1}}"

    EVERY_COTANGENT: ClassVar[dict[Any, Any]] = {
        ("half_squared_error", "sum"): "h_t - y_t",
        ("squared_error", "sum"): "2 (h_t - y_t)",
        ("mean_squared_error", "sum"): "(2/n) (h_t - y_t)",
        ("softmax_cross_entropy", "sum"): "p_t - y_t",
        ("half_squared_error", "mean"): "(1/T) (h_t - y_t)",
        ("squared_error", "mean"): "(2/T) (h_t - y_t)",
        ("softmax_cross_entropy", "mean"): "(1/T) (p_t - y_t)",
    }

    @pytest.mark.parametrize(("kind", "reduce"), EVERY_COTANGENT)
    def test_what_reaches_every_state(self, kind: str, reduce: str) -> None:
        """The mean over steps divides each share by T."""
        cotangent = self.EVERY_COTANGENT[kind, reduce]
        assert back(with_loss(rnn(), kind, "every_step", reduce))["h̄_t"] == f"{cotangent} + W_hᵀ ā_{{t+1}}"

    def test_every_row_is_tested(self) -> None:
        """A kind that is added later is added here."""
        assert set(LOSSES) == set(self.AT_LAST) == set(self.EVERY_STEP) == set(self.LAST_COTANGENT)

    def test_every_kind_says_what_divides_it(self) -> None:
        """2, 1, the number of components, 1."""
        assert [row.divisor for row in LOSSES.values()] == ["2", "1", "the number of components of ŷ", "1"]


class TestValues:
    """The loss in numbers, from its definition."""

    STEPS = 3

    def values(self, program: Program, **options: Any) -> Any:
        """The values of the loss's Program, with sizes of 2."""
        return Setting(sized(program, m=1), self.STEPS).evaluator(**options).run(sized(program, m=1)).values

    def found(self, values: dict[Any, Matrix], name: str, *index: int) -> list[Any]:
        """A column by name and step."""
        return [row[0] for row in values[Signal(name, (2, 1), *index)]]

    @pytest.mark.parametrize(
        ("kind", "divisor"), [("half_squared_error", 2), ("squared_error", 1), ("mean_squared_error", 2)]
    )
    @pytest.mark.parametrize("reduce", ["sum", "mean"])
    def test_squared_errors(self, kind: str, divisor: int, reduce: str) -> None:
        """Σ_t ‖h_t - y_t‖² / divisor, over steps summed or averaged."""
        values = self.values(with_loss(rnn("softsign"), kind, "every_step", reduce))
        errors = [
            sum((h - y) ** 2 for h, y in zip(self.found(values, "h", i), self.found(values, "y", i), strict=True))
            for i in range(1, self.STEPS + 1)
        ]
        expected = sum(errors, Fraction(0)) / divisor / (self.STEPS if reduce == "mean" else 1)
        assert values[Signal("L", (1, 1))][0][0] == expected

    def test_cross_entropy(self) -> None:
        """-Σ_i y_i log p_i with p = e^o / Σ e^o, with real numbers."""
        with mpmath.workdps(30):
            values = self.values(with_loss(rnn(), "softmax_cross_entropy", readout=True), real=True)
            logits, target = self.found(values, "o", self.STEPS), self.found(values, "y")
            whole = sum(mpmath.exp(o) for o in logits)
            expected = -sum(y * mpmath.log(mpmath.exp(o) / whole) for y, o in zip(target, logits, strict=True))
            assert abs(values[Signal("L", (1, 1))][0][0] - expected) < 1e-25
            chances = self.found(values, "p", self.STEPS)
            assert abs(sum(chances) - 1) < 1e-25


class TestReadout:
    """ŷ_t = W_y h_t + b_y."""

    def test_at_every_step(self) -> None:
        """With parameters of its own, and the prediction as first output."""
        program = with_readout(rnn())
        assert lines(program)[-1] == "ŷ_t = W_y h_t + b_y"
        assert [name.name for name in program.parameters][-2:] == ["W_y", "b_y"]
        assert str(program.outputs[0]) == "ŷ_t"

    def test_at_the_last_step(self) -> None:
        """ŷ_T once."""
        assert lines(with_readout(rnn(), "last"))[-1] == "ŷ_T = W_y h_T + b_y"

    @pytest.mark.parametrize("at", ["every_step", "last"])
    def test_what_it_predicts_receives_a_cotangent(self, at: str) -> None:
        """Without a loss every output does, and so W_y has a gradient."""
        program = with_readout(rnn(), at)
        here = "t" if at == "every_step" else "T"
        assert back(program)[f"ŷ̄_{here}"] == f"∂⁺L/∂ŷ_{here}"
        assert back(program)["∂L/∂b_y"] == ("Σ_{t=1}^{T} ŷ̄_t" if at == "every_step" else "ŷ̄_T")
        check_gradients(Setting(sized(program, m=1), 2))

    def test_without_bias(self) -> None:
        """W_y alone."""
        program = with_loss(rnn(), readout=True, bias=False)
        assert lines(program)[1] == "ŷ_T = W_y h_T"
        assert "b_y" not in {name.name for name in program.parameters}

    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            ("last", {"ŷ̄_T": "ŷ_T - y", "h̄_t": "[t = T] W_yᵀ ŷ̄_T + W_hᵀ ā_{t+1}", "∂L/∂W_y": "ŷ̄_T h_Tᵀ"}),
            (
                "every_step",
                {"ŷ̄_t": "ŷ_t - y_t", "h̄_t": "W_yᵀ ŷ̄_t + W_hᵀ ā_{t+1}", "∂L/∂W_y": "Σ_{t=1}^{T} ŷ̄_t h_tᵀ"},
            ),
        ],
    )
    def test_the_error_goes_through_it(self, at: str, expected: dict[str, str]) -> None:
        """ŷ - y, then W_yᵀ."""
        found = back(with_loss(rnn(), at=at, readout=True))
        assert {name: found[name] for name in expected} == expected

    @pytest.mark.parametrize("at", ["last", "every_step"])
    def test_softmax_and_cross_entropy_give_p_minus_y(self, at: str) -> None:
        """Through the logits' own name."""
        found = back(with_loss(rnn(), "softmax_cross_entropy", at, readout=True))
        assert found["ō_T" if at == "last" else "ō_t"] == ("p_T - y" if at == "last" else "p_t - y_t")

    def test_logits_beside_an_output_gate(self) -> None:
        """The LSTM's o_t is a gate: the logits are s."""
        program = with_loss(lstm(), "softmax_cross_entropy", "every_step", readout=True)
        assert lines(program)[-4:-2] == ["s_t = W_y h_t + b_y", "p_t = softmax(s_t)"]
        assert back(program)["s̄_t"] == "p_t - y_t"

    def test_a_readout_of_a_gated_cell(self) -> None:
        """Its hidden state, not its cell state."""
        assert lines(with_readout(lstm()))[-1] == "ŷ_t = W_y h_t + b_y"
        assert lines(with_readout(gru()))[-1] == "ŷ_t = W_y h_t + b_y"


class TestNames:
    """The target never is one of the cell's own quantities."""

    @pytest.mark.parametrize("at", ["last", "every_step"])
    @pytest.mark.parametrize("kind", ["half_squared_error", "softmax_cross_entropy"])
    def test_a_cell_whose_state_is_called_y(self, kind: str, at: str) -> None:
        """½‖y_t - y_t‖² would be 0 whatever the cell does."""
        program = with_loss(parse_cell("y_t = tanh(W y_{t-1} + x_t)"), kind, at)
        (target,) = program.given
        assert isinstance(target, Signal)
        assert target.name != "y"
        assert any(target in equation.reads for equation in program)
        if kind == "half_squared_error":
            check_gradients(Setting(sized(program), 2))

    def test_a_cell_whose_state_is_called_p(self) -> None:
        """The probabilities have another name, or the error says what is taken."""
        cell = parse_cell("p_t = tanh(W p_{t-1} + x_t)")
        program = with_loss(cell, "softmax_cross_entropy", "every_step")
        assert len({str(equation.target) for equation in program}) == len(program)

    def test_a_second_loss_is_refused(self) -> None:
        """A Program has one."""
        with pytest.raises(InputError, match="a second loss"):
            with_loss(with_loss(rnn()))


class TestGenericLoss:
    """L = Σ_t L_t, of which nothing is known but what it depends on."""

    def test_written(self) -> None:
        """∂⁺L_t/∂h_t is given."""
        program = with_generic_loss(rnn())
        assert lines(program)[1:] == ["L_t = L_t(h_t)", "L = Σ_{t=1}^{T} L_t"]
        assert back(program)["h̄_t"] == "∂⁺L_t/∂h_t + W_hᵀ ā_{t+1}"

    def test_of_a_generic_cell(self) -> None:
        """f'(a_t) and ∂⁺L_t/∂h_t: the textbook's derivation with nothing filled in."""
        found = back(with_generic_loss(rnn("f")))
        assert found["ā_t"] == "f'(a_t) ⊙ h̄_t"
        assert found["∂L/∂W_h"] == "Σ_{t=1}^{T} ā_t h_{t-1}ᵀ"

    def test_of_a_readout(self) -> None:
        """It depends on every output; the prediction's share goes through W_y."""
        found = back(with_generic_loss(with_readout(rnn())))
        assert found["ŷ̄_t"] == "∂⁺L_t/∂ŷ_t"
        assert found["h̄_t"] == "W_yᵀ ŷ̄_t + ∂⁺L_t/∂h_t + W_hᵀ ā_{t+1}"

    def test_of_a_readout_at_the_last_step(self) -> None:
        """The loss is that of ŷ_T."""
        program = with_generic_loss(with_readout(rnn(), at="last"))
        assert lines(program)[-2:] == ["L_T = L_T(ŷ_T)", "L = L_T"]
        assert back(program)["h̄_t"] == "[t = T] W_yᵀ ŷ̄_T + W_hᵀ ā_{t+1}"

    def test_of_the_lstm(self) -> None:
        """c_t is no output: no cotangent of its own."""
        assert back(with_generic_loss(lstm()))["c̄_t"] == "o_t ⊙ (1 - tanh²(c_t)) ⊙ h̄_t + f_{t+1} ⊙ c̄_{t+1}"


class TestTheNameOfTheLoss:
    """A quantity called L would make ∂L/∂… mean two things."""

    @pytest.mark.parametrize("text", ["h_t = L h_{t-1} + x_t", "h_t = h_{t-1} + L_t", "L_t = tanh(w L_{t-1})"])
    @pytest.mark.parametrize("derive", [with_loss, with_generic_loss, adjoint])
    def test_is_refused_beside_the_loss(self, text: str, derive: Callable[[Program], Program]) -> None:
        """Parameter, input or state."""
        with pytest.raises(InputError, match="beside the loss, which is called L"):
            derive(parse_cell(text))

    def test_is_free_where_the_loss_has_another_name(self) -> None:
        """E = ½ (h_T - y)² leaves L to the cell."""
        assert back(parse_cell("h_t = L h_{t-1}\nE = 1/2 ‖h_T - y‖^2"))["h̄_0"] == "Lᵀ h̄_1"


class TestChoices:
    """What there is to choose is listed when a choice is wrong."""

    @pytest.mark.parametrize(
        "options", [{"kind": "hinge"}, {"at": "first"}, {"reduce": "max"}], ids=lambda one: next(iter(one))
    )
    def test_of_a_loss(self, options: dict[str, str]) -> None:
        """Kind, place, and how steps are put together."""
        with pytest.raises(InputError) as caught:
            with_loss(rnn(), **options)  # type: ignore[arg-type]  # strings
        ((key, value),) = options.items()
        assert caught.value.wrote == f"{key} = {value!r}"
        assert " or " in caught.value.write

    def test_of_a_readout(self) -> None:
        """Every step or the last."""
        with pytest.raises(SymrnnError):
            with_readout(rnn(), "first")

    def test_of_a_training_step(self) -> None:
        """Rule and clipping."""
        with pytest.raises(InputError, match="no such rule"):
            training_step(rnn(), "adam")
        with pytest.raises(InputError, match="no such clipping"):
            training_step(rnn(), clip="both")


class TestTrainingStep:
    """θ ← θ − η ∂L/∂θ, clipped where asked."""

    GRADIENTS: ClassVar[list[Adjoint]] = [Adjoint(name) for name in rnn().with_sizes(n=2, m=1).parameters]
    NAMES = ("W_h", "W_x", "b")

    def run(self, clip: str | None, threshold: Fraction = Fraction(1, 3), real: bool = False) -> dict[str, Matrix]:
        """The new parameters and what leads there, by name."""
        program = training_step(rnn(), clip=clip).with_sizes(n=2, m=1)
        bound = mpmath.mpf(threshold.numerator) / threshold.denominator if real else threshold
        known: dict[Any, Matrix] = {Parameter("theta", (1, 1)): ((bound,),)}
        values = Evaluator(known, real=real).run(program).values
        return {name.name: value for name, value in values.items() if isinstance(name, Parameter | Signal)}

    def gradient(self, name: str) -> Matrix:
        """The gradient that the evaluator drew."""
        return draw(next(one for one in self.GRADIENTS if one.of.name == name))  # type: ignore[attr-defined]  # a parameter

    def moved(self, name: str, gradient: Matrix) -> Matrix:
        """θ − η g."""
        rate = draw(Parameter("eta", (1, 1)))[0][0]
        old = draw(next(one.of for one in self.GRADIENTS if one.of.name == name))  # type: ignore[attr-defined]  # a parameter
        return tuple(
            tuple(a - rate * g for a, g in zip(*rows, strict=True)) for rows in zip(old, gradient, strict=True)
        )

    @pytest.mark.parametrize("name", NAMES)
    def test_gradient_descent(self, name: str) -> None:
        """Against the gradient."""
        assert self.run(None)[f"{name}_new"] == self.moved(name, self.gradient(name))

    @pytest.mark.parametrize("name", NAMES)
    def test_clipped_by_value(self, name: str) -> None:
        """Each entry between -θ and θ."""
        bound = Fraction(1, 3)
        clipped = tuple(tuple(min(max(g, -bound), bound) for g in row) for row in self.gradient(name))
        assert self.run("value")[f"{name}_new"] == self.moved(name, clipped)

    @pytest.mark.parametrize("threshold", [Fraction(1, 10), Fraction(1000)])
    @pytest.mark.parametrize("name", NAMES)
    def test_clipped_by_norm(self, name: str, threshold: Fraction) -> None:
        """g θ/‖g‖ where ‖g‖ > θ, over all parameters together; left alone where it is not."""
        with mpmath.workdps(30):
            gradients = [self.gradient(one) for one in self.NAMES]
            squares = sum(g**2 for gradient in gradients for row in gradient for g in row)
            norm = mpmath.sqrt(mpmath.mpf(squares.numerator) / squares.denominator)
            ratio = mpmath.mpf(threshold.numerator) / threshold.denominator / norm
            factor = ratio if ratio < 1 else mpmath.mpf(1)
            real = tuple(tuple(mpmath.mpf(g.numerator) / g.denominator for g in row) for row in self.gradient(name))
            expected = scaled(factor, real)
            values = self.run("norm", threshold, real=True)[f"g_{name}"]
            assert all(
                abs(a - e) < mpmath.mpf(10) ** -25
                for found_row, row in zip(values, expected, strict=True)
                for a, e in zip(found_row, row, strict=True)
            )

    def test_a_zero_gradient_stays_zero(self) -> None:
        """Clipping by norm divides by no zero: 0 ≤ θ, so nothing is scaled."""
        text = (resources.files("symrnn") / "examples" / "linear.toml").read_text(encoding="utf-8")
        found = evaluate(loads(text.replace("y = 1.0", 'y = "7/8"') + "[update]\nclip_norm = 1\n"))
        assert found.exact and found.update["W_h"] == sp.Rational(1, 2) and found.update["L"] == 0

    def test_it_belongs_to_the_cell(self) -> None:
        """One equation for every parameter, in their order; η is a parameter, the gradients are given."""
        program = training_step(lstm())
        assert len(program) == len(lstm().parameters)
        assert program.given == tuple(Adjoint(name) for name in lstm().parameters)
        assert program.parameters[-1].name == "eta"
        assert training_step(lstm(), clip="norm").citation == "pascanu2013"


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("at", ["last", "every_step"])
def test_gradients_of_every_kind(kind: str, at: str, steps: int) -> None:
    """Exactly, by differences, and written out."""
    setting = Setting(sized(with_loss(rnn(), kind, at, readout=True), m=1, p=3), steps)
    for check in (check_gradients, check_signals, check_unrolling, check_differences):
        check(setting)


def test_sizes_of_the_prediction_are_its_own() -> None:
    """p components, whatever the state has."""
    program = with_loss(rnn(), readout=True)
    assert program["L"].reads[-1].shape == program["ŷ_T"].target.shape != (n, 1)
