"""The adjoint as a lecturer would write it: exact printed forms for every named cell, loss and edge of time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import pytest
import sympy as sp
from law_checks import (
    Setting,
    check_differences,
    check_duality,
    check_gradients,
    check_signals,
    check_tangents,
    check_unrolling,
    sized,
)
from samples import PROGRAMS, W, before, cell, h
from two_directions import bidirectional

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Adjoint, Parameter, Signal, T, m, n, t
from symrnn.algebra.programs import STEPS, Equation, Program, Range
from symrnn.algebra.reading.roles import parse_cell
from symrnn.calculus.adjoints import adjoint, gradient, pull
from symrnn.calculus.rules import RULES
from symrnn.calculus.unrolling import unroll
from symrnn.cells import gru, lstm, rnn
from symrnn.errors import InputError, NotYetError
from symrnn.models.losses import with_loss


def written(program: Program) -> dict[str, str]:
    """Left sides to right sides, as printed."""
    return {str(equation.target): str(equation.expression) for equation in program}


class TestSimpleCell:
    """h_t = f(a_t), a_t = W_h h_{t-1} + W_x x_t + b."""

    def test_tanh(self) -> None:
        """The textbook's recurrences and sums, in the order of the chain rule."""
        assert written(adjoint(rnn())) == {
            "h̄_t": "∂⁺L/∂h_t + W_hᵀ ā_{t+1}",
            "ā_t": "(1 - h_t²) ⊙ h̄_t",
            "x̄_t": "W_xᵀ ā_t",
            "h̄_0": "W_hᵀ ā_1",
            "∂L/∂W_h": "Σ_{t=1}^{T} ā_t h_{t-1}ᵀ",
            "∂L/∂W_x": "Σ_{t=1}^{T} ā_t x_tᵀ",
            "∂L/∂b": "Σ_{t=1}^{T} ā_t",
        }

    @pytest.mark.parametrize(
        ("activation", "expected"),
        [
            ("identity", None),
            ("sigmoid", "h_t ⊙ (1 - h_t) ⊙ h̄_t"),
            ("relu", "step(h_t) ⊙ h̄_t"),
            ("f", "f'(a_t) ⊙ h̄_t"),
            ("softsign", "(1 - abs(h_t))² ⊙ h̄_t"),
        ],
    )
    def test_other_activations(self, activation: str, expected: str | None) -> None:
        """Through the output where that can be; of a generic f its f'(a_t)."""
        back = written(adjoint(rnn(activation)))
        assert back.get("ā_t") == expected
        if expected is None:
            assert back["h̄_t"] == "∂⁺L/∂h_t + W_hᵀ h̄_{t+1}"

    def test_the_recurrence_runs_backward_the_gradients_stand_once(self) -> None:
        """t = T..1 for signals, no range for parameters and h_0."""
        back = adjoint(rnn())
        assert {back[name].time for name in ("h̄_t", "ā_t", "x̄_t")} == {Range(t, sp.S.One, T, -1)}
        assert {back[name].time for name in ("h̄_0", "∂L/∂W_h", "∂L/∂b")} == {None}

    def test_what_it_reads_is_declared(self) -> None:
        """Cotangents and forward values are given."""
        assert [str(name) for name in adjoint(rnn()).given] == ["∂⁺L/∂h_t", "h_t", "h_{t-1}", "x_t"]

    def test_convention_and_citation_travel(self) -> None:
        """The adjoint is about the same cell."""
        assert (adjoint(rnn()).convention, adjoint(rnn()).citation) == (rnn().convention, rnn().citation)

    def test_gradients_have_their_parameters_shape(self) -> None:
        """∂L/∂W_x is (n, m)."""
        back = adjoint(rnn())
        for name in (*rnn().parameters, rnn().initials[0], rnn().inputs[0]):
            assert gradient(back, name).expression.shape == name.shape

    def test_a_gradient_that_is_not_there(self) -> None:
        """Three parts."""
        with pytest.raises(InputError) as caught:
            gradient(adjoint(rnn()), Parameter("Q", (n, n)))
        assert "∂L/∂W_h" in caught.value.write


class TestLstm:
    """Two states; the cell state is carried by the forget gate of the next step."""

    LINES: ClassVar[dict[Any, Any]] = {
        "h̄_t": "∂⁺L/∂h_t + U_fᵀ ā^f_{t+1} + U_iᵀ ā^i_{t+1} + U_oᵀ ā^o_{t+1} + U_cᵀ ā^{c̃}_{t+1}",
        "c̄_t": "[t = T] (∂⁺L/∂c_T) + o_t ⊙ (1 - tanh²(c_t)) ⊙ h̄_t + f_{t+1} ⊙ c̄_{t+1}",
        "ō_t": "tanh(c_t) ⊙ h̄_t",
        "f̄_t": "c_{t-1} ⊙ c̄_t",
        "ī_t": "c̃_t ⊙ c̄_t",
        "c̃̄_t": "i_t ⊙ c̄_t",
        "ā^o_t": "o_t ⊙ (1 - o_t) ⊙ ō_t",
        "ā^f_t": "f_t ⊙ (1 - f_t) ⊙ f̄_t",
        "ā^i_t": "i_t ⊙ (1 - i_t) ⊙ ī_t",
        "ā^{c̃}_t": "(1 - c̃_t²) ⊙ c̃̄_t",
        "x̄_t": "W_fᵀ ā^f_t + W_iᵀ ā^i_t + W_oᵀ ā^o_t + W_cᵀ ā^{c̃}_t",
        "h̄_0": "U_fᵀ ā^f_1 + U_iᵀ ā^i_1 + U_oᵀ ā^o_1 + U_cᵀ ā^{c̃}_1",
        "c̄_0": "f_1 ⊙ c̄_1",
    }

    @pytest.mark.parametrize("name", LINES)
    def test_every_line(self, name: str) -> None:
        """The carry f_{t+1} ⊙ c̄_{t+1}, the four gates, and what reaches h_{t-1} and x_t through them."""
        assert written(adjoint(lstm()))[name] == self.LINES[name]

    @pytest.mark.parametrize("gate", ["f", "i", "o", "c"])
    def test_parameters_of_every_gate(self, gate: str) -> None:
        """Σ_t ā x_tᵀ, Σ_t ā h_{t-1}ᵀ, Σ_t ā."""
        back = written(adjoint(lstm()))
        share = "ā^{c̃}_t" if gate == "c" else f"ā^{gate}_t"
        assert back[f"∂L/∂W_{gate}"] == f"Σ_{{t=1}}^{{T}} {share} x_tᵀ"
        assert back[f"∂L/∂U_{gate}"] == f"Σ_{{t=1}}^{{T}} {share} h_{{t-1}}ᵀ"
        assert back[f"∂L/∂b_{gate}"] == f"Σ_{{t=1}}^{{T}} {share}"

    def test_there_is_nothing_else(self) -> None:
        """13 adjoints and 12 gradients."""
        assert len(adjoint(lstm())) == len(self.LINES) + 12


class TestGru:
    """Where the reset acts and what the update gate keeps is told by the convention."""

    @pytest.mark.parametrize(
        ("variant", "direct", "candidate", "update"),
        [
            ("chung2014", "(1 - z_{t+1}) ⊙ h̄_{t+1}", "z_t ⊙ h̄_t", "(h̃_t - h_{t-1}) ⊙ h̄_t"),
            ("cho2014", "z_{t+1} ⊙ h̄_{t+1}", "(1 - z_t) ⊙ h̄_t", "(h_{t-1} - h̃_t) ⊙ h̄_t"),
            ("pytorch", "z_{t+1} ⊙ h̄_{t+1}", "(1 - z_t) ⊙ h̄_t", "(h_{t-1} - h̃_t) ⊙ h̄_t"),
            ("keras", "z_{t+1} ⊙ h̄_{t+1}", "(1 - z_t) ⊙ h̄_t", "(h_{t-1} - h̃_t) ⊙ h̄_t"),
        ],
    )
    def test_the_update_gate(self, variant: str, direct: str, candidate: str, update: str) -> None:
        """The direct path from h_{t+1} to h_t, the candidate's share, and the gate's own with the right sign."""
        back = written(adjoint(gru(variant)))
        assert back["h̄_t"].endswith(f" + {direct}")
        assert back["h̃̄_t"] == candidate
        assert back["z̄_t"] == update

    @pytest.mark.parametrize(
        ("variant", "into_state", "into_reset", "into_weight"),
        [
            ("chung2014", "r_{t+1} ⊙ (U_hᵀ ā^{h̃}_{t+1})", "h_{t-1} ⊙ (U_hᵀ ā^{h̃}_t)", "ā^{h̃}_t (r_t ⊙ h_{t-1})ᵀ"),
            ("cho2014", "r_{t+1} ⊙ (U_hᵀ ā^{h̃}_{t+1})", "h_{t-1} ⊙ (U_hᵀ ā^{h̃}_t)", "ā^{h̃}_t (r_t ⊙ h_{t-1})ᵀ"),
            ("pytorch", "U_hᵀ (r_{t+1} ⊙ ā^{h̃}_{t+1})", "(U_h h_{t-1} + b_Uh) ⊙ ā^{h̃}_t", "(r_t ⊙ ā^{h̃}_t) h_{t-1}ᵀ"),
            ("keras", "U_hᵀ (r_{t+1} ⊙ ā^{h̃}_{t+1})", "(U_h h_{t-1} + b_Uh) ⊙ ā^{h̃}_t", "(r_t ⊙ ā^{h̃}_t) h_{t-1}ᵀ"),
        ],
    )
    def test_the_reset_gate(self, variant: str, into_state: str, into_reset: str, into_weight: str) -> None:
        """The reset factor: before the product in Chung and Cho, after it in PyTorch and Keras."""
        back = written(adjoint(gru(variant)))
        assert into_state in back["h̄_t"]
        assert back["r̄_t"] == into_reset
        assert back["∂L/∂U_h"] == f"Σ_{{t=1}}^{{T}} {into_weight}"

    @pytest.mark.parametrize("variant", ["chung2014", "cho2014", "pytorch", "keras"])
    def test_gates(self, variant: str) -> None:
        """σ' through the output, for both gates; the candidate is tanh."""
        back = written(adjoint(gru(variant)))
        assert back["ā^z_t"] == "z_t ⊙ (1 - z_t) ⊙ z̄_t"
        assert back["ā^r_t"] == "r_t ⊙ (1 - r_t) ⊙ r̄_t"
        assert back["ā^{h̃}_t"] == "(1 - h̃_t²) ⊙ h̃̄_t"

    @pytest.mark.parametrize("variant", ["pytorch", "keras"])
    def test_two_biases_of_the_candidate(self, variant: str) -> None:
        """The recurrent one is gated by the reset, the input's is not."""
        back = written(adjoint(gru(variant)))
        assert back["∂L/∂b_Uh"] == "Σ_{t=1}^{T} r_t ⊙ ā^{h̃}_t"
        assert back["∂L/∂b_h"] == "Σ_{t=1}^{T} ā^{h̃}_t"


class TestTime:
    """Lags, guards and the ends of time."""

    def test_two_steps_back(self) -> None:
        """A read at lag 2 sends its share from t + 2; h_0 and h_{-1} are initial values."""
        back = written(adjoint(parse_cell("h_t = tanh(A h_{t-1} + B h_{t-2} + W x_t)")))
        assert back["h̄_t"] == "∂⁺L/∂h_t + Aᵀ ā_{t+1} + Bᵀ ā_{t+2}"
        assert back["h̄_0"] == "Aᵀ ā_1 + Bᵀ ā_2"
        assert back["h̄_{-1}"] == "Bᵀ ā_1"
        assert back["∂L/∂B"] == "Σ_{t=1}^{T} ā_t h_{t-2}ᵀ"

    @pytest.mark.parametrize("steps", [1, 2, 3, 4])
    def test_two_steps_back_in_few_steps(self, steps: int) -> None:
        """With T = 1 the share from step 2 does not exist: guarded, never 0 × undefined."""
        two_back = sized(parse_cell("h_t = tanh(A h_{t-2} + W x_t)"), m=1)
        for program in (two_back, sized(with_loss(parse_cell("h_t = tanh(A h_{t-1} + B h_{t-2} + x_t)")))):
            for check in (check_gradients, check_signals, check_tangents, check_duality, check_unrolling):
                check(Setting(program, steps))

    def test_shares_beyond_the_last_step_are_gone_when_written_out(self) -> None:
        """T = 1: h̄_1 has its cotangent and nothing else, h̄_0 no share from step 2."""
        back = written(unroll(adjoint(parse_cell("h_t = tanh(A h_{t-1} + B h_{t-2})")), 1))
        assert back["h̄_1"] == "∂⁺L/∂h_1"
        assert back["h̄_0"] == "Aᵀ ā_1"
        assert back["∂L/∂B"] == "ā_1 h_{-1}ᵀ"

    def test_a_last_step_loss_sits_at_T(self) -> None:
        """Its cotangent reaches h_T alone."""
        assert written(adjoint(with_loss(rnn())))["h̄_t"] == "[t = T] (h_T - y) + W_hᵀ ā_{t+1}"

    @pytest.mark.parametrize("lag", [0, 1])
    def test_a_loss_before_the_end(self, lag: int) -> None:
        """A loss of h_{T-1} reaches h_0 where T = 1."""
        loss = Signal("L", (1, 1))
        base = cell(W @ before)
        late = Equation(loss, N.SquaredNorm(h.at(T - lag)))
        program = Program(
            "late", (*base.equations, late), parameters=(W,), states=(h,), initials=(h.at(0),), outputs=(h,), loss=loss
        )
        for steps in (1, 2, 3):
            check_gradients(Setting(sized(program), steps))
            check_signals(Setting(sized(program), steps))

    def test_an_input_of_the_step_before(self) -> None:
        """x_{t-1} sends its share from step t + 1."""
        back = written(adjoint(parse_cell("h_t = tanh(A h_{t-1} + W x_t + V x_{t-1})")))
        assert back["x̄_t"] == "Wᵀ ā_t + Vᵀ ā_{t+1}"

    def test_an_input_before_the_first_step_has_a_gradient(self) -> None:
        """x_0, read at t = 1, is a given quantity like h_0."""
        back = written(adjoint(parse_cell("h_t = tanh(A h_{t-1} + W x_t + V x_{t-1})")))
        assert back["x̄_0"] == "Vᵀ ā_1"

    def test_final_states_that_are_no_output_have_a_cotangent_of_their_own(self) -> None:
        """c_T of the LSTM; not of the simple cell, whose only state is the output."""
        assert "∂⁺L/∂c_T" in written(adjoint(lstm()))["c̄_t"]
        assert "h_T" not in written(adjoint(rnn()))["h̄_t"]


class TestTwoDirections:
    """A backward recurrence has a forward adjoint."""

    def test_printed(self) -> None:
        """ḡ_t collects from step t - 1; U is shared by both directions."""
        back = written(adjoint(bidirectional()))
        assert back["ȳ_t"] == "∂⁺L/∂y_t"
        assert back["h̄_t"] == "Aᵀ ȳ_t + Wᵀ ā^h_{t+1}"
        assert back["ḡ_t"] == "Bᵀ ȳ_t + Vᵀ ā^g_{t-1}"
        assert back["ḡ_{T+1}"] == "Vᵀ ā^g_T"
        assert back["∂L/∂V"] == "Σ_{t=1}^{T} ā^g_t g_{t+1}ᵀ"
        assert back["x̄_t"] == "Uᵀ ā^h_t + Uᵀ ā^g_t"

    def test_each_adjoint_runs_against_its_recurrence(self) -> None:
        """Backward for h, forward for g."""
        back = adjoint(bidirectional())
        assert back["h̄_t"].time == Range(t, sp.S.One, T, -1)
        assert back["ḡ_t"].time == STEPS

    @pytest.mark.parametrize("steps", [1, 2, 3])
    def test_values(self, steps: int) -> None:
        """Exactly over dual numbers, and by differences with a real tanh."""
        setting = Setting(sized(bidirectional(), m=1), steps)
        for check in (check_gradients, check_signals, check_tangents, check_duality, check_differences):
            check(setting)
        check_unrolling(setting)


class TestIndices:
    """An example is one more index."""

    EXAMPLE = sp.Symbol("j", integer=True)
    RANGE = Range(EXAMPLE, sp.S.One, sp.Integer(2))

    def program(self) -> Program:
        """Two examples of a simple cell and the sum of their losses."""
        j = self.EXAMPLE
        state, x, y = Signal("h", (n, 1), t, j), Signal("x", (m, 1), t, j), Signal("y", (n, 1), j)
        U, loss = Parameter("U", (n, m)), Signal("L", (1, 1))
        value = N.Apply("tanh", W @ state.at(t - 1, j) + U @ x)
        error = N.SquaredNorm(state.at(T, j) - y)
        return Program(
            "batch",
            (Equation(state, value, domain=(STEPS, self.RANGE)), Equation(loss, N.Sum(error, j, 1, 2))),
            inputs=(x,),
            parameters=(W, U),
            states=(state,),
            initials=(state.at(0, j),),
            given=(y,),
            loss=loss,
        )

    def test_parameters_sum_over_both(self) -> None:
        """Over steps and examples."""
        back = written(adjoint(self.program()))
        assert back["∂L/∂W"] == "Σ_{t=1}^{T} Σ_{j=1}^{2} ā_{t,j} h_{t-1,j}ᵀ"
        assert back["h̄_{t,j}"] == "[t = T]·2 (h_{T,j} - y_j) + Wᵀ ā_{t+1,j}"

    @pytest.mark.parametrize("steps", [1, 2])
    def test_values(self, steps: int) -> None:
        """Inputs and initial values of each example have gradients of their own."""
        check_gradients(Setting(sized(self.program(), m=1), steps))


class TestStructure:
    """What is written for constants, names and diagonal parameters."""

    def test_adjoints_that_are_a_number_are_put_in(self) -> None:
        """L̄_t = 1 has no equation of its own."""
        back = adjoint(with_loss(rnn(), at="every_step"))
        assert not any(str(equation.target).startswith("L̄") for equation in back)
        assert str(back["h̄_t"].expression) == "h_t - y_t + W_hᵀ ā_{t+1}"

    def test_a_quantity_that_is_not_on_the_way_to_the_loss(self) -> None:
        """Its adjoint is 0 and is left out; so is what hangs on it alone."""
        g = Signal("g", (n, 1), t)
        V = Parameter("V", (n, n))
        base = cell(W @ before)
        program = Program(
            "aside",
            (*base.equations, Equation(g, V @ h, domain=(STEPS,))),
            parameters=(W, V),
            states=(h,),
            initials=(h.at(0),),
            outputs=(h,),
        )
        back = written(adjoint(program))
        assert "ḡ_t" not in back
        assert back["∂L/∂V"] == "0"
        assert back["h̄_t"] == "∂⁺L/∂h_t + Wᵀ h̄_{t+1}"

    def test_values_with_a_name_are_written_by_it(self) -> None:
        """p_t - y_t, not softmax(o_t) - y_t."""
        program = with_loss(rnn(), "softmax_cross_entropy", "every_step", readout=True)
        assert written(adjoint(program))["ō_t"] == "p_t - y_t"

    def test_the_gradient_of_a_diagonal_parameter_is_diagonal(self) -> None:
        """diag(h̄_t ⊙ h_{t-1}), without the entries that are no parameters."""
        D = Parameter("D", (n, n), "diagonal")
        back = adjoint(cell(D @ before))
        assert str(back["∂L/∂D"].expression) == "Σ_{t=1}^{T} diag(h̄_t ⊙ h_{t-1})"
        assert written(adjoint(cell(D @ before)))["h̄_t"] == "∂⁺L/∂h_t + D h̄_{t+1}"

    def test_a_use_of_both_factors_is_gathered(self) -> None:
        """h ⊙ h at the step before gives (h + h) ⊙ h̄, once."""
        assert written(adjoint(cell(N.Hadamard(before, before))))["h̄_t"] == "∂⁺L/∂h_t + (h_t + h_t) ⊙ h̄_{t+1}"

    def test_pull_says_what_flows_where(self) -> None:
        """In reading order; the cotangent is carried through the transposes."""
        cotangent = Adjoint(h)
        V = Parameter("V", (n, n))
        shares = [(str(name), str(share)) for name, share, _ in pull(W @ V @ before, cotangent, h, RULES)]
        assert shares == [("W", "h̄_t h_{t-1}ᵀ Vᵀ"), ("V", "Wᵀ h̄_t h_{t-1}ᵀ"), ("h_{t-1}", "Vᵀ Wᵀ h̄_t")]

    def test_cost_does_not_depend_on_the_number_of_steps(self) -> None:
        """Derived once, at a symbolic t: as many lines as quantities."""
        for make in PROGRAMS.values():
            assert len(adjoint(make())) <= 2 * len(make()) + 6


class TestReadsAtEveryStep:
    """A gradient that would be a sum inside a recurrence is refused, never left out."""

    @pytest.mark.parametrize("text", ["h_t = h_{t-1} + Σ_{k=1}^{t} x_k", "h_t = x_T h_{t-1}"])
    def test_of_a_signal(self, text: str) -> None:
        """Running sums, and one step of an input read by all."""
        with pytest.raises(NotYetError, match="is read at every step"):
            adjoint(parse_cell(text))

    def test_of_a_sum_over_the_states_before(self) -> None:
        """Σ_{k=1}^{t-1} h_k, which the reader refuses already."""
        k = sp.Symbol("k", integer=True)
        x = Signal("x", (n, 1), t)
        equation = Equation(h, N.Add(N.Sum(h.at(k), k, 1, t - 1), x), domain=(STEPS,))
        with pytest.raises(NotYetError, match="is read at every step"):
            adjoint(Program("running sum", (equation,), inputs=(x,), outputs=(h,)))

    def test_of_an_initial_value(self) -> None:
        """h_0 stands at one place: its gradient is a plain sum."""
        assert written(adjoint(parse_cell("h_t = h_0 h_{t-1}")))["h̄_0"] == "Σ_{t=1}^{T} h_{t-1} h̄_t + h_0 h̄_1"


def test_a_cotangent_is_nobodys_share() -> None:
    """The reason of h̄_t names who reads h_t; the given ∂⁺L/∂h_3 is no reader."""
    cell = replace(rnn(), outputs=(), finals=(rnn().states[0].at(3),))
    _, users = adjoint(cell)["h̄_t"].reason.about
    assert list(map(str, users)) == ["a_{t+1}"]


def test_softmax_has_the_textbook_form() -> None:
    """p ⊙ p̄ - (pᵀ p̄) p, the sign in front."""
    back = written(adjoint(parse_cell("h_t = W h_{t-1}\np_t = softmax(h_t)")))
    assert "p_t ⊙ p̄_t - (p_tᵀ p̄_t) p_t" in back["h̄_t"]


def test_a_typed_target_is_given() -> None:
    """y of a typed loss is no parameter: the gradients read it as given."""
    back = adjoint(parse_cell("h_t = W h_{t-1}\nL = 1/2 ‖h_T - y‖^2"))
    assert written(back)["h̄_t"] == "[t = T] (h_T - y) + Wᵀ h̄_{t+1}"
    assert Parameter("y", (n, 1)) in back.given
